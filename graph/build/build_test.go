package build_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"papergraph/exporters"
	"papergraph/graph"
	"papergraph/graph/build"
	"papergraph/graph/extract"
	"papergraph/graph/lexicon"
	"papergraph/graph/source"
	"papergraph/store"
)

// TestMain ensures that no build leaves a goroutine behind, cancelled ones
// included. The binary is also the builder that a test kills.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashEnv); dir != "" {
		if err := runBuilder(dir, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// An opening that fails, as the first one after some kills does, leaves these
	// two of the engine's behind (Badger 4.9.6).
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dgraph-io/ristretto/v2/z.(*AllocatorPool).freeupAllocators"),
		goleak.IgnoreAnyFunction("github.com/dgraph-io/badger/v4.(*DB).monitorCache"))
}

// options are those of a build of paths into a new store with what is shipped.
func options(t testing.TB, paths ...string) build.Options {
	t.Helper()
	lex, err := lexicon.Default()
	if err != nil {
		t.Fatal(err)
	}
	x, err := extract.New(lex, extract.Options{})
	if errors.Is(err, extract.ErrModel) {
		t.Skipf("no model to extract with: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return build.Options{Store: newStore(t), Paths: paths, Lexicon: lex, Extractor: x}
}

// newStore opens an empty store for the time of the test.
func newStore(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// cancelAfter gives a context that is cancelled once so many papers are
// extracted.
func cancelAfter(t testing.TB, o *build.Options, papers int) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	o.OnProgress = func(p build.Progress) {
		if p.Stage == build.StageExtract && p.Papers >= papers {
			cancel()
		}
	}
	return ctx, cancel
}

func mustRun(t testing.TB, o build.Options) build.Report {
	t.Helper()
	r, err := build.Run(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// latest opens the newest snapshot for the time of the test.
func latest(t testing.TB, s *store.Store) *store.Snapshot {
	t.Helper()
	snap, err := s.Latest()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(snap.Close)
	return snap
}

// corpus reads the papers of testdata/corpus.
func corpus(t testing.TB) []graph.Document {
	t.Helper()
	var out []graph.Document
	for d, err := range source.Read(context.Background(), []string{"../../testdata/corpus"}, source.Options{Strict: true}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

// write writes papers as JSON lines and returns the file's path.
func write(t testing.TB, papers []graph.Document) string {
	t.Helper()
	var b bytes.Buffer
	for _, d := range papers {
		record := map[string]any{"title": d.Title, "abstract": d.Abstract}
		if d.Year != 0 {
			record["year"] = d.Year
		}
		if d.Authors != nil {
			record["authors"] = d.Authors
		}
		line, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	return writeText(t, "papers.jsonl", b.String())
}

func writeText(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// export gives all of a snapshot as JSON and as DOT.
func export(t testing.TB, snap *store.Snapshot) (asJSON, asDOT string) {
	t.Helper()
	v, err := snap.View(context.Background(), store.ViewOptions{Title: "all"})
	if err != nil {
		t.Fatal(err)
	}
	if info := snap.Info(); len(v.Nodes) != info.Nodes || len(v.Edges) != info.Edges {
		t.Fatalf("the view has %d nodes and %d edges, the snapshot %d and %d", len(v.Nodes), len(v.Edges), info.Nodes, info.Edges)
	}
	var j, d bytes.Buffer
	if err := exporters.JSON(&j, v); err != nil {
		t.Fatal(err)
	}
	if err := exporters.DOT(&d, v, exporters.DOTOptions{Legend: true}); err != nil {
		t.Fatal(err)
	}
	return j.String(), d.String()
}

// firstDifference shows where two long texts part.
func firstDifference(a, b string) string {
	la, lb := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(la), len(lb)) {
		if la[i] != lb[i] {
			return fmt.Sprintf("line %d:\n-%s\n+%s", i+1, la[i], lb[i])
		}
	}
	return fmt.Sprintf("%d lines, %d lines", len(la), len(lb))
}

func TestSecondBuildChangesNothing(t *testing.T) {
	o := options(t, "../../testdata/corpus")
	first := mustRun(t, o)
	if first.Read != 83 || first.Added != 83 || first.Unchanged != 0 || first.Duplicates != 0 || first.Problems != 0 {
		t.Errorf("first build: %+v", first)
	}
	if first.Info.Papers != 83 || first.Info.Nodes <= 83 || first.Info.Edges == 0 {
		t.Errorf("first snapshot: %+v", first.Info)
	}
	for _, stage := range []build.Stage{build.StageExtract, build.StageResolve, build.StageWrite, build.StagePublish} {
		if _, ok := first.Elapsed[stage]; !ok {
			t.Errorf("no time for stage %s", stage)
		}
	}
	second := mustRun(t, o)
	if second.Read != 83 || second.Added != 0 || second.Changed != 0 || second.Published || second.Unchanged != 83 || second.Duplicates != 0 {
		t.Errorf("second build: %+v", second)
	}
	if d := cmp.Diff(first.Info, second.Info); d != "" {
		t.Errorf("snapshots (-first +second):\n%s", d)
	}
	if infos, err := o.Store.Snapshots(); err != nil || len(infos) != 1 {
		t.Errorf("%d snapshots, %v, want one", len(infos), err)
	}
}

// Ensure that the same papers give the same bytes in whatever order, on
// however many cores, and however many builds it took.
func TestOrderOfPapersDoesNotMatter(t *testing.T) {
	papers := corpus(t)
	o := options(t, write(t, papers))
	want := mustRun(t, o)
	wantJSON, wantDOT := export(t, latest(t, o.Store))
	check := func(t *testing.T, got store.Info, s *store.Store) {
		t.Helper()
		if got.ID != want.Info.ID {
			t.Errorf("snapshot %s, want %s", got.ID, want.Info.ID)
		}
		gotJSON, gotDOT := export(t, latest(t, s))
		if gotJSON != wantJSON {
			t.Errorf("JSON differs in %s", firstDifference(wantJSON, gotJSON))
		}
		if gotDOT != wantDOT {
			t.Errorf("DOT differs in %s", firstDifference(wantDOT, gotDOT))
		}
	}
	orders := 20
	if testing.Short() {
		orders = 3
	}
	for n := range orders {
		t.Run(fmt.Sprintf("order %d", n), func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(n), 7))
			random.Shuffle(len(papers), func(i, j int) { papers[i], papers[j] = papers[j], papers[i] })
			o := options(t, write(t, papers))
			o.Jobs = n % 4
			check(t, mustRun(t, o).Info, o.Store)
		})
	}
	t.Run("in three builds", func(t *testing.T) {
		all := write(t, papers)
		o := options(t, write(t, papers[:20]))
		mustRun(t, o)
		o.Paths = []string{write(t, papers[10:60])}
		if r := mustRun(t, o); r.Read != 50 {
			t.Errorf("second build: %+v", r)
		}
		o.Paths = []string{all}
		check(t, mustRun(t, o).Info, o.Store)
	})
	t.Run("after a change and back", func(t *testing.T) {
		changed := slices.Clone(papers)
		changed[0].Abstract = "We present FooNet, which reaches 99.5% accuracy on ImageNet. " + changed[0].Abstract
		o := options(t, write(t, changed))
		if r := mustRun(t, o); r.Info.ID == want.Info.ID {
			t.Error("the change is not in the snapshot's id")
		}
		o.Paths = []string{write(t, papers)}
		if r := mustRun(t, o); r.Read != 83 {
			t.Errorf("second build: %+v", r)
		}
		check(t, latest(t, o.Store).Info(), o.Store)
	})
}

// Ensure that every statement of the store shows its evidence.
func TestEvidence(t *testing.T) {
	o := options(t, "../../testdata/corpus")
	mustRun(t, o)
	snap := latest(t, o.Store)
	ctx := context.Background()
	documents := map[graph.ID]*graph.Document{}
	nodes := map[graph.ID]bool{}
	for n, err := range snap.AllNodes(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		nodes[n.ID] = true
		if n.Paper != nil {
			documents[n.ID] = n.Paper
		}
	}
	statements, quotes := 0, 0
	for e, err := range snap.AllEdges(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Check(); err != nil {
			t.Error(err)
		}
		if !nodes[e.From] || !nodes[e.To] {
			t.Errorf("%s %s %s joins what is no node", e.From, e.Relation, e.To)
		}
		for _, s := range e.Statements {
			statements++
			for _, v := range s.Evidence {
				quotes++
				if err := v.Check(documents[s.Paper]); err != nil {
					t.Errorf("%s %s %s: %v", e.From, e.Relation, e.To, err)
				}
			}
		}
	}
	if want := snap.Info().Statements; statements != want {
		t.Errorf("%d statements, the snapshot says %d", statements, want)
	}
	if quotes == 0 {
		t.Error("no evidence at all")
	}
	for f, err := range snap.AllFacts(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Check(); err != nil {
			t.Errorf("facts of %q: %v", f.Document.Title, err)
		}
	}
}

// Ensure that a build that is cancelled, at whatever stage, leaves the last
// snapshot, and that the next build comes out as if nothing had been.
func TestCancelledBuild(t *testing.T) {
	papers := corpus(t)
	whole := options(t, write(t, papers))
	want := mustRun(t, whole).Info.ID
	for _, stage := range []build.Stage{build.StageExtract, build.StageResolve, build.StageWrite, build.StagePublish} {
		t.Run(string(stage), func(t *testing.T) {
			o := options(t, write(t, papers[:30]))
			before := mustRun(t, o).Info
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			o.Paths = []string{write(t, papers)}
			o.OnProgress = func(p build.Progress) {
				if p.Stage == stage && (p.Papers > 20 || stage == build.StageResolve || stage == build.StagePublish) {
					cancel()
				}
			}
			if _, err := build.Run(ctx, o); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), string(stage)) {
				t.Errorf("error %v, want context.Canceled in stage %s", err, stage)
			}
			if got := latest(t, o.Store).Info(); !cmp.Equal(before, got) {
				t.Errorf("the last snapshot (-before +now):\n%s", cmp.Diff(before, got))
			}
			o.OnProgress = nil
			if got := mustRun(t, o).Info.ID; got != want {
				t.Errorf("the next build gives %s, want %s", got, want)
			}
		})
	}
	t.Run("before it begins", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		o := options(t, write(t, papers))
		if _, err := build.Run(ctx, o); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		if _, err := o.Store.Latest(); !errors.Is(err, store.ErrEmpty) {
			t.Errorf("the store has something: %v", err)
		}
	})
}

func TestBadRecords(t *testing.T) {
	text := `{"title": "A good paper", "abstract": "We propose FooNet."}
{"title": "Another", "abstract": "We evaluate BERT on GLUE."}
{"title": broken
{"abstract": "no title"}
{"title": "The last", "abstract": "LoRA is low-rank."}
`
	path, missing, empty := writeText(t, "papers.jsonl", text), filepath.Join(t.TempDir(), "missing"), writeText(t, "empty.json", "")
	o := options(t, path, missing, empty)
	var problems []string
	o.OnProblem = func(p source.Problem) {
		problems = append(problems, fmt.Sprintf("%s:%d", filepath.Base(p.Source), p.Line))
	}
	r := mustRun(t, o)
	if r.Read != 3 || r.Added != 3 || r.Info.Papers != 3 {
		t.Errorf("report %+v", r)
	}
	if d := cmp.Diff([]string{"papers.jsonl:3", "papers.jsonl:4", "missing:0", "empty.json:0"}, problems); d != "" || r.Problems != len(problems) {
		t.Errorf("%d problems (-want +got):\n%s", r.Problems, d)
	}

	o.Strict = true
	o.OnProblem = nil
	before := latest(t, o.Store).Info()
	if _, err := build.Run(context.Background(), o); !errors.Is(err, source.ErrRecord) || !strings.Contains(err.Error(), "papers.jsonl:3") {
		t.Errorf("strict: error %v, want source.ErrRecord at papers.jsonl:3", err)
	}
	if got := latest(t, o.Store).Info(); got.ID != before.ID {
		t.Errorf("a strict build that failed published %s", got.ID)
	}
}

// A paper that says more than a record can hold is a problem with its place,
// and what the store has of it stays.
func TestPaperTooLarge(t *testing.T) {
	var long strings.Builder
	for i := 0; long.Len() < 240_000; i++ {
		fmt.Fprintf(&long, "We propose Net-%d, which outperforms BERT on CIFAR-%d by %d.%d%% accuracy. ", i, i+1, i%90, i%10)
	}
	papers := []graph.Document{
		{Title: "Nets of Every Number", Abstract: "We propose Net-1, which outperforms BERT on CIFAR-10."},
		{Title: "A Net in Good Shape", Abstract: "We propose ShapeNet-X, which outperforms ResNet on ImageNet."},
	}
	o := options(t, write(t, papers))
	mustRun(t, o)
	before, _ := export(t, latest(t, o.Store))

	papers[0].Abstract = long.String()
	for _, strict := range []bool{false, true} {
		var problems []string
		o.Paths, o.Strict = []string{write(t, papers)}, strict
		o.OnProblem = func(p source.Problem) { problems = append(problems, p.Error()) }
		r, err := build.Run(t.Context(), o)
		if strict {
			if !errors.Is(err, store.ErrTooLarge) || !strings.Contains(err.Error(), "Nets of Every Number") {
				t.Errorf("strict: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if r.Read != 1 || r.Unchanged != 1 || r.Changed != 0 || r.Skipped != 1 {
			t.Errorf("report %+v", r)
		}
		if len(problems) != 1 || !strings.Contains(problems[0], "papers.jsonl:1: \"Nets of Every Number\"") {
			t.Errorf("problems %q", problems)
		}
		if after, _ := export(t, latest(t, o.Store)); after != before {
			t.Error("the graph changed")
		}
	}
}

func TestNothingToBuild(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	o := options(t, missing)
	r, err := build.Run(context.Background(), o)
	if !errors.Is(err, build.ErrNothing) || !strings.Contains(err.Error(), missing) || r.Problems != 1 {
		t.Errorf("report %+v, error %v, want ErrNothing that names the path, and one problem", r, err)
	}
	// A store that has papers is built from those.
	o.Paths = []string{write(t, corpus(t)[:2])}
	mustRun(t, o)
	o.Paths = []string{missing}
	if r := mustRun(t, o); r.Info.Papers != 2 || r.Read != 0 {
		t.Errorf("report %+v", r)
	}
}

func TestBusyStore(t *testing.T) {
	o := options(t, write(t, corpus(t)[:2]))
	w, err := o.Store.Begin(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	if _, err := build.Run(context.Background(), o); !errors.Is(err, store.ErrBusy) {
		t.Errorf("error %v, want store.ErrBusy", err)
	}
}

// Ensure that of several forms of a paper the same one is taken in whatever
// order they come, and that the report counts papers and forms alike.
func TestDuplicates(t *testing.T) {
	short := graph.Document{Title: "FooNet: Networks of Foo", Year: 2024, Abstract: "We propose FooNet."}
	long := graph.Document{Title: "FooNet: networks of foo", Year: 2024, Abstract: "We propose FooNet, and evaluate it on ImageNet with an accuracy of 91.3%."}
	other := graph.Document{Title: "FooNet: Networks of Foo", Year: 2024, Abstract: "We propose BarNet, and evaluate it on ImageNet with an accuracy of 81.3%."}
	later := graph.Document{Title: "FooNet: Networks of Foo", Year: 2025, Abstract: "We propose FooNet again."}
	padding := corpus(t)[:10]
	forms := []graph.Document{short, long, other, later, long}
	var wantID string
	var wantJSON string
	random := rand.New(rand.NewPCG(3, 4))
	for n := range 8 {
		random.Shuffle(len(forms), func(i, j int) { forms[i], forms[j] = forms[j], forms[i] })
		o := options(t, write(t, slices.Concat(forms, padding)))
		o.Jobs = 1 + n%3
		r := mustRun(t, o)
		if r.Read != 15 || r.Duplicates != 3 || r.Added != 12 || r.Unchanged != 0 {
			t.Errorf("order %d: %+v", n, r)
		}
		gotJSON, _ := export(t, latest(t, o.Store))
		if wantID == "" {
			wantID, wantJSON = r.Info.ID, gotJSON
		}
		if r.Info.ID != wantID || gotJSON != wantJSON {
			t.Errorf("order %d: snapshot %s, want %s; JSON differs in %s", n, r.Info.ID, wantID, firstDifference(wantJSON, gotJSON))
		}
		if r := mustRun(t, o); r.Unchanged != 12 || r.Added != 0 || r.Changed != 0 || r.Duplicates != 3 || r.Info.ID != wantID {
			t.Errorf("order %d, again: %+v", n, r)
		}
	}
}

// Ensure that progress is told stage by stage and ends at its total.
func TestProgress(t *testing.T) {
	o := options(t, write(t, corpus(t)))
	last := map[build.Stage]build.Progress{}
	var order []build.Stage
	o.OnProgress = func(p build.Progress) {
		if _, ok := last[p.Stage]; !ok {
			order = append(order, p.Stage)
		}
		if p.Papers < last[p.Stage].Papers || p.Bytes < last[p.Stage].Bytes {
			t.Errorf("progress goes back from %+v to %+v", last[p.Stage], p)
		}
		last[p.Stage] = p
	}
	mustRun(t, o)
	if d := cmp.Diff([]build.Stage{build.StageExtract, build.StageResolve, build.StageWrite, build.StagePublish}, order); d != "" {
		t.Errorf("stages (-want +got):\n%s", d)
	}
	for _, stage := range order {
		if p := last[stage]; p.Papers != 83 || stage != build.StageExtract && p.Total != 83 {
			t.Errorf("the last of stage %s is %+v", stage, p)
		}
	}
	if p := last[build.StageExtract]; p.TotalBytes == 0 || p.Bytes != p.TotalBytes {
		t.Errorf("%d of %d bytes were read", p.Bytes, p.TotalBytes)
	}
}

func BenchmarkBuildCorpus(b *testing.B) {
	b.ReportAllocs()
	start := time.Now()
	n := 0
	for b.Loop() {
		o := options(b, "../../testdata/corpus")
		mustRun(b, o)
		n += 83
	}
	b.ReportMetric(float64(n)/time.Since(start).Seconds(), "papers/s")
	b.ReportMetric(float64(runtime.GOMAXPROCS(0)), "cores")
}

// Ensure that candidates, which the facts keep, leave no trace in the graph
// unless they are asked for, and that asking needs no extracting.
func TestMinConfidence(t *testing.T) {
	ctx := context.Background()
	o := options(t, write(t, corpus(t)[:25]))
	first := mustRun(t, o)
	withJSON, withDOT := export(t, latest(t, o.Store))

	bare := options(t)
	w, err := bare.Store.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	candidates := 0
	for f, err := range latest(t, o.Store).AllFacts(ctx) {
		if err != nil {
			t.Fatal(err)
		}
		selected := f.Select(0)
		if err := w.PutPaper([]graph.Node{{ID: f.Document.ID(), Name: f.Document.Title, Paper: &f.Document}}, nil); err != nil {
			t.Fatal(err)
		}
		candidates += len(f.Mentions) - len(selected.Mentions)
		if err := w.PutFacts(&selected, "without candidates"); err != nil {
			t.Fatal(err)
		}
	}
	if candidates == 0 {
		t.Fatal("the facts keep no candidate")
	}
	if _, err := w.Publish(ctx, store.Provenance{}); err != nil {
		t.Fatal(err)
	}
	mustRun(t, bare)
	withoutJSON, withoutDOT := export(t, latest(t, bare.Store))
	if withJSON != withoutJSON || withDOT != withoutDOT {
		t.Errorf("candidates change the graph:\n%s", firstDifference(withoutJSON, withJSON))
	}

	edges := map[float64]int{}
	for _, min := range []float64{0.1, 0.5, 0.9} {
		o.MinConfidence = min
		r := mustRun(t, o)
		if r.Added != 0 || r.Changed != 0 {
			t.Errorf("from %v on: %d papers were extracted again", min, r.Added+r.Changed)
		}
		if want := fmt.Sprintf("%s, confidence >= %v", o.Extractor.Version(), min); r.Info.Extractor != want {
			t.Errorf("from %v on: made by %q, want %q", min, r.Info.Extractor, want)
		}
		edges[min] = r.Info.Edges
		for e, err := range latest(t, o.Store).AllEdges(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range e.Statements {
				if s.Class == graph.Extracted && s.Confidence < min {
					t.Errorf("from %v on: %s %s %s has confidence %v", min, e.From, e.Relation, e.To, s.Confidence)
				}
			}
		}
	}
	if edges[0.1] <= first.Info.Edges || edges[0.5] <= edges[0.9] || edges[0.9] == 0 {
		t.Errorf("%d edges by the model's thresholds, by least confidence %v", first.Info.Edges, edges)
	}
	o.MinConfidence = 0
	if r := mustRun(t, o); r.Info.ID != first.Info.ID {
		t.Errorf("back at the model's thresholds the snapshot is %s, before it was %s", r.Info.ID, first.Info.ID)
	}
}
