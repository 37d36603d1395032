//go:build ha

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"winddown/internal/postgres"
)

var (
	haRounds = flag.Int("ha.rounds", 10, "how often the primary is lost, in each way")
	haWays   = flag.String("ha.ways", "kill,cut", "how it is lost")
)

// The addresses of docs/scaling.
const (
	haAdmin    = "postgres://postgres:change-me-1@127.0.0.1:5500/postgres?sslmode=disable&connect_timeout=2"
	haDatabase = "postgres://winddown:change-me-4@127.0.0.1:5500/winddown?sslmode=disable&connect_timeout=2"
	haHosts    = "postgres://winddown:change-me-4@10.88.0.11:5432,10.88.0.12:5432,10.88.0.13:5432/winddown" +
		"?sslmode=disable&connect_timeout=2&target_session_attrs=read-write"
	haSite = "http://127.0.0.1:8500"

	haRate = 50 // ticks a second
	haBack = 30 * time.Second
)

// cluster is the example of docs/scaling.
type cluster struct {
	script, dir string
}

func startCluster(t *testing.T) cluster {
	t.Helper()
	script, err := filepath.Abs("../../docs/scaling/cluster.sh")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("/var/tmp", "winddown-ha-")
	if err != nil {
		t.Fatal(err)
	}
	c := cluster{script, dir}
	t.Cleanup(func() {
		if t.Failed() {
			for _, node := range []string{"wd1", "wd2", "wd3"} {
				log, _ := os.ReadFile(filepath.Join(dir, node, "patroni.log"))
				t.Logf("%s: %s", node, tail(string(log)))
			}
		}
		c.run(t, "down", c.dir)
	})
	c.run(t, "up", c.dir)
	return c
}

func (c cluster) run(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), c.script, args...)
	cmd.Stderr = os.Stderr // an open pipe would wait for what it starts
	if err := cmd.Run(); err != nil {
		t.Fatalf("cluster.sh %s: %v", strings.Join(args, " "), err)
	}
}

type node struct {
	Name, Role, State string
	Timeline          int
}

// members asks every node, for one of them may be away.
func (c cluster) members(ctx context.Context) []node {
	for n := 1; n <= 3; n++ {
		asking, cancel := context.WithTimeout(ctx, time.Second)
		r, err := http.NewRequestWithContext(asking, http.MethodGet, fmt.Sprintf("http://10.88.0.1%d:8008/cluster", n), nil)
		if err != nil {
			cancel()
			return nil
		}
		var answer struct{ Members []node }
		if resp, err := http.DefaultClient.Do(r); err == nil {
			err = json.NewDecoder(resp.Body).Decode(&answer)
			_ = resp.Body.Close()
			if err == nil && len(answer.Members) > 0 {
				cancel()
				return answer.Members
			}
		}
		cancel()
	}
	return nil
}

// healthy waits until one node leads, one has what was acknowledged, and all of them run.
func (c cluster) healthy(t *testing.T) (leader string) {
	t.Helper()
	for begun := time.Now(); time.Since(begun) < 3*time.Minute; <-time.After(200 * time.Millisecond) {
		leader, safe, well := "", false, 0
		all := c.members(t.Context())
		for _, m := range all {
			switch m.Role {
			case "leader":
				leader = m.Name
			case "sync_standby":
				safe = true
			}
			if m.State == "running" || m.State == "streaming" {
				well++
			}
		}
		if leader != "" && safe && well == 3 {
			return leader
		}
	}
	t.Fatalf("the cluster is not healthy: %+v", c.members(t.Context()))
	return ""
}

// The primary is lost under load again and again, in either way: nothing that was acknowledged is
// lost, nothing is half written, and the service is back within thirty seconds.
func TestFailover(t *testing.T) {
	binary := build(t)
	c := startCluster(t)
	c.healthy(t)
	admin := patiently(t, haAdmin)
	execSQL(t, admin, "create role winddown login password 'change-me-4'")
	execSQL(t, admin, "create database winddown owner winddown")
	_ = admin.Close(t.Context())
	if _, err := postgres.Migrate(t.Context(), haDatabase); err != nil {
		t.Fatal(err)
	}
	files := t.TempDir()
	one := startProcess(t, binary, "--addr", "127.0.0.1:8501", "--database-url", haDatabase, "--files-dir", files, "--drain", "2s")
	two := startProcess(t, binary, "--addr", "127.0.0.1:8502", "--database-url", haHosts, "--files-dir", files, "--drain", "2s")
	defer func() {
		if t.Failed() {
			t.Logf("%s\n%s", tail(one.log.String()), tail(two.log.String()))
		}
	}()
	ticks := crowd(t, haDatabase, 40, 12)
	fmt.Println("round  how   primary  acknowledged  lost  half  unsure, written  not saved  silent for  next primary")
	for _, way := range strings.Split(*haWays, ",") {
		for round := 1; round <= *haRounds; round++ {
			c.lose(t, way, round, ticks)
			if t.Failed() {
				return
			}
		}
	}
}

// lose takes the primary away amid ticks and gives it back when another one has taken over.
func (c cluster) lose(t *testing.T, way string, round int, ticks []*tick) {
	t.Helper()
	primary := c.healthy(t)
	conn := patiently(t, haDatabase)
	versions(t, conn, ticks)
	_ = conn.Close(t.Context())
	for _, k := range ticks {
		k.note, k.sent, k.acked = fmt.Sprintf("%s %d", way, round), false, false
	}
	l := newLoad(haSite, haRate)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	l.all.Go(func() { l.run(ctx, ticks) })
	waitFor(t, "the first ticks", func() bool { return l.since(time.Time{}) > 2*haRate })
	lost := time.Now()
	if way == "kill" {
		c.run(t, "kill", primary)
	} else {
		c.run(t, "cut", primary)
	}
	next := ""
	waitFor(t, "the service", func() bool {
		for _, m := range c.members(t.Context()) {
			if m.Role == "leader" && m.Name != primary {
				next = m.Name
			}
		}
		// Later than what was under way.
		return next != "" && l.since(lost.Add(3*time.Second)) > 2*haRate
	})
	stop()
	l.all.Wait()
	if way == "kill" {
		c.run(t, "start", primary, c.dir)
	} else {
		c.run(t, "mend", primary)
	}
	c.healthy(t)

	conn = patiently(t, haDatabase)
	defer func() { _ = conn.Close(context.Background()) }()
	n := check(t, conn, haDatabase, ticks, round == *haRounds)
	sent := 0
	for _, k := range ticks {
		if k.sent {
			sent++
		}
	}
	silent := l.silence()
	fmt.Printf("%5d  %-4s  %-7s  %12d  %4d  %4d  %15d  %9d  %9.1fs  %s\n",
		round, way, primary, n.acked, n.lost, n.half, n.written-n.acked, sent-n.written, silent.Seconds(), next)
	for what, times := range l.said {
		t.Logf("round %d: %d × %s", round, times, what)
	}
	if silent > haBack {
		t.Errorf("round %d: nothing was acknowledged for %s", round, silent)
	}
}
