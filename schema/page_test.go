package schema

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
	"papergraph/store"
)

// Paging through a connection, in either direction and in any step, gives what
// reading it whole gives, with page information that is true.
func TestPagingEqualsReadingWhole(t *testing.T) {
	s := schemaOf(t, synthetic(60), Options{})
	for _, tt := range []struct{ name, open, field, path string }{
		{"papers", "", "papers", "papers"},
		{"papers of years", "", "papers(yearFrom: 2003, yearTo: 2020 %s)", "papers"},
		{"papers matching", "", `papers(matching: "paper number" %s)`, "papers"},
		{"methods", "", "methods", "methods"},
		{"usedBy", `method(id: "method:method-0") {`, "usedBy", "method.usedBy"},
		{"usedBy, the surer", `method(id: "method:method-0") {`, "usedBy(where: {confidence: {gt: 0.4}} %s)", "method.usedBy"},
		{"connections", `paper(id: "Paper number 7") {`, "connections", "paper.connections"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			page := func(args string) (cursors, ids []string, info map[string]any, total int) {
				t.Helper()
				field := tt.field + "(" + args + ")"
				if tt.field[len(tt.field)-1] == ')' {
					field = fmt.Sprintf(tt.field, args)
				}
				end := ""
				if tt.open != "" {
					end = "}"
				}
				data := ask(t, s, "{"+tt.open+field+"{totalCount edges{cursor node{id}} nodes{id} pageInfo{hasNextPage hasPreviousPage startCursor endCursor}}}"+end, nil)
				c := at(t, data, tt.path)
				for i, e := range at(t, c, "edges").([]any) {
					cursors = append(cursors, at(t, e, "cursor").(string))
					ids = append(ids, at(t, e, "node.id").(string))
					if n := at(t, c, fmt.Sprintf("nodes.%d.id", i)); n != ids[i] {
						t.Errorf("node %d is %v, its edge's is %v", i, n, ids[i])
					}
				}
				return cursors, ids, at(t, c, "pageInfo").(map[string]any), int(at(t, c, "totalCount").(float64))
			}
			cursors, want, info, total := page("first: 200")
			if len(want) != total || total < 5 || info["hasNextPage"] != false || info["hasPreviousPage"] != false {
				t.Fatalf("whole list: %d of %d entries, %v", len(want), total, info)
			}
			check := func(from, to int, args string) {
				t.Helper()
				gotCursors, got, info, n := page(args)
				wantInfo := map[string]any{"hasNextPage": to < total, "hasPreviousPage": from > 0, "startCursor": nil, "endCursor": nil}
				if from < to {
					wantInfo["startCursor"], wantInfo["endCursor"] = cursors[from], cursors[to-1]
				}
				if !slices.Equal(want[from:to], got) || !slices.Equal(cursors[from:to], gotCursors) || n != total {
					t.Errorf("%s: %v, want %v", args, got, want[from:to])
				}
				if diff := cmp.Diff(wantInfo, info); diff != "" {
					t.Errorf("%s (-want +got):\n%s", args, diff)
				}
			}
			for _, step := range []int{1, 3, total - 1, total} {
				for from := 0; from < total; from += step {
					args := fmt.Sprintf("first: %d", step)
					if from > 0 {
						args += fmt.Sprintf(" after: %q", cursors[from-1])
					}
					check(from, min(from+step, total), args)
				}
				for to := total; to > 0; to -= step {
					args := fmt.Sprintf("last: %d", step)
					if to < total {
						args += fmt.Sprintf(" before: %q", cursors[to])
					}
					check(max(to-step, 0), to, args)
				}
			}
			check(2, 4, fmt.Sprintf("first: 100 after: %q before: %q", cursors[1], cursors[4]))
			check(3, 4, fmt.Sprintf("last: 1 after: %q before: %q", cursors[1], cursors[4]))
			check(1, 3, fmt.Sprintf("first: 2 before: %q after: %q", cursors[4], cursors[0]))
			check(total-2, total, fmt.Sprintf("last: 2 after: %q", cursors[0]))
			check(0, 0, "first: 0")
			check(total, total, fmt.Sprintf("first: 5 after: %q", cursors[total-1]))
		})
	}
}

// A filter by years finds what looking at every paper finds.
func TestYears(t *testing.T) {
	s := schemaOf(t, small(t), Options{})
	for _, tt := range []struct {
		args string
		want int
	}{
		{"yearFrom: 2021", 2}, {"yearFrom: 2022", 1}, {"yearFrom: 2024", 0}, {"yearFrom: 0", 2}, {"yearFrom: -5", 2},
		{"yearTo: 2020", 0}, {"yearTo: 2021", 1}, {"yearTo: 2023", 2}, {"yearTo: 2147483647", 2},
		{"yearFrom: 2021 yearTo: 2021", 1}, {"yearFrom: 2022 yearTo: 2022", 0}, {"yearFrom: 2023 yearTo: 2021", 0},
	} {
		data := ask(t, s, "{papers("+tt.args+"){totalCount nodes{year}}}", nil)
		if n := at(t, data, "papers.totalCount"); n != float64(tt.want) {
			t.Errorf("%s: %v papers, want %d", tt.args, n, tt.want)
		}
	}
}

func TestCursors(t *testing.T) {
	for _, n := range []store.Neighbor{
		{ID: "method:lora"}, {ID: "method:lora", Relation: graph.Uses}, {ID: "paper:x-1", Relation: graph.Cites, Inverse: true},
	} {
		got, err := parseCursor(cursorOf(n))
		if err != nil || got != n {
			t.Errorf("%+v reads back as %+v, %v", n, got, err)
		}
	}
}

func FuzzParseCursor(f *testing.F) {
	f.Add(cursorOf(store.Neighbor{ID: "method:lora", Relation: graph.Uses}))
	f.Add(cursorOf(store.Neighbor{ID: "method:lora"}))
	f.Add("")
	f.Add("bWV0aG9kOmxvcmE=")
	f.Fuzz(func(t *testing.T, s string) {
		n, err := parseCursor(s)
		if err == nil && cursorOf(n) != s {
			t.Errorf("%q reads as %+v, which is written %q", s, n, cursorOf(n))
		}
	})
}

// Siblings that are asked for pages after a cursor that only one of them has.
func TestCursorOfOneSibling(t *testing.T) {
	s := schemaOf(t, small(t), Options{})
	cursor := cursorOf(store.Neighbor{ID: "method:lora", Relation: graph.Uses})
	r := s.Exec(context.Background(), Request{Query: `query($c: String){papers{nodes{id uses(after:$c){totalCount}}}}`, Variables: map[string]any{"c": cursor}})
	if len(r.Errors) != 2 || string(r.Data) != `{"papers":{"nodes":[{"id":"paper:qlora-efficient-finetuning","uses":{"totalCount":1}},`+
		`{"id":"paper:lora-low-rank-adaptation-of-large-language-models","uses":null},{"id":"paper:stochastic-approximation-revisited-and-more","uses":null}]}}` {
		t.Errorf("%v\n%s", r.Err(), r.Data)
	}
}
