package store

import (
	"errors"
	"fmt"
)

// The engine writes through memory maps of files that have holes. On a disk that
// is full, filling a hole is no error that a write returns but a signal that
// ends the process. So nothing is written unless there is room for it, for the
// tables that the engine makes of it in the background, and for its logs.
const (
	openReserve  = 8 << 20  // to open for writing: logs and locks
	writeReserve = 96 << 20 // to write: memtables, their logs, the tables made of them
	// spaceInterval is how much is written before the room is looked at again.
	spaceInterval = 8 << 20
)

// hasRoom refuses to go on where the disk has less room than is needed.
func (s *Store) hasRoom(need int64) error {
	free, err := s.free(s.dir)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("free space of %s: %w", s.dir, err)
	}
	if free < uint64(need) {
		return fmt.Errorf("%w: %d MB are free where %s is, %d MB are needed; make room and run the command again", ErrFull, free/1e6, s.dir, need/1e6)
	}
	return nil
}

// hasRoomToWrite is hasRoom for a build: merging tables takes up to half as much
// again as they have.
func (s *Store) hasRoomToWrite() error { return s.hasRoom(writeReserve + s.size()/2) }

// spend notes that so many bytes are about to be written, and looks at the room
// now and then.
func (s *Store) spend(bytes int) error {
	if s.spent.Add(int64(bytes)) < spaceInterval {
		return nil
	}
	s.spent.Store(0)
	return s.hasRoomToWrite()
}
