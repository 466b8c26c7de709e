package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/fogleman/gg"
	"golang.org/x/image/colornames"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// errSVG says that an SVG is not of the kind that Graphviz writes.
var errSVG = errors.New("unexpected SVG")

// Sizes of a PNG. A larger drawing is scaled down to maxSide; at that size an
// image takes up to 256 MB while it is drawn.
const (
	dotsPerPoint = 96.0 / 72 // as Graphviz does
	maxSide      = 8000      // dots
	maxNumber    = 1e6       // in points: more than any drawing has
)

// rasterise draws an SVG of Graphviz's as PNG. It knows the elements that
// Graphviz writes: polygons, polylines, paths of cubic curves, ellipses and
// lines of text, filled and stroked in one colour, moved and scaled but not
// turned.
//
// go-graphviz has a PNG writer of its own, which takes twenty times as long,
// draws text in a font whose widths are not those of the layout, and ignores
// the width of lines.
func rasterise(w io.Writer, svg []byte) error {
	r := rasteriser{decoder: xml.NewDecoder(bytes.NewReader(svg)), fonts: newFonts()}
	if err := r.draw(); err != nil {
		return fmt.Errorf("draw PNG: %w", err)
	}
	encoder := png.Encoder{CompressionLevel: png.DefaultCompression}
	if err := encoder.Encode(w, r.canvas.Image()); err != nil {
		return fmt.Errorf("write PNG: %w", err)
	}
	return nil
}

// place is how points of the SVG become dots: scaled, then moved.
type place struct{ sx, sy, dx, dy float64 }

func (p place) x(x float64) float64 { return p.sx*x + p.dx }
func (p place) y(y float64) float64 { return p.sy*y + p.dy }

type rasteriser struct {
	decoder *xml.Decoder
	canvas  *gg.Context
	fonts   *fonts
	places  []place // a stack, one for each open group
}

// draw reads the document from its start to its end.
func (r *rasteriser) draw() error {
	for {
		token, err := r.decoder.Token()
		if err == io.EOF && r.canvas != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errSVG, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			if err := r.start(t); err != nil {
				return fmt.Errorf("%s at byte %d: %w", t.Name.Local, r.decoder.InputOffset(), err)
			}
		case xml.EndElement:
			if t.Name.Local == "g" {
				r.places = r.places[:len(r.places)-1]
			}
		}
	}
}

func (r *rasteriser) start(e xml.StartElement) error {
	if e.Name.Local == "svg" {
		return r.open(e)
	}
	if r.canvas == nil {
		return fmt.Errorf("%w: it does not begin with svg", errSVG)
	}
	switch e.Name.Local {
	case "g":
		p := r.places[len(r.places)-1]
		if t := attribute(e, "transform"); t != "" {
			var err error
			if p, err = transform(p, t); err != nil {
				return err
			}
		}
		r.places = append(r.places, p)
		return nil
	case "polygon", "polyline":
		points, err := numbers(attribute(e, "points"))
		if err != nil || len(points) < 4 || len(points)%2 != 0 {
			return fmt.Errorf("%w: points %q", errSVG, attribute(e, "points"))
		}
		r.lines(points)
		if e.Name.Local == "polygon" {
			r.canvas.ClosePath()
		}
		return r.paint(e)
	case "path":
		return r.curve(e)
	case "ellipse":
		n, err := numbers(strings.Join([]string{attribute(e, "cx"), attribute(e, "cy"), attribute(e, "rx"), attribute(e, "ry")}, " "))
		if err != nil || len(n) != 4 {
			return fmt.Errorf("%w: ellipse", errSVG)
		}
		p := r.places[len(r.places)-1]
		r.canvas.DrawEllipse(p.x(n[0]), p.y(n[1]), math.Abs(p.sx*n[2]), math.Abs(p.sy*n[3]))
		return r.paint(e)
	case "text":
		return r.text(e)
	}
	return nil // a, title and defs show nothing by themselves
}

// open makes the canvas.
func (r *rasteriser) open(e xml.StartElement) error {
	if r.canvas != nil {
		return fmt.Errorf("%w: svg inside svg", errSVG)
	}
	box, err := numbers(attribute(e, "viewBox"))
	if err != nil || len(box) != 4 || box[2] <= 0 || box[3] <= 0 {
		return fmt.Errorf("%w: viewBox %q", errSVG, attribute(e, "viewBox"))
	}
	scale := min(dotsPerPoint, maxSide/box[2], maxSide/box[3])
	width, height := int(math.Ceil(box[2]*scale)), int(math.Ceil(box[3]*scale))
	r.canvas = gg.NewContext(max(1, width), max(1, height))
	r.canvas.SetColor(color.White)
	r.canvas.Clear()
	r.places = []place{{scale, scale, -box[0] * scale, -box[1] * scale}}
	return nil
}

// lines adds lines from corner to corner to the path.
func (r *rasteriser) lines(n []float64) {
	p := r.places[len(r.places)-1]
	r.canvas.MoveTo(p.x(n[0]), p.y(n[1]))
	for n = n[2:]; len(n) >= 2; n = n[2:] {
		r.canvas.LineTo(p.x(n[0]), p.y(n[1]))
	}
}

// curve draws a path; Graphviz writes M, L, C and Z with absolute places.
func (r *rasteriser) curve(e xml.StartElement) error {
	d := attribute(e, "d")
	p := r.places[len(r.places)-1]
	for rest := strings.TrimSpace(d); rest != ""; {
		command := rest[0]
		end := strings.IndexAny(rest[1:], "MLCZz")
		if end < 0 {
			end = len(rest)
		} else {
			end++
		}
		n, err := numbers(rest[1:end])
		rest = rest[end:]
		if err != nil {
			return err
		}
		switch {
		case (command == 'Z' || command == 'z') && len(n) == 0:
			r.canvas.ClosePath()
		case command == 'M' && len(n) >= 2 && len(n)%2 == 0:
			r.lines(n)
		case command == 'L' && len(n)%2 == 0:
			for ; len(n) >= 2; n = n[2:] {
				r.canvas.LineTo(p.x(n[0]), p.y(n[1]))
			}
		case command == 'C' && len(n)%6 == 0:
			for ; len(n) >= 6; n = n[6:] {
				r.canvas.CubicTo(p.x(n[0]), p.y(n[1]), p.x(n[2]), p.y(n[3]), p.x(n[4]), p.y(n[5]))
			}
		default:
			return fmt.Errorf("%w: path %q", errSVG, d)
		}
	}
	return r.paint(e)
}

// paint fills and strokes the path and ends it.
func (r *rasteriser) paint(e xml.StartElement) error {
	defer r.canvas.ClearPath()
	fill, err := paintOf(e, "fill", "black")
	if err != nil {
		return err
	}
	stroke, err := paintOf(e, "stroke", "none")
	if err != nil {
		return err
	}
	if fill.A > 0 {
		r.canvas.SetColor(fill)
		r.canvas.FillPreserve()
	}
	if stroke.A > 0 {
		p := r.places[len(r.places)-1]
		width := 1.0
		if s := attribute(e, "stroke-width"); s != "" {
			if width, err = strconv.ParseFloat(s, 64); err != nil || !(width >= 0 && width <= 1000) {
				return fmt.Errorf("%w: stroke-width %q", errSVG, s)
			}
		}
		r.canvas.SetDash()
		if s := attribute(e, "stroke-dasharray"); s != "" && s != "none" {
			dashes, err := numbers(s)
			if err != nil {
				return err
			}
			for i := range dashes {
				// A dash of nothing would never come to the line's end.
				if dashes[i] < 0.5 {
					return fmt.Errorf("%w: stroke-dasharray %q", errSVG, s)
				}
				dashes[i] *= math.Abs(p.sx)
			}
			r.canvas.SetDash(dashes...)
		}
		r.canvas.SetLineWidth(width * math.Abs(p.sx))
		r.canvas.SetLineCapButt()
		r.canvas.SetLineJoinRound()
		r.canvas.SetColor(stroke)
		r.canvas.StrokePreserve()
	}
	return nil
}

// text draws one line.
func (r *rasteriser) text(e xml.StartElement) error {
	var b strings.Builder
	for depth := 1; depth > 0; {
		token, err := r.decoder.Token()
		if err != nil {
			return fmt.Errorf("%w: %w", errSVG, err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		case xml.CharData:
			b.Write(t)
		}
	}
	ink, err := paintOf(e, "fill", "black")
	if err != nil {
		return err
	}
	n, err := numbers(attribute(e, "x") + " " + attribute(e, "y") + " " + attribute(e, "font-size"))
	if err != nil || len(n) != 3 || n[2] <= 0 || n[2] > 1000 {
		return fmt.Errorf("%w: text without place or size", errSVG)
	}
	p := r.places[len(r.places)-1]
	face, err := r.fonts.face(n[2]*math.Abs(p.sx), attribute(e, "font-weight") == "bold")
	if err != nil {
		return err
	}
	// Graphviz keeps runs of spaces with no-break spaces.
	s := strings.ReplaceAll(b.String(), "\u00A0", " ")
	x := p.x(n[0])
	switch width := float64(font.MeasureString(face, s)) / 64; attribute(e, "text-anchor") {
	case "middle":
		x -= width / 2
	case "end":
		x -= width
	}
	canvas, ok := r.canvas.Image().(*image.RGBA)
	if !ok {
		return fmt.Errorf("%w: canvas of type %T", errSVG, r.canvas.Image())
	}
	drawer := font.Drawer{Dst: canvas, Src: image.NewUniform(ink), Face: face, Dot: fixed.Point26_6{X: fixed.Int26_6(x * 64), Y: fixed.Int26_6(p.y(n[1]) * 64)}}
	drawer.DrawString(s)
	return nil
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// numbers reads numbers that stand between commas and spaces.
func numbers(s string) ([]float64, error) {
	fields := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\t' })
	out := make([]float64, len(fields))
	for i, f := range fields {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil || !(math.Abs(n) <= maxNumber) {
			return nil, fmt.Errorf("%w: number %q", errSVG, f)
		}
		out[i] = n
	}
	return out, nil
}

// transform applies what a group's transform attribute says: scale(x y),
// rotate(0) and translate(x y), in any order.
func transform(p place, s string) (place, error) {
	for rest := strings.TrimSpace(s); rest != ""; rest = strings.TrimSpace(rest) {
		name, after, ok := strings.Cut(rest, "(")
		arguments, next, closed := strings.Cut(after, ")")
		n, err := numbers(arguments)
		if !ok || !closed || err != nil {
			return p, fmt.Errorf("%w: transform %q", errSVG, s)
		}
		rest = next
		switch name = strings.TrimSpace(name); {
		case name == "scale" && len(n) == 1:
			p.sx, p.sy = p.sx*n[0], p.sy*n[0]
		case name == "scale" && len(n) == 2:
			p.sx, p.sy = p.sx*n[0], p.sy*n[1]
		case name == "translate" && len(n) == 2:
			p.dx, p.dy = p.x(n[0]), p.y(n[1])
		case name == "rotate" && len(n) >= 1 && n[0] == 0:
		default:
			return p, fmt.Errorf("%w: transform %q", errSVG, s)
		}
		if !(math.Abs(p.sx) <= 100 && math.Abs(p.sy) <= 100 && math.Abs(p.dx) <= maxNumber && math.Abs(p.dy) <= maxNumber) {
			return p, fmt.Errorf("%w: transform %q", errSVG, s)
		}
	}
	return p, nil
}

// paintOf is the colour that an element's attribute names; wholly transparent
// for "none".
func paintOf(e xml.StartElement, name, otherwise string) (color.NRGBA, error) {
	value := attribute(e, name)
	if value == "" {
		value = otherwise
	}
	var c color.NRGBA
	switch named, ok := colornames.Map[value]; {
	case value == "none" || value == "transparent":
		return c, nil
	case ok:
		c = color.NRGBA(named) // they are all opaque
	case len(value) == 7 && value[0] == '#':
		n, err := strconv.ParseUint(value[1:], 16, 32)
		if err != nil {
			return c, fmt.Errorf("%w: %s %q", errSVG, name, value)
		}
		c = color.NRGBA{uint8(n >> 16), uint8(n >> 8), uint8(n), 0xFF}
	default:
		return c, fmt.Errorf("%w: %s %q", errSVG, name, value)
	}
	if s := attribute(e, name+"-opacity"); s != "" {
		opacity, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return c, fmt.Errorf("%w: %s-opacity %q", errSVG, name, s)
		}
		c.A = uint8(255*min(1, max(0, opacity)) + 0.5)
	}
	return c, nil
}
