package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A build that waits for its input ends at an interrupt, and the store is as it
// was before.
func TestInterruptedBuild(t *testing.T) {
	t.Parallel()
	dir := copyStore(t, corpusStore(t))
	before := papergraph(t, "snapshots", "--store", dir)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			cmd := exec.Command("papergraph", "build", "--store", dir, "-")
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			var stderr lockedBuffer
			cmd.Stderr = &stderr
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			deadline := time.AfterFunc(time.Minute, func() { _ = cmd.Process.Kill() }) // it may have ended meanwhile
			defer deadline.Stop()
			// More than a pipe holds, so that the build has begun to read when
			// all is written.
			w := bufio.NewWriter(stdin)
			if err := writePapers(w, 1, 500); err != nil {
				t.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			err = cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != exitFailed {
				t.Errorf("%v, want exit code %d", err, exitFailed)
			}
			if got, want := stderr.String(), "papergraph: interrupted\n"; got != want {
				t.Errorf("standard error is %q, want %q", got, want)
			}
			if after := papergraph(t, "snapshots", "--store", dir); after != before {
				t.Errorf("the store has\n%s\nwant\n%s", after, before)
			}
		})
	}
}

// A reader that has enough is no error to report.
func TestBrokenPipe(t *testing.T) {
	dir := corpusStore(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	var stderr bytes.Buffer
	cmd := exec.Command("papergraph", "export", "--store", dir, "--format", "json", "--max-nodes", "0")
	cmd.Stdout, cmd.Stderr = w, &stderr
	if err := cmd.Run(); err == nil {
		t.Error("the program succeeds, though nobody read its output")
	}
	if stderr.Len() > 0 {
		t.Errorf("standard error: %s", &stderr)
	}

	// The same where the writer is not the process's own.
	if code := run(t.Context(), []string{"export", "--store", dir}, strings.NewReader(""), closedPipe{}, &stderr); code != exitFailed || stderr.Len() > 0 {
		t.Errorf("exit code %d, standard error %q, want %d and nothing", code, &stderr, exitFailed)
	}
}

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "|1", Err: syscall.EPIPE}
}

// Bars are drawn on a terminal, and only there.
func TestTerminal(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("script"); err != nil {
		t.Skip("no terminal to try: script of util-linux is not installed")
	}
	dir := filepath.Join(t.TempDir(), "papergraph.db")
	build := func(flags string) string {
		cmd := exec.Command("script", "--quiet", "--return", "--command", "stty cols 100 rows 24; papergraph build "+flags+" --store '"+dir+"' "+corpus, os.DevNull)
		cmd.Env = append(os.Environ(), "TERM=xterm")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("build on a terminal: %v\n%s", err, out)
		}
		return string(out)
	}
	got := build("")
	for _, want := range []string{"extract ", "83 papers", "100 %", "publish "} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q on the terminal:\n%q", want, got)
		}
	}
	if testing.Short() {
		return
	}
	if got := build("-q"); got != "" {
		t.Errorf("a quiet build draws %q", got)
	}
}

// A build may be killed at any moment: the store opens and has the last
// snapshot, and the next build gives what an undisturbed one gives.
func TestKilledBuild(t *testing.T) {
	t.Parallel()
	papers, kills := 2000, 10
	if testing.Short() {
		papers, kills = 200, 2
	}
	base := corpusStore(t)
	before := papergraph(t, "snapshots", "--store", base)
	input := filepath.Join(t.TempDir(), "papers.jsonl")
	f, err := os.Create(input)
	if err != nil {
		t.Fatal(err)
	}
	w := bufio.NewWriter(f)
	if err := errors.Join(writePapers(w, 1, papers), w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}

	undisturbed := copyStore(t, base)
	start := time.Now()
	papergraph(t, "build", "-q", "--store", undisturbed, input)
	length := time.Since(start)
	want := newest(t, undisturbed)

	seed := rand.Uint64()
	t.Logf("an undisturbed build of %d papers takes %s; seed %d", papers, length.Round(time.Millisecond), seed)
	random := rand.New(rand.NewPCG(seed, 0))
	dir := copyStore(t, base)
	killed := 0
	for i := range kills {
		// One kill in each part of the build, from its first moments to its
		// last.
		at := time.Duration((float64(i) + random.Float64()) / float64(kills) * float64(length))
		cmd := exec.Command("papergraph", "build", "-q", "--store", dir, input)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(at)
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		_ = cmd.Wait() // says how it ended, which the store tells too
		after := papergraph(t, "snapshots", "--store", dir)
		if after != before {
			// It was done. What it published must be right; go on with a store
			// that has not got it.
			if got := newest(t, dir); got != want {
				t.Fatalf("killed after %s of %s: the newest snapshot is %s, want %s\n%s", at, length, got, want, after)
			}
			dir = copyStore(t, base)
			continue
		}
		killed++
		if got := papergraph(t, "query", "--store", dir, `{ stats { papers } method(id: "LoRA") { id usedBy { totalCount } } }`); !strings.Contains(got, `"papers": 83`) || !strings.Contains(got, `"method:lora"`) {
			t.Fatalf("killed after %s of %s, the store answers %s", at, length, got)
		}
	}
	if killed == 0 {
		t.Errorf("none of %d builds was killed before its end", kills)
	}
	papergraph(t, "build", "-q", "--store", dir, input)
	if got := newest(t, dir); got != want {
		t.Errorf("after %d killed builds the snapshot is %s, want %s", killed, got, want)
	}
	if got, want := papergraph(t, "export", "--store", dir, "--format", "csv"), papergraph(t, "export", "--store", undisturbed, "--format", "csv"); got != want {
		t.Error("the export differs from that of an undisturbed build")
	}
}

// newest is the id of a store's newest snapshot.
func newest(t *testing.T, dir string) string {
	t.Helper()
	id, _, _ := strings.Cut(papergraph(t, "snapshots", "--store", dir), " ")
	return id
}

// writePapers writes n made-up papers, of which each seed has its own.
func writePapers(w io.Writer, seed uint64, n int) error {
	random := rand.New(rand.NewPCG(seed, 0))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	syllable := func() string {
		return pick("ba", "ce", "di", "fo", "gu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu")
	}
	for i := range n {
		name := strings.ToUpper(syllable()) + syllable() + syllable() + pick("Net", "Former", "LM", "Flow", "Bench")
		task := pick("image classification", "machine translation", "federated learning", "question answering", "3D reconstruction", "graph classification")
		concept := pick("knowledge distillation", "mixture of experts", "self-supervised learning", "low-rank adaptation", "model merging")
		method := pick("LoRA", "BERT", "ResNet", "Transformer", "FedAvg", "GAN", "U-Net")
		dataset := pick("ImageNet", "GLUE", "CIFAR-10", "SQuAD", "COCO", "WikiText-103")
		_, err := fmt.Fprintf(w, `{"title": "%s %d: %s by %s", "abstract": "We study %s and introduce %s, a method that builds on %s and on %s. `+
			`On %s, %s reaches %d.%d%% accuracy and outperforms %s by %d points. Our experiments show that %s makes %s up to %dx faster. Code: https://code.example/%s/%d", "year": %d, "authors": ["%s %s", "%s %s"]}`+"\n",
			name, i, task, concept, task, name, method, concept,
			dataset, name, 60+random.IntN(39), random.IntN(10), pick("BERT", "ResNet", "FedAvg"), 1+random.IntN(9), concept, task, 2+random.IntN(8),
			strings.ToLower(name), i, 2015+random.IntN(10), pick("Ada", "Ben", "Chi", "Dov"), syllable()+syllable(), pick("Eva", "Fay", "Gus"), syllable())
		if err != nil {
			return fmt.Errorf("write made-up papers: %w", err)
		}
	}
	return nil
}
