package store

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/fxamacker/cbor/v2"
	gocmp "github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

// The floor of a read is the same read of the same keys and values from a plain
// Badger database, as someone would write it by hand who needs nothing but it:
// no checks of what is read, no kinds, no orders but the one wanted, nothing
// shared between reads.
//
// BenchmarkReads times both in turn and prints how they compare; .ci/bench-reads
// makes a table of it. With PAPERGRAPH_BENCH_STORE it reads that store, else a
// synthetic graph of PAPERGRAPH_BENCH_PAPERS papers.

// floor reads a copy of a snapshot.
type floor struct {
	db      *badger.DB
	lengths []uint32 // words by uid, which a full-text search keeps in memory
	docs    float64
	average float64
}

// newFloor copies what is visible in a snapshot into a database with Badger's
// default options, opened anew so that none of it lies in a memtable.
func newFloor(b *testing.B, r *Snapshot) *floor {
	b.Helper()
	o := badger.DefaultOptions(b.TempDir()).WithLogger(nil).WithMetricsEnabled(false)
	db, err := badger.Open(o)
	if err != nil {
		b.Fatal(err)
	}
	batch := db.NewWriteBatch()
	defer batch.Cancel()
	q, done, err := r.read()
	if err != nil {
		b.Fatal(err)
	}
	defer done()
	err = q.scanApart(nil, func(key, value []byte) error { return batch.Set(bytes.Clone(key), bytes.Clone(value)) })
	if err != nil {
		b.Fatal(err)
	}
	if err := batch.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	f := &floor{lengths: r.columns.words, docs: float64(r.columns.docs)}
	f.average = float64(r.columns.totalWords) / f.docs
	if f.db, err = badger.Open(o); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := f.db.Close(); err != nil {
			b.Error(err)
		}
	})
	return f
}

// view runs a read; a benchmark has no use for its errors but to end.
func (f *floor) view(b *testing.B, read func(txn *badger.Txn) error) {
	if err := f.db.View(read); err != nil {
		b.Fatal(err)
	}
}

func floorUID(txn *badger.Txn, id graph.ID) (uid uint32, err error) {
	item, err := txn.Get(idKey(tagUID, id))
	if err != nil {
		return 0, err
	}
	err = item.Value(func(v []byte) error {
		uid = binary.BigEndian.Uint32(v)
		return nil
	})
	return uid, err
}

func floorLabel(txn *badger.Txn, uid uint32) (l Label, err error) {
	item, err := txn.Get(uidKey(tagLabel, uid))
	if err != nil {
		return l, err
	}
	err = item.Value(func(v []byte) error {
		n, size := binary.Uvarint(v[1:])
		slug := v[1+size:][:n]
		l = Label{ID: graph.ID(string(kindByCode[v[0]]) + ":" + string(slug)), Name: string(v[1+size+int(n):])}
		return nil
	})
	return l, err
}

func floorLabels(txn *badger.Txn, uids []uint32) ([]Label, error) {
	labels := make([]Label, len(uids))
	for i, uid := range uids {
		var err error
		if labels[i], err = floorLabel(txn, uid); err != nil {
			return nil, err
		}
	}
	return labels, nil
}

// floorContainer decodes without a check.
func floorContainer(dst []uint32, key, b []byte) []uint32 {
	base := uint32(binary.BigEndian.Uint16(key[7:])) << 16
	if b[0] == containerArray {
		for b = b[1:]; len(b) > 0; b = b[2:] {
			dst = append(dst, base|uint32(binary.BigEndian.Uint16(b)))
		}
		return dst
	}
	for i, c := range b[1:] {
		for bit := range 8 {
			if c&(1<<bit) != 0 {
				dst = append(dst, base|uint32(i<<3+bit))
			}
		}
	}
	return dst
}

// floorNeighbours appends the uids of all containers with the prefix.
func floorNeighbours(it *badger.Iterator, dst []uint32, prefix []byte) ([]uint32, error) {
	for it.Seek(prefix); it.ValidForPrefix(prefix); it.Next() {
		item := it.Item()
		err := item.Value(func(v []byte) error {
			dst = floorContainer(dst, item.Key(), v)
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return dst, nil
}

func (f *floor) node(b *testing.B, id graph.ID) (name string) {
	f.view(b, func(txn *badger.Txn) error {
		item, err := txn.Get(idKey(tagNode, id))
		if err != nil {
			return err
		}
		return item.Value(func(v []byte) error {
			var n nodeRecord
			err := cbor.Unmarshal(v, &n)
			name = n.Name
			return err
		})
	})
	return name
}

func (f *floor) neighbours(b *testing.B, id graph.ID) (labels []Label) {
	f.view(b, func(txn *badger.Txn) error {
		uid, err := floorUID(txn, id)
		if err != nil {
			return err
		}
		prefix := adjacentPrefix(uid)
		it := txn.NewIterator(badger.IteratorOptions{Prefix: prefix})
		defer it.Close()
		uids, err := floorNeighbours(it, nil, prefix)
		if err != nil {
			return err
		}
		labels, err = floorLabels(txn, uids)
		return err
	})
	return labels
}

func (f *floor) intersect(b *testing.B, x, y graph.ID) (labels []Label) {
	f.view(b, func(txn *badger.Txn) error {
		var lists [2][]uint32
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{tagAdjacent}})
		defer it.Close()
		for i, id := range []graph.ID{x, y} {
			uid, err := floorUID(txn, id)
			if err != nil {
				return err
			}
			lists[i], err = floorNeighbours(it, nil, append(adjacentPrefix(uid), directionIn, relationCodes[graph.Concerns]))
			if err != nil {
				return err
			}
		}
		var both []uint32
		for l, r := lists[0], lists[1]; len(l) > 0 && len(r) > 0; {
			switch cmp.Compare(l[0], r[0]) {
			case -1:
				l = l[1:]
			case 1:
				r = r[1:]
			default:
				both = append(both, l[0])
				l, r = l[1:], r[1:]
			}
		}
		var err error
		labels, err = floorLabels(txn, both)
		return err
	})
	return labels
}

func (f *floor) related(b *testing.B, id graph.ID, limit int) (labels []Label) {
	f.view(b, func(txn *badger.Txn) error {
		uid, err := floorUID(txn, id)
		if err != nil {
			return err
		}
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{tagAdjacent}})
		defer it.Close()
		beside, err := floorNeighbours(it, nil, adjacentPrefix(uid))
		if err != nil {
			return err
		}
		slices.Sort(beside)
		counts := make([]uint16, len(f.lengths))
		var uids, touched []uint32
		for _, n := range slices.Compact(beside) {
			if uids, err = floorNeighbours(it, uids[:0], append(adjacentPrefix(n), directionIn)); err != nil {
				return err
			}
			slices.Sort(uids)
			for _, u := range slices.Compact(uids) {
				if counts[u]++; counts[u] == 1 && u != uid {
					touched = append(touched, u)
				}
			}
		}
		labels, err = floorLabels(txn, topK(touched, limit, func(x, y uint32) int { return cmp.Compare(counts[y], counts[x]) }))
		return err
	})
	return labels
}

func (f *floor) suggest(b *testing.B, name string, limit int) (labels []Label) {
	f.view(b, func(txn *badger.Txn) error {
		prefix := append([]byte{tagName}, name...)
		it := txn.NewIterator(badger.IteratorOptions{Prefix: prefix})
		defer it.Close()
		papers := make(map[uint32]uint32)
		for it.Seek(prefix); it.Valid(); it.Next() {
			key := it.Item().Key()
			papers[binary.BigEndian.Uint32(key[len(key)-4:])] = 0
		}
		uids := make([]uint32, 0, len(papers))
		for uid := range papers {
			item, err := txn.Get(uidKey(tagColumns, uid/columnsRange))
			if err != nil {
				return err
			}
			err = item.Value(func(v []byte) error {
				papers[uid] = binary.BigEndian.Uint32(v[uid%columnsRange*columnsWidth+2:])
				return nil
			})
			if err != nil {
				return err
			}
			uids = append(uids, uid)
		}
		var err error
		labels, err = floorLabels(txn, topK(uids, limit, func(x, y uint32) int { return cmp.Compare(papers[y], papers[x]) }))
		return err
	})
	return labels
}

func (f *floor) search(b *testing.B, text string, limit int) (labels []Label) {
	f.view(b, func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{tagTerm}})
		defer it.Close()
		scores := make([]float64, len(f.lengths))
		var touched []uint32
		for _, t := range newAnalyser().terms(text) {
			var uids []uint32
			var counts []byte
			prefix := appendString([]byte{tagTerm}, t.stem)
			for it.Seek(prefix); it.ValidForPrefix(prefix); it.Next() {
				err := it.Item().Value(func(v []byte) error {
					uid := uint32(0)
					for len(v) > 0 {
						d, n := binary.Uvarint(v)
						uid += uint32(d)
						uids, counts = append(uids, uid), append(counts, v[n])
						v = v[n+1:]
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
			df := float64(len(uids))
			idf := math.Log(1 + (f.docs-df+0.5)/(df+0.5))
			for i, uid := range uids {
				if scores[uid] == 0 {
					touched = append(touched, uid)
				}
				tf := float64(counts[i])
				scores[uid] += idf * tf * (bm25K1 + 1) / (tf + bm25K1*(1-bm25B+bm25B*float64(f.lengths[uid])/f.average))
			}
		}
		var err error
		labels, err = floorLabels(txn, topK(touched, limit, func(x, y uint32) int { return cmp.Compare(scores[y], scores[x]) }))
		return err
	})
	return labels
}

// readInputs is what is read in turn, sampled from a snapshot.
const readInputs = 128

// benchmarkReadStore opens the store that reads are measured on.
func benchmarkReadStore(b *testing.B) *Snapshot {
	b.Helper()
	dir := os.Getenv("PAPERGRAPH_BENCH_STORE")
	if dir == "" {
		papers := benchmarkPapers
		if n := os.Getenv("PAPERGRAPH_BENCH_PAPERS"); n != "" {
			var err error
			if papers, err = strconv.Atoi(n); err != nil {
				b.Fatal(err)
			}
		}
		dir = b.TempDir()
		s, err := Open(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		publish(b, s, synthetic(papers), nil)
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
	return latest(b, openAt(b, dir, Options{ReadOnly: true}))
}

// sample spreads readInputs over a list of a kind.
func sample(b *testing.B, r *Snapshot, kind graph.Kind, most int) []graph.ID {
	b.Helper()
	ids, err := r.List(kind, "", most)
	if err != nil {
		b.Fatal(err)
	}
	if len(ids) == 0 {
		b.Skipf("no %s to read", kind)
	}
	out := make([]graph.ID, readInputs)
	for i := range out {
		out[i] = ids[i*len(ids)/readInputs]
	}
	return out
}

func BenchmarkReads(b *testing.B) {
	ctx := context.Background()
	r := benchmarkReadStore(b)
	f := newFloor(b, r)
	papers := sample(b, r, graph.KindPaper, math.MaxInt)
	methods := sample(b, r, graph.KindMethod, 4*readInputs)
	concepts := sample(b, r, graph.KindConcept, readInputs)
	named, err := r.Labels(ctx, slices.Concat(methods, papers))
	if err != nil {
		b.Fatal(err)
	}
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	neighbours := func(id graph.ID) func() any {
		return func() any {
			ns, err := r.Neighbors(ctx, id, NeighborQuery{Names: true})
			must(err)
			return ns
		}
	}
	for _, bb := range []struct {
		name string
		// read and floor return reads number i; both are made before any is
		// timed.
		read, floor func(i int) func() any
		// same says whether both found the same, for what may not differ.
		same func(read, floor any) bool
	}{
		{"node", func(i int) func() any {
			return func() any {
				n, err := r.Node(papers[i])
				must(err)
				return n
			}
		}, func(i int) func() any { return func() any { return f.node(b, papers[i]) } },
			func(read, floor any) bool { return read.(*graph.Node).Name == floor }},
		{"neighbours/paper", func(i int) func() any { return neighbours(papers[i]) },
			func(i int) func() any { return func() any { return f.neighbours(b, papers[i]) } }, sameNeighbours},
		{"neighbours/method", func(i int) func() any { return neighbours(methods[i]) },
			func(i int) func() any { return func() any { return f.neighbours(b, methods[i]) } }, sameNeighbours},
		{"intersection", func(i int) func() any {
			return func() any {
				ids, err := r.Intersect(ctx, []graph.ID{concepts[i/8], concepts[i]}, NeighborQuery{Relations: []graph.Relation{graph.Concerns}, Direction: In})
				must(err)
				labels, err := r.Labels(ctx, ids)
				must(err)
				return labels
			}
		}, func(i int) func() any { return func() any { return f.intersect(b, concepts[i/8], concepts[i]) } },
			func(read, floor any) bool { return sameLabels(read.([]Label), floor.([]Label)) }},
		{"co-occurrence", func(i int) func() any {
			return func() any {
				rel, err := r.Related(ctx, papers[i], RelatedQuery{}, 10)
				must(err)
				ids := make([]graph.ID, len(rel))
				for i := range rel {
					ids[i] = rel[i].ID
				}
				labels, err := r.Labels(ctx, ids)
				must(err)
				return labels
			}
		}, func(i int) func() any { return func() any { return f.related(b, papers[i], 10) } },
			func(read, floor any) bool { return len(read.([]Label)) == len(floor.([]Label)) }}, // ties
		{"prefix", func(i int) func() any {
			text := beginningOf(named[i].Name)
			return func() any {
				ss, err := r.Suggest(ctx, text, nil, 10)
				must(err)
				return ss
			}
		}, func(i int) func() any {
			key := beginningKey(beginningOf(named[i].Name))
			return func() any { return f.suggest(b, key, 10) }
		}, func(read, floor any) bool { return len(read.([]Suggestion)) >= len(floor.([]Label)) }}, // plurals
		{"full text", func(i int) func() any {
			text := firstWords(named[readInputs+i].Name)
			return func() any {
				hits, err := r.Search(ctx, text, nil, 20)
				must(err)
				ids := make([]graph.ID, len(hits))
				for i := range hits {
					ids[i] = hits[i].ID
				}
				labels, err := r.Labels(ctx, ids)
				must(err)
				return labels
			}
		}, func(i int) func() any {
			text := firstWords(named[readInputs+i].Name)
			return func() any { return f.search(b, text, 20) }
		}, func(read, floor any) bool { return len(read.([]Label)) == len(floor.([]Label)) }},
	} {
		b.Run(bb.name, func(b *testing.B) {
			var ours, floors []func() any
			for i := range readInputs {
				ours, floors = append(ours, bb.read(i)), append(floors, bb.floor(i))
				if got, want := ours[i](), floors[i](); !bb.same(got, want) {
					b.Fatalf("read %d: %+v, the floor has %+v", i, got, want)
				}
			}
			compareReads(b, ours, floors)
		})
	}
}

// beginningOf is what somebody typed of a name: four letters and no space.
func beginningOf(name string) string {
	rs := []rune(strings.TrimSpace(name))
	return strings.TrimSpace(string(rs[:min(4, len(rs))]))
}

// firstWords are three words of a title, the last one finished.
func firstWords(title string) string {
	ws := strings.Fields(title)
	return strings.Join(ws[:min(3, len(ws))], " ") + " "
}

func sameNeighbours(read, floor any) bool {
	var labels []Label
	for _, n := range read.([]Neighbor) {
		labels = append(labels, Label{n.ID, n.Name})
	}
	return sameLabels(labels, floor.([]Label))
}

func sameLabels(a, b []Label) bool {
	byID := func(x, y Label) int { return graph.CompareIDs(x.ID, y.ID) }
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortFunc(a, byID)
	slices.SortFunc(b, byID)
	return gocmp.Equal(slices.Compact(a), slices.Compact(b)) || len(a)+len(b) == 0
}

// compareReads times all reads in turn, ours and those of the floor, and
// reports the time of one of each and their ratio.
func compareReads(b *testing.B, ours, floors []func() any) {
	var times [2]time.Duration
	rounds := 0
	for b.Loop() {
		for i, reads := range [...][]func() any{ours, floors} {
			start := time.Now()
			for _, read := range reads {
				read()
			}
			times[i] += time.Since(start)
		}
		rounds++
	}
	per := func(d time.Duration) float64 { return float64(d) / float64(rounds*len(ours)) }
	allocations := func(reads []func() any) float64 {
		return testing.AllocsPerRun(1, func() {
			for _, read := range reads {
				read()
			}
		}) / float64(len(reads))
	}
	b.ReportMetric(per(times[0]), "ns/read")
	b.ReportMetric(per(times[1]), "floor-ns/read")
	b.ReportMetric(per(times[0])/per(times[1]), "ratio")
	b.ReportMetric(allocations(ours), "allocs/read")
	b.ReportMetric(allocations(floors), "floor-allocs/read")
	b.ReportMetric(0, "ns/op") // of a round of both
}

// Completing what is typed of 500,000 names, letter by letter, right and wrong.
func BenchmarkSuggest(b *testing.B) {
	const names = 500_000
	ctx := context.Background()
	s := open(b)
	w, err := s.Begin(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer w.Discard()
	for i := range names {
		name := syntheticWord(i%7000) + " " + syntheticWord(i/7000+20_000)
		if err := w.PutNode(&graph.Node{ID: graph.NewID(graph.KindMethod, name), Name: name}); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := w.Publish(ctx, Provenance{}); err != nil {
		b.Fatal(err)
	}
	r := latest(b, s)
	for _, n := range []int{1, 2, 3, 5, 8} {
		for _, wrong := range []bool{false, true} {
			b.Run(fmt.Sprintf("letters=%d/misspelt=%v", n, wrong), func(b *testing.B) {
				if wrong && n < lettersForOneEdit {
					b.Skip("too few letters")
				}
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					text := []byte((syntheticWord(i*7919%7000) + syntheticWord(i%70+20_000))[:n])
					if wrong {
						text[2] = 'x' // in no word
					}
					if _, err := r.Suggest(ctx, string(text), nil, 10); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
