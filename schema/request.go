package schema

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"

	"papergraph/graph"
	"papergraph/store"
)

// request is what all resolvers of a request share.
type request struct {
	snap   *store.Snapshot
	base   string // before the path in addresses
	budget budget
}

type requestKey struct{}

func withRequest(ctx context.Context, r *request) context.Context {
	return context.WithValue(ctx, requestKey{}, r)
}

// requestOf returns the request that ctx belongs to.
func requestOf(ctx context.Context) *request { return ctx.Value(requestKey{}).(*request) }

// url is the address of a node's page.
func (r *request) url(id graph.ID) string { return r.base + id.Path() }

// budget counts what a request reads. It is charged before the reading.
type budget struct {
	limit int64
	spent atomic.Int64
}

// searchCost is what a search counts: it looks at the postings of its words,
// which for a common word are those of half the papers.
const searchCost = 100

// charge takes n from the budget.
func (b *budget) charge(n int) error {
	if spent := b.spent.Add(int64(n)); spent > b.limit {
		return codef(CodeBudget, "the request reads too much: %d nodes, edges and connections with this field, at most %d are allowed; ask for smaller pages or fewer levels", spent, b.limit)
	}
	return nil
}

func (b *budget) used() int { return int(b.spent.Load()) }

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
