package httpkit

import (
	"net/http"
	"time"
)

// Cookies makes and reads the cookies of a site: for this host and all its paths, unreadable to
// script, and not sent along by other sites' forms. On https their names begin with __Host-, so that
// browsers take them from this very host over https alone, and no other host of the domain puts one
// of its own in their place. Browsers refuse such names on plain http, where they go without.
type Cookies struct{ HTTPS bool }

// name is what a cookie is called in the browser.
func (c Cookies) name(name string) string {
	if c.HTTPS {
		return "__Host-" + name
	}
	return name
}

// Set leaves a cookie for so long; 0 is until the browser is closed.
func (c Cookies) Set(w http.ResponseWriter, name, value string, term time.Duration) {
	c.set(w, name, value, int(term.Seconds()))
}

// Drop takes a cookie away.
func (c Cookies) Drop(w http.ResponseWriter, name string) { c.set(w, name, "", -1) }

func (c Cookies) set(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: c.name(name), Value: value, Path: "/", MaxAge: maxAge,
		Secure: c.HTTPS, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

// Get returns a cookie's value; ok says whether the browser sent it.
func (c Cookies) Get(r *http.Request, name string) (value string, ok bool) {
	cookie, err := r.Cookie(c.name(name))
	if err != nil {
		return "", false
	}
	return cookie.Value, true
}
