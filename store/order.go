package store

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"

	"papergraph/graph"
)

// neighbourCache keeps lists of neighbours in the order of [Snapshot.Neighbors]
// that were read: people ask for those of the same few methods and concepts
// again and again, and a paper's are in the order of what its statements say.
// It never forgets, but takes no more once it is full.
type neighbourCache struct {
	once  sync.Once
	nodes []atomic.Pointer[ordered] // by uid
	bytes atomic.Int64
}

// maxNeighbourBytes bounds the lists that a snapshot keeps. All of 85,000 papers
// would take some 100 MB.
const maxNeighbourBytes = 64 << 20

// ordered is what is kept of a node. It does not change: who has read more
// puts another in its place.
type ordered struct {
	read  [2]relationMask // by direction, whose lists are there, or would be if they were not empty
	lists []postingList   // by relation, out before in
}

func (o *ordered) bytes() int64 {
	const overhead, each = 64, 40
	n := int64(overhead)
	for _, l := range o.lists {
		n += each + 4*int64(len(l.uids))
	}
	return n
}

// has says whether lists of these relations, a set that is not empty, are
// there.
func (o *ordered) has(relations relationMask, d Direction) bool {
	return (d == In || o.read[directionOut]&relations == relations) && (d == Out || o.read[directionIn]&relations == relations)
}

// with is o and the lists that were read of some relations.
func (o *ordered) with(relations relationMask, d Direction, lists []postingList) *ordered {
	n := &ordered{read: o.read}
	for _, l := range o.lists {
		if !follows(relations, d, l.relation, l.direction) {
			n.lists = append(n.lists, l)
		}
	}
	n.lists = append(n.lists, lists...)
	slices.SortFunc(n.lists, compareLists)
	if d != In {
		n.read[directionOut] |= relations
	}
	if d != Out {
		n.read[directionIn] |= relations
	}
	return n
}

// compareLists orders posting lists by relation, out before in.
func compareLists(a, b postingList) int {
	return cmp.Or(cmp.Compare(a.relation, b.relation), cmp.Compare(a.direction, b.direction))
}

// selected copies the lists of some relations, cut down to some kinds. The uids
// are still those of o where nothing is cut off.
func (o *ordered) selected(c *columns, relations relationMask, d Direction, kinds kindMask) []postingList {
	lists := make([]postingList, 0, len(o.lists))
	for _, l := range o.lists {
		if !follows(relations, d, l.relation, l.direction) {
			continue
		}
		other := func(u uint32) bool { return !kinds.has(c.kinds[u]) }
		if slices.ContainsFunc(l.uids, other) {
			l.uids = slices.DeleteFunc(slices.Clone(l.uids), other)
		}
		if len(l.uids) > 0 {
			lists = append(lists, l)
		}
	}
	return lists
}

// keep puts lists that were read of a node into the cache.
func (b *neighbourCache) keep(uid uint32, relations relationMask, d Direction, lists []postingList) {
	for b.bytes.Load() < maxNeighbourBytes {
		old := b.nodes[uid].Load()
		var n *ordered
		var grown int64
		if old == nil {
			n = (&ordered{}).with(relations, d, lists)
			grown = n.bytes()
		} else {
			n = old.with(relations, d, lists)
			grown = n.bytes() - old.bytes()
		}
		if b.nodes[uid].CompareAndSwap(old, n) {
			b.bytes.Add(grown)
			return
		}
	}
}

// allRelations is the mask of every relation that there is.
var allRelations = func() (m relationMask) {
	for _, code := range relationCodes {
		m |= 1 << code
	}
	return m
}()

// orderedLists are the posting lists of a node as [Snapshot.Neighbors] orders
// them: by relation, out before in, and the best neighbours first. The uids may
// be those of the cache, and must not be changed.
func (q *reader) orderedLists(c *columns, uid uint32, relations relationMask, d Direction, kinds kindMask) ([]postingList, error) {
	if relations == 0 {
		relations = allRelations
	}
	b := &c.beside
	b.once.Do(func() { b.nodes = make([]atomic.Pointer[ordered], len(c.ranks)) })
	if o := b.nodes[uid].Load(); o != nil && o.has(relations, d) {
		return o.selected(c, relations, d, kinds), nil
	}
	lists, err := q.adjacency(c, uid, relations, d)
	if err != nil {
		return nil, err
	}
	if err := q.putInOrder(c, uid, lists); err != nil {
		return nil, err
	}
	b.keep(uid, relations, d, lists)
	return (&ordered{lists: lists}).selected(c, relations, d, kinds), nil
}

// putInOrder orders the neighbours of each list of a node: what a paper states
// by confidence first, the surest before others, then all by year, number of
// papers and id. Then it orders the lists.
func (q *reader) putInOrder(c *columns, uid uint32, lists []postingList) error {
	isPaper := c.kinds[uid] == kindCodes[graph.KindPaper]
	var own *block // read for a list that has an order
	for _, l := range lists {
		if len(l.uids) < 2 {
			continue
		}
		if l.direction == directionOut && isPaper && own == nil {
			var err error
			if own, err = q.block(c.id(uid), uid); err != nil {
				return err
			}
			isPaper = own != nil // one without statements has curated edges only
		}
		if l.direction == directionIn || own == nil {
			slices.SortFunc(l.uids, c.compare)
			continue
		}
		confidence := make(map[uint32]float64, len(l.uids))
		for _, u := range l.uids {
			confidence[u] = own.find(edgeUIDs{from: uid, relation: l.relation, to: u}).confidence()
		}
		slices.SortFunc(l.uids, func(a, b uint32) int {
			return cmp.Or(cmp.Compare(confidence[b], confidence[a]), c.compare(a, b))
		})
	}
	slices.SortFunc(lists, compareLists)
	return nil
}
