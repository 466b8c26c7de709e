package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

func TestNodes(t *testing.T) {
	s := open(t)
	c := small(t)
	publish(t, s, c, nil)
	r := latest(t, s)
	got, err := r.Nodes(context.Background(), []graph.ID{"method:sgd", "method:none", "author:edward-hu", "nonsense", "method:sgd"})
	if err != nil {
		t.Fatal(err)
	}
	want := []*graph.Node{&c.nodes[4], nil, &c.nodes[12], nil, &c.nodes[4]}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, id := range []graph.ID{"method:none", "nonsense", "", ":", "paper:"} {
		if _, err := r.Node(id); !errors.Is(err, ErrNotFound) {
			t.Errorf("node %q: %v, want ErrNotFound", id, err)
		}
	}
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Nodes(cancelled, []graph.ID{"method:sgd"}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestLookup(t *testing.T) {
	s := open(t)
	c := small(t)
	c.nodes = append(c.nodes, graph.Node{ID: "concept:sgd", Name: "SGD"}, graph.Node{ID: "task:doi", Name: "10.1/abc"})
	publish(t, s, c, nil)
	r := latest(t, s)
	paper := c.nodes[0].ID
	for _, tt := range []struct {
		ref   string
		kinds []graph.Kind
		want  []graph.ID
	}{
		{"method:lora", nil, []graph.ID{"method:lora"}},
		{string(paper), nil, []graph.ID{paper}},
		{"LoRA", nil, []graph.ID{"method:lora"}},
		{"the lo-ra", nil, []graph.ID{"method:lora"}},
		{"low rank adaptation", nil, []graph.ID{"method:lora"}},
		{"LoRA: Low Rank Adaptation of Large Language Models", nil, []graph.ID{paper}},
		{"sgd", nil, []graph.ID{"method:sgd", "concept:sgd"}}, // one paper against none
		{"sgd", []graph.Kind{graph.KindConcept}, []graph.ID{"concept:sgd"}},
		{"sgd", []graph.Kind{graph.KindPaper}, nil},
		{"arxiv:2106.09685", nil, []graph.ID{paper}},
		{"2106.09685", nil, []graph.ID{paper}},
		{"https://arxiv.org/abs/2106.09685", nil, []graph.ID{paper}},
		{"arxiv.org/pdf/2106.09685.pdf", nil, []graph.ID{paper}},
		{"https://doi.org/10.1/abc", nil, []graph.ID{paper}},
		{"10.1/ABC", nil, []graph.ID{paper, "task:doi"}}, // an outside id before a name
		{"3× less memory", nil, nil},                     // results have no names
		{"result:lora-memory", nil, []graph.ID{"result:lora-memory"}},
		{"lor", nil, nil},
		{"", nil, nil},
		{"  !! ", nil, nil},
	} {
		got, err := r.Lookup(tt.ref, tt.kinds...)
		if err != nil {
			t.Errorf("%q: %v", tt.ref, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q %v (-want +got):\n%s", tt.ref, tt.kinds, diff)
		}
		var want graph.ID
		if len(got) > 0 {
			want = got[0]
		}
		if first, err := r.LookupFirst(tt.ref, tt.kinds...); err != nil || first != want {
			t.Errorf("LookupFirst(%q, %v) = %q, %v, want %q", tt.ref, tt.kinds, first, err, want)
		}
	}
	if _, err := r.Lookup("x", "animal"); !errors.Is(err, graph.ErrKind) {
		t.Errorf("unknown kind: %v", err)
	}
}

func TestList(t *testing.T) {
	s := open(t)
	c := small(t)
	publish(t, s, c, nil)
	r := latest(t, s)
	all := func(kind graph.Kind) []graph.ID {
		ids, err := r.List(kind, "", 100)
		if err != nil {
			t.Fatal(err)
		}
		return ids
	}
	if diff := cmp.Diff([]graph.ID{c.nodes[1].ID, c.nodes[0].ID}, all(graph.KindPaper)); diff != "" {
		t.Errorf("papers (-want +got):\n%s", diff)
	}
	methods := []graph.ID{"method:lora", "method:adapter", "method:qlora", "method:sgd"}
	if diff := cmp.Diff(methods, all(graph.KindMethod)); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
	for _, tt := range []struct {
		after, before graph.ID
		limit         int
		want          []graph.ID
		wantBefore    []graph.ID
	}{
		{"", "", 2, methods[:2], methods[2:]},
		{methods[1], methods[2], 1, methods[2:3], methods[1:2]},
		{methods[1], methods[2], 9, methods[2:], methods[:2]},
		{methods[3], methods[0], 9, nil, nil},
		{"", "", 0, nil, nil},
		{"", "", -1, nil, nil},
	} {
		got, err := r.List(graph.KindMethod, tt.after, tt.limit)
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("after %q, %d: %v, %v, want %v", tt.after, tt.limit, got, err, tt.want)
		}
		got, err = r.ListBefore(graph.KindMethod, tt.before, tt.limit)
		if err != nil || !slices.Equal(got, tt.wantBefore) {
			t.Errorf("before %q, %d: %v, %v, want %v", tt.before, tt.limit, got, err, tt.wantBefore)
		}
	}
	for _, cursor := range []graph.ID{"method:none", "dataset:glue", "x"} {
		_, err1 := r.List(graph.KindMethod, cursor, 1)
		_, err2 := r.ListBefore(graph.KindMethod, cursor, 1)
		if !errors.Is(err1, ErrNotFound) || !errors.Is(err2, ErrNotFound) {
			t.Errorf("cursor %q: %v, %v", cursor, err1, err2)
		}
	}
	if _, err := r.List("animal", "", 1); !errors.Is(err, graph.ErrKind) {
		t.Errorf("unknown kind: %v", err)
	}
	if r.Count(graph.KindMethod) != 4 || r.Count(graph.KindTask) != 0 || r.Count("animal") != 0 {
		t.Errorf("counts %d %d", r.Count(graph.KindMethod), r.Count(graph.KindTask))
	}
	for id, want := range map[graph.ID]int{"method:lora": 2, "dataset:glue": 2, "method:sgd": 1, "concept:optimisation": 0, "result:lora-memory": 1, c.nodes[0].ID: 1, "x": 0} {
		if got := r.Degree(id); got != want {
			t.Errorf("degree of %s is %d, want %d", id, got, want)
		}
	}
}

func TestNeighbors(t *testing.T) {
	s := open(t)
	c := small(t)
	publish(t, s, c, nil)
	r := latest(t, s)
	pl, pq := c.nodes[0].ID, c.nodes[1].ID
	for _, tt := range []struct {
		name string
		id   graph.ID
		q    NeighborQuery
		want []Neighbor
	}{
		{"all of a method", "method:lora", NeighborQuery{}, []Neighbor{
			{ID: pl, Relation: graph.Introduces, Inverse: true}, {ID: pq, Relation: graph.Uses, Inverse: true}, {ID: "result:lora-memory", Relation: graph.Reports, Inverse: true}, {ID: "method:sgd", Relation: graph.BasedOn}}},
		{"out", "method:lora", NeighborQuery{Direction: Out}, []Neighbor{{ID: "method:sgd", Relation: graph.BasedOn}}},
		{"in, newest first", "dataset:glue", NeighborQuery{Direction: In}, []Neighbor{{ID: pq, Relation: graph.EvaluatesOn, Inverse: true}, {ID: pl, Relation: graph.EvaluatesOn, Inverse: true}}},
		{"by kind", "method:lora", NeighborQuery{Kinds: []graph.Kind{graph.KindResult, graph.KindMethod}}, []Neighbor{
			{ID: "result:lora-memory", Relation: graph.Reports, Inverse: true}, {ID: "method:sgd", Relation: graph.BasedOn}}},
		{"by relation", pl, NeighborQuery{Relations: []graph.Relation{graph.Cites, graph.Uses}}, []Neighbor{
			{ID: "method:sgd", Relation: graph.Uses}, {ID: pq, Relation: graph.Cites, Inverse: true}}},
		{"none", "venue:iclr", NeighborQuery{Direction: Out}, []Neighbor{}},
	} {
		got, err := r.Neighbors(context.Background(), tt.id, tt.q)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	_, err := r.Neighbors(context.Background(), "method:none", NeighborQuery{})
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown node: %v", err)
	}
	if _, err := r.Neighbors(context.Background(), pl, NeighborQuery{Relations: []graph.Relation{"likes"}}); !errors.Is(err, graph.ErrRelation) {
		t.Errorf("unknown relation: %v", err)
	}
}

// The surest of a paper's edges come first.
func TestNeighborsOfPaperByConfidence(t *testing.T) {
	s := open(t)
	c := small(t)
	p := c.nodes[0].ID
	st := func(conf float64) []graph.Statement {
		return []graph.Statement{{Paper: p, Class: graph.Inferred, Rule: "x", Confidence: conf}}
	}
	c.papers = map[graph.ID][]graph.Edge{p: {
		{From: p, Relation: graph.Uses, To: "method:adapter", Statements: st(0.3)},
		{From: p, Relation: graph.Uses, To: "method:lora", Statements: append(st(0.2), st(0.8)...)},
		{From: p, Relation: graph.Uses, To: "method:sgd", Statements: st(0.5)},
	}}
	c.nodes = slices.DeleteFunc(c.nodes, func(n graph.Node) bool { return n.Result != nil })
	publish(t, s, c, nil)
	got, err := latest(t, s).Neighbors(context.Background(), p, NeighborQuery{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Neighbor{{ID: "method:lora", Relation: graph.Uses}, {ID: "method:sgd", Relation: graph.Uses}, {ID: "method:adapter", Relation: graph.Uses}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEdges(t *testing.T) {
	s := open(t)
	c := small(t)
	publish(t, s, c, nil)
	r := latest(t, s)
	keys := []EdgeKey{
		{"method:lora", graph.BasedOn, "method:sgd"},              // two papers
		{"method:sgd", graph.Broader, "concept:optimisation"},     // a paper and the lexicon
		{"method:lora", graph.Outperforms, "method:sgd"},          // no such edge
		{"method:none", graph.BasedOn, "method:sgd"},              // no such node
		{"method:lora", "likes", "method:sgd"},                    // no such relation
		{"result:lora-memory", graph.Reports, "metric:memory"},    // found through the result's paper
		{c.nodes[0].ID, graph.EvaluatesOn, "dataset:glue"},        // two statements of one paper
		{c.nodes[1].ID, graph.Cites, c.nodes[0].ID},               // from metadata
		{"concept:machine-learning", graph.Broader, "method:sgd"}, // the wrong way round
	}
	got, err := r.Edges(context.Background(), keys)
	if err != nil {
		t.Fatal(err)
	}
	want := make([]*graph.Edge, len(keys))
	for _, e := range expected(c).Edges {
		if i := slices.Index(keys, EdgeKey{e.From, e.Relation, e.To}); i >= 0 {
			want[i] = &e
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got[0] == nil || got[0].Support() != 2 || got[1] == nil || len(got[1].Statements) != 2 || got[6] == nil || len(got[6].Statements) != 2 {
		t.Errorf("got %+v", got)
	}
}

func TestSearch(t *testing.T) {
	s := open(t)
	c := small(t)
	publish(t, s, c, nil)
	r := latest(t, s)
	pl, pq := c.nodes[0].ID, c.nodes[1].ID
	for _, tt := range []struct {
		text  string
		kinds []graph.Kind
		limit int
		want  []graph.ID // the first of the hits
		count int        // of all
	}{
		{"LoRA", nil, 10, []graph.ID{"method:lora"}, 3},
		{"lora", []graph.Kind{graph.KindPaper}, 10, []graph.ID{pl, pq}, 2},
		{"lora", nil, 1, []graph.ID{"method:lora"}, 1},
		{"QUANTIZED models!", nil, 10, []graph.ID{pq}, 2}, // stems
		{"adaptati", nil, 10, []graph.ID{"method:adapter", "method:lora"}, 3},
		{"optim", nil, 10, []graph.ID{"concept:optimisation"}, 1},
		{"optim ", nil, 10, nil, 0}, // the word is finished
		{"stochastic gradient", nil, 10, []graph.ID{"method:sgd"}, 1},
		{"edward hu", nil, 10, []graph.ID{"author:edward-hu"}, 1},
		{"machine learning", nil, 10, []graph.ID{"concept:machine-learning"}, 1},
		{"less memory", nil, 10, []graph.ID{"metric:memory"}, 2}, // not the result
		{"the of", nil, 10, []graph.ID{pl}, 1},                   // "of" stands in its title
		{"nothing like it", nil, 10, nil, 0},
		{"", nil, 10, nil, 0},
		{"?!", nil, 10, nil, 0},
		{"lora", nil, 0, nil, 0},
		{"lora", nil, 1 << 62, []graph.ID{"method:lora"}, 3},
	} {
		hits, err := r.Search(context.Background(), tt.text, tt.kinds, tt.limit)
		if err != nil {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		var ids []graph.ID
		for i, h := range hits {
			ids = append(ids, h.ID)
			if h.Score <= 0 || i > 0 && h.Score > hits[i-1].Score {
				t.Errorf("%q: scores %v", tt.text, hits)
			}
		}
		if len(ids) != tt.count || !slices.Equal(ids[:min(len(tt.want), len(ids))], tt.want) {
			t.Errorf("%q %v: %v, want %d that begin with %v", tt.text, tt.kinds, ids, tt.count, tt.want)
		}
	}
	if _, err := r.Search(context.Background(), "x", []graph.Kind{"animal"}, 1); !errors.Is(err, graph.ErrKind) {
		t.Errorf("unknown kind: %v", err)
	}
}

func TestView(t *testing.T) {
	s := open(t)
	c := small(t)
	info := publish(t, s, c, nil)
	r := latest(t, s)
	pl, pq := c.nodes[0].ID, c.nodes[1].ID
	type shown struct {
		Nodes   []graph.ID
		Edges   int
		Omitted []graph.Omission
	}
	for _, tt := range []struct {
		name string
		o    ViewOptions
		want shown
	}{
		{"focus alone", ViewOptions{Focus: []graph.ID{"method:lora"}}, shown{[]graph.ID{"method:lora"}, 0, nil}},
		{"two focuses and the edge between", ViewOptions{Focus: []graph.ID{"method:sgd", "method:lora"}}, shown{[]graph.ID{"method:lora", "method:sgd"}, 1, nil}},
		{"neighbours, and the edges between them", ViewOptions{Focus: []graph.ID{"method:lora"}, Depth: 1},
			shown{[]graph.ID{pl, pq, "method:lora", "method:sgd", "result:lora-memory"}, 7, nil}},
		{"bounded, fair between relations", ViewOptions{Focus: []graph.ID{"method:lora"}, Depth: 1, MaxNodes: 3},
			shown{[]graph.ID{pl, pq, "method:lora"}, 3, []graph.Omission{
				{Node: "method:lora", Relation: graph.Reports, Inverse: true, Kind: graph.KindResult, Count: 1},
				{Node: "method:lora", Relation: graph.BasedOn, Kind: graph.KindMethod, Count: 1}}}},
		{"of one kind", ViewOptions{Focus: []graph.ID{"dataset:glue"}, Depth: 1, Kinds: []graph.Kind{graph.KindPaper}, MaxNodes: 2},
			shown{[]graph.ID{pq, "dataset:glue"}, 1, []graph.Omission{{Node: "dataset:glue", Relation: graph.EvaluatesOn, Inverse: true, Kind: graph.KindPaper, Count: 1}}}},
		{"of one relation", ViewOptions{Focus: []graph.ID{"dataset:glue"}, Depth: 3, Relations: []graph.Relation{graph.EvaluatesOn}},
			shown{[]graph.ID{pl, pq, "dataset:glue"}, 2, nil}},
		{"only what is sure", ViewOptions{Focus: []graph.ID{"concept:optimisation"}, Depth: 2, MinConfidence: 0.95},
			shown{[]graph.ID{"method:sgd", "concept:machine-learning", "concept:optimisation"}, 2, nil}},
		{"nothing is sure", ViewOptions{Focus: []graph.ID{"method:lora"}, Depth: 1, MinConfidence: 0.95},
			shown{[]graph.ID{"method:lora"}, 0, nil}},
		{"bounded, only what is sure", ViewOptions{Focus: []graph.ID{"method:lora"}, Depth: 1, MinConfidence: 0.8, MaxNodes: 4},
			shown{[]graph.ID{pl, pq, "method:lora", "result:lora-memory"}, 5, []graph.Omission{
				{Node: "method:lora", Relation: graph.BasedOn, Kind: graph.KindMethod, Count: 1}}}},
		{"everything", ViewOptions{}, shown{nil, info.Edges, nil}},
		{"all from a focus", ViewOptions{Focus: []graph.ID{pl}, Depth: 9}, shown{nil, info.Edges, nil}},
		{"overview", ViewOptions{MaxNodes: 4, Kinds: []graph.Kind{graph.KindPaper, graph.KindMethod, graph.KindDataset}},
			shown{[]graph.ID{pl, pq, "method:lora", "dataset:glue"}, 5, []graph.Omission{
				{Node: pl, Relation: graph.Uses, Kind: graph.KindMethod, Count: 1},
				{Node: pl, Relation: graph.ComparesWith, Kind: graph.KindMethod, Count: 1},
				{Node: pq, Relation: graph.Introduces, Kind: graph.KindMethod, Count: 1},
				{Node: "method:lora", Relation: graph.BasedOn, Kind: graph.KindMethod, Count: 1}}}},
	} {
		tt.o.Title = tt.name
		v, err := r.View(context.Background(), tt.o)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got := shown{nil, len(v.Edges), v.Omitted}
		in := make(map[graph.ID]bool)
		for _, n := range v.Nodes {
			got.Nodes = append(got.Nodes, n.ID)
			in[n.ID] = true
		}
		for _, e := range v.Edges {
			if !in[e.From] || !in[e.To] || e.Check() != nil {
				t.Errorf("%s: edge %+v", tt.name, e)
			}
		}
		if tt.want.Nodes == nil {
			for _, n := range expected(c).Nodes {
				tt.want.Nodes = append(tt.want.Nodes, n.ID)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
		if v.Title != tt.name || v.Snapshot != info.ID || !slices.Equal(v.Focus, tt.o.Focus) {
			t.Errorf("%s: head is %q %q %q", tt.name, v.Title, v.Snapshot, v.Focus)
		}
	}
	if _, err := r.View(context.Background(), ViewOptions{Focus: []graph.ID{"method:none"}}); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown focus: %v", err)
	}
}

// Edges are filtered by what their statements come to.
func TestAdjacentBySummary(t *testing.T) {
	s := open(t)
	publish(t, s, small(t), nil)
	r := latest(t, s)
	for e, err := range r.AllEdges(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		checkSummary(t, r, e)
	}
}

// checkSummary finds an edge by its confidence, support and classes, and by no
// others.
func checkSummary(t *testing.T, r *Snapshot, e *graph.Edge) {
	t.Helper()
	confidence, support := e.Confidence(), float64(e.Support())
	var classes, others HasClass
	for class := range classCodes {
		if slices.ContainsFunc(e.Statements, func(s graph.Statement) bool { return s.Class == class }) {
			classes = append(classes, class)
		} else {
			others = append(others, class)
		}
	}
	is := EdgeAllOf{OfRelation{e.Relation}, IsInverse(false), LeadsTo{HasID{e.To}}}
	for _, tt := range []struct {
		where EdgeCondition
		want  int
	}{
		{HasConfidence{Eq: &confidence}, 1}, {HasConfidence{Gt: &confidence}, 0}, {HasConfidence{Lt: &confidence}, 0},
		{HasSupport{Eq: &support}, 1}, {EdgeNot{HasSupport{Eq: &support}}, 0}, {classes, 1}, {others, 0},
	} {
		lists, err := r.Adjacent(context.Background(), []graph.ID{e.From}, AdjacentQuery{Where: EdgeAllOf{is, tt.where}})
		if err != nil {
			t.Fatal(err)
		}
		if n := lists[0].Len(); n != tt.want {
			t.Errorf("%s %s %s: %d edges by %#v, want %d", e.From, e.Relation, e.To, n, tt.where, tt.want)
		}
	}
}

// What a prefix of very many names is completed with comes from ids.
func TestSuggestManyNames(t *testing.T) {
	s := open(t)
	c := small(t)
	publish(t, s, c, nil)
	r := latest(t, s)
	for _, tt := range []struct {
		prefix  string
		kinds   []graph.Kind
		maxRead int
		want    []graph.ID
	}{
		{"lo", []graph.Kind{graph.KindMethod}, 100, []graph.ID{"method:lora"}},
		{"l", []graph.Kind{graph.KindMethod}, 1, []graph.ID{"method:lora"}},
		{"s", nil, 1, []graph.ID{"method:sgd"}}, // "stochastic gradient descent" too
		{"sgd", nil, 0, []graph.ID{"method:sgd"}},
		{"stoch", nil, 0, nil}, // an alias
		{"stoch", nil, 1, []graph.ID{"method:sgd"}},
		{"stochatsic", nil, 1, []graph.ID{"method:sgd"}},
		{"adaptors", nil, 1, []graph.ID{"method:adapter"}},
		{"the lo", nil, 100, []graph.ID{"method:lora", c.nodes[0].ID}},
		{"LoRA: Low-Rank Adaptation of Large Langu", nil, 100, []graph.ID{c.nodes[0].ID}},
		{"3× less", nil, 100, nil}, // results are not looked for by name
		{"?!", nil, 100, nil},
		{"", nil, 100, nil},
	} {
		got, err := r.suggest(context.Background(), tt.prefix, tt.kinds, 5, tt.maxRead)
		if err != nil {
			t.Errorf("%q: %v", tt.prefix, err)
		}
		var ids []graph.ID
		for _, s := range got {
			ids = append(ids, s.ID)
			if n, err := r.Node(s.ID); err != nil || n.Name != s.Name || s.Papers != r.Degree(s.ID) {
				t.Errorf("%q: %+v of node %+v, %v", tt.prefix, s, n, err)
			}
		}
		if d := cmp.Diff(tt.want, ids); d != "" {
			t.Errorf("%q, at most %d (-want +got):\n%s", tt.prefix, tt.maxRead, d)
		}
	}
	if _, err := r.Suggest(context.Background(), "x", []graph.Kind{"animal"}, 1); !errors.Is(err, graph.ErrKind) {
		t.Errorf("unknown kind: %v", err)
	}
}

// What a search passes over is not among the best of all nodes that have a word
// of the text, of whatever kinds and however many are wanted.
func TestSearchFindsBestOfAll(t *testing.T) {
	s := open(t)
	publish(t, s, synthetic(1000), nil)
	r := latest(t, s)
	q, done, err := r.read()
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	// looked says whether the best were looked for, and not all nodes scored.
	looked := func(text string, mask kindMask, limit int) bool {
		tally := r.columns.tally()
		defer r.columns.putBack(tally)
		m, err := q.match(t.Context(), tally, text)
		if err != nil {
			t.Fatal(err)
		}
		m.score(tally, mask)
		var all []scoredNode
		for _, uid := range tally.touched {
			all = append(all, scoredNode{uid, tally.scores[uid]})
		}
		slices.SortFunc(all, r.columns.compareScores)
		got, ok := m.best(r.columns, mask, limit)
		if want := all[:min(limit, len(all))]; ok && !slices.Equal(got, want) {
			t.Fatalf("%d of kinds %b for %q: %v, want %v", limit, mask, text, got, want)
		}
		return ok
	}
	rng := rand.New(rand.NewPCG(3, 4))
	const texts = 300
	n := 0
	for range texts {
		var words []string
		for range 1 + rng.IntN(5) {
			word := syntheticWord(int(800 * rng.Float64() * rng.Float64()))
			words = append(words, word[:len(word)-rng.IntN(2)])
		}
		text := strings.Join(words, " ") + strings.Repeat(" ", rng.IntN(2))
		mask := []kindMask{0, 1 << kindCodes[graph.KindPaper], 1<<kindCodes[graph.KindPaper] | 1<<kindCodes[graph.KindMethod]}[rng.IntN(3)]
		if looked(text, mask, 1+rng.IntN(30)) {
			n++
		}
	}
	if n < texts/2 {
		t.Errorf("the best were looked for in %d of %d searches", n, texts)
	}
	var frequent []string
	for i := range maxQueryWords {
		frequent = append(frequent, syntheticWord(i))
	}
	for _, mask := range []kindMask{0, 1 << kindCodes[graph.KindMethod]} {
		if looked(strings.Join(frequent, " "), mask, 100) {
			t.Errorf("the best of many frequent words were looked for in kinds %b", mask)
		}
	}
	if !looked("qqqqqqqqqqqq "+frequent[0]+" ", 0, 5) {
		t.Error("all nodes were scored for a word that there is none like")
	}
}

func TestSearchMisspelt(t *testing.T) {
	s := open(t)
	c := small(t)
	publish(t, s, c, nil)
	r := latest(t, s)
	for _, tt := range []struct {
		text string
		want []graph.ID // the first of the hits
	}{
		{"stochatsic gradient ", []graph.ID{"method:sgd"}},
		{"opt ", nil},
		{"optimisatoin", []graph.ID{"concept:optimisation"}}, // the whole name, for its stem is far
		{"lroa", []graph.ID{"method:lora"}},
		{"qlota ", []graph.ID{"method:qlora"}},
		{"glu ", nil}, // three letters are near too much
		{"edwadr", []graph.ID{"author:edward-hu"}},
		{"machin learnign ", []graph.ID{"concept:machine-learning"}},
	} {
		hits, err := r.Search(context.Background(), tt.text, nil, 5)
		if err != nil {
			t.Fatal(err)
		}
		var ids []graph.ID
		for _, h := range hits[:min(len(hits), len(tt.want))] {
			ids = append(ids, h.ID)
		}
		if !slices.Equal(ids, tt.want) || len(tt.want) == 0 && len(hits) > 0 {
			t.Errorf("%q: %v, want first %v", tt.text, hits, tt.want)
		}
	}
}

func TestRelatedIsBounded(t *testing.T) {
	s := open(t)
	c := synthetic(60)
	publish(t, s, c, nil)
	r := latest(t, s)
	id := c.nodes[0].ID
	all, err := r.related(context.Background(), id, RelatedQuery{}, 100, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	last := -1
	for _, budget := range []int{0, 10, 100, 1 << 20} {
		got, err := r.related(context.Background(), id, RelatedQuery{}, 100, budget)
		if err != nil {
			t.Fatal(err)
		}
		shared := 0
		for _, g := range got {
			shared += g.Count
			i := slices.IndexFunc(all, func(a Related) bool { return a.ID == g.ID })
			if i < 0 || g.Count > all[i].Count {
				t.Errorf("budget %d: %+v, not in %+v", budget, g, all)
			}
		}
		if shared < last {
			t.Errorf("budget %d: %d shared, %d with less", budget, shared, last)
		}
		last = shared
	}
	if _, err := r.Related(context.Background(), "method:none", RelatedQuery{}, 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown node: %v", err)
	}
	if _, err := r.Related(context.Background(), id, RelatedQuery{Kind: "animal"}, 1); !errors.Is(err, graph.ErrKind) {
		t.Errorf("unknown kind: %v", err)
	}
	if got, err := r.Related(context.Background(), id, RelatedQuery{}, 0); got != nil || err != nil {
		t.Errorf("none wanted: %v, %v", got, err)
	}
	if _, err := r.Intersect(context.Background(), []graph.ID{id, "method:none"}, NeighborQuery{}); !errors.Is(err, ErrNotFound) {
		t.Errorf("unknown node: %v", err)
	}
}

// What is damaged in a table is an error of the reads that meet it, and of
// those alone.
func TestReadsOfDamagedTables(t *testing.T) {
	ctx := context.Background()
	paper := small(t).nodes[0].ID
	uid := func(r *Snapshot, id graph.ID) uint32 {
		u, ok := r.columns.uid(id)
		if !ok {
			t.Fatalf("no %s", id)
		}
		return u
	}
	reads := map[string]func(r *Snapshot) error{
		"neighbours": func(r *Snapshot) error { _, err := r.Neighbors(ctx, "dataset:glue", NeighborQuery{}); return err },
		"names":      func(r *Snapshot) error { _, err := r.Labels(ctx, []graph.ID{"dataset:glue", paper}); return err },
		"intersection": func(r *Snapshot) error {
			_, err := r.Intersect(ctx, []graph.ID{"dataset:glue", "method:lora"}, NeighborQuery{})
			return err
		},
		"related": func(r *Snapshot) error { _, err := r.Related(ctx, paper, RelatedQuery{}, 5); return err },
		"search":  func(r *Snapshot) error { _, err := r.Search(ctx, "glue", nil, 5); return err },
		"suggest": func(r *Snapshot) error { _, err := r.Suggest(ctx, "gl", nil, 5); return err },
		"node":    func(r *Snapshot) error { _, err := r.Node("dataset:glue"); return err },
	}
	glue := func(high uint16) func(r *Snapshot) []byte {
		return func(r *Snapshot) []byte {
			return adjacentKey(uid(r, "dataset:glue"), directionIn, relationCodes[graph.EvaluatesOn], high)
		}
	}
	for _, tt := range []struct {
		name  string
		key   func(r *Snapshot) []byte
		value []byte // nil deletes
		fail  []string
	}{
		{"container", glue(0), []byte{containerArray, 1}, []string{"intersection", "neighbours", "related"}},
		{"form of a container", glue(0), []byte{9, 0, 1}, []string{"intersection", "neighbours", "related"}},
		{"uid of nobody", glue(7), encodeContainer([]uint16{1}), []string{"neighbours", "related"}},
		{"label", func(r *Snapshot) []byte { return uidKey(tagLabel, uid(r, "dataset:glue")) }, []byte{1, 200}, []string{"names", "suggest"}},
		{"label of another", func(r *Snapshot) []byte { return uidKey(tagLabel, uid(r, "dataset:glue")) },
			encodeLabel(&graph.Node{ID: "method:glue", Name: "GLUE"}), []string{"names", "suggest"}},
		{"missing label", func(r *Snapshot) []byte { return uidKey(tagLabel, uid(r, "dataset:glue")) }, nil, []string{"names", "suggest"}},
		{"postings", func(*Snapshot) []byte { return termKey("glue", 0) }, []byte{0x80}, []string{"search"}},
		{"name of nobody", func(*Snapshot) []byte { return nameKey(tagName, "glue", 1<<20) }, []byte{}, []string{"suggest"}},
		{"missing record", func(*Snapshot) []byte { return idKey(tagNode, "dataset:glue") }, nil, []string{"node"}},
	} {
		s := open(t)
		info := publish(t, s, small(t), nil)
		r := latest(t, s)
		damage(t, s, info.Version, tt.key(r), tt.value)
		for name, read := range reads {
			err := read(r)
			if want := slices.Contains(tt.fail, name); want != errors.Is(err, ErrDamaged) || !want && err != nil {
				t.Errorf("%s: %s: %v, want an error: %v", tt.name, name, err, want)
			}
		}
	}
}
