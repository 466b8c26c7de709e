package score

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"papergraph/graph"
)

// Paper is one line of the facts format: what one paper says. Every key is
// written in every line; empty lists as [].
type Paper struct {
	ID          string     `json:"id"`
	Title       string     `json:"title"`
	Introduces  Introduced `json:"introduces"`
	Uses        Methods    `json:"uses"`
	Compares    Methods    `json:"compares"`
	EvaluatesOn Datasets   `json:"evaluates_on"`
	Tasks       []Entity   `json:"tasks"`
	Metrics     []Entity   `json:"metrics"`
	Concepts    []Entity   `json:"concepts"`
	Results     []Result   `json:"results"`
	Links       []Link     `json:"links"`
}

// Introduced holds what a paper presents as its own.
type Introduced struct {
	Methods  []Entity `json:"methods"`
	Datasets []Entity `json:"datasets"`
}

// Methods holds the methods of one role.
type Methods struct {
	Methods []Entity `json:"methods"`
}

// Datasets holds the datasets of one role.
type Datasets struct {
	Datasets []Entity `json:"datasets"`
}

// Entity is a named thing with the other names under which it is accepted.
type Entity struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
}

// UnmarshalJSON reads the object form, and a bare string as a name without
// aliases.
func (e *Entity) UnmarshalJSON(b []byte) error {
	if name, ok, err := bareString(b); ok {
		*e = Entity{Name: name}
		return err
	}
	type plain Entity
	return json.Unmarshal(b, (*plain)(e))
}

// Result is a quantitative claim of a paper about its own work.
type Result struct {
	Method     Text             `json:"method"`
	Dataset    Text             `json:"dataset"`
	Metric     Text             `json:"metric"`
	Value      Text             `json:"value"` // the number as written, without its unit
	Unit       Text             `json:"unit"`
	Comparison graph.Comparison `json:"comparison"`
	Baseline   Text             `json:"baseline"`
	Evidence   string           `json:"evidence"` // words around the number, verbatim
}

// Link is an address that a paper gives.
type Link struct {
	Kind graph.LinkKind `json:"kind"`
	URL  string         `json:"url"`
}

// UnmarshalJSON reads the object form, and a bare string as a URL.
func (l *Link) UnmarshalJSON(b []byte) error {
	if url, ok, err := bareString(b); ok {
		*l = Link{URL: url}
		return err
	}
	type plain Link
	return json.Unmarshal(b, (*plain)(l))
}

// bareString reads b if it is a JSON string.
func bareString(b []byte) (s string, ok bool, err error) {
	if len(b) == 0 || b[0] != '"' {
		return "", false, nil
	}
	err = json.Unmarshal(b, &s)
	return s, true, err
}

// Text is a string that is null where it is empty. Annotators also write
// numbers; those are read as the text that Python shows for them.
type Text string

// MarshalJSON writes null for the empty text.
func (t Text) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(t))
}

// UnmarshalJSON reads a string, a number or null.
func (t *Text) UnmarshalJSON(b []byte) error {
	switch {
	case bytes.Equal(b, []byte("null")):
		*t = ""
		return nil
	case len(b) > 0 && (b[0] == '-' || b[0] >= '0' && b[0] <= '9'):
		if !bytes.ContainsAny(b, ".eE") {
			*t = Text(b)
			return nil
		}
		f, err := strconv.ParseFloat(string(b), 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) {
			return err
		}
		*t = Text(pythonFloat(f))
		return nil
	}
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	*t = Text(s)
	return nil
}

// pythonFloat writes f as Python's str does: shortest digits, with an exponent
// only below 1e-4 and from 1e16 on, and ".0" after a whole number.
func pythonFloat(f float64) string {
	if math.IsInf(f, 0) {
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'g', -1, 64), "+"))
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// ErrFormat says that a line is not in the facts format.
var ErrFormat = errors.New("not in the facts format")

// ReadPapers reads one paper a line, skipping empty lines. The error names the
// line and wraps [ErrFormat] where the line is to blame.
func ReadPapers(r io.Reader) ([]Paper, error) {
	var papers []Paper
	in := bufio.NewReaderSize(r, 64<<10)
	for line := 1; ; line++ {
		b, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return papers, fmt.Errorf("read facts, line %d: %w", line, err)
		}
		if len(bytes.TrimSpace(b)) > 0 {
			var p Paper
			if bad := json.Unmarshal(b, &p); bad != nil {
				return papers, fmt.Errorf("read facts, line %d: %w: %w", line, ErrFormat, bad)
			}
			papers = append(papers, p)
		}
		if err == io.EOF {
			return papers, nil
		}
	}
}

// FromFacts is f in the facts format, of the mentions and results that
// [graph.Facts.Select] gives for minConfidence. The id is the slug of the
// paper's id. Relations between entities and acronyms have no place in the
// format.
func FromFacts(f *graph.Facts, minConfidence float64) Paper {
	none := func() []Entity { return []Entity{} }
	p := Paper{
		ID: f.Document.ID().Slug(), Title: f.Document.Title,
		Introduces: Introduced{Methods: none(), Datasets: none()},
		Uses:       Methods{none()}, Compares: Methods{none()}, EvaluatesOn: Datasets{none()},
		Tasks: none(), Metrics: none(), Concepts: none(),
		Results: []Result{}, Links: []Link{},
	}
	selected := f.Select(minConfidence)
	for _, m := range selected.Mentions {
		if list := p.list(m.Relation, m.Kind); list != nil {
			*list = append(*list, Entity{Name: m.Name, Aliases: append(append([]string{}, m.Aliases...), m.Variants...)})
		}
	}
	for _, r := range selected.Results {
		p.Results = append(p.Results, Result{
			Method: Text(r.Method), Dataset: Text(r.Dataset), Metric: Text(r.Metric), Value: Text(r.Value), Unit: Text(r.Unit),
			Comparison: r.Comparison, Baseline: Text(r.Baseline), Evidence: r.Evidence.Quote,
		})
	}
	for _, l := range f.Links {
		p.Links = append(p.Links, Link{Kind: l.Kind, URL: l.URL})
	}
	return p
}

// list is where the format keeps entities of a kind in a role; nil where it
// has no place for them.
func (p *Paper) list(r graph.Relation, k graph.Kind) *[]Entity {
	type role struct {
		graph.Relation
		graph.Kind
	}
	switch (role{r, k}) {
	case role{graph.Introduces, graph.KindMethod}:
		return &p.Introduces.Methods
	case role{graph.Introduces, graph.KindDataset}:
		return &p.Introduces.Datasets
	case role{graph.Uses, graph.KindMethod}:
		return &p.Uses.Methods
	case role{graph.ComparesWith, graph.KindMethod}:
		return &p.Compares.Methods
	case role{graph.EvaluatesOn, graph.KindDataset}:
		return &p.EvaluatesOn.Datasets
	case role{graph.Addresses, graph.KindTask}:
		return &p.Tasks
	case role{graph.Measures, graph.KindMetric}:
		return &p.Metrics
	case role{graph.Concerns, graph.KindConcept}:
		return &p.Concepts
	}
	return nil
}
