package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxRecord bounds one record of a JSON file, in bytes. A paper with its full
// text and references has under 2 MiB.
const maxRecord = 16 << 20

// wrappers are the names under which an object holds the array of papers, or
// another such object.
var wrappers = map[string]bool{
	"papers": true, "results": true, "data": true, "items": true, "records": true, "works": true, "publications": true,
	"articles": true, "documents": true, "docs": true, "entries": true, "hits": true, "message": true, "response": true,
}

// jsonReader reads papers from JSON. It parts the text into records by its
// braces and quotes alone, so that memory is bounded by one record and a
// record with an error inside does no harm to the next.
type jsonReader struct {
	sink   *sink
	in     *input
	parser recordParser
	record []byte
	count  int // records so far
	char   byte
	held   bool // char was read but is still to come
	stop   bool // the sink wants no more
}

// errEndsEarly is the problem of a JSON text that is cut.
var errEndsEarly = fmt.Errorf("%w: the text ends inside a JSON value; what stands before is read", ErrRecord)

// readJSON reads a file that is one JSON value, or several in a row.
func readJSON(s *sink, in *input) bool {
	r := &jsonReader{sink: s, in: in}
	for objects := 0; !r.stop; {
		c, err := r.token()
		switch {
		case err != nil:
			return r.end(err, false)
		case c == '{':
			objects++
			if objects > 1 && r.objectALine() {
				return r.lines([]byte{'{'})
			}
			err = r.object(0)
		case c == '[':
			err = r.array()
		default:
			return r.problem(in.line, fmt.Errorf("%w: %q stands where a JSON object or array should begin; the rest of the file is not read", ErrRecord, c))
		}
		if err != nil {
			return r.end(err, true)
		}
	}
	return false
}

// objectALine looks again at the format once a second object begins: the first
// line may have been longer than what was looked at.
func (r *jsonReader) objectALine() bool {
	ahead, err := r.in.r.Peek(headSize - 1)
	if err != nil && err != io.EOF {
		return false // which the next read will say
	}
	return recogniseObjects(append([]byte{'{'}, ahead...)) == FormatJSONLines
}

// readJSONLines reads a file that has an object a line.
func readJSONLines(s *sink, in *input) bool {
	r := &jsonReader{sink: s, in: in}
	return r.lines(nil)
}

// lines reads the rest of the input as one object a line; read is what of the
// first line was read already.
func (r *jsonReader) lines(read []byte) bool {
	for {
		b, line, tooLong, err := r.in.readLine(maxRecord)
		if err != nil && (err != io.EOF || len(read) == 0) {
			return r.end(err, false)
		}
		if len(read) > 0 {
			b = append(read, b...)
			read = nil
		}
		b = bytes.Trim(b, " \t\r\x1e,")
		switch {
		case tooLong:
			r.count++
			r.problem(line, r.numbered(errTooLong))
		case len(b) > 0:
			r.decode(b, line)
		}
		if r.stop {
			return false
		}
	}
}

var errTooLong = fmt.Errorf("%w: more than %d MiB", ErrTooLong, maxRecord>>20)

// end is how a file ends: well, in the middle of a value, or because reading
// failed. It says whether to go on with the next file.
func (r *jsonReader) end(err error, inside bool) bool {
	switch {
	case r.stop:
		return false
	case errors.Is(err, io.EOF) && inside:
		return r.problem(r.in.line, errEndsEarly)
	case !errors.Is(err, io.EOF):
		return r.problem(r.in.line, readError(err))
	case r.count == 0:
		return r.problem(0, fmt.Errorf("%w: no records in this file", ErrEmpty))
	}
	return true
}

func (r *jsonReader) problem(line int, err error) bool {
	r.stop = r.stop || !r.sink.problem(line, err)
	return !r.stop
}

// next is the next byte.
func (r *jsonReader) next() (byte, error) {
	if r.held {
		r.held = false
		return r.char, nil
	}
	c, err := r.in.next()
	r.char = c
	return c, err
}

// token is the next byte that is not white space or a comma.
func (r *jsonReader) token() (byte, error) {
	for {
		c, err := r.next()
		if err != nil || c != ' ' && c != '\n' && c != '\r' && c != '\t' && c != ',' && c != '\x1e' {
			return c, err
		}
	}
}

// array reads records up to the bracket that ends the array, whose beginning
// has been read.
func (r *jsonReader) array() error {
	for !r.stop {
		c, err := r.token()
		switch {
		case err != nil:
			return err
		case c == ']':
			return nil
		case c == '{':
			err = r.element()
		default:
			r.count++
			line := r.in.line
			r.record = r.record[:0]
			if err = r.value(c); err == nil && string(r.record) != "null" {
				r.problem(line, r.numbered(fmt.Errorf("%w: %s stands where a paper should be, an object with a title", ErrRecord, jsonKind(r.record))))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// element reads a record of an array, whose brace has been read.
func (r *jsonReader) element() error {
	line := r.in.line
	r.record = append(r.record[:0], '{')
	if err := r.rest(1); err != nil {
		return err
	}
	r.finish(line)
	return nil
}

// maxWrappers bounds how deep in other objects the array of records may lie.
const maxWrappers = 4

// object reads an object that is not in an array, whose brace has been read:
// a record, or what holds the array of records. depth is in how many such
// objects it lies.
func (r *jsonReader) object(depth int) error {
	line, before := r.in.line, r.count
	r.record = append(r.record[:0], '{')
	wrapper, titled := false, false
	for !r.stop {
		c, err := r.token()
		if err != nil {
			return err
		}
		if c == '}' {
			break
		}
		if c != '"' {
			// Not JSON; the parser says so.
			r.keep(c)
			if err := r.rest(1); err != nil {
				return err
			}
			r.finish(line)
			return nil
		}
		if len(r.record) > 1 {
			r.keep(',')
		}
		start := len(r.record)
		if err := r.value(c); err != nil {
			return err
		}
		key := strings.ToLower(strings.Trim(string(r.record[start:]), `"`))
		titled = titled || key == "title"
		if c, err = r.token(); err != nil {
			return err
		}
		r.keep(c)
		if c, err = r.token(); err != nil {
			return err
		}
		if wrappers[key] && !titled && depth < maxWrappers && (c == '[' || c == '{') {
			wrapper = true
			outer := bytes.Clone(r.record)
			if c == '[' {
				err = r.array()
			} else {
				err = r.object(depth + 1)
			}
			r.record = append(append(r.record[:0], outer...), "null"...)
		} else {
			err = r.value(c)
		}
		if err != nil {
			return err
		}
	}
	r.keep('}')
	// A paper may have a field of a wrapper's name with no papers in it, and
	// an object inside a wrapper may hold the paging of an answer.
	if titled && r.count == before || !wrapper && depth == 0 {
		r.finish(line)
	}
	return nil
}

// keep appends to the record, which is bounded: what is one byte too long is
// known to be too long.
func (r *jsonReader) keep(c byte) {
	if len(r.record) <= maxRecord {
		r.record = append(r.record, c)
	}
}

// value reads a value that begins with c.
func (r *jsonReader) value(c byte) error {
	switch c {
	case '{', '[':
		r.keep(c)
		return r.rest(1)
	case '"':
		r.keep(c)
		return r.str()
	}
	for {
		r.keep(c)
		var err error
		if c, err = r.next(); err != nil {
			return err
		}
		switch c {
		case ',', ']', '}', ' ', '\n', '\r', '\t':
			r.held = true
			return nil
		}
	}
}

// rest reads up to where depth open brackets are closed.
func (r *jsonReader) rest(depth int) error {
	for depth > 0 {
		c, err := r.next()
		if err != nil {
			return err
		}
		r.keep(c)
		switch c {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			if err := r.str(); err != nil {
				return err
			}
		}
	}
	return nil
}

// str reads the rest of a string. One cannot go over the end of a line in
// JSON; where it seems to, a quote is missing, and its loss is confined to the
// line.
func (r *jsonReader) str() error {
	for {
		// What is in the buffer of the string is kept at once.
		ahead, err := r.in.r.Peek(r.in.r.Buffered())
		if err != nil {
			return err
		}
		n := 0
		for n < len(ahead) && ahead[n] != '"' && ahead[n] != '\\' && ahead[n] != '\n' {
			n++
		}
		if len(r.record) <= maxRecord {
			r.record = append(r.record, ahead[:n]...)
		}
		if _, err := r.in.r.Discard(n); err != nil {
			return err
		}
		c, err := r.next()
		if err != nil {
			return err
		}
		r.keep(c)
		switch c {
		case '"', '\n':
			return nil
		case '\\':
			if c, err = r.next(); err != nil {
				return err
			}
			r.keep(c)
		}
	}
}

// finish decodes the record that has been read.
func (r *jsonReader) finish(line int) {
	if len(r.record) > maxRecord {
		r.count++
		r.problem(line, r.numbered(errTooLong))
		return
	}
	r.decode(r.record, line)
}

// decode hands on the paper in a record.
func (r *jsonReader) decode(record []byte, line int) {
	r.count++
	rec, err := r.parser.parse(record)
	if err != nil {
		offset, cause := locate(err)
		for _, c := range record[:min(offset, len(record))] {
			if c == '\n' {
				line++
			}
		}
		r.problem(line, r.numbered(cause))
		return
	}
	d, bad := rec.document()
	for _, err := range bad {
		if !r.problem(line, r.numbered(err)) {
			return
		}
	}
	if d.Title != "" {
		r.stop = r.stop || !r.sink.document(d, line)
	}
}

// numbered adds the record's number, since many records may stand on a line.
func (r *jsonReader) numbered(err error) error { return fmt.Errorf("record %d: %w", r.count, err) }

// jsonKind names the kind of a JSON value.
func jsonKind(value []byte) string {
	if len(value) == 0 {
		return "nothing"
	}
	switch c := value[0]; {
	case c == '"':
		return "a string"
	case c == '{':
		return "an object"
	case c == '[':
		return "a list"
	case c == 't' || c == 'f':
		return "true or false"
	case c == 'n':
		return "null"
	case c == '-' || c >= '0' && c <= '9':
		return "a number"
	}
	return fmt.Sprintf("%q", shorten(string(value)))
}
