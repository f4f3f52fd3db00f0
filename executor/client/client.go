package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Defaults of a Client and of NewTransport.
const (
	// DefaultMaxResultBytes bounds the answer to a submission: above any result that the output
	// limits of a usual pool allow.
	DefaultMaxResultBytes = 64 << 20
	// DefaultMaxDocumentBytes bounds every other answer, problems included.
	DefaultMaxDocumentBytes = 1 << 20

	maxHeaderBytes = 64 << 10
	dialTimeout    = 10 * time.Second
	// idleTimeout is below the two minutes after which an executor closes an idle connection.
	idleTimeout = 90 * time.Second
	// idlePerHost is as many connections as a pool's busiest client is likely to use at one time.
	idlePerHost = 256
)

// Client calls executors. It is safe for concurrent use. Use New.
type Client struct {
	base                   url.URL
	http                   *http.Client
	maxResult, maxDocument int64
}

// Option changes a Client that New makes.
type Option func(*Client)

// WithHTTPClient uses a copy of h instead of a client with NewTransport. The copy shares h's
// transport, and with it the connections. Unless h has its own CheckRedirect, redirects are not
// followed.
func WithHTTPClient(h *http.Client) Option {
	return func(c *Client) {
		own := *h
		if own.CheckRedirect == nil {
			own.CheckRedirect = keepRedirect
		}
		c.http = &own
	}
}

// WithMaxResultBytes bounds the answer to a submission, DefaultMaxResultBytes otherwise.
func WithMaxResultBytes(n int64) Option { return func(c *Client) { c.maxResult = n } }

// WithMaxDocumentBytes bounds every answer but the result of a submission,
// DefaultMaxDocumentBytes otherwise.
func WithMaxDocumentBytes(n int64) Option { return func(c *Client) { c.maxDocument = n } }

// New returns a Client for the executor, pool or gateway at baseURL, such as http://demo:8000. The
// URL has the scheme http or https and a host; its path is put before the paths of the API.
func New(baseURL string, options ...Option) (*Client, error) {
	base, err := url.Parse(baseURL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("executor URL: %w", err)
	case base.Scheme != "http" && base.Scheme != "https":
		return nil, fmt.Errorf("executor URL %q: the scheme is not http or https", baseURL)
	case base.Host == "":
		return nil, fmt.Errorf("executor URL %q: there is no host", baseURL)
	case base.RawQuery != "" || base.Fragment != "":
		return nil, fmt.Errorf("executor URL %q: it has a query or a fragment", baseURL)
	}
	base.Path, base.RawPath = strings.TrimRight(base.Path, "/"), ""
	c := &Client{base: *base, maxResult: DefaultMaxResultBytes, maxDocument: DefaultMaxDocumentBytes}
	for _, option := range options {
		option(c)
	}
	if c.maxResult <= 0 || c.maxDocument <= 0 {
		return nil, errors.New("executor client: the limits of answers must be positive")
	}
	if c.http == nil {
		c.http = &http.Client{Transport: sharedTransport(), CheckRedirect: keepRedirect}
	}
	return c, nil
}

// At returns a Client for the executor at host, an address with port such as 10.0.0.7:8000. It has
// everything else, connections included, in common with c.
func (c *Client) At(host string) *Client {
	other := *c
	other.base.Host = host
	return &other
}

// CloseIdleConnections closes the connections that no call uses, those of all Clients that share
// the transport included.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }

// NewTransport returns a transport for executors, for callers that change a part of it. It uses no
// proxy, asks for no compression, bounds the headers of answers, and closes an idle connection
// before an executor closes it.
func NewTransport() *http.Transport {
	return &http.Transport{
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSHandshakeTimeout:    dialTimeout,
		MaxIdleConnsPerHost:    idlePerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxHeaderBytes,
		DisableCompression:     true,
		ForceAttemptHTTP2:      true,
	}
}

// sharedTransport is that of all Clients without an http.Client of their caller, so that a Client
// that is dropped leaves no connections behind that nobody can use.
var sharedTransport = sync.OnceValue(NewTransport)

func keepRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// request returns a request without the cost of parsing a URL.
func (c *Client) request(ctx context.Context, method, path string) *http.Request {
	target := c.base
	target.Path += path
	return (&http.Request{
		Method: method, URL: &target, Host: target.Host, Header: http.Header{},
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}).WithContext(ctx)
}
