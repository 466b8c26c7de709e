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
	if limit == len(items) {
		all := slices.Clone(items)
		slices.SortFunc(all, compare)
		return all
	}
	first := top[T]{limit: limit, compare: compare, heap: make([]T, 0, limit)}
	for _, it := range items {
		first.offer(it)
	}
	return first.sorted()
}

// top gathers the first limit of the items that it is offered, in the order of
// compare, which must leave no two equal.
type top[T any] struct {
	limit   int
	compare func(a, b T) int
	heap    []T // the first so far, the last of them at its root
}

func (t *top[T]) offer(it T) {
	switch {
	case t.limit <= 0:
		return
	case len(t.heap) < t.limit:
		t.heap = append(t.heap, it)
		for i := len(t.heap) - 1; i > 0; {
			parent := (i - 1) / 2
			if t.compare(t.heap[i], t.heap[parent]) < 0 {
				return
			}
			t.heap[i], t.heap[parent] = t.heap[parent], t.heap[i]
			i = parent
		}
	case t.compare(it, t.heap[0]) < 0:
		t.heap[0] = it
		for i := 0; ; {
			last := i
			for _, child := range [...]int{2*i + 1, 2*i + 2} {
				if child < len(t.heap) && t.compare(t.heap[child], t.heap[last]) > 0 {
					last = child
				}
			}
			if last == i {
				return
			}
			t.heap[i], t.heap[last] = t.heap[last], t.heap[i]
			i = last
		}
	}
}

// sorted returns the items in order. It ends the use of t.
func (t *top[T]) sorted() []T {
	slices.SortFunc(t.heap, t.compare)
	return t.heap
}
