package schema

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	gqlerrors "github.com/graph-gophers/graphql-go/errors"

	"papergraph/store"
)

// Code says what kind of thing went wrong. It stands in an error's extensions.
type Code string

// The codes.
const (
	CodeParse       Code = "GRAPHQL_PARSE_FAILED"      // the query is not GraphQL
	CodeValidation  Code = "GRAPHQL_VALIDATION_FAILED" // it does not fit the schema, or a static limit
	CodeRequest     Code = "BAD_REQUEST"               // the HTTP request is not a GraphQL request
	CodeInput       Code = "BAD_USER_INPUT"            // an argument has a value that means nothing
	CodeNotFound    Code = "NOT_FOUND"                 // the snapshot, the start of a subgraph or a kept query is not there
	CodeBudget      Code = "BUDGET_EXCEEDED"           // the answer would be too large
	CodeTimeout     Code = "TIMEOUT"                   // the request took too long
	CodeCancelled   Code = "CANCELLED"                 // who asked went away
	CodeUnavailable Code = "UNAVAILABLE"               // the server cannot do this, now or at all
	CodeInternal    Code = "INTERNAL"                  // our fault; the log has the cause
)

// Codes lists all codes.
func Codes() []Code {
	return []Code{CodeParse, CodeValidation, CodeRequest, CodeInput, CodeNotFound, CodeBudget, CodeTimeout, CodeCancelled, CodeUnavailable, CodeInternal}
}

// Error is an error of an answer, in the form of the GraphQL specification.
type Error struct {
	Message    string          `json:"message"`
	Locations  []Location      `json:"locations,omitempty"`
	Path       []any           `json:"path,omitempty"` // of the field that has the error; empty for the request as a whole
	Extensions ErrorExtensions `json:"extensions"`
}

// Location is a place in a query, counted from 1.
type Location struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

// ErrorExtensions is what GraphQL leaves to us.
type ErrorExtensions struct {
	Code Code   `json:"code"`
	ID   string `json:"id,omitempty"` // with CodeInternal: the request's name in the log
}

// Error is the message with its place.
func (e *Error) Error() string {
	var b strings.Builder
	if len(e.Path) > 0 {
		for i, p := range e.Path {
			if i > 0 {
				b.WriteByte('.')
			}
			fmt.Fprint(&b, p)
		}
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	for _, l := range e.Locations {
		fmt.Fprintf(&b, " (line %d, column %d)", l.Line, l.Column)
	}
	return b.String()
}

// codedError is an error whose message is for whoever asked.
type codedError struct {
	code Code
	msg  string
}

func (e *codedError) Error() string { return e.msg }

func codef(code Code, format string, args ...any) error {
	return &codedError{code, fmt.Sprintf(format, args...)}
}

// errDeadline is the cause of a context that ran into the limit.
var errDeadline = errors.New("deadline of the request")

// panicError is a panic that was caught.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// openError says what it means that there is no snapshot to open.
func openError(err error) error {
	switch {
	case errors.Is(err, store.ErrNoSnapshot):
		return codef(CodeNotFound, "asOf: %v", err)
	case errors.Is(err, store.ErrEmpty), errors.Is(err, store.ErrClosed):
		return codef(CodeUnavailable, "there is no graph to ask: %v", err)
	}
	return err
}

// newError makes an answer's error of err. What is not meant for whoever asked
// goes to the log instead.
func (s *Schema) newError(id string, path []any, err error) *Error {
	e := &Error{Path: path}
	var coded *codedError
	switch {
	case errors.As(err, &coded):
		e.Message, e.Extensions.Code = coded.msg, coded.code
	case errors.Is(err, errDeadline), errors.Is(err, context.DeadlineExceeded):
		e.Message = fmt.Sprintf("the request took longer than %v; ask for less at once", s.limits.Deadline)
		e.Extensions.Code = CodeTimeout
	case errors.Is(err, context.Canceled):
		e.Message, e.Extensions.Code = "the request was cancelled", CodeCancelled
	case errors.Is(err, store.ErrClosed):
		e.Message, e.Extensions.Code = "the store was closed; try again", CodeUnavailable
	default:
		e.Message = fmt.Sprintf("internal error; the log has its cause under %s", id)
		e.Extensions = ErrorExtensions{Code: CodeInternal, ID: id}
		attrs := []any{slog.String("request", id), slog.Any("path", path), slog.String("error", err.Error())}
		var p *panicError
		if errors.As(err, &p) {
			attrs = append(attrs, slog.String("stack", string(p.stack)))
		}
		s.log.Error("graphql request", attrs...)
	}
	return e
}

// suggestionStart begins what the engine says a name may have been meant for.
const suggestionStart = " Did you mean "

// fromEngine makes an answer's error of one of the engine's.
func (s *Schema) fromEngine(id string, q *gqlerrors.QueryError) *Error {
	if q.ResolverError != nil {
		return s.newError(id, q.Path, q.ResolverError)
	}
	if s.closed {
		q.Message, _, _ = strings.Cut(q.Message, suggestionStart)
	}
	e := &Error{Message: q.Message, Path: q.Path, Extensions: ErrorExtensions{Code: CodeValidation}}
	for _, l := range q.Locations {
		e.Locations = append(e.Locations, Location(l))
	}
	switch {
	case errors.Is(q.Err, gqlerrors.ErrSyntax):
		e.Extensions.Code = CodeParse
	case len(q.Path) > 0:
		// The engine's own errors about a field that was resolved are about
		// resolvers that do not keep to the schema.
		return s.newError(id, q.Path, q)
	}
	return e
}

// sortErrors orders errors by place: the engine runs fields in parallel and has
// them in the order in which they came.
func sortErrors(errs []*gqlerrors.QueryError) []*gqlerrors.QueryError {
	slices.SortStableFunc(errs, func(a, b *gqlerrors.QueryError) int {
		if c := slices.CompareFunc(a.Path, b.Path, comparePath); c != 0 {
			return c
		}
		return slices.CompareFunc(a.Locations, b.Locations, func(a, b gqlerrors.Location) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
	})
	return errs
}

// comparePath orders the parts of paths: names, and indexes of lists.
func comparePath(a, b any) int {
	i, ok1 := a.(int)
	j, ok2 := b.(int)
	if ok1 && ok2 {
		return cmp.Compare(i, j)
	}
	if ok1 != ok2 {
		return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
	}
	s, _ := a.(string)
	t, _ := b.(string)
	return cmp.Compare(s, t)
}

// newRequestID is 16 hexadecimal digits.
func newRequestID() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
