package httpkit

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

var localPaths = []struct {
	next  string
	local bool
}{
	{"/", true},
	{"/cases", true},
	{"/cases/0193/steps/zero_fbs?from=list#step", true},
	{"/sellers?q=ИП+Петрова&act=requested", true},
	{"/sellers?q=a//b", true},
	{"/%D0%B0", true},
	{"", false},
	{"cases", false},
	{"//evil.example", false},
	{"///evil.example", false},
	{"/cases//evil.example", false},
	{"/.//evil.example", false},
	{"/%2F/evil.example", false},
	{"/%2Fevil.example", false},
	{`/\evil.example`, false},
	{`\/evil.example`, false},
	{"/%5Cevil.example", false},
	{`/cases?q=\`, false},
	{"/\t/evil.example", false},
	{"/\n/evil.example", false},
	{"/x\r\nSet-Cookie: a=b", false},
	{"/x%0d%0aSet-Cookie:a=b", false},
	{"/\x00", false},
	{"/%00", false},
	{"/\u0085x", false},
	{"/\xff", false},
	{"/%ff", false},
	{"/%zz", false},
	{" /cases", false},
	{"https://evil.example/", false},
	{"javascript:alert(1)", false},
	{"data:text/html,x", false},
	{"?next=/", false},
	{"/" + strings.Repeat("x", 2047), true},
	{"/" + strings.Repeat("x", 2048), false},
}

func TestLocalPath(t *testing.T) {
	for _, c := range localPaths {
		want := ""
		if c.local {
			want = c.next
		}
		if got := LocalPath(c.next); got != want {
			t.Errorf("LocalPath(%.60q) = %.60q, want %.60q", c.next, got, want)
		}
	}
}

// A browser on our site that is sent to a local path stays on our site.
func FuzzLocalPath(f *testing.F) {
	for _, c := range localPaths {
		f.Add(c.next)
	}
	base, err := url.Parse("https://winddown.example/login")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, next string) {
		got := LocalPath(next)
		if got == "" {
			return
		}
		if got != next {
			t.Fatalf("LocalPath(%q) = %q: changed", next, got)
		}
		w := httptest.NewRecorder()
		http.Redirect(w, httptest.NewRequest(http.MethodPost, "/login", nil), got, http.StatusSeeOther)
		location := w.Header().Get("Location")
		// What browsers drop or turn before they look for a host.
		seen := strings.NewReplacer("\t", "", "\n", "", "\r", "", `\`, "/").Replace(location)
		if !strings.HasPrefix(seen, "/") || strings.HasPrefix(seen, "//") {
			t.Fatalf("LocalPath(%q) redirects to %q", next, location)
		}
		to, err := base.Parse(seen)
		if err != nil || to.Host != base.Host || to.Scheme != base.Scheme {
			t.Fatalf("LocalPath(%q) leads to %v (%v)", next, to, err)
		}
	})
}

func TestCleanRequest(t *testing.T) {
	h := CleanRequest(func(w http.ResponseWriter, _ *http.Request, err error) {
		var e *winddown.Error
		if !errors.As(err, &e) || e.Key == "" {
			t.Errorf("the error has no message: %v", err)
		}
		if e.Key == "error.too_long" {
			w.Header().Set("Too-Long", "yes")
		}
		w.WriteHeader(Status(winddown.KindOf(err)))
	})(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	for _, c := range []struct {
		target string
		want   int
	}{
		{"/", 204},
		{"/cases/0193?q=%D0%90+b&x", 204},
		{"/sellers?q=a%0Ab", 204},
		{"/" + strings.Repeat("x", 2047), 204},
		{"/" + strings.Repeat("x", 2048), 404},
		{"/" + strings.Repeat("%D0%90", 400), 404},
		{"/?q=" + strings.Repeat("x", 2045), 204},
		{"/?q=" + strings.Repeat("x", 2046), 422},
		{"/cases/%00", 404},
		{"/cases/%FF", 404},
		{"/cases/%0A", 404},
		{"/cases/%7F", 404},
		{"/cases/%C2%85", 404},
		{"/?q=%00", 422},
		{"/?q=%FF", 422},
		{"/?q=\xff", 422},
		{"/?%FF=1", 422},
		{"/?q=%zz", 422},
		{"/?q=%D", 422},
		{"/?a;b", 422},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, c.target, nil))
		if w.Code != c.want {
			t.Errorf("%.60q: status %d, want %d", c.target, w.Code, c.want)
		}
		if long := w.Header().Get("Too-Long") != ""; long != (c.want == 422 && len(c.target) > maxURL) {
			t.Errorf("%.60q is said to be too long: %t", c.target, long)
		}
	}
}
