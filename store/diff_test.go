package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

// plainDiff compares all that two snapshots hold, in the obvious way.
func plainDiff(a, b contents, from, to Info) *Diff {
	d := &Diff{From: from, To: to,
		Nodes: NodesDiff{ByKind: map[graph.Kind]Changes{}, Added: []graph.Node{}, Removed: []graph.Node{}, Changed: []NodeChange{}},
		Edges: EdgesDiff{ByRelation: map[graph.Relation]Changes{}, Added: []graph.Edge{}, Removed: []graph.Edge{}, Changed: []EdgeChange{}},
		Names: map[graph.ID]string{}}
	names := map[graph.ID]string{}
	nodes := func(c contents) map[graph.ID]graph.Node {
		m := map[graph.ID]graph.Node{}
		for _, n := range c.Nodes {
			m[n.ID] = n
			names[n.ID] = n.Name
		}
		return m
	}
	an, bn := nodes(a), nodes(b)
	node := func(id graph.ID, what change) {
		d.Nodes.Counts = d.Nodes.Counts.with(what)
		d.Nodes.ByKind[id.Kind()] = d.Nodes.ByKind[id.Kind()].with(what)
	}
	for _, n := range a.Nodes {
		if now, ok := bn[n.ID]; !ok {
			d.Nodes.Removed = append(d.Nodes.Removed, n)
			node(n.ID, changeRemoved)
		} else if !cmp.Equal(n, now) {
			d.Nodes.Changed = append(d.Nodes.Changed, NodeChange{ID: n.ID, Name: now.Name, Fields: fieldChanges(&n, &now)})
			node(n.ID, changeChanged)
		}
	}
	for _, n := range b.Nodes {
		if _, ok := an[n.ID]; !ok {
			d.Nodes.Added = append(d.Nodes.Added, n)
			node(n.ID, changeAdded)
		}
	}
	edges := func(c contents) map[EdgeKey]graph.Edge {
		m := map[EdgeKey]graph.Edge{}
		for _, e := range c.Edges {
			m[EdgeKey{e.From, e.Relation, e.To}] = e
		}
		return m
	}
	ae, be := edges(a), edges(b)
	edge := func(e graph.Edge, what change) {
		d.Edges.Counts = d.Edges.Counts.with(what)
		d.Edges.ByRelation[e.Relation] = d.Edges.ByRelation[e.Relation].with(what)
		for _, id := range []graph.ID{e.From, e.To} {
			d.Names[id] = names[id]
		}
	}
	for _, e := range a.Edges {
		if now, ok := be[EdgeKey{e.From, e.Relation, e.To}]; !ok {
			d.Edges.Removed = append(d.Edges.Removed, e)
			edge(e, changeRemoved)
		} else if !cmp.Equal(e, now) {
			d.Edges.Changed = append(d.Edges.Changed, EdgeChange{From: e.From, Relation: e.Relation, To: e.To,
				Removed: statementsBut(e.Statements, now.Statements), Added: statementsBut(now.Statements, e.Statements)})
			edge(e, changeChanged)
		}
	}
	for _, e := range b.Edges {
		if _, ok := ae[EdgeKey{e.From, e.Relation, e.To}]; !ok {
			d.Edges.Added = append(d.Edges.Added, e)
			edge(e, changeAdded)
		}
	}
	return d
}

// cut is a Diff with lists of max at most, and the names that they need.
func cut(d *Diff, max int) *Diff {
	c := *d
	c.Nodes.Added = c.Nodes.Added[:min(max, len(c.Nodes.Added))]
	c.Nodes.Removed = c.Nodes.Removed[:min(max, len(c.Nodes.Removed))]
	c.Nodes.Changed = c.Nodes.Changed[:min(max, len(c.Nodes.Changed))]
	c.Edges.Added = c.Edges.Added[:min(max, len(c.Edges.Added))]
	c.Edges.Removed = c.Edges.Removed[:min(max, len(c.Edges.Removed))]
	c.Edges.Changed = c.Edges.Changed[:min(max, len(c.Edges.Changed))]
	c.Names = map[graph.ID]string{}
	for _, es := range [][]graph.Edge{c.Edges.Added, c.Edges.Removed} {
		for _, e := range es {
			c.Names[e.From], c.Names[e.To] = d.Names[e.From], d.Names[e.To]
		}
	}
	for _, e := range c.Edges.Changed {
		c.Names[e.From], c.Names[e.To] = d.Names[e.From], d.Names[e.To]
	}
	return &c
}

// What differs is what comparing everything finds, between any two snapshots,
// in either direction, whatever came and went in between.
func TestDiff(t *testing.T) {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(4, 2))
	full := synthetic(40)
	sm := small(t)
	full.nodes = append(full.nodes, sm.nodes...)
	full.facts = append(full.facts, sm.facts...)
	for id, es := range sm.papers {
		full.papers[id] = es
	}
	dir := filepath.Join(t.TempDir(), "store")
	s := openAt(t, dir, Options{})
	var infos []Info
	var all []contents
	for round := range 6 {
		c := without(full, func(int) bool { return rng.IntN(3) == 0 })
		if round == 3 {
			c = without(full, func(i int) bool { return true }) // everything goes, and comes back with other uids
			c.nodes = []graph.Node{{ID: "method:lora", Name: "LoRA"}}
		}
		// Some change: names, texts, statements.
		for i := range c.nodes {
			n := &c.nodes[i]
			if rng.IntN(8) == 0 && n.Paper == nil && n.Result == nil {
				n.Aliases = []string{"another", n.Name + " too"}
				n.Decisions = []graph.Decision{{Name: n.Name + " too", Kind: n.Kind(), Reason: graph.ReasonAcronym, Papers: round}}
			}
		}
		for _, id := range c.sortedPapers() {
			if es := slices.Clone(c.papers[id]); rng.IntN(4) == 0 {
				for i := range es {
					es[i].Statements = slices.Clone(es[i].Statements)
					es[i].Statements[0].Confidence = float64(round+1) / 10
				}
				c.papers[id] = es
			}
		}
		info, err := rebuild(s, c)
		if err != nil {
			t.Fatal(err)
		}
		infos, all = append(infos, info), append(all, readLatest(t, s))
	}
	newest := infos[len(infos)-1]
	for i := range infos {
		for j := range infos {
			want := plainDiff(all[i], all[j], infos[i], infos[j])
			got, err := s.Diff(ctx, infos[i].ID, infos[j].ID, 0)
			if err != nil {
				t.Fatalf("%d to %d: %v", i, j, err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("%d to %d (-want +got):\n%.3000s", i, j, diff)
			}
			if got, err = s.Diff(ctx, infos[i].ID, infos[j].ID, 3); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(cut(want, 3), got); diff != "" {
				t.Fatalf("%d to %d, at most 3 (-want +got):\n%.3000s", i, j, diff)
			}
		}
	}
	got, err := s.Diff(ctx, newest.ID[:6], "", 0)
	if err != nil || got.To.ID != newest.ID || got.Nodes.Counts.Total()+got.Edges.Counts.Total() != 0 {
		t.Errorf("the newest with itself: %+v, %v", got, err)
	}
	if _, err := s.Diff(ctx, "ffffffff", "", 0); !errors.Is(err, ErrNoSnapshot) {
		t.Errorf("no such snapshot: %v", err)
	}
	if _, err := open(t).Diff(ctx, "", "", 0); !errors.Is(err, ErrEmpty) {
		t.Errorf("of an empty store: %v", err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := s.Diff(cancelled, infos[0].ID, "", 0); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestFieldChanges(t *testing.T) {
	before := graph.Node{ID: "paper:x", Name: "X", Aliases: []string{"a", "b"}, Paper: &graph.Document{
		Title: "X", Abstract: "old", Year: 2020, Authors: []string{"A", "B"}, OutsideIDs: []graph.OutsideID{{Scheme: "doi", Value: "10.1/x"}}}}
	now := graph.Node{ID: "paper:x", Name: "X", Aliases: []string{"b", "c"}, Paper: &graph.Document{
		Title: "X", Abstract: "new", Authors: []string{"B", "A"}, OutsideIDs: []graph.OutsideID{{Scheme: "doi", Value: "10.1/x"}},
		Links: []graph.Link{{Kind: graph.LinkCode, URL: "https://example.org"}}}}
	want := []FieldChange{
		{Field: "aliases", Removed: []string{"a"}, Added: []string{"c"}},
		{Field: "paper.abstract", Removed: []string{"old"}, Added: []string{"new"}},
		{Field: "paper.year", Removed: []string{"2020"}},
		{Field: "paper.authors", Removed: []string{"A", "B"}, Added: []string{"B", "A"}},
		{Field: "paper.links", Added: []string{"code https://example.org"}},
	}
	if diff := cmp.Diff(want, fieldChanges(&before, &now)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := fieldChanges(&now, &now); got != nil {
		t.Errorf("of equal nodes: %v", got)
	}
}
