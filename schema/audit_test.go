package schema

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The audits of the npm package graphql-http, the reference implementation of
// GraphQL over HTTP, find nothing. It is not part of this repository:
//
//	npm install --prefix DIR --ignore-scripts graphql-http@1.23.1 graphql@16.15.0
//	GRAPHQL_HTTP=DIR/node_modules/graphql-http go test -run TestAudit ./schema
func TestAudit(t *testing.T) {
	module := os.Getenv("GRAPHQL_HTTP")
	if module == "" {
		t.Skip("GRAPHQL_HTTP does not name the folder of graphql-http")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip(err)
	}
	server := httptest.NewServer(NewHandler(schemaOf(t, small(t), Options{}), HandlerOptions{}))
	defer server.Close()
	cmd := exec.CommandContext(t.Context(), node, "testdata/audit.mjs", filepath.Join(module, "lib", "index.mjs"), server.URL+"/graphql")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	count := make(map[string]int)
	for lines := bufio.NewScanner(bytes.NewReader(output)); lines.Scan(); {
		var audit struct{ ID, Name, Status, Reason string }
		if err := json.Unmarshal(lines.Bytes(), &audit); err != nil {
			t.Fatalf("%v: %s", err, lines.Bytes())
		}
		count[audit.Status]++
		if audit.Status != "ok" {
			t.Errorf("%s: %s %s: %s", audit.Status, audit.ID, audit.Name, audit.Reason)
		}
	}
	t.Logf("audits: %v", count)
	if count["ok"] < 60 {
		t.Errorf("only %d audits", count["ok"])
	}
}
