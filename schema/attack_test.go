package schema

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// attack is a request that is meant to make the server work, fill its memory
// or send much, with what it may cause.
type attack struct {
	name   string
	method string // GET or POST
	query  string
	// body is sent instead of one made of query and variables, as contentType.
	body, contentType string
	variables         any

	status    int
	code      Code // of the first error; empty where there is none
	maxNodes  int
	maxFields int
	maxBytes  int // of the answer
}

// The attacks of graphql-cop, and more of their kind, over HTTP: what each may
// make the server do is bounded in fields, nodes, memory and bytes of answer.
func TestAttacksOverHTTP(t *testing.T) {
	s := schemaOf(t, synthetic(100), Options{Limits: Limits{Deadline: time.Hour}}) // the counts are to stop them, not the clock
	h := NewHandler(s, HandlerOptions{})
	repeat := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format+" ", i)
		}
		return b.String()
	}
	nested := func(n int, open, inner, end string) string {
		return strings.Repeat(open, n) + inner + strings.Repeat(end, n)
	}
	ids := make([]string, 10_000)
	for i := range ids {
		ids[i] = fmt.Sprintf("paper:paper-number-%d", i)
	}
	const kB = 1 << 10
	for _, a := range []attack{
		{name: "alias overloading", query: "{" + repeat(1000, "a%d:stats{papers}") + "}", status: 200, maxFields: 2000, maxNodes: 1000, maxBytes: 32 * kB},
		{name: "alias overloading of lists", query: "{" + repeat(600, "a%d:papers(first:200){nodes{id}}") + "}", status: 200, code: CodeBudget, maxFields: 60_000, maxNodes: 40_400, maxBytes: 1024 * kB},
		{name: "a long alias on many nodes", query: "{papers(first:200){nodes{uses{nodes{" + strings.Repeat("a", 30_000) + ":id}}}}}", status: 400, code: CodeValidation, maxBytes: kB},
		{name: "directive overloading", query: "{stats{papers " + strings.Repeat("@include(if:true) ", 1500) + "}}", status: 400, code: CodeValidation, maxBytes: 8 * kB},
		{name: "unknown directives", query: "{stats{papers " + repeat(3000, "@d%d") + "}}", status: 400, code: CodeValidation, maxBytes: 8 * kB},
		{name: "field duplication", query: "{" + strings.Repeat("__typename ", 2900) + "}", status: 400, code: CodeValidation, maxBytes: 8 * kB},
		{name: "circular fragments", query: "{...A} fragment A on Query{...B} fragment B on Query{...A}", status: 400, code: CodeValidation, maxBytes: 4 * kB},
		{name: "deep introspection", query: "{__schema{types{" + nested(7, "fields{type{", "name", "}}") + "}}}", status: 400, code: CodeValidation, maxBytes: 4 * kB},
		{name: "introspection as deep as may be", query: "{__schema{types{" + nested(6, "fields{type{", "name", "}}") + "}}}", status: 200, maxFields: 20_000, maxBytes: 256 * kB},
		// Fields that are not resolved any more are counted too.
		{name: "wide introspection", query: "{" + repeat(200, "a%d:__schema{types{name fields{name type{name} args{name}}}}") + "}", status: 400, code: CodeBudget, maxFields: 250_000, maxBytes: 4 * kB},
		{name: "deep selection", query: nested(3000, "{a", "", "}"), status: 400, code: CodeParse, maxBytes: 4 * kB},
		{name: "deep list in an argument", query: "{nodes(ids:" + nested(10_000, "[", "", "]") + "){id}}", status: 400, code: CodeParse, maxBytes: kB},
		{name: "array of requests", body: "[" + strings.TrimSuffix(strings.Repeat(`{"query":"{stats{papers}}"},`, 1000), ",") + "]", contentType: typeJSON, status: 400, code: CodeRequest, maxBytes: kB},
		{name: "field suggestions", query: "{" + repeat(2000, "paperz%d") + "}", status: 400, code: CodeValidation, maxBytes: 8 * kB},
		{name: "mutation by GET", method: "GET", query: "mutation{__typename}", status: 400, code: CodeValidation, maxBytes: kB},
		{name: "a form of another site", body: url.Values{"query": {"{stats{papers}}"}}.Encode(), contentType: "application/x-www-form-urlencoded", status: 415, code: CodeRequest, maxBytes: kB},
		{name: "text of another site", body: `{"query":"{stats{papers}}"}`, contentType: "text/plain", status: 415, code: CodeRequest, maxBytes: kB},
		{name: "oversized body", body: `{"query":"{stats{papers}}","variables":{"x":"` + strings.Repeat("x", 8<<20) + `"}}`, contentType: typeJSON, status: 413, code: CodeRequest, maxBytes: kB},
		{name: "a zip bomb", body: "\x1f\x8b", contentType: typeJSON + "; charset=gzip", status: 415, code: CodeRequest, maxBytes: kB},
		{name: "deep JSON", body: `{"query":"{stats{papers}}","variables":` + nested(100_000, "[", "", "]") + `}`, contentType: typeJSON, status: 400, code: CodeRequest, maxBytes: kB},
		{name: "deep variables", body: `{"query":"query($i:[ID!]!){nodes(ids:$i){id}}","variables":{"i":` + nested(9000, "[", "", "]") + `}}`, contentType: typeJSON, status: 400, code: CodeValidation, maxBytes: 64 * kB},
		{name: "10,000 ids", query: "query($i:[ID!]!){nodes(ids:$i){id}}", variables: map[string]any{"i": ids[:8000]}, status: 200, code: CodeInput, maxNodes: 0, maxFields: 1, maxBytes: kB},
		{name: "10,000 errors", query: "{papers(first:100){nodes{" + repeat(100, "a%d:uses(first:-1){totalCount}") + "}}}", status: 200, code: CodeInput, maxNodes: 20_000, maxFields: 11_000, maxBytes: 256 * kB},
		{name: "10,000 mistakes", query: "{" + strings.Repeat("x ", 10_000) + "}", status: 400, code: CodeValidation, maxBytes: 8 * kB},
		{name: "10,000 tokens that are none", query: strings.Repeat("? ", 10_000), status: 400, code: CodeParse, maxBytes: kB},
		{name: "an open string", query: `{node(id:"` + strings.Repeat(`\"`, 10_000), status: 400, code: CodeParse, maxBytes: kB},
		{name: "two thousand fragments", query: "{stats{papers}}" + repeat(1200, "fragment F%d on Stats{papers}"), status: 400, code: CodeValidation, maxBytes: 8 * kB},
		{name: "two thousand operations", query: repeat(1500, "query Q%d{stats{papers}}"), status: 400, code: CodeValidation, maxBytes: kB},
		{name: "a filter of thousands", query: "query($w:PaperFilter){papers(where:$w){totalCount}}", variables: map[string]any{"w": map[string]any{"OR": filters(4000)}}, status: 200, code: CodeInput, maxNodes: 20_000, maxFields: 10, maxBytes: 2 * kB},
		{name: "a filter of many levels", body: `{"query":"query($w:PaperFilter){papers(where:$w){totalCount}}","variables":{"w":` + nested(2000, `{"NOT":`, `{}`, "}") + `}}`, contentType: typeJSON, status: 200, code: CodeInput, maxNodes: 20_000, maxFields: 10, maxBytes: 2 * kB},
	} {
		t.Run(a.name, func(t *testing.T) {
			r := a.request(t)
			w := httptest.NewRecorder()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			h.ServeHTTP(w, r)
			runtime.ReadMemStats(&after)
			var answer struct{ Errors []Error }
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				t.Fatalf("%v: %.300s", err, w.Body)
			}
			var code Code
			if len(answer.Errors) > 0 {
				code = answer.Errors[0].Extensions.Code
			}
			if w.Code != a.status || code != a.code || len(answer.Errors) > 20 {
				t.Errorf("status %d, %d errors, code %q; want %d, %q\n%.300s", w.Code, len(answer.Errors), code, a.status, a.code, w.Body)
			}
			var nodes, fields, text int
			if cost := w.Header().Get(headerCost); cost != "" {
				if _, err := fmt.Sscanf(cost, "nodes=%d, fields=%d, text=%d", &nodes, &fields, &text); err != nil {
					t.Errorf("cost %q: %v", cost, err)
				}
			}
			if nodes > a.maxNodes || fields > a.maxFields {
				t.Errorf("%d nodes and %d fields, at most %d and %d may be", nodes, fields, a.maxNodes, a.maxFields)
			}
			if w.Body.Len() > a.maxBytes {
				t.Errorf("%d bytes, at most %d may be: %.300s…", w.Body.Len(), a.maxBytes, w.Body)
			}
			// What the allocator gave out is far more than what is held at a time.
			const maxAllocated = 256 << 20
			allocated := after.TotalAlloc - before.TotalAlloc
			if allocated > maxAllocated {
				t.Errorf("%d bytes were allocated, at most %d may be", allocated, maxAllocated)
			}
			t.Logf("%d nodes, %d fields, %d bytes, %.1f MB allocated: %.120s", nodes, fields, w.Body.Len(), float64(allocated)/1e6, w.Body)
		})
	}
}

// request is the HTTP request of an attack.
func (a *attack) request(t *testing.T) *http.Request {
	t.Helper()
	if a.method == http.MethodGet {
		return httptest.NewRequest(a.method, "/graphql?"+url.Values{"query": {a.query}}.Encode(), nil)
	}
	body, contentType := a.body, a.contentType
	if body == "" {
		b, err := json.Marshal(map[string]any{"query": a.query, "variables": a.variables})
		if err != nil {
			t.Fatal(err)
		}
		body, contentType = string(b), typeJSON
	}
	r := httptest.NewRequest(http.MethodPost, "/graphql", strings.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Accept", typeGraphQL)
	return r
}

// filters are n conditions of a paper.
func filters(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = map[string]any{"name": map[string]any{"contains": fmt.Sprintf("x%d", i)}}
	}
	return list
}

// A client that sends its body slowly keeps nobody else waiting.
func TestSlowBodies(t *testing.T) {
	a := NewAdmission(AdmissionLimits{Running: 1, Waiting: 1, PerClient: 1})
	server := httptest.NewServer(NewHandler(schemaOf(t, small(t), Options{}), HandlerOptions{Admission: a}))
	defer server.Close()
	const body = `{"query":"{stats{papers}}"}`
	var wg sync.WaitGroup
	var writers []*io.PipeWriter
	for range 10 {
		r, w := io.Pipe()
		writers = append(writers, w)
		wg.Go(func() {
			response, err := server.Client().Post(server.URL, typeJSON, r)
			if err != nil {
				t.Error(err)
				return
			}
			if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusBadRequest {
				t.Errorf("%s, %v", response.Status, err)
			}
		})
		if _, err := io.WriteString(w, body[:5]); err != nil {
			t.Fatal(err)
		}
	}
	if running, waiting := a.Load(); running != 0 || waiting != 0 {
		t.Errorf("%d running, %d waiting", running, waiting)
	}
	response, err := server.Client().Post(server.URL, typeJSON, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(response.Body)
	if err != nil || response.Body.Close() != nil || string(answer) != `{"data":{"stats":{"papers":3}}}`+"\n" {
		t.Errorf("%s, %v", answer, err)
	}
	for _, w := range writers {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

// A body that is too large is not read to its end.
func TestOversizedBodyIsNotRead(t *testing.T) {
	h := NewHandler(schemaOf(t, small(t), Options{Limits: Limits{Body: 1000}}), HandlerOptions{})
	body := &countingReader{r: strings.NewReader(strings.Repeat("x", 10<<20))}
	r := httptest.NewRequest(http.MethodPost, "/", body)
	r.Header.Set("Content-Type", typeJSON)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge || body.n > 64<<10 {
		t.Errorf("status %d, %d bytes read", w.Code, body.n)
	}
}

type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// A request whose time is over does no more work: the answer comes when all of
// it has stopped, with a part of the fields counted.
func TestDeadlineStopsWork(t *testing.T) {
	const query = "{papers(first:100){nodes{uses(first:50){nodes{usedBy(first:50){nodes{id title year}}}}}}}"
	c := synthetic(100)
	whole := schemaOf(t, c, Options{Limits: Limits{Deadline: time.Hour, Nodes: 1 << 30, Fields: 1 << 30, Text: 1 << 30}}).Exec(t.Context(), Request{Query: query})
	if err := whole.Err(); err != nil {
		t.Fatal(err)
	}
	cut := schemaOf(t, c, Options{Limits: Limits{Deadline: time.Microsecond, Nodes: 1 << 30, Fields: 1 << 30, Text: 1 << 30}}).Exec(t.Context(), Request{Query: query})
	if len(cut.Errors) != 1 || cut.Errors[0].Extensions.Code != CodeTimeout || cut.Data != nil {
		t.Errorf("%v %.100s", cut.Errors, cut.Data)
	}
	if whole.Fields < 1000 || cut.Fields > whole.Fields/10 {
		t.Errorf("%d fields before the deadline, %d in all", cut.Fields, whole.Fields)
	}
}
