package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winddown/internal/app"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func TestHistoryPages(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	for i := range 60 { // and the opening: 61 lines
		form := url.Values{"done": {"no"}, "version": {fmt.Sprint(i + 1)}, "note": {fmt.Sprintf("Заметка %d.", i)}}
		anna.PostForm(stepPath(id, winddown.ZeroFBS), form).Want(http.StatusSeeOther)
	}
	path := "/cases/" + id.String() + "/history"
	lines := func(p *testkit.Page) int { return len(p.All(func(n *node) bool { return n.Data == "time" })) }
	first := anna.Get(path).Want(http.StatusOK)
	if lines(first) != 50 || !strings.Contains(first.Main(), "Заметка 59.") || strings.Contains(first.Main(), "Заметка 8.") {
		t.Errorf("the first page has %d lines", lines(first))
	}
	next := first.Link("Следующая страница")
	second := anna.Get(next).Want(http.StatusOK)
	if lines(second) != 11 || !strings.Contains(second.Main(), "Уход начат") || !strings.Contains(second.Main(), "Заметка 8.") {
		t.Errorf("the second page has %d lines", lines(second))
	}
	if second.Link("Предыдущая страница") != path || len(second.All(func(n *node) bool { return testkit.Attr(n, "rel") == "next" })) != 0 {
		t.Error("the pages are not linked")
	}
	anna.Get(path + "?before=1").Want(http.StatusOK)
	for _, before := range []string{"x", "0", "-1", "1.5", "99999999999999999999", "%2B1", "01", "+1", "1e3", "1_0"} {
		anna.Get(path + "?before=" + before).Want(http.StatusUnprocessableEntity)
	}
}

func TestHistoryNamesPeople(t *testing.T) {
	s := testkit.Start(t)
	anna, book := s.SignUp("Петрова", "petrova"), s.SignUp("Смирнов", "smirnov")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(book, id, winddown.Accountant)
	if err := s.App.SetActing(t.Context(), anna.Actor(), id, true); err != nil {
		t.Fatal(err)
	}
	book.Mark(id, winddown.ZeroFBS)
	if err := s.App.SetActing(t.Context(), anna.Actor(), id, false); err != nil {
		t.Fatal(err)
	}
	if err := s.App.RemovePerson(t.Context(), anna.Actor(), id, book.ID); err != nil {
		t.Fatal(err)
	}
	text := anna.Get("/cases/" + id.String() + "/history").Main()
	for _, want := range []string{
		"Уход начат", "ИНН: " + testkit.INN(1), "Остаток: И то и другое", "Создано приглашение для бухгалтера", "Открыт доступ: Смирнов, бухгалтер",
		"Бухгалтер может отмечать шаги за продавца", "Смирнов за ИП Петрова", "Бухгалтер больше не отмечает шаги за продавца",
		"Закрыт доступ: Смирнов, бухгалтер", "22 ноября 2026, 12:00 МСК · Петрова",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the history lacks %q", want)
		}
	}
	book.Get("/cases/" + id.String() + "/history").Want(http.StatusNotFound)
}

// What happens to proof, acts, deadlines and debts is told in words, with the facts.
func TestHistoryTellsOfProof(t *testing.T) {
	s := testkit.Start(t)
	book := s.SignUp("Смирнов", "smirnov")
	id := book.AddSeller("ИП Петрова", 1)
	ctx, a, today := t.Context(), book.Actor(), winddown.DateOf(s.Clock.Now())
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	review := func(code winddown.Code, reason string) winddown.Review {
		return winddown.Review{Step: code, Version: book.Version(id, code), Reason: reason}
	}
	act := func(position int) winddown.Act { a, _ := book.Case(id).Case.Act(position); return *a }
	for _, text := range []string{"1", "2"} {
		stored, err := s.App.StoreFile(ctx, "остатки.pdf", strings.NewReader("%PDF-1.4\n% "+text+"\n%%EOF\n"), winddown.MaxFileSize)
		must(err)
		must(s.App.AddEvidence(ctx, a, id, winddown.AddEvidence{Step: winddown.ZeroFBS, Slot: winddown.SlotStockZero}, []app.StoredFile{stored}))
	}
	book.Mark(id, testkit.Goods()...)
	must(s.App.AcceptStep(ctx, a, id, review(winddown.ZeroFBS, "")))
	must(s.App.SendBack(ctx, a, id, review(winddown.ZeroFBS, "Это снимок другого склада")))
	must(s.App.Waive(ctx, a, id, review(winddown.RequestAct, "Остаток подтверждён письмом")))
	must(s.App.Ask(ctx, a, id, winddown.SellOut, "Где накладная?"))
	book.Mark(id, winddown.RequestAct, winddown.ReceiveAct)
	must(s.App.CompareAct(ctx, a, id, winddown.CompareAct{Act: 1, Version: act(1).Version, On: today, Difference: "-3 418,20", Objections: "Нет возврата"}))
	must(s.App.DisputeAct(ctx, a, id, winddown.DisputeAct{Act: 1, Version: act(1).Version, On: today}))
	book.Mark(id, winddown.RequestAct, winddown.ReceiveAct)
	must(s.App.UndoAct(ctx, a, id, winddown.UndoAct{Act: 1, Version: act(1).Version, Reason: "Пришёл чужой акт"}))
	must(s.App.AddAct(ctx, a, id, winddown.AddAct{Counterparty: "ООО «РВБ»"}))
	must(s.App.AddDeadline(ctx, a, id, winddown.AddDeadline{Kind: winddown.DuePickUp, What: "12 штук", From: today}))
	must(s.App.CloseDeadline(ctx, a, id, 1, today))
	must(s.App.CheckInbox(ctx, a, id))
	must(s.App.ChangeTerm(ctx, a, id, winddown.ChangeTerm{Kind: winddown.DuePickUp, Days: []int{5}, Source: "Письмо WB", AsOf: today}))
	debt, err := s.App.NewDebtID()
	must(err)
	must(s.App.AddDebts(ctx, a, id, []winddown.NewDebt{{ID: debt, Side: winddown.ToWB, What: "Хранение", Amount: 46478815, On: today}}))

	text := book.Get("/cases/" + id.String() + "/history").Want(http.StatusOK).Main()
	for _, want := range []string{
		"Приложен файл «остатки.pdf»", "Приложена новая версия файла «остатки.pdf»", "Что подтверждает: Скриншот остатков FBS = 0",
		"Шаг «Обнулить остатки FBS» принят", "больше не принят: после принятия (Смирнов)",
		"Шаг «Обнулить остатки FBS» возвращён на доработку", "Это снимок другого склада",
		"Шаг «Запросить акт сверки» разрешён без выполнения шага «Обнулить остатки FBS»", "Остаток подтверждён письмом",
		"Вопрос 1 по шагу «Распродать товар»", "Где накладная?",
		"Акт сверен: расходится на −3 418,20 ₽", "Возражения: Нет возврата", "Возражения по акту отправлены",
		"Акт запрошен заново, запрос № 2", "Отметка «Акт получен» отменена", "Пришёл чужой акт", "Добавлен акт: ООО «РВБ»",
		"Записана партия возвратов: забрать до 29 ноября", "Что это: 12 штук", "Забрана партия возвратов со сроком 29 ноября",
		"Почта портала просмотрена: претензий нет", "Изменён срок возвратов в пункте выдачи", "Дней: 7 → 5", "Откуда срок: Письмо WB",
		// An accountant accepts and asks in his own name, not for the seller.
		"принят22 ноября 2026, 12:00 МСК · СмирновПринято подтверждений: 1", "«Распродать товар»22 ноября 2026, 12:00 МСК · СмирновГде накладная?",
		"Записан долг «Хранение»", "Сумма: 464 788,15 ₽",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the history lacks %q", want)
		}
	}
	// The history of a step tells of its batches and acts too.
	for code, want := range map[winddown.Code]string{
		winddown.CollectReturns: "Забрана партия возвратов", winddown.SignAct: "Возражения по акту отправлены", winddown.ReceiveAct: "Отметка «Акт получен» отменена",
	} {
		if page := book.Get(stepPath(id, code)).Want(http.StatusOK).Main(); !strings.Contains(page, want) {
			t.Errorf("the page of %s lacks %q", code, want)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}
