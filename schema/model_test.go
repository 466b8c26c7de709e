package schema

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"papergraph/graph"
	"papergraph/store"
)

// model answers what lists have by looking at every node and edge, out of the
// decoded variables of a query.
type model struct {
	nodes  map[graph.ID]*graph.Node
	degree map[graph.ID]int
	ids    map[graph.Kind][]graph.ID
	edges  []*graph.Edge
	// at is the edges that a node has in a field, in the field's own order.
	at map[graph.ID]map[string][]step
}

// step is an edge as it is followed from a node.
type step struct {
	edge    *graph.Edge
	inverse bool
	to      graph.ID
}

func modelOf(t testing.TB, st *store.Store) *model {
	t.Helper()
	ctx := context.Background()
	snap, err := st.Latest()
	if err != nil {
		t.Fatal(err)
	}
	defer snap.Close()
	m := &model{nodes: make(map[graph.ID]*graph.Node), degree: make(map[graph.ID]int), ids: make(map[graph.Kind][]graph.ID), at: make(map[graph.ID]map[string][]step)}
	byKey := make(map[store.EdgeKey]*graph.Edge)
	for e, err := range snap.AllEdges(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		m.edges = append(m.edges, e)
		byKey[store.EdgeKey{From: e.From, Relation: e.Relation, To: e.To}] = e
	}
	for n, err := range snap.AllNodes(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		m.nodes[n.ID], m.degree[n.ID] = n, snap.Degree(n.ID)
		m.at[n.ID] = make(map[string][]step)
		fields := maps.Clone(relationFields[n.Kind()])
		if fields == nil {
			fields = make(map[string]via)
		}
		fields["connections"] = via{}
		for field, v := range fields {
			beside, err := snap.Neighbors(ctx, n.ID, v.query)
			if err != nil {
				t.Fatal(err)
			}
			for _, b := range beside {
				m.at[n.ID][field] = append(m.at[n.ID][field], step{byKey[edgeKey(n.ID, b)], b.Inverse, b.ID})
			}
		}
	}
	for _, k := range graph.Kinds() {
		if m.ids[k], err = snap.List(k, "", snap.Count(k)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// object is an input as a variable has it.
type object = map[string]any

// each says whether all fields of an input are met; AND, OR and NOT are put
// together here.
func each(f object, meets func(field string, v any) bool, whole func(f object) bool) bool {
	for field, v := range f {
		ok := true
		switch field {
		case "AND":
			for _, part := range v.([]any) {
				ok = ok && whole(part.(object))
			}
		case "OR":
			ok = slices.ContainsFunc(v.([]any), func(part any) bool { return whole(part.(object)) })
		case "NOT":
			ok = !whole(v.(object))
		default:
			ok = meets(field, v)
		}
		if !ok {
			return false
		}
	}
	return true
}

func meetsText(f object, s string) bool {
	return each(f, func(op string, v any) bool {
		switch op {
		case "eq":
			return s == v
		case "in":
			return slices.Contains(v.([]any), any(s))
		case "contains":
			return strings.Contains(strings.ToLower(s), strings.ToLower(v.(string)))
		}
		return strings.HasPrefix(strings.ToLower(s), strings.ToLower(v.(string)))
	}, nil)
}

func meetsNumber(f object, n float64, known bool) bool {
	return len(f) == 0 || known && each(f, func(op string, v any) bool {
		switch op {
		case "eq":
			return n == v
		case "in":
			return slices.Contains(v.([]any), any(n))
		case "gt":
			return n > v.(float64)
		case "gte":
			return n >= v.(float64)
		case "lt":
			return n < v.(float64)
		}
		return n <= v.(float64)
	}, nil)
}

func (m *model) year(id graph.ID) (float64, bool) {
	p := m.nodes[id].Paper
	if p == nil || p.Year == 0 {
		return 0, false
	}
	return float64(p.Year), true
}

func (m *model) value(id graph.ID) (float64, bool) {
	if r := m.nodes[id].Result; r != nil {
		return r.Number()
	}
	return 0, false
}

func (m *model) meets(f object, id graph.ID) bool {
	n := m.nodes[id]
	return each(f, func(field string, v any) bool {
		o := v.(object)
		switch field {
		case "id", "kind":
			s := string(n.ID)
			if field == "kind" {
				s = string(n.Kind())
			}
			return meetsText(o, s)
		case "name", "title":
			return meetsText(o, n.Name)
		case "year":
			y, ok := m.year(id)
			return meetsNumber(o, y, ok)
		case "value":
			x, ok := m.value(id)
			return meetsNumber(o, x, ok)
		case "paperCount":
			return meetsNumber(o, float64(m.degree[id]), true)
		case "better":
			return len(o) == 0 || n.Better != "" && meetsText(o, string(n.Better))
		case "unit":
			return len(o) == 0 || n.Result != nil && meetsText(o, n.Result.Unit)
		case "comparison":
			return len(o) == 0 || n.Result != nil && meetsText(o, string(n.Result.Comparison))
		}
		for quantifier, inner := range o {
			some, all := false, true
			for _, s := range m.at[id][field] {
				ok := m.meets(inner.(object), s.to)
				some, all = some || ok, all && ok
			}
			if quantifier == "some" && !some || quantifier == "all" && !all || quantifier == "none" && some {
				return false
			}
		}
		return true
	}, func(f object) bool { return m.meets(f, id) })
}

func (m *model) meetsEdge(f object, s step) bool {
	return each(f, func(field string, v any) bool {
		switch field {
		case "confidence":
			return meetsNumber(v.(object), s.edge.Confidence(), true)
		case "support":
			return meetsNumber(v.(object), float64(s.edge.Support()), true)
		case "relation":
			return meetsText(v.(object), string(s.edge.Relation))
		case "inverse":
			return s.inverse == v
		case "node":
			return m.meets(v.(object), s.to)
		}
		for quantifier, classes := range v.(object) {
			some, all := false, true
			for _, st := range s.edge.Statements {
				ok := slices.Contains(classes.([]any), any(string(st.Class)))
				some, all = some || ok, all && ok
			}
			if quantifier == "some" && !some || quantifier == "all" && !all || quantifier == "none" && some {
				return false
			}
		}
		return true
	}, func(f object) bool { return m.meetsEdge(f, s) })
}

// compare orders by an input of an order. The edges of nodes in lists without
// any are nil.
func (m *model) compare(orders []any, a, b step) int {
	for _, o := range orders {
		sign := 1
		if o.(object)["direction"] == "desc" {
			sign = -1
		}
		d := 0
		nullable := func(of func(graph.ID) (float64, bool)) int {
			x, xok := of(a.to)
			y, yok := of(b.to)
			switch {
			case xok && yok:
				return sign * cmp.Compare(x, y)
			case xok:
				return -1
			case yok:
				return 1
			}
			return 0
		}
		switch o.(object)["field"] {
		case "id":
			d = sign * graph.CompareIDs(a.to, b.to)
		case "name":
			x, y := m.nodes[a.to].Name, m.nodes[b.to].Name
			d = sign * cmp.Or(strings.Compare(strings.ToLower(x), strings.ToLower(y)), strings.Compare(x, y))
		case "year":
			d = nullable(m.year)
		case "value":
			d = nullable(m.value)
		case "paperCount":
			d = sign * cmp.Compare(m.degree[a.to], m.degree[b.to])
		case "confidence":
			d = sign * cmp.Compare(a.edge.Confidence(), b.edge.Confidence())
		case "support":
			d = sign * cmp.Compare(a.edge.Support(), b.edge.Support())
		case "relation":
			d = sign * compareSteps(a, b)
		}
		if d != 0 {
			return d
		}
	}
	d := graph.CompareIDs(a.to, b.to)
	if d == 0 && a.edge != nil {
		d = compareSteps(a, b)
	}
	return d
}

func compareSteps(a, b step) int {
	direction := func(s step) int {
		if s.inverse {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.edge.Relation.Rank(), b.edge.Relation.Rank()), cmp.Compare(direction(a), direction(b)))
}

// facet counts by a field, as "value count".
func (m *model) facet(steps []step, field string) []string {
	counts := make(map[string]int)
	for _, s := range steps {
		switch field {
		case "year":
			if y, ok := m.year(s.to); ok {
				counts[strconv.Itoa(int(y))]++
			}
		case "kind":
			counts[string(s.to.Kind())]++
		case "relation":
			if s.edge != nil {
				counts[string(s.edge.Relation)]++
			}
		default:
			for _, n := range m.at[s.to][field] {
				counts[string(n.to)]++
			}
		}
	}
	values := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		byValue := strings.Compare(a, b)
		if strings.Contains(a, ":") {
			byValue = graph.CompareIDs(graph.ID(a), graph.ID(b))
		}
		return cmp.Or(cmp.Compare(counts[b], counts[a]), byValue)
	})
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = fmt.Sprint(v, " ", counts[v])
	}
	return list
}

// drawer draws inputs that take some things and leave others.
type drawer struct {
	*rapid.T
	m *model
}

func (d drawer) pick(label string, of ...string) string {
	return rapid.SampledFrom(of).Draw(d.T, label)
}
func (d drawer) below(n int, label string) int { return rapid.IntRange(0, n-1).Draw(d.T, label) }

func (d drawer) texts(of []string) object {
	one := func() string { return rapid.SampledFrom(of).Draw(d.T, "text") }
	switch s := one(); d.below(5, "operator") {
	case 0:
		return object{"eq": s}
	case 1:
		return object{"in": []any{s, one()}}
	case 2:
		r := []rune(s)
		from := d.below(len(r)+1, "from")
		return object{"contains": strings.ToUpper(string(r[from:min(from+3, len(r))]))}
	case 3:
		r := []rune(s)
		return object{"startsWith": string(r[:d.below(len(r)+1, "to")])}
	}
	return object{}
}

func (d drawer) numbers(of ...float64) object {
	f := object{}
	for range d.below(3, "bounds") {
		op, n := d.pick("operator", "eq", "in", "gt", "gte", "lt", "lte"), rapid.SampledFrom(of).Draw(d.T, "number")
		if op == "in" {
			f[op] = []any{n, rapid.SampledFrom(of).Draw(d.T, "number")}
		} else {
			f[op] = n
		}
	}
	return f
}

// words draws a filter of an enumeration.
func (d drawer) words(of ...string) object {
	switch w := d.pick("word", of...); d.below(3, "operator") {
	case 0:
		return object{"eq": w}
	case 1:
		return object{"in": []any{w, d.pick("word", of...)}}
	}
	return object{}
}

func (d drawer) parts(f object, part func() object) {
	switch d.below(6, "parts") {
	case 0:
		f["AND"] = []any{part(), part()}
	case 1:
		f["OR"] = []any{part(), part()}
	case 2:
		f["NOT"] = part()
	}
}

func (d drawer) filter(kind graph.Kind, depth int) object {
	f := object{}
	var ids, names []string
	for _, k := range graph.Kinds() {
		if kind == "" || k == kind {
			for _, id := range d.m.ids[k] {
				ids, names = append(ids, string(id)), append(names, d.m.nodes[id].Name)
			}
		}
	}
	fields := []string{"id", "name", "paperCount"}
	switch kind {
	case graph.KindPaper:
		fields = append(fields, "title", "year")
	case graph.KindMetric:
		fields = append(fields, "better")
	case graph.KindResult:
		fields = append(fields, "value", "unit", "comparison")
	case "":
		fields = append(fields, "kind", "year")
	}
	relations := slices.Sorted(maps.Keys(relationFields[kind]))
	for range d.below(3, "fields") {
		if depth > 0 && len(relations) > 0 && d.below(2, "relation") == 0 {
			field := d.pick("field", relations...)
			f[field] = object{d.pick("quantifier", "some", "all", "none"): d.filter(relationFields[kind][field].kind, depth-1)}
			continue
		}
		switch field := d.pick("field", fields...); field {
		case "id":
			f[field] = d.words(append([]string{"method:not-there"}, ids...)...)
		case "name", "title":
			f[field] = d.texts(append([]string{"", "(", "not there"}, names...))
		case "paperCount":
			f[field] = d.numbers(0, 1, 2, 3, 4, 60)
		case "year":
			f[field] = d.numbers(2000, 2005, 2012, 2021, 2023)
		case "value":
			f[field] = d.numbers(-1, 3, 4)
		case "unit":
			f[field] = d.texts([]string{"", "×", "%"})
		case "better":
			f[field] = d.words("higher", "lower")
		case "comparison":
			f[field] = d.words("absolute", "ratio")
		case "kind":
			f[field] = d.words("method", "paper", "dataset", "author")
		}
	}
	if depth > 0 {
		d.parts(f, func() object { return d.filter(kind, depth-1) })
	}
	return f
}

func (d drawer) edgeFilter(kind graph.Kind, depth int) object {
	f := object{}
	for range d.below(3, "fields") {
		switch field := d.pick("field", "confidence", "support", "classes", "relation", "inverse", "node"); field {
		case "confidence":
			f[field] = d.numbers(0.1, 0.4, 0.5, 0.8, 0.9, 1)
		case "support":
			f[field] = d.numbers(0, 1, 2)
		case "classes":
			f[field] = object{d.pick("quantifier", "some", "all", "none"): []any{d.pick("class", "EXTRACTED", "INFERRED"), d.pick("class", "CURATED", "IMPORTED")}}
		case "relation":
			f[field] = d.words("uses", "concerns", "basedOn", "broader")
		case "inverse":
			f[field] = rapid.Bool().Draw(d.T, field)
		case "node":
			f[field] = d.filter(kind, depth)
		}
	}
	if depth > 0 {
		d.parts(f, func() object { return d.edgeFilter(kind, depth-1) })
	}
	return f
}

func (d drawer) orders(fields ...string) []any {
	orders := []any{}
	for range d.below(3, "orders") {
		orders = append(orders, object{"field": d.pick("field", fields...), "direction": d.pick("direction", "asc", "desc")})
	}
	return orders
}

// typeName is what the schema's types of a kind begin with.
func typeName(kind graph.Kind) string {
	if kind == "" {
		return "Entity"
	}
	return strings.ToUpper(string(kind[:1])) + string(kind[1:])
}

// Whatever the filter and the order, a list that is paged through, forward and
// backward, has what looking at each node and edge finds, as many entries as
// totalCount says, and facets that count them.
func TestListsEqualModel(t *testing.T) {
	// So many papers that edges are counted in memory.
	large, rest := small(t), synthetic(300)
	large.nodes = append(large.nodes, rest.nodes...)
	maps.Copy(large.papers, rest.papers)
	for _, tt := range []struct {
		name   string
		corpus *corpus
	}{{"small", small(t)}, {"synthetic", synthetic(40)}, {"large", large}} {
		t.Run(tt.name, func(t *testing.T) {
			st := openStore(t)
			publish(t, st, tt.corpus)
			s, err := New(FromStore(st), Options{Limits: Limits{Nodes: 1 << 20}})
			if err != nil {
				t.Fatal(err)
			}
			m := modelOf(t, st)
			rapid.Check(t, func(rt *rapid.T) { checkList(drawer{rt, m}, s) })
		})
	}
}

// checkList draws a list and what is asked of it.
func checkList(d drawer, s *Schema) {
	m := d.m
	of := graph.Kinds()[d.below(len(graph.Kinds()), "kind")]
	if len(m.ids[of]) == 0 {
		return
	}
	var all []step // in the list's own order, without edges for a list of nodes
	var field, open, whereType, orderType string
	var where object
	var orders []any
	kind, id := of, graph.ID("")
	if rapid.Bool().Draw(d.T, "of edges") {
		id = rapid.SampledFrom(m.ids[of]).Draw(d.T, "id")
		field = d.pick("connection", append([]string{"connections"}, slices.Sorted(maps.Keys(relationFields[of]))...)...)
		kind, all = relationFields[of][field].kind, m.at[id][field]
		open = fmt.Sprintf("x: %s(id: %q) {", of, id)
		whereType, orderType = typeName(kind)+"EdgeFilter", "EdgeOrder"
		where = d.edgeFilter(kind, 2)
		orders = d.orders("confidence", "support", "relation", "id", "name", "year", "paperCount")
	} else {
		field, open = string(of)+"s", "x: __typename "
		for _, n := range m.ids[of] {
			all = append(all, step{to: n})
		}
		whereType, orderType = typeName(of)+"Filter", typeName(of)+"Order"
		where = d.filter(of, 2)
		fields := []string{"id", "name", "paperCount"}
		switch of {
		case graph.KindPaper:
			fields = append(fields, "year")
		case graph.KindResult:
			fields = append(fields, "value")
		}
		orders = d.orders(fields...)
	}
	var want []step
	for _, x := range all {
		if id != "" && m.meetsEdge(where, x) || id == "" && m.meets(where, x.to) {
			want = append(want, x)
		}
	}
	if len(orders) > 0 {
		slices.SortFunc(want, func(a, b step) int { return m.compare(orders, a, b) })
	}
	facets := append([]string{}, slices.Sorted(maps.Keys(relationFields[kind]))...)
	switch kind {
	case graph.KindPaper:
		facets = append(facets, "year")
	case "":
		facets = []string{"kind", "relation", "year"}
	}
	end := ""
	if id != "" {
		end = "}"
	}
	query := fmt.Sprintf(`query($where: %s, $orders: [%s!], $facets: [%sFacet!]!, $first: Int, $after: String, $last: Int, $before: String) {%s
		list: %s(where: $where, orderBy: $orders, first: $first, after: $after, last: $last, before: $before) {
			totalCount edges { cursor relation inverse node { id } } pageInfo { hasNextPage hasPreviousPage }
			facets(fields: $facets, first: 200) { field valueCount values { value label count } } } %s}`, whereType, orderType, typeName(kind), open, field, end)
	names := make([]any, len(facets))
	for i, f := range facets {
		names[i] = f
	}
	read := func(page object) (entries, cursors []string, list any) {
		variables := object{"where": where, "orders": orders, "facets": names}
		maps.Copy(variables, page)
		data := ask(d, s, query, variables)
		list = data["list"]
		if id != "" {
			list = at(d, data, "x.list")
		}
		for _, e := range at(d, list, "edges").([]any) {
			entry := at(d, e, "node.id").(string)
			if id != "" {
				entry = fmt.Sprint(at(d, e, "relation"), " ", at(d, e, "inverse"), " ", entry)
			}
			entries, cursors = append(entries, entry), append(cursors, at(d, e, "cursor").(string))
		}
		return entries, cursors, list
	}
	var wantEntries []string
	for _, x := range want {
		entry := string(x.to)
		if id != "" {
			entry = fmt.Sprint(x.edge.Relation, " ", x.inverse, " ", x.to)
		}
		wantEntries = append(wantEntries, entry)
	}
	size := 1 + min(len(want)/4+d.below(len(want)+2, "size"), 199)
	var forward, backward []string
	page := object{"first": float64(size)}
	for more := true; more; {
		entries, cursors, list := read(page)
		forward = append(forward, entries...)
		if n := at(d, list, "totalCount"); n != float64(len(want)) {
			d.Fatalf("totalCount %v, want %d", n, len(want))
		}
		for i, f := range facets {
			got := []string{}
			for _, v := range at(d, list, fmt.Sprintf("facets.%d.values", i)).([]any) {
				got = append(got, fmt.Sprint(at(d, v, "value"), " ", at(d, v, "count")))
			}
			facet := m.facet(want, f)
			if diff := gocmp.Diff(facet[:min(len(facet), 200)], got); diff != "" || at(d, list, fmt.Sprintf("facets.%d.valueCount", i)) != float64(len(facet)) {
				d.Fatalf("facet %s (-model +schema):\n%s", f, diff)
			}
		}
		if more = at(d, list, "pageInfo.hasNextPage").(bool); more {
			page["after"] = cursors[len(cursors)-1]
		}
	}
	page = object{"last": float64(size)}
	for more := true; more; {
		entries, cursors, list := read(page)
		backward = append(entries, backward...)
		if more = at(d, list, "pageInfo.hasPreviousPage").(bool); more {
			page["before"] = cursors[0]
		}
	}
	if diff := gocmp.Diff(wantEntries, forward); diff != "" {
		d.Fatalf("forward (-model +schema):\n%s", diff)
	}
	if diff := gocmp.Diff(wantEntries, backward); diff != "" {
		d.Fatalf("backward (-model +schema):\n%s", diff)
	}
}
