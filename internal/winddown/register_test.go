package winddown_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

func TestParseRegisterFilter(t *testing.T) {
	type in = winddown.RawRegisterFilter
	cases := []struct {
		name string
		in   in
		want winddown.RegisterFilter
		bad  []string
	}{
		{"nothing", in{}, winddown.RegisterFilter{Sort: "deadline"}, nil},
		{"empty values", in{Acts: []string{""}, Groups: []string{"", ""}, Due: []string{""}}, winddown.RegisterFilter{Sort: "deadline"}, nil},
		{"search", in{Query: "Петрова"}, winddown.RegisterFilter{Query: "Петрова", Sort: "deadline"}, nil},
		{"acts", in{Acts: []string{"requested", "received", "signed"}}, winddown.RegisterFilter{Acts: []winddown.ActState{"requested", "received", "signed"}, Sort: "deadline"}, nil},
		{"twice the same", in{Acts: []string{"signed", "", "signed"}}, winddown.RegisterFilter{Acts: []winddown.ActState{"signed"}, Sort: "deadline"}, nil},
		{"everything", in{"a", []string{"not_requested"}, []string{"ready", "early"}, []string{"overdue", "7", "30"}, "me", "yes", "yes", "yes", "-name"},
			winddown.RegisterFilter{Query: "a", Acts: []winddown.ActState{"not_requested"}, Groups: []winddown.Group{"ready", "early"},
				Due: []winddown.DueFilter{"overdue", "7", "30"}, Responsible: winddown.Responsible{Me: true}, Finished: true, Archive: true, Similar: true, Sort: "-name"}, nil},
		{"nobody responsible", in{Responsible: "none"}, winddown.RegisterFilter{Responsible: winddown.Responsible{None: true}, Sort: "deadline"}, nil},
		{"somebody responsible", in{Responsible: person(7).String()}, winddown.RegisterFilter{Responsible: winddown.Responsible{ID: person(7)}, Sort: "deadline"}, nil},
		{"unknown responsible", in{Responsible: "she"}, winddown.RegisterFilter{Sort: "deadline"}, []string{"responsible: error.field.unknown"}},
		{"finished by group", in{Groups: []string{"finished"}}, winddown.RegisterFilter{Groups: []winddown.Group{"finished"}, Finished: true, Sort: "deadline"}, nil},
		{"finished on", in{Finished: "on"}, winddown.RegisterFilter{Finished: true, Sort: "deadline"}, nil},
		{"finished 1", in{Finished: "1"}, winddown.RegisterFilter{Finished: true, Sort: "deadline"}, nil},
		{"finished no", in{Finished: "no"}, winddown.RegisterFilter{Sort: "deadline"}, nil},
		{"longest search", in{Query: strings.Repeat("ж", 100)}, winddown.RegisterFilter{Query: strings.Repeat("ж", 100), Sort: "deadline"}, nil},
		{"search too long", in{Query: strings.Repeat("ж", 101)}, winddown.RegisterFilter{Sort: "deadline"}, []string{"q: error.field.too_long"}},
		{"unknown act", in{Acts: []string{"signed", "lost"}}, winddown.RegisterFilter{Sort: "deadline"}, []string{"act: error.field.unknown"}},
		{"unknown group", in{Groups: []string{"Ready"}}, winddown.RegisterFilter{Sort: "deadline"}, []string{"group: error.field.unknown"}},
		{"unknown deadline", in{Due: []string{"8"}}, winddown.RegisterFilter{Sort: "deadline"}, []string{"due: error.field.unknown"}},
		{"unknown finished", in{Finished: "perhaps"}, winddown.RegisterFilter{Sort: "deadline"}, []string{"finished: error.field.unknown"}},
		{"unknown sort", in{Sort: "name; drop table"}, winddown.RegisterFilter{Sort: "deadline"}, []string{"sort: error.field.unknown"}},
		{"all unknown", in{strings.Repeat("x", 101), []string{"x", "y"}, []string{"x"}, []string{"x"}, "x", "x", "x", "x", "x"}, winddown.RegisterFilter{Sort: "deadline"},
			[]string{"q: error.field.too_long", "act: error.field.unknown", "group: error.field.unknown", "due: error.field.unknown", "responsible: error.field.unknown", "finished: error.field.unknown",
				"archive: error.field.unknown", "similar: error.field.unknown", "sort: error.field.unknown"}},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			got, err := winddown.ParseRegisterFilter(x.in)
			if !reflect.DeepEqual(got, x.want) {
				t.Errorf("filter %+v, want %+v", got, x.want)
			}
			if who := got.Responsible.String(); who != "" && who != x.in.Responsible {
				t.Errorf("the address says %q, want %q", who, x.in.Responsible)
			}
			if x.bad != nil {
				wantFields(t, err, x.bad...)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// Every code of the register's address is accepted.
func TestRegisterCodes(t *testing.T) {
	for _, sort := range []string{"deadline", "-deadline", "name", "-name", "act", "-act"} {
		if f, err := winddown.ParseRegisterFilter(winddown.RawRegisterFilter{Sort: sort}); err != nil || string(f.Sort) != sort {
			t.Errorf("sort %s: %+v, %v", sort, f, err)
		}
	}
	f, err := winddown.ParseRegisterFilter(winddown.RawRegisterFilter{Acts: []string{"not_requested", "requested", "received", "signed"},
		Groups: []string{"problem", "ready", "overdue", "received", "debt", "finish", "waiting", "early", "finished"}, Due: []string{"overdue", "7", "30"}})
	if err != nil || !slices.Equal(f.Acts, winddown.ActStates()) || !slices.Equal(f.Groups, winddown.Groups()) || !slices.Equal(f.Due, winddown.DueFilters()) {
		t.Errorf("filter %+v, %v", f, err)
	}
	if winddown.RegisterSorts()[0] != winddown.SortDeadline || len(winddown.RegisterSorts()) != 6 {
		t.Errorf("sorts %v", winddown.RegisterSorts())
	}
}

func TestRegisterMatching(t *testing.T) {
	r := winddown.Register{Counts: map[winddown.Group]int{winddown.GroupReady: 3, winddown.GroupEarly: 18}}
	if got := r.Matching(); got != 21 {
		t.Errorf("%d rows, want 21", got)
	}
	if got := (winddown.Register{}).Matching(); got != 0 {
		t.Errorf("%d rows of none", got)
	}
}

func FuzzParseRegisterFilter(f *testing.F) {
	f.Add("q", "requested", "ready", "7", "me", "yes", "name")
	f.Add("", "", "", "", "", "", "")
	f.Add(strings.Repeat("ы", 200), "signed\x00", "finished", "30 ", "none", "on", "-act")
	f.Fuzz(func(t *testing.T, query, act, group, due, responsible, finished, sort string) {
		got, err := winddown.ParseRegisterFilter(winddown.RawRegisterFilter{Query: query, Acts: []string{act, "signed"}, Groups: []string{group},
			Due: []string{due}, Responsible: responsible, Finished: finished, Sort: sort})
		if err != nil && len(fieldsOf(err)) == 0 {
			t.Fatalf("no field named: %v", err)
		}
		// Whatever was refused, what is left is safe to put into a statement.
		if len([]rune(got.Query)) > winddown.MaxQuery || !slices.Contains(winddown.RegisterSorts(), got.Sort) {
			t.Fatalf("filter %+v", got)
		}
		for _, a := range got.Acts {
			if !slices.Contains(winddown.ActStates(), a) {
				t.Fatalf("act %q", a)
			}
		}
		for _, g := range got.Groups {
			if !slices.Contains(winddown.Groups(), g) || g == winddown.GroupFinished && !got.Finished {
				t.Fatalf("group %q, finished %v", g, got.Finished)
			}
		}
		for _, d := range got.Due {
			if !slices.Contains(winddown.DueFilters(), d) {
				t.Fatalf("due %q", d)
			}
		}
	})
}
