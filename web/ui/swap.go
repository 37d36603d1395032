package ui

import "github.com/a-h/templ"

// HTMXConfig is the content of the page's htmx-config meta tag. Going back
// reloads: the server answers an htmx request with the main element alone, and
// htmx would put that in place of the whole body. The indicator style sheet is
// not used.
const HTMXConfig = "history:reload, includeIndicatorCSS:false"

// Swap returns the attributes that let htmx send a form or follow a link and put
// the answer's main element in place of this page's one. The element keeps its
// plain method and action, and works the same without script.
//
// htmx follows the 303 after a POST and pushes the final address; answers of 4xx
// and 5xx are swapped in too, without touching the address (winddown.js). A
// second submit while the first is on its way is dropped.
//
// It is not for what changes the header or the language of the page: signing in,
// the person's name.
func Swap() templ.Attributes { return swap("outerHTML showTarget:body") }

// SwapInPlace is Swap without scrolling to the top, for filters beside the rows they change.
func SwapInPlace() templ.Attributes { return swap("outerHTML show:none") }

func swap(how string) templ.Attributes {
	return templ.Attributes{
		"data-hx-boost":  "true",
		"data-hx-target": "#main",
		"data-hx-swap":   how,
		"data-hx-sync":   "drop",
		// Mistakes are told on the page, in its language and for as long as they stand.
		"novalidate": true,
	}
}
