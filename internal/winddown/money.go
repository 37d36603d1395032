package winddown

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Money is a sum of roubles in kopecks.
type Money int64

// MaxMoney is the largest amount that is accepted, ten trillion roubles, and the most
// that one side of a ledger may come to.
const MaxMoney Money = 1_000_000_000_000_000

// Kopecks returns the sum as a number of kopecks.
func (m Money) Kopecks() int64 { return int64(m) }

// String returns roubles with two decimals, «-3418.20»: what the trail and files hold.
func (m Money) String() string {
	sign, n := "", uint64(m)
	if m < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d.%02d", sign, n/100, n%100)
}

// Abs returns the sum without its sign.
func (m Money) Abs() Money {
	if m < 0 {
		return -m
	}
	return m
}

// ParseMoney reads an amount of roubles as people type it or paste it from tables and
// bank statements: «3 418,20», «3,418.20», «−3418.2 ₽», «(3 418,20)», «1 000 руб. 50 коп.».
//
// Groups of three may be parted by any space, an apostrophe, a comma or a dot. With a comma
// and a dot the last of them is the decimal mark; a single one is the decimal mark too, but
// «1,234» and «1.234» could be either and are refused. Decimals beyond the second must be
// zeros. The error is Invalid on the field amount.
func ParseMoney(s string) (Money, error) {
	var v invalid
	m := v.money("amount", s)
	return m, v.err()
}

// money reads an amount from a field.
func (v *invalid) money(field, s string) Money {
	m, key := readMoney(s)
	switch key {
	case "":
	case "ledger.error.overflow":
		v.add(field, key, Args{"Max": MaxMoney})
	default:
		v.add(field, key, nil)
	}
	return m
}

// readMoney is ParseMoney with the key of what is wrong, empty when nothing is.
func readMoney(s string) (Money, string) {
	shape, numbers, key := moneyTokens(s)
	switch {
	case key != "":
		return 0, key
	case shape == "":
		return 0, "ledger.error.amount_missing"
	case !moneyShape.MatchString(shape):
		return 0, "ledger.error.amount"
	}
	var total Money
	if len(numbers) == 1 && !strings.Contains(shape, "k") {
		if total, key = readNumber(numbers[0]); key != "" {
			return 0, key
		}
	} else {
		last := len(numbers) - 1
		kopecks, err := strconv.ParseUint(numbers[last], 10, 63)
		if err != nil || len(numbers[last]) > 2 {
			return 0, "ledger.error.amount"
		}
		if last == 1 {
			if strings.ContainsAny(numbers[0], ",.") {
				return 0, "ledger.error.amount"
			}
			if total, key = readNumber(numbers[0]); key != "" {
				return 0, key
			}
		}
		total += Money(kopecks)
	}
	if total > MaxMoney {
		return 0, "ledger.error.overflow"
	}
	if strings.ContainsAny(shape, "-(") {
		total = -total
	}
	return total, ""
}

// moneyShape are the orders in which a number (n), the words for roubles (r) and kopecks (k),
// a sign and parentheses make an amount.
var moneyShape = regexp.MustCompile(`^([+-]?(r?n|nr|nrnk|nk)|(nr?|nrnk|nk)[+-]|r[+-]n|n[+-]r|\((r?n|nr|nrnk|nk)\)|\(n\)r|r\(n\))$`)

// maxMoneyText is more characters than any amount has.
const maxMoneyText = 100

// dashes are what people and programs write for a minus.
const dashes = "-−‐‑‒–—―﹘﹣－⁻"

// moneyTokens reduces an amount to its shape and its numbers. The key says what is wrong.
func moneyTokens(s string) (shape string, numbers []string, key string) {
	// A soft hyphen has no shape, but leaving it out would turn the amount round.
	rest := []rune(strings.ToLower(visible(strings.ReplaceAll(s, "\u00ad", "-"))))
	if len(rest) > maxMoneyText {
		return "", nil, "ledger.error.amount"
	}
	for len(rest) > 0 {
		n := 1
		switch c := rest[0]; {
		case unicode.IsSpace(c):
		case strings.ContainsRune(dashes, c):
			shape += "-"
		case strings.ContainsRune("+＋", c):
			shape += "+"
		case c == '(' || c == ')':
			shape += string(c)
		case c == '₽':
			shape += "r"
		case unicode.Is(unicode.Sc, c):
			return "", nil, "ledger.error.currency"
		case inNumber(c):
			for n < len(rest) && (inNumber(rest[n]) || unicode.Is(unicode.Zs, rest[n])) {
				n++ // not over a tab or a line's end: two numbers are no amount
			}
			shape += "n"
			numbers = append(numbers, strings.TrimSpace(string(rest[:n])))
		case unicode.IsLetter(c):
			for n < len(rest) && unicode.IsLetter(rest[n]) {
				n++
			}
			word := string(rest[:n])
			if n < len(rest) && rest[n] == '.' {
				n++
			}
			switch {
			case slices.Contains(roubleWords(), word):
				shape += "r"
			case slices.Contains(kopeckWords(), word):
				shape += "k"
			case foreign(word):
				return "", nil, "ledger.error.currency"
			default:
				return "", nil, "ledger.error.amount"
			}
		default:
			return "", nil, "ledger.error.amount"
		}
		rest = rest[n:]
	}
	return shape, numbers, ""
}

// inNumber reports whether a character other than a space belongs to a number.
func inNumber(c rune) bool { return c >= '0' && c <= '9' || strings.ContainsRune(",.'’ʼ`´", c) }

func roubleWords() []string {
	return []string{"р", "p", "руб", "рубль", "рубля", "рублей", "rub", "rur"} // p: typed on the wrong layout
}

func kopeckWords() []string {
	return []string{"к", "коп", "копейка", "копейки", "копеек"}
}

// foreign reports whether a word names another currency.
func foreign(word string) bool {
	switch word {
	case "usd", "eur", "kzt", "byn", "byr", "br", "amd", "gbp", "cny", "rmb", "uah", "kgs", "uzs", "gel", "azn", "try", "chf", "jpy", "aed",
		"тг", "тнг", "бел", "сом", "сома", "сомов", "сум", "сумов", "драм", "драма", "драмов", "лари", "евро", "долл", "грн":
		return true
	}
	for _, begin := range []string{"доллар", "тенге", "тиын", "гривн", "гривен", "юан", "манат", "dollar", "euro", "tenge"} {
		if strings.HasPrefix(word, begin) {
			return true
		}
	}
	return false
}

// readNumber reads digits with their separators. The key says what is wrong.
func readNumber(s string) (Money, string) {
	s = strings.Map(func(c rune) rune {
		switch {
		case unicode.IsSpace(c):
			return ' '
		case strings.ContainsRune("’ʼ`´", c):
			return '\''
		}
		return c
	}, s)
	whole, decimals, key := splitNumber(s)
	if key != "" {
		return 0, key
	}
	whole, ok := joinGroups(whole)
	decimals = strings.TrimRight(decimals, "0")
	if !ok || len(decimals) > 2 {
		return 0, "ledger.error.amount"
	}
	n, err := strconv.ParseInt(whole+(decimals + "00")[:2], 10, 64)
	if err != nil || Money(n) > MaxMoney {
		return 0, "ledger.error.overflow"
	}
	return Money(n), ""
}

// splitNumber cuts a number at its decimal mark, if it has one.
func splitNumber(s string) (whole, decimals, key string) {
	commas, dots := strings.Count(s, ","), strings.Count(s, ".")
	at := strings.LastIndexAny(s, ",.")
	switch {
	case at < 0, commas > 1 && dots == 0, dots > 1 && commas == 0:
		return s, "", ""
	case strings.Count(s, s[at:at+1]) > 1: // the last of two kinds, and not alone
		return "", "", "ledger.error.amount"
	}
	whole, decimals = s[:at], s[at+1:]
	if !digits(decimals) {
		return "", "", "ledger.error.amount"
	}
	if digits(whole) && len(decimals) == 3 && len(whole) < 4 && whole[0] != '0' {
		return "", "", "ledger.error.amount_ambiguous"
	}
	if whole == "" {
		whole = "0"
	}
	return whole, decimals, ""
}

// joinGroups takes the separators out of a whole number: all of one kind, every three digits.
func joinGroups(s string) (string, bool) {
	at := strings.IndexAny(s, " ',.")
	if at < 0 {
		return s, digits(s)
	}
	groups := strings.Split(s, s[at:at+1])
	for i, g := range groups {
		if !digits(g) || len(g) > 3 || len(g) < 3 && i > 0 {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}
