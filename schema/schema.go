package schema

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/graph-gophers/graphql-go"
	gqlerrors "github.com/graph-gophers/graphql-go/errors"

	"papergraph/store"
)

//go:embed schema.graphql
var sdl string

// SDL returns the schema in the GraphQL schema language.
func SDL() string { return sdl }

// Source is where requests get their snapshot from.
type Source interface {
	// Open opens the snapshot that a request is answered from: the newest if
	// asOf is empty, otherwise the one with this id or prefix of an id. The
	// caller calls release once, when the answer is written. Errors are those
	// of [store.Store.Latest] and [store.Store.At].
	Open(asOf string) (snap *store.Snapshot, release func(), err error)
	// Snapshots lists all snapshots, newest first.
	Snapshots() ([]store.Info, error)
	// Diff compares two snapshots as [store.Store.Diff] does.
	Diff(ctx context.Context, from, to string, max int) (*store.Diff, error)
}

// FromStore is the Source that an open store is. Every request sees what was
// published last before it came.
func FromStore(st *store.Store) Source { return fromStore{st} }

type fromStore struct{ *store.Store }

func (s fromStore) Open(asOf string) (*store.Snapshot, func(), error) {
	open := func() (*store.Snapshot, error) { return s.At(asOf) }
	if asOf == "" {
		open = s.Latest
	}
	snap, err := open()
	if err != nil {
		return nil, nil, err
	}
	return snap, snap.Close, nil
}

// Limits bound what one request may cost. A field that is 0 has its default;
// there is no way to lift a limit other than a large number.
type Limits struct {
	Depth       int           // of nested fields; 15, the least that the standard introspection query needs
	QueryLength int           // in bytes; 32 KiB
	Name        int           // of a field, an alias or the like, in bytes; 128
	Overlaps    int           // pairs of fields that validation compares; 10,000
	Selections  int           // after fragments are expanded; 5,000
	Parallelism int           // resolvers at the same time; 64
	Nodes       int           // the budget: nodes, edges and connections that are read or handed out; 20,000
	Fields      int           // in one answer; 100,000
	Text        int           // of names, titles, abstracts, quotes and drawings in one answer, in bytes; 16 MiB
	Deadline    time.Duration // 10 s
	Errors      int           // in one answer; 20
	Body        int64         // of an HTTP request, in bytes; 256 KiB
}

func (l Limits) withDefaults() Limits {
	d := Limits{
		Depth: 15, QueryLength: 32 << 10, Name: 128, Overlaps: 10_000, Selections: 5_000, Parallelism: 64,
		Nodes: 20_000, Fields: 100_000, Text: 16 << 20, Deadline: 10 * time.Second, Errors: 20, Body: 256 << 10,
	}
	for _, f := range []struct{ value, standard *int }{
		{&l.Depth, &d.Depth}, {&l.QueryLength, &d.QueryLength}, {&l.Name, &d.Name}, {&l.Overlaps, &d.Overlaps}, {&l.Selections, &d.Selections},
		{&l.Parallelism, &d.Parallelism}, {&l.Nodes, &d.Nodes}, {&l.Fields, &d.Fields}, {&l.Text, &d.Text}, {&l.Errors, &d.Errors},
	} {
		if *f.value <= 0 {
			*f.value = *f.standard
		}
	}
	if l.Deadline <= 0 {
		l.Deadline = d.Deadline
	}
	if l.Body <= 0 {
		l.Body = d.Body
	}
	return l
}

// PublicLimits are for a server that anybody can ask: a quarter to a half of
// the defaults where a request costs work or memory. What the playground, its
// examples and introspection need is well inside.
func PublicLimits() Limits {
	return Limits{Nodes: 10_000, Fields: 50_000, Text: 4 << 20, Selections: 2_000, Parallelism: 16, Deadline: 5 * time.Second, Body: 64 << 10}
}

// Options are what a Schema can be told. The zero value is ready for use.
type Options struct {
	Limits Limits
	// BaseURL stands before the path in every url and in the links of
	// drawings, without a slash at its end: "http://localhost:8080". Empty
	// gives paths.
	BaseURL string
	// NoIntrospection refuses questions about the schema, and does not say in
	// errors what its names may have been meant. The schema is no secret; this
	// is for those who must.
	NoIntrospection bool
	// Logger receives the causes of errors with code INTERNAL. Nil is silent.
	Logger *slog.Logger
}

// Schema answers requests. It is safe for concurrent use.
type Schema struct {
	source Source
	limits Limits
	base   string
	log    *slog.Logger
	engine *graphql.Schema
	// identity stands for all that answers depend on beside the snapshot and
	// the request.
	identity [sha256.Size]byte
	// closed says that nothing is told about the schema.
	closed bool
	// sweeps has room for the reads of whole lists that go on at once.
	sweeps chan struct{}
}

// New returns a Schema that answers from the snapshots of a source.
func New(source Source, o Options) (*Schema, error) {
	s := &Schema{source: source, limits: o.Limits.withDefaults(), base: o.BaseURL, log: o.Logger, closed: o.NoIntrospection, sweeps: make(chan struct{}, runtime.GOMAXPROCS(0))}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.identity = sha256.Sum256(fmt.Appendf(nil, "%d:%s%d:%s%+v", len(sdl), sdl, len(s.base), s.base, s.limits))
	engine, err := graphql.ParseSchema(sdl, &query{},
		graphql.UseStringDescriptions(),
		graphql.MaxDepth(s.limits.Depth),
		graphql.MaxQueryLength(s.limits.QueryLength),
		graphql.OverlapValidationLimit(s.limits.Overlaps),
		graphql.MaxSelections(s.limits.Selections),
		graphql.MaxParallelism(s.limits.Parallelism),
		graphql.PanicHandler(panics{}),
		graphql.Logger(panics{}),
		graphql.Tracer(fieldCounter{}),
		graphql.RestrictIntrospection(func(context.Context) bool { return !s.closed }),
	)
	if err != nil {
		return nil, fmt.Errorf("bind the GraphQL schema to its resolvers: %w", err)
	}
	s.engine = engine
	return s, nil
}

// Request is one GraphQL request.
type Request struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName,omitempty"` // which operation, where Query has several
	Variables     map[string]any `json:"variables,omitempty"`     // values as encoding/json decodes them
	AsOf          string         `json:"-"`                       // id of a snapshot or a prefix of one; the newest if empty
	ID            string         `json:"-"`                       // names the request in the log; made up if empty
	Cost          bool           `json:"-"`                       // whether the answer says what it cost, in extensions.cost
}

// Response is the answer to a request.
type Response struct {
	Errors []*Error
	// Data is null where an error reached the top, and empty where the request
	// was not executed.
	Data json.RawMessage
	// ErrorsOmitted counts errors beyond those that an answer may have.
	ErrorsOmitted int
	// Snapshot is what the answer was read from; its ID is empty where none
	// could be opened.
	Snapshot store.Info
	// Nodes, Fields and Text are what the request used of the [Limits] of these
	// names.
	Nodes, Fields, Text int
	// limits are those that the answer is to say beside them, if it is.
	limits *Limits
}

// cost is what an answer says in extensions.cost.
type cost struct {
	Nodes  int        `json:"nodes"`
	Fields int        `json:"fields"`
	Text   int        `json:"text"`
	Limits costLimits `json:"limits"`
}

type costLimits struct {
	Nodes  int `json:"nodes"`
	Fields int `json:"fields"`
	Text   int `json:"text"`
}

// JSON is the answer as the GraphQL specification wants it.
func (r *Response) JSON() ([]byte, error) {
	type extensions struct {
		ErrorsOmitted int   `json:"errorsOmitted,omitempty"`
		Cost          *cost `json:"cost,omitempty"`
	}
	envelope := struct {
		Errors     []*Error   `json:"errors,omitempty"`
		Extensions extensions `json:"extensions,omitzero"`
	}{r.Errors, extensions{ErrorsOmitted: r.ErrorsOmitted}}
	if l := r.limits; l != nil {
		envelope.Extensions.Cost = &cost{r.Nodes, r.Fields, r.Text, costLimits{l.Nodes, l.Fields, l.Text}}
	}
	b, err := json.Marshal(envelope)
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	if len(r.Data) == 0 {
		return b, nil
	}
	// The data is JSON already. Marshalling it again would read megabytes once
	// more to find that out.
	b = b[:len(b)-1]
	if len(b) > 1 {
		b = append(b, ',')
	}
	b = slices.Grow(b, len(r.Data)+len(`"data":}`))
	b = append(b, `"data":`...)
	b = append(b, r.Data...)
	return append(b, '}'), nil
}

// Err is nil for an answer without errors, and otherwise its errors in one.
func (r *Response) Err() error {
	var errs []error
	for _, e := range r.Errors {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// Exec answers a request in process. Whatever goes wrong is in the response.
func (s *Schema) Exec(ctx context.Context, r Request) *Response {
	snap, release, err := s.source.Open(r.AsOf)
	if err != nil {
		return s.refuse(r, openError(err))
	}
	defer release()
	return s.exec(ctx, r, snap)
}

// refuse answers a request that cannot be executed.
func (s *Schema) refuse(r Request, err error) *Response {
	return &Response{Errors: []*Error{s.newError(r.ID, nil, err)}}
}

// exec answers a request from a snapshot.
func (s *Schema) exec(ctx context.Context, r Request, snap *store.Snapshot) (answer *Response) {
	if r.ID == "" {
		r.ID = newRequestID()
	}
	defer func() {
		if p := recover(); p != nil {
			answer = s.refuse(r, &panicError{value: p, stack: debug.Stack()})
		}
	}()
	if err := s.checkNames(r.Query); err != nil {
		return &Response{Snapshot: snap.Info(), Errors: []*Error{err}}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	ctx, cancel := context.WithTimeoutCause(ctx, s.limits.Deadline, errDeadline)
	defer cancel()
	req := &request{snap: snap, base: s.base, limits: s.limits, sweeps: s.sweeps, stop: stop, spending: new(spending), others: &snapshots{source: s.source}}
	defer req.others.end()
	ctx = withRequest(ctx, req)
	req.ctx = ctx
	got := s.engine.Exec(ctx, r.Query, r.OperationName, r.Variables)
	answer = &Response{Snapshot: snap.Info(), Nodes: int(req.nodes.Load()), Fields: int(req.fields.Load()), Text: int(req.text.Load())}
	if r.Cost {
		answer.limits = &s.limits
	}
	s.fill(ctx, answer, r, got)
	return answer
}

// checkNames refuses a query with a name that is too long.
func (s *Schema) checkNames(query string) *Error {
	if len(query) > s.limits.QueryLength {
		return nil // which the engine refuses
	}
	name, at, ok := longName(query, s.limits.Name)
	if !ok {
		return nil
	}
	return &Error{
		Message:    fmt.Sprintf("a name has %d bytes, at most %d are allowed: %.20s…", len(name), s.limits.Name, name),
		Locations:  []Location{at},
		Extensions: ErrorExtensions{Code: CodeValidation},
	}
}

// fill puts the engine's answer into ours.
func (s *Schema) fill(ctx context.Context, answer *Response, r Request, got *graphql.Response) {
	if ctx.Err() != nil {
		// The engine drops the data, and the errors of fields that were cut
		// short say no more than this one.
		answer.Errors = []*Error{s.newError(r.ID, nil, context.Cause(ctx))}
		return
	}
	executed := len(got.Errors) == 0
	for _, e := range sortErrors(got.Errors) {
		executed = executed || len(e.Path) > 0
		if len(answer.Errors) < s.limits.Errors {
			answer.Errors = append(answer.Errors, s.fromEngine(r.ID, e))
		}
	}
	answer.ErrorsOmitted = len(got.Errors) - len(answer.Errors)
	if executed {
		answer.Data = got.Data
	}
}

// panics makes errors of panics in resolvers. The engine asks for a logger
// too, but all that there is to log is in the error.
type panics struct{}

func (panics) LogPanic(context.Context, any) {}

func (panics) MakePanicError(_ context.Context, value any) *gqlerrors.QueryError {
	return &gqlerrors.QueryError{ResolverError: &panicError{value: value, stack: debug.Stack()}}
}
