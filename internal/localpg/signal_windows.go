package localpg

import (
	"context"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"
)

// shutdown is how a server is asked to end: pg_ctl's mode.
type shutdown string

const (
	fast      shutdown = "fast"
	immediate shutdown = "immediate"
)

func (c *cluster) signal(ctx context.Context, _ int, how shutdown) error {
	bin, err := c.binaries(ctx)
	if err != nil {
		return err
	}
	_, err = finish(tools{binaries: bin}.command(ctx, "pg_ctl", "stop", "-D", c.data(), "-m", string(how), "--no-wait"))
	return err
}

// isPostmaster tells whether a process is PostgreSQL's. Whose data it serves is
// not to be seen from outside.
func isPostmaster(pid int, _ string) bool {
	if pid <= 0 {
		return false
	}
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(pid))
	if err != nil {
		return false
	}
	defer windows.CloseHandle(h)
	buf := make([]uint16, windows.MAX_LONG_PATH)
	n := uint32(len(buf))
	if err := windows.QueryFullProcessImageName(h, 0, &buf[0], &n); err != nil {
		return false
	}
	name := filepath.Base(windows.UTF16ToString(buf[:n]))
	return strings.EqualFold(name, "postgres.exe")
}
