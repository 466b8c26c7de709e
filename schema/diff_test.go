package schema

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	st, infos := twoSnapshots(t)
	s, err := New(FromStore(st), Options{})
	if err != nil {
		t.Fatal(err)
	}
	was, is := infos[0].ID, infos[1].ID
	for _, tt := range []struct{ name, field, want string }{
		{"counts", fmt.Sprintf(`diff(from: %q, first: 0) { from { id papers } to { id papers }
			nodes { counts { added removed changed } byKind { kind added } added { id } }
			edges { counts { added removed changed } byRelation { relation added changed } } }`, was),
			fmt.Sprintf(`{"from":{"id":%q,"papers":2},"to":{"id":%q,"papers":3},`, was, is) +
				`"nodes":{"counts":{"added":4,"removed":0,"changed":0},"byKind":[{"kind":"paper","added":1},{"kind":"method","added":1},{"kind":"task","added":1},{"kind":"metric","added":1}],"added":[]},` +
				`"edges":{"counts":{"added":6,"removed":0,"changed":2},"byRelation":[{"relation":"introduces","added":1,"changed":0},{"relation":"uses","added":1,"changed":0},` +
				`{"relation":"evaluatesOn","added":1,"changed":0},{"relation":"addresses","added":1,"changed":0},{"relation":"measures","added":1,"changed":0},` +
				`{"relation":"basedOn","added":0,"changed":1},{"relation":"broader","added":0,"changed":1},{"relation":"cites","added":1,"changed":0}]}}`},
		{"what came", fmt.Sprintf(`diff(from: %q, first: 2) { nodes { added { id ... on Paper { year uses { nodes { name } } } } }
			edges { added { from { name } relation to { id } evidence { quote } } changed { from { id } to { name } relation added { confidence paper { year } evidence { quote } } removed { rule } } } }`, was[:8]),
			`{"nodes":{"added":[{"id":"paper:qlora-efficient-finetuning","year":2023,"uses":{"nodes":[{"name":"LoRA"}]}},{"id":"method:qlora"}]},` +
				`"edges":{"added":[{"from":{"name":"QLoRA: Efficient Finetuning"},"relation":"introduces","to":{"id":"method:qlora"},"evidence":[{"quote":"QLoRA quantizes"}]},` +
				`{"from":{"name":"QLoRA: Efficient Finetuning"},"relation":"uses","to":{"id":"method:lora"},"evidence":[{"quote":"trains LoRA on it"}]}],` +
				`"changed":[{"from":{"id":"method:lora"},"to":{"name":"SGD"},"relation":"basedOn","added":[{"confidence":0.8,"paper":{"year":2023},"evidence":[{"quote":"LoRA builds on SGD"}]}],"removed":[]},` +
				`{"from":{"id":"method:sgd"},"to":{"name":"optimisation"},"relation":"broader","added":[{"confidence":0.5,"paper":{"year":2023},"evidence":[]}],"removed":[]}]}}`},
		// What is gone is as it was, what is below it too.
		{"what went", fmt.Sprintf(`diff(from: %q, asOf: %q, first: 1) { nodes { counts { removed } removed { name ... on Paper { uses { nodes { name usedBy { totalCount } } } } } }
			edges { removed { from { id } to { id } } changed { removed { paper { title } evidence { paper { year } } } } } }`, is, was),
			`{"nodes":{"counts":{"removed":4},"removed":[{"name":"QLoRA: Efficient Finetuning","uses":{"nodes":[{"name":"LoRA","usedBy":{"totalCount":1}}]}}]},` +
				`"edges":{"removed":[{"from":{"id":"paper:qlora-efficient-finetuning"},"to":{"id":"method:qlora"}}],"changed":[{"removed":[{"paper":{"title":"QLoRA: Efficient Finetuning"},"evidence":[{"paper":{"year":2023}}]}]}]}}`},
		{"since the one before", `diff(from: "") { from { papers } to { papers } }`, `{"from":{"papers":2},"to":{"papers":3}}`},
		{"before the first", fmt.Sprintf(`diff(asOf: %q) { from { papers } }`, was), `null`},
		{"nothing", fmt.Sprintf(`diff(from: %q) { nodes { counts { added } changed { node { id } } } edges { counts { changed } added { support } } }`, is),
			`{"nodes":{"counts":{"added":0},"changed":[]},"edges":{"counts":{"changed":0},"added":[]}}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := s.Exec(context.Background(), Request{Query: "{" + tt.field + "}"})
			if want := `{"diff":` + tt.want + `}`; r.Err() != nil || string(r.Data) != want {
				t.Errorf("%v\n%s\nwant\n%s", r.Err(), r.Data, want)
			}
		})
	}
	for _, tt := range []struct {
		query string
		code  Code
		in    string
	}{
		{`{diff(from: "ffffffff"){from{id}}}`, CodeNotFound, "ffffffff"},
		{fmt.Sprintf(`{diff(from: %q, first: 201){from{id}}}`, was), CodeInput, "200"},
	} {
		r := s.Exec(context.Background(), Request{Query: tt.query})
		if len(r.Errors) != 1 || r.Errors[0].Extensions.Code != tt.code || !strings.Contains(r.Errors[0].Message, tt.in) {
			t.Errorf("%s: %v", tt.query, r.Err())
		}
	}
}

// A node that is otherwise says in what.
func TestDiffOfFields(t *testing.T) {
	st := openStore(t)
	c := small(t)
	was := publish(t, st, c)
	for i := range c.nodes {
		if n := &c.nodes[i]; n.ID == "method:sgd" {
			n.Aliases = append([]string{"Robbins–Monro"}, n.Aliases...)
		}
	}
	publish(t, st, c)
	s, err := New(FromStore(st), Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := s.Exec(context.Background(), Request{Query: fmt.Sprintf(`{diff(from: %q){nodes{changed{node{id aliases} fields{field removed added}}}}}`, was.ID)})
	want := `{"diff":{"nodes":{"changed":[{"node":{"id":"method:sgd","aliases":["Robbins–Monro","Stochastic Gradient Descent"]},"fields":[{"field":"aliases","removed":[],"added":["Robbins–Monro"]}]}]}}}`
	if r.Err() != nil || string(r.Data) != want {
		t.Errorf("%v\n%s\nwant\n%s", r.Err(), r.Data, want)
	}
}
