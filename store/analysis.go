package store

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/words"
	"github.com/kljensen/snowball/english"
	"golang.org/x/text/unicode/norm"

	"papergraph/graph"
)

// How much a word counts by where it stands. A title or name says what a node
// is; an alias says it too, but there may be many.
const (
	weightName     = 3
	weightAlias    = 2
	weightAbstract = 1
)

// maxTerm bounds a term in bytes; longer words are cut. The longest words of
// 85,000 abstracts that are words are chemical names of some 60 letters.
const maxTerm = 64

// maxCount bounds a weighted count. BM25 hardly tells 20 from 100.
const maxCount = 1<<7 - 1

// analyser turns texts into terms. It remembers stems, which are most of its
// work. It is not safe for concurrent use.
type analyser struct{ stems map[string]string }

// maxStems bounds the memory of an analyser: 85,000 abstracts have some 300,000
// distinct words, of which the common ones soon come again.
const maxStems = 1 << 16

func newAnalyser() *analyser { return &analyser{stems: make(map[string]string)} }

// analysis is what a node contributes to the full-text index.
type analysis struct {
	counts map[string]uint8 // by term, weighted
	words  uint32           // weighted length, without aliases
}

// analyse reads a node's name, aliases and abstract. Results have no text of
// their own: it is that of their papers.
func (a *analyser) analyse(n *graph.Node) analysis {
	r := analysis{counts: make(map[string]uint8)}
	if n.ID.Kind() == graph.KindResult {
		return r
	}
	add := func(term string, weight int) {
		r.counts[term] = uint8(min(int(r.counts[term])+weight, maxCount))
	}
	name := func(s string, weight int) int {
		terms := a.terms(s)
		for _, t := range terms {
			add(t.stem, weight)
		}
		// "GPT-4" is also found as "gpt4", "ImageNet" as "image net" is not:
		// joining what is apart is safe, parting what is joined is a guess.
		if joined := graph.NameKey(s); len(terms) > 1 && len(terms) <= 3 && joined != "" && len(joined) <= maxTerm {
			add(joined, weight)
		}
		return len(terms) * weight
	}
	r.words = uint32(name(n.Name, weightName))
	for _, s := range n.Aliases {
		name(s, weightAlias)
	}
	if n.Paper != nil {
		for _, t := range a.terms(n.Paper.Abstract) {
			if !t.stop {
				add(t.stem, weightAbstract)
				r.words += weightAbstract
			}
		}
	}
	return r
}

// term is a word of a text as the index has it.
type term struct {
	word string // lower case, without accents
	stem string
	stop bool // says nothing about what a text is about
}

// terms splits a text at the word boundaries of Unicode (UAX 29) and stems
// each word.
func (a *analyser) terms(s string) []term {
	var ts []term
	for it := words.FromString(s); it.Next(); {
		w := it.Value()
		if r, _ := utf8.DecodeRuneInString(w); !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			if strings.IndexFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) < 0 {
				continue
			}
		}
		w = fold(w)
		if w == "" {
			continue
		}
		ts = append(ts, term{word: w, stem: a.stem(w), stop: english.IsStopWord(w)})
	}
	return ts
}

// stem is the English stem of a folded word.
func (a *analyser) stem(w string) string {
	if s, ok := a.stems[w]; ok {
		return s
	}
	s := english.Stem(w, true)
	if s == "" {
		s = w
	}
	if len(a.stems) >= maxStems {
		clear(a.stems)
	}
	a.stems[strings.Clone(w)] = s
	return s
}

// fold writes a word in lower case, without accents, and bounds its length.
func fold(w string) string {
	ascii := true
	for i := 0; i < len(w); i++ {
		ascii = ascii && w[i] < utf8.RuneSelf
	}
	if !ascii {
		w = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, norm.NFKD.String(w))
	}
	w = strings.ToLower(w)
	if len(w) > maxTerm {
		cut := maxTerm
		for cut > 0 && !utf8.RuneStart(w[cut]) {
			cut--
		}
		w = w[:cut]
	}
	return w
}
