package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"

	"executorpool.dev/executor"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/sandbox/probe"

	"executorpool.dev/executor/settings"
)

// workerCommand starts this program as a worker, even after its file has been replaced.
var workerCommand = []string{"/proc/self/exe", "worker"}

// describe returns the help text of a flag with its range and its variable.
func describe(flag *kong.Value) string {
	described := *flag
	if valid := settings.Range(flag.Tag); valid != "" {
		described.Help = strings.TrimSuffix(flag.Help, ".") + "; " + valid + "."
	}
	return kong.DefaultHelpValueFormatter(&described)
}

// options converts the settings to the options of the executor.
func options(f settings.Settings, stderr io.Writer) (executor.Options, error) {
	if err := f.Check(); err != nil {
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
		Workers: int(f.Workers), Threads: int(f.Threads),
		Timeout:       f.Timeout,
		QueueCapacity: int(f.QueueCapacity), QueueWait: f.QueueWait,
		Limits:       poolLimits(f),
		RecycleAfter: int(f.RecycleAfter),
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

		TerminationMessage: executor.TerminationLog,
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
