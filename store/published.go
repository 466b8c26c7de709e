package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// publishedFile names the newest snapshot beside the engine's files. The engine
// forgets, without a word, what it can no longer find: of a manifest that was
// cut off it takes what is left, and deletes the tables that the rest named.
// That a snapshot is missing is seen by this file.
const publishedFile = "PUBLISHED"

// readPublished reads the version that the file names; 0 where there is no file,
// or one that says nothing, as a power cut may leave it.
func readPublished(dir string) (version uint64, err error) {
	b, err := os.ReadFile(filepath.Join(dir, publishedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("open store: %w; its files must be readable", err)
	}
	line, rest, ok := strings.Cut(string(b), "\n")
	number, _, _ := strings.Cut(line, " ")
	if version, err = strconv.ParseUint(number, 10, 64); err == nil && ok && rest == "" {
		return version, nil
	}
	return 0, nil // it says nothing
}

// writePublished writes the file, once the snapshot is durable. It need not be
// durable itself: an older one is as true, and knows less.
func writePublished(dir string, info Info) error {
	path := filepath.Join(dir, publishedFile)
	if err := os.WriteFile(path+".new", fmt.Appendf(nil, "%d %s\n", info.Version, info.ID), 0o666); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// missingSnapshot is the error for a store that has lost its newest snapshot.
func missingSnapshot(dir string, version uint64) error {
	return damaged(dir, fmt.Sprintf("its newest snapshot, version %d, is missing; restore the store from a copy or build it anew in another folder", version))
}
