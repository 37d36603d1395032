package winddown_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

func TestParseMoney(t *testing.T) {
	for s, want := range map[string]winddown.Money{
		"3418": 341800, "3418,20": 341820, "3418.20": 341820, "3418,2": 341820, "3 418,20": 341820, "3 418.2": 341820, " 3418 ": 341800,
		"3\u00a0418,20": 341820, "3\u202f418,20": 341820, "3\u2009418,20": 341820, "3'418.20": 341820, "3’418,20": 341820,
		"3,418.20": 341820, "3.418,20": 341820, "1,234,567": 123456700, "1.234.567": 123456700, "1,234,567.89": 123456789,
		"1.234.567,89": 123456789, "1 234 567,89": 123456789, "1234,5600": 123456, "0,500": 50, "3418,200": 341820, "3 418,200": 341820,
		"0": 0, "0,00": 0, "007": 700, ",5": 50, ".05": 5, "0,01": 1, "464\u00a0788,15\u00a0₽": 46478815,
		"-5": -500, "−5": -500, "–5": -500, "—5": -500, "‑5": -500, "‐5": -500, "﹣5": -500, "－5": -500, "\u00ad5": -500, "5-": -500, "5 −": -500,
		"- 3 418,20": -341820, "(3 418,20)": -341820, "(5 руб.)": -500, "(5) ₽": -500, "₽ (5)": -500, "₽ −5": -500, "−₽5": -500, "5- руб": -500,
		"+5": 500, "5+": 500, "+ 3 418,20 ₽": 341820,
		"5₽": 500, "₽5": 500, "5 руб.": 500, "5руб": 500, "5 РУБ": 500, "5 р.": 500, "5р": 500, "5 p.": 500, "5 рублей": 500, "5 RUB": 500, "rur 5": 500,
		"1 000 руб. 50 коп.": 100050, "1000 руб 5 коп": 100005, "1000р. 50к.": 100050, "50 коп.": 50, "−50 коп": -50, "0 рублей 00 копеек": 0,
		"\ufeff3418,20\u200b": 341820, "\t3418\n": 341800,
		"10000000000000": winddown.MaxMoney, "-10 000 000 000 000,00": -winddown.MaxMoney, strings.Repeat("0", 60) + "5": 500,
	} {
		got, err := winddown.ParseMoney(s)
		if err != nil || got != want {
			t.Errorf("ParseMoney(%q) = %d, %v; want %d", s, got, err, want)
		}
	}
	for key, list := range map[string][]string{
		"ledger.error.amount_missing":   {"", " ", "\u00a0", "\u200b"},
		"ledger.error.amount_ambiguous": {"1,234", "1.234", "12.000", "999,999 руб.", "-1,234", "(1.234)"},
		"ledger.error.currency": {
			"$5", "5 €", "£5", "5 USD", "eur 5", "5 KZT", "5 ₸", "5 тг", "5 тенге", "5 BYN", "5 Br", "5 бел. руб.", "5 AMD", "5 долларов", "100 сом",
		},
		"ledger.error.overflow": {"10000000000000,01", "-10000000000001", "99999999999999999999", "9223372036854775808", "100 000 000 000 000 руб."},
		"ledger.error.amount": {
			"много", "-", "()", "5 тыс.", "5 у.е.", "--5", "-5-", "-(5)", "+-5", "(5", "5)", "1 2", "12 34,5", "1 2345", "3  418", "3 418 ,20", "1,23,456", "1.234,567.89", "1,2,3.4.5",
			"1 234'567", "1 234,567", "3418,205", "3418.2000000000003", "5,", "5.", ",", "1e5", "0x10", "5%", "5 коп. 5 руб.", "5 руб. 100 коп.", "5,5 руб. 5 коп.",
			"5 руб. 5", "5\n6", "5\t600", "½", "５", "٣", "1/2", "5 руб. руб.", "₽5₽", "12.11.2026", "2026-11-12", "\xff", strings.Repeat("1", 101),
		},
	} {
		for _, s := range list {
			got, err := winddown.ParseMoney(s)
			if fields := fieldsOf(err); got != 0 || !slices.Equal(fields, []string{"amount: " + key}) {
				t.Errorf("ParseMoney(%q) = %d, %q; want %s", s, got, fields, key)
			}
		}
	}
}

func TestMoneyString(t *testing.T) {
	for m, want := range map[winddown.Money]string{
		0: "0.00", 5: "0.05", -5: "-0.05", 341820: "3418.20", -341820: "-3418.20", math.MinInt64: "-92233720368547758.08",
	} {
		if got := m.String(); got != want {
			t.Errorf("%d kopecks are written %q, want %q", int64(m), got, want)
		}
	}
}

// spellings are ways to write an amount.
func spellings(m winddown.Money) []string {
	plain := m.Abs().String()
	whole, kopecks, _ := strings.Cut(plain, ".")
	groups := func(mark string) string {
		s := whole
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + mark + s[i:]
		}
		return s
	}
	all := []string{
		plain, whole + "," + kopecks, groups(" ") + "," + kopecks, groups("\u00a0") + "," + kopecks + "\u00a0₽", "₽" + groups(",") + "." + kopecks,
		groups(".") + "," + kopecks + " руб.", groups("'") + "." + kopecks, groups("\u202f") + " руб. " + kopecks + " коп.",
	}
	if m < 0 {
		for i, s := range all {
			all[i] = []string{"-" + s, "−" + s, "(" + s + ")", s + "-"}[i%4]
		}
	}
	return all
}

func TestMoneyIsReadBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		m := winddown.Money(rng.Int64N(int64(winddown.MaxMoney)+1) >> rng.IntN(50))
		if rng.IntN(2) == 0 {
			m = -m
		}
		for _, s := range spellings(m) {
			if got, err := winddown.ParseMoney(s); err != nil || got != m {
				t.Fatalf("%s was written %q and read as %s, %v", m, s, got, err)
			}
		}
	}
}

func FuzzParseMoney(f *testing.F) {
	for _, s := range []string{"3 418,20", "(1 000 руб. 50 коп.)", "−₽3,418.20", "1,234", "$5", "99999999999999999999", "", "\xff\x00", ",,", "1''2", "\u00ad5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := winddown.ParseMoney(s)
		if err != nil {
			if m != 0 || winddown.KindOf(err) != winddown.Invalid {
				t.Fatalf("ParseMoney(%q) = %d, %v", s, m, err)
			}
			return
		}
		if m.Abs() > winddown.MaxMoney {
			t.Fatalf("ParseMoney(%q) = %s", s, m)
		}
		for _, s := range spellings(m) {
			if back, err := winddown.ParseMoney(s); err != nil || back != m {
				t.Fatalf("%s was written %q and read as %s, %v", m, s, back, err)
			}
		}
	})
}
