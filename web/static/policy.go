package static

import (
	"crypto/sha256"
	"encoding/base64"
)

// StylePolicy is the content security policy of a page that stands alone, such as one in a file people
// take along: it lets nothing in but the page's own style, wherever it is opened.
func StylePolicy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
