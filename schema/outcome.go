package schema

import (
	"context"
	"net/http"
	"time"
)

// Outcome is what became of a request that a Handler was asked, for logs,
// metrics and traces.
type Outcome struct {
	Query     string // its hash, as [QueryHash] makes it; empty where no query could be read
	Operation string // the name that the request gives
	Format    string // of the answer; empty for GraphQL's own
	Snapshot  string // its id; empty where none was opened
	Errors    []Code // of the answer, each once, in order
	// Nodes, Fields and Text are what the request used of the [Limits].
	Nodes, Fields, Text int
	Waited              time.Duration // for its turn
	Took                time.Duration // to execute
	NotModified         bool          // whether the client had the answer
	Refused             bool          // whether it was not let in
}

type outcomeKey struct{}

// observed prepares a request for its outcome, and returns what reports it.
func (h *Handler) observed(r *http.Request) (*http.Request, func()) {
	if h.Observe == nil {
		return r, func() {}
	}
	o := new(Outcome)
	ctx := context.WithValue(r.Context(), outcomeKey{}, o)
	return r.WithContext(ctx), func() { h.Observe(ctx, *o) }
}

// outcomeOf is where to note what becomes of a request.
func outcomeOf(r *http.Request) *Outcome {
	if o, ok := r.Context().Value(outcomeKey{}).(*Outcome); ok {
		return o
	}
	return new(Outcome)
}
