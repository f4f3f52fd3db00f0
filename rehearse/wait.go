package rehearse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"executorpool.dev/executor/client"
)

// ErrNotReady means that a pool was not ready in time.
var ErrNotReady = errors.New("not ready")

const (
	// waitInterval is the time between two attempts.
	waitInterval = 250 * time.Millisecond
	// waitPatience bounds one question.
	waitPatience = 5 * time.Second
	// connectionsPerReplica is the number of connections that look for each replica. kube-proxy
	// chooses a replica at random: of 10 replicas, 80 connections miss one in 0.2 % of the attempts,
	// and the next attempt finds it.
	connectionsPerReplica = 8
	// waitParallel is the number of questions at one time.
	waitParallel = 16
)

// WaitConfig holds the settings of Wait.
type WaitConfig struct {
	// URL is the base address of the pool.
	URL string
	// Replicas is the exact number of replicas that must answer; 0 requires that URL is ready and
	// counts no replicas.
	Replicas int
	Timeout  time.Duration
	// Stderr gets a line whenever the cause changes for which the pool is not ready. On a Terminal it
	// is one line, written anew at each attempt.
	Stderr   io.Writer
	Terminal bool
}

// Wait returns nil as soon as the pool is ready. If the pool is not ready within config.Timeout,
// the error wraps ErrNotReady and contains the last cause. Each request has a connection of its
// own, so that a Service spreads the requests over the replicas.
func Wait(ctx context.Context, config WaitConfig) error {
	if err := config.validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	transport := client.NewTransport()
	transport.DisableKeepAlives = true
	pool, err := client.New(config.URL, client.WithHTTPClient(&http.Client{Transport: transport, Timeout: waitPatience}))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	bounded, cancel := context.WithTimeout(ctx, config.Timeout)
	defer cancel()
	shown := waitProgress{config: config, begun: time.Now()}
	defer shown.end()
	for {
		err := probe(bounded, pool, config.Replicas)
		if err == nil {
			return nil
		}
		// The end of the time is not the cause.
		if bounded.Err() == nil || shown.cause == "" {
			shown.show(err.Error())
		}
		if pause(bounded, waitInterval) {
			continue
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%s: %w: interrupted: %s", config.URL, ErrNotReady, shown.cause)
		}
		return fmt.Errorf("%s: %w after %s: %s", config.URL, ErrNotReady, config.Timeout, shown.cause)
	}
}

func (c WaitConfig) validate() error {
	var problems []error
	problems = append(problems, checkURL(c.URL))
	if c.Replicas < 0 || c.Replicas > maxReplicas {
		problems = append(problems, fmt.Errorf("replicas %d: must be from 0 to %d", c.Replicas, maxReplicas))
	}
	if c.Timeout <= 0 {
		problems = append(problems, fmt.Errorf("timeout %s: must be above 0", c.Timeout))
	}
	return errors.Join(problems...)
}

// probe returns why the pool is not ready.
func probe(ctx context.Context, pool *client.Client, replicas int) error {
	readiness, err := pool.Ready(ctx)
	if err != nil {
		return err
	}
	if !readiness.Ready {
		return errors.New(readiness.Reason)
	}
	if replicas == 0 {
		return nil
	}
	processes, err := processes(ctx, pool, replicas*connectionsPerReplica)
	if err != nil {
		return err
	}
	if len(processes) != replicas {
		return fmt.Errorf("%d of %d replicas answer", len(processes), replicas)
	}
	return nil
}

// processes returns the processes that answer on new connections. Each replica is one.
func processes(ctx context.Context, pool *client.Client, connections int) (map[string]bool, error) {
	var mu sync.Mutex
	found, faults := map[string]bool{}, []error{}
	var group sync.WaitGroup
	places := make(chan struct{}, waitParallel)
	for range connections {
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			totals, err := pool.Totals(ctx)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				faults = append(faults, err)
			case totals.Draining:
				faults = append(faults, errors.New("a replica shuts down"))
			default:
				found[totals.Process] = true
			}
		})
	}
	group.Wait()
	if len(faults) > 0 {
		return nil, faults[0]
	}
	return found, nil
}

// waitProgress shows why a pool is not ready.
type waitProgress struct {
	config WaitConfig
	begun  time.Time
	cause  string
}

func (p *waitProgress) show(cause string) {
	changed := cause != p.cause
	p.cause = cause
	line := fmt.Sprintf("%s: not ready for %d s: %s", p.config.URL, int(time.Since(p.begun).Seconds()), cause)
	switch {
	case p.config.Terminal:
		fmt.Fprint(p.config.Stderr, "\r\x1b[K", line)
	case changed:
		fmt.Fprintln(p.config.Stderr, line)
	}
}

func (p *waitProgress) end() {
	if p.config.Terminal {
		fmt.Fprint(p.config.Stderr, "\r\x1b[K")
	}
}
