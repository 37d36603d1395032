package app

import (
	"context"
	"fmt"
	"time"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Feed is a person's calendar. Nothing in it changes unless Version does.
type Feed struct {
	Locale  string
	Version string
	Entries []FeedEntry
}

// FeedEntry is a day of a person's calendar.
type FeedEntry struct {
	winddown.FeedEntry
	Case      winddown.ID
	Seller    string
	ChangedAt time.Time // of the case
}

// maxFeed bounds the days of one calendar.
const maxFeed = 5000

// NewFeed gives the actor's calendar a new secret address and ends the one before. It returns
// the token, which is stored nowhere.
func (a *App) NewFeed(ctx context.Context, actor winddown.Actor) (token string, err error) {
	id, err := newID()
	if err != nil {
		return "", err
	}
	token, hash := newToken()
	return token, a.changeFeed(ctx, actor, func(tx *postgres.Tx, _ bool) string {
		tx.InsertFeed(id, actor.UserID, hash)
		return "made"
	})
}

// RevokeFeed ends the address of the actor's calendar, if there is one.
func (a *App) RevokeFeed(ctx context.Context, actor winddown.Actor) error {
	return a.changeFeed(ctx, actor, func(tx *postgres.Tx, there bool) string {
		if !there {
			return ""
		}
		tx.RevokeFeed(actor.UserID)
		return "revoked"
	})
}

func (a *App) changeFeed(ctx context.Context, actor winddown.Actor, change func(tx *postgres.Tx, there bool) string) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		_, read, err := tx.LockMail(ctx, actor.UserID)
		if err != nil {
			return nil, err
		}
		done := change(tx, !read.FeedAt.IsZero())
		if done == "" {
			return nil, nil
		}
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.SettingsChanged,
			After: winddown.Changes{"calendar_feed": done}}}, nil
	})
}

// Feed returns the calendar behind a secret address, the nearest deadlines first: NotFound for
// an unknown one, Gone for one that was revoked. Without its days, and without reading a case,
// when known says of the rest that whoever asks has this version.
func (a *App) Feed(ctx context.Context, token string, known func(Feed) bool) (Feed, error) {
	var feed Feed
	read, err := a.db.Feed(ctx, tokenHash(token), func(read postgres.FeedRead) bool {
		feed = Feed{Locale: read.Actor.Locale, Version: fmt.Sprint(read.Version, " ", read.Generation)}
		return known(feed)
	})
	if err != nil {
		return Feed{}, err
	}
	if err := a.followCalendar(ctx, read.Generation); err != nil {
		return Feed{}, err
	}
	for _, c := range read.Cases {
		for _, e := range c.Case.FeedEntries(a.Calendar(), c.Standing) {
			if len(feed.Entries) < maxFeed {
				feed.Entries = append(feed.Entries, FeedEntry{FeedEntry: e, Case: c.Case.ID, Seller: c.Case.Seller.Name, ChangedAt: c.ChangedAt})
			}
		}
	}
	return feed, nil
}
