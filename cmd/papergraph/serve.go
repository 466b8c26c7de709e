package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"papergraph/cmd/papergraph/web"
	"papergraph/exporters"
	"papergraph/schema"
	"papergraph/store"
)

// serveFlags are those of serve and up.
type serveFlags struct {
	addr, baseURL, asOf string
}

func (f *serveFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.addr, "addr", "127.0.0.1:8080", "address to serve on; port 0 takes a free one")
	cmd.Flags().StringVar(&f.baseURL, "base-url", "", "where readers find the server, if not at the root of its address")
}

func newServe(g *globals) *cobra.Command {
	var flags serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the store: GraphQL, playground, pages, pictures",
		Args:  usageArgs(cobra.NoArgs),
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
			var refused error
			if len(args) > 0 {
				if refused = g.build(cmd.Context(), cmd.InOrStdin(), args, building); refused != nil && !errors.Is(refused, errPartial) {
					return refused
				}
			}
			if err := g.serve(cmd.Context(), serving); err != nil {
				return err
			}
			return refused
		},
	}
	building.add(cmd)
	serving.add(cmd)
	return cmd
}

// serve answers until the context is done, which is how a server ends. It
// holds the store as a reader, beside which others can read.
func (g *globals) serve(ctx context.Context, flags serveFlags) (err error) {
	s, err := g.openForReading()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	r, err := latestOr(s, flags.asOf) // so that an empty store or unknown snapshot is said at once
	if err != nil {
		return err
	}
	info := r.Info()
	r.Close()
	source := schema.FromStore(s)
	if flags.asOf != "" {
		source = pinned{source, info.ID}
	}
	log := g.out.logger()
	graphql, err := schema.New(source, schema.Options{BaseURL: strings.TrimRight(flags.baseURL, "/"), Logger: log})
	if err != nil {
		return err
	}
	server, err := web.New(web.Options{
		Source: source, GraphQL: schema.NewHandler(graphql), Schema: schema.SDL(), Renderer: exporters.NewRenderer(exporters.RendererOptions{}),
		BaseURL: flags.baseURL, Version: programVersion(), Logger: log,
	})
	if errors.Is(err, web.ErrBaseURL) {
		return usageError{fmt.Errorf("--base-url: %w", err)}
	}
	if err != nil {
		return err
	}
	listener, err := web.Listen(ctx, flags.addr)
	if err != nil {
		return err
	}
	g.out.infof("serving snapshot %s on %s (Ctrl-C ends)", short(info.ID), server.URL(listener))
	return server.Serve(ctx, listener)
}

// pinned is a source whose newest snapshot is a given one.
type pinned struct {
	schema.Source
	id string
}

func (p pinned) Open(asOf string) (*store.Snapshot, func(), error) {
	if asOf == "" {
		asOf = p.id
	}
	return p.Source.Open(asOf)
}
