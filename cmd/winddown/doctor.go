package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"winddown/internal/app"
	"winddown/internal/files"
	"winddown/internal/mail"
)

// doctorCmd checks an installation. It changes nothing but for a file that it removes again
// and, if it is asked to, a letter.
type doctorCmd struct {
	databaseFlags
	filesFlags
	keyFlags
	mailFlags
	BaseURL   string        `env:"WINDDOWN_BASE_URL" help:"Address people reach the site at." placeholder:"URL"`
	Mail      string        `help:"Send a test letter to this address." placeholder:"ADDRESS"`
	BackupAge time.Duration `env:"WINDDOWN_BACKUP_AGE" default:"26h" help:"How old the last backup may be; 0 where backups are made by something else."`
	MinSpace  int64         `env:"WINDDOWN_MIN_SPACE" default:"2048" help:"Megabytes that have to be free for files." placeholder:"MB"`
}

// Run makes every check, whatever the others find, and fails if one of them does.
func (c doctorCmd) Run(ctx context.Context, std streams) error {
	db, unreachable := c.open(ctx, newLog(io.Discard, "text"), find)
	over := func(check func(context.Context, *database) (string, error)) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			if unreachable != nil {
				return "not checked: the database is not reached", nil
			}
			return check(ctx, db)
		}
	}
	checks := []struct {
		name string
		run  func(context.Context) (string, error)
	}{
		{"database", func(context.Context) (string, error) {
			if unreachable != nil {
				return "", fmt.Errorf("%w; check DATABASE_URL, and that the server runs", unreachable)
			}
			return "answers", nil
		}},
		{"schema", over(c.schema)}, {"search", over(c.search)}, {"clock", over(c.clock)},
		{"keys", over(c.keys)}, {"files", c.files}, {"disk", c.disk}, {"base URL", c.baseURL}, {"mail", c.mail}, {"backup", c.backup},
	}
	bad := 0
	for _, check := range checks {
		says, err := check.run(ctx)
		if err != nil {
			bad++
			says = "PROBLEM: " + err.Error()
		}
		if _, err := fmt.Fprintf(std.out, "%-9s %s\n", check.name, says); err != nil {
			return err
		}
	}
	if unreachable == nil {
		if err := db.close(); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d checks failed", bad, len(checks))
	}
	return nil
}

func (c doctorCmd) schema(ctx context.Context, db *database) (string, error) {
	if err := db.checkSchema(ctx); err != nil {
		return "", err
	}
	return "is up to date", nil
}

func (c doctorCmd) search(ctx context.Context, db *database) (string, error) {
	there, err := db.HasTrigrams(ctx)
	if err == nil && !there {
		err = errors.New("the extension pg_trgm is not in the database, so sellers are not found: let an administrator of the server run CREATE EXTENSION pg_trgm in it (on many systems it comes in the package postgresql-contrib)")
	}
	if err != nil {
		return "", err
	}
	return "the extension pg_trgm is there", nil
}

// maxDrift is how far the clocks of the program and the database may be apart.
const maxDrift = 5 * time.Second

func (c doctorCmd) clock(ctx context.Context, db *database) (string, error) {
	asked := time.Now()
	at, err := db.Clock(ctx)
	if err != nil {
		return "", err
	}
	// It was read at some time between the question and the answer.
	answered := time.Now()
	if at.Before(asked.Add(-maxDrift)) || at.After(answered.Add(maxDrift)) {
		return "", fmt.Errorf("it is %s here and %s on the database's machine, so deadlines and links end at a wrong time: let both machines set their clocks by the network (for instance with chrony)",
			answered.UTC().Format(time.DateTime), at.UTC().Format(time.DateTime))
	}
	return "agrees with the database's; " + answered.Format(time.RFC3339), nil
}

func (c doctorCmd) keys(ctx context.Context, db *database) (string, error) {
	ring, err := c.ring(c.databaseFlags)
	if err != nil {
		return "", err
	}
	if db.checkSchema(ctx) != nil {
		return "not checked: the schema is not up to date", nil
	}
	check, err := app.New(db.DB, app.Options{Keys: ring}).CheckKeys(ctx)
	switch {
	case err != nil:
		return "", err
	case unopened(check) != nil:
		return "", unopened(check)
	case ring == nil && c.DatabaseURL != "":
		return "", errors.New("none are set, so nobody can turn two-step login on: make a file with «winddown keys new», give it to every process with --secret-key-file, and keep a copy apart from the backups")
	case ring == nil:
		return "one is made at the first start", nil
	case check.Older > 0:
		return "", fmt.Errorf("encrypted with an older key: %s; restart the servers, run «winddown keys rotate», then take the older keys out of the file", secrets(check.Older))
	}
	return fmt.Sprintf("%d here, the first is %s; it encrypts all that is encrypted: %s", len(ring.Names()), ring.First(), secrets(check.First)), nil
}

// files writes a file as evidence is written: to the disk, and under its name.
func (c doctorCmd) files(context.Context) (string, error) {
	dir := c.filesDir(c.databaseFlags)
	path := filepath.Join(dir, ".doctor-"+strings.ToLower(rand.Text()[:8]))
	err := writeFile(path, func(w io.Writer) error {
		_, err := io.WriteString(w, "doctor")
		return err
	})
	if err != nil {
		return "", fmt.Errorf("evidence cannot be written: %w; make the folder and give it to the user who serves, or name another one with --files-dir", err)
	}
	if err := os.Remove(path); err != nil {
		return "", err
	}
	return dir + " can be written to, and what is written lasts", nil
}

func (c doctorCmd) disk(context.Context) (string, error) {
	dir := c.filesDir(c.databaseFlags)
	free, known, err := files.Free(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "not checked: there is no folder " + dir, nil
	case err != nil:
		return "", err
	case !known:
		return "not checked: this system does not tell", nil
	case free>>20 < uint64(max(c.MinSpace, 0)):
		return "", fmt.Errorf("%d MB are free for files, less than %d: make room or move the folder to a larger disk (--files-dir), before uploads are refused", free>>20, c.MinSpace)
	}
	return fmt.Sprintf("%d MB are free for files", free>>20), nil
}

func (c doctorCmd) backup(context.Context) (string, error) {
	if c.BackupAge == 0 {
		return "not checked: --backup-age is 0", nil
	}
	text, err := os.ReadFile(filepath.Join(c.filesDir(c.databaseFlags), backupNote))
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("no backup has been made yet: make one now with «winddown backup FILE», such as «winddown backup /backups/winddown.backup», and then one every night, for instance with cron, and keep it on another machine; with other means of backup set --backup-age 0")
	}
	if err != nil {
		return "", err
	}
	at, err := time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	if err != nil {
		return "", fmt.Errorf("when the last one was made cannot be read: %w; make one with «winddown backup FILE»", err)
	}
	if age := time.Since(at); age > c.BackupAge {
		return "", fmt.Errorf("the last one was made %s ago, at %s, more than %s: look why «winddown backup» does not run every night", age.Round(time.Minute), at.Format(time.RFC3339), c.BackupAge)
	}
	return "the last one was made at " + at.Format(time.RFC3339), nil
}

func (c doctorCmd) baseURL(context.Context) (string, error) {
	if c.BaseURL == "" {
		return "", errors.New("it is not set: links in letters and invitations lead to this machine only; set --base-url to the address people use")
	}
	base, err := baseURL(c.BaseURL, "")
	if err != nil {
		return "", err
	}
	u, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	if u.Scheme != "https" && !loopback(u.Hostname()+":0") {
		return "", fmt.Errorf("%s is not https: passwords and login sessions travel in the clear; put a proxy with a certificate in front", base)
	}
	return base, nil
}

func (c doctorCmd) mail(ctx context.Context) (string, error) {
	client, err := c.client()
	if err != nil {
		return "", err
	}
	switch {
	case client == nil && c.Mail != "":
		return "", errors.New("no mail server is set: give it with --smtp-url and the sender with --mail-from")
	case client == nil:
		return "off: without --smtp-url no letters are sent", nil
	case c.Mail == "":
		return client.Server() + "; send a test letter with --mail ADDRESS", nil
	}
	err = client.Send(ctx, mail.Message{
		To: c.Mail, Subject: "Winddown: test", ID: "doctor." + strings.ToLower(rand.Text()) + "@" + client.Domain(),
		Text: "Письма из Winddown доходят. Letters from Winddown arrive.\n" + time.Now().UTC().Format(time.RFC1123) + "\n",
		HTML: "<p>Письма из Winddown доходят.</p><p>Letters from Winddown arrive.</p>",
	})
	if err != nil {
		return "", fmt.Errorf("%s did not take the letter: %w; check the server, the password and whether it lets %s send", client.Server(), err, c.MailFrom)
	}
	return client.Server() + " took a letter to " + c.Mail, nil
}
