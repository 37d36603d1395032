package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// floorCmd serves the floor: net/http and pgx, nobody is asked who he is, no templates, no
// compression, an event without a hash. A tick takes four round trips, as it does in most programs.
type floorCmd struct {
	DatabaseURL string `required:""`
}

// Run serves until ctx ends.
func (c floorCmd) Run(ctx context.Context) error {
	pool, err := pgxpool.New(ctx, c.DatabaseURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	f := floor{pool}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) { answer(w, "ready", pool.Ping(r.Context())) })
	mux.HandleFunc("GET /cases/{case}", f.page)
	mux.HandleFunc("POST /cases/{case}", f.tick)
	mux.HandleFunc("GET /sellers/{responsible}", f.register)
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: time.Second}
	fmt.Printf("%s: http://%s\n", "floor", listener.Addr())
	go func() {
		<-ctx.Done()
		_ = srv.Close()
	}()
	if err := srv.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type floor struct{ pool *pgxpool.Pool }

const (
	sqlFloorPage = `select c.name, s.code, s.done_on, s.note from floor.cases c join floor.steps s on s.case_id = c.id
where c.id = $1 order by s.code`
	sqlFloorRegister = `select id, name, act_state, due_on, steps_done from floor.cases where responsible_id = $1
order by grp, due_on, id limit 51`
	sqlFloorLock = `select s.version, c.seq from floor.steps s join floor.cases c on c.id = s.case_id
where s.case_id = $1 and s.code = 'strip_media' for update`
	sqlFloorTick = `with step as (
    update floor.steps set version = version + 1, note = $2, done_on = $3 where case_id = $1 and code = 'strip_media'
), head as (
    update floor.cases set seq = $4 where id = $1
)
insert into floor.events (case_id, seq, at, body) values ($1, $4, $5, $6)`
)

func (f floor) page(w http.ResponseWriter, r *http.Request) {
	rows, err := f.pool.Query(r.Context(), sqlFloorPage, r.PathValue("case"))
	if err != nil {
		answer(w, "", err)
		return
	}
	var out bytes.Buffer
	var name, code, note string
	var done *time.Time
	_, err = pgx.ForEachRow(rows, []any{&name, &code, &done, &note}, func() error {
		if out.Len() == 0 {
			fmt.Fprintf(&out, "<h1>%s</h1>", name)
		}
		fmt.Fprintf(&out, "<p>%s %t %s", code, done != nil, note)
		return nil
	})
	answer(w, out.String(), err)
}

func (f floor) register(w http.ResponseWriter, r *http.Request) {
	rows, err := f.pool.Query(r.Context(), sqlFloorRegister, r.PathValue("responsible"))
	if err != nil {
		answer(w, "", err)
		return
	}
	var out bytes.Buffer
	var id [16]byte
	var name, state string
	var due any
	var done int
	_, err = pgx.ForEachRow(rows, []any{&id, &name, &state, &due, &done}, func() error {
		fmt.Fprintf(&out, `<tr><td><a href="/cases/%x">%s</a><td>%s<td>%v<td>%d</tr>`, id, name, state, due, done)
		return nil
	})
	answer(w, out.String(), err)
}

func (f floor) tick(w http.ResponseWriter, r *http.Request) {
	ctx, id, now := r.Context(), r.PathValue("case"), time.Now()
	err := pgx.BeginFunc(ctx, f.pool, func(tx pgx.Tx) error {
		var version int
		var seq int64
		if err := tx.QueryRow(ctx, sqlFloorLock, id).Scan(&version, &seq); err != nil {
			return err
		}
		body := fmt.Appendf(nil, `{"kind":"step_done","step":"strip_media","version":%d,"note":%q}`, version+1, r.FormValue("note"))
		_, err := tx.Exec(ctx, sqlFloorTick, id, r.FormValue("note"), r.FormValue("on"), seq+1, now, body)
		return err
	})
	if err != nil {
		answer(w, "", err)
		return
	}
	http.Redirect(w, r, "/cases/"+id, http.StatusSeeOther)
}

func answer(w http.ResponseWriter, body string, err error) {
	if err != nil || body == "" {
		http.Error(w, fmt.Sprint(err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(body))
}
