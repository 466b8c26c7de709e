package extract

import (
	"strings"

	"papergraph/graph"
)

// links collects the addresses of the text, then those of the metadata that
// the text does not give.
func links(d *graph.Document, texts []*text) []graph.Link {
	var out []graph.Link
	seen := map[string]bool{}
	for _, t := range texts {
		for i := range t.tokens {
			tok := &t.tokens[i]
			if tok.class != urlToken {
				continue
			}
			url := tok.text
			if !strings.HasPrefix(strings.ToLower(url), "http") {
				url = "https://" + url
			}
			if key := linkKey(url); !seen[key] {
				seen[key] = true
				start, end := t.sentenceRange(tok.sentence)
				out = append(out, graph.Link{
					Kind: linkKind(url, t, i), URL: url,
					Evidence: graph.Evidence{Field: t.field, Start: start, End: end, Quote: t.quote(start, end), MarkStart: tok.start, MarkEnd: tok.end},
				})
			}
		}
	}
	for _, l := range d.Links {
		if key := linkKey(l.URL); !seen[key] {
			seen[key] = true
			out = append(out, l)
		}
	}
	return out
}

// linkKey is an address without what does not tell addresses apart.
func linkKey(url string) string {
	url = strings.TrimRight(strings.ToLower(url), "/.")
	url = strings.TrimPrefix(strings.TrimPrefix(url, "https://"), "http://")
	return strings.TrimSuffix(strings.TrimPrefix(url, "www."), ".git")
}

// linkKind judges by the words before the address in its sentence, nearest
// first, then by the host.
func linkKind(url string, t *text, i int) graph.LinkKind {
	s := t.sentences[t.tokens[i].sentence]
	for j := i - 1; j >= s.first && j > i-14; j-- {
		switch w := t.tokens[j].lower; {
		case t.tokens[j].class == urlToken:
			j = s.first // words before another address speak of that one
		case strings.HasPrefix(w, "code") || w == "implementation" || w == "implementations" || w == "repository" || w == "open-source" || w == "source":
			return graph.LinkCode
		case w == "demo" || w == "demos" || w == "demonstration" || w == "video" || w == "videos":
			return graph.LinkDemo
		case w == "project" || w == "page" || w == "website" || w == "webpage" || w == "homepage":
			return graph.LinkProject
		case strings.HasPrefix(w, "dataset") || w == "data" || w == "benchmark" || w == "corpus":
			return graph.LinkData
		}
	}
	key := linkKey(url)
	switch {
	case strings.HasPrefix(key, "github.com/") || strings.HasPrefix(key, "gitlab.com/") || strings.Contains(key, "anonymous.4open.science"):
		return graph.LinkCode
	case strings.HasPrefix(key, "huggingface.co/datasets") || strings.HasPrefix(key, "zenodo.org/"):
		return graph.LinkData
	case strings.HasPrefix(key, "youtu"):
		return graph.LinkDemo
	}
	return graph.LinkProject
}
