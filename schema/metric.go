package schema

import (
	"context"

	"papergraph/graph"
)

// metric is a node of kind metric.
type metric struct{ *entity }

func asMetric(e *entity) *metric { return &metric{e} }

func (m *metric) Better() *graph.Better { return orNull(m.node.Better) }

func (m *metric) MeasuredBy(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, m.entity, in(graph.Measures), args, asPaper)
}

func (m *metric) Results(ctx context.Context, args edgesArgs) (*connection[*result], error) {
	return neighbours(ctx, m.entity, in(graph.Reports, graph.KindResult), args, asResult)
}
