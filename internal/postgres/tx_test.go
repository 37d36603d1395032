package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
)

var moment = time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)

// openOne returns a pool of one connection, so that one that is not given back is noticed.
func openOne(t *testing.T) (*postgres.DB, *pgx.Conn) {
	t.Helper()
	url := testdb.New(t)
	db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: url, MaxConns: 1}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return db, conn
}

func newUser(t *testing.T) winddown.User {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return winddown.User{ID: winddown.ID(id), Email: id.String() + "@example.ru", Name: "Ким", Locale: "ru", Zone: winddown.DefaultZone}
}

func userStream(id winddown.ID) winddown.Stream {
	return winddown.Stream{Kind: winddown.UserStream, ID: id}
}

func registered(u winddown.User) []winddown.Event {
	return []winddown.Event{{Stream: userStream(u.ID), Kind: winddown.UserRegistered}}
}

// insert writes one person with an event, as every use case does.
func insert(t *testing.T, db *postgres.DB) winddown.User {
	t.Helper()
	u := newUser(t)
	err := db.InTx(t.Context(), winddown.Actor{UserID: u.ID}, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertUser(u, "none")
		return registered(u), nil
	})
	if err != nil {
		t.Fatalf("insert: %v", err)
	}
	return u
}

// wantRows fails unless there are so many people and events; the connection of the pool
// must be of use.
func wantRows(t *testing.T, db *postgres.DB, conn *pgx.Conn, users, events int) {
	t.Helper()
	var u, e, locks int
	err := conn.QueryRow(t.Context(), `select (select count(*) from users), (select count(*) from events),
		(select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%')`).Scan(&u, &e, &locks)
	if err != nil {
		t.Fatal(err)
	}
	if u != users || e != events || locks != 0 {
		t.Errorf("%d users, %d events, %d open transactions; want %d, %d, none", u, e, locks, users, events)
	}
	if _, err := db.AnyUser(t.Context()); err != nil {
		t.Errorf("the pool: %v", err)
	}
}

func TestAWriteWithoutAnEventIsRefused(t *testing.T) {
	db, conn := openOne(t)
	u := insert(t, db)
	for name, fn := range map[string]func(*postgres.Tx) ([]winddown.Event, error){
		"a write alone": func(tx *postgres.Tx) ([]winddown.Event, error) {
			tx.InsertUser(newUser(t), "none")
			return nil, nil
		},
		"a write after a read": func(tx *postgres.Tx) ([]winddown.Event, error) {
			_, err := tx.LockUser(t.Context(), u.ID)
			tx.SavePassword(u.ID, "other")
			return nil, err
		},
		"a write before a read": func(tx *postgres.Tx) ([]winddown.Event, error) {
			tx.InsertUser(newUser(t), "none")
			_, err := tx.LockUser(t.Context(), u.ID)
			return nil, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := db.InTx(t.Context(), winddown.Actor{}, moment, fn); err == nil {
				t.Error("it passed")
			}
			wantRows(t, db, conn, 1, 1)
		})
	}
}

func TestReadingAloneNeedsNoEvent(t *testing.T) {
	db, conn := openOne(t)
	u := insert(t, db)
	for _, read := range []bool{true, false} {
		err := db.InTx(t.Context(), winddown.Actor{}, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
			if read {
				_, err := tx.LockUser(t.Context(), u.ID)
				return nil, err
			}
			return nil, nil
		})
		if err != nil {
			t.Errorf("read %v: %v", read, err)
		}
		wantRows(t, db, conn, 1, 1)
	}
}

// The chain of a stream breaks if an event is put behind a head nobody holds.
func TestAnEventOfAStreamThatIsNotLockedIsRefused(t *testing.T) {
	db, conn := openOne(t)
	u := insert(t, db)
	for _, stream := range []winddown.Stream{userStream(u.ID), {Kind: winddown.CaseStream, ID: u.ID}, {Kind: winddown.SystemStream}} {
		err := db.InTx(t.Context(), winddown.Actor{}, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
			tx.SavePassword(u.ID, "other")
			return []winddown.Event{{Stream: stream, Kind: winddown.PasswordChanged}}, nil
		})
		if err == nil {
			t.Errorf("an event on %s passed", stream)
		}
		wantRows(t, db, conn, 1, 1)
	}
}

func TestNothingOfAFailedTransactionStays(t *testing.T) {
	db, conn := openOne(t)
	u := insert(t, db)
	failure := errors.New("no")
	for name, c := range map[string]struct {
		fn   func(context.Context, *postgres.Tx) ([]winddown.Event, error)
		want error
	}{
		"the function fails": {func(ctx context.Context, tx *postgres.Tx) ([]winddown.Event, error) {
			tx.InsertUser(newUser(t), "none")
			_, err := tx.LockUser(ctx, u.ID)
			return registered(u), errors.Join(err, failure)
		}, failure},
		"a constraint is broken at the end": {func(_ context.Context, tx *postgres.Tx) ([]winddown.Event, error) {
			twin := newUser(t)
			twin.Email = u.Email
			tx.InsertUser(twin, "none")
			return registered(twin), nil
		}, winddown.Invalid},
		"a constraint is broken on the way": {func(ctx context.Context, tx *postgres.Tx) ([]winddown.Event, error) {
			twin := newUser(t)
			twin.Email = u.Email
			tx.InsertUser(twin, "none")
			_, err := tx.LockUser(ctx, u.ID)
			return registered(twin), err
		}, winddown.Invalid},
		"a row that is not there": {func(ctx context.Context, tx *postgres.Tx) ([]winddown.Event, error) {
			_, err := tx.LockUser(ctx, newUser(t).ID)
			return registered(u), err
		}, winddown.NotFound},
		"a case that is not locked": {func(_ context.Context, tx *postgres.Tx) ([]winddown.Event, error) {
			tx.SaveCase(&winddown.Case{ID: u.ID}, winddown.Summary{}, nil, nil)
			return registered(u), nil
		}, winddown.Internal},
		"cases that are not locked, dated anew": {func(_ context.Context, tx *postgres.Tx) ([]winddown.Event, error) {
			tx.RedateCases([]*winddown.Case{{ID: u.ID}}, winddown.Calendar{})
			return registered(u), nil
		}, winddown.Internal},
	} {
		t.Run(name, func(t *testing.T) {
			err := db.InTx(t.Context(), winddown.Actor{}, moment, func(tx *postgres.Tx) ([]winddown.Event, error) { return c.fn(t.Context(), tx) })
			if err == nil || !errors.Is(err, c.want) && winddown.KindOf(err) != c.want { //nolint:errorlint // a kind is a value
				t.Errorf("error %v, want %v", err, c.want)
			}
			wantRows(t, db, conn, 1, 1)
		})
	}

	t.Run("the person leaves", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := db.InTx(ctx, winddown.Actor{}, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
			if _, err := tx.LockUser(ctx, u.ID); err != nil {
				return nil, err
			}
			cancel()
			tx.SavePassword(u.ID, "other")
			return registered(u), nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
		wantRows(t, db, conn, 1, 1)
	})

	t.Run("a panic", func(t *testing.T) {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = db.InTx(t.Context(), winddown.Actor{}, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
				tx.InsertUser(newUser(t), "none")
				_, err := tx.LockUser(t.Context(), u.ID)
				panic(fmt.Sprint("on purpose ", err))
			})
		}()
		insert(t, db) // the connection is free, and the row not locked any more
		wantRows(t, db, conn, 2, 2)
	})
}

// A server that goes away is told as such, not as a fault of the program.
func TestALostConnectionIsUnavailable(t *testing.T) {
	db, conn := openOne(t)
	u := insert(t, db)
	err := db.InTx(t.Context(), winddown.Actor{}, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
		if _, err := tx.LockUser(t.Context(), u.ID); err != nil {
			return nil, err
		}
		if _, err := conn.Exec(t.Context(), "select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"); err != nil {
			return nil, err
		}
		tx.SavePassword(u.ID, "other")
		return registered(u), nil
	})
	if winddown.KindOf(err) != winddown.Unavailable {
		t.Errorf("error %v, want unavailable", err)
	}
	insert(t, db)
	wantRows(t, db, conn, 2, 2)
}

func TestTimesAreKeptToTheMicrosecond(t *testing.T) {
	db, conn := openOne(t)
	u := newUser(t)
	at := moment.Add(123456789 * time.Nanosecond).In(time.FixedZone("", 7*3600))
	err := db.InTx(t.Context(), winddown.Actor{UserID: u.ID}, at, func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertUser(u, "none")
		return registered(u), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var column time.Time
	if err := conn.QueryRow(t.Context(), "select at from events").Scan(&column); err != nil {
		t.Fatal(err)
	}
	if want := moment.Add(123456 * time.Microsecond); !column.Equal(want) {
		t.Errorf("%s, want %s", column, want)
	}
	if n, err := db.VerifyStream(t.Context(), userStream(u.ID)); n != 1 || err != nil {
		t.Errorf("%d events, %v", n, err)
	}
}
