package resolve

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"papergraph/graph"
	"papergraph/graph/lexicon"
	"papergraph/graph/registry"
)

// dominance is the share of the papers that explain an acronym which must
// agree on the long form before it stands for that form in papers that do not
// explain it.
const dominance = 0.8

// maxNames bounds the names and decisions kept for one entity. The most used
// are kept.
const maxNames = 64

// Resolver gathers names. It is not for concurrent use.
type Resolver struct {
	lexicon *lexicon.Lexicon
	entries map[identity]*lexicon.Entry // by the identity that an entry is
	// respelled has the lexicon's entries by the nameKeys of those of their
	// forms that nameKey spells otherwise than [graph.NameKey], by which the
	// lexicon finds the others.
	respelled map[string][]*lexicon.Entry
	acronyms  map[string]map[string]int // short key to long key to papers
	// names counts the papers of each form, by what could decide the
	// identity of its mention; identities are known only once all acronyms
	// are.
	names map[local]map[string]*use
	// again lists the forms that one paper has under several identities. They
	// may turn out to be one, and the paper counts once.
	again   []sharedForm
	authors map[string]map[string]int
	venues  map[string]map[string]int
	papers  map[graph.ID]map[string]int // title's id to hash to year
	casings map[string]casing           // by lower-case word
	rules   []registry.Rule
	members map[memberKey]*member
}

// local is the identity of a mention as far as its own paper tells.
type local struct {
	kind  graph.Kind
	key   string         // long form's or name's key; empty where there is an entry
	entry *lexicon.Entry // nil if the lexicon has none
	short bool           // key is a short form that the paper does not explain
	// claimed is an entry that lists the mention's short form, claim, but
	// says nothing of what it stands for; key is that of the long form.
	claimed *lexicon.Entry
	claim   string
	// member is a name that the registry keeps apart; nothing else counts
	// then.
	member *member
}

// sharedForm is a form with the identities that one paper has it under.
type sharedForm struct {
	form   string
	locals []local
}

// use counts how a form is used.
type use struct {
	papers    int
	weight    int  // sum of confidences, in hundredths: integers sum alike in any order
	explained bool // the form is one side of a paper's explanation of an acronym
}

// New makes a resolver. The registry may be nil.
func New(lex *lexicon.Lexicon, reg *registry.Registry) *Resolver {
	r := &Resolver{
		lexicon: lex, entries: map[identity]*lexicon.Entry{}, respelled: map[string][]*lexicon.Entry{}, acronyms: map[string]map[string]int{}, names: map[local]map[string]*use{},
		authors: map[string]map[string]int{}, venues: map[string]map[string]int{}, papers: map[graph.ID]map[string]int{},
		casings: map[string]casing{}, rules: reg.Rules(), members: newMembers(reg.Rules()),
	}
	for _, e := range lex.Entries() {
		r.entries[entryIdentity(e)] = e
	}
	for _, e := range lex.Entries() {
		for _, form := range append([]string{e.Name}, e.Aliases...) {
			if american(form) != form {
				key := nameKey(form)
				r.respelled[key] = append(r.respelled[key], e)
			}
		}
	}
	return r
}

// Observe takes in one paper's facts.
func (r *Resolver) Observe(f *graph.Facts) {
	d := &f.Document
	versions := r.papers[d.ID()]
	if versions == nil {
		versions = map[string]int{}
		r.papers[d.ID()] = versions
	}
	versions[d.Hash()] = d.Year
	for _, a := range d.Authors {
		count(r.authors, graph.Slug(a), a)
	}
	if d.Venue != "" {
		count(r.venues, graph.Slug(d.Venue), d.Venue)
	}
	explained := explanations(f)
	for short, long := range explained {
		count(r.acronyms, short, nameKey(long))
		// Within a kind a short form may have one meaning that over all it
		// has not: MAE is a method and a metric.
		var counted []string
		for _, m := range f.Mentions {
			if k := kindShort(m.Kind, short); !slices.Contains(counted, k) && hasForm(m, short, nameKey(long)) {
				count(r.acronyms, k, nameKey(long))
				counted = append(counted, k)
			}
		}
	}
	seen := map[string][]local{}
	for i := range f.Mentions {
		r.observeCasing(&f.Mentions[i])
	}
	for _, m := range f.Mentions {
		l := r.local(m.Kind, m.Name, m.Aliases, explained)
		forms := r.names[l]
		if forms == nil {
			forms = map[string]*use{}
			r.names[l] = forms
		}
		for i, form := range append([]string{m.Name}, m.Aliases...) {
			if i > 0 && r.foreign(l, form) {
				continue
			}
			u := forms[form]
			if u == nil {
				u = &use{}
				forms[form] = u
			}
			if !slices.Contains(seen[form], l) {
				seen[form] = append(seen[form], l)
				u.papers++
			}
			if i == 0 {
				u.weight += int(math.Round(m.Confidence * 100))
			}
			u.explained = u.explained || explains(explained, form)
		}
	}
	for form, locals := range seen {
		if len(locals) > 1 {
			r.again = append(r.again, sharedForm{form, locals})
		}
	}
}

// kindShort is the key of a short form among things of a kind or its rival. No
// nameKey has a space.
func kindShort(kind graph.Kind, short string) string {
	if r := kind.Rival(); r != "" && r.Rank() < kind.Rank() {
		kind = r
	}
	return string(kind) + " " + short
}

// hasForm says whether a mention has a form of one of two keys.
func hasForm(m graph.Mention, a, b string) bool {
	is := func(form string) bool { key := nameKey(form); return key == a || key == b }
	return is(m.Name) || slices.ContainsFunc(m.Aliases, is)
}

func count(m map[string]map[string]int, key, value string) {
	if m[key] == nil {
		m[key] = map[string]int{}
	}
	m[key][value]++
}

// explanations maps the keys of a paper's short forms to their long forms. Of
// two explanations of one short form the first counts.
func explanations(f *graph.Facts) map[string]string {
	out := map[string]string{}
	for _, a := range f.Acronyms {
		short, long := nameKey(a.Short), nameKey(a.Long)
		if out[short] == "" && short != long {
			out[short] = a.Long
		}
	}
	return out
}

// explains says whether a form is one side of an explanation.
func explains(explained map[string]string, form string) bool {
	key := nameKey(form)
	if explained[key] != "" {
		return true
	}
	for _, long := range explained {
		if nameKey(long) == key {
			return true
		}
	}
	return false
}

// nameKey is the form of a name under which names of entities are compared. It
// differs from [graph.NameKey] in that a capital "S" is no plural, so that
// "DARTS" and "DART" stay apart, in that British spelling and "&" are as
// American spelling and "and", and in that every name has a key.
func nameKey(name string) string {
	name = american(strings.ReplaceAll(name, " & ", " and "))
	if key := strings.ToLower(graph.CaseKey(name)); key != "" {
		return key
	}
	return graph.Slug(name)
}

// key is the nameKey of an entity of that kind. A method or dataset may have a
// generic head noun or not where what stands before is a name by its look or
// in the lexicon: "GLUE benchmark" is "GLUE", but "language model" is not
// "language".
func (r *Resolver) key(kind graph.Kind, name string) string {
	if kind != graph.KindMethod && kind != graph.KindDataset {
		return nameKey(name)
	}
	core := coreName(kind, name)
	if core == name || !r.proper(kind, core) {
		return nameKey(name)
	}
	return nameKey(core)
}

// heads are head nouns that a name of the kind may have or not, beside those
// of [graph.CoreName].
var heads = map[graph.Kind][]string{
	graph.KindMethod:  {"optimizer", "optimiser", "toolkit", "library", "software", "package", "technique", "procedure", "scheme", "strategy", "pipeline"},
	graph.KindDataset: {"corpus", "database", "test set", "training set", "validation set", "dev set", "test suite", "testbed", "collection", "data set", "data"},
}

// coreName is a name of the kind without its trailing generic head noun.
func coreName(kind graph.Kind, name string) string {
	if core := graph.CoreName(name); core != name {
		return core
	}
	name = strings.TrimRight(name, " ")
	for _, head := range heads[kind] {
		for _, end := range [...]string{head, head + "s"} {
			if at := len(name) - len(end); at > 1 && name[at-1] == ' ' && strings.EqualFold(name[at:], end) {
				if core := strings.TrimRight(name[:at], " "); graph.NameKey(core) != "" && graph.NameKey("the "+core) != "the" {
					return core
				}
			}
		}
	}
	return name
}

// proper says whether s is a proper name: its last word has a digit or a
// capital inside, or the lexicon has it in this casing and not in lower case,
// or it is of a dataset and several capitalised words.
func (r *Resolver) proper(kind graph.Kind, s string) bool {
	word := s[strings.LastIndexByte(s, ' ')+1:]
	for i, c := range word {
		if unicode.IsDigit(c) || i > 0 && unicode.IsUpper(c) {
			return true
		}
	}
	if kind == graph.KindDataset && titled(s) {
		return true
	}
	lower := strings.ToLower(s)
	return s != lower && len(r.lexicon.Lookup(s)) > 0 && len(r.lexicon.Lookup(lower)) == 0
}

// titled says whether s has at least two words, all capitalised but for
// prepositions and the like.
func titled(s string) bool {
	capitals := 0
	for _, w := range strings.Fields(s) {
		switch first, _ := utf8.DecodeRuneInString(w); {
		case unicode.IsUpper(first):
			capitals++
		case len(w) > 3:
			return false
		}
	}
	return capitals > 1
}

// local decides a mention's identity as far as its paper, the registry and the
// lexicon tell.
func (r *Resolver) local(kind graph.Kind, name string, aliases []string, explained map[string]string) local {
	if m := r.memberOf(kind, append([]string{name}, aliases...), explained); m != nil {
		return local{kind: kind, member: m}
	}
	return r.localBeforeRules(kind, name, aliases, explained)
}

// localBeforeRules is local without the registry.
func (r *Resolver) localBeforeRules(kind graph.Kind, name string, aliases []string, explained map[string]string) local {
	forms := append([]string{name}, aliases...)
	long := ""
	for _, f := range forms {
		if long = explained[nameKey(f)]; long != "" {
			break
		}
	}
	out := local{kind: kind}
	for _, f := range forms {
		e := r.entry(kind, f)
		if e == nil {
			continue
		}
		if key := nameKey(f); long != "" && explained[key] == long {
			if own := r.entry(kind, long); own != nil {
				return local{kind: kind, entry: own}
			}
			switch agreement(e, key, long) {
			case contradicts:
				continue
			case silent:
				if out.claimed == nil {
					out.claimed, out.claim = e, key
				}
				continue
			}
		}
		return local{kind: kind, entry: e}
	}
	if long == "" {
		// As a topic, what the lexicon has as a method is one thing by all of
		// its names, too.
		if kind == graph.KindConcept || kind == graph.KindTask {
			for _, f := range forms {
				if e := ofKind(graph.KindMethod, r.lexicon.Lookup(f)); e != nil && e.Kind == graph.KindMethod {
					out.key = nameKey(e.Name)
					return out
				}
			}
		}
		out.key, out.short = r.key(kind, name), looksShort(name)
		return out
	}
	if e := r.entry(kind, long); e != nil {
		return local{kind: kind, entry: e}
	}
	out.key = nameKey(long)
	return out
}

// entry is the lexicon's entry for a form: of the kind itself or of one with
// which the kind may be confused. A form that the lexicon has not, or not in
// its casing, may be an entry's name without its generic head noun or in
// another casing, for here it is known to be a name.
func (r *Resolver) entry(kind graph.Kind, form string) *lexicon.Entry {
	for _, s := range []string{form, coreName(kind, form)} {
		if e := r.respelt(kind, s); e != nil {
			return e
		}
		if kind != graph.KindMethod && kind != graph.KindDataset {
			break // "AI system" is not "AI"
		}
	}
	for _, k := range []graph.Kind{kind, kind.Rival()} {
		if e := r.entries[identity{k, entryKey(form)}]; e != nil {
			return e
		}
	}
	return nil
}

// respelt is the lexicon's entry for a form in whatever spelling.
func (r *Resolver) respelt(kind graph.Kind, form string) *lexicon.Entry {
	if e := ofKind(kind, r.lexicon.Lookup(form)); e != nil {
		return e
	}
	if us := american(form); us != form {
		if e := ofKind(kind, r.lexicon.Lookup(us)); e != nil {
			return e
		}
	}
	return ofKind(kind, r.respelled[nameKey(form)])
}

// keyed is the lexicon's entry for a nameKey.
func (r *Resolver) keyed(kind graph.Kind, key string) *lexicon.Entry {
	if e := ofKind(kind, r.lexicon.LookupKey(key, "")); e != nil {
		return e
	}
	return ofKind(kind, r.respelled[key])
}

// ofKind picks the entry of the kind, else that of its rival.
func ofKind(kind graph.Kind, es []*lexicon.Entry) *lexicon.Entry {
	for _, k := range []graph.Kind{kind, kind.Rival()} {
		for _, e := range es {
			if e.Kind == k {
				return e
			}
		}
	}
	return nil
}

// The ways in which a paper's explanation of an acronym stands to an entry
// that has the acronym among its forms.
const (
	agrees      = iota // the entry has the long form, or one that holds it or is held by it
	silent             // the entry has no long form
	contradicts        // the entry has another long form
)

// agreement compares the long form that a paper gives for a short form, whose
// key is short, with those of an entry.
func agreement(e *lexicon.Entry, short, long string) int {
	key := nameKey(long)
	out := silent
	for _, f := range append([]string{e.Name}, e.Aliases...) {
		k := nameKey(f)
		switch {
		case k == key:
			return agrees
		case !abbreviates(short, k, f):
		case strings.Contains(key, k) || strings.Contains(k, key):
			return agrees
		default:
			out = contradicts
		}
	}
	return out
}

// abbreviates says whether a form of several words, whose key is long, may be
// what the short form stands for: it holds the letters of the short form in
// order, from the first on, and not as a word.
func abbreviates(short, long, form string) bool {
	if !strings.ContainsAny(form, " -") || strings.Contains(long, short) || long[0] != short[0] {
		return false
	}
	i := 0
	for j := 0; j < len(long) && i < len(short); j++ {
		if long[j] == short[i] {
			i++
		}
	}
	return i == len(short)
}

// looksShort says whether a name could be an acronym: one word, mostly
// capitals or digits.
func looksShort(name string) bool {
	if len(name) > 10 || strings.Contains(name, " ") {
		return false
	}
	upper, lower := 0, 0
	for _, c := range name {
		switch {
		case c >= 'A' && c <= 'Z':
			upper++
		case c >= 'a' && c <= 'z':
			lower++
		}
	}
	return upper >= 2 && upper >= lower
}

// identity is what mentions of one entity share.
type identity struct {
	kind graph.Kind
	key  string // a nameKey, or for an entry of the lexicon an entryKey
}

// entryKey is the key of a lexicon's entry of that name. No nameKey has a
// colon, so that two entries stay apart from each other and from all else,
// even where their names are compared as one.
func entryKey(name string) string { return "lexicon:" + graph.Slug(name) }

func entryIdentity(e *lexicon.Entry) identity { return identity{e.Kind, entryKey(e.Name)} }

// entity is an identity with all that is known of it.
type entity struct {
	node  graph.Node
	entry *lexicon.Entry
}

// Entities is the outcome of resolution. It does not change and may be used
// from many goroutines.
type Entities struct {
	r        *Resolver
	global   map[string]string // short key, and that within a kind, to the dominant long key
	settled  map[identity]graph.Kind
	entities map[identity]*entity
	authors  map[string]graph.Node
	venues   map[string]graph.Node
	papers   map[graph.ID]map[string]graph.ID // title's id to hash to the paper's id
	curation
	given map[identity]*lexicon.Entry    // entries by what the registry made them
	slugs map[graph.ID]map[identity]bool // identities by the ids of their forms; for a registry that has ids
}

// Resolve decides. The resolver must not be used afterwards. Errors wrap
// [registry.ErrContradiction] or are the context's.
func (r *Resolver) Resolve(ctx context.Context) (*Entities, error) {
	e := &Entities{r: r, global: map[string]string{}, settled: map[identity]graph.Kind{}, entities: map[identity]*entity{}, given: map[identity]*lexicon.Entry{}}
	for short, longs := range r.acronyms {
		total, best := 0, ""
		for _, long := range slices.Sorted(maps.Keys(longs)) {
			total += longs[long]
			if best == "" || longs[long] > longs[best] {
				best = long
			}
		}
		if float64(longs[best]) >= dominance*float64(total) {
			e.global[short] = best
		}
	}
	if err := e.curate(); err != nil {
		return nil, fmt.Errorf("apply the registry: %w", err)
	}
	for _, step := range []func(){
		e.settle, e.curateSettled, e.collect, e.addAncestors, e.checkUsed, e.assignIDs,
		func() { e.authors = metadataNodes(graph.KindAuthor, r.authors) },
		func() { e.venues = metadataNodes(graph.KindVenue, r.venues) },
		e.namePapers,
	} {
		if err := ctx.Err(); err != nil {
			return nil, context.Cause(ctx)
		}
		step()
	}
	return e, nil
}

// Unused lists what the registry says of names that no paper has, in the
// order of its rules' actions.
func (e *Entities) Unused() []string { return e.unused }

// identify completes a local identity with what the corpus and the registry
// know.
func (e *Entities) identify(l local) identity { return e.settledAs(e.final(e.unsettled(l))) }

// settledAs gives an identity the kind that was settled on.
func (e *Entities) settledAs(id identity) identity {
	if k, ok := e.settled[id]; ok {
		id.kind = k
	}
	return id
}

// entryOf is the lexicon's entry of an identity; nil if there is none.
func (e *Entities) entryOf(id identity) *lexicon.Entry {
	if entry := e.r.entries[id]; entry != nil {
		return entry
	}
	return e.given[id]
}

// longOf is the long form that the papers agree on for a short form of a kind:
// those that say of what kind it is, if any do.
func (e *Entities) longOf(kind graph.Kind, short string) string {
	if k := kindShort(kind, short); e.r.acronyms[k] != nil {
		return e.global[k]
	}
	return e.global[short]
}

// unsettled is the identity as it is before the registry moves it and rival
// kinds are settled.
func (e *Entities) unsettled(l local) identity {
	switch {
	case l.member != nil:
		if id, ok := e.split[l.member]; ok {
			return id
		}
		return e.natural(l.member) // it is being split off just now
	case l.entry != nil:
		return entryIdentity(l.entry)
	case l.claimed != nil && e.longOf(l.kind, l.claim) == l.key:
		// Most papers explain the entry's acronym so: it is what it stands for.
		return entryIdentity(l.claimed)
	case l.short && e.longOf(l.kind, l.key) != "":
		long := e.longOf(l.kind, l.key)
		if entry := e.r.keyed(l.kind, long); entry != nil {
			return entryIdentity(entry)
		}
		return identity{l.kind, long}
	}
	return identity{l.kind, l.key}
}

// settle gives each name that has mentions under two rival kinds the kind of
// more weight. What the lexicon has under one kind alone is settled already.
func (e *Entities) settle() {
	weight := map[identity]int{}
	for l, forms := range e.r.names {
		id := e.final(e.unsettled(l))
		for _, u := range forms {
			weight[id] += u.weight
		}
	}
	for id, w := range weight {
		other := identity{id.kind.Rival(), id.key}
		if wo, both := weight[other]; both && (w < wo || w == wo && id.kind.Rank() > other.kind.Rank()) {
			e.settled[id] = other.kind
		}
	}
}

// collect gathers each identity's names, decisions and lexicon entry.
func (e *Entities) collect() {
	type tally struct {
		papers   int
		weight   int
		decision graph.Decision
	}
	names := map[identity]map[string]*tally{}
	for l, forms := range e.r.names {
		id := e.identify(l)
		if e.dropped[id] != nil {
			e.hit[id] = true
			continue
		}
		ent := e.entities[id]
		if ent == nil {
			ent = &entity{entry: e.entryOf(id)}
			e.entities[id] = ent
			names[id] = map[string]*tally{}
		}
		for form, u := range forms {
			t := names[id][form]
			if t == nil {
				t = &tally{}
				names[id][form] = t
			}
			t.papers += u.papers
			t.weight += u.weight
			d := decide(l, id, ent.entry, form, u)
			if rule := e.movedBy[e.unsettled(l)]; rule != nil {
				d.Reason, d.Detail = graph.ReasonRegistry, rule.Detail()
			}
			// of several reasons for one form the first by kind and reason
			if t.decision.Name == "" || compareDecisions(d, t.decision) < 0 {
				t.decision = d
			}
		}
	}
	for _, s := range e.r.again {
		counted := map[identity]bool{}
		for _, l := range s.locals {
			id := e.identify(l)
			if counted[id] && e.dropped[id] == nil {
				names[id][s.form].papers--
			}
			counted[id] = true
		}
	}
	for id, ent := range e.entities {
		forms := slices.Collect(maps.Keys(names[id]))
		slices.SortFunc(forms, func(a, b string) int {
			x, y := names[id][a], names[id][b]
			return cmp.Or(cmp.Compare(y.weight, x.weight), cmp.Compare(y.papers, x.papers), cmp.Compare(len(a), len(b)), strings.Compare(a, b))
		})
		ent.node.Name = e.r.display(id, forms)
		if ent.entry != nil {
			ent.node.Name = ent.entry.Name
			ent.node.Better = ent.entry.Better
			for _, a := range append([]string{ent.entry.Name}, ent.entry.Aliases...) {
				if m := e.r.memberNamed(id.kind, a); m != nil && e.final(e.split[m]) != id {
					continue // the registry has it apart
				}
				if names[id][a] == nil {
					forms = append(forms, a)
				}
			}
		}
		unruled := ent.node.Name
		if rule := e.shown[id]; rule != nil {
			ent.node.Name = rule.Shown
		}
		for _, n := range e.notes[id] {
			papers := 1
			n.name = cmp.Or(n.name, unruled)
			if t := names[id][n.name]; t != nil {
				papers = t.papers
			} else {
				for _, t := range names[id] {
					papers = max(papers, t.papers)
				}
			}
			ent.node.Decisions = append(ent.node.Decisions, graph.Decision{Name: n.name, Kind: n.kind, Reason: graph.ReasonRegistry, Detail: n.detail, Papers: papers})
		}
		for _, f := range forms {
			if len(ent.node.Aliases) == maxNames {
				break
			}
			if f != ent.node.Name && !slices.Contains(ent.node.Aliases, f) {
				ent.node.Aliases = append(ent.node.Aliases, f)
			}
			if t := names[id][f]; t != nil && (f != ent.node.Name || t.decision.Reason != graph.ReasonSameName) {
				t.decision.Papers = t.papers
				ent.node.Decisions = append(ent.node.Decisions, t.decision)
			}
		}
		slices.Sort(ent.node.Aliases)
	}
}

// decide gives the reason why a form stands for an entity.
func decide(l local, id identity, entry *lexicon.Entry, form string, u *use) graph.Decision {
	d := graph.Decision{Name: form, Kind: l.kind, Reason: graph.ReasonSameName}
	key := nameKey(form)
	switch {
	case l.kind != id.kind && l.entry != nil && l.entry.Kind == id.kind:
		d.Reason, d.Detail = graph.ReasonKind, "the lexicon has it as "+string(id.kind)
	case l.kind != id.kind:
		d.Reason, d.Detail = graph.ReasonKind, "more papers have it as "+string(id.kind)
	case key == id.key, entry != nil && key == nameKey(entry.Name):
	case entry != nil && slices.ContainsFunc(entry.Aliases, func(a string) bool { return nameKey(a) == key }):
		d.Reason, d.Detail = graph.ReasonLexicon, entry.Name
	case u.explained:
		d.Reason, d.Detail = graph.ReasonAcronym, "explained where it stands"
	case l.short:
		d.Reason, d.Detail = graph.ReasonAcronym, "as other papers explain it"
	}
	return d
}

func compareDecisions(a, b graph.Decision) int {
	return cmp.Or(cmp.Compare(a.Kind.Rank(), b.Kind.Rank()), strings.Compare(string(a.Reason), string(b.Reason)), strings.Compare(a.Detail, b.Detail))
}

// addAncestors adds the lexicon's more general entries above those that papers
// mention.
func (e *Entities) addAncestors() {
	var queue []*lexicon.Entry
	for _, ent := range e.entities {
		if ent.entry != nil {
			queue = append(queue, ent.entry)
		}
	}
	for len(queue) > 0 {
		entry := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, up := range e.r.lexicon.BroaderOf(entry) {
			id := e.identify(local{kind: up.Kind, entry: up})
			if id.kind != up.Kind || e.entities[id] != nil {
				continue // settled as another kind, or there with all above it
			}
			if e.dropped[id] != nil {
				e.hit[id] = true
				continue
			}
			up = cmp.Or(e.entryOf(id), up)
			ent := &entity{entry: up, node: graph.Node{Name: up.Name, Aliases: slices.Clone(up.Aliases), Better: up.Better}}
			if rule := e.shown[id]; rule != nil {
				ent.node.Name = rule.Shown
				ent.node.Aliases = slices.DeleteFunc(append(ent.node.Aliases, up.Name), func(a string) bool { return a == rule.Shown })
			}
			slices.Sort(ent.node.Aliases)
			ent.node.Aliases = slices.Compact(ent.node.Aliases)
			e.entities[id] = ent
			queue = append(queue, up)
		}
	}
}

// assignIDs makes ids from names. Where several entities of one kind would
// have the same, the lexicon's keeps it, else the one that the bare name
// means, and the others add their identity's key.
func (e *Entities) assignIDs() {
	claims := map[graph.ID][]identity{}
	for id, ent := range e.entities {
		node := graph.NewID(id.kind, ent.node.Name)
		claims[node] = append(claims[node], id)
	}
	for node, ids := range claims {
		slices.SortFunc(ids, func(a, b identity) int { return strings.Compare(a.key, b.key) })
		keeper := slices.IndexFunc(ids, func(id identity) bool { return e.entities[id].entry != nil })
		if keeper < 0 {
			keeper = max(0, slices.IndexFunc(ids, func(id identity) bool {
				return id == e.identify(e.r.local(id.kind, e.entities[id].node.Name, nil, nil))
			}))
		}
		for i, id := range ids {
			ent := e.entities[id]
			ent.node.ID = node
			if i != keeper {
				ent.node.ID = graph.NewID(id.kind, ent.node.Name+" "+e.longForm(id))
			}
		}
	}
	// A name made longer may be another's own: both then differ by their keys.
	taken := map[graph.ID][]identity{}
	for id, ent := range e.entities {
		taken[ent.node.ID] = append(taken[ent.node.ID], id)
	}
	for node, ids := range taken {
		if len(ids) < 2 {
			continue
		}
		for _, id := range ids {
			if e.entities[id].entry == nil {
				h := sha256.Sum256([]byte(id.key))
				e.entities[id].node.ID = graph.NewID(id.kind, node.Slug()+" "+hex.EncodeToString(h[:4]))
			}
		}
	}
}

// longForm is the form of an identity to tell it from its namesakes: its alias
// whose key the identity is, else the key.
func (e *Entities) longForm(id identity) string {
	for _, a := range e.entities[id].node.Aliases {
		if nameKey(a) == id.key {
			return a
		}
	}
	return id.key
}

// metadataNodes makes a node of each author or venue, named by the most
// frequent form.
func metadataNodes(kind graph.Kind, names map[string]map[string]int) map[string]graph.Node {
	out := make(map[string]graph.Node, len(names))
	for slug, forms := range names {
		list := slices.Sorted(maps.Keys(forms))
		slices.SortStableFunc(list, func(a, b string) int { return cmp.Compare(forms[b], forms[a]) })
		n := graph.Node{ID: graph.NewID(kind, list[0]), Name: list[0]}
		n.Aliases = list[1:min(len(list), maxNames)]
		slices.Sort(n.Aliases)
		if len(n.Aliases) == 0 {
			n.Aliases = nil
		}
		out[slug] = n
	}
	return out
}

// namePapers gives papers of one title different ids: the earliest keeps the
// title's, the others add their year or, if that is taken, their hash.
func (e *Entities) namePapers() {
	e.papers = make(map[graph.ID]map[string]graph.ID, len(e.r.papers))
	taken := make(map[graph.ID]bool, len(e.r.papers))
	ids := slices.Sorted(maps.Keys(e.r.papers))
	for _, id := range ids {
		taken[id] = true
	}
	for _, id := range ids {
		versions := e.r.papers[id]
		hashes := slices.Sorted(maps.Keys(versions))
		slices.SortStableFunc(hashes, func(a, b string) int { return cmp.Compare(versions[a], versions[b]) })
		e.papers[id] = make(map[string]graph.ID, len(hashes))
		for i, h := range hashes {
			own := id
			if i > 0 {
				own = graph.NewID(graph.KindPaper, id.Slug()+" "+strconv.Itoa(versions[h]))
				if taken[own] || versions[h] == 0 {
					own = graph.NewID(graph.KindPaper, id.Slug()+" "+h[:8])
				}
			}
			taken[own] = true
			e.papers[id][h] = own
		}
	}
}

// Nodes gives all entities that papers share, in the order of their ids:
// everything but papers and results.
func (e *Entities) Nodes() iter.Seq[graph.Node] {
	return func(yield func(graph.Node) bool) {
		all := make([]*graph.Node, 0, len(e.entities)+len(e.authors)+len(e.venues))
		for _, ent := range e.entities {
			all = append(all, &ent.node)
		}
		for _, nodes := range []map[string]graph.Node{e.authors, e.venues} {
			for _, n := range nodes {
				all = append(all, &n)
			}
		}
		slices.SortFunc(all, func(a, b *graph.Node) int { return graph.CompareIDs(a.ID, b.ID) })
		for _, n := range all {
			if !yield(*n) {
				return
			}
		}
	}
}
