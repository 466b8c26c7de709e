package extract

import (
	"cmp"
	"slices"
	"strings"

	"papergraph/graph"
)

// side is how the grammar finds one end of a relation from the words that
// state it, its trigger.
type side uint8

const (
	subjectOf   side = iota // who does what the trigger, a verb, says
	nounBefore              // the noun phrase that ends before the trigger
	clauseOf                // the subject of the clause that the trigger stands in
	following               // the subject of the clause after the trigger's phrase
	madeAfter               // what the clause after the trigger's phrase says is made
	objectsOf               // the names after the trigger
	listBefore              // the names joined before the trigger
	nameBefore              // the name right before the trigger
	objectsWith             // the names after the trigger, and after "with"
)

// frame is one way to state a relation.
type frame struct {
	rule     string
	relation graph.Relation
	// trigger is a sequence of words, each with its alternatives; a word that
	// ends in "?" may be left out.
	trigger  string
	from, to side
	// holds is a further condition on the trigger at items first to before
	// last; nil if there is none.
	holds func(r *reading, first, last int) bool
	// confidence is the share of the claims of the frame that readers found
	// right.
	confidence float64
}

// The frames. Several may state one relation of one sentence; the surest counts.
var frames = []frame{
	// outperforms
	{rule: "X outperforms Y", relation: graph.Outperforms, from: subjectOf, to: objectsOf, confidence: .95,
		trigger: "outperform/outperforms/outperformed/outperforming/surpass/surpasses/surpassed/surpassing/exceed/exceeds/exceeding/exceeded/beat/beats/beating/outdo/outdoes/excels/outstrips over?"},
	{rule: "X is superior to Y", relation: graph.Outperforms, from: subjectOf, to: objectsOf, confidence: .88, trigger: "is/are/was/were superior to"},
	{rule: "Y is outperformed by X", relation: graph.Outperforms, from: objectsOf, to: subjectOf, confidence: .85, trigger: "outperformed/surpassed/beaten by", holds: passive},
	{rule: "X improves over Y", relation: graph.Outperforms, from: subjectOf, to: objectsOf, confidence: .85, trigger: "improve/improves/improved/improving/improvement/improvements/gain/gains over/upon", holds: verbal},
	{rule: "X is better than Y", relation: graph.Outperforms, from: clauseOf, to: objectsOf, confidence: .87, trigger: "than", holds: better},
	{rule: "X gains over Y", relation: graph.Outperforms, from: clauseOf, to: objectsOf, confidence: .87, trigger: "over/compared/relative/against/comparison to?/with?", holds: positive},
	{rule: "compared with Y, X gains", relation: graph.Outperforms, from: following, to: objectsOf, confidence: .82, trigger: "compared/comparison/relative to/with", holds: positiveAfter},

	// basedOn
	{rule: "X builds on Y", relation: graph.BasedOn, from: subjectOf, to: objectsOf, confidence: .8, trigger: "build/builds on/upon top? of?"},
	{rule: "X is based on Y", relation: graph.BasedOn, from: subjectOf, to: objectsOf, confidence: .87, trigger: "based/built on/upon top? of?", holds: passive},
	{rule: "X extends Y", relation: graph.BasedOn, from: subjectOf, to: objectsOf, confidence: .83, trigger: "extend/extends/extending/modify/modifies/modifying", holds: notGerund},
	{rule: "X, based on Y", relation: graph.BasedOn, from: nounBefore, to: objectsOf, confidence: .9, trigger: "based/built/building on/upon top? of?"},
	{rule: "X derives from Y", relation: graph.BasedOn, from: subjectOf, to: objectsOf, confidence: .75, trigger: "derived/derives/fine-tuned/finetuned/adapted from", holds: passive},
	{rule: "X, derived from Y", relation: graph.BasedOn, from: nounBefore, to: objectsOf, confidence: .75, trigger: "derived/fine-tuned/finetuned/adapted from"},
	{rule: "X, a variant of Y", relation: graph.BasedOn, from: nounBefore, to: objectsOf, confidence: .83, trigger: "of", holds: variantOf},
	{rule: "based on Y, X", relation: graph.BasedOn, from: madeAfter, to: objectsOf, confidence: .75, trigger: "building/based/built on/upon top? of?", holds: opens},
	{rule: "extending Y, X", relation: graph.BasedOn, from: madeAfter, to: objectsOf, confidence: .75, trigger: "extending", holds: opens},

	// partOf
	{rule: "X consists of Y", relation: graph.PartOf, from: objectsOf, to: subjectOf, confidence: .87, trigger: "consist/consists of", holds: notGerund},
	{rule: "X, consisting of Y", relation: graph.PartOf, from: objectsOf, to: nounBefore, confidence: .78, trigger: "consisting/composed/comprised of", holds: notGerund},
	{rule: "X is composed of Y", relation: graph.PartOf, from: objectsOf, to: subjectOf, confidence: .8, trigger: "composed/comprised/made up? of", holds: passive},
	{rule: "X comprises Y", relation: graph.PartOf, from: objectsOf, to: subjectOf, confidence: .8, trigger: "comprise/comprises", holds: notGerund},
	{rule: "X, comprising Y", relation: graph.PartOf, from: objectsOf, to: nounBefore, confidence: .75, trigger: "comprising", holds: notGerund},
	{rule: "X combines Y", relation: graph.PartOf, from: objectsWith, to: subjectOf, confidence: .83, trigger: "combines/integrates/incorporates/unifies/couples/contains/combine/integrate/incorporate/unify/couple/contain", holds: notGerund},
	{rule: "X, combining Y", relation: graph.PartOf, from: objectsWith, to: nounBefore, confidence: .75, trigger: "combining/integrating/incorporating/unifying/coupling/containing", holds: notGerund},
	{rule: "Y, a component of X", relation: graph.PartOf, from: nounBefore, to: objectsOf, confidence: .75, trigger: "of/in", holds: componentOf},
	{rule: "the Y module of X", relation: graph.PartOf, from: nameBefore, to: objectsOf, confidence: .75, trigger: "module/component/block/layer/modules/components/blocks/layers of/in"},
	{rule: "X, a combination of Y", relation: graph.PartOf, from: objectsWith, to: nounBefore, confidence: .83, trigger: "of", holds: combinationOf},

	// usedFor
	{rule: "X addresses T", relation: graph.UsedFor, from: subjectOf, to: objectsOf, confidence: .85, trigger: "address/addresses/addressing/tackle/tackles/tackling/solve/solves/solving/perform/performs/performing/handle/handles"},
	{rule: "X for T", relation: graph.UsedFor, from: nounBefore, to: objectsOf, confidence: .9, trigger: "for"},
	{rule: "X to address T", relation: graph.UsedFor, from: nounBefore, to: objectsOf, confidence: .88, trigger: "to address/tackle/solve/perform/handle"},
	{rule: "apply X to T", relation: graph.UsedFor, from: nounBefore, to: objectsOf, confidence: .78, trigger: "to/in", holds: applied},
	{rule: "X is used for T", relation: graph.UsedFor, from: subjectOf, to: objectsOf, confidence: .88, trigger: "used/applied/employed/adopted/utilized for/to/in", holds: passive},
	{rule: "T using X", relation: graph.UsedFor, from: objectsOf, to: nounBefore, confidence: .77, trigger: "using/via/by"},
	{rule: "T with X", relation: graph.UsedFor, from: objectsOf, to: nounBefore, confidence: .82, trigger: "with", holds: inTitle},

	// evaluatedOn
	{rule: "evaluate X on D", relation: graph.EvaluatedOn, from: nounBefore, to: objectsOf, confidence: .87, trigger: "on/using/with/over", holds: evaluated},
	{rule: "X is evaluated on D", relation: graph.EvaluatedOn, from: subjectOf, to: objectsOf, confidence: .82, trigger: "evaluated/tested/validated/trained/benchmarked on/using/with/over", holds: passive},
	{rule: "X does well on D", relation: graph.EvaluatedOn, from: clauseOf, to: objectsOf, confidence: .93, trigger: "on/in", holds: locates},
	{rule: "on D, X does well", relation: graph.EvaluatedOn, from: following, to: objectsOf, confidence: .85, trigger: "on/in", holds: opens},

	// broader
	{rule: "Y such as X", relation: graph.Broader, from: objectsOf, to: nameBefore, confidence: .85, trigger: "such-as/including/like/e.g/namely", holds: general},
	{rule: "X and other Y", relation: graph.Broader, from: listBefore, to: objectsOf, confidence: .75, trigger: "and/or other"},
	{rule: "X is a Y", relation: graph.Broader, from: subjectOf, to: objectsOf, confidence: .82, trigger: "is/are a/an/one/the", holds: classed},
	{rule: "X, a Y", relation: graph.Broader, from: nameBefore, to: objectsOf, confidence: .9, trigger: "a/an", holds: apposed},
	{rule: "X, a kind of Y", relation: graph.Broader, from: nounBefore, to: objectsOf, confidence: .78, trigger: "of", holds: kindOf},
}

// grammar is the frames by the first word of their triggers.
type grammar map[string][]pattern

// pattern is a frame with its trigger taken apart.
type pattern struct {
	frame int
	words []alternatives
}

type alternatives struct {
	words    []string
	optional bool
}

// relationGrammar is made from the frames alone and never changes.
var relationGrammar = newGrammar(frames)

func newGrammar(frames []frame) grammar {
	g := grammar{}
	for n, f := range frames {
		p := pattern{frame: n}
		for _, w := range strings.Fields(f.trigger) {
			a := alternatives{optional: strings.HasSuffix(w, "?")}
			for _, s := range strings.Split(w, "/") {
				a.words = append(a.words, strings.TrimSuffix(s, "?"))
			}
			p.words = append(p.words, a)
		}
		for _, w := range p.words[0].words {
			g[w] = append(g[w], p)
		}
	}
	return g
}

// match returns the place after the pattern at i, or -1.
func (p pattern) match(r *reading, i int) int {
	for _, a := range p.words {
		switch w := r.at(i); {
		case w != "" && slices.Contains(a.words, w):
			i++
		case !a.optional:
			return -1
		}
	}
	return i
}

// stated is a relation that a sentence states between two candidates.
type stated struct {
	frame       int
	from, to    int
	first, last int // tokens of the words that state it, to the end of the names
}

// stated reads all relations of a sentence.
func (r *reading) stated(g grammar) []stated {
	var out []stated
	for i := range r.items {
		for _, p := range g[r.at(i)] {
			last := p.match(r, i)
			f := &frames[p.frame]
			if last < 0 || f.holds != nil && !f.holds(r, i, last) {
				continue
			}
			from, end := r.side(f.from, i, last)
			if len(from) == 0 {
				continue
			}
			to, end2 := r.side(f.to, i, last)
			if slices.ContainsFunc(from, func(c int) bool { return slices.Contains(to, c) }) {
				continue // "we combine X with Y", X being our own
			}
			end = max(end, end2, last)
			for _, x := range from {
				for _, y := range to {
					if x != y {
						out = append(out, stated{p.frame, x, y, r.items[i].first, r.items[end-1].last})
					}
				}
			}
		}
	}
	return out
}

// side finds one end of a frame whose trigger is at items first to before
// last, and where what has been read to the right ends.
func (r *reading) side(s side, first, last int) (names []int, end int) {
	switch s {
	case subjectOf:
		names, ok := r.subject(first)
		if !ok {
			return nil, last
		}
		return names, last
	case nounBefore:
		return r.noun(first), last
	case listBefore:
		names, _ := r.listBefore(first)
		return names, last
	case clauseOf:
		if r.denied(r.start(first), first) {
			return nil, last
		}
		return r.clauseSubject(first), last
	case nameBefore:
		return r.direct(first), last
	case objectsWith:
		names, end := r.objects(last)
		if r.at(end) == "with" {
			if more, next := r.objects(end + 1); len(more) > 0 {
				return append(names, more...), next
			}
		}
		return names, end
	case following, madeAfter:
		_, end := r.objects(last)
		return r.following(end, s == madeAfter), last
	}
	return r.objects(last)
}

// The conditions of frames.

func passive(r *reading, first, _ int) bool {
	return auxiliaries[r.at(first-1)] || r.at(first-1) == ","
}

// verbal tells "X improves over Y" from "an improvement over Y".
func verbal(r *reading, first, _ int) bool {
	return strings.HasPrefix(r.at(first), "improve") && !strings.HasPrefix(r.at(first), "improvement")
}

var betterWords = wordSet(`better faster superior stronger higher greater larger improved more`)

// better says whether a comparative that praises stands before "than".
func better(r *reading, first, _ int) bool {
	for k := first - 1; k >= 0 && first-k <= 6; k-- {
		w := r.at(k)
		if boundaries[w] || w == "," || w == "and" {
			return false
		}
		switch w {
		case "better", "faster", "superior", "stronger":
			return true
		case "higher", "greater", "more":
			return !lowerIsBetter(r, k+1, first)
		case "lower", "less", "fewer", "smaller":
			return lowerIsBetter(r, k+1, first)
		}
	}
	return false
}

var costs = wordSet(`error errors cost costs memory latency time loss perplexity fid regret complexity parameters computation compute overhead variance energy flops wer bias risk distortion consumption training inference usage`)

// lowerIsBetter says whether the words from first to before last speak of what
// should be low.
func lowerIsBetter(r *reading, first, last int) bool {
	for k := first; k < last; k++ {
		if costs[r.at(k)] {
			return true
		}
	}
	return false
}

// praise are the words that a comparison in favour of its subject has.
var praise = wordSet(`improves improve improved improving improvement improvements gain gains gained speedup speedups speed-up speed-ups better higher superior superiority boost boosts boosting advantage advantages faster increase increases
outperforms reduces reduce reducing reduction reductions accelerates advances enhances saves savings lower fewer`)

// positive says whether the clause praises before the comparison.
func positive(r *reading, first, last int) bool {
	if w := r.at(first); (w == "compared" || w == "relative" || w == "comparison") && last == first+1 || w == "over" && last > first+1 || w == "against" && last > first+1 {
		return false
	}
	for k := first - 1; k >= r.start(first) && first-k < 14; k-- {
		if praise[r.at(k)] {
			return true
		}
	}
	return false
}

// positiveAfter says whether the clause after an opening comparison praises.
func positiveAfter(r *reading, first, last int) bool {
	if !opens(r, first, last) {
		return false
	}
	for k := last; k < len(r.items) && k-last < 24; k++ {
		if praise[r.at(k)] || betterWords[r.at(k)] {
			return true
		}
		if r.at(k) == ";" || r.at(k) == "but" {
			return false
		}
	}
	return false
}

// opens says whether the trigger begins its sentence or clause.
func opens(r *reading, first, _ int) bool {
	k := first - 1
	if w := r.at(k); w == "in" || w == "when" || w == "as" {
		k--
	}
	w := r.at(k)
	return k < 0 || boundaries[w] || w == "," || w == "and" && r.at(k-1) == ","
}

var variants = wordSet(`variant variants extension extensions version versions generalization generalisation modification adaptation improvement refinement`)

func variantOf(r *reading, first, _ int) bool { return variants[r.at(first-1)] }

var components = wordSet(`component components module part block ingredient element`)

func componentOf(r *reading, first, _ int) bool { return components[r.at(first-1)] }

func combinationOf(r *reading, first, _ int) bool {
	w := r.at(first - 1)
	return w == "combination" || w == "ensemble" || w == "composition" || w == "integration"
}

// applied says whether the phrase before "to" or "in" is the object of "apply"
// or "use".
func applied(r *reading, first, _ int) bool {
	for k := first - 1; k >= 0 && first-k <= 8; k-- {
		if applying[r.at(k)] {
			return true
		}
		if prepositions[r.at(k)] || boundaries[r.at(k)] {
			return false
		}
	}
	return false
}

var evaluating = wordSet(`evaluate evaluates evaluated evaluating test tests testing validate validates validating assess assesses assessing benchmark benchmarking demonstrate demonstrates apply applying train training`)

// evaluated says whether the phrase before "on" is the object of "evaluate".
func evaluated(r *reading, first, _ int) bool {
	for k := first - 1; k >= 0 && first-k <= 8; k-- {
		if evaluating[r.at(k)] {
			return true
		}
		if prepositions[r.at(k)] && r.at(k) != "of" || boundaries[r.at(k)] {
			return false
		}
	}
	return false
}

// locates tells "does well on X" from "builds on X".
func locates(r *reading, first, _ int) bool { return !resting[r.at(first-1)] }

var resting = wordSet(`based built build builds building rely relies depend depends depending focus focuses rest rests`)

// inTitle says whether the sentence is the title, where "with" tells the means.
func inTitle(r *reading, _, _ int) bool { return r.title }

// notGerund tells "consists of X" from "consists of training X".
func notGerund(r *reading, _, last int) bool { return !strings.HasSuffix(r.at(last), "ing") }

// classed says whether the phrase after the trigger at items up to last ends
// where its name does: "X is a Y that", not "X is a Y estimate" or "X is a Y of
// Z".
func classed(r *reading, _, last int) bool {
	names, end := r.objects(last)
	w := r.at(end)
	for k := last; k < end; k++ {
		if generics[r.at(k)] && !topical[r.at(k)] {
			return false
		}
	}
	return len(names) == 1 && end > last && w != "of" && w != "and" && !(verbs[w] && !strings.HasSuffix(w, "ed"))
}

// topical are nouns after a name that leave it the topic: a "dimensionality
// reduction technique" is dimensionality reduction, a "point cloud generator"
// is no point cloud.
var topical = wordSet(`method methods approach approaches algorithm algorithms model models framework frameworks system systems architecture architectures technique techniques network networks
strategy strategies scheme schemes paradigm paradigms procedure procedures mechanism mechanisms solution solutions problem problems task tasks family families class classes`)

var amounts = wordSet(`number variety range set family class types kinds forms series array field area`)

// general says whether the name before "such as" is the noun that the
// particular ones are kinds of: a plural, and no part of a longer phrase.
func general(r *reading, first, _ int) bool {
	j := first - 1
	for r.at(j) == "," || r.at(j) == "(" {
		if r.at(j) == "," && r.at(first) == "including" {
			return false
		}
		j--
	}
	head := r.at(j)
	for generics[r.at(j)] {
		if !topical[r.at(j)] {
			return false
		}
		j--
	}
	if !r.isName(j) || head != "" && !strings.HasSuffix(head, "s") || head == "" && !r.items[j].plural {
		return false
	}
	k := j - 1
	for n := 0; n < 5 && r.modifier(k) && !articles[r.at(k)]; n++ {
		k--
	}
	switch r.at(k) {
	case "a", "an":
		return false
	case "with", "for", "from", "by", "of":
		return amounts[r.at(k-1)] || verbs[r.at(k-1)] || r.at(k-1) == "," || k == 0
	}
	return true
}

// apposed says whether the phrase after the comma explains the name before it
// and is not the next of a list.
func apposed(r *reading, first, last int) bool {
	if r.at(first-1) != "," && r.at(first-1) != "-" && r.at(first-1) != "–" {
		return false
	}
	if !classed(r, first, last) {
		return false
	}
	if from := r.start(first); r.adverbial(from) && !r.commaIn(from, first-1) {
		return false // "inspired by X, a new Y is"
	}
	_, end := r.objects(last)
	w := r.at(end)
	return w != "or" && !(w == "," && (articles[r.at(end+1)] || r.at(end+1) == "and" || r.at(end+1) == "or"))
}

// commaIn says whether a comma stands at items first to before last.
func (r *reading) commaIn(first, last int) bool {
	return slices.ContainsFunc(r.items[first:max(first, last)], func(i item) bool { return i.word == "," })
}

var kinds = wordSet(`kind type form class family subclass category branch`)

// kindOf says whether "a kind" stands before "of", not "this kind".
func kindOf(r *reading, first, _ int) bool {
	if !kinds[r.at(first-1)] {
		return false
	}
	for k := first - 2; k >= 0 && r.modifier(k); k-- {
		if w := r.at(k); w == "a" || w == "an" {
			return true
		}
	}
	return false
}

// relations reads the claims of a document between the entities picked.
// Where candidates were kept below the model's thresholds, the sentences are
// read again with them, for the claims that one of them has an end in: the
// claims between entities above do not depend on what else was kept.
func (x *Extractor) relations(a *analysis, picks []pick) []graph.Claim {
	firm := newEnds(a, picks, false)
	claims := firm.claims(nil)
	if slices.ContainsFunc(picks, func(p pick) bool { return p.below }) {
		claims = append(claims, newEnds(a, picks, true).claims(firm)...)
	}
	return claims
}

// ends are the candidates that a claim may join.
type ends struct {
	a     *analysis
	kinds map[int][]graph.Kind // of a candidate, the surest first
	at    []map[int]placedName // by text and token
	about subjects
}

func newEnds(a *analysis, picks []pick, below bool) *ends {
	e := &ends{a: a, kinds: map[int][]graph.Kind{}, at: make([]map[int]placedName, len(a.texts)), about: newSubjects(a, picks)}
	for n := range a.texts {
		e.at[n] = map[int]placedName{}
	}
	// The firm ones take their places first, longer names before shorter.
	taken := make([][]bool, len(a.texts))
	for n, t := range a.texts {
		taken[n] = make([]bool, len(t.tokens))
	}
	for _, round := range []bool{false, true} {
		if round && !below {
			break
		}
		type where struct {
			span
			candidate int
		}
		var all []where
		for _, p := range picks {
			c := a.candidates[p.candidate]
			if p.below != round || c.derived || vague(c.name) {
				continue
			}
			kind := roles[p.role].Kind
			if !slices.Contains(e.kinds[p.candidate], kind) {
				e.kinds[p.candidate] = append(e.kinds[p.candidate], kind)
			}
			for _, sp := range c.spans {
				all = append(all, where{sp, p.candidate})
			}
		}
		slices.SortFunc(all, func(x, y where) int {
			return cmp.Or(cmp.Compare(y.last-y.first, x.last-x.first), compareSpans(x.span, y.span), cmp.Compare(x.candidate, y.candidate))
		})
		for _, w := range all {
			if slices.Contains(taken[w.text][w.first:w.last], true) {
				continue
			}
			for i := w.first; i < w.last; i++ {
				taken[w.text][i] = true
			}
			e.at[w.text][w.first] = placedName{w.last, w.candidate}
		}
	}
	return e
}

// newSubjects finds what the paper introduces.
func newSubjects(a *analysis, picks []pick) subjects {
	s := subjects{own: ownMethod(a, picks), it: -1, words: map[string]bool{}, introduced: map[int]bool{}}
	for _, p := range picks {
		if p.role == roleIntroduceMethod && !p.below {
			s.introduced[p.candidate] = true
		}
	}
	if s.own >= 0 {
		for _, form := range a.candidates[s.own].forms {
			for _, w := range strings.Fields(strings.ToLower(form)) {
				s.words[w] = true
			}
		}
	}
	return s
}

// vague says whether a name has but words that any method may be called with.
func vague(name string) bool {
	for _, w := range strings.Fields(strings.ToLower(name)) {
		if !determiners[w] && !adjectives[w] && !generics[w] && !evaluative[w] {
			return false
		}
	}
	return true
}

var evaluative = wordSet(`state-of-art state of the art comparative additional simple standard alternative unified general generic learning training approach proposed hybrid efficient effective`)

// ownConfidence is how sure the introduction of a method must be for "our
// method" to mean it.
const ownConfidence = 0.5

// ownMethod is the candidate that "our method" stands for: the only method
// that the paper introduces, or the one that its title begins with.
func ownMethod(a *analysis, picks []pick) int {
	var made []int
	for _, p := range picks {
		if p.role == roleIntroduceMethod && !p.below && p.confidence >= ownConfidence {
			made = append(made, p.candidate)
		}
	}
	if len(made) == 1 {
		return made[0]
	}
	for _, m := range made {
		for _, sp := range a.candidates[m].spans {
			t := a.texts[sp.text]
			if t.field == graph.FieldTitle && sp.first == 0 && sp.last < len(t.tokens) && t.tokens[sp.last].text == ":" {
				return m
			}
		}
	}
	return -1
}

// claims reads every sentence. Where firm ends are given, it keeps only the
// claims that have an end which is not among them.
func (e *ends) claims(firm *ends) []graph.Claim {
	type key struct {
		from     string
		fromKind graph.Kind
		relation graph.Relation
		to       string
		toKind   graph.Kind
	}
	var claims []graph.Claim
	at := map[key]int{}
	for n, t := range e.a.texts {
		about := e.about
		for _, s := range t.sentences {
			r := newReading(t, s, e.at[n], about)
			for _, st := range r.stated(relationGrammar) {
				f := &frames[st.frame]
				from, to := e.a.candidates[st.from], e.a.candidates[st.to]
				fromKind, toKind, ok := e.fit(f.relation, st.from, st.to)
				if !ok || firm.has(st.from, fromKind) && firm.has(st.to, toKind) {
					continue
				}
				start, end := t.sentenceRange(t.tokens[st.first].sentence)
				ev := graph.Evidence{Field: t.field, Start: start, End: end, Quote: t.quote(start, end),
					MarkStart: t.tokens[st.first].start, MarkEnd: t.tokens[st.last-1].end}
				k := key{from.name, fromKind, f.relation, to.name, toKind}
				i, ok := at[k]
				if !ok {
					at[k] = len(claims)
					claims = append(claims, graph.Claim{From: from.name, FromKind: fromKind, Relation: f.relation, To: to.name, ToKind: toKind,
						Evidence: []graph.Evidence{ev}, Confidence: f.confidence, Rule: f.rule})
					continue
				}
				c := &claims[i]
				// the surest statement's sentence comes first
				place := len(c.Evidence)
				if f.confidence > c.Confidence {
					c.Confidence, c.Rule, place = f.confidence, f.rule, 0
				}
				if !slices.ContainsFunc(c.Evidence, func(o graph.Evidence) bool { return o.Field == ev.Field && o.Start == ev.Start }) {
					c.Evidence = slices.Insert(c.Evidence, place, ev)
					c.Evidence = c.Evidence[:min(len(c.Evidence), maxEvidence)]
				}
			}
			// "it" is what the sentence before named
			about.it = -1
			if slices.ContainsFunc(r.items, func(i item) bool { return i.candidate >= 0 && i.candidate == about.own }) {
				about.it = about.own
			}
		}
	}
	return claims
}

// has says whether a candidate is an end of that kind; of no ends none is.
func (e *ends) has(candidate int, kind graph.Kind) bool {
	return e != nil && slices.Contains(e.kinds[candidate], kind)
}

// fit returns kinds of two candidates that the relation may join.
func (e *ends) fit(r graph.Relation, from, to int) (fromKind, toKind graph.Kind, ok bool) {
	info, _ := r.Info()
	for _, fk := range e.kinds[from] {
		for _, tk := range e.kinds[to] {
			if slices.Contains(info.Pairs, [2]graph.Kind{fk, tk}) &&
				graph.CheckEdge(graph.NewID(fk, e.a.candidates[from].name), r, graph.NewID(tk, e.a.candidates[to].name)) == nil {
				return fk, tk, true
			}
		}
	}
	return "", "", false
}
