package main

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"papergraph/graph/build"
)

// progress shows how far a build is: bars on a terminal, else a line now and
// then, nothing when quiet. A server that builds for another process lets that
// one show it.
type progress struct {
	out   *output
	bars  *mpb.Progress // nil without a terminal
	stage *stageProgress
	next  time.Time // of the next line, or note
}

// progressNote is how far a build is, as a server tells the process that it
// builds for.
type progressNote struct {
	Progress *build.Progress `json:"progress,omitempty"` // for show
	Done     *bool           `json:"done,omitempty"`     // for finish
}

// noteEvery is how often a stage's progress is noted.
const noteEvery = 50 * time.Millisecond

// note tells the process that this one builds for. One that is gone is noticed
// by what follows.
func (p *progress) note(n progressNote) {
	if b, err := json.Marshal(n); err == nil {
		_ = p.out.note(b)
	}
}

// relayedProgress shows the progress that a server notes.
type relayedProgress struct {
	out  *output
	bars *progress // nil while there is none
}

// take takes in a note.
func (r *relayedProgress) take(note []byte) error {
	var n progressNote
	if err := json.Unmarshal(note, &n); err != nil {
		return fmt.Errorf("read what the server says of its progress: %w", err)
	}
	if n.Progress != nil {
		if r.bars == nil {
			r.bars = newProgress(r.out)
		}
		r.bars.show(*n.Progress)
	}
	if n.Done != nil {
		r.finish(*n.Done)
	}
	return nil
}

// finish ends the display, if there is one.
func (r *relayedProgress) finish(done bool) {
	if r.bars != nil {
		r.bars.finish(done)
		r.bars = nil
	}
}

// stageProgress is one stage of a build and its bar.
type stageProgress struct {
	bar *mpb.Bar // nil without a terminal

	mu    sync.Mutex // guards what follows: a goroutine of the bars draws it
	last  build.Progress
	start time.Time
	end   time.Time // of the last report
}

func newProgress(out *output) *progress {
	p := &progress{out: out}
	if !out.quiet && out.note == nil && out.terminal() {
		p.bars = mpb.New(mpb.WithOutput(out.stderr), mpb.WithWidth(60), mpb.WithAutoRefresh())
	}
	return p
}

// lineEvery is how long a run without a terminal is silent.
const lineEvery = 10 * time.Second

// show takes in one report.
func (p *progress) show(r build.Progress) {
	if p.out.quiet {
		return
	}
	now := time.Now()
	if p.stage == nil || r.Stage != p.stage.last.Stage {
		p.complete()
		p.stage = &stageProgress{last: r, start: now, end: now}
		p.next = now.Add(lineEvery)
		if p.out.note != nil {
			p.next = now
		}
		if p.bars != nil {
			p.stage.bar = p.bars.AddBar(0,
				mpb.PrependDecorators(decor.Name(string(r.Stage), decor.WC{W: 8, C: decor.DindentRight}), decor.Any(p.stage.papers, decor.WC{W: 15})),
				mpb.AppendDecorators(decor.Percentage(decor.WC{W: 5}), decor.Any(p.stage.rate, decor.WC{W: 10}), decor.Any(p.stage.left, decor.WC{W: 14})))
		}
	}
	p.stage.take(r, now)
	if p.out.note != nil {
		if !now.Before(p.next) {
			p.next = now.Add(noteEvery)
			p.note(progressNote{Progress: &r})
		}
		return
	}
	if p.stage.bar == nil && now.After(p.next) {
		p.next = now.Add(lineEvery)
		p.out.infof("%s: %s, %s%s", r.Stage, p.stage.papers(decor.Statistics{}), p.stage.rate(decor.Statistics{}), p.stage.left(decor.Statistics{}))
	}
}

// take notes a report of the stage.
func (s *stageProgress) take(r build.Progress, now time.Time) {
	s.mu.Lock()
	s.last, s.end = r, now
	s.mu.Unlock()
	if s.bar != nil {
		done, total := share(r)
		s.bar.SetTotal(total, false)
		s.bar.SetCurrent(done)
	}
}

// share is what is done and in all, in the unit whose total is known.
func share(r build.Progress) (done, total int64) {
	if r.TotalBytes > 0 {
		return r.Bytes, r.TotalBytes
	}
	return int64(r.Papers), int64(r.Total)
}

func (s *stageProgress) papers(decor.Statistics) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return plural(s.last.Papers, "paper")
}

func (s *stageProgress) rate(decor.Statistics) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%.0f/s", float64(s.last.Papers)/max(s.end.Sub(s.start).Seconds(), 1e-3))
}

// left is the time left in words, empty while it cannot be told.
func (s *stageProgress) left(decor.Statistics) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	done, total := share(s.last)
	if done <= 0 || total <= done {
		return ""
	}
	left := time.Duration(float64(s.end.Sub(s.start)) * float64(total-done) / float64(done))
	return ", " + left.Round(time.Second).String() + " left"
}

// complete fills the bar of a stage that is over.
func (p *progress) complete() {
	if p.stage != nil && p.out.note != nil {
		p.note(progressNote{Progress: &p.stage.last})
	}
	if p.stage != nil && p.stage.bar != nil {
		p.stage.bar.SetTotal(-1, true)
	}
}

// finish ends the display; done is false when the build failed.
func (p *progress) finish(done bool) {
	if p.out.quiet {
		return
	}
	if p.out.note != nil {
		p.complete()
		p.note(progressNote{Done: &done})
	}
	if p.bars == nil {
		return
	}
	if p.stage != nil && !done {
		p.stage.bar.Abort(false)
	}
	p.complete()
	p.bars.Wait()
}
