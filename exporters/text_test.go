package exporters

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestClean(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"plain", "Mélange", "Mélange"},
		{"line ends", "a\r\nb\rc\u2028d", "a\nb\nc\nd"},
		{"tab", "a\tb", "a b"},
		{"controls", "a\x00\x1b[31mb\u0085", "a[31mb"},
		{"invalid", "a\xffb", "a\uFFFDb"},
		{"bidi", "a\u202Eb\u2066c", "abc"},
		{"invisible", "a\u00ADb\u200Bc\uFEFF", "abc"},
		{"not a character", "a\uFFFEb", "ab"},
		{"joiner stays", "\U0001F468\u200D\U0001F469", "\U0001F468\u200D\U0001F469"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := clean(tc.in); got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestWrap(t *testing.T) {
	for _, tc := range []struct {
		name, in string
		want     []string
	}{
		{"empty", "", nil},
		{"short", "LoRA", []string{"LoRA"}},
		{"at spaces", "AdaLoRA: Adaptive Budget Allocation", []string{"AdaLoRA: Adaptive Budget", "Allocation"}},
		{"too many lines", "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen",
			[]string{"one two three four five", "six seven eight nine ten", "eleven twelve thirteen", "fourteen fifteen …"}},
		{"long word", "supercalifragilisticexpialidocious", []string{"supercalifragilisticexpi", "alidocious"}},
		{"hyphen in a long word", "state-of-the-art-performance-on", []string{"state-of-the-art-", "performance-on"}},
		{"wide", "数学的推論のための大規模言語", []string{"数学的推論のための大規模", "言語"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, wrap(tc.in, 24, 4)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestCut(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"short", "short"},
		{"exactly ten", "exactly t…"},
		{"ends, here, and", "ends, her…"},
		{"👨‍👩‍👧‍👦👨‍👩‍👧‍👦👨‍👩‍👧‍👦", "👨‍👩‍👧‍👦…"},
	} {
		if got := cut(tc.in, 10); got != tc.want {
			t.Errorf("cut(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func FuzzWrap(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name, 24)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		n = 8 + (n&0x7fffffff)%60
		s = oneLine(s)
		lines := wrap(s, n, 1000)
		for _, line := range lines {
			// One character may be wider than a line, with all that
			// combines with it.
			if columns(line) > n && len(line) > len(s)/2 && utf8.RuneCountInString(line) > n && !strings.ContainsFunc(line, func(r rune) bool { return r > 0x7f }) {
				t.Errorf("line %q has %d columns, want at most %d", line, columns(line), n)
			}
		}
		if len(lines) < 1000 {
			if got := strings.ReplaceAll(strings.Join(lines, ""), " ", ""); got != strings.ReplaceAll(s, " ", "") {
				t.Errorf("%q became %q", s, got)
			}
		}
		if few := wrap(s, n, 2); len(few) > 2 {
			t.Errorf("%d lines, want at most 2", len(few))
		}
		if !utf8.ValidString(strings.Join(lines, "")) {
			t.Errorf("invalid UTF-8 from %q", s)
		}
	})
}
