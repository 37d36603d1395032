package winddown_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// pasted writes lines and mistakes as short texts.
func pasted(debts []winddown.NewDebt, wrong []winddown.PasteError) []string {
	var all []string
	for _, n := range debts {
		all = append(all, fmt.Sprintf("%s|%s|%s|%s|%s", n.Side, n.What, n.Amount, n.On, n.Document))
	}
	for _, e := range wrong {
		all = append(all, fmt.Sprintf("%d %s: %s", e.Line, e.Field, e.Key))
	}
	return all
}

func TestParseDebts(t *testing.T) {
	for _, x := range []struct {
		name, text string
		want       []string
	}{
		{"from a spreadsheet", "Штраф\t-3\u00a0418,20\t02.11.2026\tОтчёт № 15\r\nВыплата\t464 788,15 ₽\t9.11.26\t\r\n",
			[]string{"to_wb|Штраф|3418.20|2026-11-02|Отчёт № 15", "by_wb|Выплата|464788.15|2026-11-09|"}},
		{"a header in another order", "Дата\tДокумент\tСумма, руб.\tЗа что\n2026-11-02\t15\t(500)\tШтраф", []string{"to_wb|Штраф|500.00|2026-11-02|15"}},
		{"a header and columns nobody asked for", "№;Контрагент;Сумма;Склад\n1;РВБ;500;7", []string{"by_wb|РВБ|500.00|2026-11-12|"}},
		{"numbered rows", "№\tЗа что\tСумма\n1\tШтраф\t500", []string{"by_wb|Штраф|500.00|2026-11-12|"}},
		{"semicolons", "Штраф;−500;02/11/2026;15\n\nХранение;7,5;2026-11-02T10:00:00", []string{"to_wb|Штраф|500.00|2026-11-02|15", "by_wb|Хранение|7.50|2026-11-02|"}},
		{"quoted commas", `"Штраф, ""большой""","-3,418.20","02.11.2026 13:45"`, []string{`to_wb|Штраф, "большой"|3418.20|2026-11-02|`}},
		{"quoted semicolons", `"Штраф; габариты","500"`, []string{"by_wb|Штраф; габариты|500.00|2026-11-12|"}},
		{"commas under a header", "what,amount,date\nFine,-500.5,2026-11-02", []string{"to_wb|Fine|500.50|2026-11-02|"}},
		{"commas alone part nothing", "Штраф 3 418,20", []string{"1 amount: ledger.error.amount_missing"}},
		{"line ends in a cell", "\"Штраф\nза габариты\"\t500\nПлохо\tмного\n", []string{"by_wb|Штраф за габариты|500.00|2026-11-12|", "3 amount: ledger.error.amount_missing"}},
		{"quotation marks that quote nothing", "\"Ромашка\" ООО\t500\n\"Незабудка\t600\n", []string{`by_wb|"Ромашка" ООО|500.00|2026-11-12|`, `by_wb|"Незабудка|600.00|2026-11-12|`}},
		{"old line ends", "Штраф\t500\rВыплата\t600", []string{"by_wb|Штраф|500.00|2026-11-12|", "by_wb|Выплата|600.00|2026-11-12|"}},
		{"content tells the columns", "02.11.2026\tШтраф\t500\tОтчёт", []string{"by_wb|Штраф|500.00|2026-11-02|Отчёт"}},
		{"a number for a document", "Штраф\t500\t02.11.2026\t15", []string{"by_wb|Штраф|500.00|2026-11-02|15"}},
		{"two numbers", "1\tШтраф\t500\nШтраф\t15\t500", []string{"1 amount: ledger.error.columns", "2 amount: ledger.error.columns"}},
		{"the number of a day", "what\tdate\tamount\nFine\t46328\t500\nFine\t9\t500\nFine\t999999\t500", []string{"by_wb|Fine|500.00|2026-11-02|", "3 on: ledger.error.pasted_date", "4 on: ledger.error.pasted_date"}},
		{"no such day", "Штраф\t500\t31.11.2026", []string{"1 on: ledger.error.pasted_date"}},
		{"tomorrow", "Штраф\t500\t13.11.2026", []string{"1 on: step.error.date_future"}},
		{"nothing owed for", "\t500", []string{"1 what: ledger.error.what_missing"}},
		{"zero", "Штраф\t0,00", []string{"1 amount: ledger.error.zero"}},
		{"ambiguous", "Штраф\t1,234", []string{"1 amount: ledger.error.amount_ambiguous"}},
		{"too much", "Штраф\t99999999999999999", []string{"1 amount: ledger.error.overflow"}},
		{"roubles in a column", "Штраф\t500\tRUB\tОтчёт", []string{"by_wb|Штраф|500.00|2026-11-12|Отчёт"}},
		{"another currency", "Штраф\t$500\nШтраф\t500\tUSD\nШтраф\t500", []string{"by_wb|Штраф|500.00|2026-11-12|", "1 amount: ledger.error.currency", "2 amount: ledger.error.currency"}},
		{"a header of another currency", "За что\tСумма, USD\nШтраф\t500", []string{"1 amount: ledger.error.currency"}},
		{"a total", "Штраф\t500\nИтого:\t500", []string{"by_wb|Штраф|500.00|2026-11-12|", "2 what: ledger.error.total"}},
		{"two mistakes", "За что\tСумма\tДата\n\n" + strings.Repeat("я", winddown.MaxDebtWhat+1) + "\t0\tвчера\n", []string{"3 on: ledger.error.pasted_date"}},
		{"a long text", strings.Repeat("я", winddown.MaxDebtWhat+1) + "\t0\n", []string{"1 what: error.field.too_long", "1 amount: ledger.error.zero"}},
		{"nothing", " \n\t\n", nil},
		{"only a header", "За что\tСумма", nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			if got := pasted(winddown.ParseDebts(x.text, day("2026-11-12"))); !slices.Equal(got, x.want) {
				t.Errorf("got  %q\nwant %q", got, x.want)
			}
		})
	}
}

func TestParseDebtRows(t *testing.T) {
	rows := [][]string{{}, {"Сумма", "За что"}, {"-7.5", " Штраф "}, {"x"}}
	got := pasted(winddown.ParseDebtRows(rows, day("2026-11-12")))
	want := []string{"to_wb|Штраф|7.50|2026-11-12|", "4 amount: ledger.error.amount"}
	if !slices.Equal(got, want) || rows[2][1] != " Штраф " {
		t.Errorf("got %q, want %q; the rows are %q", got, want, rows)
	}
	many := slices.Repeat([][]string{{"Штраф", "5"}}, 2*winddown.MaxDebts)
	debts, wrong := winddown.ParseDebtRows(many, day("2026-11-12"))
	if got := pasted(nil, wrong); len(debts) != winddown.MaxDebts || !slices.Equal(got, []string{"501 what: ledger.error.too_many"}) {
		t.Errorf("%d lines and %q", len(debts), got)
	}
}

// Whatever is pasted, a line is either one the ledger takes or a mistake with its line.
func FuzzParseDebts(f *testing.F) {
	for _, s := range []string{
		"Штраф\t-3 418,20\t02.11.2026\tОтчёт", "За что;Сумма\n\"a\"\"b\";5", "\"a,\nb\",\"5\"", "\"\t\"\t\"", "what,amount\nx,1", "\x00\xff\t5\r\r\n", "1\t2\t3",
	} {
		f.Add(s)
	}
	today := day("2026-11-12")
	f.Fuzz(func(t *testing.T, text string) {
		debts, wrong := winddown.ParseDebts(text, today)
		for i := range debts {
			debts[i].ID = debtID(i + 1)
		}
		lines := 1 + strings.Count(strings.ReplaceAll(text, "\r\n", "\n"), "\n") + strings.Count(text, "\r")
		for _, e := range wrong {
			if e.Line < 1 || e.Line > lines || e.Field == "" || e.Key == "" {
				t.Fatalf("mistake %+v of %d lines", e, lines)
			}
		}
		var l winddown.Ledger
		added, _, err := l.AddDebts(debts, winddown.Stamp{Today: today})
		if err != nil && !slices.ContainsFunc(fieldsOf(err), func(s string) bool { return strings.HasSuffix(s, "amount: ledger.error.overflow") }) {
			t.Fatalf("the ledger refuses %+v: %v", debts, err)
		}
		for i, d := range added {
			if d.Amount != debts[i].Amount || d.What != debts[i].What || d.Document != debts[i].Document {
				t.Fatalf("%+v was written as %+v", debts[i], d)
			}
		}
	})
}
