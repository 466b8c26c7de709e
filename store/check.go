package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"papergraph/graph"
)

// Problem is something in a store that cannot have been written.
type Problem struct {
	Snapshot string   `json:"snapshot"`     // id of the snapshot that has it
	Table    string   `json:"table"`        // letter and name of the table; see keys.go
	Key      string   `json:"key"`          // in Go's quotes; empty where it is no one key
	ID       graph.ID `json:"id,omitempty"` // of the node concerned, where it is known
	What     string   `json:"what"`
}

// String is the problem in one line.
func (p Problem) String() string {
	s := "snapshot " + p.Snapshot[:min(12, len(p.Snapshot))] + ", table " + p.Table
	if p.Key != "" {
		s += ", key " + p.Key
	}
	if p.ID != "" {
		s += ", " + string(p.ID)
	}
	return s + ": " + p.What
}

// CheckOptions say how to check.
type CheckOptions struct {
	// OnProblem is told each problem as it is found; nil for nobody.
	OnProblem func(Problem)
	// Max is how many problems are told of each snapshot before it is given
	// up; 0 is 100.
	Max int
	// OnProgress is told the table and the number of records now and then; nil
	// for nobody.
	OnProgress func(table string, records int)
}

// CheckReport is what [Store.Check] found.
type CheckReport struct {
	Snapshots []Info // that were checked
	Problems  int    // of which OnProblem was told
	GivenUp   bool   // there may be more
}

// tableNames are the tables as problems name them.
var tableNames = map[byte]string{
	tagSnapshot: "P (snapshots)", tagMeta: "M (counters)", tagUID: "U (ids)", tagLabel: "L (labels)", tagNode: "N (nodes)",
	tagName: "K (names)", tagOutside: "X (outside ids)", tagAdjacent: "A (posting lists)", tagBlock: "S (statements)",
	tagAsserters: "E (papers that state an edge)", tagCurated: "C (curated edges)", tagTerm: "T (words)", tagColumns: "V (numbers of nodes)",
	tagFactsKey: "F (facts keys)", tagFacts: "B (facts)", tagResolved: "R (resolution)",
}

// Check verifies a snapshot, named as [Store.At] has it, "" for the newest: the
// engine's checksums; that every record can be read; and that the tables say
// the same, each derived anew from what it is derived from. Posting lists, for
// one, are compared with statements in both directions, words with the texts of
// nodes, the snapshot's id with the sum of what it holds. It changes nothing,
// and readers and a build may go on beside it.
//
// It reads each table once, in the order of its keys, and compares by sums of
// hashes, one for each of some thousand groups of nodes, so that it takes a few
// bytes a node of memory. Only what lies in groups that differ is looked at
// again, to name what is wrong.
//
// Problems are no error; a store that cannot be read at all is.
func (s *Store) Check(ctx context.Context, id string, o CheckOptions) (CheckReport, error) {
	return s.check(ctx, o, func() ([]Info, error) {
		info, err := s.find(id)
		return []Info{info}, err
	})
}

// CheckAll is [Store.Check] of every snapshot, newest first.
func (s *Store) CheckAll(ctx context.Context, o CheckOptions) (CheckReport, error) {
	return s.check(ctx, o, s.Snapshots)
}

func (s *Store) check(ctx context.Context, o CheckOptions, choose func() ([]Info, error)) (CheckReport, error) {
	var r CheckReport
	if err := s.acquire(); err != nil {
		return r, err
	}
	defer s.release()
	_, release := s.pin()
	defer release()
	infos, err := choose()
	if err != nil {
		return r, err
	}
	if len(infos) == 0 {
		return r, fmt.Errorf("%w: %s has no finished build", ErrEmpty, s.dir)
	}
	if o.Max <= 0 {
		o.Max = 100
	}
	if err := s.verify(); err != nil {
		return r, err
	}
	for _, info := range infos {
		c := newChecker(ctx, s, info.clone(), o)
		err := c.run()
		c.side.close()
		r.Problems += c.problems
		if errors.Is(err, errStop) {
			r.GivenUp, err = true, nil
		}
		if err != nil {
			return r, fmt.Errorf("check snapshot %s: %w", info.ID, err)
		}
		r.Snapshots = append(r.Snapshots, c.side.info)
	}
	return r, nil
}

// checkGroups is how many groups nodes are compared in, by uid, and explained
// how many of those that differ are looked at again.
const (
	checkGroups = 1 << 12
	explained   = 8
)

// balance compares two sides of something: what one has is added, what the other
// has is subtracted, by groups of uids.
type balance [checkGroups]uint64

// groups are those that differ, the first of them to be explained.
type groups struct {
	first [checkGroups]bool
	count int
}

func (t *balance) bad() (g groups) {
	for i, sum := range t {
		if sum != 0 {
			g.first[i] = g.count < explained
			g.count++
		}
	}
	return g
}

// has says whether a uid is in one of the groups to be explained.
func (g *groups) has(uid uint32) bool { return g.first[uid%checkGroups] }

// checker checks one snapshot.
type checker struct {
	ctx      context.Context
	s        *Store
	side     *side
	o        CheckOptions
	problems int
	seed     maphash.Seed
	buf      []byte

	next  uint32   // the first uid that was never given out
	kinds []byte   // by uid; 0 where no node has it
	year  []uint16 // by uid
	words []uint32 // by uid

	// broken are the uids of nodes whose record or statements cannot be read,
	// which is told once.
	broken map[uint32]bool

	labels, names, terms, results, edges, asserters, entries balance

	sum        contentSum
	statements int
	nodes      map[graph.Kind]int
	relations  map[graph.Relation]int
}

func newChecker(ctx context.Context, s *Store, info Info, o CheckOptions) *checker {
	return &checker{ctx: ctx, s: s, side: newSide(s, info), o: o, seed: maphash.MakeSeed(), broken: make(map[uint32]bool),
		nodes: make(map[graph.Kind]int), relations: make(map[graph.Relation]int)}
}

func (c *checker) run() error {
	for _, step := range []func() error{
		c.tables, c.counters, c.ids, c.nodeRecords, c.labelRecords, c.nameKeys, c.blocks, c.assertersRecords, c.curated,
		c.postingLists, c.termRecords, c.facts, c.totals,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// problem tells a problem; errStop ends the check.
func (c *checker) problem(tag byte, key []byte, id graph.ID, format string, args ...any) error {
	c.problems++
	if c.o.OnProblem != nil {
		p := Problem{Snapshot: c.side.info.ID, Table: tableNames[tag], ID: id, What: fmt.Sprintf(format, args...)}
		if key != nil {
			p.Key = fmt.Sprintf("%q", key)
		}
		if p.Table == "" {
			p.Table = fmt.Sprintf("%q", tag)
		}
		c.o.OnProblem(p)
	}
	if c.problems >= c.o.Max {
		return errStop
	}
	return nil
}

// unreadable makes a problem of the error of a record, unless it is another
// kind of error.
func (c *checker) unreadable(tag byte, key []byte, id graph.ID, err error) error {
	if errors.Is(err, ErrDamaged) {
		return c.problem(tag, key, id, "%v", err)
	}
	return err
}

// explain lets fn name what is wrong in the groups of a balance that differ. That
// something is wrong is told in any case.
func (c *checker) explain(t *balance, tag byte, fn func(bad *groups) error) error {
	bad := t.bad()
	if bad.count == 0 {
		return nil
	}
	before := c.problems
	if err := fn(&bad); err != nil {
		return err
	}
	switch {
	case c.problems == 0:
		return c.problem(tag, nil, "", "it is not what it is derived from, in %d of %d groups of nodes", bad.count, checkGroups)
	case c.problems > before && bad.count > explained:
		return c.problem(tag, nil, "", "this and more is wrong in %d of %d groups of nodes", bad.count, checkGroups)
	}
	return nil
}

// scan calls fn for each record of a table.
func (c *checker) scan(tag byte, fn func(key, value []byte) error) error {
	n := 0
	var stopped error // scanApart takes errStop for its own
	err := c.side.q.scanApart([]byte{tag}, func(key, value []byte) error {
		if n++; n&1023 == 1 {
			if err := c.ctx.Err(); err != nil {
				return err
			}
			if c.o.OnProgress != nil {
				c.o.OnProgress(tableNames[tag], n)
			}
		}
		err := fn(key, value)
		if errors.Is(err, errStop) {
			stopped = err
		}
		return err
	})
	if stopped != nil {
		return stopped
	}
	return err
}

// hash is that of the parts of something that is compared.
func (c *checker) hash(what byte, numbers []uint32, parts ...[]byte) uint64 {
	b := append(c.buf[:0], what)
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	for _, p := range parts {
		b = append(binary.AppendUvarint(b, uint64(len(p))), p...)
	}
	c.buf = b
	return maphash.Bytes(c.seed, b)
}

// has says whether a node has the uid.
func (c *checker) has(uid uint32) bool {
	return uint64(uid) < uint64(len(c.kinds)) && c.kinds[uid] != 0
}

// tables looks for keys that belong to no table.
func (c *checker) tables() error {
	it := c.side.q.txn.NewIterator(badger.IteratorOptions{})
	defer it.Close()
	for it.Rewind(); it.Valid(); {
		key := it.Item().KeyCopy(nil)
		if _, ok := tableNames[key[0]]; !ok {
			if err := c.problem(key[0], key, "", "there is no such table"); err != nil {
				return err
			}
		}
		if key[0] == math.MaxUint8 {
			break
		}
		it.Seek([]byte{key[0] + 1})
	}
	return nil
}

func (c *checker) counters() error {
	if err := c.scan(tagMeta, func(key, value []byte) error {
		name, err := parseMetaKey(key)
		if err != nil {
			return c.unreadable(tagMeta, key, "", err)
		}
		if name != metaNextUID {
			return c.problem(tagMeta, key, "", "there is no such counter")
		}
		if len(value) != 4 {
			return c.problem(tagMeta, key, "", "%d bytes, not 4", len(value))
		}
		c.next = binary.BigEndian.Uint32(value)
		return nil
	}); err != nil {
		return err
	}
	if c.next == 0 || c.next > maxUIDs(c.side.info.Nodes) {
		if err := c.problem(tagMeta, metaKey(metaNextUID), "", "the next uid is %d, which a store of %d nodes does not come to", c.next, c.side.info.Nodes); err != nil {
			return err
		}
		c.next = 0
	}
	c.kinds = make([]byte, c.next)
	return nil
}

// ids reads table U.
func (c *checker) ids() error {
	limit := maxUIDs(c.side.info.Nodes)
	told := c.next == 0
	err := c.scan(tagUID, func(key, value []byte) error {
		id, err := parseIDKey(tagUID, key)
		if err != nil {
			return c.unreadable(tagUID, key, "", err)
		}
		if len(value) != 4 {
			return c.problem(tagUID, key, id, "a uid of %d bytes, not 4", len(value))
		}
		uid := binary.BigEndian.Uint32(value)
		if uid == 0 || uid > limit {
			return c.problem(tagUID, key, id, "uid %d, which a store of %d nodes does not come to", uid, c.side.info.Nodes)
		}
		if uid >= c.next { // once: it is the counter that is wrong
			c.next = uid + 1
			c.kinds = append(c.kinds, make([]byte, int(c.next)-len(c.kinds))...)
			if !told {
				told = true
				if err := c.problem(tagUID, key, id, "uid %d was never given out", uid); err != nil {
					return err
				}
			}
		}
		if c.kinds[uid] != 0 {
			return c.problem(tagUID, key, id, "uid %d is another node's too", uid)
		}
		c.kinds[uid] = key[1]
		return nil
	})
	c.year, c.words = make([]uint16, c.next), make([]uint32, c.next)
	return err
}

// eachNode reads table N beside table U, which has the same order. The uid is 0
// where table U lacks the node, and the node nil where it cannot be read; either
// was told.
func (c *checker) eachNode(tell bool, use func(key []byte, id graph.ID, uid uint32, record []byte, n *graph.Node) error) error {
	uids := c.side.q.txn.NewIterator(badger.IteratorOptions{Prefix: []byte{tagUID}})
	defer uids.Close()
	uids.Rewind()
	// missing tells the ids before a key that have no record.
	missing := func(before []byte) error {
		for ; uids.Valid() && (before == nil || bytes.Compare(uids.Item().Key()[1:], before[1:]) < 0); uids.Next() {
			if !tell {
				continue
			}
			id, _ := parseIDKey(tagUID, uids.Item().Key()) // a malformed one was told
			if err := c.problem(tagNode, append([]byte{tagNode}, uids.Item().Key()[1:]...), id, "its record is missing"); err != nil {
				return err
			}
		}
		return nil
	}
	err := c.scan(tagNode, func(key, value []byte) error {
		if err := missing(key); err != nil {
			return err
		}
		uid := uint32(0)
		if uids.Valid() && bytes.Equal(uids.Item().Key()[1:], key[1:]) {
			err := useValue(uids.Item(), func(b []byte) error {
				if len(b) == 4 && binary.BigEndian.Uint32(b) < c.next {
					uid = binary.BigEndian.Uint32(b)
				}
				return nil
			})
			if err != nil {
				return err
			}
			uids.Next()
		} else if tell {
			if err := c.problem(tagUID, append([]byte{tagUID}, key[1:]...), "", "a node has no uid"); err != nil {
				return err
			}
		}
		id, err := parseIDKey(tagNode, key)
		var n *graph.Node
		if err == nil {
			n, err = decodeNode(id, value)
		}
		if err != nil && tell {
			if err := c.unreadable(tagNode, key, id, err); err != nil {
				return err
			}
		}
		return use(key, id, uid, value, n)
	})
	if err != nil {
		return err
	}
	return missing(nil)
}

// nodeRecords reads the nodes and adds what other tables are to have of them.
func (c *checker) nodeRecords() error {
	a := newAnalyser()
	return c.eachNode(true, func(key []byte, id graph.ID, uid uint32, record []byte, n *graph.Node) error {
		c.sum = c.sum.plus(sumOfNode(id, record))
		c.nodes[id.Kind()]++
		if n == nil || uid == 0 {
			c.broken[uid] = true
			return nil
		}
		group := uid % checkGroups
		c.labels[group] += c.hash('l', []uint32{uid}, encodeLabel(n))
		for _, k := range nodeNames(n, uid) {
			c.names[group] += c.hash('n', nil, k)
		}
		got := a.analyse(n)
		for term, count := range got.counts {
			c.terms[group] += c.hash('t', []uint32{uid, uint32(count)}, []byte(term))
		}
		c.words[uid] = got.words
		if n.Paper != nil && n.Paper.Year > 0 && n.Paper.Year <= math.MaxUint16 {
			c.year[uid] = uint16(n.Paper.Year)
		}
		if again, err := encodeNode(n); err != nil {
			return c.problem(tagNode, key, id, "it cannot be: %v", err)
		} else if !bytes.Equal(again, record) {
			return c.problem(tagNode, key, id, "its record is not written as it would be")
		}
		for _, d := range n.Decisions {
			if former := graph.NewID(d.Kind, d.Name); former != id && !n.MayHaveBeen(former) {
				return c.problem(tagNode, key, id, "%s was merged into it and does not lead to it", former)
			}
		}
		if n.Result == nil {
			return nil
		}
		for _, ref := range []graph.ID{n.Result.Paper, n.Result.Metric, n.Result.Method, n.Result.Dataset} {
			if ref == "" {
				continue
			}
			to, err := c.side.uid(ref)
			if err != nil {
				return c.unreadable(tagUID, idKey(tagUID, ref), ref, err)
			}
			if to == 0 {
				return c.problem(tagNode, key, id, "it is about %s, which is not in the graph", ref)
			}
			if ref == n.Result.Paper {
				c.results[group] -= c.hash('r', []uint32{uid, to})
			}
		}
		return nil
	})
}

func (c *checker) labelRecords() error {
	if err := c.scan(tagLabel, func(key, value []byte) error {
		uid, err := parseUIDKey(tagLabel, key)
		if err == nil {
			_, _, err = decodeLabel(uid, value)
		}
		if err != nil {
			return c.unreadable(tagLabel, key, "", err)
		}
		c.labels[uid%checkGroups] -= c.hash('l', []uint32{uid}, value)
		return nil
	}); err != nil {
		return err
	}
	return c.explain(&c.labels, tagLabel, c.explainLabels)
}

func (c *checker) explainLabels(bad *groups) error {
	err := c.eachNode(false, func(_ []byte, id graph.ID, uid uint32, _ []byte, n *graph.Node) error {
		if n == nil || uid == 0 || !bad.has(uid) {
			return nil
		}
		key := uidKey(tagLabel, uid)
		value, err := c.side.q.get(key)
		if err != nil {
			return c.unreadable(tagLabel, key, id, err)
		}
		if want := encodeLabel(n); !bytes.Equal(value, want) {
			return c.problem(tagLabel, key, id, "it is %q, that of the node is %q", value, want)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.scan(tagLabel, func(key, _ []byte) error {
		if uid, err := parseUIDKey(tagLabel, key); err == nil && bad.has(uid) && !c.has(uid) {
			return c.problem(tagLabel, key, "", "no node has uid %d", uid)
		}
		return nil
	})
}

// nameKeys reads tables K and X.
func (c *checker) nameKeys() error {
	for _, tag := range []byte{tagName, tagOutside} {
		if err := c.scan(tag, func(key, value []byte) error {
			_, uid, err := parseNameKey(tag, key)
			if err != nil {
				return c.unreadable(tag, key, "", err)
			}
			if len(value) > 0 {
				if err := c.problem(tag, key, "", "a value of %d bytes where there is to be none", len(value)); err != nil {
					return err
				}
			}
			c.names[uid%checkGroups] -= c.hash('n', nil, key)
			return nil
		}); err != nil {
			return err
		}
	}
	return c.explain(&c.names, tagName, c.explainNames)
}

func (c *checker) explainNames(bad *groups) error {
	err := c.eachNode(false, func(_ []byte, id graph.ID, uid uint32, _ []byte, n *graph.Node) error {
		if n == nil || uid == 0 || !bad.has(uid) {
			return nil
		}
		for _, key := range nodeNames(n, uid) {
			value, err := c.side.q.get(key)
			if err == nil && value == nil {
				err = c.problem(key[0], key, id, "the key is missing")
			}
			if err != nil {
				return c.unreadable(key[0], key, id, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, tag := range []byte{tagName, tagOutside} {
		err := c.scan(tag, func(key, _ []byte) error {
			_, uid, err := parseNameKey(tag, key)
			if err != nil || !bad.has(uid) || c.broken[uid] {
				return nil // told before
			}
			n, err := c.node(uid)
			switch {
			case err != nil:
				return err
			case n == nil:
				return c.problem(tag, key, "", "it leads to uid %d, which no node has", uid)
			case !slices.ContainsFunc(nodeNames(n, uid), func(k []byte) bool { return bytes.Equal(k, key) }):
				return c.problem(tag, key, n.ID, "it leads to a node that does not bear the name")
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// node reads the node of a uid; nil where there is none that can be read, of
// which was told.
func (c *checker) node(uid uint32) (*graph.Node, error) {
	l, ok, err := c.side.find(uid)
	if err == nil && !ok {
		return nil, nil
	}
	var n *graph.Node
	if err == nil {
		n, err = c.side.q.node(l.id)
	}
	if errors.Is(err, ErrDamaged) {
		return nil, nil
	}
	return n, err
}

// reportsCode is the relation from papers to their results, and from these to
// what they are about.
var reportsCode = relationCodes[graph.Reports]

// blocks reads table S, and adds what other tables are to have of it.
func (c *checker) blocks() error {
	if err := c.scan(tagBlock, func(key, value []byte) error {
		uid, err := parseUIDKey(tagBlock, key)
		if err != nil {
			return c.unreadable(tagBlock, key, "", err)
		}
		b, err := c.block(tagBlock, key, uid, value)
		if b == nil || err != nil {
			c.broken[uid] = true
			return err
		}
		for i := range b.Edges {
			k := b.Edges[i].key()
			if k.from == uid && k.relation == reportsCode {
				c.results[k.to%checkGroups] += c.hash('r', []uint32{k.to, uid})
			}
			if c.own(b, uid, k) {
				c.addEdge(k)
			} else {
				c.asserters[k.from%checkGroups] += c.hash('e', []uint32{k.from, uint32(k.relation), k.to, uid})
			}
		}
		return nil
	}); err != nil {
		return err
	}
	return c.explain(&c.results, tagBlock, c.explainResults)
}

func (c *checker) explainResults(bad *groups) error {
	err := c.eachNode(false, func(_ []byte, id graph.ID, uid uint32, _ []byte, n *graph.Node) error {
		if n == nil || n.Result == nil || uid == 0 || !bad.has(uid) {
			return nil
		}
		paper, err := c.side.uid(n.Result.Paper)
		if paper == 0 || err != nil {
			return err
		}
		b, err := c.side.block(tagBlock, paper)
		if errors.Is(err, ErrDamaged) {
			return nil // told before
		}
		if err != nil {
			return err
		}
		if b == nil || b.find(edgeUIDs{from: paper, relation: reportsCode, to: uid}) == nil {
			return c.problem(tagBlock, uidKey(tagBlock, paper), id, "%s does not report it", n.Result.Paper)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.eachBlock(tagBlock, func(uid uint32, b *block) error {
		for i := range b.Edges {
			k := b.Edges[i].key()
			if k.from != uid || k.relation != reportsCode || !bad.has(k.to) {
				continue
			}
			n, err := c.node(k.to)
			if err != nil {
				return err
			}
			if paper := c.id(uid); n != nil && (n.Result == nil || n.Result.Paper != paper) {
				if err := c.problem(tagBlock, uidKey(tagBlock, uid), n.ID, "%s reports it, which is another paper's", paper); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// own says whether the statements of an edge are found by the block of the
// paper that has it, without table E.
func (c *checker) own(b *block, paper uint32, k edgeUIDs) bool {
	return k.from == paper ||
		c.has(k.from) && kindByCode[c.kinds[k.from]] == graph.KindResult && b.find(edgeUIDs{from: paper, relation: reportsCode, to: k.from}) != nil
}

// addEdge adds an edge as the posting lists of its two ends are to have it.
func (c *checker) addEdge(k edgeUIDs) {
	c.edges[k.from%checkGroups] += c.hash('a', []uint32{k.from, k.to, directionOut, uint32(k.relation)})
	c.edges[k.to%checkGroups] += c.hash('a', []uint32{k.to, k.from, directionIn, uint32(k.relation)})
}

// block reads a statement block of table S or C; nil where it cannot be read,
// of which was told.
func (c *checker) block(tag byte, key []byte, uid uint32, value []byte) (*block, error) {
	l, ok, err := c.side.find(uid)
	if err != nil {
		return nil, c.unreadable(tag, key, "", err)
	}
	if !ok || !c.has(uid) {
		return nil, c.problem(tag, key, "", "no node has uid %d", uid)
	}
	paper := l.id
	if tag == tagCurated {
		paper = ""
	} else if l.id.Kind() != graph.KindPaper {
		return nil, c.problem(tag, key, l.id, "it is not a paper and states nothing")
	}
	b, err := decodeBlock("statements", paper, value)
	if err != nil {
		return nil, c.unreadable(tag, key, l.id, err)
	}
	edges := make([]graph.Edge, len(b.Edges))
	for i := range b.Edges {
		r := &b.Edges[i]
		e := &edges[i]
		e.Relation = relationByCode[r.Relation]
		for _, end := range []struct {
			uid uint32
			id  *graph.ID
		}{{r.From, &e.From}, {r.To, &e.To}} {
			l, ok, err := c.side.find(end.uid)
			if err != nil {
				return nil, c.unreadable(tag, key, b.paper, err)
			}
			if !ok || !c.has(end.uid) {
				return nil, c.problem(tag, key, l.id, "an edge leads to uid %d, which no node has", end.uid)
			}
			*end.id = l.id
		}
		if e.Statements, err = c.side.statementsOf(nil, b, uid, r); err == nil {
			err = e.Check()
		}
		for _, s := range e.Statements {
			if (s.Class == graph.Curated) != (tag == tagCurated) && err == nil {
				err = damaged("statement", fmt.Sprintf("of class %s", s.Class))
			}
		}
		if err != nil {
			return nil, c.problem(tag, key, l.id, "%s %s %s: %v", e.From, e.Relation, e.To, err)
		}
	}
	sum, statements := sumOfEdges(edges)
	c.sum = c.sum.plus(sum)
	c.statements += statements
	if sum != b.sum {
		return b, c.problem(tag, key, l.id, "its content sum is not that of its statements")
	}
	if len(c.side.texts) >= maxBlocks {
		clear(c.side.texts)
	}
	return b, nil
}

// assertersRecords reads table E.
func (c *checker) assertersRecords() error {
	if err := c.scan(tagAsserters, func(key, value []byte) error {
		k, err := parseAssertersKey(key)
		var papers []uint32
		if err == nil {
			papers, err = decodeUIDs(value)
		}
		if err == nil && len(papers) == 0 {
			err = damaged("papers that state an edge", "none")
		}
		if err != nil {
			return c.unreadable(tagAsserters, key, "", err)
		}
		for _, p := range papers {
			c.asserters[k.from%checkGroups] -= c.hash('e', []uint32{k.from, uint32(k.relation), k.to, p})
		}
		owned, err := c.owned(k)
		if err == nil && !owned {
			c.addEdge(k)
		}
		return err
	}); err != nil {
		return err
	}
	return c.explain(&c.asserters, tagAsserters, c.explainAsserters)
}

func (c *checker) explainAsserters(bad *groups) error {
	type asserted struct {
		edge  edgeUIDs
		paper uint32
	}
	want := make(map[asserted]bool)
	err := c.eachBlock(tagBlock, func(uid uint32, b *block) error {
		for i := range b.Edges {
			if k := b.Edges[i].key(); bad.has(k.from) && !c.own(b, uid, k) {
				want[asserted{k, uid}] = true
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = c.scan(tagAsserters, func(key, value []byte) error {
		k, err := parseAssertersKey(key)
		if err != nil || !bad.has(k.from) {
			return nil
		}
		papers, _ := decodeUIDs(value) // an error was told
		for _, p := range papers {
			if !want[asserted{k, p}] && !c.broken[p] {
				if err := c.problem(tagAsserters, key, c.id(p), "it does not state %s", c.edge(k)); err != nil {
					return err
				}
			}
			delete(want, asserted{k, p})
		}
		return nil
	})
	if err != nil {
		return err
	}
	// In no order: all of them are wrong.
	for a := range want {
		if err := c.problem(tagAsserters, assertersKey(a.edge), c.id(a.paper), "it states %s and is not named", c.edge(a.edge)); err != nil {
			return err
		}
	}
	return nil
}

// eachBlock reads those statement blocks of a table that can be read.
func (c *checker) eachBlock(tag byte, use func(uid uint32, b *block) error) error {
	return c.scan(tag, func(key, value []byte) error {
		uid, err := parseUIDKey(tag, key)
		if err != nil || !c.has(uid) {
			return nil
		}
		b, err := decodeBlock("statements", "", value)
		if err != nil {
			return nil
		}
		return use(uid, b)
	})
}

// owned says whether the block of the paper that an edge begins at, or that
// reports the result that it begins at, has the edge.
func (c *checker) owned(k edgeUIDs) (bool, error) {
	if !c.has(k.from) {
		return false, nil
	}
	var papers []uint32
	switch kindByCode[c.kinds[k.from]] {
	case graph.KindPaper:
		papers = []uint32{k.from}
	case graph.KindResult:
		n, err := c.node(k.from)
		if n == nil || err != nil {
			return false, err
		}
		paper, err := c.side.uid(n.Result.Paper)
		if err != nil {
			return false, c.unreadable(tagUID, idKey(tagUID, n.Result.Paper), n.Result.Paper, err)
		}
		papers = []uint32{paper}
	}
	for _, p := range papers {
		b, err := c.side.block(tagBlock, p)
		if errors.Is(err, ErrDamaged) {
			return false, nil // told before
		}
		if err != nil || b != nil && b.find(k) != nil && c.own(b, p, k) {
			return err == nil, err
		}
	}
	return false, nil
}

// curated reads table C.
func (c *checker) curated() error {
	return c.scan(tagCurated, func(key, value []byte) error {
		uid, err := parseUIDKey(tagCurated, key)
		if err != nil {
			return c.unreadable(tagCurated, key, "", err)
		}
		b, err := c.block(tagCurated, key, uid, value)
		if b == nil || err != nil {
			return err
		}
		for i := range b.Edges {
			k := b.Edges[i].key()
			if k.from != uid {
				if err := c.problem(tagCurated, key, c.id(uid), "%s begins elsewhere", c.edge(k)); err != nil {
					return err
				}
			}
			stated, err := c.side.q.get(assertersKey(k))
			if err != nil {
				return c.unreadable(tagAsserters, assertersKey(k), "", err)
			}
			owned, err := c.owned(k)
			if err != nil {
				return err
			}
			if stated == nil && !owned {
				c.addEdge(k)
			}
		}
		return nil
	})
}

// id is the id of a uid, as well as it is known.
func (c *checker) id(uid uint32) graph.ID {
	l, ok, err := c.side.find(uid)
	if !ok || err != nil {
		return ""
	}
	return l.id
}

// edge is an edge in words.
func (c *checker) edge(k edgeUIDs) string {
	end := func(uid uint32) string {
		if id := c.id(uid); id != "" {
			return string(id)
		}
		return fmt.Sprintf("uid %d, which no node has,", uid)
	}
	return fmt.Sprintf("%s %s %s", end(k.from), relationByCode[k.relation], end(k.to))
}

// postingLists reads table A, and table V beside it.
func (c *checker) postingLists() error {
	v := &numbersCheck{c: c}
	var neighbours []uint32 // of the current uid, that are papers
	current := uint32(0)
	flush := func() error {
		if current == 0 {
			return nil
		}
		slices.Sort(neighbours)
		return v.compare(current, uint32(len(slices.Compact(neighbours))))
	}
	if err := c.scan(tagAdjacent, func(key, value []byte) error {
		uid, direction, relation, high, err := parseAdjacentKey(key)
		var uids []uint32
		if err == nil {
			uids, err = decodeContainer(nil, high, value)
		}
		if err != nil {
			return c.unreadable(tagAdjacent, key, "", err)
		}
		if !c.has(uid) {
			return c.problem(tagAdjacent, key, "", "no node has uid %d", uid)
		}
		if uid != current {
			if err := flush(); err != nil {
				return err
			}
			current, neighbours = uid, neighbours[:0]
		}
		if direction == directionOut {
			c.relations[relationByCode[relation]] += len(uids)
		}
		for _, u := range uids {
			c.edges[uid%checkGroups] -= c.hash('a', []uint32{uid, u, uint32(direction), uint32(relation)})
			if c.has(u) && kindByCode[c.kinds[u]] == graph.KindPaper {
				neighbours = append(neighbours, u)
			}
		}
		return nil
	}); err != nil {
		return err
	}
	if err := flush(); err != nil {
		return err
	}
	if err := v.finish(); err != nil {
		return err
	}
	return c.explain(&c.edges, tagAdjacent, c.explainEdges)
}

// explainEdges names the posting lists of some groups that are not those of the
// statements.
func (c *checker) explainEdges(bad *groups) error {
	want := make(map[link]bool)
	for _, tag := range []byte{tagBlock, tagCurated} {
		err := c.eachBlock(tag, func(_ uint32, b *block) error {
			for i := range b.Edges {
				k := b.Edges[i].key()
				if bad.has(k.from) {
					want[link{near: k.from, far: k.to, direction: directionOut, relation: k.relation}] = true
				}
				if bad.has(k.to) {
					want[link{near: k.to, far: k.from, direction: directionIn, relation: k.relation}] = true
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	edge := func(l link) edgeUIDs {
		if l.direction == directionIn {
			return edgeUIDs{from: l.far, relation: l.relation, to: l.near}
		}
		return edgeUIDs{from: l.near, relation: l.relation, to: l.far}
	}
	err := c.scan(tagAdjacent, func(key, value []byte) error {
		uid, direction, relation, high, err := parseAdjacentKey(key)
		if err != nil || !bad.has(uid) {
			return nil
		}
		uids, _ := decodeContainer(nil, high, value) // an error was told
		for _, u := range uids {
			l := link{near: uid, far: u, direction: direction, relation: relation}
			if !want[l] && !c.broken[uid] && !c.broken[u] {
				if err := c.problem(tagAdjacent, key, c.id(uid), "nobody states that %s", c.edge(edge(l))); err != nil {
					return err
				}
			}
			delete(want, l)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, l := range sortedLinks(want) {
		key := adjacentKey(l.near, l.direction, l.relation, uint16(l.far>>16))
		if err := c.problem(tagAdjacent, key, c.id(l.near), "%s is stated and not in it", c.edge(edge(l))); err != nil {
			return err
		}
	}
	return nil
}

func sortedLinks(set map[link]bool) []link {
	links := make([]link, 0, len(set))
	for l := range set {
		links = append(links, l)
	}
	slices.SortFunc(links, link.compare)
	return links
}

// numbersCheck compares table V with what the other tables give, uid by uid.
type numbersCheck struct {
	c       *checker
	checked uint32 // all below were compared
	at      uint32 // the range that was read, plus one; 0 is none
	numbers [columnsRange]numbers
}

// compare compares the numbers of a uid, which has so many papers, and of those
// before it, which have none.
func (v *numbersCheck) compare(uid, papers uint32) error {
	for ; v.checked < uid; v.checked++ {
		if err := v.one(v.checked, 0); err != nil {
			return err
		}
	}
	v.checked = uid + 1
	return v.one(uid, papers)
}

func (v *numbersCheck) one(uid, papers uint32) error {
	c := v.c
	r := uid / columnsRange
	key := uidKey(tagColumns, r)
	if v.at != r+1 {
		v.at, v.numbers = r+1, [columnsRange]numbers{}
		value, err := c.side.q.get(key)
		if err == nil && value != nil {
			v.numbers, err = decodeNumbers(r, value)
		}
		if err != nil {
			return c.unreadable(tagColumns, key, "", err)
		}
	}
	want := numbers{papers: papers, year: c.year[uid], words: c.words[uid]}
	if got := v.numbers[uid%columnsRange]; got != want && !c.broken[uid] {
		return c.problem(tagColumns, key, c.id(uid), "it has year %d, %d papers and %d words, the tables have %d, %d and %d",
			got.year, got.papers, got.words, want.year, want.papers, want.words)
	}
	return nil
}

// finish compares the rest, and looks for numbers beyond the last uid.
func (v *numbersCheck) finish() error {
	for ; v.checked < v.c.next; v.checked++ {
		if err := v.one(v.checked, 0); err != nil {
			return err
		}
	}
	return v.c.scan(tagColumns, func(key, value []byte) error {
		r, err := parseUIDKey(tagColumns, key)
		if err == nil {
			_, err = decodeNumbers(r, value)
		}
		if err != nil {
			return v.c.unreadable(tagColumns, key, "", err)
		}
		if last := uint64(r)*columnsRange + uint64(len(value)/columnsWidth); last > uint64(v.c.next) || len(value) == 0 {
			return v.c.problem(tagColumns, key, "", "numbers up to uid %d, where uids end at %d", last, v.c.next)
		}
		return nil
	})
}

// termRecords reads table T.
func (c *checker) termRecords() error {
	if err := c.scan(tagTerm, func(key, value []byte) error {
		term, uidRange, err := parseTermKey(key)
		var ps []posting
		if err == nil {
			ps, err = decodePostings(nil, uidRange, value)
		}
		if err == nil && len(ps) == 0 {
			err = damaged("postings", "none")
		}
		if err != nil {
			return c.unreadable(tagTerm, key, "", err)
		}
		for _, p := range ps {
			c.terms[p.uid%checkGroups] -= c.hash('t', []uint32{p.uid, uint32(p.count)}, []byte(term))
		}
		return nil
	}); err != nil {
		return err
	}
	return c.explain(&c.terms, tagTerm, c.explainTerms)
}

func (c *checker) explainTerms(bad *groups) error {
	type occurrence struct {
		term string
		uid  uint32
	}
	want := make(map[occurrence]uint8)
	a := newAnalyser()
	err := c.eachNode(false, func(_ []byte, _ graph.ID, uid uint32, _ []byte, n *graph.Node) error {
		if n != nil && uid != 0 && bad.has(uid) {
			for term, count := range a.analyse(n).counts {
				want[occurrence{term, uid}] = count
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = c.scan(tagTerm, func(key, value []byte) error {
		term, uidRange, err := parseTermKey(key)
		if err != nil {
			return nil
		}
		ps, _ := decodePostings(nil, uidRange, value) // an error was told
		for _, p := range ps {
			if !bad.has(p.uid) || c.broken[p.uid] {
				continue
			}
			o := occurrence{term, p.uid}
			if want[o] != p.count {
				if err := c.problem(tagTerm, key, c.id(p.uid), "it counts %q %d times, uid %d has it %d times", term, p.count, p.uid, want[o]); err != nil {
					return err
				}
			}
			delete(want, o)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for o, count := range want {
		if err := c.problem(tagTerm, termKey(o.term, o.uid>>termRangeBits), c.id(o.uid), "uid %d has %q %d times and is not in it", o.uid, o.term, count); err != nil {
			return err
		}
	}
	return nil
}

// facts reads tables F and B.
func (c *checker) facts() error {
	group := func(name string) *uint64 { return &c.entries[maphash.String(c.seed, name)%checkGroups] }
	if err := c.eachEntry(true, func(key []byte, name string, e *factsEntry) error {
		body := e.bodyKey()
		*group(name) += c.hash('f', nil, []byte(name), body)
		_, err := c.side.q.txn.Get(body)
		if errors.Is(err, badger.ErrKeyNotFound) {
			return c.problem(tagFactsKey, key, "", "its facts are missing (key %q)", body)
		}
		if err != nil {
			return readError(body, err)
		}
		return nil
	}); err != nil {
		return err
	}
	// A body that no entry names is no part of the snapshot: an interrupted
	// build left it for the next.
	if err := c.scan(tagFacts, func(key, value []byte) error {
		title, hash, _, err := parseFactsBodyKey(key)
		var f graph.Facts
		if err == nil {
			f, err = decodeFacts("facts of "+title, value)
		}
		if err != nil {
			return c.unreadable(tagFacts, key, "", err)
		}
		if f.Document.Title != title || f.Document.Hash() != fmt.Sprintf("%x", hash) {
			return c.problem(tagFacts, key, f.Document.ID(), "they are of another document, %q with hash %s", f.Document.Title, f.Document.Hash())
		}
		name := FactsKey(&f.Document)
		e, err := c.side.q.factsEntry(name)
		if err != nil {
			if errors.Is(err, ErrDamaged) {
				return nil // told before
			}
			return err
		}
		if e != nil && bytes.Equal(e.bodyKey(), key) {
			*group(name) -= c.hash('f', nil, []byte(name), key)
		}
		return nil
	}); err != nil {
		return err
	}
	return c.explain(&c.entries, tagFactsKey, func(bad *groups) error {
		return c.eachEntry(false, func(key []byte, name string, e *factsEntry) error {
			if !bad.first[maphash.String(c.seed, name)%checkGroups] {
				return nil
			}
			value, err := c.side.q.get(e.bodyKey())
			if value == nil || err != nil {
				return err
			}
			f, err := decodeFacts("facts", value)
			if err != nil {
				return nil // told before
			}
			if want := FactsKey(&f.Document); want != name {
				return c.problem(tagFactsKey, key, f.Document.ID(), "its facts are of a paper with the key %q", want)
			}
			return nil
		})
	})
}

// eachEntry reads those records of table F that can be read.
func (c *checker) eachEntry(tell bool, use func(key []byte, name string, e *factsEntry) error) error {
	return c.scan(tagFactsKey, func(key, value []byte) error {
		name, err := parseFactsKeyKey(key)
		var e *factsEntry
		if err == nil {
			e, err = decodeFactsEntry(name, value)
		}
		switch {
		case err == nil:
			return use(key, name, e)
		case tell:
			return c.unreadable(tagFactsKey, key, "", err)
		}
		return nil
	})
}

// totals compares what was counted with the record of the snapshot.
func (c *checker) totals() error {
	info := c.side.info
	key := snapshotKey(info.Version)
	differs := func(what string, want, got int) error {
		if want == got {
			return nil
		}
		return c.problem(tagSnapshot, key, "", "it counts %d %s, there are %d", want, what, got)
	}
	for _, k := range graph.Kinds() {
		if err := differs(k.Plural(), info.NodesByKind[k], c.nodes[k]); err != nil {
			return err
		}
	}
	edges := 0
	for _, r := range graph.Relations() {
		if err := differs("edges "+string(r.Relation), info.EdgesByRelation[r.Relation], c.relations[r.Relation]); err != nil {
			return err
		}
		edges += c.relations[r.Relation]
	}
	if err := differs("edges", info.Edges, edges); err != nil {
		return err
	}
	if err := differs("statements", info.Statements, c.statements); err != nil {
		return err
	}
	if got := c.sum.bytes(); got != info.ContentSum {
		return c.problem(tagSnapshot, key, "", "its content sum is %x, that of its nodes and statements %x", info.ContentSum, got)
	}
	if got := c.sum.id(); got != info.ID {
		return c.problem(tagSnapshot, key, "", "its id is %s, that of its content sum %s", info.ID, got)
	}
	return nil
}
