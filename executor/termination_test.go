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

func TestExecutorWritesTerminationMessage(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	srv := server.New(server.Config{
		Queue: job.NewQueue(1, queue.RealClock{}), Slots: noSlots{}, Metrics: server.NewMetrics(), Clock: queue.RealClock{}, Log: log,
	})
	srv.SetPhase(server.PhaseDraining)
	file := filepath.Join(t.TempDir(), "termination-log")
	e := &executor{server: srv, log: log}
	e.writeTerminationMessage(file)
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file was created: %v", err)
	}
	if err := os.WriteFile(file, []byte("an older and longer message"+string(make([]byte, 1000))), 0o600); err != nil {
		t.Fatal(err)
	}
	e.writeTerminationMessage(file)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var left api.Totals
	if err := json.Unmarshal(content, &left); err != nil {
		t.Fatalf("the termination message %q: %v", content, err)
	}
	if diff := cmp.Diff(srv.Totals(), left, cmpopts.IgnoreFields(api.Totals{}, "UptimeMillis"), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("the termination message (-want +got):\n%s", diff)
	}
	if left.Process == "" || !left.Draining {
		t.Errorf("the termination message is %+v", left)
	}
}
