package lexicon

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode"

	"papergraph/graph"
)

// Entry is one thing of the field with its names.
type Entry struct {
	Kind    graph.Kind
	Name    string   // canonical
	Aliases []string // other forms, in the order of the files
	Broader []string // canonical names of more general entries
	Tasks   []string // for datasets
	Better  graph.Better
	Unit    string
}

// Lexicon is a set of entries that can be looked up by form. It does not
// change once loaded and may be used from many goroutines.
type Lexicon struct {
	entries  []*Entry
	forms    map[string][]form // by graph.NameKey
	byName   map[string]*Entry // by kind and key of the canonical name
	maxWords int
	hash     string
}

// form is one spelling of an entry.
type form struct {
	entry *Entry
	exact string // the only casing that matches, as caseForm; empty if any does
}

// ErrSyntax says that a lexicon file is not in the format.
var ErrSyntax = errors.New("malformed lexicon")

//go:embed data/*.txt
var data embed.FS

var loadDefault = sync.OnceValues(func() (*Lexicon, error) {
	shipped, err := fs.Sub(data, "data")
	if err != nil {
		return nil, fmt.Errorf("open the shipped lexicon: %w", err)
	}
	return Load(shipped)
})

// Default is the shipped lexicon, loaded at the first call.
func Default() (*Lexicon, error) { return loadDefault() }

// Shipped is the folder of the shipped lexicon's files, for [Load] beside
// others.
func Shipped() fs.FS {
	sub, err := fs.Sub(data, "data")
	if err != nil {
		return data // unreachable: "data" is embedded above
	}
	return sub
}

// Load reads every *.txt file of the folders, in the order given and within a
// folder by name. Errors name file and line and wrap [ErrSyntax].
func Load(folders ...fs.FS) (*Lexicon, error) {
	l := &Lexicon{forms: map[string][]form{}, byName: map[string]*Entry{}}
	for _, folder := range folders {
		names, err := fs.Glob(folder, "*.txt")
		if err != nil {
			return nil, fmt.Errorf("list lexicon files: %w", err)
		}
		slices.Sort(names)
		for _, name := range names {
			f, err := folder.Open(name)
			if err != nil {
				return nil, fmt.Errorf("open lexicon: %w", err)
			}
			err = l.read(path.Base(name), f)
			f.Close()
			if err != nil {
				return nil, err
			}
		}
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	h := sha256.New()
	for _, e := range l.entries {
		fmt.Fprintf(h, "%q\n", *e)
	}
	l.hash = hex.EncodeToString(h.Sum(nil)[:8])
	return l, nil
}

// Hash identifies the lexicon's content: two with the same hash match alike.
func (l *Lexicon) Hash() string { return l.hash }

// read adds the entries of one file.
func (l *Lexicon) read(name string, r io.Reader) error {
	sc := bufio.NewScanner(r)
	kind := graph.Kind("")
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(strings.TrimPrefix(sc.Text(), "\ufeff"))
		bad := func(format string, args ...any) error {
			return fmt.Errorf("%w: %s:%d: %s", ErrSyntax, name, n, fmt.Sprintf(format, args...))
		}
		if line == "" || line[0] == '#' {
			continue
		}
		if rest, ok := strings.CutPrefix(line, "@kind"); ok {
			k, err := graph.ParseKind(strings.TrimSpace(rest))
			if err != nil || !slices.Contains(kinds, k) {
				return bad("@kind must be one of %v", kinds)
			}
			kind = k
			continue
		}
		if kind == "" {
			return bad("an entry before the first @kind line")
		}
		e, err := parseEntry(kind, line)
		if err != nil {
			return bad("%v", err)
		}
		if err := l.add(e); err != nil {
			return bad("%v", err)
		}
	}
	if err := sc.Err(); err != nil {
		return fmt.Errorf("read lexicon %s: %w", name, err)
	}
	return nil
}

// kinds are those that a lexicon may hold.
var kinds = []graph.Kind{graph.KindMethod, graph.KindDataset, graph.KindTask, graph.KindMetric, graph.KindConcept}

func parseEntry(kind graph.Kind, line string) (*Entry, error) {
	cols := strings.Split(line, "|")
	if len(cols) > 3 {
		return nil, fmt.Errorf("%d columns, at most 3 are allowed: name | aliases | keys", len(cols))
	}
	e := &Entry{Kind: kind, Name: strings.TrimSpace(cols[0])}
	if graph.NameKey(e.Name) == "" {
		return nil, errors.New("an entry without a name")
	}
	if len(cols) > 1 {
		e.Aliases = list(cols[1], ";")
	}
	if len(cols) > 2 {
		for _, pair := range list(cols[2], ";") {
			key, value, ok := strings.Cut(pair, "=")
			key, value = strings.TrimSpace(key), strings.TrimSpace(value)
			if !ok || value == "" {
				return nil, fmt.Errorf("%q is not key=value", pair)
			}
			switch {
			case key == "broader" && kind != graph.KindDataset && kind != graph.KindMetric:
				e.Broader = append(e.Broader, list(value, ",")...)
			case key == "task" && kind == graph.KindDataset:
				e.Tasks = append(e.Tasks, list(value, ",")...)
			case key == "unit" && kind == graph.KindMetric:
				e.Unit = value
			case key == "better" && kind == graph.KindMetric && (value == string(graph.HigherIsBetter) || value == string(graph.LowerIsBetter)):
				e.Better = graph.Better(value)
			default:
				return nil, fmt.Errorf("%q is no property of a %s", pair, kind)
			}
		}
	}
	return e, nil
}

// list splits at sep, trims, and drops what is empty.
func list(s, sep string) []string {
	var out []string
	for _, p := range strings.Split(s, sep) {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// add takes e in, or into the entry of that name and kind.
func (l *Lexicon) add(e *Entry) error {
	id := string(e.Kind) + " " + nameKey(e.Name)
	forms := append([]string{e.Name}, e.Aliases...)
	if old := l.byName[id]; old != nil {
		old.Aliases = append(old.Aliases, e.Aliases...)
		old.Broader = append(old.Broader, e.Broader...)
		old.Tasks = append(old.Tasks, e.Tasks...)
		old.Better = cmp.Or(e.Better, old.Better)
		old.Unit = cmp.Or(e.Unit, old.Unit)
		e = old
	} else {
		l.byName[id] = e
		l.entries = append(l.entries, e)
	}
	for _, s := range forms {
		key := graph.NameKey(s)
		if key == "" {
			return fmt.Errorf("form %q of %q has no letter or digit", s, e.Name)
		}
		f := form{entry: e}
		if !strings.Contains(s, " ") && strings.IndexFunc(s, func(r rune) bool { return unicode.IsUpper(r) || unicode.IsDigit(r) }) >= 0 {
			f.exact = caseForm(s)
		}
		if !slices.Contains(l.forms[key], f) {
			l.forms[key] = append(l.forms[key], f)
		}
		l.maxWords = max(l.maxWords, len(strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '-' || r == '/' })))
	}
	return nil
}

// nameKey tells entries of one kind apart. Unlike [graph.NameKey] it keeps the
// signs of a name, so that "R@1" and "R1" can both be there.
func nameKey(name string) string { return graph.Slug(name) }

// check verifies that the hierarchy names entries and has no circle.
func (l *Lexicon) check() error {
	for _, e := range l.entries {
		for _, b := range e.Broader {
			if l.broader(e, b) == nil {
				return fmt.Errorf("%w: %s %q: broader %q is no entry", ErrSyntax, e.Kind, e.Name, b)
			}
		}
	}
	const entered, left = 1, 2
	state := map[*Entry]int{}
	var visit func(e *Entry) error
	visit = func(e *Entry) error {
		switch state[e] {
		case entered:
			return fmt.Errorf("%w: %s %q is broader than itself", ErrSyntax, e.Kind, e.Name)
		case left:
			return nil
		}
		state[e] = entered
		for _, b := range e.Broader {
			if err := visit(l.broader(e, b)); err != nil {
				return err
			}
		}
		state[e] = left
		return nil
	}
	for _, e := range l.entries {
		if err := visit(e); err != nil {
			return err
		}
	}
	return nil
}

// broader is the entry that e calls broader by that name: a task for a task, a
// concept for the rest.
func (l *Lexicon) broader(e *Entry, name string) *Entry {
	kind := graph.KindConcept
	if e.Kind == graph.KindTask {
		kind = graph.KindTask
	}
	return l.Entry(kind, name)
}

// BroaderOf returns the entries right above e.
func (l *Lexicon) BroaderOf(e *Entry) []*Entry {
	out := make([]*Entry, 0, len(e.Broader))
	for _, b := range e.Broader {
		if up := l.broader(e, b); up != nil && !slices.Contains(out, up) {
			out = append(out, up)
		}
	}
	return out
}

// Entries returns all entries in the order of the files. The slice must not be
// changed.
func (l *Lexicon) Entries() []*Entry { return l.entries }

// Entry returns the entry of that kind and canonical name, or nil.
func (l *Lexicon) Entry(kind graph.Kind, name string) *Entry {
	return l.byName[string(kind)+" "+nameKey(name)]
}

// MaxWords is the number of words of the longest form.
func (l *Lexicon) MaxWords() int { return l.maxWords }

// Lookup returns the entries, at most one a kind, that the text surface may
// stand for. A canonical name goes before an alias.
func (l *Lexicon) Lookup(surface string) []*Entry {
	return l.LookupKey(graph.NameKey(surface), surface)
}

// LookupKey is Lookup for a caller that has graph.NameKey(surface) already.
func (l *Lexicon) LookupKey(key, surface string) []*Entry {
	fs := l.forms[key]
	if len(fs) == 0 {
		return nil
	}
	var out []*Entry
	exact := caseForm(surface)
	for _, f := range fs {
		if f.exact != "" && f.exact != exact {
			continue
		}
		i := slices.IndexFunc(out, func(e *Entry) bool { return e.Kind == f.entry.Kind })
		switch {
		case i < 0:
			out = append(out, f.entry)
		case graph.NameKey(out[i].Name) != key && graph.NameKey(f.entry.Name) == key:
			out[i] = f.entry
		}
	}
	return out
}

// caseForm is a form with what does not count taken out, casing left in.
func caseForm(s string) string {
	var b strings.Builder
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '+' || r == '#' || r == '.' || r == '@' || r == '*' {
			b.WriteRune(r)
		}
	}
	out := b.String()
	if n := len(out); n > 3 && out[n-1] == 's' && out[n-2] != 's' {
		out = out[:n-1]
	}
	return out
}
