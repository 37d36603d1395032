package app_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/pack"
	"winddown/internal/winddown"
)

// packed is the pack made of a source.
func packed(t testing.TB, s pack.Source, err error) []byte {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Contents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := pack.Write(&b, c); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func verified(t testing.TB, data []byte) pack.Report {
	t.Helper()
	r, err := pack.Verify(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() {
		t.Errorf("the pack is not whole: %v", r.Differences)
	}
	return r
}

// The same case gives the same bytes, whoever asks, from wherever and whenever.
func TestThePackIsTheSameForEverybody(t *testing.T) {
	w := newWorld(t)
	owner, helper, books := w.person("Петрова"), w.personIn("Сидорова", "Asia/Kamchatka"), w.person("Иванова")
	id := w.open(owner)
	w.join(owner, helper, id, winddown.Helper)
	w.join(owner, books, id, winddown.Accountant)
	if err := w.upload(owner, id, winddown.ZeroFBS, winddown.SlotStockZero, w.pdf("остатки.pdf", "0")); err != nil {
		t.Fatal(err)
	}
	w.mark(owner, id, winddown.ZeroFBS, winddown.SellOut)

	take := func(actor winddown.Actor) []byte {
		s, err := w.app.Pack(t.Context(), actor, id)
		return packed(t, s, err)
	}
	first := take(owner)
	if r := verified(t, first); r.Case != id || r.Head.Seq != w.verify(id) || len(r.Missing) != 0 {
		t.Errorf("%+v", r)
	}
	w.clock.Advance(400 * 24 * time.Hour)
	// Deadlines follow the table of non-working days; what is written down does not.
	if _, err := w.app.SetCalendarDay(t.Context(), winddown.Date{Year: 2026, Month: time.December, Day: 1}, true, true, "указ",
		winddown.Date{Year: 2026, Month: time.November, Day: 22}); err != nil {
		t.Fatal(err)
	}
	for name, again := range map[string][]byte{"the helper": take(helper), "the accountant": take(books)} {
		if !bytes.Equal(first, again) {
			t.Errorf("%s gets another pack", name)
		}
	}
	s, err := w.app.OperatorsPack(t.Context(), id)
	if !bytes.Equal(first, packed(t, s, err)) {
		t.Error("the operator gets another pack")
	}

	w.mark(owner, id, winddown.ReturnStock)
	if bytes.Equal(first, take(owner)) {
		t.Error("the pack does not tell what happened since")
	}
}

// A finished case's pack is the same whatever its firm settles afterwards.
func TestThePackOfAFinishedCaseOutlivesItsFirmsSettings(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f := w.firm()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.app.SetFirmActing(ctx, f.admin, true))
	must(w.app.SetFirmChase(ctx, f.admin, []int{2, 5}))
	id := w.addSeller(f.accountant)
	w.mark(f.accountant, id, append(goods(), winddown.StripMedia, winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct, winddown.SettleDebts)...)
	must(w.app.Finish(ctx, f.accountant, id, 0))
	take := func() []byte {
		t.Helper()
		s, err := w.app.Pack(ctx, f.accountant, id)
		return packed(t, s, err)
	}
	first := take()
	w.clock.Advance(24 * time.Hour)
	next := w.app.Calendar().AddWorkdays(w.today(f.admin), 1)
	w.publish(f.admin, "Всем")
	must(w.app.SetFirmChase(ctx, f.admin, []int{1}))
	must(w.app.SetFirmDays(ctx, f.admin, []winddown.Date{next}, nil))
	must(w.app.SetFirmActing(ctx, f.admin, false))
	must(w.app.SetRequisites(ctx, f.admin, winddown.Requisites{LegalName: "ООО «Учёт»", INN: "7707083893"}))
	must(w.app.RenameFirm(ctx, f.admin, "Другая"))
	if !bytes.Equal(first, take()) {
		t.Error("another pack")
	}
	verified(t, first)
}

func TestWhoMayTakeThePack(t *testing.T) {
	w := newWorld(t)
	owner, books := w.person("Петрова"), w.person("Иванова")
	id, ownerless := w.open(owner), w.addSeller(books)
	for _, c := range []struct {
		actor winddown.Actor
		id    winddown.ID
	}{{books, id}, {owner, ownerless}, {winddown.Actor{}, id}, {owner, winddown.ID{1}}} {
		_, err := w.app.Pack(t.Context(), c.actor, c.id)
		wantKind(t, err, winddown.NotFound)
	}
	_, err := w.app.OperatorsPack(t.Context(), winddown.ID{1})
	wantKind(t, err, winddown.NotFound)
	s, err := w.app.OperatorsPack(t.Context(), ownerless)
	verified(t, packed(t, s, err))
}

// Whoever is left who sees a case, the operator gets its pack; a case that nobody sees is told
// from one that is not there.
func TestTheOperatorsPackNeedsSomebodyWhoSeesTheCase(t *testing.T) {
	w := newWorld(t)
	books := w.person("Иванова")
	id := w.addSeller(books)
	w.colleague(books)
	w.exec("update cases set responsible_id = null")
	w.exec("delete from firm_people where user_id = $1", uuid.UUID(books.UserID))
	s, err := w.app.OperatorsPack(t.Context(), id)
	verified(t, packed(t, s, err))

	w.exec("delete from firm_people")
	if _, err = w.app.OperatorsPack(t.Context(), id); !errors.Is(err, app.ErrUnseen) {
		t.Errorf("nobody sees the case, and the error is %v", err)
	}
}

func TestTakingThePackIsNotedInOnesOwnTrail(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	id := w.open(owner)
	before := w.contents(id)
	if err := w.app.NotePack(t.Context(), owner, id, 1); err != nil {
		t.Fatal(err)
	}
	w.wantUnchanged(id, before)
	const last = "select convert_from(body, 'UTF8')::jsonb -> 'after' ->> 'case' from events where stream_id = $1 order by seq desc limit 1"
	if got := one[string](w, last, uuid.UUID(owner.UserID)); got != id.String() {
		t.Errorf("the trail of the person ends with %q", got)
	}
}
