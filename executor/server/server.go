package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/semaphore"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/worker"
)

// Slots is what the server asks of the supervisor.
type Slots interface {
	Slots() int
	Busy() int
	// Ready is nil while submissions can run.
	Ready() error
}

// Config is what a Server needs; all of it.
type Config struct {
	Queue       *queue.Queue[*worker.Job]
	Slots       Slots
	Metrics     *Metrics
	Languages   []api.Language
	Bounds      api.Bounds
	QueueWait   time.Duration
	MaxBody     int64 // bytes of one request
	MaxBuffered int64 // bytes of all requests that wait or run
	Tier        sandbox.Tier
	TierReason  string // why it is not higher
	MinimumTier sandbox.Tier
	Clock       queue.Clock
	Log         *slog.Logger
	Version     string
}

// The phases of the executor's life.
const (
	serving  int32 = iota
	leaving        // not ready any more, but requests are still served until everybody has learned it
	draining       // new submissions are refused
)

// Server answers the executor's HTTP requests. Use New.
type Server struct {
	cfg     Config
	metrics *Metrics
	totals  *totals
	service estimator
	budget  *semaphore.Weighted
	known   map[string]bool
	ids     []string

	started            time.Time
	phase              atomic.Int32
	accepted, answered atomic.Uint64
	finished           atomic.Uint64
	served             atomic.Uint64 // milliseconds

	idPrefix string
	idLast   atomic.Uint64
}

// New makes a server that accepts at once.
func New(cfg Config) *Server {
	s := &Server{
		cfg: cfg, metrics: cfg.Metrics, totals: newTotals(cfg.Clock),
		budget: semaphore.NewWeighted(cfg.MaxBuffered),
		known:  map[string]bool{}, started: cfg.Clock.Now(),
		// Short, and different in each process; the rest is a counter.
		idPrefix: rand.Text()[:8] + "-",
	}
	for _, l := range cfg.Languages {
		s.known[l.ID] = true
		s.ids = append(s.ids, l.ID)
	}
	cfg.Metrics.observe(cfg)
	cfg.Metrics.count(s)
	return s
}

func (s *Server) nextID() string {
	return s.idPrefix + strconv.FormatUint(s.idLast.Add(1), 10)
}

// Handler routes the requests.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	route := func(path, method string, h http.HandlerFunc) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			head := method == http.MethodGet && r.Method == http.MethodHead
			if r.Method != method && !head {
				w.Header().Set("Allow", method)
				writeProblem(w, &api.Problem{
					Type: api.TypeMethodNotAllowed, Title: "method not allowed", Status: http.StatusMethodNotAllowed,
					Detail: fmt.Sprintf("%s answers %s only", path, method),
				})
				return
			}
			h(w, r)
		})
	}
	route("/v1/execute", http.MethodPost, s.execute)
	route("/execute", http.MethodPost, s.execute)
	route("/v1/languages", http.MethodGet, s.languages)
	route("/v1/state", http.MethodGet, s.state)
	route("/v1/totals", http.MethodGet, s.answerTotals)
	route("/healthz", http.MethodGet, s.healthz)
	route("/readyz", http.MethodGet, s.readyz)
	metrics := promhttp.HandlerFor(s.metrics.Registry, promhttp.HandlerOpts{})
	route("/metrics", http.MethodGet, metrics.ServeHTTP)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, &api.Problem{
			Type: api.TypeNotFound, Title: "not found", Status: http.StatusNotFound,
			Detail: "there are /v1/execute, /v1/languages, /v1/state, /v1/totals, /healthz, /readyz and /metrics",
		})
	})
	return s.around(mux)
}

// around is what holds for every request: clients learn from the first answer after the start of a shutdown to take
// their next request elsewhere, and a fault of the program costs one request only.
func (s *Server) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.phase.Load() != serving {
			w.Header().Set("Connection", "close")
		}
		defer func() {
			switch fault := recover(); fault {
			case nil:
			case http.ErrAbortHandler:
				panic(fault)
			default:
				s.cfg.Log.Error("request handler failed", "path", r.URL.Path, "fault", fmt.Sprint(fault), "stack", string(debug.Stack()))
				writeProblem(w, api.Internal("a fault in the executor; its log says more"))
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func (s *Server) languages(w http.ResponseWriter, _ *http.Request) {
	list := s.cfg.Languages
	if list == nil {
		list = []api.Language{}
	}
	writeJSON(w, http.StatusOK, "application/json", list)
}

func (s *Server) state(w http.ResponseWriter, _ *http.Request) {
	accepted, answered := s.accepted.Load(), s.answered.Load()
	writeJSON(w, http.StatusOK, "application/json", api.State{
		Slots: s.cfg.Slots.Slots(), Busy: s.cfg.Slots.Busy(),
		Queued: s.cfg.Queue.Depth(), QueueCapacity: s.cfg.Queue.Capacity(),
		OldestMillis: s.cfg.Queue.Oldest().Milliseconds(),
		Draining:     s.phase.Load() != serving,
		Tier:         s.cfg.Tier.String(),
		Accepted:     accepted, Answered: answered,
		Finished: s.finished.Load(), ServedMillis: s.served.Load(),
		UptimeMillis: s.cfg.Clock.Now().Sub(s.started).Milliseconds(),
	})
}

// healthz is about this process alone: it answers, so it lives. A worker that fails is the supervisor's work, not the
// kubelet's; restarting the container would lose every submission.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, "application/json", map[string]string{"status": "ok"})
}

// Readiness is the document of /readyz.
type Readiness struct {
	Ready       bool   `json:"ready"`
	Reason      string `json:"reason,omitempty"` // why not
	Tier        string `json:"tier"`
	TierReason  string `json:"tierReason,omitempty"` // why the tier is not higher
	MinimumTier string `json:"minimumTier"`
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	doc := Readiness{Tier: s.cfg.Tier.String(), TierReason: s.cfg.TierReason, MinimumTier: s.cfg.MinimumTier.String()}
	status := http.StatusOK
	if err := s.unready(); err != nil {
		doc.Reason, status = err.Error(), http.StatusServiceUnavailable
	}
	doc.Ready = status == http.StatusOK
	writeJSON(w, status, "application/json", doc)
}

func (s *Server) unready() error {
	if s.cfg.Tier < s.cfg.MinimumTier {
		return errors.New(s.isolationFault())
	}
	if s.phase.Load() != serving {
		return errors.New("shutting down")
	}
	return s.cfg.Slots.Ready()
}

// isolationFault is for the admin who reads it in /readyz or a 503.
func (s *Server) isolationFault() string {
	return fmt.Sprintf("isolation tier %s is below the minimum %s (%s); use a node that allows more, or lower --minimum-tier "+
		"(isolation.minimumTier of the pool) if you accept the risk", s.cfg.Tier, s.cfg.MinimumTier, s.cfg.TierReason)
}
