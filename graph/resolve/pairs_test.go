package resolve

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	"papergraph/graph"
	"papergraph/graph/lexicon"
)

// roleOf is a relation that a paper may have to a kind.
var roleOf = map[graph.Kind]graph.Relation{
	graph.KindMethod: graph.Uses, graph.KindDataset: graph.EvaluatesOn, graph.KindTask: graph.Addresses,
	graph.KindMetric: graph.Measures, graph.KindConcept: graph.Concerns,
}

// pair is a line of testdata/pairs.txt.
type pair struct {
	line   int
	text   string
	same   bool
	papers []*paper // the two, then those that are given
}

// mentioning makes the paper of one name of a pair.
func mentioning(title string, kind graph.Kind, name string) (*paper, error) {
	if k, rest, ok := strings.Cut(name, ": "); ok {
		var err error
		if kind, err = graph.ParseKind(k); err != nil {
			return nil, err
		}
		name = rest
	}
	p := newPaper(title)
	if short, long, ok := strings.Cut(name, " = "); ok {
		return p.explain(short, long).mention(roleOf[kind], kind, 0.9, short), nil
	}
	return p.mention(roleOf[kind], kind, 0.9, name), nil
}

func readPairs(t *testing.T) []pair {
	t.Helper()
	f, err := os.Open("testdata/pairs.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []pair
	sc := bufio.NewScanner(f)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		bad := func(why any) { t.Fatalf("testdata/pairs.txt:%d: %v: %s", n, why, line) }
		cols := strings.Split(line[1:], "|")
		for i := range cols {
			cols[i] = strings.TrimSpace(cols[i])
		}
		if len(cols) < 3 || len(cols) > 4 || line[0] != '+' && line[0] != '-' {
			bad("not a pair")
		}
		kind, err := graph.ParseKind(cols[0])
		if err != nil || roleOf[kind] == "" {
			bad("not a kind that papers name")
		}
		p := pair{line: n, text: line, same: line[0] == '+'}
		for i, name := range cols[1:] {
			if i == 2 {
				given, ok := strings.CutPrefix(name, "given ")
				if !ok || !strings.Contains(given, " = ") {
					bad("not a given explanation")
				}
				name = given
			}
			paper, err := mentioning(fmt.Sprintf("Paper %d", i), kind, name)
			if err != nil {
				bad(err)
			}
			p.papers = append(p.papers, paper)
		}
		out = append(out, p)
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// Ensure that names which are one entity become one node and others do not.
func TestPairs(t *testing.T) {
	l, err := lexicon.Default()
	if err != nil {
		t.Fatal(err)
	}
	counts, right := map[bool]int{}, map[bool]int{}
	for _, p := range readPairs(t) {
		o := run(t, l, p.papers, nil)
		o.check(t, p.papers)
		// With a single mention there is a single edge to a shared node.
		a, b := o.Edges[0][0].To, o.Edges[1][0].To
		counts[p.same]++
		if (a == b) == p.same {
			right[p.same]++
		} else {
			t.Errorf("testdata/pairs.txt:%d: %s: they are %s and %s", p.line, p.text, a, b)
		}
	}
	t.Logf("merged as they must: %d of %d; kept apart: %d of %d", right[true], counts[true], right[false], counts[false])
	if counts[true]+counts[false] < 420 {
		t.Errorf("%d pairs, want at least 420", counts[true]+counts[false])
	}
}
