package handover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
)

// stdin is the standard input of a client, piece by piece as it is read.
type stdin struct {
	ctx    context.Context // of the command
	to     *sender
	wanted atomic.Bool // a piece is on its way
	pieces chan piece
	rest   []byte
	err    error
}

// piece is some of standard input, or its end with, in bytes, the reason if
// that is an error.
type piece struct {
	bytes []byte
	end   bool
}

// Read implements [io.Reader]. It ends with the command's context. It is for
// one goroutine at a time.
func (s *stdin) Read(p []byte) (int, error) {
	for len(s.rest) == 0 && s.err == nil && len(p) > 0 {
		s.wanted.Store(true)
		if err := s.to.send(kindWant, nil); err != nil {
			s.err = fmt.Errorf("%w: %w", errGone, err)
			break
		}
		select {
		case piece := <-s.pieces:
			switch {
			case !piece.end:
				s.rest = piece.bytes
			case len(piece.bytes) == 0:
				s.err = io.EOF
			default:
				s.err = errors.New(string(piece.bytes))
			}
		case <-s.ctx.Done():
			s.err = context.Cause(s.ctx)
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	if n == 0 && len(p) > 0 {
		return 0, s.err
	}
	return n, nil
}
