package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"papergraph/graph"
	"papergraph/store"
)

const (
	topNodes    = 8 // of a kind on the start page
	listLength  = 50
	searchHits  = 50
	overviewMax = 20 // nodes of the start page's drawing
	// maxSearch bounds a search, in bytes.
	maxSearch = 512
)

// startPage shows what the graph holds and ways into it.
type startPage struct {
	frame
	Info       store.Info
	Counts     []kindCount
	Top        []topList
	Picture    picture
	SVG        template.HTML // Picture.SVG, safe as it is
	Playground string
}

type kindCount struct {
	Kind  graph.Kind
	Count int
	URL   string
}

type topList struct {
	Kind  graph.Kind
	Title string
	Nodes []nodeLink
	URL   string // address of all
	More  int    // how many are not among Nodes
}

// startKinds are those that the start page lists, with what their first ones
// are.
var startKinds = []struct {
	kind  graph.Kind
	title string
}{
	{graph.KindMethod, "Methods in most papers"},
	{graph.KindDataset, "Datasets in most papers"},
	{graph.KindTask, "Tasks in most papers"},
	{graph.KindConcept, "Concepts in most papers"},
	{graph.KindMetric, "Metrics in most papers"},
	{graph.KindPaper, "Newest papers"},
}

// serveStart answers with the start page.
func (s *Server) serveStart(w http.ResponseWriter, r *http.Request) {
	s.visit(w, r, func(v *visit) {
		s.page(w, v, "start", s.drawings.programs(), func() (any, error) {
			p := &startPage{frame: s.newFrame(r, v, "Browse"), Info: v.info, Playground: s.prefix + "/"}
			p.Start = true
			for _, k := range graph.Kinds() {
				p.Counts = append(p.Counts, kindCount{k, v.Count(k), s.prefix + "/" + string(k) + v.suffix()})
			}
			for _, k := range startKinds {
				ids, err := v.List(k.kind, "", topNodes)
				if err != nil {
					return nil, err
				}
				links, err := v.nodeLinks(ids)
				if err != nil {
					return nil, err
				}
				if len(links) > 0 {
					p.Top = append(p.Top, topList{k.kind, k.title, links, s.prefix + "/" + string(k.kind) + v.suffix(), v.Count(k.kind) - len(links)})
				}
			}
			view, err := v.view(r.Context(), "", overviewTitle, viewParams{MaxNodes: overviewMax})
			if err != nil {
				return nil, err
			}
			if p.Picture, err = v.picture(r.Context(), view); err != nil {
				return nil, err
			}
			p.SVG = template.HTML(p.Picture.SVG) // safe: InlineSVG lets nothing through that runs
			for _, f := range forms {
				p.Alternates = append(p.Alternates, f.alternate(s.prefix+"/graph", viewParams{Depth: defaultDepth, MaxNodes: overviewMax}.query("asOf", v.asOf)))
			}
			return p, nil
		})
	})
}

// listPage shows the nodes of a kind, page by page.
type listPage struct {
	frame
	Kind           graph.Kind
	Total          int
	Nodes          []nodeLink
	Previous, Next string // addresses
}

// serveList answers with the nodes of a kind. A page begins behind the node
// that the parameter after names, or ends in front of that which before names.
func (s *Server) serveList(w http.ResponseWriter, r *http.Request, kind graph.Kind) {
	s.visit(w, r, func(v *visit) {
		after, before := graph.ID(v.params.Get("after")), graph.ID(v.params.Get("before"))
		s.page(w, v, "list", nil, func() (any, error) {
			p := &listPage{frame: s.newFrame(r, v, capital(kind.Plural())), Kind: kind, Total: v.Count(kind)}
			read := func() ([]graph.ID, error) { return v.List(kind, after, listLength+1) }
			if before != "" {
				read = func() ([]graph.ID, error) { return v.ListBefore(kind, before, listLength+1) }
			}
			ids, err := read()
			if errors.Is(err, store.ErrNotFound) {
				return nil, badRequest("The list has no place to go on from at %q: it may be from another snapshot. Start again at /%s.", string(after+before), kind)
			}
			if err != nil {
				return nil, err
			}
			// One more than a page was read, to know whether there is more on
			// the side that was read towards.
			more := len(ids) > listLength
			hasPrevious, hasNext := after != "", more
			if before != "" {
				hasPrevious, hasNext = more, true
				ids = ids[max(len(ids)-listLength, 0):]
			}
			ids = ids[:min(len(ids), listLength)]
			at := func(name string, id graph.ID) string {
				q := url.Values{name: {string(id)}}
				if v.asOf != "" {
					q.Set("asOf", v.asOf)
				}
				return s.prefix + "/" + string(kind) + "?" + q.Encode()
			}
			if hasPrevious && len(ids) > 0 {
				p.Previous = at("before", ids[0])
			}
			if hasNext && len(ids) > 0 {
				p.Next = at("after", ids[len(ids)-1])
			}
			p.Nodes, err = v.nodeLinks(ids)
			return p, err
		})
	})
}

// searchPage shows what a search finds.
type searchPage struct {
	frame
	Only  graph.Kind // "" for all kinds
	Exact []nodeLink // what the text is the name of
	Hits  []nodeLink
	Full  bool       // there may be more
	Near  []nodeLink // where there are none
	Tabs  []searchTab
}

type searchTab struct {
	Title   string
	URL     string
	Current bool
}

// serveSearch answers with what the words of the parameter q find.
func (s *Server) serveSearch(w http.ResponseWriter, r *http.Request) {
	s.visit(w, r, func(v *visit) {
		text := strings.TrimSpace(strings.ToValidUTF8(v.params.Get("q"), ""))
		var kinds []graph.Kind
		var err error
		if k := v.params.Get("kind"); k != "" {
			var kind graph.Kind
			if kind, err = graph.ParseKind(k); err != nil {
				err = badRequest("The parameter kind names no kind with %q: the kinds are %s.", k, joined(graph.Kinds()))
			}
			kinds = []graph.Kind{kind}
		}
		if len(text) > maxSearch {
			err = badRequest("The search has %d bytes, at most %d are read.", len(text), maxSearch)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.page(w, v, "search", nil, func() (any, error) {
			p := &searchPage{frame: s.newFrame(r, v, "Search")}
			p.Query = text
			if len(kinds) == 1 {
				p.Only = kinds[0]
			}
			if text == "" {
				return p, nil
			}
			p.Title = "Search: " + text
			p.tabs(s, v, text)
			return p, v.search(r.Context(), p, text, kinds)
		})
	})
}

func (v *visit) search(ctx context.Context, p *searchPage, text string, kinds []graph.Kind) error {
	exact, err := v.Lookup(text, kinds...)
	if err != nil {
		return fmt.Errorf("look up %q: %w", text, err)
	}
	exact = exact[:min(len(exact), 5)]
	found, err := v.Search(ctx, text, kinds, searchHits)
	if err != nil {
		return fmt.Errorf("search for %q: %w", text, err)
	}
	p.Full = len(found) == searchHits
	var ids []graph.ID
	for _, h := range found {
		if !slices.Contains(exact, h.ID) {
			ids = append(ids, h.ID)
		}
	}
	if p.Exact, err = v.nodeLinks(exact); err != nil {
		return err
	}
	if len(ids)+len(exact) == 0 {
		p.Near, err = v.near(p.Only, text)
		return err
	}
	p.Hits, err = v.nodeLinks(ids)
	return err
}

// tabs are links to the same search in one kind.
func (p *searchPage) tabs(s *Server, v *visit, text string) {
	for _, k := range append([]graph.Kind{""}, graph.Kinds()...) {
		q := url.Values{"q": {text}}
		title := "Everything"
		if k != "" {
			q.Set("kind", string(k))
			title = capital(k.Plural())
		}
		if v.asOf != "" {
			q.Set("asOf", v.asOf)
		}
		p.Tabs = append(p.Tabs, searchTab{title, s.prefix + "/search?" + q.Encode(), k == p.Only})
	}
}

// health is what /healthz says.
type health struct {
	Status      string             `json:"status"` // "ok", "empty", or "failed"
	Version     string             `json:"version,omitempty"`
	Snapshot    string             `json:"snapshot,omitempty"`
	Papers      int                `json:"papers"`
	Nodes       int                `json:"nodes"`
	Edges       int                `json:"edges"`
	Statements  int                `json:"statements"`
	NodesByKind map[graph.Kind]int `json:"nodesByKind,omitempty"`
}

// serveHealth says whether the server can answer: status 200 if so, 503 if
// not.
func (s *Server) serveHealth(w http.ResponseWriter, r *http.Request) {
	h, status := health{Status: "ok", Version: s.Version}, http.StatusOK
	snap, release, err := s.Source.Open("")
	if err != nil {
		h.Status, status = "failed", http.StatusServiceUnavailable
		if errors.Is(err, store.ErrEmpty) {
			h.Status = "empty"
		} else {
			s.log.Error("check of health", "error", err)
		}
	} else {
		defer release()
		i := snap.Info()
		h.Snapshot, h.Papers, h.Nodes, h.Edges, h.Statements, h.NodesByKind = i.ID, i.Papers, i.Nodes, i.Edges, i.Statements, i.NodesByKind
	}
	s.writeState(w, r, status, h)
}

// writeState answers with what the server is like at this moment.
func (s *Server) writeState(w http.ResponseWriter, r *http.Request, status int, state any) {
	body, err := json.Marshal(state)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	s.write(w, r, status, content{media: "application/json", body: append(body, '\n')})
}

// readiness is what /readyz says.
type readiness struct {
	Status   string     `json:"status"` // "ready", "empty", "ending", or "failed"
	Snapshot string     `json:"snapshot,omitempty"`
	Version  uint64     `json:"version,omitempty"` // of the snapshot, counted from 1
	Time     *time.Time `json:"time,omitempty"`    // when it was published
}

// serveReady says whether requests should be sent here: status 200 if there is
// a snapshot to answer from, 503 if not, or if the server is about to end.
func (s *Server) serveReady(w http.ResponseWriter, r *http.Request) {
	ready, status := readiness{Status: "ready"}, http.StatusOK
	snap, release, err := s.Source.Open("")
	switch {
	case err == nil:
		info := snap.Info()
		release()
		at := info.Time.UTC()
		ready.Snapshot, ready.Version, ready.Time = info.ID, info.Version, &at
		w.Header().Set("Papergraph-Snapshot", info.ID)
	case errors.Is(err, store.ErrEmpty):
		ready.Status, status = "empty", http.StatusServiceUnavailable
	default:
		ready.Status, status = "failed", http.StatusServiceUnavailable
		s.log.Error("check of readiness", "error", err)
	}
	if s.ending.Load() {
		ready.Status, status = "ending", http.StatusServiceUnavailable
	}
	s.writeState(w, r, status, ready)
}

// serveSchema answers with the GraphQL schema.
func (s *Server) serveSchema(w http.ResponseWriter, r *http.Request) {
	s.answer(w, r, []string{s.Schema}, func(context.Context) (content, error) {
		return content{media: "application/graphql; charset=utf-8", filename: "schema.graphql", body: []byte(s.Schema)}, nil
	})
}
