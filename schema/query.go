package schema

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/graph-gophers/graphql-go"

	"papergraph/graph"
	"papergraph/store"
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

// listArgs are the arguments of the list of a kind.
type listArgs struct {
	Matching *string
	pageArgs
	asOfArg
}

type papersArgs struct {
	Matching         *string
	YearFrom, YearTo *int32
	pageArgs
	asOfArg
}

type resultsArgs struct {
	pageArgs
	asOfArg
}

func (q *query) Papers(ctx context.Context, args papersArgs) (*connection[*paper], error) {
	return list(ctx, graph.KindPaper, filter{args.Matching, args.YearFrom, args.YearTo}, args.pageArgs, args.asOfArg, asPaper)
}

func (q *query) Methods(ctx context.Context, args listArgs) (*connection[*method], error) {
	return list(ctx, graph.KindMethod, filter{matching: args.Matching}, args.pageArgs, args.asOfArg, asMethod)
}

func (q *query) Datasets(ctx context.Context, args listArgs) (*connection[*dataset], error) {
	return list(ctx, graph.KindDataset, filter{matching: args.Matching}, args.pageArgs, args.asOfArg, asDataset)
}

func (q *query) Tasks(ctx context.Context, args listArgs) (*connection[*task], error) {
	return list(ctx, graph.KindTask, filter{matching: args.Matching}, args.pageArgs, args.asOfArg, asTask)
}

func (q *query) Metrics(ctx context.Context, args listArgs) (*connection[*metric], error) {
	return list(ctx, graph.KindMetric, filter{matching: args.Matching}, args.pageArgs, args.asOfArg, asMetric)
}

func (q *query) Concepts(ctx context.Context, args listArgs) (*connection[*concept], error) {
	return list(ctx, graph.KindConcept, filter{matching: args.Matching}, args.pageArgs, args.asOfArg, asConcept)
}

func (q *query) Authors(ctx context.Context, args listArgs) (*connection[*author], error) {
	return list(ctx, graph.KindAuthor, filter{matching: args.Matching}, args.pageArgs, args.asOfArg, asAuthor)
}

func (q *query) Venues(ctx context.Context, args listArgs) (*connection[*venue], error) {
	return list(ctx, graph.KindVenue, filter{matching: args.Matching}, args.pageArgs, args.asOfArg, asVenue)
}

func (q *query) Results(ctx context.Context, args resultsArgs) (*connection[*result], error) {
	return list(ctx, graph.KindResult, filter{}, args.pageArgs, args.asOfArg, asResult)
}

// filter narrows the list of a kind down.
type filter struct {
	matching         *string
	yearFrom, yearTo *int32
}

// list is a page of the nodes of a kind.
func list[T any](ctx context.Context, kind graph.Kind, f filter, args pageArgs, when asOfArg, as func(*entity) T) (*connection[T], error) {
	r, err := requestOf(ctx).at(ctx, when.AsOf)
	if err != nil {
		return nil, err
	}
	p, err := args.page()
	if err != nil {
		return nil, err
	}
	if err := r.charge(1); err != nil {
		return nil, err
	}
	var c *connection[T]
	switch {
	case f == filter{} && p.before == "" && !p.fromEnd:
		c, err = listForward[T](r.snap, kind, p)
	case f == filter{} && p.after == "" && p.fromEnd:
		c, err = listBackward[T](r.snap, kind, p)
	default:
		c, err = listFiltered[T](ctx, r, kind, f, p)
	}
	if err != nil {
		return nil, err
	}
	c.as = as
	ids := make([]graph.ID, len(c.rows))
	for i := range c.rows {
		ids[i] = c.rows[i].at.ID
	}
	g, err := r.readGroup(ctx, ids, needOf(ctx).records)
	if err != nil {
		return nil, err
	}
	for i := range c.rows {
		c.rows[i].entity = g.members[i]
	}
	return c, nil
}

// listForward reads a page at the start of the list of a kind, or behind a
// cursor, without reading the rest.
func listForward[T any](snap *store.Snapshot, kind graph.Kind, p page) (*connection[T], error) {
	after, err := listCursor("after", p.after)
	if err != nil {
		return nil, err
	}
	ids, err := snap.List(kind, after, p.size+1)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNotInList("after", p.after)
	}
	if err != nil {
		return nil, err
	}
	next := len(ids) > p.size
	if next {
		ids = ids[:p.size]
	}
	return newList[T](snap.Count(kind), ids, after != "", next), nil
}

// listBackward is listForward from the list's end.
func listBackward[T any](snap *store.Snapshot, kind graph.Kind, p page) (*connection[T], error) {
	before, err := listCursor("before", p.before)
	if err != nil {
		return nil, err
	}
	ids, err := snap.ListBefore(kind, before, p.size+1)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errNotInList("before", p.before)
	}
	if err != nil {
		return nil, err
	}
	previous := len(ids) > p.size
	if previous {
		ids = ids[1:]
	}
	return newList[T](snap.Count(kind), ids, previous, before != ""), nil
}

// listCursor reads a cursor of a list that follows no relation.
func listCursor(arg, cursor string) (graph.ID, error) {
	if cursor == "" {
		return "", nil
	}
	at, err := parseCursor(cursor)
	if err != nil {
		return "", codef(CodeInput, "%s: %q is not a cursor", arg, cursor)
	}
	if at.Relation != "" {
		return "", errNotInList(arg, cursor)
	}
	return at.ID, nil
}

// listFiltered reads a page of what passes a filter, out of the whole list.
func listFiltered[T any](ctx context.Context, r *request, kind graph.Kind, f filter, p page) (*connection[T], error) {
	if f.matching != nil {
		if err := r.chargeSearch("matching", *f.matching); err != nil {
			return nil, err
		}
	}
	done, err := r.sweep(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	ids, err := r.filtered(ctx, kind, f)
	if err != nil {
		return nil, err
	}
	return listOf[T](ids, p)
}

// listOf cuts a page out of a whole list.
func listOf[T any](ids []graph.ID, p page) (*connection[T], error) {
	from, to, err := p.cut(len(ids), func(at store.Neighbor) int {
		if at.Relation != "" {
			return -1
		}
		return slices.Index(ids, at.ID)
	})
	if err != nil {
		return nil, err
	}
	return newList[T](len(ids), ids[from:to], from > 0, to < len(ids)), nil
}

// newList makes a page of its ids, without nodes as yet.
func newList[T any](total int, ids []graph.ID, previous, next bool) *connection[T] {
	c := &connection[T]{total: total, rows: make([]row, len(ids))}
	for i, id := range ids {
		c.rows[i].at.ID = id
	}
	c.info = infoOf(c.rows, previous, next)
	return c
}

// filtered lists the nodes of a kind that pass a filter: in the order of a
// search if there is one, otherwise in the order of the kind.
func (r *request) filtered(ctx context.Context, kind graph.Kind, f filter) ([]graph.ID, error) {
	ids, err := r.snap.List(kind, "", r.snap.Count(kind))
	if err != nil {
		return nil, err
	}
	if f.yearFrom != nil || f.yearTo != nil {
		if ids, err = r.ofYears(ids, f); err != nil {
			return nil, err
		}
	}
	if f.matching == nil {
		return ids, nil
	}
	hits, err := r.snap.Search(ctx, *f.matching, []graph.Kind{kind}, r.snap.Count(kind))
	if err != nil {
		return nil, err
	}
	inYears := func(graph.ID) bool { return true }
	if len(ids) < r.snap.Count(kind) {
		set := make(map[graph.ID]bool, len(ids))
		for _, id := range ids {
			set[id] = true
		}
		inYears = func(id graph.ID) bool { return set[id] }
	}
	var found []graph.ID
	for _, h := range hits {
		if inYears(h.ID) {
			found = append(found, h.ID)
		}
	}
	return found, nil
}

// ofYears cuts the part of certain years out of a list of papers, which has
// the newest first and those without a year at the end. It reads some twenty of
// them.
func (r *request) ofYears(papers []graph.ID, f filter) ([]graph.ID, error) {
	// olderThan finds the first paper of a year before the given one.
	olderThan := func(year int) (int, error) {
		var failed error
		i, _ := slices.BinarySearchFunc(papers, year, func(id graph.ID, year int) int {
			n, err := r.snap.Node(id)
			if err != nil {
				failed = err
				return 1
			}
			if n.Paper.Year >= year {
				return -1
			}
			return 1
		})
		return i, failed
	}
	// No year is 0, so that papers without one are never in a range.
	oldest := 1
	if f.yearFrom != nil {
		oldest = max(int(*f.yearFrom), oldest)
	}
	to, err := olderThan(oldest)
	if err != nil {
		return nil, err
	}
	from := 0
	if f.yearTo != nil {
		if from, err = olderThan(int(*f.yearTo) + 1); err != nil {
			return nil, err
		}
	}
	return papers[from:max(from, to)], nil
}
