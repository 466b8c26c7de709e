package store

import (
	"cmp"
	"container/heap"
	"context"
	"fmt"
	"slices"

	"papergraph/graph"
)

// PathQuery says which ways from one node to another count. The zero value but
// for its length takes all.
type PathQuery struct {
	// Relations are those of the edges; empty for all.
	Relations []graph.Relation
	// Direction is in which edges are followed on the way from the first node
	// to the last.
	Direction Direction
	// Kinds are those of the nodes in between; empty for all.
	Kinds []graph.Kind
	// Length is how many edges a path has at most.
	Length int
}

// Path is a way from one node to another that meets no node twice.
type Path struct {
	Nodes []graph.ID
	// Steps has for each node but the last all edges to the next that the query
	// takes, in the order of relation, those that lead to the next first.
	Steps [][]EdgeKey
}

const (
	// maxPathRead bounds how many neighbours [Snapshot.Paths] goes through, to
	// some hundred milliseconds of work.
	maxPathRead = 1 << 20
	// maxPathSteps bounds how many beginnings of paths it follows.
	maxPathSteps = 1 << 16
)

// Paths finds how two nodes are connected: the shortest paths first, of equal
// ones those through nodes of fewer papers together, since what leads over a
// hub says little, then by the ids on the way; at most limit of them. A path
// from a node to itself has no edge. The error wraps [ErrNotFound] where one of
// the two is not in the graph.
//
// It goes from both ends towards the middle, a level at a time, there from the
// nodes with the fewest papers to those with the most. Where that meets more
// than a million neighbours, hubs behind that are not gone through; whole is
// false then, and there may be more paths, shorter ones among them.
func (r *Snapshot) Paths(ctx context.Context, from, to graph.ID, pq PathQuery, limit int) (paths []Path, whole bool, err error) {
	return r.paths(ctx, from, to, pq, limit, maxPathRead)
}

func (r *Snapshot) paths(ctx context.Context, from, to graph.ID, pq PathQuery, limit, budget int) (paths []Path, whole bool, err error) {
	nq := NeighborQuery{Relations: pq.Relations, Kinds: pq.Kinds}
	relations, kinds, err := nq.masks()
	if err != nil {
		return nil, false, err
	}
	q, done, err := r.read()
	if err != nil {
		return nil, false, err
	}
	defer done()
	c := r.columns
	ends := [2]uint32{}
	for i, id := range []graph.ID{from, to} {
		if ends[i], err = c.node(id); err != nil {
			return nil, false, err
		}
	}
	if limit <= 0 {
		return nil, true, nil
	}
	if ends[0] == ends[1] {
		return []Path{{Nodes: []graph.ID{from}}}, true, nil
	}
	f := &pathFinder{ctx: ctx, q: q, c: c, relations: relations, kinds: kinds, budget: budget, limit: limit, whole: true}
	f.sides[0] = newPathSide(ends[0], ends[1], pq.Direction)
	f.sides[1] = newPathSide(ends[1], ends[0], pq.Direction.opposite())
	if err := f.find(pq.Length); err != nil {
		return nil, false, err
	}
	for _, uids := range f.found {
		p := Path{Nodes: c.ids(uids)}
		for i := 1; i < len(uids); i++ {
			step, err := f.edgesBetween(uids[i-1], uids[i], pq.Direction)
			if err != nil {
				return nil, false, err
			}
			p.Steps = append(p.Steps, step)
		}
		paths = append(paths, p)
	}
	return paths, f.whole, nil
}

// pathFinder searches paths. Walks from both ends, which may meet a node twice,
// are cheap to know of all lengths at once: each level has the nodes that walks
// of that length reach, and by which node before. Where a level from the one
// end and a level from the other have a node in common, there are walks of the
// length of both together; these are then followed from the middle to the ends,
// lightest first, and those that are paths are kept.
type pathFinder struct {
	ctx       context.Context
	q         *reader
	c         *columns
	relations relationMask
	kinds     kindMask
	budget    int // of neighbours
	limit     int
	whole     bool
	sides     [2]*pathSide // from the first node, from the last
	found     [][]uint32
	list      []uint32 // as it is read
}

// pathSide is what is known of the walks from one end.
type pathSide struct {
	start, end uint32 // walks do not come back to start, and stop at end
	direction  Direction
	levels     []pathLevel // by the length of the walks
}

// pathLevel is where walks of one length end.
type pathLevel struct {
	nodes []walkEnd // ascending
	// links has nodes in its upper half and a node before on a walk in its
	// lower half, ascending.
	links []uint64
}

// walkEnd is a node with the number of papers of the nodes on the lightest walk
// to it, its own among them; those of the two ends do not count.
type walkEnd struct {
	uid    uint32
	weight uint64
}

func newPathSide(start, end uint32, d Direction) *pathSide {
	return &pathSide{start: start, end: end, direction: d, levels: []pathLevel{{nodes: []walkEnd{{uid: start}}}}}
}

func (s *pathSide) last() *pathLevel { return &s.levels[len(s.levels)-1] }

func compareWalkEnds(a, b walkEnd) int { return cmp.Compare(a.uid, b.uid) }

// weight is that of a node that a walk of the level ends at.
func (l *pathLevel) weight(uid uint32) uint64 {
	i, _ := slices.BinarySearchFunc(l.nodes, walkEnd{uid: uid}, compareWalkEnds)
	return l.nodes[i].weight
}

// before are the links of a node of the level.
func (l *pathLevel) before(uid uint32) []uint64 {
	from, _ := slices.BinarySearch(l.links, uint64(uid)<<32)
	to, _ := slices.BinarySearch(l.links, (uint64(uid)+1)<<32)
	return l.links[from:to]
}

// weight is what a node counts on a path.
func (f *pathFinder) weight(uid uint32) uint64 {
	if uid == f.sides[0].start || uid == f.sides[1].start {
		return 0
	}
	return uint64(f.c.papers[uid])
}

// find looks for paths, those of one edge, then of two, and so on.
func (f *pathFinder) find(length int) error {
	for n := 1; n <= length && len(f.found) < f.limit; n++ {
		side := f.sides[0]
		if f.breadth(f.sides[1]) < f.breadth(side) {
			side = f.sides[1]
		}
		if err := f.extend(side); err != nil {
			return err
		}
		if len(side.last().nodes) == 0 {
			return nil
		}
		if err := f.meet(); err != nil {
			return err
		}
	}
	return nil
}

// breadth is how much there is to go through on the next level of a side:
// entities are tied to their papers, and papers to some two dozen entities.
func (f *pathFinder) breadth(s *pathSide) uint64 {
	var n uint64
	for _, e := range s.last().nodes {
		n += uint64(f.c.papers[e.uid]) + 24
	}
	return n
}

// extend adds a level to a side.
func (f *pathFinder) extend(s *pathSide) error {
	last := s.last()
	order := slices.Clone(last.nodes)
	slices.SortFunc(order, func(a, b walkEnd) int {
		return cmp.Or(cmp.Compare(f.c.papers[a.uid], f.c.papers[b.uid]), cmp.Compare(f.c.ranks[a.uid], f.c.ranks[b.uid]))
	})
	var next pathLevel
	for _, e := range order {
		if e.uid == s.end {
			continue
		}
		if f.budget <= 0 {
			f.whole = false
			break
		}
		if err := f.ctx.Err(); err != nil {
			return err
		}
		err := f.q.containers(e.uid, f.relations, s.direction, func(_, _ byte, high uint16, container []byte) (err error) {
			if f.list, err = f.c.members(f.list[:0], e.uid, high, container); err != nil {
				return err
			}
			f.budget -= len(f.list)
			for _, u := range f.list {
				if u == s.end || u != s.start && f.kinds.has(f.c.kinds[u]) {
					next.links = append(next.links, uint64(u)<<32|uint64(e.uid))
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("posting lists of %s: %w", f.c.id(e.uid), err)
		}
	}
	slices.Sort(next.links)
	next.links = slices.Compact(next.links)
	for _, link := range next.links {
		uid := uint32(link >> 32)
		weight := last.weight(uint32(link)) + f.weight(uid)
		if n := len(next.nodes); n > 0 && next.nodes[n-1].uid == uid {
			next.nodes[n-1].weight = min(next.nodes[n-1].weight, weight)
		} else {
			next.nodes = append(next.nodes, walkEnd{uid, weight})
		}
	}
	s.levels = append(s.levels, next)
	return nil
}

// walk is a part of a walk of the length that is looked for, from the middle as
// far as it was followed: first to the first node, then to the last.
type walk struct {
	nodes []uint32
	// left and right are how many edges are missing at either end.
	left, right int
	// weight is that of the lightest walk that has this part.
	weight uint64
}

// walks are a heap, the lightest on top; of equal ones those that were followed
// furthest, then by ids.
type walks struct {
	list  []walk
	ranks []uint32
}

func (w *walks) Len() int      { return len(w.list) }
func (w *walks) Swap(i, j int) { w.list[i], w.list[j] = w.list[j], w.list[i] }
func (w *walks) Push(x any)    { w.list = append(w.list, x.(walk)) }

func (w *walks) Less(i, j int) bool {
	a, b := w.list[i], w.list[j]
	return cmp.Or(cmp.Compare(a.weight, b.weight), cmp.Compare(len(b.nodes), len(a.nodes)), compareByRank(w.ranks, a.nodes, b.nodes)) < 0
}

func (w *walks) Pop() any {
	last := w.list[len(w.list)-1]
	w.list = w.list[:len(w.list)-1]
	return last
}

// compareByRank orders lists of uids by the ids that they stand for.
func compareByRank(ranks, a, b []uint32) int {
	return slices.CompareFunc(a, b, func(x, y uint32) int { return cmp.Compare(ranks[x], ranks[y]) })
}

// meet finds the lightest paths that have as many edges as the sides have
// levels together.
func (f *pathFinder) meet() error {
	first, last := f.sides[0], f.sides[1]
	open := &walks{ranks: f.c.ranks}
	others := last.last().nodes
	for _, e := range first.last().nodes {
		i, common := slices.BinarySearchFunc(others, e, compareWalkEnds)
		others = others[i:]
		if common {
			open.list = append(open.list, walk{nodes: []uint32{e.uid}, left: len(first.levels) - 1, right: len(last.levels) - 1,
				weight: e.weight + others[0].weight - f.weight(e.uid)})
		}
	}
	heap.Init(open)
	var paths []walk
	missing := f.limit - len(f.found)
	for steps := 0; open.Len() > 0; steps++ {
		if len(paths) >= missing && open.list[0].weight > paths[missing-1].weight {
			break // all that are as light as the last that is wanted are there
		}
		if steps == maxPathSteps {
			f.whole = false
			break
		}
		if steps&1023 == 0 {
			if err := f.ctx.Err(); err != nil {
				return err
			}
		}
		w := heap.Pop(open).(walk)
		switch {
		case w.left > 0:
			f.follow(open, w, first.levels[w.left-1:w.left+1], w.nodes[0])
		case w.right > 0:
			f.follow(open, w, last.levels[w.right-1:w.right+1], w.nodes[len(w.nodes)-1])
		default:
			paths = append(paths, w)
		}
	}
	slices.SortFunc(paths, func(a, b walk) int {
		return cmp.Or(cmp.Compare(a.weight, b.weight), compareByRank(f.c.ranks, a.nodes, b.nodes))
	})
	for _, p := range paths[:min(len(paths), missing)] {
		f.found = append(f.found, p.nodes)
	}
	return nil
}

// follow adds to the heap what a walk becomes with one node more, beyond the one
// at its end, which is of the second of two levels.
func (f *pathFinder) follow(open *walks, w walk, levels []pathLevel, end uint32) {
	without := w.weight - levels[1].weight(end) + f.weight(end)
	for _, link := range levels[1].before(end) {
		u := uint32(link)
		if slices.Contains(w.nodes, u) {
			continue
		}
		more := walk{left: w.left, right: w.right, weight: without + levels[0].weight(u), nodes: make([]uint32, 0, len(w.nodes)+1)}
		if w.left > 0 {
			more.left--
			more.nodes = append(append(more.nodes, u), w.nodes...)
		} else {
			more.right--
			more.nodes = append(append(more.nodes, w.nodes...), u)
		}
		heap.Push(open, more)
	}
}

// edgesBetween lists the edges between two nodes that follow each other.
func (f *pathFinder) edgesBetween(a, b uint32, d Direction) ([]EdgeKey, error) {
	// The posting lists of the one with fewer papers are shorter.
	at, other := a, b
	if f.c.papers[b] < f.c.papers[a] {
		at, other, d = b, a, d.opposite()
	}
	var edges []EdgeKey
	err := f.q.containers(at, f.relations, d, func(direction, relation byte, high uint16, container []byte) error {
		found := []bool{false}
		if err := markMembers(found, []uint32{other}, high, container); err != nil || !found[0] {
			return err
		}
		k := EdgeKey{From: f.c.id(at), Relation: relationByCode[relation], To: f.c.id(other)}
		if direction == directionIn {
			k.From, k.To = k.To, k.From
		}
		edges = append(edges, k)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("posting lists of %s: %w", f.c.id(at), err)
	}
	toNext := func(k EdgeKey) int {
		if k.From == f.c.id(a) {
			return 0
		}
		return 1
	}
	slices.SortFunc(edges, func(x, y EdgeKey) int {
		return cmp.Or(cmp.Compare(relationCodes[x.Relation], relationCodes[y.Relation]), cmp.Compare(toNext(x), toNext(y)))
	})
	return edges, nil
}
