package schema

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"papergraph/exporters"
	"papergraph/schema/contentcoding"
	"papergraph/store"
)

// Handler serves a Schema as the GraphQL-over-HTTP specification
// (https://graphql.github.io/graphql-over-http/draft/) says:
//
//   - POST with a JSON body, and GET with the parameters query, operationName,
//     variables and extensions. Nothing that the schema has changes anything,
//     so both answer queries alone.
//   - application/graphql-response+json for clients that accept it, otherwise
//     application/json.
//   - 400 for what is not a request, 404 for an unknown snapshot, 405, 406, 413
//     and 415, each with a GraphQL error as its body; 503 where there is no
//     graph to ask or the deadline passed.
//   - An answer without errors to a GET has an ETag, made from the snapshot and
//     the request, and If-None-Match is answered without executing anything.
//   - Answers of some size are compressed for clients that accept zstd or gzip.
//   - The header Papergraph-Cost says what an answer used of the [Limits]:
//     nodes=12, fields=80, text=1024. A request with {"cost": true} among its
//     extensions has it in extensions.cost of the answer too, with the limits.
//
// The parameter asOf of the address, of a POST too, names the snapshot to
// answer from; the header Papergraph-Snapshot of the answer says which it was.
// The header X-Request-Id is taken over from the request, or made up.
//
// [Handler.ServeQueries] serves queries that are kept, in more forms.
type Handler struct {
	HandlerOptions
	schema *Schema
	coder  contentcoding.Encoder
}

// HandlerOptions are what a Handler can be told. The zero value is ready for
// use.
type HandlerOptions struct {
	// Queries keeps the queries that links lead to; nil keeps none.
	Queries *QueryStore
	// Renderer draws answers; nil where nothing can.
	Renderer *exporters.Renderer
	// Admission bounds how many requests are answered at once; nil does not.
	Admission *Admission
	// BehindProxy says that the last address in X-Forwarded-For is the client's.
	BehindProxy bool
	// Observe, if there is one, is told what became of each request when it was
	// answered, in the request's context.
	Observe func(context.Context, Outcome)
}

// NewHandler returns a Handler of s.
func NewHandler(s *Schema, o HandlerOptions) *Handler { return &Handler{HandlerOptions: o, schema: s} }

// Headers of ours.
const (
	headerRequestID = "X-Request-Id"
	headerSnapshot  = "Papergraph-Snapshot"
	headerCost      = "Papergraph-Cost"
)

// httpError is a request that is refused with a status.
type httpError struct {
	status int
	code   Code
	msg    string
}

func (e *httpError) Error() string { return e.msg }

func badRequest(format string, args ...any) error {
	return &httpError{http.StatusBadRequest, CodeRequest, fmt.Sprintf(format, args...)}
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r, report := h.observed(r)
	defer report()
	id := h.begin(w, r)
	if options(w, r, "GET, HEAD, POST, OPTIONS") {
		return
	}
	mediaType := negotiate(r.Header.Values("Accept"))
	if mediaType == "" {
		h.refuse(w, r, typeJSON, &httpError{http.StatusNotAcceptable, CodeRequest, "accept " + typeGraphQL + " or " + typeJSON})
		return
	}
	request, err := h.read(w, r)
	if err != nil {
		h.refuse(w, r, mediaType, err)
		return
	}
	request.ID = id
	h.answer(w, r, request, mediaType, nil)
}

// options answers OPTIONS, which asks for the methods that there are.
func options(w http.ResponseWriter, r *http.Request, methods string) bool {
	if r.Method != http.MethodOptions {
		return false
	}
	w.Header().Set("Allow", methods)
	w.WriteHeader(http.StatusNoContent)
	return true
}

// busy is the answer to a request that was not let in.
func busy(w http.ResponseWriter, err error) error {
	var b *BusyError
	if !errors.As(err, &b) {
		return err
	}
	w.Header().Set("Retry-After", strconv.Itoa(max(int(b.RetryAfter.Seconds()), 1)))
	return codef(CodeUnavailable, "%v", b)
}

// begin sets the headers that every answer has, and returns the request's id.
func (h *Handler) begin(w http.ResponseWriter, r *http.Request) (id string) {
	id = requestID(r)
	w.Header().Set(headerRequestID, id)
	w.Header().Add("Vary", "Accept, Accept-Encoding")
	return id
}

// answer answers a request: in a form if there is one, and else, as it does
// with errors, with a mediaType of GraphQL.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, request Request, mediaType string, f *form) {
	s := h.schema
	outcome := outcomeOf(r)
	outcome.Query, outcome.Operation = QueryHash(request.Query), request.OperationName
	if f != nil {
		outcome.Format = f.name
	}
	snap, release, err := s.source.Open(request.AsOf)
	if err != nil {
		h.write(w, r, mediaType, s.refuse(request, openError(err)))
		return
	}
	defer release()
	outcome.Snapshot = snap.Info().ID
	w.Header().Set(headerSnapshot, outcome.Snapshot)
	w.Header().Set("Cache-Control", "no-cache") // to be asked about, by ETag, each time
	tag := ""
	if isGet(r) {
		if tag, err = h.etag(request, snap.Info(), mediaType, f); err != nil {
			h.write(w, r, mediaType, s.refuse(request, err))
			return
		}
		if matchesETag(r.Header.Values("If-None-Match"), tag) {
			outcome.NotModified = true
			w.Header().Set("ETag", tag)
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if h.Admission != nil {
		start := time.Now()
		leave, err := h.Admission.Enter(r.Context(), ClientAddress(r, h.BehindProxy))
		outcome.Waited = time.Since(start)
		if err != nil {
			outcome.Refused = true
			h.write(w, r, mediaType, s.refuse(request, busy(w, err)))
			return
		}
		defer leave()
	}
	start := time.Now()
	answer := s.exec(r.Context(), request, snap)
	outcome.Took = time.Since(start)
	outcome.Nodes, outcome.Fields, outcome.Text = answer.Nodes, answer.Fields, answer.Text
	w.Header().Set(headerCost, fmt.Sprintf("nodes=%d, fields=%d, text=%d", answer.Nodes, answer.Fields, answer.Text))
	if f != nil {
		h.writeForm(w, r, request, snap, answer, mediaType, tag, f)
		return
	}
	if tag != "" && len(answer.Errors) == 0 {
		w.Header().Set("ETag", tag)
	}
	h.write(w, r, mediaType, answer)
}

func isGet(r *http.Request) bool { return r.Method == http.MethodGet || r.Method == http.MethodHead }

// maxRequestID is the longest X-Request-Id that is taken over.
const maxRequestID = 64

// requestID is what the request names itself, if that can stand in a log, or a
// new id.
func requestID(r *http.Request) string {
	id := r.Header.Get(headerRequestID)
	plain := func(c rune) bool {
		return c == '-' || c == '_' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	}
	if id == "" || len(id) > maxRequestID || strings.ContainsFunc(id, func(c rune) bool { return !plain(c) }) {
		return newRequestID()
	}
	return id
}

// read reads the GraphQL request out of an HTTP request.
func (h *Handler) read(w http.ResponseWriter, r *http.Request) (Request, error) {
	var p parameters
	var err error
	switch {
	case isGet(r):
		values := r.URL.Query()
		p = parametersOf(values)
		p.Query = quoted(values, "query")
	case r.Method == http.MethodPost:
		if p, err = h.readBody(w, r); err != nil {
			return Request{}, err
		}
	default:
		return Request{}, &httpError{http.StatusMethodNotAllowed, CodeRequest, "use GET or POST, not " + r.Method}
	}
	request, err := p.request()
	request.AsOf = r.URL.Query().Get("asOf")
	return request, err
}

// readBody reads the parameters in the body of a request.
func (h *Handler) readBody(w http.ResponseWriter, r *http.Request) (p parameters, err error) {
	if ct := r.Header.Get("Content-Type"); !jsonBody(ct) {
		return p, &httpError{http.StatusUnsupportedMediaType, CodeRequest, fmt.Sprintf("the body must be %s in UTF-8, its Content-Type is %q", typeJSON, ct)}
	}
	if ce := r.Header.Get("Content-Encoding"); ce != "" && ce != "identity" {
		return p, &httpError{http.StatusUnsupportedMediaType, CodeRequest, fmt.Sprintf("the body must not be encoded, its Content-Encoding is %q", ce)}
	}
	limit := h.schema.limits.Body
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return p, &httpError{http.StatusRequestEntityTooLarge, CodeRequest, fmt.Sprintf("the body has more than %d bytes", limit)}
		}
		return p, badRequest("read the body: %v", err)
	}
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && trimmed[0] == '[' {
		return p, badRequest("the body is an array; send one request at a time")
	}
	if err := json.Unmarshal(body, &p); err != nil {
		return p, badRequest("the body is not a JSON object of a request: %v", err)
	}
	return p, nil
}

// parametersOf are those in an address, without the query.
func parametersOf(values url.Values) parameters {
	return parameters{
		OperationName: quoted(values, "operationName"),
		Variables:     json.RawMessage(values.Get("variables")),
		Extensions:    json.RawMessage(values.Get("extensions")),
	}
}

// quoted is a parameter of an address as a JSON string; nothing if it is not
// there.
func quoted(values url.Values, name string) json.RawMessage {
	v := values[name]
	if len(v) == 0 {
		return nil
	}
	b, err := json.Marshal(v[0])
	if err != nil {
		return nil // a string is always JSON
	}
	return b
}

// parameters are those of a request, as they came.
type parameters struct {
	Query         json.RawMessage `json:"query"`
	OperationName json.RawMessage `json:"operationName"`
	Variables     json.RawMessage `json:"variables"`
	Extensions    json.RawMessage `json:"extensions"`
}

// request checks the parameters' types.
func (p parameters) request() (Request, error) {
	var r Request
	var query *string
	var extensions struct { // what others stand in them is not ours
		Cost bool `json:"cost"`
	}
	for _, f := range []struct {
		name, want string
		raw        json.RawMessage
		into       any
	}{
		{"query", "a string", p.Query, &query},
		{"operationName", "a string", p.OperationName, &r.OperationName},
		{"variables", "an object", p.Variables, &r.Variables},
		{"extensions", "an object", p.Extensions, &extensions},
	} {
		if len(f.raw) == 0 {
			continue
		}
		if err := json.Unmarshal(f.raw, f.into); err != nil {
			return Request{}, badRequest("%s must be %s: %v", f.name, f.want, err)
		}
	}
	if query == nil || strings.TrimSpace(*query) == "" {
		return Request{}, badRequest("query is missing")
	}
	r.Query, r.Cost = *query, extensions.Cost
	return r, nil
}

// etag names the answer to a request: all that it can depend on. It is weak
// because the same answer may be compressed or not. The list of snapshots is
// the one thing that is not the snapshot's own.
func (h *Handler) etag(r Request, info store.Info, mediaType string, f *form) (string, error) {
	infos, err := h.schema.source.Snapshots()
	if err != nil {
		return "", err
	}
	newest := uint64(0)
	if len(infos) > 0 {
		newest = infos[0].Version
	}
	variables, err := json.Marshal(r.Variables) // in the order of keys
	if err != nil {
		return "", fmt.Errorf("name the answer: %w", err)
	}
	if f != nil {
		mediaType = f.name
		if f.image != "" && h.Renderer != nil {
			mediaType += " " + strings.Join(h.Renderer.Programs(), " ") // others draw differently
		}
	}
	sum := sha256.New()
	for _, part := range []string{
		string(h.schema.identity[:]), mediaType,
		info.ID, strconv.FormatUint(info.Version, 10), strconv.FormatUint(newest, 10), strconv.Itoa(len(infos)),
		r.Query, r.OperationName, string(variables), strconv.FormatBool(r.Cost),
	} {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return `W/"` + hex.EncodeToString(sum.Sum(nil)[:16]) + `"`, nil
}

// refuse answers what is not a GraphQL request that can be executed.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, mediaType string, err error) {
	var he *httpError
	if !errors.As(err, &he) {
		h.write(w, r, mediaType, h.schema.refuse(Request{ID: w.Header().Get(headerRequestID)}, err))
		return
	}
	status, code := he.status, he.code
	if status == http.StatusMethodNotAllowed && w.Header().Get("Allow") == "" {
		w.Header().Set("Allow", "GET, HEAD, POST, OPTIONS")
	}
	answer := &Response{Errors: []*Error{{Message: err.Error(), Extensions: ErrorExtensions{Code: code}}}}
	h.send(w, r, mediaType, status, answer)
}

// write sends an answer with the status that it has.
func (h *Handler) write(w http.ResponseWriter, r *http.Request, mediaType string, answer *Response) {
	h.send(w, r, mediaType, statusOf(r, mediaType, answer), answer)
}

// statusOf is the status of an answer: 200 if the request was executed,
// whatever became of its fields, and for clients that know no other.
func statusOf(r *http.Request, mediaType string, answer *Response) int {
	if len(answer.Data) > 0 || len(answer.Errors) == 0 {
		return http.StatusOK
	}
	switch answer.Errors[0].Extensions.Code {
	case CodeNotFound:
		return http.StatusNotFound
	case CodeTimeout, CodeCancelled, CodeUnavailable:
		return http.StatusServiceUnavailable
	case CodeInternal:
		return http.StatusInternalServerError
	}
	if mediaType == typeJSON && !refusesMutation(r, answer) {
		return http.StatusOK
	}
	return http.StatusBadRequest
}

// refusesMutation says whether a GET asked for a mutation. That the schema has
// none is known only once the query is read, and then no client may take the
// answer for a success.
func refusesMutation(r *http.Request, answer *Response) bool {
	return isGet(r) && answer.Errors[0].Message == noMutations
}

// noMutations is what the engine says to a mutation.
const noMutations = "no mutations are offered by the schema"

// send writes an answer.
func (h *Handler) send(w http.ResponseWriter, r *http.Request, mediaType string, status int, answer *Response) {
	outcome := outcomeOf(r)
	for _, e := range answer.Errors {
		if !slices.Contains(outcome.Errors, e.Extensions.Code) {
			outcome.Errors = append(outcome.Errors, e.Extensions.Code)
		}
	}
	body, err := answer.JSON()
	if err != nil {
		// Nothing in an error or an id can fail to be JSON.
		panic(err)
	}
	h.sendBody(w, r, mediaType+"; charset=utf-8", status, append(body, '\n'))
}

// sendBody writes the body of an answer.
func (h *Handler) sendBody(w http.ResponseWriter, r *http.Request, contentType string, status int, body []byte) {
	header := w.Header()
	header.Set("Content-Type", contentType)
	header.Set("X-Content-Type-Options", "nosniff")
	if len(body) >= contentcoding.Least && contentType != typePNG {
		if coding := contentcoding.Choose(r.Header.Values("Accept-Encoding")); coding != contentcoding.Identity {
			body = h.coder.Encode(coding, body)
			header.Set("Content-Encoding", string(coding))
		}
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A client that is gone does not get the answer; there is nobody to tell.
	_, _ = w.Write(body)
}
