package tag

import (
	"fmt"
	"slices"
)

// Scheme is a set of span types with the guidelines under which they were
// annotated.
type Scheme int

// The schemes.
const (
	// SciERC marks scientific terms in abstracts densely: any noun phrase that
	// names a task, method, metric, material or other term of science, and
	// generic words for such ("the method").
	SciERC Scheme = iota
	// SciREX marks the tasks, methods, metrics and datasets that a paper's
	// results speak of.
	SciREX
	// Schemes is how many there are.
	Schemes
)

// The span types.
const (
	Generic             = "Generic"
	Material            = "Material"
	Method              = "Method"
	Metric              = "Metric"
	OtherScientificTerm = "OtherScientificTerm"
	Task                = "Task"
)

// schemeTypes are the types of each scheme, in the order of the labels.
var schemeTypes = [Schemes][]string{
	SciERC: {Generic, Material, Method, Metric, OtherScientificTerm, Task},
	SciREX: {Material, Method, Metric, Task},
}

// Types returns the span types of the scheme.
func (s Scheme) Types() []string { return slices.Clone(schemeTypes[s]) }

// String is the scheme's name.
func (s Scheme) String() string {
	switch s {
	case SciERC:
		return "SciERC"
	case SciREX:
		return "SciREX"
	}
	return fmt.Sprintf("Scheme(%d)", int(s))
}

// A token's label is outside, or, for the type number t, the beginning 1+2t or
// the inside 2+2t of a span (BIO). outputs is how many labels both schemes have
// together; those of a scheme begin at firstLabel.
const (
	outside = 0
	outputs = 22
)

var (
	labelCount = [Schemes]int{13, 9}
	firstLabel = [Schemes]int{0, 13}
)

// follows says whether label b may stand behind label a: an inside needs the
// beginning or inside of its type before it.
func follows(a, b int) bool {
	return b == outside || b%2 == 1 || a == b || a == b-1
}

// Span is a run of tokens that names something.
type Span struct {
	First, Last int    // tokens of the sentence, half open
	Type        string // one of the scheme's types
	// Probability is how likely exactly this span with this type is, given the
	// sentence, in the tagger's view.
	Probability float64
}

// spansOf reads labels as spans. An inside without a beginning begins one.
func spansOf(s Scheme, labels []uint8) []Span {
	var out []Span
	for i, l := range labels {
		if l == outside {
			continue
		}
		t := schemeTypes[s][(l-1)/2]
		if n := len(out); l%2 == 0 && n > 0 && out[n-1].Last == i && out[n-1].Type == t {
			out[n-1].Last++
			continue
		}
		out = append(out, Span{First: i, Last: i + 1, Type: t})
	}
	return out
}

// labelsOf writes spans, which must not overlap, as the labels of n tokens.
func labelsOf(s Scheme, spans []Span, n int) []uint8 {
	labels := make([]uint8, n)
	for _, x := range spans {
		t := slices.Index(schemeTypes[s], x.Type)
		if t < 0 {
			continue
		}
		for i := x.First; i < x.Last; i++ {
			labels[i] = uint8(2 + 2*t)
		}
		labels[x.First] = uint8(1 + 2*t)
	}
	return labels
}
