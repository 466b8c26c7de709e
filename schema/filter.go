package schema

import (
	"fmt"
	"slices"

	"github.com/graph-gophers/graphql-go"

	"papergraph/graph"
	"papergraph/store"
)

// nodeFilter is what the inputs named PaperFilter, MethodFilter and so on are
// read into. Which fields can be set depends on the kind: the schema has no
// others for it.
type nodeFilter struct {
	ID          *idFilter
	Name, Title *stringFilter
	Kind        *enumFilter[graph.Kind]
	Year        *intFilter
	PaperCount  *intFilter
	Better      *enumFilter[graph.Better]
	Value       *floatFilter
	Unit        *stringFilter
	Comparison  *enumFilter[graph.Comparison]

	Introduces, IntroducedBy, Uses, UsedBy, ComparesWith, ComparedIn, EvaluatesOn, EvaluatedIn, Addresses, AddressedBy,
	Measures, MeasuredBy, Concerns, Reports, ReportedBy, Results, BasedOn, BasisOf, Outperforms, OutperformedBy, PartOf,
	HasPart, UsedFor, SolvedWith, EvaluatedOn, TestbedOf, Broader, Narrower, Methods, Cites, CitedBy, AuthoredBy,
	PublishedIn, Papers *relationFilter

	And, Or *[]nodeFilter
	Not     *nodeFilter
}

// relationFilter is a condition on all neighbours by one relation.
type relationFilter struct{ Some, All, None *nodeFilter }

type idFilter struct {
	Eq *graphql.ID
	In *[]graphql.ID
}

type stringFilter struct {
	Eq                   *string
	In                   *[]string
	Contains, StartsWith *string
}

type intFilter struct {
	Eq               *int32
	In               *[]int32
	Gt, Gte, Lt, Lte *int32
}

type floatFilter struct {
	Eq               *float64
	In               *[]float64
	Gt, Gte, Lt, Lte *float64
}

type enumFilter[T ~string] struct {
	Eq *T
	In *[]T
}

type classFilter struct{ Some, All, None *[]graph.Class }

// edgeFilter is what the inputs named PaperEdgeFilter and so on are read into.
type edgeFilter struct {
	Confidence *floatFilter
	Support    *intFilter
	Classes    *classFilter
	Relation   *enumFilter[graph.Relation]
	Inverse    *bool
	Node       *nodeFilter
	And, Or    *[]edgeFilter
	Not        *edgeFilter
}

// edgesArgs are the arguments of every connection that follows edges.
type edgesArgs struct {
	pageArgs
	Where   *edgeFilter
	OrderBy *[]order
}

// via says which neighbours a field leads to.
type via struct {
	query store.NeighborQuery
	kind  graph.Kind // of the neighbours; empty where they are of several
}

func leads(q store.NeighborQuery, kind graph.Kind) via { return via{q, kind} }

// relationFields are the fields that lead along one relation, by the kind of
// the node that has them: what filters ask about and facets count by. Resolvers
// say themselves what they follow, and a test holds them to this.
var relationFields = map[graph.Kind]map[string]via{
	graph.KindPaper: {
		"introduces":   leads(out(graph.Introduces), ""),
		"uses":         leads(out(graph.Uses), graph.KindMethod),
		"comparesWith": leads(out(graph.ComparesWith), graph.KindMethod),
		"evaluatesOn":  leads(out(graph.EvaluatesOn), graph.KindDataset),
		"addresses":    leads(out(graph.Addresses), graph.KindTask),
		"measures":     leads(out(graph.Measures), graph.KindMetric),
		"concerns":     leads(out(graph.Concerns), graph.KindConcept),
		"reports":      leads(out(graph.Reports), graph.KindResult),
		"cites":        leads(out(graph.Cites), graph.KindPaper),
		"citedBy":      leads(in(graph.Cites), graph.KindPaper),
		"authoredBy":   leads(out(graph.AuthoredBy), graph.KindAuthor),
		"publishedIn":  leads(out(graph.PublishedIn), graph.KindVenue),
	},
	graph.KindMethod: {
		"introducedBy":   leads(in(graph.Introduces), graph.KindPaper),
		"usedBy":         leads(in(graph.Uses), graph.KindPaper),
		"comparedIn":     leads(in(graph.ComparesWith), graph.KindPaper),
		"basedOn":        leads(out(graph.BasedOn), graph.KindMethod),
		"basisOf":        leads(in(graph.BasedOn), graph.KindMethod),
		"outperforms":    leads(out(graph.Outperforms), graph.KindMethod),
		"outperformedBy": leads(in(graph.Outperforms), graph.KindMethod),
		"partOf":         leads(out(graph.PartOf), graph.KindMethod),
		"hasPart":        leads(in(graph.PartOf), graph.KindMethod),
		"usedFor":        leads(out(graph.UsedFor), graph.KindTask),
		"evaluatedOn":    leads(out(graph.EvaluatedOn), graph.KindDataset),
		"broader":        leads(out(graph.Broader), graph.KindConcept),
		"results":        leads(in(graph.Reports, graph.KindResult), graph.KindResult),
	},
	graph.KindDataset: {
		"introducedBy": leads(in(graph.Introduces), graph.KindPaper),
		"evaluatedIn":  leads(in(graph.EvaluatesOn), graph.KindPaper),
		"testbedOf":    leads(in(graph.EvaluatedOn), graph.KindMethod),
		"results":      leads(in(graph.Reports, graph.KindResult), graph.KindResult),
	},
	graph.KindTask: {
		"addressedBy": leads(in(graph.Addresses), graph.KindPaper),
		"solvedWith":  leads(in(graph.UsedFor), graph.KindMethod),
		"broader":     leads(out(graph.Broader), graph.KindTask),
		"narrower":    leads(in(graph.Broader), graph.KindTask),
	},
	graph.KindMetric: {
		"measuredBy": leads(in(graph.Measures), graph.KindPaper),
		"results":    leads(in(graph.Reports, graph.KindResult), graph.KindResult),
	},
	graph.KindConcept: {
		"broader":  leads(out(graph.Broader), graph.KindConcept),
		"narrower": leads(in(graph.Broader, graph.KindConcept), graph.KindConcept),
		"methods":  leads(in(graph.Broader, graph.KindMethod), graph.KindMethod),
		"papers":   leads(in(graph.Concerns), graph.KindPaper),
	},
	graph.KindResult: {"reportedBy": leads(in(graph.Reports), graph.KindPaper)},
	graph.KindAuthor: {"papers": leads(in(graph.AuthoredBy), graph.KindPaper)},
	graph.KindVenue:  {"papers": leads(in(graph.PublishedIn), graph.KindPaper)},
}

// namedFilter is a filter of a relation with the name of its field.
type namedFilter struct {
	field  string
	filter *relationFilter
}

// relations are the filters of relations.
func (f *nodeFilter) relations() []namedFilter {
	return []namedFilter{
		{"introduces", f.Introduces}, {"introducedBy", f.IntroducedBy}, {"uses", f.Uses}, {"usedBy", f.UsedBy},
		{"comparesWith", f.ComparesWith}, {"comparedIn", f.ComparedIn}, {"evaluatesOn", f.EvaluatesOn}, {"evaluatedIn", f.EvaluatedIn},
		{"addresses", f.Addresses}, {"addressedBy", f.AddressedBy}, {"measures", f.Measures}, {"measuredBy", f.MeasuredBy},
		{"concerns", f.Concerns}, {"reports", f.Reports}, {"reportedBy", f.ReportedBy}, {"results", f.Results},
		{"basedOn", f.BasedOn}, {"basisOf", f.BasisOf}, {"outperforms", f.Outperforms}, {"outperformedBy", f.OutperformedBy},
		{"partOf", f.PartOf}, {"hasPart", f.HasPart}, {"usedFor", f.UsedFor}, {"solvedWith", f.SolvedWith},
		{"evaluatedOn", f.EvaluatedOn}, {"testbedOf", f.TestbedOf}, {"broader", f.Broader}, {"narrower", f.Narrower},
		{"methods", f.Methods}, {"cites", f.Cites}, {"citedBy", f.CitedBy}, {"authoredBy", f.AuthoredBy},
		{"publishedIn", f.PublishedIn}, {"papers", f.Papers},
	}
}

// maxConditions bounds one filter, however it is nested: it is read and
// evaluated recursively.
const maxConditions = 200

// filterReader makes conditions of the store out of one filter. After an error
// what it returns is of no use.
type filterReader struct {
	req        *request
	conditions int
	err        error
}

// fail keeps the first error.
func (r *filterReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// count counts a condition and says whether to go on.
func (r *filterReader) count() bool {
	if r.conditions++; r.conditions > maxConditions {
		r.fail(codef(CodeInput, "where: it has more than %d conditions", maxConditions))
	}
	return r.err == nil
}

// node reads a filter of nodes of a kind, or of any where it is empty. It is nil
// where all nodes are taken. What is quick and leaves little comes first.
func (r *filterReader) node(f *nodeFilter, kind graph.Kind) store.Condition {
	if f == nil || !r.count() {
		return nil
	}
	var all store.AllOf
	add := func(c store.Condition) {
		if r.count() {
			all = append(all, c)
		}
	}
	if f.ID != nil {
		if ids, ok := r.ids(f.ID, kind); ok {
			add(store.HasID(ids))
		}
	}
	if kinds, ok := valuesOf(r, f.Kind); ok {
		add(store.OfKind(kinds))
	}
	if b, ok := r.integers(f.Year); ok {
		add(store.HasYear(b))
	}
	if b, ok := r.integers(f.PaperCount); ok {
		add(store.HasPapers(b))
	}
	if better, ok := valuesOf(r, f.Better); ok {
		add(store.HasBetter(better))
	}
	if comparisons, ok := valuesOf(r, f.Comparison); ok {
		add(store.HasComparison(comparisons))
	}
	if b, ok := r.floats(f.Value); ok {
		add(store.HasValue(b))
	}
	if t, ok := r.text(f.Unit); ok {
		add(store.HasUnit(t))
	}
	for _, n := range f.relations() {
		if n.filter == nil {
			continue
		}
		v := relationFields[kind][n.field]
		if n.filter.Some != nil {
			add(store.Tied{Via: v.query, To: r.node(n.filter.Some, v.kind)})
		}
		if n.filter.All != nil {
			if c := r.node(n.filter.All, v.kind); c != nil {
				add(store.Not{Condition: store.Tied{Via: v.query, To: store.Not{Condition: c}}})
			}
		}
		if n.filter.None != nil {
			add(store.Not{Condition: store.Tied{Via: v.query, To: r.node(n.filter.None, v.kind)}})
		}
	}
	for _, names := range []*stringFilter{f.Name, f.Title} {
		if t, ok := r.text(names); ok {
			add(store.HasName(t))
		}
	}
	if f.And != nil {
		for i := range *f.And {
			if c := r.node(&(*f.And)[i], kind); c != nil {
				add(c)
			}
		}
	}
	if f.Or != nil {
		some := make(store.AnyOf, len(*f.Or))
		for i := range *f.Or {
			some[i] = orAll(r.node(&(*f.Or)[i], kind))
		}
		add(some)
	}
	if f.Not != nil {
		add(store.Not{Condition: orAll(r.node(f.Not, kind))})
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}

// orAll is a condition that all nodes meet for nil.
func orAll(c store.Condition) store.Condition {
	if c == nil {
		return store.AllOf{}
	}
	return c
}

// edge reads a filter of edges to nodes of a kind, or of any where it is empty.
// It is nil where all edges are taken.
func (r *filterReader) edge(f *edgeFilter, kind graph.Kind) store.EdgeCondition {
	if f == nil || !r.count() {
		return nil
	}
	var all store.EdgeAllOf
	add := func(c store.EdgeCondition) {
		if r.count() {
			all = append(all, c)
		}
	}
	if relations, ok := valuesOf(r, f.Relation); ok {
		add(store.OfRelation(relations))
	}
	if f.Inverse != nil {
		add(store.IsInverse(*f.Inverse))
	}
	if c := r.node(f.Node, kind); c != nil {
		add(store.LeadsTo{Condition: c})
	}
	if b, ok := r.floats(f.Confidence); ok {
		add(store.HasConfidence(b))
	}
	if b, ok := r.integers(f.Support); ok {
		add(store.HasSupport(b))
	}
	if f.Classes != nil {
		if some := f.Classes.Some; some != nil {
			add(store.HasClass(*some))
		}
		if every := f.Classes.All; every != nil {
			add(store.EdgeNot{Condition: store.HasClass(otherClasses(*every))})
		}
		if none := f.Classes.None; none != nil {
			add(store.EdgeNot{Condition: store.HasClass(*none)})
		}
	}
	if f.And != nil {
		for i := range *f.And {
			if c := r.edge(&(*f.And)[i], kind); c != nil {
				add(c)
			}
		}
	}
	if f.Or != nil {
		some := make(store.EdgeAnyOf, len(*f.Or))
		for i := range *f.Or {
			some[i] = orAllEdges(r.edge(&(*f.Or)[i], kind))
		}
		add(some)
	}
	if f.Not != nil {
		add(store.EdgeNot{Condition: orAllEdges(r.edge(f.Not, kind))})
	}
	if len(all) == 0 {
		return nil
	}
	return all
}

// orAllEdges is a condition that all edges meet for nil.
func orAllEdges(c store.EdgeCondition) store.EdgeCondition {
	if c == nil {
		return store.EdgeAllOf{}
	}
	return c
}

// otherClasses are the classes that a list does not have.
func otherClasses(classes []graph.Class) []graph.Class {
	return slices.DeleteFunc([]graph.Class{graph.Extracted, graph.Inferred, graph.Imported, graph.Curated}, func(c graph.Class) bool {
		return slices.Contains(classes, c)
	})
}

// valueList checks the length of a list of values.
func valueList[T any](r *filterReader, values *[]T) []T {
	if len(*values) > maxPage {
		r.fail(codef(CodeInput, "where: %d values of in are too many, at most %d are allowed", len(*values), maxPage))
	}
	return *values
}

// ids finds the nodes that a filter of ids names; ok is false where it takes
// all.
func (r *filterReader) ids(f *idFilter, kind graph.Kind) (ids []graph.ID, ok bool) {
	if f.Eq != nil {
		ids = r.refer(ids, "eq", *f.Eq, kind)
	}
	if f.In == nil {
		return ids, f.Eq != nil
	}
	var in []graph.ID
	for i, ref := range valueList(r, f.In) {
		in = r.refer(in, fmt.Sprintf("in[%d]", i), ref, kind)
	}
	if f.Eq != nil {
		return slices.DeleteFunc(ids, func(id graph.ID) bool { return !slices.Contains(in, id) }), true
	}
	return in, true
}

// refer adds the node that a reference stands for first of all, if there is one.
func (r *filterReader) refer(ids []graph.ID, arg string, ref graphql.ID, kind graph.Kind) []graph.ID {
	if r.err != nil {
		return ids
	}
	var kinds []graph.Kind
	if kind != "" {
		kinds = []graph.Kind{kind}
	}
	id, err := r.req.find("where: id: "+arg, string(ref), kinds...)
	if err != nil {
		r.fail(err)
	}
	if id == "" {
		return ids
	}
	return append(ids, id)
}

// valuesOf are the values that a filter takes; ok is false where it takes all.
func valuesOf[T ~string](r *filterReader, f *enumFilter[T]) (values []T, ok bool) {
	switch {
	case f == nil || f.Eq == nil && f.In == nil:
		return nil, false
	case f.In == nil:
		return []T{*f.Eq}, true
	}
	in := valueList(r, f.In)
	if f.Eq == nil {
		return in, true
	}
	return slices.DeleteFunc([]T{*f.Eq}, func(v T) bool { return !slices.Contains(in, v) }), true
}

// text reads a filter of strings; ok is false where it takes all.
func (r *filterReader) text(f *stringFilter) (t store.Text, ok bool) {
	if f == nil {
		return t, false
	}
	t = store.Text{Eq: f.Eq, In: f.In, Contains: f.Contains, StartsWith: f.StartsWith}
	if f.In != nil {
		valueList(r, f.In)
	}
	return t, t != (store.Text{})
}

// integers reads bounds of an integer; ok is false where there are none.
func (r *filterReader) integers(f *intFilter) (b store.Bounds, ok bool) {
	if f == nil {
		return b, false
	}
	for _, v := range []struct {
		from *int32
		to   **float64
	}{{f.Eq, &b.Eq}, {f.Gt, &b.Gt}, {f.Gte, &b.Gte}, {f.Lt, &b.Lt}, {f.Lte, &b.Lte}} {
		if v.from != nil {
			n := float64(*v.from)
			*v.to = &n
		}
	}
	if f.In != nil {
		in := make([]float64, 0, len(*f.In))
		for _, n := range valueList(r, f.In) {
			in = append(in, float64(n))
		}
		b.In = &in
	}
	return b, b != (store.Bounds{})
}

// floats reads bounds of a number; ok is false where there are none.
func (r *filterReader) floats(f *floatFilter) (b store.Bounds, ok bool) {
	if f == nil {
		return b, false
	}
	b = store.Bounds{Eq: f.Eq, In: f.In, Gt: f.Gt, Gte: f.Gte, Lt: f.Lt, Lte: f.Lte}
	if f.In != nil {
		valueList(r, f.In)
	}
	return b, b != (store.Bounds{})
}
