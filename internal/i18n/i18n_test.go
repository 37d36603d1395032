package i18n

import (
	"context"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"
)

// sample loads a small catalog of its own, so that these tests do not move with the words.
func sample(t *testing.T, l Locale, extra string) *Printer {
	t.Helper()
	p, err := load(fstest.MapFS{
		"catalog/" + string(l) + "/common.json": {Data: []byte(`{
			"common.plain": "Сохранить",
			"common.month.5": "мая",
			"common.month.11": "ноября",
			"common.hello": "Здравствуйте, {{.Name}} и {{.Other}}",
			"common.steps": {
				"one": "Выполнен {{.N}} шаг из {{.Total}}",
				"few": "Выполнено {{.N}} шага из {{.Total}}",
				"many": "Выполнено {{.N}} шагов из {{.Total}}",
				"other": "Выполнено {{.N}} шага из {{.Total}}"
			}` + extra + `}`)},
	}, l)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestT(t *testing.T) {
	p := sample(t, Russian, "")
	day := time.Date(2026, time.November, 12, 14, 30, 0, 0, time.UTC)
	for _, c := range []struct {
		want string
		key  string
		args []any
	}{
		{"Сохранить", "common.plain", nil},
		{"Сохранить", "common.plain", []any{"Name", "x"}},
		{"Здравствуйте, Анна и Пётр", "common.hello", []any{"Other", "Пётр", "Name", "Анна"}},
		{"Здравствуйте, {{.Other}} и <b>", "common.hello", []any{"Name", "{{.Other}}", "Other", "<b>"}},
		{"Здравствуйте, 1\u00a0240 и 12 ноября 2026", "common.hello", []any{"Name", 1240, "Other", day}},
		{"[common.hello]", "common.hello", []any{"Name", "Анна"}},
		{"[common.hello]", "common.hello", []any{"Name", "Анна", "Other"}},
		{"[common.hello]", "common.hello", nil},
		{"[common.nothing]", "common.nothing", nil},
		{"[common.steps]", "common.steps", []any{"N", 1}},
		{"[]", "", nil},
		{"[?]", "\xff", nil},
	} {
		if got := p.T(c.key, c.args...); got != c.want {
			t.Errorf("T(%q, %v) = %q, want %q", c.key, c.args, got, c.want)
		}
	}
}

func TestN(t *testing.T) {
	p := sample(t, Russian, "")
	for n, want := range map[int]string{
		0:               "Выполнено 0 шагов из 9",
		1:               "Выполнен 1 шаг из 9",
		2:               "Выполнено 2 шага из 9",
		4:               "Выполнено 4 шага из 9",
		5:               "Выполнено 5 шагов из 9",
		11:              "Выполнено 11 шагов из 9",
		12:              "Выполнено 12 шагов из 9",
		21:              "Выполнен 21 шаг из 9",
		22:              "Выполнено 22 шага из 9",
		111:             "Выполнено 111 шагов из 9",
		121:             "Выполнен 121 шаг из 9",
		1000:            "Выполнено 1\u00a0000 шагов из 9",
		-1:              "Выполнен −1 шаг из 9",
		math.MinInt + 1: "Выполнено −9\u00a0223\u00a0372\u00a0036\u00a0854\u00a0775\u00a0807 шагов из 9",
		math.MinInt:     "Выполнено −9\u00a0223\u00a0372\u00a0036\u00a0854\u00a0775\u00a0808 шагов из 9",
	} {
		if got := p.N("common.steps", n, "Total", 9); got != want {
			t.Errorf("N(%d) = %q, want %q", n, got, want)
		}
	}
	for _, key := range []string{"common.plain", "common.hello", "common.nothing"} {
		if got := p.N(key, 1); got != "["+key+"]" {
			t.Errorf("N(%q) = %q, want the key in brackets", key, got)
		}
	}
	if got := p.N("common.steps", 1); got != "[common.steps]" {
		t.Errorf("N without its second argument = %q, want the key in brackets", got)
	}
}

func TestNEnglish(t *testing.T) {
	p := sample(t, English, `, "common.days": {"one": "{{.N}} day", "other": "{{.N}} days"}`)
	for n, want := range map[int]string{0: "0 days", 1: "1 day", 2: "2 days", 21: "21 days", 101: "101 days"} {
		if got := p.N("common.days", n); got != want {
			t.Errorf("N(%d) = %q, want %q", n, got, want)
		}
	}
	if got := p.N("common.plain", 2); got != "[common.plain]" {
		t.Errorf("N of a message without plurals = %q, want the key in brackets", got)
	}
}

// day is a civil date as the domain declares one.
type day struct{ y, m, d int }

func (d day) IsZero() bool    { return d == day{} }
func (d day) Time() time.Time { return time.Date(d.y, time.Month(d.m), d.d, 0, 0, 0, 0, time.UTC) }

func TestMessage(t *testing.T) {
	p := sample(t, Russian, `, "common.since": "С «{{.On}}»"`)
	for _, c := range []struct {
		want string
		key  string
		args map[string]any
	}{
		{"Сохранить", "common.plain", nil},
		{"Здравствуйте, А и Б", "common.hello", map[string]any{"Name": "А", "Other": "Б"}},
		{"Выполнено 5 шагов из 9", "common.steps", map[string]any{"N": 5, "Total": 9}},
		{"[common.steps]", "common.steps", map[string]any{"Total": 9}},
		{"[common.steps]", "common.steps", map[string]any{"N": "5", "Total": 9}},
		{"С «9 мая 2027»", "common.since", map[string]any{"On": day{2027, 5, 9}}},
		{"С «»", "common.since", map[string]any{"On": day{}}},
		{"[x]", "x", nil},
	} {
		if got := p.Message(c.key, c.args); got != c.want {
			t.Errorf("Message(%q, %v) = %q, want %q", c.key, c.args, got, c.want)
		}
	}
}

func TestHas(t *testing.T) {
	p := sample(t, Russian, "")
	for key, want := range map[string]bool{
		"common.plain": true, "common.hello": true, "common.steps": true, "common": false, "": false,
	} {
		if got := p.Has(key); got != want {
			t.Errorf("Has(%q) = %v, want %v", key, got, want)
		}
	}
	if got := strings.Join(p.Keys(), " "); got != "common.hello common.month.11 common.month.5 common.plain common.steps" {
		t.Errorf("Keys() = %s", got)
	}
}

func TestDates(t *testing.T) {
	vladivostok := time.FixedZone("", 10*60*60)
	at := time.Date(2026, time.November, 12, 11, 5, 0, 0, time.UTC)
	for _, c := range []struct {
		locale Locale
		zone   *time.Location
		want   string
	}{
		{Russian, time.FixedZone("", 3*60*60), "12 ноября 2026, 14:05 МСК"},
		{Russian, vladivostok, "12 ноября 2026, 21:05 МСК+7"},
		{Russian, time.FixedZone("", 2*60*60), "12 ноября 2026, 13:05 МСК-1"},
		{Russian, time.UTC, "12 ноября 2026, 11:05 МСК-3"},
		{Russian, time.FixedZone("", 5*60*60+30*60), "12 ноября 2026, 16:35 МСК+2:30"},
		{Russian, time.FixedZone("", 14*60*60), "13 ноября 2026, 01:05 МСК+11"},
		{English, vladivostok, "12 November 2026, 21:05 MSK+7"},
		{English, time.FixedZone("", 3*60*60), "12 November 2026, 14:05 MSK"},
	} {
		if got := For(c.locale).DateTime(at.In(c.zone)); got != c.want {
			t.Errorf("%s: DateTime = %q, want %q", c.locale, got, c.want)
		}
	}

	ru := For(Russian)
	months := []string{"января", "февраля", "марта", "апреля", "мая", "июня",
		"июля", "августа", "сентября", "октября", "ноября", "декабря"}
	for i, name := range months {
		d := time.Date(2027, time.Month(i+1), 1, 0, 0, 0, 0, time.UTC)
		if got, want := ru.DayMonth(d), "1 "+name; got != want {
			t.Errorf("DayMonth = %q, want %q", got, want)
		}
		if got, want := ru.Date(d), "1 "+name+" 2027"; got != want {
			t.Errorf("Date = %q, want %q", got, want)
		}
		if got, want := For(English).Date(d), "1 "+d.Month().String()+" 2027"; got != want {
			t.Errorf("Date = %q, want %q", got, want)
		}
	}
	if got := ru.Date(time.Time{}) + ru.DayMonth(time.Time{}) + ru.DateTime(time.Time{}); got != "" {
		t.Errorf("the zero time is written %q, want nothing", got)
	}
}

func TestInt(t *testing.T) {
	for n, want := range map[int]string{
		0: "0", 7: "7", 999: "999", 1240: "1 240", 464788: "464 788", 1000000: "1 000 000", -12345: "−12 345", -999: "−999",
	} {
		if got := strings.ReplaceAll(For(Russian).Int(n), "\u00a0", " "); got != want {
			t.Errorf("Int(%d) = %q, want %q", n, got, want)
		}
	}
	if got := For(Russian).Int(1240); got != "1\u00a0240" {
		t.Errorf("Int(1240) = %q: the space must not break", got)
	}
	if got := For(English).Int(-1234567); got != "−1,234,567" {
		t.Errorf("Int(-1234567) = %q in English", got)
	}
}

type sum int64

func (s sum) Kopecks() int64 { return int64(s) }

func TestMoney(t *testing.T) {
	for kopecks, want := range map[int64][2]string{
		0:                     {"0,00 ₽", "₽0.00"},
		5:                     {"0,05 ₽", "₽0.05"},
		46478815:              {"464 788,15 ₽", "₽464,788.15"},
		-341820:               {"−3 418,20 ₽", "−₽3,418.20"},
		-50:                   {"−0,50 ₽", "−₽0.50"},
		1_000_000_000_000_000: {"10 000 000 000 000,00 ₽", "₽10,000,000,000,000.00"},
		math.MinInt64:         {"−92 233 720 368 547 758,08 ₽", "−₽92,233,720,368,547,758.08"},
	} {
		for i, l := range []Locale{Russian, English} {
			if got := For(l).Money(kopecks); got != strings.ReplaceAll(want[i], " ", "\u00a0") {
				t.Errorf("%s: Money(%d) = %q, want %q", l, kopecks, got, want[i])
			}
		}
	}
	p := sample(t, Russian, `, "common.owed": "Долг {{.Sum}}", "ledger.money": "{{.Roubles}},{{.Kopecks}} руб."`)
	if got, want := p.T("common.owed", "Sum", sum(-341820)), "Долг −3\u00a0418,20 руб."; got != want {
		t.Errorf("T writes a sum as %q, want %q", got, want)
	}
}

var matchCases = []struct {
	header string
	want   Locale
}{
	{"", Russian},
	{"ru", Russian},
	{"ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7", Russian},
	{"en", English},
	{"en-US,en;q=0.9", English},
	{"en-GB", English},
	{"en;q=0.5,ru;q=0.9", Russian},
	{"ru;q=0.5,en;q=0.9", English},
	{"de", Russian},
	{"fr-CH,fr;q=0.9", Russian},
	{"de,en;q=0.5", English},
	{"*", Russian},
	{"en;q=0", Russian},
	{"garbage !!", Russian},
	{"en;q=x", Russian},
	{"\x00\xff", Russian},
	{strings.Repeat("en,", 1000) + "en", Russian},
}

func TestMatch(t *testing.T) {
	for _, c := range matchCases {
		if got := Match(c.header); got != c.want {
			t.Errorf("Match(%.60q) = %q, want %q", c.header, got, c.want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, c := range matchCases {
		f.Add(c.header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		if _, ok := Parse(string(Match(header))); !ok {
			t.Fatalf("Match(%q) is no locale", header)
		}
	})
}

func TestLocales(t *testing.T) {
	for _, l := range Locales() {
		if got := For(l).Locale(); got != l {
			t.Errorf("For(%q) prints %q", l, got)
		}
		if got, ok := Parse(string(l)); !ok || got != l {
			t.Errorf("Parse(%q) = %q, %v", l, got, ok)
		}
	}
	for _, code := range []string{"", "RU", "ru-RU", "de", "../ru"} {
		if l, ok := Parse(code); ok {
			t.Errorf("Parse(%q) = %q, want none", code, l)
		}
	}
	if got := For("de").Locale(); got != Russian {
		t.Errorf("For a language we do not speak prints %q, want Russian", got)
	}
}

func TestContext(t *testing.T) {
	ctx := context.Background()
	if got := From(ctx).Locale(); got != Russian {
		t.Errorf("without a printer: %q, want Russian", got)
	}
	if got := From(With(ctx, For(English))).Locale(); got != English {
		t.Errorf("with the English printer: %q", got)
	}
	if got := From(With(ctx, nil)).Locale(); got != Russian {
		t.Errorf("with no printer at all: %q, want Russian", got)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"a broken file":         {"a": `{"a.b": `},
		"a list":                {"a": `{"a.b": ["x"]}`, "b": `"x"`},
		"the same key twice":    {"a": `{"a.b": "x"}`, "b": `{"a.b": "y"}`},
		"an unclosed parameter": {"a": `{"a.b": "x {{.Name"}`},
		"a template action":     {"a": `{"a.b": "{{if .X}}x{{end}}"}`},
		"a spaced parameter":    {"a": `{"a.b": "{{ .Name }}"}`},
		"a lower-case name":     {"a": `{"a.b": "{{.name}}"}`},
		"a bad plural form":     {"a": `{"a.b": {"one": "{{.N}", "other": "x"}}`},
		"an unknown form":       {"a": `{"a.b": {"one": "x", "several": "x"}}`},
	} {
		fsys := fstest.MapFS{}
		for area, data := range files {
			fsys["catalog/ru/"+area+".json"] = &fstest.MapFile{Data: []byte(data)}
		}
		if _, err := load(fsys, Russian); err == nil {
			t.Errorf("%s was loaded", name)
		}
	}
}

// Printers are shared by all requests.
func TestPrintersAreShared(t *testing.T) {
	p := sample(t, Russian, "")
	var group sync.WaitGroup
	for n := range 50 {
		group.Go(func() {
			if got := p.N("common.steps", n, "Total", 50); strings.HasPrefix(got, "[") {
				t.Errorf("N(%d) = %q", n, got)
			}
			if got := For(English).T("common.brand"); got != "Winddown" {
				t.Errorf("brand = %q", got)
			}
		})
	}
	group.Wait()
}

func BenchmarkT(b *testing.B) {
	p := For(Russian)
	for b.Loop() {
		p.T("common.footer.independent")
	}
}

func BenchmarkTFilled(b *testing.B) {
	p := For(Russian)
	for b.Loop() {
		p.T("error.request_id", "ID", "0193")
	}
}

func BenchmarkN(b *testing.B) {
	p, err := load(fstest.MapFS{"catalog/ru/a.json": {Data: []byte(
		`{"a.b": {"one": "{{.N}} шаг", "few": "{{.N}} шага", "many": "{{.N}} шагов", "other": "{{.N}} шага"}}`,
	)}}, Russian)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		p.N("a.b", 21)
	}
}
