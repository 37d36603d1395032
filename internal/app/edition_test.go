package app_test

import (
	"testing"

	"winddown/internal/winddown"
)

// firmText is an instruction a firm writes.
func (w *world) firmText(who string) winddown.Text {
	return winddown.Text{Kind: winddown.StepText, Key: "zero_fbs", Locale: "ru", Source: "Регламент", CheckedOn: winddown.DateOf(w.clock.Now()).AddDays(-1),
		Parts: map[string]string{"who": who, "prepare": "Ничего", "where": "На портале", "wait": "Минуту"}}
}

// publish makes an edition of a firm's texts.
func (w *world) publish(admin winddown.Actor, who string) {
	w.t.Helper()
	if err := w.app.DraftFirmText(w.t.Context(), admin, w.firmText(who)); err != nil {
		w.t.Fatal(err)
	}
	if err := w.app.PublishFirmTexts(w.t.Context(), admin, w.draft(admin)); err != nil {
		w.t.Fatal(err)
	}
}

// draft is the digest of the draft as somebody sees it who looks at it now.
func (w *world) draft(admin winddown.Actor) string {
	w.t.Helper()
	v, err := w.app.FirmTexts(w.t.Context(), admin)
	if err != nil {
		w.t.Fatal(err)
	}
	return v.Firm.DraftDigest(v.Texts)
}

// newest is what somebody has seen who looks at the newest versions, with the edition of the
// firm's texts.
func newest(texts int) winddown.Upgrade {
	return winddown.Upgrade{Texts: texts, Playbook: winddown.CurrentPlaybook}
}

// A published edition is for cases opened from then on; those that run keep theirs until they
// are moved, and keep their ticks then. A case without the firm reads the installation's.
func TestEditionsOfAFirmsTexts(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f := w.firm()
	reads := func(actor winddown.Actor, id winddown.ID, want string) {
		t.Helper()
		v, err := w.app.Step(ctx, actor, id, winddown.ZeroFBS)
		if got := v.Text.Parts["who"]; err != nil || got != want {
			t.Errorf("the case reads %q, want %q, %v", got, want, err)
		}
	}
	old := w.addSeller(f.accountant)
	w.mark(f.accountant, old, winddown.ZeroFBS)
	reads(f.accountant, old, "")
	if err := w.app.DraftFirmText(ctx, f.admin, w.firmText("Черновик")); err != nil {
		t.Fatal(err)
	}
	reads(f.accountant, w.addSeller(f.accountant), "")
	w.publish(f.admin, "Первая")
	first := w.addSeller(f.accountant)
	w.publish(f.admin, "Вторая")
	second := w.addSeller(f.accountant)
	reads(f.accountant, old, "")
	reads(f.accountant, first, "Первая")
	reads(f.accountant, second, "Вторая")

	// What is published stays, whoever asks for it.
	if _, err := w.sql.Exec(ctx, "update firm_texts set source = 'x' where firm_id = $1 and edition = 1", [16]byte(f.id)); err == nil {
		t.Error("a published edition was changed")
	}
	if _, err := w.sql.Exec(ctx, "delete from firm_texts where firm_id = $1 and edition = 2", [16]byte(f.id)); err == nil {
		t.Error("a published edition was removed")
	}
	const add = `insert into firm_texts (firm_id, key, locale, edition, changed_at) values ($1, 'sign_act', 'ru', $2, now())`
	for edition, published := range map[int]bool{1: true, 2: true, 3: false} {
		if _, err := w.sql.Exec(ctx, add, [16]byte(f.id), edition); (err != nil) != published {
			t.Errorf("a text added to edition %d: %v", edition, err)
		}
	}
	if _, err := w.sql.Exec(ctx, "update firm_texts set edition = 2 where firm_id = $1 and edition = 3", [16]byte(f.id)); err == nil {
		t.Error("a text of the draft was moved into a published edition")
	}
	w.exec("delete from firm_texts where edition = 3")

	wantKey(t, w.app.UpgradeCase(ctx, f.accountant, old, newest(1)), winddown.Conflict, "upgrade.error.newer")
	if err := w.app.UpgradeCase(ctx, f.accountant, old, newest(2)); err != nil {
		t.Fatal(err)
	}
	reads(f.accountant, old, "Вторая")
	if c := w.view(f.accountant, old).Case; c.Steps[0].Tick == nil || c.Outdated() {
		t.Error("the tick is gone, or the case still behind")
	}
	v, err := w.app.FirmTexts(ctx, f.admin)
	if err != nil || v.Outdated != 2 { // the first, and the one opened while there was a draft
		t.Errorf("%d cases are behind, %v", v.Outdated, err)
	}
	if n, err := w.app.UpgradeFirm(ctx, f.admin, newest(2)); err != nil || n != 2 {
		t.Errorf("%d cases moved, %v", n, err)
	}
	reads(f.accountant, first, "Вторая")
	_, err = w.app.UpgradeFirm(ctx, f.admin, newest(1)) // says so though no case is behind
	wantKey(t, err, winddown.Conflict, "upgrade.error.newer")

	// Back to the common text, as an edition of its own; the installation's text counts then.
	installations := w.firmText("Для всех")
	if _, err := w.app.SetText(ctx, installations); err != nil {
		t.Fatal(err)
	}
	back := w.firmText("")
	back.Parts = nil
	if err := w.app.DraftFirmText(ctx, f.admin, back); err != nil {
		t.Fatal(err)
	}
	if err := w.app.PublishFirmTexts(ctx, f.admin, w.draft(f.admin)); err != nil {
		t.Fatal(err)
	}
	reads(f.accountant, w.addSeller(f.accountant), "Для всех")
	v, err = w.app.FirmTexts(ctx, f.admin)
	if was, _ := winddown.NewestText(v.Texts, "zero_fbs", "ru", v.Oldest.Texts); err != nil || v.Oldest.Texts != 2 || was.Parts["who"] != "Вторая" {
		t.Errorf("the case furthest behind has %+v and reads %+v, %v", v.Oldest, was, err)
	}
	reads(f.accountant, first, "Вторая")
	owner := w.person("Петрова")
	w.join(f.accountant, owner, first, winddown.Owner)
	if err := w.app.LeaveFirm(ctx, owner, first); err != nil {
		t.Fatal(err)
	}
	reads(owner, first, "Для всех")
	other := w.firm()
	w.join(owner, other.accountant, first, winddown.Accountant)
	reads(owner, first, "Для всех")
	w.verify(first)
}

// A case of an older playbook is moved by its owner too, firm or not.
func TestAnOlderPlaybook(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	id := w.open(owner)
	w.exec("update cases set playbook = 1 where id = $1", [16]byte(id))
	w.mark(owner, id, winddown.ZeroFBS)
	if err := w.app.UpgradeCase(t.Context(), owner, id, newest(0)); err != nil {
		t.Fatal(err)
	}
	if c := w.view(owner, id).Case; c.Playbook != winddown.CurrentPlaybook || c.Steps[0].Tick == nil {
		t.Errorf("playbook %d, %+v", c.Playbook, c.Steps[0])
	}
}
