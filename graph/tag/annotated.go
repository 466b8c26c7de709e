package tag

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"papergraph/graph/token"
)

// ErrData says that annotated text cannot be read.
var ErrData = errors.New("bad annotated text")

// Sentence is an annotated sentence on the tokens of its annotators.
type Sentence struct {
	Words []string
	Spans []Span
}

// ReadCoNLL reads sentences in the CoNLL form: a token a line with its label
// (I-Type, B-Type or O) in the last column, an empty line behind each sentence.
// Brackets and quotes that are written as the Penn Treebank does become signs
// again.
func ReadCoNLL(r io.Reader) ([]Sentence, error) {
	var out []Sentence
	var s Sentence
	end := func() {
		if len(s.Words) > 0 {
			out = append(out, s)
		}
		s = Sentence{}
	}
	in := bufio.NewScanner(r)
	for line := 1; in.Scan(); line++ {
		columns := strings.Fields(in.Text())
		if len(columns) == 0 {
			end()
			continue
		}
		if columns[0] == "-DOCSTART-" {
			continue
		}
		label := columns[len(columns)-1]
		if len(columns) < 2 || label != "O" && !strings.HasPrefix(label, "I-") && !strings.HasPrefix(label, "B-") {
			return nil, fmt.Errorf("%w: line %d: the last column is no label: %q", ErrData, line, in.Text())
		}
		i := len(s.Words)
		s.Words = append(s.Words, signs.Replace(columns[0]))
		if label == "O" {
			continue
		}
		if n := len(s.Spans); label[0] == 'I' && n > 0 && s.Spans[n-1].Last == i && s.Spans[n-1].Type == label[2:] {
			s.Spans[n-1].Last++
			continue
		}
		s.Spans = append(s.Spans, Span{First: i, Last: i + 1, Type: label[2:]})
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("read annotated sentences: %w", err)
	}
	end()
	return out, nil
}

// signs undoes the escapes of the Penn Treebank.
var signs = strings.NewReplacer("-LRB-", "(", "-RRB-", ")", "-LSB-", "[", "-RSB-", "]", "-LCB-", "{", "-RCB-", "}", "``", `"`, "''", `"`)

// ReadSciREX reads the first section of each document, its title and abstract,
// from JSON Lines in the form of the SciREX release.
func ReadSciREX(r io.Reader) ([]Sentence, error) {
	var out []Sentence
	in := bufio.NewReader(r)
	for line := 1; ; line++ {
		b, err := in.ReadBytes('\n')
		if len(bytes.TrimSpace(b)) > 0 {
			var d struct {
				Words     []string
				Sections  [][2]int
				Sentences [][2]int
				NER       [][]any
			}
			if err := json.Unmarshal(b, &d); err != nil {
				return nil, fmt.Errorf("%w: line %d: %w", ErrData, line, err)
			}
			if len(d.Sections) == 0 {
				return nil, fmt.Errorf("%w: line %d: no sections", ErrData, line)
			}
			type span struct {
				first, last int
				kind        string
			}
			var spans []span
			for _, e := range d.NER {
				var s span
				if len(e) == 3 {
					first, ok1 := e[0].(float64)
					last, ok2 := e[1].(float64)
					kind, ok3 := e[2].(string)
					if ok1 && ok2 && ok3 {
						s = span{int(first), int(last), kind}
					}
				}
				if s.first < 0 || s.last <= s.first || s.last > len(d.Words) {
					return nil, fmt.Errorf("%w: line %d: no span: %v", ErrData, line, e)
				}
				spans = append(spans, s)
			}
			for _, at := range d.Sentences {
				first, last := at[0], at[1]
				if first < 0 || last < first || last > len(d.Words) {
					return nil, fmt.Errorf("%w: line %d: no sentence: %v", ErrData, line, at)
				}
				if last > d.Sections[0][1] {
					continue
				}
				// Documents begin with "document :", which is not theirs.
				if first == 0 && last > 2 && d.Words[0] == "document" && d.Words[1] == ":" {
					first = 2
				}
				s := Sentence{Words: d.Words[first:last]}
				for _, x := range spans {
					if x.first >= first && x.last <= last {
						s.Spans = append(s.Spans, Span{First: x.first - first, Last: x.last - first, Type: x.kind})
					}
				}
				if len(s.Words) > 0 {
					out = append(out, s)
				}
			}
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read annotated documents: %w", err)
		}
	}
}

// alignment is an annotated sentence taken apart again as running text is, so
// that a tagger is trained and judged on the words that it will meet.
type alignment struct {
	words  []string
	starts []int // code points, of words
	ends   []int
	// The code points of the annotators' tokens.
	sourceStarts, sourceEnds []int
}

// align joins the words of a sentence with spaces and splits the text. Hyphens
// that the annotators' tokeniser has cut off, as SciREX's has, are joined to
// the words at their sides if glue is true.
func align(words []string, glue bool) *alignment {
	a := &alignment{}
	var b strings.Builder
	at := 0
	for i, w := range words {
		hyphen := glue && i > 0 && (w == "-" && i+1 < len(words) && alnumEdge(words[i-1], false) && alnumEdge(words[i+1], true) ||
			words[i-1] == "-" && i > 1 && alnumEdge(words[i-2], false) && alnumEdge(w, true))
		if i > 0 && !hyphen {
			b.WriteByte(' ')
			at++
		}
		b.WriteString(w)
		a.sourceStarts = append(a.sourceStarts, at)
		at += utf8.RuneCountInString(w)
		a.sourceEnds = append(a.sourceEnds, at)
	}
	for _, t := range token.Split(b.String()) {
		a.words = append(a.words, t.Text)
		a.starts = append(a.starts, t.Start)
		a.ends = append(a.ends, t.End)
	}
	return a
}

// alnumEdge says whether a word begins, or ends, with a letter or digit.
func alnumEdge(w string, first bool) bool {
	c, _ := utf8.DecodeLastRuneInString(w)
	if first {
		c, _ = utf8.DecodeRuneInString(w)
	}
	return unicode.IsLetter(c) || unicode.IsDigit(c)
}

// project moves spans from tokens with some offsets to those with others: a
// span covers the tokens that it overlaps. Of two that then meet, the first
// stays.
func project(spans []Span, fromStarts, fromEnds, toStarts, toEnds []int) []Span {
	var out []Span
	for _, s := range spans {
		start, end := fromStarts[s.First], fromEnds[s.Last-1]
		first, last := -1, -1
		for i := range toStarts {
			if toStarts[i] < end && toEnds[i] > start {
				if first < 0 {
					first = i
				}
				last = i + 1
			}
		}
		if first < 0 {
			continue
		}
		free := true
		for _, o := range out {
			if first < o.Last && o.First < last {
				free = false
			}
		}
		if free {
			out = append(out, Span{First: first, Last: last, Type: s.Type, Probability: s.Probability})
		}
	}
	return out
}

// toText returns the annotators' spans on the words of the text.
func (a *alignment) toText(spans []Span) []Span {
	return project(spans, a.sourceStarts, a.sourceEnds, a.starts, a.ends)
}

// toSource returns spans of the text on the annotators' tokens.
func (a *alignment) toSource(spans []Span) []Span {
	return project(spans, a.starts, a.ends, a.sourceStarts, a.sourceEnds)
}
