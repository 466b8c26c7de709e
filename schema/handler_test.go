package schema

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"papergraph/store"
)

// call sends a request to a handler and returns the answer with its body.
func call(t testing.TB, h http.Handler, method, target, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	got := w.Result()
	b, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return got, string(b)
}

func TestHandler(t *testing.T) {
	h := NewHandler(schemaOf(t, small(t), Options{Limits: Limits{Body: 1000}}), HandlerOptions{})
	get := func(query string, more ...string) string {
		v := url.Values{"query": {query}}
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return "/graphql?" + v.Encode()
	}
	const (
		jsonType    = "application/json; charset=utf-8"
		graphqlType = "application/graphql-response+json; charset=utf-8"
		papers      = `{"data":{"stats":{"papers":3}}}` + "\n"
	)
	post := []string{"Content-Type", "application/json"}
	modern := append([]string{"Accept", typeGraphQL}, post...)
	for _, tt := range []struct {
		name, method, target, body string
		header                     []string
		status                     int
		contentType                string
		want                       string // the whole body, or part of it if it begins with "…"
	}{
		{"get", "GET", get("{stats{papers}}"), "", nil, 200, jsonType, papers},
		{"get as specified", "GET", get("{stats{papers}}"), "", []string{"Accept", typeGraphQL}, 200, graphqlType, papers},
		{"get with parameters", "GET", get("query A($n:Int){papers(first:$n){nodes{year}}} query B{stats{papers}}", "operationName", "A", "variables", `{"n":1}`, "extensions", `{"x":[]}`), "", nil,
			200, jsonType, `{"data":{"papers":{"nodes":[{"year":2023}]}}}` + "\n"},
		{"get without query", "GET", "/graphql", "", nil, 400, jsonType, "…query is missing"},
		{"get with bad variables", "GET", get("{stats{papers}}", "variables", "[1]"), "", nil, 400, jsonType, "…variables must be an object"},
		{"get with broken variables", "GET", get("{stats{papers}}", "variables", "{"), "", nil, 400, jsonType, "…variables must be an object"},
		{"get of a mutation", "GET", get("mutation{__typename}"), "", nil, 400, jsonType, "…no mutations are offered"},
		{"post of a mutation", "POST", "/graphql", `{"query":"mutation{__typename}"}`, post, 200, jsonType, "…no mutations are offered"},
		{"subscription", "POST", "/graphql", `{"query":"subscription{__typename}"}`, modern, 400, graphqlType, `…"GRAPHQL_VALIDATION_FAILED"`},
		{"head", "HEAD", get("{stats{papers}}"), "", nil, 200, jsonType, papers}, // the server drops the body
		{"post", "POST", "/graphql", `{"query":"{stats{papers}}"}`, post, 200, jsonType, papers},
		{"post as specified", "POST", "/graphql", `{"query":"{stats{papers}}","variables":null,"operationName":null,"extensions":null}`, modern, 200, graphqlType, papers},
		{"post in utf-8", "POST", "/graphql", `{"query":"{stats{papers}}"}`, []string{"Content-Type", "application/json; charset=UTF-8"}, 200, jsonType, papers},
		{"post in latin-1", "POST", "/graphql", `{"query":"{stats{papers}}"}`, []string{"Content-Type", "application/json; charset=iso-8859-1"}, 415, jsonType, `…"BAD_REQUEST"`},
		{"post of a form", "POST", "/graphql", `query={stats{papers}}`, []string{"Content-Type", "application/x-www-form-urlencoded"}, 415, jsonType, "…must be application/json"},
		{"post of text", "POST", "/graphql", `{"query":"{stats{papers}}"}`, []string{"Content-Type", "text/plain"}, 415, jsonType, "…must be application/json"},
		{"post without type", "POST", "/graphql", `{"query":"{stats{papers}}"}`, nil, 415, jsonType, "…must be application/json"},
		{"post compressed", "POST", "/graphql", "x", append([]string{"Content-Encoding", "gzip"}, post...), 415, jsonType, "…must not be encoded"},
		{"post of nothing", "POST", "/graphql", "", post, 400, jsonType, "…not a JSON object"},
		{"post of broken JSON", "POST", "/graphql", `{"query":`, post, 400, jsonType, "…not a JSON object"},
		{"post of a batch", "POST", "/graphql", `[{"query":"{stats{papers}}"}]`, post, 400, jsonType, "…one request at a time"},
		{"post without query", "POST", "/graphql", `{"variables":{}}`, post, 400, jsonType, "…query is missing"},
		{"post of a query that is a number", "POST", "/graphql", `{"query":7}`, post, 400, jsonType, "…query must be a string"},
		{"post of variables that are a string", "POST", "/graphql", `{"query":"{stats{papers}}","variables":"{}"}`, post, 400, jsonType, "…variables must be an object"},
		{"post of extensions that are a list", "POST", "/graphql", `{"query":"{stats{papers}}","extensions":[]}`, post, 400, jsonType, "…extensions must be an object"},
		{"post that is too large", "POST", "/graphql", `{"query":"{stats{papers}}` + strings.Repeat(" ", 1000) + `"}`, post, 413, jsonType, "…more than 1000 bytes"},
		{"syntax error", "POST", "/graphql", `{"query":"{stats{"}`, post, 200, jsonType, `…"GRAPHQL_PARSE_FAILED"`},
		{"syntax error as specified", "POST", "/graphql", `{"query":"{stats{"}`, modern, 400, graphqlType, `…"locations":[{"line":1,"column":8}],"extensions":{"code":"GRAPHQL_PARSE_FAILED"}`},
		{"unknown field", "POST", "/graphql", `{"query":"{stats{paper}}"}`, post, 200, jsonType, `…Did you mean \"papers\"`},
		{"unknown field as specified", "POST", "/graphql", `{"query":"{stats{paper}}"}`, modern, 400, graphqlType, `…"GRAPHQL_VALIDATION_FAILED"`},
		{"bad variable as specified", "POST", "/graphql", `{"query":"query($i:ID!){node(id:$i){id}}","variables":{"i":5}}`, modern, 400, graphqlType, `…"GRAPHQL_VALIDATION_FAILED"`},
		{"unknown operation", "POST", "/graphql", `{"query":"query A{stats{papers}}","operationName":"B"}`, modern, 400, graphqlType, `…no operation with name`},
		{"error of a field", "POST", "/graphql", `{"query":"{node(id:\"x\"){id}}"}`, modern, 200, graphqlType, `…"data":{"node":null}`},
		{"unknown snapshot", "POST", "/graphql?asOf=00000000", `{"query":"{stats{papers}}"}`, post, 404, jsonType, `…"NOT_FOUND"`},
		{"put", "PUT", "/graphql", "", nil, 405, jsonType, "…use GET or POST"},
		{"not acceptable", "GET", get("{stats{papers}}"), "", []string{"Accept", "text/html"}, 406, jsonType, "…accept application/graphql-response+json"},
		{"browser", "GET", get("{stats{papers}}"), "", []string{"Accept", "text/html,application/xhtml+xml,*/*;q=0.8"}, 200, jsonType, papers},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, body := call(t, h, tt.method, tt.target, tt.body, tt.header...)
			if got.StatusCode != tt.status || got.Header.Get("Content-Type") != tt.contentType {
				t.Errorf("status %d, type %q; want %d, %q\n%s", got.StatusCode, got.Header.Get("Content-Type"), tt.status, tt.contentType, body)
			}
			part, partly := strings.CutPrefix(tt.want, "…")
			if partly && !strings.Contains(body, part) || !partly && body != tt.want {
				t.Errorf("body %s\nwant %s", body, tt.want)
			}
			var answer struct {
				Errors []Error
				Data   json.RawMessage
			}
			if err := json.Unmarshal([]byte(body), &answer); err != nil {
				t.Errorf("%v: %s", err, body)
			}
			if tt.status != 200 && (len(answer.Errors) == 0 || answer.Data != nil) {
				t.Errorf("a refusal with errors %v and data %s", answer.Errors, answer.Data)
			}
			if tt.status == 405 && got.Header.Get("Allow") != "GET, HEAD, POST, OPTIONS" {
				t.Errorf("Allow: %q", got.Header.Get("Allow"))
			}
			if got.Header.Get(headerRequestID) == "" || got.Header.Get("Vary") != "Accept, Accept-Encoding" || got.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("header %v", got.Header)
			}
		})
	}
}

func TestETag(t *testing.T) {
	st := openStore(t)
	first := publish(t, st, small(t))
	s, err := New(FromStore(st), Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := NewHandler(s, HandlerOptions{})
	const target = "/graphql?query=query($n:Int,$m:Int){papers(first:$n,last:$m){totalCount}}&variables=" + `{"n":1}`
	get := func(target string, header ...string) (*http.Response, string) {
		t.Helper()
		return call(t, h, "GET", strings.ReplaceAll(target, " ", "%20"), "", header...)
	}
	got, _ := get(target)
	tag := got.Header.Get("ETag")
	if tag == "" || got.Header.Get("Cache-Control") != "no-cache" || got.Header.Get(headerSnapshot) != first.ID {
		t.Fatalf("header %v", got.Header)
	}
	for _, inm := range []string{tag, strings.TrimPrefix(tag, "W/"), `"x", ` + tag, "*"} {
		if got, body := get(target, "If-None-Match", inm); got.StatusCode != 304 || body != "" || got.Header.Get("ETag") != tag {
			t.Errorf("If-None-Match %s: %d %q", inm, got.StatusCode, body)
		}
	}
	for name, other := range map[string]string{
		"variables": strings.Replace(target, `"n":1`, `"n":2`, 1),
		"query":     strings.Replace(target, "totalCount", "__typename", 1),
		"name":      strings.Replace(target, "query(", "query%20A(", 1) + "&operationName=A",
	} {
		if got, _ := get(other, "If-None-Match", tag); got.StatusCode != 200 || got.Header.Get("ETag") == tag || got.Header.Get("ETag") == "" {
			t.Errorf("another %s: %d, %v", name, got.StatusCode, got.Header)
		}
	}
	if got, _ := get(target, "Accept", typeGraphQL); got.Header.Get("ETag") == tag {
		t.Error("another type has the same ETag")
	}
	// The order of variables does not count.
	a, _ := get(strings.Replace(target, `{"n":1}`, `{"n":1,"m":null}`, 1))
	b, _ := get(strings.Replace(target, `{"n":1}`, `{"m":null,"n":1}`, 1))
	if a.Header.Get("ETag") != b.Header.Get("ETag") || a.Header.Get("ETag") == "" {
		t.Error("the order of variables counts")
	}
	if got, _ := get(strings.Replace(target, `"n":1`, `"n":-1`, 1)); got.Header.Get("ETag") != "" {
		t.Error("an answer with an error has an ETag")
	}
	if got, _ := call(t, h, "POST", "/", `{"query":"{stats{papers}}"}`, "Content-Type", "application/json"); got.Header.Get("ETag") != "" {
		t.Error("an answer to POST has an ETag")
	}
	// A new build changes what the newest snapshot is, asOf keeps the old one.
	c := small(t)
	c.curated = nil
	second := publish(t, st, c)
	if got, _ := get(target, "If-None-Match", tag); got.StatusCode != 200 || got.Header.Get(headerSnapshot) != second.ID {
		t.Errorf("after a build: %d, %v", got.StatusCode, got.Header)
	}
	if got, body := get("/?query={stats{edges}}&asOf=" + first.ID[:8]); got.Header.Get(headerSnapshot) != first.ID || body != fmt.Sprintf(`{"data":{"stats":{"edges":%d}}}`+"\n", first.Edges) || first.Edges == second.Edges {
		t.Errorf("as of the first: %v %s", got.Header, body)
	}
}

func TestCompression(t *testing.T) {
	h := NewHandler(schemaOf(t, small(t), Options{}), HandlerOptions{})
	const body = `{"query":"{__schema{types{name description}}}"}`
	plain, want := call(t, h, "POST", "/", body, "Content-Type", "application/json")
	if plain.Header.Get("Content-Encoding") != "" {
		t.Fatalf("header %v", plain.Header)
	}
	for range 2 { // the second uses the first's writer again
		got, small := call(t, h, "POST", "/", body, "Content-Type", "application/json", "Accept-Encoding", "br, gzip")
		if got.Header.Get("Content-Encoding") != "gzip" || len(small) > len(want)/3 {
			t.Fatalf("%d bytes of %d, header %v", len(small), len(want), got.Header)
		}
		z, err := gzip.NewReader(strings.NewReader(small))
		if err != nil {
			t.Fatal(err)
		}
		back, err := io.ReadAll(z)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(back)); diff != "" {
			t.Error(diff)
		}
	}
	if got, _ := call(t, h, "POST", "/", `{"query":"{stats{papers}}"}`, "Content-Type", "application/json", "Accept-Encoding", "gzip"); got.Header.Get("Content-Encoding") != "" {
		t.Error("a short answer is compressed")
	}
}

func TestNegotiate(t *testing.T) {
	for _, tt := range []struct {
		accept []string
		want   string
	}{
		{nil, typeJSON},
		{[]string{"*/*"}, typeJSON},
		{[]string{"application/*"}, typeJSON},
		{[]string{typeJSON}, typeJSON},
		{[]string{typeGraphQL}, typeGraphQL},
		{[]string{typeGraphQL + "; charset=utf-8, application/json; charset=utf-8"}, typeGraphQL},
		{[]string{typeJSON, typeGraphQL}, typeGraphQL},
		{[]string{typeJSON + ", " + typeGraphQL + ";q=0.5"}, typeJSON},
		{[]string{"*/*, " + typeGraphQL}, typeGraphQL},
		{[]string{"*/*, " + typeJSON + ";q=0"}, typeGraphQL},
		{[]string{"*/*;q=0"}, ""},
		{[]string{"text/html, image/*"}, ""},
		{[]string{"text/html, ;;;, */*;q=0.1"}, typeJSON},
		{[]string{""}, ""},
	} {
		if got := negotiate(tt.accept); got != tt.want {
			t.Errorf("Accept %q: %q, want %q", tt.accept, got, tt.want)
		}
	}
}

func TestOptions(t *testing.T) {
	h := NewHandler(schemaOf(t, small(t), Options{}), HandlerOptions{})
	if got, body := call(t, h, "OPTIONS", "/", ""); got.StatusCode != 204 || got.Header.Get("Allow") != "GET, HEAD, POST, OPTIONS" || body != "" {
		t.Errorf("%d %v %s", got.StatusCode, got.Header, body)
	}
}

func TestZstd(t *testing.T) {
	h := NewHandler(schemaOf(t, small(t), Options{}), HandlerOptions{})
	got, body := call(t, h, "GET", "/?query={__schema{types{name,description}}}", "", "Accept-Encoding", "gzip, br, zstd")
	z, err := zstd.NewReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if back, err := io.ReadAll(z); err != nil || !json.Valid(back) || got.Header.Get("Content-Encoding") != "zstd" {
		t.Errorf("%d bytes, %v, header %v", len(back), err, got.Header)
	}
}

// What an answer cost stands in a header, and in the answer for those who ask.
func TestCost(t *testing.T) {
	s := schemaOf(t, small(t), Options{})
	h := NewHandler(s, HandlerOptions{})
	const query = `{papers(first:2){nodes{title}}}`
	want := s.Exec(t.Context(), Request{Query: query})
	header := fmt.Sprintf("nodes=%d, fields=%d, text=%d", want.Nodes, want.Fields, want.Text)
	if want.Nodes == 0 || want.Fields == 0 || want.Text == 0 {
		t.Fatalf("it costs nothing: %s", header)
	}
	got, body := call(t, h, "POST", "/", `{"query":"`+query+`","extensions":{"other":[]}}`, "Content-Type", "application/json")
	if got.Header.Get(headerCost) != header || strings.Contains(body, "extensions") {
		t.Errorf("%q, want %q: %s", got.Header.Get(headerCost), header, body)
	}
	const target = "/?query=" + query
	got, body = call(t, h, "GET", target+`&extensions={%22cost%22:true}`, "")
	if want := fmt.Sprintf(`{"extensions":{"cost":{"nodes":%d,"fields":%d,"text":%d,"limits":{"nodes":20000,"fields":100000,"text":16777216}}},"data":`, want.Nodes, want.Fields, want.Text); !strings.HasPrefix(body, want) {
		t.Errorf("%s\nwant %s", body, want)
	}
	if plain, _ := call(t, h, "GET", target, ""); plain.Header.Get("ETag") == got.Header.Get("ETag") {
		t.Error("an answer with its cost has the ETag of one without")
	}
	if got, body := call(t, h, "GET", target+`&extensions={%22cost%22:7}`, ""); got.StatusCode != 400 || !strings.Contains(body, "extensions must be an object") {
		t.Errorf("%d %s", got.StatusCode, body)
	}
	// An answer that was stopped says what it cost too.
	stopped := schemaOf(t, small(t), Options{Limits: Limits{Nodes: 1}})
	if got, body := call(t, NewHandler(stopped, HandlerOptions{}), "GET", target+`&extensions={%22cost%22:true}`, ""); !strings.HasPrefix(got.Header.Get(headerCost), "nodes=") || !strings.Contains(body, `"limits":{"nodes":1,`) {
		t.Errorf("%q %s", got.Header.Get(headerCost), body)
	}
}

// The handler takes a request's id if it can stand in a log.
func TestRequestID(t *testing.T) {
	h := NewHandler(schemaOf(t, small(t), Options{}), HandlerOptions{})
	for id, same := range map[string]bool{"abc-DEF_1.2": true, "": false, "a b": false, "a\tb": false, strings.Repeat("x", 65): false, "ü": false} {
		got, _ := call(t, h, "GET", "/?query={stats{papers}}", "", headerRequestID, id)
		if back := got.Header.Get(headerRequestID); (back == id) != same || back == "" {
			t.Errorf("id %q becomes %q", id, back)
		}
	}
}

// failing is a source of a server in trouble.
type failing struct {
	Source
	err error
}

func (f failing) Open(string) (*store.Snapshot, func(), error) { return nil, nil, f.err }
func (f failing) Snapshots() ([]store.Info, error)             { return nil, f.err }

func TestNoSnapshot(t *testing.T) {
	closed := openStore(t)
	publish(t, closed, small(t))
	snap, err := closed.Latest()
	if err != nil {
		t.Fatal(err)
	}
	snap.Close()
	for _, tt := range []struct {
		name   string
		source Source
		status int
		code   Code
	}{
		{"empty store", FromStore(openStore(t)), 503, CodeUnavailable},
		{"closed store", failing{err: store.ErrClosed}, 503, CodeUnavailable},
		{"broken store", failing{err: store.ErrDamaged}, 500, CodeInternal},
		{"closed snapshot", closedSnapshot{snap: snap}, 200, CodeUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := New(tt.source, Options{})
			if err != nil {
				t.Fatal(err)
			}
			const query = `{node(id:"method:lora"){id}}`
			got, body := call(t, NewHandler(s, HandlerOptions{}), "POST", "/", `{"query":"`+strings.ReplaceAll(query, `"`, `\"`)+`"}`, "Content-Type", "application/json")
			if got.StatusCode != tt.status || !strings.Contains(body, string(tt.code)) {
				t.Errorf("status %d, want %d %s: %s", got.StatusCode, tt.status, tt.code, body)
			}
			r := s.Exec(context.Background(), Request{Query: query})
			if len(r.Errors) != 1 || r.Errors[0].Extensions.Code != tt.code {
				t.Errorf("Exec: %v", r.Err())
			}
			var e *Error
			if !errors.As(r.Err(), &e) {
				t.Errorf("Err returns %T", r.Err())
			}
		})
	}
}

type closedSnapshot struct {
	Source
	snap *store.Snapshot
}

func (c closedSnapshot) Open(string) (*store.Snapshot, func(), error) {
	return c.snap, func() {}, nil
}
func (c closedSnapshot) Snapshots() ([]store.Info, error) { return nil, nil }

func FuzzHandler(f *testing.F) {
	st := openStore(f)
	publish(f, st, small(f))
	s, err := New(FromStore(st), Options{})
	if err != nil {
		f.Fatal(err)
	}
	h := NewHandler(s, HandlerOptions{})
	f.Add(`{"query":"{papers{nodes{title uses{edges{evidence{quote}}}}}}"}`)
	f.Add(`{"query":"query($i:[ID!]!){nodes(ids:$i){id ... on Paper{year}}}","variables":{"i":["paper:x"]}}`)
	f.Add(`{"query":"{a:stats{...F}} fragment F on Stats{papers @skip(if:true)}","operationName":""}`)
	f.Add(`{"query":"{__type(name:\"Paper\"){fields{name}}}"}`)
	f.Fuzz(func(t *testing.T, body string) {
		got, answer := call(t, h, "POST", "/", body, "Content-Type", "application/json", "Accept", typeGraphQL)
		if !json.Valid([]byte(answer)) || got.StatusCode >= 500 {
			t.Errorf("status %d: %s", got.StatusCode, answer)
		}
	})
}
