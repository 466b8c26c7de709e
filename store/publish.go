package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"

	"papergraph/graph"
)

// Provenance says what a snapshot was made from and with.
type Provenance struct {
	Sources   []string // what was read, as the build names it
	Extractor string   // name and version
	Lexicon   string   // hash of it
	Registry  string   // hash of it
}

// Publish makes the last snapshot with what was put and without what was
// deleted the newest snapshot, durably, and ends the writer. Where neither the
// graph, nor its facts, nor extractor, lexicon and registry differ from the last
// snapshot, there is no new one and the last one's Info is returned, unless an
// interrupted build was undone. Cancelled, or on an error, nothing becomes
// visible and the writer is ended all the same.
func (w *Writer) Publish(ctx context.Context, p Provenance) (Info, error) {
	if err := w.enter(); err != nil {
		return Info{}, err
	}
	defer w.s.release()
	defer w.end()
	info, err := w.publish(ctx, p)
	if err != nil {
		return Info{}, fmt.Errorf("publish: %w", err)
	}
	return info.clone(), nil
}

func (w *Writer) publish(ctx context.Context, p Provenance) (Info, error) {
	info := Info{
		Time: time.Now().UTC(), Sources: slices.Clone(p.Sources), Extractor: p.Extractor, Lexicon: p.Lexicon, Registry: p.Registry,
		NodesByKind: make(map[graph.Kind]int), EdgesByRelation: make(map[graph.Relation]int),
	}
	if w.base != nil {
		info.Edges = w.base.Edges
		maps.Copy(info.EdgesByRelation, w.base.EdgesByRelation)
	}
	if err := w.checkPut(); err != nil {
		return Info{}, err
	}
	for _, step := range []func(context.Context, *Info) error{
		w.writeFacts, w.writeResolved, w.removeDeleted, w.writeAdjacency, w.writeAsserters, w.writeNumbers, w.writeTerms,
	} {
		if err := step(ctx, &info); err != nil {
			return Info{}, err
		}
	}
	if w.next != w.first || w.base == nil {
		if err := w.set(metaKey(metaNextUID), binary.BigEndian.AppendUint32(nil, w.next)); err != nil {
			return Info{}, err
		}
	}
	for code, n := range w.nodes {
		if n > 0 {
			info.NodesByKind[kindByCode[code]] = n
			info.Nodes += n
		}
	}
	info.Papers, info.Statements = info.NodesByKind[graph.KindPaper], w.statements
	info.ID, info.ContentSum = w.sum.id(), w.sum.bytes()
	b := w.base
	if b != nil && w.writes == 0 && !w.undone && b.Extractor == info.Extractor && b.Lexicon == info.Lexicon && b.Registry == info.Registry {
		return *b, nil
	}
	return w.commit(info)
}

// commit makes all that was written durable, then the pointer to it.
func (w *Writer) commit(info Info) (Info, error) {
	info.Version = w.ts
	record, err := encodeInfo(&info)
	if err != nil {
		return Info{}, err
	}
	if err := w.flush(); err != nil {
		return Info{}, err
	}
	if err := w.s.db.Sync(); err != nil {
		return Info{}, w.fail(err)
	}
	txn := w.s.db.NewTransactionAt(w.ts, true)
	defer txn.Discard()
	if err := txn.SetEntry(badger.NewEntry(snapshotKey(w.ts), record)); err != nil {
		return Info{}, w.fail(err)
	}
	if err := txn.CommitAt(w.ts, nil); err != nil {
		return Info{}, w.fail(err)
	}
	if err := w.s.db.Sync(); err != nil {
		return Info{}, w.fail(err)
	}
	before := uint64(0)
	if w.base != nil {
		before = w.base.Version
	}
	w.s.published(info, before, w.columns)
	return info, nil
}

// checkPut refuses edges to nodes that neither the last snapshot has nor this
// build put.
func (w *Writer) checkPut() error {
	missing := slices.IndexFunc(w.fresh, func(st nodeState) bool { return !st.put })
	if missing < 0 {
		return nil
	}
	for id, uid := range w.uids {
		if uid == w.first+uint32(missing) {
			return fmt.Errorf("%w: an edge leads to %s, which was not put", ErrPut, id)
		}
	}
	return fmt.Errorf("%w: an edge leads to a node that was not put", ErrPut)
}

// removeDeleted removes the nodes that were deleted and not put, and the
// statements and results of papers that are gone or have them no more.
func (w *Writer) removeDeleted(ctx context.Context, _ *Info) error {
	for _, id := range slices.SortedFunc(maps.Keys(w.deleted), graph.CompareIDs) {
		if err := ctx.Err(); err != nil {
			return err
		}
		uid := w.deleted[id]
		if w.state(uid).put {
			continue
		}
		if err := w.removeNode(id, uid); err != nil {
			return err
		}
		if id.Kind() == graph.KindPaper {
			if err := w.replaceBlock(tagBlock, id, uid, nil, nil, nil); err != nil {
				return err
			}
		}
	}
	for _, o := range w.orphans {
		if err := ctx.Err(); err != nil {
			return err
		}
		st, err := w.stateOf(o.result)
		if err != nil {
			return err
		}
		if st.put || st.deleted || st.kind != kindCodes[graph.KindResult] {
			continue
		}
		id, err := w.oldID(o.result)
		if err != nil {
			return err
		}
		paper, err := w.oldID(o.paper)
		if err != nil {
			return err
		}
		n, err := w.old.node(id)
		if err != nil {
			return err
		}
		if n.Result.Paper != paper {
			continue // another paper reports it too, and has it
		}
		if err := w.removeNode(id, o.result); err != nil {
			return err
		}
	}
	return nil
}

// link is an edge seen from one of its ends, as a container has it.
type link struct {
	near, far           uint32
	direction, relation byte
	remove              bool
}

// compare orders links by the keys of their containers, then by the far end.
// It is called some fifty times an edge.
func (l link) compare(o link) int {
	if l.near != o.near {
		return cmp.Compare(l.near, o.near)
	}
	if l.direction != o.direction {
		return cmp.Compare(l.direction, o.direction)
	}
	if l.relation != o.relation {
		return cmp.Compare(l.relation, o.relation)
	}
	return cmp.Compare(l.far, o.far)
}

// sameContainer says whether two links are of one container.
func (l link) sameContainer(o link) bool {
	return l.near == o.near && l.direction == o.direction && l.relation == o.relation && l.far>>16 == o.far>>16
}

// writeAdjacency writes table A where edges came or went, and counts them.
func (w *Writer) writeAdjacency(ctx context.Context, info *Info) error {
	links, err := w.links(ctx)
	if err != nil {
		return err
	}
	left, err := w.edgesOfDeleted()
	if err != nil {
		return err
	}
	var meetings []meeting
	var before, now []uint32
	var low []uint16
	for i := 0; i < len(links); {
		if i&1023 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		first := links[i]
		high := uint16(first.far >> 16)
		key := adjacentKey(first.near, first.direction, first.relation, high)
		value, err := w.oldValueOf(first.near, key)
		if err != nil {
			return err
		}
		before, now = before[:0], now[:0]
		if value != nil {
			if before, err = decodeContainer(before, high, value); err != nil {
				return err
			}
		}
		rest := before
		for ; i < len(links) && links[i].sameContainer(first); i++ {
			l := links[i]
			for len(rest) > 0 && rest[0] < l.far {
				now = append(now, rest[0])
				rest = rest[1:]
			}
			had := len(rest) > 0 && rest[0] == l.far
			if had {
				rest = rest[1:]
			}
			if !l.remove {
				now = append(now, l.far)
			} else if !had {
				return damaged("posting list", fmt.Sprintf("uid %d has no edge to %d that is stated", l.near, l.far))
			}
			if had != l.remove || l.direction != directionOut {
				continue // it stays, or is counted at the other end
			}
			delta := 1
			if l.remove {
				delta = -1
			}
			info.Edges += delta
			r := relationByCode[l.relation]
			if info.EdgesByRelation[r] += delta; info.EdgesByRelation[r] == 0 {
				delete(info.EdgesByRelation, r)
			}
			m, ok, err := w.meet(l.near, l.far, delta)
			if err != nil {
				return err
			}
			if ok {
				meetings = append(meetings, m)
			}
		}
		now = append(now, rest...)
		if n, ok := left[first.near]; ok {
			left[first.near] = n + len(now) - len(before)
		}
		var container []byte
		if len(now) > 0 {
			low = appendLows(low[:0], now)
			container = encodeContainer(low)
		}
		if err := w.change(key, value, container); err != nil {
			return err
		}
	}
	for uid, n := range left {
		if n > 0 {
			id, err := w.oldID(uid)
			if err != nil {
				return err
			}
			return fmt.Errorf("%w: an edge leads to %s, which was deleted", ErrPut, id)
		}
	}
	return w.countPapers(ctx, meetings)
}

// appendLows appends the low halves of uids.
func appendLows(dst []uint16, uids []uint32) []uint16 {
	for _, u := range uids {
		dst = append(dst, uint16(u))
	}
	return dst
}

// links lists what may differ in table A, sorted: the edges that blocks now
// have, and those that no block has any more.
func (w *Writer) links(ctx context.Context) ([]link, error) {
	added := w.added
	w.added = nil
	if len(w.removed) == 0 && len(added) > int(w.next)/8 {
		return w.sortByNear(added), nil
	}
	slices.SortFunc(added, edgeUIDs.compare)
	added = slices.Compact(added)
	slices.SortFunc(w.removed, assertion.compare)
	links := make([]link, 0, 2*(len(added)+len(w.removed)))
	add := func(e edgeUIDs, remove bool) {
		out, in := e.links()
		out.remove, in.remove = remove, remove
		links = append(links, out, in)
	}
	for _, e := range added {
		add(e, false)
	}
	for i := 0; i < len(w.removed); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		edge, start := w.removed[i].edge, i
		for i < len(w.removed) && w.removed[i].edge == edge {
			i++
		}
		if _, ok := slices.BinarySearchFunc(added, edge, edgeUIDs.compare); ok {
			continue
		}
		stays, err := w.stillStated(edge, w.removed[start:i])
		if err != nil {
			return nil, err
		}
		if !stays {
			add(edge, true)
		}
	}
	slices.SortFunc(links, link.compare)
	return links, nil
}

// links are an edge seen from either end.
func (e edgeUIDs) links() (out, in link) {
	return link{near: e.from, far: e.to, direction: directionOut, relation: e.relation},
		link{near: e.to, far: e.from, direction: directionIn, relation: e.relation}
}

// sortByNear lists the links of many edges, sorted. Each goes to the place of
// its near end at once, so that only those of one node are left to be compared.
func (w *Writer) sortByNear(edges []edgeUIDs) []link {
	starts := make([]int, w.next+1) // of the links of each uid, then of the next
	for _, e := range edges {
		starts[e.from+1]++
		starts[e.to+1]++
	}
	for uid := range w.next {
		starts[uid+1] += starts[uid]
	}
	links := make([]link, 2*len(edges))
	ends := slices.Clone(starts[:w.next])
	for _, e := range edges {
		out, in := e.links()
		links[ends[out.near]] = out
		ends[out.near]++
		links[ends[in.near]] = in
		ends[in.near]++
	}
	for uid := range w.next {
		slices.SortFunc(links[starts[uid]:starts[uid+1]], link.compare)
	}
	return slices.Compact(links)
}

// stillStated says whether a block of the last snapshot has an edge beside
// those that have it no more.
func (w *Writer) stillStated(e edgeUIDs, gone []assertion) (bool, error) {
	isGone := func(paper uint32) bool {
		return slices.ContainsFunc(gone, func(a assertion) bool { return a.paper == paper })
	}
	value, err := w.oldValueOf(e.from, assertersKey(e))
	if err != nil {
		return false, err
	}
	papers, err := decodeUIDs(value)
	if err != nil {
		return false, err
	}
	if slices.ContainsFunc(papers, func(p uint32) bool { return !isGone(p) }) {
		return true, nil
	}
	has := func(tag byte, uid uint32) (bool, error) {
		value, err := w.oldValue(uidKey(tag, uid))
		if value == nil || err != nil {
			return false, err
		}
		b, err := decodeBlock(fmt.Sprintf("statements of uid %d", uid), "", value)
		return err == nil && b.find(e) != nil, err
	}
	if !isGone(0) {
		if ok, err := has(tagCurated, e.from); ok || err != nil {
			return ok, err
		}
	}
	st, err := w.stateOf(e.from)
	if err != nil {
		return false, err
	}
	var own []uint32
	switch kindByCode[st.kind] {
	case graph.KindPaper:
		own = []uint32{e.from}
	case graph.KindResult:
		if own, err = w.reporters(e.from); err != nil {
			return false, err
		}
	}
	for _, p := range own {
		if isGone(p) {
			continue
		}
		if ok, err := has(tagBlock, p); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// reporters lists the papers that report a result in the last snapshot.
func (w *Writer) reporters(result uint32) (papers []uint32, err error) {
	prefix := append(adjacentPrefix(result), directionIn, relationCodes[graph.Reports])
	err = w.old.scan(prefix, func(key, value []byte) error {
		_, _, _, high, err := parseAdjacentKey(key)
		if err == nil {
			papers, err = decodeContainer(papers, high, value)
		}
		return err
	})
	return papers, err
}

// edgesOfDeleted counts the edges that each node that is deleted has in the
// last snapshot.
func (w *Writer) edgesOfDeleted() (map[uint32]int, error) {
	left := make(map[uint32]int)
	for uid, st := range w.known {
		if !st.deleted {
			continue
		}
		n := 0
		err := w.old.scan(adjacentPrefix(uid), func(key, value []byte) error {
			uids, err := decodeContainer(nil, 0, value)
			n += len(uids)
			return err
		})
		if err != nil {
			return nil, err
		}
		left[uid] = n
	}
	return left, nil
}

// meeting is that an edge between a paper and another node came or went. Of two
// papers, the one with the larger uid is the paper: of a paper and one that it
// cites that is mostly the one that cites, which has fewer neighbours.
type meeting struct {
	paper, other uint32
	delta        int32
}

func (w *Writer) meet(a, b uint32, delta int) (m meeting, ok bool, err error) {
	sa, err := w.stateOf(a)
	if err != nil {
		return m, false, err
	}
	sb, err := w.stateOf(b)
	if err != nil {
		return m, false, err
	}
	paper := kindCodes[graph.KindPaper]
	switch {
	case sa.kind != paper && sb.kind != paper:
		return m, false, nil
	case sa.kind != paper, sb.kind == paper && b > a:
		a, b = b, a
	}
	return meeting{paper: a, other: b, delta: int32(delta)}, true, nil
}

// countPapers brings the numbers of papers of nodes up to date: of each pair of
// a paper and a neighbour, whether there was an edge between them, and is.
func (w *Writer) countPapers(ctx context.Context, meetings []meeting) error {
	slices.SortFunc(meetings, func(a, b meeting) int {
		if a.paper != b.paper {
			return cmp.Compare(a.paper, b.paper)
		}
		return cmp.Compare(a.other, b.other)
	})
	paperKind := kindCodes[graph.KindPaper]
	var edges map[uint32]int32 // of the paper, in the last snapshot, by neighbour
	for i := 0; i < len(meetings); {
		m := meetings[i]
		if i == 0 || meetings[i-1].paper != m.paper {
			if err := ctx.Err(); err != nil {
				return err
			}
			edges = nil
			if m.paper < w.first {
				edges = make(map[uint32]int32)
				err := w.old.scan(adjacentPrefix(m.paper), func(key, value []byte) error {
					_, _, _, high, err := parseAdjacentKey(key)
					if err != nil {
						return err
					}
					uids, err := decodeContainer(nil, high, value)
					for _, u := range uids {
						edges[u]++
					}
					return err
				})
				if err != nil {
					return err
				}
			}
		}
		before := edges[m.other]
		now := before
		for ; i < len(meetings) && meetings[i].paper == m.paper && meetings[i].other == m.other; i++ {
			now += meetings[i].delta
		}
		if (before > 0) == (now > 0) {
			continue
		}
		delta := int32(1)
		if before > 0 {
			delta = -1
		}
		// An edge from a paper to itself makes it its own neighbour, once.
		w.addPapers(m.other, delta)
		if m.other != m.paper && w.state(m.other).kind == paperKind {
			w.addPapers(m.paper, delta)
		}
	}
	return nil
}

func (w *Writer) addPapers(uid uint32, delta int32) { w.state(uid).papers += delta }

// writeAsserters writes table E where papers began or ceased to state an edge.
func (w *Writer) writeAsserters(ctx context.Context, _ *Info) error {
	slices.SortFunc(w.stated, assertion.compare)
	slices.SortFunc(w.retired, assertion.compare)
	stated, retired := w.stated, w.retired
	for len(stated) > 0 || len(retired) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		var edge edgeUIDs
		switch {
		case len(retired) == 0, len(stated) > 0 && stated[0].edge.compare(retired[0].edge) < 0:
			edge = stated[0].edge
		default:
			edge = retired[0].edge
		}
		key := assertersKey(edge)
		value, err := w.oldValueOf(edge.from, key)
		if err != nil {
			return err
		}
		papers, err := decodeUIDs(value)
		if err != nil {
			return err
		}
		for ; len(retired) > 0 && retired[0].edge == edge; retired = retired[1:] {
			i, ok := slices.BinarySearch(papers, retired[0].paper)
			if !ok {
				return damaged("papers that state an edge", fmt.Sprintf("uid %d is not one of them", retired[0].paper))
			}
			papers = slices.Delete(papers, i, i+1)
		}
		for ; len(stated) > 0 && stated[0].edge == edge; stated = stated[1:] {
			papers = append(papers, stated[0].paper)
		}
		slices.Sort(papers)
		if err := w.change(key, value, encodeUIDs(slices.Compact(papers))); err != nil {
			return err
		}
	}
	return nil
}

// writeNumbers writes table V where numbers of nodes changed.
func (w *Writer) writeNumbers(ctx context.Context, _ *Info) error {
	ranges := make(map[uint32]bool)
	for uid, st := range w.known {
		if st.changed || st.papers != 0 {
			ranges[uid/columnsRange] = true
		}
	}
	for r := w.first / columnsRange; w.next > w.first && r <= (w.next-1)/columnsRange; r++ {
		ranges[r] = true
	}
	if w.base != nil && w.s.hasColumns(w.base.Version) {
		w.columns = w.columnsChange()
	}
	for _, r := range slices.Sorted(maps.Keys(ranges)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		first := r * columnsRange
		key := uidKey(tagColumns, r)
		value, err := w.oldValueOf(first, key)
		if err != nil {
			return err
		}
		ns, err := decodeNumbers(r, value)
		if err != nil {
			return err
		}
		for i := range ns {
			uid := first + uint32(i)
			var st *nodeState
			if uid < w.next {
				st = w.state(uid)
			}
			if st == nil {
				continue
			}
			n := &ns[i]
			if st.changed {
				n.year, n.words = st.year, st.words
			}
			if papers := int64(n.papers) + int64(st.papers); papers >= 0 {
				n.papers = uint32(papers)
			} else {
				return damaged("numbers of nodes", fmt.Sprintf("uid %d has %d papers", uid, papers))
			}
			if w.columns != nil {
				w.columns.numbers[uid] = *n
			}
		}
		if err := w.change(key, value, encodeNumbers(&ns)); err != nil {
			return err
		}
	}
	return nil
}

// columnsChange is what the build changes in columns, but for numbers.
func (w *Writer) columnsChange() *columnsChange {
	c := &columnsChange{removed: make(map[uint32]bool), numbers: make(map[uint32]numbers)}
	for id, uid := range w.uids {
		if uid >= w.first {
			c.added = append(c.added, columnsID{id, uid})
		}
	}
	slices.SortFunc(c.added, func(a, b columnsID) int { return graph.CompareIDs(a.id, b.id) })
	for uid, st := range w.known {
		if st.deleted {
			c.removed[uid] = true
		}
	}
	return c
}

// writeTerms writes table T: to what is there of each touched range of a term,
// the changes that were gathered are applied.
func (w *Writer) writeTerms(ctx context.Context, _ *Info) error {
	if len(w.indexed) > 0 && len(w.index.runs) > 0 {
		if err := w.advance(); err != nil { // values may be written again
			return err
		}
	}
	ranges := make(map[uint32]bool)
	n := 0
	for change := range w.index.changes() {
		if n++; n&1023 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		key := termKey(change.term, change.uidRange)
		ranges[change.uidRange] = true
		var value []byte
		var err error
		if w.indexed[change.uidRange] {
			value, err = w.now().get(key)
		} else {
			value, err = w.oldValueOf(change.uidRange<<termRangeBits, key)
		}
		if err != nil {
			return err
		}
		before, err := decodePostings(nil, change.uidRange, value)
		if err != nil {
			return err
		}
		var now []byte
		if ps := mergePostings(before, change.postings); len(ps) > 0 {
			now = encodePostings(ps)
		}
		if err := w.change(key, value, now); err != nil {
			return err
		}
	}
	maps.Copy(w.indexed, ranges)
	w.index.written()
	return nil
}
