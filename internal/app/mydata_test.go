package app_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Every column that refers to a person is taken along by him, told by his events, or left out for a
// reason: a new one says which.
func TestMyDataKnowsEveryColumn(t *testing.T) {
	w := newWorld(t)
	known := postgres.PersonalColumns()
	columns := w.rows(`select distinct c.conrelid::regclass::text || '.' || a.attname
		from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
		where c.contype = 'f' and c.confrelid = 'users'::regclass and cardinality(c.conkey) = 1`)
	columns = append(columns, "users.id", "events.by_id", "events.about_id", "register_counts.responsible_id") // which refer by no foreign key
	for _, c := range columns {
		if known[c] == "" {
			t.Errorf("%s refers to a person and is neither in the download nor left out for a reason", c)
		}
		delete(known, c)
	}
	for c := range known {
		t.Errorf("%s refers to nobody", c)
	}
	a := w.person("Ким")
	var begun []string
	if _, err := w.app.MyData(t.Context(), a, func(s string) error { begun = append(begun, s); return nil }, func(string) error { return nil }); err != nil {
		t.Fatal(err)
	}
	for c, section := range postgres.PersonalColumns() {
		if !strings.Contains(section, " ") && !slices.Contains(begun, section) {
			t.Errorf("%s is said to be in the section %q, which is none", c, section)
		}
	}
}

// What a person takes of himself is whole, and holds nobody else's name or address, nor what he may
// not see any more.
func TestMyData(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	me, host, other := w.confirmed(w.person("Уникумова")), w.confirmed(w.person("Чужова")), w.confirmed(w.person("Лишнева"))
	own := w.fullCase(me, other, w.confirmed(w.person("Счетова")), "x")
	past := w.open(host)
	w.join(host, me, past, winddown.Helper)
	must(w.app.Answer(ctx, me, own, 1, "Моё слово"))
	w.mark(me, past, winddown.ZeroFBS)
	step := w.version(me, past, winddown.ZeroFBS)
	must(w.app.Undo(ctx, me, past, winddown.Undo{Step: winddown.ZeroFBS, Version: step, Reason: "Тайна бывшего помощника"}))
	must(w.app.RemovePerson(ctx, w.provedNow(host), past, me.UserID))
	must(w.app.FoundFirm(ctx, me, "Моя фирма"))
	me = w.again(me)
	must(w.app.ChangeMailSettings(ctx, me, winddown.MailSettings{Frequency: winddown.Weekly, Weekday: 3, Hour: 7}))
	_, err := w.app.NewFeed(ctx, me)
	must(err)
	must(w.app.ChangeEmail(ctx, w.provedNow(me), "unikum-new@example.ru"))
	_, err = w.app.KeepImport(ctx, me, "моя таблица.csv", sellersTable(1))
	must(err)
	w.exec("insert into digests (user_id, on_date, sent_at, lines) values ($1, $2::timestamptz::date, $2, 4)", uuid.UUID(me.UserID), noon)
	me = w.provedNow(me)

	var all strings.Builder
	rows := map[string]int{}
	section := ""
	sections, err := w.app.MyData(ctx, me, func(s string) error { section = s; return nil },
		func(row string) error { rows[section]++; all.WriteString(row + "\n"); return nil })
	must(err)
	for _, s := range sections {
		if s.Rows != rows[s.Name] || s.More {
			t.Errorf("%+v has %d rows", s, rows[s.Name])
		}
	}
	for _, name := range []string{"profile", "sessions", "cases", "firms", "invites", "links", "mail", "letters", "told", "feeds", "imports", "email_change", "events"} {
		if rows[name] == 0 {
			t.Errorf("the section %s is empty", name)
		}
	}
	for _, want := range []string{"Уникумова", me.Email, "unikum-new@example.ru", "ИП Уникумов", "Моя фирма", "Моё слово", "моя таблица.csv"} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("it lacks %q", want)
		}
	}
	for _, not := range []string{"Чужова", "Лишнева", "Счетова", host.Email, other.Email, "Тайна бывшего помощника", "password_hash", "token_hash"} {
		if strings.Contains(all.String(), not) {
			t.Errorf("it holds %q", not)
		}
	}
	me.ProvedAt = w.clock.Now().Add(-time.Hour)
	_, err = w.app.MyData(ctx, me, func(string) error { return nil }, func(string) error { return nil })
	wantKind(t, err, winddown.Unproved)
}

// What somebody did stays his to take along where nothing else ties him to it any more: in a case of a
// firm that both he and the case have left. It is named without what he wrote.
func TestMyDataKeepsWhatWasDoneElsewhere(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	f, owner := w.firm(), w.person("Хозяева")
	id := w.open(owner)
	w.join(owner, f.accountant, id, winddown.Accountant)
	must(w.app.Ask(ctx, f.lead, id, winddown.ZeroFBS, "Тайна старшей"))
	must(w.app.LeaveFirm(ctx, owner, id))
	_, err := w.app.RemoveFirmPerson(ctx, w.provedNow(f.admin), f.lead.UserID)
	must(err)
	var events []string
	section := ""
	_, err = w.app.MyData(ctx, w.provedNow(w.again(f.lead)), func(s string) error { section = s; return nil }, func(row string) error {
		if section == "events" {
			events = append(events, row)
		}
		return nil
	})
	must(err)
	asked := slices.ContainsFunc(events, func(row string) bool {
		return strings.Contains(row, id.String()) && strings.Contains(row, string(winddown.QuestionAsked)) && strings.Contains(row, `"by_me":true`)
	})
	if all := strings.Join(events, "\n"); !asked || strings.Contains(all, "Тайна старшей") {
		t.Errorf("of the question he asked it says\n%s", all)
	}
}
