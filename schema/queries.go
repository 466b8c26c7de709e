package schema

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// QueryStore keeps queries under their hashes, each in a file of a folder, so
// that a link to one works for as long as the folder is there. What is kept is
// never dropped to make room: a folder that is full takes no more. It is safe
// for concurrent use.
type QueryStore struct {
	dir    string
	limits QueryLimits

	mu    sync.Mutex // held while a query is added
	count int
	bytes int64
}

// QueryLimits bound what a QueryStore keeps. A field that is 0 has its default.
type QueryLimits struct {
	Count int   // of queries; 10,000
	Bytes int64 // of all their texts; 64 MiB
}

// Errors of a QueryStore.
var (
	// ErrNoQuery says that no query is kept under a hash.
	ErrNoQuery = errors.New("no such query")
	// ErrQueriesFull says that a QueryStore has as much as its limits allow.
	ErrQueriesFull = errors.New("no room for another query")
	// ErrQueriesReadOnly says that a QueryStore's folder cannot be written.
	ErrQueriesReadOnly = errors.New("queries cannot be kept here")
)

// queryFile is the ending of the files' names, which are hashes otherwise.
const queryFile = ".graphql"

// newQueryFile begins the names of files that are being written.
const newQueryFile = ".new-"

// OpenQueries opens the queries that a folder has. A folder that does not exist
// has none, and is made when the first is kept.
func OpenQueries(dir string, limits QueryLimits) (*QueryStore, error) {
	if limits.Count <= 0 {
		limits.Count = 10_000
	}
	if limits.Bytes <= 0 {
		limits.Bytes = 64 << 20
	}
	q := &QueryStore{dir: dir, limits: limits}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("open the queries in %s: %w", dir, err)
	}
	for _, e := range entries {
		hash, ok := strings.CutSuffix(e.Name(), queryFile)
		switch {
		case strings.HasPrefix(e.Name(), newQueryFile):
			// From a program that was ended while it wrote. Where it cannot be
			// removed nothing can be written either.
			_ = os.Remove(filepath.Join(dir, e.Name()))
		case ok && isQueryHash(hash):
			info, err := e.Info()
			if err != nil {
				return nil, fmt.Errorf("open the queries in %s: %w", dir, err)
			}
			q.count++
			q.bytes += info.Size()
		}
	}
	return q, nil
}

// QueryHash is what a query is kept under: SHA-256 of its text, as 64
// hexadecimal digits.
func QueryHash(query string) string {
	sum := sha256.Sum256([]byte(query))
	return hex.EncodeToString(sum[:])
}

// isQueryHash says whether a string has the form of a hash.
func isQueryHash(s string) bool {
	return len(s) == 2*sha256.Size && strings.Trim(s, "0123456789abcdef") == ""
}

func (q *QueryStore) file(hash string) string { return filepath.Join(q.dir, hash+queryFile) }

// Get returns the query with a hash. The error wraps [ErrNoQuery] where none is
// kept.
func (q *QueryStore) Get(hash string) (string, error) {
	if !isQueryHash(hash) {
		return "", fmt.Errorf("%w: a hash is %d hexadecimal digits in lower case", ErrNoQuery, 2*sha256.Size)
	}
	text, err := os.ReadFile(q.file(hash))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("%w: none is kept under %s", ErrNoQuery, hash)
	case err != nil:
		return "", fmt.Errorf("read query %s: %w", hash, err)
	case QueryHash(string(text)) != hash:
		return "", fmt.Errorf("read query %s: the file %s is damaged: it has another hash", hash, q.file(hash))
	}
	return string(text), nil
}

// Put keeps a query and returns its hash; added is false for one that was kept
// already. The error wraps [ErrQueriesFull] or [ErrQueriesReadOnly] where it
// cannot be kept. Whether the text is a query is the caller's business.
func (q *QueryStore) Put(query string) (hash string, added bool, err error) {
	hash = QueryHash(query)
	q.mu.Lock()
	defer q.mu.Unlock()
	old, err := os.ReadFile(q.file(hash))
	if err == nil && bytes.Equal(old, []byte(query)) {
		return hash, false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", false, fmt.Errorf("keep query %s: %w", hash, err)
	}
	repaired := err == nil // one that is damaged
	switch {
	case repaired:
	case q.count >= q.limits.Count:
		return "", false, fmt.Errorf("%w: %d are kept, which is as many as may be", ErrQueriesFull, q.count)
	case q.bytes+int64(len(query)) > q.limits.Bytes:
		return "", false, fmt.Errorf("%w: those that are kept have %d bytes, at most %d may be", ErrQueriesFull, q.bytes, q.limits.Bytes)
	}
	if err := q.write(hash, query); err != nil {
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
			err = fmt.Errorf("%w: %w", ErrQueriesReadOnly, err)
		}
		return "", false, fmt.Errorf("keep query %s: %w", hash, err)
	}
	if repaired {
		q.bytes -= int64(len(old))
	} else {
		q.count++
	}
	q.bytes += int64(len(query))
	return hash, true, nil
}

// write makes the file of a query, whole or not at all.
func (q *QueryStore) write(hash, query string) (err error) {
	if err := os.MkdirAll(q.dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(q.dir, newQueryFile)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // the error is what counts
		}
	}()
	_, err = f.WriteString(query)
	if err == nil {
		err = f.Chmod(0o644) // whoever reads the store may read them
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), q.file(hash))
}

// Size says how many queries are kept, and how many bytes they have.
func (q *QueryStore) Size() (count int, bytes int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.count, q.bytes
}
