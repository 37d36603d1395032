package filelock_test

import (
	"errors"
	"path/filepath"
	"testing"

	"winddown/internal/filelock"
)

func TestExclusiveLockShutsOutEveryoneElse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	first, err := filelock.TryExclusive(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := filelock.TryExclusive(path); !errors.Is(err, filelock.ErrLocked) {
		t.Fatalf("a second exclusive lock: got %v, want ErrLocked", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second, err := filelock.TryExclusive(path)
	if err != nil {
		t.Fatalf("after Release: %v", err)
	}
	second.Release()
}

func TestSharedLocksKeepAnExclusiveOneOutUntilTheLastIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	a, err := filelock.Shared(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := filelock.Shared(path)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		l, err := filelock.Exclusive(path)
		if err == nil {
			err = l.Release()
		}
		got <- err
	}()
	a.Release()
	if _, err := filelock.TryExclusive(path); !errors.Is(err, filelock.ErrLocked) {
		t.Fatalf("with one shared lock left: got %v, want ErrLocked", err)
	}
	b.Release()
	if err := <-got; err != nil {
		t.Fatalf("the waiting exclusive lock: %v", err)
	}
}
