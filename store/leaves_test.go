package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"papergraph/graph"
)

func TestLeaves(t *testing.T) {
	found := 0
	for seed := range uint64(5) {
		rng := rand.New(rand.NewPCG(seed, 3))
		s := open(t)
		publish(t, s, randomCorpus(rng), rng)
		r := latest(t, s)
		m := newModel(t, r)
		for _, kind := range graph.Kinds() {
			want := slices.DeleteFunc(slices.Clone(m.ids), func(id graph.ID) bool {
				return id.Kind() != kind || len(m.distinctNeighbors(id, NeighborQuery{})) != 1
			})
			slices.SortFunc(want, m.inList)
			got, err := r.Leaves(context.Background(), kind)
			if err != nil {
				t.Fatal(err)
			}
			if d := gocmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
				t.Errorf("seed %d, %s (-want +got):\n%s", seed, kind, d)
			}
			found += len(got)
		}
		if _, err := r.Leaves(context.Background(), "animal"); !errors.Is(err, graph.ErrKind) {
			t.Errorf("unknown kind: %v", err)
		}
	}
	if found < 5 {
		t.Errorf("only %d leaves", found)
	}
}
