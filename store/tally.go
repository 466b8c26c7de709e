package store

import "slices"

// tally is what a call needs that sums something up by uid: arrays as long as
// there are uids, which cost more to make and clear than most calls do work.
// They are kept from call to call, see [columns.tally], and only what was
// touched is cleared.
type tally struct {
	c *columns

	count   []uint32  // by uid
	last    []uint32  // by uid; which summand counted last
	scores  []float64 // by uid
	matched []uint64  // by uid; a set of words
	touched []uint32  // the uids whose entries are not zero

	list     []uint32  // a posting list as it is read
	uids     []uint32  // several of them
	postings []posting // of a term
}

// tally returns one whose arrays are zero.
func (c *columns) tally() *tally {
	t, ok := c.tallies.Get().(*tally)
	if !ok {
		t = &tally{c: c}
	}
	return t
}

// putBack keeps a tally for the next call.
func (c *columns) putBack(t *tally) {
	for _, u := range t.touched {
		if t.count != nil {
			t.count[u], t.last[u] = 0, 0
		}
		if t.scores != nil {
			t.scores[u], t.matched[u] = 0, 0
		}
	}
	t.touched, t.list, t.uids = t.touched[:0], t.list[:0], t.uids[:0]
	c.tallies.Put(t)
}

// toCount makes room for counts.
func (t *tally) toCount() {
	if t.count == nil {
		t.count, t.last = make([]uint32, len(t.c.ranks)), make([]uint32, len(t.c.ranks))
	}
}

// toScore makes room for scores.
func (t *tally) toScore() {
	if t.scores == nil {
		t.scores, t.matched = make([]float64, len(t.c.ranks)), make([]uint64, len(t.c.ranks))
	}
}

// topK returns the first limit of the items in the order of compare, which
// must leave no two equal. Only what may be among them is sorted:
// n log(limit) steps.
func topK[T any](items []T, limit int, compare func(a, b T) int) []T {
	limit = max(min(limit, len(items)), 0)
	// What of a full buffer is beyond the limit is dropped.
	buffer := make([]T, 0, 2*limit)
	for _, it := range items {
		if len(buffer) == 2*limit {
			slices.SortFunc(buffer, compare)
			buffer = buffer[:limit]
		}
		buffer = append(buffer, it)
	}
	slices.SortFunc(buffer, compare)
	return buffer[:limit]
}
