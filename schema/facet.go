package schema

import (
	"context"

	"papergraph/graph"
	"papergraph/store"
)

// facetsArgs are the arguments of the field facets of every connection.
type facetsArgs struct {
	Fields []string
	First  int32
}

// maxFacets is how many facets a field can ask for.
const maxFacets = 20

// Facets counts all entries of the list by what they have in some fields.
func (c *connection[T]) Facets(ctx context.Context, args facetsArgs) (*[]facet, error) {
	first, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	if len(args.Fields) > maxFacets {
		return nil, codef(CodeInput, "fields: %d facets are too many, at most %d are allowed", len(args.Fields), maxFacets)
	}
	done, err := c.req.sweep(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	facets := make([]facet, len(args.Fields))
	for i, field := range args.Fields {
		q := facetOf(kindOf[T](), field)
		q.First, q.Spend = first, c.req.charge
		counts, distinct, err := c.listing.Facet(ctx, q)
		if err != nil {
			return nil, err
		}
		if err := c.req.charge(len(counts)); err != nil {
			return nil, err
		}
		facets[i] = facet{c.req, field, distinct, counts}
	}
	return &facets, nil
}

// facetOf is what a list of nodes of a kind, or of several where it is empty, is
// counted by in a field.
func facetOf(kind graph.Kind, field string) store.FacetQuery {
	switch field {
	case "year":
		return store.FacetQuery{By: store.FacetYear}
	case "kind":
		return store.FacetQuery{By: store.FacetKind}
	case "relation":
		return store.FacetQuery{By: store.FacetRelation}
	}
	return store.FacetQuery{By: store.FacetVia, Via: relationFields[kind][field].query}
}

// kindOf is the kind of the nodes of a type of the schema; empty for those of
// all kinds.
func kindOf[T any]() graph.Kind {
	switch any(*new(T)).(type) {
	case *paper:
		return graph.KindPaper
	case *method:
		return graph.KindMethod
	case *dataset:
		return graph.KindDataset
	case *task:
		return graph.KindTask
	case *metric:
		return graph.KindMetric
	case *concept:
		return graph.KindConcept
	case *result:
		return graph.KindResult
	case *author:
		return graph.KindAuthor
	case *venue:
		return graph.KindVenue
	}
	return ""
}

// facet is how many entries of a list have which values.
type facet struct {
	req      *request
	field    string
	distinct int
	counts   []store.FacetCount
}

func (f facet) Field() string     { return f.field }
func (f facet) ValueCount() int32 { return int32(f.distinct) }

func (f facet) Values() []facetValue {
	values := make([]facetValue, len(f.counts))
	for i, c := range f.counts {
		values[i] = facetValue{f.req, c}
	}
	return values
}

type facetValue struct {
	req *request
	c   store.FacetCount
}

func (v facetValue) Value() string { return v.req.chargeText(v.c.Value) }
func (v facetValue) Label() string { return v.req.chargeText(v.c.Label) }
func (v facetValue) Count() int32  { return int32(v.c.Count) }
