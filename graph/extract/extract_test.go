package extract

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
	"papergraph/graph/lexicon"
)

// paper is an abstract written for these tests.
var paper = graph.Document{
	Title: "TideLoRA: Rank Scheduling for Parameter-Efficient Fine-Tuning",
	Abstract: "Parameter-efficient fine-tuning adapts large language models (LLMs) at low cost. " +
		"We propose TideLoRA, a variant of LoRA that schedules the rank of each layer during training. " +
		"Experiments on GLUE and SuperGLUE show that TideLoRA outperforms AdaLoRA in accuracy while using 2.5x less memory. " +
		"Code is available at https://github.com/example/tidelora.",
}

func newExtractor(tb testing.TB) *Extractor {
	tb.Helper()
	lex, err := lexicon.Default()
	if err != nil {
		tb.Fatal(err)
	}
	x, err := New(lex, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return x
}

// names lists what the facts have in a role.
func names(f *graph.Facts, r graph.Relation, k graph.Kind) []string {
	var out []string
	for _, m := range f.Mentions {
		if m.Relation == r && m.Kind == k {
			out = append(out, m.Name)
		}
	}
	return out
}

func contains(list []string, want string) bool {
	for _, s := range list {
		if graph.CoreKey(s) == graph.CoreKey(want) {
			return true
		}
	}
	return false
}

func TestExtract(t *testing.T) {
	f := newExtractor(t).Extract(paper)
	if err := f.Check(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		relation graph.Relation
		kind     graph.Kind
		name     string
	}{
		{graph.Introduces, graph.KindMethod, "TideLoRA"},
		{graph.Uses, graph.KindMethod, "LoRA"},
		{graph.EvaluatesOn, graph.KindDataset, "GLUE"},
		{graph.EvaluatesOn, graph.KindDataset, "SuperGLUE"},
		{graph.Concerns, graph.KindConcept, "parameter-efficient fine-tuning"},
	} {
		if got := names(&f, want.relation, want.kind); !contains(got, want.name) {
			t.Errorf("%s %s: %q is not among %q", want.relation, want.kind, want.name, got)
		}
	}
	if diff := cmp.Diff([]graph.Link{{Kind: graph.LinkCode, URL: "https://github.com/example/tidelora"}}, withoutEvidence(f.Links)); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	var found bool
	for _, r := range f.Results {
		if r.Value == "2.5" && r.Unit == "x" {
			found = true
			if r.Comparison != graph.Reduction || graph.CoreKey(r.Method) != "tidelora" {
				t.Errorf("result %+v: expected a reduction by TideLoRA", r)
			}
		}
	}
	if !found {
		t.Errorf("no result 2.5x in %+v", f.Results)
	}
	if diff := cmp.Diff("LLMs", f.Acronyms[0].Short); diff != "" {
		t.Errorf("acronym (-want +got):\n%s", diff)
	}
}

func withoutEvidence(in []graph.Link) []graph.Link {
	out := append([]graph.Link(nil), in...)
	for i := range out {
		out[i].Evidence = graph.Evidence{}
	}
	return out
}

// The name of a mention stands where its evidence marks it.
func TestEvidenceMarksTheName(t *testing.T) {
	f := newExtractor(t).Extract(paper)
	for _, m := range f.Mentions {
		for _, e := range m.Evidence {
			marked, ok := graph.SliceRunes(paper.Text(e.Field), e.MarkStart, e.MarkEnd)
			if !ok {
				t.Fatalf("%s: mark %d:%d is outside", m.Name, e.MarkStart, e.MarkEnd)
			}
			forms := append([]string{m.Name}, m.Aliases...)
			if !strings.Contains(m.Rule, "lexicon") && !contains(forms, marked) {
				t.Errorf("%q is marked as %q, its forms are %q", m.Name, marked, forms)
			}
		}
	}
}

// One extractor gives many goroutines what it gives one.
func TestExtractIsDeterministic(t *testing.T) {
	x := newExtractor(t)
	want := x.Extract(paper)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 5 {
				if diff := cmp.Diff(want, x.Extract(paper)); diff != "" {
					t.Errorf("facts (-first +later):\n%s", diff)
				}
			}
		})
	}
	wg.Wait()
}

func TestExtractOddDocuments(t *testing.T) {
	x := newExtractor(t)
	for _, d := range []graph.Document{
		{Title: "x"},
		{Title: "()", Abstract: "((((("},
		{Title: "A B", Abstract: strings.Repeat("a (b ", 2000)},
		{Title: "深度学习", Abstract: "我们提出了一种新方法。"},
		{Title: "No abstract here: a title only"},
		{Title: "Numbers", Abstract: "1 2 3 4.5.6 7,8,9 % x × 10- -5 1e5 10^3 1/2"},
	} {
		f := x.Extract(d)
		if err := f.Check(); err != nil {
			t.Errorf("%q: %v", d.Title, err)
		}
	}
}

func TestModelRoundTrip(t *testing.T) {
	m, err := DefaultModel()
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := m.Write(&first); err != nil {
		t.Fatal(err)
	}
	again, err := ReadModel(bytes.NewReader(first.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Write(&second); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("a model that was read is written otherwise")
	}
}

func TestReadModelRefuses(t *testing.T) {
	m, err := DefaultModel()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := m.Write(&b); err != nil {
		t.Fatal(err)
	}
	whole := b.Bytes()
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 0x40
	changed := func(change func(m *Model)) []byte {
		c := *m
		c.Thresholds, c.Calibration = slices.Clone(m.Thresholds), slices.Clone(m.Calibration)
		c.forests[0] = slices.Clone(m.forests[0])
		change(&c)
		var b bytes.Buffer
		if err := c.Write(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for _, tc := range []struct {
		name string
		in   []byte
	}{
		{"a threshold below 0", changed(func(m *Model) { m.Thresholds[roleUse] = -5 })},
		{"a falling calibration", changed(func(m *Model) { m.Calibration[roleUse] = [2]float64{-1, 0} })},
		{"a leaf that is no number", changed(func(m *Model) { m.forests[0][0].Leaf[3] = float32(math.NaN()) })},
		{"a feature beyond the row", changed(func(m *Model) { m.forests[0][0].Feature[2] = uint8(stackedWidth) })},
		{"empty", nil},
		{"another file", []byte("PK\x03\x04 not a model at all")},
		{"only the head", whole[:8]},
		{"cut", whole[:len(whole)/2]},
		{"flipped bit", flipped},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := ReadModel(bytes.NewReader(tc.in)); !errors.Is(err, ErrModel) {
				t.Errorf("error %v, expected one that wraps ErrModel", err)
			}
		})
	}
}

// Whatever is read as a model can be worked with.
func FuzzReadModel(f *testing.F) {
	f.Add([]byte("pgmodel\n"))
	f.Add([]byte("pgmodel\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"))
	lex := newExtractor(f).lexicon
	f.Fuzz(func(t *testing.T, in []byte) {
		m, err := ReadModel(bytes.NewReader(in))
		if err != nil {
			if !errors.Is(err, ErrModel) {
				t.Fatalf("error %v does not wrap ErrModel", err)
			}
			return
		}
		x, err := New(lex, Options{Model: m})
		if err != nil {
			t.Fatal(err)
		}
		facts := x.Extract(paper)
		if err := facts.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

// Facts of any text pass their own check.
func FuzzExtract(f *testing.F) {
	f.Add(paper.Title, paper.Abstract)
	f.Add("A: B", "We propose C (D E F) on G, H and I; it is 3x, 4-5% and 6 points better than J [1].")
	x := newExtractor(f)
	f.Fuzz(func(t *testing.T, title, abstract string) {
		d := graph.Document{Title: strings.ToValidUTF8(title, "?"), Abstract: strings.ToValidUTF8(abstract, "?")}
		if d.Check() != nil || len(d.Abstract) > 8<<10 {
			t.Skip()
		}
		facts := x.Extract(d)
		if err := facts.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

func BenchmarkExtract(b *testing.B) {
	x := newExtractor(b)
	b.ReportAllocs()
	for b.Loop() {
		x.Extract(paper)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "papers/s")
}

// Candidates change nothing among the statements above them: what a bound
// selects is, role by role, the beginning of what a lower one selects.
func TestCandidatesComeAfterStatements(t *testing.T) {
	x := newExtractor(t)
	f := x.Extract(paper)
	candidates := 0
	thresholds := map[Role]float64{}
	for r, role := range roles {
		thresholds[role] = x.model.Thresholds[r]
	}
	for _, m := range f.Mentions {
		// Confidences are rounded once the threshold has decided.
		threshold := thresholds[Role{m.Relation, m.Kind}]
		switch {
		case m.Confidence < floor:
			t.Errorf("%s %s has confidence %v, nothing below %v is kept", m.Relation, m.Name, m.Confidence, floor)
		case m.Candidate && m.Confidence > threshold, !m.Candidate && m.Confidence < threshold:
			t.Errorf("%s %s: confidence %v, candidate %v, the threshold is %v", m.Relation, m.Name, m.Confidence, m.Candidate, threshold)
		case m.Candidate:
			candidates++
		}
	}
	if candidates == 0 {
		t.Error("no candidate is kept")
	}
	for _, role := range roles {
		all := names(&f, role.Relation, role.Kind)
		for _, min := range []float64{0, 0.1, 0.2, 0.3, 0.5, 0.8} {
			selected := f.Select(min)
			if got := names(&selected, role.Relation, role.Kind); !slices.Equal(got, all[:len(got)]) {
				t.Errorf("%v from %v on: %q, of %q", role, min, got, all)
			}
		}
	}
}
