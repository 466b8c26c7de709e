package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"syscall"
	"time"
)

// AddressError says that an address cannot be listened on.
type AddressError struct {
	Address string
	Err     error
}

// Error names the address and says what to do.
func (e *AddressError) Error() string {
	switch {
	case errors.Is(e.Err, syscall.EADDRINUSE):
		return fmt.Sprintf("address %s is in use by another program: stop that one, or choose another with --addr (port 0 takes a free one)", e.Address)
	case errors.Is(e.Err, syscall.EACCES):
		return fmt.Sprintf("address %s may not be used by this user: choose a port of 1024 or above with --addr", e.Address)
	case errors.Is(e.Err, syscall.EADDRNOTAVAIL):
		return fmt.Sprintf("address %s is not one of this machine's: choose another with --addr, such as 127.0.0.1:8080", e.Address)
	}
	return fmt.Sprintf("address %s cannot be used: %v: it should be host:port, such as 127.0.0.1:8080", e.Address, e.Err)
}

// Unwrap returns the cause.
func (e *AddressError) Unwrap() error { return e.Err }

// Listen takes the TCP address host:port; port 0 takes a free one, which the
// listener's Addr tells. The error is an [*AddressError].
func Listen(ctx context.Context, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, &AddressError{Address: address, Err: err}
	}
	return l, nil
}

// URL is where a reader on this machine finds the start page of a server on l.
// It is BaseURL where that has a host.
func (s *Server) URL(l net.Listener) string {
	if s.origin != "" {
		return s.origin + s.prefix + "/"
	}
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return "http://" + l.Addr().String() + s.prefix + "/"
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + s.prefix + "/"
}

// How long a client may take, and how much it may send as headers.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = requestTimeout + 30*time.Second
	idleTimeout       = 2 * time.Minute
	maxHeaderBytes    = 64 << 10
	// shutdownTimeout is how long answers under way may take to finish when
	// the server ends.
	shutdownTimeout = 5 * time.Second
)

// Serve answers on l until ctx is done, then lets answers under way finish
// for a few seconds, cuts off the rest, and returns nil. It closes l.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(l) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve on %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	s.ending.Store(true) // for those who ask on a connection that they have
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	err := server.Shutdown(grace)
	if errors.Is(err, context.DeadlineExceeded) {
		s.log.Warn("cutting off answers that do not end", "address", l.Addr().String())
		err = server.Close()
	}
	<-ended
	if err != nil {
		return fmt.Errorf("end the server on %s: %w", l.Addr(), err)
	}
	return nil
}
