package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ID names a node: "kind:slug", lower case, made from content alone, so that
// the same entity has the same id in every build.
type ID string

// ErrID says that a string is not an id.
var ErrID = errors.New("malformed id")

// maxSlug bounds the length of a slug in bytes. Longer names are cut at a word
// and end in a hash of the whole, so that they stay distinct; 120 keeps every
// title of the usual length whole and every id short enough for a file name.
const maxSlug = 120

// NewID makes the id of a node of kind k from its name. Two names that differ
// only in case, accents or punctuation have one id; the caller that needs them
// apart (a second paper of the same title) adds to the name what tells them
// apart. A name without any letter or digit gets a slug that is a hash of it.
func NewID(k Kind, name string) ID { return ID(string(k) + ":" + Slug(name)) }

// ParseID checks that s is an id and splits it. The error wraps [ErrID].
func ParseID(s string) (Kind, string, error) {
	kind, slug, ok := strings.Cut(s, ":")
	if !ok || slug == "" || !Kind(kind).Valid() {
		return "", "", fmt.Errorf("%w %q: expected kind:slug, as in method:lora", ErrID, s)
	}
	for i := 0; i < len(slug); i++ {
		if c := slug[i]; c != '-' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return "", "", fmt.Errorf("%w %q: a slug has only a-z, 0-9 and '-'", ErrID, s)
		}
	}
	return Kind(kind), slug, nil
}

// Kind is the part before the colon.
func (id ID) Kind() Kind {
	k, _, _ := strings.Cut(string(id), ":")
	return Kind(k)
}

// Slug is the part after the colon.
func (id ID) Slug() string {
	_, s, _ := strings.Cut(string(id), ":")
	return s
}

// Path is the node's path in a URL: "/method/lora".
func (id ID) Path() string { return "/" + string(id.Kind()) + "/" + id.Slug() }

// Slug writes a name with the letters a-z, digits and single hyphens. Accents
// are dropped ("Mélange" is "melange"), Greek letters are spelled, and the
// signs that tell names apart are words: "C++" is "c-plus-plus", "C#" is
// "c-sharp".
func Slug(name string) string {
	var b strings.Builder
	b.Grow(len(name))
	hyphen := false
	word := func(s string) {
		if hyphen && b.Len() > 0 {
			b.WriteByte('-')
		}
		hyphen = false
		b.WriteString(s)
	}
	bare := true // no letter that marks belong to stands right before
	for _, r := range norm.NFKD.String(name) {
		r = unicode.ToLower(r)
		mark := unicode.Is(unicode.M, r)
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			word(string(r))
		case mark && bare || r == '\'' || r == '’':
			// an accent or an apostrophe joins: "don't" is "dont"
		case signWords[r] != "":
			hyphen = true
			word(signWords[r])
			hyphen = true
		case letterWords[r] != "":
			word(letterWords[r])
		case mark || unicode.IsLetter(r) || unicode.IsDigit(r):
			// A script that has no spelling in a-z here: its code point keeps
			// distinct names distinct.
			hyphen = true
			word(fmt.Sprintf("u%x", r))
			hyphen = true
		default:
			hyphen = true
		}
		if !mark {
			bare = !ownMarks(r)
		}
	}
	s := b.String()
	switch {
	case s == "":
		return "x" + shortHash(name)
	case len(s) > maxSlug:
		cut := maxSlug - 9
		if i := strings.LastIndexByte(s[:cut], '-'); i > cut/2 {
			cut = i
		}
		return s[:cut] + "-" + shortHash(s)
	}
	return s
}

// signWords are the signs that are part of names.
var signWords = map[rune]string{'+': "plus", '#': "sharp", '*': "star", '&': "and", '@': "at", '%': "percent", '×': "x", '∞': "infinity"}

// letterWords spells letters outside a-z that stand in names.
var letterWords = map[rune]string{
	'α': "alpha", 'β': "beta", 'γ': "gamma", 'δ': "delta", 'ε': "epsilon", 'ϵ': "epsilon", 'ζ': "zeta", 'η': "eta",
	'θ': "theta", 'ι': "iota", 'κ': "kappa", 'λ': "lambda", 'μ': "mu", 'ν': "nu", 'ξ': "xi", 'ο': "omicron", 'π': "pi",
	'ρ': "rho", 'σ': "sigma", 'ς': "sigma", 'τ': "tau", 'υ': "upsilon", 'φ': "phi", 'ϕ': "phi", 'χ': "chi", 'ψ': "psi", 'ω': "omega",
	'ß': "ss", 'æ': "ae", 'œ': "oe", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'ı': "i",
}

// shortHash is 8 hexadecimal digits of the SHA-256 of s.
func shortHash(s string) string {
	h := sha256.Sum256([]byte(s))
	return hex.EncodeToString(h[:4])
}

// ownMarks says whether marks above or below r are part of its script's
// spelling, as the voicing of か and が is, not accents that may be left out.
func ownMarks(r rune) bool {
	return unicode.IsLetter(r) && !unicode.In(r, unicode.Latin, unicode.Greek)
}

// NameKey is the form of a name under which names are compared: accents, case,
// hyphens, spaces and punctuation, plural endings and a leading article do not
// count, Greek letters are spelled, and a parenthesis is dropped where
// something stands outside it. "the 3D-Gaussian Splats" and "3d gaussian
// splat" have one key. The signs that tell names apart do count ("C++" is not
// "C", "A*" not "A", "R@1" not "R1"), as do a dot inside a name, a parenthesis
// that is part of it ("SE(3)") and a trailing version. The key of a name with
// no letter or digit is empty.
func NameKey(name string) string { return joinWords(name, strings.ToLower) }

// CaseKey is the [NameKey] of a name with the casing left in, and so with the
// endings that are capitals: "DARTS" is not the plural of "DART".
func CaseKey(name string) string { return joinWords(name, func(w string) string { return w }) }

func joinWords(name string, casing func(string) string) string {
	var b strings.Builder
	b.Grow(len(name))
	for _, w := range nameWords(name) {
		b.WriteString(singular(casing(w)))
	}
	return b.String()
}

// nameWords takes a name apart into what counts in it, casing left in.
func nameWords(name string) []string {
	if out := outsideParentheses(name); strings.IndexFunc(out, isWordRune) >= 0 {
		name = out
	}
	words := make([]string, 0, 4)
	var w strings.Builder
	article := false // the first word is one, and stands apart
	flush := func(r rune) {
		s := strings.Trim(w.String(), ".")
		w.Reset()
		if s == "" {
			return
		}
		if len(words) == 0 && unicode.IsSpace(r) {
			// not the "A" of "A-GEM" or "A/B test"
			switch strings.ToLower(s) {
			case "the", "a", "an", "our":
				article = true
			}
		}
		words = append(words, acronymSingular(s))
	}
	bare := true // no letter that marks belong to stands right before
	for _, r := range norm.NFKD.String(name) {
		if r < utf8.RuneSelf && r != '\'' { // most are
			switch {
			case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '+' || r == '#' || r == '.' || r == '*' || r == '@':
				if w.Len() == 0 {
					w.Grow(16)
				}
				w.WriteByte(byte(r))
			default:
				flush(r)
			}
			bare = true
			continue
		}
		lower := unicode.ToLower(r)
		mark := unicode.Is(unicode.M, r)
		switch {
		case mark && bare || r == '\'' || r == '’':
		case letterWords[lower] != "":
			spelled := letterWords[lower]
			if lower != r {
				spelled = strings.ToUpper(spelled[:1]) + spelled[1:]
			}
			w.WriteString(spelled)
		case mark || isWordRune(r):
			w.WriteRune(r)
		case r == '×' || r == '∞':
			w.WriteString(signWords[r])
		default:
			flush(r)
		}
		if !mark {
			bare = !ownMarks(r)
		}
	}
	flush(0)
	if article && len(words) > 1 {
		words = words[1:]
	}
	return words
}

// genericHeads are head nouns that a name may have or not: "GLUE" is the "GLUE
// benchmark".
var genericHeads = []string{"dataset", "benchmark", "model", "framework", "method", "algorithm", "architecture", "approach", "system"}

// CoreKey is the [NameKey] of a name without a trailing generic head noun:
// "the GLUE benchmark" and "GLUE" have one. A name that is nothing else keeps
// it.
func CoreKey(name string) string { return NameKey(CoreName(name)) }

// CoreName is a name without its trailing generic head noun, if it has one:
// "the GLUE" of "the GLUE benchmark". A name that is nothing else keeps it.
func CoreName(name string) string {
	name = strings.TrimRight(name, " ")
	if i := strings.LastIndexAny(name, " -"); i > 0 {
		head := strings.TrimSuffix(strings.ToLower(name[i+1:]), "s")
		if slices.Contains(genericHeads, head) {
			switch NameKey(name[:i]) {
			case "", "the", "a", "an", "our":
			default:
				return name[:i]
			}
		}
	}
	return name
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// outsideParentheses drops the round parentheses and what they hold, but for
// those that are part of a name: "SE(3)", "E(n)", "R(2+1)D".
func outsideParentheses(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var b strings.Builder
	depth := 0
	last := ' '
	for i, r := range s {
		switch {
		case r == '(' && depth == 0 && isWordRune(last) && argument.MatchString(s[i:]):
			// kept up to its end, which drops out as punctuation does
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
		last = r
	}
	return b.String()
}

// argument is a parenthesis right behind a letter that names a dimension or a
// variable; "(s)" is a plural.
var argument = regexp.MustCompile(`^\((?:\d[\d+]{0,3}|[a-rt-zA-Z])\)`)

// acronymSingular drops the plural "s" of capitals, which short acronyms have
// too: "GPs" is "GP", "GPS" is itself.
func acronymSingular(w string) string {
	body, ok := strings.CutSuffix(w, "s")
	if !ok || len(body) < 2 {
		return w
	}
	for i := range len(body) {
		if c := body[i]; (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return w
		}
	}
	return body
}

// singular brings singular and plural of a word to one form: "splats" to
// "splat", "batteries" and "battery" to "battery", "processes" and "process"
// to "process". It is a form to compare, not always a word: "movies" and
// "movie" are "movy". Short words and words in -ss, -us, -is keep their "s",
// as do words with a digit ("3DGS" is "3D-GS"), and the "S" of capitals.
func singular(w string) string {
	if s, ok := irregular[w]; ok {
		return s
	}
	if utf8.RuneCountInString(w) <= 3 || strings.ContainsAny(w, "0123456789") {
		return w
	}
	if s, ok := strings.CutSuffix(w, "s"); ok && !strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "u") && !strings.HasSuffix(s, "i") {
		w = s
	}
	if len(w) > 4 && strings.HasSuffix(w, "ie") {
		return w[:len(w)-2] + "y"
	}
	for _, end := range [...]string{"sse", "she", "che", "xe", "zze"} {
		if len(w) > 3 && strings.HasSuffix(w, end) {
			return w[:len(w)-1]
		}
	}
	return w
}

// irregular are words of the field whose plural or singular the rules miss.
var irregular = map[string]string{
	"bias": "bias", "biases": "bias", "atlas": "atlas", "canvas": "canvas",
	"analyses": "analysis", "hypotheses": "hypothesis", "bases": "base",
	"matrices": "matrix", "vertices": "vertex", "indices": "index", "axes": "axis",
	"criteria": "criterion", "corpora": "corpus", "series": "series",
	"statuses": "status", "viruses": "virus", "lenses": "lens", "lens": "lens",
}
