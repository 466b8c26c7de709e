package store

import (
	"fmt"
	"math"
)

// scanBlock goes through the edges of a statement block without decoding their
// evidence, ten times as fast as [decodeBlock]. It calls use for each edge with
// what its statements come to, but for the support, which is 1. The error wraps
// [ErrDamaged] where the record is not as [encodeBlock] writes it.
func scanBlock(what string, value []byte, use func(k edgeUIDs, s edgeSummary)) error {
	_, _, record, err := openBlock(what, value)
	if err != nil {
		return err
	}
	r := cborScanner{b: record}
	var last edgeUIDs
	for range r.head(cborMap, maxBlockFields) {
		switch field := r.head(cborUint, math.MaxUint32); {
		case r.failed:
		case field != blockEdges:
			r.skip(maxCBORDepth)
		default:
			for range r.list() {
				k, s := r.edge()
				if r.failed {
					break
				}
				if last.compare(k) >= 0 {
					return damaged(what, "edges out of order")
				}
				last = k
				use(k, s)
			}
		}
		if r.failed {
			break
		}
	}
	if r.failed || len(r.b) > 0 {
		return damaged(what, fmt.Sprintf("malformed %d bytes before the end of %d", len(r.b), len(record)))
	}
	return nil
}

const (
	blockEdges     = 2 // the field Edges of [blockRecord]
	maxBlockFields = 2
	maxCBORDepth   = 12 // as decMode has it
)

// The major types of CBOR that records have.
const (
	cborUint   = 0
	cborNegInt = 1
	cborBytes  = 2
	cborText   = 3
	cborArray  = 4
	cborMap    = 5
	cborSimple = 7 // and floats
)

// cborScanner reads CBOR as far as a statement block has it. After a failure
// what it returns is of no use.
type cborScanner struct {
	b      []byte
	failed bool
}

func (r *cborScanner) fail() uint64 {
	r.failed = true
	return 0
}

// item reads the head of an item: its major type, its additional information
// and the number in it.
func (r *cborScanner) item() (major, info byte, n uint64) {
	if r.failed || len(r.b) == 0 {
		return 0, 0, r.fail()
	}
	major, info = r.b[0]>>5, r.b[0]&31
	r.b = r.b[1:]
	if info < 24 {
		return major, info, uint64(info)
	}
	size := 0
	if info <= 27 { // lengths that are not given are not allowed
		size = 1 << (info - 24)
	}
	if size == 0 || len(r.b) < size {
		return 0, 0, r.fail()
	}
	for _, c := range r.b[:size] {
		n = n<<8 | uint64(c)
	}
	r.b = r.b[size:]
	return major, info, n
}

// head reads the head of an item of a type, whose number is at most limit.
func (r *cborScanner) head(want byte, limit uint64) uint64 {
	major, _, n := r.item()
	if major != want || n > limit {
		return r.fail()
	}
	return n
}

// list reads the head of an array, or nothing in the place of one.
func (r *cborScanner) list() uint64 {
	if len(r.b) > 0 && r.b[0] == cborNull {
		r.b = r.b[1:]
		return 0
	}
	return r.head(cborArray, uint64(len(r.b)))
}

const cborNull = 0xf6

// fields reads the head of an array of so many items.
func (r *cborScanner) fields(n uint64) {
	if r.head(cborArray, n) != n {
		r.fail()
	}
}

// float reads a floating-point number of any size.
func (r *cborScanner) float() float64 {
	major, info, n := r.item()
	if major != cborSimple {
		r.fail()
	}
	switch info {
	case 25:
		return halfFloat(uint16(n))
	case 26:
		return float64(math.Float32frombits(uint32(n)))
	case 27:
		return math.Float64frombits(n)
	}
	r.fail()
	return 0
}

// halfFloat is a number of 16 bits as IEEE 754 has them.
func halfFloat(h uint16) float64 {
	exponent, fraction := int(h>>10&31), float64(h&1023)
	var v float64
	switch exponent {
	case 0:
		v = math.Ldexp(fraction, -24)
	case 31:
		v = math.Inf(1)
		if fraction != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(fraction+1024, exponent-25)
	}
	if h&(1<<15) != 0 {
		v = -v
	}
	return v
}

// edge reads an edge as [edgeRecord] is written.
func (r *cborScanner) edge() (k edgeUIDs, s edgeSummary) {
	r.fields(4)
	k.from = uint32(r.head(cborUint, math.MaxUint32))
	k.relation = byte(r.head(cborUint, math.MaxUint8))
	k.to = uint32(r.head(cborUint, math.MaxUint32))
	s.support = 1
	n := r.list()
	if n == 0 {
		r.fail()
	}
	for range n {
		if r.failed {
			break
		}
		r.fields(4)
		class := r.head(cborUint, math.MaxUint8)
		r.head(cborUint, math.MaxUint32) // the rule
		confidence := r.float()
		if class == 0 || class >= uint64(len(classByCode)) || !(confidence > 0 && confidence <= 1) {
			r.fail()
		}
		s.classes |= 1 << class
		s.confidence = max(s.confidence, confidence)
		r.skip(maxCBORDepth) // the evidence
	}
	return k, s
}

// skip goes behind an item.
func (r *cborScanner) skip(depth int) {
	major, info, n := r.item()
	switch {
	case r.failed:
	case depth == 0:
		r.fail()
	case major == cborBytes || major == cborText:
		if n > uint64(len(r.b)) {
			r.fail()
			return
		}
		r.b = r.b[n:]
	case major == cborArray || major == cborMap:
		if n > uint64(len(r.b)) { // each item has a byte at least
			r.fail()
			return
		}
		if major == cborMap {
			n *= 2
		}
		for ; n > 0 && !r.failed; n-- {
			r.skip(depth - 1)
		}
	case major == cborUint || major == cborNegInt || major == cborSimple && (info < 24 || info >= 25):
	default:
		r.fail()
	}
}
