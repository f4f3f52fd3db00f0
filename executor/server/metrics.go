package server

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"executorpool.dev/executor/admission"
	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/supervisor"
)

// rejectionReason returns the label of executor_rejections_total for a problem.
func rejectionReason(p *api.Problem) string {
	switch p.Type {
	case api.TypeUnavailable:
		return p.Reason
	case api.TypeUnknownLanguage:
		return api.ReasonUnknownLanguage
	case api.TypeTooLarge:
		return api.ReasonTooLarge
	case api.TypeUnsupportedMediaType:
		return api.ReasonMediaType
	case api.TypeRequestTimeout:
		return api.ReasonTooSlow
	case api.TypeInternal:
		return api.ReasonInternal
	default:
		return api.ReasonInvalid
	}
}

// durationBuckets are the upper bounds in seconds: from 1 ms, the cost of starting a process, to 60
// s, the default hard timeout, in steps of about a factor of two.
var durationBuckets = []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60}

// Metrics holds the executor's Prometheus metrics and their registry. Gauges are read at each
// scrape, so that they are exact at that instant. All label sets are closed and present from the
// start.
type Metrics struct {
	Registry *prometheus.Registry

	queueWait   prometheus.Histogram
	runs        *prometheus.HistogramVec
	submissions *prometheus.CounterVec
	rejections  *prometheus.CounterVec
	restarts    *prometheus.CounterVec
	cache       *prometheus.CounterVec
}

// NewMetrics returns the counters and histograms. New adds the gauges.
func NewMetrics() *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		queueWait: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "executor_queue_wait_seconds", Buckets: durationBuckets,
			Help: "Time submissions waited for a slot, also those that gave up at the deadline.",
		}),
		runs: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "executor_run_seconds", Buckets: durationBuckets,
			Help: "Wall time of compilations and runs, by language and stage (compile or run).",
		}, []string{"language", "stage"}),
		submissions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "executor_submissions_total", Help: "Submissions answered with a verdict.",
		}, []string{"language", "verdict"}),
		rejections: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "executor_rejections_total", Help: "Requests that were not run to a verdict, by reason.",
		}, []string{"reason"}),
		restarts: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "executor_worker_restarts_total", Help: "Worker processes that were replaced, by reason.",
		}, []string{"reason"}),
		cache: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "executor_compile_cache_total", Help: "Submissions that compiled, by whether the cache had it: hit or miss.",
		}, []string{"result"}),
	}
	m.Registry.MustRegister(m.queueWait, m.runs, m.submissions, m.rejections, m.restarts, m.cache,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, reason := range api.RejectionReasons() {
		m.rejections.WithLabelValues(reason)
	}
	m.cache.WithLabelValues("hit")
	m.cache.WithLabelValues("miss")
	for _, reason := range supervisor.Reasons {
		m.restarts.WithLabelValues(string(reason))
	}
	return m
}

// CountRestart counts a worker that was replaced.
func (m *Metrics) CountRestart(reason supervisor.Reason) {
	m.restarts.WithLabelValues(string(reason)).Inc()
}

// registerGauges adds the gauges, which are read at each scrape, and the label values that depend
// on the language table.
func (m *Metrics) registerGauges(cfg Config) {
	for _, language := range cfg.Languages {
		for _, verdict := range api.Verdicts() {
			m.submissions.WithLabelValues(language.ID, string(verdict))
		}
		m.runs.WithLabelValues(language.ID, "run")
		if language.Compiled {
			m.runs.WithLabelValues(language.ID, "compile")
		}
	}
	gauge := func(name, help string, read func() float64) {
		m.Registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
	}
	gauge("executor_slots", "Submissions that can run at one time.",
		func() float64 { return float64(cfg.Slots.Slots()) })
	gauge("executor_slots_busy", "Slots that hold a submission.",
		func() float64 { return float64(cfg.Slots.Busy()) })
	gauge("executor_queue_depth", "Submissions that wait for a slot.",
		func() float64 { return float64(cfg.Queue.Depth()) })
	gauge("executor_queue_capacity", "Submissions that can wait for a slot.",
		func() float64 { return float64(cfg.Queue.Capacity()) })
	gauge("executor_queue_oldest_seconds", "How long the submission at the head of the queue has waited; 0 when none waits.",
		func() float64 { return cfg.Queue.Oldest().Seconds() })

	tier := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "executor_isolation_tier", Help: "1 for the isolation tier that is enforced, 0 for the others.",
	}, []string{"tier"})
	for t := sandbox.None; t <= sandbox.Namespaced; t++ {
		tier.WithLabelValues(t.String()).Set(0)
	}
	tier.WithLabelValues(cfg.Tier.String()).Set(1)
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "executor_build_info", Help: "1; the label is the version of the executor.",
	}, []string{"version"})
	build.WithLabelValues(cfg.Version).Set(1)
	m.Registry.MustRegister(tier, build)
}

// registerCounters adds the counters that GET /v1/state reports too.
func (m *Metrics) registerCounters(c *admission.Counters) {
	counter := func(name, help string, read func() float64) {
		m.Registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, read))
	}
	counter("executor_accepted_total", "Submissions that got a slot or a place in the queue.",
		func() float64 { return float64(c.Read().Accepted) })
	counter("executor_finished_total", "Accepted submissions that a slot is done with.",
		func() float64 { return float64(c.Read().Finished) })
	counter("executor_slot_seconds_total", "Time that slots held the finished submissions.",
		func() float64 { return float64(c.Read().ServedMillis) / 1000 })
}

func (m *Metrics) observeResult(language string, o job.Outcome) {
	m.observeQueueWait(o.Waited)
	m.submissions.WithLabelValues(language, string(o.Result.Verdict)).Inc()
	if c := o.Result.Compile; c != nil && c.Cached {
		m.cache.WithLabelValues("hit").Inc()
	} else if c != nil {
		m.cache.WithLabelValues("miss").Inc()
		m.runs.WithLabelValues(language, "compile").Observe(float64(c.WallMillis) / 1000)
	}
	if len(o.Result.Runs) == 0 {
		return
	}
	runs := m.runs.WithLabelValues(language, "run")
	for _, r := range o.Result.Runs {
		runs.Observe(float64(r.WallMillis) / 1000)
	}
}

func (m *Metrics) observeQueueWait(d time.Duration) { m.queueWait.Observe(d.Seconds()) }

func (m *Metrics) countRejection(reason string) { m.rejections.WithLabelValues(reason).Inc() }
