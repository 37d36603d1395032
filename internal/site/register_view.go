package site

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

func sellerHref(id winddown.ID) string { return "/sellers/" + id.String() }

func registerView(p *i18n.Printer, actor winddown.Actor, f winddown.RegisterFilter, reg winddown.Register, chosen bulkForm, m mistakes, now time.Time) page.RegisterView {
	mine := !actor.FirmRole.SeesFirm()
	var responsible []ui.Option
	if !mine && teamwork(reg) {
		responsible = responsibleOptions(p, f, reg.Members)
	}
	v := page.RegisterView{
		Filters: filtersView(p, f, responsible, nil), Chips: chips(p, f, reg.Members), ResetHref: "/sellers",
		Empty: reg.Total == 0 && reg.Archived == 0, Views: pinnedViews(p, f, reg), Result: p.N("register.result", reg.Matching(), "PageSize", winddown.RegisterPageSize),
		Sentence: sentence(p, reg), None: p.T("register.none"),
	}
	if reg.Returned > 0 {
		v.Returned = p.N("register.returned", reg.Returned)
		v.ReturnedHref = registerHref(winddown.RegisterFilter{Groups: []winddown.Group{winddown.GroupFinished}, Finished: true})
	}
	switch here := f.Responsible.ID; {
	case len(v.Chips) > 0:
		v.SaveHref = viewsHref + "?" + url.Values{"save": {registerQuery(withoutPage(f))}}.Encode()
		if mine && !here.IsZero() && here != actor.UserID {
			v.None = p.T("register.none_of_others")
		}
	case reg.Total > 0: // nothing is chosen: the rest is finished
		v.None, v.FinishedHref = p.T("register.all_finished"), registerHref(winddown.RegisterFilter{Finished: true})
	default:
		v.None, v.ArchiveHref = p.T("register.all_archived"), registerHref(winddown.RegisterFilter{Archive: true})
	}
	v.Elsewhere = elsewhere(p, f, reg)
	if actor.FirmID.IsZero() {
		v.FoundHref = "/firm"
	}
	if len(reg.Rows) == 0 {
		return v
	}
	v.Bulk = bulkView(p, actor, f, reg, m)
	v.Columns = columns(p, f, mine)
	rows := make([]page.SellerRowView, len(reg.Rows))
	for i := range reg.Rows {
		row := &reg.Rows[i]
		rows[i] = sellerRow(p, row, mine, winddown.Today(now, row.Zone))
		rows[i].Picked = slices.Contains(chosen.cases, row.ID)
	}
	if v.Bulk != nil {
		rows[0].PickID = "case"
	}
	for from, to := 0, 0; from < len(rows); from = to {
		group := reg.Rows[from].Group
		for to < len(rows) && reg.Rows[to].Group == group {
			to++
		}
		heading := p.T("register.group.heading", "Group", p.T("register.group."+string(group)), "N", reg.Counts[group])
		v.Groups = append(v.Groups, page.SellerGroupView{Code: string(group), Heading: heading, Rows: rows[from:to]})
	}
	v.Pager = registerPager(f, reg)
	v.Exports = []ui.Link{
		{Href: exportHref(f, "csv"), Text: p.T("register.export.csv")}, {Href: exportHref(f, "xlsx"), Text: p.T("register.export.xlsx")},
	}
	return v
}

// linkMark stands in a sentence for the number that becomes a link: no message has it.
const linkMark = "\x00"

// sentence says at how many sellers the act was requested and at how many it can be. Each
// number leads to the rows it counts; none at all is said in words.
func sentence(p *i18n.Printer, reg winddown.Register) []page.SentenceView {
	linked := func(text string, n int, f winddown.RegisterFilter) page.SentenceView {
		before, after, _ := strings.Cut(text, linkMark)
		return page.SentenceView{Before: before, Number: p.Int(n), Href: registerHref(f), After: after}
	}
	requested := linked(p.N("register.sentence.requested", reg.Open, "Requested", linkMark), reg.Requested,
		winddown.RegisterFilter{Acts: []winddown.ActState{winddown.Requested, winddown.Received, winddown.Signed}})
	ready := linked(p.T("register.sentence.ready", "Ready", linkMark), reg.Ready,
		winddown.RegisterFilter{Groups: []winddown.Group{winddown.GroupReady}})
	switch {
	case reg.Ready > 0:
	case reg.Open > 0 && reg.Requested == reg.Open:
		ready = page.SentenceView{Before: p.T("register.sentence.all")}
	default:
		ready = page.SentenceView{Before: p.T("register.sentence.none")}
	}
	return []page.SentenceView{requested, ready}
}

func withoutPage(f winddown.RegisterFilter) winddown.RegisterFilter {
	f.Cursor = nil
	return f
}

// elsewhere leads to what a search finds where the filter does not look.
func elsewhere(p *i18n.Printer, f winddown.RegisterFilter, reg winddown.Register) []ui.Link {
	if f.Query == "" {
		return nil
	}
	f.Cursor = nil
	var all []ui.Link
	add := func(text string, wider func(*winddown.RegisterFilter)) {
		more := f
		wider(&more)
		all = append(all, ui.Link{Href: registerHref(more), Text: text})
	}
	if n := reg.HiddenFinished; n > 0 {
		add(p.T("register.found.finished", "N", n), func(f *winddown.RegisterFilter) { f.Finished = true })
	}
	if n := reg.HiddenArchived; n > 0 {
		add(p.T("register.found.archived", "N", n), func(f *winddown.RegisterFilter) { f.Archive = true })
	}
	if n := reg.HiddenCurrent; n > 0 {
		add(p.T("register.found.current", "N", n), func(f *winddown.RegisterFilter) { f.Archive, f.Finished = false, true })
	}
	if reg.Matching()+reg.HiddenFinished+reg.HiddenArchived+reg.HiddenCurrent == 0 && !f.Similar {
		add(p.T("register.found.similar"), func(f *winddown.RegisterFilter) { f.Similar = true })
	}
	return all
}

func filtersView(p *i18n.Printer, f winddown.RegisterFilter, responsible []ui.Option, mistakes map[string]string) page.FiltersView {
	v := page.FiltersView{Query: f.Query, Finished: f.Finished, Archive: f.Archive, Responsible: responsible, Whose: f.Responsible.String(), Errors: mistakes}
	if f.Sort != winddown.SortDeadline {
		v.Sort = string(f.Sort)
	}
	for _, a := range winddown.ActStates() {
		v.Acts = append(v.Acts, ui.Option{Value: string(a), Label: p.T("register.filter.act." + string(a)), Checked: slices.Contains(f.Acts, a)})
	}
	for _, g := range winddown.Groups() {
		if g == winddown.GroupFinished && !slices.Contains(f.Groups, g) { // has a box of its own
			continue
		}
		v.Groups = append(v.Groups, ui.Option{Value: string(g), Label: p.T("register.group." + string(g)), Checked: slices.Contains(f.Groups, g)})
	}
	for _, d := range winddown.DueFilters() {
		v.Due = append(v.Due, ui.Option{Value: string(d), Label: p.T("register.filter.due." + string(d)), Checked: slices.Contains(f.Due, d)})
	}
	return v
}

// chips are the chosen filters, each with the address of the register without it.
func chips(p *i18n.Printer, f winddown.RegisterFilter, members []winddown.Member) []ui.ChipProps {
	f.Cursor = nil
	var all []ui.ChipProps
	add := func(text string, without func(*winddown.RegisterFilter)) {
		rest := f
		without(&rest)
		all = append(all, ui.ChipProps{Text: text, Href: registerHref(rest)})
	}
	if f.Query != "" {
		add(p.T("register.chip.query", "Query", f.Query), func(f *winddown.RegisterFilter) { f.Query = "" })
	}
	if f.Similar && f.Query != "" {
		add(p.T("register.chip.similar"), func(f *winddown.RegisterFilter) { f.Similar = false })
	}
	for _, a := range f.Acts {
		add(p.T("register.chip.act."+string(a)), func(f *winddown.RegisterFilter) { f.Acts = except(f.Acts, a) })
	}
	for _, g := range f.Groups {
		add(p.T("register.chip.group."+string(g)), func(f *winddown.RegisterFilter) {
			f.Groups = except(f.Groups, g)
			f.Finished = f.Finished && g != winddown.GroupFinished
		})
	}
	for _, d := range f.Due {
		add(p.T("register.chip.due."+string(d)), func(f *winddown.RegisterFilter) { f.Due = except(f.Due, d) })
	}
	if f.Responsible != (winddown.Responsible{}) {
		add(responsibleChip(p, f, members), func(f *winddown.RegisterFilter) { f.Responsible = winddown.Responsible{} })
	}
	if f.Finished && !slices.Contains(f.Groups, winddown.GroupFinished) {
		add(p.T("register.chip.finished"), func(f *winddown.RegisterFilter) { f.Finished = false })
	}
	if f.Archive {
		add(p.T("register.chip.archive"), func(f *winddown.RegisterFilter) { f.Archive = false })
	}
	if len(f.Only) > 0 {
		add(p.T("register.chip.only", "N", len(f.Only)), func(f *winddown.RegisterFilter) { f.Only = nil })
	}
	return all
}

func except[T comparable](all []T, one T) []T {
	return slices.DeleteFunc(slices.Clone(all), func(x T) bool { return x == one })
}

// columns are the table's headings; three of them sort. Whoever sees his own cases alone needs
// no column for who is responsible.
func columns(p *i18n.Printer, f winddown.RegisterFilter, mine bool) []page.ColumnView {
	f.Cursor = nil
	sorted := func(label string, up winddown.RegisterSort) page.ColumnView {
		c := page.ColumnView{Label: label}
		next := f
		next.Sort = up
		switch f.Sort {
		case up:
			c.Sort, next.Sort = "ascending", "-"+up
		case "-" + up:
			c.Sort = "descending"
		default: // another column sorts
		}
		c.Href = registerHref(next)
		return c
	}
	all := []page.ColumnView{
		sorted(p.T("register.column.seller"), winddown.SortName),
		sorted(p.T("register.column.act"), winddown.SortAct),
		{Label: p.T("register.column.waiting")},
		{Label: p.T("register.column.obstacle")},
		sorted(p.T("register.column.due"), winddown.SortDeadline),
	}
	if !mine {
		all = append(all, page.ColumnView{Label: p.T("register.column.responsible")})
	}
	return append(all, page.ColumnView{Label: p.T("register.column.changed")})
}

func registerPager(f winddown.RegisterFilter, reg winddown.Register) ui.PagerProps {
	var pager ui.PagerProps
	at := func(c winddown.Cursor, before bool) string {
		c.Before = before
		f.Cursor = &c
		return registerHref(f)
	}
	if reg.HasPrevious {
		pager.PreviousHref = at(reg.Rows[0].Cursor, true)
	}
	if reg.HasNext {
		pager.NextHref = at(reg.Rows[len(reg.Rows)-1].Cursor, false)
	}
	return pager
}

// sellerRow is a line of the register on the given day of the case's zone, with a cell for each of
// the columns after the first.
func sellerRow(p *i18n.Printer, row *winddown.RegisterRow, mine bool, today winddown.Date) page.SellerRowView {
	sum := row.Summary
	act := page.CellView{Note: actNote(p, row, today)}
	if row.Group == winddown.GroupReady {
		act.Tags = append(act.Tags, ui.TagProps{Text: p.T("register.act.can_request"), Variant: ui.TagAmber})
	} else {
		act.Text = actWords(p, sum, today)
	}
	if sum.ActSuspended() {
		act.Tags = append(act.Tags, ui.TagProps{Text: p.T("register.act.suspended"), Variant: ui.TagAmber})
	}
	if text := erasing(p, row.EraseAt, row.Zone); text != "" {
		act.Tags = append(act.Tags, ui.TagProps{Text: text, Variant: ui.TagRed})
	}
	if sum.Waived {
		act.Tags = append(act.Tags, ui.TagProps{Text: p.T("review.tag.waived")})
	}
	var due page.CellView
	if !sum.DueOn.IsZero() {
		due = page.CellView{Text: dayOf(p, sum.DueOn, today), Note: dueNote(p, sum, today)}
	}
	cells := make([]page.CellView, 0, 6)
	cells = append(cells, act, page.CellView{Text: waitingWords(p, sum, today)}, obstacleCell(p, row, today), due)
	if !mine {
		name := row.Responsible
		if name == "" {
			name = p.T("register.responsible.none")
		}
		cells = append(cells, page.CellView{Text: name})
	}
	cells = append(cells, page.CellView{Text: dayOf(p, row.ChangedOn, today)})
	return page.SellerRowView{ID: row.ID.String(), Name: row.Seller.Name, INN: row.Seller.INN, Cabinet: row.Seller.Cabinet, Cells: cells}
}

// obstacleCell tells of all that stands in the way; the step alone is plain text.
func obstacleCell(p *i18n.Printer, row *winddown.RegisterRow, today winddown.Date) page.CellView {
	sum := row.Summary
	problem, step := obstacle(p, sum, today)
	var tags []ui.TagProps
	if problem != "" {
		tags = append(tags, ui.TagProps{Text: problem, Variant: ui.TagRed})
	}
	if sum.Balance < 0 && row.FinishedOn.IsZero() {
		tags = append(tags, ui.TagProps{Text: p.T("register.debt", "Sum", sum.Balance.Abs()), Variant: ui.TagRed})
	}
	if sum.Questions > 0 {
		tags = append(tags, ui.TagProps{Text: p.T("question.count", "N", sum.Questions), Variant: ui.TagAmber})
	}
	if len(tags) == 0 {
		return page.CellView{Text: step}
	}
	return page.CellView{Tags: tags, Note: step}
}

// actWords says how far the act has come and since when.
func actWords(p *i18n.Printer, sum winddown.Summary, today winddown.Date) string {
	if sum.Act == winddown.NotRequested {
		return p.T("register.act.not_requested")
	}
	return p.T("register.act."+string(sum.Act), "Date", dayOf(p, sum.ActOn, today))
}

func actNote(p *i18n.Printer, row *winddown.RegisterRow, today winddown.Date) string {
	switch {
	case !row.FinishedOn.IsZero():
		return p.T("register.act.finished", "Date", dayOf(p, row.FinishedOn, today))
	case row.Summary.Ticket != "":
		return p.T("register.act.ticket", "Ticket", row.Summary.Ticket)
	}
	return ""
}

// waitingWords says whose turn it is and for how long it has been.
func waitingWords(p *i18n.Printer, sum winddown.Summary, today winddown.Date) string {
	if sum.Ball == "" {
		return ""
	}
	key := "register.wait." + string(sum.Ball)
	if sum.BallOn.IsZero() {
		return p.T(key + ".open")
	}
	if days := sum.BallOn.DaysUntil(today); days > 0 {
		return p.N(key+".days", days)
	}
	return p.T(key + ".today")
}

// obstacle says what stands in the way: a problem, with the step it is about, or the
// first step that is not done.
func obstacle(p *i18n.Printer, sum winddown.Summary, today winddown.Date) (problem, step string) {
	if kind := sum.ProblemOn(today); kind != "" {
		key := string(kind)
		if kind == winddown.Unsettled {
			key = unsettled(sum.Balance)
		}
		problem = p.T("register.problem." + key)
	}
	if sum.Blocker != "" && sum.ProblemOn(today) != winddown.Burning {
		step = stepName(p, sum.Blocker)
	}
	return problem, step
}

// dueNote says what the nearest deadline is about and how far it is.
func dueNote(p *i18n.Printer, sum winddown.Summary, today winddown.Date) string {
	key := "register.due." + string(sum.Due)
	switch days := today.DaysUntil(sum.DueOn); {
	case days > 0:
		return p.N(key+".in", days)
	case days < 0:
		return p.N(key+".overdue", -days)
	}
	return p.T(key + ".today")
}
