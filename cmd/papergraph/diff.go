package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"papergraph/exporters"
	"papergraph/graph"
	"papergraph/store"
)

var diffFormats = []string{"text", "json", "dot"}

func newDiff(g *globals) *cobra.Command {
	var format, output string
	var limit int
	cmd := &cobra.Command{
		Use:   "diff A [B]",
		Short: "Say what differs between two snapshots",
		Long: "Says which nodes and edges snapshot B (default: the newest) has and A has not, which it has\n" +
			"not any more, and which it has otherwise: of a node the fields, of an edge the statements that\n" +
			"came and went. As DOT it is a drawing with what was added, removed and changed in colours.",
		Example: "  papergraph diff 1f2e3d4c\n  papergraph diff 1f2e3d4c 5a6b7c8d --format dot | dot -Tsvg > diff.svg",
		Args:    usageArgs(cobra.RangeArgs(1, 2)),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case !slices.Contains(diffFormats, format):
				return usageError{fmt.Errorf("--format %q: expected one of %s", format, strings.Join(diffFormats, ", "))}
			case limit < 0:
				return usageError{fmt.Errorf("--max %d: cannot be negative", limit)}
			}
			s, err := g.openForReading(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			to := ""
			if len(args) > 1 {
				to = args[1]
			}
			d, err := s.Diff(cmd.Context(), args[0], to, limit)
			if err != nil {
				return err
			}
			return g.writeOutput(output, func(w io.Writer) error {
				switch format {
				case "json":
					return writeJSON(w, d)
				case "dot":
					return exporters.DOT(w, diffView(d), exporters.DOTOptions{Legend: true, Changes: diffChanges(d)})
				}
				return writeDiff(w, d)
			})
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", strings.Join(diffFormats, ", "))
	cmd.Flags().IntVar(&limit, "max", 30, "at most so many of each: nodes added, removed, changed, and edges (0: all)")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	return cmd
}

// diffView is the drawing of a difference: the nodes and edges that are listed,
// and the nodes at the ends of these edges.
func diffView(d *store.Diff) *graph.View {
	v := &graph.View{
		Title:    fmt.Sprintf("From %s to %s", short(d.From.ID), short(d.To.ID)),
		Snapshot: short(d.To.ID), Nodes: slices.Concat(d.Nodes.Added, d.Nodes.Removed), Edges: slices.Concat(d.Edges.Added, d.Edges.Removed),
	}
	drawn := make(map[graph.ID]bool)
	for i := range v.Nodes {
		drawn[v.Nodes[i].ID] = true
	}
	add := func(id graph.ID, name string) {
		if !drawn[id] {
			drawn[id] = true
			v.Nodes = append(v.Nodes, graph.Node{ID: id, Name: name})
		}
	}
	for _, c := range d.Nodes.Changed {
		add(c.ID, c.Name)
	}
	for _, c := range d.Edges.Changed {
		v.Edges = append(v.Edges, graph.Edge{From: c.From, Relation: c.Relation, To: c.To, Statements: append(slices.Clone(c.Added), c.Removed...)})
	}
	for id, name := range d.Names {
		add(id, name)
	}
	return v
}

// diffChanges says of the elements of diffView how they differ. An edge is
// found by its place among those that were added, removed or changed.
func diffChanges(d *store.Diff) *exporters.Changes {
	nodes := make(map[graph.ID]exporters.Change)
	for i := range d.Nodes.Added {
		nodes[d.Nodes.Added[i].ID] = exporters.Added
	}
	for i := range d.Nodes.Removed {
		nodes[d.Nodes.Removed[i].ID] = exporters.Removed
	}
	for i := range d.Nodes.Changed {
		nodes[d.Nodes.Changed[i].ID] = exporters.Changed
	}
	edges := make(map[store.EdgeKey]exporters.Change)
	for _, e := range d.Edges.Added {
		edges[store.EdgeKey{From: e.From, Relation: e.Relation, To: e.To}] = exporters.Added
	}
	for _, e := range d.Edges.Removed {
		edges[store.EdgeKey{From: e.From, Relation: e.Relation, To: e.To}] = exporters.Removed
	}
	for _, e := range d.Edges.Changed {
		edges[store.EdgeKey{From: e.From, Relation: e.Relation, To: e.To}] = exporters.Changed
	}
	return &exporters.Changes{
		Node: func(id graph.ID) exporters.Change { return nodes[id] },
		Edge: func(e *graph.Edge) exporters.Change {
			return edges[store.EdgeKey{From: e.From, Relation: e.Relation, To: e.To}]
		},
	}
}

// writeDiff writes a difference as people read it: what was compared, the
// counts, then the lists.
func writeDiff(to io.Writer, d *store.Diff) error {
	w := bufio.NewWriter(to)
	summary := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for _, side := range []struct {
		name string
		i    store.Info
	}{{"from", d.From}, {"to", d.To}} {
		i := side.i
		fmt.Fprintf(summary, "%s\t%s\t%s\t%s\t%s\t%s\n", side.name, short(i.ID), i.Time.UTC().Format(timeFormat), plural(i.Papers, "paper"), plural(i.Nodes, "node"), plural(i.Edges, "edge"))
	}
	for _, made := range []struct{ what, from, to string }{
		{"extractor", d.From.Extractor, d.To.Extractor}, {"lexicon", d.From.Lexicon, d.To.Lexicon}, {"registry", d.From.Registry, d.To.Registry},
	} {
		if made.from != made.to {
			fmt.Fprintf(summary, "%s\twas %s\tis %s\n", made.what, orNone(made.from), orNone(made.to))
		}
	}
	if err := summary.Flush(); err != nil {
		return err
	}
	if d.Nodes.Counts.Total()+d.Edges.Counts.Total() == 0 {
		fmt.Fprintln(w, "the same graph")
		return w.Flush()
	}
	counts := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(counts, "\n\tadded\tremoved\tchanged\t\n")
	row := func(name string, c store.Changes) {
		if c.Total() > 0 {
			fmt.Fprintf(counts, "%s\t%d\t%d\t%d\t\n", name, c.Added, c.Removed, c.Changed)
		}
	}
	for _, k := range graph.Kinds() {
		row(k.Plural(), d.Nodes.ByKind[k])
	}
	row("all nodes", d.Nodes.Counts)
	for _, r := range graph.Relations() {
		row(string(r.Relation), d.Edges.ByRelation[r.Relation])
	}
	row("all edges", d.Edges.Counts)
	if err := counts.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(w)
	n := &d.Nodes
	for i := range n.Added {
		fmt.Fprintf(w, "+ %s  %s\n", n.Added[i].ID, n.Added[i].Name)
	}
	writeRest(w, "+", n.Counts.Added-len(n.Added), "node")
	for i := range n.Removed {
		fmt.Fprintf(w, "- %s  %s\n", n.Removed[i].ID, n.Removed[i].Name)
	}
	writeRest(w, "-", n.Counts.Removed-len(n.Removed), "node")
	for _, c := range n.Changed {
		fmt.Fprintf(w, "~ %s  %s\n", c.ID, c.Name)
		for _, f := range c.Fields {
			writeValues(w, "-", f.Field, f.Removed)
			writeValues(w, "+", f.Field, f.Added)
		}
	}
	writeRest(w, "~", n.Counts.Changed-len(n.Changed), "node")
	e := &d.Edges
	for i := range e.Added {
		fmt.Fprintf(w, "+ %s %s %s\n", e.Added[i].From, e.Added[i].Relation, e.Added[i].To)
		writeStatements(w, "+", e.Added[i].Statements)
	}
	writeRest(w, "+", e.Counts.Added-len(e.Added), "edge")
	for i := range e.Removed {
		fmt.Fprintf(w, "- %s %s %s\n", e.Removed[i].From, e.Removed[i].Relation, e.Removed[i].To)
		writeStatements(w, "-", e.Removed[i].Statements)
	}
	writeRest(w, "-", e.Counts.Removed-len(e.Removed), "edge")
	for _, c := range e.Changed {
		fmt.Fprintf(w, "~ %s %s %s\n", c.From, c.Relation, c.To)
		writeStatements(w, "-", c.Removed)
		writeStatements(w, "+", c.Added)
	}
	writeRest(w, "~", e.Counts.Changed-len(e.Changed), "edge")
	return w.Flush()
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// writeRest says how many of a list were left out.
func writeRest(w io.Writer, sign string, n int, noun string) {
	if n > 0 {
		fmt.Fprintf(w, "%s ... and %s more (--max 0 shows all)\n", sign, plural(n, noun))
	}
}

// valueColumns bounds what is shown of a text in a line of a difference, and
// maxStatements the statements of one edge.
const (
	valueColumns  = 100
	maxStatements = 3
)

func writeValues(w io.Writer, sign, field string, values []string) {
	for _, v := range values {
		fmt.Fprintf(w, "    %s %s: %s\n", sign, field, oneLine(v))
	}
}

func writeStatements(w io.Writer, sign string, statements []graph.Statement) {
	for _, s := range statements[:min(len(statements), maxStatements)] {
		var line bytes.Buffer
		fmt.Fprintf(&line, "    %s %s, %s, %.2f", sign, strings.ToLower(string(s.Class)), s.Rule, s.Confidence)
		if s.Paper != "" {
			fmt.Fprintf(&line, ", %s", s.Paper)
		}
		if len(s.Evidence) > 0 {
			fmt.Fprintf(&line, ": %q", oneLine(s.Evidence[0].Quote))
		}
		fmt.Fprintln(w, line.String())
	}
	if n := len(statements) - maxStatements; n > 0 {
		fmt.Fprintf(w, "    %s ... and %s more\n", sign, plural(n, "statement"))
	}
}

// oneLine is a text on one line, cut where it is long.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) <= valueColumns {
		return s
	}
	return string([]rune(s)[:valueColumns-1]) + "…"
}
