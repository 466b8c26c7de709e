package extract

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"

	"papergraph/graph"
	"papergraph/graph/lexicon"
	"papergraph/graph/tag"
)

// version names the rules of this package; with the model's own version it is
// the extractor's. Raise it when the same text would give other facts.
const version = "papergraph-extract/2"

// Extractor turns documents into facts. It may be used from many goroutines.
type Extractor struct {
	lexicon *lexicon.Lexicon
	model   *Model
	tagger  *tag.Tagger
	words   vocabulary
	sets    sync.Pool // of *featureSet
}

// Options say what an extractor works with beside its lexicon.
type Options struct {
	Model  *Model      // nil is the shipped one
	Tagger *tag.Tagger // nil is the shipped fast one
}

// New makes an extractor. The error wraps [ErrModel] or [tag.ErrModel].
func New(lex *lexicon.Lexicon, o Options) (*Extractor, error) {
	x := &Extractor{lexicon: lex, model: o.Model, tagger: o.Tagger, sets: sync.Pool{New: func() any { return newFeatureSet() }}}
	var err error
	if x.model == nil {
		if x.model, err = DefaultModel(); err != nil {
			return nil, fmt.Errorf("load the shipped model: %w", err)
		}
	}
	if x.tagger == nil {
		if x.tagger, err = tag.Default(); err != nil {
			return nil, fmt.Errorf("load the shipped tagger: %w", err)
		}
	}
	x.words = newVocabulary(lex, x.model)
	return x, nil
}

// Version names the rules, the model and the tagger. Facts of one version and
// one text are always the same.
func (x *Extractor) Version() string {
	return version + "+" + x.model.Version + "+" + x.tagger.Version()
}

// floor is the confidence from which on a statement is kept as a candidate
// where the model's threshold is higher.
const floor = 0.1

// Extract reads a document. The facts hold every statement from the model's
// thresholds on and, marked as candidates, those from the floor on: which are
// taken is decided best first, so that the candidates change nothing above
// them.
func (x *Extractor) Extract(d graph.Document) graph.Facts {
	f := graph.Facts{Document: d, Extractor: x.Version()}
	a := x.analyse(&d)
	f.Acronyms = a.acronyms
	f.Links = links(&d, a.texts)
	scores := x.score(a)
	picks := x.pick(a, scores)
	for _, p := range picks {
		f.Mentions = append(f.Mentions, x.mention(a, p))
	}
	f.Relations = x.relations(a, picks)
	f.Results = x.results(a, slices.DeleteFunc(picks, func(p pick) bool { return p.below }))
	return f
}

// scores are the log-odds of each candidate in each role.
type scores [][roleCount]float64

// score runs both stages: each candidate by itself, then again in the light
// of what the document's other candidates scored. Roles in which a candidate is
// hopeless at the first stage have log-odds of -Inf.
func (x *Extractor) score(a *analysis) scores {
	f := x.sets.Get().(*featureSet)
	defer x.sets.Put(f)
	first := newFirstScores(len(a.candidates))
	x.eachFeatures(f, a, func(i int, p *parts) { first.rate(&x.model.first, i, p) })
	second := newScores(len(a.candidates))
	x.eachStacked(a, &first, func(i int, row []uint8) {
		for r := range roleCount {
			if first.all[i][r] >= hopeless {
				second[i][r] = x.model.forests[r].sum(row)
			}
		}
	})
	return second
}

// newScores makes the log-odds of n candidates of which nothing is known.
func newScores(n int) scores {
	s := make(scores, n)
	for i := range s {
		for r := range roleCount {
			s[i][r] = math.Inf(-1)
		}
	}
	return s
}

// eachFeatures calls use with the first-stage features of each candidate. They
// are valid only during the call.
func (x *Extractor) eachFeatures(f *featureSet, a *analysis, use func(i int, p *parts)) {
	for i, c := range a.candidates {
		f.reset()
		x.nameFeatures(f, a, c)
		f.endPart()
		for n, sp := range c.spans {
			if n == maxFeatureSpans {
				break
			}
			x.contextFeatures(f, a, c, sp)
			f.endPart()
		}
		use(i, &f.parts)
	}
	f.reset()
}

// pick is a candidate taken in a role.
type pick struct {
	candidate  int
	role       int
	confidence float64
	below      bool // the model's threshold for the role
}

// pick decides all roles, each from the floor on.
func (x *Extractor) pick(a *analysis, s scores) []pick {
	var out []pick
	for r, threshold := range x.model.Thresholds[:roleCount] {
		for _, p := range x.pickRole(a, s, r, min(floor, threshold)) {
			p.below = p.confidence < threshold
			out = append(out, p)
		}
	}
	return out
}

// pickRole decides a role: from the threshold on, best first, and no two that
// share their words everywhere.
func (x *Extractor) pickRole(a *analysis, s scores, role int, threshold float64) []pick {
	var likely []pick
	for i := range s {
		if p := x.model.confidence(role, s[i][role]); p >= threshold {
			likely = append(likely, pick{candidate: i, role: role, confidence: p})
		}
	}
	slices.SortStableFunc(likely, func(a, b pick) int { return cmp.Compare(b.confidence, a.confidence) })
	kept := newPlaces(a.texts)
	return slices.DeleteFunc(likely, func(p pick) bool {
		c := a.candidates[p.candidate]
		if slices.ContainsFunc(kept.sharing(c), func(o *candidate) bool { return covered(c, o) }) {
			return true
		}
		kept.add(c)
		return false
	})
}

// places finds candidates by the tokens where they stand.
type places struct {
	at [][][]*candidate // by text and token
}

func newPlaces(texts []*text) places {
	p := places{make([][][]*candidate, len(texts))}
	for n, t := range texts {
		p.at[n] = make([][]*candidate, len(t.tokens))
	}
	return p
}

// add takes c in at all its places. A derived candidate has none of its own.
func (p places) add(c *candidate) {
	if c.derived {
		return
	}
	for _, sp := range c.spans {
		for i := sp.first; i < sp.last; i++ {
			p.at[sp.text][i] = append(p.at[sp.text][i], c)
		}
	}
}

// sharing lists the candidates that share a token with c.
func (p places) sharing(c *candidate) []*candidate {
	if c.derived {
		return nil
	}
	var out []*candidate
	seen := map[*candidate]bool{}
	for _, sp := range c.spans {
		for _, list := range p.at[sp.text][sp.first:sp.last] {
			for _, o := range list {
				if !seen[o] {
					seen[o] = true
					out = append(out, o)
				}
			}
		}
	}
	return out
}

// covered says whether every place of c shares words with a place of o, or
// the other way round.
func covered(c, o *candidate) bool { return c.within(o) || o.within(c) }

// within says whether every place of cand shares words with a place of o. No
// place of a candidate lies in another, so that both their ends are in order.
func (cand *candidate) within(o *candidate) bool {
	for _, sp := range cand.spans {
		i, _ := slices.BinarySearchFunc(o.spans, sp, func(e, sp span) int {
			if e.text < sp.text || e.text == sp.text && e.last <= sp.first {
				return -1
			}
			return 1
		})
		if i == len(o.spans) || !sp.overlaps(o.spans[i]) {
			return false
		}
	}
	return true
}

// maxEvidence bounds the places kept as evidence of one mention.
const maxEvidence = 3

// mention turns a pick into a mention, with the places that speak most for the
// role as evidence.
func (x *Extractor) mention(a *analysis, p pick) graph.Mention {
	c := a.candidates[p.candidate]
	f := x.sets.Get().(*featureSet)
	defer x.sets.Put(f)
	type place struct {
		span
		weight float64
	}
	var places []place
	for _, sp := range c.spans {
		f.reset()
		x.contextFeatures(f, a, c, sp)
		var z [roleCount]float64
		x.model.first.sum(f.all, z[:])
		places = append(places, place{sp, z[p.role]})
	}
	f.reset()
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(b.weight, a.weight) })
	m := graph.Mention{Relation: roles[p.role].Relation, Kind: roles[p.role].Kind, Name: c.name, Confidence: roundConfidence(p.confidence), Rule: "roles", Candidate: p.below}
	if c.derived {
		m.Rule = "roles, broader by the lexicon"
	}
	for _, form := range c.forms {
		if form != c.name {
			m.Aliases = append(m.Aliases, form)
		}
	}
	for _, v := range c.variants(m.Kind) {
		if !slices.Contains(c.forms, v) {
			m.Variants = append(m.Variants, v)
		}
	}
	for _, pl := range places {
		e := evidence(a.texts[pl.text], pl.first, pl.last)
		if !slices.ContainsFunc(m.Evidence, func(o graph.Evidence) bool { return o.Field == e.Field && o.Start == e.Start }) {
			m.Evidence = append(m.Evidence, e)
		}
		if len(m.Evidence) == maxEvidence {
			break
		}
	}
	return m
}

// evidence is the sentence of a run of tokens, with the run marked.
func evidence(t *text, first, last int) graph.Evidence {
	start, end := t.sentenceRange(t.tokens[first].sentence)
	return graph.Evidence{Field: t.field, Start: start, End: end, Quote: t.quote(start, end),
		MarkStart: t.tokens[first].start, MarkEnd: t.tokens[last-1].end}
}

// roundConfidence keeps two decimals: more is not known, and less is stored.
func roundConfidence(p float64) float64 { return max(math.Round(p*100)/100, 0.01) }
