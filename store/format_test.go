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

// The stores of testdata were built by the last commit with each format, of two
// papers, with
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
