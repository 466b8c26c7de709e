package tag

import (
	"context"

	"papergraph/graph"
)

// The size of the vocabulary: words of fewer places in the corpus are not
// worth their bytes.
const (
	leastCount = 5
	mostWords  = 40000
)

// learnWords counts the words of a corpus and learns their vectors and
// clusters.
func learnWords(ctx context.Context, corpus []graph.Document, g skipGram) (*vocabulary, error) {
	count := counter{byWord: map[string]*wordCount{}}
	for i, d := range corpus {
		if i%1000 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for _, s := range sentencesOf(d) {
			count.add(s.words, s.title)
		}
	}
	v, counts := count.vocabulary(leastCount, mostWords)
	g.log("%d words occur %d times or more, %d are kept", len(count.byWord), leastCount, len(v.words))
	var sentences [][]int32
	var buf []byte
	for i, d := range corpus {
		if i%1000 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		for _, s := range sentencesOf(d) {
			ids := make([]int32, len(s.words))
			for j, w := range s.words {
				buf = fold(buf[:0], w)
				id, ok := v.ids[string(buf)]
				if !ok {
					id = -1
				}
				ids[j] = id
			}
			sentences = append(sentences, ids)
		}
	}
	vectors, err := g.train(ctx, sentences, counts)
	if err != nil {
		return nil, err
	}
	v.vectors = quantiseVectors(vectors)
	for i, k := range clusterCounts {
		if v.clusters[i], err = cluster(ctx, vectors, k, 12, g.seed); err != nil {
			return nil, err
		}
		g.log("words clustered into %d", k)
	}
	return v, nil
}
