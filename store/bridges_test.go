package store

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"papergraph/graph"
)

// bridges counts by definition.
func (m *model) bridges(a, b graph.ID, kinds []graph.Kind, limit int) []Bridge {
	var all []Bridge
	for _, id := range m.ids {
		if id == a || id == b || !wantedKind(kinds, id.Kind()) {
			continue
		}
		found := Bridge{ID: id}
		for i, area := range []graph.ID{a, b} {
			for _, p := range m.distinctNeighbors(area, NeighborQuery{Kinds: []graph.Kind{graph.KindPaper}}) {
				if slices.Contains(m.distinctNeighbors(p, NeighborQuery{}), id) {
					found.Papers[i]++
				}
			}
		}
		if found.Papers[0] > 0 && found.Papers[1] > 0 {
			all = append(all, found)
		}
	}
	slices.SortFunc(all, func(x, y Bridge) int {
		return cmp.Or(cmp.Compare(min(y.Papers[0], y.Papers[1]), min(x.Papers[0], x.Papers[1])), cmp.Compare(y.Papers[0]+y.Papers[1], x.Papers[0]+x.Papers[1]), cmp.Compare(m.degree(x.ID), m.degree(y.ID)), graph.CompareIDs(x.ID, y.ID))
	})
	return all[:min(limit, len(all))]
}

func TestBridgesAgreeWithModel(t *testing.T) {
	found := 0
	for seed := range uint64(6) {
		rng := rand.New(rand.NewPCG(seed, 4))
		s := open(t)
		for range 2 {
			publish(t, s, randomCorpus(rng), rng)
		}
		r := latest(t, s)
		m := newModel(t, r)
		for range 15 {
			if len(m.ids) == 0 {
				break
			}
			a, b := m.ids[rng.IntN(len(m.ids))], m.ids[rng.IntN(len(m.ids))]
			kinds := [][]graph.Kind{nil, {graph.KindConcept}, {graph.KindMethod, graph.KindPaper}}[rng.IntN(3)]
			limit := 1 + rng.IntN(6)
			got, whole, err := r.Bridges(context.Background(), a, b, kinds, limit)
			if err != nil || !whole {
				t.Errorf("whole %v, %v", whole, err)
			}
			if d := gocmp.Diff(m.bridges(a, b, kinds, limit), got, cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("seed %d: %d %v between %s and %s (-want +got):\n%s", seed, limit, kinds, a, b, d)
			}
			found += len(got)
		}
	}
	if found < 20 {
		t.Errorf("only %d bridges were compared", found)
	}
}

func TestBridgesAreBounded(t *testing.T) {
	s := open(t)
	publish(t, s, synthetic(60), nil)
	r := latest(t, s)
	methods, err := r.List(graph.KindMethod, "", 2)
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := r.Bridges(context.Background(), methods[0], methods[1], nil, 1000)
	if err != nil {
		t.Fatal(err)
	}
	part, whole, err := r.bridges(context.Background(), methods[0], methods[1], nil, 1000, 5)
	if err != nil || whole || len(part) > len(all) {
		t.Errorf("%d of %d bridges, whole %v, %v", len(part), len(all), whole, err)
	}
	if _, _, err := r.Bridges(context.Background(), methods[0], "method:none", nil, 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown node: %v", err)
	}
	if _, _, err := r.Bridges(context.Background(), methods[0], methods[1], []graph.Kind{"animal"}, 1); !errors.Is(err, graph.ErrKind) {
		t.Errorf("unknown kind: %v", err)
	}
}
