package tag

import (
	"bytes"
	"math"
	"unicode"
	"unicode/utf8"
)

// network is the accurate tagger: a bidirectional LSTM over word vectors and
// what the letters of a word say, below a linear-chain conditional random field
// for each scheme.
type network struct {
	vocabulary *vocabulary
	hidden     int // units a direction
	params     []float32
	p          tensors
	chains     [Schemes]*chain
	// stored is the weights as they were read, since rounding them once more
	// could change their bytes; nil in training.
	stored []byte
}

// The parts of a token's input.
const (
	letterCount  = 256 // ASCII as it is, the others by hash
	letterWidth  = 24
	letterWindow = 3
	filterCount  = 40
	longestWord  = 24 // letters looked at
	shapeCount   = 12
	shapeWidth   = 8
	groupCount   = 256 + 1 // clusters of the middle size, and none
	groupWidth   = 16
	// learnedWidth is the part of the input that is learned along; it stands
	// behind the word's vector.
	learnedWidth = filterCount + shapeWidth + groupWidth
	inputWidth   = dimensions + learnedWidth
)

// tensors are the weights by name, or gradients of them; all are parts of one
// slice. Matrices are stored by row.
type tensors struct {
	letters    []float32 // letterCount x letterWidth
	filters    []float32 // filterCount x letterWindow*letterWidth
	filterBias []float32
	shapes     []float32 // shapeCount x shapeWidth
	groups     []float32 // groupCount x groupWidth
	cells      [2]cell   // from left to right, from right to left
	out        []float32 // outputs x 2*hidden
	outBias    []float32
	start      [Schemes][]float32
	next       [Schemes][]float32
}

// cell is one direction of the LSTM. Its rows are those of the input gate, the
// forget gate, the new content and the output gate.
type cell struct {
	input []float32 // 4*hidden x inputWidth
	state []float32 // 4*hidden x hidden
	bias  []float32
}

// shape is a tensor's number of rows and columns.
type tensorShape struct {
	at            *[]float32
	rows, columns int
}

// shapes lists the tensors in the order in which they are stored.
func (t *tensors) list(hidden int) []tensorShape {
	out := []tensorShape{
		{&t.letters, letterCount, letterWidth},
		{&t.filters, filterCount, letterWindow * letterWidth},
		{&t.filterBias, 1, filterCount},
		{&t.shapes, shapeCount, shapeWidth},
		{&t.groups, groupCount, groupWidth},
	}
	for d := range t.cells {
		c := &t.cells[d]
		out = append(out, tensorShape{&c.input, 4 * hidden, inputWidth}, tensorShape{&c.state, 4 * hidden, hidden}, tensorShape{&c.bias, 1, 4 * hidden})
	}
	out = append(out, tensorShape{&t.out, outputs, 2 * hidden}, tensorShape{&t.outBias, 1, outputs})
	for s, n := range labelCount {
		out = append(out, tensorShape{&t.start[s], 1, n}, tensorShape{&t.next[s], n, n})
	}
	return out
}

// paramCount is how many weights a network has.
func paramCount(hidden int) int {
	n := 0
	for _, s := range new(tensors).list(hidden) {
		n += s.rows * s.columns
	}
	return n
}

// carve parts a slice of paramCount numbers into tensors.
func carve(params []float32, hidden int) tensors {
	var t tensors
	for _, s := range t.list(hidden) {
		n := s.rows * s.columns
		*s.at, params = params[:n:n], params[n:]
	}
	return t
}

// newNetwork takes the weights of a network.
func newNetwork(v *vocabulary, hidden int, params []float32) *network {
	m := &network{vocabulary: v, hidden: hidden, params: params, p: carve(params, hidden)}
	for s := range m.chains {
		m.chains[s] = newChain(m.p.start[s], m.p.next[s])
	}
	return m
}

// inputWord is a word as the network sees it.
type inputWord struct {
	id      int32 // in the vocabulary, or -1
	group   int
	shape   int
	letters []uint8
}

// look takes a word apart.
func (v *vocabulary) look(word string, buf []byte) (inputWord, []byte) {
	buf = fold(buf[:0], word)
	w := inputWord{id: v.find(buf), group: groupCount - 1, shape: shapeOf(word)}
	if w.id >= 0 {
		w.group = int(v.clusters[1][w.id])
	}
	for _, r := range word {
		if len(w.letters) == longestWord {
			break
		}
		if r >= letterCount/2 {
			r = letterCount/2 + r%(letterCount/2)
		}
		w.letters = append(w.letters, uint8(r))
	}
	return w, buf
}

// shapeOf sorts a word by its letters: nine kinds, and whether one with small
// letters or an initial capital has a hyphen.
func shapeOf(word string) int {
	upper, lower, digit, hyphen := 0, 0, 0, 0
	for _, r := range word {
		switch {
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLetter(r):
			lower++
		case unicode.IsDigit(r):
			digit++
		case r == '-':
			hyphen = 1
		}
	}
	first, _ := utf8.DecodeRuneInString(word)
	switch {
	case upper+lower+digit == 0:
		return 0
	case upper+lower == 0:
		return 1
	case digit > 0 && upper == 0:
		return 2
	case digit > 0:
		return 3
	case upper == 0:
		return 4 + hyphen
	case lower == 0 && upper == 1:
		return 6
	case lower == 0:
		return 7
	case upper == 1 && unicode.IsUpper(first):
		return 8 + hyphen
	}
	return 10
}

// vector writes the vector of a word; a word without one has zeros.
func (v *vocabulary) vector(id int32, out []float32) {
	if id < 0 {
		clear(out)
		return
	}
	for i, x := range v.vectors[int(id)*dimensions:][:dimensions] {
		out[i] = float32(x) * vectorStep
	}
}

// padded holds the letters of a word as vectors, with one of zeros before and
// behind.
type padded [(longestWord + letterWindow - 1) * letterWidth]float32

// input writes a word's input, and, for training, the place at which each
// filter is strongest. A word without letters has none: its places are -1.
func (t *tensors) input(v *vocabulary, w *inputWord, out []float32, strongest []int8) {
	v.vector(w.id, out[:dimensions])
	var row padded
	for i, c := range w.letters {
		copy(row[(i+1)*letterWidth:], t.letters[int(c)*letterWidth:][:letterWidth])
	}
	var best, now [filterCount]float32
	for f := range best {
		best[f] = float32(math.Inf(-1))
	}
	for i := range w.letters {
		copy(now[:], t.filterBias)
		mulAdd(now[:], t.filters, row[i*letterWidth:][:letterWindow*letterWidth])
		for f, x := range now {
			if x > best[f] {
				best[f] = x
				if strongest != nil {
					strongest[f] = int8(i)
				}
			}
		}
	}
	for f, x := range best {
		if len(w.letters) == 0 {
			x = 0
			if strongest != nil {
				strongest[f] = -1
			}
		}
		out[dimensions+f] = tanh32(x)
	}
	copy(out[dimensions+filterCount:], t.shapes[w.shape*shapeWidth:][:shapeWidth])
	copy(out[dimensions+filterCount+shapeWidth:], t.groups[w.group*groupWidth:][:groupWidth])
}

// step is one step of a cell: gates holds, before, what input, bias and last
// state add up to, and after it the gates' values.
func step(gates, lastC, c, tanhC, h []float32) {
	n := len(c)
	in, forget, content, out := gates[:n], gates[n:2*n], gates[2*n:3*n], gates[3*n:4*n]
	for k := range n {
		i, f, g, o := sigmoid(in[k]), sigmoid(forget[k]), tanh32(content[k]), sigmoid(out[k])
		in[k], forget[k], content[k], out[k] = i, f, g, o
		x := float32(i * g)
		if lastC != nil {
			x += float32(f * lastC[k])
		}
		c[k] = x
		tanhC[k] = tanh32(x)
		h[k] = float32(o * tanhC[k])
	}
}

// networkMemory is what tagging a sentence needs, to be used again.
type networkMemory struct {
	// cache holds what a word adds to the gates of both directions, which is
	// the same wherever it stands and is half of all work.
	cache  map[string][]float32
	words  [][]float32
	states []float32 // 2*hidden a token
	gates  []float32
	cells  []float32
	buf    []byte
}

// cachedInputs bounds the words whose gates are kept, 4 KB each.
const cachedInputs = 1 << 12

func (m *network) newMemory() any { return new(networkMemory) }

func (m *network) normalise(out, words []string, buf []byte) ([]string, []byte) {
	return m.vocabulary.normaliseCase(out, words, buf)
}

func (m *network) word(mem *networkMemory, s string) []float32 {
	if g := mem.cache[s]; g != nil {
		return g
	}
	var w inputWord
	w, mem.buf = m.vocabulary.look(s, mem.buf)
	var in [inputWidth]float32
	m.p.input(m.vocabulary, &w, in[:], nil)
	g := make([]float32, 8*m.hidden)
	for d := range m.p.cells {
		c := &m.p.cells[d]
		half := g[d*4*m.hidden:][:4*m.hidden]
		copy(half, c.bias)
		mulAdd(half, c.input, in[:])
	}
	if mem.cache == nil || len(mem.cache) >= cachedInputs {
		mem.cache = make(map[string][]float32, cachedInputs)
	}
	mem.cache[string(append([]byte(nil), s...))] = g
	return g
}

func (m *network) emit(memory any, words []string, scores []float32) {
	mem := memory.(*networkMemory)
	n := m.hidden
	mem.words = mem.words[:0]
	for _, s := range words {
		mem.words = append(mem.words, m.word(mem, s))
	}
	mem.states = grow(mem.states, len(words)*2*n)
	mem.gates = grow(mem.gates, 4*n)
	mem.cells = grow(mem.cells, 2*n)
	c, tanhC := mem.cells[:n], mem.cells[n:]
	for d := range m.p.cells {
		var last []float32
		clear(c)
		for k := range words {
			i := k
			if d == 1 {
				i = len(words) - 1 - k
			}
			copy(mem.gates, mem.words[i][d*4*n:][:4*n])
			if last != nil {
				mulAdd(mem.gates, m.p.cells[d].state, last)
			}
			h := mem.states[i*2*n+d*n:][:n]
			step(mem.gates, c, c, tanhC, h)
			last = h
		}
	}
	for i := range words {
		out := scores[i*outputs:][:outputs]
		copy(out, m.p.outBias)
		mulAdd(out, m.p.out, mem.states[i*2*n:][:2*n])
	}
}

// quantised returns the network as it is stored: each row of each tensor in 8
// bits with a scale.
func (m *network) quantised() *network {
	var e encoder
	m.encode(&e)
	d := &decoder{rest: e.Bytes()}
	return decodeNetwork(d)
}

func (m *network) encode(e *encoder) {
	m.vocabulary.encode(e)
	m.encodeWeights(e)
}

func (m *network) encodeWeights(e *encoder) {
	e.uint(m.hidden)
	if m.stored != nil {
		e.Write(m.stored)
		return
	}
	for _, s := range m.p.list(m.hidden) {
		for i := range s.rows {
			row := (*s.at)[i*s.columns:][:s.columns]
			top := float32(0)
			for _, x := range row {
				top = max(top, x, -x)
			}
			unit := top / 127
			e.float(unit)
			for _, x := range row {
				q := int8(0)
				if unit > 0 {
					q = int8(math.Round(float64(x / unit)))
				}
				e.WriteByte(byte(q))
			}
		}
	}
}

// widest bounds the units of a network that is read.
const widest = 1024

func decodeNetwork(d *decoder) *network {
	return decodeWeights(d, decodeVocabulary(d, true))
}

func decodeWeights(d *decoder, v *vocabulary) *network {
	hidden := d.uint(widest)
	if hidden == 0 {
		d.fail("a network without units")
	}
	if d.err != nil {
		return new(network)
	}
	n := paramCount(hidden)
	if n > len(d.rest) {
		d.fail("cut off")
		return new(network)
	}
	params := make([]float32, n)
	t := carve(params, hidden)
	stored := d.rest
	for _, s := range t.list(hidden) {
		for i := range s.rows {
			unit := d.float()
			for k, b := range d.take(s.columns) {
				(*s.at)[i*s.columns+k] = float32(int8(b)) * unit
			}
		}
	}
	m := newNetwork(v, hidden, params)
	m.stored = bytes.Clone(stored[:len(stored)-len(d.rest)])
	return m
}
