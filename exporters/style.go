package exporters

import (
	"strings"
	"unicode"

	"papergraph/graph"
)

// kindStyle is what a kind of node looks like.
type kindStyle struct {
	kind   graph.Kind
	shape  string // Graphviz shape
	style  string // Graphviz style, beside "filled"
	fill   string // dark text on it has a contrast of 7:1 or more
	strong string // fill of a node in focus
	border string
	// mermaid is the pair of brackets that Mermaid has for the shape.
	mermaid [2]string
}

// kindStyles has tints of the Okabe-Ito palette: the tints keep its hues apart
// and are light enough for dark text.
var kindStyles = []kindStyle{
	{graph.KindPaper, "box", "", "#F4F4F4", "#DADADA", "#333333", [2]string{"[", "]"}},
	{graph.KindMethod, "box", "rounded", "#C3E4F8", "#7CC5EE", "#0072B2", [2]string{"(", ")"}},
	{graph.KindDataset, "cylinder", "", "#B5E2D3", "#5CC0A0", "#00694D", [2]string{"[(", ")]"}},
	{graph.KindTask, "hexagon", "", "#FADFA8", "#F0B840", "#8F6200", [2]string{"{{", "}}"}},
	{graph.KindMetric, "box", "diagonals", "#F9F3B5", "#F0E442", "#6F6800", [2]string{"[/", "/]"}},
	{graph.KindConcept, "ellipse", "", "#EFD3E2", "#DDA0C2", "#9A4A78", [2]string{"([", "])"}},
	{graph.KindResult, "note", "", "#F9CDB2", "#F0935A", "#A64900", [2]string{">", "]"}},
	{graph.KindAuthor, "octagon", "", "#E3E3EE", "#C4C4DC", "#555577", [2]string{"[[", "]]"}},
	{graph.KindVenue, "tab", "", "#CFDCEA", "#9DBBD8", "#1F4E79", [2]string{"[\\", "\\]"}},
}

// styleOf is the style of a kind; an unknown one is a plain box.
func styleOf(k graph.Kind) kindStyle {
	if r := k.Rank(); r < len(kindStyles) {
		return kindStyles[r]
	}
	return kindStyle{kind: k, shape: "box", fill: "#FFFFFF", strong: "#FFFFFF", border: "#000000", mermaid: [2]string{"[", "]"}}
}

// relationStyle is what a relation looks like. No two relations share colour,
// line and arrowhead, and none is told from another by colour alone.
type relationStyle struct {
	relation graph.Relation
	color    string
	line     string // Graphviz style
	width    float64
	head     string // Graphviz arrowhead
	// glyph stands for the arrowhead in the legend; it is one of the
	// characters of Windows Glyph List 4, which common fonts have.
	glyph   string
	mermaid string // Mermaid's arrow
}

var relationStyles = []relationStyle{
	{graph.Introduces, "#000000", "bold", 2.2, "normal", "►", "==>"},
	{graph.Uses, "#0072B2", "solid", 1.2, "normal", "►", "-->"},
	{graph.ComparesWith, "#D55E00", "dashed", 1.2, "odot", "○", "-.-o"},
	{graph.EvaluatesOn, "#009E73", "solid", 1.2, "dot", "●", "--o"},
	{graph.Addresses, "#B27A00", "solid", 1.2, "vee", ">", "-->"},
	{graph.Measures, "#7A7200", "dotted", 1.6, "dot", "●", "-.-o"},
	{graph.Concerns, "#B0558A", "solid", 1.2, "odot", "○", "--o"},
	{graph.Reports, "#D55E00", "solid", 1.2, "diamond", "♦", "-->"},
	{graph.BasedOn, "#0072B2", "dashed", 1.4, "vee", ">", "-.->"},
	{graph.Outperforms, "#D55E00", "bold", 2.2, "normal", "►", "==>"},
	{graph.PartOf, "#0072B2", "solid", 1.4, "diamond", "♦", "-->"},
	{graph.UsedFor, "#B27A00", "dashed", 1.2, "vee", ">", "-.->"},
	{graph.EvaluatedOn, "#009E73", "dashed", 1.2, "dot", "●", "-.-o"},
	{graph.Broader, "#6B6B6B", "solid", 1.2, "odiamond", "◊", "-->"},
	{graph.Cites, "#6B6B6B", "dotted", 1.4, "vee", ">", "-.->"},
	{graph.AuthoredBy, "#6B6B6B", "solid", 1.0, "none", "", "---"},
	{graph.PublishedIn, "#1F4E79", "dotted", 1.4, "none", "", "-.-"},
}

// lookOf is the style of a relation; an unknown one is a thin black arrow.
func lookOf(r graph.Relation) relationStyle {
	if i := r.Rank(); i < len(relationStyles) {
		return relationStyles[i]
	}
	return relationStyle{relation: r, color: "#000000", line: "solid", width: 1, head: "normal", glyph: "►", mermaid: "-->"}
}

// Colours of what is not a node.
const (
	inkColor   = "#1A1A1A" // text
	faintColor = "#595959" // text that matters less; 7:1 on white
)

// words writes a relation as words: "comparesWith" is "compares with".
func words(r graph.Relation) string {
	var b strings.Builder
	for _, c := range string(r) {
		if unicode.IsUpper(c) {
			b.WriteByte(' ')
			c = unicode.ToLower(c)
		}
		b.WriteRune(c)
	}
	return b.String()
}

// needsLabel says whether the kinds of its ends leave open which relation an
// edge is, so that it has to be told.
func needsLabel(from graph.Kind, to graph.Kind) bool {
	n := 0
	for _, info := range graph.Relations() {
		for _, p := range info.Pairs {
			if p == [2]graph.Kind{from, to} {
				n++
			}
		}
	}
	return n != 1
}
