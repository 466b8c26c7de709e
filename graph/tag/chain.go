package tag

import "math"

// forbidden is the score of a transition that may not be.
const forbidden = -1e4

// chain is the part of a linear-chain conditional random field that knows
// nothing of the words: how well labels follow each other. A sentence's score
// under some labels is the sum of its tokens' scores for them and of these.
type chain struct {
	n     int
	start []float64 // of each label at the beginning
	next  []float64 // next[a*n+b]: of b after a
	// The exponentials of both.
	expStart, expNext []float64
}

// newChain takes the scores of a scheme's transitions.
func newChain(start, next []float32) *chain {
	n := len(start)
	c := &chain{n: n, start: make([]float64, n), next: make([]float64, n*n), expStart: make([]float64, n), expNext: make([]float64, n*n)}
	c.set(start, next)
	return c
}

// set takes new scores. What may not follow stays forbidden.
func (c *chain) set(start, next []float32) {
	for b := range c.n {
		c.start[b] = float64(start[b])
		if !follows(outside, b) {
			c.start[b] = forbidden
		}
		c.expStart[b] = math.Exp(c.start[b])
		for a := range c.n {
			x := float64(next[a*c.n+b])
			if !follows(a, b) {
				x = forbidden
			}
			c.next[a*c.n+b] = x
			c.expNext[a*c.n+b] = math.Exp(x)
		}
	}
}

// lattice is the memory for the labels of a sentence; it grows and is used
// again.
type lattice struct {
	forward, backward, emit []float64 // of each token and label, each token's scaled to sum to 1
	scale                   []float64
	node                    []float64 // probability of each label at each token
	back                    []uint8
	best                    []float64
	labels                  []uint8
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n+n/2)[:n]
	}
	return s[:n]
}

// marginals fills l.node with the probability of each label at each token and
// returns the logarithm of the sum over all labellings. scores holds stride
// numbers a token, of which the chain's begin at the first.
func (c *chain) marginals(l *lattice, scores []float32, stride int) float64 {
	n := c.n
	tokens := (len(scores) + stride - n) / stride
	l.forward = grow(l.forward, tokens*n)
	l.backward = grow(l.backward, tokens*n)
	l.emit = grow(l.emit, tokens*n)
	l.scale = grow(l.scale, tokens)
	l.node = grow(l.node, tokens*n)
	logZ := 0.0
	for t := range tokens {
		emit := l.emit[t*n : t*n+n]
		row := scores[t*stride:][:n]
		top := row[0]
		for _, x := range row[1:] {
			top = max(top, x)
		}
		logZ += float64(top)
		now := l.forward[t*n : t*n+n]
		if t == 0 {
			copy(now, c.expStart)
		} else {
			clear(now)
			for a, p := range l.forward[(t-1)*n : t*n] {
				for b, x := range c.expNext[a*n : a*n+n] {
					now[b] += float64(p * x)
				}
			}
		}
		sum := 0.0
		for b, x := range row {
			e := math.Exp(float64(x - top))
			emit[b] = e
			now[b] *= e
			sum += now[b]
		}
		// Nothing is left where the scores are hopelessly far apart; then every
		// label is as good.
		if sum < 1e-300 {
			for b := range now {
				now[b] = 1 / float64(n)
			}
			sum = 1
		} else {
			for b := range now {
				now[b] /= sum
			}
		}
		l.scale[t] = sum
		logZ += math.Log(sum)
	}
	for t := tokens - 1; t >= 0; t-- {
		back := l.backward[t*n : t*n+n]
		if t == tokens-1 {
			for b := range back {
				back[b] = 1
			}
		} else {
			var after [outputs]float64
			s := 1 / l.scale[t+1]
			for b, e := range l.emit[(t+1)*n : (t+2)*n] {
				after[b] = e * l.backward[(t+1)*n+b] * s
			}
			for a := range back {
				sum := 0.0
				for b, x := range c.expNext[a*n : a*n+n] {
					sum += float64(x * after[b])
				}
				back[a] = sum
			}
		}
		for b, p := range l.forward[t*n : t*n+n] {
			l.node[t*n+b] = p * back[b]
		}
	}
	return logZ
}

// edges adds to sum, f times, the expected number of each transition, after
// marginals, and to start that of each first label.
func (c *chain) edges(l *lattice, start, sum []float64, f float64) {
	n := c.n
	if len(l.scale) == 0 {
		return
	}
	for b, p := range l.node[:n] {
		start[b] += float64(f * p)
	}
	for t := 1; t < len(l.scale); t++ {
		var after [outputs]float64
		s := f / l.scale[t]
		for b, e := range l.emit[t*n : t*n+n] {
			after[b] = e * l.backward[t*n+b] * s
		}
		for a, p := range l.forward[(t-1)*n : t*n] {
			for b, x := range c.expNext[a*n : a*n+n] {
				sum[a*n+b] += float64(p * x * after[b])
			}
		}
	}
}

// decode returns the best labels, in memory of the lattice's, and their score.
func (c *chain) decode(l *lattice, scores []float32, stride int) ([]uint8, float64) {
	n := c.n
	tokens := (len(scores) + stride - n) / stride
	if tokens == 0 {
		return nil, 0
	}
	l.back = grow(l.back, tokens*n)
	l.best = grow(l.best, 2*n)
	l.labels = grow(l.labels, tokens)
	last, now := l.best[:n], l.best[n:]
	for b := range n {
		last[b] = c.start[b] + float64(scores[b])
	}
	for t := 1; t < tokens; t++ {
		back := l.back[t*n : t*n+n]
		for b := range now {
			now[b] = math.Inf(-1)
		}
		for a, p := range last {
			for b, x := range c.next[a*n : a*n+n] {
				if s := p + x; s > now[b] {
					now[b], back[b] = s, uint8(a)
				}
			}
		}
		for b, x := range scores[t*stride:][:n] {
			now[b] += float64(x)
		}
		last, now = now, last
	}
	best := 0
	for b, s := range last {
		if s > last[best] {
			best = b
		}
	}
	score := last[best]
	for t := tokens - 1; t >= 0; t-- {
		l.labels[t] = uint8(best)
		best = int(l.back[t*n+best])
		if t == 0 {
			break
		}
	}
	return l.labels, score
}

// spanProbability is the probability that exactly this span, of the type number
// t, is in the labelling, after marginals.
func (c *chain) spanProbability(l *lattice, first, last, t int) float64 {
	n := c.n
	begin, inside := 1+2*t, 2+2*t
	p := l.node[first*n+begin]
	at := begin
	for i := first + 1; i < last && p > 0; i++ {
		p *= c.follow(l, i-1, at, inside)
		at = inside
	}
	if last < len(l.scale) && p > 0 {
		p *= 1 - c.follow(l, last-1, at, inside)
	}
	return max(0, min(1, p))
}

// follow is the probability of label b at token t+1 given a at token t.
func (c *chain) follow(l *lattice, t, a, b int) float64 {
	n := c.n
	back := l.backward[t*n+a]
	if back < 1e-300 {
		return 0
	}
	return c.expNext[a*n+b] * l.emit[(t+1)*n+b] * l.backward[(t+1)*n+b] / (l.scale[t+1] * back)
}
