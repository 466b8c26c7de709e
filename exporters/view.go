package exporters

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"papergraph/graph"
)

// ErrView says that a view is not what exporters can draw: an edge or an
// omission at a node that the view does not have.
var ErrView = errors.New("malformed view")

// sorted is v in its fixed order, without touching v: views may be shared.
// Its lists are never nil.
func sorted(v *graph.View) *graph.View {
	c := *v
	c.Focus = slices.Clone(v.Focus)
	c.Nodes = append([]graph.Node{}, v.Nodes...)
	c.Edges = append([]graph.Edge{}, v.Edges...)
	for i := range c.Edges {
		c.Edges[i].Statements = slices.Clone(c.Edges[i].Statements)
	}
	c.Omitted = slices.Clone(v.Omitted)
	c.Sort()
	return &c
}

// drawing is a sorted view with what drawing it asks for again and again.
type drawing struct {
	*graph.View
	index    map[graph.ID]int // place in Nodes
	focus    map[graph.ID]bool
	omitted  map[graph.ID]int    // neighbours left out, of nodes that are not in focus
	evidence map[graph.ID]string // the first quote that mentions a node
}

// newDrawing checks v. The error wraps [ErrView].
func newDrawing(v *graph.View) (*drawing, error) {
	d := &drawing{
		View:     sorted(v),
		index:    make(map[graph.ID]int, len(v.Nodes)),
		focus:    make(map[graph.ID]bool, len(v.Focus)),
		omitted:  map[graph.ID]int{},
		evidence: make(map[graph.ID]string, len(v.Nodes)),
	}
	for i := range d.Nodes {
		id := d.Nodes[i].ID
		if _, twice := d.index[id]; twice {
			return nil, fmt.Errorf("%w: node %s is in it twice", ErrView, id)
		}
		d.index[id] = i
	}
	for _, id := range d.Focus {
		d.focus[id] = true
	}
	for i := range d.Edges {
		e := &d.Edges[i]
		for _, end := range []graph.ID{e.From, e.To} {
			if _, ok := d.index[end]; !ok {
				return nil, fmt.Errorf("%w: edge %s %s %s: it has no node %s", ErrView, e.From, e.Relation, e.To, end)
			}
		}
		if s, ok := best(e); ok && len(s.Evidence) > 0 {
			q := d.quotation(s)
			for _, end := range []graph.ID{e.From, e.To} {
				if d.evidence[end] == "" {
					d.evidence[end] = q
				}
			}
		}
	}
	for _, o := range d.Omitted {
		if _, ok := d.index[o.Node]; !ok {
			return nil, fmt.Errorf("%w: neighbours omitted at %s: it has no such node", ErrView, o.Node)
		}
		if !d.focus[o.Node] {
			d.omitted[o.Node] += o.Count
		}
	}
	return d, nil
}

// more is the omissions that are drawn as nodes of their own: those at nodes
// in focus. Elsewhere they would soon outnumber the nodes of the view, and the
// node's label tells their number.
func (d *drawing) more() []graph.Omission {
	var out []graph.Omission
	for _, o := range d.Omitted {
		if d.focus[o.Node] && o.Count > 0 {
			out = append(out, o)
		}
	}
	return out
}

// name is the name of a node, in the view or not: an id reads as words.
func (d *drawing) name(id graph.ID) string {
	if i, ok := d.index[id]; ok {
		return oneLine(d.Nodes[i].Name)
	}
	return strings.ReplaceAll(id.Slug(), "-", " ")
}

// Limits of what is shown of one node or edge.
const (
	labelColumns  = 24  // of a line in a label
	labelLines    = 4   // of a label
	focusLines    = 7   // of the label of a node in focus
	tooltipQuotes = 2   // in a tooltip
	quoteColumns  = 240 // of a quote in a tooltip
	nameColumns   = 200 // of a name in a tooltip
)

// label is the lines that are written on a node.
func (d *drawing) label(n *graph.Node) []string {
	name := oneLine(n.Name)
	if n.Result != nil {
		name = oneLine(ResultLabel(n.Result, d.name))
	}
	if name == "" {
		name = string(n.ID)
	}
	most := labelLines
	if d.focus[n.ID] {
		most = focusLines
	}
	lines := wrap(name, labelColumns, most)
	if n.Paper != nil && n.Paper.Year != 0 {
		lines = append(lines, strconv.Itoa(n.Paper.Year))
	}
	if more := d.omitted[n.ID]; more > 0 {
		lines = append(lines, fmt.Sprintf("(+%d more)", more))
	}
	return lines
}

// moreLabel is the text of a node that stands for neighbours left out.
func moreLabel(o graph.Omission) string {
	return fmt.Sprintf("+%d more %s", o.Count, plural(o.Count, string(o.Kind), o.Kind.Plural()))
}

// nodeTooltip is what a node tells when pointed at.
func (d *drawing) nodeTooltip(n *graph.Node) string {
	lines := []string{string(n.Kind()) + ": " + cut(oneLine(n.Name), nameColumns)}
	if p := n.Paper; p != nil {
		about := oneLine(p.Venue)
		if p.Year != 0 {
			about = strings.TrimSpace(about + " " + strconv.Itoa(p.Year))
		}
		lines = append(lines, about)
	}
	if r := n.Result; r != nil {
		lines[0] = "result: " + cut(oneLine(ResultLabel(r, d.name)), nameColumns)
		if r.Method != "" {
			lines = append(lines, "of "+cut(d.name(r.Method), nameColumns))
		}
		if r.Dataset != "" {
			lines = append(lines, "on "+cut(d.name(r.Dataset), nameColumns))
		}
		if r.Baseline != "" {
			lines = append(lines, "against "+cut(oneLine(r.Baseline), nameColumns))
		}
	}
	if len(n.Aliases) > 0 {
		lines = append(lines, "also "+cut(oneLine(strings.Join(n.Aliases, ", ")), nameColumns))
	}
	lines = append(lines, d.evidence[n.ID])
	for _, o := range d.omittedAt(n.ID) {
		lines = append(lines, fmt.Sprintf("not shown: %d %s (%s)", o.Count, plural(o.Count, string(o.Kind), o.Kind.Plural()), direction(o)))
	}
	return strings.Join(slices.DeleteFunc(lines, func(s string) bool { return s == "" }), "\n")
}

// omittedAt is the omissions of one node, which stand together.
func (d *drawing) omittedAt(id graph.ID) []graph.Omission {
	from, ok := slices.BinarySearchFunc(d.Omitted, id, func(o graph.Omission, id graph.ID) int { return graph.CompareIDs(o.Node, id) })
	if !ok {
		return nil
	}
	to := from
	for to < len(d.Omitted) && d.Omitted[to].Node == id {
		to++
	}
	return d.Omitted[from:to]
}

// direction is the relation of an omission as it reads from the node that
// stays: "uses", or "used by" for an inverse one.
func direction(o graph.Omission) string {
	info, ok := o.Relation.Info()
	if o.Inverse && ok {
		return words(graph.Relation(info.Inverse))
	}
	return words(o.Relation)
}

// edgeTooltip is what an edge tells when pointed at: who says so, in which
// words.
func (d *drawing) edgeTooltip(e *graph.Edge) string {
	head := fmt.Sprintf("%s %s %s", cut(d.name(e.From), nameColumns/2), words(e.Relation), cut(d.name(e.To), nameColumns/2))
	if n := e.Support(); n > 1 {
		head += fmt.Sprintf(" (%d papers)", n)
	}
	lines := []string{head}
	for _, s := range e.Statements {
		if len(s.Evidence) > 0 && len(lines) <= tooltipQuotes {
			lines = append(lines, d.quotation(s))
		}
	}
	if len(lines) == 1 {
		for _, s := range e.Statements {
			lines = append(lines, strings.ToLower(string(s.Class))+" ("+oneLine(s.Rule)+")")
			break
		}
	}
	return strings.Join(lines, "\n")
}

// quotation is the first evidence of a statement with the paper it is from.
func (d *drawing) quotation(s graph.Statement) string {
	q := "“" + cut(oneLine(s.Evidence[0].Quote), quoteColumns) + "”"
	if s.Paper != "" {
		q += " – " + cut(d.name(s.Paper), nameColumns)
	}
	return q
}

// best is the surest statement of an edge, one with evidence before one
// without; the first of equals.
func best(e *graph.Edge) (graph.Statement, bool) {
	if len(e.Statements) == 0 {
		return graph.Statement{}, false
	}
	b := e.Statements[0]
	for _, s := range e.Statements[1:] {
		switch has, had := len(s.Evidence) > 0, len(b.Evidence) > 0; {
		case has && !had, has == had && s.Confidence > b.Confidence:
			b = s
		}
	}
	return b, true
}

// ResultLabel writes a result as a reader says it: "2.7x reduction of
// computational cost", "91.2% accuracy". name gives the names of nodes; dataset
// and method are not part of the label.
func ResultLabel(r *graph.ResultNode, name func(graph.ID) string) string {
	value := r.Value
	switch unit := strings.TrimSpace(r.Unit); {
	case unit == "":
	case unit == "x" || unit == "×" || unit == "%":
		value += unit
	default:
		value += " " + unit
	}
	metric := ""
	if r.Metric != "" {
		metric = name(r.Metric)
	}
	switch {
	case r.Comparison == graph.Improvement && metric != "":
		return value + " improvement of " + metric
	case r.Comparison == graph.Improvement:
		return value + " improvement"
	case r.Comparison == graph.Reduction && metric != "":
		return value + " reduction of " + metric
	case r.Comparison == graph.Reduction:
		return value + " reduction"
	case metric != "":
		return value + " " + metric
	}
	return value
}
