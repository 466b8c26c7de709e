package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"papergraph/graph"
	"papergraph/store"
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
	var long, asJSON bool
	cmd := &cobra.Command{
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
			switch {
			case asJSON:
				err = writeJSON(g.out.stdout, infos)
			case long:
				err = describeSnapshots(g.out.stdout, infos)
			default:
				err = listSnapshots(g.out.stdout, infos)
			}
			if err != nil {
				return fmt.Errorf("write the snapshots: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&long, "long", false, "with all sources, the nodes of each kind, and the hashes of lexicon and registry")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

// listSnapshots writes a line for each snapshot.
func listSnapshots(out io.Writer, infos []store.Info) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, i := range infos {
		sources := "-"
		if n := len(i.Sources); n > 0 {
			sources = i.Sources[0]
			if n > 1 {
				sources = fmt.Sprintf("%s and %d more", sources, n-1)
			}
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", short(i.ID), i.Time.UTC().Format(timeFormat), plural(i.Papers, "paper"), plural(i.Nodes, "node"),
			plural(i.Edges, "edge"), sources, i.Extractor)
	}
	return w.Flush()
}

// describeSnapshots writes all that is known of each snapshot.
func describeSnapshots(out io.Writer, infos []store.Info) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for n, i := range infos {
		if n > 0 {
			fmt.Fprintln(w)
		}
		row := func(name, value string) {
			if value != "" {
				fmt.Fprintf(w, "%s\t%s\n", name, value)
			}
		}
		row("snapshot", i.ID)
		row("time", i.Time.UTC().Format(timeFormat))
		for _, source := range i.Sources {
			row("source", source)
		}
		row("extractor", i.Extractor)
		row("lexicon", i.Lexicon)
		row("registry", i.Registry)
		for _, k := range graph.Kinds() {
			if n := i.NodesByKind[k]; n > 0 {
				row(k.Plural(), strconv.Itoa(n))
			}
		}
		row("edges", strconv.Itoa(i.Edges))
		row("statements", strconv.Itoa(i.Statements))
	}
	return w.Flush()
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
