package pack

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"winddown/internal/files"
	"winddown/internal/sheet"
	"winddown/internal/winddown"
	"winddown/web/static"
)

// story is a case in the making: what is done to it, and the trail that leaves.
type story struct {
	t      *testing.T
	c      *winddown.Case
	store  *files.Store
	dir    string // of the store
	head   winddown.Head
	trail  []winddown.Record
	at     time.Time
	seller winddown.ID
	books  winddown.ID
}

// hostile is a text that would be markup in a page and a formula in a sheet.
const hostile = `=HYPERLINK("http://evil.example")<script>alert(1)</script>`

func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{t: t, dir: t.TempDir(), at: time.Date(2026, time.November, 2, 9, 0, 0, 0, time.UTC), seller: anybody, books: winddown.ID{15: 8}}
	var err error
	if s.store, err = files.Open(s.dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.store.Close() })
	c, events, err := winddown.OpenCase(theCase, winddown.NewCase{
		Seller:  winddown.Seller{Name: "ИП Петрова А. С.", INN: "500100732259", Cabinet: "Второй"},
		Answers: winddown.RawAnswers{FBS: "yes", WBStock: "yes", Leftover: "both"},
	}, s.stamp(s.seller))
	s.c = c
	s.did(s.seller)(events, err)
	c.HasOwner, c.ResponsibleID = true, s.books
	return s
}

func (s *story) stamp(by winddown.ID) winddown.Stamp {
	return winddown.Stamp{By: by, At: s.at, Today: winddown.Today(s.at, winddown.DefaultZone), OnBehalf: by == s.books}
}

// did seals what a rule returned, and lets an hour go by.
func (s *story) did(by winddown.ID) func([]winddown.Event, error) {
	return func(events []winddown.Event, err error) {
		s.t.Helper()
		if err != nil {
			s.t.Fatal(err)
		}
		for _, e := range winddown.OnStream(winddown.Stream{Kind: winddown.CaseStream, ID: theCase}, events) {
			e.By, e.At, e.Via = by, s.at, winddown.ViaPages
			r, head, err := s.head.Append(e)
			if err != nil {
				s.t.Fatal(err)
			}
			s.trail, s.head = append(s.trail, r), head
		}
		s.at = s.at.Add(time.Hour)
	}
}

func (s *story) version(code winddown.Code) int {
	st, err := s.c.Step(code)
	if err != nil {
		s.t.Fatal(err)
	}
	return st.Version
}

func (s *story) file(code winddown.Code, slot winddown.SlotCode, name, body string) {
	s.t.Helper()
	blob, err := s.store.Put(s.t.Context(), strings.NewReader("%PDF-1.4\n"+body+"\n%%EOF\n"), winddown.MaxFileSize)
	if err != nil {
		s.t.Fatal(err)
	}
	s.did(s.seller)(s.c.AddEvidence(winddown.AddEvidence{
		Step: code, Slot: slot, Name: name, Type: string(blob.Kind), Size: blob.Size, SHA256: blob.SHA256, Note: "Снимок с портала",
	}, winddown.DefaultQuota, s.stamp(s.seller)))
}

func (s *story) mark(in winddown.MarkDone) {
	s.t.Helper()
	in.Version, in.On = s.version(in.Step), s.stamp(s.seller).Today
	if in.Reasons == nil {
		in.Reasons = map[winddown.SlotCode]string{}
		for _, slot := range s.c.MissingProof(in.Step, 1) {
			in.Reasons[slot] = "Кабинет закрыт для входа"
		}
	}
	s.did(s.seller)(s.c.MarkDone(in, s.stamp(s.seller)))
}

func (s *story) act() winddown.Act { return s.c.Acts[0] }

func (s *story) debts(events []winddown.Event, err error) {
	s.t.Helper()
	s.did(s.seller)(append(events, s.c.KeepLedger(s.stamp(s.seller))...), err)
}

func (s *story) source() Source {
	return Source{Case: s.c, Head: s.head, History: s.trail, Files: s.store,
		Names: map[winddown.ID]string{s.seller: "Анна Петрова", s.books: "Ирина <Орлова>"}}
}

// told is a case to which nearly everything has happened that can.
func told(t *testing.T) *story {
	t.Helper()
	s := newStory(t)
	review := func(code winddown.Code, reason string) winddown.Review {
		return winddown.Review{Step: code, Version: s.version(code), Reason: reason}
	}
	s.file(winddown.ZeroFBS, winddown.SlotStockZero, "Остатки ноль.pdf", "one")
	s.mark(winddown.MarkDone{Step: winddown.ZeroFBS, Note: hostile})
	s.did(s.books)(s.c.Accept(review(winddown.ZeroFBS, ""), s.stamp(s.books)))
	s.file(winddown.ZeroFBS, winddown.SlotStockZero, "Остатки ноль.pdf", "two")
	s.file(winddown.SellOut, winddown.SlotOrdersDone, "лишний.pdf", "three")
	s.did(s.seller)(s.c.RemoveEvidence(winddown.RemoveEvidence{Number: 3, Reason: "Не тот файл"}, s.stamp(s.seller)))
	s.mark(winddown.MarkDone{Step: winddown.SellOut})
	s.mark(winddown.MarkDone{Step: winddown.ReturnStock})
	s.did(s.seller)(s.c.AddDeadline(winddown.AddDeadline{Kind: winddown.DuePickUp, What: "12 коробок", From: s.stamp(s.seller).Today}, s.stamp(s.seller)))
	s.did(s.books)(s.c.Waive(review(winddown.RequestAct, "Возвраты приедут позже"), s.stamp(s.books)))
	s.mark(winddown.MarkDone{Step: winddown.RequestAct, Channel: winddown.Support, Ticket: "48-1107", Counterparty: "ООО «РВБ»"})
	s.mark(winddown.MarkDone{Step: winddown.ReceiveAct, Ours: winddown.Balance{Known: true, Amount: 341820}, Theirs: winddown.Balance{Known: true, Amount: -50}})
	s.did(s.seller)(s.c.CompareAct(winddown.CompareAct{Act: 1, Version: s.act().Version, On: s.stamp(s.seller).Today, Difference: "3418,70",
		Objections: "Хранение начислено дважды\nНет выплаты за июнь"}, s.stamp(s.seller)))
	s.did(s.seller)(s.c.DisputeAct(winddown.DisputeAct{Act: 1, Version: s.act().Version, On: s.stamp(s.seller).Today}, s.stamp(s.seller)))
	s.mark(winddown.MarkDone{Step: winddown.RequestAct, Channel: winddown.Documents, Counterparty: "ООО «РВБ»"})
	s.did(s.seller)(s.c.AddAct(winddown.AddAct{Counterparty: "ООО «Вайлдберриз»"}, s.stamp(s.seller)))
	s.file(winddown.RequestAct, winddown.SlotRequest, "../../обращение.pdf", "four")

	today := s.stamp(s.seller).Today
	debt := func(n byte, side winddown.Side, what string, amount winddown.Money) winddown.NewDebt {
		return winddown.NewDebt{ID: winddown.ID{n}, Side: side, What: what, Amount: amount, On: today, Document: "Отчёт 17"}
	}
	_, events, err := s.c.Debts.AddDebts([]winddown.NewDebt{
		debt(1, winddown.ToWB, hostile, 46478815), debt(2, winddown.ByWB, "Выплата за октябрь", 100000), debt(3, winddown.ToWB, "Хранение", 5000),
		debt(4, winddown.ToWB, "Ошибка", 700),
		{ID: winddown.ID{5}, Side: winddown.ToWB, What: "Штраф за август", Amount: 1000, On: today.AddDays(-60)}, // written down late
	}, s.stamp(s.seller))
	s.debts(events, err)
	_, events, err = s.c.Debts.SettleDebt(winddown.SettleDebt{ID: winddown.ID{3}, Version: 1, On: today}, s.stamp(s.seller))
	s.debts(events, err)
	_, events, err = s.c.Debts.RemoveDebt(winddown.RemoveDebt{ID: winddown.ID{4}, Version: 1, Reason: "Записано дважды"}, s.stamp(s.seller))
	s.debts(events, err)

	s.did(s.books)(s.c.Ask(winddown.SellOut, "Где отчёт?", s.stamp(s.books)))
	s.did(s.seller)(s.c.Answer(1, "Приложу завтра", s.stamp(s.seller)))
	s.did(s.books)(s.c.Ask(winddown.ZeroFBS, "Какой это склад?", s.stamp(s.books)))
	s.did(s.books)(s.c.CheckInbox(s.stamp(s.books)))
	s.did(s.seller)(s.c.ChangeTerm(winddown.ChangeTerm{Kind: winddown.DuePickUp, Days: []int{10}, Source: "Оферта, пункт 13.4", AsOf: today}, s.stamp(s.seller)))
	return s
}

func contents(t *testing.T, s Source) Contents {
	t.Helper()
	c, err := s.Contents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func part(t *testing.T, c Contents, name string) []byte {
	t.Helper()
	at := slices.IndexFunc(c.Parts, func(p Part) bool { return p.Name == name })
	if at < 0 {
		t.Fatalf("the pack has no %s", name)
	}
	return c.Parts[at].Data
}

func packed(t *testing.T, s Source) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, contents(t, s)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The pack of a case is whole, and made anew it has the same bytes.
func TestThePackOfACase(t *testing.T) {
	s := told(t)
	c := contents(t, s.source())
	var names []string
	for _, p := range c.Parts {
		names = append(names, p.Name)
	}
	for _, f := range c.Files {
		names = append(names, f.Name)
	}
	if want := []string{
		"index.html", "case.xlsx", "steps.csv", "acts.csv", "ledger.csv", "deadlines.csv", "terms.csv", "questions.csv", "history.csv",
		"evidence/01-zero_fbs/stock_zero/v1-Ostatki-nol.pdf", "evidence/01-zero_fbs/stock_zero/v2-Ostatki-nol.pdf",
		"evidence/02-sell_out/orders_done/v1-lishniy.pdf", "evidence/06-request_act/request/act-2/v1-obrashchenie.pdf",
	}; !slices.Equal(names, want) {
		t.Errorf("the pack holds %q", names)
	}
	first := packed(t, s.source())
	if r := check(t, first); !r.OK() || r.Events != int64(len(s.trail)) || len(r.Missing) != 0 {
		t.Errorf("%+v", r)
	}
	here := time.Local
	t.Cleanup(func() { time.Local = here })
	time.Local = time.FixedZone("", 7*60*60)
	if !bytes.Equal(first, packed(t, s.source())) {
		t.Error("made anew, the pack differs")
	}
}

var missingMessage = regexp.MustCompile(`\[[a-z0-9_]+(\.[a-z0-9_]+)+\]`)

func TestTheIndexTellsAllInBothLanguages(t *testing.T) {
	s := told(t)
	page := part(t, contents(t, s.source()), "index.html")
	_, style, _ := strings.Cut(string(page), "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	if policy := html.EscapeString(static.StylePolicy(style)); style == "" || !strings.Contains(string(page), `content="`+policy+`"`) {
		t.Errorf("the page does not allow its own style by %s", policy)
	}
	if m := missingMessage.Find(page); m != nil {
		t.Errorf("the page shows the missing message %s", m)
	}
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var links []string
	text := map[string]*strings.Builder{}
	var walk func(n *html.Node, lang string)
	walk = func(n *html.Node, lang string) {
		for _, a := range n.Attr {
			switch {
			case a.Key == "href":
				links = append(links, a.Val)
			case a.Key == "id" && n.Data == "article":
				lang = a.Val
				text[lang] = &strings.Builder{}
			case a.Key == "src" || a.Key == "style" || strings.HasPrefix(a.Key, "on"):
				t.Errorf("<%s> has %s", n.Data, a.Key)
			}
		}
		switch {
		case n.Type == html.ElementNode && (n.Data == "script" || n.Data == "link" || n.Data == "img"):
			t.Errorf("the page has <%s>", n.Data)
		case n.Type == html.TextNode && lang != "":
			text[lang].WriteString(n.Data + " ")
		}
		for child := range n.ChildNodes() {
			walk(child, lang)
		}
	}
	walk(root, "")
	for lang, want := range map[string][]string{
		"ru": {
			"Уход не завершён.", "500100732259", "И то и другое", hostile, "Ирина <Орлова>", "Разрешено без предыдущих шагов",
			"Без выполнения «Забрать возвраты покупателей» разрешено 2 ноября 2026", "Возвраты приедут позже", "Кабинет закрыт для входа",
			"снято 2 ноября 2026, 16:00 МСК", "Акт 1, ООО «РВБ», запрос 1", "Акт 1, ООО «РВБ», запрос 2", "Хранение начислено дважды",
			"3\u00a0418,20\u00a0₽ в пользу продавца", "0,50\u00a0₽ в пользу WB", "3\u00a0418,70\u00a0₽", "Продавец должен WB 463\u00a0798,15\u00a0₽.",
			"Удалена: Записано дважды", "12 коробок", "Где отчёт?", "Приложу завтра", "1 открытый вопрос", "Остатки ноль.pdf",
			"Заменено новой версией", "Убрано", "Не тот файл", "Акт запрошен заново", "Ирина <Орлова> за ИП Петрова А. С.",
			"Срок: 7 дней. Источник: оферта в редакции от 22.09.2025", "Как посчитан: по сроку", "Откуда срок: оферта в редакции от 22.09.2025",
			"Оферта, пункт 13.4", "10 дней", "Изменён для этого ухода", "рабочие дни 3, 7, 10", "правило этого сервиса",
		},
		"en": {
			"The wind-down is not finished.", "Allowed without the steps before", "Act 1, ООО «РВБ», round 2", "in the seller's favour",
			"The seller owes WB", "Act requested again", "1 open question", "Replaced by a newer version", hostile,
			"10 days", "Changed for this wind-down", "a rule of this service",
		},
	} {
		for _, w := range want {
			if !strings.Contains(text[lang].String(), w) {
				t.Errorf("%s lacks %q", lang, w)
			}
		}
	}
	for _, f := range contents(t, s.source()).Files {
		if n := len(slices.DeleteFunc(slices.Clone(links), func(l string) bool { return l != f.Name })); n != 2 {
			t.Errorf("%d links lead to %s, want one a language", n, f.Name)
		}
	}
}

func TestTheTables(t *testing.T) {
	s := told(t)
	s.c.Practice.Chase = []int{2, 5}
	c := contents(t, s.source())
	limits := sheet.Limits{Rows: 10_000, Cells: 1_000_000, Bytes: 10 << 20}
	read := func(name string) [][]string {
		rows, err := sheet.ReadCSV(bytes.NewReader(part(t, c, name)), limits)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if missingMessage.MatchString(cell) || strings.HasPrefix(cell, "=") {
					t.Errorf("%s holds %q", name, cell)
				}
			}
		}
		return rows
	}
	if rows := read("steps.csv"); len(rows) != 10 || rows[0][2] != "Шаг / Step" || rows[1][1] != "zero_fbs" || rows[1][3] != "Выполнено / Done" || rows[1][4] != "2026-11-02" {
		t.Errorf("%d steps: %q", len(rows)-1, rows[:2])
	}
	if rows := read("acts.csv"); len(rows) != 4 || rows[1][1] != "1" || rows[2][1] != "2" || rows[1][15] != "3418,70" || rows[3][2] != "ООО «Вайлдберриз»" {
		t.Errorf("%d rounds of acts: %q", len(rows)-1, rows)
	}
	if rows := read("ledger.csv"); len(rows) != 6 || rows[1][2] != "Штраф за август" || rows[1][7] != "-10,00" || rows[2][2] != "'"+hostile ||
		rows[2][7] != "-464798,15" || rows[5][7] != "-463798,15" {
		t.Errorf("%d lines of the ledger: %q", len(rows)-1, rows)
	}
	if rows := read("deadlines.csv"); len(rows) != 3 || rows[1][2] != "12 коробок" || rows[1][4] != "2026-11-09" || rows[2][0] != "" || rows[2][6] != "2026-11-03" ||
		!strings.HasPrefix(rows[1][5], "Срок: 7 дней. Источник: оферта в редакции от 22.09.2025 (klerk.ru) и другие статьи, на 22 сентября 2025. / Term: 7 days.") {
		t.Errorf("%d deadlines: %q", len(rows)-1, rows)
	}
	if rows := read("terms.csv"); len(rows) != 5 || !slices.Equal(rows[1][1:], []string{"10 дней / 10 days", "Оферта, пункт 13.4", "2026-11-03", "Изменён для этого ухода / Changed for this wind-down"}) {
		t.Errorf("%d terms: %q", len(rows)-1, rows)
	}
	firms := "Порядок бухгалтерской фирмы / A rule of the bookkeeping firm"
	if rows := read("terms.csv"); rows[4][2] != firms || rows[4][3] != "" || rows[4][4] != firms {
		t.Errorf("the firm's term: %q", rows[4])
	}
	if rows := read("questions.csv"); len(rows) != 3 || !slices.Equal(rows[1][2:4], []string{"Где отчёт?", "Ирина <Орлова>"}) ||
		!slices.Equal(rows[1][5:7], []string{"Приложу завтра", "Анна Петрова"}) || rows[2][5] != "" {
		t.Errorf("%d questions: %q", len(rows)-1, rows)
	}
	rows := read("history.csv")
	if len(rows) != len(s.trail)+1 || rows[1][1] != "2026-11-02T12:00:00+03:00" || rows[1][7] != fmt.Sprintf("%x", s.trail[0].Hash) {
		t.Errorf("%d lines of the history: %q", len(rows)-1, rows[:2])
	}
	if last := rows[len(rows)-1]; !strings.Contains(last[5], "Дней: 7 → 10") || !strings.Contains(last[6], "Days: 7 → 10") {
		t.Errorf("the history ends with %q", last)
	}
	book := part(t, c, "case.xlsx")
	rows, err := sheet.ReadXLSX(bytes.NewReader(book), int64(len(book)), limits)
	if err != nil || len(rows) != 10 || rows[1][4] != "2026-11-02" {
		t.Errorf("the workbook begins with %q, %v", rows, err)
	}
}

// A file that is gone or altered is told: in the index, in its place, and by whoever verifies.
func TestAFileThatIsGoneIsTold(t *testing.T) {
	s := told(t)
	hash := hex.EncodeToString(s.c.Evidence[0].SHA256[:])
	stored := filepath.Join(s.dir, hash[:2], hash[2:])
	whole, err := os.ReadFile(stored)
	if err != nil {
		t.Fatal(err)
	}
	const name = "evidence/01-zero_fbs/stock_zero/v1-Ostatki-nol.pdf.MISSING.txt"
	for _, c := range []struct {
		reason, said string
		spoil        func() error
	}{
		{altered, "Файл на диске изменён", func() error {
			flipped := bytes.Clone(whole)
			flipped[len(flipped)-1] ^= 1
			return os.WriteFile(stored, flipped, 0o600)
		}},
		{absent, "Файла на диске нет", func() error { return os.Remove(stored) }},
	} {
		if err := c.spoil(); err != nil {
			t.Fatal(err)
		}
		made := contents(t, s.source())
		page := string(part(t, made, "index.html"))
		if !strings.Contains(page, `href="`+name+`"`) || strings.Contains(page, `href="`+strings.TrimSuffix(name, lostSuffix)+`"`) || !strings.Contains(page, c.said) {
			t.Errorf("%s: the index does not say so", c.reason)
		}
		if err := os.WriteFile(stored, whole, 0o600); err != nil { // what came back since would belie the index
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := Write(&b, made); err != nil {
			t.Fatal(err)
		}
		if r := check(t, b.Bytes()); !r.OK() || len(r.Missing) != 1 || r.Missing[0] != (Missing{name, c.reason}) {
			t.Errorf("%s: %+v", c.reason, r)
		}
	}
}

// Whoever leaves while a pack is made gets none, and no file passes for lost.
func TestThePackOfSomebodyWhoLeft(t *testing.T) {
	s := told(t)
	ctx, leave := context.WithCancel(t.Context())
	made, err := s.source().Contents(ctx)
	if err != nil {
		t.Fatal(err)
	}
	leave()
	if err := Write(io.Discard, made); !errors.Is(err, context.Canceled) {
		t.Errorf("writing ends with %v", err)
	}
	if _, err := s.source().Contents(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("making ends with %v", err)
	}
}

// Evidence is accepted for as long as the acceptance of its step holds.
func TestEvidenceIsAcceptedWhileItsAcceptanceHolds(t *testing.T) {
	s := newStory(t)
	s.file(winddown.ZeroFBS, winddown.SlotStockZero, "один.pdf", "one")
	s.mark(winddown.MarkDone{Step: winddown.ZeroFBS})
	s.did(s.books)(s.c.Accept(winddown.Review{Step: winddown.ZeroFBS, Version: s.version(winddown.ZeroFBS)}, s.stamp(s.books)))
	state := func() string { return newBook(t.Context(), s.source()).ru.evidenceState(s.c.Evidence[0]) }
	if got := state(); got != "Принято бухгалтером" {
		t.Errorf("accepted: %q", got)
	}
	s.file(winddown.ZeroFBS, winddown.SlotStockZero, "два.pdf", "two")
	if got := state(); got != "" {
		t.Errorf("after something changed: %q", got)
	}
}

// What people type is told as they typed it, even where it looks like a date.
func TestTypedValuesStayAsTyped(t *testing.T) {
	w := newBook(t.Context(), newStory(t).source()).ru
	for field, want := range map[string]string{
		"note": "2026-11-12", "what": "2026-11-12", "written_off": "2026-11-12", "source": "2026-11-12",
		"on": "12 ноября 2026", "as_of": "12 ноября 2026", "until": "12 ноября 2026", "settled_on": "12 ноября 2026",
	} {
		if got := w.value(field, "2026-11-12"); got != want {
			t.Errorf("%s: %q, want %q", field, got, want)
		}
	}
}

// What the firm settles after the finish changes nothing in the pack: it names the reminders that
// were settled then, whatever was settled at an earlier finish.
func TestAFinishedCaseKeepsItsTerms(t *testing.T) {
	for _, chase := range [][]int{nil, {2, 5}} {
		s := told(t)
		finish := func() []byte {
			t.Helper()
			s.c.FinishedOn = s.stamp(s.seller).Today
			after := winddown.Changes{"finished_on": s.c.FinishedOn.String(), "chase": "3, 7, 10"}
			if chase != nil {
				after["chase"] = "2, 5"
			}
			s.did(s.books)([]winddown.Event{{Kind: winddown.CaseFinished, After: after}}, nil)
			s.c.Practice.Chase = chase
			return packed(t, s.source())
		}
		first := finish()
		for _, later := range [][]int{nil, {2, 5}, {1}} {
			s.c.Practice.Chase = later
			if !bytes.Equal(first, packed(t, s.source())) {
				t.Errorf("finished with the days %v, another pack after the firm settled %v", chase, later)
			}
		}
		terms := string(part(t, contents(t, s.source()), "terms.csv"))
		if strings.Contains(terms, "2, 5") != (chase != nil) || strings.Contains(terms, "3, 7, 10") != (chase == nil) {
			t.Errorf("finished with the days %v, the terms are\n%s", chase, terms)
		}
		s.c.FinishedOn, s.c.Practice.Chase = winddown.Date{}, []int{1}
		if bytes.Equal(first, packed(t, s.source())) {
			t.Error("a case that goes on is not counted as its firm settles")
		}
	}
}

// Every code that a case can hold has its words in both languages.
func TestEveryCodeHasWords(t *testing.T) {
	s := told(t)
	b := newBook(t.Context(), s.source())
	playbook, _ := winddown.PlaybookVersion(winddown.CurrentPlaybook)
	for _, w := range []words{b.ru, b.en} {
		var keys []string
		for _, d := range playbook.Steps {
			for _, slot := range d.Slots {
				keys = append(keys, "evidence.slot."+string(slot.Code))
			}
		}
		for _, phase := range winddown.Phases() {
			keys = append(keys, "act.phase."+string(phase))
		}
		for _, via := range winddown.SignedVias() {
			keys = append(keys, "act.via."+string(via))
		}
		for _, kind := range winddown.DueKinds() {
			keys = append(keys, "deadline.title."+string(kind))
		}
		keys = append(keys, "pack.basis.term", "pack.basis.typed")
		for _, kind := range winddown.EventKinds() {
			if kind == winddown.FirmFounded { // from here on they are not about cases
				break
			}
			keys = append(keys, "pack.event."+string(kind))
		}
		for _, key := range keys {
			if !w.p.Has(key) {
				t.Errorf("%s lacks %s", w.p.Locale(), key)
			}
		}
	}
	for _, e := range b.events {
		for _, line := range append(b.ru.details(e), b.en.details(e)...) {
			if regexp.MustCompile(`^[a-z_0-9]+: `).MatchString(line) {
				t.Errorf("%s: a value without a label: %q", e.Kind, line)
			}
		}
	}
}
