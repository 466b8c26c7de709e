package graph

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Field names a text of a document.
type Field string

// The fields that evidence may lie in.
const (
	FieldTitle    Field = "title"
	FieldAbstract Field = "abstract"
)

// Document is one paper as a source delivered it. Title and Abstract are
// cleaned text; they are what offsets refer to and are never changed later.
type Document struct {
	Title    string   `json:"title"`
	Abstract string   `json:"abstract,omitempty"`
	Year     int      `json:"year,omitempty"` // 0 when unknown
	Venue    string   `json:"venue,omitempty"`
	Authors  []string `json:"authors,omitempty"` // in the order of the paper
	Keywords []string `json:"keywords,omitempty"`
	// OutsideIDs are the paper's names elsewhere (DOI, arXiv …), sorted.
	OutsideIDs []OutsideID `json:"outsideIds,omitempty"`
	// Links are those that the metadata gave. Those that stand in the text
	// are found by extraction.
	Links []Link `json:"links,omitempty"`
	// Origin is no part of the content: the same papers from other files, or
	// in another order, are the same graph and give the same bytes in every
	// export.
	Origin Origin `json:"-"`
}

// OutsideID is a paper's name in another system.
type OutsideID struct {
	Scheme string `json:"scheme"` // "doi", "arxiv", "acl", "openalex", "s2", "url"
	Value  string `json:"value"`  // without prefix or resolver: "10.1000/182", "2106.09685"
}

// String is "scheme:value", the form in which it may be looked up.
func (o OutsideID) String() string { return o.Scheme + ":" + o.Value }

// Origin is where a document was read from.
type Origin struct {
	Source string `json:"source,omitempty"` // the file's name as given
	Line   int    `json:"line,omitempty"`   // first line of the record, from 1; 0 when it has none
}

// LinkKind is what a link leads to.
type LinkKind string

// The kinds of link.
const (
	LinkCode    LinkKind = "code"
	LinkProject LinkKind = "project"
	LinkData    LinkKind = "data"
	LinkDemo    LinkKind = "demo"
)

// Link is an address that a paper gives.
type Link struct {
	Kind LinkKind `json:"kind"`
	URL  string   `json:"url"`
	// Evidence is where the text gives it; the zero value for a link from
	// metadata. The quote is the text's own form, which may be broken by a
	// space where URL is repaired.
	Evidence Evidence `json:"evidence,omitzero"`
}

// ErrDocument says that a document cannot be taken into a graph.
var ErrDocument = errors.New("unusable document")

// maxText bounds title and abstract, in bytes. The longest of 85,374 conference
// abstracts has under 9 kB; a "title" of a megabyte is a reader's error or an
// attack.
const (
	maxTitle    = 2 << 10
	maxAbstract = 256 << 10
)

// Check says what makes d unusable: no title, invalid UTF-8, or a text of
// absurd length. The error wraps [ErrDocument].
func (d *Document) Check() error {
	switch {
	case strings.TrimSpace(d.Title) == "":
		return fmt.Errorf("%w: no title", ErrDocument)
	case len(d.Title) > maxTitle:
		return fmt.Errorf("%w: title of %d bytes, at most %d are allowed", ErrDocument, len(d.Title), maxTitle)
	case len(d.Abstract) > maxAbstract:
		return fmt.Errorf("%w: abstract of %d bytes, at most %d are allowed", ErrDocument, len(d.Abstract), maxAbstract)
	case !utf8.ValidString(d.Title) || !utf8.ValidString(d.Abstract):
		return fmt.Errorf("%w: text is not valid UTF-8", ErrDocument)
	}
	return nil
}

// ID is the paper's id, made from its title. Papers of one title are told
// apart by resolution, which may add to it.
func (d *Document) ID() ID { return NewID(KindPaper, d.Title) }

// Text returns a field's text; an unknown field has none.
func (d *Document) Text(f Field) string {
	switch f {
	case FieldTitle:
		return d.Title
	case FieldAbstract:
		return d.Abstract
	}
	return ""
}

// Hash identifies the content: everything but the origin, so that the same
// paper read from two files has one hash. It is 32 hexadecimal digits of a
// SHA-256.
func (d *Document) Hash() string {
	h := sha256.New()
	write := func(parts ...string) {
		for _, p := range parts {
			fmt.Fprintf(h, "%d:%s", len(p), p)
		}
	}
	write(d.Title, d.Abstract, fmt.Sprint(d.Year), d.Venue, fmt.Sprint(len(d.Authors)))
	write(d.Authors...)
	write(fmt.Sprint(len(d.Keywords)))
	write(d.Keywords...)
	for _, o := range d.OutsideIDs {
		write("id", o.Scheme, o.Value)
	}
	for _, l := range d.Links {
		write("link", string(l.Kind), l.URL)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// SortOutsideIDs brings ids into the order that Document wants and drops
// repeats.
func SortOutsideIDs(ids []OutsideID) []OutsideID {
	slices.SortFunc(ids, func(a, b OutsideID) int {
		return cmp.Or(cmp.Compare(a.Scheme, b.Scheme), cmp.Compare(a.Value, b.Value))
	})
	return slices.Compact(ids)
}
