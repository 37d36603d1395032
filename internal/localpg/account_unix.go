//go:build unix

package localpg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is who PostgreSQL runs as. It refuses to run as root, so root needs
// a way round, and who owns the data says which one was taken:
//
//   - In a user namespace root is mapped to an ordinary id. PostgreSQL then is
//     root to everything outside, without root's powers: its files stay in Dir
//     and belong to root, even under a home that nobody else may enter.
//   - Where namespaces are refused, as in most containers, PostgreSQL runs as
//     an unprivileged user of the machine. The data belongs to that user, in
//     Dir if the user can get there, else in a folder outside whose name is
//     kept in the file location.
type account struct {
	// uid and gid own the files, as seen from outside a namespace.
	uid, gid int
	// as is set when PostgreSQL changes to uid, inside is not zero when it runs
	// in a namespace under that id.
	as     bool
	inside int
}

const unixSockets = true

func (a account) attr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if a.as {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
	}
	if a.inside != 0 {
		enterNamespace(attr, a.inside)
	}
	return attr
}

// mkdir makes a folder that belongs to the account.
func (a account) mkdir(path string) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	if a.as {
		return os.Lchown(path, a.uid, a.gid)
	}
	return nil
}

// ownFolder makes path anew for the account alone, and tells whether it could:
// in a temporary folder somebody else may have been there first.
func (a account) ownFolder(path string) bool {
	if info, err := os.Lstat(path); err == nil {
		if owner := ownerOf(info); !info.IsDir() || owner != a.uid && owner != os.Geteuid() {
			return false
		}
		// Left by a crash. PostgreSQL could take the pid in the lock file for a
		// living server's.
		_ = os.Remove(filepath.Join(path, socketFile))
		_ = os.Remove(filepath.Join(path, socketFile+".lock"))
		_ = os.Remove(path)
	}
	return a.mkdir(path) == nil
}

func ownerOf(info fs.FileInfo) int { return int(info.Sys().(*syscall.Stat_t).Uid) }

// account decides who PostgreSQL runs as and returns binaries that this account
// can run; for that they may have been copied, and c.home may have moved.
func (c *cluster) account(ctx context.Context, bin binaries) (account, binaries, error) {
	self := account{uid: os.Geteuid(), gid: os.Getegid()}
	info, err := os.Stat(c.data())
	made := err == nil
	if !made {
		if info, err = os.Stat(c.Dir); err != nil {
			return self, bin, err
		}
	}
	owner := ownerOf(info)
	if self.uid != 0 {
		if owner != self.uid {
			return self, bin, foreign(c.Dir)
		}
		return self, bin, nil
	}
	if owner != 0 {
		a := account{uid: owner, gid: int(info.Sys().(*syscall.Stat_t).Gid), as: true}
		bin, err = c.within(ctx, a, bin)
		return a, bin, err
	}

	uid, gid := unprivileged()
	refused := errors.New("not supported here")
	if namespaces && !c.noNamespaces {
		a := account{uid: 0, gid: 0, inside: uid}
		if refused = a.try(ctx, bin, c.home); refused == nil {
			return a, bin, nil
		}
		if ctx.Err() != nil {
			return a, bin, context.Cause(ctx)
		}
	}
	if made {
		return self, bin, fmt.Errorf("PostgreSQL does not run as root, and a user namespace, in which it made %s, cannot be had now (%v): "+
			"make it the property of an ordinary user with chown -R and run winddown as that user, or set DATABASE_URL to use another server", c.data(), refused)
	}
	a := account{uid: uid, gid: gid, as: true}
	b, err := c.settle(ctx, a, bin)
	if err != nil {
		return a, b, fmt.Errorf("PostgreSQL does not run as root; a user namespace cannot be had (%v), nor can it run as user %d (%w): "+
			"run winddown as an ordinary user, or set DATABASE_URL to use another server", refused, uid, err)
	}
	return a, b, nil
}

// try runs the server's --version as the account, in the given folder.
func (a account) try(ctx context.Context, bin binaries, folder string) error {
	cmd := tools{account: a, binaries: bin}.command(ctx, "postgres", "--version")
	cmd.Dir = folder
	out, err := finish(cmd)
	if err != nil && out != "" {
		return fmt.Errorf("%w: %s", err, lastLine(out))
	}
	return err
}

// settle finds a home for the data that the account can reach: Dir, else a
// folder outside.
func (c *cluster) settle(ctx context.Context, a account, bin binaries) (binaries, error) {
	err := errors.New("it cannot reach " + c.Dir)
	if c.home == c.Dir && passable(filepath.Dir(c.Dir), a) {
		if err := letPass(c.Dir, a); err != nil {
			return bin, err
		}
		return c.within(ctx, a, bin)
	}
	for _, parent := range c.outside {
		if !passable(parent, a) {
			continue
		}
		home := filepath.Join(parent, "winddown-"+shortHash(c.Dir))
		if err = os.Mkdir(home, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			continue
		}
		// In /var/tmp somebody else may have made it.
		var info fs.FileInfo
		if info, err = os.Lstat(home); err != nil || !info.IsDir() || ownerOf(info) != 0 {
			continue
		}
		if err = letPass(home, a); err != nil {
			continue
		}
		c.home = home
		b, err := c.within(ctx, a, bin)
		if err != nil {
			return b, err
		}
		return b, writeFile(c.path("location"), []byte(home+"\n"))
	}
	return bin, err
}

// within returns binaries that the account can run: those given, else a copy of
// them in c.home.
func (c *cluster) within(ctx context.Context, a account, bin binaries) (binaries, error) {
	err := a.try(ctx, bin, c.home)
	if err == nil || bin.npm == "" {
		return bin, err
	}
	copied := filepath.Join(c.home, "postgresql-"+bin.version)
	if _, err := os.Stat(copied); errors.Is(err, fs.ErrNotExist) {
		fresh := copied + ".new"
		if err := os.RemoveAll(fresh); err != nil {
			return bin, err
		}
		if err := copyTree(fresh, bin.npm); err != nil {
			return bin, err
		}
		if err := os.Rename(fresh, copied); err != nil {
			return bin, err
		}
	}
	bin.dir = filepath.Join(copied, "bin")
	return bin, a.try(ctx, bin, c.home)
}

// letPass lets the account's group pass through a folder of root's, and no more.
func letPass(dir string, a account) error {
	if err := os.Chown(dir, 0, a.gid); err != nil {
		return err
	}
	return os.Chmod(dir, 0o710)
}

// passable tells whether the account may enter a folder and all those above it.
func passable(dir string, a account) bool {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return false
	}
	for {
		info, err := os.Stat(dir)
		if err != nil {
			return false
		}
		st := info.Sys().(*syscall.Stat_t)
		bit := fs.FileMode(0o001)
		switch {
		case int(st.Uid) == a.uid:
			bit = 0o100
		case int(st.Gid) == a.gid:
			bit = 0o010
		}
		if info.Mode()&bit == 0 {
			return false
		}
		if parent := filepath.Dir(dir); parent != dir {
			dir = parent
			continue
		}
		return true
	}
}

// unprivileged returns an ordinary user of the machine. It has to be in the
// user database: initdb asks for its name.
func unprivileged() (uid, gid int) {
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.Atoi(u.Uid)
		if err != nil || uid == 0 {
			continue
		}
		if gid, err := strconv.Atoi(u.Gid); err == nil {
			return uid, gid
		}
	}
	return 65534, 65534
}

// copyTree copies folders, files and symbolic links, readable for everybody.
func copyTree(to, from string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		info, err := d.Info()
		if err != nil {
			return err
		}
		switch {
		case d.IsDir():
			if err := os.Mkdir(target, 0o755); err != nil {
				return err
			}
			return os.Chmod(target, 0o755)
		case info.Mode()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		mode := 0o644 | info.Mode().Perm()&0o111
		if err := os.WriteFile(target, content, mode); err != nil {
			return err
		}
		return os.Chmod(target, mode)
	})
}
