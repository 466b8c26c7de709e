// Papergraph-render draws a graph in the DOT language as an SVG or PNG image,
// on a machine without Graphviz:
//
//	papergraph export --format dot | papergraph-render -T png > graph.png
//
// It is Graphviz compiled to WebAssembly, and a program of its own because
// that is compiled anew when the program starts (two seconds the first time on
// a machine, a tenth of a second afterwards), because a drawing that takes too
// long cannot be stopped other than by ending the process, and because its
// memory comes back only then. Package exporters finds it and runs it where
// there is no program dot.
//
// Graphviz draws the SVG; the PNG is drawn from that SVG here, with fonts that
// are part of the program and have the widths that the layout counted with.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-graphviz"

	"papergraph/exporters"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintf(os.Stderr, "papergraph-render: %v\n", err)
		if errors.Is(err, errUsage) {
			os.Exit(2)
		}
		os.Exit(1)
	}
}

// errUsage says that the arguments are wrong.
var errUsage = errors.New("wrong arguments")

// maxInput bounds the text of a graph; one of 100,000 nodes has 20 MB.
const maxInput = 64 << 20

func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("papergraph-render", flag.ContinueOnError)
	flags.SetOutput(stderr)
	format := flags.String("T", "svg", "`format` of the image: svg or png")
	layout := flags.String("K", "", "`layout`: dot, sfdp, neato, fdp, twopi, circo or osage; if not given, what the graph's layout attribute says, else dot")
	flags.Usage = func() {
		fmt.Fprint(stderr, "usage: papergraph-render [-T svg|png] [-K layout] < graph.dot > image\n\n")
		flags.PrintDefaults()
	}
	switch err := flags.Parse(separate(args)); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return fmt.Errorf("%w: %w", errUsage, err)
	case flags.NArg() > 0:
		return fmt.Errorf("%w: unexpected %q; the graph is read from standard input", errUsage, flags.Arg(0))
	}
	image := exporters.ImageFormat(*format)
	if image != exporters.SVG && image != exporters.PNG {
		return fmt.Errorf("%w: format %q is not svg or png", errUsage, *format)
	}
	if *layout != "" && !slices.Contains(exporters.Layouts(), exporters.Layout(*layout)) {
		return fmt.Errorf("%w: layout %q is not one of %v", errUsage, *layout, exporters.Layouts())
	}

	dot, err := io.ReadAll(io.LimitReader(stdin, maxInput+1))
	switch {
	case err != nil:
		return fmt.Errorf("read graph: %w", err)
	case len(dot) > maxInput:
		return fmt.Errorf("read graph: more than %d bytes", maxInput)
	}
	svg, err := draw(ctx, dot, image, exporters.Layout(*layout))
	if err != nil {
		return err
	}
	if image == exporters.SVG {
		if _, err := stdout.Write(svg); err != nil {
			return fmt.Errorf("write SVG: %w", err)
		}
		return nil
	}
	return rasterise(stdout, svg)
}

// separate lets options be written as for dot: -Tpng is -T=png.
func separate(args []string) []string {
	out := slices.Clone(args)
	for i, arg := range out {
		if len(arg) > 2 && (strings.HasPrefix(arg, "-T") || strings.HasPrefix(arg, "-K")) && arg[2] != '=' {
			out[i] = arg[:2] + "=" + arg[2:]
		}
	}
	return out
}

// draw lays a graph out and draws it as SVG. The format is that of the final
// image, which bounds the size of the graph.
func draw(ctx context.Context, dot []byte, format exporters.ImageFormat, layout exporters.Layout) ([]byte, error) {
	nodes, err := exporters.CountNodes(dot)
	if err != nil {
		return nil, err
	}
	if format == exporters.PNG && nodes > exporters.MaxPNGNodes {
		return nil, &exporters.TooManyNodesError{Nodes: nodes, Limit: exporters.MaxPNGNodes}
	}
	graph, err := graphviz.ParseBytes(dot)
	if err != nil {
		return nil, fmt.Errorf("parse graph: %w", err)
	}
	if graph == nil {
		return nil, fmt.Errorf("parse graph: %w", exporters.ErrDOT)
	}
	if layout == "" {
		layout = exporters.Layout(cmp.Or(graph.GetStr("layout"), string(exporters.LayoutDot)))
	}
	// The attribute would go before the engine that is asked for.
	if err := graph.SafeSet("layout", string(layout), ""); err != nil {
		return nil, fmt.Errorf("set layout %s: %w", layout, err)
	}
	g, err := graphviz.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("start Graphviz: %w", err)
	}
	switch layout {
	case exporters.LayoutSfdp, exporters.LayoutFdp, exporters.LayoutNeato:
		if strings.HasPrefix(graph.GetStr("overlap"), "prism") {
			if graph, err = placed(ctx, g, graph, layout); err != nil {
				return nil, fmt.Errorf("place nodes with layout %s: %w", layout, err)
			}
			layout = exporters.Layout(graphviz.NOP)
		}
	}
	svg, err := render(ctx, g, graph, layout, graphviz.SVG)
	if err != nil {
		return nil, err
	}
	return svg, nil
}

func render(ctx context.Context, g *graphviz.Graphviz, graph *graphviz.Graph, layout exporters.Layout, format graphviz.Format) ([]byte, error) {
	var out bytes.Buffer
	if err := g.SetLayout(graphviz.Layout(layout)).Render(ctx, graph, format, &out); err != nil {
		return nil, fmt.Errorf("draw with layout %s: %w", layout, err)
	}
	if out.Len() == 0 {
		return nil, fmt.Errorf("draw with layout %s: Graphviz gave no image", layout)
	}
	return out.Bytes(), nil
}

// placed lays a graph out with overlaps, removes them, and returns the graph
// with its nodes' places, for the layout that keeps those.
func placed(ctx context.Context, g *graphviz.Graphviz, graph *graphviz.Graph, layout exporters.Layout) (*graphviz.Graph, error) {
	lines := graph.GetStr("splines")
	for name, value := range map[string]string{"overlap": "true", "splines": "none"} {
		if err := graph.SafeSet(name, value, ""); err != nil {
			return nil, fmt.Errorf("set %s: %w", name, err)
		}
	}
	text, err := render(ctx, g, graph, layout, graphviz.XDOT)
	if err != nil {
		return nil, err
	}
	if graph, err = graphviz.ParseBytes(text); err != nil {
		return nil, fmt.Errorf("parse layout: %w", err)
	}
	if graph == nil {
		return nil, fmt.Errorf("parse layout: %w", exporters.ErrDOT)
	}
	var nodes []*graphviz.Node
	var boxes []box
	node, err := graph.FirstNode()
	for ; err == nil && node != nil; node, err = graph.NextNode(node) {
		var b box
		if _, err := fmt.Sscanf(node.GetStr("pos"), "%g,%g", &b.x, &b.y); err != nil {
			return nil, fmt.Errorf("read place %q: %w", node.GetStr("pos"), err)
		}
		for name, size := range map[string]*float64{"width": &b.w, "height": &b.h} {
			inches, err := strconv.ParseFloat(node.GetStr(name), 64)
			if err != nil {
				return nil, fmt.Errorf("read %s: %w", name, err)
			}
			*size = inches * 72 / 2
		}
		nodes, boxes = append(nodes, node), append(boxes, b)
	}
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	spread(boxes)
	for i, node := range nodes {
		if err := node.SafeSet("pos", fmt.Sprintf("%.2f,%.2f", boxes[i].x, boxes[i].y), ""); err != nil {
			return nil, fmt.Errorf("place node: %w", err)
		}
	}
	// Without its old place the heading is put above the nodes anew.
	for name, value := range map[string]string{"layout": string(graphviz.NOP), "splines": lines, "lp": "", "bb": ""} {
		if err := graph.SafeSet(name, value, ""); err != nil {
			return nil, fmt.Errorf("set %s: %w", name, err)
		}
	}
	return graph, nil
}
