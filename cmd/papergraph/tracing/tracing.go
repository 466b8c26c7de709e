// Package tracing sends OpenTelemetry traces where the environment says, and
// nowhere otherwise.
//
// The variables are those of the OpenTelemetry specification:
//
//   - OTEL_EXPORTER_OTLP_ENDPOINT or OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is where
//     to; OTEL_TRACES_EXPORTER=otlp takes http://localhost:4318 without them,
//     and none sends nothing, as OTEL_SDK_DISABLED=true does;
//   - OTEL_EXPORTER_OTLP_HEADERS and OTEL_EXPORTER_OTLP_TIMEOUT, with _TRACES
//     before the last word too;
//   - OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER,
//     OTEL_BSP_SCHEDULE_DELAY and what else the SDK reads.
//
// The protocol is OTLP over HTTP in JSON, http/json, which every collector
// takes on the same port as http/protobuf. It is written here: the exporters of
// OpenTelemetry itself link gRPC and add 10 MB to the program.
package tracing

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// ErrEnvironment says that the environment asks for what there is not.
var ErrEnvironment = errors.New("tracing")

// Name is the instrumentation's, which each span carries.
const Name = "papergraph"

// Start returns a tracer for what the environment says, and a function that
// sends what is left and ends it. Where the environment says nothing, the
// tracer is nil. The error wraps [ErrEnvironment] where it cannot be followed.
func Start(ctx context.Context, getenv func(string) string, version string, log *slog.Logger) (tracer trace.Tracer, end func(context.Context) error, err error) {
	e, err := exporterOf(getenv)
	if err != nil || e == nil {
		return nil, func(context.Context) error { return nil }, err
	}
	e.log = log
	r, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", "papergraph"),
		attribute.String("service.version", version),
	), resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, nil, fmt.Errorf("%w: OTEL_RESOURCE_ATTRIBUTES: %w", ErrEnvironment, err)
	}
	p := sdk.NewTracerProvider(sdk.WithBatcher(e), sdk.WithResource(r))
	return p.Tracer(Name, trace.WithInstrumentationVersion(version)), p.Shutdown, nil
}

// exporterOf is the exporter that the environment asks for; nil for none.
func exporterOf(getenv func(string) string) (*exporter, error) {
	otlp := func(name string) (variable, value string) {
		for _, variable := range []string{"OTEL_EXPORTER_OTLP_TRACES_" + name, "OTEL_EXPORTER_OTLP_" + name} {
			if v := getenv(variable); v != "" {
				return variable, v
			}
		}
		return "OTEL_EXPORTER_OTLP_" + name, ""
	}
	if strings.EqualFold(getenv("OTEL_SDK_DISABLED"), "true") {
		return nil, nil
	}
	variable, endpoint := otlp("ENDPOINT")
	switch which := getenv("OTEL_TRACES_EXPORTER"); {
	case which == "none", which == "" && endpoint == "":
		return nil, nil
	case which != "" && which != "otlp":
		return nil, fmt.Errorf("%w: OTEL_TRACES_EXPORTER is %q: there are otlp and none", ErrEnvironment, which)
	}
	if v, protocol := otlp("PROTOCOL"); protocol != "" && protocol != "http/json" {
		return nil, fmt.Errorf("%w: %s is %q: there is http/json, which collectors take where they take http/protobuf", ErrEnvironment, v, protocol)
	}
	u, err := url.Parse(cmp.Or(endpoint, "http://localhost:4318"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%w: %s is %q: expected an http or https address", ErrEnvironment, variable, endpoint)
	}
	if variable != "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" {
		u = u.JoinPath("v1/traces")
	}
	e := &exporter{address: u.String(), header: make(map[string]string)}
	variable, headers := otlp("HEADERS")
	for pair := range strings.SplitSeq(headers, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if name = strings.TrimSpace(name); !ok || err != nil || name == "" {
			return nil, fmt.Errorf("%w: %s: expected name=value, with commas between", ErrEnvironment, variable)
		}
		e.header[name] = value
	}
	variable, timeout := otlp("TIMEOUT")
	ms, err := strconv.Atoi(cmp.Or(timeout, "10000"))
	if err != nil || ms <= 0 {
		return nil, fmt.Errorf("%w: %s is %q: expected milliseconds", ErrEnvironment, variable, timeout)
	}
	e.client.Timeout = time.Duration(ms) * time.Millisecond
	return e, nil
}
