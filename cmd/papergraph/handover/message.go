package handover

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
)

// kind says what a message is.
type kind byte

const (
	// From the server.
	kindAbout   kind = 'A' // About, as JSON, first
	kindRefusal kind = 'F' // why nothing will be run, in words; the last message
	kindStdout  kind = 'O' // bytes
	kindStderr  kind = 'E' // bytes
	kindNote    kind = 'N' // whatever the program makes of it
	kindWant    kind = 'W' // some of standard input is wanted; nothing
	kindExit    kind = 'X' // exit code, one byte; the last message

	// From the client.
	kindRequest   kind = 'R' // wireRequest, as JSON, first
	kindStdin     kind = 'I' // bytes, the answer to one kindWant
	kindStdinEnd  kind = 'D' // instead of kindStdin: empty, or why no more can be read
	kindInterrupt kind = 'C' // nothing
)

// The longest bodies. A command line has some two megabytes where systems are
// generous, a third more in the encoding of JSON.
const (
	maxRequest = 8 << 20
	maxBody    = 64 << 10
	headerSize = 5
)

// bodyLimit is the longest body of a kind; false for what is no kind.
func bodyLimit(k kind) (uint32, bool) {
	switch k {
	case kindRequest:
		return maxRequest, true
	case kindAbout, kindRefusal, kindStdout, kindStderr, kindNote, kindStdin, kindStdinEnd:
		return maxBody, true
	case kindExit:
		return 1, true
	case kindWant, kindInterrupt:
		return 0, true
	}
	return 0, false
}

// errProtocol says that the other end breaks the protocol.
var errProtocol = errors.New("malformed message")

// readMessage reads a message. The error is io.EOF only where the stream ends
// between two.
func readMessage(r io.Reader) (kind, []byte, error) {
	var header [headerSize]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return 0, nil, err
	}
	k, size := kind(header[0]), binary.BigEndian.Uint32(header[1:])
	limit, ok := bodyLimit(k)
	if !ok {
		return 0, nil, fmt.Errorf("%w: kind %q", errProtocol, header[0])
	}
	if size > limit {
		return 0, nil, fmt.Errorf("%w: %d bytes in one of kind %q", errProtocol, size, header[0])
	}
	// Memory grows with what arrives, not with what is announced.
	var body bytes.Buffer
	if _, err := io.CopyN(&body, r, int64(size)); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return 0, nil, err
	}
	return k, body.Bytes(), nil
}

// sender writes messages whole, from several goroutines.
type sender struct {
	mu sync.Mutex
	w  io.Writer
	b  []byte
}

func (s *sender) send(k kind, body []byte) error {
	if limit, ok := bodyLimit(k); !ok || len(body) > int(limit) {
		return fmt.Errorf("send message of kind %q: %d bytes are too long", byte(k), len(body))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b = append(s.b[:0], byte(k))
	s.b = binary.BigEndian.AppendUint32(s.b, uint32(len(body)))
	s.b = append(s.b, body...)
	_, err := s.w.Write(s.b)
	if cap(s.b) > 2*maxBody {
		s.b = nil // of a request, which is sent once
	}
	return err
}

// stream is one of a command's outputs, sent as messages.
type stream struct {
	*sender
	kind kind
	// gone is what an error of the connection means to who writes.
	gone error
}

// Write implements [io.Writer].
func (s stream) Write(p []byte) (int, error) {
	n := 0
	for len(p) > n {
		part := p[n:min(len(p), n+maxBody)]
		if err := s.send(s.kind, part); err != nil {
			return n, fmt.Errorf("%w: %w", s.gone, err)
		}
		n += len(part)
	}
	return n, nil
}

// About is what a server says of itself.
type About struct {
	Version string `json:"version"` // of the program
	Address string `json:"address"` // where it serves, to be shown
}

// Request is a command line, and what the process knows that it was given to.
type Request struct {
	Version string            // of the program
	Args    []string          // without the program's name
	Dir     string            // the working directory, absolute
	Env     map[string]string // the variables that the program heeds
	Process int               // the client's, to be shown
}

// wireRequest is a request as it is sent: arguments and paths need not be
// UTF-8, which JSON would not carry.
type wireRequest struct {
	Version string            `json:"version"`
	Args    [][]byte          `json:"args"`
	Dir     []byte            `json:"dir"`
	Env     map[string][]byte `json:"env"`
	Process int               `json:"process"`
}

func encodeRequest(r Request) ([]byte, error) {
	w := wireRequest{Version: r.Version, Dir: []byte(r.Dir), Process: r.Process, Env: map[string][]byte{}}
	for _, a := range r.Args {
		w.Args = append(w.Args, []byte(a))
	}
	for name, value := range r.Env {
		w.Env[name] = []byte(value)
	}
	b, err := json.Marshal(w)
	if err == nil && len(b) > maxRequest {
		err = fmt.Errorf("the command line is longer than %d bytes", maxRequest)
	}
	return b, err
}

func decodeRequest(body []byte) (Request, error) {
	var w wireRequest
	if err := json.Unmarshal(body, &w); err != nil {
		return Request{}, fmt.Errorf("%w: request: %w", errProtocol, err)
	}
	if w.Process < 0 || w.Process > math.MaxInt32 {
		return Request{}, fmt.Errorf("%w: request of process %d", errProtocol, w.Process)
	}
	r := Request{Version: w.Version, Dir: string(w.Dir), Process: w.Process, Env: map[string]string{}}
	for _, a := range w.Args {
		r.Args = append(r.Args, string(a))
	}
	for name, value := range w.Env {
		r.Env[name] = string(value)
	}
	return r, nil
}

func decodeAbout(body []byte) (About, error) {
	var a About
	if err := json.Unmarshal(body, &a); err != nil {
		return About{}, fmt.Errorf("%w: the server's first: %w", errProtocol, err)
	}
	return a, nil
}
