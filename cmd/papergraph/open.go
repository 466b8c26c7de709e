package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"papergraph/cmd/papergraph/handover"
	"papergraph/store"
)

// opened is the store as a command has it: its own, or lent by the server that
// runs the command for another process.
type opened struct {
	*store.Store
	end func() error
}

// Close ends the command's use of the store.
func (o *opened) Close() error { return o.end() }

// lockPatience is how long a command waits for a store that another process
// holds and that no server answers for: one that begins or ends, a short
// reader, a repair.
const (
	lockPatience = time.Second
	lockInterval = 20 * time.Millisecond
)

// open gives a command the store. Where a server holds it, the server runs the
// command instead, and the error is handedOver. So it comes before a command
// reads standard input or writes anything.
func (g *globals) open(ctx context.Context, o store.Options) (*opened, error) {
	if g.host != nil {
		return g.host.lend(ctx, g, o)
	}
	o.Logger = g.out.logger()
	for start := time.Now(); ; {
		refused := g.handOver(ctx)
		if refused != nil && !errors.Is(refused, handover.ErrUnreachable) {
			return nil, refused
		}
		s, err := store.Open(g.store, o)
		switch {
		case err == nil:
			return &opened{s, s.Close}, nil
		case !errors.Is(err, store.ErrLocked):
			return nil, err
		case time.Since(start) > lockPatience:
			return nil, errors.Join(err, refused)
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

// pause waits for the next try.
func pause(ctx context.Context) error {
	select {
	case <-time.After(lockInterval):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// openForReading opens the store as one of several readers.
func (g *globals) openForReading(ctx context.Context) (*opened, error) {
	return g.open(ctx, store.Options{ReadOnly: true})
}

// openForChange opens a store that exists, as its only writer: it waits for
// another command that the same server runs.
func (g *globals) openForChange(ctx context.Context) (*opened, error) {
	return g.open(ctx, store.Options{Existing: true})
}

// openForBuild is openForChange of a store that need not exist.
func (g *globals) openForBuild(ctx context.Context) (*opened, error) {
	return g.open(ctx, store.Options{})
}

// handedOver is the error of a command that a server has run instead, and its
// exit code. Everything that there was to say has been said.
type handedOver struct{ code int }

func (handedOver) Error() string { return "the server that holds the store has run the command" }

// handOver has the server that holds the store run this command; the error is
// handedOver then. It is nil if no server does.
func (g *globals) handOver(ctx context.Context) error {
	if g.host != nil {
		return nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return fmt.Errorf("find the working directory: %w", err)
	}
	relayed := relayedProgress{out: g.out}
	code, err := handover.Call(ctx, g.store, handover.Request{
		Version: programVersion(), Args: g.call.args, Dir: dir, Process: os.Getpid(),
		Env: map[string]string{storeVariable: g.call.getenv(storeVariable)},
	}, handover.Streams{Stdin: g.call.stdin, Stdout: g.call.stdout, Stderr: g.call.stderr, Note: relayed.take})
	relayed.finish(false)
	switch {
	case errors.Is(err, handover.ErrNoServer):
		return nil
	case err != nil:
		return err
	}
	return handedOver{code}
}

// host is what a server lends to the commands that it runs for other processes.
type host struct {
	store    *store.Store
	readOnly bool            // and so nothing is lent
	pinned   *store.Snapshot // what it serves; nil for the newest
	turn     *turn
	shipped  shipped
	log      *slog.Logger
}

// lend gives a command the store of the server that runs it. One that writes
// waits for its turn.
func (h *host) lend(ctx context.Context, g *globals, o store.Options) (*opened, error) {
	if o.ReadOnly {
		return &opened{h.store, func() error { return nil }}, nil
	}
	if err := h.turn.take(ctx, g.call.String(), func(who string) { g.out.infof("waiting for %s", who) }); err != nil {
		return nil, err
	}
	return &opened{h.store, func() error { h.turn.give(); return nil }}, nil
}

// path is where a path that the user gave leads: of a command that was handed
// over, from the working directory of the process that it comes from.
func (g *globals) path(path string) string {
	by := g.call.by
	switch {
	case by == nil:
		return path
	case !filepath.IsAbs(path):
		return by.Dir + string(filepath.Separator) + path // a slash at its end stays
	}
	// These are other files in each process, /dev/fd/63 for one, which is what
	// a shell makes of <(zcat papers.gz).
	own := fmt.Sprintf("/proc/%d", by.Process)
	clean := filepath.Clean(path)
	if rest, ok := strings.CutPrefix(clean, "/proc/self/"); ok {
		return own + "/" + rest
	}
	if rest, ok := strings.CutPrefix(clean, "/dev/fd/"); ok {
		return own + "/fd/" + rest
	}
	if i := slices.Index([]string{"/dev/stdin", "/dev/stdout", "/dev/stderr"}, clean); i >= 0 {
		return own + "/fd/" + strconv.Itoa(i)
	}
	return path
}

// asGiven names in an error of the file system the path as the user gave it.
func asGiven(err error, path string) error {
	if e := (*os.PathError)(nil); errors.As(err, &e) {
		e.Path = path
	}
	return err
}

// openFile opens a file for reading.
func (g *globals) openFile(path string) (*os.File, error) {
	f, err := os.Open(g.path(path))
	return f, asGiven(err, path)
}
