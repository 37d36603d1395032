package server

import (
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"winddown/internal/live"
)

// Metrics counts and times requests by the pattern of their route, never by their path.
type Metrics struct {
	set *metrics.Set
	hub *live.Hub
}

// durations are the upper bounds of the histogram of requests, in seconds.
var durations = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5}

// NewMetrics returns empty metrics of this process, with those of its hub.
func NewMetrics(hub *live.Hub) *Metrics {
	metrics.ExposeMetadata(true) // the type of each goes with it
	return &Metrics{set: metrics.NewSet(), hub: hub}
}

// Handler serves the metrics in the Prometheus text format.
func (m *Metrics) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		m.write(w)
	})
}

func (m *Metrics) write(w io.Writer) {
	m.set.WritePrometheus(w) // time to answer, by route, method and status
	// Streams of hints that are open, and how often the connection that hears hints was made again.
	metrics.WriteGaugeFloat64(w, "winddown_live_streams", float64(m.hub.Streams()))
	metrics.WriteCounterFloat64(w, "winddown_live_reconnects_total", float64(m.hub.Reconnects()))
	metrics.WriteProcessMetrics(w)
}

// Observe measures the requests that pass through it.
func (m *Metrics) Observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		ww := middleware.NewWrapResponseWriter(w, r.ProtoMajor)
		next.ServeHTTP(ww, r)
		route, method := "unmatched", "other"
		if rc := chi.RouteContext(r.Context()); rc != nil && rc.RoutePattern() != "" {
			route = rc.RoutePattern()
		}
		switch r.Method {
		case http.MethodGet, http.MethodHead, http.MethodPost:
			method = r.Method
		}
		name := fmt.Sprintf("winddown_http_request_duration_seconds{method=%q,route=%q,status=\"%d\"}", method, route, max(ww.Status(), http.StatusOK))
		m.set.GetOrCreatePrometheusHistogramExt(name, durations).UpdateDuration(begun)
	})
}
