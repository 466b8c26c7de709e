package tag

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
)

// Tagger finds spans in sentences. It is safe for concurrent use, and a pure
// function of the sentence.
type Tagger struct {
	version string
	emitter emitter
	chains  [Schemes]*chain
	memory  sync.Pool // of *memory
}

// emitter gives a score to each label at each token, outputs numbers a token.
type emitter interface {
	newMemory() any
	emit(memory any, words []string, scores []float32)
	// normalise writes words that have their capital from their place in small
	// letters.
	normalise(out, words []string, buf []byte) ([]string, []byte)
}

// memory is what tagging a sentence needs.
type memory struct {
	emitter any
	words   []string
	buf     []byte
	scores  []float32
	lattice lattice
}

// Tags are what a tagger says of a sentence.
type Tags struct {
	// Spans holds the likeliest spans under each scheme, from left to right.
	// They do not overlap.
	Spans [Schemes][]Span
	// Inside holds, for each scheme and token, the probability of each type, in
	// the order of [Scheme.Types], that the token lies in a span of it. What
	// lacks to 1 is the probability that it lies in none.
	Inside [Schemes][][]float32
}

// maxWords is the longest piece of a sentence that is tagged at once; beyond
// it, memory would grow with whatever is pasted in place of an abstract.
const maxWords = 1000

// Version names the tagger by what it holds: two of one version tag alike.
func (t *Tagger) Version() string { return t.version }

// Tag tags one sentence, given as the words and signs that package token makes
// of it.
func (t *Tagger) Tag(words []string) Tags {
	m, ok := t.memory.Get().(*memory)
	if !ok {
		m = &memory{emitter: t.emitter.newMemory()}
	}
	defer t.memory.Put(m)
	var out Tags
	var flat [Schemes][]float32
	for s := range out.Inside {
		out.Inside[s] = make([][]float32, len(words))
		flat[s] = make([]float32, len(words)*len(schemeTypes[s]))
	}
	for first := 0; first < len(words); first += maxWords {
		piece := words[first:min(first+maxWords, len(words))]
		m.words, m.buf = t.emitter.normalise(m.words, piece, m.buf)
		m.scores = grow(m.scores, len(piece)*outputs)
		t.emitter.emit(m.emitter, m.words, m.scores)
		for s := range Schemes {
			out.Spans[s] = append(out.Spans[s], t.spans(s, m, first)...)
			n, types := labelCount[s], len(schemeTypes[s])
			for i := range piece {
				row := flat[s][(first+i)*types:][:types:types]
				for k := range row {
					row[k] = float32(m.lattice.node[i*n+1+2*k] + m.lattice.node[i*n+2+2*k])
				}
				out.Inside[s][first+i] = row
			}
		}
	}
	clear(m.words) // they share the memory of a document
	return out
}

// spans decodes a scheme and leaves its marginals in the lattice.
func (t *Tagger) spans(s Scheme, m *memory, first int) []Span {
	c := t.chains[s]
	scores := m.scores[firstLabel[s]:]
	labels, _ := c.decode(&m.lattice, scores, outputs)
	spans := spansOf(s, labels)
	c.marginals(&m.lattice, scores, outputs)
	for i := range spans {
		x := &spans[i]
		x.Probability = c.spanProbability(&m.lattice, x.First, x.Last, int(labels[x.First]-1)/2)
		x.First += first
		x.Last += first
	}
	return spans
}

// The kinds of tagger, by what their files begin with.
const (
	magicCRF       = "PGTAGC01"
	magicNetwork   = "PGTAGN01"
	magicCommittee = "PGTAGM01"
)

// Write writes the tagger in the form that [Read] reads.
func (t *Tagger) Write(w io.Writer) error {
	magic, payload := t.payload()
	if err := pack(w, magic, payload); err != nil {
		return fmt.Errorf("write the tagger: %w", err)
	}
	return nil
}

func (t *Tagger) payload() (string, []byte) {
	var e encoder
	switch m := t.emitter.(type) {
	case *crf:
		m.encode(&e)
		return magicCRF, e.Bytes()
	case *network:
		m.encode(&e)
		return magicNetwork, e.Bytes()
	case *committee:
		m.encode(&e)
		return magicCommittee, e.Bytes()
	}
	return "", nil
}

// Read reads a tagger that [Tagger.Write] wrote. Whatever is wrong with it is
// an [ErrModel].
func Read(r io.Reader) (*Tagger, error) {
	magic, payload, err := unpack(r, len(magicCRF))
	if err != nil {
		return nil, fmt.Errorf("read a tagger: %w", err)
	}
	d := &decoder{rest: payload}
	var t *Tagger
	switch magic {
	case magicCRF:
		m := decodeCRF(d)
		t = &Tagger{emitter: m, chains: m.chains}
	case magicNetwork:
		m := decodeNetwork(d)
		t = &Tagger{emitter: m, chains: m.chains}
	case magicCommittee:
		m := decodeCommittee(d)
		t = &Tagger{emitter: m, chains: m.chains()}
	default:
		d.fail("it begins with %q", magic)
	}
	if len(d.rest) > 0 {
		d.fail("%d bytes too many", len(d.rest))
	}
	if d.err != nil {
		return nil, fmt.Errorf("read a tagger: %w", d.err)
	}
	t.version = versionOf(magic, payload)
	return t, nil
}

func newTagger(e emitter, chains [Schemes]*chain) *Tagger {
	t := &Tagger{emitter: e, chains: chains}
	t.version = versionOf(t.payload())
	return t
}

// versionOf hashes what a tagger holds, not how it is compressed.
func versionOf(magic string, payload []byte) string {
	h := sha256.New()
	h.Write([]byte(magic))
	h.Write(payload)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

//go:embed model/fast.tagger
var fastModel []byte

var loadFast = sync.OnceValues(func() (*Tagger, error) { return Read(bytes.NewReader(fastModel)) })

// Default returns the shipped fast tagger.
func Default() (*Tagger, error) { return loadFast() }

//go:embed model/accurate.tagger
var accurateModel []byte

var loadAccurate = sync.OnceValues(func() (*Tagger, error) { return Read(bytes.NewReader(accurateModel)) })

// Accurate returns the shipped accurate tagger, which is right more often and
// takes some fifty times as long.
func Accurate() (*Tagger, error) { return loadAccurate() }

func (m *crf) newMemory() any { return new(crfMemory) }

func (m *crf) normalise(out, words []string, buf []byte) ([]string, []byte) {
	return m.vocabulary.normaliseCase(out, words, buf)
}
