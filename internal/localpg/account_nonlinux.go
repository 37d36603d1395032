//go:build unix && !linux

package localpg

import "syscall"

const namespaces = false

func enterNamespace(*syscall.SysProcAttr, int) {}
