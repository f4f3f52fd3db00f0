package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// fillQPS lets pools be made faster than the manager's default of 50 requests a second would.
	fillQPS    = 1000
	managerQPS = 50
	// quiet is how long a fleet is left alone before it is watched.
	quiet = 15 * time.Second
	// profiled is how long a CPU profile takes.
	profiled = 20
)

// row is what was measured of a fleet in one state.
type row struct {
	pools, pods int
	// work says that every replica works, else all rest.
	work   bool
	window time.Duration
	// cpu, asked, reconciled and received are of the whole window; asked counts questions to executors and received bytes
	// from the API server.
	cpu        time.Duration
	asked      int64
	reconciled float64
	received   float64
	requests   requests
	// pss and rss are the highest that were seen.
	pss, rss int64
	reaction time.Duration
	scrape   scrapeCost
	start    start
}

type scrapeCost struct {
	bytes int
	cpu   time.Duration
}

// start is what it took until every pod was asked, by a manager that found all pools as they are to be.
type start struct {
	took, cpu time.Duration
	requests  requests
	// made are the requests of another manager while it made pools that were new.
	made    requests
	created int
}

// size measures a fleet of as many pools, at rest and at work.
func (m measureCommand) size(ctx context.Context, f *fleet, pools int) ([]row, error) {
	at := start{created: pools - f.pools}
	progress("%d pools: make them", pools)
	if _, err := f.plane.audit.since(); err != nil {
		return nil, err
	}
	filler, err := startManager(ctx, f, fillQPS)
	if err != nil {
		return nil, err
	}
	defer filler.kill()
	if err := f.grow(ctx, pools); err != nil {
		return nil, err
	}
	if err := f.settled(ctx, filler); err != nil {
		return nil, err
	}
	if err := filler.stop(); err != nil {
		return nil, err
	}
	if at.made, err = f.plane.audit.since(); err != nil {
		return nil, err
	}

	progress("%d pools: start the manager", pools)
	f.executors.forgetSeen()
	manager, err := startManager(ctx, f, managerQPS)
	if err != nil {
		return nil, err
	}
	defer manager.kill()
	if err := until(ctx, manager, 20*time.Millisecond, func() (bool, error) { return f.executors.seenHosts() >= f.pods(), nil }); err != nil {
		return nil, err
	}
	at.took = time.Since(manager.began)
	if at.cpu, err = manager.cpu(); err != nil {
		return nil, err
	}
	var rows []row
	for _, work := range []bool{false, true} {
		f.executors.work(work)
		if err := wait(ctx, quiet); err != nil {
			return nil, err
		}
		before, err := f.plane.audit.since()
		if err != nil {
			return nil, err
		}
		if !work {
			at.requests = before
		}
		progress("%d pools: watch them, work: %t", pools, work)
		window := m.Window
		if work {
			window /= 3
		}
		r, err := watch(ctx, f, manager, window)
		if err != nil {
			return nil, err
		}
		r.pools, r.pods, r.work, r.start = pools, f.pods(), work, at
		if err := m.profile(ctx, manager, r); err != nil {
			return nil, err
		}
		if r.reaction, err = f.reaction(ctx, manager); err != nil {
			return nil, fmt.Errorf("make a queue: %w", err)
		}
		rows = append(rows, r)
	}
	f.executors.work(false)
	return rows, manager.stop()
}

// watch counts for a while. Nothing but the manager's own work is in it: metrics are read before and after.
func watch(ctx context.Context, f *fleet, manager *process, window time.Duration) (r row, err error) {
	before, err := manager.scrape(ctx)
	if err != nil {
		return r, err
	}
	if _, err := f.plane.audit.since(); err != nil {
		return r, err
	}
	cpu, err := manager.cpu()
	if err != nil {
		return r, err
	}
	asked, began := f.executors.asked.Load(), time.Now()
	for time.Since(began) < window {
		if err := wait(ctx, min(5*time.Second, window-time.Since(began))); err != nil {
			return r, err
		}
		sizes, err := manager.memory("smaps_rollup", "Pss", "Rss")
		if err != nil {
			return r, err
		}
		r.pss, r.rss = max(r.pss, sizes["Pss"]), max(r.rss, sizes["Rss"])
	}
	r.window, r.asked = time.Since(began), f.executors.asked.Load()-asked
	after, err := manager.cpu()
	if err != nil {
		return r, err
	}
	r.cpu = after - cpu
	if r.requests, err = f.plane.audit.since(); err != nil {
		return r, err
	}
	then, err := manager.scrape(ctx)
	if err != nil {
		return r, err
	}
	scraped, err := manager.cpu()
	if err != nil {
		return r, err
	}
	r.scrape = scrapeCost{then.bytes, scraped - after}
	const reconciles, controller = "controller_runtime_reconcile_total", "controller"
	r.reconciled = then.sum(reconciles, controller, "executorpool") - before.sum(reconciles, controller, "executorpool")
	r.received = then.sum(receivedMetric, "", "") - before.sum(receivedMetric, "", "")
	return r, nil
}

func (m measureCommand) profile(ctx context.Context, manager *process, r row) error {
	if m.Profile == "" {
		return nil
	}
	for name, path := range map[string]string{"cpu": fmt.Sprintf("/debug/pprof/profile?seconds=%d", profiled), "heap": "/debug/pprof/heap", "goroutine": "/debug/pprof/goroutine"} {
		content, err := manager.get(ctx, path)
		if err != nil {
			return err
		}
		state := "rest"
		if r.work {
			state = "work"
		}
		if err := os.WriteFile(filepath.Join(m.Profile, fmt.Sprintf("%d-%s.%s", r.pools, state, name)), content, 0o644); err != nil {
			return fmt.Errorf("write a profile: %w", err)
		}
	}
	return nil
}

func wait(ctx context.Context, long time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(long):
		return nil
	}
}

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "[%s] %s\n", time.Now().Format(time.TimeOnly), fmt.Sprintf(format, args...))
}
