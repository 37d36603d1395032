package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"winddown/internal/app"
	"winddown/internal/pack"
	"winddown/internal/winddown"
)

type packCmd struct {
	databaseFlags
	filesFlags
	Case  string `required:"" help:"Id of the case, as it stands in its address." placeholder:"ID"`
	Out   string `required:"" help:"File to write." placeholder:"FILE.zip"`
	Force bool   `help:"Replace a file that is there already."`
}

// Run writes the pack people download from the pages, byte for byte, and checks it. A pack
// without some of its files is written, and is an error.
func (c packCmd) Run(ctx context.Context, std streams) (err error) {
	id, err := winddown.ParseID(c.Case)
	if err != nil {
		return fmt.Errorf("%q is not the id of a case", c.Case)
	}
	if _, err := os.Lstat(c.Out); err == nil && !c.Force {
		return fmt.Errorf("%s is there already; --force replaces it", c.Out)
	}
	if c.FilesDir == "" && c.DatabaseURL == "" { // the folder of the data is the one to be named
		if err := mustExist(c.DataDir); err != nil {
			return err
		}
	}
	if info, err := os.Stat(c.filesDir(c.databaseFlags)); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s; say with --files-dir where the evidence is", c.filesDir(c.databaseFlags))
	}
	store, err := c.openFiles(c.databaseFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	err = c.withAppOf(ctx, std, app.Options{Files: store}, func(a *app.App) error {
		source, err := a.OperatorsPack(ctx, id)
		if errors.Is(err, winddown.NotFound) {
			return fmt.Errorf("there is no case %s", id)
		}
		if errors.Is(err, app.ErrUnseen) {
			return fmt.Errorf("case %s is there, but nobody has access to it, so there is no pack of it", id)
		}
		if err != nil {
			return err
		}
		contents, err := source.Contents(ctx)
		if err != nil {
			return err
		}
		return writePack(c.Out, contents)
	})
	if err != nil {
		return err
	}
	r, err := verifyPack(c.Out, std)
	if err == nil && len(r.Missing) > 0 {
		err = fmt.Errorf("%s was written without files of its evidence; missing: %d", c.Out, len(r.Missing))
	}
	return err
}

// writePack writes a pack under a name of its own and gives it its name when it is whole.
func writePack(path string, contents pack.Contents) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".winddown-pack-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	const piece = 64 << 10
	out := bufio.NewWriterSize(f, piece)
	err = pack.Write(out, contents)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
