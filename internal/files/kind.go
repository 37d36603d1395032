package files

import (
	"path"
	"slices"
	"strings"
)

// Kind is what a file is by its contents.
type Kind string

// The kinds that are stored.
const (
	PDF       Kind = "pdf"
	PNG       Kind = "png"
	JPEG      Kind = "jpg"
	WebP      Kind = "webp"
	HEIC      Kind = "heic"
	XLSX      Kind = "xlsx"
	ZIP       Kind = "zip"
	Signature Kind = "sig" // PKCS#7 signed data: DER, PEM or bare base64
)

// Kinds returns all kinds.
func Kinds() []Kind { return []Kind{PDF, PNG, JPEG, WebP, HEIC, XLSX, ZIP, Signature} }

// MIME returns the media type that a file of the kind is served with.
func (k Kind) MIME() string {
	switch k {
	case PDF:
		return "application/pdf"
	case PNG:
		return "image/png"
	case JPEG:
		return "image/jpeg"
	case WebP:
		return "image/webp"
	case HEIC:
		return "image/heic"
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	case ZIP:
		return "application/zip"
	case Signature:
		return "application/pkcs7-signature"
	default:
		return "application/octet-stream"
	}
}

// Ext returns the usual extension of a file of the kind, with its dot.
func (k Kind) Ext() string { return "." + string(k) }

// Extensions returns the extensions that a file of the kind may have, in lower case with
// their dots.
func (k Kind) Extensions() []string {
	switch k {
	case JPEG:
		return []string{".jpg", ".jpeg"}
	case HEIC:
		return []string{".heic", ".heif"}
	case XLSX:
		return []string{".xlsx", ".zip"} // a workbook is a ZIP archive
	case Signature:
		return []string{".sig", ".p7s"}
	default:
		return []string{k.Ext()}
	}
}

// Matches reports whether the extension of a name, in any case, is one of the kind.
func Matches(name string, k Kind) bool {
	return slices.Contains(k.Extensions(), strings.ToLower(path.Ext(name)))
}
