package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// profileCmd says where the program spends its time and what it allocates.
type profileCmd struct {
	options
	Kind  string        `arg:"" enum:"tick,checklist,register" help:"What people do meanwhile: tick, checklist or register."`
	Firms int           `default:"20" help:"Firms with 500 sellers each."`
	Lasts time.Duration `default:"10s" help:"How long."`
	Lines int           `default:"40" help:"Lines of each list."`
}

// Run drives one kind of request and prints the profiles of it.
func (c profileCmd) Run(ctx context.Context) (err error) {
	s, err := newStage(ctx, c.options, map[string]string{
		"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track_planning": "on",
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if s.firms < c.Firms {
		if err := s.grow(ctx, c.Firms); err != nil {
			return err
		}
	}
	w, err := find(ctx, s.db, 20_000)
	if err != nil {
		return err
	}
	p, err := s.winddown(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	const connections = 16
	for _, k := range kinds(w, connections) {
		if k.name != c.Kind {
			continue
		}
		if _, err := s.drive(ctx, p, connections, time.Second, k.product); err != nil {
			return err
		}
		if _, err := s.db.Exec(ctx, "create extension if not exists pg_stat_statements; select pg_stat_statements_reset()"); err != nil {
			return err
		}
		cpu := make(chan error, 1)
		go func() { cpu <- s.fetch(ctx, p, "cpu", fmt.Sprintf("profile?seconds=%d", int(c.Lasts.Seconds()))) }()
		r, err := s.drive(ctx, p, connections, c.Lasts, k.product)
		if err := errors.Join(err, <-cpu, s.fetch(ctx, p, "allocs", "allocs")); err != nil {
			return err
		}
		fmt.Printf("%.0f requests a second, processor time %.0f µs of the program and %.0f µs of the database each\n", r.perSecond(), r.appCPU(), r.pgCPU())
		if err := s.statements(ctx, r.requests); err != nil {
			return err
		}
	}
	for _, args := range [][]string{{"cpu"}, {"cpu", "-cum"}, {"allocs", "-sample_index=alloc_space"}, {"allocs", "-sample_index=alloc_space", "-cum"}} {
		show := append([]string{"tool", "pprof", "-top", fmt.Sprintf("-nodecount=%d", c.Lines)}, args[1:]...)
		out, err := exec.CommandContext(ctx, "go", append(show, s.Winddown, s.profile(args[0]))...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("go tool pprof: %w\n%s", err, out)
		}
		fmt.Printf("\n%v\n%s", args, out)
	}
	return nil
}

func (s *stage) profile(name string) string { return filepath.Join(s.dir, name+".pprof") }

// fetch keeps a profile that a program gives of itself.
func (s *stage) fetch(ctx context.Context, p *program, name, path string) (err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.metrics+"/debug/pprof/"+path, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("profile %s: %s", path, resp.Status)
	}
	f, err := os.Create(s.profile(name))
	if err != nil {
		return err
	}
	_, err = io.Copy(f, resp.Body)
	return errors.Join(err, f.Close())
}

// statements prints what the database did for a request.
func (s *stage) statements(ctx context.Context, requests int) error {
	rows, err := s.db.Query(ctx, `select substring(query for 70), calls, plans, total_plan_time + total_exec_time, total_plan_time, rows from pg_stat_statements
		where dbid = (select oid from pg_database where datname = current_database()) order by 4 desc limit 30`)
	if err != nil {
		return err
	}
	var text string
	var calls, plans, count int
	var all, planning float64
	fmt.Println("calls  plans  µs in all  planning  rows  (a request)")
	_, err = pgx.ForEachRow(rows, []any{&text, &calls, &plans, &all, &planning, &count}, func() error {
		each := func(v float64) float64 { return v / float64(requests) }
		fmt.Printf("%5.2f  %5.2f  %9.0f  %8.0f  %4.0f  %s\n", each(float64(calls)), each(float64(plans)), each(all*1000), each(planning*1000), each(float64(count)),
			strings.Join(strings.Fields(text), " "))
		return nil
	})
	return err
}
