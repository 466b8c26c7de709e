package resolve

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"papergraph/graph"
)

// Rules of the statements that resolution itself makes.
const (
	ruleMetadata = "metadata"
	ruleLexicon  = "lexicon"
	// ruleOwnMethod: what a paper tries is tried with the one method that it
	// introduces.
	ruleOwnMethod = "the paper's only method"
)

// Paper turns one paper's facts into its own nodes (itself, then its results)
// and the edges that it states, each with its statements alone, both in their
// fixed order. The facts must have been observed, now or in an earlier run. The
// error wraps [ErrMemory] or is the table's.
func (e *Entities) Paper(f *graph.Facts) ([]graph.Node, []graph.Edge, error) {
	p := paperBuilder{e: e, f: f, explained: explanations(f), edges: map[edgeKey]int{}}
	d := f.Document
	p.id = e.paperID(&d)
	d.Links = f.Links
	p.nodes = append(p.nodes, graph.Node{ID: p.id, Name: d.Title, Paper: &d})
	for i, a := range d.Authors {
		if slices.Contains(d.Authors[:i], a) {
			continue // a namesake
		}
		p.state(p.id, graph.AuthoredBy, graph.NewID(graph.KindAuthor, a), graph.Statement{Class: graph.Imported, Rule: ruleMetadata, Confidence: 1})
	}
	if d.Venue != "" {
		p.state(p.id, graph.PublishedIn, graph.NewID(graph.KindVenue, d.Venue), graph.Statement{Class: graph.Imported, Rule: ruleMetadata, Confidence: 1})
	}
	for _, m := range f.Mentions {
		to := p.entity(m.Kind, m.Name, m.Aliases)
		p.state(p.id, relationFor(m.Relation, to.Kind()), to, graph.Statement{Class: graph.Extracted, Evidence: m.Evidence, Rule: p.rule(m.Rule), Confidence: m.Confidence})
	}
	for _, c := range f.Relations {
		from, to := p.named(c.FromKind, c.From), p.named(c.ToKind, c.To)
		p.state(from, c.Relation, to, graph.Statement{Class: graph.Extracted, Evidence: c.Evidence, Rule: p.rule(c.Rule), Confidence: c.Confidence})
	}
	for _, r := range f.Results {
		p.result(r)
	}
	p.infer()
	for i := range p.list {
		graph.SortStatements(p.list[i].Statements)
	}
	slices.SortFunc(p.list, graph.CompareEdges)
	return p.nodes, p.list, e.r.err
}

// paperID is the id of a paper that was observed.
func (e *Entities) paperID(d *graph.Document) graph.ID {
	hash := d.Hash()
	if e.settled != nil {
		if id, ok := e.settled.papers.get(hash); ok {
			return graph.ID(id)
		}
	} else if t := e.r.titles.get(d.ID()); t != nil {
		for _, v := range t.versions {
			if v.hash == hash {
				return v.paper
			}
		}
	}
	e.r.fail(fmt.Errorf("%w: the paper %q was not observed", ErrMemory, d.Title))
	return ""
}

type edgeKey struct {
	from graph.ID
	rel  graph.Relation
	to   graph.ID
}

// paperBuilder gathers one paper's nodes and edges.
type paperBuilder struct {
	e         *Entities
	f         *graph.Facts
	id        graph.ID
	explained map[string]string
	nodes     []graph.Node
	list      []graph.Edge
	edges     map[edgeKey]int // index into list
}

// rule names the rule with the version of what applied it.
func (p *paperBuilder) rule(r string) string { return p.f.Extractor + " " + r }

// state adds a statement of this paper. What the relation table refuses is
// left out: a claim whose ends were settled as other kinds or as one entity.
func (p *paperBuilder) state(from graph.ID, rel graph.Relation, to graph.ID, s graph.Statement) {
	if from == "" || to == "" || graph.CheckEdge(from, rel, to) != nil {
		return
	}
	s.Paper = p.id
	key := edgeKey{from, rel, to}
	i, ok := p.edges[key]
	if !ok {
		i = len(p.list)
		p.edges[key] = i
		p.list = append(p.list, graph.Edge{From: from, Relation: rel, To: to})
	}
	p.list[i].Statements = append(p.list[i].Statements, s)
}

// entity is the node that a name of this paper stands for, empty if no
// mention has it.
func (p *paperBuilder) entity(kind graph.Kind, name string, aliases []string) graph.ID {
	l := p.e.r.local(kind, name, aliases, p.explained)
	if p.e.settled != nil {
		id, _ := p.e.settled.nodes.get(encodeLocal(l))
		return graph.ID(id)
	}
	if n := p.e.r.names.get(l); n != nil {
		return p.e.denoted(n.unmoved)
	}
	return ""
}

// named is the node of a name that a claim gives, by the mention that has it.
func (p *paperBuilder) named(kind graph.Kind, name string) graph.ID {
	for _, m := range p.f.Mentions {
		if m.Has(kind, name) {
			return p.entity(kind, m.Name, m.Aliases)
		}
	}
	return p.entity(kind, name, nil)
}

// mentioned is the node of a name that a result gives, by the mention that has
// it.
func (p *paperBuilder) mentioned(kind graph.Kind, name string) graph.ID {
	if name == "" {
		return ""
	}
	for _, m := range p.f.Mentions {
		if m.Has(kind, name) {
			if id := p.entity(kind, m.Name, m.Aliases); id.Kind() == kind {
				return id
			}
		}
	}
	return ""
}

// relationFor is the relation that a paper has to a thing which was settled
// as another kind than the mention said.
func relationFor(r graph.Relation, kind graph.Kind) graph.Relation {
	if to, ok := r.Info(); !ok || slices.ContainsFunc(to.Pairs, func(p [2]graph.Kind) bool { return p[0] == graph.KindPaper && p[1] == kind }) {
		return r
	}
	switch kind {
	case graph.KindMethod:
		return graph.Uses
	case graph.KindDataset:
		return graph.EvaluatesOn
	case graph.KindTask:
		return graph.Addresses
	case graph.KindMetric:
		return graph.Measures
	case graph.KindConcept:
		return graph.Concerns
	}
	return r
}

func (p *paperBuilder) result(r graph.Result) {
	n := graph.ResultNode{Paper: p.id, Value: r.Value, Unit: r.Unit, Comparison: r.Comparison, Baseline: r.Baseline,
		Metric: p.mentioned(graph.KindMetric, r.Metric), Method: p.mentioned(graph.KindMethod, r.Method), Dataset: p.mentioned(graph.KindDataset, r.Dataset)}
	h := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %q %q %q %d %d", r.Value, r.Unit, r.Comparison, r.Metric, r.Method, r.Dataset, r.Baseline, r.Evidence.Field, r.Evidence.Start, r.Evidence.MarkStart))
	id := graph.NewID(graph.KindResult, p.id.Slug()+" "+hex.EncodeToString(h[:4]))
	if slices.ContainsFunc(p.nodes, func(o graph.Node) bool { return o.ID == id }) {
		return
	}
	p.nodes = append(p.nodes, graph.Node{ID: id, Name: resultName(r), Result: &n})
	s := graph.Statement{Class: graph.Extracted, Evidence: []graph.Evidence{r.Evidence}, Rule: p.rule(r.Rule), Confidence: r.Confidence}
	p.state(p.id, graph.Reports, id, s)
	for _, to := range []graph.ID{n.Method, n.Dataset, n.Metric} {
		p.state(id, graph.Reports, to, s)
	}
}

// resultName is a result in words: "2.7x reduction, computational cost".
func resultName(r graph.Result) string {
	name := r.Value
	switch {
	case r.Unit == "%" || r.Unit == "x":
		name += r.Unit
	case r.Unit != "":
		name += " " + r.Unit
	}
	if r.Comparison != graph.Absolute {
		name += " " + string(r.Comparison)
	}
	if r.Metric != "" {
		name += ", " + r.Metric
	}
	return name
}

// infer states for a paper that introduces exactly one method what that method
// was tried on and is for. The confidence is the product of both statements',
// the evidence that of the dataset or task.
func (p *paperBuilder) infer() {
	var own *graph.Edge
	for i := range p.list {
		if e := &p.list[i]; e.From == p.id && e.Relation == graph.Introduces && e.To.Kind() == graph.KindMethod {
			if own != nil {
				return
			}
			own = e
		}
	}
	if own == nil {
		return
	}
	method, confidence := own.To, own.Confidence()
	for _, e := range slices.Clone(p.list) {
		rel := graph.Relation("")
		switch {
		case e.From != p.id:
		case e.Relation == graph.EvaluatesOn:
			rel = graph.EvaluatedOn
		case e.Relation == graph.Addresses:
			rel = graph.UsedFor
		}
		// What the text states itself is not inferred again.
		if _, stated := p.edges[edgeKey{method, rel, e.To}]; rel != "" && !stated {
			s := e.Statements[0]
			p.state(method, rel, e.To, graph.Statement{Class: graph.Inferred, Evidence: s.Evidence, Rule: ruleOwnMethod, Confidence: confidence * e.Confidence()})
		}
	}
}
