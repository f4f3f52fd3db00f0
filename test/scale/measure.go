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
	var err error
	if at.made, err = createPools(ctx, f, pools); err != nil {
		return nil, err
	}
	progress("%d pools: start the manager", pools)
	manager, err := at.run(ctx, f)
	if err != nil {
		return nil, err
	}
	defer manager.kill()
	if at.requests, err = enter(ctx, f, false); err != nil {
		return nil, err
	}
	rest, err := m.measureState(ctx, f, manager, false)
	if err != nil {
		return nil, err
	}
	if _, err := enter(ctx, f, true); err != nil {
		return nil, err
	}
	work, err := m.measureState(ctx, f, manager, true)
	if err != nil {
		return nil, err
	}
	rest.start, work.start = at, at
	f.executors.work(false)
	return []row{rest, work}, manager.stop()
}

// createPools creates pools until the fleet has the given number. It returns the requests of the
// manager that created their objects.
func createPools(ctx context.Context, f *fleet, pools int) (requests, error) {
	if _, err := f.plane.audit.since(); err != nil {
		return nil, err
	}
	manager, err := startManager(ctx, f, fillQPS)
	if err != nil {
		return nil, err
	}
	defer manager.kill()
	if err := f.grow(ctx, pools); err != nil {
		return nil, err
	}
	if err := f.waitUntilSettled(ctx, manager); err != nil {
		return nil, err
	}
	if err := manager.stop(); err != nil {
		return nil, err
	}
	return f.plane.audit.since()
}

// run starts a manager, waits until it has sampled every pod, and sets took and cpu.
func (s *start) run(ctx context.Context, f *fleet) (*process, error) {
	f.executors.forgetSeen()
	manager, err := startManager(ctx, f, managerQPS)
	if err != nil {
		return nil, err
	}
	sampled := func() (bool, error) { return f.executors.seenHosts() >= f.pods(), nil }
	if err := until(ctx, manager, 20*time.Millisecond, sampled); err != nil {
		manager.kill()
		return nil, err
	}
	s.took = time.Since(manager.began)
	if s.cpu, err = manager.cpu(); err != nil {
		manager.kill()
		return nil, err
	}
	return manager, nil
}

// enter lets all executors work or rest and waits for quietTime. It returns the manager's requests
// since the last call of audit.since.
func enter(ctx context.Context, f *fleet, work bool) (requests, error) {
	f.executors.work(work)
	if err := wait(ctx, quietTime); err != nil {
		return nil, err
	}
	return f.plane.audit.since()
}

// measureState measures the fleet at work or at rest, and then the reaction to a queue. The window
// at work is a third of the one at rest.
func (m measureCommand) measureState(ctx context.Context, f *fleet, manager *process, work bool) (row, error) {
	progress("%d pools: measure them, work: %t", f.pools, work)
	window := m.Window
	if work {
		window /= 3
	}
	r, err := watch(ctx, f, manager, window)
	if err != nil {
		return row{}, err
	}
	r.pools, r.pods, r.work = f.pools, f.pods(), work
	if err := m.profile(ctx, manager, r); err != nil {
		return row{}, err
	}
	if r.reaction, err = f.reaction(ctx, manager); err != nil {
		return row{}, fmt.Errorf("make a queue: %w", err)
	}
	return r, nil
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
		pss, rss, err := manager.memory()
		if err != nil {
			return r, err
		}
		r.pss, r.rss = max(r.pss, pss), max(r.rss, rss)
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
