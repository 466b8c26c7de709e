package web

import (
	"container/list"
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

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
	flight   singleflight.Group

	mu    sync.Mutex
	size  int
	order list.List // of *drawing, the one used last in front
	byKey map[string]*list.Element
}

type drawing struct {
	key   string
	image []byte
}

func newDrawings(r *exporters.Renderer) *drawings {
	return &drawings{renderer: r, byKey: make(map[string]*list.Element)}
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
	// Those who want the same drawing wait for one. It goes on when one of
	// them leaves: the next request finds it done.
	ctxDraw := context.WithoutCancel(ctx)
	done := d.flight.DoChan(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(ctxDraw, drawingTimeout)
		defer cancel()
		image, err := d.renderer.Render(ctx, dot, format, "")
		if err == nil {
			d.keep(&drawing{key, image})
		}
		return image, err
	})
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a drawing: %w", ctx.Err())
	case r := <-done:
		image, _ := r.Val.([]byte)
		return image, r.Err
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
