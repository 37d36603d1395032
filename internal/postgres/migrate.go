package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"winddown/migrations"
)

// Migration is one step of the schema.
type Migration struct {
	Version int64
	Name    string
	Applied bool
}

// Migrate brings the schema of the database at url up to date, under a lock that lets
// only one process migrate at a time: ours first, then that of the job queue. It returns
// the migrations it applied.
func Migrate(ctx context.Context, url string) ([]Migration, error) {
	var done []Migration
	err := withGoose(url, func(p *goose.Provider) error {
		results, err := p.Up(ctx)
		for _, r := range results {
			done = append(done, Migration{Version: r.Source.Version, Name: r.Source.Path, Applied: true})
		}
		return err
	})
	if err == nil {
		err = withRiver(ctx, url, func(m riverMigrator) error {
			result, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil)
			if err != nil {
				return err
			}
			for _, v := range result.Versions {
				done = append(done, jobMigration(v.Version, v.Name, true))
			}
			return nil
		})
	}
	if err != nil {
		return done, fmt.Errorf("migrate: %w", err)
	}
	return done, nil
}

// migrateTo brings the schema of the database at url to a version of ours and one of the job
// queue's (0 for none), as they were when a backup was made. Newer ones stay.
func migrateTo(ctx context.Context, url string, schema, jobs int64) error {
	err := withGoose(url, func(p *goose.Provider) error {
		_, err := p.UpTo(ctx, schema)
		return err
	})
	if err == nil && jobs > 0 {
		err = withRiver(ctx, url, func(m riverMigrator) error {
			existing, err := m.ExistingVersions(ctx)
			if err != nil || len(existing) > 0 && int64(existing[len(existing)-1].Version) >= jobs {
				return err
			}
			_, err = m.Migrate(ctx, rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: int(jobs)})
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

type riverMigrator = *rivermigrate.Migrator[JobTx]

// jobMigration is a step of the job queue's schema, which comes with the library.
func jobMigration(version int, name string, applied bool) Migration {
	return Migration{Version: int64(version), Name: fmt.Sprintf("river/%03d %s", version, name), Applied: applied}
}

const sqlLockMigrations = `-- name: LockMigrations
select pg_advisory_lock(hashtext('winddown job queue'))`

// withRiver runs fn with the migrator of the job queue, one process at a time. The lock ends
// with its connection.
func withRiver(ctx context.Context, url string, fn func(riverMigrator) error) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	defer func() { _ = conn.Conn().Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, sqlLockMigrations); err != nil {
		return err
	}
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return fn(m)
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
	if err != nil {
		return all, err
	}
	return all, withRiver(ctx, url, func(m riverMigrator) error {
		existing, err := m.ExistingVersions(ctx)
		if err != nil {
			return err
		}
		has := map[int]bool{}
		for _, v := range existing {
			has[v.Version] = true
		}
		for _, v := range m.AllVersions() {
			all = append(all, jobMigration(v.Version, v.Name, has[v.Version]))
		}
		return nil
	})
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
	if want, err = wantedSchema(); err != nil {
		return 0, 0, err
	}
	var exists bool
	if err := db.pool.QueryRow(ctx, sqlSchemaTable).Scan(&exists); err != nil || !exists {
		return 0, want, classify(err)
	}
	err = db.pool.QueryRow(ctx, sqlSchemaVersion).Scan(&have)
	return have, want, classify(err)
}

// wantedSchema is the version of the schema this program was built for.
func wantedSchema() (want int64, err error) {
	names, err := migrations.FS.ReadDir(".")
	if err != nil {
		return 0, err
	}
	for _, e := range names {
		v, err := goose.NumericComponent(e.Name())
		if err != nil {
			return 0, err
		}
		want = max(want, v)
	}
	return want, nil
}

const sqlJobSchemaTable = `-- name: JobSchemaTable
select to_regclass('river_migration') is not null`

const sqlJobSchemaVersion = `-- name: JobSchemaVersion
select coalesce(max(version), 0) from river_migration where line = 'main'`

// JobSchemaVersion returns the version of the job queue's schema (0 when there is none) and
// the one this program was built with.
func (db *DB) JobSchemaVersion(ctx context.Context) (have, want int64, err error) {
	if want, err = JobSchema(); err != nil {
		return 0, 0, err
	}
	var exists bool
	if err := db.pool.QueryRow(ctx, sqlJobSchemaTable).Scan(&exists); err != nil || !exists {
		return 0, want, classify(err)
	}
	err = db.pool.QueryRow(ctx, sqlJobSchemaVersion).Scan(&have)
	return have, want, classify(err)
}

// JobSchema returns the version of the job queue's schema this program was built with.
func JobSchema() (version int64, err error) {
	m, err := rivermigrate.New(riverpgxv5.New(nil), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return 0, err
	}
	for _, v := range m.AllVersions() {
		version = max(version, int64(v.Version))
	}
	return version, nil
}

const sqlSchemas = `-- name: Schemas
select (select coalesce(max(version_id), 0) from goose_db_version where is_applied) as ours,
       (select coalesce(max(version), 0) from river_migration where line = 'main') as jobs`

// SchemaServes reports whether the schemas are those this program needs, or newer.
func (db *DB) SchemaServes(ctx context.Context) (bool, error) {
	wantOurs, err := wantedSchema()
	if err != nil {
		return false, err
	}
	wantJobs, err := JobSchema()
	if err != nil {
		return false, err
	}
	var ours, jobs int64
	err = db.pool.QueryRow(ctx, sqlSchemas).Scan(&ours, &jobs)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42P01" { // there is no such table yet
		return false, nil
	}
	return ours >= wantOurs && jobs >= wantJobs, classify(err)
}
