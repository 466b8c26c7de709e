package schema

import (
	"strings"
	"testing"
)

func TestLongName(t *testing.T) {
	x := strings.Repeat("x", 11)
	for _, tt := range []struct {
		query string
		at    Location
	}{
		{"{" + x[:10] + ":id}", Location{}},
		{"{" + x + ":id}", Location{1, 2}},
		{"{\n  a: b, " + x + "\n}", Location{2, 9}},
		{"{a}#" + x, Location{}},
		{"{a}#" + x + "\n" + x, Location{2, 1}},
		{`{a(b:"` + x + `")}`, Location{}},
		{`{a(b:"\"` + x + `")}`, Location{}},
		{`{a(b:"\\")` + x + `}`, Location{1, 11}},
		{`{a(b:"""` + "\n" + x + `\"""` + x + "\n" + `""")` + x + "}", Location{3, 5}},
		{`{a(b:"""` + x, Location{}},
		{`{a(b:"` + x, Location{}},
		{`{a(b:"` + "\n" + x, Location{2, 1}},
		{`"\`, Location{}},
		{`"""\"""`, Location{}},
		{"", Location{}},
		{"é" + x, Location{1, 3}},
	} {
		name, at, ok := longName(tt.query, 10)
		if at != tt.at || ok != (at != Location{}) || ok && name != x {
			t.Errorf("%q: %q at %v, want it at %v", tt.query, name, at, tt.at)
		}
	}
}

func FuzzLongName(f *testing.F) {
	f.Add(`{a(b:"x\"y",c:"""x\"""y""")}#z`)
	f.Fuzz(func(t *testing.T, query string) {
		if name, at, ok := longName(query, 3); ok && (len(name) <= 3 || !strings.Contains(query, name) || at.Line < 1 || at.Column < 1) {
			t.Errorf("%q at %v", name, at)
		}
	})
}
