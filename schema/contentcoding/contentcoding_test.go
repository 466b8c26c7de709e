package contentcoding

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

func TestChoose(t *testing.T) {
	for _, tt := range []struct {
		accept string
		want   Coding
	}{
		{"", Identity},
		{"gzip", Gzip},
		{"GZIP;q=0.1", Gzip},
		{"gzip;q=0", Identity},
		{"br", Identity},
		{"*", Gzip},
		{"*;q=0", Identity},
		{"gzip;q=0, *", Identity},
		{"identity, x-gzip", Gzip},
		{"zstd", Zstd},
		{"zstd;q=0, *", Gzip},
		{"gzip, deflate, br, zstd", Zstd},
		{"gzip; q=1.0, zstd; q=0.5", Gzip},
		{"gzip;level=9;q=0.2,zstd;q=0.3", Zstd},
		{"gzip;q=2", Gzip},
		{";;,=,", Identity},
	} {
		if got := Choose([]string{tt.accept}); got != tt.want {
			t.Errorf("Accept-Encoding %q: %q, want %q", tt.accept, got, tt.want)
		}
	}
	if !AcceptsGzip([]string{"zstd, gzip;q=0.1"}) || AcceptsGzip([]string{"zstd"}) {
		t.Error("gzip beside zstd")
	}
	if got := Choose([]string{"gzip", "zstd"}); got != Zstd {
		t.Errorf("two headers: %q", got)
	}
	if got := Choose(nil); got != Identity {
		t.Errorf("no header: %q", got)
	}
}

// decode is what a client does.
func decode(t testing.TB, c Coding, b []byte) []byte {
	t.Helper()
	var r io.Reader = bytes.NewReader(b)
	switch c {
	case Gzip:
		z, err := gzip.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		r = z
	case Zstd:
		z, err := zstd.NewReader(r)
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r = z
	}
	back, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func TestEncode(t *testing.T) {
	var e Encoder
	var wg sync.WaitGroup
	for i := range 6 { // some use others' writers again
		wg.Go(func() {
			body := []byte(strings.Repeat(fmt.Sprintf(`{"title":"Paper %d"}`, i), 1000))
			for _, c := range []Coding{Gzip, Zstd} {
				small := e.Encode(c, body)
				if len(small) > len(body)/10 {
					t.Errorf("%s: %d bytes of %d", c, len(small), len(body))
				}
				if !bytes.Equal(decode(t, c, small), body) {
					t.Errorf("%s: another body comes back", c)
				}
			}
		})
	}
	wg.Wait()
	if got := e.Encode(Identity, []byte("x")); string(got) != "x" {
		t.Errorf("identity: %q", got)
	}
	if got := decode(t, Zstd, e.Encode(Zstd, nil)); len(got) != 0 {
		t.Errorf("nothing becomes %q", got)
	}
}

func FuzzChoose(f *testing.F) {
	f.Add("gzip;q=0.5, zstd;q=1, *;q=0")
	f.Fuzz(func(t *testing.T, accept string) {
		switch c := Choose([]string{accept}); c {
		case Identity, Gzip, Zstd:
		default:
			t.Errorf("%q", c)
		}
	})
}

// An answer of 33 kB, as of a page of papers with their authors.
func BenchmarkEncode(b *testing.B) {
	var body bytes.Buffer
	for i := 0; body.Len() < 33<<10; i++ {
		fmt.Fprintf(&body, `{"id":"paper:p-%x","title":"On the number %d and what follows from it","year":%d,"authors":[{"name":"Author %d"}]},`, i*7919, i*31, 1990+i%30, i*17%101)
	}
	for _, c := range []Coding{Gzip, Zstd} {
		b.Run(string(c), func(b *testing.B) {
			var e Encoder
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = len(e.Encode(c, body.Bytes()))
			}
			b.ReportMetric(float64(n), "bytes")
		})
	}
}
