package schema

import (
	"context"

	"github.com/graph-gophers/graphql-go"

	"papergraph/graph"
	"papergraph/store"
)

type relatedArgs struct {
	ID        graphql.ID
	Relations *[]graph.Relation
	Direction string
	Via       *[]graph.Kind
	Kind      *graph.Kind
	First     int32
	asOfArg
}

// Related finds the nodes that share the most with a node.
func (q *query) Related(ctx context.Context, args relatedArgs) (*[]related, error) {
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	id, err := r.find("id", string(args.ID))
	if err != nil || id == "" {
		return nil, err
	}
	if err := r.charge(searchCost); err != nil {
		return nil, err
	}
	rq := store.RelatedQuery{
		Via:  store.NeighborQuery{Relations: given(args.Relations), Direction: directions[args.Direction], Kinds: given(args.Via)},
		Kind: given(args.Kind),
	}
	done, err := r.sweep(ctx)
	if err != nil {
		return nil, err
	}
	found, err := r.snap.Related(ctx, id, rq, n)
	done()
	if err != nil {
		return nil, err
	}
	return r.newRelated(ctx, id, rq, found)
}

// newRelated reads the nodes that were found and what they share.
func (r *request) newRelated(ctx context.Context, id graph.ID, rq store.RelatedQuery, found []store.Related) (*[]related, error) {
	names := selected(ctx)
	ids := make([]graph.ID, len(found))
	var shared []graph.ID
	for i := range found {
		ids[i] = found[i].ID
		for _, s := range found[i].Shared {
			shared = append(shared, s.ID)
		}
	}
	nodes, err := r.readGroup(ctx, ids, needsRecord(names, "node"))
	if err != nil {
		return nil, err
	}
	own, err := r.snap.Neighbors(ctx, id, rq.Via)
	if err != nil {
		return nil, err
	}
	distinct := make(map[graph.ID]bool, len(own))
	for _, n := range own {
		distinct[n.ID] = true
	}
	var by map[graph.ID]*entity
	if selects(names, "shared") {
		g, err := r.readGroup(ctx, shared, needsRecord(names, "shared.node"))
		if err != nil {
			return nil, err
		}
		by = g.byID()
	}
	list := make([]related, len(found))
	for i, f := range found {
		list[i] = related{found: f, of: len(distinct), node: nodes.members[i], by: by}
	}
	return &list, nil
}

// related is a node that shares neighbours with another, which has so many.
type related struct {
	found store.Related
	of    int
	node  *entity
	by    map[graph.ID]*entity
}

func (r related) Node() *entity      { return r.node }
func (r related) SharedCount() int32 { return int32(r.found.Count) }
func (r related) Score() float64     { return float64(r.found.Count) / float64(r.of) }

func (r related) Shared() []sharedNeighbour {
	list := make([]sharedNeighbour, len(r.found.Shared))
	for i, s := range r.found.Shared {
		list[i] = sharedNeighbour{s, r.by[s.ID]}
	}
	return list
}

// sharedNeighbour is a node that two have edges with.
type sharedNeighbour struct {
	at   store.Neighbor
	node *entity
}

func (s sharedNeighbour) Node() *entity            { return s.node }
func (s sharedNeighbour) Relation() graph.Relation { return s.at.Relation }
func (s sharedNeighbour) Inverse() bool            { return s.at.Inverse }
