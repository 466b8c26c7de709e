// Package exporters writes a view of the graph in the forms that other
// programs read and people look at. It sees [graph.View] and [graph.Facts],
// never the store, and each form is one function:
//
//   - [DOT] for Graphviz, [Mermaid] for Markdown pages, [JSON] for programs,
//     [CSV] for tables, [Facts] for scoring;
//   - [Answer] writes the answer to a GraphQL query as a table, CSV or JSONL, by
//     the rule in its comment;
//   - [Renderer] turns DOT into an SVG or PNG image by means of a child
//     process, and [InlineSVG] makes an SVG fit to stand inside an HTML page.
//
// # Guarantees
//
// The same view gives the same bytes, whatever order its nodes, edges and
// statements come in; the view is not changed. Any name is safe: text is
// cleaned of what the form cannot carry (control characters, invalid UTF-8,
// characters that reorder the line) and quoted by rules of the form, so no
// name can end a string, add an attribute or start a tag. Everything is
// safe for concurrent use.
//
// # Looks
//
// style.go has what a kind and a relation look like as two tables: fills and
// lines of the Okabe-Ito palette, which people with any common colour
// blindness can tell apart, and on top of it a shape for each kind, a dash
// pattern and an arrowhead for each relation. A bounded view says what it
// leaves out: "+37 more methods" beside the nodes in focus, "(+12 more)" in
// the labels of the others.
//
// # Size
//
// Up to 150 nodes a view is drawn with the hierarchical layout and from there
// on with a force-directed one, which is the only kind that stays fast; DOT
// says which in its layout attribute. Each form takes about a second or less
// for a view of 10,000 nodes. [Renderer] refuses a PNG of more than
// [MaxPNGNodes], stops a drawing that takes too long, and runs few at once.
package exporters
