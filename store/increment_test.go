package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"papergraph/graph"
)

// The ids that a randomGraph is made of.
const (
	randomPapers   = 6
	randomEntities = 7
)

// randomGraph is a small graph that changes at random. A node is there in one
// of a few forms, numbered from 1; 0 is not there.
type randomGraph struct {
	papers   [randomPapers]randomPaper
	entities [randomEntities]int
	curated  [randomEntities][]int // entities that each is a kind of
	facts    [randomPapers]int     // forms, by paper
	memory   map[string]string     // of resolution
}

type randomPaper struct {
	form    int
	results int
	edges   []graph.Edge // without those of results
}

func (g *randomGraph) clone() *randomGraph {
	c := *g
	c.memory = maps.Clone(g.memory)
	for i := range c.papers {
		c.papers[i].edges = slices.Clone(c.papers[i].edges)
	}
	for i := range c.curated {
		c.curated[i] = slices.Clone(c.curated[i])
	}
	return &c
}

// Texts in which a search finds some and not others.
var randomWords = []string{"attention", "networks", "adapting", "low rank", "éclair"}

func randomDocument(i, form int) graph.Document {
	d := graph.Document{
		Title: fmt.Sprintf("Study %d of %s", i, randomWords[i%len(randomWords)]), Year: 2000 + 10*form,
		Abstract: strings.Repeat(randomWords[(i+form)%len(randomWords)]+" works. ", form),
		Origin:   graph.Origin{Source: fmt.Sprintf("list%d", form%2), Line: i + 1},
	}
	if i%2 == 0 {
		d.OutsideIDs = []graph.OutsideID{{Scheme: "doi", Value: fmt.Sprintf("10.1/%d", i)}}
	}
	return d
}

func randomPaperID(i int) graph.ID {
	d := randomDocument(i, 1)
	return d.ID()
}

// Every entity is a method, so that one may be a kind of another.
func randomEntityID(i int) graph.ID { return graph.ID(fmt.Sprintf("method:m%d", i)) }

func randomEntity(i, form int) graph.Node {
	n := graph.Node{ID: randomEntityID(i), Name: fmt.Sprintf("M%d", i)}
	for f := range form - 1 {
		n.Aliases = append(n.Aliases, fmt.Sprintf("%s %d", randomWords[(i+f)%len(randomWords)], f))
	}
	return n
}

// paperNodes and paperEdges are a paper as PutPaper takes it.
func (g *randomGraph) paperNodes(i int) []graph.Node {
	d := randomDocument(i, g.papers[i].form)
	id := randomPaperID(i)
	nodes := []graph.Node{{ID: id, Name: d.Title, Paper: &d}}
	for r := range g.papers[i].results {
		nodes = append(nodes, graph.Node{ID: randomResultID(i, r), Name: fmt.Sprint(g.papers[i].form), Result: &graph.ResultNode{
			Paper: id, Value: fmt.Sprint(g.papers[i].form), Comparison: graph.Ratio}})
	}
	return nodes
}

func randomResultID(i, r int) graph.ID { return graph.ID(fmt.Sprintf("result:r%d-%d", i, r)) }

func (g *randomGraph) paperEdges(i int) []graph.Edge {
	id := randomPaperID(i)
	edges := slices.Clone(g.papers[i].edges)
	for r := range g.papers[i].results {
		ss := []graph.Statement{{Paper: id, Class: graph.Inferred, Rule: "r", Confidence: 0.5}}
		edges = append(edges, graph.Edge{From: id, Relation: graph.Reports, To: randomResultID(i, r), Statements: ss})
		for e, form := range g.entities {
			if form > 0 && (e+r)%3 == 0 {
				edges = append(edges, graph.Edge{From: randomResultID(i, r), Relation: graph.Reports, To: randomEntityID(e), Statements: ss})
			}
		}
	}
	return edges
}

func (g *randomGraph) curatedEdges(i int) []graph.Edge {
	var edges []graph.Edge
	for _, to := range g.curated[i] {
		edges = append(edges, graph.Edge{From: randomEntityID(i), Relation: graph.BasedOn, To: randomEntityID(to),
			Statements: []graph.Statement{{Class: graph.Curated, Rule: "lexicon", Confidence: 1}}})
	}
	return edges
}

func (g *randomGraph) factsOf(i int) (*graph.Facts, string) {
	d := randomDocument(i, 1+(g.facts[i]-1)/2)
	d.Origin.Line = g.facts[i]
	return &graph.Facts{Document: d, Extractor: "test/1"}, fmt.Sprintf("input %d", d.Year)
}

// mutate changes the graph and keeps it whole: what goes takes its edges along.
func (g *randomGraph) mutate(t *rapid.T) {
	form := rapid.IntRange(0, 3)
	for range rapid.IntRange(1, 6).Draw(t, "changes") {
		switch rapid.IntRange(0, 5).Draw(t, "what") {
		case 0, 1:
			g.papers[rapid.IntRange(0, randomPapers-1).Draw(t, "paper")] = randomPaper{
				form: form.Draw(t, "form"), results: rapid.IntRange(0, 2).Draw(t, "results"), edges: nil}
		case 2:
			g.entities[rapid.IntRange(0, randomEntities-1).Draw(t, "entity")] = form.Draw(t, "form")
		case 3:
			g.curated[rapid.IntRange(0, randomEntities-1).Draw(t, "from")] = rapid.SliceOfNDistinct(rapid.IntRange(0, randomEntities-1), 0, 2, rapid.ID).Draw(t, "to")
		case 4:
			g.facts[rapid.IntRange(0, randomPapers-1).Draw(t, "facts")] = rapid.IntRange(0, 5).Draw(t, "form")
		case 5:
			key := string(rune('a' + rapid.IntRange(0, 3).Draw(t, "key")))
			g.memory[key] = rapid.SampledFrom([]string{"", "x", "yy"}).Draw(t, "value")
			if rapid.Bool().Draw(t, "forget") {
				delete(g.memory, key)
			}
		}
	}
	for i := range g.papers {
		p := &g.papers[i]
		if p.form == 0 {
			*p = randomPaper{}
			continue
		}
		if len(p.edges) == 0 || rapid.IntRange(0, 3).Draw(t, "restate") == 0 {
			p.edges = g.randomEdges(t, i)
		}
		p.edges = slices.DeleteFunc(p.edges, func(e graph.Edge) bool { return !g.has(e.From) || !g.has(e.To) })
	}
	for i := range g.curated {
		g.curated[i] = slices.DeleteFunc(g.curated[i], func(to int) bool { return to == i || g.entities[i] == 0 || g.entities[to] == 0 })
	}
}

func (g *randomGraph) has(id graph.ID) bool {
	for i, p := range g.papers {
		if p.form > 0 && randomPaperID(i) == id {
			return true
		}
	}
	for i, form := range g.entities {
		if form > 0 && randomEntityID(i) == id {
			return true
		}
	}
	return false
}

// randomEdges are edges that one paper states: its own, those between entities,
// and those of other papers.
func (g *randomGraph) randomEdges(t *rapid.T, i int) []graph.Edge {
	var edges []graph.Edge
	seen := make(map[EdgeKey]bool)
	for range rapid.IntRange(0, 8).Draw(t, "edges") {
		entity := func(what string) graph.ID {
			return randomEntityID(rapid.IntRange(0, randomEntities-1).Draw(t, what))
		}
		paper := func(what string) graph.ID { return randomPaperID(rapid.IntRange(0, randomPapers-1).Draw(t, what)) }
		k := EdgeKey{From: randomPaperID(i)}
		switch rapid.IntRange(0, 4).Draw(t, "edge") {
		case 0:
			k.Relation, k.To = graph.Uses, entity("to")
		case 1:
			k.Relation, k.To = graph.ComparesWith, entity("to")
		case 2:
			k.Relation, k.To = graph.Cites, paper("to")
		case 3:
			k.From, k.Relation, k.To = entity("from"), graph.BasedOn, entity("to")
		case 4:
			k.From, k.Relation, k.To = paper("from"), graph.Uses, entity("to")
		}
		if seen[k] || k.From == k.To {
			continue
		}
		seen[k] = true
		confidence := float64(rapid.IntRange(1, 3).Draw(t, "confidence")) / 4
		edges = append(edges, graph.Edge{From: k.From, Relation: k.Relation, To: k.To, Statements: []graph.Statement{{
			Paper: randomPaperID(i), Class: graph.Inferred, Rule: "r", Confidence: confidence}}})
	}
	return edges
}

// put makes a writer bring a store from one graph to another, in random order,
// with some that did not change put again.
func (g *randomGraph) put(t *rapid.T, w *Writer, before *randomGraph) error {
	again := func(changed bool) bool { return changed || rapid.IntRange(0, 5).Draw(t, "again") == 0 }
	var calls []func() error
	call := func(f func() error) { calls = append(calls, f) }
	for i, p := range g.papers {
		id := randomPaperID(i)
		now, was := p.form > 0, before.papers[i].form > 0
		if now && again(!cmp.Equal(g.paperNodes(i), before.paperNodes(i)) || !cmp.Equal(g.paperEdges(i), before.paperEdges(i))) {
			call(func() error { return w.PutPaper(g.paperNodes(i), g.paperEdges(i)) })
			if was && rapid.Bool().Draw(t, "delete too") {
				call(func() error { return w.DeletePaper(id) })
			}
		} else if was && !now {
			call(func() error { return w.DeletePaper(id) })
		}
	}
	for i, form := range g.entities {
		id := randomEntityID(i)
		if form > 0 && again(form != before.entities[i]) {
			n := randomEntity(i, form)
			call(func() error { return w.PutNode(&n) })
		} else if form == 0 && before.entities[i] > 0 {
			call(func() error { return w.DeleteNode(id) })
		}
		if again(!slices.Equal(g.curated[i], before.curated[i])) {
			call(func() error { return w.PutCurated(id, g.curatedEdges(i)) })
		}
	}
	for i, form := range g.facts {
		d := randomDocument(i, 1)
		switch {
		case form > 0 && again(form != before.facts[i]):
			call(func() error { return g.putFacts(w, i) })
		case form == 0:
			call(func() error {
				// Facts that the documents of two forms have under two keys.
				var err error
				for f := range 5 {
					was := randomGraph{facts: g.facts}
					was.facts[i] = f + 1
					facts, _ := was.factsOf(i)
					err = errors.Join(err, w.DeleteFacts(FactsKey(&facts.Document)))
				}
				return errors.Join(err, w.DeleteFacts(FactsKey(&d)))
			})
		}
	}
	if rapid.IntRange(0, 5).Draw(t, "forget all") == 0 {
		if err := w.DropResolution(context.Background()); err != nil {
			return err
		}
		before = before.clone()
		clear(before.memory)
	}
	for key := range before.memory {
		if _, ok := g.memory[key]; !ok {
			call(func() error { return w.SetResolution([]byte(key), nil) })
		}
	}
	for key, value := range g.memory {
		if old, ok := before.memory[key]; again(!ok || old != value) {
			call(func() error { return w.SetResolution([]byte(key), []byte(value)) })
		}
	}
	for _, i := range rapid.Permutation(slices.Collect(maps.Keys(indices(calls)))).Draw(t, "order") {
		if err := calls[i](); err != nil {
			return err
		}
		if rapid.IntRange(0, 20).Draw(t, "flush") == 0 {
			ctx := context.Background()
			if err := errors.Join(w.flush(), w.writePending(ctx), w.writeTerms(ctx, nil)); err != nil {
				return err
			}
		}
	}
	return nil
}

func indices[T any](list []T) map[int]bool {
	m := make(map[int]bool)
	for i := range list {
		m[i] = true
	}
	return m
}

// putFacts puts the facts of a paper and takes those of its other forms away.
func (g *randomGraph) putFacts(w *Writer, i int) error {
	now, hash := g.factsOf(i)
	key := FactsKey(&now.Document)
	for f := range 5 {
		other := randomGraph{facts: g.facts}
		other.facts[i] = f + 1
		facts, _ := other.factsOf(i)
		if k := FactsKey(&facts.Document); k != key {
			if err := w.DeleteFacts(k); err != nil {
				return err
			}
		}
	}
	return w.PutFacts(now, hash)
}

// cancelledLater is cancelled when it was asked so often.
type cancelledLater struct {
	context.Context
	left int
}

func (c *cancelledLater) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// sameColumns compares the columns of a snapshot, which may have been made from
// those of the one before, with those that are read.
func sameColumns(t interface {
	Fatal(...any)
	Errorf(string, ...any)
}, r *Snapshot) {
	q := newReader(r.s.db, r.info.Version)
	defer q.close()
	want, err := loadColumns(q, r.info)
	if err != nil {
		t.Fatal(err)
	}
	values := func(c *columns) []any {
		return []any{c.text, c.starts, c.uids, c.ranks, c.kinds, c.first, c.year, c.papers, c.words, c.docs, c.totalWords}
	}
	if diff := cmp.Diff(values(want), values(r.columns), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("columns (-read +made):\n%s", diff)
	}
}

// While a snapshot is open, those that follow are opened without reading all
// ids, also when several were published before one is opened.
func TestColumnsFollow(t *testing.T) {
	s := open(t)
	full := synthetic(90)
	publish(t, s, full, nil)
	latest(t, s)
	for i := range 6 {
		info := publish(t, s, without(full, func(p int) bool { return p%4 == i%4 }), nil)
		l := s.loaded[info.Version]
		if l == nil || l.from == nil {
			t.Fatalf("publication %d: columns are to be read", i)
		}
		if i%3 == 2 {
			sameColumns(t, latest(t, s))
			if l.from != nil || l.change != nil {
				t.Errorf("publication %d: what its columns were made of is kept", i)
			}
		}
	}
}

// answersOf is what a snapshot answers, and how many keys each table has.
type answersOf struct {
	Info      Info
	Contents  contents
	Lists     map[graph.Kind][]graph.ID
	Degrees   map[graph.ID]int
	Neighbors map[graph.ID][]Neighbor
	Hits      [][]Hit
	Lookups   [][]graph.ID
	Keys      map[byte]int
	Memory    map[string]string
}

func answer(t *rapid.T, s *Store) answersOf {
	ctx := context.Background()
	r, err := s.Latest()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	sameColumns(t, r)
	a := answersOf{Info: r.Info(), Lists: make(map[graph.Kind][]graph.ID), Degrees: make(map[graph.ID]int),
		Neighbors: make(map[graph.ID][]Neighbor), Keys: make(map[byte]int), Memory: make(map[string]string)}
	a.Info.Version, a.Info.Time = 0, time.Time{}
	check := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for n, err := range r.AllNodes(ctx) {
		check(err)
		a.Contents.Nodes = append(a.Contents.Nodes, *n)
		a.Degrees[n.ID] = r.Degree(n.ID)
		a.Neighbors[n.ID], err = r.Neighbors(ctx, n.ID, NeighborQuery{})
		check(err)
	}
	for e, err := range r.AllEdges(ctx) {
		check(err)
		a.Contents.Edges = append(a.Contents.Edges, *e)
	}
	for f, err := range r.AllFacts(ctx) {
		check(err)
		a.Contents.Facts = append(a.Contents.Facts, *f)
	}
	for _, k := range graph.Kinds() {
		a.Lists[k], err = r.List(k, "", 100)
		check(err)
	}
	for _, text := range append([]string{"study", "work", "m"}, randomWords...) {
		hits, err := r.Search(ctx, text, nil, 20)
		check(err)
		ids, err := r.Lookup(text)
		check(err)
		a.Hits, a.Lookups = append(a.Hits, hits), append(a.Lookups, ids)
	}
	q, done, err := r.read()
	check(err)
	defer done()
	for _, tag := range []byte{tagUID, tagLabel, tagNode, tagName, tagOutside, tagBlock, tagAsserters, tagCurated, tagFactsKey, tagFacts} {
		check(q.scanKeys([]byte{tag}, func([]byte) error { a.Keys[tag]++; return nil }))
	}
	check(q.scan([]byte{tagResolved}, func(key, value []byte) error {
		a.Memory[string(key[1:])] = string(value)
		return nil
	}))
	return a
}

// A store that went through any sequence of builds, some of them interrupted,
// answers as a fresh one of what is left.
func TestRandomIncrements(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		check := func(err error) {
			if err != nil {
				t.Helper()
				t.Fatal(err)
			}
		}
		parent, err := os.MkdirTemp("", "increments")
		check(err)
		defer os.RemoveAll(parent)
		dir := parent + "/store"
		s, err := Open(dir, Options{})
		check(err)
		defer func() { s.Close() }()
		now := &randomGraph{memory: make(map[string]string)}
		published := false
		for round := range rapid.IntRange(1, 5).Draw(t, "rounds") {
			next := now.clone()
			next.mutate(t)
			w, err := s.Begin(ctx)
			check(err)
			check(next.put(t, w, now))
			interrupted := true
			switch rapid.IntRange(0, 6).Draw(t, "end") {
			case 0:
				w.Discard()
			case 1:
				check(w.flush())
				check(s.Close())
				w.Discard()
			case 2:
				_, err := w.Publish(&cancelledLater{ctx, rapid.IntRange(0, 60).Draw(t, "moment")}, Provenance{})
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
				interrupted = err != nil
			default:
				_, err := w.Publish(ctx, Provenance{})
				check(err)
				interrupted = false
			}
			if s.closed || rapid.IntRange(0, 2).Draw(t, "reopen") == 0 {
				check(s.Close())
				s, err = Open(dir, Options{})
				check(err)
			}
			if !interrupted {
				now, published = next, true
			}
			if !published {
				if _, err := s.Latest(); !errors.Is(err, ErrEmpty) {
					t.Fatalf("round %d: %v, want ErrEmpty", round, err)
				}
				continue
			}
			got := answer(t, s)
			fresh, err := Open(fmt.Sprintf("%s/fresh%d", parent, round), Options{})
			check(err)
			defer fresh.Close()
			w, err = fresh.Begin(ctx)
			check(err)
			check(now.put(t, w, &randomGraph{}))
			_, err = w.Publish(ctx, Provenance{})
			check(err)
			want := answer(t, fresh)
			if interrupted { // what it left goes with the next build
				delete(want.Keys, tagFacts)
				delete(got.Keys, tagFacts)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("round %d (-fresh +got):\n%s", round, diff)
			}
		}
	})
}
