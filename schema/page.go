package schema

import (
	"encoding/base64"
	"strings"

	"papergraph/graph"
	"papergraph/store"
)

// The size of a page.
const (
	defaultPage = 25
	maxPage     = 200
)

// pageArgs are the arguments of every connection.
type pageArgs struct {
	First  *int32
	After  *string
	Last   *int32
	Before *string
}

// page is which part of a list is wanted. It is comparable, so that siblings
// who want the same can share a read.
type page struct {
	size          int
	fromEnd       bool   // the last of the list rather than the first
	after, before string // cursors; empty for the list's ends
}

// page checks the arguments.
func (a pageArgs) page() (page, error) {
	p := page{size: defaultPage}
	var err error
	switch {
	case a.First != nil && a.Last != nil:
		return p, codef(CodeInput, "give first or last, not both")
	case a.First != nil:
		p.size, err = pageSize("first", *a.First)
	case a.Last != nil:
		p.fromEnd = true
		p.size, err = pageSize("last", *a.Last)
	}
	if a.After != nil {
		p.after = *a.After
	}
	if a.Before != nil {
		p.before = *a.Before
	}
	return p, err
}

// pageSize checks how many entries an argument asks for.
func pageSize(arg string, n int32) (int, error) {
	switch {
	case n < 0:
		return 0, codef(CodeInput, "%s: %d is less than 0", arg, n)
	case n > maxPage:
		return 0, codef(CodeInput, "%s: %d is more than a page may have, which is %d; ask for less and go on with after", arg, n, maxPage)
	}
	return int(n), nil
}

// pageInfo says where a page stands.
type pageInfo struct {
	hasNext, hasPrevious bool
	start, end           *string
}

func (p *pageInfo) HasNextPage() bool     { return p.hasNext }
func (p *pageInfo) HasPreviousPage() bool { return p.hasPrevious }
func (p *pageInfo) StartCursor() *string  { return p.start }
func (p *pageInfo) EndCursor() *string    { return p.end }

// cut chooses the part of a list of n entries that p wants. index finds the
// entry of a cursor, or a negative number.
func (p page) cut(n int, index func(store.Neighbor) int) (from, to int, err error) {
	from, to = 0, n
	find := func(arg, cursor string) (int, error) {
		at, err := parseCursor(cursor)
		if err != nil {
			return 0, codef(CodeInput, "%s: %q is not a cursor", arg, cursor)
		}
		i := index(at)
		if i < 0 {
			return 0, errNotInList(arg, cursor)
		}
		return i, nil
	}
	if p.after != "" {
		i, err := find("after", p.after)
		if err != nil {
			return 0, 0, err
		}
		from = i + 1
	}
	if p.before != "" {
		if to, err = find("before", p.before); err != nil {
			return 0, 0, err
		}
		to = max(from, to)
	}
	if p.fromEnd {
		from = max(from, to-p.size)
	} else {
		to = min(to, from+p.size)
	}
	return from, to, nil
}

func errNotInList(arg, cursor string) error {
	return codef(CodeInput, "%s: no entry of this list has the cursor %q; cursors hold for one list of one snapshot", arg, cursor)
}

// A cursor is an entry's place in content: the node, and the edge that leads
// there where there is one. In base64 it is
//
//	method:lora          in a list of nodes
//	uses>method:lora     behind an edge to the node
//	uses<paper:qlora     behind an edge from it
func cursorOf(n store.Neighbor) string {
	s := string(n.ID)
	if n.Relation != "" {
		arrow := ">"
		if n.Inverse {
			arrow = "<"
		}
		s = string(n.Relation) + arrow + s
	}
	return base64.RawURLEncoding.EncodeToString([]byte(s))
}

// parseCursor reads what cursorOf wrote.
func parseCursor(cursor string) (store.Neighbor, error) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil {
		return store.Neighbor{}, err
	}
	var n store.Neighbor
	s := string(b)
	if i := strings.IndexAny(s, "<>"); i >= 0 {
		if n.Relation, err = graph.ParseRelation(s[:i]); err != nil {
			return store.Neighbor{}, err
		}
		n.Inverse = s[i] == '<'
		s = s[i+1:]
	}
	if _, _, err := graph.ParseID(s); err != nil {
		return store.Neighbor{}, err
	}
	n.ID = graph.ID(s)
	return n, nil
}
