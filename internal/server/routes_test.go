package server_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"winddown/internal/httpkit"
	"winddown/internal/server"
	"winddown/internal/site"
	"winddown/internal/testdb"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
	"winddown/web/static"
)

func TestMain(m *testing.M) { testdb.Run(m) }

// Who asks. A stranger owns a case of his own; removed was the accountant until the owner
// took him out. The accountant belongs to a firm with a lead, an admin and a colleague of his;
// outsider is the admin of another firm, with a case of its own.
const (
	nobody     = "signed out"
	stranger   = "stranger"
	owner      = "owner"
	helper     = "helper"
	accountant = "accountant"
	removed    = "removed accountant"
	lead       = "lead"
	admin      = "admin"
	colleague  = "colleague"
	outsider   = "outsider"
)

func actors() []string {
	return []string{nobody, stranger, owner, helper, accountant, removed, lead, admin, colleague, outsider}
}

// want is the status each of actors() gets, in that order.
type want [10]int

// access is a row of the table: a route, a form that changes nothing, the statuses.
type access struct {
	route string // method and pattern
	form  string
	want  want
}

// The usual rows. Somebody signed out is led to the login page (303), somebody without the
// right gets 404 like for an address that does not exist.
var (
	everybody  = want{200, 200, 200, 200, 200, 200, 200, 200, 200, 200}
	unknown    = want{404, 404, 404, 404, 404, 404, 404, 404, 404, 404}
	leadOn     = want{303, 303, 303, 303, 303, 303, 303, 303, 303, 303}
	signedIn   = want{303, 200, 200, 200, 200, 200, 200, 200, 200, 200}
	caseSeen   = want{303, 404, 200, 200, 200, 404, 200, 200, 404, 404}
	caseOwned  = want{303, 404, 200, 404, 404, 404, 404, 404, 404, 404}
	caseMarked = want{303, 404, 200, 200, 404, 404, 404, 404, 404, 404}
	booksKept  = want{303, 404, 404, 404, 200, 404, 200, 200, 404, 404}
	badByAll   = want{303, 422, 422, 422, 422, 422, 422, 422, 422, 422}
	badBySeers = want{303, 404, 422, 422, 422, 404, 422, 422, 404, 404}
	badByDoers = want{303, 404, 422, 422, 404, 404, 404, 404, 404, 404}
	badByBooks = want{303, 404, 404, 404, 422, 404, 422, 422, 404, 404}
	firmRun    = want{303, 404, 404, 404, 404, 404, 404, 200, 404, 404}
	badByAdmin = want{303, 404, 404, 404, 404, 422, 404, 422, 404, 422} // of whatever firm, his own
	anyAdmin   = want{303, 404, 404, 404, 404, 200, 404, 200, 404, 200}
	noDraft    = want{303, 404, 404, 404, 404, 409, 404, 409, 404, 409}
	assigned   = want{303, 404, 404, 404, 404, 404, 200, 200, 404, 404}
	importer   = want{303, 404, 404, 404, 404, 404, 200, 404, 404, 404} // the lead, whose table it is
	nobodys    = want{303, 404, 404, 404, 404, 404, 404, 404, 404, 404}
	badByOwner = want{303, 404, 422, 404, 404, 404, 404, 404, 404, 404}
)

// table has a row for every route. {case} is a case that owner owns, helper helps with and
// accountant keeps the books of; {number} is its file and its question, {user} and {invite}
// are nobody's, but {user} of the firm is the colleague.
func table() []access {
	return []access{
		{"GET /healthz", "", everybody},
		{"GET /readyz", "", everybody},
		{"GET /static/*", "", want{404, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"GET /", "", want{200, 303, 303, 303, 303, 303, 303, 303, 303, 303}},
		{"GET /help", "", everybody},
		{"GET /privacy", "", everybody},
		{"GET /consent", "", signedIn},
		{"POST /consent", "", badByAll},
		{"GET /gallery", "", everybody},
		{"POST /locale", "locale=xx", want{422, 422, 422, 422, 422, 422, 422, 422, 422, 422}},
		{"GET /login", "", want{200, 303, 303, 303, 303, 303, 303, 303, 303, 303}},
		{"POST /login", "email=x&password=y", want{422, 422, 422, 422, 422, 422, 422, 422, 422, 422}},
		{"POST /login/passkey/options", "", want{409, 409, 409, 409, 409, 409, 409, 409, 409, 409}}, // there are no passkeys at a number
		{"POST /login/passkey", "", want{422, 422, 422, 422, 422, 422, 422, 422, 422, 422}},
		{"GET /login/second", "", want{303, 303, 303, 303, 303, 303, 303, 303, 303, 303}}, // without a password before, and for whoever is signed in
		{"POST /login/second", "", want{303, 303, 303, 303, 303, 303, 303, 303, 303, 303}},
		{"GET /signup", "", want{200, 303, 303, 303, 303, 303, 303, 303, 303, 303}},
		{"POST /signup", "email=y", want{422, 422, 422, 422, 422, 422, 422, 422, 422, 422}},
		{"GET /password/forgot", "", everybody},
		{"POST /password/forgot", "email=z", want{409, 409, 409, 409, 409, 409, 409, 409, 409, 409}}, // no letters are sent here
		{"GET /password/reset/{token}", "", want{404, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /password/reset/{token}", "", want{404, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"GET /account/confirm/{token}", "", want{404, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /account/confirm/{token}", "", want{404, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"GET /account/email/confirm/{token}", "", nobodys},
		{"POST /account/email/confirm/{token}", "", nobodys},
		{"GET /invites/{token}", "", want{404, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /invites/{token}", "", want{404, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /invites/{token}/confirm", "", nobodys},

		{"GET /firm/join/{token}", "", want{404, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /firm/join/{token}", "", want{404, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /firm/join/{token}/confirm", "", nobodys},

		{"GET /unsubscribe/{token}", "", unknown},
		{"POST /unsubscribe/{token}", "List-Unsubscribe=One-Click", unknown},
		{"POST /unsubscribe/{token}/undo", "", unknown},
		{"GET /calendar/{token}.ics", "", unknown},

		{"GET /account", "", signedIn},
		{"GET /account/email", "", signedIn},
		{"POST /account/email", "", badByAll},
		{"POST /account/email/cancel", "", leadOn}, // it changes nothing
		{"GET /account/data", "", signedIn},
		{"POST /account/data", "", signedIn},
		{"GET /account/delete", "", signedIn},
		{"POST /account/delete", "", badByAll},
		{"POST /account/keep", "", leadOn}, // it changes nothing
		{"GET /account/two-factor", "", signedIn},
		{"POST /account/two-factor", "", want{303, 303, 303, 303, 303, 303, 303, 303, 303, 303}},
		{"POST /account/two-factor/confirm", "", badByAll},
		{"POST /account/two-factor/cancel", "", want{303, 303, 303, 303, 303, 303, 303, 303, 303, 303}},
		{"POST /account/two-factor/codes", "renew=yes", want{303, 409, 409, 409, 409, 409, 409, 409, 409, 409}},
		{"POST /account/two-factor/codes.txt", "", want{303, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /account/two-factor/off", "off=yes", want{303, 303, 303, 303, 303, 303, 303, 303, 303, 303}},
		{"GET /account/passkeys", "", signedIn},
		{"POST /account/passkeys/new", "name=x", want{303, 409, 409, 409, 409, 409, 409, 409, 409, 409}}, // there are none at a number
		{"POST /account/passkeys", "name=x", want{303, 409, 409, 409, 409, 409, 409, 409, 409, 409}},
		{"GET /account/passkeys/{passkey}/remove", "", nobodys},
		{"POST /account/passkeys/{passkey}/remove", "", nobodys},
		{"GET /account/mail", "", signedIn},
		{"POST /account/mail", "", badByAll},
		{"POST /account/calendar", "", leadOn},
		{"POST /account/calendar/revoke", "", leadOn},
		{"POST /account/confirm", "", want{303, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"GET /admin/jobs", "", want{303, 200, 404, 404, 404, 404, 404, 404, 404, 404}}, // for operators: the first person is one
		{"POST /admin/jobs/{job}/retry", "", want{303, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"GET /admin/cases", "", want{303, 200, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"GET /admin/cases/{case}", "", want{303, 200, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /admin/cases/{case}", "", want{303, 422, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /admin/cases/{case}/link", "", want{303, 409, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /admin/cases/{case}/stop", "", want{303, 409, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /account/settings", "zone=x", badByAll},
		{"POST /account/password", "", badByAll},
		{"POST /account/sessions/revoke", "", leadOn},
		{"POST /account/sessions/{session}/revoke", "", want{303, 404, 404, 404, 404, 404, 404, 404, 404, 404}},

		{"GET /cases", "", signedIn},
		{"GET /cases/new", "", signedIn},
		{"POST /cases", "", badByAll},
		{"GET /cases/{case}", "", caseSeen},
		{"GET /cases/{case}/live", "", want{303, 404, 204, 204, 204, 404, 204, 204, 404, 404}},
		{"GET /cases/{case}/answers", "", caseOwned},
		{"POST /cases/{case}/answers", "", badByOwner},
		{"GET /cases/{case}/details", "", caseOwned},
		{"POST /cases/{case}/details", "", badByOwner},
		{"GET /cases/{case}/steps/{code}", "", caseSeen},
		{"POST /cases/{case}/steps/{code}", "", badByDoers},
		{"GET /cases/{case}/steps/{code}/undo", "", want{303, 404, 200, 200, 404, 404, 404, 404, 404, 404}},
		{"POST /cases/{case}/steps/{code}/undo", "version=2", badByDoers},
		{"GET /cases/{case}/steps/{code}/regress", "", caseSeen},
		{"POST /cases/{case}/steps/{code}/regress", "version=2", badBySeers},
		{"POST /cases/{case}/steps/{code}/files", "", badByDoers},
		{"POST /cases/{case}/steps/{code}/accept", "", badByBooks},
		{"GET /cases/{case}/steps/{code}/return", "", booksKept},
		{"POST /cases/{case}/steps/{code}/return", "version=2", badByBooks},
		{"GET /cases/{case}/steps/{code}/waive", "", want{303, 404, 404, 404, 409, 404, 409, 409, 404, 404}},
		{"POST /cases/{case}/steps/{code}/waive", "version=2", want{303, 404, 404, 404, 409, 404, 409, 409, 404, 404}},
		{"GET /cases/{case}/steps/{code}/unwaive", "", want{303, 404, 404, 404, 409, 404, 409, 409, 404, 404}},
		{"POST /cases/{case}/steps/{code}/unwaive", "version=2", want{303, 404, 404, 404, 409, 404, 409, 409, 404, 404}},
		{"POST /cases/{case}/steps/{code}/questions", "", badByBooks},
		{"POST /cases/{case}/questions/{number}/answer", "step=zero_fbs", badBySeers},
		{"POST /cases/{case}/questions/{number}/resolve", "", want{303, 404, 303, 303, 303, 404, 303, 303, 404, 404}},
		{"GET /cases/{case}/files/{number}", "", caseSeen},
		{"GET /cases/{case}/files/{number}/thumb", "", caseSeen},
		{"GET /cases/{case}/files/{number}/remove", "", caseMarked},
		{"POST /cases/{case}/files/{number}/remove", "", badByDoers},
		{"POST /cases/{case}/rest", "", want{303, 404, 303, 303, 404, 404, 404, 404, 404, 404}},
		{"GET /cases/{case}/acts", "", caseSeen},
		{"POST /cases/{case}/acts", "", badByDoers},
		{"POST /cases/{case}/acts/{act}/remind", "version=1", want{303, 404, 409, 409, 404, 404, 404, 404, 404, 404}},
		{"POST /cases/{case}/acts/{act}/compare", "version=1", badByDoers},
		{"POST /cases/{case}/acts/{act}/dispute", "version=1", want{303, 404, 409, 409, 404, 404, 404, 404, 404, 404}},
		{"POST /cases/{case}/acts/{act}/countersign", "version=1", want{303, 404, 409, 409, 404, 404, 404, 404, 404, 404}},
		{"GET /cases/{case}/acts/{act}/undo", "", want{303, 404, 409, 409, 404, 404, 404, 404, 404, 404}},
		{"POST /cases/{case}/acts/{act}/undo", "version=1", want{303, 404, 409, 409, 404, 404, 404, 404, 404, 404}},
		{"POST /cases/{case}/acts/{act}/remove", "version=1", want{303, 404, 409, 409, 404, 404, 404, 404, 404, 404}},
		{"GET /cases/{case}/letters", "", caseSeen},
		{"GET /cases/{case}/letters/{kind}", "", caseSeen},
		{"POST /cases/{case}/letters/{kind}", "text=x", caseSeen},
		{"POST /cases/{case}/letters/{kind}/letter.txt", "text=x", caseSeen},
		{"POST /cases/{case}/letters/{kind}/letter.docx", "", badBySeers},
		{"GET /cases/{case}/debts", "", caseSeen},
		{"POST /cases/{case}/debts", "", badByDoers},
		{"GET /cases/{case}/debts/paste", "", caseMarked},
		{"POST /cases/{case}/debts/paste", "", badByDoers},
		{"GET /cases/{case}/debts/lines", "", leadOn},
		{"POST /cases/{case}/debts/lines", "", badByDoers},
		{"GET /cases/{case}/debts/{debt}", "", caseSeen},
		{"GET /cases/{case}/debts/{debt}/edit", "", caseMarked},
		{"POST /cases/{case}/debts/{debt}/edit", "", badByDoers},
		{"POST /cases/{case}/debts/{debt}/settle", "", badByDoers},
		{"GET /cases/{case}/debts/{debt}/write-off", "", caseMarked},
		{"POST /cases/{case}/debts/{debt}/write-off", "", badByDoers},
		{"POST /cases/{case}/debts/{debt}/reopen", "", badByDoers},
		{"GET /cases/{case}/debts/{debt}/remove", "", caseMarked},
		{"POST /cases/{case}/debts/{debt}/remove", "", badByDoers},
		{"GET /cases/{case}/deadlines", "", caseSeen},
		{"POST /cases/{case}/deadlines", "", badByDoers},
		{"POST /cases/{case}/deadlines/inbox", "", want{303, 404, 303, 303, 404, 404, 404, 404, 404, 404}},
		{"GET /cases/{case}/deadlines/terms", "", caseSeen},
		{"GET /cases/{case}/deadlines/terms/{term}", "", caseMarked},
		{"POST /cases/{case}/deadlines/terms/{term}", "", badByDoers},
		{"GET /cases/{case}/deadlines/{deadline}/close", "", caseMarked},
		{"POST /cases/{case}/deadlines/{deadline}/close", "", badByDoers},
		{"POST /cases/{case}/deadlines/{deadline}/reopen", "", want{303, 404, 303, 303, 404, 404, 404, 404, 404, 404}},
		{"GET /cases/{case}/deadlines/{deadline}/remove", "", caseMarked},
		{"POST /cases/{case}/deadlines/{deadline}/remove", "", want{303, 404, 303, 303, 404, 404, 404, 404, 404, 404}},
		{"POST /cases/{case}/reminder", "", want{303, 404, 409, 409, 404, 404, 404, 404, 404, 404}},
		{"GET /cases/{case}/history", "", caseSeen},
		{"GET /cases/{case}/pack.zip", "", caseSeen},
		{"GET /cases/{case}/delete", "", caseOwned},
		{"POST /cases/{case}/delete", "", badByOwner},
		{"POST /cases/{case}/keep", "", want{303, 404, 303, 404, 404, 404, 404, 404, 404, 404}}, // it changes nothing
		{"GET /cases/{case}/finish", "", caseOwned},
		{"POST /cases/{case}/finish", "", want{303, 404, 409, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /cases/{case}/reopen", "", badByOwner},
		{"POST /cases/{case}/rescue/object", "", want{303, 404, 303, 404, 404, 404, 404, 404, 404, 404}}, // it changes nothing
		{"GET /cases/{case}/transfer", "", caseOwned},
		{"POST /cases/{case}/transfer", "email=x", want{303, 404, 409, 404, 404, 404, 404, 404, 404, 404}}, // no letters are sent here
		{"GET /cases/{case}/people", "", caseSeen},
		{"POST /cases/{case}/people", "role=king", badByOwner},
		{"POST /cases/{case}/people/acting", "acting=no", want{303, 404, 303, 404, 404, 404, 404, 404, 404, 404}},
		{"GET /cases/{case}/people/{user}/remove", "", want{303, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /cases/{case}/people/{user}/remove", "", want{303, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"POST /cases/{case}/invites/{invite}/revoke", "", want{303, 404, 404, 404, 404, 404, 404, 404, 404, 404}},

		{"GET /share/{token}", "", want{200, 200, 200, 200, 200, 200, 200, 200, 200, 200}},
		{"POST /share/{token}", "locale=xx", want{422, 422, 422, 422, 422, 422, 422, 422, 422, 422}},
		{"GET /share/{token}/files/{number}", "", want{200, 200, 200, 200, 200, 200, 200, 200, 200, 200}},
		{"GET /cases/{case}/share", "", caseOwned},
		{"POST /cases/{case}/share", "days=0", badByOwner},
		{"GET /cases/{case}/share/{share}", "", caseOwned},
		{"POST /cases/{case}/share/{share}/revoke", "", want{303, 404, 303, 404, 404, 404, 404, 404, 404, 404}}, // again, it changes nothing

		{"GET /cases/{case}/firm/leave", "", caseOwned},
		{"POST /cases/{case}/firm/leave", "", want{303, 404, 409, 404, 404, 404, 404, 404, 404, 404}},

		{"GET /firm", "", signedIn},
		{"POST /firm", "", badByAll},
		{"POST /firm/name", "", badByAdmin},
		{"GET /firm/history", "", want{303, 404, 404, 404, 200, 200, 200, 200, 200, 200}},
		{"GET /firm/leave", "", want{303, 404, 404, 404, 200, 200, 200, 200, 200, 200}},
		{"GET /firm/settings", "", want{303, 404, 404, 404, 404, 200, 404, 200, 404, 200}},
		{"POST /firm/settings/requisites", "inn=1", badByAdmin},
		{"POST /firm/settings/reminders", "days=0", badByAdmin},
		{"POST /firm/settings/days", "off=x", want{303, 404, 404, 404, 404, 422, 404, 422, 404, 422}},
		{"POST /firm/settings/acting", "", want{303, 404, 404, 404, 404, 303, 404, 303, 404, 303}},
		{"GET /firm/texts", "", anyAdmin},
		{"POST /firm/texts/publish", "", noDraft},
		{"POST /firm/texts/discard", "", noDraft},
		{"GET /firm/texts/{code}/{lang}", "", anyAdmin},
		{"POST /firm/texts/{code}/{lang}", "who=", badByAdmin},
		{"GET /firm/texts/{code}/{lang}/preview", "", anyAdmin},
		{"POST /firm/texts/{code}/{lang}/revert", "", want{303, 404, 404, 404, 404, 303, 404, 303, 404, 303}},
		{"GET /firm/upgrade", "", anyAdmin},
		{"POST /firm/upgrade", "", noDraft},
		{"GET /cases/{case}/upgrade", "", want{303, 404, 200, 404, 200, 404, 200, 200, 404, 404}},
		{"POST /cases/{case}/upgrade", "", want{303, 404, 409, 404, 409, 404, 409, 409, 404, 404}},
		{"GET /firm/choose", "", want{303, 404, 404, 404, 200, 200, 200, 200, 200, 200}},
		{"POST /firm/choose", "", want{303, 404, 404, 404, 422, 422, 422, 422, 422, 422}},
		{"POST /firm/invites", "role=king", badByAdmin},
		{"POST /firm/invites/{invite}/revoke", "", want{303, 404, 404, 404, 404, 404, 404, 404, 404, 404}},
		{"GET /firm/people/{user}", "", firmRun},
		{"POST /firm/people/{user}/role", "role=king", want{303, 404, 404, 404, 404, 404, 404, 422, 404, 404}},
		{"GET /firm/people/{user}/remove", "", firmRun},
		{"POST /firm/people/{user}/remove", "", want{303, 404, 404, 404, 404, 404, 404, 409, 404, 404}},

		{"GET /sellers/{doing:(?:bulk|remind|assign|archive|unarchive)}", "", leadOn},
		{"POST /sellers/bulk", "do=assign&case={case}", assigned},
		{"POST /sellers/remind", "case={case}&text=", badByBooks},
		{"POST /sellers/archive", "", want{303, 404, 404, 404, 422, 422, 422, 422, 422, 422}},
		{"POST /sellers/unarchive", "case={case}", want{303, 404, 404, 404, 303, 404, 303, 303, 404, 404}},
		{"GET /sellers/views", "", signedIn},
		{"POST /sellers/views", "", badByAll},
		{"GET /sellers/views/{view}", "", nobodys},
		{"POST /sellers/views/{view}", "", nobodys},
		{"POST /sellers/views/{view}/remove", "", nobodys},
		{"POST /sellers/assign", "case={case}&to={accountant}", want{303, 404, 404, 404, 404, 404, 303, 303, 404, 404}},
		{"GET /sellers", "", signedIn},
		{"GET /sellers/live", "", want{303, 404, 404, 404, 204, 204, 204, 204, 204, 204}},
		{"GET /sellers.csv", "", signedIn},
		{"GET /sellers.xlsx", "", signedIn},
		{"GET /deadlines", "", signedIn},
		{"GET /sellers/new", "", signedIn},
		{"GET /sellers/import", "", signedIn},
		{"POST /sellers/import", "", badByAll},
		{"GET /sellers/import/template.xlsx", "", signedIn},
		{"GET /sellers/import/{import}", "", importer},
		{"POST /sellers/import/{import}", "header=x", want{303, 404, 404, 404, 404, 404, 422, 404, 404, 404}},
		{"POST /sellers/import/{import}/load", "", want{303, 404, 404, 404, 404, 404, 409, 404, 404, 404}},
		{"GET /sellers/import/{import}/faults.xlsx", "", importer},
		{"POST /sellers/import/{import}/invites.xlsx", "who=all", want{303, 404, 404, 404, 404, 404, 409, 404, 404, 404}},
		{"GET /sellers/import/{import}/mail", "", want{303, 404, 404, 404, 404, 404, 303, 404, 404, 404}},
		{"POST /sellers/import/{import}/mail", "letters=1", want{303, 404, 404, 404, 404, 404, 409, 404, 404, 404}},
		{"POST /sellers", "", badByAll},
		{"GET /sellers/{case}", "", booksKept},

		// Last: they sign people out.
		{"POST /firm/leave", "", want{303, 404, 404, 404, 303, 409, 303, 409, 303, 409}},
		{"POST /logout", "", want{303, 303, 303, 303, 303, 303, 303, 303, 303, 303}},
	}
}

// routes lists what the router really serves.
func routes(t *testing.T) []string {
	t.Helper()
	assets, err := httpkit.NewAssets(static.FS)
	if err != nil {
		t.Fatal(err)
	}
	h := server.New(server.Options{
		Site: site.New(nil, site.Options{}), Assets: assets, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Dev: true,
	})
	var all []string
	err = chi.Walk(h.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		all = append(all, method+" "+route)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryRouteHasARowInTheTableOfAccess(t *testing.T) {
	served := routes(t)
	var rows []string
	for _, a := range table() {
		rows = append(rows, a.route)
		if !slices.Contains(served, a.route) {
			t.Errorf("the table has %s, which is not served", a.route)
		}
	}
	for _, route := range served {
		if !slices.Contains(rows, route) {
			t.Errorf("%s is served and has no row in the table", route)
		}
	}
}

func TestAccess(t *testing.T) {
	s := testkit.Start(t, testkit.WithDev())
	clients := map[string]*testkit.Client{
		nobody:     s.Anybody(),
		stranger:   s.SignUp("Чужая", "stranger"),
		owner:      s.SignUp("Петрова", "owner"),
		helper:     s.SignUp("Сидорова", "helper"),
		accountant: s.SignUp("Иванова", "accountant"),
		removed:    s.SignUp("Бывшая", "removed"),
		lead:       s.SignUp("Старшая", "lead"),
		admin:      s.SignUp("Главная", "admin"),
		colleague:  s.SignUp("Коллега", "colleague"),
		outsider:   s.SignUp("Соседняя", "outsider"),
	}
	clients[admin].FoundFirm("Учёт и порядок")
	clients[admin].JoinFirm(clients[lead], winddown.Lead)
	clients[admin].JoinFirm(clients[accountant], winddown.Accountant)
	clients[admin].JoinFirm(clients[colleague], winddown.Accountant)
	clients[outsider].AddSeller("ООО «Соседи»", 3)
	clients[stranger].OpenCase("ИП Чужая", 1)
	id := clients[owner].OpenCase("ИП Петрова", 2)
	href := testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	clients[owner].PostFiles(href, "", testkit.Upload{Name: "а.png", Content: testkit.PNG(1)}).Want(http.StatusSeeOther)
	clients[owner].Mark(id, winddown.ZeroFBS)
	clients[owner].Join(clients[helper], id, winddown.Helper)
	clients[owner].Join(clients[removed], id, winddown.Accountant)
	if err := s.App.RemovePerson(t.Context(), clients[owner].Actor(), id, clients[removed].ID); err != nil {
		t.Fatal(err)
	}
	clients[owner].Join(clients[accountant], id, winddown.Accountant)

	debt := winddown.ID{3}
	line := winddown.NewDebt{ID: debt, Side: winddown.ToWB, What: "Хранение", Amount: 100, On: winddown.Date{Year: 2026, Month: 11, Day: 20}}
	if err := s.App.AddDebts(t.Context(), clients[owner].Actor(), id, []winddown.NewDebt{line}); err != nil {
		t.Fatal(err)
	}
	batch := winddown.AddDeadline{Kind: winddown.DuePickUp, From: line.On}
	for _, what := range []string{"40 штук", "12 штук"} {
		batch.What = what
		if err := s.App.AddDeadline(t.Context(), clients[owner].Actor(), id, batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.App.RemoveDeadline(t.Context(), clients[owner].Actor(), id, 2); err != nil { // again, it changes nothing
		t.Fatal(err)
	}
	if err := s.App.CheckInbox(t.Context(), clients[owner].Actor(), id); err != nil { // again today, it changes nothing
		t.Fatal(err)
	}

	if err := s.App.Ask(t.Context(), clients[accountant].Actor(), id, winddown.ZeroFBS, "Все склады?"); err != nil {
		t.Fatal(err)
	}
	if err := s.App.Resolve(t.Context(), clients[accountant].Actor(), id, 1); err != nil { // again, it changes nothing
		t.Fatal(err)
	}

	// One link shows the file, one is over.
	newShare := winddown.NewShare{Whom: "Аудитор", Days: 30, Shown: winddown.Shown{Files: true}}
	if _, err := s.App.CreateShare(t.Context(), clients[owner].Actor(), id, newShare); err != nil {
		t.Fatal(err)
	}
	shares, err := s.App.Shares(t.Context(), clients[owner].Actor(), id)
	if err != nil {
		t.Fatal(err)
	}
	over := shares.Links[0].ID
	if err := s.App.RevokeShare(t.Context(), clients[owner].Actor(), id, over); err != nil {
		t.Fatal(err)
	}
	link, err := s.App.CreateShare(t.Context(), clients[owner].Actor(), id, newShare)
	if err != nil {
		t.Fatal(err)
	}
	brought, err := s.App.KeepImport(t.Context(), clients[lead].Actor(), "продавцы.csv", [][]string{{"Продавец", "ИНН"}, {"ИП Ким", "1"}})
	if err != nil {
		t.Fatal(err)
	}

	// What would change something is asked about another case, which no firm keeps, and another
	// person, the only admin.
	unkept := clients[owner].OpenCase("ИП Петрова, второй", 4)
	clients[owner].Join(clients[helper], unkept, winddown.Helper)

	before := clients[owner].Case(id)
	firm, err := s.App.Firm(t.Context(), clients[admin].Actor())
	if err != nil {
		t.Fatal(err)
	}
	none := winddown.ID{1}
	address := strings.NewReplacer("POST /cases/{case}/firm/leave", "POST /cases/"+unkept.String()+"/firm/leave",
		"POST /firm/people/{user}/remove", "POST /firm/people/"+clients[admin].ID.String()+"/remove",
		"/firm/people/{user}", "/firm/people/"+clients[colleague].ID.String(), "{accountant}", clients[accountant].ID.String(),
		"POST /cases/{case}/deadlines/{deadline}/remove", "POST /cases/"+id.String()+"/deadlines/2/remove",
		"{code}/files", string(winddown.ZeroFBS)+"/files?slot="+string(winddown.SlotStockZero),
		"/share/{token}", "/share/"+link, "{share}", over.String(),
		"{import}", brought.String(), "{case}", id.String(), "{code}", string(winddown.ZeroFBS), "{user}", none.String(),
		"{invite}", none.String(), "{view}", none.String(), "{doing:(?:bulk|remind|assign|archive|unarchive)}", "remind", "{job}", "1", "{session}", none.String(), "{passkey}", none.String(), "{token}", "nothing", "*", "nothing", "{act}", "1", "{number}", "1",
		"{kind}", "request", "{debt}", debt.String(), "{term}", "report", "{lang}", "ru", "{deadline}", "1")
	for _, a := range table() {
		method, path, _ := strings.Cut(address.Replace(a.route), " ")
		for i, who := range actors() {
			c := clients[who]
			var p *testkit.Page
			switch method {
			case http.MethodPost:
				form, err := url.ParseQuery(address.Replace(a.form))
				if err != nil {
					t.Fatal(err)
				}
				p = c.PostForm(path, form)
			default:
				p = c.Get(path)
			}
			if p.Status != a.want[i] {
				t.Errorf("%s as %s: %d, want %d", a.route, who, p.Status, a.want[i])
			}
			// Whatever a form is answered with, the switch of the language leads to a page.
			if answered := p.Status == http.StatusOK || p.Status == http.StatusConflict || p.Status == http.StatusUnprocessableEntity; method == http.MethodPost && answered && p.HasForm("/locale") {
				next := p.Form("/locale").Get("next")
				if there := c.Get(next); a.route != "POST /locale" && (next == "" || !strings.HasPrefix(path, next) || there.Status != p.Status && there.Status != http.StatusOK && there.Status != http.StatusSeeOther) &&
					a.route != "POST /cases/{case}/firm/leave" { // that form went with the firm
					t.Errorf("%s as %s: the language leads to %q, which is %d", a.route, who, next, there.Status)
				}
				if near := map[string]string{"POST /sellers/bulk": "/sellers", "POST /cases/{case}/acts/{act}/remind": "/cases/{case}/acts"}[a.route]; near != "" && next != address.Replace(near) {
					t.Errorf("%s: the language leads to %q, want %q", a.route, next, near)
				}
			}
			if who == nobody && a.want[i] == http.StatusSeeOther && a.route != "POST /logout" && !strings.HasPrefix(p.Location(), "/login") {
				t.Errorf("%s signed out leads to %s, want the login page", a.route, p.Location())
			}
		}
		if a.route == "GET /sellers/{case}" { // the last row before people are signed out
			after := clients[owner].Case(id)
			if len(after.Trail) != len(before.Trail) || after.Trail[0].Seq != before.Trail[0].Seq {
				t.Error("a request of the table changed the case")
			}
			if now, err := s.App.Firm(t.Context(), clients[admin].Actor()); err != nil || len(now.Trail) != len(firm.Trail) {
				t.Errorf("a request of the table changed the firm, %v", err)
			}
		}
	}
}

// An id that is no id, and one that is nobody's, are both unknown.
func TestBadIDsAreUnknown(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Петрова", "owner")
	c.OpenCase("ИП Петрова", 1)
	for _, id := range []string{"1", "x", "..%2f..%2fetc", strings.Repeat("a", 36), winddown.ID{7}.String(), strings.ToUpper(winddown.ID{0xab}.String()), "%00", "%ff"} {
		for _, pattern := range []string{"/cases/{id}", "/cases/{id}/history", "/cases/{id}/steps/zero_fbs", "/sellers/{id}", "/cases/{id}/finish"} {
			if p := c.Get(strings.ReplaceAll(pattern, "{id}", id)); p.Status != http.StatusNotFound {
				t.Errorf("GET %s: %d, want 404", p.Path, p.Status)
			}
		}
	}
}

// A form that another site sends is refused, whoever's cookies come along.
func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Петрова", "owner")
	form := url.Values{"seller_name": {"ИП Петрова"}, "inn": {testkit.INN(1)}, "fbs": {"no"}, "wb_stock": {"no"}}
	c.PostForm("/cases", form, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site").Want(http.StatusForbidden)
	c.PostForm("/cases", form, "Origin", "null").Want(http.StatusForbidden)
	cases, _, err := s.App.MyCases(t.Context(), c.Actor())
	if err != nil || len(cases) != 0 {
		t.Fatalf("%d cases, %v: want none", len(cases), err)
	}
	c.PostForm("/cases", form, "Origin", s.URL, "Sec-Fetch-Site", "same-origin").Want(http.StatusSeeOther)
}

// Whoever opens the address of a form is led to the page above it, and so is a stranger, who finds nothing
// there. Where there is none, a sentence says what the address is for.
func TestAddressesOfFormsLeadToTheirPages(t *testing.T) {
	s := testkit.Start(t, testkit.WithDev())
	c := s.SignUp("Петрова", "owner")
	served := routes(t)
	id := regexp.MustCompile(`\{[a-z]+\}`)
	for _, route := range served {
		path, post := strings.CutPrefix(route, "POST ")
		if !post || slices.Contains(served, "GET "+path) {
			continue
		}
		p := c.Get(id.ReplaceAllString(path, winddown.ID{7}.String()))
		switch path {
		case "/logout", "/locale":
			if p.Want(http.StatusMethodNotAllowed); p.Heading() != "Здесь нечего открыть" {
				t.Errorf("%s says %q", path, p.Heading())
			}
		default:
			if to := p.Want(http.StatusSeeOther).Location(); !strings.HasPrefix(p.Path, to) || to == p.Path {
				t.Errorf("%s leads to %s", path, to)
			}
		}
	}
}
