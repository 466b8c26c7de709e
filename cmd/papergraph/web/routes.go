package web

import (
	"net/http"
	"slices"
	"strings"

	"papergraph/graph"
)

// route finds the handler of an address:
//
//	/                       the playground
//	/graphql                GraphQL
//	/q, /q/<hash>           queries that are kept, and their answers
//	/schema.graphql         the schema
//	/healthz                whether the server lives, and what it serves
//	/readyz                 whether it can answer, and from which snapshot
//	/metrics                its metrics, in Prometheus' form
//	/browse                 the start page
//	/search?q=              the search
//	/<kind>                 the nodes of a kind
//	/<kind>/<slug>          the page of a node
//	/<kind>/<slug>.<form>   the view around it in a form
//	/graph.<form>           the view of the most connected nodes
//	/assets/…, /favicon.ico files of the pages
func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, s.prefix)
	switch {
	case !ok || path != "" && path[0] != '/':
		s.missing(w, r, "")
		return
	case path == "":
		s.redirect(w, r, "/", r.URL.RawQuery)
		return
	}
	if path == "/graphql" {
		s.serveGraphQL(w, r)
		return
	}
	if s.Queries != nil && (path == "/q" || strings.HasPrefix(path, "/q/")) {
		s.serveQueries(w, r, strings.TrimPrefix(path, "/q"))
		return
	}
	handler := s.find(path)
	if handler == nil {
		s.missing(w, r, path)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		handler(w, r)
	case http.MethodOptions:
		w.Header().Set("Allow", allowed)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", allowed)
		s.problem(w, r, http.StatusMethodNotAllowed, "This address can only be read: the methods are GET and HEAD.")
	}
}

const allowed = "GET, HEAD, OPTIONS"

// find is the handler of a path below the prefix; nil where there is none.
func (s *Server) find(path string) http.HandlerFunc {
	switch path {
	case "/":
		return s.servePlayground
	case "/schema.graphql":
		return s.serveSchema
	case "/healthz":
		return s.serveHealth
	case "/readyz":
		return s.serveReady
	case "/metrics":
		if s.Metrics == nil || s.PrivateMetrics {
			return nil
		}
		return s.Metrics.Handler().ServeHTTP
	case "/browse":
		return s.serveStart
	case "/search":
		return s.serveSearch
	case "/favicon.ico":
		return func(w http.ResponseWriter, r *http.Request) { s.assets.serve(w, r, "favicon.svg", keepForADay) }
	}
	first, rest, nested := strings.Cut(path[1:], "/")
	if first == "assets" {
		return func(w http.ResponseWriter, r *http.Request) {
			version, name, _ := strings.Cut(rest, "/")
			if version != s.assets.version || !s.assets.serve(w, r, name, keepForGood) {
				s.missing(w, r, path)
			}
		}
	}
	if name, ext, ok := strings.Cut(first, "."); ok && name == "graph" && !nested {
		if f := formOf(ext); f != nil {
			return func(w http.ResponseWriter, r *http.Request) { s.serveView(w, r, "", f) }
		}
	}
	kind, err := graph.ParseKind(strings.ToLower(first))
	if err != nil {
		return nil
	}
	if rest == "" {
		return func(w http.ResponseWriter, r *http.Request) {
			if canonical := "/" + string(kind); path != canonical {
				s.redirect(w, r, canonical, r.URL.RawQuery)
				return
			}
			s.serveList(w, r, kind)
		}
	}
	return func(w http.ResponseWriter, r *http.Request) { s.serveNode(w, r, kind, first, rest) }
}

// serveGraphQL hands on to the GraphQL handler, but shows a person who opens
// its address the playground.
func (s *Server) serveGraphQL(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && !r.URL.Query().Has("query") && wantsHTML(r) {
		s.redirect(w, r, "/", r.URL.RawQuery)
		return
	}
	s.GraphQL.ServeHTTP(w, identified(r))
}

// serveQueries hands on to the handler of queries that are kept, which sees the
// path below its own.
func (s *Server) serveQueries(w http.ResponseWriter, r *http.Request, path string) {
	r = identified(r)
	u := *r.URL
	u.Path, u.RawPath = path, ""
	r.URL = &u
	s.Queries.ServeHTTP(w, r)
}

// identified is a request with its id as a header, so that other handlers have
// one name for it in their logs.
func identified(r *http.Request) *http.Request {
	r = r.Clone(r.Context())
	r.Header.Set(headerRequestID, requestIDOf(r.Context()))
	return r
}

// redirect leads to the address under which the same thing is found. Browsers
// may not keep it without asking again: what an alias means can change with
// the next build.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request, path, query string) {
	s.moved(w, r, path, query, http.StatusPermanentRedirect)
}

// moved is redirect with a status of the caller's.
func (s *Server) moved(w http.ResponseWriter, r *http.Request, path, query string, status int) {
	target := s.prefix + path
	if query != "" {
		target += "?" + query
	}
	w.Header().Set("Cache-Control", "no-cache")
	http.Redirect(w, r, target, status)
}

// wantsHTML says whether a request comes from somebody who reads: HTML is what
// it asks for, by name.
func wantsHTML(r *http.Request) bool {
	return slices.ContainsFunc(acceptable(r), func(a accepted) bool { return a.media == "text/html" && a.quality > 0 })
}
