package sampling

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode"

	"executorpool.dev/executor/api"
)

// play has a ready pod answer every second, and returns the number of answers that start a
// reconcile and the answers of the status.
func play(t *target, answers int, answer func(second int) Answer) (changes int, forStatus []Answer) {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for second := range answers {
		now := began.Add(time.Duration(second) * time.Second)
		t.began = now
		if t.record(answer(second), now) {
			changes++
		}
		forStatus = append(forStatus, t.forStatus(now, 4*time.Second))
	}
	return changes, forStatus
}

func healthy(second int, tier string) Answer {
	return Answer{State: api.State{Slots: 8, QueueCapacity: 128, Tier: tier, UptimeMillis: int64(second+1) * 1000}}
}

// TestTierThatChangesCountsAsTheLowest has a pod report other tiers in each answer.
func TestTierThatChangesCountsAsTheLowest(t *testing.T) {
	for name, tiers := range map[string][]string{
		"two tiers":      {"Restricted", "None"},
		"absent":         {"Restricted", ""},
		"every tier":     {"Namespaced", "Restricted", "RestrictedLegacy", "None"},
		"and an unknown": {"Namespaced", "unknown", "None"},
	} {
		t.Run(name, func(t *testing.T) {
			changes, answers := play(&target{Target: Target{Name: "a", Ready: true}}, 60, func(second int) Answer {
				return healthy(second, tiers[second%len(tiers)])
			})
			if changes > len(tiers) {
				t.Errorf("%d changes in 60 answers, want at most %d", changes, len(tiers))
			}
			for _, a := range answers[len(tiers):] {
				if a.State.Tier != answers[59].State.Tier {
					t.Fatalf("tier %q, then %q: want the lowest of all", a.State.Tier, answers[59].State.Tier)
				}
			}
		})
	}
}

// TestReasonThatChangesIsReplaced has a pod that is not ready give another reason in each answer.
func TestReasonThatChangesIsReplaced(t *testing.T) {
	changes, answers := play(&target{Target: Target{Name: "a"}}, 200, func(second int) Answer {
		return Answer{NotReadyReason: fmt.Sprintf("reason %d", second)}
	})
	if changes > maxReasonChanges+2 {
		t.Errorf("%d changes in 200 answers, want at most %d", changes, maxReasonChanges+2)
	}
	if got := answers[199].NotReadyReason; got != unsteadyReason {
		t.Errorf("reason %q, want %q", got, unsteadyReason)
	}
}

// TestDistrustStays has a pod lie in every second answer, and then be honest.
func TestDistrustStays(t *testing.T) {
	changes, answers := play(&target{Target: Target{Name: "a", Ready: true}}, 120, func(second int) Answer {
		a := healthy(second, "Restricted")
		if second < 60 && second%2 == 1 {
			a.Err = fmt.Errorf("%w: %d", ErrImpossible, second)
		}
		return a
	})
	if changes > 3 {
		t.Errorf("%d changes, want the first answer, the first lie and the recovery", changes)
	}
	for second, a := range answers {
		if lied := second >= 1 && second < 59+10; lied != errors.Is(a.Err, ErrImpossible) {
			t.Errorf("second %d: error %v, want distrust %v", second, a.Err, lied)
		}
	}
}

// TestTextsOfAnswersAreBounded asks a pod whose texts are hostile.
func TestTextsOfAnswersAreBounded(t *testing.T) {
	evil := "\x1b[2J\r\nReady: True\u202e " + strings.Repeat("A", 2000)
	for name, tc := range map[string]struct {
		ready bool
		path  string
		body  any
	}{
		"state":     {true, api.PathState, api.State{Slots: 8, QueueCapacity: 128, Tier: evil}},
		"readiness": {false, api.PathReadyz, api.Readiness{Reason: evil, Tier: evil, TierReason: evil, MinimumTier: evil}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != tc.path {
					t.Errorf("asked %s, want %s", r.URL.Path, tc.path)
				}
				w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
				if !tc.ready {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
				_ = json.NewEncoder(w).Encode(tc.body)
			}))
			defer server.Close()
			answer := askAt(t, server, tc.ready)
			if answer.Err != nil {
				t.Fatal(answer.Err)
			}
			if answer.State.Tier != "unknown" {
				t.Errorf("tier %q, want unknown", answer.State.Tier)
			}
			if len(answer.NotReadyReason) > 1000 || strings.ContainsFunc(answer.NotReadyReason, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("reason %q, want one bounded line", answer.NotReadyReason)
			}
		})
	}
}

// TestPodRedirectsNobody asks pods that answer with a redirect. Nothing else may be asked.
func TestPodRedirectsNobody(t *testing.T) {
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		for _, ready := range []bool{true, false} {
			asked := 0
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				asked++
				w.Header().Set("Location", "http://169.254.169.254/latest/meta-data/")
				w.WriteHeader(status)
			}))
			if answer := askAt(t, server, ready); answer.Err == nil {
				t.Errorf("status %d: the answer %+v is accepted", status, answer)
			}
			server.Close()
			if asked != 1 {
				t.Errorf("status %d: asked %d times, want once", status, asked)
			}
		}
	}
}

// askAt asks the server as if it were a pod. Every other address is an error of the test.
func askAt(t *testing.T, server *httptest.Server, ready bool) Answer {
	t.Helper()
	sampler := New(8000, func(ctx context.Context, network, address string) (net.Conn, error) {
		if address != "10.0.0.1:8000" {
			t.Errorf("connects to %s", address)
		}
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	})
	return sampler.ask(t.Context(), Target{Name: "a", IP: "10.0.0.1", Ready: ready})
}
