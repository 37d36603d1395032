package winddown_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// mistaken returns the fields an error is about.
func mistaken(err error) []string {
	var known *winddown.Error
	var fields []string
	if errors.As(err, &known) {
		for _, f := range known.Fields {
			fields = append(fields, f.Field)
		}
	}
	return fields
}

func TestRequisites(t *testing.T) {
	for _, c := range []struct {
		name string
		in   winddown.Requisites
		want []string
	}{
		{"nothing", winddown.Requisites{}, nil},
		{"a company", winddown.Requisites{LegalName: "ООО «Учёт»", INN: "7707083893", KPP: "770701001"}, nil},
		{"a person", winddown.Requisites{LegalName: "ИП Ким", INN: "500100732259"}, nil},
		{"a KPP with letters", winddown.Requisites{LegalName: "ООО «Учёт»", KPP: "7707AB001"}, nil},
		{"without a name", winddown.Requisites{Phone: "1"}, []string{"legal_name"}},
		{"a wrong digit", winddown.Requisites{LegalName: "Учёт", INN: "7707083894"}, []string{"inn"}},
		{"a short number", winddown.Requisites{LegalName: "Учёт", INN: "77070838"}, []string{"inn"}},
		{"a KPP of eight", winddown.Requisites{LegalName: "Учёт", KPP: "77070100"}, []string{"kpp"}},
		{"a KPP with small letters", winddown.Requisites{LegalName: "Учёт", KPP: "7707ab001"}, []string{"kpp"}},
		{"a person with a KPP", winddown.Requisites{LegalName: "ИП Ким", INN: "500100732259", KPP: "770701001"}, []string{"kpp"}},
		{"a long address", winddown.Requisites{LegalName: "Учёт", Address: strings.Repeat("я", winddown.MaxRequisite+1)}, []string{"address"}},
	} {
		f := firm()
		events, err := f.SetRequisites(c.in)
		if got := mistaken(err); !slices.Equal(got, c.want) {
			t.Errorf("%s: mistakes in %v, want %v (%v)", c.name, got, c.want, err)
		}
		if err == nil && f.Requisites != c.in || err != nil && (len(events) != 0 || f.Requisites != winddown.Requisites{}) {
			t.Errorf("%s: the firm has %+v", c.name, f.Requisites)
		}
	}
	f := firm()
	in := winddown.Requisites{LegalName: "  ООО   «Учёт»\n"}
	if events, _ := f.SetRequisites(in); len(events) != 1 || f.Requisites.LegalName != "ООО «Учёт»" {
		t.Errorf("%d events, %q", len(events), f.Requisites.LegalName)
	}
	if events, _ := f.SetRequisites(in); len(events) != 0 {
		t.Error("the same again is an event")
	}
}

func TestFirmChase(t *testing.T) {
	for _, days := range [][]int{{0}, {-1}, {3, 3}, {7, 3}, {1, 2, 3, 4, 5, 6}, {366}} {
		f := firm()
		if _, err := f.SetChase(days); !slices.Equal(mistaken(err), []string{"days"}) || f.Practice.Chase != nil {
			t.Errorf("%v: %v", days, err)
		}
	}
	f := firm()
	events, err := f.SetChase([]int{2, 5})
	if err != nil || len(events) != 1 || events[0].Before["days"] != "3, 7, 10" || events[0].After["days"] != "2, 5" {
		t.Errorf("%+v, %v", events, err)
	}
	for _, days := range [][]int{nil, {3, 7, 10}} { // the default, said in two ways
		f.Practice.Chase = []int{2, 5}
		if events, err := f.SetChase(days); err != nil || len(events) != 1 || f.Practice.Chase != nil || !slices.Equal(f.Practice.ChaseDays(), []int{3, 7, 10}) {
			t.Errorf("back to the default by %v: %+v, %v", days, events, err)
		}
	}
}

func TestFirmDays(t *testing.T) {
	today := winddown.Date{Year: 2026, Month: 11, Day: 23} // a Monday
	day := today.AddDays
	var many []winddown.Date
	for n := range winddown.MaxFirmDays + 1 {
		many = append(many, day(n))
	}
	for _, c := range []struct {
		name        string
		off, worked []winddown.Date
		want        []string
	}{
		{"a mistyped year", []winddown.Date{day(900)}, nil, []string{"off"}},
		{"long ago", nil, []winddown.Date{day(-400)}, []string{"worked"}},
		{"too many", many, nil, []string{"off"}},
		{"both", []winddown.Date{day(1)}, []winddown.Date{day(1)}, []string{"worked"}},
	} {
		if _, err := firm().SetDays(c.off, c.worked, today); !slices.Equal(mistaken(err), c.want) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	f := firm()
	events, err := f.SetDays([]winddown.Date{day(2), day(1), day(2)}, []winddown.Date{day(5)}, today)
	if err != nil || len(events) != 1 || events[0].After["off"] != "2026-11-24, 2026-11-25" || events[0].After["worked"] != "2026-11-28" {
		t.Fatalf("%+v, %v", events, err)
	}
	// They stay for as long as the firm wants, but no new ones of that time come.
	later := today.AddDays(800)
	if _, err := f.SetDays([]winddown.Date{day(1), day(2), later}, []winddown.Date{day(5)}, later); err != nil {
		t.Errorf("days that stand are too old: %v", err)
	}
	if _, err := f.SetDays([]winddown.Date{day(1), day(2), day(3)}, []winddown.Date{day(5)}, later); !slices.Equal(mistaken(err), []string{"off"}) {
		t.Errorf("a new day of two years ago: %v", err)
	}
	if _, err := f.SetDays([]winddown.Date{day(1), day(2)}, []winddown.Date{day(5)}, today); err != nil {
		t.Fatal(err)
	}
	// Tuesday and Wednesday are off, Saturday is worked.
	cal := f.Practice.Days(winddown.RussianCalendar())
	for n, want := range map[int]winddown.Date{1: day(3), 2: day(4), 3: day(5), 4: day(7)} {
		if got := cal.AddWorkdays(today, n); got != want {
			t.Errorf("working day %d is %s, want %s", n, got, want)
		}
	}
	if got := winddown.RussianCalendar().AddWorkdays(today, 1); got != day(1) {
		t.Errorf("the calendar of everybody changed: %s", got)
	}
}
