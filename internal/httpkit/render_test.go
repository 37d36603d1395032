package httpkit

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/a-h/templ"

	"winddown/internal/i18n"
)

func page(body string, err error) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		if _, writeErr := io.WriteString(w, body); writeErr != nil {
			return writeErr
		}
		return err
	})
}

func render(r *http.Request, status int, c templ.Component) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	Render(w, r, status, c)
	return w
}

func gunzip(t *testing.T, b []byte) string {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

func TestRender(t *testing.T) {
	long := strings.Repeat("Уход ", 400)
	for _, c := range []struct {
		name, method, accept, body string
		packed                     bool
	}{
		{"short", "GET", "gzip", "<p>да</p>", false},
		{"just too short", "GET", "gzip", strings.Repeat("x", 1023), false},
		{"just long enough", "GET", "gzip", strings.Repeat("x", 1024), true},
		{"long", "GET", "gzip, deflate, br", long, true},
		{"long, nothing accepted", "GET", "", long, false},
		{"long, gzip refused", "GET", "gzip;q=0, br", long, false},
		{"empty", "GET", "gzip", "", false},
		{"head", "HEAD", "", long, false},
	} {
		r := httptest.NewRequest(c.method, "/", nil)
		r.Header.Set("Accept-Encoding", c.accept)
		w := render(r, http.StatusUnprocessableEntity, page(c.body, nil))
		h := w.Result().Header
		if w.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: status %d", c.name, w.Code)
		}
		for name, want := range map[string]string{
			"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store", "Vary": "Accept-Encoding",
		} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", c.name, name, got, want)
			}
		}
		if got := h.Get("Content-Encoding") == "gzip"; got != c.packed {
			t.Errorf("%s: gzipped %v, want %v", c.name, got, c.packed)
		}
		got := w.Body.String()
		if c.method == "HEAD" {
			if got != "" || h.Get("Content-Length") != strconv.Itoa(len(c.body)) {
				t.Errorf("%s: %d bytes sent, Content-Length %s", c.name, len(got), h.Get("Content-Length"))
			}
			continue
		}
		if h.Get("Content-Length") != strconv.Itoa(len(got)) {
			t.Errorf("%s: Content-Length %s for %d bytes", c.name, h.Get("Content-Length"), len(got))
		}
		if c.packed {
			got = gunzip(t, w.Body.Bytes())
		}
		if got != c.body {
			t.Errorf("%s: another body than rendered", c.name)
		}
	}
}

func TestRenderKeepsTheHandlersCacheControl(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Cache-Control", "public, max-age=300")
	Render(w, httptest.NewRequest(http.MethodGet, "/help", nil), http.StatusOK, page("x", nil))
	if got := w.Header().Get("Cache-Control"); got != "public, max-age=300" {
		t.Errorf("Cache-Control: %q", got)
	}
}

func TestRenderGivesTheComponentTheRequestsContext(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r = r.WithContext(i18n.With(r.Context(), i18n.For(i18n.English)))
	w := render(r, http.StatusOK, templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		_, err := io.WriteString(w, string(i18n.From(ctx).Locale()))
		return err
	}))
	if got := w.Body.String(); got != "en" {
		t.Errorf("rendered in %q, want en", got)
	}
}

func TestFailedRenderIsNeverHalfAPage(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	for _, c := range []struct {
		name   string
		ctx    context.Context
		page   templ.Component
		status int
		says   string
	}{
		{"an error after some output", context.Background(), page("<p>half</p>", errors.New("no such field")), 500, "no such field"},
		{"too large", context.Background(), page(strings.Repeat("x", maxPage+1), nil), 500, errPageTooLarge.Error()},
		{"the reader left", canceled, page("<p>half</p>", canceled.Err()), 503, "canceled"},
	} {
		var lines bytes.Buffer
		h := WithRequestID(Log(slog.New(slog.NewJSONHandler(&lines, nil)))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "public")
			Render(w, r, http.StatusOK, c.page)
		})))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(c.ctx, "GET", "/", nil))
		if w.Code != c.status {
			t.Errorf("%s: status %d, want %d", c.name, w.Code, c.status)
		}
		if comes := w.Header().Get("Retry-After") != ""; comes != (c.status == 503) {
			t.Errorf("%s: Retry-After: %t", c.name, comes)
		}
		body := w.Body.String()
		if strings.Contains(body, "half") || strings.Contains(body, "xxx") || strings.Contains(body, c.says) {
			t.Errorf("%s: the answer is %.200q", c.name, body)
		}
		if id := w.Header().Get("X-Request-Id"); id == "" || !strings.Contains(body, id) {
			t.Errorf("%s: the answer does not name the request: %q", c.name, body)
		}
		if got := w.Header().Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control: %q", c.name, got)
		}
		if strings.Count(lines.String(), c.says) != 1 {
			t.Errorf("%s: the log does not give the reason once: %s", c.name, lines.String())
		}
	}
}

// One reader's page must not show up in another's: buffers are shared.
func TestRenderSharesNoBytes(t *testing.T) {
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			want := strings.Repeat(strconv.Itoa(i)+" ", 600+i*20)
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("Accept-Encoding", "gzip")
			for range 20 {
				w := render(r, http.StatusOK, page(want, nil))
				z, err := gzip.NewReader(w.Body)
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(z)
				if err != nil || string(got) != want {
					t.Errorf("page %d: another page came back (%v)", i, err)
					return
				}
			}
		})
	}
	group.Wait()
}

func TestAcceptsGzip(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "gzip": true, "GZIP": true, "br": false, "deflate, gzip;q=1.0": true, "gzip;q=0": false,
		"gzip; q=0.0": false, "gzip ; q = 0.1": true, "*": true, "*;q=0": false, "gzip;q=0, *": false, "*;q=0, gzip": true,
		"gzip;q=x": false, "xgzip": false, "identity;q=0": false,
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if header != "" {
			r.Header.Set("Accept-Encoding", header)
		}
		if got := acceptsGzip(r); got != want {
			t.Errorf("Accept-Encoding %q: %v, want %v", header, got, want)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	c := page(strings.Repeat("<li>Обнулить остатки FBS</li>", 200), nil)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	for b.Loop() {
		Render(httptest.NewRecorder(), r, http.StatusOK, c)
	}
}
