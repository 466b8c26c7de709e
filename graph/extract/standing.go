package extract

import (
	"cmp"
	"slices"
)

// nearby returns for each candidate the best score in each role among those
// that share words with it and have a longer key, and among the others that
// share words with it; -Inf where there is none.
func nearby(a *analysis, first scores) (longer, shorter scores) {
	type owned struct {
		span
		owner int
	}
	byText := make([][]owned, len(a.texts))
	longer, shorter = newScores(len(a.candidates)), newScores(len(a.candidates))
	for i, c := range a.candidates {
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

// listed returns for each candidate the best score in each role among those
// that stand beside it in a list: "A, B and C".
func listed(a *analysis, first scores) scores {
	out := newScores(len(a.candidates))
	starts := make([][][]int, len(a.texts))
	for n, t := range a.texts {
		starts[n] = make([][]int, len(t.tokens)+1)
	}
	for i, c := range a.candidates {
		if c.derived {
			continue
		}
		for _, sp := range c.spans {
			starts[sp.text][sp.first] = append(starts[sp.text][sp.first], i)
		}
	}
	for i, c := range a.candidates {
		if c.derived {
			continue
		}
		for _, sp := range c.spans {
			t := a.texts[sp.text]
			j := sp.last
			if j < len(t.tokens) && t.tokens[j].text == "(" {
				for k := j + 1; k < min(j+6, len(t.tokens)); k++ {
					if t.tokens[k].text == ")" {
						j = k + 1
						break
					}
				}
			}
			k := j
			for k < len(t.tokens) && k-j <= 3 && (t.tokens[k].text == "," || t.tokens[k].lower == "and" || t.tokens[k].lower == "or" || t.tokens[k].lower == "the") {
				k++
			}
			if k == j || k-j > 3 || k >= len(t.tokens) || t.tokens[k].sentence != t.tokens[sp.first].sentence {
				continue
			}
			for _, o := range starts[sp.text][k] {
				if o == i {
					continue
				}
				for r := range roleCount {
					out[i][r] = max(out[i][r], first[o][r])
					out[o][r] = max(out[o][r], first[i][r])
				}
			}
		}
	}
	return out
}

// A sentence's best places in a role are the rivals of all its names. So many
// are kept of a sentence, and so many of one candidate, so that a sentence of
// thousands of names takes no longer than its length.
const (
	maxRivals       = 24
	maxRivalsOfOne  = 3
	unlikelyAsRival = -3 // log-odds below which a candidate is nobody's rival
)

// together returns for each candidate the best score in each role among those
// that stand in one of its sentences and share no word with it there.
func together(a *analysis, z scores) scores {
	type place struct {
		span
		owner int
	}
	out := newScores(len(a.candidates))
	sentences := make([][][]place, len(a.texts))
	for n, t := range a.texts {
		sentences[n] = make([][]place, len(t.sentences))
	}
	for i, c := range a.candidates {
		if c.derived {
			continue
		}
		for _, sp := range c.spans {
			s := &sentences[sp.text][a.texts[sp.text].tokens[sp.first].sentence]
			*s = append(*s, place{sp, i})
		}
	}
	var rivals []place
	ofOne := map[int]int{}
	for _, text := range sentences {
		for _, places := range text {
			for r := range roleCount {
				rivals = rivals[:0]
				for _, p := range places {
					if z[p.owner][r] > unlikelyAsRival {
						rivals = append(rivals, p)
					}
				}
				slices.SortStableFunc(rivals, func(a, b place) int { return cmp.Compare(z[b.owner][r], z[a.owner][r]) })
				clear(ofOne)
				kept := rivals[:0]
				for _, p := range rivals {
					if ofOne[p.owner]++; ofOne[p.owner] <= maxRivalsOfOne && len(kept) < maxRivals {
						kept = append(kept, p)
					}
				}
				for _, p := range places {
					for _, q := range kept {
						if z[q.owner][r] <= out[p.owner][r] {
							break // best first
						}
						if q.owner != p.owner && !p.overlaps(q.span) {
							out[p.owner][r] = z[q.owner][r]
							break
						}
					}
				}
			}
		}
	}
	return out
}
