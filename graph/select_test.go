package graph

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSelect(t *testing.T) {
	f := facts()
	quote := f.Mentions[1].Evidence
	f.Mentions = append(f.Mentions,
		Mention{Relation: ComparesWith, Kind: KindMethod, Name: "Adam", Aliases: []string{"ADAM"}, Evidence: quote, Confidence: 0.15, Candidate: true},
		Mention{Relation: Measures, Kind: KindMetric, Name: "memory", Evidence: quote, Confidence: 0.3, Candidate: true})
	f.Mentions[1].Confidence = 0.4
	f.Results = append(f.Results, Result{Value: "58", Comparison: Absolute, Evidence: quote[0], Confidence: 0.2, Candidate: true})
	f.Relations = append(f.Relations,
		Claim{From: "LoRA", FromKind: KindMethod, Relation: UsedFor, To: "fine-tuning", ToKind: KindTask, Evidence: quote, Confidence: 0.9},
		Claim{From: "ADAM", FromKind: KindMethod, Relation: PartOf, To: "LoRA", ToKind: KindMethod, Evidence: quote, Confidence: 0.9})
	before := *f
	before.Mentions, before.Results, before.Relations = slices.Clone(f.Mentions), slices.Clone(f.Results), slices.Clone(f.Relations)

	type selection struct{ Mentions, Results, Claims []string }
	for _, tt := range []struct {
		min  float64
		want selection
	}{
		{0, selection{[]string{"LoRA", "GLUE"}, []string{"3"}, []string{"LoRA usedFor fine-tuning"}}},
		{0.1, selection{[]string{"LoRA", "GLUE", "Adam", "memory"}, []string{"3", "58"},
			[]string{"LoRA outperforms Adam", "LoRA usedFor fine-tuning", "ADAM partOf LoRA"}}},
		{0.2, selection{[]string{"LoRA", "GLUE", "memory"}, []string{"3", "58"}, []string{"LoRA usedFor fine-tuning"}}},
		{0.4, selection{[]string{"LoRA", "GLUE"}, []string{"3"}, []string{"LoRA usedFor fine-tuning"}}},
		{0.95, selection{[]string{"LoRA"}, nil, nil}},
		{1, selection{[]string{"LoRA"}, nil, nil}},
	} {
		s := f.Select(tt.min)
		var got selection
		for _, m := range s.Mentions {
			if m.Candidate {
				t.Errorf("from %v on: %s is still a candidate", tt.min, m.Name)
			}
			got.Mentions = append(got.Mentions, m.Name)
		}
		for _, r := range s.Results {
			if r.Candidate {
				t.Errorf("from %v on: %s is still a candidate", tt.min, r.Value)
			}
			got.Results = append(got.Results, r.Value)
		}
		for _, c := range s.Relations {
			got.Claims = append(got.Claims, c.From+" "+string(c.Relation)+" "+c.To)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("from %v on (-want +got):\n%s", tt.min, d)
		}
		if d := cmp.Diff(f.Acronyms, s.Acronyms); d != "" || s.Extractor != f.Extractor || len(s.Links) != len(f.Links) {
			t.Errorf("from %v on: what has no confidence has changed", tt.min)
		}
		if again := s.Select(tt.min); !cmp.Equal(s, again) {
			t.Errorf("from %v on: selecting twice is not selecting once:\n%s", tt.min, cmp.Diff(s, again))
		}
	}
	if d := cmp.Diff(&before, f); d != "" {
		t.Errorf("Select changed the facts (-before +after):\n%s", d)
	}
}
