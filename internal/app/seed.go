package app

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// SeedOptions say how much sample data to make. The same options give the same data.
type SeedOptions struct {
	Sellers     int
	Accountants int
	Seed        uint64
	AsOf        time.Time // the day the data is about
	Password    string    // of every person
}

// SeedResult is what was loaded: the first seller is in the middle of a wind-down, the
// sellers are dealt to the accountants in turn.
type SeedResult struct {
	Seller      winddown.User
	Accountants []winddown.User
	Cases       int
	Events      int
}

// seedBatch is the number of cases loaded at a time.
const seedBatch = 1000

// Seed fills an empty database with people and cases in every state. It refuses a
// database in which somebody has an account.
func (a *App) Seed(ctx context.Context, o SeedOptions) (SeedResult, error) {
	if o.Sellers < 1 || o.Accountants < 1 {
		return SeedResult{}, fmt.Errorf("seeding needs at least one seller and one accountant")
	}
	used, err := a.db.AnyUser(ctx)
	if err != nil {
		return SeedResult{}, err
	}
	if used {
		return SeedResult{}, fmt.Errorf("the database is not empty: sample data goes into an empty one only")
	}
	if err := a.RefreshCalendar(ctx); err != nil {
		return SeedResult{}, err
	}
	hash, err := a.hasher.hash(ctx, o.Password)
	if err != nil {
		return SeedResult{}, err
	}
	g := &generator{rng: rand.New(rand.NewPCG(o.Seed, o.Seed)), asOf: o.AsOf.UTC().Truncate(24 * time.Hour).Add(9 * time.Hour), calendar: a.Calendar(), hash: hash, consent: a.consent}
	var result SeedResult
	err = a.db.Seed(ctx, func(s *postgres.Seeder) error {
		accountants := make([]postgres.SeedUser, o.Accountants)
		for i := range accountants {
			accountants[i] = g.person(fmt.Sprintf("buh%s@example.com", suffix(i)), g.name(i+3))
			accountants[i].FirmID = g.id()
			result.Accountants = append(result.Accountants, accountants[i].User)
		}
		if err := s.Users(ctx, accountants); err != nil {
			return err
		}
		for from := 0; from < o.Sellers; from += seedBatch {
			var owners []postgres.SeedUser
			var cases []postgres.SeedCase
			for i := from; i < min(from+seedBatch, o.Sellers); i++ {
				sc, owner := g.seller(i, accountants[i%o.Accountants])
				if owner != nil {
					owners = append(owners, *owner)
				}
				if i == 0 {
					result.Seller = owner.User
				}
				result.Cases++
				result.Events += len(sc.Events)
				cases = append(cases, sc)
			}
			if err := s.Users(ctx, owners); err != nil {
				return err
			}
			if err := s.Cases(ctx, cases); err != nil {
				return err
			}
		}
		return nil
	})
	return result, err
}

func suffix(i int) string {
	if i == 0 {
		return ""
	}
	return fmt.Sprint(i + 1)
}

// generator makes sample data out of a seeded source of randomness.
type generator struct {
	rng      *rand.Rand
	asOf     time.Time
	calendar winddown.Calendar
	hash     string
	consent  string
}

func (g *generator) id() winddown.ID {
	var id winddown.ID
	for i := range id {
		id[i] = byte(g.rng.UintN(256))
	}
	id[6] = id[6]&0x0f | 0x70 // a UUID of version 7, variant 10
	id[8] = id[8]&0x3f | 0x80
	return id
}

func (g *generator) name(i int) string {
	surnames := []string{"Петрова", "Ким", "Алиева", "Иванова", "Гусева", "Орлова", "Беляева", "Соколова", "Юсупова", "Ершова",
		"Морозова", "Титова", "Власова", "Громова", "Ёлкина", "Жукова", "Зайцева", "Щукина", "Кравец", "Лебедева"}
	given := []string{"Анна", "Мария", "Елена", "Ольга", "Ирина", "Дарья", "Юлия", "Вера"}
	return given[(i/len(surnames)+i)%len(given)] + " " + surnames[i%len(surnames)]
}

func (g *generator) company(i int, owner string) string {
	nouns := []string{"Северный лён", "Тёплый дом", "Маяк", "Оникс", "Ладога", "Первоцвет", "Мастерская уюта", "Ясный день", "Кедр", "Берег",
		"Полюс", "Артель", "Рябина", "Сосновый бор", "Комфорт плюс", "Утро"}
	if i%3 == 1 {
		n := nouns[(i/3)%len(nouns)]
		if round := i / 3 / len(nouns); round > 0 {
			n += fmt.Sprintf(" %d", round+1)
		}
		return "ООО «" + n + "»"
	}
	given, surname, _ := strings.Cut(owner, " ")
	patronymics := []rune("АБВГДИКЛМНОПРС")
	return fmt.Sprintf("ИП %s %c. %c.", surname, []rune(given)[0], patronymics[i%len(patronymics)])
}

// inn returns a valid taxpayer number: 10 digits for a company, 12 for a person.
func (g *generator) inn(company bool) string {
	for {
		n := 12
		if company {
			n = 10
		}
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('0' + g.rng.UintN(10))
		}
		// The check digits are the last one or two: trying them all is simpler than
		// stating their formula a second time.
		for tail := range 100 {
			copy(b[n-2:], fmt.Sprintf("%02d", tail))
			if winddown.ValidINN(string(b)) {
				return string(b)
			}
		}
	}
}

func (g *generator) person(email, name string) postgres.SeedUser {
	return postgres.SeedUser{
		User:         winddown.User{ID: g.id(), Email: email, Name: name, Locale: "ru", Zone: winddown.DefaultZone, Consent: g.consent},
		PasswordHash: g.hash, CreatedAt: g.asOf.AddDate(0, 0, -120),
	}
}

// seller makes the i-th case; every tenth has no owner yet.
func (g *generator) seller(i int, accountant postgres.SeedUser) (postgres.SeedCase, *postgres.SeedUser) {
	name := g.name(i)
	company := g.company(i, name)
	var owner *postgres.SeedUser
	by, onBehalf := accountant.User.ID, true
	if i%10 != 9 {
		p := g.person("seller"+suffix(i)+"@example.com", name)
		owner = &p
		by, onBehalf = p.User.ID, false
	}
	answers := winddown.RawAnswers{FBS: "yes", WBStock: "yes", Leftover: "both"}
	if i > 0 {
		switch g.rng.UintN(6) {
		case 0:
			answers.FBS = "no"
		case 1:
			answers = winddown.RawAnswers{FBS: "yes", WBStock: "no"}
		case 2:
			answers.Leftover = "sell"
		}
	}
	w := &walk{by: by, onBehalf: onBehalf, accountant: accountant.User.ID, asOf: g.asOf, id: g.id}
	in := winddown.NewCase{Seller: winddown.Seller{Name: company, INN: g.inn(strings.HasPrefix(company, "ООО"))}, Answers: answers}
	opened := 85 + int(g.rng.UintN(30))
	c, events, err := winddown.OpenCase(g.id(), in, w.stamp(opened))
	w.note(opened, events, err)
	c.HasOwner = owner != nil
	c.FirmID, c.ResponsibleID = accountant.FirmID, accountant.User.ID
	w.note(opened-1, []winddown.Event{{Kind: winddown.PersonJoined, Role: winddown.Accountant, User: accountant.User.ID, By: accountant.User.ID}}, nil)
	w.c = c
	stories := stories()
	story := stories[(i+len(stories)-1)%len(stories)]
	if i == 0 {
		story = middle
	}
	story(w, int(g.rng.UintN(4)))
	w.inbox(1 + int(g.rng.UintN(24)))
	if w.err != nil {
		panic(fmt.Sprintf("sample case %d breaks a rule: %v", i, w.err))
	}
	sc := postgres.SeedCase{
		Case: c, Summary: winddown.Summarize(c, g.calendar), Dues: c.Dues(g.calendar), CreatedAt: w.events[0].At,
		ChangedAt: w.events[len(w.events)-1].At, Events: w.events,
	}
	if owner != nil {
		sc.Owner = owner.User.ID
	}
	return sc, owner
}

// walk leads one sample case through the rules, day by day.
type walk struct {
	c          *winddown.Case
	by         winddown.ID
	onBehalf   bool
	accountant winddown.ID
	asOf       time.Time
	id         func() winddown.ID
	claim      winddown.Money // by how much the next act that comes is wrong
	events     []winddown.Event
	err        error
}

// stamp is a moment so many days before the day the data is about.
func (w *walk) stamp(daysAgo int) winddown.Stamp {
	at := w.asOf.AddDate(0, 0, -daysAgo).Add(time.Duration(len(w.events)) * time.Minute)
	return winddown.Stamp{By: w.by, At: at, Today: winddown.Today(at, winddown.DefaultZone), OnBehalf: w.onBehalf}
}

func (w *walk) note(daysAgo int, events []winddown.Event, err error) {
	if err != nil && w.err == nil {
		w.err = err
	}
	for _, e := range events {
		e.At, e.Via = w.stamp(daysAgo).At, winddown.ViaCommand
		if e.By.IsZero() {
			e.By = w.by
		}
		w.events = append(w.events, e)
	}
}

func (w *walk) version(code winddown.Code) int {
	st, err := w.c.Step(code)
	if err != nil {
		w.note(0, nil, err)
		return 0
	}
	return st.Version
}

// done signs the steps, as far as the answers call for them, so many days ago; of a case
// with several acts the first that has not come so far.
func (w *walk) done(daysAgo int, codes ...winddown.Code) {
	for _, code := range codes {
		if !w.c.Needed(code) {
			continue
		}
		s := w.stamp(daysAgo)
		act, err := w.c.ActFor(code, 0)
		w.note(daysAgo, nil, err)
		in := winddown.MarkDone{Step: code, Version: w.version(code), On: s.Today, Act: act.Position}
		switch code {
		case winddown.RequestAct:
			in.Channel, in.Ticket = winddown.Support, fmt.Sprintf("48-%d", 1100+s.Today.Day*7+int(w.c.ID[0]))
			in.PeriodFrom, in.PeriodTo = winddown.Date{Year: s.Today.Year - 2, Month: time.January, Day: 1}, s.Today
			in.Counterparty = cmp.Or(act.Counterparty, "ООО «РВБ»")
		case winddown.ReceiveAct:
			in.Ours = winddown.Balance{Known: true, Amount: w.c.Balance}
			in.Theirs = winddown.Balance{Known: true, Amount: w.c.Balance - w.claim}
			w.claim = 0
		case winddown.SignAct:
			w.compare(daysAgo, winddown.CompareAct{Agrees: true})
			in.Signer, in.Authority, in.Via = "Руководитель", "Устав", winddown.ViaEDO
		case winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns, winddown.StripMedia, winddown.SettleDebts:
		}
		in.Reasons = map[winddown.SlotCode]string{}
		for _, slot := range w.c.MissingProof(code, act.Position) {
			in.Reasons[slot] = "Документ хранится в бухгалтерии"
		}
		events, err := w.c.MarkDone(in, s)
		w.note(daysAgo, events, err)
	}
}

// compare says of the first act whether it agrees.
func (w *walk) compare(daysAgo int, in winddown.CompareAct) {
	s, a := w.stamp(daysAgo), w.c.Acts[0]
	in.Act, in.Version, in.On = a.Position, a.Version, s.Today
	events, err := w.c.CompareAct(in, s)
	w.note(daysAgo, events, err)
}

// dispute sends objections to the first act.
func (w *walk) dispute(daysAgo int) {
	s, a := w.stamp(daysAgo), w.c.Acts[0]
	events, err := w.c.DisputeAct(winddown.DisputeAct{Act: a.Position, Version: a.Version, On: s.Today}, s)
	w.note(daysAgo, events, err)
}

func (w *walk) addAct(daysAgo int, counterparty string) {
	events, err := w.c.AddAct(winddown.AddAct{Counterparty: counterparty}, w.stamp(daysAgo))
	w.note(daysAgo, events, err)
}

// owe writes a debt down, so many kopecks.
func (w *walk) owe(daysAgo int, side winddown.Side, what string, amount winddown.Money) {
	s := w.stamp(daysAgo)
	_, events, err := w.c.Debts.AddDebts([]winddown.NewDebt{{ID: w.id(), Side: side, What: what, Amount: amount, On: s.Today}}, s)
	w.note(daysAgo, append(events, w.c.KeepLedger(s)...), err)
}

// settle pays whatever is open.
func (w *walk) settle(daysAgo int) {
	for _, d := range w.c.Debts.Open() {
		s := w.stamp(daysAgo)
		_, events, err := w.c.Debts.SettleDebt(winddown.SettleDebt{ID: d.ID, Version: d.Version, On: s.Today}, s)
		w.note(daysAgo, append(events, w.c.KeepLedger(s)...), err)
	}
}

// report notes a weekly report; one that was dealt with is closed a day later.
func (w *walk) report(daysAgo int, dealtWith bool) {
	s := w.stamp(daysAgo)
	events, err := w.c.AddDeadline(winddown.AddDeadline{Kind: winddown.DueReport, What: "Еженедельный отчёт о реализации", From: s.Today}, s)
	w.note(daysAgo, events, err)
	if dealtWith {
		s := w.stamp(daysAgo - 1)
		events, err := w.c.CloseDeadline(w.c.DeadlineSeq, s.Today, s)
		w.note(daysAgo-1, events, err)
	}
}

// review lets the accountant say something about a step.
func (w *walk) review(daysAgo int, code winddown.Code, reason string, rule func(winddown.Review, winddown.Stamp) ([]winddown.Event, error)) {
	if !w.c.Needed(code) {
		code = winddown.SellOut
	}
	in := winddown.Review{Step: code, Version: w.version(code), Reason: reason}
	w.byAccountant(daysAgo, func(s winddown.Stamp) ([]winddown.Event, error) { return rule(in, s) })
}

func (w *walk) byAccountant(daysAgo int, rule func(winddown.Stamp) ([]winddown.Event, error)) {
	by := w.by
	w.by = w.accountant
	events, err := rule(w.stamp(daysAgo))
	w.note(daysAgo, events, err)
	w.by = by
}

// ask lets the accountant ask about a step.
func (w *walk) ask(daysAgo int, code winddown.Code, question string) {
	w.byAccountant(daysAgo, func(s winddown.Stamp) ([]winddown.Event, error) { return w.c.Ask(code, question, s) })
}

// answer answers the question that was asked last.
func (w *walk) answer(daysAgo int, text string) {
	events, err := w.c.Answer(w.c.QuestionSeq, text, w.stamp(daysAgo))
	w.note(daysAgo, events, err)
}

// close closes the question that was asked last.
func (w *walk) close(daysAgo int) {
	w.byAccountant(daysAgo, func(s winddown.Stamp) ([]winddown.Event, error) { return w.c.Resolve(w.c.QuestionSeq, s) })
}

func (w *walk) pending(daysAgo int, code winddown.Code, pickUpIn int) {
	if !w.c.Needed(code) {
		return
	}
	s := w.stamp(daysAgo)
	events, err := w.c.MarkPending(winddown.MarkPending{Step: code, Version: w.version(code)}, s)
	w.note(daysAgo, events, err)
	if pickUpIn != 0 {
		until := winddown.DateOf(w.asOf).AddDays(pickUpIn)
		from := until.AddDays(-7)
		if from.After(s.Today) {
			from = s.Today
		}
		events, err := w.c.AddDeadline(winddown.AddDeadline{Kind: winddown.DuePickUp, From: from, Until: until}, s)
		w.note(daysAgo, events, err)
	}
}

// inbox looks into the portal's inbox so many days ago, or when something happened last if
// that was later.
func (w *walk) inbox(daysAgo int) {
	last := winddown.DateOf(w.events[len(w.events)-1].At).DaysUntil(winddown.DateOf(w.asOf))
	daysAgo = min(daysAgo, last)
	if !w.c.Finished() {
		events, err := w.c.CheckInbox(w.stamp(daysAgo))
		w.note(daysAgo, events, err)
	}
}

func (w *walk) regress(daysAgo int, code winddown.Code, reason string) {
	if !w.c.Needed(code) {
		code = winddown.CollectReturns
	}
	events, err := w.c.Regress(winddown.Regress{Step: code, Version: w.version(code), Reason: reason}, w.stamp(daysAgo))
	w.note(daysAgo, events, err)
}

func (w *walk) finish(daysAgo int) {
	events, err := w.c.Finish(w.c.Version, w.stamp(daysAgo))
	w.note(daysAgo, events, err)
}

func (w *walk) goodsGone(daysAgo int) {
	w.done(daysAgo+20, winddown.ZeroFBS)
	w.done(daysAgo+6, winddown.SellOut)
	w.done(daysAgo+2, winddown.ReturnStock)
	w.done(daysAgo, winddown.CollectReturns)
}

// middle is the story of somebody halfway through.
func middle(w *walk, _ int) {
	w.done(30, winddown.ZeroFBS)
	w.pending(17, winddown.ReturnStock, 0)
	w.done(9, winddown.SellOut)
	w.pending(3, winddown.CollectReturns, 2)
}

// stories returns a story for every state a case can be in; d varies the days a little.
func stories() []func(w *walk, d int) {
	return []func(w *walk, d int){
		func(*walk, int) {}, // just opened
		func(w *walk, d int) {
			w.done(20+d, winddown.ZeroFBS)
			w.pending(15, winddown.SellOut, 0)
			w.report(12, true)
			w.report(5, false)
		},
		func(w *walk, d int) {
			w.done(30+d, winddown.ZeroFBS)
			w.done(8, winddown.SellOut)
			w.pending(7, winddown.ReturnStock, 0)
			w.ask(4, winddown.ReturnStock, "Поддержка уже ответила, когда отгрузят остаток?")
		},
		func(w *walk, d int) { // returns are about to be disposed of
			w.done(30, winddown.ZeroFBS)
			w.done(12, winddown.SellOut)
			w.done(6, winddown.ReturnStock)
			w.pending(4, winddown.CollectReturns, d)
		},
		func(w *walk, d int) { // returns wait, but not for long
			w.done(30, winddown.ZeroFBS)
			w.done(12, winddown.SellOut)
			w.pending(2, winddown.CollectReturns, 5+d)
		},
		func(w *walk, d int) { w.goodsGone(2 + d) },
		func(w *walk, d int) {
			w.goodsGone(5 + d)
			w.ask(4, winddown.CollectReturns, "В отчёте о возвратах больше ничего в пути?")
			w.answer(3, "Ничего: проверили вчера и сегодня")
			w.done(3, winddown.StripMedia)
		},
		func(w *walk, d int) {
			w.goodsGone(14)
			w.done(12, winddown.StripMedia)
			w.review(8, winddown.ZeroFBS, "", w.c.Accept)
			w.review(8, winddown.CollectReturns, "", w.c.Accept)
			w.done(2+d, winddown.RequestAct)
		},
		func(w *walk, d int) { // asked long ago, and deep in debt
			w.goodsGone(40)
			w.owe(36, winddown.ToWB, "Логистика и хранение за прошлый год", 46478815)
			w.done(34, winddown.StripMedia)
			w.done(22+d, winddown.RequestAct)
		},
		func(w *walk, d int) { // asked, then looked for and not there yet
			w.goodsGone(20)
			w.done(9+d, winddown.RequestAct)
			w.pending(3, winddown.ReceiveAct, 0)
		},
		func(w *walk, d int) {
			w.goodsGone(40)
			w.review(32, winddown.ReturnStock, "", w.c.Accept)
			w.done(30, winddown.StripMedia, winddown.RequestAct)
			w.owe(8, winddown.ByWB, "Выплата за последние продажи", 1250000)
			w.done(3+d, winddown.ReceiveAct)
		},
		func(w *walk, d int) {
			w.goodsGone(45)
			w.done(40, winddown.StripMedia, winddown.RequestAct)
			w.owe(25, winddown.ToWB, "Хранение за два месяца", 341820)
			w.owe(25, winddown.ByWB, "Выплата за последние продажи", 120000)
			w.done(20, winddown.ReceiveAct)
			w.done(6+d, winddown.SignAct)
		},
		func(w *walk, d int) { // settled, the cards still have their photos
			w.goodsGone(45)
			w.done(40, winddown.RequestAct)
			w.done(20, winddown.ReceiveAct)
			w.done(12, winddown.SignAct)
			w.done(2+d, winddown.SettleDebts)
		},
		func(w *walk, d int) { w.whole(4 + d) },
		func(w *walk, d int) { w.whole(12 + d); w.finish(10 + d) },
		func(w *walk, d int) {
			w.goodsGone(12 + d)
			w.regress(1+d, winddown.ReturnStock, "На складе снова числятся 3 штуки, похоже на чужой товар")
		},
		func(w *walk, d int) {
			w.goodsGone(30)
			w.done(12+d, winddown.StripMedia, winddown.RequestAct)
			w.regress(2, winddown.CollectReturns, "Пришёл ещё один возврат")
		},
		func(w *walk, d int) {
			w.whole(25)
			w.finish(20)
			w.regress(3+d, winddown.ReturnStock, "В отчёте об остатках снова появился товар")
		},
		func(w *walk, d int) { // the act was wrong and is asked for anew
			w.goodsGone(45)
			w.done(40, winddown.StripMedia, winddown.RequestAct)
			w.claim = 341820
			w.done(30, winddown.ReceiveAct)
			w.compare(28, winddown.CompareAct{Difference: "3 418,20", Objections: "Хранение за сентябрь начислено дважды\nНет возврата от 3 октября"})
			w.dispute(27)
			w.done(5+d, winddown.RequestAct)
		},
		func(w *walk, d int) { // two acts, one of which has come
			w.goodsGone(35)
			w.addAct(33, "ООО «Вайлдберриз»")
			w.done(15+d, winddown.RequestAct)
			w.done(14, winddown.RequestAct)
			w.done(4, winddown.ReceiveAct)
		},
		func(w *walk, d int) {
			w.goodsGone(12 + d)
			w.review(3, winddown.ReturnStock, "На снимке остатки другого склада, приложите общий отчёт", w.c.SendBack)
		},
		func(w *walk, d int) { // the accountant lets the act be asked for
			w.done(35, winddown.ZeroFBS)
			w.done(20, winddown.SellOut)
			w.done(12, winddown.ReturnStock)
			w.review(7, winddown.RequestAct, "Последний возврат едет второй месяц, поддержка разрешила запросить акт", w.c.Waive)
			w.ask(7, winddown.CollectReturns, "Номер обращения о возврате?")
			w.answer(6, "48-1177")
			w.close(6)
			w.done(2+d, winddown.RequestAct)
		},
		func(w *walk, d int) { // a debt came to light after the settlement
			w.whole(9 + d)
			w.owe(2+d, winddown.ToWB, "Штраф, начисленный после акта", 500000)
		},
	}
}

// whole signs everything, the last so many days ago.
func (w *walk) whole(daysAgo int) {
	w.goodsGone(daysAgo + 30)
	w.done(daysAgo+28, winddown.StripMedia)
	w.done(daysAgo+26, winddown.RequestAct)
	w.owe(daysAgo+20, winddown.ToWB, "Хранение", 341820)
	w.owe(daysAgo+20, winddown.ByWB, "Выплата за последние продажи", 120000)
	w.done(daysAgo+10, winddown.ReceiveAct)
	w.done(daysAgo+6, winddown.SignAct)
	w.settle(daysAgo + 2)
	w.done(daysAgo, winddown.SettleDebts)
}
