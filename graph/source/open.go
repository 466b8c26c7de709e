package source

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// headSize is how much of a file is looked at to recognise its format: enough
// for the chrome on top of a page and the first entries.
const headSize = 64 << 10

// maxWindow bounds the memory that a zstd file may ask for; 128 MiB is what
// the zstd program needs for its --long level.
const maxWindow = 128 << 20

// open unpacks r where it is compressed and decodes it to UTF-8 without a byte
// order mark.
func open(r io.Reader) (in *bufio.Reader, closeIn func(), err error) {
	closeIn = func() {}
	in = bufio.NewReaderSize(r, headSize)
	magic, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return nil, closeIn, readError(err)
	}
	switch {
	case bytes.HasPrefix(magic, []byte("\x1f\x8b")):
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return nil, closeIn, readError(err)
		}
		in = bufio.NewReaderSize(unpacked, headSize)
	case bytes.HasPrefix(magic, []byte("\x28\xb5\x2f\xfd")):
		unpacked, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, closeIn, readError(err)
		}
		closeIn = unpacked.Close
		in = bufio.NewReaderSize(unpacked, headSize)
	case bytes.HasPrefix(magic, []byte("BZh")):
		in = bufio.NewReaderSize(bzip2.NewReader(in), headSize)
	}
	mark, err := in.Peek(4)
	if err != nil && err != io.EOF {
		return nil, closeIn, readError(err)
	}
	switch {
	case bytes.HasPrefix(mark, []byte("\xff\xfe\x00\x00")), bytes.HasPrefix(mark, []byte("\x00\x00\xfe\xff")):
		return nil, closeIn, fmt.Errorf("%w: UTF-32 text; convert it to UTF-8", ErrFormat)
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")), bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		decoder := unicode.BOMOverride(encoding.Nop.NewDecoder())
		in = bufio.NewReaderSize(transform.NewReader(in, decoder), headSize)
	}
	return in, closeIn, nil
}

// readError says what it means that reading failed.
func readError(err error) error {
	var corrupt bzip2.StructuralError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("the compressed data end early, as after a broken download; what stands before is read: %w", err)
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.Is(err, zstd.ErrCRCMismatch), errors.Is(err, zstd.ErrMagicMismatch), errors.As(err, &corrupt):
		return fmt.Errorf("the compressed data are damaged; what stands before is read: %w", err)
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return fmt.Errorf("%w: needs more than %d MiB to unpack; pack it again without --long: %w", ErrFormat, maxWindow>>20, err)
	}
	return fmt.Errorf("reading stops here: %w", cause(err))
}

// input reads lines and bytes and counts lines.
type input struct {
	r    *bufio.Reader
	line int // of the next byte
	buf  []byte
}

// next is the next byte.
func (in *input) next() (byte, error) {
	c, err := in.r.ReadByte()
	if c == '\n' && err == nil {
		in.line++
	}
	return c, err
}

// readLine is the next line without its end, and its number. The line is valid
// until the next call. A line of more than limit bytes is read to its end but
// not kept; tooLong then is true. At the end of the input err is io.EOF and
// there is no line; on any other error what was read of the line is dropped.
func (in *input) readLine(limit int) (b []byte, line int, tooLong bool, err error) {
	in.buf = in.buf[:0]
	line = in.line
	for {
		part, err := in.r.ReadSlice('\n')
		if !tooLong {
			if tooLong = len(in.buf)+len(part) > limit; !tooLong {
				in.buf = append(in.buf, part...)
			}
		}
		switch {
		case err == nil:
			in.line++
			return trimLineEnd(in.buf), line, tooLong, nil
		case err == io.EOF && (len(in.buf) > 0 || tooLong):
			return trimLineEnd(in.buf), line, tooLong, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, line, false, err
		}
	}
}

func trimLineEnd(b []byte) []byte {
	b = bytes.TrimSuffix(b, []byte("\n"))
	return bytes.TrimSuffix(b, []byte("\r"))
}
