package site

import (
	"cmp"
	"net/url"
	"strings"
	"time"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

func memberHref(id winddown.ID) string { return "/firm/people/" + id.String() }

func leaveHref(id winddown.ID) string { return caseHref(id) + "/firm/leave" }

func firmView(p *i18n.Printer, actor winddown.Actor, in app.FirmView, typed firmForm) page.FirmView {
	v := page.FirmView{Name: in.Firm.Name}
	me := actor.FirmRole
	zone := winddown.Zone(actor.Zone)
	if actor.Firms > 1 {
		v.SwitchHref = "/firm/choose"
	}
	assigns, runs := winddown.MayInFirm(winddown.CanAssign, me), winddown.MayInFirm(winddown.CanRunFirm, me)
	if assigns && in.Unassigned > 0 {
		v.Unassigned = p.N("firm.unassigned", in.Unassigned)
		v.UnassignedHref = registerHref(winddown.RegisterFilter{Responsible: winddown.Responsible{None: true}})
	}
	var admins []string
	for _, m := range in.Firm.Members {
		if winddown.MayInFirm(winddown.CanRunFirm, m.Role) {
			admins = append(admins, m.Name)
		}
		row := page.MemberView{
			Name: m.Name, Email: m.Email, Role: p.T("role." + string(m.Role)), Since: p.T("people.since", "Time", p.Date(m.AddedAt.In(zone))),
		}
		if m.UserID == actor.UserID {
			row.You = p.T("people.you")
		}
		if assigns || m.UserID == actor.UserID {
			row.Cases = p.T("firm.no_cases")
			if m.Cases > 0 {
				row.Cases = p.N("firm.cases", m.Cases)
				row.CasesHref = registerHref(winddown.RegisterFilter{Responsible: winddown.Responsible{ID: m.UserID}})
			}
		}
		if runs {
			row.EditHref = memberHref(m.UserID)
		}
		v.People = append(v.People, row)
	}
	v.History = firmTrail(p, actor, in.Trail)
	if in.TrailMore {
		v.HistoryHref = "/firm/history"
	}
	v.QuitHref = "/firm/leave"
	if !runs {
		v.AskAdmin = p.T("firm.invite.ask", "Names", strings.Join(admins, ", "))
		return v
	}
	v.SettingsHref = settingsHref
	v.Roles = firmRoles(p, typed.role)
	for _, i := range in.Invites {
		row := openInvite(p, actor, i.Email, i.CreatedAt, i.ExpiresAt)
		row.Role, row.RevokeAction = p.T("firm.invite_for."+string(i.Role)), "/firm/invites/"+i.ID.String()+"/revoke"
		v.Invites = append(v.Invites, row)
	}
	v.Rename = &page.FirmNameView{Value: in.Firm.Name}
	if typed.name != nil {
		v.Rename.Value = *typed.name
	}
	return v
}

// firmRoles are the roles of a firm to choose from.
func firmRoles(p *i18n.Printer, chosen winddown.Role) []ui.Option {
	var all []ui.Option
	for _, role := range winddown.FirmRoles() {
		all = append(all, ui.Option{Value: string(role), Label: p.T("role." + string(role)), Hint: p.T("firm.role_hint." + string(role)), Checked: role == chosen})
	}
	return all
}

// firmTrail writes lines of a firm's trail.
func firmTrail(p *i18n.Printer, reader winddown.Actor, lines []app.TrailLine) []ui.TimelineItem {
	var all []ui.TimelineItem
	for _, line := range lines {
		at := line.Event.At.In(winddown.Zone(reader.Zone))
		all = append(all, ui.TimelineItem{
			Title: firmEventTitle(p, line), Meta: p.DateTime(at) + " · " + cmp.Or(line.By, p.T("history.system")), Datetime: at.Format(time.RFC3339),
		})
	}
	return all
}

// firmEventTitle says what happened in a firm.
func firmEventTitle(p *i18n.Printer, line app.TrailLine) string {
	e := line.Event
	if e.Kind == winddown.FirmSettingChanged {
		key := e.After["setting"]
		if key == "acting" {
			key += "_" + e.After["acting"]
		}
		return p.T("event.firm_setting_changed."+key, "Before", e.Before["days"], "After", e.After["days"])
	}
	title := e.After["firm_name"]
	switch e.Kind {
	case winddown.FirmTextDrafted:
		title = stepName(p, winddown.Code(e.After["text"])) + " · " + p.T("texts.language."+e.After["locale"])
	case winddown.FirmTextsPublished:
		title = e.After["edition"]
	default:
	}
	role, forWhom := "", ""
	if e.Role != "" {
		role, forWhom = p.T("history.role."+string(e.Role)), p.T("history.for."+string(e.Role))
	}
	return p.T("event."+string(e.Kind), "Name", cmp.Or(line.User, p.T("history.nobody")), "Role", role, "For", forWhom, "Title", title)
}

// registerQuery is the query of the register's address under a filter.
func registerQuery(f winddown.RegisterFilter) string {
	u, err := url.Parse(registerHref(f))
	if err != nil {
		return ""
	}
	return u.RawQuery
}

// teamwork reports whether it matters who is responsible: in a firm of one it does not.
func teamwork(reg winddown.Register) bool { return len(reg.Members) > 1 || reg.Unassigned > 0 }

// responsibleOptions are the choices of the filter «Ответственный», for those who see more
// than their own cases.
func responsibleOptions(p *i18n.Printer, f winddown.RegisterFilter, members []winddown.Member) []ui.Option {
	all := []ui.Option{
		{Label: p.T("register.filter.responsible.all")},
		{Value: winddown.ResponsibleMe, Label: p.T("register.filter.responsible.me"), Checked: f.Responsible.Me},
	}
	for _, m := range members {
		all = append(all, ui.Option{Value: m.UserID.String(), Label: m.Name, Checked: m.UserID == f.Responsible.ID})
	}
	return append(all, ui.Option{Value: winddown.ResponsibleNone, Label: p.T("register.filter.responsible.none"), Checked: f.Responsible.None})
}

// responsibleChip is the chosen filter «Ответственный» in words.
func responsibleChip(p *i18n.Printer, f winddown.RegisterFilter, members []winddown.Member) string {
	if f.Responsible.ID.IsZero() {
		return p.T("register.chip.responsible." + f.Responsible.String())
	}
	name := ""
	for _, m := range members {
		if m.UserID == f.Responsible.ID {
			name = m.Name
		}
	}
	if name == "" {
		return p.T("register.chip.responsible.gone")
	}
	return p.T("register.chip.responsible", "Name", name)
}
