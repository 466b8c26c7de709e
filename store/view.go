package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"papergraph/graph"
)

// ViewOptions say which piece of the graph a view shows.
type ViewOptions struct {
	Title string
	// Focus is where the view starts; empty for the most connected nodes.
	Focus []graph.ID
	// Depth is how many edges away from Focus the view reaches; 0 shows the
	// focus alone. It does not count without a focus.
	Depth int
	// Kinds are those of the nodes beside Focus; empty for all.
	Kinds []graph.Kind
	// Relations are those that are followed and shown; empty for all.
	Relations []graph.Relation
	// MinConfidence is that of the edges that are followed and shown, each by
	// its surest statement; others are as if they were not in the graph, though
	// the nodes at their ends are.
	MinConfidence float64
	// MaxNodes bounds the view; 0 is no bound.
	MaxNodes int
}

// View reads a piece of the graph.
//
// With a focus it goes breadth first from there. Where not all neighbours of a
// node fit, each relation in each direction in turn gives its best, in the
// order of [Snapshot.Neighbors], and what of a node that was gone through is
// not shown is counted in [graph.View.Omitted]. Nodes at the end of the depth,
// or that came in after the last place was taken, are not gone through.
//
// Without a focus it takes the most connected nodes of every kind in turn for
// one half, and the papers with the most edges to these for the other, so that
// there are edges to see; every node counts what it does not show.
//
// The edges are all those between nodes of the view. The error wraps
// [ErrNotFound] where a focus is not in the graph.
func (r *Snapshot) View(ctx context.Context, o ViewOptions) (*graph.View, error) {
	kinds, err := maskOf(o.Kinds)
	if err != nil {
		return nil, err
	}
	relations, err := relationMaskOf(o.Relations)
	if err != nil {
		return nil, err
	}
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	v := &viewer{ctx: ctx, q: q, c: r.columns, edges: q.edges(r.columns), kinds: kinds, relations: relations, sure: o.MinConfidence,
		max: o.MaxNodes, in: make(map[uint32]bool)}
	if v.max <= 0 {
		v.max = len(r.columns.uids)
	}
	if len(o.Focus) > 0 {
		err = v.around(o.Focus, o.Depth)
	} else {
		err = v.overview()
	}
	if err != nil {
		return nil, err
	}
	view := &graph.View{Title: o.Title, Snapshot: r.info.ID, Focus: slices.Clone(o.Focus)}
	if err := v.fill(view); err != nil {
		return nil, err
	}
	view.Sort()
	return view, nil
}

// viewer chooses the nodes of a view.
type viewer struct {
	ctx       context.Context
	q         *reader
	c         *columns
	edges     *edgeReader
	kinds     kindMask
	relations relationMask
	sure      float64 // the least confidence of an edge
	max       int

	nodes    []uint32 // in the order in which they were taken
	in       map[uint32]bool
	expanded []uint32 // nodes whose omissions count
}

// take adds a node unless it is there or the view is full.
func (v *viewer) take(uid uint32) bool {
	if v.in[uid] {
		return false
	}
	if len(v.nodes) >= v.max {
		return false
	}
	v.in[uid] = true
	v.nodes = append(v.nodes, uid)
	return true
}

// keepSure drops from the lists of a node the neighbours behind edges that are
// not sure enough.
func (v *viewer) keepSure(uid uint32, lists []postingList) error {
	if v.sure <= 0 {
		return nil
	}
	for i := range lists {
		l := &lists[i]
		kept := make([]uint32, 0, len(l.uids)) // the list may be the cache's
		for _, u := range l.uids {
			if err := v.ctx.Err(); err != nil {
				return err
			}
			k := edgeUIDs{from: uid, relation: l.relation, to: u}
			if l.direction == directionIn {
				k.from, k.to = u, uid
			}
			sum, err := v.edges.summary(k)
			if err != nil {
				return err
			}
			if sum.confidence >= v.sure {
				kept = append(kept, u)
			}
		}
		l.uids = kept
	}
	return nil
}

// around goes breadth first from the focus.
func (v *viewer) around(focus []graph.ID, depth int) error {
	for _, id := range focus {
		uid, err := v.c.node(id)
		if err != nil {
			return fmt.Errorf("view: %w", err)
		}
		v.take(uid)
	}
	for level := slices.Clone(v.nodes); depth > 0 && len(level) > 0 && (len(v.nodes) < v.max || len(v.expanded) == 0); depth-- {
		var next []uint32
		lists := make([][]postingList, len(level))
		for i, uid := range level {
			if err := v.ctx.Err(); err != nil {
				return err
			}
			v.expanded = append(v.expanded, uid)
			var err error
			if lists[i], err = v.q.orderedLists(v.c, uid, v.relations, Both, v.kinds); err != nil {
				return err
			}
			if err := v.keepSure(uid, lists[i]); err != nil {
				return err
			}
		}
		// Every node of the level in turn, and every list of it in turn,
		// gives one, until none has more or the view is full.
		for round := 0; len(v.nodes) < v.max; round++ {
			more := false
			for i := range lists {
				for j := range lists[i] {
					l := &lists[i][j]
					for len(l.uids) > 0 {
						uid := l.uids[0]
						l.uids = l.uids[1:]
						if v.take(uid) {
							next = append(next, uid)
							break
						}
						if len(v.nodes) >= v.max {
							break
						}
					}
					more = more || len(l.uids) > 0
				}
			}
			if !more {
				break
			}
		}
		level = next
	}
	return nil
}

// overview takes the most connected nodes.
func (v *viewer) overview() error {
	paper := kindCodes[graph.KindPaper]
	hubs := v.max
	if v.kinds.has(paper) {
		hubs = (v.max + 1) / 2
	}
	var lists [][]uint32
	for code := byte(1); code <= maxKind; code++ {
		if code != paper && v.kinds.has(code) {
			lists = append(lists, v.c.list(code))
		}
	}
	takeHubs := func(limit int) {
		for more := true; more && len(v.nodes) < limit; {
			more = false
			for i := range lists {
				if len(lists[i]) > 0 && len(v.nodes) < limit {
					v.take(lists[i][0])
					lists[i] = lists[i][1:]
					more = true
				}
			}
		}
	}
	takeHubs(hubs)
	if v.kinds.has(paper) {
		if err := v.connectingPapers(); err != nil {
			return err
		}
		takeHubs(v.max) // where there are few papers
	}
	v.expanded = slices.Clone(v.nodes)
	return nil
}

// connectingPapers takes the papers with the most edges to nodes of the view,
// then any others, newest first.
func (v *viewer) connectingPapers() error {
	paper := kindCodes[graph.KindPaper]
	edges := make(map[uint32]int)
	for _, uid := range v.nodes {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		lists, err := v.q.adjacency(v.c, uid, v.relations, In)
		if err != nil {
			return err
		}
		if err := v.keepSure(uid, lists); err != nil {
			return err
		}
		for _, l := range lists {
			for _, u := range l.uids {
				if v.c.kinds[u] == paper {
					edges[u]++
				}
			}
		}
	}
	papers := make([]uint32, 0, len(edges))
	for u := range edges {
		papers = append(papers, u)
	}
	slices.SortFunc(papers, func(a, b uint32) int {
		return cmp.Or(cmp.Compare(edges[b], edges[a]), v.c.compare(a, b))
	})
	for _, list := range [][]uint32{papers, v.c.list(paper)} {
		for _, u := range list {
			if len(v.nodes) >= v.max {
				return nil
			}
			v.take(u)
		}
	}
	return nil
}

// fill reads the nodes and edges that were chosen and counts what was left out.
func (v *viewer) fill(view *graph.View) error {
	// In the order of ids, which is that of their keys.
	nodes := slices.Clone(v.nodes)
	slices.SortFunc(nodes, func(a, b uint32) int { return cmp.Compare(v.c.ranks[a], v.c.ranks[b]) })
	expanded := make(map[uint32]bool, len(v.expanded))
	for _, uid := range v.expanded {
		expanded[uid] = true
	}
	for _, uid := range nodes {
		if err := v.ctx.Err(); err != nil {
			return err
		}
		n, err := v.q.node(v.c.id(uid))
		if err != nil {
			return err
		}
		view.Nodes = append(view.Nodes, *n)
		direction := Out
		if expanded[uid] {
			direction = Both
		}
		lists, err := v.q.adjacency(v.c, uid, v.relations, direction)
		if err != nil {
			return err
		}
		if err := v.keepSure(uid, lists); err != nil {
			return err
		}
		for _, l := range lists {
			var omitted [maxKind + 1]int
			for _, u := range l.uids {
				switch {
				case v.in[u] && l.direction == directionOut:
					e, err := v.edges.edge(edgeUIDs{from: uid, relation: l.relation, to: u})
					if err != nil {
						return err
					}
					if e == nil {
						return damaged("edge of "+string(n.ID), fmt.Sprintf("nobody states its %s %s", relationByCode[l.relation], v.c.id(u)))
					}
					view.Edges = append(view.Edges, *e)
				case !v.in[u] && expanded[uid] && v.kinds.has(v.c.kinds[u]):
					omitted[v.c.kinds[u]]++
				}
			}
			for code, n := range omitted {
				if n > 0 {
					view.Omitted = append(view.Omitted, graph.Omission{
						Node: v.c.id(uid), Relation: relationByCode[l.relation], Inverse: l.direction == directionIn,
						Kind: kindByCode[code], Count: n,
					})
				}
			}
		}
	}
	return nil
}
