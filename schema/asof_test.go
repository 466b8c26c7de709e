package schema

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"papergraph/graph"
	"papergraph/store"
)

// twoSnapshots is a store that held the small graph without QLoRA's paper, then
// all of it; infos has the older first.
func twoSnapshots(t *testing.T) (*store.Store, [2]store.Info) {
	t.Helper()
	st := openStore(t)
	all := small(t)
	before := &corpus{papers: map[graph.ID][]graph.Edge{}, curated: all.curated}
	for _, n := range all.nodes {
		switch {
		case n.Paper != nil && n.Paper.Year == 2023, n.ID == "method:qlora", n.ID == "task:finetuning", n.ID == "metric:accuracy":
			continue
		}
		before.nodes = append(before.nodes, n)
		if n.Paper != nil {
			before.papers[n.ID] = all.papers[n.ID]
		}
	}
	return st, [2]store.Info{publish(t, st, before), publish(t, st, all)}
}

// Every field of the root can be asked as of a snapshot, and so can what lies
// below it.
func TestAsOf(t *testing.T) {
	st, infos := twoSnapshots(t)
	s, err := New(FromStore(st), Options{})
	if err != nil {
		t.Fatal(err)
	}
	was := infos[0].ID
	for _, tt := range []struct{ field, before, now string }{
		{`node(id: "method:qlora" %s) { id }`, `null`, `{"id":"method:qlora"}`},
		{`nodes(ids: ["method:qlora", "method:lora"] %s) { id }`, `[null,{"id":"method:lora"}]`, `[{"id":"method:qlora"},{"id":"method:lora"}]`},
		{`method(id: "LoRA" %s) { paperCount usedBy { totalCount nodes { year uses { nodes { name } } } } }`,
			`{"paperCount":1,"usedBy":{"totalCount":0,"nodes":[]}}`,
			`{"paperCount":2,"usedBy":{"totalCount":1,"nodes":[{"year":2023,"uses":{"nodes":[{"name":"LoRA"}]}}]}}`},
		{`papers(first: 1 %s) { totalCount nodes { year } }`, `{"totalCount":2,"nodes":[{"year":2021}]}`, `{"totalCount":3,"nodes":[{"year":2023}]}`},
		{`papers(matching: "model" yearFrom: 1900 %s) { totalCount }`, `{"totalCount":1}`, `{"totalCount":2}`},
		{`methods(last: 2 %s) { totalCount nodes { name } }`, `{"totalCount":3,"nodes":[{"name":"LoRA"},{"name":"SGD"}]}`, `{"totalCount":4,"nodes":[{"name":"QLoRA"},{"name":"SGD"}]}`},
		{`search(text: "quantizes" %s) { hits { node { id } } }`, `{"hits":[]}`, `{"hits":[{"node":{"id":"paper:qlora-efficient-finetuning"}}]}`},
		{`resolve(name: "qlora" %s) { entity { id } }`, `{"entity":null}`, `{"entity":{"id":"method:qlora"}}`},
		{`subgraph(ids: ["GLUE"] %s) { snapshot edges { from { id } } }`,
			fmt.Sprintf(`{"snapshot":%q,"edges":[{"from":{"id":"paper:lora-low-rank-adaptation-of-large-language-models"}}]}`, was),
			fmt.Sprintf(`{"snapshot":%q,"edges":[{"from":{"id":"paper:lora-low-rank-adaptation-of-large-language-models"}},{"from":{"id":"paper:qlora-efficient-finetuning"}},{"from":{"id":"paper:qlora-efficient-finetuning"}}]}`, infos[1].ID)},
		{`stats(asOfHere: 1 %s) { papers snapshot { version } }`, fmt.Sprintf(`{"papers":2,"snapshot":{"version":%d}}`, infos[0].Version), fmt.Sprintf(`{"papers":3,"snapshot":{"version":%d}}`, infos[1].Version)},
		{`snapshots(first: 5 %s) { papers }`, `[{"papers":2}]`, `[{"papers":3},{"papers":2}]`},
	} {
		// stats has no other argument.
		field := strings.Replace(tt.field, "asOfHere: 1 ", "", 1)
		name, _, _ := strings.Cut(field, "(")
		t.Run(name, func(t *testing.T) {
			query := fmt.Sprintf("{before: %s now: %s}", fmt.Sprintf(field, fmt.Sprintf("asOf: %q", was[:8])), fmt.Sprintf(field, `asOf: ""`))
			r := s.Exec(context.Background(), Request{Query: query})
			if want := fmt.Sprintf(`{"before":%s,"now":%s}`, tt.before, tt.now); r.Err() != nil || string(r.Data) != want {
				t.Errorf("%v\n%s\nwant\n%s", r.Err(), r.Data, want)
			}
		})
	}
}

// No field of the root is without the argument.
func TestAsOfIsEverywhere(t *testing.T) {
	s := schemaOf(t, small(t), Options{})
	data := ask(t, s, `{__type(name: "Query"){fields{name args{name}}}}`, nil)
	for _, f := range at(t, data, "__type.fields").([]any) {
		args := at(t, f, "args").([]any)
		if !slices.ContainsFunc(args, func(a any) bool { return at(t, a, "name") == "asOf" }) {
			t.Errorf("%v has no argument asOf", at(t, f, "name"))
		}
	}
}

// One budget counts for all snapshots of a request, their number is bounded,
// and they are closed when it ends.
func TestAsOfLimits(t *testing.T) {
	st, infos := twoSnapshots(t)
	counting := &countingSource{Source: FromStore(st)}
	s, err := New(counting, Options{Limits: Limits{Nodes: 5 + searchCost}})
	if err != nil {
		t.Fatal(err)
	}
	was := infos[0].ID
	for _, tt := range []struct {
		name, query string
		code        Code
		contains    string
	}{
		{"no such snapshot", `{stats(asOf: "ffffffff"){papers}}`, CodeNotFound, "ffffffff"},
		{"not an id", `{papers(asOf: "??"){totalCount}}`, CodeNotFound, "??"},
		{"one budget", fmt.Sprintf(`{papers{nodes{id}} a: papers(asOf: %q){nodes{id}}}`, was), CodeBudget, "at most 105 are allowed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := s.Exec(context.Background(), Request{Query: tt.query})
			if len(r.Errors) != 1 || r.Errors[0].Extensions.Code != tt.code || !strings.Contains(r.Errors[0].Message, tt.contains) {
				t.Errorf("%v, want %s with %q", r.Err(), tt.code, tt.contains)
			}
		})
	}
	if s, err = New(counting, Options{}); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for i := range 8 {
		fmt.Fprintf(&b, "a%d: stats(asOf: %q){papers} b%[1]d: stats(asOf: %[2]q){nodes} ", i, was[:8+i])
	}
	r := s.Exec(context.Background(), Request{Query: "{" + b.String() + "}"})
	var data map[string]any
	if err := json.Unmarshal(r.Data, &data); err != nil {
		t.Fatal(err)
	}
	answered := 0
	for _, v := range data {
		if v != nil {
			answered++
		}
	}
	if answered != 2*maxSnapshots || len(r.Errors) != 16-2*maxSnapshots || r.Errors[0].Extensions.Code != CodeBudget {
		t.Errorf("%d fields were answered, errors %v", answered, r.Err())
	}
	if counting.open != 0 {
		t.Errorf("%d snapshots are open after all requests have ended", counting.open)
	}
}

// countingSource counts the snapshots that are open.
type countingSource struct {
	Source
	open int
}

func (c *countingSource) Open(asOf string) (*store.Snapshot, func(), error) {
	snap, release, err := c.Source.Open(asOf)
	if err == nil {
		c.open++
	}
	return snap, func() { c.open--; release() }, err
}
