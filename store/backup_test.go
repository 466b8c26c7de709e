package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
)

func backup(t testing.TB, s *Store) []byte {
	t.Helper()
	var b bytes.Buffer
	if _, err := s.Backup(context.Background(), &b, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A restored store has the snapshots that the other had, and backs up to the
// same bytes.
func TestBackupAndRestore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	infos, want := history(t, dir, 4)
	s := openAt(t, dir, Options{})
	if _, err := s.Keep(t.Context(), Retention{Snapshots: 3}); err != nil {
		t.Fatal(err)
	}
	infos, want = infos[:3], want[:3]
	// What a build that is under way, or was interrupted, wrote is not in it.
	w, err := s.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := small(t)
	if err := w.PutFacts(&c.facts[0], "input"); err != nil {
		t.Fatal(err)
	}
	if err := w.flush(); err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	whole := backup(t, s)
	for _, place := range []string{"new", "empty", "deep/er"} {
		to := filepath.Join(t.TempDir(), place)
		if place == "empty" {
			if err := os.Mkdir(to, 0o777); err != nil {
				t.Fatal(err)
			}
		}
		steps := 0
		info, err := Restore(t.Context(), iotest.HalfReader(bytes.NewReader(whole)), to, Options{}, func(int) { steps++ })
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(infos, info.Snapshots); diff != "" || info.Records == 0 {
			t.Errorf("%d records, snapshots (-want +got):\n%s", info.Records, diff)
		}
		restored := openAt(t, to, Options{})
		agree(t, restored, infos, want)
		if again := backup(t, restored); !bytes.Equal(whole, again) {
			t.Errorf("%s: the backup of what was restored differs", place)
		}
		publish(t, restored, small(t), nil)
		if _, err := Restore(t.Context(), bytes.NewReader(whole), to, Options{}, nil); !errors.Is(err, ErrNotEmpty) {
			t.Errorf("over a store: %v", err)
		}
	}
}

// A backup that is made while builds publish and drop is one of the moment when
// it began.
func TestBackupBesideBuilds(t *testing.T) {
	s := open(t)
	full := synthetic(20)
	for i := range 3 {
		publish(t, s, without(full, func(p int) bool { return p%5 == i }), nil)
	}
	ended := make(chan error, 1)
	go func() {
		for i := range 8 {
			_, err := rebuild(s, without(full, func(p int) bool { return p%7 == i }))
			if err == nil {
				_, err = s.Keep(context.Background(), Retention{Snapshots: 2})
			}
			if err != nil {
				ended <- err
				return
			}
		}
		close(ended)
	}()
	for running := true; running; {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			running = false // one more
		default:
		}
		var b bytes.Buffer
		info, err := s.Backup(t.Context(), &b, nil)
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "restored")
		if _, err := Restore(t.Context(), &b, dir, Options{}, nil); err != nil {
			t.Fatal(err)
		}
		restored := openAt(t, dir, Options{})
		got, err := restored.Snapshots()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(info.Snapshots, got); diff != "" {
			t.Errorf("snapshots (-want +got):\n%s", diff)
		}
		requireSound(t, restored)
		if err := restored.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Of what resolution remembers, the newest is in a backup.
func TestBackupOfResolution(t *testing.T) {
	s := open(t)
	for i := range 3 {
		w, err := s.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := putAll(w, without(small(t), func(p int) bool { return p == i }), nil); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"always", fmt.Sprint("once ", i)} {
			if err := w.SetResolution([]byte(key), []byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
		if i > 0 {
			if err := w.SetResolution([]byte(fmt.Sprint("once ", i-1)), nil); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Publish(t.Context(), Provenance{Extractor: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	dir := filepath.Join(t.TempDir(), "restored")
	if _, err := Restore(t.Context(), bytes.NewReader(backup(t, s)), dir, Options{}, nil); err != nil {
		t.Fatal(err)
	}
	restored := openAt(t, dir, Options{})
	requireSound(t, restored)
	w, err := restored.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	for key, want := range map[string][]byte{"always": {2}, "once 0": nil, "once 1": nil, "once 2": {2}} {
		if got, err := w.Resolution([]byte(key)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", key, got, err, want)
		}
	}
}

// A file that is cut off or changed anywhere restores nothing and leaves
// nothing.
func TestRestoreOfDamagedBackup(t *testing.T) {
	s := open(t)
	publish(t, s, small(t), nil)
	whole := backup(t, s)
	parent := t.TempDir()
	made := filepath.Join(parent, "empty")
	if err := os.Mkdir(made, 0o777); err != nil {
		t.Fatal(err)
	}
	try := func(what string, b []byte, want error, text string) {
		t.Helper()
		for _, dir := range []string{filepath.Join(parent, "new"), made} {
			_, err := Restore(t.Context(), bytes.NewReader(b), dir, Options{}, nil)
			if !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v, want %v with %q", what, err, want, text)
			}
			if left := files(t, parent); left != nil {
				t.Fatalf("%s: it left %v", what, left)
			}
		}
	}
	step := max(1, len(whole)/12)
	if testing.Short() {
		step = len(whole) / 3
	}
	for n := headerSize; n < len(whole); n += step {
		try(fmt.Sprintf("cut off at %d of %d", n, len(whole)), whole[:n], ErrBackup, "cut off after")
		changed := bytes.Clone(whole)
		changed[n] ^= 0x10
		try(fmt.Sprintf("changed at %d", n), changed, ErrBackup, "")
	}
	try("cut off by a byte", whole[:len(whole)-1], ErrBackup, "cut off")
	try("cut off in its header", whole[:30], ErrBackup, "cut off in its header")
	try("empty", nil, ErrBackup, "not a backup")
	try("something else", []byte(strings.Repeat("{}\n", 100)), ErrBackup, "not a backup")
	try("with more behind", append(bytes.Clone(whole), "more"...), ErrBackup, "")
	try("twice", append(bytes.Clone(whole), whole...), ErrBackup, "")
	later := bytes.Clone(whole)
	later[len(backupMagic)] = backupVersion + 1
	try("a later layout", later, ErrFormat, fmt.Sprintf("has layout %d, this papergraph reads layout %d", backupVersion+1, backupVersion))
	for _, format := range []byte{FormatVersion - 1, FormatVersion + 1} {
		other := bytes.Clone(whole)
		other[len(backupMagic)+1] = format
		try("another format", other, ErrFormat, fmt.Sprintf("of format %d, this papergraph reads format %d", format, FormatVersion))
	}
	other := bytes.Clone(whole)
	other[headerSize-1] ^= 1
	try("another id", other, ErrBackup, "checksum")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Backup(ctx, io.Discard, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled backup: %v", err)
	}
	full := errors.New("disk is full")
	if _, err := s.Backup(t.Context(), failingWriter{full}, nil); !errors.Is(err, full) {
		t.Errorf("a full disk: %v", err)
	}
	if _, err := Restore(t.Context(), io.MultiReader(bytes.NewReader(whole[:100]), iotest.ErrReader(&os.PathError{Op: "read", Path: "f", Err: syscall.EIO})),
		filepath.Join(parent, "new"), Options{}, nil); !errors.Is(err, syscall.EIO) || errors.Is(err, ErrBackup) {
		t.Errorf("a disk that cannot be read: %v", err)
	}
	if _, err := open(t).Backup(t.Context(), io.Discard, nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("of an empty store: %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

// sealed makes a backup of what a fuzzer makes up: its records, compressed,
// behind a header, so that the fuzzer need not find how to compress.
func sealed(t testing.TB, records []byte) []byte {
	t.Helper()
	b := append([]byte(backupMagic), backupVersion, FormatVersion)
	b = append(b, make([]byte, idBytes)...)
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	return z.EncodeAll(records, b)
}

// Whatever the file, the reader ends with an error or reads what a writer
// writes: records in order that are written again as they were.
func FuzzBackupReader(f *testing.F) {
	s := open(f)
	publish(f, s, small(f), nil)
	f.Add(backup(f, s), false)
	f.Add([]byte{}, true)
	f.Add([]byte{0, 0}, true)
	f.Add(binary.AppendUvarint(nil, 1<<40), true)
	f.Add([]byte{2, 'k', 1, 0, 2, 'm', 1, 3, 'v', 'w', 0, 2}, true)
	f.Fuzz(func(t *testing.T, data []byte, seal bool) {
		if seal {
			data = sealed(t, data)
		}
		d, err := newBackupReader(bytes.NewReader(data))
		if err != nil {
			if !errors.Is(err, ErrBackup) && !errors.Is(err, ErrFormat) {
				t.Errorf("header: %v", err)
			}
			return
		}
		defer d.close()
		var again bytes.Buffer
		e, err := newBackupWriter(&again, d.id)
		if err != nil {
			t.Fatal(err)
		}
		defer e.close()
		for {
			r, err := d.next()
			if err == io.EOF {
				break
			}
			if err != nil {
				if !errors.Is(err, ErrBackup) {
					t.Errorf("record %d: %v", d.records, err)
				}
				return
			}
			if err := e.write(r); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.finish(); err != nil {
			t.Fatal(err)
		}
		if e.records != d.records || !bytes.Equal(e.sum.Sum(nil), d.sum.Sum(nil)) {
			t.Errorf("%d records were written again as %d others", d.records, e.records)
		}
	})
}
