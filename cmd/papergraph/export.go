package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"papergraph/exporters"
	"papergraph/graph"
	"papergraph/store"
)

// exportFormats are the formats of export, in the order of its help.
var exportFormats = []string{"dot", "svg", "png", "mermaid", "json", "csv", "facts"}

// pictureNodes bounds a picture unless --max-nodes says otherwise: more do not
// fit a page legibly.
const pictureNodes = 60

type exportFlags struct {
	format, focus, asOf, output string
	kinds, relations            []string
	depth, maxNodes             int
	link                        string
	minConfidence               float64
}

func newExport(g *globals) *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write the graph, or a piece of it, in another format",
		Long: "Writes the graph as DOT, SVG, PNG, Mermaid, JSON, CSV, or the facts of each paper as JSON\n" +
			"Lines. --focus bounds it to what is around an entity (an id, a name or an alias). Pictures\n" +
			"show at most 60 nodes unless --max-nodes says otherwise, and say what they leave out.",
		Example: "  papergraph export --format svg --focus LoRA -o lora.svg\n  papergraph export --format facts > facts.jsonl",
		Args:    usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd.Flags().Changed); err != nil {
				return err
			}
			return g.export(cmd.Context(), cmd.Flags().Changed("max-nodes"), f)
		},
	}
	fl := cmd.Flags()
	fl.StringVar(&f.format, "format", "dot", strings.Join(exportFormats, ", "))
	fl.StringVar(&f.focus, "focus", "", "start from this entity")
	fl.IntVar(&f.depth, "depth", 1, "edges to go from the focus")
	fl.StringSliceVar(&f.kinds, "kinds", nil, "only nodes of these kinds")
	fl.StringSliceVar(&f.relations, "relations", nil, "only edges of these relations")
	fl.IntVar(&f.maxNodes, "max-nodes", 0, "at most so many nodes (0: no bound)")
	fl.StringVar(&f.link, "link", "", "address in front of the nodes' paths in pictures (http://127.0.0.1:8080)")
	fl.Float64Var(&f.minConfidence, "min-confidence", 0, "only edges (of facts: only what is) at least this sure; of facts, candidates too (0: none)")
	fl.StringVar(&f.asOf, "as-of", "", "snapshot to export (default: the newest)")
	fl.StringVarP(&f.output, "output", "o", "", "file to write (default: standard output)")
	return cmd
}

// check refuses what cannot be meant.
func (f *exportFlags) check(changed func(flag string) bool) error {
	switch {
	case !slices.Contains(exportFormats, f.format):
		return usageError{fmt.Errorf("--format %q: expected one of %s", f.format, strings.Join(exportFormats, ", "))}
	case f.depth < 0 || f.maxNodes < 0:
		return usageError{errors.New("--depth and --max-nodes cannot be negative")}
	}
	if err := checkConfidence(f.minConfidence); err != nil {
		return err
	}
	for _, flag := range []string{"focus", "depth", "kinds", "relations", "max-nodes", "link"} {
		if f.format == "facts" && changed(flag) {
			return usageError{fmt.Errorf("--%s does not apply to --format facts, which is of all papers", flag)}
		}
	}
	return nil
}

func (g *globals) export(ctx context.Context, bounded bool, f exportFlags) error {
	kinds, err := parseKinds(f.kinds)
	if err != nil {
		return err
	}
	relations, err := parseRelations(f.relations)
	if err != nil {
		return err
	}
	r, closeAll, err := g.snapshot(ctx, f.asOf)
	if err != nil {
		return err
	}
	defer closeAll()
	picture := slices.Contains([]string{"dot", "svg", "png", "mermaid"}, f.format)
	if picture && !bounded {
		f.maxNodes = pictureNodes
	}
	options := store.ViewOptions{Depth: f.depth, Kinds: kinds, Relations: relations, MinConfidence: f.minConfidence, MaxNodes: f.maxNodes}
	if f.focus != "" {
		ids, err := r.Lookup(f.focus)
		if err != nil {
			return err
		}
		if len(ids) == 0 {
			return fmt.Errorf("--focus %q: no entity has this id or name; papergraph search may find what is meant", f.focus)
		}
		options.Focus = ids[:1]
		focus, err := r.Node(ids[0])
		if err != nil {
			return err
		}
		options.Title = focus.Name
	} else if f.maxNodes > 0 {
		options.Title = "The most connected nodes"
	}
	return g.writeOutput(f.output, func(w io.Writer) error {
		if f.format == "facts" {
			for facts, err := range r.AllFacts(ctx) {
				if err != nil {
					return err
				}
				if err := exporters.Facts(w, facts, f.minConfidence); err != nil {
					return err
				}
			}
			return nil
		}
		view, err := r.View(ctx, options)
		if err != nil {
			return err
		}
		return writeView(ctx, w, view, f)
	})
}

// writeView writes a view in any of the formats but facts.
func writeView(ctx context.Context, w io.Writer, view *graph.View, f exportFlags) error {
	var link exporters.LinkFunc
	if f.link != "" {
		link = func(id graph.ID) string { return strings.TrimRight(f.link, "/") + id.Path() }
	}
	options := exporters.DOTOptions{Link: link, Legend: true}
	switch f.format {
	case "dot":
		return exporters.DOT(w, view, options)
	case "mermaid":
		return exporters.Mermaid(w, view, exporters.MermaidOptions{Link: link})
	case "json":
		return exporters.JSON(w, view)
	case "csv":
		return exporters.CSV(w, view)
	}
	var dot bytes.Buffer
	if err := exporters.DOT(&dot, view, options); err != nil {
		return err
	}
	image, err := exporters.NewRenderer(exporters.RendererOptions{}).Render(ctx, dot.Bytes(), exporters.ImageFormat(f.format), "")
	if err != nil {
		return err
	}
	_, err = w.Write(image)
	return err
}

// writeOutput gives write a writer to a file, or to standard output for "" and
// "-". A file is complete or, on an error, what it was before: it is written
// beside its place and renamed.
func (g *globals) writeOutput(name string, write func(io.Writer) error) error {
	if name == "" || name == "-" {
		b := bufio.NewWriter(g.out.stdout)
		if err := write(b); err != nil {
			return err
		}
		if err := b.Flush(); err != nil {
			return fmt.Errorf("write to standard output: %w", err)
		}
		return nil
	}
	path := g.path(name)
	mode := fs.FileMode(0o644)
	switch st, err := os.Stat(path); {
	case err == nil && st.IsDir():
		return fmt.Errorf("write %s: it is a folder", name)
	case err == nil && !st.Mode().IsRegular():
		return writeThrough(path, name, write) // a pipe or a device is not to be replaced
	case err == nil:
		mode = st.Mode().Perm()
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return fmt.Errorf("write: %w", asGiven(err, name))
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, asGiven(err, name))
	}
	b := bufio.NewWriter(f)
	err = write(b)
	if err == nil {
		err = b.Flush()
	}
	if err == nil {
		err = f.Chmod(mode)
	}
	if err == nil {
		err = f.Sync() // before the old one is gone
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", name, err), os.Remove(f.Name()))
	}
	return nil
}

// writeThrough gives write a writer to what is already at path, which the user
// calls name.
func writeThrough(path, name string, write func(io.Writer) error) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write: %w", asGiven(err, name))
	}
	b := bufio.NewWriter(f)
	if err = write(b); err == nil {
		err = b.Flush()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
