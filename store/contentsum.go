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
// of what is added.
type contentSum [4]uint64 // least significant first

func (c *contentSum) add(b []byte) {
	h := sha256.Sum256(b)
	var carry uint64
	for i := range c {
		c[i], carry = bits.Add64(c[i], binary.LittleEndian.Uint64(h[8*i:]), carry)
	}
}

// idBytes is the size of a snapshot's id before it is written in hexadecimal:
// enough that no two graphs meet by chance.
const idBytes = 16

// id is the id of the snapshot with this sum.
func (c *contentSum) id() string {
	b := []byte("papergraph snapshot")
	for _, w := range c {
		b = binary.BigEndian.AppendUint64(b, w)
	}
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:idBytes])
}

// addNode adds a node by its record without origin.
func (c *contentSum) addNode(id graph.ID, record []byte) {
	c.add(append(appendPart([]byte("node"), string(id)), record...))
}

// addStatement adds one statement of an edge. buf is reused.
func (c *contentSum) addStatement(buf []byte, e *graph.Edge, s *graph.Statement) []byte {
	buf = append(buf[:0], "statement"...)
	for _, p := range [...]string{string(e.From), string(e.Relation), string(e.To), string(s.Paper), string(s.Class), s.Rule} {
		buf = appendPart(buf, p)
	}
	buf = binary.BigEndian.AppendUint64(buf, math.Float64bits(s.Confidence))
	for _, ev := range s.Evidence {
		buf = appendPart(buf, string(ev.Field))
		buf = binary.BigEndian.AppendUint64(buf, uint64(ev.Start))
		buf = binary.BigEndian.AppendUint64(buf, uint64(ev.End))
	}
	c.add(buf)
	return buf
}

// appendPart writes a string so that no two lists of strings have one form.
func appendPart(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
