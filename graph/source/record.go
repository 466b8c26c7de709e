package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"papergraph/graph"
)

// field is what a record may say of a paper.
type field int

const (
	fieldTitle field = iota
	fieldAbstract
	fieldYear
	fieldVenue
	fieldAuthors
	fieldKeywords
	fieldDOI
	fieldArxiv
	fieldACL
	fieldOpenAlex
	fieldS2
	fieldID  // an id of a scheme that its form tells
	fieldURL // the paper's page
	fieldOutsideIDs
	fieldCode
	fieldProject
	fieldDemo
	fields
)

// fieldNames are the names under which sources have a field, as plainKey
// writes them, the one to prefer first.
var fieldNames = [fields][]string{
	fieldTitle:      {"title", "papertitle", "displayname"},
	fieldAbstract:   {"abstract", "paperabstract", "summary", "description"},
	fieldYear:       {"year", "publicationyear", "date", "publicationdate", "published"},
	fieldVenue:      {"venue", "journal", "booktitle", "conference", "containertitle"},
	fieldAuthors:    {"authors", "author", "creators"},
	fieldKeywords:   {"keywords", "keyphrases"},
	fieldDOI:        {"doi"},
	fieldArxiv:      {"arxiv", "arxivid", "eprint"},
	fieldACL:        {"aclid", "acl", "anthology", "anthologyid"},
	fieldOpenAlex:   {"openalex", "openalexid"},
	fieldS2:         {"s2", "s2id", "paperid", "corpusid"},
	fieldID:         {"id"},
	fieldURL:        {"url", "link", "paperurl"},
	fieldOutsideIDs: {"externalids"},
	fieldCode:       {"code", "github", "codeurl", "repository"},
	fieldProject:    {"project", "projectpage", "website", "homepage"},
	fieldDemo:       {"demo"},
}

// place is a field and how much its name is to be preferred, 0 most.
type place struct {
	field field
	rank  int
}

var places = func() map[string]place {
	m := make(map[string]place)
	for f, names := range fieldNames {
		for rank, name := range names {
			m[name] = place{field(f), rank}
		}
	}
	return m
}()

// plainKey is a key in lower case without the signs that part its words.
func plainKey(key string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '_' || r == '-' || r == ' ':
			return -1
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return r
	}, key)
}

// value is a field's value: a string, a float64, a bool, []any or
// map[string]any, under the name that the source has for it.
type value struct {
	key  string
	rank int
	data any
}

// record is the fields of one record. Those with several values are ids.
type record [fields][]value

// recordParser reads records; it is there to be used again.
type recordParser struct {
	in      bytes.Reader
	decoder jsontext.Decoder
}

var parserOptions = jsontext.AllowDuplicateNames(true)

// parse reads one JSON object. Null and empty strings count as absent.
func (p *recordParser) parse(b []byte) (*record, error) {
	p.in.Reset(b)
	p.decoder.Reset(&p.in, parserOptions)
	if kind := p.decoder.PeekKind(); kind != '{' && kind != 0 {
		return nil, fmt.Errorf("%s stands where a paper should be, an object with a title", jsonKind(bytes.TrimSpace(b)))
	}
	if _, err := p.decoder.ReadToken(); err != nil {
		return nil, err
	}
	rec := &record{}
	for p.decoder.PeekKind() != '}' {
		name, err := p.decoder.ReadToken()
		if err != nil {
			return nil, err
		}
		key := name.String()
		at, known := places[key]
		if !known {
			at, known = places[plainKey(key)]
		}
		if !known {
			if err := p.decoder.SkipValue(); err != nil {
				return nil, err
			}
			continue
		}
		data, err := p.value()
		if err != nil {
			return nil, err
		}
		if data != nil && data != "" {
			rec.add(at, value{key: key, rank: at.rank, data: data})
		}
	}
	if _, err := p.decoder.ReadToken(); err != nil {
		return nil, err
	}
	if _, err := p.decoder.ReadToken(); err != io.EOF {
		if err == nil {
			err = errors.New("more stands after the end of the object")
		}
		return nil, err
	}
	return rec, nil
}

// value reads a value as Go has it.
func (p *recordParser) value() (any, error) {
	if p.decoder.PeekKind() == '"' {
		token, err := p.decoder.ReadToken()
		if err != nil {
			return nil, err
		}
		return token.String(), nil
	}
	var data any
	if err := json.UnmarshalDecode(&p.decoder, &data, parserOptions); err != nil {
		return nil, err
	}
	return data, nil
}

// add keeps a value. Of a paper's texts only the one under the preferred name
// counts; ids and links add up.
func (r *record) add(at place, v value) {
	values := r[at.field]
	switch {
	case at.field > fieldKeywords || len(values) == 0:
		r[at.field] = append(values, v)
	case v.rank <= values[0].rank:
		values[0] = v
	}
}

// locate is where in a record an error stands, and the error in words.
func locate(err error) (offset int, cause error) {
	var syntax *jsontext.SyntacticError
	if !errors.As(err, &syntax) {
		return 0, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	switch text := syntax.Err.Error(); {
	case strings.Contains(text, "UTF-8"):
		cause = errInvalidUTF8
	case errors.Is(syntax.Err, io.ErrUnexpectedEOF):
		cause = fmt.Errorf("%w: not valid JSON: a bracket or a quote is not closed", ErrRecord)
	default:
		cause = fmt.Errorf("%w: not valid JSON: %s", ErrRecord, text)
	}
	return int(syntax.ByteOffset), cause
}

// document is the paper that the record describes. Without a usable title or
// abstract there is none, and d is zero. bad is what could not be used.
func (r *record) document() (d graph.Document, bad []error) {
	text := func(f field) (string, bool) {
		if len(r[f]) == 0 {
			return "", true
		}
		v := r[f][0]
		s, ok := textOf(v.data)
		if !ok {
			bad = append(bad, fmt.Errorf("%w: %q is %s, text was expected", ErrRecord, v.key, goKind(v.data)))
		}
		return Clean(s), ok
	}
	title, ok := text(fieldTitle)
	if ok && title == "" {
		return d, append(bad, fmt.Errorf("%w: no title; a paper needs a field %q", ErrRecord, "title"))
	}
	abstract, abstractOK := text(fieldAbstract)
	if !ok || !abstractOK {
		return d, bad
	}
	d.Title, d.Abstract = title, abstract
	unusable := func(v value, expected string) {
		bad = append(bad, fmt.Errorf("%w: %q: %s is not %s; the paper is read without it", ErrField, v.key, show(v.data), expected))
	}
	for _, v := range r[fieldYear] {
		year, ok := yearOf(v.data)
		if !ok {
			unusable(v, "a year or a date")
			continue
		}
		d.Year = year
	}
	for _, v := range r[fieldVenue] {
		s, ok := textOf(v.data)
		if d.Venue = Clean(s); !ok {
			unusable(v, "a name")
		}
	}
	for _, v := range r[fieldAuthors] {
		if d.Authors, ok = authorsOf(v.data); !ok {
			unusable(v, "a list of names")
		}
	}
	for _, v := range r[fieldKeywords] {
		if d.Keywords, ok = keywordsOf(v.data); !ok {
			unusable(v, "a list of keywords")
		}
	}
	for f := fieldDOI; f <= fieldOutsideIDs; f++ {
		for _, v := range r[f] {
			ids, ok := outsideIDsOf(f, v)
			if !ok {
				unusable(v, idForms[f])
			}
			d.OutsideIDs = append(d.OutsideIDs, ids...)
		}
	}
	d.OutsideIDs = graph.SortOutsideIDs(d.OutsideIDs)
	for _, l := range linkFields {
		for _, v := range r[l.field] {
			urls, ok := urlsOf(v.data)
			if !ok {
				unusable(v, "a web address")
			}
			for _, u := range urls {
				d.Links = appendLink(d.Links, graph.Link{Kind: l.kind, URL: u})
			}
		}
	}
	return d, bad
}

// linkFields are the fields that hold links, and where those lead.
var linkFields = []struct {
	field field
	kind  graph.LinkKind
}{{fieldCode, graph.LinkCode}, {fieldProject, graph.LinkProject}, {fieldDemo, graph.LinkDemo}}

// appendLink adds a link unless its address is there.
func appendLink(links []graph.Link, l graph.Link) []graph.Link {
	for _, o := range links {
		if o.URL == l.URL {
			return links
		}
	}
	return append(links, l)
}

// goKind names the kind of a decoded value.
func goKind(v any) string {
	switch v.(type) {
	case string:
		return "a string"
	case float64:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return "null"
}

// show is a value for a message.
func show(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(shorten(v))
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return goKind(v)
}
