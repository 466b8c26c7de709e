package tag

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"papergraph/graph/token"
)

// sharedFile finds a file of the data that lies beside the repository, or skips.
func sharedFile(t testing.TB, parts ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "shared", "DESIGN.md")); err == nil {
			path := filepath.Join(append([]string{dir, "shared", "data"}, parts...)...)
			if _, err := os.Stat(path); err != nil {
				t.Skipf("no %s", path)
			}
			return path
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no shared/DESIGN.md beside the repository")
		}
		dir = up
	}
}

// sciERCDev reads SciERC's development sentences, or skips.
func sciERCDev(t testing.TB) []Sentence {
	t.Helper()
	f, err := os.Open(sharedFile(t, "scierc", "ner-dev.conll"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, err := ReadCoNLL(f)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestShippedReachTheirFloors scores the shipped taggers on SciERC's
// development sentences, typed.
func TestShippedReachTheirFloors(t *testing.T) {
	list := sciERCDev(t)
	for _, tc := range []struct {
		name  string
		load  func() (*Tagger, error)
		floor float64
	}{{"fast", Default, 0.64}, {"accurate", Accurate, 0.65}} {
		t.Run(tc.name, func(t *testing.T) {
			tagger, err := tc.load()
			if err != nil {
				t.Fatal(err)
			}
			score, err := tagger.Evaluate(t.Context(), SciERC, list)
			if err != nil {
				t.Fatal(err)
			}
			if got := score.All.F1(); got < tc.floor {
				t.Errorf("F1 %.4f, want %.3f at least", got, tc.floor)
			}
		})
	}
}

func BenchmarkTag(b *testing.B) {
	b.Run("fast", func(b *testing.B) { benchmark(b, Default) })
	b.Run("accurate", func(b *testing.B) { benchmark(b, Accurate) })
}

func benchmark(b *testing.B, load func() (*Tagger, error)) {
	tagger, err := load()
	if err != nil {
		b.Fatal(err)
	}
	const text = `We propose a graph neural network for citation recommendation that learns sparse attention over the papers of a venue. ` +
		`Experiments on two benchmarks of scholarly text show that our method outperforms strong baselines such as BM25 by 3.2 points of MRR, while it needs half the memory. ` +
		`An ablation study confirms that both the edge encoder and the pretraining objective matter.`
	tokens := token.Split(text)
	var sentences [][]string
	for _, r := range token.Sentences(tokens, false) {
		var words []string
		for _, t := range tokens[r.First:r.Last] {
			words = append(words, strings.Clone(t.Text))
		}
		sentences = append(sentences, words)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for _, words := range sentences {
			tagger.Tag(words)
			n += len(words)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "tokens/s")
}
