package web

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"papergraph/schema"
)

// observed serves the small corpus, with all that is observed, and returns the
// server's log.
func observed(t *testing.T, o Options) (*Server, *bytes.Buffer) {
	t.Helper()
	st := openStore(t)
	publish(t, st, small(t))
	source := schema.FromStore(st)
	s, err := schema.New(source, schema.Options{})
	if err != nil {
		t.Fatal(err)
	}
	queries, err := schema.OpenQueries(t.TempDir(), schema.QueryLimits{})
	if err != nil {
		t.Fatal(err)
	}
	turns := schema.NewAdmission(schema.AdmissionLimits{})
	h := schema.NewHandler(s, schema.HandlerOptions{Queries: queries, Admission: turns, Observe: Observe})
	var log bytes.Buffer
	o.GraphQL, o.Queries, o.Logger = h, http.HandlerFunc(h.ServeQueries), logTo(&log)
	o.Metrics = NewMetrics(MetricsOptions{Source: source, Admission: turns, Queries: queries, Version: "1"})
	return newServer(t, st, o), &log
}

func TestAccessLog(t *testing.T) {
	s, log := observed(t, Options{})
	const query = "query Sizes{stats{papers}papers(first:2){nodes{title}}}"
	hash := schema.QueryHash(query)[:12]
	for _, tt := range []struct {
		name, target string
		want         map[string]any // of the line
		absent       []string
	}{
		{"a page", "/browse", map[string]any{"path": "/browse", "status": 200.0}, []string{"query", "nodes", "errors"}},
		{"a query", "/graphql?operationName=Sizes&query=" + query, map[string]any{"query": hash, "operation": "Sizes", "status": 200.0}, []string{"errors", "format"}},
		{"a table", "/q?format=csv&query=" + query, map[string]any{"query": hash, "format": "csv"}, []string{"operation", "errors"}},
		{"an error", "/graphql?query={x,y,z}", map[string]any{"errors": "GRAPHQL_VALIDATION_FAILED", "nodes": 0.0}, nil},
		{"no query", "/graphql", map[string]any{"errors": "BAD_REQUEST", "status": 400.0}, []string{"query"}},
		{"no such link", "/q/" + strings.Repeat("0", 64), map[string]any{"errors": "NOT_FOUND", "status": 404.0}, []string{"query"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			log.Reset()
			got := ask(t, s, "GET", strings.ReplaceAll(tt.target, " ", "%20"))
			var line map[string]any
			if err := json.Unmarshal(log.Bytes(), &line); err != nil {
				t.Fatalf("%v in %s", err, log)
			}
			for k, want := range tt.want {
				if line[k] != want {
					t.Errorf("%s: %v, want %v in %s\n%s", k, line[k], want, log, got.body)
				}
			}
			for _, k := range tt.absent {
				if line[k] != nil {
					t.Errorf("%s: %v", k, line[k])
				}
			}
			if line["request"] != got.header.Get(headerRequestID) {
				t.Errorf("request %v, header %v", line["request"], got.header)
			}
			if cost := got.header.Get("Papergraph-Cost"); line["query"] == hash && (line["nodes"] == 0.0 || cost == "") {
				t.Errorf("cost %q in %s", cost, log)
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	s, _ := observed(t, Options{})
	const query = "/graphql?query={papers(first:2){nodes{title}}}"
	got := ask(t, s, "GET", query)
	ask(t, s, "GET", query, "If-None-Match", got.header.Get("ETag"))
	ask(t, s, "GET", "/graphql?query={x}")
	ask(t, s, "GET", "/method/lora")
	ask(t, s, "GET", "/method/lora.json")
	ask(t, s, "GET", "/method")
	ask(t, s, "PATCH", "/nosuch")
	send(t, s, post("/q", `{"query":"{stats{papers}}"}`))
	text := ask(t, s, "GET", "/metrics").body
	for _, want := range []string{
		`papergraph_http_requests_total{code="200",method="GET",route="graphql"} 2`,
		`papergraph_http_requests_total{code="304",method="GET",route="graphql"} 1`,
		`papergraph_http_requests_total{code="200",method="GET",route="node"} 1`,
		`papergraph_http_requests_total{code="200",method="GET",route="view"} 1`,
		`papergraph_http_requests_total{code="200",method="GET",route="list"} 1`,
		`papergraph_http_requests_total{code="404",method="other",route="other"} 1`,
		`papergraph_http_requests_total{code="201",method="POST",route="q"} 1`,
		`papergraph_http_request_duration_seconds_count{route="graphql"} 3`,
		`papergraph_http_requests_in_flight 1`,
		`papergraph_graphql_errors_total{code="GRAPHQL_VALIDATION_FAILED"} 1`,
		`papergraph_graphql_not_modified_total 1`,
		`papergraph_graphql_nodes_count 3`, // with what was kept, which read none
		`papergraph_graphql_running 0`,
		`papergraph_graphql_waiting 0`,
		`papergraph_queries_kept 1`,
		`papergraph_queries_kept_bytes 15`,
		`papergraph_ready 1`,
		`papergraph_snapshot_nodes{kind="dataset"} 1`,
		`papergraph_info{snapshot="`,
		`go_goroutines `,
		`process_cpu_seconds_total `,
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("no %s in\n%s", want, regexp.MustCompile(`(?m)^(#|go_).*\n`).ReplaceAllString(text, ""))
		}
	}
	private, _ := observed(t, Options{PrivateMetrics: true})
	if got := ask(t, private, "GET", "/metrics"); got.status != 404 {
		t.Errorf("private metrics: %d", got.status)
	}
}

// post is a request with a JSON body.
func post(target, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	return r
}

func TestReadiness(t *testing.T) {
	st := openStore(t)
	s := newServer(t, st, Options{})
	if got := ask(t, s, "GET", "/readyz"); got.status != 503 || !strings.Contains(got.body, `{"status":"empty"}`) {
		t.Errorf("an empty store: %d %s", got.status, got.body)
	}
	for range 2 {
		info := publish(t, st, small(t))
		got := ask(t, s, "GET", "/readyz")
		var ready readiness
		if err := json.Unmarshal([]byte(got.body), &ready); err != nil {
			t.Fatal(err)
		}
		if got.status != 200 || ready.Status != "ready" || ready.Snapshot != info.ID || ready.Version != info.Version || !ready.Time.Equal(info.Time) || got.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d %+v, want %+v", got.status, ready, info)
		}
	}
	s.ending.Store(true)
	if got := ask(t, s, "GET", "/readyz"); got.status != 503 || !strings.Contains(got.body, `"status":"ending"`) {
		t.Errorf("a server that ends: %d %s", got.status, got.body)
	}
}
