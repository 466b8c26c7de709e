package web

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"papergraph/exporters"
	"papergraph/graph"
	"papergraph/schema"
	"papergraph/store"
)

// corpus is what a build puts into a store.
type corpus struct {
	nodes   []graph.Node
	edges   map[graph.ID][]graph.Edge // by the paper that states them
	curated []graph.Edge
}

// found is evidence for the sentence or other run s of the abstract, with the
// part mark of it marked.
func found(t testing.TB, d *graph.Document, s, mark string) graph.Evidence {
	t.Helper()
	before, _, ok := strings.Cut(d.Abstract, s)
	inside, _, marked := strings.Cut(s, mark)
	if !ok || !marked {
		t.Fatalf("%q with %q is not in the abstract of %q", s, mark, d.Title)
	}
	start := len([]rune(before))
	e := graph.Evidence{Field: graph.FieldAbstract, Start: start, End: start + len([]rune(s)), Quote: s}
	e.MarkStart = start + len([]rune(inside))
	e.MarkEnd = e.MarkStart + len([]rune(mark))
	return e
}

// users is how many papers of the small corpus use its most used method: more
// than a page of a group.
const users = groupPage + 7

// small is a handcrafted graph with every kind and hostile names.
func small(t testing.TB) *corpus {
	t.Helper()
	lora := graph.Document{
		Title: "LoRA: Low-Rank Adaptation of Large Language Models", Year: 2021, Venue: "ICLR", Authors: []string{"Edward Hu", "Nobody Known"},
		Abstract:   "We propose Low-Rank Adaptation – LoRA – which beats adapters on GLUE. It needs 3× less memory. LoRA builds on SGD.",
		OutsideIDs: []graph.OutsideID{{Scheme: "arxiv", Value: "2106.09685"}, {Scheme: "doi", Value: "10.1000/182"}},
		Keywords:   []string{"adaptation"},
		Links:      []graph.Link{{Kind: graph.LinkCode, URL: "https://example.org/lora"}, {Kind: graph.LinkDemo, URL: "javascript:alert(1)"}},
	}
	evil := graph.Document{
		Title: `<script>alert("title")</script> & "quotes"`, Year: 2024,
		Abstract: `We apply <script>alert(1)</script> to LoRA. LoRA builds on SGD. </p><img src=x onerror=alert(2)>`,
		Authors:  []string{`<b>Author</b>`},
	}
	pl, pe := lora.ID(), evil.ID()
	by := func(d *graph.Document, confidence float64, evidence ...graph.Evidence) graph.Statement {
		return graph.Statement{Paper: d.ID(), Class: graph.Extracted, Rule: "roles/1", Confidence: confidence, Evidence: evidence}
	}
	edge := func(from graph.ID, r graph.Relation, to graph.ID, ss ...graph.Statement) graph.Edge {
		return graph.Edge{From: from, Relation: r, To: to, Statements: ss}
	}
	meta := func(p graph.ID) graph.Statement {
		return graph.Statement{Paper: p, Class: graph.Imported, Rule: "metadata", Confidence: 1}
	}
	curated := graph.Statement{Class: graph.Curated, Rule: "lexicon", Confidence: 1}
	first := "We propose Low-Rank Adaptation – LoRA – which beats adapters on GLUE."
	result := graph.ID("result:lora-memory")
	c := &corpus{
		nodes: []graph.Node{
			{ID: pl, Name: lora.Title, Paper: &lora},
			{ID: pe, Name: evil.Title, Paper: &evil},
			{ID: "method:lora", Name: "LoRA", Aliases: []string{"Low-Rank Adaptation"}, Decisions: []graph.Decision{
				{Name: "Low-Rank Adaptation", Kind: graph.KindMethod, Reason: graph.ReasonAcronym, Detail: "LoRA", Papers: 1},
				{Name: "LORA", Kind: graph.KindConcept, Reason: graph.ReasonKind, Papers: 1}}},
			{ID: "method:sgd", Name: "SGD", Aliases: []string{"Stochastic Gradient Descent"}},
			{ID: "method:script-alert-1-script", Name: "<script>alert(1)</script>"},
			{ID: "method:gpt-3-5", Name: "GPT-3.5"},
			{ID: "method:adapter", Name: "adapters"},
			{ID: "dataset:glue", Name: "GLUE"},
			{ID: "task:finetuning", Name: "finetuning"},
			{ID: "metric:memory", Name: "memory", Better: graph.LowerIsBetter},
			{ID: "concept:optimisation", Name: "optimisation"},
			{ID: result, Name: "3x reduction, memory", Result: &graph.ResultNode{Paper: pl, Value: "3", Unit: "x", Comparison: graph.Ratio, Metric: "metric:memory", Method: "method:lora"}},
			{ID: "author:edward-hu", Name: "Edward Hu"},
			{ID: "venue:iclr", Name: "ICLR"},
		},
		edges: map[graph.ID][]graph.Edge{
			pl: {
				edge(pl, graph.Introduces, "method:lora", by(&lora, 0.9, found(t, &lora, first, "LoRA"))),
				edge(pl, graph.ComparesWith, "method:adapter", by(&lora, 0.9, found(t, &lora, first, "adapters"))),
				edge(pl, graph.EvaluatesOn, "dataset:glue", by(&lora, 0.8, found(t, &lora, first, "GLUE"))),
				edge(pl, graph.Addresses, "task:finetuning", by(&lora, 0.3, found(t, &lora, first, "Adaptation"))),
				edge(pl, graph.Measures, "metric:memory", by(&lora, 0.7, found(t, &lora, "It needs 3× less memory.", "memory"))),
				edge(pl, graph.Reports, result, by(&lora, 0.9, found(t, &lora, "It needs 3× less memory.", "3×"))),
				edge(result, graph.Reports, "metric:memory", by(&lora, 0.9, found(t, &lora, "It needs 3× less memory.", "3×"))),
				edge("method:lora", graph.BasedOn, "method:sgd", by(&lora, 0.6, found(t, &lora, "LoRA builds on SGD.", "SGD"))),
				edge(pl, graph.AuthoredBy, "author:edward-hu", meta(pl)),
				edge(pl, graph.PublishedIn, "venue:iclr", meta(pl)),
			},
			pe: {
				edge(pe, graph.Uses, "method:lora", by(&evil, 0.8, found(t, &evil, "We apply <script>alert(1)</script> to LoRA.", "LoRA"))),
				edge(pe, graph.Uses, "method:script-alert-1-script", by(&evil, 0.4, found(t, &evil, "We apply <script>alert(1)</script> to LoRA.", "<script>alert(1)</script>"))),
				edge(pe, graph.Uses, "method:gpt-3-5", by(&evil, 0.2, found(t, &evil, "LoRA builds on SGD.", "SGD"))),
				edge("method:lora", graph.BasedOn, "method:sgd", by(&evil, 0.8, found(t, &evil, "LoRA builds on SGD.", "SGD"))),
			},
		},
		curated: []graph.Edge{edge("method:sgd", graph.Broader, "concept:optimisation", curated)},
	}
	for i := range users {
		d := graph.Document{Title: fmt.Sprintf("Training number %03d", i), Year: 2000 + i%20, Abstract: "We train with SGD."}
		id := d.ID()
		c.nodes = append(c.nodes, graph.Node{ID: id, Name: d.Title, Paper: &d})
		c.edges[id] = []graph.Edge{edge(id, graph.Uses, "method:sgd", by(&d, 0.5, found(t, &d, "We train with SGD.", "SGD")))}
	}
	return c
}

// publish makes a corpus the store's newest snapshot.
func publish(t testing.TB, st *store.Store, c *corpus) store.Info {
	t.Helper()
	ctx := context.Background()
	w, err := st.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	check := func(err error) {
		if err != nil {
			t.Helper()
			t.Fatal(err)
		}
	}
	for i := range c.nodes {
		n := &c.nodes[i]
		if n.Paper != nil {
			check(w.PutFacts(&graph.Facts{Document: *n.Paper, Extractor: "test/1"}, n.Paper.Hash()))
		}
		switch {
		case n.Paper != nil:
			nodes := []graph.Node{*n}
			for _, r := range c.nodes {
				if r.Result != nil && r.Result.Paper == n.ID {
					nodes = append(nodes, r)
				}
			}
			check(w.PutPaper(nodes, c.edges[n.ID]))
		case n.Result == nil:
			check(w.PutNode(n))
		}
	}
	for _, e := range c.curated {
		check(w.PutCurated(e.From, []graph.Edge{e}))
	}
	info, err := w.Publish(ctx, store.Provenance{Sources: []string{"corpus"}, Extractor: "test/1"})
	check(err)
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

// newServer serves a store; o may leave out what every server needs.
func newServer(t testing.TB, st *store.Store, o Options) *Server {
	t.Helper()
	source := schema.FromStore(st)
	if o.GraphQL == nil {
		s, err := schema.New(source, schema.Options{})
		if err != nil {
			t.Fatal(err)
		}
		queries, err := schema.OpenQueries(t.TempDir(), schema.QueryLimits{})
		if err != nil {
			t.Fatal(err)
		}
		h := schema.NewHandler(s, schema.HandlerOptions{Queries: queries})
		o.GraphQL, o.Queries = h, http.HandlerFunc(h.ServeQueries)
	}
	o.Source, o.Schema = source, schema.SDL()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// smallServer serves the small corpus without pictures.
func smallServer(t testing.TB) *Server {
	t.Helper()
	st := openStore(t)
	publish(t, st, small(t))
	return newServer(t, st, Options{})
}

// renderer draws, or the test is skipped.
func renderer(t testing.TB) *exporters.Renderer {
	t.Helper()
	r := exporters.NewRenderer(exporters.RendererOptions{})
	if len(r.Programs()) == 0 {
		t.Skip("no program that draws: install Graphviz or put papergraph-render on PATH")
	}
	return r
}

// reply is what a server answered.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends a request with headers given in pairs.
func ask(t testing.TB, h http.Handler, method, target string, headers ...string) reply {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return send(t, h, r)
}

func send(t testing.TB, h http.Handler, r *http.Request) reply {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	got := reply{w.Code, w.Header(), w.Body.String()}
	if got.header.Get("Content-Encoding") == "gzip" && got.body != "" {
		z, err := gzip.NewReader(strings.NewReader(got.body))
		if err != nil {
			t.Fatal(err)
		}
		plain, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		got.body = string(plain)
	}
	return got
}

// page asks for a page as a browser does.
func page(t testing.TB, h http.Handler, target string) reply {
	t.Helper()
	return ask(t, h, "GET", target, "Accept", browserAccept)
}

const browserAccept = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

// logTo is a logger into a buffer.
func logTo(b *bytes.Buffer) *slog.Logger { return slog.New(slog.NewJSONHandler(b, nil)) }
