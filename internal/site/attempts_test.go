package site

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
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
