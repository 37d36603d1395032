package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// Step is not written yet.
func (s *Site) Step(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// MarkStep is not written yet.
func (s *Site) MarkStep(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// UndoForm is not written yet.
func (s *Site) UndoForm(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// Undo is not written yet.
func (s *Site) Undo(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// RegressForm is not written yet.
func (s *Site) RegressForm(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// Regress is not written yet.
func (s *Site) Regress(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// DeclareRest is not written yet.
func (s *Site) DeclareRest(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
