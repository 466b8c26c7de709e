package extract

import (
	"strings"
	"unicode"

	"papergraph/graph"
)

// tokenClass is what a token is made of.
type tokenClass uint8

const (
	wordToken   tokenClass = iota // has a letter: "LoRA", "3D", "state-of-the-art"
	numberToken                   // digits with their separators: "1,808", "2.7"
	punctToken                    // one sign
	urlToken                      // a whole address
)

// token is a word, number, sign or address with its place.
type token struct {
	text       string
	lower      string
	key        string // graph.NameKey of the text; empty for signs
	start, end int    // code points of the field, half open
	class      tokenClass
	sentence   int // index into text.sentences
	// tight is true where no space stands between the token before and this.
	tight bool
	// content is true of a word that may begin or end a name, and governor is
	// the last token up to this one that governs a list, as "on" all of "on A,
	// B and C", or the one before the sentence. Extractor.mark sets both.
	content  bool
	governor int
}

// sentence is a run of tokens of one field.
type sentence struct {
	first, last int // tokens, half open
}

// text is one field of a document, taken apart.
type text struct {
	field     graph.Field
	source    string
	runes     []rune  // of source
	offsets   []int32 // bytes of source in front of each rune, and of all
	tokens    []token
	sentences []sentence
}

// newText tokenises a field and splits it into sentences. A title is one
// sentence whatever stands in it.
func newText(field graph.Field, s string) *text {
	t := &text{field: field, source: s, runes: []rune(s)}
	t.offsets = make([]int32, 0, len(t.runes)+1)
	for i := range s {
		t.offsets = append(t.offsets, int32(i))
	}
	t.offsets = append(t.offsets, int32(len(s)))
	t.tokenise()
	t.split()
	return t
}

// quote is the text between two code points. It shares the field's memory, so
// that thousands of quotes of one long sentence cost nothing.
func (t *text) quote(start, end int) string { return t.source[t.offsets[start]:t.offsets[end]] }

// tokenise fills t.tokens. A word keeps inner hyphens, dots, underscores, "@"
// and "&" between letters or digits, and trailing "+" ("C++", "ScanNet++"); a
// possessive "'s" is a token of its own.
func (t *text) tokenise() {
	r := t.runes
	t.tokens = make([]token, 0, len(r)/5+8)
	space := true
	for i := 0; i < len(r); {
		if unicode.IsSpace(r[i]) {
			space = true
			i++
			continue
		}
		class, j := punctToken, i+1
		if end := urlEnd(r, i); end > 0 {
			class, j = urlToken, end
		} else if isAlnum(r[i]) {
			class, j = wordOrNumber(r, i)
		}
		t.add(class, i, j, !space)
		space = false
		i = j
	}
}

func (t *text) add(class tokenClass, start, end int, tight bool) {
	s := t.quote(start, end)
	tok := token{text: s, lower: strings.ToLower(s), start: start, end: end, class: class, tight: tight}
	if class == wordToken || class == numberToken {
		tok.key = graph.NameKey(s)
	}
	t.tokens = append(t.tokens, tok)
}

func isAlnum(c rune) bool {
	return unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.Is(unicode.Mn, c)
}

// wordOrNumber returns the class and end of the token that begins at r[i].
func wordOrNumber(r []rune, i int) (tokenClass, int) {
	class := numberToken
	j := i
	for j < len(r) {
		c := r[j]
		next := rune(0)
		if j+1 < len(r) {
			next = r[j+1]
		}
		switch {
		case unicode.IsLetter(c) || unicode.Is(unicode.Mn, c):
			class = wordToken
		case unicode.IsDigit(c):
		case (c == '-' || c == '‑' || c == '_' || c == '@' || c == '&' || c == '^') && isAlnum(next):
			if c != '-' && c != '‑' {
				class = wordToken
			}
		case c == '.' && isAlnum(next) && (unicode.IsDigit(next) || unicode.IsLower(next) || j+2 < len(r) && r[j+2] == '.'):
			// "3.5", "e.g", "U.S."; but "end.The" is two sentences glued
		case c == ',' && class == numberToken && unicode.IsDigit(next) && thousands(r, j+1):
		case c == '+' && class == wordToken && !isAlnum(next):
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

// abbreviations end in a dot that ends no sentence.
var abbreviations = map[string]bool{
	"e.g": true, "i.e": true, "al": true, "fig": true, "figs": true, "vs": true, "cf": true, "eq": true, "eqs": true, "sec": true,
	"etc": true, "resp": true, "approx": true, "no": true, "dr": true, "prof": true, "st": true, "ref": true, "refs": true, "w.r.t": true, "tab": true, "viz": true, "incl": true,
}

// maxSentence bounds a sentence in tokens, since much of what follows looks at
// a whole sentence for each thing in it. No sentence of an abstract comes near
// it; a list pasted in place of an abstract does.
const maxSentence = 1000

// split fills t.sentences and each token's sentence.
func (t *text) split() {
	first := 0
	end := func(to int) {
		for first < to {
			last := min(to, first+maxSentence)
			for i := first; i < last; i++ {
				t.tokens[i].sentence = len(t.sentences)
			}
			t.sentences = append(t.sentences, sentence{first, last})
			first = last
		}
	}
	if t.field != graph.FieldTitle {
		for i := range t.tokens {
			if t.endsSentence(i) {
				last := i + 1
				// a closing quote or bracket belongs to the sentence
				for last < len(t.tokens) && t.tokens[last].tight && strings.ContainsAny(t.tokens[last].text, `"')]”’`) {
					last++
				}
				end(last)
			}
		}
	}
	end(len(t.tokens))
}

func (t *text) endsSentence(i int) bool {
	tok := &t.tokens[i]
	if tok.class != punctToken || tok.text != "." && tok.text != "!" && tok.text != "?" {
		return false
	}
	if i+1 == len(t.tokens) {
		return true
	}
	next := &t.tokens[i+1]
	if tok.text == "." && i > 0 {
		before := &t.tokens[i-1]
		known := abbreviations[before.lower] && before.lower != "etc" && before.lower != "al" && before.lower != "no"
		initial := before.class == wordToken && before.end-before.start == 1 && unicode.IsUpper(t.runes[before.start])
		if tok.tight && (known || initial) {
			return false
		}
	}
	c := t.runes[next.start]
	return unicode.IsUpper(c) || unicode.IsDigit(c) || strings.ContainsRune(`"'([“‘`, c) || next.class == urlToken ||
		next.class == wordToken && !next.tight && mixedCase(next.text)
}

// mixedCase is true of names such as "vLLM" and "iCaRL", which begin a sentence
// with a small letter.
func mixedCase(s string) bool { return strings.IndexFunc(s, unicode.IsUpper) > 0 }

// sentenceRange returns the code points of sentence n without surrounding
// space.
func (t *text) sentenceRange(n int) (start, end int) {
	s := t.sentences[n]
	return t.tokens[s.first].start, t.tokens[s.last-1].end
}
