package tag

import (
	"context"
	"iter"

	"papergraph/graph"
	"papergraph/graph/token"
)

// sentence is one sentence of a document, as it stands.
type sentence struct {
	words []string
	title bool
}

// sentencesOf takes a document apart.
func sentencesOf(d graph.Document) []sentence {
	var out []sentence
	for _, field := range []struct {
		text  string
		title bool
	}{{d.Title, true}, {d.Abstract, false}} {
		tokens := token.Split(field.text)
		for _, r := range token.Sentences(tokens, field.title) {
			words := make([]string, 0, r.Last-r.First)
			for _, t := range tokens[r.First:r.Last] {
				words = append(words, t.Text)
			}
			out = append(out, sentence{words, field.title})
		}
	}
	return out
}

// readCorpus collects the titles and abstracts of a corpus.
func readCorpus(corpus iter.Seq2[graph.Document, error]) ([]graph.Document, error) {
	var out []graph.Document
	for d, err := range corpus {
		if err != nil {
			return nil, err
		}
		out = append(out, graph.Document{Title: d.Title, Abstract: d.Abstract})
	}
	return out, nil
}

// The size of the vocabulary: words of fewer places in the corpus are not
// worth their bytes.
const (
	leastCount = 5
	mostWords  = 40000
)

// clusterRounds is how often the words are sorted into clusters anew.
const clusterRounds = 12

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
	g.log("of %d words in %d papers, %d are kept", len(count.byWord), len(corpus), len(v.words))
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
		if v.clusters[i], err = cluster(ctx, vectors, k, clusterRounds, g.seed); err != nil {
			return nil, err
		}
		g.log("words sorted into %d clusters", k)
	}
	return v, nil
}
