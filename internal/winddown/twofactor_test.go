package winddown

import (
	"testing"
	"time"
)

// The vectors of RFC 6238, appendix B, cut to six digits.
func TestTOTPCodesAreThoseOfTheStandard(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := TOTPCode(secret, time.Unix(at, 0)); got != want {
			t.Errorf("at %d the code is %s, want %s", at, got, want)
		}
	}
}

func TestACodeWorksOnceAndAPeriodBesideItsOwn(t *testing.T) {
	secret, now := []byte("12345678901234567890"), time.Unix(1_800_000_010, 0)
	for periods, want := range map[int]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		code := TOTPCode(secret, now.Add(time.Duration(periods)*TOTPPeriod))
		if _, ok := MatchTOTP(secret, code, now, 0); ok != want {
			t.Errorf("a code %d periods away is taken: %v, want %v", periods, ok, want)
		}
	}
	code := TOTPCode(secret, now)
	step, ok := MatchTOTP(secret, " "+code[:3]+" "+code[3:], now, 0)
	if !ok {
		t.Fatal("a code typed with a gap is refused")
	}
	if _, again := MatchTOTP(secret, code, now.Add(TOTPPeriod), step); again {
		t.Error("a code works twice")
	}
	if _, earlier := MatchTOTP(secret, TOTPCode(secret, now.Add(-TOTPPeriod)), now, step); earlier {
		t.Error("a code from before the one that was used works")
	}
	if _, next := MatchTOTP(secret, TOTPCode(secret, now.Add(TOTPPeriod)), now.Add(TOTPPeriod), step); !next {
		t.Error("the next code is refused")
	}
	for _, wrong := range []string{"", "1", code[:5], code + "0"} {
		if _, ok := MatchTOTP(secret, wrong, now, 0); ok {
			t.Errorf("%q is taken", wrong)
		}
	}
}
