package sampling

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
)

// worked returns the counts of an executor after an hour.
func worked() api.Totals {
	t := api.Totals{
		Process: "ABCDEFGH", UptimeMillis: 3_600_000, Accepted: 205, Answered: 203, ServedMillis: 400_000, DeepestQueue: 12,
		Verdicts:   map[api.Verdict]uint64{api.OK: 160, api.TimeLimit: 40},
		Rejections: map[string]uint64{api.ReasonQueueFull: 3, api.ReasonClientGone: 3},
	}
	for bucket := range uint64(40) {
		t.Waits = append(t.Waits, [2]uint64{100 + bucket, 5})
	}
	return t
}

func TestTotalsAskedAndNotBelieved(t *testing.T) {
	for name, tc := range map[string]struct {
		lie func(*api.Totals)
		bad bool
	}{
		"the truth":                  {func(*api.Totals) {}, false},
		"no process":                 {func(t *api.Totals) { t.Process = "" }, true},
		"more answered":              {func(t *api.Totals) { t.Answered = 206 }, true},
		"more accepted than can be":  {func(t *api.Totals) { t.UptimeMillis, t.Accepted = 1, 1_000_000 }, true},
		"a verdict of its own":       {func(t *api.Totals) { t.Verdicts["Great"] = 1 }, true},
		"more verdicts than answers": {func(t *api.Totals) { t.Verdicts[api.OK] = 200 }, true},
		"a wait too many":            {func(t *api.Totals) { t.Waits[3][1]++ }, true},
		"waits that overflow":        {func(t *api.Totals) { t.Waits[3][1], t.Waits[4][1] = 1<<63, 1<<63+10 }, true},
		"waits of no bucket":         {func(t *api.Totals) { t.Waits[39][0] = api.WaitBuckets }, true},
		"a bucket twice":             {func(t *api.Totals) { t.Waits[3][0] = 102 }, true},
		"a reason without end":       {func(t *api.Totals) { t.Rejections[strings.Repeat("x", 40)] = 1 }, true},
		"served longer than it is":   {func(t *api.Totals) { t.ServedMillis = 1 << 60 }, true},
		"a queue below nothing":      {func(t *api.Totals) { t.DeepestQueue = -1 }, true},
	} {
		t.Run(name, func(t *testing.T) {
			want := worked()
			tc.lie(&want)
			s := sampler(t, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == api.PathTotals {
					_ = json.NewEncoder(w).Encode(want)
				}
			})
			got, err := s.Totals(t.Context(), Target{Name: "a", IP: "10.0.0.1"})
			if tc.bad != errors.Is(err, ErrImpossible) || (err != nil) != tc.bad {
				t.Fatalf("error %v, want one: %v", err, tc.bad)
			}
			message, _ := json.Marshal(want)
			last, ok := LastTotals(string(message))
			if ok == tc.bad {
				t.Errorf("as a termination message it is trusted: %v", ok)
			}
			if !tc.bad {
				if diff := cmp.Diff([]api.Totals{want, want}, []api.Totals{got, last}); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			}
		})
	}
	if _, err := sampler(t, http.NotFound).Totals(t.Context(), Target{IP: "127.0.0.1"}); err == nil {
		t.Error("the manager asked itself")
	}
	if _, ok := LastTotals("OOMKilled"); ok {
		t.Error("any message is trusted")
	}
}
