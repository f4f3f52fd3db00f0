package server

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"

	"executorpool.dev/executor/admission"
	"executorpool.dev/executor/api"
	"executorpool.dev/executor/budget"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/sandbox"
)

// Slots is the part of the supervisor that the server reads.
type Slots interface {
	Slots() int
	Busy() int
	// Ready returns nil while submissions can run, and otherwise an error that names the cause.
	Ready() error
}

// Config configures a Server. All fields but MemoryLimit are required.
type Config struct {
	Queue     *queue.Queue[*job.Job]
	Slots     Slots
	Metrics   *Metrics
	Languages []api.Language
	Bounds    api.Bounds
	QueueWait time.Duration
	MaxBody   int64 // bytes of one request
	Budget    *budget.Budget
	// MemoryLimit is the memory in bytes of this process, to which the server limits Go's heap; 0 is
	// none.
	MemoryLimit int64
	// Connections is the highest number of connections.
	Connections int
	Tier        sandbox.Tier
	TierReason  string // why the tier is not higher
	MinimumTier sandbox.Tier
	Clock       queue.Clock
	Log         *slog.Logger
	Version     string
}

// Phase is a phase of the executor's life. The phases follow one another in the order of their
// values.
type Phase int32

const (
	// PhaseServing is the phase up to the signal to stop.
	PhaseServing Phase = iota
	// PhaseTerminating is the phase in which /readyz answers 503 and submissions are still
	// accepted, until the Service and the gateways have removed the replica's endpoint.
	PhaseTerminating
	// PhaseDraining is the phase in which every new submission is rejected.
	PhaseDraining
)

// Server answers the executor's HTTP requests. Use New.
type Server struct {
	cfg       Config
	metrics   *Metrics
	admission *admission.Controller
	budget    *budget.Budget
	heap      *heapLimit
	decoding  sync.Mutex // held while a large body is decoded
	known     map[string]bool
	ids       []string

	started time.Time
	phase   atomic.Int32

	bodyTimeout, stallTimeout time.Duration // fields for the tests; see the constants

	idPrefix string
	lastID   atomic.Uint64
}

// New returns a server in PhaseServing.
func New(cfg Config) *Server {
	s := &Server{
		cfg: cfg, metrics: cfg.Metrics,
		admission: admission.New(admission.Config{
			Queue: cfg.Queue, Slots: cfg.Slots.Slots, MaxWait: cfg.QueueWait, Clock: cfg.Clock,
		}),
		budget: cfg.Budget, heap: newHeapLimit(cfg.MemoryLimit),
		known: map[string]bool{}, started: cfg.Clock.Now(), bodyTimeout: bodyTimeout, stallTimeout: stallTimeout,
		// An id is this prefix, which differs between processes, and a counter.
		idPrefix: rand.Text()[:8] + "-",
	}
	for _, l := range cfg.Languages {
		s.known[l.ID] = true
		s.ids = append(s.ids, l.ID)
	}
	cfg.Metrics.registerGauges(cfg)
	cfg.Metrics.registerCounters(s.admission.Counters())
	return s
}

// SetPhase sets the phase of the executor's life.
func (s *Server) SetPhase(p Phase) { s.phase.Store(int32(p)) }

func (s *Server) phaseIs(p Phase) bool { return Phase(s.phase.Load()) == p }

func (s *Server) nextID() string {
	return s.idPrefix + strconv.FormatUint(s.lastID.Add(1), 10)
}

func (s *Server) languages(ctx *fasthttp.RequestCtx) {
	list := s.cfg.Languages
	if list == nil {
		list = []api.Language{}
	}
	writeJSON(ctx, fasthttp.StatusOK, api.ContentTypeJSON, list)
}

func (s *Server) state(ctx *fasthttp.RequestCtx) {
	counts := s.admission.Counters().Read()
	writeJSON(ctx, fasthttp.StatusOK, api.ContentTypeJSON, api.State{
		Slots: s.cfg.Slots.Slots(), Busy: s.cfg.Slots.Busy(),
		Queued: s.cfg.Queue.Depth(), QueueCapacity: s.cfg.Queue.Capacity(),
		OldestMillis: s.cfg.Queue.Oldest().Milliseconds(),
		Draining:     !s.phaseIs(PhaseServing),
		Tier:         s.cfg.Tier.String(),
		Accepted:     counts.Accepted, Answered: counts.Answered,
		Finished: counts.Finished, ServedMillis: counts.ServedMillis,
		UptimeMillis: s.cfg.Clock.Now().Sub(s.started).Milliseconds(),
	})
}

func (s *Server) answerTotals(ctx *fasthttp.RequestCtx) {
	writeJSON(ctx, fasthttp.StatusOK, api.ContentTypeJSON, s.Totals())
}

// Totals returns the document of GET /v1/totals at this instant.
func (s *Server) Totals() api.Totals {
	all := s.admission.Totals().Document(s.cfg.Queue.Depth())
	all.Process = s.idPrefix[:len(s.idPrefix)-1]
	all.UptimeMillis = s.cfg.Clock.Now().Sub(s.started).Milliseconds()
	all.Draining = !s.phaseIs(PhaseServing)
	return all
}

// healthz answers 200 as long as this process can answer. It does not depend on the workers: the
// supervisor restarts a failed worker, whereas a restart of the container by the kubelet would lose
// every submission.
func (s *Server) healthz(ctx *fasthttp.RequestCtx) {
	writeJSON(ctx, fasthttp.StatusOK, api.ContentTypeJSON, api.Health{Status: api.HealthOK})
}

func (s *Server) readyz(ctx *fasthttp.RequestCtx) {
	doc := api.Readiness{Tier: s.cfg.Tier.String(), TierReason: s.cfg.TierReason, MinimumTier: s.cfg.MinimumTier.String()}
	status := fasthttp.StatusOK
	if err := s.notReady(); err != nil {
		doc.Reason, status = err.Error(), fasthttp.StatusServiceUnavailable
	}
	doc.Ready = status == fasthttp.StatusOK
	writeJSON(ctx, status, api.ContentTypeJSON, doc)
}

// notReady returns why the executor is not ready, nil if it is.
func (s *Server) notReady() error {
	if s.cfg.Tier < s.cfg.MinimumTier {
		return errors.New(s.isolationMessage())
	}
	if !s.phaseIs(PhaseServing) {
		return errors.New("shutting down")
	}
	return s.cfg.Slots.Ready()
}

// isolationMessage returns the text, for the admin, of the 503 and the readiness of an executor
// below its minimum tier.
func (s *Server) isolationMessage() string {
	return fmt.Sprintf("isolation tier %s is below the minimum %s (%s); use a node that allows more, or lower --minimum-tier "+
		"(isolation.minimumTier of the pool) if you accept the risk", s.cfg.Tier, s.cfg.MinimumTier, s.cfg.TierReason)
}
