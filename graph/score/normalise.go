package score

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
	"golang.org/x/text/unicode/norm"
)

// space is Python's \s as a character class: Unicode white space and the four
// separators of ASCII.
const space = `[\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]`

var (
	latexAccent = regexp.MustCompile(`\\['` + "`" + `^"~=.uvHtcdbr]` + space + `*\{?` + space + `*([\p{L}\p{N}_])` + space + `*\}?`)
	parenthesis = regexp.MustCompile(`\([^)]*\)`)
)

// isSpace is [space] for one rune.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// squash undoes LaTeX accents, drops accents and case, and leaves words of
// letters, digits, '+', '.' and '#' with single spaces between them.
func squash(s string) string {
	if strings.IndexByte(s, '\\') >= 0 {
		s = latexAccent.ReplaceAllString(s, "$1")
	}
	ascii := isASCII(s)
	if !ascii {
		s = norm.NFKD.String(s)
		if strings.ContainsRune(s, 'Σ') {
			s = lowerGreek(s)
		}
	}
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for i, r := range s {
		switch {
		case r < utf8.RuneSelf:
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
		case norm.NFKD.PropertiesString(s[i:]).CCC() != 0:
			continue
		default:
			r = unicode.ToLower(r)
		}
		if !isWord(r) && r != '+' && r != '.' && r != '#' {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte(' ')
		}
		gap = false
		b.WriteRune(r)
	}
	return strings.Trim(b.String(), " .")
}

// lowerGreek lowers s with the one rule of lower-casing that looks at more
// than a letter: a capital sigma that ends a word. Accents must be gone by
// then, since they would count as part of the word.
func lowerGreek(s string) string {
	var b strings.Builder
	for i, r := range s {
		if r < utf8.RuneSelf || norm.NFKD.PropertiesString(s[i:]).CCC() == 0 {
			b.WriteRune(r)
		}
	}
	return cases.Lower(language.Und, cases.HandleFinalSigma(true)).String(b.String())
}

// isWord is Python's \w without the underscore, which parts words here.
func isWord(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || 'A' <= r && r <= 'Z'
	}
	return unicode.IsLetter(r) || unicode.IsNumber(r)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// singular drops a plural ending; short words and words in -ss, -us, -is keep
// theirs.
func singular(w string) string {
	if !strings.HasSuffix(w, "s") || utf8.RuneCountInString(w) <= 3 {
		return w
	}
	switch {
	case strings.HasSuffix(w, "ies"):
		return w[:len(w)-3] + "y"
	case strings.HasSuffix(w, "ss"), strings.HasSuffix(w, "us"), strings.HasSuffix(w, "is"):
		return w
	}
	return w[:len(w)-1]
}

// genericTails are the words that may follow a name without making it another.
var genericTails = []string{" dataset", " data set", " benchmark", " model", " framework", " method", " algorithm", " architecture", " approach", " system"}

// normalise is the form of a name under which entities match; empty where the
// name has no letter or digit.
func normalise(s string) string {
	key := ""
	if strings.IndexByte(s, '(') >= 0 {
		key = squash(parenthesis.ReplaceAllString(s, " "))
	}
	if key == "" {
		key = squash(s)
	}
	for _, article := range [...]string{"the ", "a ", "an ", "our "} {
		if rest, ok := strings.CutPrefix(key, article); ok {
			key = rest
			break
		}
	}
	words := strings.Split(key, " ")
	for i, w := range words {
		words[i] = singular(w)
	}
	key = strings.Join(words, " ")
	for _, tail := range genericTails {
		if name, ok := strings.CutSuffix(key, tail); ok {
			if name != "" {
				key = name
			}
			break
		}
	}
	return strings.ReplaceAll(key, " ", "")
}

// names is a set of normalised names of one entity, without repeats and in no
// order that means anything.
type names []string

func newNames(e Entity) names {
	ns := make(names, 0, 1+len(e.Aliases))
	add := func(s string) {
		if n := normalise(s); n != "" && !slices.Contains(ns, n) {
			ns = append(ns, n)
		}
	}
	add(e.Name)
	for _, a := range e.Aliases {
		add(a)
	}
	return ns
}

// meets says whether the two sets share a name.
func (ns names) meets(other names) bool {
	for _, n := range ns {
		if slices.Contains(other, n) {
			return true
		}
	}
	return false
}

// numbers writes the numbers in v, "10-20" for a range, with six significant
// digits. Commas inside a number do not count.
func numbers(v string) string {
	var parts []string
	v = strings.Map(func(r rune) rune {
		if r == ',' {
			return -1
		}
		if r >= utf8.RuneSelf && unicode.Is(unicode.Nd, r) {
			return '0' + digitValue(r)
		}
		return r
	}, v)
	digits := func(i int) int {
		for i < len(v) && v[i] >= '0' && v[i] <= '9' {
			i++
		}
		return i
	}
	for i := 0; i < len(v); {
		end := digits(i)
		if end == i {
			i++
			continue
		}
		if end < len(v) && v[end] == '.' {
			if fraction := digits(end + 1); fraction > end+1 {
				end = fraction
			}
		}
		// The only possible error is a number out of range, which is then
		// infinite.
		f, _ := strconv.ParseFloat(v[i:end], 64)
		if math.IsInf(f, 0) {
			parts = append(parts, "inf")
		} else {
			parts = append(parts, strconv.FormatFloat(f, 'g', 6, 64))
		}
		i = end
	}
	return strings.Join(parts, "-")
}

// digitValue is the value of a decimal digit of any script. In Unicode these
// stand in runs of ten that begin with zero.
func digitValue(r rune) rune {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return (r - rune(t.Lo)) % 10
		}
	}
	return 0
}

// unit is the first word of a unit, with the common spellings made one.
func unit(u string) string {
	u = strings.TrimFunc(strings.ToLower(u), isSpace)
	switch u {
	case "x", "times", "×", "fold":
		return "x"
	case "%", "percent", "percentage points", "points":
		return "%"
	case "", "none", "null":
		return ""
	}
	return strings.FieldsFunc(u, isSpace)[0]
}

// address is the form of a URL under which links match.
func address(u string) string {
	u = strings.Map(func(r rune) rune {
		if isSpace(r) {
			return -1
		}
		return r
	}, u)
	u = strings.ToLower(strings.TrimRight(u, "/.)],;"))
	for _, scheme := range [...]string{"https://", "http://"} {
		if rest, ok := strings.CutPrefix(u, scheme); ok {
			u = strings.TrimPrefix(rest, "www.")
			break
		}
	}
	return strings.TrimSuffix(u, ".git")
}
