package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/google/go-cmp/cmp"
)

// roleVariable makes the test binary play another process: see TestMain.
const roleVariable = "PAPERGRAPH_STORE_TEST_ROLE"

// TestMain plays the part that the environment asks for, for tests that need a
// second process, or a process that is killed.
func TestMain(m *testing.M) {
	role, dir, _ := strings.Cut(os.Getenv(roleVariable), " ")
	switch role {
	case "":
		os.Exit(m.Run())
	case "build":
		if err := buildForever(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "compact":
		if _, err := Compact(context.Background(), dir, Retention{Snapshots: 2}, Options{}); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "restore":
		f, err := os.Open(dir + ".backup")
		if err == nil {
			_, err = Restore(context.Background(), f, dir, Options{}, nil)
		}
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "fill":
		if err := buildUntilFull(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	case "open", "open-read-only":
		s, err := Open(dir, Options{ReadOnly: role == "open-read-only"})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if err := s.Close(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
}

// play starts the test binary in a role.
func play(t *testing.T, role, dir string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), roleVariable+"="+role+" "+dir)
	return cmd
}

func TestOpenRefuses(t *testing.T) {
	write := func(t *testing.T, dir, name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	built := func(t *testing.T, dir string) {
		t.Helper()
		s, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		publish(t, s, small(t), nil)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		name     string
		readOnly bool
		prepare  func(t *testing.T, dir string) (path string)
		want     error
		text     string
	}{
		{"missing, read-only", true, func(t *testing.T, dir string) string { return filepath.Join(dir, "none") }, ErrNotStore, "build one first"},
		{"empty, read-only", true, func(t *testing.T, dir string) string { return dir }, ErrNotStore, "is empty"},
		{"other things", false, func(t *testing.T, dir string) string { write(t, dir, "thesis.tex", "x"); return dir }, ErrNotStore, "thesis.tex"},
		{"other things, read-only", true, func(t *testing.T, dir string) string { write(t, dir, "thesis.tex", "x"); return dir }, ErrNotStore, "thesis.tex"},
		{"a file", false, func(t *testing.T, dir string) string {
			write(t, dir, "file", "x")
			return filepath.Join(dir, "file")
		}, ErrNotStore, "is a file"},
		{"below a file", false, func(t *testing.T, dir string) string {
			write(t, dir, "file", "x")
			return filepath.Join(dir, "file", "store")
		}, ErrNotStore, ""},
		{"another program's database", false, func(t *testing.T, dir string) string {
			db, err := badger.Open(badger.DefaultOptions(dir).WithLogger(nil))
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			return dir
		}, ErrNotStore, "another program"},
		{"a later format", false, func(t *testing.T, dir string) string {
			db, err := badger.OpenManaged(badger.DefaultOptions(dir).WithLogger(nil).WithExternalMagic('P'<<8 | (FormatVersion + 1)))
			if err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			return dir
		}, ErrFormat, fmt.Sprintf("has format %d, this papergraph reads format %d", FormatVersion+1, FormatVersion)},
		{"manifest overwritten", false, func(t *testing.T, dir string) string {
			built(t, dir)
			write(t, dir, "MANIFEST", "what?")
			return dir
		}, ErrDamaged, "manifest"},
		{"manifest with rubbish behind its head", false, func(t *testing.T, dir string) string {
			built(t, dir)
			b, err := os.ReadFile(filepath.Join(dir, "MANIFEST"))
			if err != nil {
				t.Fatal(err)
			}
			for i := 8; i < len(b); i++ {
				b[i] = 0xa5
			}
			write(t, dir, "MANIFEST", string(b))
			return dir
		}, ErrDamaged, ""},
		{"a table is missing", true, func(t *testing.T, dir string) string {
			built(t, dir)
			tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
			if err != nil || len(tables) == 0 {
				t.Fatalf("no tables: %v", err)
			}
			if err := os.Remove(tables[0]); err != nil {
				t.Fatal(err)
			}
			return dir
		}, ErrDamaged, "build it anew"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := tt.prepare(t, t.TempDir())
			before := files(t, path)
			s, err := Open(path, Options{ReadOnly: tt.readOnly})
			if err == nil {
				t.Fatal(errors.Join(errors.New("it was opened"), s.Close()))
			}
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got %v, want %v with %q", err, tt.want, tt.text)
			}
			if tt.want != ErrDamaged {
				if diff := cmp.Diff(before, files(t, path)); diff != "" {
					t.Errorf("the folder was changed (-before +after):\n%s", diff)
				}
			}
		})
	}
}

// files lists what is below a path, with sizes.
func files(t *testing.T, path string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil // what is not there has no files
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		list = append(list, fmt.Sprintf("%s %d", p, info.Size()))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Bytes of a table that changed on disk are an error, not another answer.
func TestDamagedTable(t *testing.T) {
	dir, tables := closedTables(t)
	for _, name := range tables {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := 100; i < len(b)*3/4; i += 500 {
			b[i] ^= 0x40
		}
		if err := os.WriteFile(name, b, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Open(dir, Options{ReadOnly: true})
	if err == nil {
		defer s.Close()
		var r *Snapshot
		if r, err = s.Latest(); err == nil {
			defer r.Close()
			for _, e := range r.AllNodes(context.Background()) {
				err = errors.Join(err, e)
			}
		}
	}
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("got %v, want ErrDamaged", err)
	}
}

func TestLocked(t *testing.T) {
	dir := t.TempDir()
	s := openAt(t, dir, Options{})
	publish(t, s, small(t), nil)
	for _, role := range []string{"open", "open-read-only"} {
		out, err := play(t, role, dir).Output()
		if err == nil || !strings.Contains(string(out), ErrLocked.Error()) || !strings.Contains(string(out), "stop the papergraph") {
			t.Errorf("%s in another process: %v, %q", role, err, out)
		}
	}
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("open twice in one process: %v", err)
	}
}

// Several may read at once, and nobody can write meanwhile.
func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	c := small(t)
	publish(t, s, c, nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	a, b := openAt(t, dir, Options{ReadOnly: true}), openAt(t, dir, Options{ReadOnly: true})
	for _, s := range []*Store{a, b} {
		if diff := cmp.Diff(expected(c), read(t, latest(t, s))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if _, err := s.Begin(context.Background()); !errors.Is(err, ErrReadOnly) {
			t.Errorf("begin: %v", err)
		}
	}
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrLocked) {
		t.Errorf("open for writing beside readers: %v", err)
	}
	if diff := cmp.Diff(before, files(t, dir)); diff != "" {
		t.Errorf("reading changed the folder (-before +after):\n%s", diff)
	}
}

// What must exist is not made, and a server's socket is nobody's thing.
func TestExisting(t *testing.T) {
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "missing")} {
		if _, err := Open(path, Options{Existing: true}); !errors.Is(err, ErrNotStore) {
			t.Errorf("open %s, which must exist: %v, want %v", path, err, ErrNotStore)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("opening left %v, error %v", entries, err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c := small(t)
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	publish(t, s, c, nil)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	again := openAt(t, dir, Options{Existing: true})
	if diff := cmp.Diff(expected(c), read(t, latest(t, again))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A folder that may not be written gives an error that says so. Root may write
// anywhere, so that the test becomes nobody where it is root.
func TestFolderThatMayNotBeWritten(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(filepath.Join(dir, "store"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	made, err := filepath.Glob(filepath.Join(dir, "store", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range made { // readable by all, as a shared store is
		if err := os.Chmod(name, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "empty"), 0o555); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "store"), 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.Chmod(filepath.Join(dir, "store"), 0o777); err != nil {
			t.Error(err)
		}
	})
	for _, name := range []string{"store", "empty", "empty/new"} {
		cmd := play(t, "open", filepath.Join(dir, name))
		if os.Geteuid() == 0 {
			exe, err := os.ReadFile(cmd.Path)
			if err != nil {
				t.Fatal(err)
			}
			cmd.Path = filepath.Join(dir, "store.test")
			if err := os.WriteFile(cmd.Path, exe, 0o755); err != nil {
				t.Fatal(err)
			}
			// The folders above a test's folder are their owner's alone.
			for d := dir; d != os.TempDir() && d != "/"; d = filepath.Dir(d) {
				if err := os.Chmod(d, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			cmd.Dir = "/"
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, err := cmd.Output()
		if errors.Is(err, syscall.EPERM) {
			t.Skipf("cannot start a process as another user: %v", err)
		}
		if err == nil || !strings.Contains(string(out), ErrReadOnly.Error()) || !strings.Contains(string(out), syscall.EACCES.Error()) {
			t.Errorf("%s: %v, %q", name, err, out)
		}
	}
}

// What a process that is killed builds, over and over: two corpora in turn, so
// that each build writes and deletes.
func crashCorpora() [2]*corpus {
	full := synthetic(150)
	return [2]*corpus{without(full, func(i int) bool { return i%3 == 0 }), without(full, func(i int) bool { return i%2 == 0 })}
}

// buildForever builds and publishes until it is killed, and says on standard
// output what is published.
func buildForever(dir string) error {
	s, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	corpora := crashCorpora()
	for i := 0; ; i++ {
		info, err := rebuild(s, corpora[i%2])
		if err != nil {
			return err
		}
		fmt.Println(info.ID)
	}
}

// rebuild makes a store hold one corpus and its facts alone.
func rebuild(s *Store, c *corpus) (Info, error) {
	w, err := s.Begin(context.Background())
	if err != nil {
		return Info{}, err
	}
	defer w.Discard()
	keep := make(map[string]bool)
	for _, f := range c.facts {
		keep[FactsKey(&f.Document)] = true
	}
	for key, err := range w.FactsKeys(context.Background()) {
		if err != nil {
			return Info{}, err
		}
		if !keep[key] {
			if err := w.DeleteFacts(key); err != nil {
				return Info{}, err
			}
		}
	}
	if err := errors.Join(putAll(w, c, nil), dropOthers(w, c)); err != nil {
		return Info{}, err
	}
	if err := w.flush(); err != nil {
		return Info{}, err
	}
	return w.Publish(context.Background(), Provenance{})
}

// A builder is killed at random moments. Whatever the moment, the store then
// opens, read-only too, answers from the last snapshot, and builds what an
// undisturbed store builds.
func TestKilledBuild(t *testing.T) {
	corpora := crashCorpora()
	var want [2]contents
	var ids [2]string
	for i, c := range corpora {
		s := open(t)
		ids[i] = publish(t, s, c, nil).ID
		want[i] = read(t, latest(t, s))
	}
	rng := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0))
	rounds := 8
	if testing.Short() {
		rounds = 2
	}
	dir := filepath.Join(t.TempDir(), "store")
	built := false // by a rerun
	for round := range rounds {
		cmd := play(t, "build", dir)
		var out, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		delay := time.Duration(rng.IntN(1200)) * time.Millisecond
		time.Sleep(delay)
		if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil || stderr.Len() > 0 {
			t.Fatalf("the builder ended by itself: %v, %s", err, stderr.String())
		}
		lines := strings.Fields(out.String())
		t.Logf("round %d: killed after %v and %d snapshots", round, delay, len(lines))

		var log bytes.Buffer
		s, err := Open(dir, Options{ReadOnly: true, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if errors.Is(err, ErrNotStore) && !built && len(lines) == 0 {
			continue // killed before there was a store
		}
		if err != nil {
			t.Fatalf("read-only after the kill: %v", err)
		}
		r, err := s.Latest()
		switch {
		case errors.Is(err, ErrEmpty) && len(lines) == 0:
		case err != nil:
			t.Fatal(err)
		default:
			i := 0
			if r.Info().ID == ids[1] {
				i = 1
			}
			if r.Info().ID != ids[i] {
				t.Errorf("snapshot %s, want one of %s", r.Info().ID, ids)
			}
			if diff := cmp.Diff(want[i], read(t, r)); diff != "" {
				t.Errorf("round %d: last snapshot (-want +got):\n%s", round, diff)
			}
			r.Close()
			infos, err := s.Snapshots()
			if err != nil || len(infos) < len(lines) {
				t.Errorf("%d snapshots of at least %d, %v", len(infos), len(lines), err)
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}

		// The rerun.
		s, err = Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		built = true
		i := round % 2
		info, err := rebuild(s, corpora[i])
		if err != nil {
			t.Fatal(err)
		}
		if info.ID != ids[i] {
			t.Errorf("rerun is %s, undisturbed %s", info.ID, ids[i])
		}
		r, err = s.Latest()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[i], read(t, r)); diff != "" {
			t.Errorf("round %d: rerun (-undisturbed +got):\n%s", round, diff)
		}
		r.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A writer may be killed when it has made a log and not yet written to it.
func TestOpenWithEmptyLogs(t *testing.T) {
	for _, readOnly := range []bool{false, true} {
		dir := t.TempDir()
		s, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		info := publish(t, s, small(t), nil)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"00077.mem", "000077.vlog"} {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if s, err = Open(dir, Options{ReadOnly: readOnly}); err != nil {
			t.Fatalf("read only %v: %v", readOnly, err)
		}
		r, err := s.Latest()
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Info().ID; got != info.ID {
			t.Errorf("read only %v: snapshot %s, want %s", readOnly, got, info.ID)
		}
		r.Close()
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
