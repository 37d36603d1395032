package winddown

// Channel is the way the act was asked for.
type Channel string

// The channels: the support desk, the «Документы» section, anything else.
const (
	Support   Channel = "support"
	Documents Channel = "documents"
	Other     Channel = "other"
)

// Channels returns every channel.
func Channels() []Channel { return []Channel{Support, Documents, Other} }

// Act is one reconciliation act of a case. A case has one by default, and one more for
// every further legal entity of the marketplace it dealt with.
type Act struct {
	Position     int // 1 for the first
	Counterparty string
	PeriodFrom   Date
	PeriodTo     Date
	Channel      Channel // empty when not said
	Ticket       string
	RequestedOn  Date
	// CheckedOn is the last day somebody looked for the act and said it had not come:
	// reminders up to that day are spent.
	CheckedOn  Date
	ReceivedOn Date
	SignedOn   Date
}

// ActState is how far an act has come.
type ActState string

// The states of an act, in order.
const (
	NotRequested ActState = "not_requested"
	Requested    ActState = "requested"
	Received     ActState = "received"
	Signed       ActState = "signed"
)

// ActStates returns every state, in order.
func ActStates() []ActState { return []ActState{NotRequested, Requested, Received, Signed} }

// State returns how far the act has come and since when. A date without the ones
// before it does not count.
func (a Act) State() (ActState, Date) {
	switch {
	case a.RequestedOn.IsZero():
		return NotRequested, Date{}
	case a.ReceivedOn.IsZero():
		return Requested, a.RequestedOn
	case a.SignedOn.IsZero():
		return Received, a.ReceivedOn
	}
	return Signed, a.SignedOn
}

func (s ActState) rank() int {
	for i, x := range ActStates() {
		if x == s {
			return i
		}
	}
	return 0
}

// leastAdvanced returns the act of a case that holds the others up: the least advanced,
// and among equals the one that has been so the longest.
func leastAdvanced(acts []Act) Act {
	var least Act
	for i, a := range acts {
		if i == 0 {
			least = a
			continue
		}
		s, on := a.State()
		ls, lon := least.State()
		if s.rank() < ls.rank() || (s == ls && on.Before(lon)) {
			least = a
		}
	}
	return least
}
