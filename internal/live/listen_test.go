package live_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/live"
	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func TestMain(m *testing.M) { testdb.Run(m) }

// hears waits until the subscription has heard what is asked for.
func hears(t *testing.T, s *live.Subscription, what string, is func(live.News) bool) {
	t.Helper()
	late := time.After(20 * time.Second)
	for {
		select {
		case <-s.Wake():
			if is(s.Take()) {
				return
			}
		case <-late:
			t.Fatalf("%s was not heard", what)
		}
	}
}

func refreshed(n live.News) bool { return n.Refresh }

func TestOneProcessHearsWhatAnotherCommits(t *testing.T) {
	one := testkit.Start(t, testkit.WithLive())
	two := testkit.Start(t, testkit.Beside(one))
	owner, accountant := one.SignUp("Петрова", "owner"), one.SignUp("Иванова", "accountant")
	id := owner.OpenCase("ИП Петрова", 1)
	owner.Join(accountant, id, winddown.Accountant)
	firm := accountant.Actor().FirmID

	topic := func(k winddown.StreamKind, id winddown.ID) *live.Subscription {
		s := two.Hub.Subscribe(winddown.ID{9}, winddown.Stream{Kind: k, ID: id})
		t.Cleanup(s.Close)
		return s
	}
	ofCase, ofFirm, stranger := topic(winddown.CaseStream, id), topic(winddown.FirmStream, firm), topic(winddown.CaseStream, winddown.ID{1})
	about := two.Hub.Subscribe(accountant.ID, winddown.Stream{Kind: winddown.CaseStream, ID: id})
	defer about.Close()

	owner.Mark(id, winddown.ZeroFBS)
	seq := owner.Case(id).Seq
	hears(t, ofCase, "the case", func(n live.News) bool { return n.Changed && n.Seq == seq })
	hears(t, ofFirm, "the firm's register", func(n live.News) bool { return n.Changed })

	// Who is taken out hears that, and so does the register he is taken out of.
	if err := one.App.RemovePerson(t.Context(), owner.Actor(), id, accountant.ID); err != nil {
		t.Fatal(err)
	}
	hears(t, about, "the removal", func(n live.News) bool { return n.Person })
	hears(t, ofFirm, "the case that left", func(n live.News) bool { return n.Changed })
	if n := stranger.Take(); n.Changed {
		t.Errorf("another case heard %+v", n)
	}
}

// log is where a hub writes, read while it does.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestEverySubscriberRefreshesAfterTheConnectionWasCut(t *testing.T) {
	url := testdb.New(t)
	db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: url, Hints: true}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	var out log
	hub := live.NewHub(slog.New(slog.NewTextHandler(&out, nil)))
	first := hub.Subscribe(winddown.ID{1}, winddown.Stream{Kind: winddown.CaseStream, ID: winddown.ID{1}})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		hub.Run(ctx, db)
	}()
	hears(t, first, "the beginning", refreshed)

	var all []*live.Subscription
	for n := range byte(50) {
		all = append(all, hub.Subscribe(winddown.ID{n}, winddown.Stream{Kind: winddown.CaseStream, ID: winddown.ID{n}}))
	}
	admin, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close(t.Context()) }()
	for cut := 1; cut <= 2; cut++ {
		var ended bool
		if err := admin.QueryRow(t.Context(), `select bool_and(pg_terminate_backend(pid)) from pg_stat_activity
			where datname = current_database() and query like '%listen winddown'`).Scan(&ended); err != nil || !ended {
			t.Fatalf("the connection was not cut: %t, %v", ended, err)
		}
		for _, s := range all {
			hears(t, s, "the refresh", refreshed)
		}
		if hub.Reconnects() != cut {
			t.Errorf("%d reconnects are counted, want %d", hub.Reconnects(), cut)
		}
	}
	if !strings.Contains(out.String(), "are not heard") {
		t.Errorf("the log does not tell of the cut: %s", out.String())
	}

	// And it hears again.
	user := winddown.ID{7}
	follower := hub.Subscribe(user, winddown.Stream{Kind: winddown.UserStream, ID: user})
	err = db.InTx(t.Context(), winddown.Actor{UserID: user}, testkit.Noon(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertUser(winddown.User{ID: user, Email: "a@example.ru", Name: "А", Locale: "ru", Zone: winddown.DefaultZone}, "-")
		return []winddown.Event{{Stream: winddown.Stream{Kind: winddown.UserStream, ID: user}, Kind: winddown.UserRegistered}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	hears(t, follower, "the new person", func(n live.News) bool { return n.Seq == 1 && n.Person })
	stop()
	<-done
}
