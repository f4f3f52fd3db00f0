package worker

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"executorpool.dev/executor/api"
	"executorpool.dev/executor/judge"
	"executorpool.dev/executor/sandbox"
	"executorpool.dev/executor/toolchain"
	"executorpool.dev/executor/wire"
)

// TestIdleSlotHasAnEmptyStore sends assignments without a pause, so that a program stays in the
// store of the slot, and cancels the last one. Then no assignment waits and the store must be
// empty.
func TestIdleSlotHasAnEmptyStore(t *testing.T) {
	table, err := toolchain.Load("../toolchain/languages.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ends, inherited, err := wire.Open(1)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	defer ends.Close()
	// The slot closes these ends itself.
	pipes := wire.BlockingPipes{In: duplicate(t, inherited[1]), Out: duplicate(t, inherited[2])}
	for _, f := range inherited {
		_ = f.Close()
	}
	s, err := newSlot(pipes, judge.Config{Table: table, Dir: dir, Tier: sandbox.Restricted,
		Limits: sandbox.Limits{CPU: 5 * time.Second, Wall: 10 * time.Second, Memory: 256 << 20, Output: 1 << 20, Processes: 16, Disk: 16 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	store := filepath.Join(dir, "store")
	supervisor := ends.Slots[0]
	request := &api.Request{Language: "python3", Source: "print('said')"}
	const last = 3
	for seq := range uint64(last) {
		if err := supervisor.Send(&wire.Assignment{Seq: seq + 1, Timeout: 10 * time.Second, Request: request}); err != nil {
			t.Fatal(err)
		}
	}
	if !s.cancelPrefetch(last) {
		t.Fatal("a waiting prefetch cannot be cancelled")
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		s.serve(t.Context())
	}()
	for range last - 1 {
		var c wire.Completion
		if err := supervisor.Receive(&c); err != nil {
			t.Fatal(err)
		}
		if c.Result.Verdict != api.OK || c.Result.Runs[0].Stdout != "said\n" {
			t.Errorf("got %+v, want said", c.Result)
		}
	}
	supervisor.Close()
	<-served
	if left, err := os.ReadDir(store); err != nil || len(left) > 0 {
		t.Errorf("the store holds %v (%v), want nothing", left, err)
	}
}

func duplicate(t *testing.T, f *os.File) int {
	t.Helper()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	return fd
}
