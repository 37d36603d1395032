package postgres

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"winddown/migrations"
)

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string
	Applied bool
}

// Migrate brings the schema of the database at url up to date, under a lock that lets
// only one process migrate at a time. It returns the migrations it applied.
func Migrate(ctx context.Context, url string) ([]Migration, error) {
	var done []Migration
	err := withGoose(url, func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		for _, r := range results {
			done = append(done, Migration{Version: r.Source.Version, Name: r.Source.Path, Applied: true})
		}
		return err
	})
	if err != nil {
		return done, fmt.Errorf("migrate: %w", err)
	}
	return done, nil
}

// Migrations returns every migration and whether the database at url has it.
func Migrations(ctx context.Context, url string) ([]Migration, error) {
	var all []Migration
	err := withGoose(url, func(p *goose.Provider) error {
		statuses, err := p.Status(ctx)
		for _, s := range statuses {
			all = append(all, Migration{Version: s.Source.Version, Name: s.Source.Path, Applied: s.State == goose.StateApplied})
		}
		return err
	})
	return all, err
}

func withGoose(url string, fn func(*goose.Provider) error) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithSessionLocker(locker))
	if err != nil {
		return err
	}
	return fn(p)
}

var _ = stdlib.GetDefaultDriver // registers the "pgx" driver that withGoose opens

const sqlSchemaVersion = `-- name: SchemaVersion
select coalesce(max(version_id), 0) from goose_db_version where is_applied`

const sqlSchemaTable = `-- name: SchemaTable
select to_regclass('goose_db_version') is not null`

// SchemaVersion returns the version of the database's schema (0 when it is empty) and the
// version this program was built for.
func (db *DB) SchemaVersion(ctx context.Context) (have, want int64, err error) {
	names, err := migrations.FS.ReadDir(".")
	if err != nil {
		return 0, 0, err
	}
	for _, e := range names {
		v, err := goose.NumericComponent(e.Name())
		if err != nil {
			return 0, 0, err
		}
		want = max(want, v)
	}
	var exists bool
	if err := db.pool.QueryRow(ctx, sqlSchemaTable).Scan(&exists); err != nil || !exists {
		return 0, want, classify(err)
	}
	err = db.pool.QueryRow(ctx, sqlSchemaVersion).Scan(&have)
	return have, want, classify(err)
}
