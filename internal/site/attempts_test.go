package site

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"winddown/internal/winddown"
)

// Addresses without a calendar leave nothing behind that grows with every guess.
func TestGuessedCalendarsAreNotKept(t *testing.T) {
	a := newAttempts()
	window := time.Now().UTC().Truncate(feedWindow)
	for n := range 50 {
		r, token := httptest.NewRequest(http.MethodGet, "/calendar/x.ics", nil), "guess-"+strconv.Itoa(n)
		if err := a.takeFeed(httptest.NewRecorder(), r, token); err != nil {
			t.Fatal(err)
		}
		if now, before, err := a.feeds.Counter().Get(token, window, window.Add(-feedWindow)); now != 0 || before != 0 || err != nil {
			t.Fatalf("%s is counted %d times, %v", token, now, err)
		}
	}
}

// A register is taken out often enough for any work, and not on and on.
func TestExportsAreBounded(t *testing.T) {
	a, anna, boris := newAttempts(), winddown.ID{1}, winddown.ID{2}
	r := httptest.NewRequest(http.MethodGet, "/sellers.csv", nil)
	for n := range exportsByPerson {
		if err := a.takeExport(httptest.NewRecorder(), r, anna); err != nil {
			t.Fatalf("export %d: %v", n+1, err)
		}
	}
	w := httptest.NewRecorder()
	if err := a.takeExport(w, r, anna); winddown.KindOf(err) != winddown.TooMany || !mentions(err, "error.too_often") || w.Header().Get("Retry-After") != "3600" {
		t.Errorf("one more: %v", err)
	}
	if err := a.takeExport(httptest.NewRecorder(), r, boris); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}
