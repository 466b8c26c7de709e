package store

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// termIndex gathers the changes of a build to table T and sorts them when they
// are written: packed into 8 bytes each, some hundred a paper.
type termIndex struct {
	numbers map[string]uint32 // of terms
	terms   []string          // by number
	runs    [][]uint64        // of runLength each, but for the last
}

// maxTermsPending is how many changes are gathered before they are written:
// those of some 20,000 papers. Were they fewer, values would be written more
// often.
const maxTermsPending = 4 * runLength

// full says whether the changes should be written.
func (x *termIndex) full() bool {
	n := len(x.runs)
	return n > 0 && (n-1)*runLength+len(x.runs[n-1]) >= maxTermsPending
}

// written forgets the changes and keeps the terms, which come again.
func (x *termIndex) written() { x.runs = nil }

// A packed change: number of the term, uid, new count (0 removes).
const (
	countBits    = 7
	uidBits      = 32
	termBits     = 64 - uidBits - countBits
	runLength    = 1 << 19
	maxTermCount = 1 << termBits
)

func newTermIndex() termIndex { return termIndex{numbers: make(map[string]uint32)} }

// change records what differs between the terms of a node before and now.
func (x *termIndex) change(uid uint32, before, now map[string]uint8) error {
	for t, count := range now {
		if before[t] != count {
			if err := x.add(t, uid, count); err != nil {
				return err
			}
		}
	}
	for t := range before {
		if now[t] == 0 {
			if err := x.add(t, uid, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *termIndex) add(term string, uid uint32, count uint8) error {
	number, ok := x.numbers[term]
	if !ok {
		if len(x.terms) == maxTermCount {
			return fmt.Errorf("%w: more than %d distinct words", ErrPut, maxTermCount)
		}
		term = strings.Clone(term) // it may be a part of an abstract
		number = uint32(len(x.terms))
		x.numbers[term] = number
		x.terms = append(x.terms, term)
	}
	if n := len(x.runs); n == 0 || len(x.runs[n-1]) == runLength {
		// The first run grows, so that a small build stays small.
		var run []uint64
		if n > 0 {
			run = make([]uint64, 0, runLength)
		}
		x.runs = append(x.runs, run)
	}
	run := &x.runs[len(x.runs)-1]
	*run = append(*run, uint64(number)<<(uidBits+countBits)|uint64(uid)<<countBits|uint64(count))
	return nil
}

// termChange is what a build changes in one value of table T.
type termChange struct {
	term     string
	uidRange uint32
	postings []posting // ascending; count 0 removes
}

// changes yields all changes in the order of their keys, those of one term and
// range together. What it yields is valid until the next. They are then sorted
// and of no further use.
func (x *termIndex) changes() iter.Seq[termChange] {
	return func(yield func(termChange) bool) {
		sorted := x.sortTerms()
		var c termChange
		last := uint64(1<<64 - 1) // term and range
		for packed := range mergeRuns(x.runs) {
			if group := packed >> (countBits + termRangeBits); group != last {
				if len(c.postings) > 0 && !yield(c) {
					return
				}
				last = group
				c.term = sorted[packed>>(uidBits+countBits)]
				c.uidRange = uint32(packed>>countBits) >> termRangeBits
				c.postings = c.postings[:0]
			}
			c.postings = append(c.postings, posting{uint32(packed >> countBits), uint8(packed & maxCount)})
		}
		if len(c.postings) > 0 {
			yield(c)
		}
	}
}

// sortTerms makes the numbers in changes follow the order of terms, which it
// returns.
func (x *termIndex) sortTerms() []string {
	sorted := slices.Clone(x.terms)
	slices.Sort(sorted)
	ranks := make([]uint64, len(sorted)) // by number
	for rank, t := range sorted {
		ranks[x.numbers[t]] = uint64(rank)
	}
	for _, run := range x.runs {
		for i, packed := range run {
			rest := packed & (1<<(uidBits+countBits) - 1)
			run[i] = ranks[packed>>(uidBits+countBits)]<<(uidBits+countBits) | rest
		}
	}
	return sorted
}

// mergeRuns sorts each run and yields all of them in order.
func mergeRuns(runs [][]uint64) iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		heads := make([][]uint64, 0, len(runs)) // a heap by first element
		for _, r := range runs {
			if len(r) > 0 {
				slices.Sort(r)
				heads = append(heads, r)
			}
		}
		slices.SortFunc(heads, func(a, b []uint64) int { return cmp.Compare(a[0], b[0]) })
		for len(heads) > 0 {
			if !yield(heads[0][0]) {
				return
			}
			if heads[0] = heads[0][1:]; len(heads[0]) == 0 {
				heads[0] = heads[len(heads)-1]
				heads = heads[:len(heads)-1]
			}
			for i := 0; ; {
				least := i
				for _, child := range [...]int{2*i + 1, 2*i + 2} {
					if child < len(heads) && heads[child][0] < heads[least][0] {
						least = child
					}
				}
				if least == i {
					break
				}
				heads[i], heads[least] = heads[least], heads[i]
				i = least
			}
		}
	}
}

// mergePostings applies changes to postings; both are ascending.
func mergePostings(before, changes []posting) []posting {
	merged := make([]posting, 0, len(before)+len(changes))
	for len(before) > 0 || len(changes) > 0 {
		if len(changes) == 0 || len(before) > 0 && before[0].uid < changes[0].uid {
			merged = append(merged, before[0])
			before = before[1:]
			continue
		}
		if len(before) > 0 && before[0].uid == changes[0].uid {
			before = before[1:]
		}
		if changes[0].count > 0 {
			merged = append(merged, changes[0])
		}
		changes = changes[1:]
	}
	return merged
}
