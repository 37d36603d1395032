// Package server puts the edges together: the whole map of addresses and the order of
// middleware.
package server

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"winddown/internal/httpkit"
	"winddown/internal/site"
)

// Options are what a deployment decides about its edge.
type Options struct {
	Site           *site.Site
	Assets         *httpkit.Assets
	Log            *slog.Logger
	HTTPS          bool
	TrustedProxies int  // proxies in front that append to X-Forwarded-For
	Dev            bool // serves the gallery of components
	// Ready tells whether requests can be answered: database reachable, schema current, and
	// nobody asked us to stop.
	Ready func(*http.Request) error
	// Concurrency is how many pages and forms are worked on at a time; as many wait. 0 for any
	// number.
	Concurrency int
	// Deadline is what the work for a page or a form may take; 0 for what people are promised.
	Deadline time.Duration
	// Observe wraps every request, for metrics; nil for none.
	Observe func(http.Handler) http.Handler
}

const (
	// deadline bounds the work for one request, so that whoever meets a database that is slow or
	// gone knows it within two seconds.
	deadline = 1800 * time.Millisecond
	// patience is for what takes its time: hashing a password, writing many cases at once.
	patience = 10 * time.Second
	// lasting is how many requests that take their time are worked on, for each other one: most
	// of them wait for the bytes of a phone.
	lasting = 4
)

// New returns the handler of the whole site.
func New(o Options) http.Handler {
	s, h := o.Site, o.Site.Handle
	if o.Deadline == 0 {
		o.Deadline = deadline
	}
	limit := httpkit.NewLimiter(o.Concurrency, s.Fail)
	// Slow uploads keep nobody from signing in.
	patient := chi.Chain(httpkit.Patient(max(patience, o.Deadline)), httpkit.NewLimiter(lasting*o.Concurrency, s.Fail).Limit)
	unhurried := chi.Chain(httpkit.Unhurried, httpkit.NewLimiter(lasting*o.Concurrency, s.Fail).Limit)
	hurried := httpkit.Deadline(o.Deadline)
	r := chi.NewRouter()
	r.Use(httpkit.LastInChunks, httpkit.WithRequestID, httpkit.WithClientIP(o.TrustedProxies))
	if o.Observe != nil {
		r.Use(o.Observe)
	}
	r.Use(httpkit.Log(o.Log), httpkit.SecurityHeaders(o.HTTPS), httpkit.Recover(o.Log, s.Fail), middleware.GetHead)

	r.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	r.With(hurried).Get("/readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := o.Ready(r); err != nil {
			httpkit.NoteError(r.Context(), err)
			http.Error(w, "not ready", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ready\n"))
	})
	r.Method(http.MethodGet, httpkit.AssetsPrefix+"*", o.Assets)

	crossOrigin := http.NewCrossOriginProtection()
	crossOrigin.SetDenyHandler(http.HandlerFunc(s.CrossOrigin))
	// A mail provider's one-click request may come from its own pages; the secret in the
	// address is all it needs, no cookie.
	crossOrigin.AddInsecureBypassPattern("POST /unsubscribe/{token}")
	// Its page hides the address so well that browsers without Sec-Fetch-Site cannot say whose
	// the form is. It changes nothing but cookies for that address and the language, and whoever
	// sends it has to know the address.
	crossOrigin.AddInsecureBypassPattern("POST /share/{token}")

	r.Group(func(r chi.Router) {
		r.Use(s.Language, httpkit.WholeForm, limit.Limit, hurried)
		// Behind the session, so that failures come in the person's own language.
		r.Use(s.Session, httpkit.Recover(o.Log, s.Fail), httpkit.CleanRequest(s.Fail), crossOrigin.Handler)
		r.NotFound(s.NotFound)
		r.MethodNotAllowed(s.MethodNotAllowed)

		r.Get("/", h(s.Home))
		r.Get("/help", h(s.Help))
		r.Get("/privacy", h(s.Privacy))
		r.Post("/locale", h(s.SetLocale))
		r.Get("/login", h(s.LoginForm))
		r.With(patient...).Post("/login", h(s.LogIn))
		r.Post("/login/passkey/options", h(s.PasskeyOptions))
		r.Post("/login/passkey", h(s.LogInByPasskey))
		r.Get("/login/second", h(s.SecondForm))
		r.Post("/login/second", h(s.Second))
		r.Get("/signup", h(s.SignUpForm))
		r.With(patient...).Post("/signup", h(s.SignUp))
		r.Get("/password/forgot", h(s.ForgotForm))
		r.With(patient...).Post("/password/forgot", h(s.Forgot))
		r.With(httpkit.HideAddress).Get("/password/reset/{token}", h(s.ResetForm))
		r.With(patient...).With(httpkit.HideAddress).Post("/password/reset/{token}", h(s.Reset))
		r.With(httpkit.HideAddress).Get("/account/confirm/{token}", h(s.ConfirmForm))
		r.With(httpkit.HideAddress).Post("/account/confirm/{token}", h(s.Confirm))
		r.With(httpkit.HideAddress, s.SignedIn).Get("/account/email/confirm/{token}", h(s.NewEmailForm))
		r.With(httpkit.HideAddress, s.SignedIn).Post("/account/email/confirm/{token}", h(s.ConfirmNewEmail))
		r.With(httpkit.HideAddress).Get("/invites/{token}", h(s.InviteForm))
		r.With(patient...).With(httpkit.HideAddress).Post("/invites/{token}", h(s.AcceptInvite))
		r.With(httpkit.HideAddress, s.SignedIn).Post("/invites/{token}/confirm", h(s.ConfirmToAccept))
		r.With(httpkit.HideAddress).Get("/firm/join/{token}", h(s.JoinFirmForm))
		r.With(patient...).With(httpkit.HideAddress).Post("/firm/join/{token}", h(s.JoinFirm))
		r.With(httpkit.HideAddress, s.SignedIn).Post("/firm/join/{token}/confirm", h(s.ConfirmToJoin))
		r.With(httpkit.HideAddress).Get("/unsubscribe/{token}", h(s.UnsubscribeForm))
		r.With(httpkit.HideAddress).Post("/unsubscribe/{token}", h(s.Unsubscribe))
		r.With(httpkit.HideAddress).Post("/unsubscribe/{token}/undo", h(s.Resubscribe))
		r.With(httpkit.HideAddress).Get("/calendar/{token}.ics", h(s.Feed))
		r.Group(func(r chi.Router) {
			r.Use(httpkit.SealAddress, s.Visitor)
			r.Get("/share/{token}", h(s.Shared))
			r.With(patient...).Post("/share/{token}", h(s.Unlock))
			r.With(unhurried...).Get("/share/{token}/files/{number}", h(s.SharedFile))
		})
		if o.Dev {
			r.Get("/gallery", h(s.Gallery))
		}

		r.Group(func(r chi.Router) {
			r.Use(s.SignedIn, s.Consented)
			r.Get("/consent", h(s.ConsentForm))
			r.Post("/consent", h(s.GiveConsent))
			r.Post("/logout", h(s.LogOut))
			r.Get("/account", h(s.Account))
			r.Post("/account/confirm", h(s.AskConfirmation))
			r.Get("/account/email", h(s.EmailForm))
			r.With(patient...).Post("/account/email", h(s.Proven(s.ChangeEmail)))
			r.Post("/account/email/cancel", h(s.EndEmailChange))
			r.Get("/account/data", h(s.MyDataForm))
			r.With(unhurried...).Post("/account/data", h(s.Proven(s.MyData)))
			r.Get("/account/delete", h(s.LeaveForm))
			r.With(patient...).Post("/account/delete", h(s.Proven(s.Leave)))
			r.Post("/account/keep", h(s.Stay))
			r.Get("/account/two-factor", h(s.TwoFactor))
			r.With(patient...).Post("/account/two-factor", h(s.Proven(s.StartTwoFactor)))
			r.With(patient...).Post("/account/two-factor/confirm", h(s.Proven(s.ConfirmTwoFactor)))
			r.Post("/account/two-factor/cancel", h(s.DropTwoFactorSetup))
			r.With(patient...).Post("/account/two-factor/codes", h(s.Proven(s.RenewRecovery)))
			r.Post("/account/two-factor/codes.txt", h(s.RecoveryFile))
			r.With(patient...).Post("/account/two-factor/off", h(s.Proven(s.EndTwoFactor)))
			r.Get("/account/passkeys", h(s.Passkeys))
			r.With(patient...).Post("/account/passkeys/new", h(s.Proven(s.NewPasskey)))
			r.With(patient...).Post("/account/passkeys", h(s.Proven(s.AddPasskey)))
			r.Get("/account/passkeys/{passkey}/remove", h(s.RemovePasskeyForm))
			r.With(patient...).Post("/account/passkeys/{passkey}/remove", h(s.Proven(s.RemovePasskey)))
			r.Get("/admin/jobs", h(s.Jobs))
			r.Post("/admin/jobs/{job}/retry", h(s.RetryJob))
			r.Get("/admin/cases", h(s.Rescues))
			r.Get("/admin/cases/{case}", h(s.RescueForm))
			r.With(patient...).Post("/admin/cases/{case}", h(s.Proven(s.AskRescue)))
			r.With(patient...).Post("/admin/cases/{case}/link", h(s.Proven(s.Rescue)))
			r.Post("/admin/cases/{case}/stop", h(s.DropRescue))
			r.Post("/account/settings", h(s.ChangeSettings))
			r.With(patient...).Post("/account/password", h(s.ChangePassword))
			r.Get("/account/mail", h(s.Mail))
			r.Post("/account/mail", h(s.ChangeMail))
			r.Post("/account/calendar", h(s.NewFeed))
			r.Post("/account/calendar/revoke", h(s.RevokeFeed))
			r.With(patient...).Post("/account/sessions/revoke", h(s.Proven(s.RevokeOtherSessions)))
			r.With(patient...).Post("/account/sessions/{session}/revoke", h(s.Proven(s.RevokeSession)))

			r.Get("/cases", h(s.Cases))
			r.Get("/cases/new", h(s.NewCase))
			r.Post("/cases", h(s.OpenCase))
			r.Get("/cases/{case}", h(s.Case))
			r.With(httpkit.Unhurried).Get("/cases/{case}/live", h(s.CaseLive))
			r.Get("/cases/{case}/answers", h(s.AnswersForm))
			r.Post("/cases/{case}/answers", h(s.ChangeAnswers))
			r.Get("/cases/{case}/details", h(s.DetailsForm))
			r.Post("/cases/{case}/details", h(s.ChangeDetails))
			r.Get("/cases/{case}/steps/{code}", h(s.Step))
			r.Post("/cases/{case}/steps/{code}", h(s.MarkStep))
			r.Get("/cases/{case}/steps/{code}/undo", h(s.UndoForm))
			r.Post("/cases/{case}/steps/{code}/undo", h(s.Undo))
			r.Get("/cases/{case}/steps/{code}/regress", h(s.RegressForm))
			r.Post("/cases/{case}/steps/{code}/regress", h(s.Regress))
			r.With(unhurried...).Post("/cases/{case}/steps/{code}/files", h(s.UploadFiles))
			r.Post("/cases/{case}/steps/{code}/accept", h(s.AcceptStep))
			r.Get("/cases/{case}/steps/{code}/return", h(s.ReturnForm))
			r.Post("/cases/{case}/steps/{code}/return", h(s.ReturnStep))
			r.Get("/cases/{case}/steps/{code}/waive", h(s.WaiveForm))
			r.Post("/cases/{case}/steps/{code}/waive", h(s.Waive))
			r.Get("/cases/{case}/steps/{code}/unwaive", h(s.UnwaiveForm))
			r.Post("/cases/{case}/steps/{code}/unwaive", h(s.Unwaive))
			r.Post("/cases/{case}/steps/{code}/questions", h(s.Ask))
			r.Post("/cases/{case}/questions/{number}/answer", h(s.Answer))
			r.Post("/cases/{case}/questions/{number}/resolve", h(s.ResolveQuestion))
			r.Get("/cases/{case}/files/{number}", h(s.File))
			r.Get("/cases/{case}/files/{number}/thumb", h(s.Thumbnail))
			r.Get("/cases/{case}/files/{number}/remove", h(s.RemoveFileForm))
			r.Post("/cases/{case}/files/{number}/remove", h(s.RemoveFile))
			r.Post("/cases/{case}/rest", h(s.DeclareRest))
			r.Get("/cases/{case}/acts", h(s.Acts))
			r.Post("/cases/{case}/acts", h(s.AddAct))
			r.Post("/cases/{case}/acts/{act}/remind", h(s.RemindAct))
			r.Post("/cases/{case}/acts/{act}/compare", h(s.CompareAct))
			r.Post("/cases/{case}/acts/{act}/dispute", h(s.DisputeAct))
			r.Post("/cases/{case}/acts/{act}/countersign", h(s.CountersignAct))
			r.Get("/cases/{case}/acts/{act}/undo", h(s.UndoActForm))
			r.Post("/cases/{case}/acts/{act}/undo", h(s.UndoAct))
			r.Post("/cases/{case}/acts/{act}/remove", h(s.RemoveAct))
			r.Get("/cases/{case}/letters", h(s.Letters))
			r.Get("/cases/{case}/letters/{kind}", h(s.Letter))
			r.Post("/cases/{case}/letters/{kind}", h(s.SheetOfLetter))
			r.Post("/cases/{case}/letters/{kind}/letter.txt", h(s.LetterTXT))
			r.Post("/cases/{case}/letters/{kind}/letter.docx", h(s.LetterDOCX))
			r.Get("/cases/{case}/debts", h(s.Ledger))
			r.Post("/cases/{case}/debts", h(s.AddDebt))
			r.Get("/cases/{case}/debts/paste", h(s.PasteForm))
			r.With(unhurried...).Post("/cases/{case}/debts/paste", h(s.Paste))
			r.Get("/cases/{case}/debts/lines", s.MethodNotAllowed) // else it would be the page of a debt
			r.Post("/cases/{case}/debts/lines", h(s.AddPasted))
			r.Get("/cases/{case}/debts/{debt}", h(s.Debt))
			r.Get("/cases/{case}/debts/{debt}/edit", h(s.EditDebtForm))
			r.Post("/cases/{case}/debts/{debt}/edit", h(s.EditDebt))
			r.Post("/cases/{case}/debts/{debt}/settle", h(s.SettleDebt))
			r.Get("/cases/{case}/debts/{debt}/write-off", h(s.WriteOffForm))
			r.Post("/cases/{case}/debts/{debt}/write-off", h(s.WriteOff))
			r.Post("/cases/{case}/debts/{debt}/reopen", h(s.ReopenDebt))
			r.Get("/cases/{case}/debts/{debt}/remove", h(s.RemoveDebtForm))
			r.Post("/cases/{case}/debts/{debt}/remove", h(s.RemoveDebt))
			r.Get("/cases/{case}/deadlines", h(s.Deadlines))
			r.Post("/cases/{case}/deadlines", h(s.AddDeadline))
			r.Post("/cases/{case}/deadlines/inbox", h(s.CheckInbox))
			r.Get("/cases/{case}/deadlines/terms", h(s.Terms))
			r.Get("/cases/{case}/deadlines/terms/{term}", h(s.TermForm))
			r.Post("/cases/{case}/deadlines/terms/{term}", h(s.ChangeTerm))
			r.Get("/cases/{case}/deadlines/{deadline}/close", h(s.DealForm))
			r.Post("/cases/{case}/deadlines/{deadline}/close", h(s.Deal))
			r.Post("/cases/{case}/deadlines/{deadline}/reopen", h(s.ReopenDeadline))
			r.Get("/cases/{case}/deadlines/{deadline}/remove", h(s.RemoveDeadlineForm))
			r.Post("/cases/{case}/deadlines/{deadline}/remove", h(s.RemoveDeadline))
			r.Post("/cases/{case}/reminder", h(s.PutAway))
			r.Get("/cases/{case}/history", h(s.History))
			r.With(unhurried...).Get("/cases/{case}/pack.zip", h(s.Pack))
			r.Get("/cases/{case}/delete", h(s.DeleteCaseForm))
			r.With(patient...).Post("/cases/{case}/delete", h(s.Proven(s.DeleteCase)))
			r.Post("/cases/{case}/keep", h(s.KeepCase))
			r.Post("/cases/{case}/rescue/object", h(s.ObjectToRescue))
			r.Get("/cases/{case}/transfer", h(s.TransferForm))
			r.With(patient...).Post("/cases/{case}/transfer", h(s.Proven(s.Transfer)))
			r.Get("/cases/{case}/finish", h(s.FinishForm))
			r.Post("/cases/{case}/finish", h(s.Finish))
			r.Post("/cases/{case}/reopen", h(s.Reopen))
			r.Get("/cases/{case}/people", h(s.People))
			r.With(patient...).Post("/cases/{case}/people", h(s.Proven(s.Invite)))
			r.Post("/cases/{case}/people/acting", h(s.SetActing))
			r.Get("/cases/{case}/people/{user}/remove", h(s.RemoveForm))
			r.With(patient...).Post("/cases/{case}/people/{user}/remove", h(s.Proven(s.RemovePerson)))
			r.Post("/cases/{case}/invites/{invite}/revoke", h(s.RevokeInvite))
			r.Get("/cases/{case}/share", h(s.Shares))
			r.With(patient...).Post("/cases/{case}/share", h(s.CreateShare))
			r.Get("/cases/{case}/share/{share}", h(s.ShareLog))
			r.Post("/cases/{case}/share/{share}/revoke", h(s.RevokeShare))
			r.Get("/cases/{case}/firm/leave", h(s.LeaveFirmForm))
			r.Post("/cases/{case}/firm/leave", h(s.LeaveFirm))

			r.Get("/sellers", h(s.Register))
			r.With(unhurried...).Get("/sellers.csv", h(s.SellersCSV))
			r.With(unhurried...).Get("/sellers.xlsx", h(s.SellersXLSX))
			r.With(httpkit.Unhurried).Get("/sellers/live", h(s.RegisterLive))
			r.Get("/deadlines", h(s.Dues))
			r.Get("/sellers/new", h(s.NewSeller))
			r.Get("/sellers/import", h(s.ImportForm))
			r.With(unhurried...).Post("/sellers/import", h(s.UploadImport))
			r.Get("/sellers/import/template.xlsx", h(s.ImportTemplate))
			r.With(unhurried...).Get("/sellers/import/{import}", h(s.Import))
			r.With(unhurried...).Post("/sellers/import/{import}", h(s.MapImport))
			r.With(unhurried...).Post("/sellers/import/{import}/load", h(s.LoadImport))
			r.With(unhurried...).Get("/sellers/import/{import}/faults.xlsx", h(s.ImportFaults))
			r.With(unhurried...).Post("/sellers/import/{import}/invites.xlsx", h(s.Proven(s.InviteImported)))
			r.With(unhurried...).Get("/sellers/import/{import}/mail", h(s.ImportMail))
			r.With(unhurried...).Post("/sellers/import/{import}/mail", h(s.Proven(s.MailImported)))
			r.Post("/sellers", h(s.AddSeller))
			r.Get("/sellers/{doing:(?:bulk|remind|assign|archive|unarchive)}", h(s.BulkAgain))
			r.With(unhurried...).Post("/sellers/bulk", h(s.Bulk))
			r.With(patient...).Post("/sellers/remind", h(s.Remind))
			r.With(patient...).Post("/sellers/assign", h(s.Assign))
			r.With(patient...).Post("/sellers/archive", h(s.Archive))
			r.With(patient...).Post("/sellers/unarchive", h(s.Unarchive))
			r.Get("/sellers/views", h(s.Views))
			r.Post("/sellers/views", h(s.SaveView))
			r.Get("/sellers/views/{view}", h(s.View))
			r.Post("/sellers/views/{view}", h(s.ChangeView))
			r.Post("/sellers/views/{view}/remove", h(s.RemoveView))
			r.Get("/sellers/{case}", h(s.Seller))

			r.Get("/firm", h(s.Firm))
			r.Post("/firm", h(s.FoundFirm))
			r.Post("/firm/name", h(s.RenameFirm))
			r.Get("/firm/history", h(s.FirmHistory))
			r.Get("/firm/leave", h(s.QuitFirmForm))
			r.With(patient...).Post("/firm/leave", h(s.QuitFirm))
			r.Get("/firm/settings", h(s.FirmSettings))
			r.With(patient...).Post("/firm/settings/requisites", h(s.SetRequisites))
			r.With(patient...).Post("/firm/settings/reminders", h(s.SetFirmChase))
			r.With(patient...).Post("/firm/settings/days", h(s.SetFirmDays))
			r.Post("/firm/settings/acting", h(s.SetFirmActing))
			r.Get("/firm/texts", h(s.FirmTexts))
			r.With(patient...).Post("/firm/texts/publish", h(s.PublishFirmTexts))
			r.Post("/firm/texts/discard", h(s.DiscardFirmTexts))
			r.Get("/firm/texts/{code}/{lang}", h(s.FirmText))
			r.Post("/firm/texts/{code}/{lang}", h(s.DraftFirmText))
			r.Get("/firm/texts/{code}/{lang}/preview", h(s.FirmTextPreview))
			r.Post("/firm/texts/{code}/{lang}/revert", h(s.RevertFirmText))
			r.Get("/firm/upgrade", h(s.FirmUpgradeForm))
			r.With(patient...).Post("/firm/upgrade", h(s.FirmUpgrade))
			r.Get("/cases/{case}/upgrade", h(s.UpgradeForm))
			r.Post("/cases/{case}/upgrade", h(s.Upgrade))
			r.Get("/firm/choose", h(s.ChooseFirmForm))
			r.Post("/firm/choose", h(s.ChooseFirm))
			r.Post("/firm/invites", h(s.InviteToFirm))
			r.Post("/firm/invites/{invite}/revoke", h(s.RevokeFirmInvite))
			r.Get("/firm/people/{user}", h(s.FirmPerson))
			r.With(patient...).Post("/firm/people/{user}/role", h(s.SetFirmRole))
			r.Get("/firm/people/{user}/remove", h(s.RemoveMemberForm))
			r.With(patient...).Post("/firm/people/{user}/remove", h(s.RemoveMember))
		})
	})
	return r
}
