package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// Whatever is sent to whatever address: no fault of ours, and a page in answer. The first
// argument picks a row of the table of access, the others are its form and its query.
func FuzzForms(f *testing.F) {
	for i, a := range table() {
		f.Add(uint8(i), a.form, "")
	}
	f.Add(uint8(0), "done=yes&on=9999-99-99&version=-1&note=\x00", "after=%ff&q=%00&sort=%22")
	f.Add(uint8(0), "seller_name=%F0%28%8C%28&inn=99999999999999999999999&fbs=maybe&on=-0001-01-01", "act=&group=x&before=-9223372036854775808")
	f.Add(uint8(0), strings.Repeat("a=b&", 200), strings.Repeat("act=requested&", 90))
	f.Add(uint8(0), "version=99999999999999999999&period_from=2026-02-30&role=owner&reason=%E2%80%AE", "before=99999999999999999999999")

	s := testkit.Start(f)
	owner := s.SignUp("Петрова", "owner")
	id := owner.OpenCase("ИП Петрова", 1)
	owner.Mark(id, winddown.ZeroFBS)
	path := strings.NewReplacer("{case}", id.String(), "{code}", string(winddown.ZeroFBS), "{user}", winddown.ID{1}.String(),
		"{invite}", winddown.ID{1}.String(), "{session}", winddown.ID{1}.String(), "{passkey}", winddown.ID{1}.String(), "{token}", "nothing", "*", "nothing", "{act}", "1", "{number}", "1",
		"{debt}", winddown.ID{1}.String(), "{term}", "report", "{deadline}", "1")
	rows := table()
	f.Fuzz(func(t *testing.T, row uint8, form, query string) {
		method, pattern, _ := strings.Cut(rows[int(row)%len(rows)].route, " ")
		if pattern == "/logout" || strings.HasPrefix(pattern, "/account/password") {
			return
		}
		address := path.Replace(pattern)
		if u, err := url.Parse(address + "?" + query); err == nil && u.Path == address {
			address += "?" + u.RawQuery
		}
		status := owner.Status(t, method, address, form)
		if status >= http.StatusInternalServerError {
			t.Errorf("%s %s with %q: %d", method, address, form, status)
		}
	})
}

// Paths are as hostile as forms.
func FuzzPaths(f *testing.F) {
	for _, a := range table() {
		_, pattern, _ := strings.Cut(a.route, " ")
		f.Add(pattern)
	}
	f.Add("/cases/../../etc/passwd")
	f.Add("/static/%2e%2e/%2e%2e/go.mod")
	f.Add("/cases/\xff\xfe")
	f.Add("/sellers/%00")
	s := testkit.Start(f)
	owner := s.SignUp("Петрова", "owner")
	f.Fuzz(func(t *testing.T, path string) {
		address := (&url.URL{Path: "/" + strings.TrimLeft(path, "/")}).String()
		if status := owner.Status(t, http.MethodGet, address, ""); status >= http.StatusInternalServerError {
			t.Errorf("GET %s: %d", address, status)
		}
	})
}
