package page

import (
	"winddown/web/ui"
)

// Samples returns the parts of the pages in every state, for the gallery and the tests.
func Samples() []ui.GallerySection {
	return []ui.GallerySection{
		{ID: "register", Title: "Sentences, SellerTable, Bulk", Wide: true, Samples: registerSamples()},
		{ID: "checklist", Title: "Overall, Next, StepGroups, Facts", Wide: true, Samples: checklistSamples()},
		{ID: "seller", Title: "SellerAct, Obstacle", Samples: sellerSamples()},
		{ID: "people", Title: "Person, OpenInvite, InviteLink, Member, Session", Samples: peopleSamples()},
		{ID: "proof", Title: "Evidence, Review, StepQuestions", Samples: proofSamples()},
		{ID: "ledger", Title: "Balance, DebtTable, Due", Wide: true, Samples: ledgerSamples()},
		{ID: "acts", Title: "Act, ActLines, Compare", Samples: actSamples()},
		{ID: "letter", Title: "LetterText", Samples: letterSamples()},
	}
}

func registerSamples() []ui.Sample {
	columns := []ColumnView{
		{Label: "Продавец", Href: "#"}, {Label: "Акт сверки", Href: "#", Sort: "descending"}, {Label: "Ждём"}, {Label: "Что мешает"},
		{Label: "Ближайший срок", Href: "#", Sort: "ascending"}, {Label: "Ответственный"}, {Label: "Изменено"},
	}
	row := func(id, name, inn, changed string, cells ...CellView) SellerRowView {
		cells = append(cells, CellView{Text: "М. И. Иванова"}, CellView{Text: changed})
		return SellerRowView{ID: id, Name: name, INN: inn, Cells: cells}
	}
	tag := func(text string, variant ui.TagVariant) []ui.TagProps {
		return []ui.TagProps{{Text: text, Variant: variant}}
	}
	second := row("2", "ООО «Северный лён»", "7810456122", "22 ноября",
		CellView{Text: "Запрошен 12 ноября", Note: "обращение 48-1177"}, CellView{Text: "продавца, 1 день"},
		CellView{Tags: tag("Товар снова появился", ui.TagRed), Note: "Вернуть товар со складов WB"}, CellView{})
	second.Cabinet = "Второй кабинет"
	groups := []SellerGroupView{
		{Code: "problem", Heading: "Есть проблема · 2", Rows: []SellerRowView{
			row("1", "ИП Петрова А. С.", "770123456703", "21 ноября",
				CellView{Text: "Не запрошен"}, CellView{Text: "продавца, 4 дня"}, CellView{Tags: tag("Возвраты сгорают", ui.TagRed)},
				CellView{Text: "25 ноября", Note: "возвраты, через 3 дня"}),
			second,
		}},
		{Code: "ready", Heading: "Пора запросить акт · 1", Rows: []SellerRowView{
			row("3", "ИП Гусев Д. О.", "540212345609", "20 ноября",
				CellView{Tags: tag("Можно запросить", ui.TagAmber)}, CellView{Text: "бухгалтера, с сегодняшнего дня"}, CellView{}, CellView{}),
		}},
		{Code: "overdue", Heading: "Ждём акт и после всех напоминаний · 1", Rows: []SellerRowView{
			row("4", "ООО «Маяк»", "2536001120", "2 ноября",
				CellView{Text: "Запрошен 2 ноября"}, CellView{Text: "WB, 20 дней"}, CellView{}, CellView{Text: "17 ноября", Note: "напомнить WB, просрочен на 5 дней"}),
		}},
		{Code: "finished", Heading: "Завершено · 1", Rows: []SellerRowView{
			row("5", "ООО «Оникс»", "7701998870", "9 октября",
				CellView{Text: "Подписан 1 октября", Note: "уход завершён 9 октября"}, CellView{}, CellView{}, CellView{}),
		}},
	}
	var ticked []SellerGroupView
	for _, g := range groups[1:3] {
		rows := append([]SellerRowView(nil), g.Rows...)
		for i := range rows {
			rows[i].ID = "1" + rows[i].ID
			rows[i].Picked = g.Code == "ready"
		}
		ticked = append(ticked, SellerGroupView{Code: "ticked-" + g.Code, Heading: g.Heading, Rows: rows})
	}
	return []ui.Sample{
		{Name: "Где что стоит", Component: Sentences([]SentenceView{
			{Before: "Акт запрошен у ", Number: "12", Href: "#", After: " из 40 продавцов."},
			{Before: "У ", Number: "5", Href: "#", After: " можно запросить уже сейчас."},
		})},
		{Name: "Строки во всех видах", Component: SellerTable("5 продавцов, по 50 на странице", columns, groups, false)},
		{Name: "С выбором", Component: SellerTable("2 продавца, по 50 на странице", columns, ticked, true)},
		{Name: "С выбранными", Component: bulkBar(BulkView{Error: "Выберите хотя бы одного продавца", Buttons: []ui.ButtonProps{
			{Label: "Напомнить продавцу", Variant: ui.ButtonGhost}, {Label: "В архив", Variant: ui.ButtonGhost}}})},
	}
}

func checklistSamples() []ui.Sample {
	words := map[ui.Status]string{
		ui.StatusNotStarted: "Не начато", ui.StatusInProgress: "В работе", ui.StatusDone: "Выполнено",
		ui.StatusBlocked: "Пока недоступно", ui.StatusProblem: "Есть проблема", ui.StatusNotNeeded: "Не требуется",
	}
	notes := map[ui.Status]string{ui.StatusInProgress: "с 12 ноября", ui.StatusDone: "12 ноября, Петрова", ui.StatusProblem: "отметка от 3 ноября"}
	group := StepGroupView{Code: "sample", Title: "Остановить продажи и вывезти товар", Count: "1 из 5"}
	for _, s := range ui.Statuses() {
		row := StepRowView{Code: "sample_" + string(s), State: s, Name: "Вернуть товар со складов WB", Hint: "Оформите вывоз и забирайте товар сразу", Status: words[s], Note: notes[s]}
		if s != ui.StatusBlocked {
			row.Href = "#"
		}
		group.Steps = append(group.Steps, row)
	}
	return []ui.Sample{
		{Name: "Уход идёт", Component: Overall(OverallView{Verdict: "Уход не завершён.", Rest: "Выполнено 4 шага из 9."})},
		{Name: "Уход завершён", Component: Overall(OverallView{Verdict: "Уход завершён 3 марта 2027"})},
		{Name: "Что дальше", Component: Next(NextView{Label: "Дальше:", Text: "заберите возвраты покупателей", Hint: "Заберите до 25 ноября", Href: "#", Button: "Открыть шаг"})},
		{Name: "Остаётся ждать", Component: Next(NextView{Text: "Ждём ответ WB с 12 ноября, 10 дней", Hint: "Напомните WB 26 ноября"})},
		{Name: "Шаги во всех состояниях", Component: StepGroups([]StepGroupView{group})},
		{Name: "Что известно", Component: Facts([]Fact{{"Акт сверки", "Запрошен 12 ноября"}, {"Номер обращения", "48-1177"}})},
	}
}

func sellerSamples() []ui.Sample {
	facts := []ui.SummaryRow{{Key: "Запрошен", Value: "12 ноября 2026"}, {Key: "Номер обращения", Value: "48-1177"}, {Key: "Ждём", Value: "WB, 10 дней"}}
	return []ui.Sample{
		{Name: "Можно запросить", Component: SellerAct(SellerActView{State: "Не запрошен", CanRequest: true})},
		{Name: "Ждём", Component: SellerAct(SellerActView{State: "Запрошен 12 ноября", Facts: facts, Shifting: "Дни напоминаний могут сдвинуться."})},
		{Name: "Ждём слишком долго", Component: SellerAct(SellerActView{State: "Запрошен 2 ноября", Facts: facts, Overdue: "Ждём дольше 10 рабочих дней",
			Remind: &ui.ButtonLinkProps{Label: "Напомнить WB", Href: "#", Variant: ui.ButtonGhost}})},
		{Name: "Мешает шаг", Component: sheetList(Obstacle(ObstacleView{Name: "Распродать товар", Href: "#", Text: "Отгрузите созданные заказы"}))},
		{Name: "Мешает проблема", Component: sheetList(Obstacle(ObstacleView{Name: "Вернуть товар со складов WB", Href: "#", Text: "Товар снова появился 20 ноября", Tag: "Есть проблема"}))},
	}
}

func peopleSamples() []ui.Sample {
	return []ui.Sample{
		{Name: "Владелец", Component: sheetList(Person(PersonView{Name: "Анна Петрова", You: "это вы", Email: "petrova@example.ru", Role: "Владелец", Since: "С 3 ноября 2026"}))},
		{Name: "Бухгалтер", Component: sheetList(Person(PersonView{Name: "Мария Иванова", Email: "ivanova@example.ru", Role: "Бухгалтер", RemoveHref: "#"}))},
		{Name: "Приглашение", Component: sheetList(OpenInvite(OpenInviteView{Role: "Приглашение для помощника", Mailed: "Отправлено письмом: maria@example.com", Created: "Создано 22 ноября 2026, 12:00 МСК", Expires: "Действует до 6 декабря 2026, 12:00 МСК", RevokeAction: "#"}))},
		{Name: "Новая ссылка", Component: InviteLink(InviteLinkView{Address: "https://winddown.example.ru/invites/2HGQn7…", Text: "Ссылка для помощника"})},
		{Name: "В фирме", Component: sheetList(Member(MemberView{Name: "Мария Иванова", You: "это вы", Email: "member@example.ru", Role: "Руководитель", Since: "С 3 ноября 2026", Cases: "12 продавцов", CasesHref: "#", EditHref: "#"}))},
		{Name: "Этот браузер", Component: sheetList(Session(SessionView{Device: "Chrome, Windows", Current: true, Seen: "Последнее действие 22 ноября 2026, 12:00 МСК", Since: "Вход 20 ноября 2026, 9:15 МСК", Address: "203.0.113.7"}))},
		{Name: "Другой браузер", Component: sheetList(Session(SessionView{Device: "Safari, iPhone", Seen: "Последнее действие 21 ноября 2026, 18:40 МСК", Since: "Вход 1 ноября 2026, 8:00 МСК", RevokeAction: "#"}))},
	}
}

func proofSamples() []ui.Sample {
	file := func(name string, tags ...ui.TagProps) ui.FileItem {
		return ui.FileItem{Name: name, Href: "#", Kind: "PDF", Meta: "1,4 МБ, Петрова, 22 ноября 2026, 12:00 МСК",
			Hash: "9b3e6c00422f6b7fa434f92a25d405d3c79c9b3e6c00422f6b7fa434f92a25d4", Tags: tags}
	}
	accepted, gone := ui.TagProps{Text: "Принято"}, ui.TagProps{Text: "Нет на диске", Variant: ui.TagRed}
	removed := file("Не тот склад.pdf")
	removed.Href, removed.Kind, removed.Note = "", "–", "Снимок другого склада"
	questions := []QuestionView{
		{Number: 1, Text: "На всех складах нули?", Meta: "Иванова, 22 ноября 2026, 12:00 МСК", State: "Открыт", Tag: ui.TagAmber, AnswerAction: "#", AnswerField: "answer_1"},
		{Number: 2, Text: "А в корзине?", Meta: "Иванова, 22 ноября 2026, 12:00 МСК", State: "Есть ответ", Tag: ui.TagPine, Answer: "Тоже",
			AnswerMeta: "Ответ: Петрова, 22 ноября 2026, 13:00 МСК", AnswerAction: "#", AnswerField: "answer_2", Again: true, ResolveAction: "#"},
	}
	closed := []QuestionView{{Number: 3, Text: "Кто снимал?", Meta: "Иванова, 21 ноября 2026, 9:00 МСК", State: "Закрыт", Answer: "Я",
		AnswerMeta: "Ответ: Петрова, 21 ноября 2026, 10:00 МСК", ResolvedMeta: "Закрыт: Иванова, 21 ноября 2026, 11:00 МСК"}}
	return []ui.Sample{
		{Name: "Подтверждения", Component: Evidence(EvidenceView{Lead: "Файл здесь ещё не отметка о выполнении: шаг отмечают ниже.", Slots: []SlotView{
			{Code: "filled", Name: "Отчёт об остатках", Hint: "Отчёт или скриншот", Required: "нужно для отметки",
				Files: []ui.FileItem{file("Остатки.pdf", accepted), file("Второй склад.pdf", gone)}, Removed: []ui.FileItem{removed}},
			{Code: "reason", Name: "Подписанный акт", Hint: "Скан с подписью", Required: "нужно для отметки",
				Reasons: []WrittenReasonView{{Text: "Кабинет заблокирован", Meta: "Петрова, 22 ноября 2026, 12:00 МСК", RemoveHref: "#"}}},
			{Code: "empty", Name: "Возражения", Hint: "Письмо с возражениями"},
		}})},
		{Name: "Проверка", Component: Review(ReviewView{Accepted: "Принято 22 ноября 2026, Иванова", Dropped: []string{"Принятие 10 ноября 2026 (Иванова) снято: появились новые файлы"},
			Waiver: &WaiverView{Text: "22 ноября 2026, Иванова: без шага «Забрать возвраты покупателей»", Reason: "Причина: возвраты списаны"},
			Accept: &AcceptView{Action: "#", Version: 1}, Actions: []ui.ButtonLinkProps{{Label: "Вернуть на доработку", Href: "#", Variant: ui.ButtonGhost}}})},
		{Name: "Вопросы", Component: StepQuestions(QuestionsView{Open: questions, Closed: closed, Ask: &AskView{Action: "#"}})},
	}
}

func actSamples() []ui.Sample {
	facts := []ui.SummaryRow{{Key: "Запрошен", Value: "12 ноября 2026"}, {Key: "Сальдо по акту WB", Value: "1 200,50 ₽ в пользу WB"}}
	links := []ui.ButtonLinkProps{{Label: "Изменить получение", Href: "#", Variant: ui.ButtonText}}
	return []ui.Sample{
		{Name: "Получен", Component: Act(ActView{
			Position: 1, Title: "Акт сверки", Phase: "Получен 20 ноября", Notes: []string{"Дальше: сверить акт со своими данными"}, Facts: facts,
			Files: []ui.Link{{Href: "#", Text: "Акт.pdf"}}, Primary: &ui.ButtonLinkProps{Label: "Сверить акт", Href: "#"}, Links: links,
			Past: []RoundView{{Title: "Запрос 1, 3 ноября 2026: по акту отправлены возражения", Facts: facts}},
		})},
		{Name: "Подписан", Component: Act(ActView{
			Position: 2, Title: "Акт 2: ООО «РВБ»", Phase: "Подписан 21 ноября", Notes: []string{"Ждём подпись WB. Завершить уход она не мешает."}, Facts: facts,
			Countersign: &ActDateView{Action: "#", ID: "countersigned_on-2", Name: "countersigned_on", Label: "Когда пришла подпись WB", Button: ui.ButtonProps{Label: "Отметить подпись WB"}},
		})},
		{Name: "Лишний", Component: Act(ActView{
			Position: 3, Title: "Акт 3: ООО «Вайлдберриз»", Phase: "Не запрошен", Remove: &ActRemoveView{Action: "#"},
		})},
		{Name: "На странице шага", Component: ActLines([]ActLineView{
			{Name: "Акт 1: ООО «РВБ»", Href: "#", Phase: "Запрошен 12 ноября"}, {Name: "Акт 2: ООО «Вайлдберриз»", Href: "#", Phase: "Не запрошен", Current: true},
		})},
		{Name: "Сверка", Component: Compare(CompareView{Action: "#", On: "2026-11-22", Agrees: "no", Difference: "0", FieldErrors: map[string]string{
			"difference": "Укажите, на сколько акт расходится с вашими данными", "objections": "Напишите, с чем вы не согласны",
		}})},
	}
}

func letterSamples() []ui.Sample {
	text := "Тема: Запрос акта сверки взаимных расчётов, ИНН 500100732259\n\nОт: ИП Петрова А. С.\nИНН: 500100732259\nДата: 22 ноября 2026 года\n\nЗдравствуйте."
	return []ui.Sample{
		{Name: "Письмо", Component: LetterText(LetterView{Text: text, Action: "#", TextAction: "#", WordAction: "#"})},
	}
}

func ledgerSamples() []ui.Sample {
	lines := []DebtRowView{
		{Href: "#", What: "Хранение возвратов на ПВЗ более 3 дней", Side: "Мы должны WB", Amount: "464 788,15 ₽", On: "1 ноября 2026",
			Document: "отчёт № 251107", State: "Не погашен", Running: "−464 788,15 ₽", Counts: true},
		{Href: "#", What: "Выплата", Side: "WB должен нам", Amount: "12 000,00 ₽", On: "5 ноября 2026", State: "Не погашен", Running: "−452 788,15 ₽", Counts: true},
		{Href: "#", What: "Штраф", Side: "Мы должны WB", Amount: "3 418,20 ₽", On: "7 ноября 2026", State: "Погашен 10 ноября 2026"},
	}
	source := "Срок: 7 дней. Источник: оферта в редакции от 22.09.2025, на 22 сентября 2025."
	dues := []DueView{
		{TestID: "sample-late", State: "late", Title: "Забрать возвраты", In: "просрочен на 2 дня", Day: "Привезли 4 ноября 2026, ждёт до 11 ноября 2026.",
			Note: "12 штук", Source: source, Links: []ui.Link{{Href: "#", Text: "Забрали", Hidden: "12 штук"}}},
		{TestID: "sample-near", State: "near", Title: "Возразить на еженедельный отчёт", In: "через 3 дня", Day: "До 16 ноября 2026", Source: source},
		{TestID: "sample-ahead", State: "ahead", Title: "Проверить претензии на портале", In: "через 30 дней", Day: "До 13 декабря 2026",
			Note: "Ещё не проверяли.", Posts: []PostView{{Action: "#", Label: "Претензий нет"}}},
		{TestID: "sample-dealt", State: "dealt", Title: "Забрать возвраты", Day: "Забрали 12 ноября 2026", Posts: []PostView{{Action: "#", Label: "Вернуть в работу"}}},
	}
	return []ui.Sample{
		{Name: "Остаток", Component: Balance("to_wb", "Вы должны WB 452 788,15 ₽")},
		{Name: "Строки во всех состояниях", Component: DebtTable("Минус означает долг перед WB.", lines)},
		{Name: "Сроки во всех состояниях", Component: DueList(dues)},
	}
}
