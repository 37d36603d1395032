package localpg

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// postmaster is what a server tells about itself in data/postmaster.pid.
type postmaster struct {
	pid int
	// host is a socket folder or an address of loopback.
	host  string
	port  int
	ready bool
}

// readPostmaster reads postmaster.pid; what it cannot read stays zero, which is
// right for a file that is missing or half written.
func readPostmaster(data string) postmaster {
	var p postmaster
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return p
	}
	// pid, data folder, start time, port, socket folder, address, shared
	// memory key, status: as in PostgreSQL's utils/pidfile.h.
	lines := strings.Split(string(text), "\n")
	line := func(n int) string {
		if n > len(lines) {
			return ""
		}
		return strings.TrimSpace(lines[n-1])
	}
	p.pid, _ = strconv.Atoi(line(1))
	p.port, _ = strconv.Atoi(line(4))
	p.host = line(5)
	if p.host == "" {
		p.host = line(6)
	}
	p.ready = line(8) == "ready"
	return p
}

// answers tells whether somebody listens where the server said it would.
func (p postmaster) answers(ctx context.Context) bool {
	network, address := "tcp", net.JoinHostPort(p.host, strconv.Itoa(p.port))
	if filepath.IsAbs(p.host) {
		network, address = "unix", filepath.Join(p.host, ".s.PGSQL."+strconv.Itoa(p.port))
	}
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
