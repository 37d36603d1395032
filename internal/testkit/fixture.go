package testkit

import (
	"fmt"

	"github.com/jackc/pgx/v5"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// INN returns the n-th of many taxpayer numbers of companies with right check digits.
func INN(n int) string {
	s := fmt.Sprintf("77%07d", n)
	sum := 0
	for i, w := range []int{2, 4, 10, 3, 5, 9, 4, 6, 8} {
		sum += w * int(s[i]-'0')
	}
	return s + string(rune('0'+sum%11%10))
}

// Everything are the answers under which all nine steps are needed.
func Everything() winddown.RawAnswers {
	return winddown.RawAnswers{FBS: "yes", WBStock: "yes", Leftover: "both"}
}

func newCase(seller string, inn int) winddown.NewCase {
	return winddown.NewCase{Seller: winddown.Seller{Name: seller, INN: INN(inn)}, Answers: Everything()}
}

// OpenCase opens a case that the person owns, with all nine steps needed.
func (c *Client) OpenCase(seller string, inn int) winddown.ID {
	c.t.Helper()
	id, err := c.site.App.OpenCase(c.t.Context(), c.Actor(), newCase(seller, inn))
	if err != nil {
		c.t.Fatalf("open case %s: %v", seller, err)
	}
	return id
}

// AddSeller opens a case without an owner, whose books the person keeps.
func (c *Client) AddSeller(seller string, inn int) winddown.ID {
	c.t.Helper()
	id, err := c.site.App.AddSeller(c.t.Context(), c.Actor(), newCase(seller, inn))
	if err != nil {
		c.t.Fatalf("add seller %s: %v", seller, err)
	}
	return id
}

// Confirm makes the person's address one that letters go to.
func (c *Client) Confirm() {
	c.t.Helper()
	if c.Actor().Confirmed {
		return
	}
	l, err := c.site.App.ConfirmLetter(c.t.Context(), c.ID, winddown.ID{})
	if err == nil {
		err = c.site.App.Confirm(c.t.Context(), l.Token)
	}
	if err != nil {
		c.t.Fatalf("confirm the address of %s: %v", c.Name, err)
	}
}

// confirmed confirms the person's address where something would be refused without.
func (c *Client) confirmed() *Client {
	c.t.Helper()
	if c.site.App.Mail() {
		c.Confirm()
	}
	return c
}

// Join makes guest a helper, the accountant or the owner of a case the person manages.
func (c *Client) Join(guest *Client, id winddown.ID, role winddown.Role) {
	c.t.Helper()
	token, err := c.site.App.Invite(c.t.Context(), c.Actor(), id, role)
	if err == nil {
		_, _, err = c.site.App.Accept(c.t.Context(), guest.confirmed().Actor(), token)
	}
	if err != nil {
		c.t.Fatalf("%s joins as %s: %v", guest.Name, role, err)
	}
}

// FoundFirm founds a firm whose admin the person is.
func (c *Client) FoundFirm(name string) {
	c.t.Helper()
	if err := c.site.App.FoundFirm(c.t.Context(), c.confirmed().Actor(), name); err != nil {
		c.t.Fatalf("found a firm: %v", err)
	}
}

// JoinFirm takes guest into the firm the person is admin of.
func (c *Client) JoinFirm(guest *Client, role winddown.Role) {
	c.t.Helper()
	token, err := c.site.App.InviteToFirm(c.t.Context(), c.confirmed().Actor(), role)
	if err == nil {
		err = c.site.App.JoinFirm(c.t.Context(), guest.confirmed().Actor(), token)
	}
	if err != nil {
		c.t.Fatalf("%s joins the firm as %s: %v", guest.Name, role, err)
	}
}

// Assign makes somebody of the person's firm responsible for cases.
func (c *Client) Assign(to winddown.ID, cases ...winddown.ID) {
	c.t.Helper()
	if _, err := c.site.App.Assign(c.t.Context(), c.Actor(), cases, winddown.Responsible{ID: to, None: to.IsZero()}); err != nil {
		c.t.Fatalf("assign: %v", err)
	}
}

// Case reads a case as the person sees it.
func (c *Client) Case(id winddown.ID) app.CaseView {
	c.t.Helper()
	v, err := c.site.App.Case(c.t.Context(), c.Actor(), id)
	if err != nil {
		c.t.Fatalf("case %s: %v", id, err)
	}
	return v
}

// Version is the version of a step, as its form carries it.
func (c *Client) Version(id winddown.ID, code winddown.Code) int {
	c.t.Helper()
	st, err := c.Case(id).Case.Step(code)
	if err != nil {
		c.t.Fatal(err)
	}
	return st.Version
}

// Mark marks steps done today, with written reasons in place of the files they want; an
// act that is to be signed is compared first.
func (c *Client) Mark(id winddown.ID, codes ...winddown.Code) {
	c.t.Helper()
	for _, code := range codes {
		actor := c.Actor()
		today := winddown.Today(c.site.Clock.Now(), actor.Zone)
		view := c.Case(id)
		act, err := view.Case.ActFor(code, 0)
		if err != nil {
			c.t.Fatal(err)
		}
		if code == winddown.SignAct && act.Phase() == winddown.PhaseReceived {
			in := winddown.CompareAct{Act: act.Position, Version: act.Version, On: today, Agrees: true}
			if err := c.site.App.CompareAct(c.t.Context(), actor, id, in); err != nil {
				c.t.Fatalf("compare: %v", err)
			}
		}
		in := winddown.MarkDone{Step: code, Version: c.Version(id, code), On: today, Reasons: Reasons(view.Case, code)}
		if _, err := c.site.App.MarkDone(c.t.Context(), actor, id, in); err != nil {
			c.t.Fatalf("mark %s: %v", code, err)
		}
	}
}

// Goods are the steps that open the request of the act.
func Goods() []winddown.Code {
	return []winddown.Code{winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns}
}

// Reasons are written reasons in place of every file that a step wants and does not have.
func Reasons(c *winddown.Case, code winddown.Code) map[winddown.SlotCode]string {
	reasons := map[winddown.SlotCode]string{}
	for _, slot := range c.MissingProof(code, c.Acts[0].Position) {
		reasons[slot] = "Нет снимка: кабинет закрыт для входа"
	}
	return reasons
}

// Downloads is how many files the person's own trail says that he took.
func (c *Client) Downloads() int {
	c.t.Helper()
	conn, err := pgx.Connect(c.t.Context(), c.site.DatabaseURL)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = conn.Close(c.t.Context()) }()
	n := 0
	err = conn.QueryRow(c.t.Context(), `select count(*) from events where stream_kind = 'user' and stream_id = $1
		and convert_from(body, 'UTF8')::jsonb->>'kind' = $2`, c.ID, string(winddown.FileDownloaded)).Scan(&n)
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}
