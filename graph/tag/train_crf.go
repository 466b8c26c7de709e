package tag

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
)

// example is a sentence to learn from, on words as a tagger meets them.
type example struct {
	words []string
	// labels are those of the annotators; nil under a scheme that they did not
	// annotate.
	labels [Schemes][]uint8
	// scores are a teacher's, outputs numbers a token; nil without one.
	scores []float32
	weight float32
}

// crfTraining learns a crf by stochastic gradients with a step for each weight
// (AdaGrad), features left out at random, and the average of the weights over
// the later half of the passes.
type crfTraining struct {
	vocabulary *vocabulary
	teacher    [Schemes]*chain // whose scores examples may have
	epochs     int
	rate       float32
	decay      float32 // L2
	dropout    float32
	least      int // places that a feature must have; one in annotated text counts for gold
	gold       int
	features   int // most features to keep
	seed       uint64
	log        func(format string, args ...any)
}

// crfLearner is the state of a training.
type crfLearner struct {
	*crfTraining
	infos    map[string]*wordFeatures
	none     *wordFeatures
	buf      []byte
	row      []int32 // of each key, 0 without one, else row+1
	count    []uint8 // of each key
	keys     []uint32
	weights  []float32 // outputs a row
	squares  []float32
	sums     []float32
	averaged int
	start    [Schemes][]float32
	next     [Schemes][]float32
	// of the transitions
	startSquares, nextSquares [Schemes][]float32
	startSums, nextSums       [Schemes][]float32
	chains                    [Schemes]*chain
	student, guide            lattice
	rng                       *rand.Rand
}

func (t *crfTraining) train(ctx context.Context, examples []example) (*crf, error) {
	l := &crfLearner{
		crfTraining: t, infos: map[string]*wordFeatures{},
		row: make([]int32, 1<<keyBits), count: make([]uint8, 1<<keyBits),
		rng: rand.New(rand.NewPCG(t.seed, 2)),
	}
	none := t.vocabulary.noWord()
	l.none = &none
	for s := range Schemes {
		n := labelCount[s]
		for _, list := range []*[]float32{&l.start[s], &l.startSquares[s], &l.startSums[s]} {
			*list = make([]float32, n)
		}
		for _, list := range []*[]float32{&l.next[s], &l.nextSquares[s], &l.nextSums[s]} {
			*list = make([]float32, n*n)
		}
		l.chains[s] = newChain(l.start[s], l.next[s])
	}
	if err := l.countFeatures(ctx, examples); err != nil {
		return nil, err
	}
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	for epoch := range t.epochs {
		l.rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		loss, tokens := 0.0, 0
		for n, i := range order {
			if n%256 == 0 {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
			}
			loss += l.learn(&examples[i])
			tokens += len(examples[i].words)
			// Four snapshots a pass stand for all of the weights on the way.
			if 2*epoch >= t.epochs && (n+1)%((len(order)+3)/4) == 0 || n+1 == len(order) {
				l.average()
			}
		}
		t.log("crf: pass %d of %d, loss %.4f a token, %d features", epoch+1, t.epochs, loss/float64(max(tokens, 1)), len(l.keys))
	}
	scale := 1 / float32(max(l.averaged, 1))
	for i := range l.sums {
		l.sums[i] *= scale
	}
	for s := range Schemes {
		for i := range l.startSums[s] {
			l.startSums[s][i] *= scale
		}
		for i := range l.nextSums[s] {
			l.nextSums[s][i] *= scale
		}
		l.chains[s].set(l.startSums[s], l.nextSums[s])
	}
	return pruned(t.vocabulary, l.keys, l.sums, l.chains, t.features), nil
}

// info returns what is known of a word.
func (l *crfLearner) info(word string) *wordFeatures {
	f := l.infos[word]
	if f == nil {
		f = new(wordFeatures)
		*f, l.buf = l.vocabulary.describe(word, l.buf)
		l.infos[word] = f
	}
	return f
}

// active calls visit with the keys of each token.
func (l *crfLearner) active(words []string, visit func(token int, keys []uint32)) {
	infos := make([]*wordFeatures, len(words))
	for i, w := range words {
		infos[i] = l.info(w)
	}
	around := surround(nil, infos, brackets(nil, words))
	var keys []uint32
	for i := range words {
		keys = keys[:0]
		var at [slots]*wordFeatures
		for slot, j := range around[i].at {
			at[slot] = l.none
			if j != padding {
				at[slot] = infos[j]
			}
			keys = append(keys, at[slot].keys[slot]...)
		}
		keys = conjunctions(keys, &at, &around[i])
		visit(i, keys)
	}
}

func (l *crfLearner) countFeatures(ctx context.Context, examples []example) error {
	for n := range examples {
		if n%256 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		step := 1
		if examples[n].scores == nil {
			step = l.gold
		}
		l.active(examples[n].words, func(_ int, keys []uint32) {
			for _, k := range keys {
				l.count[k] = uint8(min(255, int(l.count[k])+step))
			}
		})
	}
	return nil
}

// rows replaces keys by rows, leaving out those of rare features.
func (l *crfLearner) rows(keys []uint32) []int32 {
	out := make([]int32, 0, len(keys))
	for _, k := range keys {
		r := l.row[k]
		if r == 0 {
			if int(l.count[k]) < l.least {
				continue
			}
			l.keys = append(l.keys, k)
			r = int32(len(l.keys))
			l.row[k] = r
			n := len(l.keys) * outputs
			for _, list := range []*[]float32{&l.weights, &l.squares, &l.sums} {
				*list = slices.Grow(*list, outputs)[:n]
			}
		}
		out = append(out, r-1)
	}
	return out
}

const adagradStart = 0.1

// learn takes one step and returns the loss before it.
func (l *crfLearner) learn(e *example) float64 {
	n := len(e.words)
	if n == 0 {
		return 0
	}
	scores := make([]float32, n*outputs)
	rows := make([][]int32, n)
	boost := 1 / (1 - l.dropout)
	l.active(e.words, func(i int, keys []uint32) {
		all := l.rows(keys)
		kept := all[:0]
		out := scores[i*outputs:][:outputs]
		for _, r := range all {
			if l.rng.Float32() < l.dropout {
				continue
			}
			kept = append(kept, r)
			axpy(boost, l.weights[int(r)*outputs:][:outputs], out)
		}
		rows[i] = kept
	})
	grad := make([]float32, n*outputs)
	loss := 0.0
	for s := range Schemes {
		if e.labels[s] == nil && e.scores == nil {
			continue
		}
		loss += l.gradient(s, e, scores, grad)
	}
	for i := range n {
		g := grad[i*outputs:][:outputs]
		top := float32(0)
		for o := range g {
			g[o] *= e.weight * boost
			top = max(top, g[o], -g[o])
		}
		if top < 1e-3 {
			continue
		}
		for _, r := range rows[i] {
			w := l.weights[int(r)*outputs:][:outputs]
			q := l.squares[int(r)*outputs:][:outputs]
			for o, x := range g {
				if x == 0 {
					continue
				}
				x += float32(l.decay * w[o])
				q[o] += float32(x * x)
				w[o] -= float32(l.rate*x) / float32(math.Sqrt(float64(q[o]+adagradStart)))
			}
		}
	}
	return loss
}

// gradient adds to grad the gradient of the loss with respect to the scores of
// a scheme's labels, and moves its transitions.
func (l *crfLearner) gradient(s Scheme, e *example, scores, grad []float32) float64 {
	n := labelCount[s]
	c := l.chains[s]
	start, next := make([]float64, n), make([]float64, n*n)
	loss := chainLoss(c, l.teacher[s], s, e, scores, grad, start, next, &l.student, &l.guide)
	descend(l.start[s], l.startSquares[s], start, l.rate*e.weight)
	descend(l.next[s], l.nextSquares[s], next, l.rate*e.weight)
	c.set(l.start[s], l.next[s])
	return loss
}

// descend takes an AdaGrad step against a gradient.
func descend(w, squares []float32, grad []float64, rate float32) {
	for i, g := range grad {
		if x := float32(g); x != 0 {
			squares[i] += float32(x * x)
			w[i] -= float32(rate*x) / float32(math.Sqrt(float64(squares[i]+1)))
		}
	}
}

func (l *crfLearner) average() {
	l.averaged++
	axpy(1, l.weights, l.sums)
	for s := range Schemes {
		axpy(1, l.start[s], l.startSums[s])
		axpy(1, l.next[s], l.nextSums[s])
	}
}
