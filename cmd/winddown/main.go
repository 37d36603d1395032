// Command winddown serves the site and its tools.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // deadlines are civil dates in named zones, on any machine

	"github.com/alecthomas/kong"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	if err := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, errSaid) {
			fmt.Fprintln(os.Stderr, "winddown:", err)
		}
		stop()
		os.Exit(1)
	}
}

// errSaid is a failure that has been explained already.
var errSaid = errors.New("explained already")

// cli is the command line.
type cli struct {
	Serve       serveCmd       `cmd:"" help:"Serve the site."`
	Work        workCmd        `cmd:"" help:"Send letters, in a process beside those that serve."`
	Demo        demoCmd        `cmd:"" help:"Serve the site with sample data, on this machine only."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the database schema up to date, or show where it stands."`
	User        userCmd        `cmd:"" help:"Add people, set passwords, bar people and let them in again, say who looks after the installation."`
	Seed        seedCmd        `cmd:"" help:"Fill an empty database with sample data."`
	Calendar    calendarCmd    `cmd:"" help:"Show and import the table of non-working days."`
	Playbook    playbookCmd    `cmd:"" help:"Show and replace instruction texts and letters."`
	Pack        packCmd        `cmd:"" help:"Write the handover pack of a case."`
	Backup      backupCmd      `cmd:"" help:"Write the whole database and the evidence into one file."`
	Restore     restoreCmd     `cmd:"" help:"Read a backup into an empty database and an empty folder."`
	Verify      verifyCmd      `cmd:"" help:"Check that a backup, a handover pack, or the trail of cases was not tampered with."`
	Keys        keysCmd        `cmd:"" help:"Make and change the keys that encrypt secrets in the database."`
	Doctor      doctorCmd      `cmd:"" help:"Check database, clocks, files, disk, address, mail and backups, and say how to mend what is wrong."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask the server on this machine whether it is ready."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

// streams are the program's input and outputs.
type streams struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// run is the whole program: what it is asked for, and where it reads and writes. It
// returns when the command is done or ctx ends.
func run(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) error {
	var c cli
	exited := false
	parser, err := kong.New(&c,
		kong.Name("winddown"),
		kong.Description("Winddown leads a seller out of the Wildberries marketplace, step by step."),
		kong.UsageOnError(),
		kong.Writers(out, errOut),
		kong.Exit(func(int) { exited = true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(streams{in: in, out: out, err: errOut}),
	)
	if err != nil {
		return err
	}
	if err := refuseKeys(args); err != nil {
		return err
	}
	kctx, err := parser.Parse(args)
	if exited { // --help
		return nil
	}
	if err != nil {
		parser.FatalIfErrorf(err)
		return errSaid
	}
	return kctx.Run()
}

type versionCmd struct{}

// Run prints the version and the commit the binary was built from.
func (versionCmd) Run(std streams) error {
	_, err := fmt.Fprintln(std.out, "winddown", version())
	return err
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	v := info.Main.Version
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v += " " + s.Value
		}
	}
	return v + " " + info.GoVersion
}
