package app_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"winddown/internal/winddown"
)

// trail opens a case with a trail of ten events, among them two people's.
func (w *world) trail() (winddown.Actor, winddown.ID) {
	w.t.Helper()
	owner, helper := w.person("Петрова"), w.person("Иванова")
	id := w.openWith(owner, winddown.RawAnswers{FBS: "no", WBStock: "no"})
	w.join(owner, helper, id, winddown.Helper)
	for _, code := range []winddown.Code{winddown.SellOut, winddown.CollectReturns} {
		if err := w.app.MarkPending(w.t.Context(), owner, id, winddown.MarkPending{Step: code, Version: 1}); err != nil {
			w.t.Fatal(err)
		}
		w.mark(owner, id, code)
	}
	w.mark(helper, id, winddown.StripMedia, winddown.RequestAct)
	if err := w.app.Regress(w.t.Context(), helper, id, winddown.Regress{
		Step: winddown.StripMedia, Version: w.version(owner, id, winddown.StripMedia), Reason: "Карточка вернулась",
	}); err != nil {
		w.t.Fatal(err)
	}
	if n := w.verify(id); n != 10 {
		w.t.Fatalf("the trail has %d events, want ten", n)
	}
	return owner, id
}

// Whoever can write to the database past the program is found out, and which event he
// touched is told.
func TestVerifyNamesTheEventThatWasTouched(t *testing.T) {
	w := newWorld(t)
	_, whole := w.trail()
	w.exec("alter table events disable trigger all")
	w.exec("alter table events drop constraint events_pkey") // swapping numbers passes through a double
	for _, c := range []struct{ name, tamper, want string }{
		{"body", `update events set body = convert_to(replace(convert_from(body, 'UTF8'), 'sell_out', 'zero_fbs'), 'UTF8') where stream_id = $1 and seq = 5`,
			"event 5 does not match its hash"},
		{"one byte of the body", `update events set body = set_byte(body, 40, get_byte(body, 40) # 1) where stream_id = $1 and seq = 7`,
			"event 7 does not match its hash"},
		{"space added to the body", `update events set body = body || '\x20' where stream_id = $1 and seq = 3`,
			"event 3 does not match its hash"},
		{"author", `update events set by_id = (select user_id from case_people where case_id = $1 and role = 'owner') where stream_id = $1 and seq = 8`,
			"event 8 names other people"},
		{"author taken away", `update events set by_id = null where stream_id = $1 and seq = 8`,
			"event 8 names other people"},
		{"whom it is about", `update events set about_id = null where stream_id = $1 and seq = 3`,
			"event 3 names other people"},
		{"time", `update events set at = at - interval '1 microsecond' where stream_id = $1 and seq = 6`,
			"event 6 is dated"},
		{"hash", `update events set hash = sha256(hash) where stream_id = $1 and seq = 4`,
			"event 4 does not match its hash"},
		{"first deleted", `delete from events where stream_id = $1 and seq = 1`,
			"event 1 is missing"},
		{"one deleted", `delete from events where stream_id = $1 and seq = 6`,
			"event 6 is missing"},
		{"last deleted", `delete from events where stream_id = $1 and seq = 10`,
			"event 10 is missing"},
		{"last two deleted", `delete from events where stream_id = $1 and seq >= 9`,
			"event 9 is missing"},
		{"all deleted", `delete from events where stream_id = $1`,
			"event 1 is missing"},
		{"deleted and closed up", `with gone as (delete from events where stream_id = $1 and seq = 6)
			update events set seq = seq - 1 where stream_id = $1 and seq > 6`,
			"event 6 does not match its hash"},
		{"two swapped", `update events set seq = case seq when 5 then 6 else 5 end where stream_id = $1 and seq in (5, 6)`,
			"event 5 does not match its hash"},
		{"one added", `insert into events (stream_kind, stream_id, seq, at, by_id, about_id, body, hash)
			select stream_kind, stream_id, 11, at, by_id, about_id, body, hash from events where stream_id = $1 and seq = 10`,
			"event 11 does not match its hash"},
		{"the kept number turned back", `update cases set event_seq = 9, event_hash = (select hash from events where stream_id = $1 and seq = 9) where id = $1`,
			"event 10 is beyond the kept head"},
		{"the kept hash changed", `update cases set event_hash = sha256(event_hash) where id = $1`,
			"event 10 does not match the kept hash"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := *w
			w.t = t
			_, id := w.trail()
			w.exec(c.tamper, uuid.UUID(id))
			_, err := w.app.Verify(t.Context(), id)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "case "+id.String()) {
				t.Errorf("error %v, want one about case %s that says %q", err, id, c.want)
			}
		})
	}
	w.verify(whole)
}

// A trail whose every link was made anew still does not fit the kept head.
func TestVerifyFindsARewrittenTrail(t *testing.T) {
	w := newWorld(t)
	_, id := w.trail()
	stream := winddown.Stream{Kind: winddown.CaseStream, ID: id}
	w.exec("alter table events disable trigger all")
	var head winddown.Head
	for seq := 1; seq <= 10; seq++ {
		r := winddown.Record{Stream: stream, Body: one[[]byte](w, "select body from events where stream_id = $1 and seq = $2", uuid.UUID(id), seq)}
		e, err := r.Event()
		if err != nil {
			t.Fatal(err)
		}
		if seq == 2 {
			e.Role = winddown.Accountant // it was a helper who was invited
		}
		if r, head, err = head.Append(e); err != nil {
			t.Fatal(err)
		}
		w.exec("update events set body = $3, hash = $4 where stream_id = $1 and seq = $2", uuid.UUID(id), seq, r.Body, r.Hash[:])
	}
	_, err := w.app.Verify(t.Context(), id)
	if err == nil || !strings.Contains(err.Error(), "event 10 does not match the kept hash") {
		t.Errorf("error %v", err)
	}
}

// One event made anew with a hash that fits those before it does not fit those after it.
func TestVerifyFindsAForgedLink(t *testing.T) {
	w := newWorld(t)
	_, id := w.trail()
	stream := winddown.Stream{Kind: winddown.CaseStream, ID: id}
	w.exec("alter table events disable trigger all")
	head := winddown.Head{Seq: 4}
	copy(head.Hash[:], one[[]byte](w, "select hash from events where stream_id = $1 and seq = 4", uuid.UUID(id)))
	e, err := winddown.Record{Stream: stream, Body: one[[]byte](w, "select body from events where stream_id = $1 and seq = 5", uuid.UUID(id))}.Event()
	if err != nil {
		t.Fatal(err)
	}
	e.Step = winddown.StripMedia
	r, _, err := head.Append(e)
	if err != nil {
		t.Fatal(err)
	}
	w.exec("update events set body = $2, hash = $3 where stream_id = $1 and seq = 5", uuid.UUID(id), r.Body, r.Hash[:])
	_, err = w.app.Verify(t.Context(), id)
	if err == nil || !strings.Contains(err.Error(), "event 6 does not match its hash") {
		t.Errorf("error %v", err)
	}
}

func TestVerifyKnowsNoSuchCase(t *testing.T) {
	w := newWorld(t)
	_, err := w.app.Verify(t.Context(), newID(t))
	wantKind(t, err, winddown.NotFound)
}

func TestTheTrailRefusesChanges(t *testing.T) {
	w := newWorld(t)
	_, id := w.trail()
	before := w.contents(id)
	for _, sql := range []string{
		"update events set at = at", "update events set body = '' where seq = 1", "update events set seq = seq + 100",
		"delete from events", "delete from events where seq = 10", "truncate events", "truncate events cascade",
		"insert into events select * from events on conflict (stream_kind, stream_id, seq) do update set hash = excluded.hash",
		"merge into events e using events o on e.seq = o.seq when matched then delete",
	} {
		_, err := w.sql.Exec(t.Context(), sql)
		var pg *pgconn.PgError
		if !errors.As(err, &pg) || pg.Message != "events are append-only" {
			t.Errorf("%s: error %v", sql, err)
		}
	}
	w.wantUnchanged(id, before)
	if n := w.verify(id); n != 10 {
		t.Errorf("%d events are left", n)
	}
}

// What people type reaches the trail as they typed it, whatever it is.
func TestAnyTextPassesThroughTheChain(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	for _, text := range []string{"<script>alert(1)</script>", `"\u2028"` + "\u2028\u2029.", "a\tb\nc", "😀 ё é", "'; drop table events; --", `\x00 \u0000`} {
		id := w.open(owner)
		in := w.done(owner, id, winddown.SellOut)
		in.Note = text
		if _, err := w.app.MarkDone(t.Context(), owner, id, in); err != nil {
			t.Fatal(err)
		}
		v := w.view(owner, id)
		if got := v.Trail[0].Event.After["note"]; got != text {
			t.Errorf("the trail has %q, want %q", got, text)
		}
		if v, err := w.app.Step(t.Context(), owner, id, winddown.SellOut); err != nil || len(v.Trail) != 1 {
			t.Errorf("%q: the step's own trail has %d lines, %v", text, len(v.Trail), err)
		}
		if n := w.verify(id); n != 2 {
			t.Errorf("%d events", n)
		}
	}
}

// Pages of the trail join without a gap or a repetition.
func TestTheHistoryPages(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	id := w.open(owner)
	for i := range 60 {
		if err := w.app.MarkPending(t.Context(), owner, id, winddown.MarkPending{Step: winddown.SellOut, Version: i + 1, Note: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	want, before, pages := int64(61), int64(0), 0
	for more := true; more; pages++ {
		v, err := w.app.History(t.Context(), owner, id, before)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range v.Trail {
			if line.Seq != want || line.By != "Петрова" {
				t.Fatalf("line %d by %q, want %d", line.Seq, line.By, want)
			}
			want--
			before = line.Seq
		}
		more = v.TrailMore
	}
	if want != 0 || pages != 2 {
		t.Errorf("%d pages ended before event %d", pages, want)
	}
}
