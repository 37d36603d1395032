package filelock_test

import (
	"errors"
	"os"
	"os/exec"
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
	first.Release()
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
			l.Release()
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

func TestChildKeepsTheLockAfterLeaveButNotAfterRelease(t *testing.T) {
	for name, test := range map[string]struct {
		part func(*filelock.Lock)
		kept bool
	}{
		"leave":   {(*filelock.Lock).Leave, true},
		"release": {(*filelock.Lock).Release, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "lock")
			l, err := filelock.Exclusive(path)
			if err != nil {
				t.Fatal(err)
			}
			child := exec.Command("cat")
			child.ExtraFiles = []*os.File{l.File()}
			stdin, err := child.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			test.part(l)
			now, err := filelock.TryExclusive(path)
			if kept := errors.Is(err, filelock.ErrLocked); kept != test.kept {
				t.Errorf("locked: %v (%v)", kept, err)
			}
			if err == nil {
				now.Release()
			}
			if err := stdin.Close(); err != nil {
				t.Fatal(err)
			}
			if err := child.Wait(); err != nil {
				t.Fatal(err)
			}
			now, err = filelock.TryExclusive(path)
			if err != nil {
				t.Fatalf("after the child's end: %v", err)
			}
			now.Release()
		})
	}
}
