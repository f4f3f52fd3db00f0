package worker

import (
	"encoding/json"
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"executorpool.dev/executor/api"
)

func linkPair(tb testing.TB, silence time.Duration) (a, b *link) {
	tb.Helper()
	ours, file, err := socketPair()
	if err != nil {
		tb.Fatal(err)
	}
	theirs, err := fileConn(file)
	if err != nil {
		tb.Fatal(err)
	}
	a, b = newWatchedLink(ours, silence), newLink(theirs)
	tb.Cleanup(func() {
		a.close()
		b.close()
	})
	return a, b
}

func TestLinkCarriesLargeOrders(t *testing.T) {
	a, b := linkPair(t, silence)
	want := order{Seq: 9, Timeout: time.Minute, Request: &api.Request{
		Language: "c", Source: "x", Stdin: strings.Repeat("0123456789\x00\n", 1<<20), Args: []string{"", "a"},
		Runs: []api.RunInput{{Stdin: "1"}, {}}, Limits: api.Limits{CPUMillis: 1},
	}}
	sent := make(chan error, 1)
	go func() { sent <- a.send(want) }()
	var got order
	if err := b.receive(&got); err != nil {
		t.Fatal(err)
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error("the order has changed on its way")
	}
}

func TestLinkSilenceEndsReceiving(t *testing.T) {
	a, _ := linkPair(t, 20*time.Millisecond)
	var r report
	if err := a.receive(&r); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

func TestLinkSendGivesUpWhenNobodyReads(t *testing.T) {
	a, _ := linkPair(t, silence)
	err := a.sendWithin(20*time.Millisecond, order{Request: &api.Request{Source: strings.Repeat("x", 8<<20)}})
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("error is %v", err)
	}
}

// BenchmarkLink compares what a submission costs on its way to a worker in gob and in JSON.
func BenchmarkLink(b *testing.B) {
	sizes := map[string]int{"small": 1 << 10, "8MiB": 8 << 20}
	for name, size := range sizes {
		req := &api.Request{Language: "cpp17", Source: strings.Repeat("int main() { return 0; }\n", 20), Stdin: strings.Repeat("12 \"ab\"\n", size/8)}
		o := order{Timeout: time.Minute, Request: req}
		b.Run(name+"/gob", func(b *testing.B) {
			from, to := linkPair(b, time.Minute)
			go func() {
				for from.send(o) == nil {
				}
			}()
			for b.Loop() {
				var got order
				if err := to.receive(&got); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/json", func(b *testing.B) {
			from, to := net.Pipe()
			if ours, file, err := socketPair(); err == nil {
				from = ours
				if to, err = fileConn(file); err != nil {
					b.Fatal(err)
				}
			}
			defer from.Close()
			defer to.Close()
			go func() {
				enc := json.NewEncoder(from)
				for enc.Encode(o) == nil {
				}
			}()
			dec := json.NewDecoder(to)
			for b.Loop() {
				var got order
				if err := dec.Decode(&got); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
