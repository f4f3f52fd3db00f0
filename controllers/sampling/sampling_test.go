package sampling

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"executorpool.dev/executor/api"
)

// sampler returns a sampler of pods that answer JSON unless handler changes the content type.
func sampler(t *testing.T, handler http.HandlerFunc) *Sampler {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	return New(8000, func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "10.0.0.1:8000" && address != "[fd00::1]:8000" {
			return nil, fmt.Errorf("asked %s", address)
		}
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	})
}

func write(w io.Writer, text string) { _, _ = io.WriteString(w, text) }

func TestPodsAsked(t *testing.T) {
	s := sampler(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case api.PathState:
			write(w, `{"slots":8,"busy":3,"queued":2,"queueCapacity":128,"tier":"Restricted"}`)
		case api.PathReadyz:
			w.WriteHeader(http.StatusServiceUnavailable)
			write(w, `{"ready":false,"reason":"shutting down","tier":"Restricted"}`)
		}
	})
	got := askAll(t.Context(), s, []Target{{Name: "a", IP: "10.0.0.1", Ready: true}, {Name: "b", IP: "fd00::1"}, {Name: "c", IP: "10.0.0.9", Ready: true}})
	want := []Answer{
		{Name: "a", State: api.State{Slots: 8, Busy: 3, Queued: 2, QueueCapacity: 128, Tier: "Restricted"}},
		{Name: "b", State: api.State{Tier: "Restricted"}, NotReadyReason: "shutting down"},
		{Name: "c", Err: cmpopts.AnyError},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBadAnswersAreSilence(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"not found": http.NotFound,
		"not JSON":  func(w http.ResponseWriter, _ *http.Request) { write(w, "ok") },
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			write(w, `{"tier":"`+strings.Repeat("x", 1<<20)+`"}`)
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://10.0.0.1:8000/", http.StatusFound)
		},
		"page": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(api.HeaderContentType, "text/html")
			write(w, `{"slots":8}`)
		},
		"huge header":     func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<16)) },
		"negative":        func(w http.ResponseWriter, _ *http.Request) { write(w, `{"slots":8,"queued":-1}`) },
		"beyond 32 bits":  func(w http.ResponseWriter, _ *http.Request) { write(w, `{"slots":8,"queued":4294967296}`) },
		"beyond 64 bits":  func(w http.ResponseWriter, _ *http.Request) { write(w, `{"slots":1e30}`) },
		"busier than all": func(w http.ResponseWriter, _ *http.Request) { write(w, `{"slots":8,"busy":9}`) },
	} {
		t.Run(name, func(t *testing.T) {
			got := askAll(t.Context(), sampler(t, handler), []Target{{Name: "a", IP: "10.0.0.1", Ready: true}})
			if got[0].Err == nil {
				t.Errorf("answer %+v, want an error", got[0])
			}
		})
	}
}

func TestSilentPodBoundedByContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := sampler(t, func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})
	if got := askAll(ctx, s, []Target{{Name: "a", IP: "10.0.0.1", Ready: true}}); got[0].Err == nil {
		t.Error("a pod that never answers was not reported")
	}
}

func TestOnlyPodAddressesAsked(t *testing.T) {
	s := New(8000, func(_ context.Context, _, address string) (net.Conn, error) {
		t.Errorf("asked %s", address)
		return nil, net.ErrClosed
	})
	for _, ip := range []string{"", "demo", "127.0.0.1", "::1", "169.254.169.254", "fe80::1", "0.0.0.0", "224.0.0.1", "10.0.0.1:80"} {
		if got := askAll(t.Context(), s, []Target{{Name: "a", IP: ip, Ready: true}}); got[0].Err == nil {
			t.Errorf("address %q was accepted", ip)
		}
	}
}

// askAll asks all targets in parallel and returns their answers in the same order.
func askAll(ctx context.Context, s *Sampler, targets []Target) []Answer {
	answers := make([]Answer, len(targets))
	var group errgroup.Group
	group.SetLimit(32)
	for i, target := range targets {
		group.Go(func() error {
			answers[i] = s.ask(ctx, target)
			return nil
		})
	}
	_ = group.Wait()
	return answers
}
