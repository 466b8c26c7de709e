package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"papergraph/exporters"
	"papergraph/graph"
	"papergraph/schema/contentcoding"
	"papergraph/store"
)

// content is an answer's body and what it is.
type content struct {
	media    string // Content-Type
	filename string // to save it under; "" for pages
	body     []byte
}

// answer writes what produce returns, unless the client has it already: the ETag
// is known before the work is done. It is made from everything that the answer
// depends on, which parts lists beside the address and the program.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, parts []string, produce func(context.Context) (content, error)) {
	h := w.Header()
	tag := s.etag(r, parts)
	h.Set("ETag", tag)
	h.Set("Cache-Control", "no-cache") // keep it, but ask whether it changed
	h.Add("Vary", "Accept, Accept-Encoding")
	if matches(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	c, err := produce(r.Context())
	if err != nil {
		h.Del("ETag")
		s.fail(w, r, err)
		return
	}
	s.write(w, r, http.StatusOK, c)
}

// etag is weak: compressed or not, the answer is one.
func (s *Server) etag(r *http.Request, parts []string) string {
	h := sha256.New()
	for _, p := range append([]string{s.Version, s.assets.version, s.base(r), r.URL.Path, r.URL.RawQuery}, parts...) {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return `W/"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}

// matches says whether a list of ETags has this one.
func matches(list, tag string) bool {
	for t := range strings.SplitSeq(list, ",") {
		if t = strings.TrimSpace(t); t == "*" || strings.TrimPrefix(t, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// write writes a whole answer.
func (s *Server) write(w http.ResponseWriter, r *http.Request, status int, c content) {
	h := w.Header()
	h.Set("Content-Type", c.media)
	if c.filename != "" {
		h.Set("Content-Disposition", `inline; filename="`+c.filename+`"`)
	}
	body := c.body
	if len(body) >= contentcoding.Least && c.media != "image/png" {
		if coding := contentcoding.Choose(r.Header.Values("Accept-Encoding")); coding != contentcoding.Identity {
			body = s.coder.Encode(coding, body)
			h.Set("Content-Encoding", string(coding))
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // an error means that the client has gone
	}
}

// base is the address that links in files begin with.
func (s *Server) base(r *http.Request) string {
	if s.origin != "" {
		return s.origin + s.prefix
	}
	if !plainHost(r.Host) {
		return s.prefix
	}
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	return scheme + r.Host + s.prefix
}

// plainHost says whether a Host header is one that may stand in a link.
func plainHost(host string) bool {
	for _, c := range host {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune(".-:[]", c) {
			return false
		}
	}
	return host != "" && len(host) < 256
}

// requestError is a request that cannot be answered as it is.
type requestError struct {
	status int
	text   string // a sentence for the reader
}

// Error is the sentence.
func (e *requestError) Error() string { return e.text }

func badRequest(format string, args ...any) error {
	return &requestError{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// explain turns an error into a status and a sentence. ok is false for what is
// nobody's business outside.
func explain(err error) (status int, text string, ok bool) {
	var request *requestError
	var nodes *exporters.TooManyNodesError
	switch {
	case errors.As(err, &request):
		return request.status, request.text, true
	case errors.As(err, &nodes):
		return http.StatusBadRequest, fmt.Sprintf("The view has %d nodes, and a PNG may have %d: ask for SVG, or set max-nodes.", nodes.Nodes, nodes.Limit), true
	case errors.Is(err, exporters.ErrNoRenderer):
		return http.StatusNotImplemented, noRendererText, true
	case errors.Is(err, exporters.ErrImageTooLarge):
		return http.StatusBadRequest, "The picture became too large: set a smaller max-nodes.", true
	case errors.Is(err, store.ErrNoSnapshot):
		return http.StatusNotFound, "The store has no snapshot with the id that asOf names, or more than one: give the whole id.", true
	case errors.Is(err, store.ErrEmpty):
		return http.StatusServiceUnavailable, "Nothing has been built yet. This page will show the graph when the first build is done.", true
	case errors.Is(err, store.ErrClosed):
		return http.StatusServiceUnavailable, "The server is about to end.", true
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusServiceUnavailable, "The answer took too long. Ask for less, or try again later.", true
	}
	return http.StatusInternalServerError, "", false
}

const noRendererText = "No program that draws was found on the server. Install Graphviz, or put papergraph-render beside papergraph; the .dot form can be drawn anywhere."

// fail answers with an error. What is not the reader's business is logged
// under the id that the answer names.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		return // nobody is listening
	}
	status, text, ok := explain(err)
	if !ok {
		id := w.Header().Get(headerRequestID)
		s.log.Error("request failed", "request", id, "path", r.URL.Path, "error", err)
		text = "Something went wrong here. The server's log has the reason under request " + id + "."
	}
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "5")
	}
	s.problem(w, r, status, text)
}

// problem answers with an error that is explained by a sentence: as a page to
// those who read, as JSON to those who asked for that, as a line of text to
// all others.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, status int, text string) {
	s.writeProblem(w, r, status, problemPage{Title: http.StatusText(status), Text: text})
}

// problemPage is what the page of an error shows.
type problemPage struct {
	frame
	Title string
	Text  string
	Near  []nodeLink // what may have been meant
	Query string     // to search for
}

func (s *Server) writeProblem(w http.ResponseWriter, r *http.Request, status int, p problemPage) {
	w.Header().Set("Cache-Control", "no-store")
	_, ext := splitForm(r.URL.Path)
	switch {
	case ext != nil && ext.name == "json" || ext == nil && !wantsHTML(r) && prefersJSON(r):
		type suggestion struct {
			ID   graph.ID `json:"id"`
			Name string   `json:"name"`
			URL  string   `json:"url"`
		}
		var near []suggestion
		for _, n := range p.Near {
			near = append(near, suggestion{n.ID, n.Name, n.URL})
		}
		body, err := json.Marshal(struct {
			Error       string       `json:"error"`
			Suggestions []suggestion `json:"suggestions,omitempty"`
		}{p.Text, near})
		if err != nil {
			body = []byte(`{"error":"the error cannot be told"}`)
		}
		s.write(w, r, status, content{media: "application/json", body: append(body, '\n')})
	case ext != nil || !wantsHTML(r):
		s.write(w, r, status, content{media: "text/plain; charset=utf-8", body: []byte(p.Text + "\n")})
	default:
		p.frame = s.newFrame(r, nil, p.Title)
		p.frame.Query = p.Query
		body, err := s.pages.render("problem", p)
		if err != nil {
			s.log.Error("render the page of an error", "error", err)
			body = []byte(p.Text + "\n")
		}
		s.write(w, r, status, content{media: pageMedia, body: body})
	}
}

const pageMedia = "text/html; charset=utf-8"
