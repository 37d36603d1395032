//go:build unix

package localpg

import (
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// way is one account that PostgreSQL can have.
type way struct {
	plan    helperPlan
	prepare func(*exec.Cmd)
	// home is where data/ must be, dirMode what Dir must have, owner who must
	// own the data.
	home    string
	dirMode fs.FileMode
	owner   int
}

func (w way) fsync() string {
	if v, ok := w.plan.Settings["fsync"]; ok {
		return v
	}
	return "on"
}

// ways are those of the person who runs the tests: root has them all.
func ways(t *testing.T) map[string]way {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "db")
	all := map[string]way{
		"the caller": {plan: helperPlan{Dir: dir}, home: dir, dirMode: 0o700, owner: os.Geteuid()},
	}
	if os.Geteuid() != 0 {
		return all
	}
	uid, gid := unprivileged()

	// Somebody who is not root needs a way to the folder and to this program.
	open := func() string {
		path, err := os.MkdirTemp("", "localpg-test-")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := os.RemoveAll(path); err != nil {
				t.Error(err)
			}
		})
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dir = filepath.Join(open(), "db")
	all["no namespaces, a folder that others can reach"] = way{
		plan: helperPlan{Dir: dir, NoNamespaces: true, Settings: quick()}, home: dir, dirMode: 0o710, owner: uid,
	}

	closed, outside := t.TempDir(), open()
	if err := os.Chmod(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(closed, "db")
	all["no namespaces, a folder in a private home"] = way{
		plan: helperPlan{Dir: dir, NoNamespaces: true, Outside: []string{outside}, Settings: quick()},
		home: filepath.Join(outside, "winddown-"+shortHash(dir)), dirMode: 0o700, owner: uid,
	}

	base := open()
	program := filepath.Join(base, "program")
	copyFile(t, program, os.Args[0])
	home := filepath.Join(base, "home")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(home, uid, gid); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(home, "db")
	all["an ordinary user"] = way{
		plan: helperPlan{Dir: dir, Settings: quick()}, home: dir, dirMode: 0o700, owner: uid,
		prepare: func(cmd *exec.Cmd) {
			cmd.Path = program
			cmd.Dir = home
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		},
	}
	return all
}

func copyFile(t *testing.T, to, from string) {
	t.Helper()
	in, err := os.Open(from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

func checkModes(t *testing.T, w way) {
	t.Helper()
	data := filepath.Join(w.home, "data")
	for path, want := range map[string]fs.FileMode{
		w.plan.Dir:                                w.dirMode,
		filepath.Join(w.plan.Dir, "password"):     0o600,
		filepath.Join(w.plan.Dir, "postgres.log"): 0o600,
		data:                                     0o700,
		socketPath(t, w):                         0o700,
		filepath.Join(data, "pg_hba.conf"):       0o600,
		filepath.Join(w.plan.Dir, "lock"):        0o600,
		filepath.Join(w.plan.Dir, "server.lock"): 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", path, got, want)
		}
	}
	info, err := os.Stat(data)
	if err != nil {
		t.Fatal(err)
	}
	if got := ownerOf(info); got != w.owner {
		t.Errorf("the data belongs to %d, want %d", got, w.owner)
	}
}

// socketPath returns the folder of the socket as the running server tells it.
func socketPath(t *testing.T, w way) string {
	t.Helper()
	return readPostmaster(filepath.Join(w.home, "data")).host
}

func (s *Server) signalForTest() error { return syscall.Kill(s.at.pid, syscall.SIGKILL) }

// A PostgreSQL from npm lies in the project, where an unprivileged user may not
// get to; then it gets a copy.
func TestBinariesThatTheAccountCannotRunAreCopied(t *testing.T) {
	c := &cluster{Options: Options{Dir: t.TempDir(), NPMDir: fakeNPM(t, "18.4")}}
	c.home = c.Dir
	bin, err := c.npmBinaries(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	bin.dir = "/nonexistent"
	self := account{uid: os.Geteuid(), gid: os.Getegid()}
	for range 2 {
		got, err := c.within(t.Context(), self, bin)
		if err != nil {
			t.Fatal(err)
		}
		if want := filepath.Join(c.home, "postgresql-18.4", "bin"); got.dir != want {
			t.Errorf("binaries in %s, want %s", got.dir, want)
		}
	}
	if _, err := os.ReadFile(filepath.Join(c.home, "postgresql-18.4", "lib", "libpq.so")); err != nil {
		t.Error(err)
	}
}
