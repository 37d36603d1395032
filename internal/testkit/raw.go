package testkit

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Status sends a request with a body as it stands, claiming to be a form if it is a POST,
// and returns the status: for requests that no browser makes.
func (c *Client) Status(t testing.TB, method, address, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, c.site.URL+address, strings.NewReader(body))
	if err != nil {
		return http.StatusBadRequest // not even a client can send it
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		t.Errorf("%s %s: %v", method, address, err)
		return http.StatusInternalServerError
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer.StatusCode
}

// StatusOf posts a body that need not end, and returns the status; 0 when the connection
// ended without one.
func (c *Client) StatusOf(t testing.TB, address, contentType string, body io.Reader) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.site.URL+address, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	answer, err := c.http.Do(r)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer.StatusCode
}
