package store

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"sort"

	"papergraph/graph"
)

// encodeBlock writes the record of a statement block. edges[i] is the edge keys[i]; the texts
// are those of the paper that states them, nil for curated edges. The block
// does not depend on the order of edges or of their statements.
func encodeBlock(what string, keys []edgeUIDs, edges []graph.Edge, t *texts) ([]byte, error) {
	var r blockRecord
	for _, e := range edges {
		for _, s := range e.Statements {
			r.Rules = append(r.Rules, s.Rule)
		}
	}
	slices.Sort(r.Rules)
	r.Rules = slices.Compact(r.Rules)
	order := make([]int, len(keys))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return keys[a].compare(keys[b]) })
	for _, i := range order {
		k := keys[i]
		er := edgeRecord{From: k.from, Relation: k.relation, To: k.to}
		statements := slices.Clone(edges[i].Statements)
		graph.SortStatements(statements)
		for _, s := range statements {
			rule, _ := slices.BinarySearch(r.Rules, s.Rule)
			sr := statementRecord{Class: classCodes[s.Class], Rule: rule, Confidence: s.Confidence}
			if t != nil {
				var err error
				if sr.Evidence, err = t.encode(s.Evidence); err != nil {
					return nil, fmt.Errorf("%s: %w", what, err)
				}
			}
			er.Statements = append(er.Statements, sr)
		}
		r.Edges = append(r.Edges, er)
	}
	return encode(what, r)
}

// A statement block is preceded by the content sum of its statements and their
// number, so that replacing it needs no look at what it said.

// sealBlock puts what precedes a block before its record.
func sealBlock(sum contentSum, statements int, record []byte) []byte {
	head := sum.bytes()
	value := make([]byte, 0, len(head)+binary.MaxVarintLen32+len(record))
	value = binary.AppendUvarint(append(value, head[:]...), uint64(statements))
	return append(value, record...)
}

// openBlock reads what precedes a block. The error wraps [ErrDamaged].
func openBlock(what string, value []byte) (sum contentSum, statements int, record []byte, err error) {
	var head [contentSumSize]byte
	if copy(head[:], value) < contentSumSize {
		return sum, 0, nil, damaged(what, fmt.Sprintf("%d bytes", len(value)))
	}
	n, size := shortUvarint(value[contentSumSize:])
	if size == 0 {
		return sum, 0, nil, damaged(what, "malformed number of statements")
	}
	return sumOfBytes(head), int(n), value[contentSumSize+size:], nil
}

// block is a statement block that was read: all edges of one paper, or those
// curated from one node.
type block struct {
	what  string
	paper graph.ID // empty for curated edges
	sum   contentSum
	count int // of statements
	blockRecord
}

func decodeBlock(what string, paper graph.ID, value []byte) (*block, error) {
	b := &block{what: what, paper: paper}
	var record []byte
	var err error
	if b.sum, b.count, record, err = openBlock(what, value); err != nil {
		return nil, err
	}
	if err := decode(what, record, &b.blockRecord); err != nil {
		return nil, err
	}
	statements := 0
	for i, e := range b.Edges {
		statements += len(e.Statements)
		if i > 0 && b.Edges[i-1].key().compare(e.key()) >= 0 {
			return nil, damaged(what, "edges out of order")
		}
		if _, ok := relationOf(e.Relation); !ok || len(e.Statements) == 0 {
			return nil, damaged(what, fmt.Sprintf("edge of relation %d with %d statements", e.Relation, len(e.Statements)))
		}
		for _, s := range e.Statements {
			if s.Rule < 0 || s.Rule >= len(b.Rules) || s.Class == 0 || int(s.Class) >= len(classByCode) || !(s.Confidence > 0 && s.Confidence <= 1) {
				return nil, damaged(what, fmt.Sprintf("statement of class %d, rule %d, confidence %v", s.Class, s.Rule, s.Confidence))
			}
		}
	}
	if statements != b.count {
		return nil, damaged(what, fmt.Sprintf("%d statements where it says %d", statements, b.count))
	}
	return b, nil
}

func (r edgeRecord) key() edgeUIDs { return edgeUIDs{from: r.From, relation: r.Relation, to: r.To} }

// find returns the edge's record, or nil.
func (b *block) find(k edgeUIDs) *edgeRecord {
	i, ok := sort.Find(len(b.Edges), func(i int) int { return k.compare(b.Edges[i].key()) })
	if !ok {
		return nil
	}
	return &b.Edges[i]
}

// confidence is that of the surest statement of an edge, 0 without one.
func (r *edgeRecord) confidence() float64 {
	if r == nil {
		return 0
	}
	return slices.MaxFunc(r.Statements, func(a, b statementRecord) int { return cmp.Compare(a.Confidence, b.Confidence) }).Confidence
}

// statements appends the statements of an edge to dst. The texts are those of
// the block's paper.
func (b *block) statements(dst []graph.Statement, r *edgeRecord, t *texts) ([]graph.Statement, error) {
	for _, s := range r.Statements {
		st := graph.Statement{Paper: b.paper, Class: classByCode[s.Class], Rule: b.Rules[s.Rule], Confidence: s.Confidence}
		if len(s.Evidence) > 0 {
			if t == nil {
				return nil, damaged(b.what, "evidence without a text")
			}
			var err error
			if st.Evidence, err = t.decode(b.what, s.Evidence); err != nil {
				return nil, err
			}
		}
		dst = append(dst, st)
	}
	return dst, nil
}
