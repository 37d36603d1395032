//go:build unix && !linux

package localpg

import (
	"os/exec"
	"strconv"
	"strings"
)

// isPostmaster tells whether a process is the PostgreSQL that serves this data,
// by the way it was called.
func isPostmaster(pid int, data string) bool {
	if pid <= 0 {
		return false
	}
	command, err := exec.Command("ps", "-ww", "-o", "command=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(command), "postgres") && strings.Contains(string(command), data)
}
