package exporters

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

func TestInlineSVGGolden(t *testing.T) {
	for _, name := range []string{"graphviz-2.43", "graphviz-12.1"} {
		t.Run(name, func(t *testing.T) {
			svg, err := os.ReadFile("testdata/" + name + ".svg")
			if err != nil {
				t.Fatal(err)
			}
			got, err := InlineSVG(svg, SVGOptions{Target: "_top", IDPrefix: "p1-", Title: `A "picture" & more`})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name+".inline.svg", got)
			again, err := InlineSVG(got, SVGOptions{Title: `A "picture" & more`})
			if err != nil {
				t.Fatalf("inlined twice: %v", err)
			}
			if n := bytes.Count(again, []byte("<a ")); n != bytes.Count(svg, []byte("<a ")) {
				t.Errorf("%d links, want %d", n, bytes.Count(svg, []byte("<a ")))
			}
		})
	}
}

func TestInlineSVG(t *testing.T) {
	const head = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" `
	const style = `width="100%" style="max-width:10pt;height:auto" preserveAspectRatio="xMinYMin meet" role="group">`
	for _, tc := range []struct {
		name, in, want string
		options        SVGOptions
	}{
		{"prolog", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE svg PUBLIC \"x\" \"y\">\n<!-- c --><svg width=\"10pt\" height=\"20pt\" viewBox=\"1 2 3 4\"><g/></svg>",
			head + `viewBox="1 2 3 4" ` + style + "<g/></svg>\n", SVGOptions{}},
		{"no viewBox", `<svg width="10pt" height="20pt"></svg>`, head + `viewBox="0 0 10 20" ` + style + "</svg>\n", SVGOptions{}},
		{"titles", `<svg width="10pt" viewBox="0 0 1 1"><title>%3</title><g><title>n1</title><a xlink:href="/x" xlink:title="tip &amp; &#10;&lt;"><text>t</text></a></g></svg>`,
			head + `viewBox="0 0 1 1" ` + style + `<g><a href="/x" xlink:href="/x"><title>tip &amp; ` + "\n" + `&lt;</title><text>t</text></a></g></svg>` + "\n", SVGOptions{}},
		{"target and ids", `<svg width="10pt" viewBox="0 0 1 1"><g id="n" fill="url(#l)"><a id="a" xlink:href="/x" target="_top"/><use xlink:href="#n"/></g></svg>`,
			head + `viewBox="0 0 1 1" ` + style + `<g id="p-n" fill="url(#p-l)"><a id="p-a" href="/x" xlink:href="/x" target="_blank"/><use xlink:href="#p-n"/></g></svg>` + "\n", SVGOptions{Target: "_blank", IDPrefix: "p-"}},
		{"nothing that runs", `<svg width="10pt" viewBox="0 0 1 1"><script>x</script><g onclick="x"><a xlink:href="javascript:x">t</a><a xlink:href="data:text/html,x"/></g><foreignObject><b/></foreignObject></svg>`,
			head + `viewBox="0 0 1 1" ` + style + `<g><a>t</a><a/></g></svg>` + "\n", SVGOptions{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := InlineSVG([]byte(tc.in), tc.options)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tc.want {
				t.Errorf("got\n%swant\n%s", got, tc.want)
			}
		})
	}
	for _, in := range []string{"", "text", "<html/>", "<svg", "<svg/>", `<svg viewBox="0 0 1 1">`, `<svg viewBox="0 0 1 1"><a></b></svg>`, `<svg viewBox="0 0 1 1"/><svg viewBox="0 0 1 1"/>`, `<svg viewBox="0 0 1 1"></svg></svg>`} {
		if got, err := InlineSVG([]byte(in), SVGOptions{}); !errors.Is(err, ErrSVG) {
			t.Errorf("%q: %s, %v; want ErrSVG", in, got, err)
		}
	}
}

func FuzzInlineSVG(f *testing.F) {
	f.Add([]byte(`<svg width="10pt" viewBox="0 0 1 1"><g id="x"><a xlink:href="/x" xlink:title="t" onclick="y"><script>z</script></a></g></svg>`), "p-")
	f.Fuzz(func(t *testing.T, svg []byte, prefix string) {
		got, err := InlineSVG(svg, SVGOptions{IDPrefix: prefix, Title: prefix})
		if err != nil {
			if !errors.Is(err, ErrSVG) {
				t.Errorf("error of another kind: %v", err)
			}
			return
		}
		d := xml.NewDecoder(bytes.NewReader(got))
		for {
			token, err := d.RawToken()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%v in %s from %s", err, got, svg)
			}
			if e, ok := token.(xml.StartElement); ok {
				if e.Name.Local == "script" {
					t.Fatalf("script in %s", got)
				}
				for _, a := range e.Attr {
					if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") {
						t.Fatalf("handler %s in %s", a.Name.Local, got)
					}
				}
			}
		}
	})
}
