package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"papergraph/graph"
	"papergraph/graph/extract"
	"papergraph/graph/score"
	"papergraph/graph/source"
)

type trainFlags struct {
	golds, papers, corpus []string
	testGolds, testPapers []string
	curve                 []string
	output                string
	seed                  uint64
	folds                 int
	json                  bool
}

func newTrain(g *globals) *cobra.Command {
	var f trainFlags
	cmd := &cobra.Command{
		Use:   "train --gold FILE --papers FILE -o MODEL",
		Short: "Train the extractor's model from annotated papers",
		Long: "Trains the model that decides what a paper does with each name in it, from annotated facts\n" +
			"(JSON Lines in the format of export --format facts) and the papers that they are of, joined by\n" +
			"title. --corpus adds unannotated papers for statistics of phrases; without it those of the\n" +
			"shipped model, or of --model, are used. The figures printed are cross-validated and, with\n" +
			"--test-gold and --test-papers, those on papers that are not trained from.\n\n" +
			"--curve 64,128,all trains from so many of the papers each, chosen by --seed, and prints F1 by\n" +
			"number of papers: whether annotating more would pay. The model of the last is written.",
		Example: "  papergraph train --gold gold.jsonl --papers papers.jsonl -o my.model\n" +
			"  papergraph train --gold gold.jsonl --papers papers.jsonl --curve 50,100,200,all",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return g.train(cmd.Context(), cmd.InOrStdin(), f)
		},
	}
	fl := cmd.Flags()
	fl.StringSliceVar(&f.golds, "gold", nil, "annotated facts, JSON Lines")
	fl.StringSliceVar(&f.papers, "papers", nil, "the papers that are annotated")
	fl.StringSliceVar(&f.corpus, "corpus", nil, "unannotated papers to count phrases in")
	fl.StringSliceVar(&f.testGolds, "test-gold", nil, "annotated facts to test on")
	fl.StringSliceVar(&f.testPapers, "test-papers", nil, "the papers of --test-gold")
	fl.StringSliceVar(&f.curve, "curve", nil, "train from so many papers each (numbers, or all)")
	fl.StringVarP(&f.output, "output", "o", "", "file to write the model to")
	fl.Uint64Var(&f.seed, "seed", 1, "seed of the order of examples")
	fl.IntVar(&f.folds, "folds", 5, "parts of the cross-validation")
	fl.BoolVar(&f.json, "json", false, "the figures as JSON: those of the test, or else the cross-validated")
	return cmd
}

// check refuses what cannot be meant.
func (f *trainFlags) check() error {
	switch {
	case len(f.golds) == 0 || len(f.papers) == 0 || f.output == "" && len(f.curve) == 0:
		return usageError{errors.New("--gold, --papers and --output are needed")}
	case f.output == "-":
		return usageError{errors.New("--output -: the figures are on standard output, write the model to a file")}
	case len(f.curve) > 0 && slices.Contains(f.corpus, "-"):
		return usageError{errors.New("--corpus -: it is read for each point of --curve, name a file")}
	case f.folds < 2:
		return usageError{fmt.Errorf("--folds %d: at least 2", f.folds)}
	case (len(f.testGolds) == 0) != (len(f.testPapers) == 0):
		return usageError{errors.New("--test-gold and --test-papers are needed together")}
	}
	return nil
}

func (g *globals) train(ctx context.Context, stdin io.Reader, f trainFlags) error {
	stdin = interruptible(ctx, stdin)
	var refused problems
	lex, err := g.loadLexicon()
	if err != nil {
		return err
	}
	t := extract.Training{Lexicon: lex, Seed: f.seed, Folds: f.folds, Log: g.out.infof}
	if t.Tagger, err = g.loadTagger(); err != nil {
		return err
	}
	if t.Gold, err = annotated(ctx, stdin, f.golds, f.papers, &refused); err != nil {
		return err
	}
	var test []extract.Annotated
	if len(f.testGolds) > 0 {
		if test, err = annotated(ctx, stdin, f.testGolds, f.testPapers, &refused); err != nil {
			return err
		}
		if err := checkApart(t.Gold, test); err != nil {
			return err
		}
	}
	sizes := []int{len(t.Gold)}
	if len(f.curve) > 0 {
		if sizes, err = parseCurve(f.curve, len(t.Gold)); err != nil {
			return err
		}
	}
	if len(f.corpus) > 0 {
		t.Corpus = source.Read(ctx, f.corpus, source.Options{Stdin: stdin, OnProblem: refused.add})
	} else if t.Statistics, err = g.loadModel(); err != nil {
		return err
	}
	points, m, report, err := learningCurve(ctx, t, sizes, g.out, func(ctx context.Context, m *extract.Model, report []extract.RoleReport) ([]score.Row, error) {
		if len(test) == 0 {
			return crossValidated(report), nil
		}
		x, err := extract.New(lex, extract.Options{Model: m, Tagger: t.Tagger})
		if err != nil {
			return nil, err
		}
		return heldOut(ctx, x, test)
	})
	refused.show(g.out)
	if err != nil {
		return err
	}
	if f.output != "" {
		if err := g.writeOutput(f.output, m.Write); err != nil {
			return err
		}
	}
	if err := writeTraining(g.out.stdout, f, points, report); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return refused.err()
}

// writeTraining writes what came of a training.
func writeTraining(w io.Writer, f trainFlags, points []point, report []extract.RoleReport) error {
	switch {
	case f.json:
		return writeJSON(w, points)
	case len(f.curve) > 0:
		return writeCurve(w, points)
	}
	if err := writeReport(w, report); err != nil || len(f.testGolds) == 0 {
		return err
	}
	if _, err := io.WriteString(w, "\nOn papers that were not trained from:\n"); err != nil {
		return err
	}
	return score.WriteTable(w, points[len(points)-1].Fields)
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
		list, err := readGold(path, path)
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
	return t.Flush()
}
