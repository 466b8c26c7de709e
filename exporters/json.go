package exporters

import (
	"encoding/json"
	"fmt"
	"io"

	"papergraph/graph"
)

// JSON writes v as one indented JSON object, in v's fixed order, with the
// keys of [graph.View] and the types in it.
func JSON(w io.Writer, v *graph.View) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(sorted(v)); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}
