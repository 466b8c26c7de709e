package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"papergraph/exporters"
	"papergraph/schema"
)

func newQuery(g *globals) *cobra.Command {
	var vars []string
	var operation, asOf, format, output, baseURL string
	formats := schema.Formats()
	cmd := &cobra.Command{
		Use:   "query GRAPHQL",
		Short: "Answer a GraphQL query from the store",
		Long: `Answers a GraphQL query without a server and prints the JSON answer. - reads the query from
standard input. The exit code is 1 if the answer has errors; then nothing is written in
another format than json.

In the formats jsonl and csv an answer is a table: a row for each object without a list
below it, with the fields of the objects around it. In dot, mermaid, svg and png it is a
drawing of the nodes whose id it has, with all edges between them.`,
		Example: `  papergraph query '{ method(id: "LoRA") { name usedBy(first: 3) { nodes { name } } } }'
  papergraph query 'query($n: String!) { resolve(name: $n) { entity { id } } }' --var n=3DGS
  papergraph query '{ datasets(first: 20) { nodes { name paperCount } } }' --format csv -o datasets.csv`,
		Args: usageArgs(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(formats, format) {
				return usageError{fmt.Errorf("--format %q: the formats are %s", format, strings.Join(formats, ", "))}
			}
			variables, err := g.parseVariables(vars)
			if err != nil {
				return err
			}
			s, err := g.openForReading(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			query := args[0]
			if query == "-" {
				in, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 1<<20))
				if err != nil {
					return fmt.Errorf("read the query from standard input: %w", err)
				}
				query = string(in)
			}
			engine, err := schema.New(schema.FromStore(s.Store), schema.Options{BaseURL: strings.TrimRight(baseURL, "/"), Logger: g.out.logger()})
			if err != nil {
				return err
			}
			request := schema.Request{Query: query, OperationName: operation, Variables: variables, AsOf: asOf}
			answer, body, err := engine.ExecAs(cmd.Context(), request, format, exporters.NewRenderer(exporters.RendererOptions{}))
			if err != nil {
				return fmt.Errorf("write the answer as %s: %w", format, err)
			}
			write := func(w io.Writer) error { return writeAnswer(w, answer) }
			if body != nil {
				write = func(w io.Writer) error { _, err := w.Write(body); return err }
			}
			// A table or a drawing would not show what is missing.
			if len(answer.Errors) == 0 || format == formats[0] {
				if err := g.writeOutput(output, write); err != nil {
					return fmt.Errorf("write the answer: %w", err)
				}
			}
			return answer.Err()
		},
	}
	cmd.Flags().StringArrayVar(&vars, "var", nil, "variable as name=value; the value is JSON, or else a string, or @FILE to read it from")
	cmd.Flags().StringVar(&operation, "operation", "", "operation to run, where the query has several")
	cmd.Flags().StringVar(&asOf, "as-of", "", "snapshot to ask (default: the newest)")
	cmd.Flags().StringVar(&format, "format", formats[0], "form of the answer: "+strings.Join(formats, ", "))
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	cmd.Flags().StringVar(&baseURL, "base-url", "", "what links begin with (default: nothing, they are paths)")
	return cmd
}

// writeAnswer writes an answer as people read it, indented.
func writeAnswer(w io.Writer, answer *schema.Response) error {
	compact, err := answer.JSON()
	if err != nil {
		return err
	}
	return writeJSON(w, json.RawMessage(compact))
}

// parseVariables reads name=value pairs. A value that is JSON is taken as it
// is, any other as a string; @FILE reads the value from a file.
func (g *globals) parseVariables(pairs []string) (map[string]any, error) {
	out := map[string]any{}
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, usageError{fmt.Errorf("--var %q: expected name=value", pair)}
		}
		if path, ok := strings.CutPrefix(value, "@"); ok {
			b, err := os.ReadFile(g.path(path))
			if err = asGiven(err, path); err != nil {
				return nil, fmt.Errorf("--var %s: %w", name, err)
			}
			value = string(b)
		}
		var v any
		if err := json.Unmarshal([]byte(value), &v); err != nil {
			v = value
		}
		out[name] = v
	}
	return out, nil
}
