package web

import (
	"flag"
	"html"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"papergraph/graph"
)

var update = flag.Bool("update", false, "write golden files anew; look at the difference before it is committed")

// checkMarkup fails on what only hostile text could have brought into a page.
func checkMarkup(t testing.TB, body string) {
	t.Helper()
	for _, m := range regexp.MustCompile(`(?i)<script[^>]*>|<[^>]*\son[a-z]+\s*=|<img|javascript:`).FindAllString(body, -1) {
		if m != `<script type="application/json" id="config">` && !strings.HasPrefix(m, `<script type="module" src="/`) {
			t.Errorf("the page has %s", m)
		}
	}
}

// Ensure that names and texts that are markup stay text.
func TestHostileNames(t *testing.T) {
	s := smallServer(t)
	paper := graph.NewID(graph.KindPaper, `<script>alert("title")</script> & "quotes"`)
	for _, target := range []string{
		"/browse", "/method/script-alert-1-script", paper.Path(), "/method/lora", "/method", "/paper", "/search?q=alert", "/search?q=%3Cscript%3Ealert(3)%3C/script%3E",
		"/method/%3Cscript%3Ealert(4)%3C%2Fscript%3E%22%27", "/%3Cscript%3E", "/method/lora?asOf=%22%3E%3Cscript%3E", "/method/lora?group=%3Cscript%3E", "/?query=%3C/script%3E%3Cscript%3E", "/?asOf=%22%3E%3Cscript%3E",
		paper.Path() + "?kinds=%3Cscript%3E", "/" + strings.Repeat("%3Cimg%20src=x%3E", 2000),
	} {
		got := page(t, s, target)
		if got.status >= 500 {
			t.Errorf("%.80s: %d", target, got.status)
		}
		checkMarkup(t, got.body)
	}
	got := page(t, s, "/method/script-alert-1-script")
	if !strings.Contains(got.body, "<mark>&lt;script&gt;alert(1)&lt;/script&gt;</mark>") && !strings.Contains(got.body, "&lt;script&gt;alert(1)&lt;/script&gt;") {
		t.Error("the name is not on its page")
	}
	if got := page(t, s, "/paper/lora-low-rank-adaptation-of-large-language-models"); strings.Contains(got.body, `href="javascript`) || !strings.Contains(got.body, "alert(1)") {
		t.Error("a link that runs something is not shown as text")
	}
}

// Ensure that the pages stay as they were looked at. What changes with the
// files of the program is replaced.
func TestGoldenPages(t *testing.T) {
	st := openStore(t)
	info := publish(t, st, small(t))
	s := newServer(t, st, Options{})
	stable := strings.NewReplacer(s.assets.version, "VERSION", info.ID, "SNAPSHOT", info.ID[:12], "SNAP", info.Time.UTC().Format("2006-01-02T15:04:05Z"), "TIME", info.Time.UTC().Format("2 January 2006, 15:04 UTC"), "TIME")
	for name, target := range map[string]string{
		"method":  "/method/lora",
		"paper":   "/paper/lora-low-rank-adaptation-of-large-language-models",
		"result":  "/result/lora-memory",
		"group":   "/method/sgd?group=usedBy&page=2",
		"start":   "/browse",
		"missing": "/method/lorra",
		"search":  "/search?q=low-rank+adaptation",
	} {
		t.Run(name, func(t *testing.T) {
			got := stable.Replace(page(t, s, target).body)
			file := filepath.Join("testdata", "golden", name+".html")
			if *update {
				if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got); go test -run TestGoldenPages -update writes it anew\n%s", target, diff)
			}
			checkPage(t, got)
		})
	}
}

// checkPage fails on what makes a page hard to use for some: markup that does
// not nest, ids twice, fields without a label, levels of headings left out,
// resources from elsewhere.
func checkPage(t testing.TB, body string) {
	t.Helper()
	void := map[string]bool{"meta": true, "link": true, "input": true, "br": true, "path": true, "circle": true}
	var open []string
	ids, labelled := map[string]bool{}, map[string]bool{}
	var fields []string
	level := 0
	for _, m := range regexp.MustCompile(`<(/?)([a-z][a-z0-9]*)([^>]*)>`).FindAllStringSubmatch(body, -1) {
		name, attributes := m[2], m[3]
		attribute := func(key string) string {
			if v := regexp.MustCompile(`\b` + key + `="([^"]*)"`).FindStringSubmatch(attributes); v != nil {
				return html.UnescapeString(v[1])
			}
			return ""
		}
		if m[1] == "/" {
			if len(open) == 0 || open[len(open)-1] != name {
				t.Fatalf("</%s> closes %v", name, open)
			}
			open = open[:len(open)-1]
			continue
		}
		if id := attribute("id"); id != "" {
			if ids[id] {
				t.Errorf("the id %s is there twice", id)
			}
			ids[id] = true
		}
		switch name {
		case "label":
			labelled[attribute("for")] = true
		case "input":
			if attribute("type") != "hidden" && !strings.Contains(strings.Join(open, " "), "label") {
				fields = append(fields, attribute("id"))
			}
		case "link", "script", "img":
			if src := attribute("src") + attribute("href"); attribute("rel") != "canonical" && !strings.HasPrefix(src, "/") {
				t.Errorf("<%s> loads %s", name, src)
			}
		case "h1", "h2", "h3":
			n := int(name[1] - '0')
			if n > level+1 {
				t.Errorf("<%s> follows level %d", name, level)
			}
			level = n
		}
		if !void[name] && !strings.HasSuffix(attributes, "/") {
			open = append(open, name)
		}
	}
	if len(open) != 0 {
		t.Errorf("not closed: %v", open)
	}
	for _, id := range fields {
		if id == "" || !labelled[id] {
			t.Errorf("the field %q has no label", id)
		}
	}
	for _, want := range []string{`<html lang="en">`, `<main id="content">`, `name="viewport"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}

// Ensure that quotes are split at their mark in code points, whatever the mark
// says.
func TestQuote(t *testing.T) {
	ev := graph.Evidence{Field: graph.FieldAbstract, Start: 10, End: 21, Quote: "½ — 3× less"}
	for _, c := range []struct {
		start, end int
		want       [3]string
	}{
		{14, 16, [3]string{"½ — ", "3×", " less"}},
		{10, 21, [3]string{"", "½ — 3× less", ""}},
		{0, 0, [3]string{"½ — 3× less", "", ""}},
		{5, 12, [3]string{"½ — 3× less", "", ""}},
		{14, 40, [3]string{"½ — 3× less", "", ""}},
		{16, 14, [3]string{"½ — 3× less", "", ""}},
	} {
		ev.MarkStart, ev.MarkEnd = c.start, c.end
		q := quote(ev)
		if diff := cmp.Diff(c.want, [3]string{q.Before, q.Mark, q.Behind}); diff != "" {
			t.Errorf("mark [%d:%d] (-want +got)\n%s", c.start, c.end, diff)
		}
	}
}

// Ensure that an abstract is annotated with what its paper names there, and
// that all of it is there once.
func TestAnnotate(t *testing.T) {
	d := graph.Document{Title: "T", Abstract: "ß LoRA adapters beat adapters."}
	names := map[graph.ID]nodeLink{"method:lora": {ID: "method:lora", Name: "LoRA", Kind: graph.KindMethod, URL: "/l"}, "method:adapter": {ID: "method:adapter", Name: "adapter", Kind: graph.KindMethod, URL: "/a"}}
	mark := func(to graph.ID, start, end int) *graph.Edge {
		return &graph.Edge{From: d.ID(), Relation: graph.Uses, To: to, Statements: []graph.Statement{{Paper: d.ID(), Evidence: []graph.Evidence{{Field: graph.FieldAbstract, MarkStart: start, MarkEnd: end}}}}}
	}
	edges := []*graph.Edge{nil, mark("method:adapter", 7, 15), mark("method:lora", 2, 15), mark("method:lora", 2, 6), mark("method:adapter", 21, 29), mark("method:adapter", 25, 99), mark("method:unknown", 0, 1)}
	got := annotate(&d, edges, names)
	want := []span{
		{Text: "ß "}, {Text: "LoRA adapters", URL: "/l", Kind: graph.KindMethod, Name: "LoRA"},
		{Text: " beat "}, {Text: "adapters", URL: "/a", Kind: graph.KindMethod, Name: "adapter"}, {Text: "."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("annotate (-want +got)\n%s", diff)
	}
}

// Ensure that paging through a list shows every node once, in both directions.
func TestListPages(t *testing.T) {
	s := smallServer(t)
	var forward, back []string
	links := regexp.MustCompile(`class="node kind-paper" href="(/paper/[^"]*)"`)
	next := regexp.MustCompile(`<a rel="next" href="([^"]*)"`)
	previous := regexp.MustCompile(`<a rel="prev" href="([^"]*)"`)
	target, last := "/paper", ""
	for target != "" {
		got := page(t, s, target)
		for _, m := range links.FindAllStringSubmatch(got.body, -1) {
			forward = append(forward, m[1])
		}
		last, target = target, ""
		if m := next.FindStringSubmatch(got.body); m != nil {
			target = html.UnescapeString(m[1])
		}
	}
	for target = last; target != ""; {
		got := page(t, s, target)
		var here []string
		for _, m := range links.FindAllStringSubmatch(got.body, -1) {
			here = append(here, m[1])
		}
		back = append(here, back...)
		target = ""
		if m := previous.FindStringSubmatch(got.body); m != nil {
			target = html.UnescapeString(m[1])
		}
	}
	if len(forward) != users+2 {
		t.Errorf("%d papers, want %d", len(forward), users+2)
	}
	if diff := cmp.Diff(forward, back); diff != "" {
		t.Errorf("backwards (-forward +back)\n%s", diff)
	}
	if got := ask(t, s, "GET", "/paper?after=paper:nothing"); got.status != 400 {
		t.Errorf("after nothing: %d", got.status)
	}
}

// Ensure that text can be read on what it stands on, in both colour schemes:
// WCAG's ratio of 4.5 for all text colours.
func TestContrast(t *testing.T) {
	css, err := siteFiles.ReadFile("static/style.css")
	if err != nil {
		t.Fatal(err)
	}
	schemes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(css), -1)
	if len(schemes) != 2 {
		t.Fatalf("%d colour schemes, want 2", len(schemes))
	}
	for i, scheme := range schemes {
		colours := map[string]float64{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(scheme[1], -1) {
			colours[m[1]] = luminance(t, m[2])
		}
		for name, l := range colours {
			ground := []string{"paper", "sheet"}
			switch name {
			case "paper", "sheet", "line", "mark", "focus":
				continue
			case "mark-ink":
				ground = []string{"mark"}
			}
			for _, g := range ground {
				if ratio := (max(l, colours[g]) + 0.05) / (min(l, colours[g]) + 0.05); ratio < 4.5 {
					t.Errorf("scheme %d: --%s on --%s has a contrast of %.2f", i, name, g, ratio)
				}
			}
		}
	}
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	part := func(shift uint) float64 {
		c := float64(n>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*part(16) + 0.7152*part(8) + 0.0722*part(0)
}

// Ensure that numbers and nouns are written as people do.
func TestWords(t *testing.T) {
	for got, want := range map[string]string{
		number(0): "0", number(999): "999", number(1000): "1\u202f000", number(1234567): "1\u202f234\u202f567", number(-1000): "-1\u202f000",
		noun(1, "paper"): "1 paper", noun(2, "entity"): "2 entities", noun(0, "edge"): "0 edges",
		words("comparesWith"): "compares with", words("usedBy"): "used by", capital("ßa"): "ßa", capital("used"): "Used", capital(""): "",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
