package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
	"golang.org/x/sync/semaphore"

	"executorpool.dev/executor/admission"
	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/sandbox"
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
	Queue       *queue.Queue[*job.Job]
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

// Phase is where in its life the executor is.
type Phase int32

// The phases of the executor's life.
const (
	Serving  Phase = iota
	Leaving        // not ready any more, but requests are still served until everybody has learned it
	Draining       // new submissions are refused
)

// Server answers the executor's HTTP requests. Use New.
type Server struct {
	cfg     Config
	metrics *Metrics
	totals  *admission.Totals
	service admission.Estimator
	budget  *semaphore.Weighted
	known   map[string]bool
	ids     []string

	started            time.Time
	phase              atomic.Int32
	accepted, answered atomic.Uint64
	finished           atomic.Uint64
	served             atomic.Uint64 // milliseconds

	bodyPatience time.Duration // from the end of the header to the end of the body

	idPrefix string
	idLast   atomic.Uint64
}

// New makes a server that accepts at once.
func New(cfg Config) *Server {
	s := &Server{
		cfg: cfg, metrics: cfg.Metrics, totals: admission.NewTotals(cfg.Clock),
		budget: semaphore.NewWeighted(cfg.MaxBuffered),
		known:  map[string]bool{}, started: cfg.Clock.Now(), bodyPatience: bodyPatience,
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

// SetPhase says where in its life the executor is.
func (s *Server) SetPhase(p Phase) { s.phase.Store(int32(p)) }

func (s *Server) phaseIs(p Phase) bool { return Phase(s.phase.Load()) == p }

// countsOf is where a request is counted; nil, which counts nothing, for a canary.
func (s *Server) countsOf(h *fasthttp.RequestHeader) *admission.Totals {
	if string(h.Peek(api.PurposeHeader)) == api.PurposeCanary {
		return nil
	}
	return s.totals
}

func (s *Server) nextID() string {
	return s.idPrefix + strconv.FormatUint(s.idLast.Add(1), 10)
}

func (s *Server) languages(ctx *fasthttp.RequestCtx) {
	list := s.cfg.Languages
	if list == nil {
		list = []api.Language{}
	}
	writeJSON(ctx, fasthttp.StatusOK, "application/json", list)
}

func (s *Server) state(ctx *fasthttp.RequestCtx) {
	accepted, answered := s.accepted.Load(), s.answered.Load()
	writeJSON(ctx, fasthttp.StatusOK, "application/json", api.State{
		Slots: s.cfg.Slots.Slots(), Busy: s.cfg.Slots.Busy(),
		Queued: s.cfg.Queue.Depth(), QueueCapacity: s.cfg.Queue.Capacity(),
		OldestMillis: s.cfg.Queue.Oldest().Milliseconds(),
		Draining:     !s.phaseIs(Serving),
		Tier:         s.cfg.Tier.String(),
		Accepted:     accepted, Answered: answered,
		Finished: s.finished.Load(), ServedMillis: s.served.Load(),
		UptimeMillis: s.cfg.Clock.Now().Sub(s.started).Milliseconds(),
	})
}

func (s *Server) answerTotals(ctx *fasthttp.RequestCtx) {
	writeJSON(ctx, fasthttp.StatusOK, "application/json", s.Totals())
}

// Totals are those of this moment.
func (s *Server) Totals() api.Totals {
	all := s.totals.Read(s.cfg.Queue.Depth())
	all.Process = s.idPrefix[:len(s.idPrefix)-1]
	all.UptimeMillis = s.cfg.Clock.Now().Sub(s.started).Milliseconds()
	all.Draining = !s.phaseIs(Serving)
	return all
}

// healthz is about this process alone: it answers, so it lives. A worker that fails is the supervisor's work, not the
// kubelet's; restarting the container would lose every submission.
func (s *Server) healthz(ctx *fasthttp.RequestCtx) {
	writeJSON(ctx, fasthttp.StatusOK, "application/json", map[string]string{"status": "ok"})
}

// Readiness is the document of /readyz.
type Readiness struct {
	Ready       bool   `json:"ready"`
	Reason      string `json:"reason,omitempty"` // why not
	Tier        string `json:"tier"`
	TierReason  string `json:"tierReason,omitempty"` // why the tier is not higher
	MinimumTier string `json:"minimumTier"`
}

func (s *Server) readyz(ctx *fasthttp.RequestCtx) {
	doc := Readiness{Tier: s.cfg.Tier.String(), TierReason: s.cfg.TierReason, MinimumTier: s.cfg.MinimumTier.String()}
	status := fasthttp.StatusOK
	if err := s.unready(); err != nil {
		doc.Reason, status = err.Error(), fasthttp.StatusServiceUnavailable
	}
	doc.Ready = status == fasthttp.StatusOK
	writeJSON(ctx, status, "application/json", doc)
}

func (s *Server) unready() error {
	if s.cfg.Tier < s.cfg.MinimumTier {
		return errors.New(s.isolationFault())
	}
	if !s.phaseIs(Serving) {
		return errors.New("shutting down")
	}
	return s.cfg.Slots.Ready()
}

// isolationFault is for the admin who reads it in /readyz or a 503.
func (s *Server) isolationFault() string {
	return fmt.Sprintf("isolation tier %s is below the minimum %s (%s); use a node that allows more, or lower --minimum-tier "+
		"(isolation.minimumTier of the pool) if you accept the risk", s.cfg.Tier, s.cfg.MinimumTier, s.cfg.TierReason)
}
