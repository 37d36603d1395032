package site

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"winddown/internal/files"
	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// Shares shows the links through which people without an account look at a case.
func (s *Site) Shares(w http.ResponseWriter, r *http.Request) error {
	return s.shares(w, r, winddown.NewShare{Days: winddown.DefaultShareDays}, nil)
}

// CreateShare makes a link. Its address is shown once, on the page that follows.
func (s *Site) CreateShare(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	f, err := form(w, r)
	if err != nil {
		return err
	}
	in := readShare(f)
	token, err := s.app.CreateShare(r.Context(), actorOf(r.Context()), id, in)
	switch {
	case err == nil:
		s.notice(w, "shared", id.String(), token)
		return s.redirect(w, r, sharesHref(id))
	case redrawable(err):
		return s.shares(w, r, in, err)
	}
	return err
}

func readShare(f url.Values) winddown.NewShare {
	in := winddown.NewShare{Whom: f.Get("whom"), Password: f.Get("password")}
	in.Days, _ = plainNumber(strings.TrimSpace(f.Get("days"))) // what is no number is out of bounds
	shows := f["shows"]
	in.Shown = winddown.Shown{
		Files: slices.Contains(shows, "files"), People: slices.Contains(shows, "people"), Comments: slices.Contains(shows, "comments"),
	}
	return in
}

func (s *Site) shares(w http.ResponseWriter, r *http.Request, in winddown.NewShare, failure error) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	found, err := s.app.Shares(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return err
	}
	words := s.caseWords(r, found.View)
	m := mistakesOf(r.Context(), failure)
	v := sharesView(words, found.Links, in, m)
	status, options := formStatus(failure, layoutText)
	if failure == nil {
		switch n := s.takeNotice(w, r); {
		case len(n) == 3 && n[0] == "shared" && n[1] == id.String() && n[2] != "":
			v.Link = &page.InviteLinkView{Address: s.base + "/share/" + n[2], Text: words.p.T("share.link"), Hint: words.p.T("share.link.hint")}
			options = append(options, layoutNotice(&ui.NoticeProps{Variant: ui.NoticeSuccess, Text: words.p.T("share.notice.created")}))
		case len(n) == 1 && n[0] == "share_revoked":
			options = append(options, layoutNotice(&ui.NoticeProps{Variant: ui.NoticeSuccess, Text: words.p.T("share.notice.revoked")}))
		}
	}
	s.render(w, r, status, page.Shares(s.caseLayout(r, words, words.pageTitle("share.title"), options...), v))
	return nil
}

// ShareLog shows when a link was opened.
func (s *Site) ShareLog(w http.ResponseWriter, r *http.Request) error {
	id, share, err := sharePath(r)
	if err != nil {
		return err
	}
	before, err := readBefore(r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	found, err := s.app.ShareLog(r.Context(), actorOf(r.Context()), id, share, before)
	if err != nil {
		return err
	}
	words := s.caseWords(r, found.View)
	s.render(w, r, http.StatusOK, page.ShareLog(s.caseLayout(r, words, words.pageTitle("share.log.title"), layoutText), shareLogView(words, found, before)))
	return nil
}

// RevokeShare ends a link.
func (s *Site) RevokeShare(w http.ResponseWriter, r *http.Request) error {
	id, share, err := sharePath(r)
	if err != nil {
		return err
	}
	if err := s.app.RevokeShare(r.Context(), actorOf(r.Context()), id, share); err != nil {
		return err
	}
	s.notice(w, "share_revoked")
	return s.redirect(w, r, sharesHref(id))
}

func sharePath(r *http.Request) (id, share winddown.ID, err error) {
	if id, err = pathID(r, "case"); err == nil {
		share, err = pathID(r, "share")
	}
	return id, share, err
}

type viewerKey struct{}

// viewer is who is signed in while he looks through a share link, if anybody.
func viewer(r *http.Request) winddown.ID {
	id, _ := r.Context().Value(viewerKey{}).(winddown.ID)
	return id
}

// Visitor lets nobody be more behind a share link than somebody with its address: who is
// signed in, and in which language he works, does not matter there, but for the log.
func (s *Site) Visitor(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := context.WithValue(r.Context(), viewerKey{}, actorOf(r.Context()).UserID)
		ctx = context.WithValue(ctx, actorKey{}, winddown.Actor{})
		next.ServeHTTP(w, r.WithContext(i18n.With(ctx, i18n.For(httpkit.LocaleFromRequest(r, s.cookies)))))
	})
}

// Shared shows a case to whoever has the address of a link, after its password if it has one.
func (s *Site) Shared(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	found, err := s.app.SharedCase(r.Context(), viewer(r), token, s.shareKey(r))
	if err != nil {
		return err
	}
	if found.Locked {
		return s.locked(w, r, nil)
	}
	words := s.caseWords(r, found.View)
	words.zone = words.c.Zone
	v := sharedView(words, found.Link, sharedHref(token))
	s.render(w, r, http.StatusOK, page.Shared(s.layout(r, v.Title, layoutText, layoutShared(token)), v))
	return nil
}

// Unlock takes the password of a link, which a cookie remembers from then on. The switch of
// the language comes here too: under this page's referrer policy a form of it to any other
// address would look as if another site had sent it.
func (s *Site) Unlock(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	token := chi.URLParam(r, "token")
	if f.Has("locale") {
		if _, err := s.setLocale(w, f.Get("locale")); err != nil {
			return err
		}
		return s.redirect(w, r, sharedHref(token))
	}
	key, err := s.attempt(w, r, shareTarget(token), func() (string, error) {
		return s.app.Unlock(r.Context(), token, f.Get("password"))
	}, "share.error.password")
	switch {
	case err == nil:
		s.cookies.Set(w, shareCookie(token), key, 0)
		return s.redirect(w, r, sharedHref(token))
	case retryable(err):
		return s.locked(w, r, err)
	}
	return err
}

func (s *Site) locked(w http.ResponseWriter, r *http.Request, failure error) error {
	p := i18n.From(r.Context())
	token := chi.URLParam(r, "token")
	m := mistakesOf(r.Context(), failure)
	v := page.SharedLockView{Action: sharedHref(token), Errors: m.items, Error: m.of("password")}
	status, options := formStatus(failure, layoutNarrow, layoutShared(token))
	s.render(w, r, status, page.SharedLock(s.layout(r, p.T("share.lock.title"), options...), v))
	return nil
}

// SharedFile sends a file that a link shows.
func (s *Site) SharedFile(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	number, err := addressNumber(chi.URLParam(r, "number"))
	if err != nil {
		return err
	}
	e, f, locked, err := s.app.SharedFile(r.Context(), viewer(r), token, s.shareKey(r), number)
	if err != nil {
		return err
	}
	if locked {
		return s.redirect(w, r, sharedHref(token))
	}
	defer func() { _ = f.Close() }()
	kind := files.Kind(e.Type)
	disposition := "attachment"
	if opensInBrowser(kind) && r.URL.Query().Get("download") == "" {
		disposition = "inline"
	}
	h := w.Header()
	h.Set("Content-Type", kind.MIME())
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": e.Name}))
	h.Set("Content-Security-Policy", filePolicy)
	// Without a time: that of the upload is for whom the link shows who did what and when.
	http.ServeContent(httpkit.PacedWriter(w), r, "", time.Time{}, f)
	return nil
}

// shareCookie is the name of the cookie that remembers the password of a link: each has its own,
// whose value fits no other.
func shareCookie(token string) string {
	sum := sha256.Sum256([]byte(token))
	return "winddown_share_" + hex.EncodeToString(sum[:8])
}

func (s *Site) shareKey(r *http.Request) string {
	key, _ := s.cookies.Get(r, shareCookie(chi.URLParam(r, "token")))
	return key
}

// layoutShared leaves out what is for people with an account.
func layoutShared(token string) layoutOption {
	return func(v *ui.LayoutView) {
		v.Nav, v.User, v.Path, v.LocaleAction = nil, nil, "", sharedHref(token)
	}
}

func sharesHref(id winddown.ID) string { return caseHref(id) + "/share" }

func shareHref(id, share winddown.ID) string { return sharesHref(id) + "/" + share.String() }

func sharedHref(token string) string { return "/share/" + url.PathEscape(token) }

func sharedFileHref(here string, number int) string { return here + "/files/" + strconv.Itoa(number) }
