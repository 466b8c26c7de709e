package resolve

import (
	"strings"
	"testing"
)

func TestAmerican(t *testing.T) {
	for _, tt := range [][2]string{ // two spellings of one word
		{"optimisation", "optimization"}, {"Optimisers", "Optimizers"}, {"domain generalisation", "domain generalization"},
		{"self-supervised", "self-supervised"}, {"behavioural cloning", "behavioral cloning"}, {"Colour", "Color"},
		{"unlabelled", "unlabeled"}, {"cancellation", "cancelation"}, {"modelling", "modeling"}, {"fibres", "fibers"},
		{"centred", "centered"}, {"dialogue", "dialog"}, {"analyser", "analyzer"}, {"greyscale", "grayscale"}, {"defences", "defenses"},
	} {
		if a, b := nameKey(tt[0]), nameKey(tt[1]); a != b {
			t.Errorf("%q and %q are %q and %q", tt[0], tt[1], a, b)
		}
	}
	for _, w := range []string{
		"", "four", "noise", "our", "contour", "source", "LABELLED", "ModellNet", "数据 colo", "café", "size", "analysis", "wise", "program",
	} {
		if got := american(w); got != w {
			t.Errorf("american(%q) is %q", w, got)
		}
	}
	for _, tt := range [][2]string{{"meter", "metric"}, {"noise", "noize"}, {"panel", "pane"}, {"labour", "laboratory"}, {"modeling", "modulation"}} {
		if a, b := nameKey(tt[0]), nameKey(tt[1]); a == b {
			t.Errorf("%q and %q are both %q", tt[0], tt[1], a)
		}
	}
}

func FuzzAmerican(f *testing.F) {
	f.Add("tumour localisation")
	f.Add("Grey-scale 数据 modelling")
	f.Fuzz(func(t *testing.T, name string) {
		once := american(name)
		if strings.Count(once, " ") != strings.Count(name, " ") {
			t.Errorf("american(%q) is %q", name, once)
		}
		if twice := american(once); twice != once {
			t.Errorf("american(%q) is %q, and of that it is %q", name, once, twice)
		}
	})
}
