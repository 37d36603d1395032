package httpkit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"
)

// entries reads a JSON log, a line each.
func entries(t *testing.T, log *bytes.Buffer) []map[string]any {
	t.Helper()
	var all []map[string]any
	for dec := json.NewDecoder(log); ; {
		var e map[string]any
		err := dec.Decode(&e)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
}

func fail(w http.ResponseWriter, r *http.Request, err error) {
	NoteError(r.Context(), err)
	http.Error(w, "sorry", http.StatusInternalServerError)
}

func router(log *bytes.Buffer) *chi.Mux {
	logger := slog.New(slog.NewJSONHandler(log, nil))
	m := chi.NewRouter()
	m.Use(WithRequestID, WithClientIP(0), Log(logger), Recover(logger, fail), SecurityHeaders(false))
	return m
}

func TestRequestID(t *testing.T) {
	var inside string
	h := WithRequestID(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { inside = RequestID(r.Context()) }))
	seen := make(map[string]bool)
	for range 3 {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("X-Request-Id", "forged")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		id, err := uuid.Parse(inside)
		if err != nil || id.Version() != 7 || seen[inside] {
			t.Errorf("request id %q (%v)", inside, err)
		}
		if got := w.Header().Get("X-Request-Id"); got != inside {
			t.Errorf("X-Request-Id: %q, inside %q", got, inside)
		}
		seen[inside] = true
	}
	if got := RequestID(context.Background()); got != "" {
		t.Errorf("outside of a request: %q", got)
	}
}

func TestClientIP(t *testing.T) {
	for _, c := range []struct {
		name    string
		proxies int
		xff     []string
		want    string
	}{
		{"no proxy", 0, nil, "192.0.2.1"},
		{"no proxy, a forged header", 0, []string{"203.0.113.7"}, "192.0.2.1"},
		{"one proxy", 1, []string{"203.0.113.7"}, "203.0.113.7"},
		{"one proxy, a forged entry", 1, []string{"10.0.0.1, 203.0.113.7"}, "203.0.113.7"},
		{"one proxy, a forged header", 1, []string{"10.0.0.1", "203.0.113.7"}, "203.0.113.7"},
		{"two proxies", 2, []string{"10.0.0.1, 203.0.113.7, 198.51.100.1"}, "203.0.113.7"},
		{"two proxies, one entry", 2, []string{"203.0.113.7"}, ""},
		{"one proxy, rubbish", 1, []string{"unknown"}, ""},
		{"one proxy, no header", 1, nil, ""},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil) // from 192.0.2.1
		r.Header["X-Forwarded-For"] = c.xff
		r.Header.Set("X-Real-Ip", "10.9.9.9")
		r.Header.Set("True-Client-Ip", "10.9.9.9")
		got := "not called"
		WithClientIP(c.proxies)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got = ClientIP(r.Context())
		})).ServeHTTP(httptest.NewRecorder(), r)
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestLog(t *testing.T) {
	var log bytes.Buffer
	m := router(&log)
	m.Route("/invites", func(m chi.Router) {
		m.Get("/{token}", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, "12345")
		})
	})
	m.Get("/silent", func(http.ResponseWriter, *http.Request) {})
	m.Get("/broken", func(w http.ResponseWriter, r *http.Request) { fail(w, r, errors.New("disk full")) })
	m.Get("/abort", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })

	const secret = "s3cr3t"
	for _, c := range []struct {
		method, target, route, level, logged string
		status, bytes                        float64
		err                                  any
	}{
		{"GET", "/invites/" + secret + "?next=" + secret, "/invites/{token}", "INFO", "GET", 201, 5, nil},
		{"GET", "/silent", "/silent", "INFO", "GET", 200, 0, nil},
		{"GET", "/nowhere/" + secret, "unmatched", "INFO", "GET", 404, 19, nil},
		{secret, "/silent", "unmatched", "INFO", "other", 405, 0, nil},
		{"GET", "/broken", "/broken", "ERROR", "GET", 500, 6, "disk full"},
		{"GET", "/abort", "/abort", "INFO", "GET", 200, 0, nil},
	} {
		log.Reset()
		r := httptest.NewRequest(c.method, c.target, strings.NewReader("password="+secret))
		r.AddCookie(&http.Cookie{Name: "winddown_session", Value: secret})
		r.Header.Set("Authorization", "Bearer "+secret)
		r.Header.Set("Referer", "https://winddown.example/invites/"+secret)
		r.Header.Set("User-Agent", secret)
		w := httptest.NewRecorder()
		func() {
			// The server cuts the connection for this panic alone, so it must arrive.
			defer func() {
				if got := recover(); (got == any(http.ErrAbortHandler)) != (c.route == "/abort") {
					t.Errorf("%s: panics with %v", c.route, got)
				}
			}()
			m.ServeHTTP(w, r)
		}()
		if strings.Contains(log.String(), secret) {
			t.Errorf("%s: the log tells the secret: %s", c.route, log.String())
		}
		all := entries(t, &log)
		if len(all) != 1 {
			t.Errorf("%s %s: %d lines, want one: %v", c.method, c.target, len(all), all)
			continue
		}
		e := all[0]
		for key, want := range map[string]any{
			"msg": "request", "method": c.logged, "route": c.route, "level": c.level,
			"status": c.status, "bytes": c.bytes, "error": c.err,
		} {
			if e[key] != want {
				t.Errorf("%s: %s is %v, want %v", c.route, key, e[key], want)
			}
		}
		if id := w.Header().Get("X-Request-Id"); id == "" || e["request_id"] != id {
			t.Errorf("%s: request_id is %v, the header %q", c.route, e["request_id"], id)
		}
		if d, ok := e["duration_ms"].(float64); !ok || d < 0 {
			t.Errorf("%s: duration_ms is %v", c.route, e["duration_ms"])
		}
	}
}

func TestLogWhenTheReaderLeft(t *testing.T) {
	var log bytes.Buffer
	m := router(&log)
	ctx, cancel := context.WithCancel(context.Background())
	m.Get("/", func(w http.ResponseWriter, r *http.Request) {
		cancel()
		fail(w, r, r.Context().Err())
	})
	m.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	all := entries(t, &log)
	if len(all) != 1 || all[0]["level"] != "INFO" || all[0]["client_left"] != true {
		t.Errorf("log: %v", all)
	}
}

func TestNoteErrorOutsideOfARequest(t *testing.T) {
	NoteError(context.Background(), errors.New("nobody listens")) // must not panic
}

func TestRecover(t *testing.T) {
	var log bytes.Buffer
	m := router(&log)
	m.Get("/boom/{token}", func(http.ResponseWriter, *http.Request) { panic("boom") })
	w := httptest.NewRecorder()
	m.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/boom/s3cr3t", nil))
	if w.Code != http.StatusInternalServerError || w.Body.String() != "sorry\n" {
		t.Errorf("answer %d %q", w.Code, w.Body.String())
	}
	if got := w.Header().Get("Content-Security-Policy"); got == "" {
		t.Error("the error page has no security headers")
	}
	if strings.Contains(log.String(), "s3cr3t") {
		t.Errorf("the log tells the path: %s", log.String())
	}
	panics := 0
	for _, e := range entries(t, &log) {
		if e["request_id"] != w.Header().Get("X-Request-Id") {
			t.Errorf("request_id is %v", e["request_id"])
		}
		if e["msg"] == "panic" {
			panics++
			stack, _ := e["stack"].(string)
			if e["panic"] != "boom" || e["route"] != "/boom/{token}" || e["level"] != "ERROR" || !strings.Contains(stack, "TestRecover") {
				t.Errorf("the panic is logged as %v", e)
			}
		}
	}
	if panics != 1 {
		t.Errorf("the panic is logged %d times", panics)
	}
}

// Half an answer must not look whole: the connection is cut.
func TestRecoverAfterTheAnswerHasBegun(t *testing.T) {
	var log bytes.Buffer
	m := router(&log)
	m.Get("/", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "<p>half")
		w.(http.Flusher).Flush()
		panic("boom")
	})
	server := httptest.NewServer(m)
	defer server.Close()
	answer, err := http.Get(server.URL)
	if err == nil {
		var body []byte
		body, err = io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if strings.Contains(string(body), "sorry") {
			t.Errorf("the error page was appended: %q", body)
		}
	}
	if err == nil {
		t.Error("the answer ended as if it were whole")
	}
	server.Close()
	if !strings.Contains(log.String(), `"panic":"boom"`) {
		t.Errorf("log: %s", log.String())
	}
}

func TestSecurityHeaders(t *testing.T) {
	for _, https := range []bool{false, true} {
		w := httptest.NewRecorder()
		SecurityHeaders(https)(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		for name, want := range map[string]string{
			"X-Content-Type-Options":       "nosniff",
			"X-Frame-Options":              "DENY",
			"Referrer-Policy":              "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if w.Header().Get("Permissions-Policy") == "" {
			t.Error("no Permissions-Policy")
		}
		if got := w.Header().Get("Strict-Transport-Security") != ""; got != https {
			t.Errorf("https %v: Strict-Transport-Security %v", https, got)
		}
	}
}

func TestContentSecurityPolicy(t *testing.T) {
	directives := make(map[string]string)
	for d := range strings.SplitSeq(contentSecurityPolicy, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(d), " ")
		if _, twice := directives[name]; twice {
			t.Errorf("%s stands twice: browsers take the first alone", name)
		}
		directives[name] = value
		for source := range strings.FieldsSeq(value) {
			if source != "'self'" && source != "'none'" {
				t.Errorf("%s allows %s", name, source)
			}
		}
	}
	for name, want := range map[string]string{
		"default-src": "'self'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'", "font-src": "'self'",
		"connect-src": "'self'", "manifest-src": "'self'", "form-action": "'self'",
		"object-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'",
	} {
		if got := directives[name]; got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestHideAddress(t *testing.T) {
	w := httptest.NewRecorder()
	SecurityHeaders(true)(HideAddress(http.NotFoundHandler())).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	if got := w.Header().Values("Referrer-Policy"); len(got) != 1 || got[0] != "strict-origin" {
		t.Errorf("Referrer-Policy: %q", got)
	}
}

func TestNotice(t *testing.T) {
	for value, valid := range map[string]bool{
		"step_done.zero_fbs-1": true, strings.Repeat("a", 1200): true, strings.Repeat("a", 1201): false,
		"": false, "a b": false, "а": false, "<b>": false, "a;b": false, "a=b": false, "a\nb": false, "a,b": false,
	} {
		for _, secure := range []bool{false, true} {
			set := httptest.NewRecorder()
			SetNotice(set, Cookies{HTTPS: secure}, value)
			cookies := set.Result().Cookies()
			if !valid {
				if len(cookies) != 0 {
					t.Errorf("%q was set: %v", value, cookies)
				}
				continue
			}
			if len(cookies) != 1 {
				t.Errorf("%q: cookies %v", value, cookies)
				continue
			}
			c, name := cookies[0], "winddown_notice"
			if secure {
				name = "__Host-winddown_notice"
			}
			if c.Name != name || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != 60 || c.Secure != secure {
				t.Errorf("cookie %+v", c)
			}
		}
		if strings.Contains(value, ";") {
			continue // in a Cookie header that is two cookies
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Cookie", "winddown_notice="+value)
		w := httptest.NewRecorder()
		want := ""
		if valid {
			want = value
		}
		if got := TakeNotice(w, r, Cookies{}); got != want {
			t.Errorf("TakeNotice of %q = %q", value, got)
		}
		if _, err := r.Cookie(noticeCookie); err == nil {
			if cookies := w.Result().Cookies(); len(cookies) != 1 || cookies[0].MaxAge != -1 || cookies[0].Path != "/" {
				t.Errorf("%q is not removed: %v", value, cookies)
			}
		}
	}
	w := httptest.NewRecorder()
	if got := TakeNotice(w, httptest.NewRequest(http.MethodGet, "/", nil), Cookies{}); got != "" || len(w.Result().Cookies()) != 0 {
		t.Errorf("without a notice: %q, cookies %v", got, w.Result().Cookies())
	}
}
