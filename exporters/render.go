package exporters

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// ImageFormat is a form of picture.
type ImageFormat string

// The forms of picture.
const (
	SVG ImageFormat = "svg"
	PNG ImageFormat = "png"
)

// Layout is a way to arrange a graph; "" leaves it to the graph's own layout
// attribute, which [DOT] sets by size.
type Layout string

// The layouts that both programs have.
const (
	LayoutDot   Layout = "dot"   // in ranks
	LayoutSfdp  Layout = "sfdp"  // by forces, for many nodes
	LayoutNeato Layout = "neato" // by forces
	LayoutFdp   Layout = "fdp"   // by forces
	LayoutTwopi Layout = "twopi" // in circles around a centre
	LayoutCirco Layout = "circo" // on circles
	LayoutOsage Layout = "osage" // in boxes
)

// Layouts returns all layouts. The slice is the caller's own.
func Layouts() []Layout {
	return []Layout{LayoutDot, LayoutSfdp, LayoutNeato, LayoutFdp, LayoutTwopi, LayoutCirco, LayoutOsage}
}

// MaxPNGNodes is how many nodes a PNG may have. Beyond it an image takes
// minutes and a gigabyte, and nobody can read it: SVG can be zoomed.
const MaxPNGNodes = 500

// Errors of rendering.
var (
	// ErrNoRenderer says that there is no program on this machine that draws.
	ErrNoRenderer = errors.New("no program to draw with: install Graphviz (its program dot), or put papergraph-render beside papergraph or on PATH (go install ./cmd/papergraph-render)")
	// ErrRender says that the program refused the graph or failed.
	ErrRender = errors.New("drawing failed")
	// ErrImageTooLarge says that the image is larger than the limit.
	ErrImageTooLarge = errors.New("image is too large")
)

// TooManyNodesError says that a graph has more nodes than a PNG may have.
type TooManyNodesError struct{ Nodes, Limit int }

// Error says what to do about it.
func (e *TooManyNodesError) Error() string {
	return fmt.Sprintf("%d nodes are too many for a PNG, which may have %d: take SVG, or a smaller view", e.Nodes, e.Limit)
}

// RendererOptions bounds what drawing may cost. The zero value has the
// defaults.
type RendererOptions struct {
	// Timeout is how long one drawing may take, its wait for a free place
	// not counted; 30 seconds if 0. A graph of the size that [DOT] gives to
	// either layout takes a few seconds at most.
	Timeout time.Duration
	// MaxConcurrent is how many drawings run at once; half the CPUs, at
	// least 1, if 0.
	MaxConcurrent int
	// MaxBytes bounds an image; 64 MiB if 0.
	MaxBytes int
}

func (o RendererOptions) withDefaults() RendererOptions {
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.MaxConcurrent <= 0 {
		o.MaxConcurrent = max(1, runtime.NumCPU()/2)
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = 64 << 20
	}
	return o
}

// Renderer draws graphs by running a program: Graphviz's dot where it is on
// PATH, else papergraph-render beside the running program or on PATH. A child
// process is the only way to stop a drawing that takes too long. Safe for
// concurrent use.
//
// The two differ in their fonts. dot draws a PNG with those of the machine:
// any script that it has fonts for, and boxes for letters where it has none at
// all, as in a container of Graphviz alone. papergraph-render brings its own,
// with Latin, Greek, Cyrillic and the signs of mathematics.
type Renderer struct {
	options RendererOptions
	places  chan struct{}
	// beside is the folder of the running program.
	beside func() (string, error)
}

// NewRenderer returns a Renderer with the given bounds. It starts nothing and
// looks for no program yet.
func NewRenderer(o RendererOptions) *Renderer {
	o = o.withDefaults()
	return &Renderer{options: o, places: make(chan struct{}, o.MaxConcurrent), beside: programFolder}
}

func programFolder() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", err
	}
	return filepath.Dir(path), nil
}

// helperName is the program of cmd/papergraph-render.
const helperName = "papergraph-render"

// Programs lists the programs that can draw on this machine, the one that is
// tried first first.
func (r *Renderer) Programs() []string {
	var found []string
	add := func(path string, err error) {
		// With exec.ErrDot too: a program in the working folder is not ours
		// to run.
		if err == nil && !slices.Contains(found, path) {
			found = append(found, path)
		}
	}
	add(exec.LookPath("dot"))
	if dir, err := r.beside(); err == nil {
		add(exec.LookPath(filepath.Join(dir, helperName)))
	}
	add(exec.LookPath(helperName))
	return found
}

// Render draws a graph in the DOT language. Where one program fails on the
// graph, the next one is tried: a Graphviz may be built without PNG.
//
// Errors wrap [ErrNoRenderer], [ErrRender], [ErrDOT], [ErrImageTooLarge] or
// the context's error, [context.DeadlineExceeded] also where Timeout ran out;
// too many nodes for a PNG are a [*TooManyNodesError].
func (r *Renderer) Render(ctx context.Context, dot []byte, format ImageFormat, layout Layout) ([]byte, error) {
	if format != SVG && format != PNG {
		return nil, fmt.Errorf("draw graph: unknown format %q: expected %s or %s", format, SVG, PNG)
	}
	if layout != "" && !slices.Contains(Layouts(), layout) {
		return nil, fmt.Errorf("draw graph: unknown layout %q: expected one of %v", layout, Layouts())
	}
	nodes, closing, err := scanDOT(dot)
	if err != nil {
		return nil, fmt.Errorf("draw graph: %w", err)
	}
	if layout != "" {
		// A graph's own attribute goes before the option -K, and of two
		// attributes the last one counts.
		dot = slices.Concat(dot[:closing], []byte("\nlayout="+layout+"\n"), dot[closing:])
	}
	if format == PNG && nodes > MaxPNGNodes {
		return nil, fmt.Errorf("draw graph: %w", &TooManyNodesError{Nodes: nodes, Limit: MaxPNGNodes})
	}
	programs := r.Programs()
	if len(programs) == 0 {
		return nil, fmt.Errorf("draw graph: %w", ErrNoRenderer)
	}
	select {
	case r.places <- struct{}{}:
		defer func() { <-r.places }()
	case <-ctx.Done():
		return nil, fmt.Errorf("draw graph: wait for a free place: %w", context.Cause(ctx))
	}
	ctx, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	var failures []error
	for _, program := range programs {
		image, err := r.runProgram(ctx, program, dot, format)
		if err != nil && forgetDamagedCode(err) {
			image, err = r.runProgram(ctx, program, dot, format)
		}
		if err == nil {
			return image, nil
		}
		if !errors.Is(err, ErrRender) {
			return nil, fmt.Errorf("draw graph of %d nodes: %w", nodes, err)
		}
		failures = append(failures, err)
	}
	return nil, fmt.Errorf("draw graph of %d nodes: %w", nodes, errors.Join(failures...))
}

// pngInches bounds a PNG's width and height: Graphviz scales down what is
// larger. At 96 dots an inch it is 8,000 dots.
const pngInches = "83"

// runProgram draws with one program. Only an error that wraps ErrRender leaves
// hope for another.
func (r *Renderer) runProgram(ctx context.Context, program string, dot []byte, format ImageFormat) ([]byte, error) {
	args := []string{"-T" + string(format)}
	own := strings.TrimSuffix(filepath.Base(program), ".exe") == helperName
	if format == PNG && !own {
		args = append(args, "-Gsize="+pngInches+","+pngInches)
	}
	cmd := exec.CommandContext(ctx, program, args...)
	// With SERVER_NAME Graphviz reads no files that a graph may name.
	cmd.Env = append(os.Environ(), "SERVER_NAME=papergraph")
	if own {
		// go-graphviz keeps compiled code in the temporary folder, under a
		// name that anybody on the machine may have taken.
		if dir, err := cacheFolder(); err == nil {
			cmd.Env = append(cmd.Env, "TMPDIR="+dir, "TMP="+dir)
		}
	}
	cmd.Stdin = bytes.NewReader(dot)
	image := &boundedBuffer{limit: r.options.MaxBytes}
	complaint := &boundedBuffer{limit: 4 << 10, lenient: true}
	cmd.Stdout, cmd.Stderr = image, complaint
	// A grandchild may hold the pipes open after the child was killed.
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	name := filepath.Base(program)
	switch {
	case image.full:
		return nil, fmt.Errorf("%s: %w: more than %d bytes", name, ErrImageTooLarge, r.options.MaxBytes)
	case ctx.Err() != nil:
		return nil, fmt.Errorf("%s was stopped: %w", name, context.Cause(ctx))
	case err != nil:
		if said := strings.TrimSpace(string(bytes.ToValidUTF8(complaint.kept.Bytes(), []byte("?")))); said != "" {
			return nil, fmt.Errorf("%w: %s: %w: %s", ErrRender, name, err, said)
		}
		return nil, fmt.Errorf("%w: %s: %w", ErrRender, name, err)
	case image.kept.Len() == 0:
		return nil, fmt.Errorf("%w: %s gave no image", ErrRender, name)
	}
	return image.kept.Bytes(), nil
}

// cacheFolder is a folder of the user's own for papergraph-render's compiled
// code.
func cacheFolder() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir = filepath.Join(dir, "papergraph")
	return dir, os.MkdirAll(dir, 0o700)
}

// forgetDamagedCode removes the compiled code of papergraph-render if that is
// what its failure was about: it would fail at every start otherwise.
func forgetDamagedCode(failure error) bool {
	if !errors.Is(failure, ErrRender) || !strings.Contains(failure.Error(), "compilationcache") {
		return false
	}
	dir, err := cacheFolder()
	return err == nil && os.RemoveAll(filepath.Join(dir, "go-graphviz")) == nil
}

// boundedBuffer keeps at most limit bytes. It fails when more come, so that
// the child ends, or drops them if lenient. It must not embed the buffer:
// [io.Copy] would find its ReadFrom and go past the limit.
type boundedBuffer struct {
	kept    bytes.Buffer
	limit   int
	lenient bool
	full    bool
}

// Write implements [io.Writer].
func (b *boundedBuffer) Write(p []byte) (int, error) {
	room := b.limit - b.kept.Len()
	if len(p) <= room {
		return b.kept.Write(p)
	}
	b.full = true
	if b.lenient {
		b.kept.Write(p[:room])
		return len(p), nil
	}
	return 0, ErrImageTooLarge
}
