package schema

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/exporters"
)

func openQueries(t testing.TB, dir string, limits QueryLimits) *QueryStore {
	t.Helper()
	q, err := OpenQueries(dir, limits)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func TestQueryStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "queries")
	q := openQueries(t, dir, QueryLimits{Count: 2, Bytes: 100})
	const first = "{stats{papers}}"
	hash, added, err := q.Put(first)
	if err != nil || !added || hash != QueryHash(first) {
		t.Fatalf("Put: %q, %v, %v", hash, added, err)
	}
	if again, added, err := q.Put(first); again != hash || added || err != nil {
		t.Errorf("Put again: %q, %v, %v", again, added, err)
	}
	if _, _, err := q.Put(strings.Repeat("x", 100)); !errors.Is(err, ErrQueriesFull) || !strings.Contains(err.Error(), "at most 100") {
		t.Errorf("too many bytes: %v", err)
	}
	if _, _, err := q.Put("{stats{nodes}}"); err != nil {
		t.Error(err)
	}
	if _, _, err := q.Put("{stats{edges}}"); !errors.Is(err, ErrQueriesFull) || !strings.Contains(err.Error(), "2 are kept") {
		t.Errorf("too many: %v", err)
	}
	// What a program that was ended left behind goes, the rest stays.
	leftover := filepath.Join(dir, newQueryFile+"1")
	for _, name := range []string{leftover, filepath.Join(dir, "README")} {
		if err := os.WriteFile(name, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	q = openQueries(t, dir, QueryLimits{Count: 2})
	if count, bytes := q.Size(); count != 2 || bytes != 29 {
		t.Errorf("%d queries with %d bytes", count, bytes)
	}
	if _, err := os.Stat(leftover); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that was not finished: %v", err)
	}
	if got, err := q.Get(hash); got != first || err != nil {
		t.Errorf("Get: %q, %v", got, err)
	}
	for _, other := range []string{"", "README", "../x", strings.ToUpper(hash), hash + "0", strings.Repeat("0", 64)} {
		if got, err := q.Get(other); got != "" || !errors.Is(err, ErrNoQuery) {
			t.Errorf("Get %q: %q, %v", other, got, err)
		}
	}
	// A damaged file is not taken for the query, until somebody brings it.
	if err := os.WriteFile(filepath.Join(dir, hash+queryFile), []byte("{x}"), 0o666); err != nil {
		t.Fatal(err)
	}
	if got, err := q.Get(hash); got != "" || err == nil || errors.Is(err, ErrNoQuery) {
		t.Errorf("Get of a damaged one: %q, %v", got, err)
	}
	if _, added, err := q.Put(first); !added || err != nil {
		t.Errorf("Put of a damaged one: %v, %v", added, err)
	}
	if count, bytes := openQueries(t, dir, QueryLimits{}).Size(); count != 2 || bytes != 29 {
		t.Errorf("%d queries with %d bytes", count, bytes)
	}
}

func TestQueryStoreReadOnly(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenQueries(filepath.Join(dir, "file"), QueryLimits{}); err == nil {
		t.Error("a file is taken for a folder")
	}
	if os.Geteuid() == 0 {
		t.Skip("root can write everywhere")
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	if _, _, err := openQueries(t, dir, QueryLimits{}).Put("{stats{papers}}"); !errors.Is(err, ErrQueriesReadOnly) {
		t.Errorf("Put: %v", err)
	}
}

// Many that keep the same queries keep each once.
func TestQueryStoreConcurrently(t *testing.T) {
	q := openQueries(t, t.TempDir(), QueryLimits{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 10 {
				query := fmt.Sprintf("query Q%d{stats{papers}}", j)
				hash, _, err := q.Put(query)
				if err != nil {
					t.Error(err)
				}
				if got, err := q.Get(hash); got != query || err != nil {
					t.Errorf("%d: %q, %v", i, got, err)
				}
			}
		})
	}
	wg.Wait()
	if count, _ := q.Size(); count != 10 {
		t.Errorf("%d queries", count)
	}
}

// queriesHandler serves the small corpus with queries kept in a folder.
func queriesHandler(t testing.TB, dir string) http.Handler {
	t.Helper()
	h := NewHandler(schemaOf(t, small(t), Options{BaseURL: "http://example.org"}), HandlerOptions{Queries: openQueries(t, dir, QueryLimits{Count: 5})})
	return served(h)
}

// served has the queries of a handler at /q.
func served(h *Handler) http.Handler {
	return http.StripPrefix("/q", http.HandlerFunc(h.ServeQueries))
}

func TestPersistedQueries(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "queries")
	h := queriesHandler(t, dir)
	const query = `query Uses($n: Int = 5) { papers(first: $n) { nodes { id title year uses { edges { confidence node { id name } } } } } }`
	keep := func(body any) (int, string, http.Header) {
		t.Helper()
		b, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		got, answer := call(t, h, "POST", "/q", string(b), "Content-Type", "application/json")
		return got.StatusCode, answer, got.Header
	}
	hash := QueryHash(query)
	status, answer, header := keep(map[string]any{"query": query})
	if want := `{"hash":"` + hash + `","url":"http://example.org/q/` + hash + `"}` + "\n"; status != 201 || answer != want || header.Get("Location") != "http://example.org/q/"+hash {
		t.Fatalf("%d %s %v", status, answer, header)
	}
	if status, answer, _ := keep(map[string]any{"query": query, "variables": map[string]int{"n": 1}, "operationName": "Uses"}); status != 200 || !strings.Contains(answer, hash+`?operationName=Uses\u0026variables=%7B%22n%22%3A1%7D`) {
		t.Errorf("again, with variables: %d %s", status, answer)
	}
	for name, tt := range map[string]struct {
		body any
		want string
	}{
		"no query":        {map[string]any{"variables": map[string]int{}}, "query is missing"},
		"not GraphQL":     {map[string]any{"query": "SELECT 1"}, "GRAPHQL_PARSE_FAILED"},
		"not the schema":  {map[string]any{"query": "{stats{paper}}"}, "GRAPHQL_VALIDATION_FAILED"},
		"too long":        {map[string]any{"query": query + strings.Repeat(" ", 40<<10)}, "32768 bytes"},
		"many errors":     {map[string]any{"query": "{" + strings.Repeat("x ", 100) + "}"}, `"errorsOmitted":80`},
		"other variables": {map[string]any{"query": query, "variables": 7}, "variables must be an object"},
	} {
		if status, answer, _ := keep(tt.body); status != 400 || !strings.Contains(answer, tt.want) {
			t.Errorf("%s: %d %s", name, status, answer)
		}
	}
	if got, answer := call(t, h, "POST", "/q", "query="+query, "Content-Type", "application/x-www-form-urlencoded"); got.StatusCode != 415 {
		t.Errorf("a form of another site: %d %s", got.StatusCode, answer)
	}
	// A variable that is required is for those who follow the link.
	if status, answer, _ := keep(map[string]any{"query": "query($id:ID!){node(id:$id){id}}"}); status != 201 {
		t.Errorf("required variable: %d %s", status, answer)
	}
	// The links work for the next server too.
	h = queriesHandler(t, dir)
	for _, tt := range []struct {
		name, target string
		header       []string
		status       int
		contentType  string
		want         string // "…" and a part of the body
	}{
		{"json", "/" + hash + `?variables={"n":1}`, nil, 200, "application/json; charset=utf-8", `…{"data":{"papers":{"nodes":[{"id":"paper:qlora-efficient-finetuning"`},
		{"json by name", "/" + hash + `?format=json`, []string{"Accept", typeGraphQL}, 200, "application/graphql-response+json; charset=utf-8", `…{"data":{"papers"`},
		{"csv", "/" + hash + "?format=csv", nil, 200, "text/csv; charset=utf-8", "…id,title,year,uses.confidence,uses.id,uses.name\n"},
		{"csv by type", "/" + hash, []string{"Accept", "text/csv, application/json;q=0.5"}, 200, "text/csv; charset=utf-8", "…title,year"},
		{"json by type", "/" + hash, []string{"Accept", "text/csv;q=0.5, */*"}, 200, "application/json; charset=utf-8", `…{"data"`},
		{"jsonl", "/" + hash + "?format=jsonl", nil, 200, "application/jsonl; charset=utf-8", `…"uses.confidence":`},
		{"dot", "/" + hash + "?format=dot", nil, 200, "text/vnd.graphviz; charset=utf-8", "…http://example.org/method/lora"},
		{"dot as of", "/" + hash + "?format=dot&asOf=", nil, 200, "text/vnd.graphviz; charset=utf-8", "…digraph"},
		{"mermaid", "/" + hash + "?format=mermaid", nil, 200, "text/vnd.mermaid; charset=utf-8", "…flowchart LR"},
		{"no renderer", "/" + hash + "?format=svg", nil, 501, "application/json; charset=utf-8", "…no program that draws"},
		{"not kept", "?format=csv&query={stats{papers+nodes}}", nil, 200, "text/csv; charset=utf-8", "…papers,nodes\n3,"},
		{"nothing to draw", "?format=dot&query={stats{papers}}", nil, 422, "application/json; charset=utf-8", "…must select the field id"},
		{"unknown format", "/" + hash + "?format=xml", nil, 400, "application/json; charset=utf-8", "…the formats are json, jsonl, csv, dot, mermaid, svg, png"},
		{"unknown hash", "/" + strings.Repeat("0", 64), nil, 404, "application/json; charset=utf-8", "…NOT_FOUND"},
		{"not a hash", "/..", nil, 404, "application/json; charset=utf-8", "…64 hexadecimal digits"},
		{"two queries", "/" + hash + "?query={stats{papers}}", nil, 400, "application/json; charset=utf-8", "…names one by its hash"},
		{"bad variables", "/" + hash + "?variables=[]", nil, 400, "application/json; charset=utf-8", "…variables must be an object"},
		{"variables of another type", "/" + hash + `?format=csv&variables={"n":"x"}`, nil, 400, "application/json; charset=utf-8", `…"errors"`},
		{"unknown snapshot", "/" + hash + "?format=csv&asOf=00000000", nil, 404, "application/json; charset=utf-8", "…NOT_FOUND"},
		{"a field with an error", "/" + hash + `?format=csv&variables={"n":-1}`, nil, 422, "application/json; charset=utf-8", "…BAD_USER_INPUT"},
		{"no query", "", nil, 400, "application/json; charset=utf-8", "…query is missing"},
		{"any type", "/" + hash + "?format=csv", []string{"Accept", "image/webp"}, 200, "text/csv; charset=utf-8", "…title"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, body := call(t, h, "GET", strings.ReplaceAll("/q"+tt.target, `"`, "%22"), "", tt.header...)
			part, partly := strings.CutPrefix(tt.want, "…")
			if got.StatusCode != tt.status || got.Header.Get("Content-Type") != tt.contentType || partly != strings.Contains(body, part) {
				t.Errorf("%d %q, want %d %q\n%s\nwant %s", got.StatusCode, got.Header.Get("Content-Type"), tt.status, tt.contentType, body, tt.want)
			}
			tag := got.Header.Get("ETag")
			if (tag != "") != (tt.status == 200) {
				t.Errorf("ETag %q", tag)
			}
			if tag != "" {
				if got, body := call(t, h, "GET", strings.ReplaceAll("/q"+tt.target, `"`, "%22"), "", append(tt.header, "If-None-Match", tag)...); got.StatusCode != 304 || body != "" {
					t.Errorf("If-None-Match: %d %s", got.StatusCode, body)
				}
			}
		})
	}
	for _, tt := range []struct{ method, target, allow string }{{"PUT", "", "GET, HEAD, POST, OPTIONS"}, {"POST", "/" + hash, "GET, HEAD, OPTIONS"}, {"DELETE", "/" + hash, "GET, HEAD, OPTIONS"}} {
		if got, body := call(t, h, tt.method, "/q"+tt.target, "{}", "Content-Type", "application/json"); got.StatusCode != 405 || got.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: %d %s %v", tt.method, "/q"+tt.target, got.StatusCode, body, got.Header)
		}
	}
}

// Different forms of an answer have different ETags.
func TestFormsHaveTheirOwnETags(t *testing.T) {
	h := queriesHandler(t, t.TempDir())
	tags := make(map[string]string)
	for _, format := range []string{"json", "jsonl", "csv", "dot", "mermaid"} {
		got, _ := call(t, h, "GET", "/q?query={papers{nodes{id}}}&format="+format, "")
		tag := got.Header.Get("ETag")
		if other := tags[tag]; other != "" || tag == "" {
			t.Errorf("%s and %s have ETag %q", format, other, tag)
		}
		tags[tag] = format
		if d := got.Header.Get("Content-Disposition"); (format != "json") != strings.HasSuffix(d, "."+format+`"`) {
			t.Errorf("%s: Content-Disposition %q", format, d)
		}
	}
}

// The rows of a table are those of the answer, whatever they hold.
func TestTableOfAnAnswer(t *testing.T) {
	h := queriesHandler(t, t.TempDir())
	query := url.QueryEscape(`{papers(first:10){nodes{title uses{nodes{name}} authoredBy{nodes{name}}}}}`)
	_, body := call(t, h, "GET", "/q?format=csv&query="+query, "")
	rows, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var plain struct {
		Data struct {
			Papers struct {
				Nodes []struct {
					Title            string
					Uses, AuthoredBy struct{ Nodes []struct{ Name string } }
				}
			}
		}
	}
	_, body = call(t, h, "GET", "/q?query="+query, "")
	if err := json.Unmarshal([]byte(body), &plain); err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"title", "uses.name", "authoredBy.name"}}
	for _, p := range plain.Data.Papers.Nodes {
		for _, m := range p.Uses.Nodes {
			want = append(want, []string{p.Title, m.Name, ""})
		}
		for _, a := range p.AuthoredBy.Nodes {
			want = append(want, []string{p.Title, "", a.Name})
		}
		if len(p.Uses.Nodes)+len(p.AuthoredBy.Nodes) == 0 {
			want = append(want, []string{p.Title, "", ""})
		}
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A table repeats what stands around a list, but not without end.
func TestTableIsBounded(t *testing.T) {
	var b boundedBuffer
	a, err := exporters.ParseAnswer([]byte(`{"paper":{"abstract":"` + strings.Repeat("x", 1<<20) + `","by":[` + strings.Repeat(`{"n":1},`, 100) + `{"n":2}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	var he *httpError
	if err := a.JSONL(&b); !errors.As(err, &he) || he.status != http.StatusUnprocessableEntity || b.Len() > maxFormBytes {
		t.Errorf("%d bytes, error %v", b.Len(), err)
	}
}

func TestPlaygroundOfALink(t *testing.T) {
	h := queriesHandler(t, t.TempDir())
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	got, _ := call(t, h, "GET", "/q?query={stats{papers}}&variables={}&asOf=abc", "", "Accept", browser)
	if want := "http://example.org/?asOf=abc&query=%7Bstats%7Bpapers%7D%7D&variables=%7B%7D"; got.StatusCode != 303 || got.Header.Get("Location") != want {
		t.Errorf("%d %q", got.StatusCode, got.Header.Get("Location"))
	}
	for _, target := range []string{"?format=json&query={stats{papers}}", "?query={stats{papers}}" + strings.Repeat("%20", maxRedirect)} {
		if got, body := call(t, h, "GET", "/q"+target, "", "Accept", browser); got.StatusCode != 200 || !strings.HasPrefix(body, `{"data"`) {
			t.Errorf("%.40s: %d %s", target, got.StatusCode, body)
		}
	}
}

// What went wrong with a kept query is in the log, not in the answer.
func TestDamagedQuery(t *testing.T) {
	dir := t.TempDir()
	hash := QueryHash("{stats{papers}}")
	if err := os.WriteFile(filepath.Join(dir, hash+queryFile), []byte("{x}"), 0o666); err != nil {
		t.Fatal(err)
	}
	got, body := call(t, queriesHandler(t, dir), "GET", "/q/"+hash, "")
	if got.StatusCode != 500 || !strings.Contains(body, "INTERNAL") || strings.Contains(body, dir) {
		t.Errorf("%d %s", got.StatusCode, body)
	}
}

func TestDrawnAnswer(t *testing.T) {
	renderer := exporters.NewRenderer(exporters.RendererOptions{})
	if len(renderer.Programs()) == 0 {
		t.Skip("no program that draws: install Graphviz or put papergraph-render on PATH")
	}
	h := NewHandler(schemaOf(t, small(t), Options{}), HandlerOptions{Renderer: renderer})
	got, body := call(t, served(h), "GET", "/q?format=svg&query="+url.QueryEscape(`{papers{nodes{id uses{nodes{id}}}}}`), "")
	if got.StatusCode != 200 || got.Header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(body, "<svg") || !strings.Contains(body, "LoRA") {
		t.Errorf("%d %v\n%.500s", got.StatusCode, got.Header, body)
	}
	if p := got.Header.Get("Content-Security-Policy"); !strings.HasPrefix(p, "default-src 'none'") {
		t.Errorf("policy %q", p)
	}
}

// Without a folder nothing is kept, and other things work.
func TestNoQueries(t *testing.T) {
	h := served(NewHandler(schemaOf(t, small(t), Options{}), HandlerOptions{}))
	if got, body := call(t, h, "POST", "/q", `{"query":"{stats{papers}}"}`, "Content-Type", "application/json"); got.StatusCode != 403 {
		t.Errorf("%d %s", got.StatusCode, body)
	}
	if got, body := call(t, h, "GET", "/q/"+strings.Repeat("0", 64), ""); got.StatusCode != 404 {
		t.Errorf("%d %s", got.StatusCode, body)
	}
	got, body := call(t, h, "GET", "/q?format=jsonl&query={stats{papers}}", "")
	if b, err := io.ReadAll(strings.NewReader(body)); got.StatusCode != 200 || err != nil || string(b) != `{"papers":3}`+"\n" {
		t.Errorf("%d %s", got.StatusCode, body)
	}
}
