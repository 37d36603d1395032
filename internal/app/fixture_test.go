package app_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"winddown/internal/app"
	"winddown/internal/files"
	"winddown/internal/keyring"
	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
)

func TestMain(m *testing.M) { testdb.Run(m) }

// noon is where the clock stands at first: Sunday, 22 November 2026, 12:00 in Moscow.
var noon = time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC)

// The INN of a real company, with right check digits.
const sellerINN = "7721546864"

// password is one that nobody would guess soon.
const password = "сухой лист под ногой"

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

func (c *clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// world is the use cases over a fresh database, and a connection that looks behind them.
type world struct {
	t     testing.TB
	app   *app.App
	db    *postgres.DB
	url   string
	sql   *pgx.Conn
	clock *clock
	key   string // that encrypts secrets
	dir   string // the folder of the evidence
	store *files.Store
}

func newWorld(t testing.TB) *world { return newWorldWith(t, app.Options{}, nil) }

func newWorldWith(t testing.TB, o app.Options, tracer pgx.QueryTracer) *world {
	t.Helper()
	w := &world{t: t, url: testdb.New(t), clock: &clock{now: noon}, dir: t.TempDir()}
	var err error
	if w.db, err = postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: patient(w.url), MaxConns: 16, Tracer: tracer})); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.db.Close)
	if w.sql, err = pgx.Connect(t.Context(), w.url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.sql.Close(context.Background()) })
	if w.store, err = files.Open(w.dir); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	o.Files = w.store
	o.Now = w.clock.Now
	if o.Keys == nil {
		w.key = keyring.NewKey()
		if o.Keys, err = keyring.Parse(w.key); err != nil {
			t.Fatal(err)
		}
	}
	w.app = app.New(w.db, o)
	return w
}

// inOneWorld runs tests that do not mind each other over one database.
func inOneWorld(t *testing.T, tests map[string]func(*testing.T, *world)) {
	w := newWorld(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := *w
			w.t = t
			w.clock.Set(noon)
			test(t, &w)
		})
	}
}

// patient lets a connection take its time on a busy machine.
func patient(database string) string {
	u, err := url.Parse(database)
	if err != nil || u.Scheme == "" {
		return database + " connect_timeout=60"
	}
	q := u.Query()
	q.Set("connect_timeout", "60")
	u.RawQuery = q.Encode()
	return u.String()
}

func newID(t testing.TB) winddown.ID {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return winddown.ID(id)
}

// person opens an account, without the cost of hashing a password, and signs it in.
func (w *world) person(name string) winddown.Actor { return w.personIn(name, winddown.DefaultZone) }

func (w *world) personIn(name, zone string) winddown.Actor {
	w.t.Helper()
	actor, _ := w.session(name, zone)
	return actor
}

func (w *world) session(name, zone string) (winddown.Actor, string) {
	w.t.Helper()
	id, token := newID(w.t), rand.Text()
	hash := sha256.Sum256([]byte(token))
	err := w.db.InTx(w.t.Context(), winddown.Actor{UserID: id}, w.clock.Now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertUser(winddown.User{ID: id, Email: strings.ToLower(rand.Text()) + "@example.ru", Name: name, Locale: "ru", Zone: zone}, "none")
		tx.InsertSession(postgres.NewSession{ID: newID(w.t), UserID: id, TokenHash: hash[:]})
		return []winddown.Event{{Stream: winddown.Stream{Kind: winddown.UserStream, ID: id}, Kind: winddown.UserRegistered}}, nil
	})
	if err != nil {
		w.t.Fatalf("a new person: %v", err)
	}
	actor, err := w.app.Actor(w.t.Context(), token)
	if err != nil {
		w.t.Fatalf("the new person is not signed in: %v", err)
	}
	return actor, token
}

// again is the actor as a new request finds him: with the firm he works in by now.
func (w *world) again(a winddown.Actor) winddown.Actor {
	w.t.Helper()
	found, err := w.sql.Query(w.t.Context(), `select p.firm_id, p.role, f.name, (count(*) over ())::int
		from firm_people p join users u on u.id = p.user_id join firms f on f.id = p.firm_id
		where p.user_id = $1 order by p.firm_id is not distinct from u.firm_id desc, p.added_at, p.firm_id limit 1`, uuid.UUID(a.UserID))
	if err != nil {
		w.t.Fatal(err)
	}
	var firm uuid.UUID
	a.FirmID, a.FirmRole, a.FirmName, a.Firms = winddown.ID{}, "", "", 0
	if _, err = pgx.ForEachRow(found, []any{&firm, &a.FirmRole, &a.FirmName, &a.Firms}, func() error { a.FirmID = winddown.ID(firm); return nil }); err != nil {
		w.t.Fatal(err)
	}
	return a
}

// everything are the answers under which all nine steps are needed.
func everything() winddown.RawAnswers {
	return winddown.RawAnswers{FBS: "yes", WBStock: "yes", Leftover: "both"}
}

func newCase(answers winddown.RawAnswers) winddown.NewCase {
	return winddown.NewCase{Seller: winddown.Seller{Name: "ИП Петрова А. С.", INN: sellerINN}, Answers: answers}
}

func (w *world) open(owner winddown.Actor) winddown.ID { return w.openWith(owner, everything()) }

func (w *world) openWith(owner winddown.Actor, answers winddown.RawAnswers) winddown.ID {
	w.t.Helper()
	id, err := w.app.OpenCase(w.t.Context(), owner, newCase(answers))
	if err != nil {
		w.t.Fatalf("open a case: %v", err)
	}
	return id
}

func (w *world) addSeller(accountant winddown.Actor) winddown.ID {
	w.t.Helper()
	id, err := w.app.AddSeller(w.t.Context(), accountant, newCase(everything()))
	if err != nil {
		w.t.Fatalf("add a seller: %v", err)
	}
	return id
}

func (w *world) invite(actor winddown.Actor, id winddown.ID, role winddown.Role) string {
	w.t.Helper()
	actor = w.provedNow(actor)
	token, err := w.app.Invite(w.t.Context(), actor, id, role)
	if err != nil {
		w.t.Fatalf("invite %s: %v", role, err)
	}
	return token
}

// confirmed is the actor after letters to his address were seen to reach him.
func (w *world) confirmed(a winddown.Actor) winddown.Actor {
	w.t.Helper()
	w.exec("update users set confirmed_at = created_at where id = $1", uuid.UUID(a.UserID))
	a.Confirmed = true
	return a
}

func (w *world) join(host, guest winddown.Actor, id winddown.ID, role winddown.Role) {
	w.t.Helper()
	if w.app.Mail() {
		w.confirmed(guest)
	}
	if _, _, err := w.app.Accept(w.t.Context(), guest, w.invite(host, id, role)); err != nil {
		w.t.Fatalf("join as %s: %v", role, err)
	}
}

func (w *world) view(actor winddown.Actor, id winddown.ID) app.CaseView {
	w.t.Helper()
	v, err := w.app.Case(w.t.Context(), actor, id)
	if err != nil {
		w.t.Fatalf("read the case: %v", err)
	}
	return v
}

func (w *world) version(actor winddown.Actor, id winddown.ID, code winddown.Code) int {
	w.t.Helper()
	st, err := w.view(actor, id).Case.Step(code)
	if err != nil {
		w.t.Fatal(err)
	}
	return st.Version
}

// done is the input that marks a step today.
func (w *world) done(actor winddown.Actor, id winddown.ID, code winddown.Code) winddown.MarkDone {
	w.t.Helper()
	c := w.view(actor, id).Case
	st, err := c.Step(code)
	if err != nil {
		w.t.Fatal(err)
	}
	in := winddown.MarkDone{Step: code, Version: st.Version, On: w.today(actor), Reasons: map[winddown.SlotCode]string{}}
	for _, slot := range c.MissingProof(code, c.Acts[0].Position) {
		in.Reasons[slot] = "Снимка нет"
	}
	return in
}

// compare finds that the first act agrees with the seller's books.
func (w *world) compare(actor winddown.Actor, id winddown.ID) {
	w.t.Helper()
	a := w.view(actor, id).Case.Acts[0]
	in := winddown.CompareAct{Act: a.Position, Version: a.Version, On: winddown.Today(w.clock.Now(), actor.Zone), Agrees: true}
	if err := w.app.CompareAct(w.t.Context(), actor, id, in); err != nil {
		w.t.Fatalf("compare: %v", err)
	}
}

func (w *world) mark(actor winddown.Actor, id winddown.ID, codes ...winddown.Code) {
	w.t.Helper()
	for _, code := range codes {
		if code == winddown.SignAct && w.view(actor, id).Case.Acts[0].Phase() == winddown.PhaseReceived {
			w.compare(actor, id)
		}
		if _, err := w.app.MarkDone(w.t.Context(), actor, id, w.done(actor, id, code)); err != nil {
			w.t.Fatalf("mark %s: %v", code, err)
		}
	}
}

// today is the actor's own date.
func (w *world) today(actor winddown.Actor) winddown.Date {
	return winddown.Today(w.clock.Now(), actor.Zone)
}

// act is the current round of an act.
func (w *world) act(actor winddown.Actor, id winddown.ID, position int) winddown.Act {
	w.t.Helper()
	a, err := w.view(actor, id).Case.Act(position)
	if err != nil {
		w.t.Fatal(err)
	}
	return *a
}

// disagree finds that the first act differs from the seller's books.
func (w *world) disagree(actor winddown.Actor, id winddown.ID) error {
	w.t.Helper()
	return w.app.CompareAct(w.t.Context(), actor, id, winddown.CompareAct{
		Act: 1, Version: w.act(actor, id, 1).Version, On: w.today(actor), Difference: "−3 418,20", Objections: "Нет возврата от 3 ноября",
	})
}

// review is what an accountant says about a step as it stands.
func (w *world) review(actor winddown.Actor, id winddown.ID, code winddown.Code) winddown.Review {
	w.t.Helper()
	return winddown.Review{Step: code, Version: w.version(actor, id, code), Reason: "Так решил бухгалтер"}
}

// pdf takes in the bytes of a document.
func (w *world) pdf(name, text string) app.StoredFile {
	w.t.Helper()
	f, err := w.app.StoreFile(w.t.Context(), name, strings.NewReader("%PDF-1.4\n% "+text+"\n%%EOF\n"), winddown.MaxFileSize)
	if err != nil {
		w.t.Fatalf("store %s: %v", name, err)
	}
	return f
}

func (w *world) upload(actor winddown.Actor, id winddown.ID, code winddown.Code, slot winddown.SlotCode, stored ...app.StoredFile) error {
	return w.app.AddEvidence(w.t.Context(), actor, id, winddown.AddEvidence{Step: code, Slot: slot}, stored)
}

// owe writes down a debt to the marketplace.
func (w *world) owe(actor winddown.Actor, id winddown.ID, amount winddown.Money) {
	w.t.Helper()
	in := winddown.NewDebt{ID: newID(w.t), Side: winddown.ToWB, What: "Хранение", Amount: amount, On: w.today(actor)}
	if err := w.app.AddDebts(w.t.Context(), actor, id, []winddown.NewDebt{in}); err != nil {
		w.t.Fatalf("add a debt: %v", err)
	}
}

func (w *world) debts(actor winddown.Actor, id winddown.ID) winddown.Ledger {
	w.t.Helper()
	v, err := w.app.Ledger(w.t.Context(), actor, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return v.Case.Debts
}

// goods are the steps that open the request of the act, chain those that follow it.
func goods() []winddown.Code {
	return []winddown.Code{winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns}
}

func chain() []winddown.Code {
	return []winddown.Code{winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct, winddown.SettleDebts}
}

func allSteps() []winddown.Code {
	return slices.Concat(goods(), []winddown.Code{winddown.StripMedia}, chain())
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.sql.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// one reads a single value.
func one[T any](w *world, sql string, args ...any) T {
	w.t.Helper()
	var v T
	if err := w.sql.QueryRow(w.t.Context(), sql, args...).Scan(&v); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// rows returns every row of a query as text.
func (w *world) rows(sql string, args ...any) []string {
	w.t.Helper()
	found, err := w.sql.Query(w.t.Context(), sql, args...)
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	all, err := pgx.CollectRows(found, pgx.RowTo[string])
	if err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return all
}

// contents is everything the database holds of a case, its trail included.
func (w *world) contents(id winddown.ID) []string {
	w.t.Helper()
	return w.rows(`select c::text from cases c where id = $1
		union all (select s::text from case_steps s where case_id = $1 order by code)
		union all (select a::text from acts a where case_id = $1 order by position, round)
		union all (select e::text from evidence e where case_id = $1 order by number)
		union all (select q::text from questions q where case_id = $1 order by number)
		union all (select d::text from deadlines d where case_id = $1 order by number)
		union all (select d::text from debts d where case_id = $1 order by line)
		union all (select p::text from case_people p where case_id = $1 order by user_id)
		union all (select e::text from events e where stream_id = $1 order by seq)`, uuid.UUID(id))
}

// wantUnchanged fails unless the case is what it was.
func (w *world) wantUnchanged(id winddown.ID, before []string) {
	w.t.Helper()
	after := w.contents(id)
	if slices.Equal(before, after) {
		return
	}
	for i := range max(len(before), len(after)) {
		if i >= len(before) || i >= len(after) || before[i] != after[i] {
			w.t.Errorf("the case changed from row %d on\nfrom %v\nto   %v", i, before[min(i, len(before)):], after[min(i, len(after)):])
			return
		}
	}
}

// verify fails unless the trail of the case is whole; it returns its length.
func (w *world) verify(id winddown.ID) int64 {
	w.t.Helper()
	n, err := w.app.Verify(w.t.Context(), id)
	if err != nil {
		w.t.Errorf("verify: %v", err)
	}
	return n
}

func wantKind(t testing.TB, err error, kind winddown.Kind) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("error %v, want %v", err, kind)
	}
}

func wantKey(t testing.TB, err error, kind winddown.Kind, key string) {
	t.Helper()
	var e *winddown.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Key != key {
		t.Errorf("error %v, want %v: %s", err, kind, key)
	}
}

// wantField fails unless the error is Invalid for exactly this field and message.
func wantField(t testing.TB, err error, field, key string) {
	t.Helper()
	var e *winddown.Error
	if !errors.As(err, &e) || e.Kind != winddown.Invalid || len(e.Fields) != 1 || e.Fields[0].Field != field || e.Fields[0].Key != key {
		t.Errorf("error %v, want invalid [%s: %s]", err, field, key)
	}
}

// atOnce runs fn in n goroutines that are let go together and returns their errors.
func atOnce(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			errs[i] = fn(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}

// tally counts errors by kind, and successes as "ok".
func tally(errs []error) map[string]int {
	n := map[string]int{}
	for _, err := range errs {
		if err == nil {
			n["ok"]++
			continue
		}
		n[winddown.KindOf(err).Error()]++
	}
	return n
}

func wantTally(t testing.TB, errs []error, want map[string]int) {
	t.Helper()
	if got := tally(errs); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("outcomes %v, want %v\n%v", got, want, errors.Join(errs...))
	}
}

// whileHeld begins a transaction with hold, starts what has to wait for it, and commits
// the change once as many as that wait.
func (w *world) whileHeld(hold string, args []any, waiting int, start func(), change string, changeArgs ...any) {
	w.t.Helper()
	w.exec("begin")
	w.exec(hold, args...)
	start()
	w.awaitLocks(waiting)
	if change != "" {
		w.exec(change, changeArgs...)
	}
	w.exec("commit")
}

// awaitLocks returns when as many transactions wait for a lock, inside of whileHeld.
func (w *world) awaitLocks(waiting int) {
	w.t.Helper()
	const waits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
	for begun := time.Now(); one[int](w, waits) < waiting; {
		w.exec("select pg_stat_clear_snapshot()") // a transaction sees the activity of its first look
		if time.Since(begun) > time.Minute {
			w.t.Fatalf("nobody waits for the lock:\n%s", strings.Join(w.rows("select concat_ws(' ', pid, state, wait_event_type, query) from pg_stat_activity where datname = current_database()"), "\n"))
		}
	}
}

// inBackground runs fn and delivers its error.
func inBackground(fn func() error) chan error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	return done
}
