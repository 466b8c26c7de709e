package exporters

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"papergraph/graph"
)

// csvHeader is the columns of [CSV].
var csvHeader = []string{"from", "fromName", "relation", "to", "toName", "class", "support", "confidence", "paper", "paperTitle", "field", "start", "end", "quote", "rule"}

// CSV writes the edges of v as a table, one row an edge in v's fixed order,
// below a header: the two ends with their names, the relation, how many papers
// state it, and the surest statement with the place and words of its first
// evidence. Cells of what an edge does not have are empty.
//
// A spreadsheet runs a cell that begins with "=", "+", "-" or "@" as a formula.
// So a cell of text (a name, a quote, a title, a rule) that begins with one of
// these, or with an apostrophe, has an apostrophe in front, which a spreadsheet
// takes for "this is text". A program gets the exact text back by dropping one
// leading apostrophe from those columns.
func CSV(w io.Writer, v *graph.View) error {
	v = sorted(v)
	names := make(map[graph.ID]string, len(v.Nodes))
	for i := range v.Nodes {
		names[v.Nodes[i].ID] = v.Nodes[i].Name
	}
	out := csv.NewWriter(w)
	row := append([]string(nil), csvHeader...)
	// The writer keeps its first error for Flush.
	_ = out.Write(row)
	for i := range v.Edges {
		e := &v.Edges[i]
		clear(row)
		row[0], row[1], row[2], row[3], row[4] = string(e.From), text(names[e.From]), string(e.Relation), string(e.To), text(names[e.To])
		row[6] = strconv.Itoa(e.Support())
		if s, ok := best(e); ok {
			row[5] = string(s.Class)
			row[7] = strconv.FormatFloat(s.Confidence, 'g', -1, 64)
			row[8], row[9] = string(s.Paper), text(names[s.Paper])
			row[14] = text(s.Rule)
			if len(s.Evidence) > 0 {
				ev := s.Evidence[0]
				row[10], row[11], row[12], row[13] = string(ev.Field), strconv.Itoa(ev.Start), strconv.Itoa(ev.End), text(ev.Quote)
			}
		}
		_ = out.Write(row)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write CSV: %w", err)
	}
	return nil
}

// text is a cell of clean text that no spreadsheet runs.
func text(s string) string {
	s = clean(s)
	// Spreadsheets skip white space, and some read the full-width signs too.
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(s, " \n\u00A0\u3000"))
	if strings.ContainsRune("=+-@＝＋－＠", first) && s != "" || strings.HasPrefix(s, "'") {
		return "'" + s
	}
	return s
}
