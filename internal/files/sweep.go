package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// sweepBatch is how many files are asked about at once.
const sweepBatch = 1000

// Sweep removes the files that nothing refers to and what interrupted writes left behind, both
// only if they were last written more than olderThan before now, and returns how many. Files
// that are not ours stay.
//
// referenced is asked about some files at a time and answers which of them are in use. A file
// that is stored again in the meantime stays, also when another process stores it.
func (s *Store) Sweep(ctx context.Context, olderThan time.Duration, now time.Time,
	referenced func(ctx context.Context, sums [][sha256.Size]byte) (map[[sha256.Size]byte]bool, error),
) (removed int, err error) {
	limit := now.Add(-olderThan)
	if err := s.putBack(); err != nil {
		return 0, err
	}
	temps, err := s.old(tempDir, limit)
	if err != nil {
		return 0, err
	}
	for _, name := range temps {
		if err := s.root.Remove(name); err != nil {
			return removed, err
		}
		removed++
	}
	sums, err := s.oldSums(limit)
	if err != nil {
		return removed, err
	}
	for batch := range slices.Chunk(sums, sweepBatch) {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		used, err := referenced(ctx, batch)
		if err != nil {
			return removed, err
		}
		for _, sum := range batch {
			if used[sum] {
				continue
			}
			gone, err := s.removeOld(nameOf(sum), limit)
			if err != nil {
				return removed, err
			}
			if gone {
				removed++
			}
		}
	}
	return removed, nil
}

// oldSums returns the stored files that were last written before limit.
func (s *Store) oldSums(limit time.Time) ([][sha256.Size]byte, error) {
	folders, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return nil, err
	}
	var sums [][sha256.Size]byte
	for _, folder := range folders {
		if !folder.IsDir() || len(folder.Name()) != 2 {
			continue
		}
		names, err := s.old(folder.Name(), limit)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if sum, ours := sumOf(name); ours {
				sums = append(sums, sum)
			}
		}
	}
	return sums, nil
}

// old returns the regular files of a folder that were last written before limit.
func (s *Store) old(folder string, limit time.Time) ([]string, error) {
	entries, err := fs.ReadDir(s.root.FS(), folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // a write has just ended
		}
		if err != nil {
			return nil, err
		}
		if info.Mode().IsRegular() && info.ModTime().Before(limit) {
			names = append(names, path.Join(folder, e.Name()))
		}
	}
	return names, nil
}

// removeOld removes a file unless it has been stored again. Between a look at its time and
// its removal a new file could take the name; so it is moved out of the way first, looked
// at there, and put back if it is new.
func (s *Store) removeOld(name string, limit time.Time) (bool, error) {
	// Almost always this look is enough, and a new file need not be moved.
	if info, err := s.root.Lstat(name); err != nil || !info.ModTime().Before(limit) {
		return false, ignoreMissing(err)
	}
	sum, _ := sumOf(name)
	aside := path.Join(tempDir, asidePrefix+hex.EncodeToString(sum[:]))
	if err := s.root.Rename(name, aside); err != nil {
		return false, ignoreMissing(err)
	}
	info, err := s.root.Lstat(aside)
	if err != nil {
		return false, err
	}
	if !info.ModTime().Before(limit) {
		return false, s.root.Rename(aside, name)
	}
	return true, s.root.Remove(aside)
}

// asidePrefix begins the names of files that are looked at before their removal.
const asidePrefix = "sweep-"

// putBack returns files to their places that a sweep was looking at when it was cut off.
func (s *Store) putBack() error {
	entries, err := fs.ReadDir(s.root.FS(), tempDir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		digits, ours := strings.CutPrefix(e.Name(), asidePrefix)
		b, err := hex.DecodeString(digits)
		if !ours || err != nil || len(b) != sha256.Size {
			continue
		}
		name := nameOf([sha256.Size]byte(b))
		if _, err := s.root.Lstat(name); err == nil {
			continue // stored again since: the old one is swept like any temporary file
		}
		if err := s.root.Rename(path.Join(tempDir, e.Name()), name); err != nil {
			return err
		}
	}
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
