package postgres

import (
	"slices"

	"winddown/internal/winddown"
)

type actRow struct {
	Position        int
	Round           int
	Version         int
	Counterparty    string
	PeriodFrom      winddown.Date
	PeriodTo        winddown.Date
	Channel         string
	Ticket          string
	RequestedOn     winddown.Date
	CheckedOn       winddown.Date
	RemindedOn      winddown.Date
	ReceivedOn      winddown.Date
	Ours            *int64
	Theirs          *int64
	ComparedOn      winddown.Date
	Agrees          bool
	Difference      int64
	Objections      string
	DisputedOn      winddown.Date
	SignedOn        winddown.Date
	Signer          string
	Authority       string
	Via             string
	CountersignedOn winddown.Date
}

func (r actRow) domain() winddown.Act {
	return winddown.Act{
		Position: r.Position, Round: r.Round, Version: r.Version, Counterparty: r.Counterparty, PeriodFrom: r.PeriodFrom,
		PeriodTo: r.PeriodTo, Channel: winddown.Channel(r.Channel), Ticket: r.Ticket, RequestedOn: r.RequestedOn,
		CheckedOn: r.CheckedOn, RemindedOn: r.RemindedOn, ReceivedOn: r.ReceivedOn, Ours: balance(r.Ours), Theirs: balance(r.Theirs),
		ComparedOn: r.ComparedOn, Agrees: r.Agrees, Difference: winddown.Money(r.Difference), Objections: r.Objections,
		DisputedOn: r.DisputedOn, SignedOn: r.SignedOn, Signer: r.Signer, Authority: r.Authority,
		Via: winddown.SignedVia(r.Via), CountersignedOn: r.CountersignedOn,
	}
}

func balance(kopecks *int64) winddown.Balance {
	if kopecks == nil {
		return winddown.Balance{}
	}
	return winddown.Balance{Known: true, Amount: winddown.Money(*kopecks)}
}

func kopecks(b winddown.Balance) *int64 {
	if !b.Known {
		return nil
	}
	n := int64(b.Amount)
	return &n
}

const sqlInsertAct = `-- name: InsertAct
insert into acts (case_id, position, round, version, counterparty, period_from, period_to, channel, ticket, requested_on,
    checked_on, reminded_on, received_on, ours, theirs, compared_on, agrees, difference, objections, disputed_on, signed_on, signer,
    authority, via, countersigned_on)
values (@case, @position, @round, @version, @counterparty, @period_from, @period_to, @channel, @ticket, @requested_on,
    @checked_on, @reminded_on, @received_on, @ours, @theirs, @compared_on, @agrees, @difference, @objections, @disputed_on, @signed_on,
    @signer, @authority, @via, @countersigned_on)`

const sqlUpdateAct = `-- name: UpdateAct
update acts set version = @version, counterparty = @counterparty, period_from = @period_from, period_to = @period_to,
    channel = @channel, ticket = @ticket, requested_on = @requested_on, checked_on = @checked_on, reminded_on = @reminded_on,
    received_on = @received_on,
    ours = @ours, theirs = @theirs, compared_on = @compared_on, agrees = @agrees, difference = @difference,
    objections = @objections, disputed_on = @disputed_on, signed_on = @signed_on, signer = @signer, authority = @authority,
    via = @via, countersigned_on = @countersigned_on
where case_id = @case and position = @position and round = @round`

// sqlDeleteAct takes away an act that was added by mistake and never requested.
const sqlDeleteAct = `-- name: DeleteAct
delete from acts where case_id = @case and position = @position`

// saveActs writes the acts that changed, new acts and new rounds. Earlier rounds stay as
// they are.
func (tx *Tx) saveActs(c *winddown.Case, loaded []winddown.Act) {
	for _, old := range loaded {
		if !slices.ContainsFunc(c.Acts, func(a winddown.Act) bool { return a.Position == old.Position }) {
			tx.writeCase(c.ID, sqlDeleteAct, namedArgs{"case": c.ID, "position": old.Position})
		}
	}
	for _, a := range c.Acts {
		at := slices.IndexFunc(loaded, func(old winddown.Act) bool { return old.Position == a.Position && old.Round == a.Round })
		switch {
		case at < 0:
			tx.writeCase(c.ID, sqlInsertAct, actArgs(c.ID, a))
		case loaded[at] != a:
			tx.writeCase(c.ID, sqlUpdateAct, actArgs(c.ID, a))
		}
	}
}

func actArgs(id winddown.ID, a winddown.Act) namedArgs {
	return namedArgs{
		"case": id, "position": a.Position, "round": a.Round, "version": a.Version, "counterparty": a.Counterparty,
		"period_from": a.PeriodFrom, "period_to": a.PeriodTo, "channel": a.Channel, "ticket": a.Ticket,
		"requested_on": a.RequestedOn, "checked_on": a.CheckedOn, "reminded_on": a.RemindedOn, "received_on": a.ReceivedOn, "ours": kopecks(a.Ours),
		"theirs": kopecks(a.Theirs), "compared_on": a.ComparedOn, "agrees": a.Agrees, "difference": int64(a.Difference),
		"objections": a.Objections, "disputed_on": a.DisputedOn, "signed_on": a.SignedOn, "signer": a.Signer,
		"authority": a.Authority, "via": a.Via, "countersigned_on": a.CountersignedOn,
	}
}
