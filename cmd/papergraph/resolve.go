package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"papergraph/graph"
	"papergraph/store"
)

// What resolve shows of one entity at most.
const (
	maxNamePapers = 3   // papers of each name
	maxEdgesRead  = 500 // edges that are looked at for them
	maxNear       = 12  // entities that were kept apart
)

func newResolve(g *globals) *cobra.Command {
	var asOf string
	cmd := &cobra.Command{
		Use:   "resolve NAME...",
		Short: "Say which entities a name stands for, and why",
		Long: "Says which entities a name, id or former id stands for. Of each it lists the names that were\n" +
			"merged into it, with the papers that have them and the reason, and the entities of like names\n" +
			"that were kept apart. What is wrong there, papergraph.registry.toml can put right.",
		Example: "  papergraph resolve 3DGS",
		Args:    usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, closeAll, err := g.snapshot(cmd.Context(), asOf)
			if err != nil {
				return err
			}
			defer closeAll()
			name := strings.Join(args, " ")
			ids, err := r.Lookup(name)
			if err != nil {
				return err
			}
			if len(ids) == 0 {
				return fmt.Errorf("no entity has the name or id %q; papergraph search may find what is meant", name)
			}
			nodes, err := r.Nodes(cmd.Context(), ids)
			if err != nil {
				return err
			}
			for i, n := range nodes {
				if i > 0 {
					fmt.Fprintln(g.out.stdout)
				}
				if err := explain(cmd.Context(), g.out.stdout, r, n, name); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&asOf, "as-of", "", "snapshot to ask (default: the newest)")
	return cmd
}

// explain writes what an entity is made of.
func explain(ctx context.Context, out io.Writer, r *store.Snapshot, n *graph.Node, asked string) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s\t%s\n", n.ID, weight(r, n), n.Name)
	if n.Paper == nil && n.Result == nil && n.Kind() != graph.KindAuthor && n.Kind() != graph.KindVenue {
		seen, err := sightings(ctx, r, n)
		if err != nil {
			return err
		}
		var quotes []string
		own := true // nothing is said of the name shown
		for _, d := range n.Decisions {
			own = own && d.Name != n.Name
			why := string(d.Reason)
			if d.Detail != "" {
				why += " (" + d.Detail + ")"
			}
			fmt.Fprintf(w, "  %q as %s\t%s\t%s%s\n", d.Name, d.Kind, plural(d.Papers, "paper"), why, inPapers(seen.papers[d.Name]))
			if d.Reason == graph.ReasonAcronym {
				if q := seen.explanation(d.Name, n); q != "" && !slices.Contains(quotes, q) {
					quotes = append(quotes, q)
				}
			}
		}
		if own && len(seen.papers[n.Name]) > 0 {
			fmt.Fprintf(w, "  %q\t\tits own name%s\n", n.Name, inPapers(seen.papers[n.Name]))
		}
		for _, q := range quotes {
			fmt.Fprintf(w, "  explained: %q\n", q)
		}
		if err := writeNear(ctx, w, r, n, asked); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write the entities: %w", err)
	}
	return nil
}

// inPapers names the first papers that have a name.
func inPapers(titles []string) string {
	if len(titles) == 0 {
		return ""
	}
	return ": in " + strings.Join(titles, "; ")
}

// sighted is where papers name an entity.
type sighted struct {
	papers map[string][]string // titles by the name in the text, the first few
	quotes []string            // sentences with a parenthesis, where acronyms are explained
}

// sightings reads in which words papers name an entity.
func sightings(ctx context.Context, r *store.Snapshot, n *graph.Node) (*sighted, error) {
	neighbours, err := r.Neighbors(ctx, n.ID, store.NeighborQuery{Direction: store.In, Kinds: []graph.Kind{graph.KindPaper}})
	if err != nil {
		return nil, fmt.Errorf("read the papers of %s: %w", n.ID, err)
	}
	neighbours = neighbours[:min(len(neighbours), maxEdgesRead)]
	keys := make([]store.EdgeKey, len(neighbours))
	for i, nb := range neighbours {
		keys[i] = store.EdgeKey{From: nb.ID, Relation: nb.Relation, To: n.ID}
	}
	edges, err := r.Edges(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("read the evidence of %s: %w", n.ID, err)
	}
	s := &sighted{papers: map[string][]string{}}
	from := map[string][]graph.ID{}
	var papers []graph.ID
	for _, e := range edges {
		if e == nil {
			continue
		}
		for _, st := range e.Statements {
			for _, v := range st.Evidence {
				if strings.Contains(v.Quote, "(") {
					s.quotes = append(s.quotes, v.Quote)
				}
				if v.MarkEnd == 0 {
					continue
				}
				if name, ok := graph.SliceRunes(v.Quote, v.MarkStart-v.Start, v.MarkEnd-v.Start); ok && len(from[name]) < maxNamePapers && !slices.Contains(from[name], e.From) {
					from[name] = append(from[name], e.From)
					papers = append(papers, e.From)
				}
			}
		}
	}
	nodes, err := r.Nodes(ctx, papers)
	if err != nil {
		return nil, fmt.Errorf("read the papers of %s: %w", n.ID, err)
	}
	titles := map[graph.ID]string{}
	for _, p := range nodes {
		if p != nil {
			titles[p.ID] = p.Name
		}
	}
	for name, ids := range from {
		for _, id := range ids {
			s.papers[name] = append(s.papers[name], titles[id])
		}
	}
	return s, nil
}

// explanation is a sentence that has a name and, in parentheses or before
// them, another of the entity's names.
func (s *sighted) explanation(name string, n *graph.Node) string {
	for _, q := range s.quotes {
		lower := strings.ToLower(q)
		if !strings.Contains(lower, strings.ToLower(name)) {
			continue
		}
		for _, other := range append([]string{n.Name}, n.Aliases...) {
			if graph.NameKey(other) != graph.NameKey(name) && strings.Contains(lower, strings.ToLower(other)) &&
				(strings.Contains(q, "("+other) || strings.Contains(q, "("+name)) {
				return q
			}
		}
	}
	return ""
}

// nearReasons are the words for why an entity with a like name is another.
var nearReasons = map[store.NearReason]string{
	store.NearNamesake: "papers or the lexicon mean something else by this name",
	store.NearVersion:  "another version or size",
	store.NearLonger:   "a longer name",
}

// writeNear lists the entities with names like those asked for that were kept
// apart.
func writeNear(ctx context.Context, w io.Writer, r *store.Snapshot, n *graph.Node, asked string) error {
	if _, _, err := graph.ParseID(asked); err == nil {
		asked = n.Name
	}
	near, err := r.Near(ctx, n.ID, asked, maxNear)
	if err != nil {
		return fmt.Errorf("look for names like %q: %w", asked, err)
	}
	ids := make([]graph.ID, len(near))
	for i := range near {
		ids[i] = near[i].ID
	}
	nodes, err := r.Nodes(ctx, ids)
	if err != nil {
		return fmt.Errorf("read what is near %s: %w", n.ID, err)
	}
	for i, o := range nodes {
		if i == 0 {
			fmt.Fprintf(w, "  kept apart from\n")
		}
		fmt.Fprintf(w, "    %s\t%s\t%s: %s\n", o.ID, weight(r, o), o.Name, nearReasons[near[i].Reason])
	}
	return nil
}
