package extract

import (
	"cmp"
	"math"
	"slices"

	"papergraph/graph"
	"papergraph/graph/lexicon"
	"papergraph/graph/tag"
)

// firstScores are what the first stage says of a document's candidates: the
// log-odds of each in each role from all its features, from those of its name
// alone, and from those of its places alone, the best place and the mean.
type firstScores struct {
	all, name, best, mean scores
}

func newFirstScores(n int) firstScores {
	return firstScores{make(scores, n), make(scores, n), make(scores, n), make(scores, n)}
}

// rate fills in candidate i.
func (fs *firstScores) rate(w *weightTable, i int, p *parts) {
	w.sum(p.all, fs.all[i][:])
	w.sum(p.part(0), fs.name[i][:])
	for r := range roleCount {
		fs.best[i][r] = math.Inf(-1)
	}
	for k := 1; k < p.len(); k++ {
		var z [roleCount]float64
		w.sum(p.part(k), z[:])
		for r := range roleCount {
			fs.best[i][r] = max(fs.best[i][r], z[r])
			fs.mean[i][r] += z[r] / float64(p.len()-1)
		}
	}
}

// hopeless are the log-odds of the first stage below which a candidate is not
// looked at again in a role: likelihoods of less than one in a hundred, which
// are most candidates in most roles.
const hopeless = -5

// level maps log-odds to a value of the trees, a quarter wide; 0 is none.
func level(z float64) uint8 {
	if math.IsInf(z, -1) {
		return 0
	}
	return uint8(1 + int(math.Floor((min(max(z, -9), 6.4)+9)*4)))
}

func count(n int) uint8 { return uint8(min(max(n, 0), bins-1)) }

func share32(p float32) uint8 { return uint8(min(max(p, 0), 0.999) * 32) }

func indicator(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// stackedWidth is the number of second-stage features.
const stackedWidth = (4+8)*roleCount + statCount + 12 + 3*cueGroupCount + 9 + 18

// eachStacked calls use with the second-stage features of each candidate that
// is not hopeless in every role: what the first stage said of it in all roles,
// its rank, what it said of the candidates that share its words, stand beside
// it in a list or in its sentences (stacking; Wolpert, "Stacked
// Generalization", 1992), the phrase's statistics, what the lexicon and the
// tagger say, and where the cue words are. The row is valid only during the
// call.
func (x *Extractor) eachStacked(a *analysis, first *firstScores, use func(i int, row []uint8)) {
	st := newStanding(a, first.all)
	var row []uint8
	for i, c := range a.candidates {
		if slices.Max(first.all[i][:]) < hopeless {
			continue
		}
		row = row[:0]
		for r := range roleCount {
			row = append(row, level(first.all[i][r]), level(first.name[i][r]), level(first.best[i][r]), level(first.mean[i][r]))
		}
		row = st.append(row, i)
		row = x.appendName(row, c)
		row = appendPlaces(row, a, c)
		row = appendTags(row, a, c)
		use(i, row)
	}
}

// standing is how the candidates of a document stand to each other.
type standing struct {
	longer, shorter, listed, together scores
	rank                              [roleCount][]int
	top, runner                       [roleCount]float64
	likely                            [roleCount]int
}

func newStanding(a *analysis, z scores) *standing {
	st := &standing{listed: listed(a, z), together: together(a, z)}
	st.longer, st.shorter = nearby(a, z)
	order := make([]int, len(z))
	for r := range roleCount {
		for i := range order {
			order[i] = i
		}
		slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(z[j][r], z[i][r]) })
		st.rank[r] = make([]int, len(z))
		st.top[r], st.runner[r] = math.Inf(-1), math.Inf(-1)
		for n, i := range order {
			st.rank[r][i] = n
			if z[i][r] > -1 {
				st.likely[r]++
			}
		}
		if len(order) > 0 {
			st.top[r] = z[order[0]][r]
		}
		if len(order) > 1 {
			st.runner[r] = z[order[1]][r]
		}
	}
	return st
}

func (st *standing) append(row []uint8, i int) []uint8 {
	for r := range roleCount {
		row = append(row, count(st.rank[r][i]), level(st.longer[i][r]), level(st.shorter[i][r]),
			level(st.listed[i][r]), level(st.together[i][r]), level(st.top[r]), level(st.runner[r]), count(st.likely[r]))
	}
	return row
}

// appendName adds what is known of the name wherever it stands.
func (x *Extractor) appendName(row []uint8, c *candidate) []uint8 {
	st, _ := x.model.phrases.lookup(c.key)
	for _, v := range st {
		row = append(row, uint8(v))
	}
	for _, k := range []graph.Kind{graph.KindMethod, graph.KindDataset, graph.KindTask, graph.KindMetric, graph.KindConcept} {
		row = append(row, indicator(slices.ContainsFunc(c.entries, func(e *lexicon.Entry) bool { return e.Kind == k })))
	}
	words, upper := 1, 0
	for _, r := range c.name {
		switch {
		case r == ' ':
			words++
		case 'A' <= r && r <= 'Z':
			upper++
		}
	}
	return append(row, count(words), count(len(c.name)), count(upper), count(len(c.entries)), count(len(c.forms)),
		indicator(c.short), indicator(c.derived))
}

// cueReach is how far from a name a cue word counts, in tokens.
const cueReach = 19

// appendPlaces adds where the name stands and how near cue words are to it.
func appendPlaces(row []uint8, a *analysis, c *candidate) []uint8 {
	var before, after, within [cueGroupCount]uint8
	for g := range before {
		before[g], after[g] = cueReach+1, cueReach+1
	}
	inTitle, prefix, left, right := 0, false, 0, 0
	firstAt, lastAt := 0, 0 // counted from 1; 0 for nowhere in the abstract
	sentences := 0
	for _, t := range a.texts {
		sentences += len(t.sentences)
	}
	for _, sp := range c.spans {
		t := a.texts[sp.text]
		n := t.tokens[sp.first].sentence
		s := t.sentences[n]
		if t.field == graph.FieldTitle {
			inTitle++
			prefix = prefix || sp.first == 0 && sp.last < len(t.tokens) && t.tokens[sp.last].text == ":"
		} else {
			if firstAt == 0 {
				firstAt = n + 1
			}
			lastAt = n + 1
		}
		if sp.first > s.first && t.tokens[sp.first-1].content {
			left++
		}
		if sp.last < s.last && t.tokens[sp.last].content {
			right++
		}
		masks := a.cueMasks[sp.text]
		for d := range cueReach {
			if j := sp.first - 1 - d; j >= s.first && masks[j] != 0 {
				masks[j].near(&before, d)
			}
			if j := sp.last + d; j < s.last && masks[j] != 0 {
				masks[j].near(&after, d)
			}
		}
		for g := range within {
			if a.sentenceMasks[sp.text][n]&(1<<g) != 0 {
				within[g] = min(within[g]+1, 10)
			}
		}
	}
	total := len(c.spans)
	row = append(row, before[:]...)
	row = append(row, after[:]...)
	row = append(row, within[:]...)
	return append(row, count(total), count(inTitle), indicator(prefix), count(firstAt), count(lastAt), count(sentences),
		count(10*firstAt/max(sentences, 1)), count(10*left/max(total, 1)), count(10*right/max(total, 1)))
}

// typeCount is the number of span types of each scheme.
var typeCount = [tag.Schemes]int{len(tag.SciERC.Types()), len(tag.SciREX.Types())}

// appendTags adds what the tagger says of the name's places: for each type,
// the probability that all of the best place lies in a span of it; for each
// scheme, the share of the places that are spans as they are, the best
// probability of one, and how likely spans go on to the left and right.
func appendTags(row []uint8, a *analysis, c *candidate) []uint8 {
	places := float32(len(c.spans))
	for scheme := range tag.Schemes {
		types := typeCount[scheme]
		var inside [8]float32
		var exact, probability, left, right float32
		for _, sp := range c.spans {
			t := a.texts[sp.text]
			n := t.tokens[sp.first].sentence
			tags := &a.tags[sp.text][n]
			rows := tags.Inside[scheme]
			first, last := sp.first-t.sentences[n].first, min(sp.last-t.sentences[n].first, len(rows))
			for k := range types {
				least := float32(1)
				for _, p := range rows[first:last] {
					least = min(least, p[k])
				}
				inside[k] = max(inside[k], least)
			}
			if first > 0 {
				left += sum32(rows[first-1]) / places
			}
			if last < len(rows) {
				right += sum32(rows[last]) / places
			}
			for _, s := range tags.Spans[scheme] {
				if s.First == first && s.Last == last {
					exact += 1 / places
					probability = max(probability, float32(s.Probability))
				}
			}
		}
		for _, p := range inside[:types] {
			row = append(row, share32(p))
		}
		row = append(row, share32(exact), share32(probability), share32(left), share32(right))
	}
	return row
}

func sum32(row []float32) (z float32) {
	for _, v := range row {
		z += v
	}
	return z
}
