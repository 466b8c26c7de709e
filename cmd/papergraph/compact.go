package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"papergraph/cmd/papergraph/handover"
	"papergraph/store"
)

// keepFlag is --keep: how many snapshots, or of what age, are kept.
type keepFlag struct{ store.Retention }

// Set implements [pflag.Value].
func (f *keepFlag) Set(s string) (err error) {
	f.Retention, err = store.ParseRetention(s)
	return err
}

// Type implements [pflag.Value].
func (f *keepFlag) Type() string { return "N|AGE" }

func (f *keepFlag) add(cmd *cobra.Command) {
	cmd.Flags().Var(f, "keep", "keep only the newest N snapshots, or those of an age (30d, 4w, 36h); the newest in any case")
}

func newCompact(g *globals) *cobra.Command {
	var keep keepFlag
	cmd := &cobra.Command{
		Use:   "compact",
		Short: "Drop old snapshots and give back the space that they took",
		Long: "Gives back the space of what no snapshot needs any more. With --keep, old snapshots are\n" +
			"dropped first. A compaction may be stopped at any moment. A server that holds the store drops\n" +
			"snapshots too, but gives their space back little by little, with the builds that it runs.",
		Example: "  papergraph compact --keep 10\n  papergraph compact --keep 30d",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := g.handOver(cmd.Context()); err != nil && !errors.Is(err, handover.ErrUnreachable) {
				return err
			}
			if g.host != nil {
				return g.keep(cmd.Context(), keep.Retention)
			}
			c, err := store.Compact(cmd.Context(), g.store, keep.Retention, store.Options{Logger: g.out.logger()})
			g.sayDropped(c.Dropped)
			if err != nil {
				return err
			}
			g.out.infof("%s holds %s, before %s", g.store, bytesText(c.After), bytesText(c.Before))
			return nil
		},
	}
	keep.add(cmd)
	return cmd
}

// keep drops snapshots of a store that is being served.
func (g *globals) keep(ctx context.Context, r store.Retention) error {
	if r == (store.Retention{}) {
		return fmt.Errorf("%w: to compact it, stop the server that holds it; --keep drops snapshots meanwhile", store.ErrLocked)
	}
	s, err := g.openForChange(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	dropped, err := s.Keep(ctx, r)
	g.sayDropped(dropped)
	if err != nil {
		return err
	}
	kept, err := s.Snapshots()
	if err != nil {
		return err
	}
	g.out.infof("%s holds %s; its server gives the space of others back little by little, with the builds that it runs", g.store, plural(len(kept), "snapshot"))
	return nil
}

// sayDropped reports which snapshots are gone.
func (g *globals) sayDropped(dropped []store.Info) {
	for _, i := range dropped {
		g.out.infof("dropped snapshot %s of %s", short(i.ID), i.Time.UTC().Format(timeFormat))
	}
}

// bytesText writes a number of bytes as people read it.
func bytesText(n int64) string {
	units := []string{"kB", "MB", "GB"}
	if n < 1000 {
		return fmt.Sprintf("%d bytes", n)
	}
	v, unit := float64(n), ""
	for _, unit = range units {
		if v /= 1000; v < 1000 {
			break
		}
	}
	return fmt.Sprintf("%.1f %s", v, unit)
}
