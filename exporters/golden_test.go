package exporters

import (
	"bytes"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew; look at the difference before you commit it")

// golden compares what was made with a file in testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./exporters -update makes it)", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// forms is every way to write a view.
var forms = []struct {
	ext   string
	write func(io.Writer, *graph.View) error
}{
	{"dot", func(w io.Writer, v *graph.View) error { return DOT(w, v, DOTOptions{Link: link, Legend: true}) }},
	{"mmd", func(w io.Writer, v *graph.View) error { return Mermaid(w, v, MermaidOptions{Link: link}) }},
	{"json", JSON},
	{"csv", CSV},
}

var views = []struct {
	name string
	view *graph.View
}{
	{"method", methodView()},
	{"paper", paperView()},
	{"hostile", hostileView()},
	{"empty", &graph.View{}},
}

func TestGolden(t *testing.T) {
	for _, v := range views {
		for _, f := range forms {
			t.Run(v.name+"."+f.ext, func(t *testing.T) {
				var b bytes.Buffer
				if err := f.write(&b, v.view); err != nil {
					t.Fatal(err)
				}
				golden(t, v.name+"."+f.ext, b.Bytes())
			})
		}
	}
}

func TestOrderOfTheViewDoesNotMatter(t *testing.T) {
	for _, v := range []*graph.View{methodView(), hostileView(), syntheticView(200)} {
		for _, f := range forms {
			var want bytes.Buffer
			if err := f.write(&want, v); err != nil {
				t.Fatal(err)
			}
			for seed := range uint64(5) {
				s := shuffled(v, seed)
				before := shuffled(v, seed)
				var got bytes.Buffer
				if err := f.write(&got, s); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(want.Bytes(), got.Bytes()) {
					t.Errorf("%s of %q differs after a shuffle: %s", f.ext, v.Title, cmp.Diff(want.String(), got.String()))
				}
				if diff := cmp.Diff(before, s); diff != "" {
					t.Errorf("%s changed the view (-before +after):\n%s", f.ext, diff)
				}
			}
		}
	}
}

// failingWriter takes some bytes and then fails.
type failingWriter struct{ room int }

func (f *failingWriter) Write(p []byte) (int, error) {
	if len(p) > f.room {
		return f.room, io.ErrShortWrite
	}
	f.room -= len(p)
	return len(p), nil
}

func TestErrorsOfTheWriterAreReported(t *testing.T) {
	v := syntheticView(300)
	for _, f := range forms {
		for _, room := range []int{0, 10, 5000, 70_000} {
			if err := f.write(&failingWriter{room}, v); err == nil {
				t.Errorf("%s into a writer that fails after %d bytes: no error", f.ext, room)
			}
		}
	}
}

// The real Graphviz is the judge of DOT where it is installed.
func TestGraphvizReadsDOT(t *testing.T) {
	dot, err := exec.LookPath("dot")
	if err != nil {
		t.Skip("Graphviz's dot is not installed")
	}
	for _, v := range append(views, struct {
		name string
		view *graph.View
	}{"large", syntheticView(180)}) {
		t.Run(v.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := DOT(&b, v.view, DOTOptions{Link: link, Legend: true}); err != nil {
				t.Fatal(err)
			}
			nodes, err := CountNodes(b.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			want := len(v.view.Nodes) + len(v.view.Omitted)
			if v.name == "method" {
				want -= 2 // omissions at nodes that are not in focus
			}
			if nodes != want {
				t.Errorf("%d nodes, want %d", nodes, want)
			}
			cmd := exec.Command(dot, "-Tcanon")
			cmd.Stdin = &b
			var stderr bytes.Buffer
			cmd.Stderr = &stderr
			canon, err := cmd.Output()
			if err != nil || stderr.Len() > 0 {
				t.Fatalf("dot -Tcanon: %v: %s", err, stderr.Bytes())
			}
			if again, err := CountNodes(canon); err != nil || again != nodes {
				t.Errorf("canonical form has %d nodes (%v), want %d", again, err, nodes)
			}
		})
	}
}
