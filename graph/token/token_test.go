package token

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func words(tokens []Token) string {
	var out []string
	for _, t := range tokens {
		out = append(out, t.Text)
	}
	return strings.Join(out, " ")
}

func TestSplit(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"hyphens stay", "state-of-the-art Tiny-ImageNet", "state-of-the-art Tiny-ImageNet"},
		{"dots inside", "GPT-3.5 gets 2.7 points, e.g. here.", "GPT-3.5 gets 2.7 points , e.g . here ."},
		{"thousands", "1,808 pairs and 3,4 of 10,000.", "1,808 pairs and 3 , 4 of 10,000 ."},
		{"plus", "C++ and ScanNet++, not a+b", "C++ and ScanNet++ , not a + b"},
		{"possessive", "LoRA's rank", "LoRA ' s rank"},
		{"brackets", "Knowledge distillation (KD)", "Knowledge distillation ( KD )"},
		{"address", "at https://github.com/a/b.", "at https://github.com/a/b ."},
		{"address in brackets", "(see https://x.org/y_(z)) now", "( see https://x.org/y_(z) ) now"},
		{"bare host", "on github.com/a/b, free", "on github.com/a/b , free"},
		{"glued sentences", "the end.The next", "the end . The next"},
		{"percent", "by 12.5% or 3×", "by 12.5 % or 3 ×"},
		{"no text", "a \xff\xfe b", "a \xff \xfe b"},
		{"empty", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, words(Split(tc.in))); diff != "" {
				t.Errorf("tokens (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSentences(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		title    bool
		want     []string
	}{
		{"two", "We try it. It works.", false, []string{"We try it .", "It works ."}},
		{"abbreviations", "Others, e.g. BERT, fail (cf. Fig. 3). We win.", false, []string{"Others , e.g . BERT , fail ( cf . Fig . 3 ) .", "We win ."}},
		{"et al ends one", "As shown by Smith et al. We differ.", false, []string{"As shown by Smith et al .", "We differ ."}},
		{"initial", "We thank J. Doe. Done.", false, []string{"We thank J . Doe .", "Done ."}},
		{"closing quote", `He says "no." We say yes.`, false, []string{`He says " no . "`, "We say yes ."}},
		{"small-letter name", "We serve it. vLLM is slower.", false, []string{"We serve it .", "vLLM is slower ."}},
		{"title", "Is it? A Study", true, []string{"Is it ? A Study"}},
		{"nothing", "", false, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tokens := Split(tc.in)
			var got []string
			for _, s := range Sentences(tokens, tc.title) {
				got = append(got, words(tokens[s.First:s.Last]))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("sentences (-want +got):\n%s", diff)
			}
		})
	}
}

// A sentence without end is cut, so that its quotes stay short.
func TestSentenceIsBounded(t *testing.T) {
	tokens := Split(strings.Repeat("word ", 2*maxSentence+1) + "end. Next one.")
	var got []int
	for _, s := range Sentences(tokens, false) {
		got = append(got, s.Last-s.First)
	}
	if diff := cmp.Diff([]int{maxSentence, maxSentence, 3, 3}, got); diff != "" {
		t.Errorf("tokens by sentence (-want +got):\n%s", diff)
	}
}

func TestAddressEndCountsBrackets(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"http://a.b/c_(d)", "http://a.b/c_(d)"},
		{"http://a.b/c_(d))", "http://a.b/c_(d)"},
		{"http://a.b/c).", "http://a.b/c"},
		{"http://a.b/(c).)", "http://a.b/(c)"},
		{"http://)))", ""},
	} {
		r := []rune(tc.in)
		if got := string(r[:addressEnd(r, 0)]); got != tc.want {
			t.Errorf("the address in %q is %q, want %q", tc.in, got, tc.want)
		}
	}
}

// FuzzSplit checks that tokens come in order, hold what stands between their
// offsets, and that sentences cover them all.
func FuzzSplit(f *testing.F) {
	f.Add("We use GPT-3.5 (cf. www.x.org/a). C++ wins by 1,808!")
	f.Add("a\xffb é\u0301 http://é")
	f.Fuzz(func(t *testing.T, s string) {
		r := []rune(s)
		at := 0
		tokens := Split(s)
		for _, tok := range tokens {
			if tok.Start < at || tok.End <= tok.Start || tok.End > len(r) {
				t.Fatalf("token %+v after %d of %d", tok, at, len(r))
			}
			at = tok.End
			if utf8.ValidString(s) && tok.Text != string(r[tok.Start:tok.End]) {
				t.Fatalf("token %+v is not %q", tok, string(r[tok.Start:tok.End]))
			}
		}
		next := 0
		for _, x := range Sentences(tokens, false) {
			if x.First != next || x.Last <= x.First {
				t.Fatalf("sentence %+v after %d", x, next)
			}
			next = x.Last
		}
		if next != len(tokens) {
			t.Fatalf("sentences end at %d of %d", next, len(tokens))
		}
	})
}
