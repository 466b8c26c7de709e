package store

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseRetention(t *testing.T) {
	day := 24 * time.Hour
	for _, tt := range []struct {
		in   string
		want Retention
		text string
	}{
		{"1", Retention{Snapshots: 1}, "1"},
		{"10", Retention{Snapshots: 10}, "10"},
		{"30d", Retention{Age: 30 * day}, "30d"},
		{"2w", Retention{Age: 14 * day}, "14d"},
		{"36h", Retention{Age: 36 * time.Hour}, "36h0m0s"},
		{"48h", Retention{Age: 2 * day}, "2d"},
	} {
		got, err := ParseRetention(tt.in)
		if err != nil || got != tt.want || got.String() != tt.text {
			t.Errorf("%q: %+v, %q, %v", tt.in, got, got.String(), err)
		}
		if again, err := ParseRetention(got.String()); err != nil || again != got {
			t.Errorf("%q again: %+v, %v", got.String(), again, err)
		}
	}
	for _, in := range []string{"", "0", "-1", "0d", "-3d", "d", "1.5d", "99999999999d", "-5h", "0h", "ten", "10 d"} {
		if got, err := ParseRetention(in); err == nil {
			t.Errorf("%q: %+v", in, got)
		}
	}
}

func TestRetentionKeeps(t *testing.T) {
	now := time.Now()
	var infos []Info
	for i := range 5 {
		infos = append(infos, Info{Time: now.Add(-time.Duration(i+2) * time.Hour)})
	}
	for _, tt := range []struct {
		r    Retention
		want int
	}{
		{Retention{}, 5},
		{Retention{Snapshots: 2}, 2},
		{Retention{Snapshots: 9}, 5},
		{Retention{Age: 4*time.Hour + time.Minute}, 3},
		{Retention{Age: time.Minute}, 1}, // the newest in any case
		{Retention{Snapshots: 2, Age: 4*time.Hour + time.Minute}, 2},
	} {
		if got := tt.r.keeps(infos, now); got != tt.want {
			t.Errorf("%+v keeps %d, want %d", tt.r, got, tt.want)
		}
	}
	if got := (Retention{Age: time.Hour}).keeps(nil, now); got != 0 {
		t.Errorf("of none it keeps %d", got)
	}
}

// historyPapers is how many papers a history is made of.
func historyPapers() int {
	if testing.Short() {
		return 30
	}
	return 90
}

// history publishes several graphs, each of which takes from and adds to the
// one before, and returns what each is.
func history(t *testing.T, dir string, n int) (infos []Info, want []contents) {
	t.Helper()
	full := synthetic(historyPapers())
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		c := without(full, func(p int) bool { return p%n == i })
		info, err := rebuild(s, c)
		if err != nil {
			t.Fatal(err)
		}
		infos = append([]Info{info}, infos...)
		want = append([]contents{readLatest(t, s)}, want...)
		// Every snapshot begins its own tables.
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if s, err = Open(dir, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return infos, want
}

func readLatest(t *testing.T, s *Store) contents {
	t.Helper()
	r, err := s.Latest()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	return read(t, r)
}

// agree compares all snapshots of a store, newest first, with what they were.
func agree(t *testing.T, s *Store, infos []Info, want []contents) {
	t.Helper()
	got, err := s.Snapshots()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(infos, got); diff != "" {
		t.Errorf("snapshots (-want +got):\n%s", diff)
	}
	for i, info := range infos {
		r, err := s.At(info.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[i], read(t, r)); diff != "" {
			t.Errorf("snapshot %d (-want +got):\n%.2000s", i, diff)
		}
		r.Close()
	}
}

// However much is compacted, snapshots that are not dropped say what they said,
// and those that are dropped are gone, with their space.
func TestCompact(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "store")
	infos, want := history(t, dir, 6)
	all, err := Compact(ctx, dir, Retention{}, Options{})
	if err != nil || len(all.Dropped) > 0 {
		t.Fatalf("%+v, %v", all, err)
	}
	s := openAt(t, dir, Options{})
	agree(t, s, infos, want)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	last := all.After
	for _, keep := range []int{4, 2, 1} {
		c, err := Compact(ctx, dir, Retention{Snapshots: keep}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(infos[keep:], c.Dropped); diff != "" {
			t.Errorf("dropped (-want +got):\n%s", diff)
		}
		if c.Before != last || c.After >= last {
			t.Errorf("%d bytes were %d, then %d", last, c.Before, c.After)
		}
		last = c.After
		s := openAt(t, dir, Options{})
		infos, want = infos[:keep], want[:keep]
		agree(t, s, infos, want)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}

	// What is left takes what a store of the newest snapshot alone does.
	fresh := filepath.Join(t.TempDir(), "fresh")
	single, err := Open(fresh, Options{})
	if err != nil {
		t.Fatal(err)
	}
	full := synthetic(historyPapers())
	publish(t, single, without(full, func(p int) bool { return p%6 == 5 }), nil)
	if err := single.Close(); err != nil {
		t.Fatal(err)
	}
	c, err := Compact(ctx, fresh, Retention{}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if last > c.After*11/10 {
		t.Errorf("%d bytes after dropping, a fresh store has %d", last, c.After)
	}
}

// Snapshots that are open when they are dropped stay as they are.
func TestKeepWhileOpen(t *testing.T) {
	ctx := context.Background()
	dir := filepath.Join(t.TempDir(), "store")
	infos, want := history(t, dir, 4)
	s := openAt(t, dir, Options{})
	old, err := s.At(infos[3].ID)
	if err != nil {
		t.Fatal(err)
	}
	dropped, err := s.Keep(ctx, Retention{Snapshots: 1})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(infos[1:], dropped); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
	if again, err := s.Keep(ctx, Retention{Snapshots: 1}); err != nil || again != nil {
		t.Errorf("again: %v, %v", again, err)
	}
	for range 2 {
		if err := s.rewriteSuperseded(ctx); err != nil {
			t.Fatal(err)
		}
		if err := s.db.Flatten(2); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want[3], read(t, old)); diff != "" {
		t.Errorf("the open snapshot changed (-want +got):\n%.2000s", diff)
	}
	if _, err := s.At(infos[2].ID); !errors.Is(err, ErrNoSnapshot) {
		t.Errorf("a dropped one: %v", err)
	}
	old.Close()
	agree(t, s, infos[:1], want[:1])
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// It stays dropped, and builds go on.
	s = openAt(t, dir, Options{})
	agree(t, s, infos[:1], want[:1])
	info := publish(t, s, small(t), nil)
	if got, err := s.Snapshots(); err != nil || len(got) != 2 || got[0].ID != info.ID {
		t.Errorf("after another build: %v, %v", got, err)
	}
}

func TestKeepRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	infos, want := history(t, dir, 2)
	s := openAt(t, dir, Options{ReadOnly: true})
	if _, err := s.Keep(t.Context(), Retention{Snapshots: 1}); !errors.Is(err, ErrReadOnly) {
		t.Errorf("read-only: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Keep(t.Context(), Retention{Snapshots: 1}); !errors.Is(err, ErrReadOnly) && !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Compact(ctx, dir, Retention{Snapshots: 1}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Compact(t.Context(), filepath.Join(dir, "none"), Retention{}, Options{}); !errors.Is(err, ErrNotStore) {
		t.Errorf("no store: %v", err)
	}
	s = openAt(t, dir, Options{})
	agree(t, s, infos, want)
	if _, err := Compact(t.Context(), dir, Retention{}, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("beside another: %v", err)
	}
}

// killed starts the test binary in a role and kills it after a while, unless it
// ends by itself.
func killed(t *testing.T, role, dir string, after time.Duration) {
	t.Helper()
	cmd := play(t, role, dir)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	if err := cmd.Wait(); out.Len() > 0 {
		t.Fatalf("it ended by itself: %v, %s", err, &out)
	}
}

// A compaction or a restoration that is killed, at whatever moment, leaves a
// store that opens: what was compacted says what it said, what was restored has
// all snapshots or none.
func TestKilledCompactionAndRestoration(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	infos, want := history(t, dir, 4)
	whole := backup(t, openAt(t, copyFolder(t, dir), Options{}))
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))
	rounds := 12
	if testing.Short() {
		rounds = 2
	}
	for round := range rounds {
		delay := time.Duration(rng.IntN(400)) * time.Millisecond
		copied := copyFolder(t, dir)
		killed(t, "compact", copied, delay)
		s := openAt(t, copied, Options{})
		got, err := s.Snapshots()
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("round %d: killed after %v, %d snapshots are left", round, delay, len(got))
		if len(got) != 2 && len(got) != len(infos) {
			t.Errorf("%d snapshots are left", len(got))
		}
		agree(t, s, infos[:len(got)], want[:len(got)])
		requireSound(t, s)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if _, err := Compact(t.Context(), copied, Retention{Snapshots: 2}, Options{}); err != nil {
			t.Error(err)
		}
		s = openAt(t, copied, Options{})
		agree(t, s, infos[:2], want[:2])
		requireSound(t, s)

		restored := filepath.Join(t.TempDir(), "restored")
		if err := os.WriteFile(restored+".backup", whole, 0o666); err != nil {
			t.Fatal(err)
		}
		killed(t, "restore", restored, delay)
		s, err = Open(restored, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got, err = s.Snapshots(); err != nil {
			t.Fatal(err)
		}
		switch len(got) {
		case 0:
			if _, err := s.Latest(); !errors.Is(err, ErrEmpty) {
				t.Error(err)
			}
		case len(infos):
			agree(t, s, infos, want)
			requireSound(t, s)
		default:
			t.Errorf("of %d snapshots %d were restored", len(infos), len(got))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
