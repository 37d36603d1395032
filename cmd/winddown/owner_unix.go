//go:build unix

package main

import (
	"io/fs"
	"syscall"
)

// owner returns the user and the group a file belongs to; ok says whether this system tells.
func owner(info fs.FileInfo) (user, group int, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(s.Uid), int(s.Gid), true
}
