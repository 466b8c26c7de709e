package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"papergraph/graph"
)

func newStats(g *globals) *cobra.Command {
	var asJSON bool
	var asOf string
	cmd := &cobra.Command{
		Use:   "stats",
		Short: "Count what is in a snapshot",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, closeAll, err := g.snapshot(cmd.Context(), asOf)
			if err != nil {
				return err
			}
			defer closeAll()
			i := r.Info()
			if asJSON {
				if err := writeJSON(g.out.stdout, i); err != nil {
					return fmt.Errorf("write statistics: %w", err)
				}
				return nil
			}
			w := tabwriter.NewWriter(g.out.stdout, 0, 8, 2, ' ', tabwriter.AlignRight)
			fmt.Fprintf(w, "snapshot\t%s\t\n", short(i.ID))
			for _, k := range graph.Kinds() {
				fmt.Fprintf(w, "%s\t%d\t\n", k.Plural(), i.NodesByKind[k])
			}
			fmt.Fprintf(w, "edges\t%d\t\n", i.Edges)
			for _, rel := range graph.Relations() {
				if n := i.EdgesByRelation[rel.Relation]; n > 0 {
					fmt.Fprintf(w, "%s\t%d\t\n", rel.Relation, n)
				}
			}
			fmt.Fprintf(w, "statements\t%d\t\n", i.Statements)
			if err := w.Flush(); err != nil {
				return fmt.Errorf("write statistics: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	cmd.Flags().StringVar(&asOf, "as-of", "", "snapshot to count (default: the newest)")
	return cmd
}

func newSnapshots(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "snapshots",
		Short: "List the snapshots in the store, newest first",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := g.openForReading(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			infos, err := s.Snapshots()
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(g.out.stdout, 0, 8, 2, ' ', 0)
			for _, i := range infos {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", short(i.ID), i.Time.UTC().Format(timeFormat), plural(i.Papers, "paper"), plural(i.Nodes, "node"), plural(i.Edges, "edge"), i.Extractor)
			}
			if err := w.Flush(); err != nil {
				return fmt.Errorf("write the snapshots: %w", err)
			}
			return nil
		},
	}
}

// timeFormat is how times are shown and read.
const timeFormat = time.RFC3339

// versionAtLink is set by the linker in releases (-X main.versionAtLink=v1.0).
var versionAtLink string

func newVersion(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  usageArgs(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(g.out.stdout, "papergraph %s %s/%s %s\n", programVersion(), runtime.GOOS, runtime.GOARCH, runtime.Version())
			if err != nil {
				return fmt.Errorf("write the version: %w", err)
			}
			return nil
		},
	}
}

// programVersion is the release, else the commit that was built.
func programVersion() string {
	if versionAtLink != "" {
		return versionAtLink
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	commit, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changes"
		}
	}
	if commit == "" {
		return "development"
	}
	return "development " + commit + dirty
}
