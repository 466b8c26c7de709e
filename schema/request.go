package schema

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	gqlerrors "github.com/graph-gophers/graphql-go/errors"
	"github.com/graph-gophers/graphql-go/introspection"
	"github.com/graph-gophers/graphql-go/trace/tracer"

	"papergraph/graph"
	"papergraph/store"
)

// request is what all resolvers of a request share.
type request struct {
	snap   *store.Snapshot
	base   string // before the path in addresses
	limits Limits
	sweeps chan struct{} // of the schema
	// ctx is that of the request, for leaves, which are handed none.
	ctx context.Context
	// stop ends the request with an error instead of an answer.
	stop context.CancelCauseFunc

	*spending            // one for the request, whichever snapshots it sees
	others    *snapshots // those that asOf names
}

// spending is what a request has used of the limits of these names.
type spending struct{ nodes, fields, text atomic.Int64 }

type requestKey struct{}

func withRequest(ctx context.Context, r *request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// requestOf returns the request that ctx belongs to.
func requestOf(ctx context.Context) *request { return ctx.Value(requestKey{}).(*request) }

// url is the address of a node's page.
func (r *request) url(id graph.ID) string { return r.base + id.Path() }

// sweep waits for room for a read of a whole list or of all postings of a
// word, and returns what gives the room back. Such a read fills memory for
// every node of the graph. All requests together get as many as there are
// CPUs: the budget bounds how many one request makes, not how many of them
// its parallel fields, and those of other requests, have under way.
func (r *request) sweep(ctx context.Context) (done func(), err error) {
	select {
	case r.sweeps <- struct{}{}:
		return func() { <-r.sweeps }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// searchCost is what a search counts: it looks at the postings of its words,
// which for a common word are those of half the papers.
const searchCost = 100

// charge takes n from the budget of nodes, before they are read or handed out.
// A field that goes beyond it has an error and its siblings go on; a request
// that goes on as far again is stopped.
func (r *request) charge(n int) error {
	spent, limit := r.nodes.Add(int64(n)), int64(r.limits.Nodes)
	if spent <= limit {
		return nil
	}
	err := codef(CodeBudget, "the request reads too much: %d nodes, edges and connections with this field, at most %d are allowed; ask for smaller pages or fewer levels", spent, limit)
	if spent > 2*limit {
		r.stop(err)
	}
	return err
}

// chargeField counts a field that is resolved. It does for fields that cannot
// fail, those of introspection among them, what charge does for nodes.
func (r *request) chargeField() {
	if limit := int64(r.limits.Fields); r.fields.Add(1) == limit+1 {
		r.stop(codef(CodeBudget, "the answer has too many fields, at most %d are allowed; ask for smaller pages or fewer fields", limit))
	}
}

// chargeText counts text that is handed out, since a page of fields may be a
// page of whole abstracts, each a hundred times.
func (r *request) chargeText(s string) string {
	limit := int64(r.limits.Text)
	if spent := r.text.Add(int64(len(s))); spent > limit && spent-int64(len(s)) <= limit {
		r.stop(codef(CodeBudget, "the answer is too large: more than %d bytes of text; ask for smaller pages or fewer fields", limit))
	}
	return s
}

// chargeTexts is chargeText for a list, which it makes empty if it is nil.
func (r *request) chargeTexts(list []string) []string {
	for _, s := range list {
		r.chargeText(s)
	}
	return orEmpty(list)
}

// fieldCounter charges for every field that the engine resolves.
type fieldCounter struct{}

func (fieldCounter) TraceQuery(ctx context.Context, _, _ string, _ map[string]any, _ map[string]*introspection.Type) (context.Context, tracer.QueryFinishFunc) {
	return ctx, func([]*gqlerrors.QueryError) {}
}

func (fieldCounter) TraceField(ctx context.Context, _, _, _ string, _ bool, _ map[string]any) (context.Context, tracer.FieldFinishFunc) {
	requestOf(ctx).chargeField()
	return ctx, nothingToFinish
}

func nothingToFinish(*gqlerrors.QueryError) {}

// loads are reads that several resolvers share: the first that asks does the
// reading, the others wait for it and get the same.
type loads struct {
	mu    sync.Mutex
	byKey map[any]*load
}

type load struct {
	once  sync.Once
	value any
	err   error
}

// errUnfinished is what those get who wait for a read that panicked.
var errUnfinished = errors.New("the read that this field shares with its siblings did not finish")

// shared returns what read returns, having called it once for all callers with
// the same key.
func shared[V any](l *loads, key any, read func() (V, error)) (V, error) {
	l.mu.Lock()
	e := l.byKey[key]
	if e == nil {
		if l.byKey == nil {
			l.byKey = make(map[any]*load)
		}
		e = &load{err: errUnfinished}
		l.byKey[key] = e
	}
	l.mu.Unlock()
	e.once.Do(func() { e.value, e.err = read() })
	v, _ := e.value.(V)
	return v, e.err
}
