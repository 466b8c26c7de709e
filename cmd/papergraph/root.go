package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"papergraph/graph"
	"papergraph/store"
)

// defaultStore is the store's folder unless --store or the variable name
// another.
const (
	defaultStore  = "papergraph.db"
	storeVariable = "PAPERGRAPH_STORE"
)

// globals are the flags that every command has, and what it works with.
type globals struct {
	store   string
	lexicon string
	model   string
	tagger  string
	out     *output
	call    call
	host    *host // nil where the command opens the store itself
}

func newRoot(g *globals) *cobra.Command {
	root := &cobra.Command{
		Use:           "papergraph",
		Short:         "Build a knowledge graph from papers, ask it and draw it",
		Long:          "papergraph reads papers (title and abstract), builds a typed knowledge graph whose every\nedge shows the sentence that says it, and serves it over GraphQL.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				hint := ""
				if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
					hint = ", did you mean " + strings.Join(near, " or ") + "?"
				}
				return usageError{fmt.Errorf("unknown command %q%s", args[0], hint)}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	f := root.PersistentFlags()
	f.StringVar(&g.store, "store", cmp.Or(g.call.getenv(storeVariable), defaultStore), "folder of the store (or "+storeVariable+")")
	f.BoolVarP(&g.out.quiet, "quiet", "q", false, "say nothing but errors")
	f.StringVar(&g.lexicon, "lexicon", "", "folder with lexicon files (*.txt) to add to the shipped ones")
	f.StringVar(&g.model, "model", "", "model to extract with, as papergraph train writes it (default: the shipped one)")
	f.StringVar(&g.tagger, "tagger", "fast", "tagger to extract with: fast, or accurate, which takes longer")
	// What needs the store, and so can be handed over to the server that has it.
	root.AddCommand(newBuild(g), newRemove(g), newQuery(g), newSearch(g), newResolve(g), newExport(g), newEval(g), newStats(g),
		newSnapshots(g), newBackup(g), newCheck(g), newDiff(g), newCompact(g))
	if g.call.by == nil {
		root.AddCommand(newUp(g), newServe(g), newAnnotate(g), newTrain(g), newTrainTagger(g), newEvalTagger(g), newVersion(g), newRestore(g))
	}
	return root
}

// snapshot opens the newest snapshot, or the one that asOf names. The returned
// function closes snapshot and store.
func (g *globals) snapshot(ctx context.Context, asOf string) (*store.Snapshot, func(), error) {
	s, err := g.openForReading(ctx)
	if err != nil {
		return nil, nil, err
	}
	r, err := latestOr(s.Store, asOf)
	if err != nil {
		return nil, nil, errors.Join(err, s.Close())
	}
	return r, func() {
		r.Close()
		if err := s.Close(); err != nil {
			g.out.errorf("%v", err)
		}
	}, nil
}

func latestOr(s *store.Store, asOf string) (*store.Snapshot, error) {
	if asOf != "" {
		return s.At(asOf)
	}
	return s.Latest()
}

// checkConfidence refuses a --min-confidence that is none.
func checkConfidence(c float64) error {
	if c >= 0 && c <= 1 {
		return nil
	}
	return usageError{fmt.Errorf("--min-confidence %v: expected 0 to 1", c)}
}

// parseKinds reads a list of kinds as users write them.
func parseKinds(list []string) ([]graph.Kind, error) {
	var out []graph.Kind
	for _, s := range list {
		k, err := graph.ParseKind(strings.TrimSpace(s))
		if err != nil {
			return nil, usageError{err}
		}
		out = append(out, k)
	}
	return out, nil
}

// parseRelations reads a list of relations.
func parseRelations(list []string) ([]graph.Relation, error) {
	var out []graph.Relation
	for _, s := range list {
		r, err := graph.ParseRelation(strings.TrimSpace(s))
		if err != nil {
			return nil, usageError{err}
		}
		out = append(out, r)
	}
	return out, nil
}
