package site_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"golang.org/x/net/html"

	"winddown/internal/app"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func TestMailSettings(t *testing.T) {
	s := testkit.Start(t, testkit.WithMail())
	c := s.SignUp("Анна Петрова", "petrova")
	silent := "Пока адрес не подтверждён"
	if !strings.Contains(c.Get("/account/mail").Main(), silent) {
		t.Error("nothing says why no letters come")
	}
	c.Confirm()
	if strings.Contains(c.Get("/account/mail").Main(), silent) {
		t.Error("letters come, and the page says that they do not")
	}
	form := url.Values{"frequency": {"weekly"}, "weekday": {"3"}, "hour": {"18"}, "kind": {"problem", "deadline"}, "inbox": {"week"}}
	c.PostForm("/account/mail", form).WantRedirect("/account/mail")
	page := c.Get("/account/mail").Want(http.StatusOK)
	if got := page.Notice(); !strings.Contains(got, "Сохранено.") {
		t.Errorf("notice %q", got)
	}
	checked := func(p *testkit.Page) string {
		var all []string
		for _, n := range p.All(func(n *html.Node) bool { return n.Data == "input" || n.Data == "option" }) {
			for _, a := range n.Attr {
				if a.Key == "checked" || a.Key == "selected" {
					all = append(all, testkit.Attr(n, "value"))
				}
			}
		}
		return strings.Join(all, " ")
	}
	if got := checked(page); !strings.HasPrefix(got, "weekly 3 18 problem deadline week") {
		t.Errorf("the saved choices are drawn as %q", got)
	}
	form.Set("frequency", "hourly")
	form.Set("hour", "7")
	page = c.PostForm("/account/mail", form).Want(http.StatusUnprocessableEntity)
	if got := page.Errors(); len(got) != 1 || got["frequency"] == "" {
		t.Errorf("mistakes %v", got)
	}
	if got := checked(page); !strings.HasPrefix(got, "3 7 problem deadline week") {
		t.Errorf("what was typed is drawn as %q", got)
	}
}

// The link under a letter: following it ends nothing, its button does, as does the request a
// mail provider sends by itself, and both can be taken back.
func TestUnsubscribe(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Анна Петрова", "petrova")
	id := c.OpenCase("ИП Петрова", 1)
	today := winddown.Date{Year: 2026, Month: 11, Day: 22}
	batch := winddown.AddDeadline{Kind: winddown.DuePickUp, From: today, Until: today.AddDays(2)}
	if err := s.App.AddDeadline(t.Context(), c.Actor(), id, batch); err != nil {
		t.Fatal(err)
	}
	c.Confirm()
	d, ok, err := s.App.Digest(t.Context(), c.ID, today)
	if err != nil || !ok {
		t.Fatalf("no letter: %v", err)
	}
	href := "/unsubscribe/" + d.Unsubscribe
	frequency := func() winddown.Frequency {
		t.Helper()
		read, err := s.App.MailSettings(t.Context(), c.Actor())
		if err != nil {
			t.Fatal(err)
		}
		return read.Settings.Frequency
	}
	want := func(f winddown.Frequency) {
		t.Helper()
		if got := frequency(); got != f {
			t.Errorf("letters come %s, want %s", got, f)
		}
	}
	anybody := s.Anybody()
	page := anybody.Get(href).Want(http.StatusOK)
	want(winddown.Daily)
	if got := page.Header.Get("Referrer-Policy"); got != "strict-origin" {
		t.Errorf("Referrer-Policy %q", got)
	}
	page = anybody.PostForm(href, nil).Want(http.StatusOK)
	want(winddown.Never)
	if !strings.Contains(page.Main(), "Вернуть письма") {
		t.Errorf("the page offers no way back:\n%s", page.Main())
	}
	anybody.PostForm(href+"/undo", nil).Want(http.StatusOK)
	want(winddown.Daily)
	anybody.PostForm(href, url.Values{"List-Unsubscribe": {"One-Click"}}, "Origin", "https://mail.example", "Sec-Fetch-Site", "cross-site").Want(http.StatusOK)
	want(winddown.Never)
	anybody.PostForm(href+"/undo", nil, "Origin", "https://mail.example", "Sec-Fetch-Site", "cross-site").Want(http.StatusForbidden)
	want(winddown.Never)
}

// The calendar is read back by a library, and holds exactly the days of the case.
func TestCalendarFeed(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Анна Петрова", "petrova")
	id := c.OpenCase(`ИП Петрова; «Ромашка, \и другие» с длинным названием, чтобы строка не поместилась`, 1)
	today := winddown.Date{Year: 2026, Month: 11, Day: 22}
	batch := winddown.AddDeadline{Kind: winddown.DuePickUp, What: "две коробки, 12 штук; и ещё", From: today, Until: today.AddDays(5)}
	if err := s.App.AddDeadline(t.Context(), c.Actor(), id, batch); err != nil {
		t.Fatal(err)
	}
	link := func() string {
		t.Helper()
		c.PostForm("/account/calendar", nil).WantRedirect("/account/mail")
		address, ok := strings.CutPrefix(testkit.Attr(c.Get("/account/mail").ByID("feed-link"), "value"), s.URL)
		if !ok || c.Get("/account/mail").HasTestID("feed-link") {
			t.Fatalf("the link %q is not shown once", address)
		}
		return address
	}
	first := link()
	anybody := s.Anybody()
	page := anybody.Get(first).Want(http.StatusOK)
	cal, err := ics.ParseCalendar(strings.NewReader(page.Body))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.Body, "\r\nREFRESH-INTERVAL;VALUE=DURATION:PT4H\r\n") {
		t.Error("it does not say how often to ask")
	}
	got := map[string]string{}
	for _, e := range cal.Events() {
		start, err := e.GetAllDayStartAt()
		if err != nil {
			t.Fatal(err)
		}
		end, err := e.GetAllDayEndAt()
		if err != nil || end.Sub(start).Hours() != 24 {
			t.Errorf("%s lasts from %s to %s, %v", e.Id(), start, end, err)
		}
		got[e.Id()] = start.Format("2006-01-02") + " " + e.GetProperty(ics.ComponentPropertySummary).Value
	}
	host := "@" + regexp.MustCompile(`^https?://([^:/]+)`).FindStringSubmatch(s.URL)[1]
	want := map[string]string{
		"due-1." + id.String() + host: "2026-11-27 " + c.Case(id).Case.Seller.Name + ": забрать возвраты",
		"inbox." + id.String() + host: "2026-12-22 " + c.Case(id).Case.Seller.Name + ": проверить входящие в кабинете",
	}
	for uid, line := range want {
		if got[uid] != line {
			t.Errorf("%s: %q, want %q", uid, got[uid], line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("the calendar holds %v", got)
	}
	for line := range strings.SplitSeq(page.Body, "\r\n") {
		if len(line) > 75 || strings.Contains(line, "\n") {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
	}
	if got := page.Header.Get("Cache-Control"); got != "private, no-cache" {
		t.Errorf("Cache-Control %q", got)
	}
	anybody.Get(first, "If-None-Match", page.Header.Get("ETag")).Want(http.StatusNotModified)
	if err := s.App.CheckInbox(t.Context(), c.Actor(), id); err != nil {
		t.Fatal(err)
	}

	second := link()
	anybody.Get(first).Want(http.StatusGone)
	anybody.Get(second).Want(http.StatusOK)
	c.PostForm("/account/calendar/revoke", nil).WantRedirect("/account/mail")
	anybody.Get(second, "If-None-Match", page.Header.Get("ETag")).Want(http.StatusGone)
	anybody.Get("/calendar/unknown.ics").Want(http.StatusNotFound)
}

// A calendar program that has the file is told so without a case being read, and gets it anew
// after anything that changes it.
func TestCalendarFeedIsSentAnew(t *testing.T) {
	s := testkit.Start(t)
	ctx, a := t.Context(), s.App
	owner, admin, keeper := s.SignUp("Анна Петрова", "petrova"), s.SignUp("Ольга Ким", "kim"), s.SignUp("Мария Иванова", "ivanova")
	admin.FoundFirm("Баланс")
	admin.JoinFirm(keeper, winddown.Accountant)
	id := owner.OpenCase("ИП Петрова", 1)
	owner.Join(keeper, id, winddown.Accountant)
	token, err := a.NewFeed(ctx, keeper.Actor())
	if err != nil {
		t.Fatal(err)
	}
	path, anybody := "/calendar/"+token+".ics", s.Anybody()
	today := func() winddown.Date { return winddown.Today(s.Clock.Now(), winddown.DefaultZone) }
	have := anybody.Get(path).Want(http.StatusOK)
	second := func(_ int, err error) error { return err }
	for _, x := range []struct {
		name string
		do   func() error
	}{
		{"a deadline", func() error {
			return a.AddDeadline(ctx, owner.Actor(), id, winddown.AddDeadline{Kind: winddown.DuePickUp, What: "две коробки", From: today(), Until: today().AddDays(5)})
		}},
		{"dealt with", func() error { return a.CloseDeadline(ctx, owner.Actor(), id, 1, today()) }},
		{"leave to mark", func() error { return a.SetActing(ctx, owner.Actor(), id, true) }},
		{"a look into the inbox", func() error {
			s.Clock.Advance(48 * time.Hour)
			return a.CheckInbox(ctx, owner.Actor(), id)
		}},
		{"a term of its own", func() error {
			return a.ChangeTerm(ctx, owner.Actor(), id, winddown.ChangeTerm{Kind: winddown.DueInbox, Days: []int{20}, Source: "Оферта", AsOf: today()})
		}},
		{"another name", func() error {
			seller := owner.Case(id).Case.Seller
			seller.Name = "ИП Сидорова"
			return a.ChangeDetails(ctx, owner.Actor(), id, winddown.ChangeDetails{Seller: seller, Zone: winddown.DefaultZone})
		}},
		{"the act requested", func() error {
			owner.Mark(id, append(testkit.Goods(), winddown.RequestAct)...)
			return nil
		}},
		{"the firm's reminders", func() error { return a.SetFirmChase(ctx, admin.Actor(), []int{2, 4}) }},
		{"the firm's days off", func() error {
			return a.SetFirmDays(ctx, admin.Actor(), []winddown.Date{today().AddDays(1), today().AddDays(2)}, nil)
		}},
		{"everybody's days off", func() error {
			return second(a.SetCalendarDay(ctx, today().AddDays(6), true, false, "постановление", today()))
		}},
		{"another language", func() error {
			return a.ChangeSettings(ctx, keeper.Actor(), app.Settings{Name: "Maria", Locale: "en", Zone: winddown.DefaultZone})
		}},
		{"archived", func() error { return second(a.Archive(ctx, admin.Actor(), []winddown.ID{id}, true)) }},
		{"back from the archive", func() error { return second(a.Archive(ctx, admin.Actor(), []winddown.ID{id}, false)) }},
		{"somebody else's", func() error {
			return second(a.Assign(ctx, admin.Actor(), []winddown.ID{id}, winddown.Responsible{ID: admin.ID}))
		}},
		{"seen as a lead", func() error { return a.SetFirmRole(ctx, admin.Actor(), keeper.ID, winddown.Lead) }},
	} {
		anybody.Get(path, "If-None-Match", have.Header.Get("ETag")).Want(http.StatusNotModified)
		if err := x.do(); err != nil {
			t.Fatalf("%s: %v", x.name, err)
		}
		now := anybody.Get(path, "If-None-Match", have.Header.Get("ETag"))
		if now.Status != http.StatusOK || now.Body == have.Body || now.Header.Get("ETag") == have.Header.Get("ETag") {
			t.Errorf("%s: answered %d, ETag %s before and %s now", x.name, now.Status, have.Header.Get("ETag"), now.Header.Get("ETag"))
		}
		have = anybody.Get(path)
	}
}

// Whoever asks for a calendar without end is told to wait; other addresses are not.
func TestCalendarFeedHasALimit(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Анна Петрова", "petrova")
	token, err := s.App.NewFeed(t.Context(), c.Actor())
	if err != nil {
		t.Fatal(err)
	}
	anybody := s.Anybody()
	for n := 0; ; n++ {
		p := anybody.Get("/calendar/" + token + ".ics")
		if p.Status == http.StatusTooManyRequests {
			if n < 24 || p.Header.Get("Retry-After") == "" {
				t.Errorf("after %d requests, Retry-After %q", n, p.Header.Get("Retry-After"))
			}
			break
		}
		if p.Want(http.StatusOK); n > 500 {
			t.Fatal("there is no limit")
		}
	}
	anybody.Get("/calendar/another.ics").Want(http.StatusNotFound)
}

// Whoever guesses addresses of calendars is told to wait as well; calendars that are there, or
// were, are asked for from one place as often as there are such.
func TestGuessingCalendarsHasALimit(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Анна Петрова", "petrova")
	anybody := s.Anybody()
	var token string
	for range 4 {
		var err error
		if token, err = s.App.NewFeed(t.Context(), c.Actor()); err != nil {
			t.Fatal(err)
		}
		for range 100 {
			anybody.Get("/calendar/" + token + ".ics").Want(http.StatusOK)
		}
	}
	gone := token
	token, err := s.App.NewFeed(t.Context(), c.Actor())
	if err != nil {
		t.Fatal(err)
	}
	for range 15 {
		anybody.Get("/calendar/" + gone + ".ics").Want(http.StatusGone)
	}
	for n := 0; ; n++ {
		p := anybody.Get("/calendar/guess-" + strconv.Itoa(n) + ".ics")
		if p.Status == http.StatusTooManyRequests {
			if n < 20 || p.Header.Get("Retry-After") == "" {
				t.Errorf("after %d guesses, Retry-After %q", n, p.Header.Get("Retry-After"))
			}
			break
		}
		if p.Want(http.StatusNotFound); n > 500 {
			t.Fatal("there is no limit")
		}
	}
	anybody.Get("/calendar/" + token + ".ics").Want(http.StatusTooManyRequests) // says nothing of what is there
}
