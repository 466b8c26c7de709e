package token

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Class is what a token is made of.
type Class uint8

// The classes.
const (
	Word    Class = iota // has a letter: "LoRA", "3D", "state-of-the-art"
	Number               // digits with their separators: "1,808", "2.7"
	Sign                 // one sign of punctuation or mathematics
	Address              // a whole address of the web
)

// Token is a word, number, sign or address with its place.
type Token struct {
	Text       string // shares the memory of the text
	Start, End int    // code points, half open
	Class      Class
	// Tight is true where no space stands between the token before and this.
	Tight bool
}

// Range is a run of tokens, half open.
type Range struct{ First, Last int }

// Split returns the tokens of a text. A word keeps inner hyphens, dots,
// underscores, "@" and "&" between letters or digits, and trailing "+" ("C++",
// "ScanNet++"); the parts of a possessive are tokens of their own.
func Split(s string) []Token {
	r := []rune(s)
	out := make([]Token, 0, len(r)/5+8)
	space, at := true, 0 // at is the byte of r[i]
	// width is the bytes of n code points at s[at:]. A byte that is no text is
	// a code point of its own.
	width := func(n int) int {
		w := 0
		for range n {
			_, k := utf8.DecodeRuneInString(s[at+w:])
			w += k
		}
		return w
	}
	for i := 0; i < len(r); {
		if unicode.IsSpace(r[i]) {
			space = true
			at += width(1)
			i++
			continue
		}
		class, j := Sign, i+1
		if end := addressEnd(r, i); end > 0 {
			class, j = Address, end
		} else if isAlnum(r[i]) {
			class, j = wordOrNumber(r, i)
		}
		end := at + width(j-i)
		out = append(out, Token{Text: s[at:end], Start: i, End: j, Class: class, Tight: !space})
		space = false
		i, at = j, end
	}
	return out
}

func isAlnum(c rune) bool {
	return unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.Is(unicode.Mn, c)
}

// wordOrNumber returns the class and end of the token that begins at r[i].
func wordOrNumber(r []rune, i int) (Class, int) {
	class := Number
	j := i
	for j < len(r) {
		c := r[j]
		next := rune(0)
		if j+1 < len(r) {
			next = r[j+1]
		}
		switch {
		case unicode.IsLetter(c) || unicode.Is(unicode.Mn, c):
			class = Word
		case unicode.IsDigit(c):
		case (c == '-' || c == '‑' || c == '_' || c == '@' || c == '&' || c == '^') && isAlnum(next):
			if c != '-' && c != '‑' {
				class = Word
			}
		case c == '.' && isAlnum(next) && (unicode.IsDigit(next) || unicode.IsLower(next) || j+2 < len(r) && r[j+2] == '.'):
			// "3.5", "e.g", "U.S."; but "end.The" is two sentences glued
		case c == ',' && class == Number && unicode.IsDigit(next) && thousands(r, j+1):
		case c == '+' && class == Word && !isAlnum(next):
			// "C++"; the plus between two words is a sign
		default:
			return class, j
		}
		j++
	}
	return class, j
}

// thousands says whether exactly three digits begin at r[i], as after the comma of
// "1,808".
func thousands(r []rune, i int) bool {
	n := 0
	for i+n < len(r) && unicode.IsDigit(r[i+n]) {
		n++
	}
	return n == 3
}

// hosts are those whose addresses papers also write without a scheme.
var hosts = []string{"github.com/", "gitlab.com/", "huggingface.co/", "www.", "bit.ly/", "doi.org/", "arxiv.org/", "zenodo.org/", "sites.google.com/", "youtu.be/", "youtube.com/"}

// addressEnd returns the end of the address that begins at r[i], or 0. Trailing
// punctuation is not part of it.
func addressEnd(r []rune, i int) int {
	head := lowerHead(r, i)
	n := 0
	switch {
	case strings.HasPrefix(head, "http://"):
		n = 7
	case strings.HasPrefix(head, "https://"):
		n = 8
	default:
		if i > 0 && (isAlnum(r[i-1]) || r[i-1] == '/' || r[i-1] == '.' || r[i-1] == '@') {
			return 0
		}
		for _, h := range hosts {
			if strings.HasPrefix(head, h) {
				n = len(h)
				break
			}
		}
	}
	if n == 0 {
		return 0
	}
	j := i + n
	for j < len(r) && !unicode.IsSpace(r[j]) && !strings.ContainsRune("<>\"“”{}|\\^`", r[j]) {
		j++
	}
	open := 0 // brackets opened inside less those closed
	for _, c := range r[i:j] {
		switch c {
		case '(':
			open++
		case ')':
			open--
		}
	}
	for j > i+n && strings.ContainsRune(".,;:!?)]}'*’”", r[j-1]) {
		if r[j-1] == ')' {
			if open >= 0 {
				break // a bracket that was opened inside belongs to the address
			}
			open++
		}
		j--
	}
	if j == i+n {
		return 0
	}
	return j
}

// lowerHead is the beginning of r[i:] in lower case, as long as the longest
// host or scheme; ASCII is enough for these.
func lowerHead(r []rune, i int) string {
	var b [18]byte
	k := 0
	for ; k < len(b) && i+k < len(r) && r[i+k] < 128; k++ {
		c := byte(r[i+k])
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		b[k] = c
	}
	return string(b[:k])
}

// abbreviations end in a dot that ends no sentence.
var abbreviations = map[string]bool{
	"e.g": true, "i.e": true, "al": true, "fig": true, "figs": true, "vs": true, "cf": true, "eq": true, "eqs": true, "sec": true,
	"etc": true, "resp": true, "approx": true, "no": true, "dr": true, "prof": true, "st": true, "ref": true, "refs": true, "w.r.t": true, "tab": true, "viz": true, "incl": true,
}

// maxSentence bounds a sentence in tokens, since much of what follows looks at
// a whole sentence for each thing in it. No sentence of an abstract comes near
// it; a list pasted in place of an abstract does.
const maxSentence = 1000

// Sentences returns the sentences that the tokens make. A title is one sentence
// whatever stands in it.
func Sentences(tokens []Token, title bool) []Range {
	var out []Range
	first := 0
	end := func(to int) {
		for first < to {
			last := min(to, first+maxSentence)
			out = append(out, Range{first, last})
			first = last
		}
	}
	if !title {
		for i := range tokens {
			if endsSentence(tokens, i) {
				last := i + 1
				// a closing quote or bracket belongs to the sentence
				for last < len(tokens) && tokens[last].Tight && strings.ContainsAny(tokens[last].Text, `"')]”’`) {
					last++
				}
				end(last)
			}
		}
	}
	end(len(tokens))
	return out
}

func endsSentence(tokens []Token, i int) bool {
	tok := &tokens[i]
	if tok.Class != Sign || tok.Text != "." && tok.Text != "!" && tok.Text != "?" {
		return false
	}
	if i+1 == len(tokens) {
		return true
	}
	next := &tokens[i+1]
	if tok.Text == "." && i > 0 && tok.Tight {
		before := &tokens[i-1]
		lower := strings.ToLower(before.Text)
		known := abbreviations[lower] && lower != "etc" && lower != "al" && lower != "no"
		c, _ := utf8.DecodeRuneInString(before.Text)
		initial := before.Class == Word && before.End-before.Start == 1 && unicode.IsUpper(c)
		if known || initial {
			return false
		}
	}
	c, _ := utf8.DecodeRuneInString(next.Text)
	return unicode.IsUpper(c) || unicode.IsDigit(c) || strings.ContainsRune(`"'([“‘`, c) || next.Class == Address ||
		next.Class == Word && !next.Tight && mixedCase(next.Text)
}

// mixedCase is true of names such as "vLLM" and "iCaRL", which begin a sentence
// with a small letter.
func mixedCase(s string) bool { return strings.IndexFunc(s, unicode.IsUpper) > 0 }
