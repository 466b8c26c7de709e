package tag

import (
	"math"
	"slices"
)

// crf is the fast tagger: a linear-chain conditional random field over hashed
// features, with a head for each scheme over one pass of the features.
type crf struct {
	vocabulary *vocabulary
	// keys are the features' hashes, in rising order; the weights of keys[i]
	// are rows[i*rowWidth:], in steps of step.
	keys   []uint32
	rows   []int8
	step   float32
	chains [Schemes]*chain
	// table finds a key's row: open addressing, key+1 in the high half, row in
	// the low half.
	table []uint64
	none  *scoredWord
}

// rowWidth is outputs, filled up so that no row lies across two cache lines.
const rowWidth = 32

// scoredWord is a word with the sums of its weights in each slot.
type scoredWord struct {
	wordFeatures
	sums [slots][outputs]int16
}

// index builds table.
func (m *crf) index() {
	size := 1
	for size < 2*len(m.keys) {
		size *= 2
	}
	m.table = make([]uint64, max(size, 2))
	for i, k := range m.keys {
		for at := int(k); ; at++ {
			if p := &m.table[at&(len(m.table)-1)]; *p == 0 {
				*p = uint64(k+1)<<32 | uint64(i)
				break
			}
		}
	}
	m.none = m.score(m.vocabulary.noWord())
}

// row returns the weights of a feature, nil of one that is not known.
func (m *crf) row(k uint32) []int8 {
	for at := int(k); ; at++ {
		switch p := m.table[at&(len(m.table)-1)]; {
		case p>>32 == uint64(k)+1:
			i := int(p&math.MaxUint32) * rowWidth
			return m.rows[i : i+outputs : i+outputs]
		case p == 0:
			return nil
		}
	}
}

// score sums a word's weights, slot by slot.
func (m *crf) score(f wordFeatures) *scoredWord {
	w := &scoredWord{wordFeatures: f}
	for slot := range w.keys {
		for _, k := range w.keys[slot] {
			for o, x := range m.row(k) {
				w.sums[slot][o] += int16(x)
			}
		}
		w.keys[slot] = nil // the sums are all that is needed of them
	}
	return w
}

// crfMemory is what tagging a sentence needs, to be used again.
type crfMemory struct {
	cache    map[string]*scoredWord
	words    []*scoredWord
	features []*wordFeatures
	around   []surroundings
	open     []bool
	keys     []uint32
	buf      []byte
}

// cachedWords bounds the words whose sums are kept, some 700 bytes each.
const cachedWords = 1 << 14

// word returns the word's sums.
func (m *crf) word(mem *crfMemory, s string) *scoredWord {
	if w := mem.cache[s]; w != nil {
		return w
	}
	var f wordFeatures
	f, mem.buf = m.vocabulary.describe(s, mem.buf)
	w := m.score(f)
	if mem.cache == nil || len(mem.cache) >= cachedWords {
		mem.cache = make(map[string]*scoredWord, cachedWords)
	}
	// A clone, or the word would keep its document in memory.
	mem.cache[string(append([]byte(nil), s...))] = w
	return w
}

// emit writes the scores of each token's labels, outputs numbers a token.
func (m *crf) emit(memory any, words []string, scores []float32) {
	mem := memory.(*crfMemory)
	mem.words, mem.features = mem.words[:0], mem.features[:0]
	for _, s := range words {
		w := m.word(mem, s)
		mem.words = append(mem.words, w)
		mem.features = append(mem.features, &w.wordFeatures)
	}
	mem.open = brackets(mem.open, words)
	mem.around = surround(mem.around, mem.features, mem.open)
	for i := range words {
		var around [slots]*wordFeatures
		var sum [outputs]int32
		for slot, at := range mem.around[i].at {
			w := m.none
			if at != padding {
				w = mem.words[at]
			}
			around[slot] = &w.wordFeatures
			for o, x := range &w.sums[slot] {
				sum[o] += int32(x)
			}
		}
		mem.keys = conjunctions(mem.keys[:0], &around, &mem.around[i])
		for _, k := range mem.keys {
			if row := m.row(k); row != nil {
				for o, x := range row[:outputs] {
					sum[o] += int32(x)
				}
			}
		}
		out := scores[i*outputs:][:outputs]
		for o, x := range sum {
			out[o] = float32(x) * m.step
		}
	}
}

// encode writes the tagger.
func (m *crf) encode(e *encoder) {
	words := *m.vocabulary
	words.vectors = nil // only the clusters are looked at
	words.encode(e)
	e.uint(len(m.keys))
	last := uint32(0)
	for _, k := range m.keys {
		e.uint(int(k - last))
		last = k
	}
	// A column at a time: what is alike compresses better side by side.
	for o := range outputs {
		for i := range m.keys {
			e.WriteByte(byte(m.rows[i*rowWidth+o]))
		}
	}
	e.float(m.step)
	encodeChains(e, m.chains)
}

func encodeChains(e *encoder, chains [Schemes]*chain) {
	for _, c := range chains {
		for _, list := range [][]float64{c.start, c.next} {
			for _, x := range list {
				e.float(float32(x))
			}
		}
	}
}

func decodeChains(d *decoder) (chains [Schemes]*chain) {
	for s := range chains {
		n := labelCount[s]
		start, next := make([]float32, n), make([]float32, n*n)
		for _, list := range [][]float32{start, next} {
			for i := range list {
				list[i] = d.float()
			}
		}
		chains[s] = newChain(start, next)
	}
	return chains
}

func decodeCRF(d *decoder) *crf {
	m := &crf{vocabulary: decodeVocabulary(d, false)}
	n := d.count(outputs)
	m.keys = make([]uint32, n)
	last := 0
	for i := range m.keys {
		step := d.uint(1<<keyBits - 1)
		if i > 0 && step == 0 || last+step >= 1<<keyBits {
			d.fail("features are out of order")
		}
		last += step
		m.keys[i] = uint32(last)
	}
	m.rows = make([]int8, n*rowWidth)
	for o := range outputs {
		column := d.take(n)
		if d.err != nil {
			return m
		}
		for i, x := range column {
			m.rows[i*rowWidth+o] = int8(x)
		}
	}
	m.step = d.float()
	m.chains = decodeChains(d)
	if d.err == nil {
		m.index()
	}
	return m
}

// pruned makes the tagger of trained weights: of rows of outputs numbers, those
// of the features that matter most, at most features of them, in 8 bits.
func pruned(v *vocabulary, keys []uint32, weights []float32, chains [Schemes]*chain, features int) *crf {
	norm := func(i int) float32 {
		top := float32(0)
		for _, x := range weights[i*outputs:][:outputs] {
			top = max(top, x, -x)
		}
		return top
	}
	order := make([]int, len(keys))
	norms := make([]float32, len(keys))
	for i := range order {
		order[i], norms[i] = i, norm(i)
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case norms[a] > norms[b]:
			return -1
		case norms[a] < norms[b]:
			return 1
		}
		return int(keys[a]) - int(keys[b])
	})
	m := &crf{vocabulary: v, chains: chains}
	if len(order) == 0 {
		m.index()
		return m
	}
	m.step = max(norms[order[0]], 1e-6) / 127
	order = order[:min(len(order), features)]
	for len(order) > 0 && norms[order[len(order)-1]] < m.step/2 {
		order = order[:len(order)-1]
	}
	slices.SortFunc(order, func(a, b int) int { return int(keys[a]) - int(keys[b]) })
	m.rows = make([]int8, len(order)*rowWidth)
	for n, i := range order {
		m.keys = append(m.keys, keys[i])
		for o, x := range weights[i*outputs:][:outputs] {
			m.rows[n*rowWidth+o] = int8(math.Round(float64(x / m.step)))
		}
	}
	m.index()
	return m
}
