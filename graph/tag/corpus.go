package tag

import (
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
