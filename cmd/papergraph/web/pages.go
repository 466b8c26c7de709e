package web

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"papergraph/graph"
)

// pages are the templates of all pages, by name.
type pages map[string]*template.Template

// parsePages reads the templates. Each page is a file that fills the frame of
// frame.html, with the parts of parts.html.
func parsePages() (pages, error) {
	p := make(pages)
	for _, name := range []string{"start", "list", "search", "node", "problem", "playground"} {
		files := []string{"templates/frame.html", "templates/parts.html", "templates/" + name + ".html"}
		if name == "playground" { // a page of its own
			files = files[2:]
		}
		t, err := template.New(name).Funcs(template.FuncMap{
			"percent": func(f float64) string { return fmt.Sprintf("%.0f%%", 100*f) },
			"number":  number,
			"noun":    noun,
			"capital": capital[string],
			"moment":  func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") },
			"rfc3339": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		}).ParseFS(siteFiles, files...)
		if err != nil {
			return nil, fmt.Errorf("parse the page %s: %w", name, err)
		}
		p[name] = t
	}
	return p, nil
}

// render makes a page.
func (p pages) render(name string, data any) ([]byte, error) {
	root := "frame"
	if name == "playground" {
		root = "playground"
	}
	var b bytes.Buffer
	if err := p[name].ExecuteTemplate(&b, root, data); err != nil {
		return nil, fmt.Errorf("render the page %s: %w", name, err)
	}
	return b.Bytes(), nil
}

// number writes a whole number with a thin space at each thousand.
func number(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}

// noun writes a number of things: "1 paper", "2 papers".
func noun(n int, singular string) string {
	if n == 1 {
		return "1 " + singular
	}
	if s, ok := strings.CutSuffix(singular, "y"); ok {
		return number(n) + " " + s + "ies"
	}
	return number(n) + " " + singular + "s"
}

// words writes a name of the graph as words: "comparesWith" is "compares
// with".
func words[T ~string](name T) string {
	var b strings.Builder
	for _, c := range string(name) {
		if unicode.IsUpper(c) {
			b.WriteByte(' ')
			c = unicode.ToLower(c)
		}
		b.WriteRune(c)
	}
	return b.String()
}

// capital begins a phrase with a capital letter.
func capital[T ~string](s T) string {
	for i, c := range string(s) {
		if i == 0 {
			return string(unicode.ToUpper(c)) + string(s)[len(string(c)):]
		}
	}
	return ""
}

// frame is what every page has around its content.
type frame struct {
	Title    string // of the window
	Prefix   string // before every address
	Suffix   string // behind every address of the graph
	AsOf     string
	Assets   string // address of the folder of files
	Snapshot string // "" where the page shows none
	Pinned   bool   // the address names the snapshot
	Latest   string // address of the same page without that
	Pin      string // address of the same page with the snapshot's whole id
	Query    string // in the search box
	Start    bool   // the page has a search box of its own
	Kinds    []graph.Kind
	// Alternates are the forms in which a page's view can be had.
	Alternates []alternate
	// Canonical is the page's own address; "" where it has none.
	Canonical string
}

// alternate is another form of what a page shows.
type alternate struct {
	Label, URL, Media string
}

// newFrame is the frame of a page with the given title; v is nil for pages
// that show nothing of a snapshot.
func (s *Server) newFrame(r *http.Request, v *visit, title string) frame {
	f := frame{Title: title, Prefix: s.prefix, Assets: s.prefix + "/assets/" + s.assets.version, Kinds: graph.Kinds()}
	if v != nil {
		f.Snapshot, f.AsOf, f.Pinned, f.Suffix = v.info.ID, v.asOf, v.asOf != "", v.suffix()
		rest := url.Values{}
		for k, values := range v.params {
			if k != "asOf" {
				rest[k] = values
			}
		}
		f.Latest = r.URL.EscapedPath()
		if len(rest) > 0 {
			f.Latest += "?" + rest.Encode()
		}
		rest.Set("asOf", v.info.ID)
		f.Pin = r.URL.EscapedPath() + "?" + rest.Encode()
	}
	return f
}

// Short is the snapshot's id as people compare it.
func (f frame) Short() string { return f.Snapshot[:min(len(f.Snapshot), 12)] }

// page answers with a page about the snapshot of a visit.
func (s *Server) page(w http.ResponseWriter, v *visit, name string, parts []string, data func() (any, error)) {
	s.answer(w, v.r, append([]string{v.info.ID, "page"}, parts...), func(context.Context) (content, error) {
		d, err := data()
		if err != nil {
			return content{}, err
		}
		body, err := s.pages.render(name, d)
		return content{media: pageMedia, body: body}, err
	})
}

// nodeLink is a node as lists show it.
type nodeLink struct {
	ID     graph.ID
	Kind   graph.Kind
	Name   string
	URL    string
	Year   int    // of a paper; 0 if unknown
	Note   string // what else tells it apart
	Papers int    // how many are about it
}

// nodeLink makes one.
func (v *visit) nodeLink(n *graph.Node) nodeLink {
	l := nodeLink{ID: n.ID, Kind: n.Kind(), Name: n.Name, URL: v.link(n.ID), Papers: v.Degree(n.ID)}
	if n.Paper != nil {
		l.Year, l.Note = n.Paper.Year, n.Paper.Venue
	} else if len(n.Aliases) > 0 {
		l.Note = strings.Join(n.Aliases[:min(len(n.Aliases), 3)], ", ")
	}
	return l
}

// nodeLinks reads the nodes with the given ids, skipping those that are not
// there.
func (v *visit) nodeLinks(ids []graph.ID) ([]nodeLink, error) {
	nodes, err := v.Nodes(v.r.Context(), ids)
	if err != nil {
		return nil, err
	}
	var list []nodeLink
	for _, n := range nodes {
		if n != nil {
			list = append(list, v.nodeLink(n))
		}
	}
	return list, nil
}
