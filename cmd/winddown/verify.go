package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"winddown/internal/app"
	"winddown/internal/pack"
	"winddown/internal/winddown"
)

type verifyCmd struct {
	databaseFlags
	File string `arg:"" optional:"" help:"Handover pack to check; needs no database." placeholder:"FILE.zip"`
	Case string `help:"Id of the case whose trail to check, as it stands in its address."`
}

// Validate refuses a command that does not say what to check.
func (c verifyCmd) Validate() error {
	if (c.File == "") == (c.Case == "") {
		return errors.New("give either the file of a pack or --case with the id of a case")
	}
	return nil
}

// Run checks a pack, or walks the chain of a case's trail.
func (c verifyCmd) Run(ctx context.Context, std streams) error {
	if c.File != "" {
		_, err := verifyPack(c.File, std)
		return err
	}
	id, err := winddown.ParseID(c.Case)
	if err != nil {
		return fmt.Errorf("%q is not the id of a case", c.Case)
	}
	return c.withApp(ctx, std, func(a *app.App) error {
		n, err := a.Verify(ctx, id)
		if errors.Is(err, winddown.NotFound) {
			return fmt.Errorf("there is no case %s", id)
		}
		if err != nil {
			return fmt.Errorf("the trail is broken: %w", err)
		}
		_, err = fmt.Fprintf(std.out, "OK: %d events\n", n)
		return err
	})
}

// verifyPack prints what a pack holds, or a line for each way in which it differs from
// what was made.
func verifyPack(path string, std streams) (r pack.Report, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return r, fmt.Errorf("there is no file %s", path)
	}
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	if err != nil {
		return r, err
	}
	if !info.Mode().IsRegular() {
		return r, fmt.Errorf("%s is not a file", path)
	}
	r, err = pack.Verify(f, info.Size())
	if errors.Is(err, pack.ErrNoZIP) {
		return r, fmt.Errorf("%s is no ZIP file, so it is no handover pack", path)
	}
	if err != nil {
		return r, err
	}
	for _, d := range r.Differences {
		if _, err := fmt.Fprintln(std.out, d); err != nil {
			return r, err
		}
	}
	if !r.OK() {
		return r, fmt.Errorf("%s is not as it was made; differences: %d", path, len(r.Differences))
	}
	// The hash is for comparing with the one that the sender names.
	if _, err := fmt.Fprintf(std.out, "OK: %d files, %d events\ncase %s, last event at %s, hash %x\n",
		r.Files, r.Events, r.Case, r.At.Format(time.RFC3339), r.Head.Hash); err != nil {
		return r, err
	}
	for _, m := range r.Missing {
		if _, err := fmt.Fprintf(std.out, "not there when the pack was made: %s (%s)\n", m.Name, m.Reason); err != nil {
			return r, err
		}
	}
	return r, nil
}
