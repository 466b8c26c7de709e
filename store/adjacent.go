package store

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"papergraph/graph"
)

// EdgeCondition says which edges of a node are wanted. Edge conditions are made
// of the types of this package that are ones, put together with [EdgeAllOf],
// [EdgeAnyOf] and [EdgeNot].
type EdgeCondition interface {
	// prepare returns the test of the edges that lead to the given nodes. What
	// is asked of the nodes is evaluated by then, once for all edges.
	prepare(m *matcher, neighbours nodeSet) (edgeTest, error)
}

// edgeTest says whether an entry is wanted.
type edgeTest func(s *edgeSummaries, e *listed) (bool, error)

type (
	// EdgeAllOf is met by edges that meet every part; by all without parts.
	EdgeAllOf []EdgeCondition
	// EdgeAnyOf is met by edges that meet some part; by none without parts.
	EdgeAnyOf []EdgeCondition
	// EdgeNot is met by edges that do not meet a condition.
	EdgeNot struct{ Condition EdgeCondition }

	// HasConfidence is met by edges whose surest statement is within bounds.
	HasConfidence Bounds
	// HasSupport is met by edges that as many papers state as is within bounds.
	HasSupport Bounds
	// HasClass is met by edges of which a statement is of one of these classes.
	HasClass []graph.Class
	// OfRelation is met by edges of these relations.
	OfRelation []graph.Relation
	// IsInverse is met by edges that lead to the node that was asked about if it
	// is true, by those that lead from it if it is false.
	IsInverse bool
	// LeadsTo is met by edges that lead to a neighbour that meets a condition.
	LeadsTo struct{ Condition Condition }
)

func prepareAll(m *matcher, neighbours nodeSet, conditions []EdgeCondition) ([]edgeTest, error) {
	tests := make([]edgeTest, len(conditions))
	for i, c := range conditions {
		var err error
		if tests[i], err = c.prepare(m, neighbours); err != nil {
			return nil, err
		}
	}
	return tests, nil
}

func (a EdgeAllOf) prepare(m *matcher, neighbours nodeSet) (edgeTest, error) {
	tests, err := prepareAll(m, neighbours, a)
	return func(s *edgeSummaries, e *listed) (bool, error) {
		for _, t := range tests {
			if ok, err := t(s, e); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	}, err
}

func (a EdgeAnyOf) prepare(m *matcher, neighbours nodeSet) (edgeTest, error) {
	tests, err := prepareAll(m, neighbours, a)
	return func(s *edgeSummaries, e *listed) (bool, error) {
		for _, t := range tests {
			if ok, err := t(s, e); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	}, err
}

func (n EdgeNot) prepare(m *matcher, neighbours nodeSet) (edgeTest, error) {
	test, err := n.Condition.prepare(m, neighbours)
	return func(s *edgeSummaries, e *listed) (bool, error) {
		ok, err := test(s, e)
		return !ok, err
	}, err
}

// summaryTest is the test of what only the statements of an edge tell.
func summaryTest(takes func(*edgeSummary) bool) (edgeTest, error) {
	return func(s *edgeSummaries, e *listed) (bool, error) {
		sum, err := s.of(e)
		return err == nil && takes(sum), err
	}, nil
}

func (b HasConfidence) prepare(*matcher, nodeSet) (edgeTest, error) {
	takes := Bounds(b).test()
	return summaryTest(func(s *edgeSummary) bool { return takes(s.confidence) })
}

func (b HasSupport) prepare(*matcher, nodeSet) (edgeTest, error) {
	takes := Bounds(b).test()
	return summaryTest(func(s *edgeSummary) bool { return takes(float64(s.support)) })
}

func (cs HasClass) prepare(*matcher, nodeSet) (edgeTest, error) {
	var wanted byte
	for _, c := range cs {
		code := classCodes[c]
		if code == 0 {
			return nil, fmt.Errorf("unknown class %q", c)
		}
		wanted |= 1 << code
	}
	return summaryTest(func(s *edgeSummary) bool { return s.classes&wanted != 0 })
}

func (rs OfRelation) prepare(*matcher, nodeSet) (edgeTest, error) {
	mask, err := relationMaskOf(rs)
	return func(_ *edgeSummaries, e *listed) (bool, error) { return len(rs) > 0 && mask.has(e.relation), nil }, err
}

func (inverse IsInverse) prepare(*matcher, nodeSet) (edgeTest, error) {
	return func(_ *edgeSummaries, e *listed) (bool, error) {
		return (e.direction == directionIn) == bool(inverse), nil
	}, nil
}

func (l LeadsTo) prepare(m *matcher, neighbours nodeSet) (edgeTest, error) {
	met, err := l.Condition.match(m, neighbours)
	return func(_ *edgeSummaries, e *listed) (bool, error) { return met.has(e.uid), nil }, err
}

// edgeSummary is what lists are filtered and ordered by of an edge's
// statements.
type edgeSummary struct {
	confidence float64 // of the surest
	support    uint32  // the number of papers that make one
	classes    byte    // of all, a bit for each of classCodes
}

// edgeSummaries are those of the edges of one node, each read when first asked
// for.
type edgeSummaries struct {
	m    *matcher
	x    *edgeReader
	node uint32
	list []edgeSummary // by row; not read where nobody states the edge
}

func (s *edgeSummaries) of(e *listed) (*edgeSummary, error) {
	sum := &s.list[e.row]
	if sum.confidence > 0 {
		return sum, nil
	}
	if err := s.m.pay(0, 1); err != nil {
		return nil, err
	}
	k := edgeUIDs{from: s.node, relation: e.relation, to: e.uid}
	if e.direction == directionIn {
		k.from, k.to = k.to, k.from
	}
	var err error
	if *sum, err = s.x.summary(k); err != nil {
		return nil, err
	}
	if sum.confidence == 0 {
		c := s.m.c
		return nil, damaged("edge of "+string(c.id(k.from)), fmt.Sprintf("nobody states its %s %s", relationByCode[k.relation], c.id(k.to)))
	}
	return sum, nil
}

// summary reads what the statements of an edge come to.
func (x *edgeReader) summary(k edgeUIDs) (s edgeSummary, err error) {
	papers, err := x.asserters(k)
	if err != nil {
		return s, err
	}
	for _, p := range papers {
		if !x.c.has(p) {
			return s, damaged("statements", fmt.Sprintf("uid %d is no paper's", p))
		}
		if err := x.addSummary(&s, k, p, uidKey(tagBlock, p)); err != nil {
			return s, err
		}
	}
	support := s.support
	err = x.addSummary(&s, k, k.from, uidKey(tagCurated, k.from))
	s.support = support // nobody states what is curated
	return s, err
}

// addSummary adds what a block says of an edge, which is that of a paper or
// those that are curated from a node. The last block is kept, since the edges
// from a paper come one after the other; those to a node have a block each.
func (x *edgeReader) addSummary(s *edgeSummary, k edgeUIDs, of uint32, key []byte) error {
	if !bytes.Equal(x.scanned.key, key) {
		value, err := x.q.get(key)
		if err != nil {
			return err
		}
		x.scanned.key, x.scanned.edges = nil, x.scanned.edges[:0]
		if value != nil {
			err = scanBlock("statements of "+string(x.c.id(of)), value, func(k edgeUIDs, s edgeSummary) {
				x.scanned.edges = append(x.scanned.edges, scannedEdge{k, s})
			})
			if err != nil {
				return err
			}
		}
		x.scanned.key = key
	}
	i, ok := slices.BinarySearchFunc(x.scanned.edges, k, func(e scannedEdge, k edgeUIDs) int { return e.key.compare(k) })
	if !ok {
		return nil
	}
	one := &x.scanned.edges[i].edgeSummary
	s.support++
	s.confidence = max(s.confidence, one.confidence)
	s.classes |= one.classes
	return nil
}

// scannedBlock is the edges of a statement block that was scanned.
type scannedBlock struct {
	key   []byte // of the block; nil where there is none
	edges []scannedEdge
}

type scannedEdge struct {
	key edgeUIDs
	edgeSummary
}

// AdjacentQuery says which neighbours a list has. The zero value takes all.
type AdjacentQuery struct {
	NeighborQuery // Names is of no matter
	Where         EdgeCondition
	// Order is that of the list, equal entries by id, then by relation. Without,
	// it is that of [Snapshot.Neighbors].
	Order []Order
	Spend func(n int) error // see [ListQuery]
}

// Adjacent lists the neighbours of each of some nodes that meet a condition. The
// error wraps [ErrNotFound] where one of the nodes is not in the graph.
func (r *Snapshot) Adjacent(ctx context.Context, ids []graph.ID, aq AdjacentQuery) ([]*Listing, error) {
	relations, kinds, err := aq.masks()
	if err != nil {
		return nil, err
	}
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	c := r.columns
	a := &adjacent{m: newMatcher(ctx, q, c, aq.Spend), order: aq.Order, x: q.edges(c)}
	for _, id := range ids {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		uid, err := c.node(id)
		if err != nil {
			return nil, err
		}
		lists, err := q.orderedLists(c, uid, relations, aq.Direction, kinds)
		if err != nil {
			return nil, err
		}
		a.lists, a.of = append(a.lists, &Listing{snap: r, lists: lists, ordered: true}), append(a.of, uid)
	}
	if aq.Where != nil {
		if err := a.filter(aq.Where); err != nil {
			return nil, err
		}
	}
	if len(aq.Order) > 0 {
		for i := range a.lists {
			if err := a.sort(i); err != nil {
				return nil, err
			}
		}
	}
	return a.lists, nil
}

// adjacent is what a call of [Snapshot.Adjacent] has read.
type adjacent struct {
	m     *matcher
	x     *edgeReader
	order []Order
	of    []uint32 // the nodes that were asked about
	lists []*Listing
	// summaries are those of the edges of each list, where a condition or an
	// order asks for some.
	summaries []*edgeSummaries
}

// filter leaves in the lists what meets a condition.
func (a *adjacent) filter(where EdgeCondition) error {
	neighbours := a.m.c.newSet()
	for _, l := range a.lists {
		l.expand()
		for _, e := range l.entries {
			neighbours.add(e.uid)
		}
	}
	test, err := where.prepare(a.m, neighbours)
	if err != nil {
		return err
	}
	for i, l := range a.lists {
		if err := a.m.pay(len(l.entries), edgesForOne); err != nil {
			return err
		}
		s := a.summariesOf(i)
		kept := l.entries[:0]
		for j := range l.entries {
			ok, err := test(s, &l.entries[j])
			if err != nil {
				return err
			}
			if ok {
				kept = append(kept, l.entries[j])
			}
		}
		l.entries = kept
	}
	return nil
}

// summariesOf are those of the i-th list, of which rows are those that it had
// before it was filtered.
func (a *adjacent) summariesOf(i int) *edgeSummaries {
	if a.summaries == nil {
		a.summaries = make([]*edgeSummaries, len(a.lists))
	}
	if a.summaries[i] == nil {
		a.summaries[i] = &edgeSummaries{m: a.m, x: a.x, node: a.of[i], list: make([]edgeSummary, len(a.lists[i].entries))}
	}
	return a.summaries[i]
}

// sort puts a list in the order that was asked for.
func (a *adjacent) sort(i int) error {
	l := a.lists[i]
	l.expand()
	l.ordered = false
	var lc listColumns
	if err := lc.fill(a.m, a.order, l.entries); err != nil {
		return err
	}
	if slices.ContainsFunc(a.order, func(o Order) bool { return o.By == ByConfidence || o.By == BySupport }) {
		s := a.summariesOf(i)
		for j := range l.entries {
			if _, err := s.of(&l.entries[j]); err != nil {
				return err
			}
		}
		lc.edges = s.list
	}
	var err error
	l.compare, err = l.orderKeys(a.order, &lc)
	return err
}
