package extract

import (
	"fmt"
	"iter"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

// absurd are texts of the greatest length that [graph.Document.Check] allows,
// each made to be dear to one step of the extraction.
func absurd() iter.Seq2[string, string] {
	const size = 256 << 10
	repeat := func(s string) string { return strings.Repeat(s, size/len(s)) }
	number := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size-64; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	return func(yield func(string, string) bool) {
		for _, c := range [][2]string{
			{"brackets", repeat("a (b ")},
			{"commas", repeat(",")},
			{"one name", repeat("GLUE ")},
			{"one acronym", repeat("Low Rank (LR) ")},
			{"names in one sentence", number("on GLUE%d, ")},
			{"results in one sentence", number("outperforms NET%[1]d on GLUE by %[1]d%% accuracy ")},
			{"numbers in one sentence", number("%d%% ")},
			{"addresses in one sentence", number("http://a.b/%d ")},
			{"an address and closing brackets", "http://a" + strings.Repeat(")", size-16)},
			{"an address in brackets", "http://a" + strings.Repeat("(", size/2-16) + strings.Repeat(")", size/2-16)},
			{"one word", strings.Repeat("x", size)},
		} {
			if !yield(c[0], c[1]) {
				return
			}
		}
	}
}

// A text of the greatest length costs no more than its length allows: nothing
// is done for every pair of its words, and no sentence is copied for each
// thing in it. What is allocated stands for the work, which does not depend on
// the machine; done in pairs, most of these would not end.
func TestExtractAbsurdDocuments(t *testing.T) {
	x := newExtractor(t)
	for name, abstract := range absurd() {
		t.Run(name, func(t *testing.T) {
			d := graph.Document{Title: "Absurd", Abstract: abstract}
			if err := d.Check(); err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f := x.Extract(d)
			runtime.ReadMemStats(&after)
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 1024 {
				t.Errorf("%d MB allocated", mb)
			}
			for _, m := range f.Mentions[:min(len(f.Mentions), 3)] {
				for _, e := range m.Evidence {
					if err := e.Check(&d); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
}

// Of places in each other one stays, wherever the others lie.
func TestWithoutNested(t *testing.T) {
	line := newText(graph.FieldAbstract, "on foundation models and the GLUE benchmark")
	texts := []*text{line}
	for _, tc := range []struct {
		name     string
		in, want []span
	}{
		{"the longer of plain words", []span{{0, 1, 2}, {0, 1, 3}}, []span{{0, 1, 3}}},
		{"the shorter that is a name", []span{{0, 5, 6}, {0, 5, 7}}, []span{{0, 5, 6}}},
		{"both that only touch", []span{{0, 1, 3}, {0, 2, 4}}, []span{{0, 1, 3}, {0, 2, 4}}},
		{"none", nil, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, withoutNested(texts, tc.in), cmp.AllowUnexported(span{})); diff != "" {
				t.Errorf("places (-want +got):\n%s", diff)
			}
		})
	}
}
