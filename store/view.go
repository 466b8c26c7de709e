package store

import (
	"context"

	"papergraph/graph"
)

// ViewOptions say which piece of the graph a view shows.
type ViewOptions struct {
	Title string
	// Focus is where the view starts; empty for the most connected nodes.
	Focus []graph.ID
	// Depth is how many edges away from Focus the view reaches; 0 shows the
	// focus alone.
	Depth int
	// Kinds are those of the nodes beside Focus; empty for all.
	Kinds []graph.Kind
	// Relations are those that are followed and shown; empty for all.
	Relations []graph.Relation
	// MaxNodes bounds the view; 0 is no bound.
	MaxNodes int
}

// View reads a piece of the graph: breadth first from the focus, the best
// neighbours first, fair between relations. Edges are all those between nodes
// of the view. What did not fit is counted in [graph.View.Omitted]. The error
// wraps [ErrNotFound] where a focus is not in the graph.
func (r *Snapshot) View(ctx context.Context, o ViewOptions) (*graph.View, error) {
	return nil, ErrClosed
}
