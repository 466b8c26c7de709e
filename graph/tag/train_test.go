package tag

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

var (
	inventedNames = strings.Fields("CiteRank VenueNet AuthorFlow PaperSim TermWalk LinkBoost FieldMix TopicGate")
	inventedTasks = []string{"citation ranking", "venue prediction", "author matching", "keyword extraction"}
)

// inventedSentences are annotated sentences from a few patterns.
func inventedSentences(s Scheme) []Sentence {
	var out []Sentence
	for i, name := range inventedNames {
		for k, task := range inventedTasks {
			words := strings.Fields("We propose " + name + " for " + task + " .")
			spans := []Span{{First: 2, Last: 3, Type: Method}, {First: 4, Last: 6, Type: Task}}
			if (i+k)%2 == 0 {
				words = strings.Fields("The accuracy of " + task + " with " + name + " rises .")
				spans = []Span{{First: 1, Last: 2, Type: Metric}, {First: 3, Last: 5, Type: Task}, {First: 6, Last: 7, Type: Method}}
			}
			if s == SciREX {
				spans = spans[:len(spans)-1]
			}
			out = append(out, Sentence{Words: words, Spans: spans})
		}
	}
	return out
}

// inventedCorpus is papers made of the same words.
func inventedCorpus() iter.Seq2[graph.Document, error] {
	return func(yield func(graph.Document, error) bool) {
		for i := range 40 {
			name, task := inventedNames[i%len(inventedNames)], inventedTasks[i%len(inventedTasks)]
			d := graph.Document{
				Title:    fmt.Sprintf("%s: Better %s%s", name, strings.ToUpper(task[:1]), task[1:]),
				Abstract: fmt.Sprintf("We propose %s for %s. The accuracy of %s with %s rises. It is fast, and the code is free.", name, task, task, name),
			}
			if !yield(d, nil) {
				return
			}
		}
	}
}

func inventedTraining(dir string) Training {
	return Training{
		SciERC: inventedSentences(SciERC), SciREX: inventedSentences(SciREX), Corpus: inventedCorpus(), Seed: 1, Dir: dir,
		Sizes: Sizes{WordPasses: 2, Teachers: 2, TeacherPasses: 60, Hidden: 12, Sentences: 60, FastPasses: 6, FastFeatures: 5000},
	}
}

// TestTrain trains both taggers on invented sentences, twice, and tags one with
// a name that neither has met.
func TestTrain(t *testing.T) {
	if testing.Short() {
		t.Skip("training takes some seconds")
	}
	first, second := t.TempDir(), t.TempDir()
	var log []string
	tr := inventedTraining(first)
	tr.Log = func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
	if err := Train(t.Context(), tr); err != nil {
		t.Fatal(err)
	}
	if len(log) == 0 || strings.Contains(strings.Join(log, "\n"), "ready") {
		t.Errorf("log of a first training: %q", log)
	}
	// Broken off after the first lines, and taken up again.
	ctx, cancel := context.WithCancel(t.Context())
	tr = inventedTraining(second)
	tr.Log = func(format string, _ ...any) {
		if strings.HasPrefix(format, "teacher") {
			cancel()
		}
	}
	if err := Train(ctx, tr); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled training: %v", err)
	}
	log = nil
	tr.Log = func(format string, args ...any) { log = append(log, fmt.Sprintf(format, args...)) }
	if err := Train(t.Context(), tr); err != nil {
		t.Fatal(err)
	}
	if log[0] != "words: ready" {
		t.Errorf("taken up again, the training says %q", log)
	}
	for _, name := range []string{"fast.tagger", "accurate.tagger"} {
		t.Run(name, func(t *testing.T) {
			a, err := os.ReadFile(filepath.Join(first, name))
			if err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(filepath.Join(second, name))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(a, b) {
				t.Error("two trainings differ in their bytes")
			}
			tagger, err := Read(bytes.NewReader(a))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(a, tagger.bytes()) {
				t.Error("written again, the tagger differs")
			}
			check(t, tagger)
		})
	}
}

// check tags an invented sentence.
func check(t *testing.T, tagger *Tagger) {
	t.Helper()
	words := strings.Fields("We propose GroupWalk for venue prediction .")
	tags := tagger.Tag(words)
	var got []string
	for _, s := range tags.Spans[SciERC] {
		got = append(got, s.Type+": "+strings.Join(words[s.First:s.Last], " "))
		if s.Probability < 0.3 || s.Probability > 1 {
			t.Errorf("%v has the probability %v", words[s.First:s.Last], s.Probability)
		}
	}
	if diff := cmp.Diff([]string{"Method: GroupWalk", "Task: venue prediction"}, got); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}
	for s := range Schemes {
		for i, row := range tags.Inside[s] {
			sum := 0.0
			for _, p := range row {
				sum += float64(p)
			}
			if len(row) != len(s.Types()) || sum > 1+1e-5 {
				t.Errorf("%v: probabilities %v of %q", s, row, words[i])
			}
		}
	}
	if tags := tagger.Tag(nil); len(tags.Spans[SciERC]) != 0 {
		t.Errorf("spans of nothing: %v", tags.Spans)
	}
	long := make([]string, 3*maxWords/2)
	for i := range long {
		long[i] = words[i%len(words)]
	}
	var wait sync.WaitGroup
	results := make([]Tags, 4)
	for i := range results {
		wait.Go(func() { results[i] = tagger.Tag(long) })
	}
	wait.Wait()
	for _, r := range results[1:] {
		if diff := cmp.Diff(results[0], r); diff != "" {
			t.Errorf("tagged at once, a sentence differs (-first +other):\n%s", diff)
		}
	}
	if n := len(results[0].Spans[SciERC]); n == 0 || results[0].Spans[SciERC][n-1].Last < maxWords {
		t.Errorf("the end of a long sentence is not tagged")
	}
}

func TestTrainRefuses(t *testing.T) {
	tr := inventedTraining(t.TempDir())
	tr.SciERC = nil
	if err := Train(t.Context(), tr); !errors.Is(err, ErrData) {
		t.Errorf("without sentences: %v, want ErrData", err)
	}
	tr = inventedTraining(t.TempDir())
	broken := errors.New("broken")
	tr.Corpus = func(yield func(graph.Document, error) bool) { yield(graph.Document{}, broken) }
	if err := Train(t.Context(), tr); !errors.Is(err, broken) {
		t.Errorf("a broken corpus: %v", err)
	}
}

// TestScoreGradient compares the gradient of the scores, which both learners
// follow, with differences of the loss.
func TestScoreGradient(t *testing.T) {
	c, scores := randomChain(newTestRand(), SciERC, 4)
	n := c.n
	wide := make([]float32, 4*outputs)
	for i := range 4 {
		copy(wide[i*outputs:], scores[i*n:][:n])
	}
	hard := example{words: make([]string, 4), weight: 1}
	hard.labels[SciERC] = []uint8{0, 5, 6, 1}
	teacher, said := randomChain(newTestRand(), SciERC, 4)
	soft := example{words: hard.words, weight: 1, scores: make([]float32, len(wide))}
	for i := range 4 {
		copy(soft.scores[i*outputs:], said[(3-i)*n:][:n])
	}
	for name, e := range map[string]example{"annotated": hard, "of a teacher": soft} {
		t.Run(name, func(t *testing.T) { checkScoreGradient(t, c, teacher, &e, wide) })
	}
}

func checkScoreGradient(t *testing.T, c, teacher *chain, e *example, wide []float32) {
	n := c.n
	var a, b lattice
	loss := func(grad []float32, start, next []float64) float64 {
		return chainLoss(c, teacher, SciERC, e, wide, grad, start, next, &a, &b)
	}
	grad := make([]float32, len(wide))
	loss(grad, make([]float64, n), make([]float64, n*n))
	for i := range wide {
		if i%outputs >= n {
			continue
		}
		const h = 1e-2
		trash := func() ([]float32, []float64, []float64) {
			return make([]float32, len(wide)), make([]float64, n), make([]float64, n*n)
		}
		wide[i] += h
		up := loss(trash())
		wide[i] -= 2 * h
		down := loss(trash())
		wide[i] += h
		if want := (up - down) / (2 * h); math.Abs(want-float64(grad[i])) > 1e-3 {
			t.Errorf("gradient of score %d is %v, want %v", i, grad[i], want)
		}
	}
}
