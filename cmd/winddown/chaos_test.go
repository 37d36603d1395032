//go:build chaos && linux

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"winddown/internal/postgres"
	"winddown/internal/testmail"
)

// chaosRate is how many ticks a second are sent while something goes wrong.
const chaosRate = 30

// chaos is a program under load whose surroundings fail. Its PostgreSQL is Debian's, in a file system
// of its own that is small, by a clock that a file sets.
type chaos struct {
	*process
	dir, url string
	server   *exec.Cmd
	binary   string
	ticks    []*tick
}

// faketime is Debian's library that lies about the time to whatever is linked with C; a program
// in Go asks the kernel itself.
const faketime = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"

func startChaos(t *testing.T) *chaos {
	t.Helper()
	c := &chaos{binary: build(t)}
	var err error
	if c.dir, err = os.MkdirTemp("/var/tmp", "winddown-chaos-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if c.server != nil {
			_ = c.server.Process.Signal(syscall.SIGQUIT)
			_ = c.server.Wait()
		}
		_ = syscall.Unmount(c.dir, 0)
		_ = os.RemoveAll(c.dir)
	})
	if err := syscall.Mount("tmpfs", c.dir, "tmpfs", 0, "size=600m,mode=0755"); err != nil {
		t.Fatalf("a file system needs root: %v", err)
	}
	c.setClock(t, "+0")
	who, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(c.dir, "data")
	uid, gid := number(t, who.Uid), number(t, who.Gid)
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(data, uid, gid); err != nil {
		t.Fatal(err)
	}
	programs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(programs) == 0 {
		t.Fatal("there is no PostgreSQL of Debian's", err)
	}
	run := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(filepath.Join(programs[len(programs)-1], name), args...)
		cmd.Dir = data
		cmd.Env = []string{"LC_ALL=C.UTF-8", "TZ=UTC", "PATH=/usr/bin:/bin", "LD_PRELOAD=" + faketime,
			"FAKETIME_TIMESTAMP_FILE=" + c.clock(), "FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		return cmd
	}
	if out, err := run("initdb", "-D", data, "-U", "winddown", "-A", "trust", "-E", "UTF8", "--wal-segsize=1").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	port := unusedPort(t)
	log := newOutput()
	c.server = run("postgres", "-D", data, "-p", port, "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_wal_size=32MB")
	c.server.Stdout, c.server.Stderr = log, log
	if err := c.server.Start(); err != nil {
		t.Fatal(err)
	}
	c.url = "postgres://winddown@127.0.0.1:" + port + "/postgres?sslmode=disable"
	admin := patiently(t, c.url)
	execSQL(t, admin, "create database winddown")
	_ = admin.Close(t.Context())
	c.url = strings.Replace(c.url, "/postgres?", "/winddown?", 1)
	if _, err := postgres.Migrate(t.Context(), c.url); err != nil {
		t.Fatal(err)
	}
	c.process = startProcess(t, c.binary, "--database-url", c.url, "--files-dir", t.TempDir())
	c.ticks = crowd(t, c.url, 20, 8)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the program: %s\nthe database: %s", tail(c.log.String()), tail(log.String()))
		}
	})
	return c
}

func unusedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (c *chaos) clock() string { return filepath.Join(c.dir, "clock") }

// setClock moves the database's clock, by faketime's own words.
func (c *chaos) setClock(t *testing.T, offset string) {
	t.Helper()
	// Whoever reads it finds one or the other.
	if err := os.WriteFile(c.clock()+".new", []byte(offset), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(c.clock()+".new", c.clock()); err != nil {
		t.Fatal(err)
	}
}

// amid sends ticks, lets something go wrong, waits until ticks are acknowledged again, and compares
// what was acknowledged with what is there.
func (c *chaos) amid(t *testing.T, wrong func(l *load)) {
	t.Helper()
	conn := patiently(t, c.url)
	versions(t, conn, c.ticks)
	_ = conn.Close(t.Context())
	for _, k := range c.ticks {
		k.note, k.sent, k.acked = t.Name(), false, false
	}
	l := newLoad(c.process.url, chaosRate)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	l.all.Go(func() { l.run(ctx, c.ticks) })
	waitFor(t, "the first ticks", func() bool { return l.since(time.Time{}) > chaosRate })
	wrong(l)
	well := time.Now()
	waitFor(t, "the service", func() bool { return l.since(well) > chaosRate })
	back := l.firstSince(well).Sub(well)
	stop()
	l.all.Wait()
	conn = patiently(t, c.url)
	defer func() { _ = conn.Close(context.Background()) }()
	n := check(t, conn, c.url, c.ticks, true)
	fmt.Printf("%-40s %4d acknowledged, %d lost, %d half written; silent for %.1f s, back after %.1f s; other answers: %v\n",
		t.Name(), n.acked, n.lost, n.half, l.silence().Seconds(), back.Seconds(), l.said)
	for what := range l.said {
		if !strings.HasPrefix(what, "status 503") {
			t.Errorf("somebody was answered %q", what)
		}
	}
	if back > comesBack {
		t.Errorf("it took %s to come back", back)
	}
	c.wantCalm(t)
}

// wantCalm fails if the program ended or complained of itself.
func (c *chaos) wantCalm(t *testing.T) {
	t.Helper()
	select {
	case <-c.done:
		t.Error("the program ended")
	default:
	}
	for _, word := range []string{"panic", "fatal error", `"level":"ERROR"`} {
		if strings.Contains(c.log.String(), word) {
			t.Errorf("the log tells of a %s", word)
		}
	}
}

// Whatever happens around the program: it does not fall, gives no wrong answer and loses nothing
// that was acknowledged.
func TestChaos(t *testing.T) {
	c := startChaos(t)
	t.Run("frozen", func(t *testing.T) {
		c.amid(t, func(*load) {
			signalAll(t, c.server.Process.Pid, syscall.SIGSTOP)
			<-time.After(10 * time.Second)
			signalAll(t, c.server.Process.Pid, syscall.SIGCONT)
		})
	})
	t.Run("full disk", func(t *testing.T) {
		c.amid(t, func(l *load) {
			full := filepath.Join(c.dir, "full")
			fill(t, full)
			refused := time.Now()
			waitFor(t, "the first refusal", func() bool { fill(t, full); return l.refused() > 0 })
			<-time.After(time.Until(refused.Add(5 * time.Second)))
			if err := os.Remove(full); err != nil {
				t.Fatal(err)
			}
		})
	})
	t.Run("a thousand clients", c.thousand)
	for _, offset := range []string{"+3600", "-3600", "+0"} {
		t.Run("the database's clock at "+offset, func(t *testing.T) {
			c.amid(t, func(*load) {
				c.setClock(t, offset)
				conn := patiently(t, c.url)
				defer func() { _ = conn.Close(context.Background()) }()
				waitFor(t, "the other time", func() bool {
					return column(t, conn, "select (abs(extract(epoch from clock_timestamp()) - $1 - $2) < 60)::text", time.Now().Unix(), number(t, offset))[0] == "true"
				})
			})
		})
	}
	t.Run("the program's clock", c.ownClock)
	t.Run("no names", c.noNames)
}

// signalAll signals a server's processes, the one that starts others first.
func signalAll(t *testing.T, postmaster int, s syscall.Signal) {
	t.Helper()
	_ = syscall.Kill(postmaster, s)
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", postmaster, postmaster))
	if err != nil {
		t.Fatal(err)
	}
	for child := range strings.FieldsSeq(string(children)) {
		_ = syscall.Kill(number(t, child), s)
	}
}

// fill takes what room is left.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return // not even a name fits
	}
	defer func() { _ = f.Close() }()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}

// thousand has a thousand clients come at once, each with a connection of its own: everybody gets
// his page or is told to come again, and nobody waits for long.
func (c *chaos) thousand(t *testing.T) {
	c.amid(t, func(*load) {
		var all sync.WaitGroup
		var mu sync.Mutex
		said, slowest := map[string]int{}, time.Duration(0)
		begun := time.Now()
		for i := range 1000 {
			k := c.ticks[i%len(c.ticks)]
			all.Go(func() {
				client := &http.Client{Jar: k.client.Jar, Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Minute}
				asked := time.Now()
				a, err := look(t.Context(), client, c.process.url+"/cases/"+k.id.String())
				took := time.Since(asked)
				mu.Lock()
				defer mu.Unlock()
				slowest = max(slowest, took)
				switch {
				case err != nil:
					said[err.Error()]++
				case a.status == http.StatusOK && !strings.Contains(a.body, "ИП Петрова"):
					said["another page"]++
				default:
					said[strconv.Itoa(a.status)]++
				}
			})
		}
		all.Wait()
		fmt.Printf("%-40s 1000 clients in %.1f s, the last waited %.1f s: %v\n", t.Name(), time.Since(begun).Seconds(), slowest.Seconds(), said)
		if said["200"] == 0 || said["200"]+said["503"] != 1000 {
			t.Errorf("they were answered %v", said)
		}
	})
}

// ownClock: of two processes on one database the clock of one is an hour ahead, then an hour
// behind. Who is signed in stays so, and what both write is one trail.
func (c *chaos) ownClock(t *testing.T) {
	conn := patiently(t, c.url)
	defer func() { _ = conn.Close(context.Background()) }()
	files := t.TempDir()
	for i, ahead := range []time.Duration{time.Hour, -time.Hour} {
		other := startProcess(t, c.binary, "--database-url", c.url, "--files-dir", files, "--dev", "--now", time.Now().Add(ahead).UTC().Format(time.RFC3339))
		versions(t, conn, c.ticks)
		for n, k := range c.ticks[:60] {
			k.note, k.acked = "Часы вперёд на "+ahead.String(), false
			site := c.process.url
			if n%2 == i {
				site = other.url
			}
			if err := k.send(t.Context(), site); err != nil {
				t.Errorf("%s ahead: %v", ahead, err)
			}
		}
		// Somebody who signs up by the one clock is known by the other.
		guest := signUp(t, other.url, newEmail())
		move(t, guest, other.url, c.process.url)
		if a := get(t, guest, c.process.url+"/cases"); a.status != http.StatusOK {
			t.Errorf("%s ahead: who signed up there gets %d here", ahead, a.status)
		}
		other.kill()
		n := check(t, conn, c.url, c.ticks[:60], true)
		fmt.Printf("%-40s %4d acknowledged, %d lost, %d half written\n", t.Name(), n.acked, n.lost, n.half)
	}
	c.wantCalm(t)
}

// move takes the cookies of one process to another: their ports differ, the jar keeps them by host.
func move(t *testing.T, c *http.Client, from, to string) {
	t.Helper()
	a, err := url.Parse(from)
	if err != nil {
		t.Fatal(err)
	}
	b, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	c.Jar.SetCookies(b, c.Jar.Cookies(a))
}

// noNames: the names of the database and of the mail server are not found any more, as when a resolver
// is gone. Whoever is connected goes on; letters wait, and go out when the names are back.
func (c *chaos) noNames(t *testing.T) {
	dir := t.TempDir()
	hosts, resolver := filepath.Join(dir, "hosts"), filepath.Join(dir, "resolv.conf")
	known := "127.0.0.1 localhost db.test\n"
	for path, text := range map[string]string{hosts: known, resolver: "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mail := testmail.Start(t)
	wrapper := filepath.Join(dir, "winddown")
	script := fmt.Sprintf("#!/bin/sh\nexec unshare -m sh -c 'mount --bind %s /etc/hosts && mount --bind %s /etc/resolv.conf && exec \"$@\"' sh %s \"$@\"\n", hosts, resolver, c.binary)
	if err := os.WriteFile(wrapper, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	p := startProcess(t, wrapper, "--database-url", strings.Replace(c.url, "127.0.0.1", "db.test", 1), "--files-dir", t.TempDir(), "--max-conns", "8",
		"--smtp-url", strings.Replace(mail.URL(), "127.0.0.1", "localhost", 1), "--mail-from", "winddown@example.ru", "--base-url", "http://127.0.0.1")
	one := &chaos{process: p, url: c.url, binary: c.binary, server: c.server, dir: c.dir, ticks: c.ticks}
	guest := signUp(t, p.url, "a@example.ru")
	conn := patiently(t, c.url)
	defer func() { _ = conn.Close(context.Background()) }()
	mail.Wait(t, 1)
	one.amid(t, func(*load) {
		set(t, hosts, "# none\n")
		// Go looks at the file again after five seconds.
		<-time.After(6 * time.Second)
		if a := post(t, guest, p.url+"/account/confirm", url.Values{}); a.status >= 500 {
			t.Errorf("asking for a letter: %d\n%s", a.status, a.body)
		}
		late := signUp(t, p.url, "b@example.ru")
		waitFor(t, "a letter that could not go out", func() bool {
			return column(t, conn, "select count(*)::text from river_job where state = 'retryable'")[0] != "0"
		})
		if a := get(t, late, p.url+"/cases"); a.status != http.StatusOK {
			t.Errorf("the page of somebody whose letter waits: %d", a.status)
		}
		set(t, hosts, known)
		<-time.After(6 * time.Second)
		execSQL(t, conn, "update river_job set scheduled_at = now() where state = 'retryable'")
		waitFor(t, "the letter", func() bool {
			for _, l := range mail.Letters() {
				if l.To == "b@example.ru" {
					return true
				}
			}
			return false
		})
	})
}

// set writes a file in its place: it is mounted, another one would not be seen.
func set(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
