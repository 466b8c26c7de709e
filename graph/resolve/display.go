package resolve

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"papergraph/graph"
)

// casing counts how a word is written inside sentences, where a capital is
// that of a name and not of the beginning or of a title.
type casing struct{ lower, capital int }

func encodeCasing(b []byte, c *casing) []byte {
	return appendNumber(appendNumber(b, c.lower), c.capital)
}

func decodeCasing(d *decoder, c *casing) { c.lower, c.capital = d.number(), d.number() }

// The ways in which most papers write a word.
const (
	asItStands = iota
	inLower
	withCapital
)

// most is how most papers write the word.
func (c *casing) most() byte {
	switch {
	case c == nil:
		return asItStands
	case c.lower > c.capital:
		return inLower
	case c.capital > 4*c.lower:
		return withCapital
	}
	return asItStands
}

// countCasing counts the words of a mention as its evidence has them.
func (r *Resolver) countCasing(m *graph.Mention, by int) {
	for _, e := range m.Evidence {
		if e.Field != graph.FieldAbstract || e.MarkStart <= e.Start {
			continue
		}
		text, ok := graph.SliceRunes(e.Quote, e.MarkStart-e.Start, e.MarkEnd-e.Start)
		if !ok {
			continue
		}
		words := strings.FieldsFunc(text, notLetter)
		// In "Graph Neural Networks (GNNs)" the capitals show what the
		// acronym is made of.
		if len(words) > 1 && !slices.ContainsFunc(words, isLower) {
			continue
		}
		for _, w := range words {
			lower := strings.ToLower(w)
			if w != lower && !capitalised(w) {
				continue // an acronym, or a name with a capital inside
			}
			c := r.words.change(lower)
			if _, ok := r.before.words[lower]; !ok && !r.fresh {
				r.before.words[strings.Clone(lower)] = c.most() // a part of an abstract would keep all of it
			}
			if w == lower {
				c.lower += by
			} else {
				c.capital += by
			}
		}
	}
}

func notLetter(c rune) bool { return !unicode.IsLetter(c) }

func isLower(w string) bool { return w == strings.ToLower(w) }

// capitalised says whether a word has one capital, its first letter, and is no
// initial.
func capitalised(w string) bool {
	first, size := utf8.DecodeRuneInString(w)
	return len(w) > size && unicode.IsUpper(first) && isLower(w[size:])
}

// display chooses the name to show of what the lexicon has not, from its forms
// in the order of use. What is no name of its own is written as inside a
// sentence ("Bayesian optimization", not "Bayesian Optimization"), in the
// singular if papers have that, and a task or concept in full rather than by
// its acronym.
func (r *Resolver) display(id identity, forms []string) string {
	name := forms[0]
	topic := id.kind == graph.KindTask || id.kind == graph.KindConcept
	if topic && looksShort(name) {
		if i := slices.IndexFunc(forms, func(f string) bool { return strings.Contains(f, " ") && nameKey(f) == id.key }); i >= 0 {
			name = forms[i]
		}
	}
	if topic || id.kind == graph.KindMetric || strings.Contains(name, " ") {
		name = singularOf(name, forms)
	}
	if !topic && id.kind != graph.KindMetric && !slices.ContainsFunc(forms, func(f string) bool { return f != name && strings.EqualFold(f, name) && isLower(f) }) {
		return name // a method or dataset that nobody writes without capitals
	}
	return r.sentenceCase(name)
}

// singularOf is the form that is the singular of a name, if there is one.
func singularOf(name string, forms []string) string {
	key := nameKey(name)
	best := name
	for _, f := range forms {
		if len(f) < len(best) && strings.HasPrefix(strings.ToLower(name), strings.ToLower(f)) && nameKey(f) == key {
			best = f
		}
	}
	return best
}

// sentenceCase writes the plain words of a name as most papers do inside
// sentences. A word of which they tell nothing stays.
func (r *Resolver) sentenceCase(name string) string {
	var b strings.Builder
	for len(name) > 0 {
		end := strings.IndexFunc(name, notLetter)
		if end == 0 {
			_, end = utf8.DecodeRuneInString(name)
			b.WriteString(name[:end])
			name = name[end:]
			continue
		}
		if end < 0 {
			end = len(name)
		}
		w := name[:end]
		most := r.words.get(strings.ToLower(w)).most()
		switch {
		case capitalised(w) && most == inLower:
			w = strings.ToLower(w)
		case isLower(w) && len(w) > 3 && most == withCapital:
			first, size := utf8.DecodeRuneInString(w)
			w = string(unicode.ToUpper(first)) + w[size:]
		}
		b.WriteString(w)
		name = name[end:]
	}
	return b.String()
}
