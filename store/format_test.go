package store

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

// unpack unpacks a store of testdata into a new folder and returns its path.
func unpack(t *testing.T, name string) string {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return filepath.Join(dir, name+".db")
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		path := filepath.Join(dir, h.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// The stores of testdata were built of two papers, each by a commit with its
// format, with
//
//	papergraph build --store formatN.db papers.jsonl
//	tar -cSf - formatN.db | gzip -9n > formatN.tar.gz
//
// All but the newest ask for a rebuild and are left as they are.
func TestOldFormats(t *testing.T) {
	for format := 1; format < FormatVersion; format++ {
		dir := unpack(t, fmt.Sprintf("format%d", format))
		before := files(t, dir)
		for _, readOnly := range []bool{false, true} {
			s, err := Open(dir, Options{ReadOnly: readOnly})
			if err == nil {
				t.Fatal(errors.Join(errors.New("it was opened"), s.Close()))
			}
			want := fmt.Sprintf("has format %d, this papergraph reads format %d", format, FormatVersion)
			if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "build the store anew") {
				t.Errorf("format %d, read-only %v: %v, want %q", format, readOnly, err, want)
			}
		}
		if _, err := Compact(t.Context(), dir, Retention{}, Options{}); !errors.Is(err, ErrFormat) {
			t.Errorf("compact format %d: %v", format, err)
		}
		if diff := cmp.Diff(before, files(t, dir)); diff != "" {
			t.Errorf("format %d: the folder was changed (-before +after):\n%s", format, diff)
		}
	}
}

// The store of the present format opens, and all that its tables were derived
// to be they would be today. If not, what is written has changed, the analysis
// of words for one, and [FormatVersion] has to change with it.
func TestPresentFormat(t *testing.T) {
	dir := unpack(t, fmt.Sprintf("format%d", FormatVersion))
	s := openAt(t, dir, Options{ReadOnly: true})
	requireSound(t, s)
	infos, err := s.Snapshots()
	if err != nil || len(infos) != 1 || infos[0].Papers != 2 {
		t.Fatalf("%+v, %v", infos, err)
	}
	r := latest(t, s)
	hits, err := r.Lookup("Tuff")
	if err != nil || len(hits) == 0 || hits[0] != "method:tuff" {
		t.Errorf("Tuff is %v, %v", hits, err)
	}
	// The same graph put today has the same id.
	fresh := open(t)
	w, err := fresh.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	copyGraph(t, w, read(t, r))
	info, err := w.Publish(t.Context(), Provenance{})
	if err != nil {
		t.Fatal(err)
	}
	if info.ID != infos[0].ID {
		t.Errorf("its graph has the id %s today, had %s", info.ID, infos[0].ID)
	}
}

// copyGraph puts the nodes and edges of one graph into a new one.
func copyGraph(t *testing.T, w *Writer, c contents) {
	t.Helper()
	papers := make(map[graph.ID][]graph.Node)
	edges := make(map[graph.ID][]graph.Edge)
	curated := make(map[graph.ID][]graph.Edge)
	for _, e := range c.Edges {
		by := make(map[graph.ID][]graph.Statement)
		for _, st := range e.Statements {
			by[st.Paper] = append(by[st.Paper], st)
		}
		for paper, statements := range by {
			e := graph.Edge{From: e.From, Relation: e.Relation, To: e.To, Statements: statements}
			if paper == "" {
				curated[e.From] = append(curated[e.From], e)
			} else {
				edges[paper] = append(edges[paper], e)
			}
		}
	}
	put := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range c.Nodes { // papers come first
		switch {
		case n.Paper != nil:
			papers[n.ID] = []graph.Node{n}
		case n.Result != nil:
			papers[n.Result.Paper] = append(papers[n.Result.Paper], n)
		default:
			put(w.PutNode(&n))
		}
	}
	for id, nodes := range papers {
		put(w.PutPaper(nodes, edges[id]))
	}
	for from, es := range curated {
		put(w.PutCurated(from, es))
	}
}
