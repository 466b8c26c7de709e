package resolve

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"papergraph/graph"
	"papergraph/graph/lexicon"
	"papergraph/graph/registry"
)

// member is a name that the registry keeps apart from others.
type member struct {
	key   memberKey
	name  registry.Name
	kind  graph.Kind
	rules []int // by index
}

// memberKey finds a member by a form of its name.
type memberKey struct {
	kind graph.Kind
	form string // a nameKey, or "slug:" and a slug
}

func slugForm(slug string) string { return "slug:" + slug }

// newMembers gathers the names of the registry's rules that keep apart.
func newMembers(rules []registry.Rule) map[memberKey]*member {
	out := map[memberKey]*member{}
	for i := range rules {
		if rules[i].Action != registry.Different {
			continue
		}
		for _, n := range rules[i].Names {
			key := memberKey{rules[i].Kind, nameKey(n.Text)}
			if n.ID {
				key.form = slugForm(n.Text)
			}
			m := out[key]
			if m == nil {
				m = &member{key: key, name: n, kind: rules[i].Kind}
				out[key] = m
			}
			m.rules = append(m.rules, i)
		}
	}
	return out
}

// memberNamed is the member whose name a form is; nil if there is none.
func (r *Resolver) memberNamed(kind graph.Kind, form string) *member {
	if len(r.members) == 0 {
		return nil
	}
	for _, k := range []graph.Kind{kind, kind.Rival()} {
		if m := r.members[memberKey{k, nameKey(form)}]; m != nil {
			return m
		}
		if m := r.members[memberKey{k, slugForm(graph.Slug(form))}]; m != nil {
			return m
		}
	}
	return nil
}

// memberOf is the member that a mention names. A short form that the paper
// explains as something else than the member is not it.
func (r *Resolver) memberOf(kind graph.Kind, forms []string, explained map[string]string) *member {
	if len(r.members) == 0 {
		return nil
	}
	for _, f := range forms {
		key := nameKey(f)
		long := explained[key]
		if long == "" {
			if m := r.memberNamed(kind, f); m != nil {
				return m
			}
			continue
		}
		// An id of something that has its namesake's long form in it.
		for _, k := range []graph.Kind{kind, kind.Rival()} {
			if m := r.members[memberKey{k, slugForm(graph.Slug(f + " " + long))}]; m != nil {
				return m
			}
		}
		m, other := r.memberNamed(kind, f), r.memberNamed(kind, long)
		switch {
		case m == nil:
			if other != nil {
				return other
			}
		case other != nil && apart(m, other):
			return m // the registry knows of the explanation and denies it
		default:
			if e := r.entry(m.kind, m.name.Text); e != nil && agreement(e, key, long) == agrees {
				return m
			}
		}
	}
	return nil
}

// apart says whether a rule keeps two members apart.
func apart(a, b *member) bool {
	return a != b && slices.ContainsFunc(a.rules, func(i int) bool { return slices.Contains(b.rules, i) })
}

// foreign says whether a form of a mention is the name of something that the
// registry keeps apart from it.
func (r *Resolver) foreign(l local, form string) bool {
	if l.member == nil {
		return false
	}
	m := r.memberNamed(l.kind, form)
	return m != nil && apart(l.member, m)
}

// curation is what the registry comes to for one corpus.
type curation struct {
	split   map[*member]identity // what each member is
	moved   map[identity]identity
	movedBy map[identity]*registry.Rule
	shown   map[identity]*registry.Rule
	dropped map[identity]*registry.Rule
	notes   map[identity][]note         // what was decided of an entity, beside moves
	given   map[identity]*lexicon.Entry // entries by what the registry made them
	wanted  []wanted
	unused  []string
}

// wanted is an entity that a rule is about, if there is one.
type wanted struct {
	rule *registry.Rule
	name registry.Name
	id   identity
}

// note is a decision about a name that leaves it where it is.
type note struct {
	name   string // empty for the name that would be shown
	kind   graph.Kind
	detail string
}

// final follows the moves of an identity.
func (c *curation) final(id identity) identity {
	for {
		to, ok := c.moved[id]
		if !ok || to == id {
			return id
		}
		id = to
	}
}

// curate applies the registry's rules to the identities, before rival kinds
// are settled. The error says which rules contradict each other.
func (e *Entities) curate() error {
	c := &e.curation
	c.split, c.moved, c.movedBy = map[*member]identity{}, map[identity]identity{}, map[identity]*registry.Rule{}
	c.shown, c.dropped, c.notes = map[identity]*registry.Rule{}, map[identity]*registry.Rule{}, map[identity][]note{}
	c.given = map[identity]*lexicon.Entry{}
	rules := e.r.rules
	if len(rules) == 0 {
		return nil
	}
	e.splitMembers(rules)
	for i := range rules {
		if rule := &rules[i]; rule.Action == registry.Kind {
			e.forceKind(rule)
		}
	}
	for i := range rules {
		if rule := &rules[i]; rule.Action == registry.Same {
			e.merge(rule)
		}
	}
	for i := range rules {
		if rule := &rules[i]; rule.Action == registry.Different {
			if err := e.keepApart(rule); err != nil {
				return err
			}
		}
	}
	return nil
}

// curateSettled applies the rules that do not change what is one: which kind a
// name has is known now.
func (e *Entities) curateSettled() {
	c := &e.curation
	for i := range e.r.rules {
		rule := &e.r.rules[i]
		if rule.Action != registry.Rename && rule.Action != registry.Drop && (rule.Action != registry.Same || rule.Shown == "") {
			continue
		}
		for _, n := range rule.Names {
			id := e.settledAs(e.final(e.denote(n.Kind, n)))
			if rule.Action == registry.Same && c.shown[id] != nil {
				continue
			}
			c.wanted = append(c.wanted, wanted{rule, n, id})
			switch rule.Action {
			case registry.Drop:
				c.dropped[id] = rule
			default:
				c.shown[id] = rule
				c.notes[id] = append(c.notes[id], note{plainName(n), n.Kind, detail(rule, "shown as "+rule.Shown)})
			}
		}
	}
	for id, notes := range c.notes {
		slices.SortFunc(notes, func(a, b note) int {
			return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.kind.Rank(), b.kind.Rank()), strings.Compare(a.detail, b.detail))
		})
		c.notes[id] = slices.Compact(notes)
	}
}

// checkUsed notes which rules were about nothing, once all entities are there.
func (e *Entities) checkUsed() {
	for _, w := range e.wanted {
		if w.rule.Action != registry.Same && !e.inUse(w.id) {
			e.unusedName(w.rule, w.name)
		}
	}
}

// plainName is a name that is no id.
func plainName(n registry.Name) string {
	if n.ID {
		return ""
	}
	return n.Text
}

// detail is a rule in a record that says what it did.
func detail(rule *registry.Rule, did string) string {
	if rule.Reason != "" {
		did += ": " + rule.Reason
	}
	return rule.Place + ": " + did
}

func (c *curation) unusedName(rule *registry.Rule, n registry.Name) {
	c.unused = append(c.unused, fmt.Sprintf("%s: [[%s]] %s: no paper names it", rule.Place, rule.Action, n))
}

// present says whether papers mention an identity, before the registry moves
// it.
func (e *Entities) present(id identity) bool {
	if t := e.r.things.get(id); t != nil && t.observed > 0 {
		return true
	}
	for m, own := range e.split {
		if own != id {
			continue
		}
		if t := e.r.things.get(memberIdentity(m)); t != nil && t.observed > 0 {
			return true
		}
	}
	return false
}

// inUse says whether there is an entity of an identity, or would be if it were
// not dropped.
func (e *Entities) inUse(id identity) bool {
	if t := e.r.things.get(id); t != nil && t.base != "" {
		return true
	}
	if e.dropped[id] == nil || e.settledAs(id) != id {
		return false
	}
	mentioned := false
	e.eachName(id, func(*name) { mentioned = true })
	return mentioned || e.ancestor(id) != nil
}

// withSlug finds identities by the slug of one of their forms, for rules that
// have ids.
func (e *Entities) withSlug(kind graph.Kind, slug string) map[identity]bool {
	out := map[identity]bool{}
	list := e.r.slugs.get(slug)
	if list == nil {
		return out
	}
	for _, encoded := range *list {
		l, ok := e.r.decodeLocal(encoded)
		if !ok {
			e.r.fail(fmt.Errorf("%w: local %q", ErrMemory, encoded))
			return out
		}
		if id := e.unsettled(l); l.kind == kind || id.kind == kind {
			out[id] = true
		}
	}
	return out
}

// denote is the identity that a name of the registry has without it, but for
// what keeps it apart.
func (e *Entities) denote(kind graph.Kind, n registry.Name) identity {
	if !n.ID {
		return e.unsettled(e.r.local(kind, n.Text, nil, nil))
	}
	if m := e.r.members[memberKey{kind, slugForm(n.Text)}]; m != nil {
		if id, ok := e.split[m]; ok {
			return id
		}
	}
	if entry := e.r.entries[identity{kind, entryKey(n.Text)}]; entry != nil {
		return entryIdentity(entry)
	}
	plain := e.unsettled(e.r.local(kind, strings.ReplaceAll(n.Text, "-", " "), nil, nil))
	found := e.withSlug(kind, n.Text)
	if len(found) == 0 {
		found = e.namesake(kind, n.Text)
	}
	if len(found) == 0 || found[plain] {
		return plain
	}
	// The least, so that the order of papers does not matter; where the bare
	// name has a meaning of its own it was found above.
	first := true
	var out identity
	for id := range found {
		if first || compareIdentities(id, out) < 0 {
			out, first = id, false
		}
	}
	return out
}

// namesake finds what has an id made of a short form and the long form that
// tells it from its namesakes: "mos-mixture-of-shards".
func (e *Entities) namesake(kind graph.Kind, slug string) map[identity]bool {
	out := map[identity]bool{}
	for i := range len(slug) {
		if slug[i] != '-' {
			continue
		}
		long := slug[i+1:]
		for id := range e.withSlug(kind, slug[:i]) {
			if e.withSlug(kind, long)[id] || id.key == strings.ReplaceAll(long, "-", "") || id.key == nameKey(long) {
				out[id] = true
			}
		}
	}
	return out
}

// splitMembers gives the members of rules that keep apart identities of their
// own, where they have not. Of those that would be one, the one that the
// lexicon's entry is named by keeps it, else the first of the first rule.
func (e *Entities) splitMembers(rules []registry.Rule) {
	var members []*member // in the order of the rules
	for i := range rules {
		for _, n := range rules[i].Names {
			if rules[i].Action != registry.Different {
				continue
			}
			form := nameKey(n.Text)
			if n.ID {
				form = slugForm(n.Text)
			}
			if m := e.r.members[memberKey{rules[i].Kind, form}]; !slices.Contains(members, m) {
				members = append(members, m)
			}
		}
	}
	natural := map[*member]identity{}
	for _, m := range members {
		natural[m] = e.natural(m)
		if m.name.ID {
			natural[m] = e.denote(m.kind, m.name)
		}
	}
	keeps := map[identity]*member{}
	for _, m := range members {
		id := natural[m]
		if old := keeps[id]; old == nil || e.names(id, m) && !e.names(id, old) {
			keeps[id] = m
		}
	}
	for _, m := range members {
		id := natural[m]
		if keeps[id] != m && apart(keeps[id], m) {
			// No nameKey has a colon: nothing else is this.
			id = identity{m.kind, "registry:" + graph.Slug(m.name.Text)}
		}
		e.split[m] = id
	}
}

// natural is the identity that the bare name of a member has without rules.
func (e *Entities) natural(m *member) identity {
	name := m.name.Text
	if m.name.ID {
		name = strings.ReplaceAll(name, "-", " ")
	}
	return e.unsettled(e.r.localBeforeRules(m.kind, name, nil, nil))
}

// names says whether a member's name is that of the lexicon's entry.
func (e *Entities) names(id identity, m *member) bool {
	entry := e.r.entries[id]
	return entry != nil && nameKey(entry.Name) == nameKey(m.name.Text)
}

// forceKind moves what has a name, under whatever kind, to the kind given.
func (e *Entities) forceKind(rule *registry.Rule) {
	for _, n := range rule.Names {
		from := []graph.Kind{n.Kind}
		if n.Kind == "" {
			from = []graph.Kind{graph.KindMethod, graph.KindDataset, graph.KindTask, graph.KindMetric, graph.KindConcept}
		}
		to := e.denote(rule.Kind, n)
		if to.kind != rule.Kind {
			to = identity{rule.Kind, to.key}
		}
		used := e.present(to)
		for _, k := range from {
			id := e.denote(k, n)
			used = used || e.present(id)
			e.move(id, to, rule)
		}
		if !used {
			e.unusedName(rule, n)
		}
	}
}

// move makes one identity another.
func (e *Entities) move(from, to identity, rule *registry.Rule) {
	// From end to end, so that moves make no circle.
	if from, to = e.final(from), e.final(to); from == to {
		return
	}
	e.moved[from], e.movedBy[from] = to, rule
	if entry := e.entryOf(from); entry != nil && e.entryOf(to) == nil {
		e.given[to] = entry
	}
}

// merge makes the names of a rule one: what the lexicon has of them, else the
// first that papers name.
func (e *Entities) merge(rule *registry.Rule) {
	ids := make([]identity, len(rule.Names))
	best := -1
	rank := func(i int) int {
		switch {
		case e.entryOf(ids[i]) != nil && ids[i].kind == rule.Kind:
			return 0
		case e.present(ids[i]):
			return 1
		}
		return 2
	}
	for i, n := range rule.Names {
		id := e.denote(n.Kind, n)
		if !e.present(id) && !e.present(identity{id.kind.Rival(), id.key}) {
			e.unusedName(rule, n)
		}
		// What papers take the name for instead is it too.
		if other := (identity{id.kind.Rival(), id.key}); other.kind != "" && e.r.entries[other] == nil && e.final(other) == other && id.kind == rule.Kind {
			e.move(other, id, rule)
		}
		ids[i] = e.final(id)
		if best < 0 || rank(i) < rank(best) {
			best = i
		}
	}
	to := ids[best]
	if to.kind != rule.Kind {
		id := identity{rule.Kind, to.key}
		e.move(to, id, rule)
		to = id
	}
	for _, id := range ids {
		e.move(id, to, rule)
	}
}

// keepApart refuses what another rule makes one of the names of a rule, and
// notes the rest.
func (e *Entities) keepApart(rule *registry.Rule) error {
	ids := make([]identity, len(rule.Names))
	for i, n := range rule.Names {
		id := e.denote(n.Kind, n)
		ids[i] = e.final(id)
		if j := slices.Index(ids[:i], ids[i]); j >= 0 {
			by := rule
			for _, from := range []identity{id, e.denote(rule.Names[j].Kind, rule.Names[j])} {
				if r := e.movedBy[from]; r != nil {
					by = r
				}
			}
			return fmt.Errorf("%w: %s [[%s]] and %s [[different]]: %s and %s come out as one and are to be two; take one entry out",
				registry.ErrContradiction, by.Place, by.Action, rule.Place, rule.Names[j], n)
		}
		if !e.present(id) {
			e.unusedName(rule, n)
		}
	}
	for i, n := range rule.Names {
		var others []string
		for j, o := range rule.Names {
			if j != i {
				others = append(others, o.String())
			}
		}
		e.notes[ids[i]] = append(e.notes[ids[i]], note{plainName(n), n.Kind, detail(rule, "kept apart from "+strings.Join(others, ", "))})
	}
	return nil
}

// fingerprint identifies what the registry came to: while it stays, a change of
// papers concerns no more than these papers' names.
func (e *Entities) fingerprint() string {
	if len(e.r.rules) == 0 {
		return ""
	}
	var lines []string
	add := func(what string, id identity, to ...string) {
		lines = append(lines, fmt.Sprintf("%s %q %q", what, encodeIdentity(id), to))
	}
	for m, id := range e.split {
		add("split", memberIdentity(m), encodeIdentity(id))
	}
	for from, to := range e.moved {
		add("moved", from, encodeIdentity(to), e.movedBy[from].Place)
	}
	for id, entry := range e.given {
		add("given", id, encodeIdentity(entryIdentity(entry)))
	}
	for id, rule := range e.shown {
		add("shown", id, rule.Place)
	}
	for id, rule := range e.dropped {
		add("dropped", id, rule.Place)
	}
	for id, notes := range e.notes {
		for _, n := range notes {
			add("note", id, n.name, string(n.kind), n.detail)
		}
	}
	slices.Sort(lines)
	h := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(h[:16])
}
