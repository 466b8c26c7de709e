package web

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"papergraph/graph"
	"papergraph/schema"
)

// Metrics are the numbers of a server, in the form that Prometheus reads: what
// is asked and how long it takes, what queries cost, who waits, what is served,
// and what the process uses. A nil *Metrics counts nothing.
type Metrics struct {
	registry *prometheus.Registry
	inFlight prometheus.Gauge
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	bytes    *prometheus.CounterVec

	errors               *prometheus.CounterVec
	nodes, fields        prometheus.Histogram
	waited               prometheus.Histogram
	refused, notModified prometheus.Counter
}

// MetricsOptions are where the numbers come from that requests do not tell. A
// field that is nil gives none.
type MetricsOptions struct {
	Source    Source
	Admission *schema.Admission
	Queries   *schema.QueryStore
	Version   string // of the program
}

// NewMetrics returns metrics in which nothing is counted yet.
func NewMetrics(o MetricsOptions) *Metrics {
	name := func(s string) string { return "papergraph_" + s }
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: name("http_requests_in_flight"), Help: "Requests that are being answered or wait."}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: name("http_requests_total"), Help: "Requests that were answered."}, []string{"route", "method", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name("http_request_duration_seconds"), Help: "Time from a request to the end of its answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}}, []string{"route"}),
		bytes:       prometheus.NewCounterVec(prometheus.CounterOpts{Name: name("http_response_bytes_total"), Help: "Bytes of the bodies of answers, as they were sent."}, []string{"route"}),
		errors:      prometheus.NewCounterVec(prometheus.CounterOpts{Name: name("graphql_errors_total"), Help: "GraphQL answers with an error of a code."}, []string{"code"}),
		nodes:       prometheus.NewHistogram(prometheus.HistogramOpts{Name: name("graphql_nodes"), Help: "Nodes, edges and connections that a query read, of its budget.", Buckets: prometheus.ExponentialBuckets(1, 4, 9)}),
		fields:      prometheus.NewHistogram(prometheus.HistogramOpts{Name: name("graphql_fields"), Help: "Fields in the answer to a query.", Buckets: prometheus.ExponentialBuckets(1, 4, 10)}),
		waited:      prometheus.NewHistogram(prometheus.HistogramOpts{Name: name("graphql_wait_seconds"), Help: "Time that a query waited for its turn.", Buckets: []float64{.001, .01, .1, .5, 1, 2.5, 5}}),
		refused:     prometheus.NewCounter(prometheus.CounterOpts{Name: name("graphql_refused_total"), Help: "Queries that were refused since too many waited, or that went away while they did."}),
		notModified: prometheus.NewCounter(prometheus.CounterOpts{Name: name("graphql_not_modified_total"), Help: "Queries whose answer the client had."}),
	}
	m.registry.MustRegister(m.inFlight, m.requests, m.duration, m.bytes, m.errors, m.nodes, m.fields, m.waited, m.refused, m.notModified,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	gauge := func(s, help string, value func() float64) {
		m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name(s), Help: help}, value))
	}
	if a := o.Admission; a != nil {
		gauge("graphql_running", "Queries that are being answered.", func() float64 { n, _ := a.Load(); return float64(n) })
		gauge("graphql_waiting", "Queries that wait for their turn.", func() float64 { _, n := a.Load(); return float64(n) })
	}
	if q := o.Queries; q != nil {
		gauge("queries_kept", "Queries that links lead to.", func() float64 { n, _ := q.Size(); return float64(n) })
		gauge("queries_kept_bytes", "Bytes of the queries that links lead to.", func() float64 { _, n := q.Size(); return float64(n) })
	}
	if o.Source != nil {
		m.registry.MustRegister(newServed(o.Source, o.Version))
	}
	return m
}

// served are the metrics of what is served: read when they are asked for, since
// a build changes it.
type served struct {
	source  Source
	version string
	ready   *prometheus.Desc
	info    *prometheus.Desc
	time    *prometheus.Desc
	nodes   *prometheus.Desc
	edges   *prometheus.Desc
}

func newServed(source Source, version string) *served {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("papergraph_"+name, help, labels, nil)
	}
	return &served{
		source: source, version: version,
		ready: desc("ready", "Whether there is a snapshot to answer from."),
		info:  desc("info", "The program's version and the newest snapshot.", "version", "snapshot"),
		time:  desc("snapshot_timestamp_seconds", "When the newest snapshot was published."),
		nodes: desc("snapshot_nodes", "Nodes of the newest snapshot.", "kind"),
		edges: desc("snapshot_edges", "Edges of the newest snapshot."),
	}
}

// Describe implements [prometheus.Collector].
func (s *served) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(s, ch) }

// Collect implements [prometheus.Collector].
func (s *served) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	snap, release, err := s.source.Open("")
	if err != nil {
		gauge(s.ready, 0)
		return
	}
	defer release()
	info := snap.Info()
	gauge(s.ready, 1)
	gauge(s.info, 1, s.version, info.ID)
	gauge(s.time, float64(info.Time.Unix()))
	for _, k := range graph.Kinds() {
		gauge(s.nodes, float64(info.NodesByKind[k]), string(k))
	}
	gauge(s.edges, float64(info.Edges))
}

// Handler serves the metrics.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2, DisableCompression: true})
}

// begin counts a request that comes; done when it was answered.
func (m *Metrics) begin() (done func()) {
	if m == nil {
		return func() {}
	}
	m.inFlight.Inc()
	return m.inFlight.Dec
}

// methodName is a method as a label: one of few.
func methodName(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions:
		return method
	}
	return "other"
}

// count counts a request that was answered.
func (m *Metrics) count(route, method string, rec *recorder, took time.Duration) {
	if m == nil {
		return
	}
	m.requests.WithLabelValues(route, methodName(method), strconv.Itoa(rec.status)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
	m.bytes.WithLabelValues(route).Add(float64(rec.bytes))
	o := &rec.outcome
	for _, code := range o.Errors {
		m.errors.WithLabelValues(string(code)).Inc()
	}
	switch {
	case o.Query == "":
	case o.Refused:
		m.refused.Inc()
	case o.NotModified:
		m.notModified.Inc()
	default:
		m.nodes.Observe(float64(o.Nodes))
		m.fields.Observe(float64(o.Fields))
		m.waited.Observe(o.Waited.Seconds())
	}
}
