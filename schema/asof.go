package schema

import (
	"context"
	"fmt"
	"sync"

	"papergraph/store"
)

// asOfArg is the argument that every field of the root has.
type asOfArg struct{ AsOf *string }

// maxSnapshots is how many snapshots beside its own a request may be answered
// from: each fills memory for every node of the graph while it is open, unless
// others have it open too.
const maxSnapshots = 4

// snapshots are those that fields of a request asked for beside the request's
// own. They stay open until the request has ended.
type snapshots struct {
	source Source
	mu     sync.Mutex
	// byName has the request as it sees each of them, by what asOf said.
	byName   map[string]*request
	releases []func()
	ended    bool
}

// at is the request as it sees the snapshot that a field's asOf names: the
// request itself where the field has none. What is read from there counts as
// all else does.
func (r *request) at(ctx context.Context, asOf *string) (*request, error) {
	if asOf == nil || *asOf == "" {
		return r, nil
	}
	s := r.others
	if other := s.opened(*asOf); other != nil {
		return other, nil
	}
	if err := r.charge(searchCost); err != nil {
		return nil, err
	}
	done, err := r.sweep(ctx) // of the ids of all nodes
	if err != nil {
		return nil, err
	}
	defer done()
	return s.open(r, *asOf)
}

// opened is the request as it sees a snapshot that was opened; nil where none
// of that name was.
func (s *snapshots) opened(name string) *request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byName[name]
}

func (s *snapshots) open(r *request, name string) (*request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	other := s.byName[name]
	switch {
	case other != nil:
		return other, nil
	case s.ended:
		// What was opened is released by now; nobody would release this one.
		return nil, fmt.Errorf("open snapshot %q: the request has ended: %w", name, context.Canceled)
	case len(s.byName) >= maxSnapshots:
		return nil, codef(CodeBudget, "asOf: the request names more than %d snapshots; ask for the others in another one", maxSnapshots)
	}
	snap, release, err := s.source.Open(name)
	if err != nil {
		return nil, openError(err)
	}
	seen := *r
	seen.snap = snap
	if s.byName == nil {
		s.byName = make(map[string]*request)
	}
	s.byName[name] = &seen
	s.releases = append(s.releases, release)
	return &seen, nil
}

// end releases the snapshots.
func (s *snapshots) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	for _, release := range s.releases {
		release()
	}
	s.releases = nil
}

// infos are the snapshots of the store, newest first; without those after the
// one that r sees if asOf named it.
func (r *request) infos(asOf *string) ([]store.Info, error) {
	infos, err := r.others.source.Snapshots()
	if err != nil || asOf == nil || *asOf == "" {
		return infos, err
	}
	version := r.snap.Info().Version
	for len(infos) > 0 && infos[0].Version > version {
		infos = infos[1:]
	}
	return infos, nil
}
