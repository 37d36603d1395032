package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// Account is not written yet.
func (s *Site) Account(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// ChangeSettings is not written yet.
func (s *Site) ChangeSettings(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// ChangePassword is not written yet.
func (s *Site) ChangePassword(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// RevokeSession is not written yet.
func (s *Site) RevokeSession(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
