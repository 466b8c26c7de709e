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
var numeral = regexp.MustCompile(`^[-+−±~≈<>≤≥]?(\d+(?:,\d{3})*(?:\.\d+)?)(?:\s?(?:[-–—−~]|to)\s?(\d+(?:,\d{3})*(?:\.\d+)?))?`)

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
		if q.bare && q.unit == "" && (next.unit == "x" || pointsOrPercent(next.unit)) && t.onlySeparators(q.last, next.first) {
			q.unit = next.unit
		}
	}
	return out
}

// pointsOrPercent says whether a unit is that of a share or of a difference of
// shares.
func pointsOrPercent(unit string) bool {
	return unit == "%" || unit == "pp" || unit == "points" || strings.HasSuffix(unit, " points")
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
	if v, high, end := t.ordersRange(i, s); v != "" {
		q.value, q.unit, q.last = v+"-"+high, "x", end
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
	q.value = low
	if high != "" && t.from(i, s) {
		high = "" // "from 61.2 to 65.4" are two numbers
	}
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
	t.upTo(&q, s)
	return q, true
}

// ordersRange reads "1-2 orders of magnitude" and "two to three orders of
// magnitude" at token i.
func (t *text) ordersRange(i int, s sentence) (low, high string, end int) {
	at := func(j int) string {
		if j >= s.last {
			return ""
		}
		return t.tokens[j].lower
	}
	a, b, rest := at(i), "", i+1
	if left, right, ok := strings.Cut(a, "-"); ok {
		a, b = left, right
	} else if at(i+1) == "to" || at(i+1) == "or" || at(i+1) == "-" || at(i+1) == "–" {
		b, rest = at(i+2), i+3
	}
	if orders[a] == "" || orders[b] == "" || at(rest) != "orders" || at(rest+1) != "of" || !strings.HasPrefix(at(rest+2), "magnitude") {
		return "", "", 0
	}
	return orders[a], orders[b], rest + 3
}

// from says whether the number at token i is where something began: "from 61.2
// to 65.4", "from the previous 48% to 60%", but not "ranging from 3 to 14" and
// "from 832 repositories".
func (t *text) from(i int, s sentence) bool {
	j := i - 1
	for j >= s.first && i-j <= 8 && (fromFillers[t.tokens[j].lower] || t.tokens[j].class == numberToken || t.tokens[j].class == punctToken && t.tokens[j].text != ",") {
		j--
	}
	if j < s.first || t.tokens[j].lower != "from" {
		return false
	}
	if j > s.first {
		before := t.tokens[j-1].lower
		if strings.HasPrefix(before, "rang") || before == "varying" || before == "varies" || strings.HasPrefix(before, "size") {
			return false
		}
	}
	for k := i + 1; k+1 < s.last && k-i <= 6; k++ {
		if t.tokens[k].lower == "to" {
			return unicode.IsDigit(t.runes[t.tokens[k+1].start]) || t.tokens[k+1].class == punctToken
		}
	}
	return false
}

var fromFillers = wordSet(`about around the a an previous prior best sota state-of-the-art baseline of and approximately roughly`)

// upTo reads the other end of "1.2% to 2.6%" and "ranging from 3B to 14B" into
// q.
func (t *text) upTo(q *quantity, s sentence) {
	if q.unit == "" || strings.Contains(q.value, "-") || q.last+1 >= s.last || t.from(q.first, s) {
		return
	}
	if w := t.tokens[q.last].lower; w != "to" && w != "-" && w != "–" {
		return
	}
	if t.tokens[q.last+1].class == wordToken && !unicode.IsDigit(t.runes[t.tokens[q.last+1].start]) {
		return
	}
	next, ok := t.quantityAt(q.last+1, s)
	if !ok || strings.Contains(next.value, "-") {
		return
	}
	unit, _, _ := strings.Cut(q.unit, " ")
	if other, _, _ := strings.Cut(next.unit, " "); other != unit {
		return
	}
	q.value, q.unit, q.last = q.value+"-"+next.value, next.unit, next.last
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
	t.upTo(&q, s)
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
		if tok.class != wordToken || stopWords[tok.lower] && !(len(words) == 0 && descriptive[tok.lower]) {
			break
		}
		if len(words) == 0 && j+1 < s.last && t.tokens[j+1].class == wordToken && !stopWords[t.tokens[j+1].lower] &&
			(descriptive[tok.lower] || strings.Contains(tok.text, "-") && tok.text == tok.lower && t.tokens[j+1].lower != "pairs") {
			continue // "500 empathy-annotated reviews" counts reviews
		}
		words = append(words, tok.text)
		if strings.HasSuffix(tok.lower, "s") && !strings.HasSuffix(tok.lower, "ss") {
			break // a plural ends what is counted
		}
	}
	return strings.Join(words, " ")
}

// descriptive words say of what is counted how it is, not what.
var descriptive = wordSet(`total diverse unique different distinct individual representative actual challenging real novel new various additional unseen popular public`)

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
		all := quantities(n, t)
		sentenceOf := func(i int) int { return t.tokens[all[i].first].sentence }
		first, last := 0, 0 // those of the sentence
		for i, q := range all {
			if i == last {
				for first = i; last < len(all) && sentenceOf(last) == sentenceOf(first); last++ {
				}
			}
			if named.rival(t, &q) {
				continue
			}
			f.reset()
			x.numberFeatures(f, a, &q)
			var z [1]float64
			x.model.number.sum(f.all, z[:])
			p, threshold := x.model.confidence(roleCount, z[0]), x.model.Thresholds[roleCount]
			if p < min(floor, threshold) {
				continue
			}
			r := named.result(a, &q, all[first:last], roundConfidence(p))
			r.Candidate = p < threshold
			out = append(out, r)
		}
	}
	f.reset()
	return out
}

// named are the picks that a result can be about.
type named struct {
	method     string                    // the surest that the paper introduces
	bySentence map[sentenceRole][]placed // each place once, in the order of the text
}

// sentenceRole is a role in a sentence of a text.
type sentenceRole struct{ text, sentence, role int }

// placed is one place of a pick.
type placed struct {
	span
	name string
}

func newNamed(a *analysis, picks []pick) named {
	n := named{bySentence: map[sentenceRole][]placed{}}
	for _, p := range picks {
		c := a.candidates[p.candidate]
		switch p.role {
		case roleIntroduceMethod:
			if n.method == "" { // picks come best first
				n.method = c.name
			}
		case roleMetric, roleEvaluate, roleCompare:
			for _, sp := range c.spans {
				at := sentenceRole{sp.text, a.texts[sp.text].tokens[sp.first].sentence, p.role}
				n.bySentence[at] = append(n.bySentence[at], placed{sp, c.name})
			}
		}
	}
	for at, list := range n.bySentence {
		slices.SortStableFunc(list, func(a, b placed) int { return compareSpans(a.span, b.span) })
		kept := list[:0]
		for _, p := range list {
			if len(kept) == 0 || !kept[len(kept)-1].overlaps(p.span) {
				kept = append(kept, p)
			}
		}
		n.bySentence[at] = kept
	}
	return n
}

// ofSentence are the names of a role in the sentence of q.
func (n named) ofSentence(t *text, q *quantity, role int) []placed {
	return n.bySentence[sentenceRole{q.text, t.tokens[q.first].sentence, role}]
}

// result fills in what a quantity is about. The others are the quantities of
// its sentence.
func (n named) result(a *analysis, q *quantity, others []quantity, confidence float64) graph.Result {
	t := a.texts[q.text]
	r := graph.Result{Value: q.value, Unit: q.unit, Comparison: comparison(t, q, t.sentences[t.tokens[q.first].sentence]), Method: n.method,
		Confidence: confidence, Rule: "numbers", Evidence: evidence(t, q.first, q.last)}
	r.Metric = t.about(q, others, n.ofSentence(t, q, roleMetric))
	r.Dataset = t.about(q, others, n.ofSentence(t, q, roleEvaluate))
	r.Baseline = t.about(q, others, slices.DeleteFunc(slices.Clone(n.ofSentence(t, q, roleCompare)), func(p placed) bool { return !t.compared(p) }))
	return r
}

// about is the name among those of a role that a quantity is about. Where as
// many names are listed as quantities, "22.5 and 28.0 on A and B", each has its
// own; else it is the nearest, where a name behind another quantity or behind a
// comma in front is farther than it looks.
func (t *text) about(q *quantity, others []quantity, names []placed) string {
	if len(names) == 0 {
		return ""
	}
	if i, list := t.listOf(q, others); len(list) > 1 {
		if run := t.runOf(names, list); len(run) == len(list) {
			return run[i].name
		}
	}
	best, least := "", 0
	for _, p := range names {
		cost := 2 * max(q.first-p.last, p.first-q.last, 0)
		from, to := q.last, max(p.first, q.last)
		if p.first < q.first {
			from, to = min(p.last, q.first), q.first // a name may hold the number
			cost++                                   // of two as near the one behind
			if t.hasComma(from, to) {
				cost += 16
			}
		}
		if slices.ContainsFunc(others, func(o quantity) bool { return from <= o.first && o.last <= to }) {
			cost += 40
		}
		if best == "" || cost < least {
			best, least = p.name, cost
		}
	}
	return best
}

// listOf is the list of quantities that q is in, "22.5, 28.0 and 18.1 BLEU",
// and its place there. The words of a unit may stand between two.
func (t *text) listOf(q *quantity, others []quantity) (place int, list []quantity) {
	at := slices.IndexFunc(others, func(o quantity) bool { return o.first == q.first })
	if at < 0 {
		return 0, nil
	}
	first, last := at, at+1
	for first > 0 && t.onlySeparators(others[first-1].last, others[first].first) && others[first-1].last < others[first].first {
		first--
	}
	for last < len(others) && t.onlySeparators(others[last-1].last, others[last].first) && others[last-1].last < others[last].first {
		last++
	}
	return at - first, others[first:last]
}

// runOf is the run of names joined by commas and conjunctions alone that is as
// long as the list of quantities, the last of several.
func (t *text) runOf(names []placed, list []quantity) []placed {
	for end := len(names); end >= len(list); end-- {
		run := names[end-len(list) : end]
		joined := true
		for i := 1; i < len(run); i++ {
			joined = joined && run[i-1].last < run[i].first && run[i].first-run[i-1].last <= 4 && t.hasJoint(run[i-1].last, run[i].first)
		}
		before := end - len(list)
		longer := before > 0 && run[0].first-names[before-1].last <= 2 && t.hasJoint(names[before-1].last, run[0].first)
		if joined && !longer {
			return run
		}
	}
	return nil
}

func (t *text) hasJoint(first, last int) bool {
	return slices.ContainsFunc(t.tokens[first:last], func(k token) bool { return k.text == "," || k.lower == "and" || k.lower == "or" })
}

func (t *text) hasComma(first, last int) bool {
	return slices.ContainsFunc(t.tokens[first:last], func(k token) bool { return k.text == "," || k.text == ";" })
}

// compared says whether a word of comparison stands shortly before a name.
func (t *text) compared(p placed) bool {
	s := t.sentences[t.tokens[p.first].sentence]
	for j := p.first - 1; j >= s.first && p.first-j <= 8; j-- {
		if slices.Contains(cues[t.tokens[j].lower], "beat") {
			return true
		}
	}
	return false
}

// rival says whether a quantity is a competitor's, "compared to 78.1 for Y",
// "while Y only achieves 45", or what was before, "from 61.2 to 65.4".
func (n named) rival(t *text, q *quantity) bool {
	s := t.sentences[t.tokens[q.first].sentence]
	if t.from(q.first, s) {
		return true
	}
	names := n.ofSentence(t, q, roleCompare)
	isName := func(j int) bool {
		return slices.ContainsFunc(names, func(p placed) bool { return p.first <= j && j < p.last })
	}
	named := false
	for j, n := q.first-1, 0; j >= s.first && n < 10; j, n = j-1, n+1 {
		switch w := t.tokens[j].lower; {
		case isName(j):
			named = true
		case w == "vs" || w == "versus" || w == "against":
			return true
		case (w == "to" || w == "with") && j > s.first && (t.tokens[j-1].lower == "compared" || t.tokens[j-1].lower == "opposed"):
			return true
		case w == "while" || w == "whereas" || w == "but" || w == "where":
			return named
		case rivalFillers[w] || t.tokens[j].class == punctToken && w != "," && w != ";" && w != ")":
		case w == "achieves" || w == "achieve" || w == "reaches" || w == "reach" || w == "obtains" || w == "obtain" || w == "gets" || w == "attains" || w == "scores" || w == "has":
		default:
			return false
		}
	}
	return false
}

// rivalFillers may stand between a word of comparison and a competitor's
// number.
var rivalFillers = wordSet(`only just about around approximately under over below above nearly almost the a an e.g s of at previous prior best sota baseline baselines rate accuracy score`)

// comparison words, by the stem that a word begins with.
var (
	lessStems = []string{"reduc", "fewer", "less", "lower", "decreas", "smaller", "cheaper", "saving", "save", "shrink", "drop", "cut"}
	moreStems = []string{"improv", "outperform", "surpass", "exceed", "gain", "faster", "speed", "higher", "increas", "better", "boost", "more", "larger", "greater", "accelerat", "enhanc", "superior", "elevat", "advanc"}
)

// comparison reads from the words around a quantity how it is meant.
func comparison(t *text, q *quantity, s sentence) graph.Comparison {
	stem := func(stems []string, w string) bool {
		return slices.ContainsFunc(stems, func(p string) bool { return strings.HasPrefix(w, p) })
	}
	relative := q.unit == "x" || pointsOrPercent(q.unit)
	at := func(j int) string {
		if j < s.first || j >= s.last {
			return ""
		}
		return t.tokens[j].lower
	}
	// Before the number: "over 40%", "less than 20 ms" only bound it.
	begin := q.first
	for bounding[at(begin-1)] || at(begin-1) == "than" && (stem(lessStems, at(begin-2)) || stem(moreStems, at(begin-2))) || begin-1 >= s.first && t.tokens[begin-1].class == punctToken && !strings.Contains(",;.:()", at(begin-1)) {
		if at(begin-1) == "than" {
			begin--
		}
		begin--
	}
	kind := func(w string) graph.Comparison {
		switch {
		case w == "moreover" || w == "overall" || w == "over" || w == "than" || w == "margins":
		case stem(lessStems, w):
			return graph.Reduction
		case stem(moreStems, w):
			return graph.Improvement
		}
		return ""
	}
	// "by up to 3%": the verb before says of what kind.
	if by := at(begin - 1); by == "by" || (by == "of" || by == "average") && (at(begin-2) == "margin" || at(begin-2) == "average" || at(begin-3) == "average") && relative {
		for j := begin - 1; j >= s.first; j-- {
			if k := kind(at(j)); k != "" {
				return k
			}
		}
	}
	// "an accuracy of 91%", but "a reduction of 40%".
	if at(begin-1) == "of" {
		for j := begin - 2; j >= begin-4; j-- {
			if k := kind(at(j)); k != "" {
				return k
			}
		}
		if !relative || q.unit != "x" {
			return graph.Absolute
		}
	}
	for d := range 9 {
		for _, j := range []int{q.last + d, begin - 1 - d} {
			w := at(j)
			if w == "" || !relative && d >= 3 {
				continue
			}
			if j >= q.last && w == "over" && relative && d == 0 {
				return graph.Improvement
			}
			if k := kind(w); k != "" {
				return k
			}
		}
	}
	switch {
	case q.unit == "x" && (strings.HasPrefix(at(q.first), "doubl") || strings.HasPrefix(at(q.first), "tripl")):
		return graph.Improvement
	case q.unit == "x":
		return graph.Ratio
	case q.unit == "%" && at(q.last) == "of":
		return graph.Ratio
	}
	return graph.Absolute
}

// bounding words stand before a number and say only how exact it is.
var bounding = wordSet(`over about around approximately roughly nearly almost up to least most at some only an a just upto under below above`)
