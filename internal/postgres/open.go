package postgres

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Options say how to reach the database.
type Options struct {
	URL string
	// MaxConns bounds the pool. 0 for what the URL says (pool_max_conns), or else
	// DefaultConns.
	MaxConns int32
	Tracer   pgx.QueryTracer // for tests that count round trips; nil otherwise
	// Pooler says that URL leads through a pooler that hands out a connection for a
	// transaction at a time, such as PgBouncer.
	Pooler bool
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
	pooler   bool
}

const (
	// connectTimeout bounds the wait for one connection, and for each of several hosts.
	connectTimeout = 5 * time.Second
	// acquireTimeout bounds the wait for a free connection of the pool.
	acquireTimeout = 2 * time.Second
	// silence is how long another machine may confirm nothing until a connection to it is lost;
	// an idle connection is probed for that.
	silence = 15 * time.Second
	probes  = 3
)

// connsPerCPU is more than one, because a connection waits for the disk and for us between
// the statements of a transaction.
const (
	connsPerCPU = 4
	leastConns  = 8
)

// DefaultConns is the size of a pool that nobody has set: four connections a processor of
// this machine, at least eight.
func DefaultConns() int { return max(leastConns, connsPerCPU*runtime.GOMAXPROCS(0)) }

// limits bound what the server does for us: nothing waits for ever, neither for a lock, nor for
// a statement, nor for a transaction that was forgotten. A statement over thousands of rows
// looks dear to the planner; compiling it takes seconds and saves milliseconds.
func limits() map[string]string {
	return map[string]string{
		"lock_timeout": "5s", "statement_timeout": "60s", "idle_in_transaction_session_timeout": "60s", "jit": "off",
	}
}

// Open makes the pool and checks that the server answers, speaks UTF-8 and is new enough.
func Open(ctx context.Context, o Options) (*DB, error) {
	cfg, err := poolConfig(o)
	if err != nil {
		return nil, err
	}
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	db := &DB{pool: pool, pooler: o.Pooler}
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

func poolConfig(o Options) (*pgxpool.Config, error) {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("DATABASE_URL cannot be read: %w", err)
	}
	switch {
	case o.MaxConns > 0:
		cfg.MaxConns = o.MaxConns
	case !strings.Contains(o.URL, "pool_max_conns"):
		cfg.MaxConns = int32(DefaultConns())
	}
	one := cfg.ConnConfig
	prepare(one)
	one.Tracer = o.Tracer
	one.RuntimeParams["timezone"] = "UTC"
	if o.Pooler {
		// The next transaction may be given another server connection: statements cannot be
		// prepared by name, and what a connection begins with would be refused.
		one.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
		one.StatementCacheCapacity = 0
	} else {
		for name, value := range limits() {
			if _, given := one.RuntimeParams[name]; !given {
				one.RuntimeParams[name] = value
			}
		}
	}
	cfg.AfterConnect = registerTypes
	return cfg, nil
}

// sqlLimits sets the limits for one transaction, behind a pooler, which gives the connection to
// somebody else afterwards.
const sqlLimits = `-- name: Limits
select set_config('lock_timeout', '5s', true), set_config('statement_timeout', '60s', true),
       set_config('idle_in_transaction_session_timeout', '60s', true), set_config('jit', 'off', true)`

// begin says how a transaction begins.
func (db *DB) begin(how string) pgx.TxOptions {
	if db.pooler {
		how += ";\n" + sqlLimits
	}
	return pgx.TxOptions{BeginQuery: how}
}

// queueBegin is begin for a batch.
func (db *DB) queueBegin(b *pgx.Batch, how string) {
	b.Queue(how)
	if db.pooler {
		b.Queue(sqlLimits)
	}
}

// How transactions begin that write, and that see the database at one moment.
const (
	writing  = "begin"
	oneView  = "begin isolation level repeatable read read only"
	noLimits = "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0"
)

// prepare sets what every connection of ours has, whatever it is for.
func prepare(one *pgx.ConnConfig) {
	if one.ConnectTimeout == 0 {
		one.ConnectTimeout = connectTimeout
	}
	// A server that went away without a word is noticed by silence.
	dialer := &net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: silence / probes, Interval: silence / probes, Count: probes},
		Control:         giveUp,
	}
	one.DialFunc = dialer.DialContext
	one.RuntimeParams["application_name"] = "winddown"
	closes := one.OnPgError
	one.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		// Whoever refuses to write is no longer the server that writes: the next connection
		// finds that one among the hosts.
		return err.Code != readOnly && closes(conn, err)
	}
}

// readOnly is the code with which a standby, or a server that was made one, refuses a write.
const readOnly = "25006"

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
	prepare(one)
	return one, nil
}

// MaxConns is the size of the pool.
func (db *DB) MaxConns() int { return int(db.pool.Config().MaxConns) }

// Close sends the last hints, waits for connections in use and closes the pool.
//
// It does not wait for ever for a commit that the server has not answered: the process may end
// meanwhile, the server goes on.
func (db *DB) Close() {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		db.pool.Close()
	}()
	select {
	case <-closed:
	case <-time.After(closeTimeout):
	}
	if db.notifier != nil {
		db.notifier.close()
	}
}

// closeTimeout bounds the wait for connections in use at the end.
const closeTimeout = 20 * time.Second

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

const sqlClock = `-- name: Clock
select clock_timestamp()`

// Clock is what time it is on the server: to compare clocks, and for nothing else.
func (db *DB) Clock(ctx context.Context) (at time.Time, err error) {
	err = db.pool.QueryRow(ctx, sqlClock).Scan(&at)
	return at, classify(err)
}

const sqlTrigrams = `-- name: Trigrams
select exists (select from pg_extension where extname = 'pg_trgm')`

// HasTrigrams reports whether the extension is there by which sellers are searched.
func (db *DB) HasTrigrams(ctx context.Context) (there bool, err error) {
	err = db.pool.QueryRow(ctx, sqlTrigrams).Scan(&there)
	return there, classify(err)
}

// snapshot sends queries in one round trip that all see the database at one moment, so that
// the parts of a page agree with each other.
func (db *DB) snapshot(ctx context.Context, queue func(*pgx.Batch)) error {
	b := &pgx.Batch{}
	db.queueBegin(b, oneView)
	begun := b.Len()
	queue(b)
	if b.Len() == begun+1 && !db.pooler { // one statement sees one moment anyway
		b.QueuedQueries = b.QueuedQueries[begun:]
	} else {
		b.Queue("commit")
	}
	return classify(db.pool.SendBatch(ctx, b).Close())
}

const sqlTryLock = `-- name: TryLock
select pg_try_advisory_xact_lock(hashtext(@name))`

// exclusively runs fn while no other process runs under a lock of this name, and reports
// whether it did; it does not wait for the other.
func (db *DB) exclusively(ctx context.Context, name string, fn func(pgx.Tx) error) (done bool, err error) {
	err = pgx.BeginTxFunc(ctx, db.pool, db.begin(writing), func(tx pgx.Tx) error {
		// The work may take longer than a forgotten transaction is given.
		if _, err := tx.Exec(ctx, noLimits); err != nil {
			return classify(err)
		}
		if err := tx.QueryRow(ctx, sqlTryLock, namedArgs{"name": name}).Scan(&done); err != nil {
			return classify(err)
		}
		if !done {
			return nil
		}
		return fn(tx)
	})
	return done, err
}
