package schema

import (
	"context"

	"papergraph/graph"
)

// concept is a node of kind concept.
type concept struct{ *entity }

func asConcept(e *entity) *concept { return &concept{e} }

func (c *concept) Broader(ctx context.Context, args edgesArgs) (*connection[*concept], error) {
	return neighbours(ctx, c.entity, out(graph.Broader), args, asConcept)
}

func (c *concept) Narrower(ctx context.Context, args edgesArgs) (*connection[*concept], error) {
	return neighbours(ctx, c.entity, in(graph.Broader, graph.KindConcept), args, asConcept)
}

func (c *concept) Methods(ctx context.Context, args edgesArgs) (*connection[*method], error) {
	return neighbours(ctx, c.entity, in(graph.Broader, graph.KindMethod), args, asMethod)
}

func (c *concept) Papers(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, c.entity, in(graph.Concerns), args, asPaper)
}
