// Package contentcoding compresses the bodies of HTTP answers: it chooses one of
// the codings that a client accepts (RFC 9110, section 12.5.3), zstd (RFC 8878)
// or gzip, and applies it.
//
// Both are from github.com/klauspost/compress, whose gzip takes half the time
// of the standard library's.
package contentcoding

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Coding is a content coding, as the header Content-Encoding names it.
type Coding string

// The codings.
const (
	Identity Coding = ""
	Gzip     Coding = "gzip"
	Zstd     Coding = "zstd"
)

// Least is how large a body must be to be compressed: less fits one packet
// anyway.
const Least = 1400

// Choose chooses the coding for a client with these values of the header
// Accept-Encoding: the one that it prefers, and zstd, which is faster, where it
// prefers none.
func Choose(acceptEncoding []string) Coding {
	zstd, gzip := qualities(acceptEncoding)
	switch {
	case zstd > 0 && zstd >= gzip:
		return Zstd
	case gzip > 0:
		return Gzip
	}
	return Identity
}

// AcceptsGzip says whether a client takes gzip, which is for what lies there
// compressed.
func AcceptsGzip(acceptEncoding []string) bool {
	_, gzip := qualities(acceptEncoding)
	return gzip > 0
}

// qualities says how much a client likes the codings; 0 or less is not at all.
func qualities(acceptEncoding []string) (zstd, gzip float64) {
	zstd, gzip = -1, -1
	others := -1.0
	for _, value := range acceptEncoding {
		for part := range strings.SplitSeq(value, ",") {
			coding, params, _ := strings.Cut(part, ";")
			switch strings.ToLower(strings.TrimSpace(coding)) {
			case "zstd":
				zstd = quality(params)
			case "gzip", "x-gzip":
				gzip = quality(params)
			case "*":
				others = quality(params)
			}
		}
	}
	if gzip < 0 {
		gzip = others // "*" may mean a client that knows gzip alone, never zstd alone
	}
	return zstd, gzip
}

// quality reads a q parameter: 1 where there is none or it makes no sense.
func quality(params string) float64 {
	for p := range strings.SplitSeq(params, ";") {
		if name, value, ok := strings.Cut(p, "="); ok && strings.TrimSpace(name) == "q" {
			if q, err := strconv.ParseFloat(strings.TrimSpace(value), 64); err == nil && q >= 0 && q <= 1 {
				return q
			}
		}
	}
	return 1
}

// Encoder compresses. The zero value is ready for use, and safe for concurrent
// use.
type Encoder struct {
	gzips sync.Pool // of *gzip.Writer
	once  sync.Once
	zstd  *zstd.Encoder
}

// window is how far back zstd looks. Browsers take 8 MiB, and a smaller one
// takes less memory here; few answers are larger.
const window = 1 << 20

// Encode is body in a coding.
func (e *Encoder) Encode(c Coding, body []byte) []byte {
	switch c {
	case Gzip:
		var b bytes.Buffer
		z, ok := e.gzips.Get().(*gzip.Writer)
		if !ok {
			z = gzip.NewWriter(&b)
		} else {
			z.Reset(&b)
		}
		// Writing to memory does not fail.
		_, _ = z.Write(body)
		_ = z.Close()
		e.gzips.Put(z)
		return b.Bytes()
	case Zstd:
		e.once.Do(func() {
			var err error
			if e.zstd, err = zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true)); err != nil {
				panic(fmt.Sprintf("zstd encoder with fixed options: %v", err))
			}
		})
		return e.zstd.EncodeAll(body, make([]byte, 0, len(body)/4))
	}
	return body
}
