package store

import (
	"context"
	"fmt"

	"papergraph/graph"
)

// Leaves lists the nodes of a kind that have one neighbour, by however many
// relations, in the order of [Snapshot.List]. It costs a read for each node of
// the kind that no more than one paper has an edge with.
func (r *Snapshot) Leaves(ctx context.Context, kind graph.Kind) ([]graph.ID, error) {
	code := kindCodes[kind]
	if code == 0 {
		return nil, fmt.Errorf("leaves: %w %q", graph.ErrKind, kind)
	}
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	c := r.columns
	var leaves, list []uint32
	for _, uid := range c.list(code) {
		if c.papers[uid] > 1 {
			continue // each is a neighbour
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		neighbours := 0
		var first uint32
		err := q.containers(uid, 0, Both, func(_, _ byte, high uint16, container []byte) (err error) {
			if list, err = decodeContainer(list[:0], high, container); err != nil {
				return err
			}
			for _, u := range list {
				if neighbours == 0 {
					neighbours, first = 1, u
				} else if u != first {
					neighbours++
				}
			}
			if neighbours > 1 {
				return errStop
			}
			return nil
		})
		if err != nil && err != errStop {
			return nil, fmt.Errorf("posting lists of %s: %w", c.id(uid), err)
		}
		if neighbours == 1 {
			leaves = append(leaves, uid)
		}
	}
	return c.ids(leaves), nil
}
