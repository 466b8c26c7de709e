package schema

import (
	"strings"
)

// longName finds a name in a query that has more than limit bytes. The engine
// puts aliases into an answer as often as their field is in it, so that one of
// 30,000 characters on 20,000 nodes would be an answer of 600 MB. What is no
// GraphQL is the parser's business.
func longName(query string, limit int) (name string, at Location, ok bool) {
	line, lineStart := 1, 0
	for i := 0; i < len(query); {
		switch c := query[i]; {
		case c == '\n':
			line++
			i++
			lineStart = i
		case c == '#':
			n := strings.IndexByte(query[i:], '\n')
			if n < 0 {
				return "", at, false
			}
			i += n
		case strings.HasPrefix(query[i:], `"""`):
			start := i + len(`"""`)
			end := blockEnd(query[start:])
			lines := strings.Count(query[start:start+end], "\n")
			if line += lines; lines > 0 {
				lineStart = start + strings.LastIndexByte(query[start:start+end], '\n') + 1
			}
			i = min(start+end+len(`"""`), len(query))
		case c == '"':
			for i++; i < len(query) && query[i] != '"' && query[i] != '\n'; i++ {
				if query[i] == '\\' && i+1 < len(query) && query[i+1] != '\n' {
					i++
				}
			}
			if i < len(query) && query[i] == '"' {
				i++
			}
		case isNameByte(c):
			start := i
			for i < len(query) && isNameByte(query[i]) {
				i++
			}
			if i-start > limit {
				return query[start:i], Location{line, start - lineStart + 1}, true
			}
		default:
			i++
		}
	}
	return "", at, false
}

// blockEnd is where a block string ends that s begins in.
func blockEnd(s string) int {
	for i := 0; ; {
		n := strings.Index(s[i:], `"""`)
		if n < 0 {
			return len(s)
		}
		if i += n; i == 0 || s[i-1] != '\\' {
			return i
		}
		i += len(`"""`)
	}
}

// isNameByte says whether a name, or a number, may have c.
func isNameByte(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
