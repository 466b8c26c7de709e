package schema

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/graph-gophers/graphql-go"

	"papergraph/graph"
	"papergraph/store"
)

// entity is a node of the graph in an answer. The types of the schema are
// entities of one kind.
type entity struct {
	req *request
	id  graph.ID
	// node is the record; nil where the query selects only what is known
	// without.
	node  *graph.Node
	label string // the name, where there is no record; see name
	group *group
}

// group is the nodes that were loaded together, whose connections are loaded
// together too.
type group struct {
	req     *request
	members []*entity
	loads   loads
	named   sync.Once
}

// newGroup makes entities of nodes that were read; records[i] is that of
// ids[i], or records is nil where none were. No id may occur twice.
func newGroup(req *request, ids []graph.ID, records []*graph.Node) *group {
	g := &group{req: req, members: make([]*entity, len(ids))}
	for i, id := range ids {
		g.members[i] = &entity{req: req, id: id, group: g}
		if records != nil {
			g.members[i].node = records[i]
		}
	}
	return g
}

// readNames reads the names of the members that have no record. A leaf, which
// is what asks for a name, cannot fail: what cannot be read ends the request.
func (g *group) readNames() {
	var ids []graph.ID
	var nameless []*entity
	for _, e := range g.members {
		if e.node == nil {
			ids, nameless = append(ids, e.id), append(nameless, e)
		}
	}
	labels, err := g.req.snap.Labels(g.req.ctx, ids)
	if err != nil {
		g.req.stop(fmt.Errorf("read the names of %d nodes: %w", len(ids), err))
		return
	}
	for i, e := range nameless {
		e.label = labels[i].Name
	}
}

// byID returns the members by id.
func (g *group) byID() map[graph.ID]*entity {
	m := make(map[graph.ID]*entity, len(g.members))
	for _, e := range g.members {
		m[e.id] = e
	}
	return m
}

// ofKind returns the members of a kind.
func (g *group) ofKind(k graph.Kind) []*entity {
	var es []*entity
	for _, e := range g.members {
		if e.id.Kind() == k {
			es = append(es, e)
		}
	}
	return es
}

// readGroup charges for nodes and reads their records if they are needed. Ids
// that occur twice are read once; all of them are in the graph.
func (r *request) readGroup(ctx context.Context, ids []graph.ID, records bool) (*group, error) {
	if err := r.charge(len(ids)); err != nil {
		return nil, err
	}
	seen := make(map[graph.ID]bool, len(ids))
	unique := make([]graph.ID, 0, len(ids))
	for _, id := range ids {
		if !seen[id] {
			seen[id] = true
			unique = append(unique, id)
		}
	}
	if !records {
		return newGroup(r, unique, nil), nil
	}
	nodes, err := r.snap.Nodes(ctx, unique)
	if err != nil {
		return nil, err
	}
	for i, n := range nodes {
		if n == nil {
			return nil, fmt.Errorf("%w: %s is a neighbour but not a node", store.ErrDamaged, unique[i])
		}
	}
	return newGroup(r, unique, nodes), nil
}

// plainFields are the fields of all types that need no record of the node: what
// the id tells, or the store has at hand. Fields of connections are added by
// [connectionFields].
var plainFields = map[string]bool{"id": true, "kind": true, "url": true, "paperCount": true, "name": true, "title": true, "year": true}

// needsRecord says whether a query selects, under one of the given paths of
// the field that ctx belongs to, anything that needs a node's record. The path
// "" is the field itself.
func needsRecord(selected []string, paths ...string) bool {
	for _, name := range selected {
		for _, path := range paths {
			field, ok := name, true
			if path != "" {
				field, ok = strings.CutPrefix(name, path+".")
			}
			if !ok || strings.Contains(field, ".") {
				continue
			}
			if !plainFields[field] && !connectionFields[field] {
				return true
			}
		}
	}
	return false
}

// selected lists the paths of the fields that the query selects below the one
// being resolved.
func selected(ctx context.Context) []string { return graphql.SelectedFieldNames(ctx) }

// selects says whether a query selects a field at one of the given paths.
func selects(selected []string, paths ...string) bool {
	return slices.ContainsFunc(paths, func(path string) bool { return slices.Contains(selected, path) })
}

func (e *entity) ID() graphql.ID        { return graphql.ID(e.id) }
func (e *entity) Name() string          { return e.req.chargeText(e.name()) }
func (e *entity) Aliases() []string     { return e.req.chargeTexts(e.node.Aliases) }
func (e *entity) Kind() graph.Kind      { return e.id.Kind() }
func (e *entity) URL() string           { return e.req.url(e.id) }
func (e *entity) PaperCount() int32     { return int32(e.req.snap.Degree(e.id)) }
func (e *entity) Decisions() []decision { return e.req.decisionsOf(e.node.Decisions) }

// name is the name in the record or, where there is none, in a smaller one
// that is read for the group.
func (e *entity) name() string {
	if e.node != nil {
		return e.node.Name
	}
	e.group.named.Do(e.group.readNames)
	return e.label
}

// connectionArgs are the arguments of the field connections.
type connectionArgs struct {
	Relations *[]graph.Relation
	Direction string
	Kinds     *[]graph.Kind
	edgesArgs
}

var directions = map[string]store.Direction{"out": store.Out, "in": store.In, "both": store.Both}

func (e *entity) Connections(ctx context.Context, args connectionArgs) (*connection[*entity], error) {
	q := store.NeighborQuery{Relations: given(args.Relations), Direction: directions[args.Direction], Kinds: given(args.Kinds)}
	return neighbours(ctx, e, q, args.edgesArgs, asEntity)
}

func asEntity(e *entity) *entity { return e }

// The conversions that the engine makes for fragments and __typename.

func (e *entity) ToPaper() (*paper, bool)     { return asPaper(e), e.id.Kind() == graph.KindPaper }
func (e *entity) ToMethod() (*method, bool)   { return asMethod(e), e.id.Kind() == graph.KindMethod }
func (e *entity) ToDataset() (*dataset, bool) { return asDataset(e), e.id.Kind() == graph.KindDataset }
func (e *entity) ToTask() (*task, bool)       { return asTask(e), e.id.Kind() == graph.KindTask }
func (e *entity) ToMetric() (*metric, bool)   { return asMetric(e), e.id.Kind() == graph.KindMetric }
func (e *entity) ToConcept() (*concept, bool) { return asConcept(e), e.id.Kind() == graph.KindConcept }
func (e *entity) ToResult() (*result, bool)   { return asResult(e), e.id.Kind() == graph.KindResult }
func (e *entity) ToAuthor() (*author, bool)   { return asAuthor(e), e.id.Kind() == graph.KindAuthor }
func (e *entity) ToVenue() (*venue, bool)     { return asVenue(e), e.id.Kind() == graph.KindVenue }

// decision is a record of a merge.
type decision struct {
	req *request
	d   graph.Decision
}

func (r *request) decisionsOf(ds []graph.Decision) []decision {
	out := make([]decision, len(ds))
	for i, d := range ds {
		out[i] = decision{r, d}
	}
	return out
}

// reasons are the reasons' names in the schema.
var reasons = map[graph.Reason]string{
	graph.ReasonSameName: "sameName", graph.ReasonLexicon: "lexicon", graph.ReasonAcronym: "acronym", graph.ReasonKind: "kindSettled",
	graph.ReasonRegistry: "registry",
}

func (d decision) Name() string     { return d.req.chargeText(d.d.Name) }
func (d decision) Kind() graph.Kind { return d.d.Kind }
func (d decision) Reason() string   { return reasons[d.d.Reason] }
func (d decision) Detail() *string  { return orNull(d.req.chargeText(d.d.Detail)) }
func (d decision) Papers() int32    { return int32(d.d.Papers) }

// orNull is null for the zero value.
func orNull[T comparable](v T) *T {
	if zero := *new(T); v == zero {
		return nil
	}
	return &v
}

// given is the value of an argument, the zero value where there is none.
func given[T any](arg *T) (v T) {
	if arg != nil {
		v = *arg
	}
	return v
}

// orEmpty is the empty list for nil, which would be null.
func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
