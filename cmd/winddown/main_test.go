package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/app"
	"winddown/internal/postgres"
	"winddown/internal/testdb"
)

func TestMain(m *testing.M) {
	testdb.Run(m)
	if builtDir != "" {
		_ = os.RemoveAll(builtDir)
	}
}

// secret is the password in these tests. Nothing the program prints or logs may hold it.
const secret = "сухой лист под ногой"

// output is what a program writes, read while it runs.
type output struct {
	mu      sync.Mutex
	text    bytes.Buffer
	written chan struct{} // closed at the next write
}

func newOutput() *output { return &output{written: make(chan struct{})} }

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	close(o.written)
	o.written = make(chan struct{})
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// await waits until the pattern has been written and returns its first group, or false
// when done is closed before.
func (o *output) await(pattern string, done <-chan struct{}) (string, bool) {
	re := regexp.MustCompile(pattern)
	for {
		o.mu.Lock()
		found, next := re.FindStringSubmatch(o.text.String()), o.written
		o.mu.Unlock()
		if found != nil {
			return found[1], true
		}
		select {
		case <-next:
		case <-done:
			return "", false
		}
	}
}

const printedAddress = `Winddown: (http://\S+)\n`

// command runs a command to its end. One that begins to serve is stopped at once, so that
// a test which expects a refusal does not wait for ever.
func command(t *testing.T, stdin string, args ...string) (out string, err error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout, stderr := newOutput(), newOutput()
	go func() {
		if _, serves := stdout.await(printedAddress, ctx.Done()); serves {
			cancel()
		}
	}()
	err = run(ctx, testdb.Flags(t, args), strings.NewReader(stdin), stdout, stderr)
	all := stdout.String() + stderr.String()
	if err != nil {
		all += err.Error()
	}
	if strings.Contains(all, secret) {
		t.Errorf("winddown %s tells the password:\n%s", strings.Join(args, " "), all)
	}
	if errors.Is(err, errSaid) {
		return stderr.String(), err
	}
	return stdout.String(), err
}

func wantSentence(t *testing.T, err error, part string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("error %v, want one that says %q", err, part)
	}
}

// running is a program that serves, in this process.
type running struct {
	url      string
	out, log *output
	stop     context.CancelFunc
	done     chan struct{}
	err      error // once done is closed
}

// startServing starts a command that serves and returns when it has told its address.
func startServing(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	args = testdb.Flags(t, args)
	r := &running{out: newOutput(), log: newOutput(), stop: cancel, done: make(chan struct{})}
	go func() {
		defer close(r.done)
		r.err = run(ctx, args, strings.NewReader(""), r.out, r.log)
	}()
	t.Cleanup(func() {
		cancel()
		<-r.done
		if told := r.out.String() + r.log.String(); strings.Contains(told, secret) {
			t.Errorf("the password is in the log:\n%s", told)
		}
	})
	var ok bool
	if r.url, ok = r.out.await(printedAddress, r.done); !ok {
		t.Fatalf("winddown %s: %v\n%s", strings.Join(args, " "), r.err, r.log)
	}
	return r
}

// end stops the program and fails unless it ends well.
func (r *running) end(t *testing.T) {
	t.Helper()
	r.stop()
	<-r.done
	if r.err != nil {
		t.Errorf("it ended with %v\n%s", r.err, r.log)
	}
}

// browser returns a client that keeps cookies and does not follow redirects.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{
		Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 100},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// answer is what came back.
type answer struct {
	status    int
	body      string
	location  string
	requestID string
	kind      string // of the body
}

func get(t *testing.T, c *http.Client, address string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := send(c, r)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func post(t *testing.T, c *http.Client, address string, form url.Values) answer {
	t.Helper()
	a, err := postForm(t.Context(), c, address, form)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func postForm(ctx context.Context, c *http.Client, address string, form url.Values) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return send(c, r)
}

func send(c *http.Client, r *http.Request) (answer, error) {
	resp, err := c.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(body), resp.Header.Get("Location"), resp.Header.Get("X-Request-Id"), resp.Header.Get("Content-Type")}, err
}

// signUp opens an account through the pages and returns its browser.
func signUp(t *testing.T, site, email string) *http.Client {
	t.Helper()
	c := browser(t)
	if a := post(t, c, site+"/signup", url.Values{"name": {"Петрова"}, "email": {email}, "password": {secret}, "consent": {"yes"}}); a.status != http.StatusSeeOther {
		t.Fatalf("sign up: %d\n%s", a.status, a.body)
	}
	return c
}

// openCase opens a case through the pages and returns its path.
func openCase(t *testing.T, c *http.Client, site string) string {
	t.Helper()
	a := post(t, c, site+"/cases", url.Values{"seller_name": {"ИП Петрова"}, "inn": {"7721546864"}, "fbs": {"yes"}, "wb_stock": {"yes"}, "leftover": {"both"}})
	if a.status != http.StatusSeeOther || !strings.HasPrefix(a.location, "/cases/") {
		t.Fatalf("open a case: %d to %q\n%s", a.status, a.location, a.body)
	}
	return a.location
}

// openApp returns the use cases over a database, past the program.
func openApp(t *testing.T, databaseURL string) *app.App {
	t.Helper()
	return openAppOf(t, databaseURL, app.Options{})
}

func openAppOf(t *testing.T, databaseURL string, o app.Options) *app.App {
	t.Helper()
	db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: databaseURL}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return app.New(db, o)
}

func connect(t *testing.T, databaseURL string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// waitFor asks until it is so.
func waitFor(t *testing.T, what string, is func() bool) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < 90*time.Second; <-time.After(100 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("%s is not there", what)
}

func execSQL(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// column returns the values of a query's only column.
func column(t *testing.T, conn *pgx.Conn, sql string, args ...any) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return all
}

// lines parses a log of JSON lines; one that is none fails the test.
func lines(t *testing.T, log string) []map[string]any {
	t.Helper()
	var all []map[string]any
	for line := range strings.Lines(log) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("a line of the log is not JSON: %v\n%s", err, line)
			continue
		}
		for _, key := range []string{"time", "level", "msg"} {
			if entry[key] == nil {
				t.Errorf("a line without %s: %s", key, line)
			}
		}
		all = append(all, entry)
	}
	return all
}

func newEmail() string { return strings.ToLower(rand.Text()) + "@example.ru" }
