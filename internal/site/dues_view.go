package site

import (
	"cmp"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

func duesView(p *i18n.Printer, actor winddown.Actor, f winddown.DuesFilter, all winddown.Dues, cal winddown.Calendar, today winddown.Date) page.DuesView {
	v := page.DuesView{
		Late: p.N("dues.late", all.Late), Result: p.N("dues.result", all.Matching, "PageSize", winddown.DuesPageSize), ResetHref: duesPath,
		None: p.T("dues.none"), From: f.From.String(), To: f.To.String(), Strip: stripView(p, f, all, cal, today),
	}
	if all.Late > 0 {
		late := f
		late.Due, late.From, late.To, late.After = []winddown.DueFilter{winddown.DueOverdue}, winddown.Date{}, winddown.Date{}, nil
		v.LateHref = duesHref(late)
	}
	for _, d := range winddown.DueFilters() {
		v.Due = append(v.Due, ui.Option{Value: string(d), Label: p.T("register.filter.due." + string(d)), Checked: f.Has(d)})
	}
	if actor.FirmRole.SeesFirm() && len(all.Members) > 1 {
		v.Responsible = responsibleOptions(p, winddown.RegisterFilter{Responsible: f.Responsible}, all.Members)
	} else {
		v.Whose = f.Responsible.String()
	}
	v.Chips = duesChips(p, f, all, today)
	for _, row := range all.Rows {
		title := weekTitle(p, row.On.Monday(), today)
		if row.On.Before(today) { // the reader's: days of the cases' own zones would take turns
			title = p.T("dues.overdue")
		}
		if n := len(v.Weeks); n == 0 || v.Weeks[n-1].Title != title {
			v.Weeks = append(v.Weeks, page.DueWeekView{ID: "week-" + row.On.String(), Title: title})
		}
		week := &v.Weeks[len(v.Weeks)-1]
		week.Rows = append(week.Rows, dueLine(p, row, actor))
	}
	if v.None = p.T("dues.none"); len(v.Chips) > 0 {
		v.None = p.T("dues.none_matching")
	}
	if f.After != nil {
		first := f
		first.After = nil
		v.Pager.PreviousHref = duesHref(first)
	}
	if n := len(all.Rows); n > 0 && all.More {
		next, place := f, all.Rows[n-1].Cursor()
		next.After = &place
		v.Pager.NextHref = duesHref(next)
	}
	return v
}

// duesChips are the filters in force, each with the address of the list without it.
func duesChips(p *i18n.Printer, f winddown.DuesFilter, all winddown.Dues, today winddown.Date) []ui.ChipProps {
	f.After = nil
	var chips []ui.ChipProps
	add := func(text string, without func(*winddown.DuesFilter)) {
		rest := f
		without(&rest)
		chips = append(chips, ui.ChipProps{Text: text, Href: duesHref(rest)})
	}
	for _, d := range f.Due {
		add(p.T("register.chip.due."+string(d)), func(f *winddown.DuesFilter) { f.Due = except(f.Due, d) })
	}
	if f.Responsible != (winddown.Responsible{}) {
		add(responsibleChip(p, winddown.RegisterFilter{Responsible: f.Responsible}, all.Members),
			func(f *winddown.DuesFilter) { f.Responsible = winddown.Responsible{} })
	}
	if !f.From.IsZero() || !f.To.IsZero() {
		text := p.T("dues.chip.days", "From", dayOf(p, f.From, today), "To", dayOf(p, f.To, today))
		switch {
		case f.From == f.To:
			text = dayOf(p, f.From, today)
		case f.From.IsZero():
			text = p.T("dues.chip.to", "To", dayOf(p, f.To, today))
		case f.To.IsZero():
			text = p.T("dues.chip.from", "From", dayOf(p, f.From, today))
		}
		add(text, func(f *winddown.DuesFilter) { f.From, f.To = winddown.Date{}, winddown.Date{} })
	}
	return chips
}

// weekTitle names a week by its first and last day, «23–29 ноября».
func weekTitle(p *i18n.Printer, monday, today winddown.Date) string {
	if sunday := monday.AddDays(6); sunday.Month == monday.Month {
		return p.T("dues.week.month", "From", monday.Day, "To", dayOf(p, sunday, today))
	}
	return p.T("dues.week", "From", dayOf(p, monday, today), "To", dayOf(p, monday.AddDays(6), today))
}

// dueLine is one deadline of one seller.
func dueLine(p *i18n.Printer, row winddown.DueRow, actor winddown.Actor) page.DueLineView {
	v := page.DueLineView{
		TestID: "due-" + row.Case.String() + "-" + string(row.Kind), Title: p.T("deadline.title." + string(row.Kind)), Note: row.What,
		Date: p.Date(row.On.Time()), Datetime: row.On.String(), Seller: row.Seller.Name, Href: deadlinesHref(row.Case), Erasing: erasing(p, row.EraseAt, row.Zone),
	}
	if row.Seller.Cabinet != "" {
		v.Seller = p.T("cases.name_cabinet", "Seller", row.Seller.Name, "Cabinet", row.Seller.Cabinet)
	}
	if actor.FirmRole.SeesFirm() {
		v.Responsible = cmp.Or(row.Responsible, p.T("register.responsible.none"))
	}
	switch days := row.Today.DaysUntil(row.On); {
	case days < 0:
		v.In, v.Tone = late(p, row.Kind, -days), ui.TagRed
	case days == 0:
		v.In, v.Tone = p.T("deadline.today"), ui.TagAmber
	case days <= nearDays:
		v.In, v.Tone = p.N("deadline.in", days), ui.TagAmber
	default:
		v.In = p.N("deadline.in", days)
	}
	return v
}

// stripView draws the weeks ahead, a line each; a day is the darker the more falls on it.
func stripView(p *i18n.Printer, f winddown.DuesFilter, all winddown.Dues, cal winddown.Calendar, today winddown.Date) page.DueStripView {
	most := 0
	for _, n := range all.Days {
		most = max(most, n)
	}
	asked := func(from, to winddown.Date) string {
		f.Due, f.After, f.From, f.To = nil, nil, from, to
		return duesHref(f) + "#list"
	}
	var v page.DueStripView
	for i := range 7 {
		v.Weekdays = append(v.Weekdays, ui.Link{Text: p.T("dues.weekday." + string(rune('1'+i))), Hidden: p.T("dues.weekday." + string(rune('1'+i)) + ".full")})
	}
	monday := today.Monday()
	for w := range winddown.StripWeeks {
		first := monday.AddDays(7 * w)
		row := page.DueStripWeekView{Title: weekTitle(p, first, today)}
		total := 0
		for i := range 7 {
			on := first.AddDays(i)
			n := all.Days[on]
			total += n
			day := page.DueStripDayView{Day: on.Day, Datetime: on.String(), Off: !cal.IsWorkday(on), Today: on == today}
			if n > 0 {
				day.Count, day.Href, day.Level = p.Int(n), asked(on, on), 1+3*(n-1)/max(1, most)
				day.Label = p.N("dues.day", n, "Date", dayOf(p, on, today))
			}
			row.Days = append(row.Days, day)
		}
		row.Total = p.T("dues.week.none")
		if total > 0 {
			row.Total, row.Href = p.N("dues.week.total", total), asked(first, first.AddDays(6))
		}
		v.Weeks = append(v.Weeks, row)
	}
	return v
}
