package exporters

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/emicklei/dot"

	"papergraph/graph"
)

// LinkFunc gives the address of a node's page; "" where it has none.
type LinkFunc func(id graph.ID) string

// DOTOptions says what a drawing shows beside the graph. The zero value is a
// drawing without links and without a legend.
type DOTOptions struct {
	// Link makes nodes and edges links; nil for a drawing without.
	Link LinkFunc
	// Target is the window that links open in; "_top" if empty, which leaves
	// the frame that a picture may stand in.
	Target string
	// Legend adds a legend of the kinds and relations that occur.
	Legend bool
	// Changes draws nodes and edges by how they differ between two snapshots
	// rather than by kind and relation; nil for a drawing of one.
	Changes *Changes
}

// Sizes at which a drawing changes.
const (
	// hierarchicalNodes is how many nodes Graphviz's layout "dot" draws; its
	// time grows with the cube (100 nodes take a tenth of a second, 1,000
	// half a minute), and what it makes of more is too wide to read.
	hierarchicalNodes = 150
	// labelledEdges is how many edges may carry their relation's name before
	// the names hide the drawing; then the legend has to do.
	labelledEdges = 40
)

const fontName = "Helvetica"

// DOT writes v in the DOT language, ready for Graphviz: a directed graph with
// its title, the snapshot it shows and a legend on top, fixed looks by kind
// and relation, and the quoted sentences as tooltips. Elements of an SVG made
// from it have ids made from the nodes' ("method-lora"). The only errors are
// a malformed view, which wraps [ErrView], and those of w.
func DOT(w io.Writer, v *graph.View, o DOTOptions) error {
	d, err := newDrawing(v)
	if err != nil {
		return err
	}
	if o.Target == "" {
		o.Target = "_top"
	}
	more := d.more()
	g := dot.NewGraph(dot.Directed)
	g.ID(quote("papergraph"))
	set := func(a dot.AttributesMap, name, value string) { a.Attr(name, dot.Literal(quote(value))) }
	link := func(a dot.AttributesMap, id graph.ID) {
		if o.Link == nil {
			return
		}
		if url := o.Link(id); url != "" {
			// Graphviz 2.43 copies a bare ampersand into its SVG, which is
			// then no XML; all versions take the entity.
			set(a, "URL", strings.ReplaceAll(encodeURL(url), "&", "&amp;"))
			set(a, "target", o.Target)
		}
	}

	hierarchical := len(d.Nodes)+len(more) <= hierarchicalNodes
	set(g.AttributesMap, "fontname", fontName)
	set(g.AttributesMap, "fontcolor", inkColor)
	set(g.AttributesMap, "bgcolor", "#FFFFFF")
	set(g.AttributesMap, "pad", "0.2")
	set(g.AttributesMap, "labelloc", "t")
	set(g.AttributesMap, "labeljust", "l")
	set(g.AttributesMap, "outputorder", "edgesfirst")
	set(g.AttributesMap, "tooltip", " ")
	g.Attr("label", dot.HTML(d.heading(o)))
	if hierarchical {
		set(g.AttributesMap, "layout", "dot")
		set(g.AttributesMap, "rankdir", "LR")
		set(g.AttributesMap, "nodesep", "0.16")
		set(g.AttributesMap, "ranksep", rankDistance(len(d.Edges)+len(more)))
	} else {
		set(g.AttributesMap, "layout", "sfdp")
		set(g.AttributesMap, "overlap", "prism")
		set(g.AttributesMap, "K", "3")
		// Curves around nodes cost more than the layout, and Graphviz 2.43
		// crashes on them.
		set(g.AttributesMap, "splines", "line")
	}

	// The library writes nodes and edges in the order of the keys that they
	// are made with, so keys are places in our own order.
	key := func(i int) string { return fmt.Sprintf("%08d", i) }
	nodes := make([]dot.Node, len(d.Nodes))
	for i := range d.Nodes {
		n := &d.Nodes[i]
		look := styleOf(n.Kind())
		nodes[i] = g.Node(key(i))
		a := nodes[i].AttributesMap
		fill, size, pen := look.fill, "11", "1"
		if d.focus[n.ID] {
			fill, size, pen = look.strong, "15", "3"
		}
		set(a, "id", elementID(n.ID))
		set(a, "label", unentity(strings.Join(d.label(n), "\n")))
		set(a, "shape", look.shape)
		set(a, "style", strings.TrimPrefix(look.style+",filled", ","))
		set(a, "fillcolor", fill)
		set(a, "color", look.border)
		set(a, "fontname", fontName)
		set(a, "fontcolor", inkColor)
		set(a, "fontsize", size)
		set(a, "penwidth", pen)
		set(a, "margin", margin(look.shape))
		set(a, "height", "0.36")
		set(a, "tooltip", unentity(d.nodeTooltip(n)))
		link(a, n.ID)
		if o.Changes != nil {
			o.Changes.drawNode(set, a, n, d.label(n))
		}
	}
	labelled := hierarchical && len(d.Edges)+len(more) <= labelledEdges
	edge := func(from, to dot.Node, r graph.Relation, kinds [2]graph.Kind, papers int) dot.AttributesMap {
		look := lookOf(r)
		a := g.Edge(from, to).AttributesMap
		set(a, "color", look.color)
		set(a, "style", look.line)
		set(a, "penwidth", strconv.FormatFloat(penWidth(look.width, papers), 'g', 3, 64))
		set(a, "arrowhead", look.head)
		set(a, "arrowsize", "0.7")
		if labelled && needsLabel(kinds[0], kinds[1]) {
			set(a, "label", words(r))
			set(a, "fontname", fontName)
			set(a, "fontsize", "9")
			set(a, "fontcolor", faintColor)
		}
		return a
	}
	for i := range d.Edges {
		e := &d.Edges[i]
		a := edge(nodes[d.index[e.From]], nodes[d.index[e.To]], e.Relation, [2]graph.Kind{e.From.Kind(), e.To.Kind()}, e.Support())
		set(a, "id", edgeElementID(e.From, e.Relation, e.To))
		tip := unentity(d.edgeTooltip(e))
		set(a, "tooltip", tip)
		set(a, "labeltooltip", tip)
		if s, ok := best(e); ok && s.Paper != "" {
			link(a, s.Paper)
		} else {
			link(a, e.From)
		}
		if o.Changes != nil {
			o.Changes.drawEdge(set, a, e, labelled)
		}
	}
	for i, m := range more {
		at := nodes[d.index[m.Node]]
		n := g.Node(key(len(nodes) + i))
		set(n.AttributesMap, "id", elementID(m.Node)+"--more-"+strconv.Itoa(i))
		set(n.AttributesMap, "label", moreLabel(m))
		set(n.AttributesMap, "shape", "box")
		set(n.AttributesMap, "style", "rounded,dashed,filled")
		set(n.AttributesMap, "fillcolor", "#FFFFFF")
		set(n.AttributesMap, "color", styleOf(m.Kind).border)
		set(n.AttributesMap, "fontname", fontName)
		set(n.AttributesMap, "fontcolor", faintColor)
		set(n.AttributesMap, "fontsize", "10")
		set(n.AttributesMap, "margin", margin("box"))
		set(n.AttributesMap, "height", "0.3")
		tip := fmt.Sprintf("%d more %s than shown (%s %s)", m.Count, plural(m.Count, string(m.Kind), m.Kind.Plural()), direction(m), cut(d.name(m.Node), nameColumns))
		set(n.AttributesMap, "tooltip", unentity(tip))
		link(n.AttributesMap, m.Node)
		from, to, kinds := at, n, [2]graph.Kind{m.Node.Kind(), m.Kind}
		if m.Inverse {
			from, to, kinds = n, at, [2]graph.Kind{m.Kind, m.Node.Kind()}
		}
		a := edge(from, to, m.Relation, kinds, 1)
		set(a, "tooltip", unentity(tip))
		set(a, "labeltooltip", unentity(tip))
	}

	out := &stickyWriter{w: bufio.NewWriterSize(w, 64<<10)}
	g.Write(out)
	if out.err == nil {
		out.err = out.w.Flush()
	}
	if out.err != nil {
		return fmt.Errorf("write DOT: %w", out.err)
	}
	return nil
}

// stickyWriter remembers the first error of its writer: the dot package drops
// them.
type stickyWriter struct {
	w   *bufio.Writer
	err error
}

// Write implements [io.Writer].
func (s *stickyWriter) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	var n int
	n, s.err = s.w.Write(p)
	return n, s.err
}

// rankDistance is the room between ranks, in inches: many edges need more of it
// to be told apart.
func rankDistance(edges int) string {
	return strconv.FormatFloat(min(3, 0.75+float64(edges)/100), 'f', 2, 64)
}

// penWidth lets an edge that several papers state look stronger.
func penWidth(width float64, papers int) float64 {
	if papers > 1 {
		width += min(2.5, 0.5*math.Log2(float64(papers)))
	}
	return width
}

// margin is the room between a node's text and its outline, in inches.
// Shapes with slanted sides bring room of their own.
func margin(shape string) string {
	switch shape {
	case "box", "note", "tab":
		return "0.14,0.07"
	case "cylinder":
		return "0.14,0.06"
	}
	return "0.03,0.03"
}

// elementID is the id of a node's element in an SVG: it needs no escaping in a
// CSS selector, and is as unique as the node's own, because no kind has a
// hyphen.
func elementID(id graph.ID) string { return string(id.Kind()) + "-" + id.Slug() }

func edgeElementID(from graph.ID, r graph.Relation, to graph.ID) string {
	return elementID(from) + "--" + string(r) + "--" + elementID(to)
}

// entity is what Graphviz takes for a character reference of HTML.
var entity = regexp.MustCompile(`&(#?[0-9A-Za-z]+;)`)

// unentity keeps "&lt;" in a name from being shown as "<". There is no way to
// write it that Graphviz's formats and versions all read alike, so a space
// comes between.
func unentity(s string) string { return entity.ReplaceAllString(s, "& $1") }

// quote writes s as a quoted string of the DOT language. s must be clean. A
// backslash or a quote sign stands for itself and a line ends where s ends it.
func quote(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 8)
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '"', '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case '\n':
			b.WriteString(`\n`)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// heading is the graph's label: the title, what the picture is of, and the
// legend. It is one HTML-like table because a graph's label is the only thing
// that no layout lets anything overlap.
func (d *drawing) heading(o DOTOptions) string {
	var b strings.Builder
	title := oneLine(d.Title)
	if title == "" {
		title = "papergraph"
	}
	b.WriteString(`<table border="0" cellborder="0" cellspacing="0" cellpadding="1">`)
	width := 45
	if d.broad() {
		width = 80
	}
	for _, line := range wrap(title, width, 3) {
		fmt.Fprintf(&b, `<tr><td align="left"><font point-size="16"><b>%s</b></font></td></tr>`, escapeHTML(line))
	}
	about := fmt.Sprintf("%d %s, %d %s", len(d.Nodes), plural(len(d.Nodes), "node", "nodes"), len(d.Edges), plural(len(d.Edges), "edge", "edges"))
	if left := d.leftOut(); left > 0 {
		about += fmt.Sprintf(", %d more not shown", left)
	}
	if d.Snapshot != "" {
		about += " · snapshot " + cut(oneLine(d.Snapshot), 64)
	}
	fmt.Fprintf(&b, `<tr><td align="left"><font point-size="10" color="%s">%s</font></td></tr>`, faintColor, escapeHTML(about))
	switch {
	case o.Legend && o.Changes != nil:
		o.Changes.legend(&b)
	case o.Legend && len(d.Nodes) > 0:
		d.legend(&b)
	}
	b.WriteString(`</table>`)
	return b.String()
}

// broad says that the graph leaves room for a heading of full width.
func (d *drawing) broad() bool { return len(d.Nodes) > 12 }

func (d *drawing) leftOut() int {
	n := 0
	for _, o := range d.Omitted {
		n += o.Count
	}
	return n
}

// legend writes rows of the heading: the kinds and then the relations that
// occur, each in its fixed order.
func (d *drawing) legend(b *strings.Builder) {
	kinds := map[graph.Kind]bool{}
	for i := range d.Nodes {
		kinds[d.Nodes[i].Kind()] = true
	}
	relations := map[graph.Relation]bool{}
	for i := range d.Edges {
		relations[d.Edges[i].Relation] = true
	}
	for _, o := range d.more() {
		relations[o.Relation] = true
	}
	var cells []string
	for _, s := range kindStyles {
		if kinds[s.kind] {
			cells = append(cells, kindSample(s))
		}
	}
	// The legend of a small graph must not make it wide.
	columns := 5
	if d.broad() {
		columns = 9
	}
	row := func(cells []string, columns int, filler string) {
		if len(cells) == 0 {
			return
		}
		b.WriteString(`<tr><td align="left"><table border="0" cellborder="0" cellspacing="0" cellpadding="2">`)
		for line := range slices.Chunk(cells, columns) {
			b.WriteString("<tr>" + strings.Join(line, ""))
			// Cells of a short row would share all the width that the
			// title takes.
			if len(cells) < columns {
				b.WriteString(strings.Repeat(filler, columns-len(line)))
			}
			b.WriteString("</tr>")
		}
		b.WriteString(`</table></td></tr>`)
	}
	row(cells, columns, "<td></td>")
	cells = nil
	for _, s := range relationStyles {
		if relations[s.relation] {
			cells = append(cells, relationSample(s))
		}
	}
	row(cells, (columns+1)/2+1, "<td></td><td></td><td></td>")
}

// kindSample is a cell of the legend that looks like a node of the kind.
func kindSample(s kindStyle) string {
	style := ""
	if s.style == "rounded" || s.shape == "ellipse" {
		style = ` style="rounded"`
	}
	return fmt.Sprintf(`<td><table border="1" cellborder="0" cellspacing="0" cellpadding="3" color="%s" bgcolor="%s"%s><tr><td><font point-size="10"> %s </font></td></tr></table></td>`,
		s.border, s.fill, style, s.kind)
}

// relationSample is three cells of the legend: a piece of the relation's line,
// built of coloured cells, its arrowhead, and its name.
func relationSample(s relationStyle) string {
	var b strings.Builder
	height := 2
	if s.line == "bold" {
		height = 3
	}
	// Only a table of fixed size keeps its size in a cell that has room.
	fmt.Fprintf(&b, `<td align="right"><table border="0" cellborder="0" cellspacing="0" cellpadding="0" fixedsize="true" width="24" height="%d"><tr>`, height)
	segment := func(width int, drawn bool) {
		color := ""
		if drawn {
			color = ` bgcolor="` + s.color + `"`
		}
		fmt.Fprintf(&b, `<td fixedsize="true" width="%d" height="%d"%s></td>`, width, height, color)
	}
	switch s.line {
	case "dashed":
		for i, width := range []int{6, 3, 6, 3, 6} {
			segment(width, i%2 == 0)
		}
	case "dotted":
		for i := range 12 {
			segment(2, i%2 == 0)
		}
	default:
		segment(24, true)
	}
	b.WriteString(`</tr></table></td>`)
	fmt.Fprintf(&b, `<td align="left"><font point-size="10" color="%s">%s</font></td>`, s.color, escapeHTML(cmp.Or(s.glyph, " ")))
	fmt.Fprintf(&b, `<td align="left"><font point-size="10">%s   </font></td>`, words(s.relation))
	return b.String()
}

// escapeHTML makes clean text part of an HTML-like label or of XML.
func escapeHTML(s string) string {
	return htmlEscaper.Replace(s)
}

var htmlEscaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")
