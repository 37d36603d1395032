package httpkit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"winddown/internal/winddown"
)

// trouble collects what went wrong in a request, for its one line in the log.
type trouble struct {
	mu    sync.Mutex
	err   error
	fault bool
	notes []slog.Attr
}

type troubleKey struct{}

// NoteError gives the request's line in the log the reason for its failure. Who
// answers with an error calls it; nobody logs the error besides.
func NoteError(ctx context.Context, err error) {
	if t, ok := ctx.Value(troubleKey{}).(*trouble); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.err = errors.Join(t.err, err)
	}
}

// NoteFault is NoteError for a failure that whoever runs the installation has to mend, whatever
// status the person was answered with: its line is an error.
func NoteFault(ctx context.Context, err error) {
	NoteError(ctx, err)
	if t, ok := ctx.Value(troubleKey{}).(*trouble); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.fault = true
	}
}

// Note adds to the request's line in the log who asked, by id, and what was refused, by a code:
// never what somebody typed.
func Note(ctx context.Context, key, value string) {
	if t, ok := ctx.Value(troubleKey{}).(*trouble); ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.notes = append(t.notes, slog.String(key, value))
	}
}

func (t *trouble) reason() (fault bool, notes []slog.Attr, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.fault, t.notes, t.err
}

// Log writes one line per request. It names the route by its pattern and never
// the path, the query, a header or a cookie: those carry invitation tokens and
// login sessions. It belongs in the Use of a chi router, behind WithRequestID.
func Log(log *slog.Logger) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			begun := time.Now()
			ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			t := &trouble{}
			ctx := context.WithValue(r.Context(), troubleKey{}, t)
			// Deferred: an aborted answer panics through here and is logged too.
			defer func() {
				status := statusOf(ww)
				attrs := []slog.Attr{
					slog.String("request_id", RequestID(ctx)),
					slog.String("method", method(r)),
					slog.String("route", route(ctx)),
					slog.Int("status", status),
					slog.Int("bytes", ww.BytesWritten()),
					slog.Float64("duration_ms", float64(time.Since(begun).Microseconds())/1000),
				}
				level := slog.LevelInfo
				left := errors.Is(ctx.Err(), context.Canceled)
				if left {
					attrs = append(attrs, slog.Bool("client_left", true))
				}
				fault, notes, err := t.reason()
				attrs = append(attrs, notes...)
				if err != nil {
					attrs = append(attrs, slog.String("error", err.Error()))
				}
				switch {
				case fault:
					level = slog.LevelError
				case left && (err == nil || errors.Is(err, context.Canceled)): // that is all that went wrong
				case status == http.StatusServiceUnavailable: // busy, or without a database: no fault of ours
					level = slog.LevelWarn
				case status >= http.StatusInternalServerError:
					level = slog.LevelError
				}
				log.LogAttrs(ctx, level, "request", attrs...)
			}()
			next.ServeHTTP(ww, r.WithContext(ctx))
		})
	}
}

// statusOf returns the status sent; a handler that wrote nothing has said 200.
func statusOf(ww middleware.WrapResponseWriter) int {
	if s := ww.Status(); s != 0 {
		return s
	}
	return http.StatusOK
}

// method returns the request's method for the log. Anyone can invent one, of any length.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}

// route returns the pattern of the route chi chose.
func route(ctx context.Context) string {
	if rc := chi.RouteContext(ctx); rc != nil {
		if pattern := rc.RoutePattern(); pattern != "" {
			return pattern
		}
	}
	return "unmatched"
}

// Recover turns a panic into the answer fail gives for an Internal error, and
// logs it once with its stack. When the answer has already begun, the connection
// is cut instead, so that half a page does not pass for a whole one.
func Recover(log *slog.Logger, fail ErrorHandler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
			defer func() {
				value := recover()
				if value == nil {
					return
				}
				if value == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
					panic(value)
				}
				log.LogAttrs(r.Context(), slog.LevelError, "panic",
					slog.String("request_id", RequestID(r.Context())),
					slog.String("method", method(r)),
					slog.String("route", route(r.Context())),
					slog.String("panic", fmt.Sprint(value)),
					slog.String("stack", string(debug.Stack())))
				if ww.Status() != 0 {
					panic(http.ErrAbortHandler)
				}
				fail(ww, r, &winddown.Error{Kind: winddown.Internal, Key: "error.internal"})
			}()
			next.ServeHTTP(ww, r)
		})
	}
}
