package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"papergraph/graph/extract"
	"papergraph/graph/lexicon"
	"papergraph/graph/tag"
)

// shipped are extractors of the shipped lexicon and model, by the tagger's
// name. They do not change, and may be used by several commands. The zero value
// has none.
type shipped struct {
	mu       sync.Mutex
	byTagger map[string]shippedExtractor
}

type shippedExtractor struct {
	lexicon   *lexicon.Lexicon
	extractor *extract.Extractor
}

// load returns the extractor with a tagger; first makes it the first time.
func (s *shipped) load(tagger string, first func() (*lexicon.Lexicon, *extract.Extractor, error)) (*lexicon.Lexicon, *extract.Extractor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if x, ok := s.byTagger[tagger]; ok {
		return x.lexicon, x.extractor, nil
	}
	lex, x, err := first()
	if err != nil {
		return nil, nil, err
	}
	if s.byTagger == nil {
		s.byTagger = map[string]shippedExtractor{}
	}
	s.byTagger[tagger] = shippedExtractor{lex, x}
	return lex, x, nil
}

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

// extractor makes the extractor of the user's lexicon, model and tagger. A
// server keeps the shipped ones for the next command.
func (g *globals) extractor() (*lexicon.Lexicon, *extract.Extractor, error) {
	if g.host != nil && g.lexicon == "" && g.model == "" {
		return g.host.shipped.load(g.tagger, g.loadExtractor)
	}
	return g.loadExtractor()
}

func (g *globals) loadExtractor() (*lexicon.Lexicon, *extract.Extractor, error) {
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
