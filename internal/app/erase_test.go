package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// fullCase opens a case that says «Уникумов» and its own taxpayer number wherever something is
// typed, with rows in every table that belongs to a case.
func (w *world) fullCase(owner, helper, accountant winddown.Actor, content string) winddown.ID {
	w.t.Helper()
	ctx := w.t.Context()
	must := func(err error) {
		w.t.Helper()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	id, err := w.app.OpenCase(ctx, owner, winddown.NewCase{Seller: winddown.Seller{Name: "ИП Уникумов", INN: "500100732259", Cabinet: "Уникумов"}, Answers: everything()})
	must(err)
	w.join(owner, helper, id, winddown.Helper)
	w.join(owner, accountant, id, winddown.Accountant)
	must(w.upload(owner, id, winddown.ZeroFBS, winddown.SlotStockZero, w.pdf("Уникумов.pdf", content)))
	must(w.app.Ask(ctx, accountant, id, winddown.ZeroFBS, "Уникумов, всё?"))
	w.mark(owner, id, append(goods(), winddown.RequestAct)...)
	w.owe(owner, id, 100)
	must(w.app.AddDeadline(ctx, owner, id, winddown.AddDeadline{Kind: winddown.DuePickUp, What: "Уникумов", From: w.today(owner)}))
	w.invite(owner, id, winddown.Helper)
	share := newShare()
	share.Whom = "Уникумов"
	_, token := w.share(owner, id, share)
	_, err = w.app.Unlock(ctx, token, "")
	must(err)
	w.exec("insert into digest_items (user_id, case_id, key, on_date) values ($1, $2, 'x', $3)", uuid.UUID(owner.UserID), uuid.UUID(id), noon)
	return id
}

// A deleted case can be kept for fourteen days; then nothing is left of it but its tombstone, and
// a file that another case holds.
func TestErasing(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	owner, helper, accountant := w.person("Петрова"), w.person("Сидорова"), w.person("Ким")
	id := w.fullCase(owner, helper, accountant, "Уникумов, сам")
	other := w.open(owner)
	for _, content := range []string{"Уникумов, сам", "только здесь"} {
		if err := w.upload(owner, id, winddown.SellOut, winddown.SlotOrdersDone, w.pdf("заказы.pdf", content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.upload(owner, other, winddown.SellOut, winddown.SlotOrdersDone, w.pdf("заказы.pdf", "только здесь")); err != nil {
		t.Fatal(err)
	}
	words := []string{"Уникумов", "500100732259"}
	if found := w.leftovers(words...); len(found) < 10 {
		t.Fatalf("the case is hardly there before it is erased: %q", found)
	}
	del := func() {
		t.Helper()
		owner.ProvedAt = w.clock.Now()
		if err := w.app.DeleteCase(ctx, owner, id, "ип уникумов"); err != nil {
			t.Fatal(err)
		}
	}
	erased := func() int {
		t.Helper()
		n, err := w.app.EraseCases(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	del()
	w.clock.Advance(winddown.EraseTerm - time.Second)
	if n := erased(); n != 0 {
		t.Fatalf("%d cases were erased before their term", n)
	}
	if w.view(helper, id).Case.Erasure == nil {
		t.Error("the helper is not told")
	}
	if err := w.app.KeepCase(ctx, owner, id); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(winddown.EraseTerm)
	if n := erased(); n != 0 {
		t.Fatal("a case was erased that was kept")
	}
	del()
	head := w.view(owner, id).Seq
	w.clock.Advance(winddown.EraseTerm)
	if n := erased(); n != 1 {
		t.Fatalf("%d cases were erased, want one", n)
	}
	if n := erased(); n != 0 {
		t.Fatal("it was erased again")
	}
	// Files go with a sweep, by their own age on disk.
	w.age()
	if _, err := w.app.SweepFiles(ctx); err != nil {
		t.Fatal(err)
	}
	if found := w.leftovers(words...); len(found) > 0 {
		t.Errorf("left behind: %q", found)
	}
	if found := w.leftovers("только здесь"); len(found) != 1 || found[0] != "files: только здесь" {
		t.Errorf("the file of the other case: %q", found)
	}
	_, err := w.app.Case(ctx, owner, id)
	wantKind(t, err, winddown.NotFound)
	stone, err := w.app.Tombstone(ctx, id)
	if err != nil || stone.EventSeq != head || stone.AskedBy != owner.UserID || len(stone.EventHash) != 32 {
		t.Errorf("the tombstone is %+v, %v; the trail ended with %d", stone, err, head)
	}
	if _, err := w.app.Verify(ctx, other); err != nil {
		t.Errorf("the other case: %v", err)
	}
	_, err = w.app.Tombstone(ctx, other)
	wantKind(t, err, winddown.NotFound)
}

// The one way in which events are deleted is no way for anything else.
func TestEventsStayWithoutATombstone(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	owner := w.person("Петрова")
	id, other := w.open(owner), w.open(owner)
	if err := w.app.DeleteCase(ctx, owner, id, "ИП Петрова А. С."); err != nil {
		t.Fatal(err)
	}
	const stone = `insert into tombstones (case_id, event_seq, event_hash, asked_at, asked_by, erased_at)
		select id, event_seq, event_hash, coalesce(erase_asked_at, $2), $3, $2::timestamptz + interval '15 days' from cases where id = $1`
	late := w.clock.Now()
	for name, attempt := range map[string]struct {
		stone, del string
		of         winddown.ID
	}{
		"without a tombstone":       {"", "delete from events where stream_id = $1", id},
		"of a case nobody deleted":  {stone, "delete from events where stream_id = $1", other},
		"of somebody else's stream": {stone, "delete from events where stream_kind = 'user' and $1::uuid is not null", id},
		"before the end of the trail": {`insert into tombstones (case_id, event_seq, event_hash, asked_at, asked_by, erased_at)
			select id, event_seq - 1, event_hash, erase_asked_at, $3, $2::timestamptz + interval '15 days' from cases where id = $1`, "delete from events where stream_id = $1", id},
	} {
		tx, err := w.sql.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if attempt.stone != "" {
			if _, err := tx.Exec(ctx, attempt.stone, uuid.UUID(attempt.of), late, uuid.UUID(owner.UserID)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if _, err := tx.Exec(ctx, attempt.del, uuid.UUID(attempt.of)); err == nil {
			t.Errorf("events were deleted %s", name)
		}
		_ = tx.Rollback(ctx)
	}
	// No tombstone is set for a case that stays, or for one of which some events are left.
	for _, del := range []string{"select $1::uuid", "delete from events where stream_id = $1 and seq > 1"} {
		err := pgx.BeginFunc(ctx, w.sql, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, stone, uuid.UUID(id), late, uuid.UUID(owner.UserID)); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, "update cases set erase_at = erase_asked_at + interval '15 days' where id = $1", uuid.UUID(id)); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, del, uuid.UUID(id))
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "is not erased") {
			t.Errorf("a case that stays has a tombstone after %q: %v", del, err)
		}
	}
	// A tombstone of another transaction opens nothing, and stays as it is.
	w.clock.Advance(15 * 24 * time.Hour)
	if n, err := w.app.EraseCases(ctx); err != nil || n != 1 {
		t.Fatalf("%d cases are erased, %v", n, err)
	}
	for _, statement := range []string{"delete from events where stream_kind = 'case'", "delete from tombstones", "update tombstones set event_seq = 1",
		"truncate tombstones", "truncate events"} {
		if _, err := w.sql.Exec(ctx, statement); err == nil {
			t.Errorf("%s went through", statement)
		}
	}
	// Nor does the database take a tombstone before the term.
	if _, err := w.sql.Exec(ctx, `insert into tombstones (case_id, event_seq, event_hash, asked_at, asked_by, erased_at)
		values ($1, 1, '\x00', $2, $3, $2::timestamptz + interval '13 days')`, uuid.UUID(other), late, uuid.UUID(owner.UserID)); err == nil {
		t.Error("a tombstone was set before the term")
	}
}
