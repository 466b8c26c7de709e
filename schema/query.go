package schema

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/graph-gophers/graphql-go"

	"papergraph/graph"
)

// query is the root of every query.
type query struct{}

type idArg struct {
	ID graphql.ID
	asOfArg
}

// Node finds a node by id, also by one that it had in another snapshot, or else
// by what it is called.
func (q *query) Node(ctx context.Context, args idArg) (*entity, error) {
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	id, err := r.resolveRef("id", string(args.ID))
	if err != nil || id == "" {
		return nil, err
	}
	es, err := r.known(ctx, []graph.ID{id}, needsRecord(selected(ctx), ""))
	if err != nil {
		return nil, err
	}
	if es[0] != nil {
		return es[0], nil
	}
	return nil, r.ambiguous(id)
}

// resolveRef is the id that a reference is, whether a node has it or not, or else
// what it stands for first of all; empty where nothing is called so.
func (r *request) resolveRef(arg, ref string) (graph.ID, error) {
	if _, _, err := graph.ParseID(ref); err == nil {
		return graph.ID(ref), nil
	}
	return r.find(arg, ref)
}

// ambiguous is an error where the id of a former node stands for several now.
func (r *request) ambiguous(id graph.ID) error {
	ids, err := r.snap.Redirect(id)
	if err != nil || len(ids) < 2 {
		return err
	}
	list := make([]string, min(len(ids), maxChoices))
	for i := range list {
		list[i] = string(ids[i])
	}
	return codef(CodeInput, "id: %s is now one of %d nodes: %s", id, len(ids), strings.Join(list, ", "))
}

// maxChoices is how many nodes a message offers.
const maxChoices = 10

type idsArgs struct {
	IDs []graphql.ID
	asOfArg
}

func (q *query) Nodes(ctx context.Context, args idsArgs) (*[]*entity, error) {
	if len(args.IDs) > maxPage {
		return nil, codef(CodeInput, "ids: %d are more than a page may have, which is %d", len(args.IDs), maxPage)
	}
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	ids := make([]graph.ID, len(args.IDs))
	for i := range ids {
		if ids[i], err = r.resolveRef(fmt.Sprintf("ids[%d]", i), string(args.IDs[i])); err != nil {
			return nil, err
		}
	}
	es, err := r.known(ctx, ids, needsRecord(selected(ctx), ""))
	if err != nil {
		return nil, err
	}
	return &es, nil
}

// known returns the entities of those ids that are in the graph, or that were
// those of one that is, in the order of ids, with nil for the others.
func (r *request) known(ctx context.Context, ids []graph.ID, records bool) ([]*entity, error) {
	if err := r.charge(len(ids)); err != nil {
		return nil, err
	}
	// Only reading tells whether an id is in the graph.
	nodes, err := r.snap.Nodes(ctx, ids)
	if err != nil {
		return nil, err
	}
	if err := r.redirect(ctx, ids, nodes); err != nil {
		return nil, err
	}
	var found []graph.ID
	for _, n := range nodes {
		if n != nil {
			found = append(found, n.ID)
		}
	}
	slices.Sort(found)
	g := newGroup(r, slices.Compact(found), nil)
	byID := g.byID()
	es := make([]*entity, len(ids))
	for i, n := range nodes {
		if n != nil {
			es[i] = byID[n.ID]
			es[i].node = n
		}
	}
	return es, nil
}

// redirect fills in the nodes of ids that are not in the graph and were those
// of one that is.
func (r *request) redirect(ctx context.Context, ids []graph.ID, nodes []*graph.Node) error {
	var at []int
	var now []graph.ID
	for i, n := range nodes {
		if n != nil {
			continue
		}
		to, err := r.snap.Redirect(ids[i])
		if err != nil {
			return err
		}
		if len(to) == 1 {
			at, now = append(at, i), append(now, to[0])
		}
	}
	if len(now) == 0 {
		return nil
	}
	found, err := r.snap.Nodes(ctx, now)
	for i := range found {
		nodes[at[i]] = found[i]
	}
	return err
}

// lookup finds the node of a kind that a reference stands for first of all.
func lookup[T any](ctx context.Context, args idArg, kind graph.Kind, as func(*entity) *T) (*T, error) {
	r, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	id, err := r.find("id", string(args.ID), kind)
	if err != nil || id == "" {
		return nil, err
	}
	g, err := r.readGroup(ctx, []graph.ID{id}, needsRecord(selected(ctx), ""))
	if err != nil {
		return nil, err
	}
	return as(g.members[0]), nil
}

// maxRef bounds a reference, in bytes: the longest title that a paper may have.
const maxRef = 2 << 10

// chargeRef checks a reference given in an argument and charges for finding
// what it stands for.
func (r *request) chargeRef(arg, ref string) error {
	switch {
	case strings.TrimSpace(ref) == "":
		return codef(CodeInput, "%s: give an id, a name or an outside id", arg)
	case len(ref) > maxRef:
		return codef(CodeInput, "%s: %d bytes are more than any name has, which is at most %d", arg, len(ref), maxRef)
	}
	return r.charge(1)
}

// lookup finds all that a reference given in an argument stands for.
func (r *request) lookup(arg, ref string, kinds []graph.Kind) ([]graph.ID, error) {
	if err := r.chargeRef(arg, ref); err != nil {
		return nil, err
	}
	return r.snap.Lookup(ref, kinds...)
}

// find is what a reference stands for first of all; empty where nothing is
// called so.
func (r *request) find(arg, ref string, kinds ...graph.Kind) (graph.ID, error) {
	if err := r.chargeRef(arg, ref); err != nil {
		return "", err
	}
	return r.snap.LookupFirst(ref, kinds...)
}

func (q *query) Paper(ctx context.Context, args idArg) (*paper, error) {
	return lookup(ctx, args, graph.KindPaper, asPaper)
}

func (q *query) Method(ctx context.Context, args idArg) (*method, error) {
	return lookup(ctx, args, graph.KindMethod, asMethod)
}

func (q *query) Dataset(ctx context.Context, args idArg) (*dataset, error) {
	return lookup(ctx, args, graph.KindDataset, asDataset)
}

func (q *query) Task(ctx context.Context, args idArg) (*task, error) {
	return lookup(ctx, args, graph.KindTask, asTask)
}

func (q *query) Metric(ctx context.Context, args idArg) (*metric, error) {
	return lookup(ctx, args, graph.KindMetric, asMetric)
}

func (q *query) Concept(ctx context.Context, args idArg) (*concept, error) {
	return lookup(ctx, args, graph.KindConcept, asConcept)
}

func (q *query) Author(ctx context.Context, args idArg) (*author, error) {
	return lookup(ctx, args, graph.KindAuthor, asAuthor)
}

func (q *query) Venue(ctx context.Context, args idArg) (*venue, error) {
	return lookup(ctx, args, graph.KindVenue, asVenue)
}

func (q *query) Result(ctx context.Context, args idArg) (*result, error) {
	return lookup(ctx, args, graph.KindResult, asResult)
}
