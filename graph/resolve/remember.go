package resolve

import (
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"strings"

	"papergraph/graph"
	"papergraph/graph/lexicon"
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

// Values are strings and numbers one after the other, each list preceded by
// its length.

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendNumber(b []byte, n int) []byte { return binary.AppendUvarint(b, uint64(n)) }

// decoder reads a value. After the first error it gives zeros. The strings that
// it gives are parts of the value.
type decoder struct {
	s   string
	bad bool
}

func (d *decoder) fail() { d.bad, d.s = true, "" }

func (d *decoder) number() int {
	v := uint64(0)
	for i := 0; i < len(d.s) && i < 7; i++ { // 49 bits are enough
		v |= uint64(d.s[i]&0x7f) << (7 * i)
		if d.s[i] < 0x80 {
			d.s = d.s[i+1:]
			return int(v)
		}
	}
	d.fail()
	return 0
}

func (d *decoder) text() string {
	n := d.number()
	if n > len(d.s) {
		d.fail()
	}
	if n == 0 || d.bad {
		return "" // a part of no length would keep the value, too
	}
	s := d.s[:n]
	d.s = d.s[n:]
	return s
}

// length reads the length of a list, which has a byte an item at least.
func (d *decoder) length() int {
	n := d.number()
	if n > len(d.s) {
		d.fail()
		return 0
	}
	return n
}

// cutText takes a text from the beginning of what appendText wrote.
func cutText(b []byte) (text, rest []byte) {
	n, size := binary.Uvarint(b)
	end := size + int(n)
	return b[size:end], b[end:]
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
	at      uint32 // in the cache
	local   local
	encoded string // the local
	number  uint32
	refs    int      // papers and ids that consult the local; without any there is no row
	unmoved identity // as the local's own papers and the corpus have it, as of the last decision
	decided bool     // the local is among those of unmoved
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

// What a name's identity is written as.
const (
	asNone = iota // what it was, if anything; during a run only
	asOwn         // [local.own]
	asOther
)

func encodeName(b []byte, n *name) []byte {
	slices.SortFunc(n.forms, func(a, b use) int { return strings.Compare(a.form, b.form) })
	slices.SortFunc(n.shared, func(a, b shared) int {
		return cmp.Or(strings.Compare(a.form, b.form), strings.Compare(a.locals, b.locals))
	})
	b = appendNumber(appendNumber(b, int(n.number)), n.refs)
	switch {
	case n.decided && n.unmoved == n.local.own():
		b = append(b, asOwn)
	case n.decided:
		b = appendIdentity(append(b, asOther), n.unmoved)
	default:
		b = appendIdentity(append(b, asNone), n.unmoved)
	}
	b = appendNumber(b, len(n.forms))
	for _, u := range n.forms {
		b = appendNumber(appendNumber(appendNumber(appendText(b, u.form), u.papers), u.weight), u.explained)
	}
	// Most of the forms are among those above, and most have the same locals.
	var lists []string
	for _, s := range n.shared {
		if !slices.Contains(lists, s.locals) {
			lists = append(lists, s.locals)
		}
	}
	own := restOf(n.encoded)
	b = appendNumber(b, len(lists))
	for _, locals := range lists {
		b = appendNumber(b, strings.Count(locals, sharedEnd))
		for l := range strings.SplitSeq(strings.TrimSuffix(locals, sharedEnd), sharedEnd) {
			b = appendNear(b, l, own)
		}
	}
	b = appendNumber(b, len(n.shared))
	for _, s := range n.shared {
		if i, ok := slices.BinarySearchFunc(n.forms, s.form, func(u use, form string) int { return strings.Compare(u.form, form) }); ok {
			b = appendNumber(b, i+1)
		} else {
			b = appendText(append(b, 0), s.form)
		}
		b = appendNumber(appendNumber(b, slices.Index(lists, s.locals)), s.papers)
	}
	return b
}

func decodeName(d *decoder, n *name) {
	n.number, n.refs = uint32(d.number()), d.number()
	switch as := d.number(); as {
	case asOwn:
		n.unmoved, n.decided = n.local.own(), true
	case asOther, asNone:
		n.unmoved, n.decided = d.identity(), as == asOther
	default:
		d.fail()
	}
	n.forms = make([]use, d.length())
	for i := range n.forms {
		n.forms[i] = use{d.text(), d.number(), d.number(), d.number()}
	}
	own := restOf(n.encoded)
	lists := make([]string, d.length())
	for i := range lists {
		var locals strings.Builder
		for range d.length() {
			locals.WriteString(d.near(own) + sharedEnd)
		}
		lists[i] = locals.String()
	}
	n.shared = make([]shared, d.length())
	for i := range n.shared {
		s := &n.shared[i]
		if at := d.number(); at == 0 {
			s.form = d.text()
		} else if at <= len(n.forms) {
			s.form = n.forms[at-1].form
		} else {
			d.fail()
		}
		if at := d.number(); at < len(lists) {
			s.locals = lists[at]
		} else {
			d.fail()
		}
		s.papers = d.number()
	}
}

// own is the identity of a local to which the corpus has nothing to add.
func (l local) own() identity { return identity{l.kind, l.key} }

// restOf is what an encoded local has behind its kind.
func restOf(encoded string) string {
	_, rest, _ := strings.Cut(encoded, "\x00")
	return rest
}

// appendNear appends an encoded local, of which what is behind the kind is most
// often the string given.
func appendNear(b []byte, encoded, rest string) []byte {
	kind, own, _ := strings.Cut(encoded, "\x00")
	b = appendNumber(b, graph.Kind(kind).Rank())
	if own == rest {
		return append(b, 0)
	}
	return appendText(b, own)
}

func (d *decoder) near(rest string) string {
	kind := d.kind()
	return string(kind) + "\x00" + cmp.Or(d.text(), rest)
}

func encodeIdentity(id identity) string { return string(id.kind) + "\x00" + id.key }

// appendIdentity appends an identity to a value; none is that of no kind.
func appendIdentity(b []byte, id identity) []byte {
	return appendText(appendNumber(b, id.kind.Rank()), id.key)
}

func (d *decoder) identity() identity { return identity{d.kind(), d.text()} }

func (d *decoder) kind() graph.Kind {
	kinds := graph.Kinds()
	switch n := d.number(); {
	case n < len(kinds):
		return kinds[n]
	case n > len(kinds):
		d.fail()
	}
	return ""
}

func decodeIdentity(d *decoder, s string) identity {
	kind, key, _ := strings.Cut(s, "\x00")
	k, ok := kindNamed(kind)
	if !ok || len(kind) == len(s) {
		d.bad = true
	}
	return identity{k, key}
}

// kindNamed is the kind of a name, which does not keep the string that the name
// is a part of.
func kindNamed(name string) (graph.Kind, bool) {
	for _, k := range graph.Kinds() {
		if string(k) == name {
			return k, true
		}
	}
	return "", false
}

// thing is what an identity is.
type thing struct {
	at       uint32 // in the cache
	id       identity
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

// marks say of which of a run's lists a row is. They are of all that there is
// where everything is new.
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

// empty says whether there is nothing to say of the thing.
func (t *thing) empty() bool {
	return len(t.locals) == 0 && t.below == 0 && t.denotes == "" && t.base == ""
}

func encodeThing(b []byte, t *thing) []byte {
	slices.Sort(t.locals)
	b = appendNumber(b, len(t.locals))
	for _, l := range t.locals {
		b = appendNear(b, l, "k"+t.id.key)
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

func decodeThing(d *decoder, t *thing) {
	t.locals = make([]string, d.length())
	for i := range t.locals {
		t.locals[i] = d.near("k" + t.id.key)
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
	at     uint32 // in the cache
	id     graph.ID
	bases  []identity // by their names
	longer []identity // after namesakes were told apart
	watch  []string   // encoded locals that say who keeps the id
}

func encodeClaims(b []byte, c *claims) []byte {
	list := func(ids []identity) {
		b = appendNumber(b, len(ids))
		for _, id := range ids {
			b = appendIdentity(b, id)
		}
	}
	slices.SortFunc(c.bases, compareIdentities)
	slices.SortFunc(c.longer, compareIdentities)
	list(c.bases)
	if slices.Equal(c.bases, c.longer) { // as most often
		b = append(b, 1)
	} else {
		b = append(b, 0)
		list(c.longer)
	}
	b = appendNumber(b, len(c.watch))
	for _, l := range c.watch {
		b = appendText(b, l)
	}
	return b
}

func decodeClaims(d *decoder, c *claims) {
	list := func() []identity {
		ids := make([]identity, d.length())
		for i := range ids {
			ids[i] = d.identity()
		}
		return ids
	}
	c.bases = list()
	if d.number() == 1 {
		c.longer = slices.Clone(c.bases)
	} else {
		c.longer = list()
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

// sort puts the earliest paper first.
func (t *title) sort() {
	slices.SortFunc(t.versions, func(a, b version) int {
		return cmp.Or(cmp.Compare(a.year, b.year), strings.Compare(a.hash, b.hash))
	})
}

func encodeTitle(b []byte, t *title) []byte {
	t.sort()
	b = appendNumber(b, len(t.versions))
	for _, v := range t.versions {
		b = appendText(appendNumber(appendNumber(appendText(b, v.hash), v.year), int(v.serial)), string(v.paper))
	}
	return b
}

func decodeTitle(d *decoder, t *title) {
	t.versions = make([]version, d.length())
	for i := range t.versions {
		t.versions[i] = version{d.text(), d.number(), uint32(d.number()), graph.ID(d.text())}
	}
}

// encodeLocal writes a local so that the parts can be told apart: no key and no
// slug has a zero byte.
func encodeLocal(l local) string { return string(appendLocal(nil, l)) }

// appendLocal appends an encoded local.
func appendLocal(b []byte, l local) []byte {
	b = append(append(b, l.kind...), 0)
	entry := func(e *lexicon.Entry) { b = append(append(append(b, e.Kind...), 0), entryKey(e.Name)...) }
	switch {
	case l.member != nil:
		b = append(append(append(b, 'm'), l.member.key.kind...), 0)
		b = append(b, l.member.key.form...)
	case l.entry != nil:
		b = append(b, 'e')
		entry(l.entry)
	case l.claimed != nil:
		b = append(append(append(b, 'c'), l.key...), 0)
		b = append(append(b, l.claim...), 0)
		entry(l.claimed)
	case l.short:
		b = append(append(b, 's'), l.key...)
	default:
		b = append(append(b, 'k'), l.key...)
	}
	return b
}

// decodeLocal reads what encodeLocal wrote for this lexicon and registry.
func (r *Resolver) decodeLocal(s string) (l local, ok bool) {
	kind, rest, _ := strings.Cut(s, "\x00")
	if l.kind, ok = kindNamed(kind); !ok || rest == "" {
		return local{}, false
	}
	form, rest := rest[0], rest[1:]
	if form == 'c' {
		var claim, claimed string
		l.key, claim, _ = strings.Cut(rest, "\x00")
		l.claim, claimed, _ = strings.Cut(claim, "\x00")
		rest = claimed
	}
	first, second, two := strings.Cut(rest, "\x00")
	if strings.Contains(second, "\x00") {
		return local{}, false
	}
	other, _ := kindNamed(first)
	switch {
	case form == 'm' && two:
		l.member = r.members[memberKey{other, second}]
		return l, l.member != nil
	case form == 'e' && two:
		l.entry = r.entries[identity{other, second}]
		return l, l.entry != nil
	case form == 'c' && two:
		l.claimed = r.entries[identity{other, second}]
		return l, l.claimed != nil
	case (form == 's' || form == 'k') && !two:
		l.key, l.short = first, form == 's'
		return l, true
	}
	return local{}, false
}
