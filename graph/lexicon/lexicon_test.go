package lexicon

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

// files is a folder of lexicon files.
func files(content ...string) fs.FS {
	m := fstest.MapFS{}
	for i := 0; i < len(content); i += 2 {
		m[content[i]] = &fstest.MapFile{Data: []byte(content[i+1])}
	}
	return m
}

func load(t *testing.T, folders ...fs.FS) *Lexicon {
	t.Helper()
	l, err := Load(folders...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestSyntaxErrors(t *testing.T) {
	const kinds = "[method dataset task metric concept]"
	for _, tt := range []struct{ name, text, want string }{
		{"entry first", "# nothing yet\nLoRA\n", "x.txt:2: an entry before the first @kind line"},
		{"unknown kind", "@kind gadget\n", "x.txt:1: @kind gadget: must be one of " + kinds},
		{"kind of metadata", "\n@kind author\n", "x.txt:2: @kind author: must be one of " + kinds},
		{"no kind", "@kind\n", `x.txt:1: "@kind": a line that begins with @ must be "@kind K", K one of ` + kinds + `, or "@words L", L one of [stop content joint]`},
		{"two kinds", "@kind method dataset\n", `x.txt:1: "@kind method dataset": a line that begins with @ must be "@kind K", K one of ` + kinds + `, or "@words L", L one of [stop content joint]`},
		{"kind run together", "@kindmethod\n", `x.txt:1: "@kindmethod": a line that begins with @ must be "@kind K", K one of ` + kinds + `, or "@words L", L one of [stop content joint]`},
		{"unknown directive", "@kind method\n@include y\n", `x.txt:2: "@include y": a line that begins with @ must be "@kind K", K one of ` + kinds + `, or "@words L", L one of [stop content joint]`},
		{"four columns", "@kind method\na | b | c=d | e\n", "x.txt:2: 4 columns, at most 3 are allowed: name | aliases | keys"},
		{"no name", "@kind method\n | b\n", "x.txt:2: an entry without a name"},
		{"name of signs", "@kind method\n... | b\n", "x.txt:2: an entry without a name"},
		{"alias of signs", "@kind method\na | ?!\n", `x.txt:2: form "?!" of "a" has no letter or digit`},
		{"no value", "@kind metric\na | | unit\n", `x.txt:2: "unit" is not key=value`},
		{"empty value", "@kind metric\na | | unit=\n", `x.txt:2: "unit=" is not key=value`},
		{"unknown key", "@kind metric\na | | colour=red\n", `x.txt:2: "colour=red" is no property of a metric`},
		{"key of another kind", "@kind method\na | | better=higher\n", `x.txt:2: "better=higher" is no property of a method`},
		{"broader dataset", "@kind dataset\na | | broader=b\n", `x.txt:2: "broader=b" is no property of a dataset`},
		{"direction", "@kind metric\n\n\na | | better=up\n", "x.txt:4: better=up: must be higher or lower"},
		{"not UTF-8", "@kind method\na\xff\n", "x.txt:2: not valid UTF-8"},
		{"long line", "@kind method\n" + strings.Repeat("a", 70_000) + "\n", "x.txt:2: a line of more than 65536 bytes"},
		{"unknown broader", "@kind method\na\nb | | broader=c\n", `x.txt:3: method "b": broader "c" is no entry`},
		{"broader of the wrong kind", "@kind task\nc\n@kind concept\nb | | broader=c\n", `x.txt:4: concept "b": broader "c" is no entry`},
		{"broader is an alias", "@kind concept\nb | | broader=see\nc | see\n", `x.txt:2: concept "b": broader "see" is no entry`},
		{"broader than itself", "@kind concept\na | | broader=a\n", `x.txt:2: concept "a" is broader than itself: a < a`},
		{"circle", "@kind task\nx | | broader=a\na | | broader=b\nb | | broader=c\nc | | broader=a\n", `x.txt:5: task "a" is broader than itself: a < b < c < a`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(files("x.txt", tt.text))
			if !errors.Is(err, ErrSyntax) {
				t.Fatalf("error %v, want one that wraps ErrSyntax", err)
			}
			if d := cmp.Diff("malformed lexicon: "+tt.want, err.Error()); d != "" {
				t.Errorf("error (-want +got):\n%s", d)
			}
		})
	}
}

// broken is a folder whose file cannot be read.
type broken struct{ fs.FS }

func (b broken) Open(name string) (fs.File, error) {
	if name == "x.txt" {
		return nil, fs.ErrPermission
	}
	return b.FS.Open(name)
}

func TestLoadUnreadable(t *testing.T) {
	if _, err := Load(broken{files("x.txt", "")}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a file without permission: %v", err)
	}
	folder := fstest.MapFS{"x.txt/y": &fstest.MapFile{}}
	if _, err := Load(folder); err == nil || !strings.Contains(err.Error(), "x.txt") {
		t.Errorf("a folder named x.txt: %v, want an error that names it", err)
	}
}

func TestParse(t *testing.T) {
	l := load(t, files("x.txt", "\ufeff# comment\r\n@kind metric\r\naccuracy | acc ; classification accuracy;; | better=higher; unit=% \r\n\r\n@kind concepts\nlearning||\nlow-rank learning | | broader = learning\n@kind dataset\nGLUE|| task=a, b\n"))
	want := []*Entry{
		{Kind: graph.KindMetric, Name: "accuracy", Aliases: []string{"acc", "classification accuracy"}, Better: graph.HigherIsBetter, Unit: "%"},
		{Kind: graph.KindConcept, Name: "learning"},
		{Kind: graph.KindConcept, Name: "low-rank learning", Broader: []string{"learning"}},
		{Kind: graph.KindDataset, Name: "GLUE", Tasks: []string{"a", "b"}},
	}
	if d := cmp.Diff(want, l.Entries()); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
	if l.MaxWords() != 3 {
		t.Errorf("longest form has %d words, want 3", l.MaxWords())
	}
	if up := l.BroaderOf(l.Entry(graph.KindConcept, "Low Rank Learning")); len(up) != 1 || up[0].Name != "learning" {
		t.Errorf("broader: %v", up)
	}
}

func TestLookup(t *testing.T) {
	l := load(t, files("x.txt", `
@kind method
Adam | Adam optimizer
transformer
3D-GS | 3D Gaussian Splatting
S4
S4D | diagonal S4
C++
A*
β-VAE
Schrödinger bridge
Møller
DARTS
DART
RNN
self-attention
lower | Upper
other | upper
@kind dataset
Adam corpus
ImageNet-21k
ImageNet
the Pile
@kind metric
R@1
MAP | mean average precision
@kind concept
map
`))
	for _, tt := range []struct {
		surface string
		want    []string // "kind name"
	}{
		// A form of one word with a capital or digit has one casing.
		{"Adam", []string{"method Adam"}},
		{"adam", nil},
		{"ADAM", nil},
		{"adam optimizer", []string{"method Adam"}},
		{"Transformers", []string{"method transformer"}},
		{"TRANSFORMER", []string{"method transformer"}},
		// Hyphens, slashes and spaces are alike.
		{"3DGS", []string{"method 3D-GS"}},
		{"3D GS", []string{"method 3D-GS"}},
		{"3d-gs", nil},
		{"3D gaussian-splatting", []string{"method 3D-GS"}},
		{"Self Attention", []string{"method self-attention"}},
		{"self/attention", []string{"method self-attention"}},
		{"selfattention", []string{"method self-attention"}},
		// What tells names apart counts.
		{"S4", []string{"method S4"}},
		{"S4D", []string{"method S4D"}},
		{"S5", nil},
		{"C++", []string{"method C++"}},
		{"C", nil},
		{"A*", []string{"method A*"}},
		{"A", nil},
		{"R@1", []string{"metric R@1"}},
		{"R1", nil},
		{"ImageNet", []string{"dataset ImageNet"}},
		{"ImageNet 21k", []string{"dataset ImageNet-21k"}},
		{"ImageNet-21K", nil},
		// Accents do not, nor spelled letters.
		{"beta-VAE", []string{"method β-VAE"}},
		{"Schrodinger bridges", []string{"method Schrödinger bridge"}},
		{"Moller", []string{"method Møller"}},
		// A plural is in lower case.
		{"RNNs", []string{"method RNN"}},
		{"DARTS", []string{"method DARTS"}},
		{"DART", []string{"method DART"}},
		{"DARTs", []string{"method DART"}},
		// Articles do not count.
		{"Pile", []string{"dataset the Pile"}},
		// One entry a kind, several kinds.
		{"MAP", []string{"metric MAP", "concept map"}},
		{"map", []string{"concept map"}},
		{"maps", []string{"concept map"}},
		// The very casing goes first.
		{"Upper", []string{"method lower"}},
		{"upper", []string{"method other"}},
		{"", nil},
		{"—", nil},
	} {
		var got []string
		for _, e := range l.Lookup(tt.surface) {
			got = append(got, string(e.Kind)+" "+e.Name)
		}
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("Lookup(%q) (-want +got):\n%s", tt.surface, d)
		}
	}
}

func TestLookupPrefersCanonical(t *testing.T) {
	l := load(t, files("x.txt", "@kind method\nfirst | shared form; mine\nshared form\nthird | mine\n"))
	for surface, want := range map[string]string{"shared form": "shared form", "Shared Forms": "shared form", "mine": "first"} {
		if got := l.Lookup(surface); len(got) != 1 || got[0].Name != want {
			t.Errorf("Lookup(%q) = %v, want %s alone", surface, got, want)
		}
	}
}

func TestUserFiles(t *testing.T) {
	shipped := files("a.txt", "@kind concept\ntuning\n@kind method\nLoRA | low-rank adaptation | broader=tuning\n@kind metric\nlatency | | unit=s\n")
	mine := files(
		"b.txt", "@kind method\nlora | LRA | broader=my topic\nOurs\n",
		"a.txt", "@kind concept\nmy topic\n@kind metric\nlatency | delay | better=lower; unit=ms\n",
		"notes.md", "not a lexicon",
	)
	l := load(t, shipped, mine)
	want := []*Entry{
		{Kind: graph.KindConcept, Name: "tuning"},
		{Kind: graph.KindMethod, Name: "LoRA", Aliases: []string{"low-rank adaptation", "LRA"}, Broader: []string{"tuning", "my topic"}},
		{Kind: graph.KindMetric, Name: "latency", Aliases: []string{"delay"}, Better: graph.LowerIsBetter, Unit: "ms"},
		{Kind: graph.KindConcept, Name: "my topic"},
		{Kind: graph.KindMethod, Name: "Ours"},
	}
	if d := cmp.Diff(want, l.Entries()); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
	var up []string
	for _, e := range l.BroaderOf(l.Entry(graph.KindMethod, "LoRA")) {
		up = append(up, e.Name)
	}
	if d := cmp.Diff([]string{"tuning", "my topic"}, up); d != "" {
		t.Errorf("broader (-want +got):\n%s", d)
	}
	if only := load(t, shipped); only.Hash() == l.Hash() {
		t.Error("the user's files do not change the hash")
	}
	if again := load(t, shipped, mine); again.Hash() != l.Hash() {
		t.Error("the same files have another hash")
	}
	if l.Entry(graph.KindDataset, "LoRA") != nil {
		t.Error("an entry of another kind is found")
	}
	// A user's error names the user's file.
	if _, err := Load(shipped, files("mine.txt", "@kind method\nX | | broader=nothing\n")); err == nil || !strings.Contains(err.Error(), "mine.txt:2") {
		t.Errorf("error %v, want one that names mine.txt:2", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("@kind method\nLoRA | low-rank adaptation | broader=x\n@kind concept\nx\n")
	f.Add("@kind metric\nacc|a;b|better=higher;unit=%\n")
	f.Add("@kind task\na||broader=b\nb||broader=a")
	f.Add("\ufeff@kind dataset\nの | ガ\nß\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Load(files("x.txt", text))
		if err != nil {
			if !errors.Is(err, ErrSyntax) {
				t.Fatalf("error %v does not wrap ErrSyntax", err)
			}
			return
		}
		for _, e := range l.Entries() {
			if l.Entry(e.Kind, e.Name) != e {
				t.Errorf("%s %q is not found by its name", e.Kind, e.Name)
			}
			for _, form := range append([]string{e.Name}, e.Aliases...) {
				if !slices.ContainsFunc(l.Lookup(form), func(o *Entry) bool { return o.Kind == e.Kind }) {
					t.Errorf("form %q of %s %q finds nothing of its kind", form, e.Kind, e.Name)
				}
			}
		}
	})
}

func BenchmarkLookup(b *testing.B) {
	l, err := Default()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		l.Lookup("3D Gaussian Splatting")
		l.Lookup("a phrase that is none")
	}
}

func TestWords(t *testing.T) {
	load := func(text string) (*Lexicon, error) {
		return Load(fstest.MapFS{"a.txt": {Data: []byte(text)}})
	}
	l, err := load("@words stop\nVide herein\n# a comment\n\nherein\n@kind method\nherein net\n@words content\nlead\n")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[WordList][]string{StopWords: {"herein", "vide"}, ContentWords: {"lead"}, JointWords: nil},
		map[WordList][]string{StopWords: l.Words(StopWords), ContentWords: l.Words(ContentWords), JointWords: l.Words(JointWords)}); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if len(l.Entries()) != 1 {
		t.Errorf("%d entries, want 1", len(l.Entries()))
	}
	without, err := load("@kind method\nherein net\n")
	if err != nil {
		t.Fatal(err)
	}
	if l.Hash() == without.Hash() {
		t.Error("the words are not part of the hash")
	}
	for text, want := range map[string]string{
		"@words\nx\n":       "a.txt:1: ",
		"@words verbs\nx\n": "a.txt:1: @words verbs: must be one of [stop content joint]",
		"@words stop\nlead\n@words content\nlead": `"lead" is in two lists`,
	} {
		if _, err := load(text); !errors.Is(err, ErrSyntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
