package store

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"papergraph/graph"
)

// relationTable is the posting lists of all nodes in memory, by relation and
// direction. What goes through all edges of a relation, to count them or to
// filter by them, would otherwise read a value for each node. It is made when
// first needed, in one pass over table A, and shared by all snapshots of one
// version, as columns are. It takes 8 bytes an edge, and as many for each node
// and relation in each direction.
type relationTable struct {
	lists [2][]edgeList // by direction, then by relation
}

// edgeList is the posting lists of all nodes by one relation in one direction.
type edgeList struct {
	nodes  []uint32 // that have any, ascending
	starts []uint32 // where the neighbours of each begin; one more at the end
	to     []uint32 // the neighbours, ascending for each node
}

// seek finds the place of a node, as [seek] does.
func (l *edgeList) seek(place int, uid uint32) int { return seek(l.nodes, place, uid) }

// seek finds the place from which on ascending uids are not below uid, going on
// from the place of a smaller one: in steps that double, then by halves, so that
// it is quick for a few nodes and for all of them.
func seek(uids []uint32, place int, uid uint32) int {
	step := 1
	for place+step < len(uids) && uids[place+step] < uid {
		place += step
		step *= 2
	}
	rest := uids[place:min(place+step+1, len(uids))]
	i, _ := slices.BinarySearch(rest, uid)
	return place + i
}

// at is the neighbours of the node that seek found a place for.
func (l *edgeList) at(place int, uid uint32) []uint32 {
	if place >= len(l.nodes) || l.nodes[place] != uid {
		return nil
	}
	return l.to[l.starts[place]:l.starts[place+1]]
}

// relationCache holds the relationTable of columns once it is made.
type relationCache struct {
	mu    sync.Mutex
	table *relationTable
}

// relations is the table of the snapshot that q reads. Who comes while another
// reads it waits; what failed is tried again by the next.
func (q *reader) relations(ctx context.Context, c *columns) (*relationTable, error) {
	c.tied.mu.Lock()
	defer c.tied.mu.Unlock()
	if c.tied.table != nil {
		return c.tied.table, nil
	}
	t := &relationTable{}
	for d := range t.lists {
		t.lists[d] = make([]edgeList, len(relationByCode))
	}
	n := 0
	err := q.scanApart([]byte{tagAdjacent}, func(key, value []byte) (err error) {
		if n++; n%1024 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		uid, direction, relation, high, err := parseAdjacentKey(key)
		if err != nil {
			return err
		}
		if !c.has(uid) {
			return damaged("posting lists", fmt.Sprintf("uid %d is no node's", uid))
		}
		l := &t.lists[direction][relation]
		if k := len(l.nodes); k == 0 || l.nodes[k-1] != uid {
			l.nodes = append(l.nodes, uid)
			l.starts = append(l.starts, uint32(len(l.to)))
		}
		l.to, err = c.members(l.to, uid, high, value)
		return err
	})
	if err != nil {
		return nil, err
	}
	for d := range t.lists {
		for r := range t.lists[d] {
			l := &t.lists[d][r]
			l.nodes, l.to = slices.Clip(l.nodes), slices.Clip(l.to)
			l.starts = slices.Clip(append(l.starts, uint32(len(l.to))))
		}
	}
	c.tied.table = t
	return t, nil
}

// loaded is the table if it is in memory, or nil. It does not wait.
func (c *relationCache) loaded() *relationTable {
	if !c.mu.TryLock() {
		return nil
	}
	defer c.mu.Unlock()
	return c.table
}

// choose returns the lists that a query follows, those of the out direction
// first.
func (t *relationTable) choose(relations relationMask, d Direction) []*edgeList {
	var lists []*edgeList
	for direction := range t.lists {
		for code := 1; code < len(t.lists[direction]); code++ {
			if follows(relations, d, byte(code), byte(direction)) {
				lists = append(lists, &t.lists[direction][code])
			}
		}
	}
	return lists
}

// opposite is the direction in which the same edges are followed from their
// other ends.
func (d Direction) opposite() Direction {
	switch d {
	case Out:
		return In
	case In:
		return Out
	}
	return Both
}

// farKinds are the kinds that neighbours by some relations can be of.
func farKinds(relations relationMask, d Direction) kindMask {
	var m kindMask
	for _, info := range graph.Relations() {
		if !relations.has(relationCodes[info.Relation]) {
			continue
		}
		for _, pair := range info.Pairs {
			if d != In {
				m |= 1 << kindCodes[pair[1]]
			}
			if d != Out {
				m |= 1 << kindCodes[pair[0]]
			}
		}
	}
	return m
}
