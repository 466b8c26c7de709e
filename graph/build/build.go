package build

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
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
	Read       int // documents that the sources gave: the sum of the next three
	Extracted  int // papers whose facts are new
	Unchanged  int // papers with facts already in the store
	Duplicates int // documents that are another form of a paper that was read too
	Problems   int // records and files that were refused
	// Unused lists what the registry says of names that no paper has.
	Unused  []string
	Elapsed map[Stage]time.Duration
}

// ErrNothing says that the sources had no paper and the store has none either.
var ErrNothing = errors.New("no paper to build from")

// Run reads the sources, brings the store's facts up to date and publishes a
// snapshot of everything that the store now has. Errors wrap those of the
// packages below, [ErrNothing], or the context's.
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
	report   Report
	papers   int // with facts in the store
	entities *resolve.Entities
}

// extracted is a document on its way from reader to writer.
type extracted struct {
	key      string // store.FactsKey
	document string // hash of the content
	hash     string // of document, origin and extractor
	facts    graph.Facts
	keep     bool // the store has these facts already
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
		options := source.Options{Strict: b.Strict, Stdin: b.Stdin, Locate: b.Locate, OnBytes: func(n int64) { bytesRead.Add(n) }, OnProblem: func(p source.Problem) {
			b.report.Problems++
			if b.OnProblem != nil {
				b.OnProblem(p)
			}
		}}
		for d, err := range source.Read(ctx, b.Paths, options) {
			if err != nil {
				cancel(err)
				return
			}
			b.report.Read++
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
				e := extracted{key: store.FactsKey(&d), document: d.Hash()}
				e.hash = b.inputHash(e.document, d.Origin)
				if old, err := b.factsHash(e.key); err != nil {
					cancel(err)
					return
				} else if old == e.hash {
					e.keep = true
					e.facts.Document = d
				} else {
					e.facts = b.Extractor.Extract(d)
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
	chosen := map[string]choice{}
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
	for _, c := range chosen {
		if c.hash == c.before {
			b.report.Unchanged++
		} else {
			b.report.Extracted++
		}
	}
	return context.Cause(ctx)
}

// factsHash is the input hash of the facts that the store has under a key now;
// empty if it has none.
func (b *builder) factsHash(key string) (string, error) {
	b.writing.Lock()
	defer b.writing.Unlock()
	e, _, err := b.w.FactsEntry(key)
	return e.InputHash, err
}

// inputHash identifies what shapes a document's facts. The origin is part of
// it: it is kept with the facts.
func (b *builder) inputHash(document string, origin graph.Origin) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n%d\n", b.Extractor.Version(), b.Lexicon.Hash(), document, origin.Line)
	fmt.Fprint(h, origin.Source)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// choice is the form of a paper that this build has taken.
type choice struct {
	abstract int
	year     int
	document string // hash of the content
	hash     string // of what shapes the facts, the origin too
	before   string // hash of the facts that the last build kept; empty if none
}

// better says whether a document should stand for its paper rather than what
// was taken: the longer abstract, then the later year, then the smaller hash,
// whatever came first. Only between equal documents does it matter where they
// were read.
func (c choice) better(than choice) bool {
	return cmp.Or(cmp.Compare(c.abstract, than.abstract), cmp.Compare(c.year, than.year),
		strings.Compare(than.document, c.document), strings.Compare(than.hash, c.hash)) > 0
}

// take writes facts unless a better form of the paper has been taken.
func (b *builder) take(e *extracted, chosen map[string]choice) error {
	d := &e.facts.Document
	c := choice{abstract: len(d.Abstract), year: d.Year, document: e.document, hash: e.hash}
	old, again := chosen[e.key]
	if again {
		b.report.Duplicates++
		if !c.better(old) {
			return nil
		}
		c.before = old.before
	} else {
		var err error
		if c.before, err = b.factsHash(e.key); err != nil {
			return err
		}
	}
	chosen[e.key] = c
	if e.keep {
		if !again {
			return nil
		}
		// The store's old facts were replaced a moment ago by a worse form.
		e.facts = b.Extractor.Extract(*d)
	}
	b.writing.Lock()
	defer b.writing.Unlock()
	if err := b.w.PutFacts(&e.facts, e.hash); err != nil {
		return fmt.Errorf("keep the facts of %q: %w", d.Title, err)
	}
	return nil
}

// resolve goes over all facts to decide which names are one entity.
func (b *builder) resolve(ctx context.Context) error {
	r := resolve.New(b.Lexicon, b.Registry)
	for f, err := range b.w.Facts(ctx) {
		if err != nil {
			return err
		}
		selected := f.Facts.Select(b.MinConfidence)
		r.Observe(&selected)
		b.papers++
		b.OnProgress(Progress{Stage: StageResolve, Papers: b.papers, Total: max(b.papers, b.report.Read-b.report.Duplicates)})
	}
	if b.papers == 0 {
		return fmt.Errorf("%w: %s", ErrNothing, strings.Join(b.Paths, ", "))
	}
	var err error
	if b.entities, err = r.Resolve(ctx); err != nil {
		return err
	}
	b.report.Unused = b.entities.Unused()
	return nil
}

// write puts the whole graph into the writer.
func (b *builder) write(ctx context.Context) error {
	put := map[graph.ID]bool{}
	for n := range b.entities.Nodes() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := b.w.PutNode(&n); err != nil {
			return err
		}
		put[n.ID] = true
	}
	n := 0
	for f, err := range b.w.Facts(ctx) {
		if err != nil {
			return err
		}
		selected := f.Facts.Select(b.MinConfidence)
		nodes, edges := b.entities.Paper(&selected)
		if err := b.w.PutPaper(nodes, edges); err != nil {
			return err
		}
		put[nodes[0].ID] = true
		n++
		b.OnProgress(Progress{Stage: StageWrite, Papers: n, Total: b.papers})
	}
	return b.deleteOthers(ctx, put)
}

// deleteOthers puts the curated edges and deletes what the last snapshot had
// and this one has not.
func (b *builder) deleteOthers(ctx context.Context, put map[graph.ID]bool) error {
	curated := map[graph.ID][]graph.Edge{}
	for _, e := range b.entities.Curated() {
		curated[e.From] = append(curated[e.From], e)
	}
	for from, err := range b.w.CuratedFrom(ctx) {
		if err != nil {
			return err
		}
		if curated[from] == nil {
			curated[from] = []graph.Edge{}
		}
	}
	for from, edges := range curated {
		if err := b.w.PutCurated(from, edges); err != nil {
			return err
		}
	}
	for id, err := range b.w.IDs(ctx) {
		switch {
		case err != nil, put[id], id.Kind() == graph.KindResult:
		case id.Kind() == graph.KindPaper:
			err = b.w.DeletePaper(id)
		default:
			err = b.w.DeleteNode(id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) publish(ctx context.Context) error {
	b.OnProgress(Progress{Stage: StagePublish, Total: b.papers})
	by := b.Extractor.Version()
	if b.MinConfidence > 0 {
		by += fmt.Sprintf(", confidence >= %v", b.MinConfidence)
	}
	info, err := b.w.Publish(ctx, store.Provenance{Sources: b.Paths, Extractor: by, Lexicon: b.Lexicon.Hash()})
	if err != nil {
		return err
	}
	b.report.Info = info
	b.OnProgress(Progress{Stage: StagePublish, Papers: b.papers, Total: b.papers})
	return nil
}
