package handover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
)

// Command is a command that a client has handed over.
type Command struct {
	Request
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Note sends the client what is not output, in its place between what is
	// written; at most 64 KiB.
	Note func([]byte) error
}

// Handler runs a command and returns its exit code, 0 to 255. The context is
// done when the client was interrupted or is gone, or when the server ends,
// which is [ErrEnding].
type Handler func(ctx context.Context, c *Command) int

// ErrEnding is the cause of a context that is done because the server ends.
var ErrEnding = fmt.Errorf("%w: the server that holds the store was stopped", context.Canceled)

// errGone is what a command gets that writes to a client that is not there any
// more: it is to end as one whose reader has enough.
var errGone = fmt.Errorf("the client is gone: %w", syscall.EPIPE)

// exitPanic is the exit code of a command that broke.
const exitPanic = 1

// Listener is a server's end of a socket.
type Listener struct {
	l      *net.UnixListener
	folder string
	once   sync.Once
	err    error
}

// Listen makes the socket of a store's folder. Only who holds the store may.
func Listen(folder string) (*Listener, error) {
	l, err := bind(folder)
	if err != nil {
		return nil, fmt.Errorf("listen in %s: %w", folder, err)
	}
	return &Listener{l: l, folder: folder}, nil
}

// Close removes the socket. A second Close does nothing.
func (l *Listener) Close() error {
	l.once.Do(func() {
		if l.err = os.Remove(filepath.Join(l.folder, SocketName)); errors.Is(l.err, fs.ErrNotExist) {
			l.err = nil
		}
		l.err = errors.Join(l.err, l.l.Close())
	})
	return l.err
}

// How many commands may be under way, and how long a server that ends waits
// for clients that do not read what their commands write.
const (
	maxCommands  = 256
	graceOfWrite = 5 * time.Second
)

// Serve runs the commands of clients until ctx is done. Then it closes l,
// cancels the commands under way, waits for them to end, and returns nil.
func (l *Listener) Serve(ctx context.Context, about About, handle Handler, log *slog.Logger) error {
	s := &server{about: about, handle: handle, log: log, connections: map[*net.UnixConn]bool{}}
	commands, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	stop := context.AfterFunc(ctx, func() {
		_ = l.Close() // the caller's Close says so
		cancel(ErrEnding)
	})
	defer stop()
	free := make(chan struct{}, maxCommands)
	var err error
	for err == nil {
		var c *net.UnixConn
		if c, err = l.l.AcceptUnix(); err != nil {
			if errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) || errors.Is(err, syscall.ECONNABORTED) {
				log.Warn("cannot take a command", "error", err)
				err = nil
				select { // until files are closed
				case <-time.After(100 * time.Millisecond):
				case <-ctx.Done():
				}
			}
			continue
		}
		select {
		case free <- struct{}{}:
		case <-ctx.Done():
			_ = c.Close() // to the client it is no server any more
			continue
		}
		s.add(c)
		s.running.Go(func() {
			defer func() { <-free }()
			defer s.drop(c)
			s.converse(commands, c)
		})
	}
	cancel(ErrEnding)
	cut := time.AfterFunc(graceOfWrite, s.cut)
	defer cut.Stop()
	s.running.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("listen in %s: %w", l.folder, err)
}

type server struct {
	about   About
	handle  Handler
	log     *slog.Logger
	running sync.WaitGroup

	mu          sync.Mutex
	connections map[*net.UnixConn]bool
}

func (s *server) add(c *net.UnixConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.connections[c] = true
}

// drop closes a connection.
func (s *server) drop(c *net.UnixConn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.connections, c)
	_ = c.Close() // all that is to be said has been, or cannot be
}

// cut ends what waits for clients.
func (s *server) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.connections {
		_ = c.Close() // drop does it again
	}
}

// converse runs the command of one client.
func (s *server) converse(ctx context.Context, c *net.UnixConn) {
	to := &sender{w: c}
	request, err := s.request(c, to)
	if err != nil {
		if !errors.Is(err, io.EOF) { // which is one that only asked
			s.log.Debug("no command from a client", "error", err)
			_ = to.send(kindRefusal, []byte(err.Error())) // it may be gone
		}
		return
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	in := &stdin{ctx: ctx, to: to, pieces: make(chan piece, 1)}
	var reading sync.WaitGroup
	reading.Go(func() { cancel(s.listen(c, in, cancel)) })
	code := s.run(ctx, &Command{
		Request: request, Stdin: in,
		Stdout: stream{to, kindStdout, errGone}, Stderr: stream{to, kindStderr, errGone},
		Note: func(b []byte) error { return to.send(kindNote, b) },
	})
	_ = to.send(kindExit, []byte{byte(code)}) // it may be gone
	// What the client sent meanwhile must be read: closing would throw away
	// the exit code with it.
	_ = c.CloseWrite()
	_ = c.SetReadDeadline(time.Now().Add(graceOfWrite))
	reading.Wait()
}

// request says what this is and reads what the client wants.
func (s *server) request(c *net.UnixConn, to *sender) (Request, error) {
	process, err := checkPeer(c)
	if err != nil {
		return Request{}, err
	}
	if err := c.SetDeadline(time.Now().Add(helloTimeout)); err != nil {
		return Request{}, err
	}
	about, err := json.Marshal(s.about)
	if err != nil {
		return Request{}, err
	}
	if err := to.send(kindAbout, about); err != nil {
		return Request{}, err
	}
	k, body, err := readMessage(c)
	if err != nil {
		return Request{}, err
	}
	if k != kindRequest {
		return Request{}, fmt.Errorf("%w: a client begins with one of kind %q", errProtocol, byte(k))
	}
	request, err := decodeRequest(body)
	if err != nil {
		return Request{}, err
	}
	if request.Version != s.about.Version {
		return Request{}, fmt.Errorf("it is version %s, not %s", s.about.Version, request.Version)
	}
	if !filepath.IsAbs(request.Dir) {
		return Request{}, fmt.Errorf("the working directory %q is not absolute", request.Dir)
	}
	if process > 0 {
		request.Process = process // as this process sees it
	}
	return request, c.SetDeadline(time.Time{})
}

// listen reads what the client sends during its command, until it sends no
// more, and returns why.
func (s *server) listen(c *net.UnixConn, in *stdin, cancel context.CancelCauseFunc) error {
	for {
		k, body, err := readMessage(c)
		if err != nil {
			return errGone
		}
		switch k {
		case kindInterrupt:
			cancel(context.Canceled)
		case kindStdin, kindStdinEnd:
			p := piece{bytes: body, end: k == kindStdinEnd}
			if !in.wanted.CompareAndSwap(true, false) {
				return fmt.Errorf("%w: standard input that nobody wants", errProtocol)
			}
			in.pieces <- p // has room for the one that was wanted
		default:
			return fmt.Errorf("%w: a client sends none of kind %q", errProtocol, byte(k))
		}
	}
}

// run runs a command; one that breaks must not take the server along.
func (s *server) run(ctx context.Context, c *Command) (code int) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic", "command", c.Args, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			fmt.Fprintf(c.Stderr, "papergraph: the command broke (%v); the server's log has more\n", p)
			code = exitPanic
		}
	}()
	return s.handle(ctx, c)
}
