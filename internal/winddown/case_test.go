package winddown_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

const today = "2026-12-10"

func TestOpenCase(t *testing.T) {
	in := winddown.NewCase{
		Seller:  winddown.Seller{Name: "  ИП  Петрова ", INN: " 7721546864 ", OGRN: "1247700471919", Cabinet: " второй "},
		Answers: winddown.RawAnswers{FBS: "yes", WBStock: "yes", Leftover: "sell"},
	}
	c, events, err := winddown.OpenCase(winddown.ID{7}, in, by(1, "2026-10-01"))
	if err != nil {
		t.Fatal(err)
	}
	seller := winddown.Seller{Name: "ИП Петрова", INN: sellerINN, OGRN: sellerOGRN, Cabinet: "второй"}
	if c.ID != (winddown.ID{7}) || c.Seller != seller || c.Playbook != winddown.CurrentPlaybook || c.Zone != "Europe/Moscow" ||
		c.Version != 1 || c.OpenedOn != day("2026-10-01") || c.Finished() || len(c.Acts) != 1 || c.Acts[0] != (winddown.Act{Position: 1, Round: 1, Version: 1}) {
		t.Errorf("opened %+v", c)
	}
	var codes []winddown.Code
	for _, st := range c.Steps {
		codes = append(codes, st.Code)
		if st.Version != 1 || st.Tick != nil || st.Problem != nil {
			t.Errorf("fresh step %+v", st)
		}
	}
	if !slices.Equal(codes, allSteps()) {
		t.Errorf("steps %v, want %v", codes, allSteps())
	}
	wantKinds(t, events, "case_opened")
	want := winddown.Changes{"seller_name": "ИП Петрова", "inn": sellerINN, "ogrn": sellerOGRN, "cabinet": "второй", "fbs": "yes", "wb_stock": "yes", "leftover": "sell"}
	if fmt.Sprint(events[0].After) != fmt.Sprint(want) || len(events[0].Before) != 0 {
		t.Errorf("recorded %v → %v", events[0].Before, events[0].After)
	}
}

// Every mistake of the form is told at once.
func TestOpenCaseTellsEveryMistake(t *testing.T) {
	c, events, err := winddown.OpenCase(winddown.ID{7}, winddown.NewCase{Seller: winddown.Seller{OGRN: "1"}}, by(1, today))
	wantFields(t, err, "seller_name: case.error.name_missing", "inn: case.error.inn_missing", "ogrn: case.error.ogrn_length",
		"fbs: case.error.fbs_missing", "wb_stock: case.error.wb_stock_missing")
	if c != nil || events != nil {
		t.Errorf("opened %v, events %v", c, events)
	}
}

// checkSeller is what opening a case makes of the seller's requisites.
func checkSeller(s winddown.Seller) (winddown.Seller, error) {
	c, _, err := winddown.OpenCase(winddown.ID{1}, winddown.NewCase{Seller: s, Answers: everything()}, by(1, "2026-11-12"))
	if err != nil {
		return winddown.Seller{}, err
	}
	return c.Seller, nil
}

func TestCheckSeller(t *testing.T) {
	long := func(n int) string { return strings.Repeat("ж", n) }
	valid := winddown.Seller{Name: "ООО «Ромашка»", INN: sellerINN}
	cases := []struct {
		name   string
		change func(*winddown.Seller)
		want   []string
	}{
		{"valid", func(*winddown.Seller) {}, nil},
		{"person", func(s *winddown.Seller) { s.INN = "500100732259"; s.OGRN = "304500116000157" }, nil},
		{"no name", func(s *winddown.Seller) { s.Name = " \t\n" }, []string{"seller_name: case.error.name_missing"}},
		{"longest name", func(s *winddown.Seller) { s.Name = long(200) }, nil},
		{"name too long", func(s *winddown.Seller) { s.Name = long(201) }, []string{"seller_name: error.field.too_long"}},
		{"no inn", func(s *winddown.Seller) { s.INN = "" }, []string{"inn: case.error.inn_missing"}},
		{"inn with spaces", func(s *winddown.Seller) { s.INN = "77 2154 6864" }, nil},
		{"inn of 11 digits", func(s *winddown.Seller) { s.INN = "77215468640" }, []string{"inn: case.error.inn_length"}},
		{"inn with a letter", func(s *winddown.Seller) { s.INN = "772154686O" }, []string{"inn: case.error.inn_length"}},
		{"inn with other digits", func(s *winddown.Seller) { s.INN = "٧٧٢١٥٤٦٨٦٤" }, []string{"inn: case.error.inn_length"}},
		{"inn checksum", func(s *winddown.Seller) { s.INN = "7721546865" }, []string{"inn: case.error.inn_checksum"}},
		{"ogrn length", func(s *winddown.Seller) { s.OGRN = "12477004719190" }, []string{"ogrn: case.error.ogrn_length"}},
		{"ogrn minus", func(s *winddown.Seller) { s.OGRN = "-247700471919" }, []string{"ogrn: case.error.ogrn_length"}},
		{"ogrn checksum", func(s *winddown.Seller) { s.OGRN = "1247700471918" }, []string{"ogrn: case.error.ogrn_checksum"}},
		{"longest cabinet", func(s *winddown.Seller) { s.Cabinet = long(100) }, nil},
		{"cabinet too long", func(s *winddown.Seller) { s.Cabinet = long(101) }, []string{"cabinet: error.field.too_long"}},
		{"two at once", func(s *winddown.Seller) { s.Name = ""; s.INN = "1" }, []string{"seller_name: case.error.name_missing", "inn: case.error.inn_length"}},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			s := valid
			x.change(&s)
			_, err := checkSeller(s)
			if x.want == nil {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			wantFields(t, err, x.want...)
		})
	}
}

func FuzzCheckSeller(f *testing.F) {
	f.Add("ИП Петрова", sellerINN, sellerOGRN, "")
	f.Add("", "", "", strings.Repeat("x", 200))
	f.Add("\xff\x00", "77215 46864", "304500116000157", " a  b ")
	f.Fuzz(func(t *testing.T, name, inn, ogrn, cabinet string) {
		s, err := checkSeller(winddown.Seller{Name: name, INN: inn, OGRN: ogrn, Cabinet: cabinet})
		again, err2 := checkSeller(s)
		if again != s || (err == nil) != (err2 == nil) {
			t.Fatalf("tidied %+v again into %+v (%v, %v)", s, again, err, err2)
		}
		if err != nil {
			if !errors.Is(err, winddown.Invalid) || len(fieldsOf(err)) == 0 {
				t.Fatalf("no field named: %v", err)
			}
			return
		}
		if s.Name == "" || len([]rune(s.Name)) > winddown.MaxName || len([]rune(s.Cabinet)) > winddown.MaxCabinet ||
			!oracleINN(s.INN) || (s.OGRN != "" && !oracleOGRN(s.OGRN)) {
			t.Fatalf("accepted %+v", s)
		}
	})
}

// gateState is what one of the steps a gate names can be.
type gateState int

const (
	untouched gateState = iota
	started
	signed
	suspended
	unneeded
)

const gateStates = 5

// Every gate, closed in every way: the answer is Blocked with exactly the steps that
// stand in the way, and nothing changes. Open, it lets the mark through.
func TestGates(t *testing.T) {
	p, _ := winddown.PlaybookVersion(winddown.CurrentPlaybook)
	for _, d := range p.Steps {
		if len(d.Gate) == 0 {
			continue
		}
		combinations := 1
		for range d.Gate {
			combinations *= gateStates
		}
		for n := range combinations {
			c, blockers, possible := closeGate(t, d, n)
			if !possible {
				continue
			}
			t.Run(fmt.Sprintf("%s/%d", d.Code, n), func(t *testing.T) { testGate(t, c, d.Code, blockers) })
		}
	}
}

// closeGate puts the steps of a gate into the n-th combination of states. It is not
// possible when a step that is always needed should be not needed.
func closeGate(t *testing.T, d winddown.StepDef, n int) (c *winddown.Case, blockers []winddown.Code, possible bool) {
	c = openCase(t, everything())
	tick := func(code winddown.Code) {
		step(t, c, code).Tick = &winddown.Tick{On: day("2026-11-02"), At: by(1, today).At, By: person(1)}
		switch act := &c.Acts[0]; code {
		case winddown.RequestAct:
			act.RequestedOn = day("2026-11-02")
		case winddown.ReceiveAct:
			act.ReceivedOn, act.ComparedOn, act.Agrees = day("2026-11-02"), day("2026-11-02"), true
		case winddown.SignAct:
			act.SignedOn = day("2026-11-02")
		default:
		}
	}
	for _, code := range allSteps() {
		if slices.Contains(d.Gate, code) || code == d.Code {
			break
		}
		tick(code)
	}
	for _, code := range d.Gate {
		st := step(t, c, code)
		state := gateState(n % gateStates)
		n /= gateStates
		if state == signed || state == suspended {
			tick(code)
		}
		switch state {
		case untouched, signed:
		case started:
			st.StartedOn = day("2026-11-02")
		case suspended:
			st.Problem = &winddown.Problem{Kind: winddown.Regressed, Reason: "x", On: day("2026-11-03")}
		case unneeded:
			switch code {
			case winddown.ZeroFBS:
				c.Answers.FBS = false
			case winddown.ReturnStock:
				c.Answers.WBStock, c.Answers.Leftover = false, ""
			default:
				return nil, nil, false
			}
		}
		if state != signed && state != unneeded {
			blockers = append(blockers, code)
		}
	}
	return c, blockers, true
}

func testGate(t *testing.T, c *winddown.Case, code winddown.Code, blockers []winddown.Code) {
	t.Helper()
	if got := c.Blockers(code); !slices.Equal(got, blockers) {
		t.Errorf("blockers %v, want %v", got, blockers)
	}
	filled := form(t, c, code, "2026-11-20")
	pending := winddown.MarkPending{Step: code, Version: 1, Note: "ждём"}
	if len(blockers) == 0 {
		if got := c.Status(code, day(today)); got != winddown.NotStarted {
			t.Errorf("shows %s", got)
		}
		if events, err := clone(c).MarkPending(pending, by(1, today)); err != nil || len(events) != 1 {
			t.Errorf("pending: %v, %v", events, err)
		}
		if events, err := c.MarkDone(filled, by(1, today)); err != nil || len(events) != 1+len(filled.Reasons) {
			t.Errorf("done: %v, %v", events, err)
		}
		return
	}
	if got := c.Status(code, day(today)); got != winddown.StatusBlocked {
		t.Errorf("shows %s", got)
	}
	before := clone(c)
	for name, try := range map[string]func() ([]winddown.Event, error){
		"done":       func() ([]winddown.Event, error) { return c.MarkDone(filled, by(1, today)) },
		"pending":    func() ([]winddown.Event, error) { return c.MarkPending(pending, by(1, today)) },
		"stale done": func() ([]winddown.Event, error) { filled.Version = 9; return c.MarkDone(filled, by(1, today)) },
		"wrong done": func() ([]winddown.Event, error) { filled.On = winddown.Date{}; return c.MarkDone(filled, by(1, today)) },
	} {
		events, err := try()
		wantRefused(t, events, err, winddown.Blocked, "step.error.blocked")
		var e *winddown.Error
		if errors.As(err, &e) && !slices.Equal(e.Blockers, blockers) {
			t.Errorf("%s: blocked by %v, want %v", name, e.Blockers, blockers)
		}
		unchanged(t, before, c)
	}
}

// strip_media warns and closes nothing.
func TestStripMediaOnlyWarns(t *testing.T) {
	c := openCase(t, everything())
	mark(t, c, today, goods()...)
	if got := c.Warnings(winddown.RequestAct); !slices.Equal(got, []winddown.Code{winddown.StripMedia}) {
		t.Errorf("warnings %v", got)
	}
	mark(t, c, today, winddown.RequestAct)
	shown := c.Status(winddown.RequestAct, day(today))
	mark(t, c, today, winddown.StripMedia)
	wantKinds(t, regress(t, c, today, winddown.StripMedia), "step_regressed strip_media")
	if got := c.Status(winddown.RequestAct, day(today)); got != winddown.Done || shown != winddown.Done {
		t.Errorf("the request shows %s, then %s", shown, got)
	}
	mark(t, c, today, winddown.StripMedia)
	if got := c.Warnings(winddown.RequestAct); len(got) != 0 {
		t.Errorf("warnings %v", got)
	}
}

// signedCase is a case whose act was requested on 12, received on 24 and
// compared on 26 November and signed on 1 December.
func signedCase(t *testing.T) *winddown.Case {
	t.Helper()
	c := openCase(t, everything())
	mark(t, c, "2026-11-10", goods()...)
	mark(t, c, "2026-11-12", winddown.RequestAct)
	mark(t, c, "2026-11-24", winddown.ReceiveAct)
	compare(t, c, "2026-11-26")
	mark(t, c, "2026-12-01", winddown.SignAct)
	return c
}

func TestMarkDoneRefused(t *testing.T) {
	long := func(n int) string { return strings.Repeat("ж", n) }
	request := func(change func(*winddown.MarkDone)) winddown.MarkDone {
		in := winddown.MarkDone{Step: winddown.RequestAct, On: day("2026-11-12")}
		change(&in)
		return in
	}
	on := func(code winddown.Code, d string) winddown.MarkDone { return winddown.MarkDone{Step: code, On: day(d)} }
	cases := []struct {
		name string
		in   winddown.MarkDone
		want []string // nil: accepted
	}{
		{"no date", winddown.MarkDone{Step: winddown.StripMedia}, []string{"on: step.error.date_missing"}},
		{"tomorrow", on(winddown.StripMedia, "2026-12-11"), []string{"on: step.error.date_future"}},
		{"today", on(winddown.StripMedia, today), nil},
		{"long ago", on(winddown.StripMedia, "2020-02-29"), nil},
		{"longest note", winddown.MarkDone{Step: winddown.StripMedia, On: day(today), Note: long(2000)}, nil},
		{"longest note with white space around", winddown.MarkDone{Step: winddown.StripMedia, On: day(today), Note: "\r\n " + long(2000) + " \r\n"}, nil},
		{"note too long", winddown.MarkDone{Step: winddown.StripMedia, On: day(today), Note: long(2001)}, []string{"note: error.field.too_long"}},
		{"two at once", winddown.MarkDone{Step: winddown.StripMedia, Note: long(2001)}, []string{"on: step.error.date_missing", "note: error.field.too_long"}},
		{"requested on the day of receipt", on(winddown.RequestAct, "2026-11-24"), nil},
		{"requested after receipt", on(winddown.RequestAct, "2026-11-25"), []string{"on: step.error.requested_after_received"}},
		{"request in the future", on(winddown.RequestAct, "2026-12-11"), []string{"on: step.error.date_future"}},
		{"received on the day of the request", on(winddown.ReceiveAct, "2026-11-12"), nil},
		{"received before the request", on(winddown.ReceiveAct, "2026-11-11"), []string{"on: step.error.received_before_requested"}},
		{"received on the day of the comparison", on(winddown.ReceiveAct, "2026-11-26"), nil},
		{"received after the comparison", on(winddown.ReceiveAct, "2026-11-27"), []string{"on: step.error.received_after_compared"}},
		{"received after signing", on(winddown.ReceiveAct, "2026-12-02"), []string{"on: step.error.received_after_signed"}},
		{"signed on the day of the comparison", on(winddown.SignAct, "2026-11-26"), nil},
		{"signed before the comparison", on(winddown.SignAct, "2026-11-25"), []string{"on: step.error.signed_before_compared"}},
		{"signed before receipt", on(winddown.SignAct, "2026-11-23"), []string{"on: step.error.signed_before_received"}},
		{"settled before signing", on(winddown.SettleDebts, "2026-11-30"), nil},
		{"no channel", request(func(in *winddown.MarkDone) { in.Ticket = "1" }), nil},
		{"documents", request(func(in *winddown.MarkDone) { in.Channel = winddown.Documents }), nil},
		{"unknown channel", request(func(in *winddown.MarkDone) { in.Channel = "pigeon" }), []string{"channel: step.error.channel"}},
		{"longest ticket", request(func(in *winddown.MarkDone) { in.Ticket = long(100) }), nil},
		{"ticket too long", request(func(in *winddown.MarkDone) { in.Ticket = long(101) }), []string{"ticket: error.field.too_long"}},
		{"longest counterparty", request(func(in *winddown.MarkDone) { in.Counterparty = long(200) }), nil},
		{"counterparty too long", request(func(in *winddown.MarkDone) { in.Counterparty = long(201) }), []string{"counterparty: error.field.too_long"}},
		{"period of a day", request(func(in *winddown.MarkDone) { in.PeriodFrom, in.PeriodTo = day("2026-01-01"), day("2026-01-01") }), nil},
		{"period half known", request(func(in *winddown.MarkDone) { in.PeriodFrom = day("2026-01-01") }), nil},
		{"period backwards", request(func(in *winddown.MarkDone) { in.PeriodFrom, in.PeriodTo = day("2026-01-02"), day("2026-01-01") }),
			[]string{"period_to: step.error.period_order"}},
		{"all at once", winddown.MarkDone{Step: winddown.RequestAct, On: day("2027-01-01"), Note: long(2001), Channel: "x", Ticket: long(101),
			Counterparty: long(201), PeriodFrom: day("2026-01-02"), PeriodTo: day("2026-01-01")},
			[]string{"on: step.error.date_future", "note: error.field.too_long", "channel: step.error.channel",
				"ticket: error.field.too_long", "counterparty: error.field.too_long", "period_to: step.error.period_order"}},
		{"fields of another step are dropped", winddown.MarkDone{Step: winddown.StripMedia, On: day(today), Channel: "x", Ticket: long(101),
			Counterparty: long(201), PeriodFrom: day("2026-01-02"), PeriodTo: day("2026-01-01")}, nil},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			c := signedCase(t)
			before := clone(c)
			x.in.Version, x.in.Act = step(t, c, x.in.Step).Version, 1
			// Somebody else, so that naming the same date again is not a repetition.
			events, err := c.MarkDone(x.in, by(2, today))
			if x.want == nil {
				if err != nil || len(events) != 1 {
					t.Errorf("events %v, error %v", events, err)
				}
				return
			}
			wantFields(t, err, x.want...)
			if events != nil {
				t.Errorf("events %v", events)
			}
			unchanged(t, before, c)
		})
	}
}

// The act's dates stay in order also while a date in the middle is taken back.
func TestActDatesStayOrdered(t *testing.T) {
	c := signedCase(t)
	undo(t, c, today, winddown.ReceiveAct)
	before := clone(c)
	in := winddown.MarkDone{Step: winddown.RequestAct, Version: step(t, c, winddown.RequestAct).Version, On: day("2026-12-02")}
	_, err := c.MarkDone(in, by(1, today))
	wantFields(t, err, "on: step.error.requested_after_signed")
	unchanged(t, before, c)
	in.On = day("2026-12-01") // the day of signing
	if _, err := c.MarkDone(in, by(1, today)); err != nil {
		t.Error(err)
	}
}

// The message of an order mistake names the date it collides with.
func TestOrderMistakeNamesTheOtherDate(t *testing.T) {
	for code, x := range map[winddown.Code]struct{ on, other string }{
		winddown.RequestAct: {"2026-11-25", "2026-11-24"},
		winddown.ReceiveAct: {"2026-11-11", "2026-11-12"},
		winddown.SignAct:    {"2026-11-23", "2026-11-24"},
	} {
		c := signedCase(t)
		_, err := c.MarkDone(winddown.MarkDone{Step: code, Version: 2, On: day(x.on)}, by(1, today))
		var e *winddown.Error
		if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Args["Date"] != day(x.other) {
			t.Errorf("%s: %+v, want the date %s named", code, e, x.other)
		}
	}
}

func TestMarkDoneKeepsWhatWasTyped(t *testing.T) {
	c := openCase(t, winddown.RawAnswers{FBS: "no", WBStock: "no"})
	mark(t, c, "2026-11-10", winddown.SellOut)
	in := winddown.MarkDone{Step: winddown.CollectReturns, Version: 1, On: day("2026-11-11"), Note: " забрали\r\nвсё "}
	if _, err := c.MarkDone(in, by(2, "2026-11-12")); err != nil {
		t.Fatal(err)
	}
	st := step(t, c, winddown.CollectReturns)
	if st.Note != "забрали\nвсё" || st.Version != 2 ||
		*st.Tick != (winddown.Tick{On: day("2026-11-11"), At: by(2, "2026-11-12").At, By: person(2), OnBehalf: true}) {
		t.Errorf("step %+v, tick %+v", st, st.Tick)
	}
	events, err := c.MarkDone(winddown.MarkDone{
		Step: winddown.RequestAct, Version: 1, On: day("2026-11-12"), Channel: winddown.Support, Ticket: "  № 17  ", Counterparty: "ООО  «РВБ»",
		PeriodFrom: day("2025-01-01"), PeriodTo: day("2026-11-11"),
	}, by(1, "2026-11-12"))
	if err != nil {
		t.Fatal(err)
	}
	want := winddown.Act{Position: 1, Round: 1, Version: 2, Counterparty: "ООО «РВБ»", PeriodFrom: day("2025-01-01"), PeriodTo: day("2026-11-11"),
		Channel: winddown.Support, Ticket: "№ 17", RequestedOn: day("2026-11-12")}
	if c.Acts[0] != want {
		t.Errorf("act %+v, want %+v", c.Acts[0], want)
	}
	after := winddown.Changes{"on": "2026-11-12", "requested_on": "2026-11-12", "channel": "support", "ticket": "№ 17", "counterparty": "ООО «РВБ»",
		"period_from": "2025-01-01", "period_to": "2026-11-11"}
	maps.DeleteFunc(events[0].After, func(_, v string) bool { return v == "" })
	if fmt.Sprint(events[0].After) != fmt.Sprint(after) {
		t.Errorf("recorded %v, want %v", events[0].After, after)
	}
}

func TestMarkDoneTwice(t *testing.T) {
	in := winddown.MarkDone{Step: winddown.SellOut, Version: 1, On: day("2026-11-12"), Note: "продано"}
	first := func(t *testing.T) *winddown.Case {
		t.Helper()
		c := openCase(t, everything())
		if events, err := c.MarkDone(in, by(1, "2026-11-12")); err != nil || len(events) != 1 {
			t.Fatal(events, err)
		}
		return c
	}
	t.Run("same person, same input, old version", func(t *testing.T) {
		c := first(t)
		before := clone(c)
		events, err := c.MarkDone(in, by(1, "2026-11-13"))
		wantRepeat(t, events, err)
		unchanged(t, before, c)
	})
	t.Run("same person, other input, old version", func(t *testing.T) {
		c := first(t)
		before := clone(c)
		other := in
		other.Note = "не всё"
		events, err := c.MarkDone(other, by(1, "2026-11-13"))
		wantRefused(t, events, err, winddown.Conflict, "step.error.stale")
		unchanged(t, before, c)
	})
	t.Run("other person, same input, old version", func(t *testing.T) {
		c := first(t)
		before := clone(c)
		events, err := c.MarkDone(in, by(2, "2026-11-13"))
		wantRefused(t, events, err, winddown.Conflict, "step.error.stale")
		unchanged(t, before, c)
	})
	t.Run("version of the future", func(t *testing.T) {
		c := first(t)
		before := clone(c)
		other := in
		other.Version, other.Note = 3, "x"
		events, err := c.MarkDone(other, by(1, "2026-11-13"))
		wantRefused(t, events, err, winddown.Conflict, "step.error.stale")
		unchanged(t, before, c)
	})
	t.Run("same person corrects", func(t *testing.T) {
		c := first(t)
		other := in
		other.Version, other.On = 2, day("2026-11-11")
		events, err := c.MarkDone(other, by(1, "2026-11-13"))
		if err != nil {
			t.Fatal(err)
		}
		wantKinds(t, events, "step_corrected sell_out")
		if got := *step(t, c, winddown.SellOut).Tick; got.On != day("2026-11-11") || got.At != by(1, "2026-11-12").At || got.By != person(1) {
			t.Errorf("tick %+v", got)
		}
	})
	t.Run("other person corrects", func(t *testing.T) {
		c := first(t)
		other := in
		other.Version, other.On = 2, day("2026-11-11")
		events, err := c.MarkDone(other, by(2, "2026-11-13"))
		if err != nil {
			t.Fatal(err)
		}
		wantKinds(t, events, "step_corrected sell_out")
		if got := *step(t, c, winddown.SellOut).Tick; got.On != day("2026-11-11") || got.At != by(2, "2026-11-13").At || got.By != person(2) || !got.OnBehalf {
			t.Errorf("tick %+v", got)
		}
	})
	t.Run("after a problem the same input confirms", func(t *testing.T) {
		c := first(t)
		regress(t, c, "2026-11-14", winddown.SellOut)
		again := in
		again.Version = 3
		events, err := c.MarkDone(again, by(1, "2026-11-15"))
		if err != nil {
			t.Fatal(err)
		}
		wantKinds(t, events, "step_confirmed sell_out")
		events, err = c.MarkDone(again, by(1, "2026-11-15"))
		wantRepeat(t, events, err)
	})
}

func TestUnknownStep(t *testing.T) {
	c := openCase(t, everything())
	before := clone(c)
	const code = "archive"
	events, err := c.MarkDone(winddown.MarkDone{Step: code, Version: 1, On: day(today)}, by(1, today))
	wantRefused(t, events, err, winddown.NotFound, "error.not_found")
	events, err = c.MarkPending(winddown.MarkPending{Step: code, Version: 1}, by(1, today))
	wantRefused(t, events, err, winddown.NotFound, "error.not_found")
	events, err = c.Undo(winddown.Undo{Step: code, Version: 1, Reason: "x"}, by(1, today))
	wantRefused(t, events, err, winddown.NotFound, "error.not_found")
	events, err = c.Regress(winddown.Regress{Step: code, Version: 1, Reason: "x"}, by(1, today))
	wantRefused(t, events, err, winddown.NotFound, "error.not_found")
	unchanged(t, before, c)
}

func TestMarkPending(t *testing.T) {
	c := openCase(t, everything())
	in := winddown.MarkPending{Step: winddown.CollectReturns, Version: 1, Note: " едут "}
	events, err := c.MarkPending(in, by(1, "2026-12-01"))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "step_pending collect_returns")
	st := step(t, c, winddown.CollectReturns)
	if st.Note != "едут" || st.StartedOn != day("2026-12-01") || st.Version != 2 || st.Tick != nil {
		t.Errorf("step %+v", st)
	}
	before := clone(c)
	events, err = c.MarkPending(in, by(1, "2026-12-02"))
	wantRepeat(t, events, err)
	unchanged(t, before, c)

	in.Note = "почти"
	events, err = c.MarkPending(in, by(1, "2026-12-02"))
	wantRefused(t, events, err, winddown.Conflict, "step.error.stale")
	in.Version, in.Note = 2, strings.Repeat("ж", 2001)
	events, err = c.MarkPending(in, by(1, "2026-12-02"))
	wantFields(t, err, "note: error.field.too_long")
	if events != nil {
		t.Errorf("events %v", events)
	}
	unchanged(t, before, c)

	in.Note = ""
	if _, err := c.MarkPending(in, by(1, "2026-12-03")); err != nil {
		t.Fatal(err)
	}
	if st.StartedOn != day("2026-12-01") {
		t.Errorf("started on %s, want the first day kept", st.StartedOn)
	}

	mark(t, c, today, winddown.ZeroFBS)
	before = clone(c)
	events, err = c.MarkPending(winddown.MarkPending{Step: winddown.ZeroFBS, Version: 2, Note: "x"}, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "step.error.already_done")
	unchanged(t, before, c)
}

// «Ещё нет» at receive_act spends the reminders up to that day, once a day.
func TestLookingForTheActSpendsReminders(t *testing.T) {
	c := openCase(t, everything())
	mark(t, c, "2026-11-12", goods()...)
	mark(t, c, "2026-11-12", winddown.RequestAct)
	checkInbox(t, c, "2026-11-12")
	due := func() string { return winddown.Summarize(c, winddown.RussianCalendar()).DueOn.String() }
	if got := due(); got != "2026-11-17" {
		t.Errorf("first reminder %s", got)
	}
	for _, x := range []struct{ looked, next string }{
		{"2026-11-16", "2026-11-17"}, {"2026-11-17", "2026-11-23"}, {"2026-11-24", "2026-11-26"}, {"2026-11-26", "2026-12-12"},
	} {
		in := winddown.MarkPending{Step: winddown.ReceiveAct, Version: step(t, c, winddown.ReceiveAct).Version}
		if events, err := c.MarkPending(in, by(1, x.looked)); err != nil || len(events) != 1 {
			t.Fatal(events, err)
		}
		if got := due(); got != x.next {
			t.Errorf("looked for on %s, next reminder %q, want %q", x.looked, got, x.next)
		}
		events, err := c.MarkPending(in, by(1, x.looked))
		wantRepeat(t, events, err)
	}
	// A corrected date and a new request start the reminders anew.
	in := winddown.MarkDone{Step: winddown.RequestAct, Version: step(t, c, winddown.RequestAct).Version, On: day("2026-11-13")}
	if _, err := c.MarkDone(in, by(1, "2026-11-27")); err != nil {
		t.Fatal(err)
	}
	if got := due(); got != "2026-11-18" {
		t.Errorf("after the correction the first reminder is %s", got)
	}
	look := winddown.MarkPending{Step: winddown.ReceiveAct, Version: step(t, c, winddown.ReceiveAct).Version}
	if _, err := c.MarkPending(look, by(1, "2026-11-28")); err != nil {
		t.Fatal(err)
	}
	undo(t, c, "2026-11-28", winddown.RequestAct)
	in.Version = step(t, c, winddown.RequestAct).Version
	if _, err := c.MarkDone(in, by(1, "2026-11-28")); err != nil {
		t.Fatal(err)
	}
	if got := due(); got != "2026-11-18" {
		t.Errorf("after the second request the first reminder is %s", got)
	}
}

func TestReasons(t *testing.T) {
	long := strings.Repeat("ж", 2001)
	for reason, key := range map[string]string{"": "step.error.reason_missing", " \r\n\t": "step.error.reason_missing", long: "error.field.too_long"} {
		c := signedCase(t)
		before := clone(c)
		_, err := c.Undo(winddown.Undo{Step: winddown.SellOut, Version: 2, Reason: reason}, by(1, today))
		wantFields(t, err, "reason: "+key)
		_, err = c.Regress(winddown.Regress{Step: winddown.SellOut, Version: 2, Reason: reason}, by(1, today))
		wantFields(t, err, "reason: "+key)
		_, err = c.Reopen(reason, 0, by(1, today))
		wantFields(t, err, "reason: "+key)
		unchanged(t, before, c)
	}
}

func TestUndo(t *testing.T) {
	c := signedCase(t)
	in := winddown.Undo{Step: winddown.RequestAct, Version: 2, Reason: " не тот\r\nотчёт "}
	events, err := c.Undo(in, by(2, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "step_undone request_act", "step_suspended receive_act", "step_suspended sign_act")
	if events[0].Reason != "не тот\nотчёт" || events[0].Before["on"] != "2026-11-12" || !events[0].OnBehalf {
		t.Errorf("recorded %+v", events[0])
	}
	wantStatuses(t, c, today, map[winddown.Code]winddown.Status{
		winddown.RequestAct: winddown.NotStarted, winddown.ReceiveAct: winddown.HasProblem, winddown.SignAct: winddown.HasProblem, winddown.SettleDebts: winddown.StatusBlocked,
	})
	if st, on := c.Acts[0].State(); st != winddown.NotRequested || !on.IsZero() {
		t.Errorf("the act is %s on %s", st, on)
	}
	before := clone(c)
	events, err = c.Undo(in, by(2, today))
	wantRepeat(t, events, err)
	in.Version = 3
	events, err = c.Undo(in, by(2, today))
	wantRefused(t, events, err, winddown.Conflict, "step.error.not_done")
	unchanged(t, before, c)
}

func TestUndoRefused(t *testing.T) {
	c := signedCase(t)
	before := clone(c)
	for _, version := range []int{0, 1, 3, -1} {
		events, err := c.Undo(winddown.Undo{Step: winddown.SellOut, Version: version, Reason: "x"}, by(1, today))
		wantRefused(t, events, err, winddown.Conflict, "step.error.stale")
	}
	// A form without a version is no repetition of an undo that never was.
	for _, version := range []int{0, 1, 2} {
		events, err := c.Undo(winddown.Undo{Step: winddown.StripMedia, Version: version, Reason: "x"}, by(1, today))
		wantRefused(t, events, err, winddown.Conflict, "step.error.not_done")
	}
	unchanged(t, before, c)
}

// Undoing a later date of the act leaves the earlier ones.
func TestUndoTakesOnlyItsOwnDate(t *testing.T) {
	for code, date := range map[winddown.Code]func(*winddown.Act) *winddown.Date{
		winddown.RequestAct: func(a *winddown.Act) *winddown.Date { return &a.RequestedOn },
		winddown.ReceiveAct: func(a *winddown.Act) *winddown.Date { return &a.ReceivedOn },
		winddown.SignAct:    func(a *winddown.Act) *winddown.Date { return &a.SignedOn },
		winddown.SellOut:    nil,
	} {
		c := signedCase(t)
		want := c.Acts[0]
		if date != nil {
			*date(&want) = winddown.Date{}
			want.Version++
		}
		undo(t, c, today, code)
		if c.Acts[0] != want {
			t.Errorf("undone %s: act %+v, want %+v", code, c.Acts[0], want)
		}
	}
}

func TestRegressRefused(t *testing.T) {
	c := signedCase(t)
	before := clone(c)
	for _, code := range chain() {
		events, err := c.Regress(winddown.Regress{Step: code, Version: 2, Reason: "x"}, by(1, today))
		wantRefused(t, events, err, winddown.NotFound, "error.not_found")
	}
	events, err := c.Regress(winddown.Regress{Step: winddown.StripMedia, Version: 1, Reason: "x"}, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "step.error.not_done")
	events, err = c.Regress(winddown.Regress{Step: winddown.SellOut, Version: 1, Reason: "x"}, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "step.error.stale")
	unchanged(t, before, c)
}

func TestRegressTwice(t *testing.T) {
	c := signedCase(t)
	in := winddown.Regress{Step: winddown.SellOut, Version: 2, Reason: "коробка"}
	if _, err := c.Regress(in, by(1, today)); err != nil {
		t.Fatal(err)
	}
	before := clone(c)
	events, err := c.Regress(in, by(1, today))
	wantRepeat(t, events, err)
	events, err = c.Regress(in, by(2, today))
	wantRefused(t, events, err, winddown.Conflict, "step.error.already_suspended")
	in.Reason = "две коробки"
	events, err = c.Regress(in, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "step.error.already_suspended")
	unchanged(t, before, c)
}

func TestFinishAndReopen(t *testing.T) {
	c := signedCase(t)
	before := clone(c)
	events, err := c.Finish(c.Version, by(1, today))
	wantRefused(t, events, err, winddown.Blocked, "finish.error.blocked")
	var e *winddown.Error
	if want := []winddown.Code{winddown.StripMedia, winddown.SettleDebts}; !errors.As(err, &e) || !slices.Equal(e.Blockers, want) {
		t.Errorf("blocked by %v, want %v", e, want)
	}
	// Nothing to reopen, whatever version the form names.
	for _, version := range []int{0, c.Version, c.Version + 1} {
		events, err = c.Reopen("Рано", version, by(1, today))
		wantRefused(t, events, err, winddown.Conflict, "finish.error.not_finished")
	}
	unchanged(t, before, c)

	mark(t, c, today, winddown.StripMedia, winddown.SettleDebts)
	if next, ok := c.Next(day(today)); ok {
		t.Errorf("everything is done, but next is %s", next)
	}
	before = clone(c)
	events, err = c.Finish(c.Version+1, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "case.error.stale")
	unchanged(t, before, c)
	version := c.Version
	events, err = c.Finish(version, by(1, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "case_finished")
	if c.FinishedOn != day(today) || c.Version != version+1 {
		t.Errorf("finished on %s, version %d", c.FinishedOn, c.Version)
	}
	if then := c.AsFinished(events); len(then.Practice.Chase) != 0 {
		t.Errorf("without days of the firm's own it was finished with %v", then.Practice.Chase)
	}
	firms := clone(c)
	firms.FinishedOn, firms.Practice.Chase = winddown.Date{}, []int{2, 5}
	again, err := firms.Finish(0, by(1, today))
	firms.Practice.Chase = []int{1}
	if then := firms.AsFinished(append(events, again...)); err != nil || !slices.Equal(then.Practice.Chase, []int{2, 5}) || firms.Practice.Chase[0] != 1 {
		t.Errorf("finished with %v, %v", then.Practice.Chase, err)
	}
	// One that was finished before the days were noted is taken as it is.
	unnoted := []winddown.Event{{Kind: winddown.CaseFinished, After: winddown.Changes{"finished_on": today}}}
	if then := firms.AsFinished(unnoted); !slices.Equal(then.Practice.Chase, []int{1}) {
		t.Errorf("finished before with %v", then.Practice.Chase)
	}
	before = clone(c)
	events, err = c.Finish(version, by(1, today))
	wantRepeat(t, events, err)

	// A finished case is closed to changes of its steps.
	for _, code := range allSteps() {
		v := step(t, c, code).Version
		events, err = c.MarkDone(winddown.MarkDone{Step: code, Version: v, On: day("2026-12-01"), Note: "x"}, by(1, today))
		wantRefused(t, events, err, winddown.Conflict, "case.error.finished")
		events, err = c.MarkPending(winddown.MarkPending{Step: code, Version: v, Note: "x"}, by(1, today))
		wantRefused(t, events, err, winddown.Conflict, "case.error.finished")
		events, err = c.Undo(winddown.Undo{Step: code, Version: v, Reason: "x"}, by(1, today))
		wantRefused(t, events, err, winddown.Conflict, "case.error.finished")
	}
	events, err = c.Reopen("Рано", c.Version-1, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "case.error.stale")
	unchanged(t, before, c)

	version = c.Version
	events, err = c.Reopen(" Рано ", version, by(1, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "case_reopened")
	if c.Finished() || c.Version != version+1 || events[0].Reason != "Рано" || events[0].Before["finished_on"] != today {
		t.Errorf("reopened: %+v, %+v", c, events[0])
	}
	before = clone(c)
	events, err = c.Reopen("Рано", version, by(1, today))
	wantRepeat(t, events, err)
	unchanged(t, before, c)
}

// A case whose debts come up again is not settled any more, and not finished.
func TestLedgerOfACase(t *testing.T) {
	c := signedCase(t)
	mark(t, c, today, winddown.StripMedia, winddown.SettleDebts)
	if _, err := c.Accept(review(t, c, winddown.SettleDebts), by(3, today)); err != nil {
		t.Fatal(err)
	}
	write(t, &c.Debts, fine(1))
	events := c.KeepLedger(by(2, today))
	wantKinds(t, events, "step_suspended settle_debts", "acceptance_dropped settle_debts")
	p := c.ProblemOf(winddown.SettleDebts, day(today))
	if events[0].After["balance"] != "-3418.20" || p == nil || p.Kind != winddown.Unsettled || c.Balance != -341820 || c.Lines != 1 {
		t.Errorf("event %+v, problem %+v, balance %s of %d lines", events[0], p, c.Balance, c.Lines)
	}
	if events := c.KeepLedger(by(2, today)); len(events) != 0 {
		t.Errorf("kept again: %v", kinds(events))
	}
	before := clone(c)
	_, err := c.MarkDone(form(t, c, winddown.SettleDebts, today), by(1, today))
	wantFields(t, err, "done: step.error.balance")
	refused, err := c.Finish(0, by(1, today))
	wantRefused(t, refused, err, winddown.Blocked, "finish.error.blocked")
	unchanged(t, before, c)

	// The debts decide, whatever is signed.
	step(t, c, winddown.SettleDebts).Problem = nil
	refused, err = c.Finish(0, by(1, today))
	wantRefused(t, refused, err, winddown.Blocked, "finish.error.blocked")
	step(t, c, winddown.SettleDebts).Problem = p

	if _, _, err := c.Debts.SettleDebt(winddown.SettleDebt{ID: debtID(1), Version: 1, On: day(today)}, by(1, today)); err != nil {
		t.Fatal(err)
	}
	if events := c.KeepLedger(by(1, today)); len(events) != 0 || c.Balance != 0 || c.Satisfied(winddown.SettleDebts) {
		t.Errorf("paid: events %v, balance %s", kinds(events), c.Balance)
	}
	mark(t, c, today, winddown.SettleDebts)
	if _, err := c.Finish(0, by(1, today)); err != nil {
		t.Error(err)
	}
}

// Goods that appear after the finish count for ninety days.
func TestWatchAfterTheFinish(t *testing.T) {
	for on, watched := range map[string]bool{"2026-12-10": true, "2027-03-10": true, "2027-03-11": false} {
		c := signedCase(t)
		mark(t, c, today, winddown.StripMedia, winddown.SettleDebts)
		if _, err := c.Finish(0, by(1, today)); err != nil {
			t.Fatal(err)
		}
		before := clone(c)
		events, err := c.Regress(winddown.Regress{Step: winddown.SellOut, Version: 2, Reason: "x"}, by(1, on))
		if got := c.Watched(day(on)); got != watched {
			t.Errorf("watched on %s: %v", on, got)
		}
		if watched {
			if err != nil || len(events) == 0 {
				t.Errorf("on %s: events %v, error %v", on, kinds(events), err)
			}
			continue
		}
		wantRefused(t, events, err, winddown.Conflict, "step.error.watch_over")
		unchanged(t, before, c)
	}
}

func TestChangeDetails(t *testing.T) {
	c := openCase(t, everything())
	in := winddown.ChangeDetails{Seller: c.Seller, Zone: "Asia/Vladivostok", Version: c.Version}
	in.Seller.OGRN = sellerOGRN
	events, err := c.ChangeDetails(in, by(1, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "details_changed")
	if c.Zone != "Asia/Vladivostok" || c.Seller.OGRN != sellerOGRN || c.Version != 2 {
		t.Errorf("details %+v", c)
	}
	before := clone(c)
	events, err = c.ChangeDetails(in, by(1, today))
	wantRepeat(t, events, err)
	in.Zone = "Europe/Moscow"
	events, err = c.ChangeDetails(in, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "case.error.stale")
	for _, zone := range []string{"", "Local", "Moscow", "../etc/passwd", strings.Repeat("x", 65)} {
		_, err = c.ChangeDetails(winddown.ChangeDetails{Seller: c.Seller, Zone: zone, Version: c.Version}, by(1, today))
		wantFields(t, err, "zone: error.field.zone")
	}
	_, err = c.ChangeDetails(winddown.ChangeDetails{Zone: "Mars", Version: c.Version}, by(1, today))
	wantFields(t, err, "seller_name: case.error.name_missing", "inn: case.error.inn_missing", "zone: error.field.zone")
	unchanged(t, before, c)
}

// «Дальше»: a problem that can be mended comes first, then the first open step.
func TestNext(t *testing.T) {
	c := openCase(t, everything())
	want := func(code winddown.Code) {
		t.Helper()
		if got, ok := c.Next(day(today)); !ok || got != code {
			t.Errorf("next is %q, want %s", got, code)
		}
	}
	for _, code := range goods() {
		want(code)
		mark(t, c, today, code)
	}
	want(winddown.StripMedia)
	mark(t, c, today, winddown.RequestAct)
	regress(t, c, today, winddown.CollectReturns)
	want(winddown.CollectReturns)
	mark(t, c, today, winddown.CollectReturns)
	want(winddown.RequestAct)
	mark(t, c, today, winddown.RequestAct)
	want(winddown.StripMedia)
	mark(t, c, today, winddown.StripMedia)
	want(winddown.ReceiveAct)
}

func TestCountGroup(t *testing.T) {
	c := openCase(t, winddown.RawAnswers{FBS: "no", WBStock: "yes", Leftover: "return"})
	mark(t, c, today, winddown.SellOut, winddown.ReturnStock, winddown.StripMedia)
	regress(t, c, today, winddown.ReturnStock)
	for g, want := range map[winddown.StepGroup][2]int{winddown.StopSelling: {1, 3}, winddown.CleanCards: {1, 1}, winddown.SettleScores: {0, 4}, "none": {0, 0}} {
		if done, total := c.CountGroup(g); done != want[0] || total != want[1] {
			t.Errorf("group %s: %d of %d, want %v", g, done, total, want)
		}
	}
	if done, total := c.Count(); done != 2 || total != 8 {
		t.Errorf("%d of %d", done, total)
	}
}
