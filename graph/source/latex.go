package source

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds on what is taken for LaTeX, so that odd text costs no more than
// linear time and no deep recursion. The formulas and arguments of 85,374
// conference papers stay well within.
const (
	maxGroup = 2000 // bytes between two braces
	maxMath  = 1000 // bytes between two dollar signs
	maxDepth = 12   // groups in groups
)

// undoLaTeX writes LaTeX as plain text: macros as the characters that they
// stand for, formulas without their signs, ties as spaces. A macro that it does
// not know stays as it is.
func undoLaTeX(s string) string {
	if strings.Contains(s, "ext") {
		s = tabbedMacro().ReplaceAllString(s, `$1\text$2`)
	}
	if strings.IndexByte(s, '\\') >= 0 {
		s = dropRepeats(s)
	}
	return plainLaTeX(s, 0)
}

// tabbedMacro is "\textit{" after a program took its "\t" for a tab.
var tabbedMacro = pattern(`(^|[^A-Za-z\\])ext(it\{|bf\{|tt\{)`)

// dropRepeats makes one of a formula that a page's text has twice, once for
// sight and once for screen readers: "25\times25\times".
func dropRepeats(s string) string {
	words := strings.Split(s, " ")
	changed := false
	for i, w := range words {
		if half := len(w) / 2; len(w) >= 6 && len(w)%2 == 0 && w[:half] == w[half:] && strings.IndexByte(w, '\\') >= 0 {
			words[i] = w[:half]
			changed = true
		}
	}
	if !changed {
		return s
	}
	return strings.Join(words, " ")
}

// latexText is LaTeX on its way to plain text.
type latexText struct {
	in    string
	pos   int
	depth int
	ends  []int32 // of the groups in in, once asked for
	out   bytes.Buffer
}

func plainLaTeX(s string, depth int) string {
	if depth > maxDepth || !strings.ContainsAny(s, `\${~^_`) {
		return s
	}
	t := &latexText{in: s, depth: depth}
	t.out.Grow(len(s))
	for t.pos < len(t.in) {
		switch c := t.in[t.pos]; c {
		case '\\':
			t.backslash()
		case '$':
			t.dollar()
		case '{':
			t.brace()
		case '^', '_':
			t.script(c)
		case '~':
			t.tie()
		default:
			t.out.WriteByte(c)
			t.pos++
		}
	}
	return t.out.String()
}

// rest is what is still to be read.
func (t *latexText) rest() string { return t.in[t.pos:] }

// inner is the plain text of a part.
func (t *latexText) inner(s string) string { return plainLaTeX(s, t.depth+1) }

// group reads "{…}" at the beginning of s, which is a suffix of t.in; n is its
// length with the braces.
func (t *latexText) group(s string) (content string, n int, ok bool) {
	if s == "" || s[0] != '{' {
		return "", 0, false
	}
	if t.ends == nil {
		t.ends = matchBraces(t.in)
	}
	n = int(t.ends[len(t.in)-len(s)])
	if n == 0 || n > maxGroup {
		return "", 0, false
	}
	return s[1 : n-1], n, true
}

// matchBraces says for every open brace how long the group is that it begins,
// 0 where it is never closed.
func matchBraces(s string) []int32 {
	ends := make([]int32, len(s))
	var open []int
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '{':
			open = append(open, i)
		case '}':
			if n := len(open); n > 0 {
				ends[open[n-1]] = int32(i + 1 - open[n-1])
				open = open[:n-1]
			}
		}
	}
	return ends
}

// argument reads the group that follows, after spaces, and steps over it.
func (t *latexText) argument() (string, bool) {
	rest := t.rest()
	trimmed := strings.TrimLeft(rest, " ")
	content, n, ok := t.group(trimmed)
	if ok {
		t.pos += len(rest) - len(trimmed) + n
	}
	return content, ok
}

// backslash reads what begins with one.
func (t *latexText) backslash() {
	rest := t.rest()
	if len(rest) == 1 {
		t.literal(1)
		return
	}
	if c := rest[1]; !isLetter(c) {
		t.sign(c)
		return
	}
	end := 2
	for end < len(rest) && isLetter(rest[end]) {
		end++
	}
	name := rest[1:end]
	t.pos += end
	if !t.macro(name) {
		t.out.WriteByte('\\')
		t.out.WriteString(name)
	}
}

// literal copies n bytes as they are.
func (t *latexText) literal(n int) {
	t.out.WriteString(t.in[t.pos : t.pos+n])
	t.pos += n
}

// sign reads a backslash and a sign that is no letter.
func (t *latexText) sign(c byte) {
	if mark, ok := accents[c]; ok {
		if t.escapedQuote(c) {
			t.out.WriteByte(c)
			t.pos += 2
			return
		}
		if t.accent(mark, 2) {
			return
		}
	}
	switch c {
	case '%', '&', '$', '#', '_', '{', '}':
		t.out.WriteByte(c)
	case '|':
		t.out.WriteString("‖")
	case ',', ';', ':', ' ', '~':
		t.out.WriteByte(' ')
	case '!', '/', '-', '(', ')', '[', ']':
	case '\\':
		// Either a line's end or a backslash that was escaped once too often.
		if after := t.in[t.pos+2:]; after != "" && (isLetter(after[0]) || strings.IndexByte(`|{}%&$#_,;`, after[0]) >= 0) {
			t.pos++
			return
		}
		t.out.WriteByte(' ')
	default:
		t.literal(2)
		return
	}
	t.pos += 2
}

// contractions are the ends of English words after an apostrophe.
var contractions = setOf("s", "t", "d", "m", "re", "ll", "ve")

// escapedQuote says whether a backslash before a quote is no accent but was
// put there by a program that escapes quotes: in "don\'t", and before a word
// that \" would have to turn into one that begins with an umlaut.
func (t *latexText) escapedQuote(c byte) bool {
	after := t.in[t.pos+2:]
	end := 0
	for end < len(after) && isLetter(after[end]) {
		end++
	}
	// In braces it is an accent, whatever stands before them.
	joined := t.depth > 0 || t.pos > 0 && isLetter(t.in[t.pos-1])
	switch {
	case end == 0:
		return c == '"' && (after == "" || after[0] != '{' && after[0] != '\\')
	case c == '\'':
		return joined && contractions[after[:end]]
	case c == '"':
		return !joined && strings.IndexByte("AOU", after[0]) < 0
	}
	return false
}

// accent reads the letter that an accent macro of skip bytes is for, and
// writes it with the combining mark.
func (t *latexText) accent(mark rune, skip int) bool {
	rest := t.in[t.pos+skip:]
	letter := strings.TrimLeft(rest, " ")
	n := len(rest) - len(letter)
	if content, size, ok := t.group(letter); ok {
		n += size
		letter = strings.TrimSpace(content)
	} else if named := macroLetter(letter); named > 0 {
		n += named
		letter = letter[:named]
	} else if r, size := utf8.DecodeRuneInString(letter); unicode.IsLetter(r) {
		// A letter that does not stand right after the macro is its argument
		// only after a macro of letters ("\v s").
		if n > 0 && skip == 2 && !isLetter(t.in[t.pos+1]) {
			return false
		}
		n += size
		letter = letter[:size]
	} else {
		return false
	}
	switch letter {
	case `\i`:
		letter = "i"
	case `\j`:
		letter = "j"
	}
	r, size := utf8.DecodeRuneInString(letter)
	if !unicode.IsLetter(r) {
		return false
	}
	t.out.WriteRune(r)
	t.out.WriteRune(mark)
	t.out.WriteString(t.inner(letter[size:]))
	t.pos += skip + n
	return true
}

// macroLetter is the length of "\i" or "\j" at the beginning of s, else 0.
func macroLetter(s string) int {
	if len(s) >= 2 && s[0] == '\\' && (s[1] == 'i' || s[1] == 'j') && (len(s) == 2 || !isLetter(s[2])) {
		return 2
	}
	return 0
}

// macro writes the macro name, which has been read. It says whether it knows
// it.
func (t *latexText) macro(name string) bool {
	if s, ok := symbols[name]; ok {
		if name == "O" && strings.HasPrefix(t.rest(), "(") {
			s = "O" // the order of growth, not the letter
		}
		if strings.HasPrefix(t.rest(), "{}") {
			t.pos += len("{}")
		}
		t.symbol(s)
		return true
	}
	if functions[name] {
		// "d\log\frac12" is "d log 1/2".
		if before := t.before(); isLetter(before) || isDigit(before) {
			t.out.WriteByte(' ')
		}
		t.out.WriteString(name)
		if after := t.rest(); len(after) > 1 && (after[0] == '\\' && isLetter(after[1]) || isDigit(after[0])) {
			t.out.WriteByte(' ')
		}
		return true
	}
	if mark, ok := accentMacros[name]; ok {
		// A macro of one letter needs braces or a space after it.
		if len(name) == 1 {
			return t.accentMacro(mark, name)
		}
		return t.decorated(mark)
	}
	switch {
	case declarations[name]:
		if content, n, ok := t.group(t.rest()); ok {
			// "\bf{x}", which is not LaTeX but common.
			t.pos += n
			t.out.WriteString(t.inner(content))
			return true
		}
		t.skipSpaces()
		if (name == "left" || name == "right") && strings.HasPrefix(t.rest(), ".") {
			t.pos++
		}
		return true
	case fonts[name]:
		if content, ok := t.argument(); ok {
			t.out.WriteString(t.inner(content))
		} else {
			t.skipSpaces()
		}
		return true
	case spaces[name]:
		t.out.WriteByte(' ')
		return true
	}
	return t.structure(name)
}

// symbol writes a symbol. The space after its macro was there to end the
// macro's name, not to be seen, where none stands before it: "n\times d" is
// "n×d", "\sim 7" is "~7". After letters it is as often meant, and after a
// factor too: "a 48\times speed-up".
func (t *latexText) symbol(s string) {
	before := t.before()
	t.out.WriteString(s)
	after := strings.TrimLeft(t.rest(), " ")
	if after == "" || len(after) == len(t.rest()) {
		return
	}
	r, _ := utf8.DecodeRuneInString(s)
	followsNumber := isDigit(after[0])
	switch {
	case s == "~" && followsNumber:
	case s == "∞" || !unicode.Is(unicode.Sm, r) || before == ' ' || before == 0:
		return
	case s == "×" && isDigit(before) && !followsNumber:
		return
	}
	t.skipSpaces()
}

// before is the last byte written, 0 if there is none.
func (t *latexText) before() byte {
	out := t.out.Bytes()
	if len(out) == 0 {
		return 0
	}
	return out[len(out)-1]
}

func (t *latexText) skipSpaces() {
	t.pos = len(t.in) - len(strings.TrimLeft(t.rest(), " "))
}

// accentMacro writes \v{s} and the like.
func (t *latexText) accentMacro(mark rune, name string) bool {
	if rest := t.rest(); rest == "" || rest[0] != '{' && rest[0] != ' ' {
		return false
	}
	t.pos -= len(name) + 1
	if t.accent(mark, len(name)+1) {
		return true
	}
	t.pos += len(name) + 1
	return false
}

// decorated writes \hat{x} and the like: the mark on a letter; what is longer
// goes without.
func (t *latexText) decorated(mark rune) bool {
	content, ok := t.argument()
	if !ok {
		t.skipSpaces()
		return true
	}
	content = t.inner(content)
	t.out.WriteString(content)
	if r, n := utf8.DecodeRuneInString(content); n == len(content) && unicode.IsLetter(r) {
		t.out.WriteRune(mark)
	}
	return true
}

// structure writes macros that do something with their arguments.
func (t *latexText) structure(name string) bool {
	start := t.pos
	undo := func() bool {
		t.pos = start
		return false
	}
	content, ok := t.argument()
	if !ok {
		return undo()
	}
	switch name {
	case "frac", "tfrac", "dfrac", "nicefrac", "sfrac":
		below, ok := t.argument()
		if !ok {
			return undo()
		}
		t.out.WriteString(t.operand(content) + "/" + t.operand(below))
	case "sqrt":
		t.out.WriteString("√" + t.operand(content))
	case "url", "path", "nolinkurl":
		t.out.WriteString(t.address(content))
	case "href":
		text, ok := t.argument()
		if !ok {
			return undo()
		}
		address := t.address(content)
		text = t.inner(text)
		if strings.Contains(text, address) || strings.Contains(address, text) {
			t.out.WriteString(address)
		} else {
			t.out.WriteString(text + " (" + address + ")")
		}
	case "hyperlink", "hyperref", "textcolor":
		text, ok := t.argument()
		if !ok {
			return undo()
		}
		t.out.WriteString(t.inner(text))
	case "footnote", "thanks":
		t.out.WriteString(" (" + strings.TrimSpace(t.inner(content)) + ")")
	case "cite", "citep", "citet", "citealp", "label", "ref", "vspace", "hspace":
		t.dropBefore()
	case "begin", "end":
		t.out.WriteByte(' ')
	default:
		return undo()
	}
	return true
}

// address is a web address without the escapes that TeX wants.
func (t *latexText) address(s string) string {
	s = strings.ReplaceAll(s, `\~{}`, "~")
	return strings.NewReplacer(`\_`, "_", `\%`, "%", `\#`, "#", `\&`, "&", `\~`, "~", `\`, "", "{", "", "}", "", " ", "").Replace(s)
}

// operand is a part of a formula, in parentheses where it is not one thing.
func (t *latexText) operand(s string) string {
	s = strings.TrimSpace(t.inner(s))
	if isSimple(s) {
		return s
	}
	return "(" + s + ")"
}

// isSimple says whether s is letters and digits only, or a number.
func isSimple(s string) bool {
	for _, r := range s {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.Is(unicode.Mn, r) && r != '.' && r != '*' && r != '∞' && r != '⊤' {
			return false
		}
	}
	return s != ""
}

// dropBefore takes back the spaces and ties that were written last.
func (t *latexText) dropBefore() {
	t.out.Truncate(len(bytes.TrimRight(t.out.Bytes(), " ~")))
}

// dollar reads a formula: its signs go, its text stays. A dollar that no
// formula follows is one.
func (t *latexText) dollar() {
	rest := t.rest()
	sign := "$"
	if strings.HasPrefix(rest, "$$") {
		sign = "$$"
	}
	body := rest[len(sign):]
	end := closingDollar(body, sign)
	if end < 0 || !isFormula(body[:end], body[end+len(sign):]) {
		t.literal(len(sign))
		return
	}
	t.out.WriteString(t.inner(strings.TrimSpace(body[:end])))
	t.pos += end + 2*len(sign)
}

// closingDollar is where sign stands in s, not escaped; -1 if nowhere near.
func closingDollar(s, sign string) int {
	for i := 0; i < len(s) && i < maxMath; i++ {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], sign):
			return i
		}
	}
	return -1
}

// isFormula tells a formula from what stands between two amounts of money. A
// formula has TeX's signs, or is short and close to its dollars, the second of
// which no digit follows.
func isFormula(s, after string) bool {
	switch {
	case strings.TrimSpace(s) == "":
		return false
	case strings.ContainsAny(s, `\^_{}`):
		return true
	case len(s) > 60, s[0] == ' ', s[len(s)-1] == ' ', after != "" && isDigit(after[0]):
		return false
	}
	return !isDigit(s[0]) || !strings.Contains(s, " ") || strings.ContainsAny(s, "<>=")
}

// brace reads a group. Braces that hold a declaration, an accent, or a word
// or letters whose capitals they protect, go; those of a set stay.
func (t *latexText) brace() {
	content, n, ok := t.group(t.rest())
	if !ok {
		t.literal(1)
		return
	}
	trimmed := strings.TrimLeft(content, " ")
	if !strings.HasPrefix(trimmed, `\`) && !t.protects(content, t.in[t.pos+n:]) {
		t.literal(1)
		return
	}
	t.out.WriteString(t.inner(trimmed))
	t.pos += n
}

// protects says whether the braces around a word protect its capitals: it is
// part of a longer word, or an acronym.
func (t *latexText) protects(content, after string) bool {
	capitals := 0
	for i := 0; i < len(content); i++ {
		switch c := content[i]; {
		case c >= 'A' && c <= 'Z':
			capitals++
		case !isLetter(c) && !isDigit(c) && c != '-':
			return false
		}
	}
	if capitals == 0 {
		return false
	}
	before := t.in[:t.pos]
	joined := before != "" && isLetter(before[len(before)-1]) || after != "" && isLetter(after[0])
	return joined || capitals > 1
}

// ordinals are the endings of numbers, which are raised but are no powers.
var ordinals = setOf("st", "nd", "rd", "th")

// script reads what is raised or lowered: "x^{2}" is "x^2", "n^{th}" is "nth".
func (t *latexText) script(c byte) {
	rest := t.in[t.pos+1:]
	if after, ok := strings.CutPrefix(rest, `\circ`); ok && (after == "" || !isLetter(after[0])) && c == '^' {
		t.out.WriteString("°")
		t.pos = len(t.in) - len(after)
		return
	}
	content, n, ok := t.group(rest)
	if !ok {
		t.literal(1)
		return
	}
	content = strings.TrimSpace(t.inner(content))
	switch {
	case content == "":
	case c == '^' && (content == "∘" || content == "°"):
		t.out.WriteString("°")
	case c == '^' && ordinals[content]:
		t.out.WriteString(content)
	case isSimple(content) || isSimple(strings.TrimLeft(content, "-+")):
		t.out.WriteByte(c)
		t.out.WriteString(content)
	default:
		t.out.WriteByte(c)
		t.out.WriteString("(" + content + ")")
	}
	t.pos += 1 + n
}

// tie reads '~'. Between a word and what belongs to it ("Figure~3", "et
// al.~\cite{x}") it is a space that does not break; before an amount, in a
// range or an address it is itself.
func (t *latexText) tie() {
	before, after := t.in[max(0, t.pos-maxURL):t.pos], t.in[t.pos+1:]
	if before != "" && after != "" && !inURL(t.in, t.pos) {
		word := before[strings.LastIndexByte(before, ' ')+1:]
		a := after[0]
		switch {
		case word == "":
			if a == '\\' && !strings.HasPrefix(after, `\sim`) {
				t.pos++
				return
			}
		case isLetter(a), a == '\\', a == '$', a == '[', a == '(', isDigit(a):
			b := word[len(word)-1]
			// "0.8dB~2dB" is a range.
			inWord := isLetter(b) && (!isDigit(a) || !strings.ContainsAny(word, "0123456789"))
			if inWord || (b == '.' || b == ',' || b == ')') && !isDigit(a) && len(word) > 1 {
				t.out.WriteByte(' ')
				t.pos++
				return
			}
		}
	}
	t.literal(1)
}
