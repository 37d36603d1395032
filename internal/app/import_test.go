package app_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// sellersTable is a table of n sellers whose act was requested.
func sellersTable(n int) [][]string {
	rows := [][]string{{"Продавец", "ИНН", "FBS", "Остаток", "Акт запрошен"}}
	for i := range n {
		rows = append(rows, []string{fmt.Sprintf("ООО «Маяк %d»", i), testkit.INN(i), "да", "нет", "02.11.2026"})
	}
	return rows
}

// imported brings a table and returns what loads it, as its preview said.
func (w *world) imported(a winddown.Actor, rows [][]string) func() error {
	w.t.Helper()
	id, v := w.brought(a, rows)
	return func() error { return w.app.LoadImport(w.t.Context(), a, id, v.Digest, "Раньше") }
}

func (w *world) brought(a winddown.Actor, rows [][]string) (winddown.ID, app.ImportPreview) {
	w.t.Helper()
	id, err := w.app.KeepImport(w.t.Context(), a, "продавцы.csv", rows)
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := w.app.Import(w.t.Context(), a, id, "Раньше")
	if err != nil || v.Wrong != nil {
		w.t.Fatal(err, v.Wrong)
	}
	return id, v
}

// A table takes about what it holds.
func TestAKeptTableIsNoLargerThanItsText(t *testing.T) {
	w := newWorld(t)
	boss := w.firm().admin
	rows := append(sellersTable(1), []string{strings.Repeat("<&>", 1000)})
	id, v := w.brought(boss, rows)
	if !slices.Equal(v.Import.Rows[2], rows[2]) {
		t.Error("it comes back as something else")
	}
	if n := one[int](w, "select octet_length(content) from imports where id = $1", [16]byte(id)); n > 3500 {
		t.Errorf("3000 characters take %d bytes", n)
	}
}

// A load that is broken off, by the person or with its connection, leaves nothing; afterwards
// it can be done.
func TestABrokenLoadLeavesNothing(t *testing.T) {
	w := newWorld(t)
	boss := w.firm().admin
	id, v := w.brought(boss, sellersTable(300))
	before := one[int](w, "select count(*) from cases")
	for name, stop := range map[string]func(context.CancelFunc){
		"cancelled": func(cancel context.CancelFunc) { cancel() },
		"cut off": func(context.CancelFunc) {
			w.exec("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
		},
	} {
		w.exec("begin")
		w.exec("lock table events in share mode") // it waits with its cases written
		ctx, cancel := context.WithCancel(t.Context())
		done := inBackground(func() error { return w.app.LoadImport(ctx, boss, id, v.Digest, "Раньше") })
		for begun := time.Now(); one[int](w, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 0; {
			w.exec("select pg_stat_clear_snapshot()")
			if time.Since(begun) > time.Minute {
				t.Fatal("the load does not wait for the events")
			}
		}
		stop(cancel)
		if err := <-done; err == nil {
			t.Errorf("%s: no error", name)
		}
		cancel()
		w.exec("rollback")
		if n := one[int](w, "select count(*) from cases"); n != before {
			t.Errorf("%s: %d sellers, want %d", name, n, before)
		}
	}
	if err := w.app.LoadImport(t.Context(), boss, id, v.Digest, "Раньше"); err != nil {
		t.Fatal(err)
	}
	if n := one[int](w, "select count(*) from cases"); n != before+300 {
		t.Errorf("%d sellers, want %d", n, before+300)
	}
}

// Two people of a firm load the same table at the same moment: it is loaded once.
func TestOneTableLoadedTwiceAtOnce(t *testing.T) {
	w := newWorld(t)
	f := w.firm()
	first, one1 := w.brought(f.admin, sellersTable(20))
	second, two := w.brought(f.lead, sellersTable(20))
	wantTally(t, atOnce(4, func(i int) error {
		if i%2 == 0 {
			return w.app.LoadImport(t.Context(), f.admin, first, one1.Digest, "Раньше")
		}
		return w.app.LoadImport(t.Context(), f.lead, second, two.Digest, "Раньше")
	}), map[string]int{"ok": 2, "conflict": 2})
	if n := one[int](w, "select count(*) from cases where search_text like '%маяк%'"); n != 20 {
		t.Errorf("%d sellers", n)
	}
	if n, err := w.app.SweepImports(t.Context()); n != 0 || err != nil {
		t.Errorf("%d tables were swept before their term, %v", n, err)
	}
	w.clock.Advance(winddown.ImportTerm)
	if _, err := w.app.Import(t.Context(), f.lead, second, ""); winddown.KindOf(err) != winddown.NotFound {
		t.Errorf("a table after its term: %v", err)
	}
	if n, err := w.app.SweepImports(t.Context()); n != 2 || err != nil {
		t.Errorf("%d tables were swept, %v", n, err)
	}
}

// What a person loaded stays for its day beside the one table that waits, and without end nothing does.
func TestLoadedTablesStayForTheirTerm(t *testing.T) {
	w := newWorld(t)
	boss := w.firm().admin
	const kept = 20
	var loaded []winddown.ID
	for range kept + 1 {
		w.clock.Advance(time.Minute)
		loaded = append(loaded, w.addressed(boss, "one@example.ru"))
	}
	waits, _ := w.brought(boss, sellersTable(1))
	last, _ := w.brought(boss, sellersTable(1))
	there := func(id winddown.ID) bool {
		t.Helper()
		_, err := w.app.Import(t.Context(), boss, id, "")
		if err != nil && winddown.KindOf(err) != winddown.NotFound {
			t.Fatal(err)
		}
		return err == nil
	}
	for i, id := range append(loaded, waits, last) {
		if want := i > 0 && id != waits; there(id) != want {
			t.Errorf("table %d: there is %t", i, !want)
		}
	}
	if n := one[int](w, "select count(*) from imports where content <> '[]'"); n != 1 {
		t.Errorf("the rows of %d tables are kept", n)
	}
	wantKey(t, w.app.MailImported(t.Context(), w.provedNow(boss), waits, 1), winddown.NotFound, "import.error.replaced")
	w.clock.Advance(winddown.ImportTerm)
	if n, err := w.app.SweepImports(t.Context()); n != kept+1 || err != nil || there(loaded[kept]) {
		t.Errorf("%d tables were swept, %v", n, err)
	}
}

// An accountant's table neither sees nor changes the sellers of a colleague, and a table is its
// person's in the firm it was brought for.
func TestScopeOfAnImport(t *testing.T) {
	w := newWorld(t)
	f := w.firm()
	if err := w.imported(f.lead, sellersTable(2))(); err != nil {
		t.Fatal(err)
	}
	id, v := w.brought(f.accountant, sellersTable(2))
	if n := winddown.CountImport(v.Plan); n[winddown.ImportNew] != 2 {
		t.Errorf("the colleague's sellers are known to the accountant: %v", n)
	}
	for _, who := range []winddown.Actor{f.lead, f.admin, w.person("Чужая")} {
		if _, err := w.app.Import(t.Context(), who, id, ""); winddown.KindOf(err) != winddown.NotFound {
			t.Errorf("%s sees the accountant's table: %v", who.Name, err)
		}
		wantKind(t, w.app.LoadImport(t.Context(), who, id, v.Digest, "Раньше"), winddown.NotFound)
	}
	elsewhere := f.accountant
	elsewhere.FirmID = winddown.ID{7}
	wantKind(t, w.app.LoadImport(t.Context(), elsewhere, id, v.Digest, "Раньше"), winddown.NotFound)
	if _, err := w.app.RemoveFirmPerson(t.Context(), f.admin, f.accountant.UserID); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.LoadImport(t.Context(), f.accountant, id, v.Digest, "Раньше"), winddown.NotFound)
}

// addressed loads a table of sellers whose owners have these addresses.
func (w *world) addressed(a winddown.Actor, emails ...string) winddown.ID {
	w.t.Helper()
	rows := sellersTable(len(emails))
	rows[0] = append(rows[0], "E-mail")
	for i, email := range emails {
		rows[i+1] = append(rows[i+1], email)
	}
	id, v := w.brought(a, rows)
	if err := w.app.LoadImport(w.t.Context(), a, id, v.Digest, "Раньше"); err != nil {
		w.t.Fatal(err)
	}
	return id
}

// Letters to the owners of imported sellers go to those who have an address, no owner and no
// letter, a few to one address, and only when somebody who may asks for as many as he was shown.
func TestInvitingImportedSellersByMail(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	f := w.firm()
	emails := []string{"one@example.ru", "", "two@example.ru"}
	for range app.MaxLettersToOne + 2 {
		emails = append(emails, "Many@example.ru")
	}
	const letters = 2 + app.MaxLettersToOne
	f.accountant.Confirmed = false
	id := w.addressed(f.accountant, emails...)
	mailable := func() []app.AddedSeller {
		t.Helper()
		v, err := w.app.Import(ctx, f.accountant, id, "")
		if err != nil {
			t.Fatal(err)
		}
		return app.ImportLetters(v.Import)
	}
	if got := mailable(); len(got) != letters || got[0].Email != "one@example.ru" || got[1].Email != "two@example.ru" {
		t.Fatalf("letters to %+v", got)
	}
	wantKey(t, w.app.MailImported(ctx, f.accountant, id, letters), winddown.Conflict, "people.error.unconfirmed")
	f.accountant.Confirmed = true
	stale := f.accountant
	stale.ProvedAt = w.clock.Now().Add(-winddown.ProofTerm - time.Second)
	wantKind(t, w.app.MailImported(ctx, stale, id, letters), winddown.Unproved)
	_, err := w.app.InviteImported(ctx, stale, id, false)
	wantKind(t, err, winddown.Unproved)
	wantKey(t, w.app.MailImported(ctx, f.accountant, id, letters+1), winddown.Conflict, "import.error.letters_changed")
	wantKind(t, w.app.MailImported(ctx, f.lead, id, letters), winddown.NotFound) // the table is the accountant's
	invited := func() int { return one[int](w, "select count(*) from events where body like '%person_invited%'") }
	if n := invited(); n != 0 {
		t.Fatalf("%d invitations before anybody asked for one", n)
	}
	for range 2 { // a second press sends nothing
		if err := w.app.MailImported(ctx, f.accountant, id, letters); err != nil {
			t.Fatal(err)
		}
	}
	if got := mailable(); len(got) != 0 || invited() != letters {
		t.Errorf("%d letters are left, %d invitations were made", len(got), invited())
	}
	if n := one[int](w, "select count(*) from invites where role = 'owner' and email = 'Many@example.ru'"); n != app.MaxLettersToOne {
		t.Errorf("%d letters to one address", n)
	}

	// The letter's link makes its holder the owner. One that was taken back can be sent again.
	var owned, revoked winddown.ID
	v, err := w.app.Import(ctx, f.accountant, id, "")
	if err != nil {
		t.Fatal(err)
	}
	owned, revoked = v.Import.Added[0].Case, v.Import.Added[2].Case
	inviteOf := func(c winddown.ID) winddown.ID {
		return winddown.ID(one[uuid.UUID](w, "select id from invites where case_id = $1", uuid.UUID(c)))
	}
	_, token, err := w.app.InviteLetter(ctx, inviteOf(owned))
	if err != nil {
		t.Fatal(err)
	}
	if _, role, err := w.app.Accept(ctx, w.person("Владелец"), token); err != nil || role != winddown.Owner {
		t.Fatalf("%s, %v", role, err)
	}
	if err := w.app.RevokeInvite(ctx, f.accountant, revoked, inviteOf(revoked)); err != nil {
		t.Fatal(err)
	}
	if got := mailable(); len(got) != 1 || got[0].Case != revoked {
		t.Errorf("letters are left to %+v", got)
	}

	// Whoever is not responsible any more invites nobody, and where no letters are sent nobody does.
	if err := w.assign(f.admin, winddown.ID{}, revoked); err != nil {
		t.Fatal(err)
	}
	if got := mailable(); len(got) != 0 {
		t.Errorf("letters are left to %+v", got)
	}
	silent := newWorld(t)
	a := silent.person("Ким")
	id = silent.addressed(a, "one@example.ru")
	a = silent.again(a)
	a.Confirmed = true
	wantKey(t, silent.app.MailImported(ctx, a, id, 1), winddown.Conflict, "people.error.no_mail")
}

// Another table does not fill the same mailbox, nor does one person send without end.
func TestInvitationsByMailAreBoundedByTheDay(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx, a := t.Context(), w.firm().accountant
	a.Confirmed = true
	var emails []string
	for range app.MaxLettersToOne {
		emails = append(emails, "many@example.ru")
	}
	if err := w.app.MailImported(ctx, a, w.addressed(a, emails...), len(emails)); err != nil {
		t.Fatal(err)
	}
	rows := sellersTable(len(emails) + 2)
	rows = append(rows[:1], rows[len(emails)+1:]...)
	for i, text := range []string{"E-mail", "Many@example.ru", "three@example.ru"} {
		rows[i] = append(rows[i], text)
	}
	id, v := w.brought(a, rows)
	if err := w.app.LoadImport(ctx, a, id, v.Digest, "Раньше"); err != nil {
		t.Fatal(err)
	}
	v, err := w.app.Import(ctx, a, id, "")
	if err != nil {
		t.Fatal(err)
	}
	if got := app.ImportLetters(v.Import); len(v.Import.Added) != 2 || len(got) != 1 || got[0].Email != "three@example.ru" {
		t.Errorf("the next table writes to %+v", got)
	}
	w.exec(`insert into invites (id, case_id, role, token_hash, created_by, created_at, expires_at, revoked_at, email)
		select gen_random_uuid(), i.case_id, 'owner', sha256(n::text::bytea), i.created_by, i.created_at, i.expires_at, i.created_at, n || '@example.ru'
		from (select * from invites limit 1) i, generate_series(1, $1::int) n`, app.MaxInviteLetters-len(emails))
	wantKey(t, w.app.MailImported(ctx, a, id, 1), winddown.Conflict, "import.error.letters_daily")
	w.exec("update invites set created_at = created_at - interval '1 day'")
	if err := w.app.MailImported(ctx, a, id, 2); err != nil {
		t.Errorf("a day later: %v", err)
	}
}
