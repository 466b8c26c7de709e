package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"papergraph/graph"
)

// corpus is what a build puts.
type corpus struct {
	facts   []graph.Facts
	nodes   []graph.Node
	papers  map[graph.ID][]graph.Edge
	curated []graph.Edge
}

// withResults are a paper and its results, as PutPaper takes them.
func (c *corpus) withResults() map[graph.ID][]graph.Node {
	m := make(map[graph.ID][]graph.Node)
	for _, n := range c.nodes {
		if n.Paper != nil {
			m[n.ID] = append([]graph.Node{n}, m[n.ID]...)
		} else if n.Result != nil {
			m[n.Result.Paper] = append(m[n.Result.Paper], n)
		}
	}
	return m
}

// curatedFrom are the curated edges by the node that they begin at.
func (c *corpus) curatedFrom() map[graph.ID][]graph.Edge {
	m := make(map[graph.ID][]graph.Edge)
	for _, e := range c.curated {
		m[e.From] = append(m[e.From], e)
	}
	return m
}

func (c *corpus) sortedPapers() []graph.ID {
	var ids []graph.ID
	for id := range c.papers {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// quote is evidence for the first place where s stands in the abstract.
func quote(t testing.TB, d *graph.Document, s string) graph.Evidence {
	t.Helper()
	before, _, ok := strings.Cut(d.Abstract, s)
	if !ok {
		t.Fatalf("%q is not in the abstract of %q", s, d.Title)
	}
	start := len([]rune(before))
	return graph.Evidence{Field: graph.FieldAbstract, Start: start, End: start + len([]rune(s)), Quote: s}
}

// small is a handcrafted graph that has every kind of thing in it: non-ASCII
// text, results, an edge stated by two papers, an edge that is stated and
// curated, outside ids.
func small(t testing.TB) *corpus {
	t.Helper()
	lora := graph.Document{
		Title: "LoRA: Low-Rank Adaptation of Large Language Models", Year: 2021, Venue: "ICLR", Authors: []string{"Edward Hu"},
		Abstract:   "We propose Low-Rank Adaptation – LoRA – which beats adapters on GLUE. It needs 3× less memory. LoRA builds on SGD.",
		OutsideIDs: []graph.OutsideID{{Scheme: "arxiv", Value: "2106.09685"}, {Scheme: "doi", Value: "10.1/ABC"}},
		Origin:     graph.Origin{Source: "list.txt", Line: 3},
	}
	qlora := graph.Document{
		Title: "QLoRA: Efficient Finetuning", Year: 2023,
		Abstract: "QLoRA quantizes a model and trains LoRA on it. LoRA builds on SGD. We measure accuracy on GLUE.",
		Links:    []graph.Link{{Kind: graph.LinkCode, URL: "https://example.org/q"}},
	}
	pl, pq := lora.ID(), qlora.ID()
	by := func(d *graph.Document, quotes ...string) graph.Statement {
		s := graph.Statement{Paper: d.ID(), Class: graph.Extracted, Rule: "cue/1", Confidence: 0.9}
		for _, q := range quotes {
			s.Evidence = append(s.Evidence, quote(t, d, q))
		}
		return s
	}
	edge := func(from graph.ID, r graph.Relation, to graph.ID, ss ...graph.Statement) graph.Edge {
		return graph.Edge{From: from, Relation: r, To: to, Statements: ss}
	}
	meta := func(p graph.ID) graph.Statement {
		return graph.Statement{Paper: p, Class: graph.Imported, Rule: "metadata", Confidence: 1}
	}
	unsure := by(&lora, "GLUE")
	unsure.Confidence = 0.4
	curated := graph.Statement{Class: graph.Curated, Rule: "lexicon", Confidence: 1}
	result := graph.ID("result:lora-memory")
	c := &corpus{
		nodes: []graph.Node{
			{ID: pl, Name: lora.Title, Paper: &lora},
			{ID: pq, Name: qlora.Title, Paper: &qlora},
			{ID: "method:lora", Name: "LoRA", Aliases: []string{"Low-Rank Adaptation"}, Decisions: []graph.Decision{{Name: "Low-Rank Adaptation", Kind: graph.KindMethod, Reason: graph.ReasonAcronym, Papers: 1}}},
			{ID: "method:qlora", Name: "QLoRA"},
			{ID: "method:sgd", Name: "SGD", Aliases: []string{"Stochastic Gradient Descent"}},
			{ID: "method:adapter", Name: "adapters"},
			{ID: "dataset:glue", Name: "GLUE"},
			{ID: "metric:accuracy", Name: "accuracy", Better: graph.HigherIsBetter},
			{ID: "metric:memory", Name: "memory", Better: graph.LowerIsBetter},
			{ID: "concept:optimisation", Name: "optimisation"},
			{ID: "concept:machine-learning", Name: "machine learning"},
			{ID: result, Name: "3× less memory", Result: &graph.ResultNode{Paper: pl, Value: "3", Unit: "×", Comparison: graph.Ratio, Metric: "metric:memory", Method: "method:lora"}},
			{ID: "author:edward-hu", Name: "Edward Hu"},
			{ID: "venue:iclr", Name: "ICLR"},
		},
		papers: map[graph.ID][]graph.Edge{
			pl: {
				edge(pl, graph.Introduces, "method:lora", by(&lora, "Low-Rank Adaptation – LoRA", "LoRA")),
				edge(pl, graph.Uses, "method:sgd", by(&lora, "SGD")),
				edge(pl, graph.ComparesWith, "method:adapter", by(&lora, "beats adapters")),
				edge(pl, graph.EvaluatesOn, "dataset:glue", by(&lora, "on GLUE"), unsure),
				edge(pl, graph.Reports, result, by(&lora, "3× less memory")),
				edge(result, graph.Reports, "metric:memory", by(&lora, "3× less memory")),
				edge(result, graph.Reports, "method:lora", by(&lora, "3× less memory")),
				edge("method:lora", graph.BasedOn, "method:sgd", by(&lora, "LoRA builds on SGD")),
				edge(pl, graph.AuthoredBy, "author:edward-hu", meta(pl)),
				edge(pl, graph.PublishedIn, "venue:iclr", meta(pl)),
			},
			pq: {
				edge(pq, graph.Introduces, "method:qlora", by(&qlora, "QLoRA quantizes")),
				edge(pq, graph.Uses, "method:lora", by(&qlora, "trains LoRA on it")),
				edge(pq, graph.EvaluatesOn, "dataset:glue", by(&qlora, "on GLUE")),
				edge(pq, graph.Measures, "metric:accuracy", by(&qlora, "accuracy")),
				edge("method:lora", graph.BasedOn, "method:sgd", by(&qlora, "LoRA builds on SGD")),
				edge("method:sgd", graph.Broader, "concept:optimisation", graph.Statement{Paper: pq, Class: graph.Inferred, Rule: "derived", Confidence: 0.5}),
				edge(pq, graph.Cites, pl, meta(pq)),
			},
		},
		curated: []graph.Edge{
			edge("method:sgd", graph.Broader, "concept:optimisation", curated),
			edge("concept:optimisation", graph.Broader, "concept:machine-learning", curated),
		},
	}
	for _, d := range []graph.Document{lora, qlora} {
		name := strings.SplitN(d.Title, ":", 2)[0]
		c.facts = append(c.facts, graph.Facts{
			Document: d, Extractor: "test/1",
			Mentions: []graph.Mention{{Relation: graph.Introduces, Kind: graph.KindMethod, Name: name, Evidence: []graph.Evidence{quote(t, &d, name)}, Confidence: 0.9, Rule: "cue/1"}},
			Results:  []graph.Result{{Value: "3", Comparison: graph.Ratio, Evidence: quote(t, &d, "LoRA"), Confidence: 1, Rule: "number"}},
			Relations: []graph.Claim{{From: name, FromKind: graph.KindMethod, Relation: graph.BasedOn, To: "SGD", ToKind: graph.KindMethod,
				Evidence: []graph.Evidence{quote(t, &d, "LoRA builds on SGD")}, Confidence: 0.5, Rule: "claim"}},
			Acronyms: []graph.Acronym{{Short: "LoRA", Long: "Low-Rank Adaptation", Evidence: quote(t, &d, "LoRA")}},
			Links:    []graph.Link{{Kind: graph.LinkCode, URL: "https://example.org", Evidence: quote(t, &d, "GLUE")}, {Kind: graph.LinkDemo, URL: "https://example.org/demo"}},
		})
	}
	return c
}

// syntheticWord makes a word that can be said, another for each number.
func syntheticWord(i int) string {
	const letters = "bcdfghklmnprstvz"
	var b strings.Builder
	for i += 20; i > 0; i /= 16 {
		b.WriteByte(letters[i%16])
		b.WriteByte("aeiou"[i%5])
	}
	return b.String()
}

// synthetic makes a graph of n papers with a Zipf-like spread over entities.
func synthetic(n int) *corpus {
	c := &corpus{papers: make(map[graph.ID][]graph.Edge)}
	for p := range syntheticPapers(n) {
		c.nodes = append(append(c.nodes, p.node), p.entities...)
		if len(p.edges) > 0 {
			c.papers[p.node.ID] = p.edges
		}
		c.facts = append(c.facts, graph.Facts{Document: *p.node.Paper, Extractor: "test/1"})
	}
	return c
}

// syntheticPaper is a paper of synthetic, with the entities that no paper
// before it has.
type syntheticPaper struct {
	node     graph.Node
	entities []graph.Node
	edges    []graph.Edge
}

// syntheticPapers yields the papers of synthetic one by one, for graphs that
// would not fit in memory.
func syntheticPapers(n int) iter.Seq[syntheticPaper] {
	return func(yield func(syntheticPaper) bool) {
		rng := rand.New(rand.NewPCG(1, 2))
		pick := func(max int) int { return int(float64(max) * rng.Float64() * rng.Float64() * rng.Float64()) }
		entities := []struct {
			kind      graph.Kind
			relations []graph.Relation
			count     int
			each      int
		}{
			{graph.KindMethod, []graph.Relation{graph.Introduces, graph.Uses, graph.ComparesWith}, n, 5},
			{graph.KindDataset, []graph.Relation{graph.EvaluatesOn}, n / 5, 3},
			{graph.KindTask, []graph.Relation{graph.Addresses}, n/20 + 1, 2},
			{graph.KindMetric, []graph.Relation{graph.Measures}, n/50 + 1, 2},
			{graph.KindConcept, []graph.Relation{graph.Concerns}, n/20 + 1, 4},
			{graph.KindAuthor, []graph.Relation{graph.AuthoredBy}, 2 * n, 3},
			{graph.KindVenue, []graph.Relation{graph.PublishedIn}, 30, 1},
		}
		word := syntheticWord
		seen := make(map[graph.ID]bool)
		for p := range n {
			d := graph.Document{Title: fmt.Sprintf("%s %s for %s number %d", word(pick(3000)), word(pick(3000)), word(pick(3000)), p), Year: 1995 + pick(31)}
			var b strings.Builder
			for b.Len() < 1100 {
				b.WriteString(word(pick(20000)))
				b.WriteByte(" ."[rng.IntN(9)/8])
				b.WriteByte(' ')
			}
			d.Abstract = strings.TrimSpace(b.String())
			id := d.ID()
			sp := syntheticPaper{node: graph.Node{ID: id, Name: d.Title, Paper: &d}}
			put := make(map[EdgeKey]bool)
			for _, e := range entities {
				for range e.each {
					to := graph.NewID(e.kind, fmt.Sprintf("%s %s", word(pick(e.count)), e.kind))
					k := EdgeKey{id, e.relations[rng.IntN(len(e.relations))], to}
					if put[k] {
						continue
					}
					put[k] = true
					if !seen[to] {
						seen[to] = true
						sp.entities = append(sp.entities, graph.Node{ID: to, Name: strings.ReplaceAll(to.Slug(), "-", " "), Aliases: []string{"the " + to.Slug()}})
					}
					start := rng.IntN(len(d.Abstract) - 60)
					sp.edges = append(sp.edges, graph.Edge{From: id, Relation: k.Relation, To: to, Statements: []graph.Statement{{
						Paper: id, Class: graph.Extracted, Rule: fmt.Sprintf("rule-%d", pick(20)), Confidence: float64(1+rng.IntN(20)) / 20,
						Evidence: []graph.Evidence{{Field: graph.FieldAbstract, Start: start, End: start + 50, Quote: d.Abstract[start : start+50]}},
					}}})
				}
			}
			if !yield(sp) {
				return
			}
		}
	}
}

// open opens a store in a new folder and closes it at the test's end.
func open(t testing.TB) *Store {
	t.Helper()
	return openAt(t, t.TempDir(), Options{})
}

// closedTables gives the folder of a store that was filled and closed, and its
// tables.
func closedTables(t testing.TB) (dir string, tables []string) {
	t.Helper()
	dir = t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	publish(t, s, synthetic(50), nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tables, err = filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables: %v", err)
	}
	return dir, tables
}

func openAt(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// putAll puts a corpus: first the papers and their edges, then the rest, as a
// build may, in an order that rng shuffles unless it is nil.
func putAll(w *Writer, c *corpus, rng *rand.Rand) error {
	order := func(n int) []int {
		p := make([]int, n)
		for i := range p {
			p[i] = i
		}
		if rng != nil {
			rng.Shuffle(n, func(i, j int) { p[i], p[j] = p[j], p[i] })
		}
		return p
	}
	for _, i := range order(len(c.facts)) {
		if err := w.PutFacts(&c.facts[i], "input "+c.facts[i].Document.Title); err != nil {
			return err
		}
	}
	papers := c.withResults()
	for _, i := range order(len(c.nodes)) {
		n := &c.nodes[i]
		switch n.Kind() {
		case graph.KindPaper:
			es := slices.Clone(c.papers[n.ID])
			if rng != nil {
				rng.Shuffle(len(es), func(i, j int) { es[i], es[j] = es[j], es[i] })
			}
			if err := w.PutPaper(papers[n.ID], es); err != nil {
				return err
			}
		case graph.KindResult: // with its paper
		default:
			if err := w.PutNode(n); err != nil {
				return err
			}
		}
	}
	for from, es := range c.curatedFrom() {
		if err := w.PutCurated(from, es); err != nil {
			return err
		}
	}
	return nil
}

// dropOthers deletes all that a corpus has not but facts.
func dropOthers(w *Writer, c *corpus) error {
	ctx := context.Background()
	has := make(map[graph.ID]bool)
	for _, n := range c.nodes {
		has[n.ID] = true
	}
	for id, err := range w.IDs(ctx) {
		switch {
		case err != nil:
			return err
		case has[id], id.Kind() == graph.KindResult:
		case id.Kind() == graph.KindPaper:
			err = w.DeletePaper(id)
		default:
			err = w.DeleteNode(id)
		}
		if err != nil {
			return err
		}
	}
	curated := c.curatedFrom()
	for from, err := range w.CuratedFrom(ctx) {
		if err != nil {
			return err
		}
		if curated[from] == nil {
			if err := w.PutCurated(from, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// publish makes a corpus the whole graph and returns its snapshot's Info.
func publish(t testing.TB, s *Store, c *corpus, rng *rand.Rand) Info {
	t.Helper()
	w, err := s.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	if err := errors.Join(putAll(w, c, rng), dropOthers(w, c)); err != nil {
		t.Fatal(err)
	}
	info, err := w.Publish(context.Background(), Provenance{Sources: []string{"corpus"}, Extractor: "test/1"})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func latest(t testing.TB, s *Store) *Snapshot {
	t.Helper()
	r, err := s.Latest()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

// contents is all that a snapshot says.
type contents struct {
	Nodes []graph.Node
	Edges []graph.Edge
	Facts []graph.Facts
}

func read(t testing.TB, r *Snapshot) contents {
	t.Helper()
	ctx := context.Background()
	var c contents
	for n, err := range r.AllNodes(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		c.Nodes = append(c.Nodes, *n)
	}
	for e, err := range r.AllEdges(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		c.Edges = append(c.Edges, *e)
	}
	for f, err := range r.AllFacts(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		c.Facts = append(c.Facts, *f)
	}
	return c
}

// expected is what reading back a corpus must give.
func expected(c *corpus) contents {
	want := contents{Nodes: slices.Clone(c.nodes), Facts: slices.Clone(c.facts)}
	for i := range want.Nodes {
		if p := want.Nodes[i].Paper; p != nil { // from where it was read is no part of it
			d := *p
			d.Origin = graph.Origin{}
			want.Nodes[i].Paper = &d
		}
	}
	slices.SortFunc(want.Nodes, graph.CompareNodes)
	slices.SortFunc(want.Facts, func(a, b graph.Facts) int {
		return cmp.Or(strings.Compare(a.Document.Title, b.Document.Title), strings.Compare(a.Document.Hash(), b.Document.Hash()))
	})
	merged := make(map[EdgeKey]*graph.Edge)
	add := func(e graph.Edge) {
		k := EdgeKey{e.From, e.Relation, e.To}
		if merged[k] == nil {
			merged[k] = &graph.Edge{From: e.From, Relation: e.Relation, To: e.To}
		}
		merged[k].Statements = append(merged[k].Statements, e.Statements...)
	}
	for _, id := range c.sortedPapers() {
		for _, e := range c.papers[id] {
			add(e)
		}
	}
	for _, e := range c.curated {
		add(e)
	}
	for _, e := range merged {
		graph.SortStatements(e.Statements)
		want.Edges = append(want.Edges, *e)
	}
	slices.SortFunc(want.Edges, graph.CompareEdges)
	return want
}
