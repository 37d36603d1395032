// Package filelock locks files between processes. A lock belongs to the open
// file, so the kernel gives it up when the last process that has the file open
// ends, however it ends: nothing is ever left locked by a crash.
package filelock

import (
	"errors"
	"fmt"
	"os"
)

// ErrLocked says that another open file holds the lock.
var ErrLocked = errors.New("the file is locked by another process")

// Lock is a lock that is held until Release, or until the process ends.
type Lock struct{ file *os.File }

// Shared waits for a lock that any number of holders share.
func Shared(path string) (*Lock, error) { return open(path, false, true) }

// Exclusive waits for a lock that nobody else holds, shared or not.
func Exclusive(path string) (*Lock, error) { return open(path, true, true) }

// TryExclusive is Exclusive without the wait: it answers ErrLocked when the
// lock is not to be had now.
func TryExclusive(path string) (*Lock, error) { return open(path, true, false) }

func open(path string, exclusive, wait bool) (*Lock, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := flock(f, exclusive, wait); err != nil {
		_ = f.Close()
		if errors.Is(err, ErrLocked) {
			return nil, err
		}
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return &Lock{file: f}, nil
}

// File returns the locked file. A child process that inherits it shares the
// lock (not on Windows).
func (l *Lock) File() *os.File { return l.file }

// Release gives the lock up, for children that share it too. A mere close would
// not do: any child that is just being started has a copy of every open file
// for a moment.
func (l *Lock) Release() {
	// Neither can fail in a way that keeps the lock.
	_ = unlock(l.file)
	_ = l.file.Close()
}

// Leave closes the file without giving the lock up: it lasts as long as a child
// shares it.
func (l *Lock) Leave() { _ = l.file.Close() }
