package site

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
)

// The fields in which a password, or a code of an authenticator, comes along with what it is asked
// for; proofPasskeyField is a third.
const (
	proofField     = "proof_password"
	proofCodeField = "proof_code"
)

func proofFields() []string {
	return []string{proofField, proofCodeField, proofPasskeyField, proofPasskeyField + passkeyFault}
}

// Proven is the target of a form that asks for something dangerous. When its person proved too long
// ago who he is, a page asks for his password, and for a code where he has a second factor, and sends it
// to the same address with everything that was typed. Wrong guesses are counted apart from those of a login, so that nobody at
// the door keeps a person from ending his login sessions.
func (s *Site) Proven(h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		f, err := form(w, r)
		if err != nil {
			return err
		}
		actor := actorOf(r.Context())
		given := winddown.Proof{Password: f.Get(proofField), Code: f.Get(proofCodeField)}
		asked := slices.ContainsFunc(proofFields(), f.Has)
		byPasskey := f.Has(proofPasskeyField + passkeyFault) // its button was pressed, and not the other
		var answer []byte
		if byPasskey {
			answer, err = passkeyAnswer(f, proofPasskeyField)
		}
		for _, name := range proofFields() {
			f.Del(name)
		}
		if asked && actor.Proved(s.app.Now()) != nil { // else it was sent again because an answer was lost
			account := proofTarget(actor.UserID)
			prove := func() (string, error) { return s.app.Prove(r.Context(), actor, given) }
			if byPasskey {
				account, prove = passkeyTarget(actor.UserID), func() (string, error) {
					if err != nil {
						return "", err
					}
					return s.app.ProveByPasskey(r.Context(), actor, s.party, answer)
				}
			}
			token, err := s.attempt(w, r, account, prove, "account.error.password_wrong", "twofactor.error.code", "passkey.error.answer", "passkey.error.copied")
			switch {
			case retryable(err):
				return s.proof(w, r, f, err)
			case err != nil:
				return err
			}
			s.setSession(w, token)
			actor.ProvedAt = s.app.Now()
			r = r.WithContext(withActor(r.Context(), actor))
		}
		if err = h(w, r); errors.Is(err, winddown.Unproved) {
			return s.proof(w, r, f, err)
		}
		return err
	}
}

// proof asks for the password before what was typed is done.
func (s *Site) proof(w http.ResponseWriter, r *http.Request, typed url.Values, failure error) error {
	p := i18n.From(r.Context())
	factor, err := s.app.TwoFactor(r.Context(), actorOf(r.Context()))
	if err != nil {
		return err
	}
	ask, err := s.askForPasskey(r)
	if err != nil {
		return err
	}
	v := page.ProofView{Code: factor.On, Recovery: factor.Recovery > 0, Passkey: ask, Action: r.URL.RequestURI(), As: p.T("proof.as", "Email", actorOf(r.Context()).Email)}
	for _, name := range slices.Sorted(maps.Keys(typed)) {
		for _, value := range typed[name] {
			v.Typed = append(v.Typed, page.TypedField{Name: name, Value: value})
		}
	}
	status, options := formStatus(failure, layoutNarrow)
	if !errors.Is(failure, winddown.Unproved) {
		m := mistakesOf(r.Context(), failure)
		v.Error, v.CodeError, v.PasskeyError, v.Errors = m.of("password"), m.of("code"), m.of(passkeyField), m.items
		for i := range v.Errors {
			switch v.Errors[i].Field {
			case "password":
				v.Errors[i].Field = proofField
			case "code":
				v.Errors[i].Field = proofCodeField
			case passkeyField:
				v.Errors[i].Field = proofPasskeyField
			}
		}
	} else {
		options = options[:1] // nothing is wrong with what was typed
	}
	s.render(w, r, status, page.Proof(s.layout(r, p.T("proof.title"), options...), v))
	return nil
}
