package graph

import (
	"errors"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSliceRunes(t *testing.T) {
	for _, tt := range []struct {
		s          string
		start, end int
		want       string
		ok         bool
	}{
		{"", 0, 0, "", true}, {"", 0, 1, "", false}, {"", 1, 1, "", false},
		{"abc", 0, 3, "abc", true}, {"abc", 1, 2, "b", true}, {"abc", 3, 3, "", true}, {"abc", 0, 0, "", true},
		{"abc", 2, 4, "", false}, {"abc", 4, 4, "", false}, {"abc", 2, 1, "", false}, {"abc", -1, 1, "", false},
		{"3× β", 1, 4, "× β", true}, {"長い語", 1, 2, "い", true}, {"e\u0301", 0, 1, "e", true}, {"😀😀", 1, 2, "😀", true},
	} {
		if got, ok := SliceRunes(tt.s, tt.start, tt.end); got != tt.want || ok != tt.ok {
			t.Errorf("SliceRunes(%q, %d, %d) = %q, %v, want %q, %v", tt.s, tt.start, tt.end, got, ok, tt.want, tt.ok)
		}
	}
}

// Ensure that SliceRunes slices as []rune does.
func FuzzSliceRunes(f *testing.F) {
	f.Add("3× β", 1, 3)
	f.Add("", 0, 0)
	f.Add("a\xffb", 1, 2)
	f.Add("語", -1, math.MaxInt)
	f.Fuzz(func(t *testing.T, s string, start, end int) {
		runes := []rune(s)
		got, ok := SliceRunes(s, start, end)
		if want := start >= 0 && start <= end && end <= len(runes); ok != want {
			t.Fatalf("SliceRunes(%q, %d, %d) is ok %v, want %v", s, start, end, ok, want)
		}
		if !ok {
			return
		}
		if want := string(runes[start:end]); string([]rune(got)) != want || utf8.ValidString(s) && got != want {
			t.Errorf("SliceRunes(%q, %d, %d) = %q, want %q", s, start, end, got, want)
		}
	})
}

// facts are valid facts of a small document.
func facts() *Facts {
	d := Document{Title: "LoRA: Low-Rank Adaptation", Abstract: "Wir messen α. LoRA needs 3× less memory than Adam on GLUE."}
	e := Evidence{Field: FieldAbstract, Start: 14, End: 58, Quote: "LoRA needs 3× less memory than Adam on GLUE.", MarkStart: 14, MarkEnd: 18}
	return &Facts{
		Document: d,
		Mentions: []Mention{
			{Relation: Introduces, Kind: KindMethod, Name: "LoRA", Evidence: []Evidence{{Field: FieldTitle, Start: 0, End: 4, Quote: "LoRA"}, e}, Confidence: 1, Rule: "roles"},
			{Relation: EvaluatesOn, Kind: KindDataset, Name: "GLUE", Evidence: []Evidence{e}, Confidence: 0.01, Rule: "roles"},
		},
		Results:   []Result{{Value: "3", Unit: "x", Comparison: Reduction, Evidence: e, Confidence: 0.5, Rule: "number"}},
		Relations: []Claim{{From: "LoRA", FromKind: KindMethod, Relation: Outperforms, To: "Adam", ToKind: KindMethod, Evidence: []Evidence{e}, Confidence: 0.5, Rule: "cue"}},
		Acronyms:  []Acronym{{Short: "LoRA", Long: "Low-Rank Adaptation", Evidence: Evidence{Field: FieldTitle, Start: 0, End: 25, Quote: d.Title}}},
		Links:     []Link{{Kind: LinkCode, URL: "https://example.org"}},
		Extractor: "test",
	}
}

func TestFactsCheck(t *testing.T) {
	if err := facts().Check(); err != nil {
		t.Fatalf("valid facts: %v", err)
	}
	for _, tt := range []struct {
		name   string
		change func(f *Facts)
		want   error
		text   string // that the error must have
	}{
		{"no title", func(f *Facts) { f.Document.Title = " " }, ErrDocument, "no title"},
		{"huge title", func(f *Facts) { f.Document.Title = strings.Repeat("x", maxTitle+1) }, ErrDocument, "2049 bytes"},
		{"huge abstract", func(f *Facts) { f.Document.Abstract = strings.Repeat("x", maxAbstract+1) }, ErrDocument, "262145 bytes"},
		{"not UTF-8", func(f *Facts) { f.Document.Abstract = "a\xff" }, ErrDocument, "UTF-8"},
		{"unknown kind", func(f *Facts) { f.Mentions[0].Kind = "thing" }, ErrKind, `"LoRA"`},
		{"kind and relation", func(f *Facts) { f.Mentions[0].Kind = KindTask }, ErrEdge, `"LoRA"`},
		{"unknown relation", func(f *Facts) { f.Mentions[0].Relation = "likes" }, ErrRelation, `"likes"`},
		{"no name", func(f *Facts) { f.Mentions[0].Name = " " }, ErrFacts, "without a name"},
		{"confidence 0", func(f *Facts) { f.Mentions[1].Confidence = 0 }, ErrFacts, `"GLUE"`},
		{"confidence above 1", func(f *Facts) { f.Mentions[1].Confidence = 1.01 }, ErrFacts, "1.01"},
		{"confidence not a number", func(f *Facts) { f.Mentions[1].Confidence = math.NaN() }, ErrFacts, "NaN"},
		{"no evidence", func(f *Facts) { f.Mentions[1].Evidence = nil }, ErrEvidence, `"GLUE" has none`},
		{"quote elsewhere", func(f *Facts) { f.Mentions[0].Evidence[1].Start++ }, ErrEvidence, "abstract[15:58]"},
		{"bytes for code points", func(f *Facts) { f.Mentions[0].Evidence[0].End = 40 }, ErrEvidence, "title[0:40]"},
		{"no such field", func(f *Facts) { f.Mentions[0].Evidence[0].Field = "body" }, ErrEvidence, "body"},
		{"empty quote", func(f *Facts) { f.Mentions[0].Evidence[0] = Evidence{Field: FieldTitle} }, ErrEvidence, ""},
		{"mark outside", func(f *Facts) { f.Mentions[0].Evidence[1].MarkEnd = 59 }, ErrEvidence, "mark [14:59]"},
		{"mark empty", func(f *Facts) { f.Mentions[0].Evidence[1].MarkEnd = 14 }, ErrEvidence, "mark [14:14]"},
		{"claim's kinds", func(f *Facts) { f.Relations[0].ToKind = KindDataset }, ErrEdge, `"Adam"`},
		{"claim of itself", func(f *Facts) { f.Relations[0].To = "lora" }, ErrEdge, "itself"},
		{"claim's evidence", func(f *Facts) { f.Relations[0].Evidence[0].Quote = "x" }, ErrEvidence, `"Adam"`},
		{"claim's confidence", func(f *Facts) { f.Relations[0].Confidence = -1 }, ErrFacts, `"Adam"`},
		{"result's comparison", func(f *Facts) { f.Results[0].Comparison = "" }, ErrFacts, "comparison"},
		{"result's value", func(f *Facts) { f.Results[0].Value = "" }, ErrFacts, "value"},
		{"result's confidence", func(f *Facts) { f.Results[0].Confidence = 2 }, ErrFacts, "2"},
		{"result's evidence", func(f *Facts) { f.Results[0].Evidence.End = 0 }, ErrEvidence, `result "3"`},
		{"acronym's evidence", func(f *Facts) { f.Acronyms[0].Evidence.Quote = "x" }, ErrEvidence, "acronym LoRA"},
		{"link's evidence", func(f *Facts) {
			f.Links[0].Evidence = Evidence{Field: FieldTitle, Start: 0, End: 3, Quote: "https"}
		}, ErrEvidence, "example.org"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := facts()
			tt.change(f)
			if err := f.Check(); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Check: %v, want one that wraps %q and has %q", err, tt.want, tt.text)
			}
		})
	}
}

func TestDocumentHash(t *testing.T) {
	d := Document{
		Title: "T", Abstract: "A", Year: 2021, Venue: "V", Authors: []string{"a", "b"}, Keywords: []string{"k"},
		OutsideIDs: []OutsideID{{"doi", "10.1/x"}}, Links: []Link{{Kind: LinkCode, URL: "u"}}, Origin: Origin{"f", 1},
	}
	same := d
	same.Origin = Origin{"g", 2}
	if d.Hash() != same.Hash() {
		t.Error("the origin is part of the hash")
	}
	seen := map[string]string{d.Hash(): "the document"}
	for name, change := range map[string]func(*Document){
		"title":            func(d *Document) { d.Title = "T2" },
		"abstract":         func(d *Document) { d.Abstract = "" },
		"text moved":       func(d *Document) { d.Title, d.Abstract = "TA", "" },
		"year":             func(d *Document) { d.Year = 2022 },
		"venue":            func(d *Document) { d.Venue = "W" },
		"authors' order":   func(d *Document) { d.Authors = []string{"b", "a"} },
		"authors joined":   func(d *Document) { d.Authors = []string{"ab"} },
		"author, keyword":  func(d *Document) { d.Authors, d.Keywords = []string{"a"}, []string{"b", "k"} },
		"keyword":          func(d *Document) { d.Keywords = nil },
		"outside id":       func(d *Document) { d.OutsideIDs = nil },
		"outside id, link": func(d *Document) { d.OutsideIDs, d.Links = nil, append(d.Links, Link{Kind: "doi", URL: "10.1/x"}) },
		"link":             func(d *Document) { d.Links = nil },
	} {
		c := d
		change(&c)
		if other, ok := seen[c.Hash()]; ok {
			t.Errorf("a change of %s has the hash of %s", name, other)
		}
		seen[c.Hash()] = name
	}
}

func TestSortOutsideIDs(t *testing.T) {
	got := SortOutsideIDs([]OutsideID{{"s2", "1"}, {"doi", "b"}, {"doi", "a"}, {"s2", "1"}})
	if d := cmp.Diff([]OutsideID{{"doi", "a"}, {"doi", "b"}, {"s2", "1"}}, got); d != "" {
		t.Errorf("SortOutsideIDs (-want +got):\n%s", d)
	}
}

func TestEdgeCheck(t *testing.T) {
	quote := []Evidence{{Field: FieldTitle, Start: 0, End: 1, Quote: "T"}}
	edge := func(s Statement) *Edge {
		return &Edge{From: "method:a", Relation: Broader, To: "concept:b", Statements: []Statement{s}}
	}
	for _, tt := range []struct {
		name string
		edge *Edge
		want error
	}{
		{"extracted", edge(Statement{Paper: "paper:p", Class: Extracted, Evidence: quote, Confidence: 1}), nil},
		{"inferred", edge(Statement{Paper: "paper:p", Class: Inferred, Confidence: 0.1}), nil},
		{"curated", edge(Statement{Class: Curated, Confidence: 1}), nil},
		{"no statement", &Edge{From: "method:a", Relation: Broader, To: "concept:b"}, ErrStatement},
		{"outside the table", &Edge{From: "concept:b", Relation: Broader, To: "method:a"}, ErrEdge},
		{"extracted without evidence", edge(Statement{Paper: "paper:p", Class: Extracted, Confidence: 1}), ErrStatement},
		{"imported by nobody", edge(Statement{Class: Imported, Confidence: 1}), ErrStatement},
		{"curated by a paper", edge(Statement{Paper: "paper:p", Class: Curated, Confidence: 1}), ErrStatement},
		{"evidence of nobody", edge(Statement{Class: Curated, Evidence: quote, Confidence: 1}), ErrStatement},
		{"confidence 0", edge(Statement{Class: Curated}), ErrStatement},
		{"confidence not a number", edge(Statement{Class: Curated, Confidence: math.NaN()}), ErrStatement},
	} {
		if err := tt.edge.Check(); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func TestEdgeSupport(t *testing.T) {
	e := Edge{Statements: []Statement{{Paper: "paper:a", Confidence: 0.2}, {Paper: "paper:a", Confidence: 0.7}, {Paper: "paper:b", Confidence: 0.3}, {Class: Curated, Confidence: 0.5}}}
	if e.Support() != 2 || e.Confidence() != 0.7 {
		t.Errorf("support %d, confidence %v, want 2, 0.7", e.Support(), e.Confidence())
	}
}
