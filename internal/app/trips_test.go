package app_test

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// trips counts what is sent to the database and waited for: a query, a batch, a
// preparation, a copy.
type trips struct{ n atomic.Int64 }

func (c *trips) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	if !strings.HasPrefix(d.SQL, "-- ping") { // the pool looks after connections that had nothing to do for a second
		c.n.Add(1)
	}
	return ctx
}
func (c *trips) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

func (c *trips) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	c.n.Add(1)
	return ctx
}
func (c *trips) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}
func (c *trips) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData)     {}

func (c *trips) TracePrepareStart(ctx context.Context, _ *pgx.Conn, _ pgx.TracePrepareStartData) context.Context {
	c.n.Add(1)
	return ctx
}
func (c *trips) TracePrepareEnd(context.Context, *pgx.Conn, pgx.TracePrepareEndData) {}

func (c *trips) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromStartData) context.Context {
	c.n.Add(1)
	return ctx
}
func (c *trips) TraceCopyFromEnd(context.Context, *pgx.Conn, pgx.TraceCopyFromEndData) {}

// asked keeps the statements that are sent in batches.
type asked struct {
	trips
	sql []string
}

func (c *asked) TraceBatchQuery(_ context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	c.sql = append(c.sql, d.SQL)
}

// A calendar program asks every few hours and mostly has the file: that the cases are what they
// were is found with one look at them.
func TestAFeedLooksForItsCasesOnce(t *testing.T) {
	c := &asked{}
	w := newWorldWith(t, app.Options{}, c)
	a := w.person("Петрова")
	id := w.open(a)
	token, err := w.app.NewFeed(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	for _, known := range []bool{true, false} {
		c.sql = nil
		feed, err := w.app.Feed(t.Context(), token, func(app.Feed) bool { return known })
		if err != nil || !known && (len(feed.Entries) == 0 || feed.Entries[0].Case != id) {
			t.Errorf("the calendar holds %v, %v", feed.Entries, err)
		}
		looks := 0
		for _, text := range c.sql {
			looks += strings.Count(text, "where f.token_hash = $1 and f.revoked_at is null")
		}
		if looks != 1 {
			t.Errorf("known %t: the cases of the address are looked for %d times", known, looks)
		}
	}
}

// Round trips are what a page costs where the database is not on the same machine.
func TestRoundTrips(t *testing.T) {
	c := &trips{}
	w := newWorldWith(t, app.Options{}, c)
	owner, token := w.session("Петрова", winddown.DefaultZone)
	accountant, accountantsToken := w.session("Ким", winddown.DefaultZone)
	ctx := t.Context()
	// Each use begins with the question who asks, as each request does.
	as := func(token string, use func(winddown.Actor) error) func() error {
		return func() error {
			actor, err := w.app.Actor(ctx, token)
			if err != nil {
				return err
			}
			return use(actor)
		}
	}
	var id, colleague, table winddown.ID
	var plan string
	brought := 0
	var feed string
	var hour int
	version := func(code winddown.Code) int { // read past the tracer's eyes
		return one[int](w, "select version from case_steps where case_id = $1 and code = $2", [16]byte(id), string(code))
	}
	file := w.pdf("заказы.pdf", "0")
	proof := winddown.AddEvidence{Step: winddown.SellOut, Slot: winddown.SlotOrdersDone, Name: "заказы.pdf"}
	review := func(code winddown.Code) winddown.Review {
		return winddown.Review{Step: code, Version: version(code), Reason: "Так надо"}
	}
	for _, use := range []struct {
		name string
		max  int64
		do   func() error
	}{
		{"Case", 2, as(token, func(a winddown.Actor) error { _, err := w.app.Case(ctx, a, id); return err })},
		{"CaseWithLetters", 2, as(token, func(a winddown.Actor) error { _, err := w.app.CaseWithLetters(ctx, a, id); return err })},
		{"Step", 2, as(token, func(a winddown.Actor) error { _, err := w.app.Step(ctx, a, id, winddown.SellOut); return err })},
		{"History", 2, as(token, func(a winddown.Actor) error { _, err := w.app.History(ctx, a, id, 0); return err })},
		{"People", 2, as(token, func(a winddown.Actor) error { _, err := w.app.People(ctx, a, id); return err })},
		{"MyCases", 2, as(token, func(a winddown.Actor) error { _, _, err := w.app.MyCases(ctx, a); return err })},
		{"Sessions", 2, as(token, func(a winddown.Actor) error { _, err := w.app.Sessions(ctx, a); return err })},
		{"Register", 2, as(accountantsToken, func(a winddown.Actor) error {
			_, err := w.app.Register(ctx, a, winddown.RegisterFilter{Query: "петрова", Sort: winddown.SortDeadline})
			return err
		})},
		{"Acts", 2, as(token, func(a winddown.Actor) error { _, err := w.app.Acts(ctx, a, id); return err })},
		{"Deadlines", 2, as(token, func(a winddown.Actor) error { _, err := w.app.Deadlines(ctx, a, id); return err })},
		{"Ledger", 2, as(token, func(a winddown.Actor) error { _, err := w.app.Ledger(ctx, a, id); return err })},
		{"MayUpload", 2, as(token, func(a winddown.Actor) error { _, err := w.app.MayUpload(ctx, a, id, proof); return err })},
		{"EvidenceFile, none", 2, as(token, func(a winddown.Actor) error {
			_, _, err := w.app.EvidenceFile(ctx, a, id, 1)
			return expected(err, winddown.NotFound)
		})},
		{"Ready", 2, func() error { return w.app.Ready(ctx) }},
		{"MarkDone", 3, as(token, func(a winddown.Actor) error {
			_, err := w.app.MarkDone(ctx, a, id, winddown.MarkDone{Step: winddown.SellOut, Version: version(winddown.SellOut), On: winddown.DateOf(noon)})
			return err
		})},
		{"MarkDone, refused", 3, as(token, func(a winddown.Actor) error {
			_, err := w.app.MarkDone(ctx, a, id, winddown.MarkDone{Step: winddown.RequestAct, Version: 1, On: winddown.DateOf(noon)})
			return expected(err, winddown.Blocked)
		})},
		{"Regress", 3, as(token, func(a winddown.Actor) error {
			return w.app.Regress(ctx, a, id, winddown.Regress{Step: winddown.SellOut, Version: version(winddown.SellOut), Reason: "Товар"})
		})},
		{"Undo", 3, as(token, func(a winddown.Actor) error {
			return w.app.Undo(ctx, a, id, winddown.Undo{Step: winddown.SellOut, Version: version(winddown.SellOut), Reason: "Ошибка"})
		})},
		{"MarkPending", 3, as(token, func(a winddown.Actor) error {
			return w.app.MarkPending(ctx, a, id, winddown.MarkPending{Step: winddown.SellOut, Version: version(winddown.SellOut), Note: "Продаю"})
		})},
		{"AddEvidence", 3, as(token, func(a winddown.Actor) error { return w.app.AddEvidence(ctx, a, id, proof, []app.StoredFile{file}) })},
		{"AcceptStep", 3, as(accountantsToken, func(a winddown.Actor) error { return w.app.AcceptStep(ctx, a, id, review(winddown.SellOut)) })},
		{"SendBack", 3, as(accountantsToken, func(a winddown.Actor) error { return w.app.SendBack(ctx, a, id, review(winddown.SellOut)) })},
		{"Waive", 3, as(accountantsToken, func(a winddown.Actor) error { return w.app.Waive(ctx, a, id, review(winddown.RequestAct)) })},
		{"Ask", 3, as(accountantsToken, func(a winddown.Actor) error { return w.app.Ask(ctx, a, id, winddown.SellOut, "Всё продано?") })},
		{"AddAct", 3, as(token, func(a winddown.Actor) error {
			return w.app.AddAct(ctx, a, id, winddown.AddAct{Counterparty: "ООО «РВБ»"})
		})},
		{"AddDeadline", 3, as(token, func(a winddown.Actor) error {
			return w.app.AddDeadline(ctx, a, id, winddown.AddDeadline{Kind: winddown.DueReport, From: winddown.DateOf(noon)})
		})},
		{"CheckInbox", 3, as(token, func(a winddown.Actor) error { return w.app.CheckInbox(ctx, a, id) })},
		{"AddDebts", 3, as(token, func(a winddown.Actor) error {
			return w.app.AddDebts(ctx, a, id, []winddown.NewDebt{{ID: id, Side: winddown.ToWB, What: "Хранение", Amount: 1, On: winddown.DateOf(noon)}})
		})},
		{"MailSettings", 2, as(token, func(a winddown.Actor) error { _, err := w.app.MailSettings(ctx, a); return err })},
		{"ChangeMailSettings", 3, as(token, func(a winddown.Actor) error {
			s := winddown.DefaultMailSettings()
			hour++
			s.Hour = hour
			return w.app.ChangeMailSettings(ctx, a, s)
		})},
		{"NewFeed", 3, as(token, func(a winddown.Actor) (err error) { feed, err = w.app.NewFeed(ctx, a); return err })},
		{"Feed, unchanged", 1, func() error { _, err := w.app.Feed(ctx, feed, func(app.Feed) bool { return true }); return err }},
		{"Feed", 2, func() error { _, err := w.app.Feed(ctx, feed, anew); return err }},
		{"Firm", 2, as(accountantsToken, func(a winddown.Actor) error { _, err := w.app.Firm(ctx, a); return err })},
		{"Memberships", 2, as(accountantsToken, func(a winddown.Actor) error { _, err := w.app.Memberships(ctx, a); return err })},
		{"PlanBulk", 2, as(accountantsToken, func(a winddown.Actor) error {
			_, err := w.app.PlanBulk(ctx, a, winddown.CanAssign, []winddown.ID{id}, winddown.RegisterFilter{Query: "петрова а"})
			return err
		})},
		{"Start", 2, as(accountantsToken, func(a winddown.Actor) error { _, err := w.app.Start(ctx, a); return err })},
		{"Views", 2, as(accountantsToken, func(a winddown.Actor) error { _, _, err := w.app.Views(ctx, a); return err })},
		{"SaveView", 3, as(accountantsToken, func(a winddown.Actor) error { return w.app.SaveView(ctx, a, rand.Text(), "responsible=me", true, nil) })},
		{"Remind", 3, as(accountantsToken, func(a winddown.Actor) error { return w.remind(a, "Привет", id) })},
		{"PutAway, nothing", 3, as(token, func(a winddown.Actor) error { return expected(w.app.PutAway(ctx, a, id), winddown.Conflict) })},
		{"Archive", 3, as(accountantsToken, func(a winddown.Actor) error { _, err := w.app.Archive(ctx, a, []winddown.ID{id}, true); return err })},
		{"Assign", 3, as(accountantsToken, func(a winddown.Actor) error { return w.assign(a, winddown.ID{}, id) })},
		{"InviteToFirm", 3, as(accountantsToken, func(a winddown.Actor) error { _, err := w.app.InviteToFirm(ctx, a, winddown.Lead); return err })},
		{"SetFirmRole", 3, as(accountantsToken, func(a winddown.Actor) error { return w.app.SetFirmRole(ctx, a, colleague, winddown.Lead) })},
		{"RemoveFirmPerson", 3, as(accountantsToken, func(a winddown.Actor) error { _, err := w.app.RemoveFirmPerson(ctx, a, colleague); return err })},
		{"KeepImport", 3, as(accountantsToken, func(a winddown.Actor) error {
			_, err := w.app.KeepImport(ctx, a, "продавцы.csv", sellersTable(3))
			return err
		})},
		{"Import", 2, as(accountantsToken, func(a winddown.Actor) error { _, err := w.app.Import(ctx, a, table, "Раньше"); return err })},
		{"Import, of another table", 2, as(accountantsToken, func(a winddown.Actor) error {
			_, err := w.app.Import(ctx, a, id, "Раньше")
			return expected(err, winddown.NotFound)
		})},
		{"MapImport", 3, as(accountantsToken, func(a winddown.Actor) error {
			return w.app.MapImport(ctx, a, table, winddown.FindLayout(sellersTable(3)))
		})},
		{"LoadImport, changed meanwhile", 3, as(accountantsToken, func(a winddown.Actor) error {
			return expected(w.app.LoadImport(ctx, a, table, "x", "Раньше"), winddown.Conflict)
		})},
		// Four tables are copied into, each behind what is queued so far.
		{"LoadImport", 7, as(accountantsToken, func(a winddown.Actor) error { return w.app.LoadImport(ctx, a, table, plan, "Раньше") })},
		{"InviteImported", 3, as(accountantsToken, func(a winddown.Actor) error { _, err := w.app.InviteImported(ctx, a, table, false); return err })},
		{"LeaveFirm", 3, as(token, func(a winddown.Actor) error { return w.app.LeaveFirm(ctx, a, id) })},
		{"OpenCase", 2, as(token, func(a winddown.Actor) error { _, err := w.app.OpenCase(ctx, a, newCase(everything())); return err })},
	} {
		t.Run(use.name, func(t *testing.T) {
			w.t = t
			// The first time also prepares the statements on its connection; used one at a
			// time, the pool always hands out the same one.
			for warm := range 2 {
				id = w.open(owner)
				w.join(owner, accountant, id, winddown.Accountant)
				if slices.Contains([]string{"Regress", "Undo", "AcceptStep", "SendBack"}, use.name) {
					w.mark(owner, id, winddown.SellOut)
				}
				if use.name == "SetFirmRole" || use.name == "RemoveFirmPerson" {
					colleague = w.joinFirm(w.again(accountant), w.person("Алиева"), winddown.Accountant).UserID
				}
				if strings.Contains(use.name, "Import") {
					brought++
					rows := sellersTable(3 * brought)
					books := w.again(accountant)
					var v app.ImportPreview
					table, v = w.brought(books, slices.Concat(rows[:1], rows[len(rows)-3:])) // sellers nobody has yet
					if plan = v.Digest; use.name == "InviteImported" {
						if err := w.app.LoadImport(ctx, books, table, plan, "Раньше"); err != nil {
							t.Fatal(err)
						}
					}
				}
				before := c.n.Load()
				if err := use.do(); err != nil {
					t.Fatal(err)
				}
				if n := c.n.Load() - before; warm == 1 && n > use.max {
					t.Errorf("%d round trips, at most %d are allowed", n, use.max)
				}
			}
		})
	}
}
