package winddown

import (
	"crypto/sha256"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of saved views.
const (
	MaxViews     = 20 // of one person
	MaxViewName  = 60 // characters
	MaxViewQuery = 2000
)

// View is a filter of the register a person saved under a name. Name is empty for one that
// comes with the program, which Code names.
type View struct {
	ID     ID
	Code   string
	Name   string
	Query  string // of the register's address, without the page
	Pinned bool   // it stands above the register
	Home   bool   // it is the page the person begins with; one at most
}

// Views are the saved views of a person in their order. Until he changes anything about them
// they are those that come with the program, and nothing is stored.
type Views []View

// Starters are the views that come with the program, as a person finds them.
func Starters(user ID) Views {
	var all Views
	for _, s := range [][2]string{
		{"ready", "group=ready"}, {"stuck", "group=problem&group=overdue"}, {"mine", "responsible=me"}, {"week", "due=overdue&due=7"},
	} {
		sum := sha256.Sum256(append(user[:], s[0]...))
		all = append(all, View{ID: ID(sum[:16]), Code: s[0], Query: s[1], Pinned: true})
	}
	return all
}

// View returns one of the views, or NotFound.
func (v Views) View(id ID) (*View, error) {
	at := slices.IndexFunc(v, func(one View) bool { return one.ID == id })
	if at < 0 {
		return nil, &Error{Kind: NotFound, Key: "error.not_found"}
	}
	return &v[at], nil
}

// Home is the view the person begins with, if he chose one.
func (v Views) Home() (View, bool) {
	at := slices.IndexFunc(v, func(one View) bool { return one.Home })
	if at < 0 {
		return View{}, false
	}
	return v[at], true
}

// StarterNames are the names under which a person sees the views that come with the program, by
// their code, in every language he may choose: no other view may be called like one of them.
type StarterNames map[string][]string

// Save adds a view, pinned: Invalid on the field name, or Conflict when there are too many.
func (v *Views) Save(id ID, name, query string, home bool, shown StarterNames) ([]Event, error) {
	name, err := v.checkName(id, name, shown)
	if err != nil {
		return nil, err
	}
	if len(*v) >= MaxViews {
		return nil, &Error{Kind: Conflict, Key: "view.error.too_many", Args: Args{"Max": MaxViews}}
	}
	*v = append(*v, View{ID: id, Name: name, Query: query, Pinned: true})
	if home {
		v.makeHome(id)
	}
	return []Event{{Kind: SettingsChanged, After: Changes{"view": name, "query": query}}}, nil
}

// Change gives a view another name and place: NotFound, or Invalid on the field name. An
// empty name leaves that of a view that comes with the program.
func (v *Views) Change(id ID, name string, pinned, home bool, shown StarterNames) ([]Event, error) {
	one, err := v.View(id)
	if err != nil {
		return nil, err
	}
	if name != "" || one.Code == "" {
		if name, err = v.checkName(id, name, shown); err != nil {
			return nil, err
		}
	} else {
		name = one.Name
	}
	if one.Name == name && one.Pinned == pinned && one.Home == home {
		return nil, nil
	}
	before := Changes{"view": one.title(), "pinned": yesNo(one.Pinned), "home": yesNo(one.Home)}
	one.Name, one.Pinned = name, pinned
	if home {
		v.makeHome(id)
	} else {
		one.Home = false
	}
	return []Event{{Kind: SettingsChanged, Before: before, After: Changes{"view": one.title(), "pinned": yesNo(pinned), "home": yesNo(home)}}}, nil
}

// Remove drops a view, or is NotFound.
func (v *Views) Remove(id ID) ([]Event, error) {
	one, err := v.View(id)
	if err != nil {
		return nil, err
	}
	e := Event{Kind: SettingsChanged, Before: Changes{"view": one.title(), "query": one.Query}}
	*v = slices.DeleteFunc(*v, func(x View) bool { return x.ID == id })
	return []Event{e}, nil
}

func (v *View) title() string {
	if v.Name == "" {
		return v.Code
	}
	return v.Name
}

func (v Views) makeHome(id ID) {
	for i := range v {
		v[i].Home = v[i].ID == id
	}
}

func (v Views) checkName(id ID, name string, shown StarterNames) (string, error) {
	var bad invalid
	name = tidyLine(name)
	taken := func(one View) bool {
		titles := []string{one.Name}
		if one.Name == "" {
			titles = shown[one.Code]
		}
		return one.ID != id && slices.ContainsFunc(titles, func(title string) bool { return strings.EqualFold(title, name) })
	}
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		bad.add("name", "view.error.name_missing", nil)
	case n > MaxViewName:
		bad.add("name", "error.field.too_long", Args{"Max": MaxViewName})
	case slices.ContainsFunc(v, taken):
		bad.add("name", "view.error.name_taken", nil)
	}
	return name, bad.err()
}
