package canary

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

const (
	// parallel is the number of pods that are proved at one time. A compiler takes a whole core.
	parallel = 8
	// queueCapacity is the number of pods that can wait. A caller whose pod finds no place calls Proof
	// again.
	queueCapacity = 4096
	// pause is the time between two attempts for a pod that failed.
	pause = 10 * time.Second
	// failuresForFault is the number of failed attempts after which a pod has a fault.
	failuresForFault = 2
	// forgetAfter is the time without a call of Proof after which the proof of a pod is dropped.
	forgetAfter = time.Hour
)

// Pod is a pod to prove. Another number of restarts makes it another pod.
type Pod struct {
	UID      types.UID
	Restarts int32
	IP       string
}

// Proof is the state of the proof of a pod.
type Proof struct {
	// Right reports whether the pod answered the canary correctly in each language.
	Right bool
	// Fault is why not, as a text to put behind a colon; empty while it is not known.
	Fault string
}

// Prover proves pods in the background. It is a manager.Runnable.
type Prover struct {
	submitter *submitter
	clock     clock.PassiveClock
	queue     chan Pod

	mu    sync.Mutex
	known map[Pod]*entry
}

type entry struct {
	proof    Proof
	trying   bool
	failures int
	// tried is when the last attempt ended, asked when Proof was last called.
	tried, asked time.Time
}

// New returns a prover for executors that listen on port. It connects with dial; nil is the
// network.
func New(port int32, dial func(ctx context.Context, network, address string) (net.Conn, error), c clock.PassiveClock) *Prover {
	return &Prover{submitter: newSubmitter(port, dial), clock: c, queue: make(chan Pod, queueCapacity), known: map[Pod]*entry{}}
}

// Proof returns the current proof of a pod, and has the pod proved if there is no result yet.
func (p *Prover) Proof(pod Pod) Proof {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	e := p.known[pod]
	if e == nil {
		p.forget(now)
		e = &entry{}
		p.known[pod] = e
	}
	e.asked = now
	if e.proof.Right || e.trying || (e.failures > 0 && now.Sub(e.tried) < pause) {
		return e.proof
	}
	select {
	case p.queue <- pod:
		e.trying = true
	default:
	}
	return e.proof
}

func (p *Prover) forget(now time.Time) {
	for pod, e := range p.known {
		if now.Sub(e.asked) > forgetAfter && !e.trying {
			delete(p.known, pod)
		}
	}
}

// NeedLeaderElection returns true: a manager in reserve submits nothing.
func (p *Prover) NeedLeaderElection() bool { return true }

// Start proves pods until ctx ends.
func (p *Prover) Start(ctx context.Context) error {
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case pod := <-p.queue:
					p.record(pod, p.submitter.prove(ctx, pod.IP))
				}
			}
		})
	}
	workers.Wait()
	return nil
}

func (p *Prover) record(pod Pod, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.known[pod]
	e.trying, e.tried = false, p.clock.Now()
	switch {
	case err == nil:
		e.proof, e.failures = Proof{Right: true}, 0
	case errors.Is(err, errBusy):
	default:
		e.failures++
		if e.failures >= failuresForFault {
			e.proof.Fault = err.Error()
		}
	}
}
