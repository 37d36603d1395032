package site

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

func TestOverallLineCounts(t *testing.T) {
	for _, c := range []struct {
		done   int
		ru, en string
	}{
		{0, "Уход не завершён. Выполнено 0 шагов из 130.", "The wind-down is not finished. 0 steps of 130 are done."},
		{1, "Уход не завершён. Выполнен 1 шаг из 130.", "The wind-down is not finished. 1 step of 130 is done."},
		{2, "Уход не завершён. Выполнено 2 шага из 130.", "The wind-down is not finished. 2 steps of 130 are done."},
		{5, "Уход не завершён. Выполнено 5 шагов из 130.", "The wind-down is not finished. 5 steps of 130 are done."},
		{11, "Уход не завершён. Выполнено 11 шагов из 130.", "The wind-down is not finished. 11 steps of 130 are done."},
		{21, "Уход не завершён. Выполнен 21 шаг из 130.", "The wind-down is not finished. 21 steps of 130 are done."},
		{111, "Уход не завершён. Выполнено 111 шагов из 130.", "The wind-down is not finished. 111 steps of 130 are done."},
	} {
		row := app.MyCase{Zone: winddown.DefaultZone, Summary: winddown.Summary{Stage: winddown.GroupReady, Done: c.done, Needed: 130}}
		for locale, want := range map[i18n.Locale]string{i18n.Russian: c.ru, i18n.English: c.en} {
			if got := caseRowView(i18n.For(locale), row, time.Now()).Overall; got != want {
				t.Errorf("%d in %s: %q, want %q", c.done, locale, got, want)
			}
		}
	}
}

// Every event of a case's trail has words in every language, whatever it holds.
func TestEveryEventHasWords(t *testing.T) {
	elsewhere := []winddown.EventKind{
		winddown.FirmFounded, winddown.FirmRenamed, winddown.FirmInvited, winddown.FirmInviteRevoked, winddown.FirmJoined,
		winddown.FirmRoleChanged, winddown.FirmPersonRemoved, winddown.FirmSettingChanged, winddown.FirmTextDrafted, winddown.FirmTextsDiscarded,
		winddown.FirmTextsPublished, winddown.UserRegistered, winddown.UserLoggedIn, winddown.UserLoggedOut, winddown.SessionRevoked,
		winddown.PasswordChanged, winddown.SettingsChanged, winddown.UserDisabled, winddown.UserEnabled, winddown.ConfirmAsked, winddown.AddressConfirmed,
		winddown.PasswordForgotten, winddown.OperatorChanged, winddown.ConsentGiven, winddown.IdentityProved,
		winddown.TwoFactorOn, winddown.TwoFactorMoved, winddown.TwoFactorOff, winddown.RecoveryUsed, winddown.RecoveryRenewed, winddown.SecretsResealed,
		winddown.PasskeyAdded, winddown.PasskeyRemoved, winddown.PasskeyCopied,
		winddown.EmailChangeAsked, winddown.EmailChangeEnded, winddown.EmailChanged, winddown.CaseErased, winddown.JobRequeued,
		winddown.AccountDeleted, winddown.AccountKept, winddown.AccountErased,
		winddown.CalendarImported, winddown.CalendarForgotten, winddown.TextChanged, winddown.FileDownloaded, winddown.ShareOpened,
	}
	c, _, err := winddown.OpenCase(winddown.ID{1}, winddown.NewCase{
		Seller:  winddown.Seller{Name: "ИП Петрова", INN: "7707083893"},
		Answers: winddown.RawAnswers{FBS: "yes", WBStock: "no"},
	}, winddown.Stamp{Today: winddown.Date{Year: 2026, Month: 11, Day: 22}})
	if err != nil {
		t.Fatal(err)
	}
	all := winddown.Changes{"seller_name": "a", "inn": "1", "ogrn": "2", "cabinet": "b", "zone": "Asia/Omsk", "fbs": "yes", "wb_stock": "no",
		"leftover": "both", "on": "2026-11-22", "pick_up_by": "2026-11-23", "channel": "documents", "ticket": "3",
		"period_from": "2020-01-01", "period_to": "2021-01-01", "counterparty": "c", "note": "d", "acting": "yes", "started_on": "2026-11-22",
		"side": "to_wb", "what": "f", "amount": "3418.20", "settled_on": "2026-11-22", "written_off": "g",
		"requested_on": "2026-11-01", "received_on": "2026-11-02", "ours": "0.00", "theirs": "-3418.20", "compared_on": "2026-11-03",
		"agrees": "no", "difference": "3418.20", "objections": "h", "disputed_on": "2026-11-04", "signed_on": "2026-11-05", "signer": "i",
		"authority": "j", "via": "paper", "countersigned_on": "2026-11-06", "slot": "act_file", "version": "2", "name": "k.pdf",
		"evidence": "1,2", "due": "report", "from": "2026-11-01", "until": "2026-11-08", "closed_on": "2026-11-07", "term": "chase",
		"days": "3, 7", "source": "l", "as_of": "2026-11-01", "balance": "-1.00",
		"whom": "m", "shows": "files,people,comments", "expires_on": "2026-12-22", "password": "yes"}
	for _, locale := range i18n.Locales() {
		w := caseWords{p: i18n.For(locale), c: c, now: time.Now(), today: winddown.Date{Year: 2026, Month: 11, Day: 22}}
		for _, kind := range winddown.EventKinds() {
			if slices.Contains(elsewhere, kind) {
				continue
			}
			for _, st := range c.Steps {
				for _, role := range winddown.Roles() {
					e := winddown.Event{Kind: kind, Step: st.Code, Steps: []winddown.Code{winddown.ZeroFBS, winddown.SellOut}, Role: role, After: all}
					title := w.eventTitle(app.TrailLine{Event: e, User: "Иванова"})
					if title == "" || strings.Contains(title, "[") {
						t.Errorf("%s: %s has the title %q", locale, kind, title)
					}
					e.Before, e.After = all, winddown.Changes{"note": "e"}
					if note := w.eventNote(e); strings.Contains(note, "[") || strings.Contains(note, "documents") || strings.Contains(note, "3418.20") {
						t.Errorf("%s: %s has the note %q", locale, kind, note)
					}
				}
			}
		}
	}
}

// Whoever takes along what is kept of him reads every event in words, whole or by its kind alone, in
// whatever trail it stands.
func TestEveryEventOfMineHasWords(t *testing.T) {
	me := winddown.Actor{UserID: winddown.ID{1}, Name: "Петрова", Zone: winddown.DefaultZone}
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	for _, locale := range i18n.Locales() {
		w := mineWords{p: i18n.For(locale), actor: me, now: now}
		tell := func(stream winddown.StreamKind, e winddown.Event) {
			t.Helper()
			if text := w.event(stream, e); text == "" || strings.Contains(text, "[") || strings.Contains(text, "<no value>") || strings.Contains(text, string(e.Kind)) {
				t.Errorf("%s: %s of a %s is %q", locale, e.Kind, stream, text)
			}
		}
		for _, kind := range winddown.EventKinds() {
			tell(winddown.UserStream, winddown.Event{Kind: kind})
			tell(winddown.UserStream, winddown.Event{Kind: kind, At: now})
			if strings.HasPrefix(string(kind), "firm_") && kind != winddown.FirmSettingChanged {
				tell(winddown.FirmStream, winddown.Event{Kind: kind, At: now, Role: winddown.Lead,
					After: winddown.Changes{"firm_name": "Учёт", "text": "zero_fbs", "locale": "ru", "edition": "3"}})
			}
		}
		for _, after := range []winddown.Changes{{"mine": "zip"}, {"register": "xlsx"}, {"pack": "3"}, {"number": "1"}} {
			tell(winddown.UserStream, winddown.Event{Kind: winddown.FileDownloaded, At: now, After: after})
		}
		tell(winddown.UserStream, winddown.Event{Kind: winddown.UserLoggedIn, At: now, After: winddown.Changes{"browser": winddown.NewBrowser}})
		one, others := winddown.Event{Kind: winddown.SessionRevoked, At: now, Before: winddown.Changes{"session": winddown.ID{3}.String()}},
			winddown.Event{Kind: winddown.SessionRevoked, At: now, Before: winddown.Changes{"session": "others"}}
		tell(winddown.UserStream, others)
		if w.event(winddown.UserStream, one) == w.event(winddown.UserStream, others) {
			t.Errorf("%s: the end of one login reads like that of all others", locale)
		}
		said := map[string]int{}
		for act := 1; act <= 3; act++ { // of several the archive knows but the numbers
			for _, e := range []winddown.Event{
				{Kind: winddown.StepDone, At: now, Step: winddown.RequestAct, Act: act, After: winddown.Changes{"on": "2026-11-22", "counterparty": "ООО «РВБ»"}},
				{Kind: winddown.ActReminded, At: now, Step: winddown.RequestAct, Act: act},
				{Kind: winddown.ActUndone, At: now, Step: winddown.RequestAct, Act: act},
			} {
				tell(winddown.CaseStream, e)
				title, _, _ := strings.Cut(w.event(winddown.CaseStream, e), "\n")
				if other, known := said[title]; known || strings.Contains(title, w.p.T("history.act", "Number", act)) != (act > 1) {
					t.Errorf("%s: of act %d he reads %q, as of act %d", locale, act, title, other)
				}
				said[title] = act
			}
		}
	}
	p := i18n.For(i18n.Locales()[0])
	w := mineWords{p: p, actor: me, now: now}
	joined := winddown.Event{Kind: winddown.PersonJoined, At: now, Role: winddown.Accountant, User: me.UserID}
	if text := w.event(winddown.CaseStream, joined); !strings.Contains(text, "Петрова") {
		t.Errorf("of himself he reads %q", text)
	}
	joined.User = winddown.ID{2}
	if text := w.event(winddown.CaseStream, joined); !strings.Contains(text, p.T("mydata.somebody")) || strings.Contains(text, p.T("history.nobody")) {
		t.Errorf("of somebody else he reads %q", text)
	}
}

// Every event of a firm's trail has words in every language, every setting among them.
func TestEveryEventOfAFirmHasWords(t *testing.T) {
	f := &winddown.Firm{}
	settled := f.SetActing(true)
	for _, set := range []func() ([]winddown.Event, error){
		func() ([]winddown.Event, error) { return f.SetActing(false), nil },
		func() ([]winddown.Event, error) { return f.SetChase([]int{2, 5}) },
		func() ([]winddown.Event, error) {
			return f.SetRequisites(winddown.Requisites{LegalName: "ООО «Учёт»"})
		},
		func() ([]winddown.Event, error) {
			today := winddown.Date{Year: 2026, Month: 11, Day: 22}
			return f.SetDays([]winddown.Date{today}, nil, today)
		},
	} {
		events, err := set()
		if err != nil || len(events) != 1 {
			t.Fatalf("%+v, %v", events, err)
		}
		settled = append(settled, events...)
	}
	after := winddown.Changes{"firm_name": "Учёт", "text": "zero_fbs", "locale": "ru", "edition": "3"}
	for _, locale := range i18n.Locales() {
		p := i18n.For(locale)
		said := map[string]winddown.EventKind{}
		tell := func(e winddown.Event) {
			t.Helper()
			title := firmEventTitle(p, app.TrailLine{Event: e, User: "Иванова"})
			if other, known := said[title]; title == "" || strings.Contains(title, "[") || strings.Contains(title, "<no value>") || known {
				t.Errorf("%s: %s has the title %q, as has %q", locale, e.Kind, title, other)
			}
			said[title] = e.Kind
		}
		for _, kind := range winddown.EventKinds() {
			if strings.HasPrefix(string(kind), "firm_") && kind != winddown.FirmSettingChanged {
				tell(winddown.Event{Kind: kind, Role: winddown.Lead, After: after})
			}
		}
		for _, e := range settled {
			tell(e)
		}
	}
}

// Whatever a summary names as due or as a problem has words in the lists.
func TestEveryDueAndEveryProblemHasWords(t *testing.T) {
	today := winddown.Date{Year: 2026, Month: 11, Day: 22}
	for _, locale := range i18n.Locales() {
		p := i18n.For(locale)
		whole := func(what, text string) {
			t.Helper()
			if text == "" || strings.Contains(text, "[") {
				t.Errorf("%s: %s is %q", locale, what, text)
			}
		}
		for _, g := range winddown.Groups() { // firms and cases have days of their own: a heading names none
			for _, key := range []string{"register.group.", "register.chip.group."} {
				if text := p.T(key + string(g)); strings.ContainsFunc(text, unicode.IsDigit) {
					t.Errorf("%s: the group is called %q", locale, text)
				}
				whole(string(g), p.T(key+string(g)))
			}
		}
		for _, kind := range winddown.DueKinds() {
			for _, days := range []int{-2, 0, 5} {
				s := winddown.Summary{Due: kind, DueOn: today.AddDays(days)}
				whole(string(kind), dueNote(p, s, today))
				if due := caseRowDue(p, s, winddown.GroupEarly, today); kind != winddown.DueChase {
					whole(string(kind), due)
				}
			}
			if due := caseRowDue(p, winddown.Summary{Due: kind, DueOn: today.AddDays(nearDays + 1)}, winddown.GroupEarly, today); due != "" {
				t.Errorf("far away is %q", due)
			}
		}
		for _, kind := range []winddown.ProblemKind{winddown.Regressed, winddown.Reopened, winddown.Returned, winddown.Unsettled, winddown.Burning} {
			s := winddown.Summary{Stage: winddown.GroupProblem, Problem: kind, Blocker: winddown.SettleDebts}
			if kind == winddown.Burning {
				s = winddown.Summary{Stage: winddown.GroupEarly, BurnOn: today}
			}
			problem, _ := obstacle(p, s, today)
			whole(string(kind), problem)
			whole(string(kind), caseRowNext(p, s, winddown.GroupProblem, today))
		}
	}
}

func TestFeminine(t *testing.T) {
	for name, want := range map[string]bool{
		"Иванова": true, "Анна Петрова": true, "Петрова А. С.": true, "Марина": true, "Достоевская": true, "Анна Сергеевна": true,
		"Иванов": false, "Пётр Шевченко": false, "Илья": false, "Никита Петров": false, "": false, "Jane": false,
	} {
		if got := feminine(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
