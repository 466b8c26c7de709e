package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/bits"

	"papergraph/graph"
)

// contentSum is the sum, modulo 2^256, of the SHA-256 of everything that a
// graph says: its nodes and its statements. A sum does not depend on the order
// of what is added, and what was added can be taken away again.
type contentSum [4]uint64 // least significant first

// contentSumSize is the size of a sum as bytes.
const contentSumSize = sha256.Size

func sumOfBytes(b [contentSumSize]byte) contentSum {
	var c contentSum
	for i := range c {
		c[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return c
}

func (c contentSum) bytes() (b [contentSumSize]byte) {
	for i, w := range c {
		binary.LittleEndian.PutUint64(b[8*i:], w)
	}
	return b
}

func (c contentSum) plus(o contentSum) contentSum {
	var carry uint64
	for i := range c {
		c[i], carry = bits.Add64(c[i], o[i], carry)
	}
	return c
}

func (c contentSum) minus(o contentSum) contentSum {
	var borrow uint64
	for i := range c {
		c[i], borrow = bits.Sub64(c[i], o[i], borrow)
	}
	return c
}

// idBytes is the size of a snapshot's id before it is written in hexadecimal:
// enough that no two graphs meet by chance.
const idBytes = 16

// id is the id of the snapshot with this sum.
func (c contentSum) id() string {
	b := []byte("papergraph snapshot")
	for _, w := range c {
		b = binary.BigEndian.AppendUint64(b, w)
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:idBytes])
}

// sumOfNode is what a node adds, by its record.
func sumOfNode(id graph.ID, record []byte) contentSum {
	return sumOfBytes(sha256.Sum256(append(appendPart([]byte("node"), string(id)), record...)))
}

// sumOfEdges is what the statements of edges add, and how many they are.
func sumOfEdges(edges []graph.Edge) (c contentSum, statements int) {
	var buf []byte
	for i := range edges {
		e := &edges[i]
		statements += len(e.Statements)
		for j := range e.Statements {
			buf = appendStatement(buf[:0], e, &e.Statements[j])
			c = c.plus(sumOfBytes(sha256.Sum256(buf)))
		}
	}
	return c, statements
}

// appendStatement writes all that one statement of an edge says.
func appendStatement(buf []byte, e *graph.Edge, s *graph.Statement) []byte {
	buf = append(buf, "statement"...)
	for _, p := range [...]string{string(e.From), string(e.Relation), string(e.To), string(s.Paper), string(s.Class), s.Rule} {
		buf = appendPart(buf, p)
	}
	buf = binary.BigEndian.AppendUint64(buf, math.Float64bits(s.Confidence))
	for _, ev := range s.Evidence {
		buf = appendPart(buf, string(ev.Field))
		buf = binary.BigEndian.AppendUint64(buf, uint64(ev.Start))
		buf = binary.BigEndian.AppendUint64(buf, uint64(ev.End))
	}
	return buf
}

// appendPart writes a string so that no two lists of strings have one form.
func appendPart(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
