package winddown_test

import (
	"testing"

	"winddown/internal/winddown"
)

// An installation keeps a record for ever or for five years at least.
func TestCheckRetention(t *testing.T) {
	for months, ok := range map[int]bool{0: true, 60: true, 120: true, 600: true, 59: false, 1: false, -1: false, 601: false} {
		if err := winddown.CheckRetention(months); (err == nil) != ok {
			t.Errorf("%d months: %v", months, err)
		}
	}
}
