package site

import (
	"strings"

	"winddown/internal/app"
	"winddown/internal/letter"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// sellerView is a case as its accountant sees it: the act first, then what stands in the
// way, then the steps.
func sellerView(w caseWords, in app.People) page.SellerView {
	c := w.c
	sum := winddown.Summarize(c, w.cal)
	group := sum.Group(w.today)
	v := page.SellerView{
		Back: ui.BackLinkProps{Href: "/sellers", Text: w.p.T("register.title")}, Name: c.Seller.Name,
		Overall: w.overallView(), Group: string(group), GroupTitle: w.p.T("register.group." + string(group)),
		ActsHref: actsHref(c.ID), Risk: w.risk(), Books: w.books(), Groups: w.groups(""),
		HistoryHref: w.href() + "/history", PackHref: packHref(c.ID), Rescue: rescuing(w.p, w.c, w.may(winddown.CanTransfer), w.now), PeopleHref: peopleHref(c.ID),
	}
	if w.may(winddown.CanManage) {
		v.Links = append(w.settings(), ui.NavItem{Label: w.p.T("case.finish.name"), Href: w.href() + "/finish"})
	}
	v.Requisites = append(v.Requisites, page.Fact{Term: w.p.T("requisites.inn"), Value: c.Seller.INN})
	if c.Seller.OGRN != "" {
		v.Requisites = append(v.Requisites, page.Fact{Term: w.p.T("requisites.ogrn"), Value: c.Seller.OGRN})
	}
	if c.Seller.Cabinet != "" {
		v.Requisites = append(v.Requisites, page.Fact{Term: w.p.T("requisites.cabinet"), Value: c.Seller.Cabinet})
	}
	for _, act := range c.Acts {
		v.Acts = append(v.Acts, w.sellerAct(act, sum, group))
	}
	v.Obstacles = w.obstacles(sum, group)
	for _, one := range in.People {
		v.People = append(v.People, page.Fact{Term: w.p.T("role." + string(one.Role)), Value: one.Name})
	}
	if !c.HasOwner {
		v.NoOwner = w.p.T("people.no_owner")
		if w.may(winddown.CanInviteOwner) {
			v.InviteOwnerHref = peopleHref(c.ID)
		}
	}
	if !c.ArchivedAt.IsZero() {
		v.Archived, v.ArchiveHref = w.p.T("seller.archived"), registerHref(winddown.RegisterFilter{Query: c.Seller.INN, Archive: true})
	}
	if r := c.Reminder; r != nil {
		v.People = append(v.People, page.Fact{Term: w.p.T("seller.reminded"), Value: strings.Trim(
			w.day(winddown.DateOf(r.At.In(winddown.Zone(w.zone))))+", "+w.view.Names[r.By], ", ")})
	}
	if w.may(winddown.CanMark) && !c.Finished() {
		v.Acting = w.p.T("seller.acting")
	}
	return v
}

// sellerAct is everything known of one act.
func (w caseWords) sellerAct(act winddown.Act, sum winddown.Summary, group winddown.Group) page.SellerActView {
	phase := act.Phase()
	v := page.SellerActView{
		State: w.phase(act), CanRequest: group == winddown.GroupReady && phase == winddown.PhaseNotRequested, Facts: w.actRows(act),
	}
	if len(w.c.Acts) > 1 {
		v.Title = w.actLabel(act)
	}
	add := func(key, value string) {
		if value != "" {
			v.Facts = append(v.Facts, ui.SummaryRow{Key: w.p.T(key), Value: value})
		}
	}
	if phase != winddown.PhaseRequested || w.c.Finished() {
		if state, on := act.State(); state == sum.Act && on == sum.ActOn { // the act the case waits for
			add("seller.act.waiting", waitingWords(w.p, sum, w.today))
		}
		return v
	}
	if days := act.RequestedOn.DaysUntil(w.today); days > 0 {
		add("seller.act.waiting", w.p.N("act.waiting", days, "Date", w.day(act.RequestedOn)))
	} else {
		add("seller.act.waiting", w.p.T("act.waiting.today", "Date", w.day(act.RequestedOn)))
	}
	add("seller.act.chase", w.reminders(act, maxReminders))
	chase := w.c.ChaseDates(w.cal, act)
	last := w.c.Term(winddown.DueChase).Days[len(chase)-1]
	if w.today.Before(w.c.OverdueOn(w.cal, act)) {
		v.Facts = append(v.Facts, ui.SummaryRow{Key: w.p.N("seller.act.overdue_from", last), Value: w.date(chase[len(chase)-1])})
	} else {
		v.Overdue = w.p.N("seller.act.overdue", last)
	}
	if w.chaseDue(act) {
		v.Remind = w.letterLink(w.p.T("seller.act.chase"), letter.Reminder, act)
	}
	switch year, known := w.shifting(act); {
	case year != "" && known:
		v.Shifting = w.p.T("seller.act.shifting", "Year", year)
	case year != "":
		v.Shifting = w.p.T("seller.act.missing", "Year", year)
	}
	return v
}

// obstacles are the steps that stand in the way of what comes next: those with a problem,
// then those that keep the request of the act closed, or the next step of the chain.
func (w caseWords) obstacles(sum winddown.Summary, group winddown.Group) []page.ObstacleView {
	var all []page.ObstacleView
	seen := map[winddown.Code]bool{}
	add := func(code winddown.Code, problem bool) {
		if seen[code] {
			return
		}
		seen[code] = true
		v := page.ObstacleView{Name: stepName(w.p, code), Href: w.stepHref(code), Text: w.hint(code)}
		if problem {
			v.Tag = w.p.T("status." + string(winddown.HasProblem))
		}
		all = append(all, v)
	}
	for _, st := range w.c.Steps {
		if w.status(st.Code) == winddown.HasProblem {
			add(st.Code, true)
		}
	}
	if group == winddown.GroupEarly || group == winddown.GroupProblem {
		for _, code := range w.c.Blockers(winddown.RequestAct) {
			add(code, false)
		}
	}
	if group == winddown.GroupFinish && sum.Blocker != "" {
		add(sum.Blocker, false)
	}
	return all
}
