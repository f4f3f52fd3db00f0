package executor

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/job"
	"executorpool.dev/executor/queue"
	"executorpool.dev/executor/server"
)

type noSlots struct{}

func (noSlots) Slots() int   { return 0 }
func (noSlots) Busy() int    { return 0 }
func (noSlots) Ready() error { return nil }

func TestExecutorLeavesItsTotals(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	srv := server.New(server.Config{
		Queue: job.NewQueue(1, queue.RealClock{}), Slots: noSlots{}, Metrics: server.NewMetrics(), Clock: queue.RealClock{}, Log: log,
	})
	srv.SetPhase(server.Draining)
	file := filepath.Join(t.TempDir(), "termination-log")
	e := &executor{server: srv, log: log}
	e.leaveWord(file)
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("a file that nobody asked for: %v", err)
	}
	if err := os.WriteFile(file, []byte("what was there before, longer than what comes now"+string(make([]byte, 1000))), 0o600); err != nil {
		t.Fatal(err)
	}
	e.leaveWord(file)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var left api.Totals
	if err := json.Unmarshal(content, &left); err != nil {
		t.Fatalf("the last word %q: %v", content, err)
	}
	if diff := cmp.Diff(srv.Totals(), left, cmpopts.IgnoreFields(api.Totals{}, "UptimeMillis"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the last word (-want +got):\n%s", diff)
	}
	if left.Process == "" || !left.Draining {
		t.Errorf("the last word is %+v", left)
	}
}
