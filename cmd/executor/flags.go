package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"time"

	"executorpool.dev/executor"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/sandbox/probe"
)

type serveFlags struct {
	Listen        string        `default:":8000" help:"Address to serve HTTP on."`
	Workers       int           `default:"4" help:"Worker processes; 1 to 256."`
	Threads       int           `default:"2" help:"Slots of a worker, each doing one submission at a time; 1 to 64."`
	Timeout       time.Duration `default:"60s" help:"Hard bound on one submission, compilation and all runs together, from the moment a slot takes it; 1s to 1h."`
	QueueCapacity int           `default:"128" help:"Submissions that can wait for a slot; 0 to 100000."`
	QueueWait     time.Duration `default:"30s" help:"Longest wait for a slot; after it a submission is answered 503 and not run; 100ms to 1h."`

	CPUMillis int64 `name:"cpu-millis" default:"10000" help:"Ceiling of one run: CPU time of its whole process tree; 10 to 3600000."`
	MemoryMiB int64 `name:"memory-mib" default:"256" help:"Ceiling of one run: memory of its whole process tree; 16 to 1048576."`
	OutputKiB int64 `name:"output-kib" default:"64" help:"Ceiling of one run: stdout and stderr each; 1 to 65536."`
	Processes int64 `default:"64" help:"Ceiling of one run: processes and threads at one time; 1 to 4096."`
	DiskMiB   int64 `name:"disk-mib" default:"64" help:"Ceiling of one run: bytes written to its directory; 1 to 65536."`

	RecycleAfter int           `default:"10000" help:"Runs after which a worker process is replaced, give or take a tenth; 1 to 1000000000."`
	MinimumTier  string        `default:"RestrictedLegacy" help:"Isolation without which nothing is run: RestrictedLegacy, Restricted, Namespaced, or None to run unisolated."`
	MaximumTier  string        `default:"Namespaced" help:"Strongest isolation to try, for finding out what a stronger one costs or breaks; at least --minimum-tier."`
	DrainDelay   time.Duration `default:"5s" help:"How long SIGTERM waits before new submissions are refused, for others to learn that this executor leaves; 0s to 10m."`
	Scratch      string        `default:"/scratch" help:"Directory for the runs' files; the executor's alone."`
	Languages    string        `default:"/etc/executor/languages.yaml" help:"Table of languages. The files of the directory languages.d beside it add to it."`
	MaxBodyMiB   int64         `name:"max-body-mib" default:"16" help:"Largest request; 1 to 1024."`
	BufferMiB    int64         `name:"buffer-mib" default:"256" help:"Memory for all requests that wait or run; at least --max-body-mib, to 65536."`

	CacheMiB int64 `name:"cache-mib" default:"64" help:"Compiled programs to keep below --scratch, so that the same source is not compiled again; 0 to 65536, 0 keeps none."`

	LogFormat string `default:"json" enum:"json,text" help:"json or text."`
	LogLevel  string `default:"info" enum:"debug,info,warn,error" help:"debug, info, warn or error."`
}

// workerCommand starts this program as a worker, even after its file has been replaced.
var workerCommand = []string{"/proc/self/exe", "worker"}

func (f serveFlags) check() error {
	for _, n := range []struct {
		name               string
		value, least, most int64
	}{
		{"workers", int64(f.Workers), 1, 256},
		{"threads", int64(f.Threads), 1, 64},
		{"queue-capacity", int64(f.QueueCapacity), 0, 100_000},
		{"cpu-millis", f.CPUMillis, 10, 3_600_000},
		{"memory-mib", f.MemoryMiB, 16, 1 << 20},
		{"output-kib", f.OutputKiB, 1, 64 << 10},
		{"processes", f.Processes, 1, 4096},
		{"disk-mib", f.DiskMiB, 1, 64 << 10},
		{"recycle-after", int64(f.RecycleAfter), 1, 1_000_000_000},
		{"max-body-mib", f.MaxBodyMiB, 1, 1024},
		{"cache-mib", f.CacheMiB, 0, 64 << 10},
		{"buffer-mib", f.BufferMiB, max(1, f.MaxBodyMiB), 64 << 10},
	} {
		if n.value < n.least || n.value > n.most {
			return fmt.Errorf("--%s is %d: use %d to %d", n.name, n.value, n.least, n.most)
		}
	}
	for _, d := range []struct {
		name               string
		value, least, most time.Duration
	}{
		{"timeout", f.Timeout, time.Second, time.Hour},
		{"queue-wait", f.QueueWait, 100 * time.Millisecond, time.Hour},
		{"drain-delay", f.DrainDelay, 0, 10 * time.Minute},
	} {
		if d.value < d.least || d.value > d.most {
			return fmt.Errorf("--%s is %s: use %s to %s", d.name, d.value, d.least, d.most)
		}
	}
	if f.Listen == "" || f.Scratch == "" || f.Languages == "" {
		return fmt.Errorf("--listen, --scratch and --languages cannot be empty")
	}
	return nil
}

func (f serveFlags) options(stderr io.Writer) (executor.Options, error) {
	if err := f.check(); err != nil {
		return executor.Options{}, err
	}
	tier, err := sandbox.ParseTier(f.MinimumTier)
	if err != nil {
		return executor.Options{}, fmt.Errorf("--minimum-tier: %w", err)
	}
	most, err := sandbox.ParseTier(f.MaximumTier)
	if err != nil {
		return executor.Options{}, fmt.Errorf("--maximum-tier: %w", err)
	}
	if most < tier {
		return executor.Options{}, fmt.Errorf("--maximum-tier is %s: use %s (--minimum-tier) or a stronger one", most, tier)
	}
	scratch, err := filepath.Abs(f.Scratch)
	if err != nil {
		return executor.Options{}, fmt.Errorf("--scratch: %w", err)
	}
	languages, err := filepath.Abs(f.Languages)
	if err != nil {
		return executor.Options{}, fmt.Errorf("--languages: %w", err)
	}
	return executor.Options{
		Listen:  f.Listen,
		Workers: f.Workers, Threads: f.Threads,
		Timeout:       f.Timeout,
		QueueCapacity: f.QueueCapacity, QueueWait: f.QueueWait,
		Limits:       poolLimits(f, f.Timeout, f.DiskMiB),
		RecycleAfter: f.RecycleAfter,
		MinimumTier:  tier,
		DrainDelay:   f.DrainDelay,
		Scratch:      scratch,
		Languages:    []string{languages, filepath.Join(filepath.Dir(languages), "languages.d")},
		MaxBody:      f.MaxBodyMiB << 20, MaxBuffered: f.BufferMiB << 20, CacheSize: f.CacheMiB << 20,
		WorkerCommand: workerCommand,
		Probe: func(ctx context.Context, dir string, paths []string) (sandbox.Tier, string) {
			return probe.Probe(ctx, dir, most, paths...)
		},
		Log:     logger(stderr, f.LogFormat, f.LogLevel),
		Version: buildVersion(),
	}, nil
}

func logger(w io.Writer, format, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		panic(err) // the parser accepts only known levels
	}
	options := &slog.HandlerOptions{Level: l}
	if format == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
