package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"papergraph/cmd/papergraph/handover"
	"papergraph/graph"
	"papergraph/graph/build"
	"papergraph/store"
)

func newRemove(g *globals) *cobra.Command {
	var flags graphFlags
	cmd := &cobra.Command{
		Use:   "remove PAPER...",
		Short: "Take papers out of the graph and publish a new snapshot",
		Long: "Removes papers, by id, title, DOI or arXiv id, with all that only they say: the new snapshot\n" +
			"is that of a build that never read them. If one cannot be found, none is removed. Earlier\n" +
			"snapshots keep them. A later build from a source that holds them brings them back.",
		Example: "  papergraph remove paper:lora-low-rank-adaptation-of-large-language-models\n  papergraph remove 10.1000/182 arXiv:2106.09685",
		Args:    usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := flags.check(); err != nil {
				return err
			}
			return g.remove(cmd.Context(), args, flags)
		},
	}
	flags.add(cmd)
	return cmd
}

// remove publishes the graph without the papers that references stand for.
func (g *globals) remove(ctx context.Context, references []string, flags graphFlags) (err error) {
	if err := g.handOver(ctx); err != nil && !errors.Is(err, handover.ErrUnreachable) {
		return err // before anything is loaded for it
	}
	e, err := g.equip(flags)
	if err != nil {
		return err
	}
	s, err := g.openForChange(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if closing := s.Close(); err == nil {
			err = closing
		}
	}()
	papers, err := papersToRemove(s.Store, references)
	if err != nil {
		return err
	}
	ids := make([]graph.ID, len(papers))
	for i, p := range papers {
		ids[i] = p.ID
	}
	bars := newProgress(g.out)
	report, err := build.Run(ctx, build.Options{
		Store: s.Store, Remove: ids, Lexicon: e.lexicon, Registry: e.registry, Extractor: e.extractor, MinConfidence: flags.minConfidence,
		OnProgress: bars.show,
	})
	bars.finish(err == nil)
	if err != nil {
		return err
	}
	for _, p := range papers {
		g.out.infof("removed %s, %s", p.ID, p.Name)
	}
	g.say(report.Info)
	return nil
}

// papersToRemove finds each paper that is referred to, once. The error says of
// every reference that is not one paper what it is.
func papersToRemove(s *store.Store, references []string) ([]*graph.Node, error) {
	r, err := s.Latest()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var papers []*graph.Node
	var wrong []error
	for _, reference := range references {
		ids, err := r.Lookup(reference)
		if err != nil {
			return nil, err
		}
		id, err := thePaper(reference, ids)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		if slices.ContainsFunc(papers, func(p *graph.Node) bool { return p.ID == id }) {
			continue
		}
		p, err := r.Node(id)
		if err != nil {
			return nil, err
		}
		papers = append(papers, p)
	}
	if len(wrong) > 0 && len(references) > 1 {
		wrong = append(wrong, errors.New("nothing is removed"))
	}
	return papers, errors.Join(wrong...)
}

// thePaper is the one paper among what a reference stands for.
func thePaper(reference string, ids []graph.ID) (graph.ID, error) {
	var papers, others []string
	for _, id := range ids {
		if id.Kind() == graph.KindPaper {
			papers = append(papers, string(id))
		} else {
			others = append(others, string(id))
		}
	}
	switch {
	case len(papers) == 1:
		return graph.ID(papers[0]), nil
	case len(papers) > 1:
		return "", fmt.Errorf("%q is %s: name one by its id", reference, strings.Join(papers, " and "))
	case len(others) > 0:
		return "", fmt.Errorf("%q is %s: only papers can be removed, and what they say goes with them", reference, strings.Join(others, " and "))
	}
	return "", fmt.Errorf("no paper has the id, title, DOI or arXiv id %q; papergraph search may find what is meant", reference)
}
