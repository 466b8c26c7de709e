package extract

import (
	"testing"
	"testing/fstest"

	"papergraph/graph"
	"papergraph/graph/lexicon"
)

// A lexicon's lists of words decide what may be a name.
func TestVocabulary(t *testing.T) {
	shipped := newExtractor(t)
	lex, err := lexicon.Load(lexicon.Shipped(), fstest.MapFS{"words.txt": {Data: []byte("@words content\nlead\n@words stop\nGlow\n@words joint\nund\n")}})
	if err != nil {
		t.Fatal(err)
	}
	x, err := New(lex, Options{Model: shipped.model, Tagger: shipped.tagger})
	if err != nil {
		t.Fatal(err)
	}
	d := graph.Document{Title: "Lead leakage", Abstract: "We study lead leakage and glow discharge with Licht und Wasser."}
	has := func(x *Extractor, name string) bool {
		for _, c := range x.analyse(&d).candidates {
			for _, form := range c.forms {
				if form == name {
					return true
				}
			}
		}
		return false
	}
	for _, tt := range []struct {
		name          string
		before, after bool
	}{
		{"lead leakage", false, true},
		{"glow discharge", true, false},
		{"Licht und Wasser", true, true}, // a run of content words before, joined after
		{"leakage", true, true},
	} {
		if got := has(shipped, tt.name); got != tt.before {
			t.Errorf("as shipped, %q is a candidate: %v, want %v", tt.name, got, tt.before)
		}
		if got := has(x, tt.name); got != tt.after {
			t.Errorf("with the words, %q is a candidate: %v, want %v", tt.name, got, tt.after)
		}
	}
	if !x.words.joins("und") || shipped.words.joins("und") || !shipped.words.joins("of") {
		t.Error("joint words are not those of the lexicon beside the shipped ones")
	}
}
