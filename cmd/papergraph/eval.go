package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"papergraph/graph/extract"
	"papergraph/graph/score"
	"papergraph/graph/source"
)

func newEval(g *globals) *cobra.Command {
	var gold, papers, errorsOf string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "eval --gold FILE",
		Short: "Score extracted facts against annotated ones",
		Long: "Compares facts with a gold file (JSON Lines in the format of export --format facts) and prints\n" +
			"precision, recall and F1 by field. The facts are those of the newest snapshot or, with\n" +
			"--papers, extracted now from those papers; papers are joined by title.",
		Example: "  papergraph eval --gold gold.jsonl --papers papers.jsonl",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if gold == "" {
				return usageError{errors.New("--gold FILE is needed")}
			}
			want, err := readGold(gold)
			if err != nil {
				return err
			}
			var refused problems
			got, err := g.predicted(cmd.Context(), cmd.InOrStdin(), papers, &refused)
			refused.show(g.out)
			if err != nil {
				return err
			}
			rows, mistakes := score.Score(want, got)
			switch {
			case errorsOf != "":
				err = printMistakes(g.out.stdout, rows, mistakes, errorsOf, asJSON)
			case asJSON:
				err = writeJSON(g.out.stdout, rows)
			default:
				err = score.WriteTable(g.out.stdout, rows)
			}
			if err != nil {
				return fmt.Errorf("write the figures: %w", err)
			}
			return refused.err()
		},
	}
	cmd.Flags().StringVar(&gold, "gold", "", "annotated facts, JSON Lines")
	cmd.Flags().StringVar(&papers, "papers", "", "extract from these papers instead of reading the store")
	cmd.Flags().StringVar(&errorsOf, "errors", "", "list what is missed and what is too much in this field")
	cmd.Flags().BoolVar(&asJSON, "json", false, "as JSON")
	return cmd
}

func readGold(path string) ([]score.Paper, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read gold: %w", err)
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

// predicted are the facts to be scored: the store's, or of papers read now.
func (g *globals) predicted(ctx context.Context, stdin io.Reader, papers string, refused *problems) ([]score.Paper, error) {
	var out []score.Paper
	if papers == "" {
		r, closeAll, err := g.snapshot("")
		if err != nil {
			return nil, err
		}
		defer closeAll()
		for f, err := range r.AllFacts(ctx) {
			if err != nil {
				return nil, err
			}
			out = append(out, score.FromFacts(f, 0))
		}
		return out, nil
	}
	lex, err := g.loadLexicon()
	if err != nil {
		return nil, err
	}
	x, err := extract.New(lex)
	if err != nil {
		return nil, err
	}
	for d, err := range source.Read(ctx, []string{papers}, source.Options{Stdin: interruptible(ctx, stdin), OnProblem: refused.add}) {
		if err != nil {
			return nil, err
		}
		f := x.Extract(d)
		out = append(out, score.FromFacts(&f, 0))
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s has no paper", papers)
	}
	return out, nil
}

// printMistakes lists the mistakes in one field, a paper a line.
func printMistakes(w io.Writer, rows []score.Row, mistakes []score.FieldError, field string, asJSON bool) error {
	var fields []string
	for _, r := range rows {
		fields = append(fields, r.Field)
	}
	if !slices.Contains(fields, field) {
		return usageError{fmt.Errorf("--errors %q: expected one of %s", field, strings.Join(fields, ", "))}
	}
	b := bufio.NewWriter(w)
	for _, m := range mistakes {
		if m.Field != field {
			continue
		}
		if !asJSON {
			fmt.Fprintf(b, "%s missed: %v extra: %v\n", m.ID, m.Missed, m.Extra)
			continue
		}
		line, err := json.Marshal(m)
		if err != nil {
			return err
		}
		b.Write(append(line, '\n')) // a bufio.Writer keeps its error for Flush
	}
	return b.Flush()
}
