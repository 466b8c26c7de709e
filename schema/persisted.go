package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	gqlerrors "github.com/graph-gophers/graphql-go/errors"
)

// maxRedirect is how long the address of a query in the playground may be:
// proxies refuse longer ones.
const maxRedirect = 4 << 10

// ServeQueries serves persisted queries, which are links to an answer. The
// request's path is that below where it is mounted:
//
//   - POST to "" with a JSON body of a request keeps its query, which must be
//     one by the schema, and answers {"hash", "url"} with status 201, or 200
//     where it was kept already. The url has the variables and the operation
//     name of the body.
//   - GET of "/<hash>" answers the query, with the parameters variables,
//     operationName, extensions and asOf.
//   - GET of "" with the parameter query answers one that is not kept.
//
// Answers to GET have the form that the parameter format names, or else the
// Accept header:
//
//   - json, GraphQL's own, as [Handler.ServeHTTP] writes it;
//   - jsonl and csv, tables by the rule of [exporters.Answer];
//   - dot, mermaid, svg and png, a drawing of the nodes that stand in the answer
//     with their id, with all edges that the graph has between them.
//
// An answer with errors comes as JSON in any case, with a status of 400 or
// more where another form was asked for. All forms have an ETag. A person with
// a browser who names no format is led to the playground.
func (h *Handler) ServeQueries(w http.ResponseWriter, r *http.Request) {
	r, report := h.observed(r)
	defer report()
	id := h.begin(w, r)
	hash, named := strings.CutPrefix(r.URL.Path, "/")
	named = named && hash != ""
	methods := "GET, HEAD, POST, OPTIONS"
	if named {
		methods = "GET, HEAD, OPTIONS"
	}
	if options(w, r, methods) {
		return
	}
	mediaType := negotiate(r.Header.Values("Accept"))
	if mediaType == "" { // there are other forms, and an error needs one
		mediaType = typeJSON
	}
	var request Request
	var err error
	switch {
	case isGet(r) && named:
		request, err = h.readNamed(r, hash)
	case isGet(r):
		request, err = h.read(w, r)
	case r.Method == http.MethodPost && !named:
		h.keep(w, r, id, mediaType)
		return
	default:
		w.Header().Set("Allow", methods)
		err = &httpError{http.StatusMethodNotAllowed, CodeRequest, "use " + methods + ", not " + r.Method}
	}
	var f *form
	format := r.URL.Query().Get("format")
	if err == nil {
		f, err = formOf(format, r.Header.Values("Accept"))
	}
	if err != nil {
		h.refuse(w, r, mediaType, err)
		return
	}
	request.ID = id
	if f == nil && format == "" && h.lead(w, r, request) {
		return
	}
	h.answer(w, r, request, mediaType, f)
}

// lead leads a person with a browser to the playground.
func (h *Handler) lead(w http.ResponseWriter, r *http.Request, request Request) bool {
	html := false
	for _, part := range split(r.Header.Values("Accept")) {
		mediaType, _, _ := strings.Cut(part, ";")
		html = html || strings.TrimSpace(mediaType) == "text/html"
	}
	if !html {
		return false
	}
	values := url.Values{"query": {request.Query}}
	for _, name := range []string{"variables", "operationName", "asOf"} {
		if v := r.URL.Query().Get(name); v != "" {
			values.Set(name, v)
		}
	}
	target := h.schema.base + "/?" + values.Encode()
	if len(target) > maxRedirect {
		return false
	}
	w.Header().Set("Cache-Control", "no-cache")
	http.Redirect(w, r, target, http.StatusSeeOther)
	return true
}

// readNamed reads the request for a query that is kept.
func (h *Handler) readNamed(r *http.Request, hash string) (Request, error) {
	query, err := h.kept(hash)
	if err != nil {
		return Request{}, err
	}
	values := r.URL.Query()
	if values.Has("query") {
		return Request{}, badRequest("query: the address names one by its hash already")
	}
	p := parametersOf(values)
	p.Query = quoted(url.Values{"query": {query}}, "query")
	request, err := p.request()
	request.AsOf = values.Get("asOf")
	return request, err
}

// kept is a query that is kept.
func (h *Handler) kept(hash string) (string, error) {
	if h.Queries == nil {
		return "", &httpError{http.StatusNotFound, CodeNotFound, "this server keeps no queries"}
	}
	query, err := h.Queries.Get(hash)
	if errors.Is(err, ErrNoQuery) {
		return "", &httpError{http.StatusNotFound, CodeNotFound, err.Error()}
	}
	return query, err
}

// keep keeps the query of a request.
func (h *Handler) keep(w http.ResponseWriter, r *http.Request, id, mediaType string) {
	p, err := h.readBody(w, r)
	if err != nil {
		h.refuse(w, r, mediaType, err)
		return
	}
	request, err := p.request()
	if err != nil {
		h.refuse(w, r, mediaType, err)
		return
	}
	request.ID = id
	outcomeOf(r).Query = QueryHash(request.Query)
	if h.Queries == nil {
		h.refuse(w, r, mediaType, &httpError{http.StatusForbidden, CodeUnavailable, "this server keeps no queries"})
		return
	}
	if answer := h.schema.validate(request); len(answer.Errors) > 0 {
		h.send(w, r, mediaType, http.StatusBadRequest, answer)
		return
	}
	hash, added, err := h.Queries.Put(request.Query)
	switch {
	case errors.Is(err, ErrQueriesFull):
		h.refuse(w, r, mediaType, &httpError{http.StatusInsufficientStorage, CodeUnavailable, err.Error()})
		return
	case errors.Is(err, ErrQueriesReadOnly):
		h.refuse(w, r, mediaType, &httpError{http.StatusForbidden, CodeUnavailable, "this server cannot write, and so keeps no more queries"})
		return
	case err != nil:
		h.write(w, r, mediaType, h.schema.refuse(request, err))
		return
	}
	values := url.Values{}
	if variables := string(p.Variables); variables != "" && variables != "null" {
		values.Set("variables", variables)
	}
	if request.OperationName != "" {
		values.Set("operationName", request.OperationName)
	}
	if request.AsOf = r.URL.Query().Get("asOf"); request.AsOf != "" {
		values.Set("asOf", request.AsOf)
	}
	address := h.schema.base + "/q/" + hash
	if len(values) > 0 {
		address += "?" + values.Encode()
	}
	body, err := json.Marshal(struct {
		Hash string `json:"hash"`
		URL  string `json:"url"`
	}{hash, address})
	if err != nil {
		h.write(w, r, mediaType, h.schema.refuse(request, fmt.Errorf("name the query: %w", err)))
		return
	}
	status := http.StatusOK
	if added {
		status = http.StatusCreated
		w.Header().Set("Location", address)
	}
	w.Header().Set("Cache-Control", "no-store")
	h.sendBody(w, r, typeJSON+"; charset=utf-8", status, append(body, '\n'))
}

// ruleVariables is the engine's name for the check that variables have values.
const ruleVariables = "VariablesOfCorrectType"

// validate checks a query without its variables, which each request for it
// brings, and executes nothing.
func (s *Schema) validate(r Request) *Response {
	if err := s.checkNames(r.Query); err != nil {
		return &Response{Errors: []*Error{err}}
	}
	answer := new(Response)
	for _, e := range s.check(r.Query) {
		if len(answer.Errors) == s.limits.Errors {
			answer.ErrorsOmitted++
			continue
		}
		answer.Errors = append(answer.Errors, s.fromEngine(r.ID, e))
	}
	return answer
}

// check is what is wrong with a query by itself.
func (s *Schema) check(query string) []*gqlerrors.QueryError {
	var errs []*gqlerrors.QueryError
	for _, e := range sortErrors(s.engine.Validate(query)) {
		if e.Rule != ruleVariables {
			errs = append(errs, e)
		}
	}
	return errs
}
