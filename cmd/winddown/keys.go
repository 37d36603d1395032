package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"winddown/internal/app"
	"winddown/internal/keyring"
)

// keyFlags say which keys encrypt the secrets in the database. They are never part of a command,
// which everybody on the machine could read.
type keyFlags struct {
	SecretKeyFile string `env:"WINDDOWN_SECRET_KEY_FILE" help:"File of the keys that encrypt secrets in the database, one a line, the first for new ones; without it secret.key in the data folder." placeholder:"FILE"`
	SecretKeys    string `env:"WINDDOWN_SECRET_KEYS" hidden:"" help:"The keys themselves, with spaces between."`
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
	if f.SecretKeys != "" {
		if f.SecretKeyFile != "" {
			return nil, errors.New("keys come either from WINDDOWN_SECRET_KEYS or from a file, not from both")
		}
		ring, err := keyring.Parse(strings.Join(strings.Fields(strings.ReplaceAll(f.SecretKeys, ",", " ")), "\n"))
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
		err = fmt.Errorf("%s: %w", path, err)
	}
	return ring, err
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
	if c.SecretKeys != "" {
		return errors.New("the keys are in WINDDOWN_SECRET_KEYS: unset it, or put a key there yourself, for instance one made with «openssl rand -base64 32»")
	}
	path := c.path(c.databaseFlags)
	before, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	text := keyring.NewKey() + "\n" + string(before)
	ring, err := keyring.Parse(text)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if err := writeFile(path, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%s: %d keys, the first is %s; restart the servers, run «winddown keys rotate», and keep a copy of the file apart from the backups\n",
		path, len(ring.Names()), ring.First())
	return err
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
		if _, err := fmt.Fprintf(std.out, "encrypted anew: %d; with the first key %s now: %d\n", n, ring.First(), left.First); err != nil {
			return err
		}
		if left.Unknown > 0 {
			return unknownKeys(left)
		}
		return nil
	})
}

// unknownKeys says what to do about secrets that nothing here opens.
func unknownKeys(c app.KeyCheck) error {
	return fmt.Errorf("%d secrets of second factors are encrypted with keys that are not here (%s): put those keys below the first in the file of keys; if they are lost, people get in with their recovery codes, or you run «winddown user two-factor-off ADDRESS» for them",
		c.Unknown, strings.Join(c.UnknownKeys, ", "))
}
