package testdb

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// ordinary has a program that refuses to be root run as whoever owns the server's socket, or,
// where that is root, as an ordinary user to itself alone. It ends with the test binary.
func ordinary(cmd *exec.Cmd, host, dir string) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if os.Geteuid() != 0 {
		return nil
	}
	owner := 0
	if filepath.IsAbs(host) {
		info, err := os.Stat(host)
		if err != nil {
			return err
		}
		owner = int(info.Sys().(*syscall.Stat_t).Uid)
	}
	if owner == 0 {
		const inside = 1000
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: inside, HostID: 0, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: inside, HostID: 0, Size: 1}}
		return nil
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(owner), Gid: uint32(owner)}
	return os.Chown(dir, owner, owner)
}
