package web

import (
	"testing"

	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"papergraph/schema"
)

func TestTraces(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	p := sdk.NewTracerProvider(sdk.WithSpanProcessor(spans))
	s, _ := observed(t, Options{Tracer: p.Tracer("test")})
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ask(t, s, "GET", "/graphql?query={papers{nodes{title}}}", "Traceparent", parent)
	ask(t, s, "GET", "/method/lora")
	ask(t, newServer(t, openStore(t), Options{Tracer: p.Tracer("test")}), "GET", "/readyz")
	got := spans.Ended()
	if len(got) != 3 {
		t.Fatalf("%d spans", len(got))
	}
	attributes := make(map[string]string)
	for _, a := range got[0].Attributes() {
		attributes[string(a.Key)] = a.Value.Emit()
	}
	if got[0].Name() != "GET graphql" || got[0].SpanContext().TraceID().String() != parent[3:35] || got[0].Parent().SpanID().String() != parent[36:52] {
		t.Errorf("span %q of trace %v", got[0].Name(), got[0].SpanContext().TraceID())
	}
	if attributes["http.response.status_code"] != "200" || attributes["papergraph.query.hash"] != schema.QueryHash("{papers{nodes{title}}}") || attributes["papergraph.cost.nodes"] == "0" {
		t.Errorf("attributes %v", attributes)
	}
	if got[1].Name() != "GET node" || got[1].Parent().IsValid() {
		t.Errorf("span %q", got[1].Name())
	}
	if got[2].Status().Code != codes.Error {
		t.Errorf("status %v of an answer with 503", got[2].Status())
	}
}
