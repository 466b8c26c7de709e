package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"papergraph/graph"
	"papergraph/store"
)

func newSearch(g *globals) *cobra.Command {
	var kinds []string
	var limit int
	var asJSON, suggest bool
	var asOf string
	cmd := &cobra.Command{
		Use:   "search TEXT...",
		Short: "Find papers and entities by words",
		Long: `Finds papers and entities by words of their names, aliases, titles and abstracts,
best first. A word that nothing has also stands for those that are written
almost like it.

With --suggest it lists what has a name that begins so, of the most papers
first.`,
		Example: "  papergraph search mixture of experts --kinds method,paper\n  papergraph search --suggest resn",
		Args:    usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			ks, err := parseKinds(kinds)
			if err != nil {
				return err
			}
			if limit < 1 {
				return usageError{fmt.Errorf("--limit %d: at least 1", limit)}
			}
			r, closeAll, err := g.snapshot(cmd.Context(), asOf)
			if err != nil {
				return err
			}
			defer closeAll()
			hits, err := found(cmd.Context(), r, strings.Join(args, " "), suggest, ks, limit)
			if err != nil {
				return err
			}
			ids := make([]graph.ID, len(hits))
			for i, h := range hits {
				ids[i] = h.ID
			}
			nodes, err := r.Nodes(cmd.Context(), ids)
			if err != nil {
				return err
			}
			if asJSON {
				err = writeHits(g.out.stdout, r, hits, nodes)
			} else {
				w := tabwriter.NewWriter(g.out.stdout, 0, 8, 2, ' ', 0)
				for _, n := range nodes {
					fmt.Fprintf(w, "%s\t%s\t%s\n", n.ID, weight(r, n), n.Name)
				}
				err = w.Flush()
			}
			if err != nil {
				return fmt.Errorf("write the hits: %w", err)
			}
			if len(hits) == 0 {
				g.out.infof("nothing found")
			}
			return nil
		},
	}
	cmd.Flags().StringSliceVar(&kinds, "kinds", nil, "only these kinds (paper, method, dataset …)")
	cmd.Flags().IntVar(&limit, "limit", 20, "at most so many hits")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	cmd.Flags().BoolVar(&suggest, "suggest", false, "complete the beginning of a name")
	cmd.Flags().StringVar(&asOf, "as-of", "", "snapshot to search (default: the newest)")
	return cmd
}

// found are the hits of a search; those of a suggestion have no score.
func found(ctx context.Context, r *store.Snapshot, text string, suggest bool, kinds []graph.Kind, limit int) ([]store.Hit, error) {
	if !suggest {
		return r.Search(ctx, text, kinds, limit)
	}
	suggestions, err := r.Suggest(ctx, text, kinds, limit)
	if err != nil {
		return nil, err
	}
	hits := make([]store.Hit, len(suggestions))
	for i, s := range suggestions {
		hits[i].ID = s.ID
	}
	return hits, nil
}

// hit is a line of search --json.
type hit struct {
	ID     graph.ID `json:"id"`
	Name   string   `json:"name"`
	Year   int      `json:"year,omitempty"`   // of a paper, where known
	Papers int      `json:"papers,omitempty"` // that have the entity
	Score  float64  `json:"score,omitempty"`  // of a search
}

func writeHits(w io.Writer, r *store.Snapshot, hits []store.Hit, nodes []*graph.Node) error {
	b := bufio.NewWriter(w)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	for i, n := range nodes {
		h := hit{ID: n.ID, Name: n.Name, Papers: r.Degree(n.ID), Score: hits[i].Score}
		if n.Paper != nil {
			h.Year, h.Papers = n.Paper.Year, 0
		}
		if err := e.Encode(h); err != nil {
			return err
		}
	}
	return b.Flush()
}

// weight is what stands beside a node in a list: the year of a paper, in how
// many papers anything else is.
func weight(r *store.Snapshot, n *graph.Node) string {
	switch {
	case n.Paper == nil:
		return plural(r.Degree(n.ID), "paper")
	case n.Paper.Year > 0:
		return strconv.Itoa(n.Paper.Year)
	}
	return ""
}
