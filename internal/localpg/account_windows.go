package localpg

import (
	"context"
	"os"
	"syscall"
)

// account is who PostgreSQL runs as: here always the caller, who must not be
// elevated.
type account struct{}

// PostgreSQL for Windows has sockets too, but who may use one there is not a
// matter of the folder's mode.
const unixSockets = false

func (account) attr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}

func (account) mkdir(path string) error { return os.Mkdir(path, 0o700) }

func (account) ownFolder(string) bool { return false }

func (c *cluster) account(_ context.Context, bin binaries) (account, binaries, error) {
	return account{}, bin, nil
}
