package letter

import (
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"winddown/internal/winddown"
)

func full() Data {
	return Data{
		SellerName: "ИП Петрова А. С.", INN: "500100732259", OGRN: "304500116000157", Cabinet: "Второй кабинет",
		Counterparty: "ООО «РВБ»",
		PeriodFrom:   winddown.Date{Year: 2024, Month: time.January, Day: 1}, PeriodTo: winddown.Date{Year: 2026, Month: time.October, Day: 20},
		Today:       winddown.Date{Year: 2026, Month: time.November, Day: 22},
		RequestedOn: winddown.Date{Year: 2026, Month: time.November, Day: 12}, Ticket: "48-1107",
		ReceivedOn: winddown.Date{Year: 2026, Month: time.November, Day: 19},
		OurBalance: "3\u00a0418,20\u00a0₽ в нашу пользу", WBBalance: "1\u00a0200,00\u00a0₽ в вашу пользу", Difference: "4\u00a0618,20\u00a0₽",
		Objections: []string{"Штраф 4 618,20 ₽ от 3 марта 2026 года начислен дважды", "Нет отчёта за 41-ю неделю"},
	}
}

func TestEveryKindHasItsText(t *testing.T) {
	files, err := fs.Glob(texts, "text/*.txt")
	if err != nil || len(files) != len(Kinds()) {
		t.Errorf("%d texts for %d kinds (%v)", len(files), len(Kinds()), err)
	}
	for _, k := range Kinds() {
		if parsed, ok := ParseKind(string(k)); !ok || parsed != k {
			t.Errorf("%s is not read back", k)
		}
		if err := Check(Default(k)); err != nil {
			t.Errorf("%s: %v", k, err)
		}
		if !strings.HasPrefix(Default(k), "Тема: ") {
			t.Errorf("%s does not begin with its subject", k)
		}
		if regexp.MustCompile(`\d+\.\d`).MatchString(Default(k)) {
			t.Errorf("%s cites a numbered clause", k)
		}
	}
	for _, code := range []string{"", "Request", "../letter", "act"} {
		if _, ok := ParseKind(code); ok || Default(Kind(code)) != "" {
			t.Errorf("%q is a kind", code)
		}
	}
}

// Every letter in every combination of what may be unknown: nothing of the template is
// left over, nothing that is known is missing, and it fits on a sheet of A4.
func TestDefaultsWithAndWithoutDetails(t *testing.T) {
	details := []struct {
		name  string
		drop  func(*Data)
		line  string // what a letter that says it says
		kinds []Kind
	}{
		{"ogrn", func(d *Data) { d.OGRN = "" }, "ОГРНИП: 304500116000157", Kinds()},
		{"cabinet", func(d *Data) { d.Cabinet = "" }, "Кабинет: Второй кабинет", Kinds()},
		{"counterparty", func(d *Data) { d.Counterparty = "" }, "Кому: ООО «РВБ»", Kinds()},
		{"period", func(d *Data) { d.PeriodFrom, d.PeriodTo = winddown.Date{}, winddown.Date{} },
			"за период с 1 января 2024 года по 20 октября 2026 года", Kinds()},
		{"ticket", func(d *Data) { d.Ticket = "" }, "Номер обращения: 48-1107", []Kind{Reminder, Objections}},
		{"request", func(d *Data) { d.RequestedOn = winddown.Date{} }, "Дата запроса: 12 ноября 2026 года", []Kind{Reminder, Objections}},
		{"figures", func(d *Data) { d.OurBalance, d.WBBalance, d.Difference = "", "", "" }, "Разница: 4\u00a0618,20\u00a0₽", []Kind{Objections}},
		{"objections", func(d *Data) { d.Objections = nil }, "Наши возражения:\n1. Штраф", []Kind{Objections}},
	}
	for _, k := range Kinds() {
		for set := range 1 << len(details) {
			d := full()
			for i, one := range details {
				if set&(1<<i) != 0 {
					one.drop(&d)
				}
			}
			text, unknown := Fill(Default(k), d)
			if len(unknown) > 0 || strings.ContainsAny(text, "{}") || strings.Contains(text, "\n\n\n") || strings.TrimSpace(text) != text {
				t.Fatalf("%s %b: unknown %q in\n%s", k, set, unknown, text)
			}
			if strings.Contains(text, ":\n\n") || strings.Contains(text, " \n") {
				t.Fatalf("%s %b: something is announced and missing in\n%s", k, set, text)
			}
			for i, one := range details {
				if said := strings.Contains(text, one.line); said != (set&(1<<i) == 0 && slices.Contains(one.kinds, k)) {
					t.Fatalf("%s %b: says %q: %v\n%s", k, set, one.line, said, text)
				}
			}
			for _, always := range []string{"От: ИП Петрова А. С.", "ИНН: 500100732259", "Дата: 22 ноября 2026 года", "С уважением,\nИП Петрова А. С."} {
				if !strings.Contains(text, always) {
					t.Fatalf("%s %b: lacks %q in\n%s", k, set, always, text)
				}
			}
		}
	}
}

// A representative signs in place of the seller, in every letter; what the firm left out is left out.
func TestRepresentativeSigns(t *testing.T) {
	d := full()
	d.Representative = winddown.Requisites{
		LegalName: "ООО «Учёт и\nпорядок»", INN: "7707083893", KPP: "770701001", Address: "Москва, Тверская, 1", Phone: "+7 495 000-00-00",
		Signer: "Иванова М. П.", Authority: "доверенность № 5",
	}
	const whole = "С уважением,\nпредставитель: ООО «Учёт и порядок», ИНН 7707083893, КПП 770701001\nОснование: доверенность № 5\n" +
		"Адрес: Москва, Тверская, 1\nТелефон: +7 495 000-00-00\nПодписывает: Иванова М. П."
	for _, k := range Kinds() {
		if !NamesSigner(Default(k)) {
			t.Errorf("%s does not say who signs", k)
		}
		text, _ := Fill(Default(k), d)
		if !strings.HasSuffix(text, whole) || !strings.Contains(text, "От: ИП Петрова А. С.\n") {
			t.Errorf("%s:\n%s", k, text)
		}
	}
	d.Representative = winddown.Requisites{LegalName: "Иванова М. П.", Phone: "1"}
	if text, _ := Fill("{ Подпись }", d); text != "представитель: Иванова М. П.\nТелефон: 1" {
		t.Errorf("%q", text)
	}
	if NamesSigner("{Продавец} Подпись") {
		t.Error("a text without the placeholder says who signs")
	}
}

// A line on A4 with margins of 20 mm holds about 85 characters of 11 points, the sheet
// about 52 lines.
func TestDefaultsFitOnOnePage(t *testing.T) {
	d := full()
	d.SellerName = "ООО «" + strings.Repeat("Торговый дом ", 15) + "»"
	d.Cabinet, d.Counterparty, d.Ticket = strings.Repeat("к", 100), strings.Repeat("ю", 200), strings.Repeat("7", 100)
	for range 5 {
		d.Objections = append(d.Objections, strings.Repeat("Удержание без основания. ", 6))
	}
	for _, k := range Kinds() {
		text, _ := Fill(Default(k), d)
		lines := 0
		for line := range strings.SplitSeq(text, "\n") {
			lines += 1 + utf8.RuneCountInString(line)/85
		}
		if lines > 52 {
			t.Errorf("%s has %d lines", k, lines)
		}
	}
}

func TestFill(t *testing.T) {
	for name, c := range map[string]struct {
		template string
		data     Data
		want     string
		unknown  []string
	}{
		"values":              {"{ИНН} и {ИНН}", Data{INN: "1"}, "1 и 1", nil},
		"spaces in braces":    {"{ ИНН }", Data{INN: "1"}, "1", nil},
		"a line without":      {"а\nОГРН: {ОГРН}\nб", Data{}, "а\nб", nil},
		"one of two":          {"{ИНН}, {ОГРН}", Data{INN: "1"}, "", nil},
		"a whole paragraph":   {"а\n\n{Кабинет}\n\nб", Data{}, "а\n\nб", nil},
		"an announcement":     {"Вот:\n{Возражения}\n\nа", Data{}, "а", nil},
		"a kept announcement": {"Вот:\n\nа {ИНН}", Data{INN: "1"}, "Вот:\n\nа 1", nil},
		"a list":              {"Вот:\n{Возражения}", Data{Objections: []string{"раз\nдва", "три"}}, "Вот:\n1. раз два\n2. три", nil},
		"a company":           {"{ОГРН}\n{ОГРНИП}", Data{OGRN: "1027700132195"}, "1027700132195", nil},
		"an entrepreneur":     {"{ОГРН}\n{ОГРНИП}", Data{OGRN: "304500116000157"}, "304500116000157", nil},
		"no period":           {"за {Период}", Data{}, "за весь период сотрудничества", nil},
		"since":               {"за {Период}", Data{PeriodFrom: winddown.Date{Year: 2024, Month: 2, Day: 3}}, "за период с 3 февраля 2024 года по настоящее время", nil},
		"until":               {"за {Период}", Data{PeriodTo: winddown.Date{Year: 2024, Month: 2, Day: 3}}, "за период по 3 февраля 2024 года", nil},
		"unknown":             {"{инн} {КПП} {КПП}\n{}", Data{}, "{инн} {КПП} {КПП}\n{}", []string{"инн", "КПП", ""}},
		"a value like one":    {"{Продавец} {ИНН}", Data{SellerName: "{ИНН} {x}", INN: "1"}, "{ИНН} {x} 1", nil},
		"a value with lines":  {"{Продавец}.", Data{SellerName: " а\r\nб\tв "}, "а б в.", nil},
		"sums do not break":   {"{Разница}", Data{Difference: "1\u00a0000\u00a0₽"}, "1\u00a0000\u00a0₽", nil},
		"other line ends":     {"\r\nа \r\n \r\n\r\nб\r\n", Data{}, "а\n\nб", nil},
		"empty":               {" \n ", Data{}, "", nil},
	} {
		text, unknown := Fill(c.template, c.data)
		if text != c.want || !slices.Equal(unknown, c.unknown) {
			t.Errorf("%s: got %q, unknown %q; want %q, %q", name, text, unknown, c.want, c.unknown)
		}
	}
}

func TestCheck(t *testing.T) {
	for template, want := range map[string]string{
		"":                        "letter.error.empty",
		" \n\t":                   "letter.error.empty",
		"{Имя}":                   "letter.error.placeholder",
		"{ИНН} {":                 "letter.error.brace",
		"{ИНН\n}":                 "letter.error.brace",
		"{{ИНН}}":                 "letter.error.brace",
		strings.Repeat("я", 4001): "letter.error.too_long",
		strings.Repeat("я", 4000): "",
		"{Сальдо WB} { Дата }":    "",
	} {
		err := Check(template)
		var e *winddown.Error
		if want == "" && err == nil {
			continue
		}
		if !errors.As(err, &e) || e.Key != want || !errors.Is(err, winddown.Invalid) {
			t.Errorf("%.20q: %v, want %s", template, err, want)
		}
	}
	for _, name := range Placeholders() {
		if err := Check("{" + name + "}"); err != nil {
			t.Errorf("%s is listed and refused: %v", name, err)
		}
	}
}

func FuzzFill(f *testing.F) {
	for _, k := range Kinds() {
		f.Add(Default(k), "ООО «Лён»", "1027700132195")
	}
	f.Add("{\n}{{ИНН}\r\n\r\n:\n{Возражения}", "\x00{Дата}\ufeff", "\n")
	f.Fuzz(func(t *testing.T, template, seller, other string) {
		text, unknown := Fill(template, Data{SellerName: seller, OGRN: other, Objections: []string{other, seller}})
		if strings.Contains(text, "\n\n\n") {
			t.Errorf("empty lines in a row in %q", text)
		}
		if Check(template) == nil && len(unknown) > 0 {
			t.Errorf("%q passes and has unknown %q", template, unknown)
		}
		if _, err := DOCX(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
