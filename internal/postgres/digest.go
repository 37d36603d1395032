package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// ownScope is the condition under which a case c is the actor's own business: he is in it, or
// responsible for it. The letters keep to it, as Case.Notifies does; a lead is not written to
// about the firm's cases.
const ownScope = `(c.responsible_id = @actor or exists (select from case_people p where p.case_id = c.id and p.user_id = @actor))`

// MaxDigestCases is how many cases one letter or calendar looks at, those with the nearest
// deadlines first.
const MaxDigestCases = 2000

// PlannedDigest is a letter that is due: whose, and on which day of his.
type PlannedDigest struct {
	UserID winddown.ID
	On     winddown.Date
}

// DigestDay is a working day with the day on which a letter of a weekday (0 for every day) was
// last due.
type DigestDay struct {
	Day     winddown.Date
	Weekday int
	Slot    winddown.Date
}

// sqlPlanDigests finds and notes in one go whose hour has come: people whose letter of the slot
// was not dealt with, be it that of a weekday some days ago, and who are not due today already,
// unless that letter was lost on the way. Of two planners at the same time
// the second waits for the first and finds nothing.
const sqlPlanDigests = `-- name: PlanDigests
with people as (
    select u.id, (@now::timestamptz at time zone u.zone) as local, coalesce(s.hour, 9) as hour,
           case coalesce(s.frequency, 'daily') when 'weekly' then s.weekday when 'daily' then 0 end as weekday,
           s.planned_on, s.planned_at, s.done_on
    from users u left join mail_settings s on s.user_id = u.id
    where u.disabled_at is null and u.confirmed_at is not null
), due as (
    select p.id, d.day
    from people p
    join unnest(@days::date[], @weekdays::int[], @slots::date[]) as d(day, weekday, slot)
        on d.day = p.local::date and d.weekday = p.weekday
    where extract(hour from p.local) >= p.hour
      and (p.done_on is null or p.done_on < d.slot)
      and (p.planned_on is distinct from d.day or p.planned_at < @lost)
      and (exists (select from cases c where c.responsible_id = p.id and c.finished_on is null)
          or exists (select from case_people m join cases c on c.id = m.case_id where m.user_id = p.id and c.finished_on is null))
    order by p.id
    limit @limit
)
insert into mail_settings as s (user_id, planned_on, planned_at)
select id, day, @now from due
on conflict (user_id) do update set planned_on = excluded.planned_on, planned_at = excluded.planned_at
    where s.planned_on is distinct from excluded.planned_on or s.planned_at < @lost
returning user_id, planned_on as on`

// PlanDigests notes that the letters of at most limit people are due now and returns them; one
// that was planned before lost and not dealt with is due again. It is the installation's own
// work and no event: nobody did anything.
func (tx *Tx) PlanDigests(ctx context.Context, days []DigestDay, lost time.Time, limit int) ([]PlannedDigest, error) {
	var day, slot []winddown.Date
	var weekday []int
	for _, d := range days {
		day, weekday, slot = append(day, d.Day), append(weekday, d.Weekday), append(slot, d.Slot)
	}
	var planned []PlannedDigest
	tx.silent++
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlPlanDigests, namedArgs{
			"now": tx.now, "days": dates(day), "weekdays": append([]int{}, weekday...), "slots": dates(slot), "lost": lost, "limit": limit,
		}).Query(collect(&planned))
	})
	return planned, err
}

const sqlMailSettings = `-- name: MailSettings
select hour, frequency, weekday, muted, inbox_weekly from mail_settings where user_id = @user`

type mailSettingsRow struct {
	Hour        int
	Frequency   string
	Weekday     int
	Muted       []string
	InboxWeekly bool
}

func mailSettings(rows []mailSettingsRow) winddown.MailSettings {
	if len(rows) == 0 {
		return winddown.DefaultMailSettings()
	}
	r := rows[0]
	s := winddown.MailSettings{Hour: r.Hour, Frequency: winddown.Frequency(r.Frequency), Weekday: r.Weekday, InboxWeekly: r.InboxWeekly}
	for _, k := range r.Muted {
		s.Muted = append(s.Muted, winddown.DigestKind(k))
	}
	return s
}

const sqlFeedOf = `-- name: FeedOf
select created_at from calendar_feeds where user_id = @user and revoked_at is null`

type feedRow struct{ CreatedAt time.Time }

// MailRead is a person's choices about letters and when his calendar's address was made, zero
// without one.
type MailRead struct {
	Settings winddown.MailSettings
	FeedAt   time.Time
}

type mailQuery struct {
	settings []mailSettingsRow
	feeds    []feedRow
}

func (q *mailQuery) queue(b *pgx.Batch, user winddown.ID) {
	b.Queue(sqlMailSettings, namedArgs{"user": user}).Query(collect(&q.settings))
	b.Queue(sqlFeedOf, namedArgs{"user": user}).Query(collect(&q.feeds))
}

func (q *mailQuery) result() MailRead {
	read := MailRead{Settings: mailSettings(q.settings)}
	if len(q.feeds) > 0 {
		read.FeedAt = q.feeds[0].CreatedAt
	}
	return read
}

// Mail returns the actor's choices about letters and his calendar's address, in one round trip.
func (db *DB) Mail(ctx context.Context, actor winddown.Actor) (MailRead, error) {
	var q mailQuery
	err := db.snapshot(ctx, func(b *pgx.Batch) { q.queue(b, actor.UserID) })
	return q.result(), err
}

// LockMail is Mail with the person held until the transaction ends.
func (tx *Tx) LockMail(ctx context.Context, user winddown.ID) (Account, MailRead, error) {
	var one userQuery
	var q mailQuery
	err := tx.read(ctx, func(b *pgx.Batch) {
		one.queue(b, user)
		q.queue(b, user)
	})
	if err != nil {
		return Account{}, MailRead{}, err
	}
	account, err := one.hold(tx)
	return account, q.result(), err
}

// A weekly letter that is chosen now comes on its weekday, not at once for the weekday before:
// done_on says so. «Never» keeps what there was before it, so that it can be taken back.
const sqlSaveMailSettings = `-- name: SaveMailSettings
insert into mail_settings as s (user_id, hour, frequency, weekday, muted, inbox_weekly, done_on)
values (@user, @hour, @frequency, @weekday, @muted, @inbox_weekly, @yesterday)
on conflict (user_id) do update set hour = excluded.hour, frequency = excluded.frequency, weekday = excluded.weekday,
    muted = excluded.muted, inbox_weekly = excluded.inbox_weekly,
    before_never = case when excluded.frequency <> 'never' then '' when s.frequency <> 'never' then s.frequency else s.before_never end,
    done_on = greatest(s.done_on, excluded.done_on)`

// SaveMail writes the choices of a person the transaction holds, on a day of his.
func (tx *Tx) SaveMail(user winddown.ID, s winddown.MailSettings, today winddown.Date) {
	tx.write(sqlSaveMailSettings, namedArgs{
		"user": user, "hour": s.Hour, "frequency": s.Frequency, "weekday": s.Weekday, "muted": texts(s.Muted),
		"inbox_weekly": s.InboxWeekly, "yesterday": today.AddDays(-1),
	})
}

const sqlUnsubscriber = `-- name: Unsubscriber
select t.user_id as id from unsubscribe_tokens t where t.token_hash = @token`

// Unsubscriber returns whom the link under a letter belongs to, or NotFound.
func (db *DB) Unsubscriber(ctx context.Context, tokenHash []byte) (user winddown.ID, err error) {
	err = db.pool.QueryRow(ctx, sqlUnsubscriber, namedArgs{"token": tokenHash}).Scan(&user)
	return user, classify(err)
}

const sqlLockUnsubscriber = `-- name: LockUnsubscriber
select u.id, u.event_seq, u.event_hash, coalesce(s.frequency, 'daily') as frequency, coalesce(s.before_never, '') as before_never
from unsubscribe_tokens t join users u on u.id = t.user_id left join mail_settings s on s.user_id = u.id
where t.token_hash = @token
for no key update of u`

type unsubscriberRow struct {
	ID          winddown.ID
	EventSeq    int64
	EventHash   []byte
	Frequency   string
	BeforeNever string
}

// LockUnsubscriber returns whom the link under a letter belongs to, how often he gets letters
// and how often before he ended them, and holds him; NotFound for an unknown token.
func (tx *Tx) LockUnsubscriber(ctx context.Context, tokenHash []byte) (user winddown.ID, now, before winddown.Frequency, err error) {
	var rows []unsubscriberRow
	err = tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockUnsubscriber, namedArgs{"token": tokenHash}).Query(collect(&rows))
	})
	if err != nil {
		return winddown.ID{}, "", "", err
	}
	if len(rows) == 0 {
		return winddown.ID{}, "", "", &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	r := rows[0]
	tx.hold(winddown.Stream{Kind: winddown.UserStream, ID: r.ID}, r.EventSeq, r.EventHash)
	return r.ID, winddown.Frequency(r.Frequency), winddown.Frequency(r.BeforeNever), nil
}

// Letters that are taken back come from today on, as in SaveMail.
const sqlSaveFrequency = `-- name: SaveFrequency
insert into mail_settings as s (user_id, frequency, before_never, done_on)
select id, @frequency, @before, (@now::timestamptz at time zone zone)::date - 1 from users where id = @user
on conflict (user_id) do update set frequency = excluded.frequency, before_never = excluded.before_never,
    done_on = greatest(s.done_on, excluded.done_on)`

// SaveFrequency writes how often a person the transaction holds gets letters, and how often he
// got them before he ended them.
func (tx *Tx) SaveFrequency(user winddown.ID, f, before winddown.Frequency) {
	tx.write(sqlSaveFrequency, namedArgs{"user": user, "frequency": f, "before": before, "now": tx.now})
}

const sqlDigestPerson = `-- name: DigestPerson
select u.id, u.email, u.name, u.locale, u.zone, u.disabled_at is not null as disabled,
       u.confirmed_at is not null as confirmed, (select max(d.on_date) from digests d where d.user_id = u.id) as last_on
from users u where u.id = @user`

const sqlDigestCases = `-- name: DigestCases
select c.id from cases c
where c.finished_on is null and ` + ownScope + `
order by c.due_on, c.id
limit @limit`

const sqlDigestItems = `-- name: DigestItems
select i.case_id, i.key, i.on_date from digest_items i join cases c on c.id = i.case_id
where i.user_id = @actor and c.finished_on is null and ` + ownScope

const sqlDigestQuestions = `-- name: DigestQuestions
select q.case_id, q.number, q.step, q.body, q.asked_by, q.asked_at, q.answer, q.answered_by, q.answered_at, q.resolved_by, q.resolved_at,
       '' as asked_name, '' as answered_name, '' as resolved_name
from questions q join cases c on c.id = q.case_id
where c.id = any(@cases) and q.resolved_at is null and ` + caseScope + `
order by q.case_id, q.number`

type digestPersonRow struct {
	ID        winddown.ID
	Email     string
	Name      string
	Locale    string
	Zone      string
	Disabled  bool
	Confirmed bool
	LastOn    winddown.Date
}

type toldRow struct {
	CaseID winddown.ID
	Key    string
	OnDate winddown.Date
}

type digestQuestionRow struct {
	CaseID winddown.ID
	questionRow
}

// DigestRead is what a letter is written from: the person, his choices, his cases with their
// questions, and what he was told of each before.
type DigestRead struct {
	User     winddown.User
	Settings winddown.MailSettings
	Last     winddown.Date // the day of the last letter he got, zero if there was none
	Cases    []SeenCase
	Known    map[winddown.ID]map[string]winddown.Date // what he was told, and on which day of his

	Generation int64 // of the calendar
}

// SeenCase is a case with what a person is in it.
type SeenCase struct {
	Case      *winddown.Case
	Standing  winddown.Standing
	ChangedAt time.Time
}

// Digest returns what the actor's letter is written from, in two round trips, or
// NotFound for somebody without an account.
func (db *DB) Digest(ctx context.Context, actor winddown.Actor) (DigestRead, error) {
	var people []digestPersonRow
	var settings []mailSettingsRow
	var ids []idRow
	var told []toldRow
	var generation int64
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		queueGeneration(b, &generation)
		b.Queue(sqlDigestPerson, namedArgs{"user": actor.UserID}).Query(collect(&people))
		b.Queue(sqlMailSettings, namedArgs{"user": actor.UserID}).Query(collect(&settings))
		b.Queue(sqlDigestCases, namedArgs{"actor": actor.UserID, "limit": MaxDigestCases}).Query(collect(&ids))
		b.Queue(sqlDigestItems, namedArgs{"actor": actor.UserID}).Query(collect(&told))
	})
	if err != nil {
		return DigestRead{}, err
	}
	if len(people) == 0 {
		return DigestRead{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	p := people[0]
	read := DigestRead{
		User: winddown.User{ID: p.ID, Email: p.Email, Name: p.Name, Locale: p.Locale, Zone: p.Zone, Disabled: p.Disabled, Confirmed: p.Confirmed},
		Last: p.LastOn, Settings: mailSettings(settings), Generation: generation, Known: map[winddown.ID]map[string]winddown.Date{},
	}
	for _, r := range told {
		if read.Known[r.CaseID] == nil {
			read.Known[r.CaseID] = map[string]winddown.Date{}
		}
		read.Known[r.CaseID][r.Key] = r.OnDate
	}
	all := make([]winddown.ID, len(ids))
	for i, r := range ids {
		all[i] = r.ID
	}
	read.Cases, err = db.seenCases(ctx, actor, all)
	return read, err
}

// seenCases returns cases in the actor's scope with their open questions, in their order.
func (db *DB) seenCases(ctx context.Context, actor winddown.Actor, ids []winddown.ID) ([]SeenCase, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var (
		cases     []caseRow
		steps     []exportStepRow
		acts      []exportActRow
		deadlines []exportDeadlineRow
		questions []digestQuestionRow
		changed   []changedRow
	)
	args := namedArgs{"cases": ids, "actor": actor.UserID}
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		b.Queue(sqlExportCases, args).Query(collect(&cases))
		b.Queue(sqlExportSteps, args).Query(collect(&steps))
		b.Queue(sqlExportActs, args).Query(collect(&acts))
		b.Queue(sqlExportDeadlines, args).Query(collect(&deadlines))
		b.Queue(sqlDigestQuestions, args).Query(collect(&questions))
		b.Queue(sqlChanged, args).Query(collect(&changed))
	})
	if err != nil {
		return nil, err
	}
	stepsOf, actsOf, deadlinesOf := map[winddown.ID][]stepRow{}, map[winddown.ID][]actRow{}, map[winddown.ID][]deadlineRow{}
	for _, r := range steps {
		stepsOf[r.CaseID] = append(stepsOf[r.CaseID], r.stepRow)
	}
	for _, r := range acts {
		actsOf[r.CaseID] = append(actsOf[r.CaseID], r.actRow)
	}
	for _, r := range deadlines {
		deadlinesOf[r.CaseID] = append(deadlinesOf[r.CaseID], r.deadlineRow)
	}
	found := map[winddown.ID]*SeenCase{}
	for _, r := range cases {
		c, err := r.domain(stepsOf[r.ID], actsOf[r.ID], deadlinesOf[r.ID])
		if err != nil {
			return nil, err
		}
		found[c.ID] = &SeenCase{Case: c, Standing: r.standing()}
	}
	for _, r := range changed {
		if s := found[r.ID]; s != nil {
			s.ChangedAt = r.ChangedAt
		}
	}
	for _, r := range questions {
		if s := found[r.CaseID]; s != nil {
			s.Case.Questions = append(s.Case.Questions, r.domain())
		}
	}
	var ordered []SeenCase
	for _, id := range ids {
		if s := found[id]; s != nil {
			ordered = append(ordered, *s)
		}
	}
	return ordered, nil
}

const sqlChanged = `-- name: Changed
select c.id, c.changed_at from cases c where c.id = any(@cases) and ` + caseScope

type changedRow struct {
	ID        winddown.ID
	ChangedAt time.Time
}

const sqlInsertUnsubscribe = `-- name: InsertUnsubscribe
insert into unsubscribe_tokens (token_hash, user_id, created_at) values (@token, @user, @now)`

// Links under letters older than a year have served.
const sqlForgetUnsubscribe = `-- name: ForgetUnsubscribe
delete from unsubscribe_tokens where user_id = @user and created_at < @before`

// NewUnsubscribe writes the link under a letter, and forgets those of old ones. Writing a
// letter is no event: the person did nothing.
func (tx *Tx) NewUnsubscribe(user winddown.ID, tokenHash []byte) {
	tx.silent++
	tx.batch.Queue(sqlForgetUnsubscribe, namedArgs{"user": user, "before": tx.now.AddDate(-1, 0, 0)})
	tx.batch.Queue(sqlInsertUnsubscribe, namedArgs{"token": tokenHash, "user": user, "now": tx.now})
}

// A letter that is held is not done, nor is it lost: it is planned anew on another day.
const sqlDigestDone = `-- name: DigestDone
insert into mail_settings as s (user_id, planned_on, planned_at, done_on)
values (@user, @on, @tomorrow, case when not @held then @on::date end)
on conflict (user_id) do update set done_on = greatest(s.done_on, excluded.done_on), planned_at = excluded.planned_at`

const sqlInsertDigest = `-- name: InsertDigest
insert into digests (user_id, on_date, sent_at, lines) values (@user, @on, @now, @lines)
on conflict (user_id, on_date) do nothing`

const sqlInsertDigestItems = `-- name: InsertDigestItems
insert into digest_items (user_id, case_id, key, on_date)
select @user, i.case_id, i.key, @on from unnest(@cases::uuid[], @keys::text[]) as i(case_id, key)
on conflict (user_id, case_id, key) do nothing`

// DigestDone notes that a person's letter of a day was dealt with: sent with these lines, or
// not sent where there are none. With held the next days ask for it again. It is no event.
func (tx *Tx) DigestDone(user winddown.ID, on winddown.Date, cases []winddown.ID, keys []string, held bool) {
	tx.silent++
	tx.batch.Queue(sqlDigestDone, namedArgs{"user": user, "on": on, "tomorrow": tx.now.Add(24 * time.Hour), "held": held})
	if len(keys) == 0 {
		return
	}
	tx.batch.Queue(sqlInsertDigest, namedArgs{"user": user, "on": on, "now": tx.now, "lines": len(keys)})
	tx.batch.Queue(sqlInsertDigestItems, namedArgs{"user": user, "on": on, "cases": cases, "keys": keys})
}
