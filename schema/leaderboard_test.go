package schema

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

// results is a corpus in which a paper reports values on a dataset.
func results(t testing.TB, values ...graph.ResultNode) *corpus {
	t.Helper()
	d := graph.Document{Title: "A paper", Abstract: "We report numbers."}
	p := d.ID()
	c := &corpus{
		nodes: []graph.Node{
			{ID: p, Name: d.Title, Paper: &d},
			{ID: "dataset:first", Name: "First"},
			{ID: "dataset:second", Name: "Second"},
			{ID: "metric:accuracy", Name: "accuracy", Better: graph.HigherIsBetter},
			{ID: "metric:error", Name: "error", Better: graph.LowerIsBetter},
			{ID: "metric:taste", Name: "taste"},
		},
		papers: map[graph.ID][]graph.Edge{},
	}
	say := func(from graph.ID, r graph.Relation, to graph.ID) {
		if to == "" {
			return
		}
		c.papers[p] = append(c.papers[p], graph.Edge{From: from, Relation: r, To: to, Statements: []graph.Statement{
			{Paper: p, Class: graph.Extracted, Rule: "number/1", Confidence: 0.5, Evidence: []graph.Evidence{found(t, &d, "numbers")}}}})
	}
	for i, v := range values {
		id := graph.ID(fmt.Sprintf("result:r%02d", i))
		v.Paper = p
		if v.Comparison == "" {
			v.Comparison = graph.Absolute
		}
		c.nodes = append(c.nodes, graph.Node{ID: id, Name: v.Value, Result: &v})
		say(p, graph.Reports, id)
		say(id, graph.Reports, v.Dataset)
		say(id, graph.Reports, v.Metric)
	}
	say(p, graph.EvaluatesOn, "dataset:first")
	return c
}

func TestLeaderboard(t *testing.T) {
	on := func(dataset, metric graph.ID, value string) graph.ResultNode {
		return graph.ResultNode{Dataset: dataset, Metric: metric, Value: value}
	}
	with := func(r graph.ResultNode, unit string, c graph.Comparison) graph.ResultNode {
		r.Unit, r.Comparison = unit, c
		return r
	}
	s := schemaOf(t, results(t,
		on("dataset:first", "metric:accuracy", "90.5"),
		on("dataset:first", "metric:accuracy", "91"),
		on("dataset:first", "metric:accuracy", "89-92"),
		on("dataset:first", "metric:accuracy", "several"),
		with(on("dataset:first", "metric:accuracy", "2"), "Points", graph.Improvement),
		with(on("dataset:first", "metric:accuracy", "3"), "points", graph.Improvement),
		on("dataset:second", "metric:error", "1,000"),
		on("dataset:second", "metric:error", "0.5-0.7"),
		on("dataset:second", "metric:error", "0.5"),
		on("dataset:second", "metric:error", "-3"),
		with(on("dataset:second", "metric:error", "10"), "%", graph.Reduction),
		with(on("dataset:second", "metric:error", "20"), "%", graph.Reduction),
		on("dataset:second", "metric:taste", "4"),
		on("dataset:second", "metric:taste", "5"),
		on("dataset:second", "", "6"),
		on("", "metric:taste", "7"),
	), Options{})
	text := func(data map[string]any) string {
		boards, ok := data["leaderboard"].([]any)
		if !ok {
			return "null"
		}
		var b strings.Builder
		for _, l := range boards {
			fmt.Fprintf(&b, "%v %v %v %v %v %v:", at(t, l, "dataset.name"), at(t, l, "metric.name"), at(t, l, "comparison"), at(t, l, "unit"), at(t, l, "better"), at(t, l, "totalCount"))
			for _, e := range at(t, l, "entries").([]any) {
				fmt.Fprintf(&b, " %v=%v(%v)", at(t, e, "rank"), at(t, e, "value"), at(t, e, "result.value"))
			}
			b.WriteByte('\n')
		}
		return b.String()
	}
	for _, tt := range []struct{ args, want string }{
		{`(entries: 2)`, `First accuracy absolute <nil> higher 3: 1=92(89-92) 2=91(91)
First accuracy improvement points higher 2: 1=3(3) 2=2(2)
Second error absolute <nil> lower 4: 1=-3(-3) 2=0.5(0.5-0.7)
Second error reduction % higher 2: 1=20(20) 2=10(10)
Second taste absolute <nil> <nil> 2: <nil>=5(5) <nil>=4(4)
`},
		{`(first: 1)`, "First accuracy absolute <nil> higher 3: 1=92(89-92) 2=91(91) 3=90.5(90.5)\n"},
		{`(dataset: "second", metric: "ERROR")`, `Second error absolute <nil> lower 4: 1=-3(-3) 2=0.5(0.5-0.7) 2=0.5(0.5) 4=1000(1,000)
Second error reduction % higher 2: 1=20(20) 2=10(10)
`},
		{`(metric: "taste")`, "Second taste absolute <nil> <nil> 2: <nil>=5(5) <nil>=4(4)\n"},
		{`(dataset: "first", metric: "error")`, ""},
		{`(dataset: "third")`, "null"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			args, entries := tt.args, "entries"
			if strings.HasPrefix(args, "(entries") {
				args, entries = "", "entries(first: 2)"
			}
			query := fmt.Sprintf(`{leaderboard%s{dataset{name} metric{name} comparison unit better totalCount %s{rank value result{value}}}}`, args, entries)
			if diff := cmp.Diff(tt.want, text(ask(t, s, query, nil))); diff != "" {
				t.Errorf("%s (-want +got):\n%s", query, diff)
			}
		})
	}
}

// Whatever stands as a value, it is a finite number or none.
func FuzzNumber(f *testing.F) {
	for _, s := range []string{"1", "38,000", "5.3-15.2", "-1", "", "-", "1e400", "NaN", "1-inf", "0x1p-2", "1_0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		low, ok1 := number(s, graph.LowerIsBetter)
		high, ok2 := number(s, graph.HigherIsBetter)
		if ok1 != ok2 || low > high || math.IsNaN(low) || math.IsInf(low, 0) || math.IsInf(high, 0) {
			t.Errorf("%q is %v and %v, %v and %v", s, low, high, ok1, ok2)
		}
	})
}
