package handover

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// SocketName is the name of the socket in a store's folder.
const SocketName = "papergraph.sock"

// maxAddress is the longest path of a socket that all systems take.
const maxAddress = 100

// bind makes the socket of a folder and puts it in its place, over that of a
// server that was killed.
func bind(folder string) (_ *net.UnixListener, err error) {
	// In a folder of its own nobody can reach it before its mode is set.
	private, err := os.MkdirTemp(folder, ".socket-*")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(private)) }()
	short, done, err := shorten(private)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, done()) }()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(short, SocketName), Net: "unix"})
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // it will be elsewhere
	made := filepath.Join(private, SocketName)
	if err = os.Chmod(made, 0o600); err == nil {
		err = os.Rename(made, filepath.Join(folder, SocketName))
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// shorten returns a path to a folder that is short enough for sockets in it,
// and a function that removes what was made for that.
func shorten(folder string) (string, func() error, error) {
	if len(filepath.Join(folder, SocketName)) <= maxAddress {
		return folder, func() error { return nil }, nil
	}
	whole, err := filepath.Abs(folder)
	if err != nil {
		return "", nil, err
	}
	temp, err := os.MkdirTemp("", "pg")
	if err != nil {
		return "", nil, err
	}
	done := func() error { return os.RemoveAll(temp) }
	link := filepath.Join(temp, "s")
	if err := os.Symlink(whole, link); err != nil {
		return "", nil, errors.Join(err, done())
	}
	return link, done, nil
}

// errUser says that the other end of a socket belongs to another user.
var errUser = errors.New("only the user that runs the server may use it")

// peer is the process at the other end of a socket.
type peer struct{ user, process int }

// checkPeer refuses another user at the other end, where the system can tell,
// and returns its process, or 0.
func checkPeer(c *net.UnixConn) (process int, err error) {
	p, known, err := peerOf(c)
	if err != nil {
		return 0, fmt.Errorf("find out who is at the other end of the socket: %w", err)
	}
	if known && p.user != os.Geteuid() {
		return 0, fmt.Errorf("%w: that is user %d, this is user %d", errUser, p.user, os.Geteuid())
	}
	return p.process, nil
}
