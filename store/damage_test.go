package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// copyFolder copies a store that is not open.
func copyFolder(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// Whatever happens to a file of a store, it opens with all that it had, or says
// that it is damaged. It does not panic, and no snapshot gets smaller.
func TestDamagedFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	infos, want := history(t, dir, 3)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	damages := []struct {
		name string
		do   func(b []byte) []byte // nil removes the file
	}{
		{"removed", func([]byte) []byte { return nil }},
		{"emptied", func([]byte) []byte { return []byte{} }},
		{"cut in half", func(b []byte) []byte { return b[:len(b)/2] }},
		{"cut by a byte", func(b []byte) []byte { return b[:max(0, len(b)-1)] }},
		{"changed at the start", func(b []byte) []byte { b[0] ^= 0x41; return b }},
		{"changed at the end", func(b []byte) []byte { b[len(b)-1] ^= 0x41; return b }},
		{"changed in the middle", func(b []byte) []byte { b[len(b)/2] ^= 0x41; return b }},
		{"zeroed", func(b []byte) []byte { clear(b); return b }},
		{"with more behind", func(b []byte) []byte { return append(b, make([]byte, 4096)...) }},
	}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for i, d := range damages {
			if testing.Short() && (i%3 != 0 || e.Name() != "MANIFEST" && e.Name() != "000001.sst") {
				continue
			}
			for _, readOnly := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s %s, read-only %v", e.Name(), d.name, readOnly), func(t *testing.T) {
					copied := copyFolder(t, dir)
					path := filepath.Join(copied, e.Name())
					if now := d.do(append([]byte(nil), b...)); now == nil {
						err = os.Remove(path)
					} else {
						err = os.WriteFile(path, now, 0o666)
					}
					if err != nil {
						t.Fatal(err)
					}
					s, err := Open(copied, Options{ReadOnly: readOnly})
					if err != nil {
						if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrNotStore) && !errors.Is(err, ErrFormat) {
							t.Errorf("it is not said to be damaged: %v", err)
						}
						t.Log(err)
						// What is left can still be saved by hand.
						if left := tablesOf(t, copied); e.Name() == "MANIFEST" && left != tablesOf(t, dir) {
							t.Errorf("of the tables %d are left", left)
						}
						return
					}
					defer func() {
						if err := s.Close(); err != nil {
							t.Log(err)
						}
					}()
					if _, err := s.CheckAll(t.Context(), CheckOptions{}); err != nil {
						if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrEmpty) {
							t.Errorf("it is not said to be damaged: %v", err)
						}
						t.Log(err)
						return
					}
					got, err := s.Snapshots()
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(infos, got); diff != "" {
						t.Errorf("snapshots were lost silently (-want +got):\n%s", diff)
						return
					}
					if diff := cmp.Diff(want[0], readLatest(t, s)); diff != "" {
						t.Errorf("(-want +got):\n%.1000s", diff)
					}
				})
			}
		}
	}
}

// tablesOf counts the tables in a folder.
func tablesOf(t *testing.T, dir string) int {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}
