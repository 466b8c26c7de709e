package schema

import (
	"context"

	"papergraph/graph"
)

// author is a node of kind author.
type author struct{ *entity }

func asAuthor(e *entity) *author { return &author{e} }

func (a *author) Papers(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, a.entity, in(graph.AuthoredBy), args, asPaper)
}
