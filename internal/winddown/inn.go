package winddown

import "strings"

// ValidINN reports whether s is a Russian taxpayer number: 10 digits for a company,
// 12 for a person, with right check digits (Federal Tax Service order
// ED-7-14/559@, annex 2).
func ValidINN(s string) bool {
	if !digits(s) {
		return false
	}
	switch len(s) {
	case 10:
		return innCheck(s, 9, 2, 4, 10, 3, 5, 9, 4, 6, 8) && strings.Trim(s, "0") != ""
	case 12:
		return innCheck(s, 10, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) &&
			innCheck(s, 11, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) && strings.Trim(s, "0") != ""
	}
	return false
}

// innCheck compares the digit at position at with the weighted sum of those before it.
func innCheck(s string, at int, weights ...int) bool {
	sum := 0
	for i, w := range weights {
		sum += w * int(s[i]-'0')
	}
	return sum%11%10 == int(s[at]-'0')
}

// ValidOGRN reports whether s is a state registration number: 13 digits (ОГРН) or 15
// (ОГРНИП), with the right check digit.
func ValidOGRN(s string) bool {
	if !digits(s) || (len(s) != 13 && len(s) != 15) {
		return false
	}
	last := len(s) - 1
	mod := last - 1 // 11 for ОГРН, 13 for ОГРНИП
	rest := 0
	for i := range last {
		rest = (rest*10 + int(s[i]-'0')) % mod
	}
	return rest%10 == int(s[last]-'0') && strings.Trim(s, "0") != ""
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
