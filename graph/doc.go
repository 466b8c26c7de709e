// Package graph is papergraph's domain: what a graph of papers is made of and
// which edges it may have. It does no I/O and imports nothing else of
// papergraph; every other package speaks in its types.
//
// Read it in this order:
//
//   - [Kind] and [ID]: what a node is and how it is named. An id is
//     "kind:slug", made from content alone.
//   - [Relation] and [Relations]: the table of edges a graph may have, as data.
//     [CheckEdge] refuses everything else.
//   - [Document]: a paper as a source delivered it, with the cleaned text that
//     every offset refers to.
//   - [Facts]: what one document says: [Mention]s in their roles, [Result]s,
//     acronyms and links. Facts are the source of truth; nodes and edges are
//     derived from them.
//   - [Node], [Edge], [Statement], [Evidence]: the resolved graph. An edge is a
//     set of statements, and an extracted statement shows the characters of
//     text that say it.
//   - [View]: a bounded piece of a graph, as exporters draw it.
//
// # Offsets
//
// Start and end of an [Evidence] count Unicode code points of the field of the
// document they name, half open, so that in Python document[field][start:end]
// is the quote. [Document.Check] and [Facts.Check] verify it.
package graph
