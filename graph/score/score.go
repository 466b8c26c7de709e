package score

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Row is the figures of one field.
type Row struct {
	Field     string  `json:"field"`
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
	Gold      int     `json:"gold"`
	Predicted int     `json:"predicted"`
	Hits      int     `json:"hits"`
}

// FieldError is what is wrong in one field of one paper, each item as its
// normalised names in order.
type FieldError struct {
	Field  string     `json:"field"`
	ID     string     `json:"id"`     // the gold paper's
	Missed [][]string `json:"missed"` // in the gold alone
	Extra  [][]string `json:"extra"`  // in the prediction alone
}

// The fields, in the order of the rows: the strict ones, which "all" sums, and
// from anyMethods on, those that take several roles as one.
const (
	introducedMethods = iota
	introducedDatasets
	usedMethods
	comparedMethods
	evaluatedDatasets
	tasks
	metrics
	concepts
	results
	links
	anyMethods
	anyDatasets
	topics
	allFields
	strictFields = anyMethods
)

var fieldNames = [allFields]string{
	"introduces.methods", "introduces.datasets", "uses.methods", "compares.methods", "evaluates_on.datasets",
	"tasks", "metrics", "concepts", "results", "links",
	"methods (any role)", "datasets (any role)", "topics (task+concept)",
}

// Prepared is a paper in the form in which papers are compared. It is not
// changed by scoring and may be used by several goroutines.
type Prepared struct {
	id, key string
	fields  [allFields][]names
}

// key is what papers are joined by.
func key(p *Paper) string {
	if p.Title == "" {
		return "i:" + p.ID
	}
	return "t:" + strings.ReplaceAll(squash(p.Title), " ", "")
}

// entitiesByField are the lists of the fields that hold entities, in the order
// of the fields.
func (p *Paper) entitiesByField() [][]Entity {
	return [][]Entity{
		introducedMethods: p.Introduces.Methods, introducedDatasets: p.Introduces.Datasets, usedMethods: p.Uses.Methods,
		comparedMethods: p.Compares.Methods, evaluatedDatasets: p.EvaluatesOn.Datasets,
		tasks: p.Tasks, metrics: p.Metrics, concepts: p.Concepts,
	}
}

// Prepare normalises a paper.
func Prepare(p *Paper) Prepared {
	out := Prepared{id: p.ID, key: key(p)}
	f := &out.fields
	for field, list := range p.entitiesByField() {
		for _, e := range list {
			if ns := newNames(e); len(ns) > 0 {
				f[field] = append(f[field], ns)
			}
		}
	}
	for _, r := range p.Results {
		if key := ResultKey(string(r.Value), string(r.Unit)); key != "" {
			f[results] = append(f[results], names{key})
		}
	}
	for _, l := range p.Links {
		f[links] = append(f[links], names{address(l.URL)})
	}
	f[anyMethods] = union(f[introducedMethods], f[usedMethods], f[comparedMethods])
	f[anyDatasets] = union(f[introducedDatasets], f[evaluatedDatasets])
	f[topics] = union(f[tasks], f[concepts])
	return out
}

// PrepareAll normalises papers.
func PrepareAll(papers []Paper) []Prepared {
	out := make([]Prepared, len(papers))
	for i := range papers {
		out[i] = Prepare(&papers[i])
	}
	return out
}

// union is the entities of several fields as one list: an entity that stands
// in two fields counts once.
func union(fields ...[]names) []names {
	var out []names
	for _, field := range fields {
		for _, ns := range field {
			i := slices.IndexFunc(out, ns.meets)
			if i < 0 {
				out = append(out, slices.Clone(ns))
				continue
			}
			for _, n := range ns {
				if !slices.Contains(out[i], n) {
					out[i] = append(out[i], n)
				}
			}
		}
	}
	return out
}

// match pairs each predicted item with the first gold item left that shares a
// name with it.
func match(gold, predicted []names) (hits int, missed, extra []names) {
	met := pair(gold, predicted)
	for i, p := range predicted {
		if met[i] < 0 {
			extra = append(extra, p)
		} else {
			hits++
		}
	}
	for i, g := range gold {
		if !slices.Contains(met, i) {
			missed = append(missed, g)
		}
	}
	return hits, missed, extra
}

// pair gives for each predicted item the index of the gold item that it is
// matched with, the first left that shares a name with it, or -1.
func pair(gold, predicted []names) []int {
	met := make([]int, len(predicted))
	taken := make([]bool, len(gold))
	for i, p := range predicted {
		met[i] = -1
		for j, g := range gold {
			if !taken[j] && p.meets(g) {
				met[i], taken[j] = j, true
				break
			}
		}
	}
	return met
}

// Score compares predicted papers with gold papers: a row a field, "all" last,
// and the errors by field and within a field in the order of the gold.
func Score(gold, predicted []Paper) ([]Row, []FieldError) {
	return ScorePrepared(PrepareAll(gold), PrepareAll(predicted))
}

// ScorePrepared is [Score] for papers that are already prepared.
func ScorePrepared(gold, predicted []Prepared) ([]Row, []FieldError) {
	byKey := make(map[string]*Prepared, len(predicted))
	for i := range predicted {
		byKey[predicted[i].key] = &predicted[i]
	}
	rows := make([]Row, 0, allFields+1)
	all := Row{Field: "all"}
	var errs []FieldError
	for field, name := range fieldNames {
		row := Row{Field: name}
		for i := range gold {
			g := &gold[i]
			var guess []names
			if p := byKey[g.key]; p != nil {
				guess = p.fields[field]
			}
			hits, missed, extra := match(g.fields[field], guess)
			row.Hits += hits
			row.Gold += hits + len(missed)
			row.Predicted += hits + len(extra)
			if len(missed) > 0 || len(extra) > 0 {
				errs = append(errs, FieldError{Field: name, ID: g.id, Missed: sorted(missed), Extra: sorted(extra)})
			}
		}
		if field < strictFields {
			all.Hits += row.Hits
			all.Gold += row.Gold
			all.Predicted += row.Predicted
		}
		rows = append(rows, row.withRatios())
	}
	return append(rows, all.withRatios()), errs
}

// sorted is the items with the names of each in order.
func sorted(items []names) [][]string {
	out := make([][]string, len(items))
	for i, ns := range items {
		out[i] = slices.Sorted(slices.Values(ns))
	}
	return out
}

// withRatios fills in what follows from the counts; a ratio of nothing is 0.
func (r Row) withRatios() Row {
	if r.Predicted > 0 {
		r.Precision = float64(r.Hits) / float64(r.Predicted)
	}
	if r.Gold > 0 {
		r.Recall = float64(r.Hits) / float64(r.Gold)
	}
	if r.Precision+r.Recall > 0 {
		r.F1 = 2 * r.Precision * r.Recall / (r.Precision + r.Recall)
	}
	return r
}

// WriteTable writes rows as a table for people.
func WriteTable(w io.Writer, rows []Row) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-22s %6s %6s %6s %6s %6s\n", "field", "P", "R", "F1", "gold", "pred")
	for _, r := range rows {
		fmt.Fprintf(&b, "%-22s %6.3f %6.3f %6.3f %6d %6d\n", r.Field, r.Precision, r.Recall, r.F1, r.Gold, r.Predicted)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
