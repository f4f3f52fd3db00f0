package executor

import (
	"context"
	"log/slog"
	"time"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/judge"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/settings"
)

// Options configures an executor. All fields but CacheSize, TerminationMessage and WriteTime are
// required. Package settings documents the fields that are settings.
type Options struct {
	Listen           string
	Workers, Threads int
	Timeout          time.Duration
	QueueCapacity    int
	QueueWait        time.Duration
	Limits           sandbox.Limits // ceilings of one run
	RecycleAfter     int
	MinimumTier      sandbox.Tier
	DrainDelay       time.Duration
	Scratch          string
	Languages        []string // absolute paths of the files and directories of the language table
	MaxBody          int64    // the largest request in bytes
	MaxBuffered      int64    // bytes of all requests that wait or run and of all answers
	CacheSize        int64    // the size of the compile cache in bytes; 0 turns it off
	WorkerCommand    []string // the program and the arguments of a worker process
	// Probe returns the isolation tier that it proved in the directory dir, and why the tier is not
	// higher. paths are the files that workers read in addition to those of the sandbox.
	Probe   func(ctx context.Context, dir string, paths []string) (sandbox.Tier, string) `json:"-"`
	Log     *slog.Logger                                                                 `json:"-"`
	Version string

	// TerminationMessage is the file for the final totals, TerminationLog in a pod. It must exist.
	TerminationMessage string
	// WriteTime bounds the wait for clients to read the last responses. 0 means settings.WriteTime.
	WriteTime time.Duration
}

// drainBudget returns the time that each step of a drain may take.
func (o Options) drainBudget() settings.Drain {
	budget := settings.Settings{DrainDelay: o.DrainDelay, QueueWait: o.QueueWait, Timeout: o.Timeout}.Drain()
	if o.WriteTime > 0 {
		budget.Write = o.WriteTime
	}
	return budget
}

// sizes returns the settings that Memory and Connections use.
func (o Options) sizes() settings.Settings {
	return settings.Settings{Workers: int64(o.Workers), Threads: int64(o.Threads), QueueCapacity: int64(o.QueueCapacity),
		MaxBodyMiB: o.MaxBody >> 20, BufferMiB: o.MaxBuffered >> 20, OutputKiB: o.Limits.Output >> 10}
}

// bounds returns the ceilings in the units of the API.
func (o Options) bounds() api.Bounds {
	limits := o.Limits
	limits.Wall = o.Timeout
	return api.Bounds{Limits: judge.Ceilings(limits)}
}
