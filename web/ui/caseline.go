package ui

import (
	"cmp"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"winddown/internal/i18n"
)

// The picture is as wide as its place: across, everything is a percentage; down,
// everything is in em, so that it grows with the text. What stands under
// «narrow» below holds for a phone of 320 pixels, «wide» from 40rem on, where
// the style sheet shows the rest.
const (
	lineMargin   = 3.0 // per cent on either side, so that a mark at the end stays inside
	lineShortest = 1.5 // per cent of a bar that begins and ends on one day
	lineHead     = 3.2 // em for the words of today and of the axis
	lineLane     = 3.2 // em for a lane: its words and below them its bars
	lineWords    = 1.2 // em from a lane's top to the foot of its words
	lineMiddle   = 2.2 // em from a lane's top to the middle of its bars
	lineBar      = 0.7 // em a bar is high

	lineEm          = 13.0  // pixels, the font size of the words
	lineNarrow      = 240.0 // pixels
	lineWide        = 590.0
	lineLetter      = 0.55 // em a letter of the axis takes, rather too much
	lineNarrowChars = 30   // of a lane's words
	lineWideChars   = 75
)

// caseLine is a CaseTimeline with everything in its place.
type caseLine struct {
	height string
	floor  string // where the lines of the axis end
	today  *lineToday
	ticks  []lineTick
	lanes  []lineLaneView
	tones  []LaneTone // in use, for the legend
	open   bool       // something is still going on
	facts  []TimelineFact
}

type lineToday struct{ x, anchor string }

// lineTick is a line of the axis with its words; wide ones are for wide places alone.
type lineTick struct {
	x, label string
	wide     bool
}

type lineLaneView struct {
	label, short  string // short is for narrow places, empty where the label fits
	words, middle string
	top           string // of the bars
	bars          []lineBarView
	marks         []lineMarkView
}

type lineBarView struct {
	x, width, label string
	tone            LaneTone
	open            bool
}

type lineMarkView struct {
	x, label string
	tone     LaneTone
}

// lineScale puts days on the line.
type lineScale struct{ from, to time.Time }

// at returns where t stands, in per cent.
func (s lineScale) at(t time.Time) float64 {
	part := 0.5
	if length := s.to.Sub(s.from); length > 0 {
		part = float64(t.Sub(s.from)) / float64(length)
	}
	return lineMargin + part*(100-2*lineMargin)
}

// over returns the scale that reaches as far as anything on the picture does,
// if need be beyond its own ends.
func (s lineScale) over(p CaseTimelineProps) lineScale {
	reach := func(t time.Time) {
		if t.IsZero() {
			return
		}
		if s.from.IsZero() || t.Before(s.from) {
			s.from = t
		}
		if t.After(s.to) {
			s.to = t
		}
	}
	reach(s.to)
	reach(p.Today)
	for _, lane := range p.Lanes {
		for _, b := range lane.Bars {
			reach(b.From)
			reach(b.To)
		}
		for _, m := range lane.Points {
			reach(m.At)
		}
	}
	return s
}

// known returns the lanes without what has no day, every bar with an end.
func known(p CaseTimelineProps) []TimelineLane {
	lanes := make([]TimelineLane, len(p.Lanes))
	for i, lane := range p.Lanes {
		lanes[i].Label = lane.Label
		for _, b := range lane.Bars {
			if b.From.IsZero() {
				continue
			}
			if b.Open && b.To.IsZero() {
				b.To = p.Today
			}
			if b.To.Before(b.From) {
				b.To = b.From
			}
			lanes[i].Bars = append(lanes[i].Bars, b)
		}
		for _, m := range lane.Points {
			if !m.At.IsZero() {
				lanes[i].Points = append(lanes[i].Points, m)
			}
		}
	}
	return lanes
}

// newCaseLine works out the picture.
func newCaseLine(p CaseTimelineProps) caseLine {
	p.Lanes = known(p)
	scale := lineScale{p.From, p.To}.over(p)
	end := lineHead + float64(len(p.Lanes))*lineLane
	line := caseLine{height: em(end + 0.3), floor: em(end)}
	used := map[LaneTone]bool{}
	for i, lane := range p.Lanes {
		top := lineHead + float64(i)*lineLane
		view := lineLaneView{
			label: cut(lane.Label, lineWideChars), words: em(top + lineWords),
			middle: em(top + lineMiddle), top: em(top + lineMiddle - lineBar/2),
		}
		if short := cut(lane.Label, lineNarrowChars); short != view.label {
			view.short = short
		}
		for _, b := range lane.Bars {
			x, end := scale.at(b.From), scale.at(b.To)
			width := max(end-x, lineShortest)
			view.bars = append(view.bars, lineBarView{x: percent(x), width: percent(width), label: b.Label, tone: b.Tone, open: b.Open})
			view.marks = append(view.marks, lineMarkView{x: percent(x + width), label: b.Label, tone: b.Tone})
			used[b.Tone], line.open = true, line.open || b.Open
		}
		for _, m := range lane.Points {
			view.marks = append(view.marks, lineMarkView{x: percent(scale.at(m.At)), label: m.Label, tone: m.Tone})
			used[m.Tone] = true
		}
		line.lanes = append(line.lanes, view)
	}
	for _, tone := range LaneTones() {
		if used[tone] {
			line.tones = append(line.tones, tone)
		}
	}
	if !p.Today.IsZero() {
		x := scale.at(p.Today)
		line.today = &lineToday{x: percent(x), anchor: "middle"}
		if x < 30 {
			line.today.anchor = "start"
		} else if x > 70 {
			line.today.anchor = "end"
		}
	}
	line.ticks = lineTicks(scale, p.Months)
	line.facts = slices.SortedStableFunc(slices.Values(p.Items), func(a, b TimelineFact) int { return cmp.Compare(a.At, b.At) })
	return line
}

// lineTicks keeps as many lines of the axis as have room for their words.
func lineTicks(scale lineScale, months []TimelineMonth) []lineTick {
	var inside []TimelineMonth
	firsts := true
	for _, m := range months {
		if m.At.Before(scale.from) || m.At.After(scale.to) {
			continue
		}
		inside = append(inside, m)
		firsts = firsts && m.At.Day() == 1
	}
	slices.SortStableFunc(inside, func(a, b TimelineMonth) int { return a.At.Compare(b.At) })
	// Each step divides the next, so that the lines of a narrow place are among
	// those of a wide one. Steps of months keep to the calendar.
	steps := []int{1, 2, 4, 8, 16, 32, 64}
	if firsts {
		steps = []int{1, 2, 4, 12, 24, 48, 240}
	}
	thinned := func(step int) (kept []TimelineMonth) {
		for i, m := range inside {
			if firsts {
				i = m.At.Year()*12 + int(m.At.Month()) - 1
			}
			if i%step == 0 {
				kept = append(kept, m)
			}
		}
		return kept
	}
	room := func(kept []TimelineMonth, width float64) []TimelineMonth {
		for len(kept) > 0 && lineEnd(scale, kept[len(kept)-1], width) > 100 {
			kept = kept[:len(kept)-1]
		}
		for i := 1; i < len(kept); i++ {
			if lineEnd(scale, kept[i-1], width) > scale.at(kept[i].At) {
				return nil
			}
		}
		return kept
	}
	fitting := func(width float64) []TimelineMonth {
		for _, step := range steps {
			if kept := room(thinned(step), width); len(kept) > 0 {
				return kept
			}
		}
		return nil
	}
	narrow := map[time.Time]bool{}
	for _, m := range fitting(lineNarrow) {
		narrow[m.At] = true
	}
	var ticks []lineTick
	for _, m := range fitting(lineWide) {
		ticks = append(ticks, lineTick{x: percent(scale.at(m.At)), label: m.Label, wide: !narrow[m.At]})
	}
	return ticks
}

// lineEnd returns where the words of a tick end in a place of this width in
// pixels, in per cent and with the space after them.
func lineEnd(scale lineScale, m TimelineMonth, width float64) float64 {
	letters := float64(utf8.RuneCountInString(m.Label)) + 1
	return scale.at(m.At) + letters*lineLetter*lineEm/width*100
}

// TimelineTicks returns what the axis of a CaseTimeline says from one UTC midnight
// to another: the months, the days of some weeks, the years of many.
func TimelineTicks(p *i18n.Printer, from, to time.Time) []TimelineMonth {
	var ticks []TimelineMonth
	if to.Sub(from) <= 45*24*time.Hour {
		for t := from; !t.After(to); t = t.AddDate(0, 0, 1) {
			ticks = append(ticks, TimelineMonth{At: t, Label: p.DayMonth(t)})
		}
		return ticks
	}
	if to.Sub(from) > 3*366*24*time.Hour {
		for t := time.Date(from.Year()+1, time.January, 1, 0, 0, 0, 0, time.UTC); !t.After(to); t = t.AddDate(1, 0, 0) {
			ticks = append(ticks, TimelineMonth{At: t, Label: strconv.Itoa(t.Year())})
		}
		return ticks
	}
	for t := time.Date(from.Year(), from.Month()+1, 1, 0, 0, 0, 0, time.UTC); !t.After(to); t = t.AddDate(0, 1, 0) {
		label := p.T("ui.caseline.month."+strconv.Itoa(int(t.Month())), "Year", strconv.Itoa(t.Year()))
		ticks = append(ticks, TimelineMonth{At: t, Label: label})
	}
	return ticks
}

func percent(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) + "%" }

func em(f float64) string { return strconv.FormatFloat(f, 'f', 2, 64) + "em" }

// cut shortens text to at most n letters, the last of them «…».
func cut(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}
