package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"papergraph/graph"
)

// Order is one of the things that a list is ordered by.
type Order struct {
	By         OrderKey
	Descending bool
}

// OrderKey is what entries of a list are compared by.
type OrderKey int

// The keys. Entries that do not have a year or a value come last in either
// direction. Names are compared as if all letters were small ones, then as they
// are. The last three are of edges; entries that are reached by none are equal.
const (
	ByID OrderKey = iota
	ByName
	ByYear
	ByPapers // see [Snapshot.Degree]
	ByValue  // of a result, see [HasValue]
	ByRelation
	ByConfidence
	BySupport
)

// ErrOrder says that a key is none of [OrderKey].
var ErrOrder = errors.New("unknown key of an order")

// Listing is a list of nodes, or of the neighbours of a node, of which pages
// are read. It is only as far put in order as they reach. It is safe for
// concurrent use.
type Listing struct {
	snap *Snapshot
	// lists are the entries of a list that is as [reader.orderedLists] has it,
	// and stand for entries until these are needed one by one.
	lists   []postingList
	entries []listed
	// compare orders entries, of which it leaves no two equal.
	compare func(a, b listed) int
	ordered bool // entries are in the order of compare
}

// listed is an entry of a Listing.
type listed struct {
	uid       uint32
	row       uint32 // where columns of the list have what belongs to the entry
	relation  byte   // 0 where it is reached by none
	direction byte
}

func (e listed) same(o listed) bool {
	return e.uid == o.uid && e.relation == o.relation && e.direction == o.direction
}

// expand fills in the entries.
func (l *Listing) expand() {
	if l.lists == nil {
		return
	}
	l.entries = l.appendPart(make([]listed, 0, l.Len()), 0, l.Len())
	l.lists = nil
}

// appendPart appends the entries of the lists from one place up to another.
func (l *Listing) appendPart(part []listed, from, to int) []listed {
	at := 0 // of the list's first entry
	for _, p := range l.lists {
		first, end := max(from-at, 0), min(to-at, len(p.uids))
		for i := first; i < end; i++ {
			part = append(part, listed{uid: p.uids[i], row: uint32(at + i), relation: p.relation, direction: p.direction})
		}
		at += len(p.uids)
	}
	return part
}

// Len is the number of entries.
func (l *Listing) Len() int {
	n := len(l.entries)
	for _, p := range l.lists {
		n += len(p.uids)
	}
	return n
}

// Page returns the entries from one place up to another. Those of a list of
// nodes have no relation.
func (l *Listing) Page(from, to int) []Neighbor {
	from, to = max(from, 0), min(to, l.Len())
	if from >= to {
		return nil
	}
	c := l.snap.columns
	page := make([]Neighbor, to-from)
	for i, e := range l.part(from, to) {
		page[i] = Neighbor{ID: c.id(e.uid), Relation: relationByCode[e.relation], Inverse: e.relation != 0 && e.direction == directionIn}
	}
	return page
}

// part finds the entries from one place up to another. Near an end it puts no
// others in order.
func (l *Listing) part(from, to int) []listed {
	n := len(l.entries)
	switch {
	case l.lists != nil:
		return l.appendPart(nil, from, to)
	case l.ordered:
		return l.entries[from:to]
	case to <= n/4:
		return topK(l.entries, to, l.compare)[from:to]
	case n-from <= n/4:
		last := topK(l.entries, n-from, func(a, b listed) int { return l.compare(b, a) })
		slices.Reverse(last)
		return last[:to-from]
	default:
		all := slices.Clone(l.entries)
		slices.SortFunc(all, l.compare)
		return all[from:to]
	}
}

// Index is the place of an entry, which is a number below 0 where the list does
// not have it.
func (l *Listing) Index(n Neighbor) int {
	uid, ok := l.snap.columns.uid(n.ID)
	if !ok {
		return -1
	}
	wanted := listed{uid: uid, relation: relationCodes[n.Relation]}
	if n.Inverse {
		wanted.direction = directionIn
	}
	if l.lists != nil {
		return l.indexInLists(wanted)
	}
	at := slices.IndexFunc(l.entries, func(e listed) bool { return e.same(wanted) })
	if at < 0 || l.ordered {
		return at
	}
	found, place := l.entries[at], 0
	for _, e := range l.entries {
		if l.compare(e, found) < 0 {
			place++
		}
	}
	return place
}

func (l *Listing) indexInLists(wanted listed) int {
	at := 0
	for _, p := range l.lists {
		if p.relation == wanted.relation && p.direction == wanted.direction {
			if i := slices.Index(p.uids, wanted.uid); i >= 0 {
				return at + i
			}
		}
		at += len(p.uids)
	}
	return -1
}

// orderKeys makes a comparison out of an order, for entries whose columns are
// filled by the time that it is used. Other keys than those of the order do not
// count; the id, then the edge, decide between entries that are equal by them.
func (l *Listing) orderKeys(order []Order, columns *listColumns) (func(a, b listed) int, error) {
	c := l.snap.columns
	keys := make([]func(a, b listed) int, 0, len(order)+1)
	for _, o := range order {
		key, err := columns.key(c, o)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return func(a, b listed) int {
		for _, key := range keys {
			if d := key(a, b); d != 0 {
				return d
			}
		}
		return cmp.Or(cmp.Compare(c.ranks[a.uid], c.ranks[b.uid]), compareEdges(a, b))
	}, nil
}

// compareEdges orders entries by relation, edges from the node before edges to
// it.
func compareEdges(a, b listed) int {
	return cmp.Or(cmp.Compare(a.relation, b.relation), cmp.Compare(a.direction, b.direction))
}

// listColumns are what entries are ordered by that is not in [columns], by
// [listed.row].
type listColumns struct {
	names  []string // with small letters only, 0x00 and the name as it is
	scores []float64
	edges  []edgeSummary
	values *nodeDetails
}

func (lc *listColumns) key(c *columns, o Order) (func(a, b listed) int, error) {
	sign := 1
	if o.Descending {
		sign = -1
	}
	switch o.By {
	case ByID:
		return func(a, b listed) int { return sign * cmp.Compare(c.ranks[a.uid], c.ranks[b.uid]) }, nil
	case ByName:
		return func(a, b listed) int { return sign * strings.Compare(lc.names[a.row], lc.names[b.row]) }, nil
	case ByYear:
		return func(a, b listed) int {
			x, y := c.year[a.uid], c.year[b.uid]
			if x == 0 || y == 0 {
				return cmp.Compare(y, x)
			}
			return sign * cmp.Compare(x, y)
		}, nil
	case ByPapers:
		return func(a, b listed) int { return sign * cmp.Compare(c.papers[a.uid], c.papers[b.uid]) }, nil
	case ByValue:
		return func(a, b listed) int {
			x, xok := lc.values.number(a.uid)
			y, yok := lc.values.number(b.uid)
			switch {
			case xok && yok:
				return sign * cmp.Compare(x, y)
			case xok:
				return -1
			case yok:
				return 1
			}
			return 0
		}, nil
	case ByRelation:
		return func(a, b listed) int { return sign * compareEdges(a, b) }, nil
	case ByConfidence:
		return func(a, b listed) int {
			return sign * cmp.Compare(lc.edges[a.row].confidence, lc.edges[b.row].confidence)
		}, nil
	case BySupport:
		return func(a, b listed) int { return sign * cmp.Compare(lc.edges[a.row].support, lc.edges[b.row].support) }, nil
	}
	return nil, fmt.Errorf("%w: %d", ErrOrder, o.By)
}

// fill reads the columns that an order needs for all entries.
func (lc *listColumns) fill(m *matcher, order []Order, entries []listed) error {
	has := func(k OrderKey) bool { return slices.ContainsFunc(order, func(o Order) bool { return o.By == k }) }
	if has(ByName) {
		if err := m.pay(len(entries), namesForOne); err != nil {
			return err
		}
		uids := make([]uint32, len(entries))
		for i, e := range entries {
			uids[i] = e.uid
		}
		names, err := m.q.names(m.c, uids)
		if err != nil {
			return err
		}
		rows := 0
		for _, e := range entries {
			rows = max(rows, int(e.row)+1)
		}
		lc.names = make([]string, rows)
		for i, e := range entries {
			lc.names[e.row] = strings.ToLower(names[i]) + "\x00" + names[i]
		}
	}
	if has(ByValue) {
		var err error
		if lc.values, err = m.details(graph.KindResult); err != nil {
			return err
		}
	}
	return nil
}

// ListQuery says which nodes a list has. Only the kind must be set.
type ListQuery struct {
	Kind     graph.Kind
	Where    Condition // nil for all
	Matching string    // those that [Snapshot.Search] finds for this text; all if empty
	// Order is that of the list, equal entries by id. Without, it is that of the
	// search, or that of [Snapshot.List].
	Order []Order
	// Spend is told how much is about to be read, in about the work of reading
	// a posting list each; its error ends the call. Nil lets everything be read.
	Spend func(n int) error
}

// Find lists the nodes of a kind that meet a condition.
func (r *Snapshot) Find(ctx context.Context, lq ListQuery) (*Listing, error) {
	code := kindCodes[lq.Kind]
	if code == 0 {
		return nil, fmt.Errorf("list: %w %q", graph.ErrKind, lq.Kind)
	}
	q, done, err := r.read()
	if err != nil {
		return nil, err
	}
	defer done()
	c := r.columns
	m := newMatcher(ctx, q, c, lq.Spend)
	l := &Listing{snap: r}
	var lc listColumns
	if lq.Matching == "" && lq.Where == nil {
		l.entries = listNodes(c.list(code))
		l.ordered = true
	} else {
		met := c.ofKind(code)
		var found *tally // what a search found
		if lq.Matching != "" {
			found = c.tally()
			defer c.putBack(found)
			matched, err := q.match(ctx, found, lq.Matching)
			if err != nil {
				return nil, err
			}
			matched.score(found, 1<<code)
			met = c.setOf(found.touched)
		}
		if lq.Where != nil {
			if met, err = lq.Where.match(m, met); err != nil {
				return nil, err
			}
		}
		if found != nil {
			l.entries = listNodes(met.uids())
			lc.scores = make([]float64, len(l.entries))
			for i, e := range l.entries {
				lc.scores[i] = found.scores[e.uid]
			}
			l.compare = func(a, b listed) int {
				return cmp.Or(cmp.Compare(lc.scores[b.row], lc.scores[a.row]), cmp.Compare(c.ranks[a.uid], c.ranks[b.uid]))
			}
		} else {
			l.entries, l.ordered = c.inListOrder(met, code)
			l.compare = func(a, b listed) int { return c.compareInList(a.uid, b.uid) }
		}
	}
	if len(lq.Order) > 0 {
		if err := lc.fill(m, lq.Order, l.entries); err != nil {
			return nil, err
		}
		l.ordered = false
		if l.compare, err = l.orderKeys(lq.Order, &lc); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func newMatcher(ctx context.Context, q *reader, c *columns, spend func(n int) error) *matcher {
	if spend == nil {
		spend = func(int) error { return nil }
	}
	return &matcher{ctx: ctx, q: q, c: c, spend: spend}
}

func listNodes(uids []uint32) []listed {
	entries := make([]listed, len(uids))
	for i, u := range uids {
		entries[i] = listed{uid: u, row: uint32(i)}
	}
	return entries
}

// inListOrder lists a set of nodes of a kind, in the order of [Snapshot.List]
// where that costs less than to put in order what is looked at.
func (c *columns) inListOrder(set nodeSet, code byte) (entries []listed, ordered bool) {
	n := set.count()
	if n*bits.Len(uint(n)) < c.count(code) {
		return listNodes(set.uids()), false
	}
	entries = make([]listed, 0, n)
	for _, u := range c.list(code) {
		if set.has(u) {
			entries = append(entries, listed{uid: u, row: uint32(len(entries))})
		}
	}
	return entries, true
}
