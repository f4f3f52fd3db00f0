package client

import (
	"context"
	"errors"
	"net/http"

	"executorpool.dev/executor/api"
)

// State asks for the load of the executor.
func (c *Client) State(ctx context.Context) (*api.State, error) {
	state := new(api.State)
	if err := c.get(ctx, api.PathState, state); err != nil {
		return nil, err
	}
	return state, nil
}

// Totals asks for what the executor has counted since its start.
func (c *Client) Totals(ctx context.Context) (*api.Totals, error) {
	totals := new(api.Totals)
	if err := c.get(ctx, api.PathTotals, totals); err != nil {
		return nil, err
	}
	return totals, nil
}

// Languages asks for the languages in which the executor takes submissions.
func (c *Client) Languages(ctx context.Context) ([]api.Language, error) {
	var languages []api.Language
	if err := c.get(ctx, api.PathLanguages, &languages); err != nil {
		return nil, err
	}
	return languages, nil
}

// Info asks for the version, the ceilings and the limits of a request. Executors older than the
// path answer a problem of the type api.TypeNotFound.
func (c *Client) Info(ctx context.Context) (*api.Info, error) {
	info := new(api.Info)
	if err := c.get(ctx, api.PathInfo, info); err != nil {
		return nil, err
	}
	return info, nil
}

// Ready asks whether submissions can run. An executor that is not ready is no error: the field
// Ready of the answer is false, and Reason is why.
func (c *Client) Ready(ctx context.Context) (*api.Readiness, error) {
	readiness := new(api.Readiness)
	status, err := c.document(ctx, api.PathReadyz, readiness, http.StatusServiceUnavailable)
	if err != nil {
		return nil, err
	}
	if readiness.Ready != (status == http.StatusOK) {
		return nil, &AnswerError{Status: status, Err: errors.New("the document contradicts the status")}
	}
	return readiness, nil
}

// Healthz returns nil when the process of the executor serves requests. Unlike Ready it does not
// ask whether submissions can run.
func (c *Client) Healthz(ctx context.Context) error {
	var health api.Health
	if err := c.get(ctx, api.PathHealthz, &health); err != nil {
		return err
	}
	if health.Status != api.HealthOK {
		return &AnswerError{Status: http.StatusOK, Err: errors.New("the document does not have the status " + api.HealthOK)}
	}
	return nil
}

func (c *Client) get(ctx context.Context, path string, into any) error {
	_, err := c.document(ctx, path, into, http.StatusOK)
	return err
}

// document decodes the answer to a GET where its status is 200 or other.
func (c *Client) document(ctx context.Context, path string, into any, other int) (status int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, &ConnectionError{Err: err}
	}
	response, err := c.http.Do(c.request(ctx, http.MethodGet, path))
	if err != nil {
		return 0, &ConnectionError{Err: cause(err), MayBeAccepted: true}
	}
	defer func() { _ = response.Body.Close() }()
	expected := response.StatusCode == http.StatusOK || response.StatusCode == other
	err = c.read(response, expected, c.maxDocument, into)
	return response.StatusCode, err
}
