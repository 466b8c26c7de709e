package tracing

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// exporter sends spans to a collector, in OTLP's JSON.
type exporter struct {
	address string
	header  map[string]string
	client  http.Client
	log     *slog.Logger
}

// The messages of OTLP, as far as we fill them:
// https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto
type (
	exportRequest struct {
		ResourceSpans []resourceSpans `json:"resourceSpans"`
	}
	resourceSpans struct {
		Resource   attributed   `json:"resource"`
		ScopeSpans []scopeSpans `json:"scopeSpans"`
	}
	attributed struct {
		Attributes []keyValue `json:"attributes"`
	}
	scopeSpans struct {
		Scope scope  `json:"scope"`
		Spans []span `json:"spans"`
	}
	scope struct {
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
	}
	span struct {
		TraceID           string     `json:"traceId"`
		SpanID            string     `json:"spanId"`
		TraceState        string     `json:"traceState,omitempty"`
		ParentSpanID      string     `json:"parentSpanId,omitempty"`
		Name              string     `json:"name"`
		Kind              int        `json:"kind"`
		StartTimeUnixNano string     `json:"startTimeUnixNano"` // as all 64-bit numbers, a string
		EndTimeUnixNano   string     `json:"endTimeUnixNano"`
		Attributes        []keyValue `json:"attributes"`
		Status            status     `json:"status"`
	}
	status struct {
		Code    int    `json:"code,omitempty"`
		Message string `json:"message,omitempty"`
	}
	keyValue struct {
		Key   string `json:"key"`
		Value any    `json:"value"`
	}
)

// ExportSpans implements [sdk.SpanExporter].
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if len(spans) == 0 {
		return nil
	}
	body, err := json.Marshal(message(spans))
	if err != nil {
		return fmt.Errorf("write %d spans: %w", len(spans), err)
	}
	if err := e.send(ctx, body); err != nil {
		// The SDK drops what an exporter says unless there is a handler.
		e.log.Warn("traces are lost", "spans", len(spans), "address", e.address, "error", err)
		return err
	}
	return nil
}

func (e *exporter) send(ctx context.Context, body []byte) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	r.Header.Set("Content-Type", "application/json")
	for name, value := range e.header {
		r.Header.Set(name, value)
	}
	answer, err := e.client.Do(r)
	if err != nil {
		return fmt.Errorf("send spans: %w", err)
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)) // so that the connection is used again
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("send spans: the collector answers %s", answer.Status)
	}
	return nil
}

// Shutdown implements [sdk.SpanExporter].
func (e *exporter) Shutdown(context.Context) error {
	e.client.CloseIdleConnections()
	return nil
}

// message is spans of one resource, which all of a program's are, and of one
// scope, as there is one tracer.
func message(spans []sdk.ReadOnlySpan) exportRequest {
	list := make([]span, len(spans))
	for i, s := range spans {
		c, parent := s.SpanContext(), s.Parent()
		list[i] = span{
			TraceID: c.TraceID().String(), SpanID: c.SpanID().String(), TraceState: c.TraceState().String(),
			Name: s.Name(), Kind: int(s.SpanKind()), // the numbers are the same, from internal as 1
			StartTimeUnixNano: strconv.FormatInt(s.StartTime().UnixNano(), 10),
			EndTimeUnixNano:   strconv.FormatInt(s.EndTime().UnixNano(), 10),
			Attributes:        keyValues(s.Attributes()),
			Status:            status{Code: statusCode(s.Status()), Message: s.Status().Description},
		}
		if parent.HasSpanID() {
			list[i].ParentSpanID = parent.SpanID().String()
		}
		if s.SpanKind() == trace.SpanKindUnspecified {
			list[i].Kind = int(trace.SpanKindInternal)
		}
	}
	first := spans[0]
	return exportRequest{[]resourceSpans{{
		Resource:   attributed{keyValues(first.Resource().Attributes())},
		ScopeSpans: []scopeSpans{{scope{first.InstrumentationScope().Name, first.InstrumentationScope().Version}, list}},
	}}}
}

// keyValues are attributes in the protocol's form.
func keyValues(list []attribute.KeyValue) []keyValue {
	out := make([]keyValue, len(list))
	for i, a := range list {
		out[i].Key = string(a.Key)
		switch a.Value.Type() {
		case attribute.BOOL:
			out[i].Value = map[string]bool{"boolValue": a.Value.AsBool()}
		case attribute.INT64:
			out[i].Value = map[string]string{"intValue": strconv.FormatInt(a.Value.AsInt64(), 10)}
		case attribute.FLOAT64:
			out[i].Value = map[string]float64{"doubleValue": a.Value.AsFloat64()}
		default:
			out[i].Value = map[string]string{"stringValue": a.Value.Emit()}
		}
	}
	return out
}

// statusCode is a status in the protocol's numbers, in which ok and error have
// the other order.
func statusCode(s sdk.Status) int {
	switch s.Code {
	case codes.Ok:
		return 1
	case codes.Error:
		return 2
	}
	return 0
}
