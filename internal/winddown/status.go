package winddown

// Status is what a step shows. It is derived on reading and never stored.
type Status string

// The statuses, six and no more.
const (
	NotStarted    Status = "not_started"
	InProgress    Status = "in_progress"
	Done          Status = "done"
	StatusBlocked Status = "blocked"
	HasProblem    Status = "problem"
	NotNeeded     Status = "not_needed"
)

// Statuses returns every status.
func Statuses() []Status {
	return []Status{NotStarted, InProgress, Done, StatusBlocked, HasProblem, NotNeeded}
}

// Show returns the status a step shows, given what it is by itself and whether its gate
// is met: not_needed > problem > done > blocked > in_progress > not_started, where a
// done step whose gate reopened is a problem.
func Show(own Status, gateMet bool) Status {
	switch own {
	case NotNeeded, HasProblem:
		return own
	case Done:
		if !gateMet {
			return HasProblem
		}
		return Done
	case InProgress, NotStarted:
		if !gateMet {
			return StatusBlocked
		}
		return own
	case StatusBlocked:
		return StatusBlocked
	}
	return NotStarted
}
