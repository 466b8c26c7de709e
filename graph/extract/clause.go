package extract

import (
	"slices"
	"strings"
	"unicode"

	"papergraph/graph"
)

// item is what the grammar of relations sees of a sentence: a name, or a word
// or sign.
type item struct {
	word        string // in lower case; empty for a name
	candidate   int    // index of the candidate that the name is; -1 for a word
	first, last int    // tokens, half open
	content     bool   // a word that may be part of a name
	plural      bool   // of a name: its last word looks like a plural
}

// reading is a sentence prepared for the grammar: names in one piece, without
// adverbs, quotation marks, and brackets that only explain or cite.
type reading struct {
	items []item
	subjects
	title bool
	// more is true of a sentence that speaks of something else besides: "we
	// also present".
	more bool
}

// subjects are what a sentence may speak of without naming it.
type subjects struct {
	// own is the candidate that "we" and "our method" stand for, it the one
	// that "it" does; -1 where that is not known.
	own, it int
	// words are those of the own one's names, in lower case: "our tracker" is
	// another thing where it is not called one.
	words map[string]bool
	// introduced are the candidates that the paper introduces.
	introduced map[int]bool
}

// reach bounds in items how far apart in a sentence things may stand that
// belong together, and listReach how many names a list may have. No clause of
// an abstract comes near either.
const (
	reach     = 60
	listReach = 12
)

// Words by their use in a clause.
var (
	articles    = wordSet(`a an the`)
	determiners = wordSet(`a an the this these those its their our some any each every all several many various numerous multiple different other another two three four five six most more such`)
	adjectives  = wordSet(`new novel existing previous prior recent well well-known better best state-of-the-art sota first second proposed developed resulting corresponding few much current conventional traditional strong competitive`)
	// generics are nouns that say of a name what it is.
	generics = wordSet(`method methods approach approaches algorithm algorithms model models framework frameworks system systems architecture architectures
technique techniques baseline baselines network networks strategy strategies scheme schemes pipeline pipelines variant variants counterpart counterparts competitor competitors
alternative alternatives module modules component components layer layers mechanism mechanisms optimizer optimizers dataset datasets benchmark benchmarks corpus corpora
task tasks problem problems paradigm paradigms solution solutions procedure procedures library toolkit tool tools agent agents solver solvers classifier classifiers learner learners
detector detectors encoder encoders decoder decoders generator generators backbone backbones representation representations family families class classes
extension extensions version versions kind kinds type types form forms instance instances case cases example examples domain domains area areas field fields suite suites
formulation technology technologies software package metric metrics measure measures objective objectives loss losses estimator estimators predictor predictors policy policies`)
	auxiliaries  = wordSet(`is are was were be been being has have had can will does do did`)
	hedges       = wordSet(`may might could should would must potentially possibly hopefully if whether aim aims aimed aiming try tries attempt attempts seek seeks expected expect hope order goal`)
	negations    = wordSet(`not never cannot no nor neither without hardly barely rarely fail fails failed failing unable instead unlike lack lacks`)
	prepositions = wordSet(`of in on at by for with from to into onto over under above below between among across through throughout during within via per toward towards upon along despite except like than as against using without based built about after before`)
	denials      = wordSet(`not never cannot hardly barely rarely fail fails failed failing unable`)
	relatives    = wordSet(`that which who`)
	// boundaries begin or end a clause.
	boundaries = wordSet(`; : while whereas but although though because since when where if that which who until unless so`)
	// ownVerbs are what a paper does with its own work.
	ownVerbs = wordSet(`propose proposes proposed proposing introduce introduces introduced introducing present presents presented presenting develop develops developed developing
design designs designed designing devise devises devised describe describes described build builds built construct constructs constructed create creates created release releases released
contribute offer offers provide provides implement implements implemented formulate formulates formulated derive derives derived study introduce`)
	naming   = wordSet(`called named dubbed termed coined denoted namely`)
	applying = wordSet(`use uses used using apply applies applied applying employ employs employed employing adopt adopts adopted adopting leverage leverages leveraged leveraging utilize utilizes utilized utilizing utilise exploit exploits exploiting`)
	// verbs are finite forms that follow a subject.
	verbs = wordSet(`is are was were has have had can will does do did may might could should would must cannot
achieves achieve achieved outperforms outperform outperformed surpasses surpass surpassed exceeds exceed beats beat improves improve improved reduces reduce reduced increases increase increased
shows show showed demonstrates demonstrate demonstrated yields yield yielded obtains obtain obtained attains attain attained provides provide provided produces produce produced performs perform performed
uses use used employs employ employed leverages leverage adopts adopt applies apply utilizes utilize exploits exploit extends extend extended builds build combines combine combined
consists consist comprises comprise integrates integrate integrated incorporates incorporate incorporated unifies unify contains contain contained includes include included couples couple
addresses address addressed tackles tackle tackled solves solve solved handles handle enables enable enabled allows allow allowed requires require required makes make made takes take took
gives give gave offers offer leads lead led gains gain gained boosts boost boosted accelerates accelerate accelerated sets set establishes establish delivers deliver generates generate generated
learns learn learned trains train trained generalizes generalize generalises supports support runs run ran works work remains remain becomes become exhibits exhibit maintains maintain
reaches reach reached proposes propose introduces introduce presents present enhances enhance enhanced matches match scales scale saves save cuts cut brings bring ranks rank compares compare
reveals reveal indicates indicate suggests suggest confirms confirm verifies validate validates proves prove finds find found outputs predicts predict captures capture models
retains retain preserves preserve excels excel surpasses converges converge speeds aims aim seeks relies rely operates operate serves serve consistently advances lowers lower avoids avoid
needs need considers consider describes discusses conducts explores investigates investigate
mitigates mitigate overcomes overcome alleviates alleviate estimates estimate recovers recover detects detect segments suffers suffer fails fail`)
	saying = wordSet(`show shows showed shown showing demonstrate demonstrates demonstrated demonstrating reveal reveals revealed indicate indicates indicated suggest suggests find finds found confirm confirms confirmed prove proves proved verify validate observe observed report illustrate illustrates see`)
	// listing words lead from a general name to particular ones.
	listing = wordSet(`such-as including like e.g i.e namely especially particularly notably`)
	// besides are words of a sentence that turns to something else.
	besides    = wordSet(`also another further furthermore moreover additionally addition second secondly`)
	notAdverbs = wordSet(`only family assembly hardly barely rarely likely apply supply rely multiply imply early anomaly`)
	fillers    = wordSet(`also further even still again already now then thus therefore hence both either jointly respectively here often alone itself furthermore moreover`)
)

// newReading prepares a sentence. nameAt gives for a token the end of the name
// that begins there and its candidate.
func newReading(t *text, s sentence, nameAt map[int]placedName, about subjects) *reading {
	r := &reading{subjects: about, title: t.field == graph.FieldTitle}
	for i := s.first; i < s.last; {
		if n, ok := nameAt[i]; ok {
			// The short form beside the long one is the same name.
			if k := len(r.items) - 1; k < 0 || r.items[k].candidate != n.candidate {
				r.items = append(r.items, item{candidate: n.candidate, first: i, last: n.last, plural: strings.HasSuffix(t.tokens[n.last-1].text, "s")})
			}
			i = n.last
			continue
		}
		i = r.word(t, s, i, nameAt)
	}
	return r
}

// placedName is a name that begins at a token.
type placedName struct {
	last      int
	candidate int
}

// word takes in the word or sign at token i and returns the token after it.
func (r *reading) word(t *text, s sentence, i int, nameAt map[int]placedName) int {
	tok := &t.tokens[i]
	w := tok.lower
	r.more = r.more || besides[w]
	lower := func(j int) string {
		if j >= s.last {
			return ""
		}
		return t.tokens[j].lower
	}
	add := func(word string, last int) int {
		r.items = append(r.items, item{word: word, candidate: -1, first: i, last: last, content: tok.content || tok.class == numberToken})
		return last
	}
	switch {
	case w == "(" || w == "[":
		return r.bracket(t, s, i, nameAt)
	case w == ")" || w == "]":
		if w == ")" {
			add(w, i+1) // of a bracket that was kept
		}
		return i + 1
	case (w == "'" || w == "’") && lower(i+1) == "s" && t.tokens[i+1].tight:
		return add("'s", i+2)
	case strings.Contains("\"“”‘’'`*$", w):
		return i + 1
	case w == "not" && (lower(i+1) == "only" || lower(i+1) == "just"):
		return i + 2
	case w == "but" && lower(i+1) == "also":
		return add("and", i+2)
	case w == "as" && lower(i+1) == "well" && lower(i+2) == "as":
		return add("and", i+3)
	case w == "along" && lower(i+1) == "with", w == "together" && lower(i+1) == "with":
		return add("with", i+2)
	case w == "such" && lower(i+1) == "as":
		return add("such-as", i+2)
	case w == "one" && lower(i+1) == "of", w == "some" && lower(i+1) == "of", w == "all" && lower(i+1) == "of":
		return i + 2
	case w == "&" || w == "/" && tok.class == punctToken:
		return add("and", i+1)
	case w == "e.g" || w == "i.e" || w == "etc" || w == "vs":
		last := i + 1
		if lower(last) == "." {
			last++
		}
		return add(w, last)
	case fillers[w], w != "" && adverb(w) && tok.class == wordToken && unicode.IsLower([]rune(tok.text)[0]):
		return i + 1
	}
	return add(w, i+1)
}

func adverb(w string) bool { return len(w) > 4 && strings.HasSuffix(w, "ly") && !notAdverbs[w] }

// bracket takes in a bracket that begins at token i where it lists names, and
// passes over any other.
func (r *reading) bracket(t *text, s sentence, i int, nameAt map[int]placedName) int {
	depth, last := 0, i
	for ; last < s.last && last-i < 2*reach; last++ {
		switch t.tokens[last].text {
		case "(", "[":
			depth++
		case ")", "]":
			depth--
		}
		if depth == 0 {
			break
		}
	}
	if depth > 0 || last == i+1 {
		return i + 1
	}
	if last == i+2 && len(t.tokens[i+1].text) <= 3 && (t.tokens[i+1].class == numberToken || t.tokens[i+1].lower == t.tokens[i+1].text) {
		// "(2)", "(b)": the next of several
		r.items = append(r.items, item{word: ";", candidate: -1, first: i, last: last + 1})
		return last + 1
	}
	lists := listing[t.tokens[i+1].lower] || t.tokens[i+1].lower == "such"
	if k := len(r.items) - 1; !lists && k >= 0 && r.items[k].candidate < 0 && generics[r.items[k].word] {
		_, lists = nameAt[i+1]
	}
	if lists && t.tokens[i].text == "(" {
		r.items = append(r.items, item{word: "(", candidate: -1, first: i, last: i + 1})
		return i + 1
	}
	return last + 1
}

// at is the word at place i, empty for a name and outside.
func (r *reading) at(i int) string {
	if i < 0 || i >= len(r.items) {
		return ""
	}
	return r.items[i].word
}

func (r *reading) isName(i int) bool {
	return i >= 0 && i < len(r.items) && r.items[i].candidate >= 0
}

// modifier says whether the word at i may stand before a noun of its phrase.
func (r *reading) modifier(i int) bool {
	if i < 0 || i >= len(r.items) || r.items[i].candidate >= 0 {
		return false
	}
	it := r.items[i]
	return determiners[it.word] || adjectives[it.word] || it.content && (!verbs[it.word] || generics[it.word])
}

// ours is what "we" stands for.
func (r *reading) ours() []int {
	if r.own < 0 {
		return nil
	}
	return []int{r.own}
}

// objects reads the list of names that begins at i: "the popular A, B and C",
// "strong baselines such as A and B". It returns the place after the list. The
// object of a verb ends before a name that has a verb of its own.
func (r *reading) objects(i int) (names []int, next int) {
	return r.list(i, listing[r.at(i-1)])
}

// list is objects; with subject a verb may follow the last name.
func (r *reading) list(i int, subject bool) (names []int, next int) {
	next = i
	for len(names) < listReach {
		j := r.passModifiers(next)
		if !r.isName(j) {
			// "methods such as", "methods, including", "methods (A, B"
			if len(names) > 0 || j == next && r.at(j) != "such-as" {
				return names, next
			}
			k := j
			if r.at(k) == "," {
				k++
			}
			switch {
			case r.at(k) == "(" && k == j:
				k++
				if listing[r.at(k)] {
					k++
				}
			case listing[r.at(k)]:
				subject = true
				k++
			default:
				return names, next
			}
			if r.at(k) == "," {
				k++
			}
			j = r.passModifiers(k)
			if !r.isName(j) {
				return names, next
			}
		}
		end := j + 1
		heads := end
		for generics[r.at(heads)] && r.at(heads) != "" {
			heads++
		}
		if r.isName(heads) || r.modifier(heads) && !determiners[r.at(heads)] && !verbs[r.at(heads)] || r.at(heads) == "'s" || r.at(heads) == "based" && (r.modifier(heads+1) || r.isName(heads+1)) {
			return names, next // a name inside a longer one that is not known
		}
		if len(names) > 0 && verbs[r.at(heads)] && !subject {
			return names, next // the subject of a clause of its own
		}
		names = append(names, r.items[j].candidate)
		next = heads
		// what joins the next
		k := next
		for r.at(k) == "," || r.at(k) == "and" || r.at(k) == "or" {
			k++
		}
		if k == next || k-next > 2 {
			return names, next
		}
		after := r.passModifiers(k)
		if !r.isName(after) || after-k > 3 {
			return names, next
		}
		joint := next
		next = k
		if !r.goesOn(after, subject) {
			return names, joint
		}
	}
	return names, next
}

// goesOn says whether the name at i can be the next of a list.
func (r *reading) goesOn(i int, subject bool) bool {
	heads := i + 1
	for generics[r.at(heads)] {
		heads++
	}
	switch w := r.at(heads); {
	case verbs[w]:
		return subject
	case r.isName(heads) || w == "'s":
		return false
	}
	return !r.modifier(heads) || determiners[r.at(heads)]
}

// passModifiers returns the place after at most five words that may stand
// before a name.
func (r *reading) passModifiers(i int) int {
	for n := 0; n < 5 && r.modifier(i); n++ {
		i++
	}
	return i
}

// phrase reads the noun phrase that begins at i and can be a subject: "we",
// "our method X", "the proposed X", "A and B".
func (r *reading) phrase(i int) (names []int, next int) {
	switch r.at(i) {
	case "we":
		return r.ours(), i + 1
	case "it":
		if r.it >= 0 {
			return []int{r.it}, i + 1
		}
		return nil, i
	}
	j := i
	for n := 0; n < 6 && r.modifier(j); n++ {
		j++
	}
	if !r.isName(j) {
		switch {
		case j > i && r.at(j) == "," && r.isName(j+1) && (r.at(j+2) == "," || verbs[r.at(j+2)]): // "our method, X, …"
			return []int{r.items[j+1].candidate}, j + 2
		case r.isOurs(i, j):
			return r.ours(), j
		}
		return nil, i
	}
	return r.list(i, true)
}

// isOurs says whether the words from i to before j are "our method", "the
// proposed model" or the like.
func (r *reading) isOurs(i, j int) bool {
	if j-i < 2 || !generics[r.at(j-1)] {
		return false
	}
	switch {
	case r.at(i) == "our", r.at(i) == "this", r.at(i) == "the" && r.at(i+1) == "proposed":
	default:
		return false
	}
	for k := i + 1; k < j-1; k++ {
		if w := r.at(k); !adjectives[w] && !generics[w] && !r.words[w] || w == "other" || w == "existing" {
			return false
		}
	}
	return true
}

// start is the place where the clause begins that the item before i is in.
func (r *reading) start(i int) int {
	for k := i - 1; k >= 0 && i-k < reach; k-- {
		if boundaries[r.at(k)] {
			return k + 1
		}
	}
	return max(i-reach, 0)
}

// clauseSubject is the subject of the clause that the item before i is in.
func (r *reading) clauseSubject(i int) []int {
	from := r.start(i)
	if relatives[r.at(from-1)] && (verbs[r.at(from)] || auxiliaries[r.at(from)]) {
		return r.noun(from - 1)
	}
	for n := 0; n < 4 && from < i; n++ {
		if r.at(from) == "," || r.at(from) == "and" {
			from++
			continue
		}
		if names, next := r.phrase(from); len(names) > 0 && next <= i {
			if w := r.at(next); next == i || verbs[w] || prepositions[w] || relatives[w] || w == "," {
				return names
			}
			return nil
		}
		// after an adverbial: "On D, X …"
		comma := from
		for comma < i && r.at(comma) != "," {
			comma++
		}
		if comma == i || !r.adverbial(from) {
			return nil
		}
		from = comma + 1
	}
	return nil
}

// adverbial says whether what begins at i is no subject but says how or where.
func (r *reading) adverbial(i int) bool {
	w := r.at(i)
	return prepositions[w] || strings.HasSuffix(w, "ing") || strings.HasSuffix(w, "ed") || w == "however" || w == "overall" || w == "finally" || w == "compared" || w == "first" || w == "second" || w == "third" || w == "respectively" || w == "e.g"
}

// subject is who does what the verb before i says: the words from left on are
// its auxiliaries. ok is false where the clause denies or only supposes.
func (r *reading) subject(i int) (names []int, ok bool) {
	j := i - 1
	for {
		w := r.at(j)
		switch {
		case w != "" && (hedges[w] || negations[w]):
			return nil, false
		case auxiliaries[w]:
			j--
			continue
		case w == "to":
			// "is shown to outperform"
			if b := r.at(j - 1); saying[b] || b == "able" || b == "known" || b == "proven" {
				j -= 2
				continue
			}
			return nil, true
		}
		break
	}
	if j < 0 {
		return nil, true
	}
	if r.denied(r.start(i), i) {
		return nil, false
	}
	if relatives[r.at(j)] {
		return r.noun(j), true
	}
	if strings.HasSuffix(r.at(i), "ing") && (r.at(j) == "," || r.at(j) == "while" || r.at(j) == "and" || r.at(j) == "thereby" || r.at(j) == "by") {
		if r.at(j) == "while" || r.at(j) == "thereby" {
			j--
			if r.at(j) == "," {
				j--
			}
			j++
		}
		return r.clauseSubject(j), true
	}
	switch r.at(j) {
	case "there":
		return nil, true
	case "and", "or", "but":
		if r.at(j-1) == "," {
			j--
		}
		return r.clauseSubject(j), true
	case ",":
		// "X, a kind of Y, outperforms Z": back over what stands between
		for k := j - 1; k > 0 && j-k < reach/2; k-- {
			if r.at(k) == "," {
				if w := r.at(k + 1); articles[w] || relatives[w] || strings.HasSuffix(w, "ed") || w == "our" {
					return r.noun(k), true
				}
				return r.clauseSubject(j), true
			}
		}
		return r.clauseSubject(j), true
	}
	if names := r.noun(j + 1); len(names) > 0 {
		return names, true
	}
	if r.at(j) == "we" {
		return r.ours(), true
	}
	if r.at(j) == "it" {
		names, _ := r.phrase(j)
		return names, true
	}
	return r.clauseSubject(j + 1), true
}

// denied says whether the clause that holds the items from j to before i is
// denied or only supposed.
func (r *reading) denied(j, i int) bool {
	for k := i - 1; k >= j && k >= 0; k-- {
		// what is denied of another thing, "needs no labels", is not denied here
		if w := r.at(k); w != "" && (denials[w] || hedges[w]) {
			return true
		}
	}
	return false
}

// noun is what the noun phrase that ends before i names: a name, a list of
// names, or a description that stands for one, "X, a framework", "our method".
func (r *reading) noun(i int) []int { return r.nounAt(i, 3) }

// nounAt is noun, with a bound on how many phrases are climbed over.
func (r *reading) nounAt(i, depth int) []int {
	j := i - 1
	if r.at(j) == "," {
		j--
	}
	for generics[r.at(j)] {
		j--
	}
	if r.isName(j) {
		return r.nameEnding(j, depth)
	}
	j = i - 1
	if r.at(j) == "," || r.at(j) == "" {
		j--
	}
	if !r.modifier(j) || determiners[r.at(j)] {
		return nil
	}
	// a description: back to its article
	k := j
	for n := 0; n < 8 && k >= 0 && r.modifier(k) && !articles[r.at(k)] && r.at(k) != "our" && r.at(k) != "this" || r.isName(k) && n < 8 && k < j; n++ {
		k--
	}
	switch w := r.at(k); {
	case r.isOurs(k, j+1):
		if b := r.at(k - 1); !prepositions[b] || b == "of" && qualities[r.at(k-2)] {
			return r.ours()
		}
	case w == "a" || w == "an" || w == "the":
		return r.described(k)
	case prepositions[w] && depth > 0 && !r.isName(k):
		return r.nounAt(k, depth-1) // "X with rank scheduling"
	}
	return nil
}

// qualities are what a clause may speak of in place of the thing itself.
var qualities = wordSet(`performance effectiveness efficacy accuracy superiority efficiency capability capabilities ability generalization generalizability results quality utility benefits benefit advantages power strength robustness scalability`)

// described is what the description that begins with the article at k is of.
func (r *reading) described(k int) []int {
	before := k - 1
	switch w := r.at(before); {
	case w == "," || w == ":" || w == "-" || w == "–" || w == "—":
		for r.at(before) == w || r.at(before) == "-" {
			before--
		}
		for generics[r.at(before)] {
			before--
		}
		if r.isName(before) {
			return []int{r.items[before].candidate}
		}
	case w == "is" || w == "as":
		names, ok := r.subject(before)
		if ok && w == "is" {
			return names
		}
	case ownVerbs[w] && !r.more && r.by("we", before):
		return r.ours()
	}
	return nil
}

// by says whether the word stands shortly before i.
func (r *reading) by(word string, i int) bool {
	for k := i - 1; k >= 0 && i-k <= 4; k-- {
		if r.at(k) == word || r.at(k) == "paper" || r.at(k) == "work" {
			return true
		}
	}
	return false
}

// nameEnding is what the phrase stands for that ends with the name at j.
func (r *reading) nameEnding(j, depth int) []int {
	names := []int{r.items[j].candidate}
	k := j - 1
	for n := 0; n < 5 && r.modifier(k) && !articles[r.at(k)]; n++ {
		k--
	}
	if w := r.at(k); (w == "a" || w == "an") && !r.introduced[names[0]] {
		// "X, a BERT model", "we propose a BERT model"
		if of := r.described(k); len(of) > 0 {
			return of
		}
		if ownVerbs[r.at(k-1)] {
			return nil
		}
	}
	for articles[r.at(k)] {
		k--
	}
	switch w := r.at(k); {
	case w == "and" || w == "or" || w == ",":
		list, begin := r.listBefore(k)
		if len(list) == 0 {
			return names
		}
		b := begin - 1
		for n := 0; n < 5 && r.modifier(b); n++ {
			b--
		}
		if bw := r.at(b); b < 0 || boundaries[bw] || bw == "," || saying[bw] || ownVerbs[bw] || applying[bw] || w != "," && prepositions[bw] {
			names = append(list, names...)
			if prepositions[bw] && bw != "of" && depth > 0 {
				return r.climb(b, depth)
			}
		}
		return names
	case w == "of" && !qualities[r.at(k-1)] && r.at(k-1) != "variant":
		return r.climb(k, depth)
	case w == "of" || naming[w] || applying[w]:
		return names
	case prepositions[w] && depth > 0:
		return r.climb(k, depth)
	}
	return names
}

// climb is the phrase that the preposition at k belongs to.
func (r *reading) climb(k, depth int) []int {
	for r.at(k-1) == "based" || r.at(k-1) == "built" || r.at(k-1) == "trained" || r.at(k-1) == "combined" || r.at(k-1) == "equipped" {
		k--
	}
	if k <= 0 || boundaries[r.at(k-1)] || r.at(k-1) == "," && depth < 3 {
		return nil
	}
	return r.nounAt(k, depth-1)
}

// listBefore reads names joined by commas backwards from the conjunction at k.
func (r *reading) listBefore(k int) (names []int, begin int) {
	begin = k
	for len(names) < listReach {
		j := begin
		for r.at(j) == "," || r.at(j) == "and" || r.at(j) == "or" {
			j--
		}
		if j == begin || begin-j > 2 {
			return names, begin
		}
		for generics[r.at(j)] {
			j--
		}
		if !r.isName(j) {
			return names, begin
		}
		names = append([]int{r.items[j].candidate}, names...)
		begin = j
		if w := r.at(begin - 1); w == "the" || w == "a" || w == "an" {
			begin--
		}
		begin-- // the place that must join the next
		if w := r.at(begin); w != "," && w != "and" && w != "or" {
			return names, begin + 1
		}
	}
	return names, begin
}

// direct is the name that stands right before i, with no more than a noun that
// says what it is and a comma between.
func (r *reading) direct(i int) []int {
	j := i - 1
	if r.at(j) == "," || r.at(j) == "(" {
		j--
	}
	if r.at(j) == "," {
		j--
	}
	for generics[r.at(j)] {
		j--
	}
	if !r.isName(j) {
		return nil
	}
	return []int{r.items[j].candidate}
}

// following is the subject of the clause after an adverbial that ends before
// i: ", X achieves". What follows from a premise is made of it only where the
// clause says so: made asks for that.
func (r *reading) following(i int, made bool) []int {
	for k := i; k < len(r.items) && k-i < 12; k++ {
		if boundaries[r.at(k)] {
			return nil
		}
		if r.at(k) != "," {
			continue
		}
		names, next := r.phrase(k + 1)
		if r.at(k+1) == "we" && ownVerbs[r.at(next)] {
			// "based on Y, we propose X", "we propose a framework"
			if made, _ := r.objects(next + 1); len(made) > 0 {
				return made[:1]
			}
			if end := r.passModifiers(next + 1); !r.more && (r.at(next+1) == "a" || r.at(next+1) == "an") && generics[r.at(end-1)] {
				return r.ours()
			}
			return nil
		}
		if made && slices.Equal(names, r.ours()) {
			return nil // "based on Y, we learn"
		}
		if len(names) > 0 && (verbs[r.at(next)] || auxiliaries[r.at(next)]) {
			return names
		}
		return nil
	}
	return nil
}
