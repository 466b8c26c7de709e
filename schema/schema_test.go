package schema

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each testdata/*.graphql is a query about the small graph, with its answer
// beside it.
func TestGoldenAnswers(t *testing.T) {
	s := schemaOf(t, small(t), Options{BaseURL: "http://localhost:8080"})
	queries, err := filepath.Glob("testdata/*.graphql")
	if err != nil || len(queries) == 0 {
		t.Fatalf("no queries: %v", err)
	}
	// What differs from run to run.
	clock := regexp.MustCompile(`"time": "[^"]*"`)
	for _, file := range queries {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".graphql"), func(t *testing.T) {
			query, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := s.Exec(context.Background(), Request{Query: string(query)})
			raw, err := r.JSON()
			if err != nil {
				t.Fatal(err)
			}
			got := clock.ReplaceAll(indented(t, raw), []byte(`"time": "(some time)"`))
			golden := strings.TrimSuffix(file, ".graphql") + ".json"
			if *update {
				if err := os.WriteFile(golden, got, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", golden, diff)
			}
		})
	}
}

// Every relation of the table can be followed by a typed field in both
// directions, and these fields give what connections gives.
func TestTypedFieldsEqualConnections(t *testing.T) {
	s := schemaOf(t, small(t), Options{})
	fields := map[string]struct{ relation, direction, kinds string }{}
	add := func(kind graph.Kind, field, relation, direction string, kinds ...string) {
		k := ""
		if len(kinds) > 0 {
			k = "kinds: [" + strings.Join(kinds, ",") + "]"
		}
		fields[string(kind)+"."+field] = struct{ relation, direction, kinds string }{relation, direction, k}
	}
	covered := make(map[string]bool)
	for _, info := range graph.Relations() {
		for _, pair := range info.Pairs {
			from, to, r := pair[0], pair[1], string(info.Relation)
			outName, inName := r, info.Inverse
			switch {
			case info.Relation == graph.Reports && from == graph.KindResult:
				outName, inName = string(to), "results" // a single node
			case info.Relation == graph.Broader && from == graph.KindMethod:
				inName = "methods"
			case info.Relation == graph.Concerns, info.Relation == graph.AuthoredBy, info.Relation == graph.PublishedIn:
				inName = "papers"
			}
			if outName == r {
				add(from, outName, r, "out")
			}
			switch inName {
			case "methods", "narrower", "results":
				add(to, inName, r, "in", string(from))
			default:
				add(to, inName, r, "in")
			}
			covered[r] = true
		}
	}
	for name, f := range fields {
		kind, field, _ := strings.Cut(name, ".")
		typed := strings.ToUpper(kind[:1]) + kind[1:]
		query := fmt.Sprintf(`{%ss{nodes{id typed: %s{edges{cursor support node{id}}} generic: connections(relations:[%s] direction:%s %s){edges{cursor support node{id}}}}}}`,
			kind, field, f.relation, f.direction, f.kinds)
		for _, n := range at(t, ask(t, s, query, nil), kind+"s.nodes").([]any) {
			if diff := cmp.Diff(at(t, n, "generic"), at(t, n, "typed")); diff != "" {
				t.Errorf("%s.%s of %v (-connections +typed):\n%s", typed, field, at(t, n, "id"), diff)
			}
		}
	}
	if len(covered) != len(graph.Relations()) || len(fields) < 30 {
		t.Errorf("only %d relations, %d fields", len(covered), len(fields))
	}
}

const introspectionQuery = `query IntrospectionQuery {
  __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types { ...FullType }
    directives { name description locations args { ...InputValue } }
  }
}
fragment FullType on __Type {
  kind name description
  fields(includeDeprecated: true) { name description args { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
  inputFields { ...InputValue }
  interfaces { ...TypeRef }
  enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef }
}
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue }
fragment TypeRef on __Type {
  kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } }
}`

type described struct {
	Name, Description string
	Args              []described
	Fields            []described
	EnumValues        []described
	Kind              string
	Interfaces        []described
}

// The standard introspection query passes all limits, and everything that it
// finds is described.
func TestIntrospection(t *testing.T) {
	s := schemaOf(t, small(t), Options{})
	r := s.Exec(context.Background(), Request{Query: introspectionQuery})
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Schema struct{ Types []described } `json:"__schema"`
	}
	if err := json.Unmarshal(r.Data, &got); err != nil {
		t.Fatal(err)
	}
	count, connections := 0, make(map[string]bool)
	for _, typ := range got.Schema.Types {
		if strings.HasPrefix(typ.Name, "__") {
			continue
		}
		check := func(d string, path ...string) {
			count++
			if strings.TrimSpace(d) == "" || !strings.HasSuffix(d, ".") && !strings.HasSuffix(d, "```") {
				t.Errorf("%s is not described by a sentence: %q", strings.Join(path, "."), d)
			}
		}
		if typ.Kind != "SCALAR" || typ.Name == "Time" {
			check(typ.Description, typ.Name)
		}
		for _, f := range typ.Fields {
			check(f.Description, typ.Name, f.Name)
			for _, a := range f.Args {
				check(a.Description, typ.Name, f.Name, a.Name)
			}
			// What the resolvers believe about their fields is so.
			if typ.Name != "Query" && slices.ContainsFunc(f.Args, func(a described) bool { return a.Name == "after" }) {
				connections[f.Name] = true
			}
		}
		for _, v := range typ.EnumValues {
			check(v.Description, typ.Name, v.Name)
		}
	}
	t.Logf("%d fields, %d bytes", r.Fields, len(r.Data))
	if count < 500 {
		t.Errorf("only %d descriptions", count)
	}
	if diff := cmp.Diff(connectionFields, connections); diff != "" {
		t.Errorf("connectionFields (-resolvers +schema):\n%s", diff)
	}
}

// The enumerations have the values that the domain has.
func TestEnumerationsAreTheDomains(t *testing.T) {
	s := schemaOf(t, small(t), Options{})
	data := ask(t, s, `{__schema{types{name kind enumValues{name}}}}`, nil)
	got := make(map[string][]string)
	for _, typ := range at(t, data, "__schema.types").([]any) {
		name := at(t, typ, "name").(string)
		if at(t, typ, "kind") != "ENUM" || strings.HasPrefix(name, "__") {
			continue
		}
		for _, v := range at(t, typ, "enumValues").([]any) {
			got[name] = append(got[name], at(t, v, "name").(string))
		}
		slices.Sort(got[name])
	}
	want := map[string][]string{
		"Class":      {"CURATED", "EXTRACTED", "IMPORTED", "INFERRED"},
		"Field":      {string(graph.FieldAbstract), string(graph.FieldTitle)},
		"Comparison": {string(graph.Absolute), string(graph.Improvement), string(graph.Ratio), string(graph.Reduction)},
		"Better":     {string(graph.HigherIsBetter), string(graph.LowerIsBetter)},
		"LinkKind":   {string(graph.LinkCode), string(graph.LinkData), string(graph.LinkDemo), string(graph.LinkProject)},
		"NameMatch":  {"alias", "id", "name", "outsideId"},
		"Likeness":   {"longer", "namesake", "version"},
	}
	for _, k := range append(graph.Kinds(), "") {
		if k != "" {
			want["Kind"] = append(want["Kind"], string(k))
		}
		facets := slices.Collect(maps.Keys(relationFields[k]))
		order := []string{"id", "name", "paperCount"}
		switch k {
		case graph.KindPaper:
			facets, order = append(facets, "year"), append(order, "year")
		case graph.KindResult:
			order = append(order, "value")
		case "":
			facets, order = []string{"kind", "relation", "year"}, nil
		}
		want[typeName(k)+"Facet"] = facets
		if order != nil {
			want[typeName(k)+"OrderField"] = order
		}
	}
	for f := range orderKeys {
		if f != "value" {
			want["EdgeOrderField"] = append(want["EdgeOrderField"], f)
		}
	}
	want["OrderDirection"] = []string{"asc", "desc"}
	for _, r := range graph.Relations() {
		want["Relation"] = append(want["Relation"], string(r.Relation))
	}
	for d := range directions {
		want["Direction"] = append(want["Direction"], d)
	}
	for _, r := range reasons {
		want["Reason"] = append(want["Reason"], r)
	}
	for _, v := range want {
		slices.Sort(v)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("enumerations (-domain +schema):\n%s", diff)
	}
	for _, c := range Codes() {
		if !strings.Contains(SDL(), string(c)) {
			t.Errorf("the schema's comment does not list the code %s", c)
		}
	}
}

// Evidence that the API returns is the slice of the text that it says.
func TestEvidenceLiesWhereItSays(t *testing.T) {
	s := schemaOf(t, small(t), Options{})
	data := ask(t, s, `{papers{nodes{connections(direction:out first:200){edges{evidence(first:200){quote start end field paper{title abstract}}}}}}
		methods{nodes{connections(direction:out first:200){edges{statements(first:200){evidence{quote start end field paper{title abstract}}}}}}}}`, nil)
	n := 0
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, x := range v {
				walk(x)
			}
		case map[string]any:
			if q, ok := v["quote"].(string); ok {
				n++
				text := at(t, v, "paper."+v["field"].(string)).(string)
				if got := string([]rune(text)[int(v["start"].(float64)):int(v["end"].(float64))]); got != q {
					t.Errorf("%v is %q", v, got)
				}
			}
			for _, x := range v {
				walk(x)
			}
		}
	}
	walk(data)
	if n < 15 {
		t.Errorf("only %d quotes", n)
	}
}

// Executing a query again gives the same bytes.
func TestAnswersAreDeterministic(t *testing.T) {
	s := schemaOf(t, synthetic(100), Options{})
	query := `{papers(first:50){nodes{title uses{edges{support confidence evidence{quote} node{name usedBy(first:5){nodes{name} totalCount}}}} bad: uses(first:1000){totalCount}}}
		search(text:"paper 7"){hits{score node{__typename id}}}}`
	var want []byte
	for i := range 10 {
		r := s.Exec(context.Background(), Request{Query: query})
		got, err := r.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			want = got
			if len(r.Errors) != 20 || r.ErrorsOmitted != 30 {
				t.Errorf("%d errors, %d omitted; want 20 and 30", len(r.Errors), r.ErrorsOmitted)
			}
		} else if !bytes.Equal(want, got) {
			t.Fatalf("execution %d:\n%s\n%s", i, want, got)
		}
	}
}
