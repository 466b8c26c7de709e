package extract

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"papergraph/graph"
)

// acronyms finds the short forms that a text explains, "long form (SF)" and
// "SF (long form)", by the algorithm of Schwartz and Hearst, "A Simple
// Algorithm for Identifying Abbreviation Definitions in Biomedical Text", PSB
// 2003: the characters of the short form must be found in order, from the end,
// in at most min(|SF|+5, 2|SF|) words beside the bracket, and its first must
// begin a word.
func acronyms(t *text) []acronymPair {
	var out []acronymPair
	for open := 1; open < len(t.tokens); open++ {
		if t.tokens[open].text != "(" {
			continue
		}
		closed := open + 1
		for closed < len(t.tokens) && closed-open <= 12 && t.tokens[closed].text != ")" {
			closed++
		}
		if closed == len(t.tokens) || t.tokens[closed].text != ")" || closed == open+1 {
			continue
		}
		inside := closed - open - 1
		// "(KD; see 2)" and "(KD, for short)": the short form is the head
		head := open + 2
		for head < closed && t.tokens[head].class == wordToken {
			head++
		}
		if p, ok := t.longBefore(open, open+1, head); ok && (inside <= 2 || head < closed) {
			out = append(out, p)
			continue
		}
		if inside >= 2 {
			if p, ok := t.longInside(open-1, open+1, closed); ok {
				out = append(out, p)
			}
		}
	}
	return out
}

// acronymPair is a short form and its long form as runs of tokens, half open.
type acronymPair struct {
	shortFirst, shortLast int
	longFirst, longLast   int
}

// longBefore looks left of the bracket at token open for the long form of the
// short form in tokens [first, last).
func (t *text) longBefore(open, first, last int) (acronymPair, bool) {
	short := t.tokenText(first, last)
	if !shortForm(short) {
		return acronymPair{}, false
	}
	n := utf8.RuneCountInString(short)
	words := min(n+5, 2*n)
	begin := open
	for begin > 0 && words > 0 && t.tokens[begin-1].class != punctToken && t.tokens[begin-1].class != urlToken &&
		t.tokens[begin-1].sentence == t.tokens[open].sentence {
		begin--
		words--
	}
	for i := open - 1; i >= begin; i-- {
		// the shortest long form that the characters fit
		if fits(short, t.tokenText(i, open)) && !stopWords[t.tokens[i].lower] {
			if open-i == 1 && t.tokens[i].key == graph.NameKey(short) {
				return acronymPair{}, false
			}
			return acronymPair{first, last, i, open}, true
		}
	}
	return acronymPair{}, false
}

// longInside reads "SF (long form)" with the short form as token at.
func (t *text) longInside(at, first, last int) (acronymPair, bool) {
	short := t.tokens[at].text
	n := utf8.RuneCountInString(short)
	if t.tokens[at].class != wordToken || !shortForm(short) || last-first > min(n+5, 2*n) {
		return acronymPair{}, false
	}
	for i := first; i < last; i++ {
		if t.tokens[i].class == punctToken {
			return acronymPair{}, false
		}
	}
	if !fits(short, t.tokenText(first, last)) {
		return acronymPair{}, false
	}
	return acronymPair{at, at + 1, first, last}, true
}

// tokenText is the field's text from token first to before token last.
func (t *text) tokenText(first, last int) string {
	return t.quote(t.tokens[first].start, t.tokens[last-1].end)
}

// shortForm says whether s looks like an acronym: 2 to 10 characters, at most
// two words, begins with a letter or digit, has a capital.
func shortForm(s string) bool {
	n := 0
	upper, letter := false, false
	for _, r := range s {
		n++
		upper = upper || unicode.IsUpper(r)
		letter = letter || unicode.IsLetter(r)
	}
	return n >= 2 && n <= 10 && letter && upper && strings.Count(s, " ") <= 1 && isAlnum([]rune(s)[0])
}

// fits says whether the characters of the short form stand in order in the
// long form, the first at its very beginning. A plural "s" of the
// short form ("GNNs") need not.
func fits(short, long string) bool {
	s := []rune(short)
	if n := len(s); n > 2 && s[n-1] == 's' && unicode.IsUpper(s[n-2]) {
		s = s[:n-1]
	}
	s = []rune(strings.ToLower(string(s)))
	if len(s) > 2 && s[0] >= '2' && s[0] <= '4' && unicode.IsLetter(s[1]) && !strings.HasPrefix(long, string(s[:1])) {
		// "3DIS" may count: Depth-Driven Decoupled Instance Synthesis
		s = append(slices.Repeat(s[1:2], int(s[0]-'0')), s[2:]...)
	}
	l := []rune(strings.ToLower(long))
	li := len(l) - 1
	for si := len(s) - 1; si >= 0; si-- {
		c := s[si]
		if !isAlnum(c) {
			continue
		}
		for li >= 0 && (l[li] != c || si == 0 && li > 0) {
			li--
		}
		if li < 0 {
			return false
		}
		li--
	}
	return li < 0
}
