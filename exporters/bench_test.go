package exporters

import (
	"fmt"
	"io"
	"testing"
)

func BenchmarkForms(b *testing.B) {
	for _, n := range []int{25, 150, 10_000} {
		v := syntheticView(n)
		for _, f := range forms {
			b.Run(fmt.Sprintf("%s/%d", f.ext, n), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := f.write(io.Discard, v); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
