package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// loginCmd asks whether the time of a refused login tells if there is an account.
type loginCmd struct {
	options
	Samples int           `default:"1500" help:"Logins of each kind."`
	Within  time.Duration `default:"1ms" help:"What a difference has to be smaller than."`
}

// attemptsEach is how many wrong passwords one account is given, fewer than are let through.
const attemptsEach = 8

// sqlPeople makes all these people out of one who signed up, so that their hashes cost what his does.
const sqlPeople = `
with made as (
    insert into users (id, email, email_key, name, password_hash, locale, zone, created_at, disabled_at)
    select gen_random_uuid(), kind || n || '@example.ru', kind || n || '@example.ru', 'Проба', u.password_hash, 'ru', 'Europe/Moscow', now(),
           case when kind = 'barred' then now() end
    from users u, unnest(array['simple', 'totped', 'barred']) kind, generate_series(100000, 99999 + $1::int) n
    where u.email_key = 'first@example.ru'
    returning id, email
)
insert into totp_secrets (user_id, pending, key_id, secret, created_at)
select id, false, 'bench', sha256(email::bytea), now() from made where email like 'totped%'`

// Run measures and prints; it fails when an account can be told from none, or when it would not have
// seen that.
func (c loginCmd) Run(ctx context.Context) (err error) {
	s, err := newStage(ctx, c.options, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	p, err := s.winddown(ctx, "--trusted-proxies", "1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	first := url.Values{"name": {"Проба"}, "email": {"first@example.ru"}, "password": {"korrekt-pferd-2026-test"}, "consent": {"yes"}}
	if _, err := logIn(ctx, p, "/signup", first, http.StatusSeeOther); err != nil {
		return err
	}
	const warm = 20 // logins of each kind before those that count
	if _, err := s.db.Exec(ctx, sqlPeople, (c.Samples+warm)/attemptsEach+1); err != nil {
		return err
	}
	// Their addresses are of one length, and so are the answers. The second kind of unknown ones shows
	// what the comparison makes of nothing.
	kinds := []struct{ word, says string }{
		{"nobody", "unknown"}, {"absent", "unknown again"}, {"simple", "known"}, {"totped", "known, with a second factor"}, {"barred", "barred"},
	}
	took := make([][]float64, len(kinds))
	order := []int{0, 1, 2, 3, 4}
	for n := range c.Samples + warm {
		rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		for _, k := range order {
			email := fmt.Sprintf("%s%d@example.ru", kinds[k].word, 100_000+n/attemptsEach)
			if n < warm { // whom nobody asks for afterwards
				email = fmt.Sprintf("%s%d@example.ru", "warmup", 100_000+n*len(order)+k)
			}
			t, err := logIn(ctx, p, "/login", url.Values{"email": {email}, "password": {"not the right one"}}, http.StatusUnprocessableEntity)
			if err != nil {
				return fmt.Errorf("%s: %w", email, err)
			}
			if n >= warm {
				took[k] = append(took[k], ms(t))
			}
		}
	}
	return c.print(kinds[0].says, took, func(k int) string { return kinds[k].says })
}

func (c loginCmd) print(to string, took [][]float64, says func(int) string) error {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(out, "refused login of\tlogins\tp50 ms\tp90 ms\tagainst %s, ms\t95 %% between\tp\n", to)
	var wrong error
	row := func(name string, sample []float64, s shift) {
		sorted := slices.Sorted(slices.Values(sample))
		_, _ = fmt.Fprintf(out, "%s\t%d\t%.2f\t%.2f\t%+.3f\t%+.3f and %+.3f\t%.3g\n", name, len(sample), sorted[len(sorted)/2], sorted[len(sorted)*9/10], s.by, s.low, s.high, s.p)
	}
	// What else the machine does slows a whole round: each login is compared by how far it is from the
	// middle of its round.
	apart := make([][]float64, len(took))
	for n := range took[0] {
		var round []float64
		for k := range took {
			round = append(round, took[k][n])
		}
		slices.Sort(round)
		for k := range took {
			apart[k] = append(apart[k], took[k][n]-round[len(round)/2])
		}
	}
	limit := ms(c.Within)
	const level = 0.05 / 3 // for three comparisons (Bonferroni)
	for k := range took {
		s := compare(apart[0], apart[k])
		row(says(k), took[k], s)
		if k > 1 && (s.p < level || s.low < -limit || s.high > limit) {
			wrong = errors.Join(wrong, fmt.Errorf("%s can be told from %s, or there were too few logins to say", says(k), to))
		}
	}
	var later, laterApart []float64
	for n, t := range took[1] {
		later, laterApart = append(later, t+limit), append(laterApart, apart[1][n]+limit)
	}
	s := compare(apart[0], laterApart)
	row(fmt.Sprintf("%s, %s later", says(1), c.Within), later, s)
	if s.p >= level || s.low <= 0 {
		wrong = errors.Join(wrong, fmt.Errorf("%s more would not have been seen: ask for more logins", c.Within))
	}
	return errors.Join(wrong, out.Flush())
}

// logIn sends a form as another client each time and returns how long the whole answer took.
func logIn(ctx context.Context, p *program, path string, form url.Values, want int) (time.Duration, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.addr+path, strings.NewReader(form.Encode()))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", fmt.Sprintf("10.%d.%d.%d", rand.IntN(256), rand.IntN(256), rand.IntN(256)))
	begun := time.Now()
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return 0, err
	}
	if answer.StatusCode != want {
		return 0, fmt.Errorf("POST %s answered %d", path, answer.StatusCode)
	}
	return time.Since(begun), nil
}
