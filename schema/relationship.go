package schema

import (
	"context"

	"github.com/graph-gophers/graphql-go"

	"papergraph/graph"
	"papergraph/store"
)

// relationship is an edge with the nodes that it joins.
type relationship struct {
	*stated
	from, to *entity
}

func (r relationship) From() *entity            { return r.from }
func (r relationship) To() *entity              { return r.to }
func (r relationship) Relation() graph.Relation { return r.edge.Relation }

type edgeArgs struct {
	From     graphql.ID
	Relation graph.Relation
	To       graphql.ID
	asOfArg
}

// Edge finds an edge by its ends and its relation.
func (q *query) Edge(ctx context.Context, args edgeArgs) (*relationship, error) {
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	key := store.EdgeKey{Relation: args.Relation}
	for _, end := range []struct {
		arg  string
		ref  graphql.ID
		kind func(pair [2]graph.Kind) graph.Kind
		id   *graph.ID
	}{
		{"from", args.From, func(pair [2]graph.Kind) graph.Kind { return pair[0] }, &key.From},
		{"to", args.To, func(pair [2]graph.Kind) graph.Kind { return pair[1] }, &key.To},
	} {
		// A name of several nodes is the one of a kind that the relation joins.
		info, _ := args.Relation.Info()
		var kinds []graph.Kind
		for _, pair := range info.Pairs {
			kinds = append(kinds, end.kind(pair))
		}
		if *end.id, err = r.find(end.arg, string(end.ref), kinds...); err != nil {
			return nil, err
		}
	}
	edges, err := r.snap.Edges(ctx, []store.EdgeKey{key})
	if err != nil || edges[0] == nil {
		return nil, err
	}
	rs, err := r.relationships(ctx, edges, needsRecord(selected(ctx), "from", "to"))
	if err != nil {
		return nil, err
	}
	return &rs[0], nil
}

// relationships charges for edges that were read, and reads the nodes at their
// ends.
func (r *request) relationships(ctx context.Context, edges []*graph.Edge, records bool) ([]relationship, error) {
	if err := r.charge(len(edges)); err != nil {
		return nil, err
	}
	ids := make([]graph.ID, 0, 2*len(edges))
	for _, e := range edges {
		ids = append(ids, e.From, e.To)
	}
	g, err := r.readGroup(ctx, ids, records)
	if err != nil {
		return nil, err
	}
	byID := g.byID()
	rs := make([]relationship, len(edges))
	for i, s := range r.newEdges(edges) {
		rs[i] = relationship{s, byID[s.edge.From], byID[s.edge.To]}
	}
	return rs, nil
}
