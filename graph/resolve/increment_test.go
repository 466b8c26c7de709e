package resolve

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"papergraph/graph"
	"papergraph/graph/lexicon"
	"papergraph/graph/registry"
)

// memory is a table in memory.
type memory struct{ now, base map[string]string }

func (m *memory) Get(key []byte) ([]byte, error) {
	if v, ok := m.base[string(key)]; ok {
		return []byte(v), nil
	}
	return nil, nil
}

func (m *memory) Set(key, value []byte) error {
	if value == nil {
		delete(m.now, string(key))
	} else {
		m.now[string(key)] = string(value)
	}
	return nil
}

func (m *memory) Scan(prefix []byte, fn func(key []byte) error) error {
	for _, k := range slices.Sorted(maps.Keys(m.base)) {
		if strings.HasPrefix(k, string(prefix)) {
			if err := fn([]byte(k)); err != nil {
				return err
			}
		}
	}
	return nil
}

// next begins another run.
func (m *memory) next() { m.base = maps.Clone(m.now) }

// growing is a graph to which each run adds what changes.
type growing struct {
	table   *memory
	Nodes   map[graph.ID]graph.Node
	Papers  map[graph.ID][]graph.Node
	Edges   map[graph.ID][]graph.Edge
	Curated map[graph.ID][]graph.Edge
	// maxOpen is the resolvers': with 0 rows are packed whenever they can be.
	maxOpen int
}

func newGrowing() *growing {
	return &growing{table: &memory{now: map[string]string{}, base: map[string]string{}}, Nodes: map[graph.ID]graph.Node{}, Papers: map[graph.ID][]graph.Node{},
		Edges: map[graph.ID][]graph.Edge{}, Curated: map[graph.ID][]graph.Edge{}}
}

// change runs resolution over papers that come and go, and applies what it
// says changes. now has all papers by key.
func (g *growing) change(t reporter, l *lexicon.Lexicon, reg *registry.Registry, gone, come, now map[string]*paper) (anew bool) {
	t.Helper()
	g.table.next()
	r, err := New(l, reg, g.table)
	if err != nil {
		t.Fatalf("new resolver: %v", err)
	}
	r.maxOpen = g.maxOpen
	for _, key := range slices.Sorted(maps.Keys(gone)) {
		r.Forget(key, &gone[key].f)
	}
	for _, key := range slices.Sorted(maps.Keys(come)) {
		r.Observe(key, &come[key].f)
	}
	e, err := r.Resolve(t.Context())
	if errors.Is(err, ErrAnew) {
		*g = *newGrowing()
		return g.change(t, l, reg, nil, now, now) || true
	}
	if err != nil {
		t.Fatalf("resolve: %v", err)
	}
	for _, id := range e.Removed() {
		if g.Nodes[id].ID == "" && g.Papers[id] == nil {
			t.Errorf("%s is removed, but was not there", id)
		}
		delete(g.Nodes, id)
		delete(g.Papers, id)
		delete(g.Edges, id)
		delete(g.Curated, id)
	}
	for n, err := range e.Nodes() {
		if err != nil {
			t.Fatalf("nodes: %v", err)
		}
		g.Nodes[n.ID] = n
	}
	keys, err := e.Papers()
	if err != nil {
		t.Fatalf("papers: %v", err)
	}
	curated, err := e.Curated()
	if err != nil {
		t.Fatalf("curated: %v", err)
	}
	for _, c := range curated {
		if delete(g.Curated, c.Node); len(c.Edges) > 0 {
			g.Curated[c.Node] = c.Edges
		}
	}
	if err := e.Save(); err != nil {
		t.Fatalf("save: %v", err)
	}
	for _, key := range keys {
		nodes, edges, err := e.Paper(&now[key].f)
		if err != nil {
			t.Fatalf("paper: %v", err)
		}
		g.Papers[nodes[0].ID], g.Edges[nodes[0].ID] = nodes, edges
	}
	return false
}

// same says whether two graphs are one, whatever else their tables hold.
func (g *growing) same(t reporter, want *growing) {
	t.Helper()
	if d := cmp.Diff(want, g, cmpopts.IgnoreFields(growing{}, "table", "maxOpen")); d != "" {
		t.Fatalf("(-fresh +grown):\n%s", d)
	}
	// Serial numbers and numbers of locals depend on the history, but there is
	// as much of everything.
	count := func(m *memory) map[string]int {
		out := map[string]int{}
		for k := range m.now {
			out[k[:1]]++
		}
		return out
	}
	if d := cmp.Diff(count(want.table), count(g.table)); d != "" {
		t.Fatalf("rows remembered (-fresh +grown):\n%s", d)
	}
	for k, v := range want.table.now {
		if strings.IndexByte("awuvibsd", k[0]) >= 0 && g.table.now[k] != v {
			t.Fatalf("remembered under %q (-fresh +grown):\n-%q\n+%q", k, v, g.table.now[k])
		}
	}
}

// Ensure that whatever papers come, change and go, in whatever order, the graph
// is that of a fresh start with those that are left.
func TestIncrements(t *testing.T) {
	l := lexiconOf(t, field)
	for _, tt := range []struct {
		name string
		reg  *registry.Registry
	}{
		{"without a registry", nil},
		{"with a registry", registryOf(t, oddRegistry)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				g := newGrowing()
				now := map[string]*paper{}
				n := 0
				// Few names meet often.
				names := names
				if rapid.Bool().Draw(rt, "few names") {
					names = rapid.SliceOfNDistinct(rapid.SampledFrom(names), 2, 6, rapid.ID[string]).Draw(rt, "names")
				}
				for range rapid.IntRange(1, 6).Draw(rt, "runs") {
					gone, come := map[string]*paper{}, map[string]*paper{}
					for _, key := range slices.Sorted(maps.Keys(now)) {
						if rapid.IntRange(0, 2).Draw(rt, "go") == 0 {
							gone[key] = now[key]
							delete(now, key)
							if rapid.Bool().Draw(rt, "change") {
								come[key] = drawPaperOf(rt, n, names)
								n++
							}
						}
					}
					for range rapid.IntRange(0, 4).Draw(rt, "come") {
						come[fmt.Sprint(n)] = drawPaperOf(rt, n, names)
						n++
					}
					maps.Copy(now, come)
					g.change(rt, l, tt.reg, gone, come, now)
					fresh := newGrowing()
					fresh.maxOpen = maxOpen
					fresh.change(rt, l, tt.reg, nil, now, now)
					g.same(rt, fresh)
				}
			})
		})
	}
}

// Ensure that who keeps an id of several follows what the bare name means, even
// where papers that say nothing of any of them decide it.
func TestIncrementOfMeaning(t *testing.T) {
	l := lexiconOf(t, field)
	// As topics these are the lexicon's methods.
	now := map[string]*paper{
		"a": newPaper("a").mention(graph.Concerns, graph.KindConcept, 0.9, "MoS", "LoRA"),
		"b": newPaper("b").mention(graph.Concerns, graph.KindConcept, 0.9, "MoS", "Adam"),
	}
	g := newGrowing()
	g.change(t, l, nil, nil, now, now)
	if to := g.Edges["paper:b"][0].To; to != "concept:mos" {
		t.Fatalf("the first by key does not keep the id: it is %s", to)
	}
	come := map[string]*paper{}
	for i := range 4 {
		come[fmt.Sprint(i)] = newPaper(fmt.Sprint("Explains ", i)).explain("MoS", "LoRA")
	}
	maps.Copy(now, come)
	g.change(t, l, nil, nil, come, now)
	if to := g.Edges["paper:a"][0].To; to != "concept:mos" {
		t.Errorf("most papers explain it otherwise now, but it is %s", to)
	}
	fresh := newGrowing()
	fresh.change(t, l, nil, nil, now, now)
	g.same(t, fresh)
	for key := range come {
		delete(now, key)
	}
	g.change(t, l, nil, come, nil, now)
	fresh = newGrowing()
	fresh.change(t, l, nil, nil, now, now)
	g.same(t, fresh)
}

// FuzzMemory damages what is remembered: an error may come of it, no panic.
func FuzzMemory(f *testing.F) {
	f.Add(uint16(3), []byte{1, 2, 3})
	f.Add(uint16(40), []byte{})
	f.Add(uint16(7), []byte{255, 255, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, at uint16, value []byte) {
		l := lexiconOf(t, field)
		g := newGrowing()
		papers := map[string]*paper{
			"a": newPaper("a").explain("MoS", "mixture of softmaxes").uses("MoS", "mixture of softmaxes"), "b": newPaper("b").uses("LoRA").claim("LoRA", graph.BasedOn, "Foo"),
			"c": newPaper("c").explain("MoS", "mixture of states").uses("MoS"),
		}
		g.change(t, l, nil, nil, papers, papers)
		keys := slices.Sorted(maps.Keys(g.table.now))
		g.table.now[keys[int(at)%len(keys)]] = string(bytes.Clone(value))
		g.table.next()
		r, err := New(l, nil, g.table)
		if err != nil {
			return
		}
		r.Forget("a", &papers["a"].f)
		r.Observe("d", &newPaper("d").uses("MoS", "LoRA").f)
		e, err := r.Resolve(t.Context())
		if err != nil {
			return
		}
		for range e.Nodes() {
		}
		if _, err := e.Papers(); err != nil {
			return
		}
		if _, err := e.Curated(); err != nil {
			return
		}
		_ = e.Save()
		_, _, _ = e.Paper(&papers["b"].f)
	})
}
