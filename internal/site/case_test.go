package site_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/net/html"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

type node = html.Node

// stepRow is the text of a step's row and its state.
func stepRow(p *testkit.Page, code winddown.Code) (text, state string) {
	row := p.ByTestID("step-" + string(code))
	return testkit.Text(row), testkit.Attr(row, "data-state")
}

func stepPath(id winddown.ID, code winddown.Code) string {
	return "/cases/" + id.String() + "/steps/" + string(code)
}

func on(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 9, 0, 0, 0, time.UTC) // noon in Moscow
}

func TestChecklist(t *testing.T) {
	s := testkit.Start(t)
	anna, helper := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова А. С.", 1)
	anna.Join(helper, id, winddown.Helper)
	s.Clock.Set(on(2026, time.November, 3))
	anna.Mark(id, winddown.ZeroFBS)
	s.Clock.Set(on(2026, time.November, 14))
	helper.Mark(id, winddown.SellOut)
	anna.PostForm(stepPath(id, winddown.ReturnStock), url.Values{"done": {"no"}, "version": {"1"}, "note": {"Осталось 46 шт."}}).Want(http.StatusSeeOther)
	batch(t, s, anna, id, winddown.Date{Year: 2026, Month: time.November, Day: 25})
	s.Clock.Set(testkit.Noon())
	page := anna.Get("/cases/" + id.String()).Want(http.StatusOK)

	if page.Heading() != "Уход с Wildberries: ИП Петрова А. С." {
		t.Errorf("h1 %q", page.Heading())
	}
	if got := testkit.Text(page.ByTestID("overall")); got != "Уход не завершён. Выполнено 2 шага из 9." {
		t.Errorf("overall %q", got)
	}
	if got := testkit.Text(page.ByTestID("next")); !strings.HasPrefix(got, "Дальше: заберите возвраты покупателей") ||
		!strings.Contains(got, "Возвраты ждут до 25 ноября: осталось 3 дня") {
		t.Errorf("next %q", got)
	}
	for _, want := range []struct {
		code  winddown.Code
		state string
		texts []string
	}{
		{winddown.ZeroFBS, "done", []string{"Выполнено", "3 ноября, Петрова"}},
		{winddown.SellOut, "done", []string{"14 ноября, Иванова за ИП Петрова А. С."}},
		{winddown.ReturnStock, "in_progress", []string{"В работе", "с 14 ноября", "Осталось 46 шт."}},
		{winddown.CollectReturns, "problem", []string{"Есть проблема", "срок 25 ноября"}},
		{winddown.StripMedia, "not_started", []string{"Не начато", "Дождитесь, пока товар закончится"}},
		{winddown.RequestAct, "blocked", []string{"Пока недоступно", "Сначала: вернуть товар со складов WB, забрать возвраты покупателей"}},
		{winddown.SettleDebts, "blocked", []string{"Сначала: подписать акт"}},
	} {
		text, state := stepRow(page, want.code)
		if state != want.state {
			t.Errorf("%s is %s, want %s", want.code, state, want.state)
		}
		for _, part := range want.texts {
			if !strings.Contains(text, part) {
				t.Errorf("the row of %s, %q, lacks %q", want.code, text, part)
			}
		}
		if linked := page.HasLink(stepPath(id, want.code)); linked == (want.state == "blocked") {
			t.Errorf("%s (%s): linked %v", want.code, want.state, linked)
		}
	}
	for heading, count := range map[string]string{"group-stop": "2 из 4", "group-cards": "0 из 1", "group-settle": "0 из 4"} {
		if got := testkit.Text(page.ByID(heading).Parent); !strings.HasSuffix(got, count) {
			t.Errorf("%s: %q, want %s", heading, got, count)
		}
	}
	if !strings.Contains(page.Main(), "после 2 шагов") {
		t.Error("the card does not say after how many steps the act can be requested")
	}
	for _, href := range []string{"/answers", "/details", "/people", "/history", "/finish"} {
		if !page.HasLink("/cases/" + id.String() + href) {
			t.Errorf("the owner finds no link to %s", href)
		}
	}

	theirs := helper.Get("/cases/" + id.String()).Want(http.StatusOK)
	for _, href := range []string{"/answers", "/details", "/people", "/finish"} {
		if theirs.HasLink("/cases/" + id.String() + href) {
			t.Errorf("the helper is led to %s", href)
		}
	}
	if page := s.SignUp("Чужой", "stranger").Get("/cases/" + id.String()); page.Status != http.StatusNotFound {
		t.Errorf("a stranger gets %d", page.Status)
	}
}

func TestChecklistIsSmall(t *testing.T) {
	s := testkit.Start(t)
	anna, helper := s.SignUp("Анна Сергеевна Петрова", "petrova"), s.SignUp("Мария Игоревна Иванова", "ivanova")
	id := anna.OpenCase("Индивидуальный предприниматель Петрова Анна Сергеевна", 1)
	anna.Join(helper, id, winddown.Helper)
	for _, code := range append(testkit.Goods(), winddown.StripMedia) {
		form := url.Values{"done": {"yes"}, "on": {"2026-11-22"}, "version": {"1"}, "note": {strings.Repeat("Заметка о шаге "+string(code)+". ", 8)},
			"reason_stock_zero": {"Нет снимка"}, "reason_remains_zero": {"Нет отчёта"}}
		helper.PostForm(stepPath(id, code), form).Want(http.StatusSeeOther)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write([]byte(anna.Get("/cases/" + id.String()).Body))
	_ = z.Close()
	if packed.Len() > 6<<10 {
		t.Errorf("the checklist is %d bytes gzipped, more than 6 kB", packed.Len())
	}
}

func TestWaitingForTheAct(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, append(testkit.Goods(), winddown.StripMedia)...)
	s.Clock.Set(on(2026, time.November, 12))
	anna.PostForm(stepPath(id, winddown.RequestAct), url.Values{"done": {"yes"}, "on": {"2026-11-12"}, "version": {"1"}, "ticket": {"48-1177"}}).
		WantRedirect("/cases/" + id.String())
	page := anna.Get("/cases/" + id.String())
	if got := page.Notice(); !strings.HasSuffix(got, "Акт запрошен 12 ноября. Напомните WB 17 и 23 ноября, если акт не придёт.") {
		t.Errorf("notice %q", got)
	}
	if row := page.ByTestID("step-request_act"); !strings.Contains(testkit.Attr(row, "class"), "changed") {
		t.Error("the changed row does not fade")
	}
	for _, day := range []struct {
		now  time.Time
		want []string
	}{
		{on(2026, time.November, 12), []string{"Ждём ответ WB с 12 ноября", "Следующее напоминание: 17 ноября"}},
		{on(2026, time.November, 13), []string{"Ждём ответ WB с 12 ноября, 1 день"}},
		{on(2026, time.November, 14), []string{"12 ноября, 2 дня"}},
		{on(2026, time.November, 22), []string{"12 ноября, 10 дней", "Пора напомнить WB"}},
		{on(2026, time.November, 27), []string{"12 ноября, 15 дней", "дольше 10 рабочих дней"}},
		{on(2026, time.December, 20), []string{"12 ноября, 38 дней"}},
		{on(2027, time.January, 12), []string{"12 ноября 2026, 61 день"}},
	} {
		s.Clock.Set(day.now)
		page := anna.Get("/cases/" + id.String())
		next := testkit.Text(page.ByTestID("next"))
		for _, want := range day.want {
			if !strings.Contains(next, want) {
				t.Errorf("%s: next is %q, want %q", day.now.Format(time.DateOnly), next, want)
			}
		}
		if row, _ := stepRow(page, winddown.RequestAct); !strings.Contains(row, "Номер обращения: 48-1177") {
			t.Errorf("the row %q lacks the ticket", row)
		}
	}
	// Having looked for the act spends the reminder.
	s.Clock.Set(on(2026, time.November, 18))
	if next := testkit.Text(anna.Get("/cases/" + id.String()).ByTestID("next")); !strings.Contains(next, "Пора напомнить") {
		t.Errorf("next %q", next)
	}
	anna.PostForm(stepPath(id, winddown.ReceiveAct), url.Values{"done": {"no"}, "version": {"1"}}).Want(http.StatusSeeOther)
	if next := testkit.Text(anna.Get("/cases/" + id.String()).ByTestID("next")); !strings.Contains(next, "Следующее напоминание: 23 ноября") {
		t.Errorf("next %q", next)
	}
}

// A letter is promised only to whoever will get one.
func TestNoticeOfARequestPromisesLetters(t *testing.T) {
	s := testkit.Start(t, testkit.WithMail())
	anna := s.SignUp("Петрова", "petrova")
	const link = "Включить письма"
	for _, row := range []struct {
		confirmed bool
		settings  winddown.MailSettings
		want      string
	}{
		{false, letters(winddown.Daily), " Подтвердите адрес в учётной записи, иначе напоминания не придут."},
		{false, letters(winddown.Weekly), " Подтвердите адрес в учётной записи, иначе напоминания не придут."},
		{false, letters(winddown.Never), " Чтобы напоминания приходили, подтвердите адрес в учётной записи и включите письма об этом." + link},
		{false, letters(winddown.Daily, winddown.TellChase), " Чтобы напоминания приходили, подтвердите адрес в учётной записи и включите письма об этом." + link},
		{true, letters(winddown.Daily), ""},
		{true, letters(winddown.Weekly), ": письма приходят вам раз в неделю, по средам."},
		{true, letters(winddown.Never), ": письма об этом у вас отключены." + link},
		{true, letters(winddown.Daily, winddown.TellChase), ": письма об этом у вас отключены." + link},
		{true, letters(winddown.Weekly, winddown.TellChase), ": письма об этом у вас отключены." + link},
	} {
		if row.confirmed {
			anna.Confirm()
		}
		choose(t, s, anna, row.settings)
		s.Clock.Set(on(2026, time.November, 11))
		id := anna.OpenCase("ИП Петрова", 1)
		anna.Mark(id, append(testkit.Goods(), winddown.StripMedia)...)
		s.Clock.Set(on(2026, time.November, 12))
		anna.PostForm(stepPath(id, winddown.RequestAct), url.Values{"done": {"yes"}, "on": {"2026-11-12"}, "version": {"1"}}).Want(http.StatusSeeOther)
		want := "Акт запрошен 12 ноября. Напомните WB 17 и 23 ноября, если акт не придёт."
		if row.want == "" {
			want = "Акт запрошен 12 ноября. Напомним вам 17 и 23 ноября, если акт не придёт."
		} else if strings.HasPrefix(row.want, ":") {
			want = strings.TrimSuffix(want, ".")
		}
		p := anna.Get("/cases/" + id.String())
		if got := p.Notice(); !strings.HasSuffix(got, want+row.want) || p.HasLink("/account/mail") != strings.HasSuffix(want+row.want, link) {
			t.Errorf("confirmed %t, %+v: the notice is %q, want %q", row.confirmed, row.settings, got, want+row.want)
		}
	}
}

func letters(f winddown.Frequency, muted ...winddown.DigestKind) winddown.MailSettings {
	m := winddown.DefaultMailSettings()
	m.Frequency, m.Weekday, m.Muted = f, 3, muted
	return m
}

func choose(t *testing.T, s *testkit.Site, who *testkit.Client, m winddown.MailSettings) {
	t.Helper()
	if err := s.App.ChangeMailSettings(t.Context(), who.Actor(), m); err != nil {
		t.Fatal(err)
	}
}

// Whoever is promised a letter for a day gets it on that day, and whoever is not gets none that
// day, or has chosen another day for his letters.
func TestPromisesOfLettersAreKept(t *testing.T) {
	database := &sent{}
	s := testkit.Start(t, testkit.WithMail(), testkit.WithTracer(database))
	owner, helper, keeper, lead, admin := s.SignUp("Петрова", "petrova"), s.SignUp("Гусев", "gusev"), s.SignUp("Иванова", "ivanova"),
		s.SignUp("Ким", "kim"), s.SignUp("Орлова", "orlova")
	admin.FoundFirm("Баланс")
	admin.JoinFirm(keeper, winddown.Accountant)
	admin.JoinFirm(lead, winddown.Lead)
	s.Clock.Set(on(2026, time.November, 11))
	id := admin.AddSeller("ИП Петрова", 1)
	admin.Join(owner, id, winddown.Owner)
	owner.Join(helper, id, winddown.Helper)
	admin.Assign(keeper.ID, id)
	owner.Mark(id, append(testkit.Goods(), winddown.StripMedia)...)
	s.Clock.Set(on(2026, time.November, 12))
	owner.Mark(id, winddown.RequestAct)
	for _, archived := range []bool{false, true} {
		if archived {
			if _, err := s.App.Archive(t.Context(), admin.Actor(), []winddown.ID{id}, true); err != nil {
				t.Fatal(err)
			}
		}
		for _, row := range []struct {
			name string
			who  *testkit.Client
			told bool
		}{
			{"owner", owner, true}, {"helper", helper, true}, {"responsible", keeper, !archived}, {"lead", lead, false}, {"admin", admin, false},
		} {
			for _, m := range []winddown.MailSettings{letters(winddown.Daily), letters(winddown.Weekly), letters(winddown.Never),
				letters(winddown.Daily, winddown.TellChase), letters(winddown.Weekly, winddown.TellChase)} {
				choose(t, s, row.who, m)
				s.Clock.Set(on(2026, time.November, 12))
				database.n.Store(0)
				p := row.who.Get("/cases/"+id.String(), "Cookie", "winddown_notice=done.request_act; "+s.SessionCookie()+"="+row.who.Cookie(s.SessionCookie()))
				if n := database.n.Load(); n != 2 {
					t.Errorf("the page with the notice takes %d round trips", n)
				}
				got := p.Notice()
				s.Clock.Set(on(2026, time.November, 17))
				d, _, err := s.App.Digest(t.Context(), row.who.ID, winddown.Date{Year: 2026, Month: time.November, Day: 17})
				if err != nil {
					t.Fatal(err)
				}
				chased := false
				for _, c := range d.Cases {
					chased = chased || slices.ContainsFunc(c.Items, func(i winddown.DigestItem) bool { return i.Kind == winddown.TellChase })
				}
				// A weekly letter is written on whatever day it is planned for, which is another one.
				promised, weekly := strings.Contains(got, "Напомним вам 17 и 23 ноября"), strings.Contains(got, "раз в неделю, по средам")
				if chased != (promised || weekly) || promised && weekly || weekly && m.Frequency != winddown.Weekly {
					t.Errorf("%s, archived %t, %+v: a letter %t after %q", row.name, archived, m, chased, got)
				}
				if chased != (row.told && m.Tells(winddown.TellChase)) {
					t.Errorf("%s, archived %t, %+v: a letter %t", row.name, archived, m, chased)
				}
				if off := strings.Contains(got, "Включить письма"); off != (row.told && !m.Tells(winddown.TellChase)) {
					t.Errorf("%s, archived %t, %+v: offered to turn letters on %t", row.name, archived, m, off)
				}
				if !strings.Contains(got, "Акт запрошен 12 ноября. Напомн") || !strings.Contains(got, " 17 и 23 ноября, если акт не придёт") {
					t.Errorf("%s, archived %t, %+v: the notice is %q", row.name, archived, m, got)
				}
			}
		}
	}
}

// sent counts what is sent to the database and waited for.
type sent struct{ n atomic.Int64 }

func (c *sent) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	if !strings.HasPrefix(d.SQL, "-- ping") { // the pool looks after connections that had nothing to do for a second
		c.n.Add(1)
	}
	return ctx
}
func (c *sent) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (c *sent) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	c.n.Add(1)
	return ctx
}
func (c *sent) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (c *sent) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

// The days of the reminders in the notice leave out those that have passed.
func TestNoticeOfARequestInThePast(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, testkit.Goods()...)
	request := func(day string, version int) string {
		anna.PostForm(stepPath(id, winddown.RequestAct), url.Values{"done": {"yes"}, "on": {day}, "version": {fmt.Sprint(version)}}).Want(http.StatusSeeOther)
		return anna.Get("/cases/" + id.String()).Notice()
	}
	if got := request("2026-10-01", 1); !strings.HasSuffix(got, "Акт запрошен 1 октября.") {
		t.Errorf("notice %q", got)
	}
	if got := request("2026-11-18", 2); !strings.HasSuffix(got, "Напомните WB 23 и 27 ноября, если акт не придёт.") {
		t.Errorf("notice %q", got)
	}
	if got := request("2026-11-22", 3); !strings.HasSuffix(got, "Напомните WB 25 ноября и 1 декабря, если акт не придёт.") {
		t.Errorf("notice %q", got)
	}
}

func TestNoticeNamesWhatWasOpened(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	goods := testkit.Goods()
	for i, code := range goods {
		anna.PostForm(stepPath(id, code), url.Values{"done": {"yes"}, "on": {"2026-11-22"}, "version": {"1"},
			"reason_stock_zero": {"Нет снимка"}, "reason_remains_zero": {"Нет отчёта"}}).Want(http.StatusSeeOther)
		got := anna.Get("/cases/" + id.String()).Notice()
		if opened := strings.Contains(got, "Открыт шаг «Запросить акт сверки»."); opened != (i == len(goods)-1) {
			t.Errorf("after %s: %q", code, got)
		}
		if i == 0 && !strings.HasSuffix(got, "Шаг «Обнулить остатки FBS» отмечен.") {
			t.Errorf("notice %q", got)
		}
	}
}

// The notice comes back from the browser: what it says must make sense.
func TestNoticeIsNotBelieved(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	for _, forged := range []string{"done.nonsense", "done", "nonsense", "nonsense.zero_fbs", "done.zero_fbs.x", "."} {
		page := anna.Get("/cases/"+id.String(), "Cookie", "winddown_notice="+forged+"; "+s.SessionCookie()+"="+anna.Cookie(s.SessionCookie()))
		if page.Status != http.StatusOK || page.Notice() != "" {
			t.Errorf("%s: %d %q", forged, page.Status, page.Notice())
		}
	}
}

func TestChecklistInEnglish(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Petrova", "petrova")
	id := anna.OpenCase("IP Petrova", 1)
	anna.PostForm("/account/settings", url.Values{"name": {"Petrova"}, "locale": {"en"}, "zone": {"Asia/Vladivostok"}}).Want(http.StatusSeeOther)
	anna.Get("/account")
	anna.PostFiles(testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero), "", testkit.Upload{Name: "stock.png", Content: testkit.PNG(1)})
	anna.Mark(id, winddown.ZeroFBS)
	page := anna.Get("/cases/" + id.String()).Want(http.StatusOK)
	if got := testkit.Text(page.ByTestID("overall")); got != "The wind-down is not finished. 1 step of 9 is done." {
		t.Errorf("overall %q", got)
	}
	for _, path := range []string{"", "/finish", "/answers", "/details", "/steps/zero_fbs", "/files/1/remove", "/steps/zero_fbs/undo", "/steps/zero_fbs/regress",
		"/steps/request_act", "/history"} {
		if text := anna.Get("/cases/" + id.String() + path).Want(http.StatusOK).Main(); strings.ContainsAny(text, "абвгдеёжзийклмнопрстуфхцчшщъыьэюя") {
			t.Errorf("%s speaks Russian: %s", path, text)
		}
	}
	if text := anna.Get("/cases/" + id.String() + "/history").Main(); !strings.Contains(text, "22 November 2026, 19:00 MSK+7 · Petrova") {
		t.Errorf("the history does not show the reader's own time: %s", text)
	}
}
