package winddown

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Practice is what a firm has settled for its cases. The zero Practice is the product's own
// ways, and that of a case without a firm.
type Practice struct {
	Chase  []int  // working days after the request on which the marketplace is reminded; none: the default
	Off    []Date // off beside the calendar's days
	Worked []Date // worked although the calendar has them off
	Acting bool   // sellers the firm adds begin with «ведёт за продавца»
	Texts  int    // the last published edition of the firm's texts; 0 for none
}

// Limits of a firm's settings.
const (
	MaxChaseDays  = 5
	MaxFirmDays   = 200 // days off, and days worked
	MaxRequisite  = 300 // characters
	maxFirmDayAge = 366 // days into the past and twice as many ahead; beyond is a mistyped year
)

// ChaseDays returns the working days on which the marketplace is reminded.
func (p Practice) ChaseDays() []int {
	if len(p.Chase) == 0 {
		return ChaseWorkdays()
	}
	return p.Chase
}

// Days returns a calendar with the firm's own days in it.
func (p Practice) Days(cal Calendar) Calendar {
	if len(p.Off)+len(p.Worked) == 0 {
		return cal
	}
	cal.own = map[Date]bool{}
	for _, d := range p.Off {
		cal.own[d] = false
	}
	for _, d := range p.Worked {
		cal.own[d] = true
	}
	return cal
}

// Requisites are those of a firm, for the letters of its cases. All may be empty.
type Requisites struct {
	LegalName string
	INN       string
	KPP       string // of a company
	Address   string
	Phone     string
	Signer    string // who signs for the firm
	Authority string // on what authority
}

// SetRequisites writes the firm's requisites for letters: Invalid with the fields at fault.
func (f *Firm) SetRequisites(r Requisites) ([]Event, error) {
	fields := []struct {
		name string
		text *string
	}{
		{"legal_name", &r.LegalName}, {"inn", &r.INN}, {"kpp", &r.KPP}, {"address", &r.Address}, {"phone", &r.Phone},
		{"signer", &r.Signer}, {"authority", &r.Authority},
	}
	var v invalid
	for _, field := range fields {
		*field.text = tidyLine(*field.text)
		if utf8.RuneCountInString(*field.text) > MaxRequisite {
			v.add(field.name, "error.field.too_long", Args{"Max": MaxRequisite})
		}
	}
	switch {
	case r.INN == "":
	case !digits(r.INN) || (len(r.INN) != 10 && len(r.INN) != 12):
		v.add("inn", "case.error.inn_length", nil)
	case !ValidINN(r.INN):
		v.add("inn", "case.error.inn_checksum", nil)
	}
	switch {
	case r.KPP == "":
	case !validKPP(r.KPP):
		v.add("kpp", "settings.error.kpp", nil)
	case len(r.INN) == 12:
		v.add("kpp", "settings.error.kpp_person", nil)
	}
	if r != (Requisites{}) && r.LegalName == "" {
		v.add("legal_name", "settings.error.legal_name", nil)
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	events := settingChanged("requisites", f.Requisites.changes(), r.changes())
	f.Requisites = r
	return events, nil
}

// validKPP reports whether s is a code of the reason for registration: nine characters, of
// which the fifth and sixth may be capital Latin letters (Federal Tax Service order
// MMV-7-6/435@).
func validKPP(s string) bool {
	return len(s) == 9 && digits(s[:4]) && digits(s[6:]) &&
		!strings.ContainsFunc(s[4:6], func(r rune) bool { return (r < '0' || r > '9') && (r < 'A' || r > 'Z') })
}

func (r Requisites) changes() Changes {
	return Changes{"legal_name": r.LegalName, "inn": r.INN, "kpp": r.KPP, "address": r.Address, "phone": r.Phone, "signer": r.Signer,
		"authority": r.Authority}
}

// SetChase writes the working days on which the marketplace is reminded of the acts of the
// firm's cases; none says the default. Invalid on the field days.
func (f *Firm) SetChase(days []int) ([]Event, error) {
	if len(days) > 0 && !validChase(days) {
		return nil, &Error{Kind: Invalid, Key: "error.invalid", Fields: []FieldError{
			{Field: "days", Key: "deadline.error.days_chase", Args: Args{"Max": MaxTermDays}}}}
	}
	if slices.Equal(days, ChaseWorkdays()) {
		days = nil
	}
	events := settingChanged("chase", Changes{"days": listed(f.Practice.ChaseDays())}, Changes{"days": listed(Practice{Chase: days}.ChaseDays())})
	f.Practice.Chase = days
	return events, nil
}

func validChase(days []int) bool {
	ascending := slices.IsSorted(days) && len(slices.Compact(slices.Clone(days))) == len(days)
	return len(days) >= 1 && len(days) <= MaxChaseDays && ascending && days[0] >= 1 && days[len(days)-1] <= MaxTermDays
}

// SetDays writes the days that are off, or worked, for the firm's cases whatever the calendar
// says. Invalid on the fields off and worked, for a day too far off among those that are new.
func (f *Firm) SetDays(off, worked []Date, today Date) ([]Event, error) {
	tidy := func(days []Date) []Date {
		days = slices.Clone(days)
		byDate(days)
		return slices.Compact(days)
	}
	off, worked = tidy(off), tidy(worked)
	var v invalid
	check := func(field string, days, stand []Date) { // what stands may have grown old
		for _, d := range days {
			if slices.Contains(stand, d) {
				continue
			}
			if d.Before(today.AddDays(-maxFirmDayAge)) || d.After(today.AddDays(2*maxFirmDayAge)) {
				v.add(field, "settings.error.day_far", Args{"Date": d})
				return
			}
		}
		if len(days) > MaxFirmDays {
			v.add(field, "settings.error.days_many", Args{"Max": MaxFirmDays})
		}
	}
	check("off", off, f.Practice.Off)
	check("worked", worked, f.Practice.Worked)
	for _, d := range worked {
		if slices.Contains(off, d) {
			v.add("worked", "settings.error.day_twice", Args{"Date": d})
			break
		}
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	before := Changes{"off": listed(f.Practice.Off), "worked": listed(f.Practice.Worked)}
	f.Practice.Off, f.Practice.Worked = off, worked
	return settingChanged("days", before, Changes{"off": listed(off), "worked": listed(worked)}), nil
}

// SetActing says whether the people of the firm mark steps for sellers it adds from now on.
func (f *Firm) SetActing(acting bool) []Event {
	events := settingChanged("acting", Changes{"acting": yesNo(f.Practice.Acting)}, Changes{"acting": yesNo(acting)})
	f.Practice.Acting = acting
	return events
}

// settingChanged is the event of a setting of a firm, if it differs.
func settingChanged(setting string, before, after Changes) []Event {
	if same(before, after) {
		return nil
	}
	after["setting"] = setting
	return []Event{{Kind: FirmSettingChanged, Before: before, After: after}}
}

// listed writes values in one line, «3, 7, 10».
func listed[T any](values []T) string {
	var all []string
	for _, v := range values {
		all = append(all, fmt.Sprint(v))
	}
	return strings.Join(all, ", ")
}

// Entrust makes a person of a firm responsible for the case, which is read and counted as the firm
// has settled. A seller the firm adds itself begins with or without «ведёт за продавца» as it has
// settled too; an owner decides for himself.
func (c *Case) Entrust(firm, user ID, p Practice) {
	c.FirmID, c.ResponsibleID, c.Practice, c.Texts = firm, user, p, p.Texts
	c.Acting = !c.HasOwner && p.Acting
}

// BeginsActing is the event of a case that begins with «ведёт за продавца», behind its opening.
func (c *Case) BeginsActing() []Event {
	if !c.Acting {
		return nil
	}
	return []Event{{Kind: ActingChanged, Before: Changes{"acting": yesNo(false)}, After: Changes{"acting": yesNo(true)}}}
}
