package site

import (
	"errors"
	"slices"

	"winddown/internal/winddown"
)

// money reads an amount of roubles.
func (f *formReader) money(name string) winddown.Money {
	m, err := winddown.ParseMoney(f.form.Get(name))
	var wrong *winddown.Error
	if errors.As(err, &wrong) {
		for _, field := range wrong.Fields {
			field.Field = name
			f.fields = append(f.fields, field)
		}
	}
	return m
}

// id reads the id that a form carries unseen.
func (f *formReader) id(name string) winddown.ID {
	id, err := winddown.ParseID(f.form.Get(name))
	if err != nil {
		f.add("version", "ledger.error.form")
	}
	return id
}

// also adds the mistakes of fields that could be read, and puts all in the order of the form.
func (f *formReader) also(err error, order ...string) {
	var wrong *winddown.Error
	if !errors.As(err, &wrong) {
		return
	}
	for _, field := range wrong.Fields {
		if !slices.ContainsFunc(f.fields, func(known winddown.FieldError) bool { return known.Field == field.Field }) {
			f.fields = append(f.fields, field)
		}
	}
	slices.SortStableFunc(f.fields, func(a, b winddown.FieldError) int {
		return slices.Index(order, a.Field) - slices.Index(order, b.Field)
	})
}
