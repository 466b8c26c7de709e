package handover

import (
	"net"
	"syscall"
)

// peerOf says who is at the other end of a socket.
func peerOf(c *net.UnixConn) (p peer, known bool, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return peer{}, false, err
	}
	var cred *syscall.Ucred
	var asking error
	if err := raw.Control(func(fd uintptr) {
		cred, asking = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil {
		return peer{}, false, err
	}
	if asking != nil {
		return peer{}, false, asking
	}
	return peer{user: int(cred.Uid), process: int(cred.Pid)}, true, nil
}
