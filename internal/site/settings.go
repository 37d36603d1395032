package site

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

const settingsHref = "/firm/settings"

// FirmSettings shows what the firm has settled for its cases.
func (s *Site) FirmSettings(w http.ResponseWriter, r *http.Request) error {
	return s.firmSettings(w, r, nil, nil)
}

// SetRequisites writes the firm's requisites for letters.
func (s *Site) SetRequisites(w http.ResponseWriter, r *http.Request) error {
	return s.setFirm(w, r, "requisites", func(f *formReader) error {
		squeezed := func(name string) string { return strings.Join(strings.Fields(f.form.Get(name)), "") }
		return s.app.SetRequisites(r.Context(), actorOf(r.Context()), winddown.Requisites{
			LegalName: f.form.Get("legal_name"), INN: squeezed("inn"), KPP: squeezed("kpp"), Address: f.form.Get("address"),
			Phone: f.form.Get("phone"), Signer: f.form.Get("signer"), Authority: f.form.Get("authority"),
		})
	})
}

// SetFirmChase writes when the marketplace is reminded of acts.
func (s *Site) SetFirmChase(w http.ResponseWriter, r *http.Request) error {
	return s.setFirm(w, r, "chase", func(f *formReader) error {
		var days []int
		for _, text := range listItems(f.form.Get("days")) {
			n, ok := plainNumber(text)
			if !ok {
				n = 0 // no day at all: the rule says which are
			}
			days = append(days, n)
		}
		return s.app.SetFirmChase(r.Context(), actorOf(r.Context()), days)
	})
}

// SetFirmDays writes the firm's own days off and days worked.
func (s *Site) SetFirmDays(w http.ResponseWriter, r *http.Request) error {
	return s.setFirm(w, r, "days", func(f *formReader) error {
		off, worked := f.days("off"), f.days("worked")
		if err := f.err(); err != nil {
			return err
		}
		return s.app.SetFirmDays(r.Context(), actorOf(r.Context()), off, worked)
	})
}

// SetFirmActing says whether sellers added from now on begin with «ведёт за продавца».
func (s *Site) SetFirmActing(w http.ResponseWriter, r *http.Request) error {
	return s.setFirm(w, r, "acting", func(f *formReader) error {
		return s.app.SetFirmActing(r.Context(), actorOf(r.Context()), f.form.Get("acting") == "yes")
	})
}

// setFirm leads back to the settings with a notice, or draws them again with what was typed.
func (s *Site) setFirm(w http.ResponseWriter, r *http.Request, notice string, do func(*formReader) error) error {
	values, err := form(w, r)
	if err != nil {
		return err
	}
	switch err := do(&formReader{form: values}); {
	case err == nil:
		s.notice(w, "settings", notice)
		return s.redirect(w, r, settingsHref)
	case redrawable(err):
		return s.firmSettings(w, r, values, err)
	default:
		return err
	}
}

// runFirm returns the firm for those who may run it.
func (s *Site) runFirm(r *http.Request) (app.FirmView, error) {
	actor := actorOf(r.Context())
	in, err := s.app.Firm(r.Context(), actor)
	if err == nil {
		err = in.Firm.Allow(winddown.CanRunFirm, actor.UserID)
	}
	return in, err
}

func (s *Site) firmSettings(w http.ResponseWriter, r *http.Request, typed url.Values, failure error) error {
	in, err := s.runFirm(r)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	m := mistakesOf(r.Context(), failure)
	v := settingsView(p, in.Firm, typed)
	v.Errors, v.FieldErrors = m.items, m.fields
	status, options := formStatus(failure, layoutText)
	if n := s.takeNotice(w, r); len(n) == 2 && n[0] == "settings" && slices.Contains([]string{"requisites", "chase", "days", "acting"}, n[1]) {
		options = append(options, layoutNotice(&ui.NoticeProps{Variant: ui.NoticeSuccess, Text: p.T("settings.notice." + n[1])}))
	}
	s.render(w, r, status, page.FirmSettings(s.layout(r, p.T("settings.title"), options...), v))
	return nil
}

// settingsView shows a firm's settings, with what one of the forms sent in place of what stands.
func settingsView(p *i18n.Printer, f *winddown.Firm, typed url.Values) page.SettingsView {
	var chase []string
	for _, n := range f.Practice.ChaseDays() {
		chase = append(chase, strconv.Itoa(n))
	}
	text := func(name, stands string) string {
		if typed.Has(name) {
			return typed.Get(name)
		}
		return stands
	}
	q := f.Requisites
	v := page.SettingsView{
		LegalName: text("legal_name", q.LegalName), INN: text("inn", q.INN), KPP: text("kpp", q.KPP), Address: text("address", q.Address),
		Phone: text("phone", q.Phone), Signer: text("signer", q.Signer), Authority: text("authority", q.Authority),
		Chase: text("days", strings.Join(chase, ", ")), Off: text("off", dayLines(p, f.Practice.Off)), Worked: text("worked", dayLines(p, f.Practice.Worked)),
		Acting: f.Practice.Acting,
	}
	return v
}

// dayForms are how a day of a list may be typed; the first is how the pages write it.
func dayForms(p *i18n.Printer) []string {
	if p.Locale() == i18n.Russian {
		return []string{"02.01.2006", time.DateOnly, "2.1.2006"}
	}
	return []string{time.DateOnly, "02.01.2006", "2.1.2006"}
}

// dayLines writes days a line each.
func dayLines(p *i18n.Printer, days []winddown.Date) string {
	var lines []string
	for _, d := range days {
		lines = append(lines, d.Time().Format(dayForms(p)[0]))
	}
	return strings.Join(lines, "\n")
}

// days reads a list of days; what is no day is a mistake of the field.
func (f *formReader) days(name string) []winddown.Date {
	var all []winddown.Date
next:
	for _, text := range listItems(f.form.Get(name)) {
		for _, form := range dayForms(i18n.For(i18n.Russian)) {
			if t, err := time.Parse(form, text); err == nil {
				all = append(all, winddown.DateOf(t))
				continue next
			}
		}
		f.fields = append(f.fields, winddown.FieldError{Field: name, Key: "settings.error.day", Args: winddown.Args{"Text": clipTo(text, 20)}})
		return nil
	}
	return all
}

// listItems parts what was typed at commas, semicolons and spaces.
func listItems(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \t\r\n\u00a0", r) })
}

// FirmHistory shows a firm's trail, newest first.
func (s *Site) FirmHistory(w http.ResponseWriter, r *http.Request) error {
	before, err := readBefore(r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	in, err := s.app.FirmHistory(r.Context(), actor, before)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	const href = "/firm/history"
	v := page.HistoryView{
		Back: ui.BackLinkProps{Href: "/firm", Text: p.T("firm.title")}, Lead: in.Firm.Name, Items: firmTrail(p, actor, in.Trail),
	}
	if before > 0 {
		v.Pager.PreviousHref = href
	}
	if in.TrailMore {
		v.Pager.NextHref = href + "?before=" + strconv.FormatInt(in.Trail[len(in.Trail)-1].Seq, 10)
	}
	s.render(w, r, http.StatusOK, page.History(s.layout(r, p.T("settings.history.title", "Firm", in.Firm.Name), layoutText), v))
	return nil
}

// QuitFirmForm asks before the reader leaves the firm he works in.
func (s *Site) QuitFirmForm(w http.ResponseWriter, r *http.Request) error {
	return s.quitFirm(w, r, nil)
}

func (s *Site) quitFirm(w http.ResponseWriter, r *http.Request, failure error) error {
	actor := actorOf(r.Context())
	in, err := s.app.Firm(r.Context(), actor)
	if err != nil {
		return err
	}
	me, err := in.Firm.Member(actor.UserID)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	v := page.SureView{
		Back: ui.BackLinkProps{Href: "/firm", Text: p.T("firm.title")}, Title: p.T("settings.quit.title", "Firm", in.Firm.Name),
		Texts: []string{p.T("settings.quit.text")}, Action: "/firm/leave", Submit: p.T("settings.quit.submit"),
		Errors: mistakesOf(r.Context(), failure).items, Whole: true,
	}
	if me.Cases > 0 {
		v.Texts = append(v.Texts, p.N("firm.remove.cases", me.Cases))
	}
	if in.Firm.Removable(actor.UserID) != nil {
		v.Refused, v.Texts, v.Ways = true, []string{p.T("settings.quit.last")}, []page.WayView{way(p, "admin", "/firm")}
		if len(in.Firm.Members) == 1 {
			v.Texts = []string{p.T("settings.quit.alone")}
			v.Ways = []page.WayView{way(p, "invite", "/firm#firm-invite"), way(p, "erase", "/account/delete")}
		}
	}
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.Sure(s.layout(r, v.Title, options...), v))
	return nil
}

// way is what somebody without whom a firm would be nobody's can do, and where.
func way(p *i18n.Printer, name, href string) page.WayView {
	return page.WayView{Text: p.T("settings.quit.way." + name), Link: ui.Link{Href: href, Text: p.T("settings.quit.way." + name + ".link")}}
}

// QuitFirm takes the reader out of the firm he works in, which ends his sessions.
func (s *Site) QuitFirm(w http.ResponseWriter, r *http.Request) error {
	_, err := s.app.QuitFirm(r.Context(), actorOf(r.Context()))
	switch {
	case err == nil:
		return s.redirect(w, r, "/login")
	case redrawable(err):
		return s.quitFirm(w, r, err)
	}
	return err
}
