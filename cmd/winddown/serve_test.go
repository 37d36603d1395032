package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"winddown/internal/testdb"
	"winddown/internal/winddown"
)

func TestServe(t *testing.T) {
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--database-url", testdb.New(t))
	c := browser(t)
	if a := get(t, c, r.url+"/healthz"); a.status != http.StatusOK || a.body != "ok\n" {
		t.Errorf("healthz: %+v", a)
	}
	if a := get(t, c, r.url+"/readyz"); a.status != http.StatusOK || a.body != "ready\n" {
		t.Errorf("readyz: %+v", a)
	}
	if out := r.out.String(); out != "Winddown: "+r.url+"\n" {
		t.Errorf("it printed %q", out)
	}
	addr := strings.TrimPrefix(r.url, "http://")
	if _, err := command(t, "", "healthcheck", "--addr", addr); err != nil {
		t.Errorf("healthcheck: %v", err)
	}
	_, err := command(t, "", "serve", "--addr", addr, "--database-url", testdb.New(t))
	wantSentence(t, err, "cannot listen on "+addr)
	r.end(t)
	if _, err := command(t, "", "healthcheck", "--addr", addr); err == nil {
		t.Error("healthcheck: a server that is gone is well")
	}
}

// A program that runs on while the schema is made newer goes on being ready; one whose
// schema was taken away is not, but alive.
func TestReadyAndAlive(t *testing.T) {
	database := testdb.New(t)
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--database-url", database)
	conn, c := connect(t, database), browser(t)
	execSQL(t, conn, "insert into goose_db_version (version_id, is_applied) values (90000, true)")
	if a := get(t, c, r.url+"/readyz"); a.status != http.StatusOK {
		t.Errorf("readyz on a newer schema: %+v", a)
	}
	execSQL(t, conn, "delete from goose_db_version where version_id > 0")
	if a := get(t, c, r.url+"/readyz"); a.status != http.StatusServiceUnavailable {
		t.Errorf("readyz: %+v", a)
	}
	if a := get(t, c, r.url+"/healthz"); a.status != http.StatusOK {
		t.Errorf("healthz: %+v", a)
	}
	_, err := command(t, "", "healthcheck", "--addr", strings.TrimPrefix(r.url, "http://"))
	wantSentence(t, err, "503")
}

// Stopping accepts nobody new and finishes what runs: here a form of which half has
// arrived when the program is told to stop.
func TestStoppingFinishesWhatRuns(t *testing.T) {
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--database-url", testdb.New(t), "--log-format", "json")
	addr := strings.TrimPrefix(r.url, "http://")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	form := url.Values{"name": {"Петрова"}, "email": {"slow@example.ru"}, "password": {secret}, "consent": {"yes"}}.Encode()
	// The server asks for the rest when the handler begins to read.
	_, _ = fmt.Fprintf(conn, "POST /signup HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", addr, len(form))
	in := bufio.NewReader(conn)
	if resp, err := http.ReadResponse(in, nil); err != nil || resp.StatusCode != http.StatusContinue {
		t.Fatalf("%+v, %v", resp, err)
	}
	_, _ = io.WriteString(conn, form[:10])

	r.stop()
	for { // until it accepts no more
		late, err := net.Dial("tcp", addr)
		if err != nil {
			break
		}
		_ = late.Close()
	}
	select {
	case <-r.done:
		t.Fatal("it ended before the request")
	default:
	}
	_, _ = io.WriteString(conn, form[10:])
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatalf("the request was cut off: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusSeeOther || len(resp.Cookies()) == 0 {
		t.Errorf("the answer: %s, %v", resp.Status, err)
	}
	r.end(t)
}

func TestTheLog(t *testing.T) {
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--database-url", testdb.New(t), "--log-format", "json")
	c := signUp(t, r.url, "petrova@example.ru")
	path := openCase(t, c, r.url)
	invited := post(t, c, r.url+path+"/people", url.Values{"role": {"helper"}})
	if invited.status == http.StatusSeeOther {
		invited = get(t, c, r.url+invited.location)
	}
	link := regexp.MustCompile(`/invites/([A-Za-z0-9_-]{43})`).FindStringSubmatch(invited.body)
	if link == nil {
		t.Fatalf("no invitation on the page: %d\n%s", invited.status, invited.body)
	}
	var ids []string
	for _, address := range []string{"/", path, "/invites/" + link[1], "/nowhere?secret=" + link[1], "/login"} {
		ids = append(ids, get(t, browser(t), r.url+address).requestID)
	}
	a := post(t, browser(t), r.url+"/login", url.Values{"email": {"petrova@example.ru"}, "password": {secret + "x"}})
	if a.status != http.StatusUnprocessableEntity {
		t.Errorf("a wrong password: %d", a.status)
	}
	ids = append(ids, a.requestID)
	site, err := url.Parse(r.url)
	if err != nil {
		t.Fatal(err)
	}
	cookies := c.Jar.Cookies(site)
	if len(cookies) == 0 {
		t.Fatal("nobody is signed in")
	}
	r.end(t)

	log := r.log.String()
	found := map[string]bool{}
	for _, entry := range lines(t, log) {
		if entry["msg"] != "request" {
			continue
		}
		id, _ := entry["request_id"].(string)
		if _, err := winddown.ParseID(id); err != nil {
			t.Errorf("a request without an id: %v", entry)
		}
		found[id] = true
	}
	for _, id := range ids {
		if !found[id] {
			t.Errorf("the request %q that a person could quote is not in the log", id)
		}
	}
	for what, hidden := range map[string]string{
		"password": "лист под ногой", "encoded password": url.QueryEscape(secret), "invitation": link[1], "e-mail": "petrova@example.ru",
		"cookie": cookies[0].Value, "INN": "7721546864",
	} {
		if strings.Contains(log, hidden) {
			t.Errorf("the %s is in the log", what)
		}
	}
}

func TestTheLogInPlainText(t *testing.T) {
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--database-url", testdb.New(t))
	a := get(t, browser(t), r.url+"/healthz")
	r.end(t)
	if log := r.log.String(); !strings.Contains(log, "msg=request request_id="+a.requestID+" method=GET route=/healthz status=200") {
		t.Errorf("the log:\n%s", log)
	}
}

func TestMetricsHaveAListenerOfTheirOwn(t *testing.T) {
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--database-url", testdb.New(t), "--log-format", "json", "--metrics-addr", "127.0.0.1:0")
	metrics, ok := r.log.await(`"msg":"metrics","addr":"([^"]+)"`, r.done)
	if !ok {
		t.Fatalf("the log does not tell the address:\n%s", r.log)
	}
	c := browser(t)
	get(t, c, r.url+"/healthz")
	get(t, c, r.url+"/invites/a-secret")
	a := get(t, c, "http://"+metrics+"/metrics")
	for _, want := range []string{
		`# TYPE winddown_http_request_duration_seconds histogram`,
		`winddown_http_request_duration_seconds_count{method="GET",route="/healthz",status="200"} 1`,
		`winddown_http_request_duration_seconds_count{method="GET",route="/invites/{token}",status="404"} 1`,
	} {
		if a.status != http.StatusOK || !strings.Contains(a.body, want) {
			t.Errorf("status %d, want the line %s in\n%s", a.status, want, a.body)
		}
	}
	if strings.Contains(a.body, "a-secret") {
		t.Error("the path is in the metrics")
	}
	if a := get(t, c, r.url+"/metrics"); a.status != http.StatusNotFound {
		t.Errorf("the site itself answers /metrics with %d", a.status)
	}
	r.end(t)
	if _, err := net.Dial("tcp", metrics); err == nil {
		t.Error("the metrics listener is still there")
	}
}

// The demo on a private server, from an empty folder: it makes the database, fills it,
// tells the sign-ins, and finds all that again.
func TestTheDemo(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	dir := t.TempDir()
	args := []string{"demo", "--addr", "127.0.0.1:0", "--data-dir", dir, "--npm-dir", "../../web", "--log-format", "json"}
	r := startServing(t, args...)
	signIn, ok := r.out.await(`(?s)seller: +\S+\n +bookkeeper: +(\S+) .*accountant: +\S+\n +password: +winddown-demo-2026 `, r.done)
	if !ok {
		t.Fatalf("no sign-ins in %q", r.out)
	}
	visit := func(r *running) {
		t.Helper()
		for _, c := range []struct{ email, path, want string }{
			{"seller@example.com", "/cases", `href="/cases/`}, {signIn, "/sellers", `scope="row"`},
			{"lead@example.com", "/sellers?responsible=none", `scope="row"`}, {"accountant@example.com", "/sellers", `scope="row"`},
		} {
			b := browser(t)
			if a := post(t, b, r.url+"/login", url.Values{"email": {c.email}, "password": {demoPassword}}); a.status != http.StatusSeeOther {
				t.Fatalf("%s: %d", c.email, a.status)
			}
			if a := get(t, b, r.url+c.path); a.status != http.StatusOK || !strings.Contains(a.body, c.want) {
				t.Errorf("%s sees %d\n%s", c.email, a.status, a.body)
			}
			if c.path != "/cases" {
				continue
			}
			// The first seller's files are there to be opened.
			home := regexp.MustCompile(`href="(/cases/[0-9a-f-]{36})"`).FindStringSubmatch(get(t, b, r.url+c.path).body)
			if home == nil {
				t.Fatal("no case in the list")
			}
			for code, kind := range map[winddown.Code]string{winddown.SellOut: "image/png", winddown.ReturnStock: "application/pdf"} {
				step := get(t, b, r.url+home[1]+"/steps/"+string(code)).body
				var kinds []string
				for _, file := range regexp.MustCompile(`/cases/[0-9a-f-]{36}/files/\d+`).FindAllString(step, -1) {
					kinds = append(kinds, get(t, b, r.url+file).kind)
				}
				if !slices.Contains(kinds, kind) {
					t.Errorf("%s: files of the kinds %v", code, kinds)
				}
			}
		}
	}
	visit(r)

	// The folder is one program's at a time.
	_, err := command(t, "", args...)
	wantSentence(t, err, fmt.Sprintf("another winddown is already running in this folder (pid %d): ", os.Getpid()))
	r.end(t)

	again := startServing(t, args...)
	visit(again)
	again.end(t)
	if left, err := filepath.Glob(filepath.Join(dir, "demo", "data", "postmaster.pid")); err != nil || len(left) != 0 {
		t.Errorf("the private server still runs: %v, %v", left, err)
	}
}
