package extract

import (
	"strings"
	"unicode"

	"papergraph/graph"
	tokeniser "papergraph/graph/token"
)

// The classes of tokens.
const (
	wordToken   = tokeniser.Word
	numberToken = tokeniser.Number
	punctToken  = tokeniser.Sign
	urlToken    = tokeniser.Address
)

// token is a word, number, sign or address with its place.
type token struct {
	text       string
	lower      string
	key        string // graph.NameKey of the text; empty for signs
	start, end int    // code points of the field, half open
	class      tokeniser.Class
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
	split := tokeniser.Split(s)
	t.tokens = make([]token, len(split))
	for i, k := range split {
		t.tokens[i] = token{text: k.Text, lower: strings.ToLower(k.Text), start: k.Start, end: k.End, class: k.Class, tight: k.Tight}
		if k.Class == wordToken || k.Class == numberToken {
			t.tokens[i].key = graph.NameKey(k.Text)
		}
	}
	for n, r := range tokeniser.Sentences(split, field == graph.FieldTitle) {
		t.sentences = append(t.sentences, sentence{r.First, r.Last})
		for i := r.First; i < r.Last; i++ {
			t.tokens[i].sentence = n
		}
	}
	return t
}

// quote is the text between two code points. It shares the field's memory, so
// that thousands of quotes of one long sentence cost nothing.
func (t *text) quote(start, end int) string { return t.source[t.offsets[start]:t.offsets[end]] }

func isAlnum(c rune) bool {
	return unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.Is(unicode.Mn, c)
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
