package store

import (
	"fmt"
	"io"
	"testing"
)

// What looking after a store costs, by the number of its papers. A difference
// should cost what changed, here one paper, the others what there is.
func BenchmarkUpkeep(b *testing.B) {
	for _, papers := range []int{500, 2000} {
		s := open(b)
		c := synthetic(papers)
		from := publish(b, s, without(c, func(p int) bool { return p == papers/2 }), nil)
		if _, err := rebuild(s, c); err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("diff/papers=%d", papers), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d, err := s.Diff(b.Context(), from.ID, "", 0)
				if err != nil || d.Nodes.ByKind["paper"].Added != 1 {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("check/papers=%d", papers), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if r, err := s.Check(b.Context(), "", CheckOptions{}); err != nil || r.Problems > 0 {
					b.Fatal(r, err)
				}
			}
		})
		b.Run(fmt.Sprintf("backup/papers=%d", papers), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Backup(b.Context(), io.Discard, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
