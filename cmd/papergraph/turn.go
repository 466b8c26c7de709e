package main

import (
	"cmp"
	"context"
	"sync"
)

// turn lets one of a server's commands at a time change the store; those that
// wait get it in the order of their coming.
type turn struct {
	taken chan struct{} // has room for one

	mu  sync.Mutex
	who string // has it, to be shown
}

func newTurn() *turn { return &turn{taken: make(chan struct{}, 1)} }

// take waits until it is the caller's turn. If another has it, waits is told
// who.
func (t *turn) take(ctx context.Context, who string, waits func(who string)) error {
	select {
	case t.taken <- struct{}{}:
	default:
		waits(cmp.Or(t.holder(), "another command"))
		select {
		case t.taken <- struct{}{}:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	t.hold(who)
	return nil
}

// give ends the caller's turn.
func (t *turn) give() {
	t.hold("")
	<-t.taken
}

func (t *turn) hold(who string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.who = who
}

func (t *turn) holder() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.who
}
