package source

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"papergraph/graph"
)

// textOf is the text of a value: a string, the name in an object, or those of
// a list, joined.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case map[string]any:
		for _, key := range []string{"name", "title", "display_name", "raw", "text"} {
			if s, ok := v[key].(string); ok {
				return s, true
			}
		}
	case []any:
		parts := make([]string, len(v))
		for i, item := range v {
			var ok bool
			if parts[i], ok = textOf(item); !ok {
				return "", false
			}
		}
		return strings.Join(parts, " "), true
	}
	return "", false
}

var yearInDate = pattern(`(?:^|\D)(1[5-9]\d\d|20\d\d|21\d\d)(?:\D|$)`)

// yearOf is the year in a number or in a date in any usual form.
func yearOf(v any) (int, bool) {
	switch v := v.(type) {
	case float64:
		return int(v), v == math.Trunc(v) && v >= 1500 && v < 2200
	case string:
		if m := yearInDate().FindStringSubmatch(v); m != nil {
			year, err := strconv.Atoi(m[1])
			return year, err == nil
		}
	}
	return 0, false
}

// authorsOf is the names in a list of strings or objects, or in one string.
func authorsOf(v any) ([]string, bool) {
	var names []string
	ok := true
	switch v := v.(type) {
	case string:
		names = splitAuthors(v)
	case []any:
		for _, item := range v {
			name, known := authorOf(item)
			ok = ok && known
			names = append(names, name)
		}
	default:
		return nil, false
	}
	return cleaned(names), ok
}

// authorOf is the name of one author.
func authorOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return naturalOrder(v), true
	case map[string]any:
		for _, key := range []string{"name", "display_name", "full_name", "fullname"} {
			if s, ok := v[key].(string); ok {
				return naturalOrder(s), true
			}
		}
		if inner, ok := v["author"].(map[string]any); ok {
			return authorOf(inner)
		}
		var parts []string
		for _, keys := range [][]string{{"given", "first", "first_name", "firstName"}, {"middle"}, {"family", "last", "last_name", "lastName"}, {"suffix"}} {
			for _, key := range keys {
				if s, ok := textOf(v[key]); ok {
					parts = append(parts, s)
					break
				}
			}
		}
		return strings.Join(parts, " "), len(parts) > 0
	}
	return "", false
}

// splitAuthors parts a string of names at ';', else at " and " and ','.
// BibTeX's "Last, First and Last, First" keeps its commas.
func splitAuthors(s string) []string {
	if strings.Contains(s, ";") {
		names := strings.Split(s, ";")
		for i, name := range names {
			names[i] = naturalOrder(name)
		}
		return names
	}
	s = strings.Join(strings.Fields(s), " ")
	parts := strings.Split(strings.ReplaceAll(s, " & ", " and "), " and ")
	if !slices.ContainsFunc(parts, func(p string) bool { return !isLastFirst(p) }) {
		for i, p := range parts {
			parts[i] = naturalOrder(p)
		}
		return parts
	}
	var names []string
	for _, p := range parts {
		// ", and Last" leaves "and Last" behind only where no space parts it.
		for name := range strings.SplitSeq(p, ",") {
			name = strings.TrimSpace(name)
			if n := len(names); n > 0 && nameSuffix().MatchString(name) {
				names[n-1] += " " + name
				continue
			}
			names = append(names, name)
		}
	}
	return names
}

var nameSuffix = pattern(`^(?:Jr|Sr)\.?$|^I{2,3}$|^IV$`)

// isLastFirst says whether a string is "Last, First": one comma, a family name
// of one word or with a particle before it, and no suffix such as "Jr.".
func isLastFirst(s string) bool {
	last, first, ok := strings.Cut(s, ",")
	last, first = strings.TrimSpace(last), strings.TrimSpace(first)
	if !ok || last == "" || first == "" || strings.Contains(first, ",") || nameSuffix().MatchString(first) {
		return false
	}
	words := strings.Fields(last)
	return len(words) == 1 || strings.ToLower(words[0]) == words[0]
}

// naturalOrder turns "Last, First" round. In a list, a name with one comma is
// that whatever the number of its words.
func naturalOrder(name string) string {
	last, first, ok := strings.Cut(name, ",")
	last, first = strings.TrimSpace(last), strings.TrimSpace(first)
	if !ok || last == "" || first == "" || strings.Contains(first, ",") {
		return name
	}
	if nameSuffix().MatchString(first) {
		return last + " " + first
	}
	return first + " " + last
}

// keywordsOf is the keywords in a list, or in a string parted by ';' or ','.
func keywordsOf(v any) ([]string, bool) {
	var words []string
	ok := true
	switch v := v.(type) {
	case string:
		sign := ","
		if strings.Contains(v, ";") {
			sign = ";"
		}
		words = strings.Split(v, sign)
	case []any:
		for _, item := range v {
			word, known := textOf(item)
			if m, isObject := item.(map[string]any); isObject && !known {
				for _, key := range []string{"keyword", "term"} {
					if s, isString := m[key].(string); isString {
						word, known = s, true
					}
				}
			}
			ok = ok && known
			words = append(words, word)
		}
	default:
		return nil, false
	}
	return cleaned(words), ok
}

// cleaned is the strings cleaned, without those that are empty or there
// already.
func cleaned(in []string) []string {
	var out []string
	seen := make(map[string]bool, len(in))
	for _, s := range in {
		if s = Clean(s); s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// Forms of outside ids.
var (
	doiForm      = pattern(`^10\.\d{4,9}/\S+$`)
	arxivForm    = pattern(`^(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Z]{2})?/\d{7})(?:v\d+)?$`)
	aclForm      = pattern(`^(?:[A-Z]\d{2}-\d{4,5}|\d{4}\.[a-z0-9_]+(?:-[a-z0-9]+)?\.\d+)$`)
	openAlexForm = pattern(`^[Ww]\d{4,12}$`)
	s2Form       = pattern(`^(?:[0-9a-f]{40}|\d{1,12})$`)
)

// idForms says in words what is expected in a field of ids.
var idForms = map[field]string{
	fieldDOI: "a DOI", fieldArxiv: "an arXiv id", fieldACL: "an ACL Anthology id", fieldOpenAlex: "an OpenAlex id",
	fieldS2: "a Semantic Scholar id", fieldID: "an id", fieldURL: "a web address", fieldOutsideIDs: "an object of ids",
}

// scheme is how the ids of one system are written.
type scheme struct {
	name     string
	form     func() *regexp.Regexp // the first group, if any, is the id
	prefixes []string              // that may stand before it, in lower case
	lower    bool                  // case does not count
}

var schemes = map[field]scheme{
	fieldDOI:      {"doi", doiForm, []string{"https://doi.org/", "http://doi.org/", "https://dx.doi.org/", "http://dx.doi.org/", "doi.org/", "dx.doi.org/", "doi:"}, true},
	fieldArxiv:    {"arxiv", arxivForm, []string{"https://arxiv.org/abs/", "http://arxiv.org/abs/", "https://arxiv.org/pdf/", "http://arxiv.org/pdf/", "https://www.arxiv.org/abs/", "arxiv.org/abs/", "arxiv:"}, false},
	fieldACL:      {"acl", aclForm, []string{"https://aclanthology.org/", "https://www.aclanthology.org/", "https://www.aclweb.org/anthology/", "https://aclweb.org/anthology/", "http://aclweb.org/anthology/"}, false},
	fieldOpenAlex: {"openalex", openAlexForm, []string{"https://openalex.org/", "http://openalex.org/"}, false},
	fieldS2:       {"s2", s2Form, []string{"https://www.semanticscholar.org/paper/", "corpusid:"}, false},
}

// parse is the id in s.
func (sc scheme) parse(s string) (graph.OutsideID, bool) {
	s = strings.TrimSpace(s)
	for _, p := range sc.prefixes {
		if len(s) > len(p) && strings.EqualFold(s[:len(p)], p) {
			s = strings.TrimSpace(s[len(p):])
			break
		}
	}
	s = strings.TrimSuffix(strings.TrimSuffix(s, "/"), ".pdf")
	m := sc.form().FindStringSubmatch(s)
	if m == nil {
		return graph.OutsideID{}, false
	}
	if len(m) > 1 {
		s = m[1]
	}
	if sc.lower {
		s = strings.ToLower(s)
	}
	if sc.name == "openalex" {
		s = strings.ToUpper(s)
	}
	return graph.OutsideID{Scheme: sc.name, Value: s}, true
}

// absent are the words that stand for an id that is not there.
var absent = pattern(`^(?i:n/?a|none|null|nan|-|unknown)$`)

// outsideIDsOf is the ids in a value of field f.
func outsideIDsOf(f field, v value) (ids []graph.OutsideID, ok bool) {
	if f == fieldOutsideIDs {
		return externalIDsOf(v.data)
	}
	if list, isList := v.data.([]any); isList {
		ok = true
		for _, item := range list {
			more, known := outsideIDsOf(f, value{data: item})
			ids, ok = append(ids, more...), ok && known
		}
		return ids, ok
	}
	var s string
	switch data := v.data.(type) {
	case string:
		s = data
	case float64:
		if data != math.Trunc(data) || math.Abs(data) >= 1<<53 {
			// "2106.09685" written as a number may have lost a zero at its
			// end: it is no id any more.
			return nil, f == fieldID
		}
		s = strconv.FormatFloat(data, 'f', -1, 64)
	default:
		return nil, f == fieldID
	}
	if absent().MatchString(s) {
		return nil, true
	}
	switch f {
	case fieldURL:
		urls, ok := urlsOf(s)
		for _, u := range urls {
			id, known := knownID(u)
			if !known {
				id = graph.OutsideID{Scheme: "url", Value: u}
			}
			ids = append(ids, id)
		}
		return ids, ok
	case fieldID:
		// Any string may be an id; only one whose form tells its scheme is an
		// outside id, and a bare number tells nothing.
		if id, known := knownID(s); known {
			ids = append(ids, id)
		}
		return ids, true
	}
	id, ok := schemes[f].parse(s)
	if !ok {
		// "paperId" and "eprint" are also other systems' names for their own
		// ids.
		key := plainKey(v.key)
		return nil, key == "paperid" || key == "eprint"
	}
	return []graph.OutsideID{id}, true
}

// knownID reads an id whose form, with or without the address of a resolver,
// leaves no doubt of its scheme.
func knownID(s string) (graph.OutsideID, bool) {
	for _, f := range []field{fieldDOI, fieldArxiv, fieldACL, fieldOpenAlex} {
		if id, ok := schemes[f].parse(s); ok {
			return id, true
		}
	}
	return graph.OutsideID{}, false
}

// externalIDsOf reads Semantic Scholar's object of ids by system.
func externalIDsOf(v any) (ids []graph.OutsideID, ok bool) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	for key, data := range object {
		if at, known := places[plainKey(key)]; known && data != nil && at.field >= fieldDOI && at.field <= fieldS2 {
			more, usable := outsideIDsOf(at.field, value{key: key, data: data})
			ids, ok = append(ids, more...), ok && usable
		}
	}
	return ids, ok
}

var (
	urlInText  = pattern(`https?://[^\s"'<>\[\](){}|\\^` + "`" + `]+(?:\([^\s()]*\)[^\s"'<>\[\](){}|\\^` + "`" + `]*)*`)
	bareDomain = pattern(`^(?:[A-Za-z0-9-]+\.)+[A-Za-z]{2,}(?:[/?#]\S*)?$`)
)

// urlsOf is the web addresses in a string or a list, also where Markdown or
// words stand around them or the scheme is left out.
func urlsOf(v any) (urls []string, ok bool) {
	switch v := v.(type) {
	case string:
		s := strings.TrimSpace(repairURLs(v))
		if absent().MatchString(s) {
			return nil, true
		}
		// Several addresses without a scheme, or one.
		parts := strings.FieldsFunc(s, func(r rune) bool { return r == ';' || r == ',' })
		for i, part := range parts {
			parts[i] = strings.TrimSpace(part)
			if bareDomain().MatchString(parts[i]) {
				parts[i] = "https://" + parts[i]
			}
		}
		s = strings.Join(parts, " ")
		if id, ok := schemes[fieldArxiv].parse(s); ok {
			return []string{"https://arxiv.org/abs/" + id.Value}, true
		}
		for _, u := range urlInText().FindAllString(s, -1) {
			if u = strings.TrimRight(u, ".,;:!?*_"); strings.Contains(u[len("http://"):], ".") {
				urls = append(urls, u)
			}
		}
		return urls, len(urls) > 0
	case []any:
		ok = true
		for _, item := range v {
			more, known := urlsOf(item)
			urls, ok = append(urls, more...), ok && known
		}
		return urls, ok
	case map[string]any:
		for _, key := range []string{"url", "html_url", "href"} {
			if s, isString := v[key].(string); isString {
				return urlsOf(s)
			}
		}
	}
	return nil, false
}
