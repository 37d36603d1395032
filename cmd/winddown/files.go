package main

import (
	"context"
	"log/slog"
	"path/filepath"
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
	return files.Open(f.filesDir(data))
}

// sweepEvery is how often files that nothing refers to are looked for.
const sweepEvery = 24 * time.Hour

// sweep removes files that nothing refers to, now and then, until ctx ends.
func sweep(ctx context.Context, a *app.App, log *slog.Logger) {
	for {
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
		select {
		case <-ctx.Done():
			return
		case <-time.After(sweepEvery):
		}
	}
}
