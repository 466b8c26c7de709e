package exporters

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

// attributes reads the attribute lists of a graph that DOT wrote: for each
// node and edge statement the list, with escapes undone.
func attributes(t testing.TB, dot []byte) []map[string]string {
	t.Helper()
	s := dotScanner{src: dot}
	var all []map[string]string
	var current map[string]string
	for {
		tok, kind, err := s.next()
		if err != nil {
			t.Fatalf("%v\n%s", err, dot)
		}
		switch {
		case kind == dotEnd:
			return all
		case tok == "[" && kind == dotPunctuation:
			current = map[string]string{}
		case tok == "]" && kind == dotPunctuation:
			all = append(all, current)
			current = nil
		case kind == dotID && current != nil:
			eq, k, err := s.next()
			if err != nil || k != dotPunctuation || eq != "=" {
				t.Fatalf("after %q comes %q instead of = (%v)", tok, eq, err)
			}
			value, k, err := s.next()
			if err != nil || k != dotID {
				t.Fatalf("value of %s: %q, %v", tok, value, err)
			}
			if _, twice := current[tok]; twice {
				t.Fatalf("attribute %s is given twice", tok)
			}
			current[tok] = strings.NewReplacer(`\\`, `\`, `\n`, "\n").Replace(value)
		}
	}
}

func TestHostileNamesStayText(t *testing.T) {
	v := hostileView()
	var b bytes.Buffer
	if err := DOT(&b, v, DOTOptions{Link: link, Legend: true}); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, a := range strings.Fields("id label shape style fillcolor color fontname fontcolor fontsize penwidth margin height tooltip URL target arrowhead arrowsize labeltooltip") {
		known[a] = true
	}
	labels := map[string]string{}
	for _, list := range attributes(t, b.Bytes()) {
		for name, value := range list {
			if !known[name] {
				t.Errorf("attribute %s=%q came from a name", name, value)
			}
			if name == "URL" && !strings.HasPrefix(value, "http://localhost:8080/") {
				t.Errorf("URL %q came from a name", value)
			}
		}
		labels[list["id"]] = list["label"]
	}
	for _, tc := range []struct {
		i    int
		want string
	}{
		{0, "x\",\nURL=\"javascript:alert(1)"},
		{1, `ends with a backslash\`},
		{2, `\N \G \E \l \r \n`},
		{3, "two lines three four"},
		{5, "nul bell c1 bad\uFFFDutf8"},
		{6, "nbsp zerowidth\nsofthyphen"},
		{7, "right to left override"},
		{9, "& lt;b& gt; & amp; & #65;\n& unknown; AT&T"},
	} {
		got := labels[fmt.Sprintf("method-hostile-%d", tc.i)]
		// \N, \l and \r are escapes too, so their backslashes are undone by
		// the same rule.
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("label of %q (-want +got):\n%s", hostileNames[tc.i], diff)
		}
	}
}

func TestMalformedViews(t *testing.T) {
	lora, glue := graph.NewID(graph.KindMethod, "LoRA"), graph.NewID(graph.KindDataset, "GLUE")
	nodes := []graph.Node{{ID: lora, Name: "LoRA"}}
	for _, tc := range []struct {
		name string
		view graph.View
	}{
		{"edge to nowhere", graph.View{Nodes: nodes, Edges: []graph.Edge{{From: lora, Relation: graph.EvaluatedOn, To: glue}}}},
		{"omission at nowhere", graph.View{Nodes: nodes, Omitted: []graph.Omission{{Node: glue, Count: 1}}}},
		{"the same node twice", graph.View{Nodes: append(nodes, nodes...)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := DOT(&bytes.Buffer{}, &tc.view, DOTOptions{}); !errors.Is(err, ErrView) {
				t.Errorf("DOT: %v, want ErrView", err)
			}
			if err := Mermaid(&bytes.Buffer{}, &tc.view, MermaidOptions{}); !errors.Is(err, ErrView) {
				t.Errorf("Mermaid: %v, want ErrView", err)
			}
		})
	}
}

func TestLayoutBySize(t *testing.T) {
	for _, tc := range []struct {
		nodes        int
		want, forbid string
	}{
		{hierarchicalNodes, `layout="dot"`, `overlap=`},
		{hierarchicalNodes + 1, `layout="sfdp";`, `rankdir`},
		{10_000, `splines="line"`, `label="uses"`},
	} {
		var b bytes.Buffer
		if err := DOT(&b, syntheticView(tc.nodes), DOTOptions{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), tc.want) || strings.Contains(b.String(), tc.forbid) {
			t.Errorf("%d nodes: DOT lacks %s or has %s", tc.nodes, tc.want, tc.forbid)
		}
		if n, err := CountNodes(b.Bytes()); err != nil || n != tc.nodes {
			t.Errorf("%d nodes written, want %d (%v)", n, tc.nodes, err)
		}
	}
}

func TestOptions(t *testing.T) {
	v := methodView()
	var plain, full bytes.Buffer
	if err := DOT(&plain, v, DOTOptions{}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "URL") || strings.Contains(plain.String(), "cellborder=\"0\" cellspacing=\"0\" cellpadding=\"2\"") {
		t.Error("a drawing without options has links or a legend")
	}
	skip := func(id graph.ID) string {
		if id.Kind() == graph.KindPaper {
			return ""
		}
		return "/x"
	}
	if err := DOT(&full, v, DOTOptions{Link: skip, Target: "_blank"}); err != nil {
		t.Fatal(err)
	}
	for _, list := range attributes(t, full.Bytes()) {
		if id := list["id"]; strings.HasPrefix(id, "paper-") && !strings.Contains(id, "--") && list["URL"] != "" {
			t.Errorf("%s has the link %q", id, list["URL"])
		}
		if list["URL"] != "" && list["target"] != "_blank" {
			t.Errorf("%s opens in %q", list["id"], list["target"])
		}
	}
}

// The legend has what occurs and nothing else.
func TestLegend(t *testing.T) {
	var b bytes.Buffer
	v := methodView()
	if err := DOT(&b, v, DOTOptions{Legend: true}); err != nil {
		t.Fatal(err)
	}
	heading, _, _ := strings.Cut(b.String(), "</table>>")
	for _, s := range kindStyles {
		has := false
		for i := range v.Nodes {
			has = has || v.Nodes[i].Kind() == s.kind
		}
		if got := strings.Contains(heading, "> "+string(s.kind)+" <"); got != has {
			t.Errorf("legend has %s: %v, view has it: %v", s.kind, got, has)
		}
	}
	for _, s := range relationStyles {
		has := false
		for i := range v.Edges {
			has = has || v.Edges[i].Relation == s.relation
		}
		if got := strings.Contains(heading, ">"+words(s.relation)+"  "); got != has {
			t.Errorf("legend has %s: %v, view has it: %v", s.relation, got, has)
		}
	}
}

func TestStyles(t *testing.T) {
	for i, k := range graph.Kinds() {
		if kindStyles[i].kind != k {
			t.Errorf("style %d is of %s, want %s", i, kindStyles[i].kind, k)
		}
	}
	shapes := map[string]graph.Kind{}
	for _, s := range kindStyles {
		for _, fill := range []string{s.fill, s.strong} {
			if c := contrast(t, inkColor, fill); c < 7 {
				t.Errorf("text on %s (%s) has a contrast of %.1f, want 7", s.kind, fill, c)
			}
		}
		if c := contrast(t, s.border, "#FFFFFF"); c < 3 {
			t.Errorf("border of %s has a contrast of %.1f, want 3", s.kind, c)
		}
		if other, ok := shapes[s.shape+s.style]; ok {
			t.Errorf("%s and %s have one shape", s.kind, other)
		}
		shapes[s.shape+s.style] = s.kind
	}
	looks := map[string]graph.Relation{}
	for i, info := range graph.Relations() {
		s := relationStyles[i]
		if s.relation != info.Relation {
			t.Errorf("style %d is of %s, want %s", i, s.relation, info.Relation)
		}
		if c := contrast(t, s.color, "#FFFFFF"); c < 3 {
			t.Errorf("line of %s has a contrast of %.1f, want 3", s.relation, c)
		}
		look := fmt.Sprint(s.color, s.line, s.head)
		if other, ok := looks[look]; ok {
			t.Errorf("%s and %s look the same", s.relation, other)
		}
		looks[look] = s.relation
		// Relations between the same kinds differ by more than colour.
		for j, other := range graph.Relations()[:i] {
			o := relationStyles[j]
			if o.line == s.line && o.head == s.head && samePair(info, other) {
				t.Errorf("%s and %s differ in nothing but colour", s.relation, o.relation)
			}
		}
	}
}

func samePair(a, b graph.RelationInfo) bool {
	for _, p := range a.Pairs {
		for _, q := range b.Pairs {
			if p == q {
				return true
			}
		}
	}
	return false
}

// contrast is WCAG's ratio between two colours.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	light := func(s string) float64 {
		n, err := strconv.ParseUint(s[1:], 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		channel := func(shift uint) float64 {
			c := float64(n>>shift&0xFF) / 255
			if c <= 0.04045 {
				return c / 12.92
			}
			return math.Pow((c+0.055)/1.055, 2.4)
		}
		return 0.2126*channel(16) + 0.7152*channel(8) + 0.0722*channel(0)
	}
	x, y := light(a), light(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestResultLabel(t *testing.T) {
	cost := graph.NewID(graph.KindMetric, "computational cost")
	name := func(id graph.ID) string { return strings.ReplaceAll(id.Slug(), "-", " ") }
	for _, tc := range []struct {
		r    graph.ResultNode
		want string
	}{
		{graph.ResultNode{Value: "2.7", Unit: "x", Comparison: graph.Reduction, Metric: cost}, "2.7x reduction of computational cost"},
		{graph.ResultNode{Value: "91.2", Unit: "%", Comparison: graph.Absolute, Metric: graph.NewID(graph.KindMetric, "accuracy")}, "91.2% accuracy"},
		{graph.ResultNode{Value: "3", Unit: "dB", Comparison: graph.Improvement, Metric: graph.NewID(graph.KindMetric, "psnr")}, "3 dB improvement of psnr"},
		{graph.ResultNode{Value: "10-20", Unit: "x", Comparison: graph.Ratio, Metric: graph.NewID(graph.KindMetric, "throughput")}, "10-20x throughput"},
		{graph.ResultNode{Value: "40", Unit: "%", Comparison: graph.Reduction}, "40% reduction"},
		{graph.ResultNode{Value: "7", Comparison: graph.Improvement}, "7 improvement"},
		{graph.ResultNode{Value: "7"}, "7"},
	} {
		if got := ResultLabel(&tc.r, name); got != tc.want {
			t.Errorf("%+v: %q, want %q", tc.r, got, tc.want)
		}
	}
}

// Whatever the text, its quoted form is one string of the language and says
// the text.
func FuzzQuote(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = clean(s)
		dot := "digraph { n1[label=" + quote(s) + ",b=c]; }"
		lists := attributes(t, []byte(dot))
		if len(lists) != 1 || len(lists[0]) != 2 || lists[0]["b"] != "c" {
			t.Fatalf("%s: %v", dot, lists)
		}
		if got := lists[0]["label"]; got != s {
			t.Errorf("%q reads back as %q", s, got)
		}
	})
}

// A graph with any name in any place is one that the scanner reads.
func FuzzNames(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name, "a quote", "title")
		f.Add("name", name, name)
	}
	f.Fuzz(func(t *testing.T, name, quotation, title string) {
		b := newViewBuilder(title)
		p := b.paper("A paper", 2020, title)
		m := b.add(graph.Node{ID: graph.NewID(graph.KindMethod, name), Name: name, Aliases: []string{quotation}})
		b.edge(p, graph.Uses, m, p, quotation+"x")
		b.view.Focus = []graph.ID{m}
		b.view.Omitted = []graph.Omission{{Node: m, Relation: graph.Uses, Inverse: true, Kind: graph.KindPaper, Count: 2}}
		var out bytes.Buffer
		if err := DOT(&out, b.sorted(), DOTOptions{Link: link, Legend: true}); err != nil {
			t.Fatal(err)
		}
		if n, err := CountNodes(out.Bytes()); err != nil || n != 3 {
			t.Fatalf("%d nodes, %v:\n%s", n, err, out.Bytes())
		}
		if lists := attributes(t, out.Bytes()); len(lists) != 5 {
			t.Fatalf("%d attribute lists, want 5:\n%s", len(lists), out.Bytes())
		}
		out.Reset()
		if err := Mermaid(&out, b.sorted(), MermaidOptions{Link: link}); err != nil {
			t.Fatal(err)
		}
		checkMermaid(t, out.String())
	})
}
