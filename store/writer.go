package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"papergraph/graph"
)

// Writer describes the whole next snapshot: a node, edge or statement that is
// not put is gone after [Writer.Publish], and what is equal to the last
// snapshot is not written again. Facts are different: they stay until they are
// deleted. Nothing of it is visible to readers before Publish.
//
// A Writer is not safe for concurrent use. It ends with Publish or Discard.
// After an error of the disk every method returns that error.
type Writer struct {
	s    *Store
	base *Snapshot // the last snapshot; nil in an empty store
	old  *reader   // at the version of base
	ts   uint64    // what is written now has this version
	// batch is the engine's buffer of writes. It commits parts of itself as
	// it fills.
	batch  *badger.WriteBatch
	writes int   // differences from base
	ended  bool  // by Publish or Discard
	err    error // that ended it otherwise

	uids    map[graph.ID]uint32 // of ids that base has not
	next    uint32              // the next new uid
	put     uidSet              // nodes
	papers  uidSet              // those of put that are papers
	stated  uidSet              // papers whose edges were put
	curated bool                // PutCurated was called

	// lastPaper is the paper that was put last, with its texts: its edges
	// usually come next and hold quotes of it.
	lastPaper graph.ID
	lastTexts *texts

	year  []uint16 // by uid
	words []uint32 // by uid

	edges     []edgeUIDs
	asserters []asserter
	blocks    map[uint32][]byte // of table C, by from

	analyser *analyser
	index    termIndex

	sum        contentSum
	statements int
	buf        []byte

	facts map[string]factsState // put or deleted in this build, by facts key
}

// asserter is a paper that states an edge that does not begin at it.
type asserter struct {
	edge  edgeUIDs
	paper uint32
}

// uidSet is a set of uids that grows.
type uidSet []uint64

func (s uidSet) has(uid uint32) bool {
	i := int(uid >> 6)
	return i < len(s) && s[i]&(1<<(uid&63)) != 0
}

func (s *uidSet) add(uid uint32) {
	i := int(uid >> 6)
	for len(*s) <= i {
		*s = append(*s, 0)
	}
	(*s)[i] |= 1 << (uid & 63)
}

// Begin starts the build of the next snapshot. There is one [Writer] at a
// time; the error wraps [ErrBusy] where another is open. What an interrupted
// build left behind is undone first.
func (s *Store) Begin(ctx context.Context) (*Writer, error) {
	if s.readOnly {
		return nil, fmt.Errorf("begin a build: %w: %s was opened read-only", ErrReadOnly, s.dir)
	}
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	s.mu.Lock()
	busy := s.writer
	s.writer = true
	s.mu.Unlock()
	if busy {
		return nil, fmt.Errorf("%w: wait for it to end", ErrBusy)
	}
	w, err := s.begin(ctx)
	if err != nil {
		s.mu.Lock()
		s.writer = false
		s.mu.Unlock()
		return nil, fmt.Errorf("begin a build: %w", err)
	}
	return w, nil
}

func (s *Store) begin(ctx context.Context) (*Writer, error) {
	w := &Writer{
		s: s, next: 1, uids: make(map[graph.ID]uint32), blocks: make(map[uint32][]byte),
		analyser: newAnalyser(), index: newTermIndex(), facts: make(map[string]factsState),
	}
	base, err := s.Latest()
	switch {
	case errors.Is(err, ErrEmpty):
	case err != nil:
		return nil, err
	default:
		w.base = base
		w.old = newReader(s.db, base.info.Version)
		value, err := w.old.get(metaKey(metaNextUID))
		if err == nil && len(value) != 4 {
			err = damaged("next uid", fmt.Sprintf("%x", value))
		}
		if err != nil {
			w.drop()
			return nil, err
		}
		w.next = binary.BigEndian.Uint32(value)
		w.year = make([]uint16, w.next)
		w.words = make([]uint32, w.next)
	}
	if err := w.undoLeftovers(ctx); err != nil {
		w.drop()
		return nil, err
	}
	w.newBatch()
	return w, nil
}

// maxPending is how many parts of a batch may be on their way to the disk.
// Each has up to 2.4 MB, and more of them were not faster.
const maxPending = 4

func (w *Writer) newBatch() {
	w.batch = w.s.db.NewWriteBatchAt(w.ts)
	w.batch.SetMaxPendingTxns(maxPending)
}

// undoLeftovers brings the keyspace back to what the last snapshot has, where
// an interrupted build wrote beyond it, and chooses the version to write at.
func (w *Writer) undoLeftovers(ctx context.Context) error {
	db := w.s.db
	published := uint64(0)
	if w.base != nil {
		published = w.base.info.Version
	}
	highest := db.MaxVersion()
	if highest <= published {
		w.ts = published + 1
		return nil
	}
	if err := w.s.verify(); err != nil {
		return err
	}
	w.s.log.Warn("undoing what an interrupted build left behind", "store", w.s.dir)
	if w.base == nil {
		// Nobody can be reading an empty store, so all of it may go at once.
		if err := db.DropAll(); err != nil {
			return fmt.Errorf("drop an interrupted first build: %w", err)
		}
		w.ts = highest + 1
		return nil
	}
	undo := db.NewWriteBatchAt(highest + 1)
	defer undo.Cancel()
	newest := newReader(db, math.MaxUint64)
	defer newest.close()
	it := newest.txn.NewIterator(badger.IteratorOptions{AllVersions: true, SinceTs: published})
	defer it.Close()
	var last []byte
	for it.Rewind(); it.Valid(); it.Next() {
		key := it.Item().KeyCopy(nil)
		if bytes.Equal(key, last) {
			continue // an older version of the same
		}
		last = key
		if err := ctx.Err(); err != nil {
			return err
		}
		value, err := w.old.get(key)
		if err != nil {
			return err
		}
		if value == nil {
			err = undo.Delete(key)
		} else {
			err = undo.SetEntry(badger.NewEntry(key, value))
		}
		if err != nil {
			return fmt.Errorf("undo an interrupted build: %w", err)
		}
	}
	if err := undo.Flush(); err != nil {
		return fmt.Errorf("undo an interrupted build: %w", err)
	}
	w.ts = highest + 2
	return nil
}

// drop gives up what the writer holds of the store.
func (w *Writer) drop() {
	if w.batch != nil {
		w.batch.Cancel()
	}
	if w.old != nil {
		w.old.close()
	}
	if w.base != nil {
		w.base.Close()
	}
}

// end ends the writer. It is called once.
func (w *Writer) end() {
	w.ended = true
	w.drop()
	w.s.mu.Lock()
	w.s.writer = false
	w.s.mu.Unlock()
}

// Discard ends the writer and drops what was put. After Publish it does
// nothing, so that it can be deferred.
func (w *Writer) Discard() {
	if w.ended {
		return
	}
	if w.s.acquire() != nil {
		w.ended = true // the store is closed, and the engine with it
		return
	}
	defer w.s.release()
	w.end()
}

// enter begins a call of a method.
func (w *Writer) enter() error {
	switch {
	case w.ended:
		return fmt.Errorf("%w: the writer has ended", ErrClosed)
	case w.err != nil:
		return w.err
	}
	return w.s.acquire()
}

// fail keeps an error of the disk, after which the batch is not to be trusted.
func (w *Writer) fail(err error) error {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("write to %s: %w", w.s.dir, err)
	}
	return w.err
}

// set and delete write a difference. What they are given must not change
// afterwards.
func (w *Writer) set(key, value []byte) error {
	if len(value) > maxValue {
		return fmt.Errorf("%w: a record of %d bytes, at most %d are allowed (key %.40q)", ErrPut, len(value), maxValue, key)
	}
	w.writes++
	return w.fail(w.batch.SetEntry(badger.NewEntry(key, value)))
}

func (w *Writer) delete(key []byte) error {
	w.writes++
	return w.fail(w.batch.Delete(key))
}

// flush makes what was written readable at w.ts.
func (w *Writer) flush() error {
	if err := w.batch.Flush(); err != nil {
		return w.fail(err)
	}
	w.newBatch()
	return nil
}

// oldValue reads what the last snapshot has under a key; nil is nothing.
func (w *Writer) oldValue(key []byte) ([]byte, error) {
	if w.old == nil {
		return nil, nil
	}
	return w.old.get(key)
}

// uid finds the uid of an id, or gives it one. Those that turn out to be no
// node's are refused by Publish.
func (w *Writer) uid(id graph.ID) (uint32, error) {
	if w.base != nil {
		if u, ok := w.base.columns.uid(id); ok {
			return u, nil
		}
	}
	if u, ok := w.uids[id]; ok {
		return u, nil
	}
	if w.next == noRank {
		return 0, fmt.Errorf("%w: the store has given out all its uids; build it anew", ErrPut)
	}
	u := w.next
	w.next++
	w.uids[id] = u
	w.year = append(w.year, make([]uint16, int(w.next)-len(w.year))...)
	w.words = append(w.words, make([]uint32, int(w.next)-len(w.words))...)
	return u, nil
}

// isNew says whether the last snapshot has no node with the uid.
func (w *Writer) isNew(uid uint32) bool { return w.base == nil || !w.base.columns.has(uid) }

// PutNode puts a node. Each node is put once.
func (w *Writer) PutNode(n *graph.Node) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	if err := w.putNode(n); err != nil {
		return fmt.Errorf("put node %s: %w", n.ID, err)
	}
	return nil
}

func (w *Writer) putNode(n *graph.Node) error {
	kind, _, err := graph.ParseID(string(n.ID))
	if err != nil {
		return err
	}
	if (n.Paper != nil) != (kind == graph.KindPaper) || (n.Result != nil) != (kind == graph.KindResult) {
		return fmt.Errorf("%w: a paper has a document, a result has values, and no other node has either", ErrPut)
	}
	uid, err := w.uid(n.ID)
	if err != nil {
		return err
	}
	if w.put.has(uid) {
		return fmt.Errorf("%w: it was put before", ErrPut)
	}
	record, err := encodeNode(n, true)
	if err != nil {
		return err
	}
	content := record
	if n.Paper != nil {
		if content, err = encodeNode(n, false); err != nil {
			return err
		}
		if n.Paper.Year > 0 && n.Paper.Year <= math.MaxUint16 {
			w.year[uid] = uint16(n.Paper.Year)
		}
		w.papers.add(uid)
		w.lastPaper, w.lastTexts = n.ID, newTexts(n.Paper)
	}
	if err := w.writeNode(n, uid, record); err != nil {
		return err
	}
	w.put.add(uid)
	w.sum.addNode(n.ID, content)
	return nil
}

// writeNode writes what differs from the last snapshot: the record, and the
// names and terms that the old record had or had not.
func (w *Writer) writeNode(n *graph.Node, uid uint32, record []byte) error {
	key := idKey(tagNode, n.ID)
	var before analysis
	var namesBefore [][]byte
	if w.isNew(uid) {
		if err := w.set(idKey(tagUID, n.ID), binary.BigEndian.AppendUint32(nil, uid)); err != nil {
			return err
		}
	} else {
		value, err := w.oldValue(key)
		if err != nil {
			return err
		}
		if bytes.Equal(value, record) {
			w.words[uid] = w.base.columns.words[uid]
			return nil
		}
		old, err := decodeNode(n.ID, value)
		if err != nil {
			return err
		}
		before, namesBefore = w.analyser.analyse(old), nodeNames(old, uid)
	}
	if err := w.set(key, record); err != nil {
		return err
	}
	now := w.analyser.analyse(n)
	w.words[uid] = now.words
	if err := w.index.change(uid, before.counts, now.counts); err != nil {
		return err
	}
	return w.changeNames(namesBefore, nodeNames(n, uid))
}

// changeNames writes the difference of two sorted lists of keys without
// values.
func (w *Writer) changeNames(before, now [][]byte) error {
	for _, k := range now {
		if _, ok := slices.BinarySearchFunc(before, k, bytes.Compare); !ok {
			if err := w.set(k, []byte{}); err != nil {
				return err
			}
		}
	}
	for _, k := range before {
		if _, ok := slices.BinarySearchFunc(now, k, bytes.Compare); !ok {
			if err := w.delete(k); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeNode undoes writeNode for a node of the last snapshot.
func (w *Writer) removeNode(uid uint32) error {
	id := w.base.columns.id(uid)
	key := idKey(tagNode, id)
	value, err := w.oldValue(key)
	if err != nil {
		return err
	}
	old, err := decodeNode(id, value)
	if err != nil {
		return err
	}
	if err := w.delete(key); err != nil {
		return err
	}
	if err := w.delete(idKey(tagUID, id)); err != nil {
		return err
	}
	if err := w.index.change(uid, w.analyser.analyse(old).counts, nil); err != nil {
		return err
	}
	return w.changeNames(nodeNames(old, uid), nil)
}

// PutPaper puts every edge that the paper states, with the paper's own
// statements. It is called once for each paper that states anything, after the
// paper's own node is put; the nodes at the other ends may come later.
func (w *Writer) PutPaper(paper graph.ID, edges []graph.Edge) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	if err := w.putPaper(paper, edges); err != nil {
		return fmt.Errorf("put edges of %s: %w", paper, err)
	}
	return nil
}

func (w *Writer) putPaper(paper graph.ID, edges []graph.Edge) error {
	uid, err := w.uid(paper)
	if err != nil {
		return err
	}
	switch {
	case paper.Kind() != graph.KindPaper:
		return fmt.Errorf("%w: it is not a paper", ErrPut)
	case w.stated.has(uid):
		return fmt.Errorf("%w: they were put before", ErrPut)
	case !w.put.has(uid):
		return fmt.Errorf("%w: put the paper's node first", ErrPut)
	case len(edges) == 0:
		return nil
	}
	t, err := w.texts(paper)
	if err != nil {
		return err
	}
	keys := make([]edgeUIDs, len(edges))
	for i := range edges {
		e := &edges[i]
		if err := e.Check(); err != nil {
			return err
		}
		for _, s := range e.Statements {
			if s.Paper != paper || s.Class == graph.Curated || classCodes[s.Class] == 0 {
				return fmt.Errorf("%w: a statement of class %q by %q", ErrPut, s.Class, s.Paper)
			}
		}
		if keys[i], err = w.edgeUIDs(e); err != nil {
			return err
		}
	}
	value, err := encodeBlock("statements of "+string(paper), keys, edges, t)
	if err != nil {
		return err
	}
	if err := unique(keys); err != nil {
		return err
	}
	key := uidKey(tagBlock, uid)
	old, err := w.oldValue(key)
	if err != nil {
		return err
	}
	if !bytes.Equal(old, value) {
		if err := w.set(key, value); err != nil {
			return err
		}
	}
	w.stated.add(uid)
	for i := range edges {
		e, k := &edges[i], keys[i]
		w.addEdge(e, k)
		// The statements of a paper's edges are found under the paper, those
		// of a result's under the paper that reports it; see [reader.asserters].
		reported := edgeUIDs{from: uid, relation: relationCodes[graph.Reports], to: k.from}
		if k.from != uid && !(e.From.Kind() == graph.KindResult && slices.Contains(keys, reported)) {
			w.asserters = append(w.asserters, asserter{k, uid})
		}
	}
	return nil
}

// unique refuses an edge that is there twice: its statements would be in two
// places.
func unique(keys []edgeUIDs) error {
	sorted := slices.Clone(keys)
	slices.SortFunc(sorted, edgeUIDs.compare)
	for i := range sorted[1:] {
		if sorted[i] == sorted[i+1] {
			return fmt.Errorf("%w: an edge twice, where its statements belong together", ErrPut)
		}
	}
	return nil
}

func (w *Writer) edgeUIDs(e *graph.Edge) (edgeUIDs, error) {
	from, err := w.uid(e.From)
	if err != nil {
		return edgeUIDs{}, err
	}
	to, err := w.uid(e.To)
	if err != nil {
		return edgeUIDs{}, err
	}
	return edgeUIDs{from: from, relation: relationCodes[e.Relation], to: to}, nil
}

func (w *Writer) addEdge(e *graph.Edge, k edgeUIDs) {
	w.edges = append(w.edges, k)
	w.statements += len(e.Statements)
	for i := range e.Statements {
		w.buf = w.sum.addStatement(w.buf, e, &e.Statements[i])
	}
}

// texts returns the texts of a paper that was put in this build.
func (w *Writer) texts(paper graph.ID) (*texts, error) {
	if w.lastPaper == paper {
		return w.lastTexts, nil
	}
	if err := w.flush(); err != nil {
		return nil, err
	}
	q := newReader(w.s.db, w.ts)
	defer q.close()
	n, err := q.node(paper)
	if err != nil {
		return nil, err
	}
	w.lastPaper, w.lastTexts = paper, newTexts(n.Paper)
	return w.lastTexts, nil
}

// PutCurated puts edges that no paper states, from a lexicon or registry. All
// their statements are of class [graph.Curated]. It is called once at most.
func (w *Writer) PutCurated(edges []graph.Edge) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	if err := w.putCurated(edges); err != nil {
		return fmt.Errorf("put curated edges: %w", err)
	}
	return nil
}

func (w *Writer) putCurated(edges []graph.Edge) error {
	if w.curated {
		return fmt.Errorf("%w: they were put before", ErrPut)
	}
	w.curated = true
	keys := make(map[uint32][]edgeUIDs)
	from := make(map[uint32][]graph.Edge)
	for i := range edges {
		e := &edges[i]
		if err := e.Check(); err != nil {
			return err
		}
		for _, s := range e.Statements {
			if s.Class != graph.Curated || s.Paper != "" {
				return fmt.Errorf("%w: %s %s %s is stated by %q, class %q", ErrPut, e.From, e.Relation, e.To, s.Paper, s.Class)
			}
		}
		k, err := w.edgeUIDs(e)
		if err != nil {
			return err
		}
		keys[k.from] = append(keys[k.from], k)
		from[k.from] = append(from[k.from], *e)
		w.addEdge(e, k)
	}
	for uid, es := range from {
		if err := unique(keys[uid]); err != nil {
			return err
		}
		value, err := encodeBlock("curated edges of "+string(es[0].From), keys[uid], es, nil)
		if err != nil {
			return err
		}
		w.blocks[uid] = value
	}
	return nil
}
