package exporters

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"papergraph/graph"
)

// Answer is the data of an answer to a GraphQL query, which [Answer.CSV] and
// [Answer.JSONL] write as a table and [Answer.IDs] reads the nodes from.
//
// # Rows
//
// An answer is a tree of objects; a table has rows. The rule:
//
//  1. Every object that has no list of objects below it is a row. So a list of
//     papers gives a row for each paper, and with the authors of each selected
//     a row for each author of each paper. An object whose lists are empty is
//     a row too.
//  2. A row has the fields of its object and those of all objects around it,
//     which therefore stand on as many rows as there are objects within.
//  3. Lists beside each other are one below the other, never multiplied: a
//     paper with two methods and three datasets gives five rows, of which the
//     first two have no cells of datasets and the others none of methods.
//  4. A null in a list of objects is no row, and a row without any cell is left
//     out.
//
// # Columns
//
// A column is named after the fields that lead to it, as they are called in the
// answer (an alias is such a name), with dots between: "authoredBy.name". What
// Relay's form adds, "edges", "node" and "nodes", is left out of names, and so
// is the outermost field where there is one only. Where two columns would have
// one name by this (an edge and its node both have a confidence), those two
// have the whole one, "papers.edges.node.confidence". Columns come in the order
// in which the query selects them. They are those that the answer has: a field
// that is null where others have an object, and the fields of a list that is
// always empty, make none.
type Answer struct{ root value }

// value is a piece of JSON.
type value struct {
	kind  jsontext.Kind
	raw   jsontext.Value // of what is no object and no list
	keys  []string       // of an object's fields
	elems []value        // values of an object's fields, or of a list
}

// errNoObject says that data is not that of a query.
var errNoObject = errors.New("not an object")

// ParseAnswer reads the data of an answer, a JSON object, which it refers to
// from then on.
func ParseAnswer(data []byte) (*Answer, error) {
	d := jsontext.NewDecoder(bytes.NewReader(data))
	v, err := parseValue(d, data)
	if err == nil {
		if _, err = d.ReadToken(); errors.Is(err, io.EOF) {
			err = nil
		} else if err == nil {
			err = errors.New("something follows the object")
		}
	}
	if err == nil && v.kind != '{' {
		err = errNoObject
	}
	if err != nil {
		return nil, fmt.Errorf("read the data of an answer: %w", err)
	}
	return &Answer{v}, nil
}

// parseValue reads the next value. The decoder bounds its depth.
func parseValue(d *jsontext.Decoder, data []byte) (value, error) {
	v := value{kind: d.PeekKind()}
	if v.kind != '{' && v.kind != '[' {
		raw, err := d.ReadValue()
		if err != nil {
			return v, err
		}
		end := d.InputOffset()
		v.raw = data[end-int64(len(raw)) : end]
		return v, nil
	}
	if _, err := d.ReadToken(); err != nil {
		return v, err
	}
	closing := jsontext.Kind('}')
	if v.kind == '[' {
		closing = ']'
	}
	for d.PeekKind() != closing {
		if v.kind == '{' {
			name, err := d.ReadToken()
			if err != nil {
				return v, err
			}
			v.keys = append(v.keys, name.String())
		}
		e, err := parseValue(d, data)
		if err != nil {
			return v, err
		}
		v.elems = append(v.elems, e)
	}
	_, err := d.ReadToken()
	return v, err
}

// hasObjects says whether a list is one of objects.
func (v *value) hasObjects() bool {
	return slices.ContainsFunc(v.elems, func(e value) bool { return e.kind == '{' })
}

// IDs lists the ids in the answer, in the order in which they come first: what
// is called id there and has the form of one.
func (a *Answer) IDs() []graph.ID {
	var ids []graph.ID
	seen := make(map[graph.ID]bool)
	var walk func(v *value)
	walk = func(v *value) {
		for i := range v.elems {
			e := &v.elems[i]
			if v.kind == '{' && v.keys[i] == "id" && e.kind == '"' {
				id := graph.ID(unquoted(e.raw))
				if _, _, err := graph.ParseID(string(id)); err == nil && !seen[id] {
					seen[id] = true
					ids = append(ids, id)
				}
			}
			walk(e)
		}
	}
	walk(&a.root)
	return ids
}

// unquoted is the text of a JSON string that was parsed.
func unquoted(raw jsontext.Value) string {
	b, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return "" // the parser has seen that it is one
	}
	return string(b)
}

// column is a field of the answer, with the fields below it.
type column struct {
	name   string
	parent *column
	below  []*column
	byName map[string]*column
	// cell says that there is something to stand in the column; null that the
	// field is null somewhere, which does not say what it would be otherwise.
	cell, null bool
	index      int // among the table's columns, where cell
}

func (c *column) child(name string) *column {
	b := c.byName[name]
	if b == nil {
		b = &column{name: name, parent: c}
		if c.byName == nil {
			c.byName = make(map[string]*column)
		}
		c.byName[name] = b
		c.below = append(c.below, b)
	}
	return b
}

// find makes the columns of an object.
func (c *column) find(v *value) {
	for i := range v.elems {
		e, b := &v.elems[i], c.child(v.keys[i])
		switch {
		case e.kind == '{':
			b.find(e)
		case e.kind == '[' && e.hasObjects():
			for j := range e.elems {
				if e.elems[j].kind == '{' {
					b.find(&e.elems[j])
				}
			}
		case e.kind == '[' && len(e.elems) == 0, e.kind == 'n':
			b.null = true
		default:
			b.cell = true
		}
	}
}

// number collects the columns in order, each with its index.
func (c *column) number(list []*column) []*column {
	if c.null && len(c.below) == 0 {
		c.cell = true
	}
	if c.cell {
		c.index = len(list)
		list = append(list, c)
	}
	for _, b := range c.below {
		list = b.number(list)
	}
	return list
}

// path is the names that lead to a column.
func (c *column) path() []string {
	var names []string
	for ; c.parent != nil; c = c.parent {
		names = append(names, c.name)
	}
	slices.Reverse(names)
	return names
}

// names are the titles of columns.
func names(columns []*column, oneField bool) []string {
	short, whole := make([]string, len(columns)), make([]string, len(columns))
	count := make(map[string]int, len(columns))
	for i, c := range columns {
		path := c.path()
		whole[i] = strings.Join(path, ".")
		kept := path[: len(path)-1 : len(path)-1]
		if oneField && len(kept) > 0 {
			kept = kept[1:]
		}
		kept = slices.DeleteFunc(slices.Clone(kept), func(s string) bool { return s == "edges" || s == "node" || s == "nodes" })
		short[i] = strings.Join(append(kept, path[len(path)-1]), ".")
		count[short[i]]++
	}
	mixed := slices.Clone(short)
	seen := make(map[string]bool, len(columns))
	for i := range mixed {
		if count[short[i]] > 1 {
			mixed[i] = whole[i]
		}
		if seen[mixed[i]] {
			return whole
		}
		seen[mixed[i]] = true
	}
	return mixed
}

// table gives the rows of an answer: cells that are nil are not there.
func (a *Answer) table(begin func(names []string) error, row func(cells []*value) error) error {
	var top column
	top.find(&a.root)
	columns := top.number(nil)
	if err := begin(names(columns, len(a.root.keys) == 1)); err != nil {
		return err
	}
	cells := make([]*value, len(columns))
	var walk func(v *value, c *column) error
	walk = func(v *value, c *column) error {
		var filled []*column
		var lists []listing
		fill(v, c, cells, &filled, &lists)
		defer func() {
			for _, f := range filled {
				cells[f.index] = nil
			}
		}()
		if len(lists) == 0 {
			if !slices.ContainsFunc(cells, func(v *value) bool { return v != nil }) {
				return nil
			}
			return row(cells)
		}
		for _, l := range lists {
			for i := range l.list.elems {
				if e := &l.list.elems[i]; e.kind == '{' {
					if err := walk(e, l.column); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	return walk(&a.root, &top)
}

// listing is a list of objects with its column.
type listing struct {
	list   *value
	column *column
}

// fill sets the cells of an object and finds the lists in it.
func fill(v *value, c *column, cells []*value, filled *[]*column, lists *[]listing) {
	for i := range v.elems {
		e, b := &v.elems[i], c.byName[v.keys[i]]
		switch {
		case e.kind == '{':
			fill(e, b, cells, filled, lists)
		case e.kind == '[' && e.hasObjects():
			*lists = append(*lists, listing{e, b})
		case b.cell:
			cells[b.index] = e
			*filled = append(*filled, b)
		}
	}
}

// CSV writes the answer as a table, a header and a line for each row. Strings
// stand as they are, lists of them with "; " between, numbers as in the answer,
// truth as true and false. null and what a row does not have are empty cells.
// Text that a spreadsheet would take for a formula is marked as in [CSV], save
// for numbers.
func (a *Answer) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	write := func(line []string) error {
		if len(line) == 1 && line[0] == "" {
			// Readers skip an empty line, which is what the writer makes of it.
			out.Flush()
			_, err := io.WriteString(w, "\"\"\n")
			return err
		}
		return out.Write(line)
	}
	var line []string
	err := a.table(func(names []string) error {
		line = make([]string, len(names))
		if len(names) == 0 {
			return nil
		}
		return write(names)
	}, func(cells []*value) error {
		for i, v := range cells {
			line[i] = ""
			if v != nil {
				line[i] = v.cell()
			}
		}
		return write(line)
	})
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("write an answer as CSV: %w", err)
	}
	return nil
}

// cell is a value as a cell has it.
func (v *value) cell() string {
	switch v.kind {
	case 'n':
		return ""
	case '"':
		s := unquoted(v.raw)
		if isNumber(s) {
			return s
		}
		return text(s)
	case '[':
		parts := make([]string, len(v.elems))
		for i := range v.elems {
			if e := &v.elems[i]; e.kind == '"' {
				parts[i] = unquoted(e.raw)
			} else {
				parts[i] = string(v.elems[i].json())
			}
		}
		return text(strings.Join(parts, "; "))
	}
	return string(v.json())
}

// isNumber says whether a string is a number that a spreadsheet may take for
// one: a value of a result can be "-3.5".
func isNumber(s string) bool {
	if strings.Trim(s, "0123456789.eE+-") != "" {
		return false
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// json is a value as JSON, on one line.
func (v *value) json() []byte {
	if v.kind != '[' && v.kind != '{' {
		return v.raw
	}
	b := []byte{byte(v.kind)}
	for i := range v.elems {
		if i > 0 {
			b = append(b, ',')
		}
		if v.kind == '{' {
			b = append(append(b, quoted(v.keys[i])...), ':')
		}
		b = append(b, v.elems[i].json()...)
	}
	return append(b, byte(v.kind)+2) // "]" and "}" come two behind "[" and "{"
}

// quoted is a string in JSON.
func quoted(s string) []byte {
	b, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		return []byte(`""`) // the parser has taken it from JSON
	}
	return b
}

// JSONL writes the answer as a table, a JSON object on a line for each row. Its
// fields are the columns that the row has, with the values of the answer.
func (a *Answer) JSONL(w io.Writer) error {
	var keys [][]byte
	var line []byte
	err := a.table(func(names []string) error {
		for _, n := range names {
			keys = append(keys, append(quoted(n), ':'))
		}
		return nil
	}, func(cells []*value) error {
		line = append(line[:0], '{')
		for i, v := range cells {
			if v == nil {
				continue
			}
			if len(line) > 1 {
				line = append(line, ',')
			}
			line = append(append(line, keys[i]...), v.json()...)
		}
		_, err := w.Write(append(line, "}\n"...))
		return err
	})
	if err != nil {
		return fmt.Errorf("write an answer as JSONL: %w", err)
	}
	return nil
}
