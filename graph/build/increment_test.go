package build_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"papergraph/graph"
	"papergraph/graph/build"
	"papergraph/graph/registry"
	"papergraph/store"
)

// Ensure that whatever papers come, change, go and are pruned, in whatever
// order and however the sources lie, the store is that of a fresh build of what
// is left: the same bytes of every export, the same id.
func TestIncrements(t *testing.T) {
	all := corpus(t)
	base := options(t)
	if err := base.Store.Close(); err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		o := reopened(t, base)
		now := map[string]graph.Document{} // by facts key
		for step := range rapid.IntRange(1, 3).Draw(rt, "steps") {
			switch action := rapid.SampledFrom([]string{"add", "add", "change", "remove", "prune"}).Draw(rt, "action"); {
			case action == "add" || len(now) == 0:
				var some []graph.Document
				for range rapid.IntRange(1, 8).Draw(rt, "papers") {
					d := rapid.SampledFrom(all).Draw(rt, "paper")
					if old, ok := now[store.FactsKey(&d)]; ok {
						d = old // as it is by now
					}
					if !slices.ContainsFunc(some, func(o graph.Document) bool { return o.Title == d.Title }) {
						some = append(some, d)
						now[store.FactsKey(&d)] = d
					}
				}
				o.Paths = []string{write(t, some)}
				mustRun(t, o)
			case action == "change":
				key := rapid.SampledFrom(slices.Sorted(maps.Keys(now))).Draw(rt, "key")
				d := now[key]
				other := rapid.SampledFrom(all).Draw(rt, "other")
				d.Abstract = strings.TrimSpace(d.Abstract + " " + other.Abstract)
				d.Authors = other.Authors
				now[key] = d
				o.Paths = []string{write(t, []graph.Document{d})}
				mustRun(t, o)
			case action == "remove":
				o.Paths, o.Remove = nil, nil
				var gone []string
				for _, key := range slices.Sorted(maps.Keys(now)) {
					if rapid.IntRange(0, 3).Draw(rt, "go") == 0 {
						d := now[key]
						gone, o.Remove = append(gone, key), append(o.Remove, d.ID())
					}
				}
				for _, key := range gone {
					delete(now, key)
				}
				if r := mustRun(t, o); r.Removed != len(gone) {
					rt.Fatalf("step %d: %d of %d papers removed", step, r.Removed, len(gone))
				}
				o.Remove = nil
			case action == "prune":
				var rest []graph.Document
				for _, key := range slices.Sorted(maps.Keys(now)) {
					if rapid.Bool().Draw(rt, "stay") {
						rest = append(rest, now[key])
					}
				}
				rest = append(rest, rapid.SampledFrom(all).Draw(rt, "one more"))
				clear(now)
				for _, d := range rest {
					// A changed form goes before the first one, as it is longer.
					if old, ok := now[store.FactsKey(&d)]; !ok || len(d.Abstract) > len(old.Abstract) {
						now[store.FactsKey(&d)] = d
					}
				}
				o.Paths, o.Prune = []string{write(t, rest)}, true
				mustRun(t, o)
				o.Prune = false
			}
			fresh := reopened(t, base)
			want := store.Info{}
			if len(now) > 0 {
				fresh.Paths = []string{write(t, slices.Collect(maps.Values(now)))}
				want = mustRun(t, fresh).Info
			}
			got := latest(t, o.Store)
			if len(now) > 0 {
				wantJSON, wantDOT := export(t, latest(t, fresh.Store))
				gotJSON, gotDOT := export(t, got)
				if gotJSON != wantJSON {
					rt.Fatalf("step %d: JSON differs in %s", step, firstDifference(wantJSON, gotJSON))
				}
				if gotDOT != wantDOT {
					rt.Fatalf("step %d: DOT differs in %s", step, firstDifference(wantDOT, gotDOT))
				}
				if got.Info().ID != want.ID || got.Info().Statements != want.Statements {
					rt.Fatalf("step %d: snapshot %s of %d statements, a fresh one is %s of %d", step, got.Info().ID, got.Info().Statements, want.ID, want.Statements)
				}
			} else if got.Info().Nodes != 0 || got.Info().Edges != 0 {
				rt.Fatalf("step %d: nothing is left, but %d nodes are", step, got.Info().Nodes)
			}
		}
	})
}

// reopened is base with a new store.
func reopened(t testing.TB, base build.Options) build.Options {
	t.Helper()
	o := base
	o.Store = newStore(t)
	return o
}

// Ensure that a change reads and writes no more than it must: what did not
// change is not extracted, and the papers that are written again are those that
// it concerns.
func TestIncrementIsSmall(t *testing.T) {
	papers := corpus(t)
	o := options(t, write(t, papers))
	mustRun(t, o)
	written := 0
	o.OnProgress = func(p build.Progress) {
		if p.Stage == build.StageWrite {
			written = p.Papers
		}
	}
	// A line before all others moves them, and changes none.
	one := graph.Document{Title: "Counting Zebras", Abstract: "We count zebras with ZebraNet, a new network. ZebraNet finds all of them."}
	o.Paths = []string{write(t, append([]graph.Document{one}, papers...))}
	r := mustRun(t, o)
	if r.Added != 1 || r.Unchanged != len(papers) || r.Changed != 0 || written > 5 {
		t.Errorf("one paper more: %+v, %d papers written", r, written)
	}
	written = 0
	o.Paths, o.Remove = nil, []graph.ID{one.ID()}
	if r := mustRun(t, o); r.Removed != 1 || r.Info.Papers != len(papers) || written > 4 {
		t.Errorf("it is removed: %+v, %d papers written", r, written)
	}
}

// Ensure that nothing is pruned while something of the sources was refused.
func TestPruneIsCareful(t *testing.T) {
	papers := corpus(t)
	o := options(t, write(t, papers[:5]))
	mustRun(t, o)
	o.Prune = true
	o.Paths = []string{write(t, papers[:2]), writeText(t, "bad.jsonl", "{\"title\": 7}\n")}
	if r := mustRun(t, o); !r.Unpruned || r.Removed != 0 || r.Info.Papers != 5 || r.Skipped == 0 {
		t.Errorf("with a bad record: %+v", r)
	}
	o.Paths = o.Paths[:1]
	if r := mustRun(t, o); r.Unpruned || r.Removed != 3 || r.Info.Papers != 2 {
		t.Errorf("without: %+v", r)
	}
}

// Ensure that what an interrupted build extracted is not extracted again.
func TestInterruptedBuildGoesOn(t *testing.T) {
	papers := corpus(t)
	o := options(t, write(t, papers))
	want := mustRun(t, o).Info.ID
	for _, first := range []int{0, 5} {
		t.Run(fmt.Sprintf("after %d papers", first), func(t *testing.T) {
			o := o
			o.Store = newStore(t)
			if first > 0 {
				o.Paths = []string{write(t, papers[:first])}
				mustRun(t, o)
			}
			ctx, cancel := cancelAfter(t, &o, 40)
			defer cancel()
			o.Paths = []string{write(t, papers)}
			if _, err := build.Run(ctx, o); err == nil {
				t.Fatal("it was not interrupted")
			}
			o.OnProgress = nil
			r := mustRun(t, o)
			if r.Kept < 30-first || r.Added != len(papers)-first || r.Info.ID != want {
				t.Errorf("%d papers were kept, %d added, snapshot %s, want %s", r.Kept, r.Added, r.Info.ID, want)
			}
		})
	}
}

// Ensure that papers which change what the registry comes to, another registry
// and none again give what a fresh build does.
func TestIncrementsWithRegistry(t *testing.T) {
	reg, err := registry.Parse("r.toml", []byte(`
[[same]]
kind = "method"
names = ["ZebraNet", "method:stripe-counter"]
[[drop]]
kind = "dataset"
names = ["Savannah"]
`))
	if err != nil {
		t.Fatal(err)
	}
	papers := corpus(t)[:20]
	one := graph.Document{Title: "Counting Zebras", Abstract: "We propose ZebraNet, a new neural network for image classification. We evaluate ZebraNet on the Savannah dataset."}
	two := graph.Document{Title: "Stripes", Abstract: "We propose Stripe-Counter, a convolutional network. Stripe-Counter outperforms ZebraNet on the Savannah dataset."}
	o := options(t)
	for _, step := range []struct {
		name   string
		reg    *registry.Registry
		papers []graph.Document
	}{
		{"without", nil, append([]graph.Document{one}, papers...)},
		{"with", reg, append([]graph.Document{one}, papers...)},
		{"the other name comes", reg, append([]graph.Document{one, two}, papers...)},
		{"the first goes", reg, append([]graph.Document{two}, papers...)},
		{"both go", reg, papers},
		{"without again", nil, papers},
	} {
		path := write(t, step.papers)
		o.Paths, o.Registry, o.Prune = []string{path}, step.reg, true
		got := mustRun(t, o)
		if got.Changed != 0 {
			t.Errorf("%s: %d papers are extracted again", step.name, got.Changed)
		}
		fresh := reopened(t, o)
		want := mustRun(t, fresh)
		wantJSON, _ := export(t, latest(t, fresh.Store))
		if gotJSON, _ := export(t, latest(t, o.Store)); gotJSON != wantJSON || got.Info.ID != want.Info.ID {
			t.Errorf("%s: JSON differs in %s", step.name, firstDifference(wantJSON, gotJSON))
		}
	}
}
