package winddown

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Date is a civil date, as people type it and as it stands in documents.
// The zero Date means none.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the date t has in its own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads YYYY-MM-DD, the form of <input type="date">. Years outside
// 2000-2199 are refused: they are typing errors, and the marketplace is younger.
func ParseDate(s string) (Date, bool) {
	if len(s) != len("2006-01-02") {
		return Date{}, false
	}
	t, err := time.Parse("2006-01-02", s)
	if err != nil || t.Year() < 2000 || t.Year() > 2199 {
		return Date{}, false
	}
	return DateOf(t), true
}

// ReadDate reads a date as people type it: the day first as in 26.11.2026 and 26/11/2026, or
// like ParseDate; spaces around it do not matter.
func ReadDate(s string) (Date, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{"2.1.2006", "2/1/2006"} {
		if t, err := time.Parse(layout, s); err == nil {
			return ParseDate(t.Format(time.DateOnly))
		}
	}
	return ParseDate(s)
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Time returns midnight of d in UTC.
func (d Date) Time() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// String returns YYYY-MM-DD, and nothing for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool { return d.Time().Before(e.Time()) }

// After reports whether d is later than e.
func (d Date) After(e Date) bool { return e.Before(d) }

// AddDays returns the date n calendar days later.
func (d Date) AddDays(n int) Date { return DateOf(d.Time().AddDate(0, 0, n)) }

// DaysUntil returns the number of calendar days from d to e.
func (d Date) DaysUntil(e Date) int { return int(e.Time().Sub(d.Time()) / (24 * time.Hour)) }

// Today returns the civil date at the instant now in the named time zone; an
// unknown zone counts as DefaultZone.
func Today(now time.Time, zone string) Date { return DateOf(now.In(Zone(zone))) }

// LatestToday returns the latest civil date that one of Zones has at the instant now.
func LatestToday(now time.Time) Date {
	zones := Zones()
	return Today(now, zones[len(zones)-1])
}

// EarliestToday returns the earliest civil date that one of Zones has at the instant now.
func EarliestToday(now time.Time) Date { return Today(now, Zones()[0]) }

// DefaultZone is the zone of the marketplace's own deadlines and of a new case.
const DefaultZone = "Europe/Moscow"

// Zones returns the time zones a person may choose, west to east: those of Russia and of
// the neighbours whose sellers trade on the marketplace. The list is fixed so that the
// server, the database and the browser agree on every name in it.
func Zones() []string {
	return []string{
		"Europe/Kaliningrad", "Europe/Moscow", "Europe/Minsk", "Europe/Samara", "Asia/Tbilisi", "Asia/Yerevan",
		"Asia/Yekaterinburg", "Asia/Tashkent", "Asia/Almaty", "Asia/Bishkek", "Asia/Omsk", "Asia/Novosibirsk",
		"Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
	}
}

// ValidZone reports whether name is one of Zones.
func ValidZone(name string) bool { return slices.Contains(Zones(), name) }

// Zone returns the location of one of Zones, and Moscow for any other name.
func Zone(name string) *time.Location {
	if loc, ok := locations()[name]; ok {
		return loc
	}
	return locations()[DefaultZone]
}

// locations are read once: loading one takes longer than most of what is done with it.
var locations = sync.OnceValue(func() map[string]*time.Location {
	// Without a zone database: Moscow has kept UTC+3 since October 2014.
	all := map[string]*time.Location{DefaultZone: time.FixedZone("MSK", 3*60*60)}
	for _, name := range Zones() {
		if loc, err := time.LoadLocation(name); err == nil {
			all[name] = loc
		}
	}
	return all
})
