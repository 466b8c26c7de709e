package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"papergraph/graph"
	"papergraph/graph/extract"
	"papergraph/graph/score"
)

// point is how well extraction does after training from so many papers.
type point struct {
	Papers int         `json:"papers"`
	Fields []score.Row `json:"fields"`
}

// parseCurve reads the sizes of a learning curve, in ascending order; all is
// the number of annotated papers, and larger ones are refused.
func parseCurve(sizes []string, all int) ([]int, error) {
	var out []int
	for _, s := range sizes {
		n := all
		if s = strings.TrimSpace(s); s != "all" {
			var err error
			if n, err = strconv.Atoi(s); err != nil || n < 1 {
				return nil, usageError{fmt.Errorf("--curve %q: expected numbers of papers, or all", s)}
			}
		}
		if n > all {
			return nil, usageError{fmt.Errorf("--curve %d: there are only %d annotated papers", n, all)}
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// learningCurve trains from ever more of the papers and gives how well each
// model does, and the last model. A larger part holds the smaller ones; which
// papers come first the seed decides. The training may be of all papers only,
// which is a curve of one point.
func learningCurve(ctx context.Context, t extract.Training, sizes []int, out *output, measure func(context.Context, *extract.Model, []extract.RoleReport) ([]score.Row, error)) ([]point, *extract.Model, []extract.RoleReport, error) {
	all := t.Gold
	order := rand.New(rand.NewPCG(t.Seed, uint64(len(all)))).Perm(len(all))
	var points []point
	var m *extract.Model
	var report []extract.RoleReport
	for _, n := range sizes {
		if t.Gold = all; n < len(all) {
			t.Gold = make([]extract.Annotated, n)
			for i := range t.Gold {
				t.Gold[i] = all[order[i]]
			}
			out.infof("training from %d of %d papers", n, len(all))
		}
		var err error
		if m, report, err = extract.Train(ctx, t); err != nil {
			return nil, nil, nil, fmt.Errorf("train from %d papers: %w", n, err)
		}
		rows, err := measure(ctx, m, report)
		if err != nil {
			return nil, nil, nil, err
		}
		points = append(points, point{n, rows})
	}
	return points, m, report, nil
}

// crossValidated are the figures of a report as rows.
func crossValidated(report []extract.RoleReport) []score.Row {
	rows := make([]score.Row, len(report))
	for i, r := range report {
		rows[i] = score.Row{Field: r.Name, Precision: r.Precision, Recall: r.Recall, F1: r.F1, Gold: r.Gold, Predicted: r.Predicted, Hits: r.Hits}
	}
	return rows
}

// errTested says that a paper is in the training and in the test.
var errTested = errors.New("the paper is trained from and tested on")

// checkApart refuses a test on papers of the training, whose figures would say
// nothing.
func checkApart(training []extract.Annotated, test []extract.Annotated) error {
	trained := map[string]bool{}
	for _, a := range training {
		trained[graph.NameKey(a.Document.Title)] = true
	}
	for _, a := range test {
		if trained[graph.NameKey(a.Document.Title)] {
			return fmt.Errorf("%w: %q", errTested, a.Document.Title)
		}
	}
	return nil
}

// heldOut scores a model on annotated papers.
func heldOut(ctx context.Context, x *extract.Extractor, test []extract.Annotated) ([]score.Row, error) {
	gold := make([]score.Paper, len(test))
	for i, a := range test {
		gold[i] = a.Gold
	}
	c, err := score.Compare(gold, extracted(x, func(yield func(graph.Document, error) bool) {
		for _, a := range test {
			if !yield(a.Document, ctx.Err()) {
				return
			}
		}
	}), 0)
	if err != nil {
		return nil, fmt.Errorf("test: %w", err)
	}
	return c.Rows, nil
}

// writeCurve writes F1 by number of papers, separated by tabs, a field a
// column, with "all" first.
func writeCurve(w io.Writer, points []point) error {
	b := bufio.NewWriter(w)
	for i, p := range points {
		// The row of all fields comes last.
		rows := slices.Concat(p.Fields[len(p.Fields)-1:], p.Fields[:len(p.Fields)-1])
		if i == 0 {
			b.WriteString("papers")
			for _, r := range rows {
				b.WriteString("\t" + r.Field)
			}
			b.WriteByte('\n')
		}
		fmt.Fprintf(b, "%d", p.Papers)
		for _, r := range rows {
			fmt.Fprintf(b, "\t%.3f", r.F1)
		}
		b.WriteByte('\n')
	}
	return b.Flush() // a bufio.Writer keeps its error for Flush
}
