package exporters

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
	"papergraph/graph/score"
)

// The lines that a flowchart of ours may have: text stands only between
// quotes and has none, nor a "#" or "&" that is not of an entity.
var mermaidLines = regexp.MustCompile(`^(` + strings.Join([]string{
	`---`, `title: "([^"\\]|\\.)*"`, `flowchart LR`,
	`  [a-z]+_[a-z0-9_]+[\[({>/\\]{1,2}"([^"#&<>\\` + "`" + `]|#quot;|#\d+;|<br/>)*"[\])}/\\]{1,2}`,
	`  [a-z]+_[a-z0-9_]+ (==>|-->|---|--o|-\.->|-\.-o|-\.-)\|[a-z ]+\| [a-z]+_[a-z0-9_]+`,
	`  click [a-z]+_[a-z0-9_]+ href "[^" ]+" "([^"#&<>\\` + "`" + `]|#quot;|#\d+;|<br/>)+" _top`,
	`  classDef [a-z]+ [-a-zA-Z0-9:,#]+`, `  class [a-z0-9_,]+ [a-z]+`, `  linkStyle [0-9,]+ stroke:#[0-9A-F]{6}`,
}, "|") + `)$`)

func checkMermaid(t *testing.T, s string) {
	t.Helper()
	for line := range strings.SplitSeq(strings.TrimSuffix(s, "\n"), "\n") {
		if !mermaidLines.MatchString(line) {
			t.Errorf("line %q is not one of ours", line)
		}
	}
}

func TestMermaidLines(t *testing.T) {
	for _, v := range views {
		var b bytes.Buffer
		if err := Mermaid(&b, v.view, MermaidOptions{Link: link}); err != nil {
			t.Fatal(err)
		}
		checkMermaid(t, b.String())
	}
}

func TestJSONReadsBack(t *testing.T) {
	want := methodView()
	var b bytes.Buffer
	if err := JSON(&b, want); err != nil {
		t.Fatal(err)
	}
	var got graph.View
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, &got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

func TestCSVReadsBack(t *testing.T) {
	v := hostileView()
	var b bytes.Buffer
	if err := CSV(&b, v); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+len(v.Edges) {
		t.Fatalf("%d rows, want %d", len(rows), 1+len(v.Edges))
	}
	if diff := cmp.Diff(csvHeader, rows[0]); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	names := map[graph.ID]string{}
	for _, n := range v.Nodes {
		names[n.ID] = n.Name
	}
	for _, row := range rows[1:] {
		for i, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("a spreadsheet would run %s %q", csvHeader[i], cell)
			}
		}
		if got, want := strings.TrimPrefix(row[4], "'"), clean(names[graph.ID(row[3])]); got != want {
			t.Errorf("name %q reads back as %q", want, got)
		}
	}
}

func TestFactsReadBack(t *testing.T) {
	f := graph.Facts{
		Document: graph.Document{Title: "AutoDistil <b>", Abstract: "AutoDistil has 2.7x reduction in computational cost & more."},
		Mentions: []graph.Mention{
			{Relation: graph.Introduces, Kind: graph.KindMethod, Name: "AutoDistil", Confidence: 0.9, Evidence: []graph.Evidence{{Field: graph.FieldTitle, Start: 0, End: 10, Quote: "AutoDistil"}}},
			{Relation: graph.Uses, Kind: graph.KindMethod, Name: "unsure", Confidence: 0.2},
		},
		Results: []graph.Result{{Value: "2.7", Unit: "x", Comparison: graph.Reduction, Metric: "computational cost", Confidence: 0.8, Evidence: graph.Evidence{Quote: "2.7x reduction in computational cost"}}},
	}
	var b bytes.Buffer
	for range 2 {
		if err := Facts(&b, &f, 0.5); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(b.String(), "<b>") || strings.Count(b.String(), "\n") != 2 {
		t.Errorf("not two lines of plain JSON:\n%s", b.String())
	}
	papers, err := score.ReadPapers(&b)
	if err != nil {
		t.Fatal(err)
	}
	want := score.FromFacts(&f, 0.5)
	if diff := cmp.Diff([]score.Paper{want, want}, papers); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
	if len(papers[0].Uses.Methods) != 0 {
		t.Errorf("a mention below the bound was written: %v", papers[0].Uses)
	}
}
