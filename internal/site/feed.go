package site

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	ics "github.com/arran4/golang-ical"
	"github.com/go-chi/chi/v5"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

func feedHref(token string) string { return "/calendar/" + token + ".ics" }

// feedHours is how often a calendar program is asked to come back.
const feedHours = "PT4H"

// feedForm tells one way of drawing the file from another in its ETag: raise it with the way.
const feedForm = 1

// Feed serves a person's calendar to whoever holds its secret address. It is asked for anew
// every time, so that a revoked address is empty at once; what has not changed is not read again.
func (s *Site) Feed(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	if err := s.logins.takeFeed(w, r, token); err != nil {
		return err
	}
	tag, known := "", false
	feed, err := s.app.Feed(r.Context(), token, func(f app.Feed) bool {
		tag = s.feedTag(f)
		known = strings.Contains(r.Header.Get("If-None-Match"), tag) // perhaps weakened on the way, or one of several
		return known
	})
	if err == nil || winddown.KindOf(err) == winddown.Gone {
		err = errors.Join(err, s.logins.foundFeed(r, token))
	}
	if err != nil {
		return err
	}
	h := w.Header()
	h.Del("Vary") // the same for everybody who holds the address
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", tag)
	h.Set("X-Robots-Tag", "noindex")
	if known {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	body, err := s.calendarFile(feed)
	if err != nil {
		return err
	}
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Content-Disposition", `inline; filename="winddown.ics"`)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // an error means that whoever asked has left
	return nil
}

// feedTag is the ETag of a calendar: of what it holds, where it leads, and its words.
func (s *Site) feedTag(f app.Feed) string {
	p := i18n.For(localeOf(f.Locale))
	parts := []string{strconv.Itoa(feedForm), f.Version, s.base, p.T("calendar_feed.name")}
	for _, kind := range winddown.DueKinds() {
		parts = append(parts, p.T("calendar_feed.due."+string(kind), "Seller", ""))
	}
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return `"` + hex.EncodeToString(sum[:16]) + `"`
}

func (s *Site) calendarFile(feed app.Feed) ([]byte, error) {
	p := i18n.For(localeOf(feed.Locale))
	host := "winddown"
	if u, err := url.Parse(s.base); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	cal := ics.NewCalendarFor("winddown")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName(p.T("calendar_feed.name"))
	cal.SetRefreshInterval(feedHours)
	cal.SetXPublishedTTL(feedHours)
	for _, e := range feed.Entries {
		event := cal.AddEvent(e.ID + "." + e.Case.String() + "@" + host)
		event.SetDtStampTime(e.ChangedAt)
		event.SetAllDayStartAt(e.On.Time())
		event.SetAllDayEndAt(e.On.AddDays(1).Time())
		event.SetSummary(p.T("calendar_feed.due."+string(e.Kind), "Seller", e.Seller))
		link := s.base + deadlinesHref(e.Case)
		if e.Kind == winddown.DueChase {
			link = s.base + actsHref(e.Case)
		}
		text := link
		if e.What != "" {
			text = e.What + "\n" + link
		}
		event.SetDescription(text)
		event.SetURL(link)
		event.SetTimeTransparency(ics.TransparencyTransparent)
	}
	var b bytes.Buffer
	err := cal.SerializeTo(&b, ics.WithNewLineWindows) // RFC 5545 wants CRLF
	return b.Bytes(), err
}

// localeOf is a person's language, Russian for one that is no longer known.
func localeOf(name string) i18n.Locale {
	if l, ok := i18n.Parse(name); ok {
		return l
	}
	return i18n.Locale("ru")
}
