package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// TableColumns is a table, with its schema, and those of its columns that hold data.
type TableColumns struct {
	Name    string // schema.table
	Columns []string
}

// SequenceValue is where a sequence stands; Called says that Last was given out already.
type SequenceValue struct {
	Name   string // schema.sequence
	Last   int64
	Called bool
}

// Snapshot is the whole database at one moment.
type Snapshot struct {
	Schema    int64 // the last migration
	Jobs      int64 // the same of the job queue
	Tables    []TableColumns
	Sequences []SequenceValue

	conn *pgx.Conn
}

// sweepLock is the name of the lock under which files are swept.
const sweepLock = "winddown sweep files"

const sqlHoldSweep = `-- name: HoldSweep
select pg_advisory_lock(hashtext(@name))`

// sqlTables lists every table but those of the system and of extensions. Columns that are
// computed are no data.
const sqlTables = `-- name: Tables
select n.nspname as schema, c.relname as name,
       array(select a.attname::text from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' order by a.attnum) as columns
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and c.relpersistence <> 't'
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by n.nspname, c.relname`

const sqlSequences = `-- name: Sequences
select n.nspname as schema, c.relname as name, pg_sequence_last_value(c.oid) as last
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'S' and c.relpersistence <> 't'
  and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'
  and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
order by n.nspname, c.relname`

// sqlBackupFiles lists the files of the evidence in the order of their hashes, each with one
// place that refers to it.
const sqlBackupFiles = `-- name: BackupFiles
select distinct on (e.sha256) e.sha256, e.size, e.case_id, e.number
from evidence e
where e.sha256 is not null
order by e.sha256, e.case_id, e.number`

// forever lets a connection be used for hours.
const forever = "set lock_timeout = 0; set statement_timeout = 0; set idle_in_transaction_session_timeout = 0"

// Snapshot runs fn over the whole database as it is at one moment, while no file is swept: it
// waits for a sweep that runs. It needs the database past a pooler. It is an operator's tool
// and takes no actor.
func (db *DB) Snapshot(ctx context.Context, fn func(*Snapshot) error) (err error) {
	config := db.direct.Copy()
	// What COPY writes has to be read by another server.
	for name, value := range map[string]string{"timezone": "UTC", "datestyle": "ISO", "intervalstyle": "postgres", "bytea_output": "hex",
		"extra_float_digits": "3", "client_encoding": "UTF8", "jit": "off"} {
		config.RuntimeParams[name] = value
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return classify(err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if _, err := conn.Exec(ctx, forever); err != nil {
		return classify(err)
	}
	// Before the snapshot: a sweep that ends after it might take what it refers to.
	if _, err := conn.Exec(ctx, sqlHoldSweep, namedArgs{"name": sweepLock}); err != nil {
		return classify(err)
	}
	return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		s := &Snapshot{conn: conn}
		var err error
		if s.Tables, err = tablesOf(ctx, conn); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, sqlSchemaVersion).Scan(&s.Schema); err != nil {
			return classify(err)
		}
		if s.has("river_migration") {
			if err := tx.QueryRow(ctx, sqlJobSchemaVersion).Scan(&s.Jobs); err != nil {
				return classify(err)
			}
		}
		if s.Sequences, err = sequencesOf(ctx, conn); err != nil {
			return err
		}
		return fn(s)
	})
}

// has reports whether there is a table, for the first schemas had fewer.
func (s *Snapshot) has(table string) bool {
	return slices.ContainsFunc(s.Tables, func(t TableColumns) bool { return plainName(t.Name) == table })
}

// plainName is the name of a table without its schema.
func plainName(name string) string { return name[strings.IndexByte(name, '.')+1:] }

func tablesOf(ctx context.Context, conn *pgx.Conn) ([]TableColumns, error) {
	type row struct {
		Schema, Name string
		Columns      []string
	}
	rows, err := conn.Query(ctx, sqlTables)
	if err != nil {
		return nil, classify(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return nil, classify(err)
	}
	var all []TableColumns
	for _, r := range found {
		if strings.ContainsAny(r.Schema+r.Name, "./") {
			return nil, fmt.Errorf("the table %q of the schema %q has a name with a dot or a stroke, which a backup cannot hold", r.Name, r.Schema)
		}
		all = append(all, TableColumns{Name: r.Schema + "." + r.Name, Columns: r.Columns})
	}
	return all, nil
}

func sequencesOf(ctx context.Context, conn *pgx.Conn) ([]SequenceValue, error) {
	type row struct {
		Schema, Name string
		Last         *int64
	}
	rows, err := conn.Query(ctx, sqlSequences)
	if err != nil {
		return nil, classify(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[row])
	if err != nil {
		return nil, classify(err)
	}
	var all []SequenceValue
	for _, r := range found {
		s := SequenceValue{Name: r.Schema + "." + r.Name, Last: 1}
		if r.Last != nil { // none was given out yet
			s.Last, s.Called = *r.Last, true
		}
		all = append(all, s)
	}
	return all, nil
}

// identifier quotes a name with its schema.
func identifier(name string) string { return pgx.Identifier(strings.SplitN(name, ".", 2)).Sanitize() }

// Numbers of transactions mean nothing in another server, where new events get smaller ones.
// So a backup says instead how many followers were behind an event, and the place of a
// follower is before the first event it has not read: below every number that a server gives.
const (
	portableTx    = `(select count(*) from followers f where (f.tx, f.stream_kind, f.stream_id, f.seq) < (t.tx, t.stream_kind, t.stream_id, t.seq))`
	portablePlace = `1 + ` + portableTx
	noStream      = `'00000000-0000-0000-0000-000000000000'`
)

// Copy writes the rows of a table as COPY's text: the columns in their order, a row a line.
// Events come in the order of their streams.
func (s *Snapshot) Copy(ctx context.Context, t TableColumns, w io.Writer) error {
	instead, order := map[string]string{}, ""
	switch plainName(t.Name) {
	case "events":
		order = " order by t.stream_kind, t.stream_id, t.seq"
		if s.has("followers") {
			instead["tx"] = portableTx
		}
	case "followers":
		instead = map[string]string{"tx": portablePlace, "stream_kind": "''", "stream_id": noStream, "seq": "0"}
	}
	columns := make([]string, len(t.Columns))
	for i, name := range t.Columns {
		if columns[i] = instead[name]; columns[i] == "" {
			columns[i] = "t." + pgx.Identifier{name}.Sanitize()
		}
	}
	_, err := s.conn.PgConn().CopyTo(ctx, w, "copy (select "+strings.Join(columns, ", ")+" from "+identifier(t.Name)+" t"+order+") to stdout")
	return classify(err)
}

// FileRef is a file that some evidence refers to.
type FileRef struct {
	SHA256 [32]byte
	Size   int64 // bytes
	Case   winddown.ID
	Number int // of the evidence
}

// Files calls fn for every file that the evidence refers to, in the order of their hashes.
func (s *Snapshot) Files(ctx context.Context, fn func(FileRef) error) error {
	if !s.has("evidence") {
		return nil
	}
	rows, err := s.conn.Query(ctx, sqlBackupFiles)
	if err != nil {
		return classify(err)
	}
	defer rows.Close()
	for rows.Next() {
		var sum, id []byte
		var f FileRef
		if err := rows.Scan(&sum, &f.Size, &id, &f.Number); err != nil {
			return classify(err)
		}
		f.SHA256, f.Case = [32]byte(sum), winddown.ID(id)
		if err := fn(f); err != nil {
			return err
		}
	}
	return classify(rows.Err())
}
