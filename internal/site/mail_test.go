package site_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	ics "github.com/arran4/golang-ical"
	"golang.org/x/net/html"

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
