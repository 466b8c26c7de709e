package tag

import (
	"context"
	"math"
	"math/rand/v2"
)

// skipGram learns word vectors by predicting, from each word, the words around
// it, against words drawn at random. There is an output table for each of four
// places (right before, further before, right after, further after), so that
// the vectors know of word order, as a tagger's must (Ling et al. 2015).
type skipGram struct {
	window    int     // furthest neighbour
	negatives int     // random words for each true one
	epochs    int     // passes over the corpus
	rate      float64 // first learning rate, falling linearly
	subsample float64 // words more frequent than this are thinned out
	seed      uint64
	log       func(format string, args ...any)
}

const places = 4

// place is the output table of the neighbour at a distance.
func place(distance int) int {
	switch {
	case distance == -1:
		return 0
	case distance < 0:
		return 1
	case distance == 1:
		return 2
	}
	return 3
}

// train returns a vector for each of the counted words. Sentences hold word
// numbers; -1 is a word without one.
func (g *skipGram) train(ctx context.Context, sentences [][]int32, counts []int) ([]float32, error) {
	rng := rand.New(rand.NewPCG(g.seed, 1))
	in := make([]float32, len(counts)*dimensions)
	for i := range in {
		in[i] = (rng.Float32() - 0.5) / dimensions
	}
	var out [places][]float32
	for p := range out {
		out[p] = make([]float32, len(in))
	}
	total := 0
	for _, n := range counts {
		total += n
	}
	keep := make([]float32, len(counts)) // chance that a place of the word is used
	for i, n := range counts {
		share := float64(n) / float64(total) / g.subsample
		keep[i] = float32(min(1, (math.Sqrt(share)+1)/share))
	}
	noise := noiseTable(counts)
	var sigmoid [1024]float32 // of -6 to 6
	for i := range sigmoid {
		sigmoid[i] = float32(1 / (1 + math.Exp(-(float64(i)+0.5)/1024*12+6)))
	}
	grad := make([]float32, dimensions)
	var kept []int32
	seen, all := 0, g.epochs*total
	rate := float32(g.rate)
	for epoch := range g.epochs {
		for n, s := range sentences {
			if n%1000 == 0 {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
				rate = float32(g.rate * max(1-float64(seen)/float64(all), 1e-3))
			}
			kept = kept[:0]
			for _, w := range s {
				if w >= 0 {
					seen++
					if k := keep[w]; k >= 1 || rng.Float32() < k {
						kept = append(kept, w)
					}
				}
			}
			for i, w := range kept {
				v := in[int(w)*dimensions:][:dimensions]
				reach := 1 + rng.IntN(g.window)
				for j := max(0, i-reach); j <= min(len(kept)-1, i+reach); j++ {
					if j == i {
						continue
					}
					table := out[place(j-i)]
					clear(grad)
					for k := 0; k <= g.negatives; k++ {
						target, label := kept[j], float32(1)
						if k > 0 {
							target, label = noise[rng.Uint64()&(noiseSize-1)], 0
							if target == kept[j] {
								continue
							}
						}
						u := table[int(target)*dimensions:][:dimensions]
						x := dot(v, u)
						p := float32(0)
						switch {
						case x >= 6:
							p = 1
						case x > -6:
							p = sigmoid[int((x+6)*(1024.0/12))]
						}
						f := (label - p) * rate
						axpy(f, u, grad)
						axpy(f, v, u)
					}
					axpy(1, grad, v)
				}
			}
		}
		g.log("word vectors: pass %d of %d", epoch+1, g.epochs)
	}
	return in, nil
}

const noiseSize = 1 << 20

// noiseTable holds each word as often as it is to be drawn: by frequency to the
// power of .75.
func noiseTable(counts []int) []int32 {
	sum := 0.0
	for _, n := range counts {
		sum += math.Pow(float64(n), 0.75)
	}
	table := make([]int32, noiseSize)
	word, reached := 0, 0.0
	if len(counts) > 0 {
		reached = math.Pow(float64(counts[0]), 0.75) / sum
	}
	for i := range table {
		for float64(i)/noiseSize > reached && word < len(counts)-1 {
			word++
			reached += math.Pow(float64(counts[word]), 0.75) / sum
		}
		table[i] = int32(word)
	}
	return table
}

// cluster parts the vectors into k clusters by the angle between them, and
// returns each one's cluster. It is Lloyd's algorithm from k frequent words.
func cluster(ctx context.Context, vectors []float32, k, rounds int, seed uint64) ([]uint16, error) {
	n := len(vectors) / dimensions
	k = min(k, n)
	unit := make([]float32, len(vectors))
	for i := range n {
		v := vectors[i*dimensions:][:dimensions]
		axpy(1/max(float32(math.Sqrt(float64(dot(v, v)))), 1e-12), v, unit[i*dimensions:][:dimensions])
	}
	rng := rand.New(rand.NewPCG(seed, uint64(k)))
	centres := make([]float32, k*dimensions)
	for c, i := range rng.Perm(min(n, 4*k))[:k] {
		copy(centres[c*dimensions:], unit[i*dimensions:][:dimensions])
	}
	of := make([]uint16, n)
	scores := make([]float32, k)
	for range rounds {
		sums := make([]float32, len(centres))
		for i := range n {
			if i%4096 == 0 {
				if err := ctx.Err(); err != nil {
					return nil, err
				}
			}
			v := unit[i*dimensions:][:dimensions]
			clear(scores)
			mulAdd(scores, centres, v)
			best := 0
			for c, s := range scores {
				if s > scores[best] {
					best = c
				}
			}
			of[i] = uint16(best)
			axpy(1, v, sums[best*dimensions:][:dimensions])
		}
		for c := range k {
			sum := sums[c*dimensions:][:dimensions]
			if norm := float32(math.Sqrt(float64(dot(sum, sum)))); norm > 0 {
				centre := centres[c*dimensions:][:dimensions]
				clear(centre)
				axpy(1/norm, sum, centre)
			}
		}
	}
	return of, nil
}
