package handover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

// otherUser names the folder that the test binary, started by another user,
// calls the server of.
const otherUser = "HANDOVER_TEST_FOLDER"

func TestMain(m *testing.M) {
	if folder := os.Getenv(otherUser); folder != "" {
		_, err := Call(context.Background(), folder, request(), Streams{Stdin: strings.NewReader(""), Stdout: os.Stdout, Stderr: os.Stderr})
		fmt.Println(err)
		return
	}
	goleak.VerifyTestMain(m)
}

func request(args ...string) Request {
	return Request{Version: "v1", Args: args, Dir: "/", Env: map[string]string{"HOME": "/root"}, Process: os.Getpid()}
}

// serve runs a server of a folder until the test ends, or stop is called.
func serve(t *testing.T, folder string, handle Handler) (stop func()) {
	t.Helper()
	l, err := Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- l.Serve(ctx, About{Version: "v1", Address: "http://127.0.0.1:1/"}, handle, slog.New(slog.DiscardHandler))
	}()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// recorded are the streams of a client that keeps what it gets, each piece
// after the name of its stream.
type recorded struct {
	mu sync.Mutex
	b  strings.Builder
}

type recordedStream struct {
	*recorded
	name string
}

func (r recordedStream) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fmt.Fprintf(&r.b, "%s %s\n", r.name, p)
	return len(p), nil
}

func (r *recorded) streams(stdin io.Reader) Streams {
	return Streams{Stdin: stdin, Stdout: recordedStream{r, "out"}, Stderr: recordedStream{r, "err"}, Note: func(b []byte) error {
		_, err := recordedStream{r, "note"}.Write(b)
		return err
	}}
}

func TestCall(t *testing.T) {
	folder := t.TempDir()
	var got Request
	serve(t, folder, func(_ context.Context, c *Command) int {
		got = c.Request
		fmt.Fprint(c.Stdout, "one")
		fmt.Fprint(c.Stderr, "two")
		if err := c.Note([]byte("three")); err != nil {
			t.Error(err)
		}
		in, err := io.ReadAll(c.Stdin)
		if err != nil {
			t.Error(err)
		}
		fmt.Fprint(c.Stdout, string(in))
		return 3
	})
	want := request("build", "a b", "", "caf\xe9")
	var r recorded
	code, err := Call(t.Context(), folder, want, r.streams(strings.NewReader("four")))
	if err != nil || code != 3 {
		t.Fatalf("exit code %d, error %v", code, err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("request (-sent +received):\n%s", d)
	}
	if got, want := r.b.String(), "out one\nerr two\nnote three\nout four\n"; got != want {
		t.Errorf("the client gets\n%s\nwant\n%s", got, want)
	}
	about, err := Ask(t.Context(), folder)
	if err != nil || about != (About{Version: "v1", Address: "http://127.0.0.1:1/"}) {
		t.Errorf("about %+v, error %v", about, err)
	}
}

// Much goes both ways, to many clients at a time, whole and in order.
func TestCallMuch(t *testing.T) {
	folder := t.TempDir()
	serve(t, folder, func(_ context.Context, c *Command) int {
		if _, err := io.Copy(c.Stdout, c.Stdin); err != nil {
			t.Error(err)
		}
		return 0
	})
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			in := bytes.Repeat([]byte{byte(i), 1, 2, 3, 4, 5, 6}, 100_000)
			var out bytes.Buffer
			code, err := Call(t.Context(), folder, request(), Streams{Stdin: bytes.NewReader(in), Stdout: &out, Stderr: io.Discard})
			if err != nil || code != 0 || !bytes.Equal(in, out.Bytes()) {
				t.Errorf("client %d: %d of %d bytes come back, exit code %d, error %v", i, out.Len(), len(in), code, err)
			}
		})
	}
	all.Wait()
}

// failing fails to be read, after a text.
type failing struct {
	reads int
	err   error
}

func (f *failing) Read(p []byte) (int, error) {
	if f.reads++; f.reads == 1 {
		return copy(p, "begun"), nil
	}
	return 0, f.err
}

// Standard input that the command does not read stays unread, and an error in
// reading it is the command's.
func TestStdin(t *testing.T) {
	folder := t.TempDir()
	serve(t, folder, func(_ context.Context, c *Command) int {
		if c.Args[0] == "ignore" {
			return 0
		}
		b, err := io.ReadAll(c.Stdin)
		if string(b) != "begun" || err == nil || err.Error() != "no more" {
			t.Errorf("read %q, error %v", b, err)
		}
		return 0
	})
	in := &failing{err: errors.New("no more")}
	for _, tt := range []struct {
		arg   string
		reads int
	}{{"ignore", 0}, {"read", 2}} {
		var r recorded
		if code, err := Call(t.Context(), folder, request(tt.arg), r.streams(in)); err != nil || code != 0 {
			t.Fatalf("%s: exit code %d, error %v", tt.arg, code, err)
		}
		if in.reads != tt.reads {
			t.Errorf("%s: standard input was read %d times, want %d", tt.arg, in.reads, tt.reads)
		}
	}
}

// An interrupt of the client reaches the command, also one that waits for
// standard input, and the client waits for its end.
func TestInterrupt(t *testing.T) {
	folder := t.TempDir()
	begun := make(chan struct{})
	serve(t, folder, func(ctx context.Context, c *Command) int {
		close(begun)
		if _, err := c.Stdin.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) || errors.Is(err, ErrEnding) {
			t.Errorf("read: %v, want it interrupted", err)
		}
		<-ctx.Done()
		fmt.Fprint(c.Stderr, "interrupted")
		return 1
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-begun
		cancel()
	}()
	stdin, w := io.Pipe()
	defer w.Close()
	var r recorded
	code, err := Call(ctx, folder, request(), r.streams(stdin))
	if err != nil || code != 1 || r.b.String() != "err interrupted\n" {
		t.Errorf("exit code %d, error %v, output %q", code, err, r.b.String())
	}
}

// A client that vanishes ends its command, which cannot write to it any more.
func TestVanishedClient(t *testing.T) {
	folder := t.TempDir()
	begun, ended := make(chan struct{}), make(chan error, 1)
	serve(t, folder, func(ctx context.Context, c *Command) int {
		close(begun)
		<-ctx.Done()
		_, err := c.Stdout.Write([]byte("gone?"))
		for err == nil { // what the system still takes
			_, err = c.Stdout.Write(make([]byte, maxBody))
		}
		ended <- err
		return 0
	})
	c, _, err := dial(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	body, err := encodeRequest(request())
	if err != nil {
		t.Fatal(err)
	}
	if err := (&sender{w: c}).send(kindRequest, body); err != nil {
		t.Fatal(err)
	}
	<-begun
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; !errors.Is(err, syscall.EPIPE) {
		t.Errorf("writing to a client that is gone: %v", err)
	}
}

// A server that ends cancels its commands, waits for them and removes the
// socket. Clients get what the commands say to it.
func TestEndingServer(t *testing.T) {
	folder := t.TempDir()
	begun := make(chan struct{})
	stop := serve(t, folder, func(ctx context.Context, c *Command) int {
		close(begun)
		<-ctx.Done()
		if err := context.Cause(ctx); !errors.Is(err, ErrEnding) || !errors.Is(err, context.Canceled) {
			t.Errorf("cause %v, want %v", err, ErrEnding)
		}
		fmt.Fprint(c.Stderr, "stopped")
		return 1
	})
	go func() {
		<-begun
		stop()
	}()
	var r recorded
	code, err := Call(t.Context(), folder, request(), r.streams(strings.NewReader("")))
	if err != nil || code != 1 || r.b.String() != "err stopped\n" {
		t.Errorf("exit code %d, error %v, output %q", code, err, r.b.String())
	}
	stop()
	if entries, err := os.ReadDir(folder); err != nil || len(entries) > 0 {
		t.Errorf("left in the folder: %v, error %v", entries, err)
	}
	if _, err := Ask(t.Context(), folder); !errors.Is(err, ErrNoServer) {
		t.Errorf("ask: %v, want %v", err, ErrNoServer)
	}
}

// A server that is killed is an error of those whose commands it ran.
func TestLostServer(t *testing.T) {
	folder := t.TempDir()
	l, err := Listen(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		c, err := l.l.AcceptUnix()
		if err != nil {
			t.Error(err)
			return
		}
		to := &sender{w: c}
		if err := errors.Join(to.send(kindAbout, []byte(`{"version":"v1"}`)), to.send(kindStdout, []byte("half"))); err != nil {
			t.Error(err)
		}
		if _, _, err := readMessage(c); err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	}()
	var r recorded
	if _, err := Call(t.Context(), folder, request(), r.streams(strings.NewReader(""))); !errors.Is(err, ErrLost) || r.b.String() != "out half\n" {
		t.Errorf("error %v, want %v; output %q", err, ErrLost, r.b.String())
	}
}

func TestNoServer(t *testing.T) {
	stale := t.TempDir()
	l, err := bind(stale)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if st, err := os.Lstat(filepath.Join(stale, SocketName)); err != nil || st.Mode() != fs.ModeSocket|0o600 {
		t.Fatalf("the socket of a server that was killed is %v, error %v", st, err)
	}
	file := t.TempDir()
	if err := os.WriteFile(filepath.Join(file, SocketName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, folder := range map[string]string{
		"stale": stale, "file": file, "empty": t.TempDir(), "missing": filepath.Join(t.TempDir(), "missing"),
		"below a file": filepath.Join(file, SocketName), "no path": "",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Ask(t.Context(), folder); !errors.Is(err, ErrNoServer) {
				t.Errorf("error %v, want %v", err, ErrNoServer)
			}
		})
	}
	// The next server takes its place.
	serve(t, stale, func(context.Context, *Command) int { return 7 })
	var r recorded
	if code, err := Call(t.Context(), stale, request(), r.streams(nil)); err != nil || code != 7 {
		t.Errorf("exit code %d, error %v", code, err)
	}
}

// A path may be longer than that of a socket can be.
func TestLongPath(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	folder := filepath.Join(t.TempDir(), strings.Repeat("long/", 60))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	serve(t, folder, func(context.Context, *Command) int { return 5 })
	var r recorded
	if code, err := Call(t.Context(), folder, request(), r.streams(nil)); err != nil || code != 5 {
		t.Errorf("exit code %d, error %v", code, err)
	}
	t.Chdir(filepath.Dir(folder))
	if code, err := Call(t.Context(), "long", request(), r.streams(nil)); err != nil || code != 5 {
		t.Errorf("by a relative path: exit code %d, error %v", code, err)
	}
	if entries, err := os.ReadDir(temp); err != nil || len(entries) > 0 {
		t.Errorf("left in the folder of temporary files: %v, error %v", entries, err)
	}
}

func TestVersion(t *testing.T) {
	folder := t.TempDir()
	serve(t, folder, func(context.Context, *Command) int {
		t.Error("a command of another version was run")
		return 0
	})
	other := request()
	other.Version = "v2"
	var r recorded
	if _, err := Call(t.Context(), folder, other, r.streams(nil)); !errors.Is(err, ErrVersion) || !strings.Contains(err.Error(), "it is v1, this is v2") {
		t.Errorf("error %v, want %v", err, ErrVersion)
	}
}

// What breaks the protocol is refused, and the server goes on.
func TestGarbage(t *testing.T) {
	folder := t.TempDir()
	serve(t, folder, func(ctx context.Context, c *Command) int {
		if len(c.Args) > 0 {
			<-ctx.Done()
			return 1
		}
		return 0
	})
	good, err := encodeRequest(request("wait"))
	if err != nil {
		t.Fatal(err)
	}
	var begin bytes.Buffer
	if err := (&sender{w: &begin}).send(kindRequest, good); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing":        "",
		"half a header":  "R\x00",
		"http":           "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
		"too long":       "R\xff\xff\xff\xff",
		"cut off":        "R\x00\x00\x00\x09{}",
		"no JSON":        "R\x00\x00\x00\x02[]",
		"no version":     "R\x00\x00\x00\x02{}",
		"another first":  "C\x00\x00\x00\x00",
		"unwanted input": begin.String() + "I\x00\x00\x00\x01x",
		"second request": begin.String() + begin.String(),
		"server's kind":  begin.String() + "X\x00\x00\x00\x01\x00",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("unix", filepath.Join(folder, SocketName))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := io.WriteString(c, text); err != nil {
				t.Fatal(err)
			}
			if err := c.(*net.UnixConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(c); err != nil && !errors.Is(err, syscall.ECONNRESET) {
				t.Error(err)
			}
			var r recorded
			if code, err := Call(t.Context(), folder, request(), r.streams(nil)); err != nil || code != 0 {
				t.Errorf("the next command: exit code %d, error %v", code, err)
			}
		})
	}
}

// A command that breaks takes nobody along.
func TestPanic(t *testing.T) {
	folder := t.TempDir()
	serve(t, folder, func(_ context.Context, c *Command) int {
		if len(c.Args) > 0 {
			panic("ouch")
		}
		return 0
	})
	var r recorded
	if code, err := Call(t.Context(), folder, request("x"), r.streams(nil)); err != nil || code != 1 || !strings.Contains(r.b.String(), "ouch") {
		t.Errorf("exit code %d, error %v, output %q", code, err, r.b.String())
	}
	if code, err := Call(t.Context(), folder, request(), r.streams(nil)); err != nil || code != 0 {
		t.Errorf("the next command: exit code %d, error %v", code, err)
	}
}

// A client whose output cannot be written stops.
func TestUnwritableOutput(t *testing.T) {
	folder := t.TempDir()
	serve(t, folder, func(_ context.Context, c *Command) int {
		for {
			if _, err := c.Stdout.Write(make([]byte, 1000)); err != nil {
				return 1
			}
		}
	})
	r, w := io.Pipe()
	if err := r.CloseWithError(syscall.EPIPE); err != nil {
		t.Fatal(err)
	}
	if _, err := Call(t.Context(), folder, request(), Streams{Stdout: w}); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("error %v, want %v", err, syscall.EPIPE)
	}
}

func TestLongCommand(t *testing.T) {
	folder := t.TempDir()
	serve(t, folder, func(_ context.Context, c *Command) int { return len(c.Args[0]) >> 20 })
	var r recorded
	if code, err := Call(t.Context(), folder, request(strings.Repeat("x", 2<<20)), r.streams(nil)); err != nil || code != 2 {
		t.Errorf("exit code %d, error %v", code, err)
	}
	if _, err := Call(t.Context(), folder, request(strings.Repeat("x", 8<<20)), r.streams(nil)); err == nil {
		t.Error("a command line of 8 MiB was taken")
	}
}

// Another user is refused, whatever the mode of the socket.
func TestOtherUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can start a process of another user")
	}
	folder, err := os.MkdirTemp("", "handover")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // after the server's end
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	serve(t, folder, func(context.Context, *Command) int {
		t.Error("a command of another user was run")
		return 0
	})
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(folder, "client")
	if err := errors.Join(os.WriteFile(copied, b, 0o755), os.Chmod(folder, 0o755), os.Chmod(filepath.Join(folder, SocketName), 0o666)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(copied)
	cmd.Env = []string{otherUser + "=" + folder}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), errUser.Error()) {
		t.Errorf("another user gets: %s, error %v", out, err)
	}
	// One that does not look whom it talks to is refused by the server.
	c, err := net.Dial("unix", filepath.Join(folder, SocketName))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if k, _, err := readMessage(c); err != nil || k != kindAbout {
		t.Errorf("the same user gets a message of kind %q, error %v", byte(k), err)
	}
}

// A client that reads nothing does not keep a server from ending.
func TestStalledClient(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a client that does not read")
	}
	folder := t.TempDir()
	begun := make(chan struct{})
	stop := serve(t, folder, func(_ context.Context, c *Command) int {
		close(begun)
		for {
			if _, err := c.Stdout.Write(make([]byte, maxBody)); err != nil {
				return 1
			}
		}
	})
	c, _, err := dial(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	body, err := encodeRequest(request())
	if err != nil {
		t.Fatal(err)
	}
	if err := (&sender{w: c}).send(kindRequest, body); err != nil {
		t.Fatal(err)
	}
	<-begun
	time.Sleep(10 * time.Millisecond) // it fills what the system keeps
	stop()
}
