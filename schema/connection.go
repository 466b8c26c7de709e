package schema

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"

	"papergraph/graph"
	"papergraph/store"
)

// connection is a page of a list of nodes.
type connection[T any] struct {
	req   *request
	rows  []row
	total int
	info  pageInfo
	as    func(*entity) T // the type that the schema has for the nodes
	// listing is the whole list, where the query selects facets.
	listing *store.Listing
}

// row is an entry of a page.
type row struct {
	// at is the place in the list. Relation is empty in a list that follows
	// none.
	at     store.Neighbor
	entity *entity
	stated *stated // the edge, where the query selects something of it
}

func (c *connection[T]) Edges() []edge[T] {
	es := make([]edge[T], len(c.rows))
	for i := range c.rows {
		es[i] = edge[T]{&c.rows[i], c.as(c.rows[i].entity)}
	}
	return es
}

func (c *connection[T]) Nodes() []T {
	ns := make([]T, len(c.rows))
	for i := range c.rows {
		ns[i] = c.as(c.rows[i].entity)
	}
	return ns
}

func (c *connection[T]) TotalCount() int32   { return int32(c.total) }
func (c *connection[T]) PageInfo() *pageInfo { return &c.info }

// edge is an entry of a page, as Relay calls it.
type edge[T any] struct {
	row  *row
	node T
}

func (e edge[T]) Cursor() string { return cursorOf(e.row.at) }
func (e edge[T]) Node() T        { return e.node }

func (e edge[T]) Relation() *graph.Relation { return orNull(e.row.at.Relation) }

func (e edge[T]) Inverse() *bool {
	if e.row.at.Relation == "" {
		return nil
	}
	return &e.row.at.Inverse
}

func (e edge[T]) Support() *int32 {
	if e.row.stated == nil {
		return nil
	}
	n := e.row.stated.Support()
	return &n
}

func (e edge[T]) Confidence() *float64 {
	if e.row.stated == nil {
		return nil
	}
	c := e.row.stated.Confidence()
	return &c
}

func (e edge[T]) Classes() *[]graph.Class {
	if e.row.stated == nil {
		return nil
	}
	cs := e.row.stated.Classes()
	return &cs
}

func (e edge[T]) Evidence(ctx context.Context, args firstArg) (*[]evidence, error) {
	if e.row.stated == nil {
		return &[]evidence{}, nil
	}
	return e.row.stated.Evidence(ctx, args)
}

func (e edge[T]) Statements(ctx context.Context, args firstArg) (*[]statement, error) {
	if e.row.stated == nil {
		return &[]statement{}, nil
	}
	return e.row.stated.Statements(ctx, args)
}

// connectionFields are the fields of all types that are connections.
var connectionFields = func() map[string]bool {
	fields := map[string]bool{"connections": true}
	for _, ofKind := range relationFields {
		for field := range ofKind {
			fields[field] = true
		}
	}
	return fields
}()

// out and in are the queries behind fields that follow one relation.
func out(r graph.Relation, kinds ...graph.Kind) store.NeighborQuery {
	return store.NeighborQuery{Relations: []graph.Relation{r}, Direction: store.Out, Kinds: kinds}
}

func in(r graph.Relation, kinds ...graph.Kind) store.NeighborQuery {
	return store.NeighborQuery{Relations: []graph.Relation{r}, Direction: store.In, Kinds: kinds}
}

// need is what a query selects of the rows of a connection.
type need struct {
	records bool // of the neighbours
	edges   bool // more than how the neighbours were reached
	facets  bool
}

func needOf(ctx context.Context) need {
	names := selected(ctx)
	n := need{records: needsRecord(names, "nodes", "edges.node"), facets: slices.Contains(names, "facets")}
	for _, f := range []string{"edges.support", "edges.confidence", "edges.classes", "edges.evidence", "edges.statements"} {
		n.edges = n.edges || slices.Contains(names, f)
	}
	return n
}

// neighbourKey is what siblings must agree on to share a read.
type neighbourKey struct {
	of               graph.Kind
	relations, kinds string
	direction        store.Direction
	where            *edgeFilter // the argument itself, which siblings have in common
	order            *[]order
	page             page
	need             need
}

// neighbourPage is one member's part of a shared read.
type neighbourPage struct {
	rows  []row
	total int
	info  pageInfo
	list  *store.Listing // the whole list, where it is needed
	err   error          // such as a cursor that is another member's
	// handedOut is set once the page is part of the answer. The first time is
	// paid for when it is read; a node that is reached on many ways has its
	// page in the answer as often.
	handedOut atomic.Bool
}

// neighbours is the connection of e that q asks for. It is read for all members
// of e's group of the same kind, since they will be asked the same.
func neighbours[T any](ctx context.Context, e *entity, q store.NeighborQuery, args edgesArgs, as func(*entity) T) (*connection[T], error) {
	p, err := args.page()
	if err != nil {
		return nil, err
	}
	key := neighbourKey{
		of: e.id.Kind(), relations: joined(q.Relations), kinds: joined(q.Kinds), direction: q.Direction,
		where: args.Where, order: args.OrderBy, page: p, need: needOf(ctx),
	}
	pages, err := shared(&e.group.loads, key, func() (map[graph.ID]*neighbourPage, error) {
		reader := filterReader{req: e.req}
		where := reader.edge(args.Where, kindOf[T]())
		if reader.err != nil {
			return nil, reader.err
		}
		aq := store.AdjacentQuery{NeighborQuery: q, Where: where, Order: orderOf(args.OrderBy), Spend: e.req.charge}
		return e.req.readNeighbours(ctx, e.group.ofKind(key.of), aq, p, key.need)
	})
	if err != nil {
		return nil, err
	}
	mine := pages[e.id]
	if mine.err != nil {
		return nil, mine.err
	}
	if mine.handedOut.Swap(true) {
		if err := e.req.charge(1 + len(mine.rows)); err != nil {
			return nil, err
		}
	}
	return &connection[T]{req: e.req, rows: mine.rows, total: mine.total, info: mine.info, as: as, listing: mine.list}, nil
}

// joined makes a list part of a key.
func joined[S ~string](list []S) string {
	var b strings.Builder
	for _, s := range list {
		b.WriteString(string(s))
		b.WriteByte(' ')
	}
	return b.String()
}

// readNeighbours reads a page of neighbours of each of the given nodes: one
// read of all neighbours, then one of all nodes and one of all edges.
func (r *request) readNeighbours(ctx context.Context, members []*entity, aq store.AdjacentQuery, p page, need need) (map[graph.ID]*neighbourPage, error) {
	if err := r.charge(len(members)); err != nil {
		return nil, err
	}
	of := make([]graph.ID, len(members))
	for i, m := range members {
		of[i] = m.id
	}
	lists, err := r.adjacent(ctx, of, aq)
	if err != nil {
		return nil, err
	}
	pages := make(map[graph.ID]*neighbourPage, len(members))
	var ids []graph.ID
	var keys []store.EdgeKey
	for i, id := range of {
		l := lists[i]
		np := &neighbourPage{total: l.Len()}
		if need.facets {
			np.list = l
		}
		pages[id] = np
		from, to, err := p.cut(l.Len(), l.Index)
		if err != nil {
			np.err = err
			continue
		}
		np.rows, np.info = rowsOf(l, from, to)
		for _, row := range np.rows {
			ids = append(ids, row.at.ID)
			keys = append(keys, edgeKey(id, row.at))
		}
	}
	g, err := r.readGroup(ctx, ids, need.records)
	if err != nil {
		return nil, err
	}
	var edges []*stated
	if need.edges {
		if edges, err = r.readEdges(ctx, keys); err != nil {
			return nil, err
		}
	}
	byID := g.byID()
	i := 0
	for _, m := range members {
		rows := pages[m.id].rows
		for j := range rows {
			rows[j].entity = byID[rows[j].at.ID]
			if need.edges {
				rows[j].stated = edges[i]
			}
			i++
		}
	}
	return pages, nil
}

// adjacent lists neighbours, in a sweep's place where a filter or an order looks
// at all of them.
func (r *request) adjacent(ctx context.Context, of []graph.ID, aq store.AdjacentQuery) ([]*store.Listing, error) {
	if aq.Where != nil || len(aq.Order) > 0 {
		done, err := r.sweep(ctx)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	return r.snap.Adjacent(ctx, of, aq)
}

// rowsOf makes a page of a list, without nodes and edges as yet.
func rowsOf(l *store.Listing, from, to int) ([]row, pageInfo) {
	rows := make([]row, to-from)
	for i, n := range l.Page(from, to) {
		rows[i].at = n
	}
	return rows, infoOf(rows, from > 0, to < l.Len())
}

func infoOf(rows []row, previous, next bool) pageInfo {
	info := pageInfo{hasPrevious: previous, hasNext: next}
	if len(rows) > 0 {
		start, end := cursorOf(rows[0].at), cursorOf(rows[len(rows)-1].at)
		info.start, info.end = &start, &end
	}
	return info
}

// edgeKey names the edge that leads from a node to a neighbour.
func edgeKey(id graph.ID, n store.Neighbor) store.EdgeKey {
	if n.Inverse {
		return store.EdgeKey{From: n.ID, Relation: n.Relation, To: id}
	}
	return store.EdgeKey{From: id, Relation: n.Relation, To: n.ID}
}
