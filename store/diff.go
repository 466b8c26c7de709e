package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/dgraph-io/badger/v4"

	"papergraph/graph"
)

// Diff is what differs between two snapshots.
type Diff struct {
	From  Info      `json:"from"`
	To    Info      `json:"to"`
	Nodes NodesDiff `json:"nodes"`
	Edges EdgesDiff `json:"edges"`
	// Names are those of the nodes at the ends of the edges listed: of To where
	// it has the node, else of From.
	Names map[graph.ID]string `json:"names"`
}

// NodesDiff is what differs between the nodes of two snapshots. The lists are
// in the order of [graph.CompareNodes] and may be cut; the counts are of all.
type NodesDiff struct {
	Counts  Changes                `json:"counts"`
	ByKind  map[graph.Kind]Changes `json:"byKind"`
	Added   []graph.Node           `json:"added"`
	Removed []graph.Node           `json:"removed"`
	Changed []NodeChange           `json:"changed"`
}

// EdgesDiff is what differs between the edges of two snapshots. The lists are
// in the order of [graph.CompareEdges] and may be cut; the counts are of all.
type EdgesDiff struct {
	Counts     Changes                    `json:"counts"`
	ByRelation map[graph.Relation]Changes `json:"byRelation"`
	Added      []graph.Edge               `json:"added"`
	Removed    []graph.Edge               `json:"removed"`
	Changed    []EdgeChange               `json:"changed"`
}

// Changes counts what was added, removed and changed.
type Changes struct {
	Added   int `json:"added"`
	Removed int `json:"removed"`
	Changed int `json:"changed"`
}

// Total is the sum of the counts.
func (c Changes) Total() int { return c.Added + c.Removed + c.Changed }

// The ways in which a thing differs, as places of [Changes].
type change int

const (
	changeAdded change = iota
	changeRemoved
	changeChanged
)

func (c Changes) with(what change) Changes {
	switch what {
	case changeAdded:
		c.Added++
	case changeRemoved:
		c.Removed++
	default:
		c.Changed++
	}
	return c
}

// NodeChange says what changed of a node.
type NodeChange struct {
	ID     graph.ID      `json:"id"`
	Name   string        `json:"name"` // as it is in To
	Fields []FieldChange `json:"fields"`
}

// FieldChange says what a field of a node, named as in its JSON, lost and
// gained. A list that has only another order loses and gains all.
type FieldChange struct {
	Field   string   `json:"field"`
	Removed []string `json:"removed,omitempty"`
	Added   []string `json:"added,omitempty"`
}

// EdgeChange says which statements of an edge came and went.
type EdgeChange struct {
	From     graph.ID          `json:"from"`
	Relation graph.Relation    `json:"relation"`
	To       graph.ID          `json:"to"`
	Removed  []graph.Statement `json:"removed,omitempty"`
	Added    []graph.Statement `json:"added,omitempty"`
}

// Diff compares two snapshots, named as [Store.At] has them; "" is the newest.
// Each list holds max at most, the first in its order; 0 is no bound. The cost
// is that of what was written between the two, and of reading through those
// tables of the engine that any of it lies in. The error wraps [ErrNoSnapshot]
// or [ErrEmpty].
func (s *Store) Diff(ctx context.Context, from, to string, max int) (*Diff, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	_, release := s.pin()
	defer release()
	d := &differ{s: s, ctx: ctx, max: max, diff: &Diff{
		Nodes: NodesDiff{ByKind: make(map[graph.Kind]Changes), Added: []graph.Node{}, Removed: []graph.Node{}, Changed: []NodeChange{}},
		Edges: EdgesDiff{ByRelation: make(map[graph.Relation]Changes), Added: []graph.Edge{}, Removed: []graph.Edge{}, Changed: []EdgeChange{}},
		Names: make(map[graph.ID]string),
	}}
	if max <= 0 {
		d.max = math.MaxInt
	}
	for _, side := range []struct {
		name string
		info *Info
		side **side
	}{{from, &d.diff.From, &d.from}, {to, &d.diff.To, &d.to}} {
		info, err := s.find(side.name)
		if err != nil {
			return nil, err
		}
		*side.info = info.clone()
		*side.side = newSide(s, info)
		defer (*side.side).close()
	}
	if err := d.nodes(); err != nil {
		return nil, fmt.Errorf("compare nodes: %w", err)
	}
	if err := d.edges(); err != nil {
		return nil, fmt.Errorf("compare edges: %w", err)
	}
	return d.diff, nil
}

// differ computes a Diff.
type differ struct {
	s        *Store
	ctx      context.Context
	from, to *side
	max      int
	diff     *Diff
	// moved are uids of nodes that were deleted and put again in between, and
	// have another uid in the snapshot from: by the uid in the snapshot to.
	moved map[uint32]uint32
}

// changed calls fn for every key of a table that was written between the two
// versions, in order. What fn is given is valid during the call only.
func (d *differ) changed(tag byte, fn func(key []byte) error) error {
	low, high := d.from.info.Version, d.to.info.Version
	if low > high {
		low, high = high, low
	}
	if low == high {
		return nil
	}
	txn := d.s.db.NewTransactionAt(high, false)
	defer txn.Discard()
	it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{tag}, AllVersions: true, SinceTs: low})
	defer it.Close()
	var last []byte
	n := 0
	for it.Rewind(); it.Valid(); it.Next() {
		if n++; n&1023 == 1 {
			if err := d.ctx.Err(); err != nil {
				return err
			}
		}
		if key := it.Item().Key(); !bytes.Equal(key, last) {
			last = append(last[:0], key...)
			if err := fn(last); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *differ) nodes() error {
	n := &d.diff.Nodes
	return d.changed(tagNode, func(key []byte) error {
		id, err := parseIDKey(tagNode, key)
		if err != nil {
			return err
		}
		var records [2][]byte
		var nodes [2]*graph.Node
		for i, side := range []*side{d.from, d.to} {
			if records[i], err = side.q.get(key); err != nil {
				return err
			}
			if records[i] != nil {
				if nodes[i], err = decodeNode(id, records[i]); err != nil {
					return err
				}
			}
		}
		what := changeChanged
		switch {
		case bytes.Equal(records[0], records[1]): // both nil, too
			return nil
		case records[0] == nil:
			what = changeAdded
			if n.Counts.Added < d.max {
				n.Added = append(n.Added, *nodes[1])
			}
		case records[1] == nil:
			what = changeRemoved
			if n.Counts.Removed < d.max {
				n.Removed = append(n.Removed, *nodes[0])
			}
		default:
			if n.Counts.Changed < d.max {
				n.Changed = append(n.Changed, NodeChange{ID: id, Name: nodes[1].Name, Fields: fieldChanges(nodes[0], nodes[1])})
			}
		}
		n.Counts = n.Counts.with(what)
		n.ByKind[id.Kind()] = n.ByKind[id.Kind()].with(what)
		return nil
	})
}

// fieldChanges lists the fields of two nodes with one id that differ, in the
// order of their JSON.
func fieldChanges(before, now *graph.Node) []FieldChange {
	var changes []FieldChange
	a, b := nodeFields(before), nodeFields(now)
	for i := range a {
		if c := (FieldChange{Field: a[i].name}); !slices.Equal(a[i].values, b[i].values) {
			c.Removed, c.Added = difference(a[i].values, b[i].values), difference(b[i].values, a[i].values)
			if c.Removed == nil && c.Added == nil {
				c.Removed, c.Added = a[i].values, b[i].values
			}
			changes = append(changes, c)
		}
	}
	return changes
}

// difference is what a has and b has not.
func difference(a, b []string) []string {
	var out []string
	for _, s := range a {
		if !slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

type nodeField struct {
	name   string
	values []string
}

// nodeFields lists all that a node says, the same fields of every node.
func nodeFields(n *graph.Node) []nodeField {
	one := func(s string) []string {
		if s == "" {
			return nil
		}
		return []string{s}
	}
	var decisions []string
	for _, d := range n.Decisions {
		text := fmt.Sprintf("%s %q: %s", d.Kind, d.Name, d.Reason)
		if d.Detail != "" {
			text += ", " + d.Detail
		}
		decisions = append(decisions, fmt.Sprintf("%s (%d)", text, d.Papers))
	}
	var p graph.Document
	if n.Paper != nil {
		p = *n.Paper
	}
	year := ""
	if p.Year != 0 {
		year = strconv.Itoa(p.Year)
	}
	var outside, links []string
	for _, o := range p.OutsideIDs {
		outside = append(outside, o.String())
	}
	for _, l := range p.Links {
		text := fmt.Sprintf("%s %s", l.Kind, l.URL)
		if l.Evidence.Quote != "" {
			text += fmt.Sprintf(" (%s %d:%d, %q)", l.Evidence.Field, l.Evidence.Start, l.Evidence.End, l.Evidence.Quote)
		}
		links = append(links, text)
	}
	var r graph.ResultNode
	if n.Result != nil {
		r = *n.Result
	}
	return []nodeField{
		{"name", one(n.Name)}, {"aliases", n.Aliases}, {"better", one(string(n.Better))}, {"decisions", decisions},
		{"paper.title", one(p.Title)}, {"paper.abstract", one(p.Abstract)}, {"paper.year", one(year)}, {"paper.venue", one(p.Venue)},
		{"paper.authors", p.Authors}, {"paper.keywords", p.Keywords}, {"paper.outsideIds", outside}, {"paper.links", links},
		{"result.paper", one(string(r.Paper))}, {"result.value", one(r.Value)}, {"result.unit", one(r.Unit)},
		{"result.comparison", one(string(r.Comparison))}, {"result.metric", one(string(r.Metric))}, {"result.method", one(string(r.Method))},
		{"result.dataset", one(string(r.Dataset))}, {"result.baseline", one(r.Baseline)},
	}
}

// edges finds out first which edges have other statements, by their uids alone,
// and reads the statements of those that are listed.
func (d *differ) edges() error {
	touched, err := d.touched()
	if err != nil {
		return err
	}
	e := &d.diff.Edges
	lists := make([]*firstEdges, 3)
	for i := range lists {
		lists[i] = &firstEdges{max: d.max}
	}
	for i, k := range touched {
		if i&1023 == 0 {
			if err := d.ctx.Err(); err != nil {
				return err
			}
		}
		had, err := d.from.has(d.before(k))
		if err != nil {
			return err
		}
		has, err := d.to.has(k)
		if err != nil {
			return err
		}
		what := changeChanged
		switch {
		case !had && !has:
			return damaged("posting lists", fmt.Sprintf("neither snapshot has the edge of uids %d and %d that is stated", k.from, k.to))
		case !had:
			what = changeAdded
		case !has:
			what = changeRemoved
		}
		relation := relationByCode[k.relation]
		e.Counts = e.Counts.with(what)
		e.ByRelation[relation] = e.ByRelation[relation].with(what)
		if err := d.list(lists[what], k, has); err != nil {
			return err
		}
	}
	for what, l := range lists {
		l.sort()
		for _, listed := range l.edges {
			before, err := d.from.statements(d.before(listed.uids))
			if err != nil {
				return err
			}
			now, err := d.to.statements(listed.uids)
			if err != nil {
				return err
			}
			k := listed.key
			switch change(what) {
			case changeAdded:
				e.Added = append(e.Added, graph.Edge{From: k.From, Relation: k.Relation, To: k.To, Statements: now})
			case changeRemoved:
				e.Removed = append(e.Removed, graph.Edge{From: k.From, Relation: k.Relation, To: k.To, Statements: before})
			default:
				c := EdgeChange{From: k.From, Relation: k.Relation, To: k.To}
				c.Removed, c.Added = statementsBut(before, now), statementsBut(now, before)
				e.Changed = append(e.Changed, c)
			}
			for i, id := range []graph.ID{k.From, k.To} {
				d.diff.Names[id] = listed.names[i]
			}
		}
	}
	return nil
}

// statementsBut is what a has and b has not.
func statementsBut(a, b []graph.Statement) []graph.Statement {
	var out []graph.Statement
	for _, s := range a {
		if !slices.ContainsFunc(b, func(o graph.Statement) bool { return sameStatement(s, o) }) {
			out = append(out, s)
		}
	}
	return out
}

func sameStatement(a, b graph.Statement) bool {
	return a.Paper == b.Paper && a.Class == b.Class && a.Rule == b.Rule && a.Confidence == b.Confidence && slices.Equal(a.Evidence, b.Evidence)
}

// list adds an edge to a list of the first.
func (d *differ) list(l *firstEdges, k edgeUIDs, has bool) error {
	at, own := d.to, k
	if !has {
		at, own = d.from, d.before(k)
	}
	from, err := at.label(own.from)
	if err != nil {
		return err
	}
	to, err := at.label(own.to)
	if err != nil {
		return err
	}
	l.add(listedEdge{uids: k, key: EdgeKey{From: from.id, Relation: relationByCode[k.relation], To: to.id}, names: [2]string{from.name, to.name}})
	return nil
}

// listedEdge is an edge that a list may have.
type listedEdge struct {
	uids  edgeUIDs
	key   EdgeKey
	names [2]string
}

func (e listedEdge) compare(o listedEdge) int {
	return graph.CompareEdges(graph.Edge{From: e.key.From, Relation: e.key.Relation, To: e.key.To},
		graph.Edge{From: o.key.From, Relation: o.key.Relation, To: o.key.To})
}

// firstEdges keeps those edges of many that come first.
type firstEdges struct {
	max   int
	edges []listedEdge // ascending, once sorted
	limit *listedEdge  // what comes after it is not one of the first
}

func (l *firstEdges) add(e listedEdge) {
	if l.limit != nil && e.compare(*l.limit) >= 0 {
		return
	}
	l.edges = append(l.edges, e)
	if l.max < math.MaxInt/2 && len(l.edges) >= 2*l.max+16 {
		l.sort()
	}
}

// sort brings the edges into order and drops those that are too many.
func (l *firstEdges) sort() {
	slices.SortFunc(l.edges, listedEdge.compare)
	if len(l.edges) > l.max {
		l.edges = l.edges[:l.max]
		last := l.edges[l.max-1]
		l.limit = &last
	}
}

// touched lists the edges of which a statement block differs, by the uids that
// they have in the snapshot to, or else from, ascending.
func (d *differ) touched() ([]edgeUIDs, error) {
	var touched []edgeUIDs
	d.moved = make(map[uint32]uint32)
	for _, tag := range []byte{tagBlock, tagCurated} {
		err := d.changed(tag, func(key []byte) error {
			uid, err := parseUIDKey(tag, key)
			if err != nil {
				return err
			}
			own, other, err := d.both(uid)
			if err != nil {
				return err
			}
			before, err := d.from.stated(tag, own)
			if err != nil {
				return err
			}
			now, err := d.to.stated(tag, other)
			if err != nil {
				return err
			}
			for k, statements := range before {
				own, err := d.canonical(k)
				if err != nil {
					return err
				}
				if !slices.EqualFunc(statements, now[own], sameStatement) {
					touched = append(touched, own)
				}
				delete(now, own)
			}
			for k := range now {
				touched = append(touched, k)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(touched, edgeUIDs.compare)
	return slices.Compact(touched), nil
}

// both finds the uids that the node of a statement block has in either
// snapshot, 0 for none. One that was deleted and put again in between has two,
// and is taken at that of the snapshot to alone.
func (d *differ) both(uid uint32) (from, to uint32, err error) {
	now, ok, err := d.to.find(uid)
	if err != nil {
		return 0, 0, err
	}
	before, had, err := d.from.find(uid)
	switch {
	case err != nil || !ok && !had:
		return 0, 0, err
	case ok && had:
		return uid, uid, nil
	case ok:
		from, err = d.from.uid(now.id)
		return from, uid, err
	}
	if to, err = d.to.uid(before.id); to != 0 || err != nil {
		return 0, 0, err
	}
	return uid, 0, nil
}

// canonical is an edge of the snapshot from by the uids that its ends have in
// the snapshot to, where they are nodes there.
func (d *differ) canonical(k edgeUIDs) (edgeUIDs, error) {
	for _, uid := range []*uint32{&k.from, &k.to} {
		if _, ok, err := d.to.find(*uid); ok || err != nil {
			if err != nil {
				return k, err
			}
			continue
		}
		l, err := d.from.label(*uid)
		if err != nil {
			return k, err
		}
		now, err := d.to.uid(l.id)
		if err != nil {
			return k, err
		}
		if now != 0 {
			d.moved[now] = *uid
			*uid = now
		}
	}
	return k, nil
}

// before is an edge by the uids that its ends have in the snapshot from.
func (d *differ) before(k edgeUIDs) edgeUIDs {
	if uid, ok := d.moved[k.from]; ok {
		k.from = uid
	}
	if uid, ok := d.moved[k.to]; ok {
		k.to = uid
	}
	return k
}

// side reads one of two snapshots without the columns of its nodes, whose
// loading costs what the whole graph has.
type side struct {
	info   Info
	q      *reader
	labels map[uint32]label
	blocks map[blockKey]*block
	texts  map[uint32]*texts
	// container is the last that has was asked about, by its key.
	containerKey []byte
	container    []uint32
}

type blockKey struct {
	tag byte
	uid uint32
}

// label is a value of table L.
type label struct {
	id   graph.ID
	name string
}

// maxLabels bounds the labels that a side keeps.
const maxLabels = 1 << 16

func newSide(s *Store, info Info) *side {
	return &side{info: info, q: newReader(s.db, info.Version), labels: make(map[uint32]label),
		blocks: make(map[blockKey]*block), texts: make(map[uint32]*texts)}
}

func (x *side) close() { x.q.close() }

// find reads the label of a uid; ok is false where no node has it.
func (x *side) find(uid uint32) (l label, ok bool, err error) {
	if l, ok := x.labels[uid]; ok {
		return l, l.id != "", nil
	}
	value, err := x.q.get(uidKey(tagLabel, uid))
	if err != nil {
		return l, false, err
	}
	if value != nil {
		if l.id, l.name, err = decodeLabel(uid, value); err != nil {
			return l, false, err
		}
	}
	if len(x.labels) >= maxLabels {
		clear(x.labels)
	}
	x.labels[uid] = l
	return l, value != nil, nil
}

// uid is the uid of an id; 0 where no node has it.
func (x *side) uid(id graph.ID) (uint32, error) {
	value, err := x.q.get(idKey(tagUID, id))
	if value == nil || err != nil {
		return 0, err
	}
	if len(value) != 4 {
		return 0, damaged("table of ids", fmt.Sprintf("uid %x of %s", value, id))
	}
	return binary.BigEndian.Uint32(value), nil
}

// label is find for a uid that a node must have.
func (x *side) label(uid uint32) (label, error) {
	l, ok, err := x.find(uid)
	if err == nil && !ok {
		err = damaged("table of labels", fmt.Sprintf("uid %d is no node's", uid))
	}
	return l, err
}

// has says whether an edge is in the posting list of the node that it begins
// at.
func (x *side) has(k edgeUIDs) (bool, error) {
	high := uint16(k.to >> 16)
	key := adjacentKey(k.from, directionOut, k.relation, high)
	if !bytes.Equal(key, x.containerKey) {
		value, err := x.q.get(key)
		if err != nil {
			return false, err
		}
		x.containerKey, x.container = key, x.container[:0]
		if value != nil {
			if x.container, err = decodeContainer(x.container, high, value); err != nil {
				return false, err
			}
		}
	}
	_, ok := slices.BinarySearch(x.container, k.to)
	return ok, nil
}

// block reads a statement block; nil is none.
func (x *side) block(tag byte, uid uint32) (*block, error) {
	key := blockKey{tag, uid}
	if b, ok := x.blocks[key]; ok {
		return b, nil
	}
	if uid == 0 {
		return nil, nil
	}
	value, err := x.q.get(uidKey(tag, uid))
	if err != nil {
		return nil, err
	}
	var b *block
	if value != nil {
		l, err := x.label(uid)
		if err != nil {
			return nil, err
		}
		what, paper := "statements of "+string(l.id), l.id
		if tag == tagCurated {
			what, paper = "curated edges of "+string(l.id), ""
		}
		if b, err = decodeBlock(what, paper, value); err != nil {
			return nil, err
		}
	}
	if len(x.blocks) >= maxBlocks {
		clear(x.blocks)
		clear(x.texts)
	}
	x.blocks[key] = b
	return b, nil
}

// stated is what a block states of each edge; none where there is no block.
func (x *side) stated(tag byte, uid uint32) (map[edgeUIDs][]graph.Statement, error) {
	b, err := x.block(tag, uid)
	if b == nil || err != nil {
		return nil, err
	}
	stated := make(map[edgeUIDs][]graph.Statement, len(b.Edges))
	for i := range b.Edges {
		r := &b.Edges[i]
		if stated[r.key()], err = x.statementsOf(nil, b, uid, r); err != nil {
			return nil, err
		}
	}
	return stated, nil
}

// statementsOf appends what a block, that of a uid, states of an edge.
func (x *side) statementsOf(dst []graph.Statement, b *block, uid uint32, r *edgeRecord) ([]graph.Statement, error) {
	if b.paper == "" {
		return b.statements(dst, r, nil)
	}
	t, ok := x.texts[uid]
	if !ok {
		n, err := x.q.node(b.paper)
		if err != nil {
			return nil, err
		}
		if n.Paper == nil {
			return nil, damaged(b.what, "stated by what is not a paper")
		}
		t = newTexts(n.Paper)
		x.texts[uid] = t
	}
	return b.statements(dst, r, t)
}

// statements reads all statements of an edge, in the order of
// [graph.SortStatements].
func (x *side) statements(k edgeUIDs) ([]graph.Statement, error) {
	l, ok, err := x.find(k.from)
	if !ok || err != nil {
		return nil, err
	}
	value, err := x.q.get(assertersKey(k))
	if err != nil {
		return nil, err
	}
	papers, err := decodeUIDs(value)
	if err != nil {
		return nil, err
	}
	switch l.id.Kind() {
	case graph.KindPaper:
		papers = append(papers, k.from)
	case graph.KindResult:
		err := x.q.scan(append(adjacentPrefix(k.from), directionIn, relationCodes[graph.Reports]), func(key, value []byte) error {
			_, _, _, high, err := parseAdjacentKey(key)
			if err == nil {
				papers, err = decodeContainer(papers, high, value)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(papers)
	var statements []graph.Statement
	add := func(tag byte, uid uint32) error {
		b, err := x.block(tag, uid)
		if b == nil || err != nil {
			return err
		}
		if r := b.find(k); r != nil {
			statements, err = x.statementsOf(statements, b, uid, r)
		}
		return err
	}
	for _, p := range slices.Compact(papers) {
		if err := add(tagBlock, p); err != nil {
			return nil, err
		}
	}
	if err := add(tagCurated, k.from); err != nil {
		return nil, err
	}
	graph.SortStatements(statements)
	return statements, nil
}
