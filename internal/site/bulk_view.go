package site

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// bulkView is what the reader can do with ticked rows, nil for somebody without a firm.
func bulkView(p *i18n.Printer, actor winddown.Actor, f winddown.RegisterFilter, reg winddown.Register, m mistakes) *page.BulkView {
	if !winddown.MayInFirm(winddown.CanRemind, actor.FirmRole) {
		return nil
	}
	v := &page.BulkView{Error: m.of("case"), Query: registerQuery(f)}
	add := func(do string) {
		v.Buttons = append(v.Buttons, ui.ButtonProps{Label: p.T("register.bulk." + do), Variant: ui.ButtonGhost, Name: "do", Value: do})
	}
	if !f.Archive {
		add(doRemind)
		if winddown.MayInFirm(winddown.CanAssign, actor.FirmRole) && teamwork(reg) {
			add(doAssign)
		}
	}
	add("csv")
	add("xlsx")
	if f.Archive {
		add(doUnarchive)
	} else {
		add(doArchive)
	}
	return v
}

func bulkPageView(p *i18n.Printer, plan app.Bulk, in bulkForm, m mistakes, now time.Time, mail bool) page.BulkPageView {
	v := page.BulkPageView{
		Back:   ui.BackLinkProps{Href: registerHref(in.filter), Text: p.T("register.assign.back")},
		Action: "/sellers/" + in.do, Query: registerQuery(in.filter), Submit: p.T("register.bulk.submit." + in.do), Errors: m.items,
	}
	for _, c := range plan.Picked {
		v.Picked = append(v.Picked, page.PickedView{ID: c.ID.String(), Name: c.Seller, Erasing: erasing(p, c.EraseAt, c.Zone)})
	}
	meant := plan.Picked
	switch {
	case plan.Total > winddown.MaxPicked:
		v.TooMany = p.T("register.bulk.too_many", "N", plan.Total, "Max", winddown.MaxPicked)
	case slices.ContainsFunc(plan.Found, func(c winddown.Picked) bool { return !isPicked(plan, c.ID) }):
		var ids []string
		for _, c := range plan.Found {
			ids = append(ids, c.ID.String())
		}
		v.Found = strings.Join(ids, " ")
		v.Scope = &ui.ChoiceProps{Name: "scope", Legend: p.T("register.bulk.scope"), Options: []ui.Option{
			{Value: "picked", Label: p.T("register.bulk.scope.picked", "N", len(plan.Picked)), Checked: !in.all},
			{Value: "found", Label: p.T("register.bulk.scope.found", "N", plan.Total), Checked: in.all},
		}}
		if in.do == doRemind {
			v.Scope.Options[0].Hint = p.T("remind.able", "N", able(plan.Picked, now))
			v.Scope.Options[1].Hint = p.T("remind.able", "N", able(plan.Found, now))
		}
		if in.all {
			meant = plan.Found
		}
	}
	v.Title = p.N("register.bulk.title."+in.do, len(meant))
	if v.Scope != nil { // the number is that of the choice below, which changes without the heading
		v.Title = p.T("register.bulk.title_all." + in.do)
	}
	switch in.do {
	case doAssign:
		v.Texts = []string{p.T("register.assign.note")}
		v.Assign = &ui.SelectProps{Name: "to", Label: p.T("register.bulk.to"), Error: m.of("to"), Options: []ui.Option{{Label: p.T("register.bulk.choose")}}}
		for _, one := range plan.Firm.Members {
			v.Assign.Options = append(v.Assign.Options, ui.Option{Value: one.UserID.String(), Label: one.Name, Checked: one.UserID == in.to.ID})
		}
		v.Assign.Options = append(v.Assign.Options,
			ui.Option{Value: winddown.ResponsibleNone, Label: p.T("register.filter.responsible.none"), Checked: in.to.None})
	case doRemind:
		remindView(p, &v, meant, reminderOf(p, in), m, now, mail)
	default:
		v.Texts = []string{p.T("register.bulk.text." + in.do)}
	}
	if n := going(meant); n > 0 && in.do != doRemind { // who is not reminded is listed
		v.Texts = append(v.Texts, p.N("register.bulk.going", n))
	}
	return v
}

// going is how many of the sellers have deleted their wind-down.
func going(sellers []winddown.Picked) int {
	n := 0
	for _, c := range sellers {
		if c.Going() {
			n++
		}
	}
	return n
}

// able is how many of the sellers can be reminded.
func able(sellers []winddown.Picked, now time.Time) int {
	n := 0
	for _, c := range sellers {
		if c.Remindable(now) == "" {
			n++
		}
	}
	return n
}

func isPicked(plan app.Bulk, id winddown.ID) bool {
	return slices.ContainsFunc(plan.Picked, func(c winddown.Picked) bool { return c.ID == id })
}

// remindView adds the text, how it looks to the first who gets it, who does not, and how many
// find it on the site only.
func remindView(p *i18n.Printer, v *page.BulkPageView, meant []winddown.Picked, remind winddown.Remind, m mistakes, now time.Time, mail bool) {
	v.Texts = []string{p.T("remind.note_site")}
	if mail {
		v.Texts[0] = p.T("remind.note")
		unmailed := 0
		for _, c := range meant {
			if c.Remindable(now) == "" && !c.Mailed {
				unmailed++
			}
		}
		if unmailed > 0 {
			v.Texts = append(v.Texts, p.N("remind.unmailed", unmailed))
		}
	}
	v.Text = &ui.TextareaProps{Name: "text", Label: p.T("remind.text"), Hint: p.T("remind.hint"), Error: m.of("text"), Value: remind.Text,
		Rows: 5, MaxLength: winddown.MaxReminder}
	for _, c := range meant {
		if c.Remindable(now) == "" {
			v.Preview = &page.PreviewView{To: p.T("remind.preview.to", "Seller", c.Seller), Text: remind.Fill(c, now).Text}
			break
		}
	}
	for _, why := range winddown.Skips() {
		var sellers []page.SkippedSeller
		for _, c := range meant {
			if c.Remindable(now) != why {
				continue
			}
			one := page.SkippedSeller{Name: c.Seller, Href: sellerHref(c.ID)}
			if why == winddown.SkipNobody {
				one.WayOut = ui.Link{Href: peopleHref(c.ID), Text: p.T("remind.invite")}
			}
			sellers = append(sellers, one)
		}
		if len(sellers) > 0 {
			v.Skipped = append(v.Skipped, page.SkippedView{Why: p.T("remind.skip." + string(why)), Sellers: sellers})
		}
	}
}

// reminder is what the accountant asks of the seller, as the case's page shows it.
func (w caseWords) reminder() *page.ReminderView {
	r := w.c.Asks()
	if r == nil {
		return nil
	}
	v := &page.ReminderView{
		Title: w.p.T("remind.asks", "Name", cmp.Or(w.view.Names[r.By], w.p.T("history.nobody"))), Text: r.Text, Meta: w.p.DateTime(r.At.In(winddown.Zone(w.zone))),
	}
	if w.may(winddown.CanMark) {
		v.Action = putAwayHref(w.c.ID)
	}
	return v
}
