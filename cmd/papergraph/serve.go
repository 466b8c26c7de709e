package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"papergraph/cmd/papergraph/handover"
	"papergraph/cmd/papergraph/tracing"
	"papergraph/cmd/papergraph/web"
	"papergraph/exporters"
	"papergraph/schema"
	"papergraph/store"
)

// serveFlags are those of serve and up.
type serveFlags struct {
	addr, baseURL, asOf, queries         string
	origins                              []string
	concurrency                          int
	public, behindProxy, noIntrospection bool
}

func (f *serveFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.addr, "addr", "127.0.0.1:8080", "address to serve on; port 0 takes a free one")
	cmd.Flags().StringVar(&f.baseURL, "base-url", "", "where readers find the server, if not at the root of its address")
	cmd.Flags().StringVar(&f.queries, "queries", "", "folder of the queries that links lead to (default: "+queriesFolder+" in the store)")
	cmd.Flags().StringArrayVar(&f.origins, "cors", nil, "origin whose pages may ask the server, such as https://example.org, or * for all; may be given more than once")
	cmd.Flags().IntVar(&f.concurrency, "concurrency", 0, "how many queries are answered at once; others take turns by client (default: twice the CPUs)")
	cmd.Flags().BoolVar(&f.public, "public", false, "limits for a server that anybody can ask: smaller answers, less time, shorter queues, no /metrics")
	cmd.Flags().BoolVar(&f.behindProxy, "behind-proxy", false, "a proxy in front adds its client's address to X-Forwarded-For: take turns by that")
	cmd.Flags().BoolVar(&f.noIntrospection, "no-introspection", false, "refuse questions about the schema")
}

// options are those of the schema and its handler.
func (f *serveFlags) options() (schema.Options, schema.AdmissionLimits) {
	o := schema.Options{BaseURL: strings.TrimRight(f.baseURL, "/"), NoIntrospection: f.noIntrospection}
	admission := schema.AdmissionLimits{Running: f.concurrency}
	if f.public {
		o.Limits = schema.PublicLimits()
		admission.Waiting, admission.PerClient = 128, 8
	}
	return o, admission
}

// tracePatience is how long the end of a server waits for its last traces to be
// taken.
const tracePatience = 3 * time.Second

// queriesFolder is where a store has the queries that links lead to.
const queriesFolder = "queries"

func newServe(g *globals) *cobra.Command {
	var flags serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the store: GraphQL, playground, pages, pictures",
		Long: "Serves the store over GraphQL, with a playground, pages and pictures. Other commands work\n" +
			"meanwhile, build too: the server runs them, and serves the new snapshot from the moment\n" +
			"that it is published.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return g.serve(cmd.Context(), flags)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&flags.asOf, "as-of", "", "snapshot to serve (default: the newest)")
	return cmd
}

func newUp(g *globals) *cobra.Command {
	var building buildFlags
	var serving serveFlags
	cmd := &cobra.Command{
		Use:     "up [PATH...]",
		Short:   "Build from papers, then serve",
		Long:    "Builds like papergraph build, then serves like papergraph serve. Without paths it serves what\nthe store has.",
		Example: "  papergraph up testdata/corpus",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := building.check(); err != nil {
				return err
			}
			return g.up(cmd.Context(), cmd.InOrStdin(), args, building, serving)
		},
	}
	building.add(cmd)
	serving.add(cmd)
	return cmd
}

// up builds, if there is anything to build from, and then serves. It holds the
// store all the time.
func (g *globals) up(ctx context.Context, stdin io.Reader, paths []string, building buildFlags, serving serveFlags) (err error) {
	if len(paths) == 0 {
		return g.serve(ctx, serving)
	}
	e, err := g.equip(building.graphFlags)
	if err != nil {
		return err
	}
	h, err := g.hold(ctx, store.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.store.Close()) }()
	var refused error
	err = g.serveFrom(ctx, h, serving, func() error {
		if refused = g.buildInto(ctx, h.store, e, stdin, paths, building); errors.Is(refused, errPartial) {
			return nil
		}
		return refused
	})
	if err != nil {
		return err
	}
	return refused
}

// serve answers until the context is done, which is how a server ends.
func (g *globals) serve(ctx context.Context, flags serveFlags) (err error) {
	h, err := g.hold(ctx, store.Options{Existing: true})
	if errors.Is(err, store.ErrReadOnly) {
		g.out.logger().Debug("serving a store that cannot be written, without taking commands for it", "store", g.store, "reason", err)
		h, err = g.hold(ctx, store.Options{ReadOnly: true})
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.store.Close()) }()
	r, err := latestOr(h.store, flags.asOf) // so that an empty store or unknown snapshot is said at once
	if err != nil {
		return err
	}
	defer r.Close()
	if flags.asOf != "" {
		h.pinned = r
	} else {
		r.Close()
	}
	return g.serveFrom(ctx, h, flags, func() error { return nil })
}

// hold opens the store for a server, which nobody else can run the command for.
func (g *globals) hold(ctx context.Context, o store.Options) (*host, error) {
	o.Logger = g.out.logger()
	for start := time.Now(); ; {
		about, err := handover.Ask(ctx, g.store)
		switch {
		case err == nil:
			return nil, fmt.Errorf("%w: a server is running on %s; papergraph build adds papers to what it serves, or stop it first", store.ErrLocked, about.Address)
		case !errors.Is(err, handover.ErrNoServer) && !errors.Is(err, handover.ErrUnreachable):
			return nil, err
		}
		s, err := store.Open(g.store, o)
		if err == nil {
			return &host{store: s, turn: newTurn(), readOnly: o.ReadOnly, log: o.Logger}, nil
		}
		if !errors.Is(err, store.ErrLocked) || time.Since(start) > lockPatience {
			return nil, err
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

// serveFrom serves a store that is open, after something that changes it first.
// It takes commands meanwhile.
func (g *globals) serveFrom(ctx context.Context, h *host, flags serveFlags, first func() error) (err error) {
	source := schema.FromStore(h.store)
	if h.pinned != nil {
		source = pinned{source, h.pinned}
	}
	if flags.concurrency < 0 {
		return usageError{fmt.Errorf("--concurrency %d: expected 1 or more", flags.concurrency)}
	}
	options, admission := flags.options()
	options.Logger = h.log
	graphql, err := schema.New(source, options)
	if err != nil {
		return err
	}
	queries, err := schema.OpenQueries(cmp.Or(flags.queries, filepath.Join(g.store, queriesFolder)), schema.QueryLimits{})
	if err != nil {
		return err
	}
	renderer := exporters.NewRenderer(exporters.RendererOptions{})
	turns := schema.NewAdmission(admission)
	handler := schema.NewHandler(graphql, schema.HandlerOptions{
		Queries: queries, Renderer: renderer, Admission: turns, BehindProxy: flags.behindProxy, Observe: web.Observe,
	})
	metrics := web.NewMetrics(web.MetricsOptions{Source: source, Admission: turns, Queries: queries, Version: programVersion()})
	tracer, endTraces, err := tracing.Start(ctx, g.call.getenv, programVersion(), h.log)
	if err != nil {
		return usageError{err}
	}
	defer func() {
		// What cannot be sent has been logged, and is no failure of the server.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tracePatience)
		defer cancel()
		_ = endTraces(ctx)
	}()
	server, err := web.New(web.Options{
		Source: source, GraphQL: handler, Queries: http.HandlerFunc(handler.ServeQueries), Schema: schema.SDL(), Renderer: renderer,
		BaseURL: flags.baseURL, Origins: flags.origins, Metrics: metrics, PrivateMetrics: flags.public, Tracer: tracer, Version: programVersion(), Logger: h.log,
	})
	if errors.Is(err, web.ErrBaseURL) {
		return usageError{fmt.Errorf("--base-url: %w", err)}
	}
	if errors.Is(err, web.ErrOrigin) {
		return usageError{fmt.Errorf("--cors: %w", err)}
	}
	if err != nil {
		return err
	}
	listener, err := web.Listen(ctx, flags.addr)
	if err != nil {
		return err
	}
	defer listener.Close() // as the server does, unless it never begins
	url := server.URL(listener)
	if !h.readOnly { // beside which others can read
		end, refused := g.takeCommands(ctx, h, url)
		if refused != nil {
			return refused
		}
		defer func() { err = errors.Join(err, end()) }()
	}
	if err := h.changeFirst(ctx, g, first); err != nil {
		return err
	}
	r, release, err := source.Open("")
	if err != nil {
		return err
	}
	g.out.infof("serving snapshot %s on %s (Ctrl-C ends)", short(r.Info().ID), url)
	release()
	return server.Serve(ctx, listener)
}

// changeFirst runs what changes the store before it is served.
func (h *host) changeFirst(ctx context.Context, g *globals, first func() error) error {
	if err := h.turn.take(ctx, g.call.String(), func(who string) { g.out.infof("waiting for %s", who) }); err != nil {
		return err
	}
	defer h.turn.give()
	return first()
}

// takeCommands lets other processes hand over what they want from the store
// that this one holds, until the returned function is called. It waits for
// their commands to end.
func (g *globals) takeCommands(ctx context.Context, h *host, url string) (end func() error, err error) {
	l, err := handover.Listen(g.store)
	if err != nil {
		return nil, fmt.Errorf("take commands for the store: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- l.Serve(ctx, handover.About{Version: programVersion(), Address: url}, h.run, h.log)
	}()
	return func() error {
		cancel()
		return errors.Join(<-ended, l.Close())
	}, nil
}

// run runs a command that another process has handed over.
func (h *host) run(ctx context.Context, c *handover.Command) int {
	start := time.Now()
	called := call{
		args: c.Args, stdin: c.Stdin, stdout: c.Stdout, stderr: c.Stderr, by: c,
		getenv: func(name string) string { return c.Env[name] },
	}
	code := execute(ctx, called, h)
	h.log.Info("command", "command", called.String(), "code", code, "duration", time.Since(start).Round(time.Microsecond))
	return code
}

// pinned is a source whose newest snapshot is a given one, which is open and so
// can be read even when it is dropped.
type pinned struct {
	schema.Source
	snapshot *store.Snapshot
}

func (p pinned) Open(asOf string) (*store.Snapshot, func(), error) {
	if asOf == "" {
		return p.snapshot, func() {}, nil
	}
	return p.Source.Open(asOf)
}
