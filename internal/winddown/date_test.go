package winddown_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the same zones on every machine

	"winddown/internal/winddown"
)

func TestParseDate(t *testing.T) {
	for s, want := range map[string]winddown.Date{
		"2026-11-12": {Year: 2026, Month: time.November, Day: 12},
		"2024-02-29": {Year: 2024, Month: time.February, Day: 29},
		"2000-01-01": {Year: 2000, Month: time.January, Day: 1},
		"2199-12-31": {Year: 2199, Month: time.December, Day: 31},
	} {
		got, ok := winddown.ParseDate(s)
		if !ok || got != want || got.String() != s || got.IsZero() {
			t.Errorf("ParseDate(%q) = %v, %v", s, got, ok)
		}
	}
	for _, s := range []string{
		"", "2026-02-29", "2026-13-01", "2026-00-10", "2026-11-31", "2026-11-00", "1999-12-31", "2200-01-01", "0000-00-00", "0000-01-01",
		"2026-1-02", "26-11-12", "12.11.2026", "2026/11/12", " 2026-11-12", "2026-11-12 ", "+026-11-12", "-026-11-12", "2026-11-1a", "２０２６-11-12",
		"2026-11-12T00:00:00Z", "99999-01-01", "infinity", "\x00\x00\x00\x00-\x00\x00-\x00\x00",
	} {
		if got, ok := winddown.ParseDate(s); ok || !got.IsZero() {
			t.Errorf("ParseDate(%q) = %v", s, got)
		}
	}
	if s := (winddown.Date{}).String(); s != "" {
		t.Errorf("no date is written %q", s)
	}
}

// People type the day first, as it stands on paper.
func TestReadDate(t *testing.T) {
	for s, want := range map[string]string{
		"2026-11-26": "2026-11-26", " 2026-11-26\t": "2026-11-26", "26.11.2026": "2026-11-26", "  26.11.2026 ": "2026-11-26", "26/11/2026": "2026-11-26",
		"5.1.2026": "2026-01-05", "05/01/2026": "2026-01-05", "29.02.2024": "2024-02-29",
	} {
		if got, ok := winddown.ReadDate(s); !ok || got != day(want) {
			t.Errorf("ReadDate(%q) = %v, %v", s, got, ok)
		}
	}
	for _, s := range []string{
		"", " ", "11/26/2026", "31.11.2026", "29.02.2026", "26.11.26", "26.11", "26.11.1999", "26.11.2200", "2026/11/26", "2026.11.26", "26-11-2026",
		"26.11/2026", "26. 11. 2026", "26.11.2026 г.", "26.11.2026 10:00", "26.11.20266", "0.11.2026", "infinity",
	} {
		if got, ok := winddown.ReadDate(s); ok || !got.IsZero() {
			t.Errorf("ReadDate(%q) = %v", s, got)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2026-11-12", "2026-02-30", "", "2199-12-31", "\xff026-11-12", "2026-11-12\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, ok := winddown.ParseDate(s)
		if !ok {
			if !d.IsZero() {
				t.Fatalf("ParseDate(%q) refuses but returns %v", s, d)
			}
			return
		}
		if d.String() != s || winddown.DateOf(d.Time()) != d || d.Year < 2000 || d.Year > 2199 {
			t.Fatalf("ParseDate(%q) = %v", s, d)
		}
		if next := d.AddDays(1); !next.After(d) || !d.Before(next) || d.After(d) || d.DaysUntil(next) != 1 || next.AddDays(-1) != d {
			t.Fatalf("the day after %s is %s", d, next)
		}
	})
}

func TestDateArithmetic(t *testing.T) {
	for _, x := range []struct {
		from string
		n    int
		want string
	}{{"2026-12-31", 1, "2027-01-01"}, {"2028-02-28", 1, "2028-02-29"}, {"2026-03-01", -1, "2026-02-28"}, {"2026-11-12", 0, "2026-11-12"}, {"2026-01-01", 365, "2027-01-01"}} {
		if got := day(x.from).AddDays(x.n); got != day(x.want) {
			t.Errorf("%s + %d = %s, want %s", x.from, x.n, got, x.want)
		}
		if got := day(x.from).DaysUntil(day(x.want)); got != x.n {
			t.Errorf("from %s to %s are %d days, want %d", x.from, x.want, got, x.n)
		}
	}
}

// A person in Vladivostok at 23:30 Moscow time is in the next day.
func TestToday(t *testing.T) {
	now := time.Date(2026, 11, 12, 20, 30, 0, 0, time.UTC)
	for zone, want := range map[string]string{
		"Europe/Moscow": "2026-11-12", "Asia/Vladivostok": "2026-11-13", "Europe/Kaliningrad": "2026-11-12", "Asia/Kamchatka": "2026-11-13",
		"": "2026-11-12", "Local": "2026-11-12", "UTC": "2026-11-12", "no/such": "2026-11-12",
	} {
		if got := winddown.Today(now, zone); got != day(want) {
			t.Errorf("Today in %q = %s, want %s", zone, got, want)
		}
	}
	if got := winddown.Today(now.Add(30*time.Minute), "no/such"); got != day("2026-11-13") {
		t.Errorf("an unknown zone is not Moscow: %s", got)
	}
}

func TestZones(t *testing.T) {
	seen := map[string]bool{}
	summer, last := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), -24*60*60
	for _, name := range winddown.Zones() {
		loc, err := time.LoadLocation(name)
		if err != nil || seen[name] || !winddown.ValidZone(name) {
			t.Fatalf("zone %q: %v, twice %v, valid %v", name, err, seen[name], winddown.ValidZone(name))
		}
		seen[name] = true
		if got := winddown.Zone(name); got.String() != name {
			t.Errorf("Zone(%q) = %s", name, got)
		}
		_, offset := summer.In(loc).Zone()
		if offset < last {
			t.Errorf("%s stands out of order", name)
		}
		last = offset
	}
	if !seen[winddown.DefaultZone] {
		t.Error("the default zone is not among the zones")
	}
	for _, name := range []string{"", "Local", "UTC", "europe/moscow", "Europe", "../../etc/passwd", "Europe/Moscow\x00"} {
		if winddown.ValidZone(name) || winddown.Zone(name).String() != winddown.DefaultZone {
			t.Errorf("%q is valid, or leads to %s", name, winddown.Zone(name))
		}
	}
}
