package tag

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// randomChain is a chain with random scores, and scores of some tokens.
func randomChain(rng *rand.Rand, s Scheme, tokens int) (*chain, []float32) {
	n := labelCount[s]
	draw := func(k int) []float32 {
		out := make([]float32, k)
		for i := range out {
			out[i] = float32(rng.NormFloat64())
		}
		return out
	}
	return newChain(draw(n), draw(n*n)), draw(tokens * n)
}

// each calls f with every labelling of some tokens and its score.
func each(c *chain, scores []float32, f func(labels []uint8, score float64)) {
	labels := make([]uint8, len(scores)/c.n)
	var walk func(t int, score float64)
	walk = func(t int, score float64) {
		if t == len(labels) {
			f(labels, score)
			return
		}
		for b := range c.n {
			x := c.start[b]
			if t > 0 {
				x = c.next[int(labels[t-1])*c.n+b]
			}
			if x <= forbidden {
				continue
			}
			labels[t] = uint8(b)
			walk(t+1, score+x+float64(scores[t*c.n+b]))
		}
	}
	walk(0, 0)
}

// TestChainAgainstAllLabellings compares decoding, marginals, expected
// transitions and the probability of spans with sums over every labelling.
func TestChainAgainstAllLabellings(t *testing.T) {
	approx := cmpopts.EquateApprox(0, 1e-6)
	rng := rand.New(rand.NewPCG(1, 1))
	for range 10 {
		const tokens = 4
		c, scores := randomChain(rng, SciREX, tokens)
		best, bestScore, z := []uint8(nil), math.Inf(-1), 0.0
		node := make([]float64, tokens*c.n)
		edges, start := make([]float64, c.n*c.n), make([]float64, c.n)
		span := 0.0 // of tokens 1 and 2 as the scheme's second type
		each(c, scores, func(labels []uint8, score float64) {
			if score > bestScore {
				best, bestScore = append(best[:0], labels...), score
			}
			p := math.Exp(score)
			z += p
			start[labels[0]] += p
			for i, b := range labels {
				node[i*c.n+int(b)] += p
				if i > 0 {
					edges[int(labels[i-1])*c.n+int(b)] += p
				}
			}
			if labels[1] == 3 && labels[2] == 4 && labels[3] != 4 {
				span += p
			}
		})
		for _, list := range [][]float64{node, edges, start} {
			for i := range list {
				list[i] /= z
			}
		}
		var l lattice
		labels, score := c.decode(&l, scores, c.n)
		if diff := cmp.Diff(best, labels); diff != "" || math.Abs(score-bestScore) > 1e-6 {
			t.Errorf("decoded with %v, not %v (-want +got):\n%s", score, bestScore, diff)
		}
		logZ := c.marginals(&l, scores, c.n)
		if math.Abs(logZ-math.Log(z)) > 1e-6 {
			t.Errorf("log of the sum %v, want %v", logZ, math.Log(z))
		}
		if diff := cmp.Diff(node, l.node, approx); diff != "" {
			t.Errorf("marginals (-want +got):\n%s", diff)
		}
		for i := range tokens {
			sum := 0.0
			for _, p := range l.node[i*c.n:][:c.n] {
				sum += p
			}
			if math.Abs(sum-1) > 1e-9 {
				t.Errorf("marginals of token %d sum to %v", i, sum)
			}
		}
		gotStart, gotEdges := make([]float64, c.n), make([]float64, c.n*c.n)
		c.edges(&l, gotStart, gotEdges, 1)
		if diff := cmp.Diff(edges, gotEdges, approx); diff != "" {
			t.Errorf("transitions (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(start, gotStart, approx); diff != "" {
			t.Errorf("first labels (-want +got):\n%s", diff)
		}
		if got := c.spanProbability(&l, 1, 3, 1); math.Abs(got-span/z) > 1e-6 {
			t.Errorf("probability of a span %v, want %v", got, span/z)
		}
	}
}
