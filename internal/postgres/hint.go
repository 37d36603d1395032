package postgres

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// Hint tells other processes that a stream has something new. Seq is the number of its last
// event; zero says that something changed that the stream's readers see and that is no event
// of its own: a case of a firm, a case that a person was taken out of, a case that was erased.
type Hint struct {
	Stream winddown.Stream
	Seq    int64
}

const (
	// hintBatch is how long hints are gathered before they are sent: NOTIFY takes a lock of
	// the whole database, and a person does not see the difference.
	hintBatch = 25 * time.Millisecond
	// hintBytes bounds a payload; PostgreSQL refuses 8000 bytes.
	hintBytes = 7900
	// hintsKept bounds what waits while the database is away. Beyond it one hint stands for all.
	hintsKept = 5000
	hintFlush = 2 * time.Second
	// hintSilence is how long nothing may be heard before the connection is asked whether it
	// is still there.
	hintSilence = 10 * time.Second
)

const sqlNotify = `-- name: Notify
select pg_notify('winddown', @payload)`

const sqlListen = `-- name: Listen
listen winddown`

// everything is the payload that stands for all streams.
const everything = "*"

// hints are what a committed transaction tells: the streams of its events, the firms that
// keep or kept the books of its cases, and the people its events are about, with those whom
// cases were taken from. Streams that no page follows are left out: what a share link's own
// trail says is read on no page that is kept current.
func (tx *Tx) hints(events []winddown.Event) []Hint {
	seqs := map[winddown.Stream]int64{}
	for _, e := range events {
		seqs[e.Stream] = tx.heads[e.Stream].Seq
		touched := slices.Clone(tx.keepers[e.Stream.ID])
		if !e.User.IsZero() {
			touched = append(touched, winddown.Stream{Kind: winddown.UserStream, ID: e.User})
		}
		if former := tx.responsible[e.Stream.ID]; e.Kind == winddown.ResponsibleAssigned && !former.IsZero() {
			touched = append(touched, winddown.Stream{Kind: winddown.UserStream, ID: former})
		}
		for _, s := range touched {
			seqs[s] = max(seqs[s], 0)
		}
	}
	for _, s := range tx.gone {
		seqs[s] = max(seqs[s], 0)
	}
	var all []Hint
	for s, seq := range seqs {
		if _, followed := hintLetters()[s.Kind]; followed {
			all = append(all, Hint{s, seq})
		}
	}
	return all
}

// keptBy notes a firm whose people see the case.
func (tx *Tx) keptBy(id, firm winddown.ID) {
	s := winddown.Stream{Kind: winddown.FirmStream, ID: firm}
	for _, known := range tx.keepers[id] {
		if known == s {
			return
		}
	}
	if !firm.IsZero() {
		tx.keepers[id] = append(tx.keepers[id], s)
	}
}

// notifier sends the hints of committed transactions, many at once and on a connection of its
// own. Nobody waits for it; a hint that is lost costs a reader a refresh.
type notifier struct {
	config *pgx.ConnConfig
	stop   context.CancelFunc
	done   chan struct{}
	wake   chan struct{}

	mu      sync.Mutex
	waiting map[winddown.Stream]int64
	all     bool
}

func newNotifier(config *pgx.ConnConfig) *notifier {
	ctx, stop := context.WithCancel(context.Background())
	n := &notifier{
		config: config, stop: stop, done: make(chan struct{}), wake: make(chan struct{}, 1), waiting: map[winddown.Stream]int64{},
	}
	go n.run(ctx)
	return n
}

// close sends what waits, unless that takes too long.
func (n *notifier) close() {
	n.stop()
	<-n.done
}

func (n *notifier) add(hints []Hint) {
	if len(hints) == 0 {
		return
	}
	n.mu.Lock()
	for _, h := range hints {
		n.waiting[h.Stream] = max(n.waiting[h.Stream], h.Seq)
	}
	if len(n.waiting) > hintsKept {
		n.all = true
		clear(n.waiting)
	}
	n.mu.Unlock()
	n.nudge()
}

func (n *notifier) nudge() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// take returns the payloads of what waits.
func (n *notifier) take() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all {
		n.all = false
		clear(n.waiting)
		return []string{everything}
	}
	payloads := packHints(n.waiting)
	clear(n.waiting)
	return payloads
}

func (n *notifier) run(ctx context.Context) {
	defer close(n.done)
	var conn *pgx.Conn
	defer func() {
		if conn != nil {
			closing, cancel := context.WithTimeout(context.Background(), hintFlush)
			defer cancel()
			_ = conn.Close(closing)
		}
	}()
	for {
		select {
		case <-n.wake:
			pause(ctx, hintBatch)
		case <-ctx.Done():
		}
		payloads := n.take()
		if len(payloads) > 0 {
			var err error
			if conn, err = n.send(ctx, conn, payloads); err != nil && ctx.Err() == nil {
				n.mu.Lock()
				n.all = true // they may have got half-way
				n.mu.Unlock()
				pause(ctx, time.Second)
				n.nudge()
			}
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// send makes the connection if there is none and returns it, or nil when it broke.
func (n *notifier) send(ctx context.Context, conn *pgx.Conn, payloads []string) (*pgx.Conn, error) {
	// The last hints are sent after the end was asked for.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), hintFlush)
	defer cancel()
	var err error
	if conn == nil {
		if conn, err = pgx.ConnectConfig(ctx, n.config); err != nil {
			return nil, err
		}
	}
	b := &pgx.Batch{}
	for _, p := range payloads {
		b.Queue(sqlNotify, namedArgs{"payload": p})
	}
	if err = conn.SendBatch(ctx, b).Close(); err != nil {
		_ = conn.Close(ctx)
		return nil, err
	}
	return conn, nil
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// hintLetters are the kinds of streams that are told of, as they stand in a payload.
func hintLetters() map[winddown.StreamKind]byte {
	return map[winddown.StreamKind]byte{winddown.CaseStream: 'c', winddown.FirmStream: 'f', winddown.UserStream: 'u'}
}

// packHints writes hints into payloads that PostgreSQL takes: a letter, the id and the number,
// such as «cAZq7…:12», with spaces between them.
func packHints(hints map[winddown.Stream]int64) []string {
	var payloads []string
	var b []byte
	letters := hintLetters()
	for s, seq := range hints {
		letter, ok := letters[s.Kind]
		if !ok { // a byte without a meaning would break the connection
			continue
		}
		if len(b) > hintBytes-64 {
			payloads, b = append(payloads, string(b)), b[:0]
		}
		if len(b) > 0 {
			b = append(b, ' ')
		}
		b = append(b, letter)
		b = base64.RawURLEncoding.AppendEncode(b, s.ID[:])
		b = append(b, ':')
		b = strconv.AppendInt(b, seq, 10)
	}
	if len(b) > 0 {
		payloads = append(payloads, string(b))
	}
	return payloads
}

// readHints reads a payload; all is true when it stands for every stream, as it does when it
// is none of ours.
func readHints(payload string) (hints []Hint, all bool) {
	for word := range strings.FieldsSeq(payload) {
		h, ok := readHint(word)
		if !ok {
			return nil, true
		}
		hints = append(hints, h)
	}
	return hints, false
}

func readHint(word string) (Hint, bool) {
	head, number, _ := strings.Cut(word, ":")
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || head == "" {
		return Hint{}, false
	}
	id, err := base64.RawURLEncoding.DecodeString(head[1:])
	if err != nil || len(id) != len(winddown.ID{}) {
		return Hint{}, false
	}
	for kind, letter := range hintLetters() {
		if letter == head[0] {
			return Hint{Stream: winddown.Stream{Kind: kind, ID: winddown.ID(id)}, Seq: seq}, true
		}
	}
	return Hint{}, false
}

// Listen hears the hints of every process on a connection of its own, until ctx ends or the
// connection is lost, which is the error. It calls ready when nothing committed from then on
// goes unheard, and heard with hints, or with none when anything may have changed.
func (db *DB) Listen(ctx context.Context, ready func(), heard func([]Hint)) error {
	connecting, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(connecting, db.direct)
	if err != nil {
		return classify(err)
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.Background(), hintFlush)
		defer cancel()
		_ = conn.Close(closing)
	}()
	if _, err := conn.Exec(connecting, sqlListen); err != nil {
		return classify(err)
	}
	ready()
	for {
		waiting, cancel := context.WithTimeout(ctx, hintSilence)
		n, err := conn.WaitForNotification(waiting)
		cancel()
		switch {
		case err == nil:
			if hints, all := readHints(n.Payload); all {
				heard(nil)
			} else if len(hints) > 0 {
				heard(hints)
			}
		case ctx.Err() != nil:
			return ctx.Err()
		case waiting.Err() != nil && !conn.IsClosed():
			asking, cancel := context.WithTimeout(ctx, connectTimeout)
			err := conn.Ping(asking)
			cancel()
			if err != nil {
				return classify(err)
			}
		default:
			return classify(err)
		}
	}
}
