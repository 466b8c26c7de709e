package store

import (
	"cmp"
	"context"
	"slices"

	"papergraph/graph"
)

// Bridge is a node that papers of two areas have in common.
type Bridge struct {
	ID graph.ID
	// Papers are how many papers of the one area and of the other have an edge
	// with it. One that belongs to both counts in both.
	Papers [2]int
}

// Bridges finds what ties two areas together: nodes of the given kinds, of all
// where there are none, that papers of both have edges with. The papers of an
// area are those with an edge to or from its node, which is no bridge itself.
// What more papers have on the side that has fewer comes first, then what more
// papers of both have, then what fewer have in all, since what everything has in
// common ties nothing, then by id; at most limit of them. The error wraps
// [ErrNotFound] where one of the two is not in the graph.
//
// Of an area with very many papers it goes through the newest, until they have
// had half a million edges; whole is false then.
func (r *Snapshot) Bridges(ctx context.Context, a, b graph.ID, kinds []graph.Kind, limit int) (bridges []Bridge, whole bool, err error) {
	return r.bridges(ctx, a, b, kinds, limit, maxRelatedRead/2)
}

func (r *Snapshot) bridges(ctx context.Context, a, b graph.ID, kinds []graph.Kind, limit, budget int) (bridges []Bridge, whole bool, err error) {
	mask, err := maskOf(kinds)
	if err != nil {
		return nil, false, err
	}
	q, done, err := r.read()
	if err != nil {
		return nil, false, err
	}
	defer done()
	c := r.columns
	areas := [2]uint32{}
	for i, id := range []graph.ID{a, b} {
		if areas[i], err = c.node(id); err != nil {
			return nil, false, err
		}
	}
	whole = true
	counts := make(map[uint32][2]int)
	for i, area := range areas {
		papers, err := q.neighbours(c, area, 0, Both, 1<<kindCodes[graph.KindPaper])
		if err != nil {
			return nil, false, err
		}
		slices.SortFunc(papers, c.compare)
		left := budget
		for _, p := range papers {
			if left <= 0 {
				whole = false
				break
			}
			if err := ctx.Err(); err != nil {
				return nil, false, err
			}
			beside, err := q.neighbours(c, p, 0, Both, mask)
			if err != nil {
				return nil, false, err
			}
			left -= len(beside)
			for _, u := range beside {
				if u != areas[0] && u != areas[1] {
					n := counts[u]
					n[i]++
					counts[u] = n
				}
			}
		}
	}
	var common []uint32
	for u, n := range counts {
		if n[0] > 0 && n[1] > 0 {
			common = append(common, u)
		}
	}
	best := topK(common, limit, func(x, y uint32) int {
		a, b := counts[x], counts[y]
		return cmp.Or(cmp.Compare(min(b[0], b[1]), min(a[0], a[1])), cmp.Compare(b[0]+b[1], a[0]+a[1]),
			cmp.Compare(c.papers[x], c.papers[y]), cmp.Compare(c.ranks[x], c.ranks[y]))
	})
	for _, u := range best {
		bridges = append(bridges, Bridge{ID: c.id(u), Papers: counts[u]})
	}
	return bridges, whole, nil
}
