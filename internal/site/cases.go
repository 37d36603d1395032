package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// Cases is not written yet.
func (s *Site) Cases(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// NewCase is not written yet.
func (s *Site) NewCase(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// OpenCase is not written yet.
func (s *Site) OpenCase(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
