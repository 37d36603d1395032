package postgres_test

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
	"winddown/migrations"
)

// follow reads what there is and returns whom it is about.
func follow(t *testing.T, db *postgres.DB, limit int, fail error) (seen []winddown.ID) {
	t.Helper()
	_, err := db.Follow(t.Context(), "mail", limit, func(_ postgres.JobTx, events []postgres.Followed) error {
		for _, e := range events {
			seen = append(seen, e.Event.Stream.ID)
		}
		return fail
	})
	if err != nil && !errors.Is(err, fail) {
		t.Fatal(err)
	}
	return seen
}

// followAll follows until n events were seen: a transaction anywhere on the server holds
// everybody back while it runs.
func followAll(t *testing.T, db *postgres.DB, n int) (seen []winddown.ID) {
	t.Helper()
	again(t, func() bool {
		seen = append(seen, follow(t, db, 3, nil)...)
		return len(seen) >= n
	})
	return seen
}

// again asks until done says that there is nothing left to wait for.
func again(t *testing.T, done func() bool) {
	t.Helper()
	poll, late := time.NewTicker(10*time.Millisecond), time.Now().Add(time.Minute)
	defer poll.Stop()
	for ; !done(); <-poll.C {
		if time.Now().After(late) {
			t.Fatal("not every event was followed")
		}
	}
}

// An event whose transaction began earlier and ended later is not passed by, and what a
// reader could not deal with comes again.
func TestFollowWaitsForTransactionsThatStillRun(t *testing.T) {
	db, _ := open(t)
	first := insert(t, db) // whoever comes first makes others wait
	if seen := followAll(t, db, 1); seen[0] != first.ID {
		t.Fatalf("followed %v", seen)
	}
	begun, release, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	slow := newUser(t)
	go func() {
		ended <- db.InTx(context.WithoutCancel(t.Context()), winddown.Actor{UserID: slow.ID}, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
			tx.InsertUser(slow, "none")
			_, err := tx.LockUser(t.Context(), slow.ID) // sends what was written
			close(begun)
			<-release
			return registered(slow), err
		})
	}()
	<-begun
	quick := insert(t, db)
	if seen := follow(t, db, 10, nil); len(seen) != 0 {
		t.Errorf("%d events were followed past a running transaction", len(seen))
	}
	close(release)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	failure := errors.New("not today")
	again(t, func() bool { return len(follow(t, db, 10, failure)) > 0 })
	if seen := followAll(t, db, 2); seen[0] != slow.ID || seen[1] != quick.ID {
		t.Errorf("followed %v", seen)
	}
	if seen := follow(t, db, 10, nil); len(seen) != 0 {
		t.Errorf("%d events were followed twice", len(seen))
	}
}

// Two processes that follow while others write see every event once.

// A place ahead of all transactions, as in a copy of the database in another server, begins again: what
// happens from then on is read, once.
func TestAPlaceAheadBeginsAgain(t *testing.T) {
	db, conn := openOne(t)
	first := insert(t, db)
	if seen := followAll(t, db, 1); seen[0] != first.ID {
		t.Fatalf("followed %v", seen)
	}
	if _, err := conn.Exec(t.Context(), "update followers set tx = (tx::text::bigint + 1000000000)::text::xid8"); err != nil {
		t.Fatal(err)
	}
	if seen := follow(t, db, 10, nil); len(seen) != 0 {
		t.Errorf("followed %v from a place ahead", seen)
	}
	next := insert(t, db)
	if seen := followAll(t, db, 1); seen[0] != next.ID {
		t.Errorf("followed %v, want %s", seen, next.ID)
	}
	if seen := follow(t, db, 10, nil); len(seen) != 0 {
		t.Errorf("%v are followed twice", seen)
	}
}
func TestFollowersShareThePlace(t *testing.T) {
	db, _ := open(t)
	const writers, each = 4, 25
	var writing, following sync.WaitGroup
	for range writers {
		writing.Go(func() {
			for range each {
				insert(t, db)
			}
		})
	}
	var mu sync.Mutex
	times := map[winddown.ID]int{}
	late := time.Now().Add(time.Minute)
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(times) }
	for range 2 {
		following.Go(func() {
			for count() < writers*each && time.Now().Before(late) {
				seen := follow(t, db, 7, nil)
				mu.Lock()
				for _, id := range seen {
					times[id]++
				}
				mu.Unlock()
			}
		})
	}
	writing.Wait()
	following.Wait()
	for id, n := range times {
		if n != 1 {
			t.Errorf("%s was followed %d times", id, n)
		}
	}
	if len(times) != writers*each {
		t.Errorf("%d of %d events were followed", len(times), writers*each)
	}
}

// A database that was there before there was mail comes along: its first person looks after
// it, and nobody is written to about the past. Two processes that upgrade at once do it once.
func TestUpgrade(t *testing.T) {
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
	if _, err := p.UpTo(t.Context(), 7); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for _, statement := range []string{
		`insert into users (id, email, email_key, name, password_hash, created_at) values
			('00000000-0000-7000-8000-000000000002', 'b@example.ru', 'b@example.ru', 'Б', 'none', '2026-11-02'),
			('00000000-0000-7000-8000-000000000001', 'a@example.ru', 'a@example.ru', 'А', 'none', '2026-11-01')`,
		`insert into events (stream_kind, stream_id, seq, at, body, hash)
			values ('user', '00000000-0000-7000-8000-000000000001', 1, '2026-11-01', '{"kind":"user_registered"}', '')`,
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	var all sync.WaitGroup
	counts := make([]int, 2)
	for i := range counts {
		all.Go(func() {
			done, err := postgres.Migrate(t.Context(), url)
			if err != nil {
				t.Error(err)
			}
			counts[i] = len(done)
		})
	}
	all.Wait()
	every, err := postgres.Migrations(t.Context(), url)
	if err != nil || counts[0]+counts[1] != len(every)-7 {
		t.Errorf("two processes applied %v of %d migrations: %v", counts, len(every)-7, err)
	}
	var operators string
	if err := conn.QueryRow(t.Context(), "select string_agg(email, ' ') from users where operator").Scan(&operators); err != nil || operators != "a@example.ru" {
		t.Errorf("operators: %q, %v", operators, err)
	}
	db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: url}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	next := insert(t, db)
	if seen := followAll(t, db, 1); len(seen) != 1 || seen[0] != next.ID {
		t.Errorf("followed %v, want %s", seen, next.ID)
	}
	if seen := follow(t, db, 10, nil); len(seen) != 0 {
		t.Errorf("%v are followed twice", seen)
	}
	have, want, err := db.JobSchemaVersion(t.Context())
	if err != nil || have != want {
		t.Errorf("the job queue's schema is %d of %d, %v", have, want, err)
	}
}
