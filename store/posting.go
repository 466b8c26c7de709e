package store

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// edgeUIDs is an edge by uids.
type edgeUIDs struct {
	from     uint32
	to       uint32
	relation byte
}

// compare orders edges by from, relation, to: the order of their keys.
func (e edgeUIDs) compare(o edgeUIDs) int {
	if e.from != o.from {
		return cmp.Compare(e.from, o.from)
	}
	if e.relation != o.relation {
		return cmp.Compare(e.relation, o.relation)
	}
	return cmp.Compare(e.to, o.to)
}

// A container holds the low 16 bits of the uids of one posting list that have
// the same high 16 bits, as in Roaring bitmaps (Chambi et al. 2016): a sorted
// array while that is smaller, else a bitmap. It is a byte for the form, then
// big endian uint16s, or 8 KiB of bits, lowest first. Each set has exactly one
// encoding.
const (
	containerArray  = 1
	containerBitmap = 2

	bitmapBytes = 1 << 13
	// maxArray is the size from which on the array is the larger form.
	maxArray = bitmapBytes / 2
)

// encodeContainer writes a set of low halves, which are ascending and at least
// one.
func encodeContainer(lows []uint16) []byte {
	if len(lows) > maxArray {
		b := make([]byte, 1+bitmapBytes)
		b[0] = containerBitmap
		for _, v := range lows {
			b[1+v>>3] |= 1 << (v & 7)
		}
		return b
	}
	b := make([]byte, 1, 1+2*len(lows))
	b[0] = containerArray
	for _, v := range lows {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return b
}

// decodeContainer appends the uids of a container to dst, ascending. The error
// wraps [ErrDamaged].
func decodeContainer(dst []uint32, high uint16, b []byte) ([]uint32, error) {
	if len(b) == 0 {
		return nil, damaged("container", "empty")
	}
	base := uint32(high) << 16
	form, b := b[0], b[1:]
	switch form {
	case containerArray:
		if len(b) == 0 || len(b)%2 != 0 || len(b)/2 > maxArray {
			return nil, damaged("container", fmt.Sprintf("array of %d bytes", len(b)))
		}
		last := -1
		for ; len(b) > 0; b = b[2:] {
			v := int(binary.BigEndian.Uint16(b))
			if v <= last {
				return nil, damaged("container", "array is not ascending")
			}
			last = v
			dst = append(dst, base|uint32(v))
		}
		return dst, nil
	case containerBitmap:
		if len(b) != bitmapBytes {
			return nil, damaged("container", fmt.Sprintf("bitmap of %d bytes", len(b)))
		}
		before := len(dst)
		for i, c := range b {
			for ; c != 0; c &= c - 1 {
				dst = append(dst, base|uint32(i<<3+bits.TrailingZeros8(c)))
			}
		}
		if len(dst)-before <= maxArray {
			return nil, damaged("container", "bitmap of an array's size")
		}
		return dst, nil
	}
	return nil, damaged("container", fmt.Sprintf("unknown form %d", form))
}

// encodeUIDs writes an ascending list of uids as differences.
func encodeUIDs(uids []uint32) []byte {
	var b []byte
	last := uint32(0)
	for _, u := range uids {
		b = binary.AppendUvarint(b, uint64(u-last))
		last = u
	}
	return b
}

// decodeUIDs reads what encodeUIDs wrote. The error wraps [ErrDamaged].
func decodeUIDs(b []byte) ([]uint32, error) {
	var uids []uint32
	last := uint64(0)
	for len(b) > 0 {
		d, n := shortUvarint(b)
		if n <= 0 || d == 0 || last+d > 1<<32-1 {
			return nil, damaged("list of uids", "malformed difference")
		}
		last += d
		uids = append(uids, uint32(last))
		b = b[n:]
	}
	return uids, nil
}

// shortUvarint reads a varint of at most 32 bits in its shortest form; n is 0
// for anything else, so that each number has one encoding.
func shortUvarint(b []byte) (v uint64, n int) {
	v, n = binary.Uvarint(b)
	if n <= 0 || v > 1<<32-1 || n > 1 && b[n-1] == 0 {
		return 0, 0
	}
	return v, n
}

// posting is a node that has a word, and how often: the weighted count of
// [analyse].
type posting struct {
	uid   uint32
	count uint8
}

// encodePostings writes ascending postings: differences of uids and counts.
func encodePostings(ps []posting) []byte {
	b := make([]byte, 0, 3*len(ps))
	last := uint32(0)
	for _, p := range ps {
		b = binary.AppendUvarint(b, uint64(p.uid-last))
		b = append(b, p.count)
		last = p.uid
	}
	return b
}

// decodePostings appends to dst what encodePostings wrote for one range of
// uids. The error wraps [ErrDamaged].
func decodePostings(dst []posting, uidRange uint32, b []byte) ([]posting, error) {
	last := uint64(0)
	for len(b) > 0 {
		d, n := shortUvarint(b)
		if n <= 0 || n >= len(b) || d == 0 || b[n] == 0 {
			return nil, damaged("postings", "malformed posting")
		}
		last += d
		if last>>termRangeBits != uint64(uidRange) {
			return nil, damaged("postings", fmt.Sprintf("uid %d in range %d", last, uidRange))
		}
		dst = append(dst, posting{uint32(last), b[n]})
		b = b[n+1:]
	}
	return dst, nil
}
