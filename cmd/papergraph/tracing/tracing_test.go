package tracing

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

func TestEnvironment(t *testing.T) {
	for _, tt := range []struct {
		name    string
		env     map[string]string
		address string // "" is no exporter
		refused string // part of the error
	}{
		{"nothing", nil, "", ""},
		{"an endpoint", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318"}, "http://collector:4318/v1/traces", ""},
		{"an endpoint with a path", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://collector/otlp/"}, "https://collector/otlp/v1/traces", ""},
		{"one for traces", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector/x"}, "http://collector/x", ""},
		{"by default", map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, "http://localhost:4318/v1/traces", ""},
		{"none", map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector"}, "", ""},
		{"disabled", map[string]string{"OTEL_SDK_DISABLED": "TRUE", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector"}, "", ""},
		{"another exporter", map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, "", "OTEL_TRACES_EXPORTER"},
		{"another protocol", map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "", "OTEL_EXPORTER_OTLP_PROTOCOL"},
		{"no address", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "", "OTEL_EXPORTER_OTLP_ENDPOINT"},
		{"bad headers", map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_HEADERS": "x"}, "", "OTEL_EXPORTER_OTLP_HEADERS"},
		{"bad timeout", map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "1s"}, "", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e, err := exporterOf(func(name string) string { return tt.env[name] })
			if (err != nil) != (tt.refused != "") || err != nil && (!errors.Is(err, ErrEnvironment) || !strings.Contains(err.Error(), tt.refused)) {
				t.Fatalf("error %v", err)
			}
			if (e != nil) != (tt.address != "") || e != nil && e.address != tt.address {
				t.Errorf("exporter %+v, want it for %q", e, tt.address)
			}
		})
	}
}

// A collector gets the spans as the protocol wants them.
func TestExport(t *testing.T) {
	var got []byte
	var header http.Header
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var err error
		if got, err = io.ReadAll(r.Body); err != nil {
			t.Error(err)
		}
		header = r.Header
	}))
	defer collector.Close()
	env := map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL, "OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer%20x, other = y"}
	tracer, end, err := Start(t.Context(), func(name string) string { return env[name] }, "1.2", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, parent := tracer.Start(t.Context(), "GET graphql", trace.WithSpanKind(trace.SpanKindServer))
	_, child := tracer.Start(ctx, "inner", trace.WithAttributes(attribute.Bool("b", true), attribute.Int("i", 7), attribute.Float64("f", 0.5), attribute.String("s", "x"), attribute.StringSlice("l", []string{"a"})))
	child.SetStatus(codes.Error, "broken")
	child.End()
	parent.End()
	if err := end(t.Context()); err != nil {
		t.Fatal(err)
	}
	if header.Get("Content-Type") != "application/json" || header.Get("Authorization") != "Bearer x" || header.Get("Other") != "y" {
		t.Errorf("header %v", header)
	}
	var message struct {
		ResourceSpans []struct {
			Resource   struct{ Attributes []any }
			ScopeSpans []struct {
				Scope struct{ Name, Version string }
				Spans []struct {
					TraceID, SpanID, ParentSpanID, Name string
					Kind                                int
					StartTimeUnixNano                   string
					Attributes                          []any
					Status                              struct {
						Code    int
						Message string
					}
				}
			}
		}
	}
	if err := json.Unmarshal(got, &message); err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	if !bytes.Contains(got, []byte(`{"key":"service.name","value":{"stringValue":"papergraph"}}`)) {
		t.Errorf("no name of the service in %s", got)
	}
	scope := message.ResourceSpans[0].ScopeSpans[0]
	spans := scope.Spans
	if scope.Scope.Name != Name || scope.Scope.Version != "1.2" || len(spans) != 2 {
		t.Fatalf("%s", got)
	}
	if spans[0].Name != "inner" || spans[0].Kind != 1 || spans[0].ParentSpanID != spans[1].SpanID || spans[0].TraceID != spans[1].TraceID || len(spans[0].StartTimeUnixNano) < 19 || spans[1].Kind != 2 || spans[1].ParentSpanID != "" {
		t.Errorf("%s", got)
	}
	if s := spans[0].Status; s.Code != 2 || s.Message != "broken" {
		t.Errorf("status %+v", s)
	}
	value := func(kind string, v any) any { return map[string]any{kind: v} }
	want := []any{
		map[string]any{"key": "b", "value": value("boolValue", true)}, map[string]any{"key": "i", "value": value("intValue", "7")},
		map[string]any{"key": "f", "value": value("doubleValue", 0.5)}, map[string]any{"key": "s", "value": value("stringValue", "x")},
		map[string]any{"key": "l", "value": value("stringValue", `["a"]`)},
	}
	if diff := cmp.Diff(want, spans[0].Attributes); diff != "" {
		t.Error(diff)
	}
}

// A collector that is not there costs a line of the log and nothing else.
func TestNoCollector(t *testing.T) {
	collector := httptest.NewServer(http.NotFoundHandler())
	defer collector.Close()
	var log bytes.Buffer
	tracer, end, err := Start(t.Context(), func(name string) string {
		return map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL}[name]
	}, "1", slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	_, span := tracer.Start(t.Context(), "x")
	span.End()
	_ = end(t.Context()) // the SDK may or may not hand the error on
	if !strings.Contains(log.String(), "traces are lost") || !strings.Contains(log.String(), "404") {
		t.Errorf("log: %s", log.String())
	}
}
