package winddown

import (
	"errors"
	"fmt"
)

// Kind says what sort of failure an error is. The edge turns it into a status
// code; everything below the edge only ever names the kind.
//
// A Kind is itself an error, so that callers write errors.Is(err, winddown.NotFound).
type Kind uint8

// The kinds of failure. Internal is the zero value: an error nobody classified
// is a fault of ours.
const (
	Internal Kind = iota
	Invalid
	Unauthenticated
	Unproved // signed in, but long ago: who asks has to show again who he is
	Forbidden
	NotFound
	Blocked
	Conflict
	Gone
	TooLarge
	TooMany
	Unavailable
)

// Error returns the kind's name as it appears in logs.
func (k Kind) Error() string {
	switch k {
	case Internal:
		return "internal"
	case Invalid:
		return "invalid"
	case Unauthenticated:
		return "unauthenticated"
	case Unproved:
		return "unproved"
	case Forbidden:
		return "forbidden"
	case NotFound:
		return "not found"
	case Blocked:
		return "blocked"
	case Conflict:
		return "conflict"
	case Gone:
		return "gone"
	case TooLarge:
		return "too large"
	case TooMany:
		return "too many"
	case Unavailable:
		return "unavailable"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Args are the parameters of a message, by the names its catalog entry uses.
type Args map[string]any

// FieldError is a mistake in one field of a form.
type FieldError struct {
	Field string // the field's name in the form
	Key   string // the message key
	Args  Args
}

// Error is a failure a person can be told about: its kind decides the status,
// its key the sentence. Fields name the form fields at fault, Blockers the steps
// that stand in the way.
type Error struct {
	Kind     Kind
	Key      string
	Args     Args
	Fields   []FieldError
	Blockers []Code
	Err      error // the cause, for the log only
}

// Error describes the failure for the log; people get the message behind Key.
func (e *Error) Error() string {
	s := e.Kind.Error()
	if e.Key != "" {
		s += ": " + e.Key
	}
	for _, f := range e.Fields {
		s += fmt.Sprintf(" [%s: %s]", f.Field, f.Key)
	}
	for _, b := range e.Blockers {
		s += fmt.Sprintf(" [blocked by %s]", b)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives errors.Is and errors.As the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// KindOf returns the kind of err; an error without one is Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	var k Kind
	if errors.As(err, &k) {
		return k
	}
	return Internal
}

// invalid collects field mistakes; err returns nil while there are none.
type invalid struct{ fields []FieldError }

func (v *invalid) add(field, key string, args Args) {
	v.fields = append(v.fields, FieldError{Field: field, Key: key, Args: args})
}

func (v *invalid) err() error {
	if len(v.fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Key: "error.invalid", Fields: v.fields}
}
