package graph

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Evidence is a run of characters of a document that says something: as a rule
// a whole sentence or the title, so that a reader can judge it.
type Evidence struct {
	Field Field  `json:"field"`
	Start int    `json:"start"` // in code points, from 0
	End   int    `json:"end"`   // exclusive
	Quote string `json:"quote"` // the text between them
	// MarkStart and MarkEnd bound the part of the quote that names the entity
	// or gives the number, in code points of the field like Start and End;
	// both are zero where the whole quote does.
	MarkStart int `json:"markStart,omitempty"`
	MarkEnd   int `json:"markEnd,omitempty"`
}

// Facts is what one document says, before anything is merged with what other
// documents say.
type Facts struct {
	Document  Document  `json:"document"`
	Mentions  []Mention `json:"mentions,omitempty"`
	Results   []Result  `json:"results,omitempty"`
	Relations []Claim   `json:"relations,omitempty"`
	Acronyms  []Acronym `json:"acronyms,omitempty"`
	Links     []Link    `json:"links,omitempty"` // from text and metadata, each URL once
	Extractor string    `json:"extractor"`       // name and version of what made them
}

// Mention is an entity in one role that a document gives it. An entity with
// two roles has two mentions.
type Mention struct {
	Relation Relation `json:"relation"` // what the paper does with it; its domain is Paper
	Kind     Kind     `json:"kind"`
	Name     string   `json:"name"`              // the form to show
	Aliases  []string `json:"aliases,omitempty"` // other forms in the text, without Name
	// Variants are the lexicon's other names for it, of which none stands in
	// the text.
	Variants []string `json:"variants,omitempty"`
	// Evidence holds the places that show the role, best first; at least one.
	Evidence   []Evidence `json:"evidence"`
	Confidence float64    `json:"confidence"` // in (0,1]
	Rule       string     `json:"rule"`       // the rule or model that decided
	// Candidate is true where the confidence lies below what the model asks
	// for: the mention is kept, but is in no graph unless [Facts.Select] is
	// asked for it.
	Candidate bool `json:"candidate,omitempty"`
}

// Has says whether the mention is of something of that kind by that name, as
// the text has it.
func (m *Mention) Has(kind Kind, name string) bool {
	return m.Kind == kind && (m.Name == name || slices.Contains(m.Aliases, name))
}

// Claim is a relation between two entities that a document states.
type Claim struct {
	From       string     `json:"from"` // name of a mention
	FromKind   Kind       `json:"fromKind"`
	Relation   Relation   `json:"relation"`
	To         string     `json:"to"`
	ToKind     Kind       `json:"toKind"`
	Evidence   []Evidence `json:"evidence"`
	Confidence float64    `json:"confidence"`
	Rule       string     `json:"rule"`
}

// Comparison is how a result's number is to be read.
type Comparison string

// The comparisons.
const (
	Absolute    Comparison = "absolute"    // "91.2% accuracy"
	Improvement Comparison = "improvement" // "by 3 points better"
	Reduction   Comparison = "reduction"   // "40% less memory"
	Ratio       Comparison = "ratio"       // "2.7x the throughput"
)

// Result is a quantitative claim of a paper about its own work. Method,
// Dataset, Metric and Baseline are names as the text has them; empty ones are
// not said.
type Result struct {
	Value      string     `json:"value"` // the number as written, a range as "10-20"
	Unit       string     `json:"unit,omitempty"`
	Comparison Comparison `json:"comparison"`
	Metric     string     `json:"metric,omitempty"`
	Method     string     `json:"method,omitempty"`
	Dataset    string     `json:"dataset,omitempty"`
	Baseline   string     `json:"baseline,omitempty"`
	Evidence   Evidence   `json:"evidence"` // the words around the number
	Confidence float64    `json:"confidence"`
	Rule       string     `json:"rule"`
	Candidate  bool       `json:"candidate,omitempty"` // as in Mention
}

// Acronym is a short form that a document explains.
type Acronym struct {
	Short    string   `json:"short"`
	Long     string   `json:"long"`
	Evidence Evidence `json:"evidence"` // both, with what stands between them
}

// Select gives the facts that a graph is made of. With minConfidence 0 those
// are the ones that the model's own thresholds let pass, without candidates;
// otherwise all that are at least so sure, candidates among them. A claim goes
// where an end of it goes that this document mentions. What is selected is no
// candidate any more; f stays as it is.
func (f *Facts) Select(minConfidence float64) Facts {
	takes := func(confidence float64, candidate bool) bool {
		if minConfidence <= 0 {
			return !candidate
		}
		return confidence >= minConfidence
	}
	out := *f
	out.Mentions, out.Results, out.Relations = nil, nil, nil
	for _, m := range f.Mentions {
		if takes(m.Confidence, m.Candidate) {
			m.Candidate = false
			out.Mentions = append(out.Mentions, m)
		}
	}
	for _, r := range f.Results {
		if takes(r.Confidence, r.Candidate) {
			r.Candidate = false
			out.Results = append(out.Results, r)
		}
	}
	stays := func(kind Kind, name string) bool {
		names := func(m Mention) bool { return m.Has(kind, name) }
		return slices.ContainsFunc(out.Mentions, names) || !slices.ContainsFunc(f.Mentions, names)
	}
	for _, c := range f.Relations {
		if takes(c.Confidence, false) && stays(c.FromKind, c.From) && stays(c.ToKind, c.To) {
			out.Relations = append(out.Relations, c)
		}
	}
	return out
}

// ErrEvidence says that evidence does not lie where it says.
var ErrEvidence = errors.New("evidence does not match its text")

// Check verifies that the slice of d that e names is its quote, in time linear
// in the field's length. The error wraps [ErrEvidence].
func (e Evidence) Check(d *Document) error {
	got, ok := SliceRunes(d.Text(e.Field), e.Start, e.End)
	if !ok || got != e.Quote || e.Quote == "" {
		return fmt.Errorf("%w: %s[%d:%d] of %q is %q, the quote is %q", ErrEvidence, e.Field, e.Start, e.End, d.Title, got, e.Quote)
	}
	if !e.MarkValid() {
		return fmt.Errorf("%w: the mark [%d:%d] is not inside %s[%d:%d] of %q", ErrEvidence, e.MarkStart, e.MarkEnd, e.Field, e.Start, e.End, d.Title)
	}
	return nil
}

// MarkValid says whether the mark lies inside the quote, or there is none.
func (e Evidence) MarkValid() bool {
	return e.MarkStart == 0 && e.MarkEnd == 0 || e.Start <= e.MarkStart && e.MarkStart < e.MarkEnd && e.MarkEnd <= e.End
}

// SliceRunes is s[start:end] counted in code points; ok is false where s is
// shorter or the bounds are not in order.
func SliceRunes(s string, start, end int) (part string, ok bool) {
	if start < 0 || end < start {
		return "", false
	}
	n, from := 0, -1
	for i := range s {
		if n == start {
			from = i
		}
		if n == end {
			return s[from:i], true
		}
		n++
	}
	if n == start {
		from = len(s)
	}
	if n == end && from >= 0 {
		return s[from:], true
	}
	return "", false
}

// ErrFacts says that facts are not well formed in another way.
var ErrFacts = errors.New("malformed facts")

// checkConfidence refuses what is not in (0,1], NaN among it.
func checkConfidence(c float64) error {
	if c > 0 && c <= 1 {
		return nil
	}
	return fmt.Errorf("%w: confidence %v is not in (0,1]", ErrFacts, c)
}

// Check verifies all of f: evidence, names, kinds, confidence and the relation
// table. Errors wrap [ErrEvidence], [ErrEdge], [ErrRelation], [ErrKind],
// [ErrDocument] or [ErrFacts].
func (f *Facts) Check() error {
	if err := f.Document.Check(); err != nil {
		return err
	}
	paper := f.Document.ID()
	evidence := func(what string, es ...Evidence) error {
		if len(es) == 0 {
			return fmt.Errorf("%w: %s has none", ErrEvidence, what)
		}
		for _, e := range es {
			if err := e.Check(&f.Document); err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
		}
		return nil
	}
	for _, m := range f.Mentions {
		what := fmt.Sprintf("mention %q", m.Name)
		if !m.Kind.Valid() {
			return fmt.Errorf("%s: %w %q", what, ErrKind, m.Kind)
		}
		if err := CheckEdge(paper, m.Relation, NewID(m.Kind, m.Name)); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if strings.TrimSpace(m.Name) == "" {
			return fmt.Errorf("%w: a mention without a name, %s a %s", ErrFacts, m.Relation, m.Kind)
		}
		if err := checkConfidence(m.Confidence); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if err := evidence(what, m.Evidence...); err != nil {
			return err
		}
	}
	for _, c := range f.Relations {
		what := fmt.Sprintf("claim %q %s %q", c.From, c.Relation, c.To)
		if err := CheckEdge(NewID(c.FromKind, c.From), c.Relation, NewID(c.ToKind, c.To)); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if err := checkConfidence(c.Confidence); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if err := evidence(what, c.Evidence...); err != nil {
			return err
		}
	}
	for _, r := range f.Results {
		what := fmt.Sprintf("result %q", r.Value)
		switch r.Comparison {
		case Absolute, Improvement, Reduction, Ratio:
		default:
			return fmt.Errorf("%w: %s: unknown comparison %q", ErrFacts, what, r.Comparison)
		}
		if strings.TrimSpace(r.Value) == "" {
			return fmt.Errorf("%w: a result without a value", ErrFacts)
		}
		if err := checkConfidence(r.Confidence); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		if err := evidence(what, r.Evidence); err != nil {
			return err
		}
	}
	for _, a := range f.Acronyms {
		if err := evidence("acronym "+a.Short, a.Evidence); err != nil {
			return err
		}
	}
	for _, l := range f.Links {
		if l.Evidence != (Evidence{}) {
			if err := evidence("link "+l.URL, l.Evidence); err != nil {
				return err
			}
		}
	}
	return nil
}
