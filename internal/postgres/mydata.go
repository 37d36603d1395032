package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// MaxMyRows bounds the rows of one section of what a person takes of himself; the newest are given.
const MaxMyRows = 100_000

// What is kept of a person, a row of JSON each, newest first where there may be many. What he typed
// in a case or a firm he does not see any more is theirs: only that he did something is said.
const (
	sqlMyProfile = `-- name: MyProfile
select row_to_json(r)::text from (select id, email, name, locale, zone, created_at, confirmed_at, operator, firm_id, consent, consent_at, erase_asked_at, erase_at
from users where id = @actor limit @limit) r`
	sqlMySessions = `-- name: MySessions
select row_to_json(r)::text from (select id, created_at, seen_at, proved_at, expires_at, ended_at, user_agent, address, new_browser
from login_sessions where user_id = @actor order by created_at desc, id limit @limit) r`
	sqlMySeats = `-- name: MySeats
select row_to_json(r)::text from (select c.id as case_id, c.seller_name, c.inn, p.role, p.added_at
from case_people p join cases c on c.id = p.case_id where p.user_id = @actor order by p.added_at desc, c.id limit @limit) r`
	sqlMyBooks = `-- name: MyBooks
select row_to_json(r)::text from (select c.id as case_id, c.seller_name, c.inn from cases c where c.responsible_id = @actor order by c.id limit @limit) r`
	sqlMyFirms = `-- name: MyFirms
select row_to_json(r)::text from (select f.id as firm_id, f.name, p.role, p.added_at
from firm_people p join firms f on f.id = p.firm_id where p.user_id = @actor order by p.added_at, f.id limit @limit) r`
	sqlMyInvites = `-- name: MyInvites
select row_to_json(r)::text from (
select 'case' as "to", i.case_id as id, i.role, i.created_at, i.expires_at, i.used_at, i.revoked_at, i.created_by = @actor as made_by_me,
       i.used_by is not distinct from @actor as used_by_me, lower(i.email) = @email_key as sent_to_me, i.replaces is not distinct from @actor as replaces_me
from invites i where i.created_by = @actor or i.used_by = @actor or i.replaces = @actor or lower(i.email) = @email_key
union all
select 'firm', i.firm_id, i.role, i.created_at, i.expires_at, i.used_at, i.revoked_at, i.created_by = @actor,
       i.used_by is not distinct from @actor, lower(i.email) = @email_key, false
from firm_invites i where i.created_by = @actor or i.used_by = @actor or lower(i.email) = @email_key
order by created_at desc limit @limit) r`
	sqlMyLinks = `-- name: MyLinks
select row_to_json(r)::text from (select id, case_id, files, people, comments, password_hash <> '' as password, created_at, expires_at, revoked_at, opened_at
from share_links where created_by = @actor order by created_at desc, id limit @limit) r`
	sqlMyMail = `-- name: MyMail
select row_to_json(r)::text from (select hour, frequency, weekday, muted, inbox_weekly, before_never, planned_on, planned_at, done_on
from mail_settings where user_id = @actor limit @limit) r`
	sqlMyLetters = `-- name: MyLetters
select row_to_json(r)::text from (
select 'digest' as kind, sent_at as at, lines, 'sent' as state from digests where user_id = @actor
union all
select kind, coalesce(finalized_at, created_at), null, state::text from river_job where args ->> 'user' = @actor::uuid::text
order by at desc limit @limit) r`
	sqlMyTold = `-- name: MyTold
select row_to_json(r)::text from (select case_id, key, on_date from digest_items where user_id = @actor order by on_date desc, case_id, key limit @limit) r`
	sqlMyTokens = `-- name: MyTokens
select row_to_json(r)::text from (
select purpose, created_at, expires_at, used_at from mail_tokens where user_id = @actor
union all
select 'unsubscribe', created_at, null, null from unsubscribe_tokens where user_id = @actor
order by created_at desc limit @limit) r`
	sqlMyFeeds = `-- name: MyFeeds
select row_to_json(r)::text from (select id, created_at, revoked_at from calendar_feeds where user_id = @actor order by created_at desc, id limit @limit) r`
	sqlMyViews = `-- name: MyViews
select row_to_json(r)::text from (select position, code, name, query, pinned, home from saved_views where user_id = @actor order by position limit @limit) r`
	sqlMyImports = `-- name: MyImports
select row_to_json(r)::text from (select id, firm_id, name, created_at, expires_at, loaded_at from imports where user_id = @actor order by created_at desc, id limit @limit) r`
	sqlMyEmailChange = `-- name: MyEmailChange
select row_to_json(r)::text from (select email, expires_at from email_changes where user_id = @actor limit @limit) r`
	sqlMyTwoFactor = `-- name: MyTwoFactor
select row_to_json(r)::text from (
    select pending, created_at, null as recovery_codes, null as used from totp_secrets where user_id = @actor
    union all
    select null, null, count(*), count(used_at) from recovery_codes where user_id = @actor having count(*) > 0
    limit @limit) r`
	sqlMyPasskeys = `-- name: MyPasskeys
select row_to_json(r)::text from (select id, name, added_at, used_at, backed_up from passkeys where user_id = @actor order by added_at, id limit @limit) r`
	sqlMyBrowsers = `-- name: MyBrowsers
select row_to_json(r)::text from (select first_at, last_at from known_browsers where user_id = @actor order by first_at, last_at limit @limit) r`
	sqlMyErasures = `-- name: MyErasures
select row_to_json(r)::text from (
select c.id as case_id, c.erase_asked_at as asked_at, c.erase_at, null::timestamptz as erased_at from cases c where c.erase_by = @actor
union all
select case_id, asked_at, null, erased_at from tombstones where asked_by = @actor
order by asked_at desc limit @limit) r`
	// It reads the whole table. Where a person may have left an event is not to be derived from where he is
	// now: those he wrote in cases and firms he left, where an operator acted for others, or others about
	// him, are in streams that nothing else ties to him, and they are his to take along. An index on by_id
	// and about_id would find them, and cost every write for what a person does a few times in his life.
	sqlMyEvents = `-- name: MyEvents
select row_to_json(r)::text from (select e.at,
       case when e.stream_kind = 'user' and e.stream_id = @actor
              or e.by_id = @actor and (e.stream_kind in ('user', 'system')
                or e.stream_kind = 'case' and exists (select from cases c where c.id = e.stream_id and ` + caseScope + `)
                or e.stream_kind = 'firm' and exists (select from firms f where f.id = e.stream_id and ` + firmScope + `))
            then convert_from(e.body, 'UTF8')::json else json_build_object('kind', convert_from(e.body, 'UTF8')::json -> 'kind') end as event,
       e.stream_kind, e.stream_id, e.seq, e.by_id is not distinct from @actor as by_me
from events e where e.by_id = @actor or e.about_id = @actor or e.stream_kind = 'user' and e.stream_id = @actor
order by e.at desc, e.stream_id, e.seq desc limit @limit) r`
)

// mySections are the sections of what a person takes of himself, in their order.
func mySections() []struct{ name, sql string } {
	return []struct{ name, sql string }{
		{"profile", sqlMyProfile}, {"sessions", sqlMySessions}, {"cases", sqlMySeats}, {"books", sqlMyBooks}, {"firms", sqlMyFirms},
		{"invites", sqlMyInvites}, {"links", sqlMyLinks}, {"mail", sqlMyMail}, {"letters", sqlMyLetters}, {"told", sqlMyTold},
		{"tokens", sqlMyTokens}, {"feeds", sqlMyFeeds}, {"views", sqlMyViews}, {"imports", sqlMyImports}, {"email_change", sqlMyEmailChange}, {"two_factor", sqlMyTwoFactor}, {"passkeys", sqlMyPasskeys}, {"browsers", sqlMyBrowsers},
		{"erasures", sqlMyErasures}, {"events", sqlMyEvents},
	}
}

// InEvents says of a column that what it holds is told by the events of the same person.
const InEvents = "events"

// PersonalColumns says of every column that refers to a person in which section it is taken along;
// a reason in words, which has a space, says why it is not. A test compares it with the schema.
func PersonalColumns() map[string]string {
	return map[string]string{
		"users.id": "profile", "login_sessions.user_id": "sessions", "case_people.user_id": "cases", "cases.responsible_id": "books",
		"firm_people.user_id": "firms", "invites.created_by": "invites", "invites.used_by": "invites", "invites.replaces": "invites", "firm_invites.created_by": "invites",
		"firm_invites.used_by": "invites", "share_links.created_by": "links", "mail_settings.user_id": "mail", "digests.user_id": "letters",
		"digest_items.user_id": "told", "mail_tokens.user_id": "tokens", "unsubscribe_tokens.user_id": "tokens", "calendar_feeds.user_id": "feeds",
		"saved_views.user_id": "views", "imports.user_id": "imports", "email_changes.user_id": "email_change", "cases.erase_by": "erasures",
		"totp_secrets.user_id": "two_factor", "recovery_codes.user_id": "two_factor", "login_steps.user_id": "only a hash that stands for ten minutes",
		"passkeys.user_id": "passkeys", "known_browsers.user_id": "browsers", "passkey_challenges.user_id": "only a hash that stands for five minutes",
		"tombstones.asked_by": "erasures", "events.by_id": "events", "events.about_id": "events",
		"case_steps.done_by": InEvents, "case_steps.problem_by": InEvents, "case_steps.accepted_by": InEvents, "case_steps.dropped_by": InEvents,
		"case_steps.waiver_by": InEvents, "evidence.by_id": InEvents, "questions.asked_by": InEvents, "questions.answered_by": InEvents,
		"questions.resolved_by": InEvents, "cases.reminded_by": InEvents, "debts.by_id": InEvents,
		"register_counts.responsible_id": "only how many of the cases in books there are",
		"farewells.user_id":              "only of people who are erased already",
	}
}

// MySection is a part of what a person takes of himself. More says that older rows were left out.
type MySection struct {
	Name string
	Rows int
	More bool
}

// MyData gives what is kept of the actor to each, a row of JSON at a time, the rows of a section one
// after the other, all as it was at one moment, and returns the sections.
func (db *DB) MyData(ctx context.Context, actor winddown.Actor, begin func(section string) error, each func(row string) error) ([]MySection, error) {
	var sections []MySection
	var failed error // the functions' own errors are not the database's
	err := pgx.BeginTxFunc(ctx, db.pool, db.begin(oneView), func(tx pgx.Tx) error {
		for _, s := range mySections() {
			if failed = begin(s.name); failed != nil {
				return failed
			}
			section := MySection{Name: s.name}
			args := namedArgs{"actor": actor.UserID, "limit": MaxMyRows + 1}
			if s.sql == sqlMyInvites {
				args["email_key"] = winddown.EmailKey(actor.Email)
			}
			rows, err := tx.Query(ctx, s.sql, args)
			if err != nil {
				return err
			}
			var row string
			_, err = pgx.ForEachRow(rows, []any{&row}, func() error {
				if section.Rows == MaxMyRows {
					section.More = true
					return nil
				}
				section.Rows++
				failed = each(row)
				return failed
			})
			if err != nil {
				return err
			}
			sections = append(sections, section)
		}
		return nil
	})
	if failed != nil {
		return nil, failed
	}
	return sections, classify(err)
}
