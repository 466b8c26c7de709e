//go:build !linux

package handover

import "net"

// peerOf cannot tell who is at the other end: the mode of the socket must do.
func peerOf(*net.UnixConn) (p peer, known bool, err error) { return peer{}, false, nil }
