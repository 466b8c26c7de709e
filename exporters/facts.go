package exporters

import (
	"encoding/json"
	"fmt"
	"io"

	"papergraph/graph"
	"papergraph/graph/score"
)

// Facts writes what one paper says as one line of the facts format, which
// [score.ReadPapers] reads: the entities by role, the results and the links.
// minConfidence is as [graph.Facts.Select] has it: 0 leaves candidates out.
func Facts(w io.Writer, f *graph.Facts, minConfidence float64) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(score.FromFacts(f, minConfidence)); err != nil {
		return fmt.Errorf("write facts of %q: %w", f.Document.Title, err)
	}
	return nil
}
