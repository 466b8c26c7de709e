package score

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

// compared are facts and gold of one paper with a mistake of every sort.
func compared() ([]Paper, []*graph.Facts) {
	sentence := []graph.Evidence{{Field: graph.FieldAbstract, Quote: "We train on it."}}
	mention := func(r graph.Relation, k graph.Kind, name string, confidence float64, candidate bool) graph.Mention {
		return graph.Mention{Relation: r, Kind: k, Name: name, Confidence: confidence, Candidate: candidate, Evidence: sentence, Rule: "roles"}
	}
	f := &graph.Facts{
		Document: graph.Document{Title: "Fast Nets", Abstract: "FastNet trains image-net classifiers with data set GLUE, 3 times as fast. See https: //a.example/b."},
		Mentions: []graph.Mention{
			mention(graph.Introduces, graph.KindMethod, "FastNet", .95, false),
			{Relation: graph.EvaluatesOn, Kind: graph.KindDataset, Name: "GLUE", Variants: []string{"General Language Understanding"}, Confidence: .65, Evidence: sentence, Rule: "roles"},
			mention(graph.Uses, graph.KindMethod, "ResNet", .55, false),
			mention(graph.Uses, graph.KindMethod, "Adam", .15, true),
			mention(graph.Concerns, graph.KindConcept, "training", .45, false),
		},
		Results: []graph.Result{
			{Value: "3", Unit: "x", Confidence: .2, Candidate: true, Evidence: graph.Evidence{Quote: "3 times"}},
			{Value: "7", Unit: "%", Confidence: .7, Evidence: graph.Evidence{Quote: "7 %"}},
		},
	}
	gold := []Paper{{
		ID: "g1", Title: "Fast nets",
		Introduces:  Introduced{Methods: []Entity{{Name: "FastNet"}}},
		Uses:        Methods{[]Entity{{Name: "Adam"}}},
		Compares:    Methods{[]Entity{{Name: "ResNet model"}}},
		EvaluatesOn: Datasets{[]Entity{{Name: "general language understanding"}, {Name: "ImageNet"}, {Name: "MNIST"}}},
		Results:     []Result{{Value: "3", Unit: "x"}, {Value: "12"}},
		Links:       []Link{{URL: "https://a.example/b"}},
	}, {ID: "g2", Title: "Not Predicted", Tasks: []Entity{{Name: "waiting"}}}}
	return gold, []*graph.Facts{f, {Document: graph.Document{Title: "Not in the Gold"}}}
}

func sequence(facts []*graph.Facts, end error) func(func(*graph.Facts, error) bool) {
	return func(yield func(*graph.Facts, error) bool) {
		for _, f := range facts {
			if !yield(f, nil) {
				return
			}
		}
		if end != nil {
			yield(nil, end)
		}
	}
}

func TestCompare(t *testing.T) {
	gold, facts := compared()
	c, err := Compare(gold, sequence(facts, nil), 0)
	if err != nil {
		t.Fatal(err)
	}
	const quote = "We train on it."
	want := []Mistakes{{
		ID: "g1", Title: "Fast nets",
		Missed: []Missed{
			{Field: "uses.methods", Name: "Adam", Place: AsCandidate, Confidence: .15, Sentence: quote},
			{Field: "compares.methods", Name: "ResNet model", Place: InOtherField, TakenAs: "uses.methods", Confidence: .55, Sentence: quote},
			{Field: "evaluates_on.datasets", Name: "ImageNet", Place: InText},
			{Field: "evaluates_on.datasets", Name: "MNIST", Place: NotInText},
			{Field: "results", Name: "3 x", Place: AsCandidate, Confidence: .2, Sentence: "3 times"},
			{Field: "results", Name: "12", Place: NotInText},
			{Field: "links", Name: "https://a.example/b", Place: InText},
		},
		Extra: []Extra{
			{Field: "uses.methods", Name: "ResNet", Confidence: .55, Sentence: quote, Rule: "roles"},
			{Field: "concepts", Name: "training", Confidence: .45, Sentence: quote, Rule: "roles"},
			{Field: "results", Name: "7 %", Confidence: .7, Sentence: "7 %"},
		},
	}, {ID: "g2", Title: "Not Predicted", Missed: []Missed{{Field: "tasks", Name: "waiting", Place: NotInText}}, Extra: []Extra{}}}
	if d := cmp.Diff(want, c.Mistakes); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for i, wantBin := range []Bin{4: {.4, 1, 0}, 5: {.5, 1, 0}, 6: {.6, 1, 1}, 7: {.7, 1, 0}, 9: {.9, 1, 1}} {
		if b := c.Reliability[i]; wantBin.Statements != b.Statements || wantBin.Right != b.Right || b.From != float64(i)/10 {
			t.Errorf("bin %d is %+v, want %+v", i, b, wantBin)
		}
	}
	var b strings.Builder
	if err := WriteMistakes(&b, Of(c.Mistakes, "compares.methods")); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("Fast nets (g1)\n  missed compares.methods       \"ResNet model\": other field, uses.methods at 0.55\n         | We train on it.\n", b.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// The figures are those of Score, whatever the bound, and every error that
// Score counts is explained.
func TestCompareEqualsScore(t *testing.T) {
	gold, facts := compared()
	for _, min := range []float64{0, .1, .5, .9} {
		c, err := Compare(gold, sequence(facts, nil), min)
		if err != nil {
			t.Fatal(err)
		}
		var predicted []Paper
		for _, f := range facts {
			predicted = append(predicted, FromFacts(f, min))
		}
		want, _ := Score(gold, predicted)
		if d := cmp.Diff(want, c.Rows); d != "" {
			t.Errorf("from %v on (-Score +Compare):\n%s", min, d)
		}
		missed, extra := map[string]int{}, map[string]int{}
		for _, m := range c.Mistakes {
			for _, s := range m.Missed {
				missed[s.Field]++
			}
			for _, x := range m.Extra {
				extra[x.Field]++
			}
		}
		for _, row := range want {
			if slices.Contains(Fields(), row.Field) && (missed[row.Field] != row.Gold-row.Hits || extra[row.Field] != row.Predicted-row.Hits) {
				t.Errorf("from %v on, %s: %d missed and %d extra are explained, of %+v", min, row.Field, missed[row.Field], extra[row.Field], row)
			}
		}
	}
	broken := errors.New("broken")
	if _, err := Compare(gold, sequence(facts, broken), 0); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the sequence", err)
	}
}
