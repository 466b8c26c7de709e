package main

import (
	"fmt"

	"github.com/spf13/cobra"

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
			"dropped first. No other papergraph may have the store open. A compaction may be stopped\n" +
			"at any moment.",
		Example: "  papergraph compact --keep 10\n  papergraph compact --keep 30d",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := store.Compact(cmd.Context(), g.store, keep.Retention, store.Options{Logger: g.out.logger()})
			for _, i := range c.Dropped {
				g.out.infof("dropped snapshot %s of %s", short(i.ID), i.Time.UTC().Format(timeFormat))
			}
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
