package sampling

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"golang.org/x/sys/unix"
	"k8s.io/apimachinery/pkg/types"

	"executorpool.dev/executor/api"
)

// BenchmarkAskThousandPods asks 1,000 pods over kept connections. It reports the CPU time of both
// sides, because this process serves the pods too.
func BenchmarkAskThousandPods(b *testing.B) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
		_, _ = io.WriteString(w, `{"slots":8,"busy":0,"queued":0,"queueCapacity":128,"oldestMillis":0,"draining":false,"tier":"Restricted","accepted":1234,"answered":1234,"finished":1230,"servedMillis":2460000,"uptimeMillis":86400000}`)
	}))
	defer server.Close()
	s := New(8000, func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	})
	targets := make([]Target, 1000)
	for i := range targets {
		name := fmt.Sprintf("pod-%d", i)
		targets[i] = Target{Name: name, UID: types.UID(name), IP: fmt.Sprintf("10.0.%d.%d", i/250, i%250+1), Ready: true}
	}
	ask := func() {
		for _, answer := range askAll(b.Context(), s, targets) {
			if answer.Err != nil {
				b.Fatal(answer.Err)
			}
		}
	}
	ask()
	before := cpuTime(b)
	rounds := 0
	for b.Loop() {
		ask()
		rounds++
	}
	b.ReportMetric((cpuTime(b)-before)*1000/float64(rounds), "cpu-ms/round")
}

// BenchmarkTotals asks one pod over a kept connection. It reports the CPU time of both sides.
func BenchmarkTotals(b *testing.B) {
	totals := worked()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(api.HeaderContentType, api.ContentTypeJSON)
		_ = json.NewEncoder(w).Encode(totals)
	}))
	defer server.Close()
	s := New(8000, func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	})
	document, err := json.Marshal(totals)
	if err != nil {
		b.Fatal(err)
	}
	before, asked := cpuTime(b), 0
	for b.Loop() {
		if _, err := s.Totals(b.Context(), Target{Name: "a", IP: "10.0.0.1"}); err != nil {
			b.Fatal(err)
		}
		asked++
	}
	b.ReportMetric((cpuTime(b)-before)*1e6/float64(asked), "cpu-us/question")
	b.ReportMetric(float64(len(document)), "bytes/answer")
}

func cpuTime(b *testing.B) float64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	seconds := func(t unix.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(usage.Utime) + seconds(usage.Stime)
}
