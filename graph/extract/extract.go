package extract

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"

	"papergraph/graph"
	"papergraph/graph/lexicon"
)

// version names the rules of this package; with the model's own version it is
// the extractor's. Raise it when the same text would give other facts.
const version = "papergraph-extract/2"

// Extractor turns documents into facts. It may be used from many goroutines.
type Extractor struct {
	lexicon *lexicon.Lexicon
	model   *Model
	sets    sync.Pool // of *featureSet
}

// New makes an extractor from a lexicon and the shipped model. The error wraps
// [ErrModel].
func New(lex *lexicon.Lexicon) (*Extractor, error) {
	m, err := DefaultModel()
	if err != nil {
		return nil, fmt.Errorf("load the shipped model: %w", err)
	}
	return NewWithModel(lex, m), nil
}

// NewWithModel makes an extractor from a lexicon and a model.
func NewWithModel(lex *lexicon.Lexicon, m *Model) *Extractor {
	return &Extractor{lexicon: lex, model: m, sets: sync.Pool{New: func() any { return newFeatureSet() }}}
}

// Version names the rules and the model. Facts of one version and one text are
// always the same.
func (x *Extractor) Version() string { return version + "+" + x.model.Version }

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
// of what the document's other candidates scored.
func (x *Extractor) score(a *analysis) scores {
	f := x.sets.Get().(*featureSet)
	defer x.sets.Put(f)
	first := make(scores, len(a.candidates))
	x.eachFeatures(f, a, func(i int, list []uint32) {
		x.model.first.sum(list, first[i][:])
	})
	second := make(scores, len(a.candidates))
	x.eachSecondFeatures(f, a, first, func(i int, list []uint32) {
		x.model.second.sum(list, second[i][:])
	})
	return second
}

// eachFeatures calls use with the first-stage features of each candidate. The
// list is valid only during the call.
func (x *Extractor) eachFeatures(f *featureSet, a *analysis, use func(i int, list []uint32)) {
	for i, c := range a.candidates {
		f.reset()
		x.nameFeatures(f, a, c)
		for n, sp := range c.spans {
			if n == maxFeatureSpans {
				break
			}
			x.contextFeatures(f, a, c, sp)
		}
		use(i, f.list)
	}
	f.reset()
}

// eachSecondFeatures calls use with the second-stage features of each
// candidate: its own first-stage scores, its rank in each role, and the best
// score among the candidates that share its words (stacking; Wolpert,
// "Stacked Generalization", 1992).
func (x *Extractor) eachSecondFeatures(f *featureSet, a *analysis, first scores, use func(i int, list []uint32)) {
	var order [roleCount][]int
	rank := make([][roleCount]int, len(first))
	for r := range roleCount {
		order[r] = make([]int, len(first))
		for i := range order[r] {
			order[r][i] = i
		}
		slices.SortStableFunc(order[r], func(i, j int) int { return cmp.Compare(first[j][r], first[i][r]) })
		for n, i := range order[r] {
			rank[i][r] = n
		}
	}
	longer, shorter := nearby(a, first)
	for i, c := range a.candidates {
		f.reset()
		f.add("bias2")
		kinds := x.kindsOf(c)
		sh := shape(c.name)
		best := 0
		for r := range roleCount {
			if first[i][r] > first[i][best] {
				best = r
			}
		}
		for r := range roleCount {
			name := smallNumbers[r]
			level := logitLevel(first[i][r])
			f.add("own", name, level)
			f.add("ownfine", name, fineLevel(first[i][r]))
			f.add("rank", name, bucket(rank[i][r]), level)
			f.add("ownkind", name, level, kinds)
			f.add("ownshape", name, level, sh)
			for q := range r {
				f.add("pair", name, smallNumbers[q], level, logitLevel(first[i][q]))
			}
			f.add("longer", name, level, logitLevel(longer[i][r]))
			f.add("shorter", name, level, logitLevel(shorter[i][r]))
			f.add("top", name, level, logitLevel(first[order[r][0]][r]))
			if len(order[r]) > 1 {
				f.add("runner", name, level, logitLevel(first[order[r][1]][r]))
			}
		}
		f.add("best", smallNumbers[best], kinds)
		f.add("best", smallNumbers[best], sh)
		if st, ok := x.model.phrases.lookup(c.key); ok {
			f.add("df2", smallNumbers[best], smallNumbers[st[statDocuments]])
			f.add("kw2", smallNumbers[best], smallNumbers[st[statKeyword]], smallNumbers[st[statDocuments]])
		}
		use(i, f.list)
	}
	f.reset()
}

// logitLevel names log-odds in steps of one.
func logitLevel(z float64) string {
	if math.IsInf(z, -1) {
		return "none"
	}
	return smallNumbers[int(math.Floor(min(max(z, -8), 8)))+8]
}

// fineLevel names log-odds in steps of a quarter near zero.
func fineLevel(z float64) string {
	n := int(math.Floor(min(max(z, -4), 3.99)*4)) + 16
	return string(rune('a' + n))
}

// nearby returns for each candidate the best score in each role among those
// that share words with it and have a longer key, and among the others that
// share words with it; -Inf where there is none.
func nearby(a *analysis, first scores) (longer, shorter scores) {
	type owned struct {
		span
		owner int
	}
	byText := make([][]owned, len(a.texts))
	longer, shorter = make(scores, len(a.candidates)), make(scores, len(a.candidates))
	for i, c := range a.candidates {
		for r := range roleCount {
			longer[i][r], shorter[i][r] = math.Inf(-1), math.Inf(-1)
		}
		if c.derived {
			continue
		}
		for _, sp := range c.spans {
			byText[sp.text] = append(byText[sp.text], owned{sp, i})
		}
	}
	take := func(p, q int) {
		best := &shorter[p]
		if len(a.candidates[q].key) > len(a.candidates[p].key) {
			best = &longer[p]
		}
		for r := range roleCount {
			best[r] = max(best[r], first[q][r])
		}
	}
	for _, list := range byText {
		slices.SortFunc(list, func(a, b owned) int { return compareSpans(a.span, b.span) })
		for i := range list {
			for j := i + 1; j < len(list) && list[j].first < list[i].last; j++ {
				if p, q := list[i].owner, list[j].owner; p != q {
					take(p, q)
					take(q, p)
				}
			}
		}
	}
	return longer, shorter
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
		x.model.first.sum(f.list, z[:])
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
