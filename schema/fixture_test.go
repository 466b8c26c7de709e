package schema

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"papergraph/graph"
	"papergraph/store"
)

// corpus is what a build puts into a store.
type corpus struct {
	nodes   []graph.Node
	papers  map[graph.ID][]graph.Edge
	curated []graph.Edge
}

// found is evidence for the first place where s stands in the abstract.
func found(t testing.TB, d *graph.Document, s string) graph.Evidence {
	t.Helper()
	before, _, ok := strings.Cut(d.Abstract, s)
	if !ok {
		t.Fatalf("%q is not in the abstract of %q", s, d.Title)
	}
	start := len([]rune(before))
	return graph.Evidence{Field: graph.FieldAbstract, Start: start, End: start + len([]rune(s)), Quote: s}
}

// small is a handcrafted graph with every kind and nearly every relation.
func small(t testing.TB) *corpus {
	t.Helper()
	lora := graph.Document{
		Title: "LoRA: Low-Rank Adaptation of Large Language Models", Year: 2021, Venue: "ICLR", Authors: []string{"Edward Hu", "Yelong Shen"},
		Abstract:   "We propose Low-Rank Adaptation – LoRA – which beats adapters on GLUE. It needs 3× less memory. LoRA builds on SGD.",
		OutsideIDs: []graph.OutsideID{{Scheme: "arxiv", Value: "2106.09685"}},
		Keywords:   []string{"adaptation"},
		Origin:     graph.Origin{Source: "list.txt", Line: 3},
	}
	qlora := graph.Document{
		Title: "QLoRA: Efficient Finetuning", Year: 2023,
		Abstract: "QLoRA quantizes a model and trains LoRA on it. LoRA builds on SGD. We measure accuracy on GLUE, see https://example.org/q.",
	}
	qlora.Links = []graph.Link{
		{Kind: graph.LinkCode, URL: "https://example.org/q", Evidence: found(t, &qlora, "https://example.org/q")},
		{Kind: graph.LinkDemo, URL: "https://example.org/demo"},
	}
	old := graph.Document{Title: "Stochastic Approximation <revisited> & more", Abstract: "No year is known."}
	pl, pq, po := lora.ID(), qlora.ID(), old.ID()
	by := func(d *graph.Document, confidence float64, quotes ...string) graph.Statement {
		s := graph.Statement{Paper: d.ID(), Class: graph.Extracted, Rule: "cue/1", Confidence: confidence}
		for _, q := range quotes {
			s.Evidence = append(s.Evidence, found(t, d, q))
		}
		return s
	}
	edge := func(from graph.ID, r graph.Relation, to graph.ID, ss ...graph.Statement) graph.Edge {
		return graph.Edge{From: from, Relation: r, To: to, Statements: ss}
	}
	meta := func(p graph.ID) graph.Statement {
		return graph.Statement{Paper: p, Class: graph.Imported, Rule: "metadata", Confidence: 1}
	}
	curated := graph.Statement{Class: graph.Curated, Rule: "lexicon", Confidence: 1}
	result := graph.ID("result:lora-memory")
	return &corpus{
		nodes: []graph.Node{
			{ID: pl, Name: lora.Title, Paper: &lora},
			{ID: pq, Name: qlora.Title, Paper: &qlora},
			{ID: po, Name: old.Title, Paper: &old},
			{ID: "method:lora", Name: "LoRA", Aliases: []string{"Low-Rank Adaptation"}, Decisions: []graph.Decision{
				{Name: "Low-Rank Adaptation", Kind: graph.KindMethod, Reason: graph.ReasonAcronym, Detail: "LoRA", Papers: 1},
				{Name: "LORA", Kind: graph.KindConcept, Reason: graph.ReasonKind, Papers: 1}}},
			{ID: "method:qlora", Name: "QLoRA"},
			{ID: "method:sgd", Name: "SGD", Aliases: []string{"Stochastic Gradient Descent"}},
			{ID: "method:adapter", Name: "adapters"},
			{ID: "dataset:glue", Name: "GLUE"},
			{ID: "task:finetuning", Name: "finetuning"},
			{ID: "metric:accuracy", Name: "accuracy", Better: graph.HigherIsBetter},
			{ID: "metric:memory", Name: "memory"},
			{ID: "concept:optimisation", Name: "optimisation"},
			{ID: "concept:machine-learning", Name: "machine learning"},
			{ID: result, Name: "3× less memory", Result: &graph.ResultNode{Paper: pl, Value: "3", Unit: "×", Comparison: graph.Ratio, Metric: "metric:memory", Method: "method:lora"}},
			{ID: "author:edward-hu", Name: "Edward Hu"},
			{ID: "author:yelong-shen", Name: "Yelong Shen"},
			{ID: "venue:iclr", Name: "ICLR"},
		},
		papers: map[graph.ID][]graph.Edge{
			pl: {
				edge(pl, graph.Introduces, "method:lora", by(&lora, 0.9, "Low-Rank Adaptation – LoRA", "LoRA")),
				edge(pl, graph.Uses, "method:sgd", by(&lora, 0.7, "SGD")),
				edge(pl, graph.ComparesWith, "method:adapter", by(&lora, 0.9, "beats adapters")),
				edge(pl, graph.EvaluatesOn, "dataset:glue", by(&lora, 0.8, "on GLUE"), by(&lora, 0.4, "GLUE")),
				edge(pl, graph.Concerns, "concept:optimisation", by(&lora, 0.5, "SGD")),
				edge(pl, graph.Reports, result, by(&lora, 0.9, "3× less memory")),
				edge(result, graph.Reports, "metric:memory", by(&lora, 0.9, "3× less memory")),
				edge(result, graph.Reports, "method:lora", by(&lora, 0.9, "3× less memory")),
				edge("method:lora", graph.BasedOn, "method:sgd", by(&lora, 0.6, "LoRA builds on SGD")),
				edge(pl, graph.AuthoredBy, "author:edward-hu", meta(pl)),
				edge(pl, graph.AuthoredBy, "author:yelong-shen", meta(pl)),
				edge(pl, graph.PublishedIn, "venue:iclr", meta(pl)),
			},
			pq: {
				edge(pq, graph.Introduces, "method:qlora", by(&qlora, 0.9, "QLoRA quantizes")),
				edge(pq, graph.Uses, "method:lora", by(&qlora, 0.8, "trains LoRA on it")),
				edge(pq, graph.EvaluatesOn, "dataset:glue", by(&qlora, 0.7, "on GLUE")),
				edge(pq, graph.Addresses, "task:finetuning", by(&qlora, 0.5, "trains LoRA on it")),
				edge(pq, graph.Measures, "metric:accuracy", by(&qlora, 0.9, "accuracy")),
				edge("method:lora", graph.BasedOn, "method:sgd", by(&qlora, 0.8, "LoRA builds on SGD")),
				edge("method:sgd", graph.Broader, "concept:optimisation", graph.Statement{Paper: pq, Class: graph.Inferred, Rule: "derived", Confidence: 0.5}),
				edge(pq, graph.Cites, pl, meta(pq)),
			},
		},
		curated: []graph.Edge{
			edge("method:sgd", graph.Broader, "concept:optimisation", curated),
			edge("concept:optimisation", graph.Broader, "concept:machine-learning", curated),
		},
	}
}

// synthetic is a graph of n papers of which each has 3 authors and 4 methods
// out of a tenth as many, one of them in every paper.
func synthetic(n int) *corpus {
	rng := rand.New(rand.NewPCG(1, 2))
	c := &corpus{papers: make(map[graph.ID][]graph.Edge)}
	seen := make(map[graph.ID]bool)
	for p := range n {
		d := graph.Document{
			Title: fmt.Sprintf("Paper number %d", p), Year: 2000 + p%25, Venue: "Venue", Authors: []string{"A B", "C D", "E F"},
			Abstract: strings.Repeat(fmt.Sprintf("This abstract is number %d and says little. ", p), 25),
		}
		id := d.ID()
		c.nodes = append(c.nodes, graph.Node{ID: id, Name: d.Title, Paper: &d})
		link := func(r graph.Relation, k graph.Kind, i int) {
			to := graph.NewID(k, fmt.Sprintf("%s %d", k, i))
			if slices.ContainsFunc(c.papers[id], func(e graph.Edge) bool { return e.Relation == r && e.To == to }) {
				return
			}
			if !seen[to] {
				seen[to] = true
				c.nodes = append(c.nodes, graph.Node{ID: to, Name: fmt.Sprintf("%s %d", k, i)})
			}
			start := rng.IntN(900)
			c.papers[id] = append(c.papers[id], graph.Edge{From: id, Relation: r, To: to, Statements: []graph.Statement{{
				Paper: id, Class: graph.Extracted, Rule: "cue/1", Confidence: float64(1+rng.IntN(20)) / 20,
				Evidence: []graph.Evidence{{Field: graph.FieldAbstract, Start: start, End: start + 50, Quote: d.Abstract[start : start+50]}},
			}}})
		}
		link(graph.Uses, graph.KindMethod, 0)
		for range 3 {
			link(graph.Uses, graph.KindMethod, 1+rng.IntN(max(n/10, 1)))
			link(graph.AuthoredBy, graph.KindAuthor, rng.IntN(n))
		}
	}
	return c
}

// publish makes a corpus the whole graph.
func publish(t testing.TB, st *store.Store, c *corpus) store.Info {
	t.Helper()
	ctx := context.Background()
	w, err := st.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	for i := range c.nodes {
		n := &c.nodes[i]
		if n.Paper != nil {
			if err := w.PutFacts(&graph.Facts{Document: *n.Paper, Extractor: "test/1"}, n.Paper.Hash()); err != nil {
				t.Fatal(err)
			}
		}
		var err error
		switch {
		case n.Paper != nil:
			nodes := []graph.Node{*n}
			for _, r := range c.nodes {
				if r.Result != nil && r.Result.Paper == n.ID {
					nodes = append(nodes, r)
				}
			}
			err = w.PutPaper(nodes, c.papers[n.ID])
		case n.Result == nil:
			err = w.PutNode(n)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	curated := make(map[graph.ID][]graph.Edge)
	for _, e := range c.curated {
		curated[e.From] = append(curated[e.From], e)
	}
	for from, es := range curated {
		if err := w.PutCurated(from, es); err != nil {
			t.Fatal(err)
		}
	}
	has := make(map[graph.ID]bool)
	for _, n := range c.nodes {
		has[n.ID] = true
	}
	for id, err := range w.IDs(ctx) {
		switch {
		case err != nil, has[id], id.Kind() == graph.KindResult:
		case id.Kind() == graph.KindPaper:
			err = w.DeletePaper(id)
		default:
			err = w.DeleteNode(id)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for from, err := range w.CuratedFrom(ctx) {
		if err == nil && curated[from] == nil {
			err = w.PutCurated(from, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	info, err := w.Publish(ctx, store.Provenance{Sources: []string{"corpus"}, Extractor: "test/1"})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func openStore(t testing.TB) *store.Store {
	t.Helper()
	st, err := store.Open(t.TempDir(), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// schemaOf is a Schema of a corpus.
func schemaOf(t testing.TB, c *corpus, o Options) *Schema {
	t.Helper()
	st := openStore(t)
	publish(t, st, c)
	s, err := New(FromStore(st), o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// failer is a test, or a check of a property.
type failer interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// ask executes a query that must have no errors and returns its data, decoded.
func ask(t failer, s *Schema, query string, variables map[string]any) map[string]any {
	t.Helper()
	r := s.Exec(context.Background(), Request{Query: query, Variables: variables})
	if err := r.Err(); err != nil {
		t.Fatalf("%s\n%v", query, err)
	}
	var data map[string]any
	if err := json.Unmarshal(r.Data, &data); err != nil {
		t.Fatal(err)
	}
	return data
}

// at finds a value in decoded JSON by names and indexes: "papers.nodes.0.id".
func at(t failer, v any, path string) any {
	t.Helper()
	for _, p := range strings.Split(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[p]
		case []any:
			var i int
			if _, err := fmt.Sscan(p, &i); err != nil || i >= len(x) {
				t.Fatalf("%s: no entry %s of %d", path, p, len(x))
			}
			v = x[i]
		default:
			t.Fatalf("%s: nothing at %s", path, p)
		}
	}
	return v
}

// indented is JSON for golden files.
func indented(t testing.TB, raw []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		t.Fatal(err)
	}
	b.WriteByte('\n')
	return b.Bytes()
}
