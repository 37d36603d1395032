package main

import (
	"flag"
	"math/rand/v2"
	"net/mail"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/testmail"
	"winddown/internal/winddown"
)

var letters = flag.Int("letters", 60, "how many letters each half of the test of the mail is about")

// Two processes send every letter once. One that is killed between sending a letter and
// noting it costs one letter that goes out twice, under the same Message-ID, and none that
// does not go out.
func TestLettersSurviveKills(t *testing.T) {
	n := *letters
	binary, databaseURL, server := build(t), testdb.New(t), testmail.Start(t)
	conn := connect(t, databaseURL)
	db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: databaseURL}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	a := app.New(db, app.Options{})

	// A seller has many helpers, to whom a letter goes each.
	accountant, _ := member(t, db)
	id, err := a.AddSeller(t.Context(), accountant, sampleCase())
	if err != nil {
		t.Fatal(err)
	}
	execSQL(t, conn, `with u as (
			insert into users (id, email, email_key, name, password_hash, created_at, confirmed_at)
			select gen_random_uuid(), i || '@example.ru', i || '@example.ru', 'Помощник ' || i, 'none', now(), now() from generate_series(1, $1::int) i
			returning id)
		insert into case_people (case_id, user_id, role, added_at) select $2, id, 'helper', now() from u`, n, id)
	// Their daily letters come later, whatever hour it is.
	execSQL(t, conn, "insert into mail_settings (user_id, done_on) select user_id, now()::date + 2 from case_people where case_id = $1 and role = 'helper' on conflict (user_id) do update set done_on = excluded.done_on", id)
	start := func() *process {
		return startWork(t, binary, "--database-url", databaseURL, "--smtp-url", server.URL(), "--mail-from", "post@example.ru",
			"--base-url", "http://127.0.0.1", "--job-timeout", "2s", "--rescue-after", "3s")
	}
	begun := time.Now()

	// The accountant reminds the seller.
	one, two := start(), start()
	sent, _, err := a.Remind(t.Context(), again(t, a, accountant), []winddown.ID{id}, winddown.Remind{Text: "Пора запросить акт."})
	if err != nil || sent != 1 {
		t.Fatalf("%d sellers were reminded: %v", sent, err)
	}
	// The accountant is asked to confirm his address meanwhile.
	wait(t, "the reminders", func() bool { return len(sentOf(t, server, "remind-seller")) == n })
	one.stop(t)
	two.stop(t)
	wantEach(t, sentOf(t, server, "remind-seller"), n, 0)
	t.Logf("%d reminders, no kill, after %s", n, time.Since(begun))

	// The helpers' daily letters are due, of a deadline in three days, whatever day it is today.
	zone := "Asia/Kamchatka" // where it is not midnight soon
	if hour := a.Now().UTC().Hour(); 6 <= hour && hour < 18 {
		zone = "Europe/Kaliningrad"
	}
	today := winddown.Today(a.Now(), zone)
	for day := today; !day.After(today.AddDays(3)); day = day.AddDays(1) {
		if _, err := a.SetCalendarDay(t.Context(), day, false, false, "проверка", winddown.DateOf(a.Now().UTC())); err != nil {
			t.Fatal(err)
		}
	}
	execSQL(t, conn, "update users set zone = $1", zone)
	execSQL(t, conn, "update mail_settings set hour = 0, done_on = null")
	batch := winddown.AddDeadline{Kind: winddown.DuePickUp, What: "40 штук", From: today.AddDays(-1), Until: today.AddDays(3)}
	if err := a.AddDeadline(t.Context(), accountant, id, batch); err != nil {
		t.Fatal(err)
	}
	before := len(server.Letters())
	pair := []*process{start(), start()}
	for i := range mailKills {
		part := n / (mailKills + 1)
		// Whoever is killed before the first letter is missed for as long as it takes to choose another leader.
		server.Wait(t, before+1+i*part+rand.IntN(part))
		pair[i%2].kill()
		pair[i%2] = start()
	}
	for _, p := range pair {
		p.stop(t)
	}
	// What a killed process had begun is taken up by the next leader, who looks at once and
	// then every half a minute.
	execSQL(t, conn, "delete from river_leader")
	wait(t, "what the killed had begun", func() bool {
		return column(t, conn, "select count(*)::text from river_job where state = 'running' and attempted_at > now() - interval '3 seconds'")[0] == "0"
	})
	last := start()
	wait(t, "the last letter", func() bool {
		return column(t, conn, "select count(*)::text from river_job where state <> 'completed'")[0] == "0"
	})
	last.stop(t)
	wantEach(t, sentOf(t, server, "digest"), n, mailKills)
	t.Logf("%d daily letters, %d kills, after %s", n, mailKills, time.Since(begun))
}

// mailKills is how often a process that sends letters is killed.
const mailKills = 4

// sentOf counts the letters of a kind by whom and what they are about.
func sentOf(t *testing.T, server *testmail.Server, kind string) map[string]int {
	t.Helper()
	all := map[string]int{}
	for _, l := range server.Letters() {
		m, err := mail.ReadMessage(strings.NewReader(l.Raw))
		if err != nil {
			t.Fatal(err)
		}
		if id := m.Header.Get("Message-Id"); strings.HasPrefix(id, "<"+kind+".") {
			all[id+l.To]++
		}
	}
	return all
}

// wantEach says that so many letters went out, and how many of them may have gone out twice.
func wantEach(t *testing.T, sent map[string]int, n, twice int) {
	t.Helper()
	if len(sent) != n {
		t.Errorf("%d of %d letters went out", len(sent), n)
	}
	again := 0
	for id, times := range sent {
		if times > 1 {
			again += times - 1
			t.Logf("%s went out %d times", id, times)
		}
	}
	if again > twice {
		t.Errorf("%d letters went out twice, after %d kills", again, twice)
	}
}

// wait looks until something has come about, for two minutes at most.
func wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	poll, late := time.NewTicker(50*time.Millisecond), time.After(2*time.Minute)
	defer poll.Stop()
	for !done() {
		select {
		case <-poll.C:
		case <-late:
			t.Fatalf("%s: waited in vain", what)
		}
	}
}

// again is an actor with the firm he has by now.
func again(t *testing.T, a *app.App, actor winddown.Actor) winddown.Actor {
	t.Helper()
	firms, err := a.Memberships(t.Context(), actor)
	if err != nil || len(firms) != 1 {
		t.Fatalf("%d firms: %v", len(firms), err)
	}
	actor.FirmID, actor.FirmRole = firms[0].ID, firms[0].Role
	return actor
}

// printedWorking matches what «winddown work» says once it works.
const printedWorking = `(Winddown: working)`

func startWork(t *testing.T, binary string, args ...string) *process {
	t.Helper()
	p := &process{out: newOutput(), log: newOutput(), done: make(chan struct{})}
	p.cmd = exec.Command(binary, append([]string{"work", "--log-format", "json"}, testdb.Flags(t, args)...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(p.kill)
	if _, ok := p.out.await(printedWorking, p.done); !ok {
		t.Fatalf("winddown work did not start:\n%s", p.log)
	}
	return p
}

// stop asks the process to end, which must end well.
func (p *process) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-p.done
	if !p.cmd.ProcessState.Success() {
		t.Errorf("%s\n%s", p.cmd.ProcessState, tail(p.log.String()))
	}
}
