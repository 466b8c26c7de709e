package exporters

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// ErrDOT says that a text is not a graph in the DOT language.
var ErrDOT = errors.New("malformed DOT")

// CountNodes counts the nodes of a graph in the DOT language without laying it
// out, in one pass. The error wraps [ErrDOT]. It is not a full parser: what it
// takes may still be refused by Graphviz.
func CountNodes(dot []byte) (int, error) {
	nodes, _, err := scanDOT(dot)
	return nodes, err
}

// scanDOT counts nodes and finds the brace that closes the graph.
func scanDOT(dot []byte) (count, closing int, err error) {
	s := dotScanner{src: dot}
	nodes := map[string]bool{}
	depth, opened := 0, false
	var name string   // the id last read, which may be a node's
	isNode := false   // whether name is one, should nothing say otherwise
	brackets := 0     // inside an attribute list ids are no nodes
	subgraph := false // the next id is a subgraph's name
	keep := func() {
		if isNode {
			nodes[name] = true
		}
		isNode = false
	}
	for {
		tok, kind, err := s.next()
		if err != nil {
			return 0, 0, err
		}
		switch kind {
		case dotEnd:
			if !opened || depth != 0 || brackets != 0 {
				return 0, 0, fmt.Errorf("%w: it ends inside the graph", ErrDOT)
			}
			return len(nodes), closing, nil
		case dotID:
			if depth == 0 || brackets > 0 {
				continue
			}
			keep()
			switch lower := strings.ToLower(tok); {
			case s.quoted:
				isNode = !subgraph
			case lower == "subgraph":
				subgraph = true
				continue
			case lower == "node" || lower == "edge" || lower == "graph":
				isNode = false
			default:
				isNode = !subgraph
			}
			name, subgraph = tok, false
		case dotPunctuation:
			switch tok {
			case "{":
				keep()
				if opened && depth == 0 {
					return 0, 0, fmt.Errorf("%w: a second graph at byte %d", ErrDOT, s.at)
				}
				depth, opened, subgraph = depth+1, true, false
			case "}":
				keep()
				closing = s.at - 1
				if depth--; depth < 0 {
					return 0, 0, fmt.Errorf("%w: unexpected } at byte %d", ErrDOT, s.at)
				}
			case "[":
				if depth == 0 {
					return 0, 0, fmt.Errorf("%w: unexpected [ at byte %d", ErrDOT, s.at)
				}
				if brackets == 0 {
					keep()
				}
				brackets++
			case "]":
				if brackets--; brackets < 0 {
					return 0, 0, fmt.Errorf("%w: unexpected ] at byte %d", ErrDOT, s.at)
				}
			case "=":
				if brackets == 0 {
					isNode = false
					if _, _, err := s.next(); err != nil {
						return 0, 0, err
					}
				}
			case ":":
				if brackets == 0 && depth > 0 {
					keep()
					if _, _, err := s.next(); err != nil { // a port
						return 0, 0, err
					}
				}
			default:
				if brackets == 0 {
					keep()
				}
			}
		}
	}
}

// dotKind is the kind of a token of the DOT language.
type dotKind int

const (
	dotEnd dotKind = iota
	dotID          // a name, a number, a quoted or an HTML-like string
	dotPunctuation
)

// dotScanner splits a text in the DOT language into tokens.
type dotScanner struct {
	src    []byte
	at     int
	quoted bool // the id last read was a string, which is never a keyword
}

// next is the next token; of a quoted string its content as written, with
// quote signs unescaped.
func (s *dotScanner) next() (string, dotKind, error) {
	if err := s.skip(); err != nil {
		return "", dotEnd, err
	}
	if s.at >= len(s.src) {
		return "", dotEnd, nil
	}
	start := s.at
	s.quoted = false
	switch c := s.src[s.at]; {
	case c == '"':
		return s.str()
	case c == '<':
		return s.html()
	case strings.IndexByte("{}[];,=:+", c) >= 0:
		s.at++
		return string(c), dotPunctuation, nil
	case c == '-' && s.at+1 < len(s.src) && (s.src[s.at+1] == '>' || s.src[s.at+1] == '-'):
		s.at += 2
		return string(s.src[start:s.at]), dotPunctuation, nil
	case c == '-' || c == '.' || c >= '0' && c <= '9':
		s.at++
		for s.at < len(s.src) && (s.src[s.at] == '.' || s.src[s.at] >= '0' && s.src[s.at] <= '9') {
			s.at++
		}
		return string(s.src[start:s.at]), dotID, nil
	case isDOTLetter(c):
		for s.at < len(s.src) && (isDOTLetter(s.src[s.at]) || s.src[s.at] >= '0' && s.src[s.at] <= '9') {
			s.at++
		}
		return string(s.src[start:s.at]), dotID, nil
	default:
		return "", dotEnd, fmt.Errorf("%w: unexpected %q at byte %d", ErrDOT, c, s.at)
	}
}

func isDOTLetter(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// skip moves past white space and comments.
func (s *dotScanner) skip() error {
	for s.at < len(s.src) {
		rest := s.src[s.at:]
		switch c := rest[0]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			s.at++
		case bytes.HasPrefix(rest, []byte("//")), c == '#' && (s.at == 0 || s.src[s.at-1] == '\n'):
			if i := bytes.IndexByte(rest, '\n'); i >= 0 {
				s.at += i + 1
			} else {
				s.at = len(s.src)
			}
		case bytes.HasPrefix(rest, []byte("/*")):
			i := bytes.Index(rest, []byte("*/"))
			if i < 0 {
				return fmt.Errorf("%w: comment at byte %d does not end", ErrDOT, s.at)
			}
			s.at += i + 2
		default:
			return nil
		}
	}
	return nil
}

// str reads a quoted string. Only \" and \\ are pairs in the language; all
// other escapes belong to the attribute and stay.
func (s *dotScanner) str() (string, dotKind, error) {
	start := s.at
	s.at++
	var b strings.Builder
	for s.at < len(s.src) {
		switch c := s.src[s.at]; {
		case c == '"':
			s.at++
			s.quoted = true
			return b.String(), dotID, nil
		case c == '\\' && s.at+1 < len(s.src) && s.src[s.at+1] == '"':
			b.WriteByte('"')
			s.at += 2
		case c == '\\' && s.at+1 < len(s.src) && s.src[s.at+1] == '\\':
			b.WriteString(`\\`)
			s.at += 2
		default:
			b.WriteByte(c)
			s.at++
		}
	}
	return "", dotEnd, fmt.Errorf("%w: string at byte %d does not end", ErrDOT, start)
}

// html reads an HTML-like string, whose angle brackets balance.
func (s *dotScanner) html() (string, dotKind, error) {
	start, depth := s.at, 0
	for ; s.at < len(s.src); s.at++ {
		switch s.src[s.at] {
		case '<':
			depth++
		case '>':
			if depth--; depth == 0 {
				s.at++
				s.quoted = true
				return string(s.src[start+1 : s.at-1]), dotID, nil
			}
		}
	}
	return "", dotEnd, fmt.Errorf("%w: HTML string at byte %d does not end", ErrDOT, start)
}
