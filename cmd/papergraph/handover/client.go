package handover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// The errors of [Call] and [Ask].
var (
	// ErrNoServer says that no server listens in the folder.
	ErrNoServer = errors.New("no server holds the store")
	// ErrUnreachable says that a server may hold the store but cannot be asked.
	ErrUnreachable = errors.New("the server that holds the store cannot be asked")
	// ErrVersion says that the server is another version of the program.
	ErrVersion = errors.New("the server that holds the store is another version of papergraph")
	// ErrRefused says that the server would not run the command; the rest says
	// why.
	ErrRefused = errors.New("the server that holds the store refuses")
	// ErrLost says that the connection ended before the command did.
	ErrLost = errors.New("the server that holds the store ended before the command was done; run it again")
)

// Streams are those of the client's process, and Note, which receives what the
// command sends with [Command.Note], in its place between what it writes.
type Streams struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Note           func([]byte) error
}

// helloTimeout is how long either end waits for the first message of the other.
const helloTimeout = 10 * time.Second

// Ask asks the server that listens in a folder what it is. The error wraps
// [ErrNoServer], [ErrUnreachable] or [ErrRefused].
func Ask(ctx context.Context, folder string) (About, error) {
	c, about, err := dial(ctx, folder)
	if err != nil {
		return About{}, err
	}
	return about, c.Close()
}

// dial connects to the server of a folder and reads what it is.
func dial(ctx context.Context, folder string) (*net.UnixConn, About, error) {
	if _, err := os.Lstat(filepath.Join(folder, SocketName)); errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, About{}, fmt.Errorf("%w: %s", ErrNoServer, folder)
	}
	short, done, err := shorten(folder)
	if err != nil {
		return nil, About{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", filepath.Join(short, SocketName))
	if removing := done(); err == nil && removing != nil {
		err = errors.Join(removing, conn.Close())
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ENOTSOCK):
		return nil, About{}, fmt.Errorf("%w: %s", ErrNoServer, folder)
	case err != nil:
		return nil, About{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	c, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, About{}, errors.Join(fmt.Errorf("%w: the connection is a %T", ErrUnreachable, conn), conn.Close())
	}
	about, err := greet(ctx, c)
	if err != nil {
		return nil, About{}, errors.Join(err, c.Close())
	}
	return c, about, nil
}

// greet reads the server's first message.
func greet(ctx context.Context, c *net.UnixConn) (About, error) {
	if _, err := checkPeer(c); err != nil {
		return About{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	if err := c.SetReadDeadline(time.Now().Add(helloTimeout)); err != nil {
		return About{}, err
	}
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Unix(1, 0)) }) // a closed connection needs none
	k, body, err := readMessage(c)
	if !stop() {
		return About{}, context.Cause(ctx)
	}
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		return About{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	switch {
	case err != nil:
		return About{}, ErrNoServer // it was about to end
	case k == kindRefusal:
		return About{}, fmt.Errorf("%w: %s", ErrRefused, body)
	case k != kindAbout:
		return About{}, fmt.Errorf("%w: it begins with a message of kind %q", ErrUnreachable, byte(k))
	}
	about, err := decodeAbout(body)
	if err != nil {
		return About{}, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	return about, c.SetReadDeadline(time.Time{})
}

// Call has the server that listens in a folder run a command, and returns its
// exit code. When ctx is done it tells the server, and waits for the command to
// end. The error wraps [ErrNoServer], [ErrUnreachable], [ErrVersion],
// [ErrRefused] or [ErrLost], or is that of a stream. A read from Stdin that waits is left behind.
func Call(ctx context.Context, folder string, request Request, streams Streams) (code int, err error) {
	c, about, err := dial(ctx, folder)
	if err != nil {
		return 0, err
	}
	defer c.Close() // all that is to be said has been, or cannot be
	if about.Version != request.Version {
		return 0, fmt.Errorf("%w: it is %s, this is %s; use the same, or stop the server", ErrVersion, about.Version, request.Version)
	}
	body, err := encodeRequest(request)
	if err != nil {
		return 0, fmt.Errorf("hand the command over: %w", err)
	}
	to := &sender{w: c}
	if err := to.send(kindRequest, body); err != nil {
		return 0, lost(err)
	}
	// An error of a send is that of the connection, which the reader below
	// sees, too.
	stop := context.AfterFunc(ctx, func() { _ = to.send(kindInterrupt, nil) })
	defer stop()
	wanted := make(chan struct{}, 1)
	defer close(wanted)
	go sendStdin(to, streams.Stdin, wanted)
	for {
		k, body, err := readMessage(c)
		if err != nil {
			return 0, lost(err)
		}
		switch k {
		case kindStdout:
			_, err = streams.Stdout.Write(body)
		case kindStderr:
			_, err = streams.Stderr.Write(body)
		case kindNote:
			err = streams.Note(body)
		case kindWant:
			select {
			case wanted <- struct{}{}:
			default:
				err = fmt.Errorf("%w: standard input is wanted twice", errProtocol)
			}
		case kindRefusal:
			err = fmt.Errorf("%w: %s", ErrRefused, body)
		case kindExit:
			if len(body) == 1 {
				return int(body[0]), nil
			}
			err = fmt.Errorf("%w: no exit code", errProtocol)
		default:
			err = fmt.Errorf("%w: a server sends none of kind %q", errProtocol, byte(k))
		}
		if err != nil {
			return 0, err
		}
	}
}

// lost says what an error of the connection means.
func lost(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return ErrLost // the error says no more than that
	}
	return fmt.Errorf("%w: %w", ErrLost, err)
}

// sendStdin sends a piece of standard input whenever one is wanted.
func sendStdin(to *sender, stdin io.Reader, wanted <-chan struct{}) {
	b := make([]byte, maxBody)
	for range wanted {
		n, err := 0, error(nil)
		for n == 0 && err == nil {
			n, err = stdin.Read(b)
		}
		switch {
		case n > 0:
			err = to.send(kindStdin, b[:n]) // an error of the read comes again
		case errors.Is(err, io.EOF):
			err = to.send(kindStdinEnd, nil)
		default:
			text := err.Error()
			err = to.send(kindStdinEnd, []byte(text[:min(len(text), maxBody)]))
		}
		if err != nil {
			return // of the connection, which the reader sees, too
		}
	}
}
