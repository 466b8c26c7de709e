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
	"unicode/utf8"

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
	uppers   []upper
	words    map[WordList][]string
	maxWords int
	hash     string
}

// form is one spelling of an entry.
type form struct {
	entry     *Entry
	cased     string // [graph.CaseKey]
	exact     bool   // no other casing matches
	canonical bool   // the key is that of the entry's own name
}

// upper is a word of a file that an entry is below another.
type upper struct {
	entry *Entry
	name  string
	place string // file:line
}

// WordList names a list of words that shape what may be a name.
type WordList string

// The lists of words.
const (
	// StopWords begin and end no name, beside those that extraction knows.
	StopWords WordList = "stop"
	// ContentWords may begin and end a name although extraction, or its
	// model, takes them for prose: "lead" where it is a metal.
	ContentWords WordList = "content"
	// JointWords may stand inside a name, beside those that extraction knows.
	JointWords WordList = "joint"
)

var wordLists = []WordList{StopWords, ContentWords, JointWords}

// Words are those of a list, in lower case and in order.
func (l *Lexicon) Words(list WordList) []string { return l.words[list] }

// ErrSyntax says that a lexicon file is not in the format.
var ErrSyntax = errors.New("malformed lexicon")

//go:embed data/*.txt
var data embed.FS

var loadDefault = sync.OnceValues(func() (*Lexicon, error) { return Load(Shipped()) })

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
	l := &Lexicon{forms: map[string][]form{}, byName: map[string]*Entry{}, words: map[WordList][]string{}}
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
	for _, list := range wordLists {
		if words := l.words[list]; len(words) > 0 {
			fmt.Fprintf(h, "@words %s %q\n", list, words)
		}
	}
	l.hash = hex.EncodeToString(h.Sum(nil)[:8])
	return l, nil
}

// Hash identifies the lexicon's content: two with the same hash match alike.
func (l *Lexicon) Hash() string { return l.hash }

// read adds the entries of one file.
func (l *Lexicon) read(name string, r io.Reader) error {
	sc := bufio.NewScanner(r)
	kind, words := graph.Kind(""), WordList("") // of the lines below; at most one is set
	n := 1
	bad := func(format string, args ...any) error {
		return fmt.Errorf("%w: %s:%d: %s", ErrSyntax, name, n, fmt.Sprintf(format, args...))
	}
	for ; sc.Scan(); n++ {
		line := sc.Text()
		if n == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		line = strings.TrimSpace(line)
		if !utf8.ValidString(line) {
			return bad("not valid UTF-8")
		}
		if line == "" || line[0] == '#' {
			continue
		}
		if line[0] == '@' {
			parts := strings.Fields(line)
			if len(parts) != 2 || parts[0] != "@kind" && parts[0] != "@words" {
				return bad("%q: a line that begins with @ must be \"@kind K\", K one of %v, or \"@words L\", L one of %v", line, kinds, wordLists)
			}
			kind, words = "", ""
			if parts[0] == "@words" {
				if words = WordList(parts[1]); !slices.Contains(wordLists, words) {
					return bad("@words %s: must be one of %v", words, wordLists)
				}
				continue
			}
			k, err := graph.ParseKind(parts[1])
			if err != nil || !slices.Contains(kinds, k) {
				return bad("@kind %s: must be one of %v", parts[1], kinds)
			}
			kind = k
			continue
		}
		if words != "" {
			l.words[words] = append(l.words[words], strings.Fields(strings.ToLower(line))...)
			continue
		}
		if kind == "" {
			return bad("an entry before the first @kind line")
		}
		e, err := parseEntry(kind, line)
		if err != nil {
			return bad("%v", err)
		}
		if err := l.add(e, fmt.Sprintf("%s:%d", name, n)); err != nil {
			return bad("%v", err)
		}
	}
	switch err := sc.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return bad("a line of more than %d bytes", bufio.MaxScanTokenSize)
	case err != nil:
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
			case key == "better" && kind == graph.KindMetric:
				e.Better = graph.Better(value)
				if e.Better != graph.HigherIsBetter && e.Better != graph.LowerIsBetter {
					return nil, fmt.Errorf("better=%s: must be %s or %s", value, graph.HigherIsBetter, graph.LowerIsBetter)
				}
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

// add takes e, which stands at place, in, or into the entry of that name and
// kind.
func (l *Lexicon) add(e *Entry, place string) error {
	id := string(e.Kind) + " " + nameKey(e.Name)
	forms := append([]string{e.Name}, e.Aliases...)
	broader := e.Broader
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
	for _, b := range broader {
		l.uppers = append(l.uppers, upper{e, b, place})
	}
	for _, s := range forms {
		key := graph.NameKey(s)
		if key == "" {
			return fmt.Errorf("form %q of %q has no letter or digit", s, e.Name)
		}
		f := form{entry: e, cased: graph.CaseKey(s), canonical: key == graph.NameKey(e.Name)}
		if !strings.Contains(s, " ") && strings.IndexFunc(s, func(r rune) bool { return unicode.IsUpper(r) || unicode.IsDigit(r) }) >= 0 {
			f.exact = true
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
	for _, list := range wordLists {
		slices.Sort(l.words[list])
		l.words[list] = slices.Compact(l.words[list])
	}
	for _, w := range l.words[ContentWords] {
		if slices.Contains(l.words[StopWords], w) {
			return fmt.Errorf("%w: %q is in two lists of words, %s and %s", ErrSyntax, w, StopWords, ContentWords)
		}
	}
	above := map[*Entry][]upper{}
	for _, u := range l.uppers {
		if l.broader(u.entry, u.name) == nil {
			return fmt.Errorf("%w: %s: %s %q: broader %q is no entry", ErrSyntax, u.place, u.entry.Kind, u.entry.Name, u.name)
		}
		above[u.entry] = append(above[u.entry], u)
	}
	const entered, left = 1, 2
	state := map[*Entry]int{}
	var chain []*Entry // those entered, each below the next
	var visit func(e *Entry) error
	visit = func(e *Entry) error {
		state[e] = entered
		chain = append(chain, e)
		for _, u := range above[e] {
			up := l.broader(e, u.name)
			switch state[up] {
			case entered:
				circle := ""
				for _, c := range chain[slices.Index(chain, up):] {
					circle += c.Name + " < "
				}
				return fmt.Errorf("%w: %s: %s %q is broader than itself: %s", ErrSyntax, u.place, up.Kind, up.Name, circle+up.Name)
			case left:
			default:
				if err := visit(up); err != nil {
					return err
				}
			}
		}
		chain = chain[:len(chain)-1]
		state[e] = left
		return nil
	}
	for _, e := range l.entries {
		if state[e] != left {
			if err := visit(e); err != nil {
				return err
			}
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
// stand for. A form in the very casing goes before one in another, then a
// canonical name before an alias, then what was read first.
func (l *Lexicon) Lookup(surface string) []*Entry {
	return l.LookupKey(graph.NameKey(surface), surface)
}

// LookupKey is Lookup for a caller that has graph.NameKey(surface) already.
func (l *Lexicon) LookupKey(key, surface string) []*Entry {
	fs := l.forms[key]
	if len(fs) == 0 {
		return nil
	}
	cased := graph.CaseKey(surface)
	var out []*Entry
	var ranks []int
	for _, f := range fs {
		rank := 0
		switch {
		case f.cased == cased:
			rank = 2
		case f.exact:
			continue
		}
		if f.canonical {
			rank++
		}
		i := slices.IndexFunc(out, func(e *Entry) bool { return e.Kind == f.entry.Kind })
		switch {
		case i < 0:
			out, ranks = append(out, f.entry), append(ranks, rank)
		case rank > ranks[i]:
			out[i], ranks[i] = f.entry, rank
		}
	}
	return out
}
