package main

import (
	"bytes"
	"errors"
	"fmt"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"papergraph/exporters"
)

func TestRunRefuses(t *testing.T) {
	var many strings.Builder
	many.WriteString("digraph {")
	for i := range exporters.MaxPNGNodes + 1 {
		fmt.Fprintf(&many, "n%d;", i)
	}
	many.WriteString("}")
	for _, tc := range []struct {
		name, args, dot string
		want            error
	}{
		{"format", "-T pdf", "digraph {}", errUsage},
		{"layout", "-K spiral", "digraph {}", errUsage},
		{"option", "-x", "digraph {}", errUsage},
		{"argument", "graph.dot", "digraph {}", errUsage},
		{"nothing", "", "", exporters.ErrDOT},
		{"half a graph", "-Tsvg", "digraph { a -> ", exporters.ErrDOT},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, complaint bytes.Buffer
			err := run(t.Context(), strings.Fields(tc.args), strings.NewReader(tc.dot), &out, &complaint)
			if !errors.Is(err, tc.want) || out.Len() > 0 {
				t.Errorf("%v with %d bytes of image, want %v and none", err, out.Len(), tc.want)
			}
		})
	}
	var tooMany *exporters.TooManyNodesError
	if err := run(t.Context(), []string{"-Tpng"}, strings.NewReader(many.String()), &bytes.Buffer{}, &bytes.Buffer{}); !errors.As(err, &tooMany) {
		t.Errorf("PNG of too many nodes: %v", err)
	}
}

// go-graphviz holds one graph at a time and its state outlives a drawing, so
// there is one test of real drawings.
func TestRunDraws(t *testing.T) {
	const dot = `digraph { layout=sfdp; overlap=prism; splines=line; node [style=filled,fillcolor="#ff0000",shape=box,label="▲ λ ∞ é"]; a -> b; a -> c [style=dashed]; d }`
	for _, args := range []string{"", "-T svg -K dot", "-Tsvg -Kneato", "-Tpng", "-T=png -Ktwopi"} {
		var out, complaint bytes.Buffer
		if err := run(t.Context(), strings.Fields(args), strings.NewReader(dot), &out, &complaint); err != nil {
			t.Fatalf("%q: %v\n%s", args, err, complaint.Bytes())
		}
		if !strings.Contains(args, "png") {
			if n := strings.Count(out.String(), `class="node"`); n != 4 {
				t.Errorf("%q: %d nodes in the SVG, want 4", args, n)
			}
			continue
		}
		image, err := png.Decode(&out)
		if err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		red := 0
		for y := range image.Bounds().Dy() {
			for x := range image.Bounds().Dx() {
				if image.At(x, y) == (color.RGBA{255, 0, 0, 255}) {
					red++
				}
			}
		}
		// Four boxes of 72 by 36 points or more, less their text.
		if want := 4 * 96 * 48 / 2; red < want {
			t.Errorf("%q: %d red dots, want %d at least", args, red, want)
		}
	}
}

const svgHead = `<svg width="60pt" height="30pt" viewBox="0 0 60 30"><g transform="scale(1 1) rotate(0) translate(0 30)">`

func TestRasterise(t *testing.T) {
	svg := svgHead + `<title>x</title>
<polygon fill="white" stroke="none" points="0,0 0,-30 60,-30 60,0 0,0"/>
<polygon fill="#0000ff" stroke="black" points="3,-3 3,-15 15,-15 15,-3 3,-3"/>
<ellipse fill="lime" stroke="none" cx="30" cy="-9" rx="6" ry="6"/>
<path fill="none" stroke="red" stroke-width="3" d="M42,-27C42,-18 42,-9 42,0"/>
<polyline fill="none" stroke="red" stroke-dasharray="5,2" points="51,-27 51,0"/>
<text text-anchor="middle" x="30" y="-20" font-size="8.00" fill="red" fill-opacity="0.5">t<tspan>x</tspan></text>
</g></svg>`
	var out bytes.Buffer
	if err := rasterise(&out, []byte(svg)); err != nil {
		t.Fatal(err)
	}
	image, err := png.Decode(&out)
	if err != nil {
		t.Fatal(err)
	}
	if size := image.Bounds().Size(); size.X != 80 || size.Y != 40 {
		t.Errorf("%v dots, want 80 by 40", size)
	}
	for _, tc := range []struct {
		x, y int
		want color.RGBA
	}{
		{1, 1, color.RGBA{255, 255, 255, 255}},
		{12, 28, color.RGBA{0, 0, 255, 255}},
		{40, 28, color.RGBA{0, 255, 0, 255}},
		{56, 20, color.RGBA{255, 0, 0, 255}},
	} {
		if r, g, b, _ := image.At(tc.x, tc.y).RGBA(); (color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}) != tc.want {
			t.Errorf("dot %d,%d is %v, want %v", tc.x, tc.y, image.At(tc.x, tc.y), tc.want)
		}
	}
}

func TestRasteriseScalesDown(t *testing.T) {
	var out bytes.Buffer
	if err := rasterise(&out, []byte(`<svg viewBox="0 0 100000 10"></svg>`)); err != nil {
		t.Fatal(err)
	}
	c, err := png.DecodeConfig(&out)
	if err != nil || c.Width > maxSide || c.Height < 1 {
		t.Errorf("%d by %d dots, %v", c.Width, c.Height, err)
	}
}

func TestRasteriseRefuses(t *testing.T) {
	for _, svg := range []string{
		"", "text", "<g/>", `<svg/>`, `<svg viewBox="0 0 x 1"></svg>`, `<svg viewBox="0 0 1e300 1"></svg>`, `<svg viewBox="0 0 -1 1"></svg>`,
		svgHead, svgHead + `<svg viewBox="0 0 1 1"/></g></svg>`,
		svgHead + `<polygon points="1"/></g></svg>`, svgHead + `<polygon points="1,x 2,2"/></g></svg>`,
		svgHead + `<path d="A1 2"/></g></svg>`, svgHead + `<path d="M1"/></g></svg>`, svgHead + `<path d="M1,1C2,2"/></g></svg>`,
		svgHead + `<ellipse cx="1"/></g></svg>`, svgHead + `<text>x</text></g></svg>`, svgHead + `<text x="1" y="1" font-size="0">x</text></g></svg>`,
		svgHead + `<g transform="skewX(3)"/></g></svg>`, svgHead + `<g transform="rotate(90)"/></g></svg>`, svgHead + `<g transform="scale(1"/></g></svg>`,
		svgHead + `<polygon fill="no colour" points="1,1 2,2"/></g></svg>`, svgHead + `<polygon fill="#zzzzzz" points="1,1 2,2"/></g></svg>`,
		svgHead + `<polygon stroke="red" stroke-dasharray="0" points="1,1 2,2"/></g></svg>`, svgHead + `<polygon stroke="red" stroke-width="x" points="1,1 2,2"/></g></svg>`,
		svgHead + `<polygon fill-opacity="x" points="1,1 2,2"/></g></svg>`,
	} {
		if err := rasterise(&bytes.Buffer{}, []byte(svg)); !errors.Is(err, errSVG) {
			t.Errorf("%q: %v, want errSVG", svg, err)
		}
	}
}

// However boxes lie, none overlap afterwards, and the same boxes always come
// to lie the same way.
func TestSpread(t *testing.T) {
	for _, tc := range []struct {
		name  string
		n     int
		place func(rng *rand.Rand, i int) (x, y float64)
	}{
		{"none", 0, nil},
		{"one", 1, func(*rand.Rand, int) (float64, float64) { return 1, 1 }},
		{"all in one place", 60, func(*rand.Rand, int) (float64, float64) { return 5, 5 }},
		{"on a line", 100, func(_ *rand.Rand, i int) (float64, float64) { return float64(i), 0 }},
		{"crowded", 400, func(rng *rand.Rand, _ int) (float64, float64) { return rng.NormFloat64() * 50, rng.NormFloat64() * 50 }},
		{"wide apart", 50, func(rng *rand.Rand, i int) (float64, float64) { return float64(i) * 1000, rng.Float64() * 10 }},
		{"many", 3000, func(rng *rand.Rand, _ int) (float64, float64) {
			return rng.NormFloat64() * 300, rng.NormFloat64() * 300
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			boxes := func() []box {
				rng := rand.New(rand.NewPCG(1, uint64(tc.n)))
				out := make([]box, tc.n)
				for i := range out {
					x, y := tc.place(rng, i)
					out[i] = box{x, y, 20 + 50*rng.Float64(), 10 + 20*rng.Float64()}
				}
				return out
			}
			first, second := boxes(), boxes()
			spread(first)
			spread(second)
			for i, a := range first {
				if a != second[i] {
					t.Fatalf("box %d lies at %v and at %v", i, a, second[i])
				}
				for j, b := range first[:i] {
					if math.Abs(a.x-b.x) < a.w+b.w && math.Abs(a.y-b.y) < a.h+b.h {
						t.Fatalf("boxes %d and %d overlap: %v, %v", j, i, a, b)
					}
				}
			}
		})
	}
}

func FuzzRasterise(f *testing.F) {
	f.Add(`<polygon fill="red" stroke="black" stroke-dasharray="5,2" points="1,1 2,2 3,1"/>`)
	f.Add(`<g transform="scale(2 2) translate(1 1)"><path d="M1,1C2,2 3,3 4,4L5,5Z"/><text x="1" y="2" font-size="9">λ</text></g>`)
	f.Add(`<ellipse cx="1" cy="1" rx="2" ry="3"/>`)
	f.Fuzz(func(t *testing.T, body string) {
		err := rasterise(&bytes.Buffer{}, []byte(svgHead+body+`</g></svg>`))
		if err != nil && !errors.Is(err, errSVG) {
			t.Errorf("error of another kind: %v", err)
		}
	})
}

func BenchmarkSpread(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 1))
	boxes := make([]box, 500)
	for i := range boxes {
		boxes[i] = box{rng.NormFloat64() * 100, rng.NormFloat64() * 100, 60, 20}
	}
	b.ReportAllocs()
	for b.Loop() {
		c := append([]box(nil), boxes...)
		spread(c)
	}
}
