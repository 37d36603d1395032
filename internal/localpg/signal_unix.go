//go:build unix

package localpg

import (
	"context"
	"os"
	"syscall"
)

// shutdown is how a server is asked to end.
type shutdown = syscall.Signal

const (
	fast      = syscall.SIGINT
	immediate = syscall.SIGQUIT
)

func (c *cluster) signal(_ context.Context, pid int, how shutdown) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Signal(how)
}
