package main

import (
	"fmt"
	"image"

	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// fonts makes faces of the fonts in the program. Liberation Sans has the
// widths of Helvetica, with which Graphviz counts where it has no fonts to
// measure, so text fits its nodes exactly; DejaVu Sans has the signs of
// mathematics and the scripts that Liberation lacks. Characters that neither
// has (Chinese, Japanese, Korean) are drawn as empty boxes: those fonts are
// larger than the rest of the program. An SVG has no such limit, the browser
// brings the fonts.
type fonts struct {
	parsed map[bool][]*sfnt.Font // by bold
	faces  map[faceKey]font.Face
}

type faceKey struct {
	size float64
	bold bool
}

func newFonts() *fonts {
	return &fonts{parsed: map[bool][]*sfnt.Font{}, faces: map[faceKey]font.Face{}}
}

// face returns a face whose size is given in dots.
func (f *fonts) face(size float64, bold bool) (font.Face, error) {
	key := faceKey{size, bold}
	if face, ok := f.faces[key]; ok {
		return face, nil
	}
	if f.parsed[bold] == nil {
		files := [][]byte{liberationsansregular.TTF, dejavusans.TTF}
		if bold {
			files[0] = liberationsansbold.TTF
		}
		for _, file := range files {
			parsed, err := sfnt.Parse(file)
			if err != nil {
				return nil, fmt.Errorf("read font: %w", err)
			}
			f.parsed[bold] = append(f.parsed[bold], parsed)
		}
	}
	chain := &fallback{fonts: f.parsed[bold]}
	for _, parsed := range chain.fonts {
		face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72})
		if err != nil {
			return nil, fmt.Errorf("make font of size %g: %w", size, err)
		}
		chain.faces = append(chain.faces, face)
	}
	f.faces[key] = chain
	return chain, nil
}

// fallback is a face that takes each character from the first of its fonts
// that has it. It is a [font.Face].
type fallback struct {
	fonts  []*sfnt.Font
	faces  []font.Face
	buffer sfnt.Buffer
}

func (f *fallback) of(r rune) font.Face {
	for i, parsed := range f.fonts {
		if glyph, err := parsed.GlyphIndex(&f.buffer, r); err == nil && glyph != 0 {
			return f.faces[i]
		}
	}
	return f.faces[0]
}

// Close implements [font.Face].
func (f *fallback) Close() error { return nil }

// Glyph implements [font.Face].
func (f *fallback) Glyph(dot fixed.Point26_6, r rune) (image.Rectangle, image.Image, image.Point, fixed.Int26_6, bool) {
	return f.of(r).Glyph(dot, r)
}

// GlyphBounds implements [font.Face].
func (f *fallback) GlyphBounds(r rune) (fixed.Rectangle26_6, fixed.Int26_6, bool) {
	return f.of(r).GlyphBounds(r)
}

// GlyphAdvance implements [font.Face].
func (f *fallback) GlyphAdvance(r rune) (fixed.Int26_6, bool) { return f.of(r).GlyphAdvance(r) }

// Kern implements [font.Face]. There is none: the layout counted without.
func (f *fallback) Kern(r0, r1 rune) fixed.Int26_6 { return 0 }

// Metrics implements [font.Face].
func (f *fallback) Metrics() font.Metrics { return f.faces[0].Metrics() }
