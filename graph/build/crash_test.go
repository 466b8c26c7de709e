package build_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"papergraph/graph/build"
	"papergraph/graph/extract"
	"papergraph/graph/lexicon"
	"papergraph/store"
)

// crashEnv makes the test binary a builder: the store's folder; its arguments
// behind the flags are what to build from.
const crashEnv = "PAPERGRAPH_TEST_BUILD"

// runBuilder brings a store to what is in the paths, and nothing else.
func runBuilder(dir string, paths []string) (err error) {
	lex, err := lexicon.Default()
	if err != nil {
		return err
	}
	x, err := extract.New(lex, extract.Options{})
	if err != nil {
		return err
	}
	// From here on the parent may kill.
	fmt.Println("ready")
	s, err := store.Open(dir, store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	_, err = build.Run(context.Background(), build.Options{Store: s, Paths: paths, Prune: true, Lexicon: lex, Extractor: x})
	return err
}

// Ensure that a builder killed at whatever moment loses nothing: the store
// opens, every invariant of its snapshots holds, the newest is the one before
// or the one that was being built, and a rerun gives what an undisturbed run
// does. The store goes on from kill to kill between two corpora.
func TestKilledBuilder(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 8
	}
	papers := corpus(t)
	sides := [2]string{write(t, papers[:12]), write(t, append(papers[5:13:13], papers[60:64]...))}
	var want [2]string
	took := time.Duration(0)
	for i, path := range sides {
		o := options(t, path)
		start := time.Now()
		want[i] = mustRun(t, o).Info.ID
		took = max(took, time.Since(start))
	}
	dir := filepath.Join(t.TempDir(), "db")
	random := rand.New(rand.NewPCG(7, 11))
	side, finished := 0, 0
	for kill := range kills {
		killed := killBuilder(t, dir, sides[side], time.Duration(random.Int64N(int64(2*took))))
		s, err := store.Open(dir, store.Options{})
		if err != nil {
			t.Fatalf("kill %d: the store does not open: %v", kill, err)
		}
		_, err = s.CheckAll(t.Context(), store.CheckOptions{OnProblem: func(p store.Problem) { t.Errorf("kill %d: %s", kill, p) }})
		if err != nil && !(errors.Is(err, store.ErrEmpty) && finished == 0) {
			t.Fatalf("kill %d: check: %v", kill, err)
		}
		infos, err := s.Snapshots()
		if err != nil {
			t.Fatal(err)
		}
		done := len(infos) > 0 && infos[0].ID == want[side]
		if !done && !killed {
			t.Fatalf("kill %d: an undisturbed build did not give snapshot %s", kill, want[side])
		}
		if !done && finished > 0 && infos[0].ID != want[1-side] {
			t.Fatalf("kill %d: the newest snapshot is %s, neither %s nor %s", kill, infos[0].ID, want[1-side], want[side])
		}
		if done {
			finished++
			side = 1 - side
			if _, err := s.Keep(t.Context(), store.Retention{Snapshots: 3}); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatalf("kill %d: close: %v", kill, err)
		}
	}
	if killBuilder(t, dir, sides[side], time.Hour) {
		t.Fatal("the last build was not to be killed")
	}
	s, err := store.Open(dir, store.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := latest(t, s).Info().ID; got != want[side] {
		t.Errorf("in the end the snapshot is %s, want %s", got, want[side])
	}
	t.Logf("%d kills, %d builds came to their end", kills, finished)
}

// killBuilder runs a builder and kills it so long after it began with the
// store, unless it has ended.
func killBuilder(t *testing.T, dir, path string, after time.Duration) (killed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], path)
	cmd.Env = append(os.Environ(), crashEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make([]byte, len("ready\n"))
	if _, err := out.Read(ready); err != nil {
		t.Fatalf("the builder did not begin: %v, %v", err, cmd.Wait())
	}
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	timer.Stop()
	exit := (*exec.ExitError)(nil)
	switch {
	case err == nil:
		return false
	case errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		return true
	}
	t.Fatalf("the builder: %v", err)
	return false
}
