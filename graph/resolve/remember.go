package resolve

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"papergraph/graph"
)

// Table keeps what a resolver remembers of a corpus from one run to the next.
type Table interface {
	// Get reads a value; nil where there is none.
	Get(key []byte) ([]byte, error)
	// Set writes a value; nil removes the key. What it is given must not
	// change afterwards.
	Set(key, value []byte) error
	// Scan calls fn for the keys with the prefix that there were before the
	// first Set. What fn is given is valid during the call only.
	Scan(prefix []byte, fn func(key []byte) error) error
}

// ErrMemory says that what a resolver remembers cannot be read. Resolving the
// whole corpus anew helps.
var ErrMemory = errors.New("what resolution remembers is damaged")

// Every key begins with the letter of its table. The first group are counts
// over papers, the second what was decided with them the last time, so that
// what changes can be told, the third finds what a change concerns.
//
//	tag  key                     value
//	a    short key               counts of long forms         what does an acronym stand for?
//	w    word                    counts of casings            how is it written?
//	l    local                   number, forms, identity      what is it called, in how many papers?
//	u v  slug                    counts of forms              how is an author or venue written?
//	t    id made of a title      versions                     which papers have the title?
//	f    serial                  facts key                    which facts are a paper's?
//
//	i    identity                locals, name, ids            what is it?
//	b    id                      identities                   who would have the id?
//	h    -                       hash                         what did the registry come to?
//
//	s    short key, local        nothing                      whose identity rests on the acronym?
//	p    local's number, serial  nothing                      which papers consult the local?
//	d    word, identity          nothing                      whose name has the word?
//	g    slug                    locals                       what has a form of the slug? (if the registry has ids)
const (
	tagAcronym  = 'a'
	tagWord     = 'w'
	tagLocal    = 'l'
	tagAuthor   = 'u'
	tagVenue    = 'v'
	tagTitle    = 't'
	tagSerial   = 'f'
	tagIdentity = 'i'
	tagClaims   = 'b'
	tagMeta     = 'h'
	tagShort    = 's'
	tagPapers   = 'p'
	tagNamed    = 'd'
	tagSlug     = 'g'
)

// cache holds the rows of a table that were looked at.
type cache[K comparable, V any] struct {
	r      *Resolver
	tag    byte
	key    func(K) string
	encode func([]byte, *V) []byte // nil removes the row
	decode func(*decoder, K, *V)
	rows   map[K]*row[V]
}

type row[V any] struct {
	v      V
	there  bool // false for what was looked for in vain
	stored bool // the table has the row
	dirty  bool
}

func (c *cache[K, V]) row(k K) *row[V] {
	if e := c.rows[k]; e != nil {
		return e
	}
	if c.r.fresh {
		return nil
	}
	e := &row[V]{}
	c.rows[k] = e
	value, err := c.r.table.Get(c.tableKey(k))
	if err != nil {
		c.r.fail(err)
		return e
	}
	if value != nil {
		d := decoder{b: value}
		c.decode(&d, k, &e.v)
		if d.bad || len(d.b) > 0 {
			c.r.fail(fmt.Errorf("%w: %c %q", ErrMemory, c.tag, c.key(k)))
			e.v = *new(V)
			return e
		}
		e.there, e.stored = true, true
	}
	return e
}

func (c *cache[K, V]) tableKey(k K) []byte {
	key := c.key(k)
	return append(append(make([]byte, 0, 1+len(key)), c.tag), key...)
}

// get is the row's value to read; nil if there is none.
func (c *cache[K, V]) get(k K) *V {
	if e := c.row(k); e != nil && e.there {
		return &e.v
	}
	return nil
}

// change is the row's value to change, which is made where there is none.
func (c *cache[K, V]) change(k K) *V {
	e := c.row(k)
	if e == nil {
		e = &row[V]{}
		c.rows[k] = e
	}
	e.there, e.dirty = true, true
	return &e.v
}

// save writes what changed, in the order of keys.
func (c *cache[K, V]) save() error {
	type changed struct {
		key []byte
		e   *row[V]
	}
	var list []changed
	for k, e := range c.rows {
		if e.dirty {
			list = append(list, changed{c.tableKey(k), e})
		}
	}
	slices.SortFunc(list, func(a, b changed) int { return slices.Compare(a.key, b.key) })
	for _, x := range list {
		value := c.encode([]byte{}, &x.e.v)
		if value == nil && !x.e.stored {
			continue
		}
		x.e.dirty, x.e.stored = false, value != nil
		if err := c.r.table.Set(x.key, value); err != nil {
			return err
		}
	}
	return nil
}

// Values are strings and numbers one after the other, each list preceded by
// its length.

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendNumber(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }

// decoder reads a value. After the first error it gives zeros.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) number() int {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > 1<<48 {
		d.bad, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return int(v)
}

func (d *decoder) text() string {
	n := d.number()
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

// length reads the length of a list, which has a byte an item at least.
func (d *decoder) length() int {
	n := d.number()
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return 0
	}
	return n
}

// tally counts papers by form.
type tally struct {
	form   string
	papers int
}

// add changes the count of a form; one that no paper has is dropped.
func addTally(list []tally, form string, by int) []tally {
	i := slices.IndexFunc(list, func(t tally) bool { return t.form == form })
	if i < 0 {
		return append(list, tally{strings.Clone(form), by})
	}
	if list[i].papers += by; list[i].papers == 0 {
		list[i] = list[len(list)-1]
		list = list[:len(list)-1]
	}
	return list
}

func encodeTallies(b []byte, list []tally) []byte {
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b tally) int { return strings.Compare(a.form, b.form) })
	b = appendNumber(b, len(list))
	for _, t := range list {
		b = appendNumber(appendText(b, t.form), t.papers)
	}
	return b
}

func (d *decoder) tallies() []tally {
	list := make([]tally, d.length())
	for i := range list {
		list[i] = tally{d.text(), d.number()}
	}
	return list
}

// acronym is how papers explain a short form, by the key of the long form.
type acronym struct {
	longs  []tally
	agreed string // what long gives, once it was asked for
	known  bool
}

// long is the long form that [dominance] of the papers agree on; empty if they
// do not.
func (a *acronym) long() string {
	if a.known {
		return a.agreed
	}
	total := 0
	var best tally
	for _, t := range a.longs {
		total += t.papers
		if t.papers > best.papers || t.papers == best.papers && t.form < best.form {
			best = t
		}
	}
	a.known, a.agreed = true, ""
	if float64(best.papers) >= dominance*float64(total) {
		a.agreed = best.form
	}
	return a.agreed
}

// name is what papers call what one local stands for.
type name struct {
	local   local
	touched bool // in this run
	number  uint32
	refs    int      // papers and ids that consult the local; without any there is no row
	unmoved identity // as the local's own papers and the corpus have it, as of the last decision
	decided bool     // unmoved is set
	forms   []use
	shared  []shared
}

// use counts how a form is used.
type use struct {
	form      string
	papers    int
	weight    int // sum of confidences, in hundredths: integers sum alike in any order
	explained int // papers of which it is one side of an explanation of an acronym
}

// shared counts papers that have a form under several locals: they may turn
// out to be one thing, and the paper counts once.
type shared struct {
	form   string
	locals string // encoded, ascending, each with sharedEnd behind it
	papers int
}

const sharedEnd = "\x01"

// find is how a form is used; nil if it is not.
func (n *name) find(form string) *use {
	i := slices.IndexFunc(n.forms, func(u use) bool { return u.form == form })
	if i < 0 {
		return nil
	}
	return &n.forms[i]
}

func (n *name) use(form string) *use {
	if u := n.find(form); u != nil {
		return u
	}
	n.forms = append(n.forms, use{form: strings.Clone(form)}) // it may be a part of an abstract
	return &n.forms[len(n.forms)-1]
}

func encodeName(b []byte, n *name) []byte {
	if n.refs == 0 {
		return nil
	}
	slices.SortFunc(n.forms, func(a, b use) int { return strings.Compare(a.form, b.form) })
	slices.SortFunc(n.shared, func(a, b shared) int {
		return cmp.Or(strings.Compare(a.form, b.form), strings.Compare(a.locals, b.locals))
	})
	b = appendNumber(appendNumber(b, int(n.number)), n.refs)
	b = appendText(b, encodeIdentity(n.unmoved))
	b = appendNumber(b, len(n.forms))
	for _, u := range n.forms {
		b = appendNumber(appendNumber(appendNumber(appendText(b, u.form), u.papers), u.weight), u.explained)
	}
	b = appendNumber(b, len(n.shared))
	for _, s := range n.shared {
		b = appendNumber(appendText(appendText(b, s.form), s.locals), s.papers)
	}
	return b
}

func decodeName(d *decoder, l local, n *name) {
	n.local, n.number, n.refs = l, uint32(d.number()), d.number()
	n.unmoved, n.decided = decodeIdentity(d, d.text()), true
	n.forms = make([]use, d.length())
	for i := range n.forms {
		n.forms[i] = use{d.text(), d.number(), d.number(), d.number()}
	}
	n.shared = make([]shared, d.length())
	for i := range n.shared {
		n.shared[i] = shared{d.text(), d.text(), d.number()}
	}
}

func encodeIdentity(id identity) string { return string(id.kind) + "\x00" + id.key }

func decodeIdentity(d *decoder, s string) identity {
	kind, key, ok := strings.Cut(s, "\x00")
	if !ok || !graph.Kind(kind).Valid() {
		d.bad = true
	}
	return identity{graph.Kind(kind), key}
}

// thing is what an identity is.
type thing struct {
	id       identity
	marks    marks    // of this run
	locals   []string // encoded, of which this is the unmoved identity
	observed int      // locals that papers mention
	weight   int      // of all their forms
	below    int      // entities right below it in the lexicon's hierarchy
	// denotes is the node that the locals stand for; empty for none.
	denotes graph.ID
	// What follows is empty unless there is an entity of this very identity.
	name    string
	base    graph.ID // made of the name
	longer  graph.ID // base, or a longer one where namesakes want it
	node    graph.ID // the id that it has
	counted bool     // among those below the entries above its own
}

// marks say what a run has on its lists, which are of all that there is where
// everything is new.
type marks uint8

const (
	markTouched marks = 1 << iota
	markWeighed
	markQueued
	markEvaluated
	markRenamed
	markContested
	markLengthened
)

// set sets a mark and says whether it was not set before.
func (m *marks) set(mark marks) bool {
	was := *m&mark != 0
	*m |= mark
	return !was
}

func encodeThing(b []byte, t *thing) []byte {
	if len(t.locals) == 0 && t.below == 0 && t.denotes == "" && t.base == "" {
		return nil
	}
	slices.Sort(t.locals)
	b = appendNumber(b, len(t.locals))
	for _, l := range t.locals {
		b = appendText(b, l)
	}
	b = appendNumber(appendNumber(appendNumber(b, t.observed), t.weight), t.below)
	// Most often the ids are one.
	b = appendText(appendText(b, t.name), string(t.base))
	for _, id := range []graph.ID{t.longer, t.node, t.denotes} {
		if id == t.base {
			b = append(b, 0)
		} else {
			b = appendText(append(b, 1), string(id))
		}
	}
	if t.counted {
		return append(b, 1)
	}
	return append(b, 0)
}

func decodeThing(d *decoder, id identity, t *thing) {
	t.id = id
	t.locals = make([]string, d.length())
	for i := range t.locals {
		t.locals[i] = d.text()
	}
	t.observed, t.weight, t.below = d.number(), d.number(), d.number()
	t.name, t.base = d.text(), graph.ID(d.text())
	for _, id := range []*graph.ID{&t.longer, &t.node, &t.denotes} {
		if *id = t.base; d.number() == 1 {
			*id = graph.ID(d.text())
		}
	}
	t.counted = d.number() == 1
}

// claims are the identities that would have an id.
type claims struct {
	id     graph.ID
	marks  marks
	bases  []identity // by their names
	longer []identity // after namesakes were told apart
	watch  []string   // encoded locals that say who keeps the id
}

func encodeClaims(b []byte, c *claims) []byte {
	if len(c.bases) == 0 && len(c.longer) == 0 {
		return nil
	}
	for _, list := range [][]identity{c.bases, c.longer} {
		slices.SortFunc(list, compareIdentities)
		b = appendNumber(b, len(list))
		for _, id := range list {
			b = appendText(b, encodeIdentity(id))
		}
	}
	b = appendNumber(b, len(c.watch))
	for _, l := range c.watch {
		b = appendText(b, l)
	}
	return b
}

func decodeClaims(d *decoder, id graph.ID, c *claims) {
	c.id = id
	for _, list := range []*[]identity{&c.bases, &c.longer} {
		*list = make([]identity, d.length())
		for i := range *list {
			(*list)[i] = decodeIdentity(d, d.text())
		}
	}
	c.watch = make([]string, d.length())
	for i := range c.watch {
		c.watch[i] = d.text()
	}
}

// title is the papers whose titles make one id.
type title struct{ versions []version }

type version struct {
	hash   string // of the document
	year   int
	serial uint32
	paper  graph.ID // the id that it has
}

func encodeTitle(b []byte, t *title) []byte {
	if len(t.versions) == 0 {
		return nil
	}
	b = appendNumber(b, len(t.versions))
	for _, v := range t.versions {
		b = appendText(appendNumber(appendNumber(appendText(b, v.hash), v.year), int(v.serial)), string(v.paper))
	}
	return b
}

func decodeTitle(d *decoder, _ graph.ID, t *title) {
	t.versions = make([]version, d.length())
	for i := range t.versions {
		t.versions[i] = version{d.text(), d.number(), uint32(d.number()), graph.ID(d.text())}
	}
}

// encodeLocal writes a local so that the parts can be told apart: no key and no
// slug has a zero byte.
func encodeLocal(l local) string {
	const zero = "\x00"
	switch {
	case l.member != nil:
		return string(l.kind) + zero + "m" + string(l.member.key.kind) + zero + l.member.key.form
	case l.entry != nil:
		return string(l.kind) + zero + "e" + encodeIdentity(entryIdentity(l.entry))
	case l.claimed != nil:
		return string(l.kind) + zero + "c" + l.key + zero + l.claim + zero + encodeIdentity(entryIdentity(l.claimed))
	case l.short:
		return string(l.kind) + zero + "s" + l.key
	}
	return string(l.kind) + zero + "k" + l.key
}

// decodeLocal reads what encodeLocal wrote for this lexicon and registry.
func (r *Resolver) decodeLocal(s string) (local, bool) {
	kind, rest, ok := strings.Cut(s, "\x00")
	l := local{kind: graph.Kind(kind)}
	if !ok || !l.kind.Valid() || rest == "" {
		return local{}, false
	}
	form, rest := rest[0], rest[1:]
	parts := strings.Split(rest, "\x00")
	entry := func(kind, key string) bool {
		l.entry = r.entries[identity{graph.Kind(kind), key}]
		return l.entry != nil
	}
	switch {
	case form == 'm' && len(parts) == 2:
		l.member = r.members[memberKey{graph.Kind(parts[0]), parts[1]}]
		return l, l.member != nil
	case form == 'e' && len(parts) == 2:
		return l, entry(parts[0], parts[1])
	case form == 'c' && len(parts) == 4:
		ok := entry(parts[2], parts[3])
		l.key, l.claim, l.claimed, l.entry = parts[0], parts[1], l.entry, nil
		return l, ok
	case (form == 's' || form == 'k') && len(parts) == 1:
		l.key, l.short = parts[0], form == 's'
		return l, true
	}
	return local{}, false
}
