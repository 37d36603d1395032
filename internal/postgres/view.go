package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

const sqlViews = `-- name: Views
select u.views_kept as kept, v.id, v.code, v.name, v.query, v.pinned, v.home
from users u left join saved_views v on v.user_id = u.id
where u.id = @user
order by v.position`

// viewRow is a saved view of a person, or nothing where he has none; Kept says whether he keeps his own.
type viewRow struct {
	Kept              bool
	ID                winddown.ID
	Code, Name, Query *string
	Pinned, Home      *bool
}

// viewsQuery collects the saved views of a person.
type viewsQuery struct{ rows []viewRow }

func (q *viewsQuery) queue(b *pgx.Batch, user winddown.ID) {
	b.Queue(sqlViews, namedArgs{"user": user}).Query(collect(&q.rows))
}

// result are the views: those that come with the program until the person kept others.
func (q *viewsQuery) result(user winddown.ID) winddown.Views {
	if len(q.rows) == 0 || !q.rows[0].Kept {
		return winddown.Starters(user)
	}
	var views winddown.Views
	for _, r := range q.rows {
		if !r.ID.IsZero() {
			views = append(views, winddown.View{ID: r.ID, Code: *r.Code, Name: *r.Name, Query: *r.Query, Pinned: *r.Pinned, Home: *r.Home})
		}
	}
	return views
}

// Views returns the saved views of the actor, with the people of the firm he works in, whom
// they may name, in one round trip.
func (db *DB) Views(ctx context.Context, actor winddown.Actor) (winddown.Views, []winddown.Member, error) {
	var q viewsQuery
	var people []firmPersonRow
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		q.queue(b, actor.UserID)
		b.Queue(sqlFirmPeople, namedArgs{"firm": actor.FirmID, "actor": actor.UserID}).Query(collect(&people))
	})
	return q.result(actor.UserID), members(people), err
}

// LockViews returns the saved views of the actor and holds his row until the transaction ends.
func (tx *Tx) LockViews(ctx context.Context) (winddown.Views, error) {
	var me userQuery
	var q viewsQuery
	err := tx.read(ctx, func(b *pgx.Batch) {
		me.queue(b, tx.actor.UserID)
		q.queue(b, tx.actor.UserID)
	})
	if err == nil {
		_, err = me.hold(tx)
	}
	return q.result(tx.actor.UserID), err
}

const sqlKeepViews = `-- name: KeepViews
update users set views_kept = true where id = @user and not views_kept`

const sqlDeleteViews = `-- name: DeleteViews
delete from saved_views where user_id = @user`

const sqlInsertViews = `-- name: InsertViews
insert into saved_views (id, user_id, position, code, name, query, pinned, home)
select x.id, @user, x.position, x.code, x.name, x.query, x.pinned, x.home
from unnest(@ids::uuid[], @codes::text[], @names::text[], @queries::text[], @pinned::boolean[], @home::boolean[])
    with ordinality as x (id, code, name, query, pinned, home, position)`

// SaveViews writes all views of the actor, which LockViews returned.
func (tx *Tx) SaveViews(views winddown.Views) {
	var ids []winddown.ID
	var codes, names, queries []string
	var pinned, home []bool
	for _, v := range views {
		ids, codes, names, queries = append(ids, v.ID), append(codes, v.Code), append(names, v.Name), append(queries, v.Query)
		pinned, home = append(pinned, v.Pinned), append(home, v.Home)
	}
	user := namedArgs{"user": tx.actor.UserID}
	tx.write(sqlKeepViews, user)
	tx.write(sqlDeleteViews, user)
	tx.write(sqlInsertViews, namedArgs{
		"user": tx.actor.UserID, "ids": ids, "codes": codes, "names": names, "queries": queries, "pinned": pinned, "home": home,
	})
}

const sqlStart = `-- name: Start
select exists (select from firm_people f where f.user_id = @actor) as keeps_books,
       exists (select from case_people p where p.user_id = @actor) as has_cases,
       (select v.query from saved_views v where v.user_id = @actor and v.home) as home,
       array(select f.user_id from firm_people f where f.firm_id = @firm) as colleagues`

// Start says where a person begins: whether he keeps anybody's books, whether he owns a case
// or helps with one, the query of the view he made his home, if he did, and who works in his firm.
type Start struct {
	KeepsBooks bool
	HasCases   bool
	Home       *string
	Colleagues []winddown.ID
}

// Start returns where the actor begins, in one round trip.
func (db *DB) Start(ctx context.Context, actor winddown.Actor) (Start, error) {
	rows, err := db.pool.Query(ctx, sqlStart, namedArgs{"actor": actor.UserID, "firm": actor.FirmID})
	if err != nil {
		return Start{}, classify(err)
	}
	s, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Start])
	return s, classify(err)
}
