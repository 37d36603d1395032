package site_test

import (
	"strings"
	"testing"
	"time"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// Pages that show reminders say which year may still move them, until it is imported.
func TestRemindersInAYearThatIsNotLoaded(t *testing.T) {
	s := testkit.Start(t)
	for _, c := range []struct {
		year  int
		wants string
	}{
		{2027, "переносы выходных дней 2027 года"},
		{2028, "праздники и переносы выходных дней 2028 года"},
	} {
		s.Clock.Set(time.Date(c.year-1, time.December, 24, 9, 0, 0, 0, time.UTC))
		kim := s.SignUp("Ким", "kim"+string(rune('a'+c.year-2027)))
		id := kim.AddSeller("ИП Петрова", 1)
		kim.Mark(id, testkit.Goods()...)
		kim.Mark(id, winddown.RequestAct)
		pages := []string{stepPath(id, winddown.ReceiveAct), "/sellers/" + id.String(), deadlinesPath(id)}
		warned := func(path string) bool {
			text := strings.ToLower(kim.Get(path).Main())
			if strings.Contains(text, "могут сдвинуться") && !strings.Contains(text, c.wants) {
				t.Errorf("%s does not say %q", path, c.wants)
			}
			return strings.Contains(text, c.wants)
		}
		for _, path := range pages {
			if !warned(path) {
				t.Errorf("%d: %s does not warn", c.year, path)
			}
		}
		y, ok := winddown.RussianCalendar().Year(c.year)
		if !ok {
			y.Year = c.year
		}
		y.Transfers, y.Source, y.AsOf = true, "decree", winddown.Date{Year: c.year - 1, Month: time.November, Day: 1}
		if _, err := s.App.ImportCalendar(t.Context(), y); err != nil {
			t.Fatal(err)
		}
		for _, path := range pages {
			if warned(path) || strings.Contains(kim.Get(path).Main(), "могут сдвинуться") {
				t.Errorf("%d: %s still warns", c.year, path)
			}
		}
	}
}
