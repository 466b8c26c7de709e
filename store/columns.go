package store

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"papergraph/graph"
)

// columns are what the answers of a snapshot are ordered and filtered by, in
// memory, by uid: reading them from disk for each neighbour would cost a
// thousand times as much. Uids depend on the order in which a store was filled;
// the rank of an id among all ids does not, and decides wherever nothing else
// does. They take some 70 bytes a node and are shared by all snapshots of one
// version.
type columns struct {
	text   string   // all ids, in the order of rank
	starts []uint32 // by rank, where the id begins in text; one more at the end
	uids   []uint32 // by rank
	ranks  []uint32 // by uid; noRank where no node has it
	kinds  []byte   // by uid
	first  [maxKind + 2]int

	year   []uint16 // by uid; 0 unless a paper with a year
	papers []uint32 // by uid; see [Snapshot.Degree]
	words  []uint32 // by uid; weighted length of the searchable text

	docs, totalWords uint64 // over all nodes with words

	tallies sync.Pool // of *tally, all zero
	named   nameCache
	// searched holds what was read for searches.
	searched wordCache
	beside   neighbourCache
	tied     relationCache
	sets     [maxKind + 1]kindSet

	// details holds what conditions ask of records, by kind, once it was read.
	details [maxKind + 1]struct {
		mu   sync.Mutex
		read *nodeDetails
	}

	// order holds the uids of each kind as [Snapshot.List] has them, made when
	// first asked for.
	order [maxKind + 1]struct {
		once sync.Once
		uids []uint32
	}
}

const (
	maxKind = 9 // the largest of kindCodes
	noRank  = math.MaxUint32
)

// columnsRange is how many uids one value of table V covers, columnsWidth how
// many bytes each has: year u16, papers u32, words u32.
const (
	columnsRange = 1 << 6
	columnsWidth = 10
)

// newColumns returns columns without nodes, to which ids are added in order.
func newColumns() *columns { return &columns{starts: []uint32{0}} }

// columnsBuilder gathers ids in the order of rank.
type columnsBuilder struct {
	c    *columns
	text strings.Builder
	kind byte
}

func (b *columnsBuilder) add(kind byte, id string, uid uint32) error {
	c := b.c
	if uid == 0 || uid == noRank || b.text.Len()+len(id) > math.MaxUint32 {
		return damaged("table of ids", fmt.Sprintf("uid %d of %s", uid, id))
	}
	for b.kind < kind {
		b.kind++
		c.first[b.kind] = len(c.uids)
	}
	if need := int(uid) + 1; need > len(c.ranks) {
		old := len(c.ranks)
		c.ranks = slices.Grow(c.ranks, need-old)[:need]
		c.kinds = slices.Grow(c.kinds, need-old)[:need]
		for i := old; i < need; i++ {
			c.ranks[i], c.kinds[i] = noRank, 0
		}
	}
	if c.ranks[uid] != noRank {
		return damaged("table of ids", fmt.Sprintf("uid %d stands for two nodes, one of them %s", uid, id))
	}
	c.ranks[uid] = uint32(len(c.uids))
	c.kinds[uid] = kind
	c.uids = append(c.uids, uid)
	b.text.WriteString(id)
	c.starts = append(c.starts, uint32(b.text.Len()))
	return nil
}

func (b *columnsBuilder) finish() {
	c := b.c
	for b.kind <= maxKind {
		b.kind++
		c.first[b.kind] = len(c.uids)
	}
	c.text = b.text.String()
	c.year = make([]uint16, len(c.ranks))
	c.papers = make([]uint32, len(c.ranks))
	c.words = make([]uint32, len(c.ranks))
}

// maxUIDs bounds the memory that a damaged uid can ask for: uids of deleted
// nodes are not used again, but a store whose numbers run this far beyond its
// nodes does not come about.
func maxUIDs(nodes int) uint32 { return uint32(min(math.MaxUint32-1, 1<<24+64*nodes)) }

// loadColumns reads the columns of a snapshot.
func loadColumns(q *reader, info Info) (*columns, error) {
	b := &columnsBuilder{c: newColumns()}
	limit := maxUIDs(info.Nodes)
	err := q.scan([]byte{tagUID}, func(key, value []byte) error {
		id, err := parseIDKey(tagUID, key)
		if err != nil {
			return err
		}
		if len(value) != 4 || binary.BigEndian.Uint32(value) > limit {
			return damaged("table of ids", fmt.Sprintf("uid %x of %s", value, id))
		}
		return b.add(key[1], string(id), binary.BigEndian.Uint32(value))
	})
	if err != nil {
		return nil, err
	}
	b.finish()
	c := b.c
	for _, k := range graph.Kinds() {
		if got, want := c.count(kindCodes[k]), info.NodesByKind[k]; got != want {
			return nil, damaged("table of ids", fmt.Sprintf("%d %s where the snapshot has %d", got, k.Plural(), want))
		}
	}
	err = q.scan([]byte{tagColumns}, func(key, value []byte) error {
		n, err := parseUIDKey(tagColumns, key)
		if err != nil {
			return err
		}
		return c.decode(n, value)
	})
	if err != nil {
		return nil, err
	}
	c.countWords()
	return c, nil
}

func (c *columns) countWords() {
	for _, w := range c.words {
		if w > 0 {
			c.docs++
			c.totalWords += uint64(w)
		}
	}
}

// decode reads one value of table V.
func (c *columns) decode(uidRange uint32, b []byte) error {
	first := uint64(uidRange) * columnsRange
	ns, err := decodeNumbers(uidRange, b)
	if err != nil {
		return err
	}
	for i, n := range ns {
		uid := first + uint64(i)
		if n == (numbers{}) {
			continue
		}
		if uid >= uint64(len(c.ranks)) {
			return damaged("numbers of nodes", fmt.Sprintf("%v at %d, where no node is", n, uid))
		}
		c.year[uid], c.papers[uid], c.words[uid] = n.year, n.papers, n.words
	}
	return nil
}

// columnsChange is what a build changes in columns.
type columnsChange struct {
	added   []columnsID // in the order of [graph.CompareIDs]
	removed map[uint32]bool
	numbers map[uint32]numbers // by uid, where they changed
}

type columnsID struct {
	id  graph.ID
	uid uint32
}

// changed makes the columns of the next snapshot.
func (c *columns) changed(d *columnsChange) (*columns, error) {
	n := newColumns()
	size := len(c.uids) + len(d.added)
	n.starts = slices.Grow(n.starts, size)
	n.uids = make([]uint32, 0, size)
	b := &columnsBuilder{c: n}
	b.text.Grow(len(c.text))
	rank := 0
	keep := func(end int) error { // those up to a rank, without what is removed
		for ; rank < end; rank++ {
			uid := c.uids[rank]
			if d.removed[uid] {
				continue
			}
			if err := b.add(c.kinds[uid], string(c.idAt(uint32(rank))), uid); err != nil {
				return err
			}
		}
		return nil
	}
	for _, a := range d.added {
		code := kindCodes[a.id.Kind()]
		end, _ := c.search(code, a.id)
		if err := keep(end); err != nil {
			return nil, err
		}
		if err := b.add(code, string(a.id), a.uid); err != nil {
			return nil, err
		}
	}
	if err := keep(len(c.uids)); err != nil {
		return nil, err
	}
	b.finish()
	copy(n.year, c.year)
	copy(n.papers, c.papers)
	copy(n.words, c.words)
	for uid, v := range d.numbers {
		switch {
		case uint64(uid) < uint64(len(n.ranks)):
			n.year[uid], n.papers[uid], n.words[uid] = v.year, v.papers, v.words
		case v != (numbers{}):
			return nil, damaged("numbers of nodes", fmt.Sprintf("%v at %d, where no node is", v, uid))
		}
	}
	n.countWords()
	return n, nil
}

// numbers are what table V has of one node; see [columns].
type numbers struct {
	year   uint16
	papers uint32
	words  uint32
}

// encodeNumbers writes the numbers of a range of uids, as far as any is not
// zero; nil is none at all.
func encodeNumbers(ns *[columnsRange]numbers) []byte {
	n := len(ns)
	for n > 0 && ns[n-1] == (numbers{}) {
		n--
	}
	if n == 0 {
		return nil
	}
	b := make([]byte, 0, n*columnsWidth)
	for _, v := range ns[:n] {
		b = binary.BigEndian.AppendUint16(b, v.year)
		b = binary.BigEndian.AppendUint32(b, v.papers)
		b = binary.BigEndian.AppendUint32(b, v.words)
	}
	return b
}

// decodeNumbers reads what encodeNumbers wrote. The error wraps [ErrDamaged].
func decodeNumbers(uidRange uint32, b []byte) (ns [columnsRange]numbers, err error) {
	if len(b)%columnsWidth != 0 || len(b) > columnsRange*columnsWidth {
		return ns, damaged("numbers of nodes", fmt.Sprintf("%d bytes in range %d", len(b), uidRange))
	}
	for i := 0; len(b) > 0; i++ {
		ns[i] = numbers{year: binary.BigEndian.Uint16(b), papers: binary.BigEndian.Uint32(b[2:]), words: binary.BigEndian.Uint32(b[6:])}
		b = b[columnsWidth:]
	}
	return ns, nil
}

// id is the id of a uid that a node has.
func (c *columns) id(uid uint32) graph.ID { return c.idAt(c.ranks[uid]) }

func (c *columns) idAt(rank uint32) graph.ID {
	return graph.ID(c.text[c.starts[rank]:c.starts[rank+1]])
}

// has says whether a node has the uid.
func (c *columns) has(uid uint32) bool {
	return uint64(uid) < uint64(len(c.ranks)) && c.ranks[uid] != noRank
}

// uid finds the uid of an id; ok is false where there is no such node.
func (c *columns) uid(id graph.ID) (uid uint32, ok bool) {
	code := kindCodes[id.Kind()]
	if code == 0 {
		return 0, false
	}
	rank, found := c.search(code, id)
	if !found {
		return 0, false
	}
	return c.uids[rank], true
}

// node is the uid of a node that must be there: the error wraps [ErrNotFound]
// where it is not.
func (c *columns) node(id graph.ID) (uid uint32, err error) {
	uid, ok := c.uid(id)
	if !ok {
		return 0, fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	return uid, nil
}

// search finds the rank that an id of a kind has or would have.
func (c *columns) search(code byte, id graph.ID) (rank int, found bool) {
	lo, hi := c.first[code], c.first[code+1]
	i, found := slices.BinarySearchFunc(c.uids[lo:hi], id, func(u uint32, id graph.ID) int {
		return strings.Compare(string(c.id(u)), string(id))
	})
	return lo + i, found
}

func (c *columns) count(code byte) int { return c.first[code+1] - c.first[code] }

// compare orders uids as lists of neighbours are ordered: by year, newest
// first, then by number of papers, largest first, then by id.
func (c *columns) compare(a, b uint32) int {
	return cmp.Or(cmp.Compare(c.year[b], c.year[a]), cmp.Compare(c.papers[b], c.papers[a]), cmp.Compare(c.ranks[a], c.ranks[b]))
}

// compareInList orders the uids of one kind as [Snapshot.List] does.
func (c *columns) compareInList(a, b uint32) int {
	if c.kinds[a] == kindCodes[graph.KindPaper] {
		return cmp.Or(cmp.Compare(c.year[b], c.year[a]), cmp.Compare(c.ranks[a], c.ranks[b]))
	}
	return c.compareSupport(a, b)
}

// compareSupport orders uids by number of papers, largest first, then by id.
func (c *columns) compareSupport(a, b uint32) int {
	return cmp.Or(cmp.Compare(c.papers[b], c.papers[a]), cmp.Compare(c.ranks[a], c.ranks[b]))
}

// list is all nodes of a kind in list order. It must not be changed.
func (c *columns) list(code byte) []uint32 {
	o := &c.order[code]
	o.once.Do(func() {
		o.uids = slices.Clone(c.uids[c.first[code]:c.first[code+1]])
		slices.SortFunc(o.uids, c.compareInList)
	})
	return o.uids
}

// kindMask is a set of kinds; empty means all.
type kindMask uint16

func maskOf(kinds []graph.Kind) (kindMask, error) {
	var m kindMask
	for _, k := range kinds {
		code := kindCodes[k]
		if code == 0 {
			return 0, fmt.Errorf("%w %q: expected one of %v", graph.ErrKind, k, graph.Kinds())
		}
		m |= 1 << code
	}
	return m, nil
}

func (m kindMask) has(code byte) bool { return m == 0 || m&(1<<code) != 0 }
