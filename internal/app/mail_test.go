package app_test

import (
	"errors"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// deadJob leaves a letter behind that could not be sent.
func (w *world) deadJob() int64 {
	w.t.Helper()
	return one[int64](w, `insert into river_job (state, kind, args, queue, attempt, max_attempts, finalized_at, errors)
		values ('discarded', 'confirm_address', '{}', 'mail', 10, 10, now(), array['{"error": "550 no such user"}'::jsonb]) returning id`)
}

func TestLinksInLetters(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	a := w.signUp("kim@example.ru")
	letter := func(make func() (app.Letter, error)) string {
		t.Helper()
		l, err := make()
		if err != nil {
			t.Fatal(err)
		}
		return l.Token
	}
	confirm := func() (app.Letter, error) { return w.app.ConfirmLetter(ctx, a.UserID, winddown.ID{}) }
	reset := func() (app.Letter, error) { return w.app.ResetLetter(ctx, a.UserID, w.clock.Now()) }

	// A letter may go out twice: both links work until one is used.
	first, second := letter(confirm), letter(confirm)
	old := letter(reset)
	wantKind(t, w.app.ConfirmView(ctx, old), winddown.NotFound) // another purpose
	wantKind(t, w.app.Confirm(ctx, old), winddown.NotFound)
	wantKind(t, w.app.ResetPassword(ctx, first, password), winddown.NotFound)
	if err := w.app.Confirm(ctx, first); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.Confirm(ctx, second), winddown.Gone)
	if _, err := confirm(); !errors.Is(err, app.ErrMoot) {
		t.Errorf("a confirmed address is to be confirmed again: %v", err)
	}

	// A link to a new password works an hour, and once; a new password that will not do
	// does not use it up. Login sessions end.
	w.clock.Advance(winddown.ResetTerm)
	wantKind(t, w.app.ResetView(ctx, old), winddown.Gone)
	wantKind(t, w.app.ResetPassword(ctx, old, password+"?"), winddown.Gone)
	fresh := letter(reset)
	wantKind(t, w.app.ResetPassword(ctx, fresh, "короткий"), winddown.Invalid)
	if err := w.app.ResetPassword(ctx, fresh, password+"?"); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.ResetPassword(ctx, fresh, password), winddown.Gone)
	if n := one[int](w, "select count(*) from login_sessions where ended_at is null"); n != 0 {
		t.Errorf("%d login sessions live on", n)
	}
	again, _, err := w.app.LogIn(ctx, "kim@example.ru", password+"?", app.Browser{})
	if err != nil {
		t.Fatal(err)
	}
	a = w.actor(again)

	// A link in a letter that somebody else may have read ends with a change of the password.
	stolen := letter(reset)
	if err := errOf(w.app.ChangePassword(ctx, a, password+"?", password+"!")); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.ResetPassword(ctx, stolen, password+"?"), winddown.Gone)

	// Who asked long ago has asked again, and who is barred gets no letters.
	if _, err := w.app.ResetLetter(ctx, a.UserID, w.clock.Now().Add(-2*time.Hour)); !errors.Is(err, app.ErrMoot) {
		t.Errorf("an old request is answered: %v", err)
	}
	last := letter(reset)
	if err := w.app.DisableUser(ctx, "kim@example.ru"); err != nil {
		t.Fatal(err)
	}
	if _, err := reset(); !errors.Is(err, app.ErrMoot) {
		t.Errorf("somebody barred gets a letter: %v", err)
	}
	wantKind(t, w.app.ResetPassword(ctx, last, password), winddown.Gone)
	before := w.lastTx()
	if err := w.app.ForgotPassword(ctx, "kim@example.ru"); err != nil || w.lastTx() != before {
		t.Errorf("somebody barred asks for a letter: %v", err)
	}
}

// The first person looks after the installation, others once they are made to; nobody else
// learns of letters that could not be sent.
func TestOperators(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	first, other := w.person("Ким"), w.person("Петрова")
	if !first.Operator || other.Operator {
		t.Errorf("operators: %v, %v", first.Operator, other.Operator)
	}
	job := w.deadJob()
	_, _, err := w.app.DeadJobs(ctx, other)
	wantKind(t, err, winddown.Forbidden)
	wantKind(t, w.app.RequeueJob(ctx, other, job), winddown.Forbidden)
	jobs, total, err := w.app.DeadJobs(ctx, first)
	if err != nil || total != 1 || len(jobs) != 1 || jobs[0].ID != job || jobs[0].Reason != "550 no such user" || jobs[0].Kind != "confirm_address" {
		t.Errorf("%+v, %d, %v", jobs, total, err)
	}
	if err := w.app.RequeueJob(ctx, first, job); err != nil {
		t.Fatal(err)
	}
	if got := one[string](w, "select concat_ws(' ', state, attempt, max_attempts, finalized_at) from river_job"); got != "available 10 11" {
		t.Errorf("the job is %q", got)
	}
	wantKind(t, w.app.RequeueJob(ctx, first, job), winddown.NotFound)
	// A letter that was planned anew meanwhile is on its way already.
	planned := w.deadJob()
	if _, err := w.sql.Exec(ctx, `with new as (insert into river_job (state, kind, args, queue, max_attempts, unique_key, unique_states)
		values ('available', 'digest', '{}', 'mail', 10, 'once', x'F5'::bit(8)) returning unique_key)
		update river_job set unique_key = 'once', unique_states = x'F5'::bit(8) where id = $1`, planned); err != nil {
		t.Fatal(err)
	}
	wantKey(t, w.app.RequeueJob(ctx, first, planned), winddown.Conflict, "admin.jobs.error.planned")
	if err := w.app.SetOperator(ctx, first.Email, false); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.RequeueJob(ctx, first, job), winddown.Forbidden) // the session says otherwise
}
