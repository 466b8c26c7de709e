package store

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

// Ensure that lists of neighbours are the same whether they are read or kept
// from before, whatever was asked first, and for everybody who asks at once.
func TestNeighborsKept(t *testing.T) {
	s := open(t)
	c := small(t)
	publish(t, s, c, nil)
	r := latest(t, s)
	type question struct {
		id graph.ID
		NeighborQuery
	}
	var questions []question
	for _, n := range c.nodes {
		for _, d := range []Direction{Both, Out, In} {
			for _, relations := range [][]graph.Relation{nil, {graph.Uses}, {graph.AuthoredBy, graph.Uses}, {graph.Reports}} {
				for _, kinds := range [][]graph.Kind{nil, {graph.KindMethod}} {
					questions = append(questions, question{n.ID, NeighborQuery{Relations: relations, Direction: d, Kinds: kinds}})
				}
			}
		}
	}
	want := make([][]Neighbor, len(questions))
	for i, q := range questions {
		r.columns.beside = neighbourCache{} // nothing is kept
		var err error
		if want[i], err = r.Neighbors(t.Context(), q.id, q.NeighborQuery); err != nil {
			t.Fatal(err)
		}
	}
	r.columns.beside = neighbourCache{}
	var asking sync.WaitGroup
	for first := range 8 {
		asking.Go(func() {
			for i := range questions {
				i = (i*7 + first*len(questions)/8) % len(questions)
				q := questions[i]
				got, err := r.Neighbors(t.Context(), q.id, q.NeighborQuery)
				if diff := cmp.Diff(want[i], got); err != nil || diff != "" {
					t.Errorf("%s %+v: %v (-want +got):\n%s", q.id, q.NeighborQuery, err, diff)
				}
			}
		})
	}
	asking.Wait()
	if r.columns.beside.bytes.Load() == 0 {
		t.Error("nothing was kept")
	}
}
