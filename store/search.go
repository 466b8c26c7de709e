package store

import (
	"context"

	"papergraph/graph"
)

// Hit is a node that a search found.
type Hit struct {
	ID    graph.ID
	Score float64 // larger is better; comparable within one search
}

// Search finds nodes by words in names, aliases, titles and abstracts, best
// first, equal scores by id; at most limit of them, and only of the given
// kinds unless there are none. Words are compared by their English stems; the
// last word also stands for the words that it begins.
func (r *Snapshot) Search(ctx context.Context, text string, kinds []graph.Kind, limit int) ([]Hit, error) {
	return nil, ErrClosed
}
