package tag

import (
	"context"
	"fmt"
	"io"
	"text/tabwriter"
)

// Count is how many spans are right, said and annotated.
type Count struct{ Right, Said, Annotated int }

// Precision is the share of the spans said that are right; 0 of none.
func (c Count) Precision() float64 { return float64(c.Right) / float64(max(c.Said, 1)) }

// Recall is the share of the annotated spans that are said; 0 of none.
func (c Count) Recall() float64 { return float64(c.Right) / float64(max(c.Annotated, 1)) }

// F1 is the harmonic mean of both.
func (c Count) F1() float64 { return 2 * float64(c.Right) / float64(max(c.Said+c.Annotated, 1)) }

// Score is how well a tagger does on annotated sentences.
type Score struct {
	Scheme Scheme
	All    Count
	// Untyped counts a span as right whatever its type.
	Untyped Count
	Types   []Count // in the order of [Scheme.Types]
}

// Evaluate tags annotated sentences, each as the running text that it is, and
// compares the spans on the annotators' tokens. Its error is that of a context
// that is done.
func (t *Tagger) Evaluate(ctx context.Context, s Scheme, sentences []Sentence) (Score, error) {
	out := Score{Scheme: s, Types: make([]Count, len(schemeTypes[s]))}
	for _, x := range sentences {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		a := align(x.Words, s == SciREX)
		out.add(x.Spans, a.toSource(t.Tag(a.words).Spans[s]))
	}
	return out, nil
}

// add counts the spans of a sentence.
func (o *Score) add(annotated, said []Span) {
	type place struct{ first, last int }
	gold := map[place]string{}
	for _, x := range annotated {
		gold[place{x.First, x.Last}] = x.Type
	}
	for _, x := range said {
		kind, ok := gold[place{x.First, x.Last}]
		if ok {
			o.Untyped.Right++
		}
		if ok && kind == x.Type {
			o.All.Right++
		}
	}
	o.All.Said += len(said)
	o.All.Annotated += len(annotated)
	o.Untyped.Said, o.Untyped.Annotated = o.All.Said, o.All.Annotated
	for i, kind := range schemeTypes[o.Scheme] {
		for _, x := range said {
			if x.Type == kind {
				o.Types[i].Said++
				if gold[place{x.First, x.Last}] == kind {
					o.Types[i].Right++
				}
			}
		}
		for _, x := range annotated {
			if x.Type == kind {
				o.Types[i].Annotated++
			}
		}
	}
}

// Write prints the score as a table.
func (o Score) Write(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "type\tP\tR\tF1\tannotated\tsaid\t")
	row := func(name string, c Count) {
		fmt.Fprintf(t, "%s\t%.3f\t%.3f\t%.3f\t%d\t%d\t\n", name, c.Precision(), c.Recall(), c.F1(), c.Annotated, c.Said)
	}
	for i, kind := range schemeTypes[o.Scheme] {
		row(kind, o.Types[i])
	}
	row("all", o.All)
	row("all, untyped", o.Untyped)
	if err := t.Flush(); err != nil {
		return fmt.Errorf("write the score: %w", err)
	}
	return nil
}
