package schema

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A list with a filter is the list without, of the edges that meet it.
func TestEdgeFilter(t *testing.T) {
	s := schemaOf(t, synthetic(60), Options{})
	for _, list := range []struct{ open, field string }{
		{`method(id: "method:method-0")`, "usedBy"},
		{`method(id: "method:method-0")`, "connections"},
		{`paper(id: "Paper number 7")`, "uses"},
		{`paper(id: "Paper number 7")`, "connections"},
	} {
		read := func(where string) (ids []string, confidences []float64, total int) {
			t.Helper()
			data := ask(t, s, fmt.Sprintf("{x: %s {y: %s(first: 200 %s) {totalCount edges{confidence node{id}}}}}", list.open, list.field, where), nil)
			for _, e := range at(t, data, "x.y.edges").([]any) {
				ids = append(ids, at(t, e, "node.id").(string))
				confidences = append(confidences, at(t, e, "confidence").(float64))
			}
			return ids, confidences, int(at(t, data, "x.y.totalCount").(float64))
		}
		all, confidences, _ := read("")
		for _, tt := range []struct {
			where string
			meets func(c float64) bool
		}{
			{"where: null", func(float64) bool { return true }},
			{"where: {}", func(float64) bool { return true }},
			{"where: {confidence: null}", func(float64) bool { return true }},
			{"where: {confidence: {}}", func(float64) bool { return true }},
			{"where: {confidence: {gte: 0.5}}", func(c float64) bool { return c >= 0.5 }},
			{"where: {confidence: {gt: 0.5}}", func(c float64) bool { return c > 0.5 }},
			{"where: {confidence: {lte: 0.5}}", func(c float64) bool { return c <= 0.5 }},
			{"where: {confidence: {lt: 0.5}}", func(c float64) bool { return c < 0.5 }},
			{"where: {confidence: {eq: 0.5}}", func(c float64) bool { return c == 0.5 }},
			{"where: {confidence: {gte: 0.3, lt: 0.8}}", func(c float64) bool { return c >= 0.3 && c < 0.8 }},
			{"where: {confidence: {gt: 1}}", func(float64) bool { return false }},
		} {
			var want []string
			for i, id := range all {
				if tt.meets(confidences[i]) {
					want = append(want, id)
				}
			}
			got, _, total := read(tt.where)
			if d := cmp.Diff(want, got); d != "" || total != len(want) {
				t.Errorf("%s %s %s: totalCount %d (-want +got):\n%s", list.open, list.field, tt.where, total, d)
			}
		}
	}
}

// Siblings that want other edges do not share a read, whatever is equal else.
func TestEdgeFilterOfSiblings(t *testing.T) {
	s := schemaOf(t, small(t), Options{})
	data := ask(t, s, `{paper(id: "paper:lora-low-rank-adaptation-of-large-language-models") {
		all: connections { totalCount }
		sure: connections(where: {confidence: {gte: 0.9}}) { nodes { name } }
		unsure: connections(where: {confidence: {lt: 0.9}}) { nodes { name } }
	}}`, nil)
	names := func(path string) (out []string) {
		for _, n := range at(t, data, path).([]any) {
			out = append(out, at(t, n, "name").(string))
		}
		return out
	}
	sure, unsure := names("paper.sure.nodes"), names("paper.unsure.nodes")
	if !slices.Contains(sure, "LoRA") || !slices.Contains(unsure, "GLUE") || len(sure)+len(unsure) != int(at(t, data, "paper.all.totalCount").(float64)) {
		t.Errorf("sure: %q, unsure: %q, of %v", sure, unsure, at(t, data, "paper.all.totalCount"))
	}
}

func TestEdgeFilterRefuses(t *testing.T) {
	s := schemaOf(t, synthetic(60), Options{Limits: Limits{Nodes: 100}})
	for _, tt := range []struct {
		query    string
		code     Code
		contains string
	}{
		{`{paper(id: "x") {uses(where: {year: {gt: 1}}) {totalCount}}}`, CodeValidation, "year"},
		{`{paper(id: "x") {uses(where: {confidence: {gte: "much"}}) {totalCount}}}`, CodeValidation, "Float"},
		{`{papers(where: {confidence: {gte: 0.5}}) {totalCount}}`, CodeValidation, "confidence"},
		{`{papers(where: {id: {eq: " "}}) {totalCount}}`, CodeInput, "where: id: eq: give an id"},
		{`{papers(where: {id: {in: [` + strings.Repeat(`"a",`, 201) + `]}}) {totalCount}}`, CodeInput, "201 values of in are too many, at most 200"},
		{`{papers(where: {OR: [` + strings.Repeat(`{year: {gt: 1}},`, 101) + `]}) {totalCount}}`, CodeInput, "more than 200 conditions"},
		{`{papers(where: ` + strings.Repeat(`{NOT: `, 201) + "{}" + strings.Repeat("}", 201) + `) {totalCount}}`, CodeInput, "more than 200 conditions"},
		{`{papers(where: {uses: {some: {usedBy: {all: {name: {contains: "x"}}}}}}, first: 201) {totalCount}}`, CodeInput, "first: 201"},
		{`{papers {facets(fields: [` + strings.Repeat("year ", 21) + `]) {valueCount}}}`, CodeInput, "21 facets are too many, at most 20"},
		{`{papers {facets(fields: [year], first: 201) {valueCount}}}`, CodeInput, "first: 201"},
		// The whole list is looked at and paid for, not only the page.
		{`{method(id: "method:method-0") {a: usedBy(first: 1, where: {confidence: {gte: 0.5}}) {totalCount} b: usedBy(first: 2, where: {confidence: {gte: 0.5}}) {totalCount}}}`, CodeBudget, "reads too much"},
	} {
		r := s.Exec(context.Background(), Request{Query: tt.query})
		if len(r.Errors) == 0 {
			t.Errorf("%s: no error", tt.query)
			continue
		}
		if e := r.Errors[0]; e.Extensions.Code != tt.code || !strings.Contains(e.Message, tt.contains) {
			t.Errorf("%s: %s %q, want %s with %q", tt.query, e.Extensions.Code, e.Message, tt.code, tt.contains)
		}
	}
}

// The fields of filters and facets ask about what the fields of the same names
// lead to.
func TestFiltersFollowFields(t *testing.T) {
	s := schemaOf(t, small(t), Options{})
	n := 0
	for kind, fields := range relationFields {
		for field := range fields {
			list := string(kind) + "s"
			data := ask(t, s, fmt.Sprintf(`{all: %s {nodes {id at: %s {totalCount nodes {id}}}}
				some: %[1]s(where: {%[2]s: {some: {}}}) {nodes {id}} none: %[1]s(where: {%[2]s: {none: {}}}) {nodes {id}}
				facets: %[1]s {facets(fields: [%[2]s], first: 200) {values {value count}}}}`, list, field), nil)
			some, none, counts := []any{}, []any{}, make(map[any]float64)
			for _, node := range at(t, data, "all.nodes").([]any) {
				if id := map[string]any{"id": at(t, node, "id")}; at(t, node, "at.totalCount") == 0.0 {
					none = append(none, id)
				} else {
					some = append(some, id)
				}
				for _, neighbour := range at(t, node, "at.nodes").([]any) {
					counts[at(t, neighbour, "id")]++
				}
			}
			got := make(map[any]float64)
			for _, v := range at(t, data, "facets.facets.0.values").([]any) {
				got[at(t, v, "value")] = at(t, v, "count").(float64)
			}
			if diff := cmp.Diff([]any{some, none, counts}, []any{at(t, data, "some.nodes"), at(t, data, "none.nodes"), got}); diff != "" {
				t.Errorf("%s.%s (-field +filters and facet):\n%s", kind, field, diff)
			}
			n += len(some)
		}
	}
	if n < 30 {
		t.Errorf("only %d nodes have neighbours", n)
	}
}
