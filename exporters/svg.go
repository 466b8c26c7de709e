package exporters

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ErrSVG says that an image is not an SVG that Graphviz wrote.
var ErrSVG = errors.New("malformed SVG")

// SVGOptions says how an SVG is to stand in a page.
type SVGOptions struct {
	// Target is the window that links open in; "" leaves what they have.
	Target string
	// IDPrefix goes before every id, and before what refers to one, so that
	// several images can stand in one page.
	IDPrefix string
	// Title names the image for those who cannot see it.
	Title string
}

// InlineSVG makes an SVG of Graphviz's part of an HTML page: without prolog,
// document type and comments, as wide as its place allows and at most as wide
// as it was drawn, with links that HTML knows (href beside xlink:href), and
// with tooltips as title elements, which all browsers show. Names that only
// Graphviz understands (the titles "n1" and "n1->n2") are dropped. The error
// wraps [ErrSVG].
func InlineSVG(svg []byte, o SVGOptions) ([]byte, error) {
	o.IDPrefix = oneLine(o.IDPrefix)
	in := inliner{svg: svg, options: o, decoder: xml.NewDecoder(bytes.NewReader(svg))}
	// Graphviz writes UTF-8; anything else is not from there.
	in.decoder.CharsetReader = func(charset string, _ io.Reader) (io.Reader, error) {
		return nil, fmt.Errorf("encoding %q instead of UTF-8", charset)
	}
	if err := in.run(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSVG, err)
	}
	return in.out.Bytes(), nil
}

type inliner struct {
	svg     []byte
	options SVGOptions
	decoder *xml.Decoder
	out     bytes.Buffer
}

// run copies the document token by token as it is written, and rewrites those
// that change.
func (in *inliner) run() error {
	var open []xml.Name // the elements around
	skipped := 0        // how many of them are in, or are, a dropped one
	for {
		start := in.decoder.InputOffset()
		token, err := in.decoder.RawToken()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		raw := in.svg[start:in.decoder.InputOffset()]
		switch t := token.(type) {
		case xml.StartElement:
			name := t.Name.Local
			switch {
			case len(open) == 0 && (name != "svg" || in.out.Len() > 0):
				return fmt.Errorf("element %s outside svg", name)
			case skipped > 0 || name == "title" || name == "script" || name == "foreignObject":
				skipped++
			case len(open) == 0:
				if err := in.root(t); err != nil {
					return err
				}
			default:
				in.element(t, selfClosing(raw))
			}
			open = append(open, t.Name)
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != t.Name {
				return fmt.Errorf("unexpected end of %s", qualified(t.Name))
			}
			open = open[:len(open)-1]
			switch {
			case skipped > 0:
				skipped--
			case len(raw) > 0: // there is nothing to copy after <x/>
				in.out.Write(raw)
			}
		case xml.CharData:
			if len(open) > 0 && skipped == 0 {
				in.out.Write(raw)
			}
		case xml.Comment, xml.ProcInst, xml.Directive:
			// A prolog may stand only at the begin of a document.
		}
	}
	if len(open) != 0 || in.out.Len() == 0 {
		return errors.New("it ends before its root element does")
	}
	in.out.WriteByte('\n')
	return nil
}

func selfClosing(raw []byte) bool { return bytes.HasSuffix(raw, []byte("/>")) }

// root writes the svg element anew.
func (in *inliner) root(t xml.StartElement) error {
	var viewBox, width, height string
	for _, a := range t.Attr {
		switch a.Name.Local {
		case "viewBox":
			viewBox = a.Value
		case "width":
			width = a.Value
		case "height":
			height = a.Value
		}
	}
	w, okW := points(width)
	h, okH := points(height)
	if viewBox == "" {
		if !okW || !okH {
			return errors.New("svg has neither viewBox nor size")
		}
		viewBox = fmt.Sprintf("0 0 %g %g", w, h)
	}
	in.out.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"`)
	in.attr("viewBox", viewBox)
	in.attr("width", "100%")
	style := "height:auto"
	if okW {
		style = fmt.Sprintf("max-width:%gpt;height:auto", w)
	}
	in.attr("style", style)
	in.attr("preserveAspectRatio", "xMinYMin meet")
	in.attr("role", "group")
	if title := oneLine(in.options.Title); title != "" {
		in.attr("aria-label", title)
	}
	in.out.WriteByte('>')
	return nil
}

// points is a length in points, which Graphviz writes as "980pt".
func points(s string) (float64, bool) {
	n, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSuffix(s, "pt"), "px"), 64)
	return n, err == nil && n > 0
}

// element writes an element inside the root.
func (in *inliner) element(t xml.StartElement, closed bool) {
	in.out.WriteByte('<')
	in.out.WriteString(qualified(t.Name))
	title, href, link := "", "", t.Name.Local == "a"
	for _, a := range t.Attr {
		switch local := a.Name.Local; {
		case strings.HasPrefix(local, "on"): // no handlers, whatever made this
		case local == "id":
			in.attr("id", in.options.IDPrefix+a.Value)
		case link && local == "title":
			title = a.Value
		case link && local == "href":
			href = a.Value
		case link && local == "target" && in.options.Target != "":
		case local == "href" && strings.HasPrefix(a.Value, "#"):
			in.attr(qualified(a.Name), "#"+in.options.IDPrefix+a.Value[1:])
		default:
			in.attr(qualified(a.Name), strings.ReplaceAll(a.Value, "url(#", "url(#"+in.options.IDPrefix))
		}
	}
	if href != "" && safeURL(href) {
		in.attr("href", href)
		in.attr("xlink:href", href)
		if in.options.Target != "" {
			in.attr("target", in.options.Target)
		}
	}
	if closed && title == "" {
		in.out.WriteString("/>")
		return
	}
	in.out.WriteByte('>')
	if strings.TrimSpace(title) != "" {
		in.out.WriteString("<title>" + escapeHTML(title) + "</title>")
	}
	if closed {
		in.out.WriteString("</" + qualified(t.Name) + ">")
	}
}

func (in *inliner) attr(name, value string) {
	value = strings.ReplaceAll(escapeHTML(value), "\n", "&#10;")
	fmt.Fprintf(&in.out, ` %s="%s"`, name, value)
}

// qualified is a raw name with its prefix.
func qualified(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

// safeURL refuses addresses that run something.
func safeURL(s string) bool {
	scheme, _, ok := strings.Cut(s, ":")
	if !ok || strings.ContainsAny(scheme, "/?#") {
		return true // relative
	}
	switch strings.ToLower(scheme) {
	case "http", "https", "mailto":
		return true
	}
	return false
}
