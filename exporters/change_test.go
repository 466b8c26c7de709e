package exporters

import (
	"bytes"
	"strings"
	"testing"

	"papergraph/graph"
)

// A drawing of a difference shows by colour, line and sign what came, went and
// changed, and Graphviz takes it.
func TestDOTOfChanges(t *testing.T) {
	edge := func(from graph.ID, r graph.Relation, to graph.ID) graph.Edge {
		return graph.Edge{From: from, Relation: r, To: to, Statements: []graph.Statement{{Class: graph.Curated, Rule: "x", Confidence: 1}}}
	}
	v := &graph.View{
		Title: "What changed", Snapshot: "1234",
		Nodes: []graph.Node{{ID: "method:old", Name: "Old"}, {ID: "method:new", Name: "New <b>"}, {ID: "method:other", Name: "Other"}, {ID: "method:kept", Name: "Kept"}},
		Edges: []graph.Edge{edge("method:old", graph.BasedOn, "method:kept"), edge("method:new", graph.BasedOn, "method:kept"), edge("method:other", graph.PartOf, "method:kept")},
	}
	nodes := map[graph.ID]Change{"method:old": Removed, "method:new": Added, "method:other": Changed}
	changes := &Changes{
		Node: func(id graph.ID) Change { return nodes[id] },
		Edge: func(e *graph.Edge) Change { return nodes[e.From] },
	}
	var b bytes.Buffer
	if err := DOT(&b, v, DOTOptions{Legend: true, Changes: changes}); err != nil {
		t.Fatal(err)
	}
	golden(t, "changes.dot", b.Bytes())
	for _, want := range []string{"− Old", "+ New", "± Other", `"Kept"`, "− based on", "+ based on", "± part of", "added", "removed", "changed"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, &b)
		}
	}
	if r := NewRenderer(RendererOptions{}); len(r.Programs()) > 0 {
		if _, err := r.Render(t.Context(), b.Bytes(), SVG, ""); err != nil {
			t.Error(err)
		}
	} else {
		t.Log("there is no Graphviz to draw it")
	}
	b.Reset()
	if err := DOT(&b, v, DOTOptions{Changes: &Changes{}}); err != nil || !strings.Contains(b.String(), "Kept") {
		t.Errorf("nothing changed: %v", err)
	}
}
