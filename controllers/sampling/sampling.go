package sampling

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/controllers/status"
	"executorpool.dev/executor/api"
	"executorpool.dev/executor/client"
)

const (
	// Timeout bounds one question, connection included.
	Timeout = 2 * time.Second

	maxAnswer  = 16 << 10
	maxHeader  = 8 << 10
	idleExpiry = 30 * time.Second

	// The highest values of the pool's spec.
	maxSlots    = 512
	maxCapacity = 100_000
	// maxOldest is far above the longest queue wait of the pool's spec, in milliseconds.
	maxOldest = 24 * 3600 * 1000
	// maxPerMilli is more submissions than an executor can accept in a millisecond.
	maxPerMilli = 100
)

var (
	// ErrImpossible is the error of an answer with numbers that no executor has.
	ErrImpossible = errors.New("impossible state")
	// ErrFrozen is the error of an answer that was given before.
	ErrFrozen = errors.New("an old answer")
)

// Target is one pod to ask.
type Target struct {
	Name string
	UID  types.UID
	// IP is the pod's address in the API server.
	IP string
	// Ready pods are asked for their state, other pods for the reason why they are not ready.
	Ready bool
}

// Answer is the answer of one pod.
type Answer struct {
	Name string
	// State is valid when Err is nil. Of a pod that is not ready it has the Tier alone. The Tier is
	// one that this release knows, or a fixed text.
	State api.State
	// NotReadyReason is the quoted reason that the executor gave for not being ready; empty when it
	// gave none.
	NotReadyReason string
	Err            error
}

// Sampler asks pods. It is safe for concurrent use.
type Sampler struct {
	// fleet is copied for the address of each pod.
	fleet *client.Client
	port  uint16
}

// New returns a sampler for executors that listen on port. It connects with dial; nil is the
// network.
func New(port int32, dial func(ctx context.Context, network, address string) (net.Conn, error)) *Sampler {
	if dial == nil {
		dial = (&net.Dialer{Timeout: Timeout}).DialContext
	}
	transport := client.NewTransport()
	transport.DialContext = dial
	transport.MaxIdleConnsPerHost = 1
	transport.IdleConnTimeout = idleExpiry
	transport.MaxResponseHeaderBytes = maxHeader
	// An answer fits into the buffer, and thousands of connections are kept.
	transport.ReadBufferSize, transport.WriteBufferSize = 1<<10, 1<<9
	fleet, err := client.New("http://pod",
		client.WithHTTPClient(&http.Client{Timeout: Timeout, Transport: transport}), client.WithMaxDocumentBytes(maxAnswer))
	if err != nil {
		// The settings are constants.
		panic(err)
	}
	return &Sampler{fleet: fleet, port: uint16(port)}
}

func (s *Sampler) ask(ctx context.Context, target Target) Answer {
	answer := Answer{Name: target.Name}
	pod, err := s.at(target)
	if err != nil {
		answer.Err = err
		return answer
	}
	if target.Ready {
		state, err := pod.State(ctx)
		if err != nil {
			answer.Err = fmt.Errorf("ask pod %s for its state: %w", target.Name, err)
			return answer
		}
		answer.State, answer.Err = *state, plausible(*state)
		answer.State.Tier = string(status.TierOf(state.Tier))
		return answer
	}
	readiness, err := pod.Ready(ctx)
	if err != nil {
		answer.Err = fmt.Errorf("ask pod %s for its readiness: %w", target.Name, err)
		return answer
	}
	answer.State.Tier, answer.NotReadyReason = string(status.TierOf(readiness.Tier)), status.Quote(readiness.Reason)
	return answer
}

// at returns the client of a pod.
func (s *Sampler) at(target Target) (*client.Client, error) {
	address, err := podAddress(target.IP)
	if err != nil {
		return nil, fmt.Errorf("pod %s: %w", target.Name, err)
	}
	return s.fleet.At(netip.AddrPortFrom(address, s.port).String()), nil
}

// plausible returns an error for numbers that no executor has: such numbers are worse than none. It
// does not check the counters of an executor without an uptime, and nothing uses them.
func plausible(s api.State) error {
	switch {
	case s.Slots < 0 || s.Slots > maxSlots || s.QueueCapacity < 0 || s.QueueCapacity > maxCapacity:
		return fmt.Errorf("%w: %d slots, a queue capacity of %d", ErrImpossible, s.Slots, s.QueueCapacity)
	case s.Queued < 0 || s.Queued > s.QueueCapacity:
		return fmt.Errorf("%w: %d queued with a queue capacity of %d", ErrImpossible, s.Queued, s.QueueCapacity)
	case s.Busy < 0 || s.Busy > s.Slots:
		return fmt.Errorf("%w: %d of %d slots busy", ErrImpossible, s.Busy, s.Slots)
	case s.OldestMillis < 0 || s.OldestMillis > maxOldest || s.UptimeMillis < 0:
		return fmt.Errorf("%w: oldest %d ms, up for %d ms", ErrImpossible, s.OldestMillis, s.UptimeMillis)
	case s.UptimeMillis == 0:
		return nil
	}
	// The pod reads the counters one after another while they change.
	moving := uint64(s.Slots + s.QueueCapacity)
	up := uint64(s.UptimeMillis)
	switch {
	case s.Accepted > maxPerMilli*(up+1000):
		return fmt.Errorf("%w: %d accepted in %d ms", ErrImpossible, s.Accepted, up)
	case s.Answered > s.Accepted+moving || s.Finished > s.Answered+moving:
		return fmt.Errorf("%w: %d accepted, %d answered, %d finished", ErrImpossible, s.Accepted, s.Answered, s.Finished)
	case s.ServedMillis > 2*uint64(s.Slots)*(up+1000): // while workers are replaced, old and new ones serve
		return fmt.Errorf("%w: %d slots served %d ms in %d ms", ErrImpossible, s.Slots, s.ServedMillis, up)
	}
	return nil
}
