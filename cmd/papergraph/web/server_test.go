package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"papergraph/exporters"
	"papergraph/graph"
)

// Ensure that every address answers with the right status, type and content.
func TestRoutes(t *testing.T) {
	s := smallServer(t)
	const html, text, js = "text/html; charset=utf-8", "text/plain; charset=utf-8", "application/json"
	for _, c := range []struct {
		name, method, target string
		headers              []string
		status               int
		media                string
		contains             string
	}{
		{"playground", "GET", "/", nil, 200, html, `<div id="playground">`},
		{"playground with a query", "GET", "/?query=%7Bstats%7Bpapers%7D%7D&variables=%7B%7D", nil, 200, html, `<div id="playground">`},
		{"playground with broken variables", "GET", "/?variables=%7B", nil, 400, text, "not JSON"},
		{"malformed query of an address", "GET", "/browse?q=%zz", nil, 400, text, "malformed query"},
		{"schema", "GET", "/schema.graphql", nil, 200, "application/graphql; charset=utf-8", "type Query"},
		{"health", "GET", "/healthz", nil, 200, js, `"status":"ok"`},
		{"start", "GET", "/browse", nil, 200, html, "Newest papers"},
		{"favicon", "GET", "/favicon.ico", nil, 200, "image/svg+xml", "<svg"},
		{"style", "GET", "/assets/" + s.assets.version + "/style.css", nil, 200, "text/css; charset=utf-8", "--ink"},
		{"old style", "GET", "/assets/0123/style.css", nil, 404, text, "no such page"},
		{"no such asset", "GET", "/assets/" + s.assets.version + "/nothing.css", nil, 404, text, "no such page"},
		{"list", "GET", "/dataset", nil, 200, html, "/dataset/glue"},
		{"empty search", "GET", "/search", nil, 200, html, "Search by words"},
		{"search", "GET", "/search?q=adapt", nil, 200, html, "/method/lora"},
		{"search by outside id", "GET", "/search?q=arxiv:2106.09685", nil, 200, html, "By that name"},
		{"search in a kind", "GET", "/search?q=lora&kind=method", nil, 200, html, `aria-current="page">Methods`},
		{"search in no kind", "GET", "/search?q=lora&kind=thing", nil, 400, text, "names no kind"},
		{"search that is too long", "GET", "/search?q=" + strings.Repeat("a", 600), nil, 400, text, "at most 512"},
		{"search without hits", "GET", "/search?q=qqqqq", nil, 200, html, "Nothing was found"},
		{"misspelt search", "GET", "/search?q=lorqq", nil, 200, html, "Something like it"},
		{"method", "GET", "/method/lora", nil, 200, html, "Based on"},
		{"paper", "GET", "/paper/lora-low-rank-adaptation-of-large-language-models", nil, 200, html, "Abstract"},
		{"result", "GET", "/result/lora-memory", nil, 200, html, "<strong>3x</strong>"},
		{"metric", "GET", "/metric/memory", nil, 200, html, "lower is better"},
		{"author", "GET", "/author/edward-hu", nil, 200, html, "Wrote"},
		{"group", "GET", "/method/sgd?group=usedBy&page=2", nil, 200, html, "Page 2 of 2"},
		{"no such page of a group", "GET", "/method/sgd?group=usedBy&page=3", nil, 404, text, "the last one is 2"},
		{"no such group", "GET", "/method/sgd?group=cites", nil, 404, text, "nothing about this"},
		{"page that is no number", "GET", "/method/sgd?group=usedBy&page=x", nil, 400, text, "whole number"},
		{"missing method", "GET", "/method/lorra", []string{"Accept", browserAccept}, 404, html, "/method/lora"},
		{"missing method as text", "GET", "/method/lorra", nil, 404, text, "There is no method “lorra”"},
		{"missing method as JSON", "GET", "/method/lorra.json", nil, 404, js, `"url":"/method/lora"`},
		{"missing method for who accepts JSON", "GET", "/method/lorra", []string{"Accept", "application/json"}, 404, js, `"error":`},
		{"missing kind", "GET", "/thing/lora", []string{"Accept", browserAccept}, 404, html, "/search?q=thing%20lora"},
		{"missing form", "GET", "/method/lora.pdf", nil, 404, text, "There is no method “lora.pdf”"},
		{"missing page", "GET", "/nothing", nil, 404, text, "no such page"},
		{"unknown snapshot", "GET", "/method/lora?asOf=ffffffffffff", nil, 404, text, "no snapshot"},
		{"short snapshot", "GET", "/method/lora?asOf=f", nil, 404, text, "no snapshot"},
		{"post to a page", "POST", "/method/lora", nil, 405, text, "only be read"},
		{"delete a list", "DELETE", "/method", nil, 405, text, "only be read"},
		{"options", "OPTIONS", "/browse", nil, 204, "", ""},
		{"graphql", "GET", "/graphql?query=%7Bstats%7Bpapers%7D%7D", nil, 200, "application/graphql-response+json", `"papers":59`},
		{"graphql as of no snapshot", "GET", "/graphql?query=%7Bstats%7Bpapers%7D%7D&asOf=ffffffffffff", nil, 404, "application/graphql-response+json", "errors"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ask(t, s, c.method, c.target, c.headers...)
			media := got.header.Get("Content-Type")
			if strings.HasPrefix(c.media, "application/graphql-response") {
				media, _, _ = strings.Cut(media, ";") // GraphQL's handler chooses between two
				if media == "application/json" {
					media = c.media
				}
			}
			if got.status != c.status || media != c.media || !strings.Contains(got.body, c.contains) {
				t.Errorf("%s %s: %d %s without %q:\n%.600s\nwant %d %s", c.method, c.target, got.status, media, c.contains, got.body, c.status, c.media)
			}
			if c.status == http.StatusMethodNotAllowed || c.status == http.StatusNoContent {
				if diff := cmp.Diff("GET, HEAD, OPTIONS", got.header.Get("Allow")); diff != "" {
					t.Errorf("Allow (-want +got)\n%s", diff)
				}
			}
		})
	}
}

// Ensure that other spellings of an address lead to the one that lasts, and
// that they keep the parameters.
func TestRedirects(t *testing.T) {
	s := smallServer(t)
	for target, want := range map[string]string{
		"/methods/lora":                    "/method/lora",
		"/Method/LoRA":                     "/method/lora",
		"/method/LoRA":                     "/method/lora",
		"/method/low-rank-adaptation":      "/method/lora",
		"/method/Low-Rank%20Adaptation":    "/method/lora",
		"/methods/lora.svg?depth=2":        "/method/lora.svg?depth=2",
		"/method/GPT-3.5":                  "/method/gpt-3-5",
		"/method/GPT-3.5.json":             "/method/gpt-3-5.json",
		"/method/lora/":                    "/method/lora",
		"/paper/arxiv:2106.09685":          "/paper/lora-low-rank-adaptation-of-large-language-models",
		"/paper/10.1000/182":               "/paper/lora-low-rank-adaptation-of-large-language-models",
		"/paper/10.1000/182.json?depth=0":  "/paper/lora-low-rank-adaptation-of-large-language-models.json?depth=0",
		"/methods":                         "/method",
		"/method/":                         "/method",
		"/METHODS?after=method:lora":       "/method?after=method:lora",
		"/method/stochastic-gradient-desc": "", // nothing has that name
	} {
		got := ask(t, s, "GET", target)
		if want == "" {
			if got.status != http.StatusNotFound {
				t.Errorf("%s: status %d, want 404", target, got.status)
			}
			continue
		}
		status := http.StatusPermanentRedirect
		if strings.HasPrefix(target, "/method/low-rank") {
			status = http.StatusMovedPermanently // as an id that it may have had
		}
		if got.status != status || got.header.Get("Location") != want {
			t.Errorf("%s: %d to %q, want %d to %q", target, got.status, got.header.Get("Location"), status, want)
		}
		if again := ask(t, s, "GET", want); again.status != http.StatusOK && !strings.Contains(want, ".svg") {
			t.Errorf("%s leads to %s, which is %d", target, want, again.status)
		}
	}
	if got := page(t, s, "/graphql?asOf=12"); got.status != http.StatusPermanentRedirect || got.header.Get("Location") != "/?asOf=12" {
		t.Errorf("a browser at /graphql: %d to %q", got.status, got.header.Get("Location"))
	}
}

// Ensure that all answers carry the headers that protect readers, and that
// HEAD is GET without a body.
func TestHeaders(t *testing.T) {
	s := smallServer(t)
	for _, target := range []string{"/", "/browse", "/method/lora", "/method/lora.json", "/method/nothing", "/healthz", "/search?q=lora", "/methods"} {
		got := page(t, s, target)
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"} {
			if got.header.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", target, name, got.header.Get(name), want)
			}
		}
		policy := got.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "http") || strings.Contains(policy, "script-src 'unsafe") {
			t.Errorf("%s: policy %q", target, policy)
		}
		if got.header.Get("X-Request-Id") == "" {
			t.Errorf("%s: no request id", target)
		}
		head := ask(t, s, "HEAD", target, "Accept", browserAccept)
		if head.body != "" || head.status != got.status {
			t.Errorf("HEAD %s: %d with %d bytes, GET has %d", target, head.status, len(head.body), got.status)
		}
		for _, name := range []string{"Content-Type", "Content-Length", "ETag"} {
			if head.header.Get(name) != got.header.Get(name) {
				t.Errorf("HEAD %s: %s is %q, GET has %q", target, name, head.header.Get(name), got.header.Get(name))
			}
		}
	}
	if got := ask(t, s, "GET", "/healthz", "X-Request-Id", "proxy-17"); got.header.Get("X-Request-Id") != "proxy-17" {
		t.Errorf("the request's own id became %q", got.header.Get("X-Request-Id"))
	}
	if got := ask(t, s, "GET", "/healthz", "X-Request-Id", "<b>\"'"); len(got.header.Get("X-Request-Id")) != 16 {
		t.Errorf("a hostile id became %q", got.header.Get("X-Request-Id"))
	}
	policy := page(t, s, "/").header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "worker-src 'self' blob:") || !strings.Contains(policy, "script-src 'self';") || !strings.Contains(policy, "connect-src 'self'") {
		t.Errorf("policy of the playground: %q", policy)
	}
}

// Ensure that an answer that the client has is not sent again, and that what
// changes an answer changes its ETag.
func TestETag(t *testing.T) {
	st := openStore(t)
	c := small(t)
	old := publish(t, st, c)
	s := newServer(t, st, Options{Version: "1"})
	tags := map[string]string{}
	for _, target := range []string{"/method/lora", "/method/lora.json", "/method/lora.json?depth=2", "/method/lora.csv", "/method/sgd", "/browse", "/search?q=lora", "/dataset"} {
		got := page(t, s, target)
		tag := got.header.Get("ETag")
		if tag == "" || got.header.Get("Cache-Control") != "no-cache" {
			t.Fatalf("%s: ETag %q, Cache-Control %q", target, tag, got.header.Get("Cache-Control"))
		}
		if other, ok := tags[tag]; ok {
			t.Errorf("%s and %s have one ETag", target, other)
		}
		tags[tag] = target
		again := ask(t, s, "GET", target, "Accept", browserAccept, "If-None-Match", `"x", `+tag)
		if again.status != http.StatusNotModified || again.body != "" || again.header.Get("ETag") != tag {
			t.Errorf("%s again: %d with %d bytes", target, again.status, len(again.body))
		}
		if gzipped := ask(t, s, "GET", target, "Accept", browserAccept, "Accept-Encoding", "gzip"); gzipped.body != got.body {
			t.Errorf("%s differs when compressed", target)
		}
	}
	if newServer(t, st, Options{Version: "2"}).etag(httptest.NewRequest("GET", "/browse", nil), nil) == s.etag(httptest.NewRequest("GET", "/browse", nil), nil) {
		t.Error("another version has the same ETags")
	}
	pinned := page(t, s, "/method/lora?asOf="+old.ID)
	c.nodes = append(c.nodes, graph.Node{ID: "method:new", Name: "New"})
	info := publish(t, st, c)
	if got := page(t, s, "/method/lora"); tags[got.header.Get("ETag")] != "" || !strings.Contains(got.body, info.ID[:12]) {
		t.Error("the newest snapshot has the ETag of the one before, or is not shown")
	}
	if again := page(t, s, "/method/lora?asOf="+old.ID); cmp.Diff(pinned, again, cmp.AllowUnexported(reply{}), cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "header" }, cmp.Ignore())) != "" {
		t.Error("a page of a named snapshot changed")
	}
}

// Ensure that links on the page of a named snapshot stay in it.
func TestAsOf(t *testing.T) {
	st := openStore(t)
	info := publish(t, st, small(t))
	s := newServer(t, st, Options{})
	got := page(t, s, "/method/lora?depth=0&asOf="+info.ID)
	if !strings.Contains(got.body, "You are looking at snapshot") || !strings.Contains(got.body, `href="/method/lora?depth=0">Show the newest`) {
		t.Errorf("the page does not say that it shows an old snapshot:\n%s", got.body)
	}
	for _, m := range regexp.MustCompile(`<a [^>]*href="(/[^"]*)"`).FindAllStringSubmatch(got.body, -1) {
		link := strings.ReplaceAll(m[1], "&amp;", "&")
		u, err := url.Parse(link)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(link, "/assets/") || link == "/schema.graphql" || strings.Contains(m[0], "depth=0\"") {
			continue
		}
		if u.Query().Get("asOf") != info.ID {
			t.Errorf("the link %s leaves the snapshot", link)
		}
	}
	if got := ask(t, s, "GET", "/method/lora.dot?asOf="+info.ID[:8]); !strings.Contains(got.body, "?asOf="+info.ID[:8]) {
		t.Error("links of a drawing leave the snapshot")
	}
}

// Ensure that a request without the snapshot of a finished build says so.
func TestEmptyStore(t *testing.T) {
	s := newServer(t, openStore(t), Options{})
	for target, contains := range map[string]string{"/browse": "Nothing has been built yet", "/method/lora": "Nothing has been built yet", "/healthz": `"status":"empty"`} {
		if got := page(t, s, target); got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, contains) {
			t.Errorf("%s: %d %.300s", target, got.status, got.body)
		}
	}
	if got := page(t, s, "/"); got.status != http.StatusOK {
		t.Errorf("the playground: %d", got.status)
	}
}

// Ensure that parameters that bound a view are checked.
func TestViewParameters(t *testing.T) {
	s := smallServer(t)
	for query, want := range map[string]string{
		"depth=-1":                    "from 0 to 4",
		"depth=5":                     "from 0 to 4",
		"depth=1.5":                   "from 0 to 4",
		"depth=1&depth=2":             "must be one whole number",
		"depth=99999999999999999999":  "from 0 to 4",
		"max-nodes=0":                 "from 1 to 1000",
		"max-nodes=1001":              "from 1 to 1000",
		"max-nodes=<script>":          "from 1 to 1000",
		"kinds=thing":                 "names no kind",
		"kinds=method,thing":          "names no kind",
		"relations=Uses":              "names no relation",
		"relations=uses&relations=xx": "names no relation",
	} {
		for _, path := range []string{"/method/lora", "/method/lora.json", "/method/lora.dot", "/graph.csv"} {
			got := ask(t, s, "GET", path+"?"+query)
			if got.status != http.StatusBadRequest || !strings.Contains(got.body, want) {
				t.Errorf("%s?%s: %d %s", path, query, got.status, got.body)
			}
		}
	}
	q := url.Values{"depth": {"3"}, "max-nodes": {""}, "kinds": {"papers,method", "method"}, "relations": {"uses basedOn"}}
	got, err := parseViewParams(q)
	if err != nil {
		t.Fatal(err)
	}
	want := viewParams{Depth: 3, MaxNodes: defaultNodes, Kinds: []graph.Kind{graph.KindPaper, graph.KindMethod}, Relations: []graph.Relation{graph.Uses, graph.BasedOn}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parseViewParams (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff("?asOf=ab&depth=3&kinds=paper%2Cmethod&relations=uses%2CbasedOn", got.query("asOf", "ab", "group", "")); diff != "" {
		t.Errorf("query (-want +got)\n%s", diff)
	}
}

// Ensure that every form of a view is the exporter's, under its type and name.
func TestForms(t *testing.T) {
	st := openStore(t)
	publish(t, st, small(t))
	s := newServer(t, st, Options{})
	for _, c := range []struct{ form, media, contains string }{
		{"json", "application/json", `"method:lora"`},
		{"csv", "text/csv; charset=utf-8", "from,fromName,relation"},
		{"dot", "text/vnd.graphviz; charset=utf-8", `URL="http://example.com/dataset/glue"`},
		{"mmd", "text/vnd.mermaid; charset=utf-8", "http://example.com/dataset/glue"},
		{"JSON", "application/json", `"method:lora"`},
	} {
		got := ask(t, s, "GET", "/method/lora."+c.form+"?depth=2")
		if got.status != 200 || got.header.Get("Content-Type") != c.media || !strings.Contains(got.body, c.contains) {
			t.Errorf("%s: %d %s\n%.400s", c.form, got.status, got.header.Get("Content-Type"), got.body)
		}
		if name := `inline; filename="method-lora.` + strings.ToLower(c.form) + `"`; got.header.Get("Content-Disposition") != name {
			t.Errorf("%s: Content-Disposition %q, want %q", c.form, got.header.Get("Content-Disposition"), name)
		}
	}
	var view graph.View
	if err := json.Unmarshal([]byte(ask(t, s, "GET", "/method/lora.json?kinds=dataset&depth=2&max-nodes=3").body), &view); err != nil {
		t.Fatal(err)
	}
	if len(view.Nodes) == 0 || len(view.Nodes) > 3 {
		t.Errorf("a view of at most 3 nodes has %d", len(view.Nodes))
	}
	for _, n := range view.Nodes {
		if n.ID != "method:lora" && n.Kind() != graph.KindDataset {
			t.Errorf("a view of datasets has %s", n.ID)
		}
	}
	for _, f := range []string{"svg", "png"} {
		if got := ask(t, s, "GET", "/method/lora."+f); got.status != http.StatusNotImplemented || !strings.Contains(got.body, "Install Graphviz") {
			t.Errorf("%s without a renderer: %d %s", f, got.status, got.body)
		}
	}
	if got := ask(t, s, "GET", "/graph.json"); !strings.Contains(got.body, overviewTitle) {
		t.Errorf("/graph.json: %.300s", got.body)
	}
}

// Ensure that drawings are images, and that those in a page have live links.
func TestPictures(t *testing.T) {
	r := renderer(t)
	st := openStore(t)
	publish(t, st, small(t))
	s := newServer(t, st, Options{Renderer: r, BaseURL: "https://graph.example.org/lab"})
	svg := ask(t, s, "GET", "/lab/method/lora.svg")
	if svg.status != 200 || svg.header.Get("Content-Type") != "image/svg+xml" || !strings.Contains(svg.body, `href="https://graph.example.org/lab/dataset/glue"`) && !strings.Contains(svg.body, `href="https://graph.example.org/lab/method/sgd"`) {
		t.Errorf("svg: %d %s\n%.500s", svg.status, svg.header.Get("Content-Type"), svg.body)
	}
	png := ask(t, s, "GET", "/lab/method/lora.png")
	if png.status != 200 || png.header.Get("Content-Type") != "image/png" || !strings.HasPrefix(png.body, "\x89PNG\r\n") {
		t.Errorf("png: %d %s", png.status, png.header.Get("Content-Type"))
	}
	got := page(t, s, "/lab/method/lora")
	if !strings.Contains(got.body, "<svg ") || !strings.Contains(got.body, `href="/lab/method/sgd" xlink:href`) || strings.Contains(got.body, "<?xml") {
		t.Errorf("the page has no drawing with links:\n%.3000s", got.body)
	}
	if n := s.drawings.order.Len(); n != 3 {
		t.Errorf("%d drawings are kept, want 3", n)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if again := page(t, s, "/lab/method/lora"); again.body != got.body {
				t.Error("the same page differs")
			}
		})
	}
	wait.Wait()
}

// Ensure that the memory for drawings is bounded and holds the latest.
func TestDrawingsKept(t *testing.T) {
	d := newDrawings(exporters.NewRenderer(exporters.RendererOptions{}))
	image := bytes.Repeat([]byte("x"), maxDrawings/8)
	for i := range 20 {
		d.keep(&drawing{fmt.Sprint(i), image})
		d.kept("0") // used again and again
	}
	d.keep(&drawing{"large", bytes.Repeat(image, 4)})
	if d.size > maxDrawings || d.order.Len() != len(d.byKey) || d.order.Len() != 8 {
		t.Errorf("%d bytes in %d drawings, %d keys", d.size, d.order.Len(), len(d.byKey))
	}
	for key, want := range map[string]bool{"0": true, "19": true, "5": false, "large": false} {
		if _, ok := d.kept(key); ok != want {
			t.Errorf("drawing %s is kept: %v, want %v", key, ok, want)
		}
	}
	if _, err := (*drawings)(nil).draw(t.Context(), nil, exporters.SVG); !errors.Is(err, exporters.ErrNoRenderer) {
		t.Errorf("no drawings: %v", err)
	}
}

// Ensure that the form is negotiated where the address names none.
func TestNegotiation(t *testing.T) {
	s := smallServer(t)
	for accept, want := range map[string]string{
		"":                                    "text/html; charset=utf-8",
		"*/*":                                 "text/html; charset=utf-8",
		browserAccept:                         "text/html; charset=utf-8",
		"application/json":                    "application/json",
		"text/html;q=0.1, application/json":   "application/json",
		"text/html, application/json;q=0.9":   "text/html; charset=utf-8",
		"application/xml, text/csv;q=0.5":     "text/csv; charset=utf-8",
		"text/vnd.graphviz":                   "text/vnd.graphviz; charset=utf-8",
		"application/json;q=0, text/csv;q=.1": "text/csv; charset=utf-8",
		"nonsense;;;q=x,,":                    "text/html; charset=utf-8",
	} {
		if got := ask(t, s, "GET", "/method/lora", "Accept", accept); got.status != 200 || got.header.Get("Content-Type") != want {
			t.Errorf("Accept %q: %d %s, want %s", accept, got.status, got.header.Get("Content-Type"), want)
		}
	}
	for coding, want := range map[string]bool{"gzip": true, "gzip;q=0": false, "br, gzip;q=0.5": true, "*": true, "identity": false, "": false, "x-gzip": true, "zstd, gzip;q=0": false} {
		got := ask(t, s, "GET", "/browse", "Accept-Encoding", coding)
		if (got.header.Get("Content-Encoding") == "gzip") != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q", coding, got.header.Get("Content-Encoding"))
		}
		asset := ask(t, s, "GET", "/assets/"+s.assets.version+"/playground.css", "Accept-Encoding", coding)
		if (asset.header.Get("Content-Encoding") == "gzip") != want || !strings.Contains(asset.body, "graphiql") {
			t.Errorf("Accept-Encoding %q for an asset: Content-Encoding %q", coding, asset.header.Get("Content-Encoding"))
		}
	}
}

// Ensure that a base address is taken apart or refused, and that addresses
// below it work.
func TestBaseURL(t *testing.T) {
	for base, want := range map[string][2]string{
		"": {}, "/": {}, "/graph": {"", "/graph"}, "/graph/": {"", "/graph"},
		"https://example.org": {"https://example.org", ""}, "http://example.org:81/a/b/": {"http://example.org:81", "/a/b"},
	} {
		origin, prefix, err := splitBase(base)
		if err != nil || origin != want[0] || prefix != want[1] {
			t.Errorf("splitBase(%q) = %q, %q, %v, want %q", base, origin, prefix, err, want)
		}
	}
	for _, base := range []string{"graph", "ftp://example.org", "//example.org", "http://", "https://example.org/?a=b", "/a#b", "https://me@example.org", "/a b", `/a"b`, "/<a>", "http://[::1", "mailto:me"} {
		if _, _, err := splitBase(base); !errors.Is(err, ErrBaseURL) {
			t.Errorf("splitBase(%q): %v, want ErrBaseURL", base, err)
		}
	}
	st := openStore(t)
	publish(t, st, small(t))
	s := newServer(t, st, Options{BaseURL: "/graph"})
	for target, want := range map[string]int{"/graph/": 200, "/graph/method/lora": 200, "/graph/healthz": 200, "/graph": 308, "/": 404, "/graphite": 404, "/method/lora": 404} {
		if got := ask(t, s, "GET", target); got.status != want {
			t.Errorf("%s: %d, want %d", target, got.status, want)
		}
	}
	got := page(t, s, "/graph/method/lora")
	for _, m := range regexp.MustCompile(`(?:href|src|action)="([^"]*)"`).FindAllStringSubmatch(got.body, -1) {
		if !strings.HasPrefix(m[1], "/graph/") && !strings.HasPrefix(m[1], "#") && !strings.HasPrefix(m[1], "http://example.com/graph/") {
			t.Errorf("the address %q is not below the base", m[1])
		}
	}
}

// Ensure that hostile hosts do not get into links.
func TestHost(t *testing.T) {
	s := smallServer(t)
	for host, want := range map[string]string{"example.org:8080": `URL="http://example.org:8080/`, "[::1]:80": `URL="http://[::1]:80/`, `a"b`: `URL="/`, "a/b": `URL="/`, "": `URL="/`} {
		r := httptest.NewRequest("GET", "/method/lora.dot", nil)
		r.Host = host
		if got := send(t, s, r); !strings.Contains(got.body, want) {
			t.Errorf("host %q: no %s in\n%.1500s", host, want, got.body)
		}
	}
}

// Ensure that a panic is an answer with an id that the log has, and that
// requests are logged.
func TestPanic(t *testing.T) {
	st := openStore(t)
	publish(t, st, small(t))
	var log bytes.Buffer
	s := newServer(t, st, Options{Logger: logTo(&log), GraphQL: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret") })})
	got := ask(t, s, "GET", "/graphql?query=x")
	id := got.header.Get("X-Request-Id")
	if got.status != http.StatusInternalServerError || !strings.Contains(got.body, id) || strings.Contains(got.body, "secret") {
		t.Errorf("%d %s", got.status, got.body)
	}
	if !strings.Contains(log.String(), `"panic":"secret"`) || strings.Count(log.String(), id) < 2 {
		t.Errorf("the log has nothing under %s:\n%s", id, log.String())
	}
	log.Reset()
	ask(t, s, "GET", "/method/lora")
	var line struct {
		Msg, Method, Path string
		Status, Bytes     int
	}
	if err := json.Unmarshal(log.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if line.Msg != "request" || line.Method != "GET" || line.Path != "/method/lora" || line.Status != 200 || line.Bytes == 0 {
		t.Errorf("the log has %s", log.String())
	}
	half := newServer(t, st, Options{GraphQL: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("half"))
		panic("later")
	})})
	defer func() {
		if p := recover(); p != http.ErrAbortHandler {
			t.Errorf("half an answer ended in %v", p)
		}
	}()
	ask(t, half, "GET", "/graphql?query=x")
}

// No address may make the server fail, and none may get its own text into a
// page as markup.
func FuzzAddress(f *testing.F) {
	for _, target := range []string{"/method/lora", "/search?q=<script>", "/method/lora.svg?depth=2", "/paper/../..//x", "/methods/%3Cscript%3E?group=x&page=0", "/method?after=method:x", "/?query=%00&variables={}", "/graph.dot?kinds=,&relations=", "/method/\xff", "/assets//"} {
		f.Add(target)
	}
	st := openStore(f)
	publish(f, st, small(f))
	s := newServer(f, st, Options{})
	f.Fuzz(func(t *testing.T, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || u.Host != "" || !strings.HasPrefix(u.Path, "/") {
			t.Skip()
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL = u
		r.Header.Set("Accept", browserAccept)
		got := send(t, s, r)
		if got.status >= 500 && got.status != http.StatusNotImplemented {
			t.Errorf("%s: %d %s", target, got.status, got.body)
		}
		if strings.HasPrefix(got.header.Get("Content-Type"), "text/html") {
			checkMarkup(t, got.body)
		}
	})
}

// Ensure that a drawing ends when the last client that waits for it has gone,
// and not before, so that its place is free for others.
func TestDrawingsOfClientsThatLeave(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the program that draws is a shell script here")
	}
	dir := t.TempDir()
	started := filepath.Join(dir, "started")
	script := "#!/bin/sh\nif grep -q slow; then : > '" + started + "'; exec sleep 600; fi\necho '<svg/>'\n"
	if err := os.WriteFile(filepath.Join(dir, "dot"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	d := newDrawings(exporters.NewRenderer(exporters.RendererOptions{MaxConcurrent: 1, Timeout: time.Hour}))
	slow := []byte("digraph { slow }")
	first, leaveFirst := context.WithCancel(t.Context())
	second, leaveSecond := context.WithCancel(t.Context())
	defer leaveSecond()
	left := make(chan error, 2)
	for _, ctx := range []context.Context{first, second} {
		go func() {
			_, err := d.draw(ctx, slow, exporters.SVG)
			left <- err
		}()
	}
	waiting := func() (n int) {
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, u := range d.underWay {
			n += u.waiting
		}
		return n
	}
	for _, err := os.Stat(started); err != nil || waiting() < 2; _, err = os.Stat(started) {
		time.Sleep(time.Millisecond)
	}
	leaveFirst()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the first client left with %v", err)
	}
	if n := waiting(); n != 1 {
		t.Errorf("%d clients wait after the first one has gone, want 1", n)
	}
	leaveSecond()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the second client left with %v", err)
	}
	// The one place is free long before the slow drawing would have ended.
	if image, err := d.draw(t.Context(), []byte("digraph { fast }"), exporters.SVG); err != nil || string(image) != "<svg/>\n" {
		t.Errorf("a drawing after all have gone: %q, %v", image, err)
	}
}

// Queries that are kept have their address below /q, also behind a proxy with
// a path.
func TestQueriesAddress(t *testing.T) {
	st := openStore(t)
	publish(t, st, small(t))
	for _, prefix := range []string{"", "/graph"} {
		s := newServer(t, st, Options{BaseURL: prefix})
		got := ask(t, s, "GET", prefix+"/q?format=csv&query={stats{papers}}", "Accept", "*/*", "X-Request-Id", "mine")
		if got.status != 200 || !strings.HasPrefix(got.body, "papers\n") || got.header.Get("X-Request-Id") != "mine" {
			t.Errorf("%q: %d %v %s", prefix, got.status, got.header, got.body)
		}
		if got := ask(t, s, "GET", prefix+"/q/"+strings.Repeat("0", 64)); got.status != 404 || !strings.Contains(got.body, "NOT_FOUND") {
			t.Errorf("%q: %d %s", prefix, got.status, got.body)
		}
		if got := ask(t, s, "GET", prefix+"/quite"); got.status != 404 || strings.Contains(got.body, "NOT_FOUND") {
			t.Errorf("%q: %d %s", prefix, got.status, got.body)
		}
	}
}
