package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"papergraph/store"
)

func newCheck(g *globals) *cobra.Command {
	var all, asJSON bool
	var asOf string
	var limit int
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Verify everything that the store holds",
		Long: "Verifies a snapshot: checksums, that every record can be read, and that all tables say the\n" +
			"same, each derived anew from what it is derived from. What is wrong is named, one problem a\n" +
			"line, and the exit code is 1. It changes nothing.",
		Args: usageArgs(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case all && asOf != "":
				return usageError{errors.New("--all and --as-of: ask for one")}
			case limit < 1:
				return usageError{fmt.Errorf("--max %d: at least 1", limit)}
			}
			s, err := g.openForReading(cmd.Context())
			if err != nil {
				return err
			}
			defer s.Close()
			var writing error
			lines := json.NewEncoder(g.out.stdout)
			lines.SetEscapeHTML(false)
			options := store.CheckOptions{
				Max: limit,
				OnProblem: func(p store.Problem) {
					switch {
					case writing != nil:
					case asJSON:
						writing = lines.Encode(p)
					default:
						_, writing = fmt.Fprintln(g.out.stdout, p)
					}
				},
				OnProgress: g.out.stages("check", "record"),
			}
			var report store.CheckReport
			if all {
				report, err = s.CheckAll(cmd.Context(), options)
			} else {
				report, err = s.Check(cmd.Context(), asOf, options)
			}
			switch {
			case err != nil:
				return err
			case writing != nil:
				return fmt.Errorf("write the problems: %w", writing)
			case report.GivenUp:
				return fmt.Errorf("%s and perhaps more: %s", plural(report.Problems, "problem"), checkRemedy)
			case report.Problems > 0:
				return fmt.Errorf("%s: %s", plural(report.Problems, "problem"), checkRemedy)
			}
			for _, i := range report.Snapshots {
				g.out.infof("snapshot %s is sound: %s, %s, %s", short(i.ID), plural(i.Nodes, "node"), plural(i.Edges, "edge"), plural(i.Statements, "statement"))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every snapshot")
	cmd.Flags().StringVar(&asOf, "as-of", "", "snapshot to check (default: the newest)")
	cmd.Flags().IntVar(&limit, "max", 100, "name at most so many problems of a snapshot")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// checkRemedy is what to do about a store that is not as it was written.
const checkRemedy = "restore the store from a backup or build it anew in another folder; do not go on building in this one"
