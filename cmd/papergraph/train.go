package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"papergraph/graph"
	"papergraph/graph/extract"
	"papergraph/graph/source"
)

func newTrain(g *globals) *cobra.Command {
	var golds, papers, corpus []string
	var output string
	var seed uint64
	var folds int
	cmd := &cobra.Command{
		Use:   "train --gold FILE --papers FILE -o MODEL",
		Short: "Train the extractor's model from annotated papers",
		Long: "Trains the model that decides what a paper does with each name in it, from annotated facts\n" +
			"(JSON Lines in the format of export --format facts) and the papers that they are of, joined by\n" +
			"title. --corpus adds unannotated papers for statistics of phrases; without it those of the\n" +
			"shipped model are used. The figures printed are cross-validated.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if len(golds) == 0 || len(papers) == 0 || output == "" {
				return usageError{errors.New("--gold, --papers and --output are needed")}
			}
			if folds < 2 {
				return usageError{fmt.Errorf("--folds %d: at least 2", folds)}
			}
			stdin := interruptible(cmd.Context(), cmd.InOrStdin())
			var refused problems
			lex, err := g.loadLexicon()
			if err != nil {
				return err
			}
			t := extract.Training{Lexicon: lex, Seed: seed, Folds: folds, Log: g.out.infof}
			if t.Tagger, err = g.loadTagger(); err != nil {
				return err
			}
			if t.Gold, err = annotated(cmd.Context(), stdin, golds, papers, &refused); err != nil {
				return err
			}
			if len(corpus) > 0 {
				t.Corpus = source.Read(cmd.Context(), corpus, source.Options{Stdin: stdin, OnProblem: refused.add})
			} else if t.Statistics, err = g.loadModel(); err != nil {
				return err
			}
			m, report, err := extract.Train(cmd.Context(), t)
			refused.show(g.out)
			if err != nil {
				return err
			}
			if err := writeOutput(g.out.stdout, output, m.Write); err != nil {
				return err
			}
			if err := writeReport(g.out.stdout, report); err != nil {
				return err
			}
			return refused.err()
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&golds, "gold", nil, "annotated facts, JSON Lines")
	f.StringSliceVar(&papers, "papers", nil, "the papers that are annotated")
	f.StringSliceVar(&corpus, "corpus", nil, "unannotated papers to count phrases in")
	f.StringVarP(&output, "output", "o", "", "file to write the model to")
	f.Uint64Var(&seed, "seed", 1, "seed of the order of examples")
	f.IntVar(&folds, "folds", 5, "parts of the cross-validation")
	return cmd
}

// errNoPaper says that annotations have no paper to belong to.
var errNoPaper = errors.New("no paper has this title")

// annotated joins gold lines with their papers by title. Lines without a paper
// are refused.
func annotated(ctx context.Context, stdin io.Reader, golds, papers []string, refused *problems) ([]extract.Annotated, error) {
	byTitle := map[string]graph.Document{}
	for d, err := range source.Read(ctx, papers, source.Options{Stdin: stdin, OnProblem: refused.add}) {
		if err != nil {
			return nil, err
		}
		byTitle[graph.NameKey(d.Title)] = d
	}
	var out []extract.Annotated
	for _, path := range golds {
		list, err := readGold(path)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			d, ok := byTitle[graph.NameKey(source.Clean(p.Title))]
			if !ok {
				refused.add(source.Problem{Source: path, Err: fmt.Errorf("%w: %q", errNoPaper, p.Title)})
				continue
			}
			out = append(out, extract.Annotated{Document: d, Gold: p})
		}
	}
	return out, nil
}

// writeReport prints the cross-validated figures, then how often a confidence
// was right.
func writeReport(w io.Writer, report []extract.RoleReport) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "role\tP\tR\tF1\tgold\tpredicted\tthreshold\t")
	for _, r := range report {
		fmt.Fprintf(t, "%s\t%.3f\t%.3f\t%.3f\t%d\t%d\t%.2f\t\n", r.Name, r.Precision, r.Recall, r.F1, r.Gold, r.Predicted, r.Threshold)
	}
	all := report[len(report)-1]
	fmt.Fprintln(t, "\nconfidence\tstatements\tright\t")
	for i, b := range all.Reliability {
		if b[0] > 0 {
			fmt.Fprintf(t, "%.1f-%.1f\t%d\t%.2f\t\n", float64(i)/10, float64(i+1)/10, b[0], float64(b[1])/float64(b[0]))
		}
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}
