package store

import (
	"context"
	"log/slog"
	"time"

	"papergraph/graph"
)

// Options say how to open a store. The zero value opens for reading and
// writing, without a log.
type Options struct {
	// ReadOnly opens a store that exists and changes nothing in it. Several
	// processes may hold one store read-only at the same time.
	ReadOnly bool
	// Logger receives what the engine below has to say, at debug level, and
	// repairs, at warn level. Nil is silent.
	Logger *slog.Logger
}

// Store is an open store. It is safe for concurrent use.
type Store struct{}

// Open opens the store in the folder dir and creates it unless it is there or
// o says ReadOnly. It never writes into a folder that holds other things. The
// error wraps [ErrLocked], [ErrFormat], [ErrNotStore], [ErrDamaged] or
// [ErrReadOnly].
func Open(dir string, o Options) (*Store, error) { return nil, ErrNotStore }

// Close waits for calls under way and closes the store. Snapshots and a
// writer that are still open return [ErrClosed] from then on.
func (s *Store) Close() error { return ErrClosed }

// Info describes a snapshot.
type Info struct {
	ID              string // 32 hexadecimal digits; equal for equal graphs
	Version         uint64 // grows with every publication
	Time            time.Time
	Sources         []string // what was read, as the build names it
	Extractor       string   // name and version
	Papers          int
	Nodes           int // papers among them
	Edges           int
	Statements      int
	NodesByKind     map[graph.Kind]int
	EdgesByRelation map[graph.Relation]int
}

// Snapshots lists all snapshots, newest first.
func (s *Store) Snapshots() ([]Info, error) { return nil, ErrClosed }

// Latest opens the newest snapshot. The error wraps [ErrEmpty] where there is
// none.
func (s *Store) Latest() (*Snapshot, error) { return nil, ErrEmpty }

// At opens the newest snapshot with the given id, which may be cut to a prefix
// that no other snapshot has. The error wraps [ErrNoSnapshot].
func (s *Store) At(id string) (*Snapshot, error) { return nil, ErrNoSnapshot }

// Begin starts the build of the next snapshot. There is one [Writer] at a
// time; the error wraps [ErrBusy] where another is open.
func (s *Store) Begin(ctx context.Context) (*Writer, error) { return nil, ErrBusy }
