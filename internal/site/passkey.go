package site

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
)

// The fields in which the answer of a passkey comes; beside it, with passkeyFault, why there is none.
const (
	passkeyField      = "passkey"
	proofPasskeyField = "proof_passkey"
	passkeyFault      = "_fault"
)

const passkeysPath = "/account/passkeys"

// passkeyFaults are the reasons why a browser gives no answer, as passkey.js tells them.
func passkeyFaults() []string {
	return []string{"script", "unsupported", "address", "known", "failed", "busy", "refused"}
}

// passkeyAnswer reads what a passkey has signed, or says why it did not.
func passkeyAnswer(f url.Values, field string) ([]byte, error) {
	if answer := f.Get(field); answer != "" {
		return []byte(answer), nil
	}
	fault := f.Get(field + passkeyFault)
	if !slices.Contains(passkeyFaults(), fault) {
		fault = passkeyFaults()[0]
	}
	return nil, &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
		Fields: []winddown.FieldError{{Field: passkeyField, Key: "passkey.error." + fault}}}
}

// Passkeys shows the person's passkeys.
func (s *Site) Passkeys(w http.ResponseWriter, r *http.Request) error {
	return s.passkeys(w, r, i18n.From(r.Context()).Browser(r.UserAgent()), nil)
}

// NewPasskey shows the page on which the browser makes a passkey. It writes what waits for the
// answer, so it is asked for by a form.
func (s *Site) NewPasskey(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	return s.newPasskey(w, r, f.Get("name"), nil)
}

// AddPasskey keeps the passkey that the browser made.
func (s *Site) AddPasskey(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	answer, err := passkeyAnswer(f, passkeyField)
	if err == nil {
		err = s.app.AddPasskey(r.Context(), actorOf(r.Context()), s.party, f.Get("name"), answer)
	}
	switch {
	case err == nil:
		s.notice(w, "passkey_added")
		return s.redirect(w, r, passkeysPath)
	case redrawable(err):
		return s.newPasskey(w, r, f.Get("name"), err)
	}
	return err
}

// RemovePasskeyForm asks before a passkey is taken away.
func (s *Site) RemovePasskeyForm(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "passkey")
	if err != nil {
		return err
	}
	has, err := s.app.Passkeys(r.Context(), actorOf(r.Context()))
	if err != nil {
		return err
	}
	at := slices.IndexFunc(has, func(k winddown.Passkey) bool { return k.ID == id })
	if at < 0 {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	title := i18n.From(r.Context()).T("passkey.remove.title", "Name", has[at].Name)
	v := page.RemovePasskeyView{Title: title, Action: removePasskeyHref(id)}
	s.render(w, r, http.StatusOK, page.RemovePasskey(s.layout(r, title, layoutText), v))
	return nil
}

func removePasskeyHref(id winddown.ID) string { return passkeysPath + "/" + id.String() + "/remove" }

// RemovePasskey takes a passkey away.
func (s *Site) RemovePasskey(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "passkey")
	if err != nil {
		return err
	}
	if err := s.app.RemovePasskey(r.Context(), actorOf(r.Context()), id); err != nil {
		return err
	}
	s.notice(w, "passkey_removed")
	return s.redirect(w, r, passkeysPath)
}

func (s *Site) newPasskey(w http.ResponseWriter, r *http.Request, typed string, failure error) error {
	name, ask, err := s.app.AskForNewPasskey(r.Context(), actorOf(r.Context()), s.party, typed)
	if redrawable(err) {
		return s.passkeys(w, r, typed, err)
	}
	if err != nil {
		return err
	}
	m := mistakesOf(r.Context(), failure)
	v := page.NewPasskeyView{Name: name, Ask: string(ask), Error: m.of(passkeyField), Errors: m.items}
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.NewPasskey(s.layout(r, i18n.From(r.Context()).T("passkey.new.title", "Name", name), options...), v))
	return nil
}

func (s *Site) passkeys(w http.ResponseWriter, r *http.Request, name string, failure error) error {
	p, actor := i18n.From(r.Context()), actorOf(r.Context())
	has, err := s.app.Passkeys(r.Context(), actor)
	if err != nil {
		return err
	}
	m := mistakesOf(r.Context(), failure)
	v := page.PasskeysView{Impossible: s.party == nil, Name: name, NameError: m.of("name"), Errors: m.items}
	if len(has) >= winddown.MaxPasskeys {
		v.Full = p.T("passkey.error.many", "Max", winddown.MaxPasskeys)
	}
	zone := winddown.Zone(actor.Zone)
	for _, k := range has {
		one := page.PasskeyView{Name: k.Name, Added: p.T("passkey.added", "Time", p.DateTime(k.AddedAt.In(zone))), Used: p.T("passkey.unused"),
			RemoveHref: removePasskeyHref(k.ID)}
		if !k.UsedAt.IsZero() {
			one.Used = p.T("passkey.used", "Time", p.DateTime(k.UsedAt.In(zone)))
		}
		v.Passkeys = append(v.Passkeys, one)
	}
	status, options := formStatus(failure, layoutText)
	if failure == nil {
		options = append(options, s.accountNotice(w, r, "passkey_added", "passkey_removed"))
	}
	s.render(w, r, status, page.Passkeys(s.layout(r, p.T("passkey.title"), options...), v))
	return nil
}

// PasskeyOptions tells the browser of somebody who wants to log in what his passkey is to sign.
func (s *Site) PasskeyOptions(w http.ResponseWriter, r *http.Request) error {
	if err := s.logins.takePasskey(w, r); err != nil {
		return err
	}
	ask, err := s.app.AskForLogin(r.Context(), s.party)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, err = w.Write(ask)
	return err
}

// LogInByPasskey begins a login session of whoever's passkey has signed.
func (s *Site) LogInByPasskey(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	next := nextPath(f.Get("next"))
	var token string
	from := s.browser(r)
	answer, err := passkeyAnswer(f, passkeyField)
	if err == nil {
		token, err = s.app.LogInByPasskey(r.Context(), s.party, answer, from)
		for _, why := range []string{"late", "answer", "unknown", "copied"} {
			if key := "passkey.error." + why; mentions(err, key) {
				s.logins.noteRefusal(r, keyTarget(answer), key)
			}
		}
	}
	switch {
	case err == nil:
		s.cookies.Drop(w, stepCookie) // the page for a code offers it too
		if err := s.signIn(w, r, token, from); err != nil {
			return err
		}
		return s.redirect(w, r, orHome(next))
	case retryable(err):
		step, _ := s.cookies.Get(r, stepCookie)
		user, gone := s.app.LoginStep(r.Context(), step)
		switch {
		case errors.Is(gone, winddown.Unauthenticated):
			return s.login(w, r, next, "", err)
		case gone != nil:
			return gone
		}
		return s.secondByPasskey(w, r, user, next, err)
	}
	return err
}

// secondByPasskey shows the page for a code again to somebody whose password was right and whose passkey
// was not: he need not begin anew. Without a passkey of his own he can only have tried it on the page
// for the password, and is left there.
func (s *Site) secondByPasskey(w http.ResponseWriter, r *http.Request, user winddown.ID, next string, failure error) error {
	has, err := s.app.TwoFactor(r.Context(), winddown.Actor{UserID: user})
	if err != nil {
		return err
	}
	if has.Passkeys == 0 {
		return s.login(w, r, next, "", failure)
	}
	return s.second(w, r, user, next, false, failure)
}

// askForPasskey is what the person's passkey is asked to sign to prove who he is; empty where he has none.
func (s *Site) askForPasskey(r *http.Request) (string, error) {
	ask, err := s.app.AskForPasskey(r.Context(), actorOf(r.Context()), s.party)
	return string(ask), err
}
