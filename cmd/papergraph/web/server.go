package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"papergraph/exporters"
	"papergraph/schema"
	"papergraph/schema/contentcoding"
	"papergraph/store"
)

// Source gives the snapshots that requests read. A schema.Source is one.
type Source interface {
	// Open opens the snapshot with the id, or prefix of an id, asOf; the
	// newest if it is empty. The caller calls release once. The error wraps
	// [store.ErrEmpty] or [store.ErrNoSnapshot] where there is none.
	Open(asOf string) (snap *store.Snapshot, release func(), err error)
}

// Options are what a server is made of. Source, GraphQL and Schema are needed.
type Options struct {
	Source Source
	// GraphQL answers at /graphql. It opens its own snapshot.
	GraphQL http.Handler
	// Queries answers at /q and below, as [schema.Handler.ServeQueries] does;
	// nil where no queries are kept.
	Queries http.Handler
	// Schema is the GraphQL schema in its own language, for /schema.graphql.
	Schema string
	// Renderer draws; nil where nothing can, and then pages say so.
	Renderer *exporters.Renderer
	// BaseURL is where readers find the server: "" for the root of whatever
	// host they ask, "/graph" for a path of it, or a whole address,
	// "https://example.org/graph", which links in files then begin with. A
	// proxy in front must pass the path on as it is.
	BaseURL string
	// Origins are those whose pages may read what is served, such as
	// "https://example.org"; "*" is all. None is none but the server's own.
	Origins []string
	// Version is the program's. It is part of every ETag, so that a new
	// program's answers replace those that browsers kept.
	Version string
	// Metrics counts requests, and answers at /metrics; nil counts nothing.
	Metrics *Metrics
	// PrivateMetrics keeps them from /metrics, for a server that anybody can
	// ask; [Metrics.Handler] serves them elsewhere.
	PrivateMetrics bool
	// Tracer makes a span of each request; nil makes none.
	Tracer trace.Tracer
	// Logger receives requests at info level and what went wrong at error
	// level; nil is silent.
	Logger *slog.Logger
}

// Server is the handler of all addresses. It is safe for concurrent use.
type Server struct {
	Options
	log      *slog.Logger
	coder    contentcoding.Encoder
	origin   string // "https://example.org", or "" for the request's own
	prefix   string // "/graph", or ""
	pages    pages
	assets   *assets
	examples []example
	drawings *drawings
	ending   atomic.Bool
}

// ErrBaseURL says that a base address cannot be one.
var ErrBaseURL = errors.New("unusable base URL")

// New makes a server. The error wraps [ErrBaseURL] or [ErrOrigin], or says what is wrong with
// the files that are part of the program.
func New(o Options) (*Server, error) {
	s := &Server{Options: o, log: o.Logger}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if o.Source == nil || o.GraphQL == nil {
		return nil, errors.New("web server: a source of snapshots and a GraphQL handler are needed")
	}
	err := checkOrigins(o.Origins)
	if err != nil {
		return nil, err
	}
	if s.origin, s.prefix, err = splitBase(o.BaseURL); err != nil {
		return nil, err
	}
	if s.assets, err = loadAssets(); err != nil {
		return nil, fmt.Errorf("web server: %w", err)
	}
	if s.pages, err = parsePages(); err != nil {
		return nil, fmt.Errorf("web server: %w", err)
	}
	if s.examples, err = loadExamples(); err != nil {
		return nil, fmt.Errorf("web server: %w", err)
	}
	if o.Renderer != nil {
		s.drawings = newDrawings(o.Renderer)
	}
	return s, nil
}

// splitBase takes a base address apart.
func splitBase(base string) (origin, prefix string, err error) {
	u, err := url.Parse(base)
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrBaseURL, err)
	}
	switch {
	case u.RawQuery != "" || u.Fragment != "" || u.User != nil || u.Opaque != "":
		return "", "", fmt.Errorf("%w %q: it has more than scheme, host and path", ErrBaseURL, base)
	case u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https", (u.Scheme == "") != (u.Host == ""):
		return "", "", fmt.Errorf("%w %q: expected a path such as /graph, or an http or https address", ErrBaseURL, base)
	case u.Path != "" && !strings.HasPrefix(u.Path, "/"):
		return "", "", fmt.Errorf("%w %q: a path begins with /", ErrBaseURL, base)
	case u.EscapedPath() != u.Path || strings.ContainsAny(u.Path, `\{}"<>`):
		return "", "", fmt.Errorf("%w %q: its path has characters that need escapes", ErrBaseURL, base)
	}
	if u.Scheme != "" {
		origin = u.Scheme + "://" + u.Host
	}
	if p := path.Clean("/" + u.Path); p != "/" {
		prefix = p
	}
	return origin, prefix, nil
}

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	id := requestID(r)
	rec := &recorder{ResponseWriter: w}
	h := rec.Header()
	h.Set(headerRequestID, id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Content-Security-Policy", pagePolicy)
	done := s.Metrics.begin()
	defer done()
	traced, end := s.trace(r, id, rec)
	defer end()
	defer func() {
		p := recover()
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p) // net/http's own way to cut an answer off
		}
		if p != nil {
			s.log.Error("panic", "request", id, "path", r.URL.Path, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if rec.status == 0 {
				s.fail(rec, r, fmt.Errorf("panic: %v", p))
			}
		}
		s.observe(r, id, rec, time.Since(start))
		if p != nil && rec.bytes > 0 && rec.status < http.StatusInternalServerError {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
	}()
	if s.allowOrigin(h, r) {
		rec.WriteHeader(http.StatusNoContent)
		return
	}
	ctx, cancel := context.WithTimeout(context.WithValue(withRequestID(traced, id), outcomeKey{}, &rec.outcome), requestTimeout)
	defer cancel()
	s.route(rec, r.WithContext(ctx))
}

// requestTimeout bounds the work on one answer. It is longer than a drawing
// may take.
const requestTimeout = 45 * time.Second

// pagePolicy is the content security policy of all but the playground: style
// sheets and images of our own, and forms that lead to us. Style attributes
// are allowed since drawings have their size in one.
const pagePolicy = "default-src 'none'; style-src 'self'; style-src-attr 'unsafe-inline'; img-src 'self'; form-action 'self'; base-uri 'none'"

// recorder notes what is answered.
type recorder struct {
	http.ResponseWriter
	status  int
	bytes   int64
	outcome schema.Outcome // of the GraphQL request, if it was one
}

// WriteHeader implements [http.ResponseWriter].
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (r *recorder) Write(p []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(p)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets [http.ResponseController] reach what is below.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

const headerRequestID = "X-Request-Id"

type requestIDKey struct{}

func requestIDOf(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

func withRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// requestID is the name that a proxy in front gave the request, if it is
// harmless, or a new one.
func requestID(r *http.Request) string {
	id := r.Header.Get(headerRequestID)
	strange := func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
	}
	if id != "" && len(id) <= 64 && !strings.ContainsFunc(id, strange) {
		return id
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails, it ends the program instead
	return hex.EncodeToString(b[:])
}
