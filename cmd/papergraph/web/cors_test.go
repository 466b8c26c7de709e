package web

import (
	"errors"
	"strings"
	"testing"
)

func TestCORS(t *testing.T) {
	st := openStore(t)
	publish(t, st, small(t))
	const (
		allowed = "https://notebooks.example.org"
		query   = "/graphql?query={stats{papers}}"
	)
	for _, tt := range []struct {
		name    string
		origins []string
		method  string
		target  string
		origin  string
		allow   string // Access-Control-Allow-Origin
		vary    bool
	}{
		{"by default", nil, "GET", query, allowed, "", false},
		{"an origin that may", []string{"http://other.example", allowed}, "GET", query, allowed, allowed, true},
		{"in other case", []string{allowed}, "GET", query, "https://Notebooks.example.org", "https://Notebooks.example.org", true},
		{"an origin that may not", []string{allowed}, "GET", query, "https://evil.example", "", true},
		{"one that ends like it", []string{allowed}, "GET", query, "https://evil.example/" + allowed, "", true},
		{"no origin", []string{allowed}, "GET", query, "", "", true},
		{"all", []string{"*"}, "GET", query, "https://any.example", "*", false},
		{"null", []string{allowed}, "GET", query, "null", "", true},
		{"a view", []string{allowed}, "GET", "/method/lora.csv", allowed, allowed, true},
		{"an error", []string{allowed}, "GET", "/nosuch", allowed, allowed, true},
		{"preflight", []string{allowed}, "OPTIONS", "/graphql", allowed, allowed, true},
		{"preflight for links", []string{allowed}, "OPTIONS", "/q", allowed, allowed, true},
		{"preflight by default", nil, "OPTIONS", "/graphql", allowed, "", false},
		{"preflight of one that may not", []string{allowed}, "OPTIONS", "/graphql", "https://evil.example", "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			header := []string{}
			if tt.origin != "" {
				header = append(header, "Origin", tt.origin)
			}
			if tt.method == "OPTIONS" {
				header = append(header, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
			}
			got := ask(t, newServer(t, st, Options{Origins: tt.origins}), tt.method, tt.target, header...)
			if allow := got.header.Get("Access-Control-Allow-Origin"); allow != tt.allow {
				t.Errorf("Access-Control-Allow-Origin %q, want %q", allow, tt.allow)
			}
			vary := strings.Join(got.header.Values("Vary"), ", ")
			if strings.Contains(vary, "Origin") != tt.vary {
				t.Errorf("Vary %q", vary)
			}
			if got.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Error("credentials are allowed")
			}
			switch preflight := tt.method == "OPTIONS"; {
			case preflight && got.status != 204:
				t.Errorf("status %d", got.status)
			case preflight && (got.header.Get("Access-Control-Allow-Headers") == corsSend) != (tt.allow != ""):
				t.Errorf("header %v", got.header)
			case !preflight && (got.header.Get("Access-Control-Expose-Headers") == corsRead) != (tt.allow != ""):
				t.Errorf("header %v", got.header)
			}
		})
	}
}

func TestOrigins(t *testing.T) {
	st := openStore(t)
	for origin, good := range map[string]bool{
		"*": true, "https://example.org": true, "http://localhost:8888": true,
		"": false, "example.org": false, "https://example.org/": false, "https://example.org/x": false, "ftp://example.org": false, "https://": false, "%": false, "null": false,
	} {
		_, err := New(Options{Source: newServer(t, st, Options{}).Source, GraphQL: newServer(t, st, Options{}).GraphQL, Origins: []string{origin}})
		if (err == nil) != good || err != nil && !errors.Is(err, ErrOrigin) {
			t.Errorf("%q: %v", origin, err)
		}
	}
}
