package postgres_test

import (
	"context"
	"errors"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"

	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// with adds a parameter to an address.
func with(t *testing.T, address, name, value string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// register opens an account, and looks at the transaction it does that in.
func register(ctx context.Context, db *postgres.DB, id byte, look func(postgres.JobTx) error) error {
	if err := db.InJobTx(ctx, look); err != nil {
		return err
	}
	user := winddown.ID{id}
	return db.InTx(ctx, winddown.Actor{UserID: user}, testkit.Noon(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertUser(winddown.User{ID: user, Email: string('a'+rune(id)) + "@example.ru", Name: "А", Locale: "ru", Zone: winddown.DefaultZone}, "-")
		return []winddown.Event{{Stream: winddown.Stream{Kind: winddown.UserStream, ID: user}, Kind: winddown.UserRegistered}}, nil
	})
}

// Behind a pooler a connection is left as it was found: no statement prepared by name, no limit
// set. Inside a transaction the limits hold.
func TestBehindAPoolerNothingStaysWithTheConnection(t *testing.T) {
	address := testdb.New(t)
	for name, c := range map[string]struct {
		pooler          bool
		address         string
		inside, outside string
		prepared        bool
	}{
		"straight":         {false, address, "5s 1min 1min off", "5s 1min 1min off", true},
		"its own limits":   {false, with(t, address, "lock_timeout", "1s"), "1s 1min 1min off", "1s 1min 1min off", true},
		"through a pooler": {true, address, "5s 1min 1min off", "0 0 0 on", false},
	} {
		db, err := postgres.Open(t.Context(), postgres.Options{URL: with(t, c.address, "pool_max_conns", "1"), Pooler: c.pooler})
		if err != nil {
			t.Fatal(err)
		}
		const limits = `select concat_ws(' ', current_setting('lock_timeout'), current_setting('statement_timeout'),
			current_setting('idle_in_transaction_session_timeout'), current_setting('jit'))`
		err = register(t.Context(), db, byte(len(name)), func(tx postgres.JobTx) error {
			var now string
			if err := tx.QueryRow(t.Context(), limits, pgx.QueryExecModeSimpleProtocol).Scan(&now); err != nil || now != c.inside {
				t.Errorf("%s: inside a transaction %q, %v", name, now, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		err = db.InJobTx(t.Context(), func(tx postgres.JobTx) error { // a look past its beginning
			if _, err := tx.Exec(t.Context(), "rollback"); err != nil {
				return err
			}
			var now string
			var prepared bool
			if err := tx.Conn().QueryRow(t.Context(), limits, pgx.QueryExecModeSimpleProtocol).Scan(&now); err != nil || now != c.outside {
				t.Errorf("%s: outside of transactions %q, %v", name, now, err)
			}
			err := tx.Conn().QueryRow(t.Context(), "select count(*) > 0 from pg_prepared_statements", pgx.QueryExecModeSimpleProtocol).Scan(&prepared)
			if err != nil || prepared != c.prepared {
				t.Errorf("%s: statements are prepared: %t, %v", name, prepared, err)
			}
			_, err = tx.Exec(t.Context(), "begin")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		db.Close()
	}
}

// A server that only reads is no primary: its connection is not used again.
func TestAConnectionToAStandbyIsDropped(t *testing.T) {
	address := testdb.New(t)
	db, err := postgres.Open(t.Context(), postgres.Options{URL: with(t, address, "default_transaction_read_only", "on"), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var pids []uint32
	for range 2 {
		err := register(t.Context(), db, 1, func(tx postgres.JobTx) error {
			pids = append(pids, tx.Conn().PgConn().PID())
			return nil
		})
		var known *winddown.Error
		if !errors.As(err, &known) || known.Kind != winddown.Unavailable || known.Key != "error.unavailable" {
			t.Errorf("a write: %v", err)
		}
	}
	if pids[0] == pids[1] {
		t.Error("the connection is used again")
	}
}
