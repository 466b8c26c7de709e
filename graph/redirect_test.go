package graph

import "testing"

func TestMayHaveBeen(t *testing.T) {
	mos := Node{ID: "method:mos", Name: "MoS", Aliases: []string{"mixture of shards"}}
	gpt := Node{ID: "method:gpt-3-5", Name: "GPT-3.5", Aliases: []string{"GPT-3.5 (turbo)"}}
	energy := Node{ID: "metric:energy", Name: "energy", Decisions: []Decision{{Name: "energy", Kind: KindMethod, Reason: ReasonRegistry, Papers: 1}}}
	for _, tt := range []struct {
		node Node
		id   ID
		want bool
	}{
		{mos, "method:mos", false}, // it is
		{mos, "method:mixture-of-shards", true},
		{mos, "dataset:mos", true}, // settled as a method
		{mos, "dataset:mixture-of-shards", true},
		{mos, "task:mos", false},
		{mos, "method:mos-mixture-of-shards", true},
		{mos, "method:mos-mixtureofshard", true},
		{mos, "method:mos-mixture-of-softmaxes", false},
		{mos, "method:mixture", false},
		{mos, "author:mos", false},
		{mos, "mos", false},
		{gpt, "method:gpt-3-5-turbo", true},
		{gpt, "method:gpt-35", false},
		{energy, "method:energy", true},
		{energy, "concept:energy", false},
		{Node{ID: "author:a", Name: "a", Aliases: []string{"b"}}, "author:b", false},
	} {
		if got := tt.node.MayHaveBeen(tt.id); got != tt.want {
			t.Errorf("%s may have been %s: %t, want %t", tt.node.ID, tt.id, got, tt.want)
		}
	}
}
