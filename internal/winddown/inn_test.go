package winddown_test

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// oracleINN computes the check digits anew. The weights of a shorter number are the
// tail of the longest row.
func oracleINN(s string) bool {
	row := []int{3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8}
	if (len(s) != 10 && len(s) != 12) || !oracleDigits(s) {
		return false
	}
	check := func(head string) byte {
		sum := 0
		for i, w := range row[len(row)-len(head):] {
			sum += w * int(head[i]-'0')
		}
		return byte('0' + sum%11%10)
	}
	if len(s) == 10 {
		return check(s[:9]) == s[9]
	}
	return check(s[:10]) == s[10] && check(s[:11]) == s[11]
}

func oracleOGRN(s string) bool {
	mod := map[int]int64{13: 11, 15: 13}[len(s)]
	if mod == 0 || !oracleDigits(s) {
		return false
	}
	head, _ := new(big.Int).SetString(s[:len(s)-1], 10)
	rest := new(big.Int).Mod(head, big.NewInt(mod)).Int64()
	return byte('0'+rest%10) == s[len(s)-1]
}

func oracleDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == "" && strings.Trim(s, "0") != ""
}

func TestValidINN(t *testing.T) {
	for s, want := range map[string]bool{
		"7721546864": true, "7707083893": true, "7736207543": true, "500100732259": true, "7830002293": true,
		"7721546865": false, "7707083839": false, "500100732258": false, "500100732269": false,
		"": false, "0": false, "0000000000": false, "000000000000": false, "772154686": false, "77215468640": false,
		"7721546864 ": false, "-721546864": false, "77215468б": false, "772154686\x00": false, "٧٧٢١٥٤٦٨٦٤": false,
	} {
		if got := winddown.ValidINN(s); got != want {
			t.Errorf("ValidINN(%q) = %v", s, got)
		}
	}
}

// Of all numbers that differ only in a check digit, one is right.
func TestINNCheckDigits(t *testing.T) {
	for _, s := range []string{"7721546864", "500100732259"} {
		first := 9
		if len(s) == 12 {
			first = 10
		}
		for at := first; at < len(s); at++ {
			for d := byte('0'); d <= '9'; d++ {
				x := s[:at] + string(d) + s[at+1:]
				if got := winddown.ValidINN(x); got != (x == s) {
					t.Errorf("ValidINN(%s) = %v", x, got)
				}
			}
		}
	}
}

func TestValidOGRN(t *testing.T) {
	for s, want := range map[string]bool{
		"1247700471919": true, "1027700132195": true, "1027700229193": true, "304500116000157": true,
		"1247700471918": false, "1027700132159": false, "304500116000158": false,
		"": false, "0000000000000": false, "000000000000000": false, "12477004719191": false, "124770047191": false,
		"1247700471919 ": false, "+247700471919": false, "12477004719１９": false,
	} {
		if got := winddown.ValidOGRN(s); got != want {
			t.Errorf("ValidOGRN(%q) = %v", s, got)
		}
	}
	for _, s := range []string{"1247700471919", "304500116000157"} {
		for d := byte('0'); d <= '9'; d++ {
			x := s[:len(s)-1] + string(d)
			if got := winddown.ValidOGRN(x); got != (x == s) {
				t.Errorf("ValidOGRN(%s) = %v", x, got)
			}
		}
	}
}

// For any number, exactly the tail the other arithmetic names is right, remainder ten
// included.
func TestCheckDigitsOfManyNumbers(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for length, tail := range map[int]int{10: 1, 12: 2, 13: 1, 15: 1} {
		valid, oracle := winddown.ValidINN, oracleINN
		if length > 12 {
			valid, oracle = winddown.ValidOGRN, oracleOGRN
		}
		for range 200 {
			head := make([]byte, length-tail)
			for i := range head {
				head[i] = byte('0' + rng.IntN(10))
			}
			right := 0
			for n := range []int{1: 10, 2: 100}[tail] {
				s := fmt.Sprintf("%s%0*d", head, tail, n)
				if got := valid(s); got != oracle(s) {
					t.Errorf("%s is valid: %v", s, got)
				} else if got {
					right++
				}
			}
			if right != 1 {
				t.Errorf("%s has %d right tails", head, right)
			}
		}
	}
}

func FuzzValidINN(f *testing.F) {
	for _, s := range []string{"7721546864", "500100732259", "1247700471919", "304500116000157", "", "0000000000", "\xff\x00", strings.Repeat("9", 40)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := winddown.ValidINN(s), oracleINN(s); got != want {
			t.Fatalf("ValidINN(%q) = %v, want %v", s, got, want)
		}
		if got, want := winddown.ValidOGRN(s), oracleOGRN(s); got != want {
			t.Fatalf("ValidOGRN(%q) = %v, want %v", s, got, want)
		}
	})
}
