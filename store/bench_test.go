package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"

	"papergraph/graph"
)

// benchmarkPapers is the size of the graph of the benchmarks.
const benchmarkPapers = 10_000

// pair is a key and its value.
type pair struct{ key, value []byte }

// pairsOf reads the keys and values of tables, of all where none is named.
func pairsOf(b *testing.B, s *Store, tags ...byte) []pair {
	b.Helper()
	info, err := s.Snapshots()
	if err != nil {
		b.Fatal(err)
	}
	q := newReader(s.db, info[0].Version)
	defer q.close()
	var pairs []pair
	add := func(key, value []byte) error {
		pairs = append(pairs, pair{bytes.Clone(key), bytes.Clone(value)})
		return nil
	}
	if len(tags) == 0 {
		err = q.scanApart(nil, add)
	}
	for _, tag := range tags {
		err = errors.Join(err, q.scanApart([]byte{tag}, add))
	}
	if err != nil {
		b.Fatal(err)
	}
	return pairs
}

// writeRaw writes pairs, which are in the order of their keys, straight to the
// engine, durably, and says how long it took.
func writeRaw(b *testing.B, pairs []pair) time.Duration {
	b.Helper()
	db, err := openEngine(b.TempDir(), false, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	batch := db.NewWriteBatchAt(1)
	for _, p := range pairs {
		if err := batch.SetEntry(badger.NewEntry(p.key, p.value)); err != nil {
			b.Fatal(err)
		}
	}
	if err := errors.Join(batch.Flush(), db.Sync()); err != nil {
		b.Fatal(err)
	}
	took := time.Since(start)
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	return took
}

// A graph is built into an empty store; the floors are its posting lists alone,
// and all its keys and values, written straight to the engine in the order of
// keys. What the store does beside is to make these out of nodes and edges: it
// checks, encodes, hashes, analyses texts and sorts.
func BenchmarkPublish(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			if testing.Short() && size > benchmarkPapers {
				b.Skip("takes minutes")
			}
			c := synthetic(size)
			var lists, all time.Duration
			var edges int
			b.ReportAllocs()
			for b.Loop() {
				s, err := Open(b.TempDir(), Options{})
				if err != nil {
					b.Fatal(err)
				}
				edges = publish(b, s, c, nil).Edges
				b.StopTimer()
				adjacent, pairs := pairsOf(b, s, tagAdjacent), pairsOf(b, s)
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
				lists += writeRaw(b, adjacent)
				all += writeRaw(b, pairs)
				b.StartTimer()
			}
			per := func(d time.Duration) float64 { return float64(b.N) * float64(edges) / d.Seconds() }
			b.ReportMetric(float64(b.N*size)/b.Elapsed().Seconds(), "papers/s")
			b.ReportMetric(per(b.Elapsed()), "edges/s")
			b.ReportMetric(per(lists), "edges/s-lists")
			b.ReportMetric(per(all), "edges/s-all")
			b.ReportMetric(lists.Seconds()/b.Elapsed().Seconds(), "of-lists")
			b.ReportMetric(all.Seconds()/b.Elapsed().Seconds(), "of-all")
		})
	}
}

// The posting lists of a graph are written into an empty store, with what their
// making needs: the edges are sorted, each is counted, and so are the papers
// beside each node. The floor is the same keys and values written straight to
// the engine in their order.
func BenchmarkPublishEdges(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			if testing.Short() && size > benchmarkPapers {
				b.Skip("takes minutes")
			}
			begin := func() *Writer {
				s, err := Open(b.TempDir(), Options{})
				if err != nil {
					b.Fatal(err)
				}
				w, err := s.Begin(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				return w
			}
			full := begin()
			putSynthetic(b, full, size)
			added, fresh, next := full.added, full.fresh, full.next
			full.Discard()
			if err := full.s.Close(); err != nil {
				b.Fatal(err)
			}
			var floor time.Duration
			var info Info
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				// A store that has nothing else to write.
				w := begin()
				w.added, w.fresh, w.next = slices.Clone(added), slices.Clone(fresh), next
				info = Info{EdgesByRelation: make(map[graph.Relation]int)}
				b.StartTimer()
				err := w.writeAdjacency(b.Context(), &info)
				if err := errors.Join(err, w.flush(), w.s.db.Sync()); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				var lists []pair
				err = w.now().scanApart([]byte{tagAdjacent}, func(key, value []byte) error {
					lists = append(lists, pair{bytes.Clone(key), bytes.Clone(value)})
					return nil
				})
				w.Discard()
				if err := errors.Join(err, w.s.Close()); err != nil {
					b.Fatal(err)
				}
				floor += writeRaw(b, lists)
				b.StartTimer()
			}
			edges := float64(b.N * info.Edges)
			b.ReportMetric(edges/b.Elapsed().Seconds(), "edges/s")
			b.ReportMetric(edges/floor.Seconds(), "floor-edges/s")
			b.ReportMetric(floor.Seconds()/b.Elapsed().Seconds(), "of-floor")
		})
	}
}

// putSynthetic puts the first papers of a synthetic graph, with their facts, as
// they are made.
func putSynthetic(b *testing.B, w *Writer, papers int) {
	b.Helper()
	for p := range syntheticPapers(papers) {
		for i := range p.entities {
			if err := w.PutNode(&p.entities[i]); err != nil {
				b.Fatal(err)
			}
		}
		err := errors.Join(
			w.PutFacts(&graph.Facts{Document: *p.node.Paper, Extractor: "test/1"}, "input"),
			w.PutPaper([]graph.Node{p.node}, p.edges))
		if err != nil {
			b.Fatal(err)
		}
	}
}

// publishSynthetic makes a synthetic graph in an empty store.
func publishSynthetic(b *testing.B, s *Store, papers int) Info {
	b.Helper()
	w, err := s.Begin(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer w.Discard()
	putSynthetic(b, w, papers)
	info, err := w.Publish(b.Context(), Provenance{})
	if err != nil {
		b.Fatal(err)
	}
	return info
}

// sizes are those of the graphs that increments are measured in: their cost
// must not grow with the graph.
var sizes = []int{10_000, 85_000}

// One paper is added to a large store, changed in it, and removed from it.
func BenchmarkPublishIncrement(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			if testing.Short() && size > benchmarkPapers {
				b.Skip("making the graph takes a minute")
			}
			s := open(b)
			publishSynthetic(b, s, size)
			if err := s.Close(); err != nil {
				b.Fatal(err)
			}
			s = openAt(b, s.dir, Options{}) // as a build of the next morning does
			var papers []syntheticPaper     // of which one is put in each round
			for p := range syntheticPapers(size) {
				if papers = append(papers, p); len(papers) == 1000 {
					break
				}
			}
			count := 0
			paper := func() ([]graph.Node, []graph.Edge) { // another one each time
				p := papers[count%len(papers)]
				count++
				d := *p.node.Paper
				d.Title = fmt.Sprintf("%s, revisited %d times", d.Title, count)
				edges := slices.Clone(p.edges)
				for i := range edges {
					edges[i].From = d.ID()
					edges[i].Statements = slices.Clone(edges[i].Statements)
					edges[i].Statements[0].Paper = d.ID()
				}
				return []graph.Node{{ID: d.ID(), Name: d.Title, Paper: &d}}, edges
			}
			update := func(b *testing.B, put func(w *Writer) error) {
				w, err := s.Begin(b.Context())
				if err == nil {
					err = put(w)
				}
				if err == nil {
					_, err = w.Publish(b.Context(), Provenance{})
				}
				if err != nil {
					b.Fatal(err)
				}
			}
			add := func(b *testing.B, nodes []graph.Node, edges []graph.Edge) {
				update(b, func(w *Writer) error {
					return errors.Join(w.PutFacts(&graph.Facts{Document: *nodes[0].Paper}, "input"), w.PutPaper(nodes, edges))
				})
			}
			b.Run("add", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					nodes, edges := paper()
					add(b, nodes, edges)
				}
			})
			b.Run("change", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					nodes, edges := paper()
					add(b, nodes, edges)
					nodes[0].Paper.Abstract += " One more sentence."
					b.StartTimer()
					add(b, nodes, edges[len(edges)/2:])
				}
			})
			b.Run("remove", func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					b.StopTimer()
					nodes, edges := paper()
					add(b, nodes, edges)
					b.StartTimer()
					update(b, func(w *Writer) error {
						return errors.Join(w.DeleteFacts(FactsKey(nodes[0].Paper)), w.DeletePaper(nodes[0].ID))
					})
				}
			})
		})
	}
}

// benchmarkSnapshot opens a snapshot of the synthetic graph.
func benchmarkSnapshot(b *testing.B) (*Snapshot, *corpus) {
	b.Helper()
	c := synthetic(benchmarkPapers)
	s := open(b)
	publish(b, s, c, nil)
	b.ReportAllocs()
	return latest(b, s), c
}

func BenchmarkOpenSnapshot(b *testing.B) {
	r, _ := benchmarkSnapshot(b)
	for b.Loop() {
		q := newReader(r.s.db, r.info.Version)
		if _, err := loadColumns(q, r.info); err != nil {
			b.Fatal(err)
		}
		q.close()
	}
	b.ReportMetric(float64(r.info.Nodes), "nodes")
}

func BenchmarkNode(b *testing.B) {
	r, c := benchmarkSnapshot(b)
	for i := 0; b.Loop(); i++ {
		if _, err := r.Node(c.nodes[i*7919%len(c.nodes)].ID); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNeighbors(b *testing.B) {
	r, c := benchmarkSnapshot(b)
	hub, err := r.List(graph.KindConcept, "", 1)
	if err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct {
		name string
		id   func(i int) graph.ID
	}{
		{"paper", func(i int) graph.ID { return c.facts[i*7919%len(c.facts)].Document.ID() }},
		{"hub", func(int) graph.ID { return hub[0] }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for i := 0; b.Loop(); i++ {
				ns, err := r.Neighbors(context.Background(), bb.id(i), NeighborQuery{})
				if err != nil {
					b.Fatal(err)
				}
				n += len(ns)
			}
			b.ReportMetric(float64(n)/float64(b.N), "neighbours")
		})
	}
}

func BenchmarkSearch(b *testing.B) {
	r, c := benchmarkSnapshot(b)
	for _, bb := range []struct {
		name string
		text func(i int) string
	}{
		{"title", func(i int) string { return c.facts[i*7919%len(c.facts)].Document.Title }},
		{"common word", func(int) string { return "number " }},
		{"prefix", func(i int) string { return string("bcdfghkl"[i%8]) }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := r.Search(context.Background(), bb.text(i), nil, 20); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkView(b *testing.B) {
	r, _ := benchmarkSnapshot(b)
	hub, err := r.List(graph.KindMethod, "", 1)
	if err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct {
		name string
		o    ViewOptions
	}{
		{"focus", ViewOptions{Focus: hub, Depth: 2, MaxNodes: 60}},
		{"overview", ViewOptions{MaxNodes: 60}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.View(context.Background(), bb.o); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
