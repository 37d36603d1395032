package httpkit

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// AssetsPrefix is where Assets are served.
const AssetsPrefix = "/static/"

// Assets are the files pages load, held in memory under a version of their own:
// an address never changes its content, so browsers keep it for a year, and
// files may refer to each other by relative addresses. It is an http.Handler for
// everything under AssetsPrefix and does not change once made.
type Assets struct {
	prefix string // AssetsPrefix, version, slash
	files  map[string]asset
}

type asset struct {
	contentType string
	plain       []byte
	gzipped     []byte // nil where it would not be smaller
}

// NewAssets reads all files of fsys except hidden ones. A required file that is
// not there is an error in one sentence that says what to do.
func NewAssets(fsys fs.FS, required ...string) (*Assets, error) {
	for _, name := range required {
		if _, err := fs.Stat(fsys, name); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("web/static/%s is missing: run make assets (npm ci && npm run build in web/)", name)
		}
	}
	a := &Assets{files: make(map[string]asset)}
	hash := sha256.New()
	z, err := gzip.NewWriterLevel(nil, gzip.BestCompression) // nearly a megabyte, so one for all files
	if err != nil {
		return nil, err
	}
	// WalkDir goes in lexical order, so the same files always get the same version.
	err = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name != "." && strings.HasPrefix(d.Name(), ".") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		plain, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(hash, "%q %d\n", name, len(plain))
		hash.Write(plain)
		contentType, compressible := typeOf(name)
		f := asset{contentType: contentType, plain: plain}
		if compressible {
			if f.gzipped, err = gzipped(z, plain); err != nil {
				return err
			}
		}
		a.files[name] = f
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("static files: %w", err)
	}
	a.prefix = AssetsPrefix + hex.EncodeToString(hash.Sum(nil)[:6]) + "/"
	return a, nil
}

// gzipped returns the bytes as small as gzip makes them, or nil if that is no smaller.
func gzipped(z *gzip.Writer, plain []byte) ([]byte, error) {
	var b bytes.Buffer
	z.Reset(&b)
	if _, err := z.Write(plain); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	if b.Len() >= len(plain) {
		return nil, nil
	}
	return b.Bytes(), nil
}

// typeOf returns the content type of a file and whether its kind compresses. It
// does not ask the machine, whose tables differ.
func typeOf(name string) (contentType string, compressible bool) {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8", true
	case ".js":
		return "text/javascript; charset=utf-8", true
	case ".svg":
		return "image/svg+xml", true
	case ".webmanifest":
		return "application/manifest+json", true
	case ".json":
		return "application/json", true
	case ".txt":
		return "text/plain; charset=utf-8", true
	case ".ico":
		return "image/x-icon", true
	case ".png":
		return "image/png", false
	case ".jpg":
		return "image/jpeg", false
	case ".webp":
		return "image/webp", false
	case ".woff2":
		return "font/woff2", false
	}
	return "application/octet-stream", false
}

// URL returns the address of a file by its name below the static folder, such as
// css/winddown.css.
func (a *Assets) URL(name string) string { return a.prefix + name }

// Has reports whether there is such a file.
func (a *Assets) Has(name string) bool {
	_, ok := a.files[name]
	return ok
}

// ServeHTTP answers with the file, or 404 for another name or another version.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	name, current := strings.CutPrefix(r.URL.Path, a.prefix)
	f, known := a.files[name]
	if !current || !known {
		// An old page may ask for the files of the version before: the answer must not be kept.
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("X-Content-Type-Options", "nosniff")
	body := f.plain
	if f.gzipped != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			body = f.gzipped
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = w.Write(body) // the reader is gone: nobody is left to tell
	}
}
