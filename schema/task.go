package schema

import (
	"context"

	"papergraph/graph"
)

// task is a node of kind task.
type task struct{ *entity }

func asTask(e *entity) *task { return &task{e} }

func (t *task) AddressedBy(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, t.entity, in(graph.Addresses), args, asPaper)
}

func (t *task) SolvedWith(ctx context.Context, args edgesArgs) (*connection[*method], error) {
	return neighbours(ctx, t.entity, in(graph.UsedFor), args, asMethod)
}

func (t *task) Broader(ctx context.Context, args edgesArgs) (*connection[*task], error) {
	return neighbours(ctx, t.entity, out(graph.Broader), args, asTask)
}

func (t *task) Narrower(ctx context.Context, args edgesArgs) (*connection[*task], error) {
	return neighbours(ctx, t.entity, in(graph.Broader), args, asTask)
}
