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
	// parallel is how many pods are tried at one time. Compilers take all of a core.
	parallel = 8
	// waiting is how many can be in line; who finds no place asks again.
	waiting = 4096
	// pause is how long a pod that failed is left alone.
	pause = 10 * time.Second
	// alarms is how many attempts must fail for a fault.
	alarms = 2
	// forgetAfter is how long a pod's proof is kept that nobody asks for.
	forgetAfter = time.Hour
)

// Pod is one to prove. A container that restarted is another one.
type Pod struct {
	UID      types.UID
	Restarts int32
	IP       string
}

// Proof is what is known of a pod.
type Proof struct {
	// Right says that it answered the canary rightly in each language.
	Right bool
	// Fault is why not, in words that stand behind a colon; empty while it is not known.
	Fault string
}

// Prover proves pods in the background. It is a manager.Runnable.
type Prover struct {
	client *client
	clock  clock.PassiveClock
	line   chan Pod

	mu    sync.Mutex
	known map[Pod]*entry
}

type entry struct {
	proof    Proof
	trying   bool
	failures int
	// tried is when the last attempt ended, asked when somebody last wanted to know.
	tried, asked time.Time
}

// New makes a prover for executors that listen on port. dial opens connections; nil means the network.
func New(port int32, dial func(ctx context.Context, network, address string) (net.Conn, error), c clock.PassiveClock) *Prover {
	return &Prover{client: newClient(port, dial), clock: c, line: make(chan Pod, waiting), known: map[Pod]*entry{}}
}

// Proof tells what is known of a pod, and has it tried if that is nothing yet.
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
	case p.line <- pod:
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

// NeedLeaderElection keeps managers that only stand by from submitting.
func (p *Prover) NeedLeaderElection() bool { return true }

// Start proves what is asked for until ctx ends.
func (p *Prover) Start(ctx context.Context) error {
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case pod := <-p.line:
					p.learn(pod, p.client.prove(ctx, pod.IP))
				}
			}
		})
	}
	workers.Wait()
	return nil
}

func (p *Prover) learn(pod Pod, err error) {
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
		if e.failures >= alarms {
			e.proof.Fault = err.Error()
		}
	}
}
