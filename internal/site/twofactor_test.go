package site_test

import (
	"encoding/base32"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// guard turns an authenticator on by the pages and returns its secret and the recovery codes.
func guard(t *testing.T, s *testkit.Site, c *testkit.Client) (secret []byte, codes []string) {
	t.Helper()
	c.PostForm("/account/two-factor", nil).WantRedirect("/account/two-factor")
	shown := testkit.Text(c.Get("/account/two-factor").Want(http.StatusOK).ByTestID("totp-secret"))
	secret, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(shown, " ", ""))
	if err != nil {
		t.Fatalf("the page shows %q: %v", shown, err)
	}
	c.PostForm("/account/two-factor/confirm", url.Values{"code": {"12345"}}).Want(http.StatusUnprocessableEntity)
	p := c.PostForm("/account/two-factor/confirm", url.Values{"code": {winddown.TOTPCode(secret, s.Clock.Now())}}).Want(http.StatusOK)
	return secret, strings.Fields(p.Form("/account/two-factor/codes.txt").Get("codes"))
}

func TestTheSecondStepOfALogin(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна Петрова", "petrova")
	secret, codes := guard(t, s, anna)
	if len(codes) != winddown.RecoveryCodes {
		t.Fatalf("%d recovery codes are shown", len(codes))
	}
	file := anna.PostForm("/account/two-factor/codes.txt", url.Values{"codes": {strings.Join(codes, " ")}}).Want(http.StatusOK)
	if !strings.Contains(file.Body, codes[9]+"\r\n") || !strings.Contains(file.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the file is %q", file.Body)
	}
	if again := anna.Get("/account/two-factor").Body; strings.Contains(again, codes[0]) || strings.Contains(again, "totp-secret") {
		t.Error("codes or secret are shown again")
	}

	s.Clock.Advance(time.Minute)
	c := s.Anybody()
	form := credentials(anna.Email, testkit.Password)
	form.Set("next", "/account")
	c.PostForm("/login", form).WantRedirect("/login/second?next=%2Faccount")
	if c.Cookie(s.SessionCookie()) != "" {
		t.Fatal("the password alone begins a login session")
	}
	c.Get("/account").WantRedirect("/login?next=%2Faccount")
	p := c.Get("/login/second?next=/account").Want(http.StatusOK)
	typed := p.Form("/login/second")
	typed.Set("code", "12345")
	p = c.PostForm("/login/second", typed).Want(http.StatusUnprocessableEntity)
	typed = p.Form("/login/second")
	typed.Set("code", winddown.TOTPCode(secret, s.Clock.Now()))
	c.PostForm("/login/second", typed).WantRedirect("/account")
	c.Get("/account").Want(http.StatusOK)
	if c.Cookie("winddown_step") != "" {
		t.Error("the cookie between the steps stays")
	}

	// The step is bound to its browser: nobody else goes on with it.
	s.Anybody().Get("/login/second").WantRedirect("/login")
	s.Anybody().PostForm("/login/second", url.Values{"code": {"000000"}}).WantRedirect("/login")

	// By a recovery code, once.
	other := s.Anybody()
	other.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
	other.Get("/login/second?by=recovery").Want(http.StatusOK)
	other.PostForm("/login/second", url.Values{"recovery": {codes[0]}}).WantRedirect("/")
	third := s.Anybody()
	third.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
	third.PostForm("/login/second", url.Values{"recovery": {codes[0]}}).Want(http.StatusUnprocessableEntity)
}

// Guesses are few, whatever the browser they come from, and knowing the password buys no more.
func TestGuessesOfTheSecondFactorAreFew(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна Петрова", "petrova")
	_, codes := guard(t, s, anna) // with one wrong code, which does not count here
	refused := 0
	for _, tries := range []int{5, 6} {
		c := s.Anybody()
		c.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
		for range tries {
			if c.PostForm("/login/second", url.Values{"code": {"000000"}}).Status == http.StatusTooManyRequests {
				refused++
			}
		}
	}
	if refused != 1 {
		t.Errorf("%d guesses were refused, want the eleventh", refused)
	}
	last := s.Anybody()
	last.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
	last.PostForm("/login/second", url.Values{"recovery": {codes[0]}}).Want(http.StatusTooManyRequests)
}

// Whoever mistypes the first code of a new phone can still log in, and what somebody types as an
// address at the door counts against nothing but that.
func TestGuessesCountWhereTheyAreMade(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна Петрова", "petrova")
	_, codes := guard(t, s, anna) // with one wrong code
	anna.PostForm("/account/two-factor", nil).WantRedirect("/account/two-factor")
	for n := range 11 {
		want := http.StatusUnprocessableEntity
		if n > 8 {
			want = http.StatusTooManyRequests
		}
		anna.PostForm("/account/two-factor/confirm", url.Values{"code": {"000000"}}).Want(want)
	}
	id := anna.ID.String()
	for _, typed := range []string{"second " + id, "second factor of " + id, "login second " + id, "setup " + id} {
		for range 11 {
			s.Anybody().PostForm("/login", credentials(typed, "не тот пароль"))
		}
	}
	c := s.Anybody()
	c.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
	c.PostForm("/login/second", url.Values{"code": {codes[0]}}).WantRedirect("/")
}

// What is typed in the wrong place, or not at all, is answered by a sentence of its own.
func TestWhatTheSecondStepSays(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна Петрова", "petrova")
	_, codes := guard(t, s, anna)
	c := s.Anybody()
	c.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
	for _, row := range []struct{ field, typed, says string }{
		{"code", "", "Введите код: из программы или запасной."},
		{"recovery", "", "Введите код: из программы или запасной."},
		{"code", strings.Repeat("a", winddown.RecoveryCodeLength), "Такого запасного кода нет"},
		{"recovery", "123456", "Код не подошёл"},
	} {
		p := c.PostForm("/login/second", url.Values{row.field: {row.typed}}).Want(http.StatusUnprocessableEntity)
		if got := p.Errors(); !strings.HasPrefix(got[row.field], row.says) || len(got) != 1 {
			t.Errorf("%s %q: %v", row.field, row.typed, got)
		}
	}
	anna.PostForm("/account/two-factor", nil).WantRedirect("/account/two-factor")
	for typed, says := range map[string]string{"": "Введите код, который", codes[0]: "Это запасной код"} {
		got := anna.PostForm("/account/two-factor/confirm", url.Values{"code": {typed}}).Want(http.StatusUnprocessableEntity).Errors()
		if !strings.HasPrefix(got["code"], says) || len(got) != 1 {
			t.Errorf("the first code %q: %v", typed, got)
		}
	}
}

// Moving to another phone can be given up, and the codes that come of it are only on that answer.
func TestMovingToAnotherPhone(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна Петрова", "petrova")
	secret, _ := guard(t, s, anna)
	const path = "/account/two-factor"
	anna.PostForm(path, nil).WantRedirect(path)
	anna.PostForm(path+"/cancel", nil).WantRedirect(path)
	if p := anna.Get(path).Want(http.StatusOK); p.HasTestID("totp-secret") || !p.HasTestID("two-factor-on") {
		t.Error("given up, the move goes on, or the second step is off")
	}
	// Another window still shows what was given up: its code must not pass for the move.
	late := anna.PostForm(path+"/confirm", url.Values{"code": {"000000"}}).Want(http.StatusGone)
	if !strings.Contains(late.Main(), "действует прежний телефон") {
		t.Errorf("a move that was given up says %q", late.Main())
	}
	s.Clock.Advance(time.Minute)
	c := s.Anybody()
	c.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
	c.PostForm("/login/second", url.Values{"code": {winddown.TOTPCode(secret, s.Clock.Now())}}).WantRedirect("/")

	anna.PostForm(path, nil).WantRedirect(path)
	shown := testkit.Text(anna.Get(path).ByTestID("totp-secret"))
	next, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(shown, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	moved := anna.PostForm(path+"/confirm", url.Values{"code": {winddown.TOTPCode(next, s.Clock.Now())}}).Want(http.StatusOK)
	renewed := anna.PostForm(path+"/codes", url.Values{"renew": {"yes"}}).Want(http.StatusOK)
	for says, p := range map[string]*testkit.Page{"Теперь коды показывает новая программа": moved, "Это новые коды": renewed} {
		if !strings.Contains(p.Main(), says) || p.HasForm("/locale") || !strings.Contains(p.Text(), "Язык можно сменить") {
			t.Errorf("the page of the codes does not say %q, or leads away from them by a switch of the language", says)
		}
	}
}

// Whatever somebody shows to get in, nothing of it is in the log, nor his name or address; who was
// refused what is, by ids and hashes.
func TestWhatLetsInStaysOutOfTheLog(t *testing.T) {
	var log logbook
	s := testkit.Start(t, testkit.WithLog(&log), testkit.WithMail(), testkit.WithName())
	anna, other := s.SignUp("Анна Петрова", "petrova"), s.SignUp("Мария Орлова", "orlova")
	secret, codes := guard(t, s, anna)
	wrong := "неверный пароль"
	secrets := append(codes, testkit.Password, wrong, base32.StdEncoding.EncodeToString(secret), anna.Cookie(s.SessionCookie()), anna.Email, other.Email, "Петрова")
	s.Clock.Advance(winddown.ProofTerm + time.Minute)
	code := winddown.TOTPCode(secret, s.Clock.Now())
	for _, short := range []url.Values{{"proof_password": {wrong}}, {"proof_password": {testkit.Password}}, {"proof_password": {testkit.Password}, "proof_code": {"000000"}}} {
		anna.PostForm("/account/sessions/revoke", short).Want(http.StatusUnprocessableEntity)
	}
	anna.PostForm("/account/sessions/revoke", url.Values{"proof_password": {testkit.Password}, "proof_code": {code}}).WantRedirect("/account")
	secrets = append(secrets, "code="+code)
	s.Clock.Advance(time.Minute)
	code = winddown.TOTPCode(secret, s.Clock.Now())
	secrets = append(secrets, anna.Cookie(s.SessionCookie()))

	c := s.Anybody()
	for _, email := range []string{anna.Email, anna.Email, "nobody@example.ru"} {
		c.PostForm("/login", credentials(email, wrong)).Want(http.StatusUnprocessableEntity)
	}
	c.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
	secrets = append(secrets, c.Cookie("winddown_step"), "nobody@example.ru", "code="+code)
	c.PostForm("/login/second", url.Values{"code": {codes[0] + "x"}}).Want(http.StatusUnprocessableEntity)
	c.PostForm("/login/second", url.Values{"code": {code}}).WantRedirect("/")
	secrets = append(secrets, c.Cookie(s.SessionCookie()))
	letter, err := s.App.ResetLetter(t.Context(), anna.ID, s.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	const next = "совсем другой пароль"
	c.PostForm("/password/reset/"+letter.Token, url.Values{"password": {next}}).WantRedirect("/login")
	secrets = append(secrets, letter.Token, next)
	other.Get("/cases/" + s.SignUp("Ольга", "olga").OpenCase("ИП Другая", 1).String()).Want(http.StatusNotFound)

	c = s.Anybody()
	for _, key := range []string{"one", "one", "another"} {
		c.PostForm("/login/passkey", url.Values{"passkey": {`{"id":"` + key + `"}`}}).Want(http.StatusUnprocessableEntity)
	}

	for _, secret := range secrets {
		if secret == "" || strings.Contains(log.String(), secret) {
			t.Errorf("the log holds %q, or it is empty", secret)
		}
	}
	refused := regexp.MustCompile(`"refused":"account\.error\.login","target":"login ([0-9a-f]{16})"`).FindAllStringSubmatch(log.String(), -1)
	if len(refused) != 3 || refused[0][1] != refused[1][1] || refused[0][1] == refused[2][1] {
		t.Errorf("failed logins are logged as %v", refused)
	}
	refused = regexp.MustCompile(`"refused":"passkey\.error\.answer","target":"key ([0-9a-f]{16})"`).FindAllStringSubmatch(log.String(), -1)
	if len(refused) != 3 || refused[0][1] != refused[1][1] || refused[0][1] == refused[2][1] {
		t.Errorf("failed logins by passkey are logged as %v", refused)
	}
	if !regexp.MustCompile(`"person":"` + other.ID.String() + `","refused":"not found"`).MatchString(log.String()) {
		t.Error("it does not say who asked for what is not his")
	}
}

// A key that is missing is told to whoever can bring it back, not only to the person at the door.
func TestAMissingKeyIsAnErrorInTheLog(t *testing.T) {
	var log logbook
	s := testkit.Start(t, testkit.WithLog(&log))
	anna := s.SignUp("Анна Петрова", "petrova")
	guard(t, s, anna)
	sql, err := pgx.Connect(t.Context(), s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sql.Close(t.Context()) }()
	if _, err := sql.Exec(t.Context(), "update totp_secrets set key_id = '0123456789abcdef'"); err != nil {
		t.Fatal(err)
	}
	c := s.Anybody()
	c.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
	c.PostForm("/login/second", url.Values{"code": {"123456"}}).Want(http.StatusConflict)
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, `"status":409`) && strings.Contains(line, `"level":"ERROR"`) && strings.Contains(line, "key 0123456789abcdef") {
			return
		}
	}
	t.Errorf("the log does not say so:\n%s", log.String())
}

// What turns the second step off asks for proof, which a code is too.
func TestTurningTheSecondStepOff(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна Петрова", "petrova")
	secret, _ := guard(t, s, anna)
	s.Clock.Advance(winddown.ProofTerm + time.Minute)
	for path, form := range map[string]url.Values{"/account/two-factor": nil, "/account/two-factor/codes": {"renew": {"yes"}}, "/account/two-factor/off": {"off": {"yes"}}} {
		if p := anna.PostForm(path, form).Want(http.StatusForbidden); p.Heading() != "Подтвердите, что это вы" {
			t.Errorf("%s: %s", path, p.Heading())
		}
	}
	// Not by one press that does not say what it does.
	for path, field := range map[string]string{"/account/two-factor/codes": "renew", "/account/two-factor/off": "off"} {
		if got := anna.PostForm(path, nil).Want(http.StatusUnprocessableEntity).Errors(); got[field] == "" || len(got) != 1 {
			t.Errorf("%s unticked: %v", path, got)
		}
	}
	anna.PostForm("/account/two-factor/off", url.Values{"off": {"yes"}, "proof_password": {testkit.Password}, "proof_code": {"12345"}}).Want(http.StatusUnprocessableEntity)
	proof := url.Values{"off": {"yes"}, "proof_password": {testkit.Password}, "proof_code": {winddown.TOTPCode(secret, s.Clock.Now())}}
	anna.PostForm("/account/two-factor/off", proof).WantRedirect("/account")
	s.LogIn(anna.Email, testkit.Password)
}

// An open page does not give the second factor away once the proof is old; what was typed goes along.
func TestConfirmingTheSecondStepAsksForProof(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна Петрова", "petrova")
	anna.PostForm("/account/two-factor", nil).WantRedirect("/account/two-factor")
	shown := testkit.Text(anna.Get("/account/two-factor").Want(http.StatusOK).ByTestID("totp-secret"))
	secret, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(shown, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(winddown.ProofTerm + time.Minute)
	if p := anna.Get("/account/two-factor").Want(http.StatusOK); p.HasTestID("totp-secret") || !p.HasForm("/account/two-factor") {
		t.Error("the secret is still shown, or nothing to begin anew with")
	}
	const confirm = "/account/two-factor/confirm"
	asked := anna.PostForm(confirm, url.Values{"code": {winddown.TOTPCode(secret, s.Clock.Now())}}).Want(http.StatusForbidden).Form(confirm)
	asked.Set("proof_password", testkit.Password)
	anna.PostForm(confirm, asked).Want(http.StatusOK).ByTestID("recovery-codes")
	// Sent again after a lost answer: it is on, and that is said.
	anna.PostForm(confirm, asked).WantRedirect("/account")
	if got := anna.Get("/account").Notice(); !strings.Contains(got, "уже включён") {
		t.Errorf("sent again, the notice is %q", got)
	}
}
