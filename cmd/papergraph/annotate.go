package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"papergraph/graph"
	"papergraph/graph/score"
	"papergraph/graph/source"
)

type annotateFlags struct {
	output        string
	minConfidence float64
	abstracts     bool
	force         bool
}

func newAnnotate(g *globals) *cobra.Command {
	var f annotateFlags
	cmd := &cobra.Command{
		Use:   "annotate PATH...",
		Short: "Write what papers say in the format of annotations, to be corrected",
		Long: "Reads papers from files and folders (- is standard input) and writes the facts that are\n" +
			"extracted from them now as JSON Lines, a line a paper in the order of the input: the format\n" +
			"that train and eval read. Correct the lines by hand, then train from them and score against\n" +
			"them. With --abstracts the text stands beside, so that the file serves as --papers too.",
		Example: "  papergraph annotate papers.bib --abstracts -o gold.jsonl\n" +
			"  papergraph train --gold gold.jsonl --papers gold.jsonl -o my.model",
		Args: usageArgs(cobra.MinimumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkConfidence(f.minConfidence); err != nil {
				return err
			}
			return g.annotate(cmd.Context(), cmd.InOrStdin(), args, f)
		},
	}
	fl := cmd.Flags()
	fl.StringVarP(&f.output, "output", "o", "", "file to write (default: standard output)")
	fl.Float64Var(&f.minConfidence, "min-confidence", 0, "everything at least this sure, candidates too (0: what the model lets pass)")
	fl.BoolVar(&f.abstracts, "abstracts", false, "write the abstract of each paper into its line")
	fl.BoolVar(&f.force, "force", false, "replace an --output file that is there, with all corrections in it")
	return cmd
}

var (
	// errCorrections protects a file that may have been worked on for days.
	errCorrections = errors.New("the file is there, and may have corrections in it; --force replaces it")
	// errTitle says that annotations, which belong to papers by title, could
	// not tell two papers apart.
	errTitle = errors.New("another paper before it has this title")
)

// annotation is a line of the facts format with, as an option, the text that
// it is about. Readers of the format pass over the abstract, readers of papers
// over the rest.
type annotation struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Abstract string `json:"abstract,omitempty"`
	score.Paper
}

func (g *globals) annotate(ctx context.Context, stdin io.Reader, paths []string, f annotateFlags) error {
	if f.output != "" && f.output != "-" && !f.force {
		switch st, err := os.Stat(f.output); {
		case err == nil && st.Mode().IsRegular():
			return fmt.Errorf("write %s: %w", f.output, errCorrections)
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("write: %w", err)
		}
	}
	_, x, err := g.extractor()
	if err != nil {
		return err
	}
	var refused problems
	papers := 0
	err = g.writeOutput(f.output, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		seen := map[string]bool{}
		for d, err := range source.Read(ctx, paths, source.Options{Stdin: interruptible(ctx, stdin), OnProblem: refused.add}) {
			if err != nil {
				return err
			}
			key := cmp.Or(graph.NameKey(d.Title), d.Title)
			if seen[key] {
				refused.add(source.Problem{Source: d.Origin.Source, Line: d.Origin.Line, Err: fmt.Errorf("%w: %q", errTitle, d.Title)})
				continue
			}
			seen[key] = true
			facts := x.Extract(d)
			for i := range facts.Mentions {
				facts.Mentions[i].Variants = nil // what is not in the text is only in the way of who corrects it
			}
			a := annotation{Paper: score.FromFacts(&facts, f.minConfidence)}
			a.ID, a.Title = a.Paper.ID, a.Paper.Title
			if f.abstracts {
				a.Abstract = d.Abstract
			}
			if err := e.Encode(a); err != nil {
				return fmt.Errorf("write the facts of %q: %w", d.Title, err)
			}
			papers++
		}
		if papers == 0 {
			return fmt.Errorf("%s has no paper", strings.Join(paths, ", "))
		}
		return nil
	})
	refused.show(g.out)
	if err != nil {
		return err
	}
	g.out.infof("%s annotated by %s", plural(papers, "paper"), x.Version())
	return refused.err()
}
