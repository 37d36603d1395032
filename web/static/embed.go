// Package static holds the files the browser loads: our own CSS, script and
// icons, and under dist what `npm ci && npm run build` brings (htmx, fonts).
package static

import "embed"

// FS is rooted at this folder. dist may hold nothing but .keep, so that the
// program builds before npm has run; whoever serves FS checks what it needs.
//
//go:embed all:css all:js all:icons all:dist
var FS embed.FS
