package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"winddown/internal/backup"
	"winddown/internal/files"
	"winddown/internal/postgres"
)

// Backup writes the whole database as it is at one moment, and the files it refers to, while
// none is swept. program names and dates this program. Files that are missing or altered stand
// in the report; any other error means that the backup is not whole. It is an operator's tool
// and takes no actor.
func (a *App) Backup(ctx context.Context, out io.Writer, program string) (report backup.Report, err error) {
	at := a.now()
	err = a.db.Snapshot(ctx, func(s *postgres.Snapshot) error {
		head := backup.Head{Program: program, Schema: s.Schema, Jobs: s.Jobs, At: at}
		for _, t := range s.Tables {
			head.Tables = append(head.Tables, backup.Table(t))
		}
		for _, q := range s.Sequences {
			head.Sequences = append(head.Sequences, backup.Sequence(q))
		}
		var err error
		report, err = backup.Write(out, head, func(w *backup.Writer) error {
			for _, t := range s.Tables {
				if err := w.Table(func(text io.Writer) error { return s.Copy(ctx, t, text) }); err != nil {
					return fmt.Errorf("table %s: %w", t.Name, err)
				}
			}
			return s.Files(ctx, func(f postgres.FileRef) error { return a.backUpFile(ctx, w, f) })
		})
		return err
	})
	return report, err
}

func (a *App) backUpFile(ctx context.Context, w *backup.Writer, f postgres.FileRef) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	missing := backup.Missing{SHA256: f.SHA256, Size: f.Size, Case: f.Case.String(), Number: f.Number}
	file, err := a.files.Open(f.SHA256)
	switch {
	case errors.Is(err, files.ErrMissing):
		missing.Reason = backup.Absent
		return w.Missing(missing)
	case errors.Is(err, files.ErrAltered):
		missing.Reason = backup.Altered
		return w.Missing(missing)
	case err != nil:
		return err
	}
	return errors.Join(w.File(f.SHA256, file.Size, file), file.Close())
}

// ErrFilesDiffer says that a backup does not hold what its own evidence refers to.
var ErrFilesDiffer = errors.New("the backup holds other files than its evidence refers to")

// Restore reads a backup into the empty database at url, past a pooler, and into an empty
// folder. What was loaded is committed when the whole backup was read and found sound; then the
// schema is brought up to date. It returns the errors of backup.Open and postgres.Restore, and
// ErrFilesDiffer; a damage comes as a backup.Damage.
func Restore(ctx context.Context, url string, folder *files.Restore, in io.Reader) (report backup.Report, err error) {
	r, err := backup.Open(in)
	if err != nil {
		return report, err
	}
	head := r.Head()
	of := postgres.Snapshot{Schema: head.Schema, Jobs: head.Jobs}
	for _, t := range head.Tables {
		of.Tables = append(of.Tables, postgres.TableColumns(t))
	}
	for _, q := range head.Sequences {
		of.Sequences = append(of.Sequences, postgres.SequenceValue(q))
	}
	err = postgres.Restore(ctx, url, of, func(l *postgres.Loader) error {
		report, err = r.Read(loading{ctx, l, folder}, true)
		if err != nil {
			return err
		}
		n, err := l.CountFiles(ctx)
		if err == nil && n != report.Files+int64(len(report.Missing)) {
			err = ErrFilesDiffer
		}
		if err != nil {
			return err
		}
		return folder.Sync() // before the rows that refer to them
	})
	if err != nil {
		return report, err
	}
	if err := folder.Done(); err != nil {
		return report, err
	}
	if _, err := postgres.Migrate(ctx, url); err != nil {
		return report, fmt.Errorf("everything was restored, with the schema of the backup: %w", err)
	}
	return report, nil
}

// loading gives what a backup holds to the database and the folder.
type loading struct {
	ctx    context.Context
	tables *postgres.Loader
	folder *files.Restore
}

// Table implements backup.Sink.
func (l loading) Table(t backup.Table, text io.Reader) error {
	return l.tables.Copy(l.ctx, postgres.TableColumns(t), text)
}

// File implements backup.Sink.
func (l loading) File(sum [sha256.Size]byte, _ int64, r io.Reader) error {
	err := l.folder.Add(l.ctx, sum, r)
	if errors.Is(err, files.ErrAltered) {
		return nil // the reader finds and names it itself
	}
	return err
}

// VerifyAll walks the chains of all streams and returns how many streams and events there are.
// A broken chain is an error that names the first bad link.
func (a *App) VerifyAll(ctx context.Context) (streams, events int64, err error) {
	return a.db.VerifyAll(ctx)
}
