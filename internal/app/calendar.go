package app

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// loadedCalendar is the calendar as it was read, and the generation it is of.
type loadedCalendar struct {
	generation int64
	stored     map[int]bool // the years that are not the ones built in
	calendar   winddown.Calendar
}

func loaded(c postgres.CalendarRead) *loadedCalendar {
	l := &loadedCalendar{generation: c.Generation, calendar: winddown.NewCalendar(c.Years...), stored: map[int]bool{}}
	for _, y := range c.Years {
		l.stored[y.Year] = true
	}
	return l
}

// Calendar is the table of non-working days in force.
func (a *App) Calendar() winddown.Calendar { return a.calendar.Load().calendar }

// CalendarStored reports whether a year's table was imported or typed, rather than built in.
func (a *App) CalendarStored(year int) bool { return a.calendar.Load().stored[year] }

// RefreshCalendar reads the calendar anew. Whoever asks for an Actor first need not call it.
func (a *App) RefreshCalendar(ctx context.Context) error {
	read, err := a.db.Calendar(ctx)
	if err == nil {
		a.calendar.Store(loaded(read))
	}
	return err
}

// followCalendar reads the calendar anew if the one in memory is of another generation.
func (a *App) followCalendar(ctx context.Context, generation int64) error {
	if a.calendar.Load().generation == generation {
		return nil
	}
	return a.RefreshCalendar(ctx)
}

// calendarIn returns the calendar by which a transaction dates the case it holds.
func (a *App) calendarIn(ctx context.Context, tx *postgres.Tx) (winddown.Calendar, error) {
	if l := a.calendar.Load(); l.generation == tx.Generation() {
		return l.calendar, nil
	}
	read, err := tx.Calendar(ctx)
	if err != nil {
		return winddown.Calendar{}, err
	}
	return loaded(read).calendar, nil
}

// ImportCalendar puts tables of years in place of those there are, all or none, and dates
// the cases that wait for an act anew; it returns how many of them have other deadlines
// now. What is there already is no change, but cases are dated all the same: an import
// that was broken off is repeated. Invalid with the fields at fault. It is an operator's
// tool.
func (a *App) ImportCalendar(ctx context.Context, years ...winddown.CalendarYear) (redated int, err error) {
	years = slices.Clone(years)
	for i, y := range years {
		if years[i], err = a.checkYear(y); err != nil {
			return 0, err
		}
	}
	return a.changeCalendar(ctx, func(tx *postgres.Tx, stored map[int]winddown.CalendarYear) ([]winddown.Event, error) {
		var events []winddown.Event
		for _, y := range years {
			events = append(events, a.saveYear(tx, stored[y.Year], y)...)
		}
		return events, nil
	})
}

// SetCalendarDay makes one day a day off or a working day, in the table of its year there
// is; complete says that with it the year's transfers are all known. Otherwise as
// ImportCalendar.
func (a *App) SetCalendarDay(ctx context.Context, day winddown.Date, off, complete bool, source string, asOf winddown.Date) (redated int, err error) {
	return a.changeCalendar(ctx, func(tx *postgres.Tx, stored map[int]winddown.CalendarYear) ([]winddown.Event, error) {
		before, ok := stored[day.Year]
		y := before
		if !ok {
			if y, ok = winddown.RussianCalendar().Year(day.Year); !ok {
				y = winddown.CalendarYear{Year: day.Year}
			}
		}
		y = y.With(day, off)
		y.Transfers = y.Transfers || complete
		y.Source, y.AsOf = source, asOf
		y, err := a.checkYear(y)
		if err != nil {
			return nil, err
		}
		return a.saveYear(tx, before, y), nil
	})
}

// ForgetCalendar returns to the table of a year that is built in, or to none; NotFound when
// the year is not stored. Otherwise as ImportCalendar.
func (a *App) ForgetCalendar(ctx context.Context, year int) (redated int, err error) {
	return a.changeCalendar(ctx, func(tx *postgres.Tx, stored map[int]winddown.CalendarYear) ([]winddown.Event, error) {
		y, ok := stored[year]
		if !ok {
			return nil, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
		}
		tx.DeleteCalendarYear(year)
		return winddown.OnStream(winddown.System(), y.Forget()), nil
	})
}

func (a *App) checkYear(y winddown.CalendarYear) (winddown.CalendarYear, error) {
	return y.Check(winddown.Today(a.now(), winddown.DefaultZone))
}

func (a *App) saveYear(tx *postgres.Tx, before, y winddown.CalendarYear) []winddown.Event {
	events := winddown.OnStream(winddown.System(), y.Replace(before))
	if len(events) > 0 {
		tx.SaveCalendarYear(y)
	}
	return events
}

func (a *App) changeCalendar(ctx context.Context, change func(*postgres.Tx, map[int]winddown.CalendarYear) ([]winddown.Event, error)) (int, error) {
	err := a.db.InTx(ctx, command(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		years, err := tx.LockCalendar(ctx)
		if err != nil {
			return nil, err
		}
		stored := map[int]winddown.CalendarYear{}
		for _, y := range years {
			stored[y.Year] = y
		}
		return change(tx, stored)
	})
	if err != nil {
		return 0, err
	}
	if err := a.RefreshCalendar(ctx); err != nil {
		return 0, err
	}
	return a.redate(ctx)
}

// redateBatch is the number of cases looked for at a time.
const redateBatch = 500

// redate counts the deadlines of the cases that wait for an act by the calendar in force,
// each case in a transaction of its own, so that nobody waits long for his.
func (a *App) redate(ctx context.Context) (changed int, err error) { return a.redateThose(ctx, false) }

func (a *App) redateThose(ctx context.Context, undated bool) (int, error) {
	var changed atomic.Int64
	var after winddown.ID
	for {
		cases, err := a.db.WaitingCases(ctx, after, undated, redateBatch)
		if err != nil || len(cases) == 0 {
			return int(changed.Load()), err
		}
		for _, c := range cases {
			after = c.ID
			if c.SeenBy.IsZero() {
				continue
			}
			if err := a.redateCase(ctx, c, &changed); err != nil {
				return int(changed.Load()), err
			}
		}
	}
}

func (a *App) redateCase(ctx context.Context, c postgres.WaitingCase, changed *atomic.Int64) error {
	who := winddown.Actor{UserID: c.SeenBy, Via: winddown.ViaCommand}
	err := a.db.InTx(ctx, who, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		view, err := tx.LockCase(ctx, c.ID)
		if err != nil {
			return nil, err
		}
		cal, err := a.calendarIn(ctx, tx)
		if err != nil {
			return nil, err
		}
		tx.Redate(c.ID, winddown.Summarize(view.Case, cal), view.Case.Dues(cal), changed)
		return nil, nil
	})
	if errors.Is(err, winddown.NotFound) { // whoever saw it has left it; who changed that dated it too
		return nil
	}
	return err
}
