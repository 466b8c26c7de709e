package store

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math/bits"
	"slices"

	"papergraph/graph"
)

// Direction is in which direction edges are followed.
type Direction int

// The directions. The zero value is Both.
const (
	Both Direction = iota // to the node and from it
	Out                   // from the node
	In                    // to the node
)

// Neighbor is a node at the other end of an edge.
type Neighbor struct {
	ID       graph.ID
	Relation graph.Relation
	Inverse  bool   // the edge points to the node that was asked about
	Name     string // where [NeighborQuery] asks for it
}

// NeighborQuery narrows neighbours down. The zero value takes all.
type NeighborQuery struct {
	Relations []graph.Relation // empty for all
	Direction Direction
	Kinds     []graph.Kind // of the neighbours; empty for all
	Names     bool         // read the names of the neighbours too
}

// relationMask is a set of relations; empty means all.
type relationMask uint32

func relationMaskOf(relations []graph.Relation) (relationMask, error) {
	var m relationMask
	for _, r := range relations {
		code := relationCodes[r]
		if code == 0 {
			_, err := graph.ParseRelation(string(r))
			return 0, err
		}
		m |= 1 << code
	}
	return m, nil
}

// masks are the sets that the query is narrowed down to.
func (nq *NeighborQuery) masks() (relations relationMask, kinds kindMask, err error) {
	if relations, err = relationMaskOf(nq.Relations); err == nil {
		kinds, err = maskOf(nq.Kinds)
	}
	return relations, kinds, err
}

func (m relationMask) has(code byte) bool { return m == 0 || m&(1<<code) != 0 }

// only returns the relation of a set of one.
func (m relationMask) only() (code byte, ok bool) {
	if bits.OnesCount32(uint32(m)) != 1 {
		return 0, false
	}
	return byte(bits.TrailingZeros32(uint32(m))), true
}

// postingList is the neighbours of one node by one relation in one direction,
// ascending.
type postingList struct {
	relation  byte
	direction byte
	uids      []uint32
}

// follows says whether the edges of a relation in a direction are among those
// that a query follows.
func follows(relations relationMask, d Direction, relation, direction byte) bool {
	return relations.has(relation) && (d != Out || direction == directionOut) && (d != In || direction == directionIn)
}

// adjacency reads the posting lists of a node, in the order of direction, then
// relation.
func (q *reader) adjacency(c *columns, uid uint32, relations relationMask, d Direction) ([]postingList, error) {
	var lists []postingList
	err := q.containers(uid, relations, d, func(direction, relation byte, high uint16, container []byte) (err error) {
		n := len(lists)
		if n == 0 || lists[n-1].relation != relation || lists[n-1].direction != direction {
			lists = append(lists, postingList{relation: relation, direction: direction})
			n++
		}
		l := &lists[n-1]
		l.uids, err = c.members(l.uids, uid, high, container)
		return err
	})
	return lists, err
}

// members appends the uids of a container of a node's posting list to dst, and
// checks that they are those of nodes.
func (c *columns) members(dst []uint32, uid uint32, high uint16, container []byte) ([]uint32, error) {
	start := len(dst)
	dst, err := decodeContainer(dst, high, container)
	if err != nil {
		return dst, fmt.Errorf("posting list of %s: %w", c.id(uid), err)
	}
	for _, u := range dst[start:] {
		if !c.has(u) {
			return dst, damaged("posting list of "+string(c.id(uid)), fmt.Sprintf("uid %d is no node's", u))
		}
	}
	return dst, nil
}

// Neighbors lists the neighbours of a node: by relation in the order of
// [graph.Relations], edges from the node before edges to it, then the edges of
// a paper by confidence, highest first, all others by year of the neighbour,
// newest first, then by its number of papers, largest first, then by id. The
// error wraps [ErrNotFound] where there is no such node.
//
// It reads one key for each relation and 65,536 uids, the statements of a
// paper, and, where names are wanted, one small record for each neighbour.
func (r *Snapshot) Neighbors(ctx context.Context, id graph.ID, nq NeighborQuery) ([]Neighbor, error) {
	relations, kinds, err := nq.masks()
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	uid, err := r.columns.node(id)
	if err != nil {
		return nil, err
	}
	lists, err := q.orderedLists(r.columns, uid, relations, nq.Direction, kinds)
	if err != nil {
		return nil, err
	}
	n := 0
	for _, l := range lists {
		n += len(l.uids)
	}
	neighbours := make([]Neighbor, 0, n)
	for _, l := range lists {
		for _, u := range l.uids {
			neighbours = append(neighbours, Neighbor{ID: r.columns.id(u), Relation: relationByCode[l.relation], Inverse: l.direction == directionIn})
		}
	}
	if nq.Names {
		uids := make([]uint32, 0, n)
		for _, l := range lists {
			uids = append(uids, l.uids...)
		}
		names, err := q.names(r.columns, uids)
		if err != nil {
			return nil, err
		}
		for i := range neighbours {
			neighbours[i].Name = names[i]
		}
	}
	return neighbours, nil
}

// EdgeKey names an edge.
type EdgeKey struct {
	From     graph.ID
	Relation graph.Relation
	To       graph.ID
}

// maxBlocks bounds the blocks that an edgeReader keeps, with the texts of
// their papers: some 10 kB each.
const maxBlocks = 512

// edgeReader reads edges with their statements and keeps the blocks that it
// read for the next edge.
type edgeReader struct {
	q       *reader
	c       *columns
	papers  map[uint32]*paperBlock
	curated map[uint32]*block
	scanned scannedBlock
}

// paperBlock is what a paper states and, once a quote was asked for, the texts
// that its quotes are of.
type paperBlock struct {
	*block
	texts *texts
}

func (q *reader) edges(c *columns) *edgeReader {
	return &edgeReader{q: q, c: c, papers: make(map[uint32]*paperBlock), curated: make(map[uint32]*block)}
}

// block reads the statement block of a paper; nil is none.
func (q *reader) block(paper graph.ID, uid uint32) (*block, error) {
	value, err := q.get(uidKey(tagBlock, uid))
	if value == nil || err != nil {
		return nil, err
	}
	return decodeBlock("statements of "+string(paper), paper, value)
}

func (x *edgeReader) paper(uid uint32) (*paperBlock, error) {
	if b, ok := x.papers[uid]; ok {
		return b, nil
	}
	if !x.c.has(uid) {
		return nil, damaged("statements", fmt.Sprintf("uid %d is no paper's", uid))
	}
	id := x.c.id(uid)
	b, err := x.q.block(id, uid)
	if err != nil {
		return nil, err
	}
	pb := &paperBlock{block: b}
	if len(x.papers) >= maxBlocks {
		clear(x.papers)
	}
	x.papers[uid] = pb
	return pb, nil
}

// textsOf reads the texts of the paper whose block is b, the first time.
func (x *edgeReader) textsOf(uid uint32, b *paperBlock) (*texts, error) {
	if b.texts == nil {
		n, err := x.q.node(x.c.id(uid))
		if err != nil {
			return nil, err
		}
		if n.Paper == nil {
			return nil, damaged(b.what, "stated by what is not a paper")
		}
		b.texts = newTexts(n.Paper)
	}
	return b.texts, nil
}

func (x *edgeReader) curatedFrom(uid uint32) (*block, error) {
	if b, ok := x.curated[uid]; ok {
		return b, nil
	}
	value, err := x.q.get(uidKey(tagCurated, uid))
	if err != nil {
		return nil, err
	}
	var b *block
	if value != nil {
		if b, err = decodeBlock("curated edges of "+string(x.c.id(uid)), "", value); err != nil {
			return nil, err
		}
	}
	if len(x.curated) >= maxBlocks {
		clear(x.curated)
	}
	x.curated[uid] = b
	return b, nil
}

// asserters lists the papers that may state an edge: the paper that it begins
// at, the papers that report the result that it begins at, and those that table
// E names.
func (x *edgeReader) asserters(k edgeUIDs) ([]uint32, error) {
	value, err := x.q.get(assertersKey(k))
	if err != nil {
		return nil, err
	}
	papers, err := decodeUIDs(value)
	if err != nil {
		return nil, fmt.Errorf("papers that state an edge of %s: %w", x.c.id(k.from), err)
	}
	switch kindByCode[x.c.kinds[k.from]] {
	case graph.KindPaper:
		papers = append(papers, k.from)
	case graph.KindResult:
		lists, err := x.q.adjacency(x.c, k.from, 1<<relationCodes[graph.Reports], In)
		if err != nil {
			return nil, err
		}
		for _, l := range lists {
			papers = append(papers, l.uids...)
		}
	}
	slices.Sort(papers)
	return slices.Compact(papers), nil
}

// eachRecord calls use with what each block has of an edge: those of the papers
// that state it, then the curated one, which has no paper.
func (x *edgeReader) eachRecord(k edgeUIDs, use func(paper uint32, b *paperBlock, r *edgeRecord) error) error {
	papers, err := x.asserters(k)
	if err != nil {
		return err
	}
	for _, p := range papers {
		b, err := x.paper(p)
		if err != nil {
			return err
		}
		if b.block == nil {
			continue
		}
		if r := b.find(k); r != nil {
			if err := use(p, b, r); err != nil {
				return err
			}
		}
	}
	b, err := x.curatedFrom(k.from)
	if b == nil || err != nil {
		return err
	}
	if r := b.find(k); r != nil {
		return use(0, &paperBlock{block: b}, r)
	}
	return nil
}

// edge reads an edge; nil is none.
func (x *edgeReader) edge(k edgeUIDs) (*graph.Edge, error) {
	var statements []graph.Statement
	err := x.eachRecord(k, func(paper uint32, b *paperBlock, r *edgeRecord) (err error) {
		var t *texts
		if paper != 0 {
			if t, err = x.textsOf(paper, b); err != nil {
				return err
			}
		}
		statements, err = b.statements(statements, r, t)
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(statements) == 0 {
		return nil, nil
	}
	graph.SortStatements(statements)
	return &graph.Edge{From: x.c.id(k.from), Relation: relationByCode[k.relation], To: x.c.id(k.to), Statements: statements}, nil
}

// Edges reads edges with all their statements, in the order of
// [graph.SortStatements]. The result has the order of keys, with nil where
// there is no such edge.
func (r *Snapshot) Edges(ctx context.Context, keys []EdgeKey) ([]*graph.Edge, error) {
	edges := make([]*graph.Edge, len(keys))
	err := r.eachEdge(ctx, keys, func(i int, x *edgeReader, k edgeUIDs) (err error) {
		edges[i], err = x.edge(k)
		return err
	})
	if err != nil {
		return nil, err
	}
	return edges, nil
}

// eachEdge calls use for those keys whose ends are nodes.
func (r *Snapshot) eachEdge(ctx context.Context, keys []EdgeKey, use func(i int, x *edgeReader, k edgeUIDs) error) error {
	q, done, err := r.read()
	if err != nil {
		return err
	}
	defer done()
	x := q.edges(r.columns)
	for i, k := range keys {
		if err := ctx.Err(); err != nil {
			return err
		}
		from, ok1 := r.columns.uid(k.From)
		to, ok2 := r.columns.uid(k.To)
		relation := relationCodes[k.Relation]
		if !ok1 || !ok2 || relation == 0 {
			continue
		}
		if err := use(i, x, edgeUIDs{from: from, relation: relation, to: to}); err != nil {
			return err
		}
	}
	return nil
}

// AllEdges yields every edge in the order of [graph.CompareEdges].
func (r *Snapshot) AllEdges(ctx context.Context) iter.Seq2[*graph.Edge, error] {
	return func(yield func(*graph.Edge, error) bool) {
		q, done, err := r.read()
		if err != nil {
			yield(nil, err)
			return
		}
		defer done()
		if err := r.allEdges(ctx, q, yield); err != nil && err != errStop {
			yield(nil, err)
		}
	}
}

func (r *Snapshot) allEdges(ctx context.Context, q *reader, yield func(*graph.Edge, error) bool) error {
	c, x := r.columns, q.edges(r.columns)
	n := 0
	for _, uid := range c.uids {
		if err := ctx.Err(); err != nil {
			return err
		}
		lists, err := q.adjacency(c, uid, 0, Out)
		if err != nil {
			return err
		}
		for _, l := range lists {
			slices.SortFunc(l.uids, func(a, b uint32) int { return cmp.Compare(c.ranks[a], c.ranks[b]) })
			for _, u := range l.uids {
				e, err := x.edge(edgeUIDs{from: uid, relation: l.relation, to: u})
				if err != nil {
					return err
				}
				if e == nil {
					return damaged("edge of "+string(c.id(uid)), fmt.Sprintf("nobody states its %s %s", relationByCode[l.relation], c.id(u)))
				}
				n++
				if !yield(e, nil) {
					return errStop
				}
			}
		}
	}
	if n != r.info.Edges {
		return damaged("posting lists", fmt.Sprintf("%d edges where the snapshot has %d", n, r.info.Edges))
	}
	return nil
}
