package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"papergraph/store"
)

func newBackup(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write all snapshots of the store to one file",
		Long: "Writes everything that the store holds to one compressed file (- is standard output), from\n" +
			"which papergraph restore makes the same store. The file ends in a checksum, so that one that\n" +
			"was cut off or changed is not taken for a backup.",
		Example: "  papergraph backup papers.backup\n  papergraph backup - | ssh elsewhere 'cat > papers.backup'",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if f, ok := g.out.stdout.(*os.File); ok && args[0] == "-" && term.IsTerminal(int(f.Fd())) {
				return usageError{fmt.Errorf("a backup is not for a terminal: name a file, or send standard output to one")}
			}
			s, err := g.openForReading(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			var info store.BackupInfo
			counted := &countingWriter{}
			err = g.writeOutput(args[0], func(w io.Writer) (err error) {
				counted.to = w
				info, err = s.Backup(cmd.Context(), counted, g.out.steps("back up", "record"))
				return err
			})
			if err != nil {
				return err
			}
			g.out.infof("%s of %s in %s, %s", plural(len(info.Snapshots), "snapshot"), g.store, args[0], bytesText(counted.n))
			return nil
		},
	}
}

func newRestore(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Make a store of a backup",
		Long: "Makes a store, in a folder that is not there or empty, of a file that papergraph backup wrote\n" +
			"(- is standard input). What is not a whole backup leaves nothing behind.",
		Example: "  papergraph restore --store new.db papers.backup",
		Args:    usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			in := interruptible(cmd.Context(), cmd.InOrStdin())
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return fmt.Errorf("restore: %w", err)
				}
				defer f.Close()
				in = f
			}
			info, err := store.Restore(cmd.Context(), in, g.store, store.Options{Logger: g.out.logger()}, g.out.steps("restore", "record"))
			if err != nil {
				return fmt.Errorf("restore %s: %w", args[0], err)
			}
			newest := info.Snapshots[0]
			g.out.infof("%s in %s, the newest %s of %s: %s, %s, %s", plural(len(info.Snapshots), "snapshot"), g.store, short(newest.ID),
				newest.Time.UTC().Format(timeFormat), plural(newest.Papers, "paper"), plural(newest.Nodes, "node"), plural(newest.Edges, "edge"))
			return nil
		},
	}
}

// countingWriter counts what goes through it.
type countingWriter struct {
	to io.Writer
	n  int64
}

// Write implements [io.Writer].
func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	return n, err
}

// steps returns a function that reports now and then how much of something is
// done.
func (o *output) steps(what, unit string) func(done int) {
	report := o.stages(what, unit)
	return func(done int) { report("", done) }
}

// stages is steps for what is done in several stages, which are named.
func (o *output) stages(what, unit string) func(stage string, done int) {
	next := time.Now().Add(lineEvery)
	return func(stage string, done int) {
		now := time.Now()
		if !now.After(next) {
			return
		}
		next = now.Add(lineEvery)
		if stage != "" {
			stage = " " + stage
		}
		o.infof("%s%s: %s", what, stage, plural(done, unit))
	}
}
