package main

import (
	"context"
	"io"
	"sync"

	"papergraph/graph/source"
)

// maxProblems is how many problems of the input are shown; all are counted.
const maxProblems = 20

// problems collects what was refused of the input, to be shown when the bars,
// which it would tear, are done.
type problems struct {
	first []source.Problem
	count int
}

func (p *problems) add(problem source.Problem) {
	if p.count++; p.count <= maxProblems {
		p.first = append(p.first, problem)
	}
}

// show reports what was refused.
func (p *problems) show(out *output) {
	for _, problem := range p.first {
		out.errorf("%v", problem)
	}
	if p.count > maxProblems {
		out.errorf("%d problems more", p.count-maxProblems)
	}
}

// err is errPartial if anything was refused.
func (p *problems) err() error {
	if p.count > 0 {
		return errPartial
	}
	return nil
}

// interruptible is r until ctx is done and fails from then on, also in a read
// that waits, as that of a terminal or a pipe does for ever: it cannot be
// stopped, only left behind. Nothing is read from r before the first Read.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	return &interruptibleReader{ctx: ctx, from: r}
}

type interruptibleReader struct {
	ctx  context.Context
	from io.Reader
	once sync.Once
	to   *io.PipeReader
}

func (r *interruptibleReader) Read(p []byte) (int, error) {
	r.once.Do(func() {
		to, w := io.Pipe()
		r.to = to
		context.AfterFunc(r.ctx, func() { w.CloseWithError(context.Cause(r.ctx)) })
		go func() {
			_, err := io.Copy(w, r.from)
			w.CloseWithError(err)
		}()
	})
	return r.to.Read(p)
}
