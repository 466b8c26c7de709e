package schema

import (
	"context"

	"github.com/graph-gophers/graphql-go"

	"papergraph/graph"
	"papergraph/store"
)

type bridgesArgs struct {
	From, To graphql.ID
	Kinds    *[]graph.Kind
	First    int32
	asOfArg
}

// Bridges finds what ties two areas together.
func (q *query) Bridges(ctx context.Context, args bridgesArgs) (*bridgeSearch, error) {
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	from, to, err := r.ends(args.From, args.To)
	if err != nil || from == "" || to == "" {
		return nil, err
	}
	if err := r.charge(pathCost); err != nil {
		return nil, err
	}
	kinds := []graph.Kind{graph.KindConcept}
	if args.Kinds != nil {
		kinds = *args.Kinds
	}
	done, err := r.sweep(ctx)
	if err != nil {
		return nil, err
	}
	bridges, whole, err := r.snap.Bridges(ctx, from, to, kinds, n)
	done()
	if err != nil {
		return nil, err
	}
	names := selected(ctx)
	ends, err := r.readGroup(ctx, []graph.ID{from, to}, needsRecord(names, "from", "to"))
	if err != nil {
		return nil, err
	}
	ids := make([]graph.ID, len(bridges))
	for i, b := range bridges {
		ids[i] = b.ID
	}
	g, err := r.readGroup(ctx, ids, needsRecord(names, "bridges.node"))
	if err != nil {
		return nil, err
	}
	byID := ends.byID() // one node where both ends are the same
	s := &bridgeSearch{from: byID[from], to: byID[to], whole: whole, bridges: make([]bridge, len(bridges))}
	for i, b := range bridges {
		s.bridges[i] = bridge{b, g.members[i]}
	}
	return s, nil
}

// bridgeSearch is what ties two areas together.
type bridgeSearch struct {
	from, to *entity
	bridges  []bridge
	whole    bool
}

func (s *bridgeSearch) From() *entity     { return s.from }
func (s *bridgeSearch) To() *entity       { return s.to }
func (s *bridgeSearch) Bridges() []bridge { return s.bridges }
func (s *bridgeSearch) Complete() bool    { return s.whole }

// bridge is a node that papers of two areas have in common.
type bridge struct {
	b    store.Bridge
	node *entity
}

func (b bridge) Node() *entity     { return b.node }
func (b bridge) FromPapers() int32 { return int32(b.b.Papers[0]) }
func (b bridge) ToPapers() int32   { return int32(b.b.Papers[1]) }
