package resolve

import (
	"context"
	"strings"
	"testing"

	"papergraph/graph"
	"papergraph/graph/lexicon"
	"papergraph/graph/registry"
)

// paper makes facts by hand. The abstract is built from what is mentioned, so
// that all evidence holds.
type paper struct {
	f graph.Facts
}

func newPaper(title string) *paper {
	return &paper{graph.Facts{Document: graph.Document{Title: title}, Extractor: "test/1"}}
}

// say adds a sentence to the abstract.
func (p *paper) say(sentence string) graph.Evidence {
	d := &p.f.Document
	if d.Abstract != "" {
		d.Abstract += " "
	}
	start := len([]rune(d.Abstract))
	d.Abstract += sentence
	return graph.Evidence{Field: graph.FieldAbstract, Start: start, End: len([]rune(d.Abstract)), Quote: sentence}
}

// mention adds a mention; names[0] is its name, the others are its aliases.
func (p *paper) mention(r graph.Relation, k graph.Kind, confidence float64, names ...string) *paper {
	e := p.say(strings.Join(names, ", ") + ".")
	p.f.Mentions = append(p.f.Mentions, graph.Mention{Relation: r, Kind: k, Name: names[0], Aliases: names[1:], Evidence: []graph.Evidence{e}, Confidence: confidence, Rule: "rule"})
	return p
}

func (p *paper) uses(names ...string) *paper {
	return p.mention(graph.Uses, graph.KindMethod, 0.9, names...)
}

func (p *paper) explain(short, long string) *paper {
	e := p.say(long + " (" + short + ").")
	p.f.Acronyms = append(p.f.Acronyms, graph.Acronym{Short: short, Long: long, Evidence: e})
	return p
}

func (p *paper) claim(from string, r graph.Relation, to string) *paper {
	kinds := [2]graph.Kind{graph.KindMethod, graph.KindMethod}
	if info, ok := r.Info(); ok {
		kinds = info.Pairs[0]
	}
	e := p.say(from + " " + string(r) + " " + to + ".")
	p.f.Relations = append(p.f.Relations, graph.Claim{From: from, FromKind: kinds[0], Relation: r, To: to, ToKind: kinds[1], Evidence: []graph.Evidence{e}, Confidence: 0.7, Rule: "rule"})
	return p
}

func (p *paper) result(r graph.Result) *paper {
	if r.Evidence == (graph.Evidence{}) {
		r.Evidence = p.say(r.Value + r.Unit + " " + r.Metric + ".")
	}
	if r.Comparison == "" {
		r.Comparison = graph.Absolute
	}
	r.Confidence, r.Rule = 0.6, "number"
	p.f.Results = append(p.f.Results, r)
	return p
}

// lexiconOf loads a lexicon from its text.
func lexiconOf(t testing.TB, text string) *lexicon.Lexicon {
	t.Helper()
	l, err := lexicon.Load(textFS(text))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// outcome is all that resolution gives of a corpus.
type outcome struct {
	Nodes   []graph.Node // shared ones
	Papers  [][]graph.Node
	Edges   [][]graph.Edge // by paper
	Curated []graph.Edge

	entities *Entities
}

// reporter is what a test and a property test have in common.
type reporter interface {
	Context() context.Context
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// run resolves papers, which it checks first, observing them in the order
// given by order (nil for their own). The outcome is in the papers' order.
func run(t reporter, l *lexicon.Lexicon, papers []*paper, order []int) outcome {
	t.Helper()
	return runWith(t, l, nil, papers, order)
}

// runWith is run with a registry.
func runWith(t reporter, l *lexicon.Lexicon, reg *registry.Registry, papers []*paper, order []int) outcome {
	t.Helper()
	r, err := New(l, reg, nil)
	if err != nil {
		t.Fatalf("new resolver: %v", err)
	}
	for i := range papers {
		if order != nil {
			i = order[i]
		}
		if err := papers[i].f.Check(); err != nil {
			t.Fatalf("the test's own facts: %v", err)
		}
		r.Observe(papers[i].f.Document.Title, &papers[i].f)
	}
	e, err := r.Resolve(context.Background())
	if err != nil {
		t.Fatalf("resolve: %v", err)
	}
	out := outcome{entities: e}
	for n, err := range e.Nodes() {
		if err != nil {
			t.Fatalf("nodes: %v", err)
		}
		out.Nodes = append(out.Nodes, n)
	}
	curated, err := e.Curated()
	if err != nil {
		t.Fatalf("curated: %v", err)
	}
	for _, c := range curated {
		out.Curated = append(out.Curated, c.Edges...)
	}
	out.Papers, out.Edges = make([][]graph.Node, len(papers)), make([][]graph.Edge, len(papers))
	for i, p := range papers {
		if out.Papers[i], out.Edges[i], err = e.Paper(&p.f); err != nil {
			t.Fatalf("paper: %v", err)
		}
	}
	return out
}

// targets are the ends of a paper's edges of one relation.
func (o outcome) targets(paper int, r graph.Relation) []graph.ID {
	var out []graph.ID
	for _, e := range o.Edges[paper] {
		if e.Relation == r {
			out = append(out, e.To)
		}
	}
	return out
}

// node finds a shared node.
func (o outcome) node(t reporter, id graph.ID) graph.Node {
	t.Helper()
	for _, n := range o.Nodes {
		if n.ID == id {
			return n
		}
	}
	t.Fatalf("no node %s among %d", id, len(o.Nodes))
	return graph.Node{}
}

// check verifies what holds of every outcome: ids are unique and well formed,
// edges pass their check and join nodes that are there, evidence is that of
// the paper that states it, and everything is in its order.
func (o outcome) check(t reporter, papers []*paper) {
	t.Helper()
	nodes := map[graph.ID]bool{}
	add := func(n graph.Node) {
		if _, _, err := graph.ParseID(string(n.ID)); err != nil {
			t.Errorf("node %q: %v", n.Name, err)
		}
		if nodes[n.ID] {
			t.Errorf("node %s is there twice", n.ID)
		}
		nodes[n.ID] = true
		if n.Name == "" {
			t.Errorf("node %s has no name", n.ID)
		}
		for i, a := range n.Aliases {
			if a == n.Name || i > 0 && a <= n.Aliases[i-1] {
				t.Errorf("node %s: aliases %q of %q are not sorted, distinct and others", n.ID, n.Aliases, n.Name)
			}
		}
		for _, d := range n.Decisions {
			if d.Reason == "" || d.Name == "" || !d.Kind.Valid() || d.Papers < 1 || d.Papers > len(papers) {
				t.Errorf("node %s: decision %+v of %d papers", n.ID, d, len(papers))
			}
		}
	}
	for i, n := range o.Nodes {
		add(n)
		if i > 0 && graph.CompareIDs(o.Nodes[i-1].ID, n.ID) >= 0 {
			t.Errorf("nodes %s and %s are not in order", o.Nodes[i-1].ID, n.ID)
		}
	}
	documents := map[graph.ID]*graph.Document{}
	for i, ns := range o.Papers {
		for _, n := range ns {
			add(n)
		}
		if ns[0].Paper == nil || ns[0].Name != papers[i].f.Document.Title {
			t.Errorf("first node of paper %q is %+v", papers[i].f.Document.Title, ns[0])
			continue
		}
		documents[ns[0].ID] = ns[0].Paper
	}
	for i, es := range append(o.Edges, o.Curated) {
		for j, e := range es {
			if err := e.Check(); err != nil {
				t.Error(err)
			}
			for _, end := range []graph.ID{e.From, e.To} {
				if !nodes[end] {
					t.Errorf("edge %s %s %s: %s is no node", e.From, e.Relation, e.To, end)
				}
			}
			if j > 0 && graph.CompareEdges(es[j-1], e) >= 0 {
				t.Errorf("edges %s %s %s are not in order, or twice", e.From, e.Relation, e.To)
			}
			for _, s := range e.Statements {
				if i < len(o.Papers) && s.Paper != o.Papers[i][0].ID || i == len(o.Papers) && s.Class != graph.Curated {
					t.Errorf("edge %s %s %s of paper %d is stated by %q, %s", e.From, e.Relation, e.To, i, s.Paper, s.Class)
				}
				for _, v := range s.Evidence {
					if err := v.Check(documents[s.Paper]); err != nil {
						t.Errorf("edge %s %s %s: %v", e.From, e.Relation, e.To, err)
					}
				}
			}
		}
	}
}
