package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/dgraph-io/badger/v4"

	"papergraph/graph"
)

// Publish makes what was put the newest snapshot, durably, and ends the
// writer. Where nothing differs from the last snapshot there is no new one and
// the last one's Info is returned. Cancelled, or on an error, nothing becomes
// visible and the writer is ended all the same.
func (w *Writer) Publish(ctx context.Context, sources []string, extractor string) (Info, error) {
	if err := w.enter(); err != nil {
		return Info{}, err
	}
	defer w.s.release()
	defer w.end()
	info, err := w.publish(ctx, sources, extractor)
	if err != nil {
		return Info{}, fmt.Errorf("publish: %w", err)
	}
	return info.clone(), nil
}

func (w *Writer) publish(ctx context.Context, sources []string, extractor string) (Info, error) {
	info := Info{
		ID: w.sum.id(), Time: time.Now().UTC(), Sources: slices.Clone(sources), Extractor: extractor, Statements: w.statements,
		NodesByKind: make(map[graph.Kind]int), EdgesByRelation: make(map[graph.Relation]int),
	}
	ids, err := w.checkEnds()
	if err != nil {
		return Info{}, err
	}
	for _, id := range ids {
		info.NodesByKind[id.Kind()]++
	}
	if w.base != nil {
		if err := w.removeAbsent(ctx, info.NodesByKind); err != nil {
			return Info{}, err
		}
	}
	for _, n := range info.NodesByKind {
		info.Nodes += n
	}
	info.Papers = info.NodesByKind[graph.KindPaper]

	for _, step := range []func(context.Context, *Info) error{w.writeAdjacency, w.writeAsserters, w.writeCurated, w.writeTerms} {
		if err := step(ctx, &info); err != nil {
			return Info{}, err
		}
	}
	if old, err := w.oldValue(metaKey(metaNextUID)); err != nil {
		return Info{}, err
	} else if now := binary.BigEndian.AppendUint32(nil, w.next); !bytes.Equal(old, now) {
		if err := w.set(metaKey(metaNextUID), now); err != nil {
			return Info{}, err
		}
	}
	if w.writes == 0 && w.base != nil {
		return w.base.info, nil
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
	w.s.published(info)
	return info, nil
}

// checkEnds refuses edges to nodes that were not put, and returns the ids that
// are new.
func (w *Writer) checkEnds() ([]graph.ID, error) {
	ids := make([]graph.ID, 0, len(w.uids))
	for id, uid := range w.uids {
		if !w.put.has(uid) {
			return nil, fmt.Errorf("%w: an edge leads to %s, which was not put", ErrPut, id)
		}
		ids = append(ids, id)
	}
	for _, e := range w.edges {
		for _, uid := range [...]uint32{e.from, e.to} {
			if !w.put.has(uid) { // then base has it
				return nil, fmt.Errorf("%w: an edge leads to %s, which was not put", ErrPut, w.base.columns.id(uid))
			}
		}
	}
	return ids, nil
}

// removeAbsent deletes the nodes and statement blocks of the last snapshot that
// were not put, and adds those that were to counts.
func (w *Writer) removeAbsent(ctx context.Context, counts map[graph.Kind]int) error {
	c := w.base.columns
	for i, uid := range c.uids {
		if i&1023 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if w.put.has(uid) {
			counts[kindByCode[c.kinds[uid]]]++
			continue
		}
		if err := w.removeNode(uid); err != nil {
			return err
		}
	}
	return w.old.scanKeys([]byte{tagBlock}, func(key []byte) error {
		uid, err := parseUIDKey(tagBlock, key)
		if err != nil || w.stated.has(uid) {
			return err
		}
		return w.delete(bytes.Clone(key))
	})
}

// reconcile makes the keys with the prefix those of want, which has them in
// ascending order, by writing what differs from the last snapshot.
func (w *Writer) reconcile(ctx context.Context, prefix []byte, want iter.Seq2[[]byte, []byte]) error {
	if w.old == nil {
		n := 0
		for key, value := range want {
			if n++; n&1023 == 0 {
				if err := ctx.Err(); err != nil {
					return err
				}
			}
			if err := w.set(key, value); err != nil {
				return err
			}
		}
		return nil
	}
	next, stop := iter.Pull2(want)
	defer stop()
	key, value, more := next()
	n := 0
	err := w.old.scan(prefix, func(oldKey, oldValue []byte) error {
		if n++; n&1023 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		for more && bytes.Compare(key, oldKey) < 0 {
			if err := w.set(key, value); err != nil {
				return err
			}
			key, value, more = next()
		}
		if !more || !bytes.Equal(key, oldKey) {
			return w.delete(bytes.Clone(oldKey))
		}
		if !bytes.Equal(value, oldValue) {
			if err := w.set(key, value); err != nil {
				return err
			}
		}
		key, value, more = next()
		return nil
	})
	for ; err == nil && more; key, value, more = next() {
		err = w.set(key, value)
	}
	return err
}

// writeAdjacency writes tables A and V, and counts edges.
func (w *Writer) writeAdjacency(ctx context.Context, info *Info) error {
	out := w.edges
	slices.SortFunc(out, edgeUIDs.compare)
	out = slices.Compact(out)
	w.edges = out
	for _, e := range out {
		info.EdgesByRelation[relationByCode[e.relation]]++
	}
	info.Edges = len(out)
	in := slices.Clone(out)
	slices.SortFunc(in, edgeUIDs.compareReverse)

	papers := make([]uint32, len(w.year)) // one a uid; a first graph without nodes has none
	err := w.reconcile(ctx, []byte{tagAdjacent}, func(yield func(key, value []byte) bool) {
		var lows []uint16
		var neighbours []uint32
		// Both lists are sorted by the uid whose posting list they make.
		for o, i := 0, 0; o < len(out) || i < len(in); {
			uid := uint32(noRank)
			if o < len(out) {
				uid = out[o].from
			}
			if i < len(in) {
				uid = min(uid, in[i].to)
			}
			neighbours = neighbours[:0]
			lists := [2]struct {
				edges []edgeUIDs
				at    *int
			}{{out, &o}, {in, &i}}
			for direction, l := range lists {
				end := func(e edgeUIDs) (near, far uint32) {
					if direction == directionIn {
						return e.to, e.from
					}
					return e.from, e.to
				}
				for *l.at < len(l.edges) {
					near, far := end(l.edges[*l.at])
					if near != uid {
						break
					}
					relation, high := l.edges[*l.at].relation, far>>16
					lows = lows[:0]
					for *l.at < len(l.edges) {
						e := l.edges[*l.at]
						near, far := end(e)
						if near != uid || e.relation != relation || far>>16 != high {
							break
						}
						lows = append(lows, uint16(far))
						neighbours = append(neighbours, far)
						*l.at++
					}
					if !yield(adjacentKey(uid, byte(direction), relation, uint16(high)), encodeContainer(lows)) {
						return
					}
				}
			}
			papers[uid] = w.countPapers(neighbours)
		}
	})
	if err != nil {
		return err
	}
	return w.reconcile(ctx, []byte{tagColumns}, func(yield func(key, value []byte) bool) {
		for first := 0; first < len(papers); first += columnsRange {
			last := min(first+columnsRange, len(papers))
			year, words := w.year[first:last], w.words[first:last]
			for i := range year {
				if !w.put.has(uint32(first + i)) {
					year[i], words[i] = 0, 0
				}
			}
			if !yield(uidKey(tagColumns, uint32(first/columnsRange)), encodeColumns(year, papers[first:last], words)) {
				return
			}
		}
	})
}

// countPapers counts the distinct papers among uids, which it reorders.
func (w *Writer) countPapers(uids []uint32) uint32 {
	slices.Sort(uids)
	n := uint32(0)
	for i, u := range uids {
		if (i == 0 || u != uids[i-1]) && w.papers.has(u) {
			n++
		}
	}
	return n
}

// writeAsserters writes table E.
func (w *Writer) writeAsserters(ctx context.Context, _ *Info) error {
	as := w.asserters
	slices.SortFunc(as, func(a, b asserter) int {
		if c := a.edge.compare(b.edge); c != 0 {
			return c
		}
		return int(int64(a.paper) - int64(b.paper))
	})
	return w.reconcile(ctx, []byte{tagAsserters}, func(yield func(key, value []byte) bool) {
		var papers []uint32
		for i := 0; i < len(as); {
			edge := as[i].edge
			papers = papers[:0]
			for ; i < len(as) && as[i].edge == edge; i++ {
				papers = append(papers, as[i].paper)
			}
			if !yield(assertersKey(edge), encodeUIDs(papers)) {
				return
			}
		}
	})
}

// writeCurated writes table C.
func (w *Writer) writeCurated(ctx context.Context, _ *Info) error {
	uids := make([]uint32, 0, len(w.blocks))
	for uid := range w.blocks {
		uids = append(uids, uid)
	}
	slices.Sort(uids)
	return w.reconcile(ctx, []byte{tagCurated}, func(yield func(key, value []byte) bool) {
		for _, uid := range uids {
			if !yield(uidKey(tagCurated, uid), w.blocks[uid]) {
				return
			}
		}
	})
}

// writeTerms writes table T: to what the last snapshot has of each touched
// range of a term, the changes are applied.
func (w *Writer) writeTerms(ctx context.Context, _ *Info) error {
	n := 0
	for change := range w.index.changes() {
		if n++; n&1023 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		key := termKey(change.term, change.uidRange)
		old, err := w.oldValue(key)
		if err != nil {
			return err
		}
		before, err := decodePostings(nil, change.uidRange, old)
		if err != nil {
			return err
		}
		now := mergePostings(before, change.postings)
		switch {
		case len(now) > 0:
			err = w.set(key, encodePostings(now))
		case old != nil:
			err = w.delete(key)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
