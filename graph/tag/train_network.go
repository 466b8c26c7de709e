package tag

import (
	"context"
	"math"
	"math/rand/v2"
)

// pool is a set of examples of which some are learned from in each pass.
type pool struct {
	examples []example
	perPass  int // 0 is all
}

// networkTraining learns a network by Adam, with inputs and states left out at
// random, and the average of the weights over the later half of the passes.
type networkTraining struct {
	vocabulary *vocabulary
	hidden     int
	passes     int
	batch      int
	rate       float64 // first step, falling linearly to a tenth
	dropout    float32
	seed       uint64
	log        func(format string, args ...any)
}

// networkLearner is the state of a training.
type networkLearner struct {
	*networkTraining
	m    *network
	grad tensors
	// flat is all of grad; moment and square are Adam's.
	flat, moment, square []float32
	// The weights that gradients run back through, transposed: of state, and of
	// the learned columns of input.
	stateT, inputT [2][]float32
	outT           []float32
	words          map[string]*inputWord
	buf            []byte
	rng            *rand.Rand
	lattice        lattice
	s              sentenceState
}

// sentenceState is what the way back needs of the way forth.
type sentenceState struct {
	words      []*inputWord
	inputs     []float32 // inputWidth a token, after dropping
	inputMask  []float32
	raw        []float32 // before dropping
	strongest  []int8    // filterCount a token
	gates      [2][]float32
	cells      [2][]float32
	tanhCells  [2][]float32
	states     [2][]float32
	lastStates [2][]float32 // the state before each token, in its direction
	joined     []float32    // both directions' states, after dropping
	joinedMask []float32
	scores     []float32
	dScores    []float32
	dJoined    []float32
	dGates     [2][]float32
	dInputs    []float32 // learnedWidth a token
}

func (t *networkTraining) train(ctx context.Context, pools []pool) (*network, error) {
	l := t.learner()
	perPass := 0
	for _, p := range pools {
		perPass += p.size()
	}
	steps := t.passes * ((perPass + t.batch - 1) / t.batch)
	sum := make([]float64, len(l.m.params))
	averaged, done := 0, 0
	for pass := range t.passes {
		var order []*example
		for _, p := range pools {
			for _, i := range l.rng.Perm(len(p.examples))[:p.size()] {
				order = append(order, &p.examples[i])
			}
		}
		l.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		loss, tokens := 0.0, 0
		for first := 0; first < len(order); first += t.batch {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			batch := order[first:min(first+t.batch, len(order))]
			clear(l.flat)
			for _, e := range batch {
				loss += l.learn(e)
				tokens += len(e.words)
			}
			done++
			l.adam(done, 1/float32(len(batch)), t.rate*(1-0.9*float64(done)/float64(steps)))
			l.refresh()
			if 2*pass >= t.passes && done%8 == 0 {
				averaged++
				for i, x := range l.m.params {
					sum[i] += float64(x)
				}
			}
		}
		t.log("network: pass %d of %d, loss %.4f a token", pass+1, t.passes, loss/float64(max(tokens, 1)))
	}
	if averaged > 0 {
		for i := range sum {
			l.m.params[i] = float32(sum[i] / float64(averaged))
		}
	}
	return newNetwork(t.vocabulary, t.hidden, l.m.params).quantised(), nil
}

func (p pool) size() int {
	if p.perPass == 0 {
		return len(p.examples)
	}
	return min(p.perPass, len(p.examples))
}

// learner draws the first weights.
func (t *networkTraining) learner() *networkLearner {
	l := &networkLearner{networkTraining: t, words: map[string]*inputWord{}, rng: rand.New(rand.NewPCG(t.seed, 3))}
	params := make([]float32, paramCount(t.hidden))
	l.m = newNetwork(t.vocabulary, t.hidden, params)
	for _, s := range l.m.p.list(t.hidden) {
		if s.rows == 1 || s.rows == s.columns && s.rows < 16 {
			continue // biases and transitions begin at 0
		}
		bound := math.Sqrt(6 / float64(s.rows+s.columns))
		switch s.at {
		case &l.m.p.letters, &l.m.p.shapes, &l.m.p.groups:
			bound = math.Sqrt(3 / float64(s.columns))
		}
		for i := range *s.at {
			(*s.at)[i] = float32((2*l.rng.Float64() - 1) * bound)
		}
	}
	for d := range l.m.p.cells {
		forget := l.m.p.cells[d].bias[t.hidden : 2*t.hidden]
		for i := range forget {
			forget[i] = 1
		}
		l.stateT[d] = make([]float32, 4*t.hidden*t.hidden)
		l.inputT[d] = make([]float32, inputWidth*4*t.hidden)
	}
	l.outT = make([]float32, outputs*2*t.hidden)
	l.flat = make([]float32, len(params))
	l.moment, l.square = make([]float32, len(params)), make([]float32, len(params))
	l.grad = carve(l.flat, t.hidden)
	l.refresh()
	return l
}

// refresh derives what depends on the weights.
func (l *networkLearner) refresh() {
	n := l.hidden
	for d := range l.m.p.cells {
		transpose(l.stateT[d], l.m.p.cells[d].state, 4*n, n)
		transpose(l.inputT[d], l.m.p.cells[d].input, 4*n, inputWidth)
	}
	transpose(l.outT, l.m.p.out, outputs, 2*n)
	for s, c := range l.m.chains {
		c.set(l.m.p.start[s], l.m.p.next[s])
	}
}

// largestGradient is the length to which a batch's gradient is cut.
const largestGradient = 5

// adam takes the step number n along the gradient, times scale.
func (l *networkLearner) adam(n int, scale float32, rate float64) {
	sum := 0.0
	for _, g := range l.flat {
		sum += float64(g) * float64(g)
	}
	if norm := math.Sqrt(sum) * float64(scale); norm > largestGradient {
		scale *= float32(largestGradient / norm)
	}
	const beta1, beta2 = 0.9, 0.999
	step := float32(rate * math.Sqrt(1-math.Pow(beta2, float64(n))) / (1 - math.Pow(beta1, float64(n))))
	for i, g := range l.flat {
		g *= scale
		m := float32(beta1*l.moment[i]) + float32((1-beta1)*g)
		v := float32(beta2*l.square[i]) + float32((1-beta2)*float32(g*g))
		l.moment[i], l.square[i] = m, v
		l.m.params[i] -= float32(step*m) / (float32(math.Sqrt(float64(v))) + 1e-8)
	}
}

// learn adds to the gradient of the loss that of an example, and returns the
// loss.
func (l *networkLearner) learn(e *example) float64 {
	if len(e.words) == 0 {
		return 0
	}
	l.forward(e.words)
	loss := l.loss(e)
	l.backward()
	return loss
}

// mask draws what is left out: 0, or what the rest grows by.
func (l *networkLearner) mask(m []float32, n int) []float32 {
	m = grow(m, n)
	keep := 1 / (1 - l.dropout)
	for i := range m {
		m[i] = keep
		if l.dropout > 0 && l.rng.Float32() < l.dropout {
			m[i] = 0
		}
	}
	return m
}

func (l *networkLearner) forward(words []string) {
	s, n, p := &l.s, l.hidden, &l.m.p
	tokens := len(words)
	s.words = s.words[:0]
	for _, w := range words {
		in := l.words[w]
		if in == nil {
			in = new(inputWord)
			*in, l.buf = l.vocabulary.look(w, l.buf)
			l.words[w] = in
		}
		s.words = append(s.words, in)
	}
	s.raw = grow(s.raw, tokens*inputWidth)
	s.strongest = grow(s.strongest, tokens*filterCount)
	for i, w := range s.words {
		p.input(l.vocabulary, w, s.raw[i*inputWidth:][:inputWidth], s.strongest[i*filterCount:][:filterCount])
	}
	s.inputMask = l.mask(s.inputMask, tokens*inputWidth)
	s.inputs = multiply(s.inputs, s.raw, s.inputMask)
	s.joined = grow(s.joined, tokens*2*n)
	for d := range p.cells {
		s.gates[d] = grow(s.gates[d], tokens*4*n)
		for _, list := range []*[]float32{&s.cells[d], &s.tanhCells[d], &s.states[d], &s.lastStates[d]} {
			*list = grow(*list, tokens*n)
		}
		last := -1
		for k := range tokens {
			i := l.token(d, k, tokens)
			gates := s.gates[d][i*4*n:][:4*n]
			copy(gates, p.cells[d].bias)
			mulAdd(gates, p.cells[d].input, s.inputs[i*inputWidth:][:inputWidth])
			before := s.lastStates[d][i*n:][:n]
			var lastC []float32
			if last >= 0 {
				copy(before, s.states[d][last*n:][:n])
				mulAdd(gates, p.cells[d].state, before)
				lastC = s.cells[d][last*n:][:n]
			} else {
				clear(before)
			}
			h := s.states[d][i*n:][:n]
			step(gates, lastC, s.cells[d][i*n:][:n], s.tanhCells[d][i*n:][:n], h)
			copy(s.joined[i*2*n+d*n:], h)
			last = i
		}
	}
	s.joinedMask = l.mask(s.joinedMask, tokens*2*n)
	s.joined = multiply(s.joined, s.joined, s.joinedMask)
	s.scores = grow(s.scores, tokens*outputs)
	for i := range tokens {
		out := s.scores[i*outputs:][:outputs]
		copy(out, p.outBias)
		mulAdd(out, p.out, s.joined[i*2*n:][:2*n])
	}
}

// token is the k-th token in a direction.
func (l *networkLearner) token(d, k, tokens int) int {
	if d == 1 {
		return tokens - 1 - k
	}
	return k
}

func multiply(out, a, b []float32) []float32 {
	out = grow(out, len(a))
	for i, x := range a {
		out[i] = x * b[i]
	}
	return out
}

// loss fills dScores, adds to the gradients of the transitions and returns the
// negative logarithm of the likelihood.
func (l *networkLearner) loss(e *example) float64 {
	s := &l.s
	s.dScores = grow(s.dScores, len(s.scores))
	clear(s.dScores)
	total := 0.0
	for k := range Schemes {
		if e.labels[k] == nil {
			continue
		}
		n := labelCount[k]
		start, next := make([]float64, n), make([]float64, n*n)
		loss := chainLoss(l.m.chains[k], nil, k, e, s.scores, s.dScores, start, next, &l.lattice, nil)
		total += loss * float64(e.weight)
		for i, g := range start {
			l.grad.start[k][i] += float32(g) * e.weight
		}
		for i, g := range next {
			l.grad.next[k][i] += float32(g) * e.weight
		}
	}
	for i := range s.dScores {
		s.dScores[i] *= e.weight
	}
	return total
}

// chainLoss returns the negative logarithm of the likelihood, under a scheme, of
// an example's labels, or the cross entropy with its teacher's distribution, and
// adds its gradients with respect to the scores and the transitions. Without
// labels there must be a teacher, and memory for it.
func chainLoss(c, teacher *chain, s Scheme, e *example, scores, dScores []float32, start, next []float64, student, guide *lattice) float64 {
	n, at := labelCount[s], firstLabel[s]
	loss := c.marginals(student, scores[at:], outputs)
	c.edges(student, start, next, 1)
	for i := range e.words {
		for b := range n {
			dScores[i*outputs+at+b] += float32(student.node[i*n+b])
		}
	}
	labels := e.labels[s]
	if labels == nil {
		teacher.marginals(guide, e.scores[at:], outputs)
		guideStart, guideNext := make([]float64, n), make([]float64, n*n)
		teacher.edges(guide, guideStart, guideNext, 1)
		for i := range e.words {
			for b := range n {
				p := guide.node[i*n+b]
				dScores[i*outputs+at+b] -= float32(p)
				loss -= p * float64(scores[i*outputs+at+b])
			}
		}
		for i, p := range guideStart {
			start[i] -= p
			loss -= p * c.start[i]
		}
		for i, p := range guideNext {
			next[i] -= p
			loss -= p * c.next[i]
		}
		return loss
	}
	for i, b := range labels {
		dScores[i*outputs+at+int(b)]--
		loss -= float64(scores[i*outputs+at+int(b)])
		if i == 0 {
			start[b]--
			loss -= c.start[b]
		} else {
			next[int(labels[i-1])*n+int(b)]--
			loss -= c.next[int(labels[i-1])*n+int(b)]
		}
	}
	return loss
}

// backward adds the gradients of all weights below the scores.
func (l *networkLearner) backward() {
	s, n, p, g := &l.s, l.hidden, &l.m.p, &l.grad
	tokens := len(s.words)
	outer(g.out, s.dScores, s.joined, outputs, 2*n)
	for i := range tokens {
		axpy(1, s.dScores[i*outputs:][:outputs], g.outBias)
	}
	s.dJoined = grow(s.dJoined, tokens*2*n)
	clear(s.dJoined)
	for i := range tokens {
		mulAdd(s.dJoined[i*2*n:][:2*n], l.outT, s.dScores[i*outputs:][:outputs])
	}
	s.dJoined = multiply(s.dJoined, s.dJoined, s.joinedMask)
	s.dInputs = grow(s.dInputs, tokens*learnedWidth)
	clear(s.dInputs)
	dh, dc := make([]float32, n), make([]float32, n)
	for d := range p.cells {
		s.dGates[d] = grow(s.dGates[d], tokens*4*n)
		clear(dh)
		clear(dc)
		for k := tokens - 1; k >= 0; k-- {
			i := l.token(d, k, tokens)
			axpy(1, s.dJoined[i*2*n+d*n:][:n], dh)
			gates, dz := s.gates[d][i*4*n:][:4*n], s.dGates[d][i*4*n:][:4*n]
			var lastC []float32
			if k > 0 {
				lastC = s.cells[d][l.token(d, k-1, tokens)*n:][:n]
			}
			tanhC := s.tanhCells[d][i*n:][:n]
			for j := range n {
				in, forget, content, out := gates[j], gates[n+j], gates[2*n+j], gates[3*n+j]
				t := tanhC[j]
				dz[3*n+j] = dh[j] * t * out * (1 - out)
				c := dc[j] + float32(dh[j]*out*(1-float32(t*t)))
				dz[j] = c * content * in * (1 - in)
				dz[2*n+j] = c * in * (1 - float32(content*content))
				dz[n+j] = 0
				if lastC != nil {
					dz[n+j] = c * lastC[j] * forget * (1 - forget)
				}
				dc[j] = c * forget
			}
			clear(dh)
			mulAdd(dh, l.stateT[d], dz)
			mulAdd(s.dInputs[i*learnedWidth:][:learnedWidth], l.inputT[d][dimensions*4*n:], dz)
			axpy(1, dz, g.cells[d].bias)
		}
		outer(g.cells[d].input, s.dGates[d], s.inputs, 4*n, inputWidth)
		outer(g.cells[d].state, s.dGates[d], s.lastStates[d], 4*n, n)
	}
	for i, w := range s.words {
		l.backwardInput(i, w)
	}
}

// backwardInput adds the gradients of the learned part of a token's input.
func (l *networkLearner) backwardInput(i int, w *inputWord) {
	s, p, g := &l.s, &l.m.p, &l.grad
	dx := s.dInputs[i*learnedWidth:][:learnedWidth]
	for k, m := range s.inputMask[i*inputWidth+dimensions:][:learnedWidth] {
		dx[k] *= m
	}
	axpy(1, dx[filterCount:][:shapeWidth], g.shapes[w.shape*shapeWidth:][:shapeWidth])
	axpy(1, dx[filterCount+shapeWidth:], g.groups[w.group*groupWidth:][:groupWidth])
	if len(w.letters) == 0 {
		return
	}
	const window = letterWindow * letterWidth
	var row, dRow padded
	for k, c := range w.letters {
		copy(row[(k+1)*letterWidth:], p.letters[int(c)*letterWidth:][:letterWidth])
	}
	for f, at := range s.strongest[i*filterCount:][:filterCount] {
		y := s.raw[i*inputWidth+dimensions+f]
		d := dx[f] * (1 - float32(y*y))
		g.filterBias[f] += d
		axpy(d, row[int(at)*letterWidth:][:window], g.filters[f*window:][:window])
		axpy(d, p.filters[f*window:][:window], dRow[int(at)*letterWidth:][:window])
	}
	for k, c := range w.letters {
		axpy(1, dRow[(k+1)*letterWidth:][:letterWidth], g.letters[int(c)*letterWidth:][:letterWidth])
	}
}
