package postgres_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"winddown/internal/testdb"
	"winddown/migrations"
)

// servedOn is the schema from which on an older process serves while a newer schema comes.
const servedOn = 45

// A process that still runs the program of before has statements prepared: they go on with the newer schema.
func TestPreparedStatementsOutliveMigrations(t *testing.T) {
	url := testdb.Empty(t)
	old, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = old.Close() }()
	p, err := goose.NewProvider(goose.DialectPostgres, old, migrations.FS)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), servedOn); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	rows, err := conn.Query(t.Context(), `select format('select %s from %I', string_agg(quote_ident(column_name), ', '), table_name)
		from information_schema.columns where table_schema = 'public' group by table_name`)
	if err != nil {
		t.Fatal(err)
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(statements) < 20 {
		t.Fatalf("%d tables, %v", len(statements), err)
	}
	for _, s := range statements {
		if _, err := conn.Prepare(t.Context(), s, s); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := conn.Exec(t.Context(), s); err != nil {
			t.Errorf("%v: %s", err, s)
		}
	}
}
