package exporters

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"papergraph/graph"
)

// viewBuilder makes views for tests by name: nodes are made when first named.
type viewBuilder struct {
	view  graph.View
	have  map[graph.ID]bool
	edges map[[3]string]int // place in the view
}

func newViewBuilder(title string) *viewBuilder {
	return &viewBuilder{view: graph.View{Title: title, Snapshot: "5f1d0c7be2a94763"}, have: map[graph.ID]bool{}, edges: map[[3]string]int{}}
}

func (b *viewBuilder) add(n graph.Node) graph.ID {
	if !b.have[n.ID] {
		b.have[n.ID] = true
		b.view.Nodes = append(b.view.Nodes, n)
	}
	return n.ID
}

func (b *viewBuilder) node(k graph.Kind, name string, aliases ...string) graph.ID {
	return b.add(graph.Node{ID: graph.NewID(k, name), Name: name, Aliases: aliases})
}

func (b *viewBuilder) paper(title string, year int, venue string) graph.ID {
	return b.add(graph.Node{ID: graph.NewID(graph.KindPaper, title), Name: title, Paper: &graph.Document{Title: title, Year: year, Venue: venue}})
}

func (b *viewBuilder) result(paper graph.ID, r graph.ResultNode) graph.ID {
	r.Paper = paper
	name := fmt.Sprintf("%s %s %s %s", r.Value, r.Unit, r.Comparison, r.Metric)
	return b.add(graph.Node{ID: graph.NewID(graph.KindResult, paper.Slug()+" "+name), Name: name, Result: &r})
}

func (b *viewBuilder) edge(from graph.ID, r graph.Relation, to graph.ID, paper graph.ID, quote string) {
	s := graph.Statement{Paper: paper, Class: graph.Extracted, Rule: "cue/1", Confidence: 0.9}
	if quote != "" {
		s.Evidence = []graph.Evidence{{Field: graph.FieldAbstract, Start: 10, End: 10 + len([]rune(quote)), Quote: quote}}
	} else {
		s.Class = graph.Curated
		s.Paper = ""
		s.Rule = "lexicon"
	}
	key := [3]string{string(from), string(r), string(to)}
	if i, ok := b.edges[key]; ok {
		b.view.Edges[i].Statements = append(b.view.Edges[i].Statements, s)
		return
	}
	b.edges[key] = len(b.view.Edges)
	b.view.Edges = append(b.view.Edges, graph.Edge{From: from, Relation: r, To: to, Statements: []graph.Statement{s}})
}

func (b *viewBuilder) sorted() *graph.View {
	b.view.Sort()
	return &b.view
}

// methodView is the neighbourhood of a method: 25 nodes.
func methodView() *graph.View {
	b := newViewBuilder("LoRA and its neighbourhood")
	lora := b.node(graph.KindMethod, "LoRA", "Low-Rank Adaptation", "low-rank adapters")
	b.view.Focus = []graph.ID{lora}
	says := func(title string, year int, r graph.Relation, to graph.ID, quote string) graph.ID {
		p := b.paper(title, year, "ICLR")
		b.edge(p, r, to, p, quote)
		return p
	}
	own := says("LoRA: Low-Rank Adaptation of Large Language Models", 2022, graph.Introduces, lora,
		"We propose Low-Rank Adaptation, or LoRA, which freezes the pre-trained model weights")
	q := says("QLoRA: Efficient Finetuning of Quantized LLMs", 2023, graph.Uses, lora,
		"backpropagates gradients through a frozen, 4-bit quantized model into Low Rank Adapters (LoRA)")
	d := says("DoRA: Weight-Decomposed Low-Rank Adaptation", 2024, graph.ComparesWith, lora, "DoRA consistently outperforms LoRA")
	a := says("AdaLoRA: Adaptive Budget Allocation for Parameter-Efficient Fine-Tuning", 2023, graph.Uses, lora,
		"adaptively allocates the parameter budget among weight matrices")
	l := says("LongLoRA: Efficient Fine-tuning of Long-Context Large Language Models", 2024, graph.Uses, lora, "LongLoRA combines this improved LoRA with S2-Attn")
	v := says("VeRA: Vector-based Random Matrix Adaptation", 2024, graph.ComparesWith, lora, "significantly reduces the number of trainable parameters when compared to LoRA")
	qm, dm, am := b.node(graph.KindMethod, "QLoRA"), b.node(graph.KindMethod, "DoRA", "Weight-Decomposed Low-Rank Adaptation"), b.node(graph.KindMethod, "AdaLoRA")
	vm, lm := b.node(graph.KindMethod, "VeRA"), b.node(graph.KindMethod, "LongLoRA")
	b.edge(q, graph.Introduces, qm, q, "We present QLoRA, an efficient finetuning approach")
	b.edge(d, graph.Introduces, dm, d, "we propose Weight-Decomposed Low-Rank Adaptation (DoRA)")
	b.edge(a, graph.Introduces, am, a, "we propose AdaLoRA")
	b.edge(v, graph.Introduces, vm, v, "In this work, we present Vector-based Random Matrix Adaptation (VeRA)")
	b.edge(l, graph.Introduces, lm, l, "We present LongLoRA")
	b.edge(qm, graph.BasedOn, lora, q, "into Low Rank Adapters")
	b.edge(dm, graph.Outperforms, lora, d, "DoRA consistently outperforms LoRA on fine-tuning LLaMA, LLaVA, and VL-BART")
	b.edge(am, graph.BasedOn, lora, a, "parameterize the incremental updates in the form of singular value decomposition")
	b.edge(lm, graph.BasedOn, lora, l, "combines this improved LoRA with S2-Attn")
	glue, gsm := b.node(graph.KindDataset, "GLUE"), b.node(graph.KindDataset, "Commonsense Reasoning 170k")
	b.edge(lora, graph.EvaluatedOn, glue, own, "on RoBERTa, DeBERTa, GPT-2 and GPT-3")
	b.edge(dm, graph.EvaluatedOn, gsm, d, "commonsense reasoning")
	b.edge(v, graph.EvaluatesOn, glue, v, "on the GLUE and E2E benchmarks")
	b.edge(lora, graph.UsedFor, b.node(graph.KindTask, "Parameter-efficient fine-tuning"), own, "adaptation")
	b.edge(lora, graph.Broader, b.node(graph.KindConcept, "Low-rank factorisation"), "", "")
	b.edge(own, graph.Concerns, b.node(graph.KindConcept, "Large language models"), own, "Large Language Models")
	b.edge(q, graph.Concerns, b.node(graph.KindConcept, "Quantisation"), q, "4-bit quantized")
	b.edge(own, graph.Measures, b.node(graph.KindMetric, "Number of trainable parameters"), own, "reduce the number of trainable parameters by 10,000 times")
	res := b.result(own, graph.ResultNode{Value: "10000", Unit: "x", Comparison: graph.Reduction, Metric: graph.NewID(graph.KindMetric, "Number of trainable parameters"), Method: lora})
	b.edge(own, graph.Reports, res, own, "LoRA can reduce the number of trainable parameters by 10,000 times")
	b.edge(res, graph.Reports, lora, own, "LoRA can reduce the number of trainable parameters by 10,000 times")
	b.view.Omitted = []graph.Omission{
		{Node: lora, Relation: graph.Uses, Inverse: true, Kind: graph.KindPaper, Count: 212},
		{Node: lora, Relation: graph.BasedOn, Inverse: true, Kind: graph.KindMethod, Count: 37},
		{Node: lora, Relation: graph.EvaluatedOn, Kind: graph.KindDataset, Count: 1},
		{Node: glue, Relation: graph.EvaluatesOn, Inverse: true, Kind: graph.KindPaper, Count: 148},
		{Node: dm, Relation: graph.EvaluatedOn, Kind: graph.KindDataset, Count: 4},
	}
	return b.sorted()
}

// paperView is one paper with everything that it states.
func paperView() *graph.View {
	title := "AutoDistil: Few-shot Task-agnostic Neural Architecture Search for Distilling Large Language Models"
	b := newViewBuilder(title)
	p := b.paper(title, 2022, "NeurIPS")
	b.view.Focus = []graph.ID{p}
	m := b.node(graph.KindMethod, "AutoDistil")
	b.edge(p, graph.Introduces, m, p, "Our framework AutoDistil addresses above challenges with the following steps")
	for _, u := range []string{"SuperLM", "Transformer", "self-attention distillation"} {
		b.edge(p, graph.Uses, b.node(graph.KindMethod, u), p, "Trains one SuperLM for each sub-space using task-agnostic objective (e.g., self-attention distillation) with weight-sharing of students")
	}
	b.edge(p, graph.ComparesWith, b.node(graph.KindMethod, "MiniLM"), p, "outperform leading compression techniques")
	glue := b.node(graph.KindDataset, "GLUE")
	b.edge(p, graph.EvaluatesOn, glue, p, "Experiments on GLUE benchmark")
	b.edge(p, graph.Addresses, b.node(graph.KindTask, "Large language model distillation"), p, "automatically distill several compressed students")
	cost, acc := b.node(graph.KindMetric, "computational cost"), b.node(graph.KindMetric, "average GLUE score")
	b.edge(p, graph.Measures, cost, p, "computational cost")
	b.edge(p, graph.Measures, acc, p, "negligible loss in task performance")
	for _, r := range []graph.ResultNode{
		{Value: "2.7", Unit: "x", Comparison: graph.Reduction, Metric: cost, Method: m, Dataset: glue, Baseline: "leading compression techniques"},
		{Value: "83.9", Unit: "%", Comparison: graph.Absolute, Metric: acc, Method: m, Dataset: glue},
		{Value: "41", Unit: "%", Comparison: graph.Reduction, Metric: cost, Method: m},
	} {
		n := b.result(p, r)
		b.edge(p, graph.Reports, n, p, "upto 2.7x reduction in computational cost with negligible loss in task performance")
		b.edge(n, graph.Reports, m, p, "AutoDistil to outperform leading compression techniques with upto 2.7x reduction")
		if r.Metric != "" {
			b.edge(n, graph.Reports, r.Metric, p, "2.7x reduction in computational cost")
		}
		if r.Dataset != "" {
			b.edge(n, graph.Reports, r.Dataset, p, "Experiments on GLUE benchmark")
		}
	}
	for _, c := range []string{"knowledge distillation", "neural architecture search", "model compression", "weight sharing"} {
		b.edge(p, graph.Concerns, b.node(graph.KindConcept, c), p, "Knowledge distillation (KD) methods compress large models")
	}
	for _, who := range []string{"Dongkuan Xu", "Subhabrata Mukherjee", "Xiaodong Liu"} {
		b.edge(p, graph.AuthoredBy, b.node(graph.KindAuthor, who), p, "")
	}
	b.edge(p, graph.PublishedIn, b.node(graph.KindVenue, "NeurIPS"), p, "")
	b.view.Omitted = []graph.Omission{
		{Node: p, Relation: graph.AuthoredBy, Kind: graph.KindAuthor, Count: 5},
		{Node: p, Relation: graph.Concerns, Kind: graph.KindConcept, Count: 3},
	}
	return b.sorted()
}

// syntheticView is a graph of n nodes in the proportions of a real one: a few
// nodes that many papers share.
func syntheticView(n int) *graph.View {
	b := newViewBuilder(fmt.Sprintf("The %d most connected nodes", n))
	rng := rand.New(rand.NewPCG(2, 7))
	nouns := []string{"attention", "diffusion", "graph", "federated", "sparse", "latent", "contrastive", "adaptive", "neural", "robust", "causal", "quantised", "retrieval", "spatial", "temporal"}
	heads := []string{"network", "transformer", "learning", "model", "sampling", "alignment", "pruning", "search", "distillation", "decoding"}
	name := func(i int) string {
		return fmt.Sprintf("%s %s %d", nouns[rng.IntN(len(nouns))], heads[rng.IntN(len(heads))], i)
	}
	shared := map[graph.Kind][]graph.ID{}
	kinds := []graph.Kind{graph.KindMethod, graph.KindMethod, graph.KindDataset, graph.KindTask, graph.KindConcept, graph.KindConcept, graph.KindMetric}
	papers := n * 45 / 100
	for i := range n - papers {
		k := kinds[i%len(kinds)]
		shared[k] = append(shared[k], b.node(k, strings.ToUpper(name(i)[:1])+name(i)[1:]))
	}
	relations := []struct {
		r graph.Relation
		k graph.Kind
		n int
	}{
		{graph.Introduces, graph.KindMethod, 1}, {graph.Uses, graph.KindMethod, 1}, {graph.ComparesWith, graph.KindMethod, 1},
		{graph.EvaluatesOn, graph.KindDataset, 1}, {graph.Addresses, graph.KindTask, 1}, {graph.Concerns, graph.KindConcept, 1}, {graph.Measures, graph.KindMetric, 1},
	}
	for i := range papers {
		p := b.paper(fmt.Sprintf("On %s with %s for %s", name(i), name(i+1), name(i+2)), 2015+i%10, "ICML")
		for _, r := range relations {
			ids := shared[r.k]
			if len(ids) == 0 || rng.IntN(5) < 2 {
				continue
			}
			// Squaring makes the first of a kind popular.
			f := rng.Float64()
			b.edge(p, r.r, ids[int(f*f*f*float64(len(ids)))], p, "we show that it works better than what was there before")
		}
	}
	return b.sorted()
}

// hostileView has names that try to break out of every form.
func hostileView() *graph.View {
	b := newViewBuilder("\"];\nevil -> \\\"; <b>&amp;</table> \u202Etitle")
	p := b.paper("a \"quoted\" \\ title\\", 2024, "ICML")
	b.view.Focus = []graph.ID{p}
	for i, name := range hostileNames {
		m := b.add(graph.Node{ID: graph.NewID(graph.KindMethod, fmt.Sprint("hostile ", i)), Name: name, Aliases: []string{name}})
		b.edge(p, graph.Uses, m, p, name+" in a quote")
	}
	b.view.Omitted = []graph.Omission{{Node: p, Relation: graph.Uses, Kind: graph.KindMethod, Count: 3}}
	return b.sorted()
}

var hostileNames = []string{
	`x", URL="javascript:alert(1)`,
	`ends with a backslash\`,
	`\N \G \E \l \r \n`,
	"two\nlines\r\nthree\rfour",
	"tab\there",
	"nul\x00 bell\x07 c1\u0085 bad\xff\xfeutf8",
	"nbsp\u00a0 zero\u200bwidth soft\u00adhyphen",
	"\u202Eright to left override",
	"</table>> <script>alert(1)</script>",
	"&lt;b&gt; &amp; &#65; &unknown; AT&T",
	"semi;colon {brace} [bracket] |pipe| (paren)",
	"`markdown` **bold** #quot; #35;",
	"end", "graph", "subgraph", "style:#f00;", "--> x", "%%{init: {}}%%",
	"数学的推論のための大規模言語モデルの強化学習",
	"نموذج لغوي", "Mélange ∞ ≥ 𝔼 ∑ → λ",
	strings.Repeat("unbreakable", 40),
	"1. a list", "- a list", "# a heading", "---", "=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "'quoted", "＝1+1",
	"", " ", "…",
}

// shuffled is v with everything in another order.
func shuffled(v *graph.View, seed uint64) *graph.View {
	rng := rand.New(rand.NewPCG(seed, 1))
	c := sorted(v)
	rng.Shuffle(len(c.Nodes), func(i, j int) { c.Nodes[i], c.Nodes[j] = c.Nodes[j], c.Nodes[i] })
	rng.Shuffle(len(c.Edges), func(i, j int) { c.Edges[i], c.Edges[j] = c.Edges[j], c.Edges[i] })
	for k := range c.Edges {
		s := c.Edges[k].Statements
		rng.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] })
	}
	rng.Shuffle(len(c.Omitted), func(i, j int) { c.Omitted[i], c.Omitted[j] = c.Omitted[j], c.Omitted[i] })
	return c
}

func link(id graph.ID) string { return "http://localhost:8080" + id.Path() }

func TestViewsAreWellFormed(t *testing.T) {
	for _, v := range []*graph.View{methodView(), paperView(), syntheticView(180)} {
		for i := range v.Edges {
			if err := v.Edges[i].Check(); err != nil && !strings.Contains(err.Error(), "no paper") {
				t.Error(err)
			}
		}
	}
}
