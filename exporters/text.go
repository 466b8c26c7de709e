package exporters

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"golang.org/x/text/width"
)

// clean makes s fit for every form: valid UTF-8 in which lines end with "\n",
// without tabs, without control characters, without characters that nobody
// sees (they differ between fonts and renderers) and without those that
// reorder the line, with which a name could pass for another one.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == '\t':
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Noncharacter_Code_Point, r):
			return -1
		case r == '\u00AD' || r == '\u200B' || r == '\u2060' || r == '\uFEFF':
			return -1
		}
		return r
	}, s)
}

// oneLine is clean text with every run of white space made one space.
func oneLine(s string) string { return strings.Join(strings.Fields(clean(s)), " ") }

// cut shortens s to at most n columns and ends it with "…" where something
// is missing. It never splits what a reader sees as one character.
func cut(s string, n int) string {
	if fits(s, n) {
		return s
	}
	var b strings.Builder
	used := 0
	for g := range segments(s) {
		w := columns(g)
		if used+w > n-1 {
			break
		}
		b.WriteString(g)
		used += w
	}
	return strings.TrimRight(b.String(), " ,;:.") + "…"
}

// wrap breaks s, one line of text, into at most maxLines lines of about n
// columns. It breaks at spaces, and where a word alone is longer than a line,
// after a hyphen or slash in it if there is one. What does not fit is cut with
// "…", and no time is spent on it.
func wrap(s string, n, maxLines int) []string {
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(s) {
		for part := 0; word != "" && len(lines) <= maxLines; part++ {
			var piece string
			piece, word = breakWord(word, n)
			w := columns(piece)
			switch {
			case line == "":
				line, used = piece, w
			case part == 0 && used+1+w <= n:
				line, used = line+" "+piece, used+1+w
			default:
				lines = append(lines, line)
				line, used = piece, w
			}
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	if len(lines) > maxLines {
		lines = lines[:maxLines]
		last := lines[maxLines-1]
		for !fits(last, n-2) {
			i := strings.LastIndexByte(last, ' ')
			if i < 0 {
				last = strings.TrimSuffix(cut(last, n-1), "…")
				break
			}
			last = last[:i]
		}
		lines[maxLines-1] = strings.TrimRight(last, " ,;:.-") + " …"
	}
	return lines
}

// breakWord takes from a word what fits in n columns, at least one character.
func breakWord(word string, n int) (piece, rest string) {
	if fits(word, n) {
		return word, ""
	}
	end, used, hyphen := 0, 0, 0
	for g := range segments(word) {
		w := columns(g)
		if used+w > n && end > 0 {
			break
		}
		used += w
		end += len(g)
		// A break near the start would leave a crumb on its line.
		if (g == "-" || g == "/" || g == "_") && used > n/3 {
			hyphen = end
		}
	}
	if hyphen > 0 {
		end = hyphen
	}
	return word[:end], word[end:]
}

// fits says whether s is at most n columns wide, and looks no further than it
// has to.
func fits(s string, n int) bool {
	for _, r := range s {
		if n -= runeColumns(r); n < 0 {
			return false
		}
	}
	return true
}

// segments yields what a reader sees as single characters.
func segments(s string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for it := graphemes.FromString(s); it.Next(); {
			if !yield(it.Value()) {
				return
			}
		}
	}
}

// columns is the width of s in the columns of a terminal: wide East Asian
// characters take two, marks that combine take none.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if r < utf8.RuneSelf {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) || r == '\u200D' {
		return 0
	}
	if k := width.LookupRune(r).Kind(); k == width.EastAsianWide || k == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// encodeURL writes an address without what could end it, in a string or a tag.
func encodeURL(url string) string { return urlEncoder.Replace(clean(url)) }

var urlEncoder = strings.NewReplacer(`"`, "%22", "'", "%27", " ", "%20", "<", "%3C", ">", "%3E", "`", "%60", `\`, "%5C", "\n", "")

// plural is "1 node", "2 nodes".
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}
