package store

import "errors"

// When opening a store.
var (
	// ErrLocked says that another process has the store open.
	ErrLocked = errors.New("store is in use by another process")
	// ErrFormat says that the store was written by a version of papergraph
	// whose format this one does not read.
	ErrFormat = errors.New("store has another format")
	// ErrNotStore says that the path holds no store, or something else.
	ErrNotStore = errors.New("not a papergraph store")
	// ErrNotEmpty says that what must be empty holds something.
	ErrNotEmpty = errors.New("folder is not empty")
	// ErrReadOnly says that the store's folder may not be written.
	ErrReadOnly = errors.New("store cannot be written")
)

// When reading and writing a store.
var (
	// ErrDamaged says that the store holds bytes that it cannot have written.
	ErrDamaged = errors.New("store is damaged")
	// ErrBackup says that a backup is cut off, damaged, or none.
	ErrBackup = errors.New("backup cannot be read")
	// ErrFull says that the disk has too little room to go on.
	ErrFull = errors.New("disk is full")
	// ErrClosed says that the store, snapshot or writer is no longer open.
	ErrClosed = errors.New("store is closed")
	// ErrEmpty says that nothing was ever published.
	ErrEmpty = errors.New("store is empty")
	// ErrNoSnapshot says that no snapshot has the id that was asked for.
	ErrNoSnapshot = errors.New("no such snapshot")
	// ErrNotFound says that the snapshot has no such node.
	ErrNotFound = errors.New("not in the graph")
	// ErrBusy says that another build of the same store is under way.
	ErrBusy = errors.New("another build is under way")
	// ErrPut says that what was put does not make a graph: a node twice, an
	// edge to a node that is not there, a statement in another paper's name.
	ErrPut = errors.New("cannot be stored")
	// ErrTooLarge says that a paper's facts take more room than a record may.
	// The writer goes on without them.
	ErrTooLarge = errors.New("too large to be stored")
)
