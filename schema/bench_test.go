package schema

import (
	"context"
	"testing"
)

// What a page of 100 papers costs: its own fields alone, and with the
// neighbours of each paper, read a level at a time.
func BenchmarkExec(b *testing.B) {
	s := schemaOf(b, synthetic(2000), Options{})
	for _, bb := range []struct{ name, query string }{
		{"smallest", "{stats{papers}}"},
		{"five fields", "{papers(first:100){nodes{id title year venue url}}}"},
		{"ids of neighbours", "{papers(first:100){nodes{id uses{nodes{id}}}}}"},
		{"authors and methods", "{papers(first:100){nodes{id title year authoredBy{nodes{name}} uses{nodes{name paperCount}}}}}"},
		{"evidence", "{papers(first:100){nodes{title uses{edges{support confidence evidence{quote start end} node{name}}}}}}"},
		{"three levels", "{papers(first:20){nodes{title uses{nodes{name usedBy(first:5){nodes{title}}}}}}}"},
		{"search", `{search(text:"abstract number 70",first:25){hits{score node{id name}}}}`},
		{"introspection", introspectionQuery},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			var r *Response
			for b.Loop() {
				r = s.Exec(context.Background(), Request{Query: bb.query})
			}
			if err := r.Err(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(r.Fields), "fields/op")
			b.SetBytes(int64(len(r.Data)))
		})
	}
}
