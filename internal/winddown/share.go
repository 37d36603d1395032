package winddown

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Shown is what a share link shows beside the acts, the statuses and their dates.
type Shown struct {
	Files    bool
	People   bool // who marked a step, and when
	Comments bool // notes, questions, reasons
}

// Names returns the switches that are on, as the trail keeps them.
func (s Shown) Names() []string {
	var names []string
	for _, one := range []struct {
		on   bool
		name string
	}{{s.Files, "files"}, {s.People, "people"}, {s.Comments, "comments"}} {
		if one.on {
			names = append(names, one.name)
		}
	}
	return names
}

// Limits of share links. SharePassword is in characters; MaxShareLinks is how many that can
// be opened a case may have.
const (
	DefaultShareDays = 30
	MaxShareDays     = 180
	MaxWhom          = 100
	MinSharePassword = 8
	MaxShareLinks    = 20
)

// SameOpening is the time within which a link that is opened again is not noted again.
const SameOpening = 10 * time.Minute

// ShareLink lets whoever has its address look at one case.
type ShareLink struct {
	ID        ID
	CaseID    ID
	Whom      string // whom it is for, as its maker typed it
	Shown     Shown
	Protected bool // asks for a password
	CreatedBy ID
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt time.Time // zero while not revoked
	Lost      bool      // it was not revoked by somebody: whoever made it lost the right to
	OpenedAt  time.Time // the last opening that was noted; zero for none
	Openings  int64
}

// ShareState is whether a link can be opened.
type ShareState string

// The states of a link.
const (
	ShareActive  ShareState = "active"
	ShareExpired ShareState = "expired"
	ShareEnded   ShareState = "revoked"
	ShareLost    ShareState = "lost" // with the right of whoever made it
)

// State returns the state of a link at the instant now: what ended it is what came first.
func (l ShareLink) State(now time.Time) ShareState {
	ended := !l.RevokedAt.IsZero() && l.RevokedAt.Before(l.ExpiresAt)
	switch {
	case ended && l.Lost:
		return ShareLost
	case ended:
		return ShareEnded
	case !now.Before(l.ExpiresAt):
		return ShareExpired
	}
	return ShareActive
}

// Usable returns nil while the link can be opened, and Gone afterwards.
func (l ShareLink) Usable(now time.Time) error {
	if l.State(now) != ShareActive {
		return &Error{Kind: Gone, Key: "share.error.gone"}
	}
	return nil
}

// OpensAnew reports whether somebody's look is an opening of its own; that of its maker, who
// is signed in, is none.
func (l ShareLink) OpensAnew(by ID, now time.Time) bool {
	return by != l.CreatedBy && (l.OpenedAt.IsZero() || now.Sub(l.OpenedAt) >= SameOpening)
}

// NewShare is what a link is made with; an empty password asks for none.
type NewShare struct {
	Whom     string
	Shown    Shown
	Days     int
	Password string
}

// Check tidies a new link and returns Invalid with what is wrong with it. Whether the
// password is a common one is the caller's to ask.
func (in NewShare) Check() (NewShare, error) {
	var v invalid
	in.Whom = tidyLine(in.Whom)
	switch n := utf8.RuneCountInString(in.Whom); {
	case n == 0:
		v.add("whom", "share.error.whom_missing", nil)
	case n > MaxWhom:
		v.add("whom", "error.field.too_long", Args{"Max": MaxWhom})
	}
	if in.Days < 1 || in.Days > MaxShareDays {
		v.add("days", "share.error.days", Args{"Max": MaxShareDays})
	}
	switch n := utf8.RuneCountInString(in.Password); {
	case n == 0:
	case n < MinSharePassword:
		v.add("password", "account.error.password_short", Args{"Min": MinSharePassword})
	case n > MaxPassword:
		v.add("password", "error.field.too_long", Args{"Max": MaxPassword})
	}
	return in, v.err()
}

// Share makes a link to the case beside those that can be opened: Conflict when there are
// too many.
func (c *Case) Share(id ID, in NewShare, open int, s Stamp) (ShareLink, []Event, error) {
	if open >= MaxShareLinks {
		return ShareLink{}, nil, &Error{Kind: Conflict, Key: "share.error.too_many", Args: Args{"Max": MaxShareLinks}}
	}
	l := ShareLink{
		ID: id, CaseID: c.ID, Whom: in.Whom, Shown: in.Shown, Protected: in.Password != "", CreatedBy: s.By, CreatedAt: s.At,
		ExpiresAt: s.At.Add(time.Duration(in.Days) * 24 * time.Hour),
	}
	after := Changes{"whom": l.Whom, "shows": strings.Join(l.Shown.Names(), ","), "password": yesNo(l.Protected),
		"expires_on": DateOf(l.ExpiresAt.In(Zone(c.Zone))).String()}
	return l, []Event{{Kind: ShareCreated, Share: id, After: after, OnBehalf: s.OnBehalf}}, nil
}

// Revoke ends a link. One that is over already changes nothing.
func (l ShareLink) Revoke(s Stamp) []Event {
	if l.State(s.At) != ShareActive {
		return nil
	}
	return []Event{{Kind: ShareRevoked, Share: l.ID, Before: Changes{"whom": l.Whom}, OnBehalf: s.OnBehalf}}
}
