package httpkit

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"winddown/internal/winddown"
)

// maxFields bounds the number of fields in one form; our largest has fewer than twenty.
const maxFields = 100

// DecodeForm reads a posted form of at most max bytes. It returns TooLarge for
// more, and Invalid for anything but an urlencoded body of UTF-8 without NUL
// (PostgreSQL takes neither) in at most a hundred fields.
//
// The body is read once: the form stays in r.PostForm, where a second call finds it.
func DecodeForm(w http.ResponseWriter, r *http.Request, max int64) (url.Values, error) {
	if r.PostForm != nil {
		return r.PostForm, nil
	}
	if !isURLEncoded(r) {
		return nil, badForm(errors.New("the body is not an urlencoded form in UTF-8"))
	}
	if r.ContentLength > max { // it says so itself: nobody waits for it
		return nil, &winddown.Error{Kind: winddown.TooLarge, Key: "error.too_large"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, max))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return nil, &winddown.Error{Kind: winddown.TooLarge, Key: "error.too_large", Err: err}
		}
		return nil, badForm(err)
	}
	form, err := parseForm(string(body))
	if err != nil {
		return nil, badForm(err)
	}
	r.PostForm = form
	return form, nil
}

// isURLEncoded reports whether the body is a form as browsers send it without
// files. No body at all is an empty form, whatever its type.
func isURLEncoded(r *http.Request) bool {
	if r.Header.Get("Content-Encoding") != "" {
		return false
	}
	header := r.Header.Get("Content-Type")
	if header == "" {
		return r.ContentLength == 0
	}
	kind, params, err := mime.ParseMediaType(header)
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return false
	}
	charset := params["charset"]
	return charset == "" || strings.EqualFold(charset, "utf-8")
}

func parseForm(body string) (url.Values, error) {
	if strings.Count(body, "&") >= maxFields {
		return nil, errTooMuch
	}
	form, err := url.ParseQuery(body)
	if err != nil {
		return nil, err
	}
	if err := checkValues(form); err != nil {
		return nil, err
	}
	return form, nil
}

// checkValues refuses what no person types and PostgreSQL does not store.
func checkValues(values url.Values) error {
	for name, all := range values {
		if !isClean(name) {
			return errors.New("the name of a field is not clean text")
		}
		for _, v := range all {
			if !isClean(v) {
				return errors.New("the value of a field is not clean text")
			}
		}
	}
	return nil
}

func isClean(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// errTooMuch says that nothing of a form is wrong but its size.
var errTooMuch = errors.New("too many fields, or too long a field")

func badForm(err error) error {
	known := &winddown.Error{Kind: winddown.Invalid, Key: "error.unreadable", Err: err}
	if errors.Is(err, errTooMuch) {
		known.Key = "error.too_large"
	}
	return known
}
