package winddown

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 and every authenticator use HMAC-SHA-1
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// A code of an authenticator (RFC 6238): its digits, how long each is shown, and the length of
// the secret, in bytes.
const (
	TOTPDigits = 6
	TOTPPeriod = 30 * time.Second
	TOTPSecret = 20
)

// totpDrift is by how many periods the clocks may be apart.
const totpDrift = 1

// SetupTerm is how long the secret of an authenticator waits for its first code.
const SetupTerm = time.Hour

// LoginStepTerm is how long after the password the second factor may be shown.
const LoginStepTerm = 10 * time.Minute

// Codes that stand in for an authenticator: how many there are, and of how many characters each.
const (
	RecoveryCodes      = 10
	RecoveryCodeLength = 26
)

// SecondFactor is what somebody shows beside his password: a code of his authenticator, or else
// one of his recovery codes.
type SecondFactor struct {
	Code     string
	Recovery string
}

// totpStep is the number of the period an instant is in.
func totpStep(at time.Time) int64 { return at.Unix() / int64(TOTPPeriod/time.Second) }

// TOTPCode is what an authenticator shows at an instant.
func TOTPCode(secret []byte, at time.Time) string { return totpCode(secret, totpStep(at)) }

func totpCode(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, step)
	sum := mac.Sum(nil)
	const modulus = 1_000_000
	at := sum[len(sum)-1] & 0x0f
	return fmt.Sprintf("%0*d", TOTPDigits, binary.BigEndian.Uint32(sum[at:])&0x7fffffff%modulus)
}

// MatchTOTP returns the period of a code that is right at an instant or a period beside it, and
// was not used yet: none up to used, the last one, works again.
func MatchTOTP(secret []byte, code string, now time.Time, used int64) (step int64, ok bool) {
	code = TidyCode(code)
	for s := totpStep(now) - totpDrift; s <= totpStep(now)+totpDrift; s++ {
		if s > used && subtle.ConstantTimeCompare([]byte(totpCode(secret, s)), []byte(code)) == 1 {
			step, ok = s, true
		}
	}
	return step, ok
}

// TidyCode is a code as it is compared: small letters without the signs between.
func TidyCode(typed string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case ' ', '-', '\u00a0', '\t', '\u2013', '\u2011':
			return -1
		}
		return r
	}, strings.ToLower(strings.TrimSpace(typed)))
}
