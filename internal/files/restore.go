package files

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// ErrNotEmpty says that a folder holds something already.
var ErrNotEmpty = errors.New("the folder is not empty")

// restoreMark is a file that stands in a folder as long as it is being restored: what a restore
// that was cut off left behind, the next one may write over.
const restoreMark = "restoring"

// Restore is an empty folder that is filled with files from a backup.
type Restore struct{ store *Store }

// OpenEmpty opens a folder that is empty, does not exist, or was left by a restore that was
// cut off. It returns ErrNotEmpty.
func OpenEmpty(dir string) (*Restore, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	mark := filepath.Join(dir, restoreMark)
	if _, err := os.Lstat(mark); err != nil {
		for _, e := range entries {
			if e.Name() != tempDir {
				return nil, fmt.Errorf("%w: there is %s in it", ErrNotEmpty, e.Name())
			}
		}
	}
	store, err := Open(dir)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(mark, []byte("A restore is under way, or was cut off.\n"), 0o600); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &Restore{store: store}, nil
}

// Restoring reports whether a restore into a folder is under way or was cut off.
func Restoring(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, restoreMark))
	return err == nil
}

// Add stores what r yields, which must have the hash sum: else it returns ErrAltered and stores
// nothing. What was added lasts through a power cut after Sync.
func (r *Restore) Add(ctx context.Context, sum [sha256.Size]byte, from io.Reader) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	name := nameOf(sum)
	temp := path.Join(tempDir, restoreMark)
	f, err := r.store.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return writing(err)
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, hash), from)
	if err == nil && [sha256.Size]byte(hash.Sum(nil)) != sum {
		err = ErrAltered
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		if err = r.store.mkdir(path.Dir(name)); err == nil {
			err = r.store.root.Rename(temp, name)
		}
	}
	if err != nil {
		_ = r.store.root.Remove(temp)
		return writing(err)
	}
	return nil
}

// Sync makes what was added last.
func (r *Restore) Sync() error {
	folders, err := fs.ReadDir(r.store.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, f := range folders {
		if f.IsDir() {
			if err := syncDir(r.store.root, f.Name()); err != nil {
				return err
			}
		}
	}
	return syncDir(r.store.root, ".")
}

// Done says that the restore has come to its end: the folder is as any other.
func (r *Restore) Done() error { return r.store.root.Remove(restoreMark) }

// Close closes the folder. Unless Done was called, what was added may be written over.
func (r *Restore) Close() error { return r.store.Close() }
