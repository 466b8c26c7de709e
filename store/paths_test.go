package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"papergraph/graph"
)

// paths tries all ways.
func (m *model) paths(from, to graph.ID, pq PathQuery, limit int) []Path {
	nq := NeighborQuery{Relations: pq.Relations, Direction: pq.Direction}
	var all []Path
	var visit func(way []graph.ID)
	visit = func(way []graph.ID) {
		last := way[len(way)-1]
		if last == to {
			p := Path{Nodes: slices.Clone(way)}
			for i := 1; i < len(way); i++ {
				p.Steps = append(p.Steps, m.edgesBetween(way[i-1], way[i], nq))
			}
			all = append(all, p)
			return
		}
		if len(way) > pq.Length {
			return
		}
		for _, next := range m.distinctNeighbors(last, nq) {
			if !slices.Contains(way, next) && (next == to || wantedKind(pq.Kinds, next.Kind())) {
				visit(append(way, next))
			}
		}
	}
	visit([]graph.ID{from})
	papers := func(p Path) (n int) {
		for _, id := range p.Nodes {
			if id != from && id != to {
				n += m.degree(id)
			}
		}
		return n
	}
	slices.SortFunc(all, func(a, b Path) int {
		return cmp.Or(cmp.Compare(len(a.Nodes), len(b.Nodes)), cmp.Compare(papers(a), papers(b)), slices.CompareFunc(a.Nodes, b.Nodes, graph.CompareIDs))
	})
	return all[:min(limit, len(all))]
}

func (m *model) edgesBetween(a, b graph.ID, nq NeighborQuery) []EdgeKey {
	var edges []EdgeKey
	for _, n := range m.neighbors(a, nq) {
		switch {
		case n.ID != b:
		case n.Inverse:
			edges = append(edges, EdgeKey{b, n.Relation, a})
		default:
			edges = append(edges, EdgeKey{a, n.Relation, b})
		}
	}
	return edges
}

func TestPathsAgreeWithModel(t *testing.T) {
	seeds := uint64(30)
	if testing.Short() {
		seeds = 6
	}
	queries := []PathQuery{{}, {Direction: Out}, {Direction: In}, {Relations: []graph.Relation{graph.Uses, graph.Cites}},
		{Kinds: []graph.Kind{graph.KindPaper, graph.KindMethod}}, {Kinds: []graph.Kind{graph.KindPaper}, Relations: []graph.Relation{graph.Concerns}}}
	found := 0
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 2))
		s := open(t)
		for range 2 { // built once, and with a history
			publish(t, s, randomCorpus(rng), rng)
		}
		r := latest(t, s)
		m := newModel(t, r)
		for range 20 {
			if len(m.ids) == 0 {
				break
			}
			from, to := m.ids[rng.IntN(len(m.ids))], m.ids[rng.IntN(len(m.ids))]
			if rng.IntN(4) > 0 { // most pairs are not connected at all
				to = from
				for range 1 + rng.IntN(5) {
					if ns := m.sides[to]; len(ns) > 0 {
						to = ns[rng.IntN(len(ns))].ID
					}
				}
			}
			pq := queries[rng.IntN(len(queries))]
			pq.Length = rng.IntN(5)
			limit := 1 + rng.IntN(8)
			want := m.paths(from, to, pq, limit)
			got, whole, err := r.Paths(context.Background(), from, to, pq, limit)
			if err != nil || !whole {
				t.Errorf("from %s to %s %+v: whole %v, error %v", from, to, pq, whole, err)
			}
			if d := gocmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("seed %d: %d from %s to %s %+v (-want +got):\n%s", seed, limit, from, to, pq, d)
			}
			found += len(got)
		}
	}
	if found < 50 {
		t.Errorf("only %d paths were compared", found)
	}
}

// A search that may not read all says so, and what it finds are paths.
func TestPathsAreBounded(t *testing.T) {
	s := open(t)
	c := synthetic(60)
	publish(t, s, c, nil)
	r := latest(t, s)
	m := newModel(t, r)
	from, to := c.nodes[0].ID, c.nodes[1].ID
	pq := PathQuery{Length: 4}
	all := make(map[string]bool)
	for _, p := range m.paths(from, to, pq, 1<<20) {
		all[fmt.Sprint(p.Nodes)] = true
	}
	for _, budget := range []int{0, 1, 10, 100} {
		got, whole, err := r.paths(context.Background(), from, to, pq, 1<<20, budget)
		if err != nil || whole {
			t.Errorf("budget %d: whole %v, %v", budget, whole, err)
		}
		for _, p := range got {
			if !all[fmt.Sprint(p.Nodes)] {
				t.Errorf("budget %d: %v is not a path", budget, p.Nodes)
			}
		}
	}
	for _, tt := range []struct {
		from, to graph.ID
		pq       PathQuery
		is       error
	}{
		{"method:none", to, pq, ErrNotFound},
		{from, "method:none", pq, ErrNotFound},
		{from, to, PathQuery{Kinds: []graph.Kind{"animal"}}, graph.ErrKind},
		{from, to, PathQuery{Relations: []graph.Relation{"eats"}}, graph.ErrRelation},
	} {
		if _, _, err := r.Paths(context.Background(), tt.from, tt.to, tt.pq, 1); !errors.Is(err, tt.is) {
			t.Errorf("%+v: %v", tt, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := r.Paths(ctx, from, to, pq, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if got, whole, err := r.Paths(context.Background(), from, to, pq, 0); len(got) > 0 || !whole || err != nil {
		t.Errorf("none wanted: %v, %v, %v", got, whole, err)
	}
}
