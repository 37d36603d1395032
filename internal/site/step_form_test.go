package site

import (
	"errors"
	"net/url"
	"testing"

	"winddown/internal/winddown"
)

// Whatever is sent, reading it either works or is Invalid with the fields at fault, and
// what was read could have been typed.
func FuzzReadMark(f *testing.F) {
	for _, seed := range []string{
		"done=yes&on=2026-11-12&version=1&note=x",
		"done=no&version=2&act=2",
		"done=yes&on=0000-00-00&version=99999999999999999999",
		"done=yes&on=2026-11-12&version=1&channel=support&ticket=1&period_from=2020-01-01&period_to=2026-13-01",
		"done=yes&done=no&on=&version=-1",
		"done=yes&on=2026-11-12&version=1&ours=3+418%2C20&ours_side=by_wb&theirs=-1&theirs_side=zero",
		"done=yes&on=2026-11-12&version=1&act=2&signer=x&authority=y&via=edo",
	} {
		for _, code := range []string{"request_act", "receive_act", "sign_act", "collect_returns", "zero_fbs"} {
			f.Add(code, seed)
		}
	}
	f.Fuzz(func(t *testing.T, code, query string) {
		values, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		in, err := readMark(winddown.Code(code), values)
		if err != nil {
			var known *winddown.Error
			if !errors.As(err, &known) || known.Kind != winddown.Invalid || len(known.Fields) == 0 {
				t.Fatalf("%v is not a person's mistake", err)
			}
			return
		}
		if in.version < 1 || in.mark.Version != in.version || in.pending.Version != in.version {
			t.Errorf("version %d was accepted", in.version)
		}
		for _, d := range []winddown.Date{in.mark.On, in.mark.PeriodFrom, in.mark.PeriodTo} {
			if back, ok := winddown.ParseDate(d.String()); !d.IsZero() && (!ok || back != d) {
				t.Errorf("the date %v was accepted", d)
			}
		}
		for _, b := range []winddown.Balance{in.mark.Ours, in.mark.Theirs} {
			if b.Amount.Abs() > winddown.MaxMoney || !b.Known && b.Amount != 0 {
				t.Errorf("the balance %v was accepted", b)
			}
		}
	})
}
