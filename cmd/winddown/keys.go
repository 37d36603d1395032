package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"winddown/internal/app"
	"winddown/internal/keyring"
)

// keyFlags say which keys encrypt the secrets in the database. They are never part of a command,
// which everybody on the machine could read.
type keyFlags struct {
	SecretKeyFile string `env:"WINDDOWN_SECRET_KEY_FILE" help:"File of the keys that encrypt secrets in the database, one a line, the first for new ones; without it secret.key in the data folder." placeholder:"FILE"`
}

// keysVariable holds the keys themselves, with spaces between; no flag does, so that they are
// nowhere to be read by others on the machine.
const keysVariable = "WINDDOWN_SECRET_KEYS"

// refuseKeys says where keys belong to somebody who gives them on the command line.
func refuseKeys(args []string) error {
	for _, arg := range args {
		if arg == "--secret-keys" || strings.HasPrefix(arg, "--secret-keys=") {
			return errors.New("keys do not belong on the command line, where everybody on the machine can read them: put them into a file of your own, one a line, and name it with --secret-key-file, or into the environment as " +
				keysVariable + "; replace those you have just given by «winddown keys new» and «winddown keys rotate»")
		}
	}
	return nil
}

// keyFile is the file of the keys in the data folder.
const keyFile = "secret.key"

func (f keyFlags) path(data databaseFlags) string {
	if f.SecretKeyFile != "" {
		return f.SecretKeyFile
	}
	return filepath.Join(data.DataDir, keyFile)
}

// ring reads the keys; nil where none are set.
func (f keyFlags) ring(data databaseFlags) (*keyring.Ring, error) {
	if given := os.Getenv(keysVariable); given != "" {
		if f.SecretKeyFile != "" {
			return nil, errors.New("keys come either from WINDDOWN_SECRET_KEYS or from a file, not from both")
		}
		ring, err := keyring.Parse(strings.Join(strings.Fields(strings.ReplaceAll(given, ",", " ")), "\n"))
		if err != nil {
			err = fmt.Errorf("WINDDOWN_SECRET_KEYS: %w", err)
		}
		return ring, err
	}
	path := f.path(data)
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.SecretKeyFile == "":
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file of keys %s: bring it back from where you keep it, or make one with «winddown keys new»", path)
	case err != nil:
		return nil, err
	}
	ring, err := keyring.Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	ring.Follow(func() (*keyring.Ring, error) { return f.ring(data) })
	return ring, nil
}

// ownRing is ring, but makes a key where the database is our own and there is none yet. Whoever
// brings a database of his own may have several machines, and gives the same keys to all.
func (f keyFlags) ownRing(data databaseFlags) (*keyring.Ring, error) {
	ring, err := f.ring(data)
	if err != nil || ring != nil || data.DatabaseURL != "" {
		return ring, err
	}
	file, err := os.OpenFile(f.path(data), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) { // another process was faster
		return f.ring(data)
	}
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintln(file, keyring.NewKey())
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, errors.Join(err, os.Remove(f.path(data)))
	}
	return f.ring(data)
}

type keysCmd struct {
	New    keysNewCmd    `cmd:"" help:"Put a new key above the others in the file of keys, or begin the file."`
	Rotate keysRotateCmd `cmd:"" help:"Encrypt anew, with the first key, whatever is encrypted with another one."`
}

type keysNewCmd struct {
	databaseFlags
	keyFlags
}

// Run makes a key. Nothing is encrypted with it before the servers have read it.
func (c keysNewCmd) Run(std streams) error {
	if os.Getenv(keysVariable) != "" {
		return errors.New("the keys are in WINDDOWN_SECRET_KEYS: unset it, or put a key there yourself, for instance one made with «openssl rand -base64 32»")
	}
	path := c.path(c.databaseFlags)
	ring, err := addKey(path)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%s: keys: %d, the first is %s; restart the servers, run «winddown keys rotate», and keep a copy of the file apart from the backups\n",
		path, len(ring.Names()), ring.First())
	return err
}

// addKey puts a new key above those in a file. The new contents are whole beside it before they
// take its name, owner and mode; the name of the file beside is the same for all, so that of two
// who add a key at once one is refused.
func addKey(path string) (ring *keyring.Ring, err error) {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	before, info, err := readKeys(path)
	if err != nil {
		return nil, err
	}
	text := keyring.NewKey() + "\n" + string(before)
	if ring, err = keyring.Parse(text); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	beside := path + ".new"
	file, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("there is a file %s: another «winddown keys new» is at work or was broken off; look whether one runs, remove the file if not, and begin again", beside)
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(beside))
		}
	}()
	_, err = io.WriteString(file, text)
	if err == nil && info != nil {
		if err = sameOwner(file, info); err != nil {
			err = fmt.Errorf("%s belongs to somebody else, and would be ours: run this as its owner (%w)", path, err)
		} else {
			err = file.Chmod(info.Mode().Perm())
		}
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, err
	}
	now, _, err := readKeys(path)
	if err == nil && string(now) != string(before) {
		err = fmt.Errorf("%s was changed meanwhile, and stays as it is now: begin again", path)
	}
	if err != nil {
		return nil, err
	}
	if err := os.Rename(beside, path); err != nil {
		return nil, err
	}
	return ring, syncDir(filepath.Dir(path))
}

// readKeys reads a file of keys that need not be there.
func readKeys(path string) (text []byte, info fs.FileInfo, err error) {
	if info, err = os.Stat(path); err == nil {
		text, err = os.ReadFile(path)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	return text, info, err
}

// sameOwner gives a file the owner and group of another one.
func sameOwner(file *os.File, as fs.FileInfo) error {
	is, err := file.Stat()
	if err != nil {
		return err
	}
	user, group, told := owner(as)
	if u, g, _ := owner(is); !told || u == user && g == group {
		return nil
	}
	return file.Chown(user, group)
}

type keysRotateCmd struct {
	databaseFlags
	keyFlags
}

// Run encrypts anew what is encrypted with another key than the first.
func (c keysRotateCmd) Run(ctx context.Context, std streams) error {
	ring, err := c.ring(c.databaseFlags)
	if err != nil {
		return err
	}
	if ring == nil {
		return errors.New("no keys are set: begin with «winddown keys new»")
	}
	return c.withAppOf(ctx, std, app.Options{Keys: ring}, func(a *app.App) error {
		n, err := a.ResealSecrets(ctx)
		if err != nil {
			return err
		}
		left, err := a.CheckKeys(ctx)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(std.out, "encrypted anew: %d; with the first key %s now: %d; with older keys: %d\n", n, ring.First(), left.First, left.Older); err != nil {
			return err
		}
		return errors.Join(outdated(left), unopened(left))
	})
}

// outdated says what to do about secrets that an older key encrypts, though all were encrypted anew: a
// server that does not know the first key goes on writing with its own. Nil where there are none.
func outdated(c app.KeyCheck) error {
	if c.Older == 0 {
		return nil
	}
	return fmt.Errorf("encrypted with an older key still: %s; keep the older keys in the file, restart every server so that it knows the first key, and run «winddown keys rotate» again", secrets(c.Older))
}

// unopened says what to do about secrets that nothing here opens; nil where there are none.
func unopened(c app.KeyCheck) (err error) {
	if c.Unknown > 0 {
		err = fmt.Errorf("encrypted with keys that are not here (%s): %s of second factors; put those keys below the first in the file of keys; if they are lost, people get in with their recovery codes, or you run «winddown user two-factor-off ADDRESS» for them",
			strings.Join(c.UnknownKeys, ", "), secrets(c.Unknown))
	}
	if len(c.Damaged) > 0 {
		const shown = 20
		names := c.Damaged
		if len(names) > shown {
			names = append(slices.Clone(names[:shown]), fmt.Sprintf("and %d more", len(c.Damaged)-shown))
		}
		err = errors.Join(err, fmt.Errorf("damaged, so that their key does not open them: the second factors of %s; bring those rows back from a backup, or run «winddown user two-factor-off ADDRESS» for each, who then sets his up again; until then they get in with recovery codes",
			strings.Join(names, ", ")))
	}
	return err
}

// secrets is a number of secrets in words.
func secrets(n int) string {
	if n == 1 {
		return "1 secret"
	}
	return fmt.Sprintf("%d secrets", n)
}
