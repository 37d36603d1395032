package winddown_test

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"winddown/internal/winddown"
)

type columns = map[winddown.ImportField]int

func TestFindLayout(t *testing.T) {
	for name, x := range map[string]struct {
		rows   [][]string
		header int
		want   columns
	}{
		"Russian": {[][]string{{"№", "Наименование", "ИНН", "ОГРН/ОГРНИП", "Кабинет WB", "FBS", "Остатки", "Что с остатком?", "Бухгалтер", "Дата запроса акта", "Номер обращения", "E-mail"}}, 1,
			columns{"seller_name": 1, "inn": 2, "ogrn": 3, "cabinet": 4, "fbs": 5, "wb_stock": 6, "leftover": 7, "responsible": 8, "act_on": 9, "ticket": 10, "email": 11}},
		"English":       {[][]string{{"INN", "Seller name", "Responsible", "Act requested"}}, 1, columns{"inn": 0, "seller_name": 1, "responsible": 2, "act_on": 3}},
		"a title above": {[][]string{{"Продавцы на 22 ноября"}, nil, {"Клиент", "инн "}, {"ИП Ким", "500100732259"}}, 3, columns{"seller_name": 0, "inn": 1}},
		"merged across and down": {[][]string{{"Наши продавцы"}, {"Продавец", "", "Акт сверки", "", "Ответственный"}, {"Название", "ИНН", "дата запроса", "номер обращения"}, {"ИП Ким", "500100732259", "2026-11-02", "48", ""}}, 3,
			columns{"seller_name": 0, "inn": 1, "act_on": 2, "ticket": 3, "responsible": 4}},
		"none": {[][]string{{"1", "ИП Ким", "500100732259"}, {"2", "ООО «Маяк»", "7721546864"}}, 0, columns{"seller_name": 1, "inn": 2}},
		"the words of our own questions": {[][]string{{"Наименование", "ИНН", "Работаете по FBS?", "Есть товар на складах WB?",
			"Что делаете с остатком: распродаёте, вывозите или и то и другое?"}}, 1, columns{"seller_name": 0, "inn": 1, "fbs": 2, "wb_stock": 3, "leftover": 4}},
		"from an accounting program": {[][]string{{"Контрагент", "ИНН контрагента", "ОГРН/ОГРНИП", "Ответственный менеджер", "Адрес электронной почты"}}, 1,
			columns{"seller_name": 0, "inn": 1, "ogrn": 2, "responsible": 3, "email": 4}},
		"of a bookkeeper": {[][]string{{"№ п/п", "Клиент (ИП/ООО)", "ИНН клиента", "ЛК WB", "FBS (да/нет)", "Остатки на складах ВБ, шт.", "Куратор",
			"Дата запроса акта сверки", "№ обращения"}}, 1,
			columns{"seller_name": 1, "inn": 2, "cabinet": 3, "fbs": 4, "wb_stock": 5, "responsible": 6, "act_on": 7, "ticket": 8}},
		"of a company": {[][]string{{"Название компании", "ИНН компании", "ОГРН(ИП)", "Магазин на Wildberries", "Схема FBS", "Наличие товара на складах Вайлдберриз"}}, 1,
			columns{"seller_name": 0, "inn": 1, "ogrn": 2, "cabinet": 3, "fbs": 4, "wb_stock": 5}},
		"of a lawyer": {[][]string{{"Юр. лицо", "ИНН юр. лица", "Работает по ФБС", "Остаток FBW", "Дальнейшие действия с остатками", "Е-mail для связи", "Ведущий бухгалтер"}}, 1,
			columns{"seller_name": 0, "inn": 1, "fbs": 2, "wb_stock": 3, "leftover": 4, "email": 5, "responsible": 6}},
		"of sole traders": {[][]string{{"ФИО ИП", "ИНН ИП", "ОГРНИП", "Товар на ФБО", "План по остатку", "Когда запросили акт", "Обращение в поддержку"}}, 1,
			columns{"seller_name": 0, "inn": 1, "ogrn": 2, "wb_stock": 3, "leftover": 4, "act_on": 5, "ticket": 6}},
		"of other things": {[][]string{{"Продавец", "ИНН", "Акт: дата", "Остаток расчётов, ₽", "Что дальше", "Изменено", "Дата", "Складской номер", "Нет FBS"}}, 1,
			columns{"seller_name": 0, "inn": 1}},
		"the first of two alike": {[][]string{{"ИНН", "Продавец", "Клиент", "ИНН"}}, 1, columns{"inn": 0, "seller_name": 1}},
		"nothing":                {nil, 0, columns{}},
	} {
		if got := winddown.FindLayout(x.rows); got.Header != x.header || !reflect.DeepEqual(got.Columns, x.want) {
			t.Errorf("%s: header %d, columns %v; want %d, %v", name, got.Header, got.Columns, x.header, x.want)
		}
	}
}

// imported reads a table with all columns in the order of the fields, and says what it would do.
func imported(t testing.TB, in winddown.Import, rows ...[]string) []winddown.ImportLine {
	t.Helper()
	in.Layout.Columns = columns{}
	for i, f := range winddown.ImportFields() {
		in.Layout.Columns[f] = i
	}
	if in.Stamp.By.IsZero() {
		in.Stamp = winddown.Stamp{By: winddown.ID{1}, Today: winddown.Date{Year: 2026, Month: 11, Day: 22}, At: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	}
	in.Reason = "Загружено"
	read, err := winddown.ReadImport(rows, in.Layout)
	if err != nil {
		t.Fatal(err)
	}
	n := byte(0)
	plan, err := in.Plan(read, func() (winddown.ID, error) { n++; return winddown.ID{100, n}, nil })
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func firmOfThree() *winddown.Firm {
	return &winddown.Firm{ID: winddown.ID{9}, Members: []winddown.Member{
		{UserID: winddown.ID{1}, Name: "Ирина Орлова", Email: "Orlova@example.ru", Role: winddown.Lead},
		{UserID: winddown.ID{2}, Name: "Алёна Ким", Email: "kim@example.ru", Role: winddown.Accountant},
		{UserID: winddown.ID{3}, Name: "Ирина Орлова", Email: "second@example.ru", Role: winddown.Accountant},
	}}
}

const goodINN = "500100732259"

func TestFaultsOfACell(t *testing.T) {
	lead := winddown.Import{Firm: firmOfThree(), Role: winddown.Lead}
	long := strings.Repeat("я", 201)
	for _, x := range []struct {
		row         []string
		field, want string
	}{
		{[]string{"", goodINN, "", "", "да", "нет"}, "seller_name", "case.error.name_missing"},
		{[]string{long, goodINN, "", "", "да", "нет"}, "seller_name", "error.field.too_long"},
		{[]string{"ИП Ким", "", "", "", "да", "нет"}, "inn", "case.error.inn_missing"},
		{[]string{"ИП Ким", "500100732258", "", "", "да", "нет"}, "inn", "case.error.inn_checksum"},
		{[]string{"ИП Ким", "5001007", "", "", "да", "нет"}, "inn", "case.error.inn_length"},
		{[]string{"ИП Ким", "5,00101E+11", "", "", "да", "нет"}, "inn", "import.error.scientific"},
		{[]string{"ИП Ким", goodINN, "1234567890123", "", "да", "нет"}, "ogrn", "case.error.ogrn_checksum"},
		{[]string{"ИП Ким", goodINN, "", long[:202], "да", "нет"}, "cabinet", "error.field.too_long"},
		{[]string{"ИП Ким", goodINN, "", "", "может быть", "нет"}, "fbs", "import.error.yes_no"},
		{[]string{"ИП Ким", goodINN, "", "", "", "нет"}, "fbs", "import.error.answer_missing"},
		{[]string{"ИП Ким", goodINN, "", "", "да", "-5"}, "wb_stock", "import.error.yes_no"},
		{[]string{"ИП Ким", goodINN, "", "", "да", "да"}, "leftover", "import.error.answer_missing"},
		{[]string{"ИП Ким", goodINN, "", "", "да", "да", "подарить"}, "leftover", "import.error.leftover"},
		{[]string{"ИП Ким", goodINN, "", "", "да", "нет", "", "Чужая"}, "responsible", "import.error.responsible_unknown"},
		{[]string{"ИП Ким", goodINN, "", "", "да", "нет", "", "ирина орлова"}, "responsible", "import.error.responsible_several"},
		{[]string{"ИП Ким", goodINN, "", "", "да", "нет", "", "", "вчера"}, "act_on", "step.error.date"},
		{[]string{"ИП Ким", goodINN, "", "", "да", "нет", "", "", "23.11.2026"}, "act_on", "step.error.date_future"},
		{[]string{"ИП Ким", goodINN, "", "", "да", "нет", "", "", "", "48-1177"}, "ticket", "import.error.ticket_alone"},
		{[]string{"ИП Ким", goodINN, "", "", "да", "нет", "", "", "02.11.2026", long}, "ticket", "error.field.too_long"},
		{[]string{"ИП Ким", goodINN, "", "", "да", "нет", "", "", "", "", "не адрес"}, "email", "account.error.email"},
	} {
		l := imported(t, lead, x.row)[0]
		if l.Outcome != winddown.ImportFaulty || len(l.Faults) != 1 || l.Faults[0].Field != x.field || l.Faults[0].Key != x.want {
			t.Errorf("%v: %s %v, want %s: %s", x.row, l.Outcome, l.Faults, x.field, x.want)
		}
	}
	both := imported(t, lead, []string{"", "5", "7", "", "да", "нет"})[0]
	if len(both.Faults) != 3 {
		t.Errorf("a row with three faults: %v", both.Faults)
	}
}

func TestPlanOfNewSellers(t *testing.T) {
	plan := imported(t, winddown.Import{Firm: firmOfThree(), Role: winddown.Lead},
		[]string{"'=1+1", "500 100 732 259", "", "Один", "да", "12", "и то и другое", "KIM@example.ru", "46000", " 48-1177 ", "a@example.ru"},
		[]string{"ИП Ким", goodINN, "", "Два", "0", "", "", "алена ким"},
		[]string{"ИП Ким", goodINN, "", " один"},
		[]string{"  "},
		[]string{"ООО «Маяк»", "7721546864", "", "", "нет", "нет"})
	outcomes := fmt.Sprint(winddown.CountImport(plan))
	if want := "map[faulty:2 new:2]"; outcomes != want { // the second has no answer about the stock
		t.Fatalf("outcomes %s, want %s", outcomes, want)
	}
	c := plan[0].Case
	if c.Seller != (winddown.Seller{Name: "=1+1", INN: goodINN, Cabinet: "Один"}) || c.Answers != (winddown.Answers{FBS: true, WBStock: true, Leftover: winddown.Both}) {
		t.Errorf("the first seller is %+v, %+v", c.Seller, c.Answers)
	}
	if c.ResponsibleID != (winddown.ID{2}) || c.FirmID != (winddown.ID{9}) {
		t.Errorf("responsible %v in firm %v", c.ResponsibleID, c.FirmID)
	}
	if a := c.Acts[0]; a.RequestedOn.String() != "2025-12-09" || a.Ticket != "48-1177" || !c.Waived() {
		t.Errorf("the act was requested %s as %q, a gate is opened: %v", a.RequestedOn, a.Ticket, c.Waived())
	}
	if f := plan[2].Faults; len(f) == 0 || f[0].Key != "import.error.duplicate" || f[0].Args["Line"] != 1 {
		t.Errorf("the same seller twice: %v", f)
	}
	if plan[3].Line != 5 || plan[3].Case.ResponsibleID != (winddown.ID{1}) {
		t.Errorf("the last: line %d, responsible %v", plan[3].Line, plan[3].Case.ResponsibleID)
	}
	own := imported(t, winddown.Import{Firm: firmOfThree(), Role: winddown.Accountant, Layout: winddown.ImportLayout{Defaults: winddown.RawAnswers{FBS: "yes", WBStock: "no"}}},
		[]string{"ИП Ким", goodINN, "", "", "", "", "", "kim@example.ru"})[0]
	if own.Outcome != winddown.ImportNew || own.Case.ResponsibleID != (winddown.ID{1}) || !own.Case.Answers.FBS {
		t.Errorf("an accountant's own: %s %+v", own.Outcome, own.Faults)
	}
	if zero := imported(t, winddown.Import{}, []string{"ООО", "102500355", "", "", "да", "нет"})[0]; zero.Draft.Seller.INN != "0102500355" || len(zero.Faults) > 0 {
		t.Errorf("a number that has lost its zero: %q, %v", zero.Draft.Seller.INN, zero.Faults)
	}
}

func TestPlanOfKnownSellers(t *testing.T) {
	first := []string{"ИП Ким", goodINN, "", "", "да", "да", "распродаю", "", "02.11.2026", "48"}
	existing := func(standing winddown.Standing) winddown.Import {
		c := imported(t, winddown.Import{Firm: firmOfThree(), Role: winddown.Lead}, first)[0].Case
		return winddown.Import{Firm: firmOfThree(), Role: winddown.Lead, Existing: []winddown.ImportedCase{{Case: c, Standing: standing}}}
	}
	responsible := winddown.Standing{Accountant: true, Lead: true}
	for _, x := range []struct {
		name     string
		row      []string
		standing winddown.Standing
		owner    bool
		want     string
	}{
		{"the same", first, responsible, false, "unchanged []"},
		{"blank cells", []string{"", goodINN}, responsible, false, "unchanged []"},
		{"another name", []string{"ИП Ким А.", goodINN}, responsible, false, "changed [{seller_name ИП Ким ИП Ким А.}]"},
		{"other answers", []string{"", goodINN, "", "", "нет", "да", "оба"}, responsible, false, "changed [{fbs yes no} {leftover sell both}]"},
		{"no stock", []string{"", goodINN, "", "", "", "нет"}, responsible, false, "changed [{wb_stock yes no} {leftover sell }]"},
		{"somebody responsible", []string{"", goodINN, "", "", "", "", "", "Алёна Ким"}, responsible, false, "changed [{responsible Ирина Орлова Алёна Ким}]"},
		{"a corrected request", []string{"", goodINN, "", "", "", "", "", "", "03.11.2026"}, responsible, false, "changed [{act_on 2026-11-02 2026-11-03}]"},
		{"a number", []string{"", goodINN, "", "", "", "", "", "", "", "49"}, responsible, false, "changed [{ticket 48 49}]"},
		{"of an owner", []string{"ИП Ким А.", goodINN}, responsible, true, "faulty seller_name import.error.owners"},
		{"of an owner, other answers", []string{"", goodINN, "", "", "нет"}, responsible, true, "faulty wb_stock import.error.owners"},
		{"of an owner, the act", []string{"", goodINN, "", "", "", "", "", "", "", "49"}, responsible, true, "faulty act_on import.error.act_owners"},
		{"of somebody else", []string{"ИП Ким А.", goodINN}, winddown.Standing{Lead: true}, false, "faulty seller_name import.error.not_yours"},
		{"of an owner, assigned", []string{"", goodINN, "", "", "", "", "", "kim@example.ru"}, winddown.Standing{Lead: true}, true, "changed [{responsible Ирина Орлова Алёна Ким}]"},
	} {
		in := existing(x.standing)
		in.Existing[0].Case.HasOwner = x.owner
		l := imported(t, in, x.row)[0]
		got := fmt.Sprint(l.Outcome, " ", l.Changes)
		if l.Outcome == winddown.ImportFaulty {
			got = fmt.Sprint(l.Outcome, " ", l.Faults[0].Field, " ", l.Faults[0].Key)
		}
		if got != x.want || (l.Outcome == winddown.ImportChanged) != (len(l.Events) > 0) {
			t.Errorf("%s: %s with %d events, want %s", x.name, got, len(l.Events), x.want)
		}
	}
	twice := existing(responsible)
	twice.Existing = append(twice.Existing, existing(responsible).Existing...)
	if l := imported(t, twice, first)[0]; l.Outcome != winddown.ImportFaulty || l.Faults[0].Key != "import.error.several_cases" {
		t.Errorf("two cases of one seller: %s %v", l.Outcome, l.Faults)
	}
}

// A load does what its preview said: whatever decides on a case makes another plan, the moment
// and the ids of new cases do not.
func TestDigestOfAPlan(t *testing.T) {
	row := []string{"ИП Ким", goodINN, "", "", "", "", "", "kim@example.ru", "02.11.2026"}
	digest := func(change func(*winddown.Import)) string {
		in := winddown.Import{Firm: firmOfThree(), Role: winddown.Lead, Layout: winddown.ImportLayout{Defaults: winddown.RawAnswers{FBS: "yes", WBStock: "no"}}}
		in.Stamp = winddown.Stamp{By: winddown.ID{1}, Today: winddown.Date{Year: 2026, Month: 11, Day: 22}, At: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
		change(&in)
		plan := imported(t, in, row)
		if len(plan) != 1 || plan[0].Outcome != winddown.ImportNew {
			t.Fatalf("%+v", plan)
		}
		plan[0].Case.ID = winddown.ID{byte(in.Stamp.At.Second())}
		return winddown.ImportDigest(plan)
	}
	first := digest(func(*winddown.Import) {})
	if later := digest(func(in *winddown.Import) { in.Stamp.At = in.Stamp.At.Add(time.Second) }); later != first {
		t.Error("a second later the plan is another")
	}
	for name, change := range map[string]func(*winddown.Import){
		"another answer for all": func(in *winddown.Import) { in.Layout.Defaults.FBS = "no" },
		"a right less":           func(in *winddown.Import) { in.Role = winddown.Accountant },
		"another of that name": func(in *winddown.Import) {
			in.Firm.Members[1].Email, in.Firm.Members[2].Email = in.Firm.Members[2].Email, in.Firm.Members[1].Email
		},
		"acting at once": func(in *winddown.Import) { in.Firm.Practice.Acting = true },
	} {
		if digest(change) == first {
			t.Errorf("%s: the plan is the same", name)
		}
	}
}

// Without a column of cabinets a seller is known by his number alone, and keeps his cabinet.
func TestATableWithoutCabinets(t *testing.T) {
	c := imported(t, winddown.Import{}, []string{"ИП Ким", goodINN, "", "Второй", "да", "нет"})[0].Case
	in := winddown.Import{Layout: winddown.ImportLayout{Columns: columns{"seller_name": 0, "inn": 1}}, Stamp: winddown.Stamp{By: winddown.ID{1}},
		Existing: []winddown.ImportedCase{{Case: c, Standing: winddown.Standing{Accountant: true}}}}
	rows, err := winddown.ReadImport([][]string{{"ИП Ким", goodINN}}, in.Layout)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := in.Plan(rows, nil)
	if err != nil || plan[0].Outcome != winddown.ImportUnchanged || c.Seller.Cabinet != "Второй" {
		t.Errorf("%+v, %v", plan, err)
	}
}

func TestLimitsOfAnImport(t *testing.T) {
	l := winddown.ImportLayout{Columns: columns{"seller_name": 0, "inn": 1}}
	rows := make([][]string, winddown.MaxImportRows+1)
	for i := range rows {
		rows[i] = []string{"ИП", goodINN}
	}
	if _, err := winddown.ReadImport(rows[1:], l); err != nil {
		t.Errorf("as many rows as may be: %v", err)
	}
	for name, x := range map[string]struct {
		rows [][]string
		l    winddown.ImportLayout
	}{"too many": {rows, l}, "none": {[][]string{{"", " "}}, l}, "no column": {rows[1:], winddown.ImportLayout{}}} {
		if _, err := winddown.ReadImport(x.rows, x.l); winddown.KindOf(err) != winddown.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever stands in the cells, reading and planning neither fail nor make a case that the
// rules would refuse.
func FuzzImport(f *testing.F) {
	f.Add("Продавец\tИНН\tFBS\tОстаток\nИП Ким\t500100732259\tда\tнет\n", false)
	f.Add("Акт\t\t\nзапрошен\tномер обращения\tИНН\n46000\t48\t7721546864\n", true)
	f.Add("1\tИП\t500100732259\t304500116000157\n\t\n=1\t'=2\t1E+11\t+\n", false)
	f.Fuzz(func(t *testing.T, table string, defaults bool) {
		var rows [][]string
		for line := range strings.SplitSeq(table, "\n") {
			rows = append(rows, strings.Split(line, "\t"))
		}
		l := winddown.FindLayout(rows)
		if defaults {
			l.Defaults = winddown.RawAnswers{FBS: "no", WBStock: "no"}
		}
		_ = winddown.ImportINNs(rows, l)
		read, err := winddown.ReadImport(rows, l)
		if err != nil {
			return
		}
		s := winddown.Stamp{By: winddown.ID{1}, Today: winddown.Date{Year: 2026, Month: 11, Day: 22}}
		plan, err := winddown.Import{Layout: l, Firm: firmOfThree(), Role: winddown.Lead, Stamp: s, Reason: "Загружено"}.Plan(read, func() (winddown.ID, error) { return winddown.ID{7}, nil })
		if err != nil || len(plan) != len(read) {
			t.Fatalf("%d lines of %d, %v", len(plan), len(read), err)
		}
		for _, line := range plan {
			if (line.Outcome == winddown.ImportFaulty) != (len(line.Faults) > 0) || (line.Case == nil) != (line.Outcome == winddown.ImportFaulty) {
				t.Fatalf("line %d: %s with %v", line.Line, line.Outcome, line.Faults)
			}
			if line.Case != nil && !winddown.ValidINN(line.Case.Seller.INN) {
				t.Fatalf("line %d: a case with the number %q", line.Line, line.Case.Seller.INN)
			}
		}
	})
}

// One number with two names is said on each of the rows, and loads all the same.
func TestOneNumberWithTwoNames(t *testing.T) {
	known := imported(t, winddown.Import{}, []string{"ООО «Маяк»", "7721546864", "", "", "да", "нет"})[0].Case
	known.Seller.Cabinet = "старый"
	in := winddown.Import{Existing: []winddown.ImportedCase{{Case: known}}}
	lines := imported(t, in,
		[]string{"ООО Маяк", "7721546864", "", "1", "да", "нет"},
		[]string{"ООО Берег", "7721546864", "", "2", "да", "нет"},
		[]string{"ИП Ёлкина", goodINN, "", "", "да", "нет"},
		[]string{"ип «ЕЛКИНА»", goodINN, "", "б", "да", "нет"})
	want := [][]string{{"name_row 2 ООО Берег"}, {"name_firm 0 ООО «Маяк»", "name_row 1 ООО Маяк"}, nil, nil}
	for i, l := range lines {
		var got []string
		for _, w := range l.Warnings {
			line, _ := w.Args["Line"].(int)
			got = append(got, fmt.Sprint(strings.TrimPrefix(w.Key, "import.warning."), " ", line, " ", w.Args["Name"]))
		}
		if !slices.Equal(got, want[i]) || l.Outcome != winddown.ImportNew {
			t.Errorf("row %d is %s (%v) with %q, want %q", l.Line, l.Outcome, l.Faults, got, want[i])
		}
	}
}

// The rows below the second spelling of a name, in the table or in the firm, are compared with the first two alone.
func TestOneNumberWithManyNames(t *testing.T) {
	var in winddown.Import
	for _, name := range []string{"Первая", "первая", "Вторая", "Третья"} {
		c := imported(t, winddown.Import{}, []string{name, goodINN, "", "", "да", "нет"})[0].Case
		c.Seller.Cabinet = name
		in.Existing = append(in.Existing, winddown.ImportedCase{Case: c})
	}
	names := []string{"", "Вторая", "ВТОРАЯ", "Первая", "Третья", "Третья", "Четвёртая", "Вторая"}
	want := []string{"", "Первая 4", "Первая 4", "Вторая 2", "Первая 2", "Первая 2", "Первая 2", "Первая 4"}
	var rows [][]string
	for i, name := range names {
		rows = append(rows, []string{name, goodINN, "", strconv.Itoa(i), "да", "нет"})
	}
	// A row that is not loaded holds up nothing, and what is there already is not looked at again.
	rows = append(rows, []string{"Пятая", goodINN, "", "1", "да", "нет"}, []string{"Третья", goodINN, "", "Третья", "да", "нет"})
	want = append(want, "", "")
	for i, l := range imported(t, in, rows...) {
		got := ""
		if len(l.Warnings) == 2 && l.Warnings[0].Key == "import.warning.name_firm" && l.Warnings[1].Key == "import.warning.name_row" {
			got = fmt.Sprint(l.Warnings[0].Args["Name"], " ", l.Warnings[1].Args["Line"])
		} else if len(l.Warnings) > 0 {
			t.Errorf("row %d is warned of %v", l.Line, l.Warnings)
		}
		if got != want[i] {
			t.Errorf("row %d: %q, want %q", l.Line, got, want[i])
		}
	}
}
