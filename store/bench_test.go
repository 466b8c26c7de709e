package store

import (
	"context"
	"fmt"
	"testing"

	"papergraph/graph"
)

// benchmarkPapers is the size of the graph of the benchmarks.
const benchmarkPapers = 10_000

func BenchmarkPublish(b *testing.B) {
	c := synthetic(benchmarkPapers)
	b.ReportAllocs()
	for b.Loop() {
		s, err := Open(b.TempDir(), Options{})
		if err != nil {
			b.Fatal(err)
		}
		publish(b, s, c, nil)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*benchmarkPapers/b.Elapsed().Seconds(), "papers/s")
}

// One paper is added to a large store: everything is put again, little is
// written.
func BenchmarkPublishIncrement(b *testing.B) {
	c := synthetic(benchmarkPapers)
	s := open(b)
	publish(b, s, c, nil)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d := graph.Document{Title: fmt.Sprintf("One more paper %d", i), Abstract: "It says little."}
		c.nodes = append(c.nodes, graph.Node{ID: d.ID(), Name: d.Title, Paper: &d})
		publish(b, s, c, nil)
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
