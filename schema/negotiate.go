package schema

import (
	"mime"
	"strconv"
	"strings"
)

// The media types of answers.
const (
	// typeGraphQL is that of the specification, with which the status says
	// whether the request could be executed.
	typeGraphQL = "application/graphql-response+json"
	// typeJSON is that of clients from before it, with which every request that
	// is one has status 200.
	typeJSON = "application/json"
)

// negotiate chooses the media type of an answer; "" where the client takes
// neither. A client that does not mind gets typeJSON, as the specification
// wants and browsers show it.
func negotiate(accept []string) string {
	if len(accept) == 0 {
		return typeJSON
	}
	// quality and how exactly the type was named, of both types
	var q, exact [2]float64
	for _, part := range split(accept) {
		mediaType, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		quality := qualityOf(params["q"])
		for i, t := range []string{typeGraphQL, typeJSON} {
			e := 0.0
			switch mediaType {
			case t:
				e = 3
			case "application/*":
				e = 2
			case "*/*":
				e = 1
			}
			if e > exact[i] {
				q[i], exact[i] = quality, e
			}
		}
	}
	switch {
	case q[0] == 0 && q[1] == 0:
		return ""
	case q[0] > q[1], q[0] == q[1] && exact[0] == 3:
		return typeGraphQL
	}
	return typeJSON
}

// matchesETag says whether an If-None-Match names a tag, compared weakly.
func matchesETag(ifNoneMatch []string, tag string) bool {
	for _, part := range split(ifNoneMatch) {
		if part == "*" || strings.TrimPrefix(part, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// split splits the values of a header at its commas. No value that we look for
// has one in quotes.
func split(values []string) []string {
	var parts []string
	for _, v := range values {
		for _, p := range strings.Split(v, ",") {
			if p = strings.TrimSpace(p); p != "" {
				parts = append(parts, p)
			}
		}
	}
	return parts
}

// qualityOf reads a q parameter: 1 where there is none or it makes no sense.
func qualityOf(s string) float64 {
	q, err := strconv.ParseFloat(s, 64)
	if err != nil || !(q >= 0 && q <= 1) {
		return 1
	}
	return q
}

// jsonBody says whether a Content-Type is that of a JSON body in UTF-8. Only
// that is accepted: it is not among the types that a page of another site can
// send without asking first.
func jsonBody(contentType string) bool {
	mediaType, params, err := mime.ParseMediaType(contentType)
	if err != nil || mediaType != typeJSON {
		return false
	}
	charset, ok := params["charset"]
	return !ok || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}
