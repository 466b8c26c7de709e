package exporters

import (
	"errors"
	"testing"
)

func TestCountNodes(t *testing.T) {
	for _, tc := range []struct {
		name, dot string
		want      int
		err       error
	}{
		{"empty", "digraph {}", 0, nil},
		{"named", `strict graph "a b" { a; b }`, 2, nil},
		{"edges", "digraph { a -> b -> c [label=x]; a -> c }", 3, nil},
		{"undirected", "graph{a--b}", 2, nil},
		{"defaults are no nodes", "digraph { node [shape=box]; edge [color=red]; graph [size=4]; rankdir=LR; x=y; n }", 1, nil},
		{"quoted keyword", `digraph { "node"; "edge" }`, 2, nil},
		{"ports", "digraph { a:p -> b:q:n }", 2, nil},
		{"subgraphs", "digraph { subgraph cluster_x { a; b } {c d} -> subgraph {e} }", 5, nil},
		{"comments", "// x { \n# line\ndigraph { /* a; */ b // c\n }", 1, nil},
		{"html", "digraph { a [label=<<b>x</b> [ ] { }>] }", 1, nil},
		{"escapes", `digraph { "a\"b"; "c\\"; d [label="}]"] }`, 3, nil},
		{"numbers", "digraph { 1 -> -2.5 -> .3 }", 3, nil},
		{"unicode", "digraph { é -> λ }", 2, nil},
		{"concatenated", `digraph { a [label="x" + "y"] }`, 1, nil},
		{"nothing", "", 0, ErrDOT},
		{"text", "hello", 0, ErrDOT},
		{"open", "digraph { a", 0, ErrDOT},
		{"open list", "digraph { a [b=c }", 0, ErrDOT},
		{"open string", `digraph { "a }`, 0, ErrDOT},
		{"open html", "digraph { a [label=<<b>] }", 0, ErrDOT},
		{"open comment", "digraph { /* }", 0, ErrDOT},
		{"closed twice", "digraph { } }", 0, ErrDOT},
		{"two graphs", "digraph { } digraph { }", 0, ErrDOT},
		{"binary", "\x00\x01", 0, ErrDOT},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := CountNodes([]byte(tc.dot))
			if got != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("%d, %v; want %d, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

func FuzzCountNodes(f *testing.F) {
	f.Add([]byte(`digraph { a -> "b\"" [label=<<b>x</b>>]; subgraph x {c} }`))
	f.Fuzz(func(t *testing.T, dot []byte) {
		n, closing, err := scanDOT(dot)
		switch {
		case err != nil && !errors.Is(err, ErrDOT):
			t.Errorf("error of another kind: %v", err)
		case err == nil && (n < 0 || n > len(dot) || dot[closing] != '}'):
			t.Errorf("%d nodes, closing at %d", n, closing)
		}
	})
}
