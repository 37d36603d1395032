package ui

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/a-h/templ"

	"winddown/internal/i18n"
)

// Samples returns every primitive in every state, for the gallery and the tests.
// Under assets web/static is served.
func Samples(assets string) []GallerySection {
	return []GallerySection{
		{ID: "buttons", Title: "Button", Samples: buttonSamples()},
		{ID: "fields", Title: "Field", Samples: fieldSamples()},
		{ID: "choices", Title: "Radios, Checkboxes, Select", Samples: choiceSamples()},
		{ID: "files", Title: "FileField, FileList", Samples: fileSamples(assets + "/icons/favicon.svg")},
		{ID: "messages", Title: "ErrorSummary, Notice", Samples: messageSamples()},
		{ID: "statuses", Title: "StatusText, Mark, Tag", Samples: statusSamples()},
		{ID: "lists", Title: "SummaryList, Timeline, Card, Empty", Samples: listSamples()},
		{ID: "caseline", Title: "CaseTimeline", Wide: true, Samples: caselineSamples()},
		{ID: "navigation", Title: "BackLink, Pager, Chip", Samples: navSamples()},
		{ID: "drawings", Title: "Icon, HeroPicture", Samples: drawingSamples()},
	}
}

func buttonSamples() []Sample {
	return []Sample{
		{"Главная кнопка", Button(ButtonProps{Label: "Сохранить"})},
		{"Второстепенная", Button(ButtonProps{Label: "Показать", Variant: ButtonGhost, ID: "show"})},
		{"Опасная, с именем и значением", Button(ButtonProps{Label: "Отменить отметку", Variant: ButtonDanger, Name: "confirm", Value: "yes"})},
		{"Как ссылка, со скрытой частью", Button(ButtonProps{Label: "Удалить", Hidden: "Иванова", Variant: ButtonText})},
		{"Ссылка-кнопка", ButtonLink(ButtonLinkProps{Label: "Добавить продавца", Href: "#"})},
		{"Ссылка-кнопка, второстепенная", ButtonLink(ButtonLinkProps{Label: "Оставить как есть", Href: "#", Hidden: "отметка", Variant: ButtonGhost})},
	}
}

func fieldSamples() []Sample {
	return []Sample{
		{"Пустое", Field(FieldProps{Name: "seller_name", Label: "Название продавца", Autocomplete: "organization"})},
		{"С подсказкой, короткое", Field(FieldProps{Name: "inn", Label: "ИНН", Hint: "10 цифр у организации, 12 у предпринимателя", InputMode: "numeric", MaxLength: 12, Width: WidthShort, Value: "770123456703"})},
		{"С ошибкой", Field(FieldProps{Name: "email", Label: "Электронная почта", Hint: "На этот адрес ничего не приходит без вашего ведома", Error: "Введите адрес в виде name@example.ru", Value: "petrova@", Type: InputEmail, Autocomplete: "email"})},
		{"Пароль", Field(FieldProps{Name: "password", Label: "Пароль", Hint: "Не короче 12 знаков", Type: InputPassword, Autocomplete: "new-password", Width: WidthMedium})},
		{"Необязательное", Field(FieldProps{Name: "cabinet", Label: "Название кабинета", Optional: true})},
		{"В колонке фильтров", Field(FieldProps{Name: "q", Label: "Название, ИНН или номер обращения", Type: InputSearch, Small: true})},
		{"Дата", DateField(DateFieldProps{Name: "on", Label: "Дата обращения", Value: "2026-11-12", Min: "2026-01-01", Max: "2026-11-12"})},
		{"Дата с ошибкой", DateField(DateFieldProps{Name: "period_to", Label: "Конец периода", Hint: "Последний день, за который нужен акт", Error: "Дата не может быть позже сегодняшней", Value: "2027-01-01", Optional: true})},
		{"Несколько строк", Textarea(TextareaProps{Name: "note", Label: "Заметка", Hint: "Её увидит бухгалтер", Rows: 4, MaxLength: 2000, Optional: true})},
		{"Несколько строк с ошибкой", Textarea(TextareaProps{Name: "reason", Label: "Почему отметку нужно отменить", Error: "Укажите причину"})},
		{"Скрытое", Hidden("version", "3")},
	}
}

func choiceSamples() []Sample {
	yesNo := func(yes bool) []Option {
		return []Option{{Value: "yes", Label: "Да", Checked: yes}, {Value: "no", Label: "Нет"}}
	}
	return []Sample{
		{"Вопрос", Radios(ChoiceProps{Name: "fbs", Legend: "Работаете по FBS?", Hint: "То есть отправляете заказы со своего склада", Options: yesNo(true)})},
		{"Вопрос с ошибкой", Radios(ChoiceProps{Name: "wb_stock", Legend: "Есть товар на складах WB?", Error: "Выберите, есть ли товар на складах", Options: yesNo(false)})},
		{"Вопрос, ответ на который открывает поле", Radios(ChoiceProps{Name: "done", Legend: "Вы выполнили этот шаг?", Options: []Option{
			{Value: "yes", Label: "Да, выполнен", Checked: true, Reveal: DateField(DateFieldProps{Name: "done_on", Label: "Когда", Value: "2026-11-12"})},
			{Value: "no", Label: "Ещё нет, вернусь позже", Hint: "Шаг останется в работе", Reveal: Field(FieldProps{Name: "why", Label: "Что мешает", Optional: true})},
		}})},
		{"Несколько ответов", Checkboxes(ChoiceProps{Name: "channel", Legend: "Где вы обращались", Options: []Option{
			{Value: "support", Label: "Поддержка", Checked: true},
			{Value: "documents", Label: "Раздел «Документы»", Hint: "В портале продавца"},
			{Value: "other", Label: "Другое"},
		}})},
		{"Фильтр", Checkboxes(ChoiceProps{Name: "act", Legend: "Акт сверки", Compact: true, Options: []Option{
			{Value: "not_requested", Label: "Не запрошен", Checked: true},
			{Value: "requested", Label: "Запрошен"},
		}})},
		{"Одна отметка", Checkbox(CheckboxProps{Name: "agree", Value: "yes", Label: "Показать телефон бухгалтеру"})},
		{"Одна отметка, в колонке фильтров", Checkbox(CheckboxProps{Name: "finished", Value: "yes", Label: "Показать завершённых", Checked: true, Compact: true})},
		{"Список", Select(SelectProps{Name: "zone", Label: "Часовой пояс", Hint: "Время на страницах будет вашим", Options: []Option{
			{Value: "Europe/Moscow", Label: "Москва", Checked: true},
			{Value: "Asia/Vladivostok", Label: "Владивосток (МСК+7)"},
		}})},
		{"Список с ошибкой", Select(SelectProps{Name: "role", Label: "Роль", Error: "Выберите роль", Optional: true, Options: []Option{
			{Value: "", Label: "Не выбрана", Checked: true},
			{Value: "helper", Label: "Помощник"},
		}})},
	}
}

func fileSamples(picture string) []Sample {
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	meta := func(size, day string) string { return size + " · А. С. Петрова · " + day + ", 14:30 МСК" }
	return []Sample{
		{"Загрузка", uploadForm(FileField(FileFieldProps{Name: "file", Label: "Скриншот остатков", Hint: "PDF, PNG, JPG, WebP, HEIC, XLSX, ZIP, SIG или P7S, не больше 20 МБ каждый", Accept: ".pdf,.png,.jpg", Multiple: true}))},
		{"С ошибкой", FileField(FileFieldProps{ID: "act-file", Name: "file", Label: "Акт", Error: "Файл больше 20 МБ", Optional: true})},
		{"Файлы", FileList(FileListProps{Items: []FileItem{
			{Name: "остатки-fbs.png", Href: "#", Thumb: picture, Kind: "PNG", Meta: meta("248 КБ", "12 ноября 2026"), Hash: hash, Tags: []TagProps{{Text: "Принят", Variant: TagPine}}},
			{
				Name: "Акт сверки.pdf", Href: "#", Kind: "PDF", Version: "Версия 3", Meta: meta("1,2 МБ", "18 ноября 2026"), Hash: hash,
				Actions: []Link{{Href: "#", Text: "Заменить", Hidden: "Акт сверки.pdf"}, {Href: "#", Text: "Удалить", Hidden: "Акт сверки.pdf"}},
				Older: []FileItem{
					{Name: "Акт сверки (без подписи).pdf", Href: "#", Kind: "PDF", Version: "Версия 2", Meta: meta("1,1 МБ", "16 ноября 2026"), Hash: hash},
					{Name: "Акт.pdf", Kind: "PDF", Version: "Версия 1", Meta: meta("1,1 МБ", "15 ноября 2026"), Hash: hash, Tags: []TagProps{{Text: "Удалён"}}, Note: "Не тот период."},
				},
			},
			{Name: "отчёт.xlsx", Kind: "XLSX", Meta: meta("83 КБ", "10 ноября 2026"), Hash: hash, Tags: []TagProps{{Text: "Нет на диске", Variant: TagRed}}, Note: "Запись есть, а самого файла на сервере нет: восстановите его из резервной копии."},
		}})},
		{"Длинное имя", FileList(FileListProps{Items: []FileItem{{Name: strings.Repeat("АктСверкиВзаимныхРасчётов_", 11) + ".p7s", Href: "#", Kind: "P7S", Meta: meta("4 КБ", "12 ноября 2026"), Hash: hash}}})},
	}
}

// uploadForm puts a field into a form with which the script can be tried.
func uploadForm(field templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		if _, err := io.WriteString(w, `<form class="form" method="post" action="#"`); err != nil {
			return err
		}
		if err := templ.RenderAttributes(ctx, w, Upload()); err != nil {
			return err
		}
		if _, err := io.WriteString(w, ">"); err != nil {
			return err
		}
		if err := templ.Join(field, Button(ButtonProps{Label: "Загрузить"})).Render(ctx, w); err != nil {
			return err
		}
		_, err := io.WriteString(w, "</form>")
		return err
	})
}

func messageSamples() []Sample {
	return []Sample{
		{"Ошибки формы", ErrorSummary(ErrorSummaryProps{Items: []ErrorItem{
			{Field: "email", Text: "Введите адрес в виде name@example.ru"},
			{Text: "Пока вы заполняли страницу, Иванова отметила этот шаг"},
		}})},
		{"Готово", Notice(NoticeProps{Variant: NoticeSuccess, Text: "Шаг «Обнулить остатки FBS» отмечен. Открыт шаг «Запросить акт сверки»."})},
		{"К сведению", Notice(NoticeProps{Variant: NoticeInfo, Text: "Уход не завершён, пока вы не нажмёте кнопку."})},
		{"Внимание", Notice(NoticeProps{Variant: NoticeWarning, Title: "Фото и видео ещё на карточках", Text: "Акт можно запросить и сейчас, но пока карточки открыты, товар могут заказать."})},
		{"Ошибка с продолжением", within(Notice(NoticeProps{Variant: NoticeError, Title: "Этот шаг пока недоступен"}),
			SummaryList(SummaryListProps{Rows: []SummaryRow{{Key: "Сначала", Missing: &Link{Href: "#", Text: "Вернуть товар со складов WB"}}}}))},
		{"Ошибка без заголовка", Notice(NoticeProps{Variant: NoticeError, Text: "Не удалось сохранить."})},
	}
}

func statusSamples() []Sample {
	words := map[Status]string{
		StatusNotStarted: "Не начато",
		StatusInProgress: "В работе",
		StatusDone:       "Выполнено",
		StatusBlocked:    "Пока недоступно",
		StatusProblem:    "Есть проблема",
		StatusNotNeeded:  "Не требуется",
	}
	var samples []Sample
	for _, s := range Statuses() {
		samples = append(samples, Sample{string(s), templ.Join(Mark(s), StatusText(StatusProps{Status: s, Text: words[s]}))})
	}
	tags := []struct {
		variant TagVariant
		text    string
	}{
		{TagPlain, "Черновик"},
		{TagSky, "Не начато"},
		{TagPine, "В работе"},
		{TagAmber, "Можно запросить"},
		{TagRed, "Возвраты сгорают"},
	}
	for _, t := range tags {
		samples = append(samples, Sample{"tag " + string(t.variant), Tag(TagProps{Text: t.text, Variant: t.variant})})
	}
	return samples
}

func listSamples() []Sample {
	return []Sample{
		{"Ответы с изменением", SummaryList(SummaryListProps{Rows: []SummaryRow{
			{Key: "Работаете по FBS", Value: "Да", Action: &Link{Href: "#", Text: "Изменить", Hidden: "работа по FBS"}},
			{Key: "Дата запроса акта", Missing: &Link{Href: "#", Text: "Указать дату"}},
			{Key: "Обращение", Value: "48-1177", Note: "12 ноября 2026, поддержка", Action: &Link{Href: "#", Text: "Изменить", Hidden: "обращение"}},
		}})},
		{"История", Timeline(TimelineProps{Items: []TimelineItem{
			{Title: "Акт запрошен", Href: "#", Meta: "12 ноября 2026, 14:30 МСК · Петрова", Datetime: "2026-11-12T11:30:00Z", Tone: ToneHot},
			{Title: "Товар снова появился", Meta: "10 ноября 2026", Note: "Клиент вернул две коробки,\nприняли в Коледино.", Tone: ToneBad},
			{Title: "Уход начат", Meta: "3 ноября 2026 · Иванова за ИП Петрова"},
		}})},
		{"Последнее, в боковой колонке", Timeline(TimelineProps{Compact: true, Items: []TimelineItem{
			{Title: "Фото и видео удалены", Meta: "18 ноября, Петрова"},
			{Title: "Остатки FBS обнулены"},
		}})},
		{"Лист", within(Card(CardProps{Title: "Акт сверки"}), Tag(TagProps{Text: "Можно запросить", Variant: TagAmber}))},
		{"Пусто", within(Empty(EmptyProps{Title: "Продавцов пока нет", Text: "Пригласите продавца или добавьте его сами."}), ButtonLink(ButtonLinkProps{Label: "Добавить продавца", Href: "#"}))},
		{"Ничего не нашлось", Empty(EmptyProps{Text: "По этим фильтрам никого нет."})},
	}
}

func caselineSamples() []Sample {
	p := i18n.For(i18n.Russian)
	day := func(s string) time.Time {
		t, err := time.Parse(time.DateOnly, s)
		if err != nil {
			return time.Time{}
		}
		return t
	}
	fact := func(on string, tone LaneTone, text string) TimelineFact {
		return TimelineFact{At: on, Date: p.Date(day(on)), Text: text, Tone: tone}
	}
	months := CaseTimelineProps{
		ID: "months", Title: "Уход ИП Петрова А. С. с 3 сентября по 8 декабря 2026: восемь шагов из девяти сделаны, ждём подпись акта",
		From: day("2026-09-03"), To: day("2026-12-08"), Today: day("2026-11-13"), TodayLabel: "Сегодня, 13 ноября",
		Lanes: []TimelineLane{
			{Label: "Обнулить остатки FBS", Points: []TimelinePoint{{At: day("2026-09-05"), Tone: LaneDone, Label: "Сделано 5 сентября"}}},
			{Label: "Распродать товар", Bars: []TimelineBar{{From: day("2026-09-05"), To: day("2026-10-02"), Tone: LaneDone, Label: "С 5 сентября по 2 октября"}}},
			{Label: "Забрать возвраты из пунктов выдачи заказов", Bars: []TimelineBar{{From: day("2026-09-20"), Tone: LaneLate, Open: true, Label: "С 20 сентября, срок прошёл"}}, Points: []TimelinePoint{{At: day("2026-10-20"), Tone: LaneLate, Label: "Возвраты сгорают 20 октября"}}},
			{Label: "Акт: ООО «РВБ»", Bars: []TimelineBar{{From: day("2026-10-05"), To: day("2026-11-02"), Tone: LaneDone, Label: "Запрошен 5 октября, получен 2 ноября"}, {From: day("2026-11-02"), To: day("2026-11-13"), Open: true, Tone: LaneWaiting, Label: "Ждём подпись с 2 ноября"}}, Points: []TimelinePoint{{At: day("2026-10-08"), Label: "Напоминание 8 октября"}}},
			{Label: "Сроки", Points: []TimelinePoint{{At: day("2026-11-16"), Tone: LaneDue, Label: "Возражения — до 16 ноября"}, {At: day("2026-12-08"), Tone: LaneDue, Label: "Договор прекращается 8 декабря"}}},
		},
		Items: []TimelineFact{
			fact("2026-11-16", LaneDue, "Последний день для возражений к акту."),
			fact("2026-09-05", LaneDone, "Остатки FBS обнулены."),
			fact("2026-09-05", LanePlain, "Начата распродажа, закончена 2 октября."),
			fact("2026-10-05", LanePlain, "Акт запрошен у ООО «РВБ»."),
			fact("2026-10-20", LaneLate, "Возвраты сгорают; забраны ещё не все."),
			fact("2026-11-02", LaneWaiting, "Акт получен, ждём подпись."),
			fact("2026-12-08", LaneDue, "Договор прекращается."),
		},
	}
	months.Months = TimelineTicks(p, months.From, months.To)
	days := CaseTimelineProps{
		ID: "days", Title: "Уход за три дня", From: day("2026-11-11"), To: day("2026-11-13"), Today: day("2026-11-13"), TodayLabel: "Сегодня",
		Lanes: []TimelineLane{
			{Label: "Обнулить остатки FBS", Points: []TimelinePoint{{At: day("2026-11-11"), Tone: LaneDone, Label: "Сделано 11 ноября"}}},
			{Label: "Удалить фото и видео", Bars: []TimelineBar{{From: day("2026-11-12"), To: day("2026-11-12"), Tone: LaneDone, Label: "12 ноября"}}},
			{Label: "Акт", Bars: []TimelineBar{{From: day("2026-11-12"), Open: true, Tone: LaneWaiting, Label: "Запрошен 12 ноября"}}},
		},
		Items: []TimelineFact{fact("2026-11-11", LaneDone, "Остатки FBS обнулены."), fact("2026-11-12", LaneDone, "Фото и видео удалены."), fact("2026-11-12", LaneWaiting, "Акт запрошен.")},
	}
	days.Months = TimelineTicks(p, days.From, days.To)
	years := CaseTimelineProps{
		ID: "years", Title: "Уход за пять лет", From: day("2022-02-10"), To: day("2027-01-20"), Today: day("2026-11-13"), TodayLabel: "Сегодня",
		Lanes: []TimelineLane{
			{Label: "Вернуть товар со складов", Bars: []TimelineBar{{From: day("2022-02-10"), To: day("2023-06-01"), Tone: LaneDone, Label: "Сделано 1 июня 2023"}, {From: day("2025-01-15"), To: day("2025-03-01"), Label: "Товар снова появился"}}},
			{Label: "Закрыть долги", Bars: []TimelineBar{{From: day("2023-06-01"), Open: true, Tone: LaneDue, Label: "С 1 июня 2023"}}},
			{Label: "Сроки", Points: []TimelinePoint{{At: day("2026-05-01"), Tone: LaneLate, Label: "Срок исковой давности"}}},
		},
		Items: []TimelineFact{fact("2022-02-10", LanePlain, "Уход начат."), fact("2026-05-01", LaneLate, "Кончился срок исковой давности.")},
	}
	years.Months = TimelineTicks(p, years.From, years.To)
	return []Sample{
		{"Три месяца", CaseTimeline(months)},
		{"Три дня", CaseTimeline(days)},
		{"Пять лет", CaseTimeline(years)},
	}
}

func navSamples() []Sample {
	return []Sample{
		{"Назад", BackLink(BackLinkProps{Href: "#", Text: "К списку шагов"})},
		{"Страницы", Pager(PagerProps{PreviousHref: "#", NextHref: "#"})},
		{"Выбранный фильтр", Chip(ChipProps{Text: "Акт: не запрошен", Href: "#"})},
	}
}

func drawingSamples() []Sample {
	samples := []Sample{{"Рисунок начальной страницы", HeroPicture("Полка пустеет, на листе отмечены три шага из четырёх")}}
	for _, name := range Icons() {
		samples = append(samples, Sample{string(name), Icon(name)})
	}
	return append(samples, Sample{"Только для программ чтения", VisuallyHidden("Ошибка")})
}

// within renders a component with others as its children.
func within(parent templ.Component, children ...templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return parent.Render(templ.WithChildren(ctx, templ.Join(children...)), w)
	})
}
