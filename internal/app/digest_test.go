package app_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// letter is a letter with something in it: a deadline of a case of the person's own.
func (w *world) letter(a winddown.Actor) app.Digest {
	w.t.Helper()
	id := w.open(a)
	w.dueIn(a, id, 3)
	w.confirm(a)
	d, ok, err := w.app.Digest(w.t.Context(), a.UserID, w.today(a))
	if err != nil || !ok {
		w.t.Fatalf("no letter: %v", err)
	}
	return d
}

// confirm makes the addresses of people theirs.
func (w *world) confirm(people ...winddown.Actor) {
	w.t.Helper()
	for _, a := range people {
		if _, err := w.sql.Exec(w.t.Context(), "update users set confirmed_at = created_at where id = $1", [16]byte(a.UserID)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// dueIn types in a batch of returns that waits for so many days more.
func (w *world) dueIn(a winddown.Actor, id winddown.ID, days int) {
	w.t.Helper()
	today := w.today(a)
	in := winddown.AddDeadline{Kind: winddown.DuePickUp, What: fmt.Sprint("коробка на ", today, ", ", days), From: today, Until: today.AddDays(days)}
	if err := w.app.AddDeadline(w.t.Context(), a, id, in); err != nil {
		w.t.Fatal(err)
	}
}

// post sends the letters that are due now and returns the kinds of their lines by person.
func (w *world) post() map[winddown.ID]string {
	w.t.Helper()
	planned, err := w.app.PlanDigests(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	letters := map[winddown.ID]string{}
	for _, p := range planned {
		d, ok, err := w.app.Digest(w.t.Context(), p.UserID, p.On)
		if err != nil {
			w.t.Fatal(err)
		}
		if !ok {
			continue
		}
		if letters[p.UserID] != "" {
			w.t.Errorf("two letters for one person at once")
		}
		letters[p.UserID] = kinds(d)
		if err := w.app.DigestSent(w.t.Context(), d); err != nil {
			w.t.Fatal(err)
		}
	}
	return letters
}

// anew asks for a calendar like somebody who has none.
func anew(app.Feed) bool { return false }

func kinds(d app.Digest) string {
	var all []string
	for _, c := range d.Cases {
		for _, i := range c.Items {
			all = append(all, string(i.Kind))
		}
	}
	return strings.Join(all, " ")
}

// planned counts how often a person is due now.
func (w *world) planned(a winddown.Actor) int {
	w.t.Helper()
	all, err := w.app.PlanDigests(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	n := 0
	for _, p := range all {
		if p.UserID == a.UserID {
			n++
		}
	}
	return n
}

// at is an instant of a day in Moscow.
func at(day string, hour, minute int) time.Time {
	d, _ := winddown.ParseDate(day)
	return time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, winddown.Zone(winddown.DefaultZone))
}

func TestDigests(t *testing.T) {
	inOneWorld(t, map[string]func(*testing.T, *world){
		"none of a firm's sellers on the firm's days off": func(t *testing.T, w *world) {
			f := w.firm()
			id := w.addSeller(f.accountant)
			owner := w.person("Петрова")
			w.join(f.accountant, owner, id, winddown.Owner)
			w.confirm(f.accountant, owner)
			off := winddown.Date{Year: 2026, Month: time.November, Day: 23}
			if err := w.app.SetFirmDays(t.Context(), f.admin, []winddown.Date{off}, nil); err != nil {
				t.Fatal(err)
			}
			if all, err := w.app.Dues(t.Context(), f.accountant, winddown.DuesFilter{}); err != nil || !slices.Equal(all.Practice.Off, []winddown.Date{off}) {
				t.Errorf("the list of deadlines has the days %v, %v", all.Practice.Off, err)
			}
			w.dueIn(owner, id, 4)
			w.clock.Set(at("2026-11-23", 9, 0))
			if got := w.post(); got[f.accountant.UserID] != "" || got[owner.UserID] == "" {
				t.Errorf("on the firm's day off: accountant %q, owner %q", got[f.accountant.UserID], got[owner.UserID])
			}
			w.clock.Set(at("2026-11-24", 9, 0))
			if got := w.post()[f.accountant.UserID]; got == "" {
				t.Error("what was not told on the day off is not told on the next day")
			}
		},
		"weekly, held over the firm's days off": func(t *testing.T, w *world) {
			f := w.firm()
			both := w.joinFirm(f.admin, w.person("Алиева"), winddown.Accountant) // keeps books and has a case of her own
			w.confirm(f.accountant, both)
			if err := w.app.SetFirmDays(t.Context(), f.admin, []winddown.Date{{Year: 2026, Month: time.November, Day: 23}, {Year: 2026, Month: time.November, Day: 24}}, nil); err != nil {
				t.Fatal(err)
			}
			for _, a := range []winddown.Actor{f.accountant, both} {
				s := winddown.DefaultMailSettings()
				s.Frequency = winddown.Weekly
				if err := w.app.ChangeMailSettings(t.Context(), a, s); err != nil {
					t.Fatal(err)
				}
				w.dueIn(a, w.addSeller(a), 6)
			}
			w.dueIn(both, w.open(both), 6)
			var got [2][]string
			for day := range 8 {
				w.clock.Set(at("2026-11-23", 9, 0).AddDate(0, 0, day))
				letters := w.post()
				w.clock.Advance(time.Hour) // what is held is not lost
				if n := w.planned(f.accountant) + w.planned(both); n != 0 {
					t.Errorf("on %s planned anew at once", w.today(both))
				}
				for i, a := range []winddown.Actor{f.accountant, both} {
					if kinds := letters[a.UserID]; kinds != "" {
						got[i] = append(got[i], w.today(a).String()+" "+kinds)
					}
				}
			}
			for i, want := range [2][]string{{"2026-11-25 deadline", "2026-11-30 deadline"}, {"2026-11-23 deadline", "2026-11-25 deadline", "2026-11-30 deadline deadline"}} {
				if !slices.Equal(got[i], want) {
					t.Errorf("letters %v, want %v", got[i], want)
				}
			}
		},
		"once a day, at the person's hour": func(t *testing.T, w *world) {
			a := w.person("Петрова")
			id := w.open(a)
			w.clock.Set(at("2026-11-23", 9, 0))
			if n := w.planned(a); n != 0 {
				t.Errorf("a letter to an address nobody has confirmed")
			}
			w.confirm(a)
			w.clock.Set(noon)
			w.dueIn(a, id, 4) // noon is a Sunday; three days before Thursday is Monday
			if n := w.planned(a); n != 0 {
				t.Errorf("a letter on a Sunday")
			}
			w.clock.Set(at("2026-11-23", 8, 59))
			if n := w.planned(a); n != 0 {
				t.Errorf("a letter before nine")
			}
			w.clock.Set(at("2026-11-23", 9, 0))
			if n := w.planned(a); n != 1 {
				t.Fatalf("planned %d times at nine", n)
			}
			if n := w.planned(a); n != 0 {
				t.Errorf("planned again at once")
			}
			w.clock.Advance(11 * time.Minute) // whoever had it is gone
			if got := w.post()[a.UserID]; got != "deadline" {
				t.Errorf("the letter holds %q", got)
			}
			w.dueIn(a, id, 1)
			for range 14 {
				w.clock.Advance(time.Hour)
				if got := w.post()[a.UserID]; got != "" {
					t.Errorf("a second letter: %q", got)
				}
			}
			if _, ok, err := w.app.Digest(t.Context(), a.UserID, winddown.Date{Year: 2026, Month: time.November, Day: 23}); ok || err != nil {
				t.Errorf("a second letter of the day is written: %v", err)
			}
			w.clock.Set(at("2026-11-24", 12, 0))
			if got := w.post()[a.UserID]; got != "deadline" { // the one typed in after the letter
				t.Errorf("the next letter holds %q", got)
			}
		},
		"a sleep of three days is one letter": func(t *testing.T, w *world) {
			a := w.person("Петрова")
			id := w.open(a)
			w.confirm(a)
			w.dueIn(a, id, 10)
			w.clock.Set(at("2026-11-23", 9, 0))
			early, err := w.app.PlanDigests(t.Context()) // and sleeps before it is written
			if err != nil || len(early) == 0 {
				t.Fatalf("nothing planned: %v", err)
			}
			w.clock.Set(at("2026-11-26", 15, 0))
			for _, p := range early {
				if _, ok, err := w.app.Digest(t.Context(), p.UserID, p.On); ok || err != nil {
					t.Errorf("the letter of %s is written on another day: %v", p.On, err)
				}
			}
			if got := w.post()[a.UserID]; got != "deadline" {
				t.Errorf("after the sleep %q", got)
			}
			if got := w.post()[a.UserID]; got != "" {
				t.Errorf("and again %q", got)
			}
		},
		"nothing due, nothing sent": func(t *testing.T, w *world) {
			a, stranger := w.person("Петрова"), w.person("Никто")
			w.open(a)
			w.confirm(a, stranger)
			w.clock.Set(at("2026-11-23", 9, 0))
			if n := w.planned(stranger); n != 0 {
				t.Errorf("somebody without a case is due")
			}
			w.clock.Advance(time.Hour)
			if got := w.post()[a.UserID]; got != "" {
				t.Errorf("a letter without anything due: %q", got)
			}
			if n := one[int](w, "select count(*)::int from digests where user_id = $1", [16]byte(a.UserID)); n != 0 {
				t.Errorf("%d letters noted", n)
			}
		},
		"weekly": func(t *testing.T, w *world) {
			a := w.person("Петрова")
			id := w.open(a)
			w.confirm(a)
			w.clock.Set(at("2026-11-24", 12, 0)) // a Tuesday
			w.dueIn(a, id, 3)
			s := winddown.DefaultMailSettings()
			s.Frequency, s.Weekday = winddown.Weekly, 1
			if err := w.app.ChangeMailSettings(t.Context(), a, s); err != nil {
				t.Fatal(err)
			}
			var got []string
			for day := range 20 {
				w.clock.Set(at("2026-11-24", 13, 0).AddDate(0, 0, day))
				if day == 8 {
					w.dueIn(a, id, 6)
				}
				if kinds := w.post()[a.UserID]; kinds != "" {
					got = append(got, w.today(a).String()+" "+kinds)
				}
			}
			if want := []string{"2026-11-30 deadline", "2026-12-07 deadline"}; !slices.Equal(got, want) {
				t.Errorf("letters %v, want %v", got, want)
			}
		},
		"weekly, lost on its day": func(t *testing.T, w *world) {
			a := w.person("Петрова")
			id := w.open(a)
			w.confirm(a)
			w.clock.Set(at("2026-11-28", 12, 0)) // a Saturday
			s := winddown.DefaultMailSettings()
			s.Frequency, s.Weekday = winddown.Weekly, 1
			if err := w.app.ChangeMailSettings(t.Context(), a, s); err != nil {
				t.Fatal(err)
			}
			w.dueIn(a, id, 5)
			w.clock.Set(at("2026-11-30", 9, 0))
			if n := w.planned(a); n != 1 { // and the mail server is away all day
				t.Fatalf("planned %d times on Monday", n)
			}
			w.clock.Set(at("2026-12-01", 9, 0))
			if got := w.post()[a.UserID]; got != "deadline" {
				t.Errorf("on Tuesday the letter holds %q", got)
			}
			w.clock.Set(at("2026-12-02", 9, 0))
			if n := w.planned(a); n != 0 {
				t.Errorf("planned again on Wednesday")
			}
		},
		"muted and never": func(t *testing.T, w *world) {
			a := w.person("Петрова")
			id := w.open(a)
			w.confirm(a)
			w.dueIn(a, id, 3)
			s := winddown.DefaultMailSettings()
			s.Muted = []winddown.DigestKind{winddown.TellDeadline}
			if err := w.app.ChangeMailSettings(t.Context(), a, s); err != nil {
				t.Fatal(err)
			}
			w.clock.Set(at("2026-11-23", 9, 0))
			if got := w.post()[a.UserID]; got != "" {
				t.Errorf("muted, and yet %q", got)
			}
			s.Muted, s.Frequency = nil, winddown.Never
			if err := w.app.ChangeMailSettings(t.Context(), a, s); err != nil {
				t.Fatal(err)
			}
			w.clock.Set(at("2026-11-24", 9, 0))
			if n := w.planned(a); n != 0 {
				t.Errorf("somebody who wants no letters is due")
			}
		},
		"the link under a letter": func(t *testing.T, w *world) {
			a := w.person("Петрова")
			s := winddown.DefaultMailSettings()
			s.Frequency = winddown.Weekly
			if err := w.app.ChangeMailSettings(t.Context(), a, s); err != nil {
				t.Fatal(err)
			}
			d := w.letter(a)
			frequency := func() winddown.Frequency {
				read, err := w.app.MailSettings(t.Context(), a)
				if err != nil {
					t.Fatal(err)
				}
				return read.Settings.Frequency
			}
			if err := w.app.Unsubscribe(t.Context(), "another"); winddown.KindOf(err) != winddown.NotFound {
				t.Errorf("an unknown link: %v", err)
			}
			for range 2 { // mail providers repeat themselves
				if err := w.app.Unsubscribe(t.Context(), d.Unsubscribe); err != nil {
					t.Fatal(err)
				}
			}
			if f := frequency(); f != winddown.Never {
				t.Errorf("after the link letters come %s", f)
			}
			for range 2 {
				if err := w.app.Resubscribe(t.Context(), d.Unsubscribe); err != nil {
					t.Fatal(err)
				}
			}
			if f := frequency(); f != winddown.Weekly {
				t.Errorf("taken back, letters come %s", f)
			}
			if n := one[int](w, "select count(*)::int from unsubscribe_tokens where encode(token_hash, 'escape') = $1", d.Unsubscribe); n != 0 {
				t.Error("the token is stored as it is")
			}
		},
		"who hears of a case": func(t *testing.T, w *world) {
			f, other := w.firm(), w.firm()
			id := w.addSeller(f.accountant)
			w.confirm(f.accountant, f.admin, other.accountant, other.admin)
			w.dueIn(f.accountant, id, 4)
			w.clock.Set(at("2026-11-23", 9, 0))
			got := w.post()
			if got[f.accountant.UserID] != "deadline" {
				t.Errorf("the accountant hears %q", got[f.accountant.UserID])
			}
			for name, a := range map[string]winddown.Actor{"admin": f.admin, "another firm's accountant": other.accountant, "its admin": other.admin} {
				if got[a.UserID] != "" {
					t.Errorf("the %s hears %q", name, got[a.UserID])
				}
			}
			w.dueIn(f.accountant, id, 1)
			if _, err := w.app.RemoveFirmPerson(t.Context(), f.admin, f.accountant.UserID); err != nil {
				t.Fatal(err)
			}
			w.clock.Set(at("2026-11-24", 9, 0))
			if n := w.planned(f.accountant); n != 0 {
				t.Error("an accountant who was removed is due")
			}
			if _, ok, err := w.app.Digest(t.Context(), f.accountant.UserID, w.today(f.accountant)); ok || err != nil {
				t.Errorf("a letter is written to him: %v", err)
			}
		},
		"calendars": func(t *testing.T, w *world) {
			f, other := w.firm(), w.firm()
			mine, theirs := w.addSeller(f.accountant), w.addSeller(other.accountant)
			w.dueIn(f.accountant, mine, 3)
			w.dueIn(other.accountant, theirs, 3)
			colleague := w.joinFirm(f.admin, w.person("Алиева"), winddown.Accountant)
			feed := func(a winddown.Actor) string {
				token, err := w.app.NewFeed(t.Context(), a)
				if err != nil {
					t.Fatal(err)
				}
				read, err := w.app.Feed(t.Context(), token, anew)
				if err != nil {
					t.Fatal(err)
				}
				var all []string
				for _, e := range read.Entries {
					if e.Case != mine {
						t.Errorf("a case of another firm in the calendar")
					}
					all = append(all, e.ID)
				}
				return strings.Join(all, " ")
			}
			for name, c := range map[string]struct {
				who  winddown.Actor
				want string
			}{
				"accountant": {f.accountant, "due-1 inbox"}, "admin": {f.admin, "due-1 inbox"}, "colleague": {colleague, ""},
			} {
				if got := feed(c.who); got != c.want {
					t.Errorf("the %s's calendar holds %q, want %q", name, got, c.want)
				}
			}
			first, err := w.app.NewFeed(t.Context(), f.accountant)
			if err != nil {
				t.Fatal(err)
			}
			second, err := w.app.NewFeed(t.Context(), f.accountant)
			if err != nil {
				t.Fatal(err)
			}
			if err := w.app.RevokeFeed(t.Context(), f.accountant); err != nil {
				t.Fatal(err)
			}
			for token, want := range map[string]error{first: winddown.Gone, second: winddown.Gone, "another": winddown.NotFound} {
				if _, err := w.app.Feed(t.Context(), token, anew); !errors.Is(err, want) {
					t.Errorf("address %s: %v, want %v", token, err, want)
				}
			}
		},
	})
}

// The hour is the person's own on the days on which the clocks are put forward and back as
// well. Moscow did so in 2010 for the last time; none of today's zones does.
func TestDigestsWhenTheClocksChange(t *testing.T) {
	w := newWorld(t)
	w.clock.Set(time.Date(2010, time.March, 25, 0, 0, 0, 0, time.UTC))
	nine, two := w.person("Девять"), w.person("Два")
	for _, a := range []winddown.Actor{nine, two} {
		w.open(a)
		w.confirm(a)
	}
	s := winddown.DefaultMailSettings()
	s.Hour = 2 // 28 March has no such hour, 31 October has it twice
	if err := w.app.ChangeMailSettings(t.Context(), two, s); err != nil {
		t.Fatal(err)
	}
	for _, day := range []winddown.Date{civil(2010, time.March, 28), civil(2010, time.October, 31)} { // both Sundays
		if _, err := w.app.SetCalendarDay(t.Context(), day, false, true, "приказ", civil(2010, time.March, 1)); err != nil {
			t.Fatal(err)
		}
	}
	got := map[winddown.ID][]string{}
	for _, from := range []time.Time{
		time.Date(2010, time.March, 26, 0, 0, 0, 0, time.UTC), time.Date(2010, time.October, 29, 0, 0, 0, 0, time.UTC),
	} {
		for half := range 4 * 48 {
			w.clock.Set(from.Add(time.Duration(half) * 30 * time.Minute))
			planned, err := w.app.PlanDigests(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range planned {
				got[p.UserID] = append(got[p.UserID], p.On.String()+" "+w.clock.Now().Format("2T15:04"))
				if err := w.app.DigestSent(t.Context(), app.Digest{User: winddown.User{ID: p.UserID}, On: p.On}); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for name, c := range map[string]struct {
		who  winddown.Actor
		want []string
	}{
		"nine": {nine, []string{
			"2010-03-26 26T06:00", "2010-03-28 28T05:00", "2010-03-29 29T05:00",
			"2010-10-29 29T05:00", "2010-10-31 31T06:00", "2010-11-01 1T06:00",
		}},
		"two": {two, []string{
			"2010-03-26 26T00:00", "2010-03-28 27T23:00", "2010-03-29 28T22:00", "2010-03-30 29T22:00", // on the 28th at three: there is no two
			"2010-10-29 29T00:00", "2010-10-31 30T22:00", "2010-11-01 31T23:00", "2010-11-02 1T23:00", // on the 31st at the first two
		}},
	} {
		if !slices.Equal(got[c.who.UserID], c.want) {
			t.Errorf("%s: %v, want %v", name, got[c.who.UserID], c.want)
		}
	}
}
