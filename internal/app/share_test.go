package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/winddown"
)

// newShare is a link that shows no more than every link does.
func newShare() winddown.NewShare {
	return winddown.NewShare{Whom: "Аудитор", Days: winddown.DefaultShareDays}
}

// share makes a link to a case.
func (w *world) share(actor winddown.Actor, id winddown.ID, in winddown.NewShare) (winddown.ID, string) {
	w.t.Helper()
	token, err := w.app.CreateShare(w.t.Context(), actor, id, in)
	if err != nil {
		w.t.Fatalf("share: %v", err)
	}
	return winddown.ID(one[uuid.UUID](w, "select id from share_links where token_hash = sha256($1::text::bytea)", token)), token
}

func (w *world) wantOpen(token string) {
	w.t.Helper()
	if _, err := w.app.SharedCase(w.t.Context(), winddown.ID{}, token, ""); err != nil {
		w.t.Errorf("the link is not open: %v", err)
	}
}

func (w *world) wantOver(token string) {
	w.t.Helper()
	_, err := w.app.SharedCase(w.t.Context(), winddown.ID{}, token, "")
	wantKind(w.t, err, winddown.Gone)
	_, _, _, err = w.app.SharedFile(w.t.Context(), winddown.ID{}, token, "", 1)
	wantKind(w.t, err, winddown.Gone)
	_, err = w.app.Unlock(w.t.Context(), token, "")
	wantKind(w.t, err, winddown.Gone)
}

// wantShare checks the states of the links to a case, in their order.
func (w *world) wantShare(actor winddown.Actor, id winddown.ID, want ...winddown.ShareState) {
	w.t.Helper()
	found, err := w.app.Shares(w.t.Context(), actor, id)
	if err != nil {
		w.t.Fatal(err)
	}
	var got []winddown.ShareState
	for _, l := range found.Links {
		got = append(got, l.State(w.clock.Now()))
	}
	if !slices.Equal(got, want) {
		w.t.Errorf("the links are %v, want %v", got, want)
	}
}

// A link ends with its term, with its revocation, and with the right of whoever made it.
func TestWhenALinkEnds(t *testing.T) {
	ctx := t.Context()
	inOneWorld(t, map[string]func(*testing.T, *world){
		"its term": func(t *testing.T, w *world) {
			a := w.person("Петрова")
			in := newShare()
			in.Days = 3
			_, token := w.share(a, w.open(a), in)
			w.clock.Advance(3*24*time.Hour - time.Second)
			w.wantOpen(token)
			w.clock.Advance(time.Second)
			w.wantOver(token)
		},
		"revoked, which is final": func(t *testing.T, w *world) {
			a := w.person("Петрова")
			id := w.open(a)
			share, token := w.share(a, id, newShare())
			_, other := w.share(a, id, newShare())
			for range 2 {
				if err := w.app.RevokeShare(ctx, a, id, share); err != nil {
					t.Fatal(err)
				}
			}
			w.wantOver(token)
			w.wantOpen(other)
			w.wantShare(a, id, winddown.ShareActive, winddown.ShareEnded)
		},
		"revoked, however many have come and gone since": func(t *testing.T, w *world) {
			a := w.person("Петрова")
			id := w.open(a)
			share, token := w.share(a, id, newShare())
			w.exec(`insert into share_links (id, case_id, token_hash, whom, files, people, comments, password_hash, created_by, created_at, expires_at, revoked_at)
				select gen_random_uuid(), case_id, sha256(n::text::bytea), whom, false, false, false, '', created_by, created_at + n * interval '1 minute', expires_at, created_at + interval '1 day'
				from share_links, generate_series(1, 150) n where id = $1`, uuid.UUID(share))
			if all, err := w.app.Shares(ctx, a, id); err != nil || all.Links[0].ID != share {
				t.Errorf("the link that can be opened is not the first of the list: %v", err)
			}
			if err := w.app.RevokeShare(ctx, a, id, share); err != nil {
				t.Fatal(err)
			}
			w.wantOver(token)
		},
		"its maker's account is closed": func(t *testing.T, w *world) {
			a := w.person("Петрова")
			_, token := w.share(a, w.open(a), newShare())
			w.exec("update users set disabled_at = now() where id = $1", uuid.UUID(a.UserID))
			w.wantOver(token)
		},
		"the owner comes": func(t *testing.T, w *world) {
			a, b := w.person("Ким"), w.person("Петрова")
			id := w.addSeller(a)
			_, token := w.share(a, id, newShare())
			w.join(a, b, id, winddown.Helper)
			w.wantOpen(token)
			owner := w.person("Хозяйка")
			w.join(a, owner, id, winddown.Owner)
			w.wantOver(token)
			_, err := w.app.Shares(ctx, a, id)
			wantKind(t, err, winddown.Forbidden)
			w.wantShare(owner, id, winddown.ShareLost)
		},
		"somebody else becomes responsible": func(t *testing.T, w *world) {
			f := w.firm()
			id := w.addSeller(f.accountant)
			_, token := w.share(f.accountant, id, newShare())
			if _, err := w.app.Assign(ctx, f.admin, []winddown.ID{id}, winddown.Responsible{ID: f.admin.UserID}); err != nil {
				t.Fatal(err)
			}
			w.wantOver(token)
			w.wantShare(f.admin, id, winddown.ShareLost)
		},
		"before its maker's right, which it does not lose any more": func(t *testing.T, w *world) {
			for name, lose := range map[string]func(a, other winddown.Actor, id winddown.ID) winddown.Actor{
				"the owner comes": func(a, _ winddown.Actor, id winddown.ID) winddown.Actor {
					owner := w.person("Хозяйка")
					w.join(a, owner, id, winddown.Owner)
					return owner
				},
				"somebody else becomes responsible": func(_, admin winddown.Actor, id winddown.ID) winddown.Actor {
					if _, err := w.app.Assign(ctx, admin, []winddown.ID{id}, winddown.Responsible{ID: admin.UserID}); err != nil {
						t.Fatal(err)
					}
					return admin
				},
				"the accountant of a seller's case leaves": func(_, admin winddown.Actor, id winddown.ID) winddown.Actor {
					owner := w.person("Хозяйка")
					w.exec("insert into case_people (case_id, user_id, role, added_at) values ($1, $2, 'owner', now())", uuid.UUID(id), uuid.UUID(owner.UserID))
					if err := w.app.LeaveFirm(ctx, owner, id); err != nil {
						t.Fatal(err)
					}
					return owner
				},
			} {
				f := w.firm()
				id := w.addSeller(f.accountant)
				in := newShare()
				in.Days = 3
				w.share(f.accountant, id, in)
				_, lasting := w.share(f.accountant, id, newShare())
				w.clock.Advance(3 * 24 * time.Hour)
				seer := lose(f.accountant, f.admin, id)
				w.wantOver(lasting)
				if n := one[int](w, "select count(*) from share_links where case_id = $1 and lost", uuid.UUID(id)); n != 1 {
					t.Errorf("%s: %d links are marked as lost, want 1", name, n)
				}
				found, err := w.app.Shares(ctx, seer, id)
				if err != nil {
					t.Fatal(err)
				}
				states := map[winddown.ShareState]int{}
				for _, l := range found.Links {
					states[l.State(w.clock.Now())]++
				}
				if states[winddown.ShareExpired] != 1 || states[winddown.ShareLost] != 1 {
					t.Errorf("%s: the links are %v", name, states)
				}
			}
		},
		"not with the accountant of an owner": func(t *testing.T, w *world) {
			a, b := w.person("Петрова"), w.person("Ким")
			id := w.open(a)
			w.join(a, b, id, winddown.Accountant)
			_, token := w.share(a, id, newShare())
			if err := w.app.RemovePerson(ctx, a, id, b.UserID); err != nil {
				t.Fatal(err)
			}
			w.wantOpen(token)
		},
		"not with the finish": func(t *testing.T, w *world) {
			a := w.person("Петрова")
			id := w.open(a)
			_, token := w.share(a, id, newShare())
			w.mark(a, id, allSteps()...)
			if err := w.app.Finish(ctx, a, id, 0); err != nil {
				t.Fatal(err)
			}
			v, err := w.app.SharedCase(ctx, winddown.ID{}, token, "")
			if err != nil || !v.View.Case.Finished() {
				t.Errorf("the finished case is not shown as such: %v", err)
			}
		},
	})
}

// What a link is made with has bounds, and so has the number of links.
func TestBoundsOfALink(t *testing.T) {
	w := newWorld(t)
	a := w.person("Петрова")
	id := w.open(a)
	for _, in := range []winddown.NewShare{
		{Whom: " ", Days: 30}, {Whom: "x", Days: 0}, {Whom: "x", Days: 181}, {Whom: "x", Days: 30, Password: "кот"},
		{Whom: "x", Days: 30, Password: "password1"},
	} {
		_, err := w.app.CreateShare(t.Context(), a, id, in)
		wantKind(t, err, winddown.Invalid)
	}
	in := newShare()
	in.Days = winddown.MaxShareDays
	var first winddown.ID
	for n := range winddown.MaxShareLinks {
		if share, _ := w.share(a, id, in); n == 0 {
			first = share
		}
	}
	_, err := w.app.CreateShare(t.Context(), a, id, in)
	wantKind(t, err, winddown.Conflict)
	if err := w.app.RevokeShare(t.Context(), a, id, first); err != nil {
		t.Fatal(err)
	}
	w.share(a, id, in)
}

// Openings stand in a chain of the link's own, once in ten minutes; the case's does not grow.
func TestOpeningsAreNoted(t *testing.T) {
	w := newWorld(t)
	a, ctx := w.person("Петрова"), t.Context()
	id := w.open(a)
	share, token := w.share(a, id, newShare())
	trail := len(w.view(a, id).Trail)
	var want []time.Time
	for _, wait := range []time.Duration{0, time.Minute, winddown.SameOpening, 3 * time.Minute, 24 * time.Hour} {
		w.clock.Advance(wait)
		if wait == 0 || wait >= winddown.SameOpening {
			want = append([]time.Time{w.clock.Now()}, want...)
		}
		w.wantOpen(token)
	}
	log, err := w.app.ShareLog(ctx, a, id, share, 0)
	if err != nil || len(log.Openings) != len(want) || log.Link.Openings != int64(len(want)) {
		t.Fatalf("%d openings in the log, the link says %d, want %d: %v", len(log.Openings), log.Link.Openings, len(want), err)
	}
	for i, o := range log.Openings {
		if !o.At.Equal(want[i]) {
			t.Errorf("opening %d at %s, want %s", i, o.At, want[i])
		}
	}
	if n, err := w.db.VerifyStream(ctx, winddown.Stream{Kind: winddown.ShareStream, ID: share}); err != nil || n != int64(len(want)) {
		t.Errorf("the chain of the link: %d events, %v", n, err)
	}
	// Its maker, signed in, does not open it.
	w.clock.Advance(time.Hour)
	if _, err := w.app.SharedCase(ctx, a.UserID, token, ""); err != nil {
		t.Fatal(err)
	}
	if log, err := w.app.ShareLog(ctx, a, id, share, 0); err != nil || len(log.Openings) != len(want) {
		t.Errorf("its maker opened it: %d openings, %v", len(log.Openings), err)
	}
	if got := len(w.view(a, id).Trail); got != trail {
		t.Errorf("the trail of the case grew from %d lines to %d", trail, got)
	}
	other := w.open(a)
	_, err = w.app.ShareLog(ctx, a, other, share, 0)
	wantKind(t, err, winddown.NotFound)
	wantKind(t, w.app.RevokeShare(ctx, a, other, share), winddown.NotFound)
}
