//go:build !unix

package main

import "io/fs"

// owner returns the user and the group a file belongs to; ok says whether this system tells.
func owner(fs.FileInfo) (user, group int, ok bool) { return 0, 0, false }
