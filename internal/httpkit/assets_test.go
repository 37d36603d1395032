package httpkit

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

func staticFiles() fstest.MapFS {
	return fstest.MapFS{
		"css/winddown.css":        {Data: []byte(strings.Repeat("a { color: red }\n", 100))},
		"js/winddown.js":          {Data: []byte("1")},
		"icon.svg":                {Data: []byte("<svg>" + strings.Repeat("<g/>", 100) + "</svg>")},
		"app.webmanifest":         {Data: []byte(`{"name": "Winddown"}`)},
		"dist/golos.woff2":        {Data: []byte(strings.Repeat("w", 1000))},
		"dist/.keep":              {Data: []byte{}},
		".hidden/inside/file.css": {Data: []byte("a {}")},
	}
}

func newAssets(t *testing.T, fsys fstest.MapFS) *Assets {
	t.Helper()
	a, err := NewAssets(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAssets(t *testing.T) {
	files := staticFiles()
	a := newAssets(t, files)
	for _, c := range []struct {
		name, contentType string
		packed            bool
	}{
		{"css/winddown.css", "text/css; charset=utf-8", true},
		{"js/winddown.js", "text/javascript; charset=utf-8", false}, // a byte gets no smaller
		{"icon.svg", "image/svg+xml", true},
		{"app.webmanifest", "application/manifest+json", false},
		{"dist/golos.woff2", "font/woff2", false},
	} {
		url := a.URL(c.name)
		if !regexp.MustCompile(`^/static/[0-9a-f]{12}/` + regexp.QuoteMeta(c.name) + `$`).MatchString(url) {
			t.Errorf("URL(%q) = %q", c.name, url)
		}
		for _, accept := range []string{"gzip, br", ""} {
			for _, method := range []string{"GET", "HEAD"} {
				r := httptest.NewRequest(method, url, nil)
				r.Header.Set("Accept-Encoding", accept)
				w := httptest.NewRecorder()
				a.ServeHTTP(w, r)
				h := w.Header()
				if w.Code != http.StatusOK || h.Get("Content-Type") != c.contentType {
					t.Errorf("%s %s: %d %s", method, url, w.Code, h.Get("Content-Type"))
				}
				if got := h.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
					t.Errorf("%s: Cache-Control: %s", url, got)
				}
				if h.Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("%s may be sniffed", url)
				}
				if got := h.Get("Vary") == "Accept-Encoding"; got != c.packed {
					t.Errorf("%s: varies %v, want %v", url, got, c.packed)
				}
				packed := c.packed && accept != ""
				if got := h.Get("Content-Encoding") == "gzip"; got != packed {
					t.Errorf("%s with Accept-Encoding %q: gzipped %v", url, accept, got)
				}
				body := w.Body.String()
				if method == "HEAD" {
					if body != "" || h.Get("Content-Length") == "" {
						t.Errorf("HEAD %s: %d bytes, Content-Length %q", url, len(body), h.Get("Content-Length"))
					}
					continue
				}
				if h.Get("Content-Length") != strconv.Itoa(len(body)) {
					t.Errorf("%s: Content-Length %s for %d bytes", url, h.Get("Content-Length"), len(body))
				}
				if packed {
					body = gunzip(t, w.Body.Bytes())
				}
				if body != string(files[c.name].Data) {
					t.Errorf("%s: another file came back", url)
				}
			}
		}
	}
}

func TestAssetsRefuse(t *testing.T) {
	a := newAssets(t, staticFiles())
	version := strings.TrimSuffix(a.URL(""), "/")
	for _, c := range []struct {
		method, target string
		want           int
	}{
		{"GET", version + "/none.css", 404},
		{"GET", version + "/", 404},
		{"GET", version, 404},
		{"GET", version + "/css", 404},
		{"GET", version + "/css/", 404},
		{"GET", version + "/dist/.keep", 404},
		{"GET", version + "/.hidden/inside/file.css", 404},
		{"GET", version + "/css/../css/winddown.css", 404},
		{"GET", "/static/000000000000/css/winddown.css", 404},
		{"GET", "/static/css/winddown.css", 404},
		{"GET", "/css/winddown.css", 404},
		{"GET", "/", 404},
		{"POST", a.URL("css/winddown.css"), 405},
	} {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest(c.method, c.target, nil))
		if w.Code != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.target, w.Code, c.want)
		}
		if strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s %s: a refusal would be kept", c.method, c.target)
		}
	}
}

func TestAssetsVersion(t *testing.T) {
	first := newAssets(t, staticFiles()).URL("x")
	if again := newAssets(t, staticFiles()).URL("x"); again != first {
		t.Errorf("the same files have two versions: %s, %s", first, again)
	}
	for name, change := range map[string]func(fstest.MapFS){
		"a changed file": func(m fstest.MapFS) { m["js/winddown.js"] = &fstest.MapFile{Data: []byte("2")} },
		"a new file":     func(m fstest.MapFS) { m["new.css"] = &fstest.MapFile{} },
		"a renamed file": func(m fstest.MapFS) { m["js/other.js"] = m["js/winddown.js"]; delete(m, "js/winddown.js") },
	} {
		files := staticFiles()
		change(files)
		if got := newAssets(t, files).URL("x"); got == first {
			t.Errorf("%s keeps the version", name)
		}
	}
	files := staticFiles()
	delete(files, "dist/.keep")
	if got := newAssets(t, files).URL("x"); got != first {
		t.Error("a hidden file changes the version")
	}
}

func TestAssetsRequired(t *testing.T) {
	if _, err := NewAssets(staticFiles(), "css/winddown.css", "dist/golos.woff2"); err != nil {
		t.Errorf("all is there: %v", err)
	}
	_, err := NewAssets(staticFiles(), "css/winddown.css", "dist/htmx.min.js")
	const want = "web/static/dist/htmx.min.js is missing: run make assets (npm ci && npm run build in web/)"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	a := newAssets(t, staticFiles())
	if !a.Has("css/winddown.css") || a.Has("dist/htmx.min.js") {
		t.Error("Has is wrong about what is there")
	}
}
