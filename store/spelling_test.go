package store

import (
	"slices"
	"sort"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// sortedStrings is a cursor over a sorted slice that counts its reads.
type sortedStrings struct {
	strings []string
	reads   int
}

func (c *sortedStrings) seek(target string) (string, bool, error) {
	c.reads++
	i := sort.SearchStrings(c.strings, target)
	if i == len(c.strings) {
		return "", false, nil
	}
	return c.strings[i], true, nil
}

// edits is the optimal string alignment distance by its definition, where only
// letters may be edited.
func edits(a, b []rune) int {
	const never = 1 << 20
	cost := func(rs ...rune) int {
		for _, r := range rs {
			if !unicode.IsLetter(r) {
				return never
			}
		}
		return 1
	}
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			if i == 0 && j == 0 {
				continue
			}
			best := never
			if i > 0 {
				best = min(best, d[i-1][j]+cost(a[i-1]))
			}
			if j > 0 {
				best = min(best, d[i][j-1]+cost(b[j-1]))
			}
			if i > 0 && j > 0 {
				if a[i-1] == b[j-1] {
					best = min(best, d[i-1][j-1])
				} else {
					best = min(best, d[i-1][j-1]+cost(a[i-1], b[j-1]))
				}
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				best = min(best, d[i-2][j-2]+cost(a[i-1], a[i-2]))
			}
			d[i][j] = best
		}
	}
	return d[len(a)][len(b)]
}

// nearByDefinition compares the word with every string.
func nearByDefinition(all []string, word string, maxEdits int, prefixes bool) []nearString {
	w := []rune(word)
	var found []nearString
	for _, s := range all {
		rs := []rune(s)
		if maxEdits > 1 && (len(rs) == 0 || rs[0] != w[0]) {
			continue
		}
		if !prefixes {
			if n := edits(rs, w); n > 0 && n <= maxEdits {
				found = append(found, nearString{s, n})
			}
			continue
		}
		for i := maxEdits - 1; i <= len(rs); i++ { // no first letter, no beginning, where it must be right
			if n := edits(rs[:i], w); n <= maxEdits {
				if b := (nearString{string(rs[:i]), n}); !slices.Contains(found, b) {
					found = append(found, b)
				}
				break
			}
		}
	}
	return found
}

// The walk finds what comparing with each string finds.
func TestNearStrings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringOfN(rapid.RuneFrom([]rune("abc1é深")), 1, 8, -1)
		all := rapid.SliceOfDistinct(word, rapid.ID).Draw(t, "strings")
		slices.Sort(all)
		w := word.Draw(t, "word")
		maxEdits := rapid.IntRange(1, 2).Draw(t, "edits")
		prefixes := rapid.Bool().Draw(t, "prefixes")
		cur := &sortedStrings{strings: all}
		got, err := nearStrings(cur, w, maxEdits, prefixes, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		want := nearByDefinition(all, w, maxEdits, prefixes)
		if d := cmp.Diff(want, got, cmp.AllowUnexported(nearString{})); d != "" {
			t.Fatalf("near %q (-want +got):\n%s", w, d)
		}
		if cur.reads > 2*len(all)+2 {
			t.Fatalf("%d reads of %d strings", cur.reads, len(all))
		}
	})
}

// The work is bounded whatever the strings are, and most are skipped.
func TestNearStringsReads(t *testing.T) {
	var all []string
	for _, a := range "abcdefghij" {
		for _, b := range "abcdefghij" {
			for _, c := range "abcdefghij" {
				for _, d := range "abcdefghij" {
					all = append(all, strings.Repeat(string([]rune{a, b, c, d}), 2))
				}
			}
		}
	}
	for _, tt := range []struct {
		word     string
		maxEdits int
		maxReads int
		want     int // strings found
	}{
		{"abcdabcd", 2, 1 << 20, 0}, // two places differ in each of its neighbours
		{"abcdabce", 1, 1 << 20, 1},
		{"abcdabce", 1, 3, 0},
		{"abcdabcd", 0, 1 << 20, 0},
		{"", 2, 1 << 20, 0},
	} {
		cur := &sortedStrings{strings: all}
		got, err := nearStrings(cur, tt.word, tt.maxEdits, false, tt.maxReads)
		if err != nil {
			t.Fatal(err)
		}
		if want := nearByDefinitionOrNone(all, tt.word, tt.maxEdits); tt.maxReads > len(all) && len(got) != len(want) || cur.reads > tt.maxReads || cur.reads > len(all)/10 {
			t.Errorf("%q at %d: %v with %d reads, want %v", tt.word, tt.maxEdits, got, cur.reads, want)
		}
	}
}

func nearByDefinitionOrNone(all []string, word string, maxEdits int) []nearString {
	if word == "" {
		return nil
	}
	return nearByDefinition(all, word, maxEdits, false)
}

// Whatever the bytes of keys are, a walk ends and finds nothing twice.
func FuzzNearStrings(f *testing.F) {
	f.Add("lora\nqlora\n\xff\x01\n\x00", "lora", 1, false)
	f.Add("transformer\ntransfomer", "transfromer", 2, true)
	f.Fuzz(func(t *testing.T, text, word string, maxEdits int, prefixes bool) {
		all := strings.Split(text, "\n")
		slices.Sort(all)
		all = slices.Compact(all)
		cur := &sortedStrings{strings: all}
		got, err := nearStrings(cur, word, maxEdits&3, prefixes, 1<<12)
		if err != nil {
			t.Fatal(err)
		}
		for i, n := range got {
			if n.edits < 0 || n.edits == 0 && !prefixes || n.edits > maxEdits&3 || i > 0 && got[i-1].s >= n.s {
				t.Errorf("%q: %v", word, got)
			}
		}
	})
}

func TestAllowedEdits(t *testing.T) {
	for word, want := range map[string]int{"": 0, "gan": 0, "bert": 1, "gpt4": 0, "resnet50": 1, "diffusion": 2, "深度学习": 1} {
		if got := allowedEdits(word); got != want {
			t.Errorf("%q: %d, want %d", word, got, want)
		}
	}
}
