package tag

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// ErrModel says that what was read is no tagger, or not one of this version.
var ErrModel = errors.New("not a tagger's model")

// maxPayload bounds a model in memory, packed out, so that a small file cannot
// fill it.
const maxPayload = 128 << 20

// encoder collects the bytes of a model.
type encoder struct{ bytes.Buffer }

func (e *encoder) uint(n int) {
	var b [binary.MaxVarintLen64]byte
	e.Write(b[:binary.PutUvarint(b[:], uint64(n))])
}

func (e *encoder) float(x float32) {
	e.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(x)))
}

func (e *encoder) int8s(list []int8) {
	e.uint(len(list))
	for _, x := range list {
		e.WriteByte(byte(x))
	}
}

func (e *encoder) strings(list []string) {
	e.uint(len(list))
	for _, s := range list {
		e.uint(len(s))
		e.WriteString(s)
	}
}

// decoder takes the bytes of a model apart. After the first thing that is
// wrong, everything it returns is empty.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", ErrModel, fmt.Sprintf(format, args...))
		d.rest = nil
	}
}

func (d *decoder) take(n int) []byte {
	if n > len(d.rest) {
		d.fail("cut off")
		return make([]byte, 0)
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// uint returns a number of at most most.
func (d *decoder) uint(most int) int {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 || n > uint64(most) {
		d.fail("a number is out of range")
		return 0
	}
	d.rest = d.rest[size:]
	return int(n)
}

// count returns how many things of a size follow, which all must be there.
func (d *decoder) count(size int) int {
	n := d.uint(maxPayload)
	if n*size > len(d.rest) {
		d.fail("cut off")
		return 0
	}
	return n
}

func (d *decoder) float() float32 {
	b := d.take(4)
	if len(b) < 4 {
		return 0
	}
	x := math.Float32frombits(binary.LittleEndian.Uint32(b))
	if x != x || math.Abs(float64(x)) > 1e6 {
		d.fail("a weight is out of range")
		return 0
	}
	return x
}

// int8s returns numbers, which must be exactly n.
func (d *decoder) int8s(n int) []int8 {
	if got := d.count(1); got != n {
		d.fail("%d weights in place of %d", got, n)
	}
	if d.err != nil {
		return nil
	}
	out := make([]int8, n)
	for i, b := range d.take(n) {
		out[i] = int8(b)
	}
	return out
}

func (d *decoder) strings() []string {
	n := d.count(1)
	out := make([]string, 0, n)
	for range n {
		// A clone, or one word would keep the whole model in memory.
		out = append(out, strings.Clone(string(d.take(d.count(1)))))
	}
	return out
}

func (v *vocabulary) encode(e *encoder) {
	e.strings(v.words)
	for i := range v.clusters {
		for _, c := range v.clusters[i] {
			e.WriteByte(byte(c))
		}
		for _, c := range v.clusters[i] {
			e.WriteByte(byte(c >> 8))
		}
	}
	e.Write(v.capitals)
	e.int8s(v.vectors)
}

// decodeVocabulary reads a vocabulary, with vectors if it must have them.
func decodeVocabulary(d *decoder, vectors bool) *vocabulary {
	v := &vocabulary{words: d.strings()}
	n := len(v.words)
	for i := range v.clusters {
		low, high := d.take(n), d.take(n)
		if d.err != nil {
			return v
		}
		v.clusters[i] = make([]uint16, n)
		for w := range n {
			c := uint16(low[w]) | uint16(high[w])<<8
			if int(c) >= clusterCounts[i] {
				d.fail("cluster %d of %d", c, clusterCounts[i])
			}
			v.clusters[i][w] = c
		}
	}
	v.capitals = bytes.Clone(d.take(n))
	for _, c := range v.capitals {
		if c > 3 {
			d.fail("a share of capitals is out of range")
		}
	}
	if !vectors {
		n = 0
	}
	v.vectors = d.int8s(n * dimensions)
	v.index()
	if len(v.ids) != len(v.words) {
		d.fail("a word stands twice")
	}
	return v
}

// pack compresses a payload behind a magic number.
func pack(w io.Writer, magic string, payload []byte) error {
	if _, err := io.WriteString(w, magic); err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(w, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := z.Write(payload); err != nil {
		return err
	}
	return z.Close()
}

// unpack is pack undone. It returns the magic number, of n bytes, too.
func unpack(r io.Reader, n int) (magic string, payload []byte, err error) {
	head := make([]byte, n)
	if _, err := io.ReadFull(r, head); err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	payload, err = io.ReadAll(io.LimitReader(z, maxPayload+1))
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	if len(payload) > maxPayload {
		return "", nil, fmt.Errorf("%w: more than %d bytes", ErrModel, maxPayload)
	}
	return string(head), payload, nil
}
