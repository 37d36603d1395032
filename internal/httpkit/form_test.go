package httpkit

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"winddown/internal/winddown"
)

const formType = "application/x-www-form-urlencoded"

func TestDecodeForm(t *testing.T) {
	const max = 1000
	many := func(n int) string { return strings.TrimSuffix(strings.Repeat("a=1&", n), "&") }
	for _, c := range []struct {
		name, contentType, body string
		want                    url.Values
		kind                    error
	}{
		{"plain", formType, "name=%D0%90+%D0%91&inn=1", url.Values{"name": {"А Б"}, "inn": {"1"}}, nil},
		{"with a charset", formType + "; charset=UTF-8", "a=1", url.Values{"a": {"1"}}, nil},
		{"capitals in the type", "Application/X-WWW-Form-Urlencoded", "a=1", url.Values{"a": {"1"}}, nil},
		{"several values", formType, "a=1&a=2", url.Values{"a": {"1", "2"}}, nil},
		{"no body and no type", "", "", url.Values{}, nil},
		{"no body", formType, "", url.Values{}, nil},
		{"line ends stay", formType, "a=1%0D%0A2", url.Values{"a": {"1\r\n2"}}, nil},
		{"as long as allowed", formType, "a=" + strings.Repeat("x", max-2), url.Values{"a": {strings.Repeat("x", max-2)}}, nil},
		{"a byte longer", formType, "a=" + strings.Repeat("x", max-1), nil, winddown.TooLarge},
		{"no type", "", "a=1", nil, winddown.Invalid},
		{"JSON", "application/json", `{"a":1}`, nil, winddown.Invalid},
		{"multipart", "multipart/form-data; boundary=x", "--x--", nil, winddown.Invalid},
		{"plain text", "text/plain", "a=1", nil, winddown.Invalid},
		{"a broken type", "application/", "a=1", nil, winddown.Invalid},
		{"another charset", formType + "; charset=windows-1251", "a=1", nil, winddown.Invalid},
		{"NUL in a value", formType, "a=x%00y", nil, winddown.Invalid},
		{"raw NUL in a value", formType, "a=x\x00y", nil, winddown.Invalid},
		{"NUL in a name", formType, "a%00=1", nil, winddown.Invalid},
		{"invalid UTF-8 in a value", formType, "a=%FF", nil, winddown.Invalid},
		{"invalid UTF-8 in a later value", formType, "a=1&a=\xc3\x28", nil, winddown.Invalid},
		{"invalid UTF-8 in a name", formType, "%C3=1", nil, winddown.Invalid},
		{"a broken escape", formType, "a=%zz", nil, winddown.Invalid},
		{"a cut escape", formType, "a=%D", nil, winddown.Invalid},
		{"a semicolon", formType, "a=1;b=2", nil, winddown.Invalid},
		{"as many fields as allowed", formType, many(100), url.Values{"a": strings.Split(many(100), "&")}, nil},
		{"a field more", formType, many(101), nil, winddown.Invalid},
	} {
		for i, v := range c.want["a"] {
			c.want["a"][i] = strings.TrimPrefix(v, "a=")
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(c.body))
		if c.contentType != "" {
			r.Header.Set("Content-Type", c.contentType)
		}
		got, err := DecodeForm(httptest.NewRecorder(), r, max)
		if c.kind == nil && err != nil || c.kind != nil && !errors.Is(err, c.kind) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.kind)
		}
		if err == nil && !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
		if err != nil && got != nil {
			t.Errorf("%s: a refused form came back: %v", c.name, got)
		}
		if key, want := keyOf(err), map[error]string{winddown.Invalid: "error.unreadable", winddown.TooLarge: "error.too_large"}[c.kind]; c.name == "a field more" && key != "error.too_large" ||
			c.name != "a field more" && key != want {
			t.Errorf("%s: it is said to be %q", c.name, key)
		}
	}
}

// keyOf is the message of an error, empty where there is none.
func keyOf(err error) string {
	var known *winddown.Error
	if !errors.As(err, &known) {
		return ""
	}
	return known.Key
}

func TestDecodeFormRefusesEncodedBodies(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("a=1"))
	r.Header.Set("Content-Type", formType)
	r.Header.Set("Content-Encoding", "gzip")
	if _, err := DecodeForm(httptest.NewRecorder(), r, 100); !errors.Is(err, winddown.Invalid) {
		t.Errorf("error %v, want invalid", err)
	}
}

func TestDecodeFormReadsTheBodyOnce(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("a=1"))
	r.Header.Set("Content-Type", formType)
	for range 2 {
		form, err := DecodeForm(httptest.NewRecorder(), r, 100)
		if err != nil || form.Get("a") != "1" {
			t.Fatalf("form %v, error %v", form, err)
		}
	}
	if got := r.PostFormValue("a"); got != "1" {
		t.Errorf("PostFormValue after DecodeForm = %q", got)
	}
}

func TestDecodeFormCutOff(t *testing.T) {
	body := io.MultiReader(strings.NewReader("a=1"), iotest.ErrReader(io.ErrUnexpectedEOF))
	r := httptest.NewRequest(http.MethodPost, "/", body)
	r.Header.Set("Content-Type", formType)
	if form, err := DecodeForm(httptest.NewRecorder(), r, 100); !errors.Is(err, winddown.Invalid) {
		t.Errorf("half a form: %v, error %v, want invalid", form, err)
	}
}

func FuzzDecodeForm(f *testing.F) {
	for _, body := range []string{"a=1&b=%D0%90", "a=%00", "a=%FF", "a=%zz", "&&&", "a;b", "=", "a=1\r\n", strings.Repeat("a&", 101)} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Header.Set("Content-Type", formType)
		form, err := DecodeForm(httptest.NewRecorder(), r, 4096)
		if err != nil {
			if !errors.Is(err, winddown.Invalid) && !errors.Is(err, winddown.TooLarge) {
				t.Fatalf("a person's mistake became %v", err)
			}
			return
		}
		n := 0
		for name, values := range form {
			n += len(values)
			for _, v := range append(values, name) {
				if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
					t.Fatalf("%q came through", v)
				}
			}
		}
		if n > maxFields || len(body) > 4096 {
			t.Fatalf("%d values in %d bytes came through", n, len(body))
		}
	})
}
