package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// What keeps a database from being restored into.
var (
	ErrNotEmpty    = errors.New("the database is not empty")
	ErrNewerSchema = errors.New("the backup is of a newer program")
	ErrLaterSchema = errors.New("the empty database has a later schema than the backup")
	ErrInUse       = errors.New("the database is in use")
)

// Loader loads an empty database in one transaction.
type Loader struct {
	conn   *pgx.Conn
	tables []TableColumns // of the database
	loaded map[string]bool
}

// bookkeeping are the tables that migrations themselves fill; what they put there is replaced.
func bookkeeping() []string {
	return []string{"goose_db_version", "river_migration", "followers", "system_streams"}
}

const sqlForeignKeys = `-- name: ForeignKeys
select n.nspname as schema, c.relname as name, k.conname as key, pg_get_constraintdef(k.oid) as definition
from pg_constraint k
join pg_class c on c.oid = k.conrelid
join pg_namespace n on n.oid = c.relnamespace
where k.contype = 'f' and k.conparentid = 0 and n.nspname not in ('pg_catalog', 'information_schema')
order by n.nspname, c.relname, k.conname`

// Restore brings the empty database at url to the schemas of a backup, lets fn load it, and
// commits what was loaded when fn returns nil; a process that ends before leaves a database
// without rows. The newest migrations are left to Migrate. It needs the database past a
// pooler, and returns ErrNotEmpty, ErrNewerSchema, ErrLaterSchema or ErrInUse.
func Restore(ctx context.Context, url string, of Snapshot, fn func(*Loader) error) (err error) {
	ours, err := wantedSchema()
	if err != nil {
		return err
	}
	jobs, err := JobSchema()
	if err != nil {
		return err
	}
	if of.Schema > ours || of.Jobs > jobs {
		return ErrNewerSchema
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return classify(err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, forever); err != nil {
		return classify(err)
	}
	l := &Loader{conn: conn, loaded: map[string]bool{}}
	if err := l.look(ctx); err != nil { // before anything is made in it
		return err
	}
	if err := migrateTo(ctx, url, of.Schema, of.Jobs); err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return l.load(ctx, tx, of, fn) })
}

func (l *Loader) load(ctx context.Context, tx pgx.Tx, of Snapshot, fn func(*Loader) error) error {
	if err := l.take(ctx); err != nil {
		return err
	}
	var have int64
	if err := tx.QueryRow(ctx, sqlSchemaVersion).Scan(&have); err != nil {
		return classify(err)
	}
	if have > of.Schema {
		return ErrLaterSchema
	}
	keys, err := l.open(ctx)
	if err != nil {
		return err
	}
	if err := fn(l); err != nil {
		return err
	}
	for _, t := range of.Tables {
		if !l.loaded[t.Name] {
			return fmt.Errorf("the table %s was not loaded", t.Name)
		}
	}
	for _, s := range of.Sequences {
		if _, err := tx.Exec(ctx, "select setval($1::text::regclass, $2, $3)", identifier(s.Name), s.Last, s.Called); err != nil {
			return fmt.Errorf("sequence %s: %w", s.Name, err)
		}
	}
	return l.close(ctx, keys)
}

// look finds the tables there are, and refuses a database in which one has rows other than
// those of migrations.
func (l *Loader) look(ctx context.Context) error {
	tables, err := tablesOf(ctx, l.conn)
	if err != nil {
		return err
	}
	l.tables = tables
	for _, t := range tables {
		rows := "select from " + identifier(t.Name)
		if name := plainName(t.Name); name == "system_streams" {
			rows += " where event_seq > 0"
		} else if slices.Contains(bookkeeping(), name) {
			continue
		}
		var any bool
		if err := l.conn.QueryRow(ctx, "select exists ("+rows+")").Scan(&any); err != nil {
			return classify(err)
		}
		if any {
			return fmt.Errorf("%w: there are rows in %s", ErrNotEmpty, t.Name)
		}
	}
	return nil
}

// take locks the tables, so that nobody else writes or reads until the transaction ends, and
// looks at them again.
func (l *Loader) take(ctx context.Context) error {
	if err := l.exec(ctx, "set local lock_timeout = '10s'"); err != nil {
		return err
	}
	tables, err := tablesOf(ctx, l.conn)
	if err != nil {
		return err
	}
	for _, t := range tables {
		err := l.exec(ctx, "lock table "+identifier(t.Name)+" in access exclusive mode")
		var pg *pgconn.PgError
		if errors.As(err, &pg) && pg.Code == "55P03" {
			return ErrInUse
		}
		if err != nil {
			return err
		}
	}
	return l.look(ctx)
}

// tableRule is a rule of a table by its name: a foreign key that is away while rows are loaded, or a trigger
// that stays.
type tableRule struct{ Schema, Name, Key, Definition string }

// sqlRowRules lists the triggers that say what a row has to be, as a check does.
const sqlRowRules = `-- name: RowRules
select n.nspname as schema, c.relname as name, t.tgname as key, '' as definition
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
join pg_namespace n on n.oid = c.relnamespace
where not t.tgisinternal and t.tgname like '%\_row'
order by n.nspname, c.relname, t.tgname`

// open takes away what refuses rows that come in any order: foreign keys, which are added again
// and then check all rows at once, and triggers, which guard what people change; those that say what
// a row has to be stay. It returns the foreign keys.
func (l *Loader) open(ctx context.Context) ([]tableRule, error) {
	rows, err := l.conn.Query(ctx, sqlForeignKeys)
	if err != nil {
		return nil, classify(err)
	}
	keys, err := pgx.CollectRows(rows, pgx.RowToStructByName[tableRule])
	if err != nil {
		return nil, classify(err)
	}
	for _, k := range keys {
		if err := l.exec(ctx, "alter table "+k.table()+" drop constraint "+k.name()); err != nil {
			return nil, err
		}
	}
	for _, t := range l.tables {
		if err := l.exec(ctx, "alter table "+identifier(t.Name)+" disable trigger user"); err != nil {
			return nil, err
		}
		if err := l.exec(ctx, "delete from "+identifier(t.Name)); err != nil { // what migrations put there
			return nil, err
		}
	}
	rows, err = l.conn.Query(ctx, sqlRowRules)
	if err != nil {
		return nil, classify(err)
	}
	rules, err := pgx.CollectRows(rows, pgx.RowToStructByName[tableRule])
	if err != nil {
		return nil, classify(err)
	}
	for _, r := range rules {
		if err := l.exec(ctx, "alter table "+r.table()+" enable trigger "+r.name()); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

func (k tableRule) table() string { return pgx.Identifier{k.Schema, k.Name}.Sanitize() }
func (k tableRule) name() string  { return pgx.Identifier{k.Key}.Sanitize() }

// close brings back what open took away.
func (l *Loader) close(ctx context.Context, keys []tableRule) error {
	for _, t := range l.tables {
		if err := l.exec(ctx, "alter table "+identifier(t.Name)+" enable trigger user"); err != nil {
			return err
		}
	}
	for _, k := range keys {
		if err := l.exec(ctx, "alter table "+k.table()+" add constraint "+k.name()+" "+k.Definition); err != nil {
			return fmt.Errorf("what was loaded does not fit together: %w", err)
		}
	}
	for _, t := range l.tables { // the planner knows nothing of what came in
		if err := l.exec(ctx, "analyze "+identifier(t.Name)); err != nil {
			return err
		}
	}
	return nil
}

// table returns a table of the database by its name.
func (l *Loader) table(name string) (TableColumns, bool) {
	for _, t := range l.tables {
		if t.Name == name {
			return t, true
		}
	}
	return TableColumns{}, false
}

func (l *Loader) exec(ctx context.Context, sql string) error {
	_, err := l.conn.Exec(ctx, sql)
	return classify(err)
}

// Copy loads a table from COPY's text, once. The names come from a file, so they have to be
// those of a table of this schema.
func (l *Loader) Copy(ctx context.Context, t TableColumns, r io.Reader) error {
	known, ok := l.table(t.Name)
	if !ok {
		return fmt.Errorf("this schema has no table %q", t.Name)
	}
	for _, c := range t.Columns {
		if !slices.Contains(known.Columns, c) {
			return fmt.Errorf("the table %s has no column %q in this schema", t.Name, c)
		}
	}
	if l.loaded[t.Name] {
		return fmt.Errorf("the table %s is there twice", t.Name)
	}
	l.loaded[t.Name] = true
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = pgx.Identifier{c}.Sanitize()
	}
	_, err := l.conn.PgConn().CopyFrom(ctx, r, "copy "+identifier(t.Name)+" ("+strings.Join(columns, ", ")+") from stdin")
	return classify(err)
}

const sqlCountFiles = `-- name: CountFiles
select count(distinct e.sha256) from evidence e where e.sha256 is not null`

// CountFiles returns how many files the evidence that was loaded refers to.
func (l *Loader) CountFiles(ctx context.Context) (n int64, err error) {
	if !slices.ContainsFunc(l.tables, func(t TableColumns) bool { return plainName(t.Name) == "evidence" }) {
		return 0, nil // the first schema knew none
	}
	err = l.conn.QueryRow(ctx, sqlCountFiles).Scan(&n)
	return n, classify(err)
}
