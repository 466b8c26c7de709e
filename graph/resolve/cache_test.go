package resolve

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Ensure that pairs give what a map does.
func TestStringPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "pairs")
		p := newPairs()
		for k, v := range want {
			p.add(k, v)
		}
		for k, v := range want {
			if got, ok := p.get(k); !ok || got != v {
				t.Fatalf("get(%q) = %q, %v; want %q", k, got, ok, v)
			}
		}
		none := rapid.String().Draw(t, "none")
		if _, there := want[none]; !there {
			if got, ok := p.get(none); ok {
				t.Fatalf("get(%q) = %q, which is not there", none, got)
			}
		}
	})
}

// Ensure that what was put away and opened again, or not, is the same as if it
// had stayed open, and that looking does not make rows.
func TestPutAway(t *testing.T) {
	l := lexiconOf(t, field)
	rapid.Check(t, func(t *rapid.T) {
		r, err := New(l, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]casing{}
		word := rapid.SampledFrom(strings.Fields("a bb ccc dddd eeeee"))
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			switch w := word.Draw(t, "word"); rapid.IntRange(0, 2).Draw(t, "do") {
			case 0:
				c := want[w]
				c.lower++
				want[w] = c
				r.words.change(w).lower++
			case 1:
				got, there := r.words.get(w), false
				if _, there = want[w]; there != (got != nil) || there && *got != want[w] {
					t.Fatalf("%s is %v, want %v", w, got, want[w])
				}
			default:
				r.words.putAway(rapid.IntRange(0, 3).Draw(t, "limit"))
			}
		}
		if len(r.words.slots) != len(want) {
			t.Errorf("%d rows, want %d", len(r.words.slots), len(want))
		}
	})
}
