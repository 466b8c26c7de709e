package graph

import (
	"errors"
	"fmt"
	"slices"
)

// Kind is the type of a node.
type Kind string

// The kinds of node, in the order in which they are listed and drawn.
const (
	KindPaper   Kind = "paper"   // title, abstract and metadata of one publication
	KindMethod  Kind = "method"  // model, algorithm, architecture, framework, system, software, named technique
	KindDataset Kind = "dataset" // dataset, benchmark, corpus, testbed
	KindTask    Kind = "task"    // the problem solved
	KindMetric  Kind = "metric"  // what is measured
	KindConcept Kind = "concept" // field, phenomenon, technique family that papers share
	KindResult  Kind = "result"  // a number that a paper reports
	KindAuthor  Kind = "author"  // from metadata
	KindVenue   Kind = "venue"   // from metadata
)

// Kinds returns all kinds in their fixed order. The slice is the caller's own.
func Kinds() []Kind {
	return []Kind{KindPaper, KindMethod, KindDataset, KindTask, KindMetric, KindConcept, KindResult, KindAuthor, KindVenue}
}

// ErrKind says that a word names no kind of node.
var ErrKind = errors.New("unknown kind")

// ParseKind reads a kind as users write it, singular or plural
// ("method", "methods"). The error wraps [ErrKind].
func ParseKind(s string) (Kind, error) {
	for _, k := range Kinds() {
		if s == string(k) || s == k.Plural() {
			return k, nil
		}
	}
	return "", fmt.Errorf("%w %q: expected one of %v", ErrKind, s, Kinds())
}

// Valid says whether k is one of [Kinds].
func (k Kind) Valid() bool { return slices.Contains(Kinds(), k) }

// Plural is the kind's plural as a word ("methods").
func (k Kind) Plural() string { return string(k) + "s" }

// Rank is the kind's place in [Kinds]; unknown kinds come last.
func (k Kind) Rank() int {
	for i, o := range Kinds() {
		if o == k {
			return i
		}
	}
	return len(Kinds())
}
