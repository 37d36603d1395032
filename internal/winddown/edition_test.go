package winddown_test

import (
	"reflect"
	"slices"
	"testing"

	"winddown/internal/winddown"
)

// No version of the playbook has gates that go in a circle; the loop is named.
func TestGatesDoNotGoInACircle(t *testing.T) {
	for version := 1; version <= winddown.CurrentPlaybook; version++ {
		book, _ := winddown.PlaybookVersion(version)
		if loop := book.Loop(); loop != nil {
			t.Errorf("the gates of version %d go in a circle: %v", version, loop)
		}
		// A case that is moved keeps its rows of steps: a version with other steps has to write them.
		first, _ := winddown.PlaybookVersion(1)
		for i, d := range book.Steps {
			if len(book.Steps) != len(first.Steps) || first.Steps[i].Code != d.Code {
				t.Fatalf("version %d has other steps than the first: postgres.SaveCase has to insert them when a case is upgraded", version)
			}
		}
	}
	step := func(code winddown.Code, gate ...winddown.Code) winddown.StepDef {
		return winddown.StepDef{Code: code, Gate: gate}
	}
	for _, c := range []struct {
		steps []winddown.StepDef
		want  []winddown.Code
	}{
		{[]winddown.StepDef{step("a"), step("b", "a"), step("c", "a", "b")}, nil},
		{[]winddown.StepDef{step("a", "a")}, []winddown.Code{"a", "a"}},
		{[]winddown.StepDef{step("a"), step("b", "a", "d"), step("c", "b"), step("d", "c")}, []winddown.Code{"b", "d", "c", "b"}},
	} {
		if got := (winddown.Playbook{Steps: c.steps}).Loop(); !slices.Equal(got, c.want) {
			t.Errorf("%v: %v, want %v", c.steps, got, c.want)
		}
	}
}

func TestComparePlaybooks(t *testing.T) {
	one, _ := winddown.PlaybookVersion(1)
	two, _ := winddown.PlaybookVersion(2)
	want := []winddown.PlaybookChange{
		{Step: winddown.ZeroFBS, Required: []winddown.SlotCode{winddown.SlotStockZero}},
		{Step: winddown.ReturnStock, Required: []winddown.SlotCode{winddown.SlotRemainsZero}},
		{Step: winddown.ReceiveAct, Required: []winddown.SlotCode{winddown.SlotActFile}},
		{Step: winddown.SignAct, Required: []winddown.SlotCode{winddown.SlotSignedAct}},
	}
	if got := winddown.ComparePlaybooks(one, two); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if got := winddown.ComparePlaybooks(two, two); got != nil {
		t.Errorf("a version differs from itself: %+v", got)
	}
	less := winddown.Playbook{Steps: one.Steps[1:]}
	if got := winddown.ComparePlaybooks(less, one); len(got) != 1 || !got[0].New || got[0].Step != winddown.ZeroFBS {
		t.Errorf("a new step: %+v", got)
	}
	if got := winddown.ComparePlaybooks(one, less); len(got) != 1 || !got[0].Gone || got[0].Step != winddown.ZeroFBS {
		t.Errorf("a step that is gone: %+v", got)
	}
}

func TestDraftAndPublish(t *testing.T) {
	today := winddown.Date{Year: 2026, Month: 11, Day: 22}
	f := firm()
	text := winddown.Text{Kind: winddown.StepText, Key: "zero_fbs", Locale: "ru", Source: "Регламент фирмы", CheckedOn: today,
		Parts: map[string]string{"who": "Всем", "prepare": "Ничего", "where": "На портале", "wait": "Минуту"}}
	_, err := f.PublishTexts(nil, f.DraftDigest(nil))
	wantKind(t, err, winddown.Conflict)
	drafted, events, err := f.DraftText(text, nil, today)
	if err != nil || len(events) != 1 || drafted.Version != 1 || events[0].After["who"] != "Всем" {
		t.Fatalf("%+v, %+v, %v", drafted, events, err)
	}
	all := []winddown.Text{drafted}
	if _, events, err := f.DraftText(text, all, today); err != nil || len(events) != 0 {
		t.Errorf("the same again: %+v, %v", events, err)
	}
	// The digest of a draft is another with every word, another text and another edition below it,
	// and the same in whatever order the texts come.
	other, second := drafted, drafted
	other.Parts, second.Locale = map[string]string{"who": "Всем", "prepare": "Ничего", "where": "На портале", "wait": "Час"}, "en"
	seen := f.DraftDigest(all)
	for _, texts := range [][]winddown.Text{{other}, {drafted, second}, {second}} {
		if f.DraftDigest(texts) == seen {
			t.Errorf("%+v has the digest of %+v", texts, all)
		}
		_, err := f.PublishTexts(texts, seen)
		wantKind(t, err, winddown.Conflict)
		_, err = f.DiscardTexts(texts, seen)
		wantKind(t, err, winddown.Conflict)
	}
	if f.DraftDigest([]winddown.Text{drafted, second}) != f.DraftDigest([]winddown.Text{second, drafted}) {
		t.Error("the order of the texts changes the digest")
	}
	if _, err := f.PublishTexts(all, seen); err != nil || f.Practice.Texts != 1 || len(f.Draft(all)) != 0 {
		t.Errorf("edition %d, %v", f.Practice.Texts, err)
	}
	next := drafted
	next.Version, next.Parts = 2, other.Parts
	first := f.DraftDigest([]winddown.Text{next})
	f.Practice.Texts = 0
	if f.DraftDigest([]winddown.Text{next}) == first {
		t.Error("the edition below the draft is not in its digest")
	}
	f.Practice.Texts = 1
	// A draft that makes nothing different is none: one that was given up, or never was anything.
	same, none := text, winddown.Text{Kind: winddown.StepText, Key: "sign_act", Locale: "ru", Version: 2}
	same.Version = 2
	if all := append(all, same, none); len(f.Draft(all)) != 0 {
		t.Errorf("a draft of what is published: %+v", f.Draft(all))
	} else {
		_, err = f.PublishTexts(all, f.DraftDigest(all))
		wantKind(t, err, winddown.Conflict)
	}
	without := text
	without.Parts = map[string]string{"who": "Всем", "prepare": "Ничего", "where": "На портале", "wait": "Минуту", "pitfalls": ""}
	if drafted, events, err := f.DraftText(without, all, today); err != nil || len(events) != 1 || len(f.Draft(append(all, drafted))) != 1 {
		t.Errorf("a draft without pitfalls: %+v, %v", events, err)
	}
	text.Parts = nil
	back, events, err := f.DraftText(text, all, today)
	if err != nil || len(events) != 1 || back.Version != 2 || !back.BuiltIn() || back.Source != "" {
		t.Errorf("back to the installation's: %+v, %v", back, err)
	}
	for _, bad := range []winddown.Text{
		{Kind: winddown.StepText, Key: "nothing", Locale: "ru"}, {Kind: winddown.LetterText, Key: "request", Locale: "ru"},
		{Kind: winddown.StepText, Key: "zero_fbs", Locale: "de"},
	} {
		_, _, err := f.DraftText(bad, nil, today)
		wantKind(t, err, winddown.NotFound)
	}
	text.Parts = map[string]string{"who": "Всем"}
	_, _, err = f.DraftText(text, nil, today)
	if got := mistaken(err); !slices.Equal(got, []string{"prepare", "where", "wait"}) {
		t.Errorf("mistakes in %v", got)
	}
}

// A case keeps its ticks when it moves to a newer playbook.
func TestUpgrade(t *testing.T) {
	c, _, err := winddown.OpenCase(person(7), winddown.NewCase{Seller: winddown.Seller{Name: "ИП Петрова", INN: "500100732259"},
		Answers: winddown.RawAnswers{FBS: "yes", WBStock: "no"}}, winddown.Stamp{By: boss, Today: winddown.Date{Year: 2026, Month: 11, Day: 20}})
	if err != nil {
		t.Fatal(err)
	}
	c.Playbook, c.Texts, c.Practice.Texts = 1, 0, 2
	c.Steps[0].Tick = &winddown.Tick{By: boss}
	version := c.Version
	for _, seen := range []winddown.Upgrade{{Texts: 1, Playbook: winddown.CurrentPlaybook}, {Texts: 2, Playbook: 1}} {
		_, err := c.Upgrade(seen, winddown.Stamp{})
		wantKind(t, err, winddown.Conflict)
	}
	newest := winddown.Upgrade{Texts: 2, Playbook: winddown.CurrentPlaybook}
	events, err := c.Upgrade(newest, winddown.Stamp{})
	if err != nil || len(events) != 1 || events[0].Kind != winddown.CaseUpgraded || events[0].Before["playbook"] != "1" || events[0].After["texts"] != "2" {
		t.Fatalf("%+v, %v", events, err)
	}
	if c.Steps[0].Tick == nil || c.Steps[0].Tick.By != boss || c.Version != version+1 || c.Outdated() {
		t.Errorf("%+v, version %d", c.Steps[0], c.Version)
	}
	if events, err := c.Upgrade(newest, winddown.Stamp{}); err != nil || events != nil {
		t.Errorf("again: %+v, %v", events, err)
	}
	for _, told := range []struct{ hasOwner, acting, firm, onBehalf bool }{
		{hasOwner: false, firm: true, onBehalf: true}, {hasOwner: true, acting: true, firm: true, onBehalf: true},
		{hasOwner: true, firm: true}, {hasOwner: true, acting: true},
	} {
		c.Texts, c.HasOwner, c.Acting = 0, told.hasOwner, told.acting
		if events, err := c.Upgrade(newest, winddown.Stamp{OnBehalf: told.firm}); err != nil || len(events) != 1 || events[0].OnBehalf != told.onBehalf {
			t.Errorf("%+v: %+v, %v", told, events, err)
		}
	}
	c.Texts, c.FinishedOn = 0, winddown.Date{Year: 2026, Month: 11, Day: 22}
	if _, err := c.Upgrade(newest, winddown.Stamp{}); c.Outdated() || winddown.KindOf(err) != winddown.Conflict {
		t.Errorf("a finished case: %v", err)
	}
}
