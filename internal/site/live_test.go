package site_test

import (
	"context"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/postgres"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func caseLive(id winddown.ID, from int64) string {
	return "/cases/" + id.String() + "/live?" + strconv.FormatInt(from, 10)
}

func changed(seq int64) testkit.Event {
	n := strconv.FormatInt(seq, 10)
	return testkit.Event{Kind: "message", ID: n, Data: n}
}

// wantEvent checks the next event of a stream.
func wantEvent(t *testing.T, s *testkit.Stream, want testkit.Event) {
	t.Helper()
	if got := s.Next(); got != want {
		t.Errorf("the stream says %+v, want %+v", got, want)
	}
}

// toldToGo waits until a stream ends for good; it may speak of the change that was the reason.
func toldToGo(t *testing.T, s *testkit.Stream) {
	t.Helper()
	e := s.Next()
	for e.Kind == "message" {
		e = s.Next()
	}
	if want := (testkit.Event{Kind: "bye", Data: "gone"}); e != want {
		t.Errorf("the stream says %+v, want %+v", e, want)
	}
	wantEvent(t, s, testkit.Event{})
}

func TestStreamOfACase(t *testing.T) {
	one := testkit.Start(t, testkit.WithLive())
	two := testkit.Start(t, testkit.Beside(one))
	owner, helper := one.SignUp("Петрова", "owner"), one.SignUp("Сидорова", "helper")
	id := owner.OpenCase("ИП Петрова", 1)
	owner.Join(helper, id, winddown.Helper)
	link, err := one.App.CreateShare(t.Context(), owner.Actor(), id, winddown.NewShare{Whom: "Аудитор", Days: 3})
	if err != nil {
		t.Fatal(err)
	}
	there := helper.In(two)

	// The page names its stream and what it shows; what it says once is not for a refresh.
	p := helper.Get("/cases/" + id.String()).Want(http.StatusOK)
	seq := owner.Case(id).Seq
	if got := testkit.Attr(p.ByID("main"), "data-live"); got != caseLive(id, seq) {
		t.Errorf("the page's stream is %q, want %q", got, caseLive(id, seq))
	}

	stream := there.Stream(caseLive(id, seq))
	if got := stream.Header.Get("Content-Type"); got != "text/event-stream; charset=utf-8" {
		t.Errorf("the stream is %q", got)
	}
	if stream.Header.Get("Content-Encoding") != "" || stream.Header.Get("X-Accel-Buffering") != "no" {
		t.Errorf("a proxy may hold the stream back: %v", stream.Header)
	}
	// A hint that is late tells of nothing the page does not show.
	two.Hub.Publish([]postgres.Hint{{Stream: winddown.Stream{Kind: winddown.CaseStream, ID: id}, Seq: seq}})
	// That a stranger opens a share link is no news, and does not hold up what is.
	one.Anybody().Get("/share/" + link).Want(http.StatusOK)
	owner.Mark(id, winddown.ZeroFBS) // in the other process
	marked := owner.Case(id).Seq
	wantEvent(t, stream, changed(marked))

	// Whoever comes back is told at once when there is something newer, and nothing else.
	wantEvent(t, there.Stream(caseLive(id, seq)), changed(marked))
	wantEvent(t, there.Stream(caseLive(id, 0), "Last-Event-ID", strconv.FormatInt(seq, 10)), changed(marked))
	current := there.Stream(caseLive(id, 0), "Last-Event-ID", strconv.FormatInt(marked, 10))
	if err := one.App.CheckInbox(t.Context(), owner.Actor(), id); err != nil {
		t.Fatal(err)
	}
	wantEvent(t, current, changed(marked+1))
	wantEvent(t, stream, changed(marked+1))

	// A fifth stream ends the oldest, which is told not to come again of itself.
	there.Stream(caseLive(id, marked+1))
	wantEvent(t, stream, testkit.Event{Kind: "bye", Data: "busy"})
	wantEvent(t, stream, testkit.Event{})

	// Who may no longer see the case is told nothing more.
	if err := one.App.RemovePerson(t.Context(), owner.Actor(), id, helper.ID); err != nil {
		t.Fatal(err)
	}
	toldToGo(t, current)
	there.Get(caseLive(id, 0)).Want(http.StatusNotFound)

	// A page that shows what a restored database no longer knows is told so.
	wantEvent(t, owner.In(two).Stream(caseLive(id, 1_000_000)), changed(owner.Case(id).Seq))

	// A proof, which gives the session another token, ends no stream of the other windows.
	window := owner.In(two).Stream(caseLive(id, owner.Case(id).Seq))
	for range 2 { // by the second the token that opened the stream works no more
		token, err := one.App.Prove(t.Context(), owner.Actor(), winddown.Proof{Password: testkit.Password})
		if err != nil {
			t.Fatal(err)
		}
		owner.SetSession(token)
	}
	owner.Mark(id, winddown.SellOut)
	wantEvent(t, window, changed(owner.Case(id).Seq))

	// Whose login session has ended is told nothing more either.
	mine := owner.In(two).Stream(caseLive(id, owner.Case(id).Seq))
	owner.PostForm("/logout", nil).Want(http.StatusSeeOther)
	toldToGo(t, mine)
}

// A case that is erased ends its streams, which send their pages to where it says so, and the register
// of the firm learns of it.
func TestErasedCaseEndsItsStreams(t *testing.T) {
	one := testkit.Start(t, testkit.WithLive())
	two := testkit.Start(t, testkit.Beside(one))
	owner, keeper := one.SignUp("Петрова", "owner"), one.SignUp("Иванова", "keeper")
	id := owner.OpenCase("ИП Петрова", 1)
	owner.Join(keeper, id, winddown.Accountant)
	if err := one.App.DeleteCase(t.Context(), owner.Actor(), id, "ИП Петрова"); err != nil {
		t.Fatal(err)
	}
	one.Clock.Advance(winddown.EraseTerm)
	there := keeper.In(two)
	seller, register := there.Stream(caseLive(id, owner.Case(id).Seq)), there.Stream("/sellers/live?"+strconv.FormatInt(one.Clock.Now().Unix(), 10))
	if n, err := one.App.EraseCases(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d cases were erased: %v", n, err)
	}
	toldToGo(t, seller)
	wantEvent(t, register, testkit.Event{Kind: "message", ID: strconv.FormatInt(one.Clock.Now().Unix(), 10)})
}

func TestStreamOfTheRegister(t *testing.T) {
	s := testkit.Start(t, testkit.WithLive())
	owner, accountant, lead := s.SignUp("Петрова", "owner"), s.SignUp("Иванова", "accountant"), s.SignUp("Старшая", "lead")
	id := owner.OpenCase("ИП Петрова", 1)
	owner.Join(accountant, id, winddown.Accountant)
	accountant.JoinFirm(lead, winddown.Lead)
	// The register has no numbers: what was told is told by the second.
	now := func() string { return strconv.FormatInt(s.Clock.Now().Unix(), 10) }
	moved := func() testkit.Event { return testkit.Event{Kind: "message", ID: now()} }

	s.Clock.Advance(time.Hour)
	p := lead.Get("/sellers").Want(http.StatusOK)
	address := testkit.Attr(p.ByID("main"), "data-live")
	if want := "/sellers/live?" + now(); address != want {
		t.Fatalf("the register's stream is %q, want %q", address, want)
	}
	stream := lead.Stream(address)
	owner.Mark(id, winddown.ZeroFBS)
	wantEvent(t, stream, moved())
	// Between the page and its stream nothing is lost, however long the change took.
	s.Clock.Advance(30 * time.Second)
	wantEvent(t, lead.Stream(address), moved())
	wantEvent(t, accountant.Stream("/sellers/live?"+now()), moved())
	// Whoever comes back is not told what he was told before.
	s.Clock.Advance(time.Hour)
	back := lead.Stream(address, "Last-Event-ID", now())
	if back.Hello.ID != now() {
		t.Errorf("a stream that has nothing to tell begins with %+v, want the time", back.Hello)
	}
	s.Clock.Advance(time.Second)
	owner.Mark(id, winddown.SellOut)
	wantEvent(t, back, moved())

	// Whoever a case is taken from is told to go from it.
	colleague := s.SignUp("Третья", "colleague")
	accountant.JoinFirm(colleague, winddown.Accountant)
	accountant.Assign(colleague.ID, id)
	taken := colleague.Stream(caseLive(id, owner.Case(id).Seq))
	accountant.Assign(accountant.ID, id)
	toldToGo(t, taken)

	// Whoever is no longer lead is told to go: his register is another one.
	other := lead.Stream("/sellers/live?9999999999")
	if _, err := s.App.RemoveFirmPerson(t.Context(), accountant.Actor(), lead.ID); err != nil {
		t.Fatal(err)
	}
	toldToGo(t, other)
}

// Streams end before the server waits for what runs, and leave nothing behind.
func TestStreamsLeaveNothingBehind(t *testing.T) {
	s := testkit.Start(t, testkit.WithLive())
	owner := s.SignUp("Петрова", "owner")
	id := owner.OpenCase("ИП Петрова", 1)
	seq := owner.Case(id).Seq
	owner.Stream(caseLive(id, seq)).Close()
	settled := func(most int) {
		t.Helper()
		poll, late := time.NewTicker(10*time.Millisecond), time.Now().Add(20*time.Second)
		defer poll.Stop()
		for ; runtime.NumGoroutine() > most || s.Hub.Streams() > 0; <-poll.C {
			if time.Now().After(late) {
				buf := make([]byte, 1<<20)
				t.Fatalf("%d goroutines and %d streams are left, want at most %d and none:\n%s",
					runtime.NumGoroutine(), s.Hub.Streams(), most, buf[:runtime.Stack(buf, true)])
			}
		}
	}
	settled(1 << 20)
	before := runtime.NumGoroutine()
	for range 25 {
		var open []*testkit.Stream
		for range 4 {
			open = append(open, owner.Stream(caseLive(id, seq)))
		}
		for _, o := range open {
			o.Close()
		}
	}
	settled(before + 5) // connections that are kept

	last := owner.Stream(caseLive(id, seq))
	s.Hub.Close()
	wantEvent(t, last, testkit.Event{})
	settled(before + 5)
}

// frozen is a database that answers nothing from a moment on.
type frozen struct {
	from  atomic.Bool
	asked chan struct{}
}

func (f *frozen) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	if f.from.Load() {
		select {
		case f.asked <- struct{}{}:
		default:
		}
		<-ctx.Done()
	}
	return ctx
}

func (f *frozen) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// A stream that waits for the database does not hold up the end of the program.
func TestStreamThatAsksEndsWithTheHub(t *testing.T) {
	database := &frozen{asked: make(chan struct{}, 1)}
	s := testkit.Start(t, testkit.WithLive(), testkit.WithTracer(database))
	owner := s.SignUp("Петрова", "owner")
	id := owner.OpenCase("ИП Петрова", 1)
	stream := owner.Stream(caseLive(id, owner.Case(id).Seq))
	database.from.Store(true)
	s.Hub.Publish([]postgres.Hint{{Stream: winddown.Stream{Kind: winddown.UserStream, ID: owner.ID}}})
	select {
	case <-database.asked:
	case <-time.After(20 * time.Second):
		t.Fatal("the stream does not ask")
	}
	s.Hub.Close()
	soon, cancel := context.WithTimeout(t.Context(), 5*time.Second) // half of what a question may take
	defer cancel()
	if err := s.Hub.Wait(soon); err != nil {
		t.Error(err)
	}
	database.from.Store(false)
	wantEvent(t, stream, testkit.Event{})
}
