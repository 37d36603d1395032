package main

import (
	"context"
	"errors"
	"fmt"
	"io"

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
	if err := mayWrite(c.Out, c.Force); err != nil {
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
		return writeFile(c.Out, func(out io.Writer) error { return pack.Write(out, contents) })
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
