package store

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/dgraph-io/badger/v4/options"
)

// Whatever a table holds, verifying it ends, without a panic of what it reads
// before a checksum has matched.
func FuzzVerifyBlock(f *testing.F) {
	dir := filepath.Join(f.TempDir(), "store")
	s, err := Open(dir, Options{})
	if err != nil {
		f.Fatal(err)
	}
	publish(f, s, small(f), nil)
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "000001.sst"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add([]byte{})
	f.Add(make([]byte, 64))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := verifyBlock(data); err == nil && len(data) < 8 {
			t.Errorf("%x is a block", data)
		}
		path := filepath.Join(t.TempDir(), "1.sst")
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := verifyTable(path, options.ZSTD)
		if string(data) == string(whole) && err != nil {
			t.Errorf("the table of a store: %v", err)
		}
	})
}
