package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"papergraph/graph"
)

// Options say how to open a store. The zero value opens for reading and
// writing, without a log.
type Options struct {
	// ReadOnly opens a store that exists and changes nothing in it. Several
	// processes may hold one store read-only at the same time. A store whose
	// writer was killed is repaired first, which writes to its folder.
	ReadOnly bool
	// Existing opens a store that exists and makes none.
	Existing bool
	// Logger receives what the engine below has to say, at debug level, and
	// repairs, at warn level. Nil is silent.
	Logger *slog.Logger
}

// Store is an open store. It is safe for concurrent use.
type Store struct {
	dir      string
	readOnly bool
	log      *slog.Logger
	db       *badger.DB

	free  func(path string) (uint64, error) // freeSpace
	spent atomic.Int64                      // bytes written since the room was looked at

	keeping sync.Mutex // held while snapshots are dropped, before mu

	mu     sync.Mutex
	idle   sync.Cond // signals that calls has become 0
	calls  int       // under way
	closed bool
	writer bool
	infos  []Info // newest first; P of keys.go, which only this process may change
	loaded map[uint64]*loadedColumns
}

// loadedColumns are columns in use, or the newest, kept for the next use.
type loadedColumns struct {
	refs int
	once sync.Once
	c    *columns
	err  error

	// Where the columns of the snapshot before are there, these can be made
	// from them instead of read: from, as change says.
	from   *loadedColumns
	change *columnsChange
	steps  int  // from columns that are there
	ready  bool // c is there; guarded by the store's mu
}

// maxColumnSteps bounds the changes that wait for columns to be made of them: nobody
// may open the snapshots of a store that another build follows on.
const maxColumnSteps = 64

// get makes or reads the columns, the first time.
func (l *loadedColumns) get(s *Store, info Info) {
	l.once.Do(func() {
		if l.from != nil {
			l.c, l.err = l.derive()
			l.from, l.change = nil, nil
			if l.err == nil {
				return
			}
			s.log.Warn("columns are read anew", "snapshot", info.ID, "error", l.err)
		}
		q := newReader(s.db, info.Version)
		defer q.close()
		l.c, l.err = loadColumns(q, info)
	})
	s.mu.Lock()
	l.ready = l.err == nil
	s.mu.Unlock()
}

// derive makes columns from those of the snapshot before. It is called once.
func (l *loadedColumns) derive() (*columns, error) {
	from := l.from
	from.once.Do(func() {
		if from.from == nil {
			from.err = ErrClosed // they were to be read, and were not
			return
		}
		from.c, from.err = from.derive()
		from.from, from.change = nil, nil
	})
	if from.err != nil {
		return nil, from.err
	}
	return from.c.changed(l.change)
}

// The memory of an open store, beside the columns of its snapshots: two
// memtables while it is written, two caches that fill as it is read, and the
// tables that are being written. Larger ones were not faster on 85,000 papers.
// A memtable holds some seven of the largest values: the engine takes no
// transaction of more than 15 % of it.
//
// The engine builds a table out of a memtable, or out of the tables of a
// compaction, in one piece of memory that grows by doubling: without
// compression, which is some eight times its size for words and texts, and with
// it. It keeps eight such pieces for the next tables, each as large as it has
// ever been. So what counts is the larger of a memtable and of a table without
// compression. With memtables of 8 MiB and tables of 1 MiB, the build of 40,000
// papers took 1.43 GB at most, with these 1.22, and no longer.
const (
	memTableSize   = 4 << 20
	blockCacheSize = 32 << 20
	indexCacheSize = 32 << 20
	compactors     = 2         // the engine's least
	tableSize      = 512 << 10 // in the upper levels; twice as much with each that is added below
)

// maxValue bounds a value. Below it a value lies in the tree itself, so that
// nothing is left behind in a value log.
const maxValue = 512<<10 - 1

// magic is what the engine's manifest holds for us: 'P', then the format.
const magic = 'P'<<8 | FormatVersion

// Open opens the store in the folder dir and creates it unless it is there or
// o says ReadOnly or Existing. It never writes into a folder that holds other
// things. The error wraps [ErrLocked], [ErrFormat], [ErrNotStore], [ErrDamaged]
// or [ErrReadOnly].
func Open(dir string, o Options) (*Store, error) {
	s := &Store{dir: dir, readOnly: o.ReadOnly, log: o.Logger, free: freeSpace, loaded: make(map[uint64]*loadedColumns)}
	s.idle.L = &s.mu
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	if err := inspectFolder(dir, o.ReadOnly || o.Existing); err != nil {
		return nil, err
	}
	published, err := readPublished(dir)
	if err != nil {
		return nil, err
	}
	if err := verifyTables(dir, published); err != nil {
		return nil, err
	}
	if !o.ReadOnly {
		if err := s.hasRoom(openReserve); err != nil {
			return nil, fmt.Errorf("open store: %w", err)
		}
	}
	s.db, err = openEngine(dir, o.ReadOnly, s.log)
	if o.ReadOnly && err != nil && interrupted(err) {
		if err := s.hasRoom(openReserve); err != nil {
			return nil, fmt.Errorf("repair the store after an interrupted build: %w", err)
		}
		s.log.Warn("repairing the store after an interrupted build", "store", dir)
		var db *badger.DB
		if db, err = openEngine(dir, false, s.log); err == nil {
			if err = db.Close(); err == nil {
				s.db, err = openEngine(dir, true, s.log)
			}
		}
	}
	if err != nil {
		return nil, explainOpen(dir, err)
	}
	s.infos, err = s.readInfos()
	if err == nil && published > 0 && (len(s.infos) == 0 || s.infos[0].Version < published) {
		err = missingSnapshot(dir, published)
	}
	if err == nil && len(s.infos) == 0 && s.db.MaxVersion() > 0 {
		err = s.verify()
	}
	if err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	s.raiseDiscard()
	return s, nil
}

// verify reads every table of the store and compares its checksums. The engine
// takes a block that does not match for one that is not there, when it reads a
// key as when it scans, so that what seems to be missing must be verified
// before anything is made of it. It takes a second for some 300 MB, too long
// for every opening.
func (s *Store) verify() (err error) {
	const remedy = "restore it from a copy or build it anew in another folder"
	defer func() {
		// It panics while it words the error of a block that does not match.
		if p := recover(); p != nil {
			err = damaged(s.dir, remedy)
		}
	}()
	if err := s.db.VerifyChecksum(); err != nil {
		return damaged(s.dir, fmt.Sprintf("%v; %s", err, remedy))
	}
	return nil
}

// interrupted says whether a read-only opening failed because the last writer
// was killed: its logs must be cut where they broke off, which the engine does
// only when it opens for writing.
func interrupted(err error) bool {
	return slices.ContainsFunc([]string{badger.ErrTruncateNeeded.Error(), "while opening memtables", "During db.vlog.open"},
		func(s string) bool { return strings.Contains(err.Error(), s) })
}

// unborn is the engine's error for a log that it found empty: its writer was
// killed between making the file and giving it a size. By then the engine has
// given it one, so that it opens the next time.
const unborn = "Create a new file"

// maxUnborn is more than the logs that can be made at one moment.
const maxUnborn = 4

// openEngine opens Badger, again where a log was unborn.
func openEngine(dir string, readOnly bool, log *slog.Logger) (db *badger.DB, err error) {
	for range maxUnborn {
		db, err = tryEngine(dir, readOnly, log)
		if readOnly || err == nil || !strings.Contains(err.Error(), unborn) {
			break
		}
	}
	return db, err
}

// tryEngine opens Badger. A damaged file can make it panic, which is an error
// here.
func tryEngine(dir string, readOnly bool, log *slog.Logger) (db *badger.DB, err error) {
	defer func() {
		if p := recover(); p != nil {
			db, err = nil, damaged("open "+dir, p)
		}
	}()
	o := badger.DefaultOptions(dir)
	o.ReadOnly = readOnly
	o.ExternalMagicVersion = magic
	o.Logger = engineLog{log}
	o.MetricsEnabled = false
	o.MemTableSize = memTableSize
	o.NumMemtables = 2
	o.BaseTableSize = tableSize
	o.ValueThreshold = maxValue
	o.ValueLogFileSize = 64 << 20
	o.BlockCacheSize = blockCacheSize
	o.IndexCacheSize = indexCacheSize
	o.Compression = options.ZSTD
	o.ChecksumVerificationMode = options.OnBlockRead
	o.DetectConflicts = false // one writer
	// Compactions throw away what the discard timestamp lets them, which is
	// nothing until it is raised: see [Store.raiseDiscard].
	o.NumVersionsToKeep = 1
	o.NumCompactors = compactors
	return badger.OpenManaged(o)
}

// engineLog hands the engine's messages on.
type engineLog struct{ log *slog.Logger }

func (l engineLog) Errorf(format string, args ...any)   { l.write("error", format, args) }
func (l engineLog) Warningf(format string, args ...any) { l.write("warning", format, args) }
func (l engineLog) Infof(format string, args ...any)    { l.write("info", format, args) }
func (l engineLog) Debugf(format string, args ...any)   { l.write("debug", format, args) }

func (l engineLog) write(level, format string, args []any) {
	if l.log.Enabled(context.Background(), slog.LevelDebug) {
		l.log.Debug(strings.TrimSpace(fmt.Sprintf(format, args...)), "engine", "badger", "level", level)
	}
}

// inspectFolder refuses, before anything is written, what is not a store; where
// one must exist, also a place for one.
func inspectFolder(dir string, exists bool) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if exists {
			return fmt.Errorf("%w: %s does not exist; build one first", ErrNotStore, dir)
		}
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return fmt.Errorf("%w: create %s: %w", ErrReadOnly, dir, err)
		}
		return nil
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("%w: %s is a file, a store is a folder", ErrNotStore, dir)
	case err != nil:
		return fmt.Errorf("open store: %w", err)
	}
	manifest, err := os.ReadFile(filepath.Join(dir, badger.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) {
		// A store whose first opening was cut short has no more than these, and
		// maybe the socket of a server.
		other := func(e fs.DirEntry) bool {
			return e.Name() != "LOCK" && e.Name() != "MANIFEST-REWRITE" && e.Type() != fs.ModeSocket
		}
		if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == publishedFile || e.Name() == badger.KeyRegistryFileName }) {
			return fmt.Errorf("%w: %s is missing; restore the store from a copy or build it anew in another folder", ErrDamaged, filepath.Join(dir, badger.ManifestFilename))
		}
		if i := slices.IndexFunc(entries, other); i >= 0 {
			return fmt.Errorf("%w: %s holds other things (%s); name an empty or new folder", ErrNotStore, dir, entries[i].Name())
		}
		if exists {
			return fmt.Errorf("%w: %s is empty; build a store first", ErrNotStore, dir)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("open store: %w; its files must be readable", err)
	}
	// The manifest begins with "Bdgr", two bytes of ours, two of the engine's.
	if len(manifest) < 8 || string(manifest[:4]) != "Bdgr" {
		return fmt.Errorf("%w: %s is not a manifest; restore the store from a copy or build it anew in another folder", ErrDamaged, filepath.Join(dir, badger.ManifestFilename))
	}
	switch {
	case manifest[4] != magic>>8:
		return fmt.Errorf("%w: %s is a Badger database of another program", ErrNotStore, dir)
	case manifest[5] != FormatVersion:
		return fmt.Errorf("%w: %s has format %d, this papergraph reads format %d; use the version that wrote it or build the store anew in another folder",
			ErrFormat, dir, manifest[5], FormatVersion)
	}
	return nil
}

// explainOpen says what an error of the engine means. Badger flattens its
// causes to text, so that only the text can tell.
func explainOpen(dir string, err error) error {
	text := err.Error()
	switch {
	case errors.Is(err, ErrDamaged):
		return err
	case strings.Contains(text, "Cannot acquire directory lock"):
		return fmt.Errorf("%w: %s; stop the papergraph that holds it (a server or a build), or name another store", ErrLocked, dir)
	case strings.Contains(text, syscall.EACCES.Error()), strings.Contains(text, syscall.EROFS.Error()), strings.Contains(text, syscall.EPERM.Error()):
		return fmt.Errorf("%w: %s: %w; change the folder's permissions, or name another folder", ErrReadOnly, dir, err)
	case strings.Contains(text, syscall.ENOSPC.Error()), strings.Contains(text, syscall.EMFILE.Error()), strings.Contains(text, syscall.ENOMEM.Error()):
		return fmt.Errorf("open store %s: %w", dir, err)
	case strings.Contains(text, badger.ErrWindowsNotSupported.Error()), strings.Contains(text, badger.ErrPlan9NotSupported.Error()):
		return fmt.Errorf("open store %s: %w", dir, err)
	}
	return fmt.Errorf("%w: %s: %w; restore it from a copy or build it anew in another folder", ErrDamaged, dir, err)
}

// acquire marks a call as under way, so that Close waits for it.
func (s *Store) acquire() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return ErrClosed
	}
	s.calls++
	return nil
}

func (s *Store) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls--; s.calls == 0 {
		s.idle.Broadcast()
	}
}

// Close waits for calls under way, sequences that are being read among them,
// and closes the store. Snapshots and a writer that are still open return
// [ErrClosed] from then on; what such a writer put is dropped. A second Close
// does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	for s.calls > 0 {
		s.idle.Wait()
	}
	s.mu.Unlock()
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("close store %s: %w", s.dir, err)
	}
	return nil
}

// Info describes a snapshot.
type Info struct {
	ID              string                 `json:"id"`      // 32 hexadecimal digits; equal for equal graphs
	Version         uint64                 `json:"version"` // grows with every publication
	Time            time.Time              `json:"time"`
	Sources         []string               `json:"sources"`            // what was read, as the build names it
	Extractor       string                 `json:"extractor"`          // name and version
	Lexicon         string                 `json:"lexicon,omitempty"`  // hash of it
	Registry        string                 `json:"registry,omitempty"` // hash of it
	Papers          int                    `json:"papers"`
	Nodes           int                    `json:"nodes"` // papers among them
	Edges           int                    `json:"edges"`
	Statements      int                    `json:"statements"`
	NodesByKind     map[graph.Kind]int     `json:"nodesByKind"`
	EdgesByRelation map[graph.Relation]int `json:"edgesByRelation"`
	// ContentSum is the sum of hashes that ID is made from.
	ContentSum [32]byte `json:"-"`
}

// clone keeps a caller from changing what the store holds.
func (i Info) clone() Info {
	i.Sources = slices.Clone(i.Sources)
	i.NodesByKind = maps.Clone(i.NodesByKind)
	i.EdgesByRelation = maps.Clone(i.EdgesByRelation)
	return i
}

// readInfos reads table P, newest first.
func (s *Store) readInfos() ([]Info, error) {
	q := newReader(s.db, math.MaxUint64)
	defer q.close()
	var infos []Info
	err := q.scan([]byte{tagSnapshot}, func(key, value []byte) error {
		version, err := parseSnapshotKey(key)
		if err != nil {
			return err
		}
		info, err := decodeInfo(version, value)
		if err != nil {
			return err
		}
		infos = append(infos, info)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", s.dir, err)
	}
	slices.Reverse(infos)
	return infos, nil
}

// Snapshots lists all snapshots, newest first.
func (s *Store) Snapshots() ([]Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	infos := make([]Info, len(s.infos))
	for i := range s.infos {
		infos[i] = s.infos[i].clone()
	}
	return infos, nil
}

// Latest opens the newest snapshot. The error wraps [ErrEmpty] where there is
// none.
func (s *Store) Latest() (*Snapshot, error) {
	info, err := s.find("")
	if err != nil {
		return nil, err
	}
	return s.open(info)
}

// minPrefix is the shortest prefix of a snapshot's id that [Store.At] takes.
const minPrefix = 4

// At opens the newest snapshot with the given id, which may be cut to a prefix
// of four digits or more that no other id has. The error wraps [ErrNoSnapshot].
func (s *Store) At(id string) (*Snapshot, error) {
	if len(id) < minPrefix {
		return nil, fmt.Errorf("%w: %q is too short, give at least %d digits of the id", ErrNoSnapshot, id, minPrefix)
	}
	info, err := s.find(id)
	if err != nil {
		return nil, err
	}
	return s.open(info)
}

// find is the snapshot that [Store.At] opens; "" is the newest. The error wraps
// [ErrNoSnapshot] or, for "", [ErrEmpty].
func (s *Store) find(id string) (Info, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return Info{}, ErrClosed
	case id == "" && len(s.infos) == 0:
		return Info{}, fmt.Errorf("%w: %s has no finished build", ErrEmpty, s.dir)
	case id == "":
		return s.infos[0], nil
	}
	var found []Info
	for _, info := range s.infos {
		if strings.HasPrefix(info.ID, strings.ToLower(id)) {
			found = append(found, info)
		}
	}
	switch {
	case len(found) == 0:
		return Info{}, fmt.Errorf("%w: %q", ErrNoSnapshot, id)
	case slices.ContainsFunc(found, func(i Info) bool { return i.ID != found[0].ID }):
		return Info{}, fmt.Errorf("%w: %q begins the ids of more than one, give more digits", ErrNoSnapshot, id)
	}
	return found[0], nil
}

// open opens the snapshot of a publication.
func (s *Store) open(info Info) (*Snapshot, error) {
	if err := s.acquire(); err != nil {
		return nil, err
	}
	defer s.release()
	s.mu.Lock()
	if !slices.ContainsFunc(s.infos, func(i Info) bool { return i.Version == info.Version }) {
		s.mu.Unlock()
		return nil, fmt.Errorf("%w: %s was dropped", ErrNoSnapshot, info.ID)
	}
	l := s.loaded[info.Version]
	if l == nil {
		l = new(loadedColumns)
		s.loaded[info.Version] = l
	}
	l.refs++
	s.mu.Unlock()
	l.get(s, info)
	r := &Snapshot{s: s, info: info, columns: l.c}
	if l.err != nil {
		r.Close()
		return nil, fmt.Errorf("open snapshot %s: %w", info.ID, l.err)
	}
	return r, nil
}

// unload gives up one use of a version's columns. Those of the newest version
// are kept: the next reader wants them.
func (s *Store) unload(version uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.loaded[version]; l != nil {
		l.refs--
	}
	s.dropColumns()
	if !s.closed {
		s.raiseDiscard() // it may have been the last reader of a dropped one
	}
}

// dropColumns forgets unused columns but the newest. The caller holds mu.
func (s *Store) dropColumns() {
	for v, l := range s.loaded {
		newest := len(s.infos) > 0 && v == s.infos[0].Version
		if l.refs == 0 && (!newest || l.err != nil) {
			delete(s.loaded, v)
		}
	}
}

// hasColumns says whether the columns of a version are there, or can be made
// without reading, so that those of the next can be made of them.
func (s *Store) hasColumns(version uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.loaded[version]
	return l != nil && (l.ready || l.steps > 0 && l.steps < maxColumnSteps)
}

// published makes a publication visible. With change, which may be nil, its
// columns can be made from those of the version before.
func (s *Store) published(info Info, before uint64, change *columnsChange) {
	if err := writePublished(s.dir, info); err != nil {
		s.log.Warn("cannot note the newest snapshot", "store", s.dir, "error", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.infos = append([]Info{info}, s.infos...)
	if l := s.loaded[before]; l != nil && change != nil {
		next := &loadedColumns{from: l, change: change, steps: 1}
		if !l.ready {
			next.steps += l.steps
		}
		s.loaded[info.Version] = next
	}
	s.dropColumns()
}
