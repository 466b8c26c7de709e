package schema

import (
	"context"
	"errors"

	"papergraph/graph"
	"papergraph/store"
)

// diffCost is what a comparison of snapshots counts beside what it hands out:
// it reads all that was written between the two.
const diffCost = 10 * searchCost

type diffArgs struct {
	From  *string
	First int32
	asOfArg
}

// Diff says what changed since a snapshot.
func (q *query) Diff(ctx context.Context, args diffArgs) (*diff, error) {
	n, err := pageSize("first", args.First)
	if err != nil {
		return nil, err
	}
	to, err := requestOf(ctx).at(ctx, args.AsOf)
	if err != nil {
		return nil, err
	}
	since := args.From
	if since == nil || *since == "" {
		if since, err = to.previous(); since == nil || err != nil {
			return nil, err
		}
	}
	// What is gone is shown as it was.
	from, err := requestOf(ctx).at(ctx, since)
	if err != nil {
		return nil, err
	}
	if err := to.charge(diffCost); err != nil {
		return nil, err
	}
	done, err := to.sweep(ctx)
	if err != nil {
		return nil, err
	}
	// Without a bound the lists would be whole.
	d, err := to.others.source.Diff(ctx, from.snap.Info().ID, to.snap.Info().ID, max(n, 1))
	done()
	if errors.Is(err, store.ErrNoSnapshot) {
		return nil, openError(err) // dropped meanwhile
	}
	if err != nil {
		return nil, err
	}
	if n == 0 {
		d.Nodes.Added, d.Nodes.Removed, d.Nodes.Changed = nil, nil, nil
		d.Edges.Added, d.Edges.Removed, d.Edges.Changed = nil, nil, nil
	}
	return newDiff(ctx, from, to, d)
}

// previous is the id of the snapshot that was published before the one that r
// sees; nil where there is none.
func (r *request) previous() (*string, error) {
	infos, err := r.others.source.Snapshots()
	if err != nil {
		return nil, err
	}
	version := r.snap.Info().Version
	for _, info := range infos { // newest first
		if info.Version < version {
			return &info.ID, nil
		}
	}
	return nil, nil
}

// newDiff reads what the lists of a difference name.
func newDiff(ctx context.Context, from, to *request, d *store.Diff) (*diff, error) {
	out := &diff{d: d}
	listed := len(d.Nodes.Added) + len(d.Nodes.Removed) + len(d.Nodes.Changed)
	if err := to.charge(listed); err != nil {
		return nil, err
	}
	out.nodes = &nodesDiff{d: &d.Nodes, added: groupOf(to, d.Nodes.Added), removed: groupOf(from, d.Nodes.Removed)}
	names := selected(ctx)
	ids := make([]graph.ID, len(d.Nodes.Changed))
	for i, c := range d.Nodes.Changed {
		ids[i] = c.ID
	}
	changed, err := to.readGroup(ctx, ids, needsRecord(names, "nodes.changed.node"))
	if err != nil {
		return nil, err
	}
	for i, c := range d.Nodes.Changed {
		out.nodes.changed = append(out.nodes.changed, nodeChange{to, c, changed.members[i]})
	}
	ends := func(list string) bool { return needsRecord(names, "edges."+list+".from", "edges."+list+".to") }
	out.edges = &edgesDiff{d: &d.Edges}
	if out.edges.added, err = to.relationships(ctx, pointers(d.Edges.Added), ends("added")); err != nil {
		return nil, err
	}
	if out.edges.removed, err = from.relationships(ctx, pointers(d.Edges.Removed), ends("removed")); err != nil {
		return nil, err
	}
	// The edge as it is now, to have its ends, and what was said before and is
	// not any more, by papers that may have gone.
	var now, before, after []*graph.Edge
	for _, c := range d.Edges.Changed {
		now = append(now, &graph.Edge{From: c.From, Relation: c.Relation, To: c.To})
		before = append(before, &graph.Edge{From: c.From, Relation: c.Relation, To: c.To, Statements: c.Removed})
		after = append(after, &graph.Edge{From: c.From, Relation: c.Relation, To: c.To, Statements: c.Added})
	}
	joined, err := to.relationships(ctx, now, ends("changed"))
	if err != nil {
		return nil, err
	}
	gone, came := from.newEdges(before), to.newEdges(after)
	for i := range joined {
		out.edges.changed = append(out.edges.changed, edgeChange{joined[i], gone[i], came[i]})
	}
	return out, nil
}

// groupOf makes entities of records that were read.
func groupOf(r *request, nodes []graph.Node) []*entity {
	ids := make([]graph.ID, len(nodes))
	for i := range nodes {
		ids[i] = nodes[i].ID
	}
	return newGroup(r, ids, pointers(nodes)).members
}

// pointers are those to the elements of a list.
func pointers[T any](list []T) []*T {
	ps := make([]*T, len(list))
	for i := range list {
		ps[i] = &list[i]
	}
	return ps
}

// diff is what differs between two snapshots.
type diff struct {
	d     *store.Diff
	nodes *nodesDiff
	edges *edgesDiff
}

func (d *diff) From() *snapshot   { return &snapshot{counts{d.d.From}} }
func (d *diff) To() *snapshot     { return &snapshot{counts{d.d.To}} }
func (d *diff) Nodes() *nodesDiff { return d.nodes }
func (d *diff) Edges() *edgesDiff { return d.edges }

// nodesDiff is what differs between the nodes.
type nodesDiff struct {
	d              *store.NodesDiff
	added, removed []*entity
	changed        []nodeChange
}

func (d *nodesDiff) Counts() changes       { return changes{d.d.Counts} }
func (d *nodesDiff) Added() []*entity      { return d.added }
func (d *nodesDiff) Removed() []*entity    { return d.removed }
func (d *nodesDiff) Changed() []nodeChange { return orEmpty(d.changed) }

// ByKind lists the kinds that differ.
func (d *nodesDiff) ByKind() []kindChanges {
	list := []kindChanges{}
	for _, k := range graph.Kinds() {
		if c := d.d.ByKind[k]; c.Total() > 0 {
			list = append(list, kindChanges{changes{c}, k})
		}
	}
	return list
}

// edgesDiff is what differs between the edges.
type edgesDiff struct {
	d              *store.EdgesDiff
	added, removed []relationship
	changed        []edgeChange
}

func (d *edgesDiff) Counts() changes         { return changes{d.d.Counts} }
func (d *edgesDiff) Added() []relationship   { return d.added }
func (d *edgesDiff) Removed() []relationship { return d.removed }
func (d *edgesDiff) Changed() []edgeChange   { return orEmpty(d.changed) }

// ByRelation lists the relations that differ.
func (d *edgesDiff) ByRelation() []relationChanges {
	list := []relationChanges{}
	for _, r := range graph.Relations() {
		if c := d.d.ByRelation[r.Relation]; c.Total() > 0 {
			list = append(list, relationChanges{changes{c}, r.Relation})
		}
	}
	return list
}

// changes counts what differs.
type changes struct{ c store.Changes }

func (c changes) Added() int32   { return int32(c.c.Added) }
func (c changes) Removed() int32 { return int32(c.c.Removed) }
func (c changes) Changed() int32 { return int32(c.c.Changed) }

type kindChanges struct {
	changes
	kind graph.Kind
}

func (c kindChanges) Kind() graph.Kind { return c.kind }

type relationChanges struct {
	changes
	relation graph.Relation
}

func (c relationChanges) Relation() graph.Relation { return c.relation }

// nodeChange is what changed of a node.
type nodeChange struct {
	req  *request
	c    store.NodeChange
	node *entity
}

func (c nodeChange) Node() *entity { return c.node }

func (c nodeChange) Fields() []fieldChange {
	list := make([]fieldChange, len(c.c.Fields))
	for i, f := range c.c.Fields {
		list[i] = fieldChange{c.req, f}
	}
	return list
}

type fieldChange struct {
	req *request
	c   store.FieldChange
}

func (c fieldChange) Field() string     { return c.c.Field }
func (c fieldChange) Removed() []string { return c.req.chargeTexts(c.c.Removed) }
func (c fieldChange) Added() []string   { return c.req.chargeTexts(c.c.Added) }

// edgeChange is what changed of an edge.
type edgeChange struct {
	edge       relationship
	gone, came *stated
}

func (c edgeChange) From() *entity            { return c.edge.from }
func (c edgeChange) Relation() graph.Relation { return c.edge.Relation() }
func (c edgeChange) To() *entity              { return c.edge.to }

func (c edgeChange) Added(ctx context.Context, args firstArg) (*[]statement, error) {
	return c.came.Statements(ctx, args)
}

func (c edgeChange) Removed(ctx context.Context, args firstArg) (*[]statement, error) {
	return c.gone.Statements(ctx, args)
}
