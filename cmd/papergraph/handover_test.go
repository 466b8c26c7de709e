package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"papergraph/cmd/papergraph/handover"
	"papergraph/store"
)

// outcome is all that a run of the program shows.
type outcome struct {
	Code           int
	Stdout, Stderr string
}

// program is a run of papergraph.
type program struct {
	args  []string
	dir   string // working directory
	stdin string
	env   []string
}

// varying is what differs between two runs that do the same.
var varying = regexp.MustCompile(` in [0-9.µnm]+s, [0-9]+/s|20[0-9][0-9]-[0-9-]+T[0-9:.]+Z|[0-9.]+ [kM]B`)

func (p program) run(t *testing.T) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command("papergraph", p.args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.dir, strings.NewReader(p.stdin), &stdout, &stderr
	cmd.Env = append(os.Environ(), p.env...)
	if err := cmd.Run(); err != nil {
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
			t.Fatal(err)
		}
	}
	return outcome{cmd.ProcessState.ExitCode(), varying.ReplaceAllString(stdout.String(), "…"), varying.ReplaceAllString(stderr.String(), "…")}
}

// paperLines are made-up papers as JSON Lines.
func paperLines(t *testing.T, seed uint64, n int) string {
	t.Helper()
	var b strings.Builder
	if err := writePapers(&b, seed, n); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// workplace is a folder with inputs in it.
func workplace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"in/a.jsonl": paperLines(t, 1, 3), "in/b.jsonl": paperLines(t, 4, 2), "bad.jsonl": paperLines(t, 6, 1) + "{\n",
		"name.txt": "LoRA", "names/rocks.txt": "@kind dataset\n\nGravelBank-12\n",
		"gold.jsonl":               `{"title": "LoRA: Low-Rank Adaptation of Large Language Models", "task": [], "introduces": [], "uses": {"methods": [], "datasets": [], "metrics": []}}` + "\n",
		"papergraph.registry.toml": "[[same]]\nkind = \"method\"\nnames = [\"LoRA\", \"Low-Rank Adaptors of Rock\"]\n",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o777), os.WriteFile(path, []byte(text), 0o666)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A command does the same whether a server holds the store or nobody: output,
// errors, exit code, files, and the graph.
func TestHandOver(t *testing.T) {
	t.Parallel()
	alone, beside := workplace(t), workplace(t)
	for _, dir := range []string{alone, beside} {
		if err := os.CopyFS(filepath.Join(dir, "p.db"), os.DirFS(corpusStore(t))); err != nil {
			t.Fatal(err)
		}
	}
	s := startServer(t, "serve", "--store", filepath.Join(beside, "p.db"))
	variable := []string{"PAPERGRAPH_STORE=p.db"}
	programs := []program{
		{args: []string{"build", "in"}},
		{args: []string{"build", "./in/", "bad.jsonl", "missing.jsonl"}},
		{args: []string{"build", "-", "--jobs", "1"}, stdin: paperLines(t, 10, 20)},
		{args: []string{"build", "/dev/stdin"}, stdin: paperLines(t, 30, 1)},
		{args: []string{"build"}},
		{args: []string{"remove", "nosuch", "LoRA"}},
		{args: []string{"remove", "paper:lora-low-rank-adaptation-of-large-language-models"}},
		{args: []string{"query", "-"}, stdin: "{ stats { papers } }"},
		{args: []string{"query", "query($n: String!) { resolve(name: $n) { entity { id } } }", "--var", "n=@name.txt"}},
		{args: []string{"export", "--format", "facts", "-o", "facts.jsonl"}},
		{args: []string{"export", "-o", "missing/graph.dot"}},
		{args: []string{"snapshots"}},
		// What follows is left out of the short form.
		{args: []string{"build", "--strict", "bad.jsonl"}},
		{args: []string{"build", "-q", "in"}},
		{args: []string{"build", "--lexicon", "names", "in/a.jsonl"}},
		{args: []string{"build", "--lexicon", "nosuch", "in"}},
		{args: []string{"build", "--model", "nosuch", "in"}},
		{args: []string{"build", "--registry", "nosuch", "in"}},
		{args: []string{"build", "--tagger", "best", "in"}},
		{args: []string{"build", "--min-confidence", "2", "in"}},
		{args: []string{"remove", "paper:nosuch", "--min-confidence", "2"}},
		{args: []string{"query", "{ stats { papers edges } }"}},
		{args: []string{"query", "{ stats { stones } }"}},
		{args: []string{"query", "query($n: String!) { resolve(name: $n) { entity { id } } }", "--var", "n=@missing.txt"}},
		{args: []string{"search", "low-rank", "adaptation", "--json"}},
		{args: []string{"search", "zzzzzz"}},
		{args: []string{"resolve", "LoRA"}},
		{args: []string{"resolve", "no such thing"}},
		{args: []string{"export", "--format", "json"}},
		{args: []string{"export", "--format", "csv", "-o", "/dev/stdout"}},
		{args: []string{"export", "-o", "in"}},
		{args: []string{"eval", "--gold", "gold.jsonl"}},
		{args: []string{"eval", "--gold", "missing.jsonl"}},
		{args: []string{"eval", "--gold", "gold.jsonl", "--papers", "in/a.jsonl"}},
		{args: []string{"stats"}},
		{args: []string{"stats", "--json"}},
		{args: []string{"stats", "extra"}},
		{args: []string{"build", "--prune", "in", "bad.jsonl"}},
		{args: []string{"build", "--prune", "in"}},
		{args: []string{"backup", "p.backup"}},
		{args: []string{"check"}},
		{args: []string{"search", "--suggest", "lor"}},
		{args: []string{"build", "-q", "--keep", "2", "in"}},
		{args: []string{"restore", "nosuch.backup"}},
		{args: []string{"build", "--help"}},
		{args: []string{"serve", "extra"}},
	}
	if testing.Short() {
		programs = programs[:12]
	}
	for _, p := range programs {
		p.env = variable
		p.dir = alone
		want := p.run(t)
		p.dir = beside
		if d := cmp.Diff(want, p.run(t)); d != "" {
			t.Errorf("papergraph %s (-alone +beside a server):\n%s", strings.Join(p.args, " "), d)
		}
	}
	read := func(dir string) string {
		b, err := os.ReadFile(filepath.Join(dir, "facts.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if d := cmp.Diff(read(alone), read(beside)); d != "" || read(alone) == "" {
		t.Errorf("files (-alone +beside a server):\n%s", d)
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d, want %d\n%s", code, exitDone, s.stderr)
	}
	if _, err := os.Lstat(filepath.Join(beside, "p.db", handover.SocketName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket of a server that has ended: %v", err)
	}
	// What the server wrote is in the store that it left.
	if a, b := newest(t, filepath.Join(alone, "p.db")), newest(t, filepath.Join(beside, "p.db")); a != b {
		t.Errorf("the newest snapshot is %s, beside a server %s", a, b)
	}
}

// etag asks for a page and returns its ETag.
func etag(t *testing.T, url, known string) (tag string, status int) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("If-None-Match", known)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.Header.Get("ETag"), response.StatusCode
}

// A server goes over to a new snapshot by itself, unless it is told to stay.
func TestServeNewest(t *testing.T) {
	t.Parallel()
	for name, pinned := range map[string]bool{"newest": false, "as of": true} {
		t.Run(name, func(t *testing.T) {
			dir := copyStore(t, corpusStore(t))
			first := newest(t, dir)
			args := []string{"serve", "--store", dir}
			if pinned {
				args = append(args, "--as-of", first)
			}
			s := startServer(t, args...)
			tag, _ := etag(t, s.url+"/browse", "")
			if _, status := etag(t, s.url+"/browse", tag); status != http.StatusNotModified {
				t.Errorf("the page has status %d the second time", status)
			}
			before := program{args: []string{"stats", "--store", dir}}.run(t)
			if got := (program{args: []string{"build", "-q", "--store", dir, "-"}, stdin: paperLines(t, 1, 5)}).run(t); got != (outcome{}) {
				t.Fatalf("build: %+v", got)
			}
			papers, status := `"papers":88`, http.StatusOK
			if pinned {
				papers, status = `"papers":83`, http.StatusNotModified
			}
			if body, _ := get(t, s.url+"/healthz", 200); !strings.Contains(body, papers) {
				t.Errorf("healthz says %s, want %s", body, papers)
			}
			if body, _ := get(t, s.url+"/graphql?query={stats{papers}}", 200); !strings.Contains(body, papers) {
				t.Errorf("GraphQL says %s, want %s", body, papers)
			}
			if _, got := etag(t, s.url+"/browse", tag); got != status {
				t.Errorf("the page has status %d after a build, want %d", got, status)
			}
			// Dropping the snapshot that it serves does not disturb it.
			if got := (program{args: []string{"compact", "--keep", "1", "--store", dir}}).run(t); got.Code != exitDone ||
				!strings.HasPrefix(got.Stderr, "papergraph: dropped snapshot "+first) {
				t.Errorf("compact --keep: %+v", got)
			}
			if got := (program{args: []string{"compact", "--store", dir}}).run(t); got.Code != exitFailed || !strings.Contains(got.Stderr, "stop the server") {
				t.Errorf("compact: %+v", got)
			}
			if body, _ := get(t, s.url+"/method/lora.json", 200); !strings.Contains(body, "method:lora") {
				t.Errorf("after its snapshot was dropped the server says %.500s", body)
			}
			// Commands work with the newest in either case.
			if after := (program{args: []string{"stats", "--store", dir}}).run(t); after == before {
				t.Errorf("stats are what they were: %s", after.Stdout)
			}
			if code := s.stop(t); code != exitDone {
				t.Errorf("exit code %d\n%s", code, s.stderr)
			}
		})
	}
}

// Readers see whole snapshots while builds go on, each later than the one
// before, and never an error.
func TestReadersWhileBuilding(t *testing.T) {
	t.Parallel()
	builds, batch := 12, 40
	if testing.Short() {
		builds = 3
	}
	dir := copyStore(t, corpusStore(t))
	s := startServer(t, "serve", "--store", dir)
	query := s.url + "/graphql?query=" + url.QueryEscape(`{
		stats { papers edges snapshot { id } }
		papers(first: 1) { totalCount }
		method(id: "LoRA") { name usedBy(first: 3) { totalCount nodes { title } } }
		subgraph(ids: ["LoRA"], maxNodes: 20) { snapshot nodes { id name } edges { from { id } to { id } relation } }
	}`)
	type state struct {
		Papers, Edges int
		Snapshot      string
	}
	var mu sync.Mutex
	seen := map[state]int{}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			last := 0
			for {
				select {
				case <-done:
					return
				default:
				}
				response, err := http.Get(query)
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(response.Body)
				if err := errors.Join(err, response.Body.Close()); err != nil {
					t.Error(err)
					return
				}
				var answer struct {
					Data struct {
						Stats    struct{ Papers, Edges int }
						Papers   struct{ TotalCount int }
						Subgraph struct{ Snapshot string }
					}
					Errors []any
				}
				if err := json.Unmarshal(body, &answer); err != nil || len(answer.Errors) > 0 {
					t.Errorf("error %v in %.500s", err, body)
					return
				}
				d := answer.Data
				if d.Stats.Papers != d.Papers.TotalCount || (d.Stats.Papers-83)%batch != 0 || d.Stats.Papers < last {
					t.Errorf("after %d papers a reader sees %d, and a list of %d", last, d.Stats.Papers, d.Papers.TotalCount)
				}
				last = d.Stats.Papers
				mu.Lock()
				seen[state{d.Stats.Papers, d.Stats.Edges, d.Subgraph.Snapshot}]++
				mu.Unlock()
			}
		})
	}
	for i := range builds {
		if got := (program{args: []string{"build", "-q", "--store", dir, "-"}, stdin: paperLines(t, uint64(1+i), batch)}).run(t); got != (outcome{}) {
			t.Errorf("build: %+v", got)
		}
	}
	close(done)
	readers.Wait()
	papers := map[int]bool{}
	for s := range seen {
		if papers[s.Papers] {
			t.Errorf("there are two graphs of %d papers: %v", s.Papers, seen)
		}
		papers[s.Papers] = true
	}
	if len(seen) < 2 {
		t.Errorf("the readers saw only %v", seen)
	}
	if code := s.stop(t); code != exitDone || regexp.MustCompile(`level=(WARN|ERROR)`).MatchString(s.stderr.String()) {
		t.Errorf("exit code %d\n%s", code, s.stderr)
	}
}

// running is a build that waits for the rest of its standard input.
type running struct {
	*exec.Cmd
	stdin  io.WriteCloser
	stderr lockedBuffer
}

// startBuild starts a build from standard input that has got some papers.
func startBuild(t *testing.T, store string, seed uint64, n int) *running {
	t.Helper()
	r := &running{Cmd: exec.Command("papergraph", "build", "--store", store, "-")}
	r.Stderr = &r.stderr
	var err error
	if r.stdin, err = r.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Process.Kill() }) // it may have ended
	// More than a pipe holds, so that the build has begun to read when all is
	// written.
	w := bufio.NewWriter(r.stdin)
	if err := errors.Join(writePapers(w, seed, n), w.Flush()); err != nil {
		t.Fatal(err)
	}
	return r
}

// end waits for a build and returns its exit code.
func (r *running) end(t *testing.T) int {
	t.Helper()
	deadline := time.AfterFunc(time.Minute, func() { _ = r.Process.Kill() }) // it may have ended
	defer deadline.Stop()
	if err := r.Wait(); err != nil {
		if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) {
			t.Fatal(err)
		}
	}
	return r.ProcessState.ExitCode()
}

// A build beside a server that is interrupted or killed publishes nothing, and
// the server goes on.
func TestStoppedClient(t *testing.T) {
	t.Parallel()
	dir := copyStore(t, corpusStore(t))
	s := startServer(t, "serve", "--store", dir)
	before := newest(t, dir)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		b := startBuild(t, dir, 1, 500)
		if err := b.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		code := b.end(t)
		if signal != syscall.SIGKILL && (code != exitFailed || !strings.HasSuffix(b.stderr.String(), "papergraph: interrupted\n")) {
			t.Errorf("%v: exit code %d, standard error %q", signal, code, &b.stderr)
		}
		// The next has its turn when that one has ended.
		if got := (program{args: []string{"build", "-q", "--store", dir, "-"}, stdin: "{\n"}).run(t); got.Code != exitPartial {
			t.Errorf("after %v the next build ends in %+v", signal, got)
		}
		for line := range strings.Lines(papergraph(t, "snapshots", "--store", dir)) {
			if !strings.HasPrefix(line, before) {
				t.Errorf("after %v there is the snapshot %s, want only %s", signal, line, before)
			}
		}
	}
	get(t, s.url+"/method/lora", 200)
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d\n%s", code, s.stderr)
	}
}

// The second of two builds waits for the first and says for whom.
func TestTwoBuilds(t *testing.T) {
	t.Parallel()
	dir := copyStore(t, corpusStore(t))
	s := startServer(t, "serve", "--store", dir)
	first := startBuild(t, dir, 1, 300)
	second := exec.Command("papergraph", "build", "--store", dir, "-")
	second.Stdin = strings.NewReader(paperLines(t, 301, 10))
	said, err := second.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(said)
	if !lines.Scan() {
		t.Fatal("the second build says nothing")
	}
	who := call{args: first.Args[1:], by: &handover.Command{Request: handover.Request{Process: first.Process.Pid}}}
	if want := fmt.Sprintf("papergraph: waiting for %v", who); lines.Text() != want {
		t.Errorf("the second build says %q, want %q", lines.Text(), want)
	}
	// Readers do not wait.
	if got := papergraph(t, "query", "--store", dir, "{stats{papers}}"); !strings.Contains(got, "83") {
		t.Errorf("query while two builds go on: %s", got)
	}
	if err := first.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if code := first.end(t); code != exitDone || !strings.Contains(first.stderr.String(), ": 383 papers") {
		t.Errorf("the first build: exit code %d\n%s", code, &first.stderr)
	}
	rest, err := io.ReadAll(said)
	if err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		rest = append(rest, lines.Bytes()...)
	}
	if err := second.Wait(); err != nil {
		t.Errorf("the second build: %v\n%s", err, rest)
	}
	if got := papergraph(t, "query", "--store", dir, "{stats{papers}}"); !strings.Contains(got, "393") {
		t.Errorf("after two builds: %s", got)
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d\n%s", code, s.stderr)
	}
}

// A build whose server is stopped or killed says so, publishes nothing, and the
// next one, without a server, gives what an undisturbed one gives.
func TestStoppedServer(t *testing.T) {
	t.Parallel()
	undisturbed := copyStore(t, corpusStore(t))
	in := paperLines(t, 1, 300)
	if got := (program{args: []string{"build", "-q", "--store", undisturbed, "-"}, stdin: in}).run(t); got != (outcome{}) {
		t.Fatalf("build: %+v", got)
	}
	want := newest(t, undisturbed)
	for _, tt := range []struct {
		signal syscall.Signal
		says   string
	}{
		{syscall.SIGTERM, "papergraph: interrupted: the server that holds the store was stopped\n"},
		{syscall.SIGKILL, "papergraph: the server that holds the store ended before the command was done; run it again\n"},
	} {
		dir := copyStore(t, corpusStore(t))
		s := startServer(t, "serve", "--store", dir)
		b := startBuild(t, dir, 1, 300)
		if err := s.cmd.Process.Signal(tt.signal); err != nil {
			t.Fatal(err)
		}
		if code := b.end(t); code != exitFailed || !strings.HasSuffix(b.stderr.String(), tt.says) {
			t.Errorf("%v: exit code %d, standard error %q, want %q", tt.signal, code, &b.stderr, tt.says)
		}
		if err := <-s.ended; tt.signal == syscall.SIGTERM && err != nil {
			t.Errorf("the server ends in %v\n%s", err, s.stderr)
		}
		if got := papergraph(t, "query", "--store", dir, "{stats{papers}}"); !strings.Contains(got, "83") {
			t.Errorf("after %v the store says %s", tt.signal, got)
		}
		if got := (program{args: []string{"build", "-q", "--store", dir, "-"}, stdin: in}).run(t); got != (outcome{}) {
			t.Errorf("the next build: %+v", got)
		}
		if got := newest(t, dir); got != want {
			t.Errorf("after %v the snapshot is %s, want %s", tt.signal, got, want)
		}
		// The socket that the killed one left is in nobody's way.
		again := startServer(t, "serve", "--store", dir)
		if got := papergraph(t, "query", "--store", dir, "{stats{papers}}"); !strings.Contains(got, "383") {
			t.Errorf("the next server says %s", got)
		}
		if code := again.stop(t); code != exitDone {
			t.Errorf("exit code %d\n%s", code, again.stderr)
		}
	}
}

// A server may be killed at any moment of the builds that it runs, and is there
// again: the store has one of the snapshots that were published, and grows.
func TestKilledServer(t *testing.T) {
	t.Parallel()
	kills := 12
	if testing.Short() {
		kills = 2
	}
	dir := copyStore(t, corpusStore(t))
	in := filepath.Join(t.TempDir(), "in.jsonl")
	if err := os.WriteFile(in, []byte(paperLines(t, 1, 400)), 0o666); err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	for range kills {
		s := startServer(t, "serve", "--store", dir)
		b := exec.Command("papergraph", "build", "-q", "--store", dir, in)
		if err := b.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Float64() * float64(1500*time.Millisecond)))
		if err := s.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		<-s.ended
		_ = b.Wait() // says how it ended, which the store tells too
		if got := papergraph(t, "query", "--store", dir, "{stats{papers}}"); !strings.Contains(got, `"papers": 83`) && !strings.Contains(got, `"papers": 483`) {
			t.Fatalf("the store says %s", got)
		}
	}
	papergraph(t, "build", "-q", "--store", dir, in)
	undisturbed := copyStore(t, corpusStore(t))
	papergraph(t, "build", "-q", "--store", undisturbed, in)
	if got, want := newest(t, dir), newest(t, undisturbed); got != want {
		t.Errorf("after killed servers the snapshot is %s, want %s", got, want)
	}
}

// A store has one server; the next is told where it is.
func TestSecondServer(t *testing.T) {
	t.Parallel()
	dir := copyStore(t, corpusStore(t))
	s := startServer(t, "serve", "--store", dir)
	for _, args := range [][]string{{"serve"}, {"up"}, {"up", corpus}, {"serve", "--as-of", "ffffffff"}} {
		got := program{args: append(args, "--store", dir, "--addr", "127.0.0.1:0")}.run(t)
		want := "papergraph: " + store.ErrLocked.Error() + ": a server is running on " + s.url + "/; papergraph build adds papers to what it serves, or stop it first\n"
		if got.Code != exitFailed || got.Stderr != want {
			t.Errorf("papergraph %s: %+v, want %q", args, got, want)
		}
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d\n%s", code, s.stderr)
	}
}

// up takes commands too, also where its store is a long way down.
func TestHandOverToUp(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("far/", 50), "p.db")
	s := startServer(t, "up", "--store", dir, corpus)
	if got := (program{args: []string{"build", "-q", "--store", dir, "-"}, stdin: paperLines(t, 1, 2)}).run(t); got != (outcome{}) {
		t.Errorf("build: %+v", got)
	}
	if body, _ := get(t, s.url+"/healthz", 200); !strings.Contains(body, `"papers":85`) {
		t.Errorf("healthz says %s", body)
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d\n%s", code, s.stderr)
	}
}

// A store can be read while up builds, before it serves.
func TestCommandsBeforeServing(t *testing.T) {
	t.Parallel()
	dir := copyStore(t, corpusStore(t))
	cmd := exec.Command("papergraph", "up", "--store", dir, "--addr", "127.0.0.1:0", "-")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan string, 1)
	go func() {
		defer stdin.Close()
		w := bufio.NewWriter(stdin)
		if err := errors.Join(writePapers(w, 1, 300), w.Flush()); err != nil {
			t.Error(err)
		}
		// The build has begun to read, and goes on when standard input ends.
		out, err := exec.Command("papergraph", "query", "--store", dir, "{stats{papers}}").CombinedOutput()
		asked <- fmt.Sprint(string(out), err)
	}()
	s := start(t, cmd)
	if got := <-asked; !strings.Contains(got, `"papers": 83`) {
		t.Errorf("while up builds the store says %s", got)
	}
	if body, _ := get(t, s.url+"/healthz", 200); !strings.Contains(body, `"papers":383`) {
		t.Errorf("healthz says %s", body)
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d\n%s", code, s.stderr)
	}
	if got := s.stderr.String(); !strings.Contains(got, "papergraph query --store") {
		t.Errorf("the log lacks a command:\n%s", got)
	}
}

// Bars of a build that a server runs are drawn on the client's terminal.
func TestTerminalBesideServer(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("script"); err != nil {
		t.Skip("no terminal to try: script of util-linux is not installed")
	}
	dir := copyStore(t, corpusStore(t))
	s := startServer(t, "serve", "--store", dir)
	cmd := exec.Command("script", "--quiet", "--return", "--command", "stty cols 100 rows 24; papergraph build --store '"+dir+"' "+corpus, os.DevNull)
	cmd.Env = append(os.Environ(), "TERM=xterm")
	got, err := cmd.Output()
	if err != nil {
		t.Fatalf("build on a terminal: %v\n%s", err, got)
	}
	for _, want := range []string{"extract ", "83 papers", "100 %", "publish ", "snapshot "} {
		if !strings.Contains(string(got), want) {
			t.Errorf("no %q on the terminal:\n%q", want, got)
		}
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d\n%s", code, s.stderr)
	}
}

// A store that cannot be written is served, and others can read beside it.
func TestServeReadOnly(t *testing.T) {
	t.Parallel()
	attributes := &syscall.SysProcAttr{}
	dir := copyStore(t, corpusStore(t))
	if os.Getuid() == 0 { // who may write anywhere, so that nobody serves
		attributes.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	base, err := os.MkdirTemp("", "papergraph-read-only")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(os.Chmod(filepath.Join(base, "p.db"), 0o755), os.RemoveAll(base)); err != nil {
			t.Error(err)
		}
	})
	if err := errors.Join(os.Chmod(base, 0o755), os.CopyFS(filepath.Join(base, "p.db"), os.DirFS(dir))); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(base, "p.db")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Chmod(filepath.Join(dir, e.Name()), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(executable)
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(base, "papergraph") // under this name the test binary is the program
	if err := os.WriteFile(binary, b, 0o755); err != nil {
		t.Fatal(err)
	}
	s := start(t, func() *exec.Cmd {
		cmd := exec.Command(binary, "serve", "--store", dir, "--addr", "127.0.0.1:0")
		cmd.SysProcAttr = attributes
		cmd.Env = append(os.Environ(), "TMPDIR=/tmp")
		return cmd
	}())
	if body, _ := get(t, s.url+"/healthz", 200); !strings.Contains(body, `"papers":83`) {
		t.Errorf("healthz says %s", body)
	}
	if got := papergraph(t, "query", "--store", dir, "{stats{papers}}"); !strings.Contains(got, "83") {
		t.Errorf("query beside the server: %s", got)
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d\n%s", code, s.stderr)
	}
}
