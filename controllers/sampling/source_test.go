package sampling

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

func TestPrometheusAnswersRead(t *testing.T) {
	vector := func(results string) string {
		return `{"status":"success","data":{"resultType":"vector","result":[` + results + `]}}`
	}
	for name, tc := range map[string]struct {
		status       int
		answer, want string
	}{
		"a series":        {200, vector(`{"metric":{"pool":"a"},"value":[1790000000,"46"]}`), "46"},
		"a scalar":        {200, `{"status":"success","data":{"resultType":"scalar","result":[1790000000,"7"]}}`, "7"},
		"not a number":    {200, vector(`{"metric":{},"value":[1790000000,"NaN"]}`), "NaN"},
		"two series":      {200, vector(`{"metric":{"a":"1"},"value":[1,"1"]},{"metric":{"a":"2"},"value":[1,"2"]}`), "add them up with sum(...)"},
		"no series":       {200, vector(""), "gives no series"},
		"a matrix":        {200, `{"status":"success","data":{"resultType":"matrix","result":[]}}`, "gives a matrix"},
		"a bad query":     {400, `{"status":"error","errorType":"bad_data","error":"secret text"}`, "refuses scaling.source.prometheus.query"},
		"an internal one": {500, `{"status":"error","errorType":"internal","error":"secret text"}`, "answers with an error"},
		"no JSON":         {200, "secret text", "answers with an error"},
		"a redirect":      {302, "", "answers with a redirect"},
		"endless":         {200, strings.Repeat("secret text ", 1<<18), "answers with an error"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Location", "http://169.254.169.254/")
				w.WriteHeader(tc.status)
				write(w, tc.answer)
			}))
			defer server.Close()
			dial := func(ctx context.Context, network, address string) (net.Conn, error) {
				if address != "prometheus:9090" {
					return nil, fmt.Errorf("asked %s", address)
				}
				return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
			}
			value, err := NewPrometheus(dial).Query("http://prometheus:9090", "sum(waiting)").Waiting(t.Context())
			got := fmt.Sprint(value.Waiting)
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tc.want) || strings.Contains(got, "secret") {
				t.Errorf("%q, want %q and nothing of what the server said", got, tc.want)
			}
		})
	}
}

func TestExternalMetricsAddedUp(t *testing.T) {
	at := metav1.NewTime(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	item := func(value string, after time.Duration) map[string]any {
		return map[string]any{"metricName": "waiting", "metricLabels": map[string]string{}, "timestamp": metav1.NewTime(at.Add(after)), "value": value}
	}
	for name, tc := range map[string]struct {
		status int
		items  []map[string]any
		want   string
	}{
		"two values": {200, []map[string]any{item("46", time.Second), item("1500m", 0)}, "47.5 12:00:00"},
		"no value":   {200, nil, "the external metric waiting has no values: see scaling.source.external.selector"},
		"unknown":    {404, nil, "the API server knows no external metric waiting"},
		"forbidden":  {403, nil, "its role lacks external.metrics.k8s.io"},
		"down":       {503, nil, "kubectl get apiservice"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if want := "/apis/external.metrics.k8s.io/v1beta1/namespaces/contests/waiting?labelSelector=pool%3Dfinals&timeout=2s"; r.URL.String() != want {
					t.Errorf("asked %s, want %s", r.URL, want)
				}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tc.status)
				_ = json.NewEncoder(w).Encode(map[string]any{"kind": "ExternalMetricValueList", "apiVersion": "external.metrics.k8s.io/v1beta1", "items": tc.items})
			}))
			defer server.Close()
			external, err := NewExternal(&rest.Config{Host: server.URL})
			if err != nil {
				t.Fatal(err)
			}
			source := external.Metric("contests", "waiting", &metav1.LabelSelector{MatchLabels: map[string]string{"pool": "finals"}})
			value, err := source.Waiting(t.Context())
			got := fmt.Sprint(value.Waiting, value.Time.UTC().Format(" 15:04:05"))
			if err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tc.want) {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

// TestSourceDoubted has a source answer each second, beside the number that the replicas hold.
func TestSourceDoubted(t *testing.T) {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	says := func(n float64, at time.Duration) Value { return Value{n, began.Add(at), 15 * time.Second} }
	for name, tc := range map[string]struct {
		answer func(second int) (Value, error)
		held   float64
		want   string // "" is trust
		from   int    // the second from which on "want" holds
	}{
		"good":  {func(s int) (Value, error) { return says(46, time.Duration(s)*time.Second), nil }, 3, "", 0},
		"fails": {func(s int) (Value, error) { return Value{}, fmt.Errorf("down") }, 0, "down", 0},
		"fails later": {func(s int) (Value, error) {
			if s > 10 {
				return Value{}, fmt.Errorf("down")
			}
			return says(46, time.Duration(s)*time.Second), nil
		}, 0, "down", 16},
		"stands still": {func(int) (Value, error) { return says(46, 0), nil }, 0, "old answer", 16},
		"says too few": {func(s int) (Value, error) { return says(0, time.Duration(s)*time.Second), nil }, 46, "fewer submissions wait", 76},
	} {
		t.Run(name, func(t *testing.T) {
			var a asked
			for second := range 120 {
				now := began.Add(time.Duration(second) * time.Second)
				value, err := tc.answer(second)
				a.record(value, err, now)
				_, problem := a.waiting(tc.held, now)
				if second >= tc.from && !strings.Contains(problem, tc.want) || second < tc.from && problem != "" || tc.want == "" && problem != "" {
					t.Fatalf("second %d: %q, want %q from second %d on", second, problem, tc.want, tc.from)
				}
			}
		})
	}
}
