package tag

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSurround finds the head of a run of content words and what stands at its
// sides.
func TestSurround(t *testing.T) {
	v := inventedVocabulary("we", "rank", "papers")
	words := strings.Fields("with deep citation ranks ( of papers )")
	var list []*wordFeatures
	for _, w := range words {
		f, _ := v.describe(w, nil)
		list = append(list, &f)
	}
	around := surround(nil, list, brackets(nil, words))
	type run struct{ Head, Before, After int32 }
	var got []run
	var inside []bool
	for _, a := range around {
		got = append(got, run{a.at[slotHead], a.at[slotRunBefore], a.at[slotRunAfter]})
		inside = append(inside, a.bracket)
	}
	none := run{padding, padding, padding}
	want := []run{none, {3, 0, 4}, {3, 0, 4}, {3, 0, 4}, none, none, {6, 5, 7}, none}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]bool{false, false, false, false, false, true, true, false}, inside); diff != "" {
		t.Errorf("inside brackets (-want +got):\n%s", diff)
	}
	if a := around[0]; a.at[slotBefore1] != padding || a.at[slotAfter3] != 3 {
		t.Errorf("neighbours of the first word: %v", a.at)
	}
}

func TestNormaliseCase(t *testing.T) {
	v := inventedVocabulary("feed", "forward", "ranking", "papers", "with", "bert", "the")
	v.capitals[v.ids["bert"]] = 3
	for _, tc := range []struct{ name, in, want string }{
		{"first word", "Papers with Ranking", "papers with Ranking"},
		{"title", "Feed-Forward Ranking of Papers with Bert", "feed-forward ranking of papers with Bert"},
		{"a name", "Zorblax Ranking Papers", "Zorblax ranking papers"},
		{"inner capitals", "BERT is The", "BERT is The"},
		{"nothing", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, _ := v.normaliseCase(nil, strings.Fields(tc.in), nil)
			if diff := cmp.Diff(tc.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("words (-want +got):\n%s", diff)
			}
		})
	}
}

func TestVocabularyFinds(t *testing.T) {
	v := inventedVocabulary("parser", "level", "bert-00")
	for _, tc := range []struct {
		word string
		want int32
	}{{"Parser", 0}, {"parsers", 0}, {"pixel-level", 1}, {"BERT-24", 2}, {"s", -1}, {"", -1}, {"-", -1}} {
		if got := v.find(fold(nil, tc.word)); got != tc.want {
			t.Errorf("%q is word %d, want %d", tc.word, got, tc.want)
		}
	}
}

func TestShapes(t *testing.T) {
	for word, want := range map[string]string{"LoRA": "XxXX", "BERT-large": "XX-xx", "3D": "0X", "naïve": "xx", "×": "."} {
		if got := string(appendShape(nil, word)); got != want {
			t.Errorf("shape of %q is %q, want %q", word, got, want)
		}
	}
	for word, want := range map[string]int{"(": 0, "3.5": 1, "2nd": 2, "3D": 3, "graph": 4, "graph-based": 5, "A": 6, "BERT": 7, "Graph": 8, "Graph-based": 9, "LoRA": 10} {
		if got := shapeOf(word); got != want {
			t.Errorf("shape of %q is %d, want %d", word, got, want)
		}
	}
}

// TestKernels compares the fast arithmetic with the plain one.
func TestKernels(t *testing.T) {
	for x := float32(-20); x < 20; x += 0.37 {
		for name, pair := range map[string][2]float64{
			"exp": {float64(exp32(x)), math.Exp(float64(x))}, "tanh": {float64(tanh32(x)), math.Tanh(float64(x))},
			"sigmoid": {float64(sigmoid(x)), 1 / (1 + math.Exp(-float64(x)))},
		} {
			if math.Abs(pair[0]-pair[1]) > 1e-6*max(1, pair[1]) {
				t.Errorf("%s(%v) = %v, want %v", name, x, pair[0], pair[1])
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	draw := func(n int) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(rng.NormFloat64())
		}
		return out
	}
	const tokens, m, k = 7, 6, 5
	dz, xs := draw(tokens*m), draw(tokens*k)
	got := make([]float32, m*k)
	outer(got, dz, xs, m, k)
	matrix, x := draw(m*k), draw(k)
	product := make([]float32, m)
	mulAdd(product, matrix, x)
	transposed := make([]float32, m*k)
	transpose(transposed, matrix, m, k)
	for j := range m {
		sum := 0.0
		for i := range k {
			want := 0.0
			for t := range tokens {
				want += float64(dz[t*m+j]) * float64(xs[t*k+i])
			}
			if math.Abs(want-float64(got[j*k+i])) > 1e-4 {
				t.Errorf("outer product at %d, %d: %v, want %v", j, i, got[j*k+i], want)
			}
			sum += float64(matrix[j*k+i]) * float64(x[i])
			if transposed[i*m+j] != matrix[j*k+i] {
				t.Errorf("transposed wrongly at %d, %d", j, i)
			}
		}
		if math.Abs(sum-float64(product[j])) > 1e-4 {
			t.Errorf("product at %d: %v, want %v", j, product[j], sum)
		}
	}
}

func TestScore(t *testing.T) {
	o := Score{Scheme: SciREX, Types: make([]Count, 4)}
	o.add([]Span{{First: 0, Last: 1, Type: Task}, {First: 2, Last: 4, Type: Method}, {First: 5, Last: 6, Type: Metric}},
		[]Span{{First: 0, Last: 1, Type: Task}, {First: 2, Last: 4, Type: Task}, {First: 5, Last: 7, Type: Metric}, {First: 8, Last: 9, Type: Task}})
	want := Score{Scheme: SciREX, All: Count{1, 4, 3}, Untyped: Count{2, 4, 3}, Types: []Count{{}, {0, 0, 1}, {0, 1, 1}, {1, 3, 1}}}
	if diff := cmp.Diff(want, o); diff != "" {
		t.Errorf("score (-want +got):\n%s", diff)
	}
	if f := o.All.F1(); math.Abs(f-2.0/7) > 1e-9 {
		t.Errorf("F1 %v", f)
	}
	var b strings.Builder
	if err := o.Write(&b); err != nil || !strings.Contains(b.String(), "all, untyped") {
		t.Errorf("%v: %s", err, b.String())
	}
}
