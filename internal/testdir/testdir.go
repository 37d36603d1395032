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
var Memory = sync.OnceValues(func() (dir string, ok bool) { return place(os.Getenv("TMPDIR")) })

// place knows the folder that Use named in the process that started this one: both have to find the
// same server. The worker of a fuzz test that started one of its own passed its pipe to the test on
// to it, and once the worker was killed the test waited for the end of that pipe for good.
func place(tmp string) (dir string, ok bool) {
	dir, ok = memory()
	switch tmp {
	case "":
		return dir, ok
	case dir:
		return dir, true
	default:
		return "", false
	}
}

// Use lets the temporary folders of this process, and of those it starts, be in memory.
func Use() {
	if dir, ok := Memory(); ok {
		_ = os.Setenv("TMPDIR", dir) // without it they are on the disk
	}
}
