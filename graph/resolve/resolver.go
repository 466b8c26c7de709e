package resolve

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"papergraph/graph"
	"papergraph/graph/lexicon"
	"papergraph/graph/registry"
)

// Version is that of what is decided and of what a [Table] has: a corpus that
// was resolved by another is to be resolved anew.
const Version = 2

// dominance is the share of the papers that explain an acronym which must
// agree on the long form before it stands for that form in papers that do not
// explain it.
const dominance = 0.8

// maxNames bounds the names and decisions kept for one entity. The most used
// are kept.
const maxNames = 64

// Resolver takes in what papers say and what they no longer say, and decides
// what that makes of the graph. It is not for concurrent use.
//
// After an error of its table every method does nothing, and
// [Resolver.Resolve] returns the error.
type Resolver struct {
	lexicon *lexicon.Lexicon
	entries map[identity]*lexicon.Entry // by the identity that an entry is
	below   map[*lexicon.Entry][]*lexicon.Entry
	// methods has the lexicon's methods by the nameKeys of their names: a
	// topic of the same key is above them.
	methods map[string][]*lexicon.Entry
	topics  map[string][]*lexicon.Entry // concepts likewise
	// respelled has the lexicon's entries by the nameKeys of those of their
	// forms that nameKey spells otherwise than [graph.NameKey], by which the
	// lexicon finds the others.
	respelled map[string][]*lexicon.Entry
	rules     []registry.Rule
	members   map[memberKey]*member
	byID      bool // rules have ids

	table Table
	fresh bool // the table remembers nothing: nothing is read from it
	err   error
	next  counters
	// maxOpen is how many rows of a table are open at a time, about.
	maxOpen int
	// remembered is what the registry came to the last time.
	remembered string

	acronyms cache[string, acronym]
	words    cache[string, casing]
	names    cache[local, name]
	authors  cache[string, []tally]
	venues   cache[string, []tally]
	titles   cache[graph.ID, title]
	serials  cache[uint32, string]
	things   cache[identity, thing]
	claims   cache[graph.ID, claims]
	slugs    cache[string, []string]
	index    []change // of keys without values

	// What papers changed, with what was so before. Where nothing is remembered
	// all is new, and shorts and words are empty.
	before struct {
		shorts  map[string]string // what longs gave
		words   map[string]byte   // how they were written
		titles  map[graph.ID][]version
		names   []uint32        // places of names
		authors map[string]bool // by slug, whether there was one
		venues  map[string]bool
		papers  map[uint32]bool // serials; false for those that are forgotten
		// consults and consulted are the locals that papers consult and no
		// longer consult: a local's number, then a paper's serial.
		consults, consulted []uint64
	}
}

// counters are the numbers to give out next.
type counters struct{ local, serial uint32 }

// change is a key of an index that is to be there, or not.
type change struct {
	key string
	add bool
}

// New makes a resolver that remembers what the table does: a table without
// anything, or none, begins a corpus. The registry may be nil. A table must be
// used with one lexicon and one registry only. The error wraps [ErrMemory] or
// is the table's.
func New(lex *lexicon.Lexicon, reg *registry.Registry, table Table) (*Resolver, error) {
	r := &Resolver{
		lexicon: lex, entries: map[identity]*lexicon.Entry{}, respelled: map[string][]*lexicon.Entry{}, below: map[*lexicon.Entry][]*lexicon.Entry{},
		methods: map[string][]*lexicon.Entry{}, topics: map[string][]*lexicon.Entry{}, rules: reg.Rules(), members: newMembers(reg.Rules()), table: table, fresh: true, maxOpen: maxOpen,
	}
	for i := range r.rules {
		r.byID = r.byID || slices.ContainsFunc(r.rules[i].Names, func(n registry.Name) bool { return n.ID })
	}
	for _, e := range lex.Entries() {
		r.entries[entryIdentity(e)] = e
		switch e.Kind {
		case graph.KindMethod:
			r.methods[nameKey(e.Name)] = append(r.methods[nameKey(e.Name)], e)
		case graph.KindConcept:
			r.topics[nameKey(e.Name)] = append(r.topics[nameKey(e.Name)], e)
		}
	}
	for _, e := range lex.Entries() {
		for _, up := range lex.BroaderOf(e) {
			r.below[up] = append(r.below[up], e)
		}
		for _, form := range append([]string{e.Name}, e.Aliases...) {
			if american(form) != form {
				key := nameKey(form)
				r.respelled[key] = append(r.respelled[key], e)
			}
		}
	}
	r.makeCaches()
	r.begin()
	if table == nil {
		return r, nil
	}
	value, err := table.Get([]byte{tagMeta})
	if err != nil {
		return nil, fmt.Errorf("read what resolution remembers: %w", err)
	}
	if value != nil {
		d := decoder{s: string(value)}
		r.fresh = false
		r.next = counters{uint32(d.number()), uint32(d.number())}
		r.remembered = d.text()
		if d.bad || d.s != "" {
			return nil, fmt.Errorf("%w: its counters", ErrMemory)
		}
	}
	return r, nil
}

// begin forgets what changed.
func (r *Resolver) begin() {
	b := &r.before
	b.shorts, b.words, b.titles = map[string]string{}, map[string]byte{}, map[graph.ID][]version{}
	b.names, b.authors, b.venues = nil, map[string]bool{}, map[string]bool{}
	b.papers, b.consults, b.consulted = map[uint32]bool{}, nil, nil
	r.index = nil
}

func (r *Resolver) makeCaches() {
	text := func(b []byte, s string) []byte { return append(b, s...) }
	id := func(b []byte, id graph.ID) []byte { return append(b, id...) }
	r.acronyms = newCache(r, tagAcronym, text, func(a *acronym) bool { return len(a.longs) == 0 },
		func(b []byte, a *acronym) []byte { return encodeTallies(b, a.longs) },
		func(d *decoder, a *acronym) { a.longs = d.tallies() })
	r.words = newCache(r, tagWord, text, func(c *casing) bool { return *c == casing{} }, encodeCasing, decodeCasing)
	r.names = newCache(r, tagLocal, appendLocal, func(n *name) bool { return n.refs == 0 }, encodeName, decodeName)
	r.names.know = func(n *name, at uint32, key string) (ok bool) {
		n.at, n.encoded = at, key
		n.local, ok = r.decodeLocal(key)
		return ok
	}
	tallies := func(tag byte) cache[string, []tally] {
		return newCache(r, tag, text, func(list *[]tally) bool { return len(*list) == 0 },
			func(b []byte, list *[]tally) []byte { return encodeTallies(b, *list) },
			func(d *decoder, list *[]tally) { *list = d.tallies() })
	}
	r.authors, r.venues = tallies(tagAuthor), tallies(tagVenue)
	r.titles = newCache(r, tagTitle, id, func(t *title) bool { return len(t.versions) == 0 }, encodeTitle, decodeTitle)
	r.serials = newCache(r, tagSerial, binary.BigEndian.AppendUint32, func(key *string) bool { return *key == "" },
		func(b []byte, key *string) []byte { return appendText(b, *key) },
		func(d *decoder, key *string) { *key = d.text() })
	r.things = newCache(r, tagIdentity, func(b []byte, id identity) []byte { return append(append(append(b, id.kind...), 0), id.key...) },
		(*thing).empty, encodeThing, decodeThing)
	r.things.know = func(t *thing, at uint32, key string) bool {
		var d decoder
		t.at, t.id = at, decodeIdentity(&d, key)
		return !d.bad
	}
	r.claims = newCache(r, tagClaims, id, func(c *claims) bool { return len(c.bases) == 0 && len(c.longer) == 0 }, encodeClaims, decodeClaims)
	r.claims.know = func(c *claims, at uint32, key string) bool {
		c.at, c.id = at, graph.ID(key)
		return true
	}
	r.slugs = newCache(r, tagSlug, text, func(list *[]string) bool { return len(*list) == 0 },
		func(b []byte, list *[]string) []byte {
			slices.Sort(*list)
			b = appendNumber(b, len(*list))
			for _, s := range *list {
				b = appendText(b, s)
			}
			return b
		},
		func(d *decoder, list *[]string) {
			*list = make([]string, d.length())
			for i := range *list {
				(*list)[i] = d.text()
			}
		})
}

// putAway packs rows that are open, if they are many: no value of a cache may be
// in use.
func (r *Resolver) putAway() {
	r.acronyms.putAway(r.maxOpen)
	r.words.putAway(r.maxOpen)
	r.names.putAway(r.maxOpen)
	r.authors.putAway(r.maxOpen)
	r.venues.putAway(r.maxOpen)
	r.titles.putAway(r.maxOpen)
	r.serials.putAway(r.maxOpen)
	r.things.putAway(r.maxOpen)
	r.claims.putAway(r.maxOpen)
	r.slugs.putAway(r.maxOpen)
}

// fail keeps the first error.
func (r *Resolver) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// Observe takes in a paper's facts, which are found again by the key. Of two
// papers with one [graph.Document.Hash] only one may be there.
func (r *Resolver) Observe(key string, f *graph.Facts) { r.count(key, f, 1) }

// Forget takes facts back that were observed, now or in an earlier run.
func (r *Resolver) Forget(key string, f *graph.Facts) { r.count(key, f, -1) }

// count adds or takes away what a paper says.
func (r *Resolver) count(key string, f *graph.Facts, by int) {
	if r.err != nil {
		return
	}
	r.putAway()
	serial, ok := r.countTitle(key, &f.Document, by)
	if !ok {
		return
	}
	d := &f.Document
	for _, a := range d.Authors {
		r.countForm(&r.authors, r.before.authors, graph.Slug(a), a, by)
	}
	if d.Venue != "" {
		r.countForm(&r.venues, r.before.venues, graph.Slug(d.Venue), d.Venue, by)
	}
	explained := explanations(f)
	for short, long := range explained {
		r.countAcronym(short, nameKey(long), by)
		// Within a kind a short form may have one meaning that over all it
		// has not: MAE is a method and a metric.
		var counted []string
		for _, m := range f.Mentions {
			if k := kindShort(m.Kind, short); !slices.Contains(counted, k) && hasForm(m, short, nameKey(long)) {
				r.countAcronym(k, nameKey(long), by)
				counted = append(counted, k)
			}
		}
	}
	for i := range f.Mentions {
		r.countCasing(&f.Mentions[i], by)
	}
	seen := map[string][]local{}
	var locals []local // that the paper consults
	for i := range f.Mentions {
		m := &f.Mentions[i]
		l := r.local(m.Kind, m.Name, m.Aliases, explained)
		n := r.touch(l)
		if !slices.Contains(locals, l) {
			locals = append(locals, l)
		}
		for i, form := range append([]string{m.Name}, m.Aliases...) {
			if i > 0 && r.foreign(l, form) {
				continue
			}
			if r.byID && n.find(form) == nil {
				r.indexSlug(l, form, true)
			}
			u := n.use(form)
			if !slices.Contains(seen[form], l) {
				seen[form] = append(seen[form], l)
				u.papers += by
				if explains(explained, form) {
					u.explained += by
				}
			}
			if i == 0 {
				u.weight += by * int(math.Round(m.Confidence*100))
			}
		}
		n.forms = slices.DeleteFunc(n.forms, func(u use) bool { return u.papers == 0 && u.weight == 0 })
		if r.byID && by < 0 {
			for _, form := range append([]string{m.Name}, m.Aliases...) {
				slug := graph.Slug(form)
				if !slices.ContainsFunc(n.forms, func(u use) bool { return graph.Slug(u.form) == slug }) {
					r.indexSlug(l, form, false)
				}
			}
		}
	}
	r.countShared(seen, by)
	for _, c := range f.Relations {
		for _, end := range [2]struct {
			kind graph.Kind
			name string
		}{{c.FromKind, c.From}, {c.ToKind, c.To}} {
			if !slices.ContainsFunc(f.Mentions, func(m graph.Mention) bool { return m.Has(end.kind, end.name) }) {
				if l := r.local(end.kind, end.name, nil, explained); !slices.Contains(locals, l) {
					locals = append(locals, l)
				}
			}
		}
	}
	for _, l := range locals {
		n := r.consult(l, by)
		if pair := uint64(n.number)<<32 | uint64(serial); by > 0 {
			r.before.consults = append(r.before.consults, pair)
		} else {
			r.before.consulted = append(r.before.consulted, pair)
		}
	}
}

// touch is the name of a local whose forms are about to change.
func (r *Resolver) touch(l local) *name {
	n := r.nameOf(l)
	r.touchName(n)
	return n
}

// touchName has a name's identity decided again.
func (r *Resolver) touchName(n *name) {
	if r.names.mark(n.at, markTouched) {
		r.before.names = append(r.before.names, n.at)
	}
}

// thing is what an identity is, to change.
func (r *Resolver) thing(id identity) *thing { return r.things.change(id) }

// claim is who would have an id, to change.
func (r *Resolver) claim(id graph.ID) *claims { return r.claims.change(id) }

// nameOf is the name of a local, to change.
func (r *Resolver) nameOf(l local) *name {
	n := r.names.change(l)
	if n.number == 0 {
		r.next.local++
		n.number = r.next.local
	}
	return n
}

// consult notes that one more, or one less, wants to know what a local is.
func (r *Resolver) consult(l local, by int) *name {
	n := r.nameOf(l)
	n.refs += by
	if !n.decided || n.refs == 0 {
		r.touchName(n)
	}
	return n
}

// countShared counts the forms that one paper has under several locals.
func (r *Resolver) countShared(seen map[string][]local, by int) {
	for form, locals := range seen {
		if len(locals) < 2 {
			continue
		}
		encoded := make([]string, len(locals))
		for i, l := range locals {
			encoded[i] = encodeLocal(l)
		}
		slices.Sort(encoded)
		all := strings.Join(encoded, sharedEnd) + sharedEnd
		for _, l := range locals {
			n := r.nameOf(l)
			i := slices.IndexFunc(n.shared, func(s shared) bool { return s.form == form && s.locals == all })
			if i < 0 {
				n.shared = append(n.shared, shared{form: strings.Clone(form), locals: all})
				i = len(n.shared) - 1
			}
			if n.shared[i].papers += by; n.shared[i].papers == 0 {
				n.shared = slices.Delete(n.shared, i, i+1)
			}
		}
	}
}

// countTitle gives a paper a serial number, or takes it away; ok is false for
// a paper that was not there to be forgotten, or is there already.
func (r *Resolver) countTitle(key string, d *graph.Document, by int) (serial uint32, ok bool) {
	id, hash := d.ID(), d.Hash()
	t := r.titles.change(id)
	if _, ok := r.before.titles[id]; !ok {
		r.before.titles[id] = slices.Clone(t.versions)
	}
	i := slices.IndexFunc(t.versions, func(v version) bool { return v.hash == hash })
	switch {
	case by > 0 && i >= 0:
		r.fail(fmt.Errorf("%w: the paper %q is there already", ErrMemory, d.Title))
		return 0, false
	case by < 0 && i < 0:
		r.fail(fmt.Errorf("%w: the paper %q, which is to be forgotten, was never there", ErrMemory, d.Title))
		return 0, false
	case by > 0:
		serial = r.next.serial
		r.next.serial++
		t.versions = append(t.versions, version{hash: hash, year: max(d.Year, 0), serial: serial})
		*r.serials.change(serial) = key
	default:
		serial = t.versions[i].serial
		t.versions = slices.Delete(t.versions, i, i+1)
		*r.serials.change(serial) = ""
	}
	r.before.papers[serial] = by > 0
	return serial, true
}

func (r *Resolver) countForm(c *cache[string, []tally], changed map[string]bool, slug, form string, by int) {
	list := c.change(slug)
	if _, ok := changed[slug]; !ok {
		changed[slug] = len(*list) > 0
	}
	*list = addTally(*list, form, by)
}

// indexSlug keeps the table that finds locals by the slugs of their forms.
func (r *Resolver) indexSlug(l local, form string, add bool) {
	list := r.slugs.change(graph.Slug(form))
	encoded := encodeLocal(l)
	*list = slices.DeleteFunc(*list, func(s string) bool { return s == encoded })
	if add {
		*list = append(*list, encoded)
	}
}

func (r *Resolver) countAcronym(short, long string, by int) {
	a := r.acronyms.change(short)
	if _, ok := r.before.shorts[short]; !ok && !r.fresh {
		r.before.shorts[short] = a.state()
	}
	a.longs, a.known = addTally(a.longs, long, by), false
}

// state is what changes an identity that rests on the acronym.
func (a *acronym) state() string {
	if a == nil || len(a.longs) == 0 {
		return ""
	}
	return "=" + a.long()
}
