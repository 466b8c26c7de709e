package web

import (
	"container/list"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"papergraph/exporters"
)

const (
	// pictureTimeout is how long a page waits for its drawing.
	pictureTimeout = 10 * time.Second
	// drawingTimeout is how long a drawing may go on for those who ask for it
	// alone, its wait for a free place included.
	drawingTimeout = 40 * time.Second
	// maxDrawings bounds the memory of the drawings that are kept, in bytes.
	// A neighbourhood has about 50 kB.
	maxDrawings = 16 << 20
)

// drawings draws graphs and keeps the latest: a drawing costs a process and a
// tenth of a second or more, and a graph in DOT always gives the same one. A
// nil *drawings draws nothing.
type drawings struct {
	renderer *exporters.Renderer

	mu       sync.Mutex
	size     int
	order    list.List // of *drawing, the one used last in front
	byKey    map[string]*list.Element
	underWay map[string]*underWay
}

// underWay is a drawing that is being made. Those who want the same one wait
// for it together. It goes on behind a page that could not wait any longer: the
// next request finds it done. It is stopped when all clients have gone, since
// otherwise asking and going away would keep the few places to draw from those
// who stay.
type underWay struct {
	waiting int  // guarded by the mutex of drawings
	wanted  bool // as waiting; somebody who left has not gone
	stop    context.CancelFunc
	done    chan struct{} // closed when image and err are there
	image   []byte
	err     error
}

type drawing struct {
	key   string
	image []byte
}

func newDrawings(r *exporters.Renderer) *drawings {
	return &drawings{renderer: r, byKey: make(map[string]*list.Element), underWay: make(map[string]*underWay)}
}

// programs names what draws: other programs draw differently.
func (d *drawings) programs() []string {
	if d == nil {
		return nil
	}
	return d.renderer.Programs()
}

// draw returns an image of a graph. Callers must not change it. Errors are
// those of [exporters.Renderer.Render].
func (d *drawings) draw(ctx context.Context, dot []byte, format exporters.ImageFormat) ([]byte, error) {
	if d == nil {
		return nil, exporters.ErrNoRenderer
	}
	key := fmt.Sprintf("%s %x", format, sha256.Sum256(dot))
	if image, ok := d.kept(key); ok {
		return image, nil
	}
	u := d.join(ctx, key, dot, format)
	defer func() { d.leave(key, u, errors.Is(ctx.Err(), context.Canceled)) }()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a drawing: %w", ctx.Err())
	case <-u.done:
		return u.image, u.err
	}
}

// join takes part in the drawing under way with a key, or begins it.
func (d *drawings) join(ctx context.Context, key string, dot []byte, format exporters.ImageFormat) *underWay {
	d.mu.Lock()
	defer d.mu.Unlock()
	u := d.underWay[key]
	if u == nil {
		u = &underWay{done: make(chan struct{})}
		d.underWay[key] = u
		ctx, u.stop = context.WithTimeout(context.WithoutCancel(ctx), drawingTimeout)
		go func() {
			defer u.stop()
			u.image, u.err = d.renderer.Render(ctx, dot, format, "")
			if u.err == nil {
				d.keep(&drawing{key, u.image})
			}
			d.mu.Lock()
			defer d.mu.Unlock()
			d.forget(key, u)
			close(u.done)
		}()
	}
	u.waiting++
	return u
}

// leave ends a part in a drawing under way, and the drawing with the last one
// if nobody wants it any more: gone says that this client does not.
func (d *drawings) leave(key string, u *underWay, gone bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	u.waiting--
	u.wanted = u.wanted || !gone
	if u.waiting == 0 && !u.wanted {
		u.stop()
		d.forget(key, u) // who comes now begins it anew
	}
}

// forget takes a drawing off those under way. The mutex is held.
func (d *drawings) forget(key string, u *underWay) {
	if d.underWay[key] == u {
		delete(d.underWay, key)
	}
}

func (d *drawings) kept(key string) ([]byte, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.byKey[key]
	if e == nil {
		return nil, false
	}
	d.order.MoveToFront(e)
	return e.Value.(*drawing).image, true
}

func (d *drawings) keep(n *drawing) {
	if len(n.image) > maxDrawings/4 {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.byKey[n.key] != nil {
		return
	}
	d.byKey[n.key] = d.order.PushFront(n)
	d.size += len(n.image)
	for d.size > maxDrawings {
		last := d.order.Back()
		old := d.order.Remove(last).(*drawing)
		delete(d.byKey, old.key)
		d.size -= len(old.image)
	}
}
