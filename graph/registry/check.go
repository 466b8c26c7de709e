package registry

import (
	"fmt"

	"papergraph/graph"
)

// key is what entries are compared by. Entries that name one thing in two ways
// ("LoRA", "low-rank adaptation") only resolution can compare.
type key struct {
	kind graph.Kind
	slug string
}

func (n Name) key(kind graph.Kind) key {
	if n.Kind != "" {
		kind = n.Kind
	}
	if n.ID {
		return key{kind, n.Text}
	}
	return key{kind, graph.Slug(n.Text)}
}

// group is a set of names that are one thing, in a forest of them.
type group struct {
	up    *group
	rule  *Rule // one that joined it, if any
	shown *Rule // the rule that says what to show
	drop  *Rule
}

func (g *group) top() *group {
	for g.up != nil {
		g = g.up
	}
	return g
}

func contradiction(a, b *Rule, why string) error {
	return fmt.Errorf("%w: %s [[%s]] and %s [[%s]]: %s; take one of them out", ErrContradiction, a.Place, a.Action, b.Place, b.Action, why)
}

// check refuses entries that contradict each other.
func (r *Registry) check() error {
	groups := map[key]*group{}
	of := func(k key) *group {
		if groups[k] == nil {
			groups[k] = &group{}
		}
		return groups[k].top()
	}
	for i := range r.rules {
		rule := &r.rules[i]
		if rule.Action != Same {
			continue
		}
		first := of(rule.Names[0].key(rule.Kind))
		for _, n := range rule.Names[1:] {
			if g := of(n.key(rule.Kind)); g != first {
				g.up = first
			}
		}
	}
	for i := range r.rules {
		rule := &r.rules[i]
		for _, n := range rule.Names {
			if err := of(n.key(rule.Kind)).take(rule, n); err != nil {
				return err
			}
		}
	}
	if err := r.checkKinds(); err != nil {
		return err
	}
	for i := range r.rules {
		rule := &r.rules[i]
		if rule.Action != Different {
			continue
		}
		seen := map[*group]Name{}
		for _, n := range rule.Names {
			g := of(n.key(rule.Kind))
			if m, ok := seen[g]; ok {
				if g.rule == nil {
					return fmt.Errorf("%w: %s [[different]]: %s and %s are spellings of one id; write them so that they differ", ErrSyntax, rule.Place, m, n)
				}
				return contradiction(g.rule, rule, fmt.Sprintf("%s and %s are to be one and to be two", m, n))
			}
			seen[g] = n
		}
	}
	return nil
}

// checkKinds refuses a name that is given two kinds. A name that is no id in
// [[kind]] is that of things of all kinds.
func (r *Registry) checkKinds() error {
	type given struct {
		rule *Rule
		name Name
	}
	bySlug := map[string][]given{}
	for i := range r.rules {
		if rule := &r.rules[i]; rule.Action == Kind {
			for _, n := range rule.Names {
				slug := n.key("").slug
				bySlug[slug] = append(bySlug[slug], given{rule, n})
			}
		}
	}
	for i := range r.rules {
		rule := &r.rules[i]
		if rule.Action != Same && rule.Action != Kind {
			continue
		}
		for _, n := range rule.Names {
			for _, g := range bySlug[n.key("").slug] {
				if g.rule.Kind != rule.Kind && (g.name.Kind == "" || n.Kind == "" || g.name.Kind == n.Kind) {
					return contradiction(rule, g.rule, fmt.Sprintf("%s is to be a %s and a %s", n, rule.Kind, g.rule.Kind))
				}
			}
		}
	}
	return nil
}

// take adds what a rule says of a name of the group.
func (g *group) take(rule *Rule, n Name) error {
	if rule.Action == Same && (g.rule == nil || rule.Shown != "" && g.rule.Shown == "") {
		g.rule = rule
	}
	if (rule.Action == Rename || rule.Action == Same) && rule.Shown != "" {
		if g.shown != nil && g.shown.Shown != rule.Shown {
			return contradiction(g.shown, rule, fmt.Sprintf("%s is to be shown as %q and as %q", n, g.shown.Shown, rule.Shown))
		}
		g.shown = rule
	}
	if rule.Action == Drop {
		g.drop = rule
	}
	for _, other := range [...]*Rule{g.rule, g.shown} {
		if g.drop != nil && other != nil {
			return contradiction(g.drop, other, fmt.Sprintf("%s is to be left out and to be something", n))
		}
	}
	return nil
}
