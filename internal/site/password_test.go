package site_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// A forgotten password is answered alike for everybody, and not without end.
func TestForgottenPassword(t *testing.T) {
	s := testkit.Start(t, testkit.WithMail())
	anna, somebody := s.SignUp("Петрова", "petrova"), s.Anybody()
	ask := func(email string) *testkit.Page {
		return somebody.PostForm("/password/forgot", url.Values{"email": {email}})
	}
	answer := func(email string) string {
		t.Helper()
		ask(email).Want(http.StatusSeeOther)
		return somebody.Get("/password/forgot").Want(http.StatusOK).Main() + somebody.Get("/password/forgot").Body
	}
	if known, unknown := answer(anna.Email), answer("nobody@example.ru"); known != unknown {
		t.Errorf("the answers differ:\n%s\n%s", known, unknown)
	}
	if p := ask("petrova").Want(http.StatusUnprocessableEntity); !strings.Contains(p.Body, `value="petrova"`) {
		t.Error("what was typed is lost")
	}
	ask(anna.Email).Want(http.StatusSeeOther)
	ask(anna.Email).Want(http.StatusSeeOther)
	ask(anna.Email).Want(http.StatusTooManyRequests)
	for range 12 {
		ask(anna.Email)
	}
	s.LogIn(anna.Email, testkit.Password) // whoever asks for letters to her keeps her out of nothing

	// Only the link leads on; it is used by a button, hidden from logs, and over afterwards.
	l, err := s.App.ResetLetter(t.Context(), anna.ID, s.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	path := "/password/reset/" + l.Token
	somebody.Get("/password/reset/nothing").Want(http.StatusNotFound)
	if p := somebody.Get(path).Want(http.StatusOK); p.Header.Get("Referrer-Policy") != "strict-origin" {
		t.Errorf("the address is told to others: %q", p.Header.Get("Referrer-Policy"))
	}
	somebody.PostForm(path, url.Values{"password": {"короткий"}}).Want(http.StatusUnprocessableEntity)
	somebody.PostForm(path, url.Values{"password": {"новый лист над рекой"}}).Want(http.StatusSeeOther)
	somebody.Get(path).Want(http.StatusGone)
	somebody.PostForm(path, url.Values{"password": {"новый лист над рекой"}}).Want(http.StatusGone)
	anna.Get("/account").Want(http.StatusSeeOther) // her session has ended
	s.LogIn(anna.Email, "новый лист над рекой")
}

// Without a mail server the pages say so, and nothing is asked for.
func TestNoMail(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	if p := s.Anybody().Get("/password/forgot").Want(http.StatusOK); !strings.Contains(p.Main(), "не отправляет писем") || strings.Contains(p.Body, `action="/password/forgot"`) {
		t.Error("the page offers letters")
	}
	anna.PostForm("/account/confirm", nil).Want(http.StatusNotFound)
	if strings.Contains(anna.Get("/account").Body, "не подтверждён") {
		t.Error("an address is to be confirmed that no letter can reach")
	}
	if !strings.Contains(anna.Get("/admin/jobs").Want(http.StatusOK).Main(), "Почта на этой установке не настроена") {
		t.Error("the page of letters does not say that none are sent")
	}
}

func TestConfirmation(t *testing.T) {
	s := testkit.Start(t, testkit.WithMail())
	anna := s.SignUp("Петрова", "petrova")
	if !strings.Contains(anna.Get("/account").Main(), "Адрес не подтверждён") {
		t.Error("the page does not say that the address is not confirmed")
	}
	// Typed as a new one, the present address is said to want its confirmation, before any password is asked
	// for, and with the way to it.
	s.Clock.Advance(2 * winddown.ProofTerm)
	if p := anna.PostForm("/account/email", url.Values{"email": {anna.Email}}).Want(http.StatusUnprocessableEntity); !p.HasForm("/account/confirm") || !strings.Contains(p.Main(), "его осталось подтвердить") {
		t.Errorf("her own address is answered with:\n%s", p.Main())
	}
	for range 3 {
		anna.PostForm("/account/confirm", nil).Want(http.StatusSeeOther)
	}
	anna.PostForm("/account/confirm", nil).Want(http.StatusTooManyRequests)
	l, err := s.App.ConfirmLetter(t.Context(), anna.ID, winddown.ID{})
	if err != nil {
		t.Fatal(err)
	}
	path := "/account/confirm/" + l.Token
	s.Anybody().Get(path).Want(http.StatusOK) // looking is not confirming
	if anna.Actor().Confirmed {
		t.Error("whoever opens the link confirms the address")
	}
	s.Anybody().PostForm(path, nil).Want(http.StatusSeeOther)
	for _, c := range []*testkit.Client{s.Anybody(), anna} {
		to := "/login"
		if c == anna {
			to = "/account"
		}
		c.Get(path).WantRedirect(to)
		c.PostForm(path, nil).WantRedirect(to)
		if got := c.Get(to).Notice(); !strings.Contains(got, "уже подтверждён") {
			t.Errorf("whoever opens the link again reads %q", got)
		}
	}
	if p := anna.Get("/account"); strings.Contains(p.Body, "не подтверждён") {
		t.Error("a confirmed address is to be confirmed")
	}
}

func TestDeadLetters(t *testing.T) {
	s := testkit.Start(t, testkit.WithMail())
	operator, stranger := s.SignUp("Ким", "kim"), s.SignUp("Петрова", "petrova")
	sql, err := pgx.Connect(t.Context(), s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sql.Close(context.Background()) }()
	for _, state := range []string{"discarded", "cancelled", "completed"} {
		_, err := sql.Exec(t.Context(), `insert into river_job (state, kind, args, queue, attempt, max_attempts, finalized_at, errors)
			values ($1::text::river_job_state, 'confirm_address', '{}', 'mail', 10, 10, now(), array['{"error": "550 no such user"}'::jsonb])`, state)
		if err != nil {
			t.Fatal(err)
		}
	}
	stranger.Get("/admin/jobs").Want(http.StatusNotFound)
	stranger.PostForm("/admin/jobs/1/retry", nil).Want(http.StatusNotFound)
	p := operator.Get("/admin/jobs").Want(http.StatusOK)
	for _, want := range []string{"2 письма не удалось отправить", "Подтверждение адреса", "550 no such user", "10 попыток"} {
		if !strings.Contains(p.Main(), want) {
			t.Errorf("the page does not say %q:\n%s", want, p.Main())
		}
	}
	operator.PostForm("/admin/jobs/1/retry", nil).Want(http.StatusSeeOther)
	if p := operator.Get("/admin/jobs"); !strings.Contains(p.Body, "снова в очереди") || !strings.Contains(p.Main(), "1 письмо не удалось") {
		t.Errorf("the page says %s", p.Main())
	}
	for _, id := range []string{"1", "3", "99", "0", "x", "-1"} {
		operator.PostForm("/admin/jobs/"+id+"/retry", nil).Want(http.StatusNotFound)
	}
	if err := s.App.SetOperator(t.Context(), stranger.Email, true); err != nil {
		t.Fatal(err)
	}
	stranger.Get("/admin/jobs").Want(http.StatusOK)
}
