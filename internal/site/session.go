package site

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"winddown/internal/app"
	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

type actorKey struct{}

// actorOf returns who asks; the zero Actor is somebody not signed in.
func actorOf(ctx context.Context) winddown.Actor {
	a, _ := ctx.Value(actorKey{}).(winddown.Actor)
	return a
}

func withActor(ctx context.Context, a winddown.Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// Language finds out in which language to answer whoever nothing else is known of.
func (s *Site) Language(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Cookie, Accept-Language")
		next.ServeHTTP(w, r.WithContext(i18n.With(r.Context(), i18n.For(httpkit.LocaleFromRequest(r, s.cookies)))))
	})
}

// Session finds out who asks and in which language to answer. A cookie that no longer
// stands for a login session is taken away.
func (s *Site) Session(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		if token, ok := s.cookies.Get(r, sessionCookie); ok {
			actor, err := s.app.Actor(ctx, token)
			switch {
			case err == nil:
				ctx = withActor(ctx, actor)
				httpkit.Note(ctx, "person", actor.UserID.String())
				if l, ok := i18n.Parse(actor.Locale); ok && l != i18n.From(ctx).Locale() {
					ctx = i18n.With(ctx, i18n.For(l))
					s.rememberLocale(w, l) // for answers without the database
				}
			case errors.Is(err, winddown.Unauthenticated):
				s.cookies.Drop(w, sessionCookie)
			default:
				s.Fail(w, r.WithContext(ctx), err)
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// SignedIn lets only people who are signed in pass; the others are led to the login page
// and back.
func (s *Site) SignedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !actorOf(r.Context()).SignedIn() {
			s.toLogin(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// toLogin leads to the login page and, for an address that can be asked for, back. Whoever sent
// something reads there that it was not taken.
func (s *Site) toLogin(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && r.URL.Path != "/logout" {
		s.notice(w, "signed_out")
	}
	to := "/login"
	if next := pathOf(r); next != "" && next != "/" {
		to += "?next=" + url.QueryEscape(next)
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// sessionCookie holds the token of a login session.
const sessionCookie = "winddown_session"

// browserCookie holds the token by which a browser is known again. It signs nobody in.
const browserCookie = "winddown_browser"

// signIn hands a new login session to the browser, which is to be known again when it has ended, and
// ends the one it had, if any: two in one browser are none of its person's intentions.
func (s *Site) signIn(w http.ResponseWriter, r *http.Request, token string, from app.Browser) error {
	s.setSession(w, token)
	s.cookies.Set(w, browserCookie, from.Token, winddown.BrowserTerm)
	if actor := actorOf(r.Context()); actor.SignedIn() {
		if err := s.app.LogOut(r.Context(), actor); err != nil && !errors.Is(err, winddown.NotFound) {
			return err
		}
	}
	return nil
}

func (s *Site) setSession(w http.ResponseWriter, token string) {
	s.cookies.Set(w, sessionCookie, token, winddown.SessionAbsolute)
}

// browser is where a login comes from.
func (s *Site) browser(r *http.Request) app.Browser {
	from := app.Browser{UserAgent: r.UserAgent(), Address: httpkit.ClientIP(r.Context()), Token: app.NewBrowserToken()}
	if token, ok := s.cookies.Get(r, browserCookie); ok && len(token) == len(from.Token) {
		from.Token = token
	}
	return from
}
