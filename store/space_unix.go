//go:build linux || darwin

package store

import "syscall"

// freeSpace is how many bytes may be written where a path is.
func freeSpace(path string) (uint64, error) {
	var st syscall.Statfs_t
	if err := syscall.Statfs(path, &st); err != nil {
		return 0, err
	}
	return st.Bavail * uint64(st.Bsize), nil
}
