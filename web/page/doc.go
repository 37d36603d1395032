// Package page holds the pages: a templ component and its view model for each. A page is
// a pure function of its view; strings come formatted, links built, rights as booleans.
package page
