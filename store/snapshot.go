package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"sync/atomic"

	"papergraph/graph"
)

// Snapshot is a published graph. It never changes, whatever is built beside
// it, and is safe for concurrent use. Close it when done: it holds memory.
type Snapshot struct {
	s       *Store
	info    Info
	columns *columns
	closed  atomic.Bool
}

// Close releases the snapshot. A second Close does nothing.
func (r *Snapshot) Close() {
	if !r.closed.Swap(true) {
		r.s.unload(r.info.Version)
	}
}

// Info describes the snapshot.
func (r *Snapshot) Info() Info { return r.info.clone() }

// read begins a call that reads from disk. The reader is closed by done.
func (r *Snapshot) read() (q *reader, done func(), err error) {
	if r.closed.Load() {
		return nil, nil, fmt.Errorf("%w: the snapshot was closed", ErrClosed)
	}
	if err := r.s.acquire(); err != nil {
		return nil, nil, err
	}
	q = newReader(r.s.db, r.info.Version)
	return q, func() { q.close(); r.s.release() }, nil
}

// node reads a node that is known to be there.
func (q *reader) node(id graph.ID) (*graph.Node, error) {
	value, err := q.get(idKey(tagNode, id))
	if err != nil {
		return nil, err
	}
	if value == nil {
		return nil, damaged("node "+string(id), "its record is missing")
	}
	return decodeNode(id, value)
}

// Node reads the node with the given id. The error wraps [ErrNotFound].
func (r *Snapshot) Node(id graph.ID) (*graph.Node, error) {
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	value, err := q.get(idKey(tagNode, id))
	if err != nil {
		return nil, err
	}
	if value == nil {
		if _, ok := r.columns.uid(id); !ok {
			return nil, fmt.Errorf("%w: %q", ErrNotFound, id)
		}
		return nil, damaged("node "+string(id), "its record is missing")
	}
	return decodeNode(id, value)
}

// Origin is where a document of the snapshot was read from, by its facts; zero
// where it has none. It is no part of the graph: [Snapshot.Node] has none.
func (r *Snapshot) Origin(d *graph.Document) (graph.Origin, error) {
	q, done, err := r.read()
	if err != nil {
		return graph.Origin{}, err
	}
	defer done()
	e, err := q.factsEntry(FactsKey(d))
	if e == nil || err != nil {
		return graph.Origin{}, err
	}
	return e.origin(), nil
}

// Nodes reads many nodes in one pass. The result has the order of ids, with
// nil where there is no such node.
func (r *Snapshot) Nodes(ctx context.Context, ids []graph.ID) ([]*graph.Node, error) {
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	// In the order of keys, so that neighbouring ids come from one block.
	ranks := make([]uint32, len(ids))
	order := make([]int, 0, len(ids))
	for i, id := range ids {
		if uid, ok := r.columns.uid(id); ok {
			ranks[i] = r.columns.ranks[uid]
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(ranks[a], ranks[b]) })
	nodes := make([]*graph.Node, len(ids))
	for _, i := range order {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if nodes[i], err = q.node(ids[i]); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// Lookup finds what a reference stands for: an id, a name or alias in any
// spelling that [graph.NameKey] takes for the same, an outside id as
// "scheme:value", the bare value, or its usual address. A node with that very
// id comes first, then those with the outside id, then those with the name,
// each group by number of papers, largest first, then by id. Where there are
// none, it is what [Snapshot.Redirect] finds. It is empty where nothing fits.
// With kinds, only nodes of these are returned. Results have no names.
func (r *Snapshot) Lookup(ref string, kinds ...graph.Kind) ([]graph.ID, error) {
	mask, err := maskOf(kinds)
	if err != nil {
		return nil, err
	}
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	c := r.columns
	var found []uint32
	if uid, ok := c.uid(graph.ID(ref)); ok {
		found = append(found, uid)
	}
	group := func(prefixes ...[]byte) error {
		start := len(found)
		for _, p := range prefixes {
			err := q.scan(p, func(key, _ []byte) error {
				if len(key) != len(p)+4 {
					return damagedKey(key)
				}
				uid := binary.BigEndian.Uint32(key[len(p):])
				if !c.has(uid) {
					return damaged("name of a node", fmt.Sprintf("uid %d is no node's", uid))
				}
				if !slices.Contains(found, uid) {
					found = append(found, uid)
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		slices.SortFunc(found[start:], c.compareSupport)
		return nil
	}
	var outside [][]byte
	for _, form := range outsideForms(ref) {
		outside = append(outside, namePrefix(tagOutside, form))
	}
	if err := group(outside...); err != nil {
		return nil, err
	}
	if key := graph.NameKey(ref); key != "" {
		if err := group(namePrefix(tagName, key)); err != nil {
			return nil, err
		}
	}
	if len(found) == 0 {
		if found, err = q.former(c, graph.ID(ref)); err != nil {
			return nil, err
		}
	}
	var ids []graph.ID
	for _, uid := range found {
		if mask.has(c.kinds[uid]) {
			ids = append(ids, c.id(uid))
		}
	}
	return ids, nil
}

// LookupFirst is the first that [Snapshot.Lookup] finds; empty where there is
// none. Where the reference is an id, that is known without reading.
func (r *Snapshot) LookupFirst(ref string, kinds ...graph.Kind) (graph.ID, error) {
	mask, err := maskOf(kinds)
	if err != nil {
		return "", err
	}
	if uid, ok := r.columns.uid(graph.ID(ref)); ok && mask.has(r.columns.kinds[uid]) {
		return r.columns.id(uid), nil
	}
	ids, err := r.Lookup(ref, kinds...)
	if err != nil || len(ids) == 0 {
		return "", err
	}
	return ids[0], nil
}

// place finds where in its kind's list a node stands. The error wraps
// [ErrNotFound].
func (c *columns) place(kind graph.Kind, id graph.ID) (int, error) {
	uid, ok := c.uid(id)
	if !ok || id.Kind() != kind {
		return 0, fmt.Errorf("%w: no %s %q to go on from", ErrNotFound, kind, id)
	}
	i, _ := slices.BinarySearchFunc(c.list(kindCodes[kind]), uid, c.compareInList)
	return i, nil
}

func (c *columns) ids(uids []uint32) []graph.ID {
	ids := make([]graph.ID, len(uids))
	for i, uid := range uids {
		ids[i] = c.id(uid)
	}
	return ids
}

// List pages through the nodes of a kind: at most limit of those that come
// after the given one; "" is before the first. Papers are in the order of
// year, newest first, then id; other nodes in the order of number of papers,
// largest first, then id. The error wraps [ErrNotFound] where after is not a
// node of the kind.
func (r *Snapshot) List(kind graph.Kind, after graph.ID, limit int) ([]graph.ID, error) {
	code := kindCodes[kind]
	if code == 0 {
		return nil, fmt.Errorf("list: %w %q", graph.ErrKind, kind)
	}
	start := 0
	if after != "" {
		i, err := r.columns.place(kind, after)
		if err != nil {
			return nil, err
		}
		start = i + 1
	}
	list := r.columns.list(code)
	return r.columns.ids(list[start:min(start+max(limit, 0), len(list))]), nil
}

// ListBefore is [Snapshot.List] towards the start: the last limit nodes before
// the given one, in list order; "" is behind the last.
func (r *Snapshot) ListBefore(kind graph.Kind, before graph.ID, limit int) ([]graph.ID, error) {
	code := kindCodes[kind]
	if code == 0 {
		return nil, fmt.Errorf("list: %w %q", graph.ErrKind, kind)
	}
	list := r.columns.list(code)
	end := len(list)
	if before != "" {
		i, err := r.columns.place(kind, before)
		if err != nil {
			return nil, err
		}
		end = i
	}
	return r.columns.ids(list[max(end-max(limit, 0), 0):end]), nil
}

// Count is the number of nodes of a kind.
func (r *Snapshot) Count(kind graph.Kind) int { return r.info.NodesByKind[kind] }

// Degree is the number of distinct papers with an edge to or from the node; 0
// for a node that is not there.
func (r *Snapshot) Degree(id graph.ID) int {
	uid, ok := r.columns.uid(id)
	if !ok {
		return 0
	}
	return int(r.columns.papers[uid])
}

// Year is the year of a paper; 0 where it has none, and for other nodes.
func (r *Snapshot) Year(id graph.ID) int {
	uid, ok := r.columns.uid(id)
	if !ok {
		return 0
	}
	return int(r.columns.year[uid])
}

// AllNodes yields every node in the order of [graph.CompareIDs].
func (r *Snapshot) AllNodes(ctx context.Context) iter.Seq2[*graph.Node, error] {
	return func(yield func(*graph.Node, error) bool) {
		q, done, err := r.read()
		if err != nil {
			yield(nil, err)
			return
		}
		defer done()
		n := 0
		err = q.scanApart([]byte{tagNode}, func(key, value []byte) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			id, err := parseIDKey(tagNode, key)
			if err != nil {
				return err
			}
			node, err := decodeNode(id, value)
			if err != nil {
				return err
			}
			n++
			if !yield(node, nil) {
				n = r.info.Nodes // as many as were wanted
				return errStop
			}
			return nil
		})
		if err == nil && n != r.info.Nodes {
			err = damaged("table of nodes", fmt.Sprintf("%d nodes where the snapshot has %d", n, r.info.Nodes))
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// AllFacts yields the facts of every paper in the order of [Writer.Facts].
func (r *Snapshot) AllFacts(ctx context.Context) iter.Seq2[*graph.Facts, error] {
	return func(yield func(*graph.Facts, error) bool) {
		q, done, err := r.read()
		if err != nil {
			yield(nil, err)
			return
		}
		defer done()
		named := newNamedBodies()
		if err := q.eachFactsEntry(ctx, func(_ string, e *factsEntry) { named.add(e) }); err != nil {
			yield(nil, err)
			return
		}
		q.facts(ctx, named, func(sf StoredFacts, err error) bool {
			if err != nil {
				return yield(nil, err)
			}
			return yield(&sf.Facts, nil)
		})
	}
}
