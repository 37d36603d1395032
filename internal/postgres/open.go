package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Options say how to reach the database.
type Options struct {
	URL      string
	MaxConns int32           // 0 for pgx's default: the number of processors, at least 4
	Tracer   pgx.QueryTracer // for tests that count round trips; nil otherwise
	// DirectURL reaches the same database past a pooler, for what needs a connection that
	// lasts: hearing hints. Empty for URL.
	DirectURL string
	// Hints tells other processes what was committed; see Listen.
	Hints bool
}

// DB is a pool of connections.
type DB struct {
	pool     *pgxpool.Pool
	direct   *pgx.ConnConfig
	notifier *notifier // nil where hints are not sent
}

// connectTimeout bounds the wait for one connection, so that a server that is gone is
// noticed soon.
const connectTimeout = 5 * time.Second

// Open makes the pool and checks that the server answers, speaks UTF-8 and is new enough.
func Open(ctx context.Context, o Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL cannot be read: %w", err)
	}
	if o.MaxConns > 0 {
		cfg.MaxConns = o.MaxConns
	}
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectTimeout
	}
	cfg.ConnConfig.Tracer = o.Tracer
	cfg.ConnConfig.RuntimeParams["application_name"] = "winddown"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	// Nothing waits for ever: neither for a lock, nor for a transaction that was forgotten.
	cfg.ConnConfig.RuntimeParams["lock_timeout"] = "5s"
	cfg.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "60s"
	// A statement over thousands of rows looks dear to the planner; compiling it takes seconds
	// and saves milliseconds.
	cfg.ConnConfig.RuntimeParams["jit"] = "off"
	cfg.AfterConnect = registerTypes
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	db := &DB{pool: pool}
	if err := db.check(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	if db.direct, err = direct(o); err != nil {
		pool.Close()
		return nil, err
	}
	if o.Hints {
		db.notifier = newNotifier(db.direct)
	}
	return db, nil
}

// direct says how to reach the database with a single connection.
func direct(o Options) (*pgx.ConnConfig, error) {
	if o.DirectURL == "" {
		o.DirectURL = o.URL
	}
	cfg, err := pgxpool.ParseConfig(o.DirectURL)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_DIRECT_URL cannot be read: %w", err)
	}
	one := cfg.ConnConfig
	if one.ConnectTimeout == 0 {
		one.ConnectTimeout = connectTimeout
	}
	one.RuntimeParams["application_name"] = "winddown"
	return one, nil
}

// Close sends the last hints, waits for connections in use and closes the pool.
func (db *DB) Close() {
	if db.notifier != nil {
		db.notifier.close()
	}
	db.pool.Close()
}

const sqlServer = `-- name: Server
select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding`

// oldest is the oldest server version the SQL is written for.
const oldest = 150000

func (db *DB) check(ctx context.Context) error {
	var version int
	var encoding string
	if err := db.pool.QueryRow(ctx, sqlServer).Scan(&version, &encoding); err != nil {
		return fmt.Errorf("the database does not answer: %w", err)
	}
	if version < oldest {
		return fmt.Errorf("the database is PostgreSQL %d; version 15 or newer is needed", version/10000)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database's encoding is %s; create it with encoding UTF8", encoding)
	}
	return nil
}

// snapshot sends queries in one round trip that all see the database at one moment, so that
// the parts of a page agree with each other.
func (db *DB) snapshot(ctx context.Context, queue func(*pgx.Batch)) error {
	b := &pgx.Batch{}
	b.Queue("begin isolation level repeatable read read only")
	queue(b)
	b.Queue("commit")
	return classify(db.pool.SendBatch(ctx, b).Close())
}

const sqlTryLock = `-- name: TryLock
select pg_try_advisory_xact_lock(hashtext(@name))`

// exclusively runs fn while no other process runs under a lock of this name, and reports
// whether it did; it does not wait for the other.
func (db *DB) exclusively(ctx context.Context, name string, fn func(pgx.Tx) error) (done bool, err error) {
	err = pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		// The work may take longer than a forgotten transaction is given.
		if _, err := tx.Exec(ctx, "set local idle_in_transaction_session_timeout = 0"); err != nil {
			return classify(err)
		}
		if err := tx.QueryRow(ctx, sqlTryLock, pgx.StrictNamedArgs{"name": name}).Scan(&done); err != nil {
			return classify(err)
		}
		if !done {
			return nil
		}
		return fn(tx)
	})
	return done, err
}
