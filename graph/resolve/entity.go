package resolve

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"papergraph/graph"
	"papergraph/graph/lexicon"
)

// standing is how a form stands for an entity.
type standing struct {
	papers   int
	weight   int
	decision graph.Decision
}

// entity makes the node of an identity, without its id; there is false where
// the graph has none. An entry of the lexicon without mentions is there where
// something below it is.
func (e *Entities) entity(id identity) (node graph.Node, there bool) {
	if e.settledAs(id) != id || e.dropped[id] != nil {
		return graph.Node{}, false
	}
	forms := e.standings(id)
	if len(forms) == 0 {
		if up := e.ancestor(id); up != nil {
			return e.ancestorNode(id, up), true
		}
		return graph.Node{}, false
	}
	return e.mentioned(id, forms), true
}

// standings gathers all forms that stand for an identity.
func (e *Entities) standings(id identity) map[string]*standing {
	entry := e.entryOf(id)
	out := map[string]*standing{}
	e.eachName(id, func(n *name) {
		for i := range n.forms {
			u := &n.forms[i]
			s := out[u.form]
			if s == nil {
				s = &standing{}
				out[u.form] = s
			}
			s.papers += u.papers
			s.weight += u.weight
			d := decide(n.local, id, entry, u)
			if rule := e.movedBy[e.splitOff(n.unmoved)]; rule != nil {
				d.Reason, d.Detail = graph.ReasonRegistry, rule.Detail()
			}
			// of several reasons for one form the first by kind and reason
			if s.decision.Name == "" || compareDecisions(d, s.decision) < 0 {
				s.decision = d
			}
		}
	})
	e.eachName(id, func(n *name) {
		for _, s := range n.shared {
			one := 0 // locals of the entity, which the paper has the form under
			first := ""
			for l := range strings.SplitSeq(strings.TrimSuffix(s.locals, sharedEnd), sharedEnd) {
				if o := e.named(l); o != nil && e.settledAs(e.root(o.unmoved)) == id {
					one++
					first = cmp.Or(first, l)
				}
			}
			if first == n.encoded {
				out[s.form].papers -= (one - 1) * s.papers
			}
		}
	})
	return out
}

// eachName calls fn for what papers call an entity.
func (e *Entities) eachName(id identity, fn func(*name)) {
	roots := []identity{id}
	if rival, ok := id.rival(); ok && e.settledAs(rival) == id {
		roots = append(roots, rival)
	}
	for _, root := range roots {
		e.unmovedOf(root, func(_ identity, t *thing) {
			for _, l := range t.locals {
				if n := e.named(l); n != nil && len(n.forms) > 0 {
					fn(n)
				}
			}
		})
	}
}

// mentioned makes the node of an identity that papers mention.
func (e *Entities) mentioned(id identity, names map[string]*standing) graph.Node {
	var node graph.Node
	entry := e.entryOf(id)
	forms := make([]string, 0, len(names))
	for f := range names {
		forms = append(forms, f)
	}
	slices.SortFunc(forms, func(a, b string) int {
		x, y := names[a], names[b]
		return cmp.Or(cmp.Compare(y.weight, x.weight), cmp.Compare(y.papers, x.papers), cmp.Compare(len(a), len(b)), strings.Compare(a, b))
	})
	if entry == nil {
		node.Name = e.r.display(id, forms)
	} else {
		node.Name, node.Better = entry.Name, entry.Better
		for _, a := range append([]string{entry.Name}, entry.Aliases...) {
			if m := e.r.memberNamed(id.kind, a); m != nil && e.final(e.split[m]) != id {
				continue // the registry has it apart
			}
			if names[a] == nil {
				forms = append(forms, a)
			}
		}
	}
	unruled := node.Name
	if rule := e.shown[id]; rule != nil {
		node.Name = rule.Shown
	}
	for _, n := range e.notes[id] {
		papers := 1
		n.name = cmp.Or(n.name, unruled)
		if t := names[n.name]; t != nil {
			papers = t.papers
		} else {
			for _, t := range names {
				papers = max(papers, t.papers)
			}
		}
		node.Decisions = append(node.Decisions, graph.Decision{Name: n.name, Kind: n.kind, Reason: graph.ReasonRegistry, Detail: n.detail, Papers: papers})
	}
	for _, f := range forms {
		if len(node.Aliases) == maxNames {
			break
		}
		if f != node.Name && !slices.Contains(node.Aliases, f) {
			node.Aliases = append(node.Aliases, f)
		}
		if t := names[f]; t != nil && (f != node.Name || t.decision.Reason != graph.ReasonSameName) {
			t.decision.Papers = t.papers
			node.Decisions = append(node.Decisions, t.decision)
		}
	}
	slices.Sort(node.Aliases)
	return node
}

// decide gives the reason why a form stands for an entity.
func decide(l local, id identity, entry *lexicon.Entry, u *use) graph.Decision {
	d := graph.Decision{Name: u.form, Kind: l.kind, Reason: graph.ReasonSameName}
	key := nameKey(u.form)
	switch {
	case l.kind != id.kind && l.entry != nil && l.entry.Kind == id.kind:
		d.Reason, d.Detail = graph.ReasonKind, "the lexicon has it as "+string(id.kind)
	case l.kind != id.kind:
		d.Reason, d.Detail = graph.ReasonKind, "more papers have it as "+string(id.kind)
	case key == id.key, entry != nil && key == nameKey(entry.Name):
	case entry != nil && slices.ContainsFunc(entry.Aliases, func(a string) bool { return nameKey(a) == key }):
		d.Reason, d.Detail = graph.ReasonLexicon, entry.Name
	case u.explained > 0:
		d.Reason, d.Detail = graph.ReasonAcronym, "explained where it stands"
	case l.short:
		d.Reason, d.Detail = graph.ReasonAcronym, "as other papers explain it"
	}
	return d
}

func compareDecisions(a, b graph.Decision) int {
	return cmp.Or(cmp.Compare(a.Kind.Rank(), b.Kind.Rank()), strings.Compare(string(a.Reason), string(b.Reason)), strings.Compare(a.Detail, b.Detail))
}

// ancestor is the entry for which an identity is in the graph although no paper
// mentions it: entities are right below it. Nil is none, or that it was settled
// as another kind.
func (e *Entities) ancestor(id identity) *lexicon.Entry {
	var out *lexicon.Entry
	e.unmovedOf(id, func(u identity, t *thing) {
		if up := e.r.entries[u]; up != nil && t.below > 0 && up.Kind == id.kind && (out == nil || up.Name < out.Name) {
			out = up
		}
	})
	if out == nil {
		return nil
	}
	return cmp.Or(e.entryOf(id), out)
}

func (e *Entities) ancestorNode(id identity, up *lexicon.Entry) graph.Node {
	node := graph.Node{Name: up.Name, Aliases: slices.Clone(up.Aliases), Better: up.Better}
	if rule := e.shown[id]; rule != nil {
		node.Name = rule.Shown
		node.Aliases = slices.DeleteFunc(append(node.Aliases, up.Name), func(a string) bool { return a == rule.Shown })
	}
	slices.Sort(node.Aliases)
	node.Aliases = slices.Compact(node.Aliases)
	return node
}

// assignIDs makes ids from names. Where several entities of one kind would
// have the same, the lexicon's keeps it, else the one that the bare name
// means, and the others add their identity's key.
func (e *Entities) assignIDs() {
	r := e.r
	for _, at := range e.contested {
		r.putAway()
		e.tellApart(r.claims.changing(at))
	}
	for _, at := range e.evaluated {
		r.putAway()
		if t := r.things.at(at); t.base == "" {
			e.lengthen(t.id, "")
		}
	}
	// A name made longer may be another's own: both then differ by their keys.
	for _, at := range e.longer {
		r.putAway()
		c := r.claims.at(at)
		for _, id := range c.longer {
			node := c.id
			if len(c.longer) > 1 && e.entryOf(id) == nil {
				h := sha256.Sum256([]byte(id.key))
				node = graph.NewID(id.kind, c.id.Slug()+" "+hex.EncodeToString(h[:4]))
			}
			e.call(id, node)
		}
	}
}

// tellApart gives the identities that would have one id longer ones, all but
// the one that keeps it.
func (e *Entities) tellApart(c *claims) {
	var watch []string
	base := c.id
	if len(c.bases) == 1 {
		e.lengthen(c.bases[0], base)
	} else {
		slices.SortFunc(c.bases, compareIdentities)
		nodes := make([]graph.Node, len(c.bases))
		for i, id := range c.bases {
			nodes[i], _ = e.entity(id)
		}
		keeper := slices.IndexFunc(c.bases, func(id identity) bool { return e.entryOf(id) != nil })
		if keeper < 0 {
			for i, id := range c.bases {
				bare := e.r.local(id.kind, nodes[i].Name, nil, nil)
				if encoded := encodeLocal(bare); !slices.Contains(watch, encoded) {
					watch = append(watch, encoded)
				}
				if keeper < 0 && id == e.identify(bare) {
					keeper = i
				}
			}
			keeper = max(keeper, 0)
		}
		for i, id := range c.bases {
			longer := base
			if i != keeper {
				longer = graph.NewID(id.kind, nodes[i].Name+" "+longForm(id, nodes[i].Aliases))
			}
			e.lengthen(id, longer)
		}
	}
	slices.Sort(watch)
	if !slices.Equal(watch, c.watch) {
		e.watch(base, watch)
	}
}

// longForm is the form of an identity to tell it from its namesakes: its alias
// whose key the identity is, else the key.
func longForm(id identity, aliases []string) string {
	for _, a := range aliases {
		if nameKey(a) == id.key {
			return a
		}
	}
	return id.key
}

// watch changes the locals that say who keeps an id. While they are consulted
// they lie among the locals of what they stand for, so that a change of meaning
// has all that they stood for and stand for evaluated, and with it the id.
func (e *Entities) watch(base graph.ID, now []string) {
	c := e.r.claim(base)
	before := c.watch
	c.watch = now
	set := func(encoded string, by int) {
		l, ok := e.r.decodeLocal(encoded)
		if !ok {
			e.r.fail(ErrMemory)
			return
		}
		n := e.r.consult(l, by)
		if by > 0 && !n.decided || n.refs == 0 {
			e.placeName(n)
		}
	}
	for _, l := range now {
		if !slices.Contains(before, l) {
			set(l, 1)
		}
	}
	for _, l := range before {
		if !slices.Contains(now, l) {
			set(l, -1)
		}
	}
}

// lengthen sets the id that an identity would have if nobody else had it; empty
// for what is no entity any more.
func (e *Entities) lengthen(id identity, longer graph.ID) {
	t := e.r.thing(id)
	list := func(id graph.ID) *claims {
		c := e.r.claim(id)
		if e.r.claims.mark(c.at, markLengthened) {
			e.longer = append(e.longer, c.at)
		}
		return c
	}
	if t.longer == longer {
		if longer != "" {
			list(longer)
		}
		return
	}
	if t.longer != "" {
		c := list(t.longer)
		c.longer = slices.DeleteFunc(c.longer, func(o identity) bool { return o == id })
	}
	t.longer = longer
	if longer == "" {
		e.call(id, "")
		return
	}
	c := list(longer)
	c.longer = append(c.longer, id)
}

// call gives an entity its id; empty for what is no entity any more.
func (e *Entities) call(id identity, node graph.ID) {
	t := e.r.thing(id)
	if t.node == node {
		return
	}
	if e.r.things.mark(t.at, markRenamed) {
		e.renamed = append(e.renamed, renamed{t.at, t.node})
	}
	t.node = node
}
