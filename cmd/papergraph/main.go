// Command papergraph reads papers, builds a typed knowledge graph of them,
// keeps it in Badger, serves it over GraphQL and draws it.
//
// Each command is a file of this package: flags in, one call, output out. Data
// goes to standard output, everything else to standard error. Exit codes: 0
// done, 1 failed, 2 usage, 3 done but some input was refused.
//
// The commands are built on github.com/spf13/cobra, which gives completion and
// man pages; the progress bars are github.com/vbauerster/mpb's.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
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

// run is the whole program: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	out := &output{stdout: stdout, stderr: stderr}
	root := newRoot(out)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errPartial):
		return exitPartial
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
