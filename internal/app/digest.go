package app

import (
	"context"
	"maps"
	"slices"
	"time"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// PlannedDigest is a letter that is due: whose, and on which day of his.
type PlannedDigest = postgres.PlannedDigest

// MailView is a person's choices about letters and the state of his calendar's address.
type MailView = postgres.MailRead

// MaxDigestLines is how many lines one letter tells; the others come with the next one.
const MaxDigestLines = 100

// A letter that was planned and not dealt with for so long was lost with the process that had
// it, and is planned again.
const lostDigest = 10 * time.Minute

// digestsAtOnce is how many letters one statement plans.
const digestsAtOnce = 1000

// Digest is one person's letter of one day.
type Digest struct {
	User  winddown.User
	On    winddown.Date
	Cases []DigestCase // the one with the most urgent line first
	More  int          // lines that come with the next letter
	// Held says that lines of a weekly letter wait for the next day on which their firm works.
	Held bool
	// Unsubscribe is the token of the link that ends the letters; it is stored nowhere.
	Unsubscribe string
}

// DigestCase is what a letter tells of one case, the most urgent first.
type DigestCase struct {
	Case  *winddown.Case
	Items []winddown.DigestItem
}

// PlanDigests returns the letters whose hour has come, each once: who has had none since, has
// shown that his address is his, and has a case that is not finished. On days off there are none; a letter that was missed while
// nobody planned is one letter.
func (a *App) PlanDigests(ctx context.Context) ([]PlannedDigest, error) {
	if err := a.RefreshCalendar(ctx); err != nil {
		return nil, err
	}
	now := a.now()
	var days []postgres.DigestDay
	for shift := -1; shift <= 1; shift++ { // no two zones are further apart
		day := winddown.DateOf(now.UTC()).AddDays(shift)
		for weekday := range 6 {
			if slot, ok := winddown.DigestSlot(a.Calendar(), day, weekday); ok {
				days = append(days, postgres.DigestDay{Day: day, Weekday: weekday, Slot: slot})
			}
		}
	}
	var all []PlannedDigest
	for {
		var some []PlannedDigest
		err := a.db.InTx(ctx, winddown.Actor{}, now, func(tx *postgres.Tx) (_ []winddown.Event, err error) {
			some, err = tx.PlanDigests(ctx, days, now.Add(-lostDigest), digestsAtOnce)
			return nil, err
		})
		if err != nil {
			return all, err
		}
		all = append(all, some...)
		if len(some) < digestsAtOnce {
			return all, nil
		}
	}
}

// Digest writes a planned letter, or returns false when there is nothing to tell, when the
// person wants none or has had it, and when its day is over: the next one tells it then. What is
// about a firm's sellers is told on days on which the firm works; of a weekly letter it may come
// some days after the rest. A letter that is written anew after a crash has another Unsubscribe
// and is otherwise the same.
func (a *App) Digest(ctx context.Context, user winddown.ID, on winddown.Date) (d Digest, ok bool, err error) {
	actor := winddown.Actor{UserID: user}
	read, err := a.db.Digest(ctx, actor)
	if err != nil {
		return Digest{}, false, err
	}
	if err := a.followCalendar(ctx, read.Generation); err != nil {
		return Digest{}, false, err
	}
	now := a.now()
	if winddown.Today(now, read.User.Zone) != on || read.Last == on {
		return Digest{}, false, nil
	}
	d = Digest{User: read.User, On: on}
	weekly := read.Settings.Frequency == winddown.Weekly
	slot, due := winddown.DigestSlot(a.Calendar(), on, read.Settings.Weekday)
	rest := weekly && due && !read.Last.Before(slot) // this week's letter went out without those whose firm was off
	if !read.User.Disabled && read.User.Confirmed && read.Settings.Frequency != winddown.Never {
		for _, c := range read.Cases {
			items := slices.DeleteFunc(c.Case.DigestItems(a.Calendar(), read.Settings, user, c.Standing, on),
				func(i winddown.DigestItem) bool { return i.Told(read.Known[c.Case.ID]) })
			off := func(day winddown.Date) bool {
				return c.Standing.Bookkeeping() && !c.Case.Practice.Days(a.Calendar()).IsWorkday(day)
			}
			switch {
			case len(items) == 0, rest && !off(read.Last):
			case off(on):
				d.Held = weekly // a daily letter comes tomorrow anyway
			default:
				d.Cases = append(d.Cases, DigestCase{Case: c.Case, Items: items})
			}
		}
	}
	slices.SortStableFunc(d.Cases, func(x, y DigestCase) int {
		switch {
		case x.Items[0].MoreUrgent(y.Items[0]):
			return -1
		case y.Items[0].MoreUrgent(x.Items[0]):
			return 1
		}
		return 0
	})
	lines := 0
	for i := range d.Cases {
		keep := min(len(d.Cases[i].Items), MaxDigestLines-lines)
		d.More += len(d.Cases[i].Items) - keep
		d.Cases[i].Items = d.Cases[i].Items[:keep]
		lines += keep
	}
	d.Cases = slices.DeleteFunc(d.Cases, func(c DigestCase) bool { return len(c.Items) == 0 })
	err = a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		if lines == 0 {
			tx.DigestDone(user, on, nil, nil, d.Held)
			return nil, nil
		}
		var hash []byte
		d.Unsubscribe, hash = newToken()
		tx.NewUnsubscribe(user, hash)
		return nil, nil
	})
	return d, lines > 0, err
}

// DigestSent notes that a letter is on its way, and with it what the person was told.
func (a *App) DigestSent(ctx context.Context, d Digest) error {
	var cases []winddown.ID
	var keys []string
	for _, c := range d.Cases {
		for _, i := range c.Items {
			cases, keys = append(cases, c.Case.ID), append(keys, i.Key)
		}
	}
	return a.db.InTx(ctx, winddown.Actor{UserID: d.User.ID}, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.DigestDone(d.User.ID, d.On, cases, keys, d.Held)
		return nil, nil
	})
}

// MailSettings returns the actor's choices about letters.
func (a *App) MailSettings(ctx context.Context, actor winddown.Actor) (MailView, error) {
	return a.db.Mail(ctx, actor)
}

// ChangeMailSettings changes them; Invalid with the fields at fault.
func (a *App) ChangeMailSettings(ctx context.Context, actor winddown.Actor, in winddown.MailSettings) error {
	in, err := in.Check()
	if err != nil {
		return err
	}
	now := a.now()
	return a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		account, read, err := tx.LockMail(ctx, actor.UserID)
		if err != nil {
			return nil, err
		}
		e := winddown.Event{Stream: userStream(actor.UserID), Kind: winddown.SettingsChanged,
			Before: read.Settings.Changes(), After: in.Changes()}
		if maps.Equal(e.Before, e.After) {
			return nil, nil
		}
		tx.SaveMail(actor.UserID, in, winddown.Today(now, account.User.Zone))
		return []winddown.Event{e}, nil
	})
}

// Unsubscriber reports whether the link under a letter is one of ours, or NotFound.
func (a *App) Unsubscriber(ctx context.Context, token string) error {
	_, err := a.db.Unsubscriber(ctx, tokenHash(token))
	return err
}

// Unsubscribe ends the letters of the person whose letter held the link: NotFound for an
// unknown one.
func (a *App) Unsubscribe(ctx context.Context, token string) error {
	return a.changeFrequency(ctx, token, func(now, _ winddown.Frequency) (winddown.Frequency, winddown.Frequency) {
		return winddown.Never, now
	})
}

// Resubscribe takes that back: letters come as often as before.
func (a *App) Resubscribe(ctx context.Context, token string) error {
	return a.changeFrequency(ctx, token, func(_, before winddown.Frequency) (winddown.Frequency, winddown.Frequency) {
		if before == "" {
			before = winddown.Daily
		}
		return before, ""
	})
}

func (a *App) changeFrequency(ctx context.Context, token string, next func(now, before winddown.Frequency) (f, kept winddown.Frequency)) error {
	return a.db.InTx(ctx, winddown.Actor{Via: winddown.ViaPages}, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		user, now, before, err := tx.LockUnsubscriber(ctx, tokenHash(token))
		if err != nil {
			return nil, err
		}
		f, kept := next(now, before)
		if f == now || now != winddown.Never && f != winddown.Never { // the same link used twice, or a choice made meanwhile
			return nil, nil
		}
		tx.SaveFrequency(user, f, kept)
		return []winddown.Event{{Stream: userStream(user), Kind: winddown.SettingsChanged, By: user,
			Before: winddown.Changes{"mail": string(now)}, After: winddown.Changes{"mail": string(f)}}}, nil
	})
}
