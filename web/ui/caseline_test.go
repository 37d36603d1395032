package ui

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"winddown/internal/i18n"
)

func midnight(t *testing.T, day string) time.Time {
	t.Helper()
	at, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// number reads 12.5% or 3em.
func number(t *testing.T, text string) float64 {
	t.Helper()
	f, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSuffix(text, "%"), "em"), 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// spans are from three days to thirty years, so that both ends fall anywhere.
func spans(t *testing.T) (all [][2]time.Time) {
	from := midnight(t, "2024-01-01")
	for _, days := range []int{1, 2, 3, 10, 29, 45, 46, 61, 92, 200, 366, 500, 1000, 1098, 1099, 1827, 4000, 11000} {
		for shift := 0; shift < 400; shift += 17 {
			start := from.AddDate(0, 0, shift)
			all = append(all, [2]time.Time{start, start.AddDate(0, 0, days)})
		}
	}
	return all
}

func TestAxisHasWordsAndTheyNeverOverlap(t *testing.T) {
	p := i18n.For(i18n.Russian)
	for _, span := range spans(t) {
		scale := lineScale{span[0], span[1]}
		ticks := lineTicks(scale, TimelineTicks(p, span[0], span[1]))
		if len(ticks) == 0 {
			t.Fatalf("%s to %s: the axis says nothing", span[0].Format(time.DateOnly), span[1].Format(time.DateOnly))
		}
		for _, place := range []struct {
			width float64
			wide  bool
		}{{lineNarrow, false}, {lineWide, true}} {
			var taken float64
			for _, tick := range ticks {
				if tick.wide && !place.wide {
					continue
				}
				x := number(t, tick.x)
				if x < taken {
					t.Fatalf("%v: %q at %s begins before %.2f", span, tick.label, tick.x, taken)
				}
				taken = x + float64(len([]rune(tick.label)))*lineLetter*lineEm/place.width*100
			}
			if taken > 100 {
				t.Fatalf("%v: the last words end at %.2f", span, taken)
			}
		}
	}
}

func TestEverythingIsInsideThePicture(t *testing.T) {
	from, to := midnight(t, "2026-09-03"), midnight(t, "2026-12-08")
	for name, today := range map[string]time.Time{"within": midnight(t, "2026-11-13"), "before": midnight(t, "2026-08-01"), "after": midnight(t, "2031-01-01"), "at the end": to} {
		t.Run(name, func(t *testing.T) {
			line := newCaseLine(CaseTimelineProps{From: from, To: to, Today: today, Lanes: []TimelineLane{
				{
					Bars:   []TimelineBar{{From: from, To: from}, {From: to, To: to}, {From: from.AddDate(-2, 0, 0), Open: true}, {From: to, To: from}, {To: to}},
					Points: []TimelinePoint{{At: from}, {At: to.AddDate(1, 0, 0)}, {}},
				},
				{Label: "пусто"},
			}})
			height := number(t, line.height)
			inside := func(x string) float64 {
				t.Helper()
				f := number(t, x)
				if f < lineMargin-0.01 || f > 100-lineMargin+lineShortest+0.01 {
					t.Errorf("%s is outside", x)
				}
				return f
			}
			inside(line.today.x)
			if n := len(line.lanes[0].bars); n != 4 {
				t.Errorf("%d bars: only the one without a beginning is left out", n)
			}
			if n := len(line.lanes[0].marks); n != 4+2 {
				t.Errorf("%d marks", n)
			}
			for _, lane := range line.lanes {
				for _, y := range []string{lane.words, lane.top, lane.middle} {
					if f := number(t, y); f < lineHead || f > height {
						t.Errorf("%s is outside", y)
					}
				}
				for _, bar := range lane.bars {
					if x := inside(bar.x); number(t, bar.width) < lineShortest {
						t.Errorf("the bar at %.2f cannot be seen", x)
					}
				}
				for _, mark := range lane.marks {
					inside(mark.x)
				}
			}
		})
	}
}

func TestThePictureReachesAsFarAsAnythingOnIt(t *testing.T) {
	from, to := midnight(t, "2026-09-03"), midnight(t, "2026-12-08")
	before, after := midnight(t, "2026-01-01"), midnight(t, "2027-05-01")
	whole := func(p CaseTimelineProps) lineScale {
		p.From, p.To = from, to
		return lineScale{from: from, to: to}.over(p)
	}
	lane := func(l TimelineLane) CaseTimelineProps { return CaseTimelineProps{Lanes: []TimelineLane{l}} }
	for name, c := range map[string]struct {
		p    CaseTimelineProps
		want lineScale
	}{
		"nothing":        {CaseTimelineProps{}, lineScale{from, to}},
		"today before":   {CaseTimelineProps{Today: before}, lineScale{before, to}},
		"today after":    {CaseTimelineProps{Today: after}, lineScale{from, after}},
		"bar":            {lane(TimelineLane{Bars: []TimelineBar{{From: before, To: after}}}), lineScale{before, after}},
		"points":         {lane(TimelineLane{Points: []TimelinePoint{{At: after}, {At: before}}}), lineScale{before, after}},
		"point unknown":  {lane(TimelineLane{Points: []TimelinePoint{{}}}), lineScale{from, to}},
		"bar of one day": {lane(TimelineLane{Bars: []TimelineBar{{From: to}}}), lineScale{from, to}},
	} {
		if got := whole(c.p); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestDaysStandInProportion(t *testing.T) {
	from := midnight(t, "2026-01-01")
	day := func(n int) time.Time { return from.AddDate(0, 0, n) }
	line := newCaseLine(CaseTimelineProps{From: from, To: day(100), Today: day(50), Lanes: []TimelineLane{
		{Bars: []TimelineBar{{From: day(25), Open: true, Tone: LaneWaiting}}, Points: []TimelinePoint{{At: day(75)}}},
	}})
	bar := line.lanes[0].bars[0]
	got := fmt.Sprint(line.today.x, bar.x, bar.width, line.lanes[0].marks[0].x, line.lanes[0].marks[1].x)
	if want := fmt.Sprint("50.00%", "26.50%", "23.50%", "50.00%", "73.50%"); got != want {
		t.Errorf("today, bar, its width, its end, point: %s, want %s", got, want)
	}
}

func TestCaseTimelineSaysTheSameInWords(t *testing.T) {
	p := CaseTimelineProps{
		ID: "x", Title: `"><script>alert(1)</script>`, From: midnight(t, "2026-11-11"), To: midnight(t, "2026-11-13"), Today: midnight(t, "2026-11-12"), TodayLabel: hostile,
		Months: []TimelineMonth{{At: midnight(t, "2026-11-11"), Label: "<b>"}},
		Lanes:  []TimelineLane{{Label: hostile}},
		Items: []TimelineFact{
			{At: "2026-11-12", Date: "12 ноября", Text: "второе", Tone: LaneDue},
			{At: "2026-11-11", Date: "11 ноября", Text: "первое" + hostile},
			{At: "2026-11-12", Date: "12 ноября", Text: "третье"},
		},
	}
	for _, tone := range LaneTones() {
		p.Lanes[0].Bars = append(p.Lanes[0].Bars, TimelineBar{From: p.From, To: p.To, Tone: tone, Label: hostile})
		p.Lanes[0].Points = append(p.Lanes[0].Points, TimelinePoint{At: p.From, Tone: tone, Label: hostile})
	}
	rendered := render(t, i18n.Russian, CaseTimeline(p))
	checkClean(t, rendered)
	shapes := map[string]bool{}
	pictures := 0
	walk(t, rendered, func(n *html.Node) {
		if n.Data == "script" || n.Data == "b" {
			t.Errorf("text became <%s>", n.Data)
		}
		if role, _ := attr(n, "role"); role == "img" {
			pictures++
			if list, _ := attr(n, "aria-details"); list != "x-facts" {
				t.Errorf("aria-details = %q", list)
			}
		}
		if c, _ := attr(n, "class"); n.Data == "svg" && strings.HasPrefix(c, "lane") && c != "lane-mark" {
			var b strings.Builder
			for part := range n.ChildNodes() {
				if part.Data != "title" {
					for _, a := range part.Attr {
						b.WriteString(a.Val)
					}
				}
			}
			shapes[b.String()] = true
		}
	})
	if pictures != 1 {
		t.Errorf("%d pictures", pictures)
	}
	if len(shapes) != len(LaneTones()) {
		t.Errorf("%d shapes for %d tones", len(shapes), len(LaneTones()))
	}
	first, second, third := strings.Index(rendered, "первое"), strings.Index(rendered, "второе"), strings.Index(rendered, "третье")
	if first < 0 || second < first || third < second {
		t.Errorf("the list is not by date: %d, %d, %d", first, second, third)
	}
	if got := render(t, i18n.Russian, CaseTimeline(CaseTimelineProps{Items: p.Items})); got != "" {
		t.Errorf("no lanes render as %q", got)
	}
}

func TestLongWordsOfALaneAreCutForAPhone(t *testing.T) {
	line := newCaseLine(CaseTimelineProps{Lanes: []TimelineLane{{Label: strings.Repeat("ю", 200)}, {Label: "Акт"}}})
	if got := len([]rune(line.lanes[0].short)); got != lineNarrowChars {
		t.Errorf("%d letters on a phone", got)
	}
	if got := len([]rune(line.lanes[0].label)); got != lineWideChars {
		t.Errorf("%d letters", got)
	}
	if lane := line.lanes[1]; lane.short != "" || lane.label != "Акт" {
		t.Errorf("%q, %q", lane.short, lane.label)
	}
}
