package site

import (
	"context"
	"net/http"
	"net/url"

	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// Cases lists the actor's own wind-downs.
func (s *Site) Cases(w http.ResponseWriter, r *http.Request) error {
	cases, keepsBooks, err := s.app.MyCases(r.Context(), actorOf(r.Context()))
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	v := page.CasesView{}
	for _, c := range cases {
		v.Cases = append(v.Cases, caseRowView(p, c, s.app.Now()))
	}
	if keepsBooks {
		v.SellersHref = "/sellers"
	}
	s.render(w, r, http.StatusOK, page.Cases(s.layout(r, p.T("cases.title"), layoutText), v))
	return nil
}

// NewCase shows the form that opens a case.
func (s *Site) NewCase(w http.ResponseWriter, r *http.Request) error {
	return s.newCase(w, r, winddown.NewCase{}, nil)
}

// OpenCase opens a case whose owner is the actor.
func (s *Site) OpenCase(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	in, actor := readNewCase(f), actorOf(r.Context())
	var id winddown.ID
	if err = s.logins.takeCase(w, r, actor.UserID); err == nil {
		id, err = s.app.OpenCase(r.Context(), actor, in)
	}
	switch {
	case err == nil:
		s.notice(w, "case_opened")
		return s.redirect(w, r, caseHref(id))
	case retryable(err):
		return s.newCase(w, r, in, err)
	}
	return err
}

func (s *Site) newCase(w http.ResponseWriter, r *http.Request, in winddown.NewCase, err error) error {
	v := caseFormView(r.Context(), in, err)
	status, options := http.StatusOK, []layoutOption{layoutText}
	if err != nil {
		status, options = httpkit.Status(winddown.KindOf(err)), append(options, layoutInvalid)
	}
	s.render(w, r, status, page.NewCase(s.layout(r, v.Title, options...), v))
	return nil
}

// readNewCase reads the form that opens a case; the rules judge what it holds.
func readNewCase(f url.Values) winddown.NewCase {
	return winddown.NewCase{Seller: readSeller(f), Answers: readAnswers(f)}
}

func readSeller(f url.Values) winddown.Seller {
	return winddown.Seller{Name: f.Get("seller_name"), INN: f.Get("inn"), OGRN: f.Get("ogrn"), Cabinet: f.Get("cabinet")}
}

func readAnswers(f url.Values) winddown.RawAnswers {
	return winddown.RawAnswers{FBS: f.Get("fbs"), WBStock: f.Get("wb_stock"), Leftover: f.Get("leftover")}
}

// caseFormView is the form that opens a case of one's own, with what was typed and, when
// err is not nil, what is wrong with it.
func caseFormView(ctx context.Context, in winddown.NewCase, err error) page.CaseFormView {
	p := i18n.From(ctx)
	m := mistakesOf(ctx, err)
	return page.CaseFormView{
		Action: "/cases",
		Back:   ui.BackLinkProps{Href: "/cases", Text: p.T("cases.title")},
		Title:  p.T("cases.new.title"), Lead: p.T("cases.new.lead"), Submit: p.T("cases.start"),
		Name: in.Seller.Name, INN: in.Seller.INN, OGRN: in.Seller.OGRN, Cabinet: in.Seller.Cabinet,
		Answers: page.AnswersView(in.Answers),
		Errors:  m.items, FieldErrors: m.fields,
	}
}
