package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A disk that runs full ends a build with an error, and the last snapshot stays
// as it was.
func TestNoRoom(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	c := synthetic(60)
	info := publish(t, s, small(t), nil)
	room := uint64(1 << 40)
	s.free = func(string) (uint64, error) { return room, nil }

	w, err := s.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	s.spent.Store(spaceInterval)
	room = writeReserve - 1
	err = putAll(w, c, nil)
	if err == nil {
		_, err = w.Publish(ctx, Provenance{})
	}
	if !errors.Is(err, ErrFull) || !strings.Contains(err.Error(), "100 MB are free") || !strings.Contains(err.Error(), "make room") {
		t.Errorf("while it builds: %v", err)
	}
	if _, err := w.Publish(ctx, Provenance{}); err == nil {
		t.Error("it was published all the same")
	}
	w.Discard()
	if _, err := s.Begin(ctx); !errors.Is(err, ErrFull) {
		t.Errorf("begin: %v", err)
	}
	if got := latest(t, s).Info().ID; got != info.ID {
		t.Errorf("the newest snapshot is %s, was %s", got, info.ID)
	}
	requireSound(t, s)

	s.free = func(string) (uint64, error) { return 0, errors.ErrUnsupported } // then nothing is refused
	publish(t, s, c, nil)
	broken := errors.New("no file system")
	s.free = func(string) (uint64, error) { return 0, broken }
	if _, err := s.Begin(ctx); !errors.Is(err, broken) {
		t.Errorf("begin where the room is not known: %v", err)
	}
}

// buildUntilFull publishes graphs until an error.
func buildUntilFull(dir string) error {
	s, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	for n := 500; ; n += 500 {
		if _, err := rebuild(s, synthetic(n)); err != nil {
			return errors.Join(err, s.Close())
		}
		fmt.Println("published")
	}
}

// On a disk that is really full, a build ends with an error, not by a signal;
// the store reads, and once there is room, builds go on.
func TestFullDisk(t *testing.T) {
	if testing.Short() {
		t.Skip("it fills a disk")
	}
	dir := t.TempDir()
	disk := filepath.Join(dir, "disk")
	if err := os.Mkdir(disk, 0o777); err != nil {
		t.Fatal(err)
	}
	mount := func(options string) {
		if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", disk).CombinedOutput(); err != nil {
			t.Skipf("a small disk cannot be mounted here: %v: %s", err, out)
		}
	}
	mount("size=120m")
	defer func() {
		if out, err := exec.Command("umount", disk).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	}()
	store := filepath.Join(disk, "store")
	out, err := play(t, "fill", store).CombinedOutput()
	exit := (*exec.ExitError)(nil)
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), ErrFull.Error()) || !strings.HasPrefix(string(out), "published") {
		t.Fatalf("%v:\n%.2000s", err, out)
	}
	snapshots := strings.Count(string(out), "published")
	t.Logf("full after %d snapshots", snapshots)
	s, err := Open(store, Options{})
	if err != nil {
		t.Fatal(err)
	}
	infos, err := s.Snapshots()
	if err != nil || len(infos) != snapshots {
		t.Errorf("%d snapshots of %d, %v", len(infos), snapshots, err)
	}
	requireSound(t, s)
	if _, err := s.Keep(context.Background(), Retention{Snapshots: 1}); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	// Not a byte is left.
	filler := filepath.Join(disk, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 1<<20)
	for err == nil {
		_, err = f.Write(block)
	}
	if closing := f.Close(); closing != nil {
		t.Fatal(closing)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if s, err := Open(store, Options{}); !errors.Is(err, ErrFull) {
		t.Errorf("open for writing: %v, %v", s, err)
	}
	if _, err := Compact(t.Context(), store, Retention{}, Options{}); !errors.Is(err, ErrFull) {
		t.Errorf("compact: %v", err)
	}
	s, err = Open(store, Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	requireSound(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	// There is room again.
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	mount("remount,size=500m")
	s, err = Open(store, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rebuild(s, synthetic(100)); err != nil {
		t.Error(err)
	}
	requireSound(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
