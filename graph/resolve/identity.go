package resolve

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"papergraph/graph"
	"papergraph/graph/lexicon"
)

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

// memberIdentity stands for a name that the registry keeps apart until the
// registry says what that name is. No nameKey has a colon.
func memberIdentity(m *member) identity { return identity{m.key.kind, "member:" + m.key.form} }

// rival is the identity that a name may be mistaken for; ok is false where its
// kind has none.
func (id identity) rival() (other identity, ok bool) {
	k := id.kind.Rival()
	return identity{k, id.key}, k != ""
}

func compareIdentities(a, b identity) int {
	return cmp.Or(cmp.Compare(a.kind.Rank(), b.kind.Rank()), strings.Compare(a.key, b.key))
}

// unmoved is the identity of a mention as papers and the lexicon have it: the
// registry has not moved it, and rival kinds are not settled.
func (r *Resolver) unmoved(l local) identity {
	switch {
	case l.member != nil:
		return memberIdentity(l.member)
	case l.entry != nil:
		return entryIdentity(l.entry)
	case l.claimed != nil && r.longOf(l.kind, l.claim) == l.key:
		// Most papers explain the entry's acronym so: it is what it stands for.
		return entryIdentity(l.claimed)
	case l.short:
		if long := r.longOf(l.kind, l.key); long != "" {
			if entry := r.keyed(l.kind, long); entry != nil {
				return entryIdentity(entry)
			}
			return identity{l.kind, long}
		}
	}
	return identity{l.kind, l.key}
}

// longOf is the long form that the papers agree on for a short form of a kind:
// those that say of what kind it is, if any do.
func (r *Resolver) longOf(kind graph.Kind, short string) string {
	if a := r.acronyms.get(kindShort(kind, short)); a != nil && len(a.longs) > 0 {
		return a.long()
	}
	if a := r.acronyms.get(short); a != nil {
		return a.long()
	}
	return ""
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
