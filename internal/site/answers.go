package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// AnswersForm is not written yet.
func (s *Site) AnswersForm(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// ChangeAnswers is not written yet.
func (s *Site) ChangeAnswers(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
