package extract

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"papergraph/graph"
	"papergraph/graph/lexicon"
	"papergraph/graph/tag"
)

// maxSpanWords bounds a name's length in tokens. Of the names annotated in
// 1,453 abstracts, 99 % have at most six.
const maxSpanWords = 7

// span is a run of tokens of one text, half open.
type span struct {
	text        int // index into analysis.texts
	first, last int
}

// overlaps says whether one of two spans lies inside the other or they share
// tokens.
func (s span) overlaps(o span) bool {
	return s.text == o.text && s.first < o.last && o.first < s.last
}

// compareSpans orders by place.
func compareSpans(a, b span) int {
	return cmp.Or(cmp.Compare(a.text, b.text), cmp.Compare(a.first, b.first), cmp.Compare(a.last, b.last))
}

// candidate is a name that may be an entity of the paper, with all its places.
type candidate struct {
	key     string   // graph.CoreKey of name
	keys    []string // of all forms, key among them
	name    string
	forms   []string // all forms in the text, name among them
	spans   []span   // in the order of the text
	entries []*lexicon.Entry
	short   bool // has an acronym in this text
	// derived is true of a concept that stands nowhere in the text itself but
	// is broader, by the lexicon, than a name at the spans.
	derived bool
}

// variants are the lexicon's names for the candidate as an entity of a kind.
func (cand *candidate) variants(k graph.Kind) []string {
	var out []string
	for _, e := range cand.entries {
		if e.Kind == k {
			out = append(append(out, e.Name), e.Aliases...)
		}
	}
	return out
}

// analysis is a document taken apart: what features look at.
type analysis struct {
	doc        *graph.Document
	texts      []*text
	acronyms   []graph.Acronym
	candidates []*candidate
	cues       [][][]string // groups of cue words by text and sentence
	cueMasks   [][]cueMask  // by text and token
	// sentenceMasks hold the cue masks of all tokens of a sentence together.
	sentenceMasks [][]cueMask  // by text and sentence
	tags          [][]tag.Tags // by text and sentence
}

// analyse takes a document apart and collects the candidates.
func (x *Extractor) analyse(d *graph.Document) *analysis {
	a := &analysis{doc: d}
	for _, f := range []graph.Field{graph.FieldTitle, graph.FieldAbstract} {
		if s := d.Text(f); s != "" {
			t := newText(f, s)
			x.mark(t)
			groups := make([][]string, len(t.sentences))
			for n, s := range t.sentences {
				groups[n] = sentenceCues(t, s)
			}
			a.texts = append(a.texts, t)
			a.cues = append(a.cues, groups)
			tokens, sentences := cueMasksOf(t)
			a.cueMasks, a.sentenceMasks = append(a.cueMasks, tokens), append(a.sentenceMasks, sentences)
			a.tags = append(a.tags, x.tag(t))
		}
	}
	c := collector{lexicon: x.lexicon, words: &x.words, byKey: map[string]*candidate{}}
	for n, t := range a.texts {
		for _, s := range t.sentences {
			c.sentence(n, t, s)
		}
	}
	for n, t := range a.texts {
		for _, p := range acronyms(t) {
			start, end := t.tokens[min(p.shortFirst, p.longFirst)].start, t.tokens[max(p.shortLast, p.longLast)-1].end
			if p.longFirst < p.shortFirst && p.shortLast < len(t.tokens) && t.tokens[p.shortLast].text == ")" || p.longFirst > p.shortFirst && t.tokens[p.longLast].text == ")" {
				end = t.tokens[max(p.shortLast, p.longLast)].end
			}
			short, long := t.tokenText(p.shortFirst, p.shortLast), t.tokenText(p.longFirst, p.longLast)
			a.acronyms = append(a.acronyms, graph.Acronym{Short: short, Long: long,
				Evidence: graph.Evidence{Field: t.field, Start: start, End: end, Quote: t.quote(start, end)}})
			s := c.at(n, t, p.shortFirst, p.shortLast)
			l := c.at(n, t, p.longFirst, p.longLast)
			if s != nil && l != nil {
				c.merge(s, l)
				c.root(s).short = true
			}
		}
	}
	a.candidates = c.finish(a.texts)
	return a
}

// tag tags the sentences of a text.
func (x *Extractor) tag(t *text) []tag.Tags {
	out := make([]tag.Tags, len(t.sentences))
	var words []string
	for n, s := range t.sentences {
		words = words[:0]
		for _, tok := range t.tokens[s.first:s.last] {
			words = append(words, tok.text)
		}
		out[n] = x.tagger.Tag(words)
	}
	return out
}

// collector groups spans into candidates.
type collector struct {
	lexicon *lexicon.Lexicon
	words   *vocabulary
	byKey   map[string]*candidate
	all     []*candidate
	parent  map[*candidate]*candidate
	byEntry map[*lexicon.Entry]*candidate
}

// mark fills in what of a text's tokens depends on the model.
func (x *Extractor) mark(t *text) {
	for _, s := range t.sentences {
		governor := s.first - 1
		for i := s.first; i < s.last; i++ {
			tok := &t.tokens[i]
			tok.content = tok.class == wordToken && x.words.names(tok.lower)
			switch {
			case tok.content || tok.class == numberToken:
			case tok.text == "," || tok.text == "and" || tok.text == "or" || tok.text == "(" || tok.text == ")" || tok.text == "the":
			default:
				governor = i
			}
			tok.governor = governor
		}
	}
}

// sentence adds the spans of a sentence that may be names: runs of content
// words and numbers, with at most one connector inside, and all forms of the
// lexicon.
func (c *collector) sentence(n int, t *text, s sentence) {
	for i := s.first; i < s.last; i++ {
		first := &t.tokens[i]
		if first.class == punctToken || first.class == urlToken {
			continue
		}
		open := first.content // false once the run may only be a form of the lexicon
		joints, hyphens := 0, 0
		var key strings.Builder
		for j := i; j < s.last && j-i < maxSpanWords+1; j++ {
			tok := &t.tokens[j]
			if tok.class == punctToken && (tok.text == "/" || tok.text == "-") && tok.tight && j > i {
				hyphens++
				if hyphens > 1 {
					break
				}
				continue
			}
			if tok.class == punctToken || tok.class == urlToken {
				break
			}
			key.WriteString(tok.key)
			number := tok.class == numberToken && j > i
			if open && !tok.content && !number {
				if j > i && c.words.joins(tok.lower) && joints == 0 && j+1 < s.last {
					joints++
					continue
				}
				open = false
			}
			length := j - i + 1
			switch {
			case open && length <= maxSpanWords && (joints == 0 || length <= 6):
				c.add(n, t, i, j+1)
			case length <= c.lexicon.MaxWords() && len(c.lexicon.LookupKey(key.String(), t.tokenText(i, j+1))) > 0:
				c.add(n, t, i, j+1)
			}
			if length > c.lexicon.MaxWords() && !open {
				break
			}
		}
	}
}

// at returns the candidate of a span, added if need be; nil if it has no key.
func (c *collector) at(n int, t *text, first, last int) *candidate {
	key := graph.CoreKey(t.tokenText(first, last))
	if key == "" {
		return nil
	}
	if cand := c.byKey[key]; cand != nil {
		cand.spans = append(cand.spans, span{n, first, last}) // finish drops repeats
		return cand
	}
	return c.add(n, t, first, last)
}

func (c *collector) add(n int, t *text, first, last int) *candidate {
	surface := t.tokenText(first, last)
	key := graph.CoreKey(surface)
	if key == "" {
		return nil
	}
	cand := c.byKey[key]
	if cand == nil {
		cand = &candidate{key: key}
		c.byKey[key] = cand
		c.all = append(c.all, cand)
	}
	cand.spans = append(cand.spans, span{n, first, last})
	for _, e := range c.lexicon.Lookup(surface) {
		if !slices.Contains(cand.entries, e) {
			cand.entries = append(cand.entries, e)
			if c.byEntry == nil {
				c.byEntry = map[*lexicon.Entry]*candidate{}
			}
			if o := c.byEntry[e]; o != nil {
				c.merge(o, cand)
			} else {
				c.byEntry[e] = cand
			}
		}
	}
	return cand
}

// merge makes two candidates one (union-find without ranks).
func (c *collector) merge(a, b *candidate) {
	a, b = c.root(a), c.root(b)
	if a == b {
		return
	}
	if c.parent == nil {
		c.parent = map[*candidate]*candidate{}
	}
	c.parent[b] = a
	a.short = a.short || b.short
}

// root is the candidate that stands for all those merged with a. It shortens
// the path on its way.
func (c *collector) root(a *candidate) *candidate {
	for c.parent[a] != nil {
		if up := c.parent[c.parent[a]]; up != nil {
			c.parent[a] = up
		}
		a = c.parent[a]
	}
	return a
}

// finish joins merged candidates, derives broader concepts, names everything
// and orders by first place.
func (c *collector) finish(texts []*text) []*candidate {
	var out []*candidate
	for _, cand := range c.all {
		r := c.root(cand)
		r.keys = append(r.keys, cand.key)
		if r == cand {
			out = append(out, r)
			continue
		}
		r.spans = append(r.spans, cand.spans...)
		for _, e := range cand.entries {
			if !slices.Contains(r.entries, e) {
				r.entries = append(r.entries, e)
			}
		}
	}
	for _, cand := range out {
		slices.SortFunc(cand.spans, compareSpans)
		cand.spans = withoutNested(texts, slices.Compact(cand.spans))
		cand.nameForms(texts)
	}
	out = append(out, c.derive(out)...)
	slices.SortStableFunc(out, func(a, b *candidate) int {
		return cmp.Or(compareSpans(a.spans[0], b.spans[0]), strings.Compare(a.key, b.key))
	})
	return out
}

// withoutNested keeps one of two places of a candidate that lie in each other,
// "foundation" and "foundation models": the shorter where it looks like a name
// of its own ("GLUE" of "GLUE benchmark"), else the longer. The spans are in
// order and without repeats.
func withoutNested(texts []*text, spans []span) []span {
	dropped := make([]bool, len(spans))
	for i, s := range spans {
		for j := i + 1; j < len(spans) && s.overlaps(spans[j]); j++ {
			inner, outer := j, i
			switch o := spans[j]; {
			case o.last <= s.last:
			case o.first == s.first:
				inner, outer = i, j
			default:
				continue // they share words only
			}
			in := spans[inner]
			sh := strings.TrimSuffix(shape(texts[in.text].tokenText(in.first, in.last)), "0")
			if sh == "UPPER" || sh == "mIxed" {
				dropped[outer] = true
			} else {
				dropped[inner] = true
			}
		}
	}
	var out []span
	for i, s := range spans {
		if !dropped[i] {
			out = append(out, s)
		}
	}
	return out
}

// derive returns the concepts that the lexicon puts right above the names in
// the text and that have no place of their own in it.
func (c *collector) derive(in []*candidate) []*candidate {
	present := map[*lexicon.Entry]bool{}
	for _, cand := range in {
		for _, e := range cand.entries {
			present[e] = true
		}
	}
	made := map[*lexicon.Entry]*candidate{}
	var out []*candidate
	for _, cand := range in {
		for _, e := range cand.entries {
			if e.Kind != graph.KindMethod && e.Kind != graph.KindConcept {
				continue
			}
			for _, up := range c.lexicon.BroaderOf(e) {
				if present[up] {
					continue
				}
				d := made[up]
				if d == nil {
					d = &candidate{key: graph.CoreKey(up.Name), name: up.Name, forms: []string{up.Name}, entries: []*lexicon.Entry{up}, derived: true}
					d.keys = []string{d.key}
					for _, al := range up.Aliases {
						if k := graph.CoreKey(al); !slices.Contains(d.keys, k) {
							d.keys = append(d.keys, k)
						}
					}
					made[up] = d
					out = append(out, d)
				}
				d.spans = append(d.spans, cand.spans...)
			}
		}
	}
	for _, d := range out {
		slices.SortFunc(d.spans, compareSpans)
		d.spans = slices.Compact(d.spans)
	}
	return out
}

// nameForms picks the name to show among the forms in the text: an explained
// acronym, else the most frequent form, the first of equals; without a generic
// head noun where a form without it stands there too.
func (cand *candidate) nameForms(texts []*text) {
	type tally struct {
		form  string
		count int
		rank  int
	}
	var ts []tally
	at := map[string]int{} // form to its place in ts
	for _, s := range cand.spans {
		f := texts[s.text].tokenText(s.first, s.last)
		i, ok := at[f]
		if !ok {
			i = len(ts)
			at[f] = i
			r := 0
			if cand.short && shortForm(f) {
				r -= 4
			}
			if graph.NameKey(f) != graph.CoreKey(f) {
				r += 2
			}
			if texts[s.text].field == graph.FieldTitle && f != strings.ToLower(f) && !mixedCase(f) {
				r++ // a title's capitals are not the name's own
			}
			ts = append(ts, tally{form: f, rank: r})
		}
		ts[i].count++
	}
	best := slices.MinFunc(ts, func(a, b tally) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(b.count, a.count))
	})
	cand.name = best.form
	cand.key = graph.CoreKey(best.form)
	for _, t := range ts {
		cand.forms = append(cand.forms, t.form)
	}
}

// shape is the casing of a name in a word, for features.
func shape(s string) string {
	upper, lower, digit, words := 0, 0, false, 1
	first := true
	startsUpper := false
	for _, r := range s {
		switch {
		case unicode.IsUpper(r):
			upper++
			startsUpper = startsUpper || first
		case unicode.IsLower(r):
			lower++
		case unicode.IsDigit(r):
			digit = true
		case r == ' ':
			words++
		}
		first = false
	}
	out := ""
	switch {
	case upper == 0:
		out = "lower"
	case lower == 0:
		out = "UPPER"
	case upper == 1 && startsUpper && words == 1:
		out = "Title"
	case upper <= words && startsUpper:
		out = "Titles"
	default:
		out = "mIxed"
	}
	if digit {
		out += "0"
	}
	return out
}
