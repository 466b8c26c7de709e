package schema

import (
	"fmt"
	"strings"
)

// edgesArgs are the arguments of every connection that follows edges.
type edgesArgs struct {
	pageArgs
	Where *edgeFilter
}

// edgeFilter says which edges a list has: those that meet all that is set. A
// filter of nothing takes every edge, as does nil.
type edgeFilter struct {
	Confidence *floatFilter
}

func (f *edgeFilter) takesAll() bool { return f.canonical() == "" }

// takes says whether an edge of that confidence is in the list.
func (f *edgeFilter) takes(confidence float64) bool {
	return f == nil || f.Confidence.takes(confidence)
}

// canonical is equal for filters that say the same and empty for one that
// takes all, so that siblings who want the same can share a read.
func (f *edgeFilter) canonical() string {
	if f == nil {
		return ""
	}
	return f.Confidence.canonical("confidence")
}

// floatFilter bounds a number: it must meet all that is set.
type floatFilter struct {
	Eq, Gt, Gte, Lt, Lte *float64
}

// comparison is one bound with what it is called in the schema.
type comparison struct {
	name  string
	bound *float64
	meets func(v, bound float64) bool
}

func (f *floatFilter) comparisons() []comparison {
	if f == nil {
		return nil
	}
	return []comparison{
		{"eq", f.Eq, func(v, b float64) bool { return v == b }},
		{"gt", f.Gt, func(v, b float64) bool { return v > b }},
		{"gte", f.Gte, func(v, b float64) bool { return v >= b }},
		{"lt", f.Lt, func(v, b float64) bool { return v < b }},
		{"lte", f.Lte, func(v, b float64) bool { return v <= b }},
	}
}

func (f *floatFilter) takes(v float64) bool {
	for _, c := range f.comparisons() {
		if c.bound != nil && !c.meets(v, *c.bound) {
			return false
		}
	}
	return true
}

func (f *floatFilter) canonical(of string) string {
	var b strings.Builder
	for _, c := range f.comparisons() {
		if c.bound != nil {
			fmt.Fprintf(&b, "%s %s %v;", of, c.name, *c.bound)
		}
	}
	return b.String()
}
