package schema

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Ensure that clients which others wrote read the schema and page through a
// list to its end: graphql-codegen with urql, Apollo Client, Relay with its
// compiler, and genqlient; and that the audits of graphql-http, the reference
// implementation of GraphQL over HTTP, find nothing. testdata/clients has their
// programs. They need Node.js and a registry of npm packages, or what npm ci
// installed in that folder, and run where PAPERGRAPH_CLIENTS is set.
func TestClients(t *testing.T) {
	if os.Getenv("PAPERGRAPH_CLIENTS") == "" {
		t.Skip("set PAPERGRAPH_CLIENTS=1 to try clients of others (apt-get install nodejs npm)")
	}
	dir := installClients(t)
	s := schemaOf(t, synthetic(57), Options{})
	server := httptest.NewServer(NewHandler(s, HandlerOptions{}))
	defer server.Close()
	address := server.URL + "/graphql"

	var want seenPapers
	var got struct {
		Papers struct {
			TotalCount int
			Nodes      []struct{ ID string }
		}
	}
	answer := s.Exec(t.Context(), Request{Query: "{papers(first:200){totalCount nodes{id}}}"})
	if err := errors.Join(answer.Err(), json.Unmarshal(answer.Data, &got)); err != nil {
		t.Fatal(err)
	}
	want.Total = got.Papers.TotalCount
	for _, n := range got.Papers.Nodes {
		want.IDs = append(want.IDs, n.ID)
	}

	c := clients{dir: dir, want: want}
	t.Run("audits", func(t *testing.T) { c.audit(t, address) })
	t.Run("codegen and urql", func(t *testing.T) {
		c.run(t, ".", "npx", "--no-install", "graphql-codegen", "--config", "codegen.json")
		c.run(t, ".", "npx", "--no-install", "tsc")
		c.page(t, ".", "node", "urql.js", address)
	})
	t.Run("apollo", func(t *testing.T) { c.page(t, ".", "node", "apollo.mjs", address) })
	t.Run("relay", func(t *testing.T) {
		c.run(t, ".", "npx", "--no-install", "relay-compiler", "relay.config.json")
		c.page(t, ".", "node", "relay/papers.js", address)
	})
	t.Run("genqlient", func(t *testing.T) {
		c.run(t, "genqlient", "go", "tool", "genqlient")
		c.page(t, "genqlient", "go", "run", ".", address)
	})
}

// seenPapers is what a client prints of a list that it paged through.
type seenPapers struct {
	Total int      `json:"total"`
	IDs   []string `json:"ids"`
}

// clients are the programs of testdata/clients in a folder of their own.
type clients struct {
	dir  string
	want seenPapers
}

// run runs a program in a folder, which must succeed, and returns what it
// prints.
func (c clients) run(t *testing.T, dir, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = filepath.Join(c.dir, dir)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		if name == "go" && offline(stderr.Bytes()) {
			t.Skipf("go cannot reach a proxy for modules:\n%s", &stderr)
		}
		t.Fatalf("%s: %v\n%s%s", cmd, err, &stdout, &stderr)
	}
	return stdout.Bytes()
}

// page runs a program that pages through all papers.
func (c clients) page(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	var got seenPapers
	out := c.run(t, dir, name, args...)
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if diff := cmp.Diff(c.want, got); diff != "" {
		t.Errorf("papers (-want +got):\n%s", diff)
	}
	if got.Total != len(got.IDs) {
		t.Errorf("totalCount is %d, and there are %d", got.Total, len(got.IDs))
	}
}

// audit runs the audits, every one of which must pass.
func (c clients) audit(t *testing.T, address string) {
	count := make(map[string]int)
	for lines := bufio.NewScanner(bytes.NewReader(c.run(t, ".", "node", "audit.mjs", address))); lines.Scan(); {
		var audit struct{ ID, Name, Status, Reason string }
		if err := json.Unmarshal(lines.Bytes(), &audit); err != nil {
			t.Fatalf("%v: %s", err, lines.Bytes())
		}
		count[audit.Status]++
		if audit.Status != "ok" {
			t.Errorf("%s: %s %s: %s", audit.Status, audit.ID, audit.Name, audit.Reason)
		}
	}
	const all = 61 // of graphql-http 1.23
	if count["ok"] < all {
		t.Errorf("%v audits, of which %d should be ok", count, all)
	}
}

// installClients copies the clients to a folder of their own, with the schema
// and the packages that they need: those that npm ci left in testdata, else new
// ones. Without a network for that the test is skipped.
func installClients(t *testing.T) string {
	t.Helper()
	_, err := exec.LookPath("node")
	npm, err2 := exec.LookPath("npm")
	if err := errors.Join(err, err2); err != nil {
		t.Skipf("needs Node.js with npm: %v", err)
	}
	dir := t.TempDir()
	const clients = "testdata/clients"
	for _, pattern := range []string{".npmrc", "*.*", "relay/*.js", "genqlient/*"} {
		names, err := filepath.Glob(filepath.Join(clients, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			rel, err := filepath.Rel(clients, name)
			if err != nil {
				t.Fatal(err)
			}
			to := filepath.Join(dir, rel)
			if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o777), os.WriteFile(to, b, 0o666)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "schema.graphql"), []byte(SDL()), 0o666); err != nil {
		t.Fatal(err)
	}
	modules, err := filepath.Abs(filepath.Join(clients, "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(modules, ".package-lock.json")); err == nil {
		if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	cmd := exec.CommandContext(t.Context(), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		if offline(out) {
			t.Skipf("npm cannot reach its registry:\n%s", out)
		}
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	return dir
}

// offline says whether a program failed for want of a network.
func offline(output []byte) bool {
	return regexp.MustCompile(`ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED|dial tcp`).Match(output)
}
