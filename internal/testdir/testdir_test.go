package testdir

import (
	"os"
	"testing"
)

// A process finds what the one that started it found, and a place somebody names is left to him.
func TestProcessesAgree(t *testing.T) {
	dir, ok := Memory()
	Use()
	if inherited, still := place(os.Getenv("TMPDIR")); inherited != dir || still != ok {
		t.Errorf("the next process finds %q, %t; this one %q, %t", inherited, still, dir, ok)
	}
	if named, ok := place(t.TempDir()); ok {
		t.Errorf("another place is named, but %s is taken", named)
	}
}
