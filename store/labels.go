package store

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"papergraph/graph"
)

// Label is what a list shows of a node.
type Label struct {
	ID   graph.ID
	Name string
}

// Labels reads the names of many nodes, one small record each. The result has
// the order of ids; the name is empty where there is no such node.
func (r *Snapshot) Labels(ctx context.Context, ids []graph.ID) ([]Label, error) {
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	labels := make([]Label, len(ids))
	at := make([]int, 0, len(ids)) // of the labels that are there
	uids := make([]uint32, 0, len(ids))
	for i, id := range ids {
		labels[i].ID = id
		if uid, ok := r.columns.uid(id); ok {
			at, uids = append(at, i), append(uids, uid)
		}
	}
	names, err := q.names(r.columns, uids)
	if err != nil {
		return nil, err
	}
	for j, i := range at {
		labels[i].Name = names[j]
	}
	return labels, nil
}

// nameCache keeps names that were read: lists show the same ones again and
// again. It never forgets, but takes no more once it is full.
type nameCache struct {
	once  sync.Once
	names []atomic.Pointer[string] // by uid
	bytes atomic.Int64
}

// maxNameBytes bounds the names that a snapshot keeps: all of 85,000 papers and
// what is in them take some 20 MB.
const maxNameBytes = 48 << 20

func (c *nameCache) get(uid uint32) (string, bool) {
	if p := c.names[uid].Load(); p != nil {
		return *p, true
	}
	return "", false
}

func (c *nameCache) put(uid uint32, name string) {
	const overhead = 24 // of a string and what holds it
	if c.bytes.Load() < maxNameBytes && c.names[uid].CompareAndSwap(nil, &name) {
		c.bytes.Add(int64(len(name) + overhead))
	}
}

// names reads the names of nodes, in the order of their uids.
func (q *reader) names(c *columns, uids []uint32) ([]string, error) {
	c.named.once.Do(func() { c.named.names = make([]atomic.Pointer[string], len(c.ranks)) })
	names := make([]string, len(uids))
	var missing []int
	for i, uid := range uids {
		var ok bool
		if names[i], ok = c.named.get(uid); !ok {
			missing = append(missing, i)
		}
	}
	slices.SortFunc(missing, func(a, b int) int { return cmp.Compare(uids[a], uids[b]) })
	for len(missing) > 0 {
		// Names of uids that are near one another lie beside one another, and
		// are gone through; for a single one a read costs less.
		n := 1
		for n < len(missing) && uids[missing[n]]-uids[missing[n-1]] <= maxSteps {
			n++
		}
		use := func(i int, value []byte) (err error) {
			if value == nil {
				return damaged("label of "+string(c.id(uids[i])), "it is missing")
			}
			if names[i], err = labelName(c.id(uids[i]), value); err == nil {
				c.named.put(uids[i], names[i])
			}
			return err
		}
		var err error
		if n == 1 {
			var value []byte
			if value, err = q.get(uidKey(tagLabel, uids[missing[0]])); err == nil {
				err = use(missing[0], value)
			}
		} else {
			err = q.labels(c, uids, missing[:n], use)
		}
		if err != nil {
			return nil, err
		}
		missing = missing[n:]
	}
	return names, nil
}

// labels calls use with the label of each uids[i], for ascending ones.
func (q *reader) labels(c *columns, uids []uint32, is []int, use func(i int, value []byte) error) error {
	it := q.iterator()
	it.Seek(uidKey(tagLabel, uids[is[0]]))
	for _, i := range is {
		key := uidKey(tagLabel, uids[i])
		for it.Valid() && bytes.Compare(it.Item().Key(), key) < 0 {
			it.Next()
		}
		if !it.Valid() || !bytes.Equal(it.Item().Key(), key) {
			return damaged("label of "+string(c.id(uids[i])), "it is missing")
		}
		if err := useValue(it.Item(), func(value []byte) error { return use(i, value) }); err != nil {
			return err
		}
	}
	return nil
}

// labelName reads the name from the label of a node whose id is known.
func labelName(id graph.ID, b []byte) (string, error) {
	slug := id.Slug()
	n, size := 0, 0
	if len(b) > 0 {
		var v uint64
		v, size = shortUvarint(b[1:])
		n = int(v)
	}
	if size == 0 || n < 0 || b[0] != kindCodes[id.Kind()] || n != len(slug) || len(b) < 1+size+n || string(b[1+size:1+size+n]) != slug {
		return "", damaged("label of "+string(id), "it is another node's")
	}
	return string(b[1+size+n:]), nil
}
