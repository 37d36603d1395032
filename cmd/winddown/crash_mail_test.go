package main

import (
	"fmt"
	"net/mail"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/testmail"
	"winddown/internal/winddown"
)

// letters is how many letters each half of the test is about.
func letters(t *testing.T) int {
	n, err := strconv.Atoi(os.Getenv("WINDDOWN_TEST_LETTERS"))
	if err != nil {
		return 120
	}
	return n
}

// Two processes send every letter once. One that is killed between sending a letter and
// noting it costs one letter that goes out twice, under the same Message-ID, and none that
// does not go out.
func TestLettersSurviveKills(t *testing.T) {
	binary, databaseURL, server := build(t), testdb.New(t), testmail.Start(t)
	conn := connect(t, databaseURL)
	db, err := postgres.Open(t.Context(), postgres.Options{URL: databaseURL})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	a := app.New(db, app.Options{})
	n := letters(t)

	// An accountant reminds a seller with many helpers: a letter to each.
	accountant, _ := member(t, db)
	id, err := a.AddSeller(t.Context(), accountant, sampleCase())
	if err != nil {
		t.Fatal(err)
	}
	execSQL(t, conn, fmt.Sprintf(`with u as (
			insert into users (id, email, email_key, name, password_hash, created_at, confirmed_at)
			select gen_random_uuid(), i || '@example.ru', i || '@example.ru', 'Помощник ' || i, 'none', now(), now() from generate_series(1, %d) i
			returning id)
		insert into case_people (case_id, user_id, role, added_at) select '%s', id, 'helper', now() from u`, n, id))
	remind := func() {
		t.Helper()
		sent, err := a.Remind(t.Context(), again(t, a, accountant), []winddown.ID{id}, winddown.Remind{Text: "Пора запросить акт."})
		if err != nil || sent != 1 {
			t.Fatalf("%d sellers were reminded: %v", sent, err)
		}
	}
	start := func() *process {
		return startWork(t, binary, "--database-url", databaseURL, "--smtp-url", server.URL(), "--mail-from", "post@example.ru",
			"--base-url", "http://127.0.0.1", "--job-timeout", "2s", "--rescue-after", "3s")
	}
	times := func() map[string]int { // but for the letter about the accountant's own address
		all := map[string]int{}
		for _, l := range server.Letters() {
			m, err := mail.ReadMessage(strings.NewReader(l.Raw))
			if err != nil {
				t.Fatal(err)
			}
			if id := m.Header.Get("Message-Id"); strings.HasPrefix(id, "<remind-seller.") {
				all[id+l.To]++
			}
		}
		return all
	}

	begun := time.Now()
	one, two := start(), start()
	remind()
	server.Wait(t, n+1)
	one.stop(t)
	two.stop(t)
	if got := len(times()); got != n || len(server.Letters()) != n+1 {
		t.Fatalf("without a kill %d of %d letters went out, %d in all", got, n, len(server.Letters())-1)
	}
	t.Logf("%d letters without a kill by %s", n, time.Since(begun))

	execSQL(t, conn, "update cases set reminded_at = null, reminded_by = null, reminder_text = ''")
	remind()
	const kills = 4
	pair := []*process{start(), start()}
	for i := range kills {
		server.Wait(t, n+1+(i+1)*n/(kills+2))
		pair[i%2].kill()
		pair[i%2] = start()
	}
	// What a killed process had begun is taken up by the next leader.
	for _, p := range pair {
		p.stop(t)
	}
	execSQL(t, conn, "delete from river_leader")
	poll, late := time.NewTicker(50*time.Millisecond), time.After(time.Minute)
	defer poll.Stop()
	// The next leader looks at once, and then every half a minute.
	for column(t, conn, "select count(*)::text from river_job where state = 'running' and attempted_at > now() - interval '3 seconds'")[0] != "0" {
		<-poll.C
	}
	last := start()
	left := func() string {
		return column(t, conn, "select count(*)::text from river_job where state <> 'completed'")[0]
	}
	for left() != "0" {
		select {
		case <-poll.C:
		case <-late:
			t.Fatalf("%s jobs are left\n%s", left(), tail(last.log.String()))
		}
	}
	if got := len(times()); got != 2*n {
		t.Errorf("%d of %d letters went out", got, 2*n)
	}
	last.stop(t)
	twice := 0
	for id, n := range times() {
		if n > 1 {
			twice += n - 1
			t.Logf("%s went out %d times", id, n)
		}
	}
	if twice > kills {
		t.Errorf("%d kills made %d letters go out twice", kills, twice)
	}
	t.Logf("%d letters, %d kills, %d sent twice, after %s", 2*n, kills, twice, time.Since(begun))
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
	p.cmd = exec.Command(binary, append([]string{"work", "--log-format", "json"}, args...)...)
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
