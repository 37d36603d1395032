package site

import (
	"net/http"
	"strconv"

	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// History shows a case's trail, newest first.
func (s *Site) History(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	before, err := readBefore(r.URL.Query().Get("before"))
	if err != nil {
		return err
	}
	view, err := s.app.History(r.Context(), actorOf(r.Context()), id, before)
	if err != nil {
		return err
	}
	words := s.caseWords(r, view)
	v := page.HistoryView{
		Back: words.backToCase(), Lead: words.p.T("history.lead", "Seller", view.Case.Seller.Name), Items: words.lines(true),
		Pager: words.historyPager(before),
	}
	s.render(w, r, http.StatusOK, page.History(s.caseLayout(r, words, words.pageTitle("history.title"), layoutText), v))
	return nil
}

// readBefore reads the number of an event; an empty one asks for the newest lines.
func readBefore(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, ok := plainNumber(text)
	if !ok {
		return 0, &winddown.Error{Kind: winddown.Invalid, Key: "history.error.before"}
	}
	return int64(n), nil
}

// historyPager leads to older lines, and back to the newest: pages are counted from
// there, so a page in between has no address of its own.
func (w caseWords) historyPager(before int64) ui.PagerProps {
	var pager ui.PagerProps
	if before > 0 {
		pager.PreviousHref = w.href() + "/history"
	}
	if n := len(w.view.Trail); n > 0 && w.view.TrailMore {
		pager.NextHref = w.href() + "/history?before=" + strconv.FormatInt(w.view.Trail[n-1].Seq, 10)
	}
	return pager
}
