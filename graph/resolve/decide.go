package resolve

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"papergraph/graph"
	"papergraph/graph/lexicon"
)

// ErrAnew says that what changed changes what the registry means: all papers
// must be observed anew by a resolver that remembers nothing.
var ErrAnew = errors.New("the registry comes to something else now")

// Entities is what resolution came to, and what of the graph changes with it.
// It is valid until its resolver observes or forgets again; see [Entities.Save].
type Entities struct {
	r *Resolver
	curation
	// into has what the registry moved, by where it is now.
	into map[identity][]identity

	// What changed, by its place in the cache of things or claims.
	touched   []uint32 // things whose locals changed, before the registry moves anything
	weighed   []uint32 // things whose weight changed, and their rivals
	queue     []uint32 // entities to look at, each once at a time
	evaluated []uint32 // those that were looked at
	contested []uint32 // ids whose claims changed, before namesakes are told apart
	longer    []uint32 // and after
	relocated []relocated
	renamed   []renamed       // entities that have another id than before, or none, or had none
	papers    map[uint32]bool // in which nothing changed but what a name of theirs denotes
	removed   []graph.ID
	settled   *settled // once all papers were decided on and saved
}

// relocated is a local that has another identity than before.
type relocated struct {
	local local
	from  identity
	was   graph.ID // what it denoted
}

// renamed is an entity with the id that it had.
type renamed struct {
	at  uint32 // its place among the things
	was graph.ID
}

// Resolve decides what the papers come to that were observed. The cost is that
// of what changed since the last [Entities.Save], not of the corpus. The error
// wraps [registry.ErrContradiction], [ErrAnew] or [ErrMemory], or is the
// table's or the context's.
func (r *Resolver) Resolve(ctx context.Context) (*Entities, error) {
	e := &Entities{r: r, into: map[identity][]identity{}, papers: map[uint32]bool{}}
	e.followAcronyms()
	e.place()
	if r.err == nil {
		if err := e.curate(); err != nil {
			return nil, fmt.Errorf("apply the registry: %w", err)
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	now := e.fingerprint()
	if now != r.remembered && !r.fresh {
		return nil, ErrAnew
	}
	r.remembered = now
	for _, step := range []func(){e.settle, e.curateSettled, e.followWords, e.evaluate, e.checkUsed, e.assignIDs, e.denoteAll, e.namePapers, e.remove} {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if step(); r.err != nil {
			return nil, r.err
		}
	}
	return e, nil
}

// Unused lists what the registry says of names that no paper has, in the
// order of its rules' actions.
func (e *Entities) Unused() []string { return e.unused }

// followAcronyms adds the locals that rest on acronyms which now stand for
// something else.
func (e *Entities) followAcronyms() {
	r := e.r
	for short, before := range r.before.shorts {
		if r.acronyms.get(short).state() == before {
			continue
		}
		// A short form within a kind has the kind before it.
		plain := short[strings.LastIndexByte(short, ' ')+1:]
		r.scan(append(append([]byte{tagShort}, plain...), 0), func(rest []byte) {
			if n := e.named(string(rest)); n != nil {
				r.touchName(n)
			}
		})
	}
}

// followWords adds the entities whose names have words that are now written
// otherwise.
func (e *Entities) followWords() {
	r := e.r
	for word, before := range r.before.words {
		if r.words.get(word).most() == before {
			continue
		}
		r.scan(append(append([]byte{tagNamed}, word...), 0), func(rest []byte) {
			var d decoder
			if id := decodeIdentity(&d, string(rest)); !d.bad {
				e.enqueue(id)
			} else {
				r.fail(fmt.Errorf("%w: identity %q", ErrMemory, rest))
			}
		})
	}
}

// scan calls fn with what follows the prefix in each key of the table.
func (r *Resolver) scan(prefix []byte, fn func(rest []byte)) {
	if r.err != nil || r.fresh {
		return
	}
	if err := r.table.Scan(prefix, func(key []byte) error {
		fn(key[len(prefix):])
		return r.err
	}); err != nil {
		r.fail(err)
	}
}

// place gives all locals that changed the identity that they have now.
func (e *Entities) place() {
	r := e.r
	for _, at := range r.before.names {
		r.putAway()
		e.placeName(r.names.at(at))
	}
	for _, at := range e.touched {
		r.putAway()
		e.weigh(r.things.changing(at))
	}
}

// placeName puts a name among those of its identity.
func (e *Entities) placeName(n *name) {
	r := e.r
	touch := func(id identity) *thing {
		t := r.thing(id)
		if r.things.mark(t.at, markTouched) {
			e.touched = append(e.touched, t.at)
		}
		return t
	}
	now := r.unmoved(n.local)
	if n.decided {
		t := touch(n.unmoved)
		if n.refs > 0 && n.unmoved == now {
			return
		}
		t.locals = slices.DeleteFunc(t.locals, func(l string) bool { return l == n.encoded })
		if n.refs > 0 {
			e.relocated = append(e.relocated, relocated{local: n.local, from: n.unmoved})
		}
	}
	r.names.change(n.local)
	if n.decided = n.refs > 0; !n.decided {
		return
	}
	n.unmoved = now
	t := touch(now)
	t.locals = append(t.locals, n.encoded)
}

// weigh sums up what papers say of an unmoved identity.
func (e *Entities) weigh(t *thing) {
	t.observed, t.weight = 0, 0
	for _, l := range t.locals {
		n := e.named(l)
		if n == nil {
			return
		}
		if len(n.forms) > 0 {
			t.observed++
		}
		for _, u := range n.forms {
			t.weight += u.weight
		}
	}
}

// named is the name of an encoded local; nil after an error.
func (e *Entities) named(encoded string) *name {
	if n := e.r.names.getKey(encoded); n != nil {
		return n
	}
	e.r.fail(fmt.Errorf("%w: local %q", ErrMemory, encoded))
	return nil
}

// unsettled is the identity as it is before the registry moves it and rival
// kinds are settled.
func (e *Entities) unsettled(l local) identity {
	if l.member == nil {
		return e.r.unmoved(l)
	}
	if id, ok := e.split[l.member]; ok {
		return id
	}
	return e.natural(l.member) // it is being split off just now
}

// splitOff is what an unmoved identity is, once the registry has said what the
// names are that it keeps apart.
func (e *Entities) splitOff(id identity) identity {
	if form, ok := strings.CutPrefix(id.key, "member:"); ok {
		return e.split[e.r.members[memberKey{id.kind, form}]]
	}
	return id
}

// root is where the registry has an unmoved identity.
func (e *Entities) root(id identity) identity { return e.final(e.splitOff(id)) }

// identify completes a local identity with what the corpus and the registry
// know.
func (e *Entities) identify(l local) identity { return e.settledAs(e.final(e.unsettled(l))) }

// entryOf is the lexicon's entry of an identity; nil if there is none.
func (e *Entities) entryOf(id identity) *lexicon.Entry {
	if entry := e.r.entries[id]; entry != nil {
		return entry
	}
	return e.given[id]
}

// unmovedOf calls fn for what the registry has as one identity.
func (e *Entities) unmovedOf(root identity, fn func(identity, *thing)) {
	if e.final(root) == root {
		if t := e.r.things.get(root); t != nil {
			fn(root, t)
		}
	}
	for _, id := range e.into[root] {
		if t := e.r.things.get(id); t != nil {
			fn(id, t)
		}
	}
}

// weight is the number of locals that papers mention of an identity, and the
// weight of their forms.
func (e *Entities) weight(root identity) (observed, weight int) {
	e.unmovedOf(root, func(_ identity, t *thing) {
		observed += t.observed
		weight += t.weight
	})
	return observed, weight
}

// settledAs gives an identity the kind that was settled on: of two rival kinds
// under which papers have the name the one of more weight. What the lexicon has
// under one kind alone is settled already.
func (e *Entities) settledAs(id identity) identity {
	rival, ok := id.rival()
	if !ok {
		return id
	}
	observed, w := e.weight(id)
	if observed == 0 {
		return id
	}
	if observed, other := e.weight(rival); observed > 0 && (w < other || w == other && id.kind.Rank() > rival.kind.Rank()) {
		return rival
	}
	return id
}

// settle adds the entities of all identities whose weight changed, and of their
// rivals.
func (e *Entities) settle() {
	for from := range e.moved {
		e.into[e.final(from)] = append(e.into[e.final(from)], from)
	}
	for _, m := range e.r.members {
		id := memberIdentity(m)
		e.into[e.root(id)] = append(e.into[e.root(id)], id)
	}
	for i := range e.relocated {
		e.relocated[i].was = e.denoted(e.relocated[i].from)
	}
	for _, at := range e.touched {
		e.r.putAway()
		root := e.root(e.r.things.at(at).id)
		e.weighAnew(root)
		if rival, ok := root.rival(); ok {
			e.weighAnew(rival)
		}
	}
	for _, at := range e.weighed {
		e.r.putAway()
		e.enqueue(e.r.things.at(at).id)
	}
}

// weighAnew has the names of an identity looked at, if it has any.
func (e *Entities) weighAnew(root identity) {
	if t := e.rootThing(root); t != nil && e.r.things.mark(t.at, markWeighed) {
		e.weighed = append(e.weighed, t.at)
	}
}

// rootThing is what an identity is, or what the registry has moved to it; nil
// if there is neither.
func (e *Entities) rootThing(root identity) *thing {
	if e.r.things.get(root) == nil && len(e.into[root]) == 0 {
		return nil
	}
	return e.r.thing(root)
}

func (e *Entities) enqueue(root identity) {
	if t := e.rootThing(root); t != nil && e.r.things.mark(t.at, markQueued) {
		e.queue = append(e.queue, t.at)
	}
}

// evaluate finds out which of the entities there are, and their names.
func (e *Entities) evaluate() {
	for len(e.queue) > 0 && e.r.err == nil {
		at := e.queue[len(e.queue)-1]
		e.queue = e.queue[:len(e.queue)-1]
		e.r.things.unmark(at, markQueued)
		e.r.putAway()
		e.evaluateOne(e.r.things.changing(at))
	}
}

func (e *Entities) evaluateOne(t *thing) {
	r, id := e.r, t.id
	node, there := e.entity(id)
	if r.things.mark(t.at, markEvaluated) {
		e.evaluated = append(e.evaluated, t.at)
	}
	entry := e.entryOf(id)
	base := graph.ID("")
	if there {
		base = graph.NewID(id.kind, node.Name)
	}
	if entry == nil && !r.fresh { // else all of them are written at the end
		r.indexWords(id, t.name, node.Name)
	}
	if t.base != base {
		if t.base != "" {
			c := e.contest(t.base)
			c.bases = slices.DeleteFunc(c.bases, func(o identity) bool { return o == id })
		}
		if base != "" {
			c := r.claim(base)
			c.bases = append(c.bases, id)
		}
	}
	t.name, t.base = node.Name, base
	if there {
		e.contest(base)
	}
	if counted := there && entry != nil; counted != t.counted {
		t.counted = counted
		for _, up := range r.lexicon.BroaderOf(entry) {
			above := entryIdentity(up)
			a := r.thing(above)
			before := a.below
			if counted {
				a.below++
			} else {
				a.below--
			}
			if before == 0 || a.below == 0 {
				e.enqueue(e.root(above))
			}
		}
	}
}

// contest has an id given to one of those that would have it.
func (e *Entities) contest(base graph.ID) *claims {
	c := e.r.claim(base)
	if e.r.claims.mark(c.at, markContested) {
		e.contested = append(e.contested, c.at)
	}
	return c
}

// indexWords keeps the table that finds names by their words.
func (r *Resolver) indexWords(id identity, before, now string) {
	old, list := nameWords(before), nameWords(now)
	for _, w := range list {
		if _, ok := slices.BinarySearch(old, w); !ok {
			r.index = append(r.index, change{namedKey(w, id), true})
		}
	}
	for _, w := range old {
		if _, ok := slices.BinarySearch(list, w); !ok {
			r.index = append(r.index, change{namedKey(w, id), false})
		}
	}
}

func namedKey(word string, id identity) string {
	return string(rune(tagNamed)) + word + "\x00" + encodeIdentity(id)
}

// nameWords are the words of a name that may be written in several ways,
// sorted.
func nameWords(name string) []string {
	list := strings.FieldsFunc(strings.ToLower(name), notLetter)
	slices.Sort(list)
	return slices.Compact(list)
}

// denoted is the node that an unmoved identity's locals denote, as of the last
// decision or, after denoteAll, this one; empty for none.
func (e *Entities) denoted(id identity) graph.ID {
	if t := e.r.things.get(e.root(id)); t != nil {
		return t.denotes
	}
	return ""
}

// denoteAll finds out which names denote another node than before, and which
// papers consult them.
func (e *Entities) denoteAll() {
	for _, x := range e.renamed {
		e.r.putAway()
		id := e.r.things.at(x.at).id
		e.weighAnew(id)
		if rival, ok := id.rival(); ok {
			e.weighAnew(rival)
		}
	}
	for _, at := range e.weighed {
		e.r.putAway()
		root := e.r.things.at(at)
		now := graph.ID("")
		if t := e.r.things.get(e.settledAs(root.id)); t != nil {
			now = t.node
		}
		if root.denotes == now {
			continue
		}
		e.r.things.changing(at).denotes = now
		if e.r.fresh {
			continue // all papers are written
		}
		e.unmovedOf(root.id, func(_ identity, t *thing) {
			for _, l := range t.locals {
				if n := e.named(l); n != nil {
					e.reread(n)
				}
			}
		})
	}
	for _, m := range e.relocated {
		if n := e.r.names.get(m.local); n != nil && e.denoted(n.unmoved) != m.was {
			e.reread(n)
		}
	}
}

// reread adds the papers that consult a name to those that are to be written
// anew.
func (e *Entities) reread(n *name) {
	r := e.r
	r.scan(binary.BigEndian.AppendUint32([]byte{tagPapers}, n.number), func(rest []byte) {
		if len(rest) != 4 {
			r.fail(fmt.Errorf("%w: a paper that consults a name", ErrMemory))
			return
		}
		serial := binary.BigEndian.Uint32(rest)
		if _, changed := r.before.papers[serial]; !changed {
			e.papers[serial] = true
		}
	})
}

// namePapers gives papers of one title different ids: the earliest keeps the
// title's, the others add their year or, if that is taken, their hash.
func (e *Entities) namePapers() {
	r := e.r
	// A title that came or went may be what another's year makes of it.
	for id, before := range r.before.titles {
		r.putAway()
		t := r.titles.get(id)
		if (len(before) > 0) == (t != nil && len(t.versions) > 0) {
			continue
		}
		i := strings.LastIndexByte(string(id), '-')
		if i < 0 {
			continue
		}
		if _, err := strconv.Atoi(string(id[i+1:])); err != nil {
			continue
		}
		short := id[:i]
		if _, ok := r.before.titles[short]; !ok {
			if t := r.titles.get(short); t != nil && len(t.versions) > 1 {
				r.before.titles[short] = slices.Clone(t.versions)
			}
		}
	}
	now := map[graph.ID]bool{}
	for id := range r.before.titles {
		r.putAway()
		t := r.titles.get(id)
		if t == nil {
			continue
		}
		t.sort()
		taken := map[graph.ID]bool{}
		for i := range t.versions {
			v := &t.versions[i]
			own := id
			if i > 0 {
				own = graph.NewID(graph.KindPaper, id.Slug()+" "+strconv.Itoa(v.year))
				if other := r.titles.get(own); taken[own] || other != nil && len(other.versions) > 0 || v.year == 0 {
					own = graph.NewID(graph.KindPaper, id.Slug()+" "+v.hash[:8])
				}
			}
			taken[own], now[own] = true, true
			if v.paper != own {
				r.titles.change(id).versions[i].paper = own
				if _, changed := r.before.papers[v.serial]; !changed {
					e.papers[v.serial] = true
				}
			}
		}
	}
	for _, versions := range r.before.titles {
		for _, v := range versions {
			if v.paper != "" && !now[v.paper] {
				e.removed = append(e.removed, v.paper)
			}
		}
	}
}

// remove finds out which nodes are gone, beside papers.
func (e *Entities) remove() {
	now := map[graph.ID]bool{}
	for _, x := range e.renamed {
		if !e.r.fresh { // else none of them was there
			now[e.r.things.at(x.at).node] = true
		}
	}
	for _, x := range e.renamed {
		if x.was != "" && !now[x.was] {
			e.removed = append(e.removed, x.was)
		}
	}
	for _, x := range []struct {
		kind   graph.Kind
		before map[string]bool
		forms  *cache[string, []tally]
	}{{graph.KindAuthor, e.r.before.authors, &e.r.authors}, {graph.KindVenue, e.r.before.venues, &e.r.venues}} {
		for slug, was := range x.before {
			if was && len(*x.forms.get(slug)) == 0 {
				e.removed = append(e.removed, graph.ID(string(x.kind)+":"+slug))
			}
		}
	}
	slices.SortFunc(e.removed, graph.CompareIDs)
}
