package canary

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"executorpool.dev/controllers/sampling"
	"executorpool.dev/executor/api"
)

const (
	// patience bounds one submission. Compilers are slow on a node that has just joined.
	patience = 60 * time.Second
	// maxAnswer bounds an answer, in bytes. The result of a sum is far smaller.
	maxAnswer = 64 << 10
)

// errBusy is the error of a pod that did not run the canary because it has no capacity, which is
// not a fault.
var errBusy = errors.New("busy")

// client submits canaries to pods.
type client struct {
	http *http.Client
	port string
}

func newClient(port int32, dial func(ctx context.Context, network, address string) (net.Conn, error)) *client {
	if dial == nil {
		dial = (&net.Dialer{Timeout: sampling.Timeout}).DialContext
	}
	return &client{
		port: strconv.Itoa(int(port)),
		http: &http.Client{
			Timeout: patience,
			// A pod that is proved is not asked again, so no connection is kept.
			Transport: &http.Transport{Proxy: nil, DialContext: dial, DisableKeepAlives: true, MaxResponseHeaderBytes: 8 << 10, DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error {
				return errors.New("an executor never redirects")
			},
		},
	}
}

// prove submits the canary in each language of the pod, one after the other. It returns the first
// fault as a text for a condition.
func (c *client) prove(ctx context.Context, ip string) error {
	address, err := sampling.PodAddress(ip)
	if err != nil {
		return err
	}
	base := "http://" + net.JoinHostPort(address.String(), c.port)
	var known []api.Language
	if err := c.do(ctx, http.MethodGet, base+api.PathLanguages, nil, &known); err != nil {
		return fmt.Errorf("it does not list its languages: %w", err)
	}
	if len(known) == 0 {
		return errors.New("it knows no language")
	}
	for _, language := range known {
		request, ok := submission(language.ID)
		if !ok {
			continue
		}
		var result api.Result
		if err := c.do(ctx, http.MethodPost, base+api.PathExecute, request, &result); err != nil {
			return fmt.Errorf("the canary in %s is not answered: %w", language.ID, err)
		}
		switch {
		case tooSmall(result):
			// The limits of the pool do not let this language run on any replica. Contestants get
			// the same verdict.
		case result.Verdict != api.OK:
			return fmt.Errorf("the canary in %s got the verdict %s instead of OK", language.ID, result.Verdict)
		case len(result.Runs) != 1 || result.Runs[0].Stdout != answer:
			return fmt.Errorf("the canary in %s got a wrong answer", language.ID)
		}
	}
	return nil
}

// tooSmall reports whether a limit of the pool ended the canary. It leaves out the limits of time,
// because a sum takes next to none.
func tooSmall(r api.Result) bool {
	stages := r.Runs
	if r.Compile != nil {
		stages = append(stages, *r.Compile)
	}
	return slices.ContainsFunc(stages, func(s api.Stage) bool { return s.Verdict == api.MemoryLimit || s.Verdict == api.ProcessLimit })
}

func (c *client) do(ctx context.Context, method, url string, document, into any) error {
	var body io.Reader
	if document != nil {
		content, err := json.Marshal(document)
		if err != nil {
			return fmt.Errorf("encode: %w", err)
		}
		body = bytes.NewReader(content)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	request.Header.Set(api.HeaderContentType, api.ContentTypeJSON)
	// Totals do not count a canary, so that the report of a contest does not have it.
	request.Header.Set(api.HeaderPurpose, api.PurposeCanary)
	response, err := c.http.Do(request)
	if err != nil {
		return plain(err)
	}
	defer func() { _ = response.Body.Close() }()
	switch response.StatusCode {
	case http.StatusOK:
	case http.StatusServiceUnavailable:
		return errBusy
	default:
		return fmt.Errorf("status %d", response.StatusCode)
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return plain(err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		return errors.New("what it answers is no JSON of the API")
	}
	return nil
}

// plain returns an error without addresses and ports, which differ each time: conditions must not
// change with them.
func plain(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return errors.New("no answer in time")
	}
	return errors.New("the connection fails")
}
