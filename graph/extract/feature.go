package extract

import (
	"maps"
	"math/bits"
	"slices"
	"strings"

	"papergraph/graph"
)

// bucketBits is the size of the hashed feature space, 2^18: with features seen
// in at least three documents, some 15 % of them share a bucket.
const bucketBits = 18

// bitmap is a set of features.
type bitmap []uint64

func (m bitmap) has(b uint32) bool { return m[b>>6]&(1<<(b&63)) != 0 }
func (m bitmap) set(b uint32)      { m[b>>6] |= 1 << (b & 63) }

// parts are the features of a candidate: all of them without repeats, and by
// part, which are the name and each of its places.
type parts struct {
	all     []uint32
	inParts []uint32 // the parts one after the other
	ends    []int    // where each ends in inParts
}

func (p *parts) len() int { return len(p.ends) }

func (p *parts) part(k int) []uint32 {
	if k == 0 {
		return p.inParts[:p.ends[0]]
	}
	return p.inParts[p.ends[k-1]:p.ends[k]]
}

// featureSet collects hashed features (Weinberger et al., "Feature Hashing for
// Large Scale Multitask Learning", ICML 2009) without repeats in a part.
type featureSet struct {
	parts
	seen, inPart bitmap // cleared after each use
}

func newFeatureSet() *featureSet {
	return &featureSet{seen: make(bitmap, 1<<(bucketBits-6)), inPart: make(bitmap, 1<<(bucketBits-6))}
}

// endPart begins the next part.
func (f *featureSet) endPart() {
	start := 0
	if n := len(f.ends); n > 0 {
		start = f.ends[n-1]
	}
	for _, b := range f.inParts[start:] {
		f.inPart[b>>6] = 0
	}
	f.ends = append(f.ends, len(f.inParts))
}

func (f *featureSet) reset() {
	f.endPart()
	for _, b := range f.all {
		f.seen[b>>6] = 0
	}
	f.all, f.inParts, f.ends = f.all[:0], f.inParts[:0], f.ends[:0]
}

const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
)

func hashString(h uint64, s string) uint64 {
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * fnvPrime
	}
	return (h ^ 0xff) * fnvPrime
}

// mix spreads FNV's weak high bits (the finaliser of MurmurHash3).
func mix(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	return h
}

// add takes in the feature named by its template and values.
func (f *featureSet) add(template string, values ...string) {
	h := hashString(fnvOffset, template)
	for _, v := range values {
		h = hashString(h, v)
	}
	b := uint32(mix(h) >> (64 - bucketBits))
	if f.inPart.has(b) {
		return
	}
	f.inPart.set(b)
	f.inParts = append(f.inParts, b)
	if !f.seen.has(b) {
		f.seen.set(b)
		f.all = append(f.all, b)
	}
}

// bucket names a count by its magnitude.
func bucket(n int) string {
	if n <= 4 {
		return smallNumbers[max(n, 0)]
	}
	return smallNumbers[min(2+bits.Len(uint(n)), len(smallNumbers)-1)]
}

var smallNumbers = []string{"0", "1", "2", "3", "4", "5-7", "8-15", "16-31", "32-63", "64+", "128+", "256+", "512+", "1k+", "2k+", "4k+", "8k+", "16k+", "32k+", "64k+", "128k+"}

// Cue words by what they speak of. The nearest one in front of a name, and
// which of these groups its sentence has, are features.
var cues = cueGroups(map[string]string{
	"propose": "propose proposes proposed proposing introduce introduces introduced introducing present presents presented develop develops developed design designed devise devised contribute build built create created release released construct constructed call called named dubbed termed coin",
	"beat":    "outperform outperforms outperforming outperformed surpass surpasses surpassing exceed exceeds beat beats compared compare compares comparable comparison against than over baseline baselines superior competitive versus vs counterpart counterparts competitors",
	"use":     "using use uses used employ employs employing leverage leverages leveraging utilize utilizes utilizing adopt adopts adopting apply applies applying applied based built builds build extend extends extending incorporate incorporates incorporating integrate integrates integrating combine combines combining via through adapt adapts adapting finetune fine-tune fine-tuning fine-tuned pretrained pre-trained exploit exploits exploiting equipped",
	"test":    "evaluate evaluated evaluation evaluations evaluating experiment experiments experimental benchmark benchmarks benchmarking test tested testing validate validated validation dataset datasets corpus corpora empirical empirically results",
	"task":    "task tasks problem problems for challenge challenging goal aims aim address addresses addressing tackle tackles solve solving towards",
	"measure": "improve improves improving improved reduce reduces reducing reduction increase increases increasing achieve achieves achieving terms higher lower better score scores rate gain gains improvement speedup measured metric metrics performance",
	"prior":   "existing prior previous conventional traditional current recent however although while despite unfortunately suffer suffers fail fails limited often typically",
	"own":     "we our ours this",
})

// cueGroups turns lists of words by group into lists of groups by word.
func cueGroups(groups map[string]string) map[string][]string {
	out := map[string][]string{}
	for _, group := range slices.Sorted(maps.Keys(groups)) {
		for _, w := range strings.Fields(groups[group]) {
			out[w] = append(out[w], group)
		}
	}
	return out
}

// cueGroupNames are the groups of cue words, in the order of a [cueMask].
var cueGroupNames = [...]string{"beat", "measure", "own", "prior", "propose", "task", "test", "use"}

const cueGroupCount = len(cueGroupNames)

// cueMask has a bit for each group of cue words that a token is in.
type cueMask uint8

// near lowers the distances of the mask's groups to d.
func (m cueMask) near(distance *[cueGroupCount]uint8, d int) {
	for g := range distance {
		if m&(1<<g) != 0 {
			distance[g] = min(distance[g], uint8(d))
		}
	}
}

// cueMasksOf finds the cue words of a text, by token and by sentence.
func cueMasksOf(t *text) (tokens, sentences []cueMask) {
	tokens, sentences = make([]cueMask, len(t.tokens)), make([]cueMask, len(t.sentences))
	for i, tok := range t.tokens {
		for _, group := range cues[tok.lower] {
			tokens[i] |= 1 << slices.Index(cueGroupNames[:], group)
		}
		sentences[tok.sentence] |= tokens[i]
	}
	return tokens, sentences
}

// sentenceCues names the groups of cue words that a sentence has.
func sentenceCues(t *text, s sentence) []string {
	var out []string
	for i := s.first; i < s.last; i++ {
		for _, g := range cues[t.tokens[i].lower] {
			if !slices.Contains(out, g) {
				out = append(out, g)
			}
		}
	}
	return out
}

// maxFeatureSpans bounds the places of a candidate that features look at.
const maxFeatureSpans = 6

// contextFeatures are those of one place of a name. They are also what ranks a
// candidate's places as evidence.
func (x *Extractor) contextFeatures(f *featureSet, a *analysis, c *candidate, sp span) {
	t := a.texts[sp.text]
	first, last := sp.first, sp.last
	s := t.sentences[t.tokens[first].sentence]
	word := func(i int) string {
		switch {
		case i < s.first:
			return "<s>"
		case i >= s.last:
			return "</s>"
		case t.tokens[i].class == numberToken:
			return "0"
		case t.tokens[i].class == urlToken:
			return "URL"
		}
		return t.tokens[i].lower
	}
	where := "abs"
	if t.field == graph.FieldTitle {
		where = "title"
	}
	p1, p2, n1, n2 := word(first-1), word(first-2), word(last), word(last+1)
	sh := shape(t.tokenText(first, last))
	if c.derived {
		where = "derived " + where
	}
	kinds := x.kindsOf(c)
	f.add("p1", where, p1)
	f.add("n1", where, n1)
	f.add("p2p1", where, p2, p1)
	f.add("n1n2", where, n1, n2)
	f.add("p1n1", where, p1, n1)
	f.add("p2", p2)
	f.add("n2", n2)
	f.add("p1shape", where, p1, sh)
	f.add("n1shape", where, n1, sh)
	f.add("p1kind", p1, kinds)
	f.add("n1kind", n1, kinds)

	// The anchor is the word that governs a list: in "on A, B and C" it is
	// "on" for all three.
	i := first - 1
	if i >= s.first {
		i = t.tokens[i].governor
	}
	f.add("anchor", where, word(i))
	f.add("anchor2", word(i-1), word(i))
	f.add("anchorkind", word(i), kinds)
	f.add("anchorshape", word(i), sh)

	// The nearest cue words on both sides.
	for j, n := first-1, 0; j >= s.first && n < 12; j, n = j-1, n+1 {
		if gs := cues[t.tokens[j].lower]; gs != nil {
			d, g := bucket(n), strings.Join(gs, " ")
			f.add("cue", t.tokens[j].lower, d)
			f.add("cuegroup", g, d, sh)
			f.add("cuekind", g, kinds)
			break
		}
	}
	for j, n := last, 0; j < s.last && n < 8; j, n = j+1, n+1 {
		if gs := cues[t.tokens[j].lower]; gs != nil {
			d, g := bucket(n), strings.Join(gs, " ")
			f.add("rcue", t.tokens[j].lower, d)
			f.add("rcuegroup", g, d, sh)
			f.add("rcuekind", g, kinds)
			break
		}
	}
	groups := a.cues[sp.text][t.tokens[first].sentence]
	for _, g := range groups {
		f.add("sent", g, where)
		f.add("sentkind", g, kinds)
		f.add("sentshape", g, sh)
	}
	n := t.tokens[first].sentence
	place := bucket(n)
	if rest := len(t.sentences) - 1 - n; rest <= 1 && n > 1 {
		place = "last" + smallNumbers[rest]
	}
	f.add("place", where, place)
	f.add("placekind", where, place, kinds)
	f.add("placeshape", where, place, sh)

	// Whether the name could be longer.
	left := first > s.first && t.tokens[first-1].content
	right := last < s.last && t.tokens[last].content
	f.add("edge", flag(left), flag(right))
	f.add("edgekind", flag(left), flag(right), kinds)
	if right {
		f.add("righthead", n1)
	}
	if t.field == graph.FieldTitle {
		colon := slices.IndexFunc(t.tokens, func(k token) bool { return k.text == ":" })
		switch {
		case colon < 0:
			f.add("title", "plain", flag(first == 0), flag(last == len(t.tokens)))
		case last <= colon:
			f.add("title", "prefix", flag(first == 0 && last == colon))
			f.add("titleprefix", flag(first == 0 && last == colon), sh)
		default:
			f.add("title", "rest", flag(first == colon+1), flag(last == len(t.tokens)))
		}
	}
	if p1 == "(" && n1 == ")" {
		f.add("bracketed", sh, word(first-2))
	}
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// kindsOf names the kinds under which the lexicon has the candidate.
func (x *Extractor) kindsOf(c *candidate) string {
	if len(c.entries) == 0 {
		return "-"
	}
	var has [16]bool
	for _, e := range c.entries {
		has[e.Kind.Rank()] = true
	}
	out := ""
	for _, k := range graph.Kinds() {
		if has[k.Rank()] {
			out += string(k[:1]) + string(k[len(k)-1:])
		}
	}
	return out
}

// nameFeatures are those of the name itself and of all its places together.
func (x *Extractor) nameFeatures(f *featureSet, a *analysis, c *candidate) {
	kinds := x.kindsOf(c)
	f.add("bias")
	f.add("kinds", kinds)
	for _, e := range c.entries {
		f.add("entry", string(e.Kind), e.Name)
		for _, b := range e.Broader {
			f.add("broader", string(e.Kind), b)
		}
	}
	sh := shape(c.name)
	words := strings.FieldsFunc(strings.ToLower(c.name), func(r rune) bool { return r == ' ' })
	head := words[len(words)-1]
	f.add("shape", sh)
	f.add("len", bucket(len(words)), flag(sh == "lower"))
	f.add("head", strings.TrimSuffix(head, "s"))
	f.add("headkind", strings.TrimSuffix(head, "s"), kinds)
	f.add("first", words[0], flag(len(words) > 1))
	if len(words) > 1 {
		f.add("firsthead", words[0], head)
		f.add("head2", words[len(words)-2], head)
	}
	for _, w := range words {
		f.add("word", w)
		for p := range strings.SplitSeq(w, "-") {
			f.add("part", p)
		}
	}
	for _, n := range []int{3, 5} {
		if len(head) > n {
			f.add("suffix", head[len(head)-n:])
		}
	}
	if strings.Contains(c.name, "-") {
		f.add("hyphen", sh)
	}
	f.add("key", c.key)
	f.add("short", flag(c.short), sh)
	f.add("derived", flag(c.derived))

	inTitle, inAbstract, left, right := 0, 0, 0, 0
	firstSentence, sentences := -1, map[int]bool{}
	for _, sp := range c.spans {
		t := a.texts[sp.text]
		s := t.sentences[t.tokens[sp.first].sentence]
		if sp.first > s.first && t.tokens[sp.first-1].content {
			left++
		}
		if sp.last < s.last && t.tokens[sp.last].content {
			right++
		}
		if t.field == graph.FieldTitle {
			inTitle++
		} else {
			inAbstract++
			if firstSentence < 0 {
				firstSentence = t.tokens[sp.first].sentence
			}
			sentences[t.tokens[sp.first].sentence] = true
		}
	}
	total := len(c.spans)
	f.add("count", bucket(total), flag(inTitle > 0))
	f.add("countkind", bucket(total), flag(inTitle > 0), kinds)
	f.add("countshape", bucket(total), flag(inTitle > 0), sh)
	f.add("sentences", bucket(len(sentences)))
	f.add("firstsentence", bucket(firstSentence+1), flag(inTitle > 0))
	f.add("nest", share(left, total), share(right, total))
	f.add("nestshape", share(left, total), share(right, total), sh)

	st, ok := x.model.phrases.lookup(c.key)
	if !ok {
		f.add("phrase", "unknown", sh)
		return
	}
	df := st[statDocuments]
	f.add("df", smallNumbers[df], flag(sh == "lower"))
	f.add("dfkind", smallNumbers[df], kinds)
	for i := statDocuments + 1; i < statCount; i++ {
		// each count as its share of the documents, in powers of two
		v := "none"
		if st[i] > 0 {
			v = smallNumbers[max(df-st[i], 0)]
		}
		f.add("stat", statNames[i], v)
		f.add("statdf", statNames[i], v, smallNumbers[df])
		if i == statKeyword || i == statTitle {
			f.add("statkind", statNames[i], v, kinds)
			f.add("stattitle", statNames[i], v, flag(inTitle > 0), bucket(total))
		}
	}
}

func share(n, total int) string {
	switch {
	case n == 0:
		return "none"
	case n == total:
		return "all"
	}
	return "some"
}
