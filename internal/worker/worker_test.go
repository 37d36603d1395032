package worker_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"winddown/internal/app"
	"winddown/internal/mail"
	"winddown/internal/testdb"
	"winddown/internal/testkit"
	"winddown/internal/testmail"
	"winddown/internal/winddown"
	"winddown/internal/worker"
)

func TestMain(m *testing.M) { testdb.Run(m) }

// office is a site with workers and a mail server.
type office struct {
	*testkit.Site
	mail    *testmail.Server
	sql     *pgx.Conn
	contact string // of the operator, as the workers know it
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{Site: testkit.Start(t, testkit.WithMail()), mail: testmail.Start(t)}
	var err error
	if o.sql, err = pgx.Connect(t.Context(), o.DatabaseURL); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = o.sql.Close(context.Background()) })
	return o
}

// work starts the workers of one process, which end with the test.
func (o *office) work(t *testing.T) {
	t.Helper()
	client, err := mail.Open(o.mail.URL(), "Winddown <post@winddown.example>")
	if err != nil {
		t.Fatal(err)
	}
	w, err := worker.Start(t.Context(), worker.Options{App: o.App, DB: o.DB, Mail: client, BaseURL: o.URL, Contact: o.contact,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Stop(); err != nil {
			t.Error(err)
		}
	})
}

// rows returns the lines of a query of one text column.
func (o *office) rows(t *testing.T, sql string) []string {
	t.Helper()
	found, err := o.sql.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func register(t *testing.T, a *app.App, email, locale string) {
	t.Helper()
	_, err := a.SignUp(t.Context(), winddown.Registration{Name: "Анна Ким", Email: email, Password: testkit.Password, Locale: locale, Consent: true}, app.Browser{})
	if err != nil {
		t.Fatal(err)
	}
}

// linkIn finds the address of our own that both forms of a letter lead to.
func linkIn(t *testing.T, p testmail.Parsed, path string) (token string) {
	t.Helper()
	at := regexp.MustCompile(`http://[^\s"<]+` + path + `([A-Za-z0-9_-]+)`)
	text, html := at.FindStringSubmatch(p.Text), at.FindStringSubmatch(p.HTML)
	if text == nil || html == nil || text[0] != html[0] {
		t.Fatalf("the forms lead to %q and %q", text, html)
	}
	return text[1]
}

func TestLettersAboutAccounts(t *testing.T) {
	o := open(t)
	register(t, o.App, "kim@example.ru", "ru")
	o.work(t)
	o.work(t) // a second process changes nothing
	first := o.mail.Wait(t, 1)[0].Parse(t)
	if first.Subject != "Winddown: подтвердите адрес" || !strings.Contains(first.Text, "не напишем вам ничего, кроме предупреждения") || first.Get("To") != "<kim@example.ru>" || !strings.Contains(first.HTML, `lang="ru"`) {
		t.Errorf("%s, to %s", first.Subject, first.Get("To"))
	}
	token := linkIn(t, first, "/account/confirm/")
	if err := o.App.Confirm(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	wantKind(t, o.App.Confirm(t.Context(), token), winddown.Gone)

	register(t, o.App, "smith@example.ru", "en")
	if second := o.mail.Wait(t, 2)[1].Parse(t); second.Subject != "Winddown: confirm your address" || second.Get("Message-Id") == first.Get("Message-Id") {
		t.Errorf("%s, %s", second.Subject, second.Get("Message-Id"))
	}

	for _, email := range []string{"nobody@example.ru", "KIM@example.ru"} {
		if err := o.App.ForgotPassword(t.Context(), email); err != nil {
			t.Fatal(err)
		}
	}
	reset := o.mail.Wait(t, 3)[2].Parse(t)
	token = linkIn(t, reset, "/password/reset/")
	const next = "новый лист над рекой"
	if err := o.App.ResetPassword(t.Context(), token, next); err != nil {
		t.Fatal(err)
	}
	wantKind(t, o.App.ResetPassword(t.Context(), token, next), winddown.Gone)
	session, _, err := o.App.LogIn(t.Context(), "kim@example.ru", next, app.Browser{})
	if err != nil {
		t.Fatal(err)
	}

	// Jobs hold ids and codes, and the database no token.
	jobs := o.rows(t, "select concat_ws(' ', kind, args, errors, metadata, tags) from river_job order by id")
	if len(jobs) != 3 {
		t.Errorf("there are %d jobs: %q", len(jobs), jobs)
	}
	all := strings.Join(append(jobs, o.rows(t, "select concat_ws(' ', purpose, encode(token_hash, 'escape')) from mail_tokens")...), "\n")
	for _, secret := range []string{"Ким", "example.ru", token} {
		if strings.Contains(all, secret) {
			t.Errorf("%q stands in the database: %s", secret, all)
		}
	}
	// Who changes his address is told so at the one he has, with what to do if it is not he who does.
	kim, err := o.App.Actor(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	if err := o.App.ChangeEmail(t.Context(), kim, "new@example.org"); err != nil {
		t.Fatal(err)
	}
	moving := map[string]string{}
	for _, raw := range o.mail.Wait(t, 7)[3:] { // two are about the new password and the login
		l := raw.Parse(t)
		moving[raw.To+": "+l.Subject] = l.Text
	}
	if old := moving["kim@example.ru: Winddown: адрес вашей учётной записи меняют"]; !strings.Contains(old, "Если это были не вы, задайте новый пароль") || !strings.Contains(old, o.URL+"/password/forgot") ||
		!strings.Contains(old, "Если он оставил контакты, они на странице "+o.URL+"/privacy") ||
		strings.Contains(old, "new@example.org") || strings.Contains(old, "/account/email/confirm/") {
		t.Errorf("the old address is told:\n%s", old)
	}
	if text := moving["new@example.org: Winddown: подтвердите новый адрес"]; !strings.Contains(text, o.URL+"/account/email/confirm/") {
		t.Errorf("the new address is told:\n%s; all are %q", text, moving)
	}
	// Every letter is noted as sent before the next one is: nothing is left to be sent again.
	if left := o.rows(t, "select state::text from river_job where state <> 'completed'"); len(left) > 1 {
		t.Errorf("jobs are %q", left)
	}
}

// A letter that was sent is not sent again because the database failed for a moment afterwards.
func TestNotingInsists(t *testing.T) {
	o := open(t)
	if _, err := o.sql.Exec(t.Context(), `
		create sequence failures;
		create function fail_once() returns trigger language plpgsql as $$
		begin
			if nextval('failures') = 1 then raise lock_not_available; end if;
			return new;
		end $$;
		create trigger fail_once before update on river_job for each row when (new.state = 'completed') execute function fail_once()`); err != nil {
		t.Fatal(err)
	}
	register(t, o.App, "kim@example.ru", "ru")
	t.Run("work", func(t *testing.T) {
		o.work(t)
		o.mail.Wait(t, 1)
		register(t, o.App, "lim@example.ru", "ru") // after whatever becomes of the first
		o.mail.Wait(t, 2)
	})
	if got := o.rows(t, "select concat_ws(' ', state, attempt) from river_job order by id"); len(got) != 2 || got[0] != "completed 1" || got[1] != "completed 1" {
		t.Errorf("the jobs are %q", got)
	}
	if failed := o.rows(t, "select last_value::text from failures"); failed[0] != "3" {
		t.Errorf("the database was asked %s times", failed[0])
	}
}

func wantKind(t *testing.T, err error, want winddown.Kind) {
	t.Helper()
	if winddown.KindOf(err) != want || err == nil {
		t.Errorf("%v, want %v", err, want)
	}
}

// Invitations and reminders go to the right people, and invitations lead where their links do.
func TestLettersAboutCases(t *testing.T) {
	o := open(t)
	anna, boris := o.SignUp("Петрова", "petrova"), o.SignUp("Смирнов", "smirnov")
	for _, c := range []*testkit.Client{anna, boris} {
		l, err := o.App.ConfirmLetter(t.Context(), c.ID, winddown.ID{})
		if err != nil {
			t.Fatal(err)
		}
		if err := o.App.Confirm(t.Context(), l.Token); err != nil {
			t.Fatal(err)
		}
	}
	o.work(t)
	id := anna.OpenCase("ИП Петрова", 1)
	if _, err := o.App.InviteByMail(t.Context(), anna.Actor(), id, winddown.Accountant, "buh@example.ru"); err != nil {
		t.Fatal(err)
	}
	invite := o.mail.Wait(t, 1)[0].Parse(t)
	if invite.Subject != "ИП Петрова: приглашение в Winddown" || invite.Get("To") != "<buh@example.ru>" {
		t.Errorf("%s to %s", invite.Subject, invite.Get("To"))
	}
	if _, role, err := o.App.Accept(t.Context(), boris.Actor(), linkIn(t, invite, "/invites/")); err != nil || role != winddown.Accountant {
		t.Fatalf("%s, %v", role, err)
	}
	const text = "Пора запросить акт.\nЖдём до пятницы."
	if n, _, err := o.App.Remind(t.Context(), boris.Actor(), []winddown.ID{id}, winddown.Remind{Text: text}); err != nil || n != 1 {
		t.Fatalf("%d, %v", n, err)
	}
	reminder := o.mail.Wait(t, 2)[1].Parse(t)
	if stop := reminder.Get("List-Unsubscribe"); !strings.HasPrefix(stop, "<"+o.URL+"/unsubscribe/") ||
		reminder.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || !strings.Contains(reminder.Text, strings.Trim(stop, "<>")) {
		t.Errorf("List-Unsubscribe %q", stop)
	}
	if !strings.HasPrefix(reminder.Subject, "ИП Петрова: бухгалтер напоминает") || reminder.Get("To") != "<"+anna.Email+">" ||
		!strings.Contains(reminder.Text, "> Ждём до пятницы.") || !strings.Contains(reminder.HTML, "Смирнов пишет") ||
		!strings.Contains(reminder.HTML, o.URL+"/cases/"+id.String()) {
		t.Errorf("%s to %s\n%s", reminder.Subject, reminder.Get("To"), reminder.Text)
	}
	// A letter to one's own address confirms it, one that was handed on does not.
	for i, one := range []struct{ to, by string }{{"Lim@example.ru", "lim@example.ru"}, {"son@example.ru", "other@example.ru"}} {
		if _, err := o.App.InviteByMail(t.Context(), anna.Actor(), id, winddown.Helper, one.to); err != nil {
			t.Fatal(err)
		}
		token := linkIn(t, o.mail.Wait(t, 3+i)[2+i].Parse(t), "/invites/")
		in := winddown.Registration{Name: "Олег Лим", Email: one.by, Password: testkit.Password, Locale: "ru", Consent: true}
		if _, _, _, err := o.App.SignUpInvited(t.Context(), token, in, app.Browser{}); err != nil {
			t.Fatal(err)
		}
	}
	if got := o.rows(t, "select email from users where confirmed_at is null order by email"); len(got) != 1 || got[0] != "other@example.ru" {
		t.Errorf("not confirmed: %q", got)
	}
	// A firm's people are invited by mail too, in the language of whoever invites.
	anna.FoundFirm("Учёт и порядок")
	if _, err := o.App.InviteToFirmByMail(t.Context(), anna.Actor(), winddown.Lead, "smith@example.ru"); err != nil {
		t.Fatal(err)
	}
	var toFirm testmail.Parsed
	for _, l := range o.mail.Wait(t, 6) { // with one to «other», whose address is not confirmed
		if l.To == "smith@example.ru" {
			toFirm = l.Parse(t)
		}
	}
	if toFirm.Subject != "Учёт и порядок: приглашение в Winddown" || toFirm.Get("To") != "<smith@example.ru>" ||
		!strings.Contains(toFirm.Text, "Петрова приглашает вас в фирму руководителем.") {
		t.Errorf("%s to %s\n%s", toFirm.Subject, toFirm.Get("To"), toFirm.Text)
	}
	in := winddown.Registration{Name: "Иван Смит", Email: "smith@example.ru", Password: testkit.Password, Locale: "en", Consent: true}
	session, _, err := o.App.SignUpToFirm(t.Context(), linkIn(t, toFirm, "/firm/join/"), in, app.Browser{})
	if err != nil {
		t.Fatal(err)
	}
	if smith, err := o.App.Actor(t.Context(), session); err != nil || smith.FirmRole != winddown.Lead || !smith.Confirmed {
		t.Errorf("%+v, %v", smith, err)
	}
	if dir := os.Getenv("LETTER_PICTURES"); dir != "" { // to be looked at
		for name, html := range map[string]string{"invite": invite.HTML, "firm": toFirm.HTML, "reminder": reminder.HTML} {
			if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(html), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := strings.Join(o.rows(t, "select concat_ws(' ', kind, args, errors, metadata, tags) from river_job"), "\n")
	for _, secret := range []string{"Петрова", "example.ru", "запросить", "Учёт"} {
		if strings.Contains(all, secret) {
			t.Errorf("%q stands in a job: %s", secret, all)
		}
	}
}

// The owners of imported sellers are invited when somebody asks for it, each by a letter of his
// own, and letters that somebody waits for go before them.
func TestLettersToImportedSellers(t *testing.T) {
	o := open(t)
	anna := o.SignUp("Петрова", "petrova")
	anna.Confirm()
	anna.FoundFirm("Учёт и порядок")
	rows := [][]string{{"Продавец", "ИНН", "FBS", "Остаток", "E-mail"}}
	for i := range 3 {
		rows = append(rows, []string{fmt.Sprint("ИП Ким ", i), testkit.INN(i), "да", "нет", fmt.Sprintf("seller%d@example.ru", i)})
	}
	id, err := o.App.KeepImport(t.Context(), anna.Actor(), "продавцы.csv", rows)
	if err != nil {
		t.Fatal(err)
	}
	v, err := o.App.Import(t.Context(), anna.Actor(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.App.LoadImport(t.Context(), anna.Actor(), id, v.Digest, ""); err != nil {
		t.Fatal(err)
	}
	if err := o.App.MailImported(t.Context(), anna.Actor(), id, 3); err != nil {
		t.Fatal(err)
	}
	if err := o.App.AskConfirmation(t.Context(), o.SignUp("Смирнов", "smirnov").Actor(), winddown.ID{}); err != nil {
		t.Fatal(err)
	}
	o.work(t)
	letters := o.mail.Wait(t, 4)
	if letters[0].To != "smirnov@example.ru" {
		t.Errorf("the first letter goes to %s", letters[0].To)
	}
	for _, l := range letters[1:] {
		number, _ := strings.CutPrefix(l.To, "seller")
		number, _, _ = strings.Cut(number, "@")
		p := l.Parse(t)
		if p.Subject != "ИП Ким "+number+": приглашение в Winddown" || !strings.Contains(p.Text, "Петрова приглашает вас стать владельцем") {
			t.Errorf("%s to %s", p.Subject, l.To)
		}
		in := winddown.Registration{Name: "Ким", Email: l.To, Password: testkit.Password, Locale: "ru", Consent: true}
		session, _, role, err := o.App.SignUpInvited(t.Context(), linkIn(t, p, "/invites/"), in, app.Browser{})
		if err != nil || role != winddown.Owner {
			t.Fatalf("%s, %v", role, err)
		}
		if kim, err := o.App.Actor(t.Context(), session); err != nil || !kim.Confirmed {
			t.Errorf("the letter did not confirm %s: %v", l.To, err)
		}
	}
}
