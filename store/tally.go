package store

import "slices"

// tally is what a call needs that sums something up by uid: arrays as long as
// there are uids, which cost more to make and clear than most calls do work.
// They are kept from call to call, see [columns.tally], and only what was
// touched is cleared.
type tally struct {
	c *columns

	counts  []counted // by uid
	atLeast []int     // how many uids were counted once, twice and so on
	scores  []float64 // by uid
	matched []uint64  // by uid; a set of words
	touched []uint32  // the uids whose entries are not zero

	list     []uint32  // a posting list as it is read
	uids     []uint32  // several of them
	postings []posting // of a term
}

// counted is how often something was counted, and for which number last.
type counted struct{ n, last uint32 }

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
		if t.counts != nil {
			t.counts[u] = counted{}
		}
		if t.scores != nil {
			t.scores[u], t.matched[u] = 0, 0
		}
	}
	t.touched, t.list, t.uids, t.atLeast = t.touched[:0], t.list[:0], t.uids[:0], t.atLeast[:0]
	c.tallies.Put(t)
}

// toCount makes room for counts.
func (t *tally) toCount() {
	if t.counts == nil {
		t.counts = make([]counted, len(t.c.ranks))
	}
}

// toScore makes room for scores.
func (t *tally) toScore() {
	if t.scores == nil {
		t.scores, t.matched = make([]float64, len(t.c.ranks)), make([]uint64, len(t.c.ranks))
	}
}

// topK returns the first limit of the items in the order of compare, which
// must leave no two equal. Most items of many cost one comparison, n log(limit)
// at worst.
func topK[T any](items []T, limit int, compare func(a, b T) int) []T {
	limit = max(min(limit, len(items)), 0)
	// A heap of the first so far, the last of them at its root.
	heap := slices.Clone(items[:limit])
	down := func(i int) {
		for {
			last := i
			for _, child := range [...]int{2*i + 1, 2*i + 2} {
				if child < limit && compare(heap[child], heap[last]) > 0 {
					last = child
				}
			}
			if last == i {
				return
			}
			heap[i], heap[last] = heap[last], heap[i]
			i = last
		}
	}
	if limit < len(items) && limit > 0 {
		for i := limit/2 - 1; i >= 0; i-- {
			down(i)
		}
		for _, it := range items[limit:] {
			if compare(it, heap[0]) < 0 {
				heap[0] = it
				down(0)
			}
		}
	}
	slices.SortFunc(heap, compare)
	return heap
}
