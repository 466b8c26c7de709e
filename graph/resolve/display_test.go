package resolve

import (
	"testing"

	"papergraph/graph"
)

// sayIn mentions a name inside a sentence of a paper's abstract.
func (p *paper) sayIn(r graph.Relation, k graph.Kind, before, name string) *paper {
	e := p.say(before + " " + name + ".")
	e.MarkStart = e.Start + len([]rune(before)) + 1
	e.MarkEnd = e.MarkStart + len([]rune(name))
	p.f.Mentions = append(p.f.Mentions, graph.Mention{Relation: r, Kind: k, Name: name, Evidence: []graph.Evidence{e}, Confidence: 0.9, Rule: "rule"})
	return p
}

func TestDisplay(t *testing.T) {
	concept := func(title, name string) *paper {
		return newPaper(title).sayIn(graph.Concerns, graph.KindConcept, "this is about", name)
	}
	papers := []*paper{
		concept("a", "Zebra Counting"), concept("b", "Zebra Counting"), concept("c", "the zebra riddle"), concept("d", "fast counting"),
		concept("e", "Boltzmann riddle"), concept("f", "Boltzmann riddles"), concept("g", "Boltzmann riddles"), concept("h", "boltzmann counts"),
		concept("k", "nonlinear Boltzmann sums"), concept("l", "large Boltzmann gases"), concept("m", "a Boltzmann law"),
		newPaper("n").sayIn(graph.Uses, graph.KindMethod, "we use", "Quick Zebra"), newPaper("o").sayIn(graph.Uses, graph.KindMethod, "we use", "Zebra Walk"),
		newPaper("p").sayIn(graph.Uses, graph.KindMethod, "we use", "zebra walk"), newPaper("q").sayIn(graph.Uses, graph.KindMethod, "we use", "Zebra Walk"),
		newPaper("r").explain("ZT", "zebra theory").mention(graph.Concerns, graph.KindConcept, 0.9, "ZT", "zebra theory"),
		newPaper("s").mention(graph.Concerns, graph.KindConcept, 0.9, "ZT"),
		newPaper("u").sayIn(graph.Measures, graph.KindMetric, "we measure", "ZSNR"), newPaper("v").sayIn(graph.Uses, graph.KindMethod, "we use", "zebra pipes"),
	}
	o := run(t, lexiconOf(t, field), papers, nil)
	o.check(t, papers)
	for id, want := range map[graph.ID]string{
		"concept:zebra-counting":   "zebra counting",   // however many write it with capitals
		"concept:boltzmann-riddle": "Boltzmann riddle", // the singular, and a proper name
		"concept:boltzmann-counts": "Boltzmann counts", // a slip
		"concept:zebra-theory":     "zebra theory",     // not its acronym
		"method:quick-zebra":       "Quick Zebra",      // a name
		"method:zebra-walk":        "zebra walk",       // some write it as no name
		"method:zebra-pipes":       "zebra pipes",      // nobody has the singular
		"metric:zsnr":              "ZSNR",
	} {
		if got := o.node(t, id).Name; got != want {
			t.Errorf("%s is shown as %q, want %q", id, got, want)
		}
	}
}
