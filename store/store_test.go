package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

func TestRoundTrip(t *testing.T) {
	s := open(t)
	c := small(t)
	info := publish(t, s, c, nil)
	r := latest(t, s)
	if diff := cmp.Diff(expected(c), read(t, r)); diff != "" {
		t.Errorf("contents (-want +got):\n%s", diff)
	}
	want := Info{
		ID: info.ID, ContentSum: info.ContentSum, Version: info.Version, Time: info.Time, Sources: []string{"corpus"}, Extractor: "test/1",
		Papers: 2, Nodes: 14, Edges: 17, Statements: 20,
		NodesByKind: map[graph.Kind]int{"paper": 2, "method": 4, "dataset": 1, "metric": 2, "concept": 2, "result": 1, "author": 1, "venue": 1},
		EdgesByRelation: map[graph.Relation]int{"introduces": 2, "uses": 2, "comparesWith": 1, "evaluatesOn": 2, "measures": 1,
			"reports": 3, "basedOn": 1, "broader": 2, "cites": 1, "authoredBy": 1, "publishedIn": 1},
	}
	if diff := cmp.Diff(want, r.Info()); diff != "" {
		t.Errorf("info (-want +got):\n%s", diff)
	}
	if len(info.ID) != 32 || info.Time.IsZero() {
		t.Errorf("info of Publish: %+v", info)
	}
}

// The same graph has the same id and the same answers in whatever order it was
// put.
func TestOrderDoesNotMatter(t *testing.T) {
	c := synthetic(60)
	sm := small(t)
	c.nodes = append(c.nodes, sm.nodes...)
	c.facts = append(c.facts, sm.facts...)
	c.curated = sm.curated
	for id, es := range sm.papers {
		c.papers[id] = es
	}
	type answers struct {
		ID        string
		Contents  contents
		Lists     map[graph.Kind][]graph.ID
		Neighbors [][]Neighbor
		Hits      [][]Hit
		View      *graph.View
	}
	ask := func(t *testing.T, r *Snapshot) answers {
		ctx := context.Background()
		a := answers{ID: r.Info().ID, Contents: read(t, r), Lists: make(map[graph.Kind][]graph.ID)}
		for _, k := range graph.Kinds() {
			ids, err := r.List(k, "", 1000)
			if err != nil {
				t.Fatal(err)
			}
			a.Lists[k] = ids
			for _, id := range ids {
				ns, err := r.Neighbors(ctx, id, NeighborQuery{})
				if err != nil {
					t.Fatal(err)
				}
				a.Neighbors = append(a.Neighbors, ns)
			}
		}
		for _, text := range []string{"low rank adaptation", "l", "metho", c.nodes[0].Name, c.nodes[0].Paper.Abstract[:100]} {
			hits, err := r.Search(ctx, text, nil, 20)
			if err != nil {
				t.Fatal(err)
			}
			a.Hits = append(a.Hits, hits)
		}
		var err error
		if a.View, err = r.View(ctx, ViewOptions{MaxNodes: 40}); err != nil {
			t.Fatal(err)
		}
		return a
	}
	var want answers
	for i := range 5 {
		s := open(t)
		var rng *rand.Rand
		if i > 0 {
			rng = rand.New(rand.NewPCG(uint64(i), 0))
		}
		publish(t, s, c, rng)
		got := ask(t, latest(t, s))
		if i == 0 {
			want = got
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("order %d (-want +got):\n%s", i, diff)
		}
	}
}

// without is a corpus without some of its papers, and without the entities
// that only they mention.
func without(c *corpus, drop func(i int) bool) *corpus {
	d := &corpus{papers: make(map[graph.ID][]graph.Edge)}
	used := make(map[graph.ID]bool)
	for i, f := range c.facts {
		if drop(i) {
			continue
		}
		d.facts = append(d.facts, f)
		id := f.Document.ID()
		used[id] = true
		for _, e := range c.papers[id] {
			d.papers[id] = append(d.papers[id], e)
			used[e.From], used[e.To] = true, true
		}
	}
	for _, n := range c.nodes {
		if used[n.ID] {
			d.nodes = append(d.nodes, n)
		}
	}
	return d
}

// keyspace is every key and value of a store at its newest version, by which a
// store that was changed is compared with a fresh one. Uids depend on history,
// so only what has none is compared byte by byte.
func keyspace(t *testing.T, s *Store) map[byte]int {
	t.Helper()
	r := latest(t, s)
	q, done, err := r.read()
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	counts := make(map[byte]int)
	for _, tag := range []byte{tagUID, tagLabel, tagNode, tagName, tagOutside, tagBlock, tagAsserters, tagCurated, tagFactsKey, tagFacts} {
		if err := q.scanKeys([]byte{tag}, func([]byte) error { counts[tag]++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return counts
}

// A store that was built, shrunk, changed and grown again answers as a fresh
// one, and nothing is left behind in it.
func TestIncrementsAreExact(t *testing.T) {
	full := synthetic(120)
	half := without(full, func(i int) bool { return i%2 == 0 })
	other := without(full, func(i int) bool { return i%3 == 0 })
	old := without(full, func(i int) bool { return i >= 60 }) // the nodes that came last go
	none := without(full, func(int) bool { return true })
	s := open(t)
	for _, c := range []*corpus{none, old, full, old, half, full, other, half, none, other} {
		info, err := rebuild(s, c)
		if err != nil {
			t.Fatal(err)
		}
		fresh := open(t)
		want := publish(t, fresh, c, nil)
		if info.ID != want.ID {
			t.Errorf("id is %s, a fresh store has %s", info.ID, want.ID)
		}
		got, wantC := latest(t, s), latest(t, fresh)
		if diff := cmp.Diff(read(t, wantC), read(t, got)); diff != "" {
			t.Fatalf("contents (-fresh +got):\n%s", diff)
		}
		if diff := cmp.Diff(keyspace(t, fresh), keyspace(t, s)); diff != "" {
			t.Errorf("number of keys (-fresh +got):\n%s", diff)
		}
		for _, text := range []string{full.nodes[0].Name, full.nodes[0].Paper.Abstract[:80], "metho", "b"} {
			a, err1 := wantC.Search(context.Background(), text, nil, 50)
			b, err2 := got.Search(context.Background(), text, nil, 50)
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(a, b); diff != "" {
				t.Errorf("search %q (-fresh +got):\n%s", text, diff)
			}
		}
		for _, n := range c.nodes {
			if g, w := got.Degree(n.ID), wantC.Degree(n.ID); g != w {
				t.Errorf("degree of %s is %d, in a fresh store %d", n.ID, g, w)
			}
		}
	}
}

func TestPublishWithoutDifferenceKeepsSnapshot(t *testing.T) {
	s := open(t)
	c := small(t)
	first := publish(t, s, c, nil)
	second := publish(t, s, c, rand.New(rand.NewPCG(1, 1)))
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("(-first +second):\n%s", diff)
	}
	infos, err := s.Snapshots()
	if err != nil || len(infos) != 1 {
		t.Errorf("%d snapshots, %v; want 1", len(infos), err)
	}
}

// The id does not tell from where a paper was read, but its facts do.
func TestOriginIsNotContent(t *testing.T) {
	s := open(t)
	c := small(t)
	first := publish(t, s, c, nil)
	d := c.facts[0].Document
	was, moved := d.Origin, graph.Origin{Source: "elsewhere.jsonl", Line: 9}
	c.nodes[0].Paper.Origin, c.facts[0].Document.Origin = moved, moved
	second := publish(t, s, c, nil)
	w, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	if e, ok, err := w.FactsEntry(FactsKey(&d)); !ok || err != nil || e.Origin != moved {
		t.Errorf("entry %+v, %v, %v", e, ok, err)
	}
	if err := w.PutOrigin(FactsKey(&d), was); err != nil {
		t.Fatal(err)
	}
	if err := w.PutOrigin("title:unknown", was); !errors.Is(err, ErrNotFound) {
		t.Errorf("origin of unknown facts: %v", err)
	}
	third, err := w.Publish(t.Context(), Provenance{Extractor: "test/1"})
	if err != nil {
		t.Fatal(err)
	}
	for i, info := range []Info{first, second, third} {
		if info.ID != first.ID {
			t.Errorf("snapshot %d has id %s, the first %s", i, info.ID, first.ID)
		}
		r, err := s.open(info)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		want := was
		if i == 1 {
			want = moved
		}
		if got, err := r.Origin(&d); err != nil || got != want {
			t.Errorf("snapshot %d: origin %v, %v, want %v", i, got, err, want)
		}
		if facts := read(t, r).Facts; facts[0].Document.Origin != want {
			t.Errorf("snapshot %d: origin of facts %v, want %v", i, facts[0].Document.Origin, want)
		}
	}
}

// Readers keep their snapshot while the next is built and after it is there.
func TestSnapshotsAreIsolated(t *testing.T) {
	s := open(t)
	first := small(t)
	infoA := publish(t, s, first, nil)
	a := latest(t, s)
	before := read(t, a)

	second := synthetic(20)
	w, err := s.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	if _, err := s.Begin(context.Background()); !errors.Is(err, ErrBusy) {
		t.Errorf("a second writer: %v, want ErrBusy", err)
	}
	if err := putAll(w, second, nil); err != nil {
		t.Fatal(err)
	}
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, read(t, a)); diff != "" {
		t.Errorf("while building (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, read(t, latest(t, s))); diff != "" {
		t.Errorf("Latest while building (-want +got):\n%s", diff)
	}
	infoB, err := w.Publish(context.Background(), Provenance{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, read(t, a)); diff != "" {
		t.Errorf("after publication (-want +got):\n%s", diff)
	}
	if got := latest(t, s).Info(); got.ID != infoB.ID {
		t.Errorf("latest is %s, want %s", got.ID, infoB.ID)
	}
	for _, ref := range []string{infoA.ID, infoA.ID[:8], strings.ToUpper(infoA.ID[:12])} {
		old, err := s.At(ref)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, read(t, old)); diff != "" {
			t.Errorf("At(%s) (-want +got):\n%s", ref, diff)
		}
		old.Close()
	}
	for _, ref := range []string{"", infoA.ID[:3], "zzzzzzzz", infoA.ID + "0"} {
		if _, err := s.At(ref); !errors.Is(err, ErrNoSnapshot) {
			t.Errorf("At(%q): %v, want ErrNoSnapshot", ref, err)
		}
	}
	infos, err := s.Snapshots()
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, i := range infos {
		ids = append(ids, i.ID)
	}
	if diff := cmp.Diff([]string{infoB.ID, infoA.ID}, ids); diff != "" {
		t.Errorf("snapshots (-want +got):\n%s", diff)
	}
}

// What was put and discarded, or failed to be published, is not seen by the
// next build either.
func TestDiscardedBuildLeavesNothing(t *testing.T) {
	for _, published := range []bool{false, true} {
		s := open(t)
		c := small(t)
		if published {
			publish(t, s, c, nil)
		}
		w, err := s.Begin(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := putAll(w, synthetic(30), nil); err != nil {
			t.Fatal(err)
		}
		if published {
			if err := w.DeleteFacts(FactsKey(&c.facts[0].Document)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.flush(); err != nil {
			t.Fatal(err)
		}
		w.Discard()
		w.Discard()
		if err := w.PutNode(&c.nodes[2]); !errors.Is(err, ErrClosed) {
			t.Errorf("put after Discard: %v, want ErrClosed", err)
		}
		publish(t, s, c, nil)
		if diff := cmp.Diff(expected(c), read(t, latest(t, s))); diff != "" {
			t.Errorf("published %v (-want +got):\n%s", published, diff)
		}

		ctx, cancel := context.WithCancel(context.Background())
		w, err = s.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := putAll(w, synthetic(30), nil); err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err := w.Publish(ctx, Provenance{}); !errors.Is(err, context.Canceled) {
			t.Errorf("publish cancelled: %v", err)
		}
		if diff := cmp.Diff(expected(c), read(t, latest(t, s))); diff != "" {
			t.Errorf("after a cancelled build (-want +got):\n%s", diff)
		}
	}
}

func TestFacts(t *testing.T) {
	ctx := context.Background()
	s := open(t)
	c := small(t)
	w, err := s.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	key := FactsKey(&c.facts[0].Document)
	titles := func(w *Writer) []string {
		var ts []string
		for sf, err := range w.Facts(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			ts = append(ts, sf.Facts.Document.Title+" | "+sf.InputHash)
		}
		return ts
	}
	hash := func(w *Writer) string {
		e, ok, err := w.FactsEntry(key)
		if err != nil {
			t.Fatal(err)
		}
		sf, there, err := w.FactsOf(key)
		if err != nil || there != ok || sf.InputHash != e.InputHash || ok && FactsKey(&sf.Facts.Document) != key {
			t.Errorf("facts %+v, %v, %v where the entry is %+v, %v", sf, there, err, e, ok)
		}
		if !ok {
			return "none"
		}
		return e.InputHash
	}
	if got := hash(w); got != "none" {
		t.Errorf("hash before: %s", got)
	}
	if err := putAll(w, c, nil); err != nil {
		t.Fatal(err)
	}
	a, b := c.facts[0].Document.Title, c.facts[1].Document.Title
	if diff := cmp.Diff([]string{a + " | input " + a, b + " | input " + b}, titles(w)); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	// The same paper, corrected, twice in one build: the last one stands.
	for _, abstract := range []string{"Shorter.", "Corrected."} {
		f := graph.Facts{Document: c.facts[0].Document, Extractor: "test/2"}
		f.Document.Abstract = abstract
		if err := w.PutFacts(&f, abstract); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{a + " | Corrected.", b + " | input " + b}, titles(w)); diff != "" {
		t.Errorf("facts after correction (-want +got):\n%s", diff)
	}
	if err := w.DeleteFacts(key); err != nil {
		t.Fatal(err)
	}
	if got := titles(w); len(got) != 1 || hash(w) != "none" {
		t.Errorf("facts after deletion: %q, hash %s", got, hash(w))
	}
	if err := w.PutFacts(&c.facts[0], "again"); err != nil {
		t.Fatal(err)
	}
	if err := w.DeleteFacts("title:unknown"); err != nil {
		t.Errorf("delete unknown facts: %v", err)
	}
	if _, err := w.Publish(ctx, Provenance{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(expected(c), read(t, latest(t, s))); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}

	w, err = s.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	if got := hash(w); got != "again" {
		t.Errorf("hash in the next build: %s", got)
	}
	if err := w.DeleteFacts(key); err != nil {
		t.Fatal(err)
	}
	if got := titles(w); len(got) != 1 || hash(w) != "none" {
		t.Errorf("facts after deletion in the next build: %q, hash %s", got, hash(w))
	}
}

// Facts that a build extracted before it was interrupted are found by the next
// and are no part of the graph until they are put.
func TestKeptFacts(t *testing.T) {
	for _, published := range []bool{false, true} {
		dir := t.TempDir()
		s := openAt(t, dir, Options{})
		c := small(t)
		if published {
			publish(t, s, synthetic(3), nil)
		}
		begin := func() *Writer {
			w, err := s.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return w
		}
		w := begin()
		if err := putAll(w, c, nil); err != nil {
			t.Fatal(err)
		}
		w.Discard()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = openAt(t, dir, Options{})
		for round := range 3 {
			w := begin()
			for i, want := range c.facts {
				d := want.Document
				d.Origin = graph.Origin{Source: "elsewhere", Line: i}
				want.Document = d
				got, ok, err := w.KeptFacts(&d, "input "+d.Title)
				if err != nil || ok != (round < 2) {
					t.Fatalf("round %d: kept %v, %v", round, ok, err)
				}
				if diff := cmp.Diff(want, got); ok && diff != "" {
					t.Errorf("kept facts (-put +got):\n%s", diff)
				}
				if _, ok, err := w.KeptFacts(&d, "other input"); ok || err != nil {
					t.Errorf("facts of another input: %v, %v", ok, err)
				}
				if _, ok, err := w.FactsEntry(FactsKey(&d)); ok || err != nil {
					t.Errorf("entry of kept facts: %v, %v", ok, err)
				}
			}
			for f, err := range w.Facts(t.Context()) {
				if err != nil || FactsKey(&f.Facts.Document) == FactsKey(&c.facts[0].Document) {
					t.Errorf("facts of %q, %v", f.Facts.Document.Title, err)
				}
			}
			if round == 0 {
				w.Discard()
				continue
			}
			if _, err := w.Publish(t.Context(), Provenance{}); err != nil {
				t.Fatal(err)
			}
			for f, err := range latest(t, s).AllFacts(t.Context()) {
				if err != nil || FactsKey(&f.Document) == FactsKey(&c.facts[0].Document) {
					t.Errorf("facts of %q, %v", f.Document.Title, err)
				}
			}
		}
	}
}

// What resolution remembers is seen by the build that set it, spilled to disk
// or not, and by the next.
func TestResolution(t *testing.T) {
	s := open(t)
	value := func(i int) []byte { return bytes.Repeat([]byte{byte(i)}, 1<<18) }
	key := func(i int) []byte { return fmt.Appendf(nil, "key %d", i) }
	for round := range 3 {
		w, err := s.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer w.Discard()
		want := make(map[int][]byte)
		if round == 1 {
			for i := range 40 {
				want[i] = value(i)
			}
			want[3] = nil
		}
		check := func(when string) {
			t.Helper()
			for i := range 40 {
				got, err := w.Resolution(key(i))
				if err != nil || !bytes.Equal(got, want[i]) || (got == nil) != (want[i] == nil) {
					t.Fatalf("round %d, %s: key %d has %d bytes, %v, want %d", round, when, i, len(got), err, len(want[i]))
				}
			}
		}
		if round < 2 {
			check("at first")
		}
		set := func(i int, v []byte) {
			t.Helper()
			if err := w.SetResolution(key(i), v); err != nil {
				t.Fatal(err)
			}
			want[i] = v
		}
		if round == 0 {
			for i := range 40 {
				set(i, value(i+1))
			}
			check("all set")
			for i := range 40 {
				set(i, value(i))
			}
			set(3, nil)
			check("set again")
		}
		if round == 1 {
			if err := w.DropResolution(t.Context()); err != nil {
				t.Fatal(err)
			}
			clear(want)
			check("dropped")
			set(5, []byte{})
			set(6, value(1))
			check("set after that")
		}
		if round == 2 {
			want = map[int][]byte{5: {}, 6: value(1)}
			check("in the last build")
		}
		if _, err := w.Publish(t.Context(), Provenance{}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFactsKey(t *testing.T) {
	for _, tt := range []struct {
		name string
		doc  graph.Document
		want string
	}{
		{"doi before arxiv, lower case", graph.Document{Title: "T", OutsideIDs: []graph.OutsideID{{Scheme: "arxiv", Value: "1"}, {Scheme: "doi", Value: "10.1/AB"}}}, "doi:10.1/ab"},
		{"url does not count", graph.Document{Title: "A Title", Year: 2020, OutsideIDs: []graph.OutsideID{{Scheme: "url", Value: "x"}}}, "title:a-title:2020"},
		{"no year", graph.Document{Title: "A Title!"}, "title:a-title"},
		{"parts are told apart", graph.Document{Title: "A Title (Part 2)"}, "title:a-title-part-2"},
	} {
		if got := FactsKey(&tt.doc); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// What does not make a graph is refused with an error that says what is wrong.
func TestWriterRefuses(t *testing.T) {
	c := small(t)
	paper, doc := c.nodes[0].ID, c.nodes[0].Paper
	other := c.nodes[1].ID
	valid := c.papers[paper][0]
	nodes := c.nodes[:1]
	result := c.withResults()[paper][1]
	change := func(f func(e *graph.Edge)) graph.Edge {
		e := valid
		e.Statements = slices.Clone(e.Statements)
		e.Statements[0].Evidence = slices.Clone(e.Statements[0].Evidence)
		f(&e)
		return e
	}
	for _, tt := range []struct {
		name string
		put  func(w *Writer) error
		want error
		text string
	}{
		{"node twice", func(w *Writer) error { return errors.Join(w.PutNode(&c.nodes[2]), w.PutNode(&c.nodes[2])) }, ErrPut, "put before"},
		{"bad id", func(w *Writer) error { return w.PutNode(&graph.Node{ID: "method:A b"}) }, graph.ErrID, ""},
		{"paper by itself", func(w *Writer) error { return w.PutNode(&c.nodes[0]) }, ErrPut, "papers are put"},
		{"result by itself", func(w *Writer) error { return w.PutNode(&result) }, ErrPut, "results with their papers"},
		{"no paper", func(w *Writer) error { return w.PutPaper(nil, nil) }, ErrPut, "no node"},
		{"paper without document", func(w *Writer) error { return w.PutPaper([]graph.Node{{ID: "paper:x"}}, nil) }, ErrPut, "document"},
		{"paper with an entity", func(w *Writer) error { return w.PutPaper(c.nodes[:3], nil) }, ErrPut, "not a result"},
		{"paper with another's result", func(w *Writer) error { return w.PutPaper([]graph.Node{c.nodes[1], result}, nil) }, ErrPut, "not a result"},
		{"result that is not reported", func(w *Writer) error { return w.PutPaper([]graph.Node{c.nodes[0], result}, nil) }, ErrPut, "not those that come with it"},
		{"result that does not come", func(w *Writer) error { return w.PutPaper(nodes, c.papers[paper]) }, ErrPut, "not those that come with it"},
		{"result twice", func(w *Writer) error { return w.PutPaper([]graph.Node{c.nodes[0], result, result}, c.papers[paper]) }, ErrPut, "put before"},
		{"delete what is not there", func(w *Writer) error { return w.DeleteNode("method:lora") }, ErrNotFound, "method:lora"},
		{"delete a paper that is not there", func(w *Writer) error { return w.DeletePaper(paper) }, ErrNotFound, "paper:lora"},
		{"delete a paper as a node", func(w *Writer) error { return w.DeleteNode(paper) }, ErrPut, "papers are deleted"},
		{"delete a result", func(w *Writer) error { return w.DeleteNode(result.ID) }, ErrPut, "results with their papers"},
		{"delete a method as a paper", func(w *Writer) error { return w.DeletePaper("method:lora") }, ErrPut, "not a paper"},
		{"method with document", func(w *Writer) error { return w.PutNode(&graph.Node{ID: "method:x", Paper: doc}) }, ErrPut, "document"},
		{"huge node", func(w *Writer) error {
			return w.PutNode(&graph.Node{ID: "method:x", Name: strings.Repeat("x", 2<<20)})
		}, ErrPut, "bytes"},
		{"edges of a method", func(w *Writer) error { return w.PutPaper(c.nodes[2:3], nil) }, ErrPut, "not a paper"},
		{"paper twice", func(w *Writer) error {
			return errors.Join(w.PutPaper(nodes, nil), w.PutPaper(nodes, nil))
		}, ErrPut, "put before"},
		{"edge outside the table", func(w *Writer) error {
			return w.PutPaper(nodes, []graph.Edge{change(func(e *graph.Edge) { e.Relation = graph.Measures })})
		}, graph.ErrEdge, ""},
		{"in another's name", func(w *Writer) error {
			return w.PutPaper(nodes, []graph.Edge{change(func(e *graph.Edge) { e.Statements[0].Paper = other })})
		}, ErrPut, "by"},
		{"unknown class", func(w *Writer) error {
			return w.PutPaper(nodes, []graph.Edge{change(func(e *graph.Edge) { e.Statements[0].Class = "GUESSED" })})
		}, ErrPut, "GUESSED"},
		{"quote that is not there", func(w *Writer) error {
			return w.PutPaper(nodes, []graph.Edge{change(func(e *graph.Edge) { e.Statements[0].Evidence[0].Quote = "else" })})
		}, graph.ErrEvidence, "else"},
		{"quote beyond the text", func(w *Writer) error {
			return w.PutPaper(nodes, []graph.Edge{change(func(e *graph.Edge) { e.Statements[0].Evidence[0].End = 1 << 20 })})
		}, graph.ErrEvidence, ""},
		{"an edge twice", func(w *Writer) error { return w.PutPaper(nodes, []graph.Edge{valid, valid}) }, ErrPut, "twice"},
		{"edge to nothing", func(w *Writer) error {
			if err := w.PutPaper(nodes, []graph.Edge{valid}); err != nil {
				return err
			}
			_, err := w.Publish(context.Background(), Provenance{})
			return err
		}, ErrPut, "method:lora"},
		{"curated by a paper", func(w *Writer) error { return w.PutCurated(paper, []graph.Edge{valid}) }, ErrPut, "stated by"},
		{"curated from elsewhere", func(w *Writer) error { return w.PutCurated(other, c.curated[:1]) }, ErrPut, "begins elsewhere"},
		{"curated twice", func(w *Writer) error {
			return errors.Join(w.PutCurated(c.curated[0].From, c.curated[:1]), w.PutCurated(c.curated[0].From, c.curated[:1]))
		}, ErrPut, "put before"},
		{"remembered under no key", func(w *Writer) error { return w.SetResolution(nil, []byte{1}) }, ErrPut, "no key"},
		{"remembered at too great a length", func(w *Writer) error { return w.SetResolution([]byte{1}, make([]byte, 1<<20)) }, ErrPut, "bytes"},
		{"facts without a title", func(w *Writer) error { return w.PutFacts(&graph.Facts{}, "") }, graph.ErrDocument, ""},
		{"facts with a wrong quote", func(w *Writer) error {
			f := c.facts[0]
			f.Mentions = slices.Clone(f.Mentions)
			f.Mentions[0].Evidence = []graph.Evidence{{Field: graph.FieldTitle, Start: 0, End: 4, Quote: "ARoL"}}
			return w.PutFacts(&f, "")
		}, graph.ErrEvidence, "ARoL"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t)
			w, err := s.Begin(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			defer w.Discard()
			if err := tt.put(w); !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want %v with %q", err, tt.want, tt.text)
			}
		})
	}
}

// A node that the last snapshot has and the next has not may not be an edge's
// end either.
func TestEdgeToRemovedNode(t *testing.T) {
	s := open(t)
	c := small(t)
	publish(t, s, c, nil)
	glue := func(n graph.Node) bool { return n.ID == "dataset:glue" }
	for name, prepare := range map[string]func(w *Writer) error{
		"edges that were there": func(w *Writer) error { return w.DeleteNode("dataset:glue") },
		"edges that are put again": func(w *Writer) error {
			c.nodes = slices.DeleteFunc(c.nodes, glue)
			return errors.Join(putAll(w, c, nil), dropOthers(w, c))
		},
		"a new edge": func(w *Writer) error {
			all := small(t)
			var err error
			for id, nodes := range all.withResults() {
				es := slices.DeleteFunc(all.papers[id], func(e graph.Edge) bool { return e.To == "dataset:glue" && e.Relation == graph.EvaluatesOn })
				if id == all.nodes[0].ID {
					e := c.papers[id][0]
					e.To = "dataset:glue" // introduces it
					es = append(es, e)
				}
				err = errors.Join(err, w.PutPaper(nodes, es))
			}
			return errors.Join(err, w.DeleteNode("dataset:glue"))
		},
		"curated edges":         func(w *Writer) error { return w.DeleteNode("concept:machine-learning") },
		"curated edges from it": func(w *Writer) error { return w.DeleteNode("concept:optimisation") },
	} {
		w, err := s.Begin(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if err := prepare(w); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Publish(context.Background(), Provenance{}); !errors.Is(err, ErrPut) || !strings.Contains(err.Error(), "an edge leads to") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestClosed(t *testing.T) {
	ctx := context.Background()
	s, err := Open(t.TempDir(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Latest(); !errors.Is(err, ErrEmpty) {
		t.Errorf("latest of an empty store: %v", err)
	}
	c := small(t)
	publish(t, s, c, nil)
	r, err := s.Latest()
	if err != nil {
		t.Fatal(err)
	}
	closed, err := s.Latest()
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	closed.Close()
	if _, err := closed.Node("method:lora"); !errors.Is(err, ErrClosed) {
		t.Errorf("node of a closed snapshot: %v", err)
	}
	w, err := s.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	// Close waits for the sequence; a call in its loop is refused, not stuck.
	done := make(chan error)
	for _, err := range r.AllNodes(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		go func() { done <- s.Close() }()
		for {
			if _, err := r.Node("method:lora"); errors.Is(err, ErrClosed) {
				break
			}
		}
		break
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	_, err1 := r.Node("method:lora")
	_, err2 := s.Latest()
	_, err3 := s.Begin(ctx)
	_, err4 := s.Snapshots()
	_, err5 := w.Publish(ctx, Provenance{})
	for i, err := range []error{err1, err2, err3, err4, err5, w.PutNode(&c.nodes[2])} {
		if !errors.Is(err, ErrClosed) {
			t.Errorf("call %d after Close: %v", i, err)
		}
	}
	w.Discard()
	r.Close()
	if err := s.Close(); err != nil {
		t.Errorf("second Close: %v", err)
	}
}
