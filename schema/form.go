package schema

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"papergraph/exporters"
	"papergraph/graph"
	"papergraph/store"
)

// form is a way to write the data of an answer other than GraphQL's.
type form struct {
	name  string
	media string
	// write writes a table; draw a drawing of a view, with links as an image
	// if there is one.
	write func(*exporters.Answer, io.Writer) error
	draw  func(io.Writer, *graph.View, exporters.LinkFunc) error
	image exporters.ImageFormat
}

// typePNG is compressed already.
const typePNG = "image/png"

// formJSON is the name of GraphQL's own form.
const formJSON = "json"

// forms are all others.
var forms = []form{
	{name: "jsonl", media: "application/jsonl; charset=utf-8", write: (*exporters.Answer).JSONL},
	{name: "csv", media: "text/csv; charset=utf-8", write: (*exporters.Answer).CSV},
	{name: "dot", media: "text/vnd.graphviz; charset=utf-8", draw: drawDOT},
	{name: "mermaid", media: "text/vnd.mermaid; charset=utf-8", draw: drawMermaid},
	{name: "svg", media: "image/svg+xml", draw: drawDOT, image: exporters.SVG},
	{name: "png", media: typePNG, draw: drawDOT, image: exporters.PNG},
}

func drawDOT(w io.Writer, v *graph.View, link exporters.LinkFunc) error {
	return exporters.DOT(w, v, exporters.DOTOptions{Link: link, Legend: true})
}

func drawMermaid(w io.Writer, v *graph.View, link exporters.LinkFunc) error {
	return exporters.Mermaid(w, v, exporters.MermaidOptions{Link: link})
}

// formOf finds a form by its name, nil for JSON. Without a name it is what the
// client asks for by a media type, before any of GraphQL's.
func formOf(name string, accept []string) (*form, error) {
	if name != "" {
		return formNamed(name)
	}
	best := 0.0
	var f *form
	for _, part := range split(accept) {
		mediaType, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		quality := qualityOf(params["q"])
		if quality <= best {
			continue
		}
		if mediaType == typeJSON || mediaType == typeGraphQL || strings.Contains(mediaType, "*") {
			f, best = nil, quality
		}
		for i := range forms {
			if own, _, _ := strings.Cut(forms[i].media, ";"); own == mediaType {
				f, best = &forms[i], quality
			}
		}
	}
	return f, nil
}

// formNamed finds a form by its name, nil for JSON.
func formNamed(name string) (*form, error) {
	for i := range forms {
		if forms[i].name == name {
			return &forms[i], nil
		}
	}
	if name == formJSON {
		return nil, nil
	}
	return nil, badRequest("format: there is no %q; the formats are %s", name, strings.Join(Formats(), ", "))
}

// maxFormBytes bounds an answer in a form. A table repeats what stands around a
// list on each of its rows, so that it can be much larger than the answer.
const maxFormBytes = 32 << 20

// boundedBuffer takes maxFormBytes.
type boundedBuffer struct{ bytes.Buffer }

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxFormBytes {
		return 0, &httpError{http.StatusUnprocessableEntity, CodeBudget, fmt.Sprintf("in this format the answer has more than %d bytes: what stands around a list is repeated for each of its items; select less of it", maxFormBytes)}
	}
	return b.Buffer.Write(p)
}

// writeForm writes an answer in a form. One that has errors has no other form
// than GraphQL's: nobody would see in a table what is missing.
func (h *Handler) writeForm(w http.ResponseWriter, r *http.Request, request Request, snap *store.Snapshot, answer *Response, mediaType, tag string, f *form) {
	if len(answer.Errors) > 0 {
		status := statusOf(r, typeGraphQL, answer)
		if status == http.StatusOK {
			status = http.StatusUnprocessableEntity
		}
		h.send(w, r, mediaType, status, answer)
		return
	}
	body, err := h.schema.encode(r.Context(), request, snap, answer, f, h.Renderer)
	var he *httpError
	switch {
	case errors.As(err, &he):
		h.refuse(w, r, mediaType, he)
		return
	case err != nil:
		h.write(w, r, mediaType, h.schema.refuse(request, err))
		return
	}
	header := w.Header()
	header.Set("ETag", tag)
	header.Set("Content-Disposition", fmt.Sprintf(`inline; filename="papergraph-%s.%s"`, QueryHash(request.Query)[:12], f.name))
	if f.image == exporters.SVG {
		// A drawing has its style within, and nothing else to load.
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	}
	h.sendBody(w, r, f.media, http.StatusOK, body)
}

// Formats names the forms that an answer can have, GraphQL's own first.
func Formats() []string {
	names := []string{formJSON}
	for i := range forms {
		names = append(names, forms[i].name)
	}
	return names
}

// ExecAs answers a request in process, in one of the [Formats]: body is the
// answer's data in that form, nil for GraphQL's own and for an answer with
// errors. The renderer draws svg and png; nil where nothing can. The error says
// why an answer without errors has no such form.
func (s *Schema) ExecAs(ctx context.Context, r Request, format string, renderer *exporters.Renderer) (answer *Response, body []byte, err error) {
	f, err := formNamed(format)
	if err != nil {
		return nil, nil, err
	}
	snap, release, err := s.source.Open(r.AsOf)
	if err != nil {
		return s.refuse(r, openError(err)), nil, nil
	}
	defer release()
	answer = s.exec(ctx, r, snap)
	if f == nil || len(answer.Errors) > 0 {
		return answer, nil, nil
	}
	body, err = s.encode(ctx, r, snap, answer, f, renderer)
	return answer, body, err
}

// encode is an answer in a form.
func (s *Schema) encode(ctx context.Context, request Request, snap *store.Snapshot, answer *Response, f *form, renderer *exporters.Renderer) ([]byte, error) {
	a, err := exporters.ParseAnswer(answer.Data)
	if err != nil {
		return nil, err
	}
	var b boundedBuffer
	if f.write != nil {
		if err := f.write(a, &b); err != nil {
			return nil, err
		}
		return b.Bytes(), nil
	}
	v, err := viewOf(ctx, snap, a)
	if err != nil {
		return nil, err
	}
	v.Title = request.OperationName
	suffix := "" // that keeps a link in the snapshot
	if request.AsOf != "" {
		suffix = "?" + url.Values{"asOf": {request.AsOf}}.Encode()
	}
	link := func(id graph.ID) string { return s.base + id.Path() + suffix }
	if err := f.draw(&b, v, link); err != nil {
		return nil, err
	}
	if f.image == "" {
		return b.Bytes(), nil
	}
	err = exporters.ErrNoRenderer
	var image []byte
	if renderer != nil {
		image, err = renderer.Render(ctx, b.Bytes(), f.image, "")
	}
	var nodes *exporters.TooManyNodesError
	switch {
	case errors.Is(err, exporters.ErrNoRenderer):
		return nil, &httpError{http.StatusNotImplemented, CodeUnavailable, "no program that draws was found; the formats dot and mermaid can be drawn anywhere"}
	case errors.Is(err, exporters.ErrImageTooLarge), errors.As(err, &nodes):
		return nil, &httpError{http.StatusUnprocessableEntity, CodeBudget, err.Error()}
	}
	return image, err
}

// viewOf is the view that a drawing of an answer shows: the nodes that stand in
// it with their id, and the graph's edges between them.
func viewOf(ctx context.Context, snap *store.Snapshot, a *exporters.Answer) (*graph.View, error) {
	ids := a.IDs()
	if len(ids) > maxSubgraphNodes {
		return nil, &httpError{http.StatusUnprocessableEntity, CodeBudget, fmt.Sprintf("the answer has %d nodes, a drawing may have %d; ask for smaller pages", len(ids), maxSubgraphNodes)}
	}
	nodes, err := snap.Nodes(ctx, ids)
	if err != nil {
		return nil, err
	}
	var focus []graph.ID
	for i, n := range nodes {
		if n != nil { // of another snapshot, that a field's asOf names
			focus = append(focus, ids[i])
		}
	}
	if len(focus) == 0 {
		return nil, &httpError{http.StatusUnprocessableEntity, CodeInput, "the answer has no node to draw; the query must select the field id of what the drawing is to show"}
	}
	v, err := snap.View(ctx, store.ViewOptions{Focus: focus, MaxNodes: len(focus)})
	if err != nil {
		return nil, err
	}
	v.Focus = nil // no node is more than the others
	return v, nil
}
