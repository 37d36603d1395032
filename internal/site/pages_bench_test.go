package site

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// fullRegister is a page of fifty sellers in all the states that are common.
func fullRegister() winddown.Register {
	day := func(d int) winddown.Date { return winddown.Date{Year: 2026, Month: time.November, Day: 1}.AddDays(d) }
	kinds := []winddown.RegisterRow{
		{Group: winddown.GroupProblem, Summary: winddown.Summary{Act: winddown.NotRequested, Problem: winddown.Burning, BurnOn: day(20), Blocker: winddown.CollectReturns,
			Ball: winddown.BallSeller, DueOn: day(22), Due: winddown.DuePickUp}},
		{Group: winddown.GroupReady, Summary: winddown.Summary{Act: winddown.NotRequested, Ball: winddown.BallAccountant, BallOn: day(19), DueOn: day(45), Due: winddown.DuePickUp, Questions: 2}},
		{Group: winddown.GroupDebt, Summary: winddown.Summary{Act: winddown.Signed, ActOn: day(13), Ticket: "48-1306", Ball: winddown.BallSeller, BallOn: day(13),
			Balance: -221820, DueOn: day(43), Due: winddown.DuePickUp}},
		{Group: winddown.GroupWaiting, Summary: winddown.Summary{Act: winddown.Requested, ActOn: day(18), Ticket: "48-1384", Ball: winddown.BallWB, BallOn: day(18),
			DueOn: day(24), Due: winddown.DueChase}},
		{Group: winddown.GroupEarly, Summary: winddown.Summary{Act: winddown.NotRequested, Blocker: winddown.SellOut, Ball: winddown.BallSeller, DueOn: day(50), Due: winddown.DuePickUp}},
	}
	reg := winddown.Register{Requested: 82, Ready: 14, Open: 146, Returned: 7, Total: 500, HasNext: true, Counts: map[winddown.Group]int{}}
	for i := range winddown.RegisterPageSize {
		row := kinds[i*len(kinds)/winddown.RegisterPageSize]
		for b := range row.ID {
			row.ID[b] = byte(i*31 + b*b*97 + 1)
		}
		row.Seller = winddown.Seller{Name: fmt.Sprintf("ООО «Маяк %d»", i), INN: fmt.Sprintf("66041304%04d", i*7919%10000)}
		row.Zone, row.Responsible, row.ChangedOn = winddown.DefaultZone, "Ольга Иванова", day(10+i/5)
		reg.Counts[row.Group] += 3
		reg.Rows = append(reg.Rows, row)
	}
	return reg
}

// A full page of the register, from its rows to its HTML, without the database and compression.
func BenchmarkRegisterPage(b *testing.B) {
	p, now := i18n.For(i18n.Russian), time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)
	ctx := i18n.With(context.Background(), p)
	actor := winddown.Actor{UserID: winddown.ID{1}, FirmID: winddown.ID{2}, FirmRole: winddown.Admin}
	reg, filter := fullRegister(), winddown.RegisterFilter{Sort: winddown.SortDeadline}
	b.Run("view", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			registerView(p, actor, filter, reg, bulkForm{}, mistakes{}, now)
		}
	})
	b.Run("page", func(b *testing.B) {
		b.ReportAllocs()
		v := registerView(p, actor, filter, reg, bulkForm{}, mistakes{}, now)
		for b.Loop() {
			if err := page.Register(ui.LayoutView{Title: "Продавцы", Assets: "/static/x"}, v).Render(ctx, io.Discard); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A checklist, from its case to its HTML.
func BenchmarkCasePage(b *testing.B) {
	p, now := i18n.For(i18n.Russian), time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)
	ctx := i18n.With(context.Background(), p)
	today := winddown.Today(now, winddown.DefaultZone)
	c, _, err := winddown.OpenCase(winddown.ID{1}, winddown.NewCase{
		Seller: winddown.Seller{Name: "ИП Петрова", INN: "7707083893"}, Answers: winddown.RawAnswers{FBS: "yes", WBStock: "no"},
	}, winddown.Stamp{Today: today})
	if err != nil {
		b.Fatal(err)
	}
	w := caseWords{
		p: p, view: app.CaseView{Case: c, Standing: winddown.Standing{Owner: true}}, c: c, base: caseHref(c.ID), now: now, today: today,
		zone: winddown.DefaultZone, there: func(winddown.Evidence) bool { return true },
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := page.Case(ui.LayoutView{Title: "Шаги", Assets: "/static/x"}, caseView(w, "")).Render(ctx, io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
