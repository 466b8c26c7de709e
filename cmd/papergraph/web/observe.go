package web

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"papergraph/graph"
	"papergraph/schema"
)

type outcomeKey struct{}

// Observe notes what became of a GraphQL request for the log and the metrics of
// the Server that ctx comes from. It is a [schema.HandlerOptions.Observe].
func Observe(ctx context.Context, o schema.Outcome) {
	if into, ok := ctx.Value(outcomeKey{}).(*schema.Outcome); ok {
		*into = o
	}
}

// shownHash is how much of a hash stands in the log.
const shownHash = 12

// observe writes a line of the log and counts a request.
func (s *Server) observe(r *http.Request, id string, rec *recorder, took time.Duration) {
	s.Metrics.count(s.routeName(r), r.Method, rec, took)
	ctx := r.Context()
	if !s.log.Enabled(ctx, slog.LevelInfo) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request", id), slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Int("status", rec.status),
		slog.Int64("bytes", rec.bytes), slog.Duration("duration", took.Round(time.Microsecond)), slog.String("remote", r.RemoteAddr),
	}
	o := &rec.outcome
	if o.Query != "" {
		attrs = append(attrs, slog.String("query", shortened(o.Query)), slog.String("snapshot", shortened(o.Snapshot)),
			slog.Int("nodes", o.Nodes), slog.Int("fields", o.Fields), slog.Int("text", o.Text))
	}
	if o.Operation != "" {
		attrs = append(attrs, slog.String("operation", o.Operation))
	}
	if o.Format != "" {
		attrs = append(attrs, slog.String("format", o.Format))
	}
	if waited := o.Waited.Round(time.Millisecond); waited > 0 {
		attrs = append(attrs, slog.Duration("waited", waited))
	}
	if len(o.Errors) > 0 {
		attrs = append(attrs, slog.String("errors", joined(o.Errors)))
	}
	s.log.LogAttrs(ctx, slog.LevelInfo, "request", attrs...)
}

func shortened(hash string) string { return hash[:min(shownHash, len(hash))] }

// routeName is what metrics call an address: one of few names, whatever is
// asked for.
func (s *Server) routeName(r *http.Request) string {
	path, ok := strings.CutPrefix(r.URL.Path, s.prefix)
	if !ok {
		return "other"
	}
	switch path {
	case "", "/":
		return "playground"
	case "/graphql", "/q", "/schema.graphql", "/healthz", "/readyz", "/metrics", "/browse", "/search":
		return path[1:]
	}
	first, _, nested := strings.Cut(path[1:], "/")
	switch first {
	case "q", "assets":
		return first
	}
	if _, f := splitForm(path); f != nil {
		return "view"
	}
	if _, err := graph.ParseKind(strings.ToLower(first)); err != nil {
		return "other"
	}
	if nested {
		return "node"
	}
	return "list"
}
