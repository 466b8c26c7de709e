package graph

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure that a view in any order is the same once sorted, statements that
// differ in a mark alone among it.
func TestViewSortForgetsOrder(t *testing.T) {
	build := func() *View {
		at := func(start, mark int) []Evidence {
			return []Evidence{{Field: FieldAbstract, Start: start, End: start + 9, Quote: "some text", MarkStart: mark, MarkEnd: mark + 1}}
		}
		v := &View{Title: "t", Snapshot: "s"}
		for _, id := range []ID{"paper:b", "paper:a", "method:x", "method:a", "dataset:d", "result:r", "author:a", "concept:c"} {
			v.Nodes = append(v.Nodes, Node{ID: id, Name: string(id)})
		}
		statements := func() []Statement {
			return []Statement{
				{Paper: "paper:a", Class: Extracted, Confidence: 0.5, Rule: "r", Evidence: at(0, 1)},
				{Paper: "paper:a", Class: Extracted, Confidence: 0.5, Rule: "r", Evidence: at(0, 2)},
				{Paper: "paper:a", Class: Inferred, Confidence: 0.5, Rule: "r", Evidence: at(0, 2)},
				{Paper: "paper:a", Class: Extracted, Confidence: 0.5, Rule: "r", Evidence: append(at(0, 2), at(20, 21)...)},
				{Paper: "paper:a", Class: Extracted, Confidence: 0.9, Rule: "r", Evidence: at(5, 6)},
				{Paper: "paper:a", Class: Inferred, Confidence: 0.5, Rule: "r"},
				{Paper: "paper:b", Class: Extracted, Confidence: 0.5, Rule: "q", Evidence: at(0, 1)},
				{Class: Curated, Confidence: 1, Rule: "lexicon"},
			}
		}
		for _, e := range []Edge{
			{From: "paper:a", Relation: Uses, To: "method:x"}, {From: "paper:a", Relation: Uses, To: "method:a"},
			{From: "paper:a", Relation: Introduces, To: "method:x"}, {From: "method:x", Relation: Broader, To: "concept:c"},
			{From: "paper:b", Relation: Reports, To: "result:r"},
		} {
			e.Statements = statements()
			v.Edges = append(v.Edges, e)
		}
		v.Omitted = []Omission{
			{Node: "method:x", Relation: Uses, Inverse: true, Kind: KindPaper, Count: 1},
			{Node: "method:x", Relation: Uses, Kind: KindPaper, Count: 2},
			{Node: "method:x", Relation: Broader, Kind: KindConcept, Count: 3},
			{Node: "paper:a", Relation: Introduces, Kind: KindDataset, Count: 4},
			{Node: "paper:a", Relation: Introduces, Kind: KindMethod, Count: 5},
		}
		return v
	}
	want := build()
	want.Sort()
	ids := []ID{}
	for _, n := range want.Nodes {
		ids = append(ids, n.ID)
	}
	if d := cmp.Diff([]ID{"paper:a", "paper:b", "method:a", "method:x", "dataset:d", "concept:c", "result:r", "author:a"}, ids); d != "" {
		t.Errorf("order of nodes (-want +got):\n%s", d)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		got := build()
		shuffle(random, got.Nodes)
		shuffle(random, got.Edges)
		shuffle(random, got.Omitted)
		for i := range got.Edges {
			shuffle(random, got.Edges[i].Statements)
		}
		got.Sort()
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("after a shuffle (-want +got):\n%s", d)
		}
	}
}

func shuffle[T any](r *rand.Rand, s []T) {
	r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
}
