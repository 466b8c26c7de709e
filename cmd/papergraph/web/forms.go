package web

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"papergraph/exporters"
	"papergraph/graph"
	"papergraph/store"
)

// form is a way to write a view.
type form struct {
	name  string // behind the dot
	label string
	media string
}

// alternate is the form as a page offers it, at an address without the dot and
// what follows.
func (f form) alternate(address, query string) alternate {
	media, _, _ := strings.Cut(f.media, ";")
	return alternate{Label: f.label, URL: address + "." + f.name + query, Media: media}
}

// forms are all forms, in the order in which pages offer them. [Server.encode]
// writes them.
var forms = []form{
	{"json", "JSON", "application/json"},
	{"csv", "CSV", "text/csv; charset=utf-8"},
	{"dot", "DOT", "text/vnd.graphviz; charset=utf-8"},
	{"mmd", "Mermaid", "text/vnd.mermaid; charset=utf-8"},
	{"svg", "SVG", "image/svg+xml"},
	{"png", "PNG", "image/png"},
}

// formOf is the form with the given name; nil where there is none.
func formOf(name string) *form {
	i := slices.IndexFunc(forms, func(f form) bool { return f.name == strings.ToLower(name) })
	if i < 0 {
		return nil
	}
	return &forms[i]
}

// splitForm takes the form off the end of a path; it is nil where there is
// none, and then the dot is part of a name ("gpt-3.5").
func splitForm(path string) (string, *form) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		if f := formOf(path[i+1:]); f != nil {
			return path[:i], f
		}
	}
	return path, nil
}

// accepted is an entry of an Accept header.
type accepted struct {
	media   string
	quality float64
}

// acceptable reads the Accept header, best first, in its own order where
// equal.
func acceptable(r *http.Request) []accepted {
	var list []accepted
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept"), ","), ",") {
		media, params, _ := strings.Cut(part, ";")
		media = strings.ToLower(strings.TrimSpace(media))
		if media == "" {
			continue
		}
		a := accepted{media, 1}
		for p := range strings.SplitSeq(params, ";") {
			if q, ok := strings.CutPrefix(strings.TrimSpace(p), "q="); ok {
				if v, err := strconv.ParseFloat(q, 64); err == nil {
					a.quality = v
				}
			}
		}
		list = append(list, a)
	}
	slices.SortStableFunc(list, func(a, b accepted) int { return cmp.Compare(b.quality, a.quality) })
	return list
}

// negotiate is the form that a request without a dot prefers to a page; nil
// for the page, which everything gets that does not name a form first.
func negotiate(r *http.Request) *form {
	for _, a := range acceptable(r) {
		if a.quality <= 0 || a.media == "text/html" || strings.Contains(a.media, "*") {
			return nil
		}
		for i := range forms {
			if media, _, _ := strings.Cut(forms[i].media, ";"); media == a.media {
				return &forms[i]
			}
		}
	}
	return nil
}

func prefersJSON(r *http.Request) bool {
	f := negotiate(r)
	return f != nil && f.name == "json"
}

// Bounds of a view.
const (
	defaultDepth = 1
	// defaultNodes is what a drawing shows on a page without becoming too
	// small to read.
	defaultNodes = 24
	maxDepth     = 4
	maxNodes     = 1000
)

// viewParams are the parameters that bound a view.
type viewParams struct {
	Depth     int
	MaxNodes  int
	Kinds     []graph.Kind
	Relations []graph.Relation
}

// parseViewParams reads and checks them. Kinds and relations may be given more
// than once, or with commas.
func parseViewParams(q url.Values) (viewParams, error) {
	p := viewParams{Depth: defaultDepth, MaxNodes: defaultNodes}
	for _, n := range []struct {
		name     string
		value    *int
		min, max int
	}{{"depth", &p.Depth, 0, maxDepth}, {"max-nodes", &p.MaxNodes, 1, maxNodes}} {
		values := q[n.name]
		if len(values) == 0 || len(values) == 1 && values[0] == "" {
			continue
		}
		v, err := strconv.Atoi(values[0])
		if len(values) > 1 || err != nil || v < n.min || v > n.max {
			return p, badRequest("The parameter %s must be one whole number from %d to %d, not %q.", n.name, n.min, n.max, strings.Join(values, ", "))
		}
		*n.value = v
	}
	for _, v := range listed(q["kinds"]) {
		k, err := graph.ParseKind(v)
		if err != nil {
			return p, badRequest("The parameter kinds names no kind with %q: the kinds are %s.", v, joined(graph.Kinds()))
		}
		if !slices.Contains(p.Kinds, k) {
			p.Kinds = append(p.Kinds, k)
		}
	}
	for _, v := range listed(q["relations"]) {
		rel, err := graph.ParseRelation(v)
		if err != nil {
			var all []graph.Relation
			for _, info := range graph.Relations() {
				all = append(all, info.Relation)
			}
			return p, badRequest("The parameter relations names no relation with %q: the relations are %s.", v, joined(all))
		}
		if !slices.Contains(p.Relations, rel) {
			p.Relations = append(p.Relations, rel)
		}
	}
	return p, nil
}

// HasKind says whether a kind is among those that were asked for.
func (p viewParams) HasKind(k graph.Kind) bool { return slices.Contains(p.Kinds, k) }

func listed(values []string) []string {
	return strings.FieldsFunc(strings.Join(values, ","), func(r rune) bool { return r == ',' || r == ' ' })
}

func joined[T ~string](list []T) string {
	var b strings.Builder
	for i, v := range list {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(string(v))
	}
	return b.String()
}

// query writes the parameters that differ from the defaults, with further
// pairs in front.
func (p viewParams) query(pairs ...string) string {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			q.Set(pairs[i], pairs[i+1])
		}
	}
	if p.Depth != defaultDepth {
		q.Set("depth", strconv.Itoa(p.Depth))
	}
	if p.MaxNodes != defaultNodes {
		q.Set("max-nodes", strconv.Itoa(p.MaxNodes))
	}
	if len(p.Kinds) > 0 {
		q.Set("kinds", strings.ReplaceAll(joined(p.Kinds), " ", ""))
	}
	if len(p.Relations) > 0 {
		q.Set("relations", strings.ReplaceAll(joined(p.Relations), " ", ""))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + q.Encode()
}

// query reads the query of a request. Unlike [url.URL.Query] it does not skip
// what is malformed.
func query(r *http.Request) (url.Values, error) {
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badRequest("The address has a malformed query: %v.", err)
	}
	return q, nil
}

// visit is a request for something of the graph: the snapshot that it sees.
type visit struct {
	*store.Snapshot
	server *Server
	r      *http.Request
	params url.Values
	info   store.Info
	// asOf is the snapshot that the address names; links keep it.
	asOf string
}

// visit opens the snapshot of a request and closes it when read is done.
func (s *Server) visit(w http.ResponseWriter, r *http.Request, read func(*visit)) {
	params, err := query(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := &visit{server: s, r: r, params: params, asOf: params.Get("asOf")}
	snap, release, err := s.Source.Open(v.asOf)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	defer release()
	v.Snapshot, v.info = snap, snap.Info()
	read(v)
}

// link is the address of a node's page as seen from this page.
func (v *visit) link(id graph.ID) string { return v.server.prefix + id.Path() + v.suffix() }

// suffix is what keeps a link in the snapshot that this address names.
func (v *visit) suffix() string { return suffixOf(v.asOf) }

func suffixOf(asOf string) string {
	if asOf == "" {
		return ""
	}
	return "?asOf=" + url.QueryEscape(asOf)
}

// view reads a view: around id, or of the most connected nodes where id is
// empty.
func (v *visit) view(ctx context.Context, id graph.ID, title string, p viewParams) (*graph.View, error) {
	o := store.ViewOptions{Title: title, Depth: p.Depth, Kinds: p.Kinds, Relations: p.Relations, MaxNodes: p.MaxNodes}
	if id != "" {
		o.Focus = []graph.ID{id}
	}
	view, err := v.View(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("read the view of %q: %w", title, err)
	}
	return view, nil
}

// serveView answers with a view in a form.
func (s *Server) serveView(w http.ResponseWriter, r *http.Request, id graph.ID, f *form) {
	s.visit(w, r, func(v *visit) { s.writeView(w, v, id, f) })
}

func (s *Server) writeView(w http.ResponseWriter, v *visit, id graph.ID, f *form) {
	p, err := parseViewParams(v.params)
	if err != nil {
		s.fail(w, v.r, err)
		return
	}
	s.answer(w, v.r, append([]string{v.info.ID, f.name}, s.drawings.programs()...), func(ctx context.Context) (content, error) {
		title, filename := overviewTitle, "papergraph"
		if id != "" {
			n, err := v.Node(id)
			if err != nil {
				return content{}, err
			}
			title, filename = n.Name, string(id.Kind())+"-"+id.Slug()
		}
		view, err := v.view(ctx, id, title, p)
		if err != nil {
			return content{}, err
		}
		base := s.base(v.r)
		body, err := s.encode(ctx, view, f, func(id graph.ID) string { return base + id.Path() + v.suffix() })
		if f.name == "svg" {
			w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
		}
		return content{media: f.media, filename: filename + "." + f.name, body: body}, err
	})
}

const overviewTitle = "The most connected nodes"

// encode writes a view in a form.
func (s *Server) encode(ctx context.Context, view *graph.View, f *form, link exporters.LinkFunc) ([]byte, error) {
	var b bytes.Buffer
	var err error
	switch f.name {
	case "json":
		err = exporters.JSON(&b, view)
	case "csv":
		err = exporters.CSV(&b, view)
	case "mmd":
		err = exporters.Mermaid(&b, view, exporters.MermaidOptions{Link: link})
	default:
		err = exporters.DOT(&b, view, exporters.DOTOptions{Link: link, Legend: true})
	}
	if err == nil && (f.name == "svg" || f.name == "png") {
		return s.drawings.draw(ctx, b.Bytes(), exporters.ImageFormat(f.name))
	}
	return b.Bytes(), err
}

// picture is a drawing that stands in a page.
type picture struct {
	SVG     string // trusted markup, from exporters.InlineSVG; "" where there is none
	Absent  string // why there is none
	Nodes   int
	Edges   int
	Omitted int // neighbours that it leaves out
}

// picture draws a view for a page. What keeps it from being drawn is told in
// its place: the page is of use without it.
func (v *visit) picture(ctx context.Context, view *graph.View) (picture, error) {
	p := picture{Nodes: len(view.Nodes), Edges: len(view.Edges)}
	for _, o := range view.Omitted {
		p.Omitted += o.Count
	}
	var b bytes.Buffer
	if err := exporters.DOT(&b, view, exporters.DOTOptions{Link: v.link, Target: "_self", Legend: true}); err != nil {
		return p, err
	}
	ctx, cancel := context.WithTimeout(ctx, pictureTimeout)
	defer cancel()
	svg, err := v.server.drawings.draw(ctx, b.Bytes(), exporters.SVG)
	if err == nil {
		svg, err = exporters.InlineSVG(svg, exporters.SVGOptions{Target: "_self", IDPrefix: "g-", Title: "Drawing of " + view.Title + " and its neighbours; the list below says the same in words"})
	}
	switch {
	case err == nil:
		p.SVG = string(svg)
	case errors.Is(err, context.Canceled) && v.r.Context().Err() != nil:
		return p, err
	case errors.Is(err, exporters.ErrNoRenderer):
		p.Absent = noRendererText
	case errors.Is(err, context.DeadlineExceeded):
		p.Absent = "Drawing this takes too long for a page. Ask for fewer nodes, or open the .svg form."
	default:
		v.server.log.Warn("draw a picture for a page", "path", v.r.URL.Path, "error", err)
		p.Absent = "This could not be drawn; the server's log has the reason."
	}
	return p, nil
}
