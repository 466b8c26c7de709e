package store_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"papergraph/graph"
	"papergraph/store"
)

// A build puts what is new and publishes it; readers then see all of it.
func Example() {
	dir, err := os.MkdirTemp("", "store")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	ctx := context.Background()
	w, err := s.Begin(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer w.Discard()
	doc := graph.Document{Title: "LoRA: Low-Rank Adaptation", Abstract: "We propose LoRA.", Year: 2021}
	paper, method := doc.ID(), graph.NewID(graph.KindMethod, "LoRA")
	if err := w.PutNode(&graph.Node{ID: method, Name: "LoRA"}); err != nil {
		log.Fatal(err)
	}
	err = w.PutPaper([]graph.Node{{ID: paper, Name: doc.Title, Paper: &doc}}, []graph.Edge{{From: paper, Relation: graph.Introduces, To: method, Statements: []graph.Statement{{
		Paper: paper, Class: graph.Extracted, Rule: "propose/1", Confidence: 0.9,
		Evidence: []graph.Evidence{{Field: graph.FieldAbstract, Start: 3, End: 15, Quote: "propose LoRA"}},
	}}}})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := w.Publish(ctx, store.Provenance{Sources: []string{"one paper"}, Extractor: "by hand"}); err != nil {
		log.Fatal(err)
	}

	r, err := s.Latest()
	if err != nil {
		log.Fatal(err)
	}
	defer r.Close()
	ids, err := r.Lookup("lora")
	if err != nil {
		log.Fatal(err)
	}
	neighbours, err := r.Neighbors(ctx, ids[0], store.NeighborQuery{Direction: store.In})
	if err != nil {
		log.Fatal(err)
	}
	edges, err := r.Edges(ctx, []store.EdgeKey{{From: neighbours[0].ID, Relation: neighbours[0].Relation, To: ids[0]}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s %s %s: %q\n", edges[0].From, edges[0].Relation, edges[0].To, edges[0].Statements[0].Evidence[0].Quote)
	// Output: paper:lora-low-rank-adaptation introduces method:lora: "propose LoRA"
}
