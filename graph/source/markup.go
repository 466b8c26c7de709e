package source

import (
	"html"
	"strings"
)

// undoMarkup decodes HTML's entities and takes out the tags that HTML, JATS and
// MathML know.
func undoMarkup(s string) string {
	if strings.IndexByte(s, '&') >= 0 {
		s = undoEntities(s)
	}
	if strings.IndexByte(s, '<') >= 0 {
		s = strayLess().ReplaceAllString(s, "$1$2")
		s = undoTags(s)
	}
	return s
}

// strayLess is a '<' whose entity was half undone: "<; 0.5".
var strayLess = pattern(`(<);( ?[\d=$.±−-])`)

var (
	entity = pattern(`^(?:[A-Za-z][A-Za-z0-9]{1,31}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});`)
	// bareEntity is an accented letter that has lost its semicolon; other
	// entities without one are more often not entities at all ("R&D").
	bareEntity = pattern(`^[A-Za-z](?:uml|acute|grave|circ|cedil|tilde)`)
)

// undoEntities decodes entities, also those that were encoded more than once.
func undoEntities(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i+1:]
		for strings.HasPrefix(s, "amp;") {
			s = s[len("amp;"):]
		}
		name := entity().FindString(s)
		s = s[len(name):]
		if name == "" {
			if name = bareEntity().FindString(s); name != "" {
				s = s[len(name):]
				name += ";"
			}
		}
		if name == "nbsp;" {
			b.WriteByte(' ')
			continue
		}
		b.WriteString(html.UnescapeString("&" + name))
	}
	b.WriteString(s)
	return b.String()
}

var (
	tag = pattern(`</?([A-Za-z][A-Za-z0-9:-]*)(?:\s+[A-Za-z:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'|[^\s"'<>]+))*\s*/?>`)
	// jatsHeading is the heading over an abstract, which is none of its words.
	jatsHeading = pattern(`(?i)<(?:jats:)?title>\s*(?:abstract|summary)\s*</(?:jats:)?title>`)
)

// Tags by what stands in their place. A tag that a text may well have for
// something else counts only where the text opens and closes it.
var (
	blockTags  = setOf("p", "br", "div", "li", "ul", "ol", "title", "sec", "hr", "h1", "h2", "h3", "h4", "tr", "td", "list-item")
	inlineTags = setOf("i", "b", "em", "strong", "span", "a", "tt", "font", "code", "small", "italic", "bold", "sc", "scp", "sub", "inf", "sup",
		"fixed-case", "tex-math", "inline-formula", "math", "mi", "mo", "mn", "mrow", "msup", "msub", "msubsup", "mtext", "mfrac", "msqrt", "mover", "xref", "ext-link")
)

// undoTags takes out tags. What a block parted stays parted by a space; a
// raised number is marked by '^'.
func undoTags(s string) string {
	s = jatsHeading().ReplaceAllString(s, " ")
	found := tag().FindAllStringSubmatchIndex(s, -1)
	if found == nil {
		return s
	}
	opened, closed := make(map[string]bool), make(map[string]bool)
	for _, m := range found {
		name := strings.ToLower(s[m[2]:m[3]])
		if s[m[0]+1] == '/' {
			closed[name] = true
		} else {
			opened[name] = true
		}
	}
	var b strings.Builder
	done := 0
	for _, m := range found {
		name := strings.ToLower(s[m[2]:m[3]])
		plain, prefixed := strings.CutPrefix(name, "jats:")
		if !prefixed {
			plain, prefixed = strings.CutPrefix(name, "mml:")
		}
		paired := prefixed || name == "br" || opened[name] && closed[name]
		replacement := ""
		switch {
		case !paired || !prefixed && !blockTags[plain] && !inlineTags[plain]:
			continue
		case blockTags[plain]:
			replacement = " "
		case plain == "sup" && s[m[0]+1] != '/' && m[1] < len(s) && (isDigit(s[m[1]]) || s[m[1]] == '-' || s[m[1]] == '+'):
			replacement = "^"
		}
		b.WriteString(s[done:m[0]])
		b.WriteString(replacement)
		done = m[1]
	}
	b.WriteString(s[done:])
	return b.String()
}
