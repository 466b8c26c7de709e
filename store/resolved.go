package store

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
)

// resolved is what a build did to table R.
type resolved struct {
	// pending are the values that were set and not yet written, nil where
	// deleted, by key.
	pending map[string][]byte
	size    int    // of pending, in bytes
	written uint64 // the last version at which records were written; 0 is none
}

// maxResolvedPending bounds the memory of records that were set, each of which
// takes resolvedOverhead beside its key and value.
const (
	maxResolvedPending = 4 << 20
	resolvedOverhead   = 100
)

// Resolution reads what resolution remembers under a key, as of now; nil is
// nothing. What keys and values say is resolution's business.
func (w *Writer) Resolution(key []byte) ([]byte, error) {
	if err := w.enter(); err != nil {
		return nil, err
	}
	defer w.s.release()
	if value, ok := w.pending[string(key)]; ok {
		return bytes.Clone(value), nil
	}
	value, err := w.resolvedValue(resolvedKey(key))
	if err != nil {
		return nil, fmt.Errorf("read what resolution remembers: %w", err)
	}
	return value, nil
}

// resolvedValue reads a record that is not pending.
func (w *Writer) resolvedValue(key []byte) ([]byte, error) {
	if w.written == 0 {
		return w.oldValue(key)
	}
	return w.now().get(key)
}

// ResolutionKeys calls fn for the keys with the prefix under which the last
// snapshot's resolution remembers something, in order. What fn is given is
// valid during the call only; its error ends the calls and is returned.
func (w *Writer) ResolutionKeys(prefix []byte, fn func(key []byte) error) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	if w.old == nil {
		return nil
	}
	table := resolvedKey(nil)
	return w.old.scanKeys(resolvedKey(prefix), func(key []byte) error { return fn(key[len(table):]) })
}

// SetResolution makes resolution remember a value under a key; nil forgets it.
func (w *Writer) SetResolution(key, value []byte) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	err := error(nil)
	switch {
	case len(key) == 0:
		err = fmt.Errorf("%w: no key", ErrPut)
	case len(value) > maxValue:
		err = fmt.Errorf("%w: a record of %d bytes, at most %d are allowed", ErrPut, len(value), maxValue)
	default:
		if old, ok := w.pending[string(key)]; ok {
			w.size -= len(key) + len(old) + resolvedOverhead
		}
		w.pending[string(key)] = bytes.Clone(value)
		if w.size += len(key) + len(value) + resolvedOverhead; w.size > maxResolvedPending {
			err = w.writePending(context.Background())
		}
	}
	if err != nil {
		return fmt.Errorf("set what resolution remembers: %w", err)
	}
	return nil
}

// DropResolution makes resolution forget all.
func (w *Writer) DropResolution(ctx context.Context) error {
	if err := w.enter(); err != nil {
		return err
	}
	defer w.s.release()
	if err := w.dropResolved(ctx); err != nil {
		return fmt.Errorf("drop what resolution remembers: %w", err)
	}
	return nil
}

func (w *Writer) dropResolved(ctx context.Context) error {
	clear(w.pending)
	w.size = 0
	if w.old == nil && w.written == 0 {
		return nil
	}
	if err := w.advance(); err != nil {
		return err
	}
	w.written = w.ts
	q := newReader(w.s.db, w.ts-1)
	defer q.close()
	err := q.scanKeys([]byte{tagResolved}, func(key []byte) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return w.delete(bytes.Clone(key))
	})
	if err != nil {
		return err
	}
	return w.flush()
}

// writePending writes what is pending where it differs from what is there, and
// makes it readable.
func (w *Writer) writePending(ctx context.Context) error {
	if len(w.pending) == 0 {
		return nil
	}
	if w.written == w.ts {
		if err := w.advance(); err != nil {
			return err
		}
	}
	for _, k := range slices.Sorted(maps.Keys(w.pending)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		key, now := resolvedKey([]byte(k)), w.pending[k]
		var before []byte
		if w.old != nil || now == nil { // a first build need not look
			var err error
			if before, err = w.resolvedValue(key); err != nil {
				return err
			}
		}
		if err := w.change(key, before, now); err != nil {
			return err
		}
	}
	w.written = w.ts
	clear(w.pending)
	w.size = 0
	return w.flush()
}

// writeResolved writes the rest of table R.
func (w *Writer) writeResolved(ctx context.Context, _ *Info) error { return w.writePending(ctx) }
