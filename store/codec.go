package store

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"papergraph/graph"
)

// FormatVersion is the version of all that [Open] and the keys and records of
// this package put on disk, full-text analysis included. A store of another
// version is refused.
//
// History:
//
//	1  first format
//	2  names lead from slugs too; facts have candidates and variants
//	3  made to be changed: statement blocks with their content sum, labels,
//	   facts by what they were made from, origins apart, what resolution
//	   remembers
const FormatVersion = 3

// Records are CBOR maps with integer keys, encoded deterministically, so that
// equal values have equal bytes. Numbers of fields are never used again.

// encMode and decMode are the only CBOR configurations of a store. The bounds
// are above what the largest paper needs and keep a damaged length from
// asking for the machine's memory.
var (
	encMode = mustMode(cbor.CoreDetEncOptions().EncMode())
	decMode = mustMode(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   12,
		MaxArrayElements:  1 << 20,
		MaxMapPairs:       1 << 16,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
	}.DecMode())
)

func mustMode[M any](m M, err error) M {
	if err != nil {
		panic(err) // the options above are constants
	}
	return m
}

// encode writes a record. Records hold nothing that CBOR cannot, so that an
// error is a mistake here.
func encode(what string, record any) ([]byte, error) {
	b, err := encMode.Marshal(record)
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", what, err)
	}
	return b, nil
}

// decode reads a record. Its error wraps [ErrDamaged].
func decode(what string, value []byte, record any) error {
	if err := decMode.Unmarshal(value, record); err != nil {
		return damaged(what, err)
	}
	return nil
}

// damaged says what cannot be read and why.
func damaged(what string, why any) error { return fmt.Errorf("%w: %s: %v", ErrDamaged, what, why) }

type outsideIDRecord struct {
	_      struct{} `cbor:",toarray"`
	Scheme string
	Value  string
}

type evidenceRecord struct {
	_     struct{} `cbor:",toarray"`
	Field byte     // see fieldCode
	Start int
	End   int
	// MarkStart and MarkEnd are zero where nothing is marked.
	MarkStart, MarkEnd int
}

type linkRecord struct {
	_        struct{} `cbor:",toarray"`
	Kind     string
	URL      string
	Evidence []evidenceRecord // none or one
}

type documentRecord struct {
	Title      string            `cbor:"1,keyasint"`
	Abstract   string            `cbor:"2,keyasint,omitempty"`
	Year       int               `cbor:"3,keyasint,omitempty"`
	Venue      string            `cbor:"4,keyasint,omitempty"`
	Authors    []string          `cbor:"5,keyasint,omitempty"`
	Keywords   []string          `cbor:"6,keyasint,omitempty"`
	OutsideIDs []outsideIDRecord `cbor:"7,keyasint,omitempty"`
	Links      []linkRecord      `cbor:"8,keyasint,omitempty"`
}

type resultRecord struct {
	Paper      string `cbor:"1,keyasint"`
	Value      string `cbor:"2,keyasint"`
	Unit       string `cbor:"3,keyasint,omitempty"`
	Comparison string `cbor:"4,keyasint"`
	Metric     string `cbor:"5,keyasint,omitempty"`
	Method     string `cbor:"6,keyasint,omitempty"`
	Dataset    string `cbor:"7,keyasint,omitempty"`
	Baseline   string `cbor:"8,keyasint,omitempty"`
}

type decisionRecord struct {
	Name   string `cbor:"1,keyasint"`
	Kind   string `cbor:"2,keyasint"`
	Reason string `cbor:"3,keyasint"`
	Detail string `cbor:"4,keyasint,omitempty"`
	Papers int    `cbor:"5,keyasint,omitempty"`
}

type nodeRecord struct {
	Name      string           `cbor:"1,keyasint"`
	Aliases   []string         `cbor:"2,keyasint,omitempty"`
	Paper     *documentRecord  `cbor:"3,keyasint,omitempty"`
	Result    *resultRecord    `cbor:"4,keyasint,omitempty"`
	Better    string           `cbor:"5,keyasint,omitempty"`
	Decisions []decisionRecord `cbor:"6,keyasint,omitempty"`
}

type statementRecord struct {
	_          struct{} `cbor:",toarray"`
	Class      byte     // see classCodes
	Rule       int      // index into the block's rules
	Confidence float64
	Evidence   []evidenceRecord
}

type edgeRecord struct {
	_          struct{} `cbor:",toarray"`
	From       uint32
	Relation   byte
	To         uint32
	Statements []statementRecord
}

// blockRecord holds all that one paper states, or all that is curated from one
// node, its edges in the order of [edgeUIDs.compare].
type blockRecord struct {
	Rules []string     `cbor:"1,keyasint"`
	Edges []edgeRecord `cbor:"2,keyasint"`
}

type mentionRecord struct {
	Relation   byte             `cbor:"1,keyasint"`
	Kind       byte             `cbor:"2,keyasint"`
	Name       string           `cbor:"3,keyasint"`
	Aliases    []string         `cbor:"4,keyasint,omitempty"`
	Evidence   []evidenceRecord `cbor:"5,keyasint,omitempty"`
	Confidence float64          `cbor:"6,keyasint"`
	Rule       string           `cbor:"7,keyasint"`
	Candidate  bool             `cbor:"8,keyasint,omitempty"`
	Variants   []string         `cbor:"9,keyasint,omitempty"`
}

type claimRecord struct {
	From       string           `cbor:"1,keyasint"`
	FromKind   byte             `cbor:"2,keyasint"`
	Relation   byte             `cbor:"3,keyasint"`
	To         string           `cbor:"4,keyasint"`
	ToKind     byte             `cbor:"5,keyasint"`
	Evidence   []evidenceRecord `cbor:"6,keyasint,omitempty"`
	Confidence float64          `cbor:"7,keyasint"`
	Rule       string           `cbor:"8,keyasint"`
}

type valueRecord struct {
	Value      string           `cbor:"1,keyasint"`
	Unit       string           `cbor:"2,keyasint,omitempty"`
	Comparison string           `cbor:"3,keyasint"`
	Metric     string           `cbor:"4,keyasint,omitempty"`
	Method     string           `cbor:"5,keyasint,omitempty"`
	Dataset    string           `cbor:"6,keyasint,omitempty"`
	Baseline   string           `cbor:"7,keyasint,omitempty"`
	Evidence   []evidenceRecord `cbor:"8,keyasint,omitempty"` // none or one
	Confidence float64          `cbor:"9,keyasint"`
	Rule       string           `cbor:"10,keyasint"`
	Candidate  bool             `cbor:"11,keyasint,omitempty"`
}

type acronymRecord struct {
	Short    string           `cbor:"1,keyasint"`
	Long     string           `cbor:"2,keyasint"`
	Evidence []evidenceRecord `cbor:"3,keyasint,omitempty"` // none or one
}

// factsRecord is the value of table B.
type factsRecord struct {
	Document  documentRecord  `cbor:"2,keyasint"`
	Mentions  []mentionRecord `cbor:"3,keyasint,omitempty"`
	Results   []valueRecord   `cbor:"4,keyasint,omitempty"`
	Relations []claimRecord   `cbor:"5,keyasint,omitempty"`
	Acronyms  []acronymRecord `cbor:"6,keyasint,omitempty"`
	Links     []linkRecord    `cbor:"7,keyasint,omitempty"`
	Extractor string          `cbor:"8,keyasint"`
}

// factsEntry is the value of table F.
type factsEntry struct {
	InputHash string `cbor:"1,keyasint"`
	Title     string `cbor:"2,keyasint"`
	Hash      []byte `cbor:"3,keyasint"`
	Source    string `cbor:"4,keyasint,omitempty"`
	Line      int    `cbor:"5,keyasint,omitempty"`
}

// infoRecord is the value of table P.
type infoRecord struct {
	ID              string       `cbor:"1,keyasint"`
	Time            int64        `cbor:"2,keyasint"` // Unix, nanoseconds
	Sources         []string     `cbor:"3,keyasint,omitempty"`
	Extractor       string       `cbor:"4,keyasint,omitempty"`
	Edges           int          `cbor:"5,keyasint"`
	Statements      int          `cbor:"6,keyasint"`
	NodesByKind     map[byte]int `cbor:"7,keyasint"`
	EdgesByRelation map[byte]int `cbor:"8,keyasint"`
	ContentSum      []byte       `cbor:"9,keyasint"`
	Lexicon         string       `cbor:"10,keyasint,omitempty"`
	Registry        string       `cbor:"11,keyasint,omitempty"`
}

// classCodes gives each class its byte.
var classCodes = map[graph.Class]byte{graph.Extracted: 1, graph.Inferred: 2, graph.Imported: 3, graph.Curated: 4}

var classByCode = invert(classCodes)

// The fields' bytes.
const (
	fieldTitle    = 1
	fieldAbstract = 2
)

// texts are the texts of one document, prepared for slicing by code points:
// there may be dozens of quotes in one abstract, and finding each from the
// start of the text is what would cost.
type texts [2]text

type text struct {
	s string
	// starts holds the byte at which each code point begins, and len(s); nil
	// for ASCII, where the two counts are one.
	starts []uint32
}

func newTexts(d *graph.Document) *texts { return &texts{newText(d.Title), newText(d.Abstract)} }

func newText(s string) text {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			starts := make([]uint32, 0, len(s))
			for i := range s {
				starts = append(starts, uint32(i))
			}
			return text{s, append(starts, uint32(len(s)))}
		}
	}
	return text{s: s}
}

func (t text) slice(start, end int) (string, bool) {
	n := len(t.s)
	if t.starts != nil {
		n = len(t.starts) - 1
	}
	if start < 0 || end <= start || end > n {
		return "", false
	}
	if t.starts == nil {
		return t.s[start:end], true
	}
	return t.s[t.starts[start]:t.starts[end]], true
}

// encode drops the quotes, which the text has already, and therefore refuses a
// quote that is not the text's. The error wraps [graph.ErrEvidence].
func (t *texts) encode(es []graph.Evidence) ([]evidenceRecord, error) {
	rs := make([]evidenceRecord, len(es))
	for i, e := range es {
		var code byte
		switch e.Field {
		case graph.FieldTitle:
			code = fieldTitle
		case graph.FieldAbstract:
			code = fieldAbstract
		default:
			return nil, fmt.Errorf("%w: unknown field %q", graph.ErrEvidence, e.Field)
		}
		got, ok := t[code-1].slice(e.Start, e.End)
		if !ok || got != e.Quote {
			return nil, fmt.Errorf("%w: %s[%d:%d] of %q is %q, the quote is %q", graph.ErrEvidence, e.Field, e.Start, e.End, t[0].s, got, e.Quote)
		}
		if !e.MarkValid() {
			return nil, fmt.Errorf("%w: the mark [%d:%d] is not inside %s[%d:%d] of %q", graph.ErrEvidence, e.MarkStart, e.MarkEnd, e.Field, e.Start, e.End, t[0].s)
		}
		rs[i] = evidenceRecord{Field: code, Start: e.Start, End: e.End, MarkStart: e.MarkStart, MarkEnd: e.MarkEnd}
	}
	return rs, nil
}

func (t *texts) decode(what string, rs []evidenceRecord) ([]graph.Evidence, error) {
	if len(rs) == 0 {
		return nil, nil
	}
	es := make([]graph.Evidence, len(rs))
	for i, r := range rs {
		if r.Field != fieldTitle && r.Field != fieldAbstract {
			return nil, damaged(what, fmt.Sprintf("unknown field %d", r.Field))
		}
		quote, ok := t[r.Field-1].slice(r.Start, r.End)
		if !ok {
			return nil, damaged(what, fmt.Sprintf("evidence [%d:%d] outside its text", r.Start, r.End))
		}
		field := graph.FieldTitle
		if r.Field == fieldAbstract {
			field = graph.FieldAbstract
		}
		es[i] = graph.Evidence{Field: field, Start: r.Start, End: r.End, Quote: quote, MarkStart: r.MarkStart, MarkEnd: r.MarkEnd}
		if !es[i].MarkValid() {
			return nil, damaged(what, fmt.Sprintf("mark [%d:%d] outside evidence [%d:%d]", r.MarkStart, r.MarkEnd, r.Start, r.End))
		}
	}
	return es, nil
}

// encodeOne and decodeOne are for places that hold one evidence or none.
func (t *texts) encodeOne(e graph.Evidence) ([]evidenceRecord, error) {
	if e == (graph.Evidence{}) {
		return nil, nil
	}
	return t.encode([]graph.Evidence{e})
}

func (t *texts) decodeOne(what string, rs []evidenceRecord) (graph.Evidence, error) {
	if len(rs) > 1 {
		return graph.Evidence{}, damaged(what, "more than one evidence")
	}
	es, err := t.decode(what, rs)
	if err != nil || len(es) == 0 {
		return graph.Evidence{}, err
	}
	return es[0], nil
}

func (t *texts) encodeLinks(links []graph.Link) ([]linkRecord, error) {
	rs := make([]linkRecord, len(links))
	for i, l := range links {
		ev, err := t.encodeOne(l.Evidence)
		if err != nil {
			return nil, fmt.Errorf("link %s: %w", l.URL, err)
		}
		rs[i] = linkRecord{Kind: string(l.Kind), URL: l.URL, Evidence: ev}
	}
	return rs, nil
}

func (t *texts) decodeLinks(what string, rs []linkRecord) ([]graph.Link, error) {
	links := make([]graph.Link, len(rs))
	for i, r := range rs {
		ev, err := t.decodeOne(what, r.Evidence)
		if err != nil {
			return nil, err
		}
		links[i] = graph.Link{Kind: graph.LinkKind(r.Kind), URL: r.URL, Evidence: ev}
	}
	return emptyToNil(links), nil
}

// emptyToNil keeps decoded values equal to those that were put.
func emptyToNil[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return s
}

func encodeDocument(d *graph.Document, t *texts) (documentRecord, error) {
	links, err := t.encodeLinks(d.Links)
	if err != nil {
		return documentRecord{}, err
	}
	outside := make([]outsideIDRecord, len(d.OutsideIDs))
	for i, o := range d.OutsideIDs {
		outside[i] = outsideIDRecord{Scheme: o.Scheme, Value: o.Value}
	}
	return documentRecord{
		Title: d.Title, Abstract: d.Abstract, Year: d.Year, Venue: d.Venue, Authors: d.Authors, Keywords: d.Keywords,
		OutsideIDs: outside, Links: links,
	}, nil
}

func decodeDocument(what string, r *documentRecord) (*graph.Document, *texts, error) {
	d := &graph.Document{
		Title: r.Title, Abstract: r.Abstract, Year: r.Year, Venue: r.Venue, Authors: r.Authors, Keywords: r.Keywords,
	}
	for _, o := range r.OutsideIDs {
		d.OutsideIDs = append(d.OutsideIDs, graph.OutsideID{Scheme: o.Scheme, Value: o.Value})
	}
	t := newTexts(d)
	var err error
	if d.Links, err = t.decodeLinks(what, r.Links); err != nil {
		return nil, nil, err
	}
	return d, t, nil
}

// encodeNode writes the value of table N, from which the snapshot's id is made:
// where a paper was read from is not part of what the graph says.
func encodeNode(n *graph.Node) ([]byte, error) {
	r := nodeRecord{Name: n.Name, Aliases: n.Aliases, Better: string(n.Better)}
	if n.Paper != nil {
		doc, err := encodeDocument(n.Paper, newTexts(n.Paper))
		if err != nil {
			return nil, err
		}
		r.Paper = &doc
	}
	if p := n.Result; p != nil {
		r.Result = &resultRecord{
			Paper: string(p.Paper), Value: p.Value, Unit: p.Unit, Comparison: string(p.Comparison),
			Metric: string(p.Metric), Method: string(p.Method), Dataset: string(p.Dataset), Baseline: p.Baseline,
		}
	}
	for _, d := range n.Decisions {
		r.Decisions = append(r.Decisions, decisionRecord{Name: d.Name, Kind: string(d.Kind), Reason: string(d.Reason), Detail: d.Detail, Papers: d.Papers})
	}
	return encode("node "+string(n.ID), r)
}

func decodeNode(id graph.ID, value []byte) (*graph.Node, error) {
	what := "node " + string(id)
	var r nodeRecord
	if err := decode(what, value, &r); err != nil {
		return nil, err
	}
	n := &graph.Node{ID: id, Name: r.Name, Aliases: emptyToNil(r.Aliases), Better: graph.Better(r.Better)}
	if (r.Paper != nil) != (id.Kind() == graph.KindPaper) || (r.Result != nil) != (id.Kind() == graph.KindResult) {
		return nil, damaged(what, "a record of another kind")
	}
	if r.Paper != nil {
		d, _, err := decodeDocument(what, r.Paper)
		if err != nil {
			return nil, err
		}
		n.Paper = d
	}
	if p := r.Result; p != nil {
		n.Result = &graph.ResultNode{
			Paper: graph.ID(p.Paper), Value: p.Value, Unit: p.Unit, Comparison: graph.Comparison(p.Comparison),
			Metric: graph.ID(p.Metric), Method: graph.ID(p.Method), Dataset: graph.ID(p.Dataset), Baseline: p.Baseline,
		}
	}
	for _, d := range r.Decisions {
		n.Decisions = append(n.Decisions, graph.Decision{Name: d.Name, Kind: graph.Kind(d.Kind), Reason: graph.Reason(d.Reason), Detail: d.Detail, Papers: d.Papers})
	}
	return n, nil
}

// encodeLabel writes the value of table L.
func encodeLabel(n *graph.Node) []byte {
	slug := n.ID.Slug()
	b := make([]byte, 0, 2+len(slug)+len(n.Name))
	b = append(b, kindCodes[n.Kind()])
	return append(appendPart(b, slug), n.Name...)
}

// decodeLabel reads what encodeLabel wrote. The error wraps [ErrDamaged].
func decodeLabel(uid uint32, b []byte) (id graph.ID, name string, err error) {
	what := fmt.Sprintf("label of uid %d", uid)
	if len(b) < 2 {
		return "", "", damaged(what, fmt.Sprintf("%d bytes", len(b)))
	}
	kind, ok := kindOf(b[0])
	n, size := shortUvarint(b[1:])
	if !ok || size == 0 || n == 0 || n > uint64(len(b)-1-size) {
		return "", "", damaged(what, fmt.Sprintf("malformed id in %q", b))
	}
	slug := b[1+size : 1+size+int(n)]
	return graph.ID(string(kind) + ":" + string(slug)), string(b[1+size+int(n):]), nil
}

// encodeFacts writes the value of table B. The error wraps
// [graph.ErrEvidence], [graph.ErrKind] or [graph.ErrRelation].
func encodeFacts(f *graph.Facts) ([]byte, error) {
	t := newTexts(&f.Document)
	doc, err := encodeDocument(&f.Document, t)
	if err != nil {
		return nil, err
	}
	r := factsRecord{Document: doc, Extractor: f.Extractor}
	kind := func(k graph.Kind) byte {
		if kindCodes[k] == 0 && err == nil {
			err = fmt.Errorf("%w %q", graph.ErrKind, k)
		}
		return kindCodes[k]
	}
	relation := func(rel graph.Relation) byte {
		if relationCodes[rel] == 0 && err == nil {
			err = fmt.Errorf("%w %q", graph.ErrRelation, rel)
		}
		return relationCodes[rel]
	}
	evidence := func(es ...graph.Evidence) []evidenceRecord {
		rs, e := t.encode(es)
		if err == nil {
			err = e
		}
		return rs
	}
	for _, m := range f.Mentions {
		r.Mentions = append(r.Mentions, mentionRecord{
			Relation: relation(m.Relation), Kind: kind(m.Kind), Name: m.Name, Aliases: m.Aliases, Variants: m.Variants,
			Evidence: evidence(m.Evidence...), Confidence: m.Confidence, Rule: m.Rule, Candidate: m.Candidate,
		})
	}
	for _, v := range f.Results {
		r.Results = append(r.Results, valueRecord{
			Value: v.Value, Unit: v.Unit, Comparison: string(v.Comparison), Metric: v.Metric, Method: v.Method, Dataset: v.Dataset,
			Baseline: v.Baseline, Evidence: evidence(v.Evidence), Confidence: v.Confidence, Rule: v.Rule, Candidate: v.Candidate,
		})
	}
	for _, c := range f.Relations {
		r.Relations = append(r.Relations, claimRecord{
			From: c.From, FromKind: kind(c.FromKind), Relation: relation(c.Relation), To: c.To, ToKind: kind(c.ToKind),
			Evidence: evidence(c.Evidence...), Confidence: c.Confidence, Rule: c.Rule,
		})
	}
	for _, a := range f.Acronyms {
		r.Acronyms = append(r.Acronyms, acronymRecord{Short: a.Short, Long: a.Long, Evidence: evidence(a.Evidence)})
	}
	if err != nil {
		return nil, err
	}
	if r.Links, err = t.encodeLinks(f.Links); err != nil {
		return nil, err
	}
	return encode("facts of "+f.Document.Title, r)
}

func decodeFacts(what string, value []byte) (graph.Facts, error) {
	var r factsRecord
	if err := decode(what, value, &r); err != nil {
		return graph.Facts{}, err
	}
	d, t, err := decodeDocument(what, &r.Document)
	if err != nil {
		return graph.Facts{}, err
	}
	f := graph.Facts{Document: *d, Extractor: r.Extractor}
	kind := func(code byte) graph.Kind {
		k, ok := kindOf(code)
		if !ok && err == nil {
			err = damaged(what, fmt.Sprintf("unknown kind %d", code))
		}
		return k
	}
	relation := func(code byte) graph.Relation {
		rel, ok := relationOf(code)
		if !ok && err == nil {
			err = damaged(what, fmt.Sprintf("unknown relation %d", code))
		}
		return rel
	}
	evidence := func(rs []evidenceRecord) []graph.Evidence {
		es, e := t.decode(what, rs)
		if err == nil {
			err = e
		}
		return es
	}
	one := func(rs []evidenceRecord) graph.Evidence {
		ev, e := t.decodeOne(what, rs)
		if err == nil {
			err = e
		}
		return ev
	}
	for _, m := range r.Mentions {
		f.Mentions = append(f.Mentions, graph.Mention{
			Relation: relation(m.Relation), Kind: kind(m.Kind), Name: m.Name, Aliases: m.Aliases, Variants: m.Variants,
			Evidence: evidence(m.Evidence), Confidence: m.Confidence, Rule: m.Rule, Candidate: m.Candidate,
		})
	}
	for _, v := range r.Results {
		f.Results = append(f.Results, graph.Result{
			Value: v.Value, Unit: v.Unit, Comparison: graph.Comparison(v.Comparison), Metric: v.Metric, Method: v.Method, Dataset: v.Dataset,
			Baseline: v.Baseline, Evidence: one(v.Evidence), Confidence: v.Confidence, Rule: v.Rule, Candidate: v.Candidate,
		})
	}
	for _, c := range r.Relations {
		f.Relations = append(f.Relations, graph.Claim{
			From: c.From, FromKind: kind(c.FromKind), Relation: relation(c.Relation), To: c.To, ToKind: kind(c.ToKind),
			Evidence: evidence(c.Evidence), Confidence: c.Confidence, Rule: c.Rule,
		})
	}
	for _, a := range r.Acronyms {
		f.Acronyms = append(f.Acronyms, graph.Acronym{Short: a.Short, Long: a.Long, Evidence: one(a.Evidence)})
	}
	if err != nil {
		return graph.Facts{}, err
	}
	if f.Links, err = t.decodeLinks(what, r.Links); err != nil {
		return graph.Facts{}, err
	}
	return f, nil
}

// encodeFactsEntry writes the value of table F.
func encodeFactsEntry(e *factsEntry) ([]byte, error) { return encode("entry of facts of "+e.Title, e) }

func decodeFactsEntry(key string, value []byte) (*factsEntry, error) {
	what := "entry of facts " + key
	var e factsEntry
	if err := decode(what, value, &e); err != nil {
		return nil, err
	}
	if len(e.Hash) != factsHashSize {
		return nil, damaged(what, fmt.Sprintf("a hash of %d bytes", len(e.Hash)))
	}
	return &e, nil
}

// encodeInfo writes the value of table P.
func encodeInfo(i *Info) ([]byte, error) {
	r := infoRecord{
		ID: i.ID, Time: i.Time.UnixNano(), Sources: i.Sources, Extractor: i.Extractor, Edges: i.Edges, Statements: i.Statements,
		NodesByKind: make(map[byte]int), EdgesByRelation: make(map[byte]int),
		ContentSum: i.ContentSum[:], Lexicon: i.Lexicon, Registry: i.Registry,
	}
	for k, n := range i.NodesByKind {
		r.NodesByKind[kindCodes[k]] = n
	}
	for rel, n := range i.EdgesByRelation {
		r.EdgesByRelation[relationCodes[rel]] = n
	}
	return encode("snapshot "+i.ID, r)
}

func decodeInfo(version uint64, value []byte) (Info, error) {
	what := fmt.Sprintf("record of snapshot %d", version)
	var r infoRecord
	if err := decode(what, value, &r); err != nil {
		return Info{}, err
	}
	if raw, err := hex.DecodeString(r.ID); err != nil || len(raw) != idBytes || strings.ToLower(r.ID) != r.ID {
		return Info{}, damaged(what, fmt.Sprintf("malformed id %q", r.ID))
	}
	i := Info{
		ID: r.ID, Version: version, Time: time.Unix(0, r.Time).UTC(), Sources: emptyToNil(slices.Clone(r.Sources)), Extractor: r.Extractor,
		Edges: r.Edges, Statements: r.Statements, NodesByKind: make(map[graph.Kind]int), EdgesByRelation: make(map[graph.Relation]int),
		Lexicon: r.Lexicon, Registry: r.Registry,
	}
	if len(r.ContentSum) != contentSumSize {
		return Info{}, damaged(what, fmt.Sprintf("a content sum of %d bytes", len(r.ContentSum)))
	}
	copy(i.ContentSum[:], r.ContentSum)
	for code, n := range r.NodesByKind {
		k, ok := kindOf(code)
		if !ok || n < 0 {
			return Info{}, damaged(what, fmt.Sprintf("%d nodes of kind %d", n, code))
		}
		i.NodesByKind[k] = n
		i.Nodes += n
	}
	for code, n := range r.EdgesByRelation {
		rel, ok := relationOf(code)
		if !ok || n < 0 {
			return Info{}, damaged(what, fmt.Sprintf("%d edges of relation %d", n, code))
		}
		i.EdgesByRelation[rel] = n
	}
	i.Papers = i.NodesByKind[graph.KindPaper]
	return i, nil
}
