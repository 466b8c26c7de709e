package resolve

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"papergraph/graph"
)

// Nodes gives the entities that papers share, all but papers and results, that
// are new or may have changed, in the order of their ids.
func (e *Entities) Nodes() iter.Seq2[graph.Node, error] {
	return func(yield func(graph.Node, error) bool) {
		type entry struct {
			id graph.ID
			at uint32 // of a thing
		}
		r := e.r
		all := make([]entry, 0, len(e.evaluated)+len(r.before.authors)+len(r.before.venues))
		for _, at := range e.changed() {
			r.putAway()
			if t := r.things.at(at); t.node != "" {
				all = append(all, entry{t.node, at})
			}
		}
		for _, x := range []struct {
			kind  graph.Kind
			slugs map[string]bool
			forms *cache[string, []tally]
		}{{graph.KindAuthor, r.before.authors, &r.authors}, {graph.KindVenue, r.before.venues, &r.venues}} {
			for slug := range x.slugs {
				r.putAway()
				if len(*x.forms.get(slug)) > 0 {
					all = append(all, entry{id: graph.ID(string(x.kind) + ":" + slug)})
				}
			}
		}
		slices.SortFunc(all, func(a, b entry) int { return graph.CompareIDs(a.id, b.id) })
		for _, x := range all {
			r.putAway()
			var n graph.Node
			switch x.id.Kind() {
			case graph.KindAuthor:
				n = metadataNode(*r.authors.get(x.id.Slug()))
			case graph.KindVenue:
				n = metadataNode(*r.venues.get(x.id.Slug()))
			default:
				n, _ = e.entity(r.things.at(x.at).id)
			}
			n.ID = graph.ID(strings.Clone(string(x.id))) // the caller may keep it longer than the row that it is a part of
			if r.err != nil {
				yield(graph.Node{}, r.err)
				return
			}
			if !yield(n, nil) {
				return
			}
		}
	}
}

// changed lists the entities that may have changed.
func (e *Entities) changed() []uint32 {
	list := slices.Clone(e.evaluated)
	for _, x := range e.renamed {
		if e.r.things.mark(x.at, markEvaluated) {
			list = append(list, x.at)
		}
	}
	return list
}

// metadataNode makes the node of an author or venue, named by the most
// frequent form, without its id.
func metadataNode(forms []tally) graph.Node {
	list := slices.Clone(forms)
	slices.SortFunc(list, func(a, b tally) int { return cmp.Or(cmp.Compare(b.papers, a.papers), strings.Compare(a.form, b.form)) })
	n := graph.Node{Name: list[0].form}
	for _, t := range list[1:min(len(list), maxNames)] {
		n.Aliases = append(n.Aliases, t.form)
	}
	slices.Sort(n.Aliases)
	return n
}

// Removed lists the nodes that are gone, papers among them, in the order of
// their ids. Results go with their papers.
func (e *Entities) Removed() []graph.ID { return e.removed }

// Papers lists the papers that were observed, and those of which something
// that they name is another node now, by the keys of their facts, sorted.
func (e *Entities) Papers() ([]string, error) {
	var keys []string
	add := func(serial uint32) {
		if key := e.r.serials.get(serial); key != nil && *key != "" {
			keys = append(keys, *key)
		} else {
			e.r.fail(fmt.Errorf("%w: paper %d", ErrMemory, serial))
		}
	}
	for serial, observed := range e.r.before.papers {
		if observed {
			add(serial)
		}
	}
	for serial := range e.papers {
		add(serial)
	}
	slices.Sort(keys)
	return keys, e.r.err
}

// CuratedFrom is what the lexicon's hierarchy says of one node.
type CuratedFrom struct {
	Node  graph.ID
	Edges []graph.Edge // in their fixed order; none where it says nothing
}

// Curated gives the edges of the lexicon's hierarchy between entities of the
// graph, for all nodes of which they may have changed, in the order of the
// nodes' ids. Nodes that are gone are not among them.
func (e *Entities) Curated() ([]CuratedFrom, error) {
	r := e.r
	todo := map[identity]bool{}
	for _, x := range e.renamed {
		r.putAway()
		id := r.things.at(x.at).id
		entry := e.entryOf(id)
		if !r.fresh || entry != nil || id.kind == graph.KindMethod && len(r.topics[id.key]) > 0 {
			todo[id] = true
		}
		if entry == nil {
			continue
		}
		for _, below := range r.below[entry] {
			todo[e.settledAs(e.root(entryIdentity(below)))] = true
		}
		if entry.Kind == graph.KindConcept {
			key := nameKey(entry.Name)
			todo[identity{graph.KindMethod, key}] = true
			for _, m := range r.methods[key] {
				todo[e.settledAs(e.root(entryIdentity(m)))] = true
			}
		}
	}
	var out []CuratedFrom
	for id := range todo {
		if t := r.things.get(id); t != nil && t.node != "" {
			out = append(out, CuratedFrom{t.node, e.curatedFrom(id, t.node)})
		}
	}
	slices.SortFunc(out, func(a, b CuratedFrom) int { return graph.CompareIDs(a.Node, b.Node) })
	return out, r.err
}

// curatedFrom gives the edges of the lexicon's hierarchy from one entity.
func (e *Entities) curatedFrom(id identity, node graph.ID) []graph.Edge {
	var out []graph.Edge
	above := func(to graph.ID) {
		if graph.CheckEdge(node, graph.Broader, to) == nil {
			out = append(out, graph.Edge{From: node, Relation: graph.Broader, To: to,
				Statements: []graph.Statement{{Class: graph.Curated, Rule: ruleLexicon, Confidence: 1}}})
		}
	}
	key := id.key
	if entry := e.entryOf(id); entry != nil {
		key = nameKey(entry.Name)
		for _, up := range e.r.lexicon.BroaderOf(entry) {
			// nothing where it has been settled as another kind
			if to := e.settledAs(e.root(entryIdentity(up))); to != id {
				if t := e.r.things.get(to); t != nil && t.node != "" {
					above(t.node)
				}
			}
		}
	}
	// A method family that is a topic too is below itself as a topic.
	if id.kind == graph.KindMethod {
		if topic := e.topic(key); topic != "" {
			above(topic)
		}
	}
	slices.SortFunc(out, graph.CompareEdges)
	return slices.CompactFunc(out, func(a, b graph.Edge) bool { return graph.CompareEdges(a, b) == 0 })
}

// topic is the node of the lexicon's concept whose name has the key; empty for
// none.
func (e *Entities) topic(key string) graph.ID {
	least := graph.ID("")
	for _, c := range e.r.topics[key] {
		id := e.settledAs(e.root(entryIdentity(c)))
		if entry := e.entryOf(id); entry == nil || entry.Kind != graph.KindConcept || nameKey(entry.Name) != key {
			continue
		}
		if t := e.r.things.get(id); t != nil && t.node != "" && (least == "" || t.node < least) {
			least = t.node
		}
	}
	return least
}

// Save writes what the resolver is to remember into its table. From then on
// only [Entities.Paper] may be used of the outcome, until the resolver observes
// or forgets again. Where all papers are new no more stays in memory than that
// takes.
func (e *Entities) Save() error {
	r := e.r
	if r.err == nil && r.table != nil {
		if r.fresh {
			e.settled = e.newSettled()
		}
		r.err = e.save()
		if r.fresh {
			r.makeCaches()
			r.fresh = false
		}
	}
	r.begin()
	// The lists of what changed would keep all of it in memory.
	*e = Entities{r: r, curation: e.curation, removed: e.removed, settled: e.settled}
	if r.err != nil {
		return fmt.Errorf("save what resolution remembers: %w", r.err)
	}
	return nil
}

// settled is what writing all papers needs of what was decided.
type settled struct {
	nodes  *pairs // that encoded locals denote
	papers *pairs // by hash of the document
}

func (e *Entities) newSettled() *settled {
	r := e.r
	s := &settled{nodes: newPairs(), papers: newPairs()}
	for at := range r.things.slots {
		r.putAway()
		t := r.things.at(uint32(at))
		node := e.denoted(t.id)
		for _, l := range t.locals {
			s.nodes.add(l, string(node))
		}
	}
	for at := range r.titles.slots {
		r.putAway()
		for _, v := range r.titles.at(uint32(at)).versions {
			s.papers.add(v.hash, string(v.paper))
		}
	}
	return s
}

func (e *Entities) save() error {
	r := e.r
	set := func(key string, add bool) error {
		if add {
			return r.table.Set([]byte(key), []byte{})
		}
		return r.table.Set([]byte(key), nil)
	}
	for at := range r.names.slots {
		r.putAway()
		n := r.names.at(uint32(at))
		s := &r.names.slots[at]
		if s.state&stateDirty == 0 || s.state&stateStored != 0 == (n.refs > 0) {
			continue
		}
		for _, short := range n.local.shorts() {
			if err := set(string(rune(tagShort))+short+"\x00"+n.encoded, n.refs > 0); err != nil {
				return err
			}
		}
	}
	if r.fresh {
		for at := range r.things.slots {
			r.putAway()
			if t := r.things.at(uint32(at)); e.entryOf(t.id) == nil {
				for _, w := range nameWords(t.name) {
					if err := set(namedKey(w, t.id), true); err != nil {
						return err
					}
				}
			}
		}
	}
	// A change that a later one takes back is none.
	last := map[string]bool{}
	for _, c := range r.index {
		last[c.key] = c.add
	}
	for _, key := range slices.Sorted(maps.Keys(last)) {
		if err := set(key, last[key]); err != nil {
			return err
		}
	}
	if err := r.saveConsulted(); err != nil {
		return err
	}
	for _, save := range []func() error{r.acronyms.save, r.words.save, r.names.save, r.authors.save, r.venues.save, r.titles.save, r.serials.save,
		r.things.save, r.claims.save, r.slugs.save} {
		if err := save(); err != nil {
			return err
		}
	}
	value := appendNumber(appendNumber([]byte{}, int(r.next.local)), int(r.next.serial))
	return r.table.Set([]byte{tagMeta}, appendText(value, r.remembered))
}

// saveConsulted writes which papers consult which locals.
func (r *Resolver) saveConsulted() error {
	b := &r.before
	slices.Sort(b.consults)
	slices.Sort(b.consulted)
	key := func(pair uint64) []byte { return binary.BigEndian.AppendUint64([]byte{tagPapers}, pair) }
	for _, pair := range b.consults {
		if _, ok := slices.BinarySearch(b.consulted, pair); ok {
			continue
		}
		if err := r.table.Set(key(pair), []byte{}); err != nil {
			return err
		}
	}
	for _, pair := range b.consulted {
		if _, ok := slices.BinarySearch(b.consults, pair); ok {
			continue
		}
		if err := r.table.Set(key(pair), nil); err != nil {
			return err
		}
	}
	return nil
}

// shorts are the short forms that the identity of a local rests on.
func (l local) shorts() []string {
	switch {
	case l.claimed != nil:
		return []string{l.claim}
	case l.short:
		return []string{l.key}
	}
	return nil
}
