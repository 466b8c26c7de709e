package registry

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

const whole = `# Ours.
[[same]]
kind = "method"
names = ["GS", "Gaussian splatting", "method:3dgs"]
name = "3D  Gaussian Splatting" # spaces do not count
reason = """
all are
one"""

[[different]]
kind = "method"
names = ["CLIP", "OpenCLIP"]
[[rename]]
name = "method:graph-neural-network"
to = "GNN"
[[kind]]
kind = "dataset"
names = ["ImageNet", "method:mnist"]
[[drop]]
kind = "concept"
names = ["framework"]
[[same]]
names = ["task:a", "task:b"]
`

func TestParse(t *testing.T) {
	r, err := Parse("r.toml", []byte(whole))
	if err != nil {
		t.Fatal(err)
	}
	m := graph.KindMethod
	want := []Rule{
		{Action: Same, Kind: m, Names: []Name{{Kind: m, Text: "GS"}, {Kind: m, Text: "Gaussian splatting"}, {Kind: m, Text: "3dgs", ID: true}},
			Shown: "3D Gaussian Splatting", Reason: "all are one", Place: "r.toml:2"},
		{Action: Same, Kind: graph.KindTask, Names: []Name{{Kind: graph.KindTask, Text: "a", ID: true}, {Kind: graph.KindTask, Text: "b", ID: true}}, Place: "r.toml:22"},
		{Action: Different, Kind: m, Names: []Name{{Kind: m, Text: "CLIP"}, {Kind: m, Text: "OpenCLIP"}}, Place: "r.toml:10"},
		{Action: Rename, Kind: m, Names: []Name{{Kind: m, Text: "graph-neural-network", ID: true}}, Shown: "GNN", Place: "r.toml:13"},
		{Action: Kind, Kind: graph.KindDataset, Names: []Name{{Text: "ImageNet"}, {Kind: m, Text: "mnist", ID: true}}, Place: "r.toml:16"},
		{Action: Drop, Kind: graph.KindConcept, Names: []Name{{Kind: graph.KindConcept, Text: "framework"}}, Place: "r.toml:19"},
	}
	if d := cmp.Diff(want, r.Rules()); d != "" {
		t.Errorf("rules (-want +got):\n%s", d)
	}
	if got := want[0].Detail(); got != "r.toml:2: all are one" {
		t.Errorf("detail %q", got)
	}
	inline, err := Parse("r.toml", []byte("\ufeff\ndrop = [{kind = \"task\", names = [\"x\"]}, {names = [\"task:y\"]}]"))
	if err != nil || len(inline.Rules()) != 2 || inline.Rules()[1].Place != "r.toml:2" {
		t.Errorf("inline tables: %+v, %v", inline, err)
	}
	for _, empty := range []string{"", "# nothing\n"} {
		if r, err := Parse("r.toml", []byte(empty)); err != nil || len(r.Rules()) != 0 {
			t.Errorf("%q: %v, %v", empty, r, err)
		}
	}
	var none *Registry
	if none.Rules() != nil {
		t.Error("no registry has rules")
	}
}

func TestParseErrors(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		sentinel   error
		want       []string // parts of the message
	}{
		{"no TOML", "[[same]]\nnames = [\"a\"\n", ErrSyntax, []string{"r.toml:"}},
		{"no UTF-8", "\xff", ErrSyntax, []string{"r.toml", "UTF-8"}},
		{"unknown key", "[[same]]\nkind = \"method\"\nnames = [\"a\", \"b\"]\nresaon = \"\"\n", ErrSyntax, []string{"r.toml:4", `"resaon"`, "kind, names, name and reason"}},
		{"unknown table", "\n[[merge]]\nnames = []\n", ErrSyntax, []string{"r.toml:2", `"merge"`, "[[drop]]"}},
		{"names is text", "[[drop]]\nkind = \"task\"\nnames = \"a\"\n", ErrSyntax, []string{"r.toml:3", "names"}},
		{"one table", "[same]\nkind = \"task\"\n", ErrSyntax, []string{"r.toml:1", "[[same]]"}},
		{"a kind that is none", "[[drop]]\nkind = \"modell\"\nnames = [\"a\"]\n", ErrSyntax, []string{"r.toml:1", `"modell"`, "dataset"}},
		{"a kind without names", "[[drop]]\nnames = [\"paper:a\"]\n", ErrSyntax, []string{"r.toml:1", "paper"}},
		{"no kind", "[[same]]\nnames = [\"a\", \"b\"]\n", ErrSyntax, []string{"r.toml:1", `"method:a"`}},
		{"no kind to give", "[[kind]]\nnames = [\"a\"]\n", ErrSyntax, []string{"r.toml:1", "kind"}},
		{"two kinds", "[[same]]\nnames = [\"task:a\", \"method:a\"]\n", ErrSyntax, []string{"r.toml:1", "task:a", "method:a"}},
		{"one name", "[[same]]\nkind = \"task\"\nnames = [\"a\"]\n", ErrSyntax, []string{"r.toml:1", "at least 2"}},
		{"no name", "[[drop]]\nkind = \"task\"\n", ErrSyntax, []string{"r.toml:1", "at least 1"}},
		{"no letter", "[[drop]]\nkind = \"task\"\nnames = [\"--\"]\n", ErrSyntax, []string{"r.toml:1", "no letter"}},
		{"a name twice", "[[same]]\nkind = \"task\"\nnames = [\"a\", \" a\"]\n", ErrSyntax, []string{"r.toml:1", "twice"}},
		{"rename to nothing", "[[rename]]\nkind = \"task\"\nname = \"a\"\n", ErrSyntax, []string{"r.toml:1", "to"}},
		{"same and different", "[[same]]\nkind = \"task\"\nnames = [\"a\", \"b\"]\n[[different]]\nkind = \"task\"\nnames = [\"task:b\", \"A\"]\n", ErrContradiction, []string{"r.toml:1", "r.toml:4"}},
		{"same over two entries", "[[same]]\nkind = \"task\"\nnames = [\"a\", \"b\"]\n[[same]]\nkind = \"task\"\nnames = [\"b\", \"c\"]\n[[different]]\nkind = \"task\"\nnames = [\"a\", \"c\"]\n", ErrContradiction, []string{"r.toml:7"}},
		{"different spellings", "[[different]]\nkind = \"task\"\nnames = [\"a b\", \"A-B\"]\n", ErrSyntax, []string{"r.toml:1"}},
		{"two names to show", "[[rename]]\nkind = \"task\"\nname = \"a\"\nto = \"b\"\n[[same]]\nkind = \"task\"\nnames = [\"a\", \"c\"]\nname = \"d\"\n", ErrContradiction, []string{"r.toml:1", "r.toml:5", `"b"`, `"d"`}},
		{"kinds", "[[kind]]\nkind = \"task\"\nnames = [\"a\"]\n[[kind]]\nkind = \"method\"\nnames = [\"concept:a\"]\n", ErrContradiction, []string{"r.toml:1", "r.toml:4"}},
		{"same of another kind", "[[kind]]\nkind = \"task\"\nnames = [\"a\"]\n[[same]]\nkind = \"method\"\nnames = [\"a\", \"b\"]\n", ErrContradiction, []string{"r.toml:1", "r.toml:4"}},
		{"drop and rename", "[[drop]]\nkind = \"task\"\nnames = [\"a\"]\n[[rename]]\nkind = \"task\"\nname = \"a\"\nto = \"b\"\n", ErrContradiction, []string{"r.toml:1", "r.toml:4"}},
		{"drop and same", "[[drop]]\nkind = \"task\"\nnames = [\"a\"]\n[[same]]\nkind = \"task\"\nnames = [\"a\", \"b\"]\n", ErrContradiction, []string{"r.toml:1", "r.toml:4"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("r.toml", []byte(tt.text))
			if !errors.Is(err, tt.sentinel) {
				t.Fatalf("error is %v, want one of %v", err, tt.sentinel)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %s", err, part)
				}
			}
		})
	}
}

func TestLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), FileName)
	if _, err := Load(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.WriteFile(path, []byte(whole), 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	// The folder is no part of a decision: a graph is the same wherever it is
	// built.
	if got := r.Rules()[0].Place; got != FileName+":2" {
		t.Errorf("place %q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(whole))
	f.Add([]byte("same = [{names=[\"task:a\", \"task:b\"]}]"))
	f.Add([]byte("[[kind]]\n[[kind.x]]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Parse("r.toml", data)
		if err != nil {
			if !errors.Is(err, ErrSyntax) && !errors.Is(err, ErrContradiction) {
				t.Fatalf("error of no class: %v", err)
			}
			return
		}
		for _, rule := range r.Rules() {
			if len(rule.Names) == 0 || !rule.Kind.Valid() || rule.Place == "" {
				t.Errorf("rule %+v", rule)
			}
		}
	})
}
