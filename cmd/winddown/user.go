package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

type userCmd struct {
	Add          userAddCmd          `cmd:"" help:"Add a person; the password is read from standard input. He is asked for his consent to the page about personal data when he first logs in."`
	Password     userPasswordCmd     `cmd:"" help:"Set a person's password, read from standard input, and end his login sessions."`
	Disable      userDisableCmd      `cmd:"" help:"Bar a person and end his login sessions."`
	Enable       userEnableCmd       `cmd:"" help:"Let a person in again who was barred."`
	TwoFactorOff userTwoFactorOffCmd `cmd:"" help:"Turn off the second factor and remove the passkeys of a person who has lost them; he is told by letters."`
	Operator     userOperatorCmd     `cmd:"" help:"Make a person look after the installation: he sees the letters that could not be sent; --off takes it back."`
}

type userAddCmd struct {
	databaseFlags
	Email string `arg:"" help:"E-mail address."`
	Name  string `required:"" help:"Name as others see it."`
}

// Run adds a person.
func (c userAddCmd) Run(ctx context.Context, std streams) error {
	password, err := readPassword(std.in, "winddown user add …")
	if err != nil {
		return err
	}
	return c.withApp(ctx, std, func(a *app.App) error {
		u, err := a.AddUser(ctx, winddown.Registration{Name: c.Name, Email: c.Email, Password: password})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(std.out, "added", u.Email)
		return err
	})
}

type userPasswordCmd struct {
	databaseFlags
	Email string `arg:"" help:"E-mail address."`
}

// Run sets a password.
func (c userPasswordCmd) Run(ctx context.Context, std streams) error {
	password, err := readPassword(std.in, "winddown user password …")
	if err != nil {
		return err
	}
	return c.withApp(ctx, std, func(a *app.App) error {
		if err := a.SetPassword(ctx, c.Email, password); err != nil {
			return unknownAddress(err, c.Email)
		}
		_, err := fmt.Fprintln(std.out, "changed; all login sessions of", c.Email, "have ended")
		return err
	})
}

type userDisableCmd struct {
	databaseFlags
	Email string `arg:"" help:"E-mail address."`
}

// Run bars a person.
func (c userDisableCmd) Run(ctx context.Context, std streams) error {
	return c.withApp(ctx, std, func(a *app.App) error {
		if err := a.DisableUser(ctx, c.Email); err != nil {
			return unknownAddress(err, c.Email)
		}
		_, err := fmt.Fprintln(std.out, "disabled", c.Email)
		return err
	})
}

type userEnableCmd struct {
	databaseFlags
	Email string `arg:"" help:"E-mail address."`
}

// Run lets a person in again.
func (c userEnableCmd) Run(ctx context.Context, std streams) error {
	return c.withApp(ctx, std, func(a *app.App) error {
		if err := a.EnableUser(ctx, c.Email); err != nil {
			return unknownAddress(err, c.Email)
		}
		_, err := fmt.Fprintln(std.out, c.Email, "can log in again")
		return err
	})
}

type userTwoFactorOffCmd struct {
	databaseFlags
	Email string `arg:"" help:"E-mail address."`
}

// Run takes a person's authenticator, recovery codes and passkeys away.
func (c userTwoFactorOffCmd) Run(ctx context.Context, std streams) error {
	return c.withApp(ctx, std, func(a *app.App) error {
		had, err := a.ResetTwoFactor(ctx, c.Email)
		if err != nil {
			return unknownAddress(err, c.Email)
		}
		if !had {
			_, err = fmt.Fprintln(std.out, c.Email, "has neither a second factor nor passkeys: nothing was changed, the password alone lets in")
			return err
		}
		_, err = fmt.Fprintln(std.out, "the password alone lets", c.Email, "in now")
		return err
	})
}

type userOperatorCmd struct {
	databaseFlags
	Email string `arg:"" help:"E-mail address."`
	Off   bool   `help:"He no longer does."`
}

// Run makes a person an operator, or takes that back.
func (c userOperatorCmd) Run(ctx context.Context, std streams) error {
	return c.withApp(ctx, std, func(a *app.App) error {
		if err := a.SetOperator(ctx, c.Email, !c.Off); err != nil {
			return unknownAddress(err, c.Email)
		}
		says := "looks after the installation"
		if c.Off {
			says = "no longer looks after the installation"
		}
		_, err := fmt.Fprintln(std.out, c.Email, says)
		return err
	})
}

func unknownAddress(err error, email string) error {
	if errors.Is(err, winddown.NotFound) {
		return fmt.Errorf("nobody has an account with the address %s", email)
	}
	return err
}

// maxPasswordInput bounds what is read from standard input, in bytes.
const maxPasswordInput = 4096

// readPassword reads the first line of standard input: a password on the command line
// would be seen by everybody on the machine.
func readPassword(in io.Reader, command string) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, maxPasswordInput)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", fmt.Errorf("no password on standard input: use «%s < file» or type one line", command)
	}
	return line, nil
}

// withApp runs fn over an open database whose schema is right; mistakes come out as the
// sentences people get on the pages.
func (f databaseFlags) withApp(ctx context.Context, std streams, fn func(*app.App) error) error {
	return f.withAppOf(ctx, std, app.Options{}, fn)
}

func (f databaseFlags) withAppOf(ctx context.Context, std streams, o app.Options, fn func(*app.App) error) (err error) {
	db, err := f.open(ctx, newLog(std.err, "text"), find)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := db.checkSchema(ctx); err != nil {
		return err
	}
	return sentence(fn(app.New(db.DB, o)))
}

// sentence turns a mistake in some fields into English sentences.
func sentence(err error) error {
	var known *winddown.Error
	if !errors.As(err, &known) || len(known.Fields) == 0 {
		return err
	}
	p := i18n.For(i18n.English)
	var all []string
	for _, f := range known.Fields {
		all = append(all, p.Message(f.Key, f.Args))
	}
	return errors.New(strings.Join(all, " "))
}
