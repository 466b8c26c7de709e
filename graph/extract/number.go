package extract

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"papergraph/graph"
)

// quantity is a number of the text with its unit.
type quantity struct {
	value, unit string // as [graph.Result] has them
	text        int
	first, last int // tokens from the number to the end of its unit, half open
	// bare is true of a number without a unit of its own, as in "18.3 and
	// 25.2 BLEU".
	bare bool
}

// numeral matches a number or a range of numbers.
var numeral = regexp.MustCompile(`^[-+−±~≈<>≤≥]?(\d[\d,]*(?:\.\d+)?)(?:\s?(?:[-–—−~]|to)\s?(\d[\d,]*(?:\.\d+)?))?`)

// numberWords are numbers that abstracts spell.
var numberWords = map[string]string{
	"two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10",
	"eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16", "seventeen": "17",
	"eighteen": "18", "nineteen": "19", "twenty": "20", "thirty": "30", "hundred": "100", "thousand": "1000",
}

// powers of ten by how many orders of magnitude.
var orders = map[string]string{
	"an": "10", "one": "10", "a": "10", "1": "10", "two": "100", "2": "100", "three": "1000", "3": "1000", "four": "10000", "4": "10000",
	"five": "100000", "5": "100000", "six": "1000000", "6": "1000000",
}

// magnitudes are words that stay in the unit and are followed by what is
// counted.
var magnitudes = wordSet("k K m M b B t T million billion trillion thousand hundred millions billions")

// quantities finds all numbers of a text that could be results.
func quantities(n int, t *text) []quantity {
	var out []quantity
	for _, s := range t.sentences {
		for i := s.first; i < s.last; i++ {
			q, ok := t.quantityAt(i, s)
			if !ok {
				continue
			}
			q.text = n
			out = append(out, q)
			i = q.last - 1
		}
	}
	// A bare number of a list takes the unit of the one after it: "22.5, 28.0
	// and 18.1 BLEU", "1.8 and 8.6%".
	for i := len(out) - 2; i >= 0; i-- {
		q, next := &out[i], out[i+1]
		if q.bare && q.unit == "" && next.unit == "%" && t.onlySeparators(q.last, next.first) {
			q.unit = next.unit
		}
	}
	return out
}

// onlySeparators says whether between two tokens there are but commas and
// conjunctions.
func (t *text) onlySeparators(first, last int) bool {
	for _, k := range t.tokens[first:last] {
		if k.text != "," && k.lower != "and" && k.lower != "or" && k.text != "/" {
			return false
		}
	}
	return last-first <= 3
}

// quantityAt reads the number that begins at token i.
func (t *text) quantityAt(i int, s sentence) (quantity, bool) {
	tok := &t.tokens[i]
	word := func(j int) string {
		if j >= s.last {
			return ""
		}
		return t.tokens[j].lower
	}
	q := quantity{first: i, last: i + 1}
	// "three orders of magnitude", "an order of magnitude"
	if v, ok := orders[tok.lower]; ok && (word(i+1) == "order" || word(i+1) == "orders") && word(i+2) == "of" && strings.HasPrefix(word(i+3), "magnitude") {
		q.value, q.unit, q.last = v, "x", i+4
		return q, true
	}
	switch tok.lower {
	case "half", "halve", "halves", "halving", "halved":
		q.value, q.unit = "0.5", "x"
		return q, true
	case "twice", "double", "doubles", "doubling", "doubled", "twofold", "two-fold":
		q.value, q.unit = "2", "x"
		return q, true
	case "triple", "triples", "tripling", "tripled", "threefold", "three-fold":
		q.value, q.unit = "3", "x"
		return q, true
	case "tenfold", "ten-fold":
		q.value, q.unit = "10", "x"
		return q, true
	}
	if v, ok := numberWords[tok.lower]; ok {
		q.value = v
		t.unit(&q, i+1, s)
		return q, q.unit != ""
	}
	if !unicode.IsDigit(t.runes[tok.start]) || tok.class == urlToken {
		return q, false
	}
	if t.dimension(i, s) {
		return q, false
	}
	// The pattern looks at the text from here, as far as the sentence goes.
	_, end := t.sentenceRange(tok.sentence)
	window := t.quote(tok.start, min(end, tok.start+48))
	m := numeral.FindStringSubmatchIndex(window)
	if m == nil {
		return q, false
	}
	group := func(n int) string {
		if m[2*n] < 0 {
			return ""
		}
		return window[m[2*n]:m[2*n+1]]
	}
	low, high := group(1), group(2)
	low = strings.TrimRight(low, ",")
	q.value = low
	if high != "" {
		q.value += "-" + high
	}
	// how far the number itself goes, without what is glued to it
	numberEnd := m[3]
	if high != "" {
		numberEnd = m[5]
	}
	stop := tok.start + len([]rune(window[:numberEnd]))
	for q.last < s.last && t.tokens[q.last].start < stop {
		q.last++
	}
	inToken := t.tokens[q.last-1].end > stop // "2.7x", "124K", "3D"
	if inToken {
		suffix := t.quote(stop, t.tokens[q.last-1].end)
		return t.suffix(q, suffix, s)
	}
	t.unit(&q, q.last, s)
	return q, true
}

// dimension says whether the number at token i is a side of a size, as in
// "64×64" or "3 x 3".
func (t *text) dimension(i int, s sentence) bool {
	times := func(j int) bool {
		return j >= s.first && j < s.last && (t.tokens[j].text == "×" || t.tokens[j].lower == "x" || t.tokens[j].text == "*")
	}
	number := func(j int) bool { return j >= s.first && j < s.last && t.tokens[j].class == numberToken }
	return times(i+1) && number(i+2) || times(i-1) && number(i-2)
}

// suffix reads what is glued to a number inside its token.
func (t *text) suffix(q quantity, suffix string, s sentence) (quantity, bool) {
	switch low := strings.ToLower(strings.TrimPrefix(strings.TrimRight(suffix, "+"), "-")); {
	case low == "x" || low == "times" || low == "fold":
		q.unit = "x"
	case low == "db" || low == "ms" || low == "s" || low == "mm" || low == "cm" || low == "hz" || low == "fps" || low == "gb" || low == "mb" || low == "h" || low == "min":
		q.unit = strings.TrimPrefix(suffix, "-")
	case low == "k" || low == "m" || low == "b" || low == "t":
		q.unit = strings.TrimRight(strings.TrimPrefix(suffix, "-"), "+")
		if j := q.last; j < s.last && t.tokens[j].text == "+" {
			q.last++
		}
		if noun := t.counted(q.last, s); noun != "" {
			q.unit += " " + noun
		}
	default:
		return q, false // "3D", "2nd", "100-layer": no quantity
	}
	return q, true
}

// unit reads the unit that begins at token j into q.
func (t *text) unit(q *quantity, j int, s sentence) {
	if j < s.last && t.tokens[j].text == "+" {
		j++
	}
	if j >= s.last {
		q.bare = true
		return
	}
	tok := &t.tokens[j]
	next := ""
	if j+1 < s.last {
		next = t.tokens[j+1].lower
	}
	switch {
	case tok.text == "%" || tok.lower == "percent":
		q.unit, q.last = "%", j+1
	case tok.lower == "percentage" && strings.HasPrefix(next, "point"):
		q.unit, q.last = "percentage points", j+2
	case tok.text == "×" || tok.lower == "x" || tok.lower == "times" || tok.lower == "fold":
		q.unit, q.last = "x", j+1
	case strings.HasPrefix(tok.lower, "point"):
		q.unit, q.last = "points", j+1
	case magnitudes[tok.text]:
		q.unit, q.last = tok.text, j+1
		if noun := t.counted(j+1, s); noun != "" {
			q.unit += " " + noun
		}
	case tok.class == wordToken && !stopWords[tok.lower]:
		q.unit, q.last = t.counted(j, s), j+1
		switch {
		case !metricLike(tok.text):
		case strings.HasPrefix(next, "point"):
			q.unit, q.last = tok.text+" points", j+2
		default:
			q.unit, q.last, q.bare = "", j, true
		}
	default:
		q.bare = true
	}
}

// metricLike is true of words after a number that name what was measured, not
// a unit: "18.3 BLEU", "0.85 AUC".
func metricLike(s string) bool {
	switch s {
	case "mAP", "AP", "FPS", "TFLOPS", "FLOPS", "GB", "MB", "TB", "GHz", "MHz", "Hz", "kHz", "ms", "dB", "GFLOPs", "FLOPs":
		return false
	}
	sh := shape(s)
	return sh == "UPPER" || sh == "UPPER0" || strings.EqualFold(s, "accuracy") || strings.EqualFold(s, "perplexity")
}

// counted is the noun phrase that begins at token j: up to three words.
func (t *text) counted(j int, s sentence) string {
	var words []string
	for ; j < s.last && len(words) < 3; j++ {
		tok := &t.tokens[j]
		if tok.class != wordToken || stopWords[tok.lower] {
			break
		}
		words = append(words, tok.text)
		if strings.HasSuffix(tok.lower, "s") && !strings.HasSuffix(tok.lower, "ss") {
			break // a plural ends what is counted
		}
	}
	return strings.Join(words, " ")
}

// numberFeatures are those of a quantity in its sentence.
func (x *Extractor) numberFeatures(f *featureSet, a *analysis, q *quantity) {
	t := a.texts[q.text]
	s := t.sentences[t.tokens[q.first].sentence]
	word := func(i int) string {
		switch {
		case i < s.first:
			return "<s>"
		case i >= s.last:
			return "</s>"
		case t.tokens[i].class == numberToken:
			return "0"
		}
		return t.tokens[i].lower
	}
	unit, _, _ := strings.Cut(strings.ToLower(q.unit), " ")
	kind := "integer"
	switch {
	case strings.Contains(q.value, "-"):
		kind = "range"
	case strings.Contains(q.value, "."):
		kind = "decimal"
	case strings.Contains(q.value, ","):
		kind = "thousands"
	case len(q.value) == 4 && (q.value[:2] == "19" || q.value[:2] == "20"):
		kind = "year"
	case t.tokens[q.first].class == wordToken && !unicode.IsDigit(t.runes[t.tokens[q.first].start]):
		kind = "word"
	case len(q.value) <= 1:
		kind = "digit"
	}
	f.add("nbias")
	f.add("nfield", string(t.field))
	f.add("nunit", unit)
	f.add("nkind", kind)
	f.add("nunitkind", unit, kind)
	f.add("nbare", flag(q.bare), kind)
	p1, p2, n1, n2 := word(q.first-1), word(q.first-2), word(q.last), word(q.last+1)
	for _, g := range [][]string{{"np1", p1}, {"np2", p2}, {"nn1", n1}, {"nn2", n2}, {"np2p1", p2, p1}, {"nn1n2", n1, n2}, {"np1n1", p1, n1},
		{"np1unit", p1, unit}, {"nn1unit", n1, unit}, {"np1kind", p1, kind}, {"nn1kind", n1, kind}, {"np3", word(q.first - 3)}, {"nn3", word(q.last + 2)}} {
		f.add(g[0], g[1:]...)
	}
	f.add("nplace", bucket(len(t.sentences)-1-t.tokens[q.first].sentence), kind)
	for _, g := range a.cues[q.text][t.tokens[q.first].sentence] {
		f.add("nsent", g)
		f.add("nsentunit", g, unit, kind)
	}
	for j, n := q.first-1, 0; j >= s.first && n < 10; j, n = j-1, n+1 {
		f.add("nleft", t.tokens[j].lower)
		f.add("nleftkind", t.tokens[j].lower, kind)
	}
	for j, n := q.last, 0; j < s.last && n < 6; j, n = j+1, n+1 {
		f.add("nright", t.tokens[j].lower)
	}
	numbers := 0
	for j := s.first; j < s.last; j++ {
		if t.tokens[j].class == numberToken {
			numbers++
		}
	}
	f.add("nnumbers", bucket(numbers), kind)
	for _, w := range strings.Fields(strings.ToLower(q.unit)) {
		f.add("nunitword", w)
	}
}

// results are the quantities that the model takes for claims about the paper's
// own work, each with what it is about.
func (x *Extractor) results(a *analysis, picks []pick) []graph.Result {
	f := x.sets.Get().(*featureSet)
	defer x.sets.Put(f)
	named := newNamed(a, picks)
	var out []graph.Result
	for n, t := range a.texts {
		for _, q := range quantities(n, t) {
			f.reset()
			x.numberFeatures(f, a, &q)
			var z [1]float64
			x.model.number.sum(f.all, z[:])
			p, threshold := x.model.confidence(roleCount, z[0]), x.model.Thresholds[roleCount]
			if p < min(floor, threshold) {
				continue
			}
			r := named.result(a, &q, roundConfidence(p))
			r.Candidate = p < threshold
			out = append(out, r)
		}
	}
	f.reset()
	return out
}

// named are the picks that a result can be about.
type named struct {
	method     string              // the surest that the paper introduces
	bySentence map[[2]int][]placed // by text and sentence, the surest first
}

// placed is one place of a pick.
type placed struct {
	span
	role int
	name string
}

func newNamed(a *analysis, picks []pick) named {
	n := named{bySentence: map[[2]int][]placed{}}
	for _, p := range picks {
		c := a.candidates[p.candidate]
		switch p.role {
		case roleIntroduceMethod:
			if n.method == "" { // picks come best first
				n.method = c.name
			}
		case roleMetric, roleEvaluate, roleCompare:
			for _, sp := range c.spans {
				at := [2]int{sp.text, a.texts[sp.text].tokens[sp.first].sentence}
				n.bySentence[at] = append(n.bySentence[at], placed{sp, p.role, c.name})
			}
		}
	}
	return n
}

// result fills in what a quantity is about: in each role the name nearest to
// it in its sentence, the surest of equals.
func (n named) result(a *analysis, q *quantity, confidence float64) graph.Result {
	t := a.texts[q.text]
	sentence := t.tokens[q.first].sentence
	r := graph.Result{Value: q.value, Unit: q.unit, Comparison: comparison(t, q, t.sentences[sentence]), Method: n.method,
		Confidence: confidence, Rule: "numbers", Evidence: evidence(t, q.first, q.last)}
	best := map[int]int{} // role to distance
	for _, p := range n.bySentence[[2]int{q.text, sentence}] {
		d := max(q.first-p.last, p.first-q.last, 0)
		if old, ok := best[p.role]; ok && d >= old {
			continue
		}
		best[p.role] = d
		switch p.role {
		case roleMetric:
			r.Metric = p.name
		case roleEvaluate:
			r.Dataset = p.name
		case roleCompare:
			r.Baseline = p.name
		}
	}
	return r
}

// comparison words, by the stem that a word begins with.
var (
	lessStems = []string{"reduc", "fewer", "less", "lower", "decreas", "smaller", "cheaper", "saving", "save", "shrink", "drop", "cut"}
	moreStems = []string{"improv", "outperform", "surpass", "exceed", "gain", "faster", "speed", "higher", "increas", "better", "boost", "more", "larger", "greater", "accelerat", "enhanc", "superior", "margin", "over"}
)

// comparison reads from the words around a quantity how it is meant.
func comparison(t *text, q *quantity, s sentence) graph.Comparison {
	stem := func(stems []string, w string) bool {
		return slices.ContainsFunc(stems, func(p string) bool { return strings.HasPrefix(w, p) })
	}
	relative := q.unit == "x" || q.unit == "%" || strings.HasPrefix(q.unit, "p")
	for d := range 9 {
		for _, j := range []int{q.last + d, q.first - 1 - d} {
			if j < s.first || j >= s.last {
				continue
			}
			switch w := t.tokens[j].lower; {
			case stem(lessStems, w) && (relative || d < 3):
				return graph.Reduction
			case stem(moreStems, w) && w != "moreover" && w != "overall" && (relative || d < 3) && !(w == "more" && j+1 < s.last && t.tokens[j+1].lower == "than" && j < q.first):
				return graph.Improvement
			}
		}
	}
	switch {
	case q.unit == "x":
		return graph.Ratio
	case q.unit == "%" && q.last < s.last && t.tokens[q.last].lower == "of":
		return graph.Ratio
	}
	return graph.Absolute
}
