package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"papergraph/graph"
	"papergraph/graph/extract"
	"papergraph/graph/score"
	"papergraph/graph/source"
)

type evalFlags struct {
	gold, papers  string
	errorsOf      string
	minConfidence float64
	reliability   bool
	json          bool
}

// allFields is what --errors takes for the errors in every field.
const allFields = "all"

func newEval(g *globals) *cobra.Command {
	var f evalFlags
	cmd := &cobra.Command{
		Use:   "eval --gold FILE",
		Short: "Score extracted facts against annotated ones",
		Long: "Compares facts with a gold file (JSON Lines in the format of export --format facts) and prints\n" +
			"precision, recall and F1 by field. The facts are those of the newest snapshot or, with\n" +
			"--papers, extracted now from those papers; papers are joined by title.\n\n" +
			"--errors lists each mistake with what is behind it: of what is too much the sentence and the\n" +
			"confidence; of what is missed whether it was found but not sure enough, was taken for\n" +
			"something else, or stands in the text at all.",
		Example: "  papergraph eval --gold gold.jsonl --papers papers.jsonl\n  papergraph eval --gold gold.jsonl --errors uses.methods",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(); err != nil {
				return err
			}
			return g.eval(cmd.Context(), cmd.InOrStdin(), f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.gold, "gold", "", "annotated facts, JSON Lines")
	fl.StringVar(&f.papers, "papers", "", "extract from these papers instead of reading the store")
	fl.StringVar(&f.errorsOf, "errors", "", "list the mistakes in this field, or in all")
	fl.Float64Var(&f.minConfidence, "min-confidence", 0, "score everything at least this sure, candidates too (0: what the model lets pass)")
	fl.BoolVar(&f.reliability, "reliability", false, "say how often a confidence is right, too")
	fl.BoolVar(&f.json, "json", false, "as JSON")
	return cmd
}

// check refuses what cannot be meant.
func (f *evalFlags) check() error {
	fields := append(score.Fields(), allFields)
	switch {
	case f.gold == "":
		return usageError{errors.New("--gold FILE is needed")}
	case f.errorsOf != "" && !slices.Contains(fields, f.errorsOf):
		return usageError{fmt.Errorf("--errors %q: expected one of %s", f.errorsOf, strings.Join(fields, ", "))}
	case f.errorsOf != "" && f.reliability:
		return usageError{errors.New("--errors and --reliability are two answers; ask for one")}
	}
	return checkConfidence(f.minConfidence)
}

func (g *globals) eval(ctx context.Context, stdin io.Reader, f evalFlags) error {
	gold, err := readGold(f.gold, g.path(f.gold))
	if err != nil {
		return err
	}
	var refused problems
	facts, closeAll, err := g.factsToScore(ctx, stdin, f.papers, &refused)
	if err != nil {
		return err
	}
	defer closeAll()
	c, err := score.Compare(gold, facts, f.minConfidence)
	refused.show(g.out)
	if err != nil {
		return err
	}
	if err := writeComparison(g.out.stdout, c, f); err != nil {
		return fmt.Errorf("write the figures: %w", err)
	}
	return refused.err()
}

// writeComparison writes what the flags ask for.
func writeComparison(w io.Writer, c score.Comparison, f evalFlags) error {
	if f.errorsOf != "" {
		mistakes := c.Mistakes
		if f.errorsOf != allFields {
			mistakes = score.Of(mistakes, f.errorsOf)
		}
		if f.json {
			return writeLines(w, mistakes)
		}
		return score.WriteMistakes(w, mistakes)
	}
	switch {
	case f.json && f.reliability:
		return writeJSON(w, struct {
			Fields      []score.Row `json:"fields"`
			Reliability []score.Bin `json:"reliability"`
		}{c.Rows, c.Reliability[:]})
	case f.json:
		return writeJSON(w, c.Rows)
	}
	if err := score.WriteTable(w, c.Rows); err != nil || !f.reliability {
		return err
	}
	if _, err := io.WriteString(w, "\n"); err != nil {
		return err
	}
	return score.WriteReliability(w, c.Reliability[:])
}

// writeLines writes each value as a line of JSON.
func writeLines[T any](w io.Writer, list []T) error {
	b := bufio.NewWriter(w)
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	for _, v := range list {
		if err := e.Encode(v); err != nil {
			return err
		}
	}
	return b.Flush()
}

// readGold reads annotations from where the path that the user gave leads.
func readGold(path, place string) ([]score.Paper, error) {
	f, err := os.Open(place)
	if err != nil {
		return nil, fmt.Errorf("read gold: %w", asGiven(err, path))
	}
	defer f.Close()
	papers, err := score.ReadPapers(f)
	if err != nil {
		return nil, fmt.Errorf("read gold %s: %w", path, err)
	}
	if len(papers) == 0 {
		return nil, fmt.Errorf("gold %s is empty", path)
	}
	return papers, nil
}

// factsToScore are the facts of the store's newest snapshot or, where papers
// are given, of those. The returned function closes what they are read from.
func (g *globals) factsToScore(ctx context.Context, stdin io.Reader, papers string, refused *problems) (iter.Seq2[*graph.Facts, error], func(), error) {
	if papers == "" {
		r, closeAll, err := g.snapshot(ctx, "")
		if err != nil {
			return nil, nil, err
		}
		return r.AllFacts(ctx), closeAll, nil
	}
	_, x, err := g.extractor()
	if err != nil {
		return nil, nil, err
	}
	read := source.Read(ctx, []string{papers}, source.Options{Stdin: interruptible(ctx, stdin), Locate: g.path, OnProblem: refused.add})
	return func(yield func(*graph.Facts, error) bool) {
		n := 0
		for f, err := range extracted(x, read) {
			if n++; !yield(f, err) || err != nil {
				return
			}
		}
		if n == 0 {
			yield(nil, fmt.Errorf("%s has no paper", papers))
		}
	}, func() {}, nil
}

// extracted are the facts of documents.
func extracted(x *extract.Extractor, documents iter.Seq2[graph.Document, error]) iter.Seq2[*graph.Facts, error] {
	return func(yield func(*graph.Facts, error) bool) {
		for d, err := range documents {
			if err != nil {
				yield(nil, err)
				return
			}
			f := x.Extract(d)
			if !yield(&f, nil) {
				return
			}
		}
	}
}
