package schema

import (
	"context"
	"errors"

	"papergraph/graph"
	"papergraph/store"
)

// listArgs are the arguments of the list of a kind. Not every kind has all.
type listArgs struct {
	Matching *string
	Where    *nodeFilter
	OrderBy  *[]order
	pageArgs
	asOfArg
}

type papersArgs struct {
	YearFrom, YearTo *int32
	listArgs
}

// resultsArgs are the arguments of the list of results, which have no words to
// search for.
type resultsArgs struct {
	Where   *nodeFilter
	OrderBy *[]order
	pageArgs
	asOfArg
}

// Papers takes bounds of the year beside the filter, as people write them.
func (q *query) Papers(ctx context.Context, args papersArgs) (*connection[*paper], error) {
	if args.YearFrom != nil || args.YearTo != nil {
		years := nodeFilter{Year: &intFilter{Gte: args.YearFrom, Lte: args.YearTo}}
		if args.Where != nil {
			years.And = &[]nodeFilter{*args.Where}
		}
		args.Where = &years
	}
	return list(ctx, graph.KindPaper, args.listArgs, asPaper)
}

func (q *query) Methods(ctx context.Context, args listArgs) (*connection[*method], error) {
	return list(ctx, graph.KindMethod, args, asMethod)
}

func (q *query) Datasets(ctx context.Context, args listArgs) (*connection[*dataset], error) {
	return list(ctx, graph.KindDataset, args, asDataset)
}

func (q *query) Tasks(ctx context.Context, args listArgs) (*connection[*task], error) {
	return list(ctx, graph.KindTask, args, asTask)
}

func (q *query) Metrics(ctx context.Context, args listArgs) (*connection[*metric], error) {
	return list(ctx, graph.KindMetric, args, asMetric)
}

func (q *query) Concepts(ctx context.Context, args listArgs) (*connection[*concept], error) {
	return list(ctx, graph.KindConcept, args, asConcept)
}

func (q *query) Authors(ctx context.Context, args listArgs) (*connection[*author], error) {
	return list(ctx, graph.KindAuthor, args, asAuthor)
}

func (q *query) Venues(ctx context.Context, args listArgs) (*connection[*venue], error) {
	return list(ctx, graph.KindVenue, args, asVenue)
}

func (q *query) Results(ctx context.Context, args resultsArgs) (*connection[*result], error) {
	return list(ctx, graph.KindResult, listArgs{Where: args.Where, OrderBy: args.OrderBy, pageArgs: args.pageArgs, asOfArg: args.asOfArg}, asResult)
}

// list is a page of the nodes of a kind.
func list[T any](ctx context.Context, kind graph.Kind, args listArgs, as func(*entity) T) (*connection[T], error) {
	r, err := requestOf(ctx).at(ctx, args.AsOf)
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
	need := needOf(ctx)
	plain := args.Matching == nil && args.Where == nil && args.OrderBy == nil && !need.facets
	var c *connection[T]
	switch {
	case plain && p.before == "" && !p.fromEnd:
		c, err = listForward[T](r.snap, kind, p)
	case plain && p.after == "" && p.fromEnd:
		c, err = listBackward[T](r.snap, kind, p)
	default:
		c, err = listFound[T](ctx, r, kind, args, p)
	}
	if err != nil {
		return nil, err
	}
	c.req, c.as = r, as
	ids := make([]graph.ID, len(c.rows))
	for i := range c.rows {
		ids[i] = c.rows[i].at.ID
	}
	g, err := r.readGroup(ctx, ids, need.records)
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

// listFound reads a page of what a search or a filter finds, or of all in
// another order.
func listFound[T any](ctx context.Context, r *request, kind graph.Kind, args listArgs, p page) (*connection[T], error) {
	reader := filterReader{req: r}
	lq := store.ListQuery{Kind: kind, Where: reader.node(args.Where, kind), Order: orderOf(args.OrderBy), Spend: r.charge}
	if reader.err != nil {
		return nil, reader.err
	}
	if args.Matching != nil {
		if err := r.chargeSearch("matching", *args.Matching); err != nil {
			return nil, err
		}
		lq.Matching = *args.Matching
	}
	done, err := r.sweep(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	l, err := r.snap.Find(ctx, lq)
	if err != nil {
		return nil, err
	}
	from, to, err := p.cut(l.Len(), l.Index)
	if err != nil {
		return nil, err
	}
	c := &connection[T]{total: l.Len(), listing: l}
	c.rows, c.info = rowsOf(l, from, to)
	return c, nil
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
