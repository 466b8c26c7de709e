package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/fb"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/pb"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/badger/v4/y"
)

// The engine opens its tables in goroutines of its own and panics there on a
// footer that does not fit its file, which ends the process. So what it reads
// of each table while it opens, which is the index and the last block, is
// verified before.

// verifyTables refuses a store with a table that cannot be opened, and one that
// was closed and whose tables do not reach to the version that was published:
// its manifest lost some, which the engine would delete. Tables that are missing
// are the engine's business: another process may be deleting them, and whether
// there is one turns out later.
func verifyTables(dir string, published uint64) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damaged(dir, p)
		}
	}()
	path := filepath.Join(dir, badger.ManifestFilename)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // a new store
	}
	if err != nil {
		return fmt.Errorf("open store: %w; its files must be readable", err)
	}
	defer f.Close()
	manifest, _, err := badger.ReplayManifestFile(f, magic, badger.DefaultOptions(dir))
	if err != nil {
		return damaged(path, err)
	}
	newest := uint64(0)
	for id, t := range manifest.Tables {
		name := table.NewFilename(id, dir)
		version, err := verifyTable(name, t.Compression)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w; restore the store from a copy or build it anew in another folder", damaged(name, err))
		}
		newest = max(newest, version)
	}
	if newest >= published {
		return nil
	}
	// A store that is open, or whose writer was killed, has the rest in logs.
	logs, err := filepath.Glob(filepath.Join(dir, "*.mem"))
	if err == nil && len(logs) == 0 {
		err = missingSnapshot(dir, published)
	}
	return err
}

// maxChecksum bounds the encoded checksum of an index, in bytes: two numbers.
// minIndex is less than any index has.
const (
	maxChecksum = 32
	minIndex    = 8
)

// verifyTable verifies what the engine reads of a table to open it, and returns
// the newest version in it. A table
// ends in its index, the length of that, the checksum of that, and the length
// of that.
func verifyTable(path string, compression options.CompressionType) (newest uint64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	end := info.Size()
	// before reads the bytes that stand before end.
	before := func(n int64) ([]byte, error) {
		if n > end {
			return nil, io.ErrUnexpectedEOF
		}
		b := make([]byte, n)
		end -= n
		_, err := f.ReadAt(b, end)
		return b, err
	}
	number := func() (int64, error) {
		b, err := before(4)
		if err != nil {
			return 0, err
		}
		return int64(binary.BigEndian.Uint32(b)), nil
	}
	n, err := number()
	if err == nil && n > maxChecksum {
		err = errors.New("malformed footer")
	}
	if err != nil {
		return 0, err
	}
	encoded, err := before(n)
	if err != nil {
		return 0, err
	}
	sum, err := decodeChecksum(encoded)
	if err != nil {
		return 0, err
	}
	if n, err = number(); err != nil {
		return 0, err
	}
	if n < minIndex {
		return 0, errors.New("no index")
	}
	data, err := before(n)
	if err != nil {
		return 0, err
	}
	if err := y.VerifyChecksum(data, sum); err != nil {
		return 0, err
	}
	index := fb.GetRootAsTableIndex(data, 0)
	var block fb.BlockOffset
	if last := index.OffsetsLength() - 1; last < 0 || !index.Offsets(&block, last) {
		return 0, errors.New("no blocks")
	}
	if int64(block.Offset())+int64(block.Len()) != end {
		return 0, errors.New("a block lies outside the file")
	}
	b, err := before(int64(block.Len()))
	if err != nil {
		return 0, err
	}
	switch compression {
	case options.None:
	case options.ZSTD:
		if b, err = y.ZSTDDecompress(nil, b); err != nil {
			return 0, err
		}
	default:
		return 0, errors.New("its compression is not that of a store")
	}
	return index.MaxVersion(), verifyBlock(b)
}

// verifyBlock verifies a block: entries, offsets of the entries, their number,
// the checksum of all that, and the length of that.
func verifyBlock(b []byte) error {
	malformed := errors.New("malformed block")
	cut := func(n int) []byte {
		if n < 0 || n > len(b) {
			return nil
		}
		tail := b[len(b)-n:]
		b = b[:len(b)-n]
		return tail
	}
	size := cut(4)
	if size == nil {
		return malformed
	}
	n := binary.BigEndian.Uint32(size)
	if n > maxChecksum || int(n) > len(b) {
		return malformed
	}
	sum, err := decodeChecksum(cut(int(n)))
	if err != nil {
		return err
	}
	if err := y.VerifyChecksum(b, sum); err != nil {
		return err
	}
	if size = cut(4); size == nil || uint64(binary.BigEndian.Uint32(size))*4 > uint64(len(b)) {
		return malformed
	}
	return nil
}

// decodeChecksum reads a checksum, which is in the encoding of protocol buffers:
// field 1 is the algorithm, field 2 the sum, each a varint.
func decodeChecksum(b []byte) (*pb.Checksum, error) {
	sum := &pb.Checksum{}
	for len(b) > 0 {
		field := b[0]
		v, n := binary.Uvarint(b[1:])
		if n <= 0 {
			return nil, errors.New("malformed checksum")
		}
		b = b[1+n:]
		switch field {
		case 1 << 3:
			sum.Algo = pb.Checksum_Algorithm(v)
		case 2 << 3:
			sum.Sum = v
		default:
			return nil, errors.New("malformed checksum")
		}
	}
	if _, ok := pb.Checksum_Algorithm_name[int32(sum.Algo)]; !ok {
		return nil, errors.New("unknown checksum")
	}
	return sum, nil
}
