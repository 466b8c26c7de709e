package tag

import (
	"math"
	"math/rand/v2"
	"testing"
)

// inventedVocabulary knows a few words, with vectors drawn at random.
func inventedVocabulary(words ...string) *vocabulary {
	rng := rand.New(rand.NewPCG(7, 7))
	v := &vocabulary{words: words, capitals: make([]uint8, len(words))}
	for i, k := range clusterCounts {
		v.clusters[i] = make([]uint16, len(words))
		for w := range words {
			v.clusters[i][w] = uint16(rng.IntN(k))
		}
	}
	v.vectors = make([]int8, len(words)*dimensions)
	for i := range v.vectors {
		v.vectors[i] = int8(rng.NormFloat64() * vectorSteps)
	}
	v.index()
	return v
}

// TestNetworkGradient compares the gradients of all tensors with differences of
// the loss.
func TestNetworkGradient(t *testing.T) {
	v := inventedVocabulary("we", "propose", "a", "parser")
	tr := networkTraining{vocabulary: v, hidden: 8, dropout: 0, seed: 3}
	l := tr.learner()
	rng := rand.New(rand.NewPCG(5, 5))
	words := []string{"We", "propose", "GraphRank-2", ",", "a", "parser"}
	hard := example{words: words, weight: 0.5}
	hard.labels[SciERC] = []uint8{0, 0, 5, 0, 0, 1}
	hard.labels[SciREX] = []uint8{0, 0, 3, 4, 0, 0}
	for _, tc := range []struct {
		name string
		e    example
	}{{"both schemes", hard}} {
		t.Run(tc.name, func(t *testing.T) {
			clear(l.flat)
			l.learn(&tc.e)
			got := append([]float32(nil), l.flat...)
			at := 0
			for _, s := range l.m.p.list(l.hidden) {
				n := s.rows * s.columns
				for range 12 {
					i := at + rng.IntN(n)
					loss := func(step float32) float64 {
						old := l.m.params[i]
						defer func() { l.m.params[i] = old; l.refresh() }()
						l.m.params[i] += step
						l.refresh()
						l.forward(tc.e.words)
						return l.loss(&tc.e)
					}
					const h = 5e-3
					want := (loss(h) - loss(-h)) / (2 * h)
					if math.Abs(want-float64(got[i])) > 2e-3+0.02*math.Abs(want) {
						t.Errorf("weight %d (of %d x %d at %d): gradient %v, want %v", i-at, s.rows, s.columns, at, got[i], want)
					}
				}
				at += n
			}
		})
	}
}
