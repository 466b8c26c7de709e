package tag

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"papergraph/graph"
)

// Training is what taggers are trained from. The same data, sizes and seed give
// the same bytes, on machines of one architecture.
type Training struct {
	// SciERC and SciREX are annotated sentences.
	SciERC, SciREX []Sentence
	// Corpus is unannotated papers: words get their vectors from them, and the
	// fast tagger learns from what the accurate ones say of them.
	Corpus iter.Seq2[graph.Document, error]
	Seed   uint64
	// Dir is the folder for the results, fast.tagger and accurate.tagger, and
	// for what is ready on the way to them. A training that was broken off goes
	// on from there.
	Dir string
	// Log is told how far the training is; nil for nobody.
	Log func(format string, args ...any)
	// Sizes are what training takes time for; where 0, those of the shipped
	// taggers.
	Sizes Sizes
}

// Sizes are how much is done in training.
type Sizes struct {
	WordPasses    int // over the corpus, for word vectors
	Teachers      int // networks that label the corpus together
	TeacherPasses int // over the annotated sentences
	Hidden        int // units of a network a direction
	Sentences     int // of the corpus, labelled by the teachers
	FastPasses    int // over annotated and labelled sentences
	FastFeatures  int // most features of the fast tagger
}

func (s Sizes) withDefaults() Sizes {
	return Sizes{
		WordPasses:    cmp.Or(s.WordPasses, 4),
		Teachers:      cmp.Or(s.Teachers, 3),
		TeacherPasses: cmp.Or(s.TeacherPasses, 24),
		Hidden:        cmp.Or(s.Hidden, 128),
		Sentences:     cmp.Or(s.Sentences, 60000),
		FastPasses:    cmp.Or(s.FastPasses, 6),
		FastFeatures:  cmp.Or(s.FastFeatures, 180000),
	}
}

// method names the procedure. It changes whenever the procedure does, so that
// nothing is taken over from a training by another one.
const method = "papergraph tagger training 1"

// drawCorpus tells the random numbers that draw sentences from those of other
// parts.
const drawCorpus = 4

// Train trains both taggers and leaves them in t.Dir.
func Train(ctx context.Context, t Training) error {
	if t.Log == nil {
		t.Log = func(string, ...any) {}
	}
	if len(t.SciERC) == 0 || len(t.SciREX) == 0 || t.Corpus == nil {
		return fmt.Errorf("train taggers: %w: both schemes' sentences and a corpus are needed", ErrData)
	}
	t.Sizes = t.Sizes.withDefaults()
	if err := os.MkdirAll(t.Dir, 0o777); err != nil {
		return fmt.Errorf("train taggers: %w", err)
	}
	if err := t.run(ctx); err != nil {
		return fmt.Errorf("train taggers: %w", err)
	}
	return nil
}

func (t *Training) run(ctx context.Context) error {
	corpus, err := readCorpus(t.Corpus)
	if err != nil {
		return err
	}
	id := fingerprint(method, t.Seed, t.Sizes.WordPasses, digest(corpus))
	v, err := t.words(ctx, id, corpus)
	if err != nil {
		return err
	}
	sciERC, sciREX := v.examples(SciERC, t.SciERC), v.examples(SciREX, t.SciREX)
	id = fingerprint(id, t.SciERC, t.SciREX, t.Sizes.TeacherPasses, t.Sizes.Hidden)
	teachers := &committee{vocabulary: v}
	for k := range t.Sizes.Teachers {
		train := networkTraining{
			vocabulary: v, hidden: t.Sizes.Hidden, passes: t.Sizes.TeacherPasses, batch: 8, rate: 1.5e-3, dropout: 0.5,
			seed: t.Seed + uint64(k)<<32, log: t.Log,
		}
		tagger, err := t.stage(ctx, fmt.Sprintf("teacher-%d-%s", k+1, id), func() (emitter, [Schemes]*chain, error) {
			t.Log("teacher %d of %d", k+1, t.Sizes.Teachers)
			m, err := train.train(ctx, []pool{{sciERC, 0}, {sciREX, len(sciERC)}})
			if err != nil {
				return nil, [Schemes]*chain{}, err
			}
			return m, m.chains, nil
		})
		if err != nil {
			return err
		}
		m, ok := tagger.emitter.(*network)
		if !ok {
			return fmt.Errorf("%w: teacher %d is no network", ErrModel, k+1)
		}
		teachers.members = append(teachers.members, m)
	}
	chains := teachers.chains()
	if err := t.leave("accurate.tagger", newTagger(teachers, chains)); err != nil {
		return err
	}
	id = fingerprint(id, t.Sizes.Teachers, t.Sizes.Sentences)
	labelled, err := t.label(ctx, v, corpus, teachers)
	if err != nil {
		return err
	}
	fast := crfTraining{
		vocabulary: v, teacher: chains, epochs: t.Sizes.FastPasses, rate: 0.05, decay: 1e-5, dropout: 0.3,
		least: 4, gold: 2, features: t.Sizes.FastFeatures, seed: t.Seed, log: t.Log,
	}
	tagger, err := t.stage(ctx, "fast-"+fingerprint(id, t.Sizes.FastPasses, t.Sizes.FastFeatures), func() (emitter, [Schemes]*chain, error) {
		m, err := fast.train(ctx, slices.Concat(sciERC, sciREX, labelled))
		if err != nil {
			return nil, chains, err
		}
		return m, m.chains, nil
	})
	if err != nil {
		return err
	}
	return t.leave("fast.tagger", tagger)
}

// leave writes a result.
func (t *Training) leave(name string, tagger *Tagger) error {
	path := filepath.Join(t.Dir, name)
	if err := writeFile(path, tagger.bytes()); err != nil {
		return err
	}
	t.Log("%s: version %s", path, tagger.Version())
	return nil
}

// fingerprint names a stage of a training by all that goes into it.
func fingerprint(parts ...any) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%+q\n", fmt.Sprint(p))
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// digest hashes a corpus.
func digest(corpus []graph.Document) string {
	h := sha256.New()
	for _, d := range corpus {
		fmt.Fprintf(h, "%d %d ", len(d.Title), len(d.Abstract))
		h.Write([]byte(d.Title))
		h.Write([]byte(d.Abstract))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// words learns the vocabulary, or reads the one that is ready.
func (t *Training) words(ctx context.Context, id string, corpus []graph.Document) (*vocabulary, error) {
	const magic = "PGTAGW01"
	path := filepath.Join(t.Dir, "words-"+id+".stage")
	if b, err := os.ReadFile(path); err == nil {
		head, payload, err := unpack(bytes.NewReader(b), len(magic))
		d := &decoder{rest: payload, err: err}
		v := decodeVocabulary(d, true)
		if d.err == nil && head == magic {
			t.Log("words: ready")
			return v, nil
		}
	}
	v, err := learnWords(ctx, corpus, skipGram{
		window: 5, negatives: 5, epochs: t.Sizes.WordPasses, rate: 0.025, subsample: 1e-4, seed: t.Seed, log: t.Log,
	})
	if err != nil {
		return nil, err
	}
	var e encoder
	v.encode(&e)
	var b bytes.Buffer
	if err := pack(&b, magic, e.Bytes()); err != nil {
		return nil, err
	}
	return v, writeFile(path, b.Bytes())
}

// stage trains a tagger, or reads the one that is ready.
func (t *Training) stage(ctx context.Context, name string, train func() (emitter, [Schemes]*chain, error)) (*Tagger, error) {
	path := filepath.Join(t.Dir, name+".stage")
	b, err := os.ReadFile(path)
	switch {
	case err == nil:
		if tagger, err := Read(bytes.NewReader(b)); err == nil {
			t.Log("%s: ready", name)
			return tagger, nil
		}
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m, chains, err := train()
	if err != nil {
		return nil, err
	}
	tagger := newTagger(m, chains)
	return tagger, writeFile(path, tagger.bytes())
}

// bytes is the tagger as [Tagger.Write] writes it.
func (t *Tagger) bytes() []byte {
	var b bytes.Buffer
	_ = t.Write(&b) // a buffer takes everything
	return b.Bytes()
}

// writeFile writes a file so that it is there as a whole or not at all.
func writeFile(path string, b []byte) error {
	part := path + ".part"
	if err := os.WriteFile(part, b, 0o666); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// examples projects annotated sentences to the words that a tagger meets.
func (v *vocabulary) examples(s Scheme, list []Sentence) []example {
	out := make([]example, 0, len(list))
	var buf []byte
	for _, x := range list {
		a := align(x.Words, s == SciREX)
		e := example{weight: 1}
		e.words, buf = v.normaliseCase(nil, a.words, buf)
		e.labels[s] = labelsOf(s, a.toText(x.Spans), len(e.words))
		out = append(out, e)
	}
	return out
}

// The lengths of sentences worth learning from.
const (
	shortestSentence = 4
	longestSentence  = 80
)

// labelledWeight is what a sentence that the teachers labelled counts against
// an annotated one.
const labelledWeight = 0.5

// label draws sentences from the corpus and has the teachers score them.
func (t *Training) label(ctx context.Context, v *vocabulary, corpus []graph.Document, teachers *committee) ([]example, error) {
	rng := rand.New(rand.NewPCG(t.Seed, drawCorpus))
	memory := teachers.newMemory()
	var out []example
	var buf []byte
	for _, i := range rng.Perm(len(corpus)) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for _, s := range sentencesOf(corpus[i]) {
			if n := len(s.words); n >= shortestSentence && n <= longestSentence && len(out) < t.Sizes.Sentences {
				e := example{weight: labelledWeight}
				e.words, buf = v.normaliseCase(nil, s.words, buf)
				e.scores = make([]float32, n*outputs)
				teachers.emit(memory, e.words, e.scores)
				out = append(out, e)
			}
		}
		if len(out) == t.Sizes.Sentences {
			break
		}
	}
	t.Log("%d sentences of the corpus labelled", len(out))
	return out, nil
}
