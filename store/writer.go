package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"math"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"papergraph/graph"
)

// Writer makes the next snapshot out of the last: what is put is added or takes
// the place of what had its id, what is deleted goes, all else stays. In an
// empty store it makes the first. Nothing of it is visible to readers before
// [Writer.Publish], and nothing depends on the order of the calls. Each id is
// put once at most; that one is deleted too has no effect.
//
// The cost is that of what is put and deleted, whatever the size of the graph.
//
// A Writer is not safe for concurrent use. It ends with Publish or Discard.
// After an error of the disk every method returns that error.
type Writer struct {
	s    *Store
	base *Info   // of the last snapshot; nil in an empty store
	old  *reader // at the version of base; nil in an empty store
	ts   uint64  // what is written now has this version
	// batch is the engine's buffer of writes. It commits parts of itself as
	// it fills.
	batch   *badger.WriteBatch
	dirty   bool // the batch holds what is not readable yet
	writes  int  // differences from base
	undone  bool // an interrupted build was undone
	ended   bool // by Publish or Discard
	err     error
	current *reader // at ts, made when first needed

	// Uids below first were given out by earlier builds.
	first, next uint32
	uids        map[graph.ID]uint32   // those that were looked up or given out
	known       map[uint32]*nodeState // of uids below first, when first needed
	fresh       []nodeState           // of the others

	deleted map[graph.ID]uint32 // by DeleteNode and DeletePaper
	orphans []orphan
	curated map[uint32]bool // nodes whose curated edges were put

	// What the statement blocks that were put and deleted change.
	added   []edgeUIDs
	removed []assertion
	stated  []assertion // in table E
	retired []assertion // in table E, no more

	analyser *analyser
	index    termIndex
	// indexed are the ranges of uids of which this build has written values of
	// table T.
	indexed map[uint32]bool

	columns *columnsChange // nil where those of base are not there

	sum        contentSum
	statements int
	nodes      [maxKind + 1]int // by kind

	factsState
	resolved
}

// nodeState is what a build knows of a node.
type nodeState struct {
	kind    byte
	put     bool
	deleted bool
	changed bool // year and words are to be written
	year    uint16
	words   uint32
	papers  int32 // by how many more; see [Snapshot.Degree]
}

// assertion is an edge and the paper that states it, or 0 where it is curated.
type assertion struct {
	edge  edgeUIDs
	paper uint32
}

func (a assertion) compare(b assertion) int {
	if c := a.edge.compare(b.edge); c != 0 {
		return c
	}
	return int(int64(a.paper) - int64(b.paper))
}

// orphan is a result that its paper may have no more.
type orphan struct{ result, paper uint32 }

// Begin starts the build of the next snapshot. There is one [Writer] at a
// time; the error wraps [ErrBusy] where another is open. It is cheap, whatever
// the size of the graph, unless an interrupted build left something behind:
// that is undone first.
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
	if err := s.hasRoomToWrite(); err != nil {
		return nil, err
	}
	w := &Writer{
		s: s, first: 1, next: 1, uids: make(map[graph.ID]uint32), known: make(map[uint32]*nodeState),
		deleted: make(map[graph.ID]uint32), curated: make(map[uint32]bool),
		analyser: newAnalyser(), index: newTermIndex(), indexed: make(map[uint32]bool),
		factsState: factsState{
			entries: make(map[string]*factsEntry), bodies: make(map[uint64]uint64), superseded: make(map[string]string),
			kept: make(map[string]string), seed: maphash.MakeSeed(),
		},
		resolved: resolved{pending: make(map[string][]byte)},
	}
	s.mu.Lock()
	if len(s.infos) > 0 {
		base := s.infos[0].clone()
		w.base = &base
	}
	s.mu.Unlock()
	if w.base != nil {
		w.old = newReader(s.db, w.base.Version)
		value, err := w.old.get(metaKey(metaNextUID))
		if err == nil && len(value) != 4 {
			err = damaged("next uid", fmt.Sprintf("%x", value))
		}
		if err != nil {
			w.drop()
			return nil, err
		}
		w.first = binary.BigEndian.Uint32(value)
		w.next = w.first
		w.sum, w.statements = sumOfBytes(w.base.ContentSum), w.base.Statements
		for k, n := range w.base.NodesByKind {
			w.nodes[kindCodes[k]] = n
		}
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
	w.dirty = false
}

// undoLeftovers brings the keyspace back to what the last snapshot has, where
// an interrupted build wrote beyond it, and chooses the version to write at.
// Facts that such a build extracted stay, see [Writer.KeptFacts].
func (w *Writer) undoLeftovers(ctx context.Context) error {
	db := w.s.db
	published := uint64(0)
	if w.base != nil {
		published = w.base.Version
	}
	highest := db.MaxVersion()
	if highest <= published {
		w.ts = published + 1
		return nil
	}
	if err := w.s.verify(); err != nil {
		return err
	}
	w.undone = true
	w.s.log.Debug("undoing what an interrupted build left behind", "store", w.s.dir)
	newest := newReader(db, math.MaxUint64)
	defer newest.close()
	if w.base == nil {
		// Nobody can be reading an empty store, so all else may go at once.
		var others [][]byte
		for tag := byte('A'); tag <= 'Z'; tag++ {
			if tag != tagFacts {
				others = append(others, []byte{tag})
			}
		}
		if err := db.DropPrefix(others...); err != nil {
			return fmt.Errorf("drop an interrupted first build: %w", err)
		}
		w.ts = highest + 1
		return newest.scanKeys([]byte{tagFacts}, func(key []byte) error {
			w.kept[string(key)] = ""
			return ctx.Err()
		})
	}
	undo := db.NewWriteBatchAt(highest + 1)
	defer undo.Cancel()
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
		switch {
		case value != nil:
			err = undo.SetEntry(badger.NewEntry(key, value))
		case it.Item().IsDeletedOrExpired():
		case key[0] == tagFacts:
			w.kept[string(key)] = ""
		default:
			err = undo.Delete(key)
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
	if w.current != nil {
		w.current.close()
	}
	if w.old != nil {
		w.old.close()
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

// Base describes the last snapshot, from which this build goes on; ok is false
// in an empty store.
func (w *Writer) Base() (info Info, ok bool) {
	if w.base == nil {
		return Info{}, false
	}
	return w.base.clone(), true
}

// Discard ends the writer and drops what was put. Facts stay where the next
// build finds them, see [Writer.KeptFacts]. After Publish it does nothing, so
// that it can be deferred.
func (w *Writer) Discard() {
	if w.ended {
		return
	}
	if w.s.acquire() != nil {
		w.ended = true // the store is closed, and the engine with it
		return
	}
	defer w.s.release()
	if len(w.bodies) > 0 && w.dirty && w.err == nil {
		if err := w.flush(); err != nil {
			w.s.log.Warn("facts of a build that was given up are lost", "store", w.s.dir, "error", err)
		}
	}
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
// afterwards. No key is written twice at one version: the engine does not order
// two values that have one version.
func (w *Writer) set(key, value []byte) error {
	if len(value) > maxValue {
		return fmt.Errorf("%w: a record of %d bytes, at most %d are allowed (key %.40q)", ErrPut, len(value), maxValue, key)
	}
	if err := w.s.spend(len(key) + len(value)); err != nil {
		return w.fail(err)
	}
	w.writes++
	w.dirty = true
	return w.fail(w.batch.SetEntry(badger.NewEntry(key, value)))
}

func (w *Writer) delete(key []byte) error {
	w.writes++
	w.dirty = true
	return w.fail(w.batch.Delete(key))
}

// change makes a key have a value, nil for none, where it had another.
func (w *Writer) change(key, before, now []byte) error {
	switch {
	case now == nil && before == nil, now != nil && before != nil && bytes.Equal(before, now):
		return nil
	case now == nil:
		return w.delete(key)
	}
	return w.set(key, now)
}

// flush makes what was written readable at w.ts.
func (w *Writer) flush() error {
	if !w.dirty {
		return nil
	}
	if err := w.batch.Flush(); err != nil {
		return w.fail(err)
	}
	w.newBatch()
	return nil
}

// advance goes on at the next version, so that keys can be written again.
func (w *Writer) advance() error {
	if err := w.flush(); err != nil {
		return err
	}
	w.batch.Cancel()
	w.ts++
	w.newBatch()
	if w.current != nil {
		w.current.close()
		w.current = nil
	}
	return nil
}

// now reads what was flushed. It is good for single values and for scans of
// their own iterator.
func (w *Writer) now() *reader {
	if w.current == nil {
		w.current = newReader(w.s.db, w.ts)
	}
	return w.current
}

// oldValue reads what the last snapshot has under a key; nil is nothing.
func (w *Writer) oldValue(key []byte) ([]byte, error) {
	if w.old == nil {
		return nil, nil
	}
	return w.old.get(key)
}

// oldValueOf is oldValue for a key that no node has that has its uid of this
// build.
func (w *Writer) oldValueOf(uid uint32, key []byte) ([]byte, error) {
	if uid >= w.first {
		return nil, nil
	}
	return w.oldValue(key)
}

// lookup finds the uid of an id; ok is false where neither the last snapshot
// nor this build knows it.
func (w *Writer) lookup(id graph.ID) (uid uint32, ok bool, err error) {
	if u, ok := w.uids[id]; ok {
		return u, true, nil
	}
	kind := kindCodes[id.Kind()]
	if w.old == nil || kind == 0 {
		return 0, false, nil
	}
	value, err := w.old.get(idKey(tagUID, id))
	if value == nil || err != nil {
		return 0, false, err
	}
	if len(value) != 4 || binary.BigEndian.Uint32(value)-1 >= w.first-1 {
		return 0, false, damaged("table of ids", fmt.Sprintf("uid %x of %s", value, id))
	}
	uid = binary.BigEndian.Uint32(value)
	w.uids[id] = uid
	if w.known[uid] == nil {
		w.known[uid] = &nodeState{kind: kind}
	}
	return uid, true, nil
}

// uid finds the uid of an id, or gives it one. Those that turn out to be no
// node's are refused by Publish.
func (w *Writer) uid(id graph.ID) (uint32, error) {
	uid, ok, err := w.lookup(id)
	if ok || err != nil {
		return uid, err
	}
	if w.next == noRank {
		return 0, fmt.Errorf("%w: the store has given out all its uids; build it anew", ErrPut)
	}
	uid = w.next
	w.next++
	w.uids[id] = uid
	w.fresh = append(w.fresh, nodeState{kind: kindCodes[id.Kind()]})
	return uid, nil
}

// state is what is known of a uid of this build or of one that was looked up.
// What it points to may move when a uid is given out.
func (w *Writer) state(uid uint32) *nodeState {
	if uid >= w.first {
		return &w.fresh[uid-w.first]
	}
	return w.known[uid]
}

// stateOf is state for any uid: that of an edge of the last snapshot may not
// have been looked up.
func (w *Writer) stateOf(uid uint32) (*nodeState, error) {
	if st := w.state(uid); st != nil {
		return st, nil
	}
	id, err := w.oldID(uid)
	if err != nil {
		return nil, err
	}
	st := &nodeState{kind: kindCodes[id.Kind()]}
	w.known[uid] = st
	return st, nil
}

// oldID is the id that a uid has in the last snapshot.
func (w *Writer) oldID(uid uint32) (graph.ID, error) {
	value, err := w.oldValue(uidKey(tagLabel, uid))
	if err != nil {
		return "", err
	}
	if value == nil {
		return "", damaged("table of labels", fmt.Sprintf("uid %d is no node's", uid))
	}
	id, _, err := decodeLabel(uid, value)
	return id, err
}

// PutNode adds an entity, or replaces the one that has its id. Papers and
// results are put by [Writer.PutPaper].
func (w *Writer) PutNode(n *graph.Node) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	if err := w.putEntity(n); err != nil {
		return fmt.Errorf("put node %s: %w", n.ID, err)
	}
	return nil
}

func (w *Writer) putEntity(n *graph.Node) error {
	switch {
	case n.Kind() == graph.KindPaper, n.Kind() == graph.KindResult:
		return fmt.Errorf("%w: papers are put with what they state, results with their papers", ErrPut)
	case n.Paper != nil, n.Result != nil:
		return fmt.Errorf("%w: only a paper has a document and only a result has values", ErrPut)
	}
	uid, err := w.checkNode(n)
	if err != nil {
		return err
	}
	return w.putNode(n, uid)
}

// checkNode refuses a node that cannot be put and gives it a uid.
func (w *Writer) checkNode(n *graph.Node) (uint32, error) {
	if _, _, err := graph.ParseID(string(n.ID)); err != nil {
		return 0, err
	}
	uid, err := w.uid(n.ID)
	if err != nil {
		return 0, err
	}
	if w.state(uid).put {
		return 0, fmt.Errorf("%w: it was put before", ErrPut)
	}
	return uid, nil
}

// putNode writes what differs from the last snapshot: the record, and the names
// and terms that the old record had or had not.
func (w *Writer) putNode(n *graph.Node, uid uint32) error {
	record, err := encodeNode(n)
	if err != nil {
		return err
	}
	key := idKey(tagNode, n.ID)
	value, err := w.oldValueOf(uid, key)
	if err != nil {
		return err
	}
	w.state(uid).put = true
	if value != nil && bytes.Equal(value, record) {
		return nil
	}
	if err := w.set(key, record); err != nil {
		return err
	}
	w.sum = w.sum.plus(sumOfNode(n.ID, record))
	label := encodeLabel(n)
	var before analysis
	var labelBefore []byte
	var namesBefore [][]byte
	if uid >= w.first {
		w.nodes[kindCodes[n.Kind()]]++
		if err := w.set(idKey(tagUID, n.ID), binary.BigEndian.AppendUint32(nil, uid)); err != nil {
			return err
		}
	} else {
		old, err := decodeNode(n.ID, value)
		if err != nil {
			return err
		}
		w.sum = w.sum.minus(sumOfNode(n.ID, value))
		before, labelBefore, namesBefore = w.analyser.analyse(old), encodeLabel(old), nodeNames(old, uid)
	}
	if err := w.change(uidKey(tagLabel, uid), labelBefore, label); err != nil {
		return err
	}
	now := w.analyser.analyse(n)
	st := w.state(uid)
	st.changed, st.words = true, now.words
	if n.Paper != nil && n.Paper.Year > 0 && n.Paper.Year <= math.MaxUint16 {
		st.year = uint16(n.Paper.Year)
	}
	if err := w.index.change(uid, before.counts, now.counts); err != nil {
		return err
	}
	if w.index.full() {
		if err := w.writeTerms(context.Background(), nil); err != nil {
			return err
		}
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

// removeNode undoes putNode for a node of the last snapshot.
func (w *Writer) removeNode(id graph.ID, uid uint32) error {
	key := idKey(tagNode, id)
	value, err := w.oldValue(key)
	if err != nil {
		return err
	}
	old, err := decodeNode(id, value)
	if err != nil {
		return err
	}
	for _, k := range [][]byte{key, idKey(tagUID, id), uidKey(tagLabel, uid)} {
		if err := w.delete(k); err != nil {
			return err
		}
	}
	w.sum = w.sum.minus(sumOfNode(id, value))
	w.nodes[kindCodes[id.Kind()]]--
	st := w.state(uid)
	st.deleted, st.changed, st.year, st.words = true, true, 0, 0
	if err := w.index.change(uid, w.analyser.analyse(old).counts, nil); err != nil {
		return err
	}
	return w.changeNames(nodeNames(old, uid), nil)
}

// DeleteNode deletes an entity of the last snapshot, unless it is put too. An
// edge that still leads to it is refused by [Writer.Publish]. The error wraps
// [ErrNotFound] where the last snapshot has no such node.
func (w *Writer) DeleteNode(id graph.ID) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	err := fmt.Errorf("%w: papers are deleted with what they state, results with their papers", ErrPut)
	if k := id.Kind(); k != graph.KindPaper && k != graph.KindResult {
		err = w.deleteLater(id)
	}
	if err != nil {
		return fmt.Errorf("delete node %s: %w", id, err)
	}
	return nil
}

// DeletePaper deletes a paper of the last snapshot, its results and all that it
// states, unless it is put too. Its facts are [Writer.DeleteFacts]' business.
// The error wraps [ErrNotFound] where the last snapshot has no such paper.
func (w *Writer) DeletePaper(id graph.ID) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	err := fmt.Errorf("%w: it is not a paper", ErrPut)
	if id.Kind() == graph.KindPaper {
		err = w.deleteLater(id)
	}
	if err != nil {
		return fmt.Errorf("delete paper %s: %w", id, err)
	}
	return nil
}

func (w *Writer) deleteLater(id graph.ID) error {
	uid, ok, err := w.lookup(id)
	if err != nil {
		return err
	}
	if !ok || uid >= w.first {
		return fmt.Errorf("%w: %s", ErrNotFound, id)
	}
	w.deleted[id] = uid
	return nil
}

// PutPaper puts a paper, its results and every edge that it states, with its
// own statements alone, in the place of all that the paper had. nodes[0] is the
// paper, the others are its results; it reports each of them. The nodes at the
// other ends of edges may be put later.
func (w *Writer) PutPaper(nodes []graph.Node, edges []graph.Edge) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	if len(nodes) == 0 {
		return fmt.Errorf("put paper: %w: no node", ErrPut)
	}
	if err := w.putPaper(nodes, edges); err != nil {
		return fmt.Errorf("put paper %s: %w", nodes[0].ID, err)
	}
	return nil
}

func (w *Writer) putPaper(nodes []graph.Node, edges []graph.Edge) error {
	paper := &nodes[0]
	if paper.Kind() != graph.KindPaper || paper.Paper == nil || paper.Result != nil {
		return fmt.Errorf("%w: it is not a paper with a document", ErrPut)
	}
	uids := make([]uint32, len(nodes))
	var err error
	for i := range nodes {
		n := &nodes[i]
		if i > 0 && (n.Kind() != graph.KindResult || n.Paper != nil || n.Result == nil || n.Result.Paper != paper.ID) {
			return fmt.Errorf("%w: %s is not a result of the paper", ErrPut, n.ID)
		}
		if uids[i], err = w.checkNode(n); err != nil {
			return fmt.Errorf("%s: %w", n.ID, err)
		}
		if slices.Contains(uids[:i], uids[i]) {
			return fmt.Errorf("%w: %s was put before", ErrPut, n.ID)
		}
	}
	keys := make([]edgeUIDs, len(edges))
	for i := range edges {
		e := &edges[i]
		if err := e.Check(); err != nil {
			return err
		}
		for _, s := range e.Statements {
			if s.Paper != paper.ID || s.Class == graph.Curated || classCodes[s.Class] == 0 {
				return fmt.Errorf("%w: a statement of class %q by %q", ErrPut, s.Class, s.Paper)
			}
		}
		if keys[i], err = w.edgeUIDs(e); err != nil {
			return err
		}
	}
	var reported []uint32
	for _, k := range keys {
		if k.from == uids[0] && k.relation == relationCodes[graph.Reports] {
			reported = append(reported, k.to)
		}
	}
	results := slices.Clone(uids[1:])
	slices.Sort(reported)
	slices.Sort(results)
	if !slices.Equal(slices.Compact(reported), results) {
		return fmt.Errorf("%w: the results that the paper reports are not those that come with it", ErrPut)
	}
	record, err := encodeBlock("statements of "+string(paper.ID), keys, edges, newTexts(paper.Paper))
	if err != nil {
		return err
	}
	if err := unique(keys); err != nil {
		return err
	}
	for i := range nodes {
		if err := w.putNode(&nodes[i], uids[i]); err != nil {
			return err
		}
	}
	return w.replaceBlock(tagBlock, paper.ID, uids[0], keys, edges, record)
}

// unique refuses an edge that is there twice: its statements would be in two
// places.
func unique(keys []edgeUIDs) error {
	sorted := slices.Clone(keys)
	slices.SortFunc(sorted, edgeUIDs.compare)
	for i := range sorted {
		if i > 0 && sorted[i] == sorted[i-1] {
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

// PutCurated puts the edges from a node that no paper states, from a lexicon or
// registry, in the place of those that it had; none deletes them. All their
// statements are of class [graph.Curated].
func (w *Writer) PutCurated(from graph.ID, edges []graph.Edge) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	if err := w.putCurated(from, edges); err != nil {
		return fmt.Errorf("put curated edges from %s: %w", from, err)
	}
	return nil
}

func (w *Writer) putCurated(from graph.ID, edges []graph.Edge) error {
	uid, ok, err := w.lookup(from)
	if err != nil || !ok && len(edges) == 0 {
		return err
	}
	if !ok {
		if uid, err = w.uid(from); err != nil {
			return err
		}
	}
	if w.curated[uid] {
		return fmt.Errorf("%w: they were put before", ErrPut)
	}
	keys := make([]edgeUIDs, len(edges))
	for i := range edges {
		e := &edges[i]
		if err := e.Check(); err != nil {
			return err
		}
		if e.From != from {
			return fmt.Errorf("%w: %s %s %s begins elsewhere", ErrPut, e.From, e.Relation, e.To)
		}
		for _, s := range e.Statements {
			if s.Class != graph.Curated || s.Paper != "" {
				return fmt.Errorf("%w: %s %s %s is stated by %q, class %q", ErrPut, e.From, e.Relation, e.To, s.Paper, s.Class)
			}
		}
		if keys[i], err = w.edgeUIDs(e); err != nil {
			return err
		}
	}
	if err := unique(keys); err != nil {
		return err
	}
	record, err := encodeBlock("curated edges of "+string(from), keys, edges, nil)
	if err != nil {
		return err
	}
	w.curated[uid] = true
	return w.replaceBlock(tagCurated, from, uid, keys, edges, record)
}

// replaceBlock puts a statement block, of the table S or C, in the place of the
// one that the last snapshot has under the uid. Without edges there is none.
func (w *Writer) replaceBlock(tag byte, of graph.ID, uid uint32, keys []edgeUIDs, edges []graph.Edge, record []byte) error {
	key := uidKey(tag, uid)
	value, err := w.oldValueOf(uid, key)
	if err != nil {
		return err
	}
	paper := uid
	if tag == tagCurated {
		paper = 0
	}
	var before []edgeUIDs
	if value != nil {
		what := "statements of " + string(of)
		sum, statements, old, err := openBlock(what, value)
		if err != nil {
			return err
		}
		if len(edges) > 0 && bytes.Equal(old, record) {
			return nil
		}
		b, err := decodeBlock(what, of, value)
		if err != nil {
			return err
		}
		for i := range b.Edges {
			before = append(before, b.Edges[i].key())
		}
		w.sum = w.sum.minus(sum)
		w.statements -= statements
	}
	var now []byte
	if len(edges) > 0 {
		sum, statements := sumOfEdges(edges)
		w.sum = w.sum.plus(sum)
		w.statements += statements
		now = sealBlock(sum, statements, record)
	}
	if err := w.change(key, value, now); err != nil {
		return err
	}
	return w.changeEdges(paper, before, slices.Clone(keys))
}

// changeEdges records what differs between the edges of a statement block
// before and now, which it sorts. The paper is 0 for curated edges.
func (w *Writer) changeEdges(paper uint32, before, now []edgeUIDs) error {
	slices.SortFunc(before, edgeUIDs.compare)
	slices.SortFunc(now, edgeUIDs.compare)
	elsewhereBefore, err := w.elsewhere(paper, before)
	if err != nil {
		return err
	}
	elsewhereNow, err := w.elsewhere(paper, now)
	if err != nil {
		return err
	}
	isReport := func(e edgeUIDs) bool { return e.from == paper && e.relation == relationCodes[graph.Reports] }
	eachDifference(before, now, func(e edgeUIDs, removed bool) {
		if !removed {
			w.added = append(w.added, e)
			return
		}
		w.removed = append(w.removed, assertion{e, paper})
		if isReport(e) {
			w.orphans = append(w.orphans, orphan{result: e.to, paper: paper})
		}
	})
	eachDifference(elsewhereBefore, elsewhereNow, func(e edgeUIDs, removed bool) {
		if removed {
			w.retired = append(w.retired, assertion{e, paper})
		} else {
			w.stated = append(w.stated, assertion{e, paper})
		}
	})
	return nil
}

// elsewhere lists those edges of a paper's block that table E has: all that
// begin neither at the paper nor at a result that it reports. The statements of
// these are found without it; see [edgeReader.asserters].
func (w *Writer) elsewhere(paper uint32, edges []edgeUIDs) ([]edgeUIDs, error) {
	if paper == 0 {
		return nil, nil
	}
	var list []edgeUIDs
	for _, e := range edges {
		if e.from == paper {
			continue
		}
		reported := edgeUIDs{from: paper, relation: relationCodes[graph.Reports], to: e.from}
		if _, ok := slices.BinarySearchFunc(edges, reported, edgeUIDs.compare); ok {
			st, err := w.stateOf(e.from)
			if err != nil {
				return nil, err
			}
			if st.kind == kindCodes[graph.KindResult] {
				continue
			}
		}
		list = append(list, e)
	}
	return list, nil
}

// eachDifference calls use for what only one of two ascending lists has.
func eachDifference(before, now []edgeUIDs, use func(e edgeUIDs, removed bool)) {
	for len(before) > 0 || len(now) > 0 {
		c := 0
		switch {
		case len(before) == 0:
			c = 1
		case len(now) == 0:
			c = -1
		default:
			c = before[0].compare(now[0])
		}
		if c < 0 {
			use(before[0], true)
		} else if c > 0 {
			use(now[0], false)
		}
		if c <= 0 {
			before = before[1:]
		}
		if c >= 0 {
			now = now[1:]
		}
	}
}

// IDs yields the ids that the last snapshot has, of the given kinds or of all,
// in the order of [graph.CompareIDs].
func (w *Writer) IDs(ctx context.Context, kinds ...graph.Kind) iter.Seq2[graph.ID, error] {
	return func(yield func(graph.ID, error) bool) {
		mask, err := maskOf(kinds)
		if err == nil {
			err = w.enter()
		}
		if err != nil {
			yield("", err)
			return
		}
		defer w.s.release()
		for code := byte(1); w.old != nil && err == nil && code <= maxKind; code++ {
			if !mask.has(code) {
				continue
			}
			err = w.yieldIDs(ctx, []byte{tagUID, code}, func(key []byte) (graph.ID, error) { return parseIDKey(tagUID, key) }, yield)
		}
		if err != nil && !errors.Is(err, errStop) {
			yield("", err)
		}
	}
}

// yieldIDs yields what idOf reads off the keys of the last snapshot that have
// the prefix. Its error is errStop where no more is wanted.
func (w *Writer) yieldIDs(ctx context.Context, prefix []byte, idOf func(key []byte) (graph.ID, error), yield func(graph.ID, error) bool) error {
	return w.old.scanKeys(prefix, func(key []byte) error {
		id, err := idOf(key)
		if err == nil {
			err = ctx.Err()
		}
		if err == nil && !yield(id, nil) {
			err = errStop
		}
		return err
	})
}

// CuratedFrom yields the ids of the nodes that have curated edges in the last
// snapshot.
func (w *Writer) CuratedFrom(ctx context.Context) iter.Seq2[graph.ID, error] {
	return func(yield func(graph.ID, error) bool) {
		if err := w.enter(); err != nil {
			yield("", err)
			return
		}
		defer w.s.release()
		if w.old == nil {
			return
		}
		err := w.yieldIDs(ctx, []byte{tagCurated}, func(key []byte) (graph.ID, error) {
			uid, err := parseUIDKey(tagCurated, key)
			if err != nil {
				return "", err
			}
			return w.oldID(uid)
		}, yield)
		if err != nil && !errors.Is(err, errStop) {
			yield("", err)
		}
	}
}
