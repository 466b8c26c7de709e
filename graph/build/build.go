package build

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"papergraph/graph"
	"papergraph/graph/extract"
	"papergraph/graph/lexicon"
	"papergraph/graph/registry"
	"papergraph/graph/resolve"
	"papergraph/graph/source"
	"papergraph/store"
)

// Options say what to build from and with.
type Options struct {
	Store     *store.Store
	Paths     []string                 // files and folders, as [source.Read] takes them
	Stdin     io.Reader                // what the path "-" reads; nil is the process's standard input
	Locate    func(path string) string // as [source.Options] has it
	Lexicon   *lexicon.Lexicon
	Registry  *registry.Registry // what people decided about names; nil for nothing
	Extractor *extract.Extractor
	// MinConfidence is what [graph.Facts.Select] is asked for: 0 for what the
	// extractor's own thresholds let pass. It shapes the graph, not the facts:
	// another one needs no extracting.
	MinConfidence float64
	Jobs          int  // extracting goroutines; 0 means one a core
	Strict        bool // stop at the first bad record
	// Prune removes the papers that the sources do not hold. Nothing is
	// removed where a record or file was refused: it may be what a paper is
	// read from.
	Prune bool
	// Remove are papers to remove, before the sources are read.
	Remove []graph.ID
	// OnProblem receives bad records, which are skipped; nil for nobody. It
	// is called by one goroutine at a time.
	OnProblem func(source.Problem)
	// OnProgress receives how far a stage is, often; nil for nobody. It is
	// called by one goroutine at a time and should return at once.
	OnProgress func(Progress)
}

// Stage is a part of a build.
type Stage string

// The stages, in their order.
const (
	StageExtract Stage = "extract" // read documents and extract facts
	StageResolve Stage = "resolve" // decide which names are one entity
	StageWrite   Stage = "write"   // write nodes and statements
	StagePublish Stage = "publish" // make the snapshot visible
)

// Progress says how far a stage is.
type Progress struct {
	Stage  Stage
	Papers int // done in this stage
	Total  int // papers of this stage; 0 when not yet known
	// Bytes and TotalBytes are those of the input files read, while
	// extracting; TotalBytes is 0 when the input's size is not known.
	Bytes, TotalBytes int64
}

// Report says what a build did.
type Report struct {
	Info       store.Info
	Published  bool // a new snapshot; false where nothing changed
	Read       int  // documents that the sources gave: the sum of the next four
	Added      int  // papers that the store had not
	Changed    int  // papers whose text changed, or what reads it
	Unchanged  int
	Duplicates int  // documents that are another form of a paper that was read too
	Kept       int  // of added and changed, those that an interrupted build had extracted
	Removed    int  // papers that are gone
	Problems   int  // all that was wrong with the sources
	Skipped    int  // of these, records and files that were refused as a whole
	Unpruned   bool // something was to be pruned and was not, since input was refused
	// Unused lists what the registry says of names that no paper has.
	Unused  []string
	Elapsed map[Stage]time.Duration
}

// ErrNothing says that the sources had no paper and the store has none either.
var ErrNothing = errors.New("no paper to build from")

// Run reads the sources, brings the store's facts up to date and publishes a
// snapshot of what the store then has. Its cost is that of reading the sources
// and of what changed. Errors wrap those of the packages below, [ErrNothing], or
// the context's.
func Run(ctx context.Context, o Options) (Report, error) {
	w, err := o.Store.Begin(ctx)
	if err != nil {
		return Report{}, fmt.Errorf("begin build: %w", err)
	}
	defer w.Discard()
	b := &builder{Options: o, w: w, report: Report{Elapsed: map[Stage]time.Duration{}}}
	b.Jobs = cmp.Or(max(b.Jobs, 0), runtime.GOMAXPROCS(0))
	if b.OnProgress == nil {
		b.OnProgress = func(Progress) {}
	}
	if err := b.begin(ctx); err != nil {
		return b.report, fmt.Errorf("build: %w", err)
	}
	for _, stage := range []struct {
		name Stage
		run  func(context.Context) error
	}{{StageExtract, b.extract}, {StageResolve, b.resolve}, {StageWrite, b.write}, {StagePublish, b.publish}} {
		start := time.Now()
		if err := stage.run(ctx); err != nil {
			return b.report, fmt.Errorf("build, %s: %w", stage.name, err)
		}
		b.report.Elapsed[stage.name] = time.Since(start)
	}
	return b.report, nil
}

type builder struct {
	Options
	writing  sync.Mutex // guards w while goroutines extract
	w        *store.Writer
	refusing sync.Mutex // guards the report's problems while sources are read
	report   Report
	first    bool // the store has no snapshot
	resolver *resolve.Resolver
	// whole is true where all papers are resolved and written anew, not only
	// those that change.
	whole    bool
	entities *resolve.Entities
	remember []byte // what resolution is to be made with
}

// extracted is a document on its way from reader to writer.
type extracted struct {
	key      string // store.FactsKey
	document hash   // of the content
	hash     hash   // of document, extractor and lexicon
	facts    graph.Facts
	entry    store.FactsEntry // what the store has under the key; zero if nothing
	same     bool             // the store has these facts already
	kept     bool             // an interrupted build had extracted them
}

// extract brings the facts up to date.
func (b *builder) extract(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	docs := make(chan graph.Document, 4*b.Jobs)
	done := make(chan extracted, 4*b.Jobs)
	total := source.Size(b.Locate, b.Paths)
	var bytesRead atomic.Int64 // so far, for the goroutine that reports
	var workers sync.WaitGroup
	workers.Go(func() {
		defer close(docs)
		options := source.Options{Strict: b.Strict, Stdin: b.Stdin, Locate: b.Locate, OnBytes: func(n int64) { bytesRead.Add(n) }, OnProblem: b.refuse}
		for d, err := range source.Read(ctx, b.Paths, options) {
			if err != nil {
				cancel(err)
				return
			}
			select {
			case docs <- d:
			case <-ctx.Done():
				return
			}
		}
	})
	for range b.Jobs {
		workers.Go(func() {
			for d := range docs {
				if ctx.Err() != nil {
					return
				}
				e, err := b.extractOne(d)
				if err != nil {
					cancel(err)
					return
				}
				select {
				case done <- e:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	go func() {
		workers.Wait()
		close(done)
	}()
	chosen := map[hash]choice{}
	papers := 0
	for e := range done {
		if ctx.Err() != nil {
			continue // drain, so that all goroutines end
		}
		if err := b.take(&e, chosen); err != nil {
			cancel(err)
			continue
		}
		papers++
		b.OnProgress(Progress{Stage: StageExtract, Papers: papers, Bytes: bytesRead.Load(), TotalBytes: total})
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for _, c := range chosen {
		switch {
		case c.before == none:
			b.report.Added++
		case c.before == c.hash:
			b.report.Unchanged++
		default:
			b.report.Changed++
		}
		if c.kept && c.before != c.hash {
			b.report.Kept++
		}
	}
	if b.Prune {
		return b.prune(ctx, chosen)
	}
	return nil
}

// refuse reports what is wrong with the sources.
func (b *builder) refuse(p source.Problem) {
	b.refusing.Lock()
	defer b.refusing.Unlock()
	b.report.Problems++
	if !errors.Is(p, source.ErrField) {
		b.report.Skipped++
	}
	if b.OnProblem != nil {
		b.OnProblem(p)
	}
}

// hash is what content is compared by. None is nothing's.
type hash [16]byte

var none hash

// hashOf stands for a facts key or an id where many are held.
func hashOf(key string) hash {
	h := sha256.Sum256([]byte(key))
	return hash(h[:16])
}

// extractOne finds out what the facts of a document are, unless the store has
// them.
func (b *builder) extractOne(d graph.Document) (extracted, error) {
	e := extracted{key: store.FactsKey(&d)}
	if n, err := hex.Decode(e.document[:], []byte(d.Hash())); err != nil || n != len(e.document) {
		return e, fmt.Errorf("hash of the document %q: %w", d.Title, err)
	}
	e.hash = b.inputHash(e.document)
	input := hex.EncodeToString(e.hash[:])
	b.writing.Lock()
	var err error
	e.entry, _, err = b.w.FactsEntry(e.key)
	if err == nil && e.entry.InputHash != input {
		e.facts, e.kept, err = b.w.KeptFacts(&d, input)
	}
	b.writing.Unlock()
	switch {
	case err != nil:
		return e, err
	case e.entry.InputHash == input:
		e.same = true
		e.facts.Document = d
	case !e.kept:
		e.facts = b.Extractor.Extract(d)
	}
	return e, nil
}

// inputHash identifies what shapes a document's facts.
func (b *builder) inputHash(document hash) (out hash) {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%x\n", b.Extractor.Version(), b.Lexicon.Hash(), document)
	copy(out[:], h.Sum(nil))
	return out
}

// choice is the form of a paper that this build has taken.
type choice struct {
	abstract int32
	year     int32
	document hash // of the content
	hash     hash // of what shapes the facts
	before   hash // of the facts that the last build kept; none if it had none
	kept     bool
}

// better says whether a document should stand for its paper rather than what
// was taken: the longer abstract, then the later year, then the smaller hash,
// whatever came first.
func (c choice) better(than choice) bool {
	return cmp.Or(cmp.Compare(c.abstract, than.abstract), cmp.Compare(c.year, than.year), bytes.Compare(than.document[:], c.document[:])) > 0
}

// take puts facts unless a better form of the paper has been taken, or they are
// too large, which is the document's problem.
func (b *builder) take(e *extracted, chosen map[hash]choice) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	d := &e.facts.Document
	c := choice{abstract: int32(len(d.Abstract)), year: int32(d.Year), document: e.document, hash: e.hash, kept: e.kept}
	id := hashOf(e.key)
	old, again := chosen[id]
	entry := e.entry
	if again {
		var err error
		if entry, _, err = b.w.FactsEntry(e.key); err != nil {
			return err // what was taken since e was extracted counts
		}
		if c.document == old.document {
			// The same from elsewhere: what is said to be its place must not
			// depend on what came first.
			b.countRead(again)
			return b.moveTo(e.key, entry.Origin, d.Origin)
		}
		if !c.better(old) {
			b.countRead(again)
			return nil
		}
		c.before = old.before
	} else if entry.InputHash != "" {
		if _, err := hex.Decode(c.before[:], []byte(entry.InputHash)); err != nil || c.before == none {
			c.before = hash{1} // another version's: it is no hash of ours
		}
	}
	err := b.keep(e, entry, again)
	if errors.Is(err, store.ErrTooLarge) && !b.Strict {
		b.refuse(source.Problem{Source: d.Origin.Source, Line: d.Origin.Line, Err: fmt.Errorf("%q: %w; shorten its abstract", d.Title, err)})
		return nil
	}
	if err != nil {
		return fmt.Errorf("keep the facts of %q: %w", d.Title, err)
	}
	b.countRead(again)
	chosen[id] = c
	return nil
}

// countRead counts a document; again says that its paper was read before.
func (b *builder) countRead(again bool) {
	b.report.Read++
	if again {
		b.report.Duplicates++
	}
}

// keep makes the store and the resolver have a paper's facts rather than those
// of its entry; again says that this build has put those.
func (b *builder) keep(e *extracted, entry store.FactsEntry, again bool) error {
	d := &e.facts.Document
	switch {
	case e.same && !again:
		if entry.Origin != d.Origin {
			return b.w.PutOrigin(e.key, d.Origin)
		}
		return nil
	case e.same:
		// The store's old facts were replaced a moment ago by a worse form.
		e.facts = b.Extractor.Extract(*d)
	}
	old := func() {}
	if entry.InputHash != "" {
		var err error
		if old, err = b.forgetting(e.key); err != nil {
			return err
		}
	}
	if err := b.w.PutFacts(&e.facts, hex.EncodeToString(e.hash[:])); err != nil {
		return err
	}
	old()
	b.observe(e.key, &e.facts)
	return nil
}

// moveTo gives facts the lesser of two origins.
func (b *builder) moveTo(key string, old, now graph.Origin) error {
	if cmp.Or(cmp.Compare(now.Source, old.Source), cmp.Compare(now.Line, old.Line)) >= 0 {
		return nil
	}
	return b.w.PutOrigin(key, now)
}

// observe has a paper's facts resolved.
func (b *builder) observe(key string, f *graph.Facts) {
	if !b.whole {
		selected := f.Select(b.MinConfidence)
		b.resolver.Observe(key, &selected)
	}
}

// forgetting reads the facts that the store has under a key and returns what
// takes them back from the resolver.
func (b *builder) forgetting(key string) (forget func(), err error) {
	if b.whole {
		return func() {}, nil
	}
	old, ok, err := b.w.FactsOf(key)
	if err != nil {
		return nil, err
	}
	return func() {
		if ok {
			selected := old.Facts.Select(b.MinConfidence)
			b.resolver.Forget(key, &selected)
		}
	}, nil
}

// drop removes a paper's facts.
func (b *builder) drop(key string) error {
	forget, err := b.forgetting(key)
	if err != nil {
		return err
	}
	forget()
	b.report.Removed++
	return b.w.DeleteFacts(key)
}

// prune removes the papers that were not read.
func (b *builder) prune(ctx context.Context, read map[hash]choice) error {
	var gone []string
	for key, err := range b.w.FactsKeys(ctx) {
		if err != nil {
			return err
		}
		if _, ok := read[hashOf(key)]; !ok {
			gone = append(gone, key)
		}
	}
	if b.report.Unpruned = len(gone) > 0 && b.report.Skipped > 0; b.report.Unpruned {
		return nil
	}
	for _, key := range gone {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := b.drop(key); err != nil {
			return err
		}
	}
	return nil
}

// remembered is what resolution remembers in the store.
type remembered struct{ w *store.Writer }

func (r remembered) Get(key []byte) ([]byte, error) { return r.w.Resolution(key) }
func (r remembered) Set(key, value []byte) error    { return r.w.SetResolution(key, value) }
func (r remembered) Scan(prefix []byte, fn func(key []byte) error) error {
	return r.w.ResolutionKeys(prefix, fn)
}

// madeWithKey is where the store says what resolution was made with. The keys
// of package resolve begin with letters.
var madeWithKey = []byte{0}

// madeWith identifies all that shapes the graph beside the facts. Where it
// changes, nothing that resolution remembers holds.
func (b *builder) madeWith() []byte {
	h := sha256.New()
	fmt.Fprintf(h, "%d\n%s\n%s\n%v\n", resolve.Version, b.Lexicon.Hash(), b.Registry.Hash(), b.MinConfidence)
	return h.Sum(nil)
}

// begin finds out how much there is to do, and removes what is to be removed.
func (b *builder) begin(ctx context.Context) error {
	_, known := b.w.Base()
	b.first = !known
	b.remember = b.madeWith()
	before, err := b.w.Resolution(madeWithKey)
	if err != nil {
		return err
	}
	b.whole = !b.first && !bytes.Equal(before, b.remember)
	if b.whole {
		err = b.w.DropResolution(ctx)
	}
	if err == nil {
		b.resolver, err = resolve.New(b.Lexicon, b.Registry, remembered{b.w})
	}
	if err != nil {
		return err
	}
	for _, id := range b.Remove {
		key, err := b.w.FactsKeyOf(id)
		if err != nil {
			return err
		}
		if err := b.drop(key); err != nil {
			return fmt.Errorf("remove %s: %w", id, err)
		}
	}
	return nil
}

// resolve decides which names are one entity.
func (b *builder) resolve(ctx context.Context) error {
	if b.first && b.report.Added == 0 {
		return fmt.Errorf("%w: %s", ErrNothing, strings.Join(b.Paths, ", "))
	}
	if b.whole {
		return b.resolveAnew(ctx)
	}
	changed := b.report.Added + b.report.Changed + b.report.Removed
	b.OnProgress(Progress{Stage: StageResolve, Total: changed})
	var err error
	b.entities, err = b.resolver.Resolve(ctx)
	if errors.Is(err, resolve.ErrAnew) {
		b.whole = true
		if err := b.w.DropResolution(ctx); err != nil {
			return err
		}
		if b.resolver, err = resolve.New(b.Lexicon, b.Registry, remembered{b.w}); err != nil {
			return err
		}
		return b.resolveAnew(ctx)
	}
	if err != nil {
		return err
	}
	b.report.Unused = b.entities.Unused()
	b.OnProgress(Progress{Stage: StageResolve, Papers: changed, Total: changed})
	return nil
}

// resolveAnew goes over the facts of all papers.
func (b *builder) resolveAnew(ctx context.Context) error {
	n := 0
	for f, err := range b.factsAhead(ctx) {
		if err != nil {
			return err
		}
		selected := f.Facts.Select(b.MinConfidence)
		b.resolver.Observe(store.FactsKey(&f.Facts.Document), &selected)
		n++
		b.OnProgress(Progress{Stage: StageResolve, Papers: n})
	}
	var err error
	if b.entities, err = b.resolver.Resolve(ctx); err != nil {
		return err
	}
	b.report.Unused = b.entities.Unused()
	return nil
}

// write puts what changes of the graph into the writer.
func (b *builder) write(ctx context.Context) error {
	for _, id := range b.entities.Removed() {
		if err := b.remove(id); err != nil {
			return err
		}
	}
	put := map[hash]bool{} // ids of nodes, where all are put
	note := func(id graph.ID) {
		if b.whole {
			put[hashOf(string(id))] = true
		}
	}
	for n, err := range b.entities.Nodes() {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = b.w.PutNode(&n)
		}
		if err != nil {
			return err
		}
		note(n.ID)
	}
	curated, err := b.entities.Curated()
	if err != nil {
		return err
	}
	for _, c := range curated {
		if err := b.w.PutCurated(c.Node, c.Edges); err != nil {
			return err
		}
	}
	for _, id := range b.entities.Removed() {
		if id.Kind() == graph.KindPaper || id.Kind() == graph.KindAuthor || id.Kind() == graph.KindVenue {
			continue
		}
		if err := b.w.PutCurated(id, nil); err != nil {
			return err
		}
	}
	var keys []string
	if !b.first && !b.whole {
		keys, err = b.entities.Papers()
	}
	if err == nil {
		err = b.entities.Save() // before papers are written, to have its memory for that
	}
	if err == nil {
		err = b.w.SetResolution(madeWithKey, b.remember)
	}
	if err != nil {
		return err
	}
	n := 0
	for f, err := range b.papers(ctx, keys) {
		if err != nil {
			return err
		}
		selected := f.Select(b.MinConfidence)
		nodes, edges, err := b.entities.Paper(&selected)
		if err == nil {
			err = b.w.PutPaper(nodes, edges)
		}
		if err != nil {
			return err
		}
		note(nodes[0].ID)
		n++
		b.OnProgress(Progress{Stage: StageWrite, Papers: n, Total: max(n, b.report.Added+b.report.Changed)})
	}
	if b.whole {
		return b.removeOthers(ctx, put, curated)
	}
	return nil
}

// papers yields the facts of the papers that are to be written: those of the
// keys, or all.
func (b *builder) papers(ctx context.Context, keys []string) iter.Seq2[*graph.Facts, error] {
	return func(yield func(*graph.Facts, error) bool) {
		if b.first || b.whole {
			for f, err := range b.factsAhead(ctx) {
				if !yield(&f.Facts, err) {
					return
				}
			}
			return
		}
		for _, key := range keys {
			f, ok, err := b.w.FactsOf(key)
			if err == nil && !ok {
				err = fmt.Errorf("%w: the facts %s are missing", store.ErrDamaged, key)
			}
			if err == nil {
				err = ctx.Err()
			}
			if !yield(&f.Facts, err) || err != nil {
				return
			}
		}
	}
}

// factsAhead yields all facts, which another goroutine reads ahead: taking them
// from the store takes as long as writing what they say.
func (b *builder) factsAhead(ctx context.Context) iter.Seq2[store.StoredFacts, error] {
	type item struct {
		f   store.StoredFacts
		err error
	}
	return func(yield func(store.StoredFacts, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		// What is read is a view of the writer as of the first fact: the caller
		// may write as soon as it has that.
		items := make(chan item, 64)
		go func() {
			defer close(items)
			for f, err := range b.w.Facts(ctx) {
				select {
				case items <- item{f, err}:
				case <-ctx.Done():
					return
				}
			}
		}()
		defer func() {
			cancel()
			for range items {
			}
		}()
		for i := range items {
			if !yield(i.f, i.err) {
				return
			}
		}
		if err := context.Cause(ctx); err != nil {
			yield(store.StoredFacts{}, err)
		}
	}
}

// remove deletes a node of the last snapshot.
func (b *builder) remove(id graph.ID) error {
	if id.Kind() == graph.KindPaper {
		return b.w.DeletePaper(id)
	}
	return b.w.DeleteNode(id)
}

// removeOthers deletes what the last snapshot had and this one has not.
func (b *builder) removeOthers(ctx context.Context, put map[hash]bool, curated []resolve.CuratedFrom) error {
	has := map[graph.ID]bool{}
	for _, c := range curated {
		has[c.Node] = true
	}
	for from, err := range b.w.CuratedFrom(ctx) {
		if err == nil && !has[from] {
			err = b.w.PutCurated(from, nil)
		}
		if err != nil {
			return err
		}
	}
	for id, err := range b.w.IDs(ctx) {
		if err == nil && id.Kind() != graph.KindResult && !put[hashOf(string(id))] {
			err = b.remove(id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) publish(ctx context.Context) error {
	papers := b.report.Added + b.report.Changed
	b.OnProgress(Progress{Stage: StagePublish, Total: papers})
	by := b.Extractor.Version()
	if b.MinConfidence > 0 {
		by += fmt.Sprintf(", confidence >= %v", b.MinConfidence)
	}
	sources := slices.Clone(b.Paths)
	for _, id := range b.Remove {
		sources = append(sources, "without "+string(id))
	}
	before, _ := b.w.Base()
	info, err := b.w.Publish(ctx, store.Provenance{Sources: sources, Extractor: by, Lexicon: b.Lexicon.Hash(), Registry: b.Registry.Hash()})
	if err != nil {
		return err
	}
	b.report.Info, b.report.Published = info, info.Version != before.Version
	b.OnProgress(Progress{Stage: StagePublish, Papers: papers, Total: papers})
	return nil
}
