package resolve

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
)

// maxOpen is how many rows of a table are open at a time, about. Papers of a
// corpus have some names all the time and most names once, so that what is
// open is opened again after thousands of others only.
const maxOpen = 4096

// cache holds the rows of a table that were looked at, which in a first run are
// all that there are: each as the table keeps it, in a fraction of the memory
// that a value takes which can be worked with, but for those that are open.
//
// What get, at, change and changing return holds until the next
// [Resolver.putAway].
type cache[K comparable, V any] struct {
	r      *Resolver
	tag    byte
	key    func([]byte, K) []byte // appends the key
	empty  func(*V) bool          // the table has no row for such a value
	encode func([]byte, *V) []byte
	decode func(*decoder, *V)
	// know has a value know its place and its key, before it is decoded; nil
	// where values need not.
	know func(v *V, at uint32, key string) (ok bool)

	slots  []slot[V]
	index  index
	open   []uint32 // places
	buffer []byte
}

// slot is where a row lies.
type slot[V any] struct {
	packed string // the key, and behind it the value as of when it was put away last
	open   *V     // nil while it is put away
	key    uint32 // length of the key
	state  state
	marks  marks
}

type state uint8

const (
	stateThere   state = 1 << iota // unset for what was looked for in vain
	stateStored                    // the table has the row
	stateDirty                     // and it is another one there
	stateChanged                   // since it was put away
	stateEmpty                     // the value, when it was put away
)

func newCache[K comparable, V any](r *Resolver, tag byte, key func([]byte, K) []byte, empty func(*V) bool, encode func([]byte, *V) []byte, decode func(*decoder, *V)) cache[K, V] {
	return cache[K, V]{r: r, tag: tag, key: key, empty: empty, encode: encode, decode: decode, index: newIndex()}
}

// index finds places by the hashes of their keys, in a few bytes a place: a hash
// table with linear probing, at most half full.
type index struct {
	seed   maphash.Seed
	table  []uint32 // places and one; 0 where there is none
	placed int
}

func newIndex() index { return index{seed: maphash.MakeSeed(), table: make([]uint32, 16)} }

// find is the place of a key, where is tells which it is.
func (x *index) find(key []byte, is func(place uint32) bool) (place uint32, ok bool) {
	last := uint64(len(x.table) - 1)
	for h := maphash.Bytes(x.seed, key) & last; x.table[h] != 0; h = (h + 1) & last {
		if place := x.table[h] - 1; is(place) {
			return place, true
		}
	}
	return 0, false
}

// add adds the next place, whose key must not be there. key gives those of the
// places before.
func (x *index) add(key []byte, keyOf func(place uint32) string) {
	if x.placed++; 2*x.placed > len(x.table) {
		x.table = make([]uint32, 2*len(x.table))
		for place := range x.placed - 1 {
			x.put(maphash.String(x.seed, keyOf(uint32(place))), uint32(place))
		}
	}
	x.put(maphash.Bytes(x.seed, key), uint32(x.placed-1))
}

func (x *index) put(h uint64, place uint32) {
	last := uint64(len(x.table) - 1)
	for h &= last; x.table[h] != 0; h = (h + 1) & last {
	}
	x.table[h] = place + 1
}

// find is the place of a key's row; ok is false where the corpus has no row.
func (c *cache[K, V]) find(k K) (at uint32, ok bool) {
	c.buffer = c.key(c.buffer[:0], k)
	return c.findKey()
}

// findKey is find for the key in the buffer.
func (c *cache[K, V]) findKey() (at uint32, ok bool) {
	at, ok = c.index.find(c.buffer, func(at uint32) bool { return c.keyAt(at) == string(c.buffer) })
	if !ok && !c.r.fresh {
		return c.load(), true
	}
	return at, ok
}

// keyAt is the key of a row as the table has it.
func (c *cache[K, V]) keyAt(at uint32) string {
	s := &c.slots[at]
	return s.packed[:s.key]
}

// load takes the row of the key in the buffer from the table.
func (c *cache[K, V]) load() uint32 {
	key := string(c.buffer)
	value, err := c.r.table.Get(append([]byte{c.tag}, key...))
	switch {
	case err != nil:
		c.r.fail(err)
	case value != nil:
		return c.add(slot[V]{packed: key + string(value), key: uint32(len(key)), state: stateThere | stateStored})
	}
	return c.add(slot[V]{packed: key, key: uint32(len(key))})
}

// add adds a row of the key in the buffer.
func (c *cache[K, V]) add(s slot[V]) (at uint32) {
	c.index.add(c.buffer, c.keyAt)
	c.slots = append(c.slots, s)
	return uint32(len(c.slots) - 1)
}

// at is the value of a row to read; a zero value of one that is not there.
func (c *cache[K, V]) at(at uint32) *V {
	s := &c.slots[at]
	if s.open != nil {
		return s.open
	}
	v := new(V)
	known := c.know == nil || c.know(v, at, s.packed[:s.key])
	if s.state&stateThere != 0 {
		d := decoder{s: s.packed[s.key:]}
		if c.decode(&d, v); !known || d.bad || d.s != "" {
			c.r.fail(fmt.Errorf("%w: %c %q", ErrMemory, c.tag, s.packed[:s.key]))
			s.state &^= stateThere
		}
	}
	s.open = v
	c.open = append(c.open, at)
	return v
}

// changing is the value of a row to change.
func (c *cache[K, V]) changing(at uint32) *V {
	v := c.at(at)
	c.slots[at].state |= stateThere | stateDirty | stateChanged
	return v
}

// get is a value to read; nil if there is none.
func (c *cache[K, V]) get(k K) *V {
	if at, ok := c.find(k); ok {
		return c.there(at)
	}
	return nil
}

// getKey is get by the key as the table has it.
func (c *cache[K, V]) getKey(key string) *V {
	c.buffer = append(c.buffer[:0], key...)
	if at, ok := c.findKey(); ok {
		return c.there(at)
	}
	return nil
}

func (c *cache[K, V]) there(at uint32) *V {
	if v := c.at(at); c.slots[at].state&stateThere != 0 {
		return v
	}
	return nil
}

// change is a value to change, which is made where there is none.
func (c *cache[K, V]) change(k K) *V {
	at, ok := c.find(k)
	if !ok {
		at = c.add(slot[V]{packed: string(c.buffer), key: uint32(len(c.buffer))})
	}
	return c.changing(at)
}

// mark sets a mark of a row and says whether it was not set before.
func (c *cache[K, V]) mark(at uint32, m marks) bool { return c.slots[at].marks.set(m) }

func (c *cache[K, V]) unmark(at uint32, m marks) { c.slots[at].marks &^= m }

// putAway packs the open rows where there are more than a limit.
func (c *cache[K, V]) putAway(limit int) {
	if len(c.open) <= limit {
		return
	}
	for _, at := range c.open {
		s := &c.slots[at]
		if s.state&stateChanged != 0 {
			c.buffer = c.encode(append(c.buffer[:0], s.packed[:s.key]...), s.open)
			s.packed = string(c.buffer)
			if s.state &^= stateChanged | stateEmpty; c.empty(s.open) {
				s.state |= stateEmpty
			}
		}
		s.open = nil
	}
	c.open = c.open[:0]
}

// save writes what changed, in the order of keys. In a first run it leaves
// nothing in memory.
func (c *cache[K, V]) save() error {
	c.putAway(-1)
	var list []uint32
	for at := range c.slots {
		if c.slots[at].state&stateDirty != 0 {
			list = append(list, uint32(at))
		}
	}
	slices.SortFunc(list, func(a, b uint32) int {
		return strings.Compare(c.keyAt(a), c.keyAt(b))
	})
	for _, at := range list {
		s := &c.slots[at]
		var value []byte
		if s.state&stateEmpty == 0 {
			value = append(make([]byte, 0, len(s.packed)-int(s.key)), s.packed[s.key:]...)
		} else if s.state&stateStored == 0 {
			continue
		}
		if err := c.r.table.Set(append(append(make([]byte, 0, 1+s.key), c.tag), s.packed[:s.key]...), value); err != nil {
			return err
		}
		if s.state &^= stateDirty | stateStored; value != nil {
			s.state |= stateStored
		}
		if c.r.fresh {
			s.packed, s.key = "", 0
		}
	}
	if c.r.fresh {
		c.index, c.slots, c.open = newIndex(), nil, nil
	}
	return nil
}

// pairs are strings by strings, in little more memory than their bytes take.
type pairs struct {
	index index
	at    []uint64 // where each is in the text
	text  []byte
}

func newPairs() *pairs { return &pairs{index: newIndex()} }

// add adds a pair; its key must not be there.
func (p *pairs) add(key, value string) {
	p.index.add([]byte(key), func(place uint32) string { return string(p.key(place)) })
	p.at = append(p.at, uint64(len(p.text)))
	p.text = appendText(appendText(p.text, key), value)
}

func (p *pairs) get(key string) (value string, ok bool) {
	place, ok := p.index.find([]byte(key), func(place uint32) bool { return string(p.key(place)) == key })
	if !ok {
		return "", false
	}
	_, rest := cutText(p.text[p.at[place]:])
	v, _ := cutText(rest)
	return string(v), true
}

func (p *pairs) key(place uint32) []byte {
	key, _ := cutText(p.text[p.at[place]:])
	return key
}
