package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"unicode/utf8"

	"winddown/internal/files"
	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// ShareOpening is one line of a link's log.
type ShareOpening = postgres.ShareOpening

// Shares are the links of a case, those that can be opened first, then the newest.
type Shares struct {
	View  CaseView
	Links []winddown.ShareLink
}

// Shares returns the links of a case: NotFound or Forbidden.
func (a *App) Shares(ctx context.Context, actor winddown.Actor, id winddown.ID) (Shares, error) {
	view, links, err := a.db.Shares(ctx, actor, id, a.now())
	if err != nil {
		return Shares{}, err
	}
	return Shares{View: view, Links: links}, view.Case.Allow(winddown.CanShare, view.Standing)
}

// ShareLog is a link with a page of its openings, newest first.
type ShareLog struct {
	View     CaseView
	Link     winddown.ShareLink
	Openings []ShareOpening
	More     bool // whether there are older ones
}

// ShareLog returns when a link was opened, before the opening with the given number (0 for
// the newest): NotFound or Forbidden.
func (a *App) ShareLog(ctx context.Context, actor winddown.Actor, id, share winddown.ID, before int64) (ShareLog, error) {
	view, link, openings, more, err := a.db.Share(ctx, actor, id, share, before, TrailOnPage)
	if err != nil {
		return ShareLog{}, err
	}
	return ShareLog{View: view, Link: link, Openings: openings, More: more}, view.Case.Allow(winddown.CanShare, view.Standing)
}

// CreateShare makes a link through which somebody without an account looks at a case, and
// returns its token, which is stored nowhere. NotFound, Forbidden, Invalid with the fields at
// fault, or Conflict when there are too many.
func (a *App) CreateShare(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.NewShare) (token string, err error) {
	in, err = in.Check()
	if err == nil && in.Password != "" && common(in.Password) {
		err = &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
			Fields: []winddown.FieldError{{Field: "password", Key: "account.error.password_common"}}}
	}
	if err != nil {
		if _, refused := a.Shares(ctx, actor, id); refused != nil { // whoever may not share learns no more than that
			return "", refused
		}
		return "", err
	}
	passwordHash := ""
	if in.Password != "" { // a hash is dear: only for who may share, and not while the case is locked
		if _, err := a.Shares(ctx, actor, id); err != nil {
			return "", err
		}
		if passwordHash, err = a.hasher.hash(ctx, in.Password); err != nil {
			return "", err
		}
	}
	now := a.now()
	err = a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		view, links, err := tx.LockCaseShares(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := view.Case.Allow(winddown.CanShare, view.Standing); err != nil {
			return nil, err
		}
		open := 0
		for _, l := range links {
			if l.Usable(now) == nil {
				open++
			}
		}
		shareID, err := newID()
		if err != nil {
			return nil, err
		}
		link, events, err := view.Case.Share(shareID, in, open, actor.Stamp(now, view.Standing))
		if err != nil {
			return nil, err
		}
		var hash []byte
		token, hash = newToken()
		tx.InsertShare(link, hash, passwordHash)
		return winddown.OnStream(caseStream(id), events), nil
	})
	return token, err
}

// RevokeShare ends a link at once: NotFound or Forbidden. One that is over already stays so.
func (a *App) RevokeShare(ctx context.Context, actor winddown.Actor, id, share winddown.ID) error {
	now := a.now()
	return a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		view, links, err := tx.LockCaseShares(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := view.Case.Allow(winddown.CanShare, view.Standing); err != nil {
			return nil, err
		}
		at := slices.IndexFunc(links, func(l winddown.ShareLink) bool { return l.ID == share })
		if at < 0 {
			return nil, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
		}
		events := links[at].Revoke(actor.Stamp(now, view.Standing))
		if len(events) > 0 {
			tx.RevokeShare(links[at])
		}
		return winddown.OnStream(caseStream(id), events), nil
	})
}

// SharedView is a case as a share link shows it. Locked says that the link asks for its
// password first; then nothing else is there.
type SharedView struct {
	Link   winddown.ShareLink
	Locked bool
	View   CaseView
}

// SharedCase opens a link: NotFound for an unknown token, Gone for a link that was revoked or
// has expired. The opening is noted in the link's own trail. key is what Unlock returned, by who
// is signed in meanwhile, if anybody.
func (a *App) SharedCase(ctx context.Context, by winddown.ID, token, key string) (SharedView, error) {
	link, actor, locked, err := a.visit(ctx, token, key)
	if err != nil || locked {
		return SharedView{Link: link, Locked: locked}, err
	}
	view, err := a.db.SharedCase(ctx, actor, a.now())
	if err != nil {
		return SharedView{}, err
	}
	view.Standing.Shown = link.Shown
	if err := view.Case.Allow(winddown.CanSee, view.Standing); err != nil {
		return SharedView{}, err
	}
	return SharedView{Link: link, View: view}, a.noteOpening(ctx, actor, by, link)
}

// SharedFile opens a file that a link shows: NotFound, or Gone for a link that cannot be
// opened or a file whose bytes are not what was stored. A link that asks for its password is
// Locked. The caller closes the file.
func (a *App) SharedFile(ctx context.Context, by winddown.ID, token, key string, number int) (e winddown.Evidence, f files.File, locked bool, err error) {
	link, actor, locked, err := a.visit(ctx, token, key)
	if err != nil || locked {
		return winddown.Evidence{}, files.File{}, locked, err
	}
	if e, err = a.db.SharedFile(ctx, actor, number, a.now()); err != nil {
		return winddown.Evidence{}, files.File{}, false, err
	}
	if err := a.noteOpening(ctx, actor, by, link); err != nil {
		return winddown.Evidence{}, files.File{}, false, err
	}
	f, err = a.files.Open(e.SHA256)
	return e, f, false, lost(e, err)
}

// visit finds the link behind a token and the actor who looks through it.
func (a *App) visit(ctx context.Context, token, key string) (link winddown.ShareLink, actor winddown.Actor, locked bool, err error) {
	found, err := a.share(ctx, token)
	if err != nil {
		return winddown.ShareLink{}, winddown.Actor{}, false, err
	}
	locked = found.Link.Protected && !hmac.Equal([]byte(key), []byte(shareKey(token, found.PasswordHash)))
	return found.Link, winddown.Actor{ShareID: found.Link.ID, Via: winddown.ViaShare}, locked, nil
}

// share finds a link that can be opened.
func (a *App) share(ctx context.Context, token string) (postgres.TokenShare, error) {
	found, err := a.db.ShareByToken(ctx, tokenHash(token))
	if err != nil {
		return postgres.TokenShare{}, err
	}
	if found.MakerDisabled {
		return postgres.TokenShare{}, &winddown.Error{Kind: winddown.Gone, Key: "share.error.gone"}
	}
	return found, found.Link.Usable(a.now())
}

// Unlock returns the key that stands for the password of a link from then on: NotFound, Gone,
// or Invalid for a wrong password.
func (a *App) Unlock(ctx context.Context, token, password string) (key string, err error) {
	found, err := a.share(ctx, token)
	if err != nil || !found.Link.Protected {
		return "", err
	}
	ok := false
	if utf8.RuneCountInString(password) <= winddown.MaxPassword {
		if ok, err = a.hasher.matches(ctx, password, found.PasswordHash); err != nil {
			return "", err
		}
	}
	if !ok {
		return "", &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
			Fields: []winddown.FieldError{{Field: "password", Key: "share.error.password"}}}
	}
	return shareKey(token, found.PasswordHash), nil
}

// shareKey is made of the token, which the database does not hold, and the salted hash, which
// no browser sees, so that nobody can make it who knows only one of them.
func shareKey(token, passwordHash string) string {
	mac := hmac.New(sha256.New, []byte(passwordHash))
	_, _ = mac.Write([]byte(token)) // a hash takes everything
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// noteOpening writes into a link's own trail that it was opened, unless that was noted within
// winddown.SameOpening or it was its maker who looked.
func (a *App) noteOpening(ctx context.Context, actor winddown.Actor, by winddown.ID, link winddown.ShareLink) error {
	now := a.now()
	if !link.OpensAnew(by, now) {
		return nil
	}
	return a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		var err error
		if link.OpenedAt, err = tx.LockShare(ctx); err != nil || !link.OpensAnew(by, now) {
			return nil, err
		}
		return []winddown.Event{{Stream: winddown.Stream{Kind: winddown.ShareStream, ID: link.ID}, Kind: winddown.ShareOpened, Share: link.ID}}, nil
	})
}
