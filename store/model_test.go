package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp/cmpopts"

	gocmp "github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

// model answers every read from what AllNodes and AllEdges say, each by its
// definition and none fast.
type model struct {
	nodes map[graph.ID]*graph.Node
	ids   []graph.ID
	edges map[EdgeKey]*graph.Edge
	sides map[graph.ID][]Neighbor
}

func newModel(t *testing.T, r *Snapshot) *model {
	t.Helper()
	m := &model{nodes: make(map[graph.ID]*graph.Node), edges: make(map[EdgeKey]*graph.Edge), sides: make(map[graph.ID][]Neighbor)}
	for n, err := range r.AllNodes(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		m.nodes[n.ID] = n
		m.ids = append(m.ids, n.ID)
	}
	for e, err := range r.AllEdges(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		m.edges[EdgeKey{e.From, e.Relation, e.To}] = e
		m.sides[e.From] = append(m.sides[e.From], Neighbor{ID: e.To, Relation: e.Relation})
		m.sides[e.To] = append(m.sides[e.To], Neighbor{ID: e.From, Relation: e.Relation, Inverse: true})
	}
	return m
}

func (m *model) year(id graph.ID) int {
	if p := m.nodes[id].Paper; p != nil {
		return p.Year
	}
	return 0
}

func (m *model) degree(id graph.ID) int {
	papers := make(map[graph.ID]bool)
	for _, n := range m.sides[id] {
		if n.ID.Kind() == graph.KindPaper {
			papers[n.ID] = true
		}
	}
	return len(papers)
}

func (m *model) bySupport(a, b graph.ID) int {
	return cmp.Or(cmp.Compare(m.degree(b), m.degree(a)), graph.CompareIDs(a, b))
}

func (m *model) inList(a, b graph.ID) int {
	if a.Kind() == graph.KindPaper && b.Kind() == graph.KindPaper {
		return cmp.Or(cmp.Compare(m.year(b), m.year(a)), graph.CompareIDs(a, b))
	}
	return m.bySupport(a, b)
}

func (m *model) besideOthers(a, b graph.ID) int {
	return cmp.Or(cmp.Compare(m.year(b), m.year(a)), m.bySupport(a, b))
}

func wantedKind(kinds []graph.Kind, k graph.Kind) bool {
	return len(kinds) == 0 || slices.Contains(kinds, k)
}

func (m *model) neighbors(id graph.ID, nq NeighborQuery) []Neighbor {
	confidence := func(n Neighbor) float64 {
		if id.Kind() != graph.KindPaper || n.Inverse {
			return 0
		}
		best := 0.0
		for _, s := range m.edges[EdgeKey{id, n.Relation, n.ID}].Statements {
			if s.Paper == id {
				best = max(best, s.Confidence)
			}
		}
		return best
	}
	ns := []Neighbor{}
	for _, n := range m.sides[id] {
		if (len(nq.Relations) == 0 || slices.Contains(nq.Relations, n.Relation)) && wantedKind(nq.Kinds, n.ID.Kind()) &&
			(nq.Direction == Both || (nq.Direction == In) == n.Inverse) {
			ns = append(ns, n)
		}
	}
	for i := range ns {
		if nq.Names {
			ns[i].Name = m.nodes[ns[i].ID].Name
		}
	}
	slices.SortFunc(ns, func(a, b Neighbor) int {
		side := func(n Neighbor) int { return map[bool]int{false: 0, true: 1}[n.Inverse] }
		relation := func(n Neighbor) byte { return relationCodes[n.Relation] }
		return cmp.Or(cmp.Compare(relation(a), relation(b)), cmp.Compare(side(a), side(b)),
			cmp.Compare(confidence(b), confidence(a)), m.besideOthers(a.ID, b.ID))
	})
	return ns
}

func (m *model) distinctNeighbors(id graph.ID, nq NeighborQuery) []graph.ID {
	var ids []graph.ID
	for _, n := range m.neighbors(id, nq) {
		if !slices.Contains(ids, n.ID) {
			ids = append(ids, n.ID)
		}
	}
	return ids
}

func (m *model) intersect(ids []graph.ID, nq NeighborQuery) []graph.ID {
	var all []graph.ID
	for _, id := range m.ids {
		if len(ids) > 0 && !slices.ContainsFunc(ids, func(of graph.ID) bool { return !slices.Contains(m.distinctNeighbors(of, nq), id) }) {
			all = append(all, id)
		}
	}
	slices.SortFunc(all, m.besideOthers)
	return all
}

func (m *model) related(id graph.ID, rq RelatedQuery, limit int) []Related {
	if rq.Kind == "" {
		rq.Kind = id.Kind()
	}
	var all []Related
	for _, other := range m.ids {
		if other == id || other.Kind() != rq.Kind {
			continue
		}
		rel := Related{ID: other}
		for _, n := range m.neighbors(id, rq.Via) {
			if slices.ContainsFunc(m.sides[other], func(o Neighbor) bool { return o.ID == n.ID }) {
				if !slices.ContainsFunc(rel.Shared, func(o Neighbor) bool { return o.ID == n.ID }) {
					rel.Count++
				}
				rel.Shared = append(rel.Shared, n)
			}
		}
		if rel.Count > 0 {
			slices.SortStableFunc(rel.Shared, compareNeighbors)
			all = append(all, rel)
		}
	}
	slices.SortFunc(all, func(a, b Related) int { return cmp.Or(cmp.Compare(b.Count, a.Count), m.inList(a.ID, b.ID)) })
	return all[:min(limit, len(all))]
}

// names are the keys of table K of a node.
func (m *model) names(t *testing.T, id graph.ID) []string {
	t.Helper()
	var names []string
	for _, key := range nodeNames(m.nodes[id], 1) {
		if key[0] == tagName {
			name, _, err := parseNameKey(tagName, key)
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, name)
		}
	}
	return names
}

func (m *model) suggest(t *testing.T, prefix string, kinds []graph.Kind, limit int) []Suggestion {
	t.Helper()
	key := beginningKey(prefix)
	if key == "" {
		return nil
	}
	var all []string
	for _, id := range m.ids {
		all = append(all, m.names(t, id)...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	whole := graph.NameKey(prefix)
	good := func(name string) bool { return name == whole || strings.HasPrefix(name, key) }
	if !slices.ContainsFunc(all, good) {
		var near []nearString
		for edits := 1; edits <= allowedEdits(key) && len(near) == 0; edits++ {
			near = nearByDefinition(all, key, edits, true)
		}
		good = func(name string) bool {
			return slices.ContainsFunc(near, func(b nearString) bool { return strings.HasPrefix(name, b.s) })
		}
	}
	var out []Suggestion
	for _, id := range m.ids {
		if wantedKind(kinds, id.Kind()) && slices.ContainsFunc(m.names(t, id), good) {
			out = append(out, Suggestion{ID: id, Name: m.nodes[id].Name, Papers: m.degree(id)})
		}
	}
	slices.SortFunc(out, func(a, b Suggestion) int {
		other := func(s Suggestion) int {
			return map[bool]int{true: 0, false: 1}[slices.Contains(m.names(t, s.ID), whole)]
		}
		return cmp.Or(cmp.Compare(other(a), other(b)), m.bySupport(a.ID, b.ID))
	})
	return out[:min(limit, len(out))]
}

func (m *model) search(t *testing.T, text string, kinds []graph.Kind, limit int) []Hit {
	t.Helper()
	a := newAnalyser()
	texts := make(map[graph.ID]analysis)
	postings := make(map[string]map[graph.ID]uint8) // by term
	docs, total := 0.0, 0.0
	for _, id := range m.ids {
		x := a.analyse(m.nodes[id])
		texts[id] = x
		for term, n := range x.counts {
			if postings[term] == nil {
				postings[term] = make(map[graph.ID]uint8)
			}
			postings[term][id] = n
		}
		if x.words > 0 {
			docs++
			total += float64(x.words)
		}
	}
	terms := slices.Sorted(maps.Keys(postings))
	frequent := func(terms []string, limit int) []string {
		slices.SortFunc(terms, func(a, b string) int {
			return cmp.Or(cmp.Compare(len(postings[b]), len(postings[a])), cmp.Compare(a, b))
		})
		return terms[:min(limit, len(terms))]
	}
	most := func(terms []string) map[graph.ID]uint8 {
		ps := make(map[graph.ID]uint8)
		for _, term := range terms {
			for id, n := range postings[term] {
				ps[id] = max(ps[id], n)
			}
		}
		return ps
	}
	nearest := func(all []string, word string) []string {
		var near []string
		for edits := 1; edits <= allowedEdits(word) && len(near) == 0; edits++ {
			for _, n := range nearByDefinition(all, word, edits, false) {
				near = append(near, n.s)
			}
		}
		return near
	}
	scores, has := make(map[graph.ID]float64), make(map[graph.ID]map[int]bool)
	weigh := func(ps map[graph.ID]uint8, weight float64) map[graph.ID]float64 {
		df := float64(len(ps))
		idf := weight * math.Log(1+max(docs-df+0.5, 0)/(df+0.5))
		out := make(map[graph.ID]float64)
		for id, n := range ps {
			norm := bm25K1 * (1 - bm25B + bm25B*float64(texts[id].words)/(total/max(docs, 1)))
			out[id] = float64(float32(idf * float64(n) * (bm25K1 + 1) / (float64(n) + norm)))
		}
		return out
	}
	add := func(words []int, ws map[graph.ID]float64) {
		for id, w := range ws {
			if !wantedKind(kinds, id.Kind()) {
				continue
			}
			if has[id] == nil {
				has[id] = make(map[int]bool)
			}
			scores[id] += w
			for _, i := range words {
				has[id][i] = true
			}
		}
	}
	below := func(words []int, ws map[graph.ID]float64, least float64) {
		for id := range ws {
			if slices.ContainsFunc(words, func(i int) bool { return has[id][i] }) {
				delete(ws, id)
			} else if !math.IsInf(least, 1) {
				ws[id] = least * ws[id] / (1 + ws[id])
			}
		}
		add(words, ws)
	}
	query := a.terms(text)
	if len(query) == 0 {
		return nil
	}
	var stems []string
	for _, q := range query {
		stems = append(stems, q.stem)
	}
	slices.Sort(stems)
	stems = slices.Compact(stems)
	last := query[len(query)-1]
	var unknown []int
	for i, stem := range stems {
		exact := weigh(postings[stem], 1)
		found, least := len(exact), math.Inf(1)
		for _, w := range exact {
			least = min(least, w)
		}
		add([]int{i}, exact)
		end, _ := utf8.DecodeLastRuneInString(text)
		unfinished := stem == last.stem && (unicode.IsLetter(end) || unicode.IsDigit(end))
		if unfinished {
			var begun []string
			for _, term := range terms {
				if strings.HasPrefix(term, last.word) {
					begun = append(begun, term)
				}
			}
			ps := weigh(most(frequent(begun, maxExpansions)), prefixWeight)
			found = max(found, len(ps))
			for _, w := range ps {
				least = min(least, w)
			}
			add([]int{i}, ps)
		}
		if found > 0 && (found > maxMisspelt || len(stems) > 1) {
			continue
		}
		near := slices.DeleteFunc(nearest(terms, stem), func(s string) bool { return len(postings[s]) < found*misspeltRatio })
		if ps := most(frequent(near, maxSpellings)); len(ps) > 0 {
			below([]int{i}, weigh(ps, spellingWeight), least)
			continue
		}
		if found > 0 {
			continue
		}
		var goneOn []string
		for cut := len(last.word) - 1; unfinished && len(goneOn) == 0 && cut >= minStem; cut-- {
			if postings[last.word[:cut]] != nil {
				goneOn = []string{last.word[:cut]}
			}
		}
		if ps := most(goneOn); len(ps) > 0 {
			add([]int{i}, weigh(ps, prefixWeight))
		} else {
			unknown = append(unknown, i)
		}
	}
	if len(unknown) > 0 {
		var all []string
		for _, id := range m.ids {
			all = append(all, m.names(t, id)...)
		}
		near := nearest(all, graph.NameKey(text))
		ps := make(map[graph.ID]uint8)
		for _, id := range m.ids {
			if slices.ContainsFunc(m.names(t, id), func(s string) bool { return slices.Contains(near, s) }) {
				ps[id] = weightName
			}
		}
		below(unknown, weigh(ps, spellingWeight), math.Inf(1))
	}
	var hits []Hit
	for id, score := range scores {
		hits = append(hits, Hit{id, score * (float64(len(has[id])) / float64(len(stems)))})
	}
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Or(cmp.Compare(b.Score, a.Score), graph.CompareIDs(a.ID, b.ID)) })
	return hits[:min(limit, len(hits))]
}

// wordsOfModel are near one another, begin one another and come twice.
var wordsOfModel = strings.Fields("lora qlora loras transformer transfomer transformers diffusion difusion bert berts gpt-4 gpt-3 graph graphs neural network adaptation adapt learning deep the a of résumé 深度")

// randomCorpus is a small graph in which names, prefixes and edges collide.
func randomCorpus(rng *rand.Rand) *corpus {
	c := &corpus{papers: make(map[graph.ID][]graph.Edge)}
	words := func(most int) string {
		ws := make([]string, 1+rng.IntN(most))
		for i := range ws {
			ws[i] = wordsOfModel[rng.IntN(len(wordsOfModel))]
		}
		return strings.Join(ws, " ")
	}
	byKind := make(map[graph.Kind][]graph.ID)
	seen := make(map[graph.ID]bool)
	put := func(n graph.Node) bool {
		if seen[n.ID] || n.ID.Slug() == "" {
			return false
		}
		seen[n.ID] = true
		c.nodes = append(c.nodes, n)
		byKind[n.ID.Kind()] = append(byKind[n.ID.Kind()], n.ID)
		return true
	}
	for range rng.IntN(40) {
		kind := []graph.Kind{graph.KindMethod, graph.KindDataset, graph.KindConcept, graph.KindTask}[rng.IntN(4)]
		name := words(3)
		n := graph.Node{ID: graph.NewID(kind, name), Name: name}
		for range rng.IntN(3) {
			n.Aliases = append(n.Aliases, words(2))
		}
		slices.Sort(n.Aliases)
		n.Aliases = slices.Compact(n.Aliases)
		put(n)
	}
	for i := range rng.IntN(25) {
		d := &graph.Document{Title: words(5), Abstract: words(30), Year: 2020 + rng.IntN(3)}
		if rng.IntN(2) == 0 {
			d.Title += fmt.Sprintf(" %d", i)
		}
		if !put(graph.Node{ID: d.ID(), Name: d.Title, Paper: d}) {
			continue
		}
		edges := make(map[EdgeKey]bool)
		for range rng.IntN(12) {
			choices := []struct {
				relation graph.Relation
				kind     graph.Kind
			}{{graph.Uses, graph.KindMethod}, {graph.Introduces, graph.KindMethod}, {graph.EvaluatesOn, graph.KindDataset},
				{graph.Concerns, graph.KindConcept}, {graph.Addresses, graph.KindTask}, {graph.Cites, graph.KindPaper}}
			e := choices[rng.IntN(len(choices))]
			to := byKind[e.kind]
			if len(to) == 0 {
				continue
			}
			k := EdgeKey{d.ID(), e.relation, to[rng.IntN(len(to))]}
			if edges[k] || k.To == k.From {
				continue
			}
			edges[k] = true
			c.papers[d.ID()] = append(c.papers[d.ID()], graph.Edge{From: k.From, Relation: k.Relation, To: k.To, Statements: []graph.Statement{
				{Paper: d.ID(), Class: graph.Inferred, Rule: "test", Confidence: float64(1+rng.IntN(4)) / 4}}})
		}
	}
	return c
}

// Every read says what reading everything says, in a store that was built once
// and in one that has a history.
func TestReadsAgreeWithModel(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		rng := rand.New(rand.NewPCG(seed, 1))
		s := open(t)
		for range 2 {
			publish(t, s, randomCorpus(rng), rng)
			r := latest(t, s)
			compareWithModel(t, r, newModel(t, r), rng)
			if t.Failed() {
				t.Fatalf("seed %d", seed)
			}
		}
	}
}

// Calls at the same time, which share what is kept from call to call, say what
// they say one by one.
func TestReadsConcurrently(t *testing.T) {
	ctx := context.Background()
	s := open(t)
	publish(t, s, synthetic(40), nil)
	type answers struct {
		Hits        []Hit
		Suggestions []Suggestion
		Related     []Related
		Neighbors   []Neighbor
	}
	ask := func(r *Snapshot, id graph.ID) (a answers, err error) {
		var errs [4]error
		label, err := r.Labels(ctx, []graph.ID{id})
		if err != nil {
			return a, err
		}
		a.Hits, errs[0] = r.Search(ctx, label[0].Name, nil, 10)
		a.Suggestions, errs[1] = r.Suggest(ctx, label[0].Name[:2], nil, 10)
		a.Related, errs[2] = r.Related(ctx, id, RelatedQuery{}, 10)
		a.Neighbors, errs[3] = r.Neighbors(ctx, id, NeighborQuery{Names: true})
		return a, errors.Join(errs[:]...)
	}
	r := latest(t, s)
	ids, err := r.List(graph.KindPaper, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]answers, len(ids))
	var wg sync.WaitGroup
	for i, id := range ids {
		wg.Go(func() {
			var err error
			if got[i], err = ask(r, id); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i, id := range ids {
		want, err := ask(r, id)
		if err != nil {
			t.Fatal(err)
		}
		if d := gocmp.Diff(want, got[i]); d != "" {
			t.Errorf("%s (-one by one +at once):\n%s", id, d)
		}
	}
}

func compareWithModel(t *testing.T, r *Snapshot, m *model, rng *rand.Rand) {
	t.Helper()
	ctx := context.Background()
	check := func(what string, want, got any, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", what, err)
		} else if d := gocmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
			t.Errorf("%s (-want +got):\n%s", what, d)
		}
	}
	queries := []NeighborQuery{{}, {Direction: In}, {Direction: Out, Relations: []graph.Relation{graph.Uses}},
		{Relations: []graph.Relation{graph.Cites, graph.Uses, graph.Introduces}}, {Kinds: []graph.Kind{graph.KindPaper}}, {Direction: In, Kinds: []graph.Kind{graph.KindPaper, graph.KindConcept}}}
	var labels []Label
	for _, id := range m.ids {
		labels = append(labels, Label{id, m.nodes[id].Name})
		n, err := r.Node(id)
		check("node "+string(id), m.nodes[id], n, err)
		check("degree of "+string(id), m.degree(id), r.Degree(id), nil)
		nq := queries[rng.IntN(len(queries))]
		ns, err := r.Neighbors(ctx, id, nq)
		check(fmt.Sprintf("neighbours of %s %v", id, nq), m.neighbors(id, nq), ns, err)
		nq.Names = true
		ns, err = r.Neighbors(ctx, id, nq)
		check(fmt.Sprintf("neighbours with names of %s %v", id, nq), m.neighbors(id, nq), ns, err)
		rq := RelatedQuery{Via: queries[rng.IntN(len(queries))], Kind: append(graph.Kinds(), "")[rng.IntN(len(graph.Kinds())+1)]}
		limit := 1 + rng.IntN(8)
		rel, err := r.Related(ctx, id, rq, limit)
		check(fmt.Sprintf("related to %s %v", id, rq), m.related(id, rq, limit), rel, err)
		ids := []graph.ID{id}
		for range rng.IntN(3) {
			ids = append(ids, m.ids[rng.IntN(len(m.ids))])
		}
		nq = queries[rng.IntN(len(queries))]
		both, err := r.Intersect(ctx, ids, nq)
		check(fmt.Sprintf("beside all of %v %v", ids, nq), m.intersect(ids, nq), both, err)
	}
	got, err := r.Labels(ctx, append([]graph.ID{"method:none"}, m.ids...))
	check("labels", append([]Label{{ID: "method:none"}}, labels...), got, err)
	for k, e := range m.edges {
		confidence := e.Confidence()
		lists, err := r.Adjacent(ctx, []graph.ID{k.From}, AdjacentQuery{
			NeighborQuery: NeighborQuery{Direction: Out}, Where: EdgeAllOf{OfRelation{k.Relation}, LeadsTo{HasID{k.To}}, HasConfidence{Eq: &confidence}},
		})
		if err != nil {
			t.Fatal(err)
		}
		check(fmt.Sprintf("confidence of %v", k), 1, lists[0].Len(), err)
	}
	for _, kind := range graph.Kinds() {
		want := slices.DeleteFunc(slices.Clone(m.ids), func(id graph.ID) bool { return id.Kind() != kind })
		slices.SortFunc(want, m.inList)
		ids, err := r.List(kind, "", len(m.ids))
		check("list of "+string(kind), want, ids, err)
	}
	for range 60 {
		text := wordsOfModel[rng.IntN(len(wordsOfModel))]
		if rng.IntN(2) == 0 {
			text += " " + wordsOfModel[rng.IntN(len(wordsOfModel))]
		}
		switch at := rng.IntN(len(text)); rng.IntN(4) { // a misspelling, or a beginning
		case 0:
			text = text[:at] + text[at+1:]
		case 1:
			text = text[:at] + "e" + text[at:]
		case 2:
			text = text[:at]
		}
		text = strings.ToValidUTF8(strings.TrimSpace(text), "")
		if text == "" {
			continue
		}
		kinds := [][]graph.Kind{nil, nil, {graph.KindPaper}, {graph.KindMethod, graph.KindConcept}}[rng.IntN(4)]
		limit := 1 + rng.IntN(12)
		hits, err := r.Search(ctx, text, kinds, limit)
		check(fmt.Sprintf("search for %q in %v", text, kinds), m.search(t, text, kinds, limit), hits, err)
		suggestions, err := r.Suggest(ctx, text, kinds, limit)
		check(fmt.Sprintf("suggestions for %q in %v", text, kinds), m.suggest(t, text, kinds, limit), suggestions, err)
	}
}
