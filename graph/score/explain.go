package score

import (
	"cmp"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"papergraph/graph"
)

// Place says what became of an item that was missed.
type Place string

// The places, from the nearest to the farthest.
const (
	// AsCandidate: it was found in its field, but was not sure enough.
	AsCandidate Place = "candidate"
	// InOtherField: it was taken for something else.
	InOtherField Place = "other field"
	// InText: the text has a name of it, and nothing was made of it.
	InText Place = "in the text"
	// NotInText: the text has none of its names.
	NotInText Place = "not in the text"
)

// Missed is an item of the gold that was not predicted.
type Missed struct {
	Field string `json:"field"`
	Name  string `json:"name"`
	Place Place  `json:"place"`
	// TakenAs is the field that it was found in; of [InOtherField] only.
	TakenAs string `json:"takenAs,omitempty"`
	// Confidence and Sentence are those of what was found; zero for what was
	// not.
	Confidence float64 `json:"confidence,omitempty"`
	Sentence   string  `json:"sentence,omitempty"`
}

// Extra is an item that was predicted and is not in the gold.
type Extra struct {
	Field      string  `json:"field"`
	Name       string  `json:"name"`
	Confidence float64 `json:"confidence,omitempty"` // zero for a link, which has none
	Sentence   string  `json:"sentence,omitempty"`
	Rule       string  `json:"rule,omitempty"`
}

// Mistakes is what is wrong with one paper.
type Mistakes struct {
	ID     string   `json:"id"` // the gold paper's
	Title  string   `json:"title"`
	Missed []Missed `json:"missed"`
	Extra  []Extra  `json:"extra"`
}

// Bin counts the statements of some confidence and those of them that are
// right, which is what the gold has, too.
type Bin struct {
	From       float64 `json:"from"`
	Statements int     `json:"statements"`
	Right      int     `json:"right"`
}

// Comparison is how the facts of some papers compare with their gold.
type Comparison struct {
	Rows     []Row
	Mistakes []Mistakes // of the papers that have any, in the order of the gold
	// Reliability has a bin for each tenth of confidence.
	Reliability [10]Bin
}

// item is an entry of a field with where it comes from.
type item struct {
	names      names
	name       string
	confidence float64
	sentence   string
	rule       string
}

// strictItems are the items of a paper in the strict fields, in the order of
// those of [Prepare].
func strictItems(p *Paper) [strictFields][]item {
	var out [strictFields][]item
	for field, list := range p.entitiesByField() {
		for _, e := range list {
			if ns := newNames(e); len(ns) > 0 {
				out[field] = append(out[field], item{names: ns, name: e.Name})
			}
		}
	}
	for _, r := range p.Results {
		if key := ResultKey(string(r.Value), string(r.Unit)); key != "" {
			out[results] = append(out[results], item{names: names{key}, name: strings.TrimSpace(string(r.Value) + " " + string(r.Unit)), sentence: r.Evidence})
		}
	}
	for _, l := range p.Links {
		out[links] = append(out[links], item{names: names{address(l.URL)}, name: l.URL})
	}
	return out
}

// factItems are the items of facts in the strict fields, those that
// minConfidence selects and the rest, each in the order of [FromFacts].
func factItems(f *graph.Facts, minConfidence float64) (selected, rest [strictFields][]item) {
	var role Paper
	fieldOf := map[*[]Entity]int{
		&role.Introduces.Methods: introducedMethods, &role.Introduces.Datasets: introducedDatasets, &role.Uses.Methods: usedMethods,
		&role.Compares.Methods: comparedMethods, &role.EvaluatesOn.Datasets: evaluatedDatasets,
		&role.Tasks: tasks, &role.Metrics: metrics, &role.Concepts: concepts,
	}
	add := func(out *[strictFields][]item, f *graph.Facts) {
		for _, m := range f.Mentions {
			field, ok := fieldOf[role.list(m.Relation, m.Kind)]
			ns := newNames(Entity{m.Name, slices.Concat(m.Aliases, m.Variants)})
			if ok && len(ns) > 0 {
				out[field] = append(out[field], item{ns, m.Name, m.Confidence, sentence(m.Evidence), m.Rule})
			}
		}
		for _, r := range f.Results {
			if key := ResultKey(r.Value, r.Unit); key != "" {
				out[results] = append(out[results], item{names{key}, strings.TrimSpace(r.Value + " " + r.Unit), r.Confidence, r.Evidence.Quote, r.Rule})
			}
		}
	}
	chosen := f.Select(minConfidence)
	add(&selected, &chosen)
	for _, l := range f.Links {
		selected[links] = append(selected[links], item{names: names{address(l.URL)}, name: l.URL, sentence: l.Evidence.Quote})
	}
	others := graph.Facts{}
	for _, m := range f.Mentions {
		if unselected(m.Confidence, m.Candidate, minConfidence) {
			others.Mentions = append(others.Mentions, m)
		}
	}
	for _, r := range f.Results {
		if unselected(r.Confidence, r.Candidate, minConfidence) {
			others.Results = append(others.Results, r)
		}
	}
	add(&rest, &others)
	return selected, rest
}

// unselected says that [graph.Facts.Select] leaves a statement out.
func unselected(confidence float64, candidate bool, minConfidence float64) bool {
	return minConfidence <= 0 && candidate || confidence < minConfidence
}

func sentence(es []graph.Evidence) string {
	if len(es) == 0 {
		return ""
	}
	return es[0].Quote
}

// Compare scores facts against gold, at a least confidence as
// [graph.Facts.Select] has it, and says of each mistake what is behind it. The
// rows are those of [Score]. It ends with the first error of the sequence.
func Compare(gold []Paper, facts iter.Seq2[*graph.Facts, error], minConfidence float64) (Comparison, error) {
	wanted := make(map[string]bool, len(gold))
	for i := range gold {
		wanted[key(&gold[i])] = true
	}
	found := make(map[string]*graph.Facts, len(gold))
	var predicted []Paper
	for f, err := range facts {
		if err != nil {
			return Comparison{}, err
		}
		p := FromFacts(f, minConfidence)
		if k := key(&p); wanted[k] {
			found[k] = f
			predicted = append(predicted, p)
		}
	}
	var c Comparison
	c.Rows, _ = Score(gold, predicted)
	for i := range c.Reliability {
		c.Reliability[i].From = float64(i) / 10
	}
	for i := range gold {
		if m := c.compare(&gold[i], found[key(&gold[i])], minConfidence); len(m.Missed)+len(m.Extra) > 0 {
			c.Mistakes = append(c.Mistakes, m)
		}
	}
	return c, nil
}

// compare compares one paper's facts, nil for none, with its gold.
func (c *Comparison) compare(gold *Paper, f *graph.Facts, minConfidence float64) Mistakes {
	m := Mistakes{ID: gold.ID, Title: gold.Title, Missed: []Missed{}, Extra: []Extra{}}
	if f == nil {
		f = &graph.Facts{}
	}
	want := strictItems(gold)
	got, rest := factItems(f, minConfidence)
	words := newWords(&f.Document)
	for field := range want {
		met := pair(namesOf(want[field]), namesOf(got[field]))
		for i, g := range got[field] {
			right := met[i] >= 0
			if !right {
				m.Extra = append(m.Extra, Extra{fieldNames[field], g.name, g.confidence, g.sentence, g.rule})
			}
			if g.confidence > 0 {
				bin := &c.Reliability[min(int(g.confidence*10), 9)]
				bin.Statements++
				if right {
					bin.Right++
				}
			}
		}
		for i, w := range want[field] {
			if !slices.Contains(met, i) {
				m.Missed = append(m.Missed, explain(field, &w, got, rest, words))
			}
		}
	}
	return m
}

func namesOf(items []item) []names {
	out := make([]names, len(items))
	for i, it := range items {
		out[i] = it.names
	}
	return out
}

// explain says what became of a missed item.
func explain(field int, w *item, got, rest [strictFields][]item, text words) Missed {
	m := Missed{Field: fieldNames[field], Name: w.name, Place: NotInText}
	meets := func(it item) bool { return it.names.meets(w.names) }
	if i := slices.IndexFunc(rest[field], meets); i >= 0 {
		m.Place, m.Confidence, m.Sentence = AsCandidate, rest[field][i].confidence, rest[field][i].sentence
		return m
	}
	// A number and a name are never taken for each other.
	if field != results && field != links {
		for other := range got {
			if other == results || other == links || other == field {
				continue
			}
			if i := slices.IndexFunc(got[other], meets); i >= 0 {
				it := got[other][i]
				m.Place, m.TakenAs, m.Confidence, m.Sentence = InOtherField, fieldNames[other], it.confidence, it.sentence
				return m
			}
		}
	}
	if text.have(field, w) {
		m.Place = InText
	}
	return m
}

// words are a document's texts, in the form in which names are compared but
// with spaces.
type words struct {
	list    []string // "we", "train", "resnet", "on", "image", "net"
	numbers map[string]bool
	raw     string // as it is, without spaces
}

func newWords(d *graph.Document) words {
	t := words{numbers: map[string]bool{}, raw: strings.ToLower(withoutSpace(d.Title + d.Abstract))}
	for _, w := range strings.Fields(squash(d.Title + " . " + d.Abstract)) {
		if w = strings.Trim(w, "."); w == "" {
			continue
		}
		t.list = append(t.list, singular(w))
		if n := numbers(w); n != "" {
			t.numbers[n] = true
		}
	}
	return t
}

func withoutSpace(s string) string {
	return strings.Map(func(r rune) rune {
		if isSpace(r) {
			return -1
		}
		return r
	}, s)
}

// have says whether the text has a name of the item. Where words are written
// apart does not count, where they begin and end does.
func (t words) have(field int, w *item) bool {
	for _, n := range w.names {
		switch field {
		case links:
			if strings.Contains(t.raw, n) {
				return true
			}
		case results:
			for _, part := range strings.Split(strings.SplitN(n, "|", 2)[0], "-") {
				if t.numbers[part] {
					return true
				}
			}
		default:
			if t.runs(n) {
				return true
			}
		}
	}
	return false
}

// runs says whether some whole words of the text, written together, are name.
func (t words) runs(name string) bool {
	for i := range t.list {
		rest := name
		for _, w := range t.list[i:] {
			var ok bool
			if rest, ok = strings.CutPrefix(rest, w); !ok {
				break
			}
			if rest == "" {
				return true
			}
		}
	}
	return false
}

// WriteReliability writes bins as a table for people, without empty ones.
func WriteReliability(w io.Writer, bins []Bin) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%-10s %10s %6s\n", "confidence", "statements", "right")
	for _, bin := range bins {
		if bin.Statements > 0 {
			fmt.Fprintf(&b, "%.1f to %.1f %10d %6.3f\n", bin.From, bin.From+0.1, bin.Statements, float64(bin.Right)/float64(bin.Statements))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteMistakes writes mistakes for people: a paragraph a paper, the missed
// items before the extra ones, in the order of the fields.
func WriteMistakes(w io.Writer, mistakes []Mistakes) error {
	var b strings.Builder
	for i, m := range mistakes {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s (%s)\n", m.Title, m.ID)
		for _, s := range m.Missed {
			fmt.Fprintf(&b, "  missed %-22s %q: %s", s.Field, s.Name, s.Place)
			if s.TakenAs != "" {
				fmt.Fprintf(&b, ", %s", s.TakenAs)
			}
			if s.Confidence > 0 {
				fmt.Fprintf(&b, " at %.2f", s.Confidence)
			}
			b.WriteString(quoted(s.Sentence))
		}
		for _, x := range m.Extra {
			fmt.Fprintf(&b, "  extra  %-22s %q", x.Field, x.Name)
			if x.Confidence > 0 {
				fmt.Fprintf(&b, " at %.2f, by %s", x.Confidence, cmp.Or(x.Rule, "no rule"))
			}
			b.WriteString(quoted(x.Sentence))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// quoted is the end of a line, with the sentence below it if there is one.
func quoted(s string) string {
	if s == "" {
		return "\n"
	}
	return "\n         | " + s + "\n"
}

// Of keeps the mistakes in one field.
func Of(mistakes []Mistakes, field string) []Mistakes {
	var out []Mistakes
	for _, m := range mistakes {
		m.Missed = slices.DeleteFunc(slices.Clone(m.Missed), func(s Missed) bool { return s.Field != field })
		m.Extra = slices.DeleteFunc(slices.Clone(m.Extra), func(x Extra) bool { return x.Field != field })
		if len(m.Missed)+len(m.Extra) > 0 {
			out = append(out, m)
		}
	}
	return out
}

// Fields lists the fields in which mistakes are made, those that the row "all"
// sums.
func Fields() []string { return slices.Clone(fieldNames[:strictFields]) }
