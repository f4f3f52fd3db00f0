package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// fillQPS is the limit on requests per second of the manager that creates the objects. The default
	// of 50 would make this step slow.
	fillQPS    = 1000
	managerQPS = 50
	// quietTime is the time from a change of the fleet to the begin of a measurement.
	quietTime = 15 * time.Second
	// profileSeconds is the length of a CPU profile, in seconds.
	profileSeconds = 20
)

// row has the measurements of a fleet in one state.
type row struct {
	pools, pods int
	// work reports whether all replicas work or rest.
	work   bool
	window time.Duration
	// cpu, asked, reconciled and received are totals over the window. asked is the number of requests
	// to executors, received the number of bytes from the API server.
	cpu        time.Duration
	asked      int64
	reconciled float64
	received   float64
	requests   requests
	// pss and rss are the highest values that were sampled, in bytes.
	pss, rss int64
	reaction time.Duration
	scrape   scrapeCost
	start    start
}

type scrapeCost struct {
	bytes int
	cpu   time.Duration
}

// start has the costs of a manager's start with pools that need no change, until it has sampled
// every pod.
type start struct {
	took, cpu time.Duration
	requests  requests
	// made are the requests of the earlier manager that created the objects of new pools.
	made    requests
	created int
}

// measure measures a fleet of the given number of pools, at rest and at work.
func (m measureCommand) measure(ctx context.Context, f *fleet, pools int) ([]row, error) {
	at := start{created: pools - f.pools}
	progress("%d pools: create them", pools)
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
	if err := f.waitUntilSettled(ctx, filler); err != nil {
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
		if err := wait(ctx, quietTime); err != nil {
			return nil, err
		}
		before, err := f.plane.audit.since()
		if err != nil {
			return nil, err
		}
		if !work {
			at.requests = before
		}
		progress("%d pools: measure them, work: %t", pools, work)
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

// watch measures the manager over the window. It reads the metrics before and after, so that only
// the manager's own work counts.
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
	for name, path := range map[string]string{"cpu": fmt.Sprintf("/debug/pprof/profile?seconds=%d", profileSeconds), "heap": "/debug/pprof/heap", "goroutine": "/debug/pprof/goroutine"} {
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
