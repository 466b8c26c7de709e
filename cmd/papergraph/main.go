// Command papergraph reads papers, builds a typed knowledge graph of them,
// keeps it in Badger, serves it over GraphQL and draws it.
//
// Each command is a file of this package: flags in, one call, output out. Data
// goes to standard output, everything else to standard error. Exit codes: 0
// done, 1 failed, 2 usage, 3 done but some input was refused.
//
// open.go decides how a command gets the store. Where a server holds it, the
// command goes over to that server, package handover has how, and is run there
// by the same code: so it opens nothing, but takes what globals.open returns; it
// reads and writes the streams that it is given; and paths that users name lead
// where globals.path says.
//
// The commands are built on github.com/spf13/cobra, which gives completion and
// man pages; the progress bars are github.com/vbauerster/mpb's.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"papergraph/cmd/papergraph/handover"
	"papergraph/store"
)

// Exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitPartial = 3
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program as if there were no handler
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// usageError is a mistake in how the command was called.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// errPartial says that the command did its work but refused some input, which
// it has reported already.
var errPartial = errors.New("some input was refused")

// call is how the program was called, by the system or by a process that hands
// its work over.
type call struct {
	args           []string
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	// by is what the process sent that handed its work over; nil where there
	// is none.
	by *handover.Command
}

// String is what to call it in a message.
func (c call) String() string {
	s := "papergraph " + strings.Join(c.args, " ")
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:77], "") + "..."
	}
	if c.by != nil {
		s += fmt.Sprintf(" (process %d)", c.by.Process)
	}
	return s
}

// run is the whole program: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	return execute(ctx, call{args: args, stdin: stdin, stdout: stdout, stderr: stderr, getenv: os.Getenv}, nil)
}

// execute runs a command, with what a server lends it if there is one.
func execute(ctx context.Context, c call, h *host) int {
	out := &output{stdout: c.stdout, stderr: c.stderr}
	if c.by != nil {
		out.note = c.by.Note
	}
	root := newRoot(&globals{out: out, call: c, host: h})
	root.SetArgs(c.args)
	root.SetIn(c.stdin)
	root.SetOut(c.stdout)
	root.SetErr(c.stderr)
	err := root.ExecuteContext(ctx)
	var elsewhere handedOver
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &elsewhere):
		return elsewhere.code
	case errors.Is(err, errPartial):
		return exitPartial
	case errors.Is(context.Cause(ctx), handover.ErrEnding) && (errors.Is(err, context.Canceled) || errors.Is(err, store.ErrClosed)):
		out.errorf("interrupted: the server that holds the store was stopped")
		return exitFailed
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		out.errorf("interrupted")
		return exitFailed
	case errors.Is(err, syscall.EPIPE):
		return exitFailed // whoever read us has enough; there is nobody to tell
	}
	out.errorf("%v", err)
	if usage := (usageError{}); errors.As(err, &usage) {
		out.errorf("see papergraph --help")
		return exitUsage
	}
	return exitFailed
}

// usageArgs makes a mistake in the number of arguments a usage error.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{err}
		}
		return nil
	}
}
