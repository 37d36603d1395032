package site

import (
	"strings"
	"testing"

	"winddown/internal/i18n"
)

// What changed nothing is not told as done to nobody.
func TestNothingWasChanged(t *testing.T) {
	p := i18n.For(i18n.Russian)
	if text, _ := bulkNotice(p, []string{"reminded", "0", "2", "0"}); text != "Ничего не изменилось. Пропущены 2." {
		t.Error(text)
	}
	if text, _ := bulkNotice(p, []string{"reminded", "0", "3", "2"}); text != "Ничего не изменилось. Пропущены 3. Уже напоминали сегодня: 2." {
		t.Error(text)
	}
	if text, _ := bulkNotice(p, []string{"reminded", "1", "0", "0"}); !strings.Contains(text, "1 продавцу") {
		t.Error(text)
	}
}
