package localpg

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// isPostmaster tells whether a process is the PostgreSQL that serves this data.
func isPostmaster(pid int, data string) bool {
	if pid <= 0 {
		return false
	}
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil || strings.TrimSpace(string(name)) != "postgres" {
		return false
	}
	// A server works in its data folder. Root in a container may not see where
	// another user's process works, but everybody sees how it was called.
	cwd, err := os.Stat(fmt.Sprintf("/proc/%d/cwd", pid))
	if err == nil {
		want, err := os.Stat(data)
		return err == nil && os.SameFile(cwd, want)
	}
	args, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && slices.Contains(strings.Split(string(args), "\x00"), data)
}
