package resolve

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"papergraph/graph"
	"papergraph/graph/registry"
)

// registryOf reads a registry from its text.
func registryOf(t testing.TB, text string) *registry.Registry {
	t.Helper()
	r, err := registry.Parse("r.toml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// targetsOfAll are the ends of a paper's own edges, whatever their relation,
// but for those to other papers.
func (o outcome) targetsOfAll(paper int) []graph.ID {
	var out []graph.ID
	for _, e := range o.Edges[paper] {
		if e.From == o.Papers[paper][0].ID {
			out = append(out, e.To)
		}
	}
	return out
}

func TestRegistry(t *testing.T) {
	mos := func() []*paper {
		return []*paper{
			newPaper("a").explain("MoS", "mixture of softmaxes").uses("MoS", "mixture of softmaxes"),
			newPaper("b").explain("MoS", "mixture of shards").uses("MoS", "mixture of shards"),
			newPaper("c").uses("MoS"),
		}
	}
	for _, tt := range []struct {
		name, registry string
		papers         []*paper
		want           [][]graph.ID
	}{
		{"same", "[[same]]\nkind = \"method\"\nnames = [\"Foo\", \"Barnet\"]",
			[]*paper{newPaper("a").uses("Foo"), newPaper("b").uses("BARNET"), newPaper("c").uses("Foo-Bar")},
			[][]graph.ID{{"method:foo"}, {"method:foo"}, {"method:foo-bar"}}},
		{"same, the lexicon's before others", "[[same]]\nkind = \"method\"\nnames = [\"Foo\", \"LoRA\"]",
			[]*paper{newPaper("a").uses("Foo"), newPaper("b").uses("low-rank adaptation")}, [][]graph.ID{{"method:lora"}, {"method:lora"}}},
		{"same, with a name", "[[same]]\nkind = \"method\"\nnames = [\"Foo\", \"LoRA\"]\nname = \"Low Rank\"",
			[]*paper{newPaper("a").uses("Foo"), newPaper("b").uses("LoRA")}, [][]graph.ID{{"method:low-rank"}, {"method:low-rank"}}},
		{"same, transitive", "[[same]]\nkind = \"method\"\nnames = [\"B\", \"C\"]\n[[same]]\nkind = \"method\"\nnames = [\"A\", \"C\"]",
			[]*paper{newPaper("a").uses("A"), newPaper("b").uses("B"), newPaper("c").uses("C")}, [][]graph.ID{{"method:a"}, {"method:a"}, {"method:a"}}},
		{"same, of an acronym with one of its meanings", "[[same]]\nkind = \"method\"\nnames = [\"mixture of shards\", \"MoS\"]", mos(),
			[][]graph.ID{{"method:mos-mixture-of-softmaxes"}, {"method:mos"}, {"method:mos"}}},
		{"same, by id", "[[same]]\nnames = [\"method:mos-mixture-of-softmaxes\", \"method:mos\"]", mos(),
			[][]graph.ID{{"method:mos"}, {"method:mos-mixture-of-shards"}, {"method:mos"}}},
		{"same, of two kinds", "[[same]]\nkind = \"dataset\"\nnames = [\"method:foo\", \"dataset:bar\"]",
			[]*paper{newPaper("a").uses("Foo"), newPaper("b").mention(graph.EvaluatesOn, graph.KindDataset, 0.9, "Bar")}, [][]graph.ID{{"dataset:bar"}, {"dataset:bar"}}},
		{"same, over a kind in dispute", "[[same]]\nkind = \"method\"\nnames = [\"Foo\", \"Bar\"]",
			[]*paper{newPaper("a").mention(graph.EvaluatesOn, graph.KindDataset, 0.9, "Foo"), newPaper("b").uses("Bar")}, [][]graph.ID{{"method:bar"}, {"method:bar"}}},
		{"different, against the lexicon", "[[different]]\nkind = \"method\"\nnames = [\"low-rank adaptation\", \"LoRA\"]",
			[]*paper{
				newPaper("a").uses("LoRA"), newPaper("b").uses("Low-rank adaptation"), newPaper("c").explain("LoRA", "low-rank adaptation").uses("LoRA", "low-rank adaptation"),
				newPaper("d").explain("LRAd", "low-rank adaptation").uses("LRAd"),
			}, [][]graph.ID{{"method:lora"}, {"method:lrad"}, {"method:lora"}, {"method:lrad"}}},
		{"different, against the papers' acronyms", "[[different]]\nkind = \"method\"\nnames = [\"FOO\", \"fast online optimizer\"]",
			[]*paper{newPaper("a").explain("FOO", "fast online optimizer").uses("FOO"), newPaper("b").uses("FOO"), newPaper("c").uses("fast online optimizers")},
			[][]graph.ID{{"method:foo"}, {"method:foo"}, {"method:fast-online-optimizers"}}},
		{"different, of a name that the paper explains otherwise", "[[different]]\nkind = \"method\"\nnames = [\"MoS\", \"Foo\"]", mos(),
			[][]graph.ID{{"method:mos-mixture-of-softmaxes"}, {"method:mos-mixture-of-shards"}, {"method:mos"}}},
		{"rename", "[[rename]]\nkind = \"method\"\nname = \"low-rank adaptation\"\nto = \"Low-Rank Adaptation\"",
			[]*paper{newPaper("a").uses("LoRA")}, [][]graph.ID{{"method:low-rank-adaptation"}}},
		{"kind", "[[kind]]\nkind = \"dataset\"\nnames = [\"Foo\"]",
			[]*paper{newPaper("a").uses("Foo"), newPaper("b").uses("Foo"), newPaper("c").mention(graph.Concerns, graph.KindConcept, 0.9, "foo"), newPaper("d").mention(graph.EvaluatesOn, graph.KindDataset, 0.1, "Foo")},
			[][]graph.ID{{"dataset:foo"}, {"dataset:foo"}, {"dataset:foo"}, {"dataset:foo"}}},
		{"kind of the lexicon's", "[[kind]]\nkind = \"metric\"\nnames = [\"ImageNet\"]", []*paper{newPaper("a").mention(graph.EvaluatesOn, graph.KindDataset, 0.9, "ILSVRC")}, [][]graph.ID{{"metric:imagenet"}}},
		{"kind of one id", "[[kind]]\nkind = \"metric\"\nnames = [\"method:energy\"]",
			[]*paper{newPaper("a").uses("energy"), newPaper("b").mention(graph.Concerns, graph.KindConcept, 0.9, "energy")}, [][]graph.ID{{"metric:energy"}, {"concept:energy"}}},
		{"drop", "[[drop]]\nkind = \"method\"\nnames = [\"Foo\", \"LoRA\"]\n[[drop]]\nkind = \"concept\"\nnames = [\"learning\"]",
			[]*paper{newPaper("a").uses("Foo").uses("Bar").claim("Foo", graph.BasedOn, "Bar"), newPaper("b").uses("LoRA").mention(graph.Concerns, graph.KindConcept, 0.9, "fine-tuning")},
			[][]graph.ID{{"method:bar"}, {"concept:fine-tuning"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := runWith(t, lexiconOf(t, field), registryOf(t, tt.registry), tt.papers, nil)
			o.check(t, tt.papers)
			got := make([][]graph.ID, len(tt.papers))
			for i := range tt.papers {
				got[i] = o.targetsOfAll(i)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("nodes (-want +got):\n%s", d)
			}
			if u := o.entities.Unused(); len(u) > 0 && tt.name != "different, of a name that the paper explains otherwise" {
				t.Errorf("unused: %q", u)
			}
		})
	}
}

// Ensure that each decision that was forced is on record.
func TestRegistryDecisions(t *testing.T) {
	reg := registryOf(t, `
[[same]]
kind = "method"
names = ["Foo", "Bar"]
reason = "told by their makers"
[[different]]
kind = "method"
names = ["LoRA", "low-rank adaptation"]
[[rename]]
kind = "task"
name = "zebra counting"
to = "counting of zebras"
[[kind]]
kind = "dataset"
names = ["Baz"]
`)
	papers := []*paper{
		newPaper("a").uses("Foo"), newPaper("b").uses("Foo"), newPaper("c").uses("Bar"), newPaper("d").uses("LoRA"), newPaper("e").uses("low-rank adaptation"),
		newPaper("f").mention(graph.Addresses, graph.KindTask, 0.9, "zebra counting"), newPaper("g").uses("Baz"),
	}
	o := runWith(t, lexiconOf(t, field), reg, papers, nil)
	o.check(t, papers)
	for id, want := range map[graph.ID][]graph.Decision{
		"method:foo":                 {{Name: "Bar", Kind: graph.KindMethod, Reason: graph.ReasonRegistry, Detail: "r.toml:2: told by their makers", Papers: 1}},
		"method:lora":                {{Name: "LoRA", Kind: graph.KindMethod, Reason: graph.ReasonRegistry, Detail: "r.toml:6: kept apart from low-rank adaptation", Papers: 1}},
		"method:low-rank-adaptation": {{Name: "low-rank adaptation", Kind: graph.KindMethod, Reason: graph.ReasonRegistry, Detail: "r.toml:6: kept apart from LoRA", Papers: 1}},
		"task:counting-of-zebras": {{Name: "zebra counting", Kind: graph.KindTask, Reason: graph.ReasonRegistry, Detail: "r.toml:9: shown as counting of zebras", Papers: 1},
			{Name: "zebra counting", Kind: graph.KindTask, Reason: graph.ReasonSameName, Papers: 1}},
		"dataset:baz": {{Name: "Baz", Kind: graph.KindMethod, Reason: graph.ReasonRegistry, Detail: "r.toml:13", Papers: 1}},
	} {
		if d := cmp.Diff(want, o.node(t, id).Decisions); d != "" {
			t.Errorf("decisions of %s (-want +got):\n%s", id, d)
		}
	}
	if a := o.node(t, "method:lora").Aliases; slices.Contains(a, "low-rank adaptation") {
		t.Errorf("LoRA is still known as %q", a)
	}
	if a := o.node(t, "task:counting-of-zebras").Aliases; !slices.Contains(a, "zebra counting") {
		t.Errorf("the old name is not among %q", a)
	}
}

func TestRegistryUnused(t *testing.T) {
	reg := registryOf(t, "[[same]]\nkind = \"method\"\nnames = [\"Foo\", \"Nowhere\"]\n[[drop]]\nkind = \"concept\"\nnames = [\"framework\"]\n[[kind]]\nkind = \"task\"\nnames = [\"nothing\"]\n")
	o := runWith(t, lexiconOf(t, field), reg, []*paper{newPaper("a").uses("Foo")}, nil)
	want := []string{"r.toml:7: [[kind]] nothing: no paper names it", "r.toml:1: [[same]] Nowhere: no paper names it", "r.toml:4: [[drop]] framework: no paper names it"}
	if d := cmp.Diff(want, o.entities.Unused()); d != "" {
		t.Errorf("unused (-want +got):\n%s", d)
	}
}

// Ensure that rules which only the lexicon or the papers bring together are
// refused, with both places.
func TestRegistryContradiction(t *testing.T) {
	reg := registryOf(t, "[[same]]\nkind = \"method\"\nnames = [\"Foo\", \"3DGS\"]\n[[different]]\nkind = \"method\"\nnames = [\"Gaussian splatting\", \"3D-GS\"]\n[[same]]\nkind = \"method\"\nnames = [\"Gaussian Splattings\", \"Foo\"]\n")
	r, err := New(lexiconOf(t, field), reg, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Observe("a", &newPaper("a").uses("Foo").f)
	_, err = r.Resolve(t.Context())
	if !errors.Is(err, registry.ErrContradiction) {
		t.Fatalf("error is %v", err)
	}
	t.Log(err)
}

// oddRegistry has every action, ids and names that meet the lexicon's, for the
// property tests.
const oddRegistry = `
[[same]]
kind = "method"
names = ["foo", "method:mos-mixture-of-softmaxes", "x raft"]
[[same]]
kind = "task"
names = ["task:fraud-detection", "concept:language"]
name = "odd one"
[[different]]
kind = "method"
names = ["RAFT", "method:raft-reward-ranked-fine-tuning", "ViT", "vision transformer", "MoS"]
[[rename]]
name = "dataset:imagenet"
to = "IN"
[[kind]]
kind = "metric"
names = ["3DGS", "DART"]
[[drop]]
kind = "concept"
names = ["anomaly detection", "contrastive learning"]
`

// Ensure that the order of papers never matters, whatever the registry says.
func TestAnyOrderAnyRegistry(t *testing.T) {
	l := lexiconOf(t, field)
	reg := registryOf(t, oddRegistry)
	rapid.Check(t, func(rt *rapid.T) {
		var papers []*paper
		for i := range rapid.IntRange(1, 6).Draw(rt, "papers") {
			papers = append(papers, drawPaper(rt, i))
		}
		order := make([]int, len(papers))
		for i := range order {
			order[i] = i
		}
		want := runWith(rt, l, reg, papers, nil)
		want.check(rt, papers)
		for range 2 {
			order = rapid.Permutation(order).Draw(rt, "order")
			got := runWith(rt, l, reg, papers, order)
			if d := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".entities" }, cmp.Ignore())); d != "" {
				rt.Fatalf("in the order %v (-want +got):\n%s", order, d)
			}
			if d := cmp.Diff(want.entities.Unused(), got.entities.Unused()); d != "" {
				rt.Fatalf("unused (-want +got):\n%s", d)
			}
		}
	})
}
