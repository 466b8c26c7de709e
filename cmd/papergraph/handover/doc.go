// Package handover lets a process that cannot open a store, because a server
// holds it, have its command run by that server.
//
// The server listens with [Listen] on a Unix socket in the store's folder. A
// client calls [Call] with its command line and its streams; the server's
// [Handler] runs the command as if it were the client: what it writes appears
// at the client as it is written, what it reads comes from there, an interrupt
// of the client cancels its context, and its exit code is the client's. A
// client that vanishes cancels its command too.
//
// # The socket
//
// It appears in the folder complete and with mode 0600, by a rename, which also
// replaces what a killed server left: whoever listens holds the store, so that
// nobody else can be listening. Where the system tells who is at the other end
// of a socket, both ends refuse another user. A path too long for a socket's
// address is reached through a symbolic link that exists for the moment.
//
// # The protocol
//
// A message is a byte that says what it is, the length of its body as a big
// endian uint32, and the body. The server begins with what it is ([About]), the
// client answers with its [Request], and both need to be the same version of
// the program, so that all else may change from version to version. From then
// on either sends what it has, until the server sends the exit code. Standard
// input is sent piece by piece as the command asks for it, so that what it does
// not read stays unread. Bodies are bounded; a message that breaks a rule ends
// the connection.
package handover
