package schema

import (
	"context"

	"papergraph/graph"
)

// result is a node of kind result.
type result struct{ *entity }

func asResult(e *entity) *result { return &result{e} }

func (r *result) Value() string                { return r.node.Result.Value }
func (r *result) Unit() *string                { return orNull(r.node.Result.Unit) }
func (r *result) Comparison() graph.Comparison { return r.node.Result.Comparison }
func (r *result) Baseline() *string            { return orNull(r.node.Result.Baseline) }

func (r *result) Metric(ctx context.Context) (*metric, error) {
	return refer(ctx, r, "metric", func(n *graph.ResultNode) graph.ID { return n.Metric }, asMetric)
}

func (r *result) Method(ctx context.Context) (*method, error) {
	return refer(ctx, r, "method", func(n *graph.ResultNode) graph.ID { return n.Method }, asMethod)
}

func (r *result) Dataset(ctx context.Context) (*dataset, error) {
	return refer(ctx, r, "dataset", func(n *graph.ResultNode) graph.ID { return n.Dataset }, asDataset)
}

func (r *result) Paper(ctx context.Context) (*paper, error) {
	return refer(ctx, r, "paper", func(n *graph.ResultNode) graph.ID { return n.Paper }, asPaper)
}

// referKey is which nodes a group of results refers to.
type referKey struct {
	field  string
	record bool
}

// refer is the node that a result refers to in a field, or nil. It is read for
// all results of the group.
func refer[T any](ctx context.Context, r *result, field string, id func(*graph.ResultNode) graph.ID, as func(*entity) *T) (*T, error) {
	key := referKey{field, needsRecord(selected(ctx), "")}
	nodes, err := shared(&r.group.loads, key, func() (map[graph.ID]*entity, error) {
		var ids []graph.ID
		for _, m := range r.group.ofKind(graph.KindResult) {
			if to := id(m.node.Result); to != "" {
				ids = append(ids, to)
			}
		}
		g, err := r.req.readGroup(ctx, ids, key.record)
		if err != nil {
			return nil, err
		}
		return g.byID(), nil
	})
	if err != nil {
		return nil, err
	}
	if e := nodes[id(r.node.Result)]; e != nil {
		return as(e), nil
	}
	return nil, nil
}

func (r *result) ReportedBy(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, r.entity, in(graph.Reports), args, asPaper)
}
