package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Ensure that an address in use, and one that is none, is told with what to do.
func TestListen(t *testing.T) {
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	address := l.Addr().String()
	_, err = Listen(t.Context(), address)
	var used *AddressError
	if !errors.As(err, &used) || used.Address != address || !errors.Is(err, syscall.EADDRINUSE) || !strings.Contains(err.Error(), address+" is in use") || !strings.Contains(err.Error(), "--addr") {
		t.Errorf("the address of another: %v", err)
	}
	for _, bad := range []string{"nonsense", "127.0.0.1:99999999", "203.0.113.7:0"} {
		if l, err := Listen(t.Context(), bad); !errors.As(err, &used) || !strings.Contains(err.Error(), bad) {
			if err == nil {
				_ = l.Close()
			}
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// Ensure that a server answers until its context is done, and then ends and
// lets go of its address.
func TestServe(t *testing.T) {
	st := openStore(t)
	publish(t, st, small(t))
	s := newServer(t, st, Options{})
	l, err := Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	client := &http.Client{Timeout: time.Minute}
	defer client.CloseIdleConnections()
	r, err := client.Get(s.URL(l) + "healthz")
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err = errors.Join(err, r.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if r.StatusCode != 200 || !strings.Contains(string(body), `"papers":59`) {
		t.Errorf("%d %s", r.StatusCode, body)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("the end: %v", err)
	}
	again, err := Listen(t.Context(), l.Addr().String())
	if err != nil {
		t.Fatalf("the address is still taken: %v", err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

// Ensure that the address to open is one that can be opened.
func TestURL(t *testing.T) {
	st := openStore(t)
	for _, c := range []struct{ address, base, want string }{
		{"127.0.0.1:0", "", "http://127.0.0.1:PORT/"},
		{"127.0.0.1:0", "/graph", "http://127.0.0.1:PORT/graph/"},
		{"0.0.0.0:0", "", "http://localhost:PORT/"},
		{"127.0.0.1:0", "https://example.org/graph", "https://example.org/graph/"},
	} {
		l, err := Listen(t.Context(), c.address)
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := strings.Cut(l.Addr().String(), ":")
		if i := strings.LastIndexByte(l.Addr().String(), ':'); i >= 0 {
			port = l.Addr().String()[i+1:]
		}
		got := newServer(t, st, Options{BaseURL: c.base}).URL(l)
		if want := strings.ReplaceAll(c.want, "PORT", port); got != want {
			t.Errorf("on %s with base %q: %s, want %s", c.address, c.base, got, want)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
}
