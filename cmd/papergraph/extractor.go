package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"

	"papergraph/graph/extract"
	"papergraph/graph/lexicon"
	"papergraph/graph/tag"
)

// loadLexicon loads the shipped lexicon and the user's additions.
func (g *globals) loadLexicon() (*lexicon.Lexicon, error) {
	if g.lexicon == "" {
		return lexicon.Default()
	}
	dir := g.path(g.lexicon)
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return nil, fmt.Errorf("--lexicon %s: %w", g.lexicon, cmp.Or(asGiven(err, g.lexicon), fs.ErrInvalid))
	}
	return lexicon.Load(lexicon.Shipped(), os.DirFS(dir))
}

// loadModel reads the user's model, or takes the shipped one.
func (g *globals) loadModel() (*extract.Model, error) {
	if g.model == "" {
		return extract.DefaultModel()
	}
	f, err := g.openFile(g.model)
	if err != nil {
		return nil, fmt.Errorf("--model: %w", err)
	}
	defer f.Close()
	m, err := extract.ReadModel(f)
	if err != nil {
		return nil, fmt.Errorf("--model %s: %w", g.model, err)
	}
	return m, nil
}

// loadTagger takes the shipped tagger that the user asked for.
func (g *globals) loadTagger() (*tag.Tagger, error) {
	switch g.tagger {
	case "fast":
		return tag.Default()
	case "accurate":
		return tag.Accurate()
	}
	return nil, usageError{fmt.Errorf("--tagger %q: expected fast or accurate", g.tagger)}
}

// extractor makes the extractor of the user's lexicon, model and tagger.
func (g *globals) extractor() (*lexicon.Lexicon, *extract.Extractor, error) {
	lex, err := g.loadLexicon()
	if err != nil {
		return nil, nil, err
	}
	m, err := g.loadModel()
	if err != nil {
		return nil, nil, err
	}
	t, err := g.loadTagger()
	if err != nil {
		return nil, nil, err
	}
	x, err := extract.New(lex, extract.Options{Model: m, Tagger: t})
	if err != nil {
		return nil, nil, err
	}
	return lex, x, nil
}
