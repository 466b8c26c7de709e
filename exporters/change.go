package exporters

import (
	"fmt"
	"strings"

	"github.com/emicklei/dot"

	"papergraph/graph"
)

// Change is how a node or an edge differs between two snapshots.
type Change int

// The changes. What is drawn for its connections alone is Unchanged.
const (
	Unchanged Change = iota
	Added
	Removed
	Changed
)

// changeStyle is what a change looks like. None is told from another by colour
// alone.
type changeStyle struct {
	color, fill, line, sign, word string
}

var changeStyles = [...]changeStyle{
	Unchanged: {color: "#9A9A9A", fill: "#FFFFFF", line: "solid"},
	Added:     {color: "#00694D", fill: "#B5E2D3", line: "solid", sign: "+ ", word: "added"},
	Removed:   {color: "#A64900", fill: "#F9CDB2", line: "dashed", sign: "− ", word: "removed"},
	Changed:   {color: "#0072B2", fill: "#C3E4F8", line: "bold", sign: "± ", word: "changed"},
}

// Changes says how the nodes and edges of a drawing differ. Either may be nil
// where nothing of the sort does.
type Changes struct {
	Node func(graph.ID) Change
	Edge func(*graph.Edge) Change
}

func (c *Changes) node(id graph.ID) changeStyle {
	if c.Node == nil {
		return changeStyles[Unchanged]
	}
	return changeStyles[c.Node(id)]
}

func (c *Changes) edge(e *graph.Edge) changeStyle {
	if c.Edge == nil {
		return changeStyles[Unchanged]
	}
	return changeStyles[c.Edge(e)]
}

// drawNode and drawEdge give an element the look of its change in the place of
// that of its kind or relation.
func (c *Changes) drawNode(set func(dot.AttributesMap, string, string), a dot.AttributesMap, n *graph.Node, label []string) {
	look := c.node(n.ID)
	style := strings.TrimPrefix(styleOf(n.Kind()).style+",filled", ",")
	if look.line != "solid" {
		style += "," + look.line
	}
	set(a, "style", style)
	set(a, "fillcolor", look.fill)
	set(a, "color", look.color)
	if look.sign == "" {
		set(a, "fontcolor", faintColor)
		return
	}
	set(a, "penwidth", "2")
	set(a, "label", unentity(look.sign+strings.Join(label, "\n")))
}

func (c *Changes) drawEdge(set func(dot.AttributesMap, string, string), a dot.AttributesMap, e *graph.Edge, labelled bool) {
	look := c.edge(e)
	set(a, "style", look.line)
	set(a, "color", look.color)
	if labelled {
		set(a, "label", look.sign+words(e.Relation))
		set(a, "fontname", fontName)
		set(a, "fontsize", "9")
		set(a, "fontcolor", look.color)
	}
}

// legend is a row of the heading: what the colours and signs mean.
func (c *Changes) legend(b *strings.Builder) {
	b.WriteString(`<tr><td align="left"><table border="0" cellborder="0" cellspacing="0" cellpadding="2"><tr>`)
	for _, s := range changeStyles[Added:] {
		fmt.Fprintf(b, `<td><font point-size="10" color="%s"><b>%s%s   </b></font></td>`, s.color, s.sign, s.word)
	}
	b.WriteString(`</tr></table></td></tr>`)
}
