package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"papergraph/graph"
)

// Options are what a caller may choose in reading. The zero value skips what
// it cannot read and says nothing.
type Options struct {
	// Strict ends the sequence with the first problem.
	Strict bool
	// OnProblem is told what was refused, in the order of reading. It is not
	// called when Strict.
	OnProblem func(Problem)
	// OnBytes is told how many more bytes of the files themselves, compressed
	// ones as they are, have been read; nil for nobody. [Size] is their sum.
	OnBytes func(n int64)
	// Stdin is what the path "-" reads; nil is the process's standard input.
	Stdin io.Reader
	// Locate says where a path leads; nil is for where it says. It is for
	// paths of another process, whose working directory is another. Names in
	// problems and origins are as given.
	Locate func(path string) string
}

// Problem is something in the input that was refused. It is an error and wraps
// its cause.
type Problem struct {
	Source string // the file's name as given, or "stdin"
	Line   int    // from 1; 0 where the problem has no line
	Err    error
}

// Error is "file:line: what and what to do".
func (p Problem) Error() string {
	if p.Line > 0 {
		return fmt.Sprintf("%s:%d: %v", p.Source, p.Line, p.Err)
	}
	return fmt.Sprintf("%s: %v", p.Source, p.Err)
}

// Unwrap is the cause.
func (p Problem) Unwrap() error { return p.Err }

// The causes of problems, besides those of the file system.
var (
	// ErrFormat says that a file is in no format that is read here.
	ErrFormat = errors.New("unreadable format")
	// ErrEmpty says that a file, or a folder, holds nothing.
	ErrEmpty = errors.New("nothing in it")
	// ErrRecord says that one record is not a paper; it is skipped.
	ErrRecord = errors.New("bad record")
	// ErrField says that one field of a record cannot be used; the paper is
	// read without it.
	ErrField = errors.New("bad field")
	// ErrTooLong says that a record is longer than memory should hold; it is
	// skipped.
	ErrTooLong = errors.New("record too long")
)

// Read yields the papers in files and folders, in the order of paths and of
// each file. Folders are walked in the order of their names, without hidden
// files and folders. "-" is standard input.
//
// What cannot be read, from a path that does not exist to one bad record, is a
// [Problem]: it goes to o.OnProblem and reading goes on, or, when o.Strict, it
// is the error that ends the sequence. A context that is done ends the
// sequence with its error. Memory is bounded by the longest record, at most
// 16 MiB, not by the file.
func Read(ctx context.Context, paths []string, o Options) iter.Seq2[graph.Document, error] {
	return func(yield func(graph.Document, error) bool) {
		for _, path := range paths {
			if !readPath(&sink{ctx: ctx, options: o, yield: yield, source: path}, path) {
				return
			}
		}
	}
}

// sink takes what a reader finds in one file. Its methods say whether to go
// on.
type sink struct {
	ctx     context.Context
	options Options
	yield   func(graph.Document, error) bool
	source  string
}

// document yields a paper whose record begins at line.
func (s *sink) document(d graph.Document, line int) bool {
	if err := s.ctx.Err(); err != nil {
		s.yield(graph.Document{}, err)
		return false
	}
	if err := d.Check(); err != nil {
		return s.problem(line, fmt.Errorf("%w: %w", ErrRecord, err))
	}
	d.Origin = graph.Origin{Source: s.source, Line: line}
	return s.yield(d, nil)
}

// problem reports what was refused.
func (s *sink) problem(line int, err error) bool {
	if done := s.ctx.Err(); done != nil {
		s.yield(graph.Document{}, done)
		return false
	}
	p := Problem{Source: s.source, Line: line, Err: err}
	if s.options.Strict {
		s.yield(graph.Document{}, p)
		return false
	}
	if s.options.OnProblem != nil {
		s.options.OnProblem(p)
	}
	return true
}

// readPath reads a file, a folder or standard input.
func readPath(s *sink, path string) bool {
	if path == "-" {
		in := s.options.Stdin
		if in == nil {
			in = os.Stdin
		}
		s.source = "stdin"
		return readStream(s, in)
	}
	place := path
	if s.options.Locate != nil {
		place = s.options.Locate(path)
	}
	info, err := os.Stat(place)
	switch {
	case err != nil:
		return s.problem(0, cause(err))
	case info.IsDir():
		return readFolder(s, place, path)
	}
	return readFile(s, place)
}

// cause drops from a file system error the path, which a Problem has already.
func cause(err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return pathError.Err
	}
	return err
}

// hidden says whether a path below root is not to be read: its name begins
// with a dot.
func hidden(root, path string) bool {
	return path != root && strings.HasPrefix(filepath.Base(path), ".")
}

// skip leaves a file, or a folder with all that is in it, out of a walk.
func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// readFolder reads the folder root, which the caller may know by another name.
func readFolder(s *sink, root, name string) bool {
	files, goOn := 0, true
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		in := *s
		in.source = path
		if path == root {
			in.source = name
		} else if below, err := filepath.Rel(root, path); err == nil {
			in.source = filepath.Join(name, below)
		}
		if err == nil {
			switch {
			case hidden(root, path):
				return skip(entry)
			case entry.IsDir():
				return nil
			}
			files++
			var info fs.FileInfo
			if info, err = os.Stat(path); err == nil && !info.Mode().IsRegular() {
				// A link to a folder could lead back here, and a pipe or a
				// device in a folder may never end.
				err = fmt.Errorf("%w: neither a file nor a folder; name it on its own to read it", ErrFormat)
			}
		}
		if err != nil {
			goOn = in.problem(0, cause(err))
		} else {
			goOn = readFile(&in, path)
		}
		if !goOn {
			return fs.SkipAll
		}
		return nil
	})
	switch {
	case !goOn:
		return false
	case err != nil:
		return s.problem(0, cause(err))
	case files == 0:
		return s.problem(0, fmt.Errorf("%w: no files in this folder", ErrEmpty))
	}
	return true
}

func readFile(s *sink, path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return s.problem(0, cause(err))
	}
	defer f.Close() // read only: closing cannot lose anything
	// A pipe may never have anything; of a file the deadline is refused.
	stop := context.AfterFunc(s.ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	if s.options.OnBytes != nil {
		return readStream(s, countingReader{f, s.options.OnBytes})
	}
	return readStream(s, f)
}

// countingReader tells how much is read through it.
type countingReader struct {
	io.Reader
	count func(int64)
}

func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.count(int64(n))
	return n, err
}

// Size is the size in bytes of the files that [Read] would read, 0 where it
// cannot be told: for standard input, and for paths that cannot be read. Locate
// may be nil.
func Size(locate func(path string) string, paths []string) int64 {
	total := int64(0)
	for _, root := range paths {
		if locate != nil {
			root = locate(root)
		}
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if hidden(root, path) {
				return skip(entry)
			}
			if entry.IsDir() {
				return nil
			}
			info, err := os.Stat(path)
			if err != nil {
				return err
			}
			total += info.Size()
			return nil
		})
		if err != nil {
			return 0
		}
	}
	return total
}

// readStream reads what is in one file, compressed or not.
func readStream(s *sink, r io.Reader) bool {
	in, closeIn, err := open(r)
	if err != nil {
		return s.problem(0, err)
	}
	defer closeIn()
	head, err := in.Peek(headSize)
	if err != nil && err != io.EOF {
		return s.problem(0, readError(err))
	}
	format, err := Recognise(head)
	if err != nil {
		return s.problem(0, err)
	}
	switch format {
	case FormatJSON:
		return readJSON(s, &input{r: in, line: 1})
	case FormatJSONLines:
		return readJSONLines(s, &input{r: in, line: 1})
	default:
		return readListing(s, &input{r: in, line: 1})
	}
}
