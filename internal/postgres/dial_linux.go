package postgres

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// giveUp has the kernel cut a connection whose bytes nobody confirms: keep-alive probes are
// sent only while there are none under way.
func giveUp(network, _ string, raw syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var failure error
	if err := raw.Control(func(fd uintptr) {
		failure = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silence.Milliseconds()))
	}); err != nil {
		return err
	}
	return failure
}
