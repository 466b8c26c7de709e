package schema

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"
)

// AdmissionLimits bound how many requests are answered at once. A field that is
// 0 has its default.
type AdmissionLimits struct {
	Running   int           // at once; twice the CPUs, and at least 4
	Waiting   int           // for their turn, of all clients; 256
	PerClient int           // waiting, of one client; 32
	Patience  time.Duration // how long one waits; 5 s
}

func (l AdmissionLimits) withDefaults() AdmissionLimits {
	l.Running = cmp.Or(l.Running, max(2*runtime.GOMAXPROCS(0), 4))
	l.Waiting = cmp.Or(l.Waiting, 256)
	l.PerClient = cmp.Or(l.PerClient, 32)
	l.Patience = cmp.Or(l.Patience, 5*time.Second)
	return l
}

// Admission lets a bounded number of requests in. The others wait in a queue of
// their client's, and the client with the fewest requests inside is next, in
// turn where several have as few: a client that asks for much at once waits for
// itself, not others for it. It is safe for concurrent use.
type Admission struct {
	limits AdmissionLimits

	mu      sync.Mutex
	running int
	waiting int
	clients map[string]*client
	queue   []*client // those with requests that wait, the one served last at the end
}

// client is who has a request inside or waiting.
type client struct {
	name    string
	running int
	waiting []chan struct{} // each closed when its request may enter
}

// NewAdmission returns an Admission with nobody inside.
func NewAdmission(l AdmissionLimits) *Admission {
	return &Admission{limits: l.withDefaults(), clients: make(map[string]*client)}
}

// BusyError says that a request was not let in.
type BusyError struct {
	Running, Waiting, Own, PerClient int // at that moment; Own of Waiting are the client's
	Waited                           time.Duration
	RetryAfter                       time.Duration // when it may be worth trying again
}

// Error has the numbers.
func (e *BusyError) Error() string {
	if e.Waited > 0 {
		return fmt.Sprintf("the server is busy: %d requests are being answered and this one waited %v for its turn; try again in %v", e.Running, e.Waited, e.RetryAfter)
	}
	return fmt.Sprintf("the server is busy: %d requests are being answered and %d wait, %d of them yours, of which %d may wait; try again in %v", e.Running, e.Waiting, e.Own, e.PerClient, e.RetryAfter)
}

// errPatience is the cause of a context whose request waited too long.
var errPatience = errors.New("patience of a request that waits")

// Enter waits until a request of a client may be answered; leave is to be called
// once when it was. The error is a [*BusyError], or the context's.
func (a *Admission) Enter(ctx context.Context, name string) (leave func(), err error) {
	a.mu.Lock()
	c := a.clients[name]
	if c == nil {
		c = &client{name: name}
		a.clients[name] = c
	}
	if a.running < a.limits.Running && a.waiting == 0 {
		a.running++
		c.running++
		a.mu.Unlock()
		return func() { a.leave(c) }, nil
	}
	if a.waiting >= a.limits.Waiting || len(c.waiting) >= a.limits.PerClient {
		err := &BusyError{Running: a.running, Waiting: a.waiting, Own: len(c.waiting), PerClient: a.limits.PerClient, RetryAfter: a.limits.Patience}
		a.forget(c)
		a.mu.Unlock()
		return nil, err
	}
	ready := make(chan struct{})
	if c.waiting = append(c.waiting, ready); len(c.waiting) == 1 {
		a.queue = append(a.queue, c)
	}
	a.waiting++
	a.mu.Unlock()
	waiting, cancel := context.WithTimeoutCause(ctx, a.limits.Patience, errPatience)
	defer cancel()
	select {
	case <-ready:
		return func() { a.leave(c) }, nil
	case <-waiting.Done():
	}
	a.mu.Lock()
	i := slices.Index(c.waiting, ready)
	if i < 0 { // it was let in at this very moment
		a.mu.Unlock()
		return func() { a.leave(c) }, nil
	}
	c.waiting = slices.Delete(c.waiting, i, i+1)
	a.waiting--
	if len(c.waiting) == 0 {
		a.queue = slices.DeleteFunc(a.queue, func(q *client) bool { return q == c })
	}
	busy := &BusyError{Running: a.running, Waiting: a.waiting, Own: len(c.waiting), PerClient: a.limits.PerClient, Waited: a.limits.Patience, RetryAfter: a.limits.Patience}
	a.forget(c)
	a.mu.Unlock()
	if cause := context.Cause(waiting); !errors.Is(cause, errPatience) {
		return nil, cause
	}
	return nil, busy
}

// leave ends a request and lets the next one in.
func (a *Admission) leave(c *client) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.running--
	c.running--
	if len(a.queue) > 0 {
		next := slices.MinFunc(a.queue, func(x, y *client) int { return cmp.Compare(x.running, y.running) }) // the first of several
		close(next.waiting[0])
		next.waiting = next.waiting[1:]
		next.running++
		a.running++
		a.waiting--
		a.queue = slices.DeleteFunc(a.queue, func(q *client) bool { return q == next })
		if len(next.waiting) > 0 {
			a.queue = append(a.queue, next)
		}
	}
	a.forget(c)
}

// forget drops a client that has nothing here.
func (a *Admission) forget(c *client) {
	if c.running == 0 && len(c.waiting) == 0 {
		delete(a.clients, c.name)
	}
}

// Load says how many requests are being answered, and how many wait.
func (a *Admission) Load() (running, waiting int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.running, a.waiting
}

// ClientAddress is who sent a request, as far as that can be told by address:
// of IPv6 the first 64 bits, which is what one client is given. Behind a proxy
// that adds the address of its client to the header X-Forwarded-For it is the
// last one there, which is the only one that clients cannot make up.
func ClientAddress(r *http.Request, behindProxy bool) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	if forwarded := r.Header.Values("X-Forwarded-For"); behindProxy && len(forwarded) > 0 {
		last := forwarded[len(forwarded)-1]
		host = strings.TrimSpace(last[strings.LastIndexByte(last, ',')+1:])
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	if ip = ip.Unmap(); ip.Is6() {
		if prefix, err := ip.WithZone("").Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return ip.String()
}
