package source

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"papergraph/graph"
)

// maxLine bounds a line of a listing. The longest abstract that a document may
// have is a quarter of it.
const maxLine = 1 << 20

// Where a title ends and an abstract begins, in code points. Of 85,374
// conference papers the longest title has 217 and one abstract in 200 has
// fewer than 250; short ones are told by their sentences, and a text of
// middling length by its full stop, which a very long title lacks.
const (
	minAbstract     = 120
	minOneSentence  = 250
	minAnySentences = 400
)

// block is the text between two empty lines of a listing.
type block struct {
	lines [][]byte
	line  int // number of the first
	size  int // code points in all
}

// text is the block's lines as one.
func (b *block) text() string { return string(bytes.Join(b.lines, []byte(" "))) }

// isAbstract says whether the text is long enough to be an abstract, or is
// shorter but made of sentences.
func isAbstract(text []byte) bool {
	if len(text) < minAbstract {
		return false
	}
	n := utf8.RuneCount(text)
	stop := bytes.ContainsAny(text[len(text)-1:], `.!?)"'`)
	return n >= minAnySentences || n >= minOneSentence && stop || n >= minAbstract && stop && bytes.Contains(text, []byte(". "))
}

// chrome is what the words of a listing page look like that are not papers: a
// line that matches is never a title. Only what may stand between a title and
// its abstract needs a pattern, since a title is the last line before an
// abstract that is none of these.
var chrome = pattern(`^(?:` + strings.Join([]string{
	`(?i:new|subscribe|trending|daily papers|papers?|upvotes?|like|share|save|cite|code|github|arxiv|arxiv page|pdf|view pdf|view arxiv page|paper page|project page|html|abs|demo|dataset|datasets|models?|spaces|community|comments?|collections?|sort by.*|filter.*|previous|next|back|home|login|log in|sign up|sign in|search|menu|more|show more|read more|see all.*|load more|abstract|today|yesterday|this week|this month)`,
	`Get trending papers.*`,
	`by ?\p{Lu}.*`,
	`(?i:submitted|published|posted|updated|released|presented|added) (?i:by|on|at|in)\b.*`,
	// 14 Mar 2025, Mar 14, March 14th, 2025, Fri 14 Mar, 2025-03-14, 03/14/2025
	`(?i:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )?(?:\d{1,2}(?:st|nd|rd|th)? )?(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?(?: \d{1,2}(?:st|nd|rd|th)?)?(?:,? \d{4})?`,
	`\d{4}[-/.]\d{1,2}[-/.]\d{1,2}.*`,
	`\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}`,
	`(?i:about |over )?\w+ (?i:second|minute|hour|day|week|month|year)s? ago`,
	// 12, 1.2k, 3 comments, · 5 authors, +12
	`[^\p{L}]*(?:[\d.,]+ ?[kKmM]?)?(?: ?(?i:comments?|authors?|upvotes?|likes?|stars?|views?|downloads?|citations?|votes?|papers?|replies|models?|datasets?))?[^\p{L}]*`,
	`https?://\S+`,
}, "|") + `)$`)

func isChrome(line []byte) bool { return chrome().Match(line) }

// looksLikeTitle says whether a line that no abstract follows is likely to be
// the title of a paper that would be lost in silence: a page's own words are
// short or calls.
func looksLikeTitle(line []byte) bool {
	return utf8.RuneCount(line) >= 25 && len(bytes.Fields(line)) >= 4 && !bytes.HasSuffix(line, []byte("!"))
}

// entry is a title and abstract while they are read.
type entry struct {
	title, abstract []byte
	titleLine, line int
}

// listing turns blocks into papers.
type listing struct {
	sink  *sink
	open  entry // title seen, abstract perhaps; may go on
	found int   // papers so far
	// afterChrome is true where the page's own words stand between the last
	// abstract and here.
	afterChrome bool
}

// readListing reads the text of a page that lists papers.
func readListing(s *sink, in *input) bool {
	l := &listing{sink: s}
	b := &block{}
	for {
		text, line, tooLong, err := in.readLine(maxLine)
		if err != nil && err != io.EOF {
			return l.block(b) && l.close() && s.problem(line, readError(err))
		}
		if tooLong {
			if !l.block(b) || !s.problem(line, fmt.Errorf("%w: a line of more than %d MiB; no abstract is that long", ErrTooLong, maxLine>>20)) {
				return false
			}
			b = &block{}
			continue
		}
		text = bytes.TrimFunc(text, unicode.IsSpace)
		if err == io.EOF || len(text) == 0 {
			if !l.block(b) {
				return false
			}
			b = &block{}
			if err == io.EOF {
				return l.close()
			}
			continue
		}
		if len(b.lines) == 0 {
			b.line = line
		}
		if b.size += utf8.RuneCount(text); b.size <= maxLine {
			b.lines = append(b.lines, bytes.Clone(text))
		}
	}
}

// block takes the next block: an abstract broken into short lines as one, any
// other line by line, so that an abstract right under its title is seen too.
func (l *listing) block(b *block) bool {
	wrapped := len(b.lines) > 1
	for _, line := range b.lines {
		wrapped = wrapped && !isChrome(line) && !isAbstract(line)
	}
	if wrapped {
		if text := []byte(b.text()); isAbstract(text) {
			return l.abstract(text, b.line)
		}
		if len(b.lines) == 2 {
			// A title that goes on in a second line.
			return l.title([]byte(b.text()), b.line)
		}
	}
	for i, line := range b.lines {
		ok := true
		switch n := b.line + i; {
		case isAbstract(line):
			ok = l.abstract(line, n)
		case isChrome(line):
			l.afterChrome = true
		default:
			ok = l.title(line, n)
		}
		if !ok {
			return false
		}
	}
	return true
}

// title takes a line that may be one.
func (l *listing) title(text []byte, line int) bool {
	if !l.close() {
		return false
	}
	l.open = entry{title: text, titleLine: line}
	return true
}

// abstract takes text that is one, or goes on with one.
func (l *listing) abstract(text []byte, line int) bool {
	switch {
	case l.open.title == nil, l.open.abstract != nil && l.afterChrome:
		return l.close() && l.sink.problem(line, fmt.Errorf("%w: an abstract without a title above it; put the title and an empty line before it", ErrRecord))
	case l.open.abstract == nil:
		l.open.abstract, l.open.line = text, line
	case len(l.open.abstract)+len(text) <= maxLine:
		l.open.abstract = append(append(l.open.abstract, ' '), text...)
	}
	l.afterChrome = false
	return true
}

// close ends the open entry.
func (l *listing) close() bool {
	e := l.open
	l.open, l.afterChrome = entry{}, false
	switch {
	case e.title == nil:
		return true
	case e.abstract == nil:
		// On top of the page, before any paper, stand its own words.
		if l.found == 0 || !looksLikeTitle(e.title) {
			return true
		}
		return l.sink.problem(e.titleLine, fmt.Errorf("%w: a title without an abstract under it: %q; remove the line or add the abstract", ErrRecord, shorten(string(e.title))))
	}
	l.found++
	if line := e.titleLine; !utf8.Valid(e.title) || !utf8.Valid(e.abstract) {
		if utf8.Valid(e.title) {
			line = e.line
		}
		return l.sink.problem(line, errInvalidUTF8)
	}
	return l.sink.document(graph.Document{Title: Clean(string(e.title)), Abstract: Clean(string(e.abstract))}, e.titleLine)
}

// errInvalidUTF8 is the problem of a record in another encoding.
var errInvalidUTF8 = fmt.Errorf("%w: text is not valid UTF-8; convert the file, for example with iconv -f WINDOWS-1252 -t UTF-8", ErrRecord)

// shorten cuts s for a message.
func shorten(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "…"
}

// hasEntry says whether text, the beginning of a file, has a title with an
// abstract under it.
func hasEntry(text []byte) (found bool) {
	s := &sink{ctx: context.Background(), yield: func(graph.Document, error) bool {
		found = true
		return false
	}}
	readListing(s, &input{r: bufio.NewReader(bytes.NewReader(text)), line: 1})
	return found
}
