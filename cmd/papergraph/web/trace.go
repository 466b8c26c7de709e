package web

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// trace begins the span of a request, as a child of the client's if it names
// one; end notes what became of it. Names are those of OpenTelemetry's
// conventions for HTTP servers and GraphQL.
func (s *Server) trace(r *http.Request, id string, rec *recorder) (ctx context.Context, end func()) {
	ctx = r.Context()
	if s.Tracer == nil {
		return ctx, func() {}
	}
	ctx = propagation.TraceContext{}.Extract(ctx, propagation.HeaderCarrier(r.Header))
	route := s.routeName(r)
	ctx, span := s.Tracer.Start(ctx, methodName(r.Method)+" "+route, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", methodName(r.Method)), attribute.String("http.route", route),
		attribute.String("url.path", r.URL.Path), attribute.String("http.request.id", id),
	))
	return ctx, func() {
		span.SetAttributes(attribute.Int("http.response.status_code", rec.status), attribute.Int64("http.response.body.size", rec.bytes))
		if rec.status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, http.StatusText(rec.status))
		}
		if o := &rec.outcome; o.Query != "" {
			ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
			span.SetAttributes(
				attribute.String("graphql.operation.name", o.Operation), attribute.String("papergraph.query.hash", o.Query),
				attribute.String("papergraph.snapshot", o.Snapshot), attribute.Int("papergraph.cost.nodes", o.Nodes),
				attribute.Int("papergraph.cost.fields", o.Fields), attribute.Int("papergraph.cost.text", o.Text),
				attribute.Float64("papergraph.waited.ms", ms(o.Waited)), attribute.Float64("papergraph.executed.ms", ms(o.Took)),
				attribute.String("papergraph.errors", joined(o.Errors)),
			)
		}
		span.End()
	}
}
