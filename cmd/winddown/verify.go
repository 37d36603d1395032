package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"winddown/internal/app"
	"winddown/internal/backup"
	"winddown/internal/pack"
	"winddown/internal/winddown"
)

type verifyCmd struct {
	databaseFlags
	identityFlags
	File string `arg:"" optional:"" help:"Backup or handover pack to check, without a database; - for a backup on standard input." placeholder:"FILE"`
	Case string `help:"Id of the case whose trail to check, as it stands in its address." xor:"what"`
	All  bool   `help:"Check the trails of all cases, people, firms and links." xor:"what"`
}

// Validate refuses a command that does not say what to check.
func (c verifyCmd) Validate() error {
	if (c.File == "") == (c.Case == "" && !c.All) {
		return errors.New("give either the file of a backup or a pack, or --case with the id of a case, or --all")
	}
	return nil
}

// Run checks a file, or walks the chains of trails.
func (c verifyCmd) Run(ctx context.Context, std streams) error {
	switch {
	case c.File != "":
		return c.file(std)
	case c.All:
		return c.withApp(ctx, std, func(a *app.App) error {
			streams, events, err := a.VerifyAll(ctx)
			if err != nil {
				return fmt.Errorf("a trail is broken: %w", err)
			}
			_, err = fmt.Fprintf(std.out, "OK: %d events of %d trails\n", events, streams)
			return err
		})
	}
	id, err := winddown.ParseID(c.Case)
	if err != nil {
		return fmt.Errorf("%q is not the id of a case", c.Case)
	}
	return c.withApp(ctx, std, func(a *app.App) error {
		n, err := a.Verify(ctx, id)
		if errors.Is(err, winddown.NotFound) {
			return tombstone(ctx, a, id, std)
		}
		if err != nil {
			return fmt.Errorf("the trail is broken: %w", err)
		}
		_, err = fmt.Fprintf(std.out, "OK: %d events\n", n)
		return err
	})
}

// file checks a pack, which is a ZIP archive, or a backup, which is none.
func (c verifyCmd) file(std streams) (err error) {
	if isZIP(c.File) {
		_, err := verifyPack(c.File, std)
		return err
	}
	in, end, err := c.openBackup(c.File, std.in)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	r, err := backup.Verify(in)
	if errors.Is(err, backup.ErrNoBackup) {
		return fmt.Errorf("%s is neither a backup nor a handover pack", c.File)
	}
	if err != nil {
		return err
	}
	for _, d := range r.Damages {
		if _, err := fmt.Fprintln(std.out, d); err != nil {
			return err
		}
	}
	if n := len(r.Damages); n > 0 {
		return fmt.Errorf("%s is not as it was made; differences: %d", c.File, n)
	}
	if _, err := fmt.Fprintf(std.out, "OK: %d tables, %d rows, %d files of %d bytes, %d events\nsnapshot of %s, schema %d, by %s\n",
		r.Tables, r.Rows, r.Files, r.Bytes, r.Events, r.Head.At.Format(time.RFC3339), r.Head.Schema, r.Head.Program); err != nil {
		return err
	}
	for _, m := range r.Missing {
		if _, err := fmt.Fprintln(std.out, "not there when the backup was made:", m); err != nil {
			return err
		}
	}
	return nil
}

// isZIP reports whether a file begins as a ZIP archive does.
func isZIP(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = f.Close() }() // it was only read
	begin := make([]byte, len("PK"))
	_, err = io.ReadFull(f, begin)
	return err == nil && string(begin) == "PK"
}

// tombstone prints what is left of an erased case.
func tombstone(ctx context.Context, a *app.App, id winddown.ID, std streams) error {
	t, err := a.Tombstone(ctx, id)
	if errors.Is(err, winddown.NotFound) {
		return fmt.Errorf("there is no case %s", id)
	}
	if err == nil {
		_, err = fmt.Fprintf(std.out, "erased at its owner's request on %s, asked for on %s; the trail had %d events and ended with the hash %x\n",
			t.ErasedAt.UTC().Format(time.RFC3339), t.AskedAt.UTC().Format(time.RFC3339), t.EventSeq, t.EventHash)
	}
	return err
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
