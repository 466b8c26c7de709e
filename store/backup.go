package store

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/dgraph-io/badger/v4"
	"github.com/klauspost/compress/zstd"
)

// # Backups
//
// A backup is a header, then records compressed by Zstandard. The header is
// backupMagic, a byte for the version of this layout, one for the store's
// format, and the 16 bytes of the newest snapshot's id. A record is
//
//	length of key + 1 (varint), key, version (varint), length of value + 1 (varint), value
//
// where a length of value of 0 is a deletion. Records are in the order of keys
// and of each key's versions, newest first. Those that no snapshot reads are
// left out, and so is what resolution remembered before the newest, so that two
// backups of the same snapshots have the same bytes in them. The last record is
//
//	0 (byte), number of records (varint), SHA-256 of everything before it, header included
//
// without which, or with anything behind which, a file is no backup.
const (
	backupMagic   = "papergraph backup\n"
	backupVersion = 1
	headerSize    = len(backupMagic) + 2 + idBytes

	maxKey = 65000 // the engine's bound
	// maxWindow bounds what a damaged file can make the decompressor ask for;
	// the compressor's own window is 4 MiB.
	maxWindow = 8 << 20
)

// BackupInfo says what a backup holds.
type BackupInfo struct {
	Snapshots []Info // newest first
	Records   int
}

// Backup writes all snapshots to w, with all that builds remember, so that
// [Restore] makes the same store of it. The store may be read and written
// meanwhile: the backup has the snapshots of the moment when it began. What the
// store holds is verified first, and nothing is written of a damaged one.
// progress, unless nil, is told the number of records now and then. The error
// wraps [ErrEmpty] where there is no snapshot.
func (s *Store) Backup(ctx context.Context, w io.Writer, progress func(records int)) (BackupInfo, error) {
	if err := s.acquire(); err != nil {
		return BackupInfo{}, err
	}
	defer s.release()
	infos, release := s.pin()
	defer release()
	if len(infos) == 0 {
		return BackupInfo{}, fmt.Errorf("back up: %w: %s has no finished build", ErrEmpty, s.dir)
	}
	if err := s.verify(); err != nil {
		return BackupInfo{}, fmt.Errorf("back up: %w", err)
	}
	e, err := newBackupWriter(w, infos[0].ID)
	if err != nil {
		return BackupInfo{}, fmt.Errorf("back up %s: %w", s.dir, err)
	}
	defer e.close()
	err = s.live(ctx, infos, func(r backupRecord) error {
		if progress != nil && e.records&0x3fff == 0 {
			progress(e.records)
		}
		return e.write(r)
	})
	if err == nil {
		err = e.finish()
	}
	if err != nil {
		return BackupInfo{}, fmt.Errorf("back up %s: %w", s.dir, err)
	}
	return BackupInfo{Snapshots: infos, Records: e.records}, nil
}

// pin keeps the snapshots of this moment from being thrown away until release
// is called.
func (s *Store) pin() (infos []Info, release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.infos {
		infos = append(infos, i.clone())
	}
	if len(infos) == 0 {
		return nil, func() {}
	}
	oldest := infos[len(infos)-1].Version
	l := s.loaded[oldest]
	if l == nil {
		l = new(loadedColumns)
		s.loaded[oldest] = l
	}
	l.refs++
	return infos, func() { s.unload(oldest) }
}

// backupRecord is one version of one key.
type backupRecord struct {
	key     []byte
	version uint64
	deleted bool
	value   []byte
}

// live calls fn for every version of every key that one of the snapshots,
// newest first, reads, and for the deletions that hide older ones. What fn is
// given is valid during the call only.
func (s *Store) live(ctx context.Context, infos []Info, fn func(backupRecord) error) error {
	versions := make([]uint64, len(infos)) // ascending
	for i := range infos {
		versions[len(infos)-1-i] = infos[i].Version
	}
	// reads says whether a snapshot reads what was written at one version and
	// replaced at another.
	reads := func(from, to uint64) bool {
		i, _ := slices.BinarySearch(versions, from)
		return i < len(versions) && versions[i] < to
	}
	txn := s.db.NewTransactionAt(infos[0].Version, false)
	defer txn.Discard()
	it := txn.NewIterator(badger.IteratorOptions{AllVersions: true})
	defer it.Close()
	var key []byte            // of the last item
	var next uint64           // the version that replaces the current one
	var deletion backupRecord // not yet known to hide anything
	n := 0
	for it.Rewind(); it.Valid(); it.Next() {
		if n++; n&1023 == 1 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		item := it.Item()
		if !bytes.Equal(item.Key(), key) {
			key, next, deletion = append(key[:0], item.Key()...), math.MaxUint64, backupRecord{}
		}
		version := item.Version()
		read := reads(version, next)
		if key[0] == tagResolved {
			read = next == math.MaxUint64 && !item.IsDeletedOrExpired() // nobody reads older ones
		}
		next = version
		if !read {
			continue
		}
		if item.IsDeletedOrExpired() {
			if key[0] == tagSnapshot {
				continue // dropped while the backup runs, which has it still
			}
			deletion = backupRecord{key: key, version: version, deleted: true}
			continue
		}
		if deletion.key != nil {
			if err := fn(deletion); err != nil {
				return err
			}
			deletion = backupRecord{}
		}
		err := useValue(item, func(value []byte) error { return fn(backupRecord{key: key, version: version, value: value}) })
		if err != nil {
			return err
		}
	}
	return nil
}

// backupWriter writes the layout of a backup.
type backupWriter struct {
	to      *bufio.Writer
	z       *zstd.Encoder
	sum     hash.Hash
	records int
	buf     []byte
}

// newBackupWriter writes the header.
func newBackupWriter(w io.Writer, id string) (*backupWriter, error) {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != idBytes {
		return nil, damaged("id of the snapshot", id)
	}
	e := &backupWriter{to: bufio.NewWriterSize(w, 1<<16), sum: sha256.New()}
	header := append(append([]byte(backupMagic), backupVersion, FormatVersion), raw...)
	e.sum.Write(header)
	if _, err := e.to.Write(header); err != nil {
		return nil, err
	}
	// One goroutine: the store is read as fast.
	e.z, err = zstd.NewWriter(e.to, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(maxWindow/2))
	return e, err
}

func (e *backupWriter) write(r backupRecord) error {
	b := binary.AppendUvarint(e.buf[:0], uint64(len(r.key))+1)
	b = binary.AppendUvarint(append(b, r.key...), r.version)
	if r.deleted {
		b = append(b, 0)
	} else {
		b = append(binary.AppendUvarint(b, uint64(len(r.value))+1), r.value...)
	}
	e.buf = b
	e.records++
	e.sum.Write(b)
	_, err := e.z.Write(b)
	return err
}

// finish writes the last record.
func (e *backupWriter) finish() error {
	b := binary.AppendUvarint([]byte{0}, uint64(e.records))
	e.sum.Write(b)
	if _, err := e.z.Write(e.sum.Sum(b)); err != nil {
		return err
	}
	if err := e.z.Close(); err != nil {
		return err
	}
	return e.to.Flush()
}

// close gives up what finish did not.
func (e *backupWriter) close() {
	e.z.Reset(nil)
	_ = e.z.Close() // it writes to nothing any more
}

// backupReader reads what a backupWriter wrote. Its errors wrap [ErrBackup],
// or [ErrFormat] where the backup is of another version.
type backupReader struct {
	format  byte
	id      string // of the newest snapshot
	z       *zstd.Decoder
	from    *bufio.Reader // decompressed
	sum     hash.Hash
	records int
	last    backupRecord
	key     [2][]byte // the last two keys, in turn
	value   []byte
	version int
}

func badBackup(why any) error { return fmt.Errorf("%w: %v", ErrBackup, why) }

// newBackupReader reads the header.
func newBackupReader(r io.Reader) (*backupReader, error) {
	header := make([]byte, headerSize)
	n, err := io.ReadFull(r, header)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		if bytes.HasPrefix([]byte(backupMagic), header[:min(n, len(backupMagic))]) && n > 0 {
			return nil, badBackup("it is cut off in its header")
		}
		return nil, badBackup("it is not a backup that papergraph wrote")
	}
	if err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	if !bytes.HasPrefix(header, []byte(backupMagic)) {
		return nil, badBackup("it is not a backup that papergraph wrote")
	}
	d := &backupReader{version: int(header[len(backupMagic)]), format: header[len(backupMagic)+1], sum: sha256.New()}
	switch {
	case d.version != backupVersion:
		return nil, fmt.Errorf("%w: the backup has layout %d, this papergraph reads layout %d; use the version that wrote it", ErrFormat, d.version, backupVersion)
	case d.format != FormatVersion:
		return nil, fmt.Errorf("%w: the backup is of a store of format %d, this papergraph reads format %d; restore it with the version that wrote it or build the store anew",
			ErrFormat, d.format, FormatVersion)
	}
	d.id = hex.EncodeToString(header[headerSize-idBytes:])
	d.sum.Write(header)
	if d.z, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow)); err != nil {
		return nil, fmt.Errorf("read the backup: %w", err)
	}
	d.from = bufio.NewReaderSize(d.z, 1<<16)
	return d, nil
}

func (d *backupReader) close() { d.z.Close() }

// next reads a record, valid until the call after the next. At the end, which
// is that of a whole backup, the error is io.EOF itself.
func (d *backupReader) next() (backupRecord, error) {
	r, err := d.read()
	if err != nil && err != io.EOF {
		return backupRecord{}, d.explain(err)
	}
	return r, err
}

// explain tells damage from an error of the disk or pipe that it is read from.
func (d *backupReader) explain(err error) error {
	path := (*fs.PathError)(nil)
	switch {
	case errors.Is(err, ErrBackup):
		return err
	case errors.As(err, &path):
		return fmt.Errorf("read the backup: %w", err)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return badBackup(fmt.Sprintf("it is cut off after %d records", d.records))
	}
	return fmt.Errorf("%w: it is damaged after %d records: %w", ErrBackup, d.records, err)
}

func (d *backupReader) read() (backupRecord, error) {
	n, err := d.uvarint(maxKey + 1)
	if err != nil {
		return backupRecord{}, err
	}
	if n == 0 {
		return backupRecord{}, d.readEnd()
	}
	r := backupRecord{}
	key := &d.key[d.records&1]
	if *key, err = d.bytes((*key)[:0], int(n-1)); err != nil {
		return r, err
	}
	r.key = *key
	if r.version, err = d.uvarint(1<<64 - 1); err != nil {
		return r, err
	}
	if n, err = d.uvarint(maxValue + 1); err != nil {
		return r, err
	}
	if r.deleted = n == 0; !r.deleted {
		if d.value, err = d.bytes(d.value[:0], int(n-1)); err != nil {
			return r, err
		}
		r.value = d.value
	}
	if c := bytes.Compare(d.last.key, r.key); len(r.key) == 0 || r.version == 0 || d.records > 0 && (c > 0 || c == 0 && d.last.version <= r.version) {
		return r, badBackup(fmt.Sprintf("record %d is out of order", d.records))
	}
	d.records++
	d.last = r
	return r, nil
}

// readEnd compares what the last record says.
func (d *backupReader) readEnd() error {
	records, err := d.uvarint(1<<64 - 1)
	if err != nil {
		return err
	}
	sum := d.sum.Sum(nil)
	want := make([]byte, sha256.Size)
	if _, err := io.ReadFull(d.from, want); err != nil {
		return unexpected(err)
	}
	if records != uint64(d.records) || !bytes.Equal(sum, want) {
		return badBackup("its checksum is not that of what it holds")
	}
	switch _, err := d.from.ReadByte(); {
	case err == nil:
		return badBackup("something stands behind its end")
	case err != io.EOF:
		return err
	}
	return io.EOF
}

// unexpected is an error where more should stand.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// uvarint reads a number of at most limit in its shortest form.
func (d *backupReader) uvarint(limit uint64) (uint64, error) {
	var b [binary.MaxVarintLen64]byte
	for i := range b {
		c, err := d.from.ReadByte()
		if err != nil {
			return 0, unexpected(err)
		}
		if b[i] = c; c < 0x80 {
			v, n := binary.Uvarint(b[:i+1])
			if n <= 0 || v > limit || i > 0 && c == 0 {
				break
			}
			d.sum.Write(b[:i+1])
			return v, nil
		}
	}
	return 0, badBackup(fmt.Sprintf("a number after record %d is none", d.records))
}

// bytes appends n bytes to dst.
func (d *backupReader) bytes(dst []byte, n int) ([]byte, error) {
	dst = slices.Grow(dst, n)[:n]
	if _, err := io.ReadFull(d.from, dst); err != nil {
		return dst, unexpected(err)
	}
	d.sum.Write(dst)
	return dst, nil
}

// Restore makes a store in the folder dir of what [Store.Backup] wrote. The
// folder must not be there or be empty; else the error wraps [ErrNotEmpty].
// Where r cannot be read to its end, the error wraps [ErrBackup] or
// [ErrFormat], and whatever the error, the folder is left as it was. Killed, it
// leaves a store without a snapshot. progress, unless nil, is told the number
// of records now and then.
func Restore(ctx context.Context, r io.Reader, dir string, o Options, progress func(records int)) (BackupInfo, error) {
	if o.ReadOnly {
		return BackupInfo{}, fmt.Errorf("restore into %s: %w", dir, ErrReadOnly)
	}
	d, err := newBackupReader(r)
	if err != nil {
		return BackupInfo{}, err
	}
	defer d.close()
	made, err := emptyFolder(dir)
	if err != nil {
		return BackupInfo{}, err
	}
	var info BackupInfo
	err = with(dir, o, func(s *Store) error {
		var err error
		info, err = s.restore(ctx, d, progress)
		return err
	})
	if err != nil {
		return BackupInfo{}, errors.Join(err, clearFolder(dir, made))
	}
	return info, nil
}

// emptyFolder refuses a folder that is not empty and makes one that is not
// there.
func emptyFolder(dir string) (made bool, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("restore into %s: %w", dir, err)
	case len(entries) > 0:
		return false, fmt.Errorf("%w: %s holds %s; restore into a new folder", ErrNotEmpty, dir, entries[0].Name())
	}
	return false, nil
}

// clearFolder undoes what a restoration that failed did to its folder.
func clearFolder(dir string, made bool) error {
	if made {
		return os.RemoveAll(dir)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("clear %s: %w", dir, err)
	}
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// restore fills an empty store.
func (s *Store) restore(ctx context.Context, d *backupReader, progress func(records int)) (BackupInfo, error) {
	if err := s.hasRoomToWrite(); err != nil {
		return BackupInfo{}, err
	}
	batch := s.db.NewManagedWriteBatch()
	defer batch.Cancel()
	batch.SetMaxPendingTxns(maxPending)
	var pointers []*badger.Entry
	var infos []Info
	for {
		r, err := d.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return BackupInfo{}, err
		}
		if d.records&1023 == 0 {
			if err := ctx.Err(); err != nil {
				return BackupInfo{}, err
			}
			if progress != nil && d.records&0x3fff == 0 {
				progress(d.records)
			}
		}
		if err := s.spend(len(r.key) + len(r.value)); err != nil {
			return BackupInfo{}, err
		}
		e := badger.NewEntry(bytes.Clone(r.key), bytes.Clone(r.value))
		switch {
		case r.key[0] == tagSnapshot:
			version, err := parseSnapshotKey(r.key)
			if err != nil {
				return BackupInfo{}, fmt.Errorf("%w: %w", ErrBackup, err)
			}
			info, err := decodeInfo(version, r.value)
			if err != nil || r.deleted || r.version != version {
				return BackupInfo{}, fmt.Errorf("%w: snapshot %d of it is malformed: %w", ErrBackup, version, err)
			}
			infos, pointers = append(infos, info), append(pointers, e)
			continue // written last
		case r.deleted:
			err = batch.DeleteAt(e.Key, r.version)
		default:
			err = batch.SetEntryAt(e, r.version)
		}
		if err != nil {
			return BackupInfo{}, fmt.Errorf("restore into %s: %w", s.dir, err)
		}
	}
	slices.SortFunc(infos, func(a, b Info) int { return cmp.Compare(b.Version, a.Version) })
	if len(infos) == 0 || infos[0].ID != d.id {
		return BackupInfo{}, badBackup("its snapshots are not those that its header names")
	}
	err := batch.Flush()
	if err == nil {
		err = s.db.Sync()
	}
	if err == nil {
		last := s.db.NewManagedWriteBatch()
		defer last.Cancel()
		// The newest first: it is what most want.
		for i, e := range slices.Backward(pointers) {
			err = errors.Join(err, last.SetEntryAt(e, infos[len(infos)-1-i].Version))
		}
		if err == nil {
			err = last.Flush()
		}
	}
	if err == nil {
		err = s.db.Sync()
	}
	if err == nil {
		err = writePublished(s.dir, infos[0])
	}
	if err != nil {
		return BackupInfo{}, fmt.Errorf("restore into %s: %w", s.dir, err)
	}
	return BackupInfo{Snapshots: infos, Records: d.records}, nil
}
