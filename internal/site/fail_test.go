package site

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

// The page of a failure has no field to mark: it says the mistakes themselves, or that there is one.
func TestFailureSaysWhatIsWrong(t *testing.T) {
	for want, failed := range map[string]*winddown.Error{
		"Вернитесь назад, проверьте введённое":                 {Kind: winddown.Invalid, Key: "error.field.unknown"},
		"Выберите файл; Введите название. Ничего не сохранено": {Kind: winddown.Invalid, Key: "error.invalid", Fields: []winddown.FieldError{{Field: "file", Key: "import.error.file_missing"}, {Field: "name", Key: "view.error.name_missing"}}},
		"Акт уже получен": {Kind: winddown.Invalid, Key: "import.error.act_further"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/sellers/bulk", nil)
		r = r.WithContext(i18n.With(r.Context(), i18n.For(i18n.Russian)))
		w := httptest.NewRecorder()
		(&Site{}).Fail(w, r, failed)
		if body := w.Body.String(); w.Code != http.StatusUnprocessableEntity || !strings.Contains(body, want) || strings.Contains(body, "отмеченн") {
			t.Errorf("%s: %d, want %q in\n%s", failed.Key, w.Code, want, body)
		}
	}
}
