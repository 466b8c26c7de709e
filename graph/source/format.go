package source

import (
	"bytes"
	"fmt"
	"regexp"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Format is a form in which papers come.
type Format int

// The formats.
const (
	// FormatListing is the text of a page that lists papers: a title, an
	// empty line, an abstract, an empty line, again and again, between the
	// page's own words.
	FormatListing Format = iota + 1
	// FormatJSON is one JSON object, an array of objects, or an object that
	// holds such an array.
	FormatJSON
	// FormatJSONLines is one JSON object a line.
	FormatJSONLines
)

// String is the format's name.
func (f Format) String() string {
	switch f {
	case FormatListing:
		return "listing"
	case FormatJSON:
		return "JSON"
	case FormatJSONLines:
		return "JSON Lines"
	}
	return fmt.Sprintf("Format(%d)", int(f))
}

// readable says what can be read, at the end of a refusal.
const readable = "papers are read from JSON, JSON Lines and the text of a page that lists titles and abstracts"

// Recognise says in which format a file is, from its first bytes, unpacked and
// in UTF-8; the first 64 KiB are enough. Errors wrap [ErrEmpty] or [ErrFormat]
// and say what the file is instead, where that is known.
func Recognise(head []byte) (Format, error) {
	text := bytes.TrimSpace(head)
	if len(text) == 0 {
		return 0, fmt.Errorf("%w: the file is empty", ErrEmpty)
	}
	if name := otherFormat(head); name != "" {
		return 0, fmt.Errorf("%w: this is %s; %s", ErrFormat, name, readable)
	}
	if isBinary(head) {
		return 0, fmt.Errorf("%w: this is binary data, not text; %s", ErrFormat, readable)
	}
	switch text[0] {
	case '[':
		return FormatJSON, nil
	case '{':
		return recogniseObjects(text), nil
	}
	if hasEntry(head) {
		return FormatListing, nil
	}
	return 0, fmt.Errorf("%w: neither JSON nor a title followed by an empty line and an abstract; %s", ErrFormat, readable)
}

// recogniseObjects tells a file of one object from one of an object a line. An
// object that does not end on its line may be the beginning of a laid out
// document, or a broken record: it is the next line that shows which.
func recogniseObjects(text []byte) Format {
	first, rest, found := bytes.Cut(text, []byte("\n"))
	rest = bytes.TrimSpace(rest)
	if !found || len(rest) == 0 {
		return FormatJSON
	}
	first = bytes.TrimSpace(first)
	if jsontext.Value(first).IsValid(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) {
		return FormatJSONLines
	}
	opens := bytes.ContainsAny(first[len(first)-1:], "{[,:")
	if rest[0] == '{' && !opens {
		return FormatJSONLines
	}
	return FormatJSON
}

// otherFormats are what people try to read that is something else, by how it
// begins: with the bytes of magic, or as pattern says.
var otherFormats = []struct {
	magic   string
	pattern func() *regexp.Regexp
	name    string
}{
	{magic: "%PDF-", name: "a PDF file, whose text must be taken out first (pdftotext)"},
	{magic: "%!PS", name: "a PostScript file"},
	{magic: "PK\x03\x04", name: "a ZIP archive or an office document"},
	{magic: "\x1f\x8b", name: "compressed twice"},
	{magic: "\x28\xb5\x2f\xfd", name: "compressed twice"},
	{magic: "BZh91AY&SY", name: "compressed twice"},
	{magic: "\xfd7zXZ\x00", name: "compressed with xz, which must be unpacked first"},
	{magic: "7z\xbc\xaf\x27\x1c", name: "a 7z archive"},
	{magic: "PAR1", name: "a Parquet file"},
	{magic: "SQLite format 3\x00", name: "an SQLite database"},
	{magic: "\x89PNG", name: "a picture"},
	{magic: "\xff\xd8\xff", name: "a picture"},
	{magic: "GIF8", name: "a picture"},
	{magic: "\x7fELF", name: "a program"},
	{pattern: pattern(`(?i)^\s*(<!--[^>]*-->\s*)*<(!doctype html|html|head|body)\b`), name: "an HTML page; copy the text that it shows into a file instead"},
	{pattern: pattern(`^\s*<(\?xml|[A-Za-z][\w:.-]*[\s>/])`), name: "XML"},
	{pattern: pattern(`(?i)^\s*(%[^\n]*\n\s*)*@[a-z]+\s*[{(]`), name: "BibTeX"},
	{pattern: pattern(`^\s*TY  - `), name: "RIS"},
	{pattern: pattern(`^\s*PMID *- `), name: "MEDLINE"},
	{pattern: pattern(`^\s*\\documentclass`), name: "a LaTeX document"},
	{pattern: pattern(`^"?\w[\w ]{0,30}"?([,;\t]"?\w[\w ]{0,30}"?)+\r?\n`), name: "a table (CSV or TSV)"},
	{pattern: pattern(`^\s*(#{1,6} |---\r?\n)`), name: "Markdown"},
}

// otherFormat is what a file is that is not read here; empty if not known.
func otherFormat(head []byte) string {
	if len(head) > 262 && string(head[257:262]) == "ustar" {
		return "a tar archive, which must be unpacked first"
	}
	for _, k := range otherFormats {
		if k.pattern == nil && bytes.HasPrefix(head, []byte(k.magic)) || k.pattern != nil && k.pattern().Match(head) {
			return k.name
		}
	}
	return ""
}

// isBinary says that head is no text in UTF-8 or a like encoding: it has a NUL
// or more than a few other control characters.
func isBinary(head []byte) bool {
	control := 0
	for _, c := range head {
		switch {
		case c == 0:
			return true
		case c < ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != '\x1b' || c == 0x7f:
			control++
		}
	}
	if control > len(head)/50+4 {
		return true
	}
	// Text in an 8-bit encoding has some bytes that are not UTF-8; where most
	// of what is not ASCII is not UTF-8 and there is much of it, it is no text.
	invalid := 0
	for rest := head; len(rest) > 0; {
		r, n := utf8.DecodeRune(rest)
		if r == utf8.RuneError && n == 1 {
			invalid++
		}
		rest = rest[n:]
	}
	return invalid > len(head)/10+4
}
