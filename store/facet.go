package store

import (
	"cmp"
	"context"
	"strconv"
)

// FacetKey is what the entries of a list are counted by.
type FacetKey int

// The keys. Entries without a year are not counted by it.
const (
	FacetVia      FacetKey = iota // the neighbours that they have
	FacetYear                     // the year of a paper
	FacetKind                     // the kind of a node
	FacetRelation                 // the relation by which an entry was reached
)

// FacetQuery says by what the entries of a list are counted.
type FacetQuery struct {
	By    FacetKey
	Via   NeighborQuery     // for FacetVia: which neighbours; Names is of no matter
	First int               // how many values are wanted, those of most entries first, then by the value
	Spend func(n int) error // see [ListQuery]
}

// FacetCount is a value and how many entries of a list have it.
type FacetCount struct {
	// Value is a year, a kind, a relation, or the id of a neighbour.
	Value string
	// Label is what to show: the name of a neighbour, otherwise the value.
	Label string
	Count int
}

// Facet counts the entries of the whole list by their values. An entry with
// several neighbours counts for each. distinct is how many values there are.
func (l *Listing) Facet(ctx context.Context, fq FacetQuery) (counts []FacetCount, distinct int, err error) {
	q, done, err := l.snap.read()
	if err != nil {
		return nil, 0, err
	}
	defer done()
	c := l.snap.columns
	m := newMatcher(ctx, q, c, fq.Spend)
	if fq.By == FacetVia {
		return l.facetVia(m, fq)
	}
	if err := m.pay(l.Len(), numbersForOne); err != nil {
		return nil, 0, err
	}
	var of func(e listed) uint16 // 0 where the entry does not count
	var label func(n uint16) string
	switch fq.By {
	case FacetYear:
		of = func(e listed) uint16 { return c.year[e.uid] }
		label = func(n uint16) string { return strconv.Itoa(int(n)) }
	case FacetKind:
		of = func(e listed) uint16 { return uint16(c.kinds[e.uid]) }
		label = func(n uint16) string { return string(kindByCode[n]) }
	default:
		of = func(e listed) uint16 { return uint16(e.relation) }
		label = func(n uint16) string { return string(relationByCode[n]) }
	}
	var n []int
	for _, e := range l.all() {
		v := int(of(e))
		if v >= len(n) {
			n = append(n, make([]int, v+1-len(n))...)
		}
		n[v]++
	}
	for v, count := range n {
		if v > 0 && count > 0 {
			value := label(uint16(v))
			counts = append(counts, FacetCount{Value: value, Label: value, Count: count})
		}
	}
	return topK(counts, fq.First, func(a, b FacetCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	}), len(counts), nil
}

// all is the entries in the order in which they lie there.
func (l *Listing) all() []listed {
	if l.lists == nil {
		return l.entries
	}
	return l.appendPart(make([]listed, 0, l.Len()), 0, l.Len())
}

// facetVia counts by neighbours.
func (l *Listing) facetVia(m *matcher, fq FacetQuery) (counts []FacetCount, distinct int, err error) {
	relations, kinds, err := fq.Via.masks()
	if err != nil {
		return nil, 0, err
	}
	c := m.c
	t := c.tally()
	defer c.putBack(t)
	t.toCount()
	nodes, more := l.nodes(c)
	number := uint32(0) // of a node, so that none counts twice for a neighbour
	countAll := func(uid uint32, beside []uint32) {
		for _, u := range beside {
			k := &t.counts[u]
			if k.last == number || !kinds.has(c.kinds[u]) {
				continue
			}
			k.last = number
			if k.n == 0 {
				t.touched = append(t.touched, u)
			}
			k.n += 1 + more[uid]
		}
	}
	if n := nodes.count(); n <= fewNodes && c.tied.loaded() == nil {
		err = nodes.each(func(uid uint32) error {
			number++
			if err := m.pay(1, 1); err != nil {
				return err
			}
			uids, err := m.q.neighbours(c, uid, relations, fq.Via.Direction, 0)
			countAll(uid, uids)
			return err
		})
	} else {
		var table *relationTable
		if table, err = m.q.relations(m.ctx, c); err != nil {
			return nil, 0, err
		}
		lists := table.choose(relations, fq.Via.Direction)
		for _, list := range lists {
			if err := m.pay(min(n, len(list.nodes)), edgesForOne); err != nil {
				return nil, 0, err
			}
		}
		places := make([]int, len(lists))
		err = nodes.each(func(uid uint32) error {
			number++
			for i, list := range lists {
				places[i] = list.seek(places[i], uid)
				countAll(uid, list.at(places[i], uid))
			}
			return nil
		})
	}
	if err != nil {
		return nil, 0, err
	}
	best := topK(t.touched, fq.First, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(t.counts[b].n, t.counts[a].n), cmp.Compare(c.ranks[a], c.ranks[b]))
	})
	names, err := m.q.names(c, best)
	if err != nil {
		return nil, 0, err
	}
	counts = make([]FacetCount, len(best))
	for i, u := range best {
		counts[i] = FacetCount{Value: string(c.id(u)), Label: names[i], Count: int(t.counts[u].n)}
	}
	return counts, len(t.touched), nil
}

// nodes is the set of the list's nodes, and how many entries beside the first
// each has that is a neighbour by several relations.
func (l *Listing) nodes(c *columns) (nodes nodeSet, more map[uint32]uint32) {
	nodes = c.newSet()
	for _, e := range l.all() {
		if !nodes.has(e.uid) {
			nodes.add(e.uid)
			continue
		}
		if more == nil {
			more = make(map[uint32]uint32)
		}
		more[e.uid]++
	}
	return nodes, more
}
