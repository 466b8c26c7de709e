package source

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// maxRounds bounds how often [Clean] looks at a text again. Text that people
// wrote is settled after two; a third is for HTML that was escaped twice.
const maxRounds = 8

// Clean repairs what copying and typesetting leave behind in a text, and
// changes nothing else:
//
//   - LaTeX: accents and macros (M\'elange, \textbf{x}, $\sim$, \%), “quotes”
//     in the ASCII form of TeX, braces that protect capitals;
//   - macros that have lost their backslash: "48times" is "48×", "64times64" is
//     "64×64", "sim2%" is "~2%", but "sim2real" stays;
//   - HTML: entities, and tags that HTML or JATS knows; "<T>" stays;
//   - UTF-8 that was read as Windows-1252, ligatures, soft hyphens, control
//     characters;
//   - web addresses broken by a space ("https: //github.com/a/b");
//   - white space: every run is one space, none at the ends.
//
// The result is valid UTF-8 in normalisation form C, and cleaning it again
// changes nothing.
func Clean(s string) string {
	s, settled := settle(s)
	if settled {
		return s
	}
	// Nobody writes what is still not settled, but somebody may construct it:
	// without the signs that residue is made of, it ends here.
	s, _ = settle(strings.Map(func(r rune) rune {
		if strings.ContainsRune("\\{}$&<`", r) {
			return -1
		}
		return r
	}, s))
	return s
}

// settle cleans s until it stays the same; settled is false where it did not
// within maxRounds.
func settle(s string) (_ string, settled bool) {
	for range maxRounds {
		next := cleanOnce(s)
		if next == s {
			return s, true
		}
		s = next
	}
	return s, false
}

// signs are what is found in a text in one look, so that the steps that have
// nothing to do cost nothing.
type signs struct {
	latex, markup, beyondASCII, space, quotes bool
}

// classes says of each byte which sign it may be.
var classes = func() (c [256]uint8) {
	for i := range c {
		switch {
		case i >= utf8.RuneSelf:
			c[i] = classBeyondASCII
		case i < ' ' || i == 0x7f:
			c[i] = classControl
		}
	}
	c[' '] = classSpace
	for _, sign := range []byte(`\${~`) {
		c[sign] = classLaTeX
	}
	for _, sign := range []byte("&<>") {
		c[sign] = classMarkup
	}
	c['`'], c['\''] = classBackquote, classQuote
	return c
}()

const (
	classBeyondASCII = iota + 1
	classControl
	classSpace
	classLaTeX
	classMarkup
	classBackquote
	classQuote
)

func look(s string) signs {
	var f signs
	last := byte(' ')
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch classes[c] {
		case classBeyondASCII:
			f.beyondASCII = true
		case classControl:
			f.space = true
		case classSpace:
			f.space = f.space || last == ' '
		case classLaTeX:
			f.latex = true
		case classMarkup:
			f.markup = true
		case classBackquote:
			f.quotes = true
		case classQuote:
			f.quotes = f.quotes || last == '\''
		}
		last = c
	}
	f.space = f.space || last == ' ' && s != ""
	return f
}

// cleanOnce is one round of all steps.
func cleanOnce(s string) string {
	f, before := look(s), s
	if f.beyondASCII || f.space {
		s = strings.ToValidUTF8(s, "\uFFFD")
		if f.beyondASCII {
			s = repairEncoding(s)
		}
		s = dropUnseen(s)
	}
	if strings.Contains(s, "(cid:") {
		s = dropGlyphNumbers(s)
	}
	if f.markup {
		s = undoMarkup(s)
	}
	s = repairURLs(s)
	if f.latex {
		s = undoLaTeX(s)
	}
	if f.quotes {
		s = undoQuotes(s)
	}
	s = restoreTimes(s)
	s = restoreSim(s)
	if f.beyondASCII || f.latex || f.markup {
		s = norm.NFC.String(s)
	}
	if !f.space && s == before {
		return s
	}
	// Every run of spaces is one, and there are none at the ends.
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' }), " ")
}

// repairEncoding undoes UTF-8 that was read as Windows-1252 or Latin-1: "â€™"
// is "’". Of what is not ASCII only such runs are valid UTF-8 when taken for
// bytes; other text is practically never.
func repairEncoding(s string) string {
	var b *strings.Builder
	done := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r < 0xC2 || r > 0xF4 {
			i += n
			continue
		}
		var raw [utf8.UTFMax]byte
		size, end := 0, i
		want := 2
		switch {
		case r >= 0xF0:
			want = 4
		case r >= 0xE0:
			want = 3
		}
		for ; size < want && end < len(s); size++ {
			r, n := utf8.DecodeRuneInString(s[end:])
			c, ok := byte(r), r < 0x100
			if !ok {
				c, ok = charmap.Windows1252.EncodeRune(r)
			}
			if !ok {
				break
			}
			raw[size] = c
			end += n
		}
		if got, m := utf8.DecodeRune(raw[:size]); m == want && size == want && got != utf8.RuneError {
			if b == nil {
				b = &strings.Builder{}
			}
			b.WriteString(s[done:i])
			b.WriteRune(got)
			done = end
			i = end
			continue
		}
		i += n
	}
	if b == nil {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// ligatures are letters that fonts draw as one.
var ligatures = map[rune]string{'ﬀ': "ff", 'ﬁ': "fi", 'ﬂ': "fl", 'ﬃ': "ffi", 'ﬄ': "ffl", 'ﬅ': "st", 'ﬆ': "st"}

// dropUnseen parts ligatures, writes every white space as a space and every
// hyphen as '-', and drops what cannot be seen: control and format characters
// and soft hyphens, these with the end of line that they stand at. Joiners
// stay, since scripts and emoji need them.
func dropUnseen(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	softHyphen := false
	for _, r := range s {
		afterHyphen := softHyphen
		softHyphen = false
		switch {
		case r > ' ' && r < 0x7f:
			b.WriteRune(r)
		case unicode.IsSpace(r):
			if afterHyphen {
				softHyphen = r == '\r'
				continue
			}
			b.WriteByte(' ')
		case r == '\u00AD':
			softHyphen = true
		case r == '\u2010' || r == '\u2011':
			b.WriteByte('-')
		case r == '\u200C' || r == '\u200D':
			b.WriteRune(r)
		case unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r):
		case r >= 'ﬀ' && r <= 'ﬆ':
			b.WriteString(ligatures[r])
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// dropGlyphNumbers drops what a PDF reader writes for a glyph without a
// character, "(cid:12)". Number 173 is the soft hyphen of a line's end, whose
// word goes on after the space.
func dropGlyphNumbers(s string) string {
	const open = "(cid:"
	var b strings.Builder
	for {
		i := strings.Index(s, open)
		if i < 0 {
			break
		}
		end := i + len(open)
		for end < len(s) && isDigit(s[end]) {
			end++
		}
		if end == i+len(open) || end == len(s) || s[end] != ')' {
			b.WriteString(s[:i+len(open)])
			s = s[i+len(open):]
			continue
		}
		b.WriteString(s[:i])
		softHyphen := s[i+len(open):end] == "173"
		s = s[end+1:]
		if softHyphen {
			s = strings.TrimPrefix(s, " ")
		}
	}
	b.WriteString(s)
	return b.String()
}

// undoQuotes writes TeX's quotes as '"': ““” always, and “”” where a quote
// is open, since f”(x) is a derivative. A lone '`' that opens a word whose
// quote a "'" ends is a "'".
func undoQuotes(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	open := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			open = !open
			b.WriteByte(c)
		case c == '`' && i+1 < len(s) && s[i+1] == '`':
			for i+1 < len(s) && s[i+1] == '`' {
				i++
			}
			open = true
			b.WriteByte('"')
		case c == '\'' && i+1 < len(s) && s[i+1] == '\'' && open:
			i++
			open = false
			b.WriteByte('"')
		case c == '`' && (i == 0 || s[i-1] == ' ' || s[i-1] == '(' || s[i-1] == '"') && opensWord(s[i+1:]):
			b.WriteByte('\'')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// opensWord says whether s begins with a letter and the next quote in it is a
// "'" that ends a word.
func opensWord(s string) bool {
	if s == "" || !isLetter(s[0]) {
		return false
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '`':
			return false
		case s[i] == '\'' && (i+1 == len(s) || !isLetter(s[i+1])):
			return true
		}
	}
	return false
}

var tabbedTimes = pattern(`(^|[\d$}]) imes($|[^A-Za-z])`)

// restoreTimes writes the "times" of a multiplication sign that has lost its
// backslash, which stands right after a number, as "×".
func restoreTimes(s string) string {
	const word = "times"
	// What is left of "\times" after a program took its "\t" for a tab.
	if strings.Contains(s, " imes") {
		s = tabbedTimes().ReplaceAllString(s, "$1×$2")
	}
	var b strings.Builder
	done := 0
	for from := 0; ; {
		i := strings.Index(s[from:], word)
		if i < 0 {
			return b.String() + s[done:]
		}
		i += from
		from = i + len(word)
		start := i
		for start > done && (isDigit(s[start-1]) || s[start-1] == '.' || s[start-1] == ',') {
			start--
		}
		number := start < i && isDigit(s[i-1]) && (start == 0 || !isLetter(s[start-1]) && s[start-1] != '_' || start == done)
		// "6timesN" is a product, "3timesteps" is not.
		ends := from == len(s) || !isLetter(s[from]) || s[from] >= 'A' && s[from] <= 'Z'
		if number && ends && !inURL(s, i) {
			b.WriteString(s[done:i])
			b.WriteString("×")
			done = from
		}
	}
}

// restoreSim writes the "sim" of a tilde that has lost its backslash, which
// stands right before an amount, as "~". "sim2real" is a word.
func restoreSim(s string) string {
	const word = "sim"
	var b strings.Builder
	done := 0
	for from := 0; ; {
		i := strings.Index(s[from:], word)
		if i < 0 {
			return b.String() + s[done:]
		}
		i += from
		from = i + len(word)
		if from == len(s) || !isDigit(s[from]) || i > 0 && (isLetter(s[i-1]) || isDigit(s[i-1]) || strings.IndexByte("-_/.\\", s[i-1]) >= 0) {
			continue
		}
		end := from
		for end < len(s) && (isDigit(s[end]) || end+1 < len(s) && (s[end] == '.' || s[end] == ',') && isDigit(s[end+1])) {
			end++
		}
		unit := end
		for unit < len(s) && isLetter(s[unit]) {
			unit++
		}
		next := strings.TrimPrefix(strings.TrimPrefix(s[unit:], " "), "-")
		switch suffix := s[end:unit]; {
		case suffix != "" && !amountUnits[suffix]:
		case suffix == "" && (strings.HasPrefix(next, "real") || strings.HasPrefix(next, "sim")):
		case inURL(s, i):
		default:
			b.WriteString(s[done:i])
			b.WriteByte('~')
			done = from
		}
	}
}

// amountUnits are the units that stand right after a number.
var amountUnits = setOf("k", "K", "M", "B", "G", "T", "x", "X", "ms", "s", "h", "min", "KB", "MB", "GB", "TB", "dB", "Hz", "kHz", "MHz", "GHz", "fps", "FPS", "W", "mW", "kW", "mm", "cm", "m", "km", "kg", "g", "px", "bit", "bits", "times", "nm", "V", "pp")

func setOf(words ...string) map[string]bool {
	m := make(map[string]bool, len(words))
	for _, w := range words {
		m[w] = true
	}
	return m
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }
