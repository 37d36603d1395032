package winddown_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"winddown/internal/winddown"
)

func TestErrorKinds(t *testing.T) {
	all := []winddown.Kind{
		winddown.Internal, winddown.Invalid, winddown.Unauthenticated, winddown.Unproved, winddown.Forbidden, winddown.NotFound, winddown.Blocked,
		winddown.Conflict, winddown.Gone, winddown.TooLarge, winddown.TooMany, winddown.Unavailable,
	}
	names := map[string]bool{}
	for _, k := range all {
		if names[k.Error()] {
			t.Errorf("two kinds are called %q", k)
		}
		names[k.Error()] = true
		err := fmt.Errorf("outside: %w", &winddown.Error{Kind: k, Err: io.EOF})
		for _, other := range all {
			if errors.Is(err, other) != (k == other) {
				t.Errorf("an error of kind %v is %v: %v", k, other, errors.Is(err, other))
			}
		}
		if winddown.KindOf(err) != k || winddown.KindOf(fmt.Errorf("bare: %w", k)) != k || !errors.Is(err, io.EOF) {
			t.Errorf("kind %v is read as %v", k, winddown.KindOf(err))
		}
	}
	if winddown.KindOf(io.EOF) != winddown.Internal || winddown.KindOf(nil) != winddown.Internal {
		t.Error("an error nobody classified is not Internal")
	}
	if got := winddown.Kind(200).Error(); names[got] {
		t.Errorf("an unknown kind is called %q", got)
	}
}

func TestErrorText(t *testing.T) {
	for want, err := range map[string]error{
		"not found":                               &winddown.Error{Kind: winddown.NotFound},
		"gone: invite.error.gone":                 &winddown.Error{Kind: winddown.Gone, Key: "invite.error.gone"},
		"internal: EOF":                           &winddown.Error{Err: io.EOF},
		"invalid: k [inn: a] [ogrn: b]":           &winddown.Error{Kind: winddown.Invalid, Key: "k", Fields: []winddown.FieldError{{Field: "inn", Key: "a"}, {Field: "ogrn", Key: "b"}}},
		"blocked: k [blocked by sell_out]: cause": &winddown.Error{Kind: winddown.Blocked, Key: "k", Blockers: []winddown.Code{winddown.SellOut}, Err: errors.New("cause")},
	} {
		if got := err.Error(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
