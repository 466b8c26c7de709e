package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"papergraph/graph"
)

// Intersect finds the nodes that are neighbours of every given node: the papers
// that concern both of two concepts. How they are tied, and of what kind they
// are, is as nq says, its direction as seen from the given nodes. They come in
// the order of [columns.compare]: newest first, then by number of papers,
// largest first, then by id. It is empty for no ids; the error wraps
// [ErrNotFound] where one of them is not in the graph.
//
// It takes the neighbours of the node with the fewest papers and looks for them
// in the posting lists of the others, so that what it costs beside these reads
// is set by the smallest.
func (r *Snapshot) Intersect(ctx context.Context, ids []graph.ID, nq NeighborQuery) ([]graph.ID, error) {
	relations, kinds, err := nq.masks()
	if err != nil {
		return nil, err
	}
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	c := r.columns
	uids := make([]uint32, len(ids))
	for i, id := range ids {
		if uids[i], err = c.node(id); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(uids, func(a, b uint32) int { return cmp.Or(cmp.Compare(c.papers[a], c.papers[b]), cmp.Compare(a, b)) })
	uids = slices.Compact(uids)
	var common []uint32
	for i, uid := range uids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if i == 0 {
			common, err = q.neighbours(c, uid, relations, nq.Direction, kinds)
		} else {
			common, err = q.amongNeighbours(c, uid, relations, nq.Direction, common)
		}
		if err != nil {
			return nil, err
		}
		if len(common) == 0 {
			return nil, nil
		}
	}
	slices.SortFunc(common, c.compare)
	return c.ids(common), nil
}

// neighbours reads the distinct neighbours of a node, ascending.
func (q *reader) neighbours(c *columns, uid uint32, relations relationMask, d Direction, kinds kindMask) ([]uint32, error) {
	var uids []uint32
	lists := 0
	err := q.containers(uid, relations, d, func(_, _ byte, high uint16, container []byte) (err error) {
		lists++
		uids, err = decodeContainer(uids, high, container)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("posting list of %s: %w", c.id(uid), err)
	}
	kept := uids[:0]
	for _, u := range uids {
		if !c.has(u) {
			return nil, damaged("posting list of "+string(c.id(uid)), fmt.Sprintf("uid %d is no node's", u))
		}
		if kinds.has(c.kinds[u]) {
			kept = append(kept, u)
		}
	}
	if lists > 1 {
		slices.Sort(kept)
		kept = slices.Compact(kept)
	}
	return kept, nil
}

// amongNeighbours keeps of ascending uids those that are neighbours of a node,
// without decoding its posting lists.
func (q *reader) amongNeighbours(c *columns, uid uint32, relations relationMask, d Direction, uids []uint32) ([]uint32, error) {
	among := make([]bool, len(uids))
	err := q.containers(uid, relations, d, func(_, _ byte, high uint16, container []byte) error {
		return markMembers(among, uids, high, container)
	})
	if err != nil {
		return nil, fmt.Errorf("posting list of %s: %w", c.id(uid), err)
	}
	kept := uids[:0]
	for i, u := range uids {
		if among[i] {
			kept = append(kept, u)
		}
	}
	return kept, nil
}

// containers calls use for each container of a node's posting lists, in the
// order of direction, then relation. What use is given is valid during the call
// only.
func (q *reader) containers(uid uint32, relations relationMask, d Direction, use func(direction, relation byte, high uint16, container []byte) error) error {
	prefix := adjacentPrefix(uid)
	switch d {
	case Out:
		prefix = append(prefix, directionOut)
	case In:
		prefix = append(prefix, directionIn)
	}
	if one, ok := relations.only(); ok && d != Both {
		prefix = append(prefix, one)
	}
	return q.scan(prefix, func(key, value []byte) error {
		_, direction, relation, high, err := parseAdjacentKey(key)
		if err != nil || !relations.has(relation) {
			return err
		}
		return use(direction, relation, high, value)
	})
}

// markMembers sets marks[i] where uids[i], ascending, is in the container. The
// error wraps [ErrDamaged].
func markMembers(marks []bool, uids []uint32, high uint16, b []byte) error {
	first, _ := slices.BinarySearch(uids, uint32(high)<<16)
	end, _ := slices.BinarySearch(uids, (uint32(high)+1)<<16)
	if high == 1<<16-1 {
		end = len(uids)
	}
	if len(b) == 0 {
		return damaged("container", "empty")
	}
	form, b := b[0], b[1:]
	switch {
	case form == containerBitmap && len(b) == bitmapBytes:
		for i := first; i < end; i++ {
			low := uint16(uids[i])
			if b[low>>3]&(1<<(low&7)) != 0 {
				marks[i] = true
			}
		}
		return nil
	case form == containerArray && len(b) > 0 && len(b)%2 == 0 && len(b)/2 <= maxArray:
		n := len(b) / 2
		at := func(i int) uint16 { return binary.BigEndian.Uint16(b[2*i:]) }
		pos := 0
		for i := first; i < end && pos < n; i++ {
			low := uint16(uids[i])
			// Steps that double, then halve: near in dense lists, far in
			// sparse ones.
			step := 1
			for pos+step < n && at(pos+step) < low {
				pos += step
				step *= 2
			}
			hi := min(pos+step, n)
			for pos < hi {
				if mid := int(uint(pos+hi) >> 1); at(mid) < low {
					pos = mid + 1
				} else {
					hi = mid
				}
			}
			if pos < n && at(pos) == low {
				marks[i] = true
			}
		}
		return nil
	}
	return damaged("container", fmt.Sprintf("form %d with %d bytes", form, len(b)))
}

// RelatedQuery says what ties nodes together. The zero value takes everything.
type RelatedQuery struct {
	// Via narrows the shared neighbours down, as seen from the node that is
	// asked about.
	Via NeighborQuery
	// Kind is that of the nodes to find; empty for the kind of the node that is
	// asked about.
	Kind graph.Kind
}

// Related is a node that shares neighbours with another.
type Related struct {
	ID graph.ID
	// Count is the number of distinct neighbours that both have.
	Count int
	// Shared are these neighbours, as [Snapshot.Neighbors] has them of the
	// node that was asked about, by relation, then by id. One that it has by
	// two relations stands here twice.
	Shared []Neighbor
}

// maxRelatedRead bounds how many neighbours of neighbours [Snapshot.Related]
// goes through, to some ten milliseconds of work.
const maxRelatedRead = 1 << 20

// Related finds the nodes that share the most neighbours with a node, by
// whatever relations they have them: papers on the same methods and datasets,
// methods of the same papers. They come by number of shared neighbours, largest
// first, then as [Snapshot.List] orders them, at most limit of them.
//
// Neighbours are gone through from the one with the fewest papers to the one
// with the most, until a million nodes beside them were counted; hubs behind
// that tie nobody, as if they were not shared. The error wraps
// [ErrNotFound] where there is no such node.
func (r *Snapshot) Related(ctx context.Context, id graph.ID, rq RelatedQuery, limit int) ([]Related, error) {
	return r.related(ctx, id, rq, limit, maxRelatedRead)
}

func (r *Snapshot) related(ctx context.Context, id graph.ID, rq RelatedQuery, limit, budget int) ([]Related, error) {
	relations, kinds, err := rq.Via.masks()
	if err != nil {
		return nil, err
	}
	if rq.Kind == "" {
		rq.Kind = id.Kind()
	}
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	c := r.columns
	uid, err := c.node(id)
	if err != nil {
		return nil, err
	}
	wanted := kindCodes[rq.Kind]
	if wanted == 0 {
		return nil, fmt.Errorf("related to %s: %w %q", id, graph.ErrKind, rq.Kind)
	}
	if limit <= 0 {
		return nil, nil
	}
	lists, err := q.adjacency(c, uid, relations, rq.Via.Direction)
	if err != nil {
		return nil, err
	}
	ties := tiesOf(c, lists, kinds)
	t := c.tally()
	defer c.putBack(t)
	t.toCount()
	for i := range ties {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if budget <= 0 {
			ties = ties[:i]
			break
		}
		seen, err := t.addNeighbours(q, &ties[i], uint32(i+1), uid, wanted)
		if err != nil {
			return nil, err
		}
		budget -= seen
	}
	best := topK(t.mostCounted(limit), limit, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(t.counts[b].n, t.counts[a].n), c.compareInList(a, b))
	})
	related := make([]Related, len(best))
	for i, u := range best {
		related[i] = Related{ID: c.id(u), Count: int(t.counts[u].n)}
		for _, tie := range ties {
			if tie.ties(u, t.uids) {
				related[i].Shared = append(related[i].Shared, tie.by...)
			}
		}
		slices.SortFunc(related[i].Shared, compareNeighbors)
	}
	return related, nil
}

// compareNeighbors orders neighbours by relation, edges from the node before
// edges to it, then by id.
func compareNeighbors(a, b Neighbor) int {
	direction := func(n Neighbor) int {
		if n.Inverse {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(relationCodes[a.Relation], relationCodes[b.Relation]), cmp.Compare(direction(a), direction(b)), graph.CompareIDs(a.ID, b.ID))
}

// tie is a neighbour of a node, by all its relations, that others may share.
type tie struct {
	uid    uint32
	by     []Neighbor
	beside []span // of its own neighbours, each ascending
}

// span is a part of a slice.
type span struct{ from, to int }

// ties says whether a node is among the neighbours of the tie, which lie in
// uids.
func (x *tie) ties(u uint32, uids []uint32) bool {
	return slices.ContainsFunc(x.beside, func(s span) bool {
		_, found := slices.BinarySearch(uids[s.from:s.to], u)
		return found
	})
}

// addNeighbours counts the neighbours of a tie that are of the wanted kind, but
// for uid, keeps them in t.uids, and returns how many it has of all kinds. The
// number of the tie is not 0.
func (t *tally) addNeighbours(q *reader, x *tie, number, uid uint32, wanted byte) (seen int, err error) {
	var lastDirection, lastRelation byte // no relation is 0
	err = q.containers(x.uid, 0, Both, func(direction, relation byte, high uint16, container []byte) (err error) {
		if t.list, err = decodeContainer(t.list[:0], high, container); err != nil {
			return err
		}
		seen += len(t.list)
		if direction != lastDirection || relation != lastRelation {
			lastDirection, lastRelation = direction, relation
			x.beside = append(x.beside, span{len(t.uids), len(t.uids)})
		}
		kinds := t.c.kinds
		for _, u := range t.list {
			if uint64(u) >= uint64(len(kinds)) || kinds[u] == 0 {
				return fmt.Errorf("%w: uid %d is no node's", ErrDamaged, u)
			}
			if kinds[u] != wanted || u == uid {
				continue
			}
			t.uids = append(t.uids, u)
			k := &t.counts[u]
			if k.last == number {
				continue // by another relation
			}
			k.last = number
			k.n++
			if k.n == 1 {
				t.touched = append(t.touched, u)
			}
			if int(k.n) > len(t.atLeast) {
				t.atLeast = append(t.atLeast, 0)
			}
			t.atLeast[k.n-1]++
		}
		x.beside[len(x.beside)-1].to = len(t.uids)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("posting lists of %s: %w", t.c.id(x.uid), err)
	}
	return seen, nil
}

// mostCounted are the uids that were counted, without those of which limit
// others were counted more often.
func (t *tally) mostCounted(limit int) []uint32 {
	threshold := uint32(len(t.atLeast))
	for threshold > 1 && t.atLeast[threshold-1] < limit {
		threshold--
	}
	if threshold <= 1 {
		return t.touched
	}
	t.list = t.list[:0]
	for _, u := range t.touched {
		if t.counts[u].n >= threshold {
			t.list = append(t.list, u)
		}
	}
	return t.list
}

// tiesOf merges the posting lists of a node into its neighbours of some kinds,
// those with the fewest papers first.
func tiesOf(c *columns, lists []postingList, kinds kindMask) []tie {
	n := 0
	for _, l := range lists {
		n += len(l.uids)
	}
	at := make(map[uint32]int, n)
	ties := make([]tie, 0, n)
	for _, l := range lists {
		for _, u := range l.uids {
			if !kinds.has(c.kinds[u]) {
				continue
			}
			i, ok := at[u]
			if !ok {
				i = len(ties)
				at[u] = i
				ties = append(ties, tie{uid: u})
			}
			ties[i].by = append(ties[i].by, Neighbor{ID: c.id(u), Relation: relationByCode[l.relation], Inverse: l.direction == directionIn})
		}
	}
	slices.SortFunc(ties, func(a, b tie) int {
		return cmp.Or(cmp.Compare(c.papers[a.uid], c.papers[b.uid]), cmp.Compare(c.ranks[a.uid], c.ranks[b.uid]))
	})
	return ties
}
