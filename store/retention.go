package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"
)

// Retention says which snapshots to keep. The newest is kept in any case. The
// zero value keeps all.
type Retention struct {
	Snapshots int           // the newest so many; 0 for any number
	Age       time.Duration // those published within it; 0 for any age
}

// dayUnits are the units that [time.ParseDuration] does not have: a store is
// kept for days, not for hours.
var dayUnits = map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour}

// ParseRetention reads a number of snapshots ("10") or an age ("30d", "4w",
// "36h").
func ParseRetention(s string) (Retention, error) {
	bad := fmt.Errorf("%q: expected a number of snapshots of at least 1, or an age as 30d, 4w or 36h", s)
	if n, err := strconv.Atoi(s); err == nil {
		if n < 1 {
			return Retention{}, bad
		}
		return Retention{Snapshots: n}, nil
	}
	var age time.Duration
	for suffix, unit := range dayUnits {
		if number, ok := strings.CutSuffix(s, suffix); ok {
			n, err := strconv.Atoi(number)
			if err != nil || n < 1 || n > int(time.Duration(1<<63-1)/unit) {
				return Retention{}, bad
			}
			age = time.Duration(n) * unit
		}
	}
	if age == 0 {
		var err error
		if age, err = time.ParseDuration(s); err != nil || age <= 0 {
			return Retention{}, bad
		}
	}
	return Retention{Age: age}, nil
}

// String writes what [ParseRetention] reads; it is empty for the zero value.
func (r Retention) String() string {
	switch {
	case r.Snapshots > 0:
		return strconv.Itoa(r.Snapshots)
	case r.Age == 0:
		return ""
	case r.Age%dayUnits["d"] == 0:
		return strconv.Itoa(int(r.Age/dayUnits["d"])) + "d"
	}
	return r.Age.String()
}

// keeps says how many of the snapshots, newest first, are kept.
func (r Retention) keeps(infos []Info, now time.Time) int {
	n := len(infos)
	if r.Snapshots > 0 {
		n = min(n, r.Snapshots)
	}
	if r.Age > 0 {
		for n > 1 && now.Sub(infos[n-1].Time) > r.Age {
			n--
		}
	}
	return n
}

// Keep drops the oldest snapshots but those that r keeps, durably, and returns
// what was dropped, newest first. Those that are open stay readable until they
// are closed. The space that they alone took is given back little by little as
// builds go on, or all at once by [Compact].
func (s *Store) Keep(ctx context.Context, r Retention) ([]Info, error) {
	if s.readOnly {
		return nil, fmt.Errorf("drop snapshots: %w: %s was opened read-only", ErrReadOnly, s.dir)
	}
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	s.keeping.Lock()
	defer s.keeping.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	n := r.keeps(s.infos, time.Now())
	dropped := make([]Info, 0, len(s.infos)-n)
	for _, i := range s.infos[n:] {
		dropped = append(dropped, i.clone())
	}
	var oldest uint64
	if len(dropped) > 0 {
		oldest = s.infos[n-1].Version
	}
	s.mu.Unlock()
	if len(dropped) == 0 {
		return nil, nil
	}
	// The pointers go first, and durably: without them nobody can read what
	// compactions may throw away from then on. They are deleted at the version
	// of the oldest snapshot that is kept, so that no version is used that a
	// build could take for one of its own, and that the deletions themselves
	// are thrown away with the rest.
	txn := s.db.NewTransactionAt(oldest, true)
	defer txn.Discard()
	for _, i := range dropped {
		if err := txn.Delete(snapshotKey(i.Version)); err != nil {
			return nil, fmt.Errorf("drop snapshot %s: %w", i.ID, err)
		}
	}
	if err := txn.CommitAt(oldest, nil); err != nil {
		return nil, fmt.Errorf("drop snapshots: %w", err)
	}
	if err := s.db.Sync(); err != nil {
		return nil, fmt.Errorf("drop snapshots: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// A publication may have come in front meanwhile.
	for i := range s.infos {
		if s.infos[i].Version == oldest {
			s.infos = s.infos[:i+1]
			break
		}
	}
	s.raiseDiscard()
	return dropped, nil
}

// raiseDiscard tells the engine which versions nobody reads any more: of each
// key, all but the newest at or below that of the oldest snapshot that is
// there or open. The engine does not remember it, so that it is told whenever
// a store opens; until then it keeps everything. The caller holds mu.
func (s *Store) raiseDiscard() {
	if s.readOnly || len(s.infos) == 0 {
		return
	}
	oldest := s.infos[len(s.infos)-1].Version
	for v, l := range s.loaded {
		if l.refs > 0 {
			oldest = min(oldest, v)
		}
	}
	s.db.SetDiscardTs(oldest)
}

// Compaction is what [Compact] did.
type Compaction struct {
	Dropped       []Info // snapshots, newest first
	Before, After int64  // bytes of the store's tables
}

// Compact drops the snapshots that r does not keep and gives back the space
// that is not needed for those that are left. No other process may have the
// store open. It may be killed at any moment: all it does to the store is what
// builds do to it.
//
// The engine throws old versions away where it merges tables, and it does not
// merge the tables of its lowest level, where nearly everything lies, with
// themselves. So of every key that has something to throw away, the version
// that stays is written again, the same value at the same version, and all
// levels are merged into one, which brings old and new together. The cost is
// that of the tables that something is thrown away of. A copy of what stays
// into another folder would take the space of both, and a store whose folder is
// a mount point could not be replaced by it.
func Compact(ctx context.Context, dir string, r Retention, o Options) (Compaction, error) {
	var c Compaction
	if o.ReadOnly {
		return c, fmt.Errorf("compact %s: %w", dir, ErrReadOnly)
	}
	if err := inspectFolder(dir, true); err != nil { // refuses to create one
		return c, err
	}
	err := with(dir, o, func(s *Store) (err error) {
		c.Before = s.size()
		// What cannot be read must not be taken for what is not there.
		if err := s.verify(); err != nil {
			return err
		}
		// At worst every table is written anew before the old ones go.
		if err := s.hasRoom(writeReserve + c.Before); err != nil {
			return fmt.Errorf("compact: %w", err)
		}
		if c.Dropped, err = s.Keep(ctx, r); err != nil {
			return err
		}
		return s.rewriteSuperseded(ctx)
	})
	if err != nil {
		return c, err
	}
	// Closing wrote the memtables out, and only what is in tables is merged.
	err = with(dir, o, func(s *Store) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.db.Flatten(compactors); err != nil {
			return fmt.Errorf("compact %s: %w", dir, err)
		}
		c.After = s.size()
		return nil
	})
	return c, err
}

// with opens a store for the time of a call.
func with(dir string, o Options, use func(*Store) error) (err error) {
	s, err := Open(dir, o)
	if err != nil {
		return err
	}
	defer func() {
		if closing := s.Close(); err == nil {
			err = closing
		}
	}()
	return use(s)
}

// size is the size of the store's tables, in bytes.
func (s *Store) size() int64 {
	var n int64
	for _, t := range s.db.Tables() {
		n += int64(t.OnDiskSize)
	}
	return n
}

// rewriteSuperseded writes again what [Compact] says.
func (s *Store) rewriteSuperseded(ctx context.Context) error {
	if len(s.infos) == 0 {
		return nil
	}
	oldest := s.infos[len(s.infos)-1].Version
	txn := s.db.NewTransactionAt(oldest, false)
	defer txn.Discard()
	it := txn.NewIterator(badger.IteratorOptions{AllVersions: true})
	defer it.Close()
	batch := s.db.NewManagedWriteBatch()
	defer batch.Cancel()
	batch.SetMaxPendingTxns(maxPending)
	var kept *badger.Entry // the version of a key that stays; a deletion has no value
	superseded := false    // it is a deletion, or older ones follow
	var version uint64
	flush := func() error {
		if kept == nil || !superseded {
			return nil
		}
		var err error
		if kept.Value == nil {
			err = batch.DeleteAt(kept.Key, version)
		} else {
			err = batch.SetEntryAt(kept, version)
		}
		if err != nil {
			return fmt.Errorf("rewrite %s: %w", s.dir, err)
		}
		return nil
	}
	n := 0
	for it.Rewind(); it.Valid(); it.Next() {
		if n++; n&1023 == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		item := it.Item()
		if kept != nil && string(item.Key()) == string(kept.Key) {
			superseded = true
			continue
		}
		if err := flush(); err != nil {
			return err
		}
		kept, version, superseded = &badger.Entry{Key: item.KeyCopy(nil)}, item.Version(), item.IsDeletedOrExpired()
		if !superseded {
			value, err := item.ValueCopy([]byte{})
			if err != nil {
				return readError(kept.Key, err)
			}
			kept.Value = value
		}
	}
	if err := flush(); err != nil {
		return err
	}
	if err := batch.Flush(); err != nil {
		return fmt.Errorf("rewrite %s: %w", s.dir, err)
	}
	return nil
}
