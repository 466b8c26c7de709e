package main

import (
	"bytes"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"papergraph/graph"
	"papergraph/store"
)

// TestMain lets tests and scripts start the program under test as papergraph.
func TestMain(m *testing.M) {
	testscript.Main(tests{m}, map[string]func(){"papergraph": main})
}

// tests removes after all tests what they share.
type tests struct{ *testing.M }

func (t tests) Run() int {
	code := t.M.Run()
	if built.dir != "" {
		if err := os.RemoveAll(built.dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return code
}

// corpus is a listing of 83 papers.
const corpus = "../../testdata/corpus"

// built is a store of the corpus, built by the first test that wants one.
var built struct {
	once sync.Once
	dir  string
	err  error
}

// corpusStore returns a store of the corpus for reading.
func corpusStore(t testing.TB) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "papergraph-corpus"); built.err != nil {
			return
		}
		if out, err := exec.Command("papergraph", "build", "--quiet", "--store", built.dir, corpus).CombinedOutput(); err != nil {
			built.err = fmt.Errorf("build %s: %w\n%s", corpus, err, out)
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.dir
}

// copyStore copies a store for a test to write to.
func copyStore(t testing.TB, from string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "copy.db")
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return dir
}

// papergraph runs the program, which must succeed, and returns its output.
func papergraph(t *testing.T, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("papergraph", args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("papergraph %s: %v\n%s", strings.Join(args, " "), err, &stderr)
	}
	return stdout.String()
}

// Every command, as a script of testdata/script. Beside the environment that
// testscript gives, a script has $CORPUS, the folder of 83 papers, $STORE, a
// store of them for reading, and $FIELDS, the folder of examples of other fields.
func TestScript(t *testing.T) {
	folder, err := filepath.Abs(corpus)
	if err != nil {
		t.Fatal(err)
	}
	fields, err := filepath.Abs("../../testdata/fields")
	if err != nil {
		t.Fatal(err)
	}
	dir := corpusStore(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("CORPUS", folder)
			e.Setenv("STORE", dir)
			e.Setenv("FIELDS", fields)
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "root":
				return os.Getuid() == 0, nil
			case "renderer":
				_, dot := exec.LookPath("dot")
				_, own := exec.LookPath("papergraph-render")
				return dot == nil || own == nil, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status, "capture": capture, "hold": hold, "occupy": occupy, "longline": longLine, "png": isPNG, "truncated": truncated, "spoil": spoil,
		},
	})
}

// status N PROGRAM ARGS... runs a program that must end with exit code N.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status CODE PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit := (*exec.ExitError)(nil)
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// capture NAME PATTERN sets the variable NAME to what the pattern's first group
// matches in the last standard output.
func capture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: capture NAME PATTERN")
	}
	m := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(m) < 2 {
		ts.Fatalf("no match for %s", args[1])
	}
	ts.Setenv(args[0], m[1])
}

// hold STORE opens a store for writing until the script ends.
func hold(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: hold STORE")
	}
	s, err := store.Open(ts.MkAbs(args[0]), store.Options{})
	ts.Check(err)
	ts.Defer(func() {
		if err := s.Close(); err != nil {
			ts.Logf("close the held store: %v", err)
		}
	})
}

// occupy NAME listens on a free port until the script ends and sets the
// variable NAME to its address.
func occupy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: occupy NAME")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() {
		if err := l.Close(); err != nil {
			ts.Logf("close the listener: %v", err)
		}
	})
	ts.Setenv(args[0], l.Addr().String())
}

// longline FILE BYTES inserts, as the second line of a file, a record that is
// BYTES long.
func longLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: longline FILE BYTES")
	}
	size, err := strconv.Atoi(args[1])
	ts.Check(err)
	first, rest, _ := strings.Cut(ts.ReadFile(args[0]), "\n")
	const head, tail = `{"title": "A paper without an end", "abstract": "`, `"}`
	line := head + strings.Repeat("x", size-len(head)-len(tail)) + tail
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(first+"\n"+line+"\n"+rest), 0o666))
}

// truncated FILE takes the last byte off a file.
func truncated(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: truncated FILE")
	}
	s := ts.ReadFile(args[0])
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(s[:len(s)-1]), 0o666))
}

// spoil STORE ID deletes the record of a node from the newest snapshot of a
// store, behind the back of package store.
func spoil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: spoil STORE ID")
	}
	dir := ts.MkAbs(args[0])
	s, err := store.Open(dir, store.Options{ReadOnly: true})
	ts.Check(err)
	infos, err := s.Snapshots()
	ts.Check(err)
	ts.Check(s.Close())
	o := badger.DefaultOptions(dir).WithLogger(nil).WithExternalMagic('P'<<8 | store.FormatVersion).WithCompression(options.ZSTD)
	db, err := badger.OpenManaged(o)
	ts.Check(err)
	txn := db.NewTransactionAt(infos[0].Version, true)
	defer txn.Discard()
	id := graph.ID(args[1])
	ts.Check(txn.Delete(append([]byte{'N', byte(id.Kind().Rank() + 1)}, id.Slug()...)))
	ts.Check(txn.CommitAt(infos[0].Version, nil))
	ts.Check(db.Close())
}

// png FILE checks that a file is a PNG that decodes.
func isPNG(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: png FILE")
	}
	img, err := png.Decode(strings.NewReader(ts.ReadFile(args[0])))
	ts.Check(err)
	if b := img.Bounds(); b.Dx() < 100 || b.Dy() < 50 {
		ts.Fatalf("%s is only %v", args[0], b)
	}
}

// Where there is no Graphviz, papergraph-render beside papergraph draws: that is
// what README's first command leaves.
func TestPictureWithoutGraphviz(t *testing.T) {
	if testing.Short() {
		t.Skip("building papergraph-render takes a while")
	}
	t.Parallel()
	bin := t.TempDir()
	if out, err := exec.Command("go", "build", "-o", bin, "../papergraph-render").CombinedOutput(); err != nil {
		t.Fatalf("build papergraph-render: %v\n%s", err, out)
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Under this name the test binary is the program.
	if out, err := exec.Command("cp", program, filepath.Join(bin, "papergraph")).CombinedOutput(); err != nil {
		t.Fatalf("copy the program: %v\n%s", err, out)
	}
	draw := func(format string) []byte {
		cmd := exec.Command(filepath.Join(bin, "papergraph"), "export", "--store", corpusStore(t), "--focus", "LoRA", "--format", format)
		cmd.Env = append(os.Environ(), "PATH="+t.TempDir())
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("export --format %s: %v\n%s", format, err, &stderr)
		}
		return out
	}
	if got := draw("svg"); !bytes.Contains(got, []byte("<svg ")) || !bytes.Contains(got, []byte("LoRA")) {
		t.Errorf("not a drawing of LoRA:\n%.1000s", got)
	}
	if _, err := png.Decode(bytes.NewReader(draw("png"))); err != nil {
		t.Errorf("not a PNG: %v", err)
	}
}

// A mistake in the call has exit code 2, a line that says what is wrong, and
// one that says where help is. It touches no store.
func TestUsage(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.db")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"stat"}, `unknown command "stat", did you mean stats?`},
		{[]string{"--nope"}, "unknown flag: --nope"},
		{[]string{"build", "--jobs", "many", "x"}, `invalid argument "many" for "--jobs"`},
		{[]string{"build"}, "requires at least 1 arg"},
		{[]string{"query"}, "accepts 1 arg(s), received 0"},
		{[]string{"query", "{stats{papers}}", "extra"}, "accepts 1 arg(s), received 2"},
		{[]string{"query", "{stats{papers}}", "--var", "novalue"}, `--var "novalue": expected name=value`},
		{[]string{"search"}, "requires at least 1 arg"},
		{[]string{"search", "lora", "--limit", "0"}, "--limit 0: at least 1"},
		{[]string{"search", "lora", "--kinds", "gene"}, `unknown kind "gene": expected one of [paper method`},
		{[]string{"resolve"}, "requires at least 1 arg"},
		{[]string{"export", "lora"}, `unknown command "lora"`},
		{[]string{"export", "--format", "pdf"}, `--format "pdf": expected one of dot, svg, png, mermaid, json, csv, facts`},
		{[]string{"export", "--kinds", "gene"}, `unknown kind "gene"`},
		{[]string{"export", "--relations", "marries"}, `unknown relation "marries"`},
		{[]string{"export", "--depth", "-1"}, "cannot be negative"},
		{[]string{"export", "--max-nodes=-1"}, "cannot be negative"},
		{[]string{"export", "--format", "facts", "--min-confidence", "2"}, "--min-confidence 2: expected 0 to 1"},
		{[]string{"build", "--min-confidence", "-1", "."}, "--min-confidence -1: expected 0 to 1"},
		{[]string{"up", "--min-confidence", "NaN", "."}, "--min-confidence NaN: expected 0 to 1"},
		{[]string{"export", "--format", "facts", "--focus", "LoRA"}, "--focus does not apply to --format facts"},
		{[]string{"eval"}, "--gold FILE is needed"},
		{[]string{"eval", "--gold", "g", "--errors", "all", "--reliability"}, "ask for one"},
		{[]string{"eval", "--gold", "g", "--min-confidence", "80"}, "--min-confidence 80: expected 0 to 1"},
		{[]string{"annotate"}, "requires at least 1 arg"},
		{[]string{"annotate", "papers.jsonl", "--min-confidence", "-0.1"}, "--min-confidence -0.1: expected 0 to 1"},
		{[]string{"train", "--gold", "gold.jsonl"}, "--gold, --papers and --output are needed"},
		{[]string{"train", "--gold", "g", "--papers", "p", "-o", "m", "--folds", "1"}, "--folds 1: at least 2"},
		{[]string{"train", "--gold", "g", "--papers", "p", "-o", "m", "--test-gold", "t"}, "--test-gold and --test-papers are needed together"},
		{[]string{"train", "--gold", "g", "--papers", "p", "-o", "m", "--seed", "x"}, `invalid argument "x" for "--seed"`},
		{[]string{"serve", "papers.jsonl"}, `unknown command "papers.jsonl"`},
		{[]string{"stats", "extra"}, `unknown command "extra" for "papergraph stats"`},
		{[]string{"snapshots", "extra"}, `unknown command "extra" for "papergraph snapshots"`},
		{[]string{"version", "extra"}, `unknown command "extra" for "papergraph version"`},
	} {
		t.Run(strings.Join(tt.args, " "), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), append(tt.args, "--store", missing), strings.NewReader(""), &stdout, &stderr); code != exitUsage {
				t.Errorf("exit code %d, want %d", code, exitUsage)
			}
			if stdout.Len() > 0 {
				t.Errorf("standard output: %s", &stdout)
			}
			first, rest, _ := strings.Cut(stderr.String(), "\n")
			if !strings.HasPrefix(first, "papergraph: ") || !strings.Contains(first, tt.want) {
				t.Errorf("it says %q, want %q in it", first, tt.want)
			}
			if rest != "papergraph: see papergraph --help\n" {
				t.Errorf("then it says %q", rest)
			}
		})
	}
	if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a mistake in the call made a store: %v", err)
	}
}

// Every command has a help text with all its flags, and every flag is used in
// a test.
func TestFlags(t *testing.T) {
	var tests strings.Builder
	for _, pattern := range []string{"testdata/script/*.txtar", "*_test.go"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no %s: %v", pattern, err)
		}
		for _, path := range paths {
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			tests.Write(b)
		}
	}
	used := func(word string) bool {
		return regexp.MustCompile(`[ "]` + regexp.QuoteMeta(word) + `[ "=\n]`).MatchString(tests.String())
	}
	for _, cmd := range newRoot(&globals{out: &output{}, call: call{getenv: os.Getenv}}).Commands() {
		t.Run(cmd.Name(), func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), []string{cmd.Name(), "--help"}, strings.NewReader(""), &stdout, &stderr); code != exitDone {
				t.Fatalf("exit code %d, want %d", code, exitDone)
			}
			if stderr.Len() > 0 {
				t.Errorf("help writes to standard error: %s", &stderr)
			}
			for _, want := range []string{cmd.UseLine(), cmd.Example} {
				if !strings.Contains(stdout.String(), want) {
					t.Errorf("help lacks %q:\n%s", want, &stdout)
				}
			}
			if !used("papergraph " + cmd.Name()) {
				t.Error("no script runs the command")
			}
			eachFlag(cmd, func(f *pflag.Flag) {
				if !strings.Contains(stdout.String(), "--"+f.Name) || f.Usage == "" {
					t.Errorf("help does not explain --%s", f.Name)
				}
				if !used("--" + f.Name) {
					t.Errorf("no test uses --%s", f.Name)
				}
			})
		})
	}
}

func eachFlag(cmd *cobra.Command, do func(*pflag.Flag)) {
	cmd.LocalFlags().VisitAll(do)
	cmd.InheritedFlags().VisitAll(do)
}
