//go:build unix

package files

import "golang.org/x/sys/unix"

// Free returns how many bytes may still be written below a folder, and whether this system
// tells that.
func Free(dir string) (bytes uint64, known bool, err error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, false, err
	}
	return uint64(fs.Bavail) * uint64(fs.Bsize), true, nil //nolint:unconvert // their types differ between systems
}
