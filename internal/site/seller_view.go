package site

import (
	"winddown/internal/app"
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
		CanRequest: group == winddown.GroupReady, Groups: w.groups(""),
		HistoryHref: w.href() + "/history", PeopleHref: peopleHref(c.ID),
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
		v.Acts = append(v.Acts, w.sellerAct(act, sum))
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
	if w.may(winddown.CanMark) && !c.Finished() {
		v.Acting = w.p.T("seller.acting")
	}
	return v
}

// sellerAct is everything known of one act.
func (w caseWords) sellerAct(act winddown.Act, sum winddown.Summary) page.SellerActView {
	state, on := act.State()
	v := page.SellerActView{State: actWords(w.p, winddown.Summary{Act: state, ActOn: on}, w.today)}
	add := func(key, value string) {
		if value != "" {
			v.Facts = append(v.Facts, ui.SummaryRow{Key: w.p.T(key), Value: value})
		}
	}
	waiting := ""
	if state == sum.Act && on == sum.ActOn { // the act the case waits for
		waiting = waitingWords(w.p, sum, w.today)
	}
	if state == winddown.NotRequested {
		add("seller.act.waiting", waiting)
		return v
	}
	add("seller.act.requested", w.date(act.RequestedOn))
	add("seller.act.received", w.date(act.ReceivedOn))
	add("seller.act.signed", w.date(act.SignedOn))
	if act.Channel != "" {
		add("seller.act.channel", w.p.T("mark.channel."+string(act.Channel)))
	}
	add("seller.act.ticket", act.Ticket)
	add("seller.act.counterparty", act.Counterparty)
	switch from, to := w.date(act.PeriodFrom), w.date(act.PeriodTo); {
	case from != "" && to != "":
		add("seller.act.period", w.p.T("seller.act.period_range", "From", from, "To", to))
	case from != "":
		add("seller.act.period", w.p.T("seller.act.period_from", "From", from))
	case to != "":
		add("seller.act.period", w.p.T("seller.act.period_to", "To", to))
	}
	add("seller.act.waiting", waiting)
	if state == winddown.Requested && !w.c.Finished() {
		add("seller.act.chase", w.reminders(act.RequestedOn, len(winddown.ChaseWorkdays())))
		if w.today.Before(w.cal.OverdueOn(act.RequestedOn)) {
			chase := w.cal.ChaseDates(act.RequestedOn)
			add("seller.act.overdue_from", w.date(chase[len(chase)-1]))
		} else {
			v.Overdue = w.p.T("seller.act.overdue")
		}
		if w.shifting(act.RequestedOn) {
			v.Shifting = w.p.T("seller.act.shifting")
		}
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
