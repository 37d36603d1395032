package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"winddown/internal/mail"
)

// doctorCmd checks an installation. It changes nothing but for a file that it removes again
// and, if it is asked to, a letter.
type doctorCmd struct {
	databaseFlags
	filesFlags
	mailFlags
	BaseURL string `env:"WINDDOWN_BASE_URL" help:"Address people reach the site at." placeholder:"URL"`
	Mail    string `help:"Send a test letter to this address." placeholder:"ADDRESS"`
}

// Run makes every check, whatever the others find, and fails if one of them does.
func (c doctorCmd) Run(ctx context.Context, std streams) error {
	bad := 0
	for _, check := range []struct {
		name string
		run  func(context.Context, streams) (string, error)
	}{
		{"database", c.database}, {"files", c.files}, {"base URL", c.baseURL}, {"mail", c.mail},
	} {
		says, err := check.run(ctx, std)
		if err != nil {
			bad++
			says = "PROBLEM: " + err.Error()
		}
		if _, err := fmt.Fprintf(std.out, "%-9s %s\n", check.name, says); err != nil {
			return err
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of 4 checks failed", bad)
	}
	return nil
}

func (c doctorCmd) database(ctx context.Context, std streams) (says string, err error) {
	db, err := c.open(ctx, newLog(io.Discard, "text"), find)
	if err != nil {
		return "", fmt.Errorf("%w; check DATABASE_URL, and that the server runs", err)
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := db.checkSchema(ctx); err != nil {
		return "", err
	}
	return "answers, and its schema is up to date", nil
}

func (c doctorCmd) files(context.Context, streams) (string, error) {
	dir := c.filesDir(c.databaseFlags)
	path := filepath.Join(dir, ".doctor-"+strings.ToLower(rand.Text()[:8]))
	if err := os.WriteFile(path, []byte("doctor"), 0o600); err != nil {
		return "", fmt.Errorf("evidence cannot be written: %w; make the folder and give it to the user who serves, or name another one with --files-dir", err)
	}
	if err := os.Remove(path); err != nil {
		return "", err
	}
	return dir + " can be written to", nil
}

func (c doctorCmd) baseURL(context.Context, streams) (string, error) {
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

func (c doctorCmd) mail(ctx context.Context, _ streams) (string, error) {
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
