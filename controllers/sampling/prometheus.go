package sampling

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/api"
	promv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

const (
	maxPrometheusAnswer = 1 << 20
	// prometheusPatience is short: an answer has the time of its evaluation, so that an older one
	// comes from a cache.
	prometheusPatience = 10 * time.Second
)

var errRedirect = errors.New("a redirect")

// Prometheus queries Prometheus servers.
type Prometheus struct{ transport http.RoundTripper }

// NewPrometheus returns a client that connects with dial. nil is the network without the addresses
// that no server of a cluster has: an author of pools must not reach the manager's own ports or the
// metadata service of its node through it. The proxies of the environment are not used, because a
// proxy would connect in its place.
func NewPrometheus(dial func(ctx context.Context, network, address string) (net.Conn, error)) *Prometheus {
	if dial == nil {
		dial = (&net.Dialer{Timeout: Timeout, Control: onlyServers(net.InterfaceAddrs)}).DialContext
	}
	return &Prometheus{transport: bounded{&http.Transport{
		Proxy: nil, DialContext: dial, MaxIdleConnsPerHost: 4, IdleConnTimeout: idleExpiry,
		MaxResponseHeaderBytes: maxHeader, TLSHandshakeTimeout: Timeout,
	}}}
}

// bounded cuts long answers and makes an error of a redirect.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := b.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if response.StatusCode >= 300 && response.StatusCode < 400 {
		_ = response.Body.Close()
		return nil, errRedirect
	}
	response.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(response.Body, maxPrometheusAnswer), response.Body}
	return response, nil
}

// Query returns the source that evaluates query at the server at address.
func (p *Prometheus) Query(address, query string) Source {
	return promQuery{p, address, query}
}

type promQuery struct {
	server         *Prometheus
	address, query string
}

func (q promQuery) Same(other Source) bool {
	o, ok := other.(promQuery)
	return ok && o == q
}

// Waiting evaluates the query at the server's current time.
func (q promQuery) Waiting(ctx context.Context) (Value, error) {
	client, err := api.NewClient(api.Config{Address: q.address, RoundTripper: q.server.transport})
	if err != nil {
		return Value{}, errors.New("scaling.source.prometheus.address is no URL")
	}
	result, _, _, err := promv1.NewAPI(client).Query(ctx, q.query, time.Time{})
	if err != nil {
		return Value{}, q.words(err)
	}
	switch v := result.(type) {
	case *model.Scalar:
		return Value{float64(v.Value), v.Timestamp.Time(), prometheusPatience}, nil
	case model.Vector:
		if len(v) == 1 {
			return Value{float64(v[0].Value), v[0].Timestamp.Time(), prometheusPatience}, nil
		}
		if len(v) > 1 {
			return Value{}, errors.New("scaling.source.prometheus.query gives several series: add them up with sum(...)")
		}
		return Value{}, errors.New("scaling.source.prometheus.query gives no series: see whether the metric is scraped; `... or vector(0)` makes its absence a zero")
	}
	return Value{}, fmt.Errorf("scaling.source.prometheus.query gives a %s: let it give one number", result.Type())
}

// words returns an error for the pool's status. It has no text of the server's answer, which the
// author of the pool may not be allowed to read.
func (q promQuery) words(err error) error {
	var answered *promv1.Error
	switch {
	case errors.Is(err, errRefusedAddress):
		return fmt.Errorf("scaling.source.prometheus.address %s leads to a loopback, link-local or reserved address or to the manager itself: "+
			"the manager does not connect to these", q.address)
	case errors.Is(err, errRedirect):
		return fmt.Errorf("Prometheus at %s answers with a redirect, which the manager does not follow: see scaling.source.prometheus.address", q.address)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("Prometheus at %s does not answer in time", q.address)
	case errors.As(err, &answered) && answered.Type == promv1.ErrBadData:
		return fmt.Errorf("Prometheus at %s refuses scaling.source.prometheus.query: try it there", q.address)
	case errors.As(err, &answered):
		return fmt.Errorf("Prometheus at %s answers with an error (%s)", q.address, answered.Type)
	}
	return fmt.Errorf("Prometheus at %s cannot be reached: see scaling.source.prometheus.address and the network policies", q.address)
}
