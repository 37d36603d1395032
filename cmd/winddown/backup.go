package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"winddown/internal/app"
	"winddown/internal/backup"
	"winddown/internal/files"
	"winddown/internal/localpg"
	"winddown/internal/postgres"
)

// backupCmd writes a backup.
type backupCmd struct {
	databaseFlags
	filesFlags
	File           string   `arg:"" help:"File to write; - for standard output." placeholder:"FILE"`
	Force          bool     `help:"Replace a file that is there already."`
	Recipient      []string `help:"Encrypt to this recipient of age (age1…); may be given again." placeholder:"AGE1…"`
	RecipientsFile string   `env:"WINDDOWN_BACKUP_RECIPIENTS" help:"Encrypt to the recipients in this file, one a line." placeholder:"FILE"`
	Passphrase     bool     `help:"Encrypt with a passphrase, the first line of standard input."`
}

// Run writes the backup under a name of its own until it is whole. One without some of the
// files of the evidence is written, and is an error.
func (c backupCmd) Run(ctx context.Context, std streams) (err error) {
	if c.File != "-" {
		if err := mayWrite(c.File, c.Force); err != nil {
			return err
		}
	}
	to, err := c.recipients(std.in)
	if err != nil {
		return err
	}
	if err := c.mustHaveFiles(c.databaseFlags); err != nil {
		return err
	}
	store, err := c.openFiles(c.databaseFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var report backup.Report
	write := func(out io.Writer) error {
		return c.withAppOf(ctx, std, app.Options{Files: store}, func(a *app.App) error {
			return encrypted(out, to, func(out io.Writer) error {
				var err error
				report, err = a.Backup(ctx, out, "winddown "+version())
				return err
			})
		})
	}
	says := std.out
	if c.File == "-" {
		says = std.err // standard output is the backup
		err = write(std.out)
	} else {
		err = writeFile(c.File, write)
	}
	if err != nil {
		return err
	}
	if err := noteBackup(c.filesDir(c.databaseFlags), report.Head.At); err != nil {
		_, _ = fmt.Fprintln(says, "the backup is written, but «winddown doctor» will not know of it:", err)
	}
	return c.tell(says, report)
}

func (c backupCmd) tell(says io.Writer, report backup.Report) error {
	h := report.Head
	if _, err := fmt.Fprintf(says, "%d tables, %d rows, %d files of %d bytes; snapshot of %s, schema %d\n",
		report.Tables, report.Rows, report.Files, report.Bytes, h.At.Format(time.RFC3339), h.Schema); err != nil {
		return err
	}
	for _, m := range report.Missing {
		if _, err := fmt.Fprintln(says, "missing:", m); err != nil {
			return err
		}
	}
	if n := len(report.Missing); n > 0 {
		return fmt.Errorf("the backup was written without files that the evidence refers to; missing: %d", n)
	}
	_, err := fmt.Fprintln(says, "OK")
	return err
}

// recipients are those the backup is encrypted to; none for a backup in the clear.
func (c backupCmd) recipients(in io.Reader) (backup.Recipients, error) {
	lists := c.Recipient
	if c.RecipientsFile != "" {
		text, err := os.ReadFile(c.RecipientsFile)
		if err != nil {
			return nil, err
		}
		lists = append(lists, string(text))
	}
	if c.Passphrase {
		if len(lists) > 0 {
			return nil, errors.New("a backup is encrypted either to recipients or with a passphrase")
		}
		words, err := readPassword(in, "winddown … --passphrase")
		if err != nil {
			return nil, err
		}
		to, _, err := backup.Passphrase(words)
		return to, err
	}
	if len(lists) == 0 {
		return nil, nil
	}
	return backup.ParseRecipients(strings.NewReader(strings.Join(lists, "\n")))
}

// encrypted runs fn over what encrypts to out, or over out where there are no recipients.
func encrypted(out io.Writer, to backup.Recipients, fn func(io.Writer) error) error {
	if len(to) == 0 {
		return fn(out)
	}
	w, err := backup.Encrypt(out, to)
	if err != nil {
		return err
	}
	if err := fn(w); err != nil {
		return err // without its end it can be told from a whole one
	}
	return w.Close()
}

// backupNote is the file beside the evidence that says when the last backup was made, so that
// nothing has to be written into the database for it.
const backupNote = "last-backup"

func noteBackup(dir string, at time.Time) error {
	return writeFile(filepath.Join(dir, backupNote), func(w io.Writer) error {
		_, err := fmt.Fprintln(w, at.Format(time.RFC3339))
		return err
	})
}

// identityFlags are the keys that open an encrypted backup.
type identityFlags struct {
	Identity   []string `help:"File of keys of age that open an encrypted backup; may be given again." placeholder:"FILE"`
	Passphrase bool     `help:"The backup is encrypted with a passphrase, the first line of standard input."`
}

func (f identityFlags) keys(in io.Reader) (all backup.Identities, err error) {
	for _, path := range f.Identity {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		keys, err := backup.ParseIdentities(file)
		if err = errors.Join(err, file.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, keys...)
	}
	if f.Passphrase {
		words, err := readPassword(in, "winddown … --passphrase")
		if err != nil {
			return nil, err
		}
		_, keys, err := backup.Passphrase(words)
		if err != nil {
			return nil, err
		}
		all = append(all, keys...)
	}
	return all, nil
}

// openBackup opens a backup, from standard input for -, in the clear.
func (f identityFlags) openBackup(path string, in io.Reader) (clear io.Reader, end func() error, err error) {
	if path == "-" && f.Passphrase {
		return nil, nil, errors.New("standard input cannot be both the backup and the passphrase: give the backup as a file")
	}
	keys, err := f.keys(in)
	if err != nil {
		return nil, nil, err
	}
	end = func() error { return nil }
	if path != "-" {
		file, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, nil, fmt.Errorf("there is no file %s", path)
		}
		if err != nil {
			return nil, nil, err
		}
		in, end = file, file.Close
		if info, err := file.Stat(); err == nil && info.IsDir() {
			return nil, nil, errors.Join(fmt.Errorf("%s is not a file", path), end())
		}
	}
	clear, err = backup.Decrypt(in, keys)
	switch {
	case errors.Is(err, backup.ErrEncrypted):
		err = fmt.Errorf("%s is encrypted: give the file of its key with --identity", path)
	case errors.Is(err, backup.ErrWrongKey):
		err = fmt.Errorf("%s is encrypted to other keys than those given", path)
	}
	if err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return clear, end, nil
}

// restoreCmd reads a backup.
type restoreCmd struct {
	databaseFlags
	filesFlags
	keyFlags
	identityFlags
	File string `arg:"" help:"Backup to read; - for standard input." placeholder:"FILE"`
}

// Run restores into an empty database and an empty folder, and checks what it restored.
func (c restoreCmd) Run(ctx context.Context, std streams) (err error) {
	in, end, err := c.openBackup(c.File, std.in)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	in = bufio.NewReader(in)
	dir := c.filesDir(c.databaseFlags)
	folder, err := files.OpenEmpty(dir)
	if errors.Is(err, files.ErrNotEmpty) {
		return fmt.Errorf("a backup is restored into an empty folder, and %s is not: %w; name another one with --files-dir", dir, err)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	return c.withURL(ctx, std, localpg.Join, func(url string) error {
		if direct := c.direct(); direct != "" {
			url = direct
		}
		report, err := app.Restore(ctx, url, folder, in)
		if errors.Is(err, postgres.ErrNotEmpty) { // nothing was begun, and nothing is to be gone on with
			err = errors.Join(err, folder.Done())
		}
		if err != nil {
			return c.explain(err, dir)
		}
		return c.check(ctx, std, url, report)
	})
}

// check walks every trail that was restored.
func (c restoreCmd) check(ctx context.Context, std streams, url string, report backup.Report) error {
	db, err := postgres.Open(ctx, postgres.Options{URL: url})
	if err != nil {
		return err
	}
	defer db.Close()
	ring, err := c.ring(c.databaseFlags)
	if err != nil {
		return fmt.Errorf("everything was restored, but the keys cannot be read: %w", err)
	}
	a := app.New(db, app.Options{Keys: ring})
	n, events, err := a.VerifyAll(ctx)
	if err != nil {
		return fmt.Errorf("everything was restored, but a trail is broken, as it was in the backup: %w", err)
	}
	if _, err := fmt.Fprintf(std.out, "%d tables, %d rows, %d files; %d events of %d trails hold; as of %s\n",
		report.Tables, report.Rows, report.Files, events, n, report.Head.At.Format(time.RFC3339)); err != nil {
		return err
	}
	for _, m := range report.Missing {
		if _, err := fmt.Fprintln(std.out, "missing since the backup was made:", m); err != nil {
			return err
		}
	}
	if keys, err := a.CheckKeys(ctx); err != nil {
		return err
	} else if left := unopened(keys); left != nil {
		if _, err := fmt.Fprintln(std.out, left); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintln(std.out, "OK")
	return err
}

// explain says what to do about a restore that failed.
func (c restoreCmd) explain(err error, dir string) error {
	var damage backup.Damage
	switch {
	case errors.As(err, &damage):
		err = fmt.Errorf("the backup is damaged, and nothing was restored: %w; «winddown verify %s» lists all of it", damage, c.File)
	case errors.Is(err, backup.ErrNoBackup):
		err = fmt.Errorf("%s is no backup", c.File)
	case errors.Is(err, postgres.ErrNotEmpty):
		err = fmt.Errorf("a backup is restored into an empty database: %w; make a new one and name it with --database-url", err)
	case errors.Is(err, postgres.ErrNewerSchema):
		err = errors.New("the backup was made by a newer winddown: install that one and restore with it")
	case errors.Is(err, postgres.ErrLaterSchema):
		err = errors.New("the database is empty, but its schema is later than the backup's: make a new one, without «winddown migrate up»")
	case errors.Is(err, postgres.ErrInUse):
		err = errors.New("somebody else uses the database: stop «winddown serve» and «winddown work», and restore again")
	case errors.Is(err, files.ErrNoSpace):
		err = fmt.Errorf("%s is full, and the database was left empty: %w", dir, err)
	}
	return fmt.Errorf("%w (files may lie in %s: the next restore writes over them)", err, dir)
}
