package registry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"papergraph/graph"
)

// FileName is the usual name of the file.
const FileName = "papergraph.registry.toml"

// ErrSyntax says that a registry is not as the format wants it.
var ErrSyntax = errors.New("malformed registry")

// ErrContradiction says that entries of a registry contradict each other.
var ErrContradiction = errors.New("the registry contradicts itself")

// Action is what an entry decides.
type Action string

// The actions.
const (
	Same      Action = "same"
	Different Action = "different"
	Rename    Action = "rename"
	Kind      Action = "kind"
	Drop      Action = "drop"
)

// actions has the actions in the order of the format's description.
var actions = []Action{Same, Different, Rename, Kind, Drop}

// Rule is one entry.
type Rule struct {
	Action Action
	Kind   graph.Kind // to give, of Kind; otherwise that of what the names name
	Names  []Name
	Shown  string // the name to show, of Rename and, if given, of Same
	Reason string // as the file gives it; may be empty
	Place  string // file:line
}

// Detail is the rule in a decision's record: its place and its reason.
func (r *Rule) Detail() string {
	if r.Reason == "" {
		return r.Place
	}
	return r.Place + ": " + r.Reason
}

// Name is a name in a rule.
type Name struct {
	Kind graph.Kind // empty in a rule of Kind whose name is no id
	Text string     // as the file has it; of an id the slug
	ID   bool
}

// String is the name as the file has it.
func (n Name) String() string {
	if n.ID {
		return string(n.Kind) + ":" + n.Text
	}
	return n.Text
}

// Registry is what one file says. A nil Registry says nothing.
type Registry struct{ rules []Rule }

// Rules are the entries in the order of the file. They must not be changed.
func (r *Registry) Rules() []Rule {
	if r == nil {
		return nil
	}
	return r.rules
}

// Hash identifies all that the registry says and where; empty if it says
// nothing.
func (r *Registry) Hash() string {
	if len(r.Rules()) == 0 {
		return ""
	}
	h := sha256.New()
	for _, rule := range r.rules {
		fmt.Fprintf(h, "%q\n", []string{string(rule.Action), string(rule.Kind), rule.Shown, rule.Reason, rule.Place, fmt.Sprintf("%q", rule.Names)})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Load reads a file. Errors and rules have its name without the folder.
func Load(path string) (*Registry, error) {
	data, err := os.ReadFile(path)
	if e := (*fs.PathError)(nil); errors.As(err, &e) {
		err = e.Err
	}
	if err != nil {
		return nil, fmt.Errorf("read the registry %s: %w", filepath.Base(path), err)
	}
	return Parse(filepath.Base(path), data)
}

// The tables of a file. What each may have is what the decoder lets pass.
type (
	document struct {
		Same      []same   `toml:"same"`
		Different []names  `toml:"different"`
		Rename    []rename `toml:"rename"`
		Kind      []names  `toml:"kind"`
		Drop      []names  `toml:"drop"`
	}
	names struct {
		Kind   string   `toml:"kind"`
		Names  []string `toml:"names"`
		Reason string   `toml:"reason"`
	}
	same struct {
		Kind   string   `toml:"kind"`
		Names  []string `toml:"names"`
		Name   string   `toml:"name"`
		Reason string   `toml:"reason"`
	}
	rename struct {
		Kind   string `toml:"kind"`
		Name   string `toml:"name"`
		To     string `toml:"to"`
		Reason string `toml:"reason"`
	}
)

// keys are those that a table may have, for messages.
var keys = map[Action]string{
	Same: "kind, names, name and reason", Different: "kind, names and reason", Rename: "kind, name, to and reason",
	Kind: "kind, names and reason", Drop: "kind, names and reason",
}

// kinds are those whose names are resolved.
var kinds = []graph.Kind{graph.KindMethod, graph.KindDataset, graph.KindTask, graph.KindMetric, graph.KindConcept}

// Parse reads what a file says; file is its name in messages and in the graph.
// Errors name file and line and wrap [ErrSyntax] or [ErrContradiction].
func Parse(file string, data []byte) (*Registry, error) {
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%w: %s: not valid UTF-8", ErrSyntax, file)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var d document
	decoder := toml.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return nil, explain(file, err)
	}
	lines, err := tableLines(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrSyntax, file, err)
	}
	r := &Registry{}
	add := func(a Action, i int, kind, reason, shown string, ns []string) error {
		place := file
		if i < len(lines[a]) {
			place = fmt.Sprintf("%s:%d", file, lines[a][i])
		}
		rule, err := newRule(a, kind, ns)
		if err != nil {
			return fmt.Errorf("%w: %s: [[%s]]: %w", ErrSyntax, place, a, err)
		}
		rule.Place, rule.Reason, rule.Shown = place, strings.Join(strings.Fields(reason), " "), strings.Join(strings.Fields(shown), " ")
		r.rules = append(r.rules, rule)
		return nil
	}
	var errs []error
	for i, e := range d.Same {
		errs = append(errs, add(Same, i, e.Kind, e.Reason, e.Name, e.Names))
	}
	for i, e := range d.Different {
		errs = append(errs, add(Different, i, e.Kind, e.Reason, "", e.Names))
	}
	for i, e := range d.Rename {
		err := add(Rename, i, e.Kind, e.Reason, e.To, []string{e.Name})
		if err == nil && r.rules[len(r.rules)-1].Shown == "" {
			err = fmt.Errorf("%w: %s: [[rename]]: give the key to, the name to show", ErrSyntax, r.rules[len(r.rules)-1].Place)
		}
		errs = append(errs, err)
	}
	for i, e := range d.Kind {
		errs = append(errs, add(Kind, i, e.Kind, e.Reason, "", e.Names))
	}
	for i, e := range d.Drop {
		errs = append(errs, add(Drop, i, e.Kind, e.Reason, "", e.Names))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if err := r.check(); err != nil {
		return nil, err
	}
	return r, nil
}

// explain puts file, line and a remedy to what the decoder says.
func explain(file string, err error) error {
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &unknown) && len(unknown.Errors) > 0:
		e := unknown.Errors[0]
		line, _ := e.Position()
		key := e.Key()
		what := "a table is [[same]], [[different]], [[rename]], [[kind]] or [[drop]]"
		if len(key) > 1 {
			what = fmt.Sprintf("[[%s]] has %s", key[0], keys[Action(key[0])])
		}
		return fmt.Errorf("%w: %s:%d: unknown key %q; %s", ErrSyntax, file, line, key[len(key)-1], what)
	case errors.As(err, &wrong):
		line, _ := wrong.Position()
		where := ""
		if key := wrong.Key(); len(key) > 0 {
			where = fmt.Sprintf(" key %q:", strings.Join(key, "."))
		}
		return fmt.Errorf("%w: %s:%d:%s %s; entries are written as [[same]] with kind = \"method\" and names = [\"A\", \"B\"]",
			ErrSyntax, file, line, where, strings.TrimPrefix(wrong.Error(), "toml: "))
	}
	return fmt.Errorf("%w: %s: %w", ErrSyntax, file, err)
}

// tableLines lists the lines on which the entries of each table begin. The
// parser is that of the decoder, which does not tell.
func tableLines(data []byte) (map[Action][]int, error) {
	var p unstable.Parser
	p.Reset(data)
	lines := map[Action][]int{}
	for p.NextExpression() {
		e := p.Expression()
		if e.Kind != unstable.ArrayTable && e.Kind != unstable.Table && e.Kind != unstable.KeyValue {
			continue
		}
		key := e.Key()
		if !key.Next() {
			continue
		}
		first := key.Node()
		line := p.Shape(first.Raw).Start.Line
		a := Action(first.Data)
		switch {
		case e.Kind != unstable.KeyValue: // the decoder takes [same] for one [[same]]
			lines[a] = append(lines[a], line)
		case e.Value().Kind == unstable.Array && slices.Contains(actions, a):
			// same = [{…}, {…}]: all at the line of the key
			for values := e.Value().Children(); values.Next(); {
				if values.Node().Kind == unstable.InlineTable {
					lines[a] = append(lines[a], line)
				}
			}
		}
	}
	return lines, p.Error()
}

// newRule checks an entry by itself.
func newRule(a Action, kind string, ns []string) (Rule, error) {
	rule := Rule{Action: a}
	if kind != "" {
		k, err := graph.ParseKind(kind)
		if err != nil || !slices.Contains(kinds, k) {
			return rule, fmt.Errorf("kind = %q: must be one of %v", kind, kinds)
		}
		rule.Kind = k
	}
	if a == Kind && rule.Kind == "" {
		return rule, errors.New("give the key kind, the kind that the names are to have")
	}
	for _, text := range ns {
		n := Name{Kind: rule.Kind, Text: strings.Join(strings.Fields(text), " ")}
		if a == Kind {
			n.Kind = ""
		}
		if k, slug, err := graph.ParseID(n.Text); err == nil {
			n = Name{Kind: k, Text: slug, ID: true}
			if !slices.Contains(kinds, k) {
				return rule, fmt.Errorf("%q: a %s has no names to decide about; the kinds that have are %v", text, k, kinds)
			}
		}
		switch {
		case graph.NameKey(n.Text) == "" && !n.ID:
			return rule, fmt.Errorf("name %q has no letter or digit", text)
		case n.Kind == "" && a != Kind:
			return rule, fmt.Errorf("name %q: give the key kind, or write the name as an id such as %q", text, graph.NewID(graph.KindMethod, n.Text))
		case slices.Contains(rule.Names, n):
			return rule, fmt.Errorf("name %q is there twice", text)
		}
		rule.Names = append(rule.Names, n)
	}
	least := 1
	if a == Same || a == Different {
		least = 2
	}
	if len(rule.Names) < least {
		return rule, fmt.Errorf("the key names has %d names, at least %d are needed", len(rule.Names), least)
	}
	if rule.Kind == "" {
		rule.Kind = rule.Names[0].Kind
		for _, n := range rule.Names {
			if (a == Same || a == Different) && n.Kind != rule.Kind {
				return rule, fmt.Errorf("%s and %s are of different kinds; give the key kind, the kind that they are to have", rule.Names[0], n)
			}
		}
	}
	return rule, nil
}
