package site

import (
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

// What changed nothing is not told as done to nobody.
func TestNothingWasChanged(t *testing.T) {
	p := i18n.For(i18n.Russian)
	if text, _ := bulkNotice(p, []string{"reminded", "0", "2", ""}); text != "Ничего не изменилось. Пропущены 2." {
		t.Error(text)
	}
	if text, _ := bulkNotice(p, []string{"reminded", "1", "0", ""}); !strings.Contains(text, "1 продавцу") {
		t.Error(text)
	}
}

// A notice names the first of those who were skipped, and fits its cookie with all that were ticked; what somebody
// wrote into the cookie names nobody.
func TestNoticeNamesWhoWasSkipped(t *testing.T) {
	var skipped []winddown.Skipped
	var ticked []winddown.ID
	for i := range winddown.RegisterPageSize {
		id := winddown.ID{byte(i), 0xff, 15: 0xff}
		ticked = append(ticked, id)
		skipped = append(skipped, winddown.Skipped{ID: id, Why: winddown.Skips()[i%len(winddown.Skips())]})
	}
	notice := []string{"reminded", "50", "50", encodeSkipped(skipped), encodeIDs(ticked)}
	if got := decodeSkipped(notice); !slices.Equal(got, skipped[:skippedNamed]) {
		t.Errorf("%v", got)
	}
	w := httptest.NewRecorder()
	httpkit.SetNotice(w, httpkit.Cookies{}, strings.Join(notice, "."))
	if len(w.Result().Cookies()) != 1 {
		t.Error("the notice is dropped")
	}
	p := i18n.For(i18n.Russian)
	names := map[winddown.ID]string{ticked[0]: "ИП Ким", ticked[4]: "ООО «Маяк»"}
	items := skippedItems(p, notice, names)
	if len(items) != 3 || items[1].Link.Text != "ООО «Маяк»" || items[1].Text != "Уже напоминали сегодня" || items[2].Text != "И ещё 48" {
		t.Errorf("%+v", items)
	}
	for _, broken := range []string{"x", "9" + encodeIDs(ticked[:1]), encodeSkipped(skipped)[1:], "0", strings.Repeat(encodeSkipped(skipped), 2)} {
		if got := decodeSkipped([]string{"reminded", "1", "1", broken}); got != nil {
			t.Errorf("%q is read as %v", broken, got)
		}
	}
}
