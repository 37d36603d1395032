//go:build tmpfs && linux

package files

import (
	"bytes"
	"errors"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A real full disk: a small file system in memory, which only root may mount.
func TestFullFileSystemLeavesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		options string
		size    int
	}{
		"no blocks": {"size=8m", 3 << 20},
		"no inodes": {"size=8m,nr_inodes=12", 1 << 10},
	} {
		t.Run(name, func(t *testing.T) {
			mount := t.TempDir()
			if err := syscall.Mount("tmpfs", mount, "tmpfs", 0, test.options); err != nil {
				t.Fatalf("mount a file system (as root): %v", err)
			}
			t.Cleanup(func() {
				if err := syscall.Unmount(mount, syscall.MNT_DETACH); err != nil {
					t.Error(err)
				}
			})
			dir := filepath.Join(mount, "files")
			s, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			var stored []Blob
			for i := range 100 {
				b := pdfOf(test.size)
				b[len(b)/2] = byte(i)
				blob, err := s.Put(t.Context(), bytes.NewReader(b), 20<<20)
				if errors.Is(err, ErrNoSpace) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				stored = append(stored, blob)
			}
			if len(stored) == 0 || len(stored) == 100 {
				t.Fatalf("%d files were stored", len(stored))
			}
			for _, blob := range stored {
				read(t, s, blob.SHA256)
			}
			if left := list(t, dir); len(left) != len(stored) {
				t.Errorf("of %d files stored there are %q", len(stored), left)
			}
			if _, err := s.Sweep(t.Context(), 0, time.Now().Add(time.Hour), none); err != nil {
				t.Fatal(err)
			}
			put(t, s, pdfFile())
		})
	}
}
