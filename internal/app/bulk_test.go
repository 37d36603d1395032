package app_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// remind reminds the sellers of cases as somebody of a firm does.
func (w *world) remind(actor winddown.Actor, text string, cases ...winddown.ID) error {
	_, _, err := w.app.Remind(w.t.Context(), actor, cases, winddown.Remind{Text: text, Steps: map[winddown.Code]string{
		winddown.ZeroFBS: "обнулите остатки FBS", winddown.RequestAct: "запросите акт", "": "завершите уход",
	}})
	return err
}

// A seller gets one reminder a day, of his own next step, and sees it until he has done what
// it asks or put it away.
func TestSellersAreReminded(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	f, anna := w.firm(), w.person("Петрова")
	early, ready, nobody := w.open(anna), w.open(anna), w.addSeller(f.accountant)
	for _, id := range []winddown.ID{early, ready} {
		w.join(anna, f.accountant, id, winddown.Accountant)
	}
	w.mark(anna, ready, goods()...)
	asks := func(id winddown.ID) string {
		t.Helper()
		v, err := w.app.Case(ctx, anna, id)
		if err != nil {
			t.Fatal(err)
		}
		r := v.Case.Asks()
		if r == nil {
			return ""
		}
		if v.Names[r.By] != "Ким" {
			t.Errorf("the reminder is by %q", v.Names[r.By])
		}
		return string(r.Step) + ": " + r.Text
	}
	steps := map[winddown.Code]string{winddown.ZeroFBS: "обнулите остатки", winddown.RequestAct: "запросите акт"}
	send := func(text string, cases ...winddown.ID) int {
		t.Helper()
		n, _, err := w.app.Remind(ctx, f.accountant, cases, winddown.Remind{Text: text, Steps: steps})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := send("{Продавец}, {шаг}.\r\nСпасибо", early, ready, nobody); n != 2 {
		t.Errorf("%d sellers were reminded, want 2", n)
	}
	if got := asks(early); got != "zero_fbs: ИП Петрова А. С., обнулите остатки.\nСпасибо" {
		t.Errorf("the seller reads %q", got)
	}
	if got := asks(ready); got != "request_act: ИП Петрова А. С., запросите акт.\nСпасибо" {
		t.Errorf("the seller reads %q", got)
	}
	// The letter of a reminder is written while the page shows it, to whoever wants such letters.
	letter := func() error {
		t.Helper()
		_, err := w.app.Reminder(ctx, ready, one[int64](w, "select max(seq) from events where stream_id = $1 and convert_from(body, 'UTF8')::jsonb ->> 'kind' = 'seller_reminded'", [16]byte(ready)), anna.UserID)
		return err
	}
	mute := func(s winddown.MailSettings) {
		t.Helper()
		if err := w.app.ChangeMailSettings(ctx, anna, s); err != nil {
			t.Fatal(err)
		}
	}
	if err := letter(); !errors.Is(err, app.ErrMoot) {
		t.Errorf("a letter to an address nobody has confirmed: %v", err)
	}
	w.confirm(anna)
	if err := letter(); err != nil {
		t.Error(err)
	}
	never, muted := winddown.DefaultMailSettings(), winddown.DefaultMailSettings()
	never.Frequency, muted.Muted = winddown.Never, []winddown.DigestKind{winddown.TellRemind}
	for _, s := range []winddown.MailSettings{never, muted} {
		mute(s)
		all, err := w.app.Reminded(ctx, []winddown.ID{ready})
		if err != nil || len(all) != 0 || !errors.Is(letter(), app.ErrMoot) {
			t.Errorf("%+v, and yet %d letters, %v", s, len(all), err)
		}
	}
	mute(winddown.DefaultMailSettings())
	// Until midnight of the case's own day a second one is skipped.
	w.clock.Set(time.Date(2026, time.November, 22, 20, 59, 0, 0, time.UTC))
	n, skipped, err := w.app.Remind(ctx, f.accountant, []winddown.ID{early, ready, nobody}, winddown.Remind{Text: "Ещё раз", Steps: steps})
	var today int
	for _, one := range skipped {
		if one.Why == winddown.SkipToday && (one.ID == early || one.ID == ready) {
			today++
		} else if one != (winddown.Skipped{ID: nobody, Why: winddown.SkipNobody}) {
			t.Errorf("skipped is %+v", one)
		}
	}
	if err != nil || n != 0 || today != 2 || len(skipped) != 3 {
		t.Errorf("%d sellers were reminded twice a day, %d skipped for it, %v", n, today, err)
	}
	w.clock.Advance(time.Minute)
	var sent atomic.Int64
	wantTally(t, atOnce(6, func(int) error {
		n, _, err := w.app.Remind(context.Background(), f.accountant, []winddown.ID{early}, winddown.Remind{Text: "Завтра: {step}", Steps: steps})
		sent.Add(int64(n))
		return err
	}), map[string]int{"ok": 6})
	if n := sent.Load(); n != 1 || asks(early) != "zero_fbs: Завтра: обнулите остатки" {
		t.Errorf("the day after: %d, %q", n, asks(early))
	}
	w.mark(anna, early, winddown.ZeroFBS)
	if got := asks(early); got != "" {
		t.Errorf("what is done is still asked: %q", got)
	}
	if err := w.app.PutAway(ctx, anna, ready); err != nil {
		t.Fatal(err)
	}
	if got := asks(ready); got != "" {
		t.Errorf("what was put away is still shown: %q", got)
	}
	if err := letter(); !errors.Is(err, app.ErrMoot) {
		t.Errorf("what was put away is still written about: %v", err)
	}
	wantKind(t, w.app.PutAway(ctx, f.lead, ready), winddown.Forbidden)
	wantKind(t, w.app.PutAway(ctx, anna, nobody), winddown.NotFound)

	// A text with a place nobody can fill is refused as a whole, and so is too much of it.
	for text, key := range map[string]string{
		" \n": "remind.error.text_missing", "Здравствуйте, {имя}": "remind.error.place", strings.Repeat("я", winddown.MaxReminder+1): "error.field.too_long",
	} {
		_, _, err := w.app.Remind(ctx, f.accountant, []winddown.ID{ready}, winddown.Remind{Text: text})
		var e *winddown.Error
		if !errors.As(err, &e) || e.Kind != winddown.Invalid || len(e.Fields) != 1 || e.Fields[0].Field != "text" || e.Fields[0].Key != key {
			t.Errorf("%.20q is refused with %v", text, err)
		}
	}
	// Filled in, it still has an end.
	w.clock.Advance(24 * time.Hour)
	send(strings.Repeat("{продавец} ", 90), ready)
	if got := []rune(asks(ready)); len(got) != winddown.MaxReminder+len("request_act: ") || got[len(got)-1] != '…' {
		t.Errorf("a long reminder is %d characters", len(got))
	}
}

// What is done to many at a time is done to all of them or to none, and only to those in the
// actor's own register.
func TestBulkScope(t *testing.T) {
	ctx := t.Context()
	w := newWorld(t)
	f, other := w.firm(), w.firm()
	own, colleagues, foreign := w.addSeller(f.accountant), w.addSeller(f.lead), w.addSeller(other.admin)
	// In a case of a colleague he helps the accountant is a helper, not responsible.
	helped := w.open(w.person("Петрова"))
	for name, do := range map[string]func(winddown.Actor, ...winddown.ID) error{
		"Archive": func(a winddown.Actor, cases ...winddown.ID) error {
			_, err := w.app.Archive(ctx, a, cases, true)
			return err
		},
		"Remind": func(a winddown.Actor, cases ...winddown.ID) error { return w.remind(a, "Привет", cases...) },
	} {
		before := w.dump()
		for _, x := range []struct {
			actor winddown.Actor
			cases []winddown.ID
			want  winddown.Kind
		}{
			{f.accountant, []winddown.ID{own, colleagues}, winddown.NotFound},
			{f.lead, []winddown.ID{own, foreign}, winddown.NotFound},
			{f.lead, []winddown.ID{own, helped}, winddown.NotFound},
			{f.lead, []winddown.ID{own, newID(t)}, winddown.NotFound},
			{f.accountant, []winddown.ID{colleagues}, winddown.NotFound},
			{f.lead, []winddown.ID{foreign, helped}, winddown.NotFound},
			{f.lead, nil, winddown.Invalid},
			{f.lead, slices.Repeat([]winddown.ID{own}, winddown.MaxPicked+1), winddown.Invalid},
		} {
			err := do(x.actor, x.cases...)
			wantKind(t, named(name, err), x.want)
			if mixed := x.want == winddown.NotFound && slices.Contains(x.cases, own); app.SomeGone(err) != mixed {
				t.Errorf("%s: %v does not say whether the others are left", name, err)
			}
		}
		if after := w.dump(); !maps.Equal(after, before) {
			t.Errorf("%s was refused and changed something", name)
		}
		if err := do(f.accountant, own); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
