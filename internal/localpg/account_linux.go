package localpg

import "syscall"

const namespaces = true

// enterNamespace makes the process root's own, but known to itself as id.
func enterNamespace(attr *syscall.SysProcAttr, id int) {
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: id, HostID: 0, Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: id, HostID: 0, Size: 1}}
}
