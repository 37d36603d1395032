package localpg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// tools runs PostgreSQL's programs as the account they need.
type tools struct {
	account
	binaries
	// alive is the locked server.lock, which every process inherits.
	alive *os.File
}

// command returns a command for one of PostgreSQL's programs, killed when ctx
// ends and in a process group of its own: Ctrl-C in the terminal is for winddown, which stops the
// server after its last request. The environment is bare, because PG* and
// locale variables would change what the programs do.
func (t tools) command(ctx context.Context, tool string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, t.path(tool), args...)
	cmd.Env = []string{"LC_ALL=C", "TZ=UTC", "PATH=/usr/bin:/bin"}
	cmd.Dir = string(filepath.Separator)
	cmd.SysProcAttr = t.attr()
	if t.alive != nil && runtime.GOOS != "windows" {
		cmd.ExtraFiles = []*os.File{t.alive}
	}
	return cmd
}

// finish runs a command to its end, or to the end of its context.
func finish(cmd *exec.Cmd) (output string, err error) {
	// initdb has children, which hold its output open a little longer.
	cmd.WaitDelay = 5 * time.Second
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// prepare makes the cluster and the password if they are not there yet, and
// returns the password.
func (c *cluster) prepare(ctx context.Context, t tools) (string, error) {
	_, err := os.Stat(filepath.Join(c.data(), "PG_VERSION"))
	made := err == nil
	if !made {
		if entries, err := os.ReadDir(c.data()); err == nil && len(entries) > 0 {
			return "", fmt.Errorf("%s holds something, but no PostgreSQL data: move it away to begin with an empty database", c.data())
		}
	}
	password, err := os.ReadFile(c.path("password"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		password = []byte(newPassword())
	case err != nil:
		return "", err
	case len(password) == 0:
		return "", fmt.Errorf("%s is empty: remove it, and a new password is made", c.path("password"))
	}
	lost := err != nil
	if !made {
		if err := c.create(ctx, t, string(password)); err != nil {
			return "", err
		}
	} else if lost {
		if _, err := c.single(ctx, t, c.data(), setPassword(string(password))); err != nil {
			return "", err
		}
	}
	if lost {
		// After the cluster has it: with no file the next start makes another.
		if err := writeFile(c.path("password"), password); err != nil {
			return "", err
		}
	}
	return string(password), nil
}

// create makes the cluster beside its final place and moves it there when it is
// complete, so that a crash in between leaves nothing half made.
func (c *cluster) create(ctx context.Context, t tools, password string) error {
	fresh := filepath.Join(c.home, "data.new")
	// The C.UTF-8 of the system, else PostgreSQL's own, else plain C: nothing
	// in winddown relies on how the database sorts or folds case.
	locales := [][]string{{"--locale=C.UTF-8"}, {"--locale=C"}}
	if t.major >= 17 {
		locales = [][]string{locales[0], {"--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"}, locales[1]}
	}
	for i, locale := range locales {
		if err := os.RemoveAll(fresh); err != nil {
			return err
		}
		if err := t.mkdir(fresh); err != nil {
			return err
		}
		// Until pg_hba.conf is written below, nobody gets in.
		args := append([]string{"-D", fresh, "-U", role, "-A", "reject", "--encoding=UTF8"}, locale...)
		if c.careless() {
			args = append(args, "--no-sync")
		}
		out, err := finish(t.command(ctx, "initdb", args...))
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if i == len(locales)-1 || !strings.Contains(out, "locale") {
			return fmt.Errorf("initdb could not make the database in %s: %w: %s", fresh, err, lastLine(out))
		}
	}
	const hba = "# Written by winddown.\n" +
		"local all all scram-sha-256\n" +
		"host all all 127.0.0.1/32 scram-sha-256\n"
	if err := os.WriteFile(filepath.Join(fresh, "pg_hba.conf"), []byte(hba), 0o600); err != nil {
		return err
	}
	const encoding = "SELECT pg_encoding_to_char(encoding) AS encoding FROM pg_database WHERE datname = '" + database + "'"
	out, err := c.single(ctx, t, fresh, setPassword(password), "CREATE DATABASE "+database+" TEMPLATE template0", encoding)
	if err != nil {
		return err
	}
	if !strings.Contains(out, `encoding = "UTF8"`) {
		return fmt.Errorf("the new database is not in UTF-8: %s", lastLine(out))
	}
	// An empty data/ may be in the way where renaming onto it is refused.
	if err := os.Remove(c.data()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(fresh, c.data()); err != nil {
		return err
	}
	return syncDir(c.home)
}

// careless tells whether the data may be lost in a power cut.
func (c *cluster) careless() bool { return c.Settings["fsync"] == "off" }

func setPassword(password string) string {
	return "ALTER ROLE " + role + " PASSWORD '" + password + "'"
}

// single runs statements in a server without listeners or other sessions. They
// go in by standard input, so that the password shows in no process list.
func (c *cluster) single(ctx context.Context, t tools, data string, statements ...string) (string, error) {
	args := []string{"--single", "-D", data, "-c", "log_checkpoints=off", "-c", "exit_on_error=on"}
	if c.careless() {
		args = append(args, "-F")
	}
	cmd := t.command(ctx, "postgres", append(args, "postgres")...)
	// One statement a line; a newline ends it.
	cmd.Stdin = strings.NewReader(strings.Join(statements, "\n") + "\n")
	out, err := finish(cmd)
	if err != nil {
		return out, fmt.Errorf("PostgreSQL could not prepare %s: %w: %s", data, err, lastLine(out))
	}
	return out, nil
}
