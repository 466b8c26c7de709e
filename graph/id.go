package graph

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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
	hyphen := false
	word := func(s string) {
		if hyphen && b.Len() > 0 {
			b.WriteByte('-')
		}
		hyphen = false
		b.WriteString(s)
	}
	for _, r := range norm.NFKD.String(name) {
		r = unicode.ToLower(r)
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			word(string(r))
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
			// an accent or an apostrophe joins: "don't" is "dont"
		case signWords[r] != "":
			hyphen = true
			word(signWords[r])
			hyphen = true
		case letterWords[r] != "":
			word(letterWords[r])
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			// A script that has no spelling in a-z here: its code point keeps
			// distinct names distinct.
			hyphen = true
			word(fmt.Sprintf("u%x", r))
			hyphen = true
		default:
			hyphen = true
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

// NameKey is the form of a name under which names are compared: accents, case,
// hyphens, spaces and punctuation, plural "s" and a leading article do not
// count, and a parenthesis is dropped where something stands outside it.
// "the 3D-Gaussian Splats" and "3d gaussian splat" have one key. Plus, dot and
// sharp inside a name do count ("C++" is not "C"), as does a trailing version.
// The key of a name with no letter or digit is empty.
func NameKey(name string) string {
	if out := outsideParentheses(name); strings.IndexFunc(out, isWordRune) >= 0 {
		name = out
	}
	var words []string
	var w strings.Builder
	flush := func() {
		s := strings.Trim(w.String(), ".")
		w.Reset()
		if s != "" {
			words = append(words, singular(s))
		}
	}
	for _, r := range norm.NFKD.String(name) {
		switch {
		case unicode.Is(unicode.Mn, r) || r == '\'' || r == '’':
		case isWordRune(r) || r == '+' || r == '#' || r == '.':
			w.WriteRune(unicode.ToLower(r))
		default:
			flush()
		}
	}
	flush()
	if len(words) > 1 && (words[0] == "the" || words[0] == "a" || words[0] == "an" || words[0] == "our") {
		words = words[1:]
	}
	return strings.Join(words, "")
}

// genericHeads are head nouns that a name may have or not: "GLUE" is the "GLUE
// benchmark".
var genericHeads = []string{"dataset", "benchmark", "model", "framework", "method", "algorithm", "architecture", "approach", "system"}

// CoreKey is the [NameKey] of a name without a trailing generic head noun:
// "the GLUE benchmark" and "GLUE" have one. A name that is nothing else keeps
// it.
func CoreKey(name string) string {
	name = strings.TrimRight(name, " ")
	if i := strings.LastIndexAny(name, " -"); i > 0 {
		head := strings.TrimSuffix(strings.ToLower(name[i+1:]), "s")
		if slices.Contains(genericHeads, head) {
			if key := NameKey(name[:i]); key != "" && key != "the" && key != "a" && key != "our" {
				return key
			}
		}
	}
	return NameKey(name)
}

func isWordRune(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// outsideParentheses drops the round parentheses and what they hold.
func outsideParentheses(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var b strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// singular drops a plural ending: "splats" is "splat", "batteries" "battery".
// Short words and words in -ss, -us, -is keep theirs.
func singular(w string) string {
	n := utf8.RuneCountInString(w)
	switch {
	case n > 3 && strings.HasSuffix(w, "ies"):
		return w[:len(w)-3] + "y"
	case n > 3 && strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && !strings.HasSuffix(w, "us") && !strings.HasSuffix(w, "is"):
		return w[:len(w)-1]
	}
	return w
}
