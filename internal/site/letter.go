package site

import (
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/letter"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

func lettersHref(id winddown.ID) string { return caseHref(id) + "/letters" }

// letterHref is the page of a letter about the act at a position; 0 leaves the choice to
// the page.
func letterHref(id winddown.ID, kind letter.Kind, position int) string {
	return lettersHref(id) + "/" + string(kind) + actQuery(position)
}

func actQuery(position int) string {
	if position == 0 {
		return ""
	}
	return "?act=" + strconv.Itoa(position)
}

// written is a letter as it stands for a case today.
type written struct {
	words    caseWords
	kind     letter.Kind
	position int // of the act, as asked for
	act      winddown.Act
	text     string
	firm     winddown.Requisites // may sign, where it has a name
	byFirm   bool                // signs
}

// signedByFirm is the value of the query's signer for the firm; any other is the seller.
const signedByFirm = "firm"

// href is where the letter stands, or what its text is sent to: with an act and a signer as
// they were asked for.
func (l written) href(rest string) string {
	query := url.Values{}
	if l.position > 0 {
		query.Set("act", strconv.Itoa(l.position))
	}
	if l.byFirm {
		query.Set("signer", signedByFirm)
	}
	href := lettersHref(l.words.c.ID) + "/" + string(l.kind) + rest
	if len(query) > 0 {
		href += "?" + query.Encode()
	}
	return href
}

// letterAct is the act a letter is about: the one asked for, else the first that the letter
// suits, else the first its step waits for.
func letterAct(c *winddown.Case, kind letter.Kind, position int) (*winddown.Act, error) {
	if position == 0 {
		for i := range c.Acts {
			if letterSuits(kind, c.Acts[i].Phase()) {
				return &c.Acts[i], nil
			}
		}
	}
	return c.ActFor(letterStep(kind), position)
}

// letterSuits reports whether a letter says what is true of an act in a phase.
func letterSuits(kind letter.Kind, phase winddown.Phase) bool {
	switch kind {
	case letter.Request:
		return phase == winddown.PhaseNotRequested || phase == winddown.PhaseDisputed
	case letter.Reminder:
		return phase == winddown.PhaseRequested
	case letter.Objections:
		return phase == winddown.PhaseDisagreed || phase == winddown.PhaseDisputed
	case letter.Termination:
	}
	return true
}

// doubt warns of a letter that would say what is not so; nothing where it suits. A request
// may be sent again whatever became of the first.
func (l written) doubt() string {
	if l.kind == letter.Request || letterSuits(l.kind, l.act.Phase()) {
		return ""
	}
	w := l.words
	return w.p.T("letter.doubt", "Act", w.actHeading(l.act), "Phase", w.phase(l.act))
}

// letter writes the letter that the path and the query ask for; one that does not exist,
// and one about an act that does not, are NotFound.
func (s *Site) letter(r *http.Request) (written, error) {
	id, err := pathID(r, "case")
	if err != nil {
		return written{}, err
	}
	notFound := &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	kind, ok := letter.ParseKind(chi.URLParam(r, "kind"))
	if !ok {
		return written{}, notFound
	}
	position, err := queryAct(r)
	if err != nil {
		return written{}, err
	}
	view, err := s.app.Letter(r.Context(), actorOf(r.Context()), id, string(kind))
	if err != nil {
		return written{}, err
	}
	act, err := letterAct(view.Case, kind, position)
	if err != nil {
		return written{}, err
	}
	l := written{words: s.caseWords(r, view), kind: kind, position: position, act: *act}
	template := letter.Default(kind)
	if !view.Text.BuiltIn() {
		template = view.Text.Parts[winddown.PartBody]
	}
	data := letterData(l.words, *act)
	if letter.NamesSigner(template) {
		l.firm = view.Requisites
	}
	if l.firm.LegalName != "" && r.URL.Query().Get("signer") == signedByFirm {
		l.byFirm, data.Representative = true, l.firm
	}
	l.text, _ = letter.Fill(template, data) // what is unknown stays to be seen
	return l, nil
}

// letterStep is the step that a letter belongs to; none for the notice of termination.
func letterStep(kind letter.Kind) winddown.Code {
	switch kind {
	case letter.Request:
		return winddown.RequestAct
	case letter.Reminder:
		return winddown.ReceiveAct
	case letter.Objections:
		return winddown.SignAct
	case letter.Termination:
	}
	return ""
}

func letterData(w caseWords, act winddown.Act) letter.Data {
	d := letter.Data{
		SellerName: w.c.Seller.Name, INN: w.c.Seller.INN, OGRN: w.c.Seller.OGRN, Cabinet: w.c.Seller.Cabinet,
		Counterparty: act.Counterparty, PeriodFrom: act.PeriodFrom, PeriodTo: act.PeriodTo, Today: w.readersToday(),
		RequestedOn: act.RequestedOn, Ticket: act.Ticket, ReceivedOn: act.ReceivedOn,
		OurBalance: letterBalance(act.Ours), WBBalance: letterBalance(act.Theirs),
	}
	if phase := act.Phase(); phase == winddown.PhaseDisagreed || phase == winddown.PhaseDisputed {
		d.Difference = letterSum(act.Difference)
		d.Objections = act.ObjectionList()
	}
	return d
}

// letterBalance writes a balance in the seller's words, «3 418,20 ₽ в нашу пользу»; letters
// are in Russian.
func letterBalance(b winddown.Balance) string {
	switch {
	case !b.Known:
		return ""
	case b.Amount > 0:
		return letterSum(b.Amount) + " в нашу пользу"
	case b.Amount < 0:
		return letterSum(b.Amount) + " в вашу пользу"
	}
	return letterSum(0)
}

// letterSum writes a sum without its sign.
func letterSum(m winddown.Money) string {
	return i18n.For(i18n.Russian).Money(m.Abs().Kopecks())
}

// Letters lists the letters of a case.
func (s *Site) Letters(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	view, err := s.app.Acts(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return err
	}
	words := s.caseWords(r, view)
	v := page.LettersView{Back: words.backToCase()}
	for _, kind := range letter.Kinds() {
		v.Letters = append(v.Letters, page.LetterRowView{
			Href: letterHref(id, kind, 0), Title: letterTitle(words.p, kind), Hint: words.p.T("letter." + string(kind) + ".hint"),
		})
	}
	s.render(w, r, http.StatusOK, page.Letters(s.caseLayout(r, words, words.pageTitle("letter.list"), layoutText), v))
	return nil
}

// Letter shows a letter to be changed, copied, downloaded or printed.
func (s *Site) Letter(w http.ResponseWriter, r *http.Request) error {
	l, err := s.letter(r)
	if err != nil {
		return err
	}
	return s.renderLetter(w, r, l, nil)
}

// renderLetter shows the page of a letter, with what is wrong about its text.
func (s *Site) renderLetter(w http.ResponseWriter, r *http.Request, l written, failed error, options ...layoutOption) error {
	v := letterView(l)
	status := http.StatusOK
	options = append(options, layoutText)
	if failed != nil {
		if !redrawable(failed) {
			return failed
		}
		m := mistakesOf(r.Context(), failed)
		v.Errors, v.Error = m.items, m.of("text")
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
	}
	title := l.words.p.T("letter.page_title", "Letter", v.Title, "Seller", l.words.c.Seller.Name)
	s.render(w, r, status, page.Letter(s.caseLayout(r, l.words, title, options...), v))
	return nil
}

func letterView(l written) page.LetterView {
	w := l.words
	v := page.LetterView{
		Back: w.backToCase(), Title: letterTitle(w.p, l.kind), Hint: w.p.T("letter." + string(l.kind) + ".hint"), Text: l.text, Doubt: l.doubt(),
		Action: l.href(""), AllHref: lettersHref(w.c.ID), TextAction: l.href("/letter.txt"), WordAction: l.href("/letter.docx"),
	}
	if l.firm.LegalName != "" {
		v.SignerAction = letterHref(w.c.ID, l.kind, 0)
		if l.position > 0 {
			v.Act = strconv.Itoa(l.position)
		}
		v.Signers = []ui.Option{
			{Value: "seller", Label: w.p.T("letter.signer.seller", "Name", w.c.Seller.Name), Checked: !l.byFirm},
			{Value: signedByFirm, Label: w.p.T("letter.signer.firm", "Name", l.firm.LegalName), Hint: l.firm.Authority, Checked: l.byFirm},
		}
	}
	if code := letterStep(l.kind); code != "" {
		v.Back = ui.BackLinkProps{Href: w.stepHref(code), Text: stepName(w.p, code)}
	}
	return v
}

func letterTitle(p *i18n.Printer, kind letter.Kind) string {
	return p.T("letter." + string(kind) + ".title")
}

// maxLetterForm bounds the form of a letter, in bytes: room for one that is many times too
// long, so that it comes back to be shortened.
const maxLetterForm = 1 << 20

// typedLetter gives do a letter with the text that was typed, or shows the page again with
// what is wrong about the text. Nothing is kept.
func (s *Site) typedLetter(w http.ResponseWriter, r *http.Request, do func(l written) error) error {
	l, err := s.letter(r)
	if err != nil {
		return err
	}
	values, err := httpkit.DecodeForm(w, r, maxLetterForm)
	if err != nil {
		return err
	}
	l.text = strings.ReplaceAll(values.Get("text"), "\r\n", "\n") // browsers send the one for the other
	if err := letter.CheckText(l.text); err != nil {
		return s.renderLetter(w, r, l, err)
	}
	return do(l)
}

// SheetOfLetter shows a letter as it was typed, to be printed.
func (s *Site) SheetOfLetter(w http.ResponseWriter, r *http.Request) error {
	return s.typedLetter(w, r, func(l written) error {
		ready := &ui.NoticeProps{Variant: ui.NoticeSuccess, Text: l.words.p.T("letter.sheet.ready")}
		return s.renderLetter(w, r, l, nil, layoutNotice(ready))
	})
}

// LetterTXT sends a letter as it was typed as a text file.
func (s *Site) LetterTXT(w http.ResponseWriter, r *http.Request) error {
	return s.typedLetter(w, r, func(l written) error {
		sendLetter(w, l, "txt", "text/plain; charset=utf-8", letter.TXT(l.text))
		return nil
	})
}

// LetterDOCX sends a letter as it was typed as a Word document.
func (s *Site) LetterDOCX(w http.ResponseWriter, r *http.Request) error {
	return s.typedLetter(w, r, func(l written) error {
		file, err := letter.DOCX(l.text)
		if err != nil {
			return err
		}
		sendLetter(w, l, "docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", file)
		return nil
	})
}

func sendLetter(w http.ResponseWriter, l written, ending, contentType string, file []byte) {
	name := letterFileName(letterTitle(l.words.p, l.kind)+" — "+l.words.c.Seller.Name) + "." + ending
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Length", strconv.Itoa(len(file)))
	_, _ = w.Write(file) // the reader is gone: nobody is left to tell
}

// letterFileName takes out of a name what no file of Windows may have in its own.
func letterFileName(name string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`<>:"/\|?*`, r) {
			return -1
		}
		return r
	}, name)
	const longest = 120
	if runes := []rune(name); len(runes) > longest {
		name = string(runes[:longest])
	}
	return strings.Trim(name, " .")
}
