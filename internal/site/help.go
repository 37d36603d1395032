package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// Help is not written yet.
func (s *Site) Help(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
