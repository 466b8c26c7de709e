package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// server is a papergraph serve or up that a test started.
type server struct {
	url    string // without a slash at its end
	cmd    *exec.Cmd
	ended  chan error // receives what Wait says
	stderr *lockedBuffer
}

// lockedBuffer may be read while a program still writes to it.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var servingLine = regexp.MustCompile(`^papergraph: serving snapshot [0-9a-f]+ on (http\S+)/ `)

// startServer starts a command that serves, on a free port, and returns when
// it does. The server is killed when the test ends, if it has not ended before.
func startServer(t testing.TB, args ...string) *server {
	t.Helper()
	return start(t, exec.Command("papergraph", append(args, "--addr", "127.0.0.1:0")...))
}

// start is startServer of any command.
func start(t testing.TB, cmd *exec.Cmd) *server {
	t.Helper()
	s := &server{cmd: cmd, ended: make(chan error, 1), stderr: &lockedBuffer{}}
	r, w := io.Pipe()
	s.cmd.Stderr = io.MultiWriter(s.stderr, w)
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.ended <- s.cmd.Wait()
		_ = w.Close() // never fails
	}()
	t.Cleanup(func() {
		if s.cmd.ProcessState == nil {
			_ = s.cmd.Process.Kill() // it may have ended meanwhile
		}
	})
	address := make(chan string, 1)
	go func() {
		defer close(address)
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			if m := servingLine.FindStringSubmatch(lines.Text()); m != nil {
				address <- m[1]
			}
		}
		_, _ = io.Copy(io.Discard, r) // never fails; keeps the program from waiting for us
	}()
	s.url = <-address
	if s.url == "" {
		t.Fatalf("%s does not serve:\n%s", cmd, s.stderr)
	}
	return s
}

// stop ends the server as an operator does and returns its exit code.
func (s *server) stop(t testing.TB) int {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-s.ended:
		if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
			t.Fatal(err)
		}
	case <-time.After(time.Minute):
		t.Fatalf("the server does not end:\n%s", s.stderr)
	}
	return s.cmd.ProcessState.ExitCode()
}

// get fetches an address, which must answer with the status.
func get(t *testing.T, url string, status int) (body, contentType string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != status {
		t.Fatalf("GET %s: status %s, want %d\n%.500s", url, response.Status, status, b)
	}
	return string(b), response.Header.Get("Content-Type")
}

func TestServe(t *testing.T) {
	t.Parallel()
	dir := copyStore(t, corpusStore(t))
	s := startServer(t, "serve", "--store", dir)
	for _, tt := range []struct {
		path        string
		status      int
		contentType string
		want        string
	}{
		{"/healthz", 200, "application/json", `"papers":83`},
		{"/", 200, "text/html", "<html"},
		{"/browse", 200, "text/html", "/method/lora"},
		{"/schema.graphql", 200, "", "type Query"},
		{"/graphql?query={stats{papers}}", 200, "application/json", `"papers":83`},
		{"/graphql?query={method(id:%22LoRA%22){id}paper(id:%22nosuch%22){id}}", 200, "application/json", `{"data":{"method":{"id":"method:lora"},"paper":null}}`},
		{"/graphql?query={stats{papers}", 200, "application/json", "GRAPHQL_PARSE_FAILED"},
		{"/method/lora", 200, "text/html", "LoRA"},
		{"/method/lora.json", 200, "application/json", `"method:lora"`},
		{"/method/lora.csv", 200, "text/csv", "from,fromName,relation"},
		{"/method/lora.dot", 200, "", "digraph"},
		{"/method/nosuch", 404, "text/plain", "nosuch"},
		{"/nosuch", 404, "", ""},
	} {
		body, contentType := get(t, s.url+tt.path, tt.status)
		if !strings.HasPrefix(contentType, tt.contentType) {
			t.Errorf("GET %s: content type %q, want %q", tt.path, contentType, tt.contentType)
		}
		if !strings.Contains(body, tt.want) {
			t.Errorf("GET %s: no %q in\n%.1000s", tt.path, tt.want, body)
		}
	}

	response, err := http.Post(s.url+"/graphql", "application/json", strings.NewReader(`{"query": "query($n: String!) { resolve(name: $n) { entity { id } } }", "variables": {"n": "LoRA"}}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct {
		Data   json.RawMessage
		Errors []any
	}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Errors) > 0 || !strings.Contains(string(answer.Data), `"method:lora"`) {
		t.Errorf("POST /graphql: %s, errors %v", answer.Data, answer.Errors)
	}

	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d, want %d\n%s", code, exitDone, s.stderr)
	}
	if got := s.stderr.String(); !strings.Contains(got, "path=/method/lora.csv status=200") {
		t.Errorf("the log lacks a request:\n%s", got)
	}
}

func TestServeOptions(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "two.db")
	var ids []string
	for _, title := range []string{"Obsidian: Sharp Models", "Pumice: Light Models"} {
		path := filepath.Join(t.TempDir(), "paper.jsonl")
		if err := os.WriteFile(path, []byte(`{"title": "`+title+`", "abstract": "A model."}`), 0o666); err != nil {
			t.Fatal(err)
		}
		papergraph(t, "build", "-q", "--store", dir, path)
		id, _, _ := strings.Cut(papergraph(t, "snapshots", "--store", dir), " ")
		ids = append(ids, id)
	}
	s := startServer(t, "serve", "--store", dir, "--as-of", ids[0], "--base-url", "/rocks", "--public", "--no-introspection", "--behind-proxy", "--cors", "https://example.org")
	if !strings.HasSuffix(s.url, "/rocks") {
		t.Errorf("the address is %s, want one under /rocks", s.url)
	}
	if body, _ := get(t, s.url+"/healthz", 200); !strings.Contains(body, ids[0]) || !strings.Contains(body, `"papers":1`) {
		t.Errorf("the server does not serve snapshot %s: %s", ids[0], body)
	}
	get(t, s.url+"/paper/pumice-light-models", 404)
	get(t, s.url+"/paper/pumice-light-models?asOf="+ids[1], 200)
	if body, _ := get(t, s.url+"/paper/obsidian-sharp-models", 200); !strings.Contains(body, `"/rocks/`) {
		t.Errorf("links of the page do not begin with /rocks:\n%.2000s", body)
	}
	if body, _ := get(t, s.url+"/graphql?query={__schema{types{name}}}", 200); strings.Contains(body, "Paper") {
		t.Errorf("the schema is told: %.500s", body)
	}
	request, err := http.NewRequest(http.MethodGet, s.url+`/graphql?extensions={"cost":true}&query={stats{papers}}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Origin", "https://example.org")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(body), `"nodes":10000`) || response.Header.Get("Access-Control-Allow-Origin") != "https://example.org" {
		t.Errorf("public limits and origins: %v %s", response.Header, body)
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d, want %d\n%s", code, exitDone, s.stderr)
	}
	for flag, value := range map[string]string{"--cors": "example.org", "--concurrency": "-1", "--base-url": "x"} {
		out, err := exec.Command("papergraph", "serve", "--store", dir, "--addr", "127.0.0.1:0", flag, value).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != exitUsage || !strings.Contains(string(out), flag) {
			t.Errorf("%s %s: %v\n%s", flag, value, err, out)
		}
	}
}

func TestUp(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "up.db")
	bad := filepath.Join(t.TempDir(), "bad.jsonl")
	if err := os.WriteFile(bad, []byte("{\"title\": \"Talc: Soft Prompts\", \"abstract\": \"Talc is soft.\"}\n{\"title\":\n"), 0o666); err != nil {
		t.Fatal(err)
	}

	s := startServer(t, "up", "--store", dir, corpus)
	if body, _ := get(t, s.url+"/healthz", 200); !strings.Contains(body, `"papers":83`) {
		t.Errorf("up %s: %s", corpus, body)
	}
	if got := papergraph(t, "query", "--store", dir, "{stats{papers}}"); !strings.Contains(got, "83") {
		t.Errorf("query beside up: %s", got)
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d, want %d\n%s", code, exitDone, s.stderr)
	}

	// Refused input is served without, and not forgotten at the end.
	s = startServer(t, "up", "--store", dir, "--jobs", "1", bad)
	get(t, s.url+"/paper/talc-soft-prompts", 200)
	if code := s.stop(t); code != exitPartial {
		t.Errorf("exit code %d, want %d\n%s", code, exitPartial, s.stderr)
	}

	// Without paths, what the store has.
	s = startServer(t, "up", "--store", dir)
	if body, _ := get(t, s.url+"/healthz", 200); !strings.Contains(body, `"papers":84`) {
		t.Errorf("up: %s", body)
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d, want %d\n%s", code, exitDone, s.stderr)
	}

	if out, err := exec.Command("papergraph", "up", "--store", dir, "--strict", bad).CombinedOutput(); err == nil || !strings.Contains(string(out), "bad.jsonl:2: ") {
		t.Errorf("up --strict: %v\n%s", err, out)
	}
}

// Links to queries work after a restart, in every form, wherever the queries
// are kept.
func TestServeLinks(t *testing.T) {
	t.Parallel()
	dir := copyStore(t, corpusStore(t))
	testLinks(t, dir, filepath.Join(dir, "queries"), "serve", "--store", dir)

	elsewhere := t.TempDir()
	testLinks(t, dir, elsewhere, "serve", "--store", dir, "--queries", elsewhere)
}

// testLinks keeps a query on a server, which is expected to keep it in a
// folder, and asks for it after a restart.
func testLinks(t *testing.T, dir, folder string, command ...string) {
	t.Helper()
	s := startServer(t, command...)
	response, err := http.Post(s.url+"/q", "application/json", strings.NewReader(`{"query": "query($id: ID!) { method(id: $id) { id name usedBy { nodes { id title } } } }", "variables": {"id": "lora"}}`))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var link struct{ Hash, URL string }
	if err := json.NewDecoder(response.Body).Decode(&link); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusCreated || len(link.Hash) != 64 || !strings.HasPrefix(link.URL, "/q/"+link.Hash) {
		t.Fatalf("POST /q: %s, %+v", response.Status, link)
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d, want %d\n%s", code, exitDone, s.stderr)
	}
	if kept, err := os.ReadDir(folder); err != nil || len(kept) == 0 {
		t.Errorf("%s has %d files, %v", folder, len(kept), err)
	}
	s = startServer(t, command...)
	for format, want := range map[string]string{
		"json": `{"data":{"method":{"id":"method:lora","name":"LoRA"`, "jsonl": `"name":"LoRA"`, "csv": "id,name,usedBy.id,usedBy.title",
		"dot": "digraph", "mermaid": "flowchart",
	} {
		if body, _ := get(t, s.url+link.URL+"&format="+format, 200); !strings.Contains(body, want) {
			t.Errorf("%s: no %q in\n%.1000s", format, want, body)
		}
	}
	if code := s.stop(t); code != exitDone {
		t.Errorf("exit code %d, want %d\n%s", code, exitDone, s.stderr)
	}
	papergraph(t, "check", "--store", dir)
}
