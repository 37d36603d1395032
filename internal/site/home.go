package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// Home is not written yet.
func (s *Site) Home(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// SetLocale is not written yet.
func (s *Site) SetLocale(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
