package store

import (
	"bytes"
	"context"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"papergraph/graph"
)

// Condition says which nodes are wanted. Conditions are made of the types of
// this package that are ones, put together with [AllOf], [AnyOf] and [Not].
//
// They are evaluated as sets over whole columns and posting lists, not node by
// node. Of the parts of an AllOf each is asked only about the nodes that those
// before it left, so the selective ones should stand first.
type Condition interface {
	// match returns those of the given nodes that meet the condition.
	match(m *matcher, among nodeSet) (nodeSet, error)
}

type (
	// AllOf is met by nodes that meet every part; by all nodes without parts.
	AllOf []Condition
	// AnyOf is met by nodes that meet some part; by none without parts.
	AnyOf []Condition
	// Not is met by the nodes that do not meet a condition.
	Not struct{ Condition Condition }

	// HasID is met by nodes with one of these ids.
	HasID []graph.ID
	// OfKind is met by nodes of these kinds.
	OfKind []graph.Kind
	// HasName is met by nodes whose name, which for a paper is its title, is as
	// the text says.
	HasName Text
	// HasYear is met by papers whose year is within bounds, never by what has no
	// year.
	HasYear Bounds
	// HasPapers is met by nodes whose [Snapshot.Degree] is within bounds.
	HasPapers Bounds
	// HasBetter is met by metrics of which one of these is known.
	HasBetter []graph.Better
	// HasComparison is met by results whose value is to be read so.
	HasComparison []graph.Comparison
	// HasUnit is met by results whose unit is as the text says; one that has
	// none has the empty unit.
	HasUnit Text
	// HasValue is met by results whose value, as [graph.ResultNode.Number] reads
	// it, is within bounds.
	HasValue Bounds

	// Tied is met by nodes of which a neighbour meets a condition.
	Tied struct {
		Via NeighborQuery // which neighbours are asked; Names is of no matter
		To  Condition     // nil is met by all
	}
)

// Text says which strings are wanted: those that meet all that is set.
type Text struct {
	Eq         *string
	In         *[]string
	Contains   *string // letters of either case are the same
	StartsWith *string // letters of either case are the same
}

// test returns what says whether a string is wanted. It is not safe for
// concurrent use.
func (t Text) test() func(s string) bool {
	var part, start string
	if t.Contains != nil {
		part = strings.ToLower(*t.Contains)
	}
	if t.StartsWith != nil {
		start = strings.ToLower(*t.StartsWith)
	}
	var small []byte // the string with small letters, reused
	return func(s string) bool {
		if t.Eq != nil && s != *t.Eq || t.In != nil && !slices.Contains(*t.In, s) {
			return false
		}
		if part == "" && start == "" {
			return true
		}
		small = appendLower(small[:0], s)
		return bytes.HasPrefix(small, []byte(start)) && bytes.Contains(small, []byte(part))
	}
}

// appendLower appends what [strings.ToLower] makes of a string.
func appendLower(dst []byte, s string) []byte {
	for i := range len(s) {
		b := s[i]
		if b >= utf8.RuneSelf {
			return append(dst[:len(dst)-i], strings.ToLower(s)...)
		}
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		dst = append(dst, b)
	}
	return dst
}

// exact lists the only strings that can be wanted; ok is false where they
// cannot be listed.
func (t Text) exact() (only []string, ok bool) {
	switch {
	case t.Eq != nil:
		return []string{*t.Eq}, true
	case t.In != nil:
		return *t.In, true
	}
	return nil, false
}

// Bounds says which numbers are wanted: those that meet all that is set.
type Bounds struct {
	Eq  *float64
	In  *[]float64
	Gt  *float64 // greater than
	Gte *float64 // greater than or equal to
	Lt  *float64 // less than
	Lte *float64 // less than or equal to
}

// test returns what says whether a number is wanted.
func (b Bounds) test() func(v float64) bool {
	low, high := math.Inf(-1), math.Inf(1)
	if b.Eq != nil {
		low, high = *b.Eq, *b.Eq
	}
	if b.Gte != nil {
		low = max(low, *b.Gte)
	}
	if b.Gt != nil {
		low = max(low, math.Nextafter(*b.Gt, math.Inf(1)))
	}
	if b.Lte != nil {
		high = min(high, *b.Lte)
	}
	if b.Lt != nil {
		high = min(high, math.Nextafter(*b.Lt, math.Inf(-1)))
	}
	if b.In == nil {
		return func(v float64) bool { return v >= low && v <= high }
	}
	in := *b.In
	return func(v float64) bool { return v >= low && v <= high && slices.Contains(in, v) }
}

// What is looked at counts when it is paid for by [ListQuery.Spend], against a
// posting list that is read: so many numbers in memory, names, or edges in
// memory count as one.
const (
	numbersForOne = 1000
	namesForOne   = 100
	edgesForOne   = 1000
)

// fewNodes is how many nodes are asked one by one for their neighbours, where
// for more of them the table of all edges is made: reading so many posting
// lists takes about a millisecond.
const fewNodes = 256

// matcher evaluates conditions for one call.
type matcher struct {
	ctx   context.Context
	q     *reader
	c     *columns
	spend func(n int) error
}

// pay pays for n things of which per count as one, and at least one.
func (m *matcher) pay(n, per int) error {
	if err := m.ctx.Err(); err != nil {
		return err
	}
	return m.spend(1 + n/per)
}

func (a AllOf) match(m *matcher, among nodeSet) (nodeSet, error) {
	for _, c := range a {
		var err error
		if among, err = c.match(m, among); err != nil {
			return nil, err
		}
	}
	return among, nil
}

func (a AnyOf) match(m *matcher, among nodeSet) (nodeSet, error) {
	met := m.c.newSet() // of its own
	for _, c := range a {
		more, err := c.match(m, among.without(met))
		if err != nil {
			return nil, err
		}
		met.unite(more)
	}
	return met, nil
}

func (n Not) match(m *matcher, among nodeSet) (nodeSet, error) {
	met, err := n.Condition.match(m, among)
	if err != nil {
		return nil, err
	}
	return among.without(met), nil
}

// where keeps the nodes of a set that a test takes, which looks at numbers in
// memory.
func (m *matcher) where(among nodeSet, test func(uid uint32) bool) (nodeSet, error) {
	if err := m.pay(among.count(), numbersForOne); err != nil {
		return nil, err
	}
	met := m.c.newSet()
	for i, w := range among {
		for ; w != 0; w &= w - 1 {
			if low := bits.TrailingZeros64(w); test(uint32(i<<6 + low)) {
				met[i] |= 1 << low
			}
		}
	}
	return met, nil
}

func (ids HasID) match(m *matcher, among nodeSet) (nodeSet, error) {
	if err := m.pay(len(ids), namesForOne); err != nil {
		return nil, err
	}
	met := m.c.newSet()
	for _, id := range ids {
		if uid, ok := m.c.uid(id); ok && among.has(uid) {
			met.add(uid)
		}
	}
	return met, nil
}

func (kinds OfKind) match(m *matcher, among nodeSet) (nodeSet, error) {
	mask, err := maskOf(kinds)
	if err != nil {
		return nil, err
	}
	return m.where(among, func(uid uint32) bool { return len(kinds) > 0 && mask.has(m.c.kinds[uid]) })
}

func (b HasYear) match(m *matcher, among nodeSet) (nodeSet, error) {
	takes := Bounds(b).test()
	var taken []bool // by year, as far as one was seen
	return m.where(among, func(uid uint32) bool {
		year := int(m.c.year[uid])
		for year >= len(taken) {
			n := len(taken)
			taken = append(taken, n > 0 && takes(float64(n)))
		}
		return taken[year]
	})
}

func (b HasPapers) match(m *matcher, among nodeSet) (nodeSet, error) {
	takes := Bounds(b).test()
	return m.where(among, func(uid uint32) bool { return takes(float64(m.c.papers[uid])) })
}

func (n HasName) match(m *matcher, among nodeSet) (nodeSet, error) {
	candidates := among
	if only, ok := Text(n).exact(); ok {
		var err error
		if candidates, err = m.named(only, among); err != nil {
			return nil, err
		}
	}
	uids := candidates.uids()
	if err := m.pay(len(uids), namesForOne); err != nil {
		return nil, err
	}
	names, err := m.q.names(m.c, uids)
	if err != nil {
		return nil, err
	}
	met, takes := m.c.newSet(), Text(n).test()
	for i, uid := range uids {
		if takes(names[i]) {
			met.add(uid)
		}
	}
	return met, nil
}

// named is a set that has all those of the given nodes that bear one of some
// names, and few others.
func (m *matcher) named(names []string, among nodeSet) (nodeSet, error) {
	met := m.c.newSet()
	for _, name := range names {
		key := graph.NameKey(name)
		if key == "" { // no table leads from it
			return among, nil
		}
		if err := m.pay(1, 1); err != nil {
			return nil, err
		}
		err := m.q.eachNamed(m.c, key, func(uid uint32) {
			if among.has(uid) {
				met.add(uid)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	// Results are found through their papers and have no names there.
	results := m.c.ofKind(kindCodes[graph.KindResult])
	for i := range results {
		met[i] |= results[i] & among[i]
	}
	return met, nil
}

func (bs HasBetter) match(m *matcher, among nodeSet) (nodeSet, error) {
	details, err := m.details(graph.KindMetric)
	if err != nil {
		return nil, err
	}
	return m.where(among, func(uid uint32) bool {
		d, ok := details.of(uid)
		return ok && slices.Contains(bs, d.better)
	})
}

func (cs HasComparison) match(m *matcher, among nodeSet) (nodeSet, error) {
	details, err := m.details(graph.KindResult)
	if err != nil {
		return nil, err
	}
	return m.where(among, func(uid uint32) bool {
		d, ok := details.of(uid)
		return ok && slices.Contains(cs, d.comparison)
	})
}

func (u HasUnit) match(m *matcher, among nodeSet) (nodeSet, error) {
	details, err := m.details(graph.KindResult)
	if err != nil {
		return nil, err
	}
	takes := Text(u).test()
	return m.where(among, func(uid uint32) bool {
		d, ok := details.of(uid)
		return ok && takes(d.unit)
	})
}

func (b HasValue) match(m *matcher, among nodeSet) (nodeSet, error) {
	details, err := m.details(graph.KindResult)
	if err != nil {
		return nil, err
	}
	takes := Bounds(b).test()
	return m.where(among, func(uid uint32) bool {
		v, ok := details.number(uid)
		return ok && takes(v)
	})
}

func (t Tied) match(m *matcher, among nodeSet) (nodeSet, error) {
	relations, kinds, err := t.Via.masks()
	if err != nil {
		return nil, err
	}
	if n := among.count(); n <= fewNodes && m.c.tied.loaded() == nil {
		return t.askEach(m, among, relations, kinds)
	}
	far := farKinds(relations, t.Via.Direction)
	if kinds != 0 {
		far &= kinds
	}
	if far == 0 { // there is no such neighbour; as a mask it would mean all
		return m.c.newSet(), nil
	}
	if ids, ok := t.To.(HasID); ok && len(ids) <= fewNodes { // what is asked most often, without sets
		return t.askBack(m, among, m.withIDs(ids, far), relations)
	}
	meet := m.c.ofKinds(far)
	if t.To != nil {
		if meet, err = t.To.match(m, meet); err != nil {
			return nil, err
		}
	}
	if n := meet.count(); n <= fewNodes {
		return t.askBack(m, among, meet.uids(), relations)
	}
	table, err := m.q.relations(m.ctx, m.c)
	if err != nil {
		return nil, err
	}
	met := m.c.newSet()
	for _, l := range table.choose(relations, t.Via.Direction) {
		if err := m.pay(len(l.to), edgesForOne); err != nil {
			return nil, err
		}
		for i, uid := range l.nodes {
			if !among.has(uid) || met.has(uid) {
				continue
			}
			for _, u := range l.to[l.starts[i]:l.starts[i+1]] {
				if meet.has(u) {
					met.add(uid)
					break
				}
			}
		}
	}
	return met, nil
}

// askEach asks each of a few nodes for its neighbours.
func (t Tied) askEach(m *matcher, among nodeSet, relations relationMask, kinds kindMask) (nodeSet, error) {
	beside := make(map[uint32][]uint32)
	all := m.c.newSet()
	err := among.each(func(uid uint32) error {
		if err := m.pay(1, 1); err != nil {
			return err
		}
		uids, err := m.q.neighbours(m.c, uid, relations, t.Via.Direction, kinds)
		if len(uids) > 0 {
			beside[uid] = uids
		}
		for _, u := range uids {
			all.add(u)
		}
		return err
	})
	if err == nil && t.To != nil {
		all, err = t.To.match(m, all)
	}
	if err != nil {
		return nil, err
	}
	met := m.c.newSet()
	for uid, uids := range beside {
		if slices.ContainsFunc(uids, all.has) {
			met.add(uid)
		}
	}
	return met, nil
}

// withIDs lists the nodes of some kinds with the given ids.
func (m *matcher) withIDs(ids []graph.ID, kinds kindMask) []uint32 {
	uids := make([]uint32, 0, len(ids))
	for _, id := range ids {
		if uid, ok := m.c.uid(id); ok && kinds.has(m.c.kinds[uid]) {
			uids = append(uids, uid)
		}
	}
	return uids
}

// askBack asks each of the few nodes that meet the condition for whose
// neighbour it is.
func (t Tied) askBack(m *matcher, among nodeSet, meet []uint32, relations relationMask) (nodeSet, error) {
	met := m.c.newSet()
	for _, u := range meet {
		if err := m.pay(1, 1); err != nil {
			return nil, err
		}
		uids, err := m.q.neighbours(m.c, u, relations, t.Via.Direction.opposite(), 0)
		if err != nil {
			return nil, err
		}
		for _, uid := range uids {
			if among.has(uid) {
				met.add(uid)
			}
		}
	}
	return met, nil
}

// nodeDetail is what conditions ask of the record of a metric or a result.
type nodeDetail struct {
	better     graph.Better
	comparison graph.Comparison
	unit       string
	value      float64 // not a number where the text of the value is none
}

// nodeDetails are those of the nodes of one kind, in the order of their ids.
type nodeDetails struct {
	c     *columns
	first int // rank of the first
	list  []nodeDetail
}

func (d *nodeDetails) of(uid uint32) (nodeDetail, bool) {
	i := int(d.c.ranks[uid]) - d.first
	if i < 0 || i >= len(d.list) {
		return nodeDetail{}, false
	}
	return d.list[i], true
}

// number is the value of a result that has one.
func (d *nodeDetails) number(uid uint32) (v float64, ok bool) {
	x, ok := d.of(uid)
	return x.value, ok && !math.IsNaN(x.value)
}

// details reads the records of the nodes of a kind, the first time.
func (m *matcher) details(kind graph.Kind) (*nodeDetails, error) {
	code := kindCodes[kind]
	slot := &m.c.details[code]
	slot.mu.Lock()
	defer slot.mu.Unlock()
	if slot.read != nil {
		return slot.read, nil
	}
	first, end := m.c.first[code], m.c.first[code+1]
	d := &nodeDetails{c: m.c, first: first, list: make([]nodeDetail, 0, end-first)}
	units := make(map[string]string) // each once: there are few
	err := m.q.scanApart([]byte{tagNode, code}, func(key, value []byte) error {
		if err := m.ctx.Err(); err != nil {
			return err
		}
		id, err := parseIDKey(tagNode, key)
		if err != nil {
			return err
		}
		n, err := decodeNode(id, value)
		if err != nil {
			return err
		}
		x := nodeDetail{better: n.Better, value: math.NaN()}
		if n.Result != nil {
			x.comparison = n.Result.Comparison
			if v, ok := n.Result.Number(); ok {
				x.value = v
			}
			unit, ok := units[n.Result.Unit]
			if !ok {
				unit = strings.Clone(n.Result.Unit)
				units[unit] = unit
			}
			x.unit = unit
		}
		d.list = append(d.list, x)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(d.list) != end-first {
		return nil, damaged("table of nodes", strconv.Itoa(len(d.list))+" "+kind.Plural()+" where the snapshot has "+strconv.Itoa(end-first))
	}
	slot.read = d
	return d, nil
}
