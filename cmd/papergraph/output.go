package main

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"golang.org/x/term"
)

// output is where a command writes. All that is not data goes to stderr, in
// lower case, without a full stop, behind the program's name.
type output struct {
	stdout, stderr io.Writer
	quiet          bool // only errors
	// note sends what is not output to the process that the command is run
	// for; nil where that is this one.
	note func([]byte) error
}

// errorf reports an error; one that is several stands on several lines.
func (o *output) errorf(format string, args ...any) {
	for line := range strings.SplitSeq(fmt.Sprintf(format, args...), "\n") {
		fmt.Fprintf(o.stderr, "papergraph: %s\n", line)
	}
}

// infof reports what is done, unless quiet.
func (o *output) infof(format string, args ...any) {
	if !o.quiet {
		fmt.Fprintf(o.stderr, "papergraph: "+format+"\n", args...)
	}
}

// writeJSON writes a value as people read it, indented.
func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// terminal says whether stderr is one that bars can be drawn on.
func (o *output) terminal() bool {
	f, ok := o.stderr.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// logger is for what serves: plain lines, only warnings when quiet.
func (o *output) logger() *slog.Logger {
	level := slog.LevelInfo
	if o.quiet {
		level = slog.LevelWarn
	}
	return slog.New(slog.NewTextHandler(o.stderr, &slog.HandlerOptions{Level: level}))
}
