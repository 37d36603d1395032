// Package testdir keeps the temporary files of tests in memory.
//
// A database is hundreds of small files. A test makes them and deletes them again, and
// ext4 goes past every file deleted in the last minutes before it makes a new one: on a
// disk that costs more than all the queries.
package testdir

import (
	"os"
	"sync"
)

// Memory returns a folder in memory, or false where there is none with room enough, or
// where TMPDIR names another place.
var Memory = sync.OnceValues(func() (dir string, ok bool) {
	if os.Getenv("TMPDIR") != "" {
		return "", false
	}
	return memory()
})

// Use lets the temporary folders of this process, and of those it starts, be in memory.
func Use() {
	if dir, ok := Memory(); ok {
		_ = os.Setenv("TMPDIR", dir) // without it they are on the disk
	}
}
