// Package files keeps the bytes of evidence in a directory of its own. A file is named by
// its SHA-256: identical bytes are stored once, and what was stored can be checked for ever.
// Only sound bytes are handed out; nothing that was uploaded is ever unpacked or run.
//
// Several processes may share a directory. Nothing outside it is ever touched, wherever
// symbolic links inside it lead.
package files

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"syscall"
	"time"
)

// What can be wrong with a file.
var (
	ErrEmpty       = errors.New("the file is empty")
	ErrTooLarge    = errors.New("the file is too large")
	ErrUnknownKind = errors.New("the file is of no known kind")
	ErrTruncated   = errors.New("the file ends before its contents do")
	ErrBomb        = errors.New("the archive would unpack to too much")
	ErrNoSpace     = errors.New("no space is left for files")
	ErrMissing     = errors.New("the stored file is missing")
	ErrAltered     = errors.New("the stored file is not what was stored")
	ErrNoThumbnail = errors.New("the file has no thumbnail")
)

// tempDir holds what is being written. No folder of stored files has a name so long.
const tempDir = "temp"

// Store is a directory of stored files.
type Store struct {
	// Through, if set, comes between Put and the file it writes. Tests make a full disk of
	// it; it is to be set before the first Put.
	Through func(io.Writer) io.Writer

	root     *os.Root
	decoding chan struct{} // the turn to decode an image
	recent   *recent
}

// Blob is what Put has stored.
type Blob struct {
	SHA256 [sha256.Size]byte
	Size   int64 // bytes
	Kind   Kind
}

// File is a stored file that is open for reading.
type File struct {
	io.ReadSeekCloser
	Size int64 // bytes
}

// Open opens the directory dir, made with mode 0700 if it does not exist.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{root: root, decoding: make(chan struct{}, 1), recent: newRecent()}
	if err := s.mkdir(tempDir); err != nil {
		_ = root.Close()
		return nil, err
	}
	return s, nil
}

// Close closes the directory. Files that are open stay open.
func (s *Store) Close() error { return s.root.Close() }

// Put stores what r yields until its end, at most limit bytes, and returns when it will last
// through a power cut. Bytes that are stored already get a new modification time, so that
// Sweep leaves them to whoever is about to refer to them; bytes that were altered on the disk
// are made good.
//
// It returns ErrEmpty, ErrTooLarge, ErrUnknownKind, ErrTruncated, ErrBomb, ErrNoSpace, the
// error of r or of ctx. After an error the disk is as before, or holds what Sweep will remove.
func (s *Store) Put(ctx context.Context, r io.Reader, limit int64) (Blob, error) {
	temp := path.Join(tempDir, rand.Text())
	f, err := s.root.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Blob{}, writing(err)
	}
	blob, err := s.fill(ctx, f, r, limit)
	if closing := f.Close(); err == nil {
		err = writing(closing)
	}
	if err == nil {
		err = writing(s.keep(temp, blob.SHA256))
	}
	if err != nil {
		_ = s.root.Remove(temp)
		return Blob{}, err
	}
	return blob, nil
}

// fill writes a temporary file, finds out what it holds and syncs it.
func (s *Store) fill(ctx context.Context, f *os.File, r io.Reader, limit int64) (Blob, error) {
	var w io.Writer = f
	if s.Through != nil {
		w = s.Through(f)
	}
	hash := sha256.New()
	var blob Blob
	buf := make([]byte, 64<<10)
	for end := false; !end; {
		if err := ctx.Err(); err != nil {
			return Blob{}, err
		}
		n, err := r.Read(buf)
		end = err == io.EOF // bare: wrapped in words it means that the sender has gone
		if err != nil && !end {
			return Blob{}, fmt.Errorf("read the file: %w", err)
		}
		if blob.Size += int64(n); blob.Size > limit {
			return Blob{}, ErrTooLarge
		}
		_, _ = hash.Write(buf[:n]) // never fails
		if _, err := w.Write(buf[:n]); err != nil {
			return Blob{}, writing(err)
		}
	}
	if blob.Size == 0 {
		return Blob{}, ErrEmpty
	}
	hash.Sum(blob.SHA256[:0])
	var err error
	if blob.Kind, err = detect(f, blob.Size); err != nil {
		return Blob{}, err
	}
	return blob, writing(f.Sync())
}

// keep gives a temporary file its name. A file that has the name already is replaced, whatever
// it holds: comparing the two would take longer, and the new one is known to be right.
func (s *Store) keep(temp string, sum [sha256.Size]byte) error {
	name := nameOf(sum)
	if err := s.mkdir(path.Dir(name)); err != nil {
		return err
	}
	if err := s.root.Rename(temp, name); err != nil {
		return err
	}
	if err := syncDir(s.root, path.Dir(name)); err != nil {
		return err
	}
	return syncDir(s.root, ".")
}

// Open opens a stored file after it has compared the whole of it with its hash, unless it did
// so within the last minute and the file was not touched since. It returns ErrMissing or
// ErrAltered.
func (s *Store) Open(sum [sha256.Size]byte) (File, error) {
	name := nameOf(sum)
	if _, err := s.stat(name); err != nil {
		return File{}, err
	}
	f, err := s.root.Open(name)
	if err != nil {
		return File{}, reading(err)
	}
	size, err := s.verify(f, sum)
	if err != nil {
		_ = f.Close()
		return File{}, err
	}
	return File{f, size}, nil
}

// verify compares an open file with its hash and returns its size.
func (s *Store) verify(f *os.File, sum [sha256.Size]byte) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	now := time.Now()
	if s.recent.isSound(sum, info, now) {
		return info.Size(), nil
	}
	hash := sha256.New()
	size, err := io.Copy(hash, f)
	if err != nil {
		return 0, err
	}
	if [sha256.Size]byte(hash.Sum(nil)) != sum {
		return 0, ErrAltered
	}
	s.recent.found(sum, info, now)
	_, err = f.Seek(0, io.SeekStart)
	return size, err
}

// Check tells, without reading the file, whether it is there with its size in bytes. It
// returns ErrMissing or ErrAltered.
func (s *Store) Check(sum [sha256.Size]byte, size int64) error {
	info, err := s.stat(nameOf(sum))
	if err == nil && info.Size() != size {
		err = ErrAltered
	}
	return err
}

// stat finds regular files: nothing else has been stored under such a name, and opening a
// pipe would wait for ever.
func (s *Store) stat(name string) (fs.FileInfo, error) {
	info, err := s.root.Lstat(name)
	if err != nil {
		return nil, reading(err)
	}
	if !info.Mode().IsRegular() {
		return nil, ErrAltered
	}
	return info, nil
}

func (s *Store) mkdir(name string) error {
	if err := s.root.Mkdir(name, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// nameOf returns ab/cdef… for a hash abcdef….
func nameOf(sum [sha256.Size]byte) string {
	h := hex.EncodeToString(sum[:])
	return h[:2] + "/" + h[2:]
}

// sumOf is the inverse of nameOf. Names that are no hashes are not ours.
func sumOf(name string) (sum [sha256.Size]byte, ours bool) {
	if len(name) != len("ab/")+2*(sha256.Size-1) || name[2] != '/' {
		return sum, false
	}
	_, err := hex.Decode(sum[:], []byte(name[:2]+name[3:]))
	return sum, err == nil && name == nameOf(sum)
}

// syncDir makes what was renamed in a directory last through a power cut.
func syncDir(root *os.Root, name string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := root.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = d.Close() }()
	return d.Sync()
}

// writing finds ErrNoSpace in an error of the disk.
func writing(err error) error {
	const windowsDiskFull = syscall.Errno(112)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || runtime.GOOS == "windows" && errors.Is(err, windowsDiskFull) {
		return fmt.Errorf("%w: %w", ErrNoSpace, err)
	}
	return err
}

// reading finds ErrMissing in an error of the disk.
func reading(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: %w", ErrMissing, err)
	}
	return err
}
