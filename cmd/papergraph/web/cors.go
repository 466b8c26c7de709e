package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// ErrOrigin says that an origin cannot be one.
var ErrOrigin = errors.New("unusable origin")

// What pages of other origins may send and read, beyond what they always may.
const (
	corsMethods = "GET, HEAD, POST"
	corsSend    = "Accept, Content-Type, If-None-Match, X-Request-Id, Traceparent, Tracestate"
	corsRead    = "Content-Disposition, ETag, Location, Papergraph-Cost, Papergraph-Snapshot, Retry-After, X-Request-Id"
	corsMaxAge  = "86400"
)

// checkOrigins refuses what no browser would send as an origin.
func checkOrigins(origins []string) error {
	for _, o := range origins {
		u, err := url.Parse(o)
		switch {
		case o == "*":
		case err != nil:
			return fmt.Errorf("%w: %w", ErrOrigin, err)
		case u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || o != u.Scheme+"://"+u.Host:
			return fmt.Errorf("%w %q: expected one such as https://example.org, or *", ErrOrigin, o)
		}
	}
	return nil
}

// allowOrigin lets a page of another origin read the answer if its origin is
// among those that may (the CORS protocol of the Fetch standard). preflight says
// that this is the question whether it may, which is answered by that.
//
// Nothing here is anybody's own, so that no answer depends on who asks and
// there are no credentials to send.
func (s *Server) allowOrigin(h http.Header, r *http.Request) (preflight bool) {
	if len(s.Origins) == 0 {
		return false
	}
	all := slices.Contains(s.Origins, "*")
	if !all {
		h.Add("Vary", "Origin")
	}
	origin := r.Header.Get("Origin")
	if origin == "" || !all && !slices.ContainsFunc(s.Origins, func(o string) bool { return strings.EqualFold(o, origin) }) {
		return false
	}
	if all {
		origin = "*"
	}
	h.Set("Access-Control-Allow-Origin", origin)
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		h.Set("Access-Control-Expose-Headers", corsRead)
		return false
	}
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsSend)
	h.Set("Access-Control-Max-Age", corsMaxAge)
	return true
}
