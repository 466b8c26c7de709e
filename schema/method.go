package schema

import (
	"context"

	"papergraph/graph"
)

// method is a node of kind method.
type method struct{ *entity }

func asMethod(e *entity) *method { return &method{e} }

func (m *method) IntroducedBy(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, m.entity, in(graph.Introduces), args, asPaper)
}

func (m *method) UsedBy(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, m.entity, in(graph.Uses), args, asPaper)
}

func (m *method) ComparedIn(ctx context.Context, args edgesArgs) (*connection[*paper], error) {
	return neighbours(ctx, m.entity, in(graph.ComparesWith), args, asPaper)
}

func (m *method) BasedOn(ctx context.Context, args edgesArgs) (*connection[*method], error) {
	return neighbours(ctx, m.entity, out(graph.BasedOn), args, asMethod)
}

func (m *method) BasisOf(ctx context.Context, args edgesArgs) (*connection[*method], error) {
	return neighbours(ctx, m.entity, in(graph.BasedOn), args, asMethod)
}

func (m *method) Outperforms(ctx context.Context, args edgesArgs) (*connection[*method], error) {
	return neighbours(ctx, m.entity, out(graph.Outperforms), args, asMethod)
}

func (m *method) OutperformedBy(ctx context.Context, args edgesArgs) (*connection[*method], error) {
	return neighbours(ctx, m.entity, in(graph.Outperforms), args, asMethod)
}

func (m *method) PartOf(ctx context.Context, args edgesArgs) (*connection[*method], error) {
	return neighbours(ctx, m.entity, out(graph.PartOf), args, asMethod)
}

func (m *method) HasPart(ctx context.Context, args edgesArgs) (*connection[*method], error) {
	return neighbours(ctx, m.entity, in(graph.PartOf), args, asMethod)
}

func (m *method) UsedFor(ctx context.Context, args edgesArgs) (*connection[*task], error) {
	return neighbours(ctx, m.entity, out(graph.UsedFor), args, asTask)
}

func (m *method) EvaluatedOn(ctx context.Context, args edgesArgs) (*connection[*dataset], error) {
	return neighbours(ctx, m.entity, out(graph.EvaluatedOn), args, asDataset)
}

func (m *method) Broader(ctx context.Context, args edgesArgs) (*connection[*concept], error) {
	return neighbours(ctx, m.entity, out(graph.Broader), args, asConcept)
}

func (m *method) Results(ctx context.Context, args edgesArgs) (*connection[*result], error) {
	return neighbours(ctx, m.entity, in(graph.Reports, graph.KindResult), args, asResult)
}
