package resolve

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"papergraph/graph"
	"papergraph/graph/lexicon"
)

func textFS(text string) fs.FS { return fstest.MapFS{"x.txt": &fstest.MapFile{Data: []byte(text)}} }

// field is a small lexicon with what is hard in it: entries of one acronym,
// entries whose names have one key, a name under two kinds, a hierarchy.
const field = `
@kind method
RAFT | recurrent all-pairs field transforms | broader=optical flow
LoRA | low-rank adaptation | broader=fine-tuning
3D Gaussian Splatting | 3DGS; 3D-GS; Gaussian splatting | broader=rendering
SAM | Segment Anything Model
sharpness-aware minimization | SAM
ViT | vision transformer
VITS
Adam | Adam optimizer
BERT
contrastive learning
@kind dataset
ImageNet | ILSVRC
LRA | Long Range Arena
DWIE
@kind task
image classification
anomaly detection
fraud detection | | broader=anomaly detection
@kind metric
accuracy | acc | better=higher
latency | | better=lower
R@1
R1
@kind concept
learning
fine-tuning | | broader=learning
contrastive learning | | broader=learning
optical flow
rendering
language
language model
anomaly detection
`

// Ensure that a paper's names stand for the nodes that they should.
func TestIdentities(t *testing.T) {
	l := lexiconOf(t, field)
	for _, tt := range []struct {
		name   string
		papers []*paper
		want   [][]graph.ID // the methods that each paper uses
	}{
		{"variants", []*paper{
			newPaper("a").uses("3DGS"), newPaper("b").uses("3D-GS"), newPaper("c").uses("3D gaussian splatting"), newPaper("d").uses("3D Gaussian Splats"),
		}, [][]graph.ID{{"method:3d-gaussian-splatting"}, {"method:3d-gaussian-splatting"}, {"method:3d-gaussian-splatting"}, {"method:3d-gaussian-splats"}}},
		{"variants that the lexicon has not", []*paper{
			newPaper("a").uses("Foo-Net"), newPaper("b").uses("FooNet"), newPaper("c").uses("Foo Nets"), newPaper("d").uses("FooNet model"),
		}, [][]graph.ID{{"method:foonet"}, {"method:foonet"}, {"method:foonet"}, {"method:foonet"}}},
		{"acronym explained elsewhere", []*paper{
			newPaper("a").explain("MoE", "mixture of experts").uses("mixture of experts", "MoE"),
			newPaper("b").uses("MoE"), newPaper("c").uses("Mixture-of-Experts"), newPaper("d").uses("mixtures of experts"),
		}, [][]graph.ID{{"method:moe"}, {"method:moe"}, {"method:moe"}, {"method:moe"}}},
		{"acronym of two things", []*paper{
			newPaper("a").explain("MoS", "mixture of softmaxes").uses("MoS", "mixture of softmaxes"),
			newPaper("b").explain("MoS", "mixture of states").uses("MoS", "mixture of states"),
			newPaper("c").uses("MoS"),
		}, [][]graph.ID{{"method:mos-mixture-of-softmaxes"}, {"method:mos-mixture-of-states"}, {"method:mos"}}},
		{"an acronym of one thing of each kind", []*paper{
			newPaper("a").explain("MAE", "masked autoencoder").uses("MAE"),
			newPaper("b").explain("MAE", "mean absolute error").mention(graph.Measures, graph.KindMetric, 0.9, "MAE"),
			newPaper("c").uses("MAE"),
		}, [][]graph.ID{{"method:mae"}, nil, {"method:mae"}}},
		{"the lexicon's acronym, otherwise explained", []*paper{
			newPaper("a").explain("RAFT", "reward ranked fine-tuning").uses("RAFT"),
			newPaper("b").uses("RAFT"),
			newPaper("c").explain("RAFT", "Recurrent All-Pairs Field Transforms").uses("RAFT"),
		}, [][]graph.ID{{"method:raft-rewardrankedfinetuning"}, {"method:raft"}, {"method:raft"}}},
		{"another acronym of the lexicon's long form", []*paper{
			newPaper("a").explain("LRAd", "low-rank adaptation").uses("LRAd"),
			newPaper("b").uses("LRAd"),
			newPaper("c").uses("LoRA"),
		}, [][]graph.ID{{"method:lora"}, {"method:lora"}, {"method:lora"}}},
		{"a longer long form", []*paper{
			newPaper("a").explain("LoRA", "low-rank adaptation of large language models").uses("LoRA"),
			newPaper("b").uses("LoRA"),
		}, [][]graph.ID{{"method:lora"}, {"method:lora"}}},
		{"a long form that the lexicon does not say", []*paper{
			newPaper("a").explain("BERT", "bidirectional encoder representations from transformers").uses("BERT"),
			newPaper("b").explain("BERT", "Bidirectional Encoder Representations from Transformers").uses("BERT"),
			newPaper("c").uses("BERT"),
		}, [][]graph.ID{{"method:bert"}, {"method:bert"}, {"method:bert"}}},
		{"two entries of one acronym", []*paper{
			newPaper("a").explain("SAM", "sharpness-aware minimization").uses("SAM"),
			newPaper("b").explain("SAM", "Segment Anything Model").uses("SAM"),
			newPaper("c").uses("SAM"),
		}, [][]graph.ID{{"method:sharpness-aware-minimization"}, {"method:sam"}, {"method:sam"}}},
		{"entries whose names have one key", []*paper{newPaper("a").uses("ViT"), newPaper("b").uses("VITS")},
			[][]graph.ID{{"method:vit"}, {"method:vits"}}},
		{"versions", []*paper{newPaper("a").uses("GPT-3"), newPaper("b").uses("GPT-4"), newPaper("c").uses("GPT-3.5"), newPaper("d").uses("GPT 3")},
			[][]graph.ID{{"method:gpt-3"}, {"method:gpt-4"}, {"method:gpt-3-5"}, {"method:gpt-3"}}},
		{"capital S is no plural", []*paper{newPaper("a").uses("DARTS"), newPaper("b").uses("DART"), newPaper("c").uses("DARTs")},
			[][]graph.ID{{"method:darts"}, {"method:dart"}, {"method:dart"}}},
		{"another casing of an entry", []*paper{newPaper("a").uses("adam"), newPaper("b").uses("Adam"), newPaper("c").uses("adam optimizer")},
			[][]graph.ID{{"method:adam"}, {"method:adam"}, {"method:adam"}}},
		{"generic heads", []*paper{newPaper("a").uses("BERT model"), newPaper("b").uses("language model"), newPaper("c").uses("language")},
			[][]graph.ID{{"method:bert"}, {"method:language-model"}, {"method:language"}}},
		{"a dataset that is used", []*paper{newPaper("a").uses("ImageNet dataset"), newPaper("b").uses("ILSVRC")}, [][]graph.ID{nil, nil}},
		{"signs", []*paper{newPaper("a").uses("C++"), newPaper("b").uses("C"), newPaper("c").uses("A*"), newPaper("d").uses("—"), newPaper("e").uses("…")},
			[][]graph.ID{{"method:c-plus-plus"}, {"method:c"}, {"method:a-star"}, {graph.NewID(graph.KindMethod, "—")}, {graph.NewID(graph.KindMethod, "…")}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := run(t, l, tt.papers, nil)
			o.check(t, tt.papers)
			got := make([][]graph.ID, len(tt.papers))
			for i := range tt.papers {
				got[i] = o.targets(i, graph.Uses)
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("methods used (-want +got):\n%s", d)
			}
		})
	}
}

func TestKindsSettled(t *testing.T) {
	l := lexiconOf(t, field)
	papers := []*paper{
		// The lexicon has it as a dataset only.
		newPaper("a").mention(graph.Uses, graph.KindMethod, 1, "ImageNet"),
		// More papers say dataset.
		newPaper("b").mention(graph.Uses, graph.KindMethod, 0.9, "FooBench"),
		newPaper("c").mention(graph.EvaluatesOn, graph.KindDataset, 0.9, "FooBench"),
		newPaper("d").mention(graph.EvaluatesOn, graph.KindDataset, 0.9, "Foo-Bench"),
		// More papers say task.
		newPaper("e").mention(graph.Concerns, graph.KindConcept, 0.3, "widget sorting"),
		newPaper("f").mention(graph.Addresses, graph.KindTask, 0.4, "widget sorting"),
		// The lexicon has it as both.
		newPaper("g").mention(graph.Concerns, graph.KindConcept, 0.9, "anomaly detection"),
		newPaper("h").mention(graph.Addresses, graph.KindTask, 0.5, "anomaly detection"),
		// Kinds that are no rivals stay apart.
		newPaper("i").mention(graph.Measures, graph.KindMetric, 0.9, "energy").mention(graph.Concerns, graph.KindConcept, 0.9, "energy"),
		// The same paper says both.
		newPaper("j").mention(graph.EvaluatesOn, graph.KindDataset, 0.5, "BarSet").mention(graph.Uses, graph.KindMethod, 0.4, "BarSet"),
	}
	o := run(t, l, papers, nil)
	o.check(t, papers)
	got := map[string][]string{}
	for i, p := range papers {
		for _, e := range o.Edges[i] {
			got[p.f.Document.Title] = append(got[p.f.Document.Title], fmt.Sprintf("%s %s", e.Relation, e.To))
		}
	}
	want := map[string][]string{
		"a": {"evaluatesOn dataset:imagenet"}, "b": {"evaluatesOn dataset:foobench"}, "c": {"evaluatesOn dataset:foobench"}, "d": {"evaluatesOn dataset:foobench"},
		"e": {"addresses task:widget-sorting"}, "f": {"addresses task:widget-sorting"},
		"g": {"concerns concept:anomaly-detection"}, "h": {"concerns concept:anomaly-detection"},
		"i": {"measures metric:energy", "concerns concept:energy"},
		"j": {"evaluatesOn dataset:barset"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("edges (-want +got):\n%s", d)
	}
	wantDecisions := []graph.Decision{
		{Name: "FooBench", Kind: graph.KindMethod, Reason: graph.ReasonKind, Detail: "more papers have it as dataset", Papers: 2},
		{Name: "Foo-Bench", Kind: graph.KindDataset, Reason: graph.ReasonSameName, Papers: 1},
	}
	if d := cmp.Diff(wantDecisions, o.node(t, "dataset:foobench").Decisions); d != "" {
		t.Errorf("decisions of FooBench (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]graph.Decision{{Name: "ImageNet", Kind: graph.KindMethod, Reason: graph.ReasonKind, Detail: "the lexicon has it as dataset", Papers: 1}}, o.node(t, "dataset:imagenet").Decisions); d != "" {
		t.Errorf("decisions of ImageNet (-want +got):\n%s", d)
	}
	if ds := o.node(t, "dataset:barset").Decisions; len(ds) != 1 || ds[0].Papers != 1 {
		t.Errorf("decisions of BarSet, which one paper has under two kinds: %+v", ds)
	}
}

func TestDecisions(t *testing.T) {
	l := lexiconOf(t, field)
	papers := []*paper{
		newPaper("a").explain("LRAd", "low-rank adaptation").uses("LRAd", "low-rank adaptation"),
		newPaper("b").uses("LRAd"),
		newPaper("c").uses("LoRA"),
		newPaper("d").uses("LoRAs"),
		newPaper("e").explain("FOO", "fast online optimizer").uses("FOO"),
		newPaper("f").uses("FOO"),
		newPaper("g").uses("fast online optimizers"),
		newPaper("h").uses("Lonely"),
	}
	o := run(t, l, papers, nil)
	o.check(t, papers)
	for id, want := range map[graph.ID][]graph.Decision{
		"method:lora": {
			{Name: "LRAd", Kind: graph.KindMethod, Reason: graph.ReasonAcronym, Detail: "as other papers explain it", Papers: 2},
			{Name: "LoRAs", Kind: graph.KindMethod, Reason: graph.ReasonSameName, Papers: 1},
			{Name: "low-rank adaptation", Kind: graph.KindMethod, Reason: graph.ReasonLexicon, Detail: "LoRA", Papers: 1},
		},
		"method:foo": {
			{Name: "FOO", Kind: graph.KindMethod, Reason: graph.ReasonAcronym, Detail: "as other papers explain it", Papers: 2},
			{Name: "fast online optimizers", Kind: graph.KindMethod, Reason: graph.ReasonSameName, Papers: 1},
		},
		"method:lonely": nil,
	} {
		if d := cmp.Diff(want, o.node(t, id).Decisions); d != "" {
			t.Errorf("decisions of %s (-want +got):\n%s", id, d)
		}
	}
}

func TestPapersOfOneTitle(t *testing.T) {
	of := func(year int, abstract string) *paper {
		p := newPaper("Learning to Learn").uses("Adam")
		p.f.Document.Year = year
		p.f.Document.Abstract += " " + abstract
		return p
	}
	papers := []*paper{of(2021, "x"), of(2016, "y"), of(2021, "z"), newPaper("Learning to learn!").uses("Adam"), newPaper("Learning to Learn 2021").uses("Adam")}
	var want []graph.ID
	for _, order := range [][]int{{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}} {
		o := run(t, lexiconOf(t, field), papers, order)
		o.check(t, papers)
		var got []graph.ID
		for _, ns := range o.Papers {
			got = append(got, ns[0].ID)
		}
		if want == nil {
			want = got
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("ids in the order %v (-want +got):\n%s", order, d)
		}
	}
	// The undated paper keeps the title's id; 2021 is another paper's title.
	if want[3] != "paper:learning-to-learn" || want[1] != "paper:learning-to-learn-2016" || want[4] != "paper:learning-to-learn-2021" {
		t.Errorf("ids %v", want)
	}
}

func TestResults(t *testing.T) {
	p := newPaper("a").mention(graph.Introduces, graph.KindMethod, 0.9, "FooNet").
		mention(graph.Measures, graph.KindMetric, 0.8, "acc").
		mention(graph.EvaluatesOn, graph.KindDataset, 0.8, "BarSet").
		mention(graph.EvaluatesOn, graph.KindDataset, 0.8, "BazSet")
	p.result(graph.Result{Value: "91.2", Unit: "%", Metric: "acc", Method: "FooNet", Dataset: "BarSet", Baseline: "Adam"})
	both := p.f.Results[0]
	both.Dataset = "BazSet"
	p.result(both)           // one number, two datasets
	p.result(p.f.Results[0]) // said twice
	p.result(graph.Result{Value: "2", Unit: "x", Comparison: graph.Ratio, Metric: "unheard of"})
	papers := []*paper{p}
	o := run(t, lexiconOf(t, field), papers, nil)
	o.check(t, papers)
	var got []graph.ResultNode
	var names []string
	for _, n := range o.Papers[0][1:] {
		got = append(got, *n.Result)
		names = append(names, n.Name)
	}
	want := []graph.ResultNode{
		{Paper: "paper:a", Value: "91.2", Unit: "%", Comparison: graph.Absolute, Metric: "metric:accuracy", Method: "method:foonet", Dataset: "dataset:barset", Baseline: "Adam"},
		{Paper: "paper:a", Value: "91.2", Unit: "%", Comparison: graph.Absolute, Metric: "metric:accuracy", Method: "method:foonet", Dataset: "dataset:bazset", Baseline: "Adam"},
		{Paper: "paper:a", Value: "2", Unit: "x", Comparison: graph.Ratio},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("results (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"91.2%, acc", "91.2%, acc", "2x ratio, unheard of"}, names); d != "" {
		t.Errorf("names of results (-want +got):\n%s", d)
	}
	if n := o.node(t, "metric:accuracy"); n.Better != graph.HigherIsBetter {
		t.Errorf("accuracy: better %q", n.Better)
	}
}

func TestInference(t *testing.T) {
	one := newPaper("one").mention(graph.Introduces, graph.KindMethod, 0.8, "FooNet").mention(graph.Addresses, graph.KindTask, 0.5, "image classification").mention(graph.EvaluatesOn, graph.KindDataset, 0.5, "ImageNet")
	two := newPaper("two").mention(graph.Introduces, graph.KindMethod, 0.8, "FooNet").mention(graph.Introduces, graph.KindMethod, 0.8, "BarNet").mention(graph.EvaluatesOn, graph.KindDataset, 0.5, "ImageNet")
	stated := newPaper("three").mention(graph.Introduces, graph.KindMethod, 0.8, "BazNet").mention(graph.EvaluatesOn, graph.KindDataset, 0.5, "ImageNet").claim("BazNet", graph.EvaluatedOn, "ImageNet")
	papers := []*paper{one, two, stated}
	o := run(t, lexiconOf(t, field), papers, nil)
	o.check(t, papers)
	var got []string
	for _, es := range o.Edges {
		for _, e := range es {
			for _, s := range e.Statements {
				if s.Class == graph.Inferred {
					got = append(got, fmt.Sprintf("%s %s %s %.2f", e.From, e.Relation, e.To, s.Confidence))
				}
			}
		}
	}
	want := []string{"method:foonet usedFor task:image-classification 0.40", "method:foonet evaluatedOn dataset:imagenet 0.40"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("inferred (-want +got):\n%s", d)
	}
}

// Ensure that a claim finds its ends by the mentions of its paper, and that one
// which has become impossible is left out.
func TestClaims(t *testing.T) {
	papers := []*paper{
		newPaper("a").explain("LRAd", "low-rank adaptation").uses("LRAd", "low-rank adaptation").uses("Adam").uses("ImageNet").
			claim("LRAd", graph.BasedOn, "Adam").claim("low-rank adaptation", graph.Outperforms, "Adam").
			claim("ImageNet", graph.PartOf, "Adam").claim("LoRA", graph.BasedOn, "LRAd").claim("LRAd", graph.BasedOn, "nobody knows"),
	}
	o := run(t, lexiconOf(t, field), papers, nil)
	o.check(t, papers)
	var got []string
	for _, e := range o.Edges[0] {
		if e.From.Kind() == graph.KindMethod {
			got = append(got, fmt.Sprintf("%s %s %s", e.From, e.Relation, e.To))
		}
	}
	if d := cmp.Diff([]string{"method:lora basedOn method:adam", "method:lora outperforms method:adam"}, got); d != "" {
		t.Errorf("claims (-want +got):\n%s", d)
	}
}

func TestCurated(t *testing.T) {
	papers := []*paper{
		newPaper("a").uses("LoRA").uses("contrastive learning").mention(graph.Addresses, graph.KindTask, 0.9, "fraud detection"),
		newPaper("b").mention(graph.Concerns, graph.KindConcept, 0.9, "contrastive learning"),
	}
	o := run(t, lexiconOf(t, field), papers, nil)
	o.check(t, papers)
	var got []string
	for _, e := range o.Curated {
		got = append(got, fmt.Sprintf("%s < %s", e.From, e.To))
	}
	want := []string{
		"method:contrastive-learning < concept:contrastive-learning", "method:lora < concept:fine-tuning", "task:fraud-detection < task:anomaly-detection",
		"concept:contrastive-learning < concept:learning", "concept:fine-tuning < concept:learning",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("curated (-want +got):\n%s", d)
	}
}

func TestMetadata(t *testing.T) {
	a, b := newPaper("a"), newPaper("b")
	a.f.Document.Authors, a.f.Document.Venue = []string{"José García", "Wei Wang", "Wei Wang", "か"}, "ICLR"
	b.f.Document.Authors, b.f.Document.Venue = []string{"Jose Garcia", "José García", "が"}, "Iclr"
	papers := []*paper{a, b}
	o := run(t, lexiconOf(t, field), papers, nil)
	o.check(t, papers)
	var got []string
	for _, n := range o.Nodes {
		got = append(got, string(n.ID)+" "+n.Name+" "+strings.Join(n.Aliases, ";"))
	}
	want := []string{"author:jose-garcia José García Jose Garcia", "author:u304b か ", "author:u304b-u3099 が ", "author:wei-wang Wei Wang ", "venue:iclr ICLR Iclr"}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("authors and venues (-want +got):\n%s", d)
	}
	for _, es := range o.Edges {
		for _, e := range es {
			if len(e.Statements) != 1 && e.To != "author:jose-garcia" {
				t.Errorf("%s %s %s has %d statements", e.From, e.Relation, e.To, len(e.Statements))
			}
		}
	}
}

// Ensure that facts that were never observed are an error.
func TestUnobserved(t *testing.T) {
	r, err := New(lexiconOf(t, field), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := r.Resolve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for n := range e.Nodes() {
		t.Errorf("node %v", n)
	}
	p := newPaper("a").uses("Adam").claim("Adam", graph.BasedOn, "BERT").result(graph.Result{Value: "1"})
	p.f.Document.Authors, p.f.Document.Venue = []string{"x"}, "y"
	if _, _, err := e.Paper(&p.f); !errors.Is(err, ErrMemory) {
		t.Errorf("error is %v", err)
	}
}

// names from which the property test draws, so that they clash often.
var names = []string{
	"RAFT", "Raft", "reward ranked fine-tuning", "recurrent all-pairs field transforms", "LoRA", "lora", "low-rank adaptation", "LRA", "LRAs", "Long Range Arena",
	"SAM", "sharpness-aware minimization", "Segment Anything Model", "ViT", "VITS", "ViTs", "vision transformer", "3DGS", "3D-GS", "MoS", "mixture of softmaxes",
	"mixture of states", "MoS mixture of states", "GPT-3", "GPT-4", "ImageNet", "ImageNet dataset", "anomaly detection", "fraud detection", "contrastive learning",
	"language", "language model", "R@1", "R1", "acc", "accuracy", "DARTS", "DART", "DARTs", "A*", "A", "the A", "—", "…", "か", "が", "foo", "Foo", "FOO", "foo model",
	"foo bar", "Foo bar", "Foo Bar", "FB", "foo-bar", "x raft", "RAFT rewardrankedfinetuning",
}

// drawPaper makes random facts.
func drawPaper(t *rapid.T, i int) *paper { return drawPaperOf(t, i, names) }

// drawPaperOf makes random facts with names of a list.
func drawPaperOf(t *rapid.T, i int, names []string) *paper {
	name := rapid.SampledFrom(names)
	title := rapid.SampledFrom([]string{"One", "one!", "Two", "One 2021", "Three"}).Draw(t, "title")
	p := newPaper(title)
	p.f.Document.Year = rapid.SampledFrom([]int{0, 2020, 2021}).Draw(t, "year")
	p.f.Document.Authors = rapid.SliceOfN(rapid.SampledFrom([]string{"José García", "Jose Garcia", "か", "が"}), 0, 3).Draw(t, "authors")
	p.f.Document.Venue = rapid.SampledFrom([]string{"", "ICLR", "iclr"}).Draw(t, "venue")
	p.say(fmt.Sprintf("Paper %d.", i)) // so that no two are the same
	for range rapid.IntRange(0, 3).Draw(t, "acronyms") {
		p.explain(name.Draw(t, "short"), name.Draw(t, "long"))
	}
	var pairs [][2]string // relation, kind
	for _, r := range graph.Relations() {
		for _, k := range r.Pairs {
			if k[0] == graph.KindPaper && slices.Contains([]graph.Kind{graph.KindMethod, graph.KindDataset, graph.KindTask, graph.KindMetric, graph.KindConcept}, k[1]) {
				pairs = append(pairs, [2]string{string(r.Relation), string(k[1])})
			}
		}
	}
	var mentioned []string
	for range rapid.IntRange(0, 6).Draw(t, "mentions") {
		pair := rapid.SampledFrom(pairs).Draw(t, "role")
		forms := rapid.SliceOfNDistinct(name, 1, min(3, len(names)), rapid.ID[string]).Draw(t, "forms")
		p.mention(graph.Relation(pair[0]), graph.Kind(pair[1]), float64(rapid.IntRange(1, 100).Draw(t, "confidence"))/100, forms...)
		mentioned = append(mentioned, forms[0])
		if rapid.Bool().Draw(t, "inside a sentence") {
			e := p.say("We have " + forms[0] + ".")
			e.MarkStart = e.Start + len([]rune("We have "))
			e.MarkEnd = e.MarkStart + len([]rune(forms[0]))
			last := &p.f.Mentions[len(p.f.Mentions)-1]
			last.Evidence = append(last.Evidence, e)
		}
	}
	if len(mentioned) > 1 {
		for range rapid.IntRange(0, 2).Draw(t, "claims") {
			from, to := rapid.SampledFrom(mentioned).Draw(t, "from"), rapid.SampledFrom(mentioned).Draw(t, "to")
			if rapid.Bool().Draw(t, "to what others mention") {
				to = name.Draw(t, "to")
			}
			r := rapid.SampledFrom([]graph.Relation{graph.BasedOn, graph.Outperforms, graph.UsedFor, graph.EvaluatedOn}).Draw(t, "claim")
			if info, _ := r.Info(); graph.CheckEdge(graph.NewID(info.Pairs[0][0], from), r, graph.NewID(info.Pairs[0][1], to)) == nil {
				p.claim(from, r, to)
			}
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "results") {
		p.result(graph.Result{Value: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "value"), Metric: name.Draw(t, "metric"), Method: name.Draw(t, "method"), Dataset: name.Draw(t, "dataset")})
	}
	return p
}

// Ensure that the order of papers never matters, and that whatever papers say
// the outcome is a graph: see [outcome.check].
func TestAnyOrderAnyFacts(t *testing.T) {
	l := lexiconOf(t, field)
	rapid.Check(t, func(rt *rapid.T) {
		var papers []*paper
		for i := range rapid.IntRange(1, 7).Draw(rt, "papers") {
			papers = append(papers, drawPaper(rt, i))
		}
		order := make([]int, len(papers))
		for i := range order {
			order[i] = i
		}
		want := run(rt, l, papers, nil)
		want.check(rt, papers)
		for range 3 {
			order = rapid.Permutation(order).Draw(rt, "order")
			got := run(rt, l, papers, order)
			if d := cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".entities" }, cmp.Ignore())); d != "" {
				rt.Fatalf("in the order %v (-want +got):\n%s", order, d)
			}
		}
	})
}

func BenchmarkResolve(b *testing.B) {
	l, err := lexicon.Default()
	if err != nil {
		b.Fatal(err)
	}
	var papers []*paper
	for i := range 1000 {
		p := newPaper(fmt.Sprintf("Paper %d", i))
		for j := range 12 {
			p.uses(names[(i*7+j*5)%len(names)], fmt.Sprintf("Method %d", (i+j)%300))
		}
		papers = append(papers, p)
	}
	b.ReportAllocs()
	for b.Loop() {
		r, err := New(l, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range papers {
			r.Observe(p.f.Document.Title, &p.f)
		}
		e, err := r.Resolve(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		for _, p := range papers {
			if _, _, err := e.Paper(&p.f); err != nil {
				b.Fatal(err)
			}
		}
	}
}
