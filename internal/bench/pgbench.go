package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pgbenchTick is the floor's tick as PostgreSQL's own driver sends it.
const pgbenchTick = `\set n random(1, %d)
begin;
select s.version, c.seq from floor.steps s join floor.cases c on c.id = s.case_id where c.n = :n and s.code = 'strip_media' for update;
with step as (
    update floor.steps set version = version + 1, note = 'Карточки пусты', done_on = '%s' where case_id = (select id from floor.cases where n = :n) and code = 'strip_media'
), head as (
    update floor.cases set seq = seq + 1 where n = :n returning id, seq
)
insert into floor.events (case_id, seq, at, body) select id, seq, now(), '{"kind":"step_done","step":"strip_media","version":2,"note":"Карточки пусты, проверка 12"}' from head;
commit;
`

// pgbench returns the middle of the times a tick takes at one connection.
func (s *stage) pgbench(ctx context.Context, lasts time.Duration) (time.Duration, error) {
	var cases int
	if err := s.db.QueryRow(ctx, "select count(*) from floor.cases").Scan(&cases); err != nil {
		return 0, err
	}
	script, log := filepath.Join(s.dir, "tick.sql"), filepath.Join(s.dir, "pgbench")
	if err := os.WriteFile(script, fmt.Appendf(nil, pgbenchTick, cases, yesterday()), 0o600); err != nil {
		return 0, err
	}
	seconds := strconv.Itoa(max(1, int(lasts.Seconds())))
	out, err := exec.CommandContext(ctx, "pgbench", "--no-vacuum", "--protocol=prepared", "--client=1", "--time="+seconds, "--file="+script,
		"--log", "--log-prefix="+log, s.url()).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	logs, err := filepath.Glob(log + ".*")
	if err != nil || len(logs) != 1 {
		return 0, fmt.Errorf("pgbench left %d logs: %w", len(logs), err)
	}
	f, err := os.Open(logs[0])
	if err != nil {
		return 0, err
	}
	defer func() { _, _ = f.Close(), os.Remove(logs[0]) }()
	var took []time.Duration
	for in := bufio.NewScanner(f); in.Scan(); {
		µs, err := strconv.Atoi(strings.Fields(in.Text())[2])
		if err != nil {
			return 0, err
		}
		took = append(took, time.Duration(µs)*time.Microsecond)
	}
	if len(took) == 0 {
		return 0, fmt.Errorf("pgbench did nothing: %s", out)
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}
