//go:build !unix

package files

import "os"

// Free returns how many bytes may still be written below a folder, and whether this system
// tells that.
func Free(dir string) (bytes uint64, known bool, err error) {
	_, err = os.Stat(dir)
	return 0, false, err
}
