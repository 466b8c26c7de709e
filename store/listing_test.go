package store

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

func find(t *testing.T, r *Snapshot, lq ListQuery) []graph.ID {
	t.Helper()
	l, err := r.Find(context.Background(), lq)
	if err != nil {
		t.Fatal(err)
	}
	var ids []graph.ID
	for _, n := range l.Page(0, l.Len()) {
		ids = append(ids, n.ID)
	}
	return ids
}

// Conditions and facets come out the same whether few nodes are asked one by one
// or all edges are gone through in memory.
func TestRelationTable(t *testing.T) {
	s := open(t)
	publish(t, s, synthetic(300), nil)
	r := latest(t, s)
	ctx := context.Background()
	papers, err := r.List(graph.KindPaper, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	few := HasID(papers)
	vias := []NeighborQuery{
		{Relations: []graph.Relation{graph.Uses}, Direction: Out}, {Relations: []graph.Relation{graph.AuthoredBy}, Direction: Out},
		{Direction: Both}, {Relations: []graph.Relation{graph.Uses, graph.EvaluatesOn}}, {Direction: Out, Kinds: []graph.Kind{graph.KindDataset}},
		{Direction: In},
	}
	answers := func() (out []any) {
		for _, via := range vias {
			for _, to := range []Condition{nil, HasPapers{Gte: new(float64)}, Not{HasPapers{Eq: new(float64)}}} {
				where := AllOf{few, Tied{Via: via, To: to}}
				out = append(out, find(t, r, ListQuery{Kind: graph.KindPaper, Where: where}))
				l, err := r.Find(ctx, ListQuery{Kind: graph.KindPaper, Where: where})
				if err != nil {
					t.Fatal(err)
				}
				counts, distinct, err := l.Facet(ctx, FacetQuery{Via: via, First: 10})
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, counts, distinct)
			}
		}
		return out
	}
	before := answers()
	if r.columns.tied.loaded() != nil {
		t.Fatal("all edges were read for a hundred papers")
	}
	all, err := r.Find(ctx, ListQuery{Kind: graph.KindPaper})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := all.Facet(ctx, FacetQuery{Via: vias[0], First: 1}); err != nil {
		t.Fatal(err)
	}
	if r.columns.tied.loaded() == nil {
		t.Fatal("300 papers were asked one by one")
	}
	if diff := cmp.Diff(before, answers()); diff != "" {
		t.Errorf("(-one by one +in memory):\n%s", diff)
	}
}

// What a list is about to read is said before, and an error ends the call.
func TestListingErrors(t *testing.T) {
	s := open(t)
	publish(t, s, small(t), nil)
	r := latest(t, s)
	ctx := context.Background()
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	errSpent := errors.New("spent")
	spend := func(int) error { return errSpent }
	year := 2000.0
	one := find(t, r, ListQuery{Kind: graph.KindPaper})[0]
	for _, tt := range []struct {
		name string
		call func() error
		want error
	}{
		{"unknown kind", func() error { _, err := r.Find(ctx, ListQuery{Kind: "x"}); return err }, graph.ErrKind},
		{"unknown order", func() error {
			_, err := r.Find(ctx, ListQuery{Kind: graph.KindPaper, Order: []Order{{By: 99}}})
			return err
		}, ErrOrder},
		{"unknown kind in a condition", func() error {
			_, err := r.Find(ctx, ListQuery{Kind: graph.KindPaper, Where: OfKind{"x"}})
			return err
		}, graph.ErrKind},
		{"unknown relation", func() error {
			_, err := r.Find(ctx, ListQuery{Kind: graph.KindPaper, Where: Tied{Via: NeighborQuery{Relations: []graph.Relation{"x"}}}})
			return err
		}, graph.ErrRelation},
		{"no such node", func() error { _, err := r.Adjacent(ctx, []graph.ID{"method:none"}, AdjacentQuery{}); return err }, ErrNotFound},
		{"spent on numbers", func() error {
			_, err := r.Find(ctx, ListQuery{Kind: graph.KindPaper, Where: HasYear{Gte: &year}, Spend: spend})
			return err
		}, errSpent},
		{"spent on names", func() error {
			_, err := r.Find(ctx, ListQuery{Kind: graph.KindPaper, Order: []Order{{By: ByName}}, Spend: spend})
			return err
		}, errSpent},
		{"spent on neighbours", func() error {
			_, err := r.Find(ctx, ListQuery{Kind: graph.KindPaper, Where: Tied{Via: NeighborQuery{Direction: Out}}, Spend: spend})
			return err
		}, errSpent},
		{"spent on edges", func() error {
			_, err := r.Adjacent(ctx, []graph.ID{one}, AdjacentQuery{Where: HasConfidence{Gt: new(float64)}, Spend: spend})
			return err
		}, errSpent},
		{"given up", func() error {
			_, err := r.Find(cancelled, ListQuery{Kind: graph.KindPaper, Where: HasYear{Gte: &year}})
			return err
		}, context.Canceled},
	} {
		if err := tt.call(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

// An entry is found at the place where a page has it, in every order.
func TestListingIndex(t *testing.T) {
	s := open(t)
	publish(t, s, small(t), nil)
	r := latest(t, s)
	ctx := context.Background()
	for _, order := range [][]Order{nil, {{By: ByName}}, {{By: ByPapers, Descending: true}}, {{By: ByRelation}, {By: ByYear}}, {{By: ByConfidence}, {By: BySupport}}} {
		for _, k := range graph.Kinds() {
			for _, id := range find(t, r, ListQuery{Kind: k}) {
				lists, err := r.Adjacent(ctx, []graph.ID{id}, AdjacentQuery{Order: order})
				if err != nil {
					t.Fatal(err)
				}
				l := lists[0]
				for i, n := range l.Page(0, l.Len()) {
					if at := l.Index(n); at != i {
						t.Errorf("%s by %v: %v is at %d, found at %d", id, order, n, i, at)
					}
					if one := l.Page(i, i+1); !slices.Equal(one, []Neighbor{n}) {
						t.Errorf("%s by %v: a page of one at %d has %v, want %v", id, order, i, one, n)
					}
				}
				if at := l.Index(Neighbor{ID: id}); at >= 0 {
					t.Errorf("%s is its own neighbour, at %d", id, at)
				}
			}
		}
	}
}

// What filters, facets and orders cost on lists of all papers.
func BenchmarkListing(b *testing.B) {
	s := open(b)
	publish(b, s, synthetic(benchmarkPapers), nil)
	r := latest(b, s)
	ctx := context.Background()
	year, part := 2010.0, "1"
	uses := NeighborQuery{Relations: []graph.Relation{graph.Uses}, Direction: Out}
	methods, err := r.List(graph.KindMethod, "", 2)
	if err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct {
		name  string
		where Condition
		order []Order
		facet bool
	}{
		{"year", HasYear{Gte: &year}, nil, false},
		{"name", HasName{Contains: &part}, nil, false},
		{"two methods", AllOf{Tied{uses, HasID(methods[:1])}, Tied{uses, HasID(methods[1:])}}, nil, false},
		{"no method of one paper", Not{Tied{uses, HasPapers{Lte: new(float64)}}}, nil, false},
		{"by name", nil, []Order{{By: ByName}}, false},
		{"facet", nil, nil, true},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l, err := r.Find(ctx, ListQuery{Kind: graph.KindPaper, Where: bb.where, Order: bb.order})
				if err != nil {
					b.Fatal(err)
				}
				l.Page(0, 20)
				if bb.facet {
					if _, _, err := l.Facet(ctx, FacetQuery{Via: uses, First: 10}); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
