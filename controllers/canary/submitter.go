package canary

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"executorpool.dev/controllers/sampling"
	"executorpool.dev/executor/api"
	"executorpool.dev/executor/client"
)

const (
	// patience bounds one submission. Compilers are slow on a node that has just joined.
	patience = 60 * time.Second
	// maxAnswer bounds an answer, in bytes. The result of a sum is far smaller.
	maxAnswer = 64 << 10
	// maxHeader bounds the headers of an answer, in bytes.
	maxHeader = 8 << 10
)

// errBusy is the error of a pod that did not run the canary because it has no capacity, which is
// not a fault.
var errBusy = errors.New("busy")

// submitter submits canaries to pods.
type submitter struct {
	// fleet is copied for the address of each pod.
	fleet *client.Client
	port  uint16
}

func newSubmitter(port int32, dial func(ctx context.Context, network, address string) (net.Conn, error)) *submitter {
	if dial == nil {
		dial = (&net.Dialer{Timeout: sampling.Timeout}).DialContext
	}
	transport := client.NewTransport()
	transport.DialContext = dial
	// A pod that is proved is not asked again, so no connection is kept.
	transport.DisableKeepAlives = true
	transport.MaxResponseHeaderBytes = maxHeader
	fleet, err := client.New("http://pod", client.WithHTTPClient(&http.Client{Timeout: patience, Transport: transport}),
		client.WithMaxDocumentBytes(maxAnswer), client.WithMaxResultBytes(maxAnswer))
	if err != nil {
		// The settings are constants.
		panic(err)
	}
	return &submitter{fleet: fleet, port: uint16(port)}
}

// prove submits the canary in each language of the pod, one after the other. It returns the first
// fault as a text for a condition.
func (s *submitter) prove(ctx context.Context, ip string) error {
	address, err := sampling.PodAddress(ip)
	if err != nil {
		return err
	}
	pod := s.fleet.At(netip.AddrPortFrom(address, s.port).String())
	known, err := pod.Languages(ctx)
	if err != nil {
		return fmt.Errorf("it does not list its languages: %w", plain(err))
	}
	if len(known) == 0 {
		return errors.New("it knows no language")
	}
	for _, language := range known {
		request, ok := submission(language.ID)
		if !ok {
			continue
		}
		result, err := pod.Execute(ctx, &request, client.AsCanary())
		if err != nil {
			return fmt.Errorf("the canary in %s is not answered: %w", language.ID, plain(err))
		}
		switch {
		case tooSmall(result):
			// The limits of the pool do not let this language run on any replica. Contestants get the
			// same verdict.
		case !slices.Contains(api.Verdicts(), result.Verdict):
			return fmt.Errorf("the canary in %s got a verdict that the API does not have", language.ID)
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
func tooSmall(r *api.Result) bool {
	stages := r.Runs
	if r.Compile != nil {
		stages = append(stages, *r.Compile)
	}
	return slices.ContainsFunc(stages, func(s api.Stage) bool { return s.Verdict == api.MemoryLimit || s.Verdict == api.ProcessLimit })
}

// plain returns an error without addresses and ports, which differ each time: conditions must not
// change with them.
func plain(err error) error {
	if failure, ok := errors.AsType[*client.ConnectionError](err); ok {
		if failure.Timeout() {
			return errors.New("no answer in time")
		}
		return errors.New("the connection fails")
	}
	unexpected, ok := errors.AsType[*client.AnswerError](err)
	switch {
	case !ok:
		return err
	case unexpected.Status == http.StatusServiceUnavailable:
		return errBusy
	case unexpected.Status != http.StatusOK:
		return fmt.Errorf("status %d", unexpected.Status)
	}
	return errors.New("what it answers is no JSON of the API")
}
