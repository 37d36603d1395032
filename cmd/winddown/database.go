package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"winddown/internal/localpg"
	"winddown/internal/postgres"
)

// databaseFlags say where the data are.
type databaseFlags struct {
	DatabaseURL string `env:"DATABASE_URL" help:"PostgreSQL to use; without it a private one is started in the data folder." placeholder:"URL"`
	DirectURL   string `env:"DATABASE_DIRECT_URL" help:"The same database past a connection pooler, for what needs a connection that lasts; DATABASE_URL if not given." placeholder:"URL"`
	Pooler      bool   `env:"DATABASE_POOLER" help:"DATABASE_URL leads through a pooler in transaction mode, such as PgBouncer; needs --direct-url."`
	MaxConns    int32  `env:"DATABASE_CONNS" help:"Connections to the database at most; pool_max_conns of DATABASE_URL, or four a processor and at least eight, if not given." placeholder:"N"`
	DataDir     string `env:"WINDDOWN_DATA_DIR" default:".winddown" help:"Folder of the private PostgreSQL."`
	NPMDir      string `env:"WINDDOWN_NPM_DIR" name:"npm-dir" default:"web" help:"Folder whose node_modules may hold PostgreSQL, where the machine has none."`
}

// database is an open database and, with the embedded default, the server under it.
type database struct {
	*postgres.DB
	url   string
	local *localpg.Server
}

// stopTimeout bounds the stop of the private server.
const stopTimeout = 30 * time.Second

// local says where the private server lives.
func (f databaseFlags) local(log *slog.Logger) localpg.Options {
	return localpg.Options{Dir: f.DataDir, NPMDir: f.NPMDir, Log: log}
}

// starter is localpg.Start for who serves, localpg.Join for what may begin an empty database
// or look into that of a server that runs, and find for tools.
type starter func(context.Context, localpg.Options) (*localpg.Server, error)

// find is localpg.Join for tools, which are of no use in an empty database.
func find(ctx context.Context, o localpg.Options) (*localpg.Server, error) {
	if err := mustExist(o.Dir); err != nil {
		return nil, err
	}
	return localpg.Join(ctx, o)
}

// mustExist says how to name the right folder where dir holds no data, and makes nothing.
func mustExist(dir string) error {
	if localpg.Exists(dir) {
		return nil
	}
	says := fmt.Sprintf("there are no data of Winddown in %s: name their folder with --data-dir, or a database with --database-url", dir)
	if demo := filepath.Join(dir, demoDir); localpg.Exists(demo) {
		says += fmt.Sprintf("; the demo keeps its own, which are reached with --data-dir %s", demo)
	}
	return errors.New(says)
}

// open opens the database. The private one is started and migrated first; another one is
// taken as it is.
func (f databaseFlags) open(ctx context.Context, log *slog.Logger, start starter) (_ *database, err error) {
	if err := f.checkPooler(); err != nil {
		return nil, err
	}
	d := &database{url: f.DatabaseURL}
	if d.url == "" {
		d.local, err = start(ctx, f.local(log))
		if err != nil {
			return nil, err
		}
		d.url = d.local.URL()
		if !d.local.Joined() { // whoever runs the server has migrated it
			if _, err := postgres.Migrate(ctx, d.url); err != nil {
				return nil, errors.Join(err, d.close())
			}
		}
	}
	if d.DB, err = postgres.Open(ctx, postgres.Options{
		URL: d.url, DirectURL: f.direct(), Pooler: f.Pooler && d.local == nil, MaxConns: f.MaxConns, Hints: true,
	}); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (f databaseFlags) checkPooler() error {
	if f.Pooler && f.DatabaseURL != "" && f.DirectURL == "" {
		return errors.New("with --pooler some work goes past the pooler: give the database's own address with --direct-url")
	}
	if f.MaxConns < 0 {
		return fmt.Errorf("--max-conns is %d: it is one or more", f.MaxConns)
	}
	return nil
}

// past are the flags for work that a pooler stands in the way of.
func (f databaseFlags) past() databaseFlags {
	if f.DatabaseURL != "" && f.DirectURL != "" {
		f.DatabaseURL, f.Pooler = f.DirectURL, false
	}
	return f
}

// direct is the address past a pooler; the private server has none.
func (f databaseFlags) direct() string {
	if f.DatabaseURL == "" {
		return ""
	}
	return f.DirectURL
}

// close closes the pool and then stops the private server, whatever ended the program.
func (d *database) close() error {
	if d.DB != nil {
		d.Close()
	}
	if d.local == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	return d.local.Stop(ctx)
}

// checkSchema returns a sentence with the way out when the schema is not the one this
// program was built for.
func (d *database) checkSchema(ctx context.Context) error {
	have, want, err := d.SchemaVersion(ctx)
	switch {
	case err != nil:
		return err
	case have < want:
		return fmt.Errorf("the database schema is version %d and this program needs %d: run «winddown migrate up»", have, want)
	case have > want:
		return fmt.Errorf("the database schema is version %d, newer than the %d this program knows: install the newer winddown", have, want)
	}
	switch have, want, err := d.JobSchemaVersion(ctx); {
	case err != nil:
		return err
	case have < want:
		return fmt.Errorf("the job queue's schema is version %d and this program needs %d: run «winddown migrate up»", have, want)
	case have > want:
		return fmt.Errorf("the job queue's schema is version %d, newer than the %d this program knows: install the newer winddown", have, want)
	}
	return nil
}

type migrateCmd struct {
	Up     migrateUpCmd     `cmd:"" help:"Apply the migrations the database does not have yet."`
	Status migrateStatusCmd `cmd:"" help:"List the migrations and whether the database has them."`
}

type migrateUpCmd struct{ databaseFlags }

// Run applies what is missing. Several at once wait for each other.
func (c migrateUpCmd) Run(ctx context.Context, std streams) (err error) {
	return c.withURL(ctx, std, localpg.Join, func(url string) error {
		done, err := postgres.Migrate(ctx, url)
		for _, m := range done {
			_, _ = fmt.Fprintln(std.out, "applied", m.Name)
		}
		if err == nil && len(done) == 0 {
			_, _ = fmt.Fprintln(std.out, "the schema is up to date")
		}
		return err
	})
}

type migrateStatusCmd struct{ databaseFlags }

// Run lists the migrations.
func (c migrateStatusCmd) Run(ctx context.Context, std streams) error {
	return c.withURL(ctx, std, find, func(url string) error {
		all, err := postgres.Migrations(ctx, url)
		for _, m := range all {
			state := "pending"
			if m.Applied {
				state = "applied"
			}
			_, _ = fmt.Fprintf(std.out, "%-8s %s\n", state, m.Name)
		}
		return err
	})
}

// withURL gives fn the address of the database, starting the private one if need be.
func (f databaseFlags) withURL(ctx context.Context, std streams, start starter, fn func(url string) error) (err error) {
	if f = f.past(); f.DatabaseURL != "" {
		return fn(f.DatabaseURL)
	}
	local, err := start(ctx, f.local(newLog(std.err, "text")))
	if err != nil {
		return err
	}
	d := &database{local: local}
	defer func() { err = errors.Join(err, d.close()) }()
	return fn(local.URL())
}
