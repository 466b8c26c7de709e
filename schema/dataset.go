package schema

import (
	"context"

	"papergraph/graph"
)

// dataset is a node of kind dataset.
type dataset struct{ *entity }

func asDataset(e *entity) *dataset { return &dataset{e} }

func (d *dataset) IntroducedBy(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, d.entity, in(graph.Introduces), args, asPaper)
}

func (d *dataset) EvaluatedIn(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, d.entity, in(graph.EvaluatesOn), args, asPaper)
}

func (d *dataset) TestbedOf(ctx context.Context, args edgesArgs) (*connection[*method], error) {
	return neighbours(ctx, d.entity, in(graph.EvaluatedOn), args, asMethod)
}

func (d *dataset) Results(ctx context.Context, args edgesArgs) (*connection[*result], error) {
	return neighbours(ctx, d.entity, in(graph.Reports, graph.KindResult), args, asResult)
}
