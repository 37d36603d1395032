package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// perFirm is how many sellers the one accountant of each firm has. What «winddown seed» makes of
// them is copied as often as need be.
const perFirm = 500

// copied are the tables a case lives in. Their rows are what the program itself has written.
var copied = []string{"users", "firms", "firm_people", "cases", "case_people", "case_steps", "acts", "dues", "evidence", "questions", "debts", "deadlines", "events", "register_counts"}

// fillSQL is what copies need: another name for each id, and the floor's own tables, which hold
// as much as the product's and have no more indexes than its questions need.
const fillSQL = `
create schema if not exists floor;
create function floor.copy_of(id uuid, k int) returns uuid language sql immutable parallel safe as
$$ select overlay(overlay(id::text placing lpad(to_hex(k), 4, '0') from 10 for 4) placing 'bbbbbbbb' from 29 for 8)::uuid $$;
create table floor.cases (
    id uuid primary key, n serial unique, responsible_id uuid not null, name text not null, grp int not null, due_on date not null,
    act_state text not null, steps_done int not null, seq bigint not null
) with (fillfactor = 80);
create table floor.steps (
    case_id uuid not null, code text not null, version int not null, done_on date, note text not null, primary key (case_id, code)
) with (fillfactor = 80);
create table floor.events (
    case_id uuid not null, seq bigint not null, at timestamptz not null, body bytea not null, primary key (case_id, seq)
);`

// floorSQL fills the floor's tables.
const floorSQL = `
truncate floor.cases, floor.steps, floor.events restart identity;
drop index if exists floor.cases_register;
insert into floor.cases (id, responsible_id, name, grp, due_on, act_state, steps_done, seq)
    select id, responsible_id, seller_name, ascii(stage), due_on, act_state, steps_done, event_seq from cases where responsible_id is not null;
create index cases_register on floor.cases (responsible_id, grp, due_on, id);
insert into floor.steps select case_id, code, version, done_on, note from case_steps;
insert into floor.events select stream_id, seq, at, body from events where stream_kind = 'case';`

// fill copies the seeded firm until there are as many firms as wanted. have is how many there are.
func fill(ctx context.Context, db *pgx.Conn, have, want int) error {
	tx, err := db.Begin(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	if have == 1 {
		if _, err := tx.Exec(ctx, fillSQL); err != nil {
			return err
		}
	}
	// Copies refer to what is copied too; looking each of millions up again proves nothing.
	if _, err := tx.Exec(ctx, "set local session_replication_role = replica"); err != nil {
		return err
	}
	for _, table := range copied {
		statement, err := copyStatement(ctx, tx, table)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, fmt.Sprintf(statement, have, want-1)); err != nil {
			return fmt.Errorf("copy %s: %w", table, err)
		}
	}
	// Everybody is signed in, with a token that can be guessed here and nowhere else.
	if _, err := tx.Exec(ctx, `insert into login_sessions (id, user_id, token_hash, created_at, seen_at, expires_at)
		select u.id, u.id, sha256(('bench-' || u.id)::bytea), now(), now(), now() + interval '1 day' from users u
		where not exists (select from login_sessions s where s.user_id = u.id)`); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

// copyStatement copies every row of the seeded firm once for each k from %d to %d. A firm's
// rows end up far from each other, as they would when sellers come one by one.
func copyStatement(ctx context.Context, tx pgx.Tx, table string) (string, error) {
	rows, err := tx.Query(ctx, `select column_name::text, udt_name::text from information_schema.columns
		where table_schema = 'public' and table_name = $1 and is_generated = 'NEVER' order by ordinal_position`, table)
	if err != nil {
		return "", err
	}
	var names, values []string
	var name, kind string
	if _, err := pgx.ForEachRow(rows, []any{&name, &kind}, func() error {
		names = append(names, name)
		switch {
		case kind == "uuid":
			name = "floor.copy_of(" + name + ", k)"
		case table == "users" && strings.HasPrefix(name, "email"):
			name = "k || " + name
		}
		values = append(values, name)
		return nil
	}); err != nil {
		return "", err
	}
	where := "substr(" + key(table) + "::text, 29) <> 'bbbbbbbb'"
	if table == "events" {
		where += " and stream_kind <> 'system'"
	}
	return "insert into " + table + " (" + strings.Join(names, ", ") + ") select " + strings.Join(values, ", ") +
		" from " + table + ", generate_series(%d, %d) k where " + where, nil
}

// key is a column that tells a copy from what was copied.
func key(table string) string {
	switch table {
	case "users", "firms", "cases":
		return "id"
	case "firm_people", "register_counts":
		return "firm_id"
	case "events":
		return "stream_id"
	}
	return "case_id"
}

// settle makes the floor's tables anew and lets the planner know what there is.
func settle(ctx context.Context, db *pgx.Conn) error {
	if _, err := db.Exec(ctx, floorSQL); err != nil {
		return fmt.Errorf("fill the floor: %w", err)
	}
	for _, statement := range []string{"vacuum (analyze)", "checkpoint"} {
		if _, err := db.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// person is somebody who is signed in.
type person struct{ id, cookie string }

func signedIn(id string) person { return person{id: id, cookie: "winddown_session=bench-" + id} }

// work is what the measurements are about.
type work struct {
	ticks       []*mark
	accountants []person
}

// mark is a step that can be marked again and again.
type mark struct {
	owner   person
	id      string // of the case
	version int    // the step's, as the product has it
	n       int    // so that no two notes are the same
}

// find looks for cases whose owners can mark a step, at most as many as asked, and for the
// accountants of the firms.
func find(ctx context.Context, db *pgx.Conn, cases int) (work, error) {
	var w work
	rows, err := db.Query(ctx, `select s.case_id::text, s.version, p.user_id::text from case_steps s
		join cases c on c.id = s.case_id join case_people p on p.case_id = c.id and p.role = 'owner'
		where s.code = 'strip_media' and s.done_on is not null and s.problem = '' and s.accepted_at is null and c.stage in ('waiting', 'ready', 'received', 'debt')
		order by md5(c.id::text) limit $1`, cases)
	if err != nil {
		return w, err
	}
	var m mark
	var owner string
	if _, err := pgx.ForEachRow(rows, []any{&m.id, &m.version, &owner}, func() error {
		w.ticks = append(w.ticks, &mark{id: m.id, version: m.version, owner: signedIn(owner), n: int(time.Now().UnixMilli())})
		return nil
	}); err != nil {
		return w, err
	}
	rows, err = db.Query(ctx, `select user_id::text from firm_people order by md5(user_id::text)`)
	if err != nil {
		return w, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, id := range ids {
		w.accountants = append(w.accountants, signedIn(id))
	}
	if len(w.ticks) == 0 || len(w.accountants) == 0 {
		return w, fmt.Errorf("%d steps can be marked, there are %d accountants", len(w.ticks), len(w.accountants))
	}
	return w, err
}

// since is a time a person can read.
func since(t time.Time) string { return time.Since(t).Round(100 * time.Millisecond).String() }
