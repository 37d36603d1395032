package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"winddown/internal/app"
	"winddown/internal/files"
)

// filesFlags say where the bytes of the evidence are.
type filesFlags struct {
	FilesDir string `env:"WINDDOWN_FILES_DIR" help:"Folder of the evidence; without it «files» in the data folder." placeholder:"DIR"`
}

func (f filesFlags) filesDir(data databaseFlags) string {
	if f.FilesDir != "" {
		return f.FilesDir
	}
	return filepath.Join(data.DataDir, "files")
}

// openFiles opens the folder of the evidence; the caller closes it.
func (f filesFlags) openFiles(data databaseFlags) (*files.Store, error) {
	dir := f.filesDir(data)
	if files.Restoring(dir) {
		return nil, fmt.Errorf("a restore into %s is under way or was cut off: let «winddown restore» come to its end", dir)
	}
	return files.Open(dir)
}

// mustHaveFiles says how to name the right folder where there is none.
func (f filesFlags) mustHaveFiles(data databaseFlags) error {
	if f.FilesDir == "" && data.DatabaseURL == "" { // the folder of the data is the one to be named
		if err := mustExist(data.DataDir); err != nil {
			return err
		}
	}
	if info, err := os.Stat(f.filesDir(data)); err != nil || !info.IsDir() {
		return fmt.Errorf("there is no folder %s; say with --files-dir where the evidence is", f.filesDir(data))
	}
	return nil
}

// mayWrite says what to do where a file cannot be written to: its folder is not there or is a file, a folder
// or, unless it may be replaced, a file has its name.
func mayWrite(path string, replace bool) error {
	dir := filepath.Dir(path)
	switch info, err := os.Stat(dir); {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is a file, not a folder: name a file in a folder", dir)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Errorf("a part of %s is a file, not a folder: name a file in a folder", dir)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no folder %s to write %s to: make it first (mkdir -p %[1]s), or name a file in another folder", dir, filepath.Base(path))
	}
	switch info, err := os.Lstat(path); {
	case err != nil: // not there, or writing it says why not
		return nil
	case info.IsDir():
		return fmt.Errorf("%s is a folder: name a file in it", path)
	case !replace:
		return fmt.Errorf("%s is there already; --force replaces it", path)
	}
	return nil
}

// writeFile writes a file under a name of its own and gives it its name when it is whole and
// will last.
func writeFile(path string, fn func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".winddown-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	const piece = 256 << 10
	out := bufio.NewWriterSize(f, piece)
	err = fn(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the names in a folder last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return nil // a file has its name; whether that lasts is up to the system
	}
	_ = d.Sync() // some systems refuse to sync a folder
	return d.Close()
}

// sweepEvery is how often files that nothing refers to are looked for.
const sweepEvery = 24 * time.Hour

// sweep erases the cases and accounts whose term is over and removes files that nothing refers to, now and then, until ctx ends.
func sweep(ctx context.Context, a *app.App, log *slog.Logger) {
	for {
		switch begun, err := a.ExpireCases(ctx); {
		case err != nil && ctx.Err() == nil:
			log.Error("ending the retention of cases failed", "error", err)
		case begun > 0:
			log.Info("the retention of cases is over", "cases", begun)
		}
		switch erased, err := a.EraseCases(ctx); {
		case err != nil && ctx.Err() == nil:
			log.Error("erasing deleted cases failed", "error", err)
		case erased > 0:
			log.Info("erased deleted cases", "erased", erased)
		}
		switch erased, err := a.EraseAccounts(ctx); {
		case err != nil && ctx.Err() == nil:
			log.Error("erasing deleted accounts failed", "error", err)
		case erased > 0:
			log.Info("erased deleted accounts", "erased", erased)
		}
		switch removed, err := a.SweepFiles(ctx); {
		case ctx.Err() != nil:
			return
		case err != nil:
			log.Error("sweeping files failed", "error", err)
		case removed > 0:
			log.Info("swept files", "removed", removed)
		}
		if _, err := a.SweepImports(ctx); err != nil && ctx.Err() == nil {
			log.Error("sweeping tables of sellers failed", "error", err)
		}
		if _, err := a.SweepSetups(ctx); err != nil && ctx.Err() == nil {
			log.Error("sweeping set-ups of second factors failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(sweepEvery):
		}
	}
}
