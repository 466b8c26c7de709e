package store

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"
)

// reader reads the keyspace at one version. It keeps one iterator for all the
// scans of a call, since a new one costs more than ten neighbours do. It is not
// safe for concurrent use.
type reader struct {
	txn *badger.Txn
	it  *badger.Iterator
}

func newReader(db *badger.DB, version uint64) *reader {
	return &reader{txn: db.NewTransactionAt(version, false)}
}

func (q *reader) close() {
	if q.it != nil {
		q.it.Close()
	}
	q.txn.Discard()
}

// get reads a value; nil is none.
func (q *reader) get(key []byte) ([]byte, error) {
	item, err := q.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, readError(key, err)
	}
	value, err := item.ValueCopy([]byte{})
	if err != nil {
		return nil, readError(key, err)
	}
	return value, nil
}

// scan calls fn for every key with the prefix, in order. What fn is given is
// valid during the call only. An error of fn ends the scan and is returned; to
// end it early, fn returns errStop.
func (q *reader) scan(prefix []byte, fn func(key, value []byte) error) error {
	return scanWith(q.iterator(), prefix, fn)
}

// iterator is that of scan.
func (q *reader) iterator() *badger.Iterator {
	if q.it == nil {
		q.it = q.txn.NewIterator(badger.IteratorOptions{})
	}
	return q.it
}

// scanApart is scan with an iterator of its own, for an fn that may call scan.
// It reads ahead.
func (q *reader) scanApart(prefix []byte, fn func(key, value []byte) error) error {
	it := q.txn.NewIterator(badger.IteratorOptions{Prefix: prefix, PrefetchValues: true, PrefetchSize: 100})
	defer it.Close()
	return scanWith(it, prefix, fn)
}

// scanKeys is scanApart without values.
func (q *reader) scanKeys(prefix []byte, fn func(key []byte) error) error {
	it := q.txn.NewIterator(badger.IteratorOptions{Prefix: prefix})
	defer it.Close()
	for it.Seek(prefix); it.Valid(); it.Next() {
		if err := fn(it.Item().Key()); err != nil {
			return err
		}
	}
	return nil
}

func scanWith(it *badger.Iterator, prefix []byte, fn func(key, value []byte) error) error {
	for it.Seek(prefix); it.Valid(); it.Next() {
		item := it.Item()
		key := item.Key()
		if !bytes.HasPrefix(key, prefix) {
			break
		}
		switch err := useValue(item, func(value []byte) error { return fn(key, value) }); {
		case err == errStop:
			return nil
		case err != nil:
			return err
		}
	}
	return nil
}

// useValue calls fn with the value of an item, which is valid during the call
// only, and returns its error, or that of reading.
func useValue(item *badger.Item, fn func(value []byte) error) error {
	var inner error
	err := item.Value(func(value []byte) error {
		inner = fn(value)
		return nil
	})
	if err != nil {
		return readError(item.Key(), err)
	}
	return inner
}

// errStop ends a scan without an error.
var errStop = errors.New("stop")

func readError(key []byte, err error) error {
	return fmt.Errorf("%w: read key %q: %w", ErrDamaged, key, err)
}
