package graph

import "slices"

// View is a bounded piece of a graph, and what it leaves out: what exporters
// draw and write.
type View struct {
	Title    string `json:"title"`
	Snapshot string `json:"snapshot"` // id of the snapshot that it was read from
	Focus    []ID   `json:"focus,omitempty"`
	// Nodes and Edges are in the order of [CompareNodes] and [CompareEdges];
	// every edge joins two of the nodes.
	Nodes []Node `json:"nodes"`
	Edges []Edge `json:"edges"`
	// Omitted counts neighbours that the bounds left out, in the order of
	// Node, Relation, Inverse, Kind.
	Omitted []Omission `json:"omitted,omitempty"`
}

// Omission says that a node of a view has more neighbours than it shows.
type Omission struct {
	Node     ID       `json:"node"`
	Relation Relation `json:"relation"`
	// Inverse is true where the omitted neighbours are those that point to
	// Node.
	Inverse bool `json:"inverse,omitempty"`
	Kind    Kind `json:"kind"` // of the neighbours
	Count   int  `json:"count"`
}

// Sort brings the view into its fixed order.
func (v *View) Sort() {
	slices.SortFunc(v.Nodes, CompareNodes)
	slices.SortFunc(v.Edges, CompareEdges)
	for i := range v.Edges {
		SortStatements(v.Edges[i].Statements)
	}
	slices.SortFunc(v.Omitted, func(a, b Omission) int {
		if c := CompareIDs(a.Node, b.Node); c != 0 {
			return c
		}
		if c := a.Relation.Rank() - b.Relation.Rank(); c != 0 {
			return c
		}
		if a.Inverse != b.Inverse {
			if b.Inverse {
				return -1
			}
			return 1
		}
		return a.Kind.Rank() - b.Kind.Rank()
	})
}
