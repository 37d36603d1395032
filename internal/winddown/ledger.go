package winddown

import (
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// Side says who owes.
type Side string

// The sides of a debt.
const (
	ToWB Side = "to_wb" // «Мы должны WB»
	ByWB Side = "by_wb" // «WB должен нам»
)

// Sides returns both sides.
func Sides() []Side { return []Side{ToWB, ByWB} }

// Limits of a ledger: characters of what people type, and lines of a case, removed ones
// among them.
const (
	MaxDebtWhat     = 300
	MaxDebtDocument = 200
	MaxDebts        = 500
)

// Debt is one line of a case's ledger. It is open until it is settled, written off or
// removed, never two of these at once.
type Debt struct {
	ID           ID
	Version      int // counts every change of the line
	Side         Side
	What         string
	Amount       Money // above zero
	On           Date
	Document     string
	SettledOn    Date
	WrittenOff   string // the reason; empty: not written off
	WrittenOffOn Date
	Removed      string // the reason; empty: not removed. A removed line is kept and never comes back
	By           ID     // who wrote the line down
	At           time.Time
}

// Open reports whether the line counts in the balance.
func (d Debt) Open() bool { return !d.closed() && d.Removed == "" }

func (d Debt) closed() bool { return !d.SettledOn.IsZero() || d.WrittenOff != "" }

// Ledger are the lines of a case, in the order they were written down.
type Ledger []Debt

// ByDate returns the lines as they are read: by their date, those of one day in the order they
// were written down.
func (l Ledger) ByDate() Ledger {
	sorted := slices.Clone(l)
	slices.SortStableFunc(sorted, func(a, b Debt) int { return a.On.Time().Compare(b.On.Time()) })
	return sorted
}

// Open returns the lines that count.
func (l Ledger) Open() Ledger {
	return slices.DeleteFunc(slices.Clone(l), func(d Debt) bool { return !d.Open() })
}

// Balance returns what WB owes the seller when everything open is set off; below zero the
// seller owes.
func (l Ledger) Balance() Money { return l.total(ByWB) - l.total(ToWB) }

// total returns the sum of one side's open lines. The rules keep it within MaxMoney.
func (l Ledger) total(side Side) Money {
	var sum Money
	for _, d := range l {
		if d.Side == side && d.Open() {
			sum += d.Amount
		}
	}
	return sum
}

// balanceOn is Balance as it stood when a day ended: of the lines dated up to it, those among
// them that were settled or written off later.
func (l Ledger) balanceOn(day Date) Money {
	return slices.DeleteFunc(slices.Clone(l), func(d Debt) bool { return d.On.After(day) }).balanceAfter(day)
}

// balanceAfter is Balance of the lines that were not closed by a day, whatever their own date.
func (l Ledger) balanceAfter(day Date) Money {
	var sum Money
	for _, d := range l {
		closed := d.SettledOn
		if d.WrittenOff != "" {
			closed = d.WrittenOffOn
		}
		if d.Removed == "" && (closed.IsZero() || closed.After(day)) {
			sum += d.Owed()
		}
	}
	return sum
}

// Owed returns what the line adds to the balance while it is open: below zero when the
// seller owes.
func (d Debt) Owed() Money {
	if d.Side == ToWB {
		return -d.Amount
	}
	return d.Amount
}

// Debt returns the line, or NotFound. The pointer leads into the ledger.
func (l Ledger) Debt(id ID) (*Debt, error) {
	for i := range l {
		if l[i].ID == id {
			return &l[i], nil
		}
	}
	return nil, &Error{Kind: NotFound, Key: "error.not_found"}
}

// NewDebt is a line to be written down. A typed minus says that the seller owes: with ToWB
// it is dropped, with ByWB refused.
type NewDebt struct {
	ID       ID
	Side     Side
	What     string
	Amount   Money
	On       Date
	Document string
}

// AddDebts writes lines down, all or none, and returns them. It returns Invalid, the
// fields of several lines numbered from one as in «2.amount», or Conflict when the ledger
// is full. Lines that are there already, unchanged, are left as they are.
func (l *Ledger) AddDebts(in []NewDebt, s Stamp) ([]Debt, []Event, error) {
	var v invalid
	var added []Debt
	sums := map[Side]Money{ToWB: l.total(ToWB), ByWB: l.total(ByWB)}
	for i, n := range in {
		var line invalid
		n.check(&line, s)
		if known, err := l.Debt(n.ID); err == nil {
			if len(line.fields) > 0 || !same(known.changes(), n.changes()) || known.Removed != "" {
				return nil, nil, staleDebt()
			}
			continue
		}
		if len(line.fields) == 0 {
			if sums[n.Side] += n.Amount; sums[n.Side] > MaxMoney {
				line.add("amount", "ledger.error.overflow", Args{"Max": MaxMoney})
				sums[n.Side] = MaxMoney
			}
		}
		for _, f := range line.fields {
			if len(in) > 1 {
				f.Field = strconv.Itoa(i+1) + "." + f.Field
			}
			v.fields = append(v.fields, f)
		}
		added = append(added, Debt{
			ID: n.ID, Version: 1, Side: n.Side, What: n.What, Amount: n.Amount, On: n.On, Document: n.Document, By: s.By, At: s.At,
		})
	}
	if err := v.err(); err != nil {
		return nil, nil, err
	}
	if len(*l)+len(added) > MaxDebts {
		return nil, nil, &Error{Kind: Conflict, Key: "ledger.error.too_many", Args: Args{"Max": MaxDebts}}
	}
	var events []Event
	for _, d := range added {
		events = append(events, Event{Kind: DebtAdded, Debt: d.ID, After: d.changes(), OnBehalf: s.OnBehalf})
	}
	*l = append(*l, added...)
	return added, events, nil
}

// check tidies the line.
func (n *NewDebt) check(v *invalid, s Stamp) {
	n.What, n.Document = tidyLine(n.What), tidyLine(n.Document)
	if !slices.Contains(Sides(), n.Side) {
		v.add("side", "ledger.error.side_missing", nil)
	}
	switch length := utf8.RuneCountInString(n.What); {
	case length == 0:
		v.add("what", "ledger.error.what_missing", nil)
	case length > MaxDebtWhat:
		v.add("what", "error.field.too_long", Args{"Max": MaxDebtWhat})
	}
	switch {
	case n.Amount == 0:
		v.add("amount", "ledger.error.zero", nil)
	case n.Amount < 0 && n.Side == ByWB:
		v.add("amount", "ledger.error.sign", nil)
	case n.Amount > MaxMoney, n.Amount < -MaxMoney:
		v.add("amount", "ledger.error.overflow", Args{"Max": MaxMoney})
	default:
		n.Amount = n.Amount.Abs()
	}
	switch {
	case n.On.IsZero():
		v.add("on", "step.error.date_missing", nil)
	case n.On.After(s.Today):
		v.add("on", "step.error.date_future", nil)
	}
	if utf8.RuneCountInString(n.Document) > MaxDebtDocument {
		v.add("document", "error.field.too_long", Args{"Max": MaxDebtDocument})
	}
}

// ChangeDebt corrects an open line.
type ChangeDebt struct {
	NewDebt     // ID names the line
	Version int // of the line, as the form was drawn
}

// ChangeDebt returns the corrected line, or NotFound, Invalid, or Conflict for a line that
// is closed or removed or a stale version. What is so already yields no event.
func (l Ledger) ChangeDebt(in ChangeDebt, s Stamp) (*Debt, []Event, error) {
	d, err := l.kept(in.ID)
	if err != nil {
		return nil, nil, err
	}
	var v invalid
	in.check(&v, s)
	if err := v.err(); err != nil {
		return nil, nil, err
	}
	before, after := d.changes(), in.changes()
	if same(before, after) {
		return d, nil, nil
	}
	if d.closed() {
		return nil, nil, &Error{Kind: Conflict, Key: "ledger.error.closed"}
	}
	if in.Version != d.Version {
		return nil, nil, staleDebt()
	}
	room := l.total(in.Side)
	if in.Side == d.Side {
		room -= d.Amount
	}
	if room+in.Amount > MaxMoney {
		v.add("amount", "ledger.error.overflow", Args{"Max": MaxMoney})
		return nil, nil, v.err()
	}
	d.Side, d.What, d.Amount, d.On, d.Document = in.Side, in.What, in.Amount, in.On, in.Document
	d.Version++
	return d, d.event(DebtChanged, before, after, s), nil
}

// SettleDebt says that a debt was paid or set off.
type SettleDebt struct {
	ID      ID
	Version int
	On      Date
}

// SettleDebt closes an open line, or corrects the day a settled one was paid. It returns
// NotFound, Invalid, or Conflict for a line that is written off or removed or a stale
// version. What is so already yields no event.
func (l Ledger) SettleDebt(in SettleDebt, s Stamp) (*Debt, []Event, error) {
	d, err := l.kept(in.ID)
	if err != nil {
		return nil, nil, err
	}
	var v invalid
	switch {
	case in.On.IsZero():
		v.add("on", "step.error.date_missing", nil)
	case in.On.After(s.Today):
		v.add("on", "step.error.date_future", nil)
	case in.On.Before(d.On):
		v.add("on", "ledger.error.settled_early", Args{"Date": d.On})
	}
	if err := v.err(); err != nil {
		return nil, nil, err
	}
	switch {
	case d.SettledOn == in.On:
		return d, nil, nil
	case d.WrittenOff != "":
		return nil, nil, &Error{Kind: Conflict, Key: "ledger.error.closed"}
	case in.Version != d.Version:
		return nil, nil, staleDebt()
	}
	before := Changes{"settled_on": d.SettledOn.String()}
	d.SettledOn = in.On
	d.Version++
	return d, d.event(DebtSettled, before, Changes{"settled_on": in.On.String()}, s), nil
}

// WriteOffDebt gives a debt up.
type WriteOffDebt struct {
	ID      ID
	Version int
	Reason  string
}

// WriteOffDebt closes an open line without payment. It returns NotFound, Invalid without a
// reason, or Conflict for a line that is closed or removed or a stale version. What is so
// already yields no event.
func (l Ledger) WriteOffDebt(in WriteOffDebt, s Stamp) (*Debt, []Event, error) {
	d, err := l.kept(in.ID)
	if err != nil {
		return nil, nil, err
	}
	reason, err := checkReason(in.Reason)
	switch {
	case err != nil:
		return nil, nil, err
	case d.WrittenOff == reason:
		return d, nil, nil
	case d.closed():
		return nil, nil, &Error{Kind: Conflict, Key: "ledger.error.closed"}
	case in.Version != d.Version:
		return nil, nil, staleDebt()
	}
	d.WrittenOff, d.WrittenOffOn = reason, s.Today
	d.Version++
	return d, d.event(DebtWrittenOff, nil, Changes{"written_off": reason}, s), nil
}

// ReopenDebt takes a settlement or a write-off back.
type ReopenDebt struct {
	ID      ID
	Version int
}

// ReopenDebt makes a closed line count again. It returns NotFound, or Conflict for a line
// that is open or removed, a stale version, or a side that would come to more than MaxMoney.
func (l Ledger) ReopenDebt(in ReopenDebt, s Stamp) (*Debt, []Event, error) {
	d, err := l.kept(in.ID)
	switch {
	case err != nil:
		return nil, nil, err
	case !d.closed():
		if in.Version > 0 && in.Version == d.Version-1 { // the same form sent twice
			return d, nil, nil
		}
		return nil, nil, &Error{Kind: Conflict, Key: "ledger.error.not_closed"}
	case in.Version != d.Version:
		return nil, nil, staleDebt()
	case l.total(d.Side)+d.Amount > MaxMoney:
		return nil, nil, &Error{Kind: Conflict, Key: "ledger.error.overflow", Args: Args{"Max": MaxMoney}}
	}
	before := Changes{"settled_on": d.SettledOn.String(), "written_off": d.WrittenOff}
	d.SettledOn, d.WrittenOff, d.WrittenOffOn = Date{}, "", Date{}
	d.Version++
	return d, d.event(DebtReopened, before, nil, s), nil
}

// RemoveDebt takes out a line that was written down by mistake.
type RemoveDebt struct {
	ID      ID
	Version int
	Reason  string
}

// RemoveDebt leaves the line in the ledger with the reason, out of the balance for good. It
// returns NotFound, Invalid without a reason, or Conflict for a line that is removed or a
// stale version. The same reason again yields no event.
func (l Ledger) RemoveDebt(in RemoveDebt, s Stamp) (*Debt, []Event, error) {
	d, err := l.Debt(in.ID)
	if err != nil {
		return nil, nil, err
	}
	reason, err := checkReason(in.Reason)
	switch {
	case err != nil:
		return nil, nil, err
	case d.Removed == reason:
		return d, nil, nil
	case d.Removed != "":
		return nil, nil, &Error{Kind: Conflict, Key: "ledger.error.removed"}
	case in.Version != d.Version:
		return nil, nil, staleDebt()
	}
	before := merge(d.changes(), Changes{"settled_on": d.SettledOn.String(), "written_off": d.WrittenOff})
	d.Removed = reason
	d.Version++
	return d, []Event{{Kind: DebtRemoved, Debt: d.ID, Before: before, Reason: reason, OnBehalf: s.OnBehalf}}, nil
}

// kept returns a line that is not removed.
func (l Ledger) kept(id ID) (*Debt, error) {
	d, err := l.Debt(id)
	if err == nil && d.Removed != "" {
		return nil, &Error{Kind: Conflict, Key: "ledger.error.removed"}
	}
	return d, err
}

// staleDebt is the Conflict of two people at one line.
func staleDebt() error { return &Error{Kind: Conflict, Key: "ledger.error.stale"} }

// event is the event of a changed line. What the line is for always stands in it, so that
// the trail can be read without the ledger.
func (d *Debt) event(kind EventKind, before, after Changes, s Stamp) []Event {
	after = merge(after, Changes{"what": d.What})
	return []Event{{Kind: kind, Debt: d.ID, Before: before, After: after, OnBehalf: s.OnBehalf}}
}

func (d *Debt) changes() Changes {
	return NewDebt{Side: d.Side, What: d.What, Amount: d.Amount, On: d.On, Document: d.Document}.changes()
}

func (n NewDebt) changes() Changes {
	return Changes{
		"side": string(n.Side), "what": n.What, "amount": n.Amount.String(), "on": n.On.String(), "document": n.Document,
	}
}
